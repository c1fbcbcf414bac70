/* 9.2: what is pushed has passed the tests, what is deployed has been pushed, and
 * neither happens for a pull request. */
#include "ci.h"
#include "own-images.h"

static bool step_tests(const struct pipeline *pipe, const struct pipe_step *step)
{
	return (pipe_step_roles(pipe, step) & PIPE_TESTS) != 0;
}

/* The first step of the job that pushes; *tested: tests ran before it. */
static const struct pipe_step *first_push(const struct pipeline *pipe, const struct pipe_job *job, bool *tested)
{
	*tested = false;
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		*tested = *tested || step_tests(pipe, step);
		if (pipe_step_pushes(pipe, step) > 0)
			return step;
	}
	return NULL;
}

/* Tests in the Dockerfile itself: a build that fails is not pushed. */
static const struct shipped *tests_inside(const struct sources *sources, unsigned *line)
{
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		const struct dockerfile *file = &shipped->source->file;
		int builder = shipped_builder(shipped);
		for (size_t j = 0; builder >= 0 && j < file->lines.count; j++)
			if (strcmp(file->lines.items[j].word, "RUN") == 0 && stage_has_line(file, builder, j) && strstr(file->lines.items[j].raw,
				"cargo test") != NULL) {
				*line = file->lines.items[j].first;
				return shipped;
			}
	}
	return NULL;
}

/* Is it left out on some events: by its own condition, or one of what it waits for? */
static bool find_guard(const struct pipeline *pipe, size_t at, bool *seen)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	if (seen[at] || job->condition != NULL)
		return !seen[at];
	seen[at] = true;
	for (size_t i = 0; i < job->before.count; i++)
		if (find_guard(pipe, job->before.items[i], seen))
			return true;
	return false;
}

static bool is_guarded(const struct pipeline *pipe, size_t at)
{
	auto_free bool *seen = mem_alloc(pipe->jobs.count * sizeof *seen);
	return find_guard(pipe, at, seen);
}

static bool pushes_product(const struct image_builds *builds, const struct pipe_job *job)
{
	bool has_build = false;
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		has_build = has_build || build->job == job;
		if (build->job == job && ci_is_product(builds->sources, build))
			return true;
	}
	return !has_build;
}

/* ---- push ---- */

static void look_at_push(struct check *check, const struct pipeline *pipe, size_t at)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	const struct pipe_job *tests = pipe_first(pipe, PIPE_TESTS);
	const char *file = pipe_file(pipe, job);
	bool tested;
	unsigned line = 0;
	const struct pipe_step *push = first_push(pipe, job, &tested);
	const struct shipped *inside = tests_inside(check->sources, &line);
	if (tested || pipe_waits_for(pipe, at, PIPE_TESTS)) {
		check_for(check, file, job->line, "the job %s pushes the image once the tests have passed", job->name);
	} else if (inside != NULL) {
		check_for(check, inside->source->path, line, "the tests run while the image is built");
	} else if (tests != NULL) {
		check_against(check, file, job->line, "the job %s pushes the image and does not wait for the tests of %s", job->name,
			pipe_file(pipe, tests));
		check_mend(check, "Let the job that pushes name the job of the tests in `needs:`");
	} else {
		check_against(check, file, job->line, "the job %s pushes the image, and no job runs the tests", job->name);
	}
	const struct pipe_workflow *workflow = &pipe->workflows.items[job->workflow];
	if (push == NULL || (workflow->triggers & (PIPE_ON_PULL | PIPE_ON_PULL_TARGET)) == 0 || pipe_step_pushes(pipe, push) < 2)
		return;
	if (push->condition == NULL && !is_guarded(pipe, at)) {
		check_against(check, push->file, push->line,
			"it pushes on pull requests too: code that nobody has looked at gets into the registry");
		check_mend(check, "Push under a condition: `push: ${{ github.event_name != 'pull_request' }}`");
	}
}

