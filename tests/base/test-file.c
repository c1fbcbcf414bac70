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

static void make_link(const char *folder, const char *to, const char *name)
{
	auto_free char *path = path_join(folder, name);
	assert_int_equal(symlink(to, path), 0);
}

static void assert_below(const char *root, const char *path, const char *wanted, unsigned mode)
{
	struct stat status;
	auto_free char *whole = path_join(root, path);
	auto_free char *text = file_read(whole, 100, NULL, NULL);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_int_equal(stat(whole, &status), 0);
	assert_int_equal(status.st_mode & 0777, mode);
}

static enum file_kind kind_below(const char *root, const char *path)
{
	auto_free char *text = NULL;
	enum file_kind kind = file_read_below(root, path, 10, &text);
	assert_int_equal(kind == FILE_TEXT, text != NULL);
	return kind;
}

static void reads_and_writes_below(void **state)
{
	(void)state;
	char folder[] = "/tmp/test-file.XXXXXX";
	struct fault fault;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(kind_below(folder, "a/b/f"), FILE_NONE);
	assert_true(file_write_below(folder, "a/b/f", NULL, "one", 3, 0755, &fault));
	assert_below(folder, "a/b/f", "one", 0755);
	assert_true(file_write_below(folder, "a/b/f", "one", "two", 3, 0600, &fault)); /* its mode stays */
	assert_below(folder, "a/b/f", "two", 0755);
	assert_false(file_write_below(folder, "a/b/f", "one", "three", 5, 0600, &fault)); /* it is another one */
	assert_false(file_write_below(folder, "a/b/f", NULL, "three", 5, 0600, &fault));
	assert_false(file_write_below(folder, "a/gone", "one", "three", 5, 0600, &fault));
	assert_below(folder, "a/b/f", "two", 0755);
	assert_true(file_write_below(folder, ".env", NULL, "x", 1, 0600, &fault));
	assert_below(folder, ".env", "x", 0600);
	assert_int_equal(kind_below(folder, "a/b"), FILE_OTHER);
	assert_int_equal(kind_below(folder, "a/b/f/g"), FILE_OTHER); /* a file where a folder must be */
	assert_true(file_write_below(folder, "nul", NULL, "a\0b", 3, 0600, &fault));
	assert_int_equal(kind_below(folder, "nul"), FILE_OTHER);
	assert_true(file_write_below(folder, "large", NULL, "12345678901", 11, 0600, &fault));
	assert_int_equal(kind_below(folder, "large"), FILE_OTHER);
	assert_true(dir_remove_all(folder, NULL));
}

static void stays_below(void **state)
{
	(void)state;
	static const char *const paths[] = {"link/f", "link", "dead", "folder/f", "in", "in/pipe", "file/f"};
	static const char *const unclean[] = {"../f", "in/../../f", "/tmp/f", "in//f", "..", "in/..", "", "a\nb", "./a", "a/"};
	char outer[] = "/tmp/test-file.XXXXXX";
	assert_non_null(mkdtemp(outer));
	auto_free char *root = path_join(outer, "root"), *in = path_join(root, "in"), *aside = path_join(outer, "aside");
	auto_free char *pipe = path_join(in, "pipe"), *file = path_join(root, "file");
	assert_true(dir_make_all(in, 0755, NULL) && dir_make_all(aside, 0755, NULL));
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_true(file_write(file, "f", 1, 0644, NULL));
	make_link(root, "../aside/f", "link");
	make_link(root, "nowhere", "dead");
	make_link(root, "../aside", "folder");
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct fault fault = {0};
		if (file_write_below(root, paths[i], NULL, "x", 1, 0644, &fault))
			fail_msg("%s is written", paths[i]);
		assert_true(fault.text[0] != '\0');
	}
	for (size_t i = 0; i < COUNT_OF(unclean); i++)
		if (path_is_plain(unclean[i]))
			fail_msg("%s is plain", unclean[i]);
	assert_int_equal(kind_below(root, "link"), FILE_LINK);
	assert_int_equal(kind_below(root, "dead"), FILE_LINK);
	assert_int_equal(kind_below(root, "folder/f"), FILE_LINK);
	assert_int_equal(kind_below(root, "in/pipe"), FILE_OTHER);
	assert_int_equal(rmdir(aside), 0); /* nothing came in */
	assert_int_equal(unlink(pipe), 0);
	assert_int_equal(rmdir(in), 0); /* and nothing is left beside */
	assert_true(dir_remove_all(outer, NULL));
}

static void finds_what_is_above(void **state)
{
	(void)state;
	char root[] = "/tmp/test-file.XXXXXX";
	assert_non_null(mkdtemp(root));
	auto_free char *deep = path_join(root, "a/b/c"), *sign = path_join(root, "a/sign-of-a-test");
	assert_true(dir_make_all(deep, 0755, NULL));
	assert_null(dir_find_holding(deep, "sign-of-a-test"));
	assert_int_equal(symlink("nowhere", sign), 0);
	auto_free char *found = dir_find_holding(deep, "sign-of-a-test"), *wanted = path_join(root, "a");
	assert_string_equal(found, wanted);
	auto_free char *itself = dir_find_holding(wanted, "sign-of-a-test");
	assert_string_equal(itself, wanted);
	assert_null(dir_find_holding("/no/such/folder", "tmp"));
	assert_null(dir_find_holding("/proc/self", "sign-of-a-test")); /* another file system than that of / */
	assert_true(dir_remove_all(root, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans_paths),
		cmocka_unit_test(knows_what_is_below),
		cmocka_unit_test(writes_reads_removes),
		cmocka_unit_test(reads_and_writes_below),
		cmocka_unit_test(stays_below),
		cmocka_unit_test(finds_what_is_above),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
