/* Where images are built, gathered from workflows, bake files and scripts into
 * one list, so that checks need not know who says what in which way. */
#include "builds.h"

enum { BUILDS_LIMIT = 500, LIST_LIMIT = 200 };

/* ---- lists in texts ---- */

static char *trimmed(const char *text, size_t len)
{
	while (len > 0 && strchr(" \t\r\"'", *text) != NULL) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \t\r\"'", text[len - 1]) != NULL)
		len--;
	return mem_copy_bytes(text, len);
}

/* Items a line each, or behind commas where `commas`; comments are left out. */
static void add_items(struct strings *list, const char *text, bool commas)
{
	while (text != NULL && *text != '\0' && list->count < LIST_LIMIT) {
		size_t len = strcspn(text, commas ? ",\n" : "\n");
		/* a comma within an expression parts nothing */
		const char *open = strstr(text, "${{"), *close = open != NULL ? strstr(open, "}}") : NULL;
		if (open != NULL && close != NULL && open < text + len && close > text + len)
			len = (size_t)(close - text) + strcspn(close, commas ? ",\n" : "\n");
		char *item = trimmed(text, len);
		if (item[0] == '\0' || item[0] == '#')
			free(item);
		else
			strings_take(list, item);
		text += len + (text[len] != '\0');
	}
}

/* "linux/${{ matrix.arch }}" once for each value of the matrix. */
static void add_expanded(struct strings *list, const struct pipe_job *job, const char *text, int depth)
{
	const char *at = strstr(text, "${{"), *end = at != NULL ? strstr(at, "}}") : NULL;
	const char *key = end != NULL ? strstr(at, "matrix.") : NULL;
	auto_strings values = {0};
	if (key != NULL && key < end && depth < 3) {
		auto_free char *name = trimmed(key + 7, (size_t)(end - key - 7));
		pipe_matrix(job, name, &values);
	}
	if (values.count == 0) {
		strings_add_new(list, text);
		return;
	}
	for (size_t i = 0; i < values.count && list->count < LIST_LIMIT; i++) {
		auto_free char *filled = mem_print("%.*s%s%s", (int)(at - text), text, values.items[i], end + 2);
		add_expanded(list, job, filled, depth + 1);
	}
}

static void add_platforms(struct image_build *build, const char *text)
{
	auto_strings items = {0};
	add_items(&items, text, true);
	for (size_t i = 0; i < items.count; i++) {
		auto_strings each = {0};
		if (build->job != NULL)
			add_expanded(&each, build->job, items.items[i], 0);
		else
			strings_add(&each, items.items[i]);
		for (size_t j = 0; j < each.count; j++)
			add_items(&build->platforms, each.items[j], true);
	}
}

/* "NAME=VALUE" to NAME. */
static void add_args(struct strings *names, const struct strings *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		size_t len = strcspn(texts->items[i], "=");
		auto_free char *name = trimmed(texts->items[i], len);
		if (name[0] != '\0' && strpbrk(name, "${( ") == NULL)
			strings_add_new(names, name);
	}
}

/* ---- of workflows ---- */

static struct image_build *add_build(struct image_builds *builds, const char *file, unsigned line, const char *via)
{
	if (builds->items.count >= BUILDS_LIMIT)
		return NULL;
	struct image_build *build = array_add(&builds->items);
	*build = (struct image_build){.file = file, .line = line, .via = via, .platforms_file = file, .cache_file = file, .tags_file = file,
		.args_file = file, .platforms_line = line, .cache_line = line, .tags_line = line, .args_line = line};
	return build;
}

/* Without a platform, a build is for the machine that it runs on. */
static void take_runners(struct image_build *build)
{
	auto_strings names = {0};
	const struct yaml_node *runs_on = yaml_get(build->job->node, "runs-on");
	bool is_arm = false;
	if (build->platforms.count > 0 || yaml_text(runs_on) == NULL)
		return;
	add_expanded(&names, build->job, runs_on->text, 0);
	for (size_t i = 0; i < names.count; i++)
		is_arm = is_arm || strstr(names.items[i], "-arm") != NULL || strstr(names.items[i], "arm64") != NULL;
	for (size_t i = 0; is_arm && i < names.count; i++)
		strings_add_new(&build->platforms, strstr(names.items[i], "arm") != NULL ? "linux/arm64" : "linux/amd64");
}

