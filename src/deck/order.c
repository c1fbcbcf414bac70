/* Orders of a person: start, stop, restart, back to the generation before, take
 * over what plain compose started, down. Each answers at once and works on. */
#include "deck.h"

#include <stdio.h>

static void tell_ordered(struct deck *deck, int status, const char *err)
{
	if (status != 0) {
		struct fault fault;
		auto_str text = {0};
		task_complaint(err, &text);
		fault_set(&fault, FAULT_FAILED, "compose failed: %s", str_text(&text));
		deck_fault(deck, "order", &fault);
	} else {
		deck_forget_fault(deck, "order");
	}
	rows_refresh(deck);
}

static void on_downed(void *data, int status, const char *out, const char *err)
{
	(void)out;
	tell_ordered(data, status, err);
}

struct composed {
	struct deck *deck;
	struct strings names;
};

static void on_ordered(void *data, int status, const char *out, const char *err)
{
	struct composed *composed = data;
	(void)out;
	for (size_t i = 0; i < composed->names.count; i++)
		strings_drop(&composed->deck->stopping, composed->names.items[i]);
	tell_ordered(composed->deck, status, err);
	strings_finish(&composed->names);
	free(composed);
}

static void compose_order(struct deck *deck, const char *verb, const struct strings *services)
{
	auto_strings argv = {0};
	struct composed *composed = mem_alloc(sizeof *composed);
	composed->deck = deck;
	strings_copy(&composed->names, services);
	for (size_t i = 0; strcmp(verb, "stop") == 0 && i < services->count; i++)
		strings_add_new(&deck->stopping, services->items[i]);
	project_compose_words(deck->project, &argv);
	strings_add(&argv, verb);
	strings_copy(&argv, services);
	task_start(deck, &argv, deck->project->folder, NULL, 0, on_ordered, composed);
}

/* Compose is asked which services there are, or brings this one up just now:
 * two of its commands at once would undo each other. */
static bool must_wait(const struct deck *deck, const char *name)
{
	return (deck->project == NULL && (deck->reading != NULL || deck->begin != NULL)) || strings_have(&deck->composing, name);
}

static void finish_order(struct order *order)
{
	free(order->name);
	free(order->verb);
}

static void forget_order(struct deck *deck, size_t index)
{
	struct order order = deck->orders.items[index];
	struct service *service = services_find(deck->services, order.name);
	array_remove(&deck->orders, index);
	if (strings_drop(&deck->stopping, order.name) && service != NULL)
		service->is_stopped = false;
	finish_order(&order);
}

/* It is shown as stopping at once. */
static void put_off(struct deck *deck, struct service *service, const char *verb)
{
	for (size_t i = deck->orders.count; i-- > 0;)
		if (strcmp(deck->orders.items[i].name, service->name) == 0)
			forget_order(deck, i); /* the last word counts */
	*array_add(&deck->orders) = (struct order){mem_copy_string(service->name), mem_copy_string(verb)};
	if (strcmp(verb, "stop") != 0)
		return;
	service->is_stopped = true;
	strings_add_new(&deck->stopping, service->name);
}

static bool refuse_unread(struct fault *fault)
{
	return fault_set(fault, FAULT_FAILED, "the project is not read yet");
}

/* What an order comes to: it is done once for all services. */
struct due {
	struct strings composed; /* compose does it with these */
	bool is_wave; /* something is to come up */
};

/* Whether a dependency must be brought up: one that ended as it should is done. */
static bool must_come_up(const struct service *service, const struct compose_depend *depend)
{
	return service->run != SERVICE_RUNNING && (service->is_stopped || !up_depend_holds(service, depend->condition));
}

/* It is made anew where it is gone, and what it depends on with it, as compose's
 * `up SERVICE` does. Whatever is to come up already is not gone through again. */
static void wake(struct deck *deck, struct service *service)
{
	const struct project_service *found = project_find(deck->project, service->name);
	service->is_stopped = false;
	service->is_waiting = service->run != SERVICE_RUNNING;
	if (service->is_waiting || service->is_foreign)
		strings_drop(&deck->brought, service->name);
	for (size_t i = 0; found != NULL && i < found->compose->depends.count; i++) {
		const struct compose_depend *depend = &found->compose->depends.items[i];
		struct service *other = services_find(deck->services, depend->service);
		if (other != NULL && !other->is_waiting && must_come_up(other, depend))
			wake(deck, other);
	}
}

