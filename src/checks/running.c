/* Topic 8, what compose sets for services that run in earnest: restart policies,
 * a read-only root, limits. Members are looked up in the merged model, and in a
 * file for production that stands beside it. */
#include "production.h"

#include <ctype.h>
#include <stdio.h>

/* ---- which services ---- */

struct service {
	const char *name;
	const json_t *json; /* as compose merged it, or NULL: of a file for production alone */
	const struct yaml_source *source; /* of that file, or NULL */
	const struct yaml_node *node; /* in it */
	bool is_own; /* runs a program of the project */
	bool is_job; /* ends by itself */
	bool develops; /* sources are mounted into it, or a watcher runs */
};
struct services {
	struct service *items;
	size_t count, cap;
	json_t *models; /* an array of what files beside the merged one say: `json` above points into it */
	bool is_stack; /* for swarm: services are restarted unless said otherwise */
};

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

static bool is_for_development(const char *path)
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

/* Tools that nobody runs in earnest. */
static bool is_for_developers(const char *image)
{
	static const char *const names[] = {"mailhog", "mailpit", "mailcatcher", "maildev", "adminer", "pgadmin*", "phpmyadmin",
		"redisinsight", "redis-commander", "localstack", "dynamodb-local", "azurite", "fake-gcs-server", "wiremock", "toxiproxy",
		NULL};
	return image != NULL && is_known_image(image, names);
}

/* By its name, by its command, or by those that wait for its end. */
static bool is_job(const struct sources *sources, const char *name, const json_t *json)
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

static const struct yaml_node *services_node(const struct yaml_source *source)
{
	const struct yaml_node *services = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "services") : NULL;
	return services != NULL && services->kind == YAML_MAP ? services : NULL;
}

static void take_service(const struct sources *sources, struct services *services, struct service service)
{
	const json_t *profiles = json_object_get(service.json, "profiles");
	const char *image = service.json != NULL ? compose_image(service.json) : yaml_text(yaml_get(service.node, "image"));
	bool built = service.json != NULL ? compose_is_built(service.json) : yaml_get(service.node, "build") != NULL;
	for (size_t i = 0; i < json_array_size(profiles); i++) {
		const char *profile = json_string_value(json_array_get(profiles, i));
		if (profile == NULL || !is_for_production(profile))
			return; /* is not run unless asked for */
	}
	if (!built && is_for_developers(image))
		return;
	service.is_own = built || (image != NULL && is_own_image(sources, image));
	service.is_job = is_job(sources, service.name, service.json);
	service.develops = is_developing(sources, service.json);
	*array_add(services) = service;
}

/* A file that compose did not merge: one for production, or of a project that
 * keeps all of them elsewhere. */
