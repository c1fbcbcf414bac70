/* 5.7: traces: what makes them, whether they go from one service to the next, and
 * where they are sent. */
#include "observability.h"

#include <ctype.h>
#include <stdio.h>

static const char *const trace_crates[] = {"tracing-opentelemetry", "opentelemetry-otlp", "opentelemetry-jaeger",
	"opentelemetry-zipkin", "opentelemetry", "init-tracing-opentelemetry", "axum-tracing-opentelemetry", "fastrace", "minitrace",
	"opentelemetry-datadog", "opentelemetry-stackdriver", "rustracing", "opentelemetry-application-insights",
	"tracing-otel-extra", "logfire", "tracing-honeycomb", "sentry-tracing", "axum-otel", "foundations", NULL};

const struct rust_crate *traces_crate(const struct rust_facts *facts)
{
	return direct_crate(facts, trace_crates);
}

static bool find_propagation(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const words[] = {"set_text_map_propagator", "TraceContextPropagator", "TextMapCompositePropagator",
		"get_text_map_propagator", "HeaderExtractor", "OtelAxumLayer", "OpenTelemetryHttpLayer", "init_tracing_opentelemetry",
		"decode_w3c_traceparent", "SpanContext :: decode", "TextMapPropagator", NULL};
	static const char *const names[] = {"init-tracing-opentelemetry", "axum-tracing-opentelemetry", "logfire",
		"tracing-otel-extra", NULL};
	if (find_any(facts, words, place))
		return true;
	*place = (struct rust_place){0};
	if (rust_find_string(facts, "traceparent", false, place))
		return true;
	*place = (struct rust_place){0};
	return direct_crate(facts, names) != NULL && find_any(facts, (const char *const[]){"fn main", NULL}, place);
}

/* Two of the same crate do not know each other's tracer. */
static void judge_versions(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	const struct rust_crate *first = NULL;
	for (size_t i = 0; i < facts->crates.count; i++) {
		const struct rust_crate *crate = &facts->crates.items[i];
		if (strcmp(crate->name, "opentelemetry") != 0 || crate->is_dev_only || crate->version[0] == '\0')
			continue;
		if (first != NULL && strcmp(first->version, crate->version) != 0) {
			check_against(check, rust_file(check->sources), 0,
				"opentelemetry is there as %s and as %s: what one traces the other does not see", first->version, crate->version);
			check_mend(check, "Bring opentelemetry, its exporters and tracing-opentelemetry to versions that go together: cargo "
				"tree -d shows them");
			return;
		}
		first = crate;
	}
}

static bool is_own_endpoint(const char *text)
{
	const char *at = strstr(text, "://");
	at = at != NULL ? at + 3 : text;
	bool own = text_starts_with(at, "localhost:") || text_starts_with(at, "127.0.0.1:");
	return own && (strstr(at, ":4317") != NULL || strstr(at, ":4318") != NULL || strstr(at, ":6831") != NULL ||
		strstr(at, ":14268") != NULL);
}

static void judge_endpoint(struct check *check, const char *name, const json_t *service)
{
	const struct shipped *shipped = service_shipped(check->sources, name, service);
	const char *key, *file;
	unsigned line;
	json_t *value;
	if (text_equal(json_string_value(json_object_get(service, "network_mode")), "host"))
		return;
	json_object_foreach((json_t *)json_object_get(service, "environment"), key, value) {
		if (!json_is_string(value) || !is_own_endpoint(json_string_value(value)))
			continue;
		compose_entry(check->sources, name, "environment", key, &file, &line);
		check_against(check, file, line, "%s: %s is an address of the container itself, where no collector runs", name, key);
		check_mend(check, "Give the collector's service name: http://otel-collector:4317");
	}
	static const char *const names[] = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_JAEGER_ENDPOINT"};
	for (size_t i = 0; shipped != NULL && i < COUNT_OF(names); i++) {
		auto_free char *own = image_env(shipped, names[i], &line);
		if (own != NULL && is_own_endpoint(own) && service_env(service, names[i]) == NULL)
			check_against(check, shipped->source->path, line, "%s is an address of the container itself, where no collector runs",
				names[i]);
	}
}

