/* Cargo.lock, formats 1 to 4: [[package]] tables, whose dependencies are "name",
 * "name version" or "name version (source)". It does not say what is for tests
 * alone, nor which optional dependencies are on: for members their manifests do.
 * It holds nothing; rust.c calls it. */
#include "crates.h"
#include "toml.h"

struct package {
	char *name, *version;
	bool has_source; /* from a registry or git: no member */
	struct strings needs;
};

struct lock {
	ARRAY(struct package) packages;
	unsigned version; /* 0: not said */
	bool has_old_sums; /* [metadata] with check sums: format 1 */
};

enum { MOST_PACKAGES = 20000 };

static void replace(char **place, const char *text)
{
	free(*place);
	*place = mem_copy_string(text);
}

static void read_package(struct package *package, const struct toml_leaf *leaf)
{
	const char *key = leaf->path[1];
	if (strcmp(key, "name") == 0)
		replace(&package->name, leaf->text);
	else if (strcmp(key, "version") == 0)
		replace(&package->version, leaf->text);
	else if (strcmp(key, "source") == 0)
		package->has_source = true;
	else if (strcmp(key, "dependencies") == 0 && leaf->is_item)
		strings_add(&package->needs, leaf->text);
}

static void read_leaf(void *context, const struct toml_leaf *leaf)
{
	struct lock *lock = context;
	/* [root] is what format 1 had of old for the only member */
	bool is_package = strcmp(leaf->path[0], "package") == 0 || strcmp(leaf->path[0], "root") == 0;
	if (is_package && leaf->depth == 1 && leaf->is_table && lock->packages.count < MOST_PACKAGES)
		*array_add(&lock->packages) = (struct package){0};
	else if (is_package && leaf->depth == 2 && lock->packages.count > 0)
		read_package(&lock->packages.items[lock->packages.count - 1], leaf);
	else if (leaf->depth == 1 && strcmp(leaf->path[0], "version") == 0 && strlen(leaf->text) < 4)
		lock->version = (unsigned)strtoul(leaf->text, NULL, 10);
	else if (leaf->depth == 2 && strcmp(leaf->path[0], "metadata") == 0 && text_starts_with(leaf->path[1], "checksum "))
		lock->has_old_sums = true;
}

static void lock_finish(struct lock *lock)
{
	for (size_t i = 0; i < lock->packages.count; i++) {
		free(lock->packages.items[i].name);
		free(lock->packages.items[i].version);
		strings_finish(&lock->packages.items[i].needs);
	}
	array_finish(&lock->packages);
}

/* ---- the graph ---- */

/* Packages by "name" and by "name version"; the values are indexes and one. */
static struct map *names_of(const struct lock *lock)
{
	struct map *names = map_open(NULL);
	for (size_t i = 0; i < lock->packages.count; i++) {
		const struct package *package = &lock->packages.items[i];
		if (package->name == NULL)
			continue;
		auto_free char *exact = mem_print("%s %s", package->name, package->version != NULL ? package->version : "");
		map_put(names, package->name, (void *)(uintptr_t)(i + 1));
		map_put(names, exact, (void *)(uintptr_t)(i + 1));
	}
	return names;
}

static bool find_package(const struct map *names, const char *need, size_t *index)
{
	const char *source = strstr(need, " (");
	auto_free char *key = source != NULL ? mem_copy_bytes(need, (size_t)(source - need)) : mem_copy_string(need);
	*index = (size_t)(uintptr_t)map_get(names, key);
	return (*index)-- > 0;
}

/* Joins as the manifest says: not at all where an optional dependency is off.
 * False: the manifest does not have it. */
static bool join_member(const struct crate_member *member, const char *name, struct crate_graph *graph, size_t from, size_t to)
{
	bool found = false;
	for (size_t i = 0; i < member->needs.count; i++) {
		const struct crate_need *need = &member->needs.items[i];
		if (strcmp(need->package, name) != 0)
			continue;
		if (need->is_on)
			crate_graph_need(graph, from, to, need);
		found = true;
	}
	return found;
}

static void join_package(const struct lock *lock, const struct map *names, const struct map *members, struct crate_graph *graph, size_t first,
	size_t index)
{
	const struct package *package = &lock->packages.items[index];
	const struct crate_member *member = package->name != NULL && !package->has_source ? map_get(members, package->name) : NULL;
	graph->nodes.items[first + index].is_member = member != NULL;
	for (size_t i = 0; i < package->needs.count; i++) {
		size_t to;
		if (!find_package(names, package->needs.items[i], &to))
			continue;
		if (member == NULL || !join_member(member, lock->packages.items[to].name, graph, first + index, first + to))
			crate_graph_join(graph, first + index, first + to, CRATE_NORMAL);
	}
	for (size_t i = 0; member != NULL && i < member->features.count; i++)
		if (member->features.items[i].is_on)
			strings_add(&graph->nodes.items[first + index].features, member->features.items[i].name);
}

unsigned crate_graph_of_lock(const char *text, size_t len, const struct crate_members *members, struct crate_graph *graph)
{
	struct lock lock = {0};
	toml_read(text, len, read_leaf, &lock);
	struct map *names = names_of(&lock), *by_name = map_open(NULL);
	for (size_t i = 0; i < members->items.count; i++)
		map_put(by_name, members->items.items[i].name, &members->items.items[i]);
	size_t first = graph->nodes.count;
	for (size_t i = 0; i < lock.packages.count; i++)
		crate_graph_add(graph, lock.packages.items[i].name != NULL ? lock.packages.items[i].name : "", lock.packages.items[i].version);
	for (size_t i = 0; i < lock.packages.count; i++)
		join_package(&lock, names, by_name, graph, first, i);
	unsigned version = lock.version > 0 ? lock.version : lock.has_old_sums ? 1 : 2;
	map_close(names);
	map_close(by_name);
	lock_finish(&lock);
	return version;
}
