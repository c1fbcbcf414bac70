/* What a follower hears: an event line of the deck that has the project, read
 * back into an event and into what the screen shows. The inverse of report.c. */
#include "jobs.h"

#include <stdio.h>

static const char *text_of(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

static double number_of(const json_t *json, const char *name)
{
	return json_number_value(json_object_get(json, name));
}

static unsigned count_of(const json_t *json, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(json, name));
	return value > 0 && value < 1 << 30 ? (unsigned)value : 0;
}

static void texts_of(const json_t *json, const char *name, struct strings *out)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(json, name), i, item)
		if (json_is_string(item))
			strings_add(out, json_string_value(item));
}

static void hear_build(struct deck *deck, const json_t *json, unsigned generation)
{
	const char *state = text_of(json, "state"), *crates = text_of(json, "crates");
	struct build_progress progress = {.generation = generation, .done = count_of(json, "done"), .total = count_of(json, "total")};
	struct strings names = {0};
	bool is_over = false;
	if (state == NULL)
		return;
	if (strcmp(state, "started") == 0) {
		deck_build_began(deck, generation, &names);
	} else if (strcmp(state, "progress") == 0) {
		snprintf(progress.crates, sizeof progress.crates, "%s", crates != NULL ? crates : "");
		progress.started_ns = deck->progress.started_ns;
		deck->progress = progress;
	} else {
		deck->build_state = strcmp(state, "passed") == 0 ? BUILD_PASSED : strcmp(state, "cancelled") == 0 ? BUILD_CANCELLED : BUILD_FAILED;
		deck->build_ms = (uint64_t)number_of(json, "ms");
		strings_finish(&deck->unbuilt);
		is_over = deck->build_state != BUILD_CANCELLED;
		texts_of(json, "unbuilt", &deck->unbuilt);
	}
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = state, .generation = generation, .names = &names,
		.progress = strcmp(state, "progress") == 0 ? &progress : NULL, .ms = number_of(json, "ms"), .restarted = count_of(json, "restarted"),
		.unbuilt = is_over ? &deck->unbuilt : NULL});
}

static void hear_diagnostic(struct deck *deck, const json_t *json, unsigned generation)
{
	const char *level = text_of(json, "level"), *code = text_of(json, "code"), *message = text_of(json, "message"), *file = text_of(json, "file");
	struct diagnostic diagnostic = {
		.level = text_equal(level, "error") ? DIAGNOSTIC_ERROR : text_equal(level, "warning") ? DIAGNOSTIC_WARNING : DIAGNOSTIC_NOTE,
		.code = mem_copy_string(code), .message = mem_copy_string(message != NULL ? message : ""), .file = mem_copy_string(file),
		.line = count_of(json, "line"), .column = count_of(json, "column")};
	const char *job = text_of(json, "job");
	if (job != NULL)
		jobs_keep_diagnostic(deck, &diagnostic);
	else
		deck_keep_error(deck, &diagnostic);
	deck_tell(deck, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = generation, .diagnostic = &diagnostic,
		.job = job});
	diagnostic_finish(&diagnostic);
}

static void hear_job(struct deck *deck, const json_t *json, unsigned generation)
{
	struct jobs *jobs = deck->jobs;
	const char *state = text_of(json, "state"), *crates = text_of(json, "crates"), *complaint = text_of(json, "text");
	const json_t *exit_code = json_object_get(json, "exit_code");
	const char *name = text_of(json, "name");
	if (state == NULL || name == NULL)
		return;
	if (strcmp(state, "chosen") == 0) {
		jobs_heard_choice(deck, name);
	} else if (strcmp(state, "started") == 0) {
		jobs_heard_start(deck, name);
		jobs->generation = generation;
	} else if (strcmp(state, "progress") == 0) {
		jobs->done = count_of(json, "done");
		jobs->total = count_of(json, "total");
		snprintf(jobs->crates, sizeof jobs->crates, "%s", crates != NULL ? crates : "");
	} else {
		jobs->state = strcmp(state, "passed") == 0 ? BUILD_PASSED : strcmp(state, "cancelled") == 0 ? BUILD_CANCELLED : BUILD_FAILED;
		jobs->ms = (uint64_t)number_of(json, "ms");
		jobs->passed = count_of(json, "passed");
		jobs->failed = count_of(json, "failed");
		jobs->status = json_is_integer(exit_code) ? (int)json_integer_value(exit_code) : -1;
		free(jobs->complaint);
		jobs->complaint = mem_copy_string(complaint);
	}
	jobs_tell(deck, state, json_is_true(json_object_get(json, "again")));
}

