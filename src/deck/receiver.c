/* Does a line that goes through a service's log driver reach its receiver? One is
 * sent the way that the service's own lines go: by a throw-away container with the
 * same driver and options, which says one word and ends. It is looked for in the
 * log of the service of this project that takes it in. Nothing is sent to machines
 * that are not the project's: there it cannot be told. */
#include "deck.h"

#include <stdio.h>
#include <unistd.h>

enum { ASK_MS = 10000, ARRIVE_MS = 8000, LOG_LINES = 20 };

/* ---- where to ---- */

/* "tcp://127.0.0.1:24224", as the driver's options say it; NULL: it is no such driver. */
static const char *log_address(const json_t *log)
{
	static const char *const drivers[][2] = {{"fluentd", "fluentd-address"}, {"gelf", "gelf-address"}, {"syslog", "syslog-address"}};
	const char *type = json_string_value(json_object_get(log, "Type"));
	for (size_t i = 0; i < COUNT_OF(drivers); i++) {
		const char *address = json_string_value(json_object_get(json_object_get(log, "Config"), drivers[i][1]));
		if (text_equal(type, drivers[i][0]))
			return address != NULL ? address : i == 0 ? "127.0.0.1:24224" : "";
	}
	return NULL;
}

/* The port of an address of this machine; 0: it is another's, a socket, or none is said. */
static unsigned near_port(const char *address)
{
	const char *scheme = strstr(address, "://"), *host = scheme != NULL ? scheme + 3 : address, *colon = strrchr(host, ':');
	bool near = text_starts_with(host, "127.") || text_starts_with(host, "localhost:") || text_starts_with(host, "[::1]:");
	unsigned port = 0;
	return near && colon != NULL && sscanf(colon, ":%u", &port) == 1 && port < 65536 ? port : 0;
}

static bool publishes(const json_t *inspect, unsigned port)
{
	const char *name;
	json_t *bindings, *each;
	size_t i;
	json_object_foreach(json_object_get(json_object_get(inspect, "NetworkSettings"), "Ports"), name, bindings)
		json_array_foreach(bindings, i, each) {
			const char *text = json_string_value(json_object_get(each, "HostPort"));
			unsigned own = 0;
			if (text != NULL && sscanf(text, "%u", &own) == 1 && own == port)
				return true;
		}
	return false;
}

/* The service that publishes the port. The caller has the reference of *inspect. */
static const struct service *find_receiver(struct deck *deck, unsigned port, json_t **inspect)
{
	*inspect = NULL;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		auto_free char *path = service->container != NULL ? mem_print("/containers/%s/json", service->container) : NULL;
		json_t *json = path != NULL ? engine_wait(deck->engine, "GET", path, NULL, ASK_MS, NULL) : NULL;
		if (publishes(json, port)) {
			*inspect = json;
			return service;
		}
		json_decref(json);
	}
	return NULL;
}

/* ---- the line ---- */

/* A driver that goes on trying while nobody listens would keep the engine from
 * ending the container: this one dials at once. */
static json_t *log_of(const json_t *log)
{
	json_t *made = json_deep_copy(log), *config = json_object_get(made, "Config");
	if (text_equal(json_string_value(json_object_get(made, "Type")), "fluentd")) {
		json_object_del(config, "fluentd-async-connect");
		json_object_set_new(config, "fluentd-async", json_string("false"));
	}
	return made;
}

