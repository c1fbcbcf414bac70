/* view: what the screen shows, as plain data. deck fills it for each frame
 * that is drawn, tui only reads it; neither knows more of the other. Every
 * pointer is borrowed and must live until the drawing is done; a NULL text is
 * an empty one. Texts need no cleaning: tui draws control letters as blanks. */
#ifndef CARGODECK_VIEW_H
#define CARGODECK_VIEW_H

#include "cargodeck/base.h"

/* ---- services ---- */

/* In order from well to worst: the one-line layout shows the worst. */
enum view_state {
	VIEW_HEALTHY, /* its probe says so */
	VIEW_RUNNING, /* runs, nobody probes it */
	VIEW_DONE, /* a one-shot that ended with 0 */
	VIEW_STOPPED, /* on purpose */
	VIEW_WAITING, /* not started yet: waits for another */
	VIEW_STARTING,
	VIEW_BUILDING, /* its next generation is being built; the old one serves */
	VIEW_STALE, /* the engine does not answer: this was true before */
	VIEW_UNHEALTHY, /* runs, its probe fails */
	VIEW_FAILED, /* ended with an error, or cannot be started */
};

enum { VIEW_HISTORY = 16 };

struct view_service {
	const char *name; /* the key: selection stays on it */
	enum view_state state;
	const char *state_text; /* "exited 101" in place of the state's own word, or NULL */
	unsigned generation; /* that serves; 0: runs no binary of ours */
	bool is_behind; /* its program did not compile in the last build that it was in: it serves what it served before */
	bool foreign; /* runs, but not under the deck (plain compose made it) */
	double cpu_percent; /* 100: one core; negative: not known yet */
	uint64_t memory, memory_limit; /* bytes; 0: not known, no limit */
	unsigned char history[VIEW_HISTORY]; /* memory of late, oldest first, 0-255 of its own top */
	unsigned history_count;
	bool stale_figures; /* cpu and memory are old: drawn muted */
	const char *ports; /* "8000", "8080 9090", or NULL */
	uint64_t up_ms; /* since its state began; 0: none */
	unsigned restarts;
	const char *cause; /* one sentence: why it is not well, or NULL */
	const char *image; /* as its container names it, or NULL */
	double received, sent, read, written; /* bytes a second; negative: not known; see tui_call.traffic */
	const char *project; /* in view.others: compose's project, or NULL */
	const char *detail; /* what else is known of why it is not well: sentences, or NULL */
};

/* ---- build ---- */

enum view_level { VIEW_ERROR, VIEW_WARNING, VIEW_NOTE };

struct view_error {
	enum view_level level;
	const char *code, *message; /* code may be NULL */
	const char *file; /* relative to the project, or NULL */
	unsigned line, column; /* from 1; 0: none */
	const char *rendered; /* as rustc shows it, SGR colours and newlines, or NULL */
	const char *job; /* whose it is: "clippy"; NULL: the build's */
	bool is_test; /* a test that failed: `rendered` is what it wrote */
};

enum view_build_state {
	VIEW_BUILD_NONE, /* nothing was built yet */
	VIEW_BUILD_RUNNING,
	VIEW_BUILD_PASSED,
	VIEW_BUILD_FAILED,
	VIEW_BUILD_CANCELLED,
};

/* What runs beside the serving build. */
struct view_job {
	const char *chosen; /* "test", runs after each build; NULL: none */
	const char *name; /* of the one that runs, ran last or is to run; NULL: none */
	enum view_build_state state; /* VIEW_BUILD_NONE: it waits for its turn */
	unsigned done, total; /* units; total 0: not known */
	uint64_t elapsed_ms; /* running: so far; else: how long it took */
	unsigned error_total, warning_total;
	unsigned passed, failed; /* tests */
};

