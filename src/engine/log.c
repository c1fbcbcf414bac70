/* A container's log, line by line, that goes on after a break. The engine's
 * frames are joined to lines; each carries a stamp, and after a break the log is
 * asked for from the newest stamp on, less the lines already given with it. The
 * engine looks for a stamp from the log's beginning, which takes a second for
 * each 60 MB of it: the last lines alone are asked for first, and all only where
 * these do not reach back. */
#include "engine.h"

#include <ctype.h>

enum { LINE_LIMIT = 1 << 20, STAMP_LIMIT = 40, PART = 16384, KEEP_ROOM = 65536, REFUSALS = 3, NEAR_LINES = 2000 };

struct half_line {
	struct str text;
	int64_t time_ns;
	bool stamped, cut;
	bool is_given; /* it was too long, and its beginning is given: the rest is dropped */
	bool in_stamp;
	int64_t last_ns; /* of this stream's last line */
	struct str stamp; /* the one being read */
	char first[STAMP_LIMIT + 2]; /* the line's own, with its blank */
};

struct engine_log {
	struct engine *engine;
	char *container; /* quoted for a path */
	bool tty, follow;
	unsigned tail;
	int64_t opened_ms;
	struct engine_log_call call;
	void *data;
	struct engine_request *request; /* the stream, or the question whether the container runs */
	struct loop_timer *again;
	unsigned again_ms, refusals;
	struct frame_splitter splitter;
	struct half_line halves[3];
	int64_t last_ns; /* the newest stamp given */
	unsigned same; /* lines given with that stamp */
	unsigned skip; /* of them, still to come again after a break */
	bool resuming; /* until a line newer than the newest one came */
	bool is_near; /* of what came since, the last lines alone were asked for */
	bool is_short; /* they do not reach back to the newest one */
	bool rest; /* the container has ended: what is still to be read */
	unsigned holds; /* calls that are under way */
	bool closed;
	char second[20]; /* the last stamp's first 19 letters, and what they mean */
	int64_t second_ns;
};

/* ---- life ---- */

static void free_halves(struct engine_log *log)
{
	for (size_t i = 0; i < COUNT_OF(log->halves); i++) {
		str_finish(&log->halves[i].text);
		str_finish(&log->halves[i].stamp);
		log->halves[i] = (struct half_line){.in_stamp = true};
	}
}

static void release(struct engine_log *log)
{
	if (--log->holds > 0 || !log->closed)
		return;
	free_halves(log);
	free(log->container);
	free(log);
}

/* ---- stamps ---- */

/* "2026-11-23T14:02:11.204561234Z": the second is mostly that of the line
 * before, and reading a date takes longer than all the rest of a line. */
static int64_t read_time(struct engine_log *log, const struct str *stamp)
{
	const char *text = str_text(stamp);
	if (stamp->len != 30 || text[19] != '.' || text[29] != 'Z')
		return clock_parse_rfc3339_ns(text);
	int64_t nanos = 0;
	for (size_t i = 20; i < 29; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		nanos = nanos * 10 + (text[i] - '0');
	}
	if (memcmp(log->second, text, 19) != 0) {
		int64_t time_ns = clock_parse_rfc3339_ns(text);
		if (time_ns < 0)
			return -1;
		memcpy(log->second, text, 19);
		log->second_ns = time_ns - nanos;
	}
	return log->second_ns + nanos;
}

static void add_text(struct half_line *half, const char *bytes, size_t len)
{
	if (half->is_given)
		return;
	size_t room = LINE_LIMIT - half->text.len;
	half->cut = half->cut || len > room;
	str_add_bytes(&half->text, bytes, len < room ? len : room);
}

/* Every piece of a long line begins with the same stamp: the first counts. What
 * is no stamp is text. Returns how much was read. */
static size_t read_stamp(struct engine_log *log, struct half_line *half, const char *bytes, size_t len)
{
	size_t part = 0;
	while (part < len && bytes[part] != ' ' && bytes[part] != '\n' && half->stamp.len + part < STAMP_LIMIT)
		part++;
	str_add_bytes(&half->stamp, bytes, part);
	bool whole = part < len;
	if (!whole)
		return part;
	half->in_stamp = false;
	int64_t time_ns = bytes[part] == ' ' ? read_time(log, &half->stamp) : -1;
	if (time_ns < 0) {
		add_text(half, str_text(&half->stamp), half->stamp.len);
		str_clear(&half->stamp);
		return part;
	}
	if (!half->stamped) {
		half->stamped = true;
		half->time_ns = time_ns;
		memcpy(half->first, half->stamp.data, half->stamp.len);
		memcpy(half->first + half->stamp.len, " ", 2);
	}
	str_clear(&half->stamp);
	return part + 1;
}

/* ---- lines ---- */

/* A terminal's log has no frames: the stamps of later pieces stand in the text,
 * one each 16 KiB. */
