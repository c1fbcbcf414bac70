/* Two renderings of a project's own Dockerfile: the builder (the stage that
 * compiles, without sources and without compiling) and a service's image (the
 * final stage, the launcher standing where the program was copied to). Every
 * line that is understood to be needed stays as it was written; stages are
 * written as they are found to be needed and keep their order. */
#include "render.h"

#include <ctype.h>
#include <stdio.h>

void rendering_finish(struct rendering *rendering)
{
	free(rendering->text);
	free(rendering->ignore);
	free(rendering->fallback);
	free(rendering->base);
	strings_finish(&rendering->left_out);
	strings_finish(&rendering->sources);
	*rendering = (struct rendering){0};
}

static void put_raw(struct str *text, const char *raw)
{
	str_add(text, raw);
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		str_add_char(text, '\n');
}

/* ---- ARG, FROM, RUN ---- */

static const char *given(const struct render *render, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < render->build_args->count; i++)
		if (strncmp(render->build_args->items[i], name, len) == 0 && render->build_args->items[i][len] == '=')
			return render->build_args->items[i] + len + 1;
	return NULL;
}

/* ARG lines get what the build gives as their defaults. */
static void put_arg(const struct render *render, const struct docker_line *line, struct str *text)
{
	auto_strings words = {0};
	bool json, any = false;
	auto_str out = {0};
	dockerfile_words(line->rest, &words, &json);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals != NULL)
			*equals = '\0';
		const char *value = given(render, words.items[i]);
		any = any || value != NULL;
		str_print(&out, "ARG %s", words.items[i]);
		const char *shown = value != NULL ? value : equals != NULL ? equals + 1 : NULL;
		if (shown != NULL)
			str_add(&out, "=\"");
		for (const char *at = shown; at != NULL && *at != '\0'; at++) {
			if (*at == '"' || *at == render->file->escape || (*at == '$' && value != NULL))
				str_add_char(&out, render->file->escape);
			str_add_char(&out, *at == '\n' ? ' ' : *at);
		}
		str_add(&out, shown != NULL ? "\"\n" : "\n");
	}
	put_raw(text, any ? str_text(&out) : line->raw);
}

static void put_from(const struct render *render, int stage, struct str *text)
{
	const struct docker_stage *own = &render->file->stages.items[stage];
	const struct docker_line *line = &render->file->lines.items[own->from];
	if (own->name != NULL) {
		put_raw(text, line->raw);
		return;
	}
	auto_free char *name = render_stage_name(render, stage);
	str_print(text, "FROM %s AS %s\n", line->rest, name);
}

/* Stages that a RUN line mounts files from. */
static void need_mounts(struct render *render, const char *rest)
{
	for (const char *at = rest; text_starts_with(at, "--"); at += strspn(at, " \t")) {
		size_t len = strcspn(at, " \t");
		auto_free char *flag = mem_copy_bytes(at, len);
		const char *from = text_starts_with(flag, "--mount") ? strstr(flag, "from=") : NULL;
		auto_free char *name = from != NULL ? mem_copy_bytes(from + 5, strcspn(from + 5, ",")) : NULL;
		int stage = name != NULL && name[0] != '\0' ? dockerfile_stage(render->file, name) : -1;
		if (stage >= 0)
			render_need(render, stage, stage_compiles(render->file, stage, true) ? MODE_BUILDER : MODE_PLAIN);
		at += len;
	}
}

/* setcap, strip or a check on the program, which is the launcher here. */
static bool works_on_program(const struct render *render, const struct shell_command *command)
{
	static const char *const verbs[] = {"setcap", "strip", "ldd", "upx", "file", "sha256sum", "patchelf", "objcopy"};
	const char *program = render->service != NULL ? render->service->program : NULL;
	size_t at = command_at(&command->words);
	bool names = false, first = false;
	for (size_t i = at; program != NULL && i < command->words.count; i++) {
		bool same = strcmp(command->words.items[i], program) == 0 || strcmp(command->words.items[i], path_name(program)) == 0;
		names = names || same;
		first = first || (same && i == at);
	}
	for (size_t i = 0; names && !first && i < COUNT_OF(verbs); i++)
		first = strcmp(path_name(command->words.items[at]), verbs[i]) == 0;
	return first;
}

