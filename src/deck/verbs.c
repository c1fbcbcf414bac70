/* What the verbs share: options, faults, colour; and `watch` and `build`, which
 * run a deck without a screen. */
#include "cargodeck/verbs.h"
#include "cargodeck/commands.h"
#include "cargodeck/config.h"
#include "deck.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

void verb_options_read(const struct command_line *line, struct deck_options *options)
{
	*options = (struct deck_options){
		.folder = command_line_value(line, "project"), .manifest_path = command_line_value(line, "manifest-path"),
		.context = command_line_value(line, "context"), .host = command_line_value(line, "host"),
		.project_name = command_line_value(line, "project-name"),
		.read_only = command_line_has(line, "read-only"),
		.take_over = command_line_has(line, "take-over") || command_line_has(line, "yes")};
	command_line_values(line, "file", &options->files);
	command_line_values(line, "env-file", &options->env_files);
	command_line_values(line, "profile", &options->profiles);
}

void verb_options_finish(struct deck_options *options)
{
	strings_finish(&options->files);
	strings_finish(&options->env_files);
	strings_finish(&options->profiles);
}

int verb_fault(const struct fault *fault)
{
	fprintf(stderr, "cargodeck: %s\n", fault->text);
	if (fault->mend[0] != '\0')
		fprintf(stderr, "  %s\n", fault->mend);
	return fault_exit_status(fault->code);
}

