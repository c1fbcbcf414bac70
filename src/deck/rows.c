/* Containers, as the engine lists them, become rows of services. An event asks
 * for one list, soon; only what changed is looked at in full. */
#include "deck.h"

#include <stdio.h>

enum { REFRESH_MS = 15, FIGURES_MS = 1000, FIRST_SHARE_MS = 8 };

/* What the deck itself says of an end. It is kept in English; what a program said
 * last stands in the same place and is not looked up. */
enum cause_of_ours { CAUSE_MEMORY, CAUSE_KILLED, CAUSE_REMOVED };
static const char *const causes_of_ours[] = {
	[CAUSE_MEMORY] = N_("killed: it needed more memory than its limit"),
	[CAUSE_KILLED] = N_("killed by SIGKILL from outside"),
	[CAUSE_REMOVED] = N_("its container was removed: start the service to make it again"),
};

const char *rows_cause(const struct service *service)
{
	for (size_t i = 0; i < COUNT_OF(causes_of_ours); i++)
		if (text_equal(service->cause, causes_of_ours[i]))
			return _(causes_of_ours[i]);
	return service->cause;
}

/* ---- from the project ---- */

/* Ends by itself as written: nothing restarts it. */
static bool is_job(const struct deck *deck, const struct compose_service *service)
{
	for (size_t i = 0; i < deck->project->compose.services.count; i++) {
		const struct compose_service *other = &deck->project->compose.services.items[i];
		for (size_t j = 0; j < other->depends.count; j++)
			if (text_equal(other->depends.items[j].service, service->name) &&
				text_equal(other->depends.items[j].condition, "service_completed_successfully"))
				return true;
	}
	return service->restart == NULL || strcmp(service->restart, "no") == 0 || text_starts_with(service->restart, "on-failure");
}

size_t rows_ours(const struct deck *deck)
{
	size_t count = 0;
	for (size_t i = 0; i < deck->project->services.count; i++)
		count += deck->project->services.items[i].kind == PROJECT_RUST;
	return count;
}

void rows_from_project(struct deck *deck)
{
	auto_strings names = {0};
	for (size_t i = 0; i < deck->project->services.count; i++) {
		const struct project_service *found = &deck->project->services.items[i];
		struct service *service = services_add(deck->services, found->name);
		strings_add(&names, found->name);
		service_set_text(&service->bin, found->kind == PROJECT_RUST ? found->bin : NULL);
		service->is_job = is_job(deck, found->compose);
	}
	services_keep(deck->services, &names);
	inspection_reconfigured(deck);
	deck_changed(deck);
}

/* ---- telling ---- */

void rows_tell(struct deck *deck)
{
	bool any = false;
	if (deck->project == NULL)
		return; /* shown early: nobody is told before it is known whose it is */
	for (size_t i = 0; i < services_count(deck->services); i++) {
		struct service *service = services_at(deck->services, i);
		if (!service_has_changed(service))
			continue;
		any = true;
		bool ended = service->run == SERVICE_EXITED;
		deck_tell(deck, &(struct deck_event){.kind = DECK_SERVICE, .service = service->name, .state = service_state_word(service),
			.health = service_health_word(service->health), .generation = service->generation, .image = service->kind,
			.has_exit_code = ended, .exit_code = service->exit_code});
	}
	if (any)
		look_write_generations(deck);
	inspection_hear(deck);
}

/* ---- one container in full ---- */

struct look {
	struct deck *deck;
	char *container;
};

static void take_probe(struct service *service, const json_t *json)
{
	const json_t *test = json_object_get(json_object_get(json_object_get(json, "Config"), "Healthcheck"), "Test");
	size_t i;
	json_t *word;
	strings_finish(&service->health_test);
	json_array_foreach(test, i, word)
		if (json_is_string(word))
			strings_add(&service->health_test, json_string_value(word));
	if (service->health_test.count > 0 && strcmp(service->health_test.items[0], "NONE") == 0)
		strings_finish(&service->health_test);
	service->is_probed = service->health_test.count > 0;
}

