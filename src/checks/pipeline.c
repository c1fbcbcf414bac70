/* Workflows of GitHub Actions, taken apart: jobs, steps, and the commands that
 * steps run, with those of composite actions, scripts and recipes of the
 * repository in their place. The checks of topics 4 and 9 ask it. All text is
 * somebody else's: bounded, and never run. */
#include "pipeline.h"

#include "run-calls.h"

#include <ctype.h>

enum { ACTION_DEPTH = 3, SCRIPT_DEPTH = 2, SCRIPT_BYTES = 64 << 10, SCRIPTS_LIMIT = 200, ALL_SCRIPT_BYTES = 4 << 20 };

static const char *keep(struct pipeline *pipe, char *text)
{
	*array_add(&pipe->texts) = text;
	return text;
}

/* ---- commands ---- */

/* A copy of the same length in which what stands in ${{ … }} cannot be taken
 * for shell: "${{_secrets.TOKEN_}}". */
static char *mask_expressions(const char *text)
{
	char *masked = mem_copy_string(text);
	for (char *at = masked; (at = strstr(at, "${{")) != NULL;) {
		char *end = strstr(at, "}}");
		for (char *letter = at + 3; end != NULL && letter < end; letter++)
			if (!isalnum((unsigned char)*letter) && *letter != '.' && *letter != '-' && *letter != '_')
				*letter = '_';
		at += 3;
	}
	return masked;
}

/* How it has come to a command. */
struct way {
	bool is_remote, is_forgiven;
	int depth;
};

static void add_script(struct pipeline *pipe, const char *path, const char *folder, struct way way);
static void add_recipe(struct pipeline *pipe, const char *tool, const char *target, struct way way);

/* A script of the repository that is run: "./ci/build.sh", "bash ci/build.sh". */
static void follow_script(struct pipeline *pipe, const struct strings *words, size_t at, const char *folder, struct way way)
{
	const char *name = words->items[at];
	if (is_shell(name) || strcmp(name, "source") == 0 || strcmp(name, ".") == 0) {
		while (++at < words->count && words->items[at][0] == '-')
			if (strchr(words->items[at], 'c') != NULL && words->items[at][1] != '-')
				return;
	}
	if (at < words->count && strchr(words->items[at], '/') != NULL && strchr(words->items[at], '$') == NULL)
		add_script(pipe, words->items[at], folder, way);
	else if (at < words->count && text_ends_with(words->items[at], ".sh"))
		add_script(pipe, words->items[at], folder, way);
}

static void follow_recipe(struct pipeline *pipe, const struct strings *words, size_t at, struct way way)
{
	const char *name = path_name(words->items[at]);
	if (strcmp(name, "make") != 0 && strcmp(name, "just") != 0)
		return;
	for (size_t i = at + 1; i < words->count; i++)
		if (words->items[i][0] != '-' && strchr(words->items[i], '=') == NULL && strchr(words->items[i], '$') == NULL)
			add_recipe(pipe, name, words->items[i], way);
}

/* ssh HOST <<END: what follows runs over there. */
static bool opens_remote(const struct strings *words, size_t at)
{
	for (size_t i = at + 1; strcmp(path_name(words->items[at]), "ssh") == 0 && i < words->count; i++)
		if (text_starts_with(words->items[i], "<<"))
			return true;
	return false;
}

/* "… || true" makes good of any end; "|| exit 1", "|| { … }" and "|| code=$?" do not. */
static bool is_forgiven(const char *end)
{
	if (!text_starts_with(end, "||"))
		return false;
	end += 2 + strspn(end + 2, " \t\\\n");
	return end[strcspn(end, " =\n")] != '=' && !text_starts_with(end, "false") && !text_starts_with(end, "return") && *end != '{' && *end != '(' &&
		(!text_starts_with(end, "exit") || text_starts_with(end, "exit 0"));
}

