/* Which images are the project's own: those that are built here of more than a
 * foreign image with files added, and those that are called after it. */
#include "own-images.h"

#include "shipped.h"
#include "services.h"

#include <ctype.h>

/* ---- images of others ---- */

static const char *const foreign[] = {"postgres", "postgis", "timescale", "pgvector", "mysql", "mariadb", "percona", "redis", "valkey",
	"keydb", "dragonfly", "memcached", "mongo", "rabbitmq", "nats", "kafka", "zookeeper", "redpanda", "mosquitto", "emqx",
	"elasticsearch", "opensearch", "kibana", "logstash", "meilisearch", "typesense", "qdrant", "milvus", "weaviate", "clickhouse",
	"influxdb", "questdb", "victoria-metrics", "cockroach", "cassandra", "scylla", "neo4j", "arangodb", "couchdb", "surrealdb",
	"dynamodb", "localstack", "azurite", "minio", "garage", "seaweedfs", "mailhog", "mailpit", "mailcatcher", "smtp4dev", "maildev",
	"adminer", "pgadmin", "pgbouncer", "phpmyadmin", "redisinsight", "redis-commander", "nginx", "traefik", "caddy", "haproxy", "envoy",
	"httpd", "prometheus", "alertmanager", "grafana", "loki", "promtail", "tempo", "jaeger", "zipkin", "opentelemetry", "otel", "fluentd",
	"fluent-bit", "filebeat", "exporter", "cadvisor", "keycloak", "zitadel", "authentik", "dex", "kratos", "hydra", "vault", "consul",
	"etcd", "registry", "portainer", "watchtower", "dozzle", "autoheal", "certbot", "cloudflared", "tailscale", "toxiproxy",
	"wiremock", "mockserver", "selenium", "httpbin", "hasura", "coturn", "bitcoind", "ganache", "anvil", "docker-socket-proxy",
	"all-in-one", "solr", "pushgateway", "statsd", "ollama", "livekit",
	"pulsar", "fake-gcs-server", "stripe-mock", "gotenberg", "imgproxy", "metabase", "temporal", "sentry", "wiki", "whoami"};

static bool word_stands_in(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || !isalnum((unsigned char)at[-1])) && !islower((unsigned char)at[len]))
			return true;
	return false;
}

bool image_is_foreign(const char *image)
{
	/* names that only begin so: postgresql, mongodb, clickhouse-server */
	static const char *const starts[] = {"postgres*", "mongo*", "elastic*", "timescale*", "valkey*", "opensearch*", "cockroach*", "rabbitmq*", "redis*",
		"mysql*", "kafka*", "mc", "vector", NULL};
	struct image_name name;
	image_name_read(image, &name);
	char *last = (char *)(uintptr_t)path_name(name.name);
	for (char *at = last; name.is_variable && *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at); /* ${POSTGRES_IMAGE} */
	bool found = name_in(last, starts);
	for (size_t i = 0; i < COUNT_OF(foreign) && !found; i++)
		found = word_stands_in(last, foreign[i]);
	image_name_finish(&name);
	return found;
}

/* What everyone may pull by that name alone, and builds or runs something on. */
static bool is_official(const char *name)
{
	static const char *const names[] = {"alpine", "debian", "ubuntu", "busybox", "rust", "node", "python", "golang", "docker", "bash", "curl", "hello-world",
		"gcc", "php", "ruby", "perl", "openjdk", "eclipse-temurin", "eclipse-mosquitto", "fedora", "centos", "archlinux", "amazonlinux",
		"buildpack-deps", "wordpress", "nextcloud", "telegraf", "kong", "varnish", "couchbase", "aerospike", "rethinkdb", "scratch", NULL};
	return name_in(name, names);
}

bool image_is_tool(const char *image)
{
	static const char *const names[] = {"mailhog", "mailpit", "mailcatcher", "maildev", "adminer", "pgadmin*", "phpmyadmin", "redisinsight",
		"redis-commander", "localstack", "dynamodb-local", "azurite", "fake-gcs-server", "wiremock", "toxiproxy", NULL};
	struct image_name name;
	image_name_read(image, &name);
	bool known = name_in(path_name(name.name), names);
	image_name_finish(&name);
	return known;
}

/* ---- names of this project ---- */

static bool same_word(const char *part, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0' || (part[i] != name[i] && !((part[i] == '-' || part[i] == '_') && (name[i] == '-' || name[i] == '_'))))
			return false;
	return name[len] == '\0';
}

bool name_is_member(const struct sources *sources, const char *name)
{
	const struct rust_crate *crate = rust_crate(&sources->rust, name);
	return crate != NULL && crate->is_member;
}

bool image_names_member(const struct sources *sources, const char *image)
{
	struct image_name name;
	image_name_read(image, &name);
	bool found = false;
	for (const char *part = name.name; *part != '\0' && !found;) {
		size_t len = strcspn(part, "/");
		for (size_t i = 0; i < sources->rust.crates.count && !found; i++)
			found = sources->rust.crates.items[i].is_member && same_word(part, len, sources->rust.crates.items[i].name);
		found = found || same_word(part, len, path_name(sources->tree.root));
		part += len + (part[len] != '\0');
	}
	image_name_finish(&name);
	return found;
}

