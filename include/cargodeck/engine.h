/* engine: talks to the Docker Engine API (version agreed on by /version) over
 * its unix socket, TCP or TCP with TLS: requests, events, logs, attached
 * streams. Plain structs out; everything is called back on the loop's thread,
 * never from inside the function that asked. In any call whatever is of this
 * room may be opened, cancelled and closed, but for the engine itself; and
 * engine_wait() is not for calls. The facts about paths and fields are those of
 * the Engine API reference, version 1.41. */
#ifndef CARGODECK_ENGINE_H
#define CARGODECK_ENGINE_H

#include "cargodeck/base.h"
#include "cargodeck/loop.h"

#include <jansson.h>

struct engine;
struct engine_event;

struct engine_call {
	/* The engine went away (its event stream broke) or answers again. After
	 * `back` whatever was known of containers must be asked anew. */
	void (*lost)(void *data, const struct fault *fault);
	void (*back)(void *data);
	void (*event)(void *data, const struct engine_event *event);
};

/* One line of /events about a container: create, start, restart, die, oom, stop,
 * kill, pause, unpause, rename, update, destroy, "health_status: healthy".
 * Borrowed; texts are as the engine sent them. */
struct engine_event {
	const char *type, *action, *id;
	const char *project, *service; /* compose's labels, or NULL */
	int64_t time_ns;
	int exit_code; /* of "die"; -1 otherwise */
};

/* `host`: unix:///path, tcp://host:port, or NULL: DOCKER_HOST, then the
 * context (`context`, DOCKER_CONTEXT, or the one chosen in Docker's config.json;
 * with its certificates), then the usual sockets (Docker's, rootless, Podman's).
 * A tcp:// host has TLS where DOCKER_TLS_VERIFY (or DOCKER_TLS, unverified) is
 * set, with ca.pem, cert.pem and key.pem of DOCKER_CERT_PATH. Asks /version and
 * waits for it, 10 s at most. Faults: nobody answers, no permission, an engine
 * older than API 1.41 or one that wants newer than we speak, something that is
 * no engine, no such context, an address of a kind that is not known here
 * (ssh:// is not: its fault says how to forward the socket). */
struct engine *engine_open(struct loop *loop, const char *host, const char *context, struct fault *fault);
/* What is under way is dropped untold. Logs and streams must be closed before;
 * never from inside a call of this room. NULL is fine. */
void engine_close(struct engine *engine);
const char *engine_address(const struct engine *engine); /* "unix:///var/run/docker.sock" */
const char *engine_api_version(const struct engine *engine); /* "1.41": the one in use */
const char *engine_server_version(const struct engine *engine); /* "20.10.24+dfsg1", when it was opened; "": unknown */
const char *engine_server_arch(const struct engine *engine); /* "amd64" or "x86_64" */
bool engine_is_local(const struct engine *engine); /* a unix socket: bind mounts work */

/* Follows /events of the containers of one compose project and of what we label
 * with it (dev.cargodeck.project); NULL: of all. Begins again by itself, asking
 * each 100 to 250 ms (2 s for a remote engine): `lost` is told once, `back` once,
 * when the engine has taken the new stream: what is asked in `back` misses
 * nothing. */
void engine_follow(struct engine *engine, const char *project, const struct engine_call *call, void *data);
/* Before engine_follow(): begin with what was since this moment (wall clock, ns
 * since 1970; the engine keeps its last events for a while), and after a break
 * go on behind the last one given. */
void engine_follow_since(struct engine *engine, int64_t since_ns);

/* ---- requests ---------------------------------------------------------- */

struct engine_answer {
	long status; /* HTTP */
	const char *body; /* NUL-terminated, borrowed */
	size_t len;
	json_t *json; /* parsed body where it is JSON, else NULL; borrowed */
	void *read; /* what a reader made of it, or NULL; it is dropped after the call */
};
/* `fault` is set where no answer came (FAULT_OUTSIDE), the status was 500 or
 * more (FAULT_OUTSIDE) or 400 or more (FAULT_FAILED), with the engine's own
 * message, or where the answer is over 64 MiB (FAULT_INPUT). 304 (already so)
 * is no fault. */
typedef void (*engine_done)(void *data, const struct engine_answer *answer, const struct fault *fault);