/* The commands of a shell text whose first line is that line of the file. */
static void add_commands(struct pipeline *pipe, const char *text, const char *file, unsigned line, const char *folder,
	struct way way)
{
	auto_free char *masked = mask_expressions(text);
	struct shell_commands commands = {0};
	shell_split(masked, &commands);
	const char *counted = masked;
	for (size_t i = 0; i < commands.count && pipe->commands.count < PIPE_MOST_COMMANDS; i++) {
		struct shell_command *each = &commands.items[i];
		size_t at = command_at(&each->words);
		for (; counted < each->start; counted++)
			line += *counted == '\n';
		if (at + 1 < each->words.count && strcmp(each->words.items[at], "sudo") == 0)
			at++;
		if (at >= each->words.count)
			continue;
		struct pipe_command *command = array_add(&pipe->commands);
		struct way inner = {.is_remote = way.is_remote, .is_forgiven = way.is_forgiven || is_forgiven(each->start + each->len),
			.depth = way.depth + 1};
		*command = (struct pipe_command){.words = each->words, .at = at, .file = file, .line = line, .is_remote = way.is_remote,
			.is_forgiven = inner.is_forgiven};
		/* blanks and ends of lines before its first word */
		for (const char *blank = each->start; isspace((unsigned char)*blank); blank++)
			command->line += *blank == '\n';
		each->words = (struct strings){0};
		auto_strings words = {0};
		strings_copy(&words, &command->words); /* the list of commands grows below */
		way.is_remote = inner.is_remote = way.is_remote || opens_remote(&words, at);
		if (way.depth < SCRIPT_DEPTH) {
			follow_script(pipe, &words, at, folder, inner);
			follow_recipe(pipe, &words, at, inner);
		}
	}
	shell_commands_finish(&commands);
}

static void add_script(struct pipeline *pipe, const char *path, const char *folder, struct way way)
{
	auto_free char *joined = path_join(folder, path);
	auto_free char *clean = path_clean(joined);
	const struct tree_file *file = tree_find(&pipe->sources->tree, clean);
	if (file == NULL || file->size > SCRIPT_BYTES || pipe->script_bytes > ALL_SCRIPT_BYTES)
		return;
	pipe->script_bytes += file->size;
	auto_free char *text = tree_read(&pipe->sources->tree, clean, NULL);
	bool is_script = text != NULL && (text_ends_with(clean, ".sh") || (text_starts_with(text, "#!") && strstr(text, "sh") != NULL &&
		strstr(text, "sh") < text + strcspn(text, "\n")));
	if (is_script)
		add_commands(pipe, text, file->path, 1, ".", way);
}

/* "name:" or, of just, "name param='x':" and "@name:". */
static bool begins_recipe(const char *line, size_t len, const char *target)
{
	size_t name = strlen(target);
	if (len > 0 && *line == '@') {
		line++;
		len--;
	}
	if (len <= name || strncmp(line, target, name) != 0 || (line[name] != ':' && line[name] != ' '))
		return false;
	const char *colon = memchr(line, ':', len);
	return colon != NULL && (colon + 1 == line + len || colon[1] != '=');
}

/* The lines below a target, indented, up to the next one. */
static void add_recipe_of(struct pipeline *pipe, const struct tree_file *file, const char *text, const char *target,
	struct way way)
{
	struct str body = {0};
	unsigned line = 0, first = 0;
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		line++;
		if (first == 0 && begins_recipe(at, len, target)) {
			first = line + 1;
		} else if (first != 0 && len > 0 && !isspace((unsigned char)*at)) {
			break;
		} else if (first != 0) {
			size_t blanks = strspn(at, " \t");
			blanks += blanks < len ? strspn(at + blanks, "@-") : 0;
			str_add_bytes(&body, at + (blanks < len ? blanks : len), blanks < len ? len - blanks : 0);
			str_add_char(&body, '\n');
		}
		at += len + (at[len] == '\n');
	}
	if (first != 0)
		add_commands(pipe, str_text(&body), file->path, first, ".", way);
	str_finish(&body);
}

