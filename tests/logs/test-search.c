/* Search: literal and regular, forwards and backwards, in steps, on lines that
 * are cruel to it. */
#include "../unit.h"
#include "cargodeck/logs.h"

#include <stdio.h>

static struct log_pattern *pattern(const char *text, bool regular)
{
	struct fault fault = {0};
	struct log_pattern *made = log_pattern_open(text, regular, &fault);
	if (made == NULL)
		fail_msg("%s: %s", text, fault.text);
	return made;
}

static void finds_in_one_line(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		bool regular;
		const char *text;
		int from, start, end; /* start -1: none */
	} cases[] = {
		{"an", false, "banana", 0, 1, 3},
		{"an", false, "banana", 2, 3, 5},
		{"an", false, "banana", 4, -1, 0},
		{"AN", false, "banana", 0, -1, 0}, /* a capital makes it exact */
		{"AN", false, "bANana", 0, 1, 3},
		{"an", false, "bANana", 0, 1, 3},
		{".*", false, "a.*b", 0, 1, 3},
		{"a+", true, "caaat", 0, 1, 4},
		{"A+", true, "caaat", 0, -1, 0},
		{"\\Sat", true, "CAT", 0, 0, 3}, /* \S is no capital */
		{"^b", true, "ab", 1, -1, 0},
		{"b$", true, "ab", 0, 1, 2},
		{"x*", true, "abxx", 0, 2, 4}, /* never an empty match */
		{"x*", true, "ab", 0, -1, 0},
		{"\xd0\xb6\xd1\x83\xd0\xba", false, "\xd0\x96\xd0\xa3\xd0\x9a x", 0, 0, 6}, /* Cyrillic folds too */
		{"\xd0\x96\xd1\x83\xd0\xba", false, "\xd0\xb6\xd1\x83\xd0\xba", 0, -1, 0},
		{"\\w+", true, "- \xd0\xb6\xd1\x83\xd0\xba -", 0, 2, 8},
		{"b", false, "\xd0\xb6" "b", 1, 2, 3}, /* from the middle of a letter */
		{"b\\K", true, "ab", 0, -1, 0},
		{"", true, NULL, 0, 0, 0},
	};
	for (size_t i = 0; cases[i].text != NULL; i++) {
		struct log_pattern *made = pattern(cases[i].pattern, cases[i].regular);
		size_t start = 99, end = 99;
		bool found = log_pattern_find(made, cases[i].text, strlen(cases[i].text), (size_t)cases[i].from, &start, &end);
		if (found != (cases[i].start >= 0) || (found && ((int)start != cases[i].start || (int)end != cases[i].end)))
			fail_msg("%s in %s: %d, %zu to %zu", cases[i].pattern, cases[i].text, found, start, end);
		log_pattern_close(made);
	}
	log_pattern_close(NULL);
}

static void foreign_text_is_survived(void **state)
{
	(void)state;
	size_t start, end;
	struct log_pattern *made = pattern("b.*", true);
	assert_false(log_pattern_find(made, "ab\xff\xfe", 4, 0, &start, &end));
	assert_false(log_pattern_find(made, "", 0, 0, &start, &end));
	assert_false(log_pattern_find(made, "ab", 2, 7, &start, &end));
	log_pattern_close(made);
}

