/* The watched folders as a tree of names, with what is remembered of the files
 * in each. A folder is found by its watch descriptor or by its path. Reading
 * the disk is walk.c's; this file only keeps what it found. */
#include "watch.h"

#include <errno.h>
#include <stdio.h>

/* ---- finding ---- */

void folder_path(const struct folder *folder, struct str *out)
{
	const struct folder *chain[2048];
	size_t depth = 0;
	for (; folder != NULL && depth < COUNT_OF(chain); folder = folder->parent)
		chain[depth++] = folder;
	str_clear(out);
	while (depth-- > 0) {
		if (out->len > 0 && out->data[out->len - 1] != '/')
			str_add_char(out, '/');
		str_add(out, chain[depth]->name);
	}
}

/* Where `name` stands in the sorted children, or where it belongs. */
static bool find_child(const struct folder *folder, const char *name, size_t *at)
{
	size_t low = 0, high = folder->folders.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(folder->folders.items[middle]->name, name);
		if (order == 0) {
			*at = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return false;
}

static bool find_fact(const struct folder *folder, const char *name, size_t *at)
{
	size_t low = 0, high = folder->facts.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(folder->facts.items[middle].name, name);
		if (order == 0) {
			*at = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return false;
}

struct folder *folder_child(const struct folder *folder, const char *name)
{
	size_t at;
	return find_child(folder, name, &at) ? folder->folders.items[at] : NULL;
}

struct fact *folder_fact(const struct folder *folder, const char *name)
{
	size_t at;
	return find_fact(folder, name, &at) ? &folder->facts.items[at] : NULL;
}

struct folder *tree_root(const struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->roots.count; i++)
		if (strcmp(tree->roots.items[i]->name, path) == 0)
			return tree->roots.items[i];
	return NULL;
}

static struct folder *find_below(struct folder *root, const char *rest)
{
	struct folder *folder = root;
	while (*rest != '\0' && folder != NULL) {
		const char *end = strchrnul(rest, '/');
		auto_free char *name = mem_copy_bytes(rest, (size_t)(end - rest));
		folder = folder_child(folder, name);
		rest = *end != '\0' ? end + 1 : end;
	}
	return folder;
}

struct folder *folders_find(const struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->roots.count; i++) {
		const char *rest = path_relative(path, tree->roots.items[i]->name);
		struct folder *folder = rest != NULL ? find_below(tree->roots.items[i], rest) : NULL;
		if (folder != NULL)
			return folder;
	}
	return NULL;
}

/* ---- what counts ---- */

static bool is_ignored(const struct folder *folder, const char *path, bool is_folder)
{
	if (folder->unfiltered)
		return false;
	for (;; folder = folder->parent) {
		int said = folder->ignores != NULL ? ignore_match(folder->ignores, path + folder->path_len + 1, is_folder) : 0;
		if (said != 0)
			return said > 0;
		if (folder->parent == NULL)
			break;
	}
	for (size_t i = 0; i < folder->outer.count; i++) {
		int said = ignore_match(folder->outer.items[i].list, path + folder->outer.items[i].folder_len + 1, is_folder);
		if (said != 0)
			return said > 0;
	}
	return false;
}

bool tree_wants_file(const struct tree *tree, const struct folder *folder, const char *name, const char *path)
{
	(void)tree;
	if (folder->named.count > 0 && strings_have(&folder->named, name))
		return true;
	return folder->whole && !watch_is_noise(name) && !is_ignored(folder, path, false);
}

bool tree_wants_folder(const struct tree *tree, const struct folder *folder, const char *name, const char *path)
{
	if (!folder->whole || strcmp(name, ".git") == 0 || map_has(tree->pruned, path))
		return false;
	if (map_has(tree->extra_folders, path))
		return true;
	return strcmp(name, "node_modules") != 0 && !is_ignored(folder, path, true);
}

/* ---- building ---- */

static struct folder *new_folder(struct tree *tree, struct folder *parent, const char *name, const char *path)
{
	struct folder *folder = mem_alloc(sizeof *folder);
	folder->parent = parent;
	folder->name = mem_copy_string(name);
	folder->path_len = strlen(path);
	if (map_count(tree->extra_files) > 0) {
		const struct strings *names = map_get(tree->extra_files, path);
		if (names != NULL)
			strings_copy(&folder->named, names);
	}
	return folder;
}

struct folder *tree_attach(struct tree *tree, struct folder *parent, const char *name)
{
	auto_str path = {0};
	folder_path(parent, &path);
	if (path.data[path.len - 1] != '/')
		str_add_char(&path, '/');
	str_add(&path, name);
	struct folder *folder = new_folder(tree, parent, name, path.data);
	folder->whole = true;
	folder->unfiltered = parent->unfiltered ||
		(map_count(tree->extra_folders) > 0 && map_has(tree->extra_folders, path.data));
	size_t at;
	find_child(parent, name, &at);
	*array_add(&parent->folders) = NULL;
	memmove(&parent->folders.items[at + 1], &parent->folders.items[at],
		(parent->folders.count - 1 - at) * sizeof *parent->folders.items);
	parent->folders.items[at] = folder;
	return folder;
}

