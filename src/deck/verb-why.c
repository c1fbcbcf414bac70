/* `why`: what the screen's view says of a service, in a shell. */
#include "cargodeck/verbs.h"
#include "deck.h"

#include <stdio.h>

enum { QUIET_MS = 150, MOST_MS = 2000, SHOWN_LINES = 10 };

/* Causes are read from the ends of logs, and these come by themselves. */
static void read_all(struct verb_look *look, const char *service)
{
	uint64_t began = clock_now_ns(), changed = began, lines = 0;
	deck_follow_log(look->deck, service);
	for (uint64_t now = began; now - began < MOST_MS * 1000000ull; now = clock_now_ns()) {
		struct log_store *store = follow_own_store(look->deck, service);
		uint64_t end = store != NULL ? log_store_end(store) : 0;
		if (end != lines || look->deck->causes.count > 0)
			changed = now;
		if (now - changed >= QUIET_MS * 1000000ull)
			return;
		lines = end;
		loop_turn(look->loop, QUIET_MS);
	}
}

/* ---- as JSON ---- */

static json_t *waits_json(const struct view_wait *waits, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *json = json_object();
		json_object_set_new(json, "service", verb_text_or_null(waits[i].name));
		json_object_set_new(json, "state", verb_text_or_null(waits[i].state_text));
		json_object_set_new(json, "condition", verb_text_or_null(waits[i].condition));
		json_object_set_new(json, "holds", json_boolean(waits[i].holds));
		json_array_append_new(array, json);
	}
	return array;
}

static json_t *why_json(const struct view_why *why, const char *state)
{
	json_t *json = json_object(), *lines = json_array();
	json_object_set_new(json, "service", verb_text_or_null(why->service));
	json_object_set_new(json, "state", verb_text_or_null(state));
	json_object_set_new(json, "sentence", verb_text_or_null(why->sentence));
	json_object_set_new(json, "cause", verb_text_or_null(why->cause));
	json_object_set_new(json, "mend", verb_text_or_null(why->mend));
	json_object_set_new(json, "waits_for", waits_json(why->waits, why->wait_count));
	json_object_set_new(json, "waited_for_by", waits_json(why->awaited, why->awaited_count));
	json_object_set_new(json, "probe", verb_text_or_null(why->probe));
	json_object_set_new(json, "probe_said", verb_text_or_null(why->probe_said));
	for (size_t i = why->line_count > SHOWN_LINES ? why->line_count - SHOWN_LINES : 0; i < why->line_count; i++)
		json_array_append_new(lines, verb_text_or_null(why->lines[i]));
	json_object_set_new(json, "lines", lines);
	return json;
}

/* ---- as text ---- */

static void print_clean(const char *before, const char *text)
{
	auto_strings lines = {0};
	if (text == NULL)
		return;
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		auto_str clean = {0};
		text_add_clean(&clean, lines.items[i], strlen(lines.items[i]), false);
		printf("%s%s\n", before, str_text(&clean));
	}
}

static void print_waits(const char *heading, const struct view_wait *waits, size_t count)
{
	if (count > 0)
		printf("  %s\n", heading);
	for (size_t i = 0; i < count; i++)
		printf("    %-16s %-*s %s %s\n", waits[i].name, text_pad(_(waits[i].state_text), 12), _(waits[i].state_text),
			waits[i].holds ? _("holds:") : _("does not hold yet:"), waits[i].condition);
}

static void print_why(const struct view_why *why)
{
	print_clean("", why->sentence);
	print_clean("  ", why->cause);
	print_clean("  ", why->mend);
	print_waits(_("it waits for"), why->waits, why->wait_count);
	print_waits(_("these wait for it"), why->awaited, why->awaited_count);
	print_clean(_("  its probe: "), why->probe);
	print_clean("    ", why->probe_said);
	if (why->line_count > 0)
		puts(_("  its last lines"));
	for (size_t i = why->line_count > SHOWN_LINES ? why->line_count - SHOWN_LINES : 0; i < why->line_count; i++)
		print_clean("    ", why->lines[i]);
}

/* ---- all that are asked about ---- */

/* How many are not well. `array`: as JSON, or NULL. */
static unsigned explain_all(const struct command_line *line, struct verb_look *look, json_t *array)
{
	unsigned bad = 0, shown = 0;
	for (size_t i = 0; i < services_count(look->deck->services); i++) {
		struct service *service = services_at(look->deck->services, i);
		struct view_why why;
		bool well = service_is_well(service);
		/* without names: those that are not well */
		if (!verb_wants(line, service) || (line->arguments.count == 0 && well))
			continue;
		read_all(look, service->name);
		deck_explain(look->deck, service->name);
		why_fill(look->deck, &why);
		bad += !well;
		if (array != NULL) {
			json_array_append_new(array, why_json(&why, service_state_word(service)));
			continue;
		}
		if (shown++ > 0)
			putchar('\n');
		print_why(&why);
	}
	return bad;
}

int verb_why(const struct command_line *line)
{
	struct verb_look look = {0};
	struct fault fault;
	int status;
	if (!verb_look_begin(&look, line, false, &fault)) {
		status = verb_fault(&fault);
	} else {
		json_t *array = command_line_has(line, "json") ? json_array() : NULL;
		unsigned bad = explain_all(line, &look, array);
		if (array != NULL) {
			auto_free char *text = json_dumps(array, JSON_INDENT(2));
			puts(text);
			json_decref(array);
		} else if (bad == 0 && line->arguments.count == 0) {
			printf(_("all %zu services are well\n"), services_count(look.deck->services));
		}
		status = bad > 0 ? 1 : 0;
	}
	verb_look_end(&look);
	return status;
}
