/* Streams: the engine's frames, and hijacked connections (attach, exec with
 * input). curl connects, with TLS where it must be; from then on the bytes are
 * ours: the request is written by hand, and after the engine's 101 both sides
 * send what they like. */
#include "engine.h"

#include <stdio.h>

enum { HEAD_LIMIT = 65536, OUT_LIMIT = 64 << 20, BLOCK = 65536, BLOCKS_A_TURN = 16, ANSWER_MS = 15000 };

/* ---- frames ---- */

bool frames_feed(struct frame_splitter *splitter, const char *bytes, size_t len, frame_call call, void *data)
{
	while (len > 0) {
		if (splitter->left > 0) {
			size_t part = len < splitter->left ? len : splitter->left;
			splitter->left -= (uint32_t)part;
			call(data, splitter->stream, bytes, part);
			bytes += part;
			len -= part;
			continue;
		}
		splitter->head[splitter->head_len++] = (unsigned char)*bytes++;
		len--;
		if (splitter->head_len < 8)
			continue;
		const unsigned char *head = splitter->head;
		if (head[0] > 3 || head[1] != 0 || head[2] != 0 || head[3] != 0)
			return false;
		splitter->head_len = 0;
		splitter->stream = head[0];
		splitter->left = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 | head[7];
		splitter->fresh = true;
	}
	return true;
}

/* ---- hijacked connections ---- */

struct engine_stream {
	struct engine_connect connect;
	struct engine *engine;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	struct loop_fd *watch;
	struct loop_timer *patience; /* until the engine has answered */
	struct engine_stream_call call;
	void *data;
	struct str out; /* what the socket does not take yet */
	struct str early; /* written before the engine has answered */
	struct str head; /* the answer's head, until its blank line */
	struct frame_splitter splitter;
	bool framed, upgraded, ended, closed;
	unsigned holds; /* calls that are under way */
};

static void release(struct engine_stream *stream)
{
	if (--stream->holds > 0 || !stream->closed)
		return;
	str_finish(&stream->out);
	str_finish(&stream->early);
	str_finish(&stream->head);
	free(stream);
}

static void disconnect(struct engine_stream *stream)
{
	stream->ended = true;
	loop_fd_close(stream->watch);
	loop_timer_close(stream->patience);
	engine_connect_close(stream->engine, stream->curl);
	stream->watch = NULL;
	stream->patience = NULL;
	stream->curl = NULL;
}

/* Stops the talk; the object lives until its owner closes it. */
static void end_stream(struct engine_stream *stream, const struct fault *fault)
{
	if (stream->ended)
		return;
	disconnect(stream);
	if (stream->call.end != NULL)
		stream->call.end(stream->data, fault);
}

/* `sentence` names the engine's address with its %s. */
static void end_early(struct engine_stream *stream, const char *sentence)
{
	struct fault fault = {0};
	fault_set(&fault, FAULT_OUTSIDE, sentence, stream->engine->place.address);
	end_stream(stream, &fault);
}

static void give_bytes(void *data, int which, const char *bytes, size_t len)
{
	struct engine_stream *stream = data;
	if (!stream->ended)
		stream->call.bytes(stream->data, which, bytes, len);
}

/* ---- the engine's answer ---- */

/* Moves on behind the head, when it is whole. */
static bool take_head(struct engine_stream *stream, const char **bytes, size_t *len)
{
	size_t before = stream->head.len;
	str_add_bytes(&stream->head, *bytes, *len);
	const char *end = memmem(str_text(&stream->head), stream->head.len, "\r\n\r\n", 4);
	if (end == NULL)
		return false;
	size_t head = (size_t)(end + 4 - stream->head.data);
	*bytes += head - before;
	*len -= head - before;
	str_cut(&stream->head, head);
	return true;
}

/* The engine says why as {"message":…} behind the head, most often at once. */
static void end_refused(struct engine_stream *stream, int status, const char *bytes, size_t len)
{
	struct fault fault = {0};
	json_t *json = json_loadb(bytes, len, JSON_DISABLE_EOF_CHECK, NULL);
	const char *message = json_string_value(json_object_get(json, "message"));
	auto_str clean = {0};
	if (message != NULL)
		text_add_clean(&clean, message, strnlen(message, 600), false);
	else
		str_print(&clean, _("status %d"), status);
	fault_set(&fault, status >= 500 ? FAULT_OUTSIDE : FAULT_FAILED, "the engine refused the stream: %s", str_text(&clean));
	json_decref(json);
	end_stream(stream, &fault);
}

static void write_out(struct engine_stream *stream);

