/* 5.2, 5.3, 5.8: what the logs look like, where they go, how long they stay. */
#include "observability.h"

#include "compose-files.h"
#include "deployed.h"
#include "programs.h"

#include <ctype.h>
#include <stdio.h>

/* ---- 5.2: JSON ---- */

static const char *const own_formats[] = {"impl FormatEvent", "FormatEvent <", "impl log :: Log for", "impl Log for",
	"impl Encode for", ". on_event (", NULL};

/* Crates that write JSON and nothing else. */
static const char *const json_crates[] = {"tracing-bunyan-formatter", "json-subscriber", "tracing-stackdriver",
	"tracing-logstash", "tracing-gelf", "slog-json", "slog-bunyan", "json_env_logger", "json_logger", "structured-logger",
	"ecs-logger", "tracing-ecs", "gelf_logger", "tracing-cloudwatch", "stackdriver_logger", "datadog-formatting-layer",
	"tracing-datadog", "slog-stackdriver", "log-json", "lambda_runtime", "lambda_http", "init-tracing-opentelemetry",
	"tracing-json", "tracing-google-cloud", "slog-mozlog-json", "slog-logstash", "slog-gelf", "foundations", "tracing-bunyan-fmt", NULL};

/* `.json()` of a formatter, not of an answer that is read: that is awaited, or
 * takes a type or an argument. */
static bool is_formatter_call(const struct rust_place *place)
{
	static const char *const parts[] = {"fmt", "layer", "Layer", "format", "Format", "registry", "ubscriber", "log",
		"flatten_event", "with_target", "with_ansi", "with_writer", "with_env_filter"};
	const struct rust_source *source = place->source;
	size_t len, end = place->offset;
	while (end < source->len && source->code[end] != ')')
		end++;
	const char *after = source->code + end + (end < source->len);
	after += strspn(after, " \t\r\n");
	if (text_starts_with(after, ".await") || text_starts_with(after, "?"))
		return false;
	const char *before = code_before(source, place->offset, &len);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (memmem(before, len, parts[i], strlen(parts[i])) != NULL)
			return true;
	/* a builder that was begun in an earlier statement */
	return strstr(source->code, "tracing_subscriber") != NULL && strstr(source->code, "reqwest") == NULL;
}

static bool find_json_call(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const types[] = {"JsonFields", "format :: json (", "format :: Json", "fmt :: json (", "JsonEncoder",
		"JsonLayout", "json_format", "BunyanFormattingLayer", "JsonLayer", "slog_json :: Json", NULL};
	*place = (struct rust_place){0};
	while (rust_find(facts, ". json ( )", place))
		if (is_formatter_call(place))
			return true;
	return find_any(facts, types, place);
}

/* A format of the program's own that makes JSON. */
static bool find_own_json(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const loggers[] = {"Dispatch :: new", ". format (", NULL};
	static const char *const makes[] = {"serde_json", "json !", NULL};
	for (size_t k = 0; own_formats[k] != NULL; k++) {
		*place = (struct rust_place){0};
		while (rust_find(facts, own_formats[k], place))
			if (strstr(place->source->code, makes[0]) != NULL || strstr(place->source->code, "json!") != NULL)
				return true;
	}
	for (size_t k = 0; loggers[k] != NULL; k++) {
		*place = (struct rust_place){0};
		while (rust_find(facts, loggers[k], place)) {
			const char *code = place->source->code;
			bool logger = strstr(code, "env_logger") != NULL || strstr(code, "fern") != NULL ||
				strstr(code, "flexi_logger") != NULL;
			if (logger && (strstr(code, "serde_json") != NULL || strstr(code, "json!") != NULL))
				return true;
		}
	}
	return false;
}

/* log4rs and its like are told by a file. */
static bool find_json_setting(struct check *check)
{
	static const char *const patterns[] = {"log4rs*.y*ml", "log*.y*ml", "production*.y*ml", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(check->sources, &walk, patterns)) != NULL;) {
		auto_free char *own = text;
		const char *found = strstr(own, "kind: json") != NULL ? strstr(own, "kind: json") : strstr(own, "format: json");
		if (found == NULL)
			continue;
		check_for(check, walk.file->path, text_line_at(own, (size_t)(found - own)), "the logger's settings ask for JSON");
		return true;
	}
	return false;
}

