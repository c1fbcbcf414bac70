/* What runs, gathered for the checks in the form of src/checks/live.h: the
 * engine's answers as they came, what the kernel says of each first process, the
 * look of the last log lines, and what a few harmless requests answer. Nothing
 * is changed; with `probe` a throw-away copy of each service is started and
 * stopped, and a line is sent to the receiver of its log. */
#include "deck.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 10000, LOG_LINES = 50, LOG_MS = 2000, HTTP_MS = 1000, HTTP_BYTES = 1 << 18, PORTS_LIMIT = 6, LISTENS_LIMIT = 64, START_MS = 5000 };

static json_t *ask(struct deck *deck, const char *format, const char *id)
{
	auto_free char *quoted = engine_quote(id);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	auto_free char *path = mem_print(format, quoted);
#pragma GCC diagnostic pop
	json_t *json = engine_wait(deck->engine, "GET", path, NULL, ASK_MS, NULL);
	return json != NULL ? json : json_null();
}

static const char *text_at(const json_t *json, const char *a, const char *b)
{
	const json_t *inner = json_object_get(json, a);
	return json_string_value(b != NULL ? json_object_get(inner, b) : inner);
}

/* ---- the kernel's word (proc(5)) ---- */

static char *read_proc(int pid, const char *name)
{
	struct str text = {0};
	char path[64], buffer[8192];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;
	while (fd >= 0 && text.len < 1 << 20 && (len = read(fd, buffer, sizeof buffer)) > 0)
		str_add_bytes(&text, buffer, (size_t)len);
	if (fd >= 0)
		close(fd);
	if (fd < 0 || len < 0) {
		str_finish(&text);
		return NULL;
	}
	return str_steal(&text);
}

/* The value of "Name:\tvalue". */
static char *status_value(const char *status, const char *name)
{
	auto_free char *head = mem_print("\n%s:", name);
	const char *at = strstr(status, head);
	if (at == NULL)
		return NULL;
	at += strlen(head);
	at += strspn(at, " \t");
	return mem_copy_bytes(at, strcspn(at, "\n\t "));
}

static void put_text(json_t *json, const char *key, char *value)
{
	if (value != NULL)
		json_object_set_new(json, key, json_string(value));
	free(value);
}

static void put_number(json_t *json, const char *key, char *value)
{
	if (value != NULL)
		json_object_set_new(json, key, json_integer(atoll(value)));
	free(value);
}

/* Field 5 of mountinfo is the mount point, 6 its options. */
static void put_root(json_t *json, const char *mountinfo)
{
	for (const char *line = mountinfo; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line != NULL ? line + 1 : NULL) {
		char point[256], options[256];
		if (sscanf(line, "%*s %*s %*s %*s %255s %255s", point, options) == 2 && strcmp(point, "/") == 0)
			json_object_set_new(json, "root_read_only", json_boolean(strncmp(options, "ro", 2) == 0 && (options[2] == ',' || options[2] == '\0')));
	}
}

/* A line of net/tcp: "0: 00000000:1F90 …  0A": state 0A listens. */
static void add_listens(json_t *array, const char *table, int family)
{
	for (const char *line = table; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line != NULL ? line + 1 : NULL) {
		char address[40], shown[INET6_ADDRSTRLEN];
		unsigned port, state;
		if (sscanf(line, " %*u: %39[0-9A-F]:%x %*[0-9A-F]:%*x %x", address, &port, &state) != 3 || state != 0x0a || json_array_size(array) >= LISTENS_LIMIT)
			continue;
		uint32_t words[4] = {0};
		for (size_t i = 0; i < strlen(address) / 8 && i < 4; i++)
			sscanf(address + 8 * i, "%8x", &words[i]);
		if (inet_ntop(family, words, shown, sizeof shown) == NULL)
			continue;
		auto_free char *text = mem_print(family == AF_INET6 ? "[%s]:%u" : "%s:%u", shown, port);
		json_array_append_new(array, json_string(text));
	}
}

