/* What the launcher and its preload library share: one page and the messages
 * on their socket. Both are of one build and one machine: plain structs do. */
#ifndef DECKHAND_PRELOAD_H
#define DECKHAND_PRELOAD_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define EXPORT_HIDDEN __attribute__((visibility("hidden")))

/* A realtime signal that neither glibc nor musl keeps for itself (32 to 34). */
#define PRELOAD_SIGNAL 61

#define PRELOAD_ENV_CONTROL "CARGODECK_CONTROL_FD"
#define PRELOAD_ENV_PAGE "CARGODECK_PAGE_FD"
#define PRELOAD_ENV_BEFORE "CARGODECK_LD_PRELOAD"

struct preload_key {
	uint16_t family, type, protocol;
	uint16_t port; /* network order */
	uint8_t v6only;
	uint8_t unused[7];
	uint8_t address[16];
};

enum preload_type {
	PRELOAD_ASK = 1, /* program -> launcher: who holds `key`? -> HELD or NONE */
	PRELOAD_HELD, /* launcher -> program, with the descriptor */
	PRELOAD_NONE, /* launcher -> program */
	PRELOAD_BOUND, /* program -> launcher, with the descriptor */
	PRELOAD_LISTEN, /* program -> launcher */
	PRELOAD_ACCEPTED, /* program -> launcher: on the listener `cookie` */
};

struct preload_message {
	int32_t type;
	int32_t unused;
	uint64_t cookie;
	struct preload_key key;
};

/* When an idle connection of an old generation is closed. A client that asks
 * again just then gets no answer: so right after an answer, when it has only
 * begun to think, or when nothing came for a while. On a busy machine a look may
 * come late: that an answer was just given is believed if the kernel says so too
 * (its times are as fine as its ticks, 4 or 10 ms). Who leaves no such moment
 * within a second is closed in some idle one. */
static inline int preload_may_close(int was_busy, uint32_t sent_ms, uint32_t received_ms, uint32_t draining_ms)
{
	return (was_busy && sent_ms <= 4) || received_ms >= 100 || (draining_ms >= 60 && sent_ms <= 4) || draining_ms >= 1000;
}

enum preload_gate {
	GATE_OPEN,
	GATE_CLOSED, /* it drains: it accepts no more, and its answers say that they are the last */
	GATE_YIELDS, /* for a moment another one accepts before it */
};

struct preload_page {
	uint32_t gate; /* enum preload_gate: may this generation accept? (a futex) */
	uint32_t known_ready; /* 1: the launcher needs no ACCEPTED any more */
	uint32_t patience_ms; /* how long streams (WebSocket, events) are still let be */
	uint32_t loaded; /* the library runs */
	uint32_t connections; /* accepted ones that were open at the last look */
	uint32_t drained; /* looks taken */
	uint32_t draining_ms; /* since the gate was closed */
	uint32_t streams_cut;
};

#endif
