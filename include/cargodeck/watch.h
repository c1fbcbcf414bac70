/* watch: inotify in, one settled change set out. A thread of its own owns
 * libinotifytools (global state, not thread-safe); what it sees is posted to
 * the loop. It knows nothing of cargo: what to leave out is told to it. */
#ifndef CARGODECK_WATCH_H
#define CARGODECK_WATCH_H

#include "cargodeck/base.h"
#include "cargodeck/loop.h"

struct watch;

/* A batch of saved paths. Borrowed; absolute paths, sorted, each once. */
struct watch_batch {
	const struct strings *paths; /* files that were written, made, moved or removed */
	/* Paths whose content changed while their mtime did not grow (a `mv` of an
	 * older file): cargo would not see them. Some of `paths`. */
	const struct strings *stale;
	uint64_t wrote_ns; /* clock_now_ns() scale: when the last of the writes happened, by the file's ctime */
	uint64_t first_ns; /* clock_now_ns(): when the first event of the batch was read */
	uint64_t settled_ns; /* clock_now_ns(): when the batch was closed; 0: it may still grow */
	bool storm; /* git was at work, or more than 200 paths */
	bool rescanned; /* the kernel dropped events: found by comparing */
};

struct watch_call {
	/* The first relevant event of a batch, before it settled: a build may begin.
	 * `batch` holds what is known so far; `number` names the batch. Not called
	 * for storms (git's lock files are looked for first). May be NULL. */
	void (*early)(void *data, unsigned number, const struct watch_batch *batch);
	/* The batch is settled. Called for each batch that holds a change, also
	 * after early(). */
	void (*settled)(void *data, unsigned number, const struct watch_batch *batch);
	/* What was announced by early() came to nothing (same content, same mtime). */
	void (*nothing)(void *data, unsigned number);
	/* Limits reached, or a root that cannot be read: the rest is polled. The
	 * sentence is whole and the mend names the sysctl line. */
	void (*trouble)(void *data, const struct fault *fault);
	/* The first walk is done: everything below is watched from here on. */
	void (*ready)(void *data, unsigned folders, uint64_t ns);
};

struct watch_options {
	const struct strings *roots; /* folders, watched with all below them */
	const struct strings *extras; /* single files and folders, watched whatever is ignored */
	const struct strings *pruned; /* absolute folders that are never entered (cargo's target_directory) */
	unsigned settle_ms; /* quiet time; 0: 15 */
	unsigned settle_cap_ms; /* 0: 100 */
	unsigned storm_ms; /* quiet time in a storm; 0: 300 */
	unsigned storm_cap_ms; /* 0: 10000 */
	unsigned storm_paths; /* 0: 200 */
	/* Tests: take this as fs.inotify.max_user_watches. 0: the kernel's own. */
	unsigned watch_limit;
};

/* Starts the thread and the first walk; at once back. Pruned besides: any
 * folder that holds CACHEDIR.TAG, `.git`, `node_modules`, and what .gitignore
 * says (git's documentation gitignore(5): nested files, negation, anchored
 * patterns, `**`). Faults: a second watch in this process, no inotify. */
struct watch *watch_open(struct loop *loop, const struct watch_options *options,
	const struct watch_call *call, void *data, struct fault *fault);
/* Ends and joins the thread; nothing is called any more. NULL is fine. */
void watch_close(struct watch *watch);
/* Other roots or extras (a path dependency came): walks what is new. */
void watch_change(struct watch *watch, const struct strings *roots, const struct strings *extras);
/* Holds batches back (they gather into one) or lets them go. */
void watch_pause(struct watch *watch, bool pause);
/* Folders under a watch of their own. */
unsigned watch_folder_count(const struct watch *watch);

/* ---- parts with tests of their own ------------------------------------------ */

/* gitignore(5) patterns of one folder, in order. */
struct ignore_list;
struct ignore_list *ignore_open(const char *folder, const char *text, size_t len);
void ignore_close(struct ignore_list *list);
/* 1: ignored, -1: named by a `!` line, 0: this list does not speak. `path` is
 * below the list's folder. */
int ignore_match(const struct ignore_list *list, const char *path, bool is_folder);

/* Names that editors make while saving and that are never a source: swap
 * files, backups, `4913`, `.#name`, `___jb_tmp___`, … */
bool watch_is_noise(const char *name);

#endif
