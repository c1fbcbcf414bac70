/* 10.5 and 10.6: a migrated database and containers of tests on the developer's
 * machine. */
#include "reload.h"

/* ---- 10.5 ---- */

static bool has_command(const struct sources *sources)
{
	static const char *const words[] = {"migrate", "migrations", "--migrate", "db-migrate"};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct rust_place place = {0};
		if (rust_find_string(&sources->rust, words[i], true, &place))
			return true;
	}
	struct rust_place variant = {0}; /* of clap: enum Command { Migrate } */
	return rust_find(&sources->rust, "Migrate", &variant);
}

enum migration_way { WAY_CODE = 1, WAY_JOB = 2, WAY_TOOL = 4, WAY_FIRST_RUN = 8, WAY_WRITTEN = 16 };

static unsigned judge_migration_unit(struct check *check, const struct layers *layers, const struct unit *unit, const char *folder,
	struct check_evidence *tool_place)
{
	static const char *const words[] = {"migrate", "migration", "migrations", "migrator", "dbmate", "flyway", "liquibase", NULL};
	struct unit_mount mount;
	unsigned line, ways = 0;
	const char *command = unit->command, *at;
	const char *tool = image_applies_migrations(compose_image(unit->json)) ? compose_image(unit->json) : migration_tool(command, &at);
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	if (tool != NULL) {
		check_for(check, file, line, "%s applies the migrations by %s", unit->name, tool);
		*tool_place = (struct check_evidence){.file = (char *)(uintptr_t)file, .line = line};
		ways |= WAY_TOOL;
	} else if (path_has_word(unit->name, words) || word_in(command, "migrate") != NULL) {
		check_for(check, file, line, "%s applies the migrations", unit->name);
		ways |= WAY_JOB;
	}
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		if (mount.path != NULL && path_is_below(mount.target, "/docker-entrypoint-initdb.d") &&
			(strcmp(mount.path, folder) == 0 || path_is_below(mount.path, folder))) {
			ways |= WAY_FIRST_RUN;
			file = unit_place(layers, unit, "volumes", mount.target, &line);
			check_for(check, file, line, "%s reads %s on its first start", unit->name, mount.path);
		}
	return ways;
}

/* The place of a mount of migrations into initdb.d, for what is said against it. */
static const char *first_run_place(const struct layers *layers, unsigned *line)
{
	struct unit_mount mount;
	const char *file = NULL;
	for (size_t i = 0; file == NULL && i < layers->units.count; i++)
		for (size_t k = 0; unit_mount(layers, &layers->units.items[i], k, &mount); unit_mount_finish(&mount), k++)
			if (file == NULL && path_is_below(mount.target, "/docker-entrypoint-initdb.d"))
				file = unit_place(layers, &layers->units.items[i], "volumes", mount.target, line);
	return file;
}

static bool find_written_ways(struct check *check, const struct writings *writings)
{
	static const char *const own[] = {"-- migrate", "run migrate", "bin migrate", "just migrate", "make migrate"};
	bool found = false;
	size_t tools = 0;
	while (migration_tools[tools] != NULL)
		tools++;
	for (size_t i = 0; i < tools + COUNT_OF(own) && !found; i++) {
		const char *word = i < tools ? migration_tools[i] : own[i - tools];
		struct written_line at = {0};
		while (!found && writings_find(writings, word, &at)) {
			if (at.written->is_harness || strstr(at.text, "install") != NULL)
				continue;
			check_for(check, at.written->path, at.line, at.written->is_prose ? N_("it says how to apply the migrations") :
				N_("a command applies the migrations"));
			found = true;
		}
		written_line_finish(&at);
	}
	return found;
}

static void judge_ways(struct check *check, const struct layers *layers, const char *folder, unsigned ways, const struct rust_place *call,
	const struct check_evidence *tool_place)
{
	unsigned line = 0;
	const char *file = first_run_place(layers, &line);
	if (ways == 0)
		check_against(check, folder, 0, "nothing applies these migrations in development: no code, service, script or text does");
	else if (ways == WAY_FIRST_RUN)
		check_against(check, file, line, "the server reads these migrations on its first start alone: a later one is never applied");
	else if (ways & WAY_FIRST_RUN)
		check_against(check, file, line, "the server has made the tables already when the migrations are applied: two ways for one thing");
	if ((ways & WAY_TOOL) && (ways & WAY_CODE) && !has_command(check->sources))
		check_against(check, tool_place->file, tool_place->line, "a service applies the migrations, and so does the program itself (%s:%u)",
			call->source->path, call->line);
}

static void judge_migrations(struct check *check, const char *folder)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	struct rust_place call;
	struct check_evidence tool_place = {0};
	unsigned ways = 0;
	if (migrations_are_run(check->sources, &call)) {
		check_for(check, call.source->path, call.line, "the program applies its migrations");
		ways |= WAY_CODE;
	}
	for (size_t i = 0; i < layers->units.count; i++)
		if (layers->units.items[i].layer == NULL || layers->units.items[i].layer->role != LAYER_PROD)
			ways |= judge_migration_unit(check, layers, &layers->units.items[i], folder, &tool_place);
	if (find_written_ways(check, writings))
		ways |= WAY_WRITTEN;
	judge_ways(check, layers, folder, ways, &call, &tool_place);
}

