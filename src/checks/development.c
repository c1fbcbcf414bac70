/* Topic 7: compose files and helpers for developers. Here are the files for
 * development and for one developer, and the table of the topic. */
#include "development.h"

#include <fnmatch.h>

/* ---- what runs ---- */

const char *live_variable(const json_t *container, const char *name)
{
	const json_t *list = live_at(container, "inspect.Config.Env");
	size_t len = strlen(name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text != NULL && strncmp(text, name, len) == 0 && text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

bool live_is_production(const json_t *container)
{
	static const char *const names[] = {"APP_ENV", "APP_ENVIRONMENT", "RUST_ENV", "ENVIRONMENT", "ENV", "RUN_MODE", "ROCKET_PROFILE",
		"LOCO_ENV", "NODE_ENV"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = live_variable(container, names[i]);
		if (value != NULL && (text_equal_fold(value, "production") || text_equal_fold(value, "prod") || text_equal_fold(value, "release")))
			return true;
	}
	return false;
}

const char *live_source_mount(const struct sources *sources, const json_t *container)
{
	const json_t *mounts = live_at(container, "inspect.Mounts");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *type = json_string_value(json_object_get(mount, "Type")), *source = json_string_value(json_object_get(mount, "Source"));
		const char *target = json_string_value(json_object_get(mount, "Destination"));
		const char *below = tree_relative(&sources->tree, source);
		if (!text_equal(type, "bind") || target == NULL || below == NULL)
			continue;
		if (has_rust_sources(sources, below[0] != '\0' ? below : "."))
			return target;
	}
	return NULL;
}

char *live_command(const json_t *container)
{
	static const char *const members[] = {"inspect.Config.Entrypoint", "inspect.Config.Cmd"};
	struct str out = {0};
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const json_t *words = live_at(container, members[i]);
		for (size_t k = 0; k < json_array_size(words); k++)
			if (json_is_string(json_array_get(words, k)))
				str_print(&out, "%s ", json_string_value(json_array_get(words, k)));
	}
	return str_steal(&out);
}

bool live_has_image(const json_t *container, const char *const *names)
{
	const char *image = live_text(container, "inspect.Config.Image");
	const char *name = image != NULL ? path_name(image) : "";
	auto_free char *word = mem_copy_bytes(name, strcspn(name, ":@"));
	for (; *names != NULL; names++)
		if (strcasecmp(word, *names) == 0)
			return true;
	return false;
}

bool live_has_file(const json_t *container, const char *path)
{
	const json_t *labels = live_at(container, "inspect.Config.Labels");
	const char *files = json_string_value(json_object_get(labels, "com.docker.compose.project.config_files"));
	auto_strings list = {0};
	if (files != NULL)
		strings_split(&list, files, ',');
	for (size_t i = 0; i < list.count; i++) {
		size_t len = strlen(list.items[i]), own = strlen(path);
		if (text_ends_with(list.items[i], path) && (len == own || list.items[i][len - own - 1] == '/'))
			return true;
	}
	return false;
}

/* ---- 7.1 ---- */

/* A service that no file gives an image or a build: compose refuses such a pair. */
static bool has_origin(const json_t *service)
{
	return json_object_get(service, "build") != NULL || json_object_get(service, "image") != NULL || json_object_get(service, "extends") != NULL;
}

static bool is_half_defined(const struct layers *layers, const struct layer *layer, const char *name, const json_t *service)
{
	bool found = has_origin(service) || has_origin(json_object_get(layers->main, name));
	for (size_t i = 0; i < layers->items.count && !found; i++)
		found = &layers->items.items[i] != layer && has_origin(json_object_get(layers->items.items[i].services, name));
	return !found;
}

static void judge_half_defined(struct check *check, const struct layers *layers, const struct layer *layer)
{
	const char *name;
	json_t *service;
	json_object_foreach(layer->services, name, service) {
		const struct unit unit = {.layer = layer, .name = name, .json = service};
		unsigned line;
		if (!is_half_defined(layers, layer, name, service))
			continue;
		const char *file = unit_place(layers, &unit, NULL, NULL, &line);
		check_against(check, file, line, "no compose file gives %s an image or a build: compose refuses the files together", name);
	}
}

static bool is_development_word(const char *text)
{
	return text != NULL && layer_role(text) == LAYER_DEV;
}

