/* Inside the launcher: launcher.c waits and dispatches; swap.c decides what runs
 * (phases, readiness, ends), probe.c asks the new one, drain.c empties an old
 * generation, report.c tells cargodeck, calls.c serves plain calls, generation.c starts and ends programs,
 * sockets.c keeps what is bound, notify.c, tcp.c and cut.c see and
 * reach into static programs. */
#ifndef DECKHAND_LAUNCHER_H
#define DECKHAND_LAUNCHER_H

#include "deckhand.h"

#include <sys/un.h>

#define MS 1000000u

enum { HELD_LIMIT = 32, TAIL_SIZE = 65536, LINE_BUFFER = 65536, WAITING_LIMIT = 64, EARLY_LIMIT = 32 };

struct held_socket {
	int fd; /* 0: free */
	uint64_t cookie, inode;
	struct preload_key key;
	bool listening; /* some generation called listen() */
};

enum way { WAY_NONE, WAY_PRELOAD, WAY_SECCOMP };

struct pipe_end {
	int from; /* -1: ended */
	int to; /* our own standard output or error */
	char *line; /* what has not ended with a newline yet */
	size_t len;
};

/* An option that a static program set before bind(). */
struct early_option {
	uint64_t inode;
	int level, name, value;
};

/* A call of a static program that is not answered yet. */
struct waiting_call {
	uint64_t id;
	pid_t thread;
};

struct generation {
	long long number; /* 0: none */
	char path[600];
	pid_t pid; /* 0: not started, or reaped */
	int control; /* the library's socket, -1 */
	struct preload_page *page;
	enum way way;
	struct pipe_end out, err;
	uint64_t asked_ns, exec_ns, listen_ns, ready_ns;
	bool ready, ended, term_sent;
	int status; /* of waitpid, once ended */
	uint32_t listened, accepted, asked; /* bits: index of the held socket */
	/* static programs (notify.c) */
	int notify, notify_error; /* the seccomp listener, -1; why there is none */
	uint32_t began_blocking, blocking; /* bits: what it believes of the held socket */
	bool gated, cannot_share;
	struct early_option early[EARLY_LIMIT];
	size_t early_count;
	struct waiting_call waiting[WAITING_LIMIT];
	int waiting_count;
	pid_t acceptors[WAITING_LIMIT]; /* threads that were seen to accept */
	char *tail; /* the last TAIL_SIZE bytes before it was ready */
	size_t tail_len;
};

struct sockets {
	struct held_socket held[HELD_LIMIT];
};

/* A program's connections, seen from outside. */
enum { TCP_IDLE_LIMIT = 256 };
struct tcp_look {
	int listening; /* sockets that it listens on */
	int open, busy; /* accepted on a held port; of these not idle */
	uint64_t was_busy[TCP_IDLE_LIMIT]; /* their inodes, for the next look */
	int was_busy_count;
	/* idle ones that may be closed now, as descriptors in the program */
	int idle[TCP_IDLE_LIMIT];
	uint64_t idle_inodes[TCP_IDLE_LIMIT];
	int idle_count;
};

/* Reaching into a static program. */
struct cut {
	pid_t pid;
	int pending; /* a signal to hand on */
	unsigned long long at; /* of a `syscall` instruction; 0: not known yet */
};

enum phase {
	PHASE_FIRST, /* the only generation is not ready yet */
	PHASE_SERVING,
	PHASE_STARTING, /* a new one runs beside the old one */
	PHASE_ENDING_OLD, /* alone: the old one must be gone before the new one starts */
	PHASE_STARTING_ALONE, /* the new one runs, the old one is gone */
	PHASE_HOLDING, /* the program crashed while a save builds */
	PHASE_LEAVING, /* the container is to stop */
};

struct program {
	long long number; /* 0: none */
	char path[600];
};

/* What is asked of the new one beyond its sockets: a path that answers well, or
 * a command that ends with 0. */
struct probe {
	char what[512]; /* "": nothing */
	bool passed, sent;
	int fd; /* -1 */
	pid_t pid; /* of the command */
	uint64_t since_ns, again_ns;
	char answer[16];
	size_t answer_len;
};

struct launcher {
	const struct trailer *trailer;
	char **argv;
	bool terminal;
	enum phase phase;
	struct sockets sockets;
	struct generation serving, next, draining;
	struct program wanted, back; /* what a swap starts; what serves or served last */
	uint32_t required; /* held sockets that the new one must accept on */
	int required_listening; /* sockets, of a program whose calls are not seen */
	int64_t swap;
	struct probe probe;
	struct tcp_look look; /* at the draining one */
	struct cut cut;
	const char *mode; /* how the running swap is done */
	uint64_t swap_ns, ready_ms, quiet_ms, ready_limit_ns, grace_ms, drain_ns, hold_until, waited_from, hub_retry;
	bool cannot_cut, prefers_alone, swapped_alone, building, look_at_zero, next_failed, noted;
	int last_status; /* of the generation that ended last and counts */
	int signals, hub, calls; /* calls: the socket of plain callers */
	struct wire_buffer in, out;
	char service[128];
};