static char *body_of(const char *image, const json_t *log, const char *mark)
{
	json_t *body = json_pack("{s:s, s:[s], s:[s], s:{s:s}, s:{s:o, s:s, s:b, s:[s], s:{s:s}}}", "Image", image, "Entrypoint", "/bin/echo", "Cmd", mark,
		"Labels", "dev.cargodeck.drill", "1", "HostConfig", "LogConfig", log_of(log), "NetworkMode", "none", "ReadonlyRootfs", 1, "CapDrop", "ALL",
		"RestartPolicy", "Name", "no");
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

/* False: the fault says why it was not said. */
static bool say(struct deck *deck, const char *image, const json_t *log, const char *mark, struct fault *fault)
{
	auto_free char *body = body_of(image, log, mark);
	json_t *made = engine_wait(deck->engine, "POST", "/containers/create", body, ASK_MS, fault);
	const char *id = json_string_value(json_object_get(made, "Id"));
	bool said = false;
	if (id != NULL) {
		auto_free char *start = mem_print("/containers/%s/start", id), *wait = mem_print("/containers/%s/wait", id), *drop = mem_print("/containers/%s?force=1", id);
		json_t *started = engine_wait(deck->engine, "POST", start, NULL, ASK_MS, fault);
		said = started != NULL;
		json_decref(started);
		if (said)
			json_decref(engine_wait(deck->engine, "POST", wait, NULL, ASK_MS, NULL));
		json_decref(engine_wait(deck->engine, "DELETE", drop, NULL, ASK_MS, NULL));
	}
	json_decref(made);
	return said;
}

/* ---- where it comes to ---- */

struct arrival {
	const char *mark;
	bool is_seen, is_over;
};

static void look_at_line(void *data, const struct engine_log_line *line)
{
	struct arrival *arrival = data;
	arrival->is_seen = arrival->is_seen || memmem(line->text, line->len, arrival->mark, strlen(arrival->mark)) != NULL;
}

static void end_log(void *data, const struct fault *fault)
{
	struct arrival *arrival = data;
	(void)fault;
	arrival->is_over = true;
}

static bool lacks_echo(const struct fault *fault)
{
	return strstr(fault->text, "/bin/echo") != NULL;
}

/* The service's own image, else the receiver's: one of them has an echo. */
static bool say_by_any(struct deck *deck, const char *const *images, const json_t *log, const char *mark, struct fault *fault)
{
	for (size_t i = 0; i < 2; i++) {
		*fault = (struct fault){0};
		if (images[i] != NULL && say(deck, images[i], log, mark, fault))
			return true;
		if (!lacks_echo(fault))
			return false;
	}
	return false;
}

static void put_clean(json_t *json, const char *name, const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text) < 300 ? strlen(text) : 300, false);
	json_object_set_new(json, name, json_string(str_text(&clean)));
}

static void send_line(struct deck *deck, struct loop *loop, const json_t *inspect, const struct service *service, const json_t *receiver, json_t *json)
{
	static const struct engine_log_call call = {.line = look_at_line, .end = end_log};
	const json_t *log = json_object_get(json_object_get(inspect, "HostConfig"), "LogConfig");
	const char *const images[] = {json_string_value(json_object_get(inspect, "Image")), json_string_value(json_object_get(receiver, "Image"))};
	auto_free char *mark = mem_print("cargodeck-probe-%d-%llu", (int)getpid(), (unsigned long long)clock_now_ns());
	struct arrival arrival = {.mark = mark};
	struct fault fault = {0};
	bool tty = json_is_true(json_object_get(json_object_get(receiver, "Config"), "Tty"));
	struct engine_log *following = engine_log_open(deck->engine, service->container, tty, LOG_LINES, true, &call, &arrival);
	bool said = say_by_any(deck, images, log, mark, &fault);
	uint64_t began = clock_now_ns();
	while (said && !arrival.is_seen && !arrival.is_over && clock_now_ns() - began < ARRIVE_MS * 1000000ull)
		loop_turn(loop, 50);
	engine_log_close(following);
	json_object_set_new(json, "service", json_string(service->name));
	json_object_set_new(json, "seen", json_boolean(arrival.is_seen));
	if (!said)
		put_clean(json, lacks_echo(&fault) ? "fault" : "refused", lacks_echo(&fault) ? _("no image here has an echo to say a line with") : fault.text);
}

json_t *receiver_json(struct deck *deck, struct loop *loop, const json_t *inspect)
{
	const char *address = log_address(json_object_get(json_object_get(inspect, "HostConfig"), "LogConfig"));
	if (address == NULL)
		return json_null();
	json_t *json = json_object(), *receiver = NULL;
	unsigned port = near_port(address);
	const struct service *service = port > 0 ? find_receiver(deck, port, &receiver) : NULL;
	put_clean(json, "address", address);
	if (service != NULL)
		send_line(deck, loop, inspect, service, receiver, json);
	else
		put_clean(json, "fault", port > 0 ? _("no service of this project publishes that port") : _("it is not on this machine, and nothing is sent to others"));
	json_decref(receiver);
	return json;
}