static void add_recipe(struct pipeline *pipe, const char *tool, const char *target, struct way way)
{
	static const char *const makefiles[] = {"Makefile", "makefile", "GNUmakefile", NULL};
	static const char *const justfiles[] = {"justfile", "Justfile", ".justfile", NULL};
	const char *const *names = strcmp(tool, "make") == 0 ? makefiles : justfiles;
	for (; *names != NULL; names++) {
		const struct tree_file *file = tree_find(&pipe->sources->tree, *names);
		if (file == NULL || file->size > SCRIPT_BYTES || pipe->script_bytes > ALL_SCRIPT_BYTES)
			continue;
		pipe->script_bytes += file->size;
		auto_free char *text = tree_read(&pipe->sources->tree, file->path, NULL);
		if (text != NULL)
			add_recipe_of(pipe, file, text, target, way);
		return;
	}
}

/* ---- steps ---- */

/* The line that a scalar's text begins in: below the sign of a block. */
static unsigned text_line(const struct yaml_source *source, const struct yaml_node *node)
{
	const char *at = source->text;
	for (unsigned line = 1; at != NULL && line < node->line; line++) {
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	bool is_block = at != NULL && !node->is_plain && strlen(at) >= node->column && strchr("|>", at[node->column - 1]) != NULL;
	return node->line + is_block;
}

static const struct yaml_source *find_source(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->workflows.count; i++)
		if (strcmp(sources->workflows.items[i].path, path) == 0)
			return &sources->workflows.items[i];
	return NULL;
}

/* "./.github/actions/build" is a folder with an action.yml. */
static const struct yaml_source *find_action(const struct sources *sources, const char *uses)
{
	static const char *const names[] = {"action.yml", "action.yaml"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *joined = path_join(uses, names[i]);
		auto_free char *clean = path_clean(joined);
		const struct yaml_source *source = find_source(sources, clean);
		if (source != NULL && source->yaml != NULL)
			return source;
	}
	return NULL;
}

struct place {
	const struct yaml_source *source;
	const struct yaml_node *caller, *inputs;
	const char *condition, *folder;
	size_t job;
	int depth;
	bool goes_on;
};

static void add_step_commands(struct pipeline *pipe, const struct place *place, const struct pipe_step *step)
{
	static const char *const others[] = {"with.script", "with.command", "with.run"};
	const struct yaml_node *run = yaml_get(step->node, "run");
	const char *folder = yaml_text(yaml_get(step->node, "working-directory"));
	if (folder == NULL || strchr(folder, '$') != NULL)
		folder = place->folder;
	if (yaml_text(run) != NULL)
		add_commands(pipe, run->text, place->source->path, text_line(place->source, run), folder, (struct way){0});
	if (strstr(step->action, "github-script") != NULL)
		return;
	bool is_remote = strstr(step->action, "ssh") != NULL;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		const struct yaml_node *text = yaml_at(step->node, others[i]);
		if (yaml_text(text) != NULL)
			add_commands(pipe, text->text, place->source->path, text_line(place->source, text), ".",
				(struct way){.is_remote = is_remote});
	}
}

static void add_steps(struct pipeline *pipe, const struct place *place, const struct yaml_node *steps);