static json_t *kernel_json(int pid)
{
	auto_free char *status = read_proc(pid, "status"), *mounts = read_proc(pid, "mountinfo"), *tcp = read_proc(pid, "net/tcp"), *tcp6 = read_proc(pid, "net/tcp6");
	if (status == NULL)
		return json_null();
	json_t *json = json_object(), *listens = json_array();
	put_text(json, "cap_eff", status_value(status, "CapEff"));
	put_text(json, "sig_cgt", status_value(status, "SigCgt"));
	put_text(json, "sig_blk", status_value(status, "SigBlk"));
	put_number(json, "no_new_privs", status_value(status, "NoNewPrivs"));
	put_number(json, "seccomp", status_value(status, "Seccomp"));
	put_number(json, "uid", status_value(status, "Uid"));
	put_root(json, mounts);
	add_listens(listens, tcp, AF_INET);
	add_listens(listens, tcp6, AF_INET6);
	json_object_set_new(json, "listens", listens);
	json_object_set_new(json, "setuid", setuid_json(pid));
	return json;
}

/* Under the deck the first process is its launcher: the program that serves is
 * the newest below it. */
static int program_pid(const json_t *inspect, int pid)
{
	const json_t *labels = json_object_get(json_object_get(inspect, "Config"), "Labels");
	auto_free char *name = mem_print("task/%d/children", pid);
	auto_free char *children = pid > 0 && json_object_get(labels, "dev.cargodeck.image") != NULL ? read_proc(pid, name) : NULL;
	const char *last = children;
	for (const char *at = children; at != NULL && *at != '\0'; at++)
		if (*at == ' ' && isdigit((unsigned char)at[1]))
			last = at + 1;
	return last != NULL && isdigit((unsigned char)*last) ? atoi(last) : pid;
}

/* The engine's number is a process of this machine only where its control group
 * names the container. */
static int own_pid(const struct deck *deck, const json_t *inspect)
{
	const char *id = text_at(inspect, "Id", NULL);
	int pid = (int)json_integer_value(json_object_get(json_object_get(inspect, "State"), "Pid"));
	auto_free char *groups = pid > 0 && engine_is_local(deck->engine) ? read_proc(pid, "cgroup") : NULL;
	return groups != NULL && id != NULL && strlen(id) > 11 && strstr(groups, id) != NULL ? pid : 0;
}

/* ---- the log ---- */

struct log_look {
	unsigned lines, json, levels, ansi, traces;
	bool is_over;
};

static bool has_key(const json_t *object, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		if (json_object_get(object, *keys) != NULL)
			return true;
	return false;
}

static void look_at_line(void *data, const struct engine_log_line *line)
{
	static const char *const levels[] = {"level", "severity", "lvl", "log.level", NULL}, *const traces[] = {"trace_id", "traceId", "traceparent", "trace", NULL};
	struct log_look *look = data;
	const char *at = line->text;
	size_t len = line->len;
	while (len > 0 && isspace((unsigned char)*at)) {
		at++;
		len--;
	}
	if (len == 0)
		return;
	look->lines++;
	look->ansi += memchr(at, '\033', len) != NULL;
	json_t *object = *at == '{' && len < 1 << 16 ? json_loadb(at, len, 0, NULL) : NULL;
	if (json_is_object(object)) {
		const json_t *span = json_object_get(object, "span"), *fields = json_object_get(object, "fields");
		look->json++;
		look->levels += has_key(object, levels);
		look->traces += has_key(object, traces) || has_key(span, traces) || has_key(fields, traces);
	}
	json_decref(object);
}

static void end_log(void *data, const struct fault *fault)
{
	struct log_look *look = data;
	(void)fault;
	look->is_over = true;
}

