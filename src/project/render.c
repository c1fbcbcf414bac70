/* Two renderings of a project's own Dockerfile: the builder (the stage that
 * compiles, without sources and without compiling) and a service's image (the
 * final stage, the launcher standing where the program was copied to). Every
 * line that is understood to be needed stays as it was written. */
#include "project.h"

#include <jansson.h>
#include <stdio.h>

static void leave_out(struct rendering *out, const struct docker_line *line, const char *why)
{
	auto_str head = {0};
	text_add_clean(&head, line->rest, strlen(line->rest) < 60 ? strlen(line->rest) : 60, false);
	strings_print(&out->left_out, "line %u: %s %s: %s", line->first, line->word, str_text(&head), why);
}

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

/* ---- RUN lines ---- */

static bool needs_sources(const struct shell_command *command, bool after_compile)
{
	auto_free char *text = mem_copy_bytes(command->start, command->len);
	struct cargo_calls calls = {0};
	bool needs = false;
	run_find_cargo(text, &calls);
	for (size_t i = 0; i < calls.count; i++)
		needs = needs || cargo_call_compiles(&calls.items[i]);
	cargo_calls_finish(&calls);
	return needs || strstr(text, "target/") != NULL || (after_compile && command->words.count > 0);
}

/* A RUN line without what compiles: the commands before the first such one
 * stay. The caller frees; NULL: nothing is left. */
static char *run_without_compiling(const struct dockerfile *file, size_t index, bool *changed)
{
	const struct docker_line *line = &file->lines.items[index];
	auto_free char *expanded = dockerfile_expand(file, index, line->raw);
	struct cargo_calls calls = {0};
	run_find_cargo(expanded, &calls);
	bool compiles = strstr(expanded, "target/release") != NULL || strstr(expanded, "target/debug") != NULL;
	for (size_t i = 0; i < calls.count; i++)
		compiles = compiles || cargo_call_compiles(&calls.items[i]);
	cargo_calls_finish(&calls);
	*changed = compiles;
	if (!compiles)
		return mem_copy_string(line->raw);
	if (strstr(line->rest, "<<") != NULL)
		return NULL; /* a heredoc that compiles: as a whole */
	const char *body = after_flags(line->rest);
	struct shell_commands commands = {0};
	struct str kept = {0};
	size_t count = 0;
	shell_split(body, &commands);
	for (; count < commands.count && !needs_sources(&commands.items[count], false); count++)
		;
	while (count > 0 && commands.items[count - 1].words.count == 0)
		count--;
	if (count > 0) {
		str_add(&kept, "RUN ");
		str_add_bytes(&kept, line->rest, (size_t)(body - line->rest));
		str_add_bytes(&kept, body, (size_t)(commands.items[count - 1].start + commands.items[count - 1].len - body));
		str_add_char(&kept, '\n');
	}
	shell_commands_finish(&commands);
	return count > 0 ? str_steal(&kept) : (str_finish(&kept), NULL);
}

