/* Topic 10: from a save to running code, tests, editors. Here are watchers, the
 * sources they watch and what makes their builds fast, and the table of the topic. */
#include "reload.h"

/* ---- 10.1 ---- */

/* `cargo install cargo-watch` without a version: its line; 0: none. */
static bool installs_unpinned(const struct shell_command *command, const char **tool)
{
	static const char *const tools[] = {"cargo-watch", "bacon", "watchexec-cli", "systemfd"};
	const struct strings *words = &command->words;
	size_t at = command_at(words);
	if (at + 2 >= words->count || strcmp(path_name(words->items[at]), "cargo") != 0)
		return false;
	bool installs = false, pinned = false;
	*tool = NULL;
	for (size_t i = at + 1; i < words->count; i++) {
		const char *word = words->items[i];
		installs = installs || strcmp(word, "install") == 0 || strcmp(word, "binstall") == 0;
		pinned = pinned || text_starts_with(word, "--vers") || text_starts_with(word, "--git") || text_starts_with(word, "--path");
		for (size_t k = 0; k < COUNT_OF(tools); k++)
			if (strcmp(word, tools[k]) == 0)
				*tool = tools[k];
	}
	return installs && !pinned && *tool != NULL;
}

static bool installs_watcher(const struct docker_line *line)
{
	return strstr(line->raw, "install") != NULL && watcher_in(line->raw) != NULL;
}

static void judge_installs(struct check *check, const struct docker_source *source)
{
	for (size_t i = 0, count = 0; i < source->file.lines.count && count < 50; i++) {
		const struct docker_line *line = &source->file.lines.items[i];
		if (strcmp(line->word, "RUN") != 0 || !installs_watcher(line))
			continue;
		count++;
		auto_free char *body = run_body(&source->file, i);
		struct shell_commands commands = {0};
		shell_split(body, &commands);
		const char *tool;
		for (size_t k = 0; k < commands.count; k++)
			if (installs_unpinned(&commands.items[k], &tool))
				check_against(check, source->path, line->first, "%s is installed without a version: each build may get another", tool);
		shell_commands_finish(&commands);
	}
}

/* Does the merged compose model mount sources into what that image runs? */
static bool has_mounted_sources(const struct layers *layers, const struct shipped *shipped)
{
	struct unit_mount mount;
	const struct unit *unit;
	bool found = false;
	for (size_t at = 0; (unit = unit_with_sources(layers, &at, &mount)) != NULL; unit_mount_finish(&mount))
		found = found || unit->docker == shipped->source || text_equal(unit->name, shipped->service);
	return found;
}

/* JSON or shell form as one line. */
static char *joined_words(const char *rest)
{
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	return strings_join(&words, " ", " ");
}

/* A watcher in an image that is meant to be shipped. */
static void judge_shipped(struct check *check, const struct layers *layers, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	if (role_is_for_development(shipped->source->path) || (file->stages.items[shipped->stage].name != NULL && role_is_for_development(file->stages.items[shipped->stage].name)) ||
		has_mounted_sources(layers, shipped))
		return;
	static const char *const words[] = {"CMD", "ENTRYPOINT"};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		int line = dockerfile_last(file, shipped->stage, words[i]);
		auto_free char *command = line >= 0 ? joined_words(file->lines.items[line].rest) : mem_copy_string("");
		const char *watcher = watcher_in(command);
		if (watcher != NULL)
			check_against(check, shipped->source->path, file->lines.items[line].first,
				"the image that is shipped starts %s: it builds in production", watcher);
	}
}

/* Nothing in cargo-watch itself leaves target/ out any more. */
static void judge_options(struct check *check, const char *file, unsigned line, const char *command)
{
	const char *found = strstr(command, "--ignore-nothing");
	if (found != NULL && strstr(command, " -w") == NULL && strstr(command, "--watch") == NULL)
		check_against(check, file, line, "it watches target/ too: each build sets off the next");
}

