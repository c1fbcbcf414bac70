/* Inside the room engine: what its files share. */
#ifndef CARGODECK_ENGINE_INSIDE_H
#define CARGODECK_ENGINE_INSIDE_H

#include "cargodeck/engine.h"

#include <curl/curl.h>

struct engine {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	char *address; /* as a person reads it */
	char *socket; /* unix socket, or NULL */
	char *base; /* "http://localhost" or "http://host:port" */
	char *version; /* "1.41" */
	unsigned requests; /* under way, for the log */

	/* the event stream */
	char *project;
	struct engine_call call;
	void *data;
	struct engine_request *events;
	struct str event_bytes;
	struct loop_timer *again;
	unsigned again_ms;
	bool is_lost, closing;
};

/* A request whose bytes are given as they come, instead of kept. */
typedef bool (*engine_bytes)(void *data, const char *bytes, size_t len);
struct engine_request *engine_request_open(struct engine *engine, const char *method, const char *path, const char *type,
	const void *body, size_t len, unsigned timeout_ms, engine_bytes bytes, engine_done done, void *data);
/* The usual options of a curl handle that talks to this engine. */
void engine_set_up(struct engine *engine, CURL *curl, const char *path);

#endif
