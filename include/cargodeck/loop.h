/* loop: the one place that waits. Descriptors, timers, signals, children and
 * work posted from threads; everything is called back on the thread that runs
 * the loop. Each registration takes a callback, its data, and is closed by its
 * owner before the loop is. Callbacks may close any registration, their own
 * too. */
#ifndef CARGODECK_LOOP_H
#define CARGODECK_LOOP_H

#include "cargodeck/base.h"
#include <sys/types.h>

struct loop;

struct loop *loop_open(void);
/* Everything registered must be closed; what is left is named in the log and
 * the program is ended (a leak is a defect). NULL is fine. */
void loop_close(struct loop *loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* One turn: waits at most `wait_ms` (-1: until something happens, 0: not at
 * all), dispatches, runs due timers, then calls the turn hook. For tests. */
void loop_turn(struct loop *loop, int wait_ms);
/* Called at the end of each turn, before the next wait: where the screen is
 * drawn. One hook; NULL takes it away. */
void loop_set_turn_hook(struct loop *loop, void (*hook)(void *data), void *data);
/* The loop's libuv loop as a pollable descriptor, for nesting. */
int loop_descriptor(const struct loop *loop);

/* ---- descriptors ---- */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_fd;
typedef void (*loop_fd_call)(void *data, int fd, int events);
/* `fd` stays the caller's; it must be closed after loop_fd_close(). */
struct loop_fd *loop_fd_open(struct loop *loop, int fd, int events, loop_fd_call call, void *data);
void loop_fd_want(struct loop_fd *watch, int events); /* 0: pause */
void loop_fd_close(struct loop_fd *watch); /* NULL is fine */

/* ---- timers ---- */
struct loop_timer;
typedef void (*loop_call)(void *data);
/* Made stopped. */
struct loop_timer *loop_timer_open(struct loop *loop, loop_call call, void *data);
/* Fires once after `ms`, then each `repeat_ms` where that is not 0. Setting it
 * again replaces the earlier time. */
void loop_timer_set(struct loop_timer *timer, uint64_t ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);
void loop_timer_close(struct loop_timer *timer); /* NULL is fine */

/* ---- signals ---- */
struct loop_signal;
typedef void (*loop_signal_call)(void *data, int number);
struct loop_signal *loop_signal_open(struct loop *loop, int number, loop_signal_call call, void *data);
void loop_signal_close(struct loop_signal *signal); /* NULL is fine */

/* ---- a file ---- */
struct loop_file;
/* Calls some 50 ms after the file at `path` was written, replaced, made or
 * removed. It need not exist, nor its folder. */
struct loop_file *loop_file_open(struct loop *loop, const char *path, loop_call call, void *data);
void loop_file_close(struct loop_file *file); /* NULL is fine */

/* ---- work from threads ---- */
/* The only function here that another thread may call: `call(data)` runs on
 * the loop's thread in order of posting. */
void loop_post(struct loop *loop, loop_call call, void *data);

/* ---- children ---- */
struct loop_child;
struct loop_child_call {
	/* Bytes of standard output or error; borrowed. Either may be NULL: then
	 * that stream is the null device. */
	void (*out)(void *data, const char *bytes, size_t len);
	void (*err)(void *data, const char *bytes, size_t len);
	/* Called once, after both streams ended: exit status, or -1 and the signal. */
	void (*done)(void *data, int status, int signal_number);
};
struct loop_child_options {
	const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH */
	const char *const *env; /* NULL: this process's environment */
	const char *cwd; /* NULL: this process's folder */
	const char *input; /* written to standard input, then closed; NULL: null device */
	size_t input_len;
	bool own_terminal; /* the child keeps our descriptors 0-2 ($EDITOR, $PAGER) */
};
/* Starts a child in a process group of its own (unless own_terminal). */
struct loop_child *loop_child_open(struct loop *loop, const struct loop_child_options *options,
	const struct loop_child_call *call, void *data, struct fault *fault);
pid_t loop_child_pid(const struct loop_child *child);
/* Signals the whole group. */
void loop_child_kill(struct loop_child *child, int number);
/* Forgets the child; one that still runs is killed with its group (SIGKILL)
 * and reaped. Nothing is called any more. NULL is fine. */
void loop_child_close(struct loop_child *child);

/* Runs a command to its end while the loop turns (nothing else is dispatched:
 * it has a small loop of its own); for commands without a screen. `out` and
 * `err` may be NULL. Returns the exit status, or -1 and a fault where it could
 * not be started, was killed, or took longer than `timeout_ms`. */
int loop_child_run(const struct loop_child_options *options, unsigned timeout_ms,
	struct str *out, struct str *err, struct fault *fault);

#endif