static bool is_false(const char *text)
{
	return text != NULL && strcmp(text, "false") == 0;
}

static void take_cache(const struct pipeline *pipe, struct image_build *build, const char *from, const char *to)
{
	const char *const names[] = {from, to};
	struct strings *const lists[] = {&build->cache_from, &build->cache_to};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		unsigned line;
		auto_free char *text = pipe_with(pipe, build->step, names[i], &line);
		add_items(lists[i], text, false);
		if (text != NULL)
			build->cache_line = line;
	}
}

static void take_action(const struct pipeline *pipe, struct image_build *build)
{
	const struct pipe_step *step = build->step;
	auto_free char *platforms = pipe_with(pipe, step, "platforms", &build->platforms_line);
	auto_free char *tags = pipe_with(pipe, step, "tags", &build->tags_line);
	auto_free char *args = pipe_with(pipe, step, "build-args", &build->args_line);
	auto_free char *load = pipe_with(pipe, step, "load", NULL);
	auto_free char *outputs = pipe_with(pipe, step, "outputs", NULL);
	auto_free char *provenance = pipe_with(pipe, step, "provenance", NULL);
	auto_strings texts = {0};
	add_platforms(build, platforms);
	add_items(&build->tags, tags, true);
	add_items(&texts, args, false);
	add_args(&build->args, &texts);
	take_cache(pipe, build, "cache-from", "cache-to");
	build->dockerfile = pipe_with(pipe, step, "file", NULL);
	build->target = pipe_with(pipe, step, "target", NULL);
	build->context = pipe_with(pipe, step, "context", NULL);
	build->loads = (load != NULL && strcmp(load, "false") != 0) || outputs != NULL;
	build->is_provenance_off = is_false(provenance);
	build->is_action = true;
	build->keeps_layers = text_starts_with(step->action, "depot/") || text_starts_with(step->action, "useblacksmith/") ||
		text_starts_with(step->action, "superfly/") || text_starts_with(step->action, "namespacelabs/") ||
			text_starts_with(step->action, "warpbuilds/");
}

static void take_bake_target(const struct image_builds *builds, struct image_build *build, const char *target)
{
	static const char *const names[] = {"platforms", "cache-from", "cache-to", "tags", "args"};
	auto_strings args = {0};
	struct strings *const lists[] = {&build->platforms, &build->cache_from, &build->cache_to, &build->tags, &args};
	const char **files[] = {&build->platforms_file, &build->cache_file, &build->cache_file, &build->tags_file, &build->args_file};
	unsigned *const lines[] = {&build->platforms_line, &build->cache_line, &build->cache_line, &build->tags_line, &build->args_line};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct bake_file *file = NULL;
		const struct yaml_node *node = bake_attribute(&builds->bake, target, names[i], &file);
		if (node == NULL)
			continue;
		auto_strings texts = {0};
		bake_texts(&builds->bake, node, &texts);
		for (size_t j = 0; j < texts.count; j++)
			strings_add_new(lists[i], texts.items[j]);
		*files[i] = file->path;
		*lines[i] = node->line;
	}
	add_args(&build->args, &args);
}

/* "*.cache-to=type=gha" and the like, of the action's input and of --set. */
static void take_set(struct image_build *build, const char *text)
{
	auto_strings items = {0};
	add_items(&items, text, false);
	for (size_t i = 0; i < items.count; i++) {
		const char *dot = strchr(items.items[i], '.'), *equals = dot != NULL ? strchr(dot, '=') : NULL;
		if (equals == NULL)
			continue;
		if (text_starts_with(dot, ".cache-from"))
			strings_add_new(&build->cache_from, equals + 1);
		else if (text_starts_with(dot, ".cache-to"))
			strings_add_new(&build->cache_to, equals + 1);
		else if (text_starts_with(dot, ".platform"))
			add_platforms(build, equals + 1);
		else if (text_starts_with(dot, ".tags"))
			strings_add_new(&build->tags, equals + 1);
	}
}

