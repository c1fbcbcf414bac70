/* Topic 5: what a running service shows of itself: its ports, its health, its
 * numbers, its logs. */
#include "observability.h"

static const struct practice practices[] = {
	{
		.id = "5.1",
		.title = N_("EXPOSE names the ports that the program listens on"),
		.severity = CHECK_LOW,
		.says = N_("EXPOSE publishes nothing; it tells people and tools which port belongs to the image. A proxy, Prometheus' "
			"discovery and `docker run -P` go by it. A program that binds to 127.0.0.1 cannot be reached from outside its "
			"container at all."),
		.looks = N_("EXPOSE lines of the stage that is shipped and of those below it, ports of its compose service, addresses "
			"and ports that the code binds to"),
		.looks_live = N_("Config.ExposedPorts of the image beside the sockets that its process listens on and the ports that "
			"are published"),
		.mends = N_("Add EXPOSE with the program's port to the last stage, and bind to 0.0.0.0"),
		.files = ports_files,
		.live = ports_live,
	},
	{
		.id = "5.2",
		.title = N_("Logs are structured: one JSON object a line"),
		.severity = CHECK_MEDIUM,
		.says = N_("A collector can filter and count fields, not sentences. Plain text has to be taken apart by rules that "
			"break with the next message, and a panic of many lines becomes many entries."),
		.looks = N_("Logging crates with their features, and where the code sets them up"),
		.looks_live = N_("The last lines of each log: how many of them are JSON objects"),
		.mends = N_("Enable the feature json of tracing-subscriber and set up fmt().json()"),
		.is_heuristic = true,
		.files = json_logs_files,
		.live = json_logs_live,
	},
	{
		.id = "5.3",
		.title = N_("Logs are forwarded, by the fluentd driver or to Logstash"),
		.severity = CHECK_MEDIUM,
		.says = N_("Logs that only lie beside the container are lost with its host. Docker has a driver fluentd and none "
			"called logstash: Logstash is reached by gelf or syslog. The engine itself dials the collector, from the host's "
			"network, and without fluentd-async no container starts while it is away."),
		.looks = N_("The log driver of each service in compose with its options, and collectors that read the engine's own log "
			"files"),
		.looks_live = N_("HostConfig.LogConfig of the containers, and collectors among them; with --probe whether a line arrives"),
		.mends = N_("Set logging to driver fluentd with fluentd-async: \"true\" and fluentd-address: 127.0.0.1:24224, and run "
			"a collector"),
		.files = forwarding_files,
		.live = forwarding_live,
	},
	{
		.id = "5.4",
		.title = N_("The program has endpoints that tell its health"),
		.severity = CHECK_MEDIUM,
		.says = N_("Orchestrators and proxies need a cheap question that the process answers while it is well. A path of its "
			"own for readiness also says whether the database is there and whether it is shutting down."),
		.looks = N_("Routes such as /health, /healthz, /readyz and /alive in the code of the web framework, and the path that "
			"HEALTHCHECK and compose probe"),
		.looks_live = N_("What those paths answer, and State.Health of the containers"),
		.mends = N_("Add a route /healthz that answers 200 without asking anybody, and /readyz that asks the database"),
		.is_heuristic = true,
		.files = health_files,
		.live = health_live,
	},
	{
		.id = "5.5",
		.title = N_("Metrics are exposed in Prometheus' format"),
		.severity = CHECK_MEDIUM,
		.says = N_("Counters and histograms show what single log lines do not: rates, slow percentiles, a pool that runs dry. "
			"Label them by route pattern: a raw path makes a series for each address that somebody asks for."),
		.looks = N_("Crates of metrics, where the code renders them, what it takes as labels, and the targets in Prometheus' "
			"configuration"),
		.looks_live = N_("GET /metrics: its type, and how many samples it holds"),
		.mends = N_("Add metrics-exporter-prometheus or prometheus, and serve /metrics on a port of its own"),
		.is_heuristic = true,
		.files = metrics_files,
		.live = metrics_live,
	},
	{
		.id = "5.6",
		.title = N_("Labels serve discovery and monitoring"),
		.severity = CHECK_LOW,
		.says = N_("By labels a proxy or Prometheus finds a service and knows how to ask it, without a list kept by hand. What "
			"reads them needs the engine's socket, and that is root on the host, read-only or not: put a socket proxy between."),
		.looks = N_("Labels of the services in compose and of the images, mounts of docker.sock into what discovers, ports "
			"that labels name"),
		.looks_live = N_("Config.Labels of the containers, and mounts of docker.sock"),
		.mends = N_("Give the services labels (prometheus.scrape, prometheus.port …), and let nothing but a socket proxy mount "
			"docker.sock"),
		.files = labels_files,
		.live = labels_live,
	},
	{
		.id = "5.7",
		.title = N_("Requests are traced through the services"),
		.severity = CHECK_LOW,
		.says = N_("A trace joins what one request did in several processes. For that the context (the header traceparent) has "
			"to be taken in and passed on, and the exporter has to reach a collector, which is not on the container's own "
			"localhost."),
		.looks = N_("Crates of OpenTelemetry and tracing, propagation in the code, where the exporter and the collector's "
			"receivers are set to"),
		.looks_live = N_("How many log lines carry a trace id"),
		.mends = N_("Add tracing-opentelemetry with a TraceContextPropagator, and export to a collector by its service name"),
		.is_heuristic = true,
		.files = tracing_files,
		.live = tracing_live,
	},
	{
		.id = "5.8",
		.title = N_("Logs are rotated and kept for a limited time"),
		.severity = CHECK_MEDIUM,
		.says = N_("The driver json-file keeps everything for ever unless max-size is given, until the disk is full. max-file "
			"does nothing without it. The driver local rotates by itself. A change holds for containers that are made after it."),
		.looks = N_("logging of each service in compose, log-opts of a daemon.json in the project"),
		.looks_live = N_("HostConfig.LogConfig of the containers"),
		.mends = N_("Give every service logging with driver json-file, max-size: 10m and max-file: \"5\", by an anchor"),
		.files = rotation_files,
		.live = rotation_live,
	},
};

const struct practice_topic topic_observability = {
	.title = N_("Monitoring and logging"), .practices = practices, .count = COUNT_OF(practices)};
