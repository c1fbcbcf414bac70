/* 7.2 and 7.3: sources that are mounted where they are built, and debuggers that
 * listen on a port. */
#include "development.h"
#include "jsonc.h"

/* ---- 7.2: what is mounted beside the sources ---- */

/* Some mount, other than that of the sources, covers the folder. */
static const char *covering(const struct layers *layers, const struct unit *unit, const char *folder, const char *sources_at)
{
	struct unit_mount mount;
	const char *found = NULL;
	for (size_t i = 0; found == NULL && unit_mount(layers, unit, i, &mount); i++) {
		if (path_is_below(folder, mount.target) && strlen(mount.target) > strlen(sources_at))
			found = mount.target;
		unit_mount_finish(&mount);
	}
	const json_t *tmpfs = json_object_get(unit->json, "tmpfs");
	for (size_t i = 0; found == NULL && i < json_array_size(tmpfs); i++) {
		const char *text = json_string_value(json_array_get(tmpfs, i));
		if (text != NULL && text_starts_with(text, folder))
			found = text;
	}
	return found;
}

static char *docker_variable(const struct docker_source *source, int stage, const char *name)
{
	if (source == NULL)
		return NULL;
	auto_free char *asked = mem_print("${%s}", name);
	char *value = stage_expand(&source->file, stage, asked);
	if (value[0] != '\0' && strcmp(value, asked) != 0)
		return value;
	free(value);
	return NULL;
}

char *variable_of(const struct unit *unit, const char *name)
{
	const char *own = service_env(unit->json, name);
	return own != NULL && own[0] != '\0' ? mem_copy_string(own) : docker_variable(unit->docker, unit->stage, name);
}

/* Do the RUN lines below that stage name the folder, or make crates theirs? */
bool stage_says(const struct docker_source *source, int stage, const char *word)
{
	for (size_t i = 0; source != NULL && i < source->file.lines.count; i++) {
		const struct docker_line *line = &source->file.lines.items[i];
		if (strcmp(line->word, "RUN") != 0 || !stage_has_line(&source->file, stage, i))
			continue;
		/* to fill in variables takes long: only where there are some */
		bool is_plain = strstr(line->raw, word) != NULL || strchr(line->raw, '$') == NULL;
		auto_free char *body = is_plain ? mem_copy_string(line->raw) : run_body(&source->file, i);
		if (strstr(body, word) != NULL)
			return true;
	}
	return false;
}

static bool stage_has_crates(const struct docker_source *source, int stage)
{
	return stage_says(source, stage, "cargo fetch") || stage_says(source, stage, "cargo build") || stage_says(source, stage, "cargo chef") ||
		stage_says(source, stage, "cargo vendor") || stage_says(source, stage, "cargo check");
}

/* A volume on a path that the image lacks belongs to root. */
static void judge_owner(struct check *check, const struct layers *layers, const struct unit *unit, const char *volume)
{
	const struct docker_source *source = unit->docker;
	int stage = unit->stage;
	unsigned line;
	if (source == NULL)
		return;
	struct shipped image = {.source = source, .stage = stage, .context = "."};
	const char *own = json_string_value(json_object_get(unit->json, "user"));
	auto_free char *user = own != NULL ? mem_copy_string(own) : shipped_user(&image, &line);
	const char *name = path_name(volume);
	if (user == NULL || user_is_root(user) || strchr(user, '$') != NULL || stage_says(source, stage, volume) ||
		(stage_says(source, stage, name) && stage_says(source, stage, "chown")) || strstr(volume, "cargo") != NULL)
		return;
	const char *file = unit_place(layers, unit, "volumes", volume, &line);
	check_against(check, file, line, "the volume at %s belongs to root: %s makes no such folder, and %s runs as %s", volume, source->path,
		unit->name, user);
}

static void judge_target(struct check *check, const struct layers *layers, const struct unit *unit, const struct unit_mount *mount)
{
	auto_free char *manifest = path_join(mount->path, "Cargo.toml");
	auto_free char *manifest_path = path_clean(manifest);
	if (tree_find(&check->sources->tree, manifest_path) == NULL)
		return; /* no workspace, no target */
	auto_free char *moved = variable_of(unit, "CARGO_TARGET_DIR");
	if (moved == NULL)
		moved = variable_of(unit, "CARGO_BUILD_TARGET_DIR");
	auto_free char *folder = path_join(mount->target, moved != NULL ? moved : "target");
	if (!path_is_below(folder, mount->target))
		return;
	const char *covered = covering(layers, unit, folder, mount->target);
	unsigned line;
	const char *file = unit_place(layers, unit, "volumes", mount->target, &line);
	if (covered != NULL)
		judge_owner(check, layers, unit, covered);
	else
		check_against(check, file, line, "%s builds into the host's %s, where cargo of the host builds too: each waits for the other, "
			"and both build anew", unit->name, path_name(folder));
}

