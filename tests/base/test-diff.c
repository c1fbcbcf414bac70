/* Unified diffs: their hunks, and that git makes of the first text the second one with them. */
#include "../unit.h"
#include "cargodeck/base.h"

#include <stdio.h>

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

/* ---- given to git ---- */

enum { PAIRS = 300 };

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void add_line(struct str *text, uint64_t *random)
{
	static const char *const lines[] = {"a\n", "b\n", "c\n", "\n", "\td\n", "}\n", "-e\n", "+f\n", " g\n", "@@ -1 +1 @@\n", "--- h\n", "\\ i\n", "\xC3\xA9\n"};
	str_add(text, lines[next_random(random) % COUNT_OF(lines)]);
}

/* A text; and another that has much of it. */
static void make_pair(struct str *was, struct str *becomes, uint64_t *random)
{
	for (uint64_t left = next_random(random) % 40; left > 0; left--) {
		auto_str line = {0};
		add_line(&line, random);
		uint64_t change = next_random(random) % 12;
		if (change != 0)
			str_add(was, str_text(&line));
		if (change != 1)
			str_add(becomes, str_text(&line));
		if (change == 2)
			add_line(becomes, random);
	}
	if (next_random(random) % 4 == 0)
		str_add(was, "open end");
	if (next_random(random) % 4 == 0)
		str_add(becomes, "open end");
}

static void put(const char *folder, const char *name, const struct str *text)
{
	auto_free char *path = path_join(folder, name);
	assert_true(file_write(path, str_text(text), text->len, 0644, NULL));
}

/* All pairs are one patch; git takes all of it or nothing. */
static void git_takes_it(void **state)
{
	(void)state;
	char folder[] = "/tmp/test-diff.XXXXXX";
	uint64_t random = 0x9e3779b97f4a7c15u;
	auto_strings wanted = {0};
	auto_str patch = {0};
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < PAIRS; i++) {
		auto_str was = {0}, becomes = {0};
		auto_free char *name = mem_print("f%d", i);
		bool is_new = i % 10 == 0;
		make_pair(&was, &becomes, &random);
		strings_add(&wanted, str_text(&becomes));
		if (!is_new)
			put(folder, name, &was);
		if (!is_new || becomes.len > 0)
			diff_add(&patch, name, (struct diff_text){is_new ? NULL : str_text(&was), NULL}, (struct diff_text){str_text(&becomes), NULL});
	}
	put(folder, "patch", &patch);
	auto_free char *command = mem_print("cd %s && git apply --whitespace=nowarn patch", folder);
	assert_int_equal(system(command), 0);
	for (int i = 0; i < PAIRS; i++) {
		auto_free char *path = mem_print("%s/f%d", folder, i);
		auto_free char *text = file_read(path, 1 << 20, NULL, NULL);
		assert_string_equal(text != NULL ? text : "", wanted.items[i]);
	}
	assert_true(dir_remove_all(folder, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_differs),
		cmocka_unit_test(parts_hunks),
		cmocka_unit_test(shows_other_lines_and_no_controls),
		cmocka_unit_test(bounds_its_work),
		cmocka_unit_test(git_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