static void add_step(struct pipeline *pipe, const struct place *place, const struct yaml_node *node)
{
	const char *uses = yaml_text(yaml_get(node, "uses")), *condition = yaml_text(yaml_get(node, "if"));
	const char *at = uses != NULL ? strchr(uses, '@') : NULL;
	struct pipe_step step = {.job = place->job, .file = place->source->path, .line = node->line, .node = node, .uses = uses,
		.version = at != NULL ? at + 1 : "", .condition = condition != NULL ? condition : place->condition, .caller = place->caller,
		.inputs = place->inputs, .first_command = pipe->commands.count,
		.goes_on = place->goes_on || yaml_truth(yaml_get(node, "continue-on-error")) == 1};
	step.action = uses != NULL ? mem_copy_bytes(uses, at != NULL ? (size_t)(at - uses) : strlen(uses)) : mem_copy_string("");
	for (char *letter = step.action; *letter != '\0'; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	keep(pipe, step.action);
	add_step_commands(pipe, place, &step);
	step.command_count = pipe->commands.count - step.first_command;
	*array_add(&pipe->steps) = step;
	const struct yaml_source *action = uses != NULL && text_starts_with(uses, "./") && place->depth < ACTION_DEPTH ?
		find_action(pipe->sources, uses) : NULL;
	if (action == NULL)
		return;
	struct place inner = {.source = action, .caller = node, .inputs = yaml_get(yaml_root(action->yaml), "inputs"),
		.condition = step.condition, .goes_on = step.goes_on,
		.folder = ".", .job = place->job, .depth = place->depth + 1};
	add_steps(pipe, &inner, yaml_at(yaml_root(action->yaml), "runs.steps"));
}

static void add_steps(struct pipeline *pipe, const struct place *place, const struct yaml_node *steps)
{
	for (size_t i = 0; steps != NULL && steps->kind == YAML_LIST && i < steps->items.count; i++)
		if (steps->items.items[i]->kind == YAML_MAP && pipe->steps.count < PIPE_MOST_STEPS)
			add_step(pipe, place, steps->items.items[i]);
}

/* ---- jobs and workflows ---- */

void pipe_texts(const struct yaml_node *node, struct strings *list)
{
	if (yaml_text(node) != NULL)
		strings_add(list, node->text);
	for (size_t i = 0; node != NULL && node->kind == YAML_LIST && i < node->items.count; i++)
		if (yaml_text(node->items.items[i]) != NULL)
			strings_add(list, node->items.items[i]->text);
}

static void add_job(struct pipeline *pipe, size_t workflow, const struct yaml_source *source, const struct yaml_node *key,
	const struct yaml_node *node)
{
	const char *folder = yaml_text(yaml_at(node, "defaults.run.working-directory"));
	if (folder == NULL)
		folder = yaml_text(yaml_at(yaml_root(source->yaml), "defaults.run.working-directory"));
	struct pipe_job *job = array_add(&pipe->jobs);
	*job = (struct pipe_job){.workflow = workflow, .name = key->text, .node = node, .line = key->line, .condition = yaml_text(yaml_get(node, "if")),
		.uses = yaml_text(yaml_get(node, "uses")), .called = -1, .first_step = pipe->steps.count};
	pipe_texts(yaml_get(node, "needs"), &job->needs);
	struct place place = {.source = source, .folder = folder != NULL && strchr(folder, '$') == NULL ? folder : ".",
		.job = pipe->jobs.count - 1, .goes_on = yaml_truth(yaml_get(node, "continue-on-error")) == 1};
	add_steps(pipe, &place, yaml_get(node, "steps"));
	job->step_count = pipe->steps.count - job->first_step;
}

/* Is there such an event? `on` may be a word, a list or a map. */
static bool has_event(const struct yaml_node *on, const char *name)
{
	if (on == NULL || on->kind == YAML_SCALAR)
		return yaml_is(on, name);
	for (size_t i = 0; on->kind == YAML_LIST && i < on->items.count; i++)
		if (yaml_is(on->items.items[i], name))
			return true;
	return yaml_key(on, name) != NULL;
}

static unsigned read_triggers(const struct yaml_node *on)
{
	static const struct {
		const char *name;
		unsigned trigger;
	} events[] = {{"pull_request_target", PIPE_ON_PULL_TARGET}, {"release", PIPE_ON_RELEASE}, {"schedule", PIPE_ON_SCHEDULE},
		{"workflow_run", PIPE_ON_WORKFLOW}, {"workflow_call", PIPE_ON_CALL}, {"workflow_dispatch", PIPE_ON_DISPATCH}};
	unsigned triggers = 0;
	for (size_t i = 0; i < COUNT_OF(events); i++)
		if (has_event(on, events[i].name))
			triggers |= events[i].trigger;
	const struct yaml_node *push = yaml_get(on, "push"), *types = yaml_at(on, "pull_request.types");
	if (has_event(on, "push")) {
		bool tags = yaml_get(push, "tags") != NULL || yaml_get(push, "tags-ignore") != NULL, branches = yaml_get(push, "branches") != NULL || yaml_get(push,
			"branches-ignore") != NULL;
		triggers |= tags || !branches ? PIPE_ON_TAG : 0;
		triggers |= branches || !tags ? PIPE_ON_BRANCH : 0;
	}
	bool closed_alone = types != NULL && (yaml_is(types, "closed") || (types->kind == YAML_LIST && types->items.count == 1 &&
		yaml_is(types->items.items[0], "closed")));
	if (has_event(on, "pull_request") && !closed_alone)
		triggers |= PIPE_ON_PULL;
	return triggers;
}

static void add_workflow(struct pipeline *pipe, const struct yaml_source *source)
{
	const struct yaml_node *root = yaml_root(source->yaml), *jobs = yaml_get(root, "jobs");
	struct pipe_workflow *workflow = array_add(&pipe->workflows);
	*workflow = (struct pipe_workflow){.source = source, .root = root, .own_triggers = read_triggers(yaml_get(root, "on")),
		.first_job = pipe->jobs.count};
	workflow->triggers = workflow->own_triggers;
	for (size_t i = 0; jobs != NULL && jobs->kind == YAML_MAP && i < jobs->items.count && pipe->jobs.count < PIPE_MOST_JOBS; i++)
		if (jobs->items.items[i]->kind == YAML_MAP && jobs->keys.items[i]->text != NULL)
			add_job(pipe, pipe->workflows.count - 1, source, jobs->keys.items[i], jobs->items.items[i]);
	workflow->job_count = pipe->jobs.count - workflow->first_job;
}

/* The jobs of a workflow are known by their names. */
static void find_needs(struct pipeline *pipe, const struct pipe_workflow *workflow)
{
	struct map *names = map_open(NULL);
	for (size_t i = 0; i < workflow->job_count; i++)
		map_put(names, pipe->jobs.items[workflow->first_job + i].name, &pipe->jobs.items[workflow->first_job + i]);
	for (size_t i = 0; i < workflow->job_count; i++) {
		struct pipe_job *job = &pipe->jobs.items[workflow->first_job + i];
		for (size_t j = 0; j < job->needs.count && job->before.count < PIPE_MOST_JOBS; j++) {
			const struct pipe_job *need = map_get(names, job->needs.items[j]);
			if (need != NULL)
				*array_add(&job->before) = (size_t)(need - pipe->jobs.items);
		}
	}
	map_close(names);
}

static void find_befores(struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->workflows.count; i++)
		find_needs(pipe, &pipe->workflows.items[i]);
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		if (pipe->jobs.items[i].called < 0)
			continue;
		const struct pipe_workflow *called = &pipe->workflows.items[pipe->jobs.items[i].called];
		for (size_t j = 0; j < called->job_count; j++)
			*array_add(&pipe->jobs.items[called->first_job + j].before) = i;
	}
}

