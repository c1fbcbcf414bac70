/* Inside the room watch: what its files share. All of it but the struct watch
 * itself belongs to the room's thread. */
#ifndef CARGODECK_WATCH_INSIDE_H
#define CARGODECK_WATCH_INSIDE_H

#include "cargodeck/watch.h"

#include <stdatomic.h>

enum { MS = 1000000 };

/* ---- kernel: the door to libinotifytools ---------------------------------- */

struct kernel {
	int fd; /* for poll(); -1: not open */
	int last_wd;
};

struct kernel_event {
	int wd; /* -1: the queue overflowed */
	uint32_t mask; /* IN_* of inotify(7) */
	const char *name; /* borrowed until the next event */
};

bool kernel_open(struct kernel *kernel, struct fault *fault);
void kernel_close(struct kernel *kernel);
/* Watches a folder; `path` ends in a slash. The descriptor, or -1 and errno. */
int kernel_add(struct kernel *kernel, const char *path, bool is_root);
/* Only for a watch that the kernel still has: the library prints otherwise. */
void kernel_remove(struct kernel *kernel, int wd);
/* Takes the next event without waiting; false: none is there. */
bool kernel_next(struct kernel *kernel, struct kernel_event *event);

/* ---- stamp: what is remembered of a file ----------------------------------- */

struct stamp {
	int64_t mtime_ns, ctime_ns;
	uint64_t size, ino, hash;
	bool there, hashed;
	bool young; /* read so soon after its mtime that a later write may share it */
	bool mended; /* told as stale: the touch that mends it is no change */
};

/* Looks at `name` below the descriptor `folder` (AT_FDCWD with a whole path);
 * `hash`: reads the content too, where it is not too large. */
struct stamp stamp_read(int folder, const char *name, bool hash);
/* Size, mtime and inode are the same. */
bool stamp_same_look(const struct stamp *a, const struct stamp *b);
/* What a look at a file now means for who knew it as `old`. */
enum stamp_verdict { STAMP_SAME, STAMP_CHANGED, STAMP_STALE };
enum stamp_verdict stamp_compare(const struct stamp *old, const struct stamp *now);

/* ---- git -------------------------------------------------------------------- */

/* The top of the repository that `folder` is in, or NULL; the caller frees. */
char *git_top(const char *folder);
enum git_state { GIT_QUIET, GIT_BUSY, GIT_LOCKED };
/* Locked: index.lock is there. Busy: a rebase or a merge is under way. */
enum git_state git_look(const char *folder);

/* ---- tree: the watched folders and the files in them ------------------------- */

struct fact {
	char *name;
	struct stamp stamp;
};

struct outer_list {
	struct ignore_list *list;
	size_t folder_len;
};

struct folder {
	struct folder *parent; /* NULL: a root */
	char *name; /* a root: its absolute path */
	size_t path_len;
	int wd; /* 0: none */
	bool polled; /* no watch could be had: looked at from time to time */
	bool missing; /* a root that is not there */
	bool whole; /* false: only the files in `named` count */
	bool unfiltered; /* an extra folder, or below one: .gitignore does not count */
	bool extra; /* a root made for an extra */
	struct ignore_list *ignores; /* its own .gitignore */
	ARRAY(struct outer_list) outer; /* a root: those of the folders above it */
	struct strings named; /* extra files in it */
	ARRAY(struct folder *) folders; /* sorted by name */
	ARRAY(struct fact) facts; /* sorted by name */
};

struct tree {
	struct kernel kernel;
	unsigned watch_limit;
	struct map *pruned, *extra_folders; /* keys only */
	struct map *extra_files; /* folder to struct strings of names */
	ARRAY(struct folder *) roots;
	ARRAY(struct folder *) by_wd;
	unsigned watched, polled, dead;
	size_t fact_count;
	struct strings unread; /* roots that could not be read, not yet told */
	/* A file may have changed: `old` is what was known of it, or NULL. */
	void (*touch)(void *data, const char *path, const struct stamp *old);
	void *data;
};

enum { FACTS_MAX = 1000000, IGNORES_MAX = 1 << 20 };

