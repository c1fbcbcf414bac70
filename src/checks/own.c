/* What of a project is its own program: the images that are made of it and the
 * services that run it. The topics of rights and of secrets ask; nothing is held. */
#include "own.h"

#include <ctype.h>

enum { SERVICES_LIMIT = 500 };

/* ---- images of others ---- */

static const char *const helpers[] = {"postgres", "postgis", "timescale", "pgvector", "mysql", "mariadb", "percona", "redis", "valkey",
	"keydb", "dragonfly", "memcached", "mongo", "rabbitmq", "nats", "kafka", "zookeeper", "redpanda", "mosquitto", "emqx",
	"elasticsearch", "opensearch", "kibana", "logstash", "meilisearch", "typesense", "qdrant", "milvus", "weaviate", "clickhouse",
	"influxdb", "questdb", "victoria-metrics", "cockroach", "cassandra", "scylla", "neo4j", "arangodb", "couchdb", "surrealdb",
	"dynamodb", "localstack", "azurite", "minio", "garage", "seaweedfs", "mailhog", "mailpit", "mailcatcher", "smtp4dev", "maildev",
	"adminer", "pgadmin", "pgbouncer", "phpmyadmin", "redisinsight", "redis-commander", "nginx", "traefik", "caddy", "haproxy", "envoy",
	"httpd", "prometheus", "alertmanager", "grafana", "loki", "promtail", "tempo", "jaeger", "zipkin", "opentelemetry", "otel", "fluentd",
	"fluent-bit", "filebeat", "exporter", "cadvisor", "keycloak", "zitadel", "authentik", "dex", "kratos", "hydra", "vault", "consul",
	"etcd", "registry", "portainer", "watchtower", "dozzle", "autoheal", "certbot", "busybox", "cloudflared", "tailscale", "toxiproxy",
	"wiremock", "mockserver", "selenium", "httpbin", "hasura", "coturn", "bitcoind", "ganache", "anvil", "docker-socket-proxy",
	"all-in-one", "solr", "pushgateway", "statsd", "ollama", "livekit",
	"stripe-mock", "gotenberg", "imgproxy", "metabase", "temporal", "sentry", "wiki", "whoami"};

static bool word_stands_in(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || !isalnum((unsigned char)at[-1])) && !islower((unsigned char)at[len]))
			return true;
	return false;
}

bool image_is_helper(const char *image)
{
	struct image_name name;
	image_name_read(image, &name);
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(helpers) && !found; i++)
		found = word_stands_in(path_name(name.name), helpers[i]) || text_equal(path_name(name.name), helpers[i]);
	/* names that only begin so: postgresql, mongodb, clickhouse-server */
	static const char *const starts[] = {"postgres", "mongo", "elastic", "timescale", "valkey", "opensearch", "cockroach", "rabbitmq"};
	for (size_t i = 0; i < COUNT_OF(starts) && !found; i++)
		found = text_starts_with(path_name(name.name), starts[i]);
	image_name_finish(&name);
	return found;
}

/* ---- images of this project ---- */

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

