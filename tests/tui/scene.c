/* Made-up projects, each in one state of interest. */
#include "scene.h"
#include "cargodeck/logs.h"

#include <stdio.h>

#define MIB (1024 * 1024ull)
#define NOON 1790000000000 /* ms: some day in 2026, 13:33:20 UTC */

static const char *const names[SCENE_KINDS] = {
	[SCENE_DECK] = "deck", [SCENE_START] = "start", [SCENE_FAILED] = "failed", [SCENE_EMPTY] = "empty",
	[SCENE_STALE] = "stale", [SCENE_LOADING] = "loading", [SCENE_ODD] = "odd",
	[SCENE_JSON] = "json", [SCENE_JOB] = "job", [SCENE_TESTING] = "testing",
	[SCENE_OVER] = "over",
	[SCENE_OTHERS] = "others", [SCENE_CROWD] = "crowd", [SCENE_ASKING] = "asking", [SCENE_LOST] = "lost",
	[SCENE_SPLIT] = "split", [SCENE_LEFT] = "left",
};

static const struct view_service services[] = {
	{.name = "api", .image = "ghcr.io/shop/api:1.4.2", .state = VIEW_HEALTHY, .generation = 41, .cpu_percent = 0.4, .memory = 24 * MIB,
		.memory_limit = 512 * MIB, .history = {60, 70, 80, 70, 90, 110, 100, 120}, .history_count = 8, .ports = "8080",
		.up_ms = 7300000},
	{.name = "gateway", .image = "ghcr.io/shop/gateway:1.4.2", .state = VIEW_BUILDING, .generation = 41, .cpu_percent = 0.1, .memory = 18 * MIB,
		.memory_limit = 256 * MIB, .history = {20, 30, 30, 40, 40, 50, 50, 60}, .history_count = 8, .ports = "8000",
		.up_ms = 7300000},
	{.name = "worker", .state = VIEW_RUNNING, .generation = 41, .cpu_percent = 103.5, .memory = 11 * MIB, .received = 1536, .sent = 12.5 * MIB, .read = -1, .written = 0.4,
		.memory_limit = 256 * MIB, .up_ms = 7300000},
	{.name = "mailpit", .state = VIEW_STARTING, .cpu_percent = 0.2, .memory = 16 * MIB, .ports = "8025 1025", .up_ms = 4000,
		.history = {10, 250}, .history_count = 2},
	{.name = "billing", .state = VIEW_FAILED, .state_text = "exited 101", .generation = 40, .cpu_percent = -1,
		.restarts = 3, .cause = "missing variable STRIPE_KEY", .detail = "It ended with 101, a Rust panic: missing variable STRIPE_KEY", .up_ms = 60000},
	{.name = "migrate", .state = VIEW_DONE, .cpu_percent = -1, .up_ms = 7200000},
	{.name = "db", .image = "postgres:16-alpine", .state = VIEW_HEALTHY, .cpu_percent = 0.8, .memory = 61 * MIB, .memory_limit = 1024 * MIB, .ports = "5432",
		.up_ms = 180000000, .foreign = true},
	{.name = "redis", .image = "redis:7", .state = VIEW_HEALTHY, .cpu_percent = -1, .memory = 9 * MIB, .memory_limit = 128 * MIB,
		.ports = "6379", .up_ms = 180000000},
};

static const char rendered[] =
	"\033[0m\033[1m\033[38;5;9merror[E0308]\033[0m\033[0m\033[1m: mismatched types\033[0m\n"
	"\033[0m  \033[0m\033[0m\033[1m\033[38;5;12m--> \033[0m\033[0mcrates/gateway/src/route.rs:57:21\033[0m\n"
	"\033[0m   \033[0m\033[0m\033[1m\033[38;5;12m|\033[0m\n"
	"\033[0m\033[1m\033[38;5;12m57\033[0m\033[0m \033[0m\033[0m\033[1m\033[38;5;12m|\033[0m\033[0m     "
	"let target: Uri = path.to_string();\033[0m\n"
	"\033[0m   \033[0m\033[0m\033[1m\033[38;5;12m|\033[0m\033[0m                       "
	"\033[0m\033[0m\033[1m\033[38;5;9m^^^^^^^^^^^^^^^^ expected `Uri`, found `String`\033[0m\n";

static const struct view_error errors[] = {
	{.level = VIEW_ERROR, .code = "E0308", .message = "mismatched types", .file = "crates/gateway/src/route.rs", .line = 57,
		.column = 21, .rendered = rendered},
	{.level = VIEW_WARNING, .code = "unused_variables", .message = "unused variable: `req`",
		.file = "crates/gateway/src/route.rs", .line = 12, .column = 9},
	{.level = VIEW_WARNING, .message = "field `retries` is never read, and this message is a good deal longer than a row",
		.file = "crates/shop-core/src/settings/environment.rs", .line = 120, .column = 5},
};

static const struct view_save saves[] = {
	{.generation = 41, .event = 0.6, .settle = 0, .dispatch = 0.8, .cargo = 612, .start = 2, .ready = 5, .beyond = 8.6,
		.services = "api, worker"},
	{.generation = 40, .event = 0.5, .settle = 0, .dispatch = 0.7, .cargo = 1890, .start = 2, .ready = 6.2, .beyond = 9.4,
		.services = "api, gateway, worker"},
	{.generation = 39, .event = 0.7, .settle = 15, .dispatch = 0.6, .cargo = 402, .start = 12.4, .ready = 8, .beyond = 36.7,
		.services = "gateway"},
};

