/* 5.5: numbers for Prometheus: are they given out, by which labels, and does it ask
 * at the right place? */
#include "observability.h"

#include <ctype.h>

static const char *const metric_crates[] = {"metrics-exporter-prometheus", "prometheus", "prometheus-client", "axum-prometheus",
	"actix-web-prom", "rocket_prometheus", "opentelemetry-prometheus", "autometrics", "prometheus_exporter", "metrics-prometheus",
	"prometheus-hyper", "prometheus-exporter-base", "tide-prometheus", "axum-otel-metrics", "vise-exporter", "foundations",
	"measured", "prometheus_push", "actix-web-metrics", "substrate-prometheus-endpoint", NULL};

const struct rust_crate *metrics_crate(const struct rust_facts *facts)
{
	return direct_crate(facts, metric_crates);
}

/* Where the numbers become a text, or are served. */
static bool find_rendering(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const words[] = {"PrometheusBuilder", "TextEncoder", "ProtobufEncoder", "PrometheusMetricLayer",
		"PrometheusMetricLayerBuilder", "PrometheusMetricsBuilder", "PrometheusMetrics", "PrometheusMetrics :: new",
		"PrometheusHandle", "encode_text", "text :: encode", "encoding :: text", "encode :: text", "prometheus_exporter :: start",
		"prometheus_exporter :: init", "with_http_listener", "encode_to_string", "encode_global_metrics", "prometheus_exporter",
		"HttpMetricsLayerBuilder", "MetricsExporter", "PrometheusExporterBuilder", "render_prometheus", "export_to_string",
		"opentelemetry_prometheus :: exporter", "PrometheusExporter", "push_metrics", "init_prometheus",
		"metrics_prometheus :: install", "prometheus_push", "PrometheusRecorder", "report_metrics", "TelemetryServer",
		"gather_text", NULL};
	static const char *const names[] = {"/metrics", "metrics"};
	if (find_any(facts, words, place))
		return true;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		*place = (struct rust_place){0};
		if (rust_find_string(facts, names[i], i == 1, place))
			return true;
	}
	return false;
}

/* Written by hand: the format's own words stand in a literal. */
static bool find_own_text(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const texts[] = {"# TYPE ", "# HELP ", "version=0.0.4", "application/openmetrics-text"};
	struct rust_place route = {0};
	if (!rust_find_string(facts, "metrics", false, &route))
		return false;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		*place = (struct rust_place){0};
		if (rust_find_string(facts, texts[i], false, place))
			return true;
	}
	return false;
}

/* The path as somebody typed it, among the labels of a metric. */
static void judge_metric_labels(struct check *check)
{
	static const char *const calls[] = {"with_label_values (", "counter ! (", "histogram ! (", "increment_counter ! (",
		"get_or_create (", NULL};
	static const char *const paths[] = {".uri().path()", "req.path()", "request.path()"};
	for (size_t i = 0; calls[i] != NULL; i++) {
		struct rust_place place = {0};
		while (rust_find(&check->sources->rust, calls[i], &place)) {
			auto_str statement = {0};
			for (size_t at = place.offset; at < place.source->len && at - place.offset < 400 &&
				place.source->code[at] != ';'; at++)
				if (!isspace((unsigned char)place.source->code[at]))
					str_add_char(&statement, place.source->code[at]);
			for (size_t k = 0; k < COUNT_OF(paths); k++)
				if (strstr(str_text(&statement), paths[k]) != NULL) {
					check_against(check, place.source->path, place.line,
						"the raw path is a label: each address that is asked for makes a series of its own");
					check_mend(check, "Take the route's pattern (axum: MatchedPath, actix-web: match_pattern()) as the label");
					break;
				}
		}
	}
}

/* ---- Prometheus' own configuration ---- */

static bool is_prometheus(const json_t *service)
{
	const char *image = compose_image(service);
	return image != NULL && (strstr(image, "prom/prometheus") != NULL || strstr(image, "bitnami/prometheus") != NULL ||
		strstr(image, "victoria-metrics") != NULL || strstr(image, "vmagent") != NULL);
}

const json_t *service_that(const struct sources *sources, bool (*fits)(const json_t *service))
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (fits(service))
			return service;
	return NULL;
}

static bool has_alias(const json_t *service, const char *host)
{
	const char *network;
	json_t *value;
	json_object_foreach((json_t *)json_object_get(service, "networks"), network, value) {
		const json_t *aliases = json_object_get(value, "aliases");
		for (size_t i = 0; i < json_array_size(aliases); i++)
			if (text_equal(json_string_value(json_array_get(aliases, i)), host))
				return true;
	}
	return false;
}

