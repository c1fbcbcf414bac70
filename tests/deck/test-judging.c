/* Practices for the screen: the answer of `cargodeck check`, whole, odd and
 * hostile; when it is asked for; and a mend that is shown before it is written.
 * A shell script stands for the program. */
#include "../unit.h"
#include "judging.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the answer ---- */

static const char answer[] =
	"{\"root\": \"/shop\", \"results\": ["
	" {\"id\": \"2.5\", \"title\": \"Capabilities are dropped\", \"severity\": \"high\", \"state\": \"broken\", \"reason\": null, \"mend\": \"drop them\","
	"  \"heuristic\": true, \"allowed\": false, \"fixable\": true, \"evidence\": ["
	"   {\"file\": \"compose.yaml\", \"line\": 12, \"text\": \"no cap_drop\", \"against\": true, \"live\": false},"
	"   {\"file\": null, \"line\": null, \"text\": \"CapEff 1\", \"against\": true, \"live\": true}]},"
	" {\"id\": \"1.1\", \"title\": \"Stages\", \"severity\": \"low\", \"state\": \"not-applicable\", \"reason\": \"no Dockerfile\", \"evidence\": []}],"
	" \"notes\": [\"a file was not read\"]}";

static void read_all(const char *json, struct verdicts *verdicts)
{
	struct fault fault = {0};
	if (!verdicts_read(json, strlen(json), verdicts, &fault))
		fail_msg("%s: %.200s", fault.text, json);
}

static void test_answer(void **state)
{
	struct verdicts verdicts;
	(void)state;
	read_all(answer, &verdicts);
	assert_int_equal(verdicts.practices.count, 2);
	const struct view_practice *practice = &verdicts.practices.items[0];
	assert_string_equal(practice->id, "2.5");
	assert_string_equal(practice->title, "Capabilities are dropped");
	assert_int_equal(practice->topic, 1);
	assert_int_equal(practice->severity, VIEW_HIGH);
	assert_int_equal(practice->verdict, VIEW_BROKEN);
	assert_true(practice->is_heuristic && practice->is_fixable && !practice->is_allowed);
	assert_null(practice->reason);
	assert_string_equal(practice->mend, "drop them");
	assert_int_equal(practice->evidence_count, 2);
	assert_string_equal(practice->evidence[0].file, "compose.yaml");
	assert_string_equal(practice->evidence[0].path, "/shop/compose.yaml");
	assert_int_equal(practice->evidence[0].line, 12);
	assert_true(practice->evidence[0].is_against && !practice->evidence[0].is_live);
	assert_null(practice->evidence[1].file);
	assert_null(practice->evidence[1].path);
	assert_true(practice->evidence[1].is_live);
	assert_int_equal(verdicts.practices.items[1].verdict, VIEW_NOT_APPLICABLE);
	assert_int_equal(verdicts.practices.items[1].topic, 0);
	assert_null(verdicts.practices.items[1].evidence);
	assert_int_equal(verdicts.notes.count, 1);
	assert_true(verdicts.topics.count > 1);
	verdicts_finish(&verdicts);
}

