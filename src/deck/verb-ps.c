/* `ps` and `wait`: what runs, and waiting until it does. */
#include "cargodeck/verbs.h"
#include "cargodeck/commands.h"
#include "deck.h"

#include <math.h>
#include <stdio.h>

/* ---- printing ---- */

/* "8080->80, 5432": one with an arrow is published, and its first number is the host's. */
static json_t *published_ports(const char *ports)
{
	json_t *array = json_array();
	auto_strings parts = {0};
	if (ports != NULL)
		strings_split(&parts, ports, ',');
	for (size_t i = 0; i < parts.count; i++)
		if (strstr(parts.items[i], "->") != NULL)
			json_array_append_new(array, json_integer(strtol(parts.items[i], NULL, 10)));
	return array;
}

static json_t *service_json(const struct service *service)
{
	json_t *json = json_object();
	json_object_set_new(json, "service", verb_text_or_null(service->name));
	json_object_set_new(json, "state", json_string(service_state_word(service)));
	json_object_set_new(json, "health", json_string(service_health_word(service->health)));
	json_object_set_new(json, "generation", service->generation > 0 ? json_integer(service->generation) : json_null());
	json_object_set_new(json, "binary", verb_text_or_null(service->bin));
	json_object_set_new(json, "image", verb_text_or_null(service->kind));
	json_object_set_new(json, "cpu_percent", service->cpu_percent >= 0 ? json_real(round(service->cpu_percent * 10) / 10) : json_null());
	json_object_set_new(json, "memory_bytes", service->memory > 0 ? json_integer((json_int_t)service->memory) : json_null());
	json_object_set_new(json, "ports", published_ports(service->ports));
	json_object_set_new(json, "restarts", json_integer(service->restarts));
	return json;
}

static void print_json(const struct command_line *line, struct deck *deck)
{
	json_t *array = json_array();
	for (size_t i = 0; i < services_count(deck->services); i++)
		if (verb_wants(line, services_at(deck->services, i)))
			json_array_append_new(array, service_json(services_at(deck->services, i)));
	auto_free char *text = json_dumps(array, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	puts(text);
	json_decref(array);
}

/* "shop: 5 of 6 well, billing exited 101" */
static void print_line(const struct command_line *line, struct deck *deck)
{
	unsigned well = 0, all = 0;
	auto_str bad = {0};
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (!verb_wants(line, service))
			continue;
		all++;
		well += service_is_well(service);
		if (!service_is_well(service) && bad.len < 60)
			str_print(&bad, ", %s %s", service->name, _(service_state_word(service)));
	}
	printf(_("%s: %u of %u well%s\n"), deck->name, well, all, str_text(&bad));
}

static const char *colour_of(const struct service *service)
{
	if (service_is_bad(service))
		return "\033[31m";
	return service_is_well(service) ? "\033[32m" : "\033[33m";
}

static void print_row(const struct service *service, bool colour, int name_width)
{
	char memory[24] = "-", cpu[16] = "-", generation[16] = "-", state[64];
	if (service->memory > 0)
		format_bytes(service->memory, memory, sizeof memory);
	if (service->cpu_percent >= 0)
		snprintf(cpu, sizeof cpu, "%.1f%%", service->cpu_percent);
	if (service->generation > 0)
		snprintf(generation, sizeof generation, "g%u", service->generation);
	if (service->run == SERVICE_EXITED && service_is_bad(service))
		snprintf(state, sizeof state, _("exited %d"), service->exit_code);
	else
		snprintf(state, sizeof state, "%s%s", _(service_state_word(service)), service->is_foreign ? " *" : "");
	printf("%-*s  %s%-*s%s  %5s  %6s  %7s  %-14s %s\n", name_width, service->name, colour ? colour_of(service) : "", text_pad(state, 12), state,
		colour ? "\033[0m" : "", generation, cpu, memory, service->bin != NULL ? service->bin : "-", service->ports != NULL ? service->ports : "-");
}

static void print_headings(int name_width)
{
	static const char *const headings[] = {N_("STATE"), N_("GEN"), N_("CPU"), N_("MEMORY"), N_("BINARY")};
	static const int widths[] = {-12, 5, 6, 7, -14}; /* below 0: to the left */
	printf("%-*s  ", text_pad(_("SERVICE"), name_width), _("SERVICE"));
	for (size_t i = 0; i < COUNT_OF(headings); i++) {
		const char *heading = _(headings[i]);
		int width = text_pad(heading, abs(widths[i]));
		printf("%*s%s", widths[i] < 0 ? -width : width, heading, i + 1 < COUNT_OF(headings) ? "  " : " ");
	}
	puts(_("PORTS"));
}

