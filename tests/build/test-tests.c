/* What libtest and nextest write, as they write it, and what must not upset us. */
#include "../unit.h"
#include "cargodeck/build.h"

#include <stdio.h>

struct heard {
	unsigned count;
	struct str text; /* "NAME at FILE:LINE:COLUMN: MESSAGE" a line */
	struct str output; /* of the last one */
};

static void on_failed(void *data, const struct test_failure *failure)
{
	struct heard *heard = data;
	heard->count++;
	str_print(&heard->text, "%s at %s:%u:%u: %s\n", failure->name, failure->file != NULL ? failure->file : "-", failure->line,
		failure->column, failure->message != NULL ? failure->message : "-");
	str_clear(&heard->output);
	str_add(&heard->output, failure->output);
}

static void feed(enum test_format format, const char *text, struct heard *heard, unsigned *passed, unsigned *failed)
{
	struct test_reader *reader = test_reader_open(format, "/work", on_failed, heard);
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		test_reader_line(reader, at, len);
		at += len + (at[len] == '\n');
	}
	test_reader_end(reader);
	test_reader_counts(reader, passed, failed);
	test_reader_close(reader);
}

static void check(enum test_format format, const char *text, const char *wanted, unsigned passed, unsigned failed)
{
	struct heard heard = {0};
	unsigned got_passed, got_failed;
	feed(format, text, &heard, &got_passed, &got_failed);
	assert_string_equal(str_text(&heard.text), wanted);
	assert_int_equal(got_passed, passed);
	assert_int_equal(got_failed, failed);
	str_finish(&heard.text);
	str_finish(&heard.output);
}

static char *sample(const char *name)
{
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *path = mem_print("%s/tests/fuzz/corpus/tests/%s", source != NULL ? source : ".", name);
	struct fault fault;
	char *text = file_read(path, 1 << 20, NULL, &fault);
	if (text == NULL)
		fail_msg("%s", fault.text);
	return text;
}

static void reads_libtest(void **state)
{
	(void)state;
	auto_free char *text = sample("libtest");
	check(TEST_LIBTEST, text,
		"tests::calm at /work/src/lib.rs:16:8: it did not panic as expected\n"
		"tests::worse at -:0:0: Error: \"no\"\n"
		"tests::bad at /work/src/lib.rs:11:72: assertion `left == right` failed\n"
		"whole at /work/tests/whole.rs:2:73: index out of bounds: the len is 0 but the index is 0\n"
		"src/lib.rs - doc (line 2) at /work/src/lib.rs:5:1: assertion `left == right` failed\n", 2, 5);
}

static void reads_nextest(void **state)
{
	(void)state;
	auto_free char *text = sample("nextest");
	check(TEST_NEXTEST, text,
		"lt tests::calm at /work/src/lib.rs:16:8: it did not panic as expected\n"
		"lt tests::worse at -:0:0: Error: \"no\"\n"
		"lt tests::bad at /work/src/lib.rs:11:72: assertion `left == right` failed\n"
		"lt::whole whole at /work/tests/whole.rs:2:73: index out of bounds: the len is 0 but the index is 0\n", 2, 4);
}

static void reads_older_forms(void **state)
{
	(void)state;
	check(TEST_LIBTEST, "---- a stdout ----\nthread 'a' panicked at 'it's no, use', src/a.rs:3:5\n\nfailures:\n    a\n\n"
		"test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
		"a at /work/src/a.rs:3:5: it's no, use\n", 0, 1);
	/* it wrote nothing: only the list names it */
	check(TEST_LIBTEST, "failures:\n\nfailures:\n    quiet\n\ntest result: FAILED. 3 passed; 1 failed; 0 ignored\n",
		"quiet at -:0:0: -\n", 3, 1);
	check(TEST_LIBTEST, "---- src/lib.rs - doc (line 7) stdout ----\nTest compiled successfully, but it's marked `compile_fail`.\n",
		"src/lib.rs - doc (line 7) at /work/src/lib.rs:7:1: Test compiled successfully, but it's marked `compile_fail`.\n", 0, 1);
	check(TEST_NEXTEST, "     SIGABRT [   0.011s] lt::whole abort\n--- STDOUT:  lt::whole abort ---\n"
		"     Summary [   0.012s] 3 tests run: 1 passed (1 slow), 1 failed, 1 timed out, 6 skipped\n",
		"lt::whole abort at -:0:0: -\n", 1, 2);
	/* the place of the standard library says less than one of ours */
	check(TEST_LIBTEST, "---- a stdout ----\nthread 'a' panicked at /rustc/1/library/x.rs:1:2:\nfirst\nthread 'b' panicked at src/b.rs:4:6:\nsecond\n",
		"a at /work/src/b.rs:4:6: first\n", 0, 1);
}

static void is_bounded_and_clean(void **state)
{
	(void)state;
	struct heard heard = {0};
	auto_str text = {0};
	unsigned passed, failed;
	str_add(&text, "---- \033[31mred\a stdout ----\n\033]0;title\athread 'x' panicked at \033[1msrc/\xff.rs:99999999999:1:\n");
	for (int i = 0; i < 20000; i++)
		str_print(&text, "line %d \033[2J\n", i);
	feed(TEST_LIBTEST, str_text(&text), &heard, &passed, &failed);
	assert_int_equal(heard.count, 1);
	assert_true(heard.output.len < 70000);
	assert_null(strchr(str_text(&heard.output), '\033'));
	assert_null(strchr(str_text(&heard.text), '\033'));
	assert_non_null(strstr(str_text(&heard.output), "(the rest is cut)"));
	str_clear(&text);
	heard.count = 0;
	for (int i = 0; i < 3000; i++)
		str_print(&text, "---- t%d stdout ----\n", i);
	feed(TEST_LIBTEST, str_text(&text), &heard, &passed, &failed);
	assert_int_equal(heard.count, 500);
	assert_int_equal(failed, 3000);
	str_finish(&heard.text);
	str_finish(&heard.output);
}

static void keeps_colours(void **state)
{
	(void)state;
	static const char text[] = "\033[1;31mred\033[0m\033[2J\033]0;t\a\033c \033[38;5;9";
	auto_str with = {0}, without = {0};
	output_add_clean(&with, text, sizeof text - 1, true);
	output_add_clean(&without, text, sizeof text - 1, false);
	assert_string_equal(str_text(&with), "\033[1;31mred\033[0m ");
	assert_string_equal(str_text(&without), "red ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_libtest),
		cmocka_unit_test(reads_nextest),
		cmocka_unit_test(reads_older_forms),
		cmocka_unit_test(is_bounded_and_clean),
		cmocka_unit_test(keeps_colours),
	};
	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
