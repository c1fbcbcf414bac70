/* What a build tells, turned into events, what the screen shows, and work: an
 * artifact is swapped in, dep-info is read again, failures are remembered. */
#include "jobs.h"

void deck_build_began(struct deck *deck, unsigned generation, const struct strings *bins)
{
	deck->build_state = BUILD_RUNNING;
	deck->progress = (struct build_progress){.generation = generation, .started_ns = clock_now_ns()};
	strings_finish(&deck->build_bins);
	strings_copy(&deck->build_bins, bins);
	for (size_t i = 0; i < bins->count; i++)
		strings_add_new(&deck->unbuilt, bins->items[i]);
	for (size_t i = 0; i < deck->errors.count; i++)
		diagnostic_finish(&deck->errors.items[i].diagnostic);
	array_finish(&deck->errors);
	deck->error_total = deck->warning_total = 0;
	free(steal(&deck->complaint));
}

/* The line that does the same by hand. */
static void note_ran(struct family *family, const struct strings *bins)
{
	const struct project_family *found = &family->deck->project->families.items[family->index];
	auto_strings words = {0};
	static const char *const first[] = {"docker", "exec"}, *const second[] = {"cargo", "build"};
	for (size_t i = 0; i < COUNT_OF(first); i++)
		strings_add(&words, first[i]);
	strings_print(&words, "%.12s", family->container != NULL ? family->container : "builder");
	for (size_t i = 0; i < COUNT_OF(second); i++)
		strings_add(&words, second[i]);
	for (size_t i = 0; i < bins->count; i++) {
		strings_add(&words, "--bin");
		strings_add(&words, bins->items[i]);
	}
	strings_copy(&words, &found->arguments);
	deck_ran_end(family->deck, family->ran, -1); /* where it is begun again */
	family->ran = ran_begin(family->deck, &words);
}

static void on_build_started(void *data, unsigned generation, const struct strings *bins)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	jobs_build_began(deck);
	deck_build_began(deck, generation, bins);
	swap_building(family, true);
	note_ran(family, bins);
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = "started", .generation = generation, .names = bins});
}

static void on_build_running(void *data, unsigned generation, int64_t agent_ns)
{
	struct family *family = data;
	struct save_record *record = save_find(family->deck, generation);
	if (record != NULL && record->decided_ns != 0 && record->stages.dispatch == 0)
		record->stages.dispatch = (double)(agent_ns - (int64_t)record->decided_ns) / 1e6;
}

static void on_progress(void *data, const struct build_progress *progress)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	deck->progress = *progress;
	if (!family->first_passed)
		deck_step_count(deck, STEP_BUILD, progress->done, progress->total, progress->crates);
	deck->steps[STEP_BUILD].done = progress->done;
	deck->steps[STEP_BUILD].total = progress->total;
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = "progress", .generation = progress->generation, .progress = progress});
}

void deck_keep_error(struct deck *deck, const struct diagnostic *diagnostic)
{
	deck->error_total += diagnostic->level == DIAGNOSTIC_ERROR;
	deck->warning_total += diagnostic->level == DIAGNOSTIC_WARNING;
	if (deck->errors.count >= ERRORS_KEPT)
		return;
	struct diagnostic copy = *diagnostic;
	char **const owned[] = {&copy.code, &copy.message, &copy.file, &copy.rendered, &copy.package};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		*owned[i] = mem_copy_string(*owned[i]);
	/* errors first */
	size_t at = deck->errors.count;
	array_add(&deck->errors);
	while (at > 0 && deck->errors.items[at - 1].diagnostic.level > copy.level) {
		deck->errors.items[at] = deck->errors.items[at - 1];
		at--;
	}
	deck->errors.items[at].diagnostic = copy;
}

static void on_lock_holder(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct family *family = data;
	const char *holder = fault == NULL ? wire_get(frame, "holder") : NULL;
	struct fault own;
	auto_str clean = {0};
	if (holder != NULL)
		text_add_clean(&clean, holder, strlen(holder) < 100 ? strlen(holder) : 100, false);
	if (clean.len > 0)
		fault_set(&own, FAULT_FAILED, "another cargo holds the lock of the target folder (process %s): the build waits for it",
			str_text(&clean));
	else
		fault_set(&own, FAULT_FAILED, "another cargo holds the lock of the target folder: the build waits for it");
	fault_mend(&own, "let it end, or end it: `docker exec` into the builder");
	if (family->build != NULL && build_is_running(family->build))
		deck_fault(family->deck, "lock of cargo", &own);
}