static void on_cause_line(void *data, const struct engine_log_line *line)
{
	struct cause *cause = data;
	struct str *text = line->stream == 2 ? &cause->err : &cause->out;
	str_add_bytes(text, line->text, line->len < 400 ? line->len : 400);
	str_add_char(text, '\n');
}

static void free_cause(struct cause *cause)
{
	for (size_t i = cause->deck->causes.count; i-- > 0;)
		if (cause->deck->causes.items[i] == cause)
			array_remove(&cause->deck->causes, i);
	engine_log_close(cause->log);
	str_finish(&cause->out);
	str_finish(&cause->err);
	free(cause->service);
	free(cause);
}

static void on_cause_end(void *data, const struct fault *fault)
{
	struct cause *cause = data;
	struct service *service = services_find(cause->deck->services, cause->service);
	auto_str words = {0};
	/* what it complained of, if it did */
	const struct str *text = cause->err.len > 0 ? &cause->err : &cause->out;
	(void)fault;
	swap_last_words(text->data, text->len, &words);
	if (service != NULL && words.len > 0 && service_is_bad(service)) {
		service_set_text(&service->cause, str_text(&words));
		deck_changed(cause->deck);
	}
	free_cause(cause);
}

static void on_cause_gap(void *data)
{
	(void)data;
}

/* Why did it end? Its last lines say. */
static void ask_cause(struct deck *deck, const struct service *service)
{
	static const struct engine_log_call calls = {on_cause_line, on_cause_gap, on_cause_end};
	if (deck->causes.count > 16)
		return;
	struct cause *cause = mem_alloc(sizeof *cause);
	cause->deck = deck;
	cause->service = mem_copy_string(service->name);
	*array_add(&deck->causes) = cause;
	cause->log = engine_log_open(deck->engine, service->container, service->is_tty, 30, false, &calls, cause);
}

static void on_looked(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct look *look = data;
	struct deck *deck = look->deck;
	struct service *service = services_find_container(deck->services, look->container);
	deck->looking--;
	if (fault == NULL && service != NULL && answer->json != NULL) {
		struct engine_inspect inspect = {0};
		engine_inspect_read(answer->json, &inspect);
		service->run = service_run_read(inspect.state);
		service->exit_code = inspect.exit_code;
		service->restarts = (unsigned)inspect.restarts;
		service->is_tty = inspect.tty;
		service->memory_limit = inspect.memory_limit;
		int64_t ns = service->run == SERVICE_EXITED ? inspect.finished_ns : inspect.started_ns;
		service->since_ms = ns > 0 ? ns / 1000000 : 0;
		if (service->health != HEALTH_GOOD || strcmp(inspect.health != NULL ? inspect.health : "", "starting") != 0)
			service->health = service_health_read(inspect.health);
		service_set_text(&service->health_output, inspect.health_output);
		take_probe(service, answer->json);
		if (inspect.oom_killed)
			service_set_text(&service->cause, causes_of_ours[CAUSE_MEMORY]);
		else if (service->run == SERVICE_RUNNING && service->health == HEALTH_BAD && inspect.health_output != NULL)
			service_set_text(&service->cause, inspect.health_output);
		else if (service->run == SERVICE_EXITED && service->exit_code == 137 && service_is_bad(service))
			service_set_text(&service->cause, causes_of_ours[CAUSE_KILLED]);
		else if (service_is_bad(service))
			ask_cause(deck, service);
		else
			service_set_text(&service->cause, NULL);
		engine_inspect_finish(&inspect);
		follow_container_changed(deck, service);
		rows_tell(deck);
		look_write_generations(deck); /* with the moment it ended */
		up_consider(deck);
	}
	deck_changed(deck);
	free(look->container);
	free(look);
}

static void look_at(struct deck *deck, const struct service *service)
{
	struct look *look = mem_alloc(sizeof *look);
	auto_free char *path = mem_print("/containers/%s/json", service->container);
	look->deck = deck;
	look->container = mem_copy_string(service->container);
	deck->looking++;
	engine_ask(deck->engine, "GET", path, NULL, 10000, on_looked, look);
}

