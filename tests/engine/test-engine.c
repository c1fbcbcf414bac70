/* Finding the engine, agreeing with it, requests and events, against a scripted
 * engine that stalls, lies, breaks off and goes away. */
#include "fake.h"

#include <stdio.h>
#include <unistd.h>

static struct engine *open_engine(struct loop *loop, struct fake *fake)
{
	struct fault fault = {0};
	struct engine *engine = engine_open(loop, fake_host(fake), NULL, &fault);
	if (engine == NULL)
		fail_msg("%s", fault.text);
	return engine;
}

/* ---- agreeing ---- */

static bool serve_text(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)path;
	(void)body;
	peer_say(peer, data);
	return false;
}

#define JSON_200(body) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body

static void odd_engines_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *text, *mend;
		enum fault_code code;
	} cases[] = {
		{JSON_200("{\"Version\":\"18.09\",\"ApiVersion\":\"1.39\",\"MinAPIVersion\":\"1.12\"}"),
			"the engine 18.09 speaks API 1.39; cargodeck needs 1.41 (Docker 20.10) or newer", "install a newer Docker Engine", FAULT_OUTSIDE},
		{JSON_200("{\"Version\":\"99\\u001b[2J\",\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.60\"}"),
			"the engine 99 [2J wants API 1.60 or newer; this cargodeck speaks 1.47", "newer cargodeck", FAULT_OUTSIDE},
		{JSON_200("{\"hello\":\"world\"}"), "is no Docker Engine", "DOCKER_HOST", FAULT_OUTSIDE},
		{JSON_200("<html>"), "is no Docker Engine", "DOCKER_HOST", FAULT_OUTSIDE},
		{JSON_200("{\"ApiVersion\":[1]}"), "is no Docker Engine", "DOCKER_HOST", FAULT_OUTSIDE},
		{"SSH-2.0-OpenSSH_9.2\r\n", "does not answer", "is it running?", FAULT_OUTSIDE},
		{"", "does not answer", "is it running?", FAULT_OUTSIDE},
		{"HTTP/1.1 500 x\r\nContent-Length: 18\r\n\r\n{\"message\":\"boom\"}", "the engine said: boom", "", FAULT_OUTSIDE},
		{"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", "the engine said: status 500, without a reason", "", FAULT_OUTSIDE},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ApiVer", "does not answer", "is it running?", FAULT_OUTSIDE},
		{"HTTP/1.1 403 x\r\nContent-Length: 11\r\n\r\nno\033[31m way", "the engine said: no [31m way", "", FAULT_FAILED},
	};
	struct loop *loop = loop_open();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault fault = {0};
		struct fake *fake = fake_open(serve_text, (void *)(uintptr_t)cases[i].answer);
		assert_null(engine_open(loop, fake_host(fake), NULL, &fault));
		if (strstr(fault.text, cases[i].text) == NULL || strstr(fault.mend, cases[i].mend) == NULL || fault.code != cases[i].code)
			fail_msg("case %zu: \"%s\" (%s), code %d", i, fault.text, fault.mend, fault.code);
		fake_close(fake);
	}
	loop_close(loop);
}

static void nobody_there_is_named(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fault fault = {0};
	assert_null(engine_open(loop, "unix:///nowhere/engine.sock", NULL, &fault));
	assert_int_equal(fault.code, FAULT_OUTSIDE);
	assert_non_null(strstr(fault.text, "the engine at unix:///nowhere/engine.sock does not answer"));
	assert_non_null(strstr(fault.mend, "is it running?"));
	assert_null(engine_open(loop, "ssh://me@far", NULL, &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
	assert_non_null(strstr(fault.mend, "ssh -nNT -L"));
	static const char *const wrong[] = {"", "unix://", "unix://relative", "tcp://", "npipe:////./pipe/docker", "\033[2J"};
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		assert_null(engine_open(loop, wrong[i], NULL, &fault));
		assert_int_equal(fault.code, FAULT_USAGE);
		assert_null(strchr(fault.text, '\033'));
	}
	loop_close(loop);
}

static bool serve_newer(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	if (strcmp(path, "/version") == 0)
		return peer_answer(peer, 200, "{\"Version\":\"29.0\",\"ApiVersion\":\"1.60\",\"MinAPIVersion\":\"1.44\"}");
	return peer_answer(peer, 200, "[]");
}

static void versions_are_agreed_on(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_newer, NULL);
	struct engine *engine = open_engine(loop, fake);
	assert_string_equal(engine_api_version(engine), "1.47");
	assert_string_equal(engine_address(engine), fake_host(fake));
	assert_true(engine_is_local(engine));
	json_t *json = engine_wait(engine, "GET", "/containers/json", NULL, 5000, NULL);
	assert_true(json_is_array(json));
	json_decref(json);
	assert_int_equal(fake_asked(fake, "GET /v1.47/containers/json"), 1);
	engine_close(engine);
	fake_close(fake);
	loop_close(loop);
}

