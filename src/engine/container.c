/* What the engine says of containers, as structs, and what their cgroups say of
 * their use. Names and labels are other people's: they are cleaned here. */
#include "engine.h"

#include <ctype.h>
#include <limits.h>

static char *copy_text(const char *text)
{
	if (text == NULL)
		return NULL;
	struct str clean = {0};
	text_add_clean(&clean, text, strlen(text), false);
	return str_steal(&clean);
}

static char *copy_field(const json_t *object, const char *name)
{
	return copy_text(json_string_value(json_object_get(object, name)));
}

static int int_field(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value < INT_MIN || value > INT_MAX ? 0 : (int)value;
}

/* ---- the list ---- */

static char *ports_text(const json_t *ports)
{
	auto_strings parts = {0};
	size_t i;
	json_t *port;
	json_array_foreach(ports, i, port) {
		json_int_t inside = json_integer_value(json_object_get(port, "PrivatePort"));
		json_int_t outside = json_integer_value(json_object_get(port, "PublicPort"));
		auto_free char *text = outside > 0 ? mem_print("%lld->%lld", (long long)outside, (long long)inside)
			: mem_print("%lld", (long long)inside);
		strings_add_new(&parts, text); /* IPv4 and IPv6 are told apart by nobody */
	}
	return strings_join(&parts, ", ", NULL);
}

static char *health_of(const char *status)
{
	if (status != NULL && strstr(status, "(healthy)") != NULL)
		return mem_copy_string("healthy");
	if (status != NULL && strstr(status, "(unhealthy)") != NULL)
		return mem_copy_string("unhealthy");
	if (status != NULL && strstr(status, "(health: starting)") != NULL)
		return mem_copy_string("starting");
	return mem_copy_string("none");
}

static void read_labels(const json_t *labels, struct engine_container *out)
{
	out->service = copy_field(labels, "com.docker.compose.service");
	out->project = copy_field(labels, "com.docker.compose.project");
	out->number = copy_field(labels, "com.docker.compose.container-number");
	out->config_hash = copy_field(labels, "com.docker.compose.config-hash");
	out->deck_image = copy_field(labels, "dev.cargodeck.image");
	out->oneoff = text_equal(json_string_value(json_object_get(labels, "com.docker.compose.oneoff")), "True");
}

static char *first_address(const json_t *networks)
{
	const char *key;
	json_t *network;
	json_object_foreach((json_t *)(uintptr_t)networks, key, network) {
		const char *address = json_string_value(json_object_get(network, "IPAddress"));
		if (address != NULL && address[0] != '\0')
			return copy_text(address);
	}
	return NULL;
}

static void read_container(const json_t *json, struct engine_container *out)
{
	const char *name = json_string_value(json_array_get(json_object_get(json, "Names"), 0));
	out->id = copy_field(json, "Id");
	out->name = copy_text(name != NULL ? name + (name[0] == '/') : "");
	out->image = copy_field(json, "Image");
	out->image_id = copy_field(json, "ImageID");
	out->state = copy_field(json, "State");
	out->status = copy_field(json, "Status");
	out->health = health_of(out->status);
	out->created_s = json_integer_value(json_object_get(json, "Created"));
	out->ports = ports_text(json_object_get(json, "Ports"));
	out->address = first_address(json_object_get(json_object_get(json, "NetworkSettings"), "Networks"));
	read_labels(json_object_get(json, "Labels"), out);
}

void engine_containers_read(const json_t *json, struct engine_containers *list)
{
	size_t i;
	json_t *item;
	json_array_foreach(json, i, item)
		if (json_is_string(json_object_get(item, "Id")) && json_is_string(json_object_get(item, "State")))
			read_container(item, array_add(list));
}

void engine_containers_finish(struct engine_containers *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct engine_container *item = &list->items[i];
		char *const owned[] = {item->id, item->name, item->image, item->image_id, item->state, item->status, item->health,
			item->service, item->project, item->number, item->deck_image, item->config_hash, item->ports, item->address};
		for (size_t j = 0; j < COUNT_OF(owned); j++)
			free(owned[j]);
	}
	array_finish(list);
}

static void *read_list(const json_t *json)
{
	struct engine_containers *list = mem_alloc(sizeof *list);
	engine_containers_read(json, list);
	return list;
}

static void drop_list(void *made)
{
	engine_containers_finish(made);
	free(made);
}

const struct engine_reader engine_containers_reader = {read_list, drop_list};

static char *list_path(const char *label, const char *value)
{
	json_t *filter = json_pack("{s:[o]}", "label", json_sprintf("%s=%s", label, value)); /* NULL: not UTF-8 */
	auto_free char *text = filter != NULL ? json_dumps(filter, JSON_COMPACT) : mem_print("{\"label\":[\"%s=\"]}", label);
	auto_free char *quoted = engine_quote(text);
	json_decref(filter);
	return mem_print("/containers/json?all=1&filters=%s", quoted);
}

char *engine_containers_path(const char *project)
{
	return list_path("com.docker.compose.project", project);
}

char *engine_containers_of_folder_path(const char *folder)
{
	return list_path("com.docker.compose.project.working_dir", folder);
}

/* ---- inspect ---- */

