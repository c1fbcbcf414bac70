/* The walk: what is listed, what is left out, what is read. */
#include "../../src/checks/tree.h"
#include "sample.h"

#include <fcntl.h>
#include <sys/stat.h>

static void link_to(const char *folder, const char *to, const char *below)
{
	auto_free char *path = path_join(folder, below);
	assert_int_equal(symlink(to, path), 0);
}

static void lists_by_path_without_what_nobody_wrote(void **state)
{
	(void)state;
	char *folder = sample_open();
	static const char *const kept[] = {"Cargo.toml", "a-b/x", "a/b", "a/target/plain", "a0", "docs/target/x", "src/main.rs"};
	static const char *const skipped[] = {".git/config", "target/debug/x", "web/node_modules/y", ".venv/bin/z", "built/target/CACHEDIR.TAG",
		"built/target/x"};
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		sample_write(folder, kept[i], "");
	for (size_t i = 0; i < COUNT_OF(skipped); i++)
		sample_write(folder, skipped[i], "");
	struct tree tree;
	struct fault fault = {0};
	assert_true(tree_open(folder, NULL, &tree, &fault));
	assert_int_equal(tree.files.count, COUNT_OF(kept));
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		assert_string_equal(tree.files.items[i].path, kept[i]);
	assert_false(tree.has_git);
	assert_false(tree.is_cut);
	assert_non_null(tree_find(&tree, "a/b"));
	assert_null(tree_find(&tree, "a"));
	assert_true(tree_has_folder(&tree, "a"));
	assert_true(tree_has_folder(&tree, "a/target/"));
	assert_true(tree_has_folder(&tree, "."));
	assert_false(tree_has_folder(&tree, "a0"));
	assert_false(tree_has_folder(&tree, "zz"));
	tree_finish(&tree);
	sample_close(folder);
	assert_false(tree_open("/nowhere/at/all", NULL, &tree, &fault));
	assert_int_equal(fault.code, FAULT_INPUT);
	tree_finish(&tree);
}

static void knows_what_is_tracked_and_a_harness(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool is_harness;
	} cases[] = {
		{"Cargo.toml", false}, {"tests/a.rs", true}, {"tests", false}, {"crates/x/test/a", true}, {"crates/e2e/src/main.rs", true},
		{"playwright/Dockerfile", true}, {"testing-tools/a", true}, {"docker-ci/Dockerfile", true}, {"ci-images/Dockerfile", true},
		{"ci/Dockerfile", false}, {"precise/a", false}, {".github/actions/test/action.yml", false}, {".gitlab/ci-x/a", false},
		{"contest/a", false}, {"a/fuzz/b", true}, {"a/benches/b", true}, {"a/examples/b", true}, {"cypress/a", true}, {"-ci/a", false},
	};
	auto_strings tracked = {0};
	strings_add(&tracked, "tests/a.rs");
	strings_add(&tracked, "gone");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *folder = sample_open();
		sample_write(folder, cases[i].path, "x");
		struct tree tree;
		assert_true(tree_open(folder, &tracked, &tree, NULL));
		assert_true(tree.has_git);
		assert_int_equal(tree.files.count, 1);
		assert_int_equal(tree.files.items[0].size, 1);
		assert_int_equal(tree.files.items[0].is_harness, cases[i].is_harness);
		assert_int_equal(tree.files.items[0].is_tracked, strcmp(cases[i].path, "tests/a.rs") == 0);
		tree_finish(&tree);
		sample_close(folder);
	}
}

static void names_are_bytes(void **state)
{
	(void)state;
	char *folder = sample_open();
	sample_write(folder, "\xff\xfe\n.yaml", "odd");
	sample_write(folder, "x/Dockerfile.\xc3\xa9", "e");
	sample_write(folder, ".env", "");
	struct tree tree;
	assert_true(tree_open(folder, NULL, &tree, NULL));
	size_t at = 0, len;
	const struct tree_file *file = tree_each(&tree, &at, "*.yaml");
	assert_non_null(file);
	auto_free char *text = tree_read(&tree, file->path, &len);
	assert_string_equal(text, "odd");
	assert_null(tree_each(&tree, &at, "*.yaml"));
	at = 0;
	assert_non_null(tree_each(&tree, &at, "*.y?ml"));
	at = 0;
	assert_non_null(tree_each(&tree, &at, "Docker[a-z]*.*"));
	at = 0;
	assert_non_null(tree_each(&tree, &at, "*env"));
	at = 0;
	assert_non_null(tree_each(&tree, &at, ".env"));
	tree_finish(&tree);
	sample_close(folder);
}