/* A profile of that name, or an argument that makes the build one for development. */
static bool is_set_for_development(struct check *check, const struct layers *layers, const struct unit *unit)
{
	size_t i;
	json_t *profile, *value;
	const char *key;
	unsigned line;
	bool found = false;
	json_array_foreach(json_object_get(unit->json, "profiles"), i, profile) {
		if (found || !is_development_word(json_string_value(profile)))
			continue;
		const char *file = unit_place(layers, unit, "profiles", NULL, &line);
		check_for(check, file, line, "%s stands in the profile %s: development starts a part of its own", unit->name,
			json_string_value(profile));
		found = true;
	}
	json_object_foreach(json_object_get(json_object_get(unit->json, "build"), "args"), key, value) {
		if (found || strcasestr(key, "profile") == NULL || !is_development_word(json_string_value(value)))
			continue;
		const char *file = unit_place(layers, unit, "build", NULL, &line);
		check_for(check, file, line, "%s is built with %s=%s: this file is for development", unit->name, key, json_string_value(value));
		found = true;
	}
	return found;
}

static bool is_for_developers(struct check *check, const struct layers *layers)
{
	bool has_own = false, found = false;
	unsigned line;
	struct unit_mount mount;
	const struct unit *unit;
	for (size_t i = 0; i < layers->units.count; i++) {
		unit = &layers->units.items[i];
		if (unit->layer != NULL)
			continue;
		has_own = has_own || unit->is_rust || service_is_own(layers->sources, unit->name, unit->json);
		const char *command = unit->command;
		const char *watcher = watcher_in(command), *file = unit_place(layers, unit, "command", NULL, &line);
		if (watcher != NULL)
			check_for(check, file, line, "%s runs %s: this file is for development", unit->name, watcher);
		if (json_object_get(unit->json, "develop") != NULL)
			check_for(check, file, line, "%s has a section for development", unit->name);
		found = is_set_for_development(check, layers, unit) || found || watcher != NULL || json_object_get(unit->json, "develop") != NULL;
	}
	for (size_t at = 0; (unit = unit_with_sources(layers, &at, &mount)) != NULL; unit_mount_finish(&mount)) {
		if (unit->layer != NULL)
			continue;
		const char *file = unit_place(layers, unit, "volumes", mount.target, &line);
		check_for(check, file, line, "%s has the sources mounted: this file is for development", unit->name);
		found = true;
	}
	if (!has_own && layers->main_file != NULL && layers->units.count > 0)
		check_for(check, layers->main_file, 0, "it starts only what the program needs beside it: this file is for development");
	return found || !has_own;
}

/* All of the base again, and nothing else: a copy that will drift. */
static void judge_copy(struct check *check, const struct layers *layers, const struct layer *layer)
{
	const struct layer *base = NULL;
	for (size_t i = 0; i < layers->items.count && base == NULL; i++)
		if (layers->items.items[i].is_main && layers->items.items[i].role == LAYER_BASE)
			base = &layers->items.items[i];
	size_t members = 0;
	const char *name, *key;
	json_t *service, *value;
	json_object_foreach(base != NULL ? base->services : NULL, name, service) {
		const json_t *again = json_object_get(layer->services, name);
		json_object_foreach(service, key, value) {
			if (!json_equal(value, json_object_get(again, key)))
				return;
			members++;
		}
	}
	if (base != NULL && base != layer && members >= 5)
		check_against(check, layer->path, 0, "it repeats all of %s: laid over it, only what differs belongs here", base->path);
}

/* What a production file takes over from the base without a word. */
static void judge_production(struct check *check, const struct layers *layers, const struct unit *unit)
{
	static const char *const stages[] = {"dev", "development", "develop", "debug"};
	const char *target = json_string_value(json_object_get(json_object_get(unit->json, "build"), "target"));
	unsigned line;
	for (size_t i = 0; target != NULL && i < COUNT_OF(stages); i++) {
		if (strcmp(target, stages[i]) != 0)
			continue;
		const char *file = unit_place(layers, unit, "build", NULL, &line);
		check_against(check, file, line, "%s in %s is built from the stage %s", unit->name, unit->layer->path, target);
	}
	const json_t *own = json_object_get(unit->layer->services, unit->name);
	const json_t *volumes = json_object_get(own, "volumes");
	struct unit_mount mount;
	if (json_is_null(volumes) || (json_is_array(volumes) && json_array_size(volumes) == 0) || json_object_get(own, "build") != NULL ||
		json_object_get(own, "image") != NULL)
		return;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++) {
		if (mount.path == NULL || tree_find(&check->sources->tree, mount.path) != NULL || !has_rust_sources(check->sources, mount.path))
			continue;
		const char *file = unit_place(layers, unit, "volumes", mount.target, &line);
		check_against(check, file, line, "%s lets %s have the sources mounted in production too", unit->layer->path, unit->name);
	}
}