void folders_finish(struct tree *tree);
void folder_path(const struct folder *folder, struct str *out); /* replaces */
struct folder *folder_child(const struct folder *folder, const char *name);
struct fact *folder_fact(const struct folder *folder, const char *name);
/* The folder node at an absolute path, or NULL. */
struct folder *folders_find(const struct tree *tree, const char *path);
struct folder *tree_root(const struct tree *tree, const char *path);
/* Remembers a file, or forgets it where `stamp` says it is not there. */
void tree_put(struct tree *tree, const char *path, const struct stamp *stamp);
bool tree_wants_file(const struct tree *tree, const struct folder *folder, const char *name, const char *path);
bool tree_wants_folder(const struct tree *tree, const struct folder *folder, const char *name, const char *path);
struct folder *tree_attach(struct tree *tree, struct folder *parent, const char *name);
struct folder *tree_add_root(struct tree *tree, const char *path, bool whole, bool unfiltered);
/* Puts a watch on a folder, or marks it as polled. False: it is gone or shut. */
bool tree_watch(struct tree *tree, struct folder *folder, const char *path);
/* Tells each known file below as touched. */
void tree_touch_below(struct tree *tree, const struct folder *folder);
/* Frees a folder with all below; `unwatch`: the kernel still watches them. */
void tree_forget(struct tree *tree, struct folder *folder, bool unwatch);
void tree_touch(struct tree *tree, const struct folder *folder, const char *name);

/* ---- walk: reading folders ------------------------------------------------------ */

enum walk_mode {
	WALK_LEARN, /* remembers what is there and says nothing */
	WALK_TELL, /* a new folder: each file in it is touched */
	WALK_COMPARE, /* what differs from what is remembered is touched */
};

/* Watches, then reads `folder` and all below it. */
void walk_folder(struct tree *tree, struct folder *folder, enum walk_mode mode);
/* Compares the folders that have no watch and looks for missing roots. */
void walk_polled(struct tree *tree);
/* Begins anew with the kernel and compares everything. */
bool walk_renew(struct tree *tree, struct fault *fault);
/* Reads .gitignore of `folder` again and applies it to all below. */
void walk_ignores_again(struct tree *tree, struct folder *folder);

/* ---- roots ---- */

/* Makes the tree watch these; what is new is learnt silently. */
void roots_set(struct tree *tree, const struct strings *roots, const struct strings *extras);

/* ---- batch: touched paths until they settle ---------------------------------------- */

/* What happened to a path last: half-done things are waited for. */
enum batch_event {
	BATCH_WRITTEN,
	BATCH_MARKED, /* its times or rights: says nothing of what else is under way */
	BATCH_BEGUN, /* made, and not closed yet */
	BATCH_GONE,
};

struct dirty {
	struct stamp old, now;
	enum stamp_verdict verdict;
	enum batch_event last;
	uint64_t since_ns;
	bool checked; /* `now` and `verdict` are of after the last event */
	bool told; /* by early(), as it looked then */
	struct stamp told_as;
};

enum { GONE_KEPT = 512 };

struct batch {
	struct watch_options options; /* only the numbers */
	struct tree *tree;
	struct map *dirty; /* path to struct dirty */
	bool open, storm, overflowed, early_told, paused;
	/* known paths that are so now, and will be whole in a moment */
	unsigned begun, gone_now;
	unsigned number; /* of the last batch that was told */
	uint64_t first_ns, last_ns, look_again_ns, early_ns;
	/* files told as removed a while ago: one that comes back is compared */
	struct {
		uint64_t path_hash;
		struct stamp stamp;
	} gone[GONE_KEPT];
	unsigned gone_next;
	bool wants_early;
	void (*early)(void *data, unsigned number, const struct watch_batch *batch);
	void (*settled)(void *data, unsigned number, const struct watch_batch *batch);
	void (*nothing)(void *data, unsigned number);
	void *data;
};

void batch_init(struct batch *batch, const struct watch_options *options, struct tree *tree);
void batch_finish(struct batch *batch);
void batch_touch(struct batch *batch, const char *path, const struct stamp *old, enum batch_event event);
void batch_overflow(struct batch *batch);
void batch_pause(struct batch *batch, bool pause);
/* Does what is due; called after each drain of the queue. */
void batch_run(struct batch *batch, uint64_t now);
/* When batch_run() is to be called at the latest; 0: whenever. */
uint64_t batch_deadline(const struct batch *batch);

/* ---- events: what the kernel says, put into the tree and the batch ---------------- */

void events_handle(struct tree *tree, struct batch *batch, const struct kernel_event *event);

#endif
