/* Requests over libcurl's multi interface, driven by our loop: curl tells
 * which descriptors and which timer it wants, we tell it what happened. Owners
 * are called after curl has returned, never from inside its own calls: there it
 * would refuse new requests and the end of old ones. */
#include "engine.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_LIMIT = 64 << 20, STREAM_BLOCK = 65536, APART_BYTES = 256 << 10 };

struct engine_request {
	struct engine *engine;
	struct engine_request *next, **place; /* in the list of all */
	CURL *curl;
	struct curl_slist *headers;
	char *body_out;
	struct str body;
	const struct engine_reader *reader; /* of the answer, or NULL */
	struct engine_apart *apart; /* reads the answer; NULL: not so large, or not there yet */
	struct str inbox; /* of a stream: not given to its owner yet */
	engine_bytes bytes;
	engine_done done;
	void *data;
	char error[CURL_ERROR_SIZE];
	bool answered, told_answered; /* the head of a good answer has come */
	bool is_ready; /* stands in the engine's list of those with news */
	bool too_large;
	bool in_call, cancelled;
};

/* ---- curl's sockets and timer ---- */

struct watched {
	struct engine *engine;
	struct loop_fd *watch;
};

static void tell_news(struct engine *engine);

static void on_ready(void *data, int fd, int events)
{
	struct watched *watched = data;
	struct engine *engine = watched->engine;
	int running;
	int what = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(engine->multi, fd, what, &running);
	tell_news(engine); /* `watched` may be gone now */
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
		curl_multi_assign(engine->multi, fd, NULL);
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
	tell_news(engine);
}

/* curl 7.88 opens its sockets without close-on-exec: children would keep the
 * streams open for ever. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)data;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- a request's life ---- */

static void forget_news(struct engine_request *request)
{
	struct engine *engine = request->engine;
	for (size_t i = 0; i < engine->ready.count && request->is_ready; i++) {
		if (engine->ready.items[i] != request)
			continue;
		array_remove(&engine->ready, i);
		request->is_ready = false;
	}
}

static void free_request(struct engine_request *request)
{
	forget_news(request);
	engine_apart_cancel(request->apart);
	if (request->next != NULL)
		request->next->place = request->place;
	*request->place = request->next;
	curl_multi_remove_handle(request->engine->multi, request->curl);
	curl_easy_cleanup(request->curl);
	curl_slist_free_all(request->headers);
	str_finish(&request->body);
	str_finish(&request->inbox);
	free(request->body_out);
	free(request);
}

void engine_say_unreachable(const struct engine *engine, CURLcode code, const char *error, struct fault *fault)
{
	const char *why = error != NULL && error[0] != '\0' ? error : curl_easy_strerror(code);
	const char *path = engine->place.socket;
	auto_str clean = {0};
	text_add_clean(&clean, why, strlen(why), false);
	if (code == CURLE_OPERATION_TIMEDOUT)
		fault_set(fault, FAULT_OUTSIDE, "the engine at %s did not answer in time", engine->place.address);
	else
		fault_set(fault, FAULT_OUTSIDE, "the engine at %s does not answer (%s)", engine->place.address, str_text(&clean));
	if (path != NULL && access(path, F_OK) == 0 && access(path, W_OK) != 0)
		fault_mend(fault, "you may not use %s: `sudo usermod -aG docker $USER`, then log in again", path);
	else if (path == NULL && text_starts_with(engine->place.base, "http://") && code == CURLE_GOT_NOTHING)
		fault_mend(fault, "does it want TLS? Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH");
	else
		fault_mend(fault, "is it running? `sudo systemctl start docker`, or set DOCKER_HOST");
}

static void say_refused(const struct engine_answer *answer, struct fault *fault)
{
	const char *message = json_string_value(json_object_get(answer->json, "message"));
	auto_str clean = {0};
	if (message == NULL)
		message = answer->len > 0 && answer->len < 500 && answer->json == NULL ? answer->body : NULL;
	if (message != NULL)
		text_add_clean(&clean, message, strnlen(message, 600), false);
	else
		str_print(&clean, _("status %ld, without a reason"), answer->status);
	fault_set(fault, answer->status >= 500 ? FAULT_OUTSIDE : FAULT_FAILED, "the engine said: %s", str_text(&clean));
}