static const struct layer *judge_layers(struct check *check, const struct layers *layers, const struct layer **production)
{
	const struct layer *found = NULL;
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (layer->is_harness || (layer->role != LAYER_DEV && layer->role != LAYER_OVERRIDE && layer->role != LAYER_PROD))
			continue;
		if (layer->role == LAYER_PROD) {
			*production = layer;
			continue;
		}
		found = layer;
		check_for(check, layer->path, 0, layer->role == LAYER_DEV ? N_("a compose file for development") :
			N_("what only development needs is laid over the compose file"));
		if (layer->role == LAYER_DEV && !layer->is_sample) {
			judge_half_defined(check, layers, layer);
			judge_copy(check, layers, layer);
		}
	}
	return found;
}

static void files_dev_file(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct layer *production = NULL;
	bool found = judge_layers(check, layers, &production) != NULL;
	for (size_t i = 0; i < layers->units.count; i++)
		if (layers->units.items[i].layer != NULL && layers->units.items[i].layer->role == LAYER_PROD)
			judge_production(check, layers, &layers->units.items[i]);
	if (layers->main_file != NULL)
		found = is_for_developers(check, layers) || found;
	if (!found && production != NULL && layers->main_file != NULL)
		check_for(check, layers_place(layers), 0, "production has a file of its own, %s: this one is for development", production->path);
	else if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file");
	} else if (!found && !has_rust_unit(layers))
		check_none(check, layers_place(layers), "compose builds nothing of the Rust sources here");
	else if (!found)
		check_against(check, layers_place(layers), 0, "it is the only compose file: development starts what is shipped");
}

static void live_dev_file(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		auto_free char *command = live_command(container);
		const char *watcher = watcher_in(command);
		if (watcher != NULL && live_is_production(container))
			check_live_against(check, live_service(container), "Config.Cmd runs %s, though the environment says production", watcher);
		for (size_t i = 0; i < layers->items.count && !has_against(check); i++)
			if (layers->items.items[i].role == LAYER_DEV && live_has_file(container, layers->items.items[i].path))
				check_live_for(check, live_service(container), "the label com.docker.compose.project.config_files has %s",
					layers->items.items[i].path);
	}
}

/* ---- 7.4 ---- */

/* Does a .gitignore of the root name it? Plain names and shell patterns, as far as
 * one line can tell. */
static bool is_git_ignored(const struct sources *sources, const char *path)
{
	auto_free char *text = tree_find(&sources->tree, ".gitignore") != NULL ? tree_read(&sources->tree, ".gitignore", NULL) : NULL;
	auto_strings lines = {0};
	bool ignored = false;
	strings_split(&lines, text != NULL ? text : "", '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		line[strcspn(line, "\r")] = '\0';
		bool is_exception = line[0] == '!';
		const char *pattern = line + is_exception;
		pattern += pattern[0] == '/';
		if (text_starts_with(pattern, "**/"))
			pattern += 3;
		if (line[0] != '#' && (fnmatch(pattern, path, FNM_PATHNAME) == 0 || fnmatch(pattern, path_name(path), 0) == 0))
			ignored = !is_exception;
	}
	return ignored;
}

/* COMPOSE_FILE of .env, where it leaves the file out; its line, 0: no. */
static unsigned left_out_line(const struct sources *sources, const char *path)
{
	auto_free char *folder = path_parent(path);
	auto_free char *joined = path_join(folder, ".env");
	auto_free char *file = path_clean(joined);
	auto_free char *text = tree_read(&sources->tree, file, NULL);
	for (const char *at = text; at != NULL && *at != '\0';) {
		size_t len = strcspn(at, "\n");
		auto_free char *line = mem_copy_bytes(at, len);
		if (text_starts_with(line, "COMPOSE_FILE=") && strstr(line, path_name(path)) == NULL)
			return text_line_at(text, (size_t)(at - text));
		at += len + (at[len] == '\n');
	}
	return 0;
}

