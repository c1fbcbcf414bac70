/* What the lines of a Dockerfile make of an image: its folder, what is copied
 * where, which stage compiles. */
#include "project.h"

#include <stdio.h>

enum { PATH_LIMIT = 4096 };

bool service_dockerfile(const struct compose_service *service, struct dockerfile *file, struct fault *fault)
{
	*file = (struct dockerfile){0};
	if (!service->has_build)
		return fault_set(fault, FAULT_INPUT, "%s has no build section", service->name);
	size_t len = service->dockerfile_inline != NULL ? strlen(service->dockerfile_inline) : 0;
	auto_free char *text = service->dockerfile_inline != NULL ? mem_copy_string(service->dockerfile_inline)
		: service->dockerfile != NULL ? file_read(service->dockerfile, FILE_LIMIT, &len, fault) : NULL;
	if (text == NULL)
		return service->dockerfile != NULL ? false : fault_set(fault, FAULT_INPUT, "%s has no build context here", service->name);
	if (dockerfile_read(text, len, &service->build_args, file, fault))
		return true;
	dockerfile_finish(file);
	return fault_add(fault, "%s", service->dockerfile_inline == NULL ? service->dockerfile : "dockerfile_inline");
}

int dockerfile_last(const struct dockerfile *file, int stage, const char *word)
{
	for (int depth = 0; stage >= 0 && depth < STAGE_DEPTH_LIMIT; depth++) {
		for (size_t i = file->lines.count; i-- > 0;)
			if (file->lines.items[i].stage == stage && strcmp(file->lines.items[i].word, word) == 0)
				return (int)i;
		stage = file->stages.items[stage].base_stage;
	}
	return -1;
}

static void workdir_into(const struct dockerfile *file, int stage, size_t until, struct str *out, int depth)
{
	if (stage < 0 || depth > STAGE_DEPTH_LIMIT)
		return;
	const struct docker_stage *own = &file->stages.items[stage];
	if (own->base_stage >= 0)
		workdir_into(file, own->base_stage, file->lines.count, out, depth + 1);
	for (size_t i = own->from; i < until && i < file->lines.count && file->lines.items[i].stage == stage; i++) {
		if (strcmp(file->lines.items[i].word, "WORKDIR") != 0)
			continue;
		auto_free char *value = dockerfile_expand(file, i, file->lines.items[i].rest);
		auto_free char *joined = path_join(out->len > 0 ? out->data : "/", value);
		str_clear(out);
		str_add_bytes(out, joined, strnlen(joined, PATH_LIMIT));
	}
}

static char *workdir_of(const struct dockerfile *file, int stage, size_t until)
{
	auto_str out = {0};
	workdir_into(file, stage, until, &out, 0);
	return path_clean(out.len > 0 ? out.data : "/");
}

char *dockerfile_workdir(const struct dockerfile *file, size_t at)
{
	return workdir_of(file, at < file->lines.count ? file->lines.items[at].stage : (int)file->stages.count - 1, at);
}

char *stage_workdir(const struct dockerfile *file, int stage)
{
	return workdir_of(file, stage, file->lines.count);
}

const char *stage_root_base(const struct dockerfile *file, int stage)
{
	for (int depth = 0; depth < STAGE_DEPTH_LIMIT && file->stages.items[stage].base_stage >= 0; depth++)
		stage = file->stages.items[stage].base_stage;
	return file->stages.items[stage].base;
}

/* Does `mkdir` of that RUN line make the folder, or one below it? */
static bool run_makes(const struct dockerfile *file, size_t index, const char *path)
{
	struct shell_commands commands = {0};
	bool makes = false;
	if (strstr(file->lines.items[index].raw, "mkdir") == NULL)
		return false;
	auto_free char *body = run_body(file, index);
	auto_free char *workdir = dockerfile_workdir(file, index);
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		for (size_t j = at + 1; at < words->count && strcmp(words->items[at], "mkdir") == 0 && j < words->count; j++) {
			auto_free char *joined = path_join(workdir, words->items[j]);
			auto_free char *clean = path_clean(joined);
			makes = makes || path_is_below(clean, path);
		}
	}
	shell_commands_finish(&commands);
	return makes;
}

/* Is that path a folder before the line runs? A file copied to it lands inside
 * then, slash or not. */
