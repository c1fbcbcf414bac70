/* TOML 1.0, enough for manifests and lock files: dotted and quoted keys, tables,
 * arrays of tables, arrays over several lines, inline tables, all four kinds of
 * strings. It holds the keys that lead to where it reads. members.c and lock.c
 * call it; what they read may be junk. */
#include "toml.h"

enum { MOST_KEYS = 12, MOST_NESTED = 24 };

struct reader {
	const char *at, *end;
	struct str keys[MOST_KEYS];
	size_t depth; /* may be more than MOST_KEYS: such values are not shown */
	struct str value;
	toml_visit visit;
	void *context;
};

static void show(struct reader *reader, bool is_string, bool is_item, bool is_table)
{
	const char *path[MOST_KEYS];
	if (reader->depth > MOST_KEYS)
		return;
	for (size_t i = 0; i < reader->depth; i++)
		path[i] = str_text(&reader->keys[i]);
	struct toml_leaf leaf = {.path = path, .depth = reader->depth, .text = is_table ? "" : str_text(&reader->value),
		.is_string = is_string, .is_item = is_item, .is_table = is_table};
	reader->visit(reader->context, &leaf);
}

static bool is_at(const struct reader *reader, const char *start)
{
	size_t len = strlen(start);
	return (size_t)(reader->end - reader->at) >= len && memcmp(reader->at, start, len) == 0;
}

static bool take(struct reader *reader, char letter)
{
	if (reader->at >= reader->end || *reader->at != letter)
		return false;
	reader->at++;
	return true;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
		reader->at++;
}

static void skip_line(struct reader *reader)
{
	const char *newline = reader->at < reader->end ? memchr(reader->at, '\n', (size_t)(reader->end - reader->at)) : NULL;
	reader->at = newline != NULL ? newline + 1 : reader->end;
}

/* Blanks, ends of lines, comments. */
static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end) {
		if (*reader->at == '#')
			skip_line(reader);
		else if (strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
			reader->at++;
		else
			return;
	}
}

/* ---- strings ---- */