struct view_build {
	enum view_build_state state;
	unsigned generation;
	unsigned done, total; /* units; total 0: not known yet */
	const char *crates; /* being compiled now, "api(bin), gateway(bin)" */
	const char *what; /* what is or was built: binaries, or NULL */
	uint64_t elapsed_ms; /* running: so far; else: how long it took */
	uint64_t expected_ms; /* median of earlier builds of this kind, 0: unknown */
	const struct view_error *errors; /* of this build, then of the job: file by file, errors first */
	size_t error_count;
	unsigned error_total, warning_total; /* also of those not in the list */
	const char *complaint; /* cargo's own words where it failed without a diagnostic */
	const char *absent; /* why there is no build at all ("no Rust in this project"), or NULL */
	struct view_job job;
};

/* ---- saves ---- */

struct view_save {
	unsigned generation;
	double event, settle, dispatch, cargo, start, ready; /* ms */
	double beyond; /* ms: the whole less cargo */
	const char *services; /* "api, worker", or NULL */
};

struct view_saves {
	const struct view_save *items; /* the newest first */
	size_t count;
	double p50, p95; /* of beyond, ms */
	unsigned counted; /* how many saves p50 and p95 are of */
};

/* ---- log ---- */

enum view_log_level {
	VIEW_LOG_NONE, VIEW_LOG_TRACE, VIEW_LOG_DEBUG, VIEW_LOG_INFO, VIEW_LOG_WARN, VIEW_LOG_ERROR,
};

enum view_line_kind {
	VIEW_LINE_TEXT,
	VIEW_LINE_DIVIDER, /* text says what began: "run 3, generation g41" */
	VIEW_LINE_GAP, /* text says what is missing: "1,204 lines dropped" */
};

/* A colour: VIEW_COLOUR_DEFAULT, VIEW_COLOUR_INDEX(0 … 255) or VIEW_COLOUR_RGB. */
#define VIEW_COLOUR_DEFAULT 0u
#define VIEW_COLOUR_INDEX(index) (1u + (index))
#define VIEW_COLOUR_RGB(r, g, b) (0x1000000u | ((unsigned)(r) << 16) | ((unsigned)(g) << 8) | (unsigned)(b))

enum { VIEW_BOLD = 1, VIEW_DIM = 2, VIEW_ITALIC = 4, VIEW_UNDERLINE = 8, VIEW_REVERSE = 16 };

/* Colour and style from byte `at` up to the next span or the end. */
struct view_span {
	uint32_t at;
	uint32_t colour, background;
	uint8_t style;
};

struct view_line {
	enum view_line_kind kind;
	int64_t time_ms; /* wall clock, ms since 1970 UTC; 0: not known */
	enum view_log_level level;
	bool is_stderr;
	const char *source; /* service name where lines of several are merged, or NULL */
	const char *text; /* len bytes of UTF-8, no newline, no escapes */
	size_t len;
	const struct view_span *spans;
	size_t span_count;
};

struct log_store; /* logs.h */

struct view_log {
	const char *name; /* whose: "gateway", "builder" */
	/* Lines are numbered from the first one ever held: those at hand are
	 * `first` … `first + count - 1`. Numbers never change. */
	uint64_t first;
	uint64_t count;
	/* Gives a line; false: it is gone. It is valid until the next call. */
	bool (*line)(void *data, uint64_t number, struct view_line *line);
	void *data;
	const char *empty; /* why there is nothing to see, or NULL */
	bool stale; /* the stream broke and is being opened again */
	/* Where the lines stand, by the same numbers: for search, filter and times
	 * (logs.h). NULL: nothing was read yet. */
	const struct log_store *store;
};

/* ---- faults ---- */

struct view_fault {
	const char *text; /* one sentence */
	const char *mend; /* what to do, or NULL */
	const char *service; /* whose, or NULL */
	bool is_bad; /* red, else a warning */
};

/* ---- why a service is as it is ---- */

struct view_wait {
	const char *name;
	enum view_state state;
	const char *state_text; /* "healthy" */
	const char *condition; /* as compose has it: "service_healthy" */
	bool holds;
};

struct view_why {
	const char *service; /* NULL: none is asked about */
	enum view_state state;
	const char *sentence, *cause, *mend; /* cause and mend may be NULL */
	const struct view_wait *waits, *awaited; /* what it waits for; what waits for it */
	size_t wait_count, awaited_count;
	const char *probe, *probe_said; /* the command, and its last words where it failed; or NULL */
	const char *const *lines; /* its last ones */
	size_t line_count;
};

