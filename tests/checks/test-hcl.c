/* HCL with places: blocks as the maps that JSON would have, values, expressions
 * as they stand, and that what is no HCL is refused at its line. */
#include "../unit.h"
#include "../../src/checks/hcl.h"

#include <stdio.h>

static struct hcl *read_good(const char *text)
{
	struct fault fault = {0};
	struct hcl *hcl = hcl_read(text, strlen(text), &fault);
	if (hcl == NULL)
		printf("# %s\n", fault.text);
	assert_non_null(hcl);
	return hcl;
}

static void test_blocks(void **state)
{
	struct hcl *hcl = read_good("# a\ntarget \"api\" {\n  tags = [\"a:${V}\", \"b\"] // two\n}\ntarget api { context = \".\" }\nvariable \"V\" { default = \"1\" }\n");
	const struct yaml_node *target = yaml_at(hcl_root(hcl), "target.api");
	(void)state;
	assert_true(yaml_is(yaml_at(target, "tags.0"), "a:${V}"));
	assert_int_equal(yaml_at(target, "tags.1")->line, 3);
	assert_int_equal(yaml_key(target, "context")->line, 5);
	assert_true(yaml_is(yaml_at(hcl_root(hcl), "variable.V.default"), "1"));
	assert_int_equal(yaml_key(yaml_get(hcl_root(hcl), "target"), "api")->line, 2);
	hcl_close(hcl);
}

static void test_values(void **state)
{
	struct hcl *hcl = read_good("a = { b = \"x\\\"y\", \"c d\": 7, (e) = [] }\nf = <<-END\n  FROM x\n  END\ng = \"${h(\"}\")}\"\n/* i\n*/ j = true\n");
	const struct yaml_node *root = hcl_root(hcl);
	(void)state;
	assert_true(yaml_is(yaml_at(root, "a.b"), "x\"y"));
	assert_true(yaml_is(yaml_at(root, "a.c d"), "7"));
	assert_true(yaml_is(yaml_get(root, "f"), "  FROM x\n"));
	assert_true(yaml_is(yaml_get(root, "g"), "${h(\"}\")}"));
	assert_true(yaml_get(root, "j")->is_plain);
	assert_int_equal(yaml_get(root, "j")->line, 7);
	hcl_close(hcl);
}

static void test_expressions(void **state)
{
	struct hcl *hcl = read_good("a = b == \"c\" ? [\"d\"] : [] # e\nf = [for g in h : \"${g}\"]\ni = j(\"k\",\n  [1, 2])\nl = [\"m\" , n(\"o\")]\n");
	const struct yaml_node *root = hcl_root(hcl);
	(void)state;
	assert_true(yaml_is(yaml_get(root, "a"), "b == \"c\" ? [\"d\"] : []"));
	assert_true(yaml_is(yaml_get(root, "f"), "[for g in h : \"${g}\"]"));
	assert_true(yaml_is(yaml_get(root, "i"), "j(\"k\",\n  [1, 2])"));
	assert_true(yaml_is(yaml_at(root, "l.0"), "m"));
	assert_true(yaml_is(yaml_at(root, "l.1"), "n(\"o\")"));
	hcl_close(hcl);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *line;
	} bad[] = {{"a \"b\" {\n c = 1\n", "line 3"}, {"a = <<END\nx\n", "line 1"}, {"a =\n", "line 1"}, {"\n\na = [1\n", "line 4"}, {"a b\n", "line 1"}, {"}", "line 1"}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct fault fault = {0};
		assert_null(hcl_read(bad[i].text, strlen(bad[i].text), &fault));
		assert_non_null(strstr(fault.text, bad[i].line));
	}
}

static void test_bounds(void **state)
{
	auto_str deep = {0}, many = {0};
	struct fault fault = {0};
	(void)state;
	str_add(&deep, "a = ");
	for (int i = 0; i < 100000; i++)
		str_add_char(&deep, '[');
	for (int i = 0; i < 100000; i++)
		str_add(&many, "a{}\n");
	assert_null(hcl_read(deep.data, deep.len, &fault));
	struct hcl *hcl = hcl_read(many.data, many.len, &fault);
	hcl_close(hcl);
	assert_null(hcl);
	assert_non_null(strstr(fault.text, "too many values"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests_name("hcl", tests, NULL, NULL);
}
