/* The compose model, as `docker compose config --format json` merges it (the
 * Compose Specification). It holds secrets: it stays in memory, and of the
 * environment nothing is kept at all. */
#include "cargodeck/project.h"

#include <jansson.h>
#include <stdio.h>

static const char *get_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Compose writes a dollar twice: its output is a compose file again. */
static char *undouble(const char *text)
{
	struct str out = {0};
	if (text == NULL)
		return NULL;
	for (const char *at = text; *at != '\0'; at++) {
		str_add_char(&out, *at);
		at += at[0] == '$' && at[1] == '$';
	}
	return str_steal(&out);
}

static char *copy_text(const json_t *object, const char *name)
{
	return undouble(get_text(object, name));
}

static bool read_words(const json_t *value, struct strings *words)
{
	size_t i;
	json_t *item;
	if (json_is_string(value))
		strings_take(words, undouble(json_string_value(value)));
	json_array_foreach(value, i, item)
		if (json_is_string(item))
			strings_take(words, undouble(json_string_value(item)));
	return json_is_string(value) || json_is_array(value);
}

static void read_pairs(const json_t *value, struct strings *pairs)
{
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)value, key, item) {
		auto_free char *text = undouble(json_string_value(item));
		if (text != NULL)
			strings_print(pairs, "%s=%s", key, text);
		else if (json_is_integer(item))
			strings_print(pairs, "%s=%lld", key, (long long)json_integer_value(item));
		else if (json_is_boolean(item))
			strings_print(pairs, "%s=%s", key, json_is_true(item) ? "true" : "false");
	}
}

/* Compose writes durations as "1m30s" and sizes as "268435456". */
static uint64_t read_duration_ms(const char *text, uint64_t otherwise)
{
	uint64_t total = 0;
	if (text == NULL)
		return otherwise;
	while (*text != '\0') {
		char *end;
		double value = strtod(text, &end);
		if (end == text || value < 0 || value > 1e9)
			return otherwise;
		if (text_starts_with(end, "ms"))
			total += (uint64_t)value, end += 2;
		else if (*end == 's')
			total += (uint64_t)(value * 1000), end++;
		else if (*end == 'm')
			total += (uint64_t)(value * 60000), end++;
		else if (*end == 'h')
			total += (uint64_t)(value * 3600000), end++;
		else
			return otherwise;
		text = end;
	}
	return total;
}

static uint64_t read_bytes(const json_t *value)
{
	if (json_is_string(value))
		return strtoull(json_string_value(value), NULL, 10);
	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

static void read_build(const json_t *build, struct compose_service *out)
{
	if (build == NULL || json_is_null(build))
		return;
	out->has_build = true;
	if (json_is_string(build)) {
		out->context = undouble(json_string_value(build));
		out->dockerfile = path_join(out->context, "Dockerfile");
		return;
	}
	out->context = copy_text(build, "context");
	out->build_target = copy_text(build, "target");
	out->dockerfile_inline = copy_text(build, "dockerfile_inline");
	auto_free char *file = copy_text(build, "dockerfile");
	/* a context may be an address: then there is nothing to read here */
	auto_free char *joined = out->context != NULL && strstr(out->context, "://") == NULL ? path_join(out->context, file != NULL ? file : "Dockerfile") : NULL;
	out->dockerfile = joined != NULL ? path_clean(joined) : NULL;
	read_pairs(json_object_get(build, "args"), &out->build_args);
}

static void read_mounts(const json_t *volumes, struct compose_service *out)
{
	size_t i;
	json_t *volume;
	json_array_foreach(volumes, i, volume) {
		struct compose_mount *mount = array_add(&out->mounts);
		mount->type = copy_text(volume, "type");
		mount->source = copy_text(volume, "source");
		mount->target = copy_text(volume, "target");
		mount->read_only = json_is_true(json_object_get(volume, "read_only"));
	}
}

static void read_depends(const json_t *depends, struct compose_service *out)
{
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)depends, key, item) {
		struct compose_depend *depend = array_add(&out->depends);
		depend->service = mem_copy_string(key);
		depend->condition = mem_copy_string(get_text(item, "condition") != NULL ? get_text(item, "condition") : "service_started");
		depend->required = !json_is_false(json_object_get(item, "required"));
	}
}

static void read_watches(const json_t *develop, struct compose_service *out)
{
	size_t i;
	json_t *rule;
	json_array_foreach(json_object_get(develop, "watch"), i, rule) {
		struct compose_watch *watch = array_add(&out->watches);
		watch->action = copy_text(rule, "action");
		watch->path = copy_text(rule, "path");
		watch->target = copy_text(rule, "target");
		read_words(json_object_get(rule, "ignore"), &watch->ignore);
	}
}

static void read_labels(const json_t *labels, struct compose_service *out)
{
	const char *key;
	json_t *item;
	out->labels = map_open(free);
	json_object_foreach((json_t *)(uintptr_t)labels, key, item)
		if (json_is_string(item))
			map_put(out->labels, key, undouble(json_string_value(item)));
}

