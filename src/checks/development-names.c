/* 7.5: by which names services reach each other. Hosts are taken out of the
 * variables that compose gives its services, and looked up as the network would. */
#include "development.h"

#include <ctype.h>

/* What a scheme's server is called, to tell one that talks to itself. */
static const char *const schemes[][2] = {{"postgres", "postgres"}, {"postgresql", "postgres"}, {"mysql", "mysql"}, {"mariadb", "mariadb"},
	{"redis", "redis"}, {"rediss", "redis"}, {"valkey", "valkey"}, {"amqp", "rabbitmq"}, {"amqps", "rabbitmq"}, {"mongodb", "mongo"},
	{"nats", "nats"}, {"kafka", "kafka"}, {"smtp", "mail"}, {"smtps", "mail"}, {"bolt", "neo4j"}, {"ldap", "ldap"}, {"memcache", "memcached"},
	{"clickhouse", "clickhouse"}, {"etcd", "etcd"}, {"jdbc", "postgres"}};
/* Variables that hold a host and nothing else. */
static const char *const host_names[] = {"DB_HOST", "DATABASE_HOST", "POSTGRES_HOST", "POSTGRESQL_HOST", "PGHOST", "MYSQL_HOST", "MARIADB_HOST",
	"REDIS_HOST", "VALKEY_HOST", "RABBITMQ_HOST", "AMQP_HOST", "MONGO_HOST", "MONGODB_HOST", "KAFKA_HOST", "NATS_HOST", "SMTP_HOST",
	"MAIL_HOST", "CACHE_HOST", "MEMCACHED_HOST", "CLICKHOUSE_HOST", "ELASTICSEARCH_HOST"};

static bool ends_with_name(const char *name, const char *end)
{
	return text_ends_with(name, end) && (strlen(name) == strlen(end) || name[strlen(name) - strlen(end) - 1] == '_');
}

/* ---- networks ---- */

static const json_t *networks_of(const struct unit *unit)
{
	const json_t *networks = json_object_get(unit->json, "networks");
	return json_object_size(networks) > 0 ? networks : NULL; /* none is said: "default" */
}

static bool share_network(const struct unit *a, const struct unit *b)
{
	const json_t *first = networks_of(a), *second = networks_of(b);
	const char *name;
	json_t *settings;
	if (first == NULL || second == NULL) {
		const json_t *only = first != NULL ? first : second;
		return only == NULL || json_object_get(only, "default") != NULL;
	}
	json_object_foreach((json_t *)(uintptr_t)first, name, settings)
		if (json_object_get(second, name) != NULL)
			return true;
	return false;
}

/* The host's network, or another container's: no names of its own. */
static bool has_no_network(const struct unit *unit)
{
	return json_string_value(json_object_get(unit->json, "network_mode")) != NULL;
}

static bool is_outer(const struct layers *layers, const struct unit *unit, const char *network)
{
	const json_t *all = json_object_get(layers->sources->compose, "networks");
	const json_t *external = json_object_get(json_object_get(all, network), "external");
	bool found = unit->layer == NULL && (json_is_true(external) || json_is_object(external));
	auto_free char *path = mem_print("networks.%s.external", network);
	for (size_t i = 0; i < layers->items.count && !found; i++) {
		const struct layer *layer = &layers->items.items[i];
		const struct yaml_node *node = layer == unit->layer || (unit->layer == NULL && layer->is_main) ? yaml_at(yaml_root(layer->yaml), path) : NULL;
		found = node != NULL && (node->kind == YAML_MAP || yaml_truth(node) == 1);
	}
	return found;
}

/* On a network that others made any name may be known. */
static bool has_outer_network(const struct layers *layers, const struct unit *unit)
{
	const json_t *networks = networks_of(unit);
	const char *name;
	json_t *settings;
	/* a file that takes in others says nothing of their services here */
	if (unit->layer != NULL && yaml_get(yaml_root(unit->layer->yaml), "include") != NULL)
		return true;
	if (networks == NULL)
		return is_outer(layers, unit, "default");
	json_object_foreach((json_t *)(uintptr_t)networks, name, settings)
		if (is_outer(layers, unit, name))
			return true;
	return false;
}

