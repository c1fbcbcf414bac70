/* Cleaning: tables of raw bytes and what must come of them. Spans are written
 * as "at:colour/background/style", colours as they stand in the header. */
#include "../unit.h"
#include "cargodeck/logs.h"

#include <stdio.h>

#define BAD "\xef\xbf\xbd"

struct clean_case {
	const char *raw;
	size_t len;
	const char *text, *spans;
};
#define CASE(raw, text, spans) {raw, sizeof raw - 1, text, spans}

static char *spans_text(const struct log_span *spans, size_t count)
{
	struct str out = {0};
	for (size_t i = 0; i < count; i++)
		str_print(&out, "%s%u:%x/%x/%u", i > 0 ? " " : "", spans[i].at, spans[i].colour, spans[i].background, spans[i].style);
	return str_steal(&out);
}

static void check_cases(const struct clean_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct log_span spans[LOG_SPAN_LIMIT];
		auto_str text = {0};
		size_t found = log_clean(cases[i].raw, cases[i].len, &text, spans);
		auto_free char *got = spans_text(spans, found);
		if (!text_equal(str_text(&text), cases[i].text) || !text_equal(got, cases[i].spans))
			fail_msg("case %zu: got \"%s\" [%s], want \"%s\" [%s]", i, str_text(&text), got, cases[i].text, cases[i].spans);
	}
}

static void colours_become_spans(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("plain", "plain", ""),
		CASE("", "", ""),
		CASE("\033[31mred\033[0m not", "red not", "0:2/0/0 3:0/0/0"),
		CASE("a\033[1;32;44mb", "ab", "1:3/5/1"),
		CASE("\033[mx", "x", ""),
		CASE("\033[31m\033[32mgreen", "green", "0:3/0/0"), /* nothing was red */
		CASE("\033[31ma\033[31mb", "ab", "0:2/0/0"),
		CASE("\033[90ma\033[97;107mb", "ab", "0:9/0/0 1:10/10/0"),
		CASE("\033[38;5;0ma\033[48;5;255mb", "ab", "0:1/0/0 1:1/100/0"),
		CASE("\033[38;2;255;128;0mx", "x", "0:1ff8000/0/0"),
		CASE("\033[48;2;1;2;3;1mx", "x", "0:0/1010203/1"),
		CASE("\033[38:5:9mx", "x", "0:a/0/0"),
		CASE("\033[38:2::1:2:3mx", "x", "0:1010203/0/0"),
		CASE("\033[38:2:1:2:3mx", "x", "0:1010203/0/0"),
		CASE("\033[38:2:0:1:2:3;1mx", "x", "0:1010203/0/1"),
		CASE("\033[38:2:9:1:2:3:0:0mx", "x", "0:1010203/0/0"), /* tolerance behind */
		CASE("\033[58:2::1:2:3;31mx", "x", "0:2/0/0"), /* the underline's colour is let go */
		CASE("\033[58;5;3;31mx", "x", "0:2/0/0"),
		CASE("\033[31;39mx", "x", ""),
		CASE("\033[41;49mx", "x", ""),
		CASE("\033[;31mx", "x", "0:2/0/0"),
		CASE("\033[31;mx", "x", ""), /* an empty one is 0 */
		CASE("\033[1ma\033[2mb\033[22mc", "abc", "0:0/0/1 1:0/0/3 2:0/0/0"),
		CASE("\033[3;4;7mx\033[23;24;27my", "xy", "0:0/0/28 1:0/0/0"),
		CASE("\033[4:3mx\033[4:0my", "xy", "0:0/0/8 1:0/0/0"), /* curly, off */
		CASE("\033[21mx", "x", "0:0/0/8"),
		CASE("\033[5;8;9mx", "x", ""), /* nothing blinks, nothing is hidden */
	};
	check_cases(cases, COUNT_OF(cases));
}