/* ---- requests ---- */

static bool serve_requests(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)data;
	if (serve_version(peer, path))
		return true;
	if (strcmp(path, "/echo") == 0)
		return peer_answer(peer, 200, body);
	if (strcmp(path, "/missing") == 0)
		return peer_answer(peer, 404, "{\"message\":\"No such container: x\"}");
	if (strcmp(path, "/already") == 0)
		return peer_say(peer, "HTTP/1.1 304 Not Modified\r\n\r\n");
	if (strcmp(path, "/broken") == 0)
		return peer_answer(peer, 500, "{\"message\":\"\\u001b[31mdisk full\"}");
	if (strcmp(path, "/cut") == 0)
		return peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1,2") && false;
	if (strcmp(path, "/garbage") == 0)
		return peer_answer(peer, 200, "{\"never\": ended");
	if (strcmp(path, "/nul") == 0)
		return peer_answer(peer, 200, "{\"a\":\"x\\u0000y\",\"b\":2}");
	peer_wait_gone(peer); /* /stall */
	return false;
}

static void answers_and_faults(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum fault_code code;
		const char *text;
	} cases[] = {
		{"/missing", FAULT_FAILED, "the engine said: No such container: x"},
		{"/broken", FAULT_OUTSIDE, "the engine said:  [31mdisk full"},
		{"/cut", FAULT_OUTSIDE, "does not answer"},
		{"/stall", FAULT_OUTSIDE, "did not answer in time"},
	};
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_requests, NULL);
	struct engine *engine = open_engine(loop, fake);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fault fault = {0};
		assert_null(engine_wait(engine, "GET", cases[i].path, NULL, 300, &fault));
		if (fault.code != cases[i].code || strstr(fault.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].path, fault.text);
	}
	json_t *json = engine_wait(engine, "POST", "/echo", "{\"a\":[1]}", 5000, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "a")), 1);
	json_decref(json);
	json = engine_wait(engine, "POST", "/already", NULL, 5000, NULL);
	assert_true(json_is_null(json));
	json = engine_wait(engine, "GET", "/garbage", NULL, 5000, NULL);
	assert_true(json_is_null(json));
	json = engine_wait(engine, "GET", "/nul", NULL, 5000, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "b")), 2);
	json_decref(json);
	engine_close(engine);
	fake_close(fake);
	loop_close(loop);
}

struct asker {
	struct engine *engine;
	struct engine_request *other, *own;
	unsigned told;
	bool again;
};

static void must_not(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	(void)data;
	(void)answer;
	(void)fault;
	fail_msg("a cancelled request was told");
}

static void on_first(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct asker *asker = data;
	(void)answer;
	assert_null(fault);
	asker->told++;
	engine_cancel(asker->other);
	engine_cancel(asker->own); /* itself: told already */
	if (!asker->again)
		return;
	asker->again = false;
	asker->other = engine_ask(asker->engine, "GET", "/stall", NULL, 0, must_not, asker);
	asker->own = engine_ask(asker->engine, "POST", "/echo", "[]", 5000, on_first, asker);
}

static void calls_may_ask_and_cancel(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_requests, NULL);
	struct asker asker = {.engine = open_engine(loop, fake), .again = true};
	asker.other = engine_ask(asker.engine, "GET", "/stall", NULL, 0, must_not, &asker);
	asker.own = engine_ask(asker.engine, "POST", "/echo", "[]", 5000, on_first, &asker);
	wait_until(loop, asker.told == 2);
	engine_cancel(NULL);
	engine_close(asker.engine);
	fake_close(fake);
	loop_close(loop);
}

static void closing_drops_what_is_under_way(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_requests, NULL);
	struct engine *engine = open_engine(loop, fake);
	for (int i = 0; i < 5; i++)
		engine_ask(engine, "GET", "/stall", NULL, 0, must_not, NULL);
	wait_until(loop, fake_asked(fake, "/stall") == 5);
	engine_close(engine);
	fake_close(fake);
	loop_close(loop);
}

/* ---- events ---- */

