/* Inside the deck: what its files share.
 *
 *   deck.c     life, the listener, orders
 *   up.c       coming up: one step after the other, then waves of services
 *   images.c   rendering and building the builder's and the services' images
 *   builder.c  the builder container and its agent; builder-body.c what it is made of
 *   builds.c   what a build tells
 *   image-hash.c, launcher-image.c, images-old.c, machine.c (network settings): parts of images.c
 *   jobs.c     check, clippy, test, doc and own jobs beside the build (jobs.h)
 *   save.c     a saved batch becomes builds and other work
 *   sync.c     saved data comes into its containers
 *   swap.c     an artifact becomes a generation, a generation serves
 *   rows.c     containers as the engine tells them become services
 *   probe.c    our own health probes
 *   commands.c the table of commands, report.c events as lines, view.c the screen's view */
#ifndef CARGODECK_DECK_INSIDE_H
#define CARGODECK_DECK_INSIDE_H

#include "cargodeck/build.h"
#include "cargodeck/command.h"
#include "cargodeck/deck.h"
#include "cargodeck/deckhand.h"
#include "cargodeck/engine.h"
#include "cargodeck/logs.h"
#include "cargodeck/project.h"
#include "cargodeck/services.h"
#include "cargodeck/view.h"
#include "cargodeck/watch.h"

struct check_options;

enum { SAVES_KEPT = 64, SWAPS_KEPT = 32, ERRORS_KEPT = 200, FAULTS_KEPT = 8 };

/* ---- tasks: children and their end --------------------------------------------- */

/* A child of ours, mostly `docker …`. It is freed after `done`. */
struct task;
/* `status`: exit status, -1: not started or killed. `err` holds standard error. */
typedef void (*task_done)(void *data, int status, const char *out, const char *err);
struct task *task_start(struct deck *deck, const struct strings *argv, const char *cwd, const char *input, size_t input_len,
	task_done done, void *data);
/* The same with standard error as it comes. */
struct task *task_start_watched(struct deck *deck, const struct strings *argv, const char *cwd,
	void (*err)(void *data, const char *bytes, size_t len), task_done done, void *data);
/* The same; in the list of what was run it stands as `told`, not as its words. */
struct task *task_start_told(struct deck *deck, const struct strings *argv, const char *cwd, const char *told, task_done done, void *data);
void tasks_close(struct deck *deck);
/* The last lines of a child's complaint as one clean sentence. */
void task_complaint(const char *err, struct str *out);

/* ---- builders ------------------------------------------------------------------------- */

struct family {
	struct deck *deck;
	int index;
	char *image, *volume, *container;
	char *runs; /* image that the container was made of */
	struct engine_stream *stream;
	struct agent *agent;
	struct build *build;
	struct strings failed; /* binaries whose last build failed */
	struct strings served; /* every binary that a service runs */
	struct map *shown; /* "BINARY@GENERATION" -> the later number that it stands for */
	struct map *published; /* binary -> the generation that is kept for new containers */
	bool is_creating, first_passed;
	unsigned tries;
	struct loop_timer *again;
	unsigned ran; /* the build under way, in the list of what was run */
};

struct launcher {
	int number;
	int family;
	char *service, *bin, *container;
	unsigned generation;
	bool is_ready;
	char way[16];
};

/* ---- saves ------------------------------------------------------------------------------- */

/* One generation's way from disk to serving. */
struct save_record {
	unsigned generation; /* 0: free */
	unsigned batch;
	bool is_settled;
	uint64_t wrote_ns, first_ns; /* clock_now_ns() */
	uint64_t decided_ns; /* the build was asked for */
	struct strings paths, bins;
	enum save_why why;
	/* of the artifact that served first */
	bool is_serving;
	struct save_stages stages;
	struct strings services;
};

/* An artifact on its way. */
struct swap {
	unsigned number; /* 0: free */
	unsigned generation; /* of the save */
	int launcher;
	char *service, *bin;
	int64_t cargo_started_ns, artifact_ns; /* agent's clock */
	bool is_asked_again;
};

/* Reads a container's last lines: why did it end? */
struct cause {
	struct deck *deck;
	struct engine_log *log;
	char *service;
	struct str out, err;
};

/* A person's order that waits until it can be done. */
struct order {
	char *name, *verb;
};

/* ---- steps of coming up --------------------------------------------------------------- */

