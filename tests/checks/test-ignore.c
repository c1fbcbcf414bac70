/* .dockerignore: each row is a file, a path, whether it is left out, and the
 * line of the rule that decided (0: none did). */
#include "../unit.h"
#include "../../src/checks/ignore.h"

#include <stdio.h>

struct row {
	const char *file, *path;
	bool is_out;
	unsigned line;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ignore ignore;
		unsigned line;
		ignore_read(rows[i].file, strlen(rows[i].file), &ignore);
		bool is_out = ignore_leaves_out(&ignore, rows[i].path, &line);
		if (is_out != rows[i].is_out || line != rows[i].line) {
			printf("# \"%s\" of %s: %s by line %u\n", rows[i].file, rows[i].path, is_out ? "out" : "in", line);
			fail();
		}
		ignore_finish(&ignore);
	}
}

static void test_rooted(void **state)
{
	static const struct row rows[] = {
		{"/.env.*", ".env", false, 0}, {"*.env", ".env", true, 1}, {".env", "sub/.env", false, 0}, {"**/.env", "sub/.env", true, 1},
		{"x/*", "x", false, 0}, {"x/*", "x/a/b", true, 1}, {"*", "a/b", true, 1}, {"b", "bc", false, 0}, {"../a", "a", false, 0},
		{"/a/../b", "b/c", true, 1}, {".\n/\n", "x", false, 0},
	};
	(void)state;
	check_rows(rows, COUNT_OF(rows));
}

static void test_order(void **state)
{
	static const struct row rows[] = {
		{"target\n!target/a\n", "target/a", false, 2}, {"target\n!target/a\n", "target/b", true, 1},
		{"*.md\n!R*.md\nRS.md", "RS.md", true, 3}, {"*.md\n!R*.md\nRS.md", "RX.md", false, 2},
	};
	(void)state;
	check_rows(rows, COUNT_OF(rows));
}

static void test_lines(void **state)
{
	static const struct row rows[] = {
		{"a  \r\n", "a", true, 1}, {"\xef\xbb\xbf" "a", "a", true, 1}, {"!\n! \na", "a", true, 3}, {"// a", "a", true, 1},
		{"#a", "#a", false, 0}, {" #a", "#a", true, 1}, {"\\#a", "#a", true, 1}, {"./!a", "a", false, 1},
		{"[a-\nb", "b", true, 2}, {"[a-", "[a-", false, 0}, {"foo\\", "foo", false, 0},
	};
	(void)state;
	check_rows(rows, COUNT_OF(rows));
}

static void test_signs(void **state)
{
	static const struct row rows[] = {
		{"a?b", "a\xe2\x98\xba" "b", true, 1}, {"a/**/b", "a/b", true, 1}, {"a/**/b", "a/x/y/b/c", true, 1}, {"a/**/b", "a/xb", false, 0},
		{"**foo", "xfoo", true, 1}, {"**/foo", "xfoo", false, 0}, {"**/foo*", "a/xfoo", false, 0}, {"abc/**", "abc", false, 0},
		{"**", "a/b", true, 1}, {"a\\*b", "axb", false, 0}, {"a\\*b", "a*b", true, 1}, {"[^a]b", "/b", true, 1},
		{"[[:digit:]]x", "7x", true, 1}, {"**/**/*.txt", "file.txt", true, 1}, {"a.|)$(}+{bc*", "a.|)$(}+{bc", true, 1},
	};
	(void)state;
	check_rows(rows, COUNT_OF(rows));
}

/* Time is bounded by the lengths: this one would take years by trying all ways. */
static void test_hostile(void **state)
{
	auto_str pattern = {0}, path = {0};
	(void)state;
	for (int i = 0; i < 200; i++) {
		str_add(&pattern, "**/*a*/");
		str_add(&path, "aaaaaaaa/");
	}
	str_add(&pattern, "b");
	str_add(&path, "c");
	check_rows(&(struct row){str_text(&pattern), str_text(&path), false, 0}, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rooted),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
