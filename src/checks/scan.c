/* Practice 8.4, image scanning as a gate of CI. A step is judged by what it runs:
 * what is called a scan may be an SBOM, look at the repository, never fail, or
 * come when the image is pushed already. */
#include "production.h"

#include <stdio.h>

enum { STEPS_LIMIT = 2000, JOBS_LIMIT = 200, CALL_DEPTH = 3, LOOKS_LIMIT = 10000, TEXT_LIMIT = 16 << 10, SCRIPT_DEPTH = 2 };

enum scan {
	SCAN_NONE,
	SCAN_GATE, /* of an image, and it fails on what it finds */
	SCAN_HARMLESS, /* of an image, and it cannot fail */
	SCAN_REPOSITORY, /* of files, not of an image */
	SCAN_SBOM,
};

/* ---- commands ---- */

static const char *word_behind(const struct strings *words, size_t at)
{
	for (size_t i = at + 1; i < words->count; i++)
		if (words->items[i][0] != '-')
			return words->items[i];
	return "";
}

/* The value of "--name VALUE" or "--name=VALUE"; NULL: it is not there. */
static const char *option_value(const struct strings *words, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < words->count; i++) {
		if (strcmp(words->items[i], name) == 0)
			return i + 1 < words->count ? words->items[i + 1] : "";
		if (strncmp(words->items[i], name, len) == 0 && words->items[i][len] == '=')
			return words->items[i] + len + 1;
	}
	return NULL;
}

static bool is_off(const char *value)
{
	return value == NULL || value[0] == '\0' || strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

static enum scan scan_of_words(const struct strings *words)
{
	static const char *const sboms[] = {"cyclonedx", "spdx", "spdx-json", "github", "cyclonedx-json", NULL};
	static const char *const files[] = {"fs", "filesystem", "repo", "repository", "config", "conf", "rootfs", "sbom", NULL};
	const char *format = option_value(words, "--format");
	format = format != NULL ? format : option_value(words, "-f");
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i], *name = path_name(word), *verb = word_behind(words, i);
		if (strcmp(name, "trivy") == 0 || text_starts_with(name, "trivy:") || text_starts_with(name, "trivy@")) {
			if (name_in(verb, files))
				return SCAN_REPOSITORY;
			if (strcmp(verb, "image") != 0 && strcmp(verb, "i") != 0)
				continue;
			if (format != NULL && name_in(format, sboms))
				return SCAN_SBOM;
			return is_off(option_value(words, "--exit-code")) ? SCAN_HARMLESS : SCAN_GATE;
		}
		if (strcmp(name, "grype") == 0 || text_starts_with(name, "grype:")) {
			if (strcmp(verb, "db") == 0 || verb[0] == '\0' || strcmp(verb, "version") == 0)
				continue;
			if (text_starts_with(verb, "dir:") || strcmp(verb, ".") == 0)
				return SCAN_REPOSITORY;
			return option_value(words, "--fail-on") != NULL || (format != NULL && option_value(words, "-f") == format) ?
				SCAN_GATE : SCAN_HARMLESS;
		}
		if (strcmp(name, "docker") == 0 && strcmp(verb, "scout") == 0)
			return strings_have(words, "--exit-code") || strings_have(words, "-e") ? SCAN_GATE : SCAN_HARMLESS;
		if (strcmp(name, "docker") == 0 && strcmp(verb, "scan") == 0)
			return SCAN_GATE;
		if (strcmp(name, "snyk") == 0 && strcmp(verb, "container") == 0)
			return strings_have(words, "monitor") ? SCAN_HARMLESS : SCAN_GATE;
		if (strcmp(name, "snyk") == 0 && strcmp(verb, "test") == 0)
			return SCAN_REPOSITORY;
		if (strcmp(name, "syft") == 0)
			return SCAN_SBOM;
	}
	return SCAN_NONE;
}

/* Behind a || that makes good of any end. */
static bool is_forgiven(const struct shell_command *command, const char *end)
{
	const char *at = command->start + command->len;
	if (at + 2 > end || strncmp(at, "||", 2) != 0)
		return false;
	at += 2;
	at += strspn(at, " \t");
	return !text_starts_with(at, "exit") && !text_starts_with(at, "false") && !text_starts_with(at, "{");
}

