/* Inside the launcher: generations of the program, held sockets, the talk with
 * the hub. launcher.c drives them, generation.c starts and ends programs,
 * sockets.c keeps what is bound. */
#ifndef DECKHAND_LAUNCHER_H
#define DECKHAND_LAUNCHER_H

#include "deckhand.h"

enum { HELD_LIMIT = 32, TAIL_SIZE = 65536, LINE_BUFFER = 65536 };

struct held_socket {
	int fd; /* 0: free */
	uint64_t cookie;
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

struct generation {
	long long number; /* 0: none */
	pid_t pid; /* 0: not started, or reaped */
	int control; /* the library's socket, -1 */
	struct preload_page *page;
	enum way way;
	struct pipe_end out, err;
	uint64_t asked_ns, exec_ns, listen_ns, ready_ns;
	bool ready, ended, term_sent;
	int status; /* of waitpid, once ended */
	uint32_t listened, accepted, asked; /* bits: index of the held socket */
	char *tail; /* the last TAIL_SIZE bytes before it was ready */
	size_t tail_len;
};

struct sockets {
	struct held_socket held[HELD_LIMIT];
};

struct launcher;

/* ---- sockets.c ---- */
int sockets_find(const struct sockets *sockets, const struct preload_key *key);
int sockets_find_cookie(const struct sockets *sockets, uint64_t cookie);
int sockets_add(struct sockets *sockets, const struct preload_key *key, int fd, uint64_t cookie);
void sockets_close(struct sockets *sockets, int index);
void sockets_close_all(struct sockets *sockets);
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
void generation_gate(struct generation *generation, bool closed);
void generation_look(struct generation *generation); /* asks the library to drain */
void generation_finish(struct generation *generation);

#endif