static bool is_answered(struct engine_stream *stream, const char **bytes, size_t *len)
{
	if (!take_head(stream, bytes, len)) {
		if (stream->head.len > HEAD_LIMIT)
			end_early(stream, N_("the engine at %s sent something that is no answer"));
		return false;
	}
	const char *head = str_text(&stream->head), *blank = strchr(head, ' ');
	int status = text_starts_with(head, "HTTP/1.") && blank != NULL ? (int)strtol(blank, NULL, 10) : 0;
	if (status != 101 && status != 200) {
		end_refused(stream, status, *bytes, *len);
		return false;
	}
	stream->upgraded = true;
	loop_timer_stop(stream->patience);
	if (stream->call.open != NULL)
		stream->call.open(stream->data);
	if (stream->ended)
		return false;
	str_add_bytes(&stream->out, str_text(&stream->early), stream->early.len);
	str_finish(&stream->early);
	write_out(stream);
	return !stream->ended;
}

static void hear(struct engine_stream *stream, const char *bytes, size_t len)
{
	if (!stream->upgraded && !is_answered(stream, &bytes, &len))
		return;
	if (len == 0)
		return;
	if (!stream->framed)
		give_bytes(stream, 1, bytes, len);
	else if (!frames_feed(&stream->splitter, bytes, len, give_bytes, stream) && !stream->ended)
		end_early(stream, N_("the engine at %s sent a broken stream"));
}

/* ---- the socket ---- */

static void read_in(struct engine_stream *stream)
{
	char block[BLOCK];
	/* with TLS until it is empty: the socket does not tell of what was decoded */
	bool tls = stream->engine->place.socket == NULL;
	for (int i = 0; (tls || i < BLOCKS_A_TURN) && !stream->ended; i++) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(stream->curl, block, sizeof block, &got);
		if (code == CURLE_AGAIN)
			return;
		if (code == CURLE_OK && got > 0)
			hear(stream, block, got);
		else if (!stream->upgraded)
			end_early(stream, N_("the engine at %s closed the stream before it answered"));
		else
			end_stream(stream, NULL);
	}
}

static void write_out(struct engine_stream *stream)
{
	size_t done = 0;
	while (done < stream->out.len) {
		size_t put = 0;
		CURLcode code = curl_easy_send(stream->curl, stream->out.data + done, stream->out.len - done, &put);
		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK) {
			/* what it said before it went may still be read */
			str_clear(&stream->out);
			loop_fd_want(stream->watch, LOOP_READ);
			return;
		}
		done += put;
	}
	str_drop_front(&stream->out, done);
	loop_fd_want(stream->watch, LOOP_READ | (stream->out.len > 0 ? LOOP_WRITE : 0));
}

static void on_socket(void *data, int fd, int events)
{
	struct engine_stream *stream = data;
	(void)fd;
	stream->holds++;
	if (events & LOOP_WRITE)
		write_out(stream);
	if (events & LOOP_READ && !stream->ended)
		read_in(stream);
	release(stream);
}

static void on_connected(struct engine_connect *connect, CURLcode code)
{
	struct engine_stream *stream = (struct engine_stream *)(void *)connect;
	curl_socket_t fd = CURL_SOCKET_BAD;
	stream->holds++;
	if (code == CURLE_OK && curl_easy_getinfo(stream->curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) {
		stream->watch = loop_fd_open(stream->engine->loop, fd, LOOP_READ, on_socket, stream);
		write_out(stream);
	} else {
		struct fault fault = {0};
		engine_say_unreachable(stream->engine, code, stream->error, &fault);
		end_stream(stream, &fault);
	}
	release(stream);
}

static void on_impatient(void *data)
{
	struct engine_stream *stream = data;
	stream->holds++;
	end_early(stream, N_("the engine at %s did not answer in time"));
	release(stream);
}

/* ---- public ---- */

struct engine_stream *engine_stream_open(struct engine *engine, const char *path, const char *body, bool framed,
	const struct engine_stream_call *call, void *data, struct fault *fault)
{
	(void)fault; /* what fails is told at the end */
	struct engine_stream *stream = mem_alloc(sizeof *stream);
	stream->connect.call = on_connected;
	stream->engine = engine;
	stream->framed = framed;
	stream->call = *call;
	stream->data = data;
	str_print(&stream->out, /* no text */ "POST /v%s%s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		engine->version, path, body != NULL ? strlen(body) : 0, body != NULL ? body : "");
	stream->patience = loop_timer_open(engine->loop, on_impatient, stream);
	loop_timer_set(stream->patience, ANSWER_MS, 0);
	stream->curl = engine_connect_open(engine, &stream->connect, stream->error);
	return stream;
}

void engine_stream_write(struct engine_stream *stream, const void *bytes, size_t len)
{
	if (stream->ended)
		return;
	struct str *out = stream->upgraded ? &stream->out : &stream->early;
	if (out->len + len > OUT_LIMIT) {
		stream->holds++;
		end_early(stream, N_("the engine at %s does not take what is sent to it"));
		release(stream);
		return;
	}
	str_add_bytes(out, bytes, len);
	if (stream->upgraded)
		write_out(stream);
}

void engine_stream_close(struct engine_stream *stream)
{
	if (stream == NULL || stream->closed)
		return;
	stream->closed = true;
	if (!stream->ended)
		disconnect(stream);
	stream->holds++;
	release(stream);
}
