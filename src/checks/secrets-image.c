/* Topic 3, what an image and its container tell of themselves: logs and labels. */
#include "secrets.h"

#include "builds.h"
#include "own-images.h"
#include "pipe-images.h"

#include <strings.h>

/* ---- 3.7 logging ---- */

static const char *log_option(const json_t *service, const char *name)
{
	return json_string_value(json_object_get(compose_member(service, "logging.options"), name));
}

static bool host_is_service(const struct sources *sources, const char *address)
{
	const char *host = address != NULL && strstr(address, "://") != NULL ? strstr(address, "://") + 3 : address;
	size_t len = host != NULL ? strcspn(host, ":/") : 0;
	auto_free char *name = host != NULL ? mem_copy_bytes(host, len) : NULL;
	return name != NULL && name[0] != '\0' && json_object_get(compose_services(sources), name) != NULL;
}

/* What cannot work, or loses the logs. */
static void look_at_driver(struct check *check, const struct service *service, const char *driver)
{
	static const char *const addresses[] = {"fluentd-address", "gelf-address", "syslog-address"};
	const char *async = log_option(service->json, "fluentd-async");
	unsigned line, options_line;
	const char *file = compose_place(check->sources, service->name, "logging.driver", &line);
	const char *options = compose_place(check->sources, service->name, "logging.options", &options_line);
	if (strcmp(driver, "none") == 0)
		check_against(check, file, line, "the logging driver none: what %s says is lost", service->name);
	else if (strcmp(driver, "logstash") == 0 || strcmp(driver, "logentries") == 0)
		check_against(check, file, line, "there is no logging driver %s: the container does not start", driver);
	else if (strcmp(driver, "fluentd") == 0 && log_option(service->json, "fluentd-async-connect") != NULL)
		check_against(check, options, options_line, "fluentd-async-connect was removed in Docker 28: the option is fluentd-async");
	else if (strcmp(driver, "fluentd") == 0 && !text_equal(async, "true"))
		check_against(check, file, line, "fluentd without fluentd-async: %s does not start while nobody listens", service->name);
	else
		for (size_t i = 0; i < COUNT_OF(addresses); i++)
			if (host_is_service(check->sources, log_option(service->json, addresses[i])))
				check_against(check, options, options_line, "%s names a service, which the engine cannot resolve: it sends from the host",
					addresses[i]);
}

/* One among the services that collects what containers say. */
static const char *find_collector(const struct sources *sources)
{
	static const char *const images[] = {"promtail", "fluent-bit", "fluentd", "timberio/vector", "filebeat", "alloy", "logspout",
		"datadog/agent", "gcr.io/datadoghq/agent", "loki-docker-driver", "seq-input"};
	struct service service;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		const char *image = compose_image(service.json);
		for (size_t i = 0; image != NULL && i < COUNT_OF(images); i++)
			if (strstr(image, images[i]) != NULL)
				return service.name;
	}
	return NULL;
}

static void look_at_logging(struct check *check, const struct service *service)
{
	const char *driver = json_string_value(compose_member(service->json, "logging.driver"));
	unsigned line;
	const char *file = compose_place(check->sources, service->name, "logging", &line);
	bool has_logging = compose_member(service->json, "logging") != NULL;
	size_t before = check->result->evidence.count;
	if (has_logging) {
		look_at_driver(check, service, driver != NULL ? driver : "json-file");
		if (check->result->evidence.count == before && service->is_own)
			check_for(check, file, line, "the service %s logs by %s", service->name, driver != NULL ? driver : "json-file");
	} else if (service->is_own && !service->is_development && !service->is_job) {
		check_against(check, file, line, "the service %s has no logging: the engine's default keeps its logs, without a bound", service->name);
	}
}

