/* YAML with the place of every value, by libyaml: reads the first document of a
 * text into a tree, and finds values in it. The checks of compose files, of
 * workflows and of actions call it. Nothing else includes libyaml. Tags are
 * passed over: a node is what it would be without. */
#include "yaml.h"

#include <yaml.h>

enum { MOST_BYTES = 1 << 20, MOST_NODES = 100000, MOST_LEVELS = 100, MOST_MERGED = 1000 };

/* A node, and what only the reader needs of it. */
struct entry {
	struct yaml_node node;
	unsigned height; /* levels of lists and maps, itself counted */
	bool is_open; /* its end is not read yet */
};

struct yaml {
	struct yaml_node *root;
	ARRAY(struct entry *) entries; /* owns all nodes */
};

/* What is known while a document is read. */
struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t len;
	struct yaml *yaml;
	struct map *anchors; /* name to entry; the last of equal names */
	struct entry *open[MOST_LEVELS];
	size_t open_count;
	struct fault *fault;
};

/* ---- faults ---- */

static unsigned line_at(const char *text, size_t offset)
{
	unsigned line = 1;
	for (const char *at = text; (at = memchr(at, '\n', offset - (size_t)(at - text))) != NULL; at++)
		line++;
	return line;
}

/* libyaml says a byte where it cannot read, else a place. */
static bool refuse_text(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	unsigned line = (unsigned)parser->problem_mark.line + 1;
	if (parser->error == YAML_READER_ERROR)
		line = line_at(reader->text, parser->problem_offset < reader->len ? parser->problem_offset : reader->len);
	return fault_set(reader->fault, FAULT_INPUT, "line %u is no YAML: %s", line,
		parser->problem != NULL ? parser->problem : _("it cannot be read"));
}

/* ---- the tree ---- */

/* A key or a value takes its place in what is open. */
static void place(struct reader *reader, struct entry *entry)
{
	if (reader->open_count == 0) {
		reader->yaml->root = &entry->node;
		return;
	}
	struct entry *in = reader->open[reader->open_count - 1];
	if (in->node.kind == YAML_MAP && in->node.keys.count == in->node.items.count)
		*array_add(&in->node.keys) = &entry->node;
	else
		*array_add(&in->node.items) = &entry->node;
	if (in->height <= entry->height)
		in->height = entry->height + 1;
}

/* NULL and a fault: there are too many. */
static struct entry *add_entry(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	unsigned line = (unsigned)event->start_mark.line + 1;
	if (reader->yaml->entries.count >= MOST_NODES) {
		fault_set(reader->fault, FAULT_INPUT, "line %u: there are more than %d values: what is so large is not read", line, MOST_NODES);
		return NULL;
	}
	struct entry *entry = mem_alloc(sizeof *entry);
	entry->node.kind = kind;
	entry->node.line = line;
	entry->node.column = (unsigned)event->start_mark.column + 1;
	*array_add(&reader->yaml->entries) = entry;
	return entry;
}

static void name_entry(struct reader *reader, const yaml_char_t *anchor, struct entry *entry)
{
	if (anchor != NULL)
		map_put(reader->anchors, (const char *)anchor, entry);
}

static bool refuse_levels(struct reader *reader, const yaml_event_t *event)
{
	return fault_set(reader->fault, FAULT_INPUT, "line %u: there are more than %d levels: what is so deep is not read",
		(unsigned)event->start_mark.line + 1, MOST_LEVELS);
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct entry *entry = add_entry(reader, YAML_SCALAR, event);
	if (entry == NULL)
		return false;
	entry->node.len = event->data.scalar.length;
	entry->node.text = mem_copy_bytes((const char *)event->data.scalar.value, entry->node.len);
	entry->node.is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	name_entry(reader, event->data.scalar.anchor, entry);
	place(reader, entry);
	return true;
}

/* A list or map begins. It takes its place at its end: its height is known then. */
static bool take_start(struct reader *reader, enum yaml_kind kind, const yaml_char_t *anchor, const yaml_event_t *event)
{
	if (reader->open_count == MOST_LEVELS)
		return refuse_levels(reader, event);
	struct entry *entry = add_entry(reader, kind, event);
	if (entry == NULL)
		return false;
	entry->height = 1;
	entry->is_open = true;
	name_entry(reader, anchor, entry);
	reader->open[reader->open_count++] = entry;
	return true;
}

