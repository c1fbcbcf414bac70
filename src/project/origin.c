/* Where a file of an image comes from: followed backwards from its path through
 * COPY lines, `cp` and `mv` in RUN lines and stages, to what cargo makes, to the
 * build context, or to a base image. */
#include "project.h"

#include <fnmatch.h>
#include <stdio.h>

enum { STEPS_LIMIT = 2000, LINES_LIMIT = 50000 };

struct search {
	const struct project *project;
	const struct compose_service *service;
	const struct dockerfile *file;
	struct origin *origin;
	unsigned steps, lines; /* bounds on all that is tried: stages and lines of them */
};

void origin_finish(struct origin *origin)
{
	free(origin->bin);
	free(origin->host);
	*origin = (struct origin){.stage = -1, .line = -1};
}

static bool say(struct search *search, enum origin_kind kind, int stage, size_t line)
{
	search->origin->kind = kind;
	search->origin->stage = stage;
	search->origin->line = (int)line;
	return true;
}

static bool say_bin(struct search *search, const char *bin, int stage, size_t line)
{
	if (search->origin->bin == NULL)
		search->origin->bin = mem_copy_string(bin);
	return say(search, ORIGIN_BIN, stage, line);
}

/* ---- what cargo makes ---- */

static bool in_target_folder(const char *path)
{
	auto_free char *folder = path_parent(path);
	const char *name = path_name(folder);
	return strcmp(name, "release") == 0 || strcmp(name, "debug") == 0 || strstr(folder, "/target") != NULL;
}

/* Does a cargo call of that line leave a program at `path`? */
static bool made_by(struct search *search, size_t index, const char *body, const char *path)
{
	const char *name = path_name(path);
	struct cargo_calls calls = {0};
	bool made = false;
	auto_free char *folder = path_parent(path);
	if (cargo_find_bin(&search->project->cargo, name) == NULL)
		return false;
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count && !made; i++) {
		const struct cargo_call *call = &calls.items[i];
		auto_free char *bin_folder = call->root != NULL ? path_join(call->root, "bin") : NULL;
		if (!cargo_call_makes_programs(call))
			continue;
		if (call->path != NULL)
			made = bin_folder != NULL ? strcmp(bin_folder, folder) == 0 : text_ends_with(folder, "cargo/bin");
		else
			made = in_target_folder(path) || (call->profile != NULL && strcmp(path_name(folder), call->profile) == 0);
	}
	cargo_calls_finish(&calls);
	return made && say_bin(search, name, search->file->lines.items[index].stage, index);
}

/* ---- cp, mv, install, ln ---- */

static bool search_stage(struct search *search, int stage, size_t until, const char *path);

static bool moves_files(const char *verb)
{
	static const char *const verbs[] = {"cp", "mv", "install", "ln"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(path_name(verb), verbs[i]) == 0)
			return true;
	return false;
}

/* Which source of the command comes to lie at `path`? The caller frees. */
static char *moved_from(const struct strings *words, size_t at, const char *folder, const char *path)
{
	struct strings plain = {0};
	char *found = NULL;
	for (size_t i = at + 1; i < words->count; i++) {
		if (words->items[i][0] != '-')
			strings_add(&plain, words->items[i]);
		else if (strcmp(words->items[i], "-m") == 0 || strcmp(words->items[i], "-o") == 0 || strcmp(words->items[i], "-g") == 0)
			i++; /* install: mode, owner, group */
	}
	for (size_t i = 0; i + 1 < plain.count && found == NULL; i++) {
		auto_free char *to = path_join(folder, plain.items[plain.count - 1]);
		auto_free char *clean = path_clean(to);
		auto_free char *inside = path_join(clean, path_name(plain.items[i]));
		auto_free char *from = path_join(folder, plain.items[i]);
		if (strcmp(inside, path) == 0 || (plain.count == 2 && strcmp(clean, path) == 0)) {
			found = path_clean(from);
		} else if (fnmatch(inside, path, FNM_PATHNAME) == 0) {
			auto_free char *above = path_parent(from);
			auto_free char *joined = path_join(above, path_name(path));
			found = path_clean(joined);
		}
	}
	strings_finish(&plain);
	return found;
}