static void judge_registry(struct check *check, const struct layers *layers, const struct unit *unit, const struct unit_mount *mount)
{
	auto_free char *home = variable_of(unit, "CARGO_HOME");
	auto_free char *registry = path_join(home != NULL ? home : "/usr/local/cargo", "registry");
	auto_free char *manifest = path_join(mount->path, "Cargo.toml");
	struct unit_mount other;
	bool found = stage_has_crates(unit->docker, unit->stage) || covering(layers, unit, registry, "/") != NULL ||
		tree_has_folder(&check->sources->tree, "vendor") || path_is_below(registry, mount->target);
	for (size_t i = 0; !found && unit_mount(layers, unit, i, &other); i++) {
		found = strstr(other.target, "cargo") != NULL || text_ends_with(other.target, "/registry");
		unit_mount_finish(&other);
	}
	unsigned line;
	const char *file = unit_place(layers, unit, "volumes", NULL, &line);
	if (!found)
		check_against(check, file, line, "no volume keeps the crates of %s: each new container downloads them all", unit->name);
}

static bool judge_watch(struct check *check, const struct layers *layers, const struct unit *unit)
{
	const json_t *watch = json_object_get(json_object_get(unit->json, "develop"), "watch");
	unsigned line;
	if (json_array_size(watch) == 0 || !unit->is_rust)
		return false;
	const char *file = unit_place(layers, unit, "develop", NULL, &line);
	check_for(check, file, line, "compose watches the sources of %s", unit->name);
	return true;
}

/* One whose part is development, and that gets no sources: its place. */
bool lacks_sources(struct check *check, const struct layers *layers)
{
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		if (!unit->is_rust)
			continue;
		const char *command = unit->command;
		const char *watcher = watcher_in(command);
		bool is_dev = unit->layer != NULL && unit->layer->role == LAYER_DEV;
		unsigned line;
		const char *file = unit_place(layers, unit, NULL, NULL, &line);
		if (watcher != NULL)
			check_against(check, file, line, "%s runs %s, but has no mount of the sources: it never sees a save", unit->name, watcher);
		else if (is_dev)
			check_against(check, file, line, "%s is for development, but has no mount of the sources: each save needs a new image",
				unit->name);
		if (watcher != NULL || is_dev)
			return true;
	}
	return false;
}

bool has_rust_unit(const struct layers *layers)
{
	for (size_t i = 0; i < layers->units.count; i++)
		if (layers->units.items[i].is_rust)
			return true;
	return false;
}

void files_mounts(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	struct unit_mount mount;
	const struct unit *unit;
	unsigned line;
	bool found = false;
	for (size_t at = 0; (unit = unit_with_sources(layers, &at, &mount)) != NULL; unit_mount_finish(&mount)) {
		const char *file = unit_place(layers, unit, "volumes", mount.target, &line);
		const char *command = unit->command;
		check_for(check, file, line, "%s has the sources of %s at %s", unit->name, mount.path, mount.target);
		found = true;
		if (!builds_sources(command))
			continue;
		judge_target(check, layers, unit, &mount);
		judge_registry(check, layers, unit, &mount);
	}
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_watch(check, layers, &layers->units.items[i]) || found;
	if (layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file that could mount sources");
	} else if (!has_rust_unit(layers))
		check_none(check, layers_place(layers),
			"compose starts nothing that is built of the Rust sources here");
	else if (!found && !lacks_sources(check, layers))
		check_none(check, layers_place(layers), "no service is for development: nothing here builds a save in a container");
}

void live_mounts(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *target = live_source_mount(check->sources, container);
		if (target == NULL)
			continue;
		if (live_is_production(container))
			check_live_against(check, live_service(container), "Mounts has the sources at %s, though the environment says production", target);
		else if (!has_against(check))
			check_live_for(check, live_service(container), "Mounts has the sources at %s", target);
	}
}

/* ---- 7.3 ---- */