static void wrong_colours_are_let_go(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("\033[38;5;256mx", "x", ""),
		CASE("\033[38;2;256;0;0mx", "x", ""),
		CASE("\033[31;38;5mx", "x", "0:2/0/0"),
		CASE("\033[31;38mx", "x", "0:2/0/0"),
		CASE("\033[38;2;1;2mx", "x", ""),
		CASE("\033[38:2:1mx", "x", ""),
		CASE("\033[38:5mx", "x", ""),
		CASE("\033[38:9:1;32mx", "x", "0:3/0/0"),
		CASE("\033[99999999999999999999mx", "x", ""),
		CASE("\033[300;31mx", "x", "0:2/0/0"),
		CASE("\033[>4;2mx", "x", ""), /* keyboard modes end in m as well */
		CASE("\033[?31mx", "x", ""),
		CASE("\033[31 mx", "x", ""),
		CASE("\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;31;32mx", "x", "0:2/0/1"), /* 32 are read */
	};
	check_cases(cases, COUNT_OF(cases));
}

static void other_sequences_are_dropped(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("a\033[2Jb\033[10;20Hc\033[?25ld", "abcd", ""),
		CASE("\033]0;title\007text", "text", ""),
		CASE("\033]8;;http://x\033\\link\033]8;;\033\\ after", "link after", ""),
		CASE("\033]52;c;aGk=\xc2\x9ctext", "text", ""),
		CASE("\033Pq#0\033\\text", "text", ""),
		CASE("\033_Ga=T\033\\text", "text", ""),
		CASE("\033^pm\033\\\033Xsos\033\\text", "text", ""),
		CASE("\033]0;broken\033[31mred", "red", "0:2/0/0"), /* another ESC breaks it off */
		CASE("\033]0;broken\030text", "text", ""),
		CASE("a\033(Bb\033=c\0337d\033#8e", "abcde", ""),
		CASE("a\033\033[31mb", "ab", "1:2/0/0"),
		CASE("\xc2\x9b" "31mred", "red", "0:2/0/0"), /* C1 */
		CASE("\xc2\x9d" "0;t\007x\xc2\x90" "q\xc2\x9cy\xc2\x9f" "z\033\\.", "xy.", ""),
		CASE("a\xc2\x85" "b\xc2\x80" "c\xc2\x9c" "d", "abcd", ""),
	};
	check_cases(cases, COUNT_OF(cases));
}

static void unterminated_hides_nothing(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("text\033", "text", ""),
		CASE("text\033[", "text", ""),
		CASE("text\033[31", "text", ""),
		CASE("text\033[31;;;", "text", ""),
		CASE("text\033[ ", "text", ""),
		CASE("text\033(", "text", ""),
		CASE("\033[31\xd0\xb6", "\xd0\xb6", ""),
		CASE("\033[12 34 INFO", "34 INFO", ""), /* no sequence has a digit there */
		CASE("\033[3\0331mx", "mx", ""),
		CASE("\033]0;secret", "0;secret", ""),
		CASE("\033Pdcs \033]osc \033_apc", "apc", ""),
		CASE("\033_apc \033[31", "", ""),
		CASE("\xc2\x9d" "osc", "osc", ""),
		CASE("a\033]b\tc", "ab      c", ""),
	};
	check_cases(cases, COUNT_OF(cases));
}

static void foreign_bytes_become_valid(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80", ""),
		CASE("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, x", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, x", ""),
		CASE("\xff\xfe", BAD BAD, ""),
		CASE("a\x80" "b", "a" BAD "b", ""),
		CASE("\x9b" "31m", BAD "31m", ""), /* no UTF-8: no control either */
		CASE("cut \xe2\x82", "cut " BAD BAD, ""),
		CASE("\xd0", BAD, ""),
		CASE("\xd0\xd0\xb6", BAD "\xd0\xb6", ""),
		CASE("\xc0\xaf", BAD BAD, ""), /* overlong */
		CASE("\xe0\x80\xaf", BAD BAD BAD, ""),
		CASE("\xf0\x80\x80\xaf", BAD BAD BAD BAD, ""),
		CASE("\xed\xa0\x80", BAD BAD BAD, ""), /* a surrogate */
		CASE("\xf4\x90\x80\x80", BAD BAD BAD BAD, ""), /* above U+10FFFF */
		CASE("\xf5\x80\x80\x80", BAD BAD BAD BAD, ""),
		CASE("\xf0\x9f\x9a", BAD BAD BAD, ""),
		CASE("a\0b\x01\x7f\x08" "c", "abc", ""),
		CASE("one\ntwo", "one two", ""),
		CASE("a\xe2\x80\xa8" "b", "a b", ""), /* U+2028 */
	};
	check_cases(cases, COUNT_OF(cases));
}