static bool judge_unit(struct check *check, const struct layers *layers, const struct unit *unit)
{
	unsigned line;
	const char *command = unit->command;
	const char *watcher = watcher_in(command);
	const char *file = unit_place(layers, unit, "command", NULL, &line);
	if (watcher != NULL) {
		check_for(check, file, line, "%s runs %s", unit->name, watcher);
		judge_options(check, file, line, command);
		return true;
	}
	if (json_object_get(json_object_get(unit->json, "develop"), "watch") == NULL || !unit->is_rust)
		return false;
	file = unit_place(layers, unit, "develop", NULL, &line);
	check_for(check, file, line, "compose watches the sources of %s and builds anew", unit->name);
	return true;
}

/* In prose only what cannot be a word of the language. */
static bool find_written(struct check *check, const struct writings *writings)
{
	static const char *const words[] = {"cargo watch", "cargo-watch", "watchexec", "cargodeck", "bacon", "cargo leptos watch", "trunk serve",
		"dx serve"};
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct written_line at = {0};
		while (writings_find(writings, words[i], &at)) {
			const char *place = word_in(at.text, words[i]);
			bool is_install = strstr(at.text, "install") != NULL;
			if (place == NULL || at.written->is_harness || is_install || place[strlen(words[i])] == '.' ||
				(at.written->is_prose && strcmp(words[i], "bacon") == 0))
				continue;
			check_for(check, at.written->path, at.line, "%s is at hand", words[i]);
			if (!at.written->is_prose)
				judge_options(check, at.written->path, at.line, at.text);
			found = true;
		}
		written_line_finish(&at);
	}
	if (tree_find(&check->sources->tree, "bacon.toml") != NULL) {
		check_for(check, "bacon.toml", 0, "bacon has its jobs");
		found = true;
	}
	return found;
}

/* Sources are there, cargo runs once, and nobody starts it again. */
static bool find_unwatched(struct check *check, const struct layers *layers)
{
	struct unit_mount mount;
	const struct unit *unit;
	bool found = false;
	unsigned line;
	for (size_t at = 0; (unit = unit_with_sources(layers, &at, &mount)) != NULL; unit_mount_finish(&mount)) {
		const char *command = unit->command;
		if (strstr(command, "cargo run") == NULL)
			continue;
		const char *file = unit_place(layers, unit, "command", NULL, &line);
		check_against(check, file, line, "%s has the sources, but runs cargo once: after a save somebody must restart it", unit->name);
		found = true;
	}
	return found;
}

static void files_watcher(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	bool found = false;
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_unit(check, layers, &layers->units.items[i]) || found;
	found = find_written(check, writings) || found;
	for (size_t i = 0; i < sources->dockers.count; i++)
		judge_installs(check, sources->dockers.items[i]);
	for (size_t i = 0; i < sources->shipped.count; i++)
		judge_shipped(check, layers, &sources->shipped.items[i]);
	if (!found && !find_unwatched(check, layers))
		check_none(check, main_place(sources), "nothing here builds a save by itself: no service, script or text names a watcher");
}

static void live_watcher(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		auto_free char *command = live_command(container);
		const char *watcher = watcher_in(command);
		if (watcher == NULL)
			continue;
		if (live_is_production(container))
			check_live_against(check, live_service(container), "Config.Cmd runs %s, though the environment says production", watcher);
		else if (!has_against(check))
			check_live_for(check, live_service(container), "Config.Cmd runs %s", watcher);
	}
}

/* ---- 10.2 ---- */

static bool is_mounted(const struct layers *layers, const struct unit *unit, const char *path)
{
	struct unit_mount mount;
	bool found = false;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		found = found || (mount.path != NULL && (strcmp(mount.path, ".") == 0 || path_is_below(path, mount.path)));
	return found;
}