enum step { STEP_PROJECT, STEP_IMAGES, STEP_OTHERS, STEP_BUILDER, STEP_BUILD, STEP_SERVICES, STEP_HEALTHY, STEP_COUNT };
enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED };
struct step_row {
	enum step_state state;
	char text[320];
	unsigned counted; /* where in `text` what follows "done/total  " begins; 0: it does not count */
	unsigned done, total;
	uint64_t began_ns, took_ms;
};

/* Panes of logs: the one that follows the selection, and the one beside it. */
enum { LOG_FOLLOWED, LOG_BESIDE, LOG_PANES };

/* ---- the deck ---------------------------------------------------------------------------- */

struct held_error {
	struct diagnostic diagnostic;
};

struct held_fault {
	struct fault fault;
	char *key; /* what it is about: a later one of the same key replaces it */
};

/* What was run (ran.c). */
struct ran_entry {
	unsigned number;
	char *text;
	int64_t wall_ms;
	uint64_t began_ns, took_ms;
	bool is_running;
	int status;
};

struct deck {
	struct loop *loop;
	struct deck_options options;
	deck_listener listener;
	void *data;

	struct engine *engine;
	char *engine_version, *engine_arch; /* "20.10.24", "x86_64" */
	bool is_lost;
	uint64_t lost_ns;
	char *name; /* compose's project */
	char *state_folder; /* $XDG_STATE_HOME/cargodeck/PROJECT */
	int lock;

	struct project *project; /* NULL until it was read */
	struct reading *reading; /* a thread asks compose and cargo */
	bool read_again;
	struct services *services;
	ARRAY(struct task *) tasks;

	/* images */
	char *launcher_image;
	struct map *images; /* service -> tag */
	struct map *kinds; /* service -> "own" or "builder" */
	struct images *imaging; /* under way */
	struct strings image_services; /* only these are rendered again; empty: all */
	bool image_again; /* all of them, when this round is done */

	ARRAY(struct family *) families;
	ARRAY(struct launcher) launchers;
	struct swap swaps[SWAPS_KEPT];
	unsigned last_swap;

	struct watch *watch;
	bool is_watch_paused;
	ARRAY(struct syncing *) syncings;
	struct save_record saves[SAVES_KEPT]; /* a ring by generation */
	unsigned generation; /* the newest given */
	unsigned serving; /* the newest that serves */
	double beyond[256];
	unsigned beyond_count;

	/* building, for the screen */
	enum build_state build_state;
	struct build_progress progress;
	struct strings build_bins;
	struct strings unbuilt; /* those that cargo did not make in the last build that they were in */
	ARRAY(struct held_error) errors;
	unsigned error_total, warning_total;
	uint64_t build_ms;
	char *complaint;

	/* coming up */
	struct step_row steps[STEP_COUNT];
	uint64_t began_ns;
	bool is_up; /* ready was told */
	bool is_following; /* brings nothing up: shows what is */
	bool is_closing;
	struct loop_timer *begin; /* until the project is asked for the first time */
	struct loop_timer *look_again; /* until the project can be read */
	uint64_t files_stamp;
	struct loop_timer *waves, *refresh, *figures;
	struct engine_request *listing;
	bool list_again;
	bool is_composing; /* one `docker compose up` at a time */
	struct strings composing; /* the services of it */
	struct strings stopping; /* a person wants these stopped, compose is at it */
	ARRAY(struct order) orders; /* that wait until compose has done with their service */
	struct strings recreate; /* services whose configuration changed */
	struct strings brought; /* services that were brought up, or tried to */
	bool is_listed; /* the engine's list came once */
	struct engine_request *early; /* the list before the project is known */
	bool is_early; /* that list is being taken over */
	struct strings unlooked; /* services of it that are to be looked at in full */
	enum { FIRST_NOTHING, FIRST_LOOKS, FIRST_SHARES, FIRST_FIGURES } first; /* what waits until the screen has drawn them */
	bool was_up; /* all that list had ran: nothing is to be brought up first */
	unsigned looking; /* containers that are looked at in full */
	ARRAY(struct probe *) probes;
	ARRAY(struct cause *) causes;
	struct map *usage; /* container -> struct engine_usage_state */
	struct map *asked; /* container -> struct asked: figures that the engine is asked for */
	unsigned asking; /* so many of them just now */
	unsigned asked_pause_ms; /* between two of one container; 0: the usual */
	struct others *others; /* other projects' containers; NULL: not asked for */
	struct map *traffic; /* container -> struct engine_traffic_state; NULL: nobody looks at it */