/* Built in a job before, and looked at there, and built anew where it is pushed: with no
 * layers in common the two differ by what the network gave that minute. */
static void look_at_second_build(struct check *check, const struct pipeline *pipe, const struct image_builds *builds, size_t at)
{
	const struct image_build *push = &builds->items.items[at];
		if (push->pushes == 0 || !push->has_image || push->job == NULL || push->is_remote || push->cache_from.count > 0 || push->keeps_layers ||
		ci_keeps_layers(pipe, push->job))
		return;
	auto_free bool *is_before = mem_alloc((pipe->jobs.count + 1) * sizeof *is_before);
	for (size_t k = 0; k < push->job->before.count; k++)
		is_before[push->job->before.items[k]] = true;
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *first = &builds->items.items[i];
		if (first->job == NULL || !is_before[first->job - pipe->jobs.items] || first->pushes > 0 || !first->has_image ||
			!shipped_is_same(&first->image, &push->image))
			continue;
		check_against(check, push->file, push->line, "the image is built anew here, without a layer of the one that the job %s has built: what was looked at is not what is pushed",
			first->job->name);
		check_mend(check, "Give both builds the same cache (cache-to and cache-from: type=gha), or push what the first has built");
		return;
	}
}

/* ---- deploy ---- */

static bool pushes_in_workflow(const struct pipeline *pipe, const struct pipe_job *job)
{
	const struct pipe_workflow *workflow = &pipe->workflows.items[job->workflow];
	for (size_t i = 0; i < workflow->job_count; i++)
		if ((pipe->jobs.items[workflow->first_job + i].roles & PIPE_PUSHES) != 0)
			return true;
	return false;
}

/* A deployment that builds by itself is what the tests must come before. */
static bool builds_untested(const struct pipeline *pipe, size_t at)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		if (step_tests(pipe, step))
			return false;
		bool builds = strcmp(step->action, "superfly/flyctl-actions") == 0;
		for (size_t j = 0; j < step->command_count; j++)
			builds = builds || pipe_command_builds_there(&pipe->commands.items[step->first_command + j]);
		if (builds)
			return !pipe_waits_for(pipe, at, PIPE_TESTS);
	}
	return false;
}

/* "ghcr.io/acme/api:latest": a tag that the next push moves. */
static bool is_moving_image(const char *text)
{
	static const char *const tags[] = {"latest", "main", "master", "edge", "stable", "dev", "develop", "nightly", "staging", "prod", "production", NULL};
	const char *slash = strrchr(text, '/'), *colon = slash != NULL ? strchr(slash, ':') : NULL;
	return colon != NULL && slash[-1] != '/' && slash != text && strstr(text, "://") == NULL && name_in(colon + 1, tags);
}

/* The first of the text's words that is one, behind "api=" too; NULL: none. The caller frees. */
static char *moving_image(const struct pipeline *pipe, const struct pipe_step *step, const char *text)
{
	auto_free char *filled = pipe_fill_word(pipe, step, text);
	auto_strings words = {0};
	for (char *at = filled; *at != '\0'; at++)
		*at = strchr("\n\t'\";,", *at) != NULL ? ' ' : *at;
	strings_split(&words, filled, ' ');
	for (size_t i = 0; i < words.count; i++) {
		const char *equals = strchr(words.items[i], '='), *word = equals != NULL ? equals + 1 : words.items[i];
		if (is_moving_image(word))
			return mem_copy_string(word);
	}
	return NULL;
}

static void say_moving(struct check *check, const char *file, unsigned line, const char *image)
{
	check_against(check, file, line, "it deploys %s: the tag moves with each push, and nobody knows what runs or what to go back to", image);
	check_mend(check, "Deploy the digest that the push gave out (NAME@sha256:…), or the tag of the version or commit");
}

