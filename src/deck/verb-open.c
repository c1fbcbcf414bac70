/* `open`: the http address of a port that a service publishes, printed, and
 * opened where there is a browser. */
#include "cargodeck/verbs.h"
#include "deck.h"

#include <stdio.h>

enum { OPEN_MS = 10000 };

/* The port, or 0: none was given; -1: what was given is none. */
static long port_given(const struct command_line *line)
{
	char *rest;
	if (line->arguments.count < 2)
		return 0;
	long port = strtol(line->arguments.items[1], &rest, 10);
	return *rest == '\0' && port > 0 && port < 65536 ? port : -1;
}

static int open_in_browser(const char *address)
{
	auto_free char *opener = address_opener();
	const char *const argv[] = {opener, address, NULL};
	struct fault fault = {0};
	if (opener == NULL)
		return 0;
	int status = loop_child_run(&(struct loop_child_options){.argv = argv}, OPEN_MS, NULL, NULL, &fault);
	if (status == 0)
		return 0;
	fault_set(&fault, FAULT_OUTSIDE, "xdg-open could not open it");
	fault_mend(&fault, "open the address yourself");
	return verb_fault(&fault);
}

int verb_open(const struct command_line *line)
{
	struct verb_look look = {0};
	struct fault fault = {0};
	struct command_line first = *line; /* the port is no service */
	long port = port_given(line);
	int status;
	if (port < 0) {
		fault_set(&fault, FAULT_USAGE, "a port is a number from 1 to 65535, not \"%s\"", line->arguments.items[1]);
		return verb_fault(&fault);
	}
	first.arguments.count = 1;
	char *address = NULL;
	if (verb_look_begin(&look, &first, false, &fault))
		address = address_of(look.deck->engine, services_find(look.deck->services, line->arguments.items[0]), port, &fault);
	if (address == NULL) {
		status = verb_fault(&fault);
	} else if (command_line_has(line, "json")) {
		json_t *json = json_object();
		json_object_set_new(json, "service", verb_text_or_null(line->arguments.items[0]));
		json_object_set_new(json, "address", verb_text_or_null(address));
		auto_free char *text = json_dumps(json, JSON_COMPACT);
		puts(text);
		json_decref(json);
		status = 0;
	} else {
		puts(address);
		fflush(stdout);
		status = open_in_browser(address);
	}
	free(address);
	verb_look_end(&look);
	return status;
}