void files_migrations(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *crate = NULL, *engine = server_database(sources, &crate);
	const char *file = sources->rust.graph_file != NULL ? sources->rust.graph_file : main_place(sources);
	auto_free char *folder = migrations_folder(sources);
	if (folder != NULL)
		judge_migrations(check, folder);
	else if (engine == NULL)
		check_none(check, file, "no enabled crate talks to a database server, and there are no migrations");
	else
		check_none(check, file, "%s talks to %s, but there are no migrations to be applied", crate, engine);
}

void live_migrations(struct check *check)
{
	static const char *const words[] = {"migrate", "migration", "migrations", "migrator", NULL};
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *status = live_text(container, "inspect.State.Status");
		int64_t code = live_number(container, "inspect.State.ExitCode", 0);
		if (!path_has_word(live_service(container), words) || !text_equal(status, "exited"))
			continue;
		if (code != 0)
			check_live_against(check, live_service(container), "State.ExitCode is %d: the migrations failed", (int)code);
		else if (!has_against(check))
			check_live_for(check, live_service(container), "State.ExitCode is 0");
	}
}

/* ---- 10.6 ---- */

static const struct rust_crate *crate_of_tests(const struct sources *sources)
{
	static const char *const names[] = {"testcontainers", "testcontainers-modules", "dockertest", "test-context-docker", "rustainers"};
	for (size_t i = 0; i < sources->rust.crates.count; i++)
		for (size_t k = 0; k < COUNT_OF(names); k++)
			if (strcmp(sources->rust.crates.items[i].name, names[k]) == 0)
				return &sources->rust.crates.items[i];
	return NULL;
}

/* with_mapped_port(5432, …): a port of the host that two runs cannot share. */
static void judge_fixed_port(struct check *check, const struct rust_source *source)
{
	static const char *const calls[] = {"with_mapped_port(", ".with_mapped_port((", "map_to_host_port_ipv4("};
	for (size_t i = 0, count = 0; i < COUNT_OF(calls); i++)
		for (const char *at = source->text; count < 20 && (at = strstr(at, calls[i])) != NULL; at++, count++) {
			const char *number = at + strlen(calls[i]);
			number += strspn(number, " \t\r\n(");
			if (strtol(number, NULL, 10) > 0)
				check_against(check, source->path, text_line_at(source->text, (size_t)(at - source->text)),
					"a fixed port of the host: two runs at once, or a service that has it, make the test fail");
		}
}

/* While it sets itself up, PostgreSQL runs once without a network: what that server
 * says comes on the standard output, the word of the real one on the standard error. */
static void judge_early_word(struct check *check, const struct rust_source *source)
{
	static const char words[] = "database system is ready to accept connections";
	static const char *const early[] = {"on_stdout(", "::stdout(", "on_either_std(", "stdout_or_stderr("},
		*const right[] = {"on_stderr(", "::stderr(", "with_times(", ".times(", "WaitFor::seconds", "healthcheck", "retry", "attempt", "sleep("};
	const char *found = strstr(source->text, words);
	for (size_t i = 0; found != NULL && i < COUNT_OF(right); i++)
		found = strstr(source->text, right[i]) == NULL ? found : NULL;
	for (size_t i = 0; found != NULL && i < COUNT_OF(early); i++) {
		size_t len = strlen(early[i]);
		const char *call = found;
		while (call > source->text && call[-1] != '(' && found - call < 40)
			call--;
		if ((size_t)(call - source->text) < len || strncmp(call - len, early[i], len) != 0)
			continue;
		check_against(check, source->path, text_line_at(source->text, (size_t)(found - source->text)),
			"PostgreSQL says this twice: the first time it is the server of its set-up, which takes no connections");
		check_mend(check, "Wait for the word on the standard error, which only the real server says: WaitFor::message_on_stderr()");
		return;
	}
}

/* What is static is never dropped, and its container stays when the tests are over. */
static void judge_static_container(struct check *check, const struct rust_source *source)
{
	static const char *const cleans[] = {"dtor", "reuse", "ReuseDirective"};
	for (size_t i = 0; i < COUNT_OF(cleans); i++)
		if (strstr(source->text, cleans[i]) != NULL)
			return;
	for (const char *at = source->code; (at = strstr(at, "static ")) != NULL; at++) {
		size_t len = 0;
		while (len < 300 && at[len] != '\0' && strchr("=;{", at[len]) == NULL)
			len++;
		if ((at > source->code && is_name_letter(at[-1])) || (at > source->code && at[-1] == '\'') ||
			(!has_name(at, len, "ContainerAsync") && !has_name(at, len, "Container")))
			continue;
		check_against(check, source->path, text_line_at(source->text, (size_t)(at - source->code)),
			"nothing drops what is static: this container stays when the tests are over, one more with each run");
		check_mend(check, "Let each test hold its container, or remove it when the process ends (ctor::dtor)");
		return;
	}
}

