/* Which compose files say how the program is deployed, which of their services run in
 * earnest, and what is set for them; manifests of Kubernetes. */
#include "deployed.h"

#include "compose-files.h"
#include "own-images.h"

#include <stdio.h>

/* ---- which services ---- */

static bool is_for_production(const char *name)
{
	return layer_role(name) == LAYER_PROD;
}

/* In a profile, a service is not run unless it is asked for. */
static bool is_asked_for(const json_t *service, bool (*counts)(const char *profile))
{
	const json_t *profiles = json_object_get(service, "profiles");
	for (size_t i = 0; i < json_array_size(profiles); i++) {
		const char *profile = json_string_value(json_array_get(profiles, i));
		if (profile == NULL || !counts(profile))
			return true;
	}
	return false;
}

static bool may_be_run(const char *profile)
{
	static const char *const words[] = {"manual", "tool", "tools", "admin", "lint", "check", "checks", NULL};
	return role_is_deployed(profile) && !path_has_word(profile, words) && !name_is_job(profile);
}

/* Is there a service with a program of the project that starts by itself? */
static bool is_run_without_profile(const struct sources *sources)
{
	const char *name;
	json_t *each;
	json_object_foreach(json_object_get(sources->compose, "services"), name, each)
		if (!is_asked_for(each, is_for_production) && service_is_own(sources, name, each))
			return true;
	return false;
}

void deployed_finish(struct deployed *deployed)
{
	array_finish(deployed);
}

static void find_services(const struct sources *sources, struct deployed *deployed)
{
	bool (*counts)(const char *) = is_run_without_profile(sources) ? is_for_production : may_be_run;
	struct service service;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		const char *image = compose_image(service.json);
		bool is_tool = !compose_is_built(service.json) && image != NULL && image_is_tool(image);
		if (!is_tool && !is_asked_for(service.json, counts))
			*array_add(deployed) = service;
	}
	for (size_t i = 0; i < sources->compose_files.count; i++) {
		const char *name = path_name(sources->compose_files.items[i].path);
		deployed->is_stack = deployed->is_stack || strstr(name, "stack") != NULL || strstr(name, "swarm") != NULL;
	}
}

bool deployed_find(struct check *check, struct deployed *deployed)
{
	const struct sources *sources = check->sources;
	const char *file = sources->compose_files.count > 0 ? sources->compose_files.items[0].path : NULL;
	bool own = false, runs = false, serves = file == NULL;
	*deployed = (struct deployed){0};
	find_services(sources, deployed);
	for (size_t i = deployed->count; i-- > 0;) {
		own = own || deployed->items[i].is_own;
		runs = runs || (deployed->items[i].is_own && !deployed->items[i].is_development);
		if (deployed->items[i].is_development)
			array_remove(deployed, i);
	}
	for (size_t i = 0; i < sources->compose_files.count; i++)
		serves = serves || role_is_deployed(sources->compose_files.items[i].path);
	if (runs && serves)
		return true;
	deployed_finish(deployed);
	if (compose_is_unmerged(check))
		return false;
	if (file == NULL)
		check_none(check, main_place(sources), "there is no compose file that runs the program");
	else if (!own)
		check_none(check, file, "none of its services runs a program of the project");
	else
		check_none(check, file, "the compose files serve development alone");
	return false;
}

/* ---- files that say how it is deployed ---- */

static bool runs_product(const struct sources *sources)
{
	struct service service;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (service.is_own && !service.is_development)
			return true;
	return false;
}

/* Does it need another file below it? */
static bool is_overlay(const struct sources *sources, const struct yaml_source *file)
{
	json_t *alone = model_read(sources, file, 1);
	bool is_whole = compose_is_whole(json_object_get(alone, "services"), file->text);
	json_decref(alone);
	return !is_whole;
}

/* The same sources, with the model of that file. False: it starts no program of the project. */
static bool view_open(const struct sources *sources, const struct yaml_source *file, struct sources *view)
{
	*view = *sources;
	view->compose = NULL;
	memset(&view->compose_files, 0, sizeof view->compose_files);
	if (file->yaml == NULL)
		return false;
	bool lies_over = is_overlay(sources, file);
	for (size_t i = 0; lies_over && i < sources->compose_files.count; i++)
		if (layer_role(sources->compose_files.items[i].path) != LAYER_OVERRIDE)
			*array_add(&view->compose_files) = sources->compose_files.items[i];
	*array_add(&view->compose_files) = *file;
	view->compose = model_read(view, view->compose_files.items, view->compose_files.count);
	return view->compose != NULL && runs_product(view);
}

static void view_finish(struct sources *view)
{
	json_decref(view->compose);
	array_finish(&view->compose_files);
}

/* Those for production first; without a merged model any that is not for tests. */
static bool find_view(const struct sources *sources, bool production, struct sources *view)
{
	for (int round = 0; round < 2; round++) {
		bool wanted = round == 0 ? production || sources->compose_files.count == 0 : sources->compose_files.count == 0;
		for (size_t i = 0; wanted && i < sources->other_composes.count; i++) {
			const struct yaml_source *file = &sources->other_composes.items[i];
			if (round == 0 ? layer_role(file->path) != LAYER_PROD : !role_is_deployed(file->path))
				continue;
			if (view_open(sources, file, view))
				return true;
			view_finish(view);
		}
	}
	return false;
}

void judge_deployed(struct check *check, bool production, void (*judge)(struct check *check))
{
	struct sources view;
	if (!find_view(check->sources, production, &view)) {
		judge(check);
		return;
	}
	const struct sources *sources = check->sources;
	check->sources = &view;
	judge(check);
	check->sources = sources;
	view_finish(&view);
}

/* ---- Kubernetes ---- */

const char *manifest_find(const struct sources *sources, const char *words, unsigned *line)
{
	static const char *const kinds[] = {"kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: CronJob"};
	size_t at = 0;
	for (const struct tree_file *file; (file = tree_each(&sources->tree, &at, "*.y*ml")) != NULL;) {
		auto_free char *text = file->is_harness || file->is_link ? NULL : tree_read(&sources->tree, file->path, NULL);
		const char *kind = NULL;
		for (size_t i = 0; i < COUNT_OF(kinds) && text != NULL && kind == NULL; i++)
			kind = strstr(text, kinds[i]);
		const char *found = kind != NULL && words[0] != '\0' ? strstr(text, words) : kind;
		if (found == NULL)
			continue;
		*line = text_line_at(text, (size_t)(found - text));
		return file->path;
	}
	return NULL;
}

/* ---- members ---- */

char *service_member(const struct service *service, const char *path)
{
	const json_t *value = compose_member(service->json, path);
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;
}

static char *first_member(const struct service *service, const char *const *paths, const char **which)
{
	for (; *paths != NULL; paths++) {
		char *text = service_member(service, *paths);
		if (text != NULL && strcmp(text, "0") != 0 && text[0] != '\0') {
			*which = *paths;
			return text;
		}
		free(text);
	}
	return NULL;
}

char *service_memory(const struct service *service, const char **path)
{
	static const char *const paths[] = {"deploy.resources.limits.memory", "mem_limit", NULL};
	return first_member(service, paths, path);
}

char *service_cpu(const struct service *service, const char **path)
{
	static const char *const paths[] = {"deploy.resources.limits.cpus", "cpus", "cpu_quota", "cpu_count", "cpuset", NULL};
	return first_member(service, paths, path);
}
