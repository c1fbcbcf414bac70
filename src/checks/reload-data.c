/* 10.4 to 10.6: a registry, a migrated database and containers of tests on the
 * developer's machine. */
#include "reload.h"

#include <ctype.h>

/* ---- 10.4 ---- */

static const char *const registry_images[] = {"registry", "distribution", "zot-linux-amd64", "zot", NULL};

static bool has_registry_password(const struct layers *layers, const struct unit *unit)
{
	static const char *const variables[] = {"REGISTRY_AUTH", "REGISTRY_AUTH_HTPASSWD_PATH", "REGISTRY_AUTH_TOKEN_REALM"};
	struct unit_mount mount;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(variables); i++)
		found = found || (service_env(unit->json, variables[i]) != NULL && service_env(unit->json, variables[i])[0] != '\0');
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		found = found || strstr(mount.target, "htpasswd") != NULL || strstr(mount.target, "/auth") != NULL ||
			strstr(mount.target, "config.y") != NULL;
	return found;
}

static void judge_registry(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_port port;
	unsigned line;
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	check_for(check, file, line, strstr(image, "registry:2") != NULL ? N_("%s is a registry (registry:3 is the living release)") :
		N_("%s is a registry"), unit->name);
	for (size_t i = 0; unit_port(unit, i, &port); unit_port_finish(&port), i++)
		if (!port_is_local(&port) && !has_registry_password(layers, unit))
			port_against(check, layers, unit, &port, N_("%s is published at %s for every machine that reaches this one, without a password"));
}

static bool is_loopback(const char *address)
{
	return text_starts_with(address, "127.") || text_starts_with(address, "localhost") || text_starts_with(address, "::1") ||
		text_starts_with(address, "[::1]");
}

static void judge_daemon(struct check *check, const char *path)
{
	auto_free char *text = tree_read(&check->sources->tree, path, NULL);
	json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const json_t *list = json_object_get(json, "insecure-registries");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *address = json_string_value(json_array_get(list, i));
		const char *found = address != NULL && !is_loopback(address) ? strstr(text, address) : NULL;
		if (found != NULL)
			check_against(check, path, text_line_at(text, (size_t)(found - text)), "%s is trusted without TLS: whoever sits between can "
				"change its images", address);
	}
	json_decref(json);
}

/* "localhost:5000/app:dev" */
static const char *local_image(const char *text)
{
	static const char *const hosts[] = {"localhost:", "127.0.0.1:", "registry.localhost:", "k3d-registry.localhost:"};
	for (size_t i = 0; i < COUNT_OF(hosts); i++)
		for (const char *at = text; (at = strstr(at, hosts[i])) != NULL; at++) {
			const char *port = at + strlen(hosts[i]);
			size_t digits = strspn(port, "0123456789");
			if (digits >= 4 && port[digits] == '/' && isalpha((unsigned char)port[digits + 1]) && (at == text || at[-1] != '/'))
				return at;
		}
	return NULL;
}

static bool find_pushes(struct check *check, const struct writings *writings)
{
	bool found = false;
	static const char *const words[] = {"docker push", "docker tag", "docker image push", "buildx build"};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct written_line at = {0};
		while (writings_find(writings, words[i], &at))
			if (!at.written->is_harness && local_image(at.text) != NULL) {
				check_for(check, at.written->path, at.line, "images go to a registry on this machine");
				found = true;
			}
		written_line_finish(&at);
	}
	return found;
}

void files_registry(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	const struct tree_file *file;
	bool found = find_pushes(check, writings);
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		const char *image = json_string_value(json_object_get(unit->json, "image"));
		unsigned line;
		if (unit_has_image(unit, registry_images)) {
			judge_registry(check, layers, unit);
			found = true;
		} else if (image != NULL && local_image(image) == image) {
			const char *place = unit_place(layers, unit, "image", NULL, &line);
			check_for(check, place, line, "%s comes from a registry on this machine", unit->name);
			found = true;
		}
	}
	for (size_t at = 0; (file = tree_each(&check->sources->tree, &at, "*daemon.json")) != NULL;)
		if (!file->is_harness)
			judge_daemon(check, file->path);
	if (!found)
		check_none(check, main_place(check->sources), "nothing here uses a registry on this machine");
}

static void judge_live_registry(struct check *check, const json_t *container)
{
	const char *service = live_service(container), *port;
	json_t *bindings;
	json_object_foreach((json_t *)(uintptr_t)live_at(container, "inspect.HostConfig.PortBindings"), port, bindings) {
		const char *host = json_string_value(json_object_get(json_array_get(bindings, 0), "HostIp"));
		if ((host == NULL || !is_loopback(host)) && live_variable(container, "REGISTRY_AUTH") == NULL &&
			live_variable(container, "REGISTRY_AUTH_HTPASSWD_PATH") == NULL)
			check_live_against(check, service, "HostConfig.PortBindings publishes %s at %s without a password", port,
				host != NULL && host[0] != '\0' ? host : "0.0.0.0");
	}
	const json_t *trusted = json_object_get(json_object_get(json_object_get(check->sources->live, "info"), "RegistryConfig"),
		"InsecureRegistryCIDRs");
	for (size_t i = 0; i < json_array_size(trusted); i++) {
		const char *range = json_string_value(json_array_get(trusted, i));
		if (range != NULL && !is_loopback(range))
			check_live_against(check, service, "InsecureRegistryCIDRs of the engine has %s", range);
	}
	const json_t *http = live_at(container, "http");
	for (size_t i = 0; i < json_array_size(http) && !has_against(check); i++) {
		const char *path = json_string_value(json_object_get(json_array_get(http, i), "path"));
		json_int_t status = json_integer_value(json_object_get(json_array_get(http, i), "status"));
		if (path != NULL && text_starts_with(path, "/v2") && (status == 200 || status == 401))
			check_live_for(check, service, "GET %s answers %d", path, (int)status);
	}
}

void live_registry(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;)
		if (live_has_image(container, registry_images))
			judge_live_registry(check, container);
}

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

static void judge_test_source(struct check *check, const struct rust_source *source)
{
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
