/* Container logs: frames joined to lines, and going on after a break without a
 * line lost or doubled. The scripted engine keeps a log of its own and answers
 * `since` as the real one does. */
#include "fake.h"

#include <stdio.h>

enum { LINES = 400 };

struct heard {
	struct engine *engine;
	struct engine_log *log;
	unsigned lines, gaps, ends, next;
	bool in_order, close_in_line, cut;
	struct str text;
	struct fault fault;
	size_t last_len;
	int64_t last_ns;
};

static void on_line(void *data, const struct engine_log_line *line)
{
	struct heard *heard = data;
	heard->lines++;
	heard->cut = line->cut;
	heard->last_len = line->len;
	heard->last_ns = line->time_ns;
	if (line->len < 200)
		str_print(&heard->text, "%d:%s;", line->stream, line->text);
	if (heard->close_in_line) {
		engine_log_close(heard->log);
		heard->log = NULL;
	}
}

static void on_gap(void *data)
{
	((struct heard *)data)->gaps++;
}

static void on_end(void *data, const struct fault *fault)
{
	struct heard *heard = data;
	heard->ends++;
	heard->fault = fault != NULL ? *fault : (struct fault){0};
}

static const struct engine_log_call calls = {.line = on_line, .gap = on_gap, .end = on_end};

struct scene {
	struct loop *loop;
	struct fake *fake;
	struct heard heard;
};

static void open_scene(struct scene *scene, fake_serve serve, void *data, bool tty)
{
	struct fault fault = {0};
	*scene = (struct scene){.loop = loop_open(), .fake = fake_open(serve, data)};
	scene->heard.engine = engine_open(scene->loop, fake_host(scene->fake), NULL, &fault);
	assert_non_null(scene->heard.engine);
	scene->heard.log = engine_log_open(scene->heard.engine, "c1", tty, 100, true, &calls, &scene->heard);
}

static void close_scene(struct scene *scene)
{
	engine_log_close(scene->heard.log);
	engine_close(scene->heard.engine);
	fake_close(scene->fake);
	loop_close(scene->loop);
	str_finish(&scene->heard.text);
}

#define STAMP "2026-11-23T14:02:11.204561234Z "

/* ---- one stream ---- */

/* `data`: the bytes of the stream; then the container has ended. */
static bool serve_bytes(struct peer *peer, const char *path, const char *body, void *data)
{
	const struct str *bytes = data;
	(void)body;
	if (serve_version(peer, path))
		return true;
	if (text_ends_with(path, "/json"))
		return peer_answer(peer, 200, "{\"State\":{\"Running\":false}}");
	peer_chunks(peer);
	for (size_t at = 0; at < bytes->len; at += 4096)
		peer_chunk(peer, bytes->data + at, bytes->len - at < 4096 ? bytes->len - at : 4096);
	return peer_chunk_end(peer);
}

static void lines_are_joined(void **state)
{
	(void)state;
	auto_str bytes = {0}, large = {0};
	str_add(&large, STAMP);
	for (int i = 0; i < 16384; i++)
		str_add_char(&large, 'x');
	/* 40,000 letters come in three frames, each with the same stamp */
	frame_add(&bytes, 1, STAMP "first\n", sizeof STAMP "first\n" - 1);
	frame_add(&bytes, 1, large.data, large.len);
	frame_add(&bytes, 2, STAMP "between\n", sizeof STAMP "between\n" - 1);
	frame_add(&bytes, 1, large.data, large.len);
	str_cut(&large, sizeof STAMP - 1 + 7232);
	str_add(&large, "\n");
	frame_add(&bytes, 1, large.data, large.len);
	frame_add(&bytes, 2, STAMP "\n", sizeof STAMP);
	frame_add(&bytes, 1, "no stamp, two\nlines\n", 20);
	frame_add(&bytes, 1, STAMP "no newline", sizeof STAMP "no newline" - 1);
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.fault.code, FAULT_NONE);
	assert_string_equal(scene.heard.text.data, "1:first;2:between;2:;1:no stamp, two;1:lines;1:no newline;");
	assert_int_equal(scene.heard.lines, 7);
	assert_int_equal(scene.heard.gaps, 0);
	close_scene(&scene);
}

