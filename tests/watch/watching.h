/* What the tests of the watch share: a folder of their own, a watch on it,
 * and what it told. Everything is waited for by turning the loop. */
#ifndef TESTS_WATCHING_H
#define TESTS_WATCHING_H

#include "../unit.h"
#include "cargodeck/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 20000 };

struct watching {
	struct loop *loop;
	struct watch *watch;
	struct watch_options options;
	char *top; /* below it everything happens */
	struct strings roots, extras, pruned;
	/* what was told */
	unsigned ready, changed, earlies, settleds, nothings, troubles;
	unsigned folders, number;
	struct strings early_paths; /* of the last early() */
	struct strings paths, stale; /* of the last settled() */
	struct strings all_paths; /* of each settled(): one turn may tell several */
	bool storm, rescanned, grew;
	uint64_t wrote_ns, first_ns, settled_ns, early_at_ns, early_first_ns;
	struct fault fault;
};

static inline void keep(struct strings *to, const struct strings *from)
{
	strings_finish(to);
	strings_copy(to, from);
}

static inline void heard_early(void *data, unsigned number, const struct watch_batch *batch)
{
	struct watching *at = data;
	at->earlies++;
	at->number = number;
	at->early_at_ns = clock_now_ns();
	at->early_first_ns = batch->first_ns;
	assert_int_equal(batch->settled_ns, 0);
	keep(&at->early_paths, batch->paths);
}

static inline void heard_settled(void *data, unsigned number, const struct watch_batch *batch)
{
	struct watching *at = data;
	at->settleds++;
	at->number = number;
	keep(&at->paths, batch->paths);
	strings_copy(&at->all_paths, batch->paths);
	keep(&at->stale, batch->stale);
	at->storm = batch->storm;
	at->rescanned = batch->rescanned;
	at->grew = batch->grew;
	at->wrote_ns = batch->wrote_ns;
	at->first_ns = batch->first_ns;
	at->settled_ns = batch->settled_ns;
}

static inline void heard_nothing(void *data, unsigned number)
{
	struct watching *at = data;
	assert_int_equal(number, at->number);
	at->nothings++;
}

static inline void heard_trouble(void *data, const struct fault *fault)
{
	struct watching *at = data;
	at->troubles++;
	at->fault = *fault;
}

static inline void heard_ready(void *data, unsigned folders, uint64_t ns)
{
	struct watching *at = data;
	assert_true(ns > 0);
	at->ready++;
	at->folders = folders;
}

static inline void heard_changed(void *data, unsigned folders, uint64_t ns)
{
	struct watching *at = data;
	assert_true(ns > 0);
	at->changed++;
	at->folders = folders;
}

static const struct watch_call watching_call = {
	.early = heard_early, .settled = heard_settled, .nothing = heard_nothing,
	.trouble = heard_trouble, .ready = heard_ready, .changed = heard_changed,
};

/* One turn that waits at most `ms`, whatever the loop's own clock says. */
static inline void turn(struct watching *at, int ms)
{
	struct pollfd wait = {.fd = loop_descriptor(at->loop), .events = POLLIN};
	poll(&wait, 1, ms);
	loop_turn(at->loop, 0);
}

/* Turns the loop for `ms`: for what must not come. */
static inline void turn_for(struct watching *at, unsigned ms)
{
	uint64_t end = clock_now_ns() + (uint64_t)ms * 1000000;
	while (clock_now_ns() < end)
		turn(at, 1);
}

/* Turns the loop until *count is at least `wanted`. */
static inline void wait_for(struct watching *at, const unsigned *count, unsigned wanted)
{
	uint64_t end = clock_now_ns() + (uint64_t)LONG_MS * 1000000;
	while (*count < wanted) {
		if (clock_now_ns() > end)
			fail_msg("nothing came in %d ms", LONG_MS);
		turn(at, 100);
	}
}

static inline void watching_open(struct watching *at)
{
	struct fault fault = {0};
	at->options.roots = &at->roots;
	at->options.extras = &at->extras;
	at->options.pruned = &at->pruned;
	at->watch = watch_open(at->loop, &at->options, &watching_call, at, &fault);
	if (at->watch == NULL)
		fail_msg("%s", fault.text);
	wait_for(at, &at->ready, 1);
}

static inline void watching_init(struct watching *at)
{
	*at = (struct watching){.loop = loop_open(), .options.poll_ms = 100};
	const char *tmp = getenv("TMPDIR");
	at->top = mem_print("%s/watching.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(at->top));
	strings_add(&at->roots, at->top);
}

static inline void watching_finish(struct watching *at)
{
	watch_close(at->watch);
	loop_close(at->loop);
	struct fault fault = {0};
	assert_true(dir_remove_all(at->top, &fault));
	free(at->top);
	struct strings *lists[] = {&at->roots, &at->extras, &at->pruned, &at->early_paths, &at->paths, &at->stale,
		&at->all_paths};
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		strings_finish(lists[i]);
}

/* ---- files below the top ---- */

static inline char *below(const struct watching *at, const char *name)
{
	return path_join(at->top, name);
}

static inline void make_folder(const struct watching *at, const char *name)
{
	struct fault fault = {0};
	auto_free char *path = below(at, name);
	assert_true(dir_make_all(path, 0755, &fault));
}

/* Opens, writes, closes: the plain way of saving. */
static inline void put(const struct watching *at, const char *name, const char *text)
{
	auto_free char *path = below(at, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void move(const struct watching *at, const char *from, const char *to)
{
	auto_free char *old = below(at, from), *new = below(at, to);
	assert_int_equal(rename(old, new), 0);
}

static inline void drop(const struct watching *at, const char *name)
{
	auto_free char *path = below(at, name);
	assert_int_equal(unlink(path), 0);
}

/* `seconds` from now; negative: in the past. */
static inline void set_time(const struct watching *at, const char *name, int seconds)
{
	auto_free char *path = below(at, name);
	struct timespec times[2];
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec += seconds;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Where a file is as if saved long ago. */
static inline void put_old(const struct watching *at, const char *name, const char *text)
{
	put(at, name, text);
	set_time(at, name, -3600);
}

/* ---- what is expected ---- */

static inline bool told(const struct watching *at, const struct strings *list, const char *name)
{
	auto_free char *path = below(at, name);
	return strings_have(list, path);
}

/* The next settled batch holds just these names, NULL at the end. */
static inline void expect_settled(struct watching *at, ...)
{
	wait_for(at, &at->settleds, at->settleds + 1);
	va_list names;
	va_start(names, at);
	size_t count = 0;
	for (const char *name; (name = va_arg(names, const char *)) != NULL; count++)
		if (!told(at, &at->paths, name))
			fail_msg("%s was not told; first of %zu: %s", name, at->paths.count,
				at->paths.count > 0 ? at->paths.items[0] : "-");
	va_end(names);
	if (at->paths.count != count)
		fail_msg("%zu paths were told, not %zu; the first and the last: %s %s", at->paths.count, count,
			at->paths.items[0], at->paths.items[at->paths.count - 1]);
}

#endif
