/* A scripted engine on a unix socket, in threads of its own: a test says how
 * each request is answered, byte by byte where it matters. */
#ifndef TESTS_ENGINE_FAKE_H
#define TESTS_ENGINE_FAKE_H

#include "../unit.h"
#include "cargodeck/engine.h"

struct fake;
struct peer; /* one connection */

/* Answers one request: `path` without the version. False closes the connection.
 * Runs on the connection's thread. */
typedef bool (*fake_serve)(struct peer *peer, const char *path, const char *body, void *data);

struct fake *fake_open(fake_serve serve, void *data);
void fake_close(struct fake *fake);
/* The engine goes: nobody listens, all connections are cut. */
void fake_stop(struct fake *fake);
/* And comes back, under the same address. */
void fake_start(struct fake *fake);
const char *fake_host(const struct fake *fake); /* "unix:///…" */
/* How many requests had this text in their first line ("GET /v1.41/x HTTP/1.1"). */
unsigned fake_asked(struct fake *fake, const char *text);

/* A gate that scripts wait at until the test has let them through so often. */
void fake_let(struct fake *fake);
bool peer_wait_let(struct peer *peer, unsigned times);

/* False: the other side has gone. */
bool peer_send(struct peer *peer, const void *bytes, size_t len);
bool peer_say(struct peer *peer, const char *text);
bool peer_answer(struct peer *peer, int status, const char *body); /* with its length */
bool peer_chunks(struct peer *peer); /* the head of a chunked answer */
bool peer_chunk(struct peer *peer, const void *bytes, size_t len);
bool peer_chunk_end(struct peer *peer);
/* A frame of the engine's streams, as a chunk. */
bool peer_frame(struct peer *peer, int stream, const char *text);
size_t peer_read(struct peer *peer, char *out, size_t size); /* 0: gone */
void peer_wait_gone(struct peer *peer);

/* Answers /version as an engine 20.10; false: it was another path. */
bool serve_version(struct peer *peer, const char *path);

void frame_add(struct str *out, int stream, const char *bytes, size_t len);

/* Turns the loop until `done` is not 0, 20 s at most. */
#define wait_until(loop, done) \
	do { \
		uint64_t until_ = clock_now_ns() + 20000000000u; \
		while (!(done) && clock_now_ns() < until_) \
			loop_turn(loop, 1000); \
		if (!(done)) \
			fail_msg("never came: %s", #done); \
	} while (0)

#endif