struct heard {
	struct engine *engine;
	unsigned lost, back, events, asked;
	struct str text;
	struct fault fault;
};

static void on_asked(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct heard *heard = data;
	(void)answer;
	assert_null(fault);
	heard->asked++;
}

static void on_lost(void *data, const struct fault *fault)
{
	struct heard *heard = data;
	heard->lost++;
	heard->fault = *fault;
}

static void on_back(void *data)
{
	struct heard *heard = data;
	heard->back++;
	engine_ask(heard->engine, "POST", "/echo", "[]", 5000, on_asked, heard);
}

/* Asks in the call, as whoever hears of a container does. */
static void on_event(void *data, const struct engine_event *event)
{
	struct heard *heard = data;
	heard->events++;
	str_print(&heard->text, "%s %s %s %d;", event->action, event->id, event->service != NULL ? event->service : "-", event->exit_code);
	engine_ask(heard->engine, "POST", "/echo", "[]", 5000, on_asked, heard);
}

static const struct engine_call calls = {.lost = on_lost, .back = on_back, .event = on_event};

#define EVENT(action, id, attributes) \
	"{\"Type\":\"container\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" id "\",\"Attributes\":{" attributes "}},\"timeNano\":5}\n"
#define OURS "\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"api\""

static bool serve_events(struct peer *peer, const char *path, const char *body, void *data)
{
	static const char first[] = EVENT("start", "a1", OURS) EVENT("exec_start: curl", "a1", OURS) EVENT("start", "b1",
		"\"com.docker.compose.project\":\"other\"") "garbage\n[]\n\n{\"Type\":7}\n" EVENT("die", "a1", OURS ",\"exitCode\":\"137\"")
		EVENT("start", "c1", "\"dev.cargodeck.project\":\"shop\"");
	static const char second[] = EVENT("health_status: healthy", "a1", OURS);
	if (serve_version(peer, path))
		return true;
	if (!text_starts_with(path, "/events"))
		return serve_requests(peer, path, body, data);
	peer_chunks(peer);
	/* cut in the middle of a line */
	peer_chunk(peer, first, 40);
	peer_chunk(peer, first + 40, sizeof first - 1 - 40);
	if (peer_wait_let(peer, 1))
		peer_chunk(peer, second, sizeof second - 1);
	peer_wait_gone(peer);
	return false;
}

static void events_are_told(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_events, NULL);
	struct heard heard = {.engine = open_engine(loop, fake)};
	engine_follow(heard.engine, "shop", &calls, &heard);
	wait_until(loop, heard.events == 3);
	fake_let(fake);
	wait_until(loop, heard.events == 4 && heard.asked == 4);
	assert_string_equal(heard.text.data, "start a1 api -1;die a1 api 137;start c1 - -1;health_status: healthy a1 api -1;");
	assert_int_equal(heard.lost + heard.back, 0);
	assert_int_equal(fake_asked(fake, "GET /v1.41/events?filters=%7B%22type%22"), 1);
	engine_close(heard.engine);
	str_finish(&heard.text);
	fake_close(fake);
	loop_close(loop);
}

/* What was since a moment is asked for; after a break only what came later. */
static void events_since_are_told_once(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_events, NULL);
	struct heard heard = {.engine = open_engine(loop, fake)};
	engine_follow_since(heard.engine, 4);
	engine_follow(heard.engine, "shop", &calls, &heard);
	wait_until(loop, heard.events == 3 && heard.asked == 3);
	assert_int_equal(fake_asked(fake, "GET /v1.41/events?since=0.000000004&filters"), 1);
	fake_stop(fake);
	wait_until(loop, heard.lost == 1);
	fake_start(fake);
	wait_until(loop, heard.back == 1 && heard.events == 6);
	assert_int_equal(fake_asked(fake, "GET /v1.41/events?since=0.000000006&filters"), 1);
	wait_until(loop, heard.asked == heard.events + heard.back);
	engine_close(heard.engine);
	str_finish(&heard.text);
	fake_close(fake);
	loop_close(loop);
}

