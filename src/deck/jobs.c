/* Jobs beside the serving build, those that cargo has and a person's own: one at a time, in the builder, while no build
 * runs. A save cancels what runs; it runs again after that save's build. The
 * chosen one runs after each build that passed, others once. */
#include "jobs.h"
#include "cargodeck/config.h"

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
		.job = strcmp(state, "chosen") != 0 ? jobs->name : jobs->chosen != NULL ? jobs->chosen : cargo_job_name(JOB_NONE), .ms = (double)jobs->ms,
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

void jobs_heard_choice(struct deck *deck, const char *name)
{
	struct jobs *jobs = deck->jobs;
	service_set_text(&jobs->chosen, strcmp(name, cargo_job_name(JOB_NONE)) != 0 ? name : NULL);
	jobs->is_hidden = true;
}

void jobs_heard_start(struct deck *deck, const char *name)
{
	struct jobs *jobs = deck->jobs;
	forget_result(jobs);
	jobs->is_hidden = false;
	service_set_text(&jobs->name, name);
	jobs->state = BUILD_RUNNING;
	jobs->generation = deck->progress.generation;
	jobs->began_ns = clock_now_ns();
}

/* ---- what it says ---- */

static void on_begun(void *data, const struct strings *words)
{
	struct deck *deck = data;
	struct jobs *jobs = deck->jobs;
	auto_strings whole = {0};
	deck_ran_end(deck, jobs->ran, 0); /* one after the other: tests are compiled first */
	strings_add(&whole, "docker");
	strings_add(&whole, "exec");
	strings_print(&whole, "%.12s", jobs->family->container != NULL ? jobs->family->container : "");
	strings_copy(&whole, words);
	jobs->ran = ran_begin(deck, &whole);
}

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
		.job = deck->jobs->name});
}

static void on_failed(void *data, const struct test_failure *failure)
{
	struct deck *deck = data;
	jobs_keep_failure(deck, failure);
	deck_tell(deck, &(struct deck_event){.kind = DECK_TEST, .generation = deck->jobs->generation, .failure = failure,
		.job = deck->jobs->name});
}

static void on_said(void *data, bool is_err, const char *line)
{
	struct deck *deck = data;
	deck_tell(deck, &(struct deck_event){.kind = DECK_JOB_OUTPUT, .text = line, .is_err = is_err, .job = deck->jobs->name});
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
	bool again = result->state == BUILD_CANCELLED && (!jobs->is_dropped || strings_have(&jobs->asked, jobs->name));
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
	deck_ran_end(deck, jobs->ran, result->state == BUILD_PASSED ? 0 : result->status);
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

/* What is wanted once goes before what comes round anyway. */
static const char *next_name(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->asked.count; i++)
		if (!text_equal(jobs->asked.items[i], jobs->chosen))
			return jobs->asked.items[i];
	return jobs->asked.count > 0 ? jobs->asked.items[0] : NULL;
}

static const struct own_job *find_own(const struct jobs *jobs, const char *name)
{
	for (size_t i = 0; i < jobs->own.count; i++)
		if (text_equal(jobs->own.items[i].name, name))
			return &jobs->own.items[i];
	return NULL;
}

static void start(struct deck *deck, struct family *family, const char *name)
{
	static const struct cargo_run_call calls = {on_begun, on_progress, on_diagnostic, on_failed, on_said, on_done};
	const struct project *project = deck->project;
	const struct project_family *found = &project->families.items[family->index];
	struct jobs *jobs = deck->jobs;
	const struct own_job *own = find_own(jobs, name);
	enum cargo_job kind = JOB_OWN;
	if (own == NULL && !cargo_job_find(name, &kind))
		return; /* taken out of the settings meanwhile */
	jobs->is_dropped = false;
	jobs_heard_start(deck, name);
	jobs->family = family;
	jobs->run = cargo_run_open(family->agent, &(struct cargo_run_options){.kind = kind, .words = own != NULL ? &own->words : NULL,
		.cwd = found->cwd, .root = project->cargo.root, .target = DECKHAND_TARGET "/jobs", .arguments = &found->arguments,
		.env = &found->env}, &calls, deck);
	jobs_tell(deck, "started", false);
}

static void consider(void *data)
{
	struct deck *deck = data;
	struct jobs *jobs = deck->jobs;
	const char *next = next_name(jobs);
	if (next == NULL || jobs->run != NULL || deck->is_closing || deck->is_following || deck->project == NULL)
		return;
	struct family *family = free_family(deck);
	if (family == NULL)
		return;
	auto_free char *name = mem_copy_string(next);
	strings_drop(&jobs->asked, name);
	start(deck, family, name);
}

/* It runs again, asked for or after the build; or not at all. */
static void cancel(struct jobs *jobs, struct strings *again)
{
	if (jobs->run == NULL)
		return;
	if (again != NULL)
		strings_add_new(again, jobs->name);
	else
		jobs->is_dropped = true;
	cargo_run_cancel(jobs->run);
}

void jobs_build_began(struct deck *deck)
{
	cancel(deck->jobs, &deck->jobs->after);
}

