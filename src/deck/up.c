/* Coming up. Compose and cargo are asked in a thread; images are built; what
 * has no Rust starts at once, the builder beside it; each Rust service starts
 * when its program is kept and what it depends on holds by our own probes.
 * The same waves bring a changed service up again later. */
#include "jobs.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

/* ---- reading the project ---- */

struct reading {
	struct deck *deck;
	pthread_t thread;
	struct project_options options;
	struct project *project;
	struct fault fault;
	bool is_joined, is_bare;
};

static void take_project(struct deck *deck, struct project *project);
static void wait_for_files(struct deck *deck);

static void on_read(void *data)
{
	struct reading *reading = data;
	struct deck *deck = reading->deck;
	struct project *project = reading->project;
	struct fault fault = reading->fault;
	bool is_bare = reading->is_bare;
	if (!reading->is_joined)
		pthread_join(reading->thread, NULL);
	free(reading);
	deck->reading = NULL;
	if (deck->is_closing) {
		project_close(project);
		return;
	}
	if (deck->read_again) {
		deck->read_again = false;
		project_close(project);
		up_read_project(deck);
		return;
	}
	deck->is_init_offered = is_bare && deck->project == NULL;
	if (project == NULL) {
		deck_step(deck, STEP_PROJECT, STEP_FAILED, "%s", fault.text);
		if (deck->project == NULL)
			orders_refuse(deck); /* first: the cause is shown before it */
		deck_fault(deck, "project", &fault);
		if (deck->project == NULL)
			wait_for_files(deck);
		return;
	}
	deck_forget_fault(deck, "project");
	take_project(deck, project);
}

static void *read_project(void *data)
{
	struct reading *reading = data;
	reading->project = project_open(&reading->options, &reading->fault);
	reading->is_bare = reading->project == NULL && project_is_bare(&reading->options);
	loop_post(reading->deck->loop, on_read, reading);
	return NULL;
}

void up_read_project(struct deck *deck)
{
	if (deck->reading != NULL) {
		deck->read_again = true;
		return;
	}
	struct reading *reading = deck->reading = mem_alloc(sizeof *reading);
	reading->deck = deck;
	reading->options = deck_project_options(&deck->options);
	deck_step(deck, STEP_PROJECT, STEP_RUNNING, _("asking compose and cargo"));
	pthread_create(&reading->thread, NULL, read_project, reading);
}

/* ---- reading it again when its files change ---- */

enum { LOOK_AGAIN_MS = 1000, EARLY_MS = 30 };

/* Before the project was read once nothing is watched: its files are looked at
 * each second, so that what a person mends is taken up. */