static bool is_folder(const struct dockerfile *file, size_t index, const char *path)
{
	static const char *const usual[] = {"/", "/bin", "/sbin", "/etc", "/home", "/lib", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib",
		"/usr/sbin", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/share", "/var", "/var/lib", "/usr/local/cargo/bin"};
	int stage = file->lines.items[index].stage;
	const char *base = stage_root_base(file, stage);
	bool bare = strcmp(base, "scratch") == 0 || strstr(base, "distroless") != NULL;
	for (size_t i = 0; !bare && i < COUNT_OF(usual); i++)
		if (strcmp(path, usual[i]) == 0)
			return true;
	for (int depth = 0; stage >= 0 && depth < STAGE_DEPTH_LIMIT; depth++, stage = file->stages.items[stage].base_stage) {
		for (size_t i = file->stages.items[stage].from; i < file->lines.count && file->lines.items[i].stage == stage && i < index; i++) {
			auto_free char *workdir = strcmp(file->lines.items[i].word, "WORKDIR") == 0 ? workdir_of(file, stage, i + 1) : NULL;
			if (workdir != NULL ? path_is_below(workdir, path) : strcmp(file->lines.items[i].word, "RUN") == 0 && run_makes(file, i, path))
				return true;
		}
	}
	return false;
}

bool copy_line_read(const struct dockerfile *file, size_t index, struct copy_line *out)
{
	const struct docker_line *line = &file->lines.items[index];
	*out = (struct copy_line){.from_stage = -1, .line = index};
	if (line->stage < 0 || (strcmp(line->word, "COPY") != 0 && strcmp(line->word, "ADD") != 0) || line->heredoc != NULL)
		return false; /* one before the first FROM copies into nothing */
	auto_free char *from = flag_value(line->rest, "from");
	if (from != NULL) {
		out->from = dockerfile_expand(file, index, from);
		out->from_stage = dockerfile_stage(file, out->from[0] != '\0' ? out->from : "-");
		if (out->from_stage >= line->stage)
			out->from_stage = -1;
	}
	auto_free char *expanded = dockerfile_expand(file, index, after_flags(line->rest));
	bool json;
	dockerfile_words(expanded, &out->sources, &json);
	if (out->sources.count < 2) {
		copy_line_finish(out);
		return false;
	}
	auto_free char *to = out->sources.items[--out->sources.count];
	auto_free char *workdir = dockerfile_workdir(file, index);
	auto_free char *joined = path_join(workdir, to);
	auto_free char *clean = path_clean(joined);
	bool folder = text_ends_with(to, "/") || strcmp(to, ".") == 0 || text_ends_with(to, "/.") || out->sources.count > 1 || is_folder(file, index, clean);
	out->to = folder && strcmp(clean, "/") != 0 ? mem_print("%s/", clean) : steal(&clean);
	return true;
}

void copy_line_finish(struct copy_line *copy)
{
	free(copy->from);
	free(copy->to);
	strings_finish(&copy->sources);
	*copy = (struct copy_line){.from_stage = -1};
}

char *copy_line_target(const struct copy_line *copy, size_t i)
{
	auto_free char *source = path_clean(copy->sources.items[i]);
	return text_ends_with(copy->to, "/") ? path_join(copy->to, path_name(source)) : mem_copy_string(copy->to);
}

/* Do RUN lines of this stage hold a call of cargo that `judge` says yes to? */
static bool stage_calls(const struct dockerfile *file, int stage, bool (*judge)(const struct cargo_call *call))
{
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		if (file->lines.items[i].stage != stage || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, i);
		run_find_cargo(body, &calls);
		for (size_t j = 0; j < calls.count; j++)
			found = found || judge(&calls.items[j]);
		cargo_calls_finish(&calls);
	}
	return found;
}

bool stage_compiles(const struct dockerfile *file, int stage, bool chain)
{
	for (int depth = 0; stage >= 0 && depth < STAGE_DEPTH_LIMIT; depth++) {
		if (stage_calls(file, stage, cargo_call_makes_programs))
			return true;
		stage = chain ? file->stages.items[stage].base_stage : -1;
	}
	return false;
}

bool stage_plans(const struct dockerfile *file, int stage)
{
	return stage >= 0 && stage_calls(file, stage, cargo_call_needs_sources) && !stage_compiles(file, stage, true);
}
