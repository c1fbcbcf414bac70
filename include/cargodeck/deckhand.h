/* deckhand: how cargodeck and its helper inside the containers speak. Both
 * sides include this page and src/deckhand/wire.c; it uses libc alone.
 *
 * A frame is: length (u32, little endian, of what follows), type (u8), then
 * fields `name=value` each closed by a NUL. A frame whose last field is `data`
 * carries raw bytes up to its end instead (they may hold NULs). At most
 * WIRE_FRAME_LIMIT bytes. Unknown fields and types are ignored; a frame that
 * breaks a rule ends the connection.
 *
 * Who speaks to whom:
 *   cargodeck  <- stdin/stdout of the builder container ->  deckhand agent
 *   deckhand agent  <- unix socket in the target volume ->  deckhand launchers
 * The agent passes frames between cargodeck and a launcher unread: it puts
 * them into LAUNCHER frames.
 *
 * Times named `t` are CLOCK_MONOTONIC of the container, in ns. */
#ifndef CARGODECK_DECKHAND_H
#define CARGODECK_DECKHAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_FRAME_LIMIT (1u << 20)
#define WIRE_VERSION 1

/* Where things stand inside builder and services. */
#define DECKHAND_TARGET "/.cargodeck/target" /* the target volume; services see it read-only */
#define DECKHAND_STATE DECKHAND_TARGET "/.deckhand" /* hub socket, generations, preload library */
#define DECKHAND_HUB DECKHAND_STATE "/hub.sock"
#define DECKHAND_PRELOAD DECKHAND_STATE "/preload.so"
/* The helper itself, for commands in a service's container: images without a
 * shell have no other. `deckhand move FROM TO [FROM TO]...` renames files in one
 * step each, and leaves no FROM behind where it cannot. */
#define DECKHAND_HELPER DECKHAND_STATE "/deckhand"
/* <state>/gen/<generation>/<bin>: the kept programs; <state>/bin/<bin>: a
 * symbolic link to the one that new containers start with. */

/* A launcher is deckhand with a trailer: the last 512 bytes of the file are
 * "deckhand-launcher\0" followed by NUL-closed fields: bin=NAME, and
 * state=FOLDER where it is not DECKHAND_STATE. */
#define DECKHAND_TRAILER_SIZE 512
#define DECKHAND_TRAILER_MAGIC "deckhand-launcher"
/* Set by the override on each service; taken out of the program's environment. */
#define DECKHAND_ENV_SERVICE "CARGODECK_SERVICE"

enum wire_type {
	/* cargodeck -> agent */
	WIRE_RUN = 1, /* id, cwd, arg (repeated), env (repeated NAME=VALUE), lines=1: starts a
		command in its own process group, stdin the null device. Its
		stdout comes as OUT frames a line each, stderr as ERR frames of
		raw bytes. */
	WIRE_KILL = 2, /* id, signal: to the process group; SIGKILL follows after 500 ms */
	WIRE_PUBLISH = 3, /* id, generation, bin, path (the artifact), compare=1, keep (repeated: a
		generation that serves somewhere): keeps the artifact as
		gen/<generation>/<bin> (hard link, else copy) and turns bin/<bin> to
		it. The last three of each bin and those of `keep` stay. With compare
		an artifact that is byte-equal to the current one is not kept again:
		the answer has same=1 and the current one's generation. `data`: whole
		TO_LAUNCHER frames, obeyed where a new generation was kept: so the
		swap does not wait for the answer's way there and back. -> PUBLISHED */
	WIRE_SELECT = 4, /* id, generation, bin: turns bin/<bin> to a kept one. -> PUBLISHED */
	WIRE_TOUCH = 5, /* id, path (repeated): sets mtime to now. -> DONE */
	WIRE_READ = 6, /* id, path (repeated), limit: reads small files. -> one FILE a path, then DONE */
	WIRE_LOCKS = 7, /* id, path: who holds the flock of that file. -> DONE with holder=PID NAME */
	WIRE_DEPS = 8, /* id, path: a folder; each *.d file directly in it comes as FILE, then DONE */
	WIRE_TO_LAUNCHER = 9, /* launcher, data: a whole frame for that launcher */
	WIRE_BYE = 10, /* end everything that was started, and the agent */
	WIRE_LIST = 11, /* id: -> DONE with kept (repeated): BIN GENERATION SIZE MTIME_NS CURRENT(0|1) */

	WIRE_ASK = 12, /* say HELLO again: the first one may have been said before anybody listened */

