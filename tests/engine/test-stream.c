/* Hijacked streams: what is written early, what comes early, refusals, and ends
 * of every kind. */
#include "fake.h"

#include <stdio.h>

struct heard {
	struct engine *engine;
	struct engine_stream *stream;
	unsigned opens, ends;
	bool close_in_open, close_in_bytes, close_in_end;
	struct str out, err;
	struct fault fault;
};

static void close_now(struct heard *heard)
{
	engine_stream_close(heard->stream);
	heard->stream = NULL;
}

static void on_open(void *data)
{
	struct heard *heard = data;
	heard->opens++;
	if (heard->close_in_open)
		close_now(heard);
}

static void on_bytes(void *data, int stream, const char *bytes, size_t len)
{
	struct heard *heard = data;
	str_add_bytes(stream == 2 ? &heard->err : &heard->out, bytes, len);
	if (heard->close_in_bytes)
		close_now(heard);
}

static void on_end(void *data, const struct fault *fault)
{
	struct heard *heard = data;
	heard->ends++;
	heard->fault = fault != NULL ? *fault : (struct fault){0};
	if (heard->close_in_end)
		close_now(heard);
}

static const struct engine_stream_call calls = {.open = on_open, .bytes = on_bytes, .end = on_end};

struct scene {
	struct loop *loop;
	struct fake *fake;
	struct heard heard;
};

static void open_scene(struct scene *scene, fake_serve serve, void *data)
{
	struct fault fault = {0};
	*scene = (struct scene){.loop = loop_open(), .fake = fake_open(serve, data)};
	scene->heard.engine = engine_open(scene->loop, fake_host(scene->fake), NULL, &fault);
	assert_non_null(scene->heard.engine);
}

static void open_stream(struct scene *scene, bool framed)
{
	struct fault fault = {0};
	scene->heard.stream = engine_stream_open(scene->heard.engine, "/exec/e1/start", "{\"Tty\":false}", framed, &calls, &scene->heard, &fault);
	assert_non_null(scene->heard.stream);
}

static void close_scene(struct scene *scene)
{
	engine_stream_close(scene->heard.stream);
	engine_close(scene->heard.engine);
	fake_close(scene->fake);
	loop_turn(scene->loop, 0);
	loop_close(scene->loop);
	str_finish(&scene->heard.out);
	str_finish(&scene->heard.err);
}

#define UPGRADED "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

/* Answers in pieces, then gives back what comes, in frames, to the line "bye". */
static bool serve_echo(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)data;
	if (serve_version(peer, path))
		return true;
	assert_string_equal(body, "{\"Tty\":false}");
	/* the real engine drops what comes before it has answered: nothing may */
	if (!peer_wait_let(peer, 1))
		return false;
	auto_str first = {0};
	str_add(&first, UPGRADED);
	frame_add(&first, 2, "right behind", 12);
	peer_send(peer, first.data, 30);
	peer_send(peer, first.data + 30, first.len - 30);
	char block[8192];
	size_t got;
	while ((got = peer_read(peer, block, sizeof block)) > 0) {
		auto_str frame = {0};
		frame_add(&frame, 1, block, got);
		if (!peer_send(peer, frame.data, frame.len) || memmem(block, got, "bye\n", 4) != NULL)
			break;
	}
	return false;
}

static void writes_wait_for_the_answer(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_echo, NULL);
	open_stream(&scene, true);
	engine_stream_write(scene.heard.stream, "early ", 6);
	wait_until(scene.loop, fake_asked(scene.fake, "POST /v1.41/exec/e1/start") == 1);
	loop_turn(scene.loop, 10);
	assert_int_equal(scene.heard.opens, 0);
	fake_let(scene.fake);
	wait_until(scene.loop, scene.heard.opens == 1 && scene.heard.out.len == 6);
	assert_string_equal(scene.heard.err.data, "right behind");
	engine_stream_write(scene.heard.stream, "late, bye\n", 10);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_string_equal(scene.heard.out.data, "early late, bye\n");
	assert_int_equal(scene.heard.fault.code, FAULT_NONE);
	engine_stream_write(scene.heard.stream, "to nobody", 9);
	close_scene(&scene);
}

static void much_is_carried(void **state)
{
	(void)state;
	enum { MUCH = 4 << 20 };
	auto_str sent = {0};
	for (unsigned i = 0; sent.len < MUCH; i++)
		str_print(&sent, "%u,", i);
	struct scene scene;
	open_scene(&scene, serve_echo, NULL);
	fake_let(scene.fake);
	open_stream(&scene, true);
	engine_stream_write(scene.heard.stream, sent.data, sent.len);
	wait_until(scene.loop, scene.heard.out.len == sent.len);
	assert_memory_equal(scene.heard.out.data, sent.data, sent.len);
	close_scene(&scene);
}

