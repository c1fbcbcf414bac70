/* What a container is, from the engine's words: one object with the parts that
 * people ask for. All of it is other people's text: it is cleaned, cut, counted,
 * and secrets in it are masked. Holds nothing; see container.h. */
#include "container.h"

#include <stdio.h>

enum { TEXT_MOST = 2000, DEPTH_MOST = 24, PROBES_MOST = 5 };

/* ---- texts ---- */

static json_t *cut_text(const struct str *text, size_t whole)
{
	auto_str clean = {0};
	size_t keep = text->len < TEXT_MOST ? text->len : TEXT_MOST;
	text_add_clean(&clean, str_text(text), keep, false);
	if (text->len > TEXT_MOST)
		str_print(&clean, "… (%zu bytes)", whole);
	json_t *json = json_stringn(str_text(&clean), clean.len);
	return json != NULL ? json : json_string("");
}

json_t *facts_text(const char *name, const char *value)
{
	auto_str shown = {0};
	size_t len = value != NULL ? strlen(value) : 0;
	if (value == NULL)
		return json_null();
	secret_add_value(&shown, name, value, len);
	return cut_text(&shown, len);
}

/* A text that is no value of a name, such as a name itself. */
static json_t *plain_text(const char *text)
{
	return facts_text("", text);
}

const char *facts_pair(const char *pair, char *name, size_t size)
{
	const char *equal = strchr(pair, '=');
	size_t len = equal != NULL ? (size_t)(equal - pair) : strlen(pair);
	snprintf(name, size, "%.*s", (int)(len < size ? len : size - 1), pair);
	return equal != NULL ? equal + 1 : NULL;
}

static const json_t *get(const json_t *json, const char *name)
{
	return json_object_get(json, name);
}

static const char *get_text(const json_t *json, const char *name)
{
	const char *text = json_string_value(get(json, name));
	return text != NULL && text[0] != '\0' ? text : NULL;
}

static void set(json_t *json, const char *name, json_t *value)
{
	json_object_set_new(json, name, value);
}

/* A number that is a limit: 0 and -1 are none. */
static json_t *limit(const json_t *json, const char *name)
{
	json_int_t value = json_integer_value(get(json, name));
	return value > 0 ? json_integer(value) : json_null();
}

static json_t *word_text(struct secret_command *command, const char *word)
{
	auto_str shown = {0};
	secret_add_word(command, &shown, word);
	return cut_text(&shown, strlen(word));
}

/* The words of a command. */
static json_t *words(const json_t *list)
{
	json_t *out = json_array();
	struct secret_command command = {0};
	size_t i;
	const json_t *item;
	if (!json_is_array(list)) {
		json_decref(out);
		return json_null();
	}
	json_array_foreach(list, i, item) {
		const char *word = json_string_value(item);
		if (word == NULL || i >= FACTS_MOST)
			continue;
		json_array_append_new(out, word_text(&command, word));
	}
	return out;
}

/* ---- any JSON ---- */

static json_t *pair_text(const char *name, const char *value)
{
	auto_str shown = {0};
	str_print(&shown, "%s=", name);
	secret_add_value(&shown, name, value, strlen(value));
	return cut_text(&shown, shown.len);
}

/* Members, env lists and commands alike: what a key or the word before says of
 * a value counts. */
static json_t *mask_below(const json_t *json, const char *name, unsigned depth, size_t *left)
{
	size_t i;
	json_t *item;
	const char *key;
	struct secret_command command = {0};
	if (json_is_string(json))
		return facts_text(name, json_string_value(json));
	if (!json_is_object(json) && !json_is_array(json))
		return json_copy((json_t *)(uintptr_t)json);
	if (depth >= DEPTH_MOST)
		return json_string(FACTS_DEEPER);
	json_t *out = json_is_object(json) ? json_object() : json_array();
	if (json_is_object(json)) {
		json_object_foreach((json_t *)(uintptr_t)json, key, item) {
			if (*left == 0)
				break;
			--*left;
			json_t *shown = plain_text(key);
			set(out, json_string_value(shown), mask_below(item, key, depth + 1, left));
			json_decref(shown);
		}
		return out;
	}
	json_array_foreach(json, i, item) {
		const char *word = json_string_value(item);
		char pair[256];
		if (*left == 0)
			break;
		--*left;
		const char *value = word != NULL ? facts_pair(word, pair, sizeof pair) : NULL;
		if (value != NULL && secret_is_name(pair, strlen(pair)))
			json_array_append_new(out, pair_text(pair, value));
		else if (word != NULL && !secret_is_name(name, strlen(name)))
			json_array_append_new(out, word_text(&command, word));
		else
			json_array_append_new(out, mask_below(item, name, depth + 1, left));
	}
	return out;
}

