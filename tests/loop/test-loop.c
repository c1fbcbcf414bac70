/* The loop with real descriptors, timers, signals, threads and children. */
#include "../unit.h"
#include "cargodeck/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct seen {
	struct loop *loop;
	int calls, status, signal_number;
	struct str out;
	struct loop_fd *watch;
	struct loop_timer *timer;
};

static void on_fd(void *data, int fd, int events)
{
	struct seen *seen = data;
	char letter;
	assert_true(events & LOOP_READ);
	assert_int_equal(read(fd, &letter, 1), 1);
	seen->calls++;
	loop_fd_close(seen->watch); /* from inside its own call */
	loop_stop(seen->loop);
}

static void waits_for_descriptors(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	struct seen seen = {.loop = loop_open()};
	seen.watch = loop_fd_open(seen.loop, ends[0], LOOP_READ, on_fd, &seen);
	assert_int_equal(write(ends[1], "x", 1), 1);
	loop_run(seen.loop);
	assert_int_equal(seen.calls, 1);
	loop_close(seen.loop);
	close(ends[0]);
	close(ends[1]);
}

static void on_timer(void *data)
{
	struct seen *seen = data;
	if (++seen->calls == 3) {
		loop_timer_close(seen->timer);
		loop_stop(seen->loop);
	}
}

static void repeats_timers(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_open()};
	seen.timer = loop_timer_open(seen.loop, on_timer, &seen);
	assert_false(loop_timer_is_set(seen.timer));
	loop_timer_set(seen.timer, 1, 1);
	loop_run(seen.loop);
	assert_int_equal(seen.calls, 3);
	loop_close(seen.loop);
}

static void on_due(void *data)
{
	struct seen *seen = data;
	seen->calls++;
}

/* libuv runs timers that are due before it waits: what they did must not be
 * left lying until something else happens. */
static void ends_the_turn_of_a_timer(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_open()};
	seen.timer = loop_timer_open(seen.loop, on_due, &seen);
	loop_timer_set(seen.timer, 0, 0);
	alarm(10); /* with nothing else to come a wait would be without end */
	loop_turn(seen.loop, -1);
	alarm(0);
	assert_int_equal(seen.calls, 1);
	loop_timer_close(seen.timer);
	loop_close(seen.loop);
}

static void on_signal(void *data, int number)
{
	struct seen *seen = data;
	seen->signal_number = number;
	loop_stop(seen->loop);
}

static void hears_signals(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_open()};
	struct loop_signal *signal_watch = loop_signal_open(seen.loop, SIGUSR1, on_signal, &seen);
	raise(SIGUSR1);
	loop_run(seen.loop);
	assert_int_equal(seen.signal_number, SIGUSR1);
	loop_signal_close(signal_watch);
	loop_close(seen.loop);
}

static void on_posted(void *data)
{
	struct seen *seen = data;
	if (++seen->calls == 1000)
		loop_stop(seen->loop);
}

static void *post_many(void *data)
{
	struct seen *seen = data;
	for (int i = 0; i < 1000; i++)
		loop_post(seen->loop, on_posted, seen);
	return NULL;
}

static void takes_work_from_threads(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_open()};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, post_many, &seen), 0);
	loop_run(seen.loop);
	pthread_join(thread, NULL);
	assert_int_equal(seen.calls, 1000);
	loop_close(seen.loop);
}

static void on_out(void *data, const char *bytes, size_t len)
{
	struct seen *seen = data;
	str_add_bytes(&seen->out, bytes, len);
}

static void on_done(void *data, int status, int signal_number)
{
	struct seen *seen = data;
	seen->status = status;
	seen->signal_number = signal_number;
	seen->calls++;
	loop_stop(seen->loop);
}

