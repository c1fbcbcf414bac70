/* Which of the shipped images hold a Rust program, and what stands in their
 * lines: for checks of several topics. */
#include "shipped.h"

#include "own-images.h"
#include "rust-asks.h"
#include "services.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>

enum { DEPTH_LIMIT = 32, LINES_LIMIT = 400, ALL_LINES_LIMIT = 20000 };

/* ---- lines ---- */

const struct docker_line *image_line(const struct shipped *shipped, size_t index)
{
	return &shipped->source->file.lines.items[index];
}

unsigned image_line_at(const struct shipped *shipped, int index)
{
	return index >= 0 ? image_line(shipped, (size_t)index)->first : 0;
}

int stage_next(const struct dockerfile *file, int stage, const char *word, size_t *at)
{
	while (*at < file->lines.count) {
		size_t index = (*at)++;
		if ((word[0] == '\0' || strcmp(file->lines.items[index].word, word) == 0) && stage_has_line(file, stage, index))
			return (int)index;
	}
	return -1;
}

unsigned line_with(const struct docker_line *line, const char *words)
{
	const char *found = words[0] != '\0' ? strstr(line->raw, words) : NULL;
	unsigned number = line->first;
	for (const char *at = line->raw; found != NULL && at < found; at++)
		number += *at == '\n';
	return number <= line->last ? number : line->first;
}

char *stage_title(const struct dockerfile *file, int stage)
{
	const char *name = file->stages.items[stage].name;
	return name != NULL ? mem_copy_string(name) : mem_print("%d", stage);
}

static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	size_t lengths[] = {strlen(a), strlen(b)};
	if (lengths[0] >= COUNT_OF(row) || lengths[1] >= COUNT_OF(row))
		return COUNT_OF(row);
	for (size_t j = 0; j <= lengths[1]; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= lengths[0]; i++) {
		unsigned corner = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lengths[1]; j++) {
			unsigned above = row[j], best = corner + (a[i - 1] != b[j - 1]);
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (above + 1 < best)
				best = above + 1;
			corner = above;
			row[j] = best;
		}
	}
	return row[lengths[1]];
}

int near_stage(const struct dockerfile *file, const char *name)
{
	for (size_t i = 0; i < file->stages.count; i++) {
		const char *other = file->stages.items[i].name;
		if (other != NULL && distance(other, name) <= 2 && strlen(name) > 3)
			return (int)i;
	}
	return -1;
}

/* The stage that a COPY line takes from, also where its name is misspelt. */
static int stage_of_copy(const struct dockerfile *file, const struct copy_line *copy)
{
	int meant = copy->from != NULL && copy->from_stage < 0 && strpbrk(copy->from, "/:@") == NULL ? near_stage(file, copy->from) :
		copy->from_stage;
	return meant < file->lines.items[copy->line].stage ? meant : -1;
}

