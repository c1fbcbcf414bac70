/* The walk over the project's files: level by level, so that where the bound is
 * reached the shallow files are there. It holds the list of files, sorted by
 * path, and reads their texts. sources.c opens it; Rust's facts and all checks
 * look into it. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what is left out, what is a harness ---- */

static bool is_skipped(int folder, const char *name)
{
	if (strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0 || strcmp(name, ".venv") == 0)
		return true;
	return strcmp(name, "target") == 0 && (faccessat(folder, "target/CACHEDIR.TAG", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		faccessat(folder, "Cargo.toml", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

static bool is_harness_name(const char *name, size_t len)
{
	static const char *const names[] = {"tests", "test", "e2e", "playwright", "cypress", "examples", "benches", "fuzz"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return (len > 8 && memcmp(name, "testing-", 8) == 0) || (len > 3 && memcmp(name, "ci-", 3) == 0) ||
		(len > 3 && memcmp(name + len - 3, "-ci", 3) == 0);
}

static bool is_harness(const char *path)
{
	bool found = false;
	for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		size_t len = (size_t)(slash - path);
		if ((len == 7 && memcmp(path, ".github", 7) == 0) || (len == 7 && memcmp(path, ".gitlab", 7) == 0))
			return false;
		found = found || is_harness_name(path, len);
	}
	return found;
}

/* ---- the walk ---- */

struct folder {
	char *path; /* relative; "" is the root */
	unsigned depth;
};

struct walk {
	struct tree *tree;
	dev_t device;
	int root;
	ARRAY(struct folder) folders; /* seen; those from `next` on are still to be read */
	size_t next;
};

static void add_file(struct walk *walk, char *path, const struct stat *status)
{
	*array_add(&walk->tree->texts) = path;
	*array_add(&walk->tree->files) = (struct tree_file){.path = path, .size = (uint64_t)status->st_size,
		.is_link = S_ISLNK(status->st_mode), .is_executable = S_ISREG(status->st_mode) && (status->st_mode & 0111) != 0,
		.mode = status->st_mode & 0777, .uid = status->st_uid, .gid = status->st_gid, .is_harness = is_harness(path)};
}

static void add_entry(struct walk *walk, int fd, const struct folder *folder, const char *name)
{
	struct stat status;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_skipped(fd, name) || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	bool is_folder = S_ISDIR(status.st_mode);
	if (!is_folder && !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
		return;
	if (is_folder && status.st_dev != walk->device)
		return;
	if (is_folder ? folder->depth >= TREE_MOST_DEPTH || walk->folders.count >= TREE_MOST_FILES : walk->tree->files.count >= TREE_MOST_FILES) {
		walk->tree->is_cut = true;
		return;
	}
	char *path = path_join(folder->path, name);
	if (is_folder)
		*array_add(&walk->folders) = (struct folder){.path = path, .depth = folder->depth + 1};
	else
		add_file(walk, path, &status);
}

/* Opens a folder without passing a link: each part is opened by itself, as an
 * older part may have become a link since it was seen. */
static int open_folder(int root, const char *path)
{
	enum { HOW = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
	int fd = openat(root, ".", HOW);
	while (fd >= 0 && *path != '\0') {
		char part[NAME_MAX + 1];
		size_t len = strcspn(path, "/");
		int below = -1;
		if (len < sizeof part) {
			memcpy(part, path, len);
			part[len] = '\0';
			below = openat(fd, part, HOW);
		}
		close(fd);
		fd = below;
		path += len + (path[len] == '/');
	}
	return fd;
}

static void read_folder(struct walk *walk, struct folder folder)
{
	int fd = open_folder(walk->root, folder.path);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		add_entry(walk, dirfd(dir), &folder, entry->d_name);
	closedir(dir);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

static void mark_tracked(struct tree *tree, const struct strings *tracked)
{
	struct map *names = map_open(NULL);
	for (size_t i = 0; i < tracked->count; i++)
		map_put(names, tracked->items[i], NULL);
	for (size_t i = 0; i < tree->files.count; i++)
		tree->files.items[i].is_tracked = map_has(names, tree->files.items[i].path);
	map_close(names);
}

bool tree_open(const char *root, const struct strings *tracked, struct tree *tree, struct fault *fault)
{
	*tree = (struct tree){.root = realpath(root, NULL), .given = mem_copy_string(root), .has_git = tracked != NULL};
	struct stat status;
	struct walk walk = {.tree = tree, .root = tree->root != NULL ? open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1};
	if (walk.root < 0 || fstat(walk.root, &status) != 0) {
		fault_set(fault, FAULT_INPUT, "cannot read the folder %s: %s", root, strerror(errno));
		if (walk.root >= 0)
			close(walk.root);
		tree_finish(tree);
		return false;
	}
	walk.device = status.st_dev;
	*array_add(&walk.folders) = (struct folder){.path = mem_copy_string("")};
	while (walk.next < walk.folders.count)
		read_folder(&walk, walk.folders.items[walk.next++]);
	for (size_t i = 0; i < walk.folders.count; i++)
		free(walk.folders.items[i].path);
	array_finish(&walk.folders);
	close(walk.root);
	if (tree->files.count > 0)
		qsort(tree->files.items, tree->files.count, sizeof *tree->files.items, by_path);
	if (tracked != NULL)
		mark_tracked(tree, tracked);
	tree->looks = mem_alloc(tree->files.count + 1);
	return true;
}

void tree_finish(struct tree *tree)
{
	for (size_t i = 0; i < tree->texts.count; i++)
		free(tree->texts.items[i]);
	array_finish(&tree->texts);
	array_finish(&tree->files);
	free(tree->root);
	free(tree->given);
	free(tree->looks);
	*tree = (struct tree){0};
}

/* ---- looking ---- */

const char *tree_relative(const struct tree *tree, const char *path)
{
	const char *below = path != NULL ? path_relative(path, tree->root) : NULL;
	return below != NULL || path == NULL ? below : path_relative(path, tree->given);
}

const struct tree_file *tree_find(const struct tree *tree, const char *path)
{
	struct tree_file wanted = {.path = path};
	return tree->files.count > 0 ? bsearch(&wanted, tree->files.items, tree->files.count, sizeof wanted, by_path) : NULL;
}

const struct tree_file *tree_each(const struct tree *tree, size_t *at, const char *name_pattern)
{
	bool is_plain = strpbrk(name_pattern, "*?[\\") == NULL;
	/* "*.yaml": by the end alone */
	const char *end = name_pattern[0] == '*' && strpbrk(name_pattern + 1, "*?[\\") == NULL ? name_pattern + 1 : NULL;
	while (*at < tree->files.count) {
		const struct tree_file *file = &tree->files.items[(*at)++];
		const char *name = path_name(file->path);
		if (is_plain ? strcmp(name, name_pattern) == 0 : end != NULL ? text_ends_with(name, end) : fnmatch(name_pattern, name, 0) == 0)
			return file;
	}
	return NULL;
}

bool tree_is_open(const struct tree *tree, const struct tree_file *file)
{
	struct stat status;
	bool open = !file->is_link && (file->mode & 0004) != 0;
	auto_free char *at = path_join(tree->root, file->path);
	while (open && strcmp(at, "/") != 0) {
		char *parent = path_parent(at);
		free(at);
		at = parent;
		open = stat(at, &status) == 0 && (status.st_mode & 0001) != 0;
	}
	return open;
}

bool tree_has_folder(const struct tree *tree, const char *path)
{
	if (path[0] == '\0' || strcmp(path, ".") == 0)
		return tree->files.count > 0;
	auto_free char *start = mem_print("%s%s", path, text_ends_with(path, "/") ? "" : "/");
	size_t low = 0, high = tree->files.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(tree->files.items[middle].path, start) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tree->files.count && text_starts_with(tree->files.items[low].path, start);
}

/* ---- reading ---- */

/* Where the path leads to in the end; NULL: out of the tree, or nowhere. */
static char *resolve(const struct tree *tree, const char *path, const struct tree_file *file)
{
	if (path[0] == '/')
		return NULL;
	char *whole = path_join(tree->root, path);
	if (file != NULL && !file->is_link) /* the walk passed no link to it */
		return whole;
	char *real = realpath(whole, NULL);
	free(whole);
	if (real != NULL && path_is_below(real, tree->root))
		return real;
	free(real);
	return NULL;
}

/* Reads what fstat() promised, and asks for a byte more: a file that grew is
 * refused. A short read of a regular file is its end. */
static char *read_text(int fd, size_t size, size_t *len)
{
	char *text = mem_resize(NULL, size + 1);
	ssize_t got;
	do
		got = read(fd, text, size + 1);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (size_t)got > size || memchr(text, '\0', (size_t)got) != NULL) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	if (len != NULL)
		*len = (size_t)got;
	return text;
}

char *tree_read(const struct tree *tree, const char *path, size_t *len)
{
	const struct tree_file *file = tree_find(tree, path);
	auto_free char *real = tree->root != NULL ? resolve(tree, path, file) : NULL;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer */
	int fd = real != NULL ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY) : -1;
	if (fd < 0)
		return NULL;
	struct stat status;
	char *text = NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= TREE_FILE_BYTES)
		text = read_text(fd, (size_t)status.st_size, len);
	close(fd);
	if (file != NULL && tree->mark != NULL)
		tree->looks[file - tree->files.items] = text != NULL && strstr(text, tree->mark) != NULL ? TREE_WITH : TREE_WITHOUT;
	return text;
}

enum tree_look tree_look(const struct tree *tree, const struct tree_file *file)
{
	return (enum tree_look)tree->looks[file - tree->files.items];
}

unsigned text_line_at(const char *text, size_t offset)
{
	unsigned line = 1;
	const char *end = text + strnlen(text, offset);
	while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		line++;
		text++;
	}
	return line;
}

bool name_in(const char *name, const char *const *patterns)
{
	for (; *patterns != NULL; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

bool path_has_word(const char *path, const char *const *patterns)
{
	for (const char *at = path; *at != '\0';) {
		size_t len = strcspn(at, "/._- ");
		auto_free char *word = mem_copy_bytes(at, len);
		for (const char *const *pattern = patterns; len > 0 && *pattern != NULL; pattern++)
			if (fnmatch(*pattern, word, FNM_CASEFOLD) == 0)
				return true;
		at += len + (at[len] != '\0');
	}
	return false;
}