/* True: this RUN line says where `path` comes from. */
static bool search_run(struct search *search, size_t index, const char *path)
{
	int stage = search->file->lines.items[index].stage;
	struct shell_commands commands = {0};
	auto_free char *body = run_body(search->file, index);
	auto_free char *folder = dockerfile_workdir(search->file, index);
	bool known = false;
	shell_split(body, &commands);
	/* the last one that writes it counts */
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		if (at + 2 == words->count && strcmp(words->items[at], "cd") == 0) {
			char *joined = path_join(folder, words->items[at + 1]);
			free(folder);
			folder = joined;
		}
		if (at + 2 >= words->count || !moves_files(words->items[at]))
			continue;
		auto_free char *from = moved_from(words, at, folder, path);
		if (from == NULL || strcmp(from, path) == 0)
			continue;
		origin_finish(search->origin);
		/* what is moved may be made by this very line */
		known = made_by(search, index, body, from) || search_stage(search, stage, index, from);
		if (search->origin->kind != ORIGIN_BIN && in_target_folder(from)) {
			const char *name = path_name(from);
			known = cargo_find_bin(&search->project->cargo, name) != NULL ? say_bin(search, name, stage, index) : say(search, ORIGIN_UNKNOWN, stage, index);
		} else if (known && search->origin->kind == ORIGIN_IMAGE) {
			say(search, ORIGIN_IMAGE, stage, index);
		}
	}
	shell_commands_finish(&commands);
	return known || made_by(search, index, body, path);
}

/* ---- COPY ---- */

static bool search_context(struct search *search, const struct copy_line *copy, size_t i, const char *path)
{
	if (search->service->context == NULL || strstr(search->service->context, "://") != NULL)
		return false;
	auto_free char *source = path_clean(copy->sources.items[i]);
	const char *relative = source + strspn(source, "/"); /* the context is the root of COPY */
	auto_free char *host = path_join(search->service->context, relative);
	auto_free char *target = copy_line_target(copy, i);
	const char *below = NULL;
	if (strpbrk(relative, "*?[") != NULL) {
		auto_free char *folder = path_parent(relative);
		auto_free char *pattern = path_join(copy->to, path_name(relative));
		auto_free char *above = path_join(search->service->context, folder);
		free(steal(&host));
		host = path_join(above, path_name(path));
		if (fnmatch(pattern, path, FNM_PATHNAME) != 0)
			return false;
		below = "";
	} else {
		/* of a folder its content is copied */
		below = path_relative(path, dir_exists(host) ? copy->to : target);
	}
	if (below == NULL)
		return false;
	auto_free char *inside = path_join(host, below);
	auto_free char *clean = path_clean(inside);
	if (!file_exists(clean) && !dir_exists(clean))
		return false;
	free(search->origin->host);
	search->origin->host = steal(&clean);
	return say(search, ORIGIN_CONTEXT, search->file->lines.items[copy->line].stage, copy->line);
}

static bool search_copied(struct search *search, const struct copy_line *copy, size_t i, const char *path)
{
	auto_free char *target = copy_line_target(copy, i);
	const char *source = copy->sources.items[i], *below = path_relative(path, copy->to);
	auto_free char *from = NULL;
	if (strcmp(target, path) == 0) {
		from = path_join("/", source);
	} else if (fnmatch(target, path, FNM_PATHNAME) == 0) {
		auto_free char *folder = path_parent(source);
		auto_free char *absolute = path_join("/", folder);
		from = path_join(absolute, path_name(path));
	} else if (below != NULL && below[0] != '\0') {
		auto_free char *absolute = path_join("/", source);
		from = path_join(absolute, below);
	}
	if (from == NULL)
		return false;
	auto_free char *clean = path_clean(from);
	if (copy->from_stage < 0)
		return strcmp(target, path) == 0 && say(search, ORIGIN_IMAGE, -1, copy->line);
	bool known = search_stage(search, copy->from_stage, search->file->lines.count, clean);
	/* a folder over the root, say, need not hold it */
	if (known && strcmp(target, path) != 0 && search->origin->kind == ORIGIN_IMAGE)
		return false;
	if (known)
		search->origin->line = (int)copy->line;
	return known;
}

