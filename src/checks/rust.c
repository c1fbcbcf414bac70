/* Rust's facts: puts together what cargo says (metadata.c) or what the manifests
 * and the lock say (members.c, lock.c), has the graph walked (crates.c), and
 * reads the members' sources (masked by code.c). It holds all of it; sources.c
 * opens it, every check may ask. */
#include "crates.h"

#include <stdio.h>

enum { MOST_SOURCES = 5000 };

static const char *keep(struct rust_facts *facts, char *text)
{
	*array_add(&facts->texts) = text;
	return text;
}

/* ---- members and crates ---- */

int rust_compare_versions(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		char *a_end, *b_end;
		unsigned long left = strtoul(a, &a_end, 10), right = strtoul(b, &b_end, 10);
		if (left != right)
			return left < right ? -1 : 1;
		a = a_end + strcspn(a_end, "0123456789");
		b = b_end + strcspn(b_end, "0123456789");
	}
	return 0;
}

static void raise(char **highest, const char *version)
{
	if (version == NULL || (*highest != NULL && rust_compare_versions(version, *highest) <= 0))
		return;
	free(*highest);
	*highest = mem_copy_string(version);
}

static void take_members(const struct crate_members *members, struct rust_facts *facts)
{
	for (size_t i = 0; i < members->items.count; i++) {
		const struct crate_member *member = &members->items.items[i];
		raise(&facts->edition, member->edition);
		raise(&facts->rust_version, member->rust_version);
		if (member->manifest != NULL)
			*array_add(&facts->manifests) = mem_copy_string(member->manifest);
		facts->is_there = true;
	}
}

/* The lock beside the workspace's manifest; the graph takes its packages where
 * one is wanted. */
static bool read_lock(const struct tree *tree, const char *folder, const struct crate_members *members, struct crate_graph *graph,
	struct rust_facts *facts)
{
	auto_free char *path = path_join(folder, "Cargo.lock");
	size_t len;
	auto_free char *text = tree_find(tree, path) != NULL ? tree_read(tree, path, &len) : NULL;
	struct crate_graph unwanted = {0};
	if (text == NULL)
		return false;
	unsigned version = crate_graph_of_lock(text, len, members, graph != NULL ? graph : &unwanted);
	facts->lock_version = version > facts->lock_version ? version : facts->lock_version;
	facts->has_lock = true;
	if (facts->graph_file == NULL)
		facts->graph_file = keep(facts, steal(&path));
	crate_graph_finish(&unwanted);
	return true;
}

/* One workspace: what its members need, by its lock or without one. */
static void read_workspace(const struct tree *tree, const char *folder, const struct crate_members *members, struct crate_graph *graph,
	bool is_resolved, struct rust_facts *facts)
{
	if (members->items.count == 0)
		return;
	if (!read_lock(tree, folder, members, is_resolved ? NULL : graph, facts)) {
		if (!is_resolved)
			crate_graph_of_members(members, graph);
		if (facts->graph_file == NULL)
			facts->graph_file = keep(facts, path_join(folder, "Cargo.toml"));
	}
	take_members(members, facts);
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? mem_copy_bytes(path, (size_t)(slash - path)) : mem_copy_string("");
}

/* Is one of the folders on the way called so? */
static bool has_folder(const char *path, const char *const *names)
{
	auto_strings parts = {0};
	auto_free char *folder = folder_of(path);
	strings_split(&parts, folder, '/');
	for (size_t i = 0; i < parts.count; i++)
		if (name_in(parts.items[i], names))
			return true;
	return false;
}

void rust_find_roots(const struct tree *tree, struct strings *manifests)
{
	static const char *const others[] = {"vendor", "third_party", NULL};
	const struct tree_file *file;
	for (size_t depth = 0; depth <= TREE_MOST_DEPTH && manifests->count < 100; depth++) {
		for (size_t at = 0; manifests->count < 100 && (file = tree_each(tree, &at, "Cargo.toml")) != NULL;) {
			bool is_below = file->is_harness || depth_of(file->path) != depth || has_folder(file->path, others);
			for (size_t i = 0; i < manifests->count && !is_below; i++) {
				auto_free char *folder = folder_of(manifests->items[i]);
				is_below = folder[0] == '\0' || path_is_below(file->path, folder);
			}
			if (!is_below)
				strings_add(manifests, file->path);
		}
	}
}