static uint64_t files_stamp(const struct deck *deck)
{
	static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", ".env", "Cargo.toml"};
	auto_strings paths = {0};
	auto_str all = {0};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		strings_take(&paths, path_join(deck->options.folder != NULL ? deck->options.folder : ".", names[i]));
	strings_copy(&paths, &deck->options.files);
	strings_copy(&paths, &deck->options.env_files);
	if (deck->options.manifest_path != NULL)
		strings_add(&paths, deck->options.manifest_path);
	for (size_t i = 0; i < paths.count; i++) {
		struct stat status = {0};
		if (stat(paths.items[i], &status) == 0)
			str_print(&all, "%zu %lld %lld.%ld;", i, (long long)status.st_size, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	}
	return hash_bytes(str_text(&all), all.len);
}

static void look_again(void *data)
{
	struct deck *deck = data;
	uint64_t stamp = files_stamp(deck);
	if (stamp == deck->files_stamp)
		return;
	loop_timer_stop(deck->look_again);
	up_read_project(deck);
}

static void wait_for_files(struct deck *deck)
{
	if (deck->look_again == NULL)
		deck->look_again = loop_timer_open(deck->loop, look_again, deck);
	deck->files_stamp = files_stamp(deck);
	loop_timer_set(deck->look_again, LOOK_AGAIN_MS, LOOK_AGAIN_MS);
}

/* ---- families ---- */

static void close_families(struct deck *deck)
{
	for (size_t i = 0; i < deck->families.count; i++)
		builder_close(deck->families.items[i]);
	deck->families.count = 0;
}

static void note_served(struct deck *deck)
{
	for (size_t i = 0; i < deck->families.count; i++)
		strings_finish(&deck->families.items[i]->served);
	for (size_t i = 0; i < deck->project->services.count; i++) {
		const struct project_service *service = &deck->project->services.items[i];
		if (service->kind == PROJECT_RUST && service->family >= 0)
			strings_add_new(&deck->families.items[service->family]->served, service->bin);
		/* others that its image holds: a script may call them */
		for (size_t j = 0; service->kind == PROJECT_RUST && service->family >= 0 && j < service->bins.count; j++)
			strings_add_new(&deck->families.items[service->family]->served, service->bins.items[j]);
	}
}

/* A family is its Dockerfile's stage: other keys, other builders. */
static bool same_families(const struct project *a, const struct project *b)
{
	if (a->families.count != b->families.count)
		return false;
	for (size_t i = 0; i < a->families.count; i++)
		if (strcmp(a->families.items[i].key, b->families.items[i].key) != 0 || !text_equal(a->cargo.root, b->cargo.root))
			return false;
	return true;
}

/* ---- taking it over ---- */

static void note_changes(struct deck *deck, const struct project *before, const struct project *now)
{
	for (size_t i = 0; i < now->compose.services.count; i++) {
		const struct compose_service *service = &now->compose.services.items[i];
		const struct compose_service *old = compose_find(&before->compose, service->name);
		if (old != NULL && old->hash != service->hash)
			strings_add_new(&deck->recreate, service->name);
	}
}

static bool take_name(struct deck *deck)
{
	struct fault fault;
	if (deck->name != NULL)
		return true;
	deck->name = mem_copy_string(deck->project->compose.name);
	auto_free char *rest = mem_print("projects/%s", deck->name);
	deck->state_folder = path_home(PATH_STATE, rest);
	if (deck->is_following)
		return true;
	if (deck->options.read_only) {
		deck->is_following = true;
		share_follow(deck);
		return true;
	}
	if (deck_take_lock(deck, &fault)) {
		share_open(deck);
		return true;
	}
	if (share_follow(deck)) {
		deck->is_following = true;
		return true;
	}
	deck_step(deck, STEP_PROJECT, STEP_FAILED, "%s", fault.text);
	deck_fault(deck, "lock", &fault);
	return false;
}

static void take_project(struct deck *deck, struct project *project)
{
	struct project *before = deck->project;
	bool anew = before == NULL || !same_families(before, project);
	deck->project = project;
	if (before != NULL) {
		note_changes(deck, before, project);
		/* what cargo told of its sources still holds */
		project->dep_info = steal(&before->dep_info);
	}
	if (!take_name(deck))
		return;
	rows_from_project(deck); /* before the old one goes: rows point nowhere into it */
	project_close(before);
	if (anew) {
		close_families(deck);
		for (size_t i = 0; i < project->families.count; i++)
			*array_add(&deck->families) = builder_open(deck, (int)i);
	}
	note_served(deck);
	for (size_t i = 0; i < project->notes.count && before == NULL; i++)
		deck_tell(deck, &(struct deck_event){.kind = DECK_STEP, .why = "note", .state = "done", .text = project->notes.items[i]});
	deck_step(deck, STEP_PROJECT, STEP_DONE, _("%zu services, %zu run programs of this workspace"), project->services.count,
		rows_ours(deck));
	rows_refresh(deck);
	if (deck->is_following)
		return;
	if (deck->options.only_job == NULL)
		save_watch_again(deck);
	if (deck->families.count > 0) {
		images_build(deck, NULL);
	} else if (deck->options.only_job != NULL) {
		struct fault fault;
		fault_set(&fault, FAULT_FAILED, "no service here runs a program of this workspace: there is no builder for a job");
		fault_mend(&fault, "`cargodeck doctor` says why; run cargo itself meanwhile");
		deck_step(deck, STEP_PROJECT, STEP_FAILED, "%s", fault.text);
		deck_fault(deck, "job", &fault);
	} else {
		deck_step(deck, STEP_IMAGES, STEP_DONE, _("none to make: no Rust service here"));
		deck_step(deck, STEP_BUILDER, STEP_DONE, _("none"));
		deck_step(deck, STEP_BUILD, STEP_DONE, _("nothing to build"));
	}
	up_consider(deck);
}

/* ---- the override ---- */

char *up_write_override(struct deck *deck, struct fault *fault)
{
	char *path = mem_print("%s/override.json", deck->state_folder);
	const char **volumes = mem_alloc((deck->families.count + 1) * sizeof *volumes);
	for (size_t i = 0; i < deck->families.count; i++)
		volumes[i] = deck->families.items[i]->volume;
	auto_free char *text = project_override(deck->project, deck->images, deck->kinds, volumes, NULL);
	free(volumes);
	if (dir_make_all(deck->state_folder, 0700, fault) && file_write(path, text, strlen(text), 0600, fault))
		return path;
	free(path);
	return NULL;
}

/* ---- waves ---- */

bool up_depend_holds(const struct service *other, const char *condition)
{
	if (text_equal(condition, "service_healthy"))
		return other->run == SERVICE_RUNNING && strcmp(service_state_word(other), "healthy") == 0;
	if (text_equal(condition, "service_completed_successfully"))
		return other->run == SERVICE_EXITED && other->exit_code == 0;
	return other->run == SERVICE_RUNNING || other->run == SERVICE_EXITED;
}

static bool depends_hold(struct deck *deck, const struct compose_service *service, const char **waits)
{
	for (size_t i = 0; i < service->depends.count; i++) {
		const struct compose_depend *depend = &service->depends.items[i];
		const struct service *other = services_find(deck->services, depend->service);
		if (other == NULL)
			continue; /* of a profile that is not chosen */
		bool holds = up_depend_holds(other, depend->condition);
		/* one that is to be made anew does not count yet */
		if (!holds || (depend->required && strings_have(&deck->recreate, depend->service))) {
			*waits = depend->service;
			return false;
		}
	}
	return true;
}

/* Is there a program that it could start with? */
static bool has_program(struct deck *deck, const struct project_service *service)
{
	const struct family *family = deck->families.items[service->family];
	return map_has(deck->images, service->name) && map_has(family->published, service->bin);
}

enum may { MAY_NOT, MAY_START, MAY_BUILD };

static enum may may_start(struct deck *deck, const struct project_service *found, struct service *row)
{
	const char *waits = NULL;
	if (row->is_stopped || strings_have(&deck->brought, found->name) || strings_have(&deck->composing, found->name))
		return MAY_NOT;
	if (row->is_foreign && !deck->options.take_over)
		return MAY_NOT;
	if ((found->kind == PROJECT_RUST && !has_program(deck, found)) || !depends_hold(deck, found->compose, &waits)) {
		row->is_waiting = row->is_waiting || row->run == SERVICE_ABSENT;
		return MAY_NOT;
	}
	row->is_waiting = row->is_waiting && row->run == SERVICE_EXITED; /* until compose has done it */
	return found->kind != PROJECT_RUST && found->compose->has_build ? MAY_BUILD : MAY_START;
}

static void on_composed(void *data, int status, const char *out, const char *err)
{
	struct deck *deck = data;
	(void)out;
	auto_free char *names = strings_join(&deck->composing, ", ", _(" and "));
	deck->is_composing = false;
	if (status != 0) {
		struct fault fault;
		auto_str text = {0};
		task_complaint(err, &text);
		fault_set(&fault, FAULT_FAILED, "compose could not start %s: %s", names, str_text(&text));
		fault_mend(&fault, "mend it and save, or restart the service");
		log_line("compose: %s", err);
		deck_fault(deck, "compose", &fault);
	} else {
		deck_forget_fault(deck, "compose");
	}
	for (size_t i = 0; i < deck->composing.count; i++) {
		struct service *row = services_find(deck->services, deck->composing.items[i]);
		strings_add_new(&deck->brought, deck->composing.items[i]);
		if (row != NULL)
			row->is_waiting = false;
	}
	strings_finish(&deck->composing);
	rows_refresh(deck);
	up_consider(deck);
}

static void compose_up(struct deck *deck, const struct strings *names, bool build)
{
	struct fault fault;
	auto_strings argv = {0};
	auto_free char *override = up_write_override(deck, &fault);
	if (override == NULL) {
		deck_fault(deck, "override", &fault);
		return;
	}
	project_compose_words(deck->project, &argv);
	strings_add(&argv, "-f");
	strings_add(&argv, override);
	static const char *const words[] = {"up", "--detach", "--no-deps"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(&argv, words[i]);
	/* never plain `up`: it may start the project's release build */
	strings_add(&argv, build ? "--build" : "--no-build");
	strings_copy(&argv, names);
	strings_copy(&deck->composing, names);
	for (size_t i = 0; i < names->count; i++) {
		strings_drop(&deck->recreate, names->items[i]);
		struct service *row = services_find(deck->services, names->items[i]);
		if (row != NULL && row->run != SERVICE_RUNNING)
			row->is_ready = false; /* compose may leave one that runs as it is: its launcher would not say it again */
	}
	deck->is_composing = true;
	task_start(deck, &argv, deck->project->folder, NULL, 0, on_composed, deck);
}

static void start_wave(struct deck *deck)
{
	auto_strings plain = {0}, built = {0};
	if (deck->is_composing || deck->project == NULL || deck->is_lost)
		return;
	for (size_t i = 0; i < deck->project->services.count; i++) {
		const struct project_service *found = &deck->project->services.items[i];
		struct service *row = services_find(deck->services, found->name);
		if (row == NULL)
			continue;
		switch (may_start(deck, found, row)) {
		case MAY_START:
			strings_add(&plain, found->name);
			break;
		case MAY_BUILD:
			strings_add(&built, found->name);
			break;
		case MAY_NOT:
			break;
		}
	}
	if (plain.count > 0)
		compose_up(deck, &plain, false);
	else if (built.count > 0)
		compose_up(deck, &built, true);
}

/* ---- ready ---- */

static void count_steps(struct deck *deck, unsigned *well, unsigned *all)
{
	unsigned others = 0, others_up = 0, ours = 0, ours_up = 0;
	*well = *all = 0;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		bool mine = deck_is_ours(deck, service->name);
		bool up = service->run != SERVICE_ABSENT && service->run != SERVICE_CREATED;
		others += !mine;
		others_up += !mine && up;
		ours += mine;
		ours_up += mine && up;
		*all += !service->is_stopped;
		*well += service_is_well(service) && !strings_have(&deck->recreate, service->name);
	}
	deck_step(deck, STEP_OTHERS, others_up == others ? STEP_DONE : STEP_RUNNING, _("%u of %u services that are not built here"), others_up, others);
	if (ours > 0 && ours_up == 0)
		deck_step(deck, STEP_SERVICES, STEP_WAITING, _("%u of %u"), 0u, ours);
	else
		deck_step(deck, STEP_SERVICES, ours_up == ours ? STEP_DONE : STEP_RUNNING, _("%u of %u"), ours_up, ours);
	deck_step(deck, STEP_HEALTHY, *well == *all && *all > 0 ? STEP_DONE : STEP_RUNNING, _("%u of %u"), *well, *all);
}

static void tell_ready(struct deck *deck)
{
	auto_strings names = {0};
	unsigned well, all;
	if (deck->is_up)
		return;
	count_steps(deck, &well, &all);
	if (all == 0 || well < all || deck->is_composing || deck->recreate.count > 0 || deck->imaging != NULL)
		return;
	for (size_t i = 0; i < services_count(deck->services); i++)
		strings_add(&names, services_at(deck->services, i)->name);
	/* the first build may still run: what is served is of the time before */
	for (size_t i = 0; i < deck->families.count; i++)
		if (!deck->families.items[i]->first_passed)
			return;
	deck->is_up = true;
	images_drop_old(deck);
	deck_tell(deck, &(struct deck_event){.kind = DECK_READY, .names = &names, .ms = (double)(clock_now_ns() - deck->began_ns) / 1e6});
}

static void consider(void *data)
{
	struct deck *deck = data;
	if (deck->is_closing)
		return;
	orders_do(deck);
	if (deck->project == NULL || deck->is_following || !deck->is_listed || deck->options.only_job != NULL)
		return;
	/* what is to be made anew waits for its image and its program */
	for (size_t i = 0; i < deck->recreate.count && deck->imaging == NULL && deck->reading == NULL; i++)
		strings_drop(&deck->brought, deck->recreate.items[i]);
	start_wave(deck);
	probes_consider(deck);
	rows_tell(deck);
	tell_ready(deck);
}

void up_consider(struct deck *deck)
{
	if (deck->waves != NULL && !loop_timer_is_set(deck->waves))
		loop_timer_set(deck->waves, 0, 0);
}

void up_images_done(struct deck *deck, const struct fault *fault)
{
	(void)fault;
	/* asked for while the last round ran */
	bool all = deck->image_again;
	deck->image_again = false;
	if (all)
		images_build(deck, NULL);
	else if (deck->image_services.count > 0)
		images_build(deck, &(struct strings){0});
	up_consider(deck);
}

static void step_built(struct deck *deck, const struct family *family, enum step_state state)
{
	size_t count = family->served.count;
	deck_step(deck, STEP_BUILD, state, ngettext("%zu program", "%zu programs", count), count);
}

void up_builder_ready(struct deck *deck, struct family *family)
{
	deck_step(deck, STEP_BUILDER, STEP_DONE, _("ready"));
	jobs_builder_ready(deck);
	if (deck->options.only_job != NULL)
		return;
	/* a build that a lost builder could not finish is due, and the first one */
	struct save_record *record = save_new(deck);
	strings_copy(&record->bins, &family->served);
	record->is_settled = true;
	record->why = SAVE_MANIFEST;
	step_built(deck, family, family->first_passed ? STEP_DONE : STEP_RUNNING);
	builder_build_all(family, record->generation, false);
	up_consider(deck);
}

void up_built(struct deck *deck, struct family *family, const struct build_result *result)
{
	if (result->state == BUILD_PASSED)
		family->first_passed = true;
	if (result->state == BUILD_PASSED)
		step_built(deck, family, STEP_DONE);
	else if (result->state == BUILD_FAILED && !family->first_passed)
		deck_step(deck, STEP_BUILD, STEP_FAILED, ngettext("%u error: mend it and save", "%u errors: mend them and save", result->errors),
			result->errors);
	up_consider(deck);
}

static void begin(void *data)
{
	struct deck *deck = data;
	loop_timer_close(steal(&deck->begin));
	up_read_project(deck);
}

/* Compose keeps the machine busy while it answers: the engine's list of what
 * runs, which is there within milliseconds, goes first. */
void up_start(struct deck *deck)
{
	deck->waves = loop_timer_open(deck->loop, consider, deck);
	deck->begin = loop_timer_open(deck->loop, begin, deck);
	loop_timer_set(deck->begin, deck->early != NULL ? EARLY_MS : 0, 0);
}

void up_early_done(struct deck *deck)
{
	if (deck->begin != NULL)
		loop_timer_set(deck->begin, 0, 0);
}

void up_close(struct deck *deck)
{
	if (deck->reading != NULL) {
		/* the thread ends by itself: compose is asked with a limit */
		pthread_join(deck->reading->thread, NULL);
		deck->reading->is_joined = true;
		while (deck->reading != NULL)
			loop_turn(deck->loop, 0); /* what it posted frees it */
	}
	loop_timer_close(deck->begin);
	loop_timer_close(deck->look_again);
	loop_timer_close(deck->waves);
	deck->waves = NULL;
}
