/* The builder: one long-lived container for each family, with deckhand's agent
 * as its first process. Sources are mounted at the path that they have on the
 * host; the target folder and cargo's caches are volumes. When cargodeck ends,
 * also by SIGKILL, the agent's input closes and the container goes. */
#include "deck.h"

#include <stdio.h>
#include <unistd.h>

#define HOME_INSIDE "/.cargodeck/home"
#define CARGO_INSIDE "/.cargodeck/cargo"
#define CA_INSIDE "/.cargodeck/ca.pem"

extern char **environ;

char *builder_target_volume(const struct deck *deck, int family)
{
	return mem_print("%s_cargodeck_target%d", deck->name, family);
}

static char *cargo_volume(void)
{
	return mem_print("cargodeck_cargo_%u", (unsigned)getuid());
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

/* ---- builds ---- */

void deck_build_began(struct deck *deck, unsigned generation, const struct strings *bins)
{
	deck->build_state = BUILD_RUNNING;
	deck->progress = (struct build_progress){.generation = generation, .started_ns = clock_now_ns()};
	strings_finish(&deck->build_bins);
	strings_copy(&deck->build_bins, bins);
	for (size_t i = 0; i < deck->errors.count; i++)
		diagnostic_finish(&deck->errors.items[i].diagnostic);
	array_finish(&deck->errors);
	deck->error_total = deck->warning_total = 0;
	free(steal(&deck->complaint));
}

static void on_build_started(void *data, unsigned generation, const struct strings *bins)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	deck_build_began(deck, generation, bins);
	swap_building(family, true);
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = "started", .generation = generation, .names = bins});
}

static void on_build_running(void *data, unsigned generation, int64_t agent_ns)
{
	struct family *family = data;
	struct save_record *record = save_find(family->deck, generation);
	if (record != NULL && record->decided_ns != 0 && record->stages.dispatch == 0)
		record->stages.dispatch = (double)(agent_ns - (int64_t)record->decided_ns) / 1e6;
}

static void on_progress(void *data, const struct build_progress *progress)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	deck->progress = *progress;
	if (!family->first_passed)
		deck_step(deck, STEP_BUILD, STEP_RUNNING, "%u/%u  %s", progress->done, progress->total, progress->crates);
	deck->steps[STEP_BUILD].done = progress->done;
	deck->steps[STEP_BUILD].total = progress->total;
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = "progress", .generation = progress->generation, .progress = progress});
}

void deck_keep_error(struct deck *deck, const struct diagnostic *diagnostic)
{
	deck->error_total += diagnostic->level == DIAGNOSTIC_ERROR;
	deck->warning_total += diagnostic->level == DIAGNOSTIC_WARNING;
	if (deck->errors.count >= ERRORS_KEPT)
		return;
	struct diagnostic copy = *diagnostic;
	char **const owned[] = {&copy.code, &copy.message, &copy.file, &copy.rendered, &copy.package};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		*owned[i] = mem_copy_string(*owned[i]);
	/* errors first */
	size_t at = deck->errors.count;
	array_add(&deck->errors);
	while (at > 0 && deck->errors.items[at - 1].diagnostic.level > copy.level) {
		deck->errors.items[at] = deck->errors.items[at - 1];
		at--;
	}
	deck->errors.items[at].diagnostic = copy;
}

static void on_lock_holder(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	struct family *family = data;
	const char *holder = fault == NULL ? wire_get(frame, "holder") : NULL;
	struct fault own;
	auto_str clean = {0};
	if (holder != NULL)
		text_add_clean(&clean, holder, strlen(holder) < 100 ? strlen(holder) : 100, false);
	fault_set(&own, FAULT_FAILED, "another cargo holds the lock of the target folder%s%s%s: the build waits for it",
		clean.len > 0 ? " (process " : "", str_text(&clean), clean.len > 0 ? ")" : "");
	fault_mend(&own, "let it end, or end it: `docker exec` into the builder");
	if (family->build != NULL && build_is_running(family->build))
		deck_fault(family->deck, "lock of cargo", &own);
}

/* Inside the builder only somebody's `docker exec … cargo` can be in the way. */
static void on_blocked(void *data, unsigned generation)
{
	struct family *family = data;
	(void)generation;
	auto_free char *path = mem_print(DECKHAND_TARGET "/%s/.cargo-lock", family->deck->project->families.items[family->index].profile_folder);
	agent_locks(family->agent, path, on_lock_holder, family);
}

static void on_diagnostic(void *data, unsigned generation, const struct diagnostic *diagnostic)
{
	struct family *family = data;
	deck_keep_error(family->deck, diagnostic);
	deck_tell(family->deck, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = generation, .diagnostic = diagnostic});
}

static void on_artifact(void *data, const struct build_artifact *artifact)
{
	swap_artifact(data, artifact);
}

static void on_dep_file(void *data, const char *path, const char *text, size_t len)
{
	struct family *family = data;
	auto_free char *name = mem_copy_string(path_name(path));
	name[strlen(name) - 2] = '\0'; /* ".d" */
	if (family->deck->project != NULL && strings_have(&family->served, name))
		project_add_dep_info(family->deck->project, name, text, len);
}

