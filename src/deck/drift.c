/* Where a container is not as its service is configured: compares the compose
 * configuration (Compose Specification) with the engine's words about the
 * container (Engine API 1.41, ContainerInspect). What the configuration does not
 * say is the image's and no drift. See container.h. */
#include "container.h"

#include <math.h>
#include <stdio.h>

struct drift {
	json_t *found;
	const json_t *whole, *service; /* configured */
	const json_t *inspect, *config, *host; /* running */
};

static const json_t *get(const json_t *json, const char *name)
{
	return json_object_get(json, name);
}

static const char *get_text(const json_t *json, const char *name)
{
	const char *text = json_string_value(get(json, name));
	return text != NULL ? text : "";
}

const char *drift_text(const char *text)
{
	static const char *const own[] = {N_("image"), N_("ports"), N_("mounts"), N_("command"), N_("entrypoint"), N_("limits"), N_("memory"),
		N_("processes"), N_("restart"), N_("set"), N_("not set"), N_("one value"), N_("another value"), N_("there"), N_("not there"),
		N_("none"), N_("container"), N_("env")};
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (strcmp(own[i], text) == 0)
			return _(own[i]);
	return text;
}

/* Both texts are shown: they are masked. */
static void differ(struct drift *drift, const char *what, const char *name, const char *configured, const char *running)
{
	json_t *each = json_object();
	if (json_array_size(drift->found) >= FACTS_MOST) {
		json_decref(each);
		return;
	}
	json_object_set_new(each, "what", json_string(what));
	json_object_set_new(each, "name", facts_text("", name));
	json_object_set_new(each, "configured", facts_text("", configured));
	json_object_set_new(each, "running", facts_text("", running));
	json_array_append_new(drift->found, each);
}

/* ---- image ---- */

static void compare_images(struct drift *drift, const json_t *image)
{
	const char *wanted = get_text(drift->service, "image"), *runs = get_text(drift->config, "Image");
	const char *now = get_text(image, "Id"), *then = get_text(drift->inspect, "Image");
	if (wanted[0] != '\0' && strcmp(wanted, runs) != 0)
		differ(drift, "image", NULL, wanted, runs);
	else if (now[0] != '\0' && strcmp(now, then) != 0)
		differ(drift, "image", NULL, now, then); /* another one has the name now */
}

/* ---- environment ---- */


/* Values are compared and not told. */
static void compare_env(struct drift *drift, const json_t *image)
{
	const json_t *wanted = get(drift->service, "environment"), *runs = get(drift->config, "Env"), *own = get(get(image, "Config"), "Env");
	struct map *running = map_open(NULL), *of_image = map_open(NULL);
	const char *name;
	json_t *value;
	size_t i;
	const json_t *item;
	char pair[1024];
	json_array_foreach(runs, i, item) {
		const char *text = json_string_value(item), *at = text != NULL ? facts_pair(text, pair, sizeof pair) : NULL;
		if (at != NULL)
			map_put(running, pair, (void *)(uintptr_t)at);
	}
	json_array_foreach(own, i, item) {
		const char *text = json_string_value(item);
		if (text != NULL && facts_pair(text, pair, sizeof pair) != NULL)
			map_put(of_image, pair, running);
	}
	json_object_foreach((json_t *)(uintptr_t)wanted, name, value) {
		const char *now = map_get(running, name);
		if (json_is_null(value))
			continue; /* not set where compose was asked */
		if (now == NULL)
			differ(drift, "env", name, "set", "not set");
		else if (json_is_string(value) && strcmp(now, json_string_value(value)) != 0)
			differ(drift, "env", name, "one value", "another value");
	}
	size_t at = 0;
	void *unused;
	while (image != NULL && map_next(running, &at, &name, &unused))
		if (get(wanted, name) == NULL && !map_has(of_image, name))
			differ(drift, "env", name, "not set", "set");
	map_close(running);
	map_close(of_image);
}

/* ---- ports ---- */

