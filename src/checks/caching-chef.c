/* 4.4: cargo chef, and whether what it compiles is of use to the build behind it. */
#include "caching.h"

#include <stdio.h>

enum { CALLS_LIMIT = 100 };

/* A call of cargo, and where it stands. */
struct call {
	size_t line;
	int stage;
	struct cargo_call *call; /* of `calls` */
	char *folder; /* absolute, that cargo runs in */
};

struct chef {
	struct check *check;
	const struct docker_source *docker;
	const struct dockerfile *file;
	int builder;
	ARRAY(struct cargo_calls) lists; /* own the calls */
	ARRAY(struct call) cooks;
	ARRAY(struct call) builds;
};

static unsigned first_line(const struct chef *chef, size_t line)
{
	return chef->file->lines.items[line].first;
}

/* ---- reading ---- */

static char *folder_of(const struct chef *chef, size_t line, const struct cargo_call *call)
{
	auto_free char *workdir = dockerfile_workdir(chef->file, line);
	auto_free char *joined = path_join(workdir, call->folder != NULL ? call->folder : "");
	return path_clean(joined);
}

static void read_line(struct chef *chef, size_t line)
{
	auto_free char *body = run_body(chef->file, line);
	struct cargo_calls calls = {0};
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++) {
		struct call call = {line, chef->file->lines.items[line].stage, &calls.items[i], NULL};
		bool cooks = call_is_cook(call.call);
		if (chef->cooks.count + chef->builds.count > CALLS_LIMIT || (!cooks && !(cargo_call_makes_programs(call.call) &&
			stage_has_line(chef->file, chef->builder, line))))
			continue;
		call.folder = folder_of(chef, line, call.call);
		if (cooks)
			*array_add(&chef->cooks) = call;
		else
			*array_add(&chef->builds) = call;
	}
	*array_add(&chef->lists) = calls;
}

static void chef_finish(struct chef *chef)
{
	for (size_t i = 0; i < chef->cooks.count; i++)
		free(chef->cooks.items[i].folder);
	for (size_t i = 0; i < chef->builds.count; i++)
		free(chef->builds.items[i].folder);
	for (size_t i = 0; i < chef->lists.count; i++)
		cargo_calls_finish(&chef->lists.items[i]);
	array_finish(&chef->cooks);
	array_finish(&chef->builds);
	array_finish(&chef->lists);
}

/* ---- do they agree? ---- */

static const char *profile_of(const struct cargo_call *call)
{
	if (call->profile != NULL)
		return call->profile;
	bool installs = strcmp(call->verb, "install") == 0;
	return call->release || installs ? "release" : "dev";
}

/* "a,b" and "b a" are the same. */
static char *features_of(const struct cargo_call *call)
{
	auto_strings all = {0};
	for (size_t i = 0; i < call->features.count; i++) {
		auto_free char *text = mem_copy_string(call->features.items[i]);
		for (char *letter = text; *letter != '\0'; letter++)
			*letter = *letter == ' ' ? ',' : *letter;
		strings_split(&all, text, ',');
	}
	strings_sort(&all);
	auto_free char *joined = strings_join(&all, ",", ",");
	return mem_print("%s%s%s", joined, call->no_default_features ? " --no-default-features" : "", call->all_features ?
		" --all-features" : "");
}

static const char *flags_of(const struct cargo_call *call)
{
	for (size_t i = 0; i < call->env.count; i++)
		if (text_starts_with(call->env.items[i], "RUSTFLAGS="))
			return call->env.items[i];
	return "";
}

/* NULL: what cook made fits the build; else what does not. */
static const char *find_difference(const struct call *cook, const struct call *build)
{
	const struct cargo_call *a = cook->call, *b = build->call;
	auto_free char *features_a = features_of(a), *features_b = features_of(b);
	if (strcmp(profile_of(a), profile_of(b)) != 0)
		return N_("another profile");
	if (!text_equal(a->target, b->target) && strcmp(b->verb, "zigbuild") != 0)
		return N_("another target");
	if (strcmp(features_a, features_b) != 0 && !(a->all_features && b->features.count > 0))
		return N_("other features");
	if (strcmp(flags_of(a), flags_of(b)) != 0)
		return N_("other RUSTFLAGS");
	if (a->packages.count > 0 && b->packages.count == 0 && b->bins.count == 0 && b->path == NULL)
		return N_("more packages");
	return NULL;
}

static bool sets_target_folder(const struct chef *chef)
{
	for (size_t i = 0; i < chef->file->lines.count; i++)
		if (strstr(chef->file->lines.items[i].raw, "CARGO_TARGET_DIR") != NULL)
			return true;
	return false;
}

/* Front ends and tests are compiled in their own way. */
static bool is_comparable(const struct call *build)
{
	static const char *const others[] = {"leptos", "component", "run", "r"};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(build->call->verb, others[i]) == 0)
			return false;
	return build->call->target == NULL || strstr(build->call->target, "wasm") == NULL;
}