static void take_bake(const struct image_builds *builds, const struct pipeline *pipe, struct image_build *build)
{
	build->is_bake = true;
	if (build->step != NULL && build->step->uses != NULL) {
		unsigned line;
		auto_free char *set = pipe_with(pipe, build->step, "set", &line);
		auto_free char *load = pipe_with(pipe, build->step, "load", NULL);
		auto_free char *provenance = pipe_with(pipe, build->step, "provenance", NULL);
		take_set(build, set);
		build->is_action = true;
		build->is_provenance_off = is_false(provenance);
		build->loads = (load != NULL && strcmp(load, "false") != 0) || (set != NULL && strstr(set, ".output") != NULL);
		build->keeps_layers = text_starts_with(build->step->action, "depot/");
		if (set != NULL)
			build->cache_line = build->platforms_line = line;
	}
	bool set_cache = build->cache_from.count + build->cache_to.count > 0;
	const char *file = build->file;
	unsigned line = build->cache_line;
	for (size_t i = 0; i < builds->bake.targets.count; i++)
		take_bake_target(builds, build, builds->bake.targets.items[i]);
	if (set_cache) {
		build->cache_file = file;
		build->cache_line = line;
	}
}

static void add_options(struct strings *list, const struct pipe_command *command, const char *name, const char *letter,
	bool commas)
{
	const char *value;
	for (size_t at = 0; (value = pipe_option(command, &at, name, letter)) != NULL;)
		add_items(list, value, commas);
}

static void take_command(const struct image_builds *builds, const struct pipeline *pipe, struct image_build *build,
	const struct pipe_command *command)
{
	auto_strings platforms = {0}, args = {0}, set = {0}, tags = {0};
	size_t at = 0;
	add_options(&platforms, command, "--platform", NULL, true);
	for (size_t i = 0; i < platforms.count; i++) {
		auto_free char *filled = build->step != NULL ? pipe_fill_word(pipe, build->step,
			platforms.items[i]) : mem_copy_string(platforms.items[i]);
		add_platforms(build, filled);
	}
	add_options(&build->cache_from, command, "--cache-from", NULL, false);
	add_options(&build->cache_to, command, "--cache-to", NULL, false);
	add_options(&tags, command, "--tag", "-t", false);
	for (size_t i = 0; i < tags.count; i++)
		strings_take(&build->tags, build->step != NULL ? pipe_fill_word(pipe, build->step,
			tags.items[i]) : mem_copy_string(tags.items[i]));
	add_options(&args, command, "--build-arg", NULL, false);
	add_args(&build->args, &args);
	const char *file = pipe_option(command, &at, "--file", "-f"), *target = pipe_option(command, (at = 0, &at), "--target", NULL);
	build->dockerfile = mem_copy_string(file);
	build->target = mem_copy_string(target);
	const char *last = command->words.items[command->words.count - 1];
	build->context = last[0] != '-' && command->words.count > command->at + 2 ? mem_copy_string(last) : NULL;
	build->loads = !pipe_command_is(command, "docker buildx build") || pipe_has_word(command, "--load");
	build->is_provenance_off = pipe_has_word(command, "--provenance=false");
	build->pushes = pipe_command_pushes(command) ? 2 : 0;
	build->keeps_layers = pipe_command_is(command, "depot") || pipe_command_builds_there(command);
	if (pipe_command_is(command, "docker buildx bake") || pipe_command_is(command, "depot bake")) {
		add_options(&set, command, "--set", NULL, false);
		for (size_t i = 0; i < set.count; i++)
			take_set(build, set.items[i]);
		take_bake(builds, pipe, build);
	}
}

