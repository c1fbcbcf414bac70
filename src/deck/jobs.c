/* Jobs beside the serving build: one at a time, in the builder, while no build
 * runs. A save cancels what runs; it runs again after that save's build. The
 * chosen one runs after each build that passed, others once. */
#include "jobs.h"

#include <stdio.h>

enum { PAUSE_MS = 100 }; /* the swap of what was built goes first */

/* ---- what is kept ---- */

static void forget_result(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->diagnostics.count; i++)
		diagnostic_finish(&jobs->diagnostics.items[i]);
	for (size_t i = 0; i < jobs->failures.count; i++)
		test_failure_finish(&jobs->failures.items[i]);
	array_finish(&jobs->diagnostics);
	array_finish(&jobs->failures);
	free(steal(&jobs->complaint));
	jobs->errors = jobs->warnings = jobs->passed = jobs->failed = jobs->done = jobs->total = 0;
	jobs->crates[0] = '\0';
	jobs->ms = 0;
	jobs->status = -1;
}

void jobs_keep_diagnostic(struct deck *deck, const struct diagnostic *diagnostic)
{
	struct jobs *jobs = deck->jobs;
	jobs->errors += diagnostic->level == DIAGNOSTIC_ERROR;
	jobs->warnings += diagnostic->level == DIAGNOSTIC_WARNING;
	if (jobs->diagnostics.count >= ERRORS_KEPT)
		return;
	struct diagnostic copy = *diagnostic;
	char **const owned[] = {&copy.code, &copy.message, &copy.file, &copy.rendered, &copy.package};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		*owned[i] = mem_copy_string(*owned[i]);
	size_t at = jobs->diagnostics.count;
	array_add(&jobs->diagnostics);
	for (; at > 0 && jobs->diagnostics.items[at - 1].level > copy.level; at--)
		jobs->diagnostics.items[at] = jobs->diagnostics.items[at - 1];
	jobs->diagnostics.items[at] = copy;
}

void jobs_keep_failure(struct deck *deck, const struct test_failure *failure)
{
	struct jobs *jobs = deck->jobs;
	jobs->failed++;
	if (jobs->failures.count >= FAILURES_KEPT)
		return;
	*array_add(&jobs->failures) = (struct test_failure){.name = mem_copy_string(failure->name), .message = mem_copy_string(failure->message),
		.file = mem_copy_string(failure->file), .line = failure->line, .column = failure->column, .output = mem_copy_string(failure->output)};
}

/* ---- telling ---- */

struct deck_event jobs_event(const struct jobs *jobs, const char *state)
{
	bool is_over = jobs->state != BUILD_RUNNING && strcmp(state, "chosen") != 0 && jobs->status >= 0;
	return (struct deck_event){.kind = DECK_JOB, .state = state, .generation = jobs->generation,
		.job = cargo_job_name(strcmp(state, "chosen") == 0 ? jobs->chosen : jobs->kind), .ms = (double)jobs->ms,
		.errors = jobs->errors, .warnings = jobs->warnings, .passed = jobs->passed, .failed = jobs->failed,
		.text = jobs->complaint, .has_exit_code = is_over, .exit_code = jobs->status};
}

void jobs_tell(struct deck *deck, const char *state, bool again)
{
	struct deck_event event = jobs_event(deck->jobs, state);
	struct build_progress progress = {.done = deck->jobs->done, .total = deck->jobs->total};
	event.again = again;
	if (strcmp(state, "progress") == 0) {
		snprintf(progress.crates, sizeof progress.crates, "%s", deck->jobs->crates);
		event.progress = &progress;
	}
	deck_tell(deck, &event);
}

void jobs_heard_start(struct deck *deck, enum cargo_job kind)
{
	struct jobs *jobs = deck->jobs;
	forget_result(jobs);
	jobs->is_hidden = false;
	jobs->kind = kind;
	jobs->state = BUILD_RUNNING;
	jobs->generation = deck->progress.generation;
	jobs->began_ns = clock_now_ns();
}

/* ---- what it says ---- */