/* ---- answers that are none ---- */

static bool serve_text(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	if (serve_version(peer, path))
		return true;
	peer_say(peer, data);
	return false;
}

static void bad_answers_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *text;
		enum fault_code code;
	} cases[] = {
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 40\r\n\r\n{\"message\":\"No such exec \\u001b[2Jinstance\"}\n",
			"the engine refused the stream: No such exec  [2Jinstance", FAULT_FAILED},
		{"HTTP/1.1 500 x\r\n\r\n", "the engine refused the stream: status 500", FAULT_OUTSIDE},
		{"HTTP/1.1 409 Conflict\r\n\r\nnot json", "the engine refused the stream: status 409", FAULT_FAILED},
		{"", "closed the stream before it answered", FAULT_OUTSIDE},
		{"HTTP/1.1 101 UPGR", "closed the stream before it answered", FAULT_OUTSIDE},
		{"nonsense\r\n\r\n", "the engine refused the stream: status 0", FAULT_FAILED},
		{UPGRADED "no frame at all", "sent a broken stream", FAULT_OUTSIDE},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene scene;
		open_scene(&scene, serve_text, (void *)(uintptr_t)cases[i].answer);
		open_stream(&scene, true);
		engine_stream_write(scene.heard.stream, "input", 5);
		wait_until(scene.loop, scene.heard.ends == 1);
		if (strstr(scene.heard.fault.text, cases[i].text) == NULL || scene.heard.fault.code != cases[i].code)
			fail_msg("case %zu: \"%s\", code %d", i, scene.heard.fault.text, scene.heard.fault.code);
		assert_null(strchr(scene.heard.fault.text, '\033'));
		assert_int_equal(scene.heard.out.len, 0);
		close_scene(&scene);
	}
}

static bool serve_endless_head(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	if (serve_version(peer, path))
		return true;
	char zeros[4096] = {0}; /* no text at all */
	while (peer_send(peer, zeros, sizeof zeros))
		continue;
	return false;
}

static void an_endless_head_is_ended(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_endless_head, NULL);
	open_stream(&scene, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_non_null(strstr(scene.heard.fault.text, "sent something that is no answer"));
	close_scene(&scene);
}

static void nobody_there_is_told_at_the_end(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_echo, NULL);
	fake_stop(scene.fake);
	open_stream(&scene, true);
	assert_int_equal(scene.heard.ends, 0);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.fault.code, FAULT_OUTSIDE);
	assert_non_null(strstr(scene.heard.fault.text, "does not answer"));
	close_scene(&scene);
}

/* ---- closing ---- */

static void it_may_be_closed_in_any_call(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		struct scene scene;
		open_scene(&scene, serve_echo, NULL);
		fake_let(scene.fake);
		scene.heard.close_in_open = which == 0;
		scene.heard.close_in_bytes = which == 1;
		scene.heard.close_in_end = which == 2;
		open_stream(&scene, true);
		engine_stream_write(scene.heard.stream, "bye\n", 4);
		wait_until(scene.loop, scene.heard.stream == NULL);
		loop_turn(scene.loop, 0);
		assert_int_equal(scene.heard.ends, which == 2);
		assert_true(which > 0 || scene.heard.out.len + scene.heard.err.len == 0);
		close_scene(&scene);
	}
}

static void it_may_be_closed_at_once(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_echo, NULL);
	open_stream(&scene, true);
	close_now(&scene.heard);
	engine_stream_close(NULL);
	loop_turn(scene.loop, 10);
	assert_int_equal(scene.heard.opens + scene.heard.ends, 0);
	close_scene(&scene);
}

/* A plain stream (a terminal): bytes as they are. */
static bool serve_plain(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	if (serve_version(peer, path))
		return true;
	return peer_say(peer, UPGRADED "\1\0 prompt$ ") && peer_send(peer, "\1\0\0\0", 4) && false;
}

static void a_terminal_is_not_framed(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_plain, NULL);
	open_stream(&scene, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.fault.code, FAULT_NONE);
	assert_int_equal(scene.heard.opens, 1);
	assert_int_equal(scene.heard.out.len, 5);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_wait_for_the_answer),
		cmocka_unit_test(much_is_carried),
		cmocka_unit_test(bad_answers_are_named),
		cmocka_unit_test(an_endless_head_is_ended),
		cmocka_unit_test(nobody_there_is_told_at_the_end),
		cmocka_unit_test(it_may_be_closed_in_any_call),
		cmocka_unit_test(it_may_be_closed_at_once),
		cmocka_unit_test(a_terminal_is_not_framed),
	};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
