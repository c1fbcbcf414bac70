/* `check`: which of the practices a project keeps. It asks compose, cargo and
 * git what the project is; with --live the engine what runs. */
#include "config.h"

#include "cargodeck/checks.h"
#include "cargodeck/verbs.h"
#include "deck.h"

#include <stdio.h>
#include <unistd.h>

/* ---- which ---- */

/* "2.3,5" and repeated options alike. A word that names nothing is a fault. */
static bool read_ids(const struct command_line *line, const char *option, struct strings *ids, struct fault *fault)
{
	auto_strings values = {0};
	size_t count;
	check_topics(&count);
	command_line_values(line, option, &values);
	for (size_t i = 0; i < values.count; i++)
		strings_split(ids, values.items[i], ',');
	for (size_t i = 0; i < ids->count; i++) {
		const char *id = ids->items[i];
		bool is_topic = strlen(id) < 3 && strspn(id, "0123456789") == strlen(id) && atoi(id) >= 1 && (size_t)atoi(id) <= count;
		if (is_topic || check_find(id) != NULL)
			continue;
		fault_set(fault, FAULT_USAGE, "there is no practice %s", id);
		return fault_mend(fault, "cargodeck check --list shows all");
	}
	return true;
}

static const char *format_of(const struct command_line *line)
{
	const char *format = command_line_value(line, "format");
	return command_line_has(line, "json") ? "json" : format != NULL ? format : "text";
}

/* ---- the catalogue ---- */

static int print_catalogue(const struct command_line *line)
{
	auto_str out = {0};
	const char *id = command_line_value(line, "explain");
	bool as_json = strcmp(format_of(line), "json") == 0;
	struct fault fault;
	if (id == NULL) {
		checks_write_list(as_json, &out);
	} else if (checks_write_practice(id, as_json, &out) == NULL) {
		if (strlen(id) < 3 && atoi(id) > 0)
			fault_set(&fault, FAULT_USAGE, "%s is a topic: name one of its practices, as %s.1", id, id);
		else
			fault_set(&fault, FAULT_USAGE, "there is no practice %s", id);
		fault_mend(&fault, "cargodeck check --list shows all");
		return verb_fault(&fault);
	}
	fputs(str_text(&out), stdout);
	return 0;
}

/* ---- mending ---- */