/* Programs that send their logs away themselves. */
static const char *find_sender(const struct sources *sources)
{
	static const char *const crates[] = {"tracing-loki", "opentelemetry-appender-tracing", "opentelemetry-appender-log", "tracing-gelf",
		"slog-gelf", "gelf_logger", "tracing-logstash", "tracing-datadog", "datadog-tracing", "fluent-logger", "log4rs-gelf",
		"slog-journald", "tracing-journald", "systemd-journal-logger", "tracing-cloudwatch", "tracing-axiom", NULL};
	const char *which = NULL;
	return rust_has_any(&sources->rust, crates, &which) ? which : NULL;
}

/* A file for production that is not merged here. */
static bool look_at_other_files(struct check *check)
{
	bool found = false;
	for (size_t i = 0; i < check->sources->other_composes.count; i++) {
		const struct yaml_source *source = &check->sources->other_composes.items[i];
		const struct yaml_node *services = compose_written(source);
		for (size_t j = 0; services != NULL && services->kind == YAML_MAP && j < services->items.count; j++) {
			const char *driver = yaml_text(yaml_at(services->items.items[j], "logging.driver")), *service = yaml_text(services->keys.items[j]);
			const struct yaml_node *key = yaml_key(services->items.items[j], "logging");
			if (driver == NULL || key == NULL || service == NULL || strcmp(driver, "none") == 0 || strcmp(driver, "logstash") == 0)
				continue;
			check_for(check, source->path, key->line, "the service %s logs by %s", service, driver);
			found = true;
		}
	}
	return found;
}

static void judge_logging(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *collector = find_collector(sources), *sender = find_sender(sources);
	struct service service;
	unsigned line;
	bool is_settled = collector != NULL || sender != NULL;
	if (collector != NULL) {
		const char *file = compose_place(sources, collector, "image", &line);
		check_for(check, file, line, "the service %s collects what the containers say", collector);
	}
	if (sender != NULL)
		check_for(check, sources->rust.graph_file, 0, "the program sends its logs away itself (%s)", sender);
	is_settled = look_at_other_files(check) || is_settled;
	if (!is_settled && !has_own_service(check))
		return;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (!is_settled || compose_member(service.json, "logging") != NULL)
			look_at_logging(check, &service);
	check_none(check, main_place(sources), "no service of this project runs on");
}

void check_logging(struct check *check)
{
	judge_deployed(check, true, judge_logging);
}

void live_logging(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *type = live_text(container, "inspect.HostConfig.LogConfig.Type");
		const json_t *options = live_at(container, "inspect.HostConfig.LogConfig.Config");
		if (!live_is_own(check->sources, container) || type == NULL)
			continue;
		if (strcmp(type, "none") == 0)
			check_live_against(check, service, "HostConfig.LogConfig.Type is none");
		else if (strcmp(type, "json-file") == 0 && json_object_size(options) == 0)
			check_live_against(check, service, "HostConfig.LogConfig is the default: json-file without options");
		else
			check_live_for(check, service, "HostConfig.LogConfig.Type is %s", type);
	}
}

/* ---- 3.8 labels ---- */