	ARRAY(struct held_fault) faults;

	struct map *logs; /* service -> struct follow_log */
	char *followed;
	char *explained; /* the service that view.why is about, or NULL */
	struct why_store *why;
	char *beside; /* the service whose log is shown beside that one, or NULL */
	struct merge *merges[LOG_PANES]; /* logs of several services as one; NULL: one, or none, is shown there */
	struct jobs *jobs; /* beside the serving build */
	struct share *share;
	struct loop_timer *heir; /* a follower whose deck has ended tries to take over */
	char *on_serving, *on_failed; /* a person's commands */
	unsigned ready_ms, silent_ms; /* 0: the usual */
	size_t log_bytes;
	uint64_t revision;
	struct deck_view_store *view;
	struct inspection *inspection; /* NULL: none was looked into yet */
	struct judging *judging; /* NULL: practices were never asked for */
	struct wizard *wizard; /* NULL: container files were never asked for */
	bool is_init_offered; /* a Cargo.toml, and no compose file */

	/* ran.c */
	ARRAY(struct ran_entry) ran; /* the oldest first */
	ARRAY(struct view_ran) shown_ran;
	unsigned last_ran;
};

/* ---- deck.c ---- */
void deck_changed(struct deck *deck); /* the screen may show something new */
void deck_tell(struct deck *deck, struct deck_event *event); /* fills in the time */
/* A fault is told as an event and kept for the screen under its key. */
void deck_fault(struct deck *deck, const char *key, const struct fault *fault);
void deck_build_began(struct deck *deck, unsigned generation, const struct strings *bins);
void deck_keep_error(struct deck *deck, const struct diagnostic *diagnostic); /* copies */
void deck_keep_stages(struct deck *deck, unsigned generation, const char *service, const struct save_stages *stages);
void deck_forget_fault(struct deck *deck, const char *key);
void deck_step(struct deck *deck, enum step step, enum step_state state, const char *format, ...) PRINTF_LIKE(4, 5);
/* One that goes on and counts; `now`: what it is at. */
void deck_step_count(struct deck *deck, enum step step, unsigned done, unsigned total, const char *now);
const char *deck_step_name(enum step step); /* people are shown it through _() */
struct family *deck_family_of(struct deck *deck, const char *service); /* NULL: no Rust */
/* True for a service that runs a program of the workspace under the deck. */
bool deck_is_ours(const struct deck *deck, const char *service);
bool deck_take_lock(struct deck *deck, struct fault *fault);
/* What a person said of the project, and what was read of it, as those rooms take it. Borrowed. */
struct project_options deck_project_options(const struct deck_options *options);
struct check_options deck_check_options(const struct project_texts *texts);
char *deck_helper_path(const char *arch); /* deckhand for that architecture, or NULL */

void deck_swap_failed(struct deck *deck, const char *service, unsigned generation); /* runs the person's command */

/* ---- up.c ---- */
void up_start(struct deck *deck);
void up_early_done(struct deck *deck); /* the list before the project is known: there, or not to be had */
void up_read_project(struct deck *deck); /* again: compose or a manifest changed */
void up_close(struct deck *deck);
/* Something moved: starts what can start now, tells ready when all is well. */
/* Does a condition of depends_on hold for that service (compose's words)? */
bool up_depend_holds(const struct service *other, const char *condition);
void up_consider(struct deck *deck);
void up_images_done(struct deck *deck, const struct fault *fault);
void up_builder_ready(struct deck *deck, struct family *family);
void up_built(struct deck *deck, struct family *family, const struct build_result *result);
/* Writes the override for compose; its path (caller frees) or NULL. */
char *up_write_override(struct deck *deck, struct fault *fault);

/* ---- images.c ---- */
void images_build(struct deck *deck, const struct strings *only); /* NULL: all */
void images_close(struct deck *deck);
void images_drop_old(struct deck *deck); /* those that nothing stands on any more */
/* The CA bundle that this machine's cargo and curl are told to use, or NULL. */
const char *machine_ca_bundle(void);

/* ---- builder.c ---- */
struct family *builder_open(struct deck *deck, int index);
void builder_start(struct deck *deck, struct family *family);
void builder_image_changed(struct family *family); /* starts it, or anew where another image runs */
void builder_close(struct family *family);
/* What /containers/create is asked with; the caller frees. */
char *builder_body(const struct family *family);
char *builder_cargo_volume(void); /* cargo's caches: one a person */
#define BUILDER_HOME "/.cargodeck/home"
#define BUILDER_CARGO "/.cargodeck/cargo"

