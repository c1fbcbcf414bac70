/* Dockerfiles and compose files that are there already and stay: which program a
 * Dockerfile makes an image of, and what the files beside them cannot ask of them. */
#include "survey.h"

#include "own-images.h"

#include <ctype.h>

/* As a build in a compose file names it, from its context; NULL: it lies elsewhere. */
static const char *path_in_context(const struct shipped *shipped)
{
	const char *path = shipped->source->path;
	return strcmp(shipped->context, ".") == 0 ? path : path_relative(path, shipped->context);
}

/* What the templates say of themselves need not be said. */
static bool is_usual(const struct surveyed *surveyed, const char *context, const char *path, const char *stage)
{
	const char *usual = surveyed->is_main ? "production" : surveyed->program->name;
	return strcmp(context, ".") == 0 && strcmp(path, "Dockerfile") == 0 && stage != NULL && text_equal_fold(stage, usual);
}

static json_t *image_json(const struct surveyed *surveyed, const char *context, const char *path, const char *stage)
{
	if (is_usual(surveyed, context, path, stage))
		return json_null();
	json_t *json = json_object();
	json_object_set_new(json, "context", survey_text(context));
	json_object_set_new(json, "path", survey_text(path));
	json_object_set_new(json, "stage", survey_text(stage));
	return json;
}

static json_t *image_started(const struct survey *survey, const struct surveyed *surveyed)
{
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(survey->sources, &at)) != NULL;) {
		const struct program *program = programs_of_image(survey->programs, shipped);
		bool is_only = program == NULL && survey->all.count == 1;
		const char *path = path_in_context(shipped);
		if (!shipped->source->is_inline && path != NULL && (program == surveyed->program || is_only))
			return image_json(surveyed, shipped->context, path, shipped->source->file.stages.items[shipped->stage].name);
	}
	return NULL;
}

/* The one at the place where people look for it. */
static const struct docker_source *find_kept(const struct survey *survey)
{
	static const char *const paths[] = {"Dockerfile", "Containerfile", "docker/Dockerfile"};
	const struct sources *sources = survey->sources;
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		for (size_t k = 0; k < sources->dockers.count; k++)
			if (!sources->dockers.items[k]->is_inline && strcmp(sources->dockers.items[k]->path, paths[i]) == 0)
				return sources->dockers.items[k];
	return NULL;
}

json_t *survey_image(const struct survey *survey, const struct surveyed *surveyed)
{
	const struct docker_source *kept = find_kept(survey);
	json_t *json = image_started(survey, surveyed);
	if (json != NULL || kept == NULL)
		return json != NULL ? json : json_null();
	int stage = dockerfile_stage(&kept->file, surveyed->program->name);
	if (stage < 0 && survey->all.count > 1)
		survey_say(survey->says, kept->path, 0, _("it is not told which stage starts %s: give its build a target"), surveyed->program->name);
	return image_json(surveyed, ".", kept->path, stage >= 0 ? kept->file.stages.items[stage].name : NULL);
}

json_t *survey_kept(const struct survey *survey)
{
	static const char *const stages[] = {"test", "dev", "debug"};
	const struct docker_source *kept = find_kept(survey);
	if (kept == NULL)
		return json_null();
	json_t *json = json_object();
	json_object_set_new(json, "path", survey_text(kept->path));
	for (size_t i = 0; i < COUNT_OF(stages); i++) {
		auto_free char *name = mem_print("lacks_%s", stages[i]);
		json_object_set_new(json, name, json_boolean(dockerfile_stage(&kept->file, stages[i]) < 0));
	}
	return json;
}

/* Does it start each program under the name that a layer over it would use? */
static bool has_all_services(const struct survey *survey)
{
	const json_t *services = compose_services(survey->sources);
	for (size_t i = 0; i < survey->all.count; i++) {
		auto_free char *name = mem_copy_string(survey->all.items[i].program->name);
		for (char *at = name; *at != '\0'; at++)
			*at = (char)tolower((unsigned char)*at);
		if (survey->all.items[i].is_shipped && json_object_get(services, name) == NULL)
			return false;
	}
	return true;
}

json_t *survey_foreign_compose(const struct survey *survey)
{
	static const char *const names[] = {"docker-compose.yml", "docker-compose.yaml", "compose.yaml", "compose.yml", NULL};
	const struct sources *sources = survey->sources;
	const char *path = sources->compose_files.count > 0 ? sources->compose_files.items[0].path : NULL;
	bool is_usual = path != NULL && strchr(path, '/') == NULL && name_in(path, names);
	if (!is_usual || (strcmp(path, names[0]) == 0 && has_all_services(survey)))
		return json_null();
	survey_say(survey->says, path, 0, _("it stays as it is, and so nothing is laid over it: no layers for development and production"));
	return json_string(path);
}