static void long_lines_are_whole(void **state)
{
	(void)state;
	auto_str bytes = {0};
	for (int i = 0; i < 3; i++) {
		auto_str large = {0};
		str_add(&large, STAMP);
		for (int j = 0; j < (i < 2 ? 16384 : 7232); j++)
			str_add_char(&large, 'x');
		if (i == 2)
			str_add(&large, "\n");
		frame_add(&bytes, 1, large.data, large.len);
	}
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.lines, 1);
	assert_int_equal(scene.heard.last_len, 40000);
	assert_false(scene.heard.cut);
	assert_int_equal(scene.heard.last_ns % 1000000000, 204561234);
	close_scene(&scene);
}

/* A line of 1.6 MB in frames of the engine's size, without its newline. */
static void add_endless(struct str *bytes)
{
	auto_str part = {0};
	str_add(&part, STAMP);
	for (int i = 0; i < 16384; i++)
		str_add_char(&part, 'x');
	for (int i = 0; i < 100; i++)
		frame_add(bytes, 1, part.data, part.len);
}

static void endless_lines_are_cut(void **state)
{
	(void)state;
	auto_str bytes = {0};
	add_endless(&bytes);
	frame_add(&bytes, 1, STAMP "\n", sizeof STAMP);
	frame_add(&bytes, 1, STAMP "after\n", sizeof STAMP "after\n" - 1);
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	wait_until(scene.loop, scene.heard.lines >= 1);
	assert_true(scene.heard.lines > 1 || (scene.heard.cut && scene.heard.last_len == 1 << 20));
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.lines, 2);
	assert_string_equal(scene.heard.text.data, "1:after;");
	close_scene(&scene);
}

/* It is seen when it is full: one may wait for its newline without end. */
static void a_line_without_an_end_is_given(void **state)
{
	(void)state;
	auto_str bytes = {0};
	add_endless(&bytes);
	frame_add(&bytes, 2, STAMP "after\n", sizeof STAMP "after\n" - 1);
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.lines, 2);
	assert_int_equal(scene.heard.last_len, 5);
	assert_string_equal(scene.heard.text.data, "2:after;");
	close_scene(&scene);
}

static void a_terminal_has_no_frames(void **state)
{
	(void)state;
	auto_str bytes = {0};
	str_add(&bytes, STAMP "\033[32mgreen\033[0m\r\n" STAMP);
	for (int i = 0; i < 40000; i++) {
		if (i > 0 && i % 16384 == 0)
			str_add(&bytes, STAMP);
		str_add_char(&bytes, 'x');
	}
	str_add(&bytes, "\r\n");
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, true);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.lines, 2);
	assert_string_equal(scene.heard.text.data, "1:\033[32mgreen\033[0m;");
	assert_int_equal(scene.heard.last_len, 40000);
	close_scene(&scene);
}

/* Told to be framed, and it is not: an end with a sentence, not a loop. */
static void garbage_ends_the_log(void **state)
{
	(void)state;
	auto_str bytes = {0};
	str_add(&bytes, STAMP "a terminal's line\r\n");
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.lines, 0);
	assert_int_equal(scene.heard.fault.code, FAULT_INPUT);
	assert_non_null(strstr(scene.heard.fault.text, "makes no sense"));
	close_scene(&scene);
}

static void the_log_may_be_closed_in_its_call(void **state)
{
	(void)state;
	auto_str bytes = {0};
	for (int i = 0; i < 100; i++)
		frame_add(&bytes, 1, STAMP "x\n", sizeof STAMP "x\n" - 1);
	struct scene scene;
	open_scene(&scene, serve_bytes, &bytes, false);
	scene.heard.close_in_line = true;
	wait_until(scene.loop, scene.heard.lines > 0);
	loop_turn(scene.loop, 0);
	assert_int_equal(scene.heard.lines, 1);
	assert_int_equal(scene.heard.ends, 0);
	close_scene(&scene);
}

/* ---- refusals ---- */

static bool serve_status(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	if (serve_version(peer, path))
		return true;
	return peer_answer(peer, *(int *)data, "{\"message\":\"configured logging driver does not support reading\"}");
}

