/* Topic 8, what compose sets for services that run in earnest: restart policies,
 * a read-only root, limits. */
#include "database.h"
#include "deployed.h"
#include "production.h"

#include <ctype.h>
#include <stdio.h>

/* ---- 8.5: restart ---- */

static void look_at_job(struct check *check, const struct service *service, const char *policy, const char *file, unsigned line)
{
	if (policy != NULL && (strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0 ||
		strcmp(policy, "any") == 0)) {
		check_against(check, file, line, "%s is a job that ends, and %s starts it again and again", service->name, policy);
		check_mend(check, "Give %s restart: \"no\", or on-failure", service->name);
	} else
		check_for(check, file, line, "%s is a job and is not started again when it is done", service->name);
}

static void look_at_restart(struct check *check, const struct deployed *deployed, const struct service *service)
{
	auto_free char *restart = service_member(service, "restart"), *condition = service_member(service, "deploy.restart_policy.condition");
	bool swarm = condition != NULL || compose_member(service->json, "deploy.restart_policy") != NULL || deployed->is_stack;
	const char *policy = condition != NULL ? condition : restart;
	unsigned line;
	const char *file = compose_place(check->sources, service->name, condition != NULL || restart == NULL ? "deploy.restart_policy" : "restart",
		&line);
	if (service->is_job) {
		look_at_job(check, service, policy, file, line);
	} else if (policy == NULL && swarm) {
		check_for(check, file, line, "%s is restarted by its deploy section", service->name);
	} else if (policy == NULL) {
		file = compose_place(check->sources, service->name, "restart", &line);
		check_against(check, file, line, "%s has no restart policy: once it ends it stays down", service->name);
		compose_edit_add(check, service->name, "restart: unless-stopped");
	} else if (strcmp(policy, "no") == 0 || strcmp(policy, "none") == 0 || strcmp(policy, "false") == 0) {
		check_against(check, file, line, "%s is not started again when it ends: its policy is %s", service->name, policy);
	} else {
		check_for(check, file, line, "%s: %s", service->name, policy);
	}
}

static void judge_restart(struct check *check)
{
	struct deployed deployed;
	if (!deployed_find(check, &deployed)) {
		unsigned line;
		const char *file = manifest_find(check->sources, "", &line);
		if (file != NULL)
			check_for(check, file, line, "Kubernetes starts it again when it ends");
		return;
	}
	for (size_t i = 0; i < deployed.count; i++)
		look_at_restart(check, &deployed, &deployed.items[i]);
	deployed_finish(&deployed);
}

void restart_files(struct check *check)
{
	judge_deployed(check, true, judge_restart);
}

void restart_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *policy = live_text(container, "inspect.HostConfig.RestartPolicy.Name");
		int64_t count = live_number(container, "inspect.RestartCount", 0);
		if (live_at(container, "inspect.HostConfig.RestartPolicy") == NULL ||
			service_is_job(check->sources, service, NULL))
			continue;
		if (policy == NULL || policy[0] == '\0' || strcmp(policy, "no") == 0)
			check_live_against(check, service, "HostConfig.RestartPolicy.Name is \"%s\": it stays down once it ends",
				policy != NULL ? policy : "");
		else if (live_number(container, "inspect.State.Restarting", 0) == 1)
			check_live_against(check, service, "it is started again and again: RestartCount is %lld", (long long)count);
		else
			check_live_for(check, service, "HostConfig.RestartPolicy.Name is %s, RestartCount %lld", policy, (long long)count);
	}
}

/* ---- 8.6: read-only ---- */

/* A comment within the service's lines that speaks of it. */
static bool has_reason(const struct check *check, const struct service *service)
{
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		const struct yaml_source *source = &check->sources->compose_files.items[i];
		const struct yaml_node *map = compose_written(source), *key = map != NULL ? yaml_key(map, service->name) : NULL;
		if (key == NULL)
			continue;
		/* up to the next service: what stands further left */
		unsigned number = 1;
		for (const char *at = source->text; at != NULL; number++) {
			size_t len = strcspn(at, "\n"), indent = strspn(at, " ");
			auto_free char *line = mem_copy_bytes(at, len);
			bool blank = line[strspn(line, " \t\r")] == '\0', comment = at[indent] == '#';
			if (number > key->line && !blank && !comment && indent + 1 <= key->column)
				break;
			const char *sign = strchr(line, '#');
			if (number + 1 >= key->line && sign != NULL && (strstr(sign, "read_only") != NULL ||
				strstr(sign, "read-only") != NULL || strstr(sign, "readonly") != NULL || strstr(sign, "writable") != NULL))
				return true;
			at = at[len] == '\n' ? at + len + 1 : NULL;
		}
	}
	return false;
}

