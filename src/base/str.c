/* Growing strings, lists of strings, and the cleaning of text that came from
 * outside. Called from everywhere. */
#include "cargodeck/base.h"

#include <stdio.h>
#include <strings.h>

/* ---- str ---- */

static void make_room(struct str *str, size_t more)
{
	size_t need = str->len + more + 1;
	if (need <= str->cap)
		return;
	size_t cap = str->cap > 0 ? str->cap : 64;
	while (cap < need)
		cap *= 2;
	str->data = mem_resize(str->data, cap);
	str->cap = cap;
}

void str_finish(struct str *str)
{
	free(str->data);
	*str = (struct str){0};
}

void str_clear(struct str *str)
{
	str_cut(str, 0);
}

void str_add_bytes(struct str *str, const char *bytes, size_t len)
{
	make_room(str, len);
	if (len > 0)
		memcpy(str->data + str->len, bytes, len);
	str->len += len;
	str->data[str->len] = '\0';
}

void str_add(struct str *str, const char *text)
{
	str_add_bytes(str, text, strlen(text));
}

void str_add_char(struct str *str, char letter)
{
	str_add_bytes(str, &letter, 1);
}

void str_add_word(struct str *str, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+*";
	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		str_add(str, word);
		return;
	}
	str_add_char(str, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			str_add(str, "'\\''");
		else
			str_add_char(str, *word);
	str_add_char(str, '\'');
}

void str_print(struct str *str, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	auto_free char *text = mem_print_v(format, args);
	va_end(args);
	str_add(str, text);
}

void str_drop_front(struct str *str, size_t count)
{
	if (count > str->len)
		count = str->len;
	if (count == 0)
		return;
	memmove(str->data, str->data + count, str->len - count + 1);
	str->len -= count;
}

void str_cut(struct str *str, size_t len)
{
	if (str->data == NULL || len > str->len)
		return;
	str->len = len;
	str->data[len] = '\0';
}

char *str_steal(struct str *str)
{
	if (str->data == NULL)
		return mem_copy_string("");
	char *text = str->data;
	*str = (struct str){0};
	return text;
}

const char *str_text(const struct str *str)
{
	return str->data != NULL ? str->data : "";
}

/* ---- text ---- */

bool text_starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

bool text_ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

int text_pad(const char *text, int columns)
{
	int more = 0;
	for (; *text != '\0'; text++)
		more += ((unsigned char)*text & 0xc0) == 0x80; /* a letter goes on */
	return columns + more;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool text_equal_fold(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcasecmp(a, b) == 0);
}

/* Length of the valid UTF-8 sequence at `text` (RFC 3629), 0: none. */
static size_t utf8_sequence(const unsigned char *text, size_t len)
{
	unsigned char lead = text[0];
	if (lead < 0x80)
		return 1;
	size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* no overlong forms, no surrogates, nothing above U+10FFFF */
	if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
		(lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
		return 0;
	return need;
}

void text_add_clean(struct str *out, const char *text, size_t len, bool keep_newlines)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;
	while (at < end) {
		size_t step = utf8_sequence(at, (size_t)(end - at));
		bool keep = *at >= 0x20 || *at == '\t' || (*at == '\n' && keep_newlines);
		/* U+0080 to U+009F are control letters too */
		bool control = step == 2 && at[0] == 0xc2 && at[1] < 0xa0;
		if (step == 0) {
			str_add(out, "\xef\xbf\xbd");
			step = 1;
		} else if (!keep || *at == 0x7f || control) {
			str_add_char(out, ' ');
		} else {
			str_add_bytes(out, (const char *)at, step);
		}
		at += step;
	}
}

/* ---- strings ---- */

void strings_finish(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	array_finish(list);
}

void strings_take(struct strings *list, char *text)
{
	*array_add(list) = text;
}

void strings_add(struct strings *list, const char *text)
{
	strings_take(list, mem_copy_string(text));
}

void strings_print(struct strings *list, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	strings_take(list, mem_print_v(format, args));
	va_end(args);
}

bool strings_have(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

bool strings_add_new(struct strings *list, const char *text)
{
	if (strings_have(list, text))
		return false;
	strings_add(list, text);
	return true;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool strings_drop(struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) != 0)
			continue;
		free(list->items[i]);
		array_remove(list, i);
		return true;
	}
	return false;
}

void strings_sort(struct strings *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, compare_strings);
}

void strings_copy(struct strings *to, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		strings_add(to, from->items[i]);
}

char *strings_join(const struct strings *list, const char *between, const char *last)
{
	struct str out = {0};
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			str_add(&out, i + 1 == list->count && last != NULL ? last : between);
		str_add(&out, list->items[i]);
	}
	return str_steal(&out);
}

const char **strings_vector(const struct strings *list)
{
	const char **vector = mem_alloc((list->count + 1) * sizeof *vector);
	for (size_t i = 0; i < list->count; i++)
		vector[i] = list->items[i];
	return vector;
}

void strings_split(struct strings *list, const char *text, char separator)
{
	while (*text != '\0') {
		const char *end = strchrnul(text, separator);
		if (end > text)
			strings_take(list, mem_copy_bytes(text, (size_t)(end - text)));
		text = *end != '\0' ? end + 1 : end;
	}
}

/* One word of a shell line at *at, which moves behind it; false: a quote is not closed. */
static bool take_word(const char **at, struct str *word)
{
	char quote = '\0';
	for (; **at != '\0' && (quote != '\0' || strchr(" \t\n", **at) == NULL); ++*at) {
		bool is_escape = **at == '\\' && quote != '\'' && (*at)[1] != '\0';
		if (is_escape && (quote == '\0' || strchr("\"\\$`", (*at)[1]) != NULL))
			str_add_char(word, *++*at);
		else if (quote == '\0' && (**at == '\'' || **at == '"'))
			quote = **at;
		else if (quote != '\0' && **at == quote)
			quote = '\0';
		else
			str_add_char(word, **at);
	}
	return quote == '\0';
}

bool strings_split_words(struct strings *list, const char *text)
{
	auto_strings words = {0};
	for (text += strspn(text, " \t\n"); *text != '\0'; text += strspn(text, " \t\n")) {
		auto_str word = {0};
		if (!take_word(&text, &word))
			return false;
		strings_add(&words, str_text(&word));
	}
	strings_copy(list, &words);
	return true;
}
