/* 4.3: what changes seldom comes first: dependencies before sources, packages
 * before programs, and no argument above them that is new with every build. */
#include "caching.h"

enum { STAGES_LIMIT = 3, LOOKS_LIMIT = 500 };
enum brings { BRINGS_UNKNOWN, BRINGS_NOTHING, BRINGS_SOURCES };

struct layers {
	struct check *check;
	const struct sources *sources;
	const struct docker_source *docker;
	const struct dockerfile *file;
	unsigned char *brings; /* of each line, an enum brings */
	unsigned looks; /* through all files, so far */
	int builder, stage;
	size_t sources_at; /* the COPY that brings the sources into the builder; SIZE_MAX: none so far */
	size_t last_brought; /* the last COPY of sources: parts that come before it may be members that seldom change */
	bool is_cached, keeps_downloads;
	size_t cached_at; /* line that makes the layer of dependencies; SIZE_MAX: a mount does */
	size_t compiled_at; /* the first that compiles behind the sources */
};

/* ---- what COPY brings ---- */

static bool is_manifest(const char *source)
{
	static const char *const names[] = {"Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", "recipe.json",
		"config.toml", ".cargo", "build.rs",
		"Cargo.*", "*.toml", "*.lock"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(source), names[i]) == 0)
			return true;
	return false;
}

/* Does the folder of the project hold Rust sources? */
static bool has_rust_below(struct layers *layers, const char *source)
{
	const struct sources *sources = layers->sources;
	if (layers->looks++ > LOOKS_LIMIT)
		return true;
	auto_free char *clean = path_clean(source + strspn(source, "/"));
	const char *folder = text_starts_with(clean, "./") ? clean + 2 : clean;
	auto_free char *begin = mem_print("%s/", folder), *middle = mem_print("/%s/", folder);
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const char *path = sources->tree.files.items[i].path;
		/* the context may be below the root: any part of the path will do */
		if (text_ends_with(path, ".rs") && (text_starts_with(path, begin) || strstr(path, middle) != NULL))
			return true;
	}
	return false;
}

static bool is_all(const char *source)
{
	return strcmp(source, ".") == 0 || strcmp(source, "./") == 0 || strcmp(source, "/") == 0 || strcmp(source, "*") == 0 ||
		strcmp(source, "./*") == 0;
}

/* Does the stage have the project's sources, and is that folder what is copied? */
static bool stage_hands_on(struct layers *layers, const struct copy_line *copy, const char *source, int depth);

static bool line_brings(struct layers *layers, size_t at, int depth)
{
	struct copy_line copy;
	bool brings = false;
	if (layers->brings[at] != BRINGS_UNKNOWN)
		return layers->brings[at] == BRINGS_SOURCES;
	layers->brings[at] = BRINGS_NOTHING;
	if (!copy_line_read(layers->file, at, &copy))
		return false;
	for (size_t i = 0; i < copy.sources.count && !brings; i++) {
		const char *source = copy.sources.items[i];
		if (copy.from == NULL)
			brings = brings || (!is_manifest(source) &&
				(is_all(source) || text_ends_with(source, ".rs") || has_rust_below(layers, source)));
		else if (copy.from_stage >= 0 && depth < STAGES_LIMIT)
			brings = brings || stage_hands_on(layers, &copy, source, depth);
	}
	copy_line_finish(&copy);
	layers->brings[at] = brings ? BRINGS_SOURCES : BRINGS_NOTHING;
	return brings;
}

static bool stage_hands_on(struct layers *layers, const struct copy_line *copy, const char *source, int depth)
{
	auto_free char *workdir = stage_workdir(layers->file, copy->from_stage);
	auto_free char *joined = path_join("/", source);
	auto_free char *clean = path_clean(joined);
	if (!path_is_below(workdir, clean) || stage_compiles(layers->file, copy->from_stage, true))
		return false;
	for (size_t i = 0; i < layers->file->lines.count; i++)
		if (stage_has_line(layers->file, copy->from_stage, i) && line_brings(layers, i, depth + 1))
			return true;
	return false;
}

static bool brings_sources(struct layers *layers, size_t at)
{
	return line_brings(layers, at, 0);
}

