/* 10.7 and 10.8: looking into containers by exec, and editors that work in them. */
#include "jsonc.h"
#include "reload.h"

#include <ctype.h>

/* ---- 10.7 ---- */

/* `docker compose exec`, taken apart. */
struct exec_call {
	const char *service, *program; /* in `words`; NULL: not said */
	bool is_compose, is_old; /* docker-compose */
	bool has_no_tty, is_interactive, is_privileged;
	bool has_input; /* from a pipe or a file */
	struct strings words;
};

/* Does the command run compose? "docker compose", "docker-compose", "$(DC)", "{{compose}}" */
static bool is_compose_word(const struct strings *words, size_t at, struct exec_call *call)
{
	const char *word = words->items[at];
	call->is_old = call->is_old || strcmp(path_name(word), "docker-compose") == 0;
	if (strcasestr(word, "compose") != NULL)
		return true;
	return (word[0] == '$' || word[0] == '{') && strcasestr(word, "dc") != NULL;
}

static bool takes_value(const char *option)
{
	static const char *const names[] = {"-u", "--user", "-e", "--env", "-w", "--workdir", "--index", "--detach-keys", "--env-file"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	return false;
}

static void read_option(struct exec_call *call, const char *option)
{
	if (strcmp(option, "--privileged") == 0)
		call->is_privileged = true;
	else if (strcmp(option, "--no-TTY") == 0 || strcmp(option, "--no-tty") == 0 || strcmp(option, "--interactive=false") == 0)
		call->has_no_tty = true;
	else if (option[1] != '-' && strchr(option, 'T') != NULL)
		call->has_no_tty = true;
	else if (option[1] != '-' && strchr(option, 't') != NULL)
		call->is_interactive = true;
}

/* False: the words hold no such command. */
static bool read_exec(struct exec_call *call)
{
	const struct strings *words = &call->words;
	size_t at = 0, exec = 0;
	for (; at < words->count && exec == 0; at++) {
		if (is_compose_word(words, at, call))
			call->is_compose = true;
		else if (strcmp(words->items[at], "exec") == 0 && at > 0 && (call->is_compose || strcmp(path_name(words->items[at - 1]), "docker") == 0 ||
			strcmp(path_name(words->items[at - 1]), "podman") == 0 || strcmp(words->items[at - 1], "container") == 0))
			exec = at;
	}
	if (exec == 0)
		return false;
	for (at = exec + 1; at < words->count && words->items[at][0] == '-'; at++) {
		read_option(call, words->items[at]);
		at += takes_value(words->items[at]);
	}
	call->service = at < words->count ? words->items[at] : NULL;
	call->program = at + 1 < words->count ? words->items[at + 1] : NULL;
	return call->service != NULL;
}

/* The call in a line. Prose has backquotes and prompts around it. */
static bool find_exec(const char *line, struct exec_call *call)
{
	auto_free char *text = mem_copy_string(line);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '`')
			*at = ' ';
	struct shell_commands commands = {0};
	shell_split(text, &commands);
	bool found = false;
	for (size_t i = 0; i < commands.count && !found; i++) {
		struct shell_command *command = &commands.items[i];
		*call = (struct exec_call){0};
		strings_copy(&call->words, &command->words);
		found = read_exec(call);
		if (!found) {
			strings_finish(&call->words);
			continue;
		}
		const char *before = command->start;
		while (before > text && isspace((unsigned char)before[-1]))
			before--;
		bool is_piped = before > text && before[-1] == '|' && (before - 1 == text || before[-2] != '|');
		const char *arrow = memchr(command->start, '<', command->len);
		call->has_input = is_piped || (arrow != NULL && arrow[1] != '(');
	}
	shell_commands_finish(&commands);
	return found;
}

static bool is_known_service(const struct layers *layers, const char *name)
{
	if (strpbrk(name, "$<>{}[]\"'%@") != NULL || isupper((unsigned char)name[0]))
		return true; /* a variable, or to be filled in */
	for (size_t i = 0; i < layers->items.count; i++)
		if (json_object_get(layers->items.items[i].services, name) != NULL)
			return true;
	return json_object_get(layers->main, name) != NULL;
}

