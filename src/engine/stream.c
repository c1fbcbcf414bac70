/* Streams: the engine's frames, container logs that go on after a break, and
 * hijacked connections (attach, exec with input). */
#include "engine.h"

#include <stdio.h>

/* ---- frames ---- */

bool frames_feed(struct frame_splitter *splitter, const char *bytes, size_t len, frame_call call, void *data)
{
	while (len > 0) {
		if (splitter->left > 0) {
			size_t part = len < splitter->left ? len : splitter->left;
			call(data, splitter->stream, bytes, part);
			splitter->left -= (uint32_t)part;
			bytes += part;
			len -= part;
			continue;
		}
		splitter->head[splitter->head_len++] = (unsigned char)*bytes++;
		len--;
		if (splitter->head_len < 8)
			continue;
		const unsigned char *head = splitter->head;
		splitter->head_len = 0;
		splitter->stream = head[0];
		splitter->left = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 | head[7];
		if (head[0] > 3 || head[1] != 0 || head[2] != 0 || head[3] != 0)
			return false;
	}
	return true;
}

/* ---- logs ---- */

enum { LINE_LIMIT = 1 << 20 };

struct half_line {
	struct str text;
	int64_t time_ns;
	bool stamped, cut;
	struct str stamp; /* bytes of the stamp that is not whole yet */
	bool in_stamp;
};

struct engine_log {
	struct engine *engine;
	char *container;
	bool tty, follow;
	struct engine_log_call call;
	void *data;
	struct engine_request *request;
	struct loop_timer *again;
	struct frame_splitter splitter;
	struct half_line halves[3];
	int64_t last_ns; /* of the newest line given */
	unsigned same; /* lines given with that stamp */
	unsigned skip; /* of them, still to be dropped after a resume */
	bool broken;
};

static void give_line(struct engine_log *log, int stream)
{
	struct half_line *half = &log->halves[stream];
	if (half->time_ns == log->last_ns && log->skip > 0) {
		log->skip--; /* it was given before the break */
	} else {
		log->same = half->time_ns == log->last_ns ? log->same + 1 : 1;
		log->last_ns = half->time_ns;
		log->call.line(log->data, &(struct engine_log_line){
			.stream = stream, .time_ns = half->time_ns, .text = str_text(&half->text), .len = half->text.len, .cut = half->cut});
	}
	str_clear(&half->text);
	half->stamped = half->cut = false;
}

/* Every piece of a long line begins with the same stamp: the first counts. */
static size_t read_stamp(struct half_line *half, const char *bytes, size_t len)
{
	const char *blank = memchr(bytes, ' ', len);
	size_t part = blank != NULL ? (size_t)(blank - bytes) : len;
	if (half->stamp.len + part < 64)
		str_add_bytes(&half->stamp, bytes, part);
	if (blank == NULL)
		return len;
	if (!half->stamped)
		half->time_ns = clock_parse_rfc3339_ns(str_text(&half->stamp));
	half->stamped = true;
	half->in_stamp = false;
	str_clear(&half->stamp);
	return part + 1;
}

static void add_text(struct half_line *half, const char *bytes, size_t len)
{
	size_t room = LINE_LIMIT - half->text.len;
	half->cut = half->cut || len > room;
	str_add_bytes(&half->text, bytes, len < room ? len : room);
}

static void on_log_piece(void *data, int stream, const char *bytes, size_t len)
{
	struct engine_log *log = data;
	stream = stream == 2 ? 2 : 1;
	struct half_line *half = &log->halves[stream];
	while (len > 0) {
		if (half->in_stamp) {
			size_t used = read_stamp(half, bytes, len);
			bytes += used;
			len -= used;
			continue;
		}
		const char *newline = memchr(bytes, '\n', len);
		size_t part = newline != NULL ? (size_t)(newline - bytes) : len;
		add_text(half, bytes, part);
		bytes += part + (newline != NULL);
		len -= part + (newline != NULL);
		if (newline == NULL)
			break;
		if (log->tty && half->text.len > 0 && half->text.data[half->text.len - 1] == '\r')
			str_cut(&half->text, half->text.len - 1);
		give_line(log, stream);
		half->in_stamp = true;
	}
}

static void on_log_frame(void *data, int stream, const char *bytes, size_t len)
{
	struct engine_log *log = data;
	on_log_piece(log, stream == 2 ? 2 : 1, bytes, len);
}