static void on_deps_done(void *data, const struct wire_frame *frame, const struct fault *fault)
{
	(void)data;
	(void)frame;
	(void)fault;
}

/* What the programs read now; the map of before is dropped with the first file. */
static void ask_deps(struct family *family)
{
	auto_free char *folder = mem_print(DECKHAND_TARGET "/%s", family->deck->project->families.items[family->index].profile_folder);
	agent_deps(family->agent, folder, on_dep_file, on_deps_done, family);
}

static void note_failed(struct family *family, const struct build_result *result)
{
	for (size_t i = 0; i < result->bins->count; i++) {
		const char *bin = result->bins->items[i];
		if (result->state == BUILD_FAILED)
			strings_add_new(&family->failed, bin);
		else if (result->state == BUILD_PASSED)
			strings_drop(&family->failed, bin);
	}
}

static void on_build_done(void *data, const struct build_result *result)
{
	struct family *family = data;
	struct deck *deck = family->deck;
	deck->build_state = result->state;
	deck->build_ms = result->ms;
	note_failed(family, result);
	deck_forget_fault(deck, "lock of cargo");
	swap_building(family, false);
	if (result->complaint != NULL && result->complaint[0] != '\0') {
		struct fault fault;
		auto_str clean = {0};
		task_complaint(result->complaint, &clean);
		free(deck->complaint);
		deck->complaint = mem_copy_string(str_text(&clean));
		fault_set(&fault, FAULT_FAILED, "cargo failed: %s", str_text(&clean));
		if (strstr(result->complaint, "o space left") != NULL)
			fault_mend(&fault, "free disk space, for example by `docker builder prune`; nothing that runs was touched");
		else if (strstr(result->complaint, "ailed to download") != NULL || strstr(result->complaint, "Could not resolve") != NULL || strstr(result->complaint, "peer certificate") != NULL)
			fault_mend(&fault, "the crate registry cannot be reached from the builder: check network and proxy, then build again");
		deck_fault(deck, "cargo", &fault);
	} else if (result->state == BUILD_PASSED) {
		deck_forget_fault(deck, "cargo");
	}
	deck_tell(deck, &(struct deck_event){.kind = DECK_BUILD, .state = build_state_name(result->state), .generation = result->generation,
		.names = result->bins, .ms = (double)result->ms, .restarted = result->restarts});
	if (result->state != BUILD_CANCELLED)
		ask_deps(family);
	up_built(deck, family, result);
}

static void open_build(struct family *family)
{
	static const struct build_call calls = {on_build_started, on_build_running, on_progress, on_blocked, on_diagnostic, on_artifact, on_build_done};
	const struct project *project = family->deck->project;
	const struct project_family *found = &project->families.items[family->index];
	family->build = build_open(family->deck->loop, family->agent, &(struct build_options){
		.cwd = found->cwd, .root = project->cargo.root, .packages = &found->packages,
		.arguments = &found->arguments, .env = &found->env}, &calls, family);
}

void builder_build_all(struct family *family, unsigned generation, bool clean)
{
	if (family->build == NULL || family->served.count == 0)
		return;
	build_start(family->build, &(struct build_request){.generation = generation, .bins = &family->served, .clean = clean});
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
	unsigned ms = family->tries < 6 ? 100u << family->tries : 5000;
	family->tries++;
	loop_timer_set(family->again, ms, 0);
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
	open_build(family);
}

static void on_created(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct family *family = data;
	const char *id = fault == NULL ? json_string_value(json_object_get(answer->json, "Id")) : NULL;
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

static void add_env(json_t *env, const char *name, const char *value)
{
	auto_free char *text = mem_print("%s=%s", name, value);
	json_t *json = json_string(text);
	if (json != NULL)
		json_array_append_new(env, json);
}

/* The machine's own settings for cargo and the network. */
static void add_machine_env(json_t *env)
{
	static const char *const own[] = {"CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR", "CARGO_HTTP_CAINFO"};
	static const char *const passed[] = {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "RUSTUP_DIST_SERVER", "TERM"};
	for (char **each = environ; *each != NULL; each++) {
		bool wanted = text_starts_with(*each, "CARGO_");
		for (size_t i = 0; i < COUNT_OF(own); i++)
			wanted = wanted && !(text_starts_with(*each, own[i]) && (*each)[strlen(own[i])] == '=');
		for (size_t i = 0; i < COUNT_OF(passed); i++)
			wanted = wanted || (text_starts_with(*each, passed[i]) && (*each)[strlen(passed[i])] == '=');
		json_t *text = wanted ? json_string(*each) : NULL;
		if (text != NULL)
			json_array_append_new(env, text);
	}
}

static json_t *builder_env(const struct family *family)
{
	json_t *env = json_array();
	auto_free char *sqlx = path_join(family->deck->project->cargo.root, ".sqlx");
	add_env(env, "HOME", HOME_INSIDE);
	add_env(env, "CARGO_HOME", CARGO_INSIDE);
	add_env(env, "CARGO_TARGET_DIR", DECKHAND_TARGET);
	if (dir_exists(sqlx))
		add_env(env, "SQLX_OFFLINE", "true"); /* DATABASE_URL of a .env must not make it dial */
	if (machine_ca_bundle() != NULL) {
		add_env(env, "CARGO_HTTP_CAINFO", CA_INSIDE);
		add_env(env, "SSL_CERT_FILE", CA_INSIDE);
	}
	add_machine_env(env);
	return env;
}

static void add_bind(json_t *binds, const char *from, const char *to, bool read_only)
{
	json_array_append_new(binds, json_pack("{s:s, s:s, s:s, s:b}", "Type", "bind", "Source", from, "Target", to, "ReadOnly", read_only));
}

static void add_volume(json_t *mounts, const char *name, const char *to)
{
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:{s:{s:s}}}", "Type", "volume", "Source", name, "Target", to,
		"VolumeOptions", "Labels", "dev.cargodeck.role", "cache"));
}