static bool take_end(struct reader *reader)
{
	struct entry *entry = reader->open[--reader->open_count];
	entry->is_open = false;
	place(reader, entry);
	return true;
}

/* As a key, an alias is a node of its own: its place is where the key stands. */
static bool take_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	unsigned line = (unsigned)event->start_mark.line + 1;
	struct entry *entry = map_get(reader->anchors, name);
	if (entry == NULL)
		return fault_set(reader->fault, FAULT_INPUT, "line %u: *%s names nothing above it", line, name);
	if (entry->is_open)
		return fault_set(reader->fault, FAULT_INPUT, "line %u: *%s names what it stands in", line, name);
	if (reader->open_count + entry->height > MOST_LEVELS)
		return refuse_levels(reader, event);
	const struct yaml_node *in = reader->open_count > 0 ? &reader->open[reader->open_count - 1]->node : NULL;
	if (in != NULL && in->kind == YAML_MAP && in->keys.count == in->items.count && entry->node.kind == YAML_SCALAR) {
		struct entry *key = add_entry(reader, YAML_SCALAR, event);
		if (key == NULL)
			return false;
		key->node.text = mem_copy_bytes(entry->node.text, entry->node.len);
		key->node.len = entry->node.len;
		key->node.is_plain = entry->node.is_plain;
		entry = key;
	}
	place(reader, entry);
	return true;
}

static bool take_event(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(reader, event);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(reader, YAML_LIST, event->data.sequence_start.anchor, event);
	case YAML_MAPPING_START_EVENT:
		return take_start(reader, YAML_MAP, event->data.mapping_start.anchor, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return take_end(reader);
	case YAML_ALIAS_EVENT:
		return take_alias(reader, event);
	default:
		return true;
	}
}

/* Up to what follows the first document, so that it is known to end well. */
static bool read_document(struct reader *reader)
{
	for (bool is_behind = false;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&reader->parser, &event))
			return refuse_text(reader);
		yaml_event_type_t type = event.type;
		bool is_well = take_event(reader, &event);
		yaml_event_delete(&event);
		if (!is_well)
			return false;
		if (is_behind || type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
			return true;
		is_behind = type == YAML_DOCUMENT_END_EVENT;
	}
}

/* ---- finding ---- */

static bool has_text(const struct yaml_node *node, const char *text, size_t len)
{
	return node->kind == YAML_SCALAR && node->len == len && memcmp(node->text, text, len) == 0;
}

struct find {
	const char *key;
	size_t len;
	ARRAY(const struct yaml_node *) seen; /* maps that were merged already: aliases meet again and again */
};

/* Is the map one to look into? */
static bool find_enters(struct find *find, const struct yaml_node *map)
{
	if (map->kind != YAML_MAP || find->seen.count >= MOST_MERGED)
		return false;
	for (size_t i = 0; i < find->seen.count; i++)
		if (find->seen.items[i] == map)
			return false;
	*array_add(&find->seen) = map;
	return true;
}

static bool find_merged(struct find *find, const struct yaml_node *value, const struct yaml_node **in, size_t *at);

/* In the map itself, then through its merge keys. */
static bool find_in(struct find *find, const struct yaml_node *map, const struct yaml_node **in, size_t *at)
{
	if (!find_enters(find, map))
		return false;
	*in = map;
	bool merges = false;
	for (*at = map->keys.count; (*at)-- > 0;) {
		const struct yaml_node *key = map->keys.items[*at];
		if (has_text(key, find->key, find->len))
			return true;
		merges = merges || (key->is_plain && has_text(key, "<<", 2));
	}
	for (size_t i = merges ? map->keys.count : 0; i-- > 0;) {
		const struct yaml_node *key = map->keys.items[i];
		if (key->is_plain && has_text(key, "<<", 2) && find_merged(find, map->items.items[i], in, at))
			return true;
	}
	return false;
}

