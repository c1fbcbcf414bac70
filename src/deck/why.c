/* Why a service is as it is, for the screen: a sentence with its cause, what it
 * waits for and what waits for it, its probe, its last lines. Filled for each
 * frame while it is shown; view.c calls it. */
#include "deck.h"

#include <signal.h>
#include <stdio.h>

enum { LINES = 40 };

struct why_store {
	ARRAY(struct view_wait) waits, awaited;
	ARRAY(const char *) lines;
	struct strings texts; /* owned texts of this frame */
};

static const char *keep(struct why_store *store, char *text)
{
	strings_take(&store->texts, text);
	return text;
}

/* ---- the sentence ---- */

/* The cause, where one is known, says more than what the number may mean. */
static char *make_ended(const char *name, int code, unsigned restarts, bool has_cause)
{
	const char *meaning = has_cause && code == 128 + SIGKILL ? NULL : service_exit_meaning(code);
	if (restarts == 0)
		return meaning == NULL ? mem_print(_("%s ended with %d."), name, code) :
			mem_print(_("%s ended with %d, %s."), name, code, _(meaning));
	if (meaning == NULL)
		return mem_print(ngettext("%s ended with %d, and was restarted %u time.", "%s ended with %d, and was restarted %u times.",
			restarts), name, code, restarts);
	return mem_print(ngettext("%s ended with %d, %s, and was restarted %u time.", "%s ended with %d, %s, and was restarted %u times.",
		restarts), name, code, _(meaning), restarts);
}

static char *make_restarting(const char *name, unsigned restarts)
{
	if (restarts == 0)
		return mem_print(_("%s ends again and again."), name);
	return mem_print(ngettext("%s ends again and again, and was restarted %u time.", "%s ends again and again, and was restarted %u times.",
		restarts), name, restarts);
}

static char *make_sentence(const struct service *service, const char *waits)
{
	const char *word = service_state_word(service), *name = service->name;
	if (strcmp(word, "exited") == 0)
		return make_ended(name, service->exit_code, service->restarts, service->cause != NULL);
	if (strcmp(word, "restarting") == 0)
		return make_restarting(name, service->restarts);
	if (strcmp(word, "unhealthy") == 0)
		return mem_print(_("%s runs, but its probe fails."), name);
	if (service->run == SERVICE_CREATED)
		return waits != NULL ? mem_print(_("%s was made and not started: it waits for %s."), name, waits) :
			mem_print(_("%s was made and not started."), name);
	if (strcmp(word, "starting") == 0)
		return mem_print(_("%s runs; its probe has not passed yet."), name);
	if (strcmp(word, "waiting") == 0)
		return waits != NULL ? mem_print(_("%s is not started yet: it waits for %s."), name, waits) :
			mem_print(_("%s is not started yet: it waits for its program."), name);
	if (strcmp(word, "absent") == 0)
		return mem_print(_("%s has no container."), name);
	if (strcmp(word, "done") == 0)
		return mem_print(_("%s ended with 0, as a job does."), name);
	return mem_print(_("%s is %s."), name, view_word(word));
}

static const char *what_mends(const struct service *service)
{
	const char *word = service_state_word(service);
	if (service->is_foreign)
		return _("It runs outside the deck: take it over, and saves reach it.");
	if (strcmp(word, "exited") == 0 || strcmp(word, "restarting") == 0)
		return service->bin != NULL ? _("Mend the cause and save: what is built starts it again. Or restart it.") :
			_("Mend the cause, then restart it.");
	if (strcmp(word, "unhealthy") == 0)
		return _("Its log and the probe's words say more; a restart may help.");
	if (strcmp(word, "absent") == 0 || strcmp(word, "stopped") == 0 || service->run == SERVICE_CREATED)
		return _("Start it.");
	return NULL;
}

/* ---- what waits for what ---- */

static void add_wait(struct deck *deck, struct view_wait *out, const char *name, const struct compose_depend *depend,
	const struct service *other)
{
	*out = (struct view_wait){.name = name, .condition = depend->condition,
		.state = other != NULL ? view_state_of(deck, other) : VIEW_STOPPED,
		.state_text = other != NULL ? service_state_word(other) : N_("not chosen by a profile")};
}