static bool brings_all(struct layers *layers, size_t at)
{
	struct copy_line copy;
	bool all = false;
	if (!copy_line_read(layers->file, at, &copy))
		return false;
	for (size_t i = 0; copy.from == NULL && i < copy.sources.count; i++)
		all = all || is_all(copy.sources.items[i]);
	copy_line_finish(&copy);
	return all;
}

/* A folder of compiled dependencies from a stage that made just those. */
static bool brings_dependencies(struct layers *layers, size_t at)
{
	struct copy_line copy;
	bool brings = false;
	if (!copy_line_read(layers->file, at, &copy))
		return false;
	for (size_t i = 0; copy.from_stage >= 0 && copy.from_stage != layers->builder && i < copy.sources.count; i++)
		brings = brings || (strstr(copy.sources.items[i], "target") != NULL && stage_compiles(layers->file, copy.from_stage, true));
	for (size_t i = 0; copy.from_stage >= 0 && i < layers->file->lines.count && !brings; i++)
		brings = stage_has_line(layers->file, copy.from_stage, i) && strstr(layers->file->lines.items[i].raw, "chef cook") != NULL;
	copy_line_finish(&copy);
	return brings;
}

/* ---- what cargo does ---- */

static bool makes_something(const struct cargo_call *call)
{
	static const char *const verbs[] = {"check", "test", "build-deps", "clippy", "t", "c"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(call->verb, verbs[i]) == 0)
			return true;
	return call_is_cook(call) || cargo_call_makes_programs(call);
}

static bool keeps_target(struct layers *layers, size_t at)
{
	const struct docker_line *line = &layers->file->lines.items[at];
	auto_strings mounts = {0};
	cache_mounts(layers->file, at, &mounts);
	for (size_t i = 0; i < mounts.count; i++)
		if (strstr(mounts.items[i], "target") != NULL || strstr(mounts.items[i], "sccache") != NULL || strstr(mounts.items[i],
			"build") != NULL ||
			strstr(mounts.items[i], "TARGET_DIR") != NULL)
			return true;
	/* a folder that cargo is told to use */
	for (size_t i = 0; i < layers->file->lines.count; i++)
		for (size_t j = 0; j < mounts.count; j++)
			if (strstr(layers->file->lines.items[i].raw, "CARGO_TARGET_DIR") != NULL && strstr(layers->file->lines.items[i].raw,
				mounts.items[j]) != NULL)
				return true;
	return strstr(line->raw, "RUSTC_WRAPPER=sccache") != NULL || strstr(line->raw, "sccache --") != NULL;
}

static void read_run(struct layers *layers, size_t at)
{
	struct cargo_calls calls = {0};
	auto_free char *body = run_body(layers->file, at);
	auto_strings mounts = {0};
	run_find_cargo(body, &calls);
	cache_mounts(layers->file, at, &mounts);
	bool makes = false, fetches = false, cooks = false;
	for (size_t i = 0; i < calls.count; i++) {
		makes = makes || makes_something(&calls.items[i]);
		cooks = cooks || call_is_cook(&calls.items[i]);
		fetches = fetches || strcmp(calls.items[i].verb, "fetch") == 0 || strcmp(calls.items[i].verb, "vendor") == 0;
	}
	cargo_calls_finish(&calls);
	if (fetches && layers->sources_at == SIZE_MAX)
		layers->keeps_downloads = true;
	if (!makes || layers->is_cached)
		return;
	if (keeps_target(layers, at)) {
		layers->is_cached = true;
		layers->cached_at = SIZE_MAX;
		check_for(layers->check, layers->docker->path, layers->file->lines.items[at].first,
			"what cargo compiles stays in a cache mount");
	} else if (layers->sources_at == SIZE_MAX && (cooks || (layers->last_brought != SIZE_MAX && layers->last_brought > at))) {
		layers->is_cached = true;
		layers->cached_at = at;
		check_for(layers->check, layers->docker->path, layers->file->lines.items[at].first,
			"dependencies are compiled before the sources are copied");
	} else if (layers->compiled_at == SIZE_MAX) {
		layers->compiled_at = at;
	}
	layers->keeps_downloads = layers->keeps_downloads || mounts.count > 0;
}