static void hidden_letters_are_dropped(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("a\xe2\x80\xae" "b\xe2\x80\xac" "c", "abc", ""), /* RLO, PDF */
		CASE("a\xe2\x81\xa6" "b\xe2\x81\xa9", "ab", ""), /* LRI, PDI */
		CASE("\xd8\x9c" "a\xe2\x80\x8e\xe2\x80\x8f", "a", ""), /* ALM, LRM, RLM */
		CASE("a\xe2\x80\x8b" "b\xe2\x80\x8c" "c\xe2\x80\x8d" "d\xe2\x81\xa0\xef\xbb\xbf", "abcd", ""), /* ZWSP ZWNJ ZWJ WJ BOM */
		CASE("\xe2\x98\x80\xef\xb8\x8f", "\xe2\x98\x80", ""), /* VS16 */
		CASE("x\xf3\xa0\x81\x81", "x", ""), /* a tag letter */
		CASE("e\xcc\x81", "e\xcc\x81", ""), /* a combining letter stays */
	};
	check_cases(cases, COUNT_OF(cases));
}

static void tabs_and_returns(void **state)
{
	(void)state;
	static const struct clean_case cases[] = {
		CASE("\tx", "        x", ""),
		CASE("1234567\tx", "1234567 x", ""),
		CASE("12345678\tx", "12345678        x", ""),
		CASE("a\033[31m\tb", "a       b", "1:2/0/0"),
		CASE("\xd0\xb6\xd0\xb6\tx", "\xd0\xb6\xd0\xb6      x", ""),
		CASE("\xe4\xb8\xad\tx", "\xe4\xb8\xad      x", ""), /* two columns */
		CASE("e\xcc\x81\tx", "e\xcc\x81       x", ""), /* one column */
		CASE("line\r", "line", ""),
		CASE("line\r\r\r", "line", ""),
		CASE("10%\r20%\r30%", "30%", ""),
		CASE("10%\r20%\r", "20%", ""),
		CASE("\033[31mold\rnew", "new", "0:2/0/0"), /* the colour holds */
		CASE("old\033[31m\r\033[0mnew", "new", ""),
		CASE("abc\r\tx", "        x", ""),
		CASE("\r\rx", "x", ""),
	};
	check_cases(cases, COUNT_OF(cases));
}

static char *repeat(const char *part, size_t times)
{
	struct str out = {0};
	for (size_t i = 0; i < times; i++)
		str_add(&out, part);
	return str_steal(&out);
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0};
	auto_free char *line = repeat("x", 1 << 20);
	log_clean(line, 1 << 20, &text, spans);
	assert_int_equal(strspn(text.data, "x"), LOG_LINE_LIMIT);
	assert_string_equal(text.data + LOG_LINE_LIMIT, "… 983040 bytes more");
	auto_free char *exact = repeat("x", LOG_LINE_LIMIT);
	log_clean(exact, LOG_LINE_LIMIT, &text, spans);
	assert_int_equal(text.len, LOG_LINE_LIMIT);
	/* letters of three bytes do not divide the limit: none is cut in two */
	auto_free char *euros = repeat("\xe2\x82\xac", 30000);
	log_clean(euros, 90000, &text, spans);
	assert_string_equal(text.data + LOG_LINE_LIMIT / 3 * 3, "… 24465 bytes more");
	auto_free char *cyrillic = repeat("\xd0\xb6", 1 << 19);
	log_clean(cyrillic, 1 << 20, &text, spans);
	assert_string_equal(text.data + LOG_LINE_LIMIT, "… 983040 bytes more");
	auto_free char *junk = repeat("\xff", 1 << 20);
	log_clean(junk, 1 << 20, &text, spans);
	assert_true(text.len < LOG_LINE_LIMIT + 64);
	assert_true(text_ends_with(text.data, BAD "… 1026731 bytes more"));
	auto_free char *tabs = repeat("\t", 1 << 20);
	log_clean(tabs, 1 << 20, &text, spans);
	assert_true(text_ends_with(text.data, " … 1040384 bytes more"));
}

