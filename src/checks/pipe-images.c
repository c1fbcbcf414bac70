/* What is done with images, read off steps of workflows, scripts and the files
 * of other CI. */
#include "pipe-images.h"

enum { ACTS_LIMIT = 5000, CONFIG_BYTES = 64 << 10 };

static const char *const sbom_formats[] = {"cyclonedx", "cyclonedx-json", "spdx", "spdx-json", "github", NULL};

static bool is_one_of(const char *text, const char *const *names)
{
	for (; text != NULL && *names != NULL; names++)
		if (strcmp(text, *names) == 0)
			return true;
	return false;
}

static bool is_off(const char *value)
{
	return value == NULL || value[0] == '\0' || strcmp(value, "0") == 0 || strcasecmp(value, "false") == 0;
}

/* ---- commands ---- */

/* A command that may be a scan: `step` is NULL in scripts. */
struct asked {
	const struct pipeline *pipe;
	const struct pipe_step *step;
	const struct pipe_command *command;
	const struct strings *words;
	size_t at; /* the tool's own name */
};

static bool is_tool(const char *word, const char *name)
{
	const char *last = path_name(word);
	size_t len = strlen(name);
	return strncmp(last, name, len) == 0 && (last[len] == '\0' || last[len] == ':' || last[len] == '@');
}

/* The tool is the command itself, or the image that docker runs. */
static bool find_tool(struct asked *asked, const char *name)
{
	static const char *const runs[] = {"docker run", "podman run", "nerdctl run", "docker container run"};
	bool in_container = false;
	for (size_t i = 0; i < COUNT_OF(runs); i++)
		in_container = in_container || pipe_command_is(asked->command, runs[i]);
	for (asked->at = asked->command->at; asked->at < asked->words->count; asked->at++) {
		const char *word = asked->words->items[asked->at];
		if (word[0] != '-' && strchr(word, '=') == NULL && is_tool(word, name))
			return true;
		if (!in_container)
			break;
	}
	return false;
}

/* The next word behind the tool that is no option. */
static const char *argument(const struct asked *asked)
{
	for (size_t i = asked->at + 1; i < asked->words->count; i++)
		if (asked->words->items[i][0] != '-')
			return asked->words->items[i];
	return "";
}

static const char *option(const struct asked *asked, const char *name, const char *letter)
{
	size_t at = asked->at + 1;
	return pipe_option(asked->command, &at, name, letter);
}

/* A variable of the workflow that sets an option; NULL: it is not there. */
static char *variable(const struct pipeline *pipe, const struct pipe_step *step, const char *name)
{
	char *value = step != NULL ? pipe_fill_word(pipe, step, name) : NULL;
	if (value == NULL || strcmp(value, name) != 0)
		return value;
	free(value);
	return NULL;
}

/* Its exit code: as said, else by a variable, else by its file. */
static bool trivy_stops(const struct pipeline *pipe, const struct pipe_step *step, const char *code, const char *config)
{
	auto_free char *from_variable = code == NULL ? variable(pipe, step, "$TRIVY_EXIT_CODE") : NULL;
	if (code != NULL || from_variable != NULL)
		return !is_off(code != NULL ? code : from_variable);
	auto_free char *path = path_clean(config != NULL ? config : "trivy.yaml");
	const struct tree_file *file = tree_find(&pipe->sources->tree, path);
	auto_free char *text = file != NULL && file->size <= CONFIG_BYTES ? tree_read(&pipe->sources->tree, path, NULL) : NULL;
	const char *at = text != NULL ? strstr(text, "exit-code:") : NULL;
	return at != NULL && at[10 + strspn(at + 10, " ")] != '0';
}

static bool trivy_acts(const struct asked *asked, struct image_step *out)
{
	static const char *const files[] = {"fs", "filesystem", "repo", "repository", "config", "conf", "rootfs", NULL},
		*const images[] = {"image", "i", "sbom", NULL};
	bool of_files = false, of_image = false;
	for (size_t i = asked->at + 1; i < asked->words->count && !of_files && !of_image; i++) {
		of_files = is_one_of(asked->words->items[i], files);
		of_image = is_one_of(asked->words->items[i], images);
	}
	out->act = of_files ? SCAN_OF_FILES : is_one_of(option(asked, "--format", "-f"), sbom_formats) ? SCAN_OF_NOTHING : SCAN_OF_IMAGE;
	out->is_stopping = trivy_stops(asked->pipe, asked->step, option(asked, "--exit-code", NULL), option(asked, "--config", "-c"));
	return of_files || of_image;
}