static void refusals_end_the_log(void **state)
{
	(void)state;
	static const struct {
		int status;
		unsigned asked;
	} cases[] = {{501, 1}, {404, 1}, {409, 1}, {500, 3}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int status = cases[i].status;
		struct scene scene;
		open_scene(&scene, serve_status, &status, false);
		wait_until(scene.loop, scene.heard.ends == 1);
		assert_non_null(strstr(scene.heard.fault.text, "does not support reading"));
		assert_int_equal(fake_asked(scene.fake, "/logs?"), cases[i].asked);
		close_scene(&scene);
	}
}

/* ---- a log that goes on ---- */

/* The engine's own log: line i was written at second 1000 + i / 3, so that three
 * share a stamp. */
struct book {
	unsigned asked; /* streams begun */
	unsigned per_stream; /* bytes of each stream before it is cut; 0: all */
	unsigned lost; /* lines that were rotated away, from the third stream on */
	bool peaceful; /* the cut looks like a plain end */
	unsigned known; /* lines that exist; the rest come once the gate is open */
	bool running;
};

static void write_line(struct str *out, unsigned i)
{
	char stamp[40], line[100];
	clock_format_rfc3339((int64_t)(1000 + i / 3) * 1000 + 7, stamp, sizeof stamp);
	stamp[strlen(stamp) - 1] = '\0';
	int len = snprintf(line, sizeof line, "%s000000Z %u\n", stamp, i);
	frame_add(out, i % 5 == 0 ? 2 : 1, line, (size_t)len);
}

/* `since` is inclusive. */
static unsigned first_asked(const char *path)
{
	const char *since = strstr(path, "since=");
	if (since == NULL)
		return 0;
	char *dot;
	unsigned long seconds = strtoul(since + 6, &dot, 10);
	assert_true(text_starts_with(dot, ".007000000"));
	return (unsigned)(seconds - 1000) * 3;
}

static bool serve_book(struct peer *peer, const char *path, const char *body, void *data)
{
	struct book *book = data;
	(void)body;
	if (serve_version(peer, path))
		return true;
	if (text_ends_with(path, "/json"))
		return peer_answer(peer, 200, book->running ? "{\"State\":{\"Running\":true}}" : "{\"State\":{\"Running\":false}}");
	unsigned first = first_asked(path), stream = ++book->asked;
	auto_str out = {0};
	if (stream >= 3 && first < book->lost)
		first = book->lost;
	for (unsigned i = first; i < book->known; i++)
		write_line(&out, i);
	peer_chunks(peer);
	bool cut = book->per_stream > 0 && out.len > book->per_stream;
	if (cut)
		str_cut(&out, book->per_stream);
	peer_chunk(peer, out.data, out.len);
	if (!cut) {
		book->running = false;
		return peer_chunk_end(peer);
	}
	return book->peaceful && peer_chunk_end(peer);
}

static void check_numbers(const struct heard *heard, unsigned from, unsigned to)
{
	auto_str want = {0};
	for (unsigned i = from; i < to; i++)
		str_print(&want, "%d:%u;", i % 5 == 0 ? 2 : 1, i);
	assert_string_equal(str_text(&heard->text), want.data);
}

/* Each cut falls somewhere else: in heads, in stamps, in text, between lines. */
static void nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	static const unsigned sizes[] = {613, 1003, 4096, 4100, 5011};
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		for (int peaceful = 0; peaceful < 2; peaceful++) {
			struct book book = {.per_stream = sizes[i], .known = sizes[i] > 2000 ? LINES : 80, .peaceful = peaceful, .running = true};
			struct scene scene;
			open_scene(&scene, serve_book, &book, false);
			wait_until(scene.loop, scene.heard.ends == 1);
			assert_int_equal(scene.heard.fault.code, FAULT_NONE);
			assert_int_equal(scene.heard.gaps, 0);
			check_numbers(&scene.heard, 0, book.known);
			assert_true(book.asked > 2);
			close_scene(&scene);
		}
}

