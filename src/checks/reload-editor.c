/* 10.8: editors that work in containers; and of 10.3 whether they and the watcher
 * there wait for each other. */
#include "jsonc.h"
#include "reload.h"

#include <ctype.h>

enum { MOST_FILES = 20 };

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

/* The layers that dockerComposeFile names. False: one is not read here; those that are
 * not there at all are put into `missing`. */
static bool find_layers(const struct layers *layers, const struct editor_file *file, const struct layer **named, size_t *count, struct strings *missing)
{
	const json_t *member = json_object_get(file->json, "dockerComposeFile");
	size_t most = json_is_array(member) ? json_array_size(member) : 1;
	bool is_whole = true;
	*count = 0;
	for (size_t i = 0; i < most && i < MOST_FILES; i++) {
		const char *name = json_string_value(json_is_array(member) ? json_array_get(member, i) : member);
		auto_free char *path = name != NULL && !is_variable(name) ? beside(file, name) : NULL;
		const struct layer *layer = path != NULL ? layer_named(layers, path) : NULL;
		if (layer != NULL)
			named[(*count)++] = layer;
		else if (path != NULL)
			is_whole = false; /* it is not there, or under a name that says nothing of compose */
		if (path != NULL && layer == NULL && tree_find(&layers->sources->tree, path) == NULL)
			strings_add(missing, path);
	}
	return is_whole && *count > 0;
}

/* The same; what is not there is said. */
static bool name_layers(struct check *check, const struct layers *layers, const struct editor_file *file, const struct layer **named,
	size_t *count)
{
	auto_strings missing = {0};
	bool is_whole = find_layers(layers, file, named, count, &missing);
	for (size_t i = 0; i < missing.count; i++)
		check_against(check, file->path, jsonc_line(file->text, "dockerComposeFile"), "dockerComposeFile names %s, which is not there", missing.items[i]);
	return is_whole;
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

/* ---- what starts in it ---- */

/* The service as those files make it, one over the other: paths in all of them are
 * relative to the first. Its Dockerfile and command are looked up as for any other. */
static struct unit open_unit(const struct layers *layers, const struct layer **named, size_t count, const char *service)
{
	struct yaml_source files[MOST_FILES];
	for (size_t i = 0; i < count; i++)
		files[i] = (struct yaml_source){.path = named[i]->path, .yaml = named[i]->yaml};
	json_t *model = model_read(layers->sources, files, count);
	struct unit unit = {.layer = named[0], .name = service, .json = json_incref(json_object_get(json_object_get(model, "services"), service))};
	json_decref(model);
	if (unit.json != NULL)
		unit_look(layers, &unit);
	return unit;
}

static void close_unit(struct unit *unit)
{
	json_decref(unit->json);
	free(unit->command);
}

/* A shell without a terminal ends at once: that is what such images start where nobody says otherwise. */
static bool ends_at_once(const struct unit *unit)
{
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	const char *base = unit->docker != NULL ? stage_root_base(&unit->docker->file, unit->stage) : image;
	bool is_built = compose_is_built(unit->json), has_terminal = json_is_true(json_object_get(unit->json, "tty")) ||
		json_is_true(json_object_get(unit->json, "stdin_open"));
	bool says = unit->command != NULL && unit->command[strspn(unit->command, " ")] != '\0';
	return (unit->docker != NULL || !is_built) && !says && !has_terminal && base != NULL && is_plain_image(base);
}

/* Of a service of compose, editors let run what compose starts. */
static void judge_command(struct check *check, const struct editor_file *file, const struct unit *unit)
{
	if (json_is_true(json_object_get(file->json, "overrideCommand")) || !ends_at_once(unit))
		return;
	check_against(check, file->path, jsonc_line(file->text, "service"), "%s starts a shell without a terminal and ends at once: the editor finds no container",
		unit->name);
	check_mend(check, "Write \"overrideCommand\": true, or give the service command: sleep infinity");
}

/* initializeCommand runs on the host, before there is a container. */
static void judge_host_command(struct check *check, const struct editor_file *file)
{
	static const char *const tools[] = {"apt-get", "apt", "apk", NULL};
	auto_free char *text = json_dumps(json_object_get(file->json, "initializeCommand"), JSON_COMPACT | JSON_ENCODE_ANY);
	const char *folder = text_of(file->json, "workspaceFolder"), *found = NULL;
	for (size_t i = 0; text != NULL && found == NULL && tools[i] != NULL; i++)
		found = word_in(text, tools[i]) != NULL ? tools[i] : NULL;
	if (text != NULL && found == NULL && folder != NULL && folder[0] == '/' && folder[1] != '\0' && strstr(text, folder) != NULL)
		found = folder;
	if (found == NULL)
		return;
	check_against(check, file->path, jsonc_line(file->text, "initializeCommand"), "initializeCommand runs on the host, and %s is meant for the container", found);
	check_mend(check, "Write it as postCreateCommand, which runs in the container");
}

static void judge_compose_editor(struct check *check, const struct layers *layers, const struct editor_file *file)
{
	const struct layer *named[MOST_FILES];
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
	struct unit unit = open_unit(layers, named, count, service);
	judge_command(check, file, &unit);
	close_unit(&unit);
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

/* Read; .json NULL: it is none, *line says where. */
static struct editor_file open_editor(const struct sources *sources, const char *path, unsigned *line)
{
	size_t len;
	struct editor_file file = {.path = path, .folder = path_parent(path), .text = tree_read(&sources->tree, path, &len)};
	file.json = file.text != NULL ? jsonc_read(file.text, len, line) : NULL;
	return file;
}

static void close_editor(struct editor_file *file)
{
	free(file->folder);
	free(file->text);
	json_decref(file->json);
}

static void judge_editor_file(struct check *check, const struct layers *layers, const char *path)
{
	unsigned line;
	struct editor_file file = open_editor(check->sources, path, &line);
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
		judge_host_command(check, &file);
		judge_variables(check, &file, "containerEnv");
		judge_variables(check, &file, "remoteEnv");
	}
	close_editor(&file);
}

/* ---- one folder for two builds ---- */

static const char *const editor_names[] = {"devcontainer.json", ".devcontainer.json"};

/* Does a setting give rust-analyzer, or all builds of the editor, a folder of their own? */
static bool has_own_target(const struct sources *sources, const struct editor_file *file)
{
	static const char *const words[] = {"targetDir", "target-dir", "CARGO_TARGET_DIR"};
	auto_free char *settings = tree_find(&sources->tree, ".vscode/settings.json") != NULL ? tree_read(&sources->tree, ".vscode/settings.json", NULL) : NULL;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(file->text, words[i]) != NULL || (settings != NULL && strstr(settings, words[i]) != NULL))
			return true;
	return false;
}

