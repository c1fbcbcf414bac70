/* Topic 2, what a container may do: its root and /tmp, capabilities, limits. All
 * of it is said where it is started: in compose files, in scripts, by what runs. */
#include "security.h"

#include "compose-files.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* Where the program is started by hand: judged where compose does not start it. */
static bool judge_calls(struct check *check, void (*judge)(struct check *check, const struct run_call *call))
{
	struct run_calls calls = {0};
	struct service service;
	bool composed = false;
	for (size_t at = 0; service_next(check->sources, &at, &service);)
		composed = composed || service.is_own;
	if (!composed)
		run_calls_find(check->sources, &calls);
	for (size_t i = 0; i < calls.count; i++)
		judge(check, &calls.items[i]);
	bool any = calls.count > 0;
	run_calls_finish(&calls);
	return any;
}

/* A service of the program as it is shipped; the next from *at on. */
static bool next_shipped(const struct sources *sources, size_t *at, struct service *service)
{
	while (service_next(sources, at, service))
		if (service->is_own && !service->is_development)
			return true;
	return false;
}

static bool mounts_tmpfs(const json_t *service, const char *target)
{
	size_t i, len = strlen(target);
	json_t *item;
	const json_t *tmpfs = json_object_get(service, "tmpfs");
	const char *alone = json_string_value(tmpfs);
	if (alone != NULL && strncmp(alone, target, len) == 0 && (alone[len] == '\0' || alone[len] == ':'))
		return true;
	json_array_foreach((json_t *)(uintptr_t)tmpfs, i, item) {
		const char *text = json_string_value(item);
		if (text != NULL && strncmp(text, target, len) == 0 && (text[len] == '\0' || text[len] == ':'))
			return true;
	}
	json_array_foreach((json_t *)(uintptr_t)json_object_get(service, "volumes"), i, item)
		if (text_equal(json_string_value(json_object_get(item, "type")), "tmpfs") &&
			text_equal(json_string_value(json_object_get(item, "target")), target))
			return true;
	return false;
}

/* ---- 2.3 the root ---- */

static void call_read_only(struct check *check, const struct run_call *call)
{
	if (run_call_option(call, "--read-only", NULL) != NULL)
		check_for(check, call->file, call->line, "docker run has --read-only");
	else
		check_against(check, call->file, call->line, "docker run starts it without --read-only");
}

static void judge_read_only(struct check *check)
{
	struct service service;
	if (judge_calls(check, call_read_only) || !has_own_service(check))
		return;
	for (size_t at = 0; next_shipped(check->sources, &at, &service);) {
		unsigned line, base_line = 0;
		const char *file = compose_place(check->sources, service.name, "read_only", &line);
		const json_t *value = json_object_get(service.json, "read_only");
		const char *base = json_is_true(value) ? NULL : read_only_taken_back(check->sources, service.name, &base_line);
		if (json_is_true(value))
			check_for(check, file, line, "the service %s has read_only: true", service.name);
		else if (base != NULL)
			check_for(check, base, base_line, "the service %s has read_only: true; only the file for development takes it back", service.name);
		else
			check_against(check, file, line, "the service %s may write to the root of its container", service.name);
	}
}

void check_read_only(struct check *check)
{
	judge_deployed(check, true, judge_read_only);
}

void live_read_only(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		int64_t mounted = live_number(container, "kernel.root_read_only", -1),
			said = live_number(container, "inspect.HostConfig.ReadonlyRootfs", -1);
		if (!live_is_own(check->sources, container))
			continue;
		if (mounted == 1)
			check_live_for(check, service, "the kernel has / mounted read-only");
		else if (mounted == 0)
			check_live_against(check, service, "the kernel has / mounted for writing");
		else if (said == 1)
			check_live_for(check, service, "HostConfig.ReadonlyRootfs is true");
		else if (said == 0)
			check_live_against(check, service, "HostConfig.ReadonlyRootfs is false");
	}
}

/* ---- 2.4 tmpfs ---- */

/* Where the service says that temporary files go; the caller frees. */
static char *temporary_folder(const json_t *service)
{
	const char *said = json_string_value(compose_member(service, "environment.TMPDIR"));
	return mem_copy_string(said != NULL && said[0] == '/' ? said : "/tmp");
}