/* Is the member's name a dependency in the other's manifest? */
static bool depends_on(const struct sources *sources, const char *manifest, const char *other)
{
	auto_free char *own = tree_read(&sources->tree, manifest, NULL), *text = tree_read(&sources->tree, other, NULL);
	const char *line = text != NULL ? strstr(text, "\nname") : NULL, *from = line != NULL ? strchr(line, '"') : NULL;
	if (own == NULL || from == NULL)
		return false;
	auto_free char *name = mem_copy_bytes(from + 1, strcspn(from + 1, "\"\n"));
	for (const char *at = own; name[0] != '\0' && (at = word_in(at, name)) != NULL; at++)
		if (at > own && at[-1] == '\n')
			return true;
	return false;
}

/* The first source of the program that is in no mount: of a crate that has others
 * in one, or of one that such a crate needs; a migration that is compiled in.
 * NULL: all are there. The caller frees. */
static char *left_out(const struct layers *layers, const struct unit *unit)
{
	const struct sources *sources = layers->sources;
	const struct rust_facts *facts = &sources->rust;
	auto_free bool *has_mounted = mem_alloc((facts->manifests.count + 1) * sizeof *has_mounted);
	auto_free const struct rust_source **missing = mem_alloc((facts->manifests.count + 1) * sizeof *missing);
	for (size_t i = 0; i < facts->sources.count; i++) {
		const struct rust_source *source = &facts->sources.items[i];
		int owner = manifest_of(facts, source->path);
		bool is_build = strcmp(path_name(source->path), "build.rs") == 0;
		if (owner < 0 || (source->is_test && !is_build))
			continue;
		if (is_mounted(layers, unit, source->path))
			has_mounted[owner] = true;
		else if (missing[owner] == NULL)
			missing[owner] = source;
	}
	for (size_t i = 0; i < facts->manifests.count; i++) {
		bool is_needed = missing[i] != NULL && has_mounted[i];
		for (size_t k = 0; k < facts->manifests.count && missing[i] != NULL && !is_needed; k++)
			is_needed = has_mounted[k] && depends_on(sources, facts->manifests.items[k], facts->manifests.items[i]);
		if (is_needed)
			return mem_copy_string(missing[i]->path);
	}
	char *migrations = migrations_are_compiled(sources) ? migrations_folder(sources) : NULL;
	if (migrations == NULL || !is_mounted(layers, unit, migrations))
		return migrations;
	free(migrations);
	return NULL;
}

static void judge_single_files(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_mount mount;
	unsigned line;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++) {
		bool is_source = mount.path != NULL && (text_starts_with(path_name(mount.path), "Cargo.") || text_ends_with(mount.path, ".rs"));
		if (!is_source || tree_find(&check->sources->tree, mount.path) == NULL)
			continue;
		const char *file = unit_place(layers, unit, "volumes", mount.target, &line);
		check_against(check, file, line, "%s alone is mounted into %s: an editor that saves by renaming leaves the old file there",
			mount.path, unit->name);
	}
}

static void judge_sources(struct check *check, const struct layers *layers, const struct unit *unit, const struct unit_mount *mount)
{
	unsigned line;
	const char *command = unit->command;
	const char *file = unit_place(layers, unit, "volumes", mount->target, &line);
	check_for(check, file, line, "%s has the sources of %s at %s", unit->name, mount->path, mount->target);
	judge_single_files(check, layers, unit);
	bool is_named = mount->path != NULL && role_is_for_development(unit->name);
	if (!builds_sources(command) && !is_named)
		return;
	auto_free char *missing = left_out(layers, unit);
	if (missing != NULL)
		check_against(check, file, line, "%s is built of more than what is mounted: a save of %s does not reach it", unit->name, missing);
}

static void files_sources(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	struct unit_mount mount;
	const struct unit *unit, *last = NULL;
	bool found = false;
	for (size_t at = 0; (unit = unit_with_sources(layers, &at, &mount)) != NULL; unit_mount_finish(&mount)) {
		if (unit != last)
			judge_sources(check, layers, unit, &mount);
		last = unit;
		found = true;
	}
	for (size_t i = 0; i < layers->units.count && !found; i++) {
		unsigned line;
		unit = &layers->units.items[i];
		if (json_object_get(json_object_get(unit->json, "develop"), "watch") == NULL || !unit->is_rust)
			continue;
		const char *file = unit_place(layers, unit, "develop", NULL, &line);
		check_for(check, file, line, "compose brings saves of %s into the container", unit->name);
		found = true;
	}
	if (layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file that could mount sources");
	} else if (!found && !has_rust_unit(layers))
		check_none(check, layers_place(layers),
			"compose starts nothing that is built of the Rust sources here");
	else if (!found && !lacks_sources(check, layers))
		check_none(check, layers_place(layers), "no service is for development: nothing here needs the sources in a container");
}

