/* The room engine on the real engine: logs, events, attached streams, archives,
 * exec and usage of a container of its own. Needs the image debian:bookworm-slim
 * (or the one that LIVE_IMAGE names). Prints TAP; 77: it cannot run here. */
#include "../unit.h"
#include "cargodeck/engine.h"

#include <stdio.h>
#include <unistd.h>

enum { FLOOD = 100000, PATIENCE_S = 120 };

#define wait_until(world, done) \
	do { \
		uint64_t until_ = clock_now_ns() + PATIENCE_S * 1000000000ull; \
		while (!(done) && clock_now_ns() < until_) \
			loop_turn((world)->loop, 1000); \
		if (!(done)) \
			fail_msg("never came: %s", #done); \
	} while (0)

struct world {
	struct loop *loop;
	struct engine *engine;
	char *id;
	struct engine_log *log;
	struct engine_stream *stream;
	/* heard */
	unsigned lines, wrong, ends, gaps, opens, starts, dies;
	int exit_code, last_stream;
	size_t longest;
	struct str last, bytes;
	bool stream_ended;
};

static void on_line(void *data, const struct engine_log_line *line)
{
	struct world *world = data;
	char want[32];
	snprintf(want, sizeof want, "%u", ++world->lines);
	world->wrong += line->len != strlen(want) || memcmp(line->text, want, line->len) != 0;
	world->longest = line->len > world->longest ? line->len : world->longest;
	world->last_stream = line->stream;
	str_clear(&world->last);
	str_add_bytes(&world->last, line->text, line->len < 100 ? line->len : 100);
}

static void on_gap(void *data)
{
	((struct world *)data)->gaps++;
}

static void on_log_end(void *data, const struct fault *fault)
{
	if (fault != NULL)
		print_message("# log: %s\n", fault->text);
	((struct world *)data)->ends++;
}

static void on_open(void *data)
{
	((struct world *)data)->opens++;
}

static void on_bytes(void *data, int stream, const char *bytes, size_t len)
{
	(void)stream;
	str_add_bytes(&((struct world *)data)->bytes, bytes, len);
}

static void on_stream_end(void *data, const struct fault *fault)
{
	if (fault != NULL)
		print_message("# stream: %s\n", fault->text);
	((struct world *)data)->stream_ended = true;
}

static void on_lost(void *data, const struct fault *fault)
{
	(void)data;
	fail_msg("%s", fault->text);
}

static void on_back(void *data)
{
	(void)data;
}

static void on_event(void *data, const struct engine_event *event)
{
	struct world *world = data;
	if (!text_equal(event->id, world->id))
		return;
	world->starts += text_equal(event->action, "start");
	if (!text_equal(event->action, "die"))
		return;
	world->dies++;
	world->exit_code = event->exit_code;
}

static const struct engine_log_call log_calls = {.line = on_line, .gap = on_gap, .end = on_log_end};
static const struct engine_stream_call stream_calls = {.open = on_open, .bytes = on_bytes, .end = on_stream_end};
static const struct engine_call event_calls = {.lost = on_lost, .back = on_back, .event = on_event};

/* ---- a container ---- */

static json_t *ask(struct world *world, const char *method, const char *path, const char *body)
{
	struct fault fault = {0};
	json_t *json = engine_wait(world->engine, method, path, body, PATIENCE_S * 1000, &fault);
	if (json == NULL)
		fail_msg("%s %s: %s", method, path, fault.text);
	return json;
}

static void order(struct world *world, const char *verb)
{
	auto_free char *path = mem_print("/containers/%s/%s", world->id, verb);
	json_decref(ask(world, "POST", path, NULL));
}

static const char *image(void)
{
	const char *named = getenv("LIVE_IMAGE");
	return named != NULL ? named : "debian:bookworm-slim";
}

/* A container that runs `script` when a line comes in. */
static void make(struct world *world, const char *script, bool tty)
{
	json_t *body = json_pack("{s:s, s:[s,s,s], s:b, s:b, s:b, s:{s:s}, s:{s:{s:s, s:{s:s, s:s}}}}", "Image", image(), "Cmd", "sh", "-c",
		script, "Tty", tty, "OpenStdin", true, "StdinOnce", false, "Labels", "dev.cargodeck.project", "cdlive-engine", "HostConfig",
		"LogConfig", "Type", "json-file", "Config", "max-size", "10m", "max-file", "3");
	char *text = json_dumps(body, JSON_COMPACT);
	json_t *made = ask(world, "POST", "/containers/create", text);
	world->id = mem_copy_string(json_string_value(json_object_get(made, "Id")));
	json_decref(made);
	json_decref(body);
	free(text);
	assert_non_null(world->id);
}

static void attach(struct world *world, bool tty)
{
	auto_free char *path = mem_print("/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1", world->id);
	struct fault fault = {0};
	world->stream = engine_stream_open(world->engine, path, NULL, !tty, &stream_calls, world, &fault);
	wait_until(world, world->opens == 1);
}

static void run(struct world *world, const char *script, bool tty)
{
	make(world, script, tty);
	order(world, "start");
	world->log = engine_log_open(world->engine, world->id, tty, 10, true, &log_calls, world);
	attach(world, tty);
}

static int set_up(void **state)
{
	struct fault fault = {0};
	struct world *world = mem_alloc(sizeof *world);
	world->loop = loop_open();
	world->engine = engine_open(world->loop, NULL, NULL, &fault);
	*state = world;
	if (world->engine == NULL)
		print_message("# %s\n", fault.text);
	return world->engine != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	engine_log_close(world->log);
	engine_stream_close(world->stream);
	if (world->engine != NULL && world->id != NULL) {
		auto_free char *path = mem_print("/containers/%s?force=1&v=1", world->id);
		json_decref(engine_wait(world->engine, "DELETE", path, NULL, PATIENCE_S * 1000, NULL));
	}
	engine_close(world->engine);
	loop_turn(world->loop, 0);
	loop_close(world->loop);
	str_finish(&world->last);
	str_finish(&world->bytes);
	free(world->id);
	free(world);
	return 0;
}

/* ---- tests ---- */

static void a_flood_comes_whole_and_in_order(void **state)
{
	struct world *world = *state;
	auto_free char *script = mem_print("read go; seq 1 %d; read go; printf 'last words'; exit 3", FLOOD);
	engine_follow(world->engine, "cdlive-engine", &event_calls, world);
	run(world, script, false);
	uint64_t began = clock_now_ns();
	engine_stream_write(world->stream, "go\n", 3);
	wait_until(world, world->lines >= FLOOD);
	double seconds = (double)(clock_now_ns() - began) / 1e9;
	print_message("# %d lines in %.2f s, %.0f k lines/s\n", FLOOD, seconds, FLOOD / seconds / 1e3);
	assert_int_equal(world->wrong, 0);
	/* what stands in the log is not asked for twice after a pause */
	engine_log_pause(world->log);
	engine_log_resume(world->log);
	engine_stream_write(world->stream, "go\n", 3);
	wait_until(world, world->ends == 1 && world->dies == 1);
	assert_int_equal(world->lines, FLOOD + 1);
	assert_string_equal(world->last.data, "last words");
	assert_int_equal(world->exit_code, 3);
	assert_int_equal(world->starts, 1);
	assert_int_equal(world->gaps, 0);
	assert_true(world->stream_ended);
}

/* The log is rotated while it is followed. */
static void a_rotated_log_is_whole_at_its_end(void **state)
{
	struct world *world = *state;
	auto_free char *script = mem_print("read go; seq 1 %d", 2 * FLOOD);
	run(world, script, false);
	engine_stream_write(world->stream, "go\n", 3);
	wait_until(world, world->ends == 1);
	assert_int_equal(world->lines, 2 * FLOOD);
	assert_int_equal(world->wrong, 0);
	assert_int_equal(world->gaps, 0);
}

static void a_container_that_ran_again_goes_on(void **state)
{
	struct world *world = *state;
	run(world, "read go; echo one; echo two >&2", false);
	for (unsigned turn = 1; turn <= 3; turn++) {
		engine_stream_write(world->stream, "go\n", 3);
		wait_until(world, world->ends == turn);
		assert_int_equal(world->lines, 2 * turn);
		engine_stream_close(world->stream);
		world->stream = NULL;
		world->opens = 0;
		order(world, "start");
		engine_log_resume(world->log);
		attach(world, false);
	}
	assert_int_equal(world->gaps, 0);
}

static void long_lines_are_one(void **state)
{
	struct world *world = *state;
	for (int tty = 0; tty < 2; tty++) {
		run(world, "read go; head -c 40000 /dev/zero | tr '\\0' x; echo; echo end", tty);
		engine_stream_write(world->stream, "go\n", 3);
		wait_until(world, world->ends == 1);
		assert_int_equal(world->longest, 40000);
		assert_string_equal(world->last.data, "end");
		assert_int_equal(world->lines, tty ? 3 : 2); /* a terminal echoes what comes in */
		if (tty)
			return;
		auto_free char *path = mem_print("/containers/%s?force=1", world->id);
		json_decref(ask(world, "DELETE", path, NULL));
		engine_log_close(steal(&world->log));
		engine_stream_close(steal(&world->stream));
		free(steal(&world->id));
		world->lines = world->ends = world->opens = 0;
		world->longest = 0;
	}
}

static void archives_and_execs_work(void **state)
{
	struct world *world = *state;
	make(world, "read go", false);
	order(world, "start");
	auto_str tar = {0};
	struct fault fault = {0};
	tar_add_file(&tar, "tmp/sent", "sent by archive", 15, 0644);
	tar_end(&tar);
	auto_free char *path = mem_print("/containers/%s/archive?path=/", world->id);
	json_t *put = engine_wait_send(world->engine, "PUT", path, "application/x-tar", tar.data, tar.len, 30000, &fault);
	if (put == NULL)
		fail_msg("%s", fault.text);
	auto_free char *create = mem_print("/containers/%s/exec", world->id);
	json_t *made = ask(world, "POST", create, "{\"AttachStdin\":true,\"AttachStdout\":true,\"Cmd\":[\"sh\",\"-c\",\"cat /tmp/sent; cat\"]}");
	auto_free char *start = mem_print("/exec/%s/start", json_string_value(json_object_get(made, "Id")));
	json_decref(made);
	world->stream = engine_stream_open(world->engine, start, "{\"Detach\":false,\"Tty\":false}", true, &stream_calls, world, &fault);
	engine_stream_write(world->stream, ", and by exec", 13);
	wait_until(world, world->bytes.len == 28);
	assert_string_equal(world->bytes.data, "sent by archive, and by exec");
}

static void a_missing_exec_is_named(void **state)
{
	struct world *world = *state;
	struct fault fault = {0};
	world->stream = engine_stream_open(world->engine, "/exec/nothing/start", "{}", true, &stream_calls, world, &fault);
	wait_until(world, world->stream_ended);
	assert_int_equal(world->opens, 0);
	assert_null(engine_wait(world->engine, "GET", "/containers/nothing/json", NULL, 10000, &fault));
	assert_int_equal(fault.code, FAULT_FAILED);
	assert_non_null(strstr(fault.text, "o such container"));
}

static void lists_and_inspects(void **state)
{
	struct world *world = *state;
	make(world, "read go", false);
	order(world, "start");
	json_t *json = ask(world, "GET", "/containers/json?all=1", NULL);
	struct engine_containers list = {0};
	engine_containers_read(json, &list);
	json_decref(json);
	bool seen = false;
	for (size_t i = 0; i < list.count; i++)
		seen = seen || (text_equal(list.items[i].id, world->id) && text_equal(list.items[i].state, "running"));
	engine_containers_finish(&list);
	assert_true(seen);
	auto_free char *path = mem_print("/containers/%s/json", world->id);
	json = ask(world, "GET", path, NULL);
	struct engine_inspect inspect;
	engine_inspect_read(json, &inspect);
	json_decref(json);
	assert_true(inspect.running);
	assert_true(inspect.started_ns > 0 && inspect.finished_ns == -1);
	assert_true(inspect.pid > 0);
	engine_inspect_finish(&inspect);
	struct engine_usage_state usage_state = {0};
	struct engine_usage usage;
	if (!engine_is_local(world->engine) || !engine_usage_read(world->id, &usage_state, &usage)) {
		print_message("# usage: the cgroup files cannot be read here\n");
		return;
	}
	assert_true(usage.memory > 0 && usage.cpu_percent < 0);
	assert_true(engine_usage_read(world->id, &usage_state, &usage));
	assert_true(usage.cpu_percent >= 0 && usage.cpu_percent < 200);
}

static bool has_image(void)
{
	struct fault fault = {0};
	struct loop *loop = loop_open();
	struct engine *engine = engine_open(loop, NULL, NULL, &fault);
	auto_free char *path = mem_print("/images/%s/json", image());
	json_t *json = engine != NULL ? engine_wait(engine, "GET", path, NULL, 10000, &fault) : NULL;
	if (json == NULL)
		printf("%s\n", fault.text);
	json_decref(json);
	engine_close(engine);
	loop_turn(loop, 0);
	loop_close(loop);
	return json != NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_comes_whole_and_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rotated_log_is_whole_at_its_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_container_that_ran_again_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_lines_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(archives_and_execs_work, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_exec_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_and_inspects, set_up, tear_down),
	};
	if (!has_image())
		return 77;
	return cmocka_run_group_tests_name("engine, live", tests, NULL, NULL);
}