static void add_configured_ports(const struct drift *drift, struct strings *out)
{
	size_t i;
	const json_t *item;
	json_array_foreach(get(drift->service, "ports"), i, item) {
		const json_t *published = get(item, "published");
		const char *protocol = get_text(item, "protocol");
		auto_free char *number = json_is_string(published) ? mem_copy_string(json_string_value(published)) :
			json_is_integer(published) ? mem_print("%lld", (long long)json_integer_value(published)) : mem_copy_string("");
		strings_print(out, "%s:%s->%lld/%s", get_text(item, "host_ip"), strcmp(number, "0") == 0 ? "" : number,
			(long long)json_integer_value(get(item, "target")), protocol[0] != '\0' ? protocol : "tcp");
	}
}

static void add_running_ports(const struct drift *drift, struct strings *out)
{
	const char *inside;
	json_t *list;
	size_t i;
	const json_t *item;
	json_object_foreach((json_t *)(uintptr_t)get(drift->host, "PortBindings"), inside, list)
		json_array_foreach(list, i, item)
			strings_print(out, "%s:%s->%s", get_text(item, "HostIp"), strcmp(get_text(item, "HostPort"), "0") == 0 ? "" :
				get_text(item, "HostPort"), inside);
}

/* What is in one list alone. */
static void compare_lists(struct drift *drift, const char *what, const struct strings *configured, const struct strings *running)
{
	for (size_t i = 0; i < configured->count; i++)
		if (!strings_have(running, configured->items[i]))
			differ(drift, what, configured->items[i], "there", "not there");
	for (size_t i = 0; i < running->count; i++)
		if (!strings_have(configured, running->items[i]))
			differ(drift, what, running->items[i], "not there", "there");
}

/* A range ("8000-8010") is one of many: what became of it is not compared. */
static bool has_range(const struct strings *ports)
{
	for (size_t i = 0; i < ports->count; i++) {
		const char *arrow = strstr(ports->items[i], "->"), *dash = strchr(ports->items[i], '-');
		if (dash != arrow)
			return true;
	}
	return false;
}

static void compare_ports(struct drift *drift)
{
	auto_strings configured = {0}, running = {0};
	add_configured_ports(drift, &configured);
	add_running_ports(drift, &running);
	if (!has_range(&configured))
		compare_lists(drift, "ports", &configured, &running);
}

/* ---- mounts ---- */

/* A volume's name as the engine knows it; NULL: it has none. */
static const char *volume_name(const struct drift *drift, const char *source)
{
	const char *name = get_text(get(get(drift->whole, "volumes"), source), "name");
	return name[0] != '\0' ? name : source;
}

static const json_t *running_mount(const struct drift *drift, const char *target)
{
	size_t i;
	const json_t *item;
	json_array_foreach(get(drift->inspect, "Mounts"), i, item)
		if (strcmp(get_text(item, "Destination"), target) == 0)
			return item;
	return NULL;
}

static char *mount_text(const char *type, const char *source, bool read_only)
{
	return mem_print("%s %s%s", type, source, read_only ? " read-only" : "");
}

static char *running_text(const json_t *mount)
{
	const char *name = get_text(mount, "Name");
	return mount == NULL ? mem_copy_string("not there") : mount_text(get_text(mount, "Type"), name[0] != '\0' ? name : get_text(mount, "Source"),
		json_is_false(get(mount, "RW")));
}

static void compare_mounts(struct drift *drift)
{
	size_t i;
	const json_t *item;
	struct map *wanted = map_open(NULL);
	json_array_foreach(get(drift->service, "volumes"), i, item) {
		const char *type = get_text(item, "type"), *source = get_text(item, "source"), *target = get_text(item, "target");
		const json_t *mount = running_mount(drift, target);
		map_put(wanted, target, wanted);
		if (strcmp(type, "tmpfs") == 0 || (source[0] == '\0' && mount != NULL))
			continue; /* the engine lists no tmpfs; a volume without a name has any */
		auto_free char *text = mount_text(type, strcmp(type, "volume") == 0 ? volume_name(drift, source) : source, json_is_true(get(item, "read_only")));
		auto_free char *runs = running_text(mount);
		if (strcmp(text, runs) != 0)
			differ(drift, "mounts", target, text, runs);
	}
	/* secrets and configs are mounts that the list of volumes does not name; an
	 * anonymous volume is the image's */
	json_array_foreach(get(drift->inspect, "Mounts"), i, item) {
		const char *target = get_text(item, "Destination");
		auto_free char *runs = running_text(item);
		bool is_anonymous = strcmp(get_text(item, "Type"), "volume") == 0 && strlen(get_text(item, "Name")) == 64;
		if (!map_has(wanted, target) && !is_anonymous && get(drift->service, "secrets") == NULL && get(drift->service, "configs") == NULL)
			differ(drift, "mounts", target, "not there", runs);
	}
	map_close(wanted);
}