enum known_as { KNOWN_NOT, KNOWN_NAME, KNOWN_ALIAS, KNOWN_CONTAINER };

static enum known_as known_as(const struct unit *unit, const char *host)
{
	const char *name;
	json_t *settings;
	if (strcmp(unit->name, host) == 0)
		return KNOWN_NAME;
	json_object_foreach((json_t *)(uintptr_t)networks_of(unit), name, settings) {
		const json_t *aliases = json_object_get(settings, "aliases");
		for (size_t i = 0; i < json_array_size(aliases); i++)
			if (text_equal(json_string_value(json_array_get(aliases, i)), host))
				return KNOWN_ALIAS;
	}
	if (text_equal(json_string_value(json_object_get(unit->json, "hostname")), host))
		return KNOWN_ALIAS;
	return text_equal(json_string_value(json_object_get(unit->json, "container_name")), host) ? KNOWN_CONTAINER : KNOWN_NOT;
}

/* Names that stand in the service itself: links with an alias, extra_hosts. */
static bool is_own_name(const struct unit *unit, const char *host)
{
	const json_t *links = json_object_get(unit->json, "links"), *extra = json_object_get(unit->json, "extra_hosts");
	for (size_t i = 0; i < json_array_size(links); i++) {
		const char *text = json_string_value(json_array_get(links, i));
		const char *colon = text != NULL ? strchr(text, ':') : NULL;
		if (text_equal(colon != NULL ? colon + 1 : text, host))
			return true;
	}
	for (size_t i = 0; i < json_array_size(extra); i++) {
		const char *text = json_string_value(json_array_get(extra, i));
		if (text != NULL && text_starts_with(text, host) && strchr(":=", text[strlen(host)]) != NULL && text[strlen(host)] != '\0')
			return true;
	}
	return json_object_get(extra, host) != NULL;
}

/* ---- hosts in variables ---- */

struct host {
	char *name;
	const char *server; /* what answers there by its scheme, or NULL */
	bool is_web; /* http: might be meant for a browser */
};

static bool is_telemetry(const char *variable)
{
	return text_starts_with(variable, "OTEL_") || strstr(variable, "OTLP") != NULL || strstr(variable, "JAEGER") != NULL;
}

/* The host of the address behind "://". False: none that can be judged. */
static bool read_host(const char *value, const char *mark, struct host *host)
{
	const char *start = mark;
	while (start > value && (isalnum((unsigned char)start[-1]) || start[-1] == '+'))
		start--;
	auto_free char *scheme = mem_copy_bytes(start, (size_t)(mark - start));
	scheme[strcspn(scheme, "+")] = '\0';
	*host = (struct host){.is_web = text_starts_with(scheme, "http") || strcmp(scheme, "grpc") == 0 || strcmp(scheme, "tcp") == 0};
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (strcmp(scheme, schemes[i][0]) == 0)
			host->server = schemes[i][1];
	if (host->server == NULL && !host->is_web)
		return false;
	const char *from = mark + 3, *end = from + strcspn(from, "/?# \t\n,");
	for (const char *at = from; at < end; at++)
		if (*at == '@')
			from = at + 1;
	size_t len = strcspn(from, ":/?# \t\n,");
	if (len == 0 || (size_t)(end - from) < len)
		return false;
	host->name = mem_copy_bytes(from, len);
	if (strpbrk(host->name, "${}<>[]%") == NULL)
		return true;
	free(host->name);
	return false;
}

static bool is_local(const char *host)
{
	return strcmp(host, "localhost") == 0 || text_starts_with(host, "127.");
}