/* What is of another type is left out, and counted where it is a whole result. */
static void test_wrong_types(void **state)
{
	static const char json[] =
		"{\"root\": 7, \"notes\": {\"a\": 1}, \"results\": [1, null, [], {}, {\"id\": 5}, {\"id\": \"\"}, {\"id\": \"0123456789012345678901234567890\"},"
		" {\"id\": \"99.1\", \"title\": [], \"severity\": \"dire\", \"state\": \"maybe\", \"reason\": 1, \"mend\": {}, \"heuristic\": 1, \"allowed\": \"true\","
		"  \"fixable\": null, \"evidence\": [1, {\"text\": 1}, {\"text\": \"t\", \"file\": 3, \"line\": 4}, {\"text\": \"t\", \"file\": \"f\", \"line\": -4},"
		"   {\"text\": \"t\", \"file\": \"f\", \"line\": 99999999999}, {\"text\": \"t\", \"file\": \"\", \"line\": 1}, {\"file\": \"f\", \"line\": 1}]},"
		" {\"id\": \"2.1\", \"evidence\": {\"text\": \"t\"}}, {\"id\": \"2.1\", \"state\": \"kept\"}]}";
	struct verdicts verdicts;
	(void)state;
	read_all(json, &verdicts);
	assert_int_equal(verdicts.practices.count, 2);
	const struct view_practice *practice = &verdicts.practices.items[0];
	assert_string_equal(practice->title, "99.1");
	assert_int_equal(practice->topic + 1, verdicts.topics.count);
	assert_int_equal(practice->severity, VIEW_MEDIUM);
	assert_int_equal(practice->verdict, VIEW_CANNOT_TELL);
	assert_false(practice->is_heuristic || practice->is_allowed || practice->is_fixable);
	assert_true(practice->reason == NULL && practice->mend == NULL);
	assert_int_equal(practice->evidence_count, 4);
	assert_null(practice->evidence[0].path);
	assert_string_equal(practice->evidence[1].path, "f");
	assert_int_equal(practice->evidence[1].line, 0);
	assert_int_equal(practice->evidence[2].line, 0);
	assert_null(practice->evidence[3].file);
	assert_int_equal(verdicts.practices.items[1].evidence_count, 0);
	assert_int_equal(verdicts.notes.count, 1);
	assert_string_equal(verdicts.notes.items[0], "8 results cannot be read");
	verdicts_finish(&verdicts);
}

static void test_no_answer(void **state)
{
	static const char *const texts[] = {"", "null", "[]", "{}", "{\"results\": {}}", "{\"results\": \"x\"}", "usage: cargodeck", "{\"results\": []} x",
		"{\"results\": [{\"id\": \"1.1\", \"title\": \"\xff\"}]}", "{\"results\": [{\"id\": \"a\\u0000b\"}]}"};
	struct verdicts verdicts;
	struct fault fault;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		fault_clear(&fault);
		assert_false(verdicts_read(texts[i], strlen(texts[i]), &verdicts, &fault));
		assert_true(text_starts_with(fault.text, "the answer of `cargodeck check` cannot be read: "));
		verdicts_finish(&verdicts);
	}
}

/* Cut anywhere it is no answer, and nothing else happens. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(answer); len++) {
		struct verdicts verdicts;
		auto_free char *copy = mem_copy_bytes(answer, len);
		assert_false(verdicts_read(copy, len, &verdicts, NULL));
		verdicts_finish(&verdicts);
	}
}

static void test_huge(void **state)
{
	auto_str json = {0}, deep = {0};
	struct verdicts verdicts;
	(void)state;
	str_add(&json, "{\"results\": [");
	for (int i = 0; i < 3000; i++) {
		str_print(&json, "%s{\"id\": \"3.%d\", \"title\": \"", i > 0 ? "," : "", i);
		for (int j = 0; i == 0 && j < 1000; j++)
			str_add(&json, "日本");
		str_add(&json, "\\u001b[31m\\n\", \"evidence\": [");
		for (int j = 0; i == 1 && j < 1000; j++)
			str_print(&json, "%s{\"text\": \"%d\"}", j > 0 ? "," : "", j);
		str_add(&json, "]}");
	}
	str_add(&json, "], \"notes\": [");
	for (int i = 0; i < 1000; i++)
		str_print(&json, "%s\"note\"", i > 0 ? "," : "");
	str_add(&json, "]}");
	read_all(str_text(&json), &verdicts);
	assert_int_equal(verdicts.practices.count, VERDICTS_MOST);
	const char *title = verdicts.practices.items[0].title;
	assert_in_range(strlen(title), 1000, 1600);
	assert_true(text_ends_with(title, "本…") || text_ends_with(title, "日…"));
	assert_null(strchr(verdicts.practices.items[2].title, 27));
	assert_int_equal(verdicts.practices.items[1].evidence_count, EVIDENCE_MOST);
	assert_int_equal(verdicts.practices.items[1].evidence_left, 1000 - EVIDENCE_MOST);
	assert_string_equal(verdicts.practices.items[1].evidence[99].text, "99");
	assert_int_equal(verdicts.notes.count, NOTES_MOST + 1);
	verdicts_finish(&verdicts);
	for (int i = 0; i < 200000; i++)
		str_add_char(&deep, '[');
	assert_false(verdicts_read(str_text(&deep), deep.len, &verdicts, NULL));
	verdicts_finish(&verdicts);
}

/* ---- asking ---- */

