/* Requests over libcurl's multi interface, driven by our loop: curl tells
 * which descriptors and which timer it wants, we tell it what happened. */
#include "engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_LIMIT = 64 << 20 };

struct engine_request {
	struct engine *engine;
	CURL *curl;
	struct curl_slist *headers;
	char *body_out;
	struct str body;
	engine_bytes bytes;
	engine_done done;
	void *data;
	char *path;
	char error[CURL_ERROR_SIZE];
	bool cancelled, telling;
};

/* ---- curl's sockets and timer ---- */

struct watched {
	struct engine *engine;
	struct loop_fd *watch;
};

static void reap_done(struct engine *engine);

static void on_ready(void *data, int fd, int events)
{
	struct watched *watched = data;
	struct engine *engine = watched->engine;
	int running;
	int what = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(engine->multi, fd, what, &running);
	reap_done(engine); /* `watched` may be gone now */
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct engine *engine = data;
	struct watched *watched = socket_data;
	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		/* here, before curl closes the descriptor */
		if (watched != NULL)
			loop_fd_close(watched->watch);
		free(watched);
		return 0;
	}
	int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	if (watched == NULL) {
		watched = mem_alloc(sizeof *watched);
		watched->engine = engine;
		watched->watch = loop_fd_open(engine->loop, fd, events, on_ready, watched);
		curl_multi_assign(engine->multi, fd, watched);
	} else {
		loop_fd_want(watched->watch, events);
	}
	return 0;
}

static int on_wanted_timer(CURLM *multi, long ms, void *data)
{
	struct engine *engine = data;
	(void)multi;
	if (ms < 0)
		loop_timer_stop(engine->timer);
	else
		loop_timer_set(engine->timer, (uint64_t)ms, 0);
	return 0;
}

static void on_timer(void *data)
{
	struct engine *engine = data;
	int running;
	curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap_done(engine);
}

/* curl 7.88 opens its sockets without close-on-exec: children would keep the
 * streams open for ever. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)data;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one request ---- */

static void free_request(struct engine_request *request)
{
	curl_slist_free_all(request->headers);
	str_finish(&request->body);
	free(request->body_out);
	free(request->path);
	free(request);
}

static void say_unreachable(const struct engine_request *request, CURLcode code, struct fault *fault)
{
	const char *why = request->error[0] != '\0' ? request->error : curl_easy_strerror(code);
	if (code == CURLE_OPERATION_TIMEDOUT)
		fault_set(fault, FAULT_OUTSIDE, "the engine at %s did not answer in time", request->engine->address);
	else
		fault_set(fault, FAULT_OUTSIDE, "the engine at %s does not answer (%s)", request->engine->address, why);
	const char *path = request->engine->socket;
	if (path != NULL && access(path, F_OK) == 0 && access(path, W_OK) != 0)
		fault_mend(fault, "you may not use %s: `sudo usermod -aG docker $USER`, then log in again", path);
	else
		fault_mend(fault, "is it running? `sudo systemctl start docker`, or set DOCKER_HOST");
}

static void say_refused(const struct engine_answer *answer, struct fault *fault)
{
	const char *message = json_string_value(json_object_get(answer->json, "message"));
	auto_str clean = {0};
	if (message == NULL)
		message = answer->len > 0 && answer->len < 500 ? answer->body : "no reason given";
	text_add_clean(&clean, message, strlen(message), false);
	fault_set(fault, answer->status >= 500 ? FAULT_OUTSIDE : FAULT_FAILED, "the engine said: %s", str_text(&clean));
}

static void tell_done(struct engine_request *request, CURLcode code)
{
	struct fault fault = {0};
	struct engine_answer answer = {.body = str_text(&request->body), .len = request->body.len};
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &answer.status);
	if (answer.len > 0 && (answer.body[0] == '{' || answer.body[0] == '['))
		answer.json = json_loadb(answer.body, answer.len, 0, NULL);
	if (code != CURLE_OK)
		say_unreachable(request, code, &fault);
	else if (answer.status >= 400)
		say_refused(&answer, &fault);
	if (!request->cancelled)
		request->done(request->data, &answer, fault.code != FAULT_NONE ? &fault : NULL);
	json_decref(answer.json);
}

