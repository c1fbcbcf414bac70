/* JSON that stands in a log line: walked pair by pair without a tree (a line may
 * be cut anywhere), and written out as a person reads it. level.c looks for the
 * level with it, the screen shows what it renders. */
#include "logs.h"

#include <strings.h>

enum { DEPTH = 2 };

bool log_part_is(struct log_part part, const char *word)
{
	return strlen(word) == part.len && strncasecmp(part.text, word, part.len) == 0;
}

/* ---- walking ---- */

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == ','))
		at++;
	return at;
}

/* `at` stands on the quote; what is behind the closing one. */
static const char *read_string(const char *at, const char *end, struct log_part *out)
{
	const char *start = at++;
	while (at < end && *at != '"')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	at = at < end ? at + 1 : end;
	*out = (struct log_part){start, (size_t)(at - start)};
	return at;
}

/* A number, a word, or an object or array with all that is in it. */
static const char *read_bare(const char *at, const char *end, struct log_part *out)
{
	const char *start = at;
	struct log_part unused;
	unsigned depth = 0;
	while (at < end) {
		if (*at == '"') {
			at = read_string(at, end, &unused);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		if (depth == 0 && (*at == ',' || *at == ' ' || *at == '}' || *at == ']'))
			break;
		if ((*at == '}' || *at == ']') && --depth == 0) {
			at++;
			break;
		}
		at++;
	}
	*out = (struct log_part){start, (size_t)(at - start)};
	return at;
}

struct log_part log_json_unquoted(struct log_part value)
{
	if (value.len == 0 || value.text[0] != '"')
		return value;
	bool closed = value.len > 1 && value.text[value.len - 1] == '"';
	return (struct log_part){value.text + 1, value.len - 1 - closed};
}

bool log_json_next(const char **at, const char *end, struct log_part *key, struct log_part *value)
{
	const char *here = skip_blanks(*at, end);
	if (here >= end || *here != '"')
		return false;
	here = skip_blanks(read_string(here, end, key), end);
	if (here >= end || *here != ':')
		return false;
	*key = log_json_unquoted(*key);
	here = skip_blanks(here + 1, end);
	if (here >= end)
		return false;
	*at = *here == '"' ? read_string(here, end, value) : read_bare(here, end, value);
	return true;
}

/* ---- as a person reads it ---- */

struct rendering {
	struct log_part target, message, span;
	struct str fields; /* " key=value key=value" */
};

static bool is_one_of(struct log_part key, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (log_part_is(key, words[i]))
			return true;
	return false;
}

static bool is_shown_anyway(struct log_part key)
{
	static const char *const words[] = {"timestamp", "time", "ts", "@timestamp", "date", "asctime", "level", "lvl", "severity", "levelname",
		"loglevel", "log.level", "spans", "v"};
	return is_one_of(key, words, COUNT_OF(words));
}

static bool is_message(struct log_part key)
{
	static const char *const words[] = {"message", "msg", "short_message", "event"};
	return is_one_of(key, words, COUNT_OF(words));
}

static bool is_target(struct log_part key)
{
	static const char *const words[] = {"target", "logger", "module", "caller", "name"};
	return is_one_of(key, words, COUNT_OF(words));
}

static unsigned hex4(const char *at, const char *end)
{
	unsigned value = 0;
	for (int i = 0; i < 4; i++, at++) {
		unsigned char letter = at < end ? (unsigned char)*at : 'x';
		unsigned digit = 16;
		if (letter >= '0' && letter <= '9')
			digit = letter - (unsigned)'0';
		else if ((letter | 32) >= 'a' && (letter | 32) <= 'f')
			digit = (letter | 32u) - 'a' + 10;
		if (digit > 15)
			return 0xfffd;
		value = value << 4 | digit;
	}
	return value;
}

static void add_code(struct str *out, unsigned code)
{
	if (code < 0x80) {
		str_add_char(out, (char)code);
	} else if (code < 0x800) {
		str_add_char(out, (char)(0xc0 | code >> 6));
		str_add_char(out, (char)(0x80 | (code & 63)));
	} else if (code < 0x10000) {
		str_add_char(out, (char)(0xe0 | code >> 12));
		str_add_char(out, (char)(0x80 | (code >> 6 & 63)));
		str_add_char(out, (char)(0x80 | (code & 63)));
	} else {
		str_add_char(out, (char)(0xf0 | code >> 18));
		str_add_char(out, (char)(0x80 | (code >> 12 & 63)));
		str_add_char(out, (char)(0x80 | (code >> 6 & 63)));
		str_add_char(out, (char)(0x80 | (code & 63)));
	}
}

/* \uD83D\uDE00 is one letter (RFC 8259, 7). */
static const char *add_escape(struct str *out, const char *at, const char *end)
{
	unsigned code;
	switch (*at) {
	case 'n': case 'r': case 't': case 'b': case 'f':
		str_add_char(out, ' ');
		return at + 1;
	case 'u':
		code = hex4(at + 1, end);
		at += end - at < 5 ? end - at : 5;
		if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
			unsigned low = hex4(at + 2, end);
			if (low >= 0xdc00 && low < 0xe000) {
				code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
				at += 6;
			}
		}
		add_code(out, (code >= 0xd800 && code < 0xe000) || code == 0 ? 0xfffd : code);
		return at;
	default:
		str_add_char(out, *at);
		return at + 1;
	}
}