static bool has_json_feature(const struct rust_facts *facts)
{
	return rust_has_feature(facts, "tracing-subscriber", "json") || rust_has_feature(facts, "flexi_logger", "json") ||
		rust_has_feature(facts, "log4rs", "json_encoder") || rust_has_feature(facts, "logforth", "json") ||
		rust_has_feature(facts, "logforth", "layout-json");
}

bool logs_json(const struct rust_facts *facts)
{
	struct rust_place place;
	return direct_crate(facts, json_crates) != NULL || (has_json_feature(facts) && find_json_call(facts, &place)) ||
		find_own_json(facts, &place);
}

static bool find_json(struct check *check, const struct rust_facts *facts)
{
	struct rust_place place;
	const struct rust_crate *crate = direct_crate(facts, json_crates);
	if (crate != NULL) {
		check_for(check, rust_file(check->sources), 0, "%s writes JSON", crate->name);
		return true;
	}
	if (has_json_feature(facts) && find_json_call(facts, &place)) {
		check_for(check, place.source->path, place.line, "the log is set to JSON here");
		return true;
	}
	if (find_own_json(facts, &place)) {
		check_for(check, place.source->path, place.line, "a format of its own writes JSON here");
		return true;
	}
	return find_json_setting(check);
}

/* Where the log is set up as text, or printed. */
static void say_plain(struct check *check, const struct rust_facts *facts)
{
	static const struct {
		const char *crate, *words, *calls;
	} loggers[] = {
		{"tracing-subscriber", "tracing_subscriber", "tracing_subscriber"}, {"env_logger", "env_logger", "env_logger"},
		{"pretty_env_logger", "pretty_env_logger", "pretty_env_logger"}, {"simple_logger", "simple_logger", "simple_logger"},
		{"simplelog", "simplelog", "simplelog"}, {"fern", "fern", "fern"}, {"flexi_logger", "flexi_logger", "flexi_logger"},
		{"log4rs", "log4rs", "log4rs"}, {"stderrlog", "stderrlog", "stderrlog"}, {"femme", "femme", "femme"},
		{"slog-term", "slog_term", "slog-term"},
		{"slog-async", "slog", "slog"}, {"tracing", "tracing", "tracing"},
	};
	for (size_t i = 0; i < COUNT_OF(loggers); i++) {
		const char *const names[] = {loggers[i].crate, NULL};
		struct rust_place place = {0};
		if (direct_crate(facts, names) == NULL)
			continue;
		bool found = rust_find(facts, loggers[i].words, &place);
		if (rust_has_feature(facts, "tracing-subscriber", "json") && i == 0)
			check_against(check, found ? place.source->path : rust_file(check->sources), found ? place.line : 0,
				"tracing-subscriber has its feature json, but nothing calls .json()");
		else
			check_against(check, found ? place.source->path : rust_file(check->sources), found ? place.line : 0,
				"%s writes plain text here", loggers[i].calls);
		return;
	}
	static const char *const prints[] = {"println ! (", "eprintln ! (", "fn main (", NULL};
	struct rust_place place;
	if (find_any(facts, prints, &place))
		check_against(check, place.source->path, place.line, "there is no logger: what the program says is printed as text");
	else
		check_against(check, rust_file(check->sources), 0, "there is no logger among the dependencies");
	check_mend(check, "Add tracing and tracing-subscriber with its feature json, and set up fmt().json()");
}

/* A panic that nobody takes in is printed as text of several lines. */
static void remark_panics(struct check *check)
{
	static const char *const hooks[] = {"set_hook (", "tracing_panic", "panic_hook (", "log_panics", NULL}, *const mains[] = {"fn main (", NULL};
	struct rust_place place, other;
	if (logs_json(&check->sources->rust) && !find_any(&check->sources->rust, hooks, &other) && find_any(&check->sources->rust, mains, &place))
		check_for(check, place.source->path, place.line, "a panic is still printed as several lines of text: std::panic::set_hook could log it");
}