static void print_table(const struct command_line *line, struct deck *deck)
{
	int width = 7;
	bool colour = verb_is_coloured(line), foreign = false;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		int len = (int)strlen(services_at(deck->services, i)->name);
		width = len > width ? len : width;
	}
	print_headings(width);
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (verb_wants(line, service))
			print_row(service, colour, width);
		foreign = foreign || service->is_foreign;
	}
	if (foreign)
		puts(_("* not under the deck: saves do not reach it; `cargodeck up --take-over` takes it over"));
}

/* Completions ask this: no engine is needed. */
static int print_names(const struct command_line *line)
{
	struct fault fault;
	struct deck_options options;
	verb_options_read(line, &options);
	struct project_options asked = deck_project_options(&options);
	struct project *project = project_open(&asked, &fault);
	for (size_t i = 0; project != NULL && i < project->compose.services.count; i++)
		puts(project->compose.services.items[i].name);
	int status = project != NULL ? 0 : verb_fault(&fault);
	project_close(project);
	verb_options_finish(&options);
	return status;
}

int verb_ps(const struct command_line *line)
{
	struct verb_look looking = {0};
	struct fault fault;
	int status = 0;
	if (command_line_has(line, "names"))
		return print_names(line);
	if (!verb_look_begin(&looking, line, !command_line_has(line, "line"), &fault))
		status = verb_fault(&fault);
	else if (command_line_has(line, "json"))
		print_json(line, looking.deck);
	else if (command_line_has(line, "line"))
		print_line(line, looking.deck);
	else
		print_table(line, looking.deck);
	verb_look_end(&looking);
	return status;
}

/* ---- wait ---- */

static void on_event(void *data, const struct engine_event *event)
{
	rows_event(data, event);
}

static void on_lost(void *data, const struct fault *fault)
{
	deck_fault(data, "engine", fault);
}

static void on_back(void *data)
{
	rows_refresh(data);
}

enum verdict { VERDICT_WAIT, VERDICT_GOOD, VERDICT_BAD };

static enum verdict judge(const struct command_line *line, struct deck *deck, bool healthy, const struct service **bad)
{
	enum verdict verdict = VERDICT_GOOD;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (!verb_wants(line, service))
			continue;
		if (service_is_well(service) || (!healthy && service->run == SERVICE_RUNNING))
			continue;
		*bad = service;
		if (service->run == SERVICE_EXITED)
			return VERDICT_BAD;
		verdict = VERDICT_WAIT;
	}
	return verdict;
}

static void on_time(void *data)
{
	*(bool *)data = true;
}

int verb_wait(const struct command_line *line)
{
	static const struct engine_call calls = {on_lost, on_back, on_event};
	struct verb_look looking = {0};
	struct fault fault;
	const struct service *bad = NULL;
	const char *given = command_line_value(line, "timeout");
	char *rest = NULL;
	unsigned long seconds = given != NULL ? strtoul(given, &rest, 10) : 60;
	bool over = false, healthy = command_line_has(line, "healthy");
	int status = 0;
	if (given != NULL && (*rest != '\0' || rest == given || seconds > 86400)) {
		fault_set(&fault, FAULT_USAGE, "--timeout takes seconds from 0 to 86400, not %s", given);
		return verb_fault(&fault);
	}
	if (!verb_look_begin(&looking, line, false, &fault)) {
		verb_look_end(&looking);
		return verb_fault(&fault);
	}
	struct loop_timer *timer = loop_timer_open(looking.loop, on_time, &over);
	if (seconds > 0)
		loop_timer_set(timer, seconds * 1000, 0);
	engine_follow(looking.deck->engine, NULL, &calls, looking.deck);
	enum verdict verdict;
	while ((verdict = judge(line, looking.deck, healthy, &bad)) == VERDICT_WAIT && !over) {
		probes_consider(looking.deck);
		loop_turn(looking.loop, 500);
		look_read_generations(looking.deck);
	}
	if (verdict != VERDICT_GOOD) {
		fault_set(&fault, FAULT_FAILED, "%s is %s%s%s", bad->name, _(service_state_word(bad)), bad->cause != NULL ? ": " : "",
			bad->cause != NULL ? bad->cause : "");
		if (bad->run == SERVICE_ABSENT)
			fault_mend(&fault, "`cargodeck start %s` makes its container", bad->name);
		else
			fault_mend(&fault, "`cargodeck logs %s` says more", bad->name);
		status = verb_fault(&fault);
	}
	loop_timer_close(timer);
	verb_look_end(&looking);
	return status;
}
