/* What is done with images in workflows, composite actions, scripts and the
 * files of other CI. The shell text of steps is split as a shell does; a step
 * called scan that lists the repository is none of the image. */
#include "acts.h"

#include <strings.h>

enum { STEPS_LIMIT = 5000, SCRIPTS_LIMIT = 300 };

static struct image_step *add(struct image_acts *pipeline, struct image_step step)
{
	if (pipeline->count >= STEPS_LIMIT)
		return NULL;
	*array_add(pipeline) = step;
	return &pipeline->items[pipeline->count - 1];
}

/* ---- shell ---- */

static const char *word_at(const struct strings *words, size_t at)
{
	return at < words->count ? words->items[at] : "";
}

/* The next word from `at` on that is no option. */
static const char *argument(const struct strings *words, size_t at)
{
	while (at < words->count && words->items[at][0] == '-')
		at++;
	return word_at(words, at);
}

static bool has_option(const struct strings *words, const char *const *names)
{
	for (size_t i = 0; i < words->count; i++)
		for (size_t j = 0; names[j] != NULL; j++) {
			size_t len = strlen(names[j]);
			if (strncmp(words->items[i], names[j], len) == 0 && (words->items[i][len] == '\0' || words->items[i][len] == '='))
				return true;
		}
	return false;
}

/* --exit-code 1, and not 0. */
static bool has_exit_code(const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		if (text_starts_with(word, "--exit-code="))
			return strcmp(word + 12, "0") != 0;
		if (strcmp(word, "--exit-code") == 0)
			return strcmp(word_at(words, i + 1), "0") != 0;
	}
	return false;
}

static bool is_tool(const char *word, const char *name)
{
	const char *last = path_name(word);
	size_t len = strlen(name);
	return strncmp(last, name, len) == 0 && (last[len] == '\0' || last[len] == ':' || last[len] == '@');
}

/* Index of the word that names the tool: the command itself, or the image that
 * docker run starts. */
static size_t find_tool(const struct strings *words, size_t from, const char *name)
{
	bool is_docker = is_tool(word_at(words, from), "docker") || is_tool(word_at(words, from), "podman") || is_tool(word_at(words, from), "sudo");
	for (size_t i = from; i < words->count && (i == from || is_docker); i++)
		if (words->items[i][0] != '-' && is_tool(words->items[i], name) && strchr(words->items[i], '=') == NULL)
			return i;
	return SIZE_MAX;
}

static bool trivy_act(const struct strings *words, size_t at, struct image_step *step)
{
	static const char *const sarif[] = {"sarif", NULL};
	const char *verb = argument(words, at + 1);
	bool is_image = strcmp(verb, "image") == 0 || strcmp(verb, "i") == 0;
	step->act = is_image ? IMAGE_SCAN : OTHER_SCAN;
	step->is_stopping = has_exit_code(words);
	step->is_reporting = has_option(words, sarif);
	return is_image || strcmp(verb, "fs") == 0 || strcmp(verb, "filesystem") == 0 || strcmp(verb, "repo") == 0 ||
		strcmp(verb, "repository") == 0 || strcmp(verb, "config") == 0 || strcmp(verb, "rootfs") == 0;
}

static bool grype_act(const struct strings *words, size_t at, struct image_step *step)
{
	static const char *const fails[] = {"--fail-on", "-f", NULL};
	static const char *const others[] = {"dir:", "file:", ".", "/", "sbom:"};
	const char *what = argument(words, at + 1);
	step->act = IMAGE_SCAN;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text_starts_with(what, others[i]))
			step->act = OTHER_SCAN;
	step->is_stopping = has_option(words, fails);
	return what[0] != '\0' && strcmp(what, "db") != 0 && strcmp(what, "version") != 0;
}

