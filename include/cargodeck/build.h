/* build: change set in; cargo inside the builder; diagnostics, progress and a
 * verdict out. Two objects: an `agent` is the conversation with deckhand in a
 * builder container (frames of deckhand.h over any byte stream), a `build`
 * keeps one cargo running at a time through it. */
#ifndef CARGODECK_BUILD_H
#define CARGODECK_BUILD_H

#include "cargodeck/base.h"
#include "cargodeck/loop.h"

struct wire_frame;

/* ---- agent -------------------------------------------------------------- */

struct agent;

struct agent_call {
	/* Puts bytes on the stream to the agent; they are borrowed. */
	void (*send)(void *data, const void *bytes, size_t len);
	/* The agent said hello: orders may be given. `boot` names its life. */
	void (*ready)(void *data, const char *boot, unsigned uid);
	/* A launcher joined (fields of WIRE_JOIN), spoke, or is gone. */
	void (*launcher_up)(void *data, int launcher, const struct wire_frame *join);
	void (*launcher_said)(void *data, int launcher, const struct wire_frame *frame);
	void (*launcher_down)(void *data, int launcher);
	/* The stream broke the protocol: it must be closed. */
	void (*broken)(void *data);
};

struct agent *agent_open(const struct agent_call *call, void *data);
/* Every order that waits is answered with a fault. NULL is fine. */
void agent_close(struct agent *agent);
void agent_feed(struct agent *agent, const void *bytes, size_t len);
bool agent_is_ready(const struct agent *agent);

/* What a command inside the builder tells. `ns` are times of the agent's
 * clock (CLOCK_MONOTONIC of its kernel). Any of them may be NULL. */
struct agent_run_call {
	void (*started)(void *data, int64_t ns, int pid);
	void (*line)(void *data, int64_t ns, const char *line, size_t len, bool cut);
	void (*err)(void *data, int64_t ns, const char *bytes, size_t len);
	/* `status` -1: ended by `signal_number`, or `fault` says why not started. */
	void (*done)(void *data, int64_t ns, int status, int signal_number, const struct fault *fault);
};
/* Starts a command; returns its number (never 0). env: NAME=VALUE, added to
 * the builder's own environment. */
unsigned agent_run(struct agent *agent, const char *cwd, const struct strings *argv,
	const struct strings *env, const struct agent_run_call *call, void *data);
void agent_kill(struct agent *agent, unsigned run, int signal_number);

/* The answer to an order: fault NULL where it went well; `frame` borrowed. */
typedef void (*agent_done)(void *data, const struct wire_frame *frame, const struct fault *fault);
/* Keeps an artifact as a generation, unless it is byte-equal to the current one:
 * then the answer has `same` and that one's `generation`. `serving`: numbers of
 * generations that must not be dropped; NULL: none. `then`: frames for launchers
 * (agent_frame_for_launcher()) that are passed on where a new one was kept. */
struct wire_buffer;
void agent_publish(struct agent *agent, const char *bin, unsigned generation, const char *artifact,
	const struct strings *serving, const struct wire_buffer *then, agent_done done, void *data);
/* Adds a frame for a launcher (made with wire_begin … wire_end) to `out`. */
void agent_frame_for_launcher(struct wire_buffer *out, int launcher, const struct wire_buffer *frame);
/* Lets new containers start with a kept generation. */
void agent_select(struct agent *agent, const char *bin, unsigned generation, agent_done done, void *data);
void agent_touch(struct agent *agent, const struct strings *paths, agent_done done, void *data);
/* What is kept: the answer's `kept` fields. */
void agent_list(struct agent *agent, agent_done done, void *data);
/* Who holds the lock of that file: the answer's `holder` field. */
void agent_locks(struct agent *agent, const char *path, agent_done done, void *data);
/* Each *.d file of a folder, then done. */
typedef void (*agent_file)(void *data, const char *path, const char *text, size_t len);
void agent_deps(struct agent *agent, const char *folder, agent_file file, agent_done done, void *data);
/* Passes a frame (made with wire_begin … wire_end) to a launcher. */
void agent_to_launcher(struct agent *agent, int launcher, const void *frame, size_t len);
/* Drops every order of that owner: nothing is told to it any more. */
void agent_forget(struct agent *agent, const void *data);
/* Asks for HELLO again; a second one of the same life is not told. */
void agent_ask(struct agent *agent);
/* Asks the agent to end everything that it started, and itself. */
void agent_bye(struct agent *agent);