static void drop_inner_stamps(struct half_line *half)
{
	struct str *text = &half->text;
	size_t len = strlen(half->first);
	for (size_t at = PART; half->stamped && at + len <= text->len && memcmp(text->data + at, half->first, len) == 0; at += PART) {
		memmove(text->data + at, text->data + at + len, text->len - at - len);
		str_cut(text, text->len - len);
	}
}

/* Engine 20.10 may send a log again from the start of its file, after it began a
 * new one; a clock that was set back looks much the same, but for the newest
 * stamp: that lies before it then. */
static void look_for_repeats(struct engine_log *log, struct half_line *half, int64_t time_ns)
{
	bool back = time_ns >= 0 && time_ns < half->last_ns;
	half->last_ns = time_ns >= 0 ? time_ns : half->last_ns;
	if (!back)
		return;
	if (log->last_ns > clock_wall_ms() * 1000000) {
		log->last_ns = time_ns;
		log->same = 0;
		return;
	}
	log->resuming = true;
	log->skip = log->same;
}

/* Was this line given before the break? */
static bool is_known(struct engine_log *log, int64_t time_ns)
{
	if (!log->resuming)
		return false;
	if (time_ns < log->last_ns)
		return true; /* the engine counts coarser than we ask */
	if (time_ns == log->last_ns && log->skip > 0) {
		log->skip--;
		return true;
	}
	if (log->skip > 0 && log->is_near) {
		log->is_short = true;
		return true;
	}
	log->resuming = log->is_near = false;
	if (log->skip > 0 && log->call.gap != NULL)
		log->call.gap(log->data);
	log->skip = 0;
	return false;
}

static void give_line(struct engine_log *log, int stream)
{
	struct half_line *half = &log->halves[stream];
	int64_t time_ns = half->stamped ? half->time_ns : -1;
	if (log->tty && half->text.len > 0 && half->text.data[half->text.len - 1] == '\r')
		str_cut(&half->text, half->text.len - 1);
	if (log->tty && half->text.len > PART)
		drop_inner_stamps(half);
	look_for_repeats(log, half, time_ns);
	if (!is_known(log, time_ns) && !log->closed) {
		log->same = time_ns == log->last_ns ? log->same + 1 : time_ns > log->last_ns ? 1 : log->same;
		log->last_ns = time_ns > log->last_ns ? time_ns : log->last_ns;
		log->again_ms = log->refusals = 0;
		log->call.line(log->data, &(struct engine_log_line){.stream = stream, .time_ns = time_ns < 0 ? 0 : time_ns,
			.text = str_text(&half->text), .len = half->text.len, .cut = half->cut});
	}
	if (half->text.cap > KEEP_ROOM)
		str_finish(&half->text);
	else
		str_clear(&half->text);
	half->stamped = half->cut = false;
}

static void give_cut(struct engine_log *log, int stream)
{
	give_line(log, stream);
	log->halves[stream].is_given = true;
}

static void on_piece(struct engine_log *log, int stream, const char *bytes, size_t len)
{
	struct half_line *half = &log->halves[stream];
	while (len > 0 && !log->closed && !log->is_short) {
		if (half->in_stamp) {
			size_t used = read_stamp(log, half, bytes, len);
			bytes += used;
			len -= used;
			continue;
		}
		const char *newline = memchr(bytes, '\n', len);
		size_t part = newline != NULL ? (size_t)(newline - bytes) : len;
		add_text(half, bytes, part);
		/* one that is endless is seen, too */
		if (half->cut && !half->is_given)
			give_cut(log, stream);
		if (newline == NULL)
			break;
		bytes += part + 1;
		len -= part + 1;
		if (half->is_given)
			half->is_given = half->stamped = half->cut = false;
		else
			give_line(log, stream);
		half->in_stamp = true;
	}
}

/* A new frame begins with a stamp, also in the middle of a line. */
static void on_frame(void *data, int stream, const char *bytes, size_t len)
{
	struct engine_log *log = data;
	stream = stream >= 2 ? 2 : 1; /* 3 is the engine's own complaint */
	if (log->splitter.fresh) {
		log->splitter.fresh = false;
		log->halves[stream].in_stamp = true;
	}
	on_piece(log, stream, bytes, len);
}

/* The last line of a program need not have a newline. */
static void give_rest(struct engine_log *log)
{
	for (int i = 1; i <= 2; i++)
		if (log->halves[i].text.len > 0 && !log->closed)
			give_line(log, i);
}

/* ---- the stream ---- */

static bool on_bytes(void *data, const char *bytes, size_t len);
static void on_end(void *data, const struct engine_answer *answer, const struct fault *fault);