static bool docker_act(const struct strings *words, size_t at, struct image_step *step)
{
	static const char *const exits[] = {"--exit-code", "-e", NULL}, *const pushes[] = {"--push", NULL};
	const char *verb = argument(words, at + 1), *next = "";
	for (size_t i = at + 1; i < words->count; i++)
		if (words->items[i] == verb)
			next = argument(words, i + 1);
	if (strcmp(verb, "scout") == 0) {
		step->act = IMAGE_SCAN;
		step->is_stopping = has_option(words, exits);
		return strcmp(next, "cves") == 0 || strcmp(next, "quickview") == 0 || strcmp(next, "compare") == 0;
	}
	if (strcmp(verb, "scan") == 0 && is_tool(words->items[at], "docker")) {
		step->act = DEAD_SCAN;
		return true;
	}
	bool is_push = strcmp(verb, "push") == 0 || (strcmp(verb, "image") == 0 && strcmp(next, "push") == 0) ||
		((strcmp(verb, "compose") == 0 || strcmp(verb, "manifest") == 0) && strcmp(next, "push") == 0) ||
		(strcmp(verb, "buildx") == 0 && strcmp(next, "imagetools") == 0 && strings_have(words, "create")) ||
		((strcmp(verb, "build") == 0 || strcmp(verb, "buildx") == 0) && has_option(words, pushes));
	step->act = IMAGE_PUSH;
	return is_push && strstr(word_at(words, words->count - 1), "localhost:") == NULL;
}

static bool command_acts(const struct strings *words, struct image_step *step)
{
	size_t from = command_at(words), at;
	if (from >= words->count)
		return false;
	if (words->items[from][0] == '@' || words->items[from][0] == '-') /* a recipe's prefix */
		memmove(words->items[from], words->items[from] + 1, strlen(words->items[from]));
	if ((at = find_tool(words, from, "trivy")) != SIZE_MAX && trivy_act(words, at, step))
		return true;
	if ((at = find_tool(words, from, "grype")) != SIZE_MAX && grype_act(words, at, step))
		return true;
	if ((at = find_tool(words, from, "snyk")) != SIZE_MAX && strcmp(argument(words, at + 1), "container") == 0) {
		step->act = IMAGE_SCAN;
		return step->is_stopping = step->is_reporting = true;
	}
	if ((at = find_tool(words, from, "cosign")) != SIZE_MAX && (strcmp(argument(words, at + 1), "sign") == 0 ||
		strcmp(argument(words, at + 1), "attest") == 0)) {
		step->act = IMAGE_SIGN;
		return true;
	}
	if ((at = find_tool(words, from, "notation")) != SIZE_MAX && strcmp(argument(words, at + 1), "sign") == 0) {
		step->act = IMAGE_SIGN;
		return true;
	}
	const char *name = words->items[from];
	if (is_tool(name, "sudo"))
		name = word_at(words, ++from);
	if (is_tool(name, "docker") || is_tool(name, "podman") || is_tool(name, "buildah") || is_tool(name, "nerdctl"))
		return docker_act(words, from, step);
	step->act = IMAGE_PUSH;
	return (is_tool(name, "skopeo") && strcmp(argument(words, from + 1), "copy") == 0) ||
		(is_tool(name, "crane") && strcmp(argument(words, from + 1), "push") == 0);
}

/* "… || true" takes the fault away. */
static bool is_forgiven(const struct shell_commands *commands, size_t i)
{
	if (i + 1 >= commands->count)
		return false;
	const struct shell_command *command = &commands->items[i], *next = &commands->items[i + 1];
	const char *end = command->start + command->len;
	const char *word = word_at(&next->words, 0);
	return text_starts_with(end, "||") && (strcmp(word, "true") == 0 || strcmp(word, ":") == 0 || strcmp(word, "echo") == 0 ||
		strcmp(word, "exit") == 0);
}

/* Every act of a shell text; lines are counted from `line` where it is given, else in the text. */
static void read_shell(const char *text, const struct image_step *place, struct image_acts *pipeline)
{
	struct shell_commands commands = {0};
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		struct image_step step = *place;
		if (!command_acts(&commands.items[i].words, &step))
			continue;
		if (is_forgiven(&commands, i))
			step.is_stopping = false;
		if (step.line == 0)
			step.line = text_line_at(text, (size_t)(commands.items[i].start - text) + strspn(commands.items[i].start, " \t\n"));
		add(pipeline, step);
	}
	shell_commands_finish(&commands);
}

/* ---- steps of workflows ---- */

static bool uses(const char *action, const char *name)
{
	size_t len = strcspn(action, "@");
	return strlen(name) == len && strncasecmp(action, name, len) == 0;
}