struct place {
	struct loop *loop;
	struct deck *deck;
	char folder[64];
};

static char *in_folder(const struct place *place, const char *name)
{
	return path_join(place->folder, name);
}

static void write_file(const struct place *place, const char *name, const char *text, unsigned mode)
{
	auto_free char *path = in_folder(place, name);
	assert_true(file_write(path, text, strlen(text), mode, NULL));
}

/* `script` is what the program does; each of its calls is a line of "asked". */
static void set_up(struct place *place, const char *script)
{
	*place = (struct place){.loop = loop_open(), .deck = mem_alloc(sizeof *place->deck), .folder = "/tmp/cargodeck-judging-XXXXXX"};
	assert_non_null(mkdtemp(place->folder));
	auto_free char *text = mem_print("#!/bin/sh\ncd %s\necho \"$*\" >> asked\n%s\n", place->folder, script);
	write_file(place, "program", text, 0755);
	write_file(place, "answer", answer, 0644);
	place->deck->loop = place->loop;
	struct judging *judging = judging_of(place->deck);
	free(judging->program);
	judging->program = in_folder(place, "program");
	judging->pause_ms = judging->settle_ms = 30;
}

static void tear_down(struct place *place)
{
	judging_close(place->deck);
	ran_close(place->deck);
	strings_finish(&place->deck->options.files);
	free(place->deck);
	loop_turn(place->loop, 0);
	loop_close(place->loop);
	assert_true(dir_remove_all(place->folder, NULL));
}

static void look(const struct place *place, struct view_checks *view)
{
	judging_fill(place->deck, view);
}

static void wait_judged(const struct place *place, struct view_checks *view)
{
	uint64_t end = clock_now_ns() + 20000000000ull;
	for (look(place, view); view->is_judging || place->deck->judging->again; look(place, view)) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

static void wait_mending(const struct place *place, struct view_checks *view)
{
	uint64_t end = clock_now_ns() + 20000000000ull;
	for (look(place, view); view->mending.state == VIEW_MENDING_LOADING || view->mending.state == VIEW_MENDING_WRITING; look(place, view)) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

static void assert_asked(const struct place *place, const char *wanted)
{
	auto_free char *path = in_folder(place, "asked");
	auto_free char *asked = file_read(path, 1 << 20, NULL, NULL);
	assert_string_equal(asked != NULL ? asked : "", wanted);
}

#define JUDGE "check --format=json --fail-on=never"

static void test_asking(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, "cat answer");
	place.deck->options.folder = "/shop";
	place.deck->options.project_name = "-shop";
	strings_add(&place.deck->options.files, "a b.yaml");
	look(&place, &view);
	assert_false(view.is_judging);
	judging_saved(place.deck); /* nobody looks */
	loop_turn(place.loop, 0);
	assert_asked(&place, "");
	deck_checks(place.deck, true, false);
	look(&place, &view);
	assert_true(view.is_judging && view.state == VIEW_PAGE_LOADING);
	wait_judged(&place, &view);
	assert_int_equal(view.state, VIEW_PAGE_READY);
	assert_int_equal(view.count, 2);
	assert_false(view.is_stale || view.is_live);
	deck_checks(place.deck, true, false); /* as it is */
	assert_null(place.deck->judging->asking.child);
	deck_checks(place.deck, true, true);
	wait_judged(&place, &view);
	assert_true(view.is_live);
	place.deck->is_lost = true;
	deck_checks_again(place.deck);
	wait_judged(&place, &view);
	assert_false(view.is_live);
	assert_true(view.has_no_engine);
	assert_asked(&place, "check --project=/shop --project-name=-shop --file=a b.yaml --format=json --fail-on=never\n"
		"check --project=/shop --project-name=-shop --file=a b.yaml --format=json --fail-on=never --live\n"
		"check --project=/shop --project-name=-shop --file=a b.yaml --format=json --fail-on=never\n");
	tear_down(&place);
}

/* Many saves are one judging; what was judged before stays in sight, and is stale
 * until then. One that runs is let end. */
static void test_saves(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, "cat answer");
	deck_checks(place.deck, true, false);
	for (int i = 0; i < 50; i++)
		judging_saved(place.deck);
	wait_judged(&place, &view);
	assert_false(view.is_stale);
	assert_asked(&place, JUDGE "\n" JUDGE "\n");
	judging_saved(place.deck);
	judging_saved(place.deck);
	look(&place, &view);
	assert_true(view.is_stale && view.state == VIEW_PAGE_READY);
	deck_checks(place.deck, false, false);
	deck_checks_edited(place.deck);
	for (int i = 0; i < 3; i++)
		loop_turn(place.loop, 30);
	assert_asked(&place, JUDGE "\n" JUDGE "\n"); /* nobody looks */
	deck_checks(place.deck, true, false);
	look(&place, &view);
	assert_true(view.is_judging && view.is_stale && view.count == 2);
	wait_judged(&place, &view);
	assert_false(view.is_stale);
	deck_checks_edited(place.deck); /* nobody may have watched */
	wait_judged(&place, &view);
	assert_asked(&place, JUDGE "\n" JUDGE "\n" JUDGE "\n" JUDGE "\n");
	tear_down(&place);
}

