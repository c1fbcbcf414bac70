/* COPY lines of a rendering: the launcher where the program was copied to,
 * sources left out of what compiles, files of the context taken from there, and
 * what must be there for the rest to work. */
#include "render.h"

#include <stdio.h>
#include <sys/stat.h>

enum { INLINE_LIMIT = 32 << 10 };

void render_leave_out(struct render *render, const struct docker_line *line, const char *why)
{
	auto_str head = {0};
	size_t len = strcspn(line->rest, "\n");
	text_add_clean(&head, line->rest, len < 60 ? len : 60, false);
	auto_free char *sentence = mem_print(_("line %u: %s %s%s: %s"), line->first, line->word, str_text(&head), len > 60 ? "…" : "", why);
	strings_add_new(&render->out->left_out, sentence); /* a stage may be written twice */
}

void render_fall_back(struct render *render, const struct docker_line *line, const char *why)
{
	auto_str clean = {0};
	const char *what = after_flags(line->rest);
	text_add_clean(&clean, what, strlen(what) < 120 ? strlen(what) : 120, false);
	if (render->out->fallback == NULL)
		render->out->fallback = mem_print(_("line %u of its Dockerfile copies %s: %s"), line->first, str_text(&clean), why);
}

char *render_stage_name(const struct render *render, int stage)
{
	const char *name = render->file->stages.items[stage].name;
	return name != NULL ? mem_copy_string(name) : mem_print("cargodeck-%d", stage);
}

void render_need(struct render *render, int stage, enum stage_mode mode)
{
	for (int depth = 0; stage >= 0 && depth < STAGE_DEPTH_LIMIT; depth++) {
		if (!render->needed[stage]) {
			render->needed[stage] = true;
			render->modes[stage] = mode;
		} else if (mode < render->modes[stage]) {
			render->modes[stage] = mode; /* written anew */
			render->done[stage] = false;
		}
		stage = render->file->stages.items[stage].base_stage;
	}
}

/* ---- writing a line ---- */

static void put_raw(struct str *text, const char *raw)
{
	str_add(text, raw);
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		str_add_char(text, '\n');
}

/* "COPY --flags --from=x a b", as an array where a name holds a blank. */
static void put_line(const struct docker_line *line, const char *from, const char *source, const char *to, struct str *text)
{
	str_add(text, "COPY");
	if (from != NULL)
		str_print(text, " --from=%s", from);
	const char *rest = line->rest + strspn(line->rest, " \t");
	for (; text_starts_with(rest, "--"); rest += strspn(rest, " \t")) {
		size_t len = strcspn(rest, " \t");
		if (!text_starts_with(rest, "--from=")) {
			str_add_char(text, ' ');
			str_add_bytes(text, rest, len);
		}
		rest += len;
	}
	bool blank = strpbrk(source, " \t\"") != NULL || strpbrk(to, " \t\"") != NULL;
	if (blank)
		str_print(text, " [\"%s\", \"%s\"]\n", source, to);
	else
		str_print(text, " %s %s\n", source, to);
}

/* ---- what compiles: sources go ---- */

static void add_gone(struct render *render, int stage, const char *inside, const char *host)
{
	*array_add(&render->gones[stage]) = (struct gone_path){path_clean(inside), mem_copy_string(host)};
}

static void put_base64(struct str *text, const unsigned char *bytes, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		unsigned part = (unsigned)bytes[i] << 16 | (i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0) | (i + 2 < len ? bytes[i + 2] : 0);
		str_add_char(text, letters[part >> 18]);
		str_add_char(text, letters[part >> 12 & 63]);
		str_add_char(text, i + 1 < len ? letters[part >> 6 & 63] : '=');
		str_add_char(text, i + 2 < len ? letters[part & 63] : '=');
	}
}

/* A small file as a RUN line: a builder has no context. */
static bool put_inline(struct render *render, const char *host, const char *inside, struct str *text)
{
	struct stat status;
	size_t len = 0;
	if (stat(host, &status) != 0 || !S_ISREG(status.st_mode) || strpbrk(inside, "'\n") != NULL)
		return false;
	auto_free char *bytes = file_read(host, INLINE_LIMIT, &len, NULL);
	if (bytes == NULL)
		return false;
	auto_free char *folder = path_parent(inside);
	str_print(text, "RUN mkdir -p '%s' && echo ", folder);
	put_base64(text, (const unsigned char *)bytes, len);
	str_print(text, " | base64 -d > '%s' && chmod %o '%s'\n", inside, (unsigned)(status.st_mode & 0777), inside);
	strings_add_new(&render->out->sources, host);
	return true;
}