/* A progress line of a megabyte ends in what the terminal would show. */
static void long_progress_shows_its_end(void **state)
{
	(void)state;
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0}, line = {0};
	for (int i = 0; line.len < 1 << 20; i++)
		str_print(&line, "step %d of many, without any return ", i);
	str_add(&line, "\r\033[32mdone\r\r");
	assert_int_equal(log_clean(line.data, line.len, &text, spans), 1);
	assert_string_equal(text.data, "done");
}

static void spans_are_bounded(void **state)
{
	(void)state;
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0};
	auto_free char *line = repeat("\033[31ma\033[32mb", 5000);
	assert_int_equal(log_clean(line, strlen(line), &text, spans), LOG_SPAN_LIMIT);
	assert_int_equal(text.len, 10000);
	assert_int_equal(spans[LOG_SPAN_LIMIT - 1].at, LOG_SPAN_LIMIT - 1);
}

/* Each is a megabyte of what makes a careless reader slow; the test's own
 * limit of time would tell. */
static void hostile_lines_take_one_pass(void **state)
{
	(void)state;
	static const char *const parts[] = {"\033]", "\033P", "\033[", "\033[1;", "\033", "\xc2\x9d", "\r", "x\r", "\xd0", "\xd0\xb6\xff",
		"\033[38;2;1;2;3mx", "\033]0;a\007", "\t\r", "\xe2\x80\xae"};
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		struct log_span spans[LOG_SPAN_LIMIT];
		auto_str text = {0};
		auto_free char *line = repeat(parts[i], (1 << 20) / strlen(parts[i]));
		uint64_t began = clock_now_ns();
		log_clean(line, strlen(line), &text, spans);
		assert_true(text.len < LOG_LINE_LIMIT + 64);
		assert_true(clock_now_ns() - began < 2000000000u);
	}
}

/* Written back, a line is what it was but for what is not colour. */
static void spans_are_written_back(void **state)
{
	static const char raw[] = "plain \033[1;31mred\033[0m \033[2J\033[48;2;1;2;3mback\033[0m";
	struct log_span spans[LOG_SPAN_LIMIT];
	auto_str text = {0}, out = {0};
	(void)state;
	size_t count = log_clean(raw, sizeof raw - 1, &text, spans);
	log_spans_write(&out, str_text(&text), text.len, spans, count);
	assert_string_equal(str_text(&out), "plain \033[0;1;38;5;1mred\033[0m \033[0;48;2;1;2;3mback\033[0m");
	str_clear(&out);
	log_spans_write(&out, str_text(&text), text.len, spans, 0);
	assert_string_equal(str_text(&out), "plain red back");
	/* a place that is not in the line */
	str_clear(&out);
	log_spans_write(&out, "ab", 2, &(struct log_span){.at = 9, .style = 1}, 1);
	assert_string_equal(str_text(&out), "ab\033[0;1m\033[0m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_written_back),
		cmocka_unit_test(colours_become_spans),
		cmocka_unit_test(wrong_colours_are_let_go),
		cmocka_unit_test(other_sequences_are_dropped),
		cmocka_unit_test(unterminated_hides_nothing),
		cmocka_unit_test(foreign_bytes_become_valid),
		cmocka_unit_test(hidden_letters_are_dropped),
		cmocka_unit_test(tabs_and_returns),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(long_progress_shows_its_end),
		cmocka_unit_test(spans_are_bounded),
		cmocka_unit_test(hostile_lines_take_one_pass),
	};
	return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