static void take_file_beside(const struct sources *sources, struct services *services, const struct yaml_source *source)
{
	const struct yaml_node *map = services_node(source);
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

static void services_finish(struct services *services)
{
	array_finish(services);
	json_decref(services->models);
}

/* Is the file to be looked at beside those that compose merged? */
static bool counts_beside(const struct sources *sources, const struct yaml_source *source)
{
	bool alone = sources->compose == NULL && sources->compose_files.count == 0 && !is_for_development(source->path);
	return services_node(source) != NULL && (alone || is_for_production(source->path));
}

/* All services that run in earnest. False: there are none, and it is said why. */
static bool find_services(struct check *check, struct services *services)
{
	const struct sources *sources = check->sources;
	const char *name;
	json_t *each;
	bool production = false, development = sources->compose_files.count > 0;
	*services = (struct services){.models = json_array()};
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
		development = development && is_for_development(sources->compose_files.items[i].path);
	production = production && runs;
	development = development || !runs;
	const char *file = sources->compose_files.count > 0 ? sources->compose_files.items[0].path : NULL;
	for (size_t i = 0; file == NULL && i < services->count; i++)
		file = services->items[i].source != NULL ? services->items[i].source->path : NULL;
	if (own && (production || !development))
		return true;
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

/* What a project that compose does not run says in its manifests: `words` stand in
 * one with a Deployment or the like. "" is any. Templates of Helm are read as text
 * too, which is why what is missing there proves nothing. */
static const char *find_in_manifests(const struct sources *sources, const char *words, unsigned *line)
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

static const struct yaml_node *node_at(const struct yaml_node *node, const char *path)
{
	while (node != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");
		auto_free char *part = mem_copy_bytes(path, len);
		node = yaml_get(node, part);
		path += len + (path[len] == '.');
	}
	return node;
}

/* A member's text, of the file for production first: "true", "1.5", "no"; NULL: it
 * is not set. The caller frees. */
static char *member(const struct service *service, const char *path)
{
	const char *text = yaml_text(node_at(service->node, path));
	if (text != NULL)
		return mem_copy_string(text);
	const json_t *value = compose_member(service->json, path);
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	return value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;
}

/* Where it stands, or where the service does. */
static const char *place_of(const struct check *check, const struct service *service, const char *path, unsigned *line)
{
	const struct yaml_node *node = node_at(service->node, path);
	if (node != NULL) {
		*line = node->line;
		return service->source->path;
	}
	if (service->source == NULL || (service->json != NULL && yaml_get(service->node, "image") == NULL &&
		yaml_get(service->node, "build") == NULL))
		return compose_place(check->sources, service->name, path, line);
	const struct yaml_node *key = yaml_key(services_node(service->source), service->name);
	*line = key != NULL ? key->line : 0;
	return service->source->path;
}

/* ---- 8.5: restart ---- */

static void look_at_job(struct check *check, const struct service *service, const char *policy, const char *file, unsigned line)
{
	if (policy != NULL && (strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0 ||
		strcmp(policy, "any") == 0)) {
		check_against(check, file, line, "%s is a job that ends, and %s starts it again and again", service->name, policy);
		check_mend(check, "Give %s restart: \"no\", or on-failure", service->name);
	} else
		check_for(check, file, line, "%s is a job and is not started again when it is done", service->name);
}

static void look_at_restart(struct check *check, const struct services *services, const struct service *service)
{
	auto_free char *restart = member(service, "restart"), *condition = member(service, "deploy.restart_policy.condition");
	bool swarm = condition != NULL || compose_member(service->json, "deploy.restart_policy") != NULL ||
		node_at(service->node, "deploy.restart_policy") != NULL || (services->is_stack && service->source != NULL);
	const char *policy = condition != NULL ? condition : restart;
	unsigned line;
	const char *file = place_of(check, service, condition != NULL || restart == NULL ? "deploy.restart_policy" : "restart",
		&line);
	if (service->is_job) {
		look_at_job(check, service, policy, file, line);
	} else if (policy == NULL && swarm) {
		check_for(check, file, line, "%s is restarted by its deploy section", service->name);
	} else if (policy == NULL) {
		file = place_of(check, service, "restart", &line);
		check_against(check, file, line, "%s has no restart policy: once it ends it stays down", service->name);
		if (service->source == NULL)
			compose_edit_add(check, service->name, "restart: unless-stopped");
	} else if (strcmp(policy, "no") == 0 || strcmp(policy, "none") == 0 || strcmp(policy, "false") == 0) {
		check_against(check, file, line, "%s is not started again when it ends: its policy is %s", service->name, policy);
	} else {
		check_for(check, file, line, "%s: %s", service->name, policy);
	}
}

void restart_files(struct check *check)
{
	struct services services;
	if (!find_services(check, &services)) {
		unsigned line;
		const char *file = find_in_manifests(check->sources, "", &line);
		if (file != NULL)
			check_for(check, file, line, "Kubernetes starts it again when it ends");
		return;
	}
	for (size_t i = 0; i < services.count; i++)
		look_at_restart(check, &services, &services.items[i]);
	services_finish(&services);
}

void restart_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *policy = live_text(container, "inspect.HostConfig.RestartPolicy.Name");
		int64_t count = live_number(container, "inspect.RestartCount", 0);
		if (live_at(container, "inspect.HostConfig.RestartPolicy") == NULL ||
			is_job(check->sources, service, json_object_get(compose_services(check->sources), service)))
			continue;
		if (policy == NULL || policy[0] == '\0' || strcmp(policy, "no") == 0)
			check_live_against(check, service, "HostConfig.RestartPolicy.Name is \"%s\": it stays down once it ends",
				policy != NULL ? policy : "");
		else if (live_number(container, "inspect.State.Restarting", 0) == 1)
			check_live_against(check, service, "it is started again and again: RestartCount is %lld", (long long)count);
		else
			check_live_for(check, service, "HostConfig.RestartPolicy.Name is %s, RestartCount %lld", policy, (long long)count);
	}
}

/* ---- 8.6: read-only ---- */