/* ---- one container, looked into ---- */

enum view_tab {
	VIEW_OVERVIEW, VIEW_ENV, VIEW_MOUNTS, VIEW_LABELS, VIEW_PROCESSES, VIEW_INSPECT, VIEW_CONFIG, VIEW_DRIFT, VIEW_TABS,
};

enum view_field_look { VIEW_FIELD_PLAIN, VIEW_FIELD_MUTED, VIEW_FIELD_GOOD, VIEW_FIELD_BAD };

/* A row of a tree. Its own rows follow it. */
struct view_field {
	uint64_t id; /* by its place in the tree: the same after a reading anew */
	const char *name, *value; /* either may be NULL; secrets are masked */
	unsigned depth;
	size_t below; /* how many rows, of any depth, are its own */
	bool is_folded; /* at first */
	enum view_field_look look; /* of the value */
};

enum view_page_state { VIEW_PAGE_LOADING, VIEW_PAGE_READY, VIEW_PAGE_FAILED };

struct view_page {
	enum view_page_state state;
	const char *sentence; /* what failed, or why there is no row */
	const struct view_field *rows;
	size_t count;
	uint64_t version; /* another one where the rows are others */
};

struct view_container {
	const char *service; /* NULL: none is looked into */
	const char *name; /* of the container, or NULL */
	const char *gone; /* a sentence: there is no container any more, or none yet */
	struct view_page pages[VIEW_TABS];
};

/* ---- which practices are kept ---- */

enum view_verdict { VIEW_KEPT, VIEW_BROKEN, VIEW_NOT_APPLICABLE, VIEW_CANNOT_TELL };
enum view_severity { VIEW_LOW, VIEW_MEDIUM, VIEW_HIGH };

struct view_evidence {
	const char *file; /* relative to the project; NULL: it is in none */
	const char *path; /* the same, to be opened */
	unsigned line; /* from 1; 0: none */
	const char *text;
	bool is_against; /* it breaks the practice */
	bool is_live; /* seen in what runs */
};

struct view_practice {
	const char *id, *title;
	const char *says; /* why, or NULL */
	size_t topic; /* its place in `topics` */
	enum view_severity severity;
	enum view_verdict verdict;
	bool is_heuristic, is_allowed, is_fixable;
	const char *reason, *mend; /* or NULL */
	const struct view_evidence *evidence;
	size_t evidence_count, evidence_left; /* left: so many more are not in the list */
};

/* A mend that is an edit: shown first, then written. */
enum view_mending_state { VIEW_MENDING_NONE, VIEW_MENDING_LOADING, VIEW_MENDING_READY, VIEW_MENDING_WRITING, VIEW_MENDING_DONE, VIEW_MENDING_FAILED };

struct view_mending {
	enum view_mending_state state;
	const char *practice; /* its id */
	const char *diff; /* unified; READY and WRITING */
	const char *files; /* "compose.yaml and Dockerfile": those that it changes */
	const char *sentence, *mend; /* DONE: what was written; FAILED: why it cannot be */
};

struct view_checks {
	enum view_page_state state; /* FAILED: and nothing older is there to be shown */
	const char *sentence, *mend; /* why judging failed, if it did */
	bool is_judging;
	uint64_t elapsed_ms, expected_ms; /* while judging; expected 0: not known */
	bool is_stale; /* files were saved since */
	bool is_live; /* it was looked at what runs, too */
	bool has_no_engine; /* that was wanted, and the engine does not answer */
	uint64_t age_ms; /* since it was judged */
	const char *const *topics; /* their titles, in the order of the catalogue */
	size_t topic_count;
	const struct view_practice *practices; /* in the order of the catalogue */
	size_t count;
	const char *const *notes; /* what could not be read */
	size_t note_count;
	struct view_mending mending;
	const char *left; /* the id of a practice that is still broken after its mend was written, or NULL */
};

/* ---- container files that are to be written ---- */

enum view_init_state { VIEW_INIT_READING, VIEW_INIT_READY, VIEW_INIT_WRITING, VIEW_INIT_WRITTEN, VIEW_INIT_FAILED };

