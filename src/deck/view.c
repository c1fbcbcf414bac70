/* The screen's view: what the deck knows, as view.h wants it. Everything that
 * must outlive the call (texts put together, lists) is kept in one store that
 * is filled anew each time. */
#include "jobs.h"

#include <stdio.h>

struct deck_view_store {
	ARRAY(struct view_service) services;
	ARRAY(struct view_service) others;
	ARRAY(struct view_error) errors;
	ARRAY(struct view_save) saves;
	ARRAY(struct view_fault) faults;
	struct view_step steps[STEP_COUNT];
	struct strings texts; /* owned texts of this view */
	char engine[96];
	struct shown_log {
		struct log_store *store;
		struct log_line line; /* given last */
	} logs[LOG_PANES];
	struct str builder_what;
};

static const char *keep_text(struct deck_view_store *store, char *text)
{
	strings_take(&store->texts, text);
	return text;
}

/* ---- services ---- */

const char *view_word(const char *state)
{
	static const char *const words[] = {N_("created"), N_("running"), N_("paused"), N_("restarting"), N_("removing"), N_("exited"),
		N_("dead"), N_("starting"), N_("healthy"), N_("unhealthy"), N_("none"), N_("stopping"), N_("stopped"), N_("waiting"), N_("absent"),
		N_("done")};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal(state, words[i]))
			return _(words[i]);
	return state;
}

enum view_state view_state_of(const struct deck *deck, const struct service *service)
{
	const char *word = service_state_word(service);
	static const struct {
		const char *word;
		enum view_state state;
	} states[] = {
		{"healthy", VIEW_HEALTHY}, {"running", VIEW_RUNNING}, {"done", VIEW_DONE}, {"stopped", VIEW_STOPPED},
		{"waiting", VIEW_WAITING}, {"absent", VIEW_STOPPED}, {"paused", VIEW_STOPPED}, {"starting", VIEW_STARTING}, {"stopping", VIEW_STARTING},
		{"unhealthy", VIEW_UNHEALTHY}, {"restarting", VIEW_FAILED}, {"exited", VIEW_FAILED},
	};
	if (deck->is_lost)
		return VIEW_STALE;
	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (strcmp(states[i].word, word) == 0)
			return service->is_building && service_is_well(service) ? VIEW_BUILDING : states[i].state;
	return VIEW_STOPPED;
}

static const char *state_text(struct deck_view_store *store, const struct service *service)
{
	const char *word = service_state_word(service);
	if (strcmp(word, "exited") == 0)
		return keep_text(store, mem_print(_("exited %d"), service->exit_code));
	if (strcmp(word, "restarting") == 0 || strcmp(word, "paused") == 0 || strcmp(word, "stopping") == 0)
		return view_word(word);
	return strcmp(word, "absent") == 0 ? _("not there") : NULL;
}

/* "127.0.0.1:8080->80" and the like come down to the ports of the host. */
static const char *short_ports(struct deck_view_store *store, const char *ports)
{
	auto_strings parts = {0}, numbers = {0};
	if (ports == NULL)
		return NULL;
	strings_split(&parts, ports, ',');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i] + strspn(parts.items[i], " "), *arrow = strstr(part, "->");
		if (arrow == NULL)
			continue;
		auto_free char *host = mem_copy_bytes(part, (size_t)(arrow - part));
		const char *colon = strrchr(host, ':');
		strings_add_new(&numbers, colon != NULL ? colon + 1 : host);
	}
	return numbers.count > 0 ? keep_text(store, strings_join(&numbers, " ", NULL)) : NULL;
}

static void add_history(struct view_service *out, const struct service *service)
{
	uint64_t top = 1;
	for (unsigned i = 0; i < service->history_count; i++)
		top = service->memory_history[i] > top ? service->memory_history[i] : top;
	out->history_count = service->history_count;
	for (unsigned i = 0; i < service->history_count; i++)
		out->history[i] = (unsigned char)(service->memory_history[i] * 255 / top);
}