static bool is_otel_collector(const json_t *service)
{
	const char *image = compose_image(service);
	return image != NULL && strstr(image, "opentelemetry-collector") != NULL;
}

/* From 0.104 on receivers listen on localhost unless they are told; from 0.111
 * on there is no exporter logging (release notes of the collector). */
static unsigned collector_version(const json_t *service)
{
	struct image_name name;
	unsigned minor = 0;
	image_name_read(compose_image(service), &name);
	if (name.tag == NULL || !isdigit((unsigned char)name.tag[0]) || sscanf(name.tag, "0.%u", &minor) != 1)
		minor = 1000; /* latest */
	image_name_finish(&name);
	return minor;
}

static void judge_collector(struct check *check, const char *file, const struct yaml_node *root)
{
	static const char *const names[] = {"grpc", "http"};
	const json_t *service = service_that(check->sources, is_otel_collector);
	unsigned version = service != NULL ? collector_version(service) : 0;
	const struct yaml_node *protocols = yaml_at(root, "receivers.otlp.protocols");
	for (size_t i = 0; version >= 104 && protocols != NULL && i < COUNT_OF(names); i++) {
		const struct yaml_node *key = yaml_key(protocols, names[i]), *value = yaml_get(protocols, names[i]);
		const char *endpoint = yaml_text(yaml_get(value, "endpoint"));
		if (key != NULL && (endpoint == NULL || text_starts_with(endpoint, "localhost") || text_starts_with(endpoint, "127.")))
			check_against(check, file, key->line,
				"the collector listens on its own localhost here: other containers do not reach it");
	}
	const struct yaml_node *logging = version >= 111 ? yaml_key(yaml_get(root, "exporters"), "logging") : NULL;
	if (logging != NULL)
		check_against(check, file, logging->line, "the collector has no exporter logging any more: it is called debug");
}

/* Jaeger 1 gets no more mends since 2026: 2 is one image, jaegertracing/jaeger. */
static bool is_old_jaeger(const json_t *service)
{
	struct image_name name;
	bool old = false;
	if (compose_image(service) == NULL)
		return false;
	image_name_read(compose_image(service), &name);
	if (text_starts_with(name.name, "jaegertracing/"))
		old = strcmp(name.name, "jaegertracing/jaeger") != 0 ? name.tag == NULL || name.tag[0] != '2' : name.tag != NULL && text_starts_with(name.tag, "1.");
	image_name_finish(&name);
	return old;
}

static void judge_jaeger(struct check *check)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		unsigned line;
		if (!is_old_jaeger(service))
			continue;
		const char *file = compose_place(check->sources, name, "image", &line);
		check_against(check, file, line, "%s is Jaeger 1, which is at its end: nobody mends it any more", name);
		check_mend(check, "Take the image jaegertracing/jaeger:2.10.0 or newer: it takes in OTLP at 4317 and 4318 as before");
	}
}

static bool find_spans(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const words[] = {"TraceLayer", "TracingLogger", "instrument", "info_span !", "debug_span !", "span !",
		"trace_layer", "tower_http :: trace", "trace_span !", "error_span !", "in_span", NULL};
	static const char *const names[] = {"tracing", "tracing-actix-web", "tower-http", "tracing-subscriber", NULL};
	return direct_crate(facts, names) != NULL && find_any(facts, words, place);
}

