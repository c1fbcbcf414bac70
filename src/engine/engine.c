/* Agreeing on a version with the engine, and following its events. When the
 * event stream breaks the engine counts as lost; it is asked again, ever less
 * often, and its return is told once, when it has taken the new stream. */
#include "engine.h"

#include <ctype.h>
#include <strings.h>
#include <sys/utsname.h>

/* Our newest: what the engine has is used where it has less. */
enum { OLDEST_MINOR = 41, NEWEST_MINOR = 47, EVENT_LIMIT = 1 << 20 };

/* ---- version ---- */

static unsigned minor_of(const char *version)
{
	return version != NULL && text_starts_with(version, "1.") ? (unsigned)strtoul(version + 2, NULL, 10) : 0;
}

/* GET /version gives ApiVersion and MinAPIVersion; it needs no version itself. */
static bool agree(struct engine *engine, struct fault *fault)
{
	json_t *json = engine_wait(engine, "GET", "/version", NULL, 10000, fault);
	if (json == NULL)
		return false;
	unsigned newest = minor_of(json_string_value(json_object_get(json, "ApiVersion")));
	unsigned oldest = minor_of(json_string_value(json_object_get(json, "MinAPIVersion")));
	const char *version = json_string_value(json_object_get(json, "Version"));
	auto_str clean = {0};
	text_add_clean(&clean, version != NULL ? version : "", version != NULL ? strnlen(version, 64) : 0, false);
	if (newest == 0) {
		fault_set(fault, FAULT_OUTSIDE, "what answers at %s is no Docker Engine", engine->place.address);
		fault_mend(fault, "look at DOCKER_HOST and `docker context ls`");
	} else if (newest < OLDEST_MINOR) {
		fault_set(fault, FAULT_OUTSIDE, "the engine %s speaks API 1.%u; cargodeck needs 1.%d (Docker 20.10) or newer", str_text(&clean),
			newest, OLDEST_MINOR);
		fault_mend(fault, "install a newer Docker Engine");
	} else if (oldest > NEWEST_MINOR) {
		fault_set(fault, FAULT_OUTSIDE, "the engine %s wants API 1.%u or newer; this cargodeck speaks 1.%d", str_text(&clean), oldest,
			NEWEST_MINOR);
		fault_mend(fault, "install a newer cargodeck");
	}
	bool good = newest >= OLDEST_MINOR && oldest <= NEWEST_MINOR;
	engine->version = mem_print("1.%u", newest < NEWEST_MINOR ? newest : NEWEST_MINOR);
	free(engine->server);
	engine->server = str_steal(&clean);
	engine->arch = mem_copy_string(json_string_value(json_object_get(json, "Arch")));
	json_decref(json);
	return good;
}

void engine_hear_head(struct engine *engine, const char *line, size_t len)
{
	static const char api[] = "Api-Version: ", server[] = "Server: ";
	auto_str clean = {0};
	if (engine->version != NULL)
		return;
	if (len > sizeof api && strncasecmp(line, api, sizeof api - 1) == 0) {
		free(engine->api);
		engine->api = mem_copy_bytes(line + sizeof api - 1, len - (sizeof api - 1));
	} else if (len > sizeof server && len < 128 && strncasecmp(line, server, sizeof server - 1) == 0) {
		/* "Docker/20.10.24 (linux)" */
		const char *slash = memchr(line, '/', len), *end = line + len;
		const char *from = slash != NULL ? slash + 1 : end;
		size_t own = 0;
		while (from + own < end && !isspace((unsigned char)from[own]))
			own++;
		text_add_clean(&clean, from, own, false);
		free(engine->server);
		engine->server = str_steal(&clean);
	}
}

/* /_ping takes 0.3 ms where /version takes 10 (engine 20.10), and its headers
 * say enough of an engine of this machine. One that is newer than we are must
 * say which versions it still speaks. */
static bool agree_quickly(struct engine *engine)
{
	struct utsname machine;
	if (!text_equal(engine->place.socket, ENGINE_USUAL_SOCKET) || uname(&machine) != 0)
		return false;
	json_decref(engine_wait(engine, "GET", "/_ping", NULL, 10000, NULL));
	unsigned newest = minor_of(engine->api);
	if (newest < OLDEST_MINOR || newest > NEWEST_MINOR || engine->server == NULL || engine->server[0] == '\0')
		return false;
	engine->version = mem_print("1.%u", newest);
	engine->arch = mem_copy_string(machine.machine);
	return true;
}

/* ---- events ---- */

static bool is_ours(const struct engine *engine, const json_t *attributes)
{
	const char *own = json_string_value(json_object_get(attributes, "dev.cargodeck.project"));
	const char *compose = json_string_value(json_object_get(attributes, "com.docker.compose.project"));
	return engine->project == NULL || text_equal(own, engine->project) || text_equal(compose, engine->project);
}