static void judge_override(struct check *check, const struct layers *layers, const struct layer *layer)
{
	const struct sources *sources = check->sources;
	const struct tree_file *file = tree_find(&sources->tree, layer->path);
	judge_half_defined(check, layers, layer);
	if (layer->is_sample) {
		auto_free char *name = mem_copy_string(path_name(layer->path));
		char *end = strstr(name, ".yaml") != NULL ? strstr(name, ".yaml") + 5 : strstr(name, ".yml") != NULL ? strstr(name, ".yml") + 4 : NULL;
		if (end != NULL)
			*end = '\0';
		if (tree_find(&sources->tree, ".gitignore") != NULL && strcmp(name, path_name(layer->path)) != 0 && !is_git_ignored(sources, name))
			check_against(check, ".gitignore", 0, "a copy of %s under its real name %s would go into git", layer->path, name);
		else
			check_for(check, layer->path, 0, "a sample that each developer copies and changes");
		return;
	}
	unsigned line = left_out_line(sources, layer->path);
	if (line > 0)
		check_against(check, ".env", line, "COMPOSE_FILE leaves out %s: compose never reads it", layer->path);
	if (sources->tree.has_git && file != NULL && file->is_tracked)
		check_against(check, layer->path, 0, "git has it: what one developer sets, all get");
	else
		check_for(check, layer->path, 0, sources->tree.has_git ? N_("one developer's own settings, which git does not have") :
			N_("one developer's own settings"));
}

/* "/home/ann/data" in a file for all. */
static bool judge_homes(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_mount mount;
	bool found = false;
	unsigned line;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++) {
		const char *source = mount.source;
		if (!mount.is_bind || source == NULL || mount.path != NULL || (unit->layer != NULL && unit->layer->role == LAYER_OVERRIDE))
			continue;
		if (!text_starts_with(source, "/home/") && !text_starts_with(source, "/Users/") && !text_starts_with(source, "C:\\Users\\"))
			continue;
		const char *file = unit_place(layers, unit, "volumes", source, &line);
		for (size_t k = 0; k < layers->items.count; k++) {
			const struct layer *layer = &layers->items.items[k];
			/* the merged model makes ~ a path; the file shows what somebody wrote */
			if (!text_equal(layer->path, file) || layer->role == LAYER_OVERRIDE || strstr(layer->text, source) == NULL)
				continue;
			check_against(check, file, line, "%s mounts a folder of one developer's home", unit->name);
			found = true;
		}
	}
	return found;
}

static void files_override(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	bool found = false;
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (layer->role != LAYER_OVERRIDE || layer->is_harness)
			continue;
		judge_override(check, layers, layer);
		found = true;
	}
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_homes(check, layers, &layers->units.items[i]) || found;
	if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file that something could be laid over");
	} else if (!found)
		check_none(check, layers_place(layers),
			"nobody has settings of their own here: there is no override file, nor a sample of one");
}