static bool grype_acts(const struct asked *asked, struct image_step *out)
{
	static const char *const others[] = {"", "db", "version", "config", "completion", "explain", NULL};
	auto_free char *fails = variable(asked->pipe, asked->step, "$GRYPE_FAIL_ON_SEVERITY");
	const char *first = argument(asked);
	out->act = first[0] == '/' ? SCAN_OF_FILES : SCAN_OF_IMAGE;
	for (size_t i = asked->at + 1; i < asked->words->count; i++) {
		const char *word = asked->words->items[i];
		if (text_starts_with(word, "dir:") || text_starts_with(word, "file:") || strcmp(word, ".") == 0)
			out->act = SCAN_OF_FILES;
	}
	out->is_stopping = option(asked, "--fail-on", "-f") != NULL || fails != NULL;
	return !is_one_of(first, others);
}

static bool snyk_acts(const struct asked *asked, struct image_step *out)
{
	bool monitors = pipe_has_word(asked->command, "monitor");
	out->act = strcmp(argument(asked), "container") == 0 ? SCAN_OF_IMAGE : SCAN_OF_FILES;
	out->is_stopping = !monitors;
	out->is_reporting = monitors;
	return out->act == SCAN_OF_IMAGE || strcmp(argument(asked), "test") == 0;
}

static bool docker_acts(const struct asked *asked, struct image_step *out)
{
	static const char *const scouts[] = {"docker scout cves", "docker scout quickview", "docker scout compare", "docker-scout cves"};
	const struct pipe_command *command = asked->command;
	for (size_t i = 0; i < COUNT_OF(scouts); i++) {
		if (!pipe_command_is(command, scouts[i]))
			continue;
		out->act = SCAN_OF_IMAGE;
		out->is_stopping = pipe_has_word(command, "--exit-code") || pipe_has_word(command, "-e") || option(asked, "--exit-code", NULL) != NULL;
		return true;
	}
	out->act = pipe_command_is(command, "docker scan") ? SCAN_REMOVED : SCAN_OF_NOTHING;
	return out->act == SCAN_REMOVED || pipe_command_is(command, "docker sbom") || pipe_command_is(command, "docker scout sbom");
}

static bool signer_acts(struct asked *asked, struct image_step *out)
{
	static const char *const signs[] = {"sign", "attest", NULL};
	out->act = IMAGE_SIGN;
	return (find_tool(asked, "cosign") || find_tool(asked, "notation")) && is_one_of(argument(asked), signs);
}

static bool command_acts(const struct pipeline *pipe, const struct pipe_step *step, const struct pipe_command *command,
	struct image_step *out)
{
	struct asked asked = {.pipe = pipe, .step = step, .command = command, .words = &command->words, .at = command->at};
	if (pipe_command_pushes(command)) {
		out->act = IMAGE_PUSH;
		return true;
	}
	if (docker_acts(&asked, out) || (find_tool(&asked, "trivy") && trivy_acts(&asked, out)) ||
		(find_tool(&asked, "grype") && grype_acts(&asked, out)) || (find_tool(&asked, "snyk") && snyk_acts(&asked, out)) ||
		signer_acts(&asked, out))
		return true;
	out->act = SCAN_OF_NOTHING;
	if (find_tool(&asked, "syft"))
		return true;
	out->act = SCAN_OF_IMAGE;
	return out->is_stopping = pipe_command_is(command, "osv-scanner scan image");
}

/* ---- actions ---- */

static bool trivy_action_acts(const struct pipeline *pipe, const struct pipe_step *step, struct image_step *out)
{
	auto_free char *type = pipe_with(pipe, step, "scan-type", NULL), *format = pipe_with(pipe, step, "format", NULL),
		*code = pipe_with(pipe, step, "exit-code", NULL), *config = pipe_with(pipe, step, "trivy-config", NULL);
	bool of_image = type == NULL || strcmp(type, "image") == 0 || strcmp(type, "sbom") == 0 || strchr(type, '$') != NULL;
	out->act = !of_image ? SCAN_OF_FILES : is_one_of(format, sbom_formats) ? SCAN_OF_NOTHING : SCAN_OF_IMAGE;
	out->is_stopping = trivy_stops(pipe, step, code, config);
	return true;
}

