/* HCL, the language of bake files, as far as bake files need it: a reader from
 * left to right that makes the tree which JSON would make. The checks of bake
 * files call it. Expressions are passed over as text: brackets and quotes are
 * matched, nothing is worked out. */
#include "hcl.h"

#include <ctype.h>

enum { MOST_BYTES = 1 << 20, MOST_NODES = 10000, MOST_LEVELS = 40 };

struct hcl {
	struct yaml_node *root;
	ARRAY(struct yaml_node *) nodes; /* owns all */
};

struct reader {
	const char *text, *at, *end;
	const char *counted; /* lines are counted up to here */
	unsigned line;
	const char *line_start;
	struct hcl *hcl;
	struct fault *fault;
};

/* ---- places and faults ---- */

static void count_lines(struct reader *reader, const char *until)
{
	for (; reader->counted < until; reader->counted++)
		if (*reader->counted == '\n') {
			reader->line++;
			reader->line_start = reader->counted + 1;
		}
}

static bool refuse(struct reader *reader, const char *what)
{
	count_lines(reader, reader->at);
	return fault_set(reader->fault, FAULT_INPUT, "line %u is no HCL: %s", reader->line, what);
}

/* NULL and a fault: there are too many. */
static struct yaml_node *add_node(struct reader *reader, enum yaml_kind kind)
{
	if (reader->hcl->nodes.count >= MOST_NODES) {
		refuse(reader, _("there are too many values"));
		return NULL;
	}
	count_lines(reader, reader->at);
	struct yaml_node *node = mem_alloc(sizeof *node);
	*node = (struct yaml_node){.kind = kind, .line = reader->line, .column = (unsigned)(reader->at - reader->line_start) + 1};
	*array_add(&reader->hcl->nodes) = node;
	return node;
}

static struct yaml_node *add_scalar(struct reader *reader, const char *text, size_t len, bool is_plain)
{
	struct yaml_node *node = add_node(reader, YAML_SCALAR);
	if (node == NULL)
		return NULL;
	node->text = mem_copy_bytes(text, len);
	node->len = len;
	node->is_plain = is_plain;
	return node;
}

static void put(struct yaml_node *map, struct yaml_node *key, struct yaml_node *value)
{
	*array_add(&map->keys) = key;
	*array_add(&map->items) = value;
}

/* ---- blanks and comments ---- */

static bool is_here(const struct reader *reader, const char *mark)
{
	size_t len = strlen(mark);
	return (size_t)(reader->end - reader->at) >= len && memcmp(reader->at, mark, len) == 0;
}

static bool skip_comment(struct reader *reader)
{
	if (is_here(reader, "#") || is_here(reader, "//")) {
		const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
		reader->at = newline != NULL ? newline : reader->end;
		return true;
	}
	if (!is_here(reader, "/*"))
		return false;
	for (reader->at += 2; reader->at < reader->end && !is_here(reader, "*/"); reader->at++)
		;
	reader->at += reader->at < reader->end ? 2 : 0;
	return true;
}

static void skip_blanks(struct reader *reader, bool newlines)
{
	while (reader->at < reader->end) {
		bool blank = *reader->at == '\n' ? newlines : isspace((unsigned char)*reader->at) != 0;
		if (blank)
			reader->at++;
		else if (!skip_comment(reader))
			return;
	}
}

/* ---- expressions ---- */

/* Behind a quoted text; what stands in ${…} may hold quotes of its own. */
static void skip_quoted(struct reader *reader)
{
	int depth = 0;
	bool inner = false;
	for (reader->at++; reader->at < reader->end; reader->at++) {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		else if (!inner && (is_here(reader, "${") || is_here(reader, "%{")) && reader->at[-1] != '$')
			depth++;
		else if (depth > 0 && !inner && *reader->at == '}')
			depth--;
		else if (*reader->at == '"' && depth > 0)
			inner = !inner;
		else if (*reader->at == '"' || (*reader->at == '\n' && depth == 0))
			break;
	}
	reader->at += reader->at < reader->end && *reader->at == '"';
}

/* Behind a heredoc; its lines are [*from, *to). */
static bool skip_heredoc(struct reader *reader, const char **from, const char **to)
{
	const char *name = reader->at + 2 + (reader->end - reader->at > 2 && reader->at[2] == '-');
	const char *line_end = memchr(name, '\n', (size_t)(reader->end - name));
	if (line_end == NULL)
		return refuse(reader, _("a heredoc does not end"));
	size_t len = (size_t)(line_end - name);
	while (len > 0 && isspace((unsigned char)name[len - 1]))
		len--;
	*from = line_end + 1;
	for (const char *line = *from; line < reader->end;) {
		const char *newline = memchr(line, '\n', (size_t)(reader->end - line));
		const char *stop = newline != NULL ? newline : reader->end, *word = line;
		while (word < stop && (*word == ' ' || *word == '\t'))
			word++;
		while (stop > word && isspace((unsigned char)stop[-1]))
			stop--;
		if ((size_t)(stop - word) == len && memcmp(word, name, len) == 0) {
			*to = line;
			reader->at = stop;
			return true;
		}
		line = newline != NULL ? newline + 1 : reader->end;
	}
	return refuse(reader, _("a heredoc does not end"));
}