/* Is it found under that name in compose's networks? Names with a dot are not ours to judge. */
static bool is_reachable(const struct sources *sources, const char *host)
{
	const char *name;
	void *iter = NULL;
	if (strchr(host, '.') != NULL || strchr(host, '$') != NULL || host[0] == '[' || strcmp(host, "localhost") == 0 ||
		host[0] == '\0')
		return true;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (strcmp(name, host) == 0 || text_equal(json_string_value(json_object_get(service, "container_name")), host) ||
			text_equal(json_string_value(json_object_get(service, "hostname")), host) || has_alias(service, host))
			return true;
	return false;
}

static void judge_target(struct check *check, const char *file, const struct yaml_node *target)
{
	const char *text = yaml_text(target);
	if (text == NULL)
		return;
	const char *at = strstr(text, "://") != NULL ? strstr(text, "://") + 3 : text;
	auto_free char *host = mem_copy_bytes(at, strcspn(at, ":/"));
	if (!is_reachable(check->sources, host))
		check_against(check, file, target->line, "Prometheus asks %s, and no service of compose is called so", text);
}

/* Docker's discovery makes a target of each exposed port in each network of each
 * container (Prometheus, docker_sd_config): something has to choose among them. */
static void judge_discovery(struct check *check, const char *file, const struct yaml_node *job)
{
	const struct yaml_node *key = yaml_key(job, "docker_sd_configs"), *list = yaml_get(job, "docker_sd_configs");
	bool chooses = yaml_get(job, "relabel_configs") != NULL;
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->items.count; i++)
		chooses = chooses || yaml_get(list->items.items[i], "filters") != NULL;
	if (key == NULL || chooses)
		return;
	check_against(check, file, key->line, "every exposed port of every container becomes a target, the database's too: nothing chooses among them");
	check_mend(check, "Keep by relabel_configs what has a label such as prometheus.scrape, and its port alone");
}

static void judge_scrapes(struct check *check, const char *file, const struct yaml_node *root)
{
	const struct yaml_node *jobs = yaml_get(root, "scrape_configs");
	for (size_t i = 0; jobs != NULL && i < jobs->items.count && i < 100; i++) {
		judge_discovery(check, file, jobs->items.items[i]);
		const struct yaml_node *groups = yaml_get(jobs->items.items[i], "static_configs");
		for (size_t j = 0; groups != NULL && j < groups->items.count && j < 100; j++) {
			const struct yaml_node *targets = yaml_get(groups->items.items[j], "targets");
			for (size_t k = 0; targets != NULL && targets->kind == YAML_LIST && k < targets->items.count && k < 100; k++)
				judge_target(check, file, targets->items.items[k]);
		}
	}
}

/* What is mounted into the service from the project, file or folder, and is YAML. */
void each_mounted_yaml(struct check *check, const json_t *service, void (*judge)(struct check *check, const char *file,
	const struct yaml_node *root))
{
	const struct sources *sources = check->sources;
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; i < json_array_size(mounts) && i < 50; i++) {
		const char *source = tree_relative(&sources->tree, json_string_value(json_object_get(json_array_get(mounts, i), "source")));
		for (size_t at = 0, k = 0; source != NULL && source[0] != '\0' && k < 20; k++) {
			const struct tree_file *file = tree_each(&sources->tree, &at, "*.y*ml");
			size_t len;
			if (file == NULL)
				break;
			if (!path_is_below(file->path, source)) {
				k--;
				continue;
			}
			auto_free char *text = tree_read(&sources->tree, file->path, &len);
			struct yaml *yaml = text != NULL ? yaml_read(text, len, NULL) : NULL;
			if (yaml != NULL && yaml_root(yaml) != NULL)
				judge(check, file->path, yaml_root(yaml));
			yaml_close(yaml);
		}
	}
}

/* The host's port that a service takes; *at counts on; NULL: no more. */
static const char *published(const json_t *service, size_t *at)
{
	const json_t *ports = json_object_get(service, "ports");
	while (*at < json_array_size(ports)) {
		const char *port = json_string_value(json_object_get(json_array_get(ports, (*at)++), "published"));
		if (port != NULL && port[0] != '\0')
			return port;
	}
	return NULL;
}