/* ---- cargo's messages ------------------------------------------------------ */

enum diagnostic_level { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING, DIAGNOSTIC_NOTE };

struct diagnostic {
	enum diagnostic_level level;
	char *code; /* "E0308", "unused_variables", or NULL */
	char *message;
	char *file; /* absolute where the workspace root is known; NULL: none */
	unsigned line, column; /* from 1; 0: none */
	char *rendered; /* as rustc shows it, with SGR colours */
	char *package; /* name of the package that was compiled */
};
void diagnostic_finish(struct diagnostic *diagnostic);
/* What is the same finding has the same key; the caller frees. */
char *diagnostic_key(const struct diagnostic *diagnostic);
const char *diagnostic_level_name(enum diagnostic_level level);

enum cargo_message_kind { CARGO_OTHER, CARGO_DIAGNOSTIC, CARGO_ARTIFACT, CARGO_FINISHED };

struct cargo_message {
	enum cargo_message_kind kind;
	struct diagnostic diagnostic; /* CARGO_DIAGNOSTIC */
	char *executable; /* CARGO_ARTIFACT: path inside the builder, NULL: no program */
	char *target; /* CARGO_ARTIFACT: name of the target */
	bool is_bin;
	bool fresh; /* CARGO_ARTIFACT: nothing was compiled */
	bool success; /* CARGO_FINISHED */
};
/* Reads one line of `cargo --message-format=json` (The Cargo Book, External
 * tools). Unknown reasons give CARGO_OTHER; false: no JSON object. */
bool cargo_message_read(const char *line, size_t len, const char *root, struct cargo_message *message);
void cargo_message_finish(struct cargo_message *message);

/* Adds a line that a command wrote, cleaned as by text_add_clean(); its colours
 * (SGR) stay where they are asked for, every other escape goes. */
void output_add_clean(struct str *out, const char *text, size_t len, bool keep_colours);

/* Reads cargo's progress line "Building [==> ] 8/10: api(bin), b(lib)". False:
 * it is none. `crates` is cut to fit. */
bool cargo_progress_read(const char *text, size_t len, unsigned *done, unsigned *total,
	char *crates, size_t crates_size);

/* ---- what a run of tests tells ------------------------------------------------ */

struct test_failure {
	char *name; /* "tests::adds", after the program's name where nextest runs it */
	char *message; /* of its panic, in a line; or its first words */
	char *file; /* of the panic; absolute where the root is known; NULL: none */
	unsigned line, column; /* from 1; 0: none */
	char *output; /* what it wrote, clean, with newlines */
};
void test_failure_finish(struct test_failure *failure);

/* LIBTEST: the standard output of `cargo test`; NEXTEST: the standard error of
 * `cargo nextest run` without colours. */
enum test_format { TEST_LIBTEST, TEST_NEXTEST };
struct test_reader;
/* `failed` is told each failing test once, when its output is whole; `root`
 * (may be NULL) is what the places in it are relative to. */
struct test_reader *test_reader_open(enum test_format format, const char *root,
	void (*failed)(void *data, const struct test_failure *failure), void *data);
void test_reader_line(struct test_reader *reader, const char *line, size_t len);
void test_reader_end(struct test_reader *reader); /* the last one is told */
void test_reader_counts(const struct test_reader *reader, unsigned *passed, unsigned *failed);
void test_reader_close(struct test_reader *reader); /* NULL is fine */

/* ---- build --------------------------------------------------------------------- */

struct build;

struct build_options {
	const char *cwd; /* where cargo runs, inside the builder */
	const char *root; /* the workspace root: diagnostics are relative to it */
	const struct strings *packages; /* every package of the family's services: they
		fix the features, so that a build of one does not compile its
		dependencies anew with other features */
	const struct strings *arguments; /* --features, --target, --profile … */
	const struct strings *env; /* NAME=VALUE */
};

struct build_request {
	unsigned generation;
	const struct strings *bins; /* names of binaries */
	const struct strings *touch; /* files whose mtime is too old: touched first */
	bool clean; /* cargo clean for the packages first */
};

enum build_state { BUILD_IDLE, BUILD_RUNNING, BUILD_PASSED, BUILD_FAILED, BUILD_CANCELLED };
const char *build_state_name(enum build_state state); /* "idle" "started" "passed" "failed" "cancelled" */

