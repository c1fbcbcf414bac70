/* Events as lines: each with exactly the members that the manual page promises
 * in its chapter EVENTS, whatever bytes came in; and as sentences. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "cargodeck/deck.h"

#include <jansson.h>

/* What the manual page says about an event. */
static const char *promise(const char *event)
{
	for (size_t i = 0; i < deck_commands.chapter_count; i++) {
		const struct command_chapter *chapter = &deck_commands.chapters[i];
		for (const struct command_term *term = chapter->terms; term != NULL && term->term != NULL; term++)
			if (strcmp(chapter->title, "EVENTS") == 0 && strcmp(term->term, event) == 0)
				return term->meaning;
	}
	fail_msg("the manual page knows no event %s", event);
	return "";
}

/* Is the word there, not only a part of another one? */
static bool names(const char *text, const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	size_t len = strlen(word);
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		if ((at == text || strchr(letters, at[-1]) == NULL) && (at[len] == '\0' || strchr(letters, at[len]) == NULL))
			return true;
	return false;
}

/* The line as JSON, with the members that every event has; `wanted` are the
 * others, separated by blanks. The caller lets it go. */
static json_t *read_line(const struct deck_event *event, const char *name, const char *wanted)
{
	auto_free char *line = deck_event_json(event);
	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "event")), name);
	assert_string_equal(json_string_value(json_object_get(object, "time")), "2026-11-23T14:02:11.204Z");
	if (event->generation > 0)
		assert_int_equal(json_integer_value(json_object_get(object, "generation")), event->generation);
	else
		assert_null(json_object_get(object, "generation"));
	auto_strings members = {0};
	strings_split(&members, wanted, ' ');
	assert_int_equal(json_object_size(object), 2 + (event->generation > 0) + members.count);
	for (size_t i = 0; i < members.count; i++) {
		assert_non_null(json_object_get(object, members.items[i]));
		if (!names(promise(name), members.items[i]))
			fail_msg("the manual page does not name %s of %s", members.items[i], name);
	}
	return object;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

#define AT .wall_ms = clock_parse_rfc3339_ns("2026-11-23T14:02:11.204Z") / 1000000

static void step(void **state)
{
	(void)state;
	json_t *object = read_line(&(struct deck_event){.kind = DECK_STEP, AT, .why = "images", .state = "running", .text = "4 of 6"},
		"step", "step state text");
	assert_string_equal(text_of(object, "step"), "images");
	assert_string_equal(text_of(object, "state"), "running");
	json_decref(object);
	object = read_line(&(struct deck_event){.kind = DECK_STEP, AT, .why = "images", .state = "done"}, "step", "step state text");
	assert_true(json_is_null(json_object_get(object, "text")));
	json_decref(object);
}

static void ready(void **state)
{
	(void)state;
	auto_strings services = {0};
	strings_split(&services, "api worker", ' ');
	json_t *object = read_line(&(struct deck_event){.kind = DECK_READY, AT, .names = &services, .ms = 1234.56}, "ready", "services ms");
	assert_int_equal(json_array_size(json_object_get(object, "services")), 2);
	assert_true(json_number_value(json_object_get(object, "ms")) == 1234.6);
	json_decref(object);
}

static void saved(void **state)
{
	(void)state;
	auto_strings paths = {0}, binaries = {0};
	strings_add(&paths, "src/\xff\033[2J.rs"); /* a name may hold any byte */
	strings_add(&binaries, "api");
	json_t *object = read_line(&(struct deck_event){.kind = DECK_SAVED, AT, .generation = 3, .paths = &paths, .names = &binaries,
		.why = "dep-info"}, "saved", "paths binaries why");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "paths"), 0)), "src/\xef\xbf\xbd [2J.rs");
	json_decref(object);
	static const char *const ways[] = {"dep-info", "graph", "manifest", "data", "config", "none"};
	for (size_t i = 0; i < COUNT_OF(ways); i++)
		assert_true(names(promise("saved"), ways[i]));
}

