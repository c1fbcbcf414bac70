/* 4.5: which platforms images are built for, and whether the Dockerfile can be
 * built for them. */
#include "caching.h"
#include "ci.h"

/* ---- the Dockerfile ---- */

static const char *from_line(const struct dockerfile *file, int stage)
{
	return file->lines.items[file->stages.items[stage].from].raw;
}

static bool is_mapping(const char *text)
{
	return strstr(text, "aarch64") != NULL || strstr(text, "arm64") != NULL || strstr(text, "TARGETARCH") != NULL || strstr(text,
		"TARGETPLATFORM") != NULL;
}

/* FROM --platform=linux/amd64: one platform, whatever is asked for. Files for all
 * platforms may come from such a stage, and a compiler that makes code for others. */
static void look_at_constants(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int builder = shipped_builder(shipped);
	for (size_t i = 0; i < file->stages.count; i++) {
		const struct docker_line *line = &file->lines.items[file->stages.items[i].from];
		auto_free char *platform = flag_value(line->rest, "platform");
		bool ends = stage_has_line(file, shipped->stage, file->stages.items[i].from);
		bool compiles = builder >= 0 && stage_has_line(file, builder, file->stages.items[i].from) && !is_mapping(shipped->source->text);
		if (platform == NULL || strchr(platform, '$') != NULL || !(ends || compiles))
			continue;
		check_against(check, shipped->source->path, line->first, "FROM --platform=%s: this stage is of that platform in every image",
			platform);
		check_mend(check, "Take --platform out, or write --platform=$BUILDPLATFORM where the stage cross-compiles");
	}
}

/* Paths and targets of x86_64 in a Dockerfile that knows no other. */
static void look_at_names(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	if (is_mapping(shipped->source->text))
		return;
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct docker_line *line = &file->lines.items[i];
		bool counts = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "RUN") == 0 || strcmp(line->word, "ENV") == 0;
		const char *name = counts ? strstr(line->raw, "x86_64-") : NULL;
		if (name == NULL)
			name = counts ? strstr(line->raw, "linux-amd64") : NULL;
		if (name == NULL)
			continue;
		check_against(check, shipped->source->path, line->first, "%.*s is of one platform: the image for another has it too",
			(int)strcspn(name, " \t\n\"'/;\\"), name);
		check_mend(check, "Choose the target by $TARGETARCH");
		return;
	}
}

/* Does a stage that ends in the image run commands of the target's platform? */
static bool runs_foreign(const struct dockerfile *file, int stage, int depth)
{
	bool runs = false;
	for (size_t i = 0; i < file->lines.count && !runs; i++) {
		if (!stage_has_line(file, stage, i))
			continue;
		struct copy_line copy;
		bool native = strstr(from_line(file, file->lines.items[i].stage), "BUILDPLATFORM") != NULL;
		runs = !native && strcmp(file->lines.items[i].word, "RUN") == 0;
		if (runs || !copy_line_read(file, i, &copy))
			continue;
		runs = copy.from_stage >= 0 && copy.from_stage < stage && depth < 16 && runs_foreign(file, copy.from_stage, depth + 1);
		copy_line_finish(&copy);
	}
	return runs;
}

/* ---- emulation ---- */

static bool has_emulator(const struct pipeline *pipe, const struct pipe_job *job)
{
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		if (strstr(step->action, "qemu") != NULL)
			return true;
		for (size_t j = 0; j < step->command_count; j++) {
			const struct pipe_command *command = &pipe->commands.items[step->first_command + j];
			for (size_t k = command->at; k < command->words.count; k++)
				if (strstr(command->words.items[k], "binfmt") != NULL || strstr(command->words.items[k], "qemu") != NULL)
					return true;
		}
	}
	return false;
}

static bool runs_on_arm(const struct pipe_job *job)
{
	auto_strings runners = {0};
	const struct yaml_node *runs_on = yaml_get(job->node, "runs-on");
	static const char *const keys[] = {"runner", "os", "runs-on", "platform.runner", "runs_on", "arch.runner"};
	bool arm = yaml_text(runs_on) != NULL && strstr(runs_on->text, "arm") != NULL;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		pipe_matrix(job, keys[i], &runners);
	for (size_t i = 0; i < runners.count; i++)
		arm = arm || strstr(runners.items[i], "arm") != NULL;
	/* a runner that an expression chooses may be any */
	return arm || (yaml_text(runs_on) != NULL && strstr(runs_on->text, "${{") != NULL && runners.count == 0);
}

static void look_at_emulation(struct check *check, const struct pipeline *pipe, const struct image_build *build)
{
	const struct shipped *shipped = NULL;
	if (build->job == NULL || build->is_remote || build->keeps_layers || !platforms_have(&build->platforms, "arm") ||
		runs_on_arm(build->job) ||
		has_emulator(pipe, build->job) || ci_runs_itself(build->job))
		return;
	build_compiles(check->sources, build, &shipped);
	if (shipped == NULL && check->sources->shipped.count > 0)
		shipped = &check->sources->shipped.items[0];
	if (shipped == NULL || !runs_foreign(&shipped->source->file, shipped->stage, 0))
		return;
	check_against(check, build->platforms_file, build->platforms_line,
		"nothing can run commands of arm64 here: there is neither docker/setup-qemu-action nor a runner of that kind");
	check_mend(check, "Put docker/setup-qemu-action before the build, or build arm64 on ubuntu-24.04-arm");
}