static const char *input(const struct yaml_node *step, const char *name)
{
	return yaml_text(yaml_get(yaml_get(step, "with"), name));
}

static bool is_on(const char *text)
{
	return text != NULL && text[0] != '\0' && strcasecmp(text, "false") != 0 && strcmp(text, "0") != 0;
}

/* Findings that are uploaded are seen. */
static bool job_uploads(const struct yaml_node *steps)
{
	static const char *const words[] = {"sarif", "trivy", "grype", "scan", "vuln", "report"};
	for (size_t i = 0; steps != NULL && steps->kind == YAML_LIST && i < steps->items.count; i++) {
		const struct yaml_node *step = steps->items.items[i];
		const char *action = yaml_text(yaml_get(step, "uses")), *path = input(step, "path");
		if (action != NULL && text_starts_with(action, "github/codeql-action/upload-sarif"))
			return true;
		bool is_upload = action != NULL && path != NULL && text_starts_with(action, "actions/upload-artifact");
		for (size_t j = 0; is_upload && j < COUNT_OF(words); j++)
			if (strstr(path, words[j]) != NULL)
				return true;
	}
	return false;
}

static bool scanner_acts(const char *action, const struct yaml_node *step, struct image_step *out)
{
	static const char *const whole[] = {"azure/container-scan", "sysdiglabs/scan-action", "lacework/lw-scanner-action",
		"aquasecurity/aqua-action", "anchore/anchore-scan", "wiz-sec/wiz-scan", "prisma-cloud-shiftleft/scan-action",
		"phonito/phonito-scanner-action"};
	const char *type = input(step, "scan-type"), *command = input(step, "command");
	out->act = IMAGE_SCAN;
	if (uses(action, "aquasecurity/trivy-action")) {
		out->act = type == NULL || strcmp(type, "image") == 0 || strchr(type, '$') != NULL ? IMAGE_SCAN : OTHER_SCAN;
		out->is_stopping = is_on(input(step, "exit-code"));
		return true;
	}
	if (uses(action, "anchore/scan-action")) {
		out->act = input(step, "image") != NULL || input(step, "sbom") != NULL ? IMAGE_SCAN : OTHER_SCAN;
		out->is_stopping = input(step, "fail-build") == NULL || is_on(input(step, "fail-build"));
		return true;
	}
	if (uses(action, "docker/scout-action")) {
		out->is_stopping = is_on(input(step, "exit-code"));
		out->is_reporting = true; /* it comments on the pull request */
		return command == NULL || strstr(command, "cves") != NULL || strstr(command, "compare") != NULL || strstr(command, "quickview") != NULL;
	}
	if (uses(action, "snyk/actions/docker") || uses(action, "crazy-max/ghaction-container-scan"))
		return out->is_stopping = out->is_reporting = true;
	for (size_t i = 0; i < COUNT_OF(whole); i++)
		if (uses(action, whole[i]))
			return out->is_stopping = true;
	return false;
}

static bool names_local(const char *text)
{
	return text != NULL && strstr(text, "localhost:") != NULL;
}

/* "type=image,push=${{ inputs.push }}" may. */
static bool output_sends(const char *output)
{
	if (output == NULL || strstr(output, "type=registry") != NULL)
		return output != NULL;
	for (const char *at = output; (at = strstr(at, "push=")) != NULL; at += 5)
		if (!text_starts_with(at, "push=false") && (at == output || strchr(", \n\"'", at[-1]) != NULL))
			return true;
	return false;
}

static bool action_acts(const char *action, const struct yaml_node *step, struct image_step *out)
{
	const char *output = input(step, "outputs"), *set = input(step, "set");
	if (scanner_acts(action, step, out))
		return true;
	out->act = IMAGE_SIGN;
	if (uses(action, "actions/attest-build-provenance") || uses(action, "actions/attest") || uses(action, "actions/attest-sbom"))
		return input(step, "subject-name") != NULL || is_on(input(step, "push-to-registry"));
	if (text_starts_with(action, "notaryproject/notation-action/sign") ||
		text_starts_with(action, "slsa-framework/slsa-github-generator/.github/workflows/generator_container"))
		return true;
	out->act = IMAGE_PUSH;
	bool sends = output_sends(output) || output_sends(set);
	if (uses(action, "docker/build-push-action") || uses(action, "docker/bake-action") || uses(action, "depot/build-push-action") ||
		uses(action, "depot/bake-action") || uses(action, "useblacksmith/build-push-action") || uses(action, "redhat-actions/push-to-registry"))
		return (is_on(input(step, "push")) || sends || uses(action, "redhat-actions/push-to-registry")) && !names_local(input(step, "tags"));
	return false;
}