/* ---- command ---- */

static void compare_words(struct drift *drift, const char *what, const json_t *wanted, const json_t *runs)
{
	if (!json_is_array(wanted) || json_equal((json_t *)(uintptr_t)wanted, (json_t *)(uintptr_t)runs))
		return;
	json_t *shown = facts_mask(wanted), *now = json_is_array(runs) ? facts_mask(runs) : json_array();
	auto_free char *one = json_dumps(shown, JSON_COMPACT), *other = json_dumps(now, JSON_COMPACT);
	differ(drift, what, NULL, one, other);
	json_decref(shown);
	json_decref(now);
}

/* ---- limits and restart ---- */

static double number_of(const json_t *json)
{
	if (json_is_string(json))
		return strtod(json_string_value(json), NULL);
	return json_is_number(json) ? json_number_value(json) : 0;
}

static void compare_number(struct drift *drift, const char *name, double configured, double running)
{
	char one[32] = "none", other[32] = "none";
	if (running < 0)
		running = 0;
	if (fabs(configured - running) < 1e-6)
		return;
	if (configured > 0)
		snprintf(one, sizeof one, "%.15g", configured);
	if (running > 0)
		snprintf(other, sizeof other, "%.15g", running);
	differ(drift, "limits", name, one, other);
}

static void compare_limits(struct drift *drift)
{
	const json_t *limits = get(get(get(drift->service, "deploy"), "resources"), "limits");
	double memory = number_of(get(drift->service, "mem_limit")), cpus = number_of(get(drift->service, "cpus"));
	double processes = number_of(get(drift->service, "pids_limit"));
	compare_number(drift, "memory", memory > 0 ? memory : number_of(get(limits, "memory")), number_of(get(drift->host, "Memory")));
	compare_number(drift, "cpus", cpus > 0 ? cpus : number_of(get(limits, "cpus")), number_of(get(drift->host, "NanoCpus")) / 1e9);
	compare_number(drift, "processes", processes > 0 ? processes : number_of(get(limits, "pids")), number_of(get(drift->host, "PidsLimit")));
}

/* "no" is what neither says. */
static void compare_restart(struct drift *drift)
{
	const char *wanted = get_text(drift->service, "restart"), *runs = get_text(get(drift->host, "RestartPolicy"), "Name");
	size_t len = strcspn(wanted, ":");
	auto_free char *policy = len > 0 ? mem_copy_bytes(wanted, len) : mem_copy_string("no");
	if (get(get(drift->service, "deploy"), "restart_policy") == NULL && strcmp(policy, runs[0] != '\0' ? runs : "no") != 0)
		differ(drift, "restart", NULL, policy, runs[0] != '\0' ? runs : "no");
}

json_t *drift_find(const json_t *whole, const char *service, const json_t *inspect, const json_t *image)
{
	struct drift drift = {.found = json_array(), .whole = whole, .service = get(get(whole, "services"), service), .inspect = inspect,
		.config = get(inspect, "Config"), .host = get(inspect, "HostConfig")};
	if (drift.service == NULL)
		return drift.found;
	compare_images(&drift, image);
	compare_env(&drift, image);
	compare_ports(&drift);
	compare_mounts(&drift);
	compare_words(&drift, "command", get(drift.service, "command"), get(drift.config, "Cmd"));
	compare_words(&drift, "entrypoint", get(drift.service, "entrypoint"), get(drift.config, "Entrypoint"));
	compare_limits(&drift);
	compare_restart(&drift);
	return drift.found;
}