static bool is_toolchain_file(const char *path)
{
	const char *name = path_name(path);
	return strcmp(name, "rust-toolchain") == 0 || strcmp(name, "rust-toolchain.toml") == 0;
}

static bool is_script(const char *host)
{
	auto_free char *text = file_read(host, INLINE_LIMIT, NULL, NULL);
	return text != NULL && (text_starts_with(text, "#!") || text_ends_with(host, ".sh"));
}

/* Is this path outside the folder that cargo runs in? */
static bool is_outside(const struct render *render, int stage, const char *inside)
{
	static const char *const roots[] = {"/usr", "/etc", "/opt", "/lib", "/bin", "/sbin", "/root", "/tmp", "/var"};
	auto_free char *workdir = stage_workdir(render->file, stage);
	if (strcmp(workdir, "/") != 0)
		return !path_is_below(inside, workdir);
	for (size_t i = 0; i < COUNT_OF(roots); i++)
		if (path_is_below(inside, roots[i]))
			return true;
	return false;
}

/* True: all of the source is there in another way. */
static bool put_source(struct render *render, int stage, const struct copy_line *copy, size_t i, struct str *text)
{
	const char *context = render->compose->context;
	const char *source = copy->sources.items[i] + strspn(copy->sources.items[i], "/");
	auto_free char *joined = context != NULL ? path_join(context, source) : mem_copy_string(source);
	auto_free char *host = path_clean(joined);
	auto_free char *target = copy_line_target(copy, i);
	if (file_exists(host) && !dir_exists(host)) {
		bool wanted = is_toolchain_file(host) || is_script(host) || (is_outside(render, stage, target) && !text_ends_with(host, ".rs"));
		if (wanted && put_inline(render, host, target, text))
			return true;
		add_gone(render, stage, target, host);
		return false;
	}
	if (strpbrk(source, "*?[") != NULL) {
		auto_free char *folder = path_parent(host);
		add_gone(render, stage, copy->to, folder);
		return false;
	}
	static const char *const names[] = {"rust-toolchain", "rust-toolchain.toml"};
	for (size_t j = 0; j < COUNT_OF(names); j++) {
		auto_free char *file = path_join(host, names[j]);
		auto_free char *inside = path_join(copy->to, names[j]);
		if (file_exists(file))
			put_inline(render, file, inside, text);
	}
	add_gone(render, stage, copy->to, dir_exists(host) ? host : NULL);
	return false;
}

static void copy_into_builder(struct render *render, int stage, const struct copy_line *copy, struct str *text)
{
	const struct docker_line *line = &render->file->lines.items[copy->line];
	bool all = true;
	if (copy->from == NULL) {
		for (size_t i = 0; i < copy->sources.count; i++)
			all = put_source(render, stage, copy, i, text) && all;
		if (!all)
			render_leave_out(render, line, _("sources are mounted, not copied"));
		return;
	}
	if (copy->from_stage < 0) {
		put_raw(text, line->raw);
		return;
	}
	bool made = stage_compiles(render->file, copy->from_stage, true) || stage_plans(render->file, copy->from_stage);
	if (!made && is_outside(render, stage, copy->to)) {
		auto_free char *name = render_stage_name(render, copy->from_stage);
		render_need(render, copy->from_stage, MODE_PLAIN);
		for (size_t i = 0; i < copy->sources.count; i++)
			put_line(line, name, copy->sources.items[i], copy->to, text);
		return;
	}
	for (size_t i = 0; i < copy->sources.count; i++)
		add_gone(render, stage, copy->to, NULL);
	render_leave_out(render, line, made ? _("it comes out of a compile") : _("sources are mounted, not copied"));
}

/* ---- the service's image ---- */

static void put_launcher(struct render *render, const struct docker_line *line, const char *bin, const char *to, struct str *text)
{
	auto_free char *source = mem_print("/%s", bin);
	if (render->service != NULL && !strings_have(&render->service->bins, bin)) {
		render_leave_out(render, line, _("no service runs it"));
		return;
	}
	put_line(line, render->launcher_image, source, to, text);
	render->placed = render->placed || (render->service != NULL && text_equal(to, render->service->program));
}