static void build(void **state)
{
	(void)state;
	struct build_progress progress = {.done = 5, .total = 9, .crates = "api(bin)"};
	json_t *object = read_line(&(struct deck_event){.kind = DECK_BUILD, AT, .generation = 3, .state = "progress", .progress = &progress,
		.ms = 700, .restarted = 1}, "build", "state done total crates ms restarted");
	assert_int_equal(json_integer_value(json_object_get(object, "done")), 5);
	assert_int_equal(json_integer_value(json_object_get(object, "total")), 9);
	assert_int_equal(json_integer_value(json_object_get(object, "restarted")), 1);
	json_decref(object);
	object = read_line(&(struct deck_event){.kind = DECK_BUILD, AT, .generation = 3, .state = "started"}, "build", "state restarted");
	json_decref(object);
	auto_strings unbuilt = {0};
	strings_add(&unbuilt, "api");
	object = read_line(&(struct deck_event){.kind = DECK_BUILD, AT, .generation = 3, .state = "failed", .unbuilt = &unbuilt}, "build",
		"state restarted unbuilt");
	assert_string_equal(json_string_value(json_array_get(json_object_get(object, "unbuilt"), 0)), "api");
	json_decref(object);
	static const char *const states[] = {"started", "progress", "passed", "failed", "cancelled"};
	for (size_t i = 0; i < COUNT_OF(states); i++)
		assert_true(names(promise("build"), states[i]));
}

static void diagnostic(void **state)
{
	(void)state;
	char code[] = "E0308", message[] = "mismatched\ntypes", file[] = "/src/a.rs";
	struct diagnostic at = {.level = DIAGNOSTIC_ERROR, .code = code, .message = message, .file = file, .line = 7, .column = 2};
	json_t *object = read_line(&(struct deck_event){.kind = DECK_DIAGNOSTIC, AT, .generation = 3, .diagnostic = &at},
		"diagnostic", "level code file line column message");
	assert_string_equal(text_of(object, "level"), "error");
	assert_int_equal(json_integer_value(json_object_get(object, "line")), 7);
	json_decref(object);
	struct diagnostic bare = {.level = DIAGNOSTIC_WARNING, .message = message};
	object = read_line(&(struct deck_event){.kind = DECK_DIAGNOSTIC, AT, .diagnostic = &bare},
		"diagnostic", "level code file line column message");
	assert_true(json_is_null(json_object_get(object, "code")));
	assert_true(json_is_null(json_object_get(object, "file")));
	assert_true(json_is_null(json_object_get(object, "line")));
	json_decref(object);
}

static void swap(void **state)
{
	(void)state;
	json_t *object = read_line(&(struct deck_event){.kind = DECK_SWAP, AT, .generation = 3, .service = "api", .mode = "preload", .ms = 31},
		"swap", "service mode ms");
	assert_string_equal(text_of(object, "mode"), "preload");
	json_decref(object);
	static const char *const modes[] = {"preload", "seccomp", "alone", "restart"};
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		assert_true(names(promise("swap"), modes[i]));
}

static void serving(void **state)
{
	(void)state;
	struct save_stages stages = {0.61, 0, 0.84, 612, 2, 5, 9.4, 4.1};
	json_t *object = read_line(&(struct deck_event){.kind = DECK_SERVING, AT, .generation = 3, .service = "api", .stages = &stages},
		"serving", "service stages_ms beyond_cargo_ms own_ms");
	const json_t *parts = json_object_get(object, "stages_ms");
	static const char *const members[] = {"event", "settle", "dispatch", "cargo", "start", "ready"};
	assert_int_equal(json_object_size(parts), COUNT_OF(members));
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		assert_true(json_is_number(json_object_get(parts, members[i])));
		assert_true(names(promise("serving"), members[i]));
	}
	assert_true(json_number_value(json_object_get(parts, "event")) == 0.6);
	assert_true(json_number_value(json_object_get(object, "beyond_cargo_ms")) == 9.4);
	assert_true(json_number_value(json_object_get(object, "own_ms")) == 4.1);
	json_decref(object);
	object = read_line(&(struct deck_event){.kind = DECK_SERVING, AT, .generation = 3, .service = "api"}, "serving", "service");
	json_decref(object);
}

static void service(void **state)
{
	(void)state;
	json_t *object = read_line(&(struct deck_event){.kind = DECK_SERVICE, AT, .generation = 3, .service = "api", .state = "exited",
		.health = "none", .image = "own", .has_exit_code = true, .exit_code = 101}, "service", "service state health exit_code image");
	assert_int_equal(json_integer_value(json_object_get(object, "exit_code")), 101);
	json_decref(object);
	object = read_line(&(struct deck_event){.kind = DECK_SERVICE, AT, .service = "db", .state = "healthy", .health = "healthy"},
		"service", "service state health exit_code image");
	assert_true(json_is_null(json_object_get(object, "exit_code")));
	assert_true(json_is_null(json_object_get(object, "image")));
	json_decref(object);
}