int build_stage(const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	int builder = shipped_builder(shipped);
	size_t at = 0;
	for (int index; builder < 0 && (index = stage_next(file, shipped->stage, "COPY", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		builder = stage_of_copy(file, &copy);
		copy_line_finish(&copy);
	}
	return builder >= 0 ? builder : shipped->stage;
}

void cache_mounts(const struct dockerfile *file, size_t index, struct strings *targets)
{
	static const char *const names[] = {"target=", "dst=", "destination="};
	auto_free char *expanded = dockerfile_expand(file, index, file->lines.items[index].rest);
	auto_free char *workdir = dockerfile_workdir(file, index);
	auto_strings words = {0};
	strings_split(&words, expanded, ' ');
	for (size_t i = 0; i < words.count && text_starts_with(words.items[i], "--"); i++) {
		if (!text_starts_with(words.items[i], "--mount=") || strstr(words.items[i], "type=cache") == NULL)
			continue;
		auto_strings parts = {0};
		strings_split(&parts, words.items[i] + strlen("--mount="), ',');
		for (size_t j = 0; j < parts.count; j++)
			for (size_t k = 0; k < COUNT_OF(names); k++) {
				if (!text_starts_with(parts.items[j], names[k]))
					continue;
				auto_free char *joined = path_join(workdir, parts.items[j] + strlen(names[k]));
				strings_take(targets, path_clean(joined));
			}
	}
}

/* What kind of file is it, if it counts at all: one of the three is set. */
static struct brought kind_of_file(const struct tree_file *file)
{
	const char *name = path_name(file->path);
	bool source = text_ends_with(name, ".rs") && strcmp(name, "build.rs") != 0 && !file->is_harness;
	return (struct brought){.manifest = strcmp(name, "Cargo.toml") == 0, .lock = strcmp(name, "Cargo.lock") == 0,
		.sources = source, .source_file = source ? file->path : NULL};
}

static bool adds_something(const struct brought *all, const struct brought *one)
{
	return (one->manifest && !all->manifest) || (one->lock && !all->lock) || (one->sources && !all->sources);
}

/* Does the file come along with a COPY of `wanted`, a path or pattern? */
static bool is_wanted(const char *path, const char *wanted, bool is_pattern)
{
	if (strcmp(wanted, ".") == 0 || path_is_below(path, wanted))
		return true;
	return is_pattern && (fnmatch(wanted, path, 0) == 0 || fnmatch(wanted, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0);
}

bool stage_copies_context(const struct shipped *shipped, int stage)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, stage, i) || !copy_line_read(file, i, &copy))
			continue;
		for (size_t k = 0; copy.from == NULL && k < copy.sources.count; k++)
			found = found || strcmp(copy.sources.items[k], ".") == 0 || strcmp(copy.sources.items[k], "./") == 0 ||
				strcmp(copy.sources.items[k], "/") == 0;
		copy_line_finish(&copy);
	}
	return found;
}

struct brought copy_brings(const struct sources *sources, const struct shipped *shipped, const struct copy_line *copy, size_t i)
{
	struct brought brought = {0};
	if (copy->from != NULL)
		return brought;
	auto_free char *wanted = shipped_path(shipped, copy->sources.items[i]);
	bool is_pattern = strpbrk(wanted, "*?[") != NULL;
	const struct ignore *ignore = sources_ignore(sources, shipped);
	for (size_t j = 0; j < sources->tree.files.count; j++) {
		const char *path = sources->tree.files.items[j].path;
		struct brought one = kind_of_file(&sources->tree.files.items[j]);
		if (!adds_something(&brought, &one))
			continue;
		const char *below = strcmp(shipped->context, ".") == 0 ? path : path_relative(path, shipped->context);
		if (below == NULL || !is_wanted(path, wanted, is_pattern) || (ignore != NULL && ignore_leaves_out(ignore, below, NULL)))
			continue;
		brought.manifest = brought.manifest || one.manifest;
		brought.lock = brought.lock || one.lock;
		brought.sources = brought.sources || one.sources;
		brought.source_file = brought.source_file != NULL ? brought.source_file : one.source_file;
	}
	return brought;
}

void env_line_read(const struct docker_line *line, struct strings *entries)
{
	if (!strings_split_words(entries, line->rest) || entries->count < 2 || strchr(entries->items[0], '=') != NULL || strcmp(line->word, "ENV") != 0)
		return;
	const char *value = line->rest + strspn(line->rest, " \t");
	value += strcspn(value, " \t");
	auto_free char *joined = mem_print("%s=%s", entries->items[0], value + strspn(value, " \t"));
	strings_finish(entries);
	strings_add(entries, joined);
}

char *image_env(const struct shipped *shipped, const char *name, unsigned *line)
{
	const struct dockerfile *file = &shipped->source->file;
	size_t len = strlen(name);
	for (size_t i = file->lines.count; i-- > 0;) {
		const struct docker_line *each = &file->lines.items[i];
		auto_strings entries = {0};
		if (strcmp(each->word, "ENV") != 0 || !stage_has_line(file, shipped->stage, i))
			continue;
		env_line_read(each, &entries);
		for (size_t j = entries.count; j-- > 0;) {
			if (strncmp(entries.items[j], name, len) != 0 || entries.items[j][len] != '=')
				continue;
			if (line != NULL)
				*line = each->first;
			return dockerfile_expand(file, i, entries.items[j] + len + 1);
		}
	}
	return NULL;
}

/* ---- kinds ---- */