static bool refuse_foreign(const char *name, struct fault *fault)
{
	fault_set(fault, FAULT_FAILED, "%s was made by plain compose: the deck does not start it", name);
	return fault_mend(fault, "take it over, by the key for it on the screen or `cargodeck up --take-over`; or `docker compose start %s`", name);
}

static bool order_one(struct deck *deck, const char *name, const char *verb, struct due *due, struct fault *fault)
{
	struct service *service = services_find(deck->services, name);
	if (name != NULL && name[0] == '/')
		return others_order(deck, name, verb, fault);
	if (service != NULL && must_wait(deck, name)) {
		put_off(deck, service, verb);
		return true;
	}
	if (deck->project == NULL)
		return refuse_unread(fault);
	if (service == NULL)
		return fault_set(fault, FAULT_USAGE, "there is no service %s", name != NULL ? name : "");
	if (share_order(deck, verb, name))
		return true;
	if (strcmp(verb, "stop") == 0) {
		service->is_stopped = true;
		service->is_waiting = false;
		strings_add(&due->composed, name);
	} else if (strcmp(verb, "restart") == 0 && service->run == SERVICE_RUNNING) {
		service->is_ready = false;
		strings_add(&due->composed, name);
	} else if (service->is_foreign && !deck->options.take_over && service->run != SERVICE_RUNNING) {
		return refuse_foreign(name, fault);
	} else {
		wake(deck, service);
		due->is_wave = true;
	}
	return true;
}

void orders_do(struct deck *deck)
{
	struct fault fault;
	size_t left = deck->orders.count; /* one that is put off again goes behind these */
	while (left-- > 0 && deck->project != NULL) {
		struct order order = deck->orders.items[0];
		array_remove(&deck->orders, 0);
		if (!deck_service_order(deck, order.name, order.verb, &fault))
			deck_fault(deck, "order", &fault);
		finish_order(&order);
	}
}

void orders_refuse(struct deck *deck)
{
	struct fault fault;
	if (deck->orders.count == 0)
		return;
	while (deck->orders.count > 0)
		forget_order(deck, 0);
	refuse_unread(&fault);
	deck_fault(deck, "order", &fault);
}

void orders_close(struct deck *deck)
{
	for (size_t i = 0; i < deck->orders.count; i++)
		finish_order(&deck->orders.items[i]);
	array_finish(&deck->orders);
	strings_finish(&deck->stopping);
}

bool deck_services_order(struct deck *deck, const struct strings *names, const char *verb, struct fault *fault)
{
	struct due due = {0};
	bool good = true;
	for (size_t i = 0; i < names->count; i++) {
		struct fault own = {0};
		if (order_one(deck, names->items[i], verb, &due, &own))
			continue;
		if (good)
			*fault = own;
		good = false;
	}
	if (due.composed.count > 0)
		compose_order(deck, verb, &due.composed);
	strings_finish(&due.composed);
	if (due.is_wave)
		up_consider(deck);
	rows_tell(deck);
	deck_changed(deck);
	return good;
}

bool deck_service_order(struct deck *deck, const char *name, const char *verb, struct fault *fault)
{
	auto_strings names = {0};
	strings_add(&names, name != NULL ? name : "");
	return deck_services_order(deck, &names, verb, fault);
}

void deck_take_over(struct deck *deck)
{
	if (share_order(deck, "take-over", NULL))
		return;
	deck->options.take_over = true;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (service->is_foreign)
			strings_drop(&deck->brought, service->name);
	}
	deck_forget_fault(deck, "foreign");
	up_consider(deck);
}

void deck_start_all(struct deck *deck)
{
	if (share_order(deck, "start-all", NULL))
		return;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		struct service *service = services_at(deck->services, i);
		if (service->run == SERVICE_RUNNING || (service->run == SERVICE_EXITED && service_is_well(service)))
			continue;
		service->is_stopped = false;
		strings_drop(&deck->brought, service->name);
	}
	up_consider(deck);
}

