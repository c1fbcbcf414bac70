/* A job beside the serving build: check, clippy, test or doc, as bacon's users
 * know them, or a person's own words (own.c). It has a target folder of its own, so that it holds no lock that
 * the build waits for and throws nothing of the build's away. Tests take up to
 * three commands: is nextest there, compile (for cargo's messages), run. */
#include "job.h"

#include <signal.h>
#include <stdio.h>

enum { NO_TESTS = 4, /* nextest's status where there is none to run */
	LINE_MOST = 65536, COMPLAINT_MOST = 16384 };

enum job_step { STEP_LOOK, STEP_CARGO, STEP_NEXTEST, STEP_OWN };

struct cargo_run {
	struct agent *agent;
	struct cargo_run_call call;
	void *data;
	enum cargo_job kind;
	char *cwd, *root, *target;
	struct strings words, arguments, env;
	enum job_step step;
	unsigned run; /* the agent's number, 0: none */
	bool has_nextest, is_cancelled;
	uint64_t began_ns;
	struct str err; /* the line that is not ended yet */
	struct str complaint, output; /* the ends of standard error and, of own words, standard output */
	struct map *seen;
	struct test_reader *tests; /* NULL: none run */
	enum test_format format; /* libtest writes to standard output, nextest to standard error */
	unsigned errors, warnings;
};

static const char *const names[JOB_KINDS] = {"off", "check", "clippy", "test", "doc"};

const char *cargo_job_name(enum cargo_job kind)
{
	return names[kind <= JOB_OWN ? kind : JOB_NONE];
}

bool cargo_job_find(const char *name, enum cargo_job *kind)
{
	for (size_t i = 0; i < JOB_OWN; i++) {
		if (!text_equal(names[i], name))
			continue;
		*kind = (enum cargo_job)i;
		return true;
	}
	return false;
}

/* ---- what it says ---- */

static void say(struct cargo_run *job, bool is_err, const char *line, size_t len)
{
	auto_str clean = {0};
	output_add_clean(&clean, line, len < LINE_MOST ? len : LINE_MOST, true);
	job->call.said(job->data, is_err, str_text(&clean));
}

static void tell_diagnostic(struct cargo_run *job, const struct diagnostic *diagnostic)
{
	auto_free char *key = diagnostic_key(diagnostic);
	if (map_has(job->seen, key))
		return;
	map_put(job->seen, key, job);
	job->errors += diagnostic->level == DIAGNOSTIC_ERROR;
	job->warnings += diagnostic->level == DIAGNOSTIC_WARNING;
	job->call.diagnostic(job->data, diagnostic);
	if (diagnostic->rendered != NULL) {
		size_t len = strlen(diagnostic->rendered);
		len -= len > 0 && diagnostic->rendered[len - 1] == '\n'; /* who prints it adds one */
		say(job, true, diagnostic->rendered, len);
	}
}

static void on_failed(void *data, const struct test_failure *failure)
{
	struct cargo_run *job = data;
	if (!job->is_cancelled)
		job->call.failed(job->data, failure);
}

/* For where it fails without a diagnostic. */
static void keep_words(struct str *kept, const char *line, size_t len)
{
	output_add_clean(kept, line, len, false);
	str_add_char(kept, '\n');
	if (kept->len > 2 * COMPLAINT_MOST)
		str_drop_front(kept, kept->len - COMPLAINT_MOST);
}

static void on_line(void *data, int64_t ns, const char *line, size_t len, bool cut)
{
	struct cargo_run *job = data;
	struct cargo_message message;
	(void)ns;
	if (job->is_cancelled || job->step == STEP_LOOK)
		return;
	if (!cut && len > 10 && memcmp(line, "{\"reason\":", 10) == 0 && cargo_message_read(line, len, job->root, &message)) {
		if (message.kind == CARGO_DIAGNOSTIC)
			tell_diagnostic(job, &message.diagnostic);
		cargo_message_finish(&message);
		return;
	}
	say(job, false, line, len);
	if (job->tests != NULL && job->format == TEST_LIBTEST)
		test_reader_line(job->tests, line, len);
	else if (job->step == STEP_OWN)
		keep_words(&job->output, line, len); /* as `cargo fmt --check` */
}