static bool on_log_bytes(void *data, const char *bytes, size_t len)
{
	struct engine_log *log = data;
	log->broken = false;
	if (log->tty) {
		on_log_piece(log, 1, bytes, len);
		return true;
	}
	/* a new frame begins with a stamp, also in the middle of a line */
	while (len > 0) {
		size_t step = log->splitter.left > 0 ? (len < log->splitter.left ? len : log->splitter.left) : 1;
		bool was_head = log->splitter.left == 0;
		if (!frames_feed(&log->splitter, bytes, step, on_log_frame, log))
			return false;
		if (was_head && log->splitter.left > 0)
			log->halves[log->splitter.stream == 2 ? 2 : 1].in_stamp = true;
		bytes += step;
		len -= step;
	}
	return true;
}

static void start_log(struct engine_log *log, unsigned tail);

static void log_again(void *data)
{
	struct engine_log *log = data;
	start_log(log, 0);
}

static void on_log_end(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine_log *log = data;
	log->request = NULL;
	bool outside = fault != NULL && (answer->status == 0 || answer->status >= 500);
	if (log->follow && outside) {
		if (!log->broken)
			log->call.gap(log->data);
		log->broken = true;
		loop_timer_set(log->again, 500, 0);
		return;
	}
	log->call.end(log->data, fault);
}

static void start_log(struct engine_log *log, unsigned tail)
{
	auto_free char *from = log->last_ns > 0
		? mem_print("&since=%lld.%09lld", (long long)(log->last_ns / 1000000000), (long long)(log->last_ns % 1000000000))
		: mem_print("&tail=%u", tail);
	auto_free char *path = mem_print("/containers/%s/logs?stdout=1&stderr=1&timestamps=1&follow=%d%s",
		log->container, log->follow, from);
	log->skip = log->last_ns > 0 ? log->same : 0;
	log->splitter = (struct frame_splitter){0};
	for (size_t i = 0; i < COUNT_OF(log->halves); i++) {
		str_clear(&log->halves[i].text);
		str_clear(&log->halves[i].stamp);
		log->halves[i].stamped = log->halves[i].cut = false;
		log->halves[i].in_stamp = true;
	}
	log->request = engine_request_open(log->engine, "GET", path, NULL, NULL, 0, 0, on_log_bytes, on_log_end, log);
}

struct engine_log *engine_log_open(struct engine *engine, const char *container, bool tty, unsigned tail, bool follow,
	const struct engine_log_call *call, void *data)
{
	struct engine_log *log = mem_alloc(sizeof *log);
	log->engine = engine;
	log->container = mem_copy_string(container);
	log->tty = tty;
	log->follow = follow;
	log->call = *call;
	log->data = data;
	log->again = loop_timer_open(engine->loop, log_again, log);
	start_log(log, tail);
	return log;
}

void engine_log_close(struct engine_log *log)
{
	if (log == NULL)
		return;
	engine_cancel(log->request);
	loop_timer_close(log->again);
	for (size_t i = 0; i < COUNT_OF(log->halves); i++) {
		str_finish(&log->halves[i].text);
		str_finish(&log->halves[i].stamp);
	}
	free(log->container);
	free(log);
}

/* ---- hijacked connections ---- */

struct engine_stream {
	struct engine *engine;
	CURL *curl;
	struct loop_fd *watch;
	struct engine_stream_call call;
	void *data;
	struct str out; /* what the socket does not take yet */
	struct str head; /* the answer's head, until its blank line */
	struct frame_splitter splitter;
	bool framed, upgraded, ended, in_call;
};

static void free_stream(struct engine_stream *stream)
{
	str_finish(&stream->out);
	str_finish(&stream->head);
	free(stream);
}

/* Stops the talk; the object lives until its owner closes it. */
static void end_stream(struct engine_stream *stream, const struct fault *fault)
{
	if (stream->ended)
		return;
	stream->ended = true;
	loop_fd_close(stream->watch);
	curl_easy_cleanup(stream->curl);
	stream->curl = NULL;
	if (fault != NULL || stream->call.end != NULL)
		stream->call.end(stream->data, fault);
}

static void give_bytes(void *data, int which, const char *bytes, size_t len)
{
	struct engine_stream *stream = data;
	if (!stream->ended)
		stream->call.bytes(stream->data, which, bytes, len);
}