/* Members of the workspace whose root this is. False: `wanted` is a manifest, and none of theirs. */
static bool read_root(const struct tree *tree, const char *root, const char *wanted, struct crate_graph *graph, struct rust_facts *facts)
{
	struct crate_members members = {0};
	auto_free char *folder = folder_of(root);
	crate_members_read(tree, root, &members);
	bool good = wanted == NULL || strcmp(root, wanted) == 0;
	for (size_t i = 0; i < members.items.count && !good; i++)
		good = text_equal(members.items.items[i].manifest, wanted);
	if (good) {
		crate_members_share(&members);
		read_workspace(tree, folder, &members, graph, false, facts);
	}
	crate_members_finish(&members);
	return good;
}

static void read_manifests(const struct tree *tree, const char *wanted, struct crate_graph *graph, struct rust_facts *facts)
{
	auto_strings roots = {0};
	bool found = false;
	rust_find_roots(tree, &roots);
	for (size_t i = 0; i < roots.count; i++)
		found = read_root(tree, roots.items[i], wanted, graph, facts) || found;
	if (!found && wanted != NULL)
		read_root(tree, wanted, wanted, graph, facts);
}

static bool read_metadata(const struct tree *tree, const char *text, size_t len, struct crate_graph *graph, struct rust_facts *facts)
{
	struct crate_members members = {0};
	auto_free char *folder = NULL;
	bool good = crate_metadata_read(tree, text, len, &members, graph, &facts->is_graph_known, &folder);
	if (good && !facts->is_graph_known)
		crate_members_share(&members);
	/* a workspace above the tree: its lock cannot be seen from here */
	if (good)
		read_workspace(tree, folder != NULL ? folder : "", &members, graph, facts->is_graph_known, facts);
	crate_members_finish(&members);
	return good;
}

/* ---- sources ---- */

/* The manifest of the member that a file belongs to: the next one upwards has to
 * be a member's. NULL: it belongs to none. */
static const char *owner_of(const struct map *folders, const char *path, size_t *len)
{
	auto_free char *folder = mem_copy_string(path);
	for (;;) {
		char *slash = strrchr(folder, '/');
		*(slash != NULL ? slash : folder) = '\0';
		if (map_has(folders, folder)) {
			*len = strlen(folder) + (folder[0] != '\0');
			return map_get(folders, folder);
		}
		if (slash == NULL)
			return NULL;
	}
}

/* Of a member's own tests: `below` is the path in its folder. */
static bool is_test_path(const char *below)
{
	return text_starts_with(below, "tests/") || text_starts_with(below, "benches/") || text_starts_with(below, "examples/") ||
		strcmp(below, "build.rs") == 0 || strcmp(path_name(below), "tests.rs") == 0 || strstr(below, "/tests/") != NULL;
}

/* Cargo looks for a package's sources in these folders, and where its manifest
 * says: what lies elsewhere below it (docker/probe.rs) is none of them. */
static bool is_of_package(const char *below, const char *manifest)
{
	size_t len = strcspn(below, "/");
	auto_free char *folder = mem_copy_bytes(below, len);
	static const char *const folders[] = {"src", "tests", "benches", "examples", NULL};
	auto_free char *named = mem_print("\"%s/", folder), *named_here = mem_print("\"./%s/", folder);
	return below[len] == '\0' || name_in(folder, folders) || strstr(manifest, named) != NULL || strstr(manifest, named_here) != NULL;
}

