/* One cargo at a time. A newer request takes the place of a running build: the
 * running one is cancelled with its whole process group and its binaries are
 * built along; where it is nearly done it is waited for. At most one waits. */
#include "cargodeck/build.h"

#include <signal.h>
#include <stdio.h>

enum { MEDIAN_OF = 9 };

struct request {
	unsigned generation;
	struct strings bins;
	struct strings touch;
	bool clean;
};

struct build {
	struct loop *loop;
	struct agent *agent;
	struct build_call call;
	void *data;
	char *cwd, *root;
	struct strings packages, arguments, env;

	struct request now; /* what runs */
	struct request next; /* what waits; generation 0: nothing */
	unsigned run; /* the agent's number of the running cargo, 0: none */
	bool touching, cleaning, cancelling;
	bool ending; /* the owner is being told the end: new orders wait */
	bool grown; /* this build was begun again for its own batch */
	unsigned restarts;
	uint64_t sent_ns, first_ns;
	int64_t started_agent_ns;
	struct build_progress progress;
	struct str err; /* the line of standard error that is not ended yet */
	struct str complaint; /* last lines that were no progress */
	struct map *seen; /* diagnostics told already */
	unsigned errors, warnings;
	bool finished, success;
	uint64_t took_ms[MEDIAN_OF];
	size_t took_count;
};

static void request_finish(struct request *request)
{
	strings_finish(&request->bins);
	strings_finish(&request->touch);
	*request = (struct request){0};
}

static void request_merge(struct request *into, const struct build_request *from)
{
	into->generation = from->generation;
	into->clean = into->clean || from->clean;
	for (size_t i = 0; i < from->bins->count; i++)
		strings_add_new(&into->bins, from->bins->items[i]);
	for (size_t i = 0; from->touch != NULL && i < from->touch->count; i++)
		strings_add_new(&into->touch, from->touch->items[i]);
}

static uint64_t median_ms(const struct build *build)
{
	uint64_t sorted[MEDIAN_OF];
	size_t count = build->took_count < MEDIAN_OF ? build->took_count : MEDIAN_OF;
	for (size_t i = 0; i < count; i++) {
		size_t at = i;
		for (; at > 0 && sorted[at - 1] > build->took_ms[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = build->took_ms[i];
	}
	return count > 0 ? sorted[count / 2] : 0;
}

/* ---- what cargo says ---- */

static void tell_diagnostic(struct build *build, const struct diagnostic *diagnostic)
{
	/* the same finding comes once for each target that compiles the file */
	auto_free char *key = diagnostic_key(diagnostic);
	if (map_has(build->seen, key))
		return;
	map_put(build->seen, key, build);
	build->errors += diagnostic->level == DIAGNOSTIC_ERROR;
	build->warnings += diagnostic->level == DIAGNOSTIC_WARNING;
	build->call.diagnostic(build->data, build->now.generation, diagnostic);
}

static void tell_artifact(struct build *build, const struct cargo_message *message, int64_t ns)
{
	if (!message->is_bin || message->executable == NULL || message->target == NULL ||
		!strings_have(&build->now.bins, message->target))
		return;
	build->call.artifact(build->data, &(struct build_artifact){
		.generation = build->now.generation,
		.bin = message->target,
		.path = message->executable,
		.fresh = message->fresh,
		.started_ns = build->started_agent_ns,
		.ns = ns,
		.sent_ns = build->sent_ns,
		.restarts = build->restarts,
	});
}

static void on_line(void *data, int64_t ns, const char *line, size_t len, bool cut)
{
	struct build *build = data;
	struct cargo_message message;
	if (cut || build->cancelling || !cargo_message_read(line, len, build->root, &message))
		return;
	switch (message.kind) {
	case CARGO_DIAGNOSTIC:
		tell_diagnostic(build, &message.diagnostic);
		break;
	case CARGO_ARTIFACT:
		tell_artifact(build, &message, ns);
		break;
	case CARGO_FINISHED:
		build->finished = true;
		build->success = message.success;
		break;
	case CARGO_OTHER:
		break;
	}
	cargo_message_finish(&message);
}

static void hear_err_line(struct build *build, const char *line, size_t len)
{
	struct build_progress *progress = &build->progress;
	if (cargo_progress_read(line, len, &progress->done, &progress->total, progress->crates, sizeof progress->crates)) {
		build->call.progress(build->data, progress);
		return;
	}
	if (len == 0)
		return;
	/* the package cache is shared with other builders: they are done with it soon */
	if (memmem(line, len, "waiting for file lock on build directory", 40) != NULL && build->call.blocked != NULL)
		build->call.blocked(build->data, build->now.generation);
	text_add_clean(&build->complaint, line, len, false);
	str_add_char(&build->complaint, '\n');
	if (build->complaint.len > 32768)
		str_drop_front(&build->complaint, build->complaint.len - 16384);
}

/* Lines end with \n, progress with \r. */
static void on_err(void *data, int64_t ns, const char *bytes, size_t len)
{
	struct build *build = data;
	(void)ns;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r') {
			hear_err_line(build, str_text(&build->err), build->err.len);
			str_clear(&build->err);
		} else if (build->err.len < 65536) {
			str_add_char(&build->err, bytes[i]);
		}
	}
}

