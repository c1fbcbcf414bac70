/* The expressions of templates: values by name, compared and joined. They are
 * read and worked out at once, from left to right; a name that is not there is
 * null, so that a template may ask for what a project does not have. Called by
 * render.c for each line that asks something, and by plan.c. */
#include "render.h"

#include <ctype.h>

enum { DEEPEST = 32 };

struct reader {
	const struct names *names;
	const char *at, *end;
	int depth;
	struct fault *fault;
};

/* ---- names ---- */

bool name_has(char letter)
{
	return isalnum((unsigned char)letter) || letter == '_';
}

static json_t *find_in(const json_t *value, const char *name, size_t len)
{
	if (json_is_object(value)) {
		auto_free char *key = mem_copy_bytes(name, len);
		return json_object_get(value, key);
	}
	if (!json_is_array(value) || len > 6 || len == 0)
		return NULL;
	size_t index = 0;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)name[i]))
			return NULL;
		index = index * 10 + (size_t)(name[i] - '0');
	}
	return json_array_get(value, index);
}

json_t *names_find(const struct names *names, const char *path, size_t len)
{
	const char *end = path + len, *at = path;
	json_t *value = NULL;
	for (bool is_first = true;; is_first = false) {
		const char *point = memchr(at, '.', (size_t)(end - at));
		size_t part = (size_t)((point != NULL ? point : end) - at);
		if (is_first) {
			value = find_in(names->own, at, part);
			value = value != NULL ? value : find_in(names->facts, at, part);
		} else {
			value = find_in(value, at, part);
		}
		if (value == NULL || point == NULL)
			return value;
		at = point + 1;
	}
}

/* ---- words ---- */

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
		reader->at++;
}

static bool take(struct reader *reader, const char *sign)
{
	size_t len = strlen(sign);
	skip_blanks(reader);
	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, sign, len) != 0)
		return false;
	if (name_has(sign[0]) && reader->at + len < reader->end && (name_has(reader->at[len]) || reader->at[len] == '.'))
		return false;
	reader->at += len;
	return true;
}

static json_t *refuse(struct reader *reader)
{
	if (reader->at == reader->end)
		fault_set(reader->fault, FAULT_INPUT, "the expression ends where a value is missing");
	else
		fault_set(reader->fault, FAULT_INPUT, "\"%.*s\" is not understood here", (int)(reader->end - reader->at), reader->at);
	return NULL;
}

static json_t *read_text(struct reader *reader)
{
	auto_str text = {0};
	const char *start = reader->at++;
	while (reader->at < reader->end && *reader->at != '"') {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		str_add_char(&text, *reader->at++);
	}
	if (reader->at == reader->end) {
		reader->at = start;
		fault_set(reader->fault, FAULT_INPUT, "the quotation mark before \"%.*s\" is not closed", (int)(reader->end - start - 1), start + 1);
		return NULL;
	}
	reader->at++;
	json_t *value = json_stringn(str_text(&text), text.len);
	if (value == NULL)
		fault_set(reader->fault, FAULT_INPUT, "a text is no valid UTF-8");
	return value;
}

static json_t *read_number(struct reader *reader)
{
	json_int_t number = 0;
	size_t digits = 0;
	const char *start = reader->at;
	for (; reader->at < reader->end && isdigit((unsigned char)*reader->at); digits++)
		number = digits < 18 ? number * 10 + (*reader->at++ - '0') : (reader->at++, number);
	if (digits <= 18 && (reader->at == reader->end || (!name_has(*reader->at) && *reader->at != '.')))
		return json_integer(number);
	reader->at = start;
	return refuse(reader);
}

static json_t *read_name(struct reader *reader)
{
	const char *start = reader->at;
	while (reader->at < reader->end && (name_has(*reader->at) || (*reader->at == '.' && reader->at + 1 < reader->end && name_has(reader->at[1]))))
		reader->at++;
	json_t *value = names_find(reader->names, start, (size_t)(reader->at - start));
	return value != NULL ? json_incref(value) : json_null();
}

/* ---- what is made of them ---- */

static json_t *read_or(struct reader *reader); /* in ( ) everything begins anew */