static void hear_test(struct deck *deck, const json_t *json, unsigned generation)
{
	const char *name = text_of(json, "name"), *output = text_of(json, "output");
	struct test_failure failure = {.name = mem_copy_string(name != NULL ? name : ""), .message = mem_copy_string(text_of(json, "message")),
		.file = mem_copy_string(text_of(json, "file")), .line = count_of(json, "line"), .column = count_of(json, "column"),
		.output = mem_copy_string(output != NULL ? output : "")};
	jobs_keep_failure(deck, &failure);
	deck_tell(deck, &(struct deck_event){.kind = DECK_TEST, .generation = generation, .failure = &failure,
		.job = deck->jobs->name});
	test_failure_finish(&failure);
}

static void hear_saved(struct deck *deck, const json_t *json, unsigned generation)
{
	auto_strings paths = {0}, names = {0};
	texts_of(json, "paths", &paths);
	texts_of(json, "binaries", &names);
	if (generation > deck->generation)
		deck->generation = generation;
	const char *why = text_of(json, "why");
	deck_tell(deck, &(struct deck_event){.kind = DECK_SAVED, .generation = generation, .paths = &paths, .names = &names, .why = why != NULL ? why : "none"});
	judging_saved(deck);
}

static void hear_serving(struct deck *deck, const json_t *json, unsigned generation)
{
	const json_t *parts = json_object_get(json, "stages_ms");
	struct service *service = services_find(deck->services, text_of(json, "service"));
	struct save_stages stages = {.event = number_of(parts, "event"), .settle = number_of(parts, "settle"), .dispatch = number_of(parts, "dispatch"),
		.cargo = number_of(parts, "cargo"), .start = number_of(parts, "start"), .ready = number_of(parts, "ready"),
		.beyond = number_of(json, "beyond_cargo_ms"), .own = number_of(json, "own_ms")};
	if (service == NULL)
		return;
	service->generation = generation;
	service->is_ready = true;
	if (generation > deck->serving)
		deck->serving = generation;
	if (generation > deck->generation)
		deck->generation = generation;
	if (json_is_object(parts) && generation > 0)
		deck_keep_stages(deck, generation, service->name, &stages);
	deck_tell(deck, &(struct deck_event){.kind = DECK_SERVING, .service = service->name, .generation = generation,
		.stages = json_is_object(parts) ? &stages : NULL});
	rows_tell(deck);
}

static void hear_fault(struct deck *deck, const json_t *json)
{
	struct fault fault = {0};
	const char *message = text_of(json, "message"), *mend = text_of(json, "mend");
	bool is_usage = text_equal(text_of(json, "code"), fault_code_name(FAULT_USAGE)); /* an order that made no sense there */
	fault_set(&fault, is_usage ? FAULT_USAGE : FAULT_FAILED, "%s", message != NULL ? message : "");
	if (mend != NULL)
		fault_mend(&fault, "%s", mend);
	deck_fault(deck, "followed", &fault);
}

void hear_event(struct deck *deck, const json_t *json)
{
	const char *event = text_of(json, "event");
	unsigned generation = count_of(json, "generation");
	if (event == NULL)
		return;
	if (strcmp(event, "build") == 0) {
		hear_build(deck, json, generation);
	} else if (strcmp(event, "diagnostic") == 0) {
		hear_diagnostic(deck, json, generation);
	} else if (strcmp(event, "saved") == 0) {
		hear_saved(deck, json, generation);
	} else if (strcmp(event, "serving") == 0) {
		hear_serving(deck, json, generation);
	} else if (strcmp(event, "job") == 0) {
		hear_job(deck, json, generation);
	} else if (strcmp(event, "test") == 0) {
		hear_test(deck, json, generation);
	} else if (strcmp(event, "job-output") == 0) {
		const char *text = text_of(json, "text");
		deck_tell(deck, &(struct deck_event){.kind = DECK_JOB_OUTPUT, .text = text != NULL ? text : "", .job = deck->jobs->name,
			.is_err = text_equal(text_of(json, "stream"), "stderr")});
	} else if (strcmp(event, "fault") == 0) {
		hear_fault(deck, json);
	} else if (strcmp(event, "swap") == 0) {
		const char *service = text_of(json, "service"), *mode = text_of(json, "mode");
		deck_tell(deck, &(struct deck_event){.kind = DECK_SWAP, .generation = generation, .service = service != NULL ? service : "",
			.mode = mode != NULL ? mode : "", .ms = number_of(json, "ms")});
	} else if (strcmp(event, "ready") == 0) {
		auto_strings names = {0};
		texts_of(json, "services", &names);
		deck->is_up = true;
		deck_tell(deck, &(struct deck_event){.kind = DECK_READY, .names = &names, .ms = number_of(json, "ms")});
	} else if (strcmp(event, "step") == 0 && text_equal(text_of(json, "step"), "following")) {
		deck_tell(deck, &(struct deck_event){.kind = DECK_STEP, .why = "following", .state = "done", .text = text_of(json, "text")});
	} else if (strcmp(event, "service") == 0) {
		/* containers are seen by ourselves; who serves what stands in a file */
		look_read_generations(deck);
		rows_tell(deck);
	}
}