static void what_was_rotated_away_is_a_gap(void **state)
{
	(void)state;
	struct book book = {.per_stream = 4000, .known = LINES, .lost = 300, .running = true};
	struct scene scene;
	open_scene(&scene, serve_book, &book, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_int_equal(scene.heard.gaps, 1);
	assert_true(scene.heard.lines < LINES);
	assert_null(strstr(scene.heard.text.data, "1:299;"));
	assert_non_null(strstr(scene.heard.text.data, "2:300;1:301;"));
	close_scene(&scene);
}

static void it_resumes_when_asked(void **state)
{
	(void)state;
	struct book book = {.known = 100};
	struct scene scene;
	open_scene(&scene, serve_book, &book, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	check_numbers(&scene.heard, 0, 100);
	book.known = 150; /* the container ran again */
	engine_log_resume(scene.heard.log);
	engine_log_resume(scene.heard.log); /* once is enough */
	wait_until(scene.loop, scene.heard.ends == 2);
	check_numbers(&scene.heard, 0, 150);
	assert_int_equal(scene.heard.gaps, 0);
	close_scene(&scene);
}

/* As serve_book(), of a log that is there whole; `tail` counts from its end. */
static bool serve_window(struct peer *peer, const char *path, const char *body, void *data)
{
	const struct book *book = data;
	(void)body;
	if (serve_version(peer, path))
		return true;
	if (text_ends_with(path, "/json"))
		return peer_answer(peer, 200, "{\"State\":{\"Running\":false}}");
	const char *tail = strstr(path, "tail=");
	unsigned first = first_asked(path), most = tail != NULL ? (unsigned)strtoul(tail + 5, NULL, 10) : book->known;
	if (book->known > most && first < book->known - most)
		first = book->known - most;
	auto_str out = {0};
	for (unsigned i = first; i < book->known; i++)
		write_line(&out, i);
	return peer_chunks(peer) && peer_chunk(peer, out.data, out.len) && peer_chunk_end(peer);
}

/* To look for the last line from the log's beginning takes the engine long: it
 * does so only where its last lines do not reach back. */
static void the_end_is_asked_for_first(void **state)
{
	(void)state;
	static const struct {
		unsigned known, asked; /* streams: each end is read twice */
	} cases[] = {{150, 4}, {2090, 4}, {3000, 5}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct book book = {.known = 100};
		struct scene scene;
		open_scene(&scene, serve_window, &book, false);
		wait_until(scene.loop, scene.heard.ends == 1);
		book.known = cases[i].known;
		engine_log_resume(scene.heard.log);
		wait_until(scene.loop, scene.heard.ends == 2);
		check_numbers(&scene.heard, 0, cases[i].known);
		assert_int_equal(scene.heard.gaps, 0);
		assert_int_equal(fake_asked(scene.fake, "/logs?"), cases[i].asked);
		assert_int_equal(fake_asked(scene.fake, "&tail=2000"), 3);
		close_scene(&scene);
	}
}

static void send_lines(struct peer *peer, unsigned from, unsigned to)
{
	auto_str out = {0};
	for (unsigned i = from; i < to; i++)
		write_line(&out, i);
	peer_chunk(peer, out.data, out.len);
}

/* After it began a new file the engine sends lines again, or no more at all. */
static bool serve_rotated(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	if (serve_version(peer, path))
		return true;
	if (text_ends_with(path, "/json"))
		return peer_answer(peer, 200, "{\"State\":{\"Running\":false}}");
	peer_chunks(peer);
	if (strstr(path, "follow=1") != NULL) {
		send_lines(peer, 0, 61);
		send_lines(peer, 30, 61);
		send_lines(peer, 30, 81);
	} else {
		send_lines(peer, first_asked(path), 100);
	}
	return peer_chunk_end(peer);
}

static void rotation_does_no_harm(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_rotated, NULL, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	check_numbers(&scene.heard, 0, 100);
	assert_int_equal(scene.heard.gaps, 0);
	assert_int_equal(fake_asked(scene.fake, "follow=0"), 1);
	close_scene(&scene);
}

/* Holds to `since`: nothing is newer. */
static bool serve_bytes_once(struct peer *peer, const char *path, const char *body, void *data)
{
	if (strstr(path, "since=") == NULL)
		return serve_bytes(peer, path, body, data);
	return peer_chunks(peer) && peer_chunk_end(peer);
}

static void a_clock_may_be_set_back(void **state)
{
	(void)state;
	static const char *const lines[] = {"2096-11-23T14:02:11.204561234Z a\n", "2096-11-23T14:02:11.204561235Z b\n",
		"2026-01-23T14:02:11.204561234Z c\n", "2026-01-23T14:02:11.204561235Z d\n"};
	auto_str bytes = {0};
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		frame_add(&bytes, 1, lines[i], strlen(lines[i]));
	struct scene scene;
	open_scene(&scene, serve_bytes_once, &bytes, false);
	wait_until(scene.loop, scene.heard.ends == 1);
	assert_string_equal(scene.heard.text.data, "1:a;1:b;1:c;1:d;");
	assert_int_equal(fake_asked(scene.fake, "since=1769176931.204561235"), 1);
	close_scene(&scene);
}

/* ---- the engine gone and back ---- */

static bool serve_slowly(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	if (serve_version(peer, path))
		return true;
	unsigned first = first_asked(path);
	peer_chunks(peer);
	for (unsigned i = first; i < first + 10; i++) {
		auto_str out = {0};
		write_line(&out, i);
		peer_chunk(peer, out.data, out.len);
	}
	peer_wait_gone(peer);
	return false;
}

static void it_goes_on_after_the_engine_was_gone(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_slowly, NULL, false);
	wait_until(scene.loop, scene.heard.lines == 10);
	fake_stop(scene.fake);
	/* long enough for it to be noticed and asked for in vain */
	struct fault fault = {0};
	assert_null(engine_wait(scene.heard.engine, "GET", "/containers/json", NULL, 5000, &fault));
	for (int i = 0; i < 5; i++)
		loop_turn(scene.loop, 100);
	assert_int_equal(scene.heard.ends, 0);
	fake_start(scene.fake);
	/* the last stamp's lines come again: 9 is known, 10 to 18 are new */
	wait_until(scene.loop, scene.heard.lines == 19);
	check_numbers(&scene.heard, 0, 19);
	assert_int_equal(scene.heard.gaps, 0);
	close_scene(&scene);
}

static void it_pauses_and_goes_on(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_slowly, NULL, false);
	wait_until(scene.loop, scene.heard.lines == 10);
	engine_log_pause(scene.heard.log);
	engine_log_pause(scene.heard.log);
	loop_turn(scene.loop, 10);
	assert_int_equal(fake_asked(scene.fake, "/logs?"), 1);
	engine_log_resume(scene.heard.log);
	wait_until(scene.loop, scene.heard.lines == 19);
	check_numbers(&scene.heard, 0, 19);
	fake_stop(scene.fake);
	loop_turn(scene.loop, 100);
	engine_log_pause(scene.heard.log); /* while it waits to ask again */
	fake_start(scene.fake);
	engine_log_resume(scene.heard.log);
	wait_until(scene.loop, scene.heard.lines == 28);
	check_numbers(&scene.heard, 0, 28);
	assert_int_equal(scene.heard.ends + scene.heard.gaps, 0);
	close_scene(&scene);
}

static void closing_while_it_waits_is_fine(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, serve_slowly, NULL, false);
	wait_until(scene.loop, scene.heard.lines == 10);
	fake_stop(scene.fake);
	loop_turn(scene.loop, 100);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(long_lines_are_whole),
		cmocka_unit_test(endless_lines_are_cut),
		cmocka_unit_test(a_line_without_an_end_is_given),
		cmocka_unit_test(a_terminal_has_no_frames),
		cmocka_unit_test(garbage_ends_the_log),
		cmocka_unit_test(the_log_may_be_closed_in_its_call),
		cmocka_unit_test(refusals_end_the_log),
		cmocka_unit_test(nothing_is_lost_or_doubled),
		cmocka_unit_test(what_was_rotated_away_is_a_gap),
		cmocka_unit_test(it_resumes_when_asked),
		cmocka_unit_test(the_end_is_asked_for_first),
		cmocka_unit_test(rotation_does_no_harm),
		cmocka_unit_test(a_clock_may_be_set_back),
		cmocka_unit_test(it_goes_on_after_the_engine_was_gone),
		cmocka_unit_test(it_pauses_and_goes_on),
		cmocka_unit_test(closing_while_it_waits_is_fine),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
