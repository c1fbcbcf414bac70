/* 9.3 and 9.7: what the builds of workflows keep of the last run, and how they
 * make images for several platforms. */
#include "ci.h"

/* ---- 9.3: layers ---- */

/* Without one of them the engine's own builder is used, which exports no cache. */
bool ci_has_builder(const struct pipeline *pipe, const struct pipe_job *job)
{
	static const char *const actions[] = {"docker/setup-buildx-action", "docker/setup-docker-action",
		"crazy-max/ghaction-docker-buildx",
		"useblacksmith/setup-docker-builder", "depot/setup-action", NULL};
	if (pipe_job_has_action(pipe, job, actions))
		return true;
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		/* an action of somebody else may do it */
		if (strcasestr(step->action, "buildx") != NULL || strcasestr(step->action, "setup-docker") != NULL)
			return true;
		for (size_t j = 0; j < step->command_count; j++)
			if (pipe_command_is(&pipe->commands.items[step->first_command + j], "docker buildx create"))
				return true;
	}
	return false;
}

static bool any_has(const struct strings *caches, const char *type)
{
	for (size_t i = 0; i < caches->count; i++)
		if (strstr(caches->items[i], type) != NULL)
			return true;
	return false;
}

/* Runners for rent are named after the system that they are made from anew. */
bool ci_runs_itself(const struct pipe_job *job)
{
	static const char *const rented[] = {"ubuntu", "macos", "windows", "${{", "depot", "namespace", "blacksmith", "buildjet", "warp",
		"runs-on", "linux-"};
	const struct yaml_node *runs_on = yaml_get(job->node, "runs-on");
	for (size_t i = 0; runs_on != NULL && runs_on->kind == YAML_LIST && i < runs_on->items.count; i++)
		if (yaml_is(runs_on->items.items[i], "self-hosted"))
			return true;
	if (yaml_text(runs_on) == NULL)
		return false;
	for (size_t i = 0; i < COUNT_OF(rented); i++)
		if (strstr(runs_on->text, rented[i]) != NULL)
			return false;
	return true;
}

/* A builder that the action sets up in a container goes away with the job, and its
 * layers with it, on a runner of one's own too. */
static bool is_passing_builder(const struct pipeline *pipe, const struct pipe_step *step)
{
	if (strcmp(step->action, "docker/setup-buildx-action") != 0)
		return false;
	auto_free char *driver = pipe_with(pipe, step, "driver", NULL), *endpoint = pipe_with(pipe, step, "endpoint", NULL);
	auto_free char *cleanup = pipe_with(pipe, step, "cleanup", NULL), *state = pipe_with(pipe, step, "keep-state", NULL);
	return (driver == NULL || strcmp(driver, "docker-container") == 0) && endpoint == NULL &&
		(cleanup == NULL || strcmp(cleanup, "false") != 0) && (state == NULL || strcmp(state, "true") != 0);
}

bool ci_keeps_layers(const struct pipeline *pipe, const struct pipe_job *job)
{
	if (!ci_runs_itself(job))
		return false;
	for (size_t i = 0; i < job->step_count; i++)
		if (is_passing_builder(pipe, &pipe->steps.items[job->first_step + i]))
			return false;
	return true;
}

/* A folder that is kept by actions/cache and only ever grows. */
static bool only_grows(const struct pipeline *pipe, const struct image_build *build)
{
	bool keeps = false;
	if (!any_has(&build->cache_to, "type=local"))
		return false;
	for (size_t i = 0; i < build->job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[build->job->first_step + i];
		keeps = keeps || text_starts_with(step->action, "actions/cache");
		for (size_t j = 0; j < step->command_count; j++) {
			const struct pipe_command *command = &pipe->commands.items[step->first_command + j];
			if (pipe_command_is(command, "rm") || pipe_command_is(command, "mv") || pipe_command_is(command, "rsync"))
				return false;
		}
	}
	return keeps;
}

static bool has_other_cache(const struct pipeline *pipe, const struct pipe_job *job)
{
	static const char *const actions[] = {"satackey/action-docker-layer-caching", "scribemd/docker-cache",
		"reproducible-containers/buildkit-cache-dance",
		"jpribyl/action-docker-layer-caching", "rharkor/caching-for-turbo", "dashevo/gh-action-cache-artifacts", "cirruslabs/cache",
			NULL};
	return pipe_job_has_action(pipe, job, actions);
}

