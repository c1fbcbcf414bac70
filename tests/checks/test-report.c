/* The report for people: what one line breaks in several practices is said once,
 * and the JSON keeps all. */
#include "cargodeck/checks.h"
#include "sample.h"

static unsigned count_of(const char *text, const char *words)
{
	unsigned count = 0;
	for (const char *at = text; (at = strstr(at, words)) != NULL; at += strlen(words))
		count++;
	return count;
}

static void judge(const char *folder, struct check_report *report)
{
	auto_strings files = {0}, only = {0};
	strings_add(&files, "compose.yaml");
	strings_split(&only, "2.3 2.6 8.6 8.7", ' ');
	const struct check_options options = {.root = folder, .compose_files = &files, .only = &only};
	assert_true(checks_run(&options, report, NULL));
}

static void lay_out(const char *folder, const char *compose)
{
	sample_write(folder, "Cargo.toml", "[package]\nname = \"api\"\nversion = \"0.1.0\"\n");
	sample_write(folder, "src/main.rs", "fn main() {}\n");
	sample_write(folder, "Dockerfile", "FROM rust:1.83-bookworm AS build\nCOPY . .\nRUN cargo build --release\n"
		"FROM debian:bookworm-slim\nCOPY --from=build /target/release/api /api\nCMD [\"/api\"]\n");
	sample_write(folder, "compose.yaml", compose);
}

static void says_a_cause_once(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_str text = {0}, json = {0};
	lay_out(folder, "services:\n  api:\n    build: .\n");
	judge(folder, &report);
	checks_write_text(&report, false, true, &text);
	checks_write_json(&report, &json);
	assert_int_equal(count_of(str_text(&text), "compose.yaml:2"), 2);
	assert_int_equal(count_of(str_text(&text), "see 2.3\n"), 1);
	assert_int_equal(count_of(str_text(&text), "see 2.6\n"), 1);
	assert_int_equal(count_of(str_text(&text), "mend: "), 2);
	assert_int_equal(count_of(str_text(&json), "\"broken\""), 4);
	assert_int_equal(count_of(str_text(&json), "\"line\": 2"), 4);
	check_report_finish(&report);
	sample_close(folder);
}

/* What only the later one has found stays, and so does its mend. */
static void says_what_is_new(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_str text = {0};
	lay_out(folder, "services:\n  api:\n    build: .\n  cache:\n    image: valkey/valkey:8\n");
	judge(folder, &report);
	checks_write_text(&report, false, true, &text);
	assert_int_equal(count_of(str_text(&text), "compose.yaml:2"), 2);
	assert_int_equal(count_of(str_text(&text), "see 2.6\n"), 1);
	assert_true(count_of(str_text(&text), "compose.yaml:4") >= 1);
	assert_int_equal(count_of(str_text(&text), "mend: "), 3);
	check_report_finish(&report);
	sample_close(folder);
}

/* What is let through is not shown: the later one says it itself. */
static void points_at_nothing_hidden(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_str text = {0};
	lay_out(folder, "# cargodeck: allow 2.3 it writes its files there\nservices:\n  api:\n    build: .\n");
	judge(folder, &report);
	checks_write_text(&report, false, false, &text);
	assert_int_equal(count_of(str_text(&text), "see 2.3"), 0);
	check_report_finish(&report);
	sample_close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_a_cause_once), cmocka_unit_test(says_what_is_new), cmocka_unit_test(points_at_nothing_hidden),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