static void live_sources(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *target = live_source_mount(check->sources, container);
		if (target != NULL && !has_against(check))
			check_live_for(check, live_service(container), "Mounts has the sources at %s", target);
	}
}

/* ---- 10.3 ---- */

static unsigned line_of(const char *text, const char *word)
{
	const char *found = strstr(text, word);
	return found != NULL ? text_line_at(text, (size_t)(found - text)) : 0;
}

/* [profile.dev] of a manifest or of cargo's configuration. */
static bool judge_profile(struct check *check, const char *path)
{
	auto_free char *text = tree_find(&check->sources->tree, path) != NULL ? tree_read(&check->sources->tree, path, NULL) : NULL;
	bool found = false, inside = false;
	unsigned number = 0;
	for (const char *at = text; at != NULL && *at != '\0'; at += *at != '\0') {
		size_t len = strcspn(at, "\n");
		auto_free char *line = mem_copy_bytes(at, len);
		at += len;
		number++;
		if (line[0] == '[') {
			inside = text_starts_with(line, "[profile.dev]");
			if (inside || text_starts_with(line, "[profile.dev."))
				check_for(check, path, number, "builds of development have settings of their own");
			found = found || inside || text_starts_with(line, "[profile.dev.");
		}
		auto_free char *plain = mem_copy_bytes(line, strcspn(line, "#"));
		bool is_slow = strstr(plain, "lto") != NULL && (strstr(plain, "true") != NULL || strstr(plain, "\"fat\"") != NULL);
		if (inside && is_slow && text_starts_with(plain, "lto"))
			check_against(check, path, number, "builds of development optimise across all crates: each takes long");
	}
	return found;
}

static bool judge_cargo_config(struct check *check, const char *path)
{
	static const char *const words[] = {"mold", "lld", "sccache", "cranelift", "share-generics", "split-debuginfo", "wild"};
	auto_free char *text = tree_find(&check->sources->tree, path) != NULL ? tree_read(&check->sources->tree, path, NULL) : NULL;
	if (text == NULL)
		return false;
	bool found = judge_profile(check, path);
	auto_strings lines = {0};
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		for (size_t k = 0; k < COUNT_OF(words); k++)
			if (lines.items[i][strspn(lines.items[i], " \t")] != '#' && strstr(lines.items[i], words[k]) != NULL) {
				check_for(check, path, line_of(text, lines.items[i]), "%s makes builds faster", words[k]);
				found = true;
			}
	return found;
}

/* A cargo command that builds for release: "--release", "-r", "--profile release". */
static bool is_release(const char *command)
{
	for (const char *at = command; (at = strstr(at, "cargo")) != NULL; at += 5) {
		size_t len = strcspn(at, "\n;&|");
		auto_free char *one = mem_copy_bytes(at, len);
		/* what follows " -- " is the program's */
		char *behind = strstr(one, " -- ");
		if (behind != NULL && watcher_in(one) == NULL)
			*behind = '\0';
		if (strstr(one, "--release") != NULL || strstr(one, "run -r ") != NULL || strstr(one, "--profile release") != NULL ||
			strstr(one, "--profile=release") != NULL)
			return true;
	}
	return false;
}

/* Is it a loop of builds: a watcher, or cargo over mounted sources? */
static bool is_loop(const struct layers *layers, const struct unit *unit, const char *command)
{
	struct unit_mount mount;
	bool has_sources = false;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		has_sources = has_sources || (mount.path != NULL && has_rust_sources(layers->sources, mount.path));
	return watcher_in(command) != NULL || (has_sources && builds_sources(command));
}

