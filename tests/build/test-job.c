/* Jobs beside the build: what is run for each, what is told, how one is
 * cancelled. The agent's other end is played here, frame by frame. */
#include "../unit.h"
#include "cargodeck/build.h"
#include "cargodeck/deckhand.h"

#include <stdio.h>

struct bench {
	struct agent *agent;
	struct wire_buffer in; /* what was sent to the agent */
	struct str heard; /* what the job told */
	unsigned run; /* number of the command that was started last */
	unsigned begun; /* how many were told of */
	struct str words, env;
	int killed; /* signal of the last kill */
	struct cargo_run *job;
};

/* ---- the agent ---- */

static void on_send(void *data, const void *bytes, size_t len)
{
	struct bench *bench = data;
	wire_feed(&bench->in, bytes, len);
}

static void on_ready(void *data, const char *boot, unsigned uid)
{
	(void)data, (void)boot, (void)uid;
}

/* Reads what was ordered since. */
static void take_orders(struct bench *bench)
{
	struct wire_frame frame;
	while (wire_next(&bench->in, &frame) == 1) {
		size_t at = 0;
		const char *text;
		if (frame.type == WIRE_KILL)
			bench->killed = (int)wire_get_number(&frame, "signal", 0);
		if (frame.type != WIRE_RUN)
			continue;
		bench->run = (unsigned)wire_get_number(&frame, "id", 0);
		str_clear(&bench->words);
		str_clear(&bench->env);
		while ((text = wire_each(&frame, "arg", &at)) != NULL)
			str_print(&bench->words, "%s ", text);
		for (at = 0; (text = wire_each(&frame, "env", &at)) != NULL;)
			str_print(&bench->env, "%s ", text);
	}
}

static void say_frame(struct bench *bench, struct wire_buffer *out)
{
	assert_true(wire_end(out));
	agent_feed(bench->agent, out->data, out->len);
	wire_buffer_finish(out);
}

static void say(struct bench *bench, uint8_t type, const char *text)
{
	struct wire_buffer out = {0};
	wire_begin(&out, type);
	wire_add_number(&out, "id", bench->run);
	wire_add_data(&out, text, strlen(text));
	say_frame(bench, &out);
}

static void say_exit(struct bench *bench, const char *how, int number)
{
	struct wire_buffer out = {0};
	wire_begin(&out, WIRE_EXITED);
	wire_add_number(&out, "id", bench->run);
	wire_add_number(&out, how, number);
	say_frame(bench, &out);
	take_orders(bench);
}

/* ---- what the job tells ---- */

static void on_progress(void *data, unsigned done, unsigned total, const char *crates)
{
	struct bench *bench = data;
	str_print(&bench->heard, "progress %u/%u %s\n", done, total, crates);
}

static void on_diagnostic(void *data, const struct diagnostic *diagnostic)
{
	struct bench *bench = data;
	str_print(&bench->heard, "%s %s %s:%u\n", diagnostic_level_name(diagnostic->level), diagnostic->message, diagnostic->file, diagnostic->line);
}

static void on_failed(void *data, const struct test_failure *failure)
{
	struct bench *bench = data;
	str_print(&bench->heard, "test %s %s:%u\n", failure->name, failure->file, failure->line);
}

static void on_said(void *data, bool is_err, const char *line)
{
	struct bench *bench = data;
	if (strstr(line, "say this") != NULL)
		str_print(&bench->heard, "%s%s\n", is_err ? "err " : "", line);
}

static void on_begun(void *data, const struct strings *words)
{
	struct bench *bench = data;
	bench->begun++;
	assert_string_equal(words->items[0], "cargo");
}

static void on_done(void *data, const struct cargo_run_result *result)
{
	struct bench *bench = data;
	str_print(&bench->heard, "%s %d: %u errors, %u warnings, %u passed, %u failed%s%s\n", build_state_name(result->state), result->status,
		result->errors, result->warnings, result->passed, result->failed, result->complaint != NULL ? ": " : "",
		result->complaint != NULL ? result->complaint : "");
	cargo_run_close(bench->job);
	bench->job = NULL;
}

static void begin_with(struct bench *bench, enum cargo_job kind, const char *own)
{
	static const struct agent_call calls = {.send = on_send, .ready = on_ready};
	static const struct cargo_run_call told = {on_begun, on_progress, on_diagnostic, on_failed, on_said, on_done};
	auto_strings arguments = {0}, words = {0};
	*bench = (struct bench){.agent = NULL};
	bench->agent = agent_open(&calls, bench);
	strings_split(&arguments, "--features fast --profile release --target x86_64-unknown-linux-gnu", ' ');
	strings_split(&words, own, ' ');
	bench->job = cargo_run_open(bench->agent, &(struct cargo_run_options){.kind = kind, .words = &words, .cwd = "/work", .root = "/work", .target = "/target/jobs",
		.arguments = &arguments}, &told, bench);
	take_orders(bench);
}