static json_t *read_value(struct reader *reader)
{
	skip_blanks(reader);
	if (take(reader, "(")) {
		if (++reader->depth > DEEPEST) {
			fault_set(reader->fault, FAULT_INPUT, "the expression is more than %d deep", DEEPEST);
			return NULL;
		}
		json_t *value = read_or(reader);
		reader->depth--;
		if (value == NULL || take(reader, ")"))
			return value;
		json_decref(value);
		fault_set(reader->fault, FAULT_INPUT, "a ) is missing");
		return NULL;
	}
	if (take(reader, "true"))
		return json_true();
	if (take(reader, "false"))
		return json_false();
	if (reader->at == reader->end || take(reader, "and") || take(reader, "or") || take(reader, "in"))
		return refuse(reader);
	if (*reader->at == '"')
		return read_text(reader);
	if (isdigit((unsigned char)*reader->at))
		return read_number(reader);
	return name_has(*reader->at) ? read_name(reader) : refuse(reader);
}

static bool is_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) <= json_number_value(b) && json_number_value(a) >= json_number_value(b);
	return json_equal(a, b);
}

static bool is_in(const json_t *value, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (is_equal(value, json_array_get(list, i)))
			return true;
	return false;
}

/* Of numbers; a name that is not there is below nothing. */
static json_t *is_below(const json_t *left, const json_t *right, struct fault *fault)
{
	if (json_is_number(left) && json_is_number(right))
		return json_boolean(json_number_value(left) < json_number_value(right));
	if (json_is_null(left) || json_is_null(right))
		return json_false();
	fault_set(fault, FAULT_INPUT, "only numbers are compared by \"<\"");
	return NULL;
}

static json_t *compare(json_t *left, json_t *right, const char *sign, struct fault *fault)
{
	json_t *value = NULL;
	if (sign[0] == '<')
		value = is_below(left, right, fault);
	else if (strcmp(sign, "in") != 0)
		value = json_boolean(is_equal(left, right) == (sign[0] == '='));
	else if (json_is_array(right) || json_is_null(right))
		value = json_boolean(is_in(left, right));
	else
		fault_set(fault, FAULT_INPUT, "what stands behind \"in\" is no list");
	json_decref(left);
	json_decref(right);
	return value;
}

static json_t *read_comparison(struct reader *reader)
{
	json_t *left = read_value(reader);
	if (left == NULL)
		return NULL;
	const char *sign = take(reader, "==") ? "==" : take(reader, "!=") ? "!=" : take(reader, "in") ? "in" : take(reader, "<") ? "<" : NULL;
	if (sign == NULL)
		return left;
	json_t *right = read_value(reader);
	if (right == NULL) {
		json_decref(left);
		return NULL;
	}
	return compare(left, right, sign, reader->fault);
}

static json_t *read_not(struct reader *reader)
{
	size_t count = 0;
	while (take(reader, "not"))
		count++;
	json_t *value = read_comparison(reader);
	if (value == NULL || count == 0)
		return value;
	bool is_true = expression_is_true(value) == (count % 2 == 0);
	json_decref(value);
	return json_boolean(is_true);
}

/* A chain of one word; both sides are always read. */
static json_t *read_chain(struct reader *reader, const char *word, json_t *(*read_side)(struct reader *reader))
{
	json_t *value = read_side(reader);
	while (value != NULL && take(reader, word)) {
		bool left = expression_is_true(value);
		json_decref(value);
		json_t *side = read_side(reader);
		if (side == NULL)
			return NULL;
		bool right = expression_is_true(side);
		json_decref(side);
		value = json_boolean(word[0] == 'a' ? left && right : left || right);
	}
	return value;
}

static json_t *read_and(struct reader *reader)
{
	return read_chain(reader, "and", read_not);
}

static json_t *read_or(struct reader *reader)
{
	return read_chain(reader, "or", read_and);
}

bool expression_is_true(const json_t *value)
{
	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_REAL:
		return json_real_value(value) < 0 || json_real_value(value) > 0;
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
	case JSON_NULL:
		return false;
	}
	return false;
}

json_t *expression_read(const struct names *names, const char *text, size_t len, struct fault *fault)
{
	struct reader reader = {.names = names, .at = text, .end = text + len, .fault = fault};
	json_t *value = read_or(&reader);
	skip_blanks(&reader);
	if (value == NULL || reader.at == reader.end)
		return value;
	json_decref(value);
	return refuse(&reader);
}
