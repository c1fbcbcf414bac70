/* The builder: one long-lived container for each family, with deckhand's agent
 * as its first process. Sources are mounted at the path that they have on the
 * host; the target folder and cargo's caches are volumes. When cargodeck ends,
 * also by SIGKILL, the agent's input closes and the container goes. */
#include "jobs.h"

#include <stdio.h>
#include <unistd.h>

enum { GOING_TRIES = 8 }; /* some 13 s */

char *builder_target_volume(const struct deck *deck, int family)
{
	return mem_print("%s_cargodeck_target%d", deck->name, family);
}

static void builder_failed(struct family *family, const struct fault *fault);

/* ---- the agent's voice ---- */

static void send_bytes(void *data, const void *bytes, size_t len)
{
	struct family *family = data;
	if (family->stream != NULL)
		engine_stream_write(family->stream, bytes, len);
}

static void on_kept(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	size_t at = 0;
	const char *kept;
	while (fault == NULL && (kept = wire_each(frame, "kept", &at)) != NULL) {
		char bin[128];
		unsigned generation;
		long long size, mtime;
		int current = 0;
		if (sscanf(kept, "%127s %u %lld %lld %d", bin, &generation, &size, &mtime, &current) != 5)
			continue;
		if (generation > deck->generation)
			deck->generation = generation;
		if (current != 0)
			map_put(family->published, bin, (void *)(uintptr_t)generation);
	}
	if (fault == NULL)
		up_builder_ready(deck, family);
}

static void on_ready(void *data, const char *boot, unsigned uid)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	(void)boot;
	(void)uid;
	auto_free char *key = mem_print("builder %d", family->index);
	deck_forget_fault(deck, key);
	family->tries = 0;
	agent_list(family->agent, on_kept, family);
}

static void on_launcher_up(void *data, int launcher, const struct wire_frame *join)
{
	swap_launcher_up(data, launcher, join);
}

static void on_launcher_said(void *data, int launcher, const struct wire_frame *frame)
{
	swap_launcher_said(data, launcher, frame);
}

static void on_launcher_down(void *data, int launcher)
{
	swap_launcher_down(data, launcher);
}

static void on_broken(void *data)
{
	struct fault fault;
	fault_set(&fault, FAULT_OUTSIDE, "the builder's agent sent what is no frame");
	builder_failed(data, &fault);
}

/* ---- the stream ---- */

static void on_stream_bytes(void *data, int stream, const char *bytes, size_t len)
{
	struct family *family = data;
	if (stream == 2)
		follow_add_builder(family->deck, bytes, len);
	else if (family->agent != NULL)
		agent_feed(family->agent, bytes, len);
}

static void drop_builder(struct family *family)
{
	jobs_builder_gone(family);
	build_close(family->build);
	family->build = NULL;
	agent_close(family->agent);
	family->agent = NULL;
	engine_stream_close(family->stream);
	family->stream = NULL;
	free(steal(&family->container));
	family->is_creating = false;
}

static void start_again(void *data)
{
	struct family *family = data;
	if (family->deck->is_lost)
		loop_timer_set(family->again, 500, 0);
	else
		builder_start(family->deck, family);
}

static void try_again(struct family *family)
{
	unsigned ms = family->tries < 6 ? 100u << family->tries : 5000;
	family->tries++;
	loop_timer_set(family->again, ms, 0);
}

/* It is made again at once, then ever more slowly. */
static void builder_failed(struct family *family, const struct fault *fault)
{
	struct deck *deck = family->deck;
	auto_free char *key = mem_print("builder %d", family->index);
	if (deck->is_closing)
		return;
	bool was_building = family->build != NULL && build_is_running(family->build);
	swap_builder_gone(family);
	drop_builder(family);
	if (was_building)
		deck->build_state = BUILD_FAILED;
	deck_fault(deck, key, fault);
	try_again(family);
}

static void on_stream_end(void *data, const struct fault *fault)
{
	struct family *family = data;
	struct fault own;
	fault_set(&own, FAULT_OUTSIDE, "the builder has gone%s%s", fault != NULL ? ": " : "", fault != NULL ? fault->text : "");
	fault_mend(&own, "it is made again; services serve on meanwhile");
	builder_failed(family, &own);
}

/* ---- making it ---- */

static void on_container_started(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct family *family = data;
	(void)answer;
	family->is_creating = false;
	if (fault != NULL)
		builder_failed(family, fault);
	else if (family->agent != NULL)
		agent_ask(family->agent);
}

/* The stream is there: what the agent says first is heard. */
static void on_stream_open(void *data)
{
	struct family *family = data;
	auto_free char *path = mem_print("/containers/%s/start", family->container);
	engine_ask(family->deck->engine, "POST", path, NULL, 60000, on_container_started, family);
}

static void attach(struct family *family)
{
	static const struct engine_stream_call stream_calls = {on_stream_open, on_stream_bytes, on_stream_end};
	static const struct agent_call agent_calls = {send_bytes, on_ready, on_launcher_up, on_launcher_said, on_launcher_down, on_broken};
	struct deck *deck = family->deck;
	struct fault fault;
	auto_free char *attach_path = mem_print("/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1", family->container);
	family->stream = engine_stream_open(deck->engine, attach_path, NULL, true, &stream_calls, family, &fault);
	if (family->stream == NULL) {
		builder_failed(family, &fault);
		return;
	}
	family->agent = agent_open(&agent_calls, family);
	builds_open(family);
}