/* cargo locks its target folder: rust-analyzer's check and the watcher's build take turns. */
static void judge_target_of(struct check *check, const struct layers *layers, const struct editor_file *file)
{
	const struct layer *named[MOST_FILES];
	size_t count;
	const char *service = text_of(file->json, "service");
	auto_strings missing = {0};
	bool analyses = strstr(file->text, "rust-lang.rust-analyzer") != NULL && !has_own_target(check->sources, file);
	if (service == NULL || !analyses || json_is_true(json_object_get(file->json, "overrideCommand")) || !find_layers(layers, file, named, &count, &missing))
		return;
	struct unit unit = open_unit(layers, named, count, service);
	const char *watcher = unit.command != NULL ? watcher_in(unit.command) : NULL;
	if (watcher != NULL) {
		check_against(check, file->path, jsonc_line(file->text, "service"),
			"rust-analyzer and %s, which %s starts, build into one target folder: each waits while the other builds", watcher, service);
		check_mend(check, "Set rust-analyzer.cargo.targetDir to true in the editor's settings: then it has a folder of its own");
	}
	close_unit(&unit);
}

void judge_shared_target(struct check *check)
{
	const struct tree_file *tree_file;
	unsigned line;
	for (size_t i = 0; i < COUNT_OF(editor_names); i++)
		for (size_t at = 0; (tree_file = tree_each(&check->sources->tree, &at, editor_names[i])) != NULL;) {
			if (tree_file->is_harness)
				continue;
			struct editor_file file = open_editor(check->sources, tree_file->path, &line);
			if (file.text != NULL && json_is_object(file.json))
				judge_target_of(check, check->sources->layers, &file);
			close_editor(&file);
		}
}

/* ---- all ---- */

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
	static const char *const others[] = {".vscode/settings.json", ".vscode/launch.json", ".vscode/tasks.json", ".vscode/extensions.json",
		".zed/settings.json", ".idea/vcs.xml", ".editorconfig"};
	const struct tree_file *file;
	const struct layers *layers = check->sources->layers;
	bool found = find_other_editors(check);
	for (size_t i = 0; i < COUNT_OF(editor_names); i++)
		for (size_t at = 0; (file = tree_each(&check->sources->tree, &at, editor_names[i])) != NULL;)
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