static void on_progress(void *data, unsigned done, unsigned total, const char *crates)
{
	struct deck *deck = data;
	deck->jobs->done = done;
	deck->jobs->total = total;
	snprintf(deck->jobs->crates, sizeof deck->jobs->crates, "%s", crates);
	jobs_tell(deck, "progress", false);
}

static void on_diagnostic(void *data, const struct diagnostic *diagnostic)
{
	struct deck *deck = data;
	jobs_keep_diagnostic(deck, diagnostic);
	deck_tell(deck, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = deck->jobs->generation, .diagnostic = diagnostic,
		.job = cargo_job_name(deck->jobs->kind)});
}

static void on_failed(void *data, const struct test_failure *failure)
{
	struct deck *deck = data;
	jobs_keep_failure(deck, failure);
	deck_tell(deck, &(struct deck_event){.kind = DECK_TEST, .generation = deck->jobs->generation, .failure = failure,
		.job = cargo_job_name(deck->jobs->kind)});
}

static void on_said(void *data, bool is_err, const char *line)
{
	struct deck *deck = data;
	deck_tell(deck, &(struct deck_event){.kind = DECK_JOB_OUTPUT, .text = line, .is_err = is_err, .job = cargo_job_name(deck->jobs->kind)});
}

static void consider_in(struct jobs *jobs, unsigned ms)
{
	if (!jobs->deck->is_closing)
		loop_timer_set(jobs->soon, ms, 0);
}

static void on_done(void *data, const struct cargo_run_result *result)
{
	struct deck *deck = data;
	struct jobs *jobs = deck->jobs;
	bool again = result->state == BUILD_CANCELLED && (!jobs->is_dropped || jobs->asked[jobs->kind]);
	jobs->state = result->state;
	jobs->status = result->status;
	jobs->ms = result->ms;
	jobs->passed = result->passed;
	if (result->failed > jobs->failed)
		jobs->failed = result->failed;
	if (result->complaint != NULL) {
		auto_str clean = {0};
		text_add_clean(&clean, result->complaint, strlen(result->complaint), true);
		jobs->complaint = str_steal(&clean);
	}
	cargo_run_close(steal(&jobs->run));
	jobs_tell(deck, build_state_name(result->state), again);
	consider_in(jobs, 0);
}

/* ---- running ---- */

/* Any builder has the whole workspace: the first that is there runs it. */
static struct family *free_family(struct deck *deck)
{
	struct family *ready = NULL;
	for (size_t i = 0; i < deck->families.count; i++) {
		struct family *family = deck->families.items[i];
		if (family->build != NULL && build_is_running(family->build))
			return NULL;
		if (ready == NULL && agent_is_ready(family->agent))
			ready = family;
	}
	return ready;
}

static enum cargo_job next_kind(const struct jobs *jobs)
{
	enum cargo_job next = JOB_NONE;
	/* what is wanted once goes before what comes round anyway */
	for (int kind = JOB_NONE + 1; kind < JOB_KINDS; kind++)
		if (jobs->asked[kind] && (next == JOB_NONE || next == jobs->chosen))
			next = (enum cargo_job)kind;
	return next;
}

static void start(struct deck *deck, struct family *family, enum cargo_job kind)
{
	static const struct cargo_run_call calls = {on_progress, on_diagnostic, on_failed, on_said, on_done};
	const struct project *project = deck->project;
	const struct project_family *found = &project->families.items[family->index];
	struct jobs *jobs = deck->jobs;
	jobs->asked[kind] = jobs->is_dropped = false;
	jobs_heard_start(deck, kind);
	jobs->family = family;
	jobs->run = cargo_run_open(family->agent, &(struct cargo_run_options){.kind = kind, .cwd = found->cwd, .root = project->cargo.root,
		.target = DECKHAND_TARGET "/jobs", .arguments = &found->arguments, .env = &found->env}, &calls, deck);
	jobs_tell(deck, "started", false);
}

static void consider(void *data)
{
	struct deck *deck = data;
	struct jobs *jobs = deck->jobs;
	enum cargo_job kind = next_kind(jobs);
	if (kind == JOB_NONE || jobs->run != NULL || deck->is_closing || deck->is_following || deck->project == NULL)
		return;
	struct family *family = free_family(deck);
	if (family != NULL)
		start(deck, family, kind);
}

