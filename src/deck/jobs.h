/* Inside the deck: jobs beside the serving build, for the files that show and
 * pass them on. jobs.c runs them. */
#ifndef CARGODECK_JOBS_H
#define CARGODECK_JOBS_H

#include "deck.h"

enum { FAILURES_KEPT = 200 };

/* A person's own job. */
struct own_job {
	char *name, *text;
	struct strings words; /* cargo's */
};

struct jobs {
	struct deck *deck;
	struct loop_timer *soon;
	ARRAY(struct own_job) own;
	char *chosen; /* runs after each build that passed; NULL: none */
	struct strings asked; /* run as soon as no build does */
	struct strings after; /* were cancelled by a save: run after a build that passed */
	struct cargo_run *run; /* NULL: none */
	struct family *family; /* whose builder it runs in */
	unsigned ran; /* its command, in the list of what was run */
	bool is_hidden; /* none is wanted any more: what the last one said is not shown */
	bool is_dropped; /* the running one is not to run again */

	/* of the one that runs, or ran last; NULL: none did */
	char *name;
	enum build_state state;
	unsigned generation;
	uint64_t began_ns, ms;
	unsigned done, total;
	char crates[160];
	unsigned errors, warnings, passed, failed;
	int status;
	ARRAY(struct diagnostic) diagnostics; /* errors first */
	ARRAY(struct test_failure) failures;
	char *complaint;
};

void jobs_open(struct deck *deck);
void jobs_close(struct deck *deck);
/* A build begins: what runs is cancelled, and runs again later. */
void jobs_build_began(struct deck *deck);
void jobs_build_done(struct deck *deck, enum build_state state);
/* A save that builds nothing, of sources that a job may read: tests, say. */
void jobs_saved(struct deck *deck, const struct strings *paths);
void jobs_builder_ready(struct deck *deck);
void jobs_builder_gone(struct family *family);
/* For one that follows: what the other deck's job does. */
void jobs_heard_start(struct deck *deck, const char *name);
void jobs_heard_choice(struct deck *deck, const char *name); /* "off": none */
void jobs_keep_diagnostic(struct deck *deck, const struct diagnostic *diagnostic); /* copies */
void jobs_keep_failure(struct deck *deck, const struct test_failure *failure); /* copies */
/* Tells how the job stands: "chosen", or its state; `again`: it will run again. */
void jobs_tell(struct deck *deck, const char *state, bool again);
/* The same as an event, to be sent elsewhere. */
struct deck_event jobs_event(const struct jobs *jobs, const char *state);

#endif