/* Behind the expression: up to what ends a value here. */
static void skip_expression(struct reader *reader)
{
	int depth = 0;
	while (reader->at < reader->end) {
		char letter = *reader->at;
		if (depth == 0 && (letter == '\n' || letter == ',' || letter == ']' || letter == '}' || letter == '#' || is_here(reader, "//")))
			return;
		if (letter == '"') {
			skip_quoted(reader);
			continue;
		}
		if (skip_comment(reader))
			continue;
		depth += letter == '(' || letter == '[' || letter == '{' ? 1 : letter == ')' || letter == ']' || letter == '}' ? -1 : 0;
		depth = depth < 0 ? 0 : depth;
		reader->at++;
	}
}

static struct yaml_node *take_expression(struct reader *reader, const char *from)
{
	reader->at = from;
	struct yaml_node *node = add_scalar(reader, "", 0, true);
	if (node == NULL)
		return NULL;
	skip_expression(reader);
	const char *to = reader->at;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	if (to == from) {
		refuse(reader, _("a value is missing"));
		return NULL;
	}
	free((char *)(uintptr_t)node->text);
	node->text = mem_copy_bytes(from, (size_t)(to - from));
	node->len = (size_t)(to - from);
	return node;
}

/* ---- values ---- */

static struct yaml_node *take_quoted(struct reader *reader)
{
	const char *from = reader->at;
	struct str text = {0};
	struct yaml_node *node = add_scalar(reader, "", 0, false);
	if (node == NULL)
		return NULL;
	skip_quoted(reader);
	const char *to = reader->at - (reader->at > from + 1 && reader->at[-1] == '"');
	for (const char *at = from + 1; at < to; at++) {
		if (*at == '\\' && at + 1 < to)
			at++;
		str_add_char(&text, *at == '\0' ? ' ' : *at);
	}
	free((char *)(uintptr_t)node->text);
	node->len = text.len;
	node->text = str_steal(&text);
	return node;
}

static struct yaml_node *take_heredoc(struct reader *reader)
{
	const char *from = NULL, *to = NULL;
	struct yaml_node *node = add_scalar(reader, "", 0, false);
	if (node == NULL || !skip_heredoc(reader, &from, &to))
		return NULL;
	free((char *)(uintptr_t)node->text);
	node->text = mem_copy_bytes(from, (size_t)(to - from));
	node->len = (size_t)(to - from);
	return node;
}

static bool is_for(const struct reader *reader)
{
	struct reader ahead = *reader;
	ahead.at++;
	skip_blanks(&ahead, true);
	return is_here(&ahead, "for ") || is_here(&ahead, "for\t");
}

static struct yaml_node *take_value(struct reader *reader, unsigned level);

static struct yaml_node *take_list(struct reader *reader, unsigned level)
{
	struct yaml_node *list = add_node(reader, YAML_LIST);
	if (list == NULL)
		return NULL;
	reader->at++;
	for (;;) {
		skip_blanks(reader, true);
		if (reader->at >= reader->end) {
			refuse(reader, _("a list does not end"));
			return NULL;
		}
		if (*reader->at == ']' || *reader->at == ',') {
			if (*reader->at++ == ']')
				return list;
			continue;
		}
		const char *from = reader->at;
		struct yaml_node *item = take_value(reader, level + 1);
		if (item == NULL)
			return NULL;
		*array_add(&list->items) = item;
		if (reader->at == from) {
			refuse(reader, _("a list holds what is no value"));
			return NULL;
		}
	}
}

static struct yaml_node *take_name(struct reader *reader)
{
	if (reader->at < reader->end && *reader->at == '"')
		return take_quoted(reader);
	const char *from = reader->at, *to = from;
	while (to < reader->end && (isalnum((unsigned char)*to) || strchr("_-.", *to) != NULL) && *to != '\0')
		to++;
	if (to == from) {
		refuse(reader, _("a name is missing"));
		return NULL;
	}
	struct yaml_node *node = add_scalar(reader, from, (size_t)(to - from), true);
	reader->at = to;
	return node;
}

/* { name = value, … }: names may be expressions in brackets. */
static struct yaml_node *take_object(struct reader *reader, unsigned level)
{
	struct yaml_node *map = add_node(reader, YAML_MAP);
	if (map == NULL)
		return NULL;
	reader->at++;
	for (;;) {
		skip_blanks(reader, true);
		if (reader->at >= reader->end) {
			refuse(reader, _("an object does not end"));
			return NULL;
		}
		if (*reader->at == '}' || *reader->at == ',') {
			if (*reader->at++ == '}')
				return map;
			continue;
		}
		struct yaml_node *key;
		if (*reader->at == '(') {
			const char *from = reader->at, *close = memchr(from, ')', (size_t)(reader->end - from));
			key = add_scalar(reader, from, close != NULL ? (size_t)(close + 1 - from) : 1, true);
			reader->at = close != NULL ? close + 1 : reader->end;
		} else {
			key = take_name(reader);
		}
		if (key == NULL)
			return NULL;
		skip_blanks(reader, false);
		if (reader->at >= reader->end || (*reader->at != '=' && *reader->at != ':')) {
			refuse(reader, _("a value is missing"));
			return NULL;
		}
		reader->at++;
		skip_blanks(reader, true);
		struct yaml_node *value = take_value(reader, level + 1);
		if (value == NULL)
			return NULL;
		put(map, key, value);
	}
}