/* Docker mounts every tmpfs noexec; `exec` takes that back. "/tmp:exec,size=64m"; NULL: none says so. */
static const char *runnable_tmpfs(const json_t *service)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)(uintptr_t)json_object_get(service, "tmpfs"), i, item) {
		const char *text = json_string_value(item), *options = text != NULL ? strchr(text, ':') : NULL;
		auto_strings words = {0};
		strings_split(&words, options != NULL ? options + 1 : "", ',');
		if (strings_have(&words, "exec"))
			return text;
	}
	return NULL;
}

static void call_tmpfs(struct check *check, const struct run_call *call)
{
	if (run_call_option(call, "--tmpfs", "/tmp") != NULL || run_call_option(call, "--mount", "type=tmpfs") != NULL)
		check_for(check, call->file, call->line, "docker run mounts a tmpfs");
	else
		check_against(check, call->file, call->line, "docker run starts it without --tmpfs /tmp");
}

static void judge_tmpfs(struct check *check)
{
	struct service service;
	if (judge_calls(check, call_tmpfs) || !has_own_service(check))
		return;
	for (size_t at = 0; next_shipped(check->sources, &at, &service);) {
		unsigned line;
		auto_free char *folder = temporary_folder(service.json);
		bool is_read_only = json_is_true(json_object_get(service.json, "read_only"));
		bool is_there = mounts_tmpfs(service.json, folder) || mounts_tmpfs(service.json, "/tmp");
		bool is_short = json_object_get(service.json, "tmpfs") != NULL;
		const char *file = compose_place(check->sources, service.name, is_short || !is_there ? "tmpfs" : "volumes", &line);
		const char *runnable = is_read_only ? runnable_tmpfs(service.json) : NULL;
		if (runnable != NULL) {
			check_against(check, file, line, "the root of %s is read-only, and %s lets whoever gets in run what he brings along: exec", service.name, runnable);
			check_mend(check, "Leave exec out: a tmpfs is noexec by itself");
		} else if (is_there) {
			check_for(check, file, line, "the service %s has a tmpfs at %s", service.name, folder);
		} else if (is_read_only) {
			check_against(check, file, line, "the root of %s is read-only and nothing is mounted at %s: temporary files fail",
				service.name, folder);
			if (!is_short)
				compose_edit_add(check, service.name, "tmpfs: [\"/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777\"]");
		} else {
			check_against(check, file, line, "temporary files of %s go to the layer of its container: no tmpfs at %s", service.name, folder);
		}
	}
}

void check_tmpfs(struct check *check)
{
	judge_deployed(check, true, judge_tmpfs);
}

void live_tmpfs(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *mount;
		bool found = json_object_get(live_at(container, "inspect.HostConfig.Tmpfs"), "/tmp") != NULL;
		if (!live_is_own(check->sources, container) || live_at(container, "inspect.HostConfig") == NULL)
			continue;
		json_array_foreach((json_t *)(uintptr_t)live_at(container, "inspect.Mounts"), i, mount)
			found = found || (text_equal(json_string_value(json_object_get(mount, "Type")), "tmpfs"));
		if (found)
			check_live_for(check, live_service(container), "HostConfig.Tmpfs or Mounts show a tmpfs");
		else
			check_live_against(check, live_service(container), "neither HostConfig.Tmpfs nor Mounts show a tmpfs at /tmp");
	}
}

/* ---- 2.5 capabilities ---- */

static const char *bare_capability(const char *name)
{
	return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

static bool list_has(const struct yaml_node *list, const char *name)
{
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->items.count; i++) {
		const char *text = yaml_text(list->items.items[i]);
		if (text != NULL && strcasecmp(bare_capability(text), name) == 0)
			return true;
	}
	return false;
}

/* Lists are added up: the last file that names this one, not the last that has a list. */
static const char *list_place(const struct sources *sources, const char *service, const char *member, const char *name, unsigned *line)
{
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *services = compose_written(source);
		const struct yaml_node *node = services != NULL ? yaml_get(services, service) : NULL;
		if (node == NULL || !list_has(yaml_get(node, member), bare_capability(name)))
			continue;
		*line = yaml_key(node, member)->line;
		return source->path;
	}
	return compose_place(sources, service, member, line);
}