void json_logs_files(struct check *check)
{
	if (!is_service(check))
		return;
	struct programs *programs = programs_open(check->sources);
	bool known[PROGRAMS_MOST] = {false}, any = false, others = false;
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(check->sources, &at)) != NULL;) {
		const struct program *program = programs_of_image(programs, shipped);
		others = others || program == NULL;
		any = any || program != NULL;
		if (program == NULL || known[program->index])
			continue;
		bool is_job = shipped->service != NULL && service_is_job(check->sources, shipped->service, image_service(check->sources, shipped));
		known[program->index] = !is_job;
		if (!is_job && (shipped->service != NULL || web_framework(&program->facts) != NULL) && !find_json(check, &program->facts))
			say_plain(check, &program->facts);
	}
	programs_close(programs);
	if ((!any || others || check->result->evidence.count == 0) && !find_json(check, &check->sources->rust))
		say_plain(check, &check->sources->rust);
	remark_panics(check);
}

/* Lines of a panic or of what runs before the program are no JSON: a tenth may be
 * so, and of a few lines all but one. */
void json_logs_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		int64_t lines = live_number(container, "log.lines", 0), json = live_number(container, "log.json", 0),
			ansi = live_number(container, "log.ansi", 0);
		const char *service = live_service(container);
		if (!live_is_rust(check->sources, container) || lines <= 0)
			continue;
		if (json * 10 >= lines * 9 || (lines < 10 && json > 0))
			check_live_for(check, service, "%lld of the last %lld lines are JSON objects", (long long)json, (long long)lines);
		else if (ansi > 0)
			check_live_against(check, service,
				"%lld of the last %lld lines are JSON objects, and %lld hold colours for a terminal", (long long)json,
				(long long)lines, (long long)ansi);
		else
			check_live_against(check, service, "%lld of the last %lld lines are JSON objects", (long long)json, (long long)lines);
	}
}

/* ---- 5.3: forwarding ---- */

static const char *const forwarders[] = {"fluentd", "gelf", "syslog", "awslogs", "gcplogs", "splunk", "loki", "etwlogs",
	"sumologic", "datadog", "grafana/loki-docker-driver", "fluent-bit", "elastic/elastic-logging-plugin", NULL};

static bool is_among(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (text_starts_with(name, *names) && strchr(":/@", name[strlen(*names)]) != NULL)
			return true;
	return false;
}

/* Images that take logs in, or fetch them from the engine. */
static bool is_collector(const char *image)
{
	static const char *const starts[] = {"fluent", "logstash", "promtail", "alloy", "filebeat", "logspout",
		"opentelemetry-collector", "otel-collector", "graylog", "axosyslog", "syslog-ng", "rsyslog", NULL};
	static const char *const names[] = {"timberio/vector", "grafana/agent", "datadog/agent", "datalust/seq", "vector", NULL};
	struct image_name name;
	bool found = false;
	if (image == NULL)
		return false;
	image_name_read(image, &name);
	for (size_t i = 0; starts[i] != NULL && !found; i++)
		found = text_starts_with(path_name(name.name), starts[i]);
	for (size_t i = 0; names[i] != NULL && !found; i++)
		found = strcmp(name.name, names[i]) == 0;
	image_name_finish(&name);
	return found;
}

static bool reads_engine(const char *path)
{
	return path != NULL && (strstr(path, "/docker.sock") != NULL || strstr(path, "/docker/containers") != NULL ||
		strcmp(path, "/var/log/journal") == 0 || strcmp(path, "/var/lib/docker") == 0 || strcmp(path, "/var/log") == 0);
}

/* The service, if it collects logs out of the engine; NULL: none does. */
static const char *find_reader(const struct sources *sources)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		const json_t *mounts = json_object_get(service, "volumes");
		for (size_t i = 0; is_collector(compose_image(service)) && i < json_array_size(mounts); i++)
			if (reads_engine(json_string_value(json_object_get(json_array_get(mounts, i), "source"))))
				return name;
	}
	return NULL;
}

/* The host in "tcp://fluentd:24224", "fluentd:24224"; NULL: a socket, or none. */
static char *host_of(const char *address)
{
	const char *scheme = strstr(address, "://");
	if (text_starts_with(address, "unix"))
		return NULL;
	const char *at = scheme != NULL ? scheme + 3 : address;
	size_t len = strcspn(at, ":/");
	return len > 0 ? mem_copy_bytes(at, len) : NULL;
}

/* The service that is found under that name in compose's networks. */
static bool is_service_name(const struct sources *sources, const char *host)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (strcmp(name, host) == 0 || text_equal(json_string_value(json_object_get(service, "container_name")), host))
			return true;
	return false;
}