/* What commands and actions of the job deploy by such a tag. */
static void look_at_images(struct check *check, const struct pipeline *pipe, const struct pipe_job *job)
{
	static const char *const inputs[] = {"image", "images"};
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		bool deploys = step->uses != NULL && step->command_count == 0 && (pipe_step_roles(pipe, step) & PIPE_DEPLOYS) != 0;
		for (size_t k = 0; deploys && k < COUNT_OF(inputs); k++) {
			unsigned line;
			auto_free char *value = pipe_with(pipe, step, inputs[k], &line);
			auto_free char *image = value != NULL ? moving_image(pipe, step, value) : NULL;
			if (image != NULL)
				say_moving(check, step->file, line, image);
		}
		for (size_t k = 0; k < step->command_count; k++) {
			const struct pipe_command *command = &pipe->commands.items[step->first_command + k];
			auto_free char *image = NULL;
			for (size_t n = command->at + 1; n < command->words.count && image == NULL && pipe_command_deploys(command); n++)
				image = moving_image(pipe, step, command->words.items[n]);
			if (image != NULL)
				say_moving(check, command->file, command->line, image);
		}
	}
}

static void look_at_deploy(struct check *check, const struct pipeline *pipe, size_t at)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	const struct pipe_workflow *workflow = &pipe->workflows.items[job->workflow];
	const char *file = pipe_file(pipe, job);
	bool has_environment = yaml_get(job->node, "environment") != NULL;
	bool has_concurrency = yaml_get(job->node, "concurrency") != NULL || yaml_get(workflow->root, "concurrency") != NULL;
	if (job->uses != NULL) {
		check_for(check, file, job->line, "%s deploys", job->uses);
		return;
	}
	look_at_images(check, pipe, job);
	if (!pushes_in_workflow(pipe, job) && builds_untested(pipe, at)) {
		check_against(check, file, job->line, "the job %s deploys and does not wait for tests", job->name);
		check_mend(check, "Let the job that deploys name the job of the tests in `needs:`");
	} else if ((job->roles & PIPE_PUSHES) == 0 && pushes_in_workflow(pipe, job) && !pipe_waits_for(pipe, at, PIPE_PUSHES)) {
		check_against(check, file, job->line, "the job %s deploys and does not wait for the push of the image", job->name);
		check_mend(check, "Let the job that deploys name the job that pushes in `needs:`");
	} else if (has_environment || has_concurrency) {
		check_for(check, file, job->line, "the job %s deploys, %s", job->name, has_environment ?
			_("to an environment that can be guarded") : _("one run at a time"));
	} else {
		check_against(check, file, job->line,
			"the job %s deploys with neither `environment:` nor `concurrency:`: two runs may overtake each other", job->name);
		check_mend(check, "Give the job that deploys an `environment:` and a `concurrency:` group");
	}
}

void ci_order(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	bool pushes = false, deploys = false;
	if (!ci_begin(check, &pipe, &builds, false))
		return;
	for (size_t i = 0; i < pipe.jobs.count; i++) {
		const struct pipe_job *job = &pipe.jobs.items[i];
		if (job->called >= 0)
			continue;
		if ((job->roles & PIPE_PUSHES) != 0 && pushes_product(&builds, job)) {
			pushes = true;
			look_at_push(check, &pipe, i);
		}
		if ((job->roles & PIPE_DEPLOYS) != 0) {
			deploys = true;
			look_at_deploy(check, &pipe, i);
		}
	}
	for (size_t i = 0; i < builds.items.count; i++)
		look_at_second_build(check, &pipe, &builds, i);
	if (pushes || deploys)
		return;
	const struct pipe_job *build = pipe_first(&pipe, PIPE_BUILDS);
	if (build != NULL)
		check_against(check, pipe_file(&pipe, build), build->line, "the job %s builds the image, and no job pushes or deploys it",
			build->name);
	else
		check_against(check, pipe.workflows.items[0].source->path, 0, "no workflow builds the image of %s",
			check->sources->shipped.items[0].source->path);
}
