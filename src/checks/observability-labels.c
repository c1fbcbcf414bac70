/* 5.6: labels, and what reads them. */
#include "observability.h"

static bool is_discovery_label(const char *name)
{
	static const char *const others[] = {"com.docker.", "dev.cargodeck.", "org.opencontainers.", "org.label-schema.",
		"maintainer", "desktop.docker.", "io.podman.", "description", "version", "LABEL", "devcontainer."};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text_starts_with(name, others[i]))
			return false;
	return true;
}

/* Counts them; *first is one of them. */
static unsigned count_labels(json_t *labels, const char **first)
{
	const char *name;
	json_t *value;
	unsigned count = 0;
	json_object_foreach(labels, name, value) {
		if (!is_discovery_label(name))
			continue;
		if (count++ == 0)
			*first = name;
	}
	return count;
}

/* Traefik, Prometheus and others that look services up at the engine. */
static bool discovers(const char *image)
{
	static const char *const names[] = {"traefik", "prometheus", "caddy-docker-proxy", "promtail", "nginx-proxy", "alloy",
		"vmagent"};
	struct image_name name;
	bool found = false;
	if (image == NULL)
		return false;
	image_name_read(image, &name);
	for (size_t i = 0; i < COUNT_OF(names) && !found; i++)
		found = strcmp(path_name(name.name), names[i]) == 0;
	image_name_finish(&name);
	return found;
}

static bool is_socket(const char *path)
{
	return path != NULL && (strcmp(path, "/var/run/docker.sock") == 0 || strcmp(path, "/run/docker.sock") == 0);
}

static void judge_socket(struct check *check, const char *name, const json_t *service)
{
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; discovers(compose_image(service)) && i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *target = json_string_value(json_object_get(mount, "target"));
		unsigned line;
		if (!is_socket(json_string_value(json_object_get(mount, "source"))))
			continue;
		const char *file = compose_mount_place(check->sources, name, target != NULL ? target : "", &line);
		check_against(check, file, line, "%s has docker.sock, read-only or not: whoever gets into it is root on the host", name);
		check_mend(check, "Put a socket proxy (tecnativa/docker-socket-proxy with CONTAINERS=1) between %s and docker.sock",
			name);
	}
}

/* Does the container show the port: by its image, expose or ports? */
static bool shows_port(const struct sources *sources, const char *name, const json_t *service, long port)
{
	const struct shipped *shipped = service_shipped(sources, name, service);
	const json_t *ports = json_object_get(service, "ports"), *expose = json_object_get(service, "expose");
	for (size_t i = 0; i < json_array_size(ports); i++)
		if (json_integer_value(json_object_get(json_array_get(ports, i), "target")) == port)
			return true;
	for (size_t i = 0; i < json_array_size(expose); i++) {
		const char *text = json_string_value(json_array_get(expose, i));
		if (text != NULL && (atol(text) == port || strchr(text, '-') != NULL))
			return true;
	}
	if (shipped == NULL)
		return true; /* an image that we do not know */
	const struct dockerfile *file = &shipped->source->file;
	auto_free char *wanted = mem_print("%ld", port);
	for (size_t i = 0; i < file->lines.count; i++) {
		if (strcmp(file->lines.items[i].word, "EXPOSE") != 0 || !stage_has_line(file, shipped->stage, i))
			continue;
		auto_free char *text = dockerfile_expand(file, i, file->lines.items[i].rest);
		if (has_name(text, strlen(text), wanted) || strpbrk(text, "$-") != NULL)
			return true;
	}
	return false;
}

static void judge_label_port(struct check *check, const char *name, const json_t *service)
{
	static const char *const labels[] = {"prometheus.port", "prometheus.io/port", "prometheus_port", "prometheus.io.port"};
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		const char *text = json_string_value(json_object_get(json_object_get(service, "labels"), labels[i]));
		unsigned line;
		if (text == NULL || atol(text) <= 0 || shows_port(check->sources, name, service, atol(text)))
			continue;
		const char *file = compose_place(check->sources, name, "labels", &line);
		check_against(check, file, line, "%s of %s is %s, which its container does not expose: Prometheus finds no such target",
			labels[i], name, text);
	}
}

/* Which labels Traefik reads, by how it is started: those of Swarm's services, or of containers. */
enum reads { READS_NOTHING, READS_CONTAINERS, READS_SWARM };

static enum reads traefik_reads(const struct sources *sources)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		const char *image = compose_image(service);
		if (image == NULL || !discovers(image) || strstr(image, "traefik") == NULL)
			continue;
		auto_free char *command = words_text(json_object_get(service, "command"));
		if (strcasestr(command, "--providers.swarm") != NULL || strcasestr(command, "swarmmode=true") != NULL)
			return READS_SWARM;
		return strcasestr(command, "--providers.docker") != NULL ? READS_CONTAINERS : READS_NOTHING;
	}
	return READS_NOTHING;
}