static const char *debugger_in(const char *text)
{
	static const char *const names[] = {"gdbserver", "lldb-server", "debugserver", "codelldb", "rr replay"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (word_in(text, names[i]) != NULL)
			return names[i];
	return NULL;
}

/* What it starts, or what its stage installs beside the program. */
static const char *debugger_of(const struct unit *unit)
{
	static const char *const names[] = {"gdbserver", "lldb-server", "lldb"};
	const char *found = debugger_in(unit->command);
	for (size_t i = 0; found == NULL && i < COUNT_OF(names); i++)
		if (stage_says(unit->docker, unit->stage, names[i]))
			found = names[i];
	return found;
}

static bool is_debug_port(const struct unit *unit, const struct unit_port *port)
{
	static const long known[] = {1234, 2345, 2159, 3333, 4711};
	const char *command = unit->command;
	auto_free char *listened = mem_print(":%ld", port->target);
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (port->target == known[i])
			return true;
	return debugger_in(command) != NULL && strstr(command, listened) != NULL;
}

/* Its ports; true: one of them is for a debugger. */
static bool judge_debug_ports(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_port port;
	bool found = false;
	unsigned line;
	for (size_t i = 0; unit_port(unit, i, &port); i++) {
		if (is_debug_port(unit, &port)) {
			const char *file = unit_place(layers, unit, "ports", port.text, &line);
			found = true;
			if (port_is_local(&port))
				check_for(check, file, line, "%s publishes the debugger's port %ld for this machine alone", unit->name, port.target);
			else
				port_against(check, layers, unit, &port,
					N_("%s publishes a debugger at %s for every machine that reaches this one: whoever connects runs what they like"));
		}
		unit_port_finish(&port);
	}
	return found;
}

static void judge_debugger(struct check *check, const struct layers *layers, const struct unit *unit, const char *debugger)
{
	unsigned line;
	bool has_port = judge_debug_ports(check, layers, unit);
	const char *command = unit->command;
	const char *mode = json_string_value(json_object_get(unit->json, "network_mode"));
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	if (unit->layer != NULL && unit->layer->role == LAYER_PROD)
		check_against(check, file, line, "%s of a production file has %s in its image", unit->name, debugger);
	else if (!has_port && debugger_in(command) != NULL && !text_equal(mode, "host"))
		check_against(check, file, line, "%s listens with %s, but publishes no port for it", unit->name, debugger);
	else if (!has_port)
		check_for(check, file, line, "%s has %s in its image", unit->name, debugger);
}

/* Rights of a debugger where no debugger is, in what everyone starts. */
static bool judge_rights(struct check *check, const struct layers *layers, const struct unit *unit)
{
	static const char *const words[][2] = {{"cap_add", "SYS_PTRACE"}, {"security_opt", "seccomp:unconfined"}, {"security_opt", "seccomp=unconfined"}};
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const json_t *list = json_object_get(unit->json, words[i][0]);
		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *text = json_string_value(json_array_get(list, k));
			unsigned line;
			if (text == NULL || strstr(text, words[i][1]) == NULL)
				continue;
			const char *file = unit_place(layers, unit, words[i][0], words[i][1], &line);
			for (size_t n = 0; n < layers->items.count; n++)
				if (text_equal(layers->items.items[n].path, file) &&
					(layers->items.items[n].role == LAYER_BASE || layers->items.items[n].role == LAYER_PROD)) {
					check_against(check, file, line, "%s has %s for everyone who starts it: a debugger's rights belong in a file for "
						"development", unit->name, words[i][1]);
					found = true;
				}
		}
	}
	return found;
}

static bool is_optional(const struct unit *unit)
{
	return json_array_size(json_object_get(unit->json, "profiles")) > 0;
}

static void judge_launch(struct check *check, const struct launch *launch, bool has_debugger)
{
	if (has_debugger && !launch->has_source_map)
		check_against(check, launch->file, launch->line, "the editor connects to %s without a source map: breakpoints in files of the "
			"container's folder find no line", launch->address);
	else
		check_for(check, launch->file, launch->line, "the editor connects to %s", launch->address);
}

void files_debugger(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	struct launch launch;
	bool found = false, has_debugger = false;
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		const char *debugger = debugger_of(unit);
		if (debugger != NULL)
			judge_debugger(check, layers, unit, debugger);
		has_debugger = has_debugger || debugger != NULL;
		if (unit->is_rust && !is_optional(unit) && (unit->layer == NULL || unit->layer->role == LAYER_PROD))
			found = judge_rights(check, layers, unit) || found;
	}
	if (launch_remote(check->sources, &launch)) {
		judge_launch(check, &launch, has_debugger);
		found = true;
	}
	if (!found && !has_debugger) {
		if (launch.file != NULL)
			check_none(check, launch.file, "the editor debugs on the host: nothing listens for a debugger in a container");
		else if (layers->units.count == 0) {
			if (!compose_is_unread(check))
				check_none(check, main_place(check->sources), "there is no compose file that could publish a debugger's port");
		} else
			check_none(check, layers_place(layers),
				"no service starts a debugger or has one in its image");
	}
	launch_finish(&launch);
}

void live_debugger(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		auto_free char *command = live_command(container);
		const char *debugger = debugger_in(command), *port;
		json_t *bindings;
		if (debugger == NULL)
			continue;
		if (live_is_production(container))
			check_live_against(check, live_service(container), "Config.Cmd starts %s, though the environment says production", debugger);
		json_object_foreach((json_t *)(uintptr_t)live_at(container, "inspect.HostConfig.PortBindings"), port, bindings) {
			const char *host = json_string_value(json_object_get(json_array_get(bindings, 0), "HostIp"));
			bool is_local = host != NULL && (text_starts_with(host, "127.") || strcmp(host, "::1") == 0);
			auto_free char *number = mem_print(":%.*s", (int)strcspn(port, "/"), port);
			if (strstr(command, number) == NULL)
				continue;
			if (!is_local)
				check_live_against(check, live_service(container), "HostConfig.PortBindings publishes the debugger's %s at %s", port,
					host != NULL && host[0] != '\0' ? host : "0.0.0.0");
			else if (!has_against(check))
				check_live_for(check, live_service(container), "HostConfig.PortBindings publishes the debugger's %s at %s", port, host);
		}
	}
}