static void on_created(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct family *family = data;
	const char *id = fault == NULL ? json_string_value(json_object_get(answer->json, "Id")) : NULL;
	/* the one of a deck that has just ended is being removed still */
	if (answer != NULL && answer->status == 409 && family->tries < GOING_TRIES && !family->deck->is_closing) {
		drop_builder(family);
		try_again(family);
		return;
	}
	if (fault != NULL || id == NULL) {
		struct fault own;
		fault_set(&own, FAULT_OUTSIDE, "the engine made no container");
		builder_failed(family, fault != NULL ? fault : &own);
		return;
	}
	free(family->container);
	family->container = mem_copy_string(id);
	attach(family);
}

static void create(struct family *family)
{
	auto_free char *body = builder_body(family);
	free(family->runs);
	family->runs = mem_copy_string(family->image);
	auto_free char *path = mem_print("/containers/create?name=%s-cargodeck-builder-%d", family->deck->name, family->index);
	engine_ask(family->deck->engine, "POST", path, body, 60000, on_created, family);
}

/* Volumes belong to root when they are made: a one-shot gives them to us. */
static void on_owned(void *data, int status, const char *out, const char *err)
{
	struct family *family = data;
	(void)out;
	if (status != 0) {
		struct fault fault;
		auto_str text = {0};
		task_complaint(err, &text);
		fault_set(&fault, FAULT_OUTSIDE, "the builder's volumes cannot be prepared: %s", str_text(&text));
		builder_failed(family, &fault);
		return;
	}
	create(family);
}

static void own_volumes(struct family *family)
{
	auto_strings argv = {0};
	auto_free char *cargo_cache = builder_cargo_volume();
	static const char *const words[] = {"docker", "run", "--rm", "--user", "0:0", "--network", "none", "--entrypoint", "/.cargodeck/deckhand", "--label"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(&argv, words[i]);
	strings_print(&argv, "dev.cargodeck.project=%s", family->deck->name);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s:" DECKHAND_TARGET, family->volume);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s:" BUILDER_CARGO, cargo_cache);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s_home:" BUILDER_HOME, cargo_cache);
	strings_add(&argv, family->image);
	strings_add(&argv, "own");
	strings_print(&argv, "%u", (unsigned)getuid());
	strings_print(&argv, "%u", (unsigned)getgid());
	strings_add(&argv, DECKHAND_TARGET);
	strings_add(&argv, BUILDER_CARGO);
	strings_add(&argv, BUILDER_HOME);
	task_start(family->deck, &argv, NULL, NULL, 0, on_owned, family);
}

static void on_old_removed(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct family *family = data;
	(void)answer;
	(void)fault; /* there was none, or it is going by itself */
	if (getuid() == 0)
		create(family);
	else
		own_volumes(family);
}

/* The volume is made first, with its label: `down` must find it. */
static void on_volume(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct family *family = data;
	(void)answer;
	if (fault != NULL) {
		builder_failed(family, fault);
		return;
	}
	/* one of a cargodeck that was killed may still be there */
	auto_free char *path = mem_print("/containers/%s-cargodeck-builder-%d?force=1", family->deck->name, family->index);
	engine_ask(family->deck->engine, "DELETE", path, NULL, 30000, on_old_removed, family);
}

void builder_start(struct deck *deck, struct family *family)
{
	if (family->is_creating || family->stream != NULL || deck->is_closing)
		return;
	family->is_creating = true;
	deck_step(deck, STEP_BUILDER, STEP_RUNNING, _("starting"));
	json_t *body = json_pack("{s:s, s:{s:s}}", "Name", family->volume, "Labels", "dev.cargodeck.project", deck->name);
	auto_free char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	engine_ask(deck->engine, "POST", "/volumes/create", text, 30000, on_volume, family);
}

void builder_image_changed(struct family *family)
{
	if (family->stream != NULL && !text_equal(family->runs, family->image)) {
		/* its Dockerfile was saved: services serve on, all is built when the new one is there */
		swap_builder_gone(family);
		agent_bye(family->agent);
		drop_builder(family);
	}
	builder_start(family->deck, family);
}

void builder_close(struct family *family)
{
	if (family->agent != NULL)
		agent_bye(family->agent);
	drop_builder(family);
	loop_timer_close(family->again);
	strings_finish(&family->failed);
	strings_finish(&family->served);
	map_close(family->published);
	map_close(family->shown);
	free(family->image);
	free(family->runs);
	free(family->volume);
	free(family);
}

struct family *builder_open(struct deck *deck, int index)
{
	struct family *family = mem_alloc(sizeof *family);
	family->deck = deck;
	family->index = index;
	family->volume = builder_target_volume(deck, index);
	family->published = map_open(NULL);
	family->shown = map_open(NULL);
	family->again = loop_timer_open(deck->loop, start_again, family);
	return family;
}