static void hear_err_line(struct cargo_run *job, const char *line, size_t len)
{
	unsigned done, total;
	char crates[160];
	if (job->step != STEP_NEXTEST && cargo_progress_read(line, len, &done, &total, crates, sizeof crates)) {
		job->call.progress(job->data, done, total, crates);
		return;
	}
	/* it draws its progress over with blanks */
	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (len == 0 && job->step == STEP_CARGO)
		return;
	say(job, true, line, len);
	if (job->tests != NULL && job->format == TEST_NEXTEST)
		test_reader_line(job->tests, line, len);
	keep_words(&job->complaint, line, len);
}

static void on_err(void *data, int64_t ns, const char *bytes, size_t len)
{
	struct cargo_run *job = data;
	(void)ns;
	if (job->is_cancelled || job->step == STEP_LOOK)
		return;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r') {
			hear_err_line(job, str_text(&job->err), job->err.len);
			str_clear(&job->err);
		} else if (job->err.len < LINE_MOST) {
			str_add_char(&job->err, bytes[i]);
		}
	}
}

/* ---- running ---- */

static void start_step(struct cargo_run *job, enum job_step step);

static void ended(struct cargo_run *job, enum build_state state, int status, const char *complaint)
{
	struct cargo_run_result result = {.state = state, .status = status, .ms = (clock_now_ns() - job->began_ns) / 1000000,
		.errors = job->errors, .warnings = job->warnings};
	if (job->tests != NULL) {
		test_reader_end(job->tests);
		test_reader_counts(job->tests, &result.passed, &result.failed);
	}
	if (state == BUILD_FAILED && result.errors + result.failed == 0)
		result.complaint = complaint != NULL ? complaint : str_text(job->complaint.len > 0 ? &job->complaint : &job->output);
	job->call.done(job->data, &result);
}

static void open_tests(struct cargo_run *job, enum test_format format)
{
	job->format = format;
	job->tests = test_reader_open(format, job->root, on_failed, job);
}

static void on_done(void *data, int64_t ns, int status, int signal_number, const struct fault *fault)
{
	struct cargo_run *job = data;
	(void)signal_number;
	job->run = 0;
	if (job->err.len > 0)
		on_err(job, ns, "\n", 1);
	if (job->is_cancelled) {
		ended(job, BUILD_CANCELLED, -1, NULL);
	} else if (job->step == STEP_LOOK) {
		job->has_nextest = fault == NULL && status == 0;
		open_tests(job, job->has_nextest ? TEST_NEXTEST : TEST_LIBTEST);
		start_step(job, STEP_CARGO);
	} else if (job->step == STEP_CARGO && job->has_nextest && status == 0) {
		start_step(job, STEP_NEXTEST);
	} else {
		bool passed = status == 0 || (job->tests != NULL && job->format == TEST_NEXTEST && status == NO_TESTS);
		ended(job, passed ? BUILD_PASSED : BUILD_FAILED, passed ? 0 : status, fault != NULL ? fault->text : NULL);
	}
}

static void add_words(struct strings *argv, const char *const *words)
{
	for (; *words != NULL; words++)
		strings_add(argv, *words);
}

/* Features and target as the build has them; the profile is the usual one. */
static void add_arguments(const struct cargo_run *job, struct strings *argv)
{
	for (size_t i = 0; i < job->arguments.count; i++) {
		if (strcmp(job->arguments.items[i], "--profile") == 0)
			i++;
		else
			strings_add(argv, job->arguments.items[i]);
	}
}