static bool has_traefik_label(const json_t *labels)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)labels, name, value)
		if (text_starts_with(name, "traefik."))
			return true;
	return false;
}

static void judge_traefik_labels(struct check *check, const char *name, const json_t *service)
{
	enum reads reads = traefik_reads(check->sources);
	bool own = has_traefik_label(json_object_get(service, "labels")), swarm = has_traefik_label(compose_member(service, "deploy.labels"));
	unsigned line;
	if (reads == READS_SWARM && own && !swarm) {
		const char *file = compose_place(check->sources, name, "labels", &line);
		check_against(check, file, line, "Traefik reads the labels of Swarm's services, and these are of the containers: it does not see %s", name);
		check_mend(check, "Write the labels of %s under deploy: labels:", name);
	} else if (reads == READS_CONTAINERS && swarm && !own) {
		const char *file = compose_place(check->sources, name, "deploy.labels", &line);
		check_against(check, file, line, "Traefik reads the labels of containers, and these are of Swarm's service: it does not see %s", name);
		check_mend(check, "Write the labels of %s under labels:", name);
	}
}

/* LABEL lines of the image that are for more than its description. */
static bool image_is_labelled(const struct shipped *shipped, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		auto_strings words = {0};
		if (strcmp(file->lines.items[i].word, "LABEL") != 0 || !stage_has_line(file, shipped->stage, i) ||
			!strings_split_words(&words, file->lines.items[i].rest))
			continue;
		for (size_t k = 0; k < words.count; k++)
			if (strchr(words.items[k], '=') != NULL && is_discovery_label(words.items[k])) {
				*line = file->lines.items[i].first;
				return true;
			}
	}
	return false;
}

static unsigned judge_labels(struct check *check, const char *name, const json_t *service)
{
	const char *first = NULL, *file;
	unsigned line, count = count_labels(json_object_get(service, "labels"), &first);
	if (count > 0) {
		file = compose_place(check->sources, name, "labels", &line);
	} else {
		count = count_labels(json_object_get(json_object_get(service, "deploy"), "labels"), &first);
		file = compose_place(check->sources, name, "deploy.labels", &line);
	}
	const struct shipped *shipped = service_shipped(check->sources, name, service);
	if (count > 0) {
		check_for(check, file, line, "%s: %u labels, %s among them", name, count, first);
	} else if (shipped != NULL && image_is_labelled(shipped, &line)) {
		check_for(check, shipped->source->path, line, "the image of %s has labels", name);
		count = 1;
	}
	judge_label_port(check, name, service);
	judge_traefik_labels(check, name, service);
	return count;
}

void labels_files(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *name, *bare = NULL, *file;
	void *iter = NULL;
	unsigned labelled = 0, line;
	if (!compose_is_there(check))
		return;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		judge_socket(check, name, service);
		bool product = service_is_rust(sources, name, service) && !service_is_job(sources, name, service) &&
			!service_is_for_tests(name);
		if (product)
			labelled += judge_labels(check, name, service);
		if (product && bare == NULL)
			bare = name;
	}
	if (bare == NULL) {
		file = compose_place(sources, "", "", &line);
		check_none(check, file, "compose runs none of the project's own programs");
	} else if (labelled == 0) {
		file = compose_place(sources, bare, "labels", &line);
		check_against(check, file, line, "%s has no labels by which anything could find it or know it", bare);
	}
}

void labels_live(struct check *check)
{
	const json_t *bare = NULL;
	unsigned labelled = 0;
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *mounts = live_at(container, "inspect.Mounts");
		const char *first = NULL;
		for (size_t i = 0; discovers(live_text(container, "inspect.Config.Image")) && i < json_array_size(mounts); i++)
			if (is_socket(json_string_value(json_object_get(json_array_get(mounts, i), "Source"))))
				check_live_against(check, live_service(container),
					"Mounts has docker.sock: whoever gets into it is root on the host");
		if (!live_is_rust(check->sources, container) || live_at(container, "inspect.Config") == NULL)
			continue;
		unsigned count = count_labels(json_object_get(live_at(container, "inspect.Config"), "Labels"), &first);
		labelled += count;
		if (count > 0)
			check_live_for(check, live_service(container), "Config.Labels has %u, %s among them", count, first);
		else if (bare == NULL)
			bare = container;
	}
	if (labelled == 0 && bare != NULL)
		check_live_against(check, live_service(bare), "Config.Labels has none but compose's own");
}