static enum scan better(enum scan a, enum scan b)
{
	return a == SCAN_NONE ? b : b == SCAN_NONE ? a : a < b ? a : b;
}

/* The best scan that a shell text does, scripts of the project followed. */
static enum scan scan_of_shell(const struct sources *sources, const char *text, int depth)
{
	struct shell_commands commands = {0};
	enum scan best = SCAN_NONE;
	if (strlen(text) > TEXT_LIMIT)
		return SCAN_NONE;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct shell_command *command = &commands.items[i];
		enum scan one = scan_of_words(&command->words);
		size_t first = command_at(&command->words);
		const char *head = first < command->words.count ? command->words.items[first] : "";
		if (is_shell(head))
			head = word_behind(&command->words, first);
		auto_free char *path = path_clean(head);
		auto_free char *script = one == SCAN_NONE && depth < SCRIPT_DEPTH && text_ends_with(path, ".sh") ?
			tree_read(&sources->tree, path, NULL) : NULL;
		if (script != NULL)
			one = scan_of_shell(sources, script, depth + 1);
		if ((strcmp(head, "make") == 0 || strcmp(head, "just") == 0) && depth < SCRIPT_DEPTH &&
			strstr(word_behind(&command->words, first), "scan") != NULL) {
			auto_free char *recipes = tree_read(&sources->tree, head[0] == 'm' ? "Makefile" : "justfile", NULL);
			one = recipes != NULL ? scan_of_shell(sources, recipes, SCRIPT_DEPTH) : one;
		}
		if (one == SCAN_GATE && is_forgiven(command, text + strlen(text)))
			one = SCAN_HARMLESS;
		best = better(best, one);
	}
	shell_commands_finish(&commands);
	return best;
}

/* ---- actions ---- */

static bool trivy_file_fails(const struct sources *sources, const char *name)
{
	auto_free char *text = tree_read(&sources->tree, name != NULL ? name : "trivy.yaml", NULL);
	const char *at = text != NULL ? strstr(text, "exit-code:") : NULL;
	return at != NULL && at[10 + strspn(at + 10, " ")] != '0';
}

static enum scan scan_of_trivy(const struct sources *sources, const struct yaml_node *step)
{
	static const char *const sboms[] = {"cyclonedx", "spdx", "spdx-json", "github", NULL};
	const struct yaml_node *with = yaml_get(step, "with");
	const char *type = yaml_text(yaml_get(with, "scan-type")), *format = yaml_text(yaml_get(with, "format")),
		*code = yaml_text(yaml_get(with, "exit-code"));
	if (type != NULL && strcmp(type, "image") != 0)
		return SCAN_REPOSITORY;
	if (format != NULL && name_in(format, sboms))
		return SCAN_SBOM;
	if (code == NULL)
		code = yaml_text(yaml_at(step, "env.TRIVY_EXIT_CODE"));
	const char *config = yaml_text(yaml_get(with, "trivy-config"));
	return !is_off(code) || (code == NULL && trivy_file_fails(sources, config)) ? SCAN_GATE : SCAN_HARMLESS;
}

static enum scan scan_of_action(const struct sources *sources, const struct yaml_node *step, const char *uses)
{
	const struct yaml_node *with = yaml_get(step, "with");
	if (strstr(uses, "trivy-action") != NULL)
		return scan_of_trivy(sources, step);
	if (text_starts_with(uses, "anchore/scan-action")) {
		if (yaml_get(with, "image") == NULL)
			return yaml_get(with, "sbom") != NULL ? SCAN_GATE : SCAN_REPOSITORY;
		return yaml_is(yaml_get(with, "fail-build"), "false") ? SCAN_HARMLESS : SCAN_GATE;
	}
	if (text_starts_with(uses, "docker/scout-action"))
		return is_off(yaml_text(yaml_get(with, "exit-code"))) ? SCAN_HARMLESS : SCAN_GATE;
	if (text_starts_with(uses, "snyk/actions/docker"))
		return yaml_is(yaml_get(with, "command"), "monitor") ? SCAN_HARMLESS : SCAN_GATE;
	if (text_starts_with(uses, "snyk/actions/"))
		return SCAN_REPOSITORY;
	if (text_starts_with(uses, "anchore/sbom-action"))
		return SCAN_SBOM;
	if (text_starts_with(uses, "crazy-max/ghaction-container-scan"))
		return yaml_get(with, "severity_threshold") != NULL ? SCAN_GATE : SCAN_HARMLESS;
	if (text_starts_with(uses, "azure/container-scan") || strstr(uses, "sysdiglabs/scan-action") != NULL ||
		strstr(uses, "container-scan") != NULL || strstr(uses, "grype") != NULL)
		return SCAN_GATE;
	return SCAN_NONE;
}