/* ---- does the build have what cook left? ---- */

/* COPY --from of the stage that cooks. */
static bool copies_cooked(const struct chef *chef, int stage, int cook_stage)
{
	bool copies = false;
	for (size_t i = 0; i < chef->file->lines.count && !copies; i++) {
		struct copy_line copy;
		if (!stage_has_line(chef->file, stage, i) || !copy_line_read(chef->file, i, &copy))
			continue;
		copies = copy.from_stage == cook_stage;
		copy_line_finish(&copy);
	}
	return copies;
}

static bool stands_on(const struct dockerfile *file, int stage, int base)
{
	for (int depth = 0; stage >= 0 && depth < 32; depth++, stage = file->stages.items[stage].base_stage)
		if (stage == base)
			return true;
	return false;
}

static bool has_target_mount(const struct chef *chef, size_t line)
{
	auto_strings mounts = {0};
	cache_mounts(chef->file, line, &mounts);
	for (size_t i = 0; i < mounts.count; i++)
		if (text_ends_with(mounts.items[i], "target") || text_ends_with(mounts.items[i], "target/"))
			return true;
	return false;
}

static bool look_at_pair(struct chef *chef, const struct call *cook, const struct call *build)
{
	struct check *check = chef->check;
	const char *path = chef->docker->path;
	unsigned line = first_line(chef, build->line), cook_line = first_line(chef, cook->line);
	bool copied = copies_cooked(chef, build->stage, cook->stage);
	const char *base = stage_root_base(chef->file, build->stage), *cook_base = stage_root_base(chef->file, cook->stage);
	if (!stands_on(chef->file, build->stage, cook->stage) && !copied) {
		check_against(check, path, line,
			"the build has nothing of what cargo chef compiled in line %u: its stage neither builds on that one nor copies from it",
			cook_line);
		check_mend(check, "Build on the stage that cooks: `FROM that AS builder`");
	} else if (copied && base != NULL && cook_base != NULL && strcmp(base, cook_base) != 0) {
		check_against(check, path, line, "the build stands on %s and cook on %s: another compiler takes nothing over", base, cook_base);
		check_mend(check, "Let both stages stand on the same image");
	} else if (strcmp(cook->folder, build->folder) != 0 && !copied && !sets_target_folder(chef) &&
		build->call->manifest_path == NULL && build->call->path == NULL) {
		check_against(check, path, line, "the build runs in %s and cook in %s: it has another target folder", build->folder,
			cook->folder);
		check_mend(check, "Run both in the same WORKDIR");
	} else if (has_target_mount(chef, cook->line) && !has_target_mount(chef, build->line)) {
		check_against(check, path, cook_line,
			"cook compiles into a cache mount, and the build of line %u has it not: all is compiled twice", line);
		check_mend(check, "Take the cache mount on target away from cook");
	} else {
		return true;
	}
	return false;
}

/* Some cook must fit each build. */
static void look_at_build(struct chef *chef, const struct call *build)
{
	const char *difference = NULL;
	const struct call *other = NULL;
	for (size_t i = 0; i < chef->cooks.count; i++) {
		const struct call *cook = &chef->cooks.items[i];
		bool is_before = cook->line < build->line;
		difference = find_difference(cook, build);
		other = cook;
		if (difference != NULL || !is_before)
			continue;
		if (look_at_pair(chef, cook, build))
			check_for(chef->check, chef->docker->path, first_line(chef, cook->line),
				"cargo chef compiles the dependencies of the build in line %u", first_line(chef, build->line));
		return;
	}
	if (difference == NULL)
		return; /* it stands before all of them */
	check_against(chef->check, chef->docker->path, first_line(chef, build->line),
		"the build asks for %s than the cook of line %u: dependencies are compiled twice",
		_(difference), first_line(chef, other->line));
	check_mend(chef->check, "Give `cargo chef cook` and `cargo build` the same options");
}

/* The sources must come behind it. */
static void look_at_cook(struct chef *chef, const struct call *cook)
{
	for (size_t i = 0; i < cook->line; i++) {
		struct copy_line copy;
		if (!stage_has_line(chef->file, cook->stage, i) || !copy_line_read(chef->file, i, &copy))
			continue;
		bool all = false;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++)
			all = all || strcmp(copy.sources.items[j], ".") == 0 || strcmp(copy.sources.items[j], "./") == 0 ||
				strcmp(copy.sources.items[j], "src") == 0;
		copy_line_finish(&copy);
		if (!all)
			continue;
		check_against(chef->check, chef->docker->path, first_line(chef, cook->line),
			"the sources are there before cook (line %u): it runs again with every change of one",
			first_line(chef, i));
		check_mend(chef->check, "Copy nothing but recipe.json before `cargo chef cook`");
	}
}

/* ---- the tool itself ---- */

