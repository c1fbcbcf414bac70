/* The other containers of the engine, for who asks for them: those of other
 * compose projects and of none. Listed while they are shown; figures are read
 * only of those whose rows are in sight. Their keys are their names with a "/"
 * before, as the engine writes them: no service's name begins so. */
#include "deck.h"

#include <jansson.h>
#include <stdio.h>

enum { MOST = 10000, IN_SIGHT_MOST = 512, LOGS_KEPT = 4 };

struct other {
	char *key; /* "/blog-web-1" */
	char *project; /* or NULL */
	char *id, *image, *ports, *state, *health;
	double cpu_percent;
	uint64_t memory, memory_limit;
	struct engine_usage_state usage;
	struct engine_traffic traffic;
	struct engine_traffic_state moved;
};

struct others {
	struct deck *deck;
	ARRAY(struct other) items;
	size_t left_out;
	struct strings in_sight;
	struct engine_request *listing;
	struct loop_timer *refresh;
	bool is_listed;
};

static void free_other(struct other *other)
{
	char *const owned[] = {other->key, other->project, other->id, other->image, other->ports, other->state, other->health};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free(owned[i]);
}

static struct other *find(const struct deck *deck, const char *key)
{
	struct others *others = deck->others;
	for (size_t i = 0; others != NULL && key != NULL && i < others->items.count; i++)
		if (strcmp(others->items.items[i].key, key) == 0)
			return &others->items.items[i];
	return NULL;
}

/* ---- the list ---- */

static int by_project(const void *a, const void *b)
{
	const struct other *x = a, *y = b;
	if ((x->project == NULL) != (y->project == NULL))
		return x->project == NULL ? 1 : -1; /* what is of no project comes last */
	int way = x->project != NULL ? strcmp(x->project, y->project) : 0;
	return way != 0 ? way : strcmp(x->key, y->key);
}

static void take_figures(struct other *to, const struct other *from)
{
	to->cpu_percent = from->cpu_percent;
	to->memory = from->memory;
	to->memory_limit = from->memory_limit;
	to->usage = from->usage;
	to->traffic = from->traffic;
	to->moved = from->moved;
}

static void take(struct others *others, struct engine_container *found)
{
	const struct other *before = NULL;
	auto_free char *key = mem_print("/%s", found->name);
	/* figures are kept only of what is in sight: a short list to look through */
	if (strings_have(&others->in_sight, key))
		before = find(others->deck, key);
	struct other other = {.key = steal(&key), .project = steal(&found->project), .id = steal(&found->id), .image = steal(&found->image),
		.ports = steal(&found->ports), .state = steal(&found->state), .health = steal(&found->health), .cpu_percent = -1,
		.traffic = {-1, -1, -1, -1}};
	if (before != NULL && text_equal(before->id, other.id) && text_equal(other.state, "running"))
		take_figures(&other, before);
	*array_add(&others->items) = other;
}

static void drop_first(struct others *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free_other(&others->items.items[i]);
	others->items.count -= count;
	if (others->items.count > 0)
		memmove(others->items.items, others->items.items + count, others->items.count * sizeof *others->items.items);
}

static void on_list(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct others *others = data;
	struct engine_containers *list = answer != NULL ? answer->read : NULL;
	size_t before = others->items.count;
	others->listing = NULL;
	if (fault != NULL || list == NULL) {
		if (fault != NULL)
			deck_fault(others->deck, "others", fault);
		return;
	}
	others->left_out = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct engine_container *found = &list->items[i];
		if (others->deck->name != NULL && text_equal(found->project, others->deck->name))
			continue;
		if (others->items.count - before < MOST)
			take(others, found);
		else
			others->left_out++;
	}
	drop_first(others, before);
	if (others->items.count > 1)
		qsort(others->items.items, others->items.count, sizeof *others->items.items, by_project);
	others->is_listed = true;
	deck_forget_fault(others->deck, "others");
	deck_changed(others->deck);
}

static void ask(void *data)
{
	struct others *others = data;
	if (others->listing == NULL)
		others->listing = engine_ask_read(others->deck->engine, "/containers/json?all=1", 20000, &engine_containers_reader, on_list, others);
	else
		loop_timer_set(others->refresh, 100, 0);
}

/* The more there are the less often they are asked for. */
static void refresh(struct others *others)
{
	if (!loop_timer_is_set(others->refresh))
		loop_timer_set(others->refresh, others->is_listed ? 50 + (unsigned)(others->items.count / 5) : 0, 0);
}

void others_event(struct deck *deck, const struct engine_event *event)
{
	if (deck->others != NULL && (event == NULL || deck->name == NULL || !text_equal(event->project, deck->name)))
		refresh(deck->others);
}

void deck_show_others(struct deck *deck, bool is_on)
{
	if (is_on == (deck->others != NULL))
		return;
	if (!is_on) {
		others_close(deck);
		deck_changed(deck);
		return;
	}
	deck->others = mem_alloc(sizeof *deck->others);
	deck->others->deck = deck;
	deck->others->refresh = loop_timer_open(deck->loop, ask, deck->others);
	refresh(deck->others);
}

void others_close(struct deck *deck)
{
	struct others *others = steal(&deck->others);
	if (others == NULL)
		return;
	engine_cancel(others->listing);
	loop_timer_close(others->refresh);
	for (size_t i = 0; i < others->items.count; i++)
		free_other(&others->items.items[i]);
	array_finish(&others->items);
	strings_finish(&others->in_sight);
	free(others);
}

/* ---- figures ---- */