	/* agent -> cargodeck */
	WIRE_HELLO = 32, /* version, pid, uid, gid, arch, t, boot (random id of this agent's life) */
	WIRE_STARTED = 33, /* id, pid, t (before the exec) */
	WIRE_OUT = 34, /* id, t, data: one line of stdout without its newline; lines over 512 KiB are cut (cut=1) */
	WIRE_ERR = 35, /* id, t, data */
	WIRE_EXITED = 36, /* id, t, status or signal; error where it could not start. The group is dead. */
	WIRE_PUBLISHED = 37, /* id, generation, bin, t, same=1 (byte-equal to the one before), error */
	WIRE_FILE = 38, /* id, path, error, mtime_ns, data */
	WIRE_DONE = 39, /* id, error, ... */
	WIRE_LAUNCHER_UP = 40, /* launcher (number), then the fields of its JOIN */
	WIRE_LAUNCHER_DOWN = 41, /* launcher */
	WIRE_FROM_LAUNCHER = 42, /* launcher, data: a whole frame of that launcher */

	/* cargodeck -> launcher */
	WIRE_SWAP = 64, /* swap (number), generation, mode: auto|alone|restart|overlap,
		grace_ms (stop_grace_period), ready_ms (limit), quiet_ms (how long one that nobody calls must listen),
		path (program; else by generation and bin),
		ready (a path that must answer 2xx or 3xx on its first socket, or a command that must end
		with 0, run in the container; asked again each 100 ms) */
	WIRE_SIGNAL = 65, /* signal: to the serving generation */
	WIRE_ABORT = 66, /* swap: end the new one, the old serves on */
	WIRE_BUILDING = 67, /* on=1|0: a save builds: hold connections for 1 s after a crash */

	/* launcher -> cargodeck */
	WIRE_JOIN = 96, /* version, service, bin, hostname, container (id where known), pid,
		generation (serving), way: preload|seccomp|none, state: starting|ready */
	WIRE_SWAPPING = 97, /* swap, generation, mode, pid, t (exec done) */
	WIRE_READY = 98, /* swap (0: the first), generation, mode: preload|seccomp|alone|restart, t_start
		(order received), t_exec, t_listen, t (ready), waited_ms (alone), sockets (count) */
	WIRE_FAILED = 99, /* swap, generation, reason: exited|exec|never-listened|never-accepted|
		timeout (what `ready` asks did not hold)|aborted|busy (another swap runs: ask again),
		status, signal, data (last 64 KiB of its output) */
	WIRE_DRAINED = 100, /* generation (old), ms, closed (long streams cut), killed=1 */
	WIRE_ENDED = 101, /* generation, status or signal: the serving one ended, the container follows */
	WIRE_NOTE = 102, /* text: something a person should know (sanitised by the reader) */
};

/* ---- wire.c: building and reading frames ---------------------------------- */

struct wire_frame {
	uint8_t type;
	const char *body; /* borrowed from the buffer that was read */
	size_t len;
};

struct wire_buffer {
	char *data;
	size_t len, cap, at;
};

/* Building: begin, fields, end. A frame that grows over the limit is dropped
 * and wire_end() returns false. */
void wire_begin(struct wire_buffer *out, uint8_t type);
void wire_add(struct wire_buffer *out, const char *name, const char *value);
void wire_add_number(struct wire_buffer *out, const char *name, int64_t value);
void wire_add_data(struct wire_buffer *out, const void *bytes, size_t len); /* last field */
bool wire_end(struct wire_buffer *out);
void wire_buffer_finish(struct wire_buffer *buffer);

/* Reading: bytes in any pieces; frames out. 1: a frame (valid until the next
 * call on this buffer), 0: more bytes are needed, -1: the peer broke a rule. */
void wire_feed(struct wire_buffer *in, const void *bytes, size_t len);
int wire_next(struct wire_buffer *in, struct wire_frame *frame);
/* The first field of that name (NUL-terminated, borrowed), or NULL. */
const char *wire_get(const struct wire_frame *frame, const char *name);
int64_t wire_get_number(const struct wire_frame *frame, const char *name, int64_t otherwise);
/* Walks repeated fields: *at starts at 0. NULL at the end. */
const char *wire_each(const struct wire_frame *frame, const char *name, size_t *at);
/* The raw bytes of `data`, NULL where there is none. */
const char *wire_get_data(const struct wire_frame *frame, size_t *len);

#endif