/* ---- steps ---- */

static bool action_pushes(const struct yaml_node *step, const char *uses)
{
	const struct yaml_node *with = yaml_get(step, "with");
	const char *push = yaml_text(yaml_get(with, "push")), *outputs = yaml_text(yaml_get(with, "outputs")),
		*tags = yaml_text(yaml_get(with, "tags"));
	if (strstr(uses, "push-to-registry") != NULL)
		return true;
	if (!text_starts_with(uses, "docker/build-push-action") && !text_starts_with(uses, "docker/bake-action"))
		return false;
	if (tags != NULL && (text_starts_with(tags, "localhost") || text_starts_with(tags, "127.")))
		return false;
	return (push != NULL && !is_off(push)) || (outputs != NULL &&
		(strstr(outputs, "push=true") != NULL || strstr(outputs, "type=registry") != NULL));
}

static bool shell_pushes(const char *text)
{
	struct shell_commands commands = {0};
	bool pushes = false;
	if (strlen(text) > TEXT_LIMIT || strstr(text, "push") == NULL)
		return false;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		const char *head = at < words->count ? path_name(words->items[at]) : "";
		if (strcmp(head, "docker") != 0 && strcmp(head, "podman") != 0 && strcmp(head, "buildah") != 0)
			continue;
		bool local = false;
		for (size_t j = at; j < words->count; j++)
			local = local || text_starts_with(words->items[j], "localhost");
		pushes = pushes || (!local && (strings_have(words, "push") || strings_have(words, "--push")));
	}
	shell_commands_finish(&commands);
	return pushes;
}

static bool step_builds(const struct yaml_node *step)
{
	const char *uses = yaml_text(yaml_get(step, "uses")), *run = yaml_text(yaml_get(step, "run"));
	if (uses != NULL)
		return text_starts_with(uses, "docker/build-push-action") || text_starts_with(uses, "docker/bake-action");
	return run != NULL && (strstr(run, "docker build") != NULL || strstr(run, "buildx build") != NULL ||
		strstr(run, "docker compose build") != NULL);
}

static enum scan scan_of_step(const struct sources *sources, const struct yaml_node *step)
{
	const char *uses = yaml_text(yaml_get(step, "uses")), *run = yaml_text(yaml_get(step, "run"));
	enum scan scan = uses != NULL ? scan_of_action(sources, step, uses) : run != NULL ? scan_of_shell(sources, run, 0) :
		SCAN_NONE;
	bool goes_on = yaml_truth(yaml_get(step, "continue-on-error")) == 1;
	return scan == SCAN_GATE && goes_on ? SCAN_HARMLESS : scan;
}

struct bad_step {
	const char *file;
	unsigned line;
	enum scan scan;
};

struct pipeline {
	struct check *check;
	const char *building; /* a workflow that builds the image */
	unsigned building_line;
	bool is_good; /* a gate was found */
	const char *foreign; /* a workflow of others that is called a scan */
	struct { struct bad_step *items; size_t count, cap; } bad;
	struct strings called; /* paths of files that others of the project call */
	size_t looks; /* a bound on all that is walked */
};

/* ---- what calls what ---- */

/* The file of the project that `uses: ./…` names: a reusable workflow or a
 * composite action. NULL: it is another's. */
static const struct yaml_source *find_local(const struct sources *sources, const char *uses)
{
	if (uses == NULL || !text_starts_with(uses, "./"))
		return NULL;
	auto_free char *path = path_clean(uses + 2);
	auto_free char *action = mem_print("%s/action.yml", path), *other = mem_print("%s/action.yaml", path);
	for (size_t i = 0; i < sources->workflows.count; i++) {
		const struct yaml_source *source = &sources->workflows.items[i];
		if (source->yaml != NULL && (strcmp(source->path, path) == 0 || strcmp(source->path, action) == 0 ||
			strcmp(source->path, other) == 0))
			return source;
	}
	return NULL;
}