static bool publishes(const json_t *service, long port)
{
	const json_t *ports = json_object_get(service, "ports");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const char *published = json_string_value(json_object_get(json_array_get(ports, i), "published"));
		if (published != NULL && atol(published) == port)
			return true;
	}
	return text_equal(json_string_value(json_object_get(service, "network_mode")), "host");
}

/* An address on this host: does a collector of this project publish the port? */
static void judge_local(struct check *check, const char *address, const char *file, unsigned line)
{
	const char *name, *colon = strrchr(address, ':'), *collector = NULL;
	long port = colon != NULL && isdigit((unsigned char)colon[1]) ? atol(colon + 1) : 24224;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		if (publishes(service, port))
			return;
		if (is_collector(compose_image(service)))
			collector = name;
	}
	if (collector != NULL)
		check_against(check, file, line, "the engine dials port %ld of the host, and %s does not publish it", port, collector);
}

static void judge_address(struct check *check, const char *address, const char *file, unsigned line)
{
	auto_free char *host = host_of(address);
	if (host == NULL)
		return;
	if (is_service_name(check->sources, host)) {
		check_against(check, file, line,
			"%s is dialled by the engine, from the host: it does not know the names of compose's networks", host);
		check_mend(check, "Publish the collector's port on 127.0.0.1, and give that as the address");
	} else if (strcmp(host, "localhost") == 0 || text_starts_with(host, "127.")) {
		judge_local(check, address, file, line);
	}
}

/* Nobody hears that a datagram was lost. On this machine none is. */
static void judge_datagrams(struct check *check, const char *address, const char *file, unsigned line)
{
	auto_free char *host = text_starts_with(address, "udp://") ? host_of(address) : NULL;
	if (host == NULL || strchr(host, '$') != NULL || strcmp(host, "localhost") == 0 || text_starts_with(host, "127.") ||
		text_starts_with(host, "172.17.") || strcmp(host, "host.docker.internal") == 0 || is_service_name(check->sources, host))
		return;
	check_against(check, file, line, "GELF goes to %s over UDP: what is lost on the way is lost in silence", host);
	check_mend(check, "Send it over TCP (gelf-address: tcp://%s:12201), or to a collector on this machine that keeps what it cannot pass on", host);
}

static const char *option(const json_t *logging, const char *name)
{
	return json_string_value(json_object_get(json_object_get(logging, "options"), name));
}

static void judge_fluentd(struct check *check, const char *name, const json_t *logging)
{
	unsigned line;
	const char *async = option(logging, "fluentd-async"), *old = option(logging, "fluentd-async-connect");
	const char *file = compose_place(check->sources, name, "logging.options", &line);
	if (old != NULL) {
		unsigned at;
		const char *own = compose_place(check->sources, name, "logging.options.fluentd-async-connect", &at);
		check_against(check, own, at, "fluentd-async-connect is gone from Engine 28: it is called fluentd-async");
		bool again = false; /* an anchor that several services take */
		for (size_t i = 0; i < check->result->edits.count; i++)
			again = again || check->result->edits.items[i].line == at;
		if (at != line && !again)
			check_edit_replace(check, own, at, "fluentd-async-connect", "fluentd-async");
	} else if (!text_equal_fold(async, "true")) {
		check_against(check, file, line, "%s does not start while the collector is away: fluentd-async is not \"true\"", name);
	}
	const char *address = option(logging, "fluentd-address");
	file = compose_place(check->sources, name, "logging.options.fluentd-address", &line);
	judge_address(check, address != NULL ? address : "localhost:24224", file, line);
}

static void judge_gelf(struct check *check, const char *name, const char *address)
{
	unsigned line;
	const char *file = compose_place(check->sources, name, "logging.options.gelf-address", &line);
	judge_address(check, address, file, line);
	judge_datagrams(check, address, file, line);
}

static void judge_driver(struct check *check, const char *name, const char *driver, const json_t *logging)
{
	unsigned line;
	const char *file = compose_place(check->sources, name, "logging.driver", &line);
	const char *gelf = option(logging, "gelf-address"), *syslog = option(logging, "syslog-address");
	check_for(check, file, line, "%s: its log goes to %s", name, driver);
	if (strcmp(driver, "fluentd") == 0)
		judge_fluentd(check, name, logging);
	else if (gelf != NULL)
		judge_gelf(check, name, gelf);
	else if (syslog != NULL)
		judge_address(check, syslog, compose_place(check->sources, name, "logging.options.syslog-address", &line), line);
}