static void ask(struct jobs *jobs, const char *name)
{
	if (name != NULL)
		strings_add_new(&jobs->asked, name);
}

void jobs_build_done(struct deck *deck, enum build_state state)
{
	struct jobs *jobs = deck->jobs;
	if (state == BUILD_PASSED) {
		for (size_t i = 0; i < jobs->after.count; i++)
			ask(jobs, jobs->after.items[i]);
		strings_finish(&jobs->after);
		ask(jobs, jobs->chosen);
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
	ask(jobs, jobs->chosen);
	cancel(jobs, &jobs->asked);
	consider_in(jobs, 0);
}

void jobs_builder_ready(struct deck *deck)
{
	ask(deck->jobs, deck->options.only_job);
	consider_in(deck->jobs, 0);
}

void jobs_builder_gone(struct family *family)
{
	struct deck *deck = family->deck;
	struct jobs *jobs = deck->jobs;
	if (jobs == NULL || jobs->run == NULL || jobs->family != family)
		return;
	cargo_run_close(steal(&jobs->run));
	deck_ran_end(deck, jobs->ran, -1);
	strings_add_new(&jobs->after, jobs->name);
	jobs->state = BUILD_CANCELLED;
	jobs_tell(deck, "cancelled", true);
}

/* ---- public ---- */

static bool is_known(const struct jobs *jobs, const char *name)
{
	enum cargo_job kind;
	return cargo_job_find(name, &kind) || find_own(jobs, name) != NULL;
}

static bool is_off(const char *name)
{
	return strcmp(name, cargo_job_name(JOB_NONE)) == 0;
}

static bool check_name(const struct jobs *jobs, const char *name, struct fault *fault)
{
	auto_strings known = {0};
	if (is_known(jobs, name))
		return true;
	for (int kind = JOB_NONE + 1; kind < JOB_OWN; kind++)
		strings_add(&known, cargo_job_name((enum cargo_job)kind));
	for (size_t i = 0; i < jobs->own.count; i++)
		strings_add(&known, jobs->own.items[i].name);
	auto_free char *list = strings_join(&known, ", ", _(" and "));
	fault_set(fault, FAULT_USAGE, "there is no job %s", name != NULL ? name : "");
	return fault_mend(fault, "the jobs are %s; off is none", list);
}

bool deck_choose_job(struct deck *deck, const char *name, struct fault *fault)
{
	struct jobs *jobs = deck->jobs;
	if (!check_name(jobs, name, fault))
		return false;
	if (share_order(deck, "choose-job", name))
		return true;
	strings_finish(&jobs->asked);
	strings_finish(&jobs->after);
	jobs_heard_choice(deck, name);
	ask(jobs, jobs->chosen);
	cancel(jobs, NULL);
	jobs_tell(deck, "chosen", false);
	consider_in(jobs, 0);
	return true;
}

bool deck_run_job(struct deck *deck, const char *name, struct fault *fault)
{
	struct jobs *jobs = deck->jobs;
	if (!check_name(jobs, name, fault))
		return false;
	if (share_order(deck, "run-job", name))
		return true;
	cancel(jobs, &jobs->asked);
	if (!is_off(name))
		ask(jobs, name);
	consider_in(jobs, 0);
	return true;
}

static void forget_own(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->own.count; i++) {
		struct own_job *own = &jobs->own.items[i];
		free(own->name);
		free(own->text);
		strings_finish(&own->words);
	}
	array_finish(&jobs->own);
}

/* The chosen one may be another now, or no more. */
static void reconsider(struct deck *deck, const char *text)
{
	struct jobs *jobs = deck->jobs;
	const struct own_job *own = find_own(jobs, jobs->chosen);
	if (jobs->chosen == NULL || deck->is_following)
		return;
	if (!is_known(jobs, jobs->chosen)) {
		deck_choose_job(deck, cargo_job_name(JOB_NONE), NULL);
	} else if (own != NULL && text != NULL && strcmp(own->text, text) != 0) {
		ask(jobs, jobs->chosen);
		if (text_equal(jobs->name, jobs->chosen))
			cancel(jobs, &jobs->asked);
		consider_in(jobs, 0);
	}
}

void deck_set_jobs(struct deck *deck, const struct config *config)
{
	struct jobs *jobs = deck->jobs;
	const struct own_job *chosen = find_own(jobs, jobs->chosen);
	auto_free char *text = chosen != NULL ? mem_copy_string(chosen->text) : NULL;
	forget_own(jobs);
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct config_job *job = &config->jobs.items[i];
		enum cargo_job kind;
		if (cargo_job_find(job->name, &kind))
			continue; /* one of cargo's own goes before it */
		struct own_job *own = array_add(&jobs->own);
		*own = (struct own_job){.name = mem_copy_string(job->name), .text = mem_copy_string(job->text)};
		strings_copy(&own->words, &job->words);
	}
	reconsider(deck, text);
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
	forget_own(jobs);
	strings_finish(&jobs->asked);
	strings_finish(&jobs->after);
	free(jobs->chosen);
	free(jobs->name);
	loop_timer_close(jobs->soon);
	free(jobs);
	deck->jobs = NULL;
}
