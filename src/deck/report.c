/* Events as lines: JSON for programs (`watch --json`, in the man page) and
 * sentences for people without a screen. Called by the headless verbs. */
#include "cargodeck/deck.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static json_t *text_array(const struct strings *list)
{
	json_t *array = json_array();
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		/* a path may hold any byte; JSON may not */
		auto_str clean = {0};
		text_add_clean(&clean, list->items[i], strlen(list->items[i]), false);
		json_array_append_new(array, json_string(str_text(&clean)));
	}
	return array;
}

static void put_text(json_t *object, const char *name, const char *text)
{
	if (text == NULL) {
		json_object_set_new(object, name, json_null());
		return;
	}
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), true);
	json_object_set_new(object, name, json_string(str_text(&clean)));
}

/* Tenths of a millisecond are as much as the clocks are worth. */
static json_t *tenths(double ms)
{
	return json_real(round(ms * 10) / 10);
}

static void put_build(json_t *object, const struct deck_event *event)
{
	put_text(object, "state", event->state);
	if (event->progress != NULL) {
		json_object_set_new(object, "done", json_integer(event->progress->done));
		json_object_set_new(object, "total", json_integer(event->progress->total));
		put_text(object, "crates", event->progress->crates);
	}
	if (event->ms > 0)
		json_object_set_new(object, "ms", tenths(event->ms));
	json_object_set_new(object, "restarted", json_integer(event->restarted));
	if (event->unbuilt != NULL)
		json_object_set_new(object, "unbuilt", text_array(event->unbuilt));
}

static void put_diagnostic(json_t *object, const struct diagnostic *diagnostic)
{
	put_text(object, "level", diagnostic_level_name(diagnostic->level));
	put_text(object, "code", diagnostic->code);
	put_text(object, "file", diagnostic->file);
	json_object_set_new(object, "line", diagnostic->line > 0 ? json_integer(diagnostic->line) : json_null());
	json_object_set_new(object, "column", diagnostic->column > 0 ? json_integer(diagnostic->column) : json_null());
	put_text(object, "message", diagnostic->message);
}

static void put_job(json_t *object, const struct deck_event *event)
{
	put_text(object, "name", event->job);
	put_text(object, "state", event->state);
	json_object_set_new(object, "ms", tenths(event->ms));
	json_object_set_new(object, "errors", json_integer(event->errors));
	json_object_set_new(object, "warnings", json_integer(event->warnings));
	json_object_set_new(object, "passed", json_integer(event->passed));
	json_object_set_new(object, "failed", json_integer(event->failed));
	json_object_set_new(object, "exit_code", event->has_exit_code ? json_integer(event->exit_code) : json_null());
	json_object_set_new(object, "again", json_boolean(event->again));
	put_text(object, "text", event->text);
	if (event->progress != NULL) {
		json_object_set_new(object, "done", json_integer(event->progress->done));
		json_object_set_new(object, "total", json_integer(event->progress->total));
		put_text(object, "crates", event->progress->crates);
	}
}

static void put_test(json_t *object, const struct deck_event *event)
{
	const struct test_failure *failure = event->failure;
	put_text(object, "job", event->job);
	put_text(object, "name", failure->name);
	put_text(object, "message", failure->message);
	put_text(object, "file", failure->file);
	json_object_set_new(object, "line", failure->line > 0 ? json_integer(failure->line) : json_null());
	json_object_set_new(object, "column", failure->column > 0 ? json_integer(failure->column) : json_null());
	put_text(object, "output", failure->output);
}

/* Colours stay: who prints it drops them where they are not wanted. */
static void put_output(json_t *object, const struct deck_event *event)
{
	auto_str clean = {0};
	output_add_clean(&clean, event->text, strlen(event->text), true);
	put_text(object, "job", event->job);
	put_text(object, "stream", event->is_err ? "stderr" : "stdout");
	json_object_set_new(object, "text", json_string(str_text(&clean)));
}

static void put_serving(json_t *object, const struct deck_event *event)
{
	const struct save_stages *stages = event->stages;
	put_text(object, "service", event->service);
	if (stages == NULL)
		return;
	json_t *parts = json_object();
	json_object_set_new(parts, "event", tenths(stages->event));
	json_object_set_new(parts, "settle", tenths(stages->settle));
	json_object_set_new(parts, "dispatch", tenths(stages->dispatch));
	json_object_set_new(parts, "cargo", tenths(stages->cargo));
	json_object_set_new(parts, "start", tenths(stages->start));
	json_object_set_new(parts, "ready", tenths(stages->ready));
	json_object_set_new(object, "stages_ms", parts);
	json_object_set_new(object, "beyond_cargo_ms", tenths(stages->beyond));
	json_object_set_new(object, "own_ms", tenths(stages->own));
}

static void put_service(json_t *object, const struct deck_event *event)
{
	put_text(object, "service", event->service);
	put_text(object, "state", event->state);
	put_text(object, "health", event->health);
	json_object_set_new(object, "exit_code", event->has_exit_code ? json_integer(event->exit_code) : json_null());
	put_text(object, "image", event->image);
}

