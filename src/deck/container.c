/* The one container that the screen looks into: asks the engine and compose when
 * it is opened and when rows.c says that it changed, and makes the pages once an
 * answer; a frame only reads them. Its processes are asked for anew while it is
 * open. view.c and rows.c call it; screen.c opens and closes it. */
#include "container.h"

#include <stdio.h>

enum { ASK_MS = 10000, PROCESSES_MS = 2000 };

struct tab {
	struct page page;
	enum view_page_state state;
	char *sentence;
	uint64_t version;
};

struct inspection {
	struct deck *deck;
	char *service; /* NULL: closed */
	char *container, *name; /* that was asked about last */
	char *gone;
	uint64_t stamp; /* of the row when it was asked about */
	struct engine_request *asking, *imaging, *naming, *listing;
	json_t *inspect, *named; /* answers; `named`: the image that has the configured name now */
	bool is_named; /* that answer has come, if only as a fault */
	json_t *configured;
	bool is_composing, is_composed; /* asked for; asked for since it may have changed */
	char *compose_fault;
	struct loop_timer *timer;
	uint64_t processes; /* hash of what was told last */
	uint64_t version;
	struct tab tabs[VIEW_TABS];
};

/* ---- tabs ---- */

static void set_tab(struct inspection *inspection, enum view_tab which, enum view_page_state state, const char *sentence)
{
	struct tab *tab = &inspection->tabs[which];
	page_finish(&tab->page);
	tab->state = state;
	tab->version = ++inspection->version;
	service_set_text(&tab->sentence, sentence);
}

static void set_tabs(struct inspection *inspection, enum view_page_state state, const char *sentence)
{
	for (int i = 0; i < VIEW_TABS; i++)
		set_tab(inspection, (enum view_tab)i, state, sentence);
}

static void forget_container(struct inspection *inspection)
{
	engine_cancel(steal(&inspection->asking));
	engine_cancel(steal(&inspection->imaging));
	engine_cancel(steal(&inspection->naming));
	engine_cancel(steal(&inspection->listing));
	json_decref(inspection->inspect);
	json_decref(inspection->named);
	inspection->inspect = inspection->named = NULL;
	inspection->is_named = false;
	inspection->processes = 0;
}

/* ---- configuration and drift ---- */

static void make_drift(struct inspection *inspection)
{
	const struct service *service = services_find(inspection->deck->services, inspection->service);
	if (inspection->compose_fault != NULL) {
		set_tab(inspection, VIEW_DRIFT, VIEW_PAGE_FAILED, inspection->compose_fault);
		return;
	}
	if (inspection->configured == NULL || inspection->inspect == NULL || !inspection->is_named || service == NULL)
		return;
	json_t *found = drift_find(inspection->configured, inspection->service, inspection->inspect, inspection->named);
	set_tab(inspection, VIEW_DRIFT, VIEW_PAGE_READY, _("What runs is as it is configured."));
	page_drift(&inspection->tabs[VIEW_DRIFT].page, found);
	json_decref(found);
}

static void make_config(struct inspection *inspection)
{
	const json_t *own = json_object_get(json_object_get(inspection->configured, "services"), inspection->service);
	if (inspection->compose_fault != NULL) {
		set_tab(inspection, VIEW_CONFIG, VIEW_PAGE_FAILED, inspection->compose_fault);
	} else if (inspection->configured != NULL) {
		json_t *shown = facts_mask(own);
		set_tab(inspection, VIEW_CONFIG, VIEW_PAGE_READY, _("The compose files do not name this service any more."));
		page_tree(&inspection->tabs[VIEW_CONFIG].page, shown, 1);
		json_decref(shown);
	}
	make_drift(inspection);
}

static void ask_compose(struct inspection *inspection);

static void on_composed(void *data, int status, const char *out, const char *err)
{
	struct deck *deck = data;
	struct inspection *inspection = deck->inspection;
	struct fault fault = {0};
	auto_str words = {0};
	if (inspection == NULL)
		return;
	inspection->is_composing = false;
	json_decref(inspection->configured);
	inspection->configured = status == 0 ? configured_read(out, strlen(out), &fault) : NULL;
	if (status != 0) {
		task_complaint(err, &words);
		fault_set(&fault, FAULT_FAILED, "compose said: %s", words.len > 0 ? str_text(&words) : _("nothing, and ended"));
	}
	service_set_text(&inspection->compose_fault, inspection->configured == NULL ? fault.text : NULL);
	if (inspection->service != NULL) {
		make_config(inspection);
		ask_compose(inspection);
	}
	deck_changed(deck);
}

/* Once for all services, and again when the project or a container is another. */
static void ask_compose(struct inspection *inspection)
{
	struct deck *deck = inspection->deck;
	auto_strings argv = {0};
	if (deck->project == NULL || inspection->is_composing || inspection->is_composed)
		return;
	inspection->is_composing = inspection->is_composed = true;
	configured_words(deck->project, deck->state_folder, &argv);
	task_start(deck, &argv, deck->project->folder, NULL, 0, on_composed, deck);
}