struct forwarding {
	unsigned services, forwarded;
	const char *bare; /* a service whose log goes nowhere */
};

/* Does the collector publish the port that its own log is sent to? */
static bool sends_to_itself(const json_t *service, const json_t *logging)
{
	static const char *const names[] = {"fluentd-address", "gelf-address", "syslog-address"};
	const char *address = NULL;
	for (size_t i = 0; i < COUNT_OF(names) && address == NULL; i++)
		address = option(logging, names[i]);
	const char *colon = address != NULL ? strrchr(address, ':') : NULL;
	int wanted = colon != NULL ? atoi(colon + 1) : 24224;
	const json_t *ports = json_object_get(service, "ports");
	for (size_t i = 0; i < json_array_size(ports) && i < 100; i++) {
		const json_t *published = json_object_get(json_array_get(ports, i), "published");
		if ((json_is_string(published) ? atoi(json_string_value(published)) : (int)json_integer_value(published)) == wanted)
			return true;
	}
	return false;
}

static void judge_logging(struct check *check, const char *name, const json_t *service, struct forwarding *found)
{
	const json_t *logging = json_object_get(service, "logging");
	const char *driver = json_string_value(json_object_get(logging, "driver"));
	unsigned line;
	bool product = service_is_rust(check->sources, name, service) && !service_is_job(check->sources, name, service) &&
		!service_is_for_tests(name);
	const char *file = compose_place(check->sources, name, "logging.driver", &line);
	found->services += product;
	if (driver != NULL && strcmp(driver, "logstash") == 0) {
		check_against(check, file, line, "there is no driver logstash: Logstash is reached by gelf or syslog");
		found->forwarded += product;
	} else if (driver != NULL && is_collector(compose_image(service)) && is_among(driver, forwarders) && sends_to_itself(service, logging)) {
		file = compose_place(check->sources, name, "logging", &line);
		check_against(check, file, line, "%s collects the logs and sends its own to itself", name);
	} else if (driver != NULL && is_among(driver, forwarders)) {
		judge_driver(check, name, driver, logging);
		found->forwarded += product;
	} else if (product && found->bare == NULL) {
		found->bare = name;
	}
}

static const char *const shippers[] = {"tracing-loki", "opentelemetry-appender-tracing", "opentelemetry-appender-log",
	"tracing-gelf",
	"gelf_logger", "tracing-logstash", "tracing-cloudwatch", "datadog-logs", "tracing-fluentd", NULL};

/* A program that sends its log itself. */
static bool ships_itself(struct check *check)
{
	const struct rust_crate *crate = direct_crate(&check->sources->rust, shippers);
	if (crate != NULL)
		check_for(check, rust_file(check->sources), 0, "the program sends its log itself, by %s", crate->name);
	return crate != NULL;
}

static bool daemon_forwards(struct check *check)
{
	const struct tree *tree = &check->sources->tree;
	const struct tree_file *file;
	for (size_t at = 0, len; (file = tree_each(tree, &at, "daemon.json")) != NULL;) {
		json_error_t error;
		auto_free char *text = file->is_harness ? NULL : tree_read(tree, file->path, &len);
		json_t *json = text != NULL ? json_loadb(text, len, 0, &error) : NULL;
		const char *driver = json_string_value(json_object_get(json, "log-driver"));
		bool forwards = driver != NULL && is_among(driver, forwarders);
		if (forwards)
			check_for(check, file->path, 0, "the engine's own log driver is %s", driver);
		json_decref(json);
		if (forwards)
			return true;
	}
	return false;
}

static void judge_forwarding(struct check *check)
{
	const struct sources *sources = check->sources;
	struct forwarding found = {0};
	const char *name;
	unsigned line;
	void *iter = NULL;
	if (compose_services(sources) == NULL && daemon_forwards(check))
		return;
	if (!compose_is_there(check))
		return;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		judge_logging(check, name, service, &found);
	const char *reader = find_reader(sources), *file;
	if (reader != NULL) {
		file = compose_place(sources, reader, "volumes", &line);
		check_for(check, file, line, "%s collects the logs from the engine", reader);
	}
	bool shipped = ships_itself(check), daemon = daemon_forwards(check);
	if (found.services == 0 && found.forwarded == 0) {
		file = compose_place(sources, "", "", &line);
		check_none(check, file, "compose runs none of the project's own programs");
	} else if (found.bare != NULL && found.forwarded == 0 && reader == NULL && !shipped && !daemon) {
		file = compose_place(sources, found.bare, "logging.driver", &line);
		check_against(check, file, line, "%s: its log stays on the host, and nothing collects it", found.bare);
	}
}