static void begin(struct bench *bench, enum cargo_job kind)
{
	begin_with(bench, kind, "");
}

static void end(struct bench *bench)
{
	cargo_run_close(bench->job);
	agent_close(bench->agent);
	wire_buffer_finish(&bench->in);
	str_finish(&bench->heard);
	str_finish(&bench->words);
	str_finish(&bench->env);
}

/* ---- tests ---- */

static void checks(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench, JOB_CHECK);
	assert_string_equal(str_text(&bench.words), "cargo check --workspace --all-targets --keep-going "
		"--message-format=json-diagnostic-rendered-ansi --features fast --target x86_64-unknown-linux-gnu ");
	assert_non_null(strstr(str_text(&bench.env), "CARGO_TARGET_DIR=/target/jobs "));
	say(&bench, WIRE_ERR, "    Building [==> ] 8/10: api(bin)\r");
	for (int i = 0; i < 2; i++) /* once for each target: one finding */
		say(&bench, WIRE_OUT, "{\"reason\":\"compiler-message\",\"message\":{\"level\":\"warning\",\"message\":\"unused\",\"spans\":["
			"{\"file_name\":\"src/a.rs\",\"line_start\":3,\"column_start\":1,\"is_primary\":true}],\"rendered\":\"say this \\u001b[2Jthing\"}}");
	say_exit(&bench, "status", 0);
	assert_string_equal(str_text(&bench.heard), "progress 8/10 api(bin)\nwarning unused /work/src/a.rs:3\nerr say this thing\n"
		"passed 0: 0 errors, 1 warnings, 0 passed, 0 failed\n");
	end(&bench);
}

static void tests_by_cargo(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench, JOB_TEST);
	assert_string_equal(str_text(&bench.words), "cargo nextest --version ");
	say_exit(&bench, "status", 101);
	assert_true(text_starts_with(str_text(&bench.words), "cargo test --workspace --no-fail-fast --message-format="));
	assert_null(strstr(str_text(&bench.words), "--no-run"));
	say(&bench, WIRE_OUT, "---- tests::bad stdout ----");
	say(&bench, WIRE_OUT, "thread 'tests::bad' panicked at src/lib.rs:11:72:");
	say(&bench, WIRE_OUT, "test result: FAILED. 1 passed; 1 failed; 0 ignored");
	say_exit(&bench, "status", 101);
	assert_string_equal(str_text(&bench.heard), "test tests::bad /work/src/lib.rs:11\nfailed 101: 0 errors, 0 warnings, 1 passed, 1 failed\n");
	end(&bench);
}

static void tests_by_nextest(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench, JOB_TEST);
	say_exit(&bench, "status", 0);
	assert_non_null(strstr(str_text(&bench.words), "cargo test --workspace --no-fail-fast --no-run "));
	say_exit(&bench, "status", 0);
	assert_true(text_starts_with(str_text(&bench.words), "cargo nextest run --workspace --no-fail-fast --color never "));
	say(&bench, WIRE_ERR, "        FAIL [   0.008s] (1/2) lt tests::bad\n  stderr ───\n    thread 'tests::bad' panicked at src/lib.rs:11:72:\n"
		"    no\n\n     Summary [   0.169s] 2 tests run: 1 passed, 1 failed, 1 skip");
	say(&bench, WIRE_ERR, "ped\n");
	say_exit(&bench, "status", 100);
	assert_int_equal(bench.begun, 2); /* not the look whether it is there */
	assert_string_equal(str_text(&bench.heard), "test lt tests::bad /work/src/lib.rs:11\nfailed 100: 0 errors, 0 warnings, 1 passed, 1 failed\n");
	end(&bench);
}

static void complains(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench, JOB_CLIPPY);
	assert_true(text_starts_with(str_text(&bench.words), "cargo clippy "));
	say(&bench, WIRE_ERR, "error: 'cargo-clippy' is not installed\n");
	say_exit(&bench, "status", 1);
	assert_string_equal(str_text(&bench.heard), "failed 1: 0 errors, 0 warnings, 0 passed, 0 failed: error: 'cargo-clippy' is not installed\n\n");
	end(&bench);
}