/* A single label in small letters: nothing on the internet is called so. */
static bool is_short(const char *host)
{
	for (const char *at = host; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
			return false;
	return !isdigit((unsigned char)host[0]);
}

static bool serves_itself(const struct unit *unit, const struct host *host)
{
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	return host->server != NULL && image != NULL && strstr(image, host->server) != NULL;
}

/* In one file, or in the model that the file may be laid over. */
static bool is_beside(const struct unit *unit, const struct unit *other)
{
	const struct layer *layer = unit->layer;
	return other->layer == layer || (layer != NULL && other->layer == NULL && (!layer->is_whole || layer->role != LAYER_BASE));
}

static const struct unit *find_known(const struct layers *layers, const struct unit *from, const char *host, enum known_as *how, bool *reached)
{
	const struct unit *found = NULL;
	*reached = false;
	for (size_t i = 0; i < layers->units.count && !*reached; i++) {
		const struct unit *unit = &layers->units.items[i];
		enum known_as as = is_beside(from, unit) ? known_as(unit, host) : KNOWN_NOT;
		if (as == KNOWN_NOT)
			continue;
		found = unit;
		*how = as;
		*reached = unit == from || share_network(from, unit);
	}
	return found;
}

static void judge_host(struct check *check, const struct layers *layers, const struct unit *unit, const char *variable,
	const struct host *host)
{
	unsigned line;
	enum known_as how = KNOWN_NOT;
	bool reached;
	const char *file = unit_place(layers, unit, "environment", variable, &line);
	if (is_local(host->name)) {
		/* of http, only what no browser ever sees */
		if (!serves_itself(unit, host) && (!host->is_web || is_telemetry(variable)))
			check_against(check, file, line, "%s of %s names %s: in a container that is the container itself", variable, unit->name, host->name);
		return;
	}
	if (!is_short(host->name))
		return;
	const struct unit *other = find_known(layers, unit, host->name, &how, &reached);
	if (is_own_name(unit, host->name))
		return;
	if (other == NULL && !has_outer_network(layers, unit))
		check_against(check, file, line, "%s of %s names %s, but no service, alias or host is called so", variable, unit->name, host->name);
	else if (other != NULL && !reached && !has_no_network(other))
		check_against(check, file, line, "%s of %s names %s, which is on no network with it", variable, unit->name, host->name);
	else if (other != NULL && how == KNOWN_CONTAINER)
		check_against(check, file, line, "%s of %s names the container %s: its service is called %s, however often it runs", variable,
			unit->name, host->name, other->name);
	else if (other != NULL && other != unit)
		check_for(check, file, line, "%s of %s names %s", variable, unit->name, host->name);
}

static void judge_variable(struct check *check, const struct layers *layers, const struct unit *unit, const char *variable, const char *value)
{
	struct host host;
	for (size_t i = 0; i < COUNT_OF(host_names); i++) {
		if (!ends_with_name(variable, host_names[i]) || value[0] == '\0' || value[0] == '/' || strpbrk(value, "${}:") != NULL)
			continue;
		host = (struct host){.name = mem_copy_string(value), .server = "-"};
		judge_host(check, layers, unit, variable, &host);
		free(host.name);
		return;
	}
	unsigned steps = 0;
	for (const char *mark = value; (mark = strstr(mark, "://")) != NULL && steps < 20; mark += 3, steps++) {
		if (!read_host(value, mark, &host))
			continue;
		judge_host(check, layers, unit, variable, &host);
		free(host.name);
	}
}

/* Does it wait for others? A worker may be at home there, and a monitor of the machine needs its network. */
static bool is_reached(const struct unit *unit)
{
	static const char *const images[] = {"postgres", "postgis", "mysql", "mariadb", "mongo", "redis", "valkey", "rabbitmq", "nats", NULL};
	bool listens = json_array_size(json_object_get(unit->json, "ports")) > 0 ||
		(unit->docker != NULL && unit->stage >= 0 && dockerfile_last(&unit->docker->file, unit->stage, "EXPOSE") >= 0);
	return (unit->is_rust && listens) || unit_has_image(unit, images);
}

static void judge_unit(struct check *check, const struct layers *layers, const struct unit *unit)
{
	unsigned line;
	const char *name;
	json_t *value;
	if (json_array_size(json_object_get(unit->json, "links")) > 0) {
		const char *file = unit_place(layers, unit, "links", NULL, &line);
		check_against(check, file, line, "%s uses links, which compose keeps for old files: names of the network do the same", unit->name);
	}
	if (text_equal(json_string_value(json_object_get(unit->json, "network_mode")), "host") && is_reached(unit)) {
		const char *file = unit_place(layers, unit, "network_mode", NULL, &line);
		check_against(check, file, line, "%s takes the host's network: no service reaches it by name, and all its ports are open on this machine",
			unit->name);
		check_mend(check, "Take network_mode: host away, publish the ports that are needed, and name services as hosts");
	}
	if (has_no_network(unit))
		return;
	json_object_foreach(json_object_get(unit->json, "environment"), name, value)
		if (json_is_string(value))
			judge_variable(check, layers, unit, name, json_string_value(value));
}

/* An alias that two services have goes to either, by turns. */
static void judge_aliases(struct check *check, const struct layers *layers, const struct unit *unit)
{
	const char *network;
	json_t *settings;
	unsigned line;
	json_object_foreach((json_t *)(uintptr_t)networks_of(unit), network, settings) {
		const json_t *aliases = json_object_get(settings, "aliases");
		for (size_t i = 0; i < json_array_size(aliases); i++) {
			const char *alias = json_string_value(json_array_get(aliases, i));
			if (alias == NULL)
				continue;
			auto_free char *member = mem_print("networks.%s.aliases", network);
			const char *file = unit_place(layers, unit, member, alias, &line);
			check_for(check, file, line, "%s is %s on the network %s", alias, unit->name, network);
			for (size_t k = 0; k < layers->units.count; k++) {
				const struct unit *other = &layers->units.items[k];
				enum known_as as = other != unit && other->layer == unit->layer && share_network(unit, other) ? known_as(other, alias) : KNOWN_NOT;
				if (as == KNOWN_NAME || as == KNOWN_ALIAS)
					check_against(check, file, line, "%s and %s are both called %s on one network: who asks reaches either", unit->name,
						other->name, alias);
			}
		}
	}
}

/* Of the merged model; without one, of the first file that has services. */
static bool is_first(const struct layers *layers, const struct unit *unit)
{
	return unit->layer == layers->units.items[0].layer;
}

/* A network that is internal has no way out, and none in from the host. */
static void judge_internal(struct check *check)
{
	const json_t *networks = json_object_get(check->sources->compose, "networks");
	const char *name, *network;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		json_t *own = json_object_get(service, "networks"), *each;
		bool all = json_object_size(own) > 0;
		unsigned line;
		json_object_foreach(own, network, each)
			all = all && json_is_true(json_object_get(json_object_get(networks, network), "internal"));
		if (!all || json_array_size(json_object_get(service, "ports")) == 0)
			continue;
		const char *file = compose_place(check->sources, name, "ports", &line);
		check_against(check, file, line, "%s publishes ports, and is on internal networks alone: nobody reaches them from outside", name);
		check_mend(check, "Put the service on a second network that is not internal, or publish no port");
	}
}