static bool reads_inline(const struct image_build *build)
{
	return build->cache_from.count > 0 && (strings_have(&build->args, "BUILDKIT_INLINE_CACHE") || any_has(&build->cache_to,
		"inline"));
}

/* A remote build of which nothing is known adds to *unknown. */
static void look_at_layers(struct check *check, const struct pipeline *pipe, const struct image_build *build, bool others_write,
	unsigned *unknown)
{
	if (build->is_remote) {
		const struct yaml_node *with = yaml_get(build->step != NULL ? build->step->node : build->job->node, "with");
		bool says = yaml_get(with, "cache") != NULL || yaml_get(with, "cache-from") != NULL || strcasestr(build->via,
			"github-builder") != NULL;
		*unknown += !says;
		if (says)
			check_for(check, build->file, build->line, "%s keeps a cache", build->via);
	} else if (build->keeps_layers) {
		check_for(check, build->file, build->line, "%s builds on a machine that keeps its layers", build->via);
	} else if (only_grows(pipe, build)) {
		check_against(check, build->cache_file, build->cache_line,
			"the folder that actions/cache keeps only ever grows: nothing takes out what is old");
		check_mend(check, "Use `cache-to: type=gha,mode=max`, or replace the folder after the build");
	} else if (build->is_action && build->cache_to.count > 0 && !any_has(&build->cache_to, "inline") && pipe_is_hosted(build->job) &&
		strcmp(build->via, "docker/build-push-action") == 0 && !ci_has_builder(pipe, build->job)) {
		check_against(check, build->cache_file, build->cache_line,
			"the cache is not exported: without docker/setup-buildx-action the engine's own builder is used, which cannot");
		check_mend(check, "Put docker/setup-buildx-action before the build");
	} else if (reads_inline(build) || (build->cache_from.count > 0 && (build->cache_to.count > 0 || others_write))) {
		check_for(check, build->cache_file, build->cache_line, "layers are taken from %s", build->cache_from.items[0]);
	} else if (build->cache_to.count > 0) {
		check_against(check, build->cache_file, build->cache_line,
			"a cache is written, and no build reads it: there is no `cache-from`");
	} else if (build->cache_from.count > 0) {
		check_against(check, build->cache_file, build->cache_line, "a cache is read, and nothing writes it: there is no `cache-to`");
	} else if (has_other_cache(pipe, build->job)) {
		check_for(check, build->file, build->line, "an action of the same job keeps the layers");
	} else if (ci_keeps_layers(pipe, build->job)) {
		check_for(check, build->file, build->line, "the runner is the project's own: its engine keeps the layers");
	} else {
		check_against(check, build->file, build->line, "%s begins with no layer of the last run: every dependency is compiled again",
			build->via);
	}
}

bool ci_counts(const struct image_builds *builds, const struct image_build *build)
{
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < builds->items.count; i++) {
			const struct image_build *each = &builds->items.items[i];
			bool is_main = (each->pushes > 0 || each->is_action || each->is_remote) && ci_is_product(builds->sources, each);
			if (is_main)
				return (build->pushes > 0 || build->is_action || build->is_remote) && ci_is_product(builds->sources, build);
		}
	return true;
}

void ci_layers(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	unsigned unknown = 0, compiling = 0;
	bool others_write = false;
	const struct image_build *remote = NULL;
	if (!ci_begin(check, &pipe, &builds, false))
		return;
	for (size_t i = 0; i < builds.items.count; i++)
		others_write = others_write || builds.items.items[i].cache_to.count > 0;
	for (size_t i = 0; i < builds.items.count; i++) {
		const struct image_build *build = &builds.items.items[i];
		if (!ci_counts(&builds, build) || !build_compiles(check->sources, build, NULL))
			continue;
		compiling++;
		remote = build->is_remote ? build : remote;
		look_at_layers(check, &pipe, build, others_write, &unknown);
	}
	if (builds.items.count == 0)
		check_none(check, pipe.workflows.items[0].source->path, "no workflow builds an image");
	else if (compiling == 0)
		check_none(check, builds.items.items[0].file, "the images that are built here compile nothing: they only copy");
	else if (unknown == compiling)
		check_missing(check, "%s lies in another repository: what it caches is not known", remote->via);
}

