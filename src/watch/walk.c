/* Reading folders: the first walk, new folders, and comparing what is there
 * with what is remembered. A folder is watched before it is read, parents
 * before children, so that nothing appears unseen in between. */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTED_BYTES = 1 << 17 };

struct entry {
	size_t name; /* in struct walk's names */
	bool is_folder;
};

struct step {
	struct folder *folder;
	enum walk_mode mode;
};

struct walk {
	struct tree *tree;
	bool deep; /* known folders below are read too */
	bool has_ignores, has_cache_tag; /* in the listing */
	ARRAY(struct step) queue;
	struct str path; /* of the folder that is read */
	struct str child; /* of an entry */
	struct str names;
	ARRAY(struct entry) entries;
	char *block; /* for getdents64() */
};

static const char *name_of(const struct walk *walk, const struct entry *entry)
{
	return walk->names.data + entry->name;
}

static const char *child_path(struct walk *walk, const char *name)
{
	str_clear(&walk->child);
	str_add_bytes(&walk->child, walk->path.data, walk->path.len);
	if (walk->path.len > 0 && walk->path.data[walk->path.len - 1] != '/')
		str_add_char(&walk->child, '/');
	str_add(&walk->child, name);
	return walk->child.data;
}

/* ---- one listing ---- */

static void add_entry(struct walk *walk, int fd, const struct dirent64 *entry)
{
	const char *name = entry->d_name;
	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		return;
	unsigned char type = entry->d_type;
	struct stat status;
	if (type == DT_UNKNOWN && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		type = IFTODT(status.st_mode);
	if (type != DT_DIR && type != DT_REG && type != DT_LNK)
		return;
	if (name[0] == '.' && strcmp(name, ".gitignore") == 0)
		walk->has_ignores = true;
	if (name[0] == 'C' && strcmp(name, "CACHEDIR.TAG") == 0)
		walk->has_cache_tag = true;
	*array_add(&walk->entries) = (struct entry){.name = walk->names.len, .is_folder = type == DT_DIR};
	str_add_bytes(&walk->names, name, strlen(name) + 1);
}

static bool list(struct walk *walk, int fd)
{
	walk->entries.count = 0;
	walk->has_ignores = walk->has_cache_tag = false;
	str_clear(&walk->names);
	for (;;) {
		/* readdir() would allocate its buffer anew for each folder */
		ssize_t got = getdents64(fd, walk->block, LISTED_BYTES);
		if (got <= 0)
			return got == 0;
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(walk->block + at);
			add_entry(walk, fd, entry);
			at += entry->d_reclen;
		}
	}
}

static void read_ignores(struct folder *folder, const char *path)
{
	auto_free char *file = path_join(path, ".gitignore");
	size_t len = 0;
	auto_free char *text = file_read(file, IGNORES_MAX, &len, NULL);
	ignore_close(folder->ignores);
	folder->ignores = text != NULL ? ignore_open(text, len) : NULL;
}

/* ---- what a listing means ---- */

static void see_file(struct walk *walk, struct folder *folder, int fd, const char *name, enum walk_mode mode, bool fresh)
{
	struct tree *tree = walk->tree;
	if (!tree_wants_file(tree, folder, name, child_path(walk, name)))
		return;
	struct fact *fact = fresh ? NULL : folder_fact(folder, name);
	if (mode == WALK_TELL || (mode == WALK_COMPARE && fact == NULL)) {
		tree_touch(tree, folder, name);
		return;
	}
	if (mode == WALK_LEARN && (fact != NULL || tree->fact_count >= FACTS_MAX))
		return;
	struct stamp stamp = stamp_read(fd, name, false);
	if (mode == WALK_COMPARE) {
		if (!stamp_same_look(&fact->stamp, &stamp))
			tree_touch(tree, folder, name);
	} else if (!stamp.there) {
		return;
	} else if (fresh) {
		*array_add(&folder->facts) = (struct fact){.name = mem_copy_string(name), .stamp = stamp};
		tree->fact_count++;
	} else {
		tree_put(tree, walk->child.data, &stamp);
	}
}