/* The value of a merge key: a map, or a list of maps of which the first wins. */
static bool find_merged(struct find *find, const struct yaml_node *value, const struct yaml_node **in, size_t *at)
{
	if (value->kind != YAML_LIST)
		return find_in(find, value, in, at);
	for (size_t i = 0; i < value->items.count; i++)
		if (find_in(find, value->items.items[i], in, at))
			return true;
	return false;
}

static bool find_key(const struct yaml_node *map, const char *key, size_t len, const struct yaml_node **in, size_t *at)
{
	if (map == NULL || map->kind != YAML_MAP)
		return false;
	struct find find = {.key = key, .len = len};
	bool is_there = find_in(&find, map, in, at);
	array_finish(&find.seen);
	return is_there;
}

static const struct yaml_node *get(const struct yaml_node *map, const char *key, size_t len)
{
	const struct yaml_node *in;
	size_t at;
	return find_key(map, key, len, &in, &at) ? in->items.items[at] : NULL;
}

static const struct yaml_node *get_item(const struct yaml_node *list, const char *number, size_t len)
{
	size_t index = 0;
	for (size_t i = 0; i < len; i++) {
		if (number[i] < '0' || number[i] > '9' || index > MOST_BYTES)
			return NULL;
		index = index * 10 + (size_t)(number[i] - '0');
	}
	return len > 0 && index < list->items.count ? list->items.items[index] : NULL;
}

/* ---- public ---- */

struct yaml *yaml_read(const char *text, size_t len, struct fault *fault)
{
	if (len > MOST_BYTES) {
		fault_set(fault, FAULT_INPUT, "line %u: there are more than %d bytes: what is so large is not read", line_at(text, MOST_BYTES),
			MOST_BYTES);
		return NULL;
	}
	struct reader reader = {.text = text, .len = len, .fault = fault, .yaml = mem_alloc(sizeof *reader.yaml)};
	bool is_well = yaml_parser_initialize(&reader.parser);
	if (is_well) {
		reader.anchors = map_open(NULL);
		yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(len > 0 ? text : ""), len);
		is_well = read_document(&reader);
		map_close(reader.anchors);
		yaml_parser_delete(&reader.parser);
	} else {
		fault_set(fault, FAULT_FAILED, "libyaml cannot begin: there is no memory");
	}
	if (!is_well) {
		yaml_close(reader.yaml);
		return NULL;
	}
	return reader.yaml;
}

void yaml_close(struct yaml *yaml)
{
	if (yaml == NULL)
		return;
	for (size_t i = 0; i < yaml->entries.count; i++) {
		struct yaml_node *node = &yaml->entries.items[i]->node;
		char *text = (char *)(uintptr_t)node->text;
		free(text);
		array_finish(&node->items);
		array_finish(&node->keys);
		free(yaml->entries.items[i]);
	}
	array_finish(&yaml->entries);
	free(yaml);
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
	return yaml->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	return get(map, key, strlen(key));
}

const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *in;
	size_t at;
	return find_key(map, key, strlen(key), &in, &at) ? in->keys.items[at] : NULL;
}

const struct yaml_node *yaml_at(const struct yaml_node *node, const char *path)
{
	while (node != NULL && *path != '\0') {
		const char *end = strchrnul(path, '.');
		size_t len = (size_t)(end - path);
		node = node->kind == YAML_LIST ? get_item(node, path, len) : get(node, path, len);
		path = *end != '\0' ? end + 1 : end;
	}
	return node;
}

bool yaml_is(const struct yaml_node *node, const char *text)
{
	return node != NULL && has_text(node, text, strlen(text));
}

const char *yaml_text(const struct yaml_node *node)
{
	return node != NULL ? node->text : NULL;
}

int yaml_truth(const struct yaml_node *node)
{
	static const char *const words[][2] = {
		{"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"}, {"no", "yes"}, {"No", "Yes"}, {"NO", "YES"}, /* no text */
		{"off", "on"}, {"Off", "On"}, {"OFF", "ON"},
	};
	if (node == NULL || !node->is_plain)
		return -1;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (int truth = 0; truth < 2; truth++)
			if (yaml_is(node, words[i][truth]))
				return truth;
	return -1;
}
