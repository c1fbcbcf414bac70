/* Which services of compose files run in earnest, and what is set for them: in the
 * merged model, in a file for production beside it, in manifests of Kubernetes. */
#include "earnest.h"

#include <stdio.h>

/* ---- which services ---- */

/* Words that a file's name says: "compose.prod.yaml" has "prod". */
static bool has_word(const char *name, const char *const *words)
{
	for (const char *at = name; *at != '\0';) {
		size_t len = strcspn(at, ".-_/");
		auto_free char *word = mem_copy_bytes(at, len);
		if (name_in(word, words))
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

static bool is_for_production(const char *path)
{
	static const char *const words[] = {"prod*", "stack", "deploy*", "swarm", "release", "live", "server", NULL};
	return has_word(path_name(path), words);
}

bool file_is_for_development(const char *path)
{
	static const char *const words[] = {"dev*", "test*", "local", "ci", "e2e", "debug", "bench*", "example*", NULL};
	return has_word(path, words);
}

static bool is_known_image(const char *image, const char *const *names)
{
	struct image_name name;
	image_name_read(image, &name);
	bool known = name_in(path_name(name.name), names);
	image_name_finish(&name);
	return known;
}

/* Images that others make and a service stands on. */
static bool is_foreign(const char *image)
{
	static const char *const names[] = {"postgres*", "postgis", "timescaledb*", "pgvector", "mysql*", "mariadb*", "mongo*",
		"redis*", "valkey*", "keydb", "dragonfly", "memcached", "rabbitmq", "kafka*", "cp-*", "zookeeper", "nats*", "minio", "mc",
		"nginx*", "traefik*", "caddy*", "haproxy", "envoy*", "prometheus", "grafana*", "loki", "promtail", "tempo", "jaeger*",
		"all-in-one", "opentelemetry-collector*", "otel*", "elasticsearch", "opensearch", "kibana", "clickhouse*", "vector",
		"fluentd", "fluent-bit", "cassandra", "scylla", "cockroach*", "etcd", "consul", "vault", "keycloak", "meilisearch",
		"qdrant", "surrealdb", "influxdb*", "pulsar", "redpanda", "localstack", "mailhog", "mailpit", "mailcatcher", "maildev",
		"adminer", "pgadmin*", "phpmyadmin", "redisinsight", "redis-commander", "dynamodb-local", "azurite", "fake-gcs-server",
		"busybox", "alpine", "debian", "node", "python", "watchtower", "certbot*", "node-exporter", "cadvisor", "alertmanager",
		"*-exporter", "cloudflared", "pgbouncer", "registry", "rust", "*-s3-backup", "postgres-backup*", "wiremock", "toxiproxy",
		NULL};
	return is_known_image(image, names);
}

static bool names_program(const char *image, const char *program)
{
	size_t len = strlen(program);
	for (const char *at = image; len > 0 && *at != '\0'; at++) {
		size_t same = 0;
		while (same < len && (at[same] == program[same] || (at[same] != '\0' && strchr("-_", at[same]) != NULL &&
			strchr("-_", program[same]) != NULL)))
			same++;
		bool whole = (at == image || strchr("/-_", at[-1]) != NULL) && (at[same] == '\0' || strchr("/-_", at[same]) != NULL);
		if (same == len && (whole || len > 5))
			return true;
	}
	return false;
}

/* One that is named like a program of the project, or its folder, or that another
 * service builds. What holds a variable is nobody else's. */
static bool is_own_image(const struct sources *sources, const char *image)
{
	const char *other;
	json_t *each;
	struct image_name name;
	if (is_foreign(image))
		return false;
	json_object_foreach(json_object_get(sources->compose, "services"), other, each)
		if (compose_is_built(each) && text_equal(compose_image(each), image))
			return true;
	image_name_read(image, &name);
	bool own = name.is_variable || names_program(name.name, path_name(sources->tree.root));
	for (size_t i = 0; i < sources->rust.crates.count && !own; i++)
		own = sources->rust.crates.items[i].is_member && names_program(name.name, sources->rust.crates.items[i].name);
	image_name_finish(&name);
	return own;
}

/* Is what is built for the service a foreign image with a file more? */
static bool is_built_of_foreign(const struct sources *sources, const char *service)
{
	static const char *const names[] = {"postgres*", "postgis", "timescaledb*", "pgvector", "mysql*", "mariadb*", "mongo*",
		"redis*", "valkey*", "rabbitmq", "kafka*", "nats*", "minio", "elasticsearch", "opensearch", "clickhouse*", "prometheus",
		"grafana*", "keycloak", "nginx*", "caddy*", "traefik*", "haproxy", NULL};
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		if (text_equal(shipped->service, service))
			return !shipped->has_rust && is_known_image(shipped_base(shipped), names);
	}
	return false;
}

/* Tools that nobody runs in earnest. */
static bool is_for_developers(const char *image)
{
	static const char *const names[] = {"mailhog", "mailpit", "mailcatcher", "maildev", "adminer", "pgadmin*", "phpmyadmin",
		"redisinsight", "redis-commander", "localstack", "dynamodb-local", "azurite", "fake-gcs-server", "wiremock", "toxiproxy",
		NULL};
	return image != NULL && is_known_image(image, names);
}

bool earnest_is_job(const struct sources *sources, const char *name, const json_t *json)
{
	static const char *const words[] = {"migrat*", "init", "seed*", "setup", "bootstrap", "createbuckets", "job", "once",
		"fixtures", "sqlx", "diesel", "refinery", "load*data", NULL};
	const char *other;
	json_t *each;
	if (has_word(name, words))
		return true;
	json_object_foreach(json_object_get(sources->compose, "services"), other, each) {
		const char *condition = json_string_value(json_object_get(json_object_get(json_object_get(each, "depends_on"), name),
			"condition"));
		if (condition != NULL && strcmp(condition, "service_completed_successfully") == 0)
			return true;
	}
	auto_free char *command = json_dumps(json_object_get(json, "command"), JSON_COMPACT | JSON_ENCODE_ANY);
	return command != NULL && (strstr(command, "migrate\"") != NULL || strstr(command, "migrate run") != NULL ||
		strstr(command, "\"migrate") != NULL || strstr(command, "migration run") != NULL || strstr(command, "mc mb") != NULL);
}

/* Sources are mounted into it, or cargo runs there. */
static bool is_developing(const struct sources *sources, const json_t *json)
{
	const json_t *volumes = json_object_get(json, "volumes");
	size_t i;
	const json_t *volume;
	EACH_ITEM(volumes, i, volume) {
		const char *source = json_string_value(json_object_get(volume, "source")),
			*type = json_string_value(json_object_get(volume, "type"));
		const char *below = source != NULL && text_equal(type, "bind") ? path_relative(source, sources->tree.root) : NULL;
		auto_free char *manifest = below != NULL ? path_join(below, "Cargo.toml") : NULL;
		if (below != NULL && (tree_find(&sources->tree, manifest) != NULL || below[0] == '\0'))
			return true;
	}
	auto_free char *command = json_dumps(json_object_get(json, "command"), JSON_COMPACT | JSON_ENCODE_ANY);
	return command != NULL && (strstr(command, "cargo") != NULL || strstr(command, "bacon") != NULL ||
		strstr(command, "watchexec") != NULL);
}

const struct yaml_node *compose_services_node(const struct yaml_source *source)
{
	const struct yaml_node *services = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "services") : NULL;
	return services != NULL && services->kind == YAML_MAP ? services : NULL;
}