static const struct yaml_node *steps_of(const struct yaml_node *job)
{
	const struct yaml_node *steps = yaml_get(job, "steps");
	return steps != NULL && steps->kind == YAML_LIST ? steps : NULL;
}

static const struct yaml_node *jobs_of(const struct yaml_source *source)
{
	const struct yaml_node *jobs = source != NULL && source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "jobs") : NULL;
	return jobs != NULL && jobs->kind == YAML_MAP ? jobs : NULL;
}

static bool job_pushes(struct pipeline *pipeline, const struct yaml_node *job, int depth);

static bool step_pushes(struct pipeline *pipeline, const struct yaml_node *step, int depth)
{
	const char *uses = yaml_text(yaml_get(step, "uses")), *run = yaml_text(yaml_get(step, "run"));
	const struct yaml_source *local = find_local(pipeline->check->sources, uses);
	if (++pipeline->looks > LOOKS_LIMIT)
		return false;
	if (local != NULL)
		return depth < CALL_DEPTH && job_pushes(pipeline, yaml_get(yaml_root(local->yaml), "runs"), depth + 1);
	return uses != NULL ? action_pushes(step, uses) : run != NULL && shell_pushes(run);
}

static bool job_pushes(struct pipeline *pipeline, const struct yaml_node *job, int depth)
{
	const struct yaml_node *steps = steps_of(job);
	for (size_t i = 0; steps != NULL && i < steps->items.count && i < STEPS_LIMIT; i++)
		if (step_pushes(pipeline, steps->items.items[i], depth))
			return true;
	const struct yaml_node *jobs = jobs_of(find_local(pipeline->check->sources, yaml_text(yaml_get(job, "uses"))));
	for (size_t i = 0; jobs != NULL && i < jobs->items.count && i < JOBS_LIMIT && depth < CALL_DEPTH; i++)
		if (++pipeline->looks < LOOKS_LIMIT && job_pushes(pipeline, jobs->items.items[i], depth + 1))
			return true;
	return false;
}

/* Does the job wait for one that pushes? */
static bool follows_push(struct pipeline *pipeline, const struct yaml_node *jobs, const struct yaml_node *job)
{
	const struct yaml_node *needs = yaml_get(job, "needs");
	if (needs == NULL)
		return false;
	if (needs->kind == YAML_SCALAR)
		return job_pushes(pipeline, yaml_get(jobs, needs->text), 0);
	for (size_t i = 0; needs->kind == YAML_LIST && i < needs->items.count && i < JOBS_LIMIT; i++) {
		const char *name = yaml_text(needs->items.items[i]);
		if (name != NULL && ++pipeline->looks < LOOKS_LIMIT && job_pushes(pipeline, yaml_get(jobs, name), 0))
			return true;
	}
	return false;
}

/* Only the clock or the end of another workflow starts it: it runs beside the
 * pipeline. */
static bool runs_beside(const struct yaml_node *root)
{
	static const char *const beside_events[] = {"schedule", "workflow_run", "repository_dispatch", NULL};
	const struct yaml_node *on = yaml_get(root, "on");
	if (on == NULL)
		on = yaml_get(root, "true"); /* YAML 1.1 */
	if (on == NULL)
		return false;
	bool any = false, beside = true;
	if (on->kind == YAML_SCALAR)
		return name_in(on->text, beside_events);
	for (size_t i = 0; i < on->items.count && i < 50; i++) {
		const char *name = on->kind == YAML_MAP ? yaml_text(on->keys.items[i]) : yaml_text(on->items.items[i]);
		any = any || (name != NULL && name_in(name, beside_events));
		beside = beside && name != NULL && (name_in(name, beside_events) || strcmp(name, "workflow_dispatch") == 0);
	}
	return any && beside;
}

/* ---- jobs ---- */

static void say_step(struct check *check, const char *file, unsigned line, enum scan scan)
{
	switch (scan) {
	case SCAN_HARMLESS:
		check_against(check, file, line, "this scan of the image cannot fail: whatever it finds, the image goes out");
		break;
	case SCAN_REPOSITORY:
		check_against(check, file, line, "this scan looks at the repository, not at the image");
		break;
	case SCAN_SBOM:
		check_against(check, file, line, "this step lists what the image holds (an SBOM) and judges nothing");
		break;
	case SCAN_GATE:
		check_against(check, file, line, "this scan comes when the image is pushed already");
		break;
	case SCAN_NONE:
		break;
	}
}

