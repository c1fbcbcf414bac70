/* 4.6: bake files that hold together, and builds that have the builder they need. */
#include "caching.h"
#include "ci.h"

/* ---- bake files ---- */

static void look_at_parents(struct check *check, const struct bake *bake, const char *target)
{
	const struct bake_file *file = NULL;
	const struct yaml_node *inherits = bake_attribute(bake, target, "inherits", &file);
	for (size_t i = 0; inherits != NULL && inherits->kind == YAML_LIST && i < inherits->items.count; i++) {
		const struct yaml_node *parent = inherits->items.items[i];
		if (yaml_text(parent) != NULL && strchr(parent->text, '$') == NULL && !parent->is_plain && !strings_have(&bake->targets,
			parent->text))
			check_against(check, file->path, parent->line, "the target %s inherits from %s, which is not there", target, parent->text);
	}
}

static char *text_of(const struct bake *bake, const char *target, const char *name, const struct bake_file **file, unsigned *line)
{
	const struct yaml_node *node = bake_attribute(bake, target, name, file);
	auto_strings texts = {0};
	if (yaml_text(node) == NULL)
		return NULL;
	bake_texts(bake, node, &texts);
	*line = node->line;
	const char *text = texts.count > 0 ? texts.items[0] : "";
	return strpbrk(text, "$({?") == NULL && text[0] != '\0' ? mem_copy_string(text) : NULL;
}

static const struct docker_source *find_docker(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (strcmp(sources->dockers.items[i]->path, path) == 0)
			return sources->dockers.items[i];
	return NULL;
}

static void look_at_dockerfile(struct check *check, const struct bake *bake, const char *target)
{
	const struct bake_file *file = NULL, *stage_file = NULL;
	unsigned line = 0, stage_line = 0;
	auto_free char *named = text_of(bake, target, "dockerfile", &file, &line);
	auto_free char *context = text_of(bake, target, "context", &file, &line);
	auto_free char *stage = text_of(bake, target, "target", &stage_file, &stage_line);
	/* in the context where one is named, else in the folder of the bake file's caller: the root */
	auto_free char *joined = path_join(context != NULL ? context : ".", named != NULL ? named : "Dockerfile");
	auto_free char *clean = path_clean(joined);
	const char *path = text_starts_with(clean, "./") ? clean + 2 : clean;
	if (bake_attribute(bake, target, "dockerfile-inline", NULL) != NULL || (context != NULL && strstr(context, "://") != NULL) ||
		strncmp(path, "..", 2) == 0)
		return;
	if (named != NULL && tree_find(&check->sources->tree, path) == NULL && tree_find(&check->sources->tree, named) == NULL)
		check_against(check, file->path, line, "the target %s builds %s, which is not there", target, path);
	const struct docker_source *docker = find_docker(check->sources, path);
	if (docker != NULL && stage != NULL && dockerfile_stage(&docker->file, stage) < 0)
		check_against(check, stage_file->path, stage_line, "the target %s asks for the stage %s, which %s has not", target, stage,
			path);
}

static void look_at_secrets(struct check *check, const struct bake *bake, const char *target)
{
	const struct bake_file *file = NULL;
	const struct yaml_node *args = bake_attribute(bake, target, "args", &file);
	for (size_t i = 0; args != NULL && args->kind == YAML_MAP && i < args->keys.count; i++) {
		const struct yaml_node *name = args->keys.items[i];
		if (name->text == NULL || !secret_is_name(name->text, name->len))
			continue;
		check_against(check, file->path, name->line, "%s is an argument: the history of the image shows it", name->text);
		check_mend(check, "Hand it over as `secret` of the target and read it by RUN --mount=type=secret");
	}
}

static void look_at_groups(struct check *check, const struct bake *bake, const struct bake_file *file)
{
	const struct yaml_node *groups = yaml_get(file->root, "group");
	for (size_t i = 0; groups != NULL && groups->kind == YAML_MAP && i < groups->items.count; i++) {
		const struct yaml_node *targets = yaml_get(groups->items.items[i], "targets");
		for (size_t j = 0; targets != NULL && targets->kind == YAML_LIST && j < targets->items.count; j++) {
			const struct yaml_node *name = targets->items.items[j];
			bool known = yaml_text(name) == NULL || strings_have(&bake->targets, name->text);
			for (size_t k = 0; !known && k < bake->files.count; k++)
				known = yaml_get(yaml_get(bake->files.items[k].root, "group"), name->text) != NULL;
			/* targets of a matrix have other names */
			for (size_t k = 0; !known && k < bake->targets.count; k++)
				known = bake_attribute(bake, bake->targets.items[k], "matrix", NULL) != NULL;
			if (!known && strchr(name->text, '$') == NULL && strchr(name->text, '*') == NULL)
				check_against(check, file->path, name->line, "the group %s names the target %s, which is not there",
					groups->keys.items[i]->text, name->text);
		}
	}
}