/* In a profile, a service is not run unless it is asked for. */
static bool is_asked_for(const json_t *service, bool (*counts)(const char *profile))
{
	const json_t *profiles = json_object_get(service, "profiles");
	for (size_t i = 0; i < json_array_size(profiles); i++) {
		const char *profile = json_string_value(json_array_get(profiles, i));
		if (profile == NULL || !counts(profile))
			return true;
	}
	return false;
}

static bool may_be_run(const char *profile)
{
	static const char *const words[] = {"manual", "tool*", "cli", "migrat*", "seed*", "admin", "lint", "check*", NULL};
	return !file_is_for_development(profile) && !has_word(profile, words);
}

static bool is_service_own(const struct sources *sources, const char *name, const char *image, bool built)
{
	return built ? !is_built_of_foreign(sources, name) : image != NULL && is_own_image(sources, image);
}

/* Is there a service with a program of the project that starts by itself? */
static bool is_run_without_profile(const struct sources *sources)
{
	const char *name;
	json_t *each;
	json_object_foreach(json_object_get(sources->compose, "services"), name, each)
		if (!is_asked_for(each, is_for_production) && is_service_own(sources, name, compose_image(each), compose_is_built(each)))
			return true;
	return false;
}

static void take_service(const struct sources *sources, struct services *services, struct service service)
{
	const char *image = service.json != NULL ? compose_image(service.json) : yaml_text(yaml_get(service.node, "image"));
	bool built = service.json != NULL ? compose_is_built(service.json) : yaml_get(service.node, "build") != NULL;
	if (is_asked_for(service.json, services->takes_profiles ? may_be_run : is_for_production))
		return;
	if (!built && is_for_developers(image))
		return;
	service.is_own = is_service_own(sources, service.name, image, built);
	service.is_job = earnest_is_job(sources, service.name, service.json);
	service.develops = is_developing(sources, service.json);
	*array_add(services) = service;
}

/* A file that compose did not merge: one for production, or of a project that
 * keeps all of them elsewhere. */
static void take_file_beside(const struct sources *sources, struct services *services, const struct yaml_source *source)
{
	const struct yaml_node *map = compose_services_node(source);
	json_t *model = model_read(sources, source, 1);
	json_array_append_new(services->models, model != NULL ? model : json_null());
	services->is_stack = services->is_stack || strstr(path_name(source->path), "stack") != NULL ||
		strstr(path_name(source->path), "swarm") != NULL;
	for (size_t i = 0; map != NULL && i < map->keys.count; i++) {
		const char *name = yaml_text(map->keys.items[i]);
		bool known = name == NULL || strcmp(name, "<<") == 0;
		for (size_t j = 0; j < services->count && !known; j++)
			if (strcmp(services->items[j].name, name) == 0) {
				known = true;
				services->items[j].source = source;
				services->items[j].node = map->items.items[i];
			}
		if (!known)
			take_service(sources, services, (struct service){.name = name, .source = source, .node = map->items.items[i],
				.json = json_object_get(json_object_get(model, "services"), name)});
	}
}