static void check_failure(const char *script, const char *sentence, const char *mend)
{
	struct place place;
	struct view_checks view;
	set_up(&place, script);
	place.deck->judging->files_ms = 300;
	deck_checks(place.deck, true, false);
	wait_judged(&place, &view);
	assert_int_equal(view.state, VIEW_PAGE_FAILED);
	assert_non_null(view.sentence);
	if (strstr(view.sentence, sentence) == NULL)
		fail_msg("%s: %s", script, view.sentence);
	assert_true(text_equal(view.mend, mend));
	tear_down(&place);
}

static void test_failures(void **state)
{
	(void)state;
	check_failure("echo 'cargodeck: the folder /x cannot be opened' >&2; echo '  name it' >&2; exit 2", "the folder /x cannot be opened", "name it");
	check_failure("printf 'warning: a\\ncargodeck: b \\033[31mc' >&2; exit 1", "b  [31mc", NULL);
	check_failure("echo 'Segmentation fault' >&2; exit 139", "ended with 139: Segmentation fault", NULL);
	check_failure("exit 3", "ended with 3 and said nothing", NULL);
	check_failure("kill -9 $$", "was ended by signal 9", NULL);
	check_failure("head -c 100000 /dev/urandom", "cannot be read: ", NULL);
	check_failure("head -c 9000000 /dev/zero", "is longer than 4 MiB", NULL);
	check_failure("exec sleep 100", "did not end within 0 s", NULL);
}

/* What cannot be started is told; what was judged before stays. */
static void test_no_program(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, "cat answer");
	deck_checks(place.deck, true, false);
	wait_judged(&place, &view);
	free(place.deck->judging->program);
	place.deck->judging->program = mem_copy_string("/nowhere/cargodeck");
	deck_checks_again(place.deck);
	wait_judged(&place, &view);
	assert_int_equal(view.state, VIEW_PAGE_READY);
	assert_non_null(strstr(view.sentence, "/nowhere/cargodeck"));
	assert_int_equal(view.count, 2);
	tear_down(&place);
}

/* ---- mending ---- */

static const char diff[] = "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,3 @@\n FROM x\n+++ b/not-a-file\n-old\n+new\n"
	"--- /dev/null\n+++ b/sub/.dockerignore\n@@ -0,0 +1,1 @@\n+target\n";

static const char kept[] =
	"{\"root\": \"/shop\", \"results\": [{\"id\": \"2.5\", \"title\": \"Capabilities are dropped\", \"severity\": \"high\","
	" \"state\": \"kept\", \"heuristic\": true, \"allowed\": false, \"fixable\": true, \"evidence\": []}], \"notes\": []}";