/* A value as text, its escapes undone. */
static void add_value(struct str *out, struct log_part value)
{
	struct log_part inside = log_json_unquoted(value);
	const char *at = inside.text, *end = inside.text + inside.len;
	if (inside.text == value.text) {
		str_add_bytes(out, value.text, value.len);
		return;
	}
	while (at < end) {
		if (*at == '\\' && at + 1 < end)
			at = add_escape(out, at + 1, end);
		else
			str_add_char(out, *at++);
	}
}

static void add_field(struct rendering *rendering, struct log_part key, struct log_part value)
{
	struct log_part inside = log_json_unquoted(value);
	bool quoted = inside.text != value.text && (inside.len == 0 || memchr(inside.text, ' ', inside.len) != NULL);
	str_add_char(&rendering->fields, ' ');
	str_add_bytes(&rendering->fields, key.text, key.len);
	str_add(&rendering->fields, quoted ? "=\"" : "=");
	add_value(&rendering->fields, value);
	str_add(&rendering->fields, quoted ? "\"" : "");
}

static void take_span(struct rendering *rendering, struct log_part value)
{
	const char *at = value.text + 1;
	struct log_part key, inside;
	while (log_json_next(&at, value.text + value.len, &key, &inside))
		if (log_part_is(key, "name"))
			rendering->span = inside;
		else
			add_field(rendering, key, inside);
}

static bool take_object(struct rendering *rendering, const char *at, const char *end, int depth)
{
	struct log_part key, value;
	bool any = false;
	for (; log_json_next(&at, end, &key, &value); any = true) {
		bool is_object = value.len > 1 && value.text[0] == '{';
		if (is_shown_anyway(key))
			continue;
		if (is_message(key) && rendering->message.text == NULL && !is_object)
			rendering->message = value;
		else if (is_target(key) && rendering->target.text == NULL && depth == 0 && !is_object)
			rendering->target = value;
		else if (log_part_is(key, "fields") && is_object && depth < DEPTH)
			take_object(rendering, value.text + 1, value.text + value.len, depth + 1);
		else if (log_part_is(key, "span") && is_object)
			take_span(rendering, value);
		else
			add_field(rendering, key, value);
	}
	return any;
}

bool log_json_render(const char *text, size_t len, struct str *out)
{
	struct rendering rendering = {0};
	auto_str raw = {0};
	const char *end = text + len;
	str_clear(out);
	while (text < end && *text == ' ')
		text++;
	if (text >= end || *text != '{' || !take_object(&rendering, text + 1, end, 0)) {
		str_finish(&rendering.fields);
		return false;
	}
	if (rendering.target.text != NULL) {
		add_value(&raw, rendering.target);
		str_add(&raw, ": ");
	}
	if (rendering.message.text != NULL)
		add_value(&raw, rendering.message);
	if (rendering.span.text != NULL) {
		str_add(&raw, " in ");
		add_value(&raw, rendering.span);
	}
	size_t from = raw.len == 0 && rendering.fields.len > 0 ? 1 : 0; /* the blank before the first field */
	str_add_bytes(&raw, str_text(&rendering.fields) + from, rendering.fields.len - from);
	str_finish(&rendering.fields);
	/* an escape may have brought a control letter back */
	struct log_span spans[LOG_SPAN_LIMIT];
	log_clean(str_text(&raw), raw.len, out, spans);
	return out->len > 0;
}