/* "Dockerfile-gui-tests", "gui_tests" */
static bool is_named_for_tests(const char *name)
{
	static const char *const words[] = {"test", "tests", "testing", "e2e"};
	for (const char *at = name; at != NULL && *at != '\0';) {
		size_t len = strcspn(at, ".-_ ");
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (strlen(words[i]) == len && strncmp(at, words[i], len) == 0)
				return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

/* One without Rust may be what others make, or what tests the product. */
static bool is_product(const struct shipped *shipped)
{
	return shipped->has_rust || (!image_is_helper(shipped_base(shipped)) && !is_named_for_tests(path_name(shipped->source->path)) &&
		!is_named_for_tests(shipped->service));
}

const struct shipped *product_image(const struct sources *sources, size_t *at)
{
	while (*at < sources->shipped.count) {
		size_t index = (*at)++;
		if (is_product(&sources->shipped.items[index]) && !is_repeated(sources, index))
			return &sources->shipped.items[index];
	}
	return NULL;
}

bool product_has_image(const struct sources *sources)
{
	size_t at = 0;
	return product_image(sources, &at) != NULL;
}

const char *product_file(const struct sources *sources)
{
	if (sources->compose_files.count > 0)
		return sources->compose_files.items[0].path;
	return sources->rust.graph_file != NULL ? sources->rust.graph_file : sources->rust.manifests.count > 0 ? sources->rust.manifests.items[0] : NULL;
}

void product_no_image(struct check *check)
{
	const struct sources *sources = check->sources;
	if (sources->shipped.count > 0)
		check_none(check, sources->shipped.items[0].source->path, "the only image that is built here is not of a program of this project");
	else if (sources->dockers.count > 0)
		check_none(check, sources->dockers.items[0]->path, "the only Dockerfile here is for tests, examples or development");
	else
		check_none(check, product_file(sources), "there is no Dockerfile");
}

unsigned shipped_line(const struct shipped *shipped)
{
	return shipped->source->file.stages.items[shipped->stage].line;
}

bool base_is_known(const struct shipped *shipped)
{
	static const char *const known[] = {"distroless/", "nvidia/cuda", "muslrust", "cargo-chef", "rust-musl-cross", "rust-musl",
		"alpine-glibc", "redhat/ubi", "ubi8", "ubi9", "azurelinux", "cbl-mariner", "amazonlinux", "fedora", "opensuse/", "almalinux",
		"rockylinux", "oraclelinux", "wolfi-base", "archlinux/", "alpine/", "debian/", "ubuntu/", "playwright", "nixos/"};
	static const char *const official[] = {"rust", "debian", "alpine", "ubuntu", "busybox", "python", "node", "buildpack-deps"};
	struct image_name name;
	image_name_read(shipped_base(shipped), &name);
	bool found = !name.is_variable && name.registry == NULL && strchr(name.name, '/') == NULL;
	for (size_t i = 0; i < COUNT_OF(known) && !found && !name.is_variable; i++)
		found = strstr(name.name, known[i]) != NULL;
	/* mirrors of the official images keep their last part */
	for (size_t i = 0; i < COUNT_OF(official) && !found && !name.is_variable; i++)
		found = strcmp(path_name(name.name), official[i]) == 0;
	image_name_finish(&name);
	return found;
}

bool base_is_bare(const struct shipped *shipped)
{
	const char *base = shipped_base(shipped);
	bool debug = strstr(base, ":debug") != NULL || strstr(base, "-debug") != NULL || strstr(base, "busybox") != NULL;
	return !debug && (strcmp(base, "scratch") == 0 || strstr(base, "distroless/") != NULL || strstr(base, "chainguard/static") != NULL);
}

/* ---- who gives up root ---- */

static bool is_dropper(const char *word)
{
	static const char *const names[] = {"gosu", "su-exec", "setpriv", "runuser", "s6-setuidgid", "setuidgid", "chpst", "su", "sudo",
		"capsh", "fixuid", "doas"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(word), names[i]) == 0)
			return true;
	return false;
}

static bool text_drops_root(const char *text, unsigned *line)
{
	struct shell_commands commands = {0};
	bool found = false;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count && !found; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		found = at < words->count && is_dropper(words->items[at]);
		if (found)
			*line = text_line_at(text, (size_t)(commands.items[i].start - text) + strspn(commands.items[i].start, " \t\n"));
	}
	shell_commands_finish(&commands);
	return found;
}