bool verb_is_coloured(const struct command_line *line)
{
	const char *when = command_line_value(line, "color"), *no_color = getenv("NO_COLOR");
	if (when != NULL && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return (no_color == NULL || no_color[0] == '\0') && isatty(STDOUT_FILENO);
}

/* 0 leaves it to the project's files, and to the default. */
static unsigned given_number(const struct config *config, enum config_id id)
{
	return config->is_given[id] ? (unsigned)config_number(config, id) : 0;
}

void verb_set_limits(struct deck *deck, const struct config *config)
{
	deck_set_limits(deck, given_number(config, CONFIG_READY_LIMIT), given_number(config, CONFIG_READY_SILENT),
		(size_t)config_number(config, CONFIG_LOG_BYTES));
}

/* ---- a deck without a screen ---- */

struct headless {
	struct loop *loop;
	struct deck *deck;
	struct config *config;
	bool json, colour, ended;
	bool clean, asked;
	unsigned begun; /* the generation of the build that was asked for */
	bool only_build; /* ends with the first build */
	const char *job; /* ends with this job; NULL: none was asked for */
	bool has_job_begun;
	int status;
};

static void stop(struct headless *headless, int status)
{
	if (headless->ended)
		return;
	headless->ended = true;
	headless->status = status;
	loop_stop(headless->loop);
}

static bool is_final(const struct headless *headless, const struct deck_event *event)
{
	/* without a project, or where another has it, there is nothing to do */
	return event->kind == DECK_FAULT && deck_has_failed(headless->deck);
}

/* The first build of a deck of our own is a plain one: a clean one follows it. */
static void end_build(struct headless *headless, bool passed)
{
	if (headless->clean && !headless->asked) {
		headless->asked = true;
		deck_build_now(headless->deck, true);
	} else {
		stop(headless, passed ? 0 : 1);
	}
}

/* Ends with the build that was asked for. Where another deck has the project,
 * what it built before is told first. */
static void hear_build(struct headless *headless, const struct deck_event *event)
{
	if (event->kind == DECK_STEP && strcmp(event->why, "following") == 0) {
		headless->asked = true;
		deck_build_now(headless->deck, headless->clean);
	}
	if (event->kind != DECK_BUILD || (deck_follows(headless->deck) && !headless->asked))
		return;
	if (strcmp(event->state, "started") == 0)
		headless->begun = event->generation;
	else if (event->generation == headless->begun && (strcmp(event->state, "passed") == 0 || strcmp(event->state, "failed") == 0))
		end_build(headless, strcmp(event->state, "passed") == 0);
}

/* ---- job ---- */

/* Ends with the job that was asked for; one that a save cancelled comes again. */
static void hear_job(struct headless *headless, const struct deck_event *event)
{
	if (event->kind == DECK_STEP && strcmp(event->why, "following") == 0) {
		headless->asked = true;
		deck_run_job(headless->deck, headless->job, NULL);
	}
	/* that deck's settings know no such job */
	if (event->kind == DECK_FAULT && headless->asked && !headless->has_job_begun && event->fault->code == FAULT_USAGE)
		stop(headless, fault_exit_status(FAULT_USAGE));
	if (event->kind != DECK_JOB || strcmp(event->job, headless->job) != 0 || (deck_follows(headless->deck) && !headless->asked))
		return;
	if (strcmp(event->state, "started") == 0)
		headless->has_job_begun = true;
	else if (headless->has_job_begun && (strcmp(event->state, "passed") == 0 || strcmp(event->state, "failed") == 0))
		stop(headless, event->has_exit_code && event->exit_code >= 0 ? event->exit_code : strcmp(event->state, "passed") != 0);
	else if (headless->has_job_begun && strcmp(event->state, "cancelled") == 0 && !event->again)
		stop(headless, 1);
}

/* As cargo prints it; what comes before is told to standard error. */
static void print_job(struct headless *headless, const struct deck_event *event)
{
	bool is_output = event->kind == DECK_JOB_OUTPUT;
	bool is_job = is_output || event->kind == DECK_JOB || event->kind == DECK_TEST || (event->kind == DECK_DIAGNOSTIC && event->job != NULL);
	if (headless->json ? is_output || !(is_job || event->kind == DECK_FAULT) :
		!is_output && event->kind != DECK_FAULT && (event->kind != DECK_STEP || deck_follows(headless->deck)))
		return;
	if (deck_follows(headless->deck) && !headless->asked)
		return;
	auto_free char *line = headless->json ? deck_event_json(event) : deck_event_sentence(event, headless->colour);
	FILE *out = headless->json || (is_output && !event->is_err) ? stdout : stderr;
	if (line != NULL) {
		fprintf(out, "%s\n", line);
		if (fflush(out) != 0)
			stop(headless, 1);
	}
}

static void on_job_event(void *data, const struct deck_event *event)
{
	struct headless *headless = data;
	print_job(headless, event);
	hear_job(headless, event);
	/* nobody mends anything here: the first fault is the last */
	if (event->kind == DECK_FAULT && !deck_follows(headless->deck))
		stop(headless, fault_exit_status(event->fault->code));
}

static void on_event(void *data, const struct deck_event *event)
{
	struct headless *headless = data;
	if (event->kind == DECK_JOB_OUTPUT)
		return;
	auto_free char *line = headless->json ? deck_event_json(event) : deck_event_sentence(event, headless->colour);
	if (line != NULL && (headless->json || event->kind != DECK_FAULT)) {
		fputs(line, stdout);
		fputc('\n', stdout);
		if (fflush(stdout) != 0)
			stop(headless, 0); /* nobody reads any more */
	} else if (line != NULL) {
		fprintf(stderr, "%s\n", line);
	}
	if (is_final(headless, event))
		stop(headless, fault_exit_status(event->fault->code));
	if (headless->only_build)
		hear_build(headless, event);
}

static void on_signal(void *data, int number)
{
	(void)number;
	stop(data, 0);
}

static void print_mistakes(const struct config *config)
{
	for (size_t i = 0; i < config->mistakes.count; i++)
		fprintf(stderr, "cargodeck: %s\n", config->mistakes.items[i]);
}

static void configure(struct headless *headless)
{
	const struct config *config = headless->config;
	print_mistakes(config);
	if (headless->deck == NULL)
		return;
	deck_set_hooks(headless->deck, config_text(config, CONFIG_ON_SERVING), config_text(config, CONFIG_ON_FAILED));
	verb_set_limits(headless->deck, config);
	deck_set_jobs(headless->deck, config);
}

/* Settings are taken while it runs; a file that cannot be read changes nothing. */
static void on_config_saved(void *data)
{
	struct headless *headless = data;
	struct config *before = headless->config, *config = config_open_again(before, NULL);
	bool is_read = config->path != NULL || config->mistakes.count == 0;
	headless->config = config;
	if (is_read) {
		configure(headless);
		config_close(before);
		return;
	}
	print_mistakes(config);
	headless->config = before;
	config_close(config);
}

static int run_headless(struct headless *headless, const struct command_line *line)
{
	struct fault fault;
	struct deck_options options;
	headless->loop = loop_open();
	signal(SIGPIPE, SIG_IGN);
	struct loop_signal *term = loop_signal_open(headless->loop, SIGTERM, on_signal, headless);
	struct loop_signal *interrupt = loop_signal_open(headless->loop, SIGINT, on_signal, headless);
	struct loop_signal *hangup = loop_signal_open(headless->loop, SIGHUP, on_signal, headless);
	verb_options_read(line, &options);
	options.only_job = headless->job;
	headless->deck = deck_open(headless->loop, &options, headless->job != NULL ? on_job_event : on_event, headless, &fault);
	headless->config = config_open(NULL, NULL);
	configure(headless);
	auto_free char *path = path_home(PATH_CONFIG, "config.ini");
	struct loop_file *config_file = loop_file_open(headless->loop, path, on_config_saved, headless);
	if (headless->deck == NULL || !deck_start(headless->deck, &fault))
		headless->status = verb_fault(&fault);
	else
		loop_run(headless->loop);
	deck_close(headless->deck);
	loop_file_close(config_file);
	config_close(headless->config);
	verb_options_finish(&options);
	loop_signal_close(term);
	loop_signal_close(interrupt);
	loop_signal_close(hangup);
	loop_close(headless->loop);
	return headless->status;
}

int verb_watch(const struct command_line *line)
{
	struct headless headless = {.json = command_line_has(line, "json"), .colour = verb_is_coloured(line)};
	return run_headless(&headless, line);
}

int verb_build(const struct command_line *line)
{
	struct headless headless = {.json = command_line_has(line, "json"), .colour = verb_is_coloured(line), .only_build = true,
		.clean = command_line_has(line, "clean")};
	return run_headless(&headless, line);
}

/* Those of cargo first; one of the person's own that has such a name is none. */
static void list_jobs(struct strings *names)
{
	struct config *config = config_open(NULL, NULL);
	for (int kind = JOB_NONE + 1; kind < JOB_OWN; kind++)
		strings_add(names, cargo_job_name((enum cargo_job)kind));
	for (size_t i = 0; i < config->jobs.count; i++)
		if (strcmp(config->jobs.items[i].name, cargo_job_name(JOB_NONE)) != 0)
			strings_add_new(names, config->jobs.items[i].name);
	config_close(config);
}

int verb_job(const struct command_line *line)
{
	struct headless headless = {.json = command_line_has(line, "json"), .colour = verb_is_coloured(line)};
	struct fault fault;
	auto_strings names = {0};
	list_jobs(&names);
	if (command_line_has(line, "names")) {
		for (size_t i = 0; i < names.count; i++)
			puts(names.items[i]);
		return 0;
	}
	headless.job = line->arguments.count > 0 ? line->arguments.items[0] : NULL;
	if (headless.job != NULL && strings_have(&names, headless.job))
		return run_headless(&headless, line);
	auto_free char *list = strings_join(&names, ", ", _(" and "));
	if (headless.job == NULL)
		fault_set(&fault, FAULT_USAGE, "job needs the name of one");
	else
		fault_set(&fault, FAULT_USAGE, "there is no job %s", headless.job);
	fault_mend(&fault, "the jobs are %s; own ones stand in [jobs] of config.ini", list);
	return verb_fault(&fault);
}