/* The commands of a plain `a && b` line that leave the program alone. */
static char *without_program(const struct render *render, const struct docker_line *line, bool *changed)
{
	const char *body = after_flags(line->rest);
	struct shell_commands commands = {0};
	struct str kept = {0};
	bool simple = line->heredoc == NULL && strpbrk(body, "|(") == NULL;
	*changed = false;
	shell_split(body, &commands);
	str_add(&kept, "RUN ");
	str_add_bytes(&kept, line->rest, (size_t)(body - line->rest));
	size_t count = 0;
	for (size_t i = 0; i < commands.count; i++) {
		const struct shell_command *command = &commands.items[i];
		const char *start = command->start;
		size_t len = command->len;
		if (works_on_program(render, command)) {
			*changed = true;
			continue;
		}
		for (; len > 0 && isspace((unsigned char)*start); len--)
			start++;
		if (len == 0)
			continue;
		str_add(&kept, count++ > 0 ? " && " : "");
		str_add_bytes(&kept, start, len);
	}
	shell_commands_finish(&commands);
	str_add_char(&kept, '\n');
	if (*changed && simple && count > 0)
		return str_steal(&kept);
	str_finish(&kept);
	return NULL;
}

static void put_run(struct render *render, int stage, size_t index, struct str *text)
{
	const struct docker_line *line = &render->file->lines.items[index];
	enum stage_mode mode = render->modes[stage];
	bool changed = false;
	if (mode == MODE_FINAL) {
		auto_free char *rest = without_program(render, line, &changed);
		if (changed) {
			render_leave_out(render, line, _("it works on the program, which is the launcher here"));
			put_raw(text, rest != NULL ? rest : "");
			return;
		}
	}
	if (mode == MODE_BUILDER && filter_is_idle_install(render->file, index)) {
		render_leave_out(render, line, _("nothing that stays uses what it installs"));
		return;
	}
	auto_free char *kept = filter_run(render->file, index, &render->gones[stage], &changed);
	if (kept != NULL && !changed && mode == MODE_BUILDER && filter_has_context_mount(line->rest)) {
		render_leave_out(render, line, _("it mounts the sources"));
		return;
	}
	if (changed)
		render_leave_out(render, line, _("it needs the sources"));
	if (kept == NULL)
		return;
	need_mounts(render, line->rest);
	put_raw(text, kept);
}

/* ---- a stage ---- */