static void start(struct engine_log *log, bool first)
{
	auto_free char *from = NULL;
	log->is_near = log->last_ns > 0 && !log->is_short;
	log->is_short = false;
	if (log->is_near)
		from = mem_print("since=%lld.%09lld&tail=%d", (long long)(log->last_ns / 1000000000), (long long)(log->last_ns % 1000000000), NEAR_LINES);
	else if (log->last_ns > 0)
		from = mem_print("since=%lld.%09lld", (long long)(log->last_ns / 1000000000), (long long)(log->last_ns % 1000000000));
	else if (!first && log->tail == 0)
		from = mem_print("since=%lld.%03lld", (long long)(log->opened_ms / 1000), (long long)(log->opened_ms % 1000));
	else
		from = mem_print("tail=%u", log->tail);
	auto_free char *path = mem_print("/containers/%s/logs?stdout=1&stderr=1&timestamps=1&follow=%d&%s", log->container,
		log->follow && !log->rest, from);
	log->resuming = log->last_ns > 0;
	log->skip = log->resuming ? log->same : 0;
	log->splitter = (struct frame_splitter){0};
	free_halves(log);
	log->request = engine_request_open(log->engine, "GET", path, NULL, NULL, 0, 0, on_bytes, on_end, log);
}

static bool on_bytes(void *data, const char *bytes, size_t len)
{
	struct engine_log *log = data;
	bool good = true;
	log->holds++;
	if (log->tty)
		on_piece(log, 1, bytes, len);
	else
		good = frames_feed(&log->splitter, bytes, len, on_frame, log);
	if (log->is_short && !log->closed) {
		engine_cancel(steal(&log->request));
		start(log, false);
	}
	release(log);
	return good;
}

static void start_again(void *data)
{
	start(data, false);
}

static void wait_and_start(struct engine_log *log)
{
	log->again_ms = engine_pause_ms(log->engine, log->again_ms);
	loop_timer_set(log->again, log->again_ms, 0);
}

static void tell_end(struct engine_log *log, const struct fault *fault)
{
	log->is_near = false; /* nothing is asked for any more */
	give_rest(log);
	if (!log->closed && log->call.end != NULL)
		log->call.end(log->data, fault);
}

/* The stream ended in peace: because the container did, or because the engine
 * shuts down? When a container ends engine 20.10 often does not send a last line
 * without a newline, and after it began a new file much more: what it holds is
 * read once more. */
static void on_state(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine_log *log = data;
	log->request = NULL;
	log->holds++;
	const json_t *state = json_object_get(answer->json, "State");
	bool runs = json_is_true(json_object_get(state, "Running"));
	if (runs || (fault != NULL && fault->code == FAULT_OUTSIDE)) {
		wait_and_start(log);
	} else if (fault != NULL) {
		tell_end(log, NULL); /* it is gone, and its log */
	} else {
		log->rest = true;
		start(log, false);
	}
	release(log);
}

/* 501: the log driver cannot be read; a 5xx may pass. */
static bool is_worth_asking(struct engine_log *log, const struct engine_answer *answer, const struct fault *fault)
{
	if (!log->follow || fault->code != FAULT_OUTSIDE || answer->status == 501)
		return false;
	log->refusals = answer->status >= 500 ? log->refusals + 1 : 0;
	return log->refusals < REFUSALS;
}

static void on_end(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct engine_log *log = data;
	bool rest = log->rest;
	log->request = NULL;
	log->rest = false;
	log->holds++;
	if (fault != NULL && is_worth_asking(log, answer, fault)) {
		wait_and_start(log);
	} else if (fault != NULL || rest || !log->follow) {
		tell_end(log, fault);
	} else {
		auto_free char *path = mem_print("/containers/%s/json", log->container);
		log->request = engine_ask(log->engine, "GET", path, NULL, 10000, on_state, log);
	}
	release(log);
}

/* ---- public ---- */

struct engine_log *engine_log_open(struct engine *engine, const char *container, bool tty, unsigned tail, bool follow,
	const struct engine_log_call *call, void *data)
{
	struct engine_log *log = mem_alloc(sizeof *log);
	log->engine = engine;
	log->container = engine_quote(container);
	log->tty = tty;
	log->follow = follow;
	log->tail = tail;
	log->opened_ms = clock_wall_ms();
	log->call = *call;
	log->data = data;
	log->again = loop_timer_open(engine->loop, start_again, log);
	start(log, true);
	return log;
}

void engine_log_pause(struct engine_log *log)
{
	engine_cancel(steal(&log->request));
	loop_timer_stop(log->again);
	log->rest = false;
}

void engine_log_resume(struct engine_log *log)
{
	if (log->request != NULL || loop_timer_is_set(log->again))
		return;
	log->refusals = log->again_ms = 0;
	start(log, false);
}

void engine_log_close(struct engine_log *log)
{
	if (log == NULL || log->closed)
		return;
	log->closed = true;
	engine_cancel(log->request);
	loop_timer_close(log->again);
	log->holds++;
	release(log);
}
