/* Unified diffs: their hunks, and that they are what patch(1) takes. */
#include "../unit.h"
#include "cargodeck/base.h"

static void assert_diff(const char *before, const char *after, const char *wanted)
{
	auto_str out = {0};
	diff_add(&out, "f", (struct diff_text){before, NULL}, (struct diff_text){after, NULL});
	assert_string_equal(str_text(&out), wanted);
}

static void says_what_differs(void **state)
{
	(void)state;
	assert_diff("a\nb\n", "a\nb\n", "");
	assert_diff(NULL, "a\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n");
	assert_diff(NULL, "", "--- /dev/null\n+++ b/f\n");
	assert_diff("", "a\n", "--- a/f\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n");
	assert_diff("a\n", "", "--- a/f\n+++ b/f\n@@ -1,1 +0,0 @@\n-a\n");
	assert_diff("a", "a\n", "--- a/f\n+++ b/f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
	assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n", "--- a/f\n+++ b/f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n");
	assert_diff("a\nb\nc\n", "b\nx\nc\n", "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n-a\n b\n+x\n c\n");
}

/* Six equal lines between are one hunk, seven are two. */
static void parts_hunks(void **state)
{
	(void)state;
	assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n", "--- a/f\n+++ b/f\n@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n");
	assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
		"--- a/f\n+++ b/f\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n");
}

static void shows_other_lines_and_no_controls(void **state)
{
	(void)state;
	auto_str out = {0};
	diff_add(&out, "f\n", (struct diff_text){"A=1\nB=2\n", "A=*\nB=*\n"}, (struct diff_text){"A=1\nB=3\033[31m\r\n", NULL});
	assert_string_equal(str_text(&out), "--- a/f \n+++ b/f \n@@ -1,2 +1,2 @@\n A=*\n-B=*\n+B=3 [31m\r\n");
}

static void bounds_its_work(void **state)
{
	(void)state;
	auto_str before = {0}, after = {0}, out = {0};
	for (int i = 0; i < 5000; i++) {
		str_print(&before, "%d\n", i);
		str_print(&after, "%d\n", i % 2 == 0 ? i : -i);
	}
	str_add(&before, "end");
	diff_add(&out, "f", (struct diff_text){str_text(&before), NULL}, (struct diff_text){str_text(&after), NULL});
	assert_non_null(strstr(str_text(&out), "@@ -1,5001 +1,5000 @@\n 0\n-1\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_differs),
		cmocka_unit_test(parts_hunks),
		cmocka_unit_test(shows_other_lines_and_no_controls),
		cmocka_unit_test(bounds_its_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