/* Prometheus and exporters like the same port: 9090. */
static void judge_host_port(struct check *check, const json_t *prometheus)
{
	const char *name, *taken;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		size_t at = 0;
		for (const char *port; service != prometheus && (port = published(service, &at)) != NULL;) {
			size_t other = 0;
			while ((taken = published(prometheus, &other)) != NULL && strcmp(taken, port) != 0)
				;
			unsigned line;
			const char *file = taken != NULL ? compose_place(check->sources, name, "ports", &line) : NULL;
			if (file != NULL && service_is_rust(check->sources, name, service))
				check_against(check, file, line, "%s and Prometheus both take port %s of the host: only one of them starts", name,
					port);
		}
	}
}

/* ---- the check ---- */

static bool pushes_metrics(const struct rust_facts *facts)
{
	static const char *const words[] = {"MeterProvider", "SdkMeterProvider", "PeriodicReader", NULL};
	static const char *const names[] = {"opentelemetry-otlp", NULL};
	struct rust_place place;
	return direct_crate(facts, names) != NULL && find_any(facts, words, &place);
}

/* A collector's settings that name Prometheus, or Prometheus set to take OTLP
 * itself; NULL: none. */
static const char *otlp_taker(const struct sources *sources)
{
	static const char *const patterns[] = {"*otel*.y*ml", "*opentelemetry*.y*ml", "*collector*.y*ml", "telegraf*.conf", "vector*.toml",
		"*.alloy", "*compose*.y*ml", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(sources, &walk, patterns)) != NULL; free(text)) {
		bool compose = strstr(path_name(walk.file->path), "compose") != NULL;
		bool takes = compose ? strstr(text, "otlp-receiver") != NULL || strstr(text, "otlp-write-receiver") != NULL :
			strstr(text, "prometheus") != NULL;
		if (takes) {
			free(text);
			return walk.file->path;
		}
	}
	return NULL;
}

static void judge_pushed(struct check *check)
{
	const char *taker = otlp_taker(check->sources);
	if (taker != NULL)
		check_for(check, taker, 0, "metrics go out by OTLP, and this gives them to Prometheus");
	else
		check_missing(check, "metrics go out by OTLP, and nothing here says whether a collector gives them to Prometheus");
}

void metrics_files(struct check *check)
{
	const struct sources *sources = check->sources;
	static const char *const statsd[] = {"cadence", "metrics-exporter-statsd", "statsd", "dogstatsd",
		"metrics-exporter-dogstatsd", NULL};
	if (!is_service(check))
		return;
	const struct rust_crate *crate = direct_crate(&sources->rust, metric_crates), *other = direct_crate(&sources->rust, statsd);
	struct rust_place place;
	const json_t *prometheus = service_that(sources, is_prometheus);
	if (prometheus != NULL) {
		each_mounted_yaml(check, prometheus, judge_scrapes);
		judge_host_port(check, prometheus);
	}
	judge_metric_labels(check);
	if (crate != NULL && find_rendering(&sources->rust, &place))
		check_for(check, place.source->path, place.line, "%s: the numbers are given out here", crate->name);
	else if (find_own_text(&sources->rust, &place))
		check_for(check, place.source->path, place.line, "the program writes Prometheus' format itself");
	else if (pushes_metrics(&sources->rust))
		judge_pushed(check);
	else if (crate != NULL) {
		check_mend(check, "Let the program answer GET /metrics with what %s has counted, or drop the dependency", crate->name);
		check_against(check, rust_file(sources), 0, "%s is a dependency, but nothing in the code gives its numbers out",
			crate->name);
	} else if (other != NULL)
		check_against(check, rust_file(sources), 0, "metrics go out by %s, which Prometheus does not read", other->name);
	else
		check_against(check, rust_file(sources), 0, "no crate of metrics is among the dependencies, and nothing serves /metrics");
}

void metrics_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *all = live_at(container, "http"), *tried = NULL;
		bool good = false;
		if (!live_is_rust(check->sources, container))
			continue;
		for (size_t i = 0; i < json_array_size(all) && i < 100 && !good; i++) {
			const json_t *each = json_array_get(all, i);
			const char *path = live_text(each, "path"), *type = live_text(each, "type");
			if (path == NULL || strstr(path, "metrics") == NULL)
				continue;
			tried = each;
			good = live_number(each, "status", 0) == 200 && live_number(each, "samples", 0) > 0;
			if (good)
				check_live_for(check, live_service(container), "GET :%lld%s gives %lld samples (%s)",
					(long long)live_number(each, "port", 0), path,
					(long long)live_number(each, "samples", 0), type != NULL ? type : "no type");
		}
		if (tried != NULL && !good && !files_speak_for(check))
			check_live_against(check, live_service(container), "GET :%lld%s answers %lld, and that is no text of metrics",
				(long long)live_number(tried, "port", 0), live_text(tried, "path"), (long long)live_number(tried, "status", 0));
	}
}
