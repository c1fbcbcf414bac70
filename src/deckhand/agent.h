/* Inside the agent: what its files share. agent.c waits and obeys, runs.c starts
 * commands, kept.c keeps generations, files.c touches and reads, hub.c speaks to
 * launchers. */
#ifndef DECKHAND_AGENT_H
#define DECKHAND_AGENT_H

#include "deckhand.h"

enum {
	RUNS = 8,
	LAUNCHERS = 256,
	DROPS = 16,
	KEEPS = 8,
};

struct run {
	int64_t id; /* 0: free */
	pid_t pid;
	int out, err; /* -1: ended */
	struct wire_buffer line; /* of stdout, not ended yet */
	bool cut, exited;
	int status;
	uint64_t kill_at; /* SIGKILL then; 0: not asked */
};

struct peer {
	int fd; /* 0: free */
	int number;
	bool joined;
	struct wire_buffer in, out;
};

/* A program whose old generations are to go. */
struct drop {
	char bin[128]; /* empty: free */
	long long keep[KEEPS]; /* generations that serve */
};

struct agent {
	const char *state;
	char hub_path[300];
	struct wire_buffer in, out;
	size_t sent; /* of `out` */
	struct run runs[RUNS];
	struct peer peers[LAUNCHERS];
	int next_peer;
	int hub, signals;
	bool ending;
	struct drop drops[DROPS];
	uint64_t drop_at; /* 0: nothing is to be dropped */
};

/* ---- agent.c ---- */
/* Begins a frame for cargodeck; wire_end(&agent->out) ends it. */
void agent_begin(struct agent *agent, uint8_t type, int64_t id);
void agent_begin_timed(struct agent *agent, uint8_t type, int64_t id, uint64_t ns);
void agent_done(struct agent *agent, int64_t id, const char *error);

/* ---- runs.c ---- */
/* WIRE_RUN, WIRE_KILL. */
void runs_start(struct agent *agent, const struct wire_frame *frame);
void runs_kill(struct agent *agent, const struct wire_frame *frame);
/* Their output is there to be read. */
void runs_read_out(struct agent *agent, struct run *run);
void runs_read_err(struct agent *agent, struct run *run);
/* Children that ended; then what must be told of them. */
void runs_reap(struct agent *agent);
void runs_finish(struct agent *agent);

/* ---- kept.c ---- */
/* WIRE_PUBLISH and WIRE_SELECT, WIRE_LIST. */
void kept_answer(struct agent *agent, const struct wire_frame *frame);
void kept_list(struct agent *agent, const struct wire_frame *frame);
/* Drops what is old, where it is time. */
void kept_drop_due(struct agent *agent);

/* ---- files.c ---- */
/* WIRE_TOUCH, WIRE_READ, WIRE_DEPS, WIRE_LOCKS. */
void files_touch(struct agent *agent, const struct wire_frame *frame);
void files_read(struct agent *agent, const struct wire_frame *frame);
void files_deps(struct agent *agent, const struct wire_frame *frame);
void files_lock(struct agent *agent, const struct wire_frame *frame);

/* ---- hub.c ---- */
/* A launcher connects, speaks, takes more; an order for one. */
void hub_take(struct agent *agent);
void hub_read(struct agent *agent, struct peer *peer);
void hub_flush(struct agent *agent, struct peer *peer);
void hub_pass(struct agent *agent, const struct wire_frame *frame);

#endif
