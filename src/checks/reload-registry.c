/* 10.4: a registry on the developer's machine: who reaches it, and whether images
 * get there. */
#include "pipeline.h"
#include "reload.h"

#include <ctype.h>

static const char *const registry_images[] = {"registry", "distribution", "zot-linux-amd64", "zot", NULL};

static bool has_registry_password(const struct layers *layers, const struct unit *unit)
{
	static const char *const variables[] = {"REGISTRY_AUTH", "REGISTRY_AUTH_HTPASSWD_PATH", "REGISTRY_AUTH_TOKEN_REALM"};
	struct unit_mount mount;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(variables); i++)
		found = found || (service_env(unit->json, variables[i]) != NULL && service_env(unit->json, variables[i])[0] != '\0');
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		found = found || strstr(mount.target, "htpasswd") != NULL || strstr(mount.target, "/auth") != NULL ||
			strstr(mount.target, "config.y") != NULL;
	return found;
}

static void judge_registry(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_port port;
	unsigned line;
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	check_for(check, file, line, strstr(image, "registry:2") != NULL ? N_("%s is a registry (registry:3 is the living release)") :
		N_("%s is a registry"), unit->name);
	for (size_t i = 0; unit_port(unit, i, &port); unit_port_finish(&port), i++)
		if (!port_is_local(&port) && !has_registry_password(layers, unit))
			port_against(check, layers, unit, &port, N_("%s is published at %s for every machine that reaches this one, without a password"));
}

static bool is_loopback(const char *address)
{
	return text_starts_with(address, "127.") || text_starts_with(address, "localhost") || text_starts_with(address, "::1") ||
		text_starts_with(address, "[::1]");
}

static void judge_daemon(struct check *check, const char *path)
{
	auto_free char *text = tree_read(&check->sources->tree, path, NULL);
	json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const json_t *list = json_object_get(json, "insecure-registries");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *address = json_string_value(json_array_get(list, i));
		const char *found = address != NULL && !is_loopback(address) ? strstr(text, address) : NULL;
		if (found != NULL)
			check_against(check, path, text_line_at(text, (size_t)(found - text)), "%s is trusted without TLS: whoever sits between can "
				"change its images", address);
	}
	json_decref(json);
}

/* "localhost:5000/app:dev" */
static const char *local_image(const char *text)
{
	static const char *const hosts[] = {"localhost:", "127.0.0.1:", "registry.localhost:", "k3d-registry.localhost:"};
	for (size_t i = 0; i < COUNT_OF(hosts); i++)
		for (const char *at = text; (at = strstr(at, hosts[i])) != NULL; at++) {
			const char *port = at + strlen(hosts[i]);
			size_t digits = strspn(port, "0123456789");
			if (digits >= 4 && port[digits] == '/' && isalpha((unsigned char)port[digits + 1]) && (at == text || at[-1] != '/'))
				return at;
		}
	return NULL;
}

static bool find_pushes(struct check *check, const struct writings *writings)
{
	bool found = false;
	static const char *const words[] = {"docker push", "docker tag", "docker image push", "buildx build"};
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct written_line at = {0};
		while (writings_find(writings, words[i], &at))
			if (!at.written->is_harness && local_image(at.text) != NULL) {
				check_for(check, at.written->path, at.line, "images go to a registry on this machine");
				found = true;
			}
		written_line_finish(&at);
	}
	return found;
}

/* ---- 10.4: who pushes to it ---- */

static bool is_local_push(const struct pipe_command *command)
{
	bool pushes = pipe_has_word(command, "--push"), is_local = false;
	for (size_t i = command->at; i < command->words.count; i++)
		is_local = is_local || local_image(command->words.items[i]) == command->words.items[i];
	return pushes && is_local && (pipe_command_is(command, "docker buildx build") || pipe_command_is(command, "docker buildx b"));
}

/* `docker buildx create` makes a builder in a container, on a network of its own. */
static bool makes_apart(const struct pipe_command *command)
{
	size_t at = 0;
	const char *driver = pipe_option(command, &at, "--driver", NULL);
	bool is_host = false;
	for (size_t i = command->at; i < command->words.count; i++)
		is_host = is_host || strstr(command->words.items[i], "network=host") != NULL;
	return pipe_command_is(command, "docker buildx create") && (driver == NULL || strcmp(driver, "docker-container") == 0) && !is_host;
}

static void say_apart(struct check *check, const char *file, unsigned line)
{
	check_against(check, file, line, "the builder runs in a container, whose own localhost has no registry: the push fails");
	check_mend(check, "Make the builder with --driver-opt network=host (of docker/setup-buildx-action: driver-opts: network=host)");
}