static void wrong_patterns_are_named(void **state)
{
	(void)state;
	struct fault fault;
	assert_null(log_pattern_open("GET (", true, &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
	assert_non_null(strstr(fault.text, "at letter 6"));
	assert_true(fault.mend[0] != '\0');
	assert_null(log_pattern_open("", false, &fault));
	assert_non_null(strstr(fault.text, "nothing to search for"));
	assert_null(log_pattern_open("a\nb", false, &fault));
	assert_null(log_pattern_open("\xff", false, &fault)); /* folded: must be UTF-8 */
	assert_null(log_pattern_open("\\C", true, &fault));
	assert_null(log_pattern_open("\033[31m(", true, NULL));
	assert_null(log_pattern_open("\033[2J(", true, &fault));
	assert_null(strchr(fault.text, '\033'));
}

static struct log_store *numbered(uint64_t count, size_t limit)
{
	struct log_store *store = log_store_open(limit);
	char line[64];
	for (uint64_t i = 0; i < count; i++) {
		int len = snprintf(line, sizeof line, "%s number %llu;", i % 2 == 0 ? "INFO" : "Warn", (unsigned long long)i);
		log_store_add(store, 0, false, line, (size_t)len);
	}
	return store;
}

/* All lines of the store that match; the index is what a search goes by. */
static struct log_index *index_of(const struct log_store *store, const char *text, bool regular)
{
	struct fault fault = {0};
	struct log_index *made = log_index_open(&(struct log_wish){.needle = {text, regular}}, &fault);
	if (made == NULL)
		fail_msg("%s", fault.text);
	assert_true(log_index_step(made, store, 0));
	return made;
}

static uint64_t count_of(const struct log_store *store, const char *text, bool regular)
{
	struct log_index *made = index_of(store, text, regular);
	uint64_t count = log_index_end(made) - log_index_first(made);
	log_index_close(made);
	return count;
}

/* The next one from this line on, or the last one up to it. */
static void check_search(const struct log_store *store, const char *text, bool regular, uint64_t from, bool backwards, long want)
{
	struct log_index *made = index_of(store, text, regular);
	uint64_t place = log_index_place(made, backwards && from < UINT64_MAX ? from + 1 : from) - backwards;
	bool any = place >= log_index_first(made) && place < log_index_end(made);
	uint64_t found = any ? log_index_number(made, place) : 0;
	if (any != (want >= 0) || (any && found != (uint64_t)want))
		fail_msg("%s from %llu: %d, line %llu, not %ld", text, (unsigned long long)from, any, (unsigned long long)found, want);
	log_index_close(made);
}

static void walks_both_ways(void **state)
{
	(void)state;
	struct log_store *store = numbered(100000, (size_t)64 << 20);
	for (int regular = 0; regular < 2; regular++) {
		check_search(store, "number 77777;", regular, 0, false, 77777);
		check_search(store, "number 77777;", regular, 77777, false, 77777);
		check_search(store, "number 77777;", regular, 77778, false, -1);
		check_search(store, "number 77777;", regular, 99999, true, 77777);
		check_search(store, "number 77777;", regular, 77777, true, 77777);
		check_search(store, "number 77777;", regular, 77776, true, -1);
		check_search(store, "Warn", regular, 50000, false, 50001);
		check_search(store, "Warn", regular, 50000, true, 49999);
		check_search(store, "warn", regular, 50000, true, 49999);
		check_search(store, "INFO", regular, 0, false, 0);
		check_search(store, "INFO", regular, 0, true, 0);
		check_search(store, "Warn", regular, 0, true, -1);
		check_search(store, "Warn", regular, UINT64_MAX, true, 99999);
		check_search(store, "Warn", regular, UINT64_MAX, false, -1);
	}
	check_search(store, "^Warn.* 1\\d{4};$", true, 0, false, 10001);
	check_search(store, ";INFO", false, 0, false, -1); /* over the end of a line */
	check_search(store, ";\\s*INFO", true, 0, false, -1);
	log_store_close(store);
}

static void counts(void **state)
{
	(void)state;
	struct log_store *store = numbered(100000, (size_t)64 << 20);
	static const struct {
		const char *text;
		bool regular;
		uint64_t count;
	} cases[] = {{"Warn", false, 50000}, {"warn", false, 50000}, {"WARN", false, 0}, {"n", false, 100000}, {"number 9999", false, 11},
		{"9", false, 40951}, {"9", true, 40951}, {"^", true, 100000}, {"x*", true, 100000}, {"[05];$", true, 20000}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(count_of(store, cases[i].text, cases[i].regular), cases[i].count);
	}
	log_store_close(store);
}

static void forgotten_lines_are_not_found(void **state)
{
	(void)state;
	struct log_store *store = numbered(200000, 1 << 20);
	uint64_t first = log_store_first(store);
	assert_true(first > 100000);
	check_search(store, "number 5;", false, 0, false, -1);
	check_search(store, "number", false, 0, false, (long)first);
	check_search(store, "number", true, 0, false, (long)first);
	check_search(store, "number", false, first, true, (long)first);
	check_search(store, "number", false, first - 1, true, -1);
	log_store_clear(store);
	check_search(store, "number", false, 0, false, -1);
	check_search(store, "number", false, UINT64_MAX, true, -1);
	log_store_close(store);
}

static void marks_are_passed_over(void **state)
{
	(void)state;
	struct log_store *store = log_store_open(1 << 20);
	log_store_mark(store, LOG_DIVIDER, 0, "run 3");
	log_store_add(store, 0, false, "a run", 5);
	log_store_mark(store, LOG_GAP, 0, "run: lines may be missing");
	for (int regular = 0; regular < 2; regular++) {
		check_search(store, "run", regular, 0, false, 1);
		check_search(store, "run", regular, 2, false, -1);
		check_search(store, "run", regular, 2, true, 1);
		check_search(store, "run", regular, 0, true, -1);
	}
	log_store_close(store);
}

/* Nested repeats on long lines would take for ever: bounded, and said. */
static void cruel_patterns_are_given_up(void **state)
{
	(void)state;
	struct log_store *store = log_store_open((size_t)64 << 20);
	auto_str line = {0};
	for (int i = 0; i < 30000; i++)
		str_add_char(&line, 'a');
	for (int i = 0; i < 1000; i++)
		log_store_add(store, 0, false, line.data, line.len);
	struct fault fault = {0};
	struct log_index *made = log_index_open(&(struct log_wish){.include = {"^(a|aa|aaa)+(a+)+x?[bc]", true}}, &fault);
	uint64_t began = clock_now_ns();
	assert_true(log_index_step(made, store, 0));
	assert_int_equal(log_index_end(made), log_index_first(made));
	assert_true(log_index_gave_up(made));
	assert_true(clock_now_ns() - began < 20000000000u);
	log_index_close(made);
	made = index_of(store, "a", true);
	assert_int_equal(log_index_end(made) - log_index_first(made), 1000);
	assert_false(log_index_gave_up(made));
	log_index_close(made);
	log_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_in_one_line),
		cmocka_unit_test(foreign_text_is_survived),
		cmocka_unit_test(wrong_patterns_are_named),
		cmocka_unit_test(walks_both_ways),
		cmocka_unit_test(counts),
		cmocka_unit_test(forgotten_lines_are_not_found),
		cmocka_unit_test(marks_are_passed_over),
		cmocka_unit_test(cruel_patterns_are_given_up),
	};
	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