static void make_argv(const struct cargo_run *job, struct strings *argv)
{
	/* all targets: what the build compiles is known already */
	static const char *const check[] = {"check", "--workspace", "--all-targets", "--keep-going", NULL};
	static const char *const clippy[] = {"clippy", "--workspace", "--all-targets", "--keep-going", NULL};
	static const char *const test[] = {"test", "--workspace", "--no-fail-fast", NULL};
	static const char *const doc[] = {"doc", "--workspace", "--no-deps", "--keep-going", NULL};
	static const char *const *const words[JOB_OWN] = {NULL, check, clippy, test, doc};
	static const char *const nextest[] = {"nextest", "run", "--workspace", "--no-fail-fast", "--color", "never",
		"--status-level", "fail", "--final-status-level", "none", "--failure-output", "immediate", NULL};
	static const char *const look[] = {"nextest", "--version", NULL};
	if (job->step == STEP_OWN) {
		own_make_argv(&job->words, argv);
		return;
	}
	strings_add(argv, "cargo");
	if (job->step == STEP_LOOK) {
		add_words(argv, look);
		return;
	}
	add_words(argv, job->step == STEP_NEXTEST ? nextest : words[job->kind]);
	if (job->step == STEP_CARGO && job->has_nextest)
		strings_add(argv, "--no-run");
	if (job->step == STEP_CARGO)
		strings_add(argv, "--message-format=json-diagnostic-rendered-ansi");
	add_arguments(job, argv);
}

static void start_step(struct cargo_run *job, enum job_step step)
{
	static const struct agent_run_call calls = {NULL, on_line, on_err, on_done};
	auto_strings argv = {0}, env = {0};
	job->step = step;
	make_argv(job, &argv);
	strings_copy(&env, &job->env);
	strings_print(&env, "CARGO_TARGET_DIR=%s", job->target);
	strings_add(&env, step == STEP_CARGO || step == STEP_OWN ? "CARGO_TERM_PROGRESS_WHEN=always" : "CARGO_TERM_PROGRESS_WHEN=never");
	strings_add(&env, "CARGO_TERM_PROGRESS_WIDTH=200");
	str_clear(&job->err);
	if (step != STEP_LOOK)
		job->call.begun(job->data, &argv);
	job->run = agent_run(job->agent, job->cwd, &argv, &env, &calls, job);
}

/* ---- public ---- */

struct cargo_run *cargo_run_open(struct agent *agent, const struct cargo_run_options *options, const struct cargo_run_call *call, void *data)
{
	struct cargo_run *job = mem_alloc(sizeof *job);
	job->agent = agent;
	job->call = *call;
	job->data = data;
	job->kind = options->kind;
	job->cwd = mem_copy_string(options->cwd);
	job->root = mem_copy_string(options->root);
	job->target = mem_copy_string(options->target);
	if (options->words != NULL)
		strings_copy(&job->words, options->words);
	if (options->arguments != NULL)
		strings_copy(&job->arguments, options->arguments);
	if (options->env != NULL)
		strings_copy(&job->env, options->env);
	job->seen = map_open(NULL);
	job->began_ns = clock_now_ns();
	if (job->kind == JOB_OWN && own_runs_tests(&job->words, &job->format))
		open_tests(job, job->format);
	start_step(job, job->kind == JOB_TEST ? STEP_LOOK : job->kind == JOB_OWN ? STEP_OWN : STEP_CARGO);
	return job;
}

void cargo_run_cancel(struct cargo_run *job)
{
	if (job->is_cancelled)
		return;
	job->is_cancelled = true;
	if (job->run != 0)
		agent_kill(job->agent, job->run, SIGTERM);
}

void cargo_run_close(struct cargo_run *job)
{
	if (job == NULL)
		return;
	if (job->run != 0)
		agent_kill(job->agent, job->run, SIGKILL);
	agent_forget(job->agent, job);
	test_reader_close(job->tests);
	map_close(job->seen);
	str_finish(&job->err);
	str_finish(&job->complaint);
	str_finish(&job->output);
	strings_finish(&job->words);
	strings_finish(&job->arguments);
	strings_finish(&job->env);
	free(job->cwd);
	free(job->root);
	free(job->target);
	free(job);
}