static bool has_other_flags(const struct check *check, const char *flags)
{
	static const char *const paths[] = {".cargo/config.toml", ".cargo/config"};
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		auto_free char *text = tree_find(&check->sources->tree, paths[i]) != NULL ? tree_read(&check->sources->tree, paths[i], NULL) : NULL;
		if (text == NULL || strstr(text, "\nrustflags") == NULL)
			continue;
		auto_strings words = {0};
		strings_split(&words, flags, ' ');
		for (size_t k = 0; k < words.count; k++)
			if (strstr(text, words.items[k]) == NULL)
				return true;
	}
	return false;
}

static bool judge_speed(struct check *check, const struct layers *layers, const struct unit *unit)
{
	unsigned line;
	const char *command = unit->command;
	if (!is_loop(layers, unit, command) || (unit->layer != NULL && unit->layer->role == LAYER_PROD))
		return false;
	const char *file = unit_place(layers, unit, "command", NULL, &line);
	if (is_release(command))
		check_against(check, file, line, "%s builds for release in the loop of development: that takes many times as long", unit->name);
	else
		check_for(check, file, line, "%s builds without optimisation", unit->name);
	auto_free char *incremental = variable_of(unit, "CARGO_INCREMENTAL");
	file = unit_place(layers, unit, "environment", "CARGO_INCREMENTAL", &line);
	if (text_equal(incremental, "0"))
		check_against(check, file, line, "CARGO_INCREMENTAL=0 in %s: each save compiles its crates whole", unit->name);
	const char *flags = service_env(unit->json, "RUSTFLAGS");
	file = unit_place(layers, unit, "environment", "RUSTFLAGS", &line);
	if (flags != NULL && has_other_flags(check, flags))
		check_against(check, file, line, "RUSTFLAGS of %s takes the place of rustflags in .cargo/config.toml: builds of the editor and of the "
			"container share nothing", unit->name);
	return true;
}

static bool judge_written_loops(struct check *check, const struct writings *writings)
{
	static const char *const words[] = {"cargo watch", "cargo-watch", "watchexec"};
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct written_line at = {0};
		while (writings_find(writings, words[i], &at)) {
			if (at.written->is_prose || at.written->is_harness || strstr(at.text, "install") != NULL || !strstr(at.text, "--release"))
				continue;
			check_against(check, at.written->path, at.line, "it builds for release in the loop of development: that takes many times as long");
			found = true;
		}
		written_line_finish(&at);
	}
	return found;
}