/* The nearest folder above that holds .git. */
static char *git_folder(const char *folder)
{
	auto_free char *at = mem_copy_string(folder);
	for (;;) {
		char *git = path_join(at, ".git");
		if (dir_exists(git))
			return git;
		free(git);
		if (strcmp(at, "/") == 0)
			return NULL;
		char *parent = path_parent(at);
		free(at);
		at = parent;
	}
}

static json_t *builder_mounts(const struct family *family)
{
	const struct deck *deck = family->deck;
	const struct cargo_graph *cargo = &deck->project->cargo;
	json_t *mounts = json_array();
	auto_free char *cargo_cache = cargo_volume();
	auto_free char *home = mem_print("%s_home", cargo_cache);
	auto_free char *git = git_folder(cargo->root);
	const char *cargo_home = getenv("CARGO_HOME"), *user_home = getenv("HOME");
	auto_free char *settings = cargo_home != NULL ? mem_print("%s/config.toml", cargo_home) : mem_print("%s/.cargo/config.toml", user_home != NULL ? user_home : "");
	add_volume(mounts, family->volume, DECKHAND_TARGET);
	add_volume(mounts, cargo_cache, CARGO_INSIDE);
	add_volume(mounts, home, HOME_INSIDE);
	add_bind(mounts, cargo->root, cargo->root, false);
	for (size_t i = 0; i < cargo->packages.count; i++)
		if (!path_is_below(cargo->packages.items[i].folder, cargo->root))
			add_bind(mounts, cargo->packages.items[i].folder, cargo->packages.items[i].folder, false);
	if (git != NULL && !path_is_below(git, cargo->root))
		add_bind(mounts, git, git, true); /* build scripts ask it for the revision */
	if (file_exists(settings))
		add_bind(mounts, settings, CARGO_INSIDE "/config.toml", true);
	if (machine_ca_bundle() != NULL)
		add_bind(mounts, machine_ca_bundle(), CA_INSIDE, true);
	return mounts;
}

static char *builder_body(const struct family *family)
{
	const struct deck *deck = family->deck;
	auto_free char *user = mem_print("%u:%u", (unsigned)getuid(), (unsigned)getgid());
	json_t *body = json_pack("{s:s, s:[s], s:[s], s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:s, s:{s:s, s:s}, s:{s:o, s:b, s:s}}",
		"Image", family->image, "Entrypoint", "/.cargodeck/deckhand", "Cmd", "agent", "User", user,
		"OpenStdin", 1, "StdinOnce", 1, "AttachStdin", 1, "AttachStdout", 1, "AttachStderr", 1, "Tty", 0,
		"Env", builder_env(family), "WorkingDir", deck->project->families.items[family->index].cwd,
		"Labels", "dev.cargodeck.project", deck->name, "dev.cargodeck.role", "builder",
		"HostConfig", "Mounts", builder_mounts(family), "AutoRemove", 1, "NetworkMode", "default");
	char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static void create(struct family *family)
{
	auto_free char *body = builder_body(family);
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
	auto_free char *cargo_cache = cargo_volume();
	static const char *const words[] = {"docker", "run", "--rm", "--user", "0:0", "--network", "none", "--entrypoint", "/.cargodeck/deckhand", "--label"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(&argv, words[i]);
	strings_print(&argv, "dev.cargodeck.project=%s", family->deck->name);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s:" DECKHAND_TARGET, family->volume);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s:" CARGO_INSIDE, cargo_cache);
	strings_add(&argv, "--volume");
	strings_print(&argv, "%s_home:" HOME_INSIDE, cargo_cache);
	strings_add(&argv, family->image);
	strings_add(&argv, "own");
	strings_print(&argv, "%u", (unsigned)getuid());
	strings_print(&argv, "%u", (unsigned)getgid());
	strings_add(&argv, DECKHAND_TARGET);
	strings_add(&argv, CARGO_INSIDE);
	strings_add(&argv, HOME_INSIDE);
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
	deck_step(deck, STEP_BUILDER, STEP_RUNNING, "starting");
	json_t *body = json_pack("{s:s, s:{s:s}}", "Name", family->volume, "Labels", "dev.cargodeck.project", deck->name);
	auto_free char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	engine_ask(deck->engine, "POST", "/volumes/create", text, 30000, on_volume, family);
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