json_t *facts_mask(const json_t *json)
{
	size_t left = FACTS_MOST;
	return mask_below(json, "", 0, &left);
}

/* ---- the parts ---- */

static json_t *image_facts(const json_t *inspect, const json_t *image)
{
	json_t *out = json_object();
	const char *digest = json_string_value(json_array_get(get(image, "RepoDigests"), 0));
	const char *at = digest != NULL ? strrchr(digest, '@') : NULL;
	set(out, "name", plain_text(get_text(get(inspect, "Config"), "Image")));
	set(out, "id", plain_text(get_text(inspect, "Image")));
	set(out, "digest", plain_text(at != NULL ? at + 1 : NULL));
	set(out, "created", plain_text(get_text(image, "Created")));
	return out;
}

static json_t *env_facts(const json_t *list)
{
	json_t *out = json_array();
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item) {
		char name[1024];
		const char *pair = json_string_value(item), *value = pair != NULL ? facts_pair(pair, name, sizeof name) : NULL;
		if (pair == NULL || i >= FACTS_MOST)
			continue;
		auto_str shown = {0};
		bool masked = value != NULL && secret_add_value(&shown, name, value, strlen(value));
		json_t *each = json_object();
		set(each, "name", plain_text(name));
		set(each, "value", value != NULL ? cut_text(&shown, strlen(value)) : json_null());
		set(each, "masked", json_boolean(masked));
		json_array_append_new(out, each);
	}
	return out;
}

static json_t *mount_facts(const json_t *list)
{
	json_t *out = json_array();
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item) {
		if (i >= FACTS_MOST)
			break;
		const char *volume = get_text(item, "Name");
		json_t *each = json_object();
		set(each, "type", plain_text(get_text(item, "Type")));
		set(each, "source", plain_text(volume != NULL ? volume : get_text(item, "Source")));
		set(each, "target", plain_text(get_text(item, "Destination")));
		set(each, "read_only", json_boolean(json_is_false(get(item, "RW"))));
		json_array_append_new(out, each);
	}
	return out;
}

static json_t *network_facts(const json_t *networks)
{
	json_t *out = json_array();
	const char *name;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)networks, name, item) {
		if (json_array_size(out) >= FACTS_MOST)
			break;
		json_t *each = json_object();
		set(each, "name", plain_text(name));
		set(each, "address", plain_text(get_text(item, "IPAddress")));
		set(each, "address6", plain_text(get_text(item, "GlobalIPv6Address")));
		set(each, "aliases", words(get(item, "Aliases")));
		json_array_append_new(out, each);
	}
	return out;
}

static json_t *port_facts(const json_t *ports)
{
	json_t *out = json_array();
	const char *inside;
	json_t *bound, *item;
	size_t i;
	json_object_foreach((json_t *)(uintptr_t)ports, inside, bound) {
		if (json_array_size(out) >= FACTS_MOST)
			break;
		if (json_array_size(bound) == 0)
			json_array_append_new(out, json_pack("{s:o, s:n, s:n}", "container", plain_text(inside), "address", "host"));
		json_array_foreach(bound, i, item) {
			const char *number = get_text(item, "HostPort");
			json_t *each = json_object();
			set(each, "container", plain_text(inside));
			set(each, "address", plain_text(get_text(item, "HostIp")));
			set(each, "host", number != NULL ? json_integer(strtol(number, NULL, 10)) : json_null());
			json_array_append_new(out, each);
		}
	}
	return out;
}

static json_t *label_facts(const json_t *labels)
{
	json_t *out = json_object();
	const char *name;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)labels, name, item) {
		json_t *shown = plain_text(name);
		if (json_is_string(item) && json_object_size(out) < FACTS_MOST)
			set(out, json_string_value(shown), facts_text(name, json_string_value(item)));
		json_decref(shown);
	}
	return out;
}