static bool is_unknown(const char *value)
{
	static const char *const words[] = {"", "unknown", "dev", "development", "none", "latest", "0.0.0", "n/a"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

/* Does a workflow, a bake file or a script give the build this argument? */
static bool is_arg_given(const struct sources *sources, const char *name)
{
	const struct tree_file *file;
	bool found = false;
	for (size_t i = 0; i < sources->workflows.count && !found; i++)
		found = sources->workflows.items[i].text != NULL && strstr(sources->workflows.items[i].text, name) != NULL;
	for (size_t at = 0; !found && (file = script_each(sources, &at)) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		found = text != NULL && strstr(text, name) != NULL;
	}
	for (size_t at = 0; !found && (file = tree_each(&sources->tree, &at, "*bake*")) != NULL;) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		found = text != NULL && strstr(text, name) != NULL;
	}
	return found;
}

/* "${VERSION}" is VERSION; the caller frees; NULL: no variable. */
static char *variable_in(const char *value)
{
	const char *at = strchr(value, '$');
	if (at == NULL)
		return NULL;
	at += at[1] == '{' ? 2 : 1;
	return mem_copy_bytes(at, strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"));
}

static void look_at_label(struct check *check, const struct shipped *shipped, size_t index, const char *name, const char *value, bool is_pushed)
{
	const struct docker_line *line = &shipped->source->file.lines.items[index];
	auto_free char *variable = variable_in(value), *filled = dockerfile_expand(&shipped->source->file, index, value);
	bool tells = text_ends_with(name, ".version") || text_ends_with(name, ".revision");
	if (tells && is_pushed && is_unknown(filled) && (variable == NULL || !is_arg_given(check->sources, variable)))
		check_against(check, shipped->source->path, line->first, "nothing gives the label %s a value, and the image is pushed", name);
	else
		check_for(check, shipped->source->path, line->first, "the image has the label %s", name);
}

static bool look_at_label_lines(struct check *check, const struct shipped *shipped, bool is_pushed)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count; i++) {
		if (!stage_has_line(file, shipped->stage, i) || strcmp(file->lines.items[i].word, "LABEL") != 0)
			continue;
		auto_strings words = {0};
		bool json;
		dockerfile_words(file->lines.items[i].rest, &words, &json);
		found = true;
		if (words.count == 2 && strchr(words.items[0], '=') == NULL) {
			look_at_label(check, shipped, i, words.items[0], words.items[1], is_pushed);
			continue;
		}
		for (size_t j = 0; j < words.count; j++) {
			char *equals = strchr(words.items[j], '=');
			if (equals == NULL)
				continue;
			*equals = '\0';
			look_at_label(check, shipped, i, words.items[j], equals + 1, is_pushed);
		}
	}
	return found;
}

static bool command_labels(const struct pipe_command *command)
{
	size_t at = 0;
	return (pipe_command_builds(command) || pipe_command_is(command, "buildah config")) &&
		(pipe_option(command, &at, "--label", NULL) != NULL || pipe_has_word(command, "--label"));
}

static bool step_labels(const struct pipeline *pipe, const struct pipe_step *step)
{
	auto_free char *labels = pipe_with(pipe, step, "labels", NULL), *set = pipe_with(pipe, step, "set", NULL),
		*files = pipe_with(pipe, step, "files", NULL);
	for (size_t i = 0; i < step->command_count; i++)
		if (command_labels(&pipe->commands.items[step->first_command + i]))
			return true;
	if (!pipe_is_action(step, pipe_build_actions) && !pipe_is_action(step, pipe_bake_actions) && !pipe_is_foreign_builder(step))
		return false;
	return (labels != NULL && labels[0] != '\0') || (set != NULL && strstr(set, ".labels.") != NULL) ||
		(files != NULL && strstr(files, "outputs.bake-file") != NULL);
}

static bool look_at_bake(struct check *check)
{
	struct bake bake = {0};
	bool found = false;
	bake_open(check->sources, &bake);
	for (size_t i = 0; i < bake.targets.count && !found; i++) {
		const struct bake_file *file = NULL;
		const struct yaml_node *labels = bake_attribute(&bake, bake.targets.items[i], "labels", &file);
		found = labels != NULL;
		if (found)
			check_for(check, file->path, labels->line, "the bake file gives the image labels");
	}
	bake_finish(&bake);
	return found;
}

static bool look_at_pipelines(struct check *check, const struct image_steps *steps)
{
	const struct pipeline *pipe = &steps->workflows, *scripts = &steps->scripts;
	bool found = look_at_bake(check);
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		if (!step_labels(pipe, step))
			continue;
		check_for(check, step->file, step->line, "this step gives the image labels");
		found = true;
	}
	for (size_t i = 0; i < scripts->commands.count; i++) {
		const struct pipe_command *command = &scripts->commands.items[i];
		if (!command_labels(command))
			continue;
		check_for(check, command->file, command->line, "the script gives the image labels");
		found = true;
	}
	return found;
}

static bool is_foreign_label(const char *name)
{
	return !text_starts_with(name, "com.docker.") && !text_starts_with(name, "dev.cargodeck.") && !text_starts_with(name, "desktop.docker.");
}