static void look_at_root(struct check *check, const struct service *service)
{
	auto_free char *value = service_member(service, "read_only");
	unsigned line, base_line;
	const char *file = compose_place(check->sources, service->name, "read_only", &line), *base;
	if (value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "yes") == 0 || strcmp(value, "on") == 0))
		check_for(check, file, line, "%s: the root is read-only", service->name);
	else if ((base = read_only_taken_back(check->sources, service->name, &base_line)) != NULL)
		check_for(check, base, base_line, "%s: the root is read-only, and writable for development alone", service->name);
	else if (has_reason(check, service))
		check_for(check, file, line, "%s: a comment gives the reason why the root is writable", service->name);
	else
		check_against(check, file, line, "%s: the root is writable, and no reason stands beside it", service->name);
}

/* A file of configuration that is mounted and may be changed from within. */
static void look_at_mounts(struct check *check, const struct service *service)
{
	static const char *const names[] = {"*.conf", "*.toml", "*.yaml", "*.yml", "*.ini", "*.cfg", "*.cnf", "*.pem", "*.crt",
		"Caddyfile", "*.properties", NULL};
	const json_t *volumes = compose_member(service->json, "volumes");
	size_t i;
	const json_t *volume;
	EACH_ITEM(volumes, i, volume) {
		const char *source = json_string_value(json_object_get(volume, "source")),
			*type = json_string_value(json_object_get(volume, "type"));
		unsigned line;
		if (source == NULL || !text_equal(type, "bind") || json_is_true(json_object_get(volume, "read_only")) ||
			!name_in(path_name(source), names))
			continue;
		const char *file = compose_place(check->sources, service->name, "volumes", &line);
		check_against(check, file, line, "%s: %s is mounted so that it can be written to; :ro is missing", service->name,
			path_name(source));
	}
}

/* PostgreSQL makes its socket and lock there, and ends where it cannot. */
static void look_at_socket(struct check *check, const struct database *database)
{
	unsigned line;
	if (database->engine != ENGINE_POSTGRES || image_is_bitnami(database->image) || !json_is_true(json_object_get(database->json, "read_only")) ||
		service_covers(database->json, "/var/run/postgresql") || service_covers(database->json, "/run/postgresql"))
		return;
	const char *file = compose_place(check->sources, database->service, "read_only", &line);
	check_against(check, file, line, "the root of %s is read-only, and nothing is mounted at /var/run/postgresql: the server cannot make its socket and does not start",
		database->service);
	check_mend(check, "Give %s a tmpfs at /var/run/postgresql", database->service);
}

static void look_at_sockets(struct check *check)
{
	struct databases databases;
	databases_find(check->sources, &databases);
	for (size_t i = 0; i < databases.count; i++)
		look_at_socket(check, &databases.items[i]);
	databases_finish(&databases);
}

static void judge_read_only(struct check *check)
{
	struct deployed deployed;
	if (!deployed_find(check, &deployed)) {
		unsigned line;
		const char *file = manifest_find(check->sources, "readOnlyRootFilesystem: true", &line);
		if (file != NULL)
			check_for(check, file, line, "the root is read-only");
		return;
	}
	for (size_t i = 0; i < deployed.count; i++) {
		if (deployed.items[i].is_own)
			look_at_root(check, &deployed.items[i]);
		look_at_mounts(check, &deployed.items[i]);
	}
	look_at_sockets(check);
	deployed_finish(&deployed);
}

void read_only_files(struct check *check)
{
	judge_deployed(check, true, judge_read_only);
}

void read_only_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		int64_t kernel = live_number(container, "kernel.root_read_only", -1),
			set = live_number(container, "inspect.HostConfig.ReadonlyRootfs", -1);
		if (!live_is_own(check->sources, container))
			continue;
		if (kernel == 1)
			check_live_for(check, service, "the kernel has its root mounted read-only");
		else if (kernel == 0)
			check_live_against(check, service, "the kernel has its root mounted for writing");
		else if (set == 1)
			check_live_for(check, service, "HostConfig.ReadonlyRootfs is true");
		else if (set == 0)
			check_live_against(check, service, "HostConfig.ReadonlyRootfs is false");
	}
}

/* ---- 8.7: limits ---- */