/* "./.github/workflows/a.yml", or "owner/name/.github/workflows/a.yml@main" for
 * one that lies here as well: the repository under its own name. */
static char *called_path(const char *uses)
{
	const char *at = uses != NULL ? strstr(uses, "/.github/workflows/") : NULL;
	return at != NULL ? mem_copy_bytes(at + 1, strcspn(at + 1, "@")) : NULL;
}

static void join_calls(struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		struct pipe_job *job = &pipe->jobs.items[i];
		auto_free char *path = called_path(job->uses);
		bool is_local = path != NULL && job->uses[0] == '.';
		for (size_t j = 0; path != NULL && j < pipe->workflows.count; j++)
			if (strcmp(pipe->workflows.items[j].source->path, path) == 0 && (is_local || j != job->workflow))
				job->called = (int)j;
	}
	find_befores(pipe);
	/* what is called runs on what its callers run on; calls nest at most four deep */
	for (int round = 0; round < 4; round++)
		for (size_t i = 0; i < pipe->jobs.count; i++)
			if (pipe->jobs.items[i].called >= 0)
				pipe->workflows.items[pipe->jobs.items[i].called].triggers |= pipe->workflows.items[pipe->jobs.items[i].workflow].triggers;
}

void pipeline_open(const struct sources *sources, struct pipeline *pipe)
{
	*pipe = (struct pipeline){.sources = sources};
	for (size_t i = 0; i < sources->workflows.count; i++) {
		const struct yaml_source *source = &sources->workflows.items[i];
		if (source->yaml != NULL && (source->is_translated || text_starts_with(source->path, ".github/workflows/")))
			add_workflow(pipe, source);
	}
	join_calls(pipe);
	pipeline_find_roles(pipe);
}