/* ---- builds.c ---- */
void builds_open(struct family *family);
/* Every binary that services of the family run. */
void builder_build_all(struct family *family, unsigned generation, bool clean);
char *builder_target_volume(const struct deck *deck, int family);

/* ---- save.c ---- */
bool save_watch_open(struct deck *deck);
void save_watch_again(struct deck *deck);
struct save_record *save_new(struct deck *deck);
struct save_record *save_find(struct deck *deck, unsigned generation);
void save_build(struct deck *deck, struct save_record *record, const struct strings *touch, bool is_growing, bool clean);

/* ---- sync.c ---- */
/* Brings what was saved into the containers, restarts where the rule says so. */
void sync_save(struct deck *deck, const struct save *save);
/* The service's programs start anew beside themselves, in the same generation. */
void sync_reload(struct deck *deck, const char *service);
void sync_close(struct deck *deck);

/* ---- swap.c ---- */
void swap_artifact(struct family *family, const struct build_artifact *artifact);
void swap_launcher_up(struct family *family, int number, const struct wire_frame *join);
void swap_launcher_said(struct family *family, int number, const struct wire_frame *frame);
void swap_launcher_down(struct family *family, int number);
void swap_builder_gone(struct family *family);
void swap_building(struct family *family, bool on);
/* Turns every program of a family to a kept generation. */
void swap_to(struct family *family, const char *bin, unsigned generation);
/* One launcher alone; its own generation again restarts the program without a gap. */
void swap_launcher_to(struct family *family, const struct launcher *launcher, unsigned generation);

/* The line of a program's last words that says most. */
void swap_last_words(const char *bytes, size_t len, struct str *out);
void swap_close(struct deck *deck);

/* ---- rows.c ---- */
void rows_refresh(struct deck *deck); /* soon; many calls are one request */
void rows_event(struct deck *deck, const struct engine_event *event);
void rows_tell(struct deck *deck); /* SERVICE events for what changed */
void rows_close(struct deck *deck);
void rows_from_project(struct deck *deck);
size_t rows_ours(const struct deck *deck); /* services that run a program of the workspace */
void rows_show_early(struct deck *deck); /* what runs already, while the project is read */
void rows_read_figures(struct deck *deck);
/* As deck_drawn(). */
bool rows_drawn(struct deck *deck);
void rows_watch_figures(struct deck *deck); /* CPU and memory each second from now on */
const char *rows_cause(const struct service *service); /* why it is not well, in the person's language, or NULL */

/* ---- order.c ---- */
void orders_do(struct deck *deck); /* those that had to wait, before anything else is begun */
void orders_refuse(struct deck *deck); /* the project cannot be read: nobody waits in vain */
void orders_close(struct deck *deck);

/* ---- asked.c: figures that the engine measures ---- */
void asked_figures(struct deck *deck, const char *container); /* taken when they come; more often than each 2 s does nothing */
void asked_close(struct deck *deck);

/* ---- others.c: containers of other projects ---- */
void others_event(struct deck *deck, const struct engine_event *event); /* NULL: any */
void others_read_figures(struct deck *deck);
void others_take_figures(struct deck *deck, const char *container, const struct engine_usage *usage, const struct engine_traffic *traffic);
bool others_order(struct deck *deck, const char *key, const char *verb, struct fault *fault);
void others_follow(struct deck *deck, const char *key);
size_t others_count(const struct deck *deck, bool *is_listed, size_t *left_out);
void others_fill(const struct deck *deck, size_t index, struct view_service *out);
void others_close(struct deck *deck);

/* ---- probe.c ---- */
void probes_consider(struct deck *deck);
void probes_close(struct deck *deck);

/* ---- look.c: what runs, for commands that print and end ---- */
bool deck_look(struct deck *deck, bool figures, struct fault *fault);
void look_write_generations(struct deck *deck);
void look_read_generations(struct deck *deck);
/* False and a fault that names the services: one of the names is none. */
/* What verbs that only look stand on (verb-look.c). Call verb_look_end() either way. */
struct verb_look {
	struct loop *loop;
	struct deck *deck;
	struct deck_options options;
};
/* What runs, as JSON in the form of the room checks' live.h. `probe`: a throw-away
 * copy of each service is started and stopped, and a line sent to its log's receiver. Turns the loop. The caller frees. */
