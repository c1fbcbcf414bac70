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
	 * older file), or is older than the file's arrival by more than a second:
	 * cargo would not see them. Some of `paths`. The touch that mends one is
	 * not reported. */
	const struct strings *stale;
	uint64_t wrote_ns; /* clock_now_ns() scale: when the last of the writes happened, by the file's ctime */
	uint64_t first_ns; /* clock_now_ns(): when the first event of the batch was read */
	uint64_t settled_ns; /* clock_now_ns(): when the batch was closed; 0: it may still grow */
	bool storm; /* git was at work, or more than 200 paths */
	bool rescanned; /* the kernel dropped events: found by comparing */
	/* settled: what was told by early() is not all, or no longer so (another
	 * path, another write): a build that began then must begin again. Always
	 * true where early() was not called. */
	bool grew;
};

struct watch_call {
	/* Any of these may be NULL. They are called on the loop's thread; what they
	 * get is borrowed. */
	/* The first relevant event of a batch, before it settled: a build may begin.
	 * `batch` holds what is known so far; `number` names the batch. Not called
	 * for storms (git's lock files are looked for first), nor while a known
	 * file is gone or half written; a name never seen before is held a moment,
	 * because many programs save under one and rename it. */
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
	/* The same after each watch_change(). */
	void (*changed)(void *data, unsigned folders, uint64_t ns);
};

struct watch_options {
	const struct strings *roots; /* folders, watched with all below them */
	/* Single files (they need not exist yet) and folders, watched whatever is
	 * ignored; in folders `.git`, `pruned`, `node_modules` and CACHEDIR.TAG
	 * below them still count. */
	const struct strings *extras;
	/* Absolute folders that are never entered, not for an extra either (cargo's
	 * target_directory). */
	const struct strings *pruned;
	unsigned settle_ms; /* quiet time; 0: 15 */
	unsigned settle_cap_ms; /* 0: 100 */
	unsigned storm_ms; /* quiet time in a storm; 0: 300 */
	unsigned storm_cap_ms; /* 0: 10000 */
	unsigned storm_paths; /* 0: 200 */
	unsigned hold_ms; /* how long early() waits for a new name to be renamed; 0: 3 */
	unsigned poll_ms; /* how often folders without a watch are looked at; 0: 2000 */
	/* Tests: take this as fs.inotify.max_user_watches. 0: the kernel's own. */
	unsigned watch_limit;
};

/* Starts the thread and the first walk; at once back. Paths are absolute.
 * Pruned besides: any folder that holds CACHEDIR.TAG, `.git`, `node_modules`,
 * and what .gitignore says (git's documentation gitignore(5): nested files,
 * negation, anchored patterns, `**`; those above a root count up to the
 * repository's top). Links to folders are not followed, but for roots. To be
 * opened early: the library cannot use a descriptor of 1024 or more. It may
 * print to standard error. Faults: a second watch in this process, no inotify. */
struct watch *watch_open(struct loop *loop, const struct watch_options *options,
	const struct watch_call *call, void *data, struct fault *fault);
/* Ends and joins the thread; nothing is called any more. NULL is fine. */
void watch_close(struct watch *watch);
/* Other roots or extras (a path dependency came): walks what is new. */
void watch_change(struct watch *watch, const struct strings *roots, const struct strings *extras);
/* Holds batches back (they gather into one) or lets them go. What was settled
 * before is still told. */
void watch_pause(struct watch *watch, bool pause);
/* Folders under a watch of their own. */
unsigned watch_folder_count(const struct watch *watch);

/* ---- parts with tests of their own ------------------------------------------ */

/* Stops reading what the kernel says, so that its queue overflows, or goes on. */
void watch_hold_reading(struct watch *watch, bool hold);

/* gitignore(5) patterns of one folder, in order: the text of a .gitignore. */
struct ignore_list;
struct ignore_list *ignore_open(const char *text, size_t len);
void ignore_close(struct ignore_list *list);
/* 1: ignored, -1: named by a `!` line, 0: this list does not speak. `path` is
 * below the list's folder, without a slash at either end. What is below an
 * ignored folder is the caller's to know: it does not enter it. */
int ignore_match(const struct ignore_list *list, const char *path, bool is_folder);

/* Names that editors make while saving and that are never a source: swap
 * files, backups, `4913`, `.#name`, `___jb_tmp___`, … */
bool watch_is_noise(const char *name);

#endif