static bool is_json(const struct str *body)
{
	return body->len > 0 && (body->data[0] == '{' || body->data[0] == '[');
}

/* The end of a request: its owner is told, then it is gone. */
static void tell_answer(struct engine_request *request, CURLcode code, bool senseless, struct engine_answer answer)
{
	struct engine *engine = request->engine;
	struct fault fault = {0};
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &answer.status);
	if (senseless)
		fault_set(&fault, FAULT_INPUT, "what the engine at %s sent makes no sense", engine->place.address);
	else if (request->too_large)
		fault_set(&fault, FAULT_INPUT, "the engine's answer is larger than the %d MiB that are read at most", BODY_LIMIT >> 20);
	else if (code != CURLE_OK)
		engine_say_unreachable(engine, code, request->error, &fault);
	else if (answer.status >= 400)
		say_refused(&answer, &fault);
	request->in_call = true;
	if (!request->cancelled)
		request->done(request->data, &answer, fault.code != FAULT_NONE ? &fault : NULL);
	free_request(request);
}

static void tell_done(struct engine_request *request, CURLcode code, bool senseless)
{
	const struct engine_reader *reader = request->reader;
	struct engine_answer answer = {.body = str_text(&request->body), .len = request->body.len};
	answer.json = is_json(&request->body) ? json_loadb(request->body.data, request->body.len, JSON_ALLOW_NUL, NULL) : NULL;
	answer.read = answer.json != NULL && reader != NULL ? reader->read(answer.json) : NULL;
	tell_answer(request, code, senseless, answer);
	json_decref(answer.json);
	if (answer.read != NULL)
		reader->drop(answer.read);
}

static void on_parsed(struct engine_request *request, const struct engine_answer *answer)
{
	request->apart = NULL;
	tell_answer(request, CURLE_OK, false, *answer);
}

/* False: it is told at once. */
static bool read_apart(struct engine_request *request, CURLcode code)
{
	if (code != CURLE_OK || request->body.len < APART_BYTES || request->too_large || !is_json(&request->body))
		return false;
	request->apart = engine_apart_open(request->engine, request, &request->body, request->reader, on_parsed);
	return request->apart != NULL;
}

static void give_inbox(struct engine_request *request)
{
	bool good = true;
	struct str bytes = request->inbox;
	request->inbox = (struct str){0};
	request->in_call = true;
	if (request->answered && !request->told_answered) {
		request->told_answered = true;
		good = request->bytes(request->data, "", 0);
	}
	if (good && bytes.len > 0 && !request->cancelled)
		good = request->bytes(request->data, bytes.data, bytes.len);
	request->in_call = false;
	str_finish(&bytes);
	if (request->cancelled)
		free_request(request);
	else if (!good)
		tell_done(request, CURLE_OK, true);
}

static void give_inboxes(struct engine *engine)
{
	while (engine->ready.count > 0) {
		struct engine_request *request = engine->ready.items[0];
		forget_news(request);
		give_inbox(request);
	}
}

/* Everything is looked up anew after each call: owners may open and cancel
 * whatever they like in it. */
static void tell_news(struct engine *engine)
{
	int left;
	CURLMsg *message;
	give_inboxes(engine);
	while ((message = curl_multi_info_read(engine->multi, &left)) != NULL) {
		CURL *curl = message->easy_handle;
		CURLcode code = message->data.result;
		char *owner = NULL;
		struct engine_request *request = engine->requests;
		while (request != NULL && request->curl != curl)
			request = request->next;
		curl_easy_getinfo(curl, CURLINFO_PRIVATE, &owner);
		struct engine_connect *connect = (struct engine_connect *)(void *)owner;
		if (request != NULL && !read_apart(request, code))
			tell_done(request, code, false);
		else if (request == NULL)
			connect->call(connect, code); /* it is in no list */
		give_inboxes(engine);
	}
}