static bool scout_action_acts(const struct pipeline *pipe, const struct pipe_step *step, struct image_step *out)
{
	auto_free char *command = pipe_with(pipe, step, "command", NULL), *code = pipe_with(pipe, step, "exit-code", NULL);
	bool looks = command == NULL || strstr(command, "cves") != NULL || strstr(command, "compare") != NULL || strstr(command, "quickview") != NULL;
	out->act = looks ? SCAN_OF_IMAGE : SCAN_OF_NOTHING;
	out->is_stopping = !is_off(code);
	out->is_reporting = true; /* it comments on the pull request */
	return looks || strstr(command, "sbom") != NULL;
}

static bool scanner_acts(const struct pipeline *pipe, const struct pipe_step *step, struct image_step *out)
{
	static const char *const stopping[] = {"azure/container-scan", "sysdiglabs/scan-action", "lacework/lw-scanner-action",
		"aquasecurity/aqua-action", "anchore/anchore-scan", "wiz-sec/wiz-scan", "prisma-cloud-shiftleft/scan-action",
		"phonito/phonito-scanner-action", NULL};
	static const char *const inputs[] = {"image", "sbom", "fail-build", "command", "severity_threshold", "annotations"};
	char *values[COUNT_OF(inputs)] = {NULL};
	const char *action = step->action;
	bool found = true;
	out->act = SCAN_OF_IMAGE;
	if (strstr(action, "trivy-action") != NULL)
		return trivy_action_acts(pipe, step, out);
	if (strcmp(action, "docker/scout-action") == 0)
		return scout_action_acts(pipe, step, out);
	for (size_t i = 0; i < COUNT_OF(inputs); i++)
		values[i] = pipe_with(pipe, step, inputs[i], NULL);
	bool monitors = text_equal(values[3], "monitor");
	if (strcmp(action, "anchore/scan-action") == 0) {
		out->act = values[0] != NULL || values[1] != NULL ? SCAN_OF_IMAGE : SCAN_OF_FILES;
		out->is_stopping = values[2] == NULL || !is_off(values[2]);
	} else if (text_starts_with(action, "snyk/actions/") && strcmp(action, "snyk/actions/setup") != 0) {
		out->act = strcmp(action, "snyk/actions/docker") == 0 ? SCAN_OF_IMAGE : SCAN_OF_FILES;
		out->is_stopping = !monitors;
		out->is_reporting = monitors;
	} else if (strcmp(action, "anchore/sbom-action") == 0) {
		out->act = SCAN_OF_NOTHING;
	} else if (strcmp(action, "crazy-max/ghaction-container-scan") == 0) {
		out->is_stopping = values[4] != NULL;
		out->is_reporting = !is_off(values[5]);
	} else if (pipe_is_action(step, (const char *const[]){"aquasecurity/gitrivy", "lazy-actions/gitrivy", NULL})) {
		out->is_reporting = true; /* it opens issues */
	} else {
		found = out->is_stopping = pipe_is_action(step, stopping);
	}
	for (size_t i = 0; i < COUNT_OF(inputs); i++)
		free(values[i]);
	return found;
}

static bool action_signs(const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const attests[] = {"actions/attest", "actions/attest-build-provenance", "actions/attest-sbom", NULL};
	auto_free char *name = pipe_with(pipe, step, "subject-name", NULL), *push = pipe_with(pipe, step, "push-to-registry", NULL);
	return (pipe_is_action(step, attests) && (name != NULL || !is_off(push))) ||
		text_starts_with(step->action, "notaryproject/notation-action/sign");
}

/* ---- steps ---- */

static void add(struct image_steps *steps, struct image_step step)
{
	if (steps->count < ACTS_LIMIT)
		*array_add(steps) = step;
}

/* Findings that are uploaded are seen. */
static bool job_uploads(const struct pipeline *pipe, const struct pipe_job *job)
{
	static const char *const words[] = {"sarif", "trivy", "grype", "scan", "vuln", "report"};
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		bool is_upload = strcmp(step->action, "actions/upload-artifact") == 0;
		auto_free char *path = is_upload ? pipe_with(pipe, step, "path", NULL) : NULL;
		if (strcmp(step->action, "github/codeql-action/upload-sarif") == 0)
			return true;
		for (size_t j = 0; path != NULL && j < COUNT_OF(words); j++)
			if (strstr(path, words[j]) != NULL)
				return true;
	}
	return false;
}

