/* What `cargo metadata --format-version 1` says (The Cargo Book, cargo metadata):
 * the members and, where it is resolved, the whole graph with the features of
 * each crate and the kind of each edge (dep_kinds, since cargo 1.41). It holds
 * nothing; rust.c calls it. */
#include "crates.h"

#include <jansson.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static enum crate_kind kind_of(const json_t *object)
{
	const char *kind = text_of(object, "kind");
	return text_equal(kind, "dev") ? CRATE_DEV : text_equal(kind, "build") ? CRATE_BUILD : CRATE_NORMAL;
}

/* ---- members ---- */

/* A path as cargo says it, relative to the tree. Where cargo ran elsewhere (in a
 * container) the workspace's folder stands for the tree. Nothing where it does
 * not lie in it. */
static char *place_in(const struct tree *tree, const char *workspace, const char *path)
{
	const char *below = path != NULL ? path_relative(path, tree->root) : NULL;
	if (below == NULL && path != NULL && !path_is_below(workspace, tree->root))
		below = path_relative(path, workspace);
	return mem_copy_string(below);
}

static void read_need(const json_t *json, struct crate_member *member)
{
	size_t i;
	json_t *feature;
	const char *name = text_of(json, "name"), *rename = text_of(json, "rename");
	if (name == NULL || member->needs.count >= CRATES_MOST_NEEDS)
		return;
	struct crate_need *need = array_add(&member->needs);
	*need = (struct crate_need){.key = mem_copy_string(rename != NULL ? rename : name), .package = mem_copy_string(name),
		.kind = kind_of(json), .is_optional = json_is_true(json_object_get(json, "optional")),
		.is_bare = json_is_false(json_object_get(json, "uses_default_features"))};
	json_array_foreach(json_object_get(json, "features"), i, feature)
		if (json_is_string(feature))
			strings_add(&need->features, json_string_value(feature));
}

static void read_feature(const char *name, const json_t *json, struct crate_member *member)
{
	size_t i;
	json_t *value;
	if (member->features.count >= CRATES_MOST_FEATURES)
		return;
	struct crate_feature *feature = array_add(&member->features);
	feature->name = mem_copy_string(name);
	json_array_foreach(json, i, value)
		if (json_is_string(value))
			strings_add(&feature->values, json_string_value(value));
}

static void read_member(const struct tree *tree, const char *workspace, json_t *json, struct crate_member *member)
{
	size_t i;
	json_t *one;
	const char *key;
	char *manifest = place_in(tree, workspace, text_of(json, "manifest_path"));
	if (manifest != NULL && tree_find(tree, manifest) == NULL)
		free(steal(&manifest));
	*member = (struct crate_member){.name = mem_copy_string(text_of(json, "name")), .version = mem_copy_string(text_of(json, "version")),
		.manifest = manifest, .edition = mem_copy_string(text_of(json, "edition")),
		.rust_version = mem_copy_string(text_of(json, "rust_version"))};
	json_array_foreach(json_object_get(json, "dependencies"), i, one)
		read_need(one, member);
	json_object_foreach(json_object_get(json, "features"), key, one)
		read_feature(key, one, member);
	crate_member_decide(member);
}

/* ---- the resolved graph ---- */

static void join_edge(struct crate_graph *graph, size_t from, const struct map *nodes, const json_t *json)
{
	size_t i;
	json_t *kind;
	const char *id = text_of(json, "pkg");
	size_t to = id != NULL ? (size_t)(uintptr_t)map_get(nodes, id) : 0;
	if (to == 0)
		return;
	if (json_array_size(json_object_get(json, "dep_kinds")) == 0)
		crate_graph_join(graph, from, to - 1, CRATE_NORMAL);
	json_array_foreach(json_object_get(json, "dep_kinds"), i, kind)
		crate_graph_join(graph, from, to - 1, kind_of(kind));
}

static void read_graph(const json_t *resolved, const struct map *packages, const struct map *members, struct crate_graph *graph)
{
	size_t i, j;
	json_t *json, *one;
	struct map *nodes = map_open(NULL); /* id -> index and one */
	json_array_foreach(resolved, i, json) {
		const char *id = text_of(json, "id");
		const json_t *package = id != NULL ? map_get(packages, id) : NULL;
		if (package == NULL || map_has(nodes, id))
			continue;
		size_t index = crate_graph_add(graph, text_of(package, "name"), text_of(package, "version"));
		struct crate_node *node = &graph->nodes.items[index];
		node->is_member = map_has(members, id);
		map_put(nodes, id, (void *)(uintptr_t)graph->nodes.count);
		json_array_foreach(json_object_get(json, "features"), j, one)
			if (json_is_string(one))
				strings_add(&node->features, json_string_value(one));
	}
	json_array_foreach(resolved, i, json) {
		const char *id = text_of(json, "id");
		size_t from = id != NULL ? (size_t)(uintptr_t)map_get(nodes, id) : 0;
		if (from > 0)
			json_array_foreach(json_object_get(json, "deps"), j, one)
				join_edge(graph, from - 1, nodes, one);
	}
	map_close(nodes);
}

/* ---- all of it ---- */

bool crate_metadata_read(const struct tree *tree, const char *text, size_t len, struct crate_members *members, struct crate_graph *graph,
	bool *is_resolved, char **root)
{
	size_t i;
	json_t *one, *json = json_loadb(text, len, 0, NULL);
	const char *workspace = text_of(json, "workspace_root");
	struct map *ids = map_open(NULL), *packages = map_open(NULL);
	*root = workspace != NULL ? place_in(tree, workspace, workspace) : NULL;
	json_array_foreach(json_object_get(json, "workspace_members"), i, one)
		if (json_is_string(one))
			map_put(ids, json_string_value(one), NULL);
	json_array_foreach(json_object_get(json, "packages"), i, one) {
		const char *id = text_of(one, "id");
		if (id == NULL || text_of(one, "name") == NULL || map_has(packages, id))
			continue;
		map_put(packages, id, one);
		if (workspace != NULL && map_has(ids, id) && members->items.count < CRATES_MOST_MEMBERS)
			read_member(tree, workspace, one, array_add(&members->items));
	}
	const json_t *resolved = json_object_get(json_object_get(json, "resolve"), "nodes");
	*is_resolved = workspace != NULL && json_is_array(resolved);
	if (*is_resolved)
		read_graph(resolved, packages, ids, graph);
	map_close(ids);
	map_close(packages);
	json_decref(json);
	return workspace != NULL;
}