static void judge_test_source(struct check *check, const struct rust_source *source)
{
	judge_early_word(check, source);
	judge_static_container(check, source);
	const char *generic = strstr(source->text, "GenericImage::new(");
	judge_fixed_port(check, source);
	if (generic != NULL && strstr(source->text, "wait_for") == NULL && strstr(source->text, "WaitFor") == NULL)
		check_against(check, source->path, text_line_at(source->text, (size_t)(generic - source->text)),
			"the container is taken as ready at once: nothing waits for the service in it");
}

static bool judge_test_crate(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct rust_crate *crate = crate_of_tests(sources);
	if (crate == NULL)
		return false;
	bool used = false;
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		const char *found = strstr(source->text, "testcontainers");
		if (found == NULL)
			found = strstr(source->text, "dockertest");
		if (found == NULL)
			continue;
		if (!used)
			check_for(check, source->path, text_line_at(source->text, (size_t)(found - source->text)), "tests start containers by %s", crate->name);
		used = true;
		judge_test_source(check, source);
	}
	if (!used)
		check_for(check, sources->rust.graph_file, 0, "%s is there for tests", crate->name);
	return true;
}

static bool has_test_profile(const struct unit *unit)
{
	static const char *const words[] = {"test", "tests", "testing", "integration", "e2e", NULL};
	const json_t *profiles = json_object_get(unit->json, "profiles");
	for (size_t i = 0; i < json_array_size(profiles); i++) {
		const char *profile = json_string_value(json_array_get(profiles, i));
		if (profile != NULL && path_has_word(profile, words))
			return true;
	}
	return path_has_word(unit->name, words);
}

static bool judge_test_unit(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_mount mount;
	unsigned line;
	bool is_test = has_test_profile(unit) || (unit->layer != NULL && unit->layer->role == LAYER_TEST);
	if (!is_test)
		return false;
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	check_for(check, file, line, "%s is a container for tests", unit->name);
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		if (text_ends_with(mount.target, "docker.sock")) {
			file = unit_place(layers, unit, "volumes", mount.target, &line);
			check_against(check, file, line, "%s has the engine's socket: a test in it rules the whole machine", unit->name);
		}
	return true;
}

/* jobs.*.services of a workflow. */
static bool find_job_services(struct check *check)
{
	bool found = false;
	for (size_t i = 0; i < check->sources->workflows.count; i++) {
		const struct yaml_source *source = &check->sources->workflows.items[i];
		const struct yaml_node *jobs = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "jobs") : NULL;
		for (size_t k = 0; jobs != NULL && jobs->kind == YAML_MAP && k < jobs->items.count && k < 200; k++) {
			const struct yaml_node *key = yaml_key(jobs->items.items[k], "services");
			if (key == NULL)
				continue;
			check_for(check, source->path, key->line, "tests of this workflow get containers");
			found = true;
		}
	}
	return found;
}

static bool find_test_files(struct check *check, const struct layers *layers)
{
	bool found = false;
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (!layer->is_harness || text_starts_with(layer->path, "examples/"))
			continue;
		check_for(check, layer->path, 0, "a compose file for tests");
		found = true;
	}
	return found;
}

/* A test that asks a real service; NULL: none is seen. */
static const struct rust_source *asking_test(const struct sources *sources, unsigned *line)
{
	static const char *const words[] = {"#[sqlx::test", "PgPool", "PgConnection", "MySqlPool", "DATABASE_URL", "redis::", "mongodb::",
		"tokio_postgres", "spawn_app", "TestApp", "DatabaseConnection", "AsyncPgConnection"};
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		bool has_test = strstr(source->text, "test]") != NULL || strstr(source->text, "#[sqlx::test") != NULL;
		bool below_tests = text_starts_with(source->path, "tests/") || strstr(source->path, "/tests/") != NULL;
		for (size_t k = 0; k < COUNT_OF(words) && has_test && (below_tests || k == 0); k++) {
			const char *found = strstr(source->text, words[k]);
			if (found == NULL)
				continue;
			*line = text_line_at(source->text, (size_t)(found - source->text));
			return source;
		}
	}
	return NULL;
}

void files_test_containers(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *crate = NULL;
	const struct layers *layers = check->sources->layers;
	unsigned line = 0;
	bool found = judge_test_crate(check);
	bool needs = server_database(sources, &crate) != NULL || redis_crate(sources) != NULL;
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_test_unit(check, layers, &layers->units.items[i]) || found;
	found = find_test_files(check, layers) || found;
	if (needs)
		found = find_job_services(check) || found;
	const struct rust_source *test = asking_test(sources, &line);
	const char *file = sources->rust.graph_file != NULL ? sources->rust.graph_file : main_place(sources);
	if (!found && !needs)
		check_none(check, file, "no enabled crate talks to a service that a test could need");
	else if (!found && test == NULL)
		check_none(check, sources->rust.manifests.count > 0 ? sources->rust.manifests.items[0] : file,
			"there are no integration tests that ask a database or another service");
	else if (!found)
		check_against(check, test->path, line, "this test needs a service that nothing starts for it");
}