static bool take_head(struct engine_stream *stream, const char **bytes, size_t *len)
{
	size_t before = stream->head.len;
	str_add_bytes(&stream->head, *bytes, *len);
	const char *end = strstr(str_text(&stream->head), "\r\n\r\n");
	if (end == NULL)
		return false;
	size_t head = (size_t)(end + 4 - str_text(&stream->head));
	*bytes += head - before;
	*len -= head - before;
	stream->upgraded = true;
	return true;
}

static void hear(struct engine_stream *stream, const char *bytes, size_t len)
{
	struct fault fault;
	if (!stream->upgraded) {
		if (!take_head(stream, &bytes, &len)) {
			if (stream->head.len > 65536)
				end_stream(stream, NULL);
			return;
		}
		const char *status = strchr(str_text(&stream->head), ' ');
		if (status == NULL || (atoi(status) != 101 && atoi(status) != 200)) {
			auto_str clean = {0};
			text_add_clean(&clean, bytes, len, false);
			fault_set(&fault, FAULT_FAILED, "the engine refused the stream: %s", str_text(&clean));
			end_stream(stream, &fault);
			return;
		}
		if (stream->call.open != NULL)
			stream->call.open(stream->data);
	}
	if (len == 0 || stream->ended)
		return;
	if (!stream->framed) {
		give_bytes(stream, 1, bytes, len);
	} else if (!frames_feed(&stream->splitter, bytes, len, give_bytes, stream) && !stream->ended) {
		fault_set(&fault, FAULT_OUTSIDE, "the engine sent a broken stream");
		end_stream(stream, &fault);
	}
}

static void read_stream(struct engine_stream *stream)
{
	char block[65536];
	/* with TLS: until it is empty, the socket may not tell again */
	for (int i = 0; i < 16 && !stream->ended; i++) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(stream->curl, block, sizeof block, &got);
		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK || got == 0) {
			end_stream(stream, NULL);
			return;
		}
		hear(stream, block, got);
	}
}

static void write_stream(struct engine_stream *stream)
{
	while (stream->out.len > 0 && !stream->ended) {
		size_t put = 0;
		CURLcode code = curl_easy_send(stream->curl, stream->out.data, stream->out.len, &put);
		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK) {
			end_stream(stream, NULL);
			return;
		}
		str_drop_front(&stream->out, put);
	}
	if (!stream->ended)
		loop_fd_want(stream->watch, LOOP_READ | (stream->out.len > 0 ? LOOP_WRITE : 0));
}

static void on_stream(void *data, int fd, int events)
{
	struct engine_stream *stream = data;
	(void)fd;
	stream->in_call = true;
	if (events & LOOP_WRITE)
		write_stream(stream);
	if (events & LOOP_READ && !stream->ended)
		read_stream(stream);
	stream->in_call = false;
	if (stream->data == NULL && stream->ended && stream->call.bytes == NULL)
		free_stream(stream); /* closed from inside its own call */
}

struct engine_stream *engine_stream_open(struct engine *engine, const char *path, const char *body, bool framed,
	const struct engine_stream_call *call, void *data, struct fault *fault)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURL *curl = curl_easy_init();
	char error[CURL_ERROR_SIZE] = "";
	engine_set_up(engine, curl, "/");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	if (curl_easy_perform(curl) != CURLE_OK || curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK) {
		fault_set(fault, FAULT_OUTSIDE, "the engine at %s does not answer (%s)", engine->address, error);
		curl_easy_cleanup(curl);
		return NULL;
	}
	struct engine_stream *stream = mem_alloc(sizeof *stream);
	stream->engine = engine;
	stream->curl = curl;
	stream->framed = framed;
	stream->call = *call;
	stream->data = data;
	str_print(&stream->out, "POST /v%s%s HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		engine->version, path, body != NULL ? strlen(body) : 0, body != NULL ? body : "");
	stream->watch = loop_fd_open(engine->loop, fd, LOOP_READ | LOOP_WRITE, on_stream, stream);
	return stream;
}

void engine_stream_write(struct engine_stream *stream, const void *bytes, size_t len)
{
	if (stream->ended)
		return;
	str_add_bytes(&stream->out, bytes, len);
	if (stream->upgraded)
		write_stream(stream);
}

void engine_stream_close(struct engine_stream *stream)
{
	if (stream == NULL)
		return;
	if (!stream->ended) {
		stream->ended = true;
		loop_fd_close(stream->watch);
		curl_easy_cleanup(stream->curl);
	}
	if (!stream->in_call) {
		free_stream(stream);
		return;
	}
	stream->data = NULL;
	stream->call.bytes = NULL;
}