static json_t *log_json(struct deck *deck, struct loop *loop, const char *id, bool tty)
{
	static const struct engine_log_call call = {.line = look_at_line, .end = end_log};
	struct log_look look = {0};
	uint64_t began = clock_now_ns();
	struct engine_log *log = engine_log_open(deck->engine, id, tty, LOG_LINES, false, &call, &look);
	while (!look.is_over && clock_now_ns() - began < LOG_MS * 1000000ull)
		loop_turn(loop, 50);
	engine_log_close(log);
	return json_pack("{s:i, s:i, s:i, s:i, s:i}", "lines", look.lines, "json", look.json, "levels", look.levels, "ansi", look.ansi, "traces", look.traces);
}

/* ---- HTTP, just enough (RFC 9112) ---- */

static int connect_to(const char *address, unsigned port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = inet_pton(AF_INET, address, &to.sin_addr) == 1 ? socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
	int error = 0;
	socklen_t size = sizeof error;
	if (fd < 0)
		return -1;
	bool good = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	if (!good && errno == EINPROGRESS)
		good = poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, HTTP_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
	if (good)
		return fd;
	close(fd);
	return -1;
}

static void read_all(int fd, struct str *answer, uint64_t until)
{
	char buffer[16384];
	while (answer->len < HTTP_BYTES) {
		uint64_t now = clock_now_ns();
		ssize_t len = now < until && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, (int)((until - now) / 1000000) + 1) == 1 ? read(fd, buffer, sizeof buffer) : 0;
		if (len <= 0)
			return;
		str_add_bytes(answer, buffer, (size_t)len);
	}
}

/* Lines of the text format that are samples: "name{labels} value". */
static int count_samples(const char *body)
{
	int samples = 0;
	for (const char *line = body; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line != NULL ? line + 1 : NULL) {
		size_t len = strcspn(line, "\n");
		const char *blank = memchr(line, ' ', len);
		samples += (isalpha((unsigned char)*line) || *line == '_') && blank != NULL && (isdigit((unsigned char)blank[1]) || strchr("+-NI", blank[1]) != NULL);
	}
	return samples;
}

static char *header_value(const char *head, const char *body, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line != NULL && line < body; line = strstr(line + 2, "\r\n")) {
		size_t len = strlen(name);
		if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':')
			continue;
		const char *value = line + 3 + len;
		value += strspn(value, " \t");
		return mem_copy_bytes(value, strcspn(value, "\r\n") < 120 ? strcspn(value, "\r\n") : 120);
	}
	return NULL;
}

static json_t *get_json(const char *address, unsigned port, const char *path)
{
	uint64_t began = clock_now_ns();
	auto_str answer = {0};
	auto_free char *request = mem_print("GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: cargodeck\r\nAccept: */*\r\nConnection: close\r\n\r\n", path); /* no text */
	int fd = connect_to(address, port), status = 0;
	if (fd >= 0 && write(fd, request, strlen(request)) == (ssize_t)strlen(request))
		read_all(fd, &answer, began + HTTP_MS * 1000000ull);
	if (fd >= 0)
		close(fd);
	json_t *json = json_pack("{s:s, s:i}", "path", path, "port", (int)port);
	const char *head = str_text(&answer), *body = strstr(head, "\r\n\r\n");
	if (sscanf(head, "HTTP/1.%*c %d", &status) != 1 || body == NULL)
		status = 0;
	json_object_set_new(json, "status", json_integer(status));
	json_object_set_new(json, "ms", json_integer((json_int_t)((clock_now_ns() - began) / 1000000)));
	if (status == 0)
		return json;
	auto_free char *type = header_value(head, body, "content-type");
	auto_str clean = {0};
	text_add_clean(&clean, type != NULL ? type : "", type != NULL ? strlen(type) : 0, false);
	json_object_set_new(json, "type", json_string(str_text(&clean)));
	json_object_set_new(json, "samples", json_integer(count_samples(body + 4)));
	return json;
}

static const char *network_address(const json_t *inspect)
{
	const char *name;
	json_t *network;
	json_object_foreach(json_object_get(json_object_get(inspect, "NetworkSettings"), "Networks"), name, network) {
		const char *address = text_at(network, "IPAddress", NULL);
		if (address != NULL && address[0] != '\0')
			return address;
	}
	return NULL;
}

