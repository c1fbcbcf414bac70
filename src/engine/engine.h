/* Inside the room engine: what its files share. */
#ifndef CARGODECK_ENGINE_INSIDE_H
#define CARGODECK_ENGINE_INSIDE_H

#include "cargodeck/engine.h"

#include <curl/curl.h>

/* Where an engine is and how it is spoken to (host.c). */
struct engine_place {
	char *address; /* as a person reads it */
	char *socket; /* unix socket, or NULL */
	char *base; /* "http://localhost" or "http[s]://host:port" */
	char *ca, *cert, *key; /* PEM files, where TLS is spoken; each may be NULL */
	bool verify; /* the engine's certificate must be good */
};

bool engine_place_find(const char *host, const char *context, struct engine_place *place, struct fault *fault);
void engine_place_finish(struct engine_place *place);

#define ENGINE_USUAL_SOCKET "/var/run/docker.sock"

struct engine {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct engine_place place;
	char *version; /* "1.41" */
	char *server, *arch; /* as the engine names them: "20.10.24", "amd64" */
	char *api; /* header Api-Version, before the version is agreed on */

	struct engine_request *requests; /* all that are under way */
	struct engine_apart *apart; /* large answers that threads read */
	ARRAY(struct engine_request *) ready; /* those with news for their owner */

	/* the event stream */
	char *project;
	struct engine_call call;
	void *data;
	struct engine_request *events;
	struct str event_bytes;
	struct loop_timer *again;
	unsigned again_ms;
	bool is_lost;
	int64_t since_ns; /* events from then on; 0: from now on */
};

bool engine_id_is_good(const char *id); /* a container's: it becomes part of a path */

/* How long to wait before the engine is asked again, after `last_ms`: a local
 * socket costs nothing to ask. */
unsigned engine_pause_ms(const struct engine *engine, unsigned last_ms);

/* A request whose bytes are given as they come, instead of kept. Called first
 * with no bytes, when the engine has answered. False ends the request: its done
 * hears a fault that says that what came makes no sense. */
typedef bool (*engine_bytes)(void *data, const char *bytes, size_t len);
struct engine_request *engine_request_open(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_bytes bytes, engine_done done, void *data);

/* For whoever drives a curl handle of its own in the engine's multi (streams):
 * called once, when it is connected (CURLE_OK) or that failed. */
struct engine_connect {
	void (*call)(struct engine_connect *connect, CURLcode code);
};
CURL *engine_connect_open(struct engine *engine, struct engine_connect *connect, char *error);
void engine_connect_close(struct engine *engine, CURL *curl);

/* A header line of an answer; what it says of versions is kept until one is agreed on. */
void engine_hear_head(struct engine *engine, const char *line, size_t len);

/* Sets the fault for "nobody answers there", with what mends it. */
void engine_say_unreachable(const struct engine *engine, CURLcode code, const char *error, struct fault *fault);

/* apart.c: reads a large answer beside the loop. Takes `body`; `parsed` is called
 * on the loop's thread, once, with what lasts as long as the call, less the status.
 * NULL: there is no thread for it, and the body stays the caller's. */
struct engine_apart;
typedef void (*engine_parsed)(struct engine_request *request, const struct engine_answer *answer);
struct engine_apart *engine_apart_open(struct engine *engine, struct engine_request *request, struct str *body,
	const struct engine_reader *reader, engine_parsed parsed); /* reader: NULL: none */
void engine_apart_cancel(struct engine_apart *apart); /* nobody waits for it; NULL is fine */
void engine_apart_close(struct engine *engine); /* all of them */

void engine_multi_open(struct engine *engine);
void engine_multi_close(struct engine *engine);

#endif