void files_names(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	size_t count = 0, on_network = 0;
	for (size_t i = 0; i < layers->units.count; i++)
		if (is_first(layers, &layers->units.items[i])) {
			count++;
			on_network += !has_no_network(&layers->units.items[i]);
		}
	const char *file = layers_place(layers);
	for (size_t i = 0; i < layers->units.count; i++) {
		judge_unit(check, layers, &layers->units.items[i]);
		judge_aliases(check, layers, &layers->units.items[i]);
	}
	judge_internal(check);
	if (count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file");
	} else if (count == 1)
		check_none(check, file, "there is but one service: it has nobody to reach");
	else if (on_network < 2)
		check_none(check, file, "services share the host's network: there are no names of a network");
	else if (check->result->evidence.count == 0)
		check_for(check, file, 0, "every service is known by its name on the network, and nothing goes round it");
}

void live_names(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *networks = live_at(container, "inspect.NetworkSettings.Networks");
		const char *service = live_service(container), *network;
		json_t *settings;
		if (json_object_size(networks) == 1 && json_object_get(networks, "bridge") != NULL)
			check_live_against(check, service, "NetworkSettings.Networks has the default bridge alone, where no names are known");
		json_object_foreach((json_t *)(uintptr_t)networks, network, settings) {
			const json_t *aliases = json_object_get(settings, "Aliases");
			for (size_t i = 0; i < json_array_size(aliases) && !has_against(check); i++)
				if (service[0] != '\0' && text_equal(json_string_value(json_array_get(aliases, i)), service))
					check_live_for(check, service, "Aliases on %s has %s", network, service);
		}
	}
}
