/* deck: owns every room and connects them: a save becomes a build, an artifact
 * a swap, an event of the engine a row on the screen. Alone among the rooms it
 * knows several. */
#ifndef CARGODECK_DECK_H
#define CARGODECK_DECK_H

#include "cargodeck/base.h"
#include "cargodeck/build.h"
#include "cargodeck/loop.h"

struct deck;
struct view; /* view.h */

struct deck_options {
	const char *folder; /* --project; NULL: the current one */
	const char *manifest_path; /* --manifest-path or NULL */
	struct strings files; /* -f */
	struct strings env_files; /* --env-file */
	struct strings profiles; /* --profile */
	const char *context; /* --context or NULL */
	const char *host; /* --host or NULL: DOCKER_HOST, then the context */
	const char *project_name; /* --project-name or NULL */
	bool read_only; /* brings nothing up and builds nothing: shows what runs */
	bool take_over; /* adopt a stack that plain compose started, without asking */
	const char *only_job; /* nothing but a builder is brought up, and this job run in it; NULL: all */
};

/* The six stages of a save, in milliseconds. */
struct save_stages {
	double event, settle, dispatch, cargo, start, ready;
	double beyond; /* the whole, less cargo's own time */
	double own; /* of `ready`: the program's own start, until it listened; 0: on nothing */
};

enum deck_event_kind {
	DECK_STEP, /* a step of coming up began, moved or ended */
	DECK_READY,
	DECK_SAVED,
	DECK_BUILD,
	DECK_DIAGNOSTIC,
	DECK_SWAP,
	DECK_SERVING,
	DECK_SERVICE,
	DECK_FAULT,
	DECK_JOB, /* a job beside the build was chosen, began, moved or ended */
	DECK_TEST, /* a test failed */
	DECK_JOB_OUTPUT, /* a line of a job, as cargo shows it */
};

struct deck_event {
	enum deck_event_kind kind;
	int64_t wall_ms;
	unsigned generation; /* 0: none */
	const char *service; /* SWAP, SERVING, SERVICE */
	const struct strings *names; /* READY: services; SAVED: binaries; BUILD: binaries */
	const struct strings *unbuilt; /* BUILD that passed or failed: the binaries that did not compile in the last one that they were in; else NULL */
	const struct strings *paths; /* SAVED */
	const char *why; /* SAVED: dep-info graph manifest data config none; STEP: its name */
	const char *text; /* STEP: what it does now */
	const char *state; /* BUILD, SERVICE, STEP (waiting running done failed) */
	const char *health, *image, *mode; /* SERVICE: own or builder; SWAP */
	const struct build_progress *progress; /* BUILD */
	const struct diagnostic *diagnostic; /* DIAGNOSTIC */
	const struct save_stages *stages; /* SERVING */
	const struct fault *fault; /* FAULT */
	bool has_exit_code;
	int exit_code;
	unsigned restarted;
	double ms;
	/* jobs */
	const char *job; /* JOB, TEST, JOB_OUTPUT; DIAGNOSTIC: NULL where it is the build's */
	unsigned errors, warnings, passed, failed; /* JOB */
	bool again; /* JOB that is cancelled: it will run again */
	bool is_err; /* JOB_OUTPUT: of standard error */
	const struct test_failure *failure; /* TEST */
};
/* A failed build, or a service that ended badly: worth a bell. */
bool deck_event_is_failure(const struct deck_event *event);
typedef void (*deck_listener)(void *data, const struct deck_event *event);

/* Opens project and engine. Nothing is started yet. */
struct deck *deck_open(struct loop *loop, const struct deck_options *options,
	deck_listener listener, void *data, struct fault *fault);
/* Closes; services stay on their last generation, the builder ends. */
void deck_close(struct deck *deck);

/* Brings the stack up and watches: `up` and `watch`. Faults after this come
 * as events. False: it cannot even begin (another deck has the project …). */
bool deck_start(struct deck *deck, struct fault *fault);

/* The project could not be read at first, or another deck has it: nothing more
 * will happen. */
bool deck_has_failed(const struct deck *deck);

/* Another cargodeck has the project; this one shows what that one does. */
bool deck_follows(const struct deck *deck);

/* What may be asked of a running deck. Each answers at once and works on. */
bool deck_service_order(struct deck *deck, const char *service, const char *verb, struct fault *fault); /* start stop restart */
/* The same for several. It goes on where one fails; the fault is the first one's. */
bool deck_services_order(struct deck *deck, const struct strings *names, const char *verb, struct fault *fault);
void deck_pause_watch(struct deck *deck, bool pause);
bool deck_watch_is_paused(const struct deck *deck);
void deck_build_now(struct deck *deck, bool clean);
/* Back to the generation before the serving one, where it is kept. */
bool deck_go_back(struct deck *deck, struct fault *fault);
/* Adopts what plain compose started: its Rust services are made anew. */
void deck_take_over(struct deck *deck);
/* Starts whatever is stopped. */
void deck_start_all(struct deck *deck);
/* `docker compose down`: containers and networks go, volumes stay. */
bool deck_down(struct deck *deck, struct fault *fault);
/* A person's own jobs beside check, clippy, test and doc, in place of those before.
 * The chosen one runs again where its words are others; where it is no more, none is. */