/* The meaning of its exit code, or what its probe said last. */
static const char *detail(struct deck_view_store *store, const struct service *service)
{
	const char *word = service_state_word(service), *cause = service->cause;
	const char *meaning = strcmp(word, "exited") == 0 ? service_exit_meaning(service->exit_code) : NULL;
	/* the engine said more than the code does */
	if (meaning != NULL && cause != NULL && text_starts_with(cause, "killed"))
		return keep_text(store, mem_print(_("It ended with %d: %s."), service->exit_code, rows_cause(service)));
	if (meaning != NULL && cause != NULL)
		return keep_text(store, mem_print(_("It ended with %d, %s: %s"), service->exit_code, _(meaning), rows_cause(service)));
	if (meaning != NULL)
		return keep_text(store, mem_print(_("It ended with %d, %s."), service->exit_code, _(meaning)));
	if (strcmp(word, "unhealthy") != 0 || service->health_output == NULL || service->health_output[0] == '\0')
		return NULL;
	return keep_text(store, mem_print(_("Its health probe fails, and says: %s"), service->health_output));
}

/* What it would run did not compile. */
static bool is_behind(const struct deck *deck, const struct service *service)
{
	bool is_over = deck->build_state == BUILD_PASSED || deck->build_state == BUILD_FAILED;
	return is_over && service->bin != NULL && strings_have(&deck->unbuilt, service->bin) &&
		service->generation > 0 && service->generation < deck->progress.generation;
}

static void add_service(struct deck *deck, struct deck_view_store *store, const struct service *service)
{
	struct view_service *out = array_add(&store->services);
	int64_t now = clock_wall_ms();
	out->name = service->name;
	out->state = view_state_of(deck, service);
	out->state_text = out->state == VIEW_STALE ? NULL : state_text(store, service);
	out->generation = service->generation;
	out->is_behind = is_behind(deck, service);
	out->foreign = service->is_foreign;
	out->cpu_percent = service->cpu_percent;
	out->memory = service->memory;
	out->memory_limit = service->memory_limit;
	add_history(out, service);
	out->stale_figures = deck->is_lost;
	out->ports = short_ports(store, service->ports);
	out->up_ms = service->since_ms > 0 && service->run != SERVICE_ABSENT && now > service->since_ms ? (uint64_t)(now - service->since_ms) : 0;
	out->restarts = service->restarts;
	out->cause = rows_cause(service);
	out->image = service->image;
	out->received = service->received;
	out->sent = service->sent;
	out->read = service->read;
	out->written = service->written;
	out->detail = detail(store, service);
}

static void fill_others(struct deck *deck, struct deck_view_store *store, struct view *view)
{
	bool is_listed;
	size_t count = others_count(deck, &is_listed, &view->others_left);
	for (size_t i = 0; i < count; i++) {
		struct view_service *other = array_add(&store->others);
		others_fill(deck, i, other);
		if (other->ports != NULL && strstr(other->ports, "->") != NULL)
			other->ports = short_ports(store, other->ports);
	}
	view->has_others = deck->others != NULL;
	view->others_loading = view->has_others && !is_listed;
	view->others = store->others.items;
	view->other_count = count;
}

/* ---- build ---- */

static enum view_build_state build_state_of(enum build_state state)
{
	switch (state) {
	case BUILD_IDLE: return VIEW_BUILD_NONE;
	case BUILD_RUNNING: return VIEW_BUILD_RUNNING;
	case BUILD_PASSED: return VIEW_BUILD_PASSED;
	case BUILD_FAILED: return VIEW_BUILD_FAILED;
	case BUILD_CANCELLED: return VIEW_BUILD_CANCELLED;
	}
	return VIEW_BUILD_NONE;
}

static enum view_level level_of(enum diagnostic_level level)
{
	switch (level) {
	case DIAGNOSTIC_ERROR: return VIEW_ERROR;
	case DIAGNOSTIC_WARNING: return VIEW_WARNING;
	case DIAGNOSTIC_NOTE: return VIEW_NOTE;
	}
	return VIEW_NOTE;
}

static const char *short_file(const struct deck *deck, const char *file)
{
	const char *below = file != NULL && deck->project != NULL ? path_relative(file, deck->project->folder) : NULL;
	return below != NULL ? below : file;
}

/* Behind the last one of its file among those from `from` on: files stay in the
 * order in which they first come. */
static void add_error(struct deck_view_store *store, size_t from, struct view_error error)
{
	size_t at = store->errors.count;
	array_add(&store->errors);
	for (size_t i = at; error.file != NULL && i-- > from;) {
		if (!text_equal(store->errors.items[i].file, error.file))
			continue;
		memmove(&store->errors.items[i + 2], &store->errors.items[i + 1], (at - i - 1) * sizeof error);
		at = i + 1;
		break;
	}
	store->errors.items[at] = error;
}

