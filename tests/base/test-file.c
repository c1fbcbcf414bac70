/* Paths as text; files and folders in a folder of their own. */
#include "../unit.h"
#include "cargodeck/base.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void cleans_paths(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"/a//b/./c", "/a/b/c"}, {"/a/../b", "/b"}, {"/../..", "/"}, {"a/../..", ".."},
		{"../x", "../x"}, {"./", "."}, {"/a/b/..", "/a"}, {"a/b/../../c", "c"}, {"../../x/..", "../.."},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *clean = path_clean(cases[i][0]);
		assert_string_equal(clean, cases[i][1]);
	}
}

static void knows_what_is_below(void **state)
{
	(void)state;
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/a/"));
	assert_false(path_is_below("/ab", "/a"));
	assert_true(path_is_below("/x", "/"));
	assert_string_equal(path_relative("/a/b/c", "/a"), "b/c");
	assert_string_equal(path_name("/a/b"), "b");
	auto_free char *parent = path_parent("/a");
	assert_string_equal(parent, "/");
}

static void writes_reads_removes(void **state)
{
	(void)state;
	struct fault fault;
	char folder[] = "/tmp/test-file.XXXXXX";
	assert_non_null(mkdtemp(folder));
	auto_free char *deep = path_join(folder, "a/b/c");
	assert_true(dir_make_all(deep, 0700, &fault));
	auto_free char *file = path_join(deep, "f");
	assert_true(file_write(file, "hello", 5, 0, &fault));
	struct stat status;
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	size_t len;
	auto_free char *text = file_read(file, 5, &len, &fault);
	assert_string_equal(text, "hello");
	assert_null(file_read(file, 4, &len, &fault));
	assert_int_equal(fault.code, FAULT_INPUT);
	auto_free char *fifo = path_join(deep, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_null(file_read(fifo, 10, &len, &fault));
	assert_null(file_read(folder, 10, &len, &fault));
	auto_free char *link = path_join(deep, "link");
	assert_int_equal(symlink("/etc", link), 0);
	assert_true(dir_remove_all(folder, &fault));
	assert_false(dir_exists(folder));
	assert_true(dir_exists("/etc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(knows_what_is_below),
		cmocka_unit_test(writes_reads_removes),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