static const struct {
	enum view_line_kind kind;
	int at_ms;
	enum view_log_level level;
	bool is_stderr;
	const char *text;
} lines[] = {
	{VIEW_LINE_TEXT, 100, VIEW_LOG_INFO, false, "gateway::route GET /cart 200 4ms"},
	{VIEW_LINE_TEXT, 204, VIEW_LOG_INFO, false, "gateway::route GET /cart/7 200 3ms trace=7f3a91bc0d"},
	{VIEW_LINE_TEXT, 310, VIEW_LOG_WARN, false, "gateway::pool slow acquire 212ms wait=212"},
	{VIEW_LINE_TEXT, 842, VIEW_LOG_ERROR, false, "gateway::route upstream timeout after 2000 ms: http://api:8080/cart "
		"(attempt 3 of 3, connection reused, trace=91bc7f3a)"},
	{VIEW_LINE_TEXT, 1001, VIEW_LOG_DEBUG, false, "gateway::route GET /healthz 200 0ms"},
	{VIEW_LINE_GAP, 0, VIEW_LOG_NONE, false, "1,204 lines dropped"},
	{VIEW_LINE_DIVIDER, 0, VIEW_LOG_NONE, false, "run 3, generation g41"},
	{VIEW_LINE_TEXT, 1402, VIEW_LOG_NONE, true, "thread 'main' says: 日本語 e\xcc\x81t\xc3\xa9 \t tab\x1b[31m and escape"},
	{VIEW_LINE_TEXT, 1530, VIEW_LOG_INFO, false, "gateway listening on 0.0.0.0:8000"},
};

static bool give_line(void *data, uint64_t number, struct view_line *line)
{
	static const struct view_span coloured[] = {{.at = 0, .colour = VIEW_COLOUR_INDEX(2)}, {.at = 14}};
	(void)data;
	if (number >= COUNT_OF(lines))
		return false;
	size_t at = (size_t)number;
	*line = (struct view_line){.kind = lines[at].kind, .time_ms = lines[at].at_ms > 0 ? NOON + lines[at].at_ms : 0,
		.level = lines[at].level, .is_stderr = lines[at].is_stderr, .text = lines[at].text, .len = strlen(lines[at].text)};
	if (at == 0) {
		line->spans = coloured;
		line->span_count = COUNT_OF(coloured);
	}
	return true;
}

/* A log as programs with structured logs write it, from three services. */
static bool give_json(void *data, uint64_t number, struct view_line *line)
{
	static const char *const texts[] = {
		"{\"timestamp\":\"2026-11-27T01:06:49Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"GET /cart\",\"status\":200,\"ms\":4.2},\"target\":\"gateway::route\"}",
		"{\"level\":\"WARN\",\"message\":\"slow acquire\",\"wait\":\"212 ms\",\"target\":\"gateway::pool\",\"span\":{\"name\":\"checkout\"}}",
		"{\"level\":50,\"time\":1531171074631,\"msg\":\"upstream timeout\",\"url\":\"http://api:8080/cart\",\"attempt\":3}",
		"plain text between them",
	};
	static const enum view_log_level levels[] = {VIEW_LOG_INFO, VIEW_LOG_WARN, VIEW_LOG_ERROR, VIEW_LOG_NONE};
	static const char *const sources[] = {"gateway", "api", "worker"};
	(void)data;
	if (number >= 400)
		return false;
	*line = (struct view_line){.time_ms = NOON + (int64_t)number * 104, .level = levels[number % 4], .source = sources[number % 3],
		.text = texts[number % 4], .len = strlen(texts[number % 4])};
	return true;
}

/* What a log gives, in a store of the room logs; kept for the whole run. */
static const struct log_store *store_of(bool (*give)(void *data, uint64_t number, struct view_line *line))
{
	static struct {
		bool (*give)(void *data, uint64_t number, struct view_line *line);
		struct log_store *store;
	} kept[4];
	size_t at = 0;
	while (kept[at].give != NULL && kept[at].give != give)
		at++;
	if (kept[at].give == give)
		return kept[at].store;
	kept[at].give = give;
	kept[at].store = log_store_open(1 << 20);
	struct view_line line;
	for (uint64_t number = 0; give(NULL, number, &line); number++) {
		static const enum log_kind kinds[] = {LOG_TEXT, LOG_DIVIDER, LOG_GAP};
		log_store_copy(kept[at].store, line.source, &(struct log_line){.kind = kinds[line.kind], .time_ns = line.time_ms * 1000000,
			.level = (enum log_level)line.level, .is_stderr = line.is_stderr, .text = line.text, .len = line.len});
	}
	return kept[at].store;
}

const char *scene_name(enum scene_kind kind)
{
	return names[kind];
}

static void fill_deck(struct view *view)
{
	view->services = services;
	view->service_count = COUNT_OF(services);
	view->saved = view->building = 42;
	view->serving = 41;
	view->build = (struct view_build){.state = VIEW_BUILD_RUNNING, .generation = 42, .done = 188, .total = 239,
		.crates = "gateway(bin), shop-core", .what = "api, gateway", .elapsed_ms = 3100, .expected_ms = 4500};
	view->saves = (struct view_saves){.items = saves, .count = COUNT_OF(saves), .p50 = 9, .p95 = 21, .counted = 41};
	view->log = (struct view_log){.name = "gateway", .count = COUNT_OF(lines), .line = give_line, .store = store_of(give_line)};
	view->beside = (struct view_log){.name = "api", .count = 400, .line = give_json, .store = store_of(give_json)};
}