/* Those with which a container can be left, or the machine be changed. */
static bool is_dangerous(const char *name)
{
	static const char *const names[] = {"ALL", "SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN", "DAC_READ_SEARCH", "SYS_MODULE", "BPF",
		"SYS_RAWIO", "SYS_BOOT", "MAC_ADMIN", "MAC_OVERRIDE", "PERFMON", "SYSLOG", "SYS_TIME"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcasecmp(bare_capability(name), names[i]) == 0)
			return true;
	return false;
}

/* A program that makes tunnels or loads BPF cannot do without. */
static bool is_needed(const struct sources *sources, const char *name)
{
	static const char *const net[] = {"tun", "tun2", "tun-tap", "tokio-tun", "rtnetlink", "netlink-packet-route", "defguard_wireguard_rs",
		"boringtun", "wireguard-uapi", "nftables", "nftnl", "pnet", "smoltcp", "aya", "libbpf-rs", "neli", "iptables", NULL};
	static const char *const bpf[] = {"aya", "libbpf-rs", "redbpf", NULL};
	static const char *const trace[] = {"nix-ptrace", "pete", "aya", "libbpf-rs", "procfs", NULL};
	const char *bare = bare_capability(name);
	if (strcasecmp(bare, "NET_ADMIN") == 0)
		return rust_has_any(&sources->rust, net, NULL);
	if (strcasecmp(bare, "BPF") == 0 || strcasecmp(bare, "PERFMON") == 0)
		return rust_has_any(&sources->rust, bpf, NULL);
	return strcasecmp(bare, "SYS_PTRACE") == 0 && rust_has_any(&sources->rust, trace, NULL);
}

static bool drops_all(const json_t *names)
{
	size_t i;
	json_t *name;
	json_array_foreach((json_t *)(uintptr_t)names, i, name) {
		const char *text = json_string_value(name);
		if (text != NULL && strcasecmp(bare_capability(text), "ALL") == 0)
			return true;
	}
	return false;
}

static const char *unconfined_in(const json_t *options)
{
	size_t i;
	json_t *option;
	json_array_foreach((json_t *)(uintptr_t)options, i, option) {
		const char *text = json_string_value(option);
		bool off = text != NULL && text_ends_with(text, "unconfined");
		if (off && (text_starts_with(text, "seccomp") || text_starts_with(text, "apparmor")))
			return text;
	}
	return NULL;
}

/* Nothing changes for a program that is no root and has no capability of its file. */
static bool may_drop_safely(const struct service *service)
{
	unsigned line;
	if (service->shipped == NULL || !compose_is_built(service->json) || json_object_get(service->json, "cap_add") != NULL)
		return false;
	const struct dockerfile *file = &service->shipped->source->file;
	auto_free char *user = shipped_user(service->shipped, &line);
	const char *said = json_string_value(json_object_get(service->json, "user"));
	const char *in_force = said != NULL ? said : user;
	for (size_t i = 0; i < file->lines.count; i++)
		if (strstr(file->lines.items[i].raw, "setcap") != NULL || strstr(file->lines.items[i].raw, "sudo") != NULL)
			return false;
	return in_force != NULL && strchr(in_force, '$') == NULL && !user_is_root(in_force);
}

static void look_at_adds(struct check *check, const struct service *service)
{
	size_t i;
	json_t *name;
	json_array_foreach((json_t *)(uintptr_t)json_object_get(service->json, "cap_add"), i, name) {
		const char *text = json_string_value(name);
		if (text == NULL)
			continue;
		unsigned line;
		const char *file = list_place(check->sources, service->name, "cap_add", text, &line);
		bool is_traced = service->is_development && strcasecmp(bare_capability(text), "SYS_PTRACE") == 0;
		bool is_allowed = is_traced || (service->is_own && is_needed(check->sources, text));
		if (is_dangerous(text) && !is_allowed && !has_against(check))
			check_mend(check, "Take %s out of cap_add of %s, and drop all others: cap_drop: [ALL]", text, service->name);
		if (is_dangerous(text) && !is_allowed)
			check_against(check, file, line, "the service %s gets the capability %s", service->name, text);
		else
			check_for(check, file, line, "of capabilities the service %s gets %s by name", service->name, text);
	}
}