/* The image has no shell at all. */
static const char *shell_less_base(const struct layers *layers, const char *service)
{
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		if (unit->docker == NULL || strcmp(unit->name, service) != 0)
			continue;
		const char *base = stage_root_base(&unit->docker->file, unit->stage);
		bool is_bare = strcmp(base, "scratch") == 0 || (strstr(base, "distroless") != NULL && strstr(base, "debug") == NULL);
		return is_bare ? base : NULL;
	}
	return NULL;
}

static void judge_exec(struct check *check, const struct layers *layers, const struct written_line *at, const struct exec_call *call)
{
	const char *file = at->written->path;
	check_for(check, file, at->line, call->is_old ? N_("exec into %s (docker-compose ended in July 2023: docker compose is its successor)") :
		N_("exec into %s"), call->service);
	if (call->is_privileged)
		check_against(check, file, at->line, "exec with --privileged gives the command every right on this machine");
	if (!call->is_compose || at->written->is_harness)
		return;
	if (!at->written->is_prose && !is_known_service(layers, call->service))
		check_against(check, file, at->line, "no compose file has the service %s", call->service);
	const char *base = call->program != NULL && is_shell(call->program) ? shell_less_base(layers, call->service) : NULL;
	if (base != NULL)
		check_against(check, file, at->line, "the image of %s has no shell: it stands on %s", call->service, base);
	if (call->has_input && !call->has_no_tty && !at->written->is_prose)
		check_against(check, file, at->line, "input comes from a pipe or file, but exec asks for a terminal: -T is missing");
}

void files_exec(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	struct written_line at = {0};
	struct exec_call call;
	bool found = false;
	while (writings_find(writings, " exec ", &at)) {
		if (!find_exec(at.text, &call))
			continue;
		judge_exec(check, layers, &at, &call);
		strings_finish(&call.words);
		found = true;
	}
	written_line_finish(&at);
	if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file whose containers one could look into");
	} else if (!found)
		check_none(check, layers_place(layers),
			"no script or text here looks into a container");
}

/* ---- 10.8 ---- */

/* A devcontainer.json. */
struct editor_file {
	const char *path;
	char *folder, *text;
	json_t *json;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A path beside the devcontainer.json; NULL: out of the project. The caller frees. */
static char *beside(const struct editor_file *file, const char *path)
{
	auto_free char *joined = path_join(file->folder, path);
	char *clean = path_clean(joined);
	if (clean[0] != '/' && strcmp(clean, "..") != 0 && !text_starts_with(clean, "../"))
		return clean;
	free(clean);
	return NULL;
}

static bool is_variable(const char *text)
{
	return strstr(text, "${") != NULL;
}

static const struct layer *layer_named(const struct layers *layers, const char *path)
{
	for (size_t i = 0; i < layers->items.count; i++)
		if (strcmp(layers->items.items[i].path, path) == 0)
			return &layers->items.items[i];
	return NULL;
}

/* The layers that dockerComposeFile names. False: one is not there, which is said. */
static bool name_layers(struct check *check, const struct layers *layers, const struct editor_file *file, const struct layer **named,
	size_t *count)
{
	const json_t *member = json_object_get(file->json, "dockerComposeFile");
	size_t most = json_is_array(member) ? json_array_size(member) : 1;
	bool is_whole = true;
	*count = 0;
	for (size_t i = 0; i < most && i < 20; i++) {
		const char *name = json_string_value(json_is_array(member) ? json_array_get(member, i) : member);
		auto_free char *path = name != NULL && !is_variable(name) ? beside(file, name) : NULL;
		if (path == NULL)
			continue;
		const struct layer *layer = layer_named(layers, path);
		if (layer != NULL) {
			named[(*count)++] = layer;
		} else if (tree_find(&check->sources->tree, path) == NULL) {
			check_against(check, file->path, jsonc_line(file->text, "dockerComposeFile"), "dockerComposeFile names %s, which is not there", path);
			is_whole = false;
		} else {
			is_whole = false; /* under a name that says nothing of compose */
		}
	}
	return is_whole && *count > 0;
}

static bool has_service(const struct layer **named, size_t count, const char *service)
{
	for (size_t i = 0; i < count; i++)
		if (json_object_get(named[i]->services, service) != NULL)
			return true;
	return false;
}

static bool has_mount_above(const struct layer **named, size_t count, const char *service, const char *folder)
{
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		const json_t *own = json_object_get(named[i]->services, service);
		const json_t *volumes = json_object_get(own, "volumes");
		found = found || json_object_get(own, "extends") != NULL;
		for (size_t k = 0; k < json_array_size(volumes); k++) {
			const char *target = text_of(json_array_get(volumes, k), "target");
			found = found || (target != NULL && (path_is_below(folder, target) || strchr(target, '$') != NULL));
		}
	}
	return found;
}