/* Acts of a step, in their order. */
static void read_step(const struct pipeline *pipe, const struct pipe_step *step, struct image_steps *steps)
{
	bool pushes = false;
	struct image_step act;
	for (size_t i = 0; i < step->command_count; i++) {
		const struct pipe_command *command = &pipe->commands.items[step->first_command + i];
		/* a script or recipe stands for what it does in the step that runs it */
		bool is_here = command->file == step->file;
		act = (struct image_step){.file = step->file, .line = is_here ? command->line : step->line, .step = step};
		if (!command_acts(pipe, step, command, &act))
			continue;
		act.is_stopping = act.is_stopping && !command->is_forgiven;
		pushes = pushes || act.act == IMAGE_PUSH;
		add(steps, act);
	}
	act = (struct image_step){.file = step->file, .line = step->line, .step = step};
	if (step->uses == NULL)
		return;
	if (scanner_acts(pipe, step, &act)) {
		add(steps, act);
	} else if (action_signs(pipe, step)) {
		act.act = IMAGE_SIGN;
		add(steps, act);
	} else if (!pushes && pipe_step_pushes(pipe, step) > 0) {
		act.act = IMAGE_PUSH;
		add(steps, act);
	} else if (pipe_is_foreign_builder(step) && steps->elsewhere == NULL) {
		steps->elsewhere = step->file;
	}
}

static bool runs_beside(const struct pipe_workflow *workflow)
{
	const unsigned beside = PIPE_ON_SCHEDULE | PIPE_ON_WORKFLOW;
	return (workflow->triggers & beside) != 0 && (workflow->triggers & ~(beside | PIPE_ON_DISPATCH)) == 0;
}

/* The steps of a job, in their order. */
static void read_job_steps(const struct pipeline *pipe, size_t at, struct image_steps *steps)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	bool is_uploaded = job_uploads(pipe, job), is_beside = runs_beside(&pipe->workflows.items[job->workflow]), is_late = false;
	size_t from = steps->count;
	for (size_t i = 0; i < job->step_count; i++)
		read_step(pipe, &pipe->steps.items[job->first_step + i], steps);
	if (from < steps->count)
		is_late = pipe_waits_for(pipe, at, PIPE_PUSHES);
	for (; from < steps->count; from++) {
		struct image_step *act = &steps->items[from];
		act->is_late = is_late;
		act->is_beside = is_beside;
		act->is_reporting = act->is_reporting || is_uploaded;
		act->is_stopping = act->is_stopping && !act->step->goes_on;
		is_late = is_late || act->act == IMAGE_PUSH;
	}
}

static void read_job(const struct pipeline *pipe, size_t at, struct image_steps *steps)
{
	const struct pipe_job *job = &pipe->jobs.items[at];
	read_job_steps(pipe, at, steps);
	const char *file = pipe_file(pipe, job);
	if (job->uses == NULL || job->called >= 0)
		return;
	if (strstr(job->uses, "slsa-github-generator/.github/workflows/generator_container") != NULL)
		add(steps, (struct image_step){.act = IMAGE_SIGN, .file = file, .line = job->line});
	else if ((job->roles & (PIPE_BUILDS | PIPE_PUSHES | PIPE_SCANS)) != 0 && steps->elsewhere == NULL)
		steps->elsewhere = file;
	if ((job->roles & PIPE_SCANS) != 0 && steps->foreign_scan == NULL)
		steps->foreign_scan = file;
}

/* ---- scripts and other CI ---- */

static bool is_run_by_workflow(const struct pipeline *pipe, const struct pipe_command *command)
{
	for (size_t i = 0; i < pipe->commands.count; i++)
		if (pipe->commands.items[i].file == command->file && pipe->commands.items[i].line == command->line)
			return true;
	return false;
}

static void read_scripts(const struct pipeline *scripts, struct image_steps *steps)
{
	for (size_t i = 0; i < scripts->commands.count && steps->count < ACTS_LIMIT; i++) {
		const struct pipe_command *command = &scripts->commands.items[i];
		struct image_step act = {.file = command->file, .line = command->line, .is_script = true};
		if (!command_acts(scripts, NULL, command, &act) || is_run_by_workflow(&steps->workflows, command))
			continue;
		act.is_stopping = act.is_stopping && !command->is_forgiven;
		add(steps, act);
	}
}

