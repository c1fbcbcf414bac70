/* A large answer is read by a thread of its own, and freed by one: a list of ten
 * thousand containers takes most of a second, and keys are on the loop's. Its
 * request waits meanwhile; where it is cancelled or the engine is closed, what
 * was read is dropped. Called by request.c. */
#include "engine.h"

#include <pthread.h>

struct engine_apart {
	struct engine *engine; /* NULL: closed; the thread has been waited for */
	struct engine_apart *next, **place; /* in the engine's list */
	struct engine_request *request; /* NULL: cancelled, or told already */
	engine_parsed parsed;
	const struct engine_reader *reader; /* or NULL */
	void *made; /* by the reader */
	struct str body;
	json_t *json;
	pthread_t thread;
};

static void forget(struct engine_apart *apart)
{
	if (apart->next != NULL)
		apart->next->place = apart->place;
	*apart->place = apart->next;
}

static void free_apart(struct engine_apart *apart)
{
	if (apart->made != NULL)
		apart->reader->drop(apart->made);
	json_decref(apart->json);
	str_finish(&apart->body);
	free(apart);
}

/* On the loop's thread. Only what is left of it is freed here. */
static void on_dropped(void *data)
{
	struct engine_apart *apart = data;
	if (apart->engine != NULL) {
		pthread_join(apart->thread, NULL);
		forget(apart);
	}
	free_apart(apart);
}

static void *drop(void *data)
{
	struct engine_apart *apart = data;
	if (apart->made != NULL)
		apart->reader->drop(apart->made);
	apart->made = NULL;
	json_decref(apart->json);
	apart->json = NULL;
	str_finish(&apart->body);
	loop_post(apart->engine->loop, on_dropped, apart);
	return NULL;
}

static void on_parsed(void *data)
{
	struct engine_apart *apart = data;
	struct engine *engine = apart->engine;
	if (engine == NULL) {
		free_apart(apart);
		return;
	}
	pthread_join(apart->thread, NULL);
	struct engine_request *request = steal(&apart->request);
	struct engine_answer answer = {.body = str_text(&apart->body), .len = apart->body.len, .json = apart->json, .read = apart->made};
	if (request != NULL)
		apart->parsed(request, &answer);
	if (pthread_create(&apart->thread, NULL, drop, apart) == 0)
		return;
	forget(apart);
	free_apart(apart);
}

static void *parse(void *data)
{
	struct engine_apart *apart = data;
	apart->json = json_loadb(apart->body.data, apart->body.len, JSON_ALLOW_NUL, NULL);
	if (apart->json != NULL && apart->reader != NULL)
		apart->made = apart->reader->read(apart->json);
	loop_post(apart->engine->loop, on_parsed, apart);
	return NULL;
}

struct engine_apart *engine_apart_open(struct engine *engine, struct engine_request *request, struct str *body,
	const struct engine_reader *reader, engine_parsed parsed)
{
	struct engine_apart *apart = mem_alloc(sizeof *apart);
	*apart = (struct engine_apart){.engine = engine, .request = request, .parsed = parsed, .reader = reader, .body = *body,
		.next = engine->apart, .place = &engine->apart};
	if (pthread_create(&apart->thread, NULL, parse, apart) != 0) {
		free(apart);
		return NULL;
	}
	*body = (struct str){0};
	if (apart->next != NULL)
		apart->next->place = &apart->next;
	engine->apart = apart;
	return apart;
}

void engine_apart_cancel(struct engine_apart *apart)
{
	if (apart != NULL)
		apart->request = NULL;
}

/* What the threads have posted is run by the loop later, or when it closes. */
void engine_apart_close(struct engine *engine)
{
	while (engine->apart != NULL) {
		struct engine_apart *apart = engine->apart;
		pthread_join(apart->thread, NULL);
		forget(apart);
		apart->engine = NULL;
		apart->request = NULL;
	}
}
