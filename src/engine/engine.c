/* Finding the engine, agreeing on a version, and following its events. When
 * the event stream breaks the engine counts as lost; it is asked again, ever
 * less often up to each 2 s, and its return is told once. */
#include "engine.h"

#include <stdio.h>
#include <unistd.h>

void engine_multi_open(struct engine *engine);
void engine_multi_close(struct engine *engine);

/* Our newest: what the engine has is used where it has less. */
enum { OLDEST_MINOR = 41, NEWEST_MINOR = 47 };

/* ---- where the engine is ---- */

/* A context's endpoint, from Docker's own store: the folder is named by the
 * SHA-256 of the context's name, so each meta.json there is looked into. */
static char *context_host(const char *name)
{
	const char *docker = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	auto_free char *folder = docker != NULL ? mem_copy_string(docker) : mem_print("%s/.docker", home != NULL ? home : "");
	auto_free char *command = mem_print("%s/contexts/meta", folder);
	static const char *const find[] = {"docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", NULL, NULL};
	const char *argv[COUNT_OF(find)];
	memcpy(argv, find, sizeof find);
	argv[5] = name;
	auto_str out = {0};
	if (!dir_exists(command) && strcmp(name, "default") != 0)
		return NULL;
	if (loop_child_run(&(struct loop_child_options){.argv = argv}, 5000, &out, NULL, NULL) != 0)
		return NULL;
	str_cut(&out, strcspn(str_text(&out), "\r\n"));
	return out.len > 0 ? str_steal(&out) : NULL;
}

static char *chosen_context(void)
{
	const char *docker = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	auto_free char *path = docker != NULL ? mem_print("%s/config.json", docker)
		: mem_print("%s/.docker/config.json", home != NULL ? home : "");
	size_t len;
	auto_free char *text = file_read(path, 1 << 20, &len, NULL);
	json_t *json = text != NULL ? json_loadb(text, len, 0, NULL) : NULL;
	char *name = mem_copy_string(json_string_value(json_object_get(json, "currentContext")));
	json_decref(json);
	return name;
}

static char *usual_socket(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	auto_strings places = {0};
	strings_add(&places, "/var/run/docker.sock");
	if (runtime != NULL)
		strings_print(&places, "%s/docker.sock", runtime);
	if (runtime != NULL)
		strings_print(&places, "%s/podman/podman.sock", runtime);
	for (size_t i = 0; i < places.count; i++)
		if (access(places.items[i], F_OK) == 0)
			return mem_print("unix://%s", places.items[i]);
	return mem_copy_string("unix:///var/run/docker.sock");
}

static char *find_host(const char *host, const char *context)
{
	if (host == NULL && context == NULL) {
		host = getenv("DOCKER_HOST");
		if (host == NULL || host[0] == '\0')
			host = NULL;
	}
	if (host != NULL)
		return mem_copy_string(host);
	if (context == NULL)
		context = getenv("DOCKER_CONTEXT");
	auto_free char *chosen = context != NULL ? mem_copy_string(context) : chosen_context();
	char *found = chosen != NULL && chosen[0] != '\0' && strcmp(chosen, "default") != 0 ? context_host(chosen) : NULL;
	return found != NULL ? found : usual_socket();
}

static bool set_address(struct engine *engine, const char *host, struct fault *fault)
{
	engine->address = mem_copy_string(host);
	if (text_starts_with(host, "unix://")) {
		engine->socket = mem_copy_string(host + 7);
		engine->base = mem_copy_string("http://localhost");
		return true;
	}
	if (text_starts_with(host, "tcp://")) {
		engine->base = mem_print("http://%s", host + 6);
		return true;
	}
	fault_set(fault, FAULT_USAGE, "an engine at %s cannot be reached from here yet", host);
	return fault_mend(fault, "use unix:///path or tcp://host:port; for ssh: `ssh -L /tmp/docker.sock:/var/run/docker.sock HOST`");
}

/* ---- version ---- */

