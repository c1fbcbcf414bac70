/* How a value is written into a file: plainly where its letters mean nothing
 * anywhere, else as a file of its kind quotes it. What facts hold comes from a
 * project's files and is not trusted: a text never ends the place that it is
 * written to. Called by render.c for each @{ }. */
#include "render.h"

#include <ctype.h>

/* ---- letters ---- */

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr("_./:@+=,-", *text) == NULL)
			return false;
	return true;
}

/* U+0080 to U+009F, U+2028, U+2029 and U+FEFF: YAML 1.2 does not print them, or ends a line at them. */
static size_t odd_letter(const char *text, unsigned *point)
{
	const unsigned char *at = (const unsigned char *)text;
	if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F)
		return *point = at[1], 2;
	if (at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9))
		return *point = 0x2000 + (at[2] - 0x80u), 3;
	if (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF)
		return *point = 0xFEFF, 3;
	return 0;
}

/* In double quotes as JSON has them; YAML and TOML read the same. */
static void add_quoted(const char *text, struct str *out)
{
	unsigned point;
	str_add_char(out, '"');
	for (size_t len; *text != '\0'; text += len) {
		len = odd_letter(text, &point);
		if (len > 0) {
			str_print(out, "\\u%04X", point);
			continue;
		}
		len = 1;
		if (*text == '"' || *text == '\\')
			str_print(out, "\\%c", *text);
		else if (*text == '\n' || *text == '\t')
			str_add(out, *text == '\n' ? "\\n" : "\\t");
		else if ((unsigned char)*text < ' ' || *text == 127)
			str_print(out, "\\u%04X", (unsigned)*text);
		else
			str_add_char(out, *text);
	}
	str_add_char(out, '"');
}

static void add_replaced(const char *text, const char *what, const char *with, struct str *out)
{
	for (const char *found; (found = strstr(text, what)) != NULL; text = found + strlen(what)) {
		str_add_bytes(out, text, (size_t)(found - text));
		str_add(out, with);
	}
	str_add(out, text);
}

/* ---- filters ---- */

typedef bool filter_write(const char *text, struct str *out, struct fault *fault);

static bool write_quoted(const char *text, struct str *out, struct fault *fault)
{
	(void)fault;
	add_quoted(text, out);
	return true;
}

/* Compose takes $NAME for a variable, in quotes too; $$ is a dollar. */
static bool write_compose(const char *text, struct str *out, struct fault *fault)
{
	auto_str doubled = {0};
	(void)fault;
	add_replaced(text, "$", "$$", &doubled);
	add_quoted(str_text(&doubled), out);
	return true;
}

/* GitHub works out ${{ }} in any text; only as a text of its own it is one. */
static bool write_workflow(const char *text, struct str *out, struct fault *fault)
{
	auto_str kept = {0};
	(void)fault;
	add_replaced(text, "${{", "${{ '${{' }}", &kept);
	add_quoted(str_text(&kept), out);
	return true;
}

static bool write_docker(const char *text, struct str *out, struct fault *fault)
{
	if (has_control(text))
		return fault_set(fault, FAULT_INPUT, "a value of a Dockerfile cannot hold a new line or a control letter");
	str_add_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
	str_add_char(out, '"');
	return true;
}

/* A new line would end a RUN; so it is refused, though a shell would take it. */
static bool write_shell(const char *text, struct str *out, struct fault *fault)
{
	if (has_control(text))
		return fault_set(fault, FAULT_INPUT, "a word of the shell is not written with a new line or a control letter in it");
	str_add_char(out, '\'');
	add_replaced(text, "'", "'\\''", out);
	str_add_char(out, '\'');
	return true;
}

/* One line for every reader, for those too that end one at odd letters. */
static bool write_comment(const char *text, struct str *out, struct fault *fault)
{
	auto_str clean = {0};
	unsigned point;
	(void)fault;
	text_add_clean(&clean, text, strlen(text), false);
	for (const char *at = str_text(&clean); *at != '\0';) {
		size_t odd = odd_letter(at, &point);
		str_add_char(out, odd > 0 || *at == '\t' ? ' ' : *at);
		at += odd > 0 ? odd : 1;
	}
	return true;
}

