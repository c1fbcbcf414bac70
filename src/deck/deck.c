/* The deck's life: it opens the engine, takes the project's lock, and tells
 * what happens to its listener. Each kind of work stands in a file of its own;
 * deck.h names them. */
#include "jobs.h"

#include "cargodeck/checks.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/cargodeck"
#endif

/* ---- telling ---- */

void deck_changed(struct deck *deck)
{
	deck->revision++;
}

static void on_hook_done(void *data, int status, const char *out, const char *err)
{
	(void)out;
	if (status != 0)
		log_line("%s ended with %d: %s", (const char *)data, status, err);
}

/* A command of the person's: the event, whose it is and the generation are $1 to $3. */
static void run_hook(struct deck *deck, const char *command, const char *event_name, const char *whose, unsigned generation)
{
	auto_strings argv = {0};
	if (command == NULL || command[0] == '\0' || deck->is_closing)
		return;
	strings_add(&argv, "sh");
	strings_add(&argv, "-c");
	strings_add(&argv, command);
	strings_add(&argv, "cargodeck");
	strings_add(&argv, event_name);
	strings_add(&argv, whose != NULL ? whose : "");
	strings_print(&argv, "%u", generation);
	task_start(deck, &argv, NULL, NULL, 0, on_hook_done, (void *)(uintptr_t)event_name);
}

bool deck_event_is_failure(const struct deck_event *event)
{
	if (event->kind == DECK_BUILD)
		return strcmp(event->state, "failed") == 0;
	return event->kind == DECK_SERVICE && (text_equal(event->state, "unhealthy") || text_equal(event->state, "restarting") ||
		(text_equal(event->state, "exited") && event->exit_code != 0));
}

void deck_swap_failed(struct deck *deck, const char *service, unsigned generation)
{
	if (!deck->is_following)
		run_hook(deck, deck->on_failed, "swap", service, generation);
}

static void run_hooks(struct deck *deck, const struct deck_event *event)
{
	if (event->kind == DECK_SERVING)
		run_hook(deck, deck->on_serving, "serving", event->service, event->generation);
	if (!deck_event_is_failure(event))
		return;
	auto_free char *names = event->names != NULL ? strings_join(event->names, " ", NULL) : mem_copy_string(event->service);
	run_hook(deck, deck->on_failed, event->kind == DECK_BUILD ? "build" : "service", names, event->generation);
}

void deck_tell(struct deck *deck, struct deck_event *event)
{
	event->wall_ms = clock_wall_ms();
	deck_changed(deck);
	if (deck->listener != NULL)
		deck->listener(deck->data, event);
	share_tell(deck, event);
	if (!deck->is_following)
		run_hooks(deck, event);
}

static void drop_fault(struct deck *deck, size_t index)
{
	free(deck->faults.items[index].key);
	array_remove(&deck->faults, index);
}

void deck_forget_fault(struct deck *deck, const char *key)
{
	for (size_t i = deck->faults.count; i-- > 0;) {
		if (strcmp(deck->faults.items[i].key, key) != 0)
			continue;
		drop_fault(deck, i);
		deck_changed(deck);
	}
}

void deck_fault(struct deck *deck, const char *key, const struct fault *fault)
{
	for (size_t i = 0; i < deck->faults.count; i++)
		if (strcmp(deck->faults.items[i].key, key) == 0 && strcmp(deck->faults.items[i].fault.text, fault->text) == 0)
			return; /* said already, and still so */
	deck_forget_fault(deck, key);
	if (deck->faults.count == FAULTS_KEPT)
		drop_fault(deck, 0);
	*array_add(&deck->faults) = (struct held_fault){.fault = *fault, .key = mem_copy_string(key)};
	log_line("fault %s: %s", key, fault->text);
	deck_tell(deck, &(struct deck_event){.kind = DECK_FAULT, .fault = fault});
}