static void fill_why(struct view *view)
{
	static const struct view_wait waits[] = {
		{.name = "db", .state = VIEW_HEALTHY, .state_text = "healthy", .condition = "service_healthy", .holds = true},
		{.name = "mailpit", .state = VIEW_STARTING, .state_text = "starting", .condition = "service_healthy"},
		{.name = "migrate", .state = VIEW_DONE, .state_text = "done", .condition = "service_completed_successfully", .holds = true},
	};
	static const struct view_wait awaited[] = {
		{.name = "gateway", .state = VIEW_BUILDING, .state_text = "healthy", .condition = "service_healthy"},
	};
	static const char *const last[] = {"starting 1.4.2", "thread 'main' panicked at crates/billing/src/main.rs:31:10:",
		"missing variable STRIPE_KEY", "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"};
	view->why = (struct view_why){.service = "billing", .state = VIEW_FAILED, .sentence = "billing ended with 101, and was restarted 3 times.",
		.cause = "panicked at crates/billing/src/main.rs:31:10: missing variable STRIPE_KEY",
		.mend = "Mend the cause and save: what is built starts it again. Or restart it.", .waits = waits, .wait_count = COUNT_OF(waits),
		.awaited = awaited, .awaited_count = COUNT_OF(awaited), .probe = "wget -qO- http://127.0.0.1:8000/healthz",
		.probe_said = "wget: can't connect to remote host (127.0.0.1): Connection refused", .lines = last, .line_count = COUNT_OF(last)};
}

/* ---- a container that is looked into ---- */

static const struct view_field overview[] = {
	{.id = 1, .name = "container", .value = "shop-api-1"},
	{.id = 2, .name = "id", .value = "4f1c2b7e9d3a5f60718293a4b5c6d7e8f90112233445566778899aabbccddeef"},
	{.id = 3, .name = "state", .value = "running"},
	{.id = 4, .name = "image", .value = "shop-api:dev", .below = 2},
	{.id = 5, .name = "id", .value = "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778899aabbccddeeff0", .depth = 1},
	{.id = 6, .name = "digest", .value = "none: it was never pulled or pushed", .depth = 1},
	{.id = 7, .name = "command", .value = "/usr/local/bin/api --listen 0.0.0.0:8080"},
	{.id = 8, .name = "health", .value = "healthy", .below = 3, .look = VIEW_FIELD_GOOD},
	{.id = 9, .name = "test", .value = "CMD wget -qO- http://127.0.0.1:8080/healthz", .depth = 1},
	{.id = 10, .name = "2026-11-23T14:02:11Z", .value = "failed with 1  wget: can't connect to remote host (127.0.0.1): Connection refused",
		.depth = 1, .look = VIEW_FIELD_BAD},
	{.id = 11, .name = "2026-11-23T14:02:41Z", .value = "passed 0  ok", .depth = 1},
	{.id = 12, .name = "networks", .value = "", .below = 1},
	{.id = 13, .name = "shop_default", .value = "172.20.0.5  as api", .depth = 1},
	{.id = 14, .name = "ports", .value = "", .below = 1},
	{.id = 15, .name = "8080/tcp", .value = "127.0.0.1:8080", .depth = 1},
	{.id = 16, .name = "limits", .value = "", .below = 2},
	{.id = 17, .name = "memory", .value = "512M", .depth = 1},
	{.id = 18, .name = "cpus", .value = "none", .depth = 1},
};