/* The file of the context that a COPY from a stage passes on: it went in under some folder there. */
static const struct tree_file *find_passed_on(const struct sources *sources, const struct shipped *shipped, const char *source)
{
	for (const char *at = source; at != NULL; at = strchr(at, '/')) {
		at += strspn(at, "/");
		auto_free char *host = shipped_path(shipped, at);
		const struct tree_file *found = *at != '\0' ? tree_find(&sources->tree, host) : NULL;
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* The script of the context that comes to lie at `inside`. */
static bool script_drops_root(const struct sources *sources, const struct shipped *shipped, const char *inside, const char **path, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, shipped->stage, i) || !copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from_stage >= 0 && j < copy.sources.count && !found; j++) {
			auto_free char *target = copy_line_target(&copy, j);
			bool is_it = strcmp(path_name(target), path_name(inside)) == 0;
			const struct tree_file *script = is_it ? find_passed_on(sources, shipped, copy.sources.items[j]) : NULL;
			auto_free char *text = script != NULL ? tree_read(&sources->tree, script->path, NULL) : NULL;
			found = text != NULL && text_drops_root(text, line);
			*path = found ? script->path : *path;
		}
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count && !found; j++) {
			const char *name = path_name(inside);
			auto_free char *host = shipped_path(shipped, copy.sources.items[j]);
			auto_free char *within = path_join(host, name);
			const struct tree_file *script = tree_find(&sources->tree, strcmp(path_name(host), name) == 0 ? host : within);
			auto_free char *target = copy_line_target(&copy, j);
			if (script == NULL)
				script = strcmp(target, inside) == 0 ? tree_find(&sources->tree, host) : NULL;
			auto_free char *text = script != NULL ? tree_read(&sources->tree, script->path, NULL) : NULL;
			found = text != NULL && text_drops_root(text, line);
			*path = found ? script->path : *path;
		}
		copy_line_finish(&copy);
	}
	return found;
}

/* Scripts written by the Dockerfile itself. */
static bool heredoc_drops_root(const struct shipped *shipped, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		unsigned within = 1;
		if (stage_has_line(file, shipped->stage, i) && file->lines.items[i].heredoc != NULL && strcmp(file->lines.items[i].word, "COPY") == 0 &&
			text_drops_root(file->lines.items[i].heredoc, &within)) {
			*line = file->lines.items[i].first;
			return true;
		}
	}
	return false;
}

bool shipped_drops_root(const struct sources *sources, const struct shipped *shipped, const char **path, unsigned *line)
{
	static const char *const starters[] = {"ENTRYPOINT", "CMD"};
	const struct dockerfile *file = &shipped->source->file;
	*path = shipped->source->path;
	for (size_t i = 0; i < COUNT_OF(starters); i++) {
		int index = dockerfile_last(file, shipped->stage, starters[i]);
		if (index < 0)
			continue;
		auto_strings words = {0};
		bool json;
		dockerfile_words(file->lines.items[index].rest, &words, &json);
		*line = file->lines.items[index].first;
		for (size_t j = 0; j < words.count; j++) {
			unsigned within = 1;
			if (is_dropper(words.items[j]) || (strchr(words.items[j], ' ') != NULL && text_drops_root(words.items[j], &within)))
				return true;
			if (j < 3 && words.items[j][0] != '-' && script_drops_root(sources, shipped, words.items[j], path, line))
				return true;
		}
	}
	return heredoc_drops_root(shipped, line);
}

/* ---- network ---- */

bool sources_serve_network(const struct sources *sources, const struct shipped *shipped)
{
	static const char *const crates[] = {"axum", "actix-web", "rocket", "warp", "poem", "salvo", "tide", "tonic", "ntex", "gotham",
		"rouille", "tiny_http", "axum-server", "viz", "thruster", "trillium", "roa", "jsonrpsee-server", "xitca-web", "pingora",
		"loco-rs", "rama", "dropshot", NULL};
	static const char *const calls[] = {"TcpListener::bind", "UdpSocket::bind", "Server::bind", "serve_connection", "TcpSocket::new_v4"};
	if (shipped != NULL && dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE") >= 0)
		return true;
	if (rust_has_any(&sources->rust, crates, NULL))
		return true;
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		struct rust_place place = {0};
		if (rust_find(&sources->rust, calls[i], &place))
			return true;
	}
	return false;
}

/* ---- services ---- */

/* The Dockerfile that a service is built of, relative; the caller frees. NULL: it is
 * not of this project. */
static char *dockerfile_of(const struct sources *sources, const json_t *service)
{
	const char *context = json_string_value(compose_member(service, "build.context"));
	const char *file = json_string_value(compose_member(service, "build.dockerfile"));
	if (context == NULL)
		return NULL;
	auto_free char *joined = path_join(context, file != NULL ? file : "Dockerfile"), *path = path_clean(joined);
	return mem_copy_string(path_relative(path, sources->tree.root));
}

/* By the name of the service; else, of files that were not merged, by the
 * Dockerfile and the stage. */
