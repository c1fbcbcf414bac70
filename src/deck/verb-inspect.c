/* `inspect` and `compose-config`: what a container is, how it is configured, and
 * where the two differ. The readers are those of the screen (container.h). */
#include "cargodeck/verbs.h"
#include "container.h"

#include <stdio.h>

enum { ASK_MS = 10000, COMPOSE_MS = 30000 };

/* ---- asking ---- */

static json_t *ask_container(struct deck *deck, const struct service *service, struct fault *fault)
{
	if (service->container == NULL) {
		fault_set(fault, FAULT_FAILED, "%s has no container", service->name);
		fault_mend(fault, "`cargodeck start %s` makes it", service->name);
		return NULL;
	}
	auto_free char *path = mem_print("/containers/%s/json", service->container);
	return engine_wait(deck->engine, "GET", path, NULL, ASK_MS, fault);
}

/* NULL: it is gone, or not known. */
static json_t *ask_image(struct deck *deck, const char *name)
{
	auto_free char *quoted = name != NULL ? engine_quote(name) : NULL;
	auto_free char *path = mem_print("/images/%s/json", quoted != NULL ? quoted : "");
	return name != NULL ? engine_wait(deck->engine, "GET", path, NULL, ASK_MS, NULL) : NULL;
}

/* ---- inspect ---- */

static void print_page(const char *heading, struct page *page, int width)
{
	if (heading != NULL)
		printf(page->rows.count == 0 ? _("\n%s: none\n") : "\n%s\n", heading);
	for (size_t i = 0; i < page->rows.count; i++) {
		const struct view_field *row = &page->rows.items[i];
		int indent = (int)row->depth * 2 + (heading != NULL ? 2 : 0);
		bool has_value = row->value != NULL && row->value[0] != '\0';
		const char *name = row->name != NULL ? row->name : "";
		printf("%*s%-*s%s%s\n", indent, "", has_value && width > indent ? text_pad(name, width - indent) : 0, name, has_value ? "  " : "",
			has_value ? row->value : "");
	}
	page_finish(page);
}

static void print_facts(const json_t *facts)
{
	struct page page = {0};
	page_overview(&page, facts);
	print_page(NULL, &page, 18);
	page_env(&page, facts);
	print_page(_("environment"), &page, 28);
	page_mounts(&page, facts);
	print_page(_("mounts"), &page, 28);
	page_labels(&page, facts);
	print_page(_("labels"), &page, 28);
}

static void print_json(const json_t *json)
{
	auto_free char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	puts(text != NULL ? text : "null");
}

int verb_inspect(const struct command_line *line)
{
	struct verb_look look = {0};
	struct fault fault = {0};
	int status = 0;
	json_t *inspect = NULL;
	if (verb_look_begin(&look, line, false, &fault))
		inspect = ask_container(look.deck, services_find(look.deck->services, line->arguments.items[0]), &fault);
	if (inspect == NULL) {
		status = verb_fault(&fault);
	} else {
		json_t *image = ask_image(look.deck, json_string_value(json_object_get(inspect, "Image")));
		json_t *facts = facts_make(line->arguments.items[0], inspect, image);
		if (command_line_has(line, "json"))
			print_json(facts);
		else
			print_facts(facts);
		json_decref(facts);
		json_decref(image);
		json_decref(inspect);
	}
	verb_look_end(&look);
	return status;
}

/* ---- compose-config ---- */

static json_t *ask_compose(struct deck *deck, struct fault *fault)
{
	auto_strings argv = {0};
	auto_str out = {0}, err = {0}, words = {0};
	configured_words(deck->project, deck->state_folder, &argv);
	auto_free const char **vector = strings_vector(&argv);
	int status = loop_child_run(&(struct loop_child_options){.argv = vector, .cwd = deck->project->folder}, COMPOSE_MS, &out, &err, fault);
	if (status == 0)
		return configured_read(str_text(&out), out.len, fault);
	task_complaint(str_text(&err), &words);
	if (status > 0)
		fault_set(fault, FAULT_FAILED, "compose said: %s", str_text(&words));
	return NULL;
}

static json_t *drift_of(struct deck *deck, const json_t *whole, const struct service *service, struct fault *fault)
{
	json_t *found = json_array();
	if (service->container == NULL) {
		json_array_append_new(found, json_pack("{s:s, s:n, s:s, s:s}", "what", "container", "name", "configured", "there", "running", "not there"));
		return found;
	}
	json_t *inspect = ask_container(deck, service, fault);
	json_decref(found);
	if (inspect == NULL)
		return NULL;
	json_t *image = ask_image(deck, json_string_value(json_object_get(json_object_get(inspect, "Config"), "Image")));
	found = drift_find(whole, service->name, inspect, image);
	json_decref(image);
	json_decref(inspect);
	return found;
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text != NULL ? text : "";
}

static void print_drift(const char *service, const json_t *found)
{
	size_t i;
	const json_t *item;
	json_array_foreach(found, i, item)
		printf(_("%s: %s%s%s: configured %s, running %s\n"), service, drift_text(text_of(item, "what")), text_of(item, "name")[0] != '\0' ? " " : "",
			text_of(item, "name"), drift_text(text_of(item, "configured")), drift_text(text_of(item, "running")));
}

/* How many differences; -1 and a fault. */
static int find_drift(const struct command_line *line, struct deck *deck, const json_t *whole, struct fault *fault)
{
	bool as_json = command_line_has(line, "json");
	json_t *all = json_object();
	int count = 0;
	for (size_t i = 0; i < services_count(deck->services) && count >= 0; i++) {
		const struct service *service = services_at(deck->services, i);
		if (!verb_wants(line, service))
			continue;
		json_t *found = drift_of(deck, whole, service, fault);
		if (found != NULL && !as_json)
			print_drift(service->name, found);
		count = found != NULL ? count + (int)json_array_size(found) : -1;
		json_object_set_new(all, service->name, found != NULL ? found : json_null());
	}
	if (count >= 0 && as_json)
		print_json(all);
	else if (count == 0)
		puts(_("what runs is as it is configured"));
	json_decref(all);
	return count;
}

static void print_configured(const struct command_line *line, const json_t *whole)
{
	json_t *shown = facts_mask(whole), *services = json_object_get(shown, "services");
	const char *name;
	json_t *item;
	void *next;
	json_object_foreach_safe(services, next, name, item)
		if (line->arguments.count > 0 && !strings_have(&line->arguments, name))
			json_object_del(services, name);
	print_json(shown);
	json_decref(shown);
}

int verb_compose_config(const struct command_line *line)
{
	struct verb_look look = {0};
	struct fault fault = {0};
	int status = 0;
	json_t *whole = NULL;
	if (verb_look_begin(&look, line, false, &fault))
		whole = ask_compose(look.deck, &fault);
	if (whole == NULL) {
		status = verb_fault(&fault);
	} else if (command_line_has(line, "drift")) {
		int count = find_drift(line, look.deck, whole, &fault);
		status = count < 0 ? verb_fault(&fault) : count > 0;
	} else {
		print_configured(line, whole);
	}
	json_decref(whole);
	verb_look_end(&look);
	return status;
}