static bool look_at_service_labels(struct check *check, const struct service *service)
{
	static const char *const members[] = {"labels", "build.labels"};
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const char *name;
		json_t *value;
		json_object_foreach((json_t *)(uintptr_t)compose_member(service->json, members[i]), name, value) {
			unsigned line;
			if (!is_foreign_label(name))
				continue;
			const char *file = compose_place(check->sources, service->name, members[i], &line);
			check_for(check, file, line, "the service %s has the label %s", service->name, name);
			return true;
		}
	}
	return false;
}

/* The first variable of "${APP_ENV:-dev}"; NULL: it has none. */
static char *interpolated(const char *text)
{
	const char *at = strstr(text, "${");
	size_t len = at != NULL ? strspn(at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") : 0;
	return len > 0 ? mem_copy_bytes(at + 2, len) : NULL;
}

/* Compose fills a label in from its own environment, not from the container's. */
static void look_at_interpolation(struct check *check, const struct service *service)
{
	const char *label;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json_object_get(service->json, "labels"), label, value) {
		const char *file, *env_file;
		unsigned line, env_line;
		const char *written = compose_entry(check->sources, service->name, "labels", label, &file, &line);
		auto_free char *variable = written != NULL ? interpolated(written) : NULL;
		const char *set = variable != NULL ? compose_entry(check->sources, service->name, "environment", variable, &env_file, &env_line) : NULL;
		if (set == NULL || set[0] == '\0' || strchr(set, '$') != NULL || !json_is_string(value) || strstr(json_string_value(value), set) != NULL)
			continue;
		check_against(check, file, line, "the label %s is filled in from the shell's %s, not from the container's, which is %s", label, variable, set);
		check_mend(check, "Write the same value in both, or give both from the one variable: %s: ${%s}", variable, variable);
	}
}

void check_labels(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct shipped *shipped;
	struct service service;
	auto_image_steps steps = {0};
	if (!has_own_image(sources)) {
		own_image_none(check);
		return;
	}
	image_steps_open(sources, &steps);
	bool is_pushed = image_steps_find(&steps, IMAGE_PUSH) != NULL, found = look_at_pipelines(check, &steps);
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (service.is_own) {
			look_at_interpolation(check, &service);
			found = look_at_service_labels(check, &service) || found;
		}
	for (size_t at = 0; (shipped = own_image(sources, &at)) != NULL;) {
		int old = dockerfile_last(&shipped->source->file, shipped->stage, "MAINTAINER");
		if (look_at_label_lines(check, shipped, is_pushed) || found)
			continue;
		if (old >= 0)
			check_against(check, shipped->source->path, shipped->source->file.lines.items[old].first,
				"MAINTAINER is no label: Docker gave it up in 2017");
		else
			check_against(check, shipped->source->path, shipped_line(shipped),
				"neither the final stage nor what builds it gives the image a label");
	}
}

/* Labels that come with the base image say nothing of the program. */
static bool is_of_base(const char *name, const json_t *labels)
{
	const char *reference = json_string_value(json_object_get(labels, "org.opencontainers.image.ref.name"));
	return reference != NULL && (strcmp(name, "org.opencontainers.image.ref.name") == 0 || strcmp(name, "org.opencontainers.image.version") == 0);
}

void live_labels(struct check *check)
{
	static const char *const places[] = {"image.Config.Labels", "inspect.Config.Labels"};
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *found = NULL;
		if (!live_is_own(check->sources, container) || live_at(container, "inspect.Config") == NULL)
			continue;
		for (size_t i = 0; i < COUNT_OF(places) && found == NULL; i++) {
			const json_t *labels = live_at(container, places[i]);
			const char *name;
			json_t *value;
			json_object_foreach((json_t *)(uintptr_t)labels, name, value)
				if (found == NULL && is_foreign_label(name) && !is_of_base(name, labels))
					found = name;
		}
		if (found != NULL)
			check_live_for(check, live_service(container), "Config.Labels has %s", found);
		else
			check_live_against(check, live_service(container), "Config.Labels has none but those of compose");
	}
}
