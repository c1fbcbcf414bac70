/* `events`: what the engine tells of the project's containers, one line each, as
 * it comes; until Ctrl-C. */
#include "cargodeck/verbs.h"
#include "deck.h"

#include <signal.h>
#include <stdio.h>

struct listening {
	bool json, stopped;
	int width;
};

/* ---- since when ---- */

/* "90s", "10m", "2h", "1d": before now; a moment of RFC 3339; seconds since 1970. */
static bool read_since(const char *text, int64_t *ns, struct fault *fault)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char *rest;
	long long value = text[0] >= '0' && text[0] <= '9' ? strtoll(text, &rest, 10) : -1;
	*ns = clock_parse_rfc3339_ns(text);
	if (*ns >= 0)
		return true;
	for (size_t i = 0; value >= 0 && value < 1000000000 && i < COUNT_OF(units); i++)
		if (rest[0] == units[i].letter && rest[1] == '\0') {
			*ns = (clock_wall_ms() / 1000 - value * units[i].seconds) * 1000000000;
			*ns = *ns > 0 ? *ns : 1;
			return true;
		}
	if (value > 0 && value < 9000000000 && rest[0] == '\0') {
		*ns = value * 1000000000;
		return true;
	}
	fault_set(fault, FAULT_USAGE, "--since takes a time as 10m, 2h or 2026-11-23T14:02:11Z, not \"%s\"", text);
	return false;
}

/* ---- printing ---- */

static void print_json(const struct engine_event *event, const char *time)
{
	json_t *json = json_object();
	json_object_set_new(json, "time", json_string(time));
	json_object_set_new(json, "service", verb_text_or_null(event->service));
	json_object_set_new(json, "action", verb_text_or_null(event->action));
	json_object_set_new(json, "container", verb_text_or_null(event->id));
	json_object_set_new(json, "exit_code", event->exit_code >= 0 ? json_integer(event->exit_code) : json_null());
	auto_free char *line = json_dumps(json, JSON_COMPACT);
	puts(line != NULL ? line : "{}");
	json_decref(json);
}

static void print_text(const struct listening *listening, const struct engine_event *event, const char *time)
{
	auto_str action = {0}, service = {0};
	const char *name = event->service != NULL ? event->service : "-";
	text_add_clean(&action, event->action, strnlen(event->action, 500), false);
	text_add_clean(&service, name, strnlen(name, 200), false);
	printf("%s  %-*s  %s", time, listening->width, str_text(&service), str_text(&action));
	if (event->exit_code >= 0)
		printf(_(", exit code %d"), event->exit_code);
	putchar('\n');
}

static void on_event(void *data, const struct engine_event *event)
{
	struct listening *listening = data;
	char time[40];
	clock_format_rfc3339(event->time_ns / 1000000, time, sizeof time);
	if (listening->json)
		print_json(event, time);
	else
		print_text(listening, event, time);
	if (fflush(stdout) != 0)
		listening->stopped = true; /* nobody reads any more */
}

static void on_lost(void *data, const struct fault *fault)
{
	(void)data;
	fprintf(stderr, _("cargodeck: %s; it goes on when the engine is back\n"), fault->text);
}

static void on_back(void *data)
{
	(void)data;
	fputs(_("cargodeck: the engine is back\n"), stderr);
}

static void on_signal(void *data, int number)
{
	struct listening *listening = data;
	(void)number;
	listening->stopped = true;
}

static void listen_on(struct listening *listening, struct verb_look *look, int64_t since_ns)
{
	static const struct engine_call calls = {on_lost, on_back, on_event};
	struct loop_signal *term = loop_signal_open(look->loop, SIGTERM, on_signal, listening);
	struct loop_signal *interrupt = loop_signal_open(look->loop, SIGINT, on_signal, listening);
	signal(SIGPIPE, SIG_IGN);
	listening->width = 7;
	for (size_t i = 0; i < services_count(look->deck->services); i++) {
		int len = (int)strlen(services_at(look->deck->services, i)->name);
		listening->width = len > listening->width ? len : listening->width;
	}
	engine_follow_since(look->deck->engine, since_ns > 0 ? since_ns : clock_wall_ms() * 1000000);
	engine_follow(look->deck->engine, look->deck->name, &calls, listening);
	while (!listening->stopped)
		loop_turn(look->loop, -1);
	loop_signal_close(term);
	loop_signal_close(interrupt);
}

int verb_events(const struct command_line *line)
{
	struct listening listening = {.json = command_line_has(line, "json")};
	struct verb_look look = {0};
	struct fault fault = {0};
	const char *given = command_line_value(line, "since");
	int64_t since_ns = 0;
	int status = 0;
	if (given != NULL && !read_since(given, &since_ns, &fault))
		return verb_fault(&fault);
	if (!verb_look_begin(&look, line, false, &fault))
		status = verb_fault(&fault);
	else
		listen_on(&listening, &look, since_ns);
	verb_look_end(&look);
	return status;
}
