/* YAML with places: values, their lines, aliases and merge keys, and that
 * hostile files end in a fault or cost nothing. */
#include "../unit.h"
#include "../../src/checks/yaml.h"

#include <stdio.h>

static struct yaml *read_good(const char *text, size_t len)
{
	struct fault fault = {0};
	struct yaml *yaml = yaml_read(text, len, &fault);
	if (yaml == NULL)
		printf("# %s\n", fault.text);
	assert_non_null(yaml);
	return yaml;
}

static void test_values(void **state)
{
	static const char text[] = "\xef\xbb\xbf" "x: &d {m: 1, k: a}\r\ny:\r\n  <<: *d\r\n  k: b\r\n  k: 'yes'\r\n"
		"z: [*d, !override {q: on}]\r\ne:\r\nn: !reset null\r\n";
	struct yaml *yaml = read_good(text, sizeof text - 1);
	const struct yaml_node *root = yaml_root(yaml), *key = yaml_key(yaml_get(root, "y"), "k");
	(void)state;
	assert_true(yaml_is(yaml_at(root, "y.m"), "1"));
	assert_true(yaml_is(yaml_at(root, "y.k"), "yes"));
	assert_int_equal(yaml_truth(yaml_at(root, "y.k")), -1); /* quoted */
	assert_int_equal(yaml_truth(yaml_at(root, "z.1.q")), 1);
	assert_int_equal(key->line, 5);
	assert_int_equal(key->column, 3);
	assert_ptr_equal(yaml_at(root, "z.0"), yaml_get(root, "x"));
	assert_null(yaml_at(root, "z.9"));
	assert_null(yaml_at(root, "z.x"));
	assert_true(yaml_is(yaml_get(root, "e"), ""));
	assert_int_equal(yaml_get(root, "e")->line, 7);
	assert_true(yaml_is(yaml_get(root, "n"), "null") && yaml_get(root, "n")->is_plain);
	assert_null(yaml_get(root, "none"));
	assert_null(yaml_get(NULL, "a"));
	yaml_close(yaml);
}

static void test_empty_and_first(void **state)
{
	static const char *const empty[] = {"", "# c\n"};
	struct yaml *yaml;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(empty); i++) {
		yaml = read_good(empty[i], strlen(empty[i]));
		assert_null(yaml_root(yaml));
		yaml_close(yaml);
	}
	yaml = read_good("a: 1\n---\nb: 2\n", 14);
	assert_non_null(yaml_at(yaml_root(yaml), "a"));
	assert_null(yaml_at(yaml_root(yaml), "b"));
	yaml_close(yaml);
	yaml = read_good("\xff\xfe" "a\0:\0 \0" "1\0", 10); /* UTF-16 */
	assert_true(yaml_is(yaml_at(yaml_root(yaml), "a"), "1"));
	yaml_close(yaml);
}

/* A billion laughs: shared, so that it costs nothing; looked through in bounds. */
static void test_laughs(void **state)
{
	auto_str text = {0};
	(void)state;
	str_add(&text, "a0: &a0 {k: 1}\n");
	for (int i = 1; i < 40; i++)
		str_print(&text, "a%d: &a%d\n  <<: [*a%d, *a%d]\n  v: [*a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
	struct yaml *yaml = read_good(text.data, text.len);
	assert_null(yaml_at(yaml_root(yaml), "a39.none"));
	assert_true(yaml_is(yaml_at(yaml_root(yaml), "a39.k"), "1"));
	yaml_close(yaml);
}

static void check_refused(const char *text, size_t len)
{
	struct fault fault = {0};
	assert_null(yaml_read(text, len, &fault));
	assert_true(fault.text[0] != '\0');
}

static void test_refused(void **state)
{
	static const char *const texts[] = {"a: &b [*b]", "a: 1\nb: *c\n", "a: 1\n  b: 2\n", "a: 1\nb: \x01\n", "a\n\xff\xfe\x80"};
	auto_str text = {0};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		check_refused(texts[i], strlen(texts[i]));
	for (int i = 0; i < 101; i++)
		str_add(&text, "[");
	for (int i = 0; i < 101; i++)
		str_add(&text, "]");
	check_refused(text.data, text.len); /* levels */
	str_clear(&text);
	str_add(&text, "[");
	for (int i = 0; i < 100000; i++)
		str_add(&text, "1,\n");
	str_add(&text, "]");
	check_refused(text.data, text.len); /* nodes */
	str_clear(&text);
	for (int i = 0; i < 600000; i++)
		str_add(&text, "#\n");
	check_refused(text.data, text.len); /* bytes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_empty_and_first),
		cmocka_unit_test(test_laughs),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