/* Signs of make and just before a command are no part of it. */
static void blank_signs(char *text)
{
	for (char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
		for (char *sign = at + strspn(at, " \t"); sign > at && (*sign == '@' || *sign == '-'); sign++)
			*sign = ' ';
}

void pipeline_open_scripts(const struct sources *sources, struct pipeline *pipe)
{
	const struct tree_file *file;
	size_t left = SCRIPTS_LIMIT;
	*pipe = (struct pipeline){.sources = sources};
	for (size_t at = 0; left > 0 && (file = script_each(sources, &at)) != NULL;) {
		auto_free char *text = file->size <= SCRIPT_BYTES ? tree_read(&sources->tree, file->path, NULL) : NULL;
		if (text == NULL)
			continue;
		blank_signs(text);
		add_commands(pipe, text, file->path, 1, ".", (struct way){.depth = SCRIPT_DEPTH});
		left--;
	}
}

void pipeline_finish(struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->commands.count; i++)
		strings_finish(&pipe->commands.items[i].words);
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		strings_finish(&pipe->jobs.items[i].needs);
		array_finish(&pipe->jobs.items[i].before);
	}
	for (size_t i = 0; i < pipe->texts.count; i++)
		free(pipe->texts.items[i]);
	array_finish(&pipe->commands);
	array_finish(&pipe->steps);
	array_finish(&pipe->jobs);
	array_finish(&pipe->workflows);
	array_finish(&pipe->texts);
}

const struct tree_file *pipeline_other_each(const struct sources *sources, size_t *at)
{
	static const char *const files[] = {".gitlab-ci.yml", ".circleci/config.yml", ".travis.yml", "azure-pipelines.yml",
		"Jenkinsfile", ".drone.yml", ".woodpecker.yml", ".woodpecker.yaml", "bitbucket-pipelines.yml", "cloudbuild.yaml",
		"cloudbuild.yml", ".cirrus.yml", "appveyor.yml", ".build.yml", "buildspec.yml", "Earthfile"};
	static const char *const folders[] = {".woodpecker/", ".forgejo/workflows/", ".gitea/workflows/", ".gitlab/ci/", ".buildkite/",
		".drone/", ".builds/", ".concourse/", ".tekton/"};
	while (*at < sources->tree.files.count) {
		const struct tree_file *file = &sources->tree.files.items[(*at)++];
		for (size_t i = 0; i < COUNT_OF(files); i++)
			if (strcmp(file->path, files[i]) == 0)
				return file;
		for (size_t i = 0; i < COUNT_OF(folders); i++)
			if (text_starts_with(file->path, folders[i]) && (text_ends_with(file->path, ".yml") || text_ends_with(file->path, ".yaml")))
				return file;
	}
	return NULL;
}

const char *pipeline_other(const struct sources *sources)
{
	size_t at = 0;
	const struct tree_file *file = pipeline_other_each(sources, &at);
	return file != NULL ? file->path : NULL;
}

const char *pipeline_ground(const struct sources *sources)
{
	if (sources->rust.graph_file != NULL)
		return sources->rust.graph_file;
	return sources->compose_files.count > 0 ? sources->compose_files.items[0].path : ".";
}

bool pipeline_is_there(struct check *check, const struct pipeline *pipe)
{
	const struct sources *sources = check->sources;
	if (pipe->workflows.count > 0)
		return true;
	const char *other = pipeline_other(sources);
	const struct yaml_source *unread = NULL;
	for (size_t i = 0; i < sources->workflows.count; i++)
		if (text_starts_with(sources->workflows.items[i].path, ".github/workflows/"))
			unread = &sources->workflows.items[i];
	if (unread != NULL)
		check_missing(check, "%s is no YAML", unread->path);
	else if (other != NULL)
		check_missing(check, "this project's CI is %s, which is not read here", other);
	else
		check_none(check, pipeline_ground(sources), "there is no CI: neither .github/workflows nor another one");
	return false;
}

bool pipeline_begin(struct check *check, struct pipeline *pipe)
{
	pipeline_open(check->sources, pipe);
	return pipeline_is_there(check, pipe);
}