/* Inside the builder only somebody's `docker exec … cargo` can be in the way. */
static void on_blocked(void *data, unsigned generation)
{
	struct family *family = data;
	(void)generation;
	auto_free char *path = mem_print(DECKHAND_TARGET "/%s/.cargo-lock", family->deck->project->families.items[family->index].profile_folder);
	agent_locks(family->agent, path, on_lock_holder, family);
}

static void on_diagnostic(void *data, unsigned generation, const struct diagnostic *diagnostic)
{
	struct family *family = data;
	deck_keep_error(family->deck, diagnostic);
	deck_tell(family->deck, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = generation, .diagnostic = diagnostic});
}

static void on_artifact(void *data, const struct build_artifact *artifact)
{
	struct family *family = data;
	strings_drop(&family->deck->unbuilt, artifact->bin);
	swap_artifact(family, artifact);
}

static void on_dep_file(void *data, const char *path, const char *text, size_t len)
{
	struct family *family = data;
	auto_free char *name = mem_copy_string(path_name(path));
	name[strlen(name) - 2] = '\0'; /* ".d" */
	if (family->deck->project != NULL && strings_have(&family->served, name))
		project_add_dep_info(family->deck->project, name, text, len);
}

static void on_deps_done(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	(void)data;
	(void)frame;
	(void)fault;
}

/* What the programs read now; the map of before is dropped with the first file. */
static void ask_deps(struct family *family)
{
	auto_free char *folder = mem_print(DECKHAND_TARGET "/%s", family->deck->project->families.items[family->index].profile_folder);
	agent_deps(family->agent, folder, on_dep_file, on_deps_done, family);
}

static void note_failed(struct family *family, const struct build_result *result)
{
	for (size_t i = 0; i < result->bins->count; i++) {
		const char *bin = result->bins->items[i];
		if (result->state == BUILD_FAILED)
			strings_add_new(&family->failed, bin);
		else if (result->state == BUILD_PASSED)
			strings_drop(&family->failed, bin);
	}
}

static void on_build_done(void *data, const struct build_result *result)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	deck->build_state = result->state;
	deck->build_ms = result->ms;
	note_failed(family, result);
	deck_ran_end(deck, family->ran, result->state == BUILD_PASSED ? 0 : result->state == BUILD_FAILED ? 101 : -1);
	deck_forget_fault(deck, "lock of cargo");
	swap_building(family, false);
	if (result->complaint != NULL && result->complaint[0] != '\0') {
		struct fault fault;
		auto_str clean = {0};
		task_complaint(result->complaint, &clean);
		free(deck->complaint);
		deck->complaint = mem_copy_string(str_text(&clean));
		fault_set(&fault, FAULT_FAILED, "cargo failed: %s", str_text(&clean));
		if (strstr(result->complaint, "o space left") != NULL)
			fault_mend(&fault, "free disk space, for example by `docker builder prune`; nothing that runs was touched");
		else if (strstr(result->complaint, "ailed to download") != NULL || strstr(result->complaint, "Could not resolve") != NULL || strstr(result->complaint, "peer certificate") != NULL)
			fault_mend(&fault, "the crate registry cannot be reached from the builder: check network and proxy, then build again");
		else
			fault_mend(&fault, "mend it and save; what runs serves on");
		deck_fault(deck, "cargo", &fault);
	} else if (result->state == BUILD_PASSED) {
		deck_forget_fault(deck, "cargo");
	}
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = build_state_name(result->state), .generation = result->generation,
		.names = result->bins, .unbuilt = result->state != BUILD_CANCELLED ? &deck->unbuilt : NULL, .ms = (double)result->ms,
		.restarted = result->restarts});
	if (result->state != BUILD_CANCELLED)
		ask_deps(family);
	up_built(deck, family, result);
	jobs_build_done(deck, result->state);
}

void builds_open(struct family *family)
{
	static const struct build_call calls = {on_build_started, on_build_running, on_progress, on_blocked, on_diagnostic, on_artifact, on_build_done};
	const struct project *project = family->deck->project;
	const struct project_family *found = &project->families.items[family->index];
	family->build = build_open(family->deck->loop, family->agent, &(struct build_options){
		.cwd = found->cwd, .root = project->cargo.root, .packages = &found->packages,
		.arguments = &found->arguments, .env = &found->env}, &calls, family);
}

void builder_build_all(struct family *family, unsigned generation, bool clean)
{
	if (family->build == NULL || family->served.count == 0)
		return;
	build_start(family->build, &(struct build_request){.generation = generation, .bins = &family->served, .clean = clean});
}