static void files_fast_builds(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	bool found = judge_cargo_config(check, ".cargo/config.toml");
	found = judge_cargo_config(check, ".cargo/config") || found;
	for (size_t i = 0; i < sources->rust.manifests.count && i < 200; i++)
		found = judge_profile(check, sources->rust.manifests.items[i]) || found;
	bool has_root = false;
	for (size_t i = 0; i < sources->rust.manifests.count; i++)
		has_root = has_root || strcmp(sources->rust.manifests.items[i], "Cargo.toml") == 0;
	if (!has_root) /* of a workspace without a package */
		found = judge_profile(check, "Cargo.toml") || found;
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_speed(check, layers, &layers->units.items[i]) || found;
	found = judge_written_loops(check, writings) || found;
	judge_shared_target(check);
	if (!found && !has_against(check))
		check_none(check, sources->rust.manifests.count > 0 ? sources->rust.manifests.items[0] : main_place(sources),
			"nothing here builds again and again in a container, and no profile of development is changed");
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{.id = "10.1", .severity = CHECK_MEDIUM, .title = N_("cargo-watch or the like builds each save"),
		.says = N_("A watcher turns a save into running code without a word typed. cargo-watch is finished (8.5.3 was its last release); "
			"bacon, watchexec and compose's own watch live on."),
		.looks = N_("commands of services and of scripts, watchers that Dockerfiles install, what the shipped image starts"),
		.looks_live = N_("Config.Cmd of the containers"),
		.mends = N_("Run the program of development under a watcher of a fixed version, and keep watchers out of the shipped stage"),
		.files = files_watcher, .live = live_watcher},
	{.id = "10.2", .severity = CHECK_LOW, .title = N_("The source code is mounted as a volume"),
		.says = N_("A watcher in a container sees what is mounted. Folders stay in step with the host; a file that is mounted alone goes "
			"stale when an editor replaces it."),
		.looks = N_("mounts of folders and single files in compose files, beside what the program is built of"),
		.looks_live = N_("Mounts of the containers"),
		.mends = N_("Mount the folder of the whole workspace, in place of src or single files"),
		.files = files_sources, .live = live_sources},
	{.id = "10.3", .severity = CHECK_LOW, .title = N_("Settings of development make builds fast"),
		.says = N_("How long a save takes decides how often people look at what they wrote. Builds of development leave optimisation out, "
			"keep what is compiled and link fast."),
		.looks = N_("profiles, cargo's configuration, and flags and variables of services and scripts that build at each save"),
		.mends = N_("Build the development loop without --release and with incremental compilation, and set [profile.dev] for speed"),
		.files = files_fast_builds},
	{.id = "10.4", .severity = CHECK_LOW, .title = N_("A local registry serves fast deployment"),
		.says = N_("A registry on the own machine hands images on without the way through the internet. Open to others and without a "
			"password it takes images from anybody."),
		.looks = N_("registry services, their ports and passwords, images of localhost, insecure registries in daemon.json"),
		.looks_live = N_("published addresses, the answer of /v2/, and InsecureRegistryCIDRs of the engine"),
		.mends = N_("Publish the registry at 127.0.0.1, or give it a password (REGISTRY_AUTH=htpasswd) and TLS"),
		.files = files_registry, .live = live_registry},
	{.id = "10.5", .severity = CHECK_MEDIUM, .is_heuristic = true, .title = N_("Migrations are applied in development"),
		.says = N_("A new migration must reach the developer's database by one known way. Two ways race or trip over each other, and a "
			"folder that the server reads once never sees the second migration."),
		.looks = N_("folders of migrations, code, services, scripts and texts that apply them"),
		.looks_live = N_("the exit code of the container that migrates"),
		.mends = N_("Apply the migrations by one service (or at the program's start) that runs whenever development starts"),
		.files = files_migrations, .live = live_migrations},
	{.id = "10.6", .severity = CHECK_LOW, .is_heuristic = true, .title = N_("Integration tests get containers of their own"),
		.says = N_("A test that asks a real database tells more than one that asks a stand-in. Containers made for the test leave nothing "
			"behind and meet nobody else's data."),
		.looks = N_("the crates of tests, their sources, compose files and profiles for tests, services of workflows"),
		.mends = N_("Start what the tests need with testcontainers (a free port, a wait strategy), or in a compose profile for tests"),
		.files = files_test_containers},
	{.id = "10.7", .severity = CHECK_LOW, .title = N_("docker-compose exec serves for looking into containers"),
		.says = N_("The command that opens a shell, psql or redis-cli in the right container belongs where everybody finds it. The command "
			"is docker compose today; docker-compose ended in 2023."),
		.looks = N_("scripts, make and just files and READMEs that call exec, and the services and images that they name"),
		.mends = N_("Write down docker compose exec SERVICE COMMAND for what people look at, with -T where input comes from a pipe"),
		.files = files_exec},
	{.id = "10.8", .severity = CHECK_LOW, .title = N_("Editors can work inside the container"),
		.says = N_("A development container gives everybody the same tools, and an editor that works in it sees what the program sees."),
		.looks = N_("devcontainer.json and what it names, launch.json, other descriptions of remote workspaces"),
		.looks_live = N_("the label devcontainer.local_folder of the containers"),
		.mends = N_("Add .devcontainer/devcontainer.json that names a service of compose and the folder where the sources are mounted"),
		.files = files_editor, .live = live_editor},
};

const struct practice_topic topic_reload = {.title = N_("Development workflow"), .practices = practices, .count = COUNT_OF(practices)};
