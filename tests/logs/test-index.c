/* The index of a log: which lines pass, their places, in steps and while lines
 * come and go; where a time is in the store. */
#include "../unit.h"
#include "cargodeck/logs.h"

#include <stdio.h>

enum { MS = 1000000 };

static void add(struct log_store *store, int64_t time_ms, bool is_stderr, const char *text)
{
	log_store_add(store, time_ms * MS, is_stderr, text, strlen(text));
}

static struct log_index *open_index(enum log_level least, const char *include, const char *exclude)
{
	struct fault fault = {0};
	struct log_index *index = log_index_open(&(struct log_wish){.least = least, .include = {include, false}, .exclude = {exclude, false}}, &fault);
	assert_non_null(index);
	return index;
}

/* The numbers of all that pass, as "1 5 9". */
static void expect(const struct log_index *index, const char *wanted)
{
	auto_str numbers = {0};
	for (uint64_t place = log_index_first(index); place < log_index_end(index); place++) {
		uint64_t number = log_index_number(index, place);
		assert_int_equal(log_index_place(index, number), place);
		str_print(&numbers, "%s%llu", numbers.len > 0 ? " " : "", (unsigned long long)number);
	}
	assert_string_equal(str_text(&numbers), wanted);
}

static void expect_wish(const struct log_store *store, enum log_level least, const char *include, const char *exclude, const char *wanted)
{
	struct log_index *index = open_index(least, include, exclude);
	assert_true(log_index_step(index, store, 0));
	expect(index, wanted);
	log_index_close(index);
}

static void test_wishes(void **state)
{
	struct log_store *store = log_store_open(1 << 20);
	(void)state;
	add(store, 1000, false, "INFO starting");
	add(store, 2000, false, "DEBUG timeout is 30 s");
	add(store, 3000, true, "ERROR upstream timeout");
	log_store_mark(store, LOG_DIVIDER, 3500 * (int64_t)MS, "run 2, INFO timeout");
	add(store, 4000, false, "WARN slow Timeout");
	add(store, 5000, false, "{\"level\":\"INFO\",\"fields\":{\"message\":\"got\",\"path\":\"/cart\"}}");
	expect_wish(store, LOG_NONE, NULL, NULL, "0 1 2 4 5");
	expect_wish(store, LOG_INFO, NULL, NULL, "0 2 4 5");
	expect_wish(store, LOG_WARN, NULL, NULL, "2 4");
	expect_wish(store, LOG_NONE, "timeout", NULL, "1 2 4");
	expect_wish(store, LOG_NONE, "Timeout", NULL, "4");
	expect_wish(store, LOG_NONE, "timeout", "upstream", "1 4");
	expect_wish(store, LOG_WARN, "", "slow", "2");
	/* what is written, and what is read of it */
	expect_wish(store, LOG_NONE, "\"path\":", NULL, "5");
	expect_wish(store, LOG_NONE, "path=/cart", NULL, "5");
	expect_wish(store, LOG_NONE, "nowhere", NULL, "");
	add(store, 6000, false, "{\"msg\":\"caf\\u00e9 opened\"}");
	expect_wish(store, LOG_NONE, "caf\xc3\xa9", NULL, "6");
	expect_wish(store, LOG_NONE, "u00e9", NULL, "6");
	log_store_close(store);
}

static void test_lines_that_go_on(void **state)
{
	struct log_store *store = log_store_open(1 << 20);
	(void)state;
	add(store, 1000, true, "thread 'main' panicked at src/main.rs:31:10:");
	add(store, 1001, true, "missing variable KEY");
	add(store, 1001, false, "another stream, at the same time");
	add(store, 1300, true, "   0: rust_begin_unwind");
	add(store, 9000, true, "later, and of no level");
	log_store_mark(store, LOG_GAP, 9500 * (int64_t)MS, "cut");
	add(store, 9501, true, "  behind a gap nothing goes on");
	expect_wish(store, LOG_ERROR, NULL, NULL, "0 1 3");
	expect_wish(store, LOG_INFO, NULL, NULL, "0 1 2 3 4 6");
	log_store_close(store);
}

static void test_one_line(void **state)
{
	static const char json[] = "{\"level\":\"WARN\",\"msg\":\"slow\",\"wait\":212}";
	struct fault fault = {0};
	struct log_pattern *pattern = log_pattern_open("slow wait=\\d+$", true, &fault);
	struct log_last last = {0};
	(void)state;
	assert_true(log_line_has(pattern, json, sizeof json - 1));
	assert_true(log_line_has(pattern, "slow wait=3", 11));
	assert_false(log_line_has(pattern, "slow wait=", 10));
	log_pattern_close(pattern);
	assert_int_equal(log_level_after(&last, LOG_NONE, 0, "first"), LOG_INFO);
	assert_int_equal(log_level_after(&last, LOG_WARN, 10 * MS, "warned"), LOG_WARN);
	assert_int_equal(log_level_after(&last, LOG_NONE, 14 * MS, "goes on"), LOG_WARN);
	assert_int_equal(log_level_after(&last, LOG_NONE, 18 * MS, "and on"), LOG_WARN);
	assert_int_equal(log_level_after(&last, LOG_NONE, 30 * MS, "another"), LOG_INFO);
	assert_int_equal(log_level_after(&last, LOG_NONE, 31 * MS, "  of that"), LOG_INFO);
}