/* ---- figures ---- */

static void read_traffic(struct deck *deck, struct service *service)
{
	struct engine_traffic_state *state = map_get(deck->traffic, service->container);
	struct engine_traffic traffic;
	if (state == NULL) {
		state = mem_alloc(sizeof *state);
		map_put(deck->traffic, service->container, state);
	}
	if (!engine_traffic_read(service->container, state, &traffic))
		return;
	service->received = traffic.received;
	service->sent = traffic.sent;
	service->read = traffic.read;
	service->written = traffic.written;
}

void deck_watch_traffic(struct deck *deck, bool is_on)
{
	if (is_on == (deck->traffic != NULL))
		return;
	map_close(deck->traffic);
	deck->traffic = is_on ? map_open(free) : NULL;
	for (size_t i = 0; i < services_count(deck->services); i++)
		service_forget_traffic(services_at(deck->services, i));
}

void rows_read_figures(struct deck *deck)
{
	if (deck->usage == NULL)
		deck->usage = map_open(free);
	for (size_t i = 0; i < services_count(deck->services); i++) {
		struct service *service = services_at(deck->services, i);
		struct engine_usage usage;
		if (service->run != SERVICE_RUNNING && service->cpu_percent >= 0)
			service_forget_usage(service); /* it uses nothing now */
		if (service->run != SERVICE_RUNNING || service->container == NULL)
			continue;
		struct engine_usage_state *state = map_get(deck->usage, service->container);
		if (state == NULL) {
			state = mem_alloc(sizeof *state);
			map_put(deck->usage, service->container, state);
		}
		if (!engine_is_local(deck->engine) || !engine_usage_read(service->container, state, &usage)) {
			asked_figures(deck, service->container);
			continue;
		}
		service_add_usage(service, usage.cpu_percent, usage.memory, usage.memory_limit);
		if (deck->traffic != NULL)
			read_traffic(deck, service);
	}
	others_read_figures(deck);
	deck_changed(deck);
}

static void read_figures(void *data)
{
	struct deck *deck = data;
	rows_read_figures(deck);
	if (deck->first == FIRST_SHARES)
		deck->first = FIRST_LOOKS;
}

/* Containers that are new to the screen are drawn before anything of them is
 * read: their figures (memory at once, a share of a core, which needs two
 * readings, very soon), then, when these are drawn, each in full. */
static void want_first_figures(struct deck *deck)
{
	if (deck->figures != NULL)
		deck->first = FIRST_FIGURES;
}

static void look_at_unlooked(struct deck *deck)
{
	for (size_t i = 0; i < deck->unlooked.count; i++) {
		const struct service *service = services_find(deck->services, deck->unlooked.items[i]);
		if (service != NULL && service->container != NULL)
			look_at(deck, service);
	}
	strings_finish(&deck->unlooked);
}

bool rows_drawn(struct deck *deck)
{
	switch (deck->first) {
	case FIRST_FIGURES:
		deck->first = FIRST_SHARES;
		rows_read_figures(deck);
		loop_timer_set(deck->figures, FIRST_SHARE_MS, FIGURES_MS);
		return true;
	case FIRST_LOOKS:
		deck->first = FIRST_NOTHING;
		up_early_done(deck);
		look_at_unlooked(deck);
		return false;
	case FIRST_SHARES:
	case FIRST_NOTHING:
		break;
	}
	return false;
}

void rows_watch_figures(struct deck *deck)
{
	if (deck->figures != NULL)
		return;
	deck->figures = loop_timer_open(deck->loop, read_figures, deck);
	loop_timer_set(deck->figures, 50, FIGURES_MS);
}

/* ---- the list ---- */

/* Of several containers the one that runs, else the newest, stands for its service. */
static const struct engine_container *choose(const struct engine_containers *list, const char *service)
{
	const struct engine_container *best = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct engine_container *each = &list->items[i];
		if (each->oneoff || !text_equal(each->service, service))
			continue;
		bool runs = text_equal(each->state, "running"), best_runs = best != NULL && text_equal(best->state, "running");
		if (best == NULL || (runs && !best_runs) || (runs == best_runs && each->created_s > best->created_s))
			best = each;
	}
	return best;
}

