/* JSON with comments: each row is a text and what it says, or the line where it
 * ends to be JSON. And the edits that close a port. */
#include "../../src/checks/jsonc.h"
#include "sample.h"

struct row {
	const char *text, *says; /* NULL: it is none */
	unsigned line;
};

static void reads(void **state)
{
	static const struct row rows[] = {
		{"{}", "{}", 1}, {"\xef\xbb\xbf{\"a\": 1}", "{\"a\":1}", 1}, {"{\"a\": \"//b\", // c\n}", "{\"a\":\"//b\"}", 1},
		{"{\"a\": [1, 2, /* \"]\" */ ], }", "{\"a\":[1,2]}", 1}, {"/* { */ [\",]\", \"\\\",}\",]", "[\",]\",\"\\\",}\"]", 1},
		{"{\n\"a\": 1\n\"b\": 2}", NULL, 3}, {"[1,,]", NULL, 1}, {"// nothing", NULL, 1}, {"[1] /* open", "[1]", 1}, {"", NULL, 1},
		{"[\"open", NULL, 1}, {"[\"a\\", NULL, 1}, {"[1 /", NULL, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		unsigned line = 0;
		json_t *json = jsonc_read(rows[i].text, strlen(rows[i].text), &line);
		auto_free char *says = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
		if (!text_equal(says, rows[i].says) || (json == NULL && line != rows[i].line))
			printf("# %s: %s, line %u\n", rows[i].text, says, line);
		assert_true(text_equal(says, rows[i].says));
		assert_true(json != NULL || line == rows[i].line);
		json_decref(json);
	}
}

static void knows_lines(void **state)
{
	static const char text[] = "{\n// \"a\": 0\n\"b\": \"a\",\n\"a\"\n: 1}";
	(void)state;
	assert_int_equal(jsonc_line(text, "a"), 4);
	assert_int_equal(jsonc_line(text, "b"), 3);
	assert_int_equal(jsonc_line(text, "c"), 0);
}

static void closes_ports(void **state)
{
	static const char compose[] = "services:\n  redis:\n    image: redis:7\n    command: redis-server --maxmemory 1mb --maxmemory-policy allkeys-lru\n"
		"    ports:\n      - \"6379:6379\" # stays\n  registry:\n    image: registry:3\n    ports: [\"5000:5000\"]\n";
	char *folder = sample_open();
	auto_strings files = {0}, only = {0};
	auto_str diff = {0};
	struct check_report report;
	(void)state;
	strings_add(&files, "compose.yaml");
	strings_add(&only, "7.7");
	strings_add(&only, "10.4");
	sample_write(folder, "compose.yaml", compose);
	struct check_options options = {.root = folder, .compose_reason = "no", .compose_files = &files, .only = &only};
	assert_true(checks_run(&options, &report, NULL));
	/* a list in one line is left to people */
	assert_int_equal(checks_write_diff(&report, folder, &diff), 1);
	assert_non_null(strstr(str_text(&diff), "\n-      - \"6379:6379\" # stays\n+      - \"127.0.0.1:6379:6379\" # stays\n"));
	check_report_finish(&report);
	sample_close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(knows_lines), cmocka_unit_test(closes_ports)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