/* OpenTelemetry carries metrics and logs too: does the code make traces with it? */
static bool find_tracer(const struct rust_facts *facts, struct rust_place *place)
{
	static const char *const words[] = {"tracing_opentelemetry", "SdkTracerProvider", "TracerProvider", "SpanExporter",
		"with_tracer",
		"set_tracer_provider", "install_batch", "install_simple", "init_tracing_opentelemetry", "OtelAxumLayer",
		"opentelemetry_jaeger",
		"opentelemetry_zipkin", "global :: tracer", "fastrace", "minitrace", "rustracing", "logfire", "sentry_tracing",
		"axum_otel",
		"tracing_honeycomb", "tracing_otel_extra", "axum_tracing_opentelemetry", "new_pipeline", NULL};
	return find_any(facts, words, place);
}

/* Spans go out in batches: what is not flushed when SIGTERM comes is lost. A provider
 * that is set globally is never dropped. */
static void judge_flush(struct check *check)
{
	static const char *const batches[] = {"with_batch_exporter", "install_batch", "BatchSpanProcessor", NULL};
	static const char *const flushes[] = {"shutdown_tracer_provider", ". shutdown (", ":: shutdown (", ". force_flush (", "shutdown_with_timeout",
		"shutdown_tracer", NULL};
	struct rust_place place, other;
	if (!find_any(&check->sources->rust, batches, &place) || find_any(&check->sources->rust, flushes, &other))
		return;
	check_against(check, place.source->path, place.line,
		"spans are sent in batches, and nothing shuts the provider down: those of the last seconds are lost at SIGTERM");
	check_mend(check, "Keep the provider, and call its shutdown() when the server has drained");
}

/* `place` is where it traces. */
static void judge_propagation(struct check *check, const struct rust_crate *crate, const struct rust_place *place,
	unsigned services)
{
	struct rust_place own;
	bool joins = strstr(crate->name, "sentry") != NULL || strstr(crate->name, "fastrace") != NULL;
	if (find_propagation(&check->sources->rust, &own)) {
		check_for(check, own.source->path, own.line, "the trace's context is taken in or passed on");
	} else if (services > 1 && !joins) {
		check_against(check, place->source->path, place->line,
			"%s traces, but no propagator is set: each service begins a trace of its own", crate->name);
		check_mend(check, "Call global::set_text_map_propagator(TraceContextPropagator::new()), and take and give traceparent "
			"at the edges");
	} else {
		check_for(check, place->source->path, place->line, "%s sends the spans out", crate->name);
	}
}

static void judge_surroundings(struct check *check)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;)
		if (service_is_rust(check->sources, name, service))
			judge_endpoint(check, name, service);
	const json_t *collector = service_that(check->sources, is_otel_collector);
	if (collector != NULL)
		each_mounted_yaml(check, collector, judge_collector);
	judge_jaeger(check);
	judge_flush(check);
	judge_versions(check);
}

void tracing_files(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	struct rust_place place;
	if (!is_service(check))
		return;
	unsigned services = rust_services(check->sources);
	const struct rust_crate *crate = direct_crate(facts, trace_crates);
	judge_surroundings(check);
	if (crate != NULL && find_tracer(facts, &place)) {
		judge_propagation(check, crate, &place, services);
	} else if (find_propagation(facts, &place)) {
		check_for(check, place.source->path, place.line, "the trace's context is taken in or passed on");
	} else if (!find_spans(facts, &place)) {
		check_against(check, rust_file(check->sources), 0, "nothing traces a request: neither tracing's spans nor OpenTelemetry");
	} else if (services > 1) {
		check_against(check, place.source->path, place.line,
			"spans end with the process: with %u services no trace goes from one to the next", services);
	} else {
		check_for(check, place.source->path, place.line, "tracing's spans follow a request, and there is one service alone");
	}
}

void tracing_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		int64_t traces = live_number(container, "log.traces", 0), lines = live_number(container, "log.lines", 0);
		if (live_is_rust(check->sources, container) && traces > 0)
			check_live_for(check, live_service(container), "%lld of the last %lld lines carry a trace id", (long long)traces,
				(long long)lines);
	}
}