static bool is_noise(const char *word)
{
	static const char *const words[] = {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "VOLUME", "STOPSIGNAL", "ONBUILD", "MAINTAINER"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* `# syntax=` would pull a frontend: without a registry the build fails. The
 * global ARGs stand before the first FROM. */
static void put_global(const struct dockerfile *file, struct str *text)
{
	if (file->escape != '\\')
		str_print(text, "# escape=%c\n", file->escape);
	for (size_t i = 0; i < file->lines.count && file->lines.items[i].stage < 0; i++)
		str_add(text, file->lines.items[i].raw);
}

/* ---- the builder ---- */

static void put_builder_stage(const struct dockerfile *file, int stage, struct str *text, struct rendering *out)
{
	const struct docker_stage *own = &file->stages.items[stage];
	if (own->base_stage >= 0)
		put_builder_stage(file, own->base_stage, text, out);
	for (size_t i = own->from; i < file->lines.count && file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &file->lines.items[i];
		bool changed = false;
		if (strcmp(line->word, "FROM") == 0) {
			if (own->base_stage < 0)
				str_add(text, line->raw);
		} else if (strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0) {
			auto_free char *from = flag_value(line->rest, "from");
			/* files of foreign images (a tool) stay, sources and plans go */
			if (from != NULL && dockerfile_stage(file, from) < 0)
				str_add(text, line->raw);
			else
				leave_out(out, line, "sources are mounted, not copied");
		} else if (strcmp(line->word, "RUN") == 0) {
			auto_free char *kept = run_without_compiling(file, i, &changed);
			if (kept != NULL)
				str_add(text, kept);
			if (changed)
				leave_out(out, line, "compiles");
		} else if (!is_noise(line->word)) {
			str_add(text, line->raw);
		}
	}
}

static const struct compose_service *family_service(const struct project *project, int family)
{
	for (size_t i = 0; i < project->services.count; i++)
		if (project->services.items[i].family == family)
			return project->services.items[i].compose;
	return NULL;
}

static int family_stage(const struct project *project, int family)
{
	const char *hash = strrchr(project->families.items[family].key, '#');
	return hash != NULL ? atoi(hash + 1) : -1;
}

bool project_render_builder(const struct project *project, int family, struct rendering *out, struct fault *fault)
{
	const struct compose_service *service = family_service(project, family);
	struct dockerfile file;
	struct str text = {0};
	*out = (struct rendering){.ignore = mem_copy_string("*\n")};
	if (service == NULL || project->families.items[family].dockerfile == NULL) {
		const char *base = project->families.items[family].base_image;
		out->text = mem_print("FROM %s\n", base != NULL ? base : "rust:slim");
		out->base = mem_copy_string(base != NULL ? base : "rust:slim");
		return true;
	}
	if (!service_dockerfile(service, &file, fault))
		return false;
	int stage = family_stage(project, family);
	put_global(&file, &text);
	put_builder_stage(&file, stage, &text, out);
	int root = stage;
	while (file.stages.items[root].base_stage >= 0)
		root = file.stages.items[root].base_stage;
	out->base = mem_copy_string(file.stages.items[root].base);
	out->text = str_steal(&text);
	dockerfile_finish(&file);
	return true;
}

/* ---- a service's image ---- */

struct serve {
	const struct project *project;
	const struct project_service *service;
	const struct dockerfile *file;
	const char *launcher_image;
	struct rendering *out;
	struct str text;
	bool done[256]; /* stages written already */
	int final;
};

static void fall_back(struct serve *serve, const struct docker_line *line, const char *why)
{
	if (serve->out->fallback == NULL)
		serve->out->fallback = mem_print("line %u of its Dockerfile copies %s: %s", line->first, after_flags(line->rest), why);
}

static void put_stage(struct serve *serve, int stage);

static void put_owner(struct serve *serve, const struct docker_line *line)
{
	auto_free char *owner = flag_value(line->rest, "chown");
	if (owner != NULL)
		str_print(&serve->text, " --chown=%s", owner);
}

/* A file that the compiling stage has from the context, such as migrations. */
static char *in_context(const struct serve *serve, int stage, const char *source)
{
	for (size_t i = 0; i < serve->file->lines.count; i++) {
		struct copy_line copy;
		if (serve->file->lines.items[i].stage != stage || !copy_line_read(serve->file, i, &copy))
			continue;
		char *found = NULL;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count && found == NULL; j++) {
			auto_free char *host = path_join(serve->service->compose->context, copy.sources.items[j]);
			auto_free char *target = dir_exists(host) || !text_ends_with(copy.to, "/") ? mem_copy_string(copy.to) : path_join(copy.to, path_name(copy.sources.items[j]));
			auto_free char *clean = path_clean(target);
			const char *below = path_relative(source, clean);
			auto_free char *inside = below != NULL && below[0] != '\0' ? path_join(host, below) : mem_copy_string(host);
			if (below != NULL && (file_exists(inside) || dir_exists(inside)))
				found = below[0] != '\0' ? path_join(copy.sources.items[j], below) : mem_copy_string(copy.sources.items[j]);
		}
		copy_line_finish(&copy);
		if (found != NULL) {
			auto_free char *clean = path_clean(found);
			free(found);
			return steal(&clean);
		}
	}
	return NULL;
}

static void put_copy(struct serve *serve, size_t index)
{
	const struct docker_line *line = &serve->file->lines.items[index];
	struct copy_line copy;
	if (!copy_line_read(serve->file, index, &copy)) {
		str_add(&serve->text, line->raw); /* a heredoc */
		return;
	}
	if (copy.from_stage < 0) {
		for (size_t i = 0; copy.from == NULL && i < copy.sources.count; i++)
			strings_take(&serve->out->sources, path_join(serve->service->compose->context, copy.sources.items[i]));
		str_add(&serve->text, line->raw);
		copy_line_finish(&copy);
		return;
	}
	for (size_t i = 0; i < copy.sources.count; i++) {
		const char *source = copy.sources.items[i];
		auto_free char *bin = program_of_path(serve->project, serve->file, copy.from_stage, source);
		auto_free char *local = bin == NULL && source[0] == '/' ? in_context(serve, copy.from_stage, source) : NULL;
		if (bin != NULL) {
			auto_free char *to = text_ends_with(copy.to, "/") ? path_join(copy.to, path_name(source)) : mem_copy_string(copy.to);
			str_print(&serve->text, "COPY --from=%s", serve->launcher_image);
			put_owner(serve, line);
			str_print(&serve->text, " /%s %s\n", bin, to);
		} else if (!stage_compiles(serve->file, copy.from_stage)) {
			put_stage(serve, copy.from_stage);
			str_print(&serve->text, "COPY --from=%s", copy.from);
			put_owner(serve, line);
			str_print(&serve->text, " %s %s\n", source, copy.to);
		} else if (local != NULL) {
			strings_take(&serve->out->sources, path_join(serve->service->compose->context, local));
			str_add(&serve->text, "COPY");
			put_owner(serve, line);
			str_print(&serve->text, " %s %s\n", local, copy.to);
		} else {
			fall_back(serve, line, "the compile makes it and it is no program");
		}
	}
	copy_line_finish(&copy);
}

static bool names_program(const struct serve *serve, const char *text)
{
	const char *program = serve->service->program;
	return program != NULL && (strstr(text, program) != NULL) &&
		(strstr(text, "setcap") != NULL || strstr(text, "strip") != NULL || strstr(text, "ldd") != NULL || strstr(text, "--version") != NULL || strstr(text, "--help") != NULL || strstr(text, "upx") != NULL);
}

static void put_stage(struct serve *serve, int stage)
{
	const struct docker_stage *own = &serve->file->stages.items[stage];
	if (stage < 256 && serve->done[stage])
		return;
	if (stage < 256)
		serve->done[stage] = true;
	if (own->base_stage >= 0)
		put_stage(serve, own->base_stage);
	/* the stages that this one copies from must stand before it */
	for (size_t i = own->from; i < serve->file->lines.count && serve->file->lines.items[i].stage == stage; i++) {
		struct copy_line copy;
		if (!copy_line_read(serve->file, i, &copy))
			continue;
		if (copy.from_stage >= 0 && !stage_compiles(serve->file, copy.from_stage)) {
			bool program = false;
			for (size_t j = 0; j < copy.sources.count; j++) {
				auto_free char *bin = program_of_path(serve->project, serve->file, copy.from_stage, copy.sources.items[j]);
				program = program || bin != NULL;
			}
			if (!program)
				put_stage(serve, copy.from_stage);
		}
		copy_line_finish(&copy);
	}
	for (size_t i = own->from; i < serve->file->lines.count && serve->file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &serve->file->lines.items[i];
		bool changed = false;
		if (strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0) {
			put_copy(serve, i);
		} else if (strcmp(line->word, "RUN") == 0 && names_program(serve, line->rest)) {
			leave_out(serve->out, line, "it works on the program, which is the launcher here");
		} else if (strcmp(line->word, "RUN") == 0) {
			auto_free char *kept = run_without_compiling(serve->file, i, &changed);
			if (kept != NULL)
				str_add(&serve->text, kept);
			if (changed)
				leave_out(serve->out, line, "compiles");
		} else {
			str_add(&serve->text, line->raw);
		}
	}
}

static char *read_ignore(const struct project *project, const struct compose_service *service)
{
	auto_free char *special = service->dockerfile != NULL ? mem_print("%s.dockerignore", service->dockerfile) : mem_copy_string("");
	auto_free char *usual = path_join(service->context, ".dockerignore");
	char *text = file_read(special, 1 << 20, NULL, NULL);
	if (text == NULL)
		text = file_read(usual, 1 << 20, NULL, NULL);
	const char *target = path_relative(project->cargo.target, service->context);
	struct str out = {0};
	if (text != NULL)
		str_add(&out, text);
	str_print(&out, "\n%s\n.git\n", target != NULL && target[0] != '\0' ? target : "target");
	free(text);
	return str_steal(&out);
}

bool project_render_service(const struct project *project, const struct project_service *service,
	const char *launcher_image, const char *builder_image, struct rendering *out, struct fault *fault)
{
	struct dockerfile file;
	*out = (struct rendering){0};
	out->ignore = read_ignore(project, service->compose);
	if (!service_dockerfile(service->compose, &file, fault))
		return false;
	struct serve serve = {.project = project, .service = service, .file = &file, .launcher_image = launcher_image, .out = out};
	serve.final = dockerfile_stage(&file, service->compose->build_target);
	put_global(&file, &serve.text);
	put_stage(&serve, serve.final);
	/* compiled in the final stage itself: the program was never copied */
	if (stage_compiles(&file, serve.final) && service->program != NULL) {
		str_print(&serve.text, "COPY --from=%s /%s %s\n", launcher_image, service->bin, service->program);
	}
	if (out->fallback != NULL) {
		str_clear(&serve.text);
		str_print(&serve.text, "FROM %s\nCOPY --from=%s /%s %s\n", builder_image, launcher_image, service->bin,
			service->program != NULL ? service->program : "/usr/local/bin/program");
		int entry = dockerfile_last(&file, serve.final, "ENTRYPOINT"), command = dockerfile_last(&file, serve.final, "CMD");
		auto_free char *workdir = dockerfile_workdir(&file, file.lines.count);
		str_print(&serve.text, "WORKDIR %s\n", workdir);
		if (entry >= 0)
			str_add(&serve.text, file.lines.items[entry].raw);
		if (command >= 0)
			str_add(&serve.text, file.lines.items[command].raw);
	}
	int root = serve.final;
	while (file.stages.items[root].base_stage >= 0)
		root = file.stages.items[root].base_stage;
	out->base = mem_copy_string(out->fallback != NULL ? builder_image : file.stages.items[root].base);
	out->text = str_steal(&serve.text);
	dockerfile_finish(&file);
	return true;
}

/* ---- the override ---- */

char *project_override(const struct project *project, const struct map *images, const struct map *kinds,
	const char *const *volumes, const struct strings *only)
{
	json_t *services = json_object(), *names = json_object();
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		const char *image = map_get(images, service->name);
		if (service->kind != PROJECT_RUST || image == NULL || (only != NULL && !strings_have(only, service->name)))
			continue;
		const char *volume = volumes[service->family];
		json_t *mount = json_pack("{s:s, s:s, s:s, s:b}", "type", "volume", "source", volume, "target", "/.cargodeck/target", "read_only", 1);
		json_object_set_new(services, service->name, json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:[o]}",
			"image", image, "pull_policy", "never",
			"environment", "CARGODECK_SERVICE", service->name,
			"labels", "dev.cargodeck.image", map_get(kinds, service->name) != NULL ? (const char *)map_get(kinds, service->name) : "own",
			"volumes", mount));
		json_object_set_new(names, volume, json_pack("{s:b, s:s}", "external", 1, "name", volume));
	}
	json_t *whole = json_pack("{s:o, s:o}", "services", services, "volumes", names);
	char *text = json_dumps(whole, JSON_INDENT(2));
	json_decref(whole);
	return text;
}