struct build_progress {
	unsigned generation;
	unsigned done, total;
	char crates[160];
	uint64_t started_ns; /* clock_now_ns() when the order was sent */
	uint64_t expected_ms; /* median of earlier builds like this one, 0: unknown */
};

struct build_artifact {
	unsigned generation;
	const char *bin;
	const char *path; /* inside the builder */
	bool fresh;
	int64_t started_ns, ns; /* agent's clock: cargo's start, this line */
	uint64_t sent_ns; /* our clock: when the order was sent */
	unsigned restarts;
};

struct build_result {
	unsigned generation;
	enum build_state state; /* passed, failed or cancelled */
	uint64_t ms;
	unsigned restarts; /* how often it was begun again */
	unsigned errors, warnings;
	const struct strings *bins;
	const char *complaint; /* cargo's own words where it failed without a diagnostic */
};

struct build_call {
	void (*started)(void *data, unsigned generation, const struct strings *bins);
	void (*running)(void *data, unsigned generation, int64_t agent_ns); /* cargo lives */
	void (*progress)(void *data, const struct build_progress *progress);
	/* Another cargo holds the lock of the target folder. */
	void (*blocked)(void *data, unsigned generation);
	void (*diagnostic)(void *data, unsigned generation, const struct diagnostic *diagnostic);
	void (*artifact)(void *data, const struct build_artifact *artifact);
	void (*done)(void *data, const struct build_result *result);
};

/* The options are copied. */
struct build *build_open(struct loop *loop, struct agent *agent, const struct build_options *options,
	const struct build_call *call, void *data);
void build_close(struct build *build); /* NULL is fine; a running cargo is killed */

/* Builds at once where nothing runs. Where a build runs, the new one takes its
 * place: the running one is cancelled (its binaries are built along), or, when
 * it is nearly done, waited for. At most one waits. */
void build_start(struct build *build, const struct build_request *request);
/* The batch of a build that was begun at its first event has grown: begins it
 * again, once; after that it is as build_start(). */
void build_grow(struct build *build, const struct build_request *request);
void build_cancel(struct build *build);
bool build_is_running(const struct build *build);
/* The generation that builds or waits to, 0: none. */
unsigned build_generation(const struct build *build);

/* ---- job: what is run beside the serving build ------------------------------------ */

enum cargo_job { JOB_NONE, JOB_CHECK, JOB_CLIPPY, JOB_TEST, JOB_DOC, JOB_OWN, JOB_KINDS };
const char *cargo_job_name(enum cargo_job kind); /* "off" "check" "clippy" "test" "doc"; NULL: a person's own */
bool cargo_job_find(const char *name, enum cargo_job *kind); /* false: there is none */

struct cargo_run_options {
	enum cargo_job kind;
	const struct strings *words; /* JOB_OWN: cargo's, just these; NULL: none */
	const char *cwd, *root; /* as in build_options */
	const char *target; /* its own target folder: no lock of the build's is held */
	const struct strings *arguments; /* of the build: its profile is left out; NULL: none */
	const struct strings *env;
};

struct cargo_run_result {
	enum build_state state; /* passed, failed or cancelled */
	int status; /* cargo's exit status, -1: it was ended by a signal or not started */
	uint64_t ms;
	unsigned errors, warnings;
	unsigned passed, failed; /* tests */
	const char *complaint; /* where it failed without a diagnostic or a failing test; NULL */
};

struct cargo_run_call {
	void (*begun)(void *data, const struct strings *words); /* a command of it, "cargo" and so on */
	void (*progress)(void *data, unsigned done, unsigned total, const char *crates);
	void (*diagnostic)(void *data, const struct diagnostic *diagnostic);
	void (*failed)(void *data, const struct test_failure *failure);
	/* A line as cargo shows it, clean but for its colours. */
	void (*said)(void *data, bool is_err, const char *line);
	/* The job is to be closed by its owner, within this call or later. */
	void (*done)(void *data, const struct cargo_run_result *result);
};

struct cargo_run;
/* Starts it; the options are copied. Tests are run by nextest where the builder
 * has it. A person's own words are run as they are, but for the format of what
 * cargo says; tests are read where they are of `test`, `bench` or `nextest`. */
struct cargo_run *cargo_run_open(struct agent *agent, const struct cargo_run_options *options, const struct cargo_run_call *call, void *data);
/* Ends its whole process group; `done` comes when that is gone. */
void cargo_run_cancel(struct cargo_run *job);
void cargo_run_close(struct cargo_run *job); /* NULL is fine; what runs is killed */

#endif