/* Whoever develops reads the log where it is; the layer of production sends it on. */
void forwarding_files(struct check *check)
{
	judge_deployed(check, true, judge_forwarding);
}

static bool live_reader(const struct sources *sources)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(sources, &at)) != NULL;) {
		const json_t *mounts = live_at(container, "inspect.Mounts");
		for (size_t i = 0; is_collector(live_text(container, "inspect.Config.Image")) && i < json_array_size(mounts); i++)
			if (reads_engine(json_string_value(json_object_get(json_array_get(mounts, i), "Source"))))
				return true;
	}
	return false;
}

static bool is_for_production(const char *path)
{
	return strstr(path_name(path), "compose") != NULL && layer_role(path_name(path)) == LAYER_PROD;
}

/* Where a file for production stands in the project, and the container was started
 * without it, whoever develops reads the log where it is. */
static bool has_production(const struct layers *layers)
{
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (!layer->is_sample && !layer->is_harness && is_for_production(layer->path))
			return true;
	}
	return false;
}

static bool runs_for_production(const json_t *container)
{
	const char *used = json_string_value(json_object_get(live_at(container, "inspect.Config.Labels"), "com.docker.compose.project.config_files"));
	auto_strings files = {0};
	strings_split(&files, used != NULL ? used : "", ',');
	for (size_t i = 0; i < files.count; i++)
		if (is_for_production(files.items[i]))
			return true;
	return false;
}

/* One line was sent, where that could be done. */
static void judge_receiver(struct check *check, const char *service, const char *driver, const json_t *receiver)
{
	const char *address = live_text(receiver, "address"), *name = live_text(receiver, "service"), *refused = live_text(receiver, "refused"),
		*fault = live_text(receiver, "fault");
	if (refused != NULL)
		check_live_against(check, service, "a line through %s was not taken: %s", driver, refused);
	else if (live_number(receiver, "seen", 0) != 0)
		check_live_for(check, service, "a line that was sent through %s came to %s", driver, name != NULL ? name : "");
	else if (fault != NULL)
		check_missing(check, "whether a line of %s reaches the receiver at %s: %s", service, address != NULL ? address : "", fault);
	else
		check_missing(check, "whether a line of %s reaches %s: its own log does not show what it takes in", service, name != NULL ? name : "");
}

/* What stays on the host is known from files; here counts what is set otherwise. */
void forwarding_live(struct check *check)
{
	size_t at = 0;
	bool reader = live_reader(check->sources), ships = direct_crate(&check->sources->rust, shippers) != NULL;
	bool production = has_production(check->sources->layers);
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *driver = live_text(container, "inspect.HostConfig.LogConfig.Type"), *service = live_service(container);
		const json_t *config = live_at(container, "inspect.HostConfig.LogConfig.Config");
		if (!live_is_rust(check->sources, container) || driver == NULL)
			continue;
		const char *async = json_string_value(json_object_get(config, "fluentd-async"));
		if (strcmp(driver, "fluentd") == 0 && !text_equal_fold(async, "true"))
			check_live_against(check, service,
				"LogConfig.Type is fluentd without fluentd-async: it does not start while the collector is away");
		else if (live_at(container, "receiver") != NULL)
			judge_receiver(check, service, driver, live_at(container, "receiver"));
		else if (is_among(driver, forwarders))
			check_live_for(check, service, "LogConfig.Type is %s", driver);
		else if (reader)
			check_live_for(check, service, "LogConfig.Type is %s, and a collector reads the engine's logs", driver);
		else if (!ships && (!production || runs_for_production(container)))
			check_live_against(check, service, "LogConfig.Type is %s, and no collector runs that reads it", driver);
	}
}

/* ---- 5.8: rotation ---- */