static void read_steps(const struct yaml_source *source, const struct yaml_node *jobs, const char *job_name, const struct yaml_node *job,
	const struct yaml_node *steps, struct image_acts *pipeline)
{
	bool is_uploaded = job_uploads(steps);
	for (size_t i = 0; steps != NULL && steps->kind == YAML_LIST && i < steps->items.count && pipeline->count < STEPS_LIMIT; i++) {
		const struct yaml_node *node = steps->items.items[i];
		const char *action = yaml_text(yaml_get(node, "uses")), *run = yaml_text(yaml_get(node, "run"));
		const struct yaml_node *key = yaml_key(node, action != NULL ? "uses" : "run");
		struct image_step step = {.file = source->path, .line = key != NULL ? key->line : node->line, .job = job, .jobs = jobs,
			.job_name = job_name, .index = i};
		size_t from = pipeline->count;
		if (action != NULL && action_acts(action, node, &step))
			add(pipeline, step);
		else if (run != NULL)
			read_shell(run, &step, pipeline);
		for (; from < pipeline->count; from++) {
			pipeline->items[from].is_reporting = pipeline->items[from].is_reporting || is_uploaded;
			if (yaml_truth(yaml_get(node, "continue-on-error")) == 1)
				pipeline->items[from].is_stopping = false;
		}
	}
}

/* "acme/ci/.github/workflows/docker.yml@v1": what it does cannot be read here,
 * unless it is one of this repository under its own name. */
static bool is_remote_for_images(const struct sources *sources, const char *action)
{
	static const char *const words[] = {"docker", "image", "container", "oci", "trivy", "scan", "security"};
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		found = found || strstr(action, words[i]) != NULL;
	const char *path = text_starts_with(action, "./") ? NULL : strstr(action, "/.github/workflows/");
	auto_free char *own = path != NULL ? mem_copy_bytes(path + 1, strcspn(path + 1, "@")) : NULL;
	return found && own != NULL && tree_find(&sources->tree, own) == NULL;
}

static void read_workflow(const struct sources *sources, const struct yaml_source *source, struct image_acts *pipeline)
{
	const struct yaml_node *root = source->yaml != NULL ? yaml_root(source->yaml) : NULL, *jobs = yaml_get(root, "jobs");
	read_steps(source, NULL, NULL, NULL, yaml_at(root, "runs.steps"), pipeline);
	for (size_t i = 0; jobs != NULL && jobs->kind == YAML_MAP && i < jobs->items.count; i++) {
		const struct yaml_node *job = jobs->items.items[i];
		const char *action = yaml_text(yaml_get(job, "uses")), *name = yaml_text(jobs->keys.items[i]);
		struct image_step step = {.file = source->path, .line = jobs->keys.items[i]->line, .job = job, .jobs = jobs, .job_name = name};
		if (action != NULL && action_acts(action, job, &step))
			add(pipeline, step);
		else if (action != NULL && pipeline->remote == NULL && is_remote_for_images(sources, action))
			pipeline->remote = source->path;
		read_steps(source, jobs, name, job, yaml_get(job, "steps"), pipeline);
	}
}

/* ---- scripts and other CI ---- */

static void read_scripts(const struct sources *sources, struct image_acts *pipeline)
{
	const struct tree_file *file;
	unsigned read = 0;
	for (size_t at = 0; read < SCRIPTS_LIMIT && (file = script_each(sources, &at)) != NULL; read++) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		if (text != NULL)
			read_shell(text, &(struct image_step){.file = file->path, .is_script = true}, pipeline);
	}
}