static void live_override(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const json_t *container;
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (layer->role != LAYER_OVERRIDE || layer->is_harness || layer->is_sample)
			continue;
		for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
			const char *service = live_service(container);
			if (json_object_get(layer->services, service) == NULL ||
				live_at(container, "inspect.Config.Labels") == NULL)
				continue;
			if (!live_has_file(container, layer->path))
				check_live_against(check, service, "the label com.docker.compose.project.config_files lacks %s: what it says has no effect",
					layer->path);
			else if (!has_against(check))
				check_live_for(check, service, "the label com.docker.compose.project.config_files has %s", layer->path);
		}
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{.id = "7.1", .severity = CHECK_LOW, .title = N_("A docker-compose.dev.yml is there for development"),
		.says = N_("What developers need (sources, open ports, loud logs) must never reach the place where the product runs. A file of its own, "
			"laid over the base, keeps the two apart."),
		.looks = N_("compose files by their names, what they mount, start and build, and which services the base has"),
		.looks_live = N_("the files that containers were made of, and watchers beside an environment that says production"),
		.mends = N_("Write docker-compose.dev.yml with what differs in development, and lay it over the base with -f or COMPOSE_FILE"),
		.files = files_dev_file, .live = live_dev_file},
	{.id = "7.2", .severity = CHECK_MEDIUM, .title = N_("Volume mounts bring saved sources into the container"),
		.says = N_("Without the sources in the container each save needs a new image. Volumes over target and cargo's registry keep the "
			"host's build and the container's apart and save the downloads."),
		.looks = N_("mounts of folders with Rust sources, volumes over target/ and the registry, compose's own watch section"),
		.looks_live = N_("Mounts of the containers"),
		.mends = N_("Mount the workspace into the development service, with volumes of its own over target and /usr/local/cargo/registry"),
		.files = files_mounts, .live = live_mounts},
	{.id = "7.3", .severity = CHECK_MEDIUM, .title = N_("A debugger can connect through an exposed port"),
		.says = N_("A program in a container is debugged through a server that listens on a port. Whoever reaches that port runs any code, "
			"so it is open for this machine alone and only in development."),
		.looks = N_("debug servers in commands and images, their published ports, SYS_PTRACE and seccomp, .vscode/launch.json"),
		.looks_live = N_("HostConfig.PortBindings of containers that run a debug server"),
		.mends = N_("Give the debug service a profile, publish its port at 127.0.0.1 and leave debuggers out of production"),
		.files = files_debugger, .live = live_debugger},
	{.id = "7.4", .severity = CHECK_LOW, .title = N_("Override files hold what one developer sets"),
		.says = N_("Ports, limits and log levels differ from desk to desk. An override file that git ignores takes them, and a sample in git "
			"shows what can be set."),
		.looks = N_("override files and samples of them, what git has and ignores, COMPOSE_FILE, mounts of home folders"),
		.looks_live = N_("the label with the files that each container was made of"),
		.mends = N_("Keep docker-compose.override.yml out of git (git rm --cached, .gitignore) and commit docker-compose.override.yml.example"),
		.files = files_override, .live = live_override},
	{.id = "7.5", .severity = CHECK_LOW, .title = N_("Services find each other by names of their network"),
		.says = N_("On a network of compose every service is known by its name and its aliases. localhost, links and container names work "
			"in some places and break in others."),
		.looks = N_("hosts in the variables of services, links, aliases and networks of the merged compose model"),
		.looks_live = N_("networks and aliases of the containers"),
		.mends = N_("Name the other service (or an alias of its network) as the host, and drop links"),
		.files = files_names, .live = live_names},
	{.id = "7.6", .severity = CHECK_LOW, .is_heuristic = true, .title = N_("A database can be seeded with test data"),
		.says = N_("An empty database shows nothing. Seeds that can be run twice, after the migrations and apart from them, give every "
			"developer the same start."),
		.looks = N_("seed files, scripts, programs and services, and the SQL in them"),
		.mends = N_("Add seeds/*.sql that can be run twice (ON CONFLICT DO NOTHING) and a command or service that runs them after the migrations"),
		.files = files_seeds},
	{.id = "7.7", .severity = CHECK_LOW, .title = N_("A redis container serves as the cache"),
		.says = N_("A program that caches in redis needs one beside it in development. A cache has a limit and drops what is old; without a "
			"password it is nobody else's business."),
		.looks = N_("the enabled crates, and image, command and ports of redis services"),
		.looks_live = N_("health, published ports and memory limits of redis containers"),
		.mends = N_("Add a redis service with --maxmemory and --maxmemory-policy allkeys-lru, published at 127.0.0.1 or not at all"),
		.files = files_redis, .live = live_redis},
	{.id = "7.8", .severity = CHECK_LOW, .title = N_("MailHog or the like catches mail in development"),
		.says = N_("Mail that a test sends must reach no person. A catcher takes it in place of a mail server and shows it."),
		.looks = N_("the enabled crates, mail catchers in compose files, and the mail server in the variables of services"),
		.looks_live = N_("health and answers of the mail catcher"),
		.mends = N_("Add a service of axllent/mailpit (ports 1025 and 8025 at 127.0.0.1) and point the mail settings of development at it"),
		.files = files_mail, .live = live_mail},
};

const struct practice_topic topic_development = {
	.title = N_("Development environment"), .practices = practices, .count = COUNT_OF(practices)};