static json_t *limit_facts(const json_t *host)
{
	json_t *out = json_object();
	json_int_t cpus = json_integer_value(get(host, "NanoCpus"));
	set(out, "memory_bytes", limit(host, "Memory"));
	set(out, "cpus", cpus > 0 ? json_real((double)cpus / 1e9) : json_null());
	set(out, "processes", limit(host, "PidsLimit"));
	set(out, "read_only", json_boolean(json_is_true(get(host, "ReadonlyRootfs"))));
	return out;
}

/* Only the last probes; the engine keeps five (Engine API, HealthcheckResult). */
static json_t *probe_facts(const json_t *log)
{
	json_t *out = json_array();
	size_t count = json_array_size(log);
	for (size_t i = count > PROBES_MOST ? count - PROBES_MOST : 0; i < count; i++) {
		const json_t *item = json_array_get(log, i);
		json_t *each = json_object();
		set(each, "time", plain_text(get_text(item, "Start")));
		set(each, "exit_code", json_integer(json_integer_value(get(item, "ExitCode"))));
		set(each, "output", plain_text(get_text(item, "Output")));
		json_array_append_new(out, each);
	}
	return out;
}

static json_t *health_facts(const json_t *inspect)
{
	const json_t *health = get(get(inspect, "State"), "Health");
	const json_t *test = get(get(get(inspect, "Config"), "Healthcheck"), "Test");
	if (health == NULL && test == NULL)
		return json_null();
	json_t *out = json_object();
	set(out, "status", plain_text(get_text(health, "Status")));
	set(out, "test", words(test));
	set(out, "failing_streak", json_integer(json_integer_value(get(health, "FailingStreak"))));
	set(out, "probes", probe_facts(get(health, "Log")));
	return out;
}

static json_t *restart_facts(const json_t *inspect)
{
	const json_t *policy = get(get(inspect, "HostConfig"), "RestartPolicy");
	json_t *out = json_object();
	set(out, "policy", plain_text(get_text(policy, "Name")));
	set(out, "most", limit(policy, "MaximumRetryCount"));
	set(out, "count", json_integer(json_integer_value(get(inspect, "RestartCount"))));
	return out;
}

json_t *facts_make(const char *service, const json_t *inspect, const json_t *image)
{
	const json_t *config = get(inspect, "Config"), *state = get(inspect, "State"), *network = get(inspect, "NetworkSettings");
	const char *name = get_text(inspect, "Name");
	const char *word = get_text(state, "Status"), *started = get_text(state, "StartedAt");
	bool has_ended = text_equal(word, "exited") || text_equal(word, "dead");
	bool was_started = started != NULL && !text_starts_with(started, "0001-"); /* Go's zero of times */
	json_t *out = json_object();
	set(out, "service", plain_text(service));
	set(out, "container", plain_text(name != NULL ? name + (name[0] == '/') : NULL));
	set(out, "id", plain_text(get_text(inspect, "Id")));
	set(out, "image", image_facts(inspect, image));
	set(out, "state", plain_text(get_text(state, "Status")));
	set(out, "exit_code", has_ended && json_is_integer(get(state, "ExitCode")) ? json_integer(json_integer_value(get(state, "ExitCode"))) : json_null());
	set(out, "created", plain_text(get_text(inspect, "Created")));
	set(out, "started", plain_text(was_started ? started : NULL));
	set(out, "entrypoint", words(get(config, "Entrypoint")));
	set(out, "command", words(get(config, "Cmd")));
	set(out, "user", plain_text(get_text(config, "User")));
	set(out, "working_dir", plain_text(get_text(config, "WorkingDir")));
	set(out, "env", env_facts(get(config, "Env")));
	set(out, "mounts", mount_facts(get(inspect, "Mounts")));
	set(out, "networks", network_facts(get(network, "Networks")));
	set(out, "ports", port_facts(get(network, "Ports")));
	set(out, "labels", label_facts(get(config, "Labels")));
	set(out, "limits", limit_facts(get(inspect, "HostConfig")));
	set(out, "health", health_facts(inspect));
	set(out, "restart", restart_facts(inspect));
	return out;
}