void services_finish(struct services *services)
{
	array_finish(services);
	json_decref(services->models);
}

/* Where others run in earnest, what is being developed is not asked for it. */
static void drop_developing(struct services *services)
{
	for (size_t i = services->count; i-- > 0;)
		if (services->items[i].develops && services->items[i].node == NULL)
			array_remove(services, i);
}

/* Is the file to be looked at beside those that compose merged? */
static bool counts_beside(const struct sources *sources, const struct yaml_source *source)
{
	bool alone = sources->compose == NULL && sources->compose_files.count == 0 && !file_is_for_development(source->path);
	return compose_services_node(source) != NULL && (alone || is_for_production(source->path));
}

bool earnest_find(struct check *check, struct services *services)
{
	const struct sources *sources = check->sources;
	const char *name;
	json_t *each;
	bool production = false, development = sources->compose_files.count > 0;
	*services = (struct services){.models = json_array()};
	services->takes_profiles = !is_run_without_profile(sources);
	json_object_foreach(json_object_get(sources->compose, "services"), name, each)
		take_service(sources, services, (struct service){.name = name, .json = each});
	for (size_t i = 0; i < sources->other_composes.count; i++)
		if (counts_beside(sources, &sources->other_composes.items[i])) {
			take_file_beside(sources, services, &sources->other_composes.items[i]);
			production = true;
		}
	bool own = false, runs = false;
	for (size_t i = 0; i < services->count; i++) {
		own = own || services->items[i].is_own;
		runs = runs || (services->items[i].is_own && !services->items[i].develops);
	}
	for (size_t i = 0; i < sources->compose_files.count; i++)
		development = development && file_is_for_development(sources->compose_files.items[i].path);
	production = production && runs;
	development = development || !runs;
	const char *file = sources->compose_files.count > 0 ? sources->compose_files.items[0].path : NULL;
	for (size_t i = 0; file == NULL && i < services->count; i++)
		file = services->items[i].source != NULL ? services->items[i].source->path : NULL;
	if (own && (production || !development)) {
		drop_developing(services);
		return true;
	}
	if (sources->compose == NULL && file != NULL)
		check_missing(check, "compose could not read %s: %s", file, sources->options->compose_reason != NULL ?
			sources->options->compose_reason : "");
	else if (services->count == 0 && file == NULL)
		check_none(check, image_some_file(sources), "there is no compose file that runs the program");
	else if (!own)
		check_none(check, file, "none of its services runs a program of the project");
	else
		check_none(check, file, "the compose files serve development alone");
	services_finish(services);
	return false;
}

/* ---- Kubernetes ---- */

const char *manifest_find(const struct sources *sources, const char *words, unsigned *line)
{
	static const char *const kinds[] = {"kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: CronJob"};
	size_t at = 0;
	for (const struct tree_file *file; (file = tree_each(&sources->tree, &at, "*.y*ml")) != NULL;) {
		auto_free char *text = file->is_harness || file->is_link ? NULL : tree_read(&sources->tree, file->path, NULL);
		const char *kind = NULL;
		for (size_t i = 0; i < COUNT_OF(kinds) && text != NULL && kind == NULL; i++)
			kind = strstr(text, kinds[i]);
		const char *found = kind != NULL && words[0] != '\0' ? strstr(text, words) : kind;
		if (found == NULL)
			continue;
		*line = text_line_at(text, (size_t)(found - text));
		return file->path;
	}
	return NULL;
}

/* ---- members ---- */

const struct yaml_node *compose_node_at(const struct yaml_node *node, const char *path)
{
	while (node != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");
		auto_free char *part = mem_copy_bytes(path, len);
		node = yaml_get(node, part);
		path += len + (path[len] == '.');
	}
	return node;
}

char *service_member(const struct service *service, const char *path)
{
	const char *text = yaml_text(compose_node_at(service->node, path));
	if (text != NULL)
		return mem_copy_string(text);
	const json_t *value = compose_member(service->json, path);
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;
}

const char *earnest_place(const struct check *check, const struct service *service, const char *path, unsigned *line)
{
	const struct yaml_node *node = compose_node_at(service->node, path);
	if (node != NULL) {
		*line = node->line;
		return service->source->path;
	}
	if (service->source == NULL || (service->json != NULL && yaml_get(service->node, "image") == NULL &&
		yaml_get(service->node, "build") == NULL))
		return compose_place(check->sources, service->name, path, line);
	const struct yaml_node *key = yaml_key(compose_services_node(service->source), service->name);
	*line = key != NULL ? key->line : 0;
	return service->source->path;
}