/* A whole folder in which the program lies. */
static bool put_folder_program(struct render *render, size_t index, struct str *text)
{
	struct origin origin;
	const struct project_service *service = render->service;
	if (service == NULL || service->program == NULL)
		return false;
	int stage = dockerfile_stage(render->file, render->compose->build_target);
	origin_find(render->project, render->compose, render->file, stage, service->program, &origin);
	bool here = origin.kind == ORIGIN_BIN && origin.line == (int)index;
	if (here) {
		render_leave_out(render, &render->file->lines.items[index], _("of that folder the program alone is there, as the launcher"));
		put_launcher(render, &render->file->lines.items[index], service->bin, service->program, text);
	}
	origin_finish(&origin);
	return here;
}

/* What a line that stays makes is there in the rendering too. */
static bool made_by_kept_line(const struct render *render, const struct origin *origin)
{
	struct gone none = {0};
	bool changed = true;
	if (origin->line < 0 || strcmp(render->file->lines.items[origin->line].word, "RUN") != 0)
		return false;
	auto_free char *kept = filter_run(render->file, (size_t)origin->line, &none, &changed);
	return !changed;
}

static void copy_from_compile(struct render *render, const struct copy_line *copy, size_t i, const struct origin *origin, struct str *text)
{
	const struct docker_line *line = &render->file->lines.items[copy->line];
	auto_free char *name = render_stage_name(render, copy->from_stage);
	const char *below = origin->kind == ORIGIN_CONTEXT ? path_relative(origin->host, render->compose->context) : NULL;
	if (below != NULL) {
		strings_add_new(&render->out->sources, origin->host);
		put_line(line, NULL, below[0] != '\0' ? below : ".", copy->to, text);
	} else if (origin->kind == ORIGIN_IMAGE || origin->kind == ORIGIN_TEXT || made_by_kept_line(render, origin)) {
		render_need(render, copy->from_stage, MODE_BUILDER);
		put_line(line, name, copy->sources.items[i], copy->to, text);
	} else if (!put_folder_program(render, copy->line, text)) {
		render_fall_back(render, line, _("the compile makes it and it is no program"));
	}
}

static void copy_from_stage(struct render *render, const struct copy_line *copy, size_t i, bool compiles, struct str *text)
{
	const struct docker_line *line = &render->file->lines.items[copy->line];
	struct origin origin;
	auto_free char *path = path_join("/", copy->sources.items[i]);
	auto_free char *name = render_stage_name(render, copy->from_stage);
	origin_find(render->project, render->compose, render->file, copy->from_stage, path, &origin);
	if (origin.kind == ORIGIN_BIN) {
		auto_free char *to = copy_line_target(copy, i);
		put_launcher(render, line, origin.bin, to, text);
	} else if (compiles) {
		/* a folder of which nothing is known but that the program is in it */
		bool in_target = strstr(path, "/target") != NULL || origin.line < 0;
		if (!(in_target && put_folder_program(render, copy->line, text)))
			copy_from_compile(render, copy, i, &origin, text);
	} else {
		render_need(render, copy->from_stage, MODE_PLAIN);
		put_line(line, name, copy->sources.items[i], copy->to, text);
	}
	origin_finish(&origin);
}

void render_copy(struct render *render, int stage, size_t index, struct str *text)
{
	const struct docker_line *line = &render->file->lines.items[index];
	struct copy_line copy;
	if (!copy_line_read(render->file, index, &copy)) {
		put_raw(text, line->raw); /* a heredoc */
		return;
	}
	if (render->modes[stage] == MODE_BUILDER) {
		copy_into_builder(render, stage, &copy, text);
	} else if (copy.from_stage >= 0) {
		bool compiles = stage_compiles(render->file, copy.from_stage, true) || stage_plans(render->file, copy.from_stage);
		for (size_t i = 0; i < copy.sources.count; i++)
			copy_from_stage(render, &copy, i, compiles, text);
	} else {
		for (size_t i = 0; copy.from == NULL && render->compose->context != NULL && i < copy.sources.count; i++) {
			auto_free char *joined = path_join(render->compose->context, copy.sources.items[i] + strspn(copy.sources.items[i], "/"));
			strings_take(&render->out->sources, path_clean(joined));
		}
		put_raw(text, line->raw);
	}
	copy_line_finish(&copy);
}