/* Does a stage on an image of the toolchain run something that may call cargo? */
static bool runs_a_build(const struct dockerfile *file, int stage)
{
	static const char *const verbs[] = {"make", "just", "task", "bazel", "nix", "nix-build", "earthly", "cargo-make", "trunk",
		"dx", NULL};
	struct image_name name;
	bool found = false;
	image_name_read(stage_root_base(file, stage), &name);
	bool toolchain = base_is_rust(&name) || strstr(name.name, "rust") != NULL;
	image_name_finish(&name);
	size_t at = 0;
	for (int index; toolchain && !found && (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct shell_commands commands = {0};
		auto_free char *body = run_body(file, (size_t)index);
		shell_split(body, &commands);
		for (size_t i = 0; i < commands.count; i++) {
			const struct strings *words = &commands.items[i].words;
			size_t first = command_at(words);
			const char *verb = first < words->count ? words->items[first] : "";
			found = found || name_in(path_name(verb), verbs) || text_ends_with(verb, ".sh") || text_starts_with(verb, "./");
		}
		shell_commands_finish(&commands);
	}
	return found;
}

static bool stage_builds(const struct dockerfile *file, int stage, bool *seen, int depth)
{
	if (stage < 0 || depth > DEPTH_LIMIT || seen[stage])
		return false;
	seen[stage] = true;
	bool found = runs_a_build(file, stage) || stage_compiles(file, stage, true);
	size_t at = 0;
	for (int index; !found && (index = stage_next(file, stage, "", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		found = stage_builds(file, stage_of_copy(file, &copy), seen, depth + 1);
		copy_line_finish(&copy);
	}
	return found;
}

static bool packs_program(const struct sources *sources, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	bool found = false;
	size_t at = 0;
	for (int index; !found && (index = stage_next(file, shipped->stage, "", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		for (size_t i = 0; i < copy.sources.count && copy.from_stage < 0; i++) {
			auto_free char *to = copy_line_target(&copy, i);
			auto_free char *own = copy.from == NULL ? shipped_path(shipped, copy.sources.items[i]) : NULL;
			bool in_tree = own != NULL && tree_has_folder(&sources->tree, own);
			const char *slash = strchr(to + 1, '/');
			found = found || text_starts_with(copy.sources.items[i], "target/") ||
				strstr(copy.sources.items[i], "/target/") != NULL;
			found = found || (!in_tree && slash != NULL && name_is_member(sources, path_name(to)));
		}
		copy_line_finish(&copy);
	}
	struct image_start start;
	image_start(sources, shipped, &start);
	found = found || (start.words.count > 0 && name_is_member(sources, path_name(start.words.items[0])));
	image_start_finish(&start);
	return found;
}

static bool starts_cargo(const struct sources *sources, const struct shipped *shipped)
{
	struct image_start start;
	image_start(sources, shipped, &start);
	bool cargo = start.words.count > 0 && strcmp(path_name(start.words.items[0]), "cargo") == 0;
	image_start_finish(&start);
	return cargo;
}

/* Sources on an image of the toolchain: whatever starts them compiles them. */
static bool holds_sources(const struct sources *sources, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	struct image_name name;
	bool found = false;
	image_name_read(shipped_base(shipped), &name);
	bool toolchain = base_is_rust(&name);
	image_name_finish(&name);
	size_t at = 0;
	for (int index; toolchain && !found && (index = stage_next(file, shipped->stage, "", &at)) >= 0;) {
		struct copy_line copy;
		if (!copy_line_read(file, (size_t)index, &copy))
			continue;
		for (size_t i = 0; i < copy.sources.count; i++)
			found = found || copy_brings(sources, shipped, &copy, i).sources;
		copy_line_finish(&copy);
	}
	return found;
}

/* Does a COPY line take from a target folder of the context? */
static bool copies_target(const struct dockerfile *file, int stage)
{
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "", &at)) >= 0;) {
		const struct docker_line *line = &file->lines.items[index];
		bool copies = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0;
		if (copies && strstr(line->rest, "--from") == NULL && strstr(line->rest, "target/") != NULL)
			return true;
	}
	return false;
}

enum image_kind image_kind(const struct sources *sources, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	if (shipped->has_rust) /* the quick way: almost all of them */
		return copies_target(file, shipped->stage) && shipped_builder(shipped) < 0 ? IMAGE_PACKS : IMAGE_BUILDS;
	auto_free bool *seen = mem_alloc(file->stages.count * sizeof *seen);
	if (starts_cargo(sources, shipped) || stage_builds(file, shipped->stage, seen, 0) || holds_sources(sources, shipped))
		return IMAGE_BUILDS;
	return packs_program(sources, shipped) ? IMAGE_PACKS : IMAGE_OTHER;
}

/* What nobody writes by hand is not taken apart: each line costs a look at all
 * others. */
static bool is_too_long(const struct sources *sources, size_t index)
{
	size_t all = 0;
	for (size_t i = 0; i <= index; i++)
		all += sources->shipped.items[i].source->file.lines.count;
	return all > ALL_LINES_LIMIT || sources->shipped.items[index].source->file.lines.count > LINES_LIMIT;
}

const struct shipped *image_next(const struct sources *sources, size_t *at, bool packs)
{
	while (*at < sources->shipped.count) {
		const struct shipped *shipped = &sources->shipped.items[*at];
		if (is_too_long(sources, (*at)++))
			continue;
		enum image_kind kind = image_kind(sources, shipped);
		if (kind == IMAGE_BUILDS || (kind == IMAGE_PACKS && packs))
			return shipped;
	}
	return NULL;
}

void image_none(struct check *check, bool packs)
{
	const struct sources *sources = check->sources;
	const char *file = main_place(sources);
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		if (is_too_long(sources, i)) {
			check_missing(check, "%s has more than %d instructions: it was not taken apart", shipped->source->path, LINES_LIMIT);
			return;
		}
		if (!packs && image_kind(sources, shipped) == IMAGE_PACKS) {
			check_none(check, shipped->source->path, "the program is compiled elsewhere and put into the image as it is");
			return;
		}
	}
	if (sources->dockers.count == 0)
		check_none(check, file, "there is no Dockerfile");
	else if (sources->shipped.count == 0)
		check_none(check, file, "the Dockerfiles that are there serve tests and development alone");
	else
		check_none(check, sources->shipped.items[0].source->path, "no Rust program comes into an image");
}

/* ---- git ---- */

bool image_reads_history(const struct sources *sources, const struct shipped *shipped)
{
	static const char *const crates[] = {"vergen", "vergen-git2", "vergen-gitcl", "vergen-gix", "vergen-lib", "git-version", "shadow-rs",
		"build-info-build", "built", "gitver", "git-describe", "git-testament", "rustc-tools-util", "rustc-git-commit-hash", "build-data",
		"compile-time", NULL};
	static const char *const words[] = {".git ", ".git,", ".git/", "git rev-parse", "git describe", "git log"};
	const struct dockerfile *file = &shipped->source->file;
	struct rust_place place = {0};
	if (rust_has_any(&sources->rust, crates, NULL))
		return true;
	for (size_t i = 0; i < file->lines.count; i++)
		for (size_t j = 0; j < COUNT_OF(words); j++)
			if (strstr(file->lines.items[i].raw, words[j]) != NULL)
				return true;
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		if (strcmp(path_name(source->path), "build.rs") == 0 && (strstr(source->text, "\"git\"") != NULL || strstr(source->text, ".git") != NULL))
			return true;
	}
	return rust_find_string(&sources->rust, ".git/HEAD", false, &place);
}

/* ---- services ---- */

const json_t *image_service(const struct sources *sources, const struct shipped *shipped)
{
	const json_t *services = compose_services(sources);
	return shipped->service != NULL ? json_object_get(services, shipped->service) : NULL;
}

bool image_is_service(const struct sources *sources, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	const json_t *service = image_service(sources, shipped);
	if (dockerfile_last(file, shipped->stage, "EXPOSE") >= 0 || dockerfile_last(file, shipped->stage, "HEALTHCHECK") >= 0)
		return true;
	if (service != NULL && (service_has_ports(service) || compose_member(service, "healthcheck") != NULL))
		return true;
	const char *restart = json_string_value(compose_member(service, "restart"));
	if (restart != NULL && strcmp(restart, "no") != 0 && !text_starts_with(restart, "on-failure"))
		return true;
	return web_framework(&sources->rust) != NULL;
}