struct engine_request;
/* Path as in "/containers/json?all=1", without the version. `body` is copied
 * (JSON; NULL: none). timeout_ms 0: none. The handle may be cancelled until
 * done is called; it is freed after. */
struct engine_request *engine_ask(struct engine *engine, const char *method, const char *path,
	const char *body, unsigned timeout_ms, engine_done done, void *data);
/* A GET whose JSON is read by `read`: where the answer is large, on a thread of
 * its own, so it may look at nothing else. `drop` frees what it gave. */
struct engine_reader {
	void *(*read)(const json_t *json);
	void (*drop)(void *made);
};
struct engine_request *engine_ask_read(struct engine *engine, const char *path, unsigned timeout_ms,
	const struct engine_reader *reader, engine_done done, void *data);
/* Reads a list of containers into a struct engine_containers of its own. */
extern const struct engine_reader engine_containers_reader;
/* The same with a raw body, such as a tar. */
struct engine_request *engine_send(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_done done, void *data);
void engine_cancel(struct engine_request *request); /* NULL is fine; nothing is called */
/* Turns the loop until the answer is there, for steps that must come first;
 * never from inside a call.
 * The parsed body (caller: json_decref) or NULL and a fault; an answer without
 * JSON gives json_null(). */
json_t *engine_wait(struct engine *engine, const char *method, const char *path, const char *body,
	unsigned timeout_ms, struct fault *fault);
json_t *engine_wait_send(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, struct fault *fault);
/* Percent-encodes for a query. The caller frees. */
char *engine_quote(const char *text);

/* ---- containers --------------------------------------------------------- */

struct engine_container {
	char *id, *name, *image, *image_id;
	char *state; /* created running paused restarting exited dead */
	char *status; /* "Up 2 hours (healthy)" */
	char *health; /* healthy unhealthy starting none */
	char *service, *project, *number; /* compose's labels, or NULL */
	bool oneoff;
	char *deck_image; /* label dev.cargodeck.image: own, builder, or NULL */
	char *config_hash;
	int64_t created_s;
	char *ports; /* "8080->8080, 5432" */
	char *address; /* of the first network, or NULL */
};
struct engine_containers {
	struct engine_container *items;
	size_t count, cap;
};
void engine_containers_finish(struct engine_containers *list);
/* Reads the answer of /containers/json; texts are cleaned (no control letters).
 * What is of a wrong type counts as absent; an item without id or state is left
 * out. A text that is absent is NULL, but for name and health. */
void engine_containers_read(const json_t *json, struct engine_containers *list);
/* Path that lists a project's containers, all states. The caller frees. */
char *engine_containers_path(const char *project);
/* The same for containers that compose made from a project in this folder. */
char *engine_containers_of_folder_path(const char *folder);

struct engine_inspect {
	char *id, *state, *health, *health_output, *restart_policy;
	int exit_code, restarts;
	bool tty, oom_killed, running;
	int64_t started_ns, finished_ns; /* wall clock; -1: never */
	uint64_t memory_limit;
	int pid;
};
/* Reads the answer of /containers/ID/json, as the list is read; `health_output`
 * is the last probe's, at most 2,000 bytes, never NULL. */
void engine_inspect_read(const json_t *json, struct engine_inspect *inspect);
void engine_inspect_finish(struct engine_inspect *inspect);

/* ---- streams --------------------------------------------------------------- */

/* Splits the engine's framed streams (8 bytes: stream, 0, 0, 0, length as big
 * endian u32). Frames may come in any pieces. */
struct frame_splitter {
	unsigned char head[8];
	size_t head_len;
	uint32_t left; /* of the payload */
	int stream;
	bool fresh; /* set by each head: the next bytes are the first of their frame */
};
typedef void (*frame_call)(void *data, int stream, const char *bytes, size_t len);
/* False: what came is no frame; it must be fed no more. The call may not touch
 * the splitter but for `fresh`. */
bool frames_feed(struct frame_splitter *splitter, const char *bytes, size_t len, frame_call call, void *data);