struct config;
void deck_set_jobs(struct deck *deck, const struct config *config);
/* The job that runs after each build that passed, and now: check, clippy, test,
 * doc, one of the person's own, or off. False: there is none of that name. */
bool deck_choose_job(struct deck *deck, const char *name, struct fault *fault);
/* Runs a job once, as soon as no build runs. */
bool deck_run_job(struct deck *deck, const char *name, struct fault *fault);
/* How long a new generation may take until it is ready, how long one that nobody
 * calls must listen to count as ready, and how many bytes of each log are kept.
 * 0: 10 s, 500 ms, 64 MiB. */
void deck_set_limits(struct deck *deck, unsigned ready_ms, unsigned silent_ms, size_t log_bytes);
/* Shell commands run when a save serves, and when a build, a swap or a service
 * fails; NULL or empty: none. They get "serving", "build", "swap" or "service",
 * the service (or the programs) and the generation as $1 to $3. */
void deck_set_hooks(struct deck *deck, const char *on_serving, const char *on_failed);
/* Before deck_start(), for a screen: what compose's labels say of containers that
 * are there is shown while compose is asked, which takes longer. */
void deck_show_early(struct deck *deck);
/* The engine's answer to that will be there within milliseconds: a frame may wait for it. */
bool deck_asks_early(const struct deck *deck);
/* For a screen, after each frame: does what waited until rows were drawn. True:
 * there is something new to draw at once; call it again after that. */
bool deck_drawn(struct deck *deck);
/* Reads CPU and memory each second from now on. */
void deck_watch_figures(struct deck *deck);
/* Network and block I/O too, or no longer: they cost some files more a service. */
void deck_watch_traffic(struct deck *deck, bool is_on);
/* Lists the engine's other containers too, or no longer. What is asked about a
 * service (orders, log) can be asked about them by their name with a "/" before. */
void deck_show_others(struct deck *deck, bool is_on);
/* Reads CPU and memory of these of them alone. */
void deck_others_in_sight(struct deck *deck, const struct strings *names);
/* A file as the view names it, as a path that can be opened; the caller frees. */
char *deck_path(const struct deck *deck, const char *file);
/* The container of a service, by its id, or NULL. Borrowed until the next turn. */
const char *deck_container(const struct deck *deck, const char *service);
/* Compose's name of the project, or NULL while it is not known. Borrowed. */
const char *deck_name(const struct deck *deck);
/* The folder of the project, or NULL while it is not read. Borrowed as well. */
const char *deck_folder(const struct deck *deck);
/* Runs a person's command without a terminal; one that fails is shown as a
 * fault. `words` are its program and arguments, `name` and `line` are for people. */
void deck_run_own(struct deck *deck, const char *name, const char *line, const struct strings *words);
/* Something is run for the project elsewhere: it stands in the list of what was
 * run. Its number, for deck_ran_end(); secrets in the line are masked. */
unsigned deck_ran_begin(struct deck *deck, const char *line);
void deck_ran_end(struct deck *deck, unsigned number, int status); /* -1: by a signal */
/* Which service's log the screen follows; NULL: none. */
void deck_follow_log(struct deck *deck, const char *service);
/* Shows the logs of these services as one, merged by time, in place of the one
 * that is followed; an empty list: of every service. NULL: one again. */
void deck_merge_logs(struct deck *deck, const struct strings *names);
/* The second pane of logs shows this one service's log, or those of several (an
 * empty list: of all) as one; NULL: none. */
void deck_show_beside(struct deck *deck, const struct strings *names);
/* view.why is filled for this service from now on; NULL: no more. */
void deck_explain(struct deck *deck, const char *service);

/* view.container is filled for this service from now on; NULL: no more. */
void deck_inspect(struct deck *deck, const char *service);
/* view.checks is wanted from now on, or no longer: the program itself is asked
 * (`check --format json`), now and after each save. `is_live`: with --live. */
void deck_checks(struct deck *deck, bool is_wanted, bool is_live);
void deck_checks_again(struct deck *deck);
/* An editor has ended: judged again where they are wanted, watched or not. */
void deck_checks_edited(struct deck *deck);
/* view.checks.mending: what would mend this practice; NULL: no more. */
void deck_checks_mend(struct deck *deck, const char *practice);
/* Writes what is shown there. */
void deck_checks_write(struct deck *deck);
/* view.init is wanted from now on, or no longer: the project is looked at, and
 * its container files are rendered, in a thread. Wanted again: anew, by every default. */
void deck_init(struct deck *deck, bool is_wanted);
void deck_init_turn_part(struct deck *deck, const char *name);
void deck_init_turn_file(struct deck *deck, const char *path);
/* Writes what view.init shows as wanted. */
void deck_init_write(struct deck *deck);
/* Opens the http address of a port that the service publishes in a browser. */
bool deck_open_address(struct deck *deck, const char *service, struct fault *fault);

/* Grows with each change that a screen could show. */
uint64_t deck_revision(const struct deck *deck);
/* Fills the view; what it points at is the deck's, valid until the next turn. */
void deck_view(struct deck *deck, struct view *view);

/* ---- headless: events as lines ---------------------------------------------- */

/* One JSON object a line (the interface of `watch --json`), or a sentence. The
 * caller frees. NULL: this event has no line in that form. */
char *deck_event_json(const struct deck_event *event);
char *deck_event_sentence(const struct deck_event *event, bool colour);

#endif