static bool is_other_ci(const char *path)
{
	static const char *const names[] = {".gitlab-ci.yml", ".circleci/config.yml", "Jenkinsfile", ".drone.yml", "azure-pipelines.yml",
		".woodpecker.yml", "bitbucket-pipelines.yml", "cloudbuild.yaml", ".travis.yml", ".cirrus.yml", ".build.yml", "buildspec.yml",
		"earthly", "Earthfile"};
	static const char *const folders[] = {".woodpecker/", ".forgejo/workflows/", ".gitea/workflows/", ".buildkite/", ".tekton/",
		".builds/", ".gitlab/ci/"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		if (text_starts_with(path, folders[i]))
			return true;
	return false;
}

/* A line of a CI file that none here reads in full: what it says of images. */
static void read_ci_line(const char *text, const char *line, size_t len, const char *path, struct image_acts *pipeline)
{
	static const struct {
		const char *words;
		enum image_act act;
	} signs[] = {{"trivy image", IMAGE_SCAN}, {"grype ", IMAGE_SCAN}, {"docker scout", IMAGE_SCAN}, {"snyk container", IMAGE_SCAN},
		{"Container-Scanning", IMAGE_SCAN}, {"container_scanning", IMAGE_SCAN}, {"plugins/trivy", IMAGE_SCAN},
		{"aquasec/trivy", IMAGE_SCAN}, {"docker scan ", DEAD_SCAN}, {"cosign sign", IMAGE_SIGN}, {"notation sign", IMAGE_SIGN},
		{"docker push", IMAGE_PUSH}, {"--push", IMAGE_PUSH}, {"kaniko", IMAGE_PUSH}, {"buildah push", IMAGE_PUSH},
		{"podman push", IMAGE_PUSH}, {"plugin-docker-buildx", IMAGE_PUSH}, {"plugins/docker", IMAGE_PUSH}};
	auto_free char *copy = mem_copy_bytes(line, len);
	if (copy[strspn(copy, " \t")] == '#')
		return;
	for (size_t i = 0; i < COUNT_OF(signs); i++)
		if (strstr(copy, signs[i].words) != NULL)
			add(pipeline, (struct image_step){.act = signs[i].act, .file = path, .line = text_line_at(text, (size_t)(line - text)),
				.is_stopping = true, .is_reporting = true, .is_script = true});
	pipeline->other_includes = pipeline->other_includes || text_starts_with(copy + strspn(copy, " \t"), "include:") ||
		strstr(copy, "template:") != NULL || text_starts_with(copy, "orbs:") || strstr(copy, "@Library") != NULL;
}

static void read_other_ci(const struct sources *sources, struct image_acts *pipeline)
{
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		auto_free char *text = is_other_ci(file->path) ? tree_read(&sources->tree, file->path, NULL) : NULL;
		if (text == NULL)
			continue;
		if (pipeline->other_ci == NULL)
			pipeline->other_ci = file->path;
		for (const char *line = text; *line != '\0';) {
			size_t len = strcspn(line, "\n");
			read_ci_line(text, line, len, file->path, pipeline);
			line += len + (line[len] == '\n');
		}
	}
}

/* ---- all ---- */

void acts_read(const struct sources *sources, struct image_acts *pipeline)
{
	*pipeline = (struct image_acts){0};
	for (size_t i = 0; i < sources->workflows.count; i++)
		read_workflow(sources, &sources->workflows.items[i], pipeline);
	read_other_ci(sources, pipeline);
	read_scripts(sources, pipeline);
}

void acts_finish(struct image_acts *pipeline)
{
	array_finish(pipeline);
}

const struct image_step *acts_find(const struct image_acts *pipeline, enum image_act act)
{
	for (size_t i = 0; i < pipeline->count; i++)
		if (pipeline->items[i].act == act)
			return &pipeline->items[i];
	return NULL;
}

static bool needs(const struct yaml_node *job, const char *name)
{
	const struct yaml_node *list = yaml_get(job, "needs");
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->items.count; i++)
		if (yaml_is(list->items.items[i], name))
			return true;
	return yaml_is(list, name);
}

bool acts_is_after_push(const struct image_acts *pipeline, const struct image_step *step)
{
	for (size_t i = 0; i < pipeline->count; i++) {
		const struct image_step *push = &pipeline->items[i];
		if (push->act != IMAGE_PUSH || push->job == NULL || push->jobs != step->jobs)
			continue;
		if (push->job == step->job ? push->index < step->index || (push->index == step->index && push < step) : needs(step->job, push->job_name))
			return true;
	}
	return false;
}