static void on_started(void *data, int64_t ns, int pid)
{
	struct build *build = data;
	(void)pid;
	build->started_agent_ns = ns;
	if (!build->cleaning)
		build->call.running(build->data, build->now.generation, ns);
}

/* ---- running ---- */

static void start_now(struct build *build);

static void start_next(struct build *build)
{
	request_finish(&build->now);
	build->now = build->next;
	build->next = (struct request){0};
	if (build->now.generation != 0)
		start_now(build);
}

static void tell_done(struct build *build, enum build_state state, const char *complaint)
{
	uint64_t ms = (clock_now_ns() - build->first_ns) / 1000000;
	if (state == BUILD_PASSED)
		build->took_ms[build->took_count++ % MEDIAN_OF] = ms;
	build->call.done(build->data, &(struct build_result){
		.generation = build->now.generation,
		.state = state,
		.ms = ms,
		.restarts = build->restarts,
		.errors = build->errors,
		.warnings = build->warnings,
		.bins = &build->now.bins,
		.complaint = complaint,
	});
}

static void ended(struct build *build, enum build_state state, const char *complaint)
{
	build->run = 0;
	build->ending = true;
	tell_done(build, state, complaint);
	build->ending = false;
	build->touching = build->cleaning = build->cancelling = build->grown = false;
	build->restarts = 0;
	start_next(build);
}

static void begin_again(struct build *build)
{
	build->run = 0;
	build->cancelling = false;
	build->restarts++;
	start_now(build);
}

static void on_done(void *data, int64_t ns, int status, int signal_number, const struct fault *fault)
{
	struct build *build = data;
	(void)ns;
	(void)signal_number;
	if (build->err.len > 0)
		on_err(build, 0, "\n", 1);
	if (build->cancelling && build->next.generation == build->now.generation) {
		/* the same save, grown */
		request_finish(&build->next);
		begin_again(build);
	} else if (build->cancelling) {
		ended(build, BUILD_CANCELLED, NULL);
	} else if (fault != NULL) {
		ended(build, BUILD_FAILED, fault->text);
	} else if (build->cleaning && status == 0) {
		build->cleaning = build->now.clean = false;
		start_now(build);
	} else {
		bool passed = status == 0 && !build->cleaning;
		ended(build, passed ? BUILD_PASSED : BUILD_FAILED, passed || build->errors > 0 ? NULL : str_text(&build->complaint));
	}
}

static void on_touched(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct build *build = data;
	(void)frame;
	(void)fault; /* a file that is gone by now cannot be touched: no matter */
	build->touching = false;
	strings_finish(&build->now.touch);
	if (build->cancelling)
		on_done(build, 0, -1, SIGTERM, NULL);
	else
		start_now(build);
}

static void add_cargo(struct build *build, struct strings *argv)
{
	strings_add(argv, "cargo");
	strings_add(argv, build->now.clean ? "clean" : "build");
	for (size_t i = 0; i < build->packages.count; i++) {
		strings_add(argv, "-p");
		strings_add(argv, build->packages.items[i]);
	}
	if (!build->now.clean) {
		strings_add(argv, "--message-format=json-diagnostic-rendered-ansi");
		/* one binary that does not compile must not hold the others */
		strings_add(argv, "--keep-going");
		for (size_t i = 0; i < build->now.bins.count; i++) {
			strings_add(argv, "--bin");
			strings_add(argv, build->now.bins.items[i]);
		}
		strings_copy(argv, &build->arguments);
	}
}