static bool says_version(const struct docker_line *line)
{
	return strstr(line->raw, "cargo-chef@") != NULL || strstr(line->raw, "--version") != NULL || strstr(line->raw,
		"cargo-chef:") != NULL ||
		strstr(line->raw, "--vers") != NULL || strstr(line->raw, "cargo-chef/releases/download/") != NULL || strstr(line->raw,
			"CHEF_VERSION") != NULL;
}

/* cargo-chef from 0.1.70 on has a lock file that cargo below 1.78 cannot read. */
static bool is_too_old(const struct dockerfile *file, int stage)
{
	struct image_name name;
	unsigned major = 0, minor = 0;
	const char *base = stage_root_base(file, stage);
	image_name_read(base != NULL ? base : "", &name);
	bool old = strcmp(name.name, "rust") == 0 && name.tag != NULL && sscanf(name.tag, "%u.%u", &major, &minor) == 2 && major == 1 &&
		minor < 78;
	image_name_finish(&name);
	return old;
}

static void look_at_install(struct chef *chef)
{
	for (size_t i = 0; i < chef->file->lines.count; i++) {
		const struct docker_line *line = &chef->file->lines.items[i];
		if (strcmp(line->word, "RUN") != 0 || strstr(line->raw, "install") == NULL || strstr(line->raw, "cargo-chef") == NULL ||
			says_version(line))
			continue;
		if (strstr(line->raw, "--locked") != NULL && is_too_old(chef->file, line->stage)) {
			check_against(chef->check, chef->docker->path, line->first,
				"the newest cargo-chef cannot be installed here: its lock file needs cargo 1.78");
			check_mend(chef->check, "Install a version that fits: `cargo install cargo-chef --version 0.1.68 --locked`");
		} else {
			check_against(chef->check, chef->docker->path, line->first,
				"cargo-chef is installed without a version: whichever is the newest on that day");
			check_mend(chef->check, "Install a version that fits: `cargo install cargo-chef --version 0.1.77 --locked`");
		}
	}
}

/* ---- all ---- */

static bool copies_between(const struct chef *chef, size_t from, size_t to)
{
	bool copies = false;
	for (size_t i = from + 1; i < to && !copies; i++) {
		struct copy_line copy;
		if (!copy_line_read(chef->file, i, &copy))
			continue;
		copies = copy.from == NULL;
		copy_line_finish(&copy);
	}
	return copies;
}

/* Another way in which dependencies are kept; 0: none. */
static unsigned find_other_way(const struct chef *chef)
{
	for (size_t i = 0; i < chef->builds.count; i++) {
		auto_strings mounts = {0};
		cache_mounts(chef->file, chef->builds.items[i].line, &mounts);
		for (size_t j = 0; j < mounts.count; j++)
			if (strstr(mounts.items[j], "target") != NULL || strstr(mounts.items[j], "sccache") != NULL || strstr(mounts.items[j],
				"build") != NULL)
				return first_line(chef, chef->builds.items[i].line);
		/* a build of manifests alone, before the sources come */
		for (size_t j = 0; j < i; j++)
			if (copies_between(chef, chef->builds.items[j].line, chef->builds.items[i].line))
				return first_line(chef, chef->builds.items[j].line);
	}
	return 0;
}

static void look_at_image(struct chef *chef)
{
	for (size_t i = 0; i < chef->file->lines.count; i++)
		if (strcmp(chef->file->lines.items[i].word, "RUN") == 0)
			read_line(chef, i);
	if (chef->cooks.count == 0) {
		unsigned other = find_other_way(chef);
		if (caching_has_no_crates(&chef->check->sources->rust))
			check_none(chef->check, chef->docker->path, "the program needs no crates of others: there is nothing to keep");
		else if (other > 0)
			check_none(chef->check, chef->docker->path, "dependencies are kept in another way, in line %u", other);
		else
			check_against(chef->check, chef->docker->path, chef->builds.count > 0 ? first_line(chef, chef->builds.items[0].line) : 0,
				"neither cargo chef nor anything else keeps compiled dependencies");
		return;
	}
	for (size_t i = 0; i < chef->cooks.count; i++)
		look_at_cook(chef, &chef->cooks.items[i]);
	for (size_t i = 0; i < chef->builds.count; i++)
		if (is_comparable(&chef->builds.items[i]))
			look_at_build(chef, &chef->builds.items[i]);
	look_at_install(chef);
	check_for(chef->check, chef->docker->path, first_line(chef, chef->cooks.items[0].line),
		"cargo chef cook compiles nothing but dependencies");
}

void caching_chef(struct check *check)
{
	if (caching_has_none(check))
		return;
	for (size_t i = 0; i < check->sources->shipped.count; i++) {
		const struct shipped *shipped = &check->sources->shipped.items[i];
		struct chef chef = {.check = check, .docker = shipped->source, .file = &shipped->source->file,
			.builder = shipped_builder(shipped)};
		if (chef.builder >= 0 && !shipped_is_repeated(check->sources, i))
			look_at_image(&chef);
		chef_finish(&chef);
	}
}