static bool look_at_bake(struct check *check, const struct bake *bake)
{
	for (size_t i = 0; i < bake->files.count; i++) {
		const struct bake_file *file = &bake->files.items[i];
		if (file->root == NULL) {
			check_against(check, file->path, 0, "it cannot be read: %s", file->fault.text);
			continue;
		}
		look_at_groups(check, bake, file);
		check_for(check, file->path, 0, "a bake file");
	}
	for (size_t i = 0; i < bake->targets.count; i++) {
		look_at_parents(check, bake, bake->targets.items[i]);
		look_at_dockerfile(check, bake, bake->targets.items[i]);
		look_at_secrets(check, bake, bake->targets.items[i]);
	}
	return bake->files.count > 0;
}

/* ---- builders ---- */

static bool exports_cache(const struct image_build *build)
{
	for (size_t i = 0; i < build->cache_to.count; i++)
		if (strstr(build->cache_to.items[i], "inline") == NULL)
			return true;
	return false;
}

static bool needs_builder(const struct pipe_command *command)
{
	size_t at = 0;
	const char *platform = pipe_option(command, &at, "--platform", NULL);
	at = 0;
	const char *cache = pipe_option(command, &at, "--cache-to", NULL);
	return (platform != NULL && strchr(platform, ',') != NULL) || (cache != NULL && strstr(cache, "inline") == NULL);
}

static bool uses_buildx(const struct image_build *build)
{
	return build->is_bake || text_starts_with(build->via, "docker/") || text_starts_with(build->via, "depot") ||
		text_starts_with(build->via, "useblacksmith/") ||
		text_starts_with(build->via, "docker buildx");
}

static void look_at_build(struct check *check, const struct pipeline *pipe, const struct image_build *build)
{
	bool exports = exports_cache(build);
	if (!uses_buildx(build))
		return;
	if (build->job != NULL && !build->keeps_layers && pipe_is_hosted(build->job) && (exports || platforms_count(build) > 1) &&
		!ci_has_builder(pipe, build->job)) {
		check_against(check, build->file, build->line, "%s is to %s, and the engine's own builder cannot: the job fails", build->via,
			exports ? _("export a cache") : _("build for several platforms"));
		return;
	}
	check_for(check, build->file, build->line, "%s", build->via);
}

static void look_at_plain(struct check *check, const struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		const struct pipe_job *job = pipe_job_of(pipe, step);
		for (size_t j = 0; j < step->command_count; j++) {
			const struct pipe_command *command = &pipe->commands.items[step->first_command + j];
			if ((pipe_command_is(command, "docker build") || pipe_command_is(command, "docker image build")) && needs_builder(command) &&
				pipe_is_hosted(job) &&
				!ci_has_builder(pipe, job))
				check_against(check, command->file, command->line,
					"docker build is to export a cache or to build for several platforms, and the engine's own builder cannot");
		}
	}
}

static bool any_buildx(const struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++)
		if (uses_buildx(&builds->items.items[i]))
			return true;
	return false;
}

void caching_buildx(struct check *check)
{
	auto_pipeline pipe = {0}, scripts = {0};
	auto_builds builds = {0};
	pipeline_open(check->sources, &pipe);
	pipeline_open_scripts(check->sources, &scripts);
	image_builds_open(check->sources, &pipe, &builds);
	bool bakes = look_at_bake(check, &builds.bake);
	image_builds_add_scripts(&builds, &scripts);
	if (!bakes && check->sources->shipped.count == 0) {
		check_none(check, pipeline_ground(check->sources), "there is no Dockerfile");
		return;
	}
	for (size_t i = 0; i < builds.items.count; i++)
		look_at_build(check, &pipe, &builds.items.items[i]);
	look_at_plain(check, &pipe);
	if (!bakes && !any_buildx(&builds))
		check_none(check, check->sources->shipped.items[0].source->path,
			"nothing here needs buildx: there is neither a bake file nor a call of it");
}