/* ---- report.c ---- */
void report_join(struct launcher *launcher); /* meets the hub where it does not yet */
void report_flush(struct launcher *launcher);
void report_ready(struct launcher *launcher, const struct generation *generation);
void report_swapping(struct launcher *launcher, const struct generation *generation);
void report_failed(struct launcher *launcher, const struct generation *generation, const char *reason);
void report_busy(struct launcher *launcher, const struct wire_frame *order);
void report_drained(struct launcher *launcher, bool killed);
void report_ended(struct launcher *launcher, const struct generation *generation);
void report_note(struct launcher *launcher, const char *text);

/* ---- drain.c ---- */
void drain_begin(struct launcher *launcher); /* of launcher->draining */
void drain_tick(struct launcher *launcher);

/* ---- probe.c ---- */
void probe_begin(struct launcher *launcher, const char *what); /* NULL: nothing is asked */
/* Asks, again and again; true: the new one has passed. */
bool probe_tick(struct launcher *launcher);
/* Was that child the command? */
bool probe_ended(struct launcher *launcher, pid_t pid, int status);
void probe_end(struct launcher *launcher);

/* ---- swap.c ---- */
/* Reads which program <state>/bin/<bin> stands for; false: none yet. */
bool swap_find_first(const struct launcher *launcher, struct program *out);
bool swap_start_first(struct launcher *launcher);
void swap_order(struct launcher *launcher, const struct wire_frame *frame);
void swap_abort(struct launcher *launcher);
void swap_tick(struct launcher *launcher);
void swap_reap(struct launcher *launcher);
void swap_signal(struct launcher *launcher, int number);
int swap_wait_ms(const struct launcher *launcher);

/* ---- calls.c ---- */
/* True: this process is the supervisor of its path, and `calls` is open. */
bool calls_open(struct launcher *launcher);
void calls_answer(const struct launcher *launcher);
int calls_become(struct launcher *launcher); /* runs the serving program instead */

/* ---- sockets.c ---- */
int sockets_find(const struct sockets *sockets, const struct preload_key *key);
int sockets_find_cookie(const struct sockets *sockets, uint64_t cookie);
int sockets_add(struct sockets *sockets, const struct preload_key *key, int fd, uint64_t cookie);
void sockets_close(struct sockets *sockets, int index);
void sockets_close_all(struct sockets *sockets);
/* A connection to a held socket, non-blocking; -1: none. */
int sockets_connect(const struct held_socket *held);
/* Connects to a held socket and closes at once, so that somebody accepts. */
void sockets_knock(const struct held_socket *held);
/* Reads what the library says; answers what it asks. False: it is gone. */
bool sockets_hear(struct sockets *sockets, struct generation *generation);

/* ---- generation.c ---- */
struct start {
	const char *path, *state;
	char **argv;
	bool terminal; /* output is a terminal: hand it over as it is */
};
bool is_dynamic(const char *path);
/* Starts a program as a child; false and errno where it cannot. */
bool generation_start(struct generation *generation, const struct start *start, long long number);
/* Passes output on: whole lines, the last of them kept, until it is ready. */
void generation_pass(struct generation *generation, struct pipe_end *end);
void generation_gate(struct generation *generation, enum preload_gate gate); /* a static one does not yield */
void generation_look(struct generation *generation); /* asks the library to drain */
void generation_finish(struct generation *generation);
void generation_clear(struct generation *generation); /* nothing in it, nothing closed */

/* ---- notify.c: static programs ---- */
/* In the child, before the exec: the listener, or a negative errno (no seccomp,
 * an older kernel than 5.9, a listener that is there already). */
int notify_install(void);
void notify_adopt(struct generation *generation, int fd);
/* Answers what the program's calls ask. `other` is the generation that shares
 * the sockets, NULL where there is none. False: nobody is there any more. */
bool notify_hear(struct sockets *sockets, struct generation *generation, const struct generation *other);
void notify_gate(struct generation *generation, bool closed);
bool notify_all_at_gate(const struct generation *generation);


/* ---- tcp.c ---- */
/* `look` holds the look before, or nothing. False: it cannot be known here. */
bool tcp_look_at(pid_t pid, const struct sockets *sockets, uint32_t draining_ms, struct tcp_look *look);
/* Who has the server's end of a connection: 1: that process, 0: another, -1:
 * nobody yet, or it cannot be known. Ports are in network order. */
int tcp_owner(pid_t pid, uint16_t server_port, uint16_t client_port);

/* ---- cut.c ---- */
/* Stops a thread of the program; false: this may not be done here. */
bool cut_begin(struct cut *cut, pid_t pid);
/* shutdown(2) of a connection, SHUT_WR or SHUT_RD (SHUT_RDWR comes to notify.c). */
bool cut_connection(struct cut *cut, int fd, int how);
void cut_end(struct cut *cut); /* lets it run on */

#endif