const char *deck_step_name(enum step step)
{
	switch (step) {
	case STEP_PROJECT: return N_("project");
	case STEP_IMAGES: return N_("images");
	case STEP_OTHERS: return N_("others");
	case STEP_BUILDER: return N_("builder");
	case STEP_BUILD: return N_("build");
	case STEP_SERVICES: return N_("services");
	case STEP_HEALTHY: return N_("healthy");
	case STEP_COUNT: break;
	}
	return "";
}

static const char *step_state_name(enum step_state state)
{
	switch (state) {
	case STEP_WAITING: return "waiting";
	case STEP_RUNNING: return "running";
	case STEP_DONE: return "done";
	case STEP_FAILED: return "failed";
	}
	return "";
}

void deck_step(struct deck *deck, enum step step, enum step_state state, const char *format, ...)
{
	struct step_row *row = &deck->steps[step];
	char text[sizeof row->text];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (row->state == state && strcmp(row->text, text) == 0)
		return;
	if (state == STEP_RUNNING && row->state != STEP_RUNNING)
		row->began_ns = clock_now_ns();
	if (state != STEP_RUNNING && row->state == STEP_RUNNING)
		row->took_ms = (clock_now_ns() - row->began_ns) / 1000000;
	row->state = state;
	memcpy(row->text, text, sizeof row->text);
	row->counted = 0;
	if (!deck->is_up)
		deck_tell(deck, &(struct deck_event){.kind = DECK_STEP, .why = deck_step_name(step), .state = step_state_name(state), .text = row->text});
	deck_changed(deck);
}

void deck_step_count(struct deck *deck, enum step step, unsigned done, unsigned total, const char *now)
{
	char count[32];
	snprintf(count, sizeof count, "%u/%u  ", done, total);
	deck_step(deck, step, STEP_RUNNING, "%s%s", count, now);
	deck->steps[step].counted = (unsigned)strlen(count);
}

struct family *deck_family_of(struct deck *deck, const char *service)
{
	const struct project_service *found = deck->project != NULL ? project_find(deck->project, service) : NULL;
	if (found == NULL || found->kind != PROJECT_RUST || found->family < 0 || (size_t)found->family >= deck->families.count)
		return NULL;
	return deck->families.items[found->family];
}

bool deck_is_ours(const struct deck *deck, const char *service)
{
	const struct project_service *found = deck->project != NULL ? project_find(deck->project, service) : NULL;
	return found != NULL && found->kind == PROJECT_RUST;
}

char *deck_helper_path(const char *arch)
{
	auto_free char *folder = path_own_folder();
	char *beside = folder != NULL ? mem_print("%s/deckhand-%s", folder, arch) : NULL;
	if (beside != NULL && file_exists(beside))
		return beside;
	free(beside);
	char *installed = mem_print(PKGLIBEXECDIR "/deckhand-%s", arch);
	if (file_exists(installed))
		return installed;
	free(installed);
	return NULL;
}

/* ---- the engine ---- */

static void on_lost(void *data, const struct fault *fault)
{
	struct deck *deck = data;
	deck->is_lost = true;
	deck->lost_ns = clock_now_ns();
	deck_fault(deck, "engine", fault);
	deck_changed(deck);
}

static void on_back(void *data)
{
	struct deck *deck = data;
	deck->is_lost = false;
	deck_forget_fault(deck, "engine");
	rows_refresh(deck);
	others_event(deck, NULL);
	up_consider(deck);
	deck_changed(deck);
}

static void on_event(void *data, const struct engine_event *event)
{
	rows_event(data, event);
	others_event(data, event);
}

static const char *machine_of(const char *arch)
{
	if (text_equal(arch, "amd64"))
		return "x86_64";
	return text_equal(arch, "arm64") ? "aarch64" : arch;
}

/* ---- what other rooms take ---- */

struct project_options deck_project_options(const struct deck_options *options)
{
	return (struct project_options){.folder = options->folder, .manifest_path = options->manifest_path, .project_name = options->project_name,
		.files = &options->files, .env_files = &options->env_files, .profiles = &options->profiles};
}