static void take_compose(const struct image_builds *builds, struct image_build *build)
{
	static const char *const names[] = {"build.platforms", "build.cache_from", "build.cache_to"};
	struct strings *const lists[] = {&build->platforms, &build->cache_from, &build->cache_to};
	const char *service;
	json_t *each;
	json_object_foreach((json_t *)compose_services(builds->sources), service, each)
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			const json_t *list = compose_member(each, names[i]);
			for (size_t j = 0; j < json_array_size(list); j++)
				if (json_is_string(json_array_get(list, j)))
					strings_add_new(lists[i], json_string_value(json_array_get(list, j)));
		}
}

/* "docker buildx build": the first words that are no options. */
static const char *command_name(struct image_builds *builds, const struct pipe_command *command)
{
	auto_str name = {0};
	for (size_t i = command->at; i < command->words.count && i < command->at + 3 && command->words.items[i][0] != '-' &&
		strchr(command->words.items[i], '$') == NULL; i++)
		if (i == command->at || strspn(command->words.items[i], "abcdefghijklmnopqrstuvwxyz-") == strlen(command->words.items[i]))
			str_print(&name, "%s%s", i > command->at ? " " : "", i > command->at ?
				command->words.items[i] : path_name(command->words.items[i]));
	strings_add(&builds->texts, str_text(&name));
	return builds->texts.items[builds->texts.count - 1];
}

static void add_command(struct image_builds *builds, const struct pipeline *pipe, const struct pipe_step *step,
	const struct pipe_command *command)
{
	if (!pipe_command_builds(command))
		return;
	struct image_build *build = add_build(builds, command->file, command->line, command_name(builds, command));
	if (build == NULL)
		return;
	build->step = step;
	build->job = step != NULL ? pipe_job_of(pipe, step) : NULL;
	if (pipe_command_is(command, "docker compose") || pipe_command_is(command, "docker-compose"))
		take_compose(builds, build);
	take_command(builds, pipe, build, command);
	if (build->job != NULL)
		take_runners(build);
}

/* What is pushed by a command of its own is pushed all the same. */
static void join_pushes(struct image_builds *builds, const struct pipeline *pipe)
{
	for (size_t i = 0; i < builds->items.count; i++) {
		struct image_build *build = &builds->items.items[i];
		for (size_t j = 0; build->job != NULL && build->pushes == 0 && j < build->job->step_count; j++) {
			const struct pipe_step *step = &pipe->steps.items[build->job->first_step + j];
			for (size_t k = 0; k < step->command_count; k++) {
				const struct pipe_command *command = &pipe->commands.items[step->first_command + k];
				if (pipe_command_pushes(command) && !pipe_command_builds(command))
					build->pushes = step->condition != NULL ? 1 : 2;
			}
			if (pipe_is_action(step, pipe_pushing_actions))
				build->pushes = 2;
		}
	}
}

/* ---- which image a build makes ---- */

static struct docker_source *find_docker(const struct sources *sources, const char *folder, const char *name)
{
	auto_free char *joined = path_join(folder, name);
	auto_free char *clean = path_clean(joined);
	const char *path = text_starts_with(clean, "./") ? clean + 2 : clean;
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (!sources->dockers.items[i]->is_inline && strcmp(sources->dockers.items[i]->path, path) == 0)
			return sources->dockers.items[i];
	return NULL;
}

static bool is_known(const char *text)
{
	return text != NULL && text[0] != '\0' && strpbrk(text, "${(") == NULL && strstr(text, "://") == NULL;
}