static void tell_event(struct engine *engine, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const json_t *actor = json_object_get(json, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	struct engine_event event = {
		.type = json_string_value(json_object_get(json, "Type")),
		.action = json_string_value(json_object_get(json, "Action")),
		.id = json_string_value(json_object_get(actor, "ID")),
		.project = json_string_value(json_object_get(attributes, "com.docker.compose.project")),
		.service = json_string_value(json_object_get(attributes, "com.docker.compose.service")),
		.time_ns = json_integer_value(json_object_get(json, "timeNano")),
		.exit_code = -1,
	};
	const char *code = json_string_value(json_object_get(attributes, "exitCode"));
	if (code != NULL && text_equal(event.action, "die"))
		event.exit_code = (int)strtol(code, NULL, 10);
	/* a health check makes three exec_ events each time */
	bool whole = event.type != NULL && event.action != NULL && event.id != NULL;
	if (engine->since_ns > 0 && event.time_ns >= engine->since_ns)
		engine->since_ns = event.time_ns + 1;
	if (whole && !text_starts_with(event.action, "exec_") && is_ours(engine, attributes))
		engine->call.event(engine->data, &event);
	json_decref(json);
}

static void answers_again(struct engine *engine)
{
	engine->again_ms = 0;
	if (!engine->is_lost)
		return;
	engine->is_lost = false;
	engine->call.back(engine->data);
}

static bool on_event_bytes(void *data, const char *bytes, size_t len)
{
	struct engine *engine = data;
	if (len == 0) {
		answers_again(engine);
		return true;
	}
	const char *end = bytes + len, *newline;
	while ((newline = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		str_add_bytes(&engine->event_bytes, bytes, (size_t)(newline - bytes));
		bytes = newline + 1;
		struct str line = engine->event_bytes; /* the call may begin the stream anew */
		engine->event_bytes = (struct str){0};
		tell_event(engine, str_text(&line), line.len);
		str_finish(&line);
	}
	str_add_bytes(&engine->event_bytes, bytes, (size_t)(end - bytes));
	return engine->event_bytes.len < EVENT_LIMIT;
}

static void on_events_end(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine *engine = data;
	struct fault own = {0};
	(void)answer;
	engine->events = NULL;
	if (fault == NULL) {
		fault_set(&own, FAULT_OUTSIDE, "the engine at %s has closed its event stream", engine->place.address);
		fault_mend(&own, "is it running? `sudo systemctl start docker`");
	}
	engine->again_ms = engine_pause_ms(engine, engine->again_ms);
	loop_timer_set(engine->again, engine->again_ms, 0);
	if (engine->is_lost)
		return;
	engine->is_lost = true;
	engine->call.lost(engine->data, fault != NULL ? fault : &own);
}

/* Containers alone, without what health checks do: the engine need not write
 * and we need not read the rest. */
static void follow(void *data)
{
	struct engine *engine = data;
	static const char filters[] = "{\"type\":[\"container\"],\"event\":[\"create\",\"start\",\"restart\",\"die\",\"oom\",\"stop\",\"kill\","
		"\"pause\",\"unpause\",\"rename\",\"update\",\"destroy\",\"health_status\"]}";
	auto_free char *quoted = engine_quote(filters);
	auto_str since = {0};
	if (engine->since_ns > 0)
		str_print(&since, "since=%lld.%09lld&", (long long)(engine->since_ns / 1000000000), (long long)(engine->since_ns % 1000000000));
	auto_free char *path = mem_print("/events?%sfilters=%s", str_text(&since), quoted);
	str_clear(&engine->event_bytes);
	engine_cancel(engine->events);
	engine->events = engine_request_open(engine, "GET", path, NULL, NULL, 0, 0, on_event_bytes, on_events_end, engine);
}

unsigned engine_pause_ms(const struct engine *engine, unsigned last_ms)
{
	unsigned most = engine->place.socket != NULL ? 250 : 2000;
	unsigned next = last_ms == 0 ? 100 : last_ms * 2;
	return next < most ? next : most;
}

/* ---- public ---- */

struct engine *engine_open(struct loop *loop, const char *host, const char *context, struct fault *fault)
{
	struct engine *engine = mem_alloc(sizeof *engine);
	engine->loop = loop;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	engine_multi_open(engine);
	engine->again = loop_timer_open(loop, follow, engine);
	if (engine_place_find(host, context, &engine->place, fault) && (agree_quickly(engine) || agree(engine, fault)))
		return engine;
	engine_close(engine);
	return NULL;
}

void engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	loop_timer_close(engine->again);
	engine_multi_close(engine);
	engine_place_finish(&engine->place);
	str_finish(&engine->event_bytes);
	free(engine->project);
	free(engine->version);
	free(engine->server);
	free(engine->arch);
	free(engine->api);
	free(engine);
}

const char *engine_address(const struct engine *engine)
{
	return engine->place.address;
}

const char *engine_api_version(const struct engine *engine)
{
	return engine->version;
}

const char *engine_server_version(const struct engine *engine)
{
	return engine->server != NULL ? engine->server : "";
}

const char *engine_server_arch(const struct engine *engine)
{
	return engine->arch != NULL ? engine->arch : "amd64";
}

bool engine_is_local(const struct engine *engine)
{
	return engine->place.socket != NULL;
}

void engine_follow_since(struct engine *engine, int64_t since_ns)
{
	engine->since_ns = since_ns;
}

void engine_follow(struct engine *engine, const char *project, const struct engine_call *call, void *data)
{
	free(engine->project);
	engine->project = mem_copy_string(project);
	engine->call = *call;
	engine->data = data;
	follow(engine);
}
