/* Bake files: what their targets say, with what they inherit and what override
 * files change. Expressions are not worked out, only variables with a default. */
#include "builds.h"

#include <ctype.h>

enum { FILES_LIMIT = 20, INHERIT_DEPTH = 8, TARGETS_LIMIT = 300, LOOKS_LIMIT = 20000, TEXT_LIMIT = 4096 };

/* The order in which buildx reads them. */
static unsigned rank(const char *path)
{
	const char *name = path_name(path);
	return strstr(name, ".override.") != NULL ? 2 : text_ends_with(name, ".json") ? 0 : 1;
}

static bool is_bake_file(const char *path)
{
	const char *name = path_name(path);
	bool ending = text_ends_with(name, ".hcl") || text_ends_with(name, ".json");
	return ending && (text_starts_with(name, "docker-bake.") || (text_ends_with(name, ".hcl") && strstr(name, "bake") != NULL));
}

static void add_file(const struct sources *sources, struct bake *bake, const char *path)
{
	size_t len;
	struct bake_file *file = array_add(&bake->files);
	file->path = path;
	file->text = tree_read(&sources->tree, path, &len);
	if (file->text == NULL)
		fault_set(&file->fault, FAULT_INPUT, "it cannot be read as text");
	else if (text_ends_with(path, ".json"))
		file->json = yaml_read(file->text, len, &file->fault);
	else
		file->hcl = hcl_read(file->text, len, &file->fault);
	file->root = file->hcl != NULL ? hcl_root(file->hcl) : file->json != NULL ? yaml_root(file->json) : NULL;
}

static void add_targets(struct bake *bake, const struct bake_file *file)
{
	const struct yaml_node *targets = yaml_get(file->root, "target");
	for (size_t i = 0; targets != NULL && targets->kind == YAML_MAP && i < targets->keys.count &&
		bake->targets.count < TARGETS_LIMIT; i++)
		if (targets->keys.items[i]->text != NULL && targets->items.items[i]->kind == YAML_MAP)
			strings_add_new(&bake->targets, targets->keys.items[i]->text);
}

void bake_open(const struct sources *sources, struct bake *bake)
{
	*bake = (struct bake){.spent = mem_alloc(sizeof *bake->spent)};
	for (unsigned wanted = 0; wanted < 3; wanted++)
		for (size_t i = 0; i < sources->tree.files.count && bake->files.count < FILES_LIMIT; i++) {
			const struct tree_file *file = &sources->tree.files.items[i];
			if (!file->is_harness && is_bake_file(file->path) && rank(file->path) == wanted)
				add_file(sources, bake, file->path);
		}
	for (size_t i = 0; i < bake->files.count; i++)
		add_targets(bake, &bake->files.items[i]);
}

void bake_finish(struct bake *bake)
{
	for (size_t i = 0; i < bake->files.count; i++) {
		hcl_close(bake->files.items[i].hcl);
		yaml_close(bake->files.items[i].json);
		free(bake->files.items[i].text);
	}
	array_finish(&bake->files);
	strings_finish(&bake->targets);
	free(bake->spent);
}

static const struct yaml_node *find(const struct bake *bake, const char *target, const char *name, const struct bake_file **file,
	int depth)
{
	const struct yaml_node *inherits = NULL;
	if ((*bake->spent)++ > LOOKS_LIMIT)
		return NULL;
	for (size_t i = bake->files.count; i-- > 0;) {
		const struct yaml_node *node = yaml_get(yaml_get(bake->files.items[i].root, "target"), target), *value = yaml_get(node, name);
		if (value != NULL) {
			if (file != NULL)
				*file = &bake->files.items[i];
			return value;
		}
		if (inherits == NULL)
			inherits = yaml_get(node, "inherits");
	}
	/* the last of what is inherited wins */
	for (size_t i = inherits != NULL && inherits->kind == YAML_LIST && depth < INHERIT_DEPTH ? inherits->items.count : 0; i-- > 0;) {
		const char *parent = yaml_text(inherits->items.items[i]);
		const struct yaml_node *value = parent != NULL && i < INHERIT_DEPTH && strcmp(parent, target) != 0 ? find(bake, parent, name,
			file, depth + 1) : NULL;
		if (value != NULL)
			return value;
	}
	return NULL;
}

const struct yaml_node *bake_attribute(const struct bake *bake, const char *target, const char *name,
	const struct bake_file **file)
{
	return find(bake, target, name, file, INHERIT_DEPTH / 2);
}

const struct bake_file *bake_place(const struct bake *bake, const char *target, unsigned *line)
{
	for (size_t i = 0; i < bake->files.count; i++) {
		const struct yaml_node *key = yaml_key(yaml_get(bake->files.items[i].root, "target"), target);
		if (key == NULL)
			continue;
		*line = key->line;
		return &bake->files.items[i];
	}
	*line = 0;
	return NULL;
}

/* ---- values ---- */

static const char *variable(const struct bake *bake, const char *name, size_t len)
{
	auto_free char *key = mem_copy_bytes(name, len);
	for (size_t i = bake->files.count; i-- > 0;) {
		const char *value = yaml_text(yaml_get(yaml_get(yaml_get(bake->files.items[i].root, "variable"), key), "default"));
		if (value != NULL)
			return value;
	}
	return NULL;
}

static size_t name_length(const char *text)
{
	size_t len = 0;
	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

static char *fill(const struct bake *bake, const struct yaml_node *node)
{
	struct str out = {0};
	const char *text = node->text, *value = node->is_plain && name_length(text) == node->len ? variable(bake, text,
		node->len) : NULL;
	if (value != NULL)
		return mem_copy_string(value);
	for (const char *at; (at = strstr(text, "${")) != NULL && out.len < TEXT_LIMIT;) {
		size_t len = name_length(at + 2);
		value = at[2 + len] == '}' ? variable(bake, at + 2, len) : NULL;
		str_add_bytes(&out, text, (size_t)(at - text));
		if (value != NULL)
			str_add(&out, value);
		else
			str_add(&out, "${");
		text = value != NULL ? at + 3 + len : at + 2;
	}
	str_add(&out, text);
	return str_steal(&out);
}

void bake_texts(const struct bake *bake, const struct yaml_node *node, struct strings *list)
{
	if (node == NULL)
		return;
	if (node->kind == YAML_SCALAR) {
		strings_take(list, fill(bake, node));
		return;
	}
	for (size_t i = 0; i < node->items.count && list->count < TARGETS_LIMIT; i++) {
		const struct yaml_node *item = node->items.items[i];
		struct str text = {0};
		if (node->kind == YAML_MAP && node->keys.items[i]->text != NULL)
			str_print(&text, "%s=", node->keys.items[i]->text);
		if (item->kind == YAML_SCALAR) {
			auto_free char *value = fill(bake, item);
			str_add(&text, value);
		}
		for (size_t j = 0; item->kind == YAML_MAP && j < item->items.count; j++)
			if (yaml_text(item->items.items[j]) != NULL && item->keys.items[j]->text != NULL) {
				auto_free char *value = fill(bake, item->items.items[j]);
				str_print(&text, "%s%s=%s", j > 0 ? "," : "", item->keys.items[j]->text, value);
			}
		strings_take(list, str_steal(&text));
	}
}