struct view_part {
	const char *name; /* "backup" */
	const char *value; /* "distroless": the one of several that is taken; NULL: the part is taken or not */
	const char *says; /* what it is, one sentence */
	bool is_on;
};

enum view_file_state {
	VIEW_FILE_NEW,
	VIEW_FILE_SAME, /* there already, with this very text */
	VIEW_FILE_DIFFERS, /* there with another text: written only where that is wanted */
	VIEW_FILE_LINES, /* some lines are added to it */
	VIEW_FILE_ELSEWHERE, /* there under another name, `found` */
	VIEW_FILE_LINK, /* a symbolic link leads there */
	VIEW_FILE_BLOCKED, /* what stands there is no text that can be read */
};

struct view_file {
	const char *path; /* relative to the project */
	const char *part, *says; /* whose it is; what it is for, or NULL */
	const char *found; /* or NULL */
	const char *diff; /* unified, secrets masked; NULL: nothing would change */
	enum view_file_state state;
	bool is_wanted; /* it will be written */
};

struct view_init {
	enum view_init_state state;
	bool is_offered; /* there is a Cargo.toml here and no compose file */
	bool is_planning; /* the files are worked out anew: parts were turned */
	const char *sentence, *mend; /* FAILED: why */
	const char *root; /* the folder that it is for, or NULL */
	const char *const *says; /* what was found, a sentence each */
	size_t says_count;
	const struct view_part *parts;
	size_t part_count;
	const struct view_file *files;
	size_t file_count, wanted; /* wanted: so many will be written */
	const char *const *written; /* WRITTEN, FAILED: the files that were */
	size_t written_count;
};

/* ---- what was run ---- */

struct view_ran {
	const char *text; /* as one could type it, secrets masked */
	int64_t wall_ms; /* when it began */
	uint64_t took_ms;
	bool is_running;
	int status; /* exit status; -1: ended by a signal, or cancelled */
};

/* ---- first start ---- */

enum view_step_state { VIEW_STEP_WAITING, VIEW_STEP_RUNNING, VIEW_STEP_DONE, VIEW_STEP_FAILED };

struct view_step {
	enum view_step_state state;
	const char *name; /* "images" */
	const char *text; /* "6 of 6, two are stand-ins" */
	const char *waits; /* at the right while waiting: "waits for build", or NULL */
	unsigned done, total; /* a bar where total > 0 */
	uint64_t elapsed_ms; /* 0: not shown */
};

struct view_start {
	bool is_shown; /* the stack is still coming up for the first time */
	const struct view_step *steps;
	size_t count;
	uint64_t elapsed_ms;
	uint64_t left_ms; /* about how long still, 0: unknown */
};

/* ---- the whole ---- */

struct view {
	uint64_t revision;
	const char *project; /* "shop-platform" */
	const char *profile; /* "dev" */
	const char *engine; /* "engine local 20.10" */
	const char *notice; /* "follows another cargodeck", or NULL */
	bool stale; /* the engine does not answer */
	uint64_t stale_ms; /* since then */
	unsigned saved, building, serving; /* generations; 0: none */
	bool watch_paused;

	bool loading; /* services are not known yet */
	const struct view_service *services;
	size_t service_count;
	const char *no_services; /* why the list is empty, or NULL */

	/* Where they are asked for (tui_call.others): the engine's other containers,
	 * grouped by project. Their names begin with "/". */
	bool has_others, others_loading;
	const struct view_service *others;
	size_t other_count, others_left; /* others_left: so many more are not in the list */

	struct view_build build;
	struct view_saves saves;
	struct view_log log; /* of the selected service: see tui_call.follow */
	struct view_log beside; /* of the second pane of logs: see tui_call.beside */
	const struct view_fault *faults; /* the one to show first is the first */
	size_t fault_count;
	struct view_why why; /* see tui_call.explain */
	struct view_start start;
	struct view_container container; /* see tui_call.inspect */
	struct view_checks checks; /* see tui_call.check */
	struct view_init init; /* see tui_call.init */
	const struct view_ran *ran; /* the newest first */
	size_t ran_count;
};

#endif
