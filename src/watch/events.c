/* What the kernel says of a folder, put into the tree and the batch. */
#include "watch.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

enum { SETTLED_NS = 1000 * MS };

static void folder_came(struct tree *tree, struct folder *folder, const char *name, const char *path, bool moved)
{
	struct folder *known = folder_child(folder, name);
	/* a walk may have found it before this event was read; what is moved over
	 * an empty folder replaces it without a word */
	if (known != NULL && !moved && (known->wd > 0 || known->polled))
		return;
	if (known != NULL) {
		tree_touch_below(tree, known);
		tree_forget(tree, known, known->wd > 0);
	}
	struct folder *root = tree_root(tree, path);
	if (root != NULL && root->missing)
		walk_folder(tree, root, WALK_TELL);
	else if (root == NULL && tree_wants_folder(tree, folder, name, path))
		walk_folder(tree, tree_attach(tree, folder, name), WALK_TELL);
}

static void folder_went(struct tree *tree, struct folder *folder, const char *name, bool moved)
{
	struct folder *known = folder_child(folder, name);
	if (known == NULL)
		return;
	tree_touch_below(tree, known);
	tree_forget(tree, known, moved);
}

static void root_went(struct tree *tree, struct folder *root, bool moved)
{
	tree_touch_below(tree, root);
	while (root->folders.count > 0)
		tree_forget(tree, root->folders.items[root->folders.count - 1], moved);
	if (root->wd > 0) {
		tree->by_wd.items[root->wd] = NULL;
		tree->watched--;
		if (moved)
			kernel_remove(&tree->kernel, root->wd);
	}
	root->wd = 0;
	root->missing = true;
}

/* The kernel gave a watch up: its folder was deleted (told by the parent too)
 * or its file system is gone. */
static void watch_ended(struct tree *tree, struct folder *folder)
{
	tree->by_wd.items[folder->wd] = NULL;
	folder->wd = 0;
	tree->watched--;
	tree->dead++;
	if (folder->parent == NULL) {
		folder->missing = true;
		return;
	}
	folder->polled = true;
	tree->polled++;
}

/* Written long ago and as it was remembered: an open for writing without a
 * write, a chmod, a new hard link. */
static bool is_as_before(const struct folder *folder, const char *name, const char *path)
{
	const struct fact *fact = folder_fact(folder, name);
	if (fact == NULL)
		return false;
	struct stamp now = stamp_read(AT_FDCWD, path, false);
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall);
	int64_t wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec;
	return stamp_same_look(&fact->stamp, &now) && wall_ns - now.mtime_ns > SETTLED_NS;
}

/* A new name without a write: links. Files are told when they are closed. */
static bool is_link(const char *path)
{
	struct stat status;
	return fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		(S_ISLNK(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink > 1));
}

static void file_event(struct batch *batch, struct folder *folder, const char *name,
	const char *path, uint32_t mask)
{
	const struct fact *fact = folder_fact(folder, name);
	const struct stamp *old = fact != NULL ? &fact->stamp : NULL;
	if (mask & (IN_DELETE | IN_MOVED_FROM)) {
		batch_touch(batch, path, old, BATCH_GONE);
	} else if (mask & IN_MOVED_TO) {
		batch_touch(batch, path, old, BATCH_WRITTEN);
	} else if (mask & IN_CREATE) {
		if (is_link(path))
			batch_touch(batch, path, old, BATCH_WRITTEN);
		else if (old != NULL || map_has(batch->dirty, path))
			batch_touch(batch, path, old, BATCH_BEGUN);
	} else if (map_has(batch->dirty, path) || !is_as_before(folder, name, path)) {
		batch_touch(batch, path, old, mask & IN_ATTRIB ? BATCH_MARKED : BATCH_WRITTEN);
	}
}

void events_handle(struct tree *tree, struct batch *batch, const struct kernel_event *event)
{
	if (event->wd < 0) {
		batch_overflow(batch);
		return;
	}
	struct folder *folder = (size_t)event->wd < tree->by_wd.count ? tree->by_wd.items[event->wd] : NULL;
	if (folder == NULL)
		return;
	uint32_t mask = event->mask;
	if (mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		root_went(tree, folder, mask & IN_MOVE_SELF);
		return;
	}
	if (mask & (IN_IGNORED | IN_UNMOUNT)) {
		watch_ended(tree, folder);
		return;
	}
	if (event->name[0] == '\0')
		return;
	auto_str path = {0};
	folder_path(folder, &path);
	if (path.data[path.len - 1] != '/')
		str_add_char(&path, '/');
	str_add(&path, event->name);
	if (mask & IN_ISDIR) {
		if (mask & (IN_CREATE | IN_MOVED_TO))
			folder_came(tree, folder, event->name, path.data, mask & IN_MOVED_TO);
		else if (mask & (IN_DELETE | IN_MOVED_FROM))
			folder_went(tree, folder, event->name, mask & IN_MOVED_FROM);
		return;
	}
	bool begun = mask & (IN_CLOSE_WRITE | IN_MOVED_TO);
	if (begun && folder->parent != NULL && folder->whole && strcmp(event->name, "CACHEDIR.TAG") == 0) {
		folder_path(folder, &path);
		if (!map_has(tree->extra_folders, path.data)) {
			tree_forget(tree, folder, true);
			return;
		}
	}
	if (!tree_wants_file(tree, folder, event->name, path.data))
		return;
	file_event(batch, folder, event->name, path.data, mask);
	if (folder->whole && !folder->unfiltered && !(mask & (IN_CREATE | IN_ATTRIB)) &&
		strcmp(event->name, ".gitignore") == 0)
		walk_ignores_again(tree, folder);
}
