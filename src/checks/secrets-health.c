/* Topic 3, health checks: of the image and of its services, and whether the probe
 * can work in what the image holds. */
#include "secrets.h"

#include "compose-files.h"
#include "probes.h"

/* ---- 3.6 is the probe's tool there? ---- */

static bool is_tool_of_base(const struct shipped *shipped, const char *tool)
{
	struct image_name name;
	if (base_is_bare(shipped))
		return false;
	image_name_read(shipped_base(shipped), &name);
	const char *last = path_name(name.name);
	bool is_curl = strcmp(tool, "curl") == 0, found = true;
	bool is_alpine = text_equal(name.suite, "alpine") || strcmp(last, "alpine") == 0;
	bool is_slim = name.tag != NULL && strstr(name.tag, "slim") != NULL;
	if (is_alpine || strcmp(last, "busybox") == 0)
		found = !is_curl; /* busybox has wget and nc */
	else if (strcmp(last, "debian") == 0 || strcmp(last, "ubuntu") == 0 || (strcmp(last, "rust") == 0 && is_slim))
		found = false;
	image_name_finish(&name);
	return found;
}

static bool words_have(const struct strings *words, const char *tool)
{
	size_t len = strlen(tool);
	for (size_t i = 0; i < words->count; i++)
		if (strncmp(words->items[i], tool, len) == 0 && (words->items[i][len] == '\0' || words->items[i][len] == '='))
			return true;
	return false;
}

/* Does an earlier line of the image bring it? */
static bool is_tool_brought(const struct shipped *shipped, const char *tool)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, shipped->stage, i))
			continue;
		if (strcmp(file->lines.items[i].word, "RUN") == 0) {
			struct shell_commands commands = {0};
			auto_free char *body = run_body(file, i);
			shell_split(body, &commands);
			for (size_t j = 0; j < commands.count && !found; j++)
				found = words_have(&commands.items[j].words, tool);
			shell_commands_finish(&commands);
		} else if (copy_line_read(file, i, &copy)) {
			bool is_root = copy.from != NULL && copy.sources.count == 1 && strcmp(copy.sources.items[0], "/") == 0;
			for (size_t j = 0; j < copy.sources.count && !found; j++) {
				auto_free char *target = copy_line_target(&copy, j);
				found = is_root || strcmp(path_name(copy.sources.items[j]), tool) == 0 || strcmp(path_name(target), tool) == 0 ||
					(strcmp(path_name(copy.sources.items[j]), "busybox") == 0 && strcmp(tool, "curl") != 0) ||
					strcmp(copy.sources.items[j], "/bin") == 0 || strcmp(copy.sources.items[j], "/usr/bin") == 0;
			}
			copy_line_finish(&copy);
		}
	}
	return found;
}

static bool has_tool(const struct shipped *shipped, const char *tool)
{
	return is_tool_of_base(shipped, tool) || is_tool_brought(shipped, tool);
}

/* A tool of the probe that is not in the image, where no other of it is; NULL: it can work. */
static const char *lacking_tool(const struct shipped *shipped, const struct strings *words, bool is_shell_text)
{
	static const char *const tools[] = {"curl", "wget", "nc"};
	const char *lacking = NULL;
	struct shell_commands commands = {0};
	auto_free char *joined = strings_join(words, " ", " ");
	shell_split(joined, &commands);
	for (size_t i = 0; i < commands.count && (i == 0 || is_shell_text); i++) {
		const struct strings *each = &commands.items[i].words;
		size_t at = command_at(each);
		for (size_t j = 0; at < each->count && j < COUNT_OF(tools); j++) {
			if (strcmp(path_name(each->items[at]), tools[j]) != 0)
				continue;
			if (has_tool(shipped, tools[j])) {
				shell_commands_finish(&commands);
				return NULL;
			}
			lacking = tools[j];
		}
	}
	shell_commands_finish(&commands);
	return lacking;
}

static bool lacks_shell(const struct shipped *shipped)
{
	return base_is_bare(shipped) && !is_tool_brought(shipped, "sh") && !is_tool_brought(shipped, "busybox");
}

/* ---- 3.6 health checks ---- */

static void say_probe(struct check *check, const struct shipped *shipped, const struct probe *probe)
{
	const struct strings *words = &probe->words;
	const char *lacking = lacking_tool(shipped, words, probe->is_shell), *file = probe->file;
	bool calls_shell = probe->is_shell || (words->count > 0 && is_shell(words->items[0]));
	if (!has_against(check) && calls_shell && lacks_shell(shipped))
		check_mend(check, "Write the probe as a JSON array that calls the program itself: [\"CMD\", \"/usr/local/bin/NAME\", \"healthcheck\"]");
	else if (!has_against(check) && lacking != NULL)
		check_mend(check, "Install %s in the final stage, or let the probe call the program itself (a subcommand healthcheck)", lacking);
	if (calls_shell && lacks_shell(shipped))
		check_against(check, file, probe->line, "the probe needs a shell, and the image has none");
	else if (lacking != NULL)
		check_against(check, file, probe->line, "the probe calls %s, which the image has not: it is unhealthy for ever", lacking);
	else
		check_for(check, file, probe->line, "a health check is set");
}