static void test_wrong(void **state)
{
	struct fault fault = {0};
	(void)state;
	assert_null(log_index_open(&(struct log_wish){.include = {"(", true}}, &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
	assert_null(log_index_open(&(struct log_wish){.exclude = {"[", true}}, &fault));
	struct log_wish wish = {.least = LOG_WARN, .include = {"a.c", true}, .needle = {"x", false}};
	struct log_index *index = log_index_open(&wish, &fault);
	assert_true(log_index_is(index, &wish));
	wish.include.regular = false;
	assert_false(log_index_is(index, &wish));
	wish.include.regular = true;
	wish.needle.text = NULL;
	assert_false(log_index_is(index, &wish));
	log_index_close(index);
}

/* Every 7th line says "seven"; built in the smallest steps, from the end down,
 * while more lines come. Places stay with their lines. */
static void test_steps(void **state)
{
	struct log_store *store = log_store_open(8 << 20);
	struct log_index *index = open_index(LOG_NONE, "seven", NULL);
	uint64_t place = 0, kept = 0;
	unsigned steps = 0, added = 20000;
	(void)state;
	for (unsigned i = 0; i < added; i++)
		add(store, i, false, i % 7 == 0 ? "seven" : "another");
	for (bool is_whole = false; !is_whole; steps++) {
		is_whole = log_index_step(index, store, 1);
		if (kept == 0 && log_index_end(index) > log_index_first(index)) {
			place = log_index_end(index) - 1;
			kept = log_index_number(index, place);
		}
		if (kept != 0) {
			assert_int_equal(log_index_number(index, place), kept);
			assert_int_equal(log_index_place(index, kept), place);
		}
		if (steps % 50 == 0) {
			add(store, added, false, added % 7 == 0 ? "seven" : "another");
			added++;
		}
	}
	assert_true(steps > 20);
	uint64_t number = 0;
	for (uint64_t at = log_index_first(index); at < log_index_end(index); at++, number += 7)
		assert_int_equal(log_index_number(index, at), number);
	assert_int_equal(number, (added + 6) / 7 * 7);
	assert_int_equal(log_index_place(index, UINT64_MAX), log_index_end(index));
	assert_int_equal(log_index_place(index, 0), log_index_first(index));
	log_index_close(index);
	log_store_close(store);
}

/* A store that drops: what is gone has no place, what stays keeps it. */
static void test_dropped(void **state)
{
	struct log_store *store = log_store_open(256 << 10);
	struct log_index *index = open_index(LOG_NONE, "3 ", NULL);
	uint64_t place = 0, number = 0;
	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		char text[64];
		snprintf(text, sizeof text, "line %u of a log that is longer than its store", i);
		add(store, i, false, text);
		if (i % 997 != 0)
			continue;
		log_index_step(index, store, i % 2 == 0 ? 0 : 1);
		uint64_t first = log_index_first(index), end = log_index_end(index);
		if (number > 0 && number >= log_index_low(index))
			assert_int_equal(log_index_place(index, number), place);
		if (end > first) {
			place = end - 1;
			number = log_index_number(index, place);
			assert_int_equal(number % 10, 3);
			assert_true(log_index_number(index, first) >= log_store_first(store));
		}
	}
	assert_true(log_index_step(index, store, 0));
	uint64_t at = log_index_first(index);
	for (uint64_t line = log_store_first(store); line < log_store_end(store); line++)
		if (line % 10 == 3)
			assert_int_equal(log_index_number(index, at++), line);
	assert_int_equal(at, log_index_end(index));
	/* more came than the store holds, before it was looked at again */
	for (unsigned i = 0; i < 100000; i++)
		add(store, i, false, i % 10 == 3 ? "number 3 it is" : "none");
	assert_true(log_index_step(index, store, 0));
	for (at = log_index_first(index); at < log_index_end(index); at++) {
		struct log_line line;
		assert_true(log_store_get(store, log_index_number(index, at), &line));
		assert_string_equal(line.text, "number 3 it is");
	}
	log_store_clear(store);
	assert_true(log_index_step(index, store, 0));
	expect(index, "");
	log_index_close(index);
	log_store_close(store);
}

/* Begun where the oldest line held is not the first of all, and few are. */
static void test_begun_late(void **state)
{
	(void)state;
	for (uint64_t count = 1; count < 3000; count += 77) {
		struct log_store *store = log_store_open(1 << 20);
		for (unsigned i = 0; i < 1000 + count; i++)
			add(store, i, false, "before");
		log_store_clear(store);
		struct log_index *index = open_index(LOG_NONE, "wanted", NULL);
		assert_true(log_index_step(index, store, 0));
		expect(index, "");
		log_index_close(index);
		for (unsigned i = 0; i < count; i++)
			add(store, i, false, i % 3 == 0 ? "wanted" : "not");
		index = open_index(LOG_NONE, "wanted", NULL);
		while (!log_index_step(index, store, 1))
			;
		assert_int_equal(log_index_end(index) - log_index_first(index), (count + 2) / 3);
		for (uint64_t place = log_index_first(index), i = 0; place < log_index_end(index); place++, i += 3)
			assert_int_equal(log_index_number(index, place), 1000 + count + i);
		log_index_close(index);
		log_store_close(store);
	}
}

/* What the index says of the lines that it has looked at, held against the lines. */
static void check_all(const struct log_index *index, const struct log_store *store)
{
	uint64_t first = log_store_first(store), from = log_index_low(index) > first ? log_index_low(index) : first;
	uint64_t place = log_index_place(index, from);
	for (uint64_t number = from; number < log_store_end(store); number++) {
		struct log_line line;
		assert_true(log_store_get(store, number, &line));
		assert_int_equal(log_index_place(index, number), place);
		if (strcmp(line.text, "wanted") == 0)
			assert_int_equal(log_index_number(index, place++), number);
	}
	assert_int_equal(place, log_index_end(index));
}

/* Any order of lines that come, steps of any size, and a store that is emptied. */
static void test_any_order(void **state)
{
	uint32_t random = 1;
	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct log_store *store = log_store_open(64 << 10);
		struct log_index *index = open_index(LOG_NONE, "wanted", NULL);
		for (unsigned step = 0; step < 40; step++) {
			random = random * 1664525 + 1013904223;
			unsigned what = random >> 28, count = (random >> 8 & 0xfff) >> (random >> 24 & 7);
			if (what == 0)
				log_store_clear(store);
			for (unsigned i = 0; what < 8 && i < count; i++) {
				random = random * 1664525 + 1013904223;
				add(store, i, false, random >> 30 == 0 ? "wanted" : "not");
			}
			bool is_whole = what >= 12 ? log_index_step(index, store, 0) : false;
			for (unsigned i = 0; what >= 8 && what < 12 && i < count % 20; i++)
				is_whole = log_index_step(index, store, 1);
			if (is_whole)
				check_all(index, store);
		}
		assert_true(log_index_step(index, store, 0));
		check_all(index, store);
		log_index_close(index);
		log_store_close(store);
	}
}