static bool write_lower(const char *text, struct str *out, struct fault *fault)
{
	(void)fault;
	for (; *text != '\0'; text++)
		str_add_char(out, *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text);
	return true;
}

static bool write_upper(const char *text, struct str *out, struct fault *fault)
{
	(void)fault;
	for (; *text != '\0'; text++)
		str_add_char(out, *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text);
	return true;
}

static bool write_snake(const char *text, struct str *out, struct fault *fault)
{
	(void)fault;
	for (; *text != '\0'; text++)
		str_add_char(out, *text == '-' ? '_' : *text);
	return true;
}

static const struct filter {
	const char *name;
	filter_write *write;
	bool is_safe; /* what it writes needs no look at its letters */
} filters[] = {
	{"yaml", write_quoted, true},
	{"compose", write_compose, true},
	{"workflow", write_workflow, true},
	{"json", write_quoted, true},
	{"toml", write_quoted, true},
	{"docker", write_docker, true},
	{"shell", write_shell, true},
	{"comment", write_comment, true},
	{"lower", write_lower, false},
	{"upper", write_upper, false},
	{"snake", write_snake, false},
};

/* ---- one value ---- */

static const struct filter *find_filter(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		if (strlen(filters[i].name) == len && memcmp(filters[i].name, name, len) == 0)
			return &filters[i];
	return NULL;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && (**text == ' ' || **text == '\t'))
		(*text)++, (*len)--;
	while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		(*len)--;
}

static bool is_path(const char *text, size_t len)
{
	bool was_name = false;
	for (size_t i = 0; i < len; i++) {
		if (!name_has(text[i]) && (text[i] != '.' || !was_name))
			return false;
		was_name = text[i] != '.';
	}
	return was_name;
}

/* NULL: it is no text, number, true or false. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	if (json_is_number(value) || json_is_boolean(value))
		return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return NULL;
}

/* Takes each filter in turn; *is_safe: one of them quoted. */
static bool filter_all(char **text, const char *rest, size_t len, bool *is_safe, struct fault *fault)
{
	while (len > 0) {
		const char *name = rest + 1; /* behind the | */
		const char *next = memchr(name, '|', len - 1);
		size_t name_len = next != NULL ? (size_t)(next - name) : len - 1;
		rest = name + name_len;
		len -= 1 + name_len;
		trim(&name, &name_len);
		const struct filter *filter = find_filter(name, name_len);
		auto_str out = {0};
		if (filter == NULL)
			return fault_set(fault, FAULT_INPUT, "there is no filter \"%.*s\"", (int)name_len, name);
		if (!filter->write(*text, &out, fault))
			return false;
		free(*text);
		*text = str_steal(&out);
		*is_safe = *is_safe || filter->is_safe;
	}
	return true;
}

bool filter_print(const struct names *names, const char *text, size_t len, struct str *out, struct fault *fault)
{
	const char *bar = memchr(text, '|', len);
	const char *path = text;
	size_t path_len = bar != NULL ? (size_t)(bar - text) : len;
	bool is_safe = false;
	trim(&path, &path_len);
	if (!is_path(path, path_len))
		return fault_set(fault, FAULT_INPUT, "\"%.*s\" is no name", (int)path_len, path);
	const json_t *value = names_find(names, path, path_len);
	if (value == NULL || json_is_null(value))
		return fault_set(fault, FAULT_INPUT, "there is no %.*s", (int)path_len, path);
	auto_free char *now = value_text(value);
	if (now == NULL)
		return fault_set(fault, FAULT_INPUT, "%.*s is a list or an object: go through it with for", (int)path_len, path);
	if (bar != NULL && !filter_all(&now, bar, (size_t)(text + len - bar), &is_safe, fault))
		return fault_add(fault, "%.*s", (int)path_len, path);
	if (!is_safe && !is_plain(now))
		return fault_set(fault, FAULT_INPUT, "%.*s holds letters that need a filter (yaml, shell …)", (int)path_len, path);
	str_add(out, now);
	return true;
}