static void judge_script_builders(struct check *check)
{
	auto_pipeline scripts = {0};
	pipeline_open_scripts(check->sources, &scripts);
	const struct pipe_command *made = NULL;
	for (size_t i = 0; i < scripts.commands.count; i++) {
		const struct pipe_command *command = &scripts.commands.items[i];
		if (made != NULL && made->file != command->file)
			made = NULL;
		made = makes_apart(command) ? command : pipe_command_is(command, "docker buildx create") ? NULL : made;
		if (made != NULL && is_local_push(command))
			say_apart(check, command->file, command->line);
	}
}

/* The builder that docker/setup-buildx-action has made before the step; false: none, or one that is not apart. */
static bool is_set_apart(const struct pipeline *pipe, const struct pipe_step *build)
{
	bool apart = false;
	for (const struct pipe_step *step = &pipe->steps.items[pipe_job_of(pipe, build)->first_step]; step < build; step++) {
		if (strcmp(step->action, "docker/setup-buildx-action") != 0)
			continue;
		auto_free char *options = pipe_with(pipe, step, "driver-opts", NULL), *driver = pipe_with(pipe, step, "driver", NULL);
		apart = (options == NULL || strstr(options, "network=host") == NULL) && (driver == NULL || strcmp(driver, "docker-container") == 0);
	}
	return apart;
}

static void judge_workflow_builders(struct check *check)
{
	auto_pipeline pipe = {0};
	pipeline_open(check->sources, &pipe);
	for (size_t i = 0; i < pipe.steps.count; i++) {
		const struct pipe_step *step = &pipe.steps.items[i];
		unsigned line;
		auto_free char *push = pipe_with(&pipe, step, "push", NULL), *tags = pipe_with(&pipe, step, "tags", &line);
		bool is_push = strcmp(step->action, "docker/build-push-action") == 0 && text_equal(push, "true") && tags != NULL && local_image(tags) == tags;
		if (is_push && is_set_apart(&pipe, step))
			say_apart(check, step->file, line);
	}
}

void files_registry(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	const struct tree_file *file;
	bool found = find_pushes(check, writings);
	judge_script_builders(check);
	judge_workflow_builders(check);
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		const char *image = json_string_value(json_object_get(unit->json, "image"));
		unsigned line;
		if (unit_has_image(unit, registry_images)) {
			judge_registry(check, layers, unit);
			found = true;
		} else if (image != NULL && local_image(image) == image) {
			const char *place = unit_place(layers, unit, "image", NULL, &line);
			check_for(check, place, line, "%s comes from a registry on this machine", unit->name);
			found = true;
		}
	}
	for (size_t at = 0; (file = tree_each(&check->sources->tree, &at, "*daemon.json")) != NULL;)
		if (!file->is_harness)
			judge_daemon(check, file->path);
	if (!found && !has_against(check))
		check_none(check, main_place(check->sources), "nothing here uses a registry on this machine");
}

static void judge_live_registry(struct check *check, const json_t *container)
{
	const char *service = live_service(container), *port;
	json_t *bindings;
	json_object_foreach((json_t *)(uintptr_t)live_at(container, "inspect.HostConfig.PortBindings"), port, bindings) {
		const char *host = json_string_value(json_object_get(json_array_get(bindings, 0), "HostIp"));
		if ((host == NULL || !is_loopback(host)) && live_variable(container, "REGISTRY_AUTH") == NULL &&
			live_variable(container, "REGISTRY_AUTH_HTPASSWD_PATH") == NULL)
			check_live_against(check, service, "HostConfig.PortBindings publishes %s at %s without a password", port,
				host != NULL && host[0] != '\0' ? host : "0.0.0.0");
	}
	const json_t *trusted = json_object_get(json_object_get(json_object_get(check->sources->live, "info"), "RegistryConfig"),
		"InsecureRegistryCIDRs");
	for (size_t i = 0; i < json_array_size(trusted); i++) {
		const char *range = json_string_value(json_array_get(trusted, i));
		if (range != NULL && !is_loopback(range))
			check_live_against(check, service, "InsecureRegistryCIDRs of the engine has %s", range);
	}
	const json_t *http = live_at(container, "http");
	for (size_t i = 0; i < json_array_size(http) && !has_against(check); i++) {
		const char *path = json_string_value(json_object_get(json_array_get(http, i), "path"));
		json_int_t status = json_integer_value(json_object_get(json_array_get(http, i), "status"));
		if (path != NULL && text_starts_with(path, "/v2") && (status == 200 || status == 401))
			check_live_for(check, service, "GET %s answers %d", path, (int)status);
	}
}

void live_registry(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;)
		if (live_has_image(container, registry_images))
			judge_live_registry(check, container);
}