/* ---- processes ---- */

static void on_processes(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct inspection *inspection = data;
	inspection->listing = NULL;
	uint64_t hash = fault != NULL ? 1 : hash_bytes(answer->body, answer->len);
	if (hash == inspection->processes)
		return;
	inspection->processes = hash;
	if (fault != NULL) {
		set_tab(inspection, VIEW_PROCESSES, VIEW_PAGE_FAILED, fault->text);
	} else {
		set_tab(inspection, VIEW_PROCESSES, VIEW_PAGE_READY, _("The engine names no process."));
		page_processes(&inspection->tabs[VIEW_PROCESSES].page, answer->json);
	}
	deck_changed(inspection->deck);
}

static void ask_processes(void *data)
{
	struct inspection *inspection = data;
	const struct service *service = inspection->service != NULL ? services_find(inspection->deck->services, inspection->service) : NULL;
	if (service == NULL || service->container == NULL || inspection->listing != NULL || inspection->deck->is_lost)
		return;
	if (service->run != SERVICE_RUNNING) {
		if (inspection->processes != 2)
			set_tab(inspection, VIEW_PROCESSES, VIEW_PAGE_READY, _("It does not run: there is no process."));
		inspection->processes = 2;
		return;
	}
	auto_free char *path = mem_print("/containers/%s/top", service->container);
	inspection->listing = engine_ask(inspection->deck->engine, "GET", path, NULL, ASK_MS, on_processes, inspection);
}

/* ---- the container ---- */

static void on_named(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct inspection *inspection = data;
	inspection->naming = NULL;
	inspection->is_named = true;
	json_decref(inspection->named);
	inspection->named = fault == NULL ? json_incref(answer->json) : NULL;
	make_drift(inspection);
	deck_changed(inspection->deck);
}

static void make_pages(struct inspection *inspection, const json_t *image)
{
	json_t *facts = facts_make(inspection->service, inspection->inspect, image);
	set_tab(inspection, VIEW_OVERVIEW, VIEW_PAGE_READY, _("The engine says nothing of it."));
	page_overview(&inspection->tabs[VIEW_OVERVIEW].page, facts);
	set_tab(inspection, VIEW_ENV, VIEW_PAGE_READY, _("It has no variables."));
	page_env(&inspection->tabs[VIEW_ENV].page, facts);
	set_tab(inspection, VIEW_MOUNTS, VIEW_PAGE_READY, _("Nothing is mounted: what it writes goes with its container."));
	page_mounts(&inspection->tabs[VIEW_MOUNTS].page, facts);
	set_tab(inspection, VIEW_LABELS, VIEW_PAGE_READY, _("It has no labels."));
	page_labels(&inspection->tabs[VIEW_LABELS].page, facts);
	service_set_text(&inspection->name, json_string_value(json_object_get(facts, "container")));
	json_decref(facts);
}

static void on_image(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct inspection *inspection = data;
	inspection->imaging = NULL;
	/* an image may be gone while its container runs */
	make_pages(inspection, fault == NULL ? answer->json : NULL);
	deck_changed(inspection->deck);
}

static void on_inspected(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct inspection *inspection = data;
	struct engine *engine = inspection->deck->engine;
	inspection->asking = NULL;
	deck_changed(inspection->deck);
	if (fault != NULL || !json_is_object(answer->json)) {
		const char *text = fault != NULL ? fault->text : _("the engine answered with what is no container");
		if (inspection->inspect == NULL)
			set_tabs(inspection, VIEW_PAGE_FAILED, text);
		inspection->stamp = 0; /* the next change of its row asks again */
		return;
	}
	json_decref(inspection->inspect);
	inspection->inspect = json_incref(answer->json);
	json_t *shown = facts_mask(inspection->inspect);
	set_tab(inspection, VIEW_INSPECT, VIEW_PAGE_READY, _("The engine says nothing of it."));
	page_tree(&inspection->tabs[VIEW_INSPECT].page, shown, 0);
	json_decref(shown);
	const char *id = json_string_value(json_object_get(inspection->inspect, "Image"));
	const char *name = json_string_value(json_object_get(json_object_get(inspection->inspect, "Config"), "Image"));
	auto_free char *quoted_id = engine_quote(id != NULL ? id : ""), *quoted_name = engine_quote(name != NULL ? name : "");
	auto_free char *by_id = mem_print("/images/%s/json", quoted_id), *by_name = mem_print("/images/%s/json", quoted_name);
	engine_cancel(inspection->imaging);
	engine_cancel(inspection->naming);
	inspection->imaging = engine_ask(engine, "GET", by_id, NULL, ASK_MS, on_image, inspection);
	inspection->naming = engine_ask(engine, "GET", by_name, NULL, ASK_MS, on_named, inspection);
	make_drift(inspection);
}