static struct view_error error_of(const struct deck *deck, const struct diagnostic *found, const char *job)
{
	return (struct view_error){.level = level_of(found->level), .code = found->code, .message = found->message,
		.file = short_file(deck, found->file), .line = found->line, .column = found->column, .rendered = found->rendered, .job = job};
}

static bool has_error(const struct deck_view_store *store, size_t count, const struct view_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct view_error *other = &store->errors.items[i];
		if (other->line == error->line && other->column == error->column && text_equal(other->file, error->file) &&
			text_equal(other->message, error->message))
			return true;
	}
	return false;
}

/* An error's own line, else the first one: a tool's list begins with what it is about. */
static char *complaint_line(const struct jobs *jobs)
{
	auto_str text = {0};
	const char *at = jobs->complaint + strspn(jobs->complaint, " \n");
	if (strstr(at, "rror") != NULL)
		task_complaint(at, &text);
	else
		text_add_clean(&text, at, strcspn(at, "\n"), false);
	return text.len > 0 ? str_steal(&text) : mem_print(_("cargo ended with %d and said nothing"), jobs->status);
}

/* Below those of the build; what that has said already is not said again. */
static void add_job_errors(struct deck *deck, struct deck_view_store *store)
{
	const struct jobs *jobs = deck->jobs;
	const char *job = jobs->name;
	size_t from = store->errors.count;
	for (size_t i = 0; i < jobs->failures.count; i++) {
		const struct test_failure *found = &jobs->failures.items[i];
		add_error(store, from, (struct view_error){.level = VIEW_ERROR, .job = job, .is_test = true, .file = short_file(deck, found->file),
			.line = found->line, .column = found->column, .rendered = found->output[0] != '\0' ? found->output : NULL,
			.message = found->message == NULL ? found->name : keep_text(store, mem_print("%s: %s", found->name, found->message))});
	}
	for (size_t i = 0; i < jobs->diagnostics.count; i++) {
		struct view_error error = error_of(deck, &jobs->diagnostics.items[i], job);
		if (!has_error(store, from, &error))
			add_error(store, from, error);
	}
	if (jobs->state == BUILD_FAILED && jobs->complaint != NULL && jobs->failures.count + jobs->diagnostics.count == 0) {
		*array_add(&store->errors) = (struct view_error){.level = VIEW_ERROR, .job = job, .rendered = jobs->complaint,
			.message = keep_text(store, complaint_line(jobs))};
	}
}

/* What it found is of an earlier generation than the build shown. */
static bool is_job_old(const struct deck *deck)
{
	const struct jobs *jobs = deck->jobs;
	return jobs->state != BUILD_RUNNING && jobs->generation < deck->progress.generation;
}

static void add_errors(struct deck *deck, struct deck_view_store *store)
{
	for (size_t i = 0; i < deck->errors.count; i++)
		add_error(store, 0, error_of(deck, &deck->errors.items[i].diagnostic, NULL));
	/* while the build runs they stay in sight: the job comes right behind it */
	if (!deck->jobs->is_hidden && !(is_job_old(deck) && deck->build_state == BUILD_FAILED))
		add_job_errors(deck, store);
}

static void fill_job(const struct deck *deck, struct view_job *job)
{
	const struct jobs *jobs = deck->jobs;
	job->chosen = job->name = jobs->chosen;
	bool is_next = jobs->chosen != NULL && !text_equal(jobs->name, jobs->chosen) && strings_have(&jobs->asked, jobs->chosen);
	if (jobs->name == NULL || jobs->is_hidden || is_next || is_job_old(deck))
		return; /* it waits for its turn, if it is chosen */
	job->name = jobs->name;
	job->state = build_state_of(jobs->state);
	job->done = jobs->done;
	job->total = jobs->total;
	job->elapsed_ms = jobs->state == BUILD_RUNNING ? (clock_now_ns() - jobs->began_ns) / 1000000 : jobs->ms;
	job->error_total = jobs->errors;
	job->warning_total = jobs->warnings;
	job->passed = jobs->passed;
	job->failed = jobs->failed;
}

/* Shown early, and no image of ours among what runs: there will hardly be a build. */
static bool seems_plain(const struct deck *deck)
{
	bool plain = deck->project == NULL && deck->was_up;
	for (size_t i = 0; i < services_count(deck->services) && plain; i++)
		plain = services_at(deck->services, i)->kind == NULL;
	return plain;
}