static void add_utf8(struct str *out, unsigned long code)
{
	if (code < 0x80) {
		str_add_char(out, (char)code);
	} else if (code < 0x800) {
		str_add_char(out, (char)(0xc0 | code >> 6));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		str_add_char(out, (char)(0xe0 | code >> 12));
		str_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x110000) {
		str_add_char(out, (char)(0xf0 | code >> 18));
		str_add_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* \uXXXX, \UXXXXXXXX, \xXX: as many hexadecimal digits. */
static void add_code(struct reader *reader, struct str *out, size_t digits)
{
	char number[9] = "";
	size_t have = 0;
	while (have < digits && reader->at < reader->end && strchr("0123456789abcdefABCDEF", *reader->at) != NULL && *reader->at != '\0')
		number[have++] = *reader->at++;
	unsigned long code = strtoul(number, NULL, 16);
	if (code != 0)
		add_utf8(out, code);
}

/* Behind a backslash. */
static void add_escape(struct reader *reader, struct str *out)
{
	static const char letters[] = "btnfre\"\\", means[] = "\b\t\n\f\r\033\"\\";
	if (reader->at >= reader->end)
		return;
	char letter = *reader->at++;
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
	if (found != NULL)
		str_add_char(out, means[found - letters]);
	else if (letter == 'u' || letter == 'U' || letter == 'x')
		add_code(reader, out, letter == 'u' ? 4 : letter == 'U' ? 8 : 2);
	else if (letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t') /* the line goes on */
		while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
			reader->at++;
}

static bool read_string(struct reader *reader, struct str *out)
{
	char quote = *reader->at;
	const char triple[] = {quote, quote, quote, '\0'};
	bool is_long = is_at(reader, triple);
	reader->at += is_long ? 3 : 1;
	str_clear(out);
	if (is_long) {
		take(reader, '\r');
		take(reader, '\n');
	}
	while (reader->at < reader->end) {
		if (is_long ? is_at(reader, triple) : *reader->at == quote) {
			reader->at += is_long ? 3 : 1;
			for (int more = 0; is_long && more < 2 && take(reader, quote); more++) /* """a""""": quotes at its end */
				str_add_char(out, quote);
			return true;
		}
		if (!is_long && *reader->at == '\n')
			return false;
		if (*reader->at == '\\' && quote == '"') {
			reader->at++;
			add_escape(reader, out);
		} else {
			str_add_char(out, *reader->at++);
		}
	}
	return false;
}

/* ---- keys and values ---- */

/* A key, dotted or not; its parts are added to those that lead here. */
static bool read_key(struct reader *reader)
{
	do {
		struct str over = {0};
		struct str *key = reader->depth < MOST_KEYS ? &reader->keys[reader->depth] : &over;
		str_clear(key);
		skip_blanks(reader);
		bool good = reader->at < reader->end;
		if (good && (*reader->at == '"' || *reader->at == '\'')) {
			good = read_string(reader, key);
		} else {
			const char *start = reader->at;
			while (reader->at < reader->end && *reader->at != '\0' && strchr(" \t\r\n.=[]{},#\"'", *reader->at) == NULL)
				reader->at++;
			str_add_bytes(key, start, (size_t)(reader->at - start));
			good = reader->at > start;
		}
		str_finish(&over);
		if (!good)
			return false;
		reader->depth++;
		skip_blanks(reader);
	} while (take(reader, '.'));
	return true;
}

static void read_bare(struct reader *reader)
{
	const char *start = reader->at;
	while (reader->at < reader->end && *reader->at != '\0' && strchr(",]}#\r\n", *reader->at) == NULL)
		reader->at++;
	const char *end = reader->at;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	str_clear(&reader->value);
	str_add_bytes(&reader->value, start, (size_t)(end - start));
}

static bool read_value(struct reader *reader, unsigned nested, bool is_item);

static bool read_array(struct reader *reader, unsigned nested)
{
	reader->at++;
	for (;;) {
		skip_space(reader);
		if (take(reader, ']'))
			return true;
		if (!read_value(reader, nested + 1, true))
			return false;
		skip_space(reader);
		if (!take(reader, ',') && !(reader->at < reader->end && *reader->at == ']'))
			return false;
	}
}

static bool read_inline(struct reader *reader, unsigned nested)
{
	size_t depth = reader->depth;
	show(reader, false, false, true);
	reader->at++;
	for (;;) {
		skip_space(reader);
		if (take(reader, '}'))
			return true;
		bool good = read_key(reader) && take(reader, '=') && read_value(reader, nested + 1, false);
		reader->depth = depth;
		if (!good)
			return false;
		skip_space(reader);
		if (!take(reader, ',') && !(reader->at < reader->end && *reader->at == '}'))
			return false;
	}
}

static bool read_value(struct reader *reader, unsigned nested, bool is_item)
{
	skip_blanks(reader);
	if (reader->at >= reader->end || nested > MOST_NESTED)
		return false;
	if (*reader->at == '[')
		return read_array(reader, nested);
	if (*reader->at == '{')
		return read_inline(reader, nested);
	bool is_string = *reader->at == '"' || *reader->at == '\'';
	if (is_string && !read_string(reader, &reader->value))
		return false;
	if (!is_string)
		read_bare(reader);
	if (!is_string && reader->value.len == 0)
		return false;
	show(reader, is_string, is_item, false);
	return true;
}

/* [a.b] or [[a.b]]; returns how many keys lead to what follows. */
static size_t read_header(struct reader *reader)
{
	reader->depth = 0;
	reader->at++;
	take(reader, '[');
	if (read_key(reader) && take(reader, ']'))
		show(reader, false, false, true);
	else
		reader->depth = MOST_KEYS + 1; /* nobody knows whose values follow */
	return reader->depth;
}

void toml_read(const char *text, size_t len, toml_visit visit, void *context)
{
	struct reader reader = {.at = text, .end = text + len, .visit = visit, .context = context};
	size_t header = 0;
	if (is_at(&reader, "\xef\xbb\xbf"))
		reader.at += 3;
	for (;;) {
		skip_space(&reader);
		if (reader.at >= reader.end)
			break;
		if (*reader.at == '[') {
			header = read_header(&reader);
		} else {
			reader.depth = header;
			if (read_key(&reader) && take(&reader, '='))
				read_value(&reader, 0, false);
		}
		skip_line(&reader);
	}
	for (size_t i = 0; i < MOST_KEYS; i++)
		str_finish(&reader.keys[i]);
	str_finish(&reader.value);
}

bool toml_is(const struct toml_leaf *leaf, const char *const *path)
{
	size_t i = 0;
	for (; path[i] != NULL; i++)
		if (i >= leaf->depth || (strcmp(path[i], "*") != 0 && strcmp(path[i], leaf->path[i]) != 0))
			return false;
	return i == leaf->depth;
}