void others_read_figures(struct deck *deck)
{
	for (size_t i = 0; deck->others != NULL && i < deck->others->in_sight.count; i++) {
		struct other *other = find(deck, deck->others->in_sight.items[i]);
		struct engine_usage usage;
		if (other == NULL || !text_equal(other->state, "running"))
			continue;
		if (!engine_is_local(deck->engine) || !engine_usage_read(other->id, &other->usage, &usage)) {
			asked_figures(deck, other->id);
			continue;
		}
		other->cpu_percent = usage.cpu_percent;
		other->memory = usage.memory;
		other->memory_limit = usage.memory_limit;
		if (deck->traffic != NULL)
			engine_traffic_read(other->id, &other->moved, &other->traffic);
		else
			other->traffic = (struct engine_traffic){-1, -1, -1, -1};
	}
}

void others_take_figures(struct deck *deck, const char *container, const struct engine_usage *usage, const struct engine_traffic *traffic)
{
	for (size_t i = 0; deck->others != NULL && i < deck->others->in_sight.count; i++) {
		struct other *other = find(deck, deck->others->in_sight.items[i]);
		if (other == NULL || !text_equal(other->id, container) || !text_equal(other->state, "running"))
			continue;
		other->cpu_percent = usage->cpu_percent;
		other->memory = usage->memory;
		other->traffic = *traffic;
	}
}

void deck_others_in_sight(struct deck *deck, const struct strings *keys)
{
	if (deck->others == NULL)
		return;
	strings_finish(&deck->others->in_sight);
	for (size_t i = 0; i < keys->count && i < IN_SIGHT_MOST; i++)
		strings_add(&deck->others->in_sight, keys->items[i]);
}

/* ---- orders ---- */

static void on_ordered(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct deck *deck = data;
	(void)answer;
	if (fault != NULL)
		deck_fault(deck, "order", fault);
	else
		deck_forget_fault(deck, "order");
	others_event(deck, NULL);
}

bool others_order(struct deck *deck, const char *key, const char *verb, struct fault *fault)
{
	const struct other *other = find(deck, key);
	if (other == NULL)
		return fault_set(fault, FAULT_USAGE, "there is no container %s any more", key + 1);
	auto_free char *path = mem_print("/containers/%s/%s", other->id, verb);
	/* a container may take its time to stop: the engine's own limit is 10 s */
	engine_ask(deck->engine, "POST", path, NULL, 60000, on_ordered, deck);
	return true;
}

/* ---- logs ---- */

struct opening {
	struct deck *deck;
	char *key;
};

static void on_looked(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct opening *opening = data;
	const char *id = fault == NULL && answer->json != NULL ? json_string_value(json_object_get(answer->json, "Id")) : NULL;
	if (id != NULL) {
		struct engine_inspect inspect = {0};
		auto_free char *container = mem_copy_string(id);
		engine_inspect_read(answer->json, &inspect);
		struct service service = {.name = opening->key, .container = container, .is_tty = inspect.tty,
			.run = service_run_read(inspect.state)};
		follow_container_changed(opening->deck, &service);
		engine_inspect_finish(&inspect);
	} else if (fault != NULL) {
		follow_say(opening->deck, opening->key, fault->text);
	}
	free(opening->key);
	free(opening);
}

/* As the engine lets a container be called: it goes into a path as it is. */
static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	return text[0] != '\0' && text[0] != '.' && text[strspn(text, letters)] == '\0';
}

/* By its name where it is not listed: the one of an earlier start. */
void others_follow(struct deck *deck, const char *key)
{
	const struct other *other = find(deck, key);
	follow_pause_others(deck, LOGS_KEPT);
	if (other == NULL && (key == NULL || key[0] != '/' || !is_name(key + 1)))
		return;
	struct opening *opening = mem_alloc(sizeof *opening);
	*opening = (struct opening){deck, mem_copy_string(key)};
	auto_free char *path = mem_print("/containers/%s/json", other != NULL ? other->id : key + 1);
	engine_ask(deck->engine, "GET", path, NULL, 10000, on_looked, opening);
}

/* ---- the view ---- */

static enum view_state state_of(const struct deck *deck, const struct other *other)
{
	if (deck->is_lost)
		return VIEW_STALE;
	switch (service_run_read(other->state)) {
	case SERVICE_RUNNING:
		break;
	case SERVICE_RESTARTING:
		return VIEW_FAILED;
	case SERVICE_ABSENT:
	case SERVICE_CREATED:
	case SERVICE_PAUSED:
	case SERVICE_EXITED:
		return VIEW_STOPPED;
	}
	switch (service_health_read(other->health)) {
	case HEALTH_NONE: return VIEW_RUNNING;
	case HEALTH_STARTING: return VIEW_STARTING;
	case HEALTH_GOOD: return VIEW_HEALTHY;
	case HEALTH_BAD: return VIEW_UNHEALTHY;
	}
	return VIEW_RUNNING;
}

size_t others_count(const struct deck *deck, bool *is_listed, size_t *left_out)
{
	*is_listed = deck->others != NULL && deck->others->is_listed;
	*left_out = deck->others != NULL ? deck->others->left_out : 0;
	return deck->others != NULL ? deck->others->items.count : 0;
}

void others_fill(const struct deck *deck, size_t index, struct view_service *out)
{
	const struct other *other = &deck->others->items.items[index];
	enum view_state state = state_of(deck, other);
	*out = (struct view_service){.name = other->key, .project = other->project, .state = state,
		.state_text = state == VIEW_STOPPED || state == VIEW_FAILED ? view_word(other->state) : NULL, .cpu_percent = other->cpu_percent,
		.memory = other->memory, .memory_limit = other->memory_limit, .stale_figures = deck->is_lost, .image = other->image,
		.ports = other->ports != NULL && other->ports[0] != '\0' ? other->ports : NULL,
		.received = other->traffic.received, .sent = other->traffic.sent, .read = other->traffic.read, .written = other->traffic.written};
}
