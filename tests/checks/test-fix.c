/* Edits of a report: the diff, what is written, and what is left alone. */
#include "../../src/checks/checks.h"
#include "sample.h"

#include <sys/stat.h>

static const struct practice practice = {.id = "9.9", .title = "t", .mends = "m"};

/* A report with one broken result, to which `check` adds edits. */
static void begin(struct check_report *report, struct check *check)
{
	*report = (struct check_report){0};
	struct check_result *result = array_add(&report->results);
	result->practice = &practice;
	*check = (struct check){.practice = &practice, .result = result};
	check_against(check, "a", 1, "broken");
}

static char *read_back(const char *folder, const char *name)
{
	auto_free char *path = path_join(folder, name);
	size_t len;
	return file_read(path, 65536, &len, NULL);
}

static void writes_edits(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	struct check check;
	auto_str diff = {0};
	auto_strings changed = {0};
	sample_write(folder, "a", "one\ntwo # stays\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten");
	begin(&report, &check);
	check_edit_replace(&check, "a", 2, "two", "2");
	check_edit_insert(&check, "a", 3, "  x: 1\n  y: 2");
	check_edit_insert(&check, "a", 0, "end");
	check_edit_insert(&check, "new", 0, "*.pem");
	verdict_reach(&check);
	assert_int_equal(checks_write_diff(&report, folder, &diff), 2);
	assert_string_equal(str_text(&diff), "--- a/a\n+++ b/a\n@@ -1,5 +1,7 @@\n one\n-two # stays\n+2 # stays\n+  x: 1\n+  y: 2\n three\n four\n five\n"
		"@@ -7,4 +9,5 @@\n seven\n eight\n nine\n-ten\n\\ No newline at end of file\n+ten\n+end\n--- /dev/null\n+++ b/new\n@@ -0,0 +1,1 @@\n+*.pem\n");
	assert_true(checks_apply(&report, folder, &changed, NULL));
	assert_int_equal(changed.count, 2);
	auto_free char *a = read_back(folder, "a"), *made = read_back(folder, "new");
	assert_string_equal(a, "one\n2 # stays\n  x: 1\n  y: 2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\nend\n");
	assert_string_equal(made, "*.pem\n");
	check_report_finish(&report);
	sample_close(folder);
}

static void keeps_mode_and_returns(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	struct check check;
	struct stat status;
	auto_strings changed = {0};
	sample_write(folder, "run.sh", "#!/bin/sh\r\nset -e\r\n");
	auto_free char *path = path_join(folder, "run.sh");
	assert_int_equal(chmod(path, 0755), 0);
	begin(&report, &check);
	check_edit_insert(&check, "run.sh", 2, "umask 077");
	verdict_reach(&check);
	assert_true(checks_apply(&report, folder, &changed, NULL));
	auto_free char *text = read_back(folder, "run.sh");
	assert_string_equal(text, "#!/bin/sh\r\numask 077\r\nset -e\r\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0755);
	check_report_finish(&report);
	sample_close(folder);
}

/* A link is not written through, a line that changed is left, nothing is written
 * out of the project, and what is let through stays. */
static void leaves_alone(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	struct check check;
	auto_str diff = {0};
	sample_write(folder, "real", "one\n");
	sample_write(folder, "twice", "x x\n");
	auto_free char *link = path_join(folder, "link");
	assert_int_equal(symlink("real", link), 0);
	begin(&report, &check);
	check_edit_insert(&check, "link", 0, "more");
	check_edit_replace(&check, "real", 1, "two", "2");
	check_edit_replace(&check, "twice", 1, "x", "y");
	check_edit_insert(&check, "../outside", 0, "more");
	verdict_reach(&check);
	assert_int_equal(checks_write_diff(&report, folder, &diff), 0);
	check_report_finish(&report);
	begin(&report, &check);
	check_edit_insert(&check, "real", 0, "more");
	verdict_reach(&check);
	report.results.items[0].is_allowed = true;
	assert_int_equal(checks_write_diff(&report, folder, &diff), 0);
	check_report_finish(&report);
	sample_close(folder);
}

/* ---- verdicts ---- */

static enum check_state weigh(void (*say)(struct check *check))
{
	struct check_report report = {0};
	struct check_result *result = array_add(&report.results);
	struct check check = {.practice = &practice, .result = result};
	result->practice = &practice;
	say(&check);
	verdict_reach(&check);
	enum check_state state = result->state;
	assert_true(state != CHECK_BROKEN || result->mend != NULL);
	assert_true((state != CHECK_NOT_APPLICABLE && state != CHECK_CANNOT_TELL) || result->reason != NULL);
	check_report_finish(&report);
	return state;
}

static void say_nothing(struct check *check)
{
	(void)check;
}
static void say_both(struct check *check)
{
	check_for(check, "a", 1, "good");
	check_against(check, "b", 2, "bad");
}
static void say_missing(struct check *check)
{
	check_for(check, "a", 1, "good");
	check_missing(check, "half of it");
}
static void say_none(struct check *check)
{
	check_none(check, "Cargo.toml", "no database");
}
static void say_live_good(struct check *check)
{
	check_against(check, "b", 2, "bad");
	check_live_for(check, "api", "it is so");
}
static void say_live_bad(struct check *check)
{
	check_for(check, "b", 2, "good");
	check_live_against(check, "api", "it is not so");
}

static void weighs(void **state)
{
	(void)state;
	assert_int_equal(weigh(say_nothing), CHECK_CANNOT_TELL);
	assert_int_equal(weigh(say_both), CHECK_BROKEN);
	assert_int_equal(weigh(say_missing), CHECK_CANNOT_TELL);
	assert_int_equal(weigh(say_none), CHECK_NOT_APPLICABLE);
	assert_int_equal(weigh(say_live_good), CHECK_KEPT);
	assert_int_equal(weigh(say_live_bad), CHECK_BROKEN);
}

static void masks_and_cuts(void **state)
{
	(void)state;
	struct check_report report;
	struct check check;
	char long_text[2000];
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	begin(&report, &check);
	check_against(&check, "a", 1, "%s", "DB_PASSWORD=hunter2\033[31m");
	check_against(&check, "a", 1, "%s", long_text);
	verdict_reach(&check);
	auto_str out = {0};
	checks_write_json(&report, &out);
	assert_null(strstr(str_text(&out), "hunter2"));
	assert_null(strstr(str_text(&out), "\033"));
	assert_true(out.len < 2000);
	check_report_finish(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_edits),
		cmocka_unit_test(keeps_mode_and_returns),
		cmocka_unit_test(leaves_alone),
		cmocka_unit_test(weighs),
		cmocka_unit_test(masks_and_cuts),
	};
	return cmocka_run_group_tests_name("fix", tests, NULL, NULL);
}