static unsigned minor_of(const char *version)
{
	const char *dot = version != NULL ? strchr(version, '.') : NULL;
	return dot != NULL && version[0] == '1' ? (unsigned)strtoul(dot + 1, NULL, 10) : 0;
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
	bool good = newest >= OLDEST_MINOR && oldest <= NEWEST_MINOR;
	if (!good) {
		fault_set(fault, FAULT_OUTSIDE, "the engine %s speaks API 1.%u; cargodeck needs 1.%d (Docker 20.10) or newer",
			version != NULL ? version : "", newest, OLDEST_MINOR);
		fault_mend(fault, "install a newer Docker Engine");
	}
	engine->version = mem_print("1.%u", newest < NEWEST_MINOR ? newest : NEWEST_MINOR);
	json_decref(json);
	return good;
}

/* ---- events ---- */

static void follow_now(struct engine *engine);

static void tell_event(struct engine *engine, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);
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
	if (code != NULL)
		event.exit_code = atoi(code);
	/* a health check makes three exec_ events each time */
	if (event.type != NULL && event.action != NULL && event.id != NULL && !text_starts_with(event.action, "exec_"))
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
	str_add_bytes(&engine->event_bytes, bytes, len);
	for (;;) {
		const char *text = str_text(&engine->event_bytes);
		const char *newline = memchr(text, '\n', engine->event_bytes.len);
		if (newline == NULL)
			break;
		size_t size = (size_t)(newline - text);
		auto_free char *line = mem_copy_bytes(text, size);
		str_drop_front(&engine->event_bytes, size + 1);
		tell_event(engine, line, size);
	}
	return engine->event_bytes.len < 1 << 20;
}

static void on_events_end(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine *engine = data;
	struct fault own = {0};
	(void)answer;
	engine->events = NULL;
	if (engine->closing)
		return;
	if (fault == NULL) {
		fault_set(&own, FAULT_OUTSIDE, "the engine at %s has closed its event stream", engine->address);
		fault_mend(&own, "is it running? `sudo systemctl start docker`");
	}
	if (!engine->is_lost) {
		engine->is_lost = true;
		engine->call.lost(engine->data, fault != NULL ? fault : &own);
	}
	engine->again_ms = engine->again_ms == 0 ? 100 : engine->again_ms < 1000 ? engine->again_ms * 2 : 2000;
	loop_timer_set(engine->again, engine->again_ms, 0);
}

static void on_ping(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine *engine = data;
	if (fault != NULL) {
		engine->events = NULL;
		on_events_end(engine, answer, fault);
		return;
	}
	follow_now(engine);
	answers_again(engine);
}

static void follow_now(struct engine *engine)
{
	str_clear(&engine->event_bytes);
	engine->events = engine_request_open(engine, "GET", "/events", NULL, NULL, 0, 0, on_event_bytes, on_events_end, engine);
}

static void ask_again(void *data)
{
	struct engine *engine = data;
	engine->events = engine_ask(engine, "GET", "/_ping", NULL, 5000, on_ping, engine);
}

/* ---- public ---- */

struct engine *engine_open(struct loop *loop, const char *host, const char *context, struct fault *fault)
{
	struct engine *engine = mem_alloc(sizeof *engine);
	engine->loop = loop;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	engine_multi_open(engine);
	engine->again = loop_timer_open(loop, ask_again, engine);
	auto_free char *found = find_host(host, context);
	if (set_address(engine, found, fault) && agree(engine, fault))
		return engine;
	engine_close(engine);
	return NULL;
}

void engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine->closing = true;
	engine_cancel(engine->events);
	loop_timer_close(engine->again);
	engine_multi_close(engine);
	str_finish(&engine->event_bytes);
	free(engine->project);
	free(engine->address);
	free(engine->socket);
	free(engine->base);
	free(engine->version);
	free(engine);
}

const char *engine_address(const struct engine *engine)
{
	return engine->address;
}

const char *engine_api_version(const struct engine *engine)
{
	return engine->version;
}

bool engine_is_local(const struct engine *engine)
{
	return engine->socket != NULL;
}

void engine_follow(struct engine *engine, const char *project, const struct engine_call *call, void *data)
{
	engine->project = mem_copy_string(project);
	engine->call = *call;
	engine->data = data;
	follow_now(engine);
}