static void take_container(struct deck *deck, struct service *service, const struct engine_container *found)
{
	if (found == NULL) {
		if (service->container != NULL) {
			bool known = service->run == SERVICE_RUNNING && !service->is_stopped && !strings_have(&deck->composing, service->name);
			free(steal(&service->container));
			service->run = SERVICE_ABSENT;
			service->health = HEALTH_NONE;
			service->is_ready = false;
			service->generation = 0;
			service_forget_usage(service);
			service_set_text(&service->cause, known ? causes_of_ours[CAUSE_REMOVED] : NULL);
		}
		return;
	}
	bool other = service_set_text(&service->container, found->id);
	enum service_run run = service_run_read(found->state);
	bool moved = other || run != service->run || service_health_read(found->health) != service->listed_health;
	if (other) {
		service->health = HEALTH_NONE;
		service->is_ready = false;
		service_forget_usage(service);
		for (size_t i = 0; i < deck->launchers.count; i++)
			if (text_equal(deck->launchers.items[i].container, found->id) && strcmp(deck->launchers.items[i].service, service->name) == 0)
				service->is_ready = deck->launchers.items[i].is_ready;
	}
	service->run = run;
	service->listed_health = service_health_read(found->health);
	if (service->listed_health != HEALTH_STARTING || service->health == HEALTH_NONE)
		service->health = service->listed_health;
	service->is_waiting = service->is_waiting && run != SERVICE_RUNNING;
	if (run == SERVICE_RUNNING && !strings_have(&deck->stopping, service->name))
		service->is_stopped = false;
	service_set_text(&service->container_name, found->name);
	service_set_text(&service->image, found->image);
	service_set_text(&service->kind, found->deck_image);
	service_set_text(&service->ports, found->ports);
	service->is_foreign = deck_is_ours(deck, service->name) && found->deck_image == NULL;
	if (moved && deck->is_early)
		strings_add_new(&deck->unlooked, service->name);
	else if (moved)
		look_at(deck, service);
}

static void note_foreign(struct deck *deck)
{
	auto_strings names = {0};
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (service->is_foreign && service->run == SERVICE_RUNNING)
			strings_add(&names, service->name);
	}
	if (names.count == 0 || deck->options.take_over) {
		deck_forget_fault(deck, "foreign");
		return;
	}
	struct fault fault;
	auto_free char *joined = strings_join(&names, ", ", _(" and "));
	if (names.count == 1)
		fault_set(&fault, FAULT_FAILED, "%s was started by plain compose and not under the deck: saves do not reach it", joined);
	else
		fault_set(&fault, FAULT_FAILED, "%s were started by plain compose and not under the deck: saves do not reach them", joined);
	fault_mend(&fault, "take over: `cargodeck up --take-over`, or the key for it on the screen");
	deck_fault(deck, "foreign", &fault);
}

/* ---- before the project is known ---- */

/* Containers of one project alone; of several nobody knows which is meant. */
static bool is_one_project(const struct engine_containers *list)
{
	for (size_t i = 1; i < list->count; i++)
		if (!text_equal(list->items[i].project, list->items[0].project))
			return false;
	return list->count > 0;
}

static void show_early(struct deck *deck, const struct engine_containers *list)
{
	auto_strings names = {0};
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].service != NULL && !list->items[i].oneoff)
			strings_add_new(&names, list->items[i].service);
	strings_sort(&names); /* as compose prints them */
	bool first = services_count(deck->services) == 0, all_run = names.count > 0;
	for (size_t i = 0; i < names.count; i++)
		services_add(deck->services, names.items[i]);
	deck->is_early = first && deck->figures != NULL;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		struct service *service = services_at(deck->services, i);
		take_container(deck, service, choose(list, service->name));
		all_run &= service->run == SERVICE_RUNNING;
	}
	deck->is_early = false;
	if (first) {
		deck->was_up = all_run;
		want_first_figures(deck);
	}
	deck_changed(deck);
}