bool deck_down(struct deck *deck, struct fault *fault)
{
	if (deck->project == NULL)
		return refuse_unread(fault);
	if (share_order(deck, "down", NULL))
		return true;
	for (size_t i = 0; i < services_count(deck->services); i++)
		services_at(deck->services, i)->is_stopped = true;
	auto_strings argv = {0};
	project_compose_words(deck->project, &argv);
	strings_add(&argv, "down");
	task_start(deck, &argv, deck->project->folder, NULL, 0, on_downed, deck);
	return true;
}

/* ---- a person's own commands ---- */

struct own_run {
	struct deck *deck;
	char *name;
};

static void on_own_done(void *data, int status, const char *out, const char *err)
{
	struct own_run *run = data;
	auto_free char *key = mem_print("own %s", run->name);
	(void)out;
	if (status != 0) {
		struct fault fault;
		auto_str text = {0};
		task_complaint(err, &text);
		fault_set(&fault, FAULT_FAILED, "`%s` ended with %d%s%s", run->name, status, text.len > 0 ? ": " : "", str_text(&text));
		deck_fault(run->deck, key, &fault);
	} else {
		deck_forget_fault(run->deck, key);
	}
	free(run->name);
	free(run);
}

void deck_run_own(struct deck *deck, const char *name, const char *line, const struct strings *words)
{
	struct own_run *run = mem_alloc(sizeof *run);
	*run = (struct own_run){deck, mem_copy_string(name)};
	task_start_told(deck, words, deck_folder(deck), line, on_own_done, run);
}

/* ---- back ---- */

struct going_back {
	struct deck *deck;
	struct family *family;
};

struct kept {
	char bin[128];
	unsigned generation;
};

static unsigned serving_of(const struct deck *deck, const struct family *family, const char *bin)
{
	unsigned generation = 0;
	for (size_t i = 0; i < deck->launchers.count; i++) {
		const struct launcher *launcher = &deck->launchers.items[i];
		if (launcher->family == family->index && strcmp(launcher->bin, bin) == 0 && launcher->generation > generation)
			generation = launcher->generation;
	}
	return generation;
}

static bool go_back(struct going_back *back, const struct wire_frame *frame)
{
	bool any = false;
	for (size_t i = 0; i < back->family->served.count; i++) {
		const char *bin = back->family->served.items[i];
		unsigned serving = serving_of(back->deck, back->family, bin), best = 0;
		size_t at = 0;
		const char *text;
		while ((text = wire_each(frame, "kept", &at)) != NULL) {
			struct kept kept;
			if (sscanf(text, "%127s %u", kept.bin, &kept.generation) == 2 && strcmp(kept.bin, bin) == 0 &&
				kept.generation < serving && kept.generation > best)
				best = kept.generation;
		}
		/* only what the newest generation brought goes back */
		if (best == 0 || serving < back->deck->serving)
			continue;
		agent_select(back->family->agent, bin, best, NULL, NULL);
		map_put(back->family->published, bin, (void *)(uintptr_t)best);
		swap_to(back->family, bin, best);
		any = true;
	}
	return any;
}

static void on_listed(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct going_back *back = data;
	struct fault own;
	if (fault == NULL && go_back(back, frame)) {
		back->deck->serving = 0; /* what serves now will say */
		deck_forget_fault(back->deck, "back");
	} else if (fault == NULL || fault->code != FAULT_CANCELLED) {
		fault_set(&own, FAULT_FAILED, "there is no generation before g%u to go back to", back->deck->serving);
		deck_fault(back->deck, "back", &own);
	}
	free(back);
}

bool deck_go_back(struct deck *deck, struct fault *fault)
{
	bool asked = share_order(deck, "back", NULL);
	for (size_t i = 0; i < deck->families.count; i++) {
		struct family *family = deck->families.items[i];
		if (!agent_is_ready(family->agent))
			continue;
		struct going_back *back = mem_alloc(sizeof *back);
		*back = (struct going_back){.deck = deck, .family = family};
		agent_list(family->agent, on_listed, back);
		asked = true;
	}
	return asked || fault_set(fault, FAULT_FAILED, "the builder is not there yet: it keeps the generations");
}