/* As they stand, with the format of what cargo says where it is cargo that says it. */
static void runs_own_words(void **state)
{
	static const struct {
		const char *own, *words;
	} cases[] = {
		{"clippy --workspace -- -W clippy::pedantic", "cargo clippy --message-format=json-diagnostic-rendered-ansi --workspace -- -W clippy::pedantic "},
		{"+nightly check -p api", "cargo +nightly check --message-format=json-diagnostic-rendered-ansi -p api "},
		{"check --message-format short", "cargo check --message-format short "},
		{"fmt --all --check", "cargo fmt --all --check "},
		{"nextest run --failure-output final -- slow", "cargo nextest run --color never --status-level fail --final-status-level none --failure-output final -- slow "},
		{"nextest list", "cargo nextest list "},
		{"+nightly", "cargo +nightly "},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bench bench;
		begin_with(&bench, JOB_OWN, cases[i].own);
		assert_string_equal(str_text(&bench.words), cases[i].words);
		assert_non_null(strstr(str_text(&bench.env), "CARGO_TARGET_DIR=/target/jobs "));
		say_exit(&bench, "status", 0);
		assert_string_equal(str_text(&bench.heard), "passed 0: 0 errors, 0 warnings, 0 passed, 0 failed\n");
		end(&bench);
	}
}

static void own_words_find_things(void **state)
{
	struct bench bench;
	(void)state;
	begin_with(&bench, JOB_OWN, "test --workspace -- --ignored");
	say(&bench, WIRE_OUT, "---- tests::bad stdout ----");
	say(&bench, WIRE_OUT, "thread 'tests::bad' panicked at src/lib.rs:11:72:");
	say(&bench, WIRE_OUT, "test result: FAILED. 1 passed; 1 failed; 0 ignored");
	say_exit(&bench, "status", 101);
	assert_string_equal(str_text(&bench.heard), "test tests::bad /work/src/lib.rs:11\nfailed 101: 0 errors, 0 warnings, 1 passed, 1 failed\n");
	end(&bench);
	begin_with(&bench, JOB_OWN, "nextest run");
	say(&bench, WIRE_ERR, "    Building [==> ] 8/10: api(bin)\r");
	say(&bench, WIRE_ERR, "        FAIL [   0.008s] (1/2) lt tests::bad\n  stderr ───\n    thread 'tests::bad' panicked at src/lib.rs:11:72:\n"
		"    no\n\n     Summary [   0.169s] 2 tests run: 1 passed, 1 failed, 1 skipped\n");
	say_exit(&bench, "status", 100);
	assert_string_equal(str_text(&bench.heard), "progress 8/10 api(bin)\ntest lt tests::bad /work/src/lib.rs:11\n"
		"failed 100: 0 errors, 0 warnings, 1 passed, 1 failed\n");
	end(&bench);
	/* one that says on standard output what is wrong */
	begin_with(&bench, JOB_OWN, "fmt --check");
	say(&bench, WIRE_OUT, "Diff in src/lib.rs:3:\033(B\033[m");
	say_exit(&bench, "status", 1);
	assert_string_equal(str_text(&bench.heard), "failed 1: 0 errors, 0 warnings, 0 passed, 0 failed: Diff in src/lib.rs:3:\n\n");
	end(&bench);
}

static void is_cancelled(void **state)
{
	struct bench bench;
	(void)state;
	begin(&bench, JOB_TEST);
	cargo_run_cancel(bench.job);
	cargo_run_cancel(bench.job);
	take_orders(&bench);
	assert_int_equal(bench.killed, 15);
	say(&bench, WIRE_OUT, "---- tests::bad stdout ----");
	say_exit(&bench, "signal", 15);
	assert_string_equal(str_text(&bench.heard), "cancelled -1: 0 errors, 0 warnings, 0 passed, 0 failed\n");
	end(&bench);
	/* one that is closed tells nothing more */
	begin(&bench, JOB_DOC);
	cargo_run_close(steal(&bench.job));
	take_orders(&bench);
	assert_int_equal(bench.killed, 9);
	say_exit(&bench, "signal", 9);
	assert_string_equal(str_text(&bench.heard), "");
	end(&bench);
}

static void knows_names(void **state)
{
	enum cargo_job kind;
	(void)state;
	assert_true(cargo_job_find("clippy", &kind) && kind == JOB_CLIPPY);
	assert_true(cargo_job_find("off", &kind) && kind == JOB_NONE);
	assert_false(cargo_job_find("lint", &kind));
	assert_false(cargo_job_find(NULL, &kind));
	assert_null(cargo_job_name(JOB_OWN));
	assert_string_equal(cargo_job_name(JOB_DOC), "doc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(tests_by_cargo),
		cmocka_unit_test(tests_by_nextest),
		cmocka_unit_test(complains),
		cmocka_unit_test(runs_own_words),
		cmocka_unit_test(own_words_find_things),
		cmocka_unit_test(is_cancelled),
		cmocka_unit_test(knows_names),
	};
	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