static void see_folder(struct walk *walk, struct folder *folder, const char *name, enum walk_mode mode)
{
	struct tree *tree = walk->tree;
	struct folder *known = folder_child(folder, name);
	const char *path = child_path(walk, name);
	if (known == NULL) {
		if (!tree_wants_folder(tree, folder, name, path))
			return;
		struct folder *root = tree_root(tree, path);
		if (root != NULL && root->whole) {
			/* a root of its own: only one that was missing is new */
			if (root->missing)
				*array_add(&walk->queue) = (struct step){root, WALK_TELL};
			return;
		}
		if (root != NULL) /* single files of it were extras: now all count */
			tree_forget(tree, root, !root->missing);
		known = tree_attach(tree, folder, name);
		*array_add(&walk->queue) = (struct step){known, mode == WALK_COMPARE ? WALK_TELL : mode};
	} else if (walk->deep) {
		*array_add(&walk->queue) = (struct step){known, mode};
	}
}

static int compare_facts(const void *a, const void *b)
{
	return strcmp(((const struct fact *)a)->name, ((const struct fact *)b)->name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const char **names, size_t count, const char *name)
{
	return count > 0 && bsearch(&name, names, count, sizeof *names, compare_names) != NULL;
}

/* What is remembered and no longer listed is touched, or forgotten. */
static void see_what_is_gone(struct walk *walk, struct folder *folder)
{
	struct tree *tree = walk->tree;
	size_t count = walk->entries.count;
	const char **names = mem_alloc((count + 1) * sizeof *names);
	for (size_t i = 0; i < count; i++)
		names[i] = name_of(walk, &walk->entries.items[i]);
	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < folder->facts.count; i++)
		if (!has_name(names, count, folder->facts.items[i].name))
			tree_touch(tree, folder, folder->facts.items[i].name);
	for (size_t i = folder->folders.count; i-- > 0;) {
		struct folder *child = folder->folders.items[i];
		if (has_name(names, count, child->name))
			continue;
		tree_touch_below(tree, child);
		tree_forget(tree, child, false);
	}
	free(names);
}

/* The folder cannot be read any more. */
static void lose(struct tree *tree, struct folder *folder, enum walk_mode mode)
{
	if (mode != WALK_LEARN)
		tree_touch_below(tree, folder);
	if (folder->parent != NULL) {
		tree_forget(tree, folder, false);
		return;
	}
	while (folder->folders.count > 0)
		tree_forget(tree, folder->folders.items[folder->folders.count - 1], false);
	if (!folder->missing && folder->whole)
		strings_add_new(&tree->unread, folder->name);
	folder->missing = true;
}

static void read_folder(struct walk *walk, struct folder *folder, enum walk_mode mode)
{
	struct tree *tree = walk->tree;
	folder_path(folder, &walk->path);
	bool watched = folder->wd > 0 || folder->polled || tree_watch(tree, folder, walk->path.data);
	/* links to folders are not followed, but for roots */
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (folder->parent != NULL ? O_NOFOLLOW : 0);
	int fd = watched ? open(walk->path.data, flags) : -1;
	if (fd < 0 || !list(walk, fd)) {
		if (fd >= 0)
			close(fd);
		lose(tree, folder, mode);
		return;
	}
	folder->missing = false;
	bool fresh = folder->facts.count == 0 && mode == WALK_LEARN;
	if (folder->parent != NULL && walk->has_cache_tag) {
		folder_path(folder, &walk->child);
		if (!map_has(tree->extra_folders, walk->child.data)) {
			close(fd);
			tree_forget(tree, folder, true);
			return;
		}
	}
	if ((walk->has_ignores || folder->ignores != NULL) && !folder->unfiltered && folder->whole)
		read_ignores(folder, walk->path.data);
	for (size_t i = 0; i < walk->entries.count; i++) {
		const struct entry *entry = &walk->entries.items[i];
		if (entry->is_folder)
			see_folder(walk, folder, name_of(walk, entry), mode);
		else
			see_file(walk, folder, fd, name_of(walk, entry), mode, fresh);
	}
	close(fd);
	if (fresh && folder->facts.count > 1)
		qsort(folder->facts.items, folder->facts.count, sizeof *folder->facts.items, compare_facts);
	if (mode == WALK_COMPARE)
		see_what_is_gone(walk, folder);
}