static bool is_of_service(const char *word)
{
	static const char *const words[] = {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "VOLUME", "STOPSIGNAL", "ONBUILD", "MAINTAINER"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void forget_gone(struct gone *gone)
{
	for (size_t i = 0; i < gone->count; i++) {
		free(gone->items[i].inside);
		free(gone->items[i].host);
	}
	array_finish(gone);
}

/* `cargo new x` makes the folder that later lines work in. */
static void note_new(struct render *render, int stage, size_t index)
{
	struct cargo_calls calls = {0};
	auto_free char *body = run_body(render->file, index);
	auto_free char *workdir = dockerfile_workdir(render->file, index);
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++) {
		if (strcmp(calls.items[i].verb, "new") != 0 && strcmp(calls.items[i].verb, "init") != 0)
			continue;
		const char *name = calls.items[i].names.count > 0 ? calls.items[i].names.items[0] : ".";
		auto_free char *joined = path_join(workdir, name);
		*array_add(&render->gones[stage]) = (struct gone_path){path_clean(joined), NULL};
	}
	cargo_calls_finish(&calls);
}

static void write_stage(struct render *render, int stage)
{
	const struct docker_stage *own = &render->file->stages.items[stage];
	struct str *text = &render->texts[stage];
	str_clear(text);
	forget_gone(&render->gones[stage]);
	/* what its base lacks it lacks too */
	for (size_t i = 0; own->base_stage >= 0 && i < render->gones[own->base_stage].count; i++) {
		const struct gone_path *path = &render->gones[own->base_stage].items[i];
		*array_add(&render->gones[stage]) = (struct gone_path){mem_copy_string(path->inside), mem_copy_string(path->host)};
	}
	for (size_t i = own->from; i < render->file->lines.count && render->file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &render->file->lines.items[i];
		if (strcmp(line->word, "FROM") == 0) {
			put_from(render, stage, text);
		} else if (strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0) {
			render_copy(render, stage, i, text);
		} else if (strcmp(line->word, "RUN") == 0) {
			if (render->modes[stage] == MODE_BUILDER)
				note_new(render, stage, i);
			put_run(render, stage, i, text);
		} else if (strcmp(line->word, "ARG") == 0) {
			put_arg(render, line, text);
		} else if (render->modes[stage] == MODE_FINAL || !is_of_service(line->word)) {
			put_raw(text, line->raw);
		}
	}
}

/* `# syntax=` would pull a frontend: without a registry the build fails. The
 * global ARGs stand before the first FROM. */
static void put_global(const struct render *render, struct str *text)
{
	if (render->file->escape != '\\')
		str_print(text, "# escape=%c\n", render->file->escape);
	for (size_t i = 0; i < render->file->lines.count && render->file->lines.items[i].stage < 0; i++)
		if (strcmp(render->file->lines.items[i].word, "ARG") == 0)
			put_arg(render, &render->file->lines.items[i], text);
}

char *render_stages(struct render *render, int target, enum stage_mode mode)
{
	size_t count = render->file->stages.count;
	struct str out = {0};
	render->texts = mem_alloc(count * sizeof *render->texts);
	render->gones = mem_alloc(count * sizeof *render->gones);
	render->needed = mem_alloc(count * sizeof *render->needed);
	render->done = mem_alloc(count * sizeof *render->done);
	render->modes = mem_alloc(count * sizeof *render->modes);
	render_need(render, target, mode);
	for (bool more = true; more;) {
		more = false;
		/* a stage knows what its base lacks: in order */
		for (size_t i = 0; i < count; i++) {
			if (!render->needed[i] || render->done[i])
				continue;
			render->done[i] = true;
			write_stage(render, (int)i);
			more = true;
		}
	}
	put_global(render, &out);
	for (size_t i = 0; i < count; i++) {
		if (render->needed[i])
			str_add(&out, str_text(&render->texts[i]));
		str_finish(&render->texts[i]);
		forget_gone(&render->gones[i]);
	}
	free(steal(&render->texts));
	free(steal(&render->gones));
	free(steal(&render->needed));
	free(steal(&render->done));
	free(steal(&render->modes));
	return str_steal(&out);
}

/* ---- the builder ---- */

static const struct compose_service *family_service(const struct project *project, int family)
{
	for (size_t i = 0; i < project->services.count; i++)
		if (project->services.items[i].family == family)
			return project->services.items[i].compose;
	return NULL;
}

bool project_render_builder(const struct project *project, int family, struct rendering *out, struct fault *fault)
{
	const struct project_family *own = &project->families.items[family];
	const struct compose_service *compose = family_service(project, family);
	struct dockerfile file;
	*out = (struct rendering){.ignore = mem_copy_string("*\n")};
	if (own->stage < 0 || compose == NULL) {
		const char *base = own->base_image != NULL ? own->base_image : "rust:1-slim-bookworm";
		out->text = mem_print("FROM %s\n", base);
		out->base = mem_copy_string(base);
		return true;
	}
	if (!service_dockerfile(compose, &file, fault))
		return false;
	struct render render = {.project = project, .compose = compose, .file = &file, .build_args = &own->build_args, .out = out};
	out->text = render_stages(&render, own->stage, MODE_BUILDER);
	out->base = mem_copy_string(stage_root_base(&file, own->stage));
	dockerfile_finish(&file);
	return true;
}