static void read_builder(struct layers *layers)
{
	for (size_t i = 0; i < layers->file->lines.count; i++)
		if (stage_has_line(layers->file, layers->builder, i) && brings_sources(layers, i))
			layers->last_brought = i;
	for (size_t i = 0; i < layers->file->lines.count; i++) {
		const char *word = layers->file->lines.items[i].word;
		if (!stage_has_line(layers->file, layers->builder, i))
			continue;
		if (strcmp(word, "RUN") == 0) {
			read_run(layers, i);
		} else if (strcmp(word, "COPY") == 0 || strcmp(word, "ADD") == 0) {
			if (!layers->is_cached && brings_dependencies(layers, i)) {
				layers->is_cached = true;
				layers->cached_at = i;
				check_for(layers->check, layers->docker->path, layers->file->lines.items[i].first,
					"compiled dependencies come from a stage of their own");
			} else if (layers->sources_at == SIZE_MAX && brings_sources(layers, i) && (brings_all(layers, i) ||
				i == layers->last_brought)) {
				layers->sources_at = i;
			}
		}
	}
}

/* ---- arguments that are new with every build ---- */

static bool is_new_each_time(const char *name, size_t len)
{
	static const char *const names[] = {"GIT_SHA", "GIT_COMMIT", "GIT_HASH", "GIT_REV", "GIT_REVISION", "COMMIT", "COMMIT_SHA",
		"COMMIT_HASH", "VCS_REF", "BUILD_DATE",
		"BUILD_TIME", "BUILD_TIMESTAMP", "BUILD_NUMBER", "BUILD_ID", "GITHUB_SHA", "GITHUB_RUN_ID", "CACHEBUST", "CACHE_BUST",
			"VERGEN_GIT_SHA", "GIT_DESCRIBE",
		"REVISION", "SOURCE_COMMIT", "CI_COMMIT_SHA"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strlen(names[i]) == len && strncmp(names[i], name, len) == 0)
			return true;
	return false;
}

static void look_at_arguments(struct layers *layers)
{
	for (size_t i = 0; layers->cached_at != SIZE_MAX && i < layers->cached_at; i++) {
		const struct docker_line *line = &layers->file->lines.items[i];
		if ((strcmp(line->word, "ARG") != 0 && strcmp(line->word, "ENV") != 0) || !stage_has_line(layers->file, layers->builder, i))
			continue;
		const char *name = line->rest + strspn(line->rest, " \t");
		size_t len = strcspn(name, "= \t");
		if (!is_new_each_time(name, len))
			continue;
		check_against(layers->check, layers->docker->path, line->first,
			"%.*s is new with every build, and stands above the dependencies in line %u: they are compiled each time",
			(int)len, name, layers->file->lines.items[layers->cached_at].first);
		check_mend(layers->check, "Move the line below the one that compiles the dependencies");
	}
}

/* ---- packages ---- */

struct packages {
	bool updates, installs, is_local; /* local: of files that were copied */
};

static void read_packages(const struct dockerfile *file, size_t at, struct packages *packages)
{
	static const char *const managers[] = {"apt-get", "apt", "apk", "dnf", "microdnf", "yum", "zypper"};
	struct shell_commands commands = {0};
	auto_free char *body = run_body(file, at);
	*packages = (struct packages){0};
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t name = command_at(words);
		bool is_manager = false;
		for (size_t j = 0; name < words->count && j < COUNT_OF(managers); j++)
			is_manager = is_manager || strcmp(path_name(words->items[name]), managers[j]) == 0;
		for (size_t j = name + 1; is_manager && j < words->count; j++) {
			const char *word = words->items[j];
			/* apk fetches the list itself where it is told not to keep one */
			packages->updates = packages->updates || strcmp(word, "update") == 0 || strcmp(word, "--no-cache") == 0 || strcmp(word,
				"-U") == 0;
			packages->installs = packages->installs || strcmp(word, "install") == 0 || strcmp(word, "add") == 0;
			packages->is_local = packages->is_local || text_ends_with(word, ".deb") || text_ends_with(word, ".rpm") || text_ends_with(word,
				".apk");
		}
	}
	shell_commands_finish(&commands);
}