/* A comment within the service's lines that speaks of it. */
static bool has_reason(const struct check *check, const struct service *service)
{
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		const struct yaml_source *source = &check->sources->compose_files.items[i];
		const struct yaml_node *map = services_node(source), *key = map != NULL ? yaml_key(map, service->name) : NULL;
		if (key == NULL)
			continue;
		/* up to the next service: what stands further left */
		unsigned number = 1;
		for (const char *at = source->text; at != NULL; number++) {
			size_t len = strcspn(at, "\n"), indent = strspn(at, " ");
			auto_free char *line = mem_copy_bytes(at, len);
			bool blank = line[strspn(line, " \t\r")] == '\0', comment = at[indent] == '#';
			if (number > key->line && !blank && !comment && indent + 1 <= key->column)
				break;
			const char *sign = strchr(line, '#');
			if (number + 1 >= key->line && sign != NULL && (strstr(sign, "read_only") != NULL ||
				strstr(sign, "read-only") != NULL || strstr(sign, "readonly") != NULL || strstr(sign, "writable") != NULL))
				return true;
			at = at[len] == '\n' ? at + len + 1 : NULL;
		}
	}
	return false;
}

/* An overlay for development may take it back; a file before it says it. */
static bool is_taken_back(const struct check *check, const struct service *service, const char **file, unsigned *line)
{
	bool said = false;
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		const struct yaml_source *source = &check->sources->compose_files.items[i];
		const struct yaml_node *map = services_node(source), *node = map != NULL ?
			node_at(yaml_get(map, service->name), "read_only") : NULL;
		if (node == NULL)
			continue;
		if (yaml_truth(node) == 1) {
			said = true;
			*file = source->path;
			*line = node->line;
		} else if (!is_for_development(source->path) && strstr(source->path, "override") == NULL) {
			said = false;
		}
	}
	return said;
}

static void look_at_root(struct check *check, const struct service *service)
{
	auto_free char *value = member(service, "read_only");
	unsigned line;
	const char *file = place_of(check, service, "read_only", &line);
	if (value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "on") == 0))
		check_for(check, file, line, "%s: the root is read-only", service->name);
	else if (is_taken_back(check, service, &file, &line))
		check_for(check, file, line, "%s: the root is read-only, and writable for development alone", service->name);
	else if (has_reason(check, service))
		check_for(check, file, line, "%s: a comment gives the reason why the root is writable", service->name);
	else
		check_against(check, file, line, "%s: the root is writable, and no reason stands beside it", service->name);
}

/* A file of configuration that is mounted and may be changed from within. */
static void look_at_mounts(struct check *check, const struct service *service)
{
	static const char *const names[] = {"*.conf", "*.toml", "*.yaml", "*.yml", "*.ini", "*.cfg", "*.cnf", "*.pem", "*.crt",
		"Caddyfile", "*.properties", NULL};
	const json_t *volumes = compose_member(service->json, "volumes");
	size_t i;
	const json_t *volume;
	EACH_ITEM(volumes, i, volume) {
		const char *source = json_string_value(json_object_get(volume, "source")),
			*type = json_string_value(json_object_get(volume, "type"));
		unsigned line;
		if (source == NULL || !text_equal(type, "bind") || json_is_true(json_object_get(volume, "read_only")) ||
			!name_in(path_name(source), names))
			continue;
		const char *file = place_of(check, service, "volumes", &line);
		check_against(check, file, line, "%s: %s is mounted so that it can be written to; :ro is missing", service->name,
			path_name(source));
	}
}

void read_only_files(struct check *check)
{
	struct services services;
	if (!find_services(check, &services)) {
		unsigned line;
		const char *file = find_in_manifests(check->sources, "readOnlyRootFilesystem: true", &line);
		if (file != NULL)
			check_for(check, file, line, "the root is read-only");
		return;
	}
	for (size_t i = 0; i < services.count; i++) {
		if (services.items[i].is_own)
			look_at_root(check, &services.items[i]);
		look_at_mounts(check, &services.items[i]);
	}
	services_finish(&services);
}