/* `pushed`: the image is out already. `goes_on`: a failure ends nothing. */
struct state {
	bool pushed, goes_on;
	int depth;
};

static void look_at_steps(struct pipeline *pipeline, const struct yaml_source *source, const struct yaml_node *job,
	struct state *state);

static void look_at_step(struct pipeline *pipeline, const struct yaml_source *source, const struct yaml_node *step,
	struct state *state)
{
	const struct sources *sources = pipeline->check->sources;
	const struct yaml_source *local = find_local(sources, yaml_text(yaml_get(step, "uses")));
	if (local != NULL && state->depth < CALL_DEPTH) {
		struct state inner = *state;
		inner.depth++;
		inner.goes_on = inner.goes_on || yaml_truth(yaml_get(step, "continue-on-error")) == 1;
		look_at_steps(pipeline, local, yaml_get(yaml_root(local->yaml), "runs"), &inner);
		state->pushed = inner.pushed;
		return;
	}
	enum scan scan = scan_of_step(sources, step);
	bool pushes = step_pushes(pipeline, step, 0);
	if (scan == SCAN_GATE && state->goes_on)
		scan = SCAN_HARMLESS;
	if (scan == SCAN_GATE && !state->pushed) {
		pipeline->is_good = true;
		check_for(pipeline->check, source->path, step->line,
			"the image is scanned here before it is pushed, and what is found ends the run");
	} else if (scan != SCAN_NONE) {
		*array_add(&pipeline->bad) = (struct bad_step){source->path, step->line, scan};
	}
	if ((step_builds(step) || pushes) && pipeline->building == NULL) {
		pipeline->building = source->path;
		pipeline->building_line = step->line;
	}
	state->pushed = state->pushed || pushes;
}

static void look_at_steps(struct pipeline *pipeline, const struct yaml_source *source, const struct yaml_node *job,
	struct state *state)
{
	const struct yaml_node *steps = steps_of(job);
	for (size_t i = 0; steps != NULL && i < steps->items.count && pipeline->looks < LOOKS_LIMIT; i++, pipeline->looks++)
		look_at_step(pipeline, source, steps->items.items[i], state);
}

static void look_at_workflow(struct pipeline *pipeline, const struct yaml_source *source, struct state state)
{
	const struct yaml_node *jobs = jobs_of(source);
	bool pushed = state.pushed || runs_beside(yaml_root(source->yaml));
	for (size_t i = 0; jobs != NULL && i < jobs->items.count && i < JOBS_LIMIT && pipeline->looks < LOOKS_LIMIT; i++,
		pipeline->looks++) {
		const struct yaml_node *job = jobs->items.items[i];
		const char *uses = yaml_text(yaml_get(job, "uses"));
		const struct yaml_source *local = find_local(pipeline->check->sources, uses);
		struct state own = {.pushed = pushed || follows_push(pipeline, jobs, job), .depth = state.depth + 1,
			.goes_on = state.goes_on || yaml_truth(yaml_get(job, "continue-on-error")) == 1};
		if (local != NULL && state.depth < CALL_DEPTH)
			look_at_workflow(pipeline, local, own);
		else if (uses != NULL && (strstr(uses, "scan") != NULL || strstr(uses, "trivy") != NULL || strstr(uses, "grype") != NULL))
			pipeline->foreign = source->path;
		look_at_steps(pipeline, source, job, &own);
	}
}

static void add_called(struct pipeline *pipeline, const struct yaml_node *node)
{
	const struct yaml_source *called = find_local(pipeline->check->sources, yaml_text(yaml_get(node, "uses")));
	if (called != NULL)
		strings_add_new(&pipeline->called, called->path);
}