/* `file` of actions and -f are seen from the root, the default lies in the context. */
static void find_image(struct image_builds *builds, struct image_build *build)
{
	const char *folder = is_known(build->context) ? build->context : ".";
	struct docker_source *docker = NULL;
	if (is_known(build->dockerfile)) {
		docker = find_docker(builds->sources, ".", build->dockerfile);
		docker = docker != NULL ? docker : find_docker(builds->sources, folder, build->dockerfile);
	} else if (build->dockerfile == NULL) {
		docker = find_docker(builds->sources, folder, "Dockerfile");
	}
	if (docker == NULL)
		return;
	auto_strings targets = {0};
	if (build->target != NULL && build->job != NULL)
		add_expanded(&targets, build->job, build->target, 0);
	else if (build->target != NULL)
		strings_add(&targets, build->target);
	build->image = (struct shipped){.source = docker, .stage = dockerfile_stage(&docker->file, NULL), .context = folder};
	/* of a matrix of targets the first one that compiles */
	for (size_t i = 0; i < targets.count; i++) {
		int stage = is_known(targets.items[i]) ? dockerfile_stage(&docker->file, targets.items[i]) : -1;
		struct shipped image = {.source = docker, .stage = stage, .context = folder};
		if (stage >= 0 && (i == 0 || (shipped_builder(&build->image) < 0 && shipped_builder(&image) >= 0)))
			build->image = image;
	}
	build->has_image = true;
}

static void take_baked_image(const struct image_builds *builds, struct image_build *build, const char *target)
{
	static const char *const names[] = {"dockerfile", "context"};
	char **places[] = {&build->dockerfile, &build->context};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_strings texts = {0};
		bake_texts(&builds->bake, bake_attribute(&builds->bake, target, names[i], NULL), &texts);
		if (texts.count == 0 || !is_known(texts.items[0]))
			continue;
		free(*places[i]);
		*places[i] = mem_copy_string(texts.items[0]);
	}
}

static void find_images(struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++) {
		struct image_build *build = &builds->items.items[i];
		if (build->has_image || build->is_remote)
			continue;
		/* of a bake file the first target that names a Dockerfile counts */
		for (size_t j = 0; build->is_bake && build->job != NULL && build->dockerfile == NULL && j < builds->bake.targets.count; j++)
			take_baked_image(builds, build, builds->bake.targets.items[j]);
		find_image(builds, build);
	}
}

void image_builds_open(const struct sources *sources, const struct pipeline *pipe, struct image_builds *builds)
{
	*builds = (struct image_builds){.sources = sources};
	bake_open(sources, &builds->bake);
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		bool bakes = pipe_is_action(step, pipe_bake_actions);
		if (bakes || pipe_is_action(step, pipe_build_actions)) {
			struct image_build *build = add_build(builds, step->file, step->line, step->action);
			if (build == NULL)
				return;
			build->step = step;
			build->job = pipe_job_of(pipe, step);
			build->pushes = pipe_step_pushes(pipe, step);
			if (bakes)
				take_bake(builds, pipe, build);
			else
				take_action(pipe, build);
			take_runners(build);
		}
		if (pipe_is_foreign_builder(step)) {
			struct image_build *build = add_build(builds, step->file, step->line, step->action);
			if (build == NULL)
				return;
			build->step = step;
			build->job = pipe_job_of(pipe, step);
			build->is_remote = true;
			build->pushes = 1;
			auto_free char *platforms = pipe_with(pipe, step, "platforms", &build->platforms_line);
			auto_free char *tags = pipe_with(pipe, step, "tags", &build->tags_line);
			add_platforms(build, platforms);
			add_items(&build->tags, tags, true);
		}
		for (size_t j = 0; j < step->command_count; j++)
			add_command(builds, pipe, step, &pipe->commands.items[step->first_command + j]);
	}
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		const struct pipe_job *job = &pipe->jobs.items[i];
		if (job->uses == NULL || job->called >= 0 || (job->roles & PIPE_BUILDS) == 0)
			continue;
		struct image_build *build = add_build(builds, pipe_file(pipe, job), job->line, job->uses);
		if (build == NULL)
			return;
		build->job = job;
		build->is_remote = true;
		build->pushes = 1;
		const char *platforms = yaml_text(yaml_at(job->node, "with.platforms"));
		add_platforms(build, platforms != NULL ? platforms : yaml_text(yaml_at(job->node, "with.platform")));
	}
	join_pushes(builds, pipe);
	find_images(builds);
}