/* In files that make an engine's defaults: do they rotate? */
static bool daemon_rotates(struct check *check)
{
	const struct tree *tree = &check->sources->tree;
	const struct tree_file *file;
	bool rotates = false;
	for (size_t at = 0, len; (file = tree_each(tree, &at, "daemon.json")) != NULL;) {
		json_error_t error;
		auto_free char *text = file->is_harness ? NULL : tree_read(tree, file->path, &len);
		json_t *json = text != NULL ? json_loadb(text, len, 0, &error) : NULL, *value;
		json_t *options = json_object_get(json, "log-opts");
		const char *key, *driver = json_string_value(json_object_get(json, "log-driver"));
		json_object_foreach(options, key, value) {
			const char *found = strstr(text, key);
			if (!json_is_string(value))
				check_against(check, file->path, text_line_at(text, (size_t)(found != NULL ? found - text : 0)),
					"%s has to be a text in daemon.json: the engine does not start with a number", key);
		}
		bool good = json_is_string(json_object_get(options, "max-size")) || text_equal(driver, "local") ||
			(driver != NULL && is_among(driver, forwarders));
		if (good)
			check_for(check, file->path, 0, "the engine's own default rotates");
		rotates = rotates || good;
		json_decref(json);
	}
	return rotates;
}

static bool is_unlimited(const char *size)
{
	return size == NULL || size[0] == '-' || strcmp(size, "0") == 0;
}

static const char rotating[] = "logging:\n  driver: json-file\n  options:\n    max-size: 10m\n    max-file: \"5\"";

static void judge_rotation(struct check *check, const char *name, const json_t *service, bool daemon)
{
	const json_t *logging = json_object_get(service, "logging");
	const char *driver = json_string_value(json_object_get(logging, "driver"));
	const char *size = option(logging, "max-size"), *files = option(logging, "max-file");
	unsigned line;
	const char *file = compose_place(check->sources, name, "logging", &line);
	if (driver != NULL && strcmp(driver, "none") == 0)
		check_for(check, file, line, "%s keeps no log", name);
	else if (driver != NULL && strcmp(driver, "local") == 0)
		check_for(check, file, line, "%s: the driver local rotates by itself", name);
	else if (driver != NULL && strcmp(driver, "json-file") != 0)
		check_for(check, file, line, "%s: %s takes the log, which is kept there", name, driver);
	else if (size != NULL && !is_unlimited(size))
		check_for(check, file, line, "%s: max-size is %s", name, size);
	else if (size != NULL)
		check_against(check, file, line, "%s: max-size %s is no limit", name, size);
	else if (files != NULL)
		check_against(check, file, line, "%s: max-file does nothing without max-size", name);
	else if (driver != NULL || !daemon) {
		check_against(check, file, line, "%s: json-file without max-size grows until the disk is full", name);
		compose_edit_add(check, name, rotating);
	}
}

/* The engine holds its files open: who else turns them loses lines, or breaks them. */
static void judge_logrotate(struct check *check)
{
	static const char *const patterns[] = {"*logrotate*", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(check->sources, &walk, patterns)) != NULL;) {
		const char *found = strstr(text, "/docker/containers");
		if (found != NULL)
			check_against(check, walk.file->path, text_line_at(text, (size_t)(found - text)),
				"logrotate turns the engine's own files, which breaks them: the log driver has to do it");
		free(text);
	}
}

void rotation_files(struct check *check)
{
	const struct sources *sources = check->sources;
	bool daemon = daemon_rotates(check);
	const char *name;
	void *iter = NULL;
	unsigned line;
	if (!compose_is_there(check))
		return;
	if (rust_services(sources) == 0) {
		const char *file = compose_place(sources, "", "", &line);
		check_none(check, file, "compose runs none of the project's own programs");
		return;
	}
	judge_logrotate(check);
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (!service_is_job(sources, name, service) && !service_is_for_tests(name))
			judge_rotation(check, name, service, daemon);
}

void rotation_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *driver = live_text(container, "inspect.HostConfig.LogConfig.Type"), *service = live_service(container);
		const char *size = live_text(container, "inspect.HostConfig.LogConfig.Config.max-size");
		if (driver == NULL || service_is_job(check->sources, service, NULL) || service_is_for_tests(service))
			continue;
		if (strcmp(driver, "json-file") != 0)
			check_live_for(check, service, "LogConfig.Type is %s", driver);
		else if (is_unlimited(size))
			check_live_against(check, service, "LogConfig.Type is json-file, and LogConfig.Config has no limit in max-size");
		else
			check_live_for(check, service, "LogConfig.Config.max-size is %s", size);
	}
}