static void look_at_rights(struct check *check, const struct service *service)
{
	unsigned line;
	const struct sources *sources = check->sources;
	const char *file = compose_place(sources, service->name, "security_opt", &line);
	const char *unconfined = unconfined_in(json_object_get(service->json, "security_opt"));
	if (unconfined != NULL && !service->is_development) {
		if (!has_against(check))
			check_mend(check, "Take %s out of security_opt of %s: the profile that it switches off guards the kernel", unconfined, service->name);
		check_against(check, file, line, "the service %s runs with %s", service->name, unconfined);
	}
	look_at_adds(check, service);
	if (json_is_true(json_object_get(service->json, "privileged"))) {
		file = compose_place(sources, service->name, "privileged", &line);
		check_mend(check, "Take privileged: true away from %s; give it by cap_add and devices what it cannot do without", service->name);
		check_against(check, file, line, "the service %s is privileged: it has all capabilities and the devices of this machine", service->name);
		return;
	}
	file = list_place(sources, service->name, "cap_drop", "ALL", &line);
	if (drops_all(json_object_get(service->json, "cap_drop"))) {
		check_for(check, file, line, "the service %s drops all capabilities", service->name);
	} else if (!service->is_development) {
		if (json_array_size(json_object_get(service->json, "cap_drop")) > 0)
			check_against(check, file, line, "the service %s drops some capabilities and keeps the rest", service->name);
		else
			check_against(check, file, line, "the service %s keeps all capabilities that Docker gives", service->name);
		if (may_drop_safely(service))
			compose_edit_add(check, service->name, "cap_drop: [ALL]");
	}
}

static void call_capabilities(struct check *check, const struct run_call *call)
{
	static const char *const drops[] = {"ALL", "all"};
	bool drops_them = false;
	for (size_t i = 0; i < COUNT_OF(drops); i++)
		drops_them = drops_them || run_call_option(call, "--cap-drop", drops[i]) != NULL;
	const char *added = run_call_option(call, "--cap-add", NULL);
	if (run_call_option(call, "--privileged", NULL) != NULL)
		check_against(check, call->file, call->line, "docker run starts it with --privileged");
	else if (added != NULL && is_dangerous(added) && !is_needed(check->sources, added))
		check_against(check, call->file, call->line, "docker run gives it the capability %s", added);
	else if (drops_them)
		check_for(check, call->file, call->line, "docker run has --cap-drop ALL");
	else
		check_against(check, call->file, call->line, "docker run starts it without --cap-drop ALL");
}

static void judge_capabilities(struct check *check)
{
	struct service service;
	if (judge_calls(check, call_capabilities))
		return;
	bool is_run = has_own_service(check);
	for (size_t at = 0; service_next(check->sources, &at, &service);) {
		bool is_privileged = json_is_true(json_object_get(service.json, "privileged"));
		bool adds = json_array_size(json_object_get(service.json, "cap_add")) > 0;
		if (is_run || is_privileged || adds)
			look_at_rights(check, &service);
	}
}

void check_capabilities(struct check *check)
{
	judge_deployed(check, true, judge_capabilities);
}

void live_capabilities(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *effective = live_text(container, "kernel.cap_eff");
		bool is_shut = live_number(container, "kernel.cap_eff", -1) == 0 && live_number(container, "kernel.no_new_privs", 0) == 1;
		const json_t *added = live_at(container, "inspect.HostConfig.CapAdd");
		size_t i;
		json_t *name;
		if (!live_is_own(check->sources, container) || live_at(container, "inspect.HostConfig") == NULL)
			continue;
		if (live_number(container, "inspect.HostConfig.Privileged", 0) == 1) {
			check_live_against(check, service, "HostConfig.Privileged is true");
			continue;
		}
		json_array_foreach((json_t *)(uintptr_t)added, i, name) {
			const char *text = json_string_value(name);
			if (text != NULL && is_dangerous(text) && !is_needed(check->sources, text))
				check_live_against(check, service, "CapAdd has %s", text);
		}
		if (drops_all(live_at(container, "inspect.HostConfig.CapDrop")))
			check_live_for(check, service, "CapDrop has ALL; effective: %s", effective != NULL ? effective : "?");
		else if (is_shut)
			check_live_for(check, service, "no capability is effective, and NoNewPrivs is 1: none can be had");
		else
			check_live_against(check, service, "CapDrop has not ALL; effective: %s", effective != NULL ? effective : "?");
	}
}