static const struct shipped *find_shipped(const struct sources *sources, const char *name, const json_t *service)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (text_equal(sources->shipped.items[i].service, name))
			return &sources->shipped.items[i];
	const char *target = json_string_value(compose_member(service, "build.target"));
	auto_free char *below = dockerfile_of(sources, service);
	for (size_t i = 0; below != NULL && i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		bool same = strcmp(shipped->source->path, below) == 0;
		if (same && (target == NULL || dockerfile_stage(&shipped->source->file, target) == shipped->stage))
			return shipped;
	}
	return NULL;
}

static bool same_word(const char *part, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0' || (part[i] != name[i] && !((part[i] == '-' || part[i] == '_') && (name[i] == '-' || name[i] == '_'))))
			return false;
	return name[len] == '\0';
}

/* Does a part of the image's name say the project's or a member's? */
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
		"controller"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
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

/* "hyperswitch-router" where a member is called router; short names say too little. */
static bool image_ends_like_member(const struct sources *sources, const char *image)
{
	struct image_name name;
	image_name_read(image, &name);
	const char *last = path_name(name.name);
	bool found = false;
	for (size_t i = 0; i < sources->rust.crates.count && !found; i++) {
		const char *member = sources->rust.crates.items[i].name;
		size_t len = strlen(member), whole = strlen(last);
		bool is_long = sources->rust.crates.items[i].is_member && len >= 5 && whole > len + 1;
		found = is_long && (last[whole - len - 1] == '-' || last[whole - len - 1] == '_') && same_word(last + whole - len, len, member) &&
			(!is_common_name(member) || names_begin_with(sources, last, whole - len - 1));
	}
	image_name_finish(&name);
	return found;
}

static bool other_builds_image(const struct sources *sources, const char *image)
{
	const char *name;
	json_t *each;
	json_object_foreach((json_t *)(uintptr_t)compose_services(sources), name, each)
		if (compose_is_built(each) && text_equal(compose_image(each), image))
			return true;
	return false;
}

/* Of tests, or of a folder beside the project. */
static bool is_built_elsewhere(const struct sources *sources, const json_t *service)
{
	if (compose_member(service, "build.dockerfile_inline") != NULL)
		return false;
	auto_free char *path = dockerfile_of(sources, service);
	const struct tree_file *file = path != NULL ? tree_find(&sources->tree, path) : NULL;
	bool is_harness = path == NULL || (file != NULL && file->is_harness);
	for (size_t i = 0; i < sources->dockers.count && !is_harness; i++)
		is_harness = sources->dockers.items[i]->is_harness && strcmp(sources->dockers.items[i]->path, path) == 0;
	return is_harness;
}

static bool is_own(const struct sources *sources, const json_t *service, const struct shipped *shipped)
{
	const char *image = compose_image(service);
	if (compose_is_built(service))
		return shipped != NULL ? is_product(shipped) : !is_built_elsewhere(sources, service);
	if (image == NULL)
		return false;
	if (image_names_member(sources, image) || other_builds_image(sources, image))
		return true;
	if (image_is_helper(image))
		return false;
	if (image_ends_like_member(sources, image))
		return true;
	/* a name without a registry that nobody publishes: it was built beside this */
	static const char *const official[] = {"alpine", "debian", "ubuntu", "rust", "node", "python", "golang", "docker", "bash", "curl",
		"hello-world"};
	struct image_name name;
	image_name_read(image, &name);
	bool local = name.registry == NULL && strchr(name.name, '/') == NULL && name.name[0] != '\0';
	for (size_t i = 0; i < COUNT_OF(official); i++)
		local = local && strcmp(name.name, official[i]) != 0;
	image_name_finish(&name);
	return local;
}

static bool words_call_tools(const json_t *words)
{
	static const char *const tools[] = {"cargo", "bacon", "watchexec", "trunk", "npm", "pnpm", "yarn", "vite", "bun"};
	size_t i;
	json_t *word;
	json_array_foreach((json_t *)(uintptr_t)words, i, word) {
		const char *text = json_string_value(word);
		for (size_t j = 0; text != NULL && j < COUNT_OF(tools); j++)
			if (strcmp(path_name(text), tools[j]) == 0 || (text_starts_with(text, tools[j]) && text[strlen(tools[j])] == ' '))
				return true;
	}
	return false;
}