void read_only_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		int64_t kernel = live_number(container, "kernel.root_read_only", -1),
			set = live_number(container, "inspect.HostConfig.ReadonlyRootfs", -1);
		if (!live_is_built(check->sources, container))
			continue;
		if (kernel == 1)
			check_live_for(check, service, "the kernel has its root mounted read-only");
		else if (kernel == 0)
			check_live_against(check, service, "the kernel has its root mounted for writing");
		else if (set == 1)
			check_live_for(check, service, "HostConfig.ReadonlyRootfs is true");
		else if (set == 0)
			check_live_against(check, service, "HostConfig.ReadonlyRootfs is false");
	}
}

/* ---- 8.7: limits ---- */

/* "512M", "1g", "104857600": bytes; 0: none. */
static double bytes_of(const char *text)
{
	char *end;
	double value = text != NULL ? strtod(text, &end) : 0;
	if (text == NULL || end == text)
		return 0;
	switch (tolower((unsigned char)*end)) {
	case 'k':
		return value * 1024;
	case 'm':
		return value * 1048576;
	case 'g':
		return value * 1073741824;
	default:
		return value;
	}
}

static char *first_member(const struct service *service, const char *const *paths, const char **which)
{
	for (; *paths != NULL; paths++) {
		char *text = member(service, *paths);
		if (text != NULL && strcmp(text, "0") != 0 && text[0] != '\0') {
			*which = *paths;
			return text;
		}
		free(text);
	}
	return NULL;
}

static void look_at_limits(struct check *check, const struct service *service)
{
	static const char *const memory_paths[] = {"deploy.resources.limits.memory", "mem_limit", NULL};
	static const char *const cpu_paths[] = {"deploy.resources.limits.cpus", "cpus", "cpu_quota", "cpu_count", "cpuset", NULL};
	const char *memory_path = "deploy", *cpu_path = NULL;
	auto_free char *memory = first_member(service, memory_paths, &memory_path),
		*cpu = first_member(service, cpu_paths, &cpu_path);
	auto_free char *reserved = member(service, "deploy.resources.reservations.memory");
	unsigned line;
	const char *file = place_of(check, service, memory != NULL ? memory_path : cpu != NULL ? cpu_path : "deploy", &line);
	if (memory == NULL && cpu == NULL)
		check_against(check, file, line, "%s has no limit of memory and none of CPU", service->name);
	else if (memory == NULL)
		check_against(check, file, line, "%s has no limit of memory", service->name);
	else if (cpu == NULL)
		check_against(check, file, line, "%s has no limit of CPU", service->name);
	else if (bytes_of(reserved) > bytes_of(memory) && bytes_of(memory) > 0) {
		check_against(check, file, line, "%s reserves more memory than its limit: it is not started", service->name);
		check_mend(check, "Set the reservation of %s below its limit", service->name);
	} else
		check_for(check, file, line, "%s: memory %s, CPU %s", service->name, memory, cpu);
}

void limits_files(struct check *check)
{
	struct services services;
	if (!find_services(check, &services)) {
		unsigned line;
		const char *file = find_in_manifests(check->sources, "limits:", &line);
		if (file != NULL)
			check_for(check, file, line, "Kubernetes has a limit for it");
		return;
	}
	for (size_t i = 0; i < services.count; i++)
		if (!services.items[i].is_job)
			look_at_limits(check, &services.items[i]);
	if (check->result->evidence.count == 0)
		check_none(check, check->sources->compose_files.count > 0 ? check->sources->compose_files.items[0].path : NULL,
			"all its services are jobs that end");
	services_finish(&services);
}

void limits_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		int64_t memory = live_number(container, "inspect.HostConfig.Memory", -1),
			cpus = live_number(container, "inspect.HostConfig.NanoCpus", 0);
		int64_t quota = live_number(container, "inspect.HostConfig.CpuQuota", 0);
		char size[16];
		if (memory < 0 || is_job(check->sources, service, json_object_get(compose_services(check->sources), service)))
			continue;
		format_bytes((uint64_t)memory, size, sizeof size);
		if (live_number(container, "inspect.State.OOMKilled", 0) == 1)
			check_live_against(check, service, "State.OOMKilled is true: the limit of %s is too low, or something leaks", size);
		else if (memory == 0 || (cpus <= 0 && quota <= 0))
			check_live_against(check, service, "HostConfig.Memory is %lld, NanoCpus %lld, CpuQuota %lld: 0 is no limit",
				(long long)memory, (long long)cpus, (long long)quota);
		else
			check_live_for(check, service, "HostConfig.Memory is %s, NanoCpus %lld, CpuQuota %lld", size, (long long)cpus,
				(long long)quota);
	}
}