void engine_inspect_read(const json_t *json, struct engine_inspect *out)
{
	const json_t *state = json_object_get(json, "State");
	const json_t *config = json_object_get(json, "HostConfig");
	const json_t *health = json_object_get(state, "Health");
	const json_t *log = json_object_get(health, "Log");
	const char *started = json_string_value(json_object_get(state, "StartedAt"));
	const char *finished = json_string_value(json_object_get(state, "FinishedAt"));
	json_int_t limit = json_integer_value(json_object_get(config, "Memory"));
	*out = (struct engine_inspect){
		.id = copy_field(json, "Id"),
		.state = copy_field(state, "Status"),
		.health = health != NULL ? copy_field(health, "Status") : mem_copy_string("none"),
		.restart_policy = copy_field(json_object_get(config, "RestartPolicy"), "Name"),
		.exit_code = int_field(state, "ExitCode"),
		.restarts = int_field(json, "RestartCount"),
		.tty = json_is_true(json_object_get(json_object_get(json, "Config"), "Tty")),
		.oom_killed = json_is_true(json_object_get(state, "OOMKilled")),
		.running = json_is_true(json_object_get(state, "Running")),
		.started_ns = started != NULL ? clock_parse_rfc3339_ns(started) : -1,
		.finished_ns = finished != NULL ? clock_parse_rfc3339_ns(finished) : -1,
		.memory_limit = limit > 0 ? (uint64_t)limit : 0,
		.pid = int_field(state, "Pid"),
	};
	const char *output = json_string_value(json_object_get(json_array_get(log, json_array_size(log) - 1), "Output"));
	auto_str clean = {0};
	if (output != NULL)
		text_add_clean(&clean, output, strnlen(output, 2000), false);
	out->health_output = str_steal(&clean);
}

void engine_inspect_finish(struct engine_inspect *inspect)
{
	free(inspect->id);
	free(inspect->state);
	free(inspect->health);
	free(inspect->health_output);
	free(inspect->restart_policy);
	*inspect = (struct engine_inspect){0};
}

/* ---- usage ---- */

static bool read_number(const char *path, uint64_t *out)
{
	auto_free char *text = file_read(path, 4096, NULL, NULL);
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

/* A field such as "inactive_file 123" of a stat file. */
static bool read_field(const char *path, const char *name, uint64_t *out)
{
	auto_free char *text = file_read(path, 65536, NULL, NULL);
	auto_free char *wanted = mem_print("%s ", name);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (text_starts_with(line, wanted)) {
			*out = strtoull(line + strlen(wanted), NULL, 10);
			return true;
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return false;
}

/* cgroup v1: one folder a controller; v2: one for all (systemd or cgroupfs). */
static bool read_v1(const char *id, uint64_t *cpu_ns, struct engine_usage *usage)
{
	static const char *const folders[] = {"/sys/fs/cgroup/%s/docker/%s/%s", "/sys/fs/cgroup/%s/system.slice/docker-%s.scope/%s"};
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *cpu = mem_print(folders[i], "cpuacct", id, "cpuacct.usage");
		auto_free char *memory = mem_print(folders[i], "memory", id, "memory.usage_in_bytes");
		auto_free char *limit = mem_print(folders[i], "memory", id, "memory.limit_in_bytes");
		auto_free char *stat = mem_print(folders[i], "memory", id, "memory.stat");
		uint64_t cache = 0;
		if (!read_number(cpu, cpu_ns) || !read_number(memory, &usage->memory))
			continue;
		read_number(limit, &usage->memory_limit);
		read_field(stat, "total_inactive_file", &cache);
		usage->memory -= cache < usage->memory ? cache : 0;
		return true;
	}
	return false;
}

static bool read_v2(const char *id, uint64_t *cpu_ns, struct engine_usage *usage)
{
	static const char *const folders[] = {"/sys/fs/cgroup/system.slice/docker-%s.scope", "/sys/fs/cgroup/docker/%s"};
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *folder = mem_print(folders[i], id);
		auto_free char *stat = path_join(folder, "cpu.stat"), *memory = path_join(folder, "memory.current");
		auto_free char *limit = path_join(folder, "memory.max"), *details = path_join(folder, "memory.stat");
		uint64_t micros, cache = 0;
		if (!read_field(stat, "usage_usec", &micros) || !read_number(memory, &usage->memory))
			continue;
		*cpu_ns = micros * 1000;
		read_number(limit, &usage->memory_limit); /* "max": stays 0 */
		read_field(details, "inactive_file", &cache);
		usage->memory -= cache < usage->memory ? cache : 0;
		return true;
	}
	return false;
}

bool engine_id_is_good(const char *id)
{
	size_t len = 0;
	while (isxdigit((unsigned char)id[len]))
		len++;
	return len > 0 && id[len] == '\0';
}

bool engine_usage_read(const char *id, struct engine_usage_state *state, struct engine_usage *usage)
{
	uint64_t cpu_ns = 0, now = clock_now_ns();
	*usage = (struct engine_usage){.cpu_percent = -1};
	if (!engine_id_is_good(id) || (!read_v1(id, &cpu_ns, usage) && !read_v2(id, &cpu_ns, usage)))
		return false;
	/* v1 says "no limit" by a number near 2^63 */
	if (usage->memory_limit > (uint64_t)1 << 60)
		usage->memory_limit = 0;
	if (state->at_ns > 0 && now > state->at_ns && cpu_ns >= state->cpu_ns)
		usage->cpu_percent = 100.0 * (double)(cpu_ns - state->cpu_ns) / (double)(now - state->at_ns);
	state->cpu_ns = cpu_ns;
	state->at_ns = now;
	return true;
}