char *deck_gather_live(struct deck *deck, struct loop *loop, bool probe);
/* Paths of programs that are setuid in the root of that process; json_null(): it may
 * not be looked at. */
json_t *setuid_json(int pid);
/* Sends one line the way that the container's lines go, and looks for it at the
 * receiver: `receiver` of live.h; json_null(): its driver forwards nothing. Turns the loop. */
json_t *receiver_json(struct deck *deck, struct loop *loop, const json_t *inspect);

bool verb_look_begin(struct verb_look *look, const struct command_line *line, bool figures, struct fault *fault);
void verb_look_end(struct verb_look *look);
bool verb_services_known(struct deck *deck, const struct strings *names, struct fault *fault);
/* Is the service among those named, or was none named? */
bool verb_wants(const struct command_line *line, const struct service *service);
json_t *verb_text_or_null(const char *text); /* cleaned */

/* ---- view.c and why.c: what the screen shows ---- */
const char *view_word(const char *state); /* the engine's word or ours, in the person's language */
enum view_state view_state_of(const struct deck *deck, const struct service *service);
void why_fill(struct deck *deck, struct view_why *out);
void why_close(struct deck *deck);

/* ---- follow.c and merge.c: logs ---- */
enum { LOG_TAIL = 300 }; /* lines of a log that are read when it is first shown */
/* What was read of a service's log; NULL: it was never shown. */
struct log_store *follow_own_store(const struct deck *deck, const char *service);
void merge_open(struct deck *deck, size_t pane, const struct strings *names); /* empty: every service */
void merge_close(struct deck *deck, size_t pane);
bool merge_has(const struct deck *deck, const char *service); /* its log is among those shown, in any pane */
/* The newest line of that store is one more to be put in order. */
void merge_line(struct deck *deck, const char *service, const struct log_store *from, int64_t time_ns);
struct log_store *merge_store(const struct deck *deck, size_t pane, const char **title, const char **why_empty);
void follow_add_builder(struct deck *deck, const char *bytes, size_t len);
void follow_mark(struct deck *deck, const char *service, const char *text);
void follow_close(struct deck *deck);
void follow_container_changed(struct deck *deck, struct service *service);
void follow_say(struct deck *deck, const char *service, const char *why_empty); /* in place of a log that is not there */
void follow_pause_others(struct deck *deck, size_t most); /* those not shown; keeps the last `most` of them */
struct log_store *follow_store(struct deck *deck, const char *service, const char **why_empty);

/* ---- share.c and hear.c: one deck has the project, others follow it ---- */
void share_open(struct deck *deck);
void share_close(struct deck *deck);
bool share_follow(struct deck *deck); /* false: nobody listens */
void share_tell(struct deck *deck, const struct deck_event *event);
/* Passes an order on to the deck that is followed; false: none is. */
bool share_order(struct deck *deck, const char *order, const char *service);
void hear_event(struct deck *deck, const json_t *json);

/* ---- ran.c: what was run, for the screen ---- */
unsigned ran_begin(struct deck *deck, const struct strings *words); /* its number, for deck_ran_end() */
void ran_fill(struct deck *deck, struct view *view);
void ran_close(struct deck *deck);

/* ---- view.c ---- */
void view_close(struct deck *deck);

/* ---- address.c: what a service publishes ---- */
/* "http://localhost:8080/": `port` by its number outside or inside; 0: the first
 * that speaks http. The caller frees. NULL and a fault: it publishes none such. */
char *address_of(const struct engine *engine, const struct service *service, long port, struct fault *fault);
char *address_opener(void); /* xdg-open's path; NULL: there is none, or no display. The caller frees */

/* ---- container.c: the one container that is looked into ---- */
struct inspection;
void inspection_hear(struct deck *deck); /* rows may have changed: asks anew where its container did */
void inspection_reconfigured(struct deck *deck); /* the project was read again */
void inspection_fill(struct deck *deck, struct view_container *out);
void inspection_close(struct deck *deck);

/* ---- judging.c: which practices the project keeps ---- */
struct judging;
void judging_saved(struct deck *deck); /* a save has settled */
void judging_fill(struct deck *deck, struct view_checks *out);
void judging_close(struct deck *deck);

/* ---- wizard.c: the container files that are to be written ---- */
struct wizard;
void wizard_fill(struct deck *deck, struct view_init *out);
void wizard_close(struct deck *deck);

#endif