static const char *event_name(enum deck_event_kind kind)
{
	switch (kind) {
	case DECK_STEP: return "step";
	case DECK_READY: return "ready";
	case DECK_SAVED: return "saved";
	case DECK_BUILD: return "build";
	case DECK_DIAGNOSTIC: return "diagnostic";
	case DECK_SWAP: return "swap";
	case DECK_SERVING: return "serving";
	case DECK_SERVICE: return "service";
	case DECK_FAULT: return "fault";
	case DECK_JOB: return "job";
	case DECK_TEST: return "test";
	case DECK_JOB_OUTPUT: return "job-output";
	}
	return "unknown";
}

static void put_parts(json_t *object, const struct deck_event *event)
{
	switch (event->kind) {
	case DECK_STEP:
		put_text(object, "step", event->why);
		put_text(object, "state", event->state);
		put_text(object, "text", event->text);
		break;
	case DECK_READY:
		json_object_set_new(object, "services", text_array(event->names));
		json_object_set_new(object, "ms", tenths(event->ms));
		break;
	case DECK_SAVED:
		json_object_set_new(object, "paths", text_array(event->paths));
		json_object_set_new(object, "binaries", text_array(event->names));
		put_text(object, "why", event->why);
		break;
	case DECK_BUILD:
		put_build(object, event);
		break;
	case DECK_DIAGNOSTIC:
		put_diagnostic(object, event->diagnostic);
		if (event->job != NULL)
			put_text(object, "job", event->job);
		break;
	case DECK_SWAP:
		put_text(object, "service", event->service);
		put_text(object, "mode", event->mode);
		json_object_set_new(object, "ms", tenths(event->ms));
		break;
	case DECK_SERVING:
		put_serving(object, event);
		break;
	case DECK_SERVICE:
		put_service(object, event);
		break;
	case DECK_FAULT:
		put_text(object, "code", fault_code_name(event->fault->code));
		put_text(object, "message", event->fault->text);
		put_text(object, "mend", event->fault->mend[0] != '\0' ? event->fault->mend : NULL);
		break;
	case DECK_JOB:
		put_job(object, event);
		break;
	case DECK_TEST:
		put_test(object, event);
		break;
	case DECK_JOB_OUTPUT:
		put_output(object, event);
		break;
	}
}

char *deck_event_json(const struct deck_event *event)
{
	char stamp[32];
	json_t *object = json_object();
	clock_format_rfc3339(event->wall_ms, stamp, sizeof stamp);
	put_text(object, "event", event_name(event->kind));
	json_object_set_new(object, "time", json_string(stamp));
	if (event->generation > 0)
		json_object_set_new(object, "generation", json_integer(event->generation));
	put_parts(object, event);
	char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(8));
	json_decref(object);
	return line;
}

/* ---- sentences ---- */

/* How a build and a job end: generation, milliseconds and more; job, seconds,
 * counts and more. */
static const struct {
	const char *state, *build, *job;
} ends[] = {
	{"passed", N_("g%u  build passed after %.0f ms%s"), N_("%s  passed after %.1f s%s%s")},
	{"failed", N_("g%u  build failed after %.0f ms%s"), N_("%s  failed after %.1f s%s%s")},
	{"cancelled", N_("g%u  build cancelled after %.0f ms%s"), N_("%s  cancelled after %.1f s%s%s")},
};

/* How far a step is: its name, ": " and more where there is more. */
static const struct {
	const char *state, *sentence;
} steps[] = {
	{"waiting", N_("%s  waiting%s%s")},
	{"running", N_("%s  running%s%s")},
	{"done", N_("%s  done%s%s")},
	{"failed", N_("%s  failed%s%s")},
};

static char *sentence_build(const struct deck_event *event)
{
	if (strcmp(event->state, "progress") == 0)
		return NULL; /* lines would scroll away what matters */
	auto_free char *names = event->names != NULL ? strings_join(event->names, ", ", NULL) : mem_copy_string("");
	if (strcmp(event->state, "started") == 0)
		return mem_print(_("g%u  building %s"), event->generation, names);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (strcmp(event->state, ends[i].state) == 0)
			return mem_print(_(ends[i].build), event->generation, event->ms, event->restarted > 0 ? _(", begun again once") : "");
	return mem_print("g%u  %s", event->generation, event->state);
}

static char *sentence_diagnostic(const struct diagnostic *diagnostic, bool colour)
{
	if (diagnostic->rendered != NULL && colour)
		return mem_copy_string(diagnostic->rendered);
	return mem_print("%s%s%s%s: %s  %s:%u:%u", diagnostic_level_name(diagnostic->level),
		diagnostic->code != NULL ? "[" : "", diagnostic->code != NULL ? diagnostic->code : "",
		diagnostic->code != NULL ? "]" : "", diagnostic->message,
		diagnostic->file != NULL ? diagnostic->file : "-", diagnostic->line, diagnostic->column);
}