/* "512M", "1g", "104857600": bytes; 0: none. */
static double bytes_of(const char *text)
{
	char *end;
	double value = text != NULL ? strtod(text, &end) : 0;
	if (text == NULL || end == text)
		return 0;
	switch (tolower((unsigned char)*end)) {
	case 'k':
		return value * 1024;
	case 'm':
		return value * 1048576;
	case 'g':
		return value * 1073741824;
	default:
		return value;
	}
}

/* What PostgreSQL is told to take at once, in bytes: "shared_buffers=2GB", of eight
 * kilobytes each where no unit is said; 0: nobody says it. */
static double shared_buffers(const struct service *service)
{
	auto_free char *command = words_text(compose_member(service->json, "command"));
	const char *found = strstr(command, "shared_buffers=");
	if (found == NULL)
		return 0;
	found += strlen("shared_buffers=");
	bool has_unit = isalpha((unsigned char)found[strspn(found, "0123456789")]);
	return has_unit ? bytes_of(found) : bytes_of(found) * 8192;
}

static void look_at_limits(struct check *check, const struct service *service)
{
	const char *memory_path, *cpu_path;
	auto_free char *memory = service_memory(service, &memory_path), *cpu = service_cpu(service, &cpu_path);
	auto_free char *reserved = service_member(service, "deploy.resources.reservations.memory");
	unsigned line;
	const char *file = compose_place(check->sources, service->name, memory != NULL ? memory_path : cpu != NULL ? cpu_path : "deploy", &line);
	if (memory == NULL && cpu == NULL)
		check_against(check, file, line, "%s has no limit of memory and none of CPU", service->name);
	else if (memory == NULL)
		check_against(check, file, line, "%s has no limit of memory", service->name);
	else if (cpu == NULL)
		check_against(check, file, line, "%s has no limit of CPU", service->name);
	else if (bytes_of(reserved) > bytes_of(memory) && bytes_of(memory) > 0) {
		check_against(check, file, line, "%s reserves more memory than its limit: it is not started", service->name);
		check_mend(check, "Set the reservation of %s below its limit", service->name);
	} else if (shared_buffers(service) >= bytes_of(memory) && bytes_of(memory) > 0 && shared_buffers(service) > 0) {
		check_against(check, file, line, "shared_buffers of %s takes all of its limit of memory: the kernel ends it", service->name);
		check_mend(check, "Set shared_buffers of %s to a quarter of its limit", service->name);
	} else {
		char size[16];
		double bytes = bytes_of(memory);
		format_bytes(bytes > 0 && bytes < 1e18 ? (uint64_t)bytes : 0, size, sizeof size);
		check_for(check, file, line, "%s: memory %s, CPU %s", service->name, bytes > 0 ? size : memory, cpu);
	}
}

static void judge_limits(struct check *check)
{
	struct deployed deployed;
	if (!deployed_find(check, &deployed)) {
		unsigned line;
		const char *file = manifest_find(check->sources, "limits:", &line);
		if (file != NULL)
			check_for(check, file, line, "Kubernetes has a limit for it");
		return;
	}
	for (size_t i = 0; i < deployed.count; i++)
		if (!deployed.items[i].is_job)
			look_at_limits(check, &deployed.items[i]);
	if (check->result->evidence.count == 0)
		check_none(check, check->sources->compose_files.count > 0 ? check->sources->compose_files.items[0].path : NULL,
			"all its services are jobs that end");
	deployed_finish(&deployed);
}

void limits_files(struct check *check)
{
	judge_deployed(check, true, judge_limits);
}

void limits_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		int64_t memory = live_number(container, "inspect.HostConfig.Memory", -1),
			cpus = live_number(container, "inspect.HostConfig.NanoCpus", 0);
		int64_t quota = live_number(container, "inspect.HostConfig.CpuQuota", 0);
		char size[16];
		if (memory < 0 || service_is_job(check->sources, service, NULL))
			continue;
		format_bytes((uint64_t)memory, size, sizeof size);
		if (live_number(container, "inspect.State.OOMKilled", 0) == 1)
			check_live_against(check, service, "State.OOMKilled is true: the limit of %s is too low, or something leaks", size);
		else if (memory == 0 || (cpus <= 0 && quota <= 0))
			check_live_against(check, service, "HostConfig.Memory is %lld, NanoCpus %lld, CpuQuota %lld: 0 is no limit",
				(long long)memory, (long long)cpus, (long long)quota);
		else
			check_live_for(check, service, "HostConfig.Memory is %s, NanoCpus %lld, CpuQuota %lld", size, (long long)cpus,
				(long long)quota);
	}
}