static bool search_copy(struct search *search, size_t index, const char *path)
{
	const struct docker_line *line = &search->file->lines.items[index];
	struct copy_line copy;
	bool known = false;
	if (line->heredoc != NULL) {
		auto_strings words = {0};
		bool json;
		dockerfile_words(after_flags(line->rest), &words, &json);
		auto_free char *folder = dockerfile_workdir(search->file, index);
		auto_free char *to = words.count > 1 ? path_join(folder, words.items[words.count - 1]) : mem_copy_string("");
		return strcmp(to, path) == 0 && say(search, ORIGIN_TEXT, line->stage, index);
	}
	if (!copy_line_read(search->file, index, &copy))
		return false;
	for (size_t i = 0; i < copy.sources.count && !known; i++)
		known = copy.from == NULL ? search_context(search, &copy, i, path) : search_copied(search, &copy, i, path);
	copy_line_finish(&copy);
	return known;
}

/* ---- a stage, backwards ---- */

/* Nothing copied it there: is it the base image's, or made by a RUN line that
 * names it, or by the compile? */
static bool search_rest(struct search *search, int stage, size_t until, const char *path)
{
	const struct docker_stage *own = &search->file->stages.items[stage];
	auto_free char *workdir = stage_workdir(search->file, stage);
	for (size_t i = own->from; i < until && search->file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &search->file->lines.items[i];
		if (strcmp(line->word, "RUN") == 0 && strstr(line->raw, path) != NULL && !text_starts_with(path, "/usr/share/") && !text_starts_with(path, "/etc/ssl/"))
			return say(search, ORIGIN_UNKNOWN, stage, i);
	}
	bool inside = strcmp(workdir, "/") != 0 && path_is_below(path, workdir) && strcmp(path, workdir) != 0;
	if (stage_compiles(search->file, stage, true) && (inside || strstr(path, "/target/") != NULL)) {
		search->origin->kind = ORIGIN_UNKNOWN;
		search->origin->stage = stage;
		search->origin->line = -1;
		return true;
	}
	if (own->base_stage >= 0)
		return search_stage(search, own->base_stage, search->file->lines.count, path);
	search->origin->kind = ORIGIN_IMAGE;
	search->origin->stage = stage;
	search->origin->line = -1;
	return true;
}

static bool search_stage(struct search *search, int stage, size_t until, const char *path)
{
	const struct docker_stage *own = &search->file->stages.items[stage];
	if (++search->steps > STEPS_LIMIT)
		return false;
	for (size_t i = until; i-- > own->from;) {
		const char *word = search->file->lines.items[i].word;
		if (search->file->lines.items[i].stage != stage)
			continue;
		if (++search->lines > LINES_LIMIT)
			return false;
		if ((strcmp(word, "COPY") == 0 || strcmp(word, "ADD") == 0) && search_copy(search, i, path))
			return true;
		if (strcmp(word, "RUN") == 0 && search_run(search, i, path))
			return true;
	}
	/* built by make, by a script … */
	if (cargo_find_bin(&search->project->cargo, path_name(path)) != NULL && in_target_folder(path))
		return say_bin(search, path_name(path), stage, own->from);
	return search_rest(search, stage, until, path);
}

void origin_find(const struct project *project, const struct compose_service *service, const struct dockerfile *file,
	int stage, const char *path, struct origin *origin)
{
	struct search search = {.project = project, .service = service, .file = file, .origin = origin};
	*origin = (struct origin){.stage = -1, .line = -1};
	auto_free char *clean = path_clean(path);
	if (stage < 0 || clean[0] != '/')
		return;
	if (!search_stage(&search, stage, file->lines.count, clean))
		origin->kind = ORIGIN_UNKNOWN;
	/* a program that some other RUN line of a compiling stage makes */
	bool compiled = origin->kind == ORIGIN_UNKNOWN && origin->stage >= 0 && stage_compiles(file, origin->stage, true);
	if (compiled && cargo_find_bin(&project->cargo, path_name(clean)) != NULL)
		say_bin(&search, path_name(clean), origin->stage, origin->line >= 0 ? (size_t)origin->line : 0);
}