/* ---- of files ---- */

void image_builds_add_bake(struct image_builds *builds)
{
	for (size_t i = 0; i < builds->bake.targets.count; i++) {
		unsigned line;
		const struct bake_file *file = bake_place(&builds->bake, builds->bake.targets.items[i], &line);
		struct image_build *build = file != NULL ? add_build(builds, file->path, line, "docker buildx bake") : NULL;
		if (build == NULL)
			continue;
		build->is_bake = true;
		take_bake_target(builds, build, builds->bake.targets.items[i]);
		take_baked_image(builds, build, builds->bake.targets.items[i]);
	}
	find_images(builds);
}

void image_builds_add_scripts(struct image_builds *builds, const struct pipeline *scripts)
{
	for (size_t i = 0; i < scripts->commands.count; i++)
		add_command(builds, scripts, NULL, &scripts->commands.items[i]);
	find_images(builds);
}

void image_builds_finish(struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++) {
		struct image_build *build = &builds->items.items[i];
		struct strings *const lists[] = {&build->platforms, &build->cache_from, &build->cache_to, &build->tags, &build->args};
		for (size_t j = 0; j < COUNT_OF(lists); j++)
			strings_finish(lists[j]);
		free(build->dockerfile);
		free(build->target);
		free(build->context);
	}
	array_finish(&builds->items);
	bake_finish(&builds->bake);
	strings_finish(&builds->texts);
}

/* ---- asked of builds ---- */

bool platforms_have(const struct strings *platforms, const char *architecture)
{
	for (size_t i = 0; i < platforms->count; i++)
		if (strstr(platforms->items[i], architecture) != NULL || (strcmp(architecture, "arm64") == 0 && strstr(platforms->items[i],
			"aarch64") != NULL))
			return true;
	return false;
}

/* Items of a matrix are built each by a job of its own. */
size_t platforms_count(const struct image_build *build)
{
	auto_free char *joined = strings_join(&build->platforms, ",", ",");
	size_t in_one = build->platforms.count;
	if (build->job != NULL && !build->is_bake && pipe_matrix_count(build->job) > 1 && in_one > 1) {
		const char *written = build->step != NULL ? yaml_text(yaml_at(build->step->node, "with.platforms")) : NULL;
		if (written == NULL || strstr(written, "matrix.") != NULL)
			return 1;
	}
	return in_one == 1 && strstr(joined, "amd64") != NULL && strstr(joined, "arm64") != NULL ? 2 : in_one;
}

bool build_compiles(const struct sources *sources, const struct image_build *build, const struct shipped **shipped)
{
	const struct shipped *image = build->has_image ? &build->image : NULL;
	for (size_t i = 0; image == NULL && i < sources->shipped.count; i++)
		if (shipped_builder(&sources->shipped.items[i]) >= 0)
			image = &sources->shipped.items[i];
	if (shipped != NULL)
		*shipped = image;
	return image != NULL && shipped_builder(image) >= 0;
}

bool shipped_cross_compiles(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int stage = shipped_builder(shipped);
	for (int depth = 0; stage >= 0 && depth < 32; depth++, stage = file->stages.items[stage].base_stage)
		if (strstr(file->lines.items[file->stages.items[stage].from].raw, "BUILDPLATFORM") != NULL)
			return true;
	return false;
}

bool any_compiles(const struct sources *sources)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (shipped_builder(&sources->shipped.items[i]) >= 0)
			return true;
	return false;
}

char *cache_value(const char *cache, const char *key)
{
	size_t len = strlen(key);
	for (const char *at = cache; *at != '\0';) {
		size_t part = strcspn(at, ",");
		while (part > 0 && *at == ' ') {
			at++;
			part--;
		}
		if (part > len && strncmp(at, key, len) == 0 && at[len] == '=')
			return trimmed(at + len + 1, part - len - 1);
		at += part + (at[part] == ',');
	}
	return NULL;
}