/* Does the value end here, or is it a part of an expression? */
static bool is_ended(const struct reader *reader)
{
	struct reader ahead = *reader;
	skip_blanks(&ahead, false);
	return ahead.at >= ahead.end || strchr("\n,]}", *ahead.at) != NULL;
}

static struct yaml_node *take_value(struct reader *reader, unsigned level)
{
	const char *from = reader->at;
	struct yaml_node *node;
	if (level > MOST_LEVELS) {
		refuse(reader, _("there are too many levels"));
		return NULL;
	}
	if (is_here(reader, "<<"))
		return take_heredoc(reader);
	if (reader->at >= reader->end || *reader->at == '\0' || strchr("\"[{", *reader->at) == NULL || (*reader->at != '"' &&
		is_for(reader)))
		return take_expression(reader, from);
	if (*reader->at == '"')
		node = take_quoted(reader);
	else
		node = *reader->at == '[' ? take_list(reader, level) : take_object(reader, level);
	return node == NULL || is_ended(reader) ? node : take_expression(reader, from);
}

/* ---- blocks ---- */

/* The map of that name in a map; a new one where there is none. */
static struct yaml_node *enter(struct reader *reader, struct yaml_node *map, struct yaml_node *name)
{
	for (size_t i = 0; i < map->keys.count; i++)
		if (map->items.items[i]->kind == YAML_MAP && strcmp(map->keys.items[i]->text, name->text) == 0)
			return map->items.items[i];
	struct yaml_node *inner = add_node(reader, YAML_MAP);
	if (inner != NULL)
		put(map, name, inner);
	return inner;
}

static bool take_body(struct reader *reader, struct yaml_node *map, unsigned level);

static bool take_statement(struct reader *reader, struct yaml_node *map, unsigned level)
{
	struct yaml_node *name = take_name(reader);
	if (name == NULL)
		return false;
	skip_blanks(reader, false);
	if (is_here(reader, "=") && !is_here(reader, "==")) {
		reader->at++;
		skip_blanks(reader, false);
		struct yaml_node *value = take_value(reader, level + 1);
		if (value == NULL)
			return false;
		put(map, name, value);
		return true;
	}
	struct yaml_node *body = enter(reader, map, name);
	while (body != NULL && reader->at < reader->end && *reader->at != '{' && *reader->at != '\n') {
		struct yaml_node *label = take_name(reader);
		body = label != NULL ? enter(reader, body, label) : NULL;
		skip_blanks(reader, false);
	}
	if (body == NULL)
		return false;
	if (reader->at >= reader->end || *reader->at != '{')
		return refuse(reader, _("neither = nor { follows a name"));
	reader->at++;
	return take_body(reader, body, level + 1);
}

static bool take_body(struct reader *reader, struct yaml_node *map, unsigned level)
{
	if (level > MOST_LEVELS)
		return refuse(reader, _("there are too many levels"));
	for (;;) {
		skip_blanks(reader, true);
		bool is_end = reader->at >= reader->end;
		if (is_end && level > 0)
			return refuse(reader, _("a block does not end"));
		if (is_end)
			return true;
		if (*reader->at == '}' && level > 0) {
			reader->at++;
			return true;
		}
		if (!take_statement(reader, map, level))
			return false;
	}
}

/* ---- public ---- */

struct hcl *hcl_read(const char *text, size_t len, struct fault *fault)
{
	if (len > MOST_BYTES) {
		fault_set(fault, FAULT_INPUT, "there are more than %d bytes: what is so large is not read", MOST_BYTES);
		return NULL;
	}
	struct hcl *hcl = mem_alloc(sizeof *hcl);
	struct reader reader = {.text = text, .at = text, .end = text + len, .counted = text, .line = 1, .line_start = text, .hcl = hcl,
		.fault = fault};
	hcl->root = add_node(&reader, YAML_MAP);
	if (!take_body(&reader, hcl->root, 0)) {
		hcl_close(hcl);
		return NULL;
	}
	return hcl;
}

void hcl_close(struct hcl *hcl)
{
	if (hcl == NULL)
		return;
	for (size_t i = 0; i < hcl->nodes.count; i++) {
		struct yaml_node *node = hcl->nodes.items[i];
		free((char *)(uintptr_t)node->text);
		array_finish(&node->items);
		array_finish(&node->keys);
		free(node);
	}
	array_finish(&hcl->nodes);
	free(hcl);
}

const struct yaml_node *hcl_root(const struct hcl *hcl)
{
	return hcl->root;
}