static uint64_t stamp_of(const struct service *service)
{
	auto_free char *text = mem_print("%s %d %d %u", service->container, (int)service->run, (int)service->health, service->restarts);
	return hash_bytes(text, strlen(text));
}

static void ask(struct inspection *inspection, const struct service *service)
{
	auto_free char *path = mem_print("/containers/%s/json", service->container);
	inspection->stamp = stamp_of(service);
	if (!text_equal(inspection->container, service->container)) {
		inspection->is_composed = inspection->is_composed && inspection->container == NULL;
		forget_container(inspection);
		set_tabs(inspection, VIEW_PAGE_LOADING, NULL);
		service_set_text(&inspection->container, service->container);
		service_set_text(&inspection->name, service->container_name);
		make_config(inspection);
	}
	engine_cancel(inspection->asking);
	inspection->asking = engine_ask(inspection->deck->engine, "GET", path, NULL, ASK_MS, on_inspected, inspection);
	ask_processes(inspection);
}

/* Its configuration can be read all the same. */
static void set_without_container(struct inspection *inspection)
{
	for (int i = 0; i < VIEW_TABS; i++)
		if (i != VIEW_CONFIG && inspection->tabs[i].state == VIEW_PAGE_LOADING)
			set_tab(inspection, (enum view_tab)i, VIEW_PAGE_READY, NULL);
	if (inspection->tabs[VIEW_CONFIG].state == VIEW_PAGE_LOADING)
		make_config(inspection);
}

void inspection_hear(struct deck *deck)
{
	struct inspection *inspection = deck->inspection;
	const struct service *service = inspection != NULL && inspection->service != NULL ? services_find(deck->services, inspection->service) : NULL;
	if (inspection == NULL || inspection->service == NULL)
		return;
	if (service != NULL && service->container != NULL) {
		service_set_text(&inspection->gone, NULL);
		if (stamp_of(service) != inspection->stamp)
			ask(inspection, service);
	} else if (deck->is_listed) {
		bool was_there = inspection->container != NULL;
		auto_free char *text = mem_print(service == NULL ? _("%s is no service of this project any more.") :
			was_there ? _("Its container is gone: this is what it was. Start %s to make it again.") :
			_("%s has no container: start it, and it can be looked into."), inspection->service);
		service_set_text(&inspection->gone, text);
		if (!was_there)
			set_without_container(inspection);
	}
	ask_compose(inspection);
}

void inspection_reconfigured(struct deck *deck)
{
	struct inspection *inspection = deck->inspection;
	if (inspection == NULL)
		return;
	inspection->is_composed = false;
	if (inspection->service != NULL)
		ask_compose(inspection);
}

/* ---- public ---- */

static void close_service(struct inspection *inspection)
{
	forget_container(inspection);
	set_tabs(inspection, VIEW_PAGE_LOADING, NULL);
	loop_timer_stop(inspection->timer);
	free(steal(&inspection->service));
	free(steal(&inspection->container));
	free(steal(&inspection->name));
	free(steal(&inspection->gone));
	inspection->stamp = 0;
}

void deck_inspect(struct deck *deck, const char *service)
{
	struct inspection *inspection = deck->inspection;
	if (inspection == NULL && service == NULL)
		return;
	if (inspection == NULL) {
		inspection = deck->inspection = mem_alloc(sizeof *inspection);
		inspection->deck = deck;
		inspection->timer = loop_timer_open(deck->loop, ask_processes, inspection);
	}
	if (inspection->service == NULL)
		inspection->is_composed = false; /* opened: images may be others since */
	close_service(inspection);
	if (service != NULL) {
		inspection->service = mem_copy_string(service);
		loop_timer_set(inspection->timer, PROCESSES_MS, PROCESSES_MS);
		inspection_hear(deck);
	}
	deck_changed(deck);
}

void inspection_fill(struct deck *deck, struct view_container *out)
{
	const struct inspection *inspection = deck->inspection;
	*out = (struct view_container){0};
	if (inspection == NULL || inspection->service == NULL)
		return;
	out->service = inspection->service;
	out->name = inspection->name;
	out->gone = inspection->gone;
	for (int i = 0; i < VIEW_TABS; i++) {
		const struct tab *tab = &inspection->tabs[i];
		out->pages[i] = (struct view_page){.state = tab->state, .sentence = tab->sentence, .rows = tab->page.rows.items,
			.count = tab->page.rows.count, .version = tab->version};
	}
}

void inspection_close(struct deck *deck)
{
	struct inspection *inspection = steal(&deck->inspection);
	if (inspection == NULL)
		return;
	close_service(inspection);
	for (int i = 0; i < VIEW_TABS; i++)
		free(inspection->tabs[i].sentence);
	json_decref(inspection->configured);
	free(inspection->compose_fault);
	loop_timer_close(inspection->timer);
	free(inspection);
}