/* Names that members of many projects have. */
static bool is_common_name(const char *name)
{
	static const char *const names[] = {"server", "client", "common", "types", "utils", "proxy", "agent", "worker", "admin", "service",
		"gateway", "backend", "frontend", "console", "dashboard", "models", "config", "website", "daemon", "runner", "operator",
		"controller", "core", "shared", "macros", "tools", "data", NULL};
	return name_in(name, names);
}

/* Does a member's name, or the project's, begin so? "shop" of shop-server and shop_db. */
static bool names_begin_with(const struct sources *sources, const char *part, size_t len)
{
	const char *root = path_name(sources->tree.root);
	if (same_word(part, len, root))
		return true;
	for (size_t i = 0; i < sources->rust.crates.count; i++) {
		const char *name = sources->rust.crates.items[i].name;
		if (sources->rust.crates.items[i].is_member && strlen(name) > len && (name[len] == '-' || name[len] == '_') &&
			strncmp(name, part, len) == 0)
			return true;
	}
	return false;
}

/* Does a name, as whole words of it, say another's: "shop-web" the project shop,
 * "hyperswitch-router" the member router? Short and common names say too little. */
static bool is_called_after(const struct sources *sources, const char *last, const char *name)
{
	size_t len = strlen(name), whole = strlen(last);
	for (size_t at = 0; len >= 4 && at + len <= whole; at++) {
		bool begins = at == 0 || last[at - 1] == '-' || last[at - 1] == '_';
		bool ends = at + len == whole || last[at + len] == '-' || last[at + len] == '_';
		if (begins && ends && same_word(last + at, len, name) &&
			(!is_common_name(name) || (at > 0 && names_begin_with(sources, last, at - 1))))
			return true;
	}
	return false;
}

bool image_is_own(const struct sources *sources, const char *image)
{
	struct image_name name;
	bool foreign_image = image_is_foreign(image), own;
	image_name_read(image, &name);
	const char *last = path_name(name.name);
	bool is_short = name.registry == NULL && strchr(name.name, '/') == NULL;
	if ((is_short && (foreign_image || is_official(name.name))) || name.name[0] == '\0')
		own = name.name[0] == '\0' && name.is_variable;
	else if (image_names_member(sources, image))
		own = true;
	else if (foreign_image || is_official(last))
		own = false;
	else
		own = is_short || strchr(name.name, '$') != NULL || names_begin_with(sources, last, strlen(last)) ||
			is_called_after(sources, last, path_name(sources->tree.root));
	for (size_t i = 0; i < sources->rust.crates.count && !own && !foreign_image && !is_official(last); i++)
		own = sources->rust.crates.items[i].is_member && is_called_after(sources, last, sources->rust.crates.items[i].name);
	image_name_finish(&name);
	return own;
}

/* ---- images that are built here ---- */

bool shipped_is_same(const struct shipped *a, const struct shipped *b)
{
	if (a == NULL || b == NULL || a->stage != b->stage)
		return false;
	return a->source == b->source || (!a->source->is_inline && !b->source->is_inline && strcmp(a->source->path, b->source->path) == 0);
}

static bool is_repeated(const struct sources *sources, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (shipped_is_same(&sources->shipped.items[i], &sources->shipped.items[index]))
			return true;
	return false;
}

bool shipped_is_own(const struct shipped *shipped)
{
	return shipped->has_rust || (!image_is_foreign(shipped_base(shipped)) && !service_is_for_tests(path_name(shipped->source->path)) &&
		(shipped->service == NULL || !service_is_for_tests(shipped->service)));
}

const struct shipped *own_image(const struct sources *sources, size_t *at)
{
	while (*at < sources->shipped.count) {
		size_t index = (*at)++;
		if (shipped_is_own(&sources->shipped.items[index]) && !is_repeated(sources, index))
			return &sources->shipped.items[index];
	}
	return NULL;
}

bool any_image_has_rust(const struct sources *sources)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (sources->shipped.items[i].has_rust)
			return true;
	return false;
}

const struct shipped *own_rust_image(const struct sources *sources, size_t *at)
{
	bool rust = any_image_has_rust(sources);
	while (*at < sources->shipped.count) {
		const struct shipped *shipped = &sources->shipped.items[(*at)++];
		if (rust ? shipped->has_rust : shipped_is_own(shipped))
			return shipped;
	}
	return NULL;
}

bool has_own_image(const struct sources *sources)
{
	size_t at = 0;
	return own_image(sources, &at) != NULL;
}

void own_image_none(struct check *check)
{
	const struct sources *sources = check->sources;
	if (sources->shipped.count > 0)
		check_none(check, sources->shipped.items[0].source->path, "the only image that is built here is not of a program of this project");
	else if (sources->dockers.count > 0)
		check_none(check, sources->dockers.items[0]->path, "the only Dockerfile here is for tests, examples or development");
	else
		check_none(check, main_place(sources), "there is no Dockerfile");
}

unsigned shipped_line(const struct shipped *shipped)
{
	return shipped->source->file.stages.items[shipped->stage].line;
}
