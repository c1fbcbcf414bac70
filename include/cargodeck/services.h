/* services: what we believe about each service: state, health, generation,
 * usage. Plain data with an owner; deck feeds it from the engine's events and
 * from deckhand, the screen and the commands read it. It knows no engine. */
#ifndef CARGODECK_SERVICES_H
#define CARGODECK_SERVICES_H

#include "cargodeck/base.h"

/* A container's state, as the engine names it (Engine API 1.41, Container.State). */
enum service_run {
	SERVICE_ABSENT, /* there is no container */
	SERVICE_CREATED,
	SERVICE_RUNNING,
	SERVICE_PAUSED,
	SERVICE_RESTARTING,
	SERVICE_EXITED, /* and "dead" */
};

enum service_health { HEALTH_NONE, HEALTH_STARTING, HEALTH_GOOD, HEALTH_BAD };

enum { SERVICE_HISTORY = 16 };

struct service {
	char *name;
	char *container, *container_name; /* NULL: none */
	char *image; /* as the container names it */
	char *kind; /* "own" or "builder": whose image, or NULL: not ours */
	char *bin; /* the program of the workspace that it runs, or NULL */
	char *ports; /* "8080->80, 5432", or NULL */
	enum service_run run;
	enum service_health health;
	char *health_output; /* of the last probe that failed, or NULL */
	enum service_health listed_health; /* as the engine says; ours may know more */
	bool is_probed; /* has a health test */
	struct strings health_test; /* "CMD", … or "CMD-SHELL", … (Engine API, HealthConfig.Test) */
	bool is_tty;
	bool is_job; /* others wait for its end, or it is not restarted */
	int exit_code; /* SERVICE_EXITED */
	unsigned restarts;
	int64_t since_ms; /* wall clock: when the state began; 0: not known */
	unsigned generation; /* that serves; 0: none of ours */
	bool is_ready; /* its launcher said so */
	bool is_foreign; /* runs without the override: plain compose made it */
	bool is_building; /* its next generation is being built */
	bool is_stopped; /* on purpose: by a person's order */
	bool is_waiting; /* to be started: waits for its program or another */
	char *cause; /* one sentence: why it is not well, or NULL */
	double cpu_percent; /* of one core; negative: not known */
	uint64_t memory, memory_limit; /* bytes; limit 0: none */
	uint64_t memory_history[SERVICE_HISTORY];
	unsigned history_count;
	double received, sent, read, written; /* bytes a second; negative: not known */
	uint64_t told; /* hash of what was last told of it: see service_has_changed() */
};

struct services;
struct services *services_open(void);
void services_close(struct services *services); /* NULL is fine */
size_t services_count(const struct services *services);
struct service *services_at(struct services *services, size_t index);
struct service *services_find(struct services *services, const char *name); /* NULL: none */
struct service *services_find_container(struct services *services, const char *id);
/* Finds it or makes it; the order is that of adding. */
struct service *services_add(struct services *services, const char *name);
/* Forgets every service that is not in the list; the others stand in its order. */
void services_keep(struct services *services, const struct strings *names);

/* Replaces an owned text; true: it is another one now. */
bool service_set_text(char **place, const char *text);
/* The state as one word: "healthy", "running", "starting", "done", "stopping",
 * "stopped", "waiting", "restarting", "paused", "unhealthy", "exited", "absent". */
const char *service_state_word(const struct service *service);
const char *service_health_word(enum service_health health); /* "healthy", "none" … */
enum service_run service_run_read(const char *word); /* the engine's word */
enum service_health service_health_read(const char *word);
/* Runs as it should: healthy, running, or a job that ended with 0. */
bool service_is_well(const struct service *service);
/* Ended with an error, restarts again and again, or its probe fails. */
bool service_is_bad(const struct service *service);
/* True once for each change of what an event says: state, health, generation,
 * exit code, image. */
bool service_has_changed(struct service *service);
void service_add_usage(struct service *service, double cpu_percent, uint64_t memory, uint64_t memory_limit);
void service_forget_usage(struct service *service);
void service_forget_traffic(struct service *service);
/* What an exit code means, as half a sentence, or NULL where it is the program's own. */
const char *service_exit_meaning(int code);

#endif