/* ---- 9.7: platforms ---- */

static bool has_several_builders(const struct pipeline *pipe, const struct pipe_job *job)
{
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		auto_free char *append = text_ends_with(step->action, "setup-buildx-action") ? pipe_with(pipe, step, "append", NULL) : NULL;
		if (append != NULL)
			return true;
	}
	return false;
}

static void look_at_platforms(struct check *check, const struct pipeline *pipe, const struct image_build *build)
{
	const struct shipped *shipped = NULL;
	size_t count = platforms_count(build);
	auto_free char *names = strings_join(&build->platforms, ", ", ", ");
	bool compiles = build_compiles(check->sources, build, &shipped);
	if (build->is_remote)
		check_for(check, build->file, build->line, "%s builds %s", build->via, names);
	else if (count < 2)
		check_for(check, build->platforms_file, build->platforms_line, "each platform is built by a job of its own: %s", names);
	else if (!compiles)
		check_for(check, build->platforms_file, build->platforms_line, "%s: the image only copies what was compiled before", names);
	else if (shipped_cross_compiles(shipped))
		check_for(check, build->platforms_file, build->platforms_line,
			"%s: the compiler runs on the builder's own platform for each of them, side by side", names);
	else if (build->keeps_layers || has_several_builders(pipe, build->job))
		check_for(check, build->platforms_file, build->platforms_line, "%s: each is built on a machine of its own kind", names);
	else
		check_against(check, build->platforms_file, build->platforms_line,
			"one job compiles for %s: all but one under emulation, which takes rustc 5 to 20 times as long",
			names);
}

/* Digests of several jobs under one name: upload-artifact refuses the second. */
static void look_at_artifacts(struct check *check, const struct pipeline *pipe, const struct pipe_job *job)
{
	if (pipe_matrix_count(job) < 2)
		return;
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		unsigned line;
		auto_free char *name = strcmp(step->action, "actions/upload-artifact") == 0 ? pipe_with(pipe, step, "name", &line) : NULL;
		if (name == NULL || strstr(name, "${{") != NULL || step->condition != NULL)
			continue;
		check_against(check, step->file, line, "each job of the matrix uploads an artifact of the same name: the second one fails");
		check_mend(check, "Put the platform into the artifact's name");
	}
}

/* Since version 4 of the action every push is an index, for its attestation. */
static void look_at_manifests(struct check *check, const struct pipeline *pipe, const struct image_builds *builds)
{
	bool is_index = false;
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		const char *version = build->step != NULL ? build->step->version : "";
		bool is_old = version[0] == 'v' && (version[1] == '1' || version[1] == '2' || version[1] == '3');
		is_index = is_index || (build->pushes > 0 && build->is_action && !build->is_provenance_off && !is_old);
	}
	for (size_t i = 0; is_index && i < pipe->commands.count; i++) {
		const struct pipe_command *command = &pipe->commands.items[i];
		if (!pipe_command_is(command, "docker manifest create"))
			continue;
		check_against(check, command->file, command->line,
			"docker manifest create refuses images that carry an attestation, as build-push-action pushes them");
		check_mend(check, "Join them by `docker buildx imagetools create`");
	}
}

void ci_parallel(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	auto_strings platforms = {0};
	if (!ci_begin(check, &pipe, &builds, false))
		return;
	for (size_t i = 0; i < builds.items.count; i++)
		for (size_t j = 0; j < builds.items.items[i].platforms.count; j++)
			strings_add_new(&platforms, builds.items.items[i].platforms.items[j]);
	bool several = platforms_have(&platforms, "amd64") && platforms_have(&platforms, "arm");
	if (builds.items.count == 0)
		check_none(check, pipe.workflows.items[0].source->path, "no workflow builds an image");
	else if (!several)
		check_none(check, builds.items.items[0].file, "images are built for one platform");
	for (size_t i = 0; several && i < builds.items.count; i++) {
		const struct image_build *build = &builds.items.items[i];
		if (build->platforms.count == 0)
			continue;
		look_at_platforms(check, &pipe, build);
		look_at_artifacts(check, &pipe, build->job);
	}
	if (several)
		look_at_manifests(check, &pipe, &builds);
}