static const struct view_field env[] = {
	{.id = 20, .name = "RUST_LOG", .value = "info"},
	{.id = 21, .name = "DATABASE_URL", .value = "postgres://shop:****@db:5432/shop", .look = VIEW_FIELD_MUTED},
	{.id = 22, .name = "STRIPE_KEY", .value = "****", .look = VIEW_FIELD_MUTED},
	{.id = 23, .name = "PATH", .value = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/a/path/that/goes/on/and/on"},
};

static const struct view_field tree[] = {
	{.id = 30, .name = "Id", .value = "4f1c2b7e9d3a"},
	{.id = 31, .name = "State", .value = "3 members", .below = 4, .is_folded = true, .look = VIEW_FIELD_MUTED},
	{.id = 32, .name = "Status", .value = "running", .depth = 1},
	{.id = 33, .name = "Health", .value = "1 member", .depth = 1, .below = 1, .is_folded = true, .look = VIEW_FIELD_MUTED},
	{.id = 34, .name = "FailingStreak", .value = "0", .depth = 2},
	{.id = 35, .name = "Pid", .value = "4711", .depth = 1},
	{.id = 36, .name = "Mounts", .value = "[]", .look = VIEW_FIELD_MUTED},
};

static const struct view_field drift[] = {
	{.id = 40, .name = "env STRIPE_KEY", .below = 2},
	{.id = 41, .name = "configured", .value = "one value", .depth = 1},
	{.id = 42, .name = "running", .value = "another value", .depth = 1},
	{.id = 43, .name = "limits memory", .below = 2},
	{.id = 44, .name = "configured", .value = "536870912", .depth = 1},
	{.id = 45, .name = "running", .value = "none", .depth = 1},
};

static const struct view_field hostile[] = {
	{.id = 50, .name = "\x1b[31mred\x1b[0m\xff", .value = "\x1b]0;title\x07 and\nmore", .below = 99},
	{.id = 51, .name = NULL, .value = NULL, .depth = 4000000000u},
	{.id = 51, .name = "日本語の名前がここにあります日本語の名前がここにあります", .value = "e\xcc\x81\xcc\x81\xcc\x81", .depth = 3, .look = (enum view_field_look)1},
};

#define READY(list, number) {.state = VIEW_PAGE_READY, .rows = (list), .count = COUNT_OF(list), .version = (number)}

static void fill_container(struct view *view)
{
	view->container = (struct view_container){.service = "api", .name = "shop-api-1", .pages = {
		[VIEW_OVERVIEW] = READY(overview, 1), [VIEW_ENV] = READY(env, 2),
		[VIEW_MOUNTS] = {.state = VIEW_PAGE_READY, .sentence = "Nothing is mounted: what it writes goes with its container.", .version = 3},
		[VIEW_LABELS] = {.state = VIEW_PAGE_LOADING, .version = 4},
		[VIEW_PROCESSES] = {.state = VIEW_PAGE_FAILED, .version = 5, .sentence = "the engine at unix:///var/run/docker.sock does not answer"},
		[VIEW_INSPECT] = READY(tree, 6), [VIEW_CONFIG] = {.state = VIEW_PAGE_LOADING, .version = 7}, [VIEW_DRIFT] = READY(drift, 8)}};
}

static void fill_gone(struct view *view)
{
	fill_container(view);
	view->container.service = "billing";
	view->container.name = "shop-billing-1";
	view->container.gone = "Its container is gone: this is what it was. Start billing to make it again.";
}

static void fill_hostile(struct view *view)
{
	view->container = (struct view_container){.service = "\x1b[31m", .name = "\n\n", .pages = {[VIEW_OVERVIEW] = READY(hostile, 1)}};
}

/* ---- which practices are kept ---- */

static const char *const topics[] = {"Optimised Docker image", "Container security", "Docker Compose", "Caching of dependencies", "Logs and metrics",
	"Database", "Development", "Production images", "CI/CD", "Hot reload", "Others"};

#define KEEPS(number, what, of) {.id = number, .title = what, .topic = (of) - 1, .severity = VIEW_MEDIUM, .verdict = VIEW_KEPT}
#define SEEN(list) .evidence = (list), .evidence_count = COUNT_OF(list)

static const struct view_evidence caps[] = {
	{.file = "compose.yaml", .path = "/shop/compose.yaml", .line = 12, .text = "service api has no cap_drop", .is_against = true},
	{.file = "compose.yaml", .path = "/shop/compose.yaml", .line = 31, .text = "service worker adds SYS_PTRACE to it", .is_against = true},
	{.text = "api: CapEff 00000000a80425fb, NoNewPrivs 0", .is_against = true, .is_live = true},
	{.file = "compose.yaml", .path = "/shop/compose.yaml", .line = 44, .text = "service gateway drops ALL"},
};
static const struct view_evidence lock[] = {
	{.file = "Dockerfile", .path = "/shop/Dockerfile", .line = 9, .text = "cargo build without --locked", .is_against = true},
};
static const struct view_evidence far[] = {
	{.file = "deploy/environments/staging/europe-west/compose.override.production.yaml", .path = "/shop/deploy/x.yaml", .line = 1204,
		.text = "service billing publishes 5432 on every address of the machine, which reaches whoever can reach the machine, "
			"whatever its own packet filter says, since Docker writes its rules before those", .is_against = true},
};
static const struct view_evidence stop[] = {
	{.file = "crates/worker/src/main.rs", .path = "/shop/crates/worker/src/main.rs", .line = 31, .text = "a runtime is made, and no signal is listened to",
		.is_against = true},
};
static const struct view_evidence pool[] = {
	{.file = "crates/api/src/backing.rs", .path = "/shop/crates/api/src/backing.rs", .line = 18, .text = "max_connections(10)"},
};
static const struct view_evidence seen[] = {
	{.text = "worker: SigCgt 0000000000000440 lacks SIGTERM", .is_against = true, .is_live = true},
};

static const struct view_practice practices[] = {
	KEEPS("1.1", "The image is built in several stages", 1),
	{.id = "1.5", .title = "Dependencies are built from the lock file, before the sources", .topic = 0, .severity = VIEW_MEDIUM, .verdict = VIEW_BROKEN,
		.is_fixable = true, SEEN(lock), .mend = "add --locked to cargo build", .says = "Without --locked other versions than those that were tested may be built."},
	KEEPS("1.9", "A user without rights is made", 1),
	{.id = "2.3", .title = "The root file system is read-only", .topic = 1, .severity = VIEW_HIGH, .verdict = VIEW_CANNOT_TELL,
		.reason = "compose could not be asked: docker compose is not installed", .mend = "install docker compose"},
	{.id = "2.5", .title = "Capabilities are dropped", .topic = 1, .severity = VIEW_HIGH, .verdict = VIEW_BROKEN, .is_fixable = true, SEEN(caps),
		.mend = "add cap_drop: [ALL] to api and worker", .says = "A container starts with fourteen capabilities, and a service needs none of them. "
			"What is not there cannot be taken over with the process."},
	{.id = "2.6", .title = "No new privileges", .topic = 1, .severity = VIEW_MEDIUM, .verdict = VIEW_BROKEN, .is_allowed = true, SEEN(caps),
		.reason = "the debugger needs them"},
	{.id = "2.9", .title = "Images are signed", .topic = 1, .severity = VIEW_LOW, .verdict = VIEW_NOT_APPLICABLE, .reason = "no image of this project is pushed"},
	{.id = "3.4", .title = "Ports of the database are not published", .topic = 2, .severity = VIEW_HIGH, .verdict = VIEW_BROKEN, SEEN(far),
		.mend = "publish it on 127.0.0.1, or not at all"},
	KEEPS("4.1", "The registry of cargo is a cache mount", 4),
	{.id = "6.4", .title = "The pool of connections is bounded", .topic = 5, .severity = VIEW_LOW, .verdict = VIEW_KEPT, .is_heuristic = true, SEEN(pool)},
	{.id = "8.2", .title = "SIGTERM ends the program within the time that it is given, and requests under way are answered", .topic = 7, .severity = VIEW_HIGH,
		.verdict = VIEW_BROKEN, .is_heuristic = true, SEEN(stop), .mend = "wait for SIGTERM with tokio::signal::unix, and give it to axum's with_graceful_shutdown"},
	{.id = "8.3", .title = "Handlers of signals stand before the first connection", .topic = 7, .severity = VIEW_MEDIUM, .verdict = VIEW_BROKEN, SEEN(seen)},
	KEEPS("10.8", "The editor's settings are shared", 10),
};

static void fill_checks(struct view *view)
{
	static const char *const notes[] = {"vendor/blob.yaml is larger than 1 MiB and was not read"};
	view->checks = (struct view_checks){.state = VIEW_PAGE_READY, .is_live = true, .age_ms = 12000, .topics = topics, .topic_count = COUNT_OF(topics),
		.practices = practices, .count = COUNT_OF(practices), .notes = notes, .note_count = COUNT_OF(notes)};
}

static void fill_kept(struct view *view)
{
	view->checks = (struct view_checks){.state = VIEW_PAGE_READY, .topics = topics, .topic_count = COUNT_OF(topics), .practices = practices, .count = 1,
		.age_ms = 3000};
}

static const char diff[] =
	"--- a/Dockerfile\n+++ b/Dockerfile\n@@ -6,7 +6,7 @@\n WORKDIR /src\n COPY Cargo.toml Cargo.lock ./\n COPY crates crates\n"
	"-RUN cargo build --release --bin api && mkdir -p /out && cp target/release/api /out/ && strip /out/api\n"
	"+RUN cargo build --release --locked --bin api && mkdir -p /out && cp target/release/api /out/ && strip /out/api\n"
	" \n FROM debian:bookworm-slim\n COPY --from=build /out/api /usr/local/bin/\n";

static void fill_mending(struct view *view)
{
	fill_checks(view);
	view->checks.mending = (struct view_mending){.state = VIEW_MENDING_READY, .practice = "1.5", .diff = diff, .files = "Dockerfile"};
}

static void fill_unjudged(struct view *view)
{
	view->checks = (struct view_checks){.state = VIEW_PAGE_FAILED, .sentence = "the folder /shop cannot be opened", .mend = "name the project's folder with --project",
		.mending = {.state = VIEW_MENDING_FAILED, .practice = "2.5", .sentence = "nothing is left that an edit could mend for 2.5",
			.mend = "the practices are judged again"}};
}

static const char compose_diff[] =
	"--- /dev/null\n+++ b/docker-compose.yml\n@@ -0,0 +1,6 @@\n+# The programs and what they need to run.\n+services:\n+  api:\n+    build:\n"
	"+      context: .\n+    ports: [\"127.0.0.1:8081:8081\"]\n";

/* `is_done`: nothing is left to write. */
static void fill_init(struct view *view, bool is_done)
{
	static const char *const says[] = {"crates/api/src/main.rs:16: api listens on port 8081: read here",
		"crates/api/src/main.rs: api is a service: it answers by axum", "Cargo.lock: the database is postgres: sqlx asks for it"};
	static const struct view_part parts[] = {
		{.name = "base", .value = "distroless", .says = "What the shipped image stands on."},
		{.name = "migrator", .value = "sqlx", .says = "What applies the migrations."},
		{.name = "database", .is_on = true, .says = "The database beside the programs, with its roles and migrations."},
		{.name = "backup", .is_on = true, .says = "Makes, proves, keeps and restores backups of the database."},
		{.name = "ci", .says = "Test, build for each platform, scan, push, sign, deploy, clean up."},
	};
	static const struct view_file files[] = {
		{.path = "Dockerfile", .part = "core", .state = VIEW_FILE_DIFFERS, .found = "Dockerfile", .diff = diff, .says = "How the image is built."},
		{.path = "docker-compose.yml", .part = "core", .state = VIEW_FILE_NEW, .diff = compose_diff, .is_wanted = true,
			.says = "The programs and what they need to run."},
		{.path = ".env", .part = "core", .state = VIEW_FILE_LINES, .is_wanted = true, .says = "The values of this machine; git does not get it.",
			.diff = "--- a/.env\n+++ b/.env\n@@ -1,1 +1,2 @@\n API_PORT=8081\n+POSTGRES_PASSWORD=****\n"},
		{.path = ".dockerignore", .part = "core", .state = VIEW_FILE_SAME, .found = ".dockerignore"},
		{.path = "docker-compose.dev.yml", .part = "dev", .state = VIEW_FILE_ELSEWHERE, .found = "compose.dev.yaml"},
		{.path = ".gitignore", .part = "core", .state = VIEW_FILE_LINK},
		{.path = "docker/postgres/backup.sh", .part = "backup", .state = VIEW_FILE_NEW, .is_wanted = true,
			.diff = "--- /dev/null\n+++ b/docker/postgres/backup.sh\n@@ -0,0 +1,1 @@\n+#!/bin/sh\n", .says = "Makes, proves, keeps and restores backups of the database."},
	};
	view->init = (struct view_init){.state = VIEW_INIT_READY, .root = "/shop", .says = says, .says_count = COUNT_OF(says), .parts = parts,
		.part_count = COUNT_OF(parts), .files = is_done ? &files[3] : files, .file_count = is_done ? 3 : COUNT_OF(files), .wanted = is_done ? 0 : 3};
}

static void fill_written(struct view *view, enum view_init_state state)
{
	static const char *const written[] = {"docker-compose.yml", ".env", "docker/postgres/backup.sh", "docker/postgres/seed.sh",
		"docker/README.md", "docker-compose.prod.yml", "docker/secrets.sh", "docker-stack.yml", "docker/logs/fluent-bit.conf",
		"docker/logs/parsers.conf", "docker/logs/logstash.conf", "docker/prometheus/prometheus.yml", "docker/prometheus/alerts.yml",
		"docker/scan.sh", "docker/sign.sh", ".github/workflows/docker.yml", ".github/dependabot.yml", ".devcontainer/devcontainer.json",
		".vscode/launch.json", ".vscode/tasks.json"};
	bool has_failed = state == VIEW_INIT_FAILED;
	view->init = (struct view_init){.state = state, .root = "/shop", .written = written, .written_count = has_failed ? 2 : COUNT_OF(written),
		.sentence = has_failed ? "Dockerfile was changed meanwhile and is left as it is" : NULL,
		.mend = has_failed ? "run it again: what is written already stays" : NULL};
}

static void fill_odd_init(struct view *view)
{
	static const char *const says[] = {"\x1b[31m\n", "日本語の名前がここにあります日本語の名前がここにあります日本語の名前がここにあります"};
	static const struct view_part parts[] = {{.name = "日本語の名前がここにあります日本語", .value = "\x07"}, {.name = ""}};
	static const struct view_file files[] = {
		{.path = "日本語の名前がここにあります日本語の名前がここにあります日本語の名前がここにあります", .state = VIEW_FILE_ELSEWHERE},
		{.path = "", .part = "", .state = VIEW_FILE_DIFFERS, .is_wanted = true, .diff = "\n\n\x1b[31m+\n@@\n日本語の名前がここにあります日本語の名前がここにあります日本語の名前"},
	};
	view->init = (struct view_init){.state = VIEW_INIT_READY, .is_planning = true, .says = says, .says_count = COUNT_OF(says), .parts = parts,
		.part_count = COUNT_OF(parts), .files = files, .file_count = COUNT_OF(files), .wanted = SIZE_MAX};
}

static void fill_odd_checks(struct view *view)
{
	static const struct view_evidence odd_evidence[] = {
		{.file = "a\x1b[31m\nb", .path = "", .line = 4294967295u, .text = NULL, .is_against = true},
		{.file = "日本語の名前がここにあります日本語の名前がここにあります日本語の名前がここにあります", .path = "x", .text = "e\xcc\x81\xcc\x81\xcc\x81\xff\n\n\n", .is_live = true},
	};
	static const struct view_practice odd_practices[] = {
		{.id = "\x1b[31m", .title = "日本語の名前がここにあります日本語の名前がここにあります\n\n日本語の名前がここにあります", .topic = 10, .severity = VIEW_LOW,
			.verdict = VIEW_BROKEN, .is_allowed = false, .is_fixable = true, .is_heuristic = true, SEEN(odd_evidence), .evidence_left = SIZE_MAX,
			.reason = "\n", .mend = "\x07\x07", .says = "zero\xe2\x80\x8bwidth"},
		{.id = "", .title = "", .topic = 10, .verdict = VIEW_CANNOT_TELL},
	};
	view->checks = (struct view_checks){.state = VIEW_PAGE_READY, .is_judging = true, .elapsed_ms = UINT64_MAX / 2000000, .is_stale = true, .topics = topics,
		.topic_count = COUNT_OF(topics), .practices = odd_practices, .count = COUNT_OF(odd_practices), .sentence = "\x1b[31m\nx",
		.mending = {.state = VIEW_MENDING_READY, .diff = "\n\n\x1b[31m+\n@@\n日本語の名前がここにあります日本語の名前がここにあります日本語の名前がここにあります"}};
}

static void fill_failed(struct view *view)
{
	static const struct view_fault faults[] = {
		{.text = "g42 does not compile: mismatched types in crates/gateway/src/route.rs:57", .mend =
			"open the error in the pane Build; g41 serves until it is mended", .is_bad = true},
		{.text = "exited with 101, three times: missing variable STRIPE_KEY", .service = "billing", .is_bad = true},
	};
	fill_deck(view);
	view->building = 0;
	view->build = (struct view_build){.state = VIEW_BUILD_FAILED, .generation = 42, .what = "api, gateway", .elapsed_ms = 2210,
		.errors = errors, .error_count = COUNT_OF(errors), .error_total = 1, .warning_total = 2};
	view->faults = faults;
	view->fault_count = COUNT_OF(faults);
}

/* The shared crate compiled, and one of the programs did not: the others have it. */
static void fill_split(struct view *view)
{
	static struct view_service split[COUNT_OF(services)];
	static const struct view_error list[] = {{.level = VIEW_ERROR, .code = "E0308", .message = "mismatched types",
		.file = "crates/api/src/cart.rs", .line = 31, .column = 5, .rendered = rendered}};
	fill_deck(view);
	memcpy(split, services, sizeof split);
	for (size_t i = 0; i < 3; i++)
		split[i].generation = 42;
	split[0].generation = 40;
	split[0].is_behind = true;
	split[1].state = VIEW_HEALTHY;
	view->services = split;
	view->building = 0;
	view->serving = 42;
	view->build = (struct view_build){.state = VIEW_BUILD_FAILED, .generation = 42, .what = "api, gateway, worker", .elapsed_ms = 2210,
		.errors = list, .error_count = COUNT_OF(list), .error_total = 1};
}

/* A later save passed; two programs did not compile before. */
static void fill_left(struct view *view)
{
	static struct view_service left[COUNT_OF(services)];
	fill_split(view);
	memcpy(left, view->services, sizeof left);
	left[1].generation = view->saved = view->serving = 43;
	left[2].is_behind = true;
	left[2].generation = 39;
	view->services = left;
	view->build = (struct view_build){.state = VIEW_BUILD_PASSED, .generation = 43, .what = "gateway", .elapsed_ms = 610};
}

/* The build passed; of the tests beside it two failed. */
static void fill_job(struct view *view)
{
	static const char output[] = "thread 'cart::tests::adds' (2853) panicked at crates/gateway/src/route.rs:140:9:\n"
		"assertion `left == right` failed\n  left: 2\n right: 3\n"
		"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
	static const struct view_error list[] = {
		{.level = VIEW_WARNING, .code = "unused_variables", .message = "unused variable: `req`",
			.file = "crates/gateway/src/route.rs", .line = 12, .column = 9},
		{.level = VIEW_ERROR, .message = "cart::tests::adds: assertion `left == right` failed", .file = "crates/gateway/src/route.rs",
			.line = 140, .column = 9, .rendered = output, .job = "test", .is_test = true},
		{.level = VIEW_ERROR, .message = "cart::tests::empty: called `Option::unwrap()` on a `None` value",
			.file = "crates/gateway/src/route.rs", .line = 151, .column = 30, .rendered = output, .job = "test", .is_test = true},
		{.level = VIEW_ERROR, .message = "whole: Error: \"no\"", .job = "test", .is_test = true},
		{.level = VIEW_WARNING, .message = "unused import: `std::fmt`", .file = "crates/shop-core/src/lib.rs", .line = 1, .column = 5,
			.job = "test"},
	};
	fill_deck(view);
	view->building = 0;
	view->serving = 42;
	view->build = (struct view_build){.state = VIEW_BUILD_PASSED, .generation = 42, .what = "api, gateway", .elapsed_ms = 2210,
		.errors = list, .error_count = COUNT_OF(list), .warning_total = 1,
		.job = {.chosen = "test", .name = "test", .state = VIEW_BUILD_FAILED, .elapsed_ms = 4100, .passed = 41, .failed = 3, .warning_total = 1}};
}

static void fill_testing(struct view *view)
{
	fill_deck(view);
	view->building = 0;
	view->serving = 42;
	view->build = (struct view_build){.state = VIEW_BUILD_PASSED, .generation = 42, .what = "api, gateway", .elapsed_ms = 2210,
		.job = {.chosen = "clippy", .name = "clippy", .state = VIEW_BUILD_RUNNING, .done = 12, .total = 240, .elapsed_ms = 2100}};
}

static void fill_start(struct view *view)
{
	static const struct view_step steps[] = {
		{.state = VIEW_STEP_DONE, .name = "tools", .text = "docker 20.10, compose 2.26, buildx 0.13", .elapsed_ms = 300},
		{.state = VIEW_STEP_DONE, .name = "images", .text = "6 of 6, two are stand-ins (no registry reachable)",
			.elapsed_ms = 41200},
		{.state = VIEW_STEP_DONE, .name = "volumes", .text = "target, cargo, pgdata", .elapsed_ms = 90},
		{.state = VIEW_STEP_FAILED, .name = "database", .text = "db ended with 1: its data folder is of another version",
			.elapsed_ms = 3100},
		{.state = VIEW_STEP_RUNNING, .name = "build", .text = "sqlx-postgres, hyper", .done = 142, .total = 239,
			.elapsed_ms = 58000},
		{.state = VIEW_STEP_WAITING, .name = "migrations", .text = "4 pending", .waits = "waits for build"},
		{.state = VIEW_STEP_WAITING, .name = "services", .text = "api, gateway, worker", .waits = "waits for build"},
		{.state = VIEW_STEP_WAITING, .name = "healthy", .text = "0 of 5"},
	};
	view->start = (struct view_start){.is_shown = true, .steps = steps, .count = COUNT_OF(steps), .elapsed_ms = 108000,
		.left_ms = 130000};
	view->log = (struct view_log){.name = "builder", .empty = "no output since the builder started, 2 s ago"};
}

/* Odd letters, endless words, and numbers at their ends. */
static void fill_odd(struct view *view)
{
	static const struct view_service odd[] = {
		{.name = "日本語サービス", .state = VIEW_HEALTHY, .generation = 4294967295u, .cpu_percent = 6400, .memory = UINT64_MAX,
			.memory_limit = 1, .ports = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", .up_ms = UINT64_MAX},
		{.name = "\x1b[31mred\x1b[0m\xff\xfe\x07", .state = VIEW_WAITING, .cpu_percent = -1},
		{.name = "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 zero\xe2\x80\x8bwidth\xe2\x80\xae" "turned", .state = VIEW_UNHEALTHY,
			.cause = "its probe says:\nline two\ttab", .detail = "Its health probe fails, and says: line two\ttab, and it goes on for much longer than a row, so "
				"that it is cut: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"},
		{.name = NULL, .state = (enum view_state)99, .history_count = 99},
		{.name = "a-name-that-is-much-longer-than-any-column-could-ever-hold-it", .state = VIEW_STALE, .stale_figures = true},
	};
	fill_hostile(view);
	fill_odd_checks(view);
	view->services = odd;
	view->service_count = COUNT_OF(odd);
	view->project = "a\tb\nc";
	view->notice = "follows another cargodeck";
	view->build.absent = "no Rust in this project: saves restart or sync services as the compose file says";
}

static void fill_others(struct view *view)
{
	static const struct view_service others[] = {
		{.name = "/blog-db-1", .project = "blog", .state = VIEW_HEALTHY, .cpu_percent = 0.1, .memory = 40 * MIB, .ports = "5432", .image = "postgres:16"},
		{.name = "/blog-web-1", .project = "blog", .state = VIEW_STOPPED, .state_text = "exited", .cpu_percent = -1, .image = "blog/web"},
		{.name = "/registry", .state = VIEW_RUNNING, .cpu_percent = -1, .ports = "5000", .image = "registry:2"},
	};
	fill_deck(view);
	view->service_count = 3;
	view->has_others = true;
	view->others = others;
	view->other_count = COUNT_OF(others);
}

/* As many as are ever listed. */
static void fill_crowd(struct view *view)
{
	static struct view_service crowd[10000];
	static char texts[COUNT_OF(crowd)][24];
	fill_deck(view);
	for (size_t i = 0; i < COUNT_OF(crowd); i++) {
		snprintf(texts[i], sizeof texts[i], "/crowd-%zu", i);
		crowd[i] = (struct view_service){.name = texts[i], .project = "crowd", .state = VIEW_RUNNING, .cpu_percent = (double)(i % 97)};
	}
	view->has_others = true;
	view->others = crowd;
	view->other_count = COUNT_OF(crowd);
	view->others_left = 7;
}

static void fill_ran(struct view *view)
{
	static const struct view_ran ran[] = {
		{.text = "docker exec 3f9a1c22b07d cargo build --bin api --bin gateway", .wall_ms = 1795788801000, .took_ms = 3100, .is_running = true},
		{.text = "docker compose -p shop-platform -f compose.yaml -f override.json up --detach --no-deps --no-build billing",
			.wall_ms = 1795788790000, .took_ms = 840, .status = 1},
		{.text = "docker compose -p shop-platform -f compose.yaml restart worker", .wall_ms = 1795788700000, .took_ms = 1204},
		{.text = "docker exec 3f9a1c22b07d cargo build --bin api", .wall_ms = 1795788600000, .took_ms = 612, .status = -1},
		{.text = "docker run -e STRIPE_KEY=**** --rm tools \x1b[31m日本語", .wall_ms = 1795785000000, .took_ms = 64000, .status = 130},
	};
	view->ran = ran;
	view->ran_count = COUNT_OF(ran);
}

void scene_fill(enum scene_kind kind, struct view *view)
{
	static struct view_service old[COUNT_OF(services)];
	*view = (struct view){.revision = 1, .project = "shop-platform", .profile = "dev", .engine = "engine local 20.10"};
	switch (kind) {
	case SCENE_DECK:
		fill_deck(view);
		fill_container(view);
		fill_ran(view);
		fill_checks(view);
		fill_init(view, false);
		break;
	case SCENE_FAILED:
		fill_failed(view);
		fill_unjudged(view);
		fill_written(view, VIEW_INIT_FAILED);
		fill_why(view);
		fill_gone(view);
		break;
	case SCENE_START:
		fill_start(view);
		break;
	case SCENE_EMPTY:
		view->no_services = "compose.yaml names no services: add one and save the file.";
		view->build.absent = "no Rust in this project";
		fill_kept(view);
		fill_written(view, VIEW_INIT_WRITTEN);
		break;
	case SCENE_STALE:
		fill_deck(view);
		fill_container(view);
		view->building = 0;
		for (size_t i = 0; i < COUNT_OF(services); i++) {
			old[i] = services[i];
			old[i].state = VIEW_STALE;
			old[i].state_text = NULL;
			old[i].stale_figures = true;
		}
		view->services = old;
		view->stale = view->log.stale = view->beside.stale = true;
		view->stale_ms = 12000;
		view->build.state = VIEW_BUILD_CANCELLED;
		fill_checks(view);
		fill_init(view, true);
		view->checks.is_stale = true;
		view->checks.sentence = "`cargodeck check` did not end within 180 s";
		break;
	case SCENE_JSON:
		fill_deck(view);
		view->log = (struct view_log){.name = "of all services, merged", .count = 400, .line = give_json,
			.store = store_of(give_json)};
		break;
	case SCENE_OVER:
		view->services = &services[5];
		view->service_count = 1;
		break;
	case SCENE_OTHERS:
		fill_others(view);
		break;
	case SCENE_CROWD:
		fill_crowd(view);
		break;
	case SCENE_ASKING:
		fill_deck(view);
		view->has_others = view->others_loading = true;
		break;
	case SCENE_LOST:
		view->loading = false;
		view->stale = true;
		view->stale_ms = 3000;
		break;
	case SCENE_LOADING:
		view->loading = true;
		view->checks = (struct view_checks){.state = VIEW_PAGE_LOADING, .is_judging = true, .elapsed_ms = 400, .expected_ms = 900};
		break;
	case SCENE_ODD:
		fill_odd(view);
		fill_odd_init(view);
		break;
	case SCENE_JOB:
		fill_job(view);
		break;
	case SCENE_TESTING:
		fill_testing(view);
		fill_mending(view);
		view->init.state = VIEW_INIT_WRITING;
		break;
	case SCENE_SPLIT:
		fill_split(view);
		fill_checks(view);
		break;
	case SCENE_LEFT:
		fill_left(view);
		break;
	case SCENE_KINDS:
		break;
	}
}