static bool is_agreed(const struct command_line *line)
{
	char answer[16];
	if (command_line_has(line, "yes") || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	fputs(_("Write these changes? [y/N] "), stderr);
	return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int mend(const struct command_line *line, const struct check_report *report, const char *root)
{
	auto_str diff = {0};
	auto_strings changed = {0};
	struct fault fault = {0};
	if (checks_write_diff(report, root, &diff) == 0) {
		fputs(_("nothing is broken that an edit could mend safely\n"), stderr);
		return 0;
	}
	auto_str clean = {0};
	text_add_clean(&clean, str_text(&diff), diff.len, true);
	fputs(str_text(&clean), stdout);
	fflush(stdout);
	if (command_line_has(line, "dry-run"))
		return 0;
	if (!is_agreed(line)) {
		fputs(_("nothing was changed\n"), stderr);
		return 1;
	}
	bool good = checks_apply(report, root, &changed, &fault);
	for (size_t i = 0; i < changed.count; i++) {
		auto_str path = {0};
		text_add_clean(&path, changed.items[i], strlen(changed.items[i]), false);
		fprintf(stderr, _("changed %s\n"), str_text(&path));
	}
	return good ? 0 : verb_fault(&fault);
}

/* ---- what runs ---- */

static char *gather(const struct command_line *line, struct fault *fault)
{
	struct verb_look look = {0};
	char *text = verb_look_begin(&look, line, false, fault) ? deck_gather_live(look.deck, look.loop, command_line_has(line, "probe")) : NULL;
	verb_look_end(&look);
	return text;
}

/* ---- judging ---- */

/* Another folder than the one that the person is in is said first. */
static void print_root(const struct command_line *line, const char *root)
{
	auto_free char *here = getcwd(NULL, 0);
	auto_str clean = {0};
	if (strcmp(format_of(line), "text") != 0 || text_equal(here, root))
		return;
	text_add_clean(&clean, root, strlen(root), false);
	printf(_("project %s\n\n"), str_text(&clean));
}

static void print_report(const struct command_line *line, const struct check_report *report)
{
	auto_str out = {0};
	const char *format = format_of(line);
	if (strcmp(format, "json") == 0)
		checks_write_json(report, &out);
	else if (strcmp(format, "sarif") == 0)
		checks_write_sarif(report, PACKAGE_VERSION, command_line_has(line, "all"), &out);
	else
		checks_write_text(report, verb_is_coloured(line), command_line_has(line, "all"), &out);
	fwrite(str_text(&out), 1, out.len, stdout);
}

/* No project at all: a wrong path must not pass for a clean one. */
static bool is_nothing(const struct project_texts *texts, const struct check_report *report)
{
	for (size_t i = 0; i < report->results.count; i++)
		if (report->results.items[i].state != CHECK_NOT_APPLICABLE)
			return false;
	return report->results.count == 0 || (texts->compose_files.count == 0 && texts->cargo == NULL);
}

static int say_nothing(const struct project_texts *texts, const struct check_report *report)
{
	struct fault fault;
	if (report->results.count == 0) {
		fault_set(&fault, FAULT_USAGE, "nothing is left to check: --skip takes away what --only names");
	} else {
		fault_set(&fault, FAULT_OUTSIDE, "there is nothing to judge in %s: no Cargo.toml, no Dockerfile, no compose file", texts->root);
		fault_mend(&fault, "name the project's folder with --project");
	}
	return verb_fault(&fault);
}

/* high is an error, medium a warning, low a remark. */
static int status_of(const struct command_line *line, const struct check_report *report)
{
	const char *fail_on = command_line_value(line, "fail-on");
	if (fail_on != NULL && strcmp(fail_on, "never") == 0)
		return 0;
	enum check_severity least = fail_on != NULL && strcmp(fail_on, "error") == 0 ? CHECK_HIGH : CHECK_MEDIUM;
	for (size_t i = 0; i < report->results.count; i++) {
		const struct check_result *result = &report->results.items[i];
		if (result->state == CHECK_BROKEN && !result->is_allowed && result->practice->severity >= least)
			return 1;
	}
	return 0;
}

static int judge(const struct command_line *line, const struct project_texts *texts, uint64_t asked_us, const struct strings *only, const struct strings *skip)
{
	struct check_report report;
	struct fault fault;
	struct check_options options = deck_check_options(texts);
	auto_free char *live = NULL;
	options.only = only;
	options.skip = skip;
	if (command_line_has(line, "live") || command_line_has(line, "probe")) {
		live = gather(line, &fault);
		if (live == NULL)
			return verb_fault(&fault);
		options.live_json = live;
		options.live_len = strlen(live);
	}
	uint64_t began = clock_now_ns();
	if (!checks_run(&options, &report, &fault))
		return verb_fault(&fault);
	log_line("check: asked %llu us, judged %llu us", (unsigned long long)asked_us, (unsigned long long)((clock_now_ns() - began) / 1000));
	strings_copy(&report.notes, &texts->notes);
	if (live != NULL && strstr(live, "\"containers\":[]") != NULL)
		strings_add(&report.notes, _("no container of this project is there: only files were looked at"));
	int status = 0;
	if (command_line_has(line, "fix") || command_line_has(line, "dry-run")) {
		status = mend(line, &report, texts->root);
	} else {
		print_root(line, texts->root);
		print_report(line, &report);
		status = is_nothing(texts, &report) ? say_nothing(texts, &report) : status_of(line, &report);
	}
	check_report_finish(&report);
	return status;
}

int verb_check(const struct command_line *line)
{
	struct deck_options options;
	struct project_texts texts;
	auto_strings only = {0}, skip = {0};
	struct fault fault;
	int status;
	if (command_line_has(line, "list") || command_line_has(line, "explain"))
		return print_catalogue(line);
	if (!read_ids(line, "only", &only, &fault) || !read_ids(line, "skip", &skip, &fault))
		return verb_fault(&fault);
	verb_options_read(line, &options);
	struct project_options project = deck_project_options(&options);
	uint64_t began = clock_now_ns();
	if (project_read_texts(&project, &texts, &fault))
		status = judge(line, &texts, (clock_now_ns() - began) / 1000, &only, &skip);
	else
		status = verb_fault(&fault);
	project_texts_finish(&texts);
	verb_options_finish(&options);
	return status;
}