/* ---- all ---- */

static void add_compose(struct check *check, struct strings *all)
{
	const char *service;
	json_t *each;
	json_object_foreach((json_t *)compose_services(check->sources), service, each) {
		const json_t *list = compose_member(each, "build.platforms");
		unsigned line;
		const char *file = json_array_size(list) > 0 ? compose_place(check->sources, service, "build.platforms", &line) : NULL;
		for (size_t i = 0; i < json_array_size(list); i++)
			if (json_is_string(json_array_get(list, i)))
				strings_add_new(all, json_string_value(json_array_get(list, i)));
		if (json_array_size(list) > 1)
			check_for(check, file, line, "%s is built for %zu platforms", service, json_array_size(list));
	}
}

static void judge_several(struct check *check, const struct pipeline *pipe, const struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		if (build->platforms.count == 0)
			continue;
		auto_free char *names = strings_join(&build->platforms, ", ", ", ");
		check_for(check, build->platforms_file, build->platforms_line, "%s", names);
		look_at_emulation(check, pipe, build);
	}
	for (size_t i = 0; i < check->sources->shipped.count; i++) {
		look_at_constants(check, &check->sources->shipped.items[i]);
		look_at_names(check, &check->sources->shipped.items[i]);
	}
}

static void judge_one(struct check *check, const struct pipeline *pipe, const struct image_builds *builds,
	const struct strings *all)
{
	const struct pipe_job *deploys = pipe_first(pipe, PIPE_DEPLOYS);
	const struct image_build *push = NULL, *known = NULL;
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		if (build->pushes == 0 || !ci_is_product(check->sources, build))
			continue;
		push = push != NULL ? push : build;
		known = known == NULL && !build->is_remote ? build : known;
	}
	const char *docker = check->sources->shipped.items[0].source->path;
	const char *other = pipe->workflows.count == 0 ? pipeline_other(check->sources) : NULL;
	if (push == NULL && other != NULL)
		check_missing(check, "this project's CI is %s, which is not read here", other);
	else if (push == NULL)
		check_none(check, docker, "nothing here publishes the image: it is built where it runs");
	else if (deploys != NULL)
		check_none(check, pipe_file(pipe, deploys), "the image goes to machines of the project's own (job %s)", deploys->name);
	else if (known == NULL)
		check_missing(check, "%s lies in another repository: which platforms it builds for is not known", push->via);
	else
		check_against(check, known->platforms_file, known->platforms_line, "the image is published for one platform: %s",
			all->count > 0 ? all->items[0] : _("that of the runner"));
}

void caching_platforms(struct check *check)
{
	auto_pipeline pipe = {0}, scripts = {0};
	auto_builds builds = {0};
	auto_strings all = {0};
	if (check->sources->shipped.count == 0) {
		check_none(check, pipeline_ground(check->sources), "there is no Dockerfile");
		return;
	}
	pipeline_open(check->sources, &pipe);
	pipeline_open_scripts(check->sources, &scripts);
	image_builds_open(check->sources, &pipe, &builds);
	image_builds_add_bake(&builds);
	image_builds_add_scripts(&builds, &scripts);
	for (size_t i = 0; i < builds.items.count; i++)
		for (size_t j = 0; j < builds.items.items[i].platforms.count; j++)
			strings_add_new(&all, builds.items.items[i].platforms.items[j]);
	add_compose(check, &all);
	bool several = platforms_have(&all, "arm") && (platforms_have(&all, "amd64") || platforms_have(&all, "x86_64"));
	if (several)
		judge_several(check, &pipe, &builds);
	else
		judge_one(check, &pipe, &builds, &all);
}

/* ---- what runs ---- */

/* The engine says x86_64 where images say amd64. */
static const char *architecture_of(const char *machine)
{
	if (machine == NULL)
		return NULL;
	return strcmp(machine, "x86_64") == 0 ? "amd64" : strcmp(machine, "aarch64") == 0 ? "arm64" : machine;
}

void caching_platforms_live(struct check *check)
{
	const char *engine = architecture_of(json_string_value(json_object_get(json_object_get(check->sources->live, "info"),
		"Architecture")));
	const json_t *container;
	for (size_t at = 0; engine != NULL && (container = live_each(check->sources, &at)) != NULL;) {
		const char *image = architecture_of(live_text(container, "image.Architecture"));
		if (image != NULL && live_is_own(check->sources, container) && strcmp(image, engine) != 0)
			check_live_against(check, live_service(container), "image.Architecture is %s, and the engine is %s: it runs under emulation",
				image, engine);
	}
}