static void judge_compose_editor(struct check *check, const struct layers *layers, const struct editor_file *file)
{
	const struct layer *named[20];
	size_t count;
	const char *service = text_of(file->json, "service"), *folder = text_of(file->json, "workspaceFolder");
	if (!name_layers(check, layers, file, named, &count) || service == NULL || is_variable(service))
		return;
	if (!has_service(named, count, service)) {
		check_against(check, file->path, jsonc_line(file->text, "service"), "the service %s is in none of the compose files that it names", service);
		return;
	}
	if (folder != NULL && !is_variable(folder) && !has_mount_above(named, count, service, folder))
		check_against(check, file->path, jsonc_line(file->text, "workspaceFolder"), "%s opens %s, but nothing is mounted there", service, folder);
	const json_t *ports = json_object_get(file->json, "forwardPorts");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const char *port = json_string_value(json_array_get(ports, i));
		const char *colon = port != NULL ? strchr(port, ':') : NULL;
		auto_free char *host = colon != NULL ? mem_copy_bytes(port, (size_t)(colon - port)) : NULL;
		if (host != NULL && strcmp(host, "localhost") != 0 && strchr(host, '.') == NULL && !has_service(named, count, host))
			check_against(check, file->path, jsonc_line(file->text, "forwardPorts"), "it forwards a port of %s, which is no service", host);
	}
}

static const struct docker_source *docker_named(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (strcmp(sources->dockers.items[i]->path, path) == 0)
			return sources->dockers.items[i];
	return NULL;
}

/* Images without a user for people; others bring one ("vscode"). */
static bool is_plain_image(const char *base)
{
	static const char *const names[] = {"rust", "debian", "alpine", "buildpack-deps"};
	struct image_name name;
	image_name_read(base, &name);
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		found = found || (strcmp(name.name, names[i]) == 0 && name.registry == NULL);
	image_name_finish(&name);
	return found;
}

static bool has_feature(const json_t *json, const char *word)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(json, "features"), name, value)
		if (strstr(name, word) != NULL)
			return true;
	return false;
}

static void judge_user(struct check *check, const struct editor_file *file, const struct docker_source *source)
{
	const char *user = text_of(file->json, "remoteUser");
	const json_t *build = json_object_get(file->json, "build");
	int stage = source != NULL ? dockerfile_stage(&source->file, text_of(build, "target")) : -1;
	if (user == NULL || user_is_root(user) || is_variable(user) || isdigit((unsigned char)user[0]) || has_feature(file->json, "common-utils"))
		return;
	const char *base = source != NULL && stage >= 0 ? stage_root_base(&source->file, stage) : text_of(file->json, "image");
	if (base == NULL || !is_plain_image(base))
		return;
	/* a name that an ARG fills in is one too */
	if (source != NULL && (stage_says(source, stage, user) || strstr(source->text, user) != NULL))
		return;
	check_against(check, file->path, jsonc_line(file->text, "remoteUser"), "the image has no user %s: %s has none, and no RUN line makes one",
		user, base);
}