static const char *fill_waits(struct deck *deck, struct why_store *store, const struct compose_service *own)
{
	const char *first = NULL;
	for (size_t i = 0; own != NULL && i < own->depends.count; i++) {
		const struct compose_depend *depend = &own->depends.items[i];
		const struct service *other = services_find(deck->services, depend->service);
		struct view_wait *wait = array_add(&store->waits);
		add_wait(deck, wait, depend->service, depend, other);
		wait->holds = other == NULL || up_depend_holds(other, depend->condition);
		first = first == NULL && !wait->holds ? depend->service : first;
	}
	return first;
}

static void fill_awaited(struct deck *deck, struct why_store *store, const struct service *service)
{
	const struct compose_model *model = &deck->project->compose;
	for (size_t i = 0; i < model->services.count; i++) {
		const struct compose_service *other = &model->services.items[i];
		for (size_t j = 0; j < other->depends.count; j++) {
			const struct compose_depend *depend = &other->depends.items[j];
			if (strcmp(depend->service, service->name) != 0)
				continue;
			struct view_wait *wait = array_add(&store->awaited);
			add_wait(deck, wait, other->name, depend, services_find(deck->services, other->name));
			wait->holds = up_depend_holds(service, depend->condition);
		}
	}
}

/* ---- its probe and its last lines ---- */

static const char *probe_text(struct why_store *store, const struct service *service)
{
	auto_strings words = {0};
	if (!service->is_probed || service->health_test.count < 2)
		return NULL;
	for (size_t i = 1; i < service->health_test.count; i++)
		strings_add(&words, service->health_test.items[i]);
	return keep(store, strings_join(&words, " ", NULL));
}

static void fill_lines(struct deck *deck, struct why_store *store, const char *service)
{
	struct log_store *log = follow_own_store(deck, service);
	if (log == NULL)
		return;
	uint64_t end = log_store_end(log), first = log_store_first(log);
	for (uint64_t number = end > first + LINES ? end - LINES : first; number < end; number++) {
		struct log_line line;
		auto_str shown = {0};
		if (!log_store_get(log, number, &line))
			continue;
		bool is_json = log_json_render(line.text, line.len, &shown);
		*array_add(&store->lines) = keep(store, is_json ? mem_copy_string(str_text(&shown)) : mem_copy_bytes(line.text, line.len));
	}
}

/* ---- public ---- */

void deck_explain(struct deck *deck, const char *service)
{
	service_set_text(&deck->explained, service);
	deck_changed(deck);
}

void why_fill(struct deck *deck, struct view_why *out)
{
	const struct service *service = deck->explained != NULL ? services_find(deck->services, deck->explained) : NULL;
	*out = (struct view_why){0};
	if (service == NULL || deck->project == NULL)
		return;
	if (deck->why == NULL)
		deck->why = mem_alloc(sizeof *deck->why);
	struct why_store *store = deck->why;
	store->waits.count = store->awaited.count = store->lines.count = 0;
	strings_finish(&store->texts);
	const char *first = fill_waits(deck, store, compose_find(&deck->project->compose, service->name));
	fill_awaited(deck, store, service);
	fill_lines(deck, store, service->name);
	*out = (struct view_why){.service = service->name, .state = view_state_of(deck, service),
		.sentence = keep(store, make_sentence(service, first)), .cause = rows_cause(service), .mend = what_mends(service),
		.waits = store->waits.items, .wait_count = store->waits.count,
		.awaited = store->awaited.items, .awaited_count = store->awaited.count,
		.probe = probe_text(store, service), .probe_said = text_equal(service->health_output, "") ? NULL : service->health_output,
		.lines = store->lines.items, .line_count = store->lines.count};
}

void why_close(struct deck *deck)
{
	struct why_store *store = steal(&deck->why);
	free(steal(&deck->explained));
	if (store == NULL)
		return;
	array_finish(&store->waits);
	array_finish(&store->awaited);
	array_finish(&store->lines);
	strings_finish(&store->texts);
	free(store);
}