static void fill_build(struct deck *deck, struct deck_view_store *store, struct view_build *build)
{
	build->state = build_state_of(deck->build_state);
	build->generation = deck->progress.generation;
	build->done = deck->progress.done;
	build->total = deck->progress.total;
	build->crates = deck->progress.crates;
	build->what = keep_text(store, strings_join(&deck->build_bins, ", ", NULL));
	build->elapsed_ms = deck->build_state == BUILD_RUNNING ? (clock_now_ns() - deck->progress.started_ns) / 1000000 : deck->build_ms;
	build->expected_ms = deck->progress.expected_ms;
	build->errors = store->errors.items;
	build->error_count = store->errors.count;
	build->error_total = deck->error_total;
	build->warning_total = deck->warning_total;
	build->complaint = deck->complaint;
	fill_job(deck, &build->job);
	if (deck->project != NULL && rows_ours(deck) == 0)
		build->absent = deck->project->manifest == NULL ? _("no Cargo.toml here: nothing is built") :
			_("no service here runs a program of this workspace: `cargodeck doctor` says why");
	else if (seems_plain(deck))
		build->absent = _("compose and cargo are asked whether there is anything to build");
}

/* ---- saves ---- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void fill_saves(struct deck *deck, struct deck_view_store *store, struct view_saves *saves)
{
	for (unsigned i = 0; i < SAVES_KEPT && i < deck->generation; i++) {
		const struct save_record *record = save_find(deck, deck->generation - i);
		if (record == NULL || !record->is_serving)
			continue;
		const struct save_stages *stages = &record->stages;
		*array_add(&store->saves) = (struct view_save){.generation = record->generation, .event = stages->event, .settle = stages->settle,
			.dispatch = stages->dispatch, .cargo = stages->cargo, .start = stages->start, .ready = stages->ready, .beyond = stages->beyond,
			.services = keep_text(store, strings_join(&record->services, ", ", NULL))};
	}
	double sorted[COUNT_OF(deck->beyond)];
	unsigned count = deck->beyond_count < COUNT_OF(sorted) ? deck->beyond_count : (unsigned)COUNT_OF(sorted);
	memcpy(sorted, deck->beyond, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_doubles);
	*saves = (struct view_saves){.items = store->saves.items, .count = store->saves.count, .counted = deck->beyond_count,
		.p50 = count > 0 ? sorted[count / 2] : 0, .p95 = count > 0 ? sorted[(count * 95 + 99) / 100 - 1] : 0};
}

/* ---- log ---- */

_Static_assert(sizeof(struct view_span) == sizeof(struct log_span), "spans are passed on as they are");

static enum view_log_level log_level_of(enum log_level level)
{
	return (enum view_log_level)level; /* the same order: see both headers */
}

static bool give_line(void *data, uint64_t number, struct view_line *out)
{
	struct shown_log *shown = data;
	struct log_line *line = &shown->line;
	if (shown->store == NULL || !log_store_get(shown->store, number, line))
		return false;
	*out = (struct view_line){
		.kind = line->kind == LOG_DIVIDER ? VIEW_LINE_DIVIDER : line->kind == LOG_GAP ? VIEW_LINE_GAP : VIEW_LINE_TEXT,
		.source = line->source, .time_ms = line->time_ns / 1000000, .level = log_level_of(line->level), .is_stderr = line->is_stderr,
		.text = line->text, .len = line->len,
		.spans = (const struct view_span *)(const void *)line->spans, .span_count = line->span_count};
	return true;
}

static void fill_log(struct deck *deck, struct deck_view_store *store, size_t pane, struct view_log *log)
{
	struct shown_log *shown = &store->logs[pane];
	const char *empty, *service = pane == LOG_BESIDE ? deck->beside : deck->followed;
	shown->store = NULL;
	if (deck->merges[pane] != NULL) {
		shown->store = merge_store(deck, pane, &log->name, &empty);
	} else {
		shown->store = follow_store(deck, service, &empty);
		log->name = service;
	}
	log->empty = empty;
	log->stale = deck->is_lost;
	log->line = give_line;
	log->data = shown;
	if (shown->store != NULL) {
		log->store = shown->store;
		log->first = log_store_first(shown->store);
		log->count = log_store_end(shown->store) - log->first;
	}
}