static void add_port(unsigned *ports, size_t *count, unsigned port)
{
	for (size_t i = 0; i < *count; i++)
		if (ports[i] == port)
			return;
	if (*count < PORTS_LIMIT && port > 0)
		ports[(*count)++] = port;
}

/* Ports that are listened on, or are exposed where that is not known. */
static size_t ports_of(const json_t *inspect, const json_t *kernel, unsigned *ports)
{
	size_t count = 0, i;
	json_t *each;
	const char *name;
	json_array_foreach(json_object_get(kernel, "listens"), i, each) {
		const char *text = json_string_value(each), *colon = text != NULL ? strrchr(text, ':') : NULL;
		if (colon != NULL && !text_starts_with(text, "127.") && !text_starts_with(text, "[::1]"))
			add_port(ports, &count, (unsigned)atoi(colon + 1));
	}
	json_object_foreach(json_object_get(json_object_get(inspect, "Config"), "ExposedPorts"), name, each)
		if (!json_is_object(kernel) && strstr(name, "/udp") == NULL)
			add_port(ports, &count, (unsigned)atoi(name));
	return count;
}

static json_t *http_json(const struct deck *deck, const json_t *inspect, const json_t *kernel)
{
	static const char *const paths[] = {"/healthz", "/health", "/readyz", "/livez", "/ready", "/metrics"};
	unsigned ports[PORTS_LIMIT];
	json_t *array = json_array();
	const char *address = engine_is_local(deck->engine) ? network_address(inspect) : NULL;
	size_t count = address != NULL ? ports_of(inspect, kernel, ports) : 0;
	for (size_t i = 0; i < count; i++) {
		int fd = connect_to(address, ports[i]);
		if (fd < 0)
			continue;
		close(fd);
		for (size_t j = 0; j < COUNT_OF(paths); j++)
			json_array_append_new(array, get_json(address, ports[i], paths[j]));
	}
	return array;
}

/* ---- a command inside ---- */

static void add_exec(struct deck *deck, json_t *array, const char *id, const char *const *argv)
{
	json_t *words = json_array();
	for (; *argv != NULL; argv++)
		json_array_append_new(words, json_string(*argv));
	json_t *body = json_pack("{s:b, s:b, s:O}", "AttachStdout", 1, "AttachStderr", 1, "Cmd", words);
	auto_free char *text = json_dumps(body, JSON_COMPACT), *make = mem_print("/containers/%s/exec", id);
	json_decref(body);
	json_t *made = engine_wait(deck->engine, "POST", make, text, ASK_MS, NULL);
	const char *exec = json_string_value(json_object_get(made, "Id"));
	auto_free char *start = mem_print("/exec/%s/start", exec != NULL ? exec : ""), *look = mem_print("/exec/%s/json", exec != NULL ? exec : "");
	json_t *ran = exec != NULL ? engine_wait(deck->engine, "POST", start, "{\"Detach\":false,\"Tty\":false}", ASK_MS, NULL) : NULL;
	json_t *ended = ran != NULL ? engine_wait(deck->engine, "GET", look, NULL, ASK_MS, NULL) : NULL;
	const json_t *code = json_object_get(ended, "ExitCode");
	json_array_append_new(array, json_pack("{s:o, s:o}", "argv", words, "exit_code", json_is_integer(code) ? json_integer(json_integer_value(code)) : json_null()));
	json_decref(made);
	json_decref(ran);
	json_decref(ended);
}

static json_t *execs_json(struct deck *deck, const json_t *inspect)
{
	static const char *const ready[] = {"pg_isready", "-q", "-h", "127.0.0.1", NULL}, *const ping[] = {"redis-cli", "ping", NULL};
	const char *image = text_at(inspect, "Config", "Image"), *id = text_at(inspect, "Id", NULL);
	json_t *array = json_array();
	if (id != NULL && image != NULL && strstr(image, "postgres") != NULL)
		add_exec(deck, array, id, ready);
	if (id != NULL && image != NULL && (strstr(image, "redis") != NULL || strstr(image, "valkey") != NULL))
		add_exec(deck, array, id, ping);
	return array;
}