static void ends_whole_groups(void **state)
{
	(void)state;
	static const char *const argv[] = {"sh", "-c", "sleep 1000 & echo started; wait", NULL};
	static const struct loop_child_call calls = {on_out, NULL, on_done};
	struct seen seen = {.loop = loop_open()};
	struct fault fault;
	struct loop_child *child = loop_child_open(seen.loop,
		&(struct loop_child_options){.argv = argv}, &calls, &seen, &fault);
	assert_non_null(child);
	while (strstr(str_text(&seen.out), "started") == NULL)
		loop_turn(seen.loop, -1);
	/* the stream ends only when the grandchild is gone too */
	loop_child_kill(child, SIGTERM);
	loop_run(seen.loop);
	assert_int_equal(seen.status, -1);
	assert_int_equal(seen.signal_number, SIGTERM);
	loop_child_close(child);
	str_finish(&seen.out);
	loop_close(seen.loop);
}

static void runs_to_the_end(void **state)
{
	(void)state;
	struct fault fault;
	auto_str out = {0}, err = {0};
	static const char *const argv[] = {"sh", "-c", "cat; echo bad >&2; exit 7", NULL};
	int status = loop_child_run(&(struct loop_child_options){.argv = argv, .input = "hello", .input_len = 5},
		10000, &out, &err, &fault);
	assert_int_equal(status, 7);
	assert_string_equal(out.data, "hello");
	assert_string_equal(err.data, "bad\n");
}

static void tells_what_cannot_start(void **state)
{
	(void)state;
	struct fault fault;
	static const char *const argv[] = {"no-such-program-here", NULL};
	assert_int_equal(loop_child_run(&(struct loop_child_options){.argv = argv}, 1000, NULL, NULL, &fault), -1);
	assert_int_equal(fault.code, FAULT_OUTSIDE);
	assert_non_null(strstr(fault.text, "no-such-program-here"));
	static const char *const slow[] = {"sleep", "1000", NULL};
	assert_int_equal(loop_child_run(&(struct loop_child_options){.argv = slow}, 20, NULL, NULL, &fault), -1);
	assert_int_equal(fault.code, FAULT_FAILED);
}

static void on_saved(void *data)
{
	struct seen *seen = data;
	seen->calls++;
	loop_stop(seen->loop);
}

static void hears_of_a_file(void **state)
{
	(void)state;
	char folder[] = "/tmp/cargodeck-loop-XXXXXX";
	assert_non_null(mkdtemp(folder));
	auto_free char *below = path_join(folder, "one/two"), *path = path_join(below, "file"), *other = path_join(below, "other");
	struct seen seen = {.loop = loop_open()};
	struct loop_file *file = loop_file_open(seen.loop, path, on_saved, &seen);
	/* neither it nor its folders are there yet */
	assert_true(dir_make_all(below, 0700, NULL));
	assert_true(file_write(path, "a", 1, 0600, NULL));
	loop_run(seen.loop);
	assert_int_equal(seen.calls, 1);
	/* replaced, as editors do; another file says nothing */
	assert_true(file_write(other, "a", 1, 0600, NULL));
	assert_true(file_write(path, "bc", 2, 0600, NULL));
	loop_run(seen.loop);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(unlink(path), 0);
	loop_run(seen.loop);
	assert_int_equal(seen.calls, 3);
	loop_file_close(file);
	loop_close(seen.loop);
	assert_true(dir_remove_all(folder, NULL));
}

static void closes_a_running_child(void **state)
{
	(void)state;
	static const char *const argv[] = {"sleep", "1000", NULL};
	static const struct loop_child_call calls = {on_out, on_out, on_done};
	struct seen seen = {.loop = loop_open()};
	struct loop_child *child = loop_child_open(seen.loop,
		&(struct loop_child_options){.argv = argv}, &calls, &seen, NULL);
	pid_t pid = loop_child_pid(child);
	loop_child_close(child);
	loop_close(seen.loop); /* waits for the reaping */
	assert_int_equal(seen.calls, 0);
	assert_int_equal(kill(pid, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_descriptors),
		cmocka_unit_test(repeats_timers),
		cmocka_unit_test(ends_the_turn_of_a_timer),
		cmocka_unit_test(hears_signals),
		cmocka_unit_test(takes_work_from_threads),
		cmocka_unit_test(ends_whole_groups),
		cmocka_unit_test(runs_to_the_end),
		cmocka_unit_test(tells_what_cannot_start),
		cmocka_unit_test(closes_a_running_child),
		cmocka_unit_test(hears_of_a_file),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