/* One line of a container's log. */
struct engine_log_line {
	int stream; /* 1 stdout, 2 stderr */
	int64_t time_ns; /* wall clock; 0: it came without a stamp */
	const char *text; /* borrowed, raw: to be sanitised before it is shown */
	size_t len; /* without the newline; at most 1 MiB, then cut */
	bool cut;
};
struct engine_log;
struct engine_log_call {
	void (*line)(void *data, const struct engine_log_line *line);
	/* After a break the lines given last are not in the engine's log any more
	 * (rotated, truncated): some that nobody saw may be gone. NULL is fine. */
	void (*gap)(void *data);
	/* The log has ended: the container has (fault NULL), it is gone, its driver
	 * cannot be read, or what came made no sense. The last line has been given,
	 * even without a newline. */
	void (*end)(void *data, const struct fault *fault);
};
/* Follows a container's log from its last `tail` lines on. It goes on by itself
 * after the engine was gone, without losing or doubling lines. (Engine 20.10
 * stops sending where a fast log is rotated while it is read: such lines come
 * when the container ends, or with the next pause and resume.) */
struct engine_log *engine_log_open(struct engine *engine, const char *container, bool tty, unsigned tail, bool follow,
	const struct engine_log_call *call, void *data);
/* Stops following, untold: following costs the engine, so only what is shown
 * need be. */
void engine_log_pause(struct engine_log *log);
/* After a pause, or after `end` when the same container runs again: goes on
 * behind the last line given, with nothing lost. Does nothing while the log is
 * being followed. */
void engine_log_resume(struct engine_log *log);
void engine_log_close(struct engine_log *log); /* NULL is fine; may be called from its own calls */

/* A hijacked stream: attach, or an exec with input. */
struct engine_stream;
struct engine_stream_call {
	void (*open)(void *data); /* the engine has taken it; NULL is fine */
	void (*bytes)(void *data, int stream, const char *bytes, size_t len);
	/* Told once: fault NULL: a plain end. NULL is fine. */
	void (*end)(void *data, const struct fault *fault);
};
/* `framed`: the container has no terminal. Path as for engine_ask(). Returns at
 * once and never NULL: an engine that cannot be reached, refuses, or does not
 * answer within 15 s is told by `end`. The object lives until it is closed. */
struct engine_stream *engine_stream_open(struct engine *engine, const char *path, const char *body, bool framed,
	const struct engine_stream_call *call, void *data, struct fault *fault);
/* What is written before `open` is sent after it; at most 64 MiB wait. */
void engine_stream_write(struct engine_stream *stream, const void *bytes, size_t len);
void engine_stream_close(struct engine_stream *stream); /* NULL is fine; may be called from its own calls */

/* ---- usage --------------------------------------------------------------------- */

struct engine_usage {
	double cpu_percent; /* of one core; negative: not known yet */
	uint64_t memory, memory_limit; /* bytes; limit 0: none */
};
/* Reads a container's cgroup files (v1 and v2) where the engine is local.
 * `state` keeps the last reading. False: they cannot be read. */
struct engine_usage_state {
	uint64_t cpu_ns, at_ns;
};
bool engine_usage_read(const char *container_id, struct engine_usage_state *state, struct engine_usage *usage);

struct engine_traffic {
	double received, sent, read, written; /* bytes a second: network, block devices; negative: not known */
};
/* What a container moves, from its cgroup's files and its first process's network
 * devices, as above. `state` keeps the last reading: rates are known from the
 * second one on. The network of a container that has the host's is not known. */
struct engine_traffic_state {
	uint64_t received, sent, read, written, at_ns;
	bool has_net;
};
bool engine_traffic_read(const char *container_id, struct engine_traffic_state *state, struct engine_traffic *traffic);
/* Sums over devices: of a text such as /proc/PID/net/dev, without the loopback; of
 * blkio.throttle.io_service_bytes or io.stat. */
void engine_traffic_count_net(const char *text, uint64_t *received, uint64_t *sent);
void engine_traffic_count_block(const char *text, uint64_t *read_bytes, uint64_t *written);

/* ---- tar -------------------------------------------------------------------------- */

/* A tar archive in memory (POSIX.1-1988 ustar; GNU's long names where a path
 * has no room). Owner 0:0, times of now. */
void tar_add_file(struct str *tar, const char *path, const void *bytes, size_t len, unsigned mode);
void tar_add_folder(struct str *tar, const char *path, unsigned mode);
void tar_end(struct str *tar);

#endif