static void reap_done(struct engine *engine)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
		struct engine_request *request = NULL;
		CURL *curl = message->easy_handle;
		CURLcode code = message->data.result;
		curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&request);
		curl_multi_remove_handle(engine->multi, curl);
		request->telling = true;
		tell_done(request, code);
		curl_easy_cleanup(curl);
		engine->requests--;
		free_request(request);
	}
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
	struct engine_request *request = data;
	size_t len = size * count;
	long status = 0;
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
	if (request->cancelled)
		return 0;
	if (request->bytes != NULL && status < 400)
		return request->bytes(request->data, bytes, len) ? len : 0;
	if (request->body.len + len > BODY_LIMIT)
		return 0; /* ends the transfer: nothing here is that large */
	str_add_bytes(&request->body, bytes, len);
	return len;
}

void engine_set_up(struct engine *engine, CURL *curl, const char *path)
{
	auto_free char *url = engine->version != NULL ? mem_print("%s/v%s%s", engine->base, engine->version, path)
		: mem_print("%s%s", engine->base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (engine->socket != NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, engine->socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* the engine is never behind the web's proxy */
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
}

struct engine_request *engine_request_open(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_bytes bytes, engine_done done, void *data)
{
	struct engine_request *request = mem_alloc(sizeof *request);
	request->engine = engine;
	request->bytes = bytes;
	request->done = done;
	request->data = data;
	request->path = mem_copy_string(path);
	request->curl = curl_easy_init();
	engine_set_up(engine, request->curl, path);
	curl_easy_setopt(request->curl, CURLOPT_PRIVATE, request);
	curl_easy_setopt(request->curl, CURLOPT_ERRORBUFFER, request->error);
	curl_easy_setopt(request->curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(request->curl, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(request->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (body != NULL || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
		request->body_out = mem_copy_bytes(body != NULL ? body : "", len);
		auto_free char *header = mem_print("Content-Type: %s", type != NULL ? type : "application/json");
		request->headers = curl_slist_append(NULL, header);
		request->headers = curl_slist_append(request->headers, "Expect:");
		curl_easy_setopt(request->curl, CURLOPT_POSTFIELDS, request->body_out);
		curl_easy_setopt(request->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(request->curl, CURLOPT_HTTPHEADER, request->headers);
	}
	curl_easy_setopt(request->curl, CURLOPT_CUSTOMREQUEST, method);
	engine->requests++;
	curl_multi_add_handle(engine->multi, request->curl);
	return request;
}

/* ---- public ---- */

void engine_cancel(struct engine_request *request)
{
	if (request == NULL || request->cancelled)
		return;
	request->cancelled = true;
	if (request->telling)
		return; /* its end is being told: freed after */
	curl_multi_remove_handle(request->engine->multi, request->curl);
	curl_easy_cleanup(request->curl);
	request->engine->requests--;
	free_request(request);
}

struct engine_request *engine_send(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_done done, void *data)
{
	return engine_request_open(engine, method, path, type, body, len, timeout_ms, NULL, done, data);
}

struct engine_request *engine_ask(struct engine *engine, const char *method, const char *path,
	const char *body, unsigned timeout_ms, engine_done done, void *data)
{
	return engine_send(engine, method, path, NULL, body, body != NULL ? strlen(body) : 0, timeout_ms, done, data);
}

struct waited {
	bool done;
	json_t *json;
	struct fault fault;
};

static void on_waited(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct waited *waited = data;
	waited->done = true;
	if (fault != NULL)
		waited->fault = *fault;
	else
		waited->json = answer->json != NULL ? json_incref(answer->json) : json_null();
}

json_t *engine_wait_send(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, struct fault *fault)
{
	struct waited waited = {0};
	engine_send(engine, method, path, type, body, len, timeout_ms, on_waited, &waited);
	while (!waited.done)
		loop_turn(engine->loop, -1);
	if (waited.json == NULL && fault != NULL)
		*fault = waited.fault;
	return waited.json;
}

json_t *engine_wait(struct engine *engine, const char *method, const char *path, const char *body,
	unsigned timeout_ms, struct fault *fault)
{
	return engine_wait_send(engine, method, path, NULL, body, body != NULL ? strlen(body) : 0, timeout_ms, fault);
}

char *engine_quote(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct str out = {0};
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			str_add_char(&out, *text);
		else
			str_print(&out, "%%%02X", (unsigned char)*text);
	}
	return str_steal(&out);
}

/* ---- set-up, called by engine.c ---- */

void engine_multi_open(struct engine *engine);
void engine_multi_close(struct engine *engine);

void engine_multi_open(struct engine *engine)
{
	engine->multi = curl_multi_init();
	engine->timer = loop_timer_open(engine->loop, on_timer, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_wanted_timer);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
}

void engine_multi_close(struct engine *engine)
{
	if (engine->requests > 0)
		log_line("engine: %u requests were under way at the end", engine->requests);
	curl_multi_cleanup(engine->multi);
	loop_timer_close(engine->timer);
}