static void read_source(const struct tree *tree, const struct tree_file *file, size_t folder_len, struct rust_facts *facts)
{
	size_t len;
	char *text = tree_read(tree, file->path, &len);
	if (text == NULL)
		return;
	struct rust_source *source = array_add(&facts->sources);
	*source = (struct rust_source){.path = keep(facts, mem_copy_string(file->path)), .text = text, .len = len,
		.code = rust_mask(text, len), .is_test = file->is_harness || is_test_path(file->path + folder_len)};
	if (!source->is_test)
		rust_index(source);
}

static void read_sources(const struct tree *tree, struct rust_facts *facts)
{
	struct map *folders = map_open(free);
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(tree, &at, "Cargo.toml")) != NULL;) {
		auto_free char *folder = folder_of(file->path);
		map_put(folders, folder, NULL);
	}
	for (size_t i = 0; i < facts->manifests.count; i++) {
		auto_free char *folder = folder_of(facts->manifests.items[i]);
		char *text = tree_read(tree, facts->manifests.items[i], NULL);
		map_put(folders, folder, text != NULL ? text : mem_copy_string(""));
	}
	for (size_t at = 0, len; (file = tree_each(tree, &at, "*.rs")) != NULL;) {
		const char *manifest = owner_of(folders, file->path, &len);
		if (manifest == NULL || !is_of_package(file->path + len, manifest))
			continue;
		if (facts->sources.count >= MOST_SOURCES) {
			facts->is_cut = true;
			break;
		}
		read_source(tree, file, len, facts);
	}
	map_close(folders);
}

/* ---- all of it ---- */

void rust_read(const struct tree *tree, const char *metadata, size_t len, const char *manifest, struct rust_facts *facts)
{
	struct crate_graph graph = {0};
	*facts = (struct rust_facts){0};
	if (metadata == NULL || !read_metadata(tree, metadata, len, &graph, facts))
		read_manifests(tree, manifest, &graph, facts);
	crate_graph_walk(&graph, facts);
	crate_graph_finish(&graph);
	read_sources(tree, facts);
}

void rust_finish(struct rust_facts *facts)
{
	for (size_t i = 0; i < facts->crates.count; i++)
		strings_finish(&facts->crates.items[i].features);
	for (size_t i = 0; i < facts->manifests.count; i++)
		free(facts->manifests.items[i]);
	for (size_t i = 0; i < facts->sources.count; i++) {
		free(facts->sources.items[i].text);
		free(facts->sources.items[i].code);
	}
	for (size_t i = 0; i < facts->texts.count; i++)
		free(facts->texts.items[i]);
	array_finish(&facts->crates);
	array_finish(&facts->manifests);
	array_finish(&facts->sources);
	array_finish(&facts->texts);
	free(facts->edition);
	free(facts->rust_version);
	*facts = (struct rust_facts){0};
}

/* ---- asking ---- */

/* Registries take - and _ for the same. */
static bool is_same_name(const char *a, const char *b)
{
	while (*a != '\0' && (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-')))
		a++, b++;
	return *a == '\0' && *b == '\0';
}

const struct rust_crate *rust_crate(const struct rust_facts *facts, const char *name)
{
	const struct rust_crate *found = NULL;
	for (size_t i = 0; i < facts->crates.count; i++) {
		const struct rust_crate *crate = &facts->crates.items[i];
		if (!crate->is_dev_only && is_same_name(crate->name, name) && (found == NULL || (crate->is_direct && !found->is_direct)))
			found = crate;
	}
	return found;
}

bool rust_has_any(const struct rust_facts *facts, const char *const *names, const char **which)
{
	for (; *names != NULL; names++) {
		if (rust_crate(facts, *names) == NULL)
			continue;
		if (which != NULL)
			*which = *names;
		return true;
	}
	return false;
}

bool rust_has_feature(const struct rust_facts *facts, const char *crate, const char *feature)
{
	for (size_t i = 0; i < facts->crates.count; i++) {
		const struct rust_crate *one = &facts->crates.items[i];
		if (!one->is_dev_only && is_same_name(one->name, crate) && strings_have(&one->features, feature))
			return true;
	}
	return false;
}