/* Files that others of the project call are looked at from there. */
static void find_called(struct pipeline *pipeline)
{
	const struct sources *sources = pipeline->check->sources;
	for (size_t i = 0; i < sources->workflows.count; i++) {
		const struct yaml_node *jobs = jobs_of(&sources->workflows.items[i]);
		for (size_t j = 0; jobs != NULL && j < jobs->items.count && j < JOBS_LIMIT; j++) {
			const struct yaml_node *steps = steps_of(jobs->items.items[j]);
			add_called(pipeline, jobs->items.items[j]);
			for (size_t k = 0; steps != NULL && k < steps->items.count && k < JOBS_LIMIT; k++)
				add_called(pipeline, steps->items.items[k]);
		}
	}
}

static void look_at_file(struct pipeline *pipeline, const struct yaml_source *source)
{
	struct state state = {0};
	if (source->yaml == NULL || strings_have(&pipeline->called, source->path))
		return;
	look_at_workflow(pipeline, source, state);
	look_at_steps(pipeline, source, yaml_get(yaml_root(source->yaml), "runs"), &state);
}

/* ---- CI of other kinds ---- */

/* Their texts are not taken apart: a scanner's name in them is all that is looked for. */
static bool look_at_other_ci(struct check *check)
{
	static const char *const files[] = {".gitlab-ci.yml", ".circleci/config.yml", ".travis.yml", "Jenkinsfile",
		"azure-pipelines.yml", ".drone.yml", ".woodpecker.yml", ".woodpecker.yaml", "bitbucket-pipelines.yml",
		".buildkite/pipeline.yml", "cloudbuild.yaml", "cloudbuild.yml", ".cirrus.yml", "appveyor.yml", ".builds/alpine.yml"};
	static const char *const folders[] = {".woodpecker/", ".forgejo/workflows/", ".gitea/workflows/", ".gitlab/", ".buildkite/",
		".drone/", ".builds/"};
	static const char *const scanners[] = {"trivy", "grype", "Container-Scanning", "container_scanning", "docker scout",
		"snyk container", "clair"};
	const struct sources *sources = check->sources;
	const char *seen = NULL;
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const char *path = sources->tree.files.items[i].path;
		bool is_ci = false;
		for (size_t j = 0; j < COUNT_OF(files); j++)
			is_ci = is_ci || strcmp(path, files[j]) == 0;
		for (size_t j = 0; j < COUNT_OF(folders); j++)
			is_ci = is_ci || (text_starts_with(path, folders[j]) &&
				(text_ends_with(path, ".yml") || text_ends_with(path, ".yaml")));
		auto_free char *text = is_ci ? tree_read(&sources->tree, path, NULL) : NULL;
		if (text == NULL)
			continue;
		seen = path;
		for (size_t j = 0; j < COUNT_OF(scanners); j++) {
			const char *found = strstr(text, scanners[j]);
			if (found == NULL)
				continue;
			check_for(check, path, text_line_at(text, (size_t)(found - text)), "a scanner of images runs here: %s", scanners[j]);
			return true;
		}
	}
	if (seen != NULL)
		check_missing(check, "the pipeline of %s is not one that is read here", seen);
	return seen != NULL;
}

void scan_files(struct check *check)
{
	const struct sources *sources = check->sources;
	struct pipeline pipeline = {.check = check};
	if (sources->shipped.count == 0) {
		image_none(check, true);
		return;
	}
	find_called(&pipeline);
	for (size_t i = 0; i < sources->workflows.count; i++)
		look_at_file(&pipeline, &sources->workflows.items[i]);
	bool any = pipeline.is_good || pipeline.bad.count > 0;
	for (size_t i = 0; i < pipeline.bad.count && !pipeline.is_good && pipeline.foreign == NULL; i++)
		say_step(check, pipeline.bad.items[i].file, pipeline.bad.items[i].line, pipeline.bad.items[i].scan);
	if (pipeline.foreign != NULL && !pipeline.is_good)
		check_missing(check, "%s calls a scan that is written in another repository", pipeline.foreign);
	else if (any)
		; /* said */
	else if (pipeline.building != NULL)
		check_against(check, pipeline.building, pipeline.building_line, "the image is built here, and no step scans it");
	else if (look_at_other_ci(check))
		; /* the image may be built there */
	else if (sources->workflows.count > 0)
		check_against(check, sources->workflows.items[0].path, 0, "no step of any workflow scans the image");
	else
		check_none(check, sources->shipped.items[0].source->path, "there is no CI: no workflow, and nothing of another kind");
	array_finish(&pipeline.bad);
	strings_finish(&pipeline.called);
}