static void start_cargo(struct build *build)
{
	static const struct agent_run_call calls = {on_started, on_line, on_err, on_done};
	auto_strings argv = {0}, env = {0};
	add_cargo(build, &argv);
	/* cargo draws its progress only where it is told to without a terminal */
	strings_add(&env, "CARGO_TERM_PROGRESS_WHEN=always");
	strings_add(&env, "CARGO_TERM_PROGRESS_WIDTH=200");
	strings_copy(&env, &build->env);
	build->cleaning = build->now.clean;
	build->sent_ns = clock_now_ns();
	build->run = agent_run(build->agent, build->cwd, &argv, &env, &calls, build);
}

static void start_now(struct build *build)
{
	if (build->now.touch.count > 0) {
		build->touching = true;
		agent_touch(build->agent, &build->now.touch, on_touched, build);
		return;
	}
	str_clear(&build->err);
	str_clear(&build->complaint);
	map_close(build->seen);
	build->seen = map_open(NULL);
	build->errors = build->warnings = 0;
	build->finished = build->success = false;
	if (build->restarts == 0)
		build->first_ns = clock_now_ns();
	build->progress = (struct build_progress){
		.generation = build->now.generation, .started_ns = build->first_ns, .expected_ms = median_ms(build)};
	build->call.started(build->data, build->now.generation, &build->now.bins);
	start_cargo(build);
}

static void stop_running(struct build *build)
{
	if (build->cancelling)
		return;
	build->cancelling = true;
	if (build->run != 0)
		agent_kill(build->agent, build->run, SIGTERM);
}

/* Three quarters of the usual time are over and only the last crate is left:
 * cancelling would throw away more than it wins. */
static bool nearly_done(const struct build *build)
{
	uint64_t ms = (clock_now_ns() - build->first_ns) / 1000000;
	const struct build_progress *progress = &build->progress;
	return progress->total > 0 && progress->done + 1 >= progress->total && progress->expected_ms > 0 &&
		ms * 4 >= progress->expected_ms * 3;
}

/* ---- public ---- */

const char *build_state_name(enum build_state state)
{
	switch (state) {
	case BUILD_IDLE: return N_("idle");
	case BUILD_RUNNING: return N_("started");
	case BUILD_PASSED: return N_("passed");
	case BUILD_FAILED: return N_("failed");
	case BUILD_CANCELLED: return N_("cancelled");
	}
	return N_("idle");
}

struct build *build_open(struct loop *loop, struct agent *agent, const struct build_options *options,
	const struct build_call *call, void *data)
{
	struct build *build = mem_alloc(sizeof *build);
	build->loop = loop;
	build->agent = agent;
	build->call = *call;
	build->data = data;
	build->cwd = mem_copy_string(options->cwd);
	build->root = mem_copy_string(options->root);
	strings_copy(&build->packages, options->packages);
	if (options->arguments != NULL)
		strings_copy(&build->arguments, options->arguments);
	if (options->env != NULL)
		strings_copy(&build->env, options->env);
	build->seen = map_open(NULL);
	return build;
}

void build_close(struct build *build)
{
	if (build == NULL)
		return;
	if (build->run != 0)
		agent_kill(build->agent, build->run, SIGKILL);
	agent_forget(build->agent, build);
	request_finish(&build->now);
	request_finish(&build->next);
	strings_finish(&build->packages);
	strings_finish(&build->arguments);
	strings_finish(&build->env);
	map_close(build->seen);
	str_finish(&build->err);
	str_finish(&build->complaint);
	free(build->cwd);
	free(build->root);
	free(build);
}

bool build_is_running(const struct build *build)
{
	return build->now.generation != 0;
}

unsigned build_generation(const struct build *build)
{
	return build->next.generation != 0 ? build->next.generation : build->now.generation;
}

void build_start(struct build *build, const struct build_request *request)
{
	if (!build_is_running(build)) {
		request_merge(&build->now, request);
		start_now(build);
		return;
	}
	bool waits = build->ending || nearly_done(build);
	/* what is cancelled is built along */
	if (!waits && !build->cancelling)
		for (size_t i = 0; i < build->now.bins.count; i++)
			strings_add_new(&build->next.bins, build->now.bins.items[i]);
	request_merge(&build->next, request);
	if (!waits)
		stop_running(build);
}

void build_grow(struct build *build, const struct build_request *request)
{
	if (!build_is_running(build) || build->now.generation != request->generation || build->cancelling || build->ending || build->grown) {
		build_start(build, request);
		return;
	}
	build->grown = true;
	request_merge(&build->now, request);
	request_merge(&build->next, request); /* marks: begin again, not end */
	stop_running(build);
}

void build_cancel(struct build *build)
{
	request_finish(&build->next);
	if (build_is_running(build))
		stop_running(build);
}
