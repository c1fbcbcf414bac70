/* How verbs look at a project without running it: a deck that follows nothing
 * and builds nothing, filled once. */
#include "cargodeck/verbs.h"
#include "deck.h"

bool verb_look_begin(struct verb_look *look, const struct command_line *line, bool figures, struct fault *fault)
{
	look->loop = loop_open();
	verb_options_read(line, &look->options);
	look->deck = deck_open(look->loop, &look->options, NULL, NULL, fault);
	if (look->deck == NULL || !deck_look(look->deck, figures, fault))
		return false;
	return verb_services_known(look->deck, &line->arguments, fault);
}

void verb_look_end(struct verb_look *look)
{
	deck_close(look->deck);
	verb_options_finish(&look->options);
	loop_close(look->loop);
}

bool verb_services_known(struct deck *deck, const struct strings *names, struct fault *fault)
{
	for (size_t i = 0; i < names->count; i++) {
		if (services_find(deck->services, names->items[i]) != NULL)
			continue;
		auto_strings all = {0};
		for (size_t j = 0; j < services_count(deck->services); j++)
			strings_add(&all, services_at(deck->services, j)->name);
		auto_free char *joined = strings_join(&all, ", ", _(" and "));
		fault_set(fault, FAULT_USAGE, "there is no service %s", names->items[i]);
		return fault_mend(fault, "the services are %s", joined);
	}
	return true;
}

bool verb_wants(const struct command_line *line, const struct service *service)
{
	return line->arguments.count == 0 || strings_have(&line->arguments, service->name);
}

json_t *verb_text_or_null(const char *text)
{
	auto_str clean = {0};
	if (text == NULL)
		return json_null();
	text_add_clean(&clean, text, strlen(text), false);
	return json_string(str_text(&clean));
}