/* It runs again, asked for or after the build; or not at all. */
static void cancel(struct jobs *jobs, bool *again)
{
	if (jobs->run == NULL)
		return;
	if (again != NULL)
		again[jobs->kind] = true;
	else
		jobs->is_dropped = true;
	cargo_run_cancel(jobs->run);
}

void jobs_build_began(struct deck *deck)
{
	cancel(deck->jobs, deck->jobs->after);
}

void jobs_build_done(struct deck *deck, enum build_state state)
{
	struct jobs *jobs = deck->jobs;
	if (state == BUILD_PASSED) {
		for (int kind = 0; kind < JOB_KINDS; kind++) {
			jobs->asked[kind] = jobs->asked[kind] || jobs->after[kind];
			jobs->after[kind] = false;
		}
		if (jobs->chosen != JOB_NONE)
			jobs->asked[jobs->chosen] = true;
	}
	consider_in(jobs, PAUSE_MS);
}

void jobs_saved(struct deck *deck, const struct strings *paths)
{
	struct jobs *jobs = deck->jobs;
	bool any = false;
	for (size_t i = 0; i < paths->count; i++)
		any = any || (text_ends_with(paths->items[i], ".rs") && path_is_below(paths->items[i], deck->project->cargo.root));
	if (!any)
		return;
	if (jobs->chosen != JOB_NONE)
		jobs->asked[jobs->chosen] = true;
	cancel(jobs, jobs->asked);
	consider_in(jobs, 0);
}

void jobs_builder_ready(struct deck *deck)
{
	if (deck->options.only_job != JOB_NONE)
		deck->jobs->asked[deck->options.only_job] = true;
	consider_in(deck->jobs, 0);
}

void jobs_builder_gone(struct family *family)
{
	struct deck *deck = family->deck;
	struct jobs *jobs = deck->jobs;
	if (jobs == NULL || jobs->run == NULL || jobs->family != family)
		return;
	cargo_run_close(steal(&jobs->run));
	jobs->after[jobs->kind] = true;
	jobs->state = BUILD_CANCELLED;
	jobs_tell(deck, "cancelled", true);
}

/* ---- public ---- */

static bool read_name(const char *name, enum cargo_job *kind, struct fault *fault)
{
	if (cargo_job_find(name, kind))
		return true;
	fault_set(fault, FAULT_USAGE, "there is no job %s", name != NULL ? name : "");
	return fault_mend(fault, "the jobs are check, clippy, test and doc; off is none");
}

bool deck_choose_job(struct deck *deck, const char *name, struct fault *fault)
{
	struct jobs *jobs = deck->jobs;
	enum cargo_job kind;
	if (!read_name(name, &kind, fault))
		return false;
	if (share_order(deck, "choose-job", name))
		return true;
	memset(jobs->asked, 0, sizeof jobs->asked);
	memset(jobs->after, 0, sizeof jobs->after);
	jobs->chosen = kind;
	jobs->is_hidden = true;
	jobs->asked[kind] = kind != JOB_NONE;
	cancel(jobs, NULL);
	jobs_tell(deck, "chosen", false);
	consider_in(jobs, 0);
	return true;
}

bool deck_run_job(struct deck *deck, const char *name, struct fault *fault)
{
	struct jobs *jobs = deck->jobs;
	enum cargo_job kind;
	if (!read_name(name, &kind, fault))
		return false;
	if (share_order(deck, "run-job", name))
		return true;
	cancel(jobs, jobs->asked);
	jobs->asked[kind] = kind != JOB_NONE;
	consider_in(jobs, 0);
	return true;
}

void jobs_open(struct deck *deck)
{
	deck->jobs = mem_alloc(sizeof *deck->jobs);
	deck->jobs->deck = deck;
	deck->jobs->status = -1;
	deck->jobs->soon = loop_timer_open(deck->loop, consider, deck);
}

void jobs_close(struct deck *deck)
{
	struct jobs *jobs = deck->jobs;
	if (jobs == NULL)
		return;
	cargo_run_close(jobs->run);
	forget_result(jobs);
	loop_timer_close(jobs->soon);
	free(jobs);
	deck->jobs = NULL;
}