/* ---- 2.6 limits ---- */

static void look_at_limits(struct check *check, const struct service *service)
{
	const char *memory_path, *cpu_path;
	auto_free char *memory = service_memory(service, &memory_path), *cpus = service_cpu(service, &cpu_path);
	unsigned line;
	const char *file = compose_place(check->sources, service->name, memory != NULL ? memory_path : cpus != NULL ? cpu_path : "deploy.resources.limits", &line);
	if (memory != NULL && cpus != NULL)
		check_for(check, file, line, "memory and CPU of the service %s are limited", service->name);
	else if (memory != NULL)
		check_against(check, file, line, "the memory of the service %s is limited, its CPU is not", service->name);
	else if (cpus != NULL)
		check_against(check, file, line, "the CPU of the service %s is limited, its memory is not", service->name);
	else
		check_against(check, file, line, "neither memory nor CPU of the service %s is limited", service->name);
}

static void call_limits(struct check *check, const struct run_call *call)
{
	bool memory = run_call_option(call, "--memory", NULL) != NULL || run_call_option(call, "-m", NULL) != NULL;
	bool cpus = run_call_option(call, "--cpus", NULL) != NULL || run_call_option(call, "--cpu-quota", NULL) != NULL;
	if (memory && cpus)
		check_for(check, call->file, call->line, "docker run has --memory and --cpus");
	else if (memory)
		check_against(check, call->file, call->line, "docker run has --memory and no --cpus");
	else if (cpus)
		check_against(check, call->file, call->line, "docker run has --cpus and no --memory");
	else
		check_against(check, call->file, call->line, "docker run starts it without --memory and --cpus");
}

/* Compose refuses pids_limit beside limits of deploy, and then merges nothing. */
static bool is_refused_for_pids(struct check *check)
{
	bool found = false;
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		const struct yaml_source *source = &check->sources->compose_files.items[i];
		const struct yaml_node *services = compose_written(source);
		for (size_t j = 0; services != NULL && j < services->items.count; j++) {
			const struct yaml_node *service = services->items.items[j], *limits = yaml_at(service, "deploy.resources.limits");
			const struct yaml_node *pids = yaml_key(service, "pids_limit"), *same = yaml_get(limits, "pids");
			if (pids == NULL || limits == NULL || (same != NULL && text_equal(yaml_text(same), yaml_text(yaml_get(service, "pids_limit")))))
				continue;
			check_against(check, source->path, pids->line, "compose refuses pids_limit beside deploy.resources.limits");
			check_mend(check, "Say it once: pids among deploy.resources.limits, without pids_limit");
			found = true;
		}
	}
	return found;
}

static void judge_limits(struct check *check)
{
	struct service service;
	if (check->sources->options->compose_json == NULL && is_refused_for_pids(check))
		return;
	if (judge_calls(check, call_limits) || !has_own_service(check))
		return;
	for (size_t at = 0; next_shipped(check->sources, &at, &service);)
		if (!service.is_job)
			look_at_limits(check, &service);
	check_none(check, main_place(check->sources), "only jobs that end by themselves are started");
}

void check_limits(struct check *check)
{
	judge_deployed(check, true, judge_limits);
}

void live_limits(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container);
		long long memory = live_number(container, "inspect.HostConfig.Memory", 0),
			cpus = live_number(container, "inspect.HostConfig.NanoCpus", 0);
		long long quota = live_number(container, "inspect.HostConfig.CpuQuota", 0);
		if (!live_is_own(check->sources, container) || live_at(container, "inspect.HostConfig") == NULL)
			continue;
		if (memory > 0 && (cpus > 0 || quota > 0))
			check_live_for(check, service, "Memory is %lld, NanoCpus is %lld, CpuQuota is %lld", memory, cpus, quota);
		else
			check_live_against(check, service, "Memory is %lld, NanoCpus is %lld, CpuQuota is %lld: 0 is no limit", memory, cpus, quota);
	}
}
