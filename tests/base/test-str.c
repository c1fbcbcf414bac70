/* Strings, lists and the cleaning of foreign text. */
#include "../unit.h"
#include "cargodeck/base.h"

static void grows_and_shrinks(void **state)
{
	(void)state;
	auto_str str = {0};
	assert_string_equal(str_text(&str), "");
	for (int i = 0; i < 1000; i++)
		str_print(&str, "%d,", i);
	assert_true(text_starts_with(str.data, "0,1,2,"));
	assert_true(text_ends_with(str.data, "998,999,"));
	str_drop_front(&str, str.len - 4);
	assert_string_equal(str.data, "999,");
	str_drop_front(&str, 99);
	assert_int_equal(str.len, 0);
}

static void cleans_foreign_text(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain", "plain"},
		{"tab\tstays", "tab\tstays"},
		{"esc\033[2J", "esc [2J"},
		{"\xc3\xa9", "\xc3\xa9"},
		{"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
		{"\xc2\x9b", " "}, /* the one-byte CSI */
		{"a\nb", "a b"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_str out = {0};
		text_add_clean(&out, cases[i].in, strlen(cases[i].in), false);
		assert_string_equal(str_text(&out), cases[i].out);
	}
}

static void words_are_split_as_in_a_shell(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", NULL}, {"  \t ", NULL}, {"vi", "vi"}, {" code --wait ", "code|--wait"}, {"'/my editor/ed' -x", "/my editor/ed|-x"},
		{"\"a b\"c\\ d ''", "a bc d|"}, {"sh -c 'cat \"$1\"'", "sh|-c|cat \"$1\""}, {"\"a\\\"b\\c\"", "a\"b\\c"}, {"a\\", "a\\"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_strings words = {0};
		assert_true(strings_split_words(&words, cases[i].text));
		auto_free char *joined = strings_join(&words, "|", "|");
		assert_int_equal(words.count == 0, cases[i].words == NULL);
		if (words.count > 0)
			assert_string_equal(joined, cases[i].words);
	}
	auto_strings none = {0};
	assert_false(strings_split_words(&none, "a 'b"));
	assert_false(strings_split_words(&none, "a \"b\\\""));
	assert_int_equal(none.count, 0);
}

static void lists_join_and_split(void **state)
{
	(void)state;
	auto_strings list = {0};
	strings_split(&list, "::a:b::c", ':');
	assert_int_equal(list.count, 3);
	auto_free char *joined = strings_join(&list, ", ", " and ");
	assert_string_equal(joined, "a, b and c");
	assert_false(strings_add_new(&list, "b"));
	assert_true(strings_add_new(&list, "aa"));
	strings_sort(&list);
	auto_free char *sorted = strings_join(&list, " ", NULL);
	assert_string_equal(sorted, "a aa b c");
}

static void faults_gain_context(void **state)
{
	(void)state;
	struct fault fault;
	assert_false(fault_set(&fault, FAULT_OUTSIDE, "no answer from %s", "x"));
	fault_mend(&fault, "start it");
	fault_add(&fault, "reading %d", 7);
	assert_string_equal(fault.text, "reading 7: no answer from x");
	assert_string_equal(fault.mend, "start it");
	assert_int_equal(fault_exit_status(fault.code), 3);
	assert_false(fault_set(NULL, FAULT_INPUT, "nobody listens"));
}

static void faults_are_cut(void **state)
{
	(void)state;
	struct fault fault;
	auto_str longer = {0};
	for (int i = 0; i < 2000; i++)
		str_add_char(&longer, 'x');
	fault_set(&fault, FAULT_INPUT, "%s", longer.data);
	fault_add(&fault, "%s", longer.data);
	assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
}

static void faults_are_cut_between_letters(void **state)
{
	(void)state;
	static const char *const letters[] = {"\xd0\xb6", "\xe2\x80\xa6", "\xf0\x9f\xa6\x80"};
	for (size_t i = 0; i < COUNT_OF(letters); i++)
		for (size_t before = 0; before < 5; before++) {
			struct fault fault;
			size_t len = strlen(letters[i]), room = sizeof fault.text - 1 - before;
			auto_str longer = {0};
			for (size_t j = 0; j < before; j++)
				str_add_char(&longer, 'x');
			for (size_t j = 0; j < 800; j++)
				str_add(&longer, letters[i]);
			fault_set(&fault, FAULT_INPUT, "%s", longer.data);
			assert_int_equal(strlen(fault.text), before + room / len * len);
		}
}

static void words_are_quoted_as_for_a_shell(void **state)
{
	static const char *const words[] = {"plain/a-b_c.d:1", "two words", "it's", "$(x)`y`", ""};
	auto_str out = {0};
	auto_strings back = {0};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		str_add(&out, i > 0 ? " " : "");
		str_add_word(&out, words[i]);
	}
	assert_string_equal(str_text(&out), "plain/a-b_c.d:1 'two words' 'it'\\''s' '$(x)`y`' ''");
	assert_true(strings_split_words(&back, str_text(&out)));
	assert_string_equal(back.items[1], words[1]);
	assert_string_equal(back.items[2], words[2]);
	assert_string_equal(back.items[3], words[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_shrinks),
		cmocka_unit_test(cleans_foreign_text),
		cmocka_unit_test(words_are_split_as_in_a_shell),
		cmocka_unit_test(words_are_quoted_as_for_a_shell),
		cmocka_unit_test(lists_join_and_split),
		cmocka_unit_test(faults_gain_context),
		cmocka_unit_test(faults_are_cut),
		cmocka_unit_test(faults_are_cut_between_letters),
	};
	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