static void read_env_files(const json_t *files, struct compose_service *out)
{
	size_t i;
	json_t *file;
	json_array_foreach(files, i, file) {
		char *path = json_is_string(file) ? undouble(json_string_value(file)) : copy_text(file, "path");
		if (path != NULL)
			strings_take(&out->env_files, path);
	}
}

static void read_service(const char *name, json_t *json, struct compose_service *out)
{
	const json_t *health = json_object_get(json, "healthcheck");
	const json_t *limits = json_object_get(json_object_get(json_object_get(json, "deploy"), "resources"), "limits");
	out->name = mem_copy_string(name);
	out->image = copy_text(json, "image");
	out->user = copy_text(json, "user");
	out->working_dir = copy_text(json, "working_dir");
	out->network_mode = copy_text(json, "network_mode");
	out->restart = copy_text(json, "restart");
	out->read_only = json_is_true(json_object_get(json, "read_only"));
	out->tty = json_is_true(json_object_get(json, "tty"));
	out->has_entrypoint = read_words(json_object_get(json, "entrypoint"), &out->entrypoint);
	out->has_command = read_words(json_object_get(json, "command"), &out->command);
	read_words(json_object_get(health, "test"), &out->health_test);
	out->has_health = out->health_test.count > 0 && !json_is_true(json_object_get(health, "disable")) &&
		strcmp(out->health_test.items[0], "NONE") != 0;
	out->memory_limit = read_bytes(json_object_get(json, "mem_limit"));
	if (out->memory_limit == 0)
		out->memory_limit = read_bytes(json_object_get(limits, "memory"));
	out->grace_ms = read_duration_ms(get_text(json, "stop_grace_period"), 10000);
	read_build(json_object_get(json, "build"), out);
	read_mounts(json_object_get(json, "volumes"), out);
	read_depends(json_object_get(json, "depends_on"), out);
	read_watches(json_object_get(json, "develop"), out);
	read_labels(json_object_get(json, "labels"), out);
	read_env_files(json_object_get(json, "env_file"), out);
	char *whole = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	out->hash = whole != NULL ? hash_bytes(whole, strlen(whole)) : 0;
	free(whole);
}

bool compose_model_read(const char *text, size_t len, struct compose_model *model, struct fault *fault)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);
	const char *key;
	json_t *service;
	if (!json_is_object(json_object_get(json, "services"))) {
		if (json == NULL)
			fault_set(fault, FAULT_INPUT, "compose gave a model without services: %s", error.text);
		else
			fault_set(fault, FAULT_INPUT, "compose gave a model without services");
		json_decref(json);
		return false;
	}
	model->name = mem_copy_string(get_text(json, "name") != NULL ? get_text(json, "name") : "project");
	if (json_is_object(json_object_get(json, "x-cargodeck")))
		model->settings = json_dumps(json_object_get(json, "x-cargodeck"), JSON_COMPACT);
	json_object_foreach(json_object_get(json, "services"), key, service)
		read_service(key, service, array_add(&model->services));
	json_decref(json);
	return true;
}

static void finish_service(struct compose_service *service)
{
	char *const owned[] = {service->name, service->image, service->user, service->working_dir, service->network_mode,
		service->restart, service->context, service->dockerfile, service->build_target, service->dockerfile_inline};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free(owned[i]);
	for (size_t i = 0; i < service->mounts.count; i++) {
		free(service->mounts.items[i].type);
		free(service->mounts.items[i].source);
		free(service->mounts.items[i].target);
	}
	for (size_t i = 0; i < service->depends.count; i++) {
		free(service->depends.items[i].service);
		free(service->depends.items[i].condition);
	}
	for (size_t i = 0; i < service->watches.count; i++) {
		free(service->watches.items[i].action);
		free(service->watches.items[i].path);
		free(service->watches.items[i].target);
		strings_finish(&service->watches.items[i].ignore);
	}
	array_finish(&service->mounts);
	array_finish(&service->depends);
	array_finish(&service->watches);
	strings_finish(&service->build_args);
	strings_finish(&service->entrypoint);
	strings_finish(&service->command);
	strings_finish(&service->health_test);
	strings_finish(&service->env_files);
	map_close(service->labels);
}

void compose_model_finish(struct compose_model *model)
{
	for (size_t i = 0; i < model->services.count; i++)
		finish_service(&model->services.items[i]);
	array_finish(&model->services);
	free(model->name);
	free(model->settings);
	*model = (struct compose_model){0};
}

const struct compose_service *compose_find(const struct compose_model *model, const char *service)
{
	for (size_t i = 0; service != NULL && i < model->services.count; i++)
		if (strcmp(model->services.items[i].name, service) == 0)
			return &model->services.items[i];
	return NULL;
}
