/* The store: numbers, bounds, spans, over millions of lines. */
#include "../unit.h"
#include "cargodeck/logs.h"

#include <stdio.h>

static void add_numbered(struct log_store *store, uint64_t from, uint64_t to)
{
	char line[64];
	for (uint64_t i = from; i < to; i++) {
		int len = snprintf(line, sizeof line, "line %llu", (unsigned long long)i);
		log_store_add(store, (int64_t)i * 10, i % 3 == 0, line, (size_t)len);
	}
}

static void check_line(const struct log_store *store, uint64_t number)
{
	struct log_line line;
	char want[64];
	snprintf(want, sizeof want, "line %llu", (unsigned long long)number);
	assert_true(log_store_get(store, number, &line));
	assert_string_equal(line.text, want);
	assert_int_equal(line.len, strlen(want));
	assert_int_equal(line.time_ns, (int64_t)number * 10);
	assert_int_equal(line.is_stderr, number % 3 == 0);
	assert_int_equal(line.kind, LOG_TEXT);
	assert_int_equal(line.span_count, 0);
}

static void an_empty_store_holds_nothing(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	struct log_line line;
	assert_int_equal(log_store_first(store), 0);
	assert_int_equal(log_store_end(store), 0);
	assert_int_equal(log_store_bytes(store), 0);
	assert_false(log_store_get(store, 0, &line));
	assert_false(log_store_get(store, UINT64_MAX, &line));
	log_store_clear(store);
	log_store_close(store);
	log_store_close(NULL);
}

static void lines_keep_their_numbers(void **state)
{
	(void)state;
	struct log_store *store = log_store_open((size_t)64 << 20);
	add_numbered(store, 0, 100000);
	assert_int_equal(log_store_first(store), 0);
	assert_int_equal(log_store_end(store), 100000);
	for (uint64_t i = 0; i < 100000; i += 7)
		check_line(store, i);
	struct log_line line;
	assert_false(log_store_get(store, 100000, &line));
	assert_null(line.text);
	log_store_close(store);
}

static void the_oldest_go_at_the_limit(void **state)
{
	(void)state;
	enum { LIMIT = 8 << 20, TURN = 250000, TURNS = 12 };
	struct log_store *store = log_store_open(LIMIT);
	for (uint64_t turn = 0; turn < TURNS; turn++) {
		add_numbered(store, turn * TURN, (turn + 1) * TURN);
		assert_int_equal(log_store_end(store), (turn + 1) * TURN);
		assert_true(log_store_bytes(store) <= LIMIT);
		uint64_t first = log_store_first(store);
		check_line(store, first);
		check_line(store, (first + log_store_end(store)) / 2);
		check_line(store, log_store_end(store) - 1);
		struct log_line line;
		assert_false(first > 0 && log_store_get(store, first - 1, &line));
	}
	/* what is held costs what the header says, and no more than a segment is lost */
	uint64_t held = log_store_end(store) - log_store_first(store);
	assert_true(held > (LIMIT - 600 * 1024) / (sizeof "line 2999999" + 16));
	for (uint64_t i = log_store_first(store); i < log_store_end(store); i++)
		check_line(store, i);
	log_store_close(store);
}

static void a_small_limit_keeps_the_newest(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(0);
	add_numbered(store, 0, 5000);
	assert_int_equal(log_store_end(store), 5000);
	assert_true(log_store_first(store) > 4000 && log_store_first(store) < 5000);
	check_line(store, 4999);
	log_store_close(store);
}

static void large_lines_have_room(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(256 * 1024);
	auto_str large = {0};
	for (size_t i = 0; i < 1 << 20; i++)
		str_add_char(&large, (char)('a' + i % 26));
	for (int i = 0; i < 20; i++) {
		log_store_add(store, 1, false, "small", 5);
		log_store_add(store, 2, true, large.data, large.len);
		assert_true(log_store_bytes(store) <= 256 * 1024);
	}
	struct log_line line;
	assert_true(log_store_get(store, 39, &line));
	assert_true(line.len > LOG_LINE_LIMIT && line.len < LOG_LINE_LIMIT + 64);
	assert_true(line.is_stderr);
	assert_true(log_store_get(store, 38, &line));
	assert_string_equal(line.text, "small");
	log_store_close(store);
}

static void spans_come_back_as_they_were(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	struct log_span want[LOG_SPAN_LIMIT];
	auto_str raw = {0}, text = {0};
	for (int i = 0; i < 300; i++)
		str_print(&raw, "\033[%d;38;2;%d;%d;255;48;5;%dm%*s", i % 5, i % 256, 255 - i % 256, i % 256, 1 + i, "x");
	size_t count = log_clean(raw.data, raw.len, &text, want);
	assert_int_equal(count, LOG_SPAN_LIMIT);
	log_store_add(store, 0, false, "before", 6);
	log_store_add(store, 0, false, raw.data, raw.len);
	log_store_add(store, 0, false, "\033[31mred", 8);
	log_store_add(store, 0, false, "after", 5);
	struct log_line line, red;
	assert_true(log_store_get(store, 1, &line));
	assert_true(log_store_get(store, 2, &red));
	assert_int_equal(line.span_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(line.spans[i].at, want[i].at);
		assert_int_equal(line.spans[i].colour, want[i].colour);
		assert_int_equal(line.spans[i].background, want[i].background);
		assert_int_equal(line.spans[i].style, want[i].style);
	}
	assert_int_equal(red.span_count, 1);
	assert_int_equal(red.spans[0].colour, 2);
	assert_true(log_store_get(store, 0, &line) && line.span_count == 0);
	assert_true(log_store_get(store, 3, &line) && line.span_count == 0);
	log_store_close(store);
}