static void on_early(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct deck *deck = data;
	struct engine_containers list = {0};
	deck->early = NULL;
	if (fault == NULL && answer->json != NULL && deck->project == NULL) {
		engine_containers_read(answer->json, &list);
		if (is_one_project(&list))
			show_early(deck, &list);
		engine_containers_finish(&list);
	}
	if (deck->first == FIRST_NOTHING)
		up_early_done(deck); /* else once they are drawn: compose takes both cores */
}

/* Compose takes a while to say which services there are. Those that run carry
 * its labels: they are shown meanwhile. */
void rows_show_early(struct deck *deck)
{
	const char *name = deck->options.project_name != NULL ? deck->options.project_name : getenv("COMPOSE_PROJECT_NAME");
	auto_free char *folder = realpath(deck->options.folder != NULL ? deck->options.folder : ".", NULL);
	if (folder == NULL)
		return;
	auto_free char *path = name != NULL && name[0] != '\0' ? engine_containers_path(name) : engine_containers_of_folder_path(folder);
	deck->early = engine_ask(deck->engine, "GET", path, NULL, 10000, on_early, deck);
}

static void on_list(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct deck *deck = data;
	deck->listing = NULL;
	if (fault == NULL && answer->json != NULL) {
		struct engine_containers list = {0};
		engine_containers_read(answer->json, &list);
		for (size_t i = 0; i < services_count(deck->services); i++) {
			struct service *service = services_at(deck->services, i);
			take_container(deck, service, choose(&list, service->name));
		}
		engine_containers_finish(&list);
		if (!deck->is_listed && deck->usage == NULL)
			want_first_figures(deck);
		deck->is_listed = true;
		note_foreign(deck);
		rows_tell(deck);
		up_consider(deck);
		deck_changed(deck);
	}
	if (deck->list_again)
		rows_refresh(deck);
}

static void ask_list(void *data)
{
	struct deck *deck = data;
	if (deck->listing != NULL || deck->name == NULL) {
		deck->list_again = deck->name != NULL;
		return;
	}
	deck->list_again = false;
	auto_free char *path = engine_containers_path(deck->name);
	deck->listing = engine_ask(deck->engine, "GET", path, NULL, 10000, on_list, deck);
}

void rows_refresh(struct deck *deck)
{
	if (deck->is_closing)
		return;
	if (deck->refresh == NULL)
		deck->refresh = loop_timer_open(deck->loop, ask_list, deck);
	if (!loop_timer_is_set(deck->refresh))
		loop_timer_set(deck->refresh, deck->is_listed ? REFRESH_MS : 0, 0);
}

void rows_event(struct deck *deck, const struct engine_event *event)
{
	if (deck->project == NULL && deck->early == NULL && services_count(deck->services) > 0)
		rows_show_early(deck); /* compose may have failed: what is shown stays true */
	if (!text_equal(event->type, "container") || deck->name == NULL || !text_equal(event->project, deck->name))
		return;
	/* somebody stopped it on purpose (Engine API, /events: stop comes after die) */
	struct service *service = services_find(deck->services, event->service);
	if (service != NULL && strcmp(event->action, "stop") == 0 && !strings_have(&deck->composing, service->name))
		service->is_stopped = true;
	/* the engine tells of an end before its list knows; a look waits until it does */
	if (service != NULL && strcmp(event->action, "die") == 0 && text_equal(service->container, event->id))
		look_at(deck, service);
	rows_refresh(deck);
}

void rows_close(struct deck *deck)
{
	while (deck->causes.count > 0)
		free_cause(deck->causes.items[0]);
	array_finish(&deck->causes);
	loop_timer_close(deck->refresh);
	loop_timer_close(deck->figures);
	deck->refresh = deck->figures = NULL;
	strings_finish(&deck->unlooked);
	asked_close(deck);
	map_close(deck->usage);
	map_close(deck->traffic);
	deck->usage = deck->traffic = NULL;
}