static void gone_and_back_are_told_once(void **state)
{
	(void)state;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_events, NULL);
	struct heard heard = {.engine = open_engine(loop, fake)};
	engine_follow(heard.engine, "shop", &calls, &heard);
	wait_until(loop, heard.events == 3 && heard.asked == 3);
	for (unsigned round = 1; round <= 2; round++) {
		uint64_t began = clock_now_ns();
		fake_stop(fake);
		wait_until(loop, heard.lost == round);
		assert_true(clock_now_ns() - began < 1000000000u);
		assert_int_equal(heard.fault.code, FAULT_OUTSIDE);
		assert_non_null(strstr(heard.fault.text, "the engine at unix://"));
		/* long enough for a few vain attempts */
		struct fault fault = {0};
		assert_null(engine_wait(heard.engine, "POST", "/echo", "[]", 5000, &fault));
		fake_start(fake);
		wait_until(loop, heard.back == round);
		wait_until(loop, heard.events == 3 + 3 * round && heard.asked == heard.events + heard.back);
		assert_int_equal(heard.lost, round);
	}
	engine_close(heard.engine);
	str_finish(&heard.text);
	fake_close(fake);
	loop_close(loop);
}

/* Three ways to fail, then well: the engine is lost once and back once. */
static bool serve_bad_events(struct peer *peer, const char *path, const char *body, void *data)
{
	unsigned *times = data;
	if (serve_version(peer, path))
		return true;
	if (!text_starts_with(path, "/events"))
		return serve_requests(peer, path, body, NULL);
	if (*times == 1)
		return peer_answer(peer, 500, "{\"message\":\"starting up\"}") && ++*times > 0;
	if (*times == 2 || *times == 4)
		return peer_say(peer, "HTTP/1.1 nonsense\r\n\r\n") && ++*times == 0;
	peer_chunks(peer);
	if (*times == 0) {
		++*times;
		auto_str endless = {0};
		for (size_t i = 0; i < 3 << 19; i++)
			str_add_char(&endless, 'x');
		peer_chunk(peer, endless.data, endless.len);
		peer_wait_gone(peer);
		return false;
	}
	if (*times == 3)
		return peer_chunk_end(peer) && ++*times > 0; /* a plain end: the engine shuts down */
	peer_chunk(peer, EVENT("start", "a1", OURS), sizeof EVENT("start", "a1", OURS) - 1);
	peer_wait_gone(peer);
	return false;
}

static void broken_event_streams_mend(void **state)
{
	(void)state;
	unsigned times = 0;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_bad_events, &times);
	struct heard heard = {.engine = open_engine(loop, fake)};
	engine_follow(heard.engine, NULL, &calls, &heard);
	wait_until(loop, heard.events == 1);
	/* it was taken at 0, lost; taken and ended at 3; taken at 5 */
	assert_int_equal(heard.lost, 2);
	assert_int_equal(heard.back, 2);
	engine_close(heard.engine);
	str_finish(&heard.text);
	fake_close(fake);
	loop_close(loop);
}

/* ---- descriptors ---- */

static bool serve_until_gone(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	if (serve_version(peer, path))
		return true;
	peer_chunks(peer);
	peer_wait_gone(peer);
	__atomic_store_n((bool *)data, true, __ATOMIC_SEQ_CST);
	return false;
}

/* A child must not hold our connections open. */
static void children_get_no_connection(void **state)
{
	(void)state;
	bool gone = false;
	struct loop *loop = loop_open();
	struct fake *fake = fake_open(serve_until_gone, &gone);
	struct heard heard = {.engine = open_engine(loop, fake)};
	engine_follow(heard.engine, NULL, &calls, &heard);
	wait_until(loop, fake_asked(fake, "/events") == 1);
	static const char *const argv[] = {"tail", "-f", "/dev/null", NULL};
	struct loop_child *child = loop_child_open(loop, &(struct loop_child_options){.argv = argv}, &(struct loop_child_call){0}, NULL, NULL);
	assert_non_null(child);
	engine_close(heard.engine);
	uint64_t until = clock_now_ns() + 10000000000u;
	while (!__atomic_load_n(&gone, __ATOMIC_SEQ_CST) && clock_now_ns() < until)
		loop_turn(loop, 10);
	assert_true(gone);
	loop_child_close(child);
	fake_close(fake);
	loop_turn(loop, 0);
	loop_close(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_engines_are_named),
		cmocka_unit_test(nobody_there_is_named),
		cmocka_unit_test(versions_are_agreed_on),
		cmocka_unit_test(answers_and_faults),
		cmocka_unit_test(calls_may_ask_and_cancel),
		cmocka_unit_test(closing_drops_what_is_under_way),
		cmocka_unit_test(events_are_told),
		cmocka_unit_test(events_since_are_told_once),
		cmocka_unit_test(gone_and_back_are_told_once),
		cmocka_unit_test(broken_event_streams_mend),
		cmocka_unit_test(children_get_no_connection),
	};
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