static void fault(void **state)
{
	(void)state;
	static const enum fault_code codes[] = {FAULT_USAGE, FAULT_INPUT, FAULT_FAILED, FAULT_OUTSIDE, FAULT_CANCELLED};
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct fault given;
		fault_set(&given, codes[i], "no \"engine\" at \033]0;x");
		if (i > 0)
			fault_mend(&given, "start it");
		json_t *object = read_line(&(struct deck_event){.kind = DECK_FAULT, AT, .fault = &given}, "fault", "code message mend");
		assert_true(names(promise("fault"), text_of(object, "code")));
		assert_string_equal(text_of(object, "message"), "no \"engine\" at  ]0;x");
		assert_true(json_is_null(json_object_get(object, "mend")) == (i == 0));
		json_decref(object);
	}
}

static void job(void **state)
{
	(void)state;
	struct build_progress progress = {.done = 3, .total = 9, .crates = "api(test)"};
	json_t *object = read_line(&(struct deck_event){.kind = DECK_JOB, AT, .generation = 7, .job = "test", .state = "failed", .ms = 4100,
		.warnings = 1, .passed = 41, .failed = 2, .has_exit_code = true, .exit_code = 101},
		"job", "name state ms errors warnings passed failed exit_code again text");
	assert_string_equal(text_of(object, "name"), "test");
	assert_int_equal(json_integer_value(json_object_get(object, "failed")), 2);
	assert_int_equal(json_integer_value(json_object_get(object, "exit_code")), 101);
	json_decref(object);
	object = read_line(&(struct deck_event){.kind = DECK_JOB, AT, .job = "check", .state = "progress", .progress = &progress}, "job",
		"name state ms errors warnings passed failed exit_code again text done total crates");
	assert_true(json_is_null(json_object_get(object, "exit_code")));
	json_decref(object);
	char message[] = "x";
	object = read_line(&(struct deck_event){.kind = DECK_DIAGNOSTIC, AT, .job = "clippy",
		.diagnostic = &(struct diagnostic){.message = message}}, "diagnostic", "level code file line column message job");
	json_decref(object);
}

static void failed_test(void **state)
{
	(void)state;
	char name[] = "tests::bad", file[] = "/work/src/lib.rs", output[] = "one\n\033[31mtwo\n";
	struct test_failure failure = {.name = name, .file = file, .line = 11, .column = 72, .output = output};
	json_t *object = read_line(&(struct deck_event){.kind = DECK_TEST, AT, .generation = 7, .job = "test", .failure = &failure},
		"test", "job name message file line column output");
	assert_true(json_is_null(json_object_get(object, "message")));
	assert_string_equal(text_of(object, "output"), "one\n [31mtwo\n");
	json_decref(object);
	auto_free char *line = deck_event_sentence(&(struct deck_event){.kind = DECK_TEST, .job = "test", .failure = &failure}, false);
	assert_string_equal(line, "test failed  tests::bad  /work/src/lib.rs:11:72");
}

static void output_keeps_colours(void **state)
{
	(void)state;
	struct deck_event event = {.kind = DECK_JOB_OUTPUT, .job = "test", .text = "\033[31mred\033[0m\033[2J", .is_err = true};
	auto_free char *json = deck_event_json(&event);
	assert_non_null(strstr(json, "\"text\":\"\\u001B[31mred\\u001B[0m\""));
	auto_free char *coloured = deck_event_sentence(&event, true), *plain = deck_event_sentence(&event, false);
	assert_string_equal(coloured, "\033[31mred\033[0m");
	assert_string_equal(plain, "red");
}

static void sentences_carry_no_escapes(void **state)
{
	(void)state;
	struct fault given;
	fault_set(&given, FAULT_OUTSIDE, "gone \033[2J");
	fault_mend(&given, "start it");
	auto_free char *line = deck_event_sentence(&(struct deck_event){.kind = DECK_FAULT, .fault = &given}, true);
	assert_string_equal(line, "gone  [2J: start it");
	auto_free char *swapped = deck_event_sentence(&(struct deck_event){.kind = DECK_SWAP, .generation = 4, .service = "api",
		.mode = "alone", .ms = 41.26}, false);
	assert_string_equal(swapped, "api  swapped to g4 (alone) in 41.3 ms");
	struct build_progress progress = {.done = 1};
	assert_null(deck_event_sentence(&(struct deck_event){.kind = DECK_BUILD, .state = "progress", .progress = &progress}, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step),
		cmocka_unit_test(ready),
		cmocka_unit_test(saved),
		cmocka_unit_test(build),
		cmocka_unit_test(diagnostic),
		cmocka_unit_test(swap),
		cmocka_unit_test(serving),
		cmocka_unit_test(service),
		cmocka_unit_test(fault),
		cmocka_unit_test(job),
		cmocka_unit_test(failed_test),
		cmocka_unit_test(output_keeps_colours),
		cmocka_unit_test(sentences_carry_no_escapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