/* A screen may hold many lines at once; their spans stay. */
static void many_lines_may_be_held(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 22);
	struct log_line lines[LOG_GIVEN_KEEP];
	char raw[64];
	for (int i = 0; i < LOG_GIVEN_KEEP * 2; i++)
		log_store_add(store, 0, false, raw, (size_t)snprintf(raw, sizeof raw, "\033[38;5;%dmline %d", i % 256, i));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < LOG_GIVEN_KEEP; i++)
			assert_true(log_store_get(store, (uint64_t)(round * LOG_GIVEN_KEEP + i), &lines[i]));
		for (int i = 0; i < LOG_GIVEN_KEEP; i++)
			assert_int_equal(lines[i].spans[0].colour, 1 + i % 256);
	}
	log_store_close(store);
}

static void coloured_lines_cost_little(void **state)
{
	(void)state;
	static const char raw[] = "\033[2m2026-11-23T14:02:11.204Z\033[0m \033[32m INFO\033[0m \033[2mapi::route\033[0m\033[2m:\033[0m GET /";
	struct log_store *store = log_store_open((size_t)64 << 20);
	for (int i = 0; i < 100000; i++)
		log_store_add(store, 0, false, raw, sizeof raw - 1);
	assert_true(log_store_bytes(store) / 100000 <= sizeof raw + 16);
	log_store_close(store);
}

static void marks_are_lines(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	log_store_add(store, 1, false, "INFO one", 8);
	log_store_mark(store, LOG_DIVIDER, 2, "run 3, \033[2Jgeneration g41");
	log_store_mark(store, LOG_GAP, 3, "lines may be missing");
	struct log_line line;
	assert_true(log_store_get(store, 0, &line));
	assert_int_equal(line.kind, LOG_TEXT);
	assert_int_equal(line.level, LOG_INFO);
	assert_true(log_store_get(store, 1, &line));
	assert_int_equal(line.kind, LOG_DIVIDER);
	assert_int_equal(line.level, LOG_NONE);
	assert_int_equal(line.time_ns, 2);
	assert_string_equal(line.text, "run 3, generation g41");
	assert_true(log_store_get(store, 2, &line));
	assert_int_equal(line.kind, LOG_GAP);
	log_store_close(store);
}

static void numbers_go_on_after_clear(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	add_numbered(store, 0, 1000);
	log_store_clear(store);
	assert_int_equal(log_store_first(store), 1000);
	assert_int_equal(log_store_end(store), 1000);
	assert_int_equal(log_store_bytes(store), 0);
	struct log_line line;
	assert_false(log_store_get(store, 999, &line));
	add_numbered(store, 1000, 1100);
	check_line(store, 1000);
	check_line(store, 1099);
	log_store_close(store);
}

static void lines_of_others_come_as_they_are(void **state)
{
	(void)state;
	struct log_store *one = log_store_open(1 << 20), *all = log_store_open(1 << 20);
	struct log_line line, copy;
	static const char raw[] = "\033[31mERROR\033[0m no\ttab";
	log_store_add(one, 42, true, raw, sizeof raw - 1);
	log_store_mark(one, LOG_DIVIDER, 43, "a new container");
	for (uint64_t i = 0; i < 2; i++) {
		assert_true(log_store_get(one, i, &line));
		log_store_copy(all, i == 0 ? "api" : NULL, &line);
		assert_true(log_store_get(all, i, &copy));
		assert_string_equal(copy.text, line.text);
		assert_int_equal(copy.kind, line.kind);
		assert_int_equal(copy.time_ns, line.time_ns);
		assert_int_equal(copy.level, line.level);
		assert_int_equal(copy.is_stderr, line.is_stderr);
		assert_int_equal(copy.span_count, line.span_count);
		if (line.span_count > 0)
			assert_memory_equal(copy.spans, line.spans, line.span_count * sizeof *line.spans);
		assert_true(i == 0 ? strcmp(copy.source, "api") == 0 : copy.source == NULL);
	}
	/* more sources than are told apart */
	for (unsigned i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof name, "s%u", i);
		log_store_copy(all, name, &line);
		assert_true(log_store_get(all, 2 + i, &copy));
		assert_true(i < 254 ? strcmp(copy.source, name) == 0 : copy.source == NULL);
	}
	log_store_close(one);
	log_store_close(all);
}

static void empty_lines_are_lines(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	for (int i = 0; i < 50000; i++)
		log_store_add(store, 0, false, "", 0);
	struct log_line line;
	assert_true(log_store_get(store, 49999, &line));
	assert_int_equal(line.len, 0);
	assert_string_equal(line.text, "");
	assert_true(log_store_bytes(store) <= 1 << 20);
	log_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_store_holds_nothing),
		cmocka_unit_test(lines_keep_their_numbers),
		cmocka_unit_test(the_oldest_go_at_the_limit),
		cmocka_unit_test(a_small_limit_keeps_the_newest),
		cmocka_unit_test(large_lines_have_room),
		cmocka_unit_test(spans_come_back_as_they_were),
		cmocka_unit_test(many_lines_may_be_held),
		cmocka_unit_test(coloured_lines_cost_little),
		cmocka_unit_test(marks_are_lines),
		cmocka_unit_test(numbers_go_on_after_clear),
		cmocka_unit_test(lines_of_others_come_as_they_are),
		cmocka_unit_test(empty_lines_are_lines),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