static void follows_no_link_out_of_the_tree(void **state)
{
	(void)state;
	char *folder = sample_open(), *other = sample_open();
	sample_write(folder, "in/file", "inside");
	sample_write(other, "file", "outside");
	auto_free char *outside = path_join(other, "file");
	auto_free char *inside = path_join(folder, "in/file");
	link_to(folder, "in/file", "near");
	link_to(folder, inside, "absolute");
	link_to(folder, outside, "far");
	link_to(folder, other, "elsewhere");
	link_to(folder, "..", "in/up");
	link_to(folder, "round", "round");
	link_to(folder, "missing", "broken");
	auto_free char *fifo = path_join(folder, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	link_to(folder, "fifo", "to-fifo");
	struct tree tree;
	assert_true(tree_open(folder, NULL, &tree, NULL));
	assert_int_equal(tree.files.count, 9);
	assert_true(tree_find(&tree, "in/up")->is_link);
	static const char *const good[] = {"near", "absolute", "in/file", "in/up/in/file"};
	static const char *const bad[] = {"far", "elsewhere", "elsewhere/file", "round", "broken", "fifo", "to-fifo", "in", "in/up", "", "../x",
		"in/up/../far", "/etc/passwd"};
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		size_t len = 0;
		auto_free char *text = tree_read(&tree, good[i], &len);
		assert_non_null(text);
		assert_string_equal(text, "inside");
		assert_int_equal(len, 6);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_null(tree_read(&tree, bad[i], NULL));
	tree_finish(&tree);
	sample_close(folder);
	sample_close(other);
}

static void reads_texts_alone_and_within_bounds(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct tree tree;
	struct str big = {0};
	while (big.len < TREE_FILE_BYTES)
		str_add(&big, "0123456789abcdef");
	sample_write(folder, "most", big.data);
	str_add(&big, "x");
	sample_write(folder, "more", big.data);
	str_finish(&big);
	auto_free char *binary = path_join(folder, "binary"), *closed = path_join(folder, "closed");
	assert_true(file_write(binary, "a\0b", 3, 0755, NULL));
	sample_write(folder, "closed/x", "");
	sample_write(folder, "empty", "");
	assert_int_equal(chmod(closed, 0), 0);
	assert_true(tree_open(folder, NULL, &tree, NULL));
	assert_true(tree_find(&tree, "binary")->is_executable);
	assert_false(tree_find(&tree, "most")->is_executable);
	size_t len = 1;
	auto_free char *most = tree_read(&tree, "most", &len);
	assert_int_equal(len, TREE_FILE_BYTES);
	assert_non_null(most);
	assert_null(tree_read(&tree, "more", NULL));
	assert_null(tree_read(&tree, "binary", NULL));
	auto_free char *empty = tree_read(&tree, "empty", &len);
	assert_string_equal(empty, "");
	assert_int_equal(len, 0);
	tree_finish(&tree);
	assert_int_equal(chmod(closed, 0700), 0);
	sample_close(folder);
}

static void keeps_the_shallow_where_there_is_too_much(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct tree tree;
	struct str deep = {0};
	for (int i = 0; i < TREE_MOST_DEPTH + 2; i++)
		str_add(&deep, "d/");
	str_add(&deep, "x");
	sample_write(folder, deep.data, "");
	str_finish(&deep);
	sample_write(folder, "zz/here", "");
	assert_true(tree_open(folder, NULL, &tree, NULL));
	assert_true(tree.is_cut);
	assert_int_equal(tree.files.count, 1);
	tree_finish(&tree);
	auto_free char *many = path_join(folder, "d/many");
	assert_true(dir_make_all(many, 0755, NULL));
	int fd = open(many, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < TREE_MOST_FILES + 10; i++) {
		char name[16];
		snprintf(name, sizeof name, "%d", i);
		assert_int_equal(symlinkat("x", fd, name), 0);
	}
	close(fd);
	assert_true(tree_open(folder, NULL, &tree, NULL));
	assert_true(tree.is_cut);
	assert_int_equal(tree.files.count, TREE_MOST_FILES);
	assert_non_null(tree_find(&tree, "zz/here"));
	tree_finish(&tree);
	sample_close(folder);
}

static void counts_lines(void **state)
{
	(void)state;
	assert_int_equal(text_line_at("", 0), 1);
	assert_int_equal(text_line_at("a\nb\n", 1), 1);
	assert_int_equal(text_line_at("a\nb\n", 2), 2);
	assert_int_equal(text_line_at("a\nb\n", 99), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_by_path_without_what_nobody_wrote),
		cmocka_unit_test(knows_what_is_tracked_and_a_harness),
		cmocka_unit_test(names_are_bytes),
		cmocka_unit_test(follows_no_link_out_of_the_tree),
		cmocka_unit_test(reads_texts_alone_and_within_bounds),
		cmocka_unit_test(keeps_the_shallow_where_there_is_too_much),
		cmocka_unit_test(counts_lines),
	};
	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