struct check_options deck_check_options(const struct project_texts *texts)
{
	return (struct check_options){.root = texts->root, .compose_json = texts->compose, .compose_len = texts->compose_len,
		.compose_reason = texts->compose_reason, .compose_files = &texts->compose_files, .compose_mentioned = &texts->compose_mentioned,
		.cargo_json = texts->cargo, .cargo_len = texts->cargo_len, .cargo_reason = texts->cargo_reason,
		.manifest = texts->manifest, .tracked = texts->has_git ? &texts->tracked : NULL};
}

/* ---- public ---- */

static void copy_options(struct deck_options *to, const struct deck_options *from)
{
	to->folder = mem_copy_string(from->folder);
	to->manifest_path = mem_copy_string(from->manifest_path);
	to->context = mem_copy_string(from->context);
	to->host = mem_copy_string(from->host);
	to->project_name = mem_copy_string(from->project_name);
	to->take_over = from->take_over;
	to->only_job = mem_copy_string(from->only_job);
	to->read_only = from->read_only;
	strings_copy(&to->files, &from->files);
	strings_copy(&to->env_files, &from->env_files);
	strings_copy(&to->profiles, &from->profiles);
}

static void free_options(struct deck_options *options)
{
	const char *const owned[] = {options->folder, options->manifest_path, options->context, options->host, options->project_name, options->only_job};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free((void *)(uintptr_t)owned[i]);
	strings_finish(&options->files);
	strings_finish(&options->env_files);
	strings_finish(&options->profiles);
}

struct deck *deck_open(struct loop *loop, const struct deck_options *options,
	deck_listener listener, void *data, struct fault *fault)
{
	struct deck *deck = mem_alloc(sizeof *deck);
	deck->loop = loop;
	deck->lock = -1;
	deck->listener = listener;
	deck->data = data;
	copy_options(&deck->options, options);
	deck->services = services_open();
	jobs_open(deck);
	deck->images = map_open(free);
	deck->kinds = map_open(NULL);
	deck->engine = engine_open(loop, options->host, options->context, fault);
	if (deck->engine == NULL) {
		deck_close(deck);
		return NULL;
	}
	deck->engine_version = mem_copy_string(engine_server_version(deck->engine));
	deck->engine_arch = mem_copy_string(machine_of(engine_server_arch(deck->engine)));
	/* docker's own commands must mean the same engine */
	setenv("DOCKER_HOST", engine_address(deck->engine), 1);
	unsetenv("DOCKER_CONTEXT");
	return deck;
}

void deck_close(struct deck *deck)
{
	if (deck == NULL)
		return;
	deck->is_closing = true;
	deck->listener = NULL;
	share_close(deck);
	loop_timer_close(deck->heir);
	watch_close(deck->watch);
	up_close(deck);
	images_close(deck);
	jobs_close(deck);
	for (size_t i = 0; i < deck->families.count; i++)
		builder_close(deck->families.items[i]);
	array_finish(&deck->families);
	swap_close(deck);
	tasks_close(deck);
	probes_close(deck);
	rows_close(deck);
	others_close(deck);
	follow_close(deck);
	view_close(deck);
	why_close(deck);
	inspection_close(deck);
	judging_close(deck);
	wizard_close(deck);
	ran_close(deck);
	engine_close(deck->engine);
	sync_close(deck);
	project_close(deck->project);
	services_close(deck->services);
	map_close(deck->images);
	map_close(deck->kinds);
	for (size_t i = 0; i < SAVES_KEPT; i++) {
		strings_finish(&deck->saves[i].paths);
		strings_finish(&deck->saves[i].bins);
		strings_finish(&deck->saves[i].services);
	}
	for (size_t i = 0; i < deck->errors.count; i++)
		diagnostic_finish(&deck->errors.items[i].diagnostic);
	array_finish(&deck->errors);
	while (deck->faults.count > 0)
		drop_fault(deck, 0);
	array_finish(&deck->faults);
	strings_finish(&deck->build_bins);
	strings_finish(&deck->unbuilt);
	orders_close(deck);
	strings_finish(&deck->composing);
	strings_finish(&deck->recreate);
	strings_finish(&deck->brought);
	strings_finish(&deck->image_services);
	if (deck->lock >= 0)
		close(deck->lock);
	free(deck->on_serving);
	free(deck->on_failed);
	free(deck->complaint);
	free(deck->launcher_image);
	free(deck->engine_version);
	free(deck->engine_arch);
	free(deck->state_folder);
	free(deck->name);
	free(deck->followed);
	free(deck->beside);
	free_options(&deck->options);
	free(deck);
}

