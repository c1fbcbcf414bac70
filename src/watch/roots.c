/* Which roots the tree has: the folders that were asked for, and extras where
 * no root reaches them. Called at the start and when others are asked for. */
#include "watch.h"

/* The .gitignore files above a root, deepest first, up to the repository's
 * top. Where they ignore the root itself they do not speak of it. */
static void read_outer(struct folder *root)
{
	auto_free char *top = git_top(root->name);
	if (top == NULL || strcmp(top, root->name) == 0)
		return;
	char *below = mem_copy_string(root->name);
	bool ignored = false;
	while (strcmp(below, top) != 0) {
		char *at = path_parent(below);
		auto_free char *file = path_join(at, ".gitignore");
		size_t len = 0, at_len = strcmp(at, "/") == 0 ? 0 : strlen(at);
		auto_free char *text = file_read(file, IGNORES_MAX, &len, NULL);
		if (text != NULL)
			*array_add(&root->outer) = (struct outer_list){ignore_open(text, len), at_len};
		free(below);
		below = at;
	}
	free(below);
	for (size_t i = 0; i < root->outer.count; i++) {
		auto_free char *path = mem_copy_string(root->name);
		size_t top_len = root->outer.items[i].folder_len;
		while (strlen(path) > top_len + 1) {
			ignored = ignored || ignore_match(root->outer.items[i].list, path + top_len + 1, true) > 0;
			char *slash = strrchr(path, '/');
			*slash = '\0';
		}
	}
	for (size_t i = 0; ignored && i < root->outer.count; i++)
		ignore_close(root->outer.items[i].list);
	if (ignored)
		array_finish(&root->outer);
}

static bool is_pruned(const struct tree *tree, const char *path)
{
	size_t at = 0;
	for (const char *pruned; map_next(tree->pruned, &at, &pruned, NULL);)
		if (path_is_below(path, pruned))
			return true;
	return false;
}

static void free_names(void *names)
{
	strings_finish(names);
	free(names);
}

/* Sorts the extras into folders and files by what they are now. */
static void note_extras(struct tree *tree, const struct strings *extras)
{
	map_close(tree->extra_folders);
	map_close(tree->extra_files);
	tree->extra_folders = map_open(NULL);
	tree->extra_files = map_open(free_names);
	for (size_t i = 0; extras != NULL && i < extras->count; i++) {
		auto_free char *path = path_clean(extras->items[i]);
		if (is_pruned(tree, path))
			continue;
		if (dir_exists(path)) {
			map_put(tree->extra_folders, path, tree);
			continue;
		}
		auto_free char *parent = path_parent(path);
		struct strings *names = map_get(tree->extra_files, parent);
		if (names == NULL)
			map_put(tree->extra_files, parent, names = mem_alloc(sizeof *names));
		strings_add_new(names, path_name(path));
	}
}

static void name_again(struct tree *tree, struct folder *folder)
{
	auto_str path = {0};
	folder_path(folder, &path);
	const struct strings *names = map_get(tree->extra_files, path.data);
	strings_finish(&folder->named);
	if (names != NULL)
		strings_copy(&folder->named, names);
	for (size_t i = 0; i < folder->folders.count; i++)
		name_again(tree, folder->folders.items[i]);
}

static void add_root(struct tree *tree, const char *path, bool whole, bool extra)
{
	struct folder *root = tree_root(tree, path);
	if (root != NULL && (root->whole || !whole))
		return;
	if (root != NULL)
		tree_forget(tree, root, true);
	else if (folders_find(tree, path) != NULL)
		return; /* below another root, and not ignored there */
	root = tree_add_root(tree, path, whole, extra && whole);
	root->extra = extra;
	if (!extra)
		read_outer(root);
	walk_folder(tree, root, WALK_LEARN);
}

static bool still_wanted(const struct tree *tree, const struct folder *root, const struct strings *roots)
{
	if (!root->extra)
		return strings_have(roots, root->name);
	return root->whole ? map_has(tree->extra_folders, root->name) : map_has(tree->extra_files, root->name);
}

void roots_set(struct tree *tree, const struct strings *roots, const struct strings *extras)
{
	auto_strings clean = {0};
	for (size_t i = 0; roots != NULL && i < roots->count; i++)
		strings_take(&clean, path_clean(roots->items[i]));
	strings_sort(&clean); /* outer ones first */
	note_extras(tree, extras);
	bool removed = false;
	for (size_t i = tree->roots.count; i-- > 0;) {
		struct folder *root = tree->roots.items[i];
		if (still_wanted(tree, root, &clean))
			continue;
		auto_free char *name = mem_copy_string(root->name);
		bool whole = root->whole;
		tree_forget(tree, root, !root->missing);
		for (size_t j = 0; whole && j < tree->roots.count; j++)
			removed = removed || path_is_below(name, tree->roots.items[j]->name);
	}
	for (size_t i = 0; i < tree->roots.count; i++) {
		name_again(tree, tree->roots.items[i]);
		/* what was a root of its own may be a part of this one now */
		if (removed && !tree->roots.items[i]->missing)
			walk_folder(tree, tree->roots.items[i], WALK_LEARN);
	}
	for (size_t i = 0; i < clean.count; i++)
		add_root(tree, clean.items[i], true, false);
	size_t at = 0;
	for (const char *path; map_next(tree->extra_folders, &at, &path, NULL);)
		add_root(tree, path, true, true);
	at = 0;
	for (const char *path; map_next(tree->extra_files, &at, &path, NULL);)
		add_root(tree, path, false, true);
}