static const struct docker_source *judge_docker_editor(struct check *check, const struct editor_file *file)
{
	const char *name = text_of(json_object_get(file->json, "build"), "dockerfile"), *key = "dockerfile";
	if (name == NULL) {
		name = text_of(file->json, "dockerFile");
		key = "dockerFile";
	}
	auto_free char *path = name != NULL && !is_variable(name) ? beside(file, name) : NULL;
	if (path == NULL)
		return NULL;
	if (tree_find(&check->sources->tree, path) == NULL)
		check_against(check, file->path, jsonc_line(file->text, key), "it is built of %s, which is not there", path);
	return docker_named(check->sources, path);
}

static void judge_variables(struct check *check, const struct editor_file *file, const char *member)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(file->json, member), name, value) {
		const char *text = json_string_value(value);
		if (text != NULL && text[0] != '\0' && !is_variable(text) && secret_is_name(name, strlen(name)) && !text_ends_with(name, "_FILE"))
			check_against(check, file->path, jsonc_line(file->text, name), "%s has its value in the file: ${localEnv:%s} keeps it out", name, name);
	}
}

static void judge_editor_file(struct check *check, const struct layers *layers, const char *path)
{
	unsigned line;
	size_t len;
	struct editor_file file = {.path = path, .folder = path_parent(path), .text = tree_read(&check->sources->tree, path, &len)};
	file.json = file.text != NULL ? jsonc_read(file.text, len, &line) : NULL;
	if (file.text == NULL) {
		check_missing(check, "%s cannot be read", path);
	} else if (!json_is_object(file.json)) {
		check_against(check, path, line, "it is no JSON, even without its comments: editors refuse it");
	} else {
		check_for(check, path, 0, json_object_get(file.json, "dockerComposeFile") != NULL ? N_("editors work in a service of compose") :
			N_("editors work in a container"));
		if (json_object_get(file.json, "dockerComposeFile") != NULL)
			judge_compose_editor(check, layers, &file);
		judge_user(check, &file, judge_docker_editor(check, &file));
		judge_variables(check, &file, "containerEnv");
		judge_variables(check, &file, "remoteEnv");
	}
	free(file.folder);
	free(file.text);
	json_decref(file.json);
}

static bool find_other_editors(struct check *check)
{
	static const char *const names[] = {".gitpod.yml", ".gitpod.yaml", "devfile.yaml", ".devfile.yaml", ".idx/dev.nix"};
	struct launch launch;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (tree_find(&check->sources->tree, names[i]) != NULL) {
			check_for(check, names[i], 0, "a remote workspace for editors");
			found = true;
		}
	if (launch_remote(check->sources, &launch)) {
		check_for(check, launch.file, launch.line, "the editor's debugger connects to %s", launch.address);
		found = true;
	}
	launch_finish(&launch);
	return found;
}

void files_editor(struct check *check)
{
	static const char *const names[] = {"devcontainer.json", ".devcontainer.json"};
	static const char *const others[] = {".vscode/settings.json", ".vscode/launch.json", ".vscode/tasks.json", ".vscode/extensions.json",
		".zed/settings.json", ".idea/vcs.xml", ".editorconfig"};
	const struct tree_file *file;
	const struct layers *layers = check->sources->layers;
	bool found = find_other_editors(check);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t at = 0; (file = tree_each(&check->sources->tree, &at, names[i])) != NULL;)
			if (!file->is_harness) {
				judge_editor_file(check, layers, file->path);
				found = true;
			}
	for (size_t i = 0; i < COUNT_OF(others) && !found; i++)
		if (tree_find(&check->sources->tree, others[i]) != NULL) {
			check_none(check, others[i], "editors have settings for work on the host, and none for work in a container");
			found = true;
		}
	if (!found)
		check_none(check, main_place(check->sources), "no editor is set up here: there is no devcontainer.json");
}

void live_editor(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *labels = live_at(container, "inspect.Config.Labels");
		if (json_is_string(json_object_get(labels, "devcontainer.local_folder")) && !has_against(check))
			check_live_for(check, live_service(container), "the label devcontainer.local_folder says that an editor works in it");
	}
}