bool deck_take_lock(struct deck *deck, struct fault *fault)
{
	auto_free char *path = mem_print("%s/lock", deck->state_folder);
	if (!dir_make_all(deck->state_folder, 0700, fault))
		return false;
	deck->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (deck->lock < 0)
		return fault_set(fault, FAULT_OUTSIDE, "the lock %s cannot be opened", path);
	if (flock(deck->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	close(deck->lock);
	deck->lock = -1;
	fault_set(fault, FAULT_FAILED, "another cargodeck has the project %s already", deck->name);
	return fault_mend(fault, "use that one, or end it first");
}

void deck_set_hooks(struct deck *deck, const char *on_serving, const char *on_failed)
{
	service_set_text(&deck->on_serving, on_serving);
	service_set_text(&deck->on_failed, on_failed);
}

void deck_set_limits(struct deck *deck, unsigned ready_ms, unsigned silent_ms, size_t log_bytes)
{
	deck->ready_ms = ready_ms;
	deck->silent_ms = silent_ms;
	deck->log_bytes = log_bytes;
}

void deck_show_early(struct deck *deck)
{
	rows_show_early(deck);
}

bool deck_asks_early(const struct deck *deck)
{
	return deck->early != NULL && deck->begin != NULL; /* it gives the answer some ms before compose is asked */
}

bool deck_drawn(struct deck *deck)
{
	return rows_drawn(deck);
}

void deck_watch_figures(struct deck *deck)
{
	rows_watch_figures(deck);
}

char *deck_path(const struct deck *deck, const char *file)
{
	return deck->project != NULL ? path_join(deck->project->folder, file) : mem_copy_string(file);
}

const char *deck_container(const struct deck *deck, const char *service)
{
	const struct service *found = services_find(deck->services, service);
	return found != NULL ? found->container : NULL;
}

const char *deck_name(const struct deck *deck)
{
	return deck->name;
}

const char *deck_folder(const struct deck *deck)
{
	return deck->project != NULL ? deck->project->folder : NULL;
}

bool deck_start(struct deck *deck, struct fault *fault)
{
	static const struct engine_call calls = {on_lost, on_back, on_event};
	(void)fault;
	deck->began_ns = clock_now_ns();
	engine_follow(deck->engine, NULL, &calls, deck);
	up_start(deck);
	return true;
}

bool deck_has_failed(const struct deck *deck)
{
	return deck->steps[STEP_PROJECT].state == STEP_FAILED && !deck->is_listed;
}

bool deck_follows(const struct deck *deck)
{
	return deck->is_following;
}

uint64_t deck_revision(const struct deck *deck)
{
	return deck->revision;
}

void deck_pause_watch(struct deck *deck, bool pause)
{
	if (share_order(deck, "pause", NULL))
		return;
	deck->is_watch_paused = pause;
	if (deck->watch != NULL)
		watch_pause(deck->watch, pause);
	deck_changed(deck);
}

bool deck_watch_is_paused(const struct deck *deck)
{
	return deck->is_watch_paused;
}

void deck_build_now(struct deck *deck, bool clean)
{
	if (share_order(deck, clean ? "rebuild" : "build", NULL))
		return;
	struct save_record *record = save_new(deck);
	for (size_t i = 0; i < deck->families.count; i++)
		for (size_t j = 0; j < deck->families.items[i]->served.count; j++)
			strings_add_new(&record->bins, deck->families.items[i]->served.items[j]);
	record->why = SAVE_MANIFEST;
	record->is_settled = true;
	save_build(deck, record, NULL, false, clean);
}