struct folder *tree_add_root(struct tree *tree, const char *path, bool whole, bool unfiltered)
{
	struct folder *folder = new_folder(tree, NULL, path, path);
	/* is_ignored() counts one slash behind the folder */
	if (strcmp(path, "/") == 0)
		folder->path_len = 0;
	folder->whole = whole;
	folder->unfiltered = unfiltered;
	*array_add(&tree->roots) = folder;
	return folder;
}

bool tree_watch(struct tree *tree, struct folder *folder, const char *path)
{
	auto_free char *slashed = mem_print("%s%s", path, text_ends_with(path, "/") ? "" : "/");
	int wd = -1;
	errno = ENOSPC;
	if (tree->watch_limit == 0 || tree->watched < tree->watch_limit)
		wd = kernel_add(&tree->kernel, slashed, folder->parent == NULL);
	if (wd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return false;
	size_t index = (size_t)(wd > 0 ? wd : 0);
	while (wd > 0 && tree->by_wd.count <= index)
		*array_add(&tree->by_wd) = NULL;
	/* a folder that is already watched under another name has one watch only */
	if (wd < 0 || tree->by_wd.items[index] != NULL) {
		folder->polled = true;
		tree->polled++;
		return true;
	}
	tree->by_wd.items[index] = folder;
	folder->wd = wd;
	tree->watched++;
	return true;
}

void tree_put(struct tree *tree, const char *path, const struct stamp *stamp)
{
	auto_free char *parent = path_parent(path);
	const char *name = path_name(path);
	struct folder *folder = folders_find(tree, parent);
	if (folder == NULL)
		return;
	size_t at;
	bool known = find_fact(folder, name, &at);
	if (!stamp->there) {
		if (known) {
			free(folder->facts.items[at].name);
			array_remove(&folder->facts, at);
			tree->fact_count--;
		}
		return;
	}
	if (!known) {
		if (tree->fact_count >= FACTS_MAX)
			return;
		tree->fact_count++;
		*array_add(&folder->facts) = (struct fact){0};
		memmove(&folder->facts.items[at + 1], &folder->facts.items[at],
			(folder->facts.count - 1 - at) * sizeof *folder->facts.items);
		folder->facts.items[at].name = mem_copy_string(name);
	}
	folder->facts.items[at].stamp = *stamp;
}

/* ---- taking down ---- */

void tree_touch(struct tree *tree, const struct folder *folder, const char *name)
{
	auto_str path = {0};
	folder_path(folder, &path);
	if (path.len > 0 && path.data[path.len - 1] != '/')
		str_add_char(&path, '/');
	str_add(&path, name);
	const struct fact *fact = folder_fact(folder, name);
	tree->touch(tree->data, path.data, fact != NULL ? &fact->stamp : NULL);
}

void tree_touch_below(struct tree *tree, const struct folder *folder)
{
	for (size_t i = 0; i < folder->facts.count; i++)
		tree_touch(tree, folder, folder->facts.items[i].name);
	for (size_t i = 0; i < folder->folders.count; i++)
		tree_touch_below(tree, folder->folders.items[i]);
}

static void free_folder(struct tree *tree, struct folder *folder, bool unwatch)
{
	for (size_t i = 0; i < folder->folders.count; i++)
		free_folder(tree, folder->folders.items[i], unwatch);
	array_finish(&folder->folders);
	if (folder->wd > 0) {
		if (unwatch)
			kernel_remove(&tree->kernel, folder->wd);
		else
			tree->dead++;
		tree->by_wd.items[folder->wd] = NULL;
		tree->watched--;
	}
	if (folder->polled)
		tree->polled--;
	tree->fact_count -= folder->facts.count;
	for (size_t i = 0; i < folder->facts.count; i++)
		free(folder->facts.items[i].name);
	array_finish(&folder->facts);
	ignore_close(folder->ignores);
	for (size_t i = 0; i < folder->outer.count; i++)
		ignore_close(folder->outer.items[i].list);
	array_finish(&folder->outer);
	strings_finish(&folder->named);
	free(folder->name);
	free(folder);
}

void tree_forget(struct tree *tree, struct folder *folder, bool unwatch)
{
	size_t at;
	if (folder->parent != NULL) {
		if (find_child(folder->parent, folder->name, &at))
			array_remove(&folder->parent->folders, at);
	} else {
		for (at = 0; at < tree->roots.count; at++)
			if (tree->roots.items[at] == folder)
				break;
		if (at < tree->roots.count)
			array_remove(&tree->roots, at);
	}
	free_folder(tree, folder, unwatch);
}

void folders_finish(struct tree *tree)
{
	/* closing the descriptor ends all watches at once */
	for (size_t i = 0; i < tree->roots.count; i++)
		free_folder(tree, tree->roots.items[i], false);
	array_finish(&tree->roots);
	array_finish(&tree->by_wd);
	map_close(tree->pruned);
	map_close(tree->extra_folders);
	map_close(tree->extra_files);
	strings_finish(&tree->unread);
	kernel_close(&tree->kernel);
}