static void has_news(struct engine_request *request)
{
	if (request->is_ready)
		return;
	request->is_ready = true;
	*array_add(&request->engine->ready) = request;
}

static bool streams(const struct engine_request *request)
{
	long status = 0;
	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
	return request->bytes != NULL && status >= 200 && status < 300;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
	struct engine_request *request = data;
	size_t len = size * count;
	if (streams(request)) {
		str_add_bytes(&request->inbox, bytes, len);
		has_news(request);
		return len;
	}
	request->too_large = request->body.len + len > BODY_LIMIT;
	if (request->too_large)
		return 0; /* ends the transfer: nothing here is that large */
	str_add_bytes(&request->body, bytes, len);
	return len;
}

static size_t on_head(char *bytes, size_t size, size_t count, void *data)
{
	struct engine_request *request = data;
	size_t len = size * count;
	engine_hear_head(request->engine, bytes, len);
	if (len == 2 && bytes[0] == '\r' && streams(request)) {
		request->answered = true;
		has_news(request);
	}
	return len;
}

/* ---- curl's options ---- */

static void set_up(const struct engine *engine, CURL *curl, const char *path)
{
	const struct engine_place *place = &engine->place;
	auto_free char *url = engine->version != NULL ? mem_print("%s/v%s%s", place->base, engine->version, path)
		: mem_print("%s%s", place->base, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (place->socket != NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, place->socket);
	if (place->ca != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, place->ca);
	if (place->cert != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, place->cert);
	if (place->key != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, place->key);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, place->verify ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, place->verify ? 2L : 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1); /* streams are hijacked */
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L); /* a stream may be silent for days */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* the engine is never behind the web's proxy */
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
}

static void set_body(struct engine_request *request, const char *method, const char *type, const void *body, size_t len)
{
	CURL *curl = request->curl;
	if (body != NULL || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
		request->body_out = mem_copy_bytes(body != NULL ? body : "", len);
		auto_free char *header = mem_print("Content-Type: %s", type != NULL ? type : "application/json");
		request->headers = curl_slist_append(NULL, header);
		request->headers = curl_slist_append(request->headers, "Expect:");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body_out);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request->headers);
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

struct engine_request *engine_request_open(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_bytes bytes, engine_done done, void *data)
{
	struct engine_request *request = mem_alloc(sizeof *request);
	request->engine = engine;
	request->bytes = bytes;
	request->done = done;
	request->data = data;
	request->curl = curl_easy_init();
	CURL *curl = request->curl;
	set_up(engine, curl, path);
	set_body(request, method, type, body, len);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (bytes != NULL)
		curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)STREAM_BLOCK);
	request->next = engine->requests;
	request->place = &engine->requests;
	if (request->next != NULL)
		request->next->place = &request->next;
	engine->requests = request;
	curl_multi_add_handle(engine->multi, curl);
	return request;
}

CURL *engine_connect_open(struct engine *engine, struct engine_connect *connect, char *error)
{
	CURL *curl = curl_easy_init();
	set_up(engine, curl, "/");
	curl_easy_setopt(curl, CURLOPT_PRIVATE, connect);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_multi_add_handle(engine->multi, curl);
	return curl;
}

void engine_connect_close(struct engine *engine, CURL *curl)
{
	curl_multi_remove_handle(engine->multi, curl);
	curl_easy_cleanup(curl);
}

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
	while (engine->requests != NULL)
		free_request(engine->requests);
	engine_apart_close(engine);
	curl_multi_cleanup(engine->multi);
	loop_timer_close(engine->timer);
	array_finish(&engine->ready);
}

/* ---- public ---- */

void engine_cancel(struct engine_request *request)
{
	if (request == NULL || request->cancelled)
		return;
	request->cancelled = true;
	if (!request->in_call)
		free_request(request); /* else after the call that it is in */
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

struct engine_request *engine_ask_read(struct engine *engine, const char *path, unsigned timeout_ms,
	const struct engine_reader *reader, engine_done done, void *data)
{
	struct engine_request *request = engine_ask(engine, "GET", path, NULL, timeout_ms, done, data);
	request->reader = reader;
	return request;
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