static void test_another_store(void **state)
{
	struct log_store *one = log_store_open(1 << 20), *other = log_store_open(1 << 20), *empty = log_store_open(1 << 20);
	struct log_index *index = open_index(LOG_NONE, "x", NULL);
	(void)state;
	add(one, 1, false, "x");
	add(one, 2, false, "y");
	add(other, 1, false, "y");
	add(other, 2, false, "x");
	log_index_step(index, one, 0);
	expect(index, "0");
	log_index_step(index, other, 0);
	expect(index, "1");
	log_index_step(index, empty, 0);
	expect(index, "");
	log_index_close(index);
	log_store_close(one);
	log_store_close(other);
	log_store_close(empty);
}

static void test_needle(void **state)
{
	struct log_store *store = log_store_open(1 << 20);
	struct fault fault = {0};
	struct log_index *index = log_index_open(&(struct log_wish){.least = LOG_WARN, .needle = {"time.ut", true}}, &fault);
	(void)state;
	add(store, 1, false, "INFO timeout");
	add(store, 2, false, "WARN timeout");
	log_index_step(index, store, 0);
	expect(index, "1");
	assert_false(log_index_gave_up(index));
	log_index_close(index);
	/* what is no line of the program goes with a filter, too */
	log_store_mark(store, LOG_DIVIDER, 3 * MS, "run 2");
	index = log_index_open(&(struct log_wish){.least = LOG_ERROR, .with_marks = true}, &fault);
	log_index_step(index, store, 0);
	expect(index, "2");
	log_index_close(index);
	log_store_close(store);
}

static void test_time(void **state)
{
	struct log_store *store = log_store_open(1 << 20);
	(void)state;
	assert_int_equal(log_store_at_time(store, 5), 0);
	for (int i = 0; i < 1000; i++)
		log_store_add(store, i % 5 == 4 ? 0 : (int64_t)(i / 2 + 1) * MS, false, "x", 1);
	for (int64_t time = 0; time < 510; time++) {
		uint64_t number = log_store_at_time(store, time * MS);
		struct log_line line;
		for (uint64_t i = 0; i < number; i++)
			assert_true(log_store_get(store, i, &line) && line.time_ns < time * MS);
		for (uint64_t i = number; i < 1000; i++)
			assert_true(log_store_get(store, i, &line) && (line.time_ns == 0 || line.time_ns >= time * MS));
	}
	log_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_lines_that_go_on),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_begun_late),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_another_store),
		cmocka_unit_test(test_needle),
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