/* A COPY that changes with the project: its sources, or what was compiled. */
static bool brings_new(struct layers *layers, size_t at, int stage)
{
	struct copy_line copy;
	if (stage == layers->builder)
		return brings_sources(layers, at);
	if (!copy_line_read(layers->file, at, &copy))
		return false;
	bool brings = copy.from_stage >= 0 && stage_compiles(layers->file, copy.from_stage, true);
	copy_line_finish(&copy);
	return brings || brings_sources(layers, at);
}

static void look_at_packages(struct layers *layers, int stage)
{
	size_t brought = SIZE_MAX, updated = SIZE_MAX;
	for (size_t i = 0; i < layers->file->lines.count; i++) {
		const struct docker_line *line = &layers->file->lines.items[i];
		struct packages packages;
		if (!stage_has_line(layers->file, stage, i))
			continue;
		if (brought == SIZE_MAX && (strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0) && brings_new(layers, i, stage))
			brought = i;
		if (strcmp(line->word, "RUN") != 0)
			continue;
		read_packages(layers->file, i, &packages);
		if (packages.installs && !packages.is_local && brought != SIZE_MAX) {
			check_against(layers->check, layers->docker->path, line->first,
				"packages are installed behind the COPY of line %u: again with every change of it",
				layers->file->lines.items[brought].first);
			check_mend(layers->check, "Install packages before the COPY of what changes");
		}
		if (packages.installs && !packages.updates && updated != SIZE_MAX) {
			check_against(layers->check, layers->docker->path, layers->file->lines.items[updated].first,
				"the list of packages is a layer of its own: line %u installs from an old one once that is cached", line->first);
			check_mend(layers->check, "Run `apt-get update` and `apt-get install` in one RUN");
			updated = SIZE_MAX;
		}
		if (packages.updates && !packages.installs && strstr(line->raw, "type=cache") == NULL)
			updated = i;
	}
}

/* ---- all ---- */

static void look_at_image(struct layers *layers)
{
	const struct dockerfile *file = layers->file;
	read_builder(layers);
	look_at_arguments(layers);
	look_at_packages(layers, layers->builder);
	if (layers->stage != layers->builder)
		look_at_packages(layers, layers->stage);
	if (layers->is_cached)
		return;
	unsigned line = layers->compiled_at != SIZE_MAX ? file->lines.items[layers->compiled_at].first : 0;
	if (caching_has_no_crates(&layers->sources->rust))
		check_for(layers->check, layers->docker->path, line, "the program needs no crates of others: there is nothing to keep");
	else if (layers->sources_at == SIZE_MAX)
		check_against(layers->check, layers->docker->path, line,
			"dependencies are compiled together with the sources: each time anew");
	else if (layers->keeps_downloads)
		check_against(layers->check, layers->docker->path, line,
			"downloads are kept, and dependencies are compiled again with every change of the sources (line %u)",
			file->lines.items[layers->sources_at].first);
	else
		check_against(layers->check, layers->docker->path, line,
			"the sources are there before (line %u): each change of one compiles all dependencies again",
			file->lines.items[layers->sources_at].first);
}

void caching_layers(struct check *check)
{
	if (caching_has_none(check))
		return;
	for (size_t i = 0; i < check->sources->shipped.count; i++) {
		const struct shipped *shipped = &check->sources->shipped.items[i];
		int builder = shipped_builder(shipped);
		if (builder < 0 || shipped_is_repeated(check->sources, i))
			continue;
		auto_free unsigned char *brings = mem_alloc(shipped->source->file.lines.count + 1);
		struct layers layers = {.check = check, .sources = check->sources, .docker = shipped->source, .file = &shipped->source->file,
			.brings = brings, .builder = builder, .stage = shipped->stage, .sources_at = SIZE_MAX, .last_brought = SIZE_MAX,
			.cached_at = SIZE_MAX, .compiled_at = SIZE_MAX};
		look_at_image(&layers);
	}
}