static char *sentence_service(const struct deck_event *event)
{
	const char *health = event->health != NULL && strcmp(event->health, "none") != 0 ? _(event->health) : "";
	auto_free char *state = event->has_exit_code ? mem_print(_("%s with %d"), _(event->state), event->exit_code) : mem_copy_string(_(event->state));
	return mem_print("%s  %s%s%s", event->service, state, health[0] != '\0' ? ", " : "", health);
}

static char *sentence_serving(const struct deck_event *event)
{
	const struct save_stages *s = event->stages;
	if (s == NULL)
		return mem_print(_("%s  serving g%u"), event->service, event->generation);
	return mem_print(_("%s  serving g%u   event %.1f | settle %.1f | dispatch %.1f | cargo %.0f | start %.1f | ready %.1f   "
		"beyond cargo %.1f ms"), event->service, event->generation, s->event, s->settle, s->dispatch,
		s->cargo, s->start, s->ready, s->beyond);
}

static char *sentence_job(const struct deck_event *event)
{
	auto_str counts = {0};
	if (strcmp(event->state, "progress") == 0)
		return NULL;
	if (strcmp(event->state, "chosen") == 0)
		return strcmp(event->job, "off") != 0 ? mem_print(_("job  %s runs after each build that passed"), event->job) : mem_copy_string(_("job  off"));
	if (strcmp(event->state, "started") == 0)
		return mem_print(_("%s  started"), event->job);
	if (event->errors + event->warnings > 0)
		str_print(&counts, _(", %u errors, %u warnings"), event->errors, event->warnings);
	if (event->passed + event->failed > 0)
		str_print(&counts, _(", %u tests passed, %u failed"), event->passed, event->failed);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (strcmp(event->state, ends[i].state) == 0)
			return mem_print(_(ends[i].job), event->job, event->ms / 1000, str_text(&counts), event->again ? _(", runs again") : "");
	return mem_print("%s  %s", event->job, event->state);
}

static char *sentence_test(const struct test_failure *failure)
{
	auto_free char *place = failure->line > 0 ? mem_print("  %s:%u:%u", failure->file, failure->line, failure->column) : mem_copy_string("");
	return mem_print(_("test failed  %s%s%s%s"), failure->name, failure->message != NULL ? ": " : "",
		failure->message != NULL ? failure->message : "", place);
}

static char *sentence_step(const struct deck_event *event)
{
	const char *name = strcmp(event->why, "note") == 0 ? _("note") : _(event->why);
	const char *between = event->text != NULL ? ": " : "", *text = event->text != NULL ? event->text : "";
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (strcmp(event->state, steps[i].state) == 0)
			return mem_print(_(steps[i].sentence), name, between, text);
	return mem_print("%s  %s%s%s", name, event->state, between, text);
}

static char *sentence(const struct deck_event *event, bool colour)
{
	auto_free char *names = event->names != NULL ? strings_join(event->names, ", ", NULL) : mem_copy_string("");
	auto_free char *paths = event->paths != NULL ? strings_join(event->paths, ", ", NULL) : mem_copy_string("");
	switch (event->kind) {
	case DECK_STEP:
		return sentence_step(event);
	case DECK_READY:
		return mem_print(_("ready after %.1f s: %s"), event->ms / 1000, names);
	case DECK_SAVED:
		return mem_print(_("g%u  saved %s (%s): %s"), event->generation, paths, event->why,
			names[0] != '\0' ? names : _("nothing to build"));
	case DECK_BUILD:
		return sentence_build(event);
	case DECK_DIAGNOSTIC:
		return sentence_diagnostic(event->diagnostic, colour);
	case DECK_SWAP:
		return mem_print(_("%s  swapped to g%u (%s) in %.1f ms"), event->service, event->generation, event->mode, event->ms);
	case DECK_SERVING:
		return sentence_serving(event);
	case DECK_SERVICE:
		return sentence_service(event);
	case DECK_FAULT:
		return mem_print("%s%s%s", event->fault->text, event->fault->mend[0] != '\0' ? ": " : "", event->fault->mend);
	case DECK_JOB:
		return sentence_job(event);
	case DECK_TEST:
		return sentence_test(event->failure);
	case DECK_JOB_OUTPUT:
		break;
	}
	return NULL;
}

char *deck_event_sentence(const struct deck_event *event, bool colour)
{
	if (event->kind == DECK_JOB_OUTPUT) {
		struct str line = {0};
		output_add_clean(&line, event->text, strlen(event->text), colour);
		return str_steal(&line);
	}
	char *raw = sentence(event, colour);
	if (raw == NULL || (event->kind == DECK_DIAGNOSTIC && colour))
		return raw; /* rustc's own colours */
	auto_str clean = {0};
	text_add_clean(&clean, raw, strlen(raw), true);
	free(raw);
	return str_steal(&clean);
}