/* ---- the stop drill ---- */

/* The same container without its name, ports and compose's labels. */
static char *copy_body(const json_t *inspect)
{
	json_t *body = json_deep_copy(json_object_get(inspect, "Config")), *host = json_deep_copy(json_object_get(inspect, "HostConfig"));
	json_object_del(host, "PortBindings");
	json_object_set_new(host, "PublishAllPorts", json_false());
	json_object_set_new(host, "RestartPolicy", json_pack("{s:s}", "Name", "no"));
	json_object_set_new(body, "Labels", json_pack("{s:s}", "dev.cargodeck.drill", "1"));
	json_object_del(body, "Hostname");
	json_object_set_new(body, "HostConfig", host);
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

/* It has started once it listens where the other one does, or runs for a while. */
static void await_start(struct deck *deck, struct loop *loop, const char *id, bool listens)
{
	uint64_t began = clock_now_ns();
	while (clock_now_ns() - began < START_MS * 1000000ull) {
		json_t *inspect = ask(deck, "/containers/%s/json", id);
		int pid = own_pid(deck, inspect);
		json_t *kernel = pid > 0 ? kernel_json(pid) : json_null();
		bool ready = listens && json_array_size(json_object_get(kernel, "listens")) > 0;
		bool gone = !json_is_true(json_object_get(json_object_get(inspect, "State"), "Running"));
		json_decref(kernel);
		json_decref(inspect);
		if (ready || gone)
			return;
		loop_turn(loop, 50);
	}
}

static json_t *stop_and_time(struct deck *deck, const char *id, int limit)
{
	auto_free char *path = mem_print("/containers/%s/stop?t=%d", id, limit);
	uint64_t began = clock_now_ns();
	json_t *stopped = engine_wait(deck->engine, "POST", path, NULL, (unsigned)limit * 1000 + ASK_MS, NULL);
	double seconds = (double)(clock_now_ns() - began) / 1e9;
	json_t *inspect = ask(deck, "/containers/%s/json", id);
	json_int_t code = json_integer_value(json_object_get(json_object_get(inspect, "State"), "ExitCode"));
	json_t *json = stopped != NULL ? json_pack("{s:f, s:I, s:i}", "seconds", seconds, "exit_code", code, "limit", limit) : json_null();
	json_decref(stopped);
	json_decref(inspect);
	return json;
}

static json_t *drill_json(struct deck *deck, struct loop *loop, const json_t *inspect, const json_t *kernel)
{
	const json_t *limit = json_object_get(json_object_get(inspect, "Config"), "StopTimeout");
	auto_free char *body = copy_body(inspect);
	json_t *made = body != NULL ? engine_wait(deck->engine, "POST", "/containers/create", body, ASK_MS, NULL) : NULL;
	const char *id = json_string_value(json_object_get(made, "Id"));
	json_t *json = NULL;
	if (id != NULL) {
		auto_free char *start = mem_print("/containers/%s/start", id), *drop = mem_print("/containers/%s?force=1", id);
		json_t *started = engine_wait(deck->engine, "POST", start, NULL, ASK_MS, NULL);
		if (started != NULL) {
			await_start(deck, loop, id, json_array_size(json_object_get(kernel, "listens")) > 0);
			json = stop_and_time(deck, id, json_is_integer(limit) ? (int)json_integer_value(limit) : 10);
		}
		json_decref(started);
		json_decref(engine_wait(deck->engine, "DELETE", drop, NULL, ASK_MS, NULL));
	}
	json_decref(made);
	return json != NULL ? json : json_null();
}

/* ---- what they have written ---- */

/* An engine may take seconds for it: all are asked beside the rest. */
struct changes {
	struct engine_request *request;
	json_t *answer;
};

static void take_changes(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct changes *changes = data;
	changes->request = NULL;
	changes->answer = fault == NULL ? json_incref(answer->json) : NULL;
}

static void ask_changes(struct deck *deck, const char *id, struct changes *changes)
{
	auto_free char *path = mem_print("/containers/%s/changes", id);
	*changes = (struct changes){0};
	changes->request = engine_ask(deck->engine, "GET", path, NULL, ASK_MS, take_changes, changes);
}

static void put_changes(struct loop *loop, struct changes *changes, json_t *container)
{
	uint64_t began = clock_now_ns();
	while (changes->request != NULL && clock_now_ns() - began < ASK_MS * 1000000ull)
		loop_turn(loop, 100);
	engine_cancel(changes->request);
	json_object_set_new(container, "changes", changes->answer != NULL ? changes->answer : json_null());
}

/* ---- all ---- */

static bool runs_own_program(const struct deck *deck, const char *name)
{
	const struct project_service *service = deck->project != NULL ? project_find(deck->project, name) : NULL;
	return service != NULL && service->kind == PROJECT_RUST;
}

static json_t *container_json(struct deck *deck, struct loop *loop, const struct service *service, bool probe)
{
	json_t *json = json_object(), *inspect = ask(deck, "/containers/%s/json", service->container);
	const char *image = text_at(inspect, "Image", NULL);
	int pid = own_pid(deck, inspect);
	bool runs = json_is_true(json_object_get(json_object_get(inspect, "State"), "Running"));
	json_t *kernel = pid > 0 ? kernel_json(program_pid(inspect, pid)) : json_null();
	bool tty = json_is_true(json_object_get(json_object_get(inspect, "Config"), "Tty"));
	json_object_set_new(json, "service", json_string(service->name));
	json_object_set_new(json, "image", image != NULL ? ask(deck, "/images/%s/json", image) : json_null());
	json_object_set_new(json, "history", image != NULL ? ask(deck, "/images/%s/history", image) : json_null());
	json_object_set_new(json, "log", log_json(deck, loop, service->container, tty));
	json_object_set_new(json, "http", runs ? http_json(deck, inspect, kernel) : json_array());
	json_object_set_new(json, "execs", runs ? execs_json(deck, inspect) : json_array());
	json_object_set_new(json, "stop", probe && runs && runs_own_program(deck, service->name) ? drill_json(deck, loop, inspect, kernel) : json_null());
	json_object_set_new(json, "receiver", probe && runs && runs_own_program(deck, service->name) ? receiver_json(deck, loop, inspect) : json_null());
	json_object_set_new(json, "kernel", kernel);
	json_object_set_new(json, "inspect", inspect);
	return json;
}

char *deck_gather_live(struct deck *deck, struct loop *loop, bool probe)
{
	json_t *whole = json_object(), *containers = json_array();
	json_t *version = engine_wait(deck->engine, "GET", "/version", NULL, ASK_MS, NULL), *info = engine_wait(deck->engine, "GET", "/info", NULL, ASK_MS, NULL);
	size_t count = services_count(deck->services), shown = 0;
	auto_free struct changes *changes = mem_alloc(count * sizeof *changes);
	for (size_t i = 0; i < count; i++)
		if (services_at(deck->services, i)->container != NULL)
			ask_changes(deck, services_at(deck->services, i)->container, &changes[i]);
	for (size_t i = 0; i < count; i++)
		if (services_at(deck->services, i)->container != NULL)
			json_array_append_new(containers, container_json(deck, loop, services_at(deck->services, i), probe));
	for (size_t i = 0; i < count; i++)
		if (services_at(deck->services, i)->container != NULL)
			put_changes(loop, &changes[i], json_array_get(containers, shown++));
	json_object_set_new(whole, "engine", version != NULL ? version : json_null());
	json_object_set_new(whole, "info", info != NULL ? info : json_null());
	json_object_set_new(whole, "containers", containers);
	char *text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	return text;
}