/* A line of a CI file that none here reads in full: what it says of images. */
static void read_line(struct image_steps *steps, const char *line, const char *path, unsigned number)
{
	static const struct {
		const char *words;
		enum image_act act;
	} signs[] = {{"trivy image", SCAN_OF_IMAGE}, {"grype ", SCAN_OF_IMAGE}, {"docker scout", SCAN_OF_IMAGE},
		{"snyk container", SCAN_OF_IMAGE}, {"Container-Scanning", SCAN_OF_IMAGE}, {"container_scanning", SCAN_OF_IMAGE},
		{"plugins/trivy", SCAN_OF_IMAGE}, {"aquasec/trivy", SCAN_OF_IMAGE}, {"trivy-action", SCAN_OF_IMAGE}, {"clair-", SCAN_OF_IMAGE},
		{"docker scan ", SCAN_REMOVED}, {"cosign sign", IMAGE_SIGN}, {"notation sign", IMAGE_SIGN}, {"docker push", IMAGE_PUSH},
		{"--push", IMAGE_PUSH}, {"kaniko", IMAGE_PUSH}, {"buildah push", IMAGE_PUSH}, {"podman push", IMAGE_PUSH},
		{"plugin-docker-buildx", IMAGE_PUSH}, {"plugins/docker", IMAGE_PUSH}};
	const char *text = line + strspn(line, " \t");
	if (*text == '#')
		return;
	for (size_t i = 0; i < COUNT_OF(signs); i++)
		if (strstr(text, signs[i].words) != NULL)
			add(steps, (struct image_step){.act = signs[i].act, .file = path, .line = number, .is_stopping = true, .is_reporting = true});
	bool includes = text_starts_with(text, "include:") || strstr(text, "template:") != NULL || text_starts_with(text, "orbs:") ||
		strstr(text, "@Library") != NULL;
	if (includes && steps->elsewhere == NULL)
		steps->elsewhere = path;
}

static void read_other_ci(const struct sources *sources, struct image_steps *steps)
{
	const struct tree_file *file;
	for (size_t at = 0; (file = pipeline_other_each(sources, &at)) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		if (text == NULL)
			continue;
		if (steps->other_ci == NULL)
			steps->other_ci = file->path;
		unsigned number = 1;
		for (char *line = text; line != NULL; number++) {
			char *end = strchr(line, '\n');
			if (end != NULL)
				*end = '\0';
			read_line(steps, line, file->path, number);
			line = end != NULL ? end + 1 : NULL;
		}
	}
}

/* ---- all ---- */

void image_steps_open(const struct sources *sources, struct image_steps *steps)
{
	*steps = (struct image_steps){0};
	pipeline_open(sources, &steps->workflows);
	pipeline_open_scripts(sources, &steps->scripts);
	for (size_t i = 0; i < steps->workflows.jobs.count; i++)
		read_job(&steps->workflows, i, steps);
	read_other_ci(sources, steps);
	read_scripts(&steps->scripts, steps);
}

void image_steps_finish(struct image_steps *steps)
{
	array_finish(steps);
	pipeline_finish(&steps->workflows);
	pipeline_finish(&steps->scripts);
}

const struct image_step *image_steps_find(const struct image_steps *steps, enum image_act act)
{
	for (size_t i = 0; i < steps->count; i++)
		if (steps->items[i].act == act)
			return &steps->items[i];
	return NULL;
}

bool is_scan(const struct image_step *step)
{
	return step->act != IMAGE_PUSH && step->act != IMAGE_SIGN;
}

bool is_scan_gate(const struct image_step *step)
{
	return step->act == SCAN_OF_IMAGE && step->is_stopping && !step->is_late && !step->is_beside;
}

bool is_scan_heard(const struct image_step *step)
{
	return step->act == SCAN_OF_IMAGE && (step->is_stopping || step->is_reporting);
}

void say_no_gate(struct check *check, const struct image_step *step)
{
	const char *file = step->file;
	if (step->act == SCAN_REMOVED)
		check_against(check, file, step->line, "docker scan was removed in 2023: nothing is scanned");
	else if (step->act == SCAN_OF_FILES)
		check_against(check, file, step->line, "this scan looks at the repository, not at the image");
	else if (step->act == SCAN_OF_NOTHING)
		check_against(check, file, step->line, "this step lists what the image holds (an SBOM) and judges nothing");
	else if (!step->is_stopping)
		check_against(check, file, step->line, "this scan of the image cannot fail, whatever it finds");
	else
		check_against(check, file, step->line, "this scan comes when the image is pushed already");
}