static const char mender[] = "case \"$*\" in *--fix*) cat diff; echo 'changed Dockerfile' >&2;; *--dry-run*) cat diff;; *) cat answer;; esac";

static void test_mending(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, mender);
	write_file(&place, "diff", diff, 0644);
	deck_checks(place.deck, true, false);
	wait_judged(&place, &view);
	deck_checks_write(place.deck); /* nothing is shown: nothing is written */
	deck_checks_mend(place.deck, "2.5");
	look(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_LOADING);
	wait_mending(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_READY);
	assert_string_equal(view.mending.practice, "2.5");
	assert_string_equal(view.mending.diff, diff);
	assert_string_equal(view.mending.files, "Dockerfile and sub/.dockerignore");
	deck_checks_write(place.deck);
	wait_mending(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_DONE);
	assert_string_equal(view.mending.sentence, "written: Dockerfile and sub/.dockerignore");
	assert_null(view.left);
	judging_saved(place.deck); /* what was written is heard of as a save: both are judged at once */
	wait_judged(&place, &view);
	assert_asked(&place, JUDGE "\ncheck --only=2.5 --dry-run\ncheck --only=2.5 --dry-run\ncheck --only=2.5 --fix --yes\n" JUDGE "\n");
	struct view whole = {0};
	ran_fill(place.deck, &whole);
	assert_int_equal(whole.ran_count, 1);
	assert_string_equal(whole.ran[0].text, "cargodeck check --fix --yes --only=2.5");
	deck_checks_mend(place.deck, NULL);
	look(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_NONE);
	/* the answer is the same: the rest is for a person, until it is mended too */
	assert_string_equal(view.left, "2.5");
	write_file(&place, "answer", kept, 0644);
	judging_saved(place.deck);
	wait_judged(&place, &view);
	assert_null(view.left);
	tear_down(&place);
}

/* What a person agreed to is what is written: another change is shown first. */
static void test_changed_meanwhile(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, mender);
	write_file(&place, "diff", diff, 0644);
	deck_checks_mend(place.deck, "2.5");
	wait_mending(&place, &view);
	write_file(&place, "diff", "--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-a\n+b\n", 0644);
	deck_checks_write(place.deck);
	wait_mending(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_READY);
	assert_string_equal(view.mending.files, "x");
	assert_non_null(view.mending.sentence);
	assert_asked(&place, "check --only=2.5 --dry-run\ncheck --only=2.5 --dry-run\n");
	/* a save asks anew by itself */
	write_file(&place, "diff", diff, 0644);
	judging_saved(place.deck);
	uint64_t end = clock_now_ns() + 20000000000ull;
	for (look(&place, &view); strcmp(view.mending.files, "x") == 0; look(&place, &view)) {
		assert_true(clock_now_ns() < end);
		loop_turn(place.loop, 100);
	}
	assert_string_equal(view.mending.files, "Dockerfile and sub/.dockerignore");
	/* and then nothing is left */
	write_file(&place, "diff", "", 0644);
	deck_checks_write(place.deck);
	wait_mending(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_FAILED);
	assert_string_equal(view.mending.sentence, "nothing is left that an edit could mend for 2.5");
	tear_down(&place);
}

static void test_read_only(void **state)
{
	struct place place;
	struct view_checks view;
	(void)state;
	set_up(&place, mender);
	place.deck->options.read_only = true;
	deck_checks_mend(place.deck, "2.5");
	look(&place, &view);
	assert_int_equal(view.mending.state, VIEW_MENDING_FAILED);
	deck_checks_write(place.deck);
	loop_turn(place.loop, 0);
	assert_asked(&place, "");
	tear_down(&place);
}

/* The deck is closed while the program is asked. */
static void test_closing(void **state)
{
	struct place place;
	(void)state;
	set_up(&place, "exec sleep 100");
	deck_checks(place.deck, true, false);
	deck_checks_mend(place.deck, "2.5");
	loop_turn(place.loop, 10);
	tear_down(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_asking),
		cmocka_unit_test(test_saves),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_mending),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_closing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