/* Probes of the services of this image. The number of services that have one. */
static unsigned look_at_probes(struct check *check, const struct shipped *shipped, unsigned *without)
{
	struct service service;
	unsigned found = 0;
	*without = 0;
	for (size_t at = 0; service_next(check->sources, &at, &service);) {
		auto_probe probe = {0};
		if (!shipped_is_same(service.shipped, shipped) || service.is_job)
			continue;
		if (!probe_of_service(check->sources, service.name, service.json, &probe) || probe.is_off || probe.words.count == 0) {
			(*without)++;
			continue;
		}
		found++;
		say_probe(check, shipped, &probe);
	}
	return found;
}

static bool look_at_healthcheck(struct check *check, const struct shipped *shipped)
{
	auto_probe probe = {0};
	if (!probe_of_image(shipped, &probe) || probe.is_off)
		return false;
	say_probe(check, shipped, &probe);
	return true;
}

/* One that nobody calls, beside another one of the program that is called. */
static bool is_worker(const struct sources *sources, const struct shipped *shipped)
{
	struct service service;
	bool is_run = false, is_called = false, others = false;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		bool same = shipped_is_same(service.shipped, shipped);
		is_run = is_run || same;
		is_called = is_called || (same && service_has_ports(service.json));
		others = others || (!same && service.is_own && service_has_ports(service.json));
	}
	return is_run && !is_called && others && dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE") < 0;
}

static bool publishes_ports(const struct sources *sources, const struct shipped *shipped)
{
	struct service service;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (shipped_is_same(service.shipped, shipped) && json_array_size(json_object_get(service.json, "ports")) > 0)
			return true;
	return false;
}

static void look_at_health(struct check *check, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	unsigned without;
	int index = dockerfile_last(file, shipped->stage, "HEALTHCHECK");
	unsigned probed = look_at_probes(check, shipped, &without);
	if (index >= 0 && (probed == 0 || without > 0) && look_at_healthcheck(check, shipped))
		return;
	if (probed > 0 && without == 0)
		return;
	if (index >= 0)
		check_against(check, shipped->source->path, file->lines.items[index].first, "HEALTHCHECK NONE: no health check is left");
	else if (!is_worker(check->sources, shipped) && (serves_network(check->sources) || publishes_ports(check->sources, shipped)))
		check_against(check, shipped->source->path, shipped_line(shipped), "the final stage has no HEALTHCHECK");
	else
		check_none(check, shipped->source->path, "the program serves no port");
}

static void judge_health(struct check *check)
{
	const struct shipped *shipped;
	if (!has_own_image(check->sources)) {
		own_image_none(check);
		return;
	}
	for (size_t at = 0; (shipped = own_image(check->sources, &at)) != NULL;)
		look_at_health(check, shipped);
}

void check_health(struct check *check)
{
	judge_deployed(check, false, judge_health);
}

/* The engine that is too old for a member passes over it: the first probes come late. */
static void look_at_start_interval(struct check *check, const json_t *container)
{
	const char *version = json_string_value(json_object_get(json_object_get(check->sources->live, "engine"), "Version"));
	int major = version != NULL ? atoi(version) : 0, index = -1;
	for (size_t i = 0; i < check->sources->shipped.count && major > 0 && major < 25; i++) {
		const struct shipped *shipped = &check->sources->shipped.items[i];
		index = dockerfile_last(&shipped->source->file, shipped->stage, "HEALTHCHECK");
		if (index >= 0 && strstr(shipped->source->file.lines.items[index].rest, "--start-interval") != NULL)
			check_live_against(check, live_service(container), "--start-interval needs Engine 25, and this one is %s: it is passed over", version);
	}
}

void live_health(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *status = live_text(container, "inspect.State.Health.Status");
		const json_t *log = live_at(container, "inspect.State.Health.Log");
		const json_t *last = json_array_size(log) > 0 ? json_array_get(log, json_array_size(log) - 1) : NULL;
		const char *said = json_string_value(json_object_get(last, "Output"));
		if (!live_is_own(check->sources, container) || live_at(container, "inspect.State") == NULL)
			continue;
		look_at_start_interval(check, container);
		if (live_number(container, "inspect.State.Running", 1) == 0)
			continue; /* its last status says nothing of it any more */
		bool serves = json_array_size(live_at(container, "kernel.listens")) > 0;
		if (text_equal(status, "healthy"))
			check_live_for(check, service, "State.Health.Status is healthy");
		else if (text_equal(status, "unhealthy"))
			check_live_against(check, service, "State.Health.Status is unhealthy; the last probe said: %s", said != NULL ? said : "");
		else if ((status == NULL || text_equal(status, "none")) && serves)
			check_live_against(check, service, "it listens on a port and has no Config.Healthcheck");
	}
}