/* ---- coming up ---- */

static enum view_step_state step_state_of(enum step_state state)
{
	switch (state) {
	case STEP_WAITING: return VIEW_STEP_WAITING;
	case STEP_RUNNING: return VIEW_STEP_RUNNING;
	case STEP_DONE: return VIEW_STEP_DONE;
	case STEP_FAILED: return VIEW_STEP_FAILED;
	}
	return VIEW_STEP_WAITING;
}

static void fill_start(struct deck *deck, struct deck_view_store *store, struct view_start *start)
{
	static const char *const waits[STEP_COUNT] = {NULL, N_("waits for the project"), N_("waits for the project"),
		N_("waits for its image"), N_("waits for the builder"), N_("waits for the build"), NULL};
	for (size_t i = 0; i < STEP_COUNT; i++) {
		const struct step_row *row = &deck->steps[i];
		store->steps[i] = (struct view_step){.state = step_state_of(row->state), .name = _(deck_step_name((enum step)i)), .text = row->text + row->counted,
			.waits = row->state == STEP_WAITING ? _(waits[i]) : NULL, .done = row->done, .total = row->total,
			.elapsed_ms = row->state == STEP_RUNNING ? (clock_now_ns() - row->began_ns) / 1000000 : row->took_ms};
	}
	*start = (struct view_start){.is_shown = !deck->is_up && !deck->was_up && !deck->is_following, .steps = store->steps, .count = STEP_COUNT,
		.elapsed_ms = (clock_now_ns() - deck->began_ns) / 1000000};
}

/* ---- public ---- */

static void clear_store(struct deck_view_store *store)
{
	store->others.count = store->services.count = store->errors.count = store->saves.count = store->faults.count = 0;
	strings_finish(&store->texts);
}

void deck_view(struct deck *deck, struct view *view)
{
	if (deck->view == NULL)
		deck->view = mem_alloc(sizeof *deck->view);
	struct deck_view_store *store = deck->view;
	clear_store(store);
	*view = (struct view){.revision = deck->revision, .project = deck->name, .stale = deck->is_lost,
		.stale_ms = deck->is_lost ? (clock_now_ns() - deck->lost_ns) / 1000000 : 0,
		.saved = deck->generation, .serving = deck->serving, .watch_paused = deck->is_watch_paused};
	view->profile = "dev";
	view->notice = deck->is_following && deck->share != NULL ? _("follows another cargodeck") : NULL;
	snprintf(store->engine, sizeof store->engine, engine_is_local(deck->engine) ? _("engine local %.*s") : _("engine remote %.*s"),
		(int)strcspn(deck->engine_version, "+~-"), deck->engine_version); /* less the distribution's own suffix */
	view->engine = store->engine;
	view->building = deck->build_state == BUILD_RUNNING ? deck->progress.generation : 0;
	for (size_t i = 0; i < services_count(deck->services); i++)
		add_service(deck, store, services_at(deck->services, i));
	view->services = store->services.items;
	view->service_count = store->services.count;
	fill_others(deck, store, view);
	view->loading = deck->project == NULL && deck->steps[STEP_PROJECT].state != STEP_FAILED;
	add_errors(deck, store);
	fill_build(deck, store, &view->build);
	fill_saves(deck, store, &view->saves);
	fill_log(deck, store, LOG_FOLLOWED, &view->log);
	fill_log(deck, store, LOG_BESIDE, &view->beside);
	for (size_t i = deck->faults.count; i-- > 0;) {
		const struct fault *fault = &deck->faults.items[i].fault;
		*array_add(&store->faults) = (struct view_fault){.text = fault->text, .mend = fault->mend[0] != '\0' ? fault->mend : NULL, .is_bad = true};
	}
	view->faults = store->faults.items;
	view->fault_count = store->faults.count;
	fill_start(deck, store, &view->start);
	why_fill(deck, &view->why);
	inspection_fill(deck, &view->container);
	judging_fill(deck, &view->checks);
	wizard_fill(deck, &view->init);
	ran_fill(deck, view);
}

void view_close(struct deck *deck)
{
	struct deck_view_store *store = deck->view;
	if (store == NULL)
		return;
	clear_store(store);
	array_finish(&store->services);
	array_finish(&store->others);
	array_finish(&store->errors);
	array_finish(&store->saves);
	array_finish(&store->faults);
	free(store);
	deck->view = NULL;
}