static void run(struct tree *tree, struct folder *folder, enum walk_mode mode, bool deep)
{
	struct walk walk = {.tree = tree, .deep = deep, .block = mem_alloc(LISTED_BYTES)};
	*array_add(&walk.queue) = (struct step){folder, mode};
	/* in the order of finding: parents first. A walk forgets only folders
	 * that are not in its queue. */
	for (size_t at = 0; at < walk.queue.count; at++)
		read_folder(&walk, walk.queue.items[at].folder, walk.queue.items[at].mode);
	array_finish(&walk.queue);
	array_finish(&walk.entries);
	str_finish(&walk.path);
	str_finish(&walk.child);
	str_finish(&walk.names);
	free(walk.block);
}

void walk_folder(struct tree *tree, struct folder *folder, enum walk_mode mode)
{
	run(tree, folder, mode, true);
}

static void list_polled(struct folder *folder, struct strings *paths)
{
	if (folder->polled || folder->missing) {
		auto_str path = {0};
		folder_path(folder, &path);
		strings_add(paths, str_text(&path));
	}
	for (size_t i = 0; i < folder->folders.count; i++)
		list_polled(folder->folders.items[i], paths);
}

void walk_polled(struct tree *tree)
{
	auto_strings paths = {0};
	for (size_t i = 0; i < tree->roots.count; i++)
		list_polled(tree->roots.items[i], &paths);
	for (size_t i = 0; i < paths.count; i++) {
		/* by name: the folder before may have forgotten this one */
		struct folder *folder = tree_root(tree, paths.items[i]);
		if (folder == NULL)
			folder = folders_find(tree, paths.items[i]);
		if (folder == NULL || (folder->missing && !dir_exists(paths.items[i])))
			continue;
		run(tree, folder, folder->missing ? WALK_TELL : WALK_COMPARE, false);
	}
}

static void unwatched(struct folder *folder)
{
	folder->wd = 0;
	folder->polled = false;
	for (size_t i = 0; i < folder->folders.count; i++)
		unwatched(folder->folders.items[i]);
}

bool walk_renew(struct tree *tree, struct fault *fault)
{
	kernel_close(&tree->kernel);
	array_finish(&tree->by_wd);
	tree->watched = tree->polled = tree->dead = 0;
	bool good = kernel_open(&tree->kernel, fault);
	for (size_t i = 0; i < tree->roots.count; i++)
		unwatched(tree->roots.items[i]);
	/* walking may find a missing root, never add or take one */
	for (size_t i = 0; i < tree->roots.count; i++)
		run(tree, tree->roots.items[i], tree->roots.items[i]->missing ? WALK_TELL : WALK_COMPARE, true);
	return good;
}

/* ---- other patterns ---- */

static void forget_ignored(struct tree *tree, struct folder *folder)
{
	auto_str path = {0};
	for (size_t i = folder->folders.count; i-- > 0;) {
		struct folder *child = folder->folders.items[i];
		folder_path(child, &path);
		if (tree_wants_folder(tree, folder, child->name, path.data))
			forget_ignored(tree, child);
		else
			tree_forget(tree, child, true);
	}
}

void walk_ignores_again(struct tree *tree, struct folder *folder)
{
	auto_str path = {0};
	folder_path(folder, &path);
	read_ignores(folder, path.data);
	forget_ignored(tree, folder);
	walk_folder(tree, folder, WALK_LEARN);
}