/* From the mounted sources, by cargo, or in a stage for developers. */
static bool is_development(const struct sources *sources, const json_t *service)
{
	size_t at;
	json_t *mount;
	const char *target = json_string_value(compose_member(service, "build.target"));
	static const char *const stages[] = {"builder", "build", "chef", "planner"};
	for (size_t i = 0; target != NULL && i < COUNT_OF(stages); i++)
		if (text_starts_with(target, "dev") || strcmp(target, stages[i]) == 0)
			return true;
	if (words_call_tools(compose_member(service, "command")) || words_call_tools(compose_member(service, "entrypoint")))
		return true;
	json_array_foreach((json_t *)(uintptr_t)compose_member(service, "volumes"), at, mount) {
		const char *source = json_string_value(json_object_get(mount, "source"));
		const char *below = source != NULL ? path_relative(source, sources->tree.root) : NULL;
		if (below == NULL || !text_equal(json_string_value(json_object_get(mount, "type")), "bind"))
			continue;
		static const char *const manifests[] = {"Cargo.toml", "package.json"};
		for (size_t j = 0; j < COUNT_OF(manifests); j++) {
			auto_free char *manifest = path_join(below, manifests[j]);
			if (tree_find(&sources->tree, below[0] != '\0' ? manifest : manifests[j]) != NULL || strcmp(path_name(below), "src") == 0)
				return true;
		}
	}
	return false;
}

static bool is_job(const struct sources *sources, const char *name)
{
	const char *other;
	json_t *each;
	json_object_foreach((json_t *)(uintptr_t)compose_services(sources), other, each) {
		const json_t *depend = json_object_get(json_object_get(each, "depends_on"), name);
		if (text_equal(json_string_value(json_object_get(depend, "condition")), "service_completed_successfully"))
			return true;
	}
	return false;
}

/* Where one image of the product is built here, it is the one that is published. */
static const struct shipped *only_image(const struct sources *sources)
{
	size_t at = 0;
	const struct shipped *first = product_image(sources, &at);
	return first != NULL && product_image(sources, &at) == NULL ? first : NULL;
}

bool product_service(const struct sources *sources, size_t *at, struct product_service *out)
{
	const json_t *services = compose_services(sources);
	size_t index = 0;
	const char *name;
	json_t *each;
	json_object_foreach((json_t *)(uintptr_t)services, name, each) {
		if (index >= SERVICES_LIMIT)
			return false;
		if (index++ != *at)
			continue;
		(*at)++;
		if (!json_is_object(each))
			continue;
		*out = (struct product_service){.name = name, .service = each, .shipped = find_shipped(sources, name, each)};
		out->is_own = is_own(sources, each, out->shipped);
		if (out->is_own && out->shipped == NULL && !compose_is_built(each))
			out->shipped = only_image(sources);
		out->is_development = out->is_own && is_development(sources, each);
		out->is_job = is_job(sources, name);
		return true;
	}
	return false;
}

bool product_has_service(struct check *check)
{
	const struct sources *sources = check->sources;
	struct product_service service;
	bool is_developed = false;
	for (size_t at = 0; product_service(sources, &at, &service);) {
		if (service.is_own && !service.is_development)
			return true;
		is_developed = is_developed || service.is_own;
	}
	if (sources->compose == NULL && sources->compose_files.count > 0)
		check_missing(check, "compose could not merge its files: %s",
			sources->options->compose_reason != NULL ? sources->options->compose_reason : "");
	else if (is_developed)
		check_none(check, product_file(sources), "compose runs the program from its sources, for development alone");
	else if (sources->compose_files.count > 0)
		check_none(check, product_file(sources), "compose starts no program of this project");
	else if (product_has_image(sources))
		check_none(check, sources->shipped.items[0].source->path, "nothing here starts a container: there is no compose file");
	else
		check_none(check, product_file(sources), "nothing here starts a container: there is neither a compose file nor a Dockerfile");
	return false;
}
