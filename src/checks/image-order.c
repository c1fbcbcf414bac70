/* Topic 1, practice 1.5: what the builder does line by line, so that dependencies
 * stay cached, and whether Cargo.lock is heeded on the way. */
#include "image.h"

#include <fnmatch.h>
#include <stdio.h>

/* ---- reading ---- */

/* What the builder does, line by line. Indexes of lines; -1: not seen. */
struct order {
	int manifests; /* first COPY that brings Cargo.toml */
	int lock; /* first COPY that brings Cargo.lock */
	int all; /* first COPY of the whole context */
	int sources; /* last COPY of sources before the last build */
	int dependencies; /* first build or fetch between the two, or cook of cargo-chef */
	int build; /* the last build */
	bool is_chef, is_fetch, is_of_stage; /* how they come: also compiled by another stage */
	int dummy; /* RUN that writes an empty main before the sources */
	bool has_dummy_library; /* and an empty lib */
	char *dummy_main; /* "crates/app/src/main.rs" */
	bool is_touched; /* and what makes cargo see the real one */
	int cached; /* a build with a cache mount over the target folder, or with sccache */
	int plain_install; /* cargo install --path without --locked */
	int loose_build; /* cargo build without it */
	bool says_locked; /* one of the builds has it */
	bool edits_manifests;
};

static bool is_target_cache(const char *path)
{
	return strcmp(path_name(path), "target") == 0 || strstr(path, "/target/") != NULL || strstr(path, "sccache") != NULL ||
		strstr(path, "cargo-target") != NULL;
}

static void take_copy(const struct sources *sources, const struct shipped *shipped, size_t index, struct order *order)
{
	struct copy_line copy;
	struct brought all = {0};
	if (!copy_line_read(&shipped->source->file, index, &copy))
		return;
	for (size_t i = 0; i < copy.sources.count; i++) {
		struct brought one = copy_brings(sources, shipped, &copy, i);
		const char *source = copy.sources.items[i], *name = path_name(source);
		auto_free char *clean = path_clean(source);
		if (copy.from_stage >= 0 && (strstr(source, "target") != NULL || strstr(source, "/cargo") != NULL) &&
			order->dependencies < 0) {
			order->dependencies = (int)index;
			order->is_of_stage = true;
		}
		if (copy.from == NULL && (strcmp(clean, ".") == 0 || strcmp(clean, "/") == 0) && order->all < 0)
			order->all = (int)index;
		all.manifest = all.manifest || one.manifest;
		all.sources = all.sources || one.sources;
		all.lock = all.lock || one.lock || (copy.from == NULL && strncmp(name, "Cargo.", 6) == 0 &&
			fnmatch(name, "Cargo.lock", 0) == 0);
	}
	copy_line_finish(&copy);
	if (all.lock && order->lock < 0)
		order->lock = (int)index;
	if (all.manifest && order->manifests < 0)
		order->manifests = (int)index;
	if (all.sources && (int)index < order->build)
		order->sources = (int)index;
}

/* --locked, --frozen, or options that stand in a variable. */
static bool may_say_locked(const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->items[i], "--locked") == 0 || strcmp(words->items[i], "--frozen") == 0 || words->items[i][0] == '$')
			return true;
	return false;
}

static bool is_cargo_build(const struct strings *words)
{
	static const char *const verbs[] = {"build", "b", "rustc", "zigbuild"};
	bool cargo = false;
	for (size_t i = 0; i < words->count; i++) {
		for (size_t j = 0; cargo && j < COUNT_OF(verbs); j++)
			if (strcmp(words->items[i], verbs[j]) == 0)
				return true;
		cargo = cargo || strcmp(path_name(words->items[i]), "cargo") == 0;
	}
	return false;
}

static bool installs_without_lock(const struct strings *words)
{
	bool install = false, path = false, locked = false, cargo = false;
	for (size_t i = 0; i < words->count; i++) {
		cargo = cargo || strcmp(path_name(words->items[i]), "cargo") == 0;
		install = install || (cargo && strcmp(words->items[i], "install") == 0);
		path = path || text_starts_with(words->items[i], "--path");
		locked = locked || strcmp(words->items[i], "--locked") == 0 || strcmp(words->items[i], "--frozen") == 0 ||
			strchr(words->items[i], '$') != NULL;
	}
	return install && path && !locked;
}

/* Where an empty main is written: "> src/main.rs", `cargo init`. */
static void take_dummy(const struct strings *words, size_t index, struct order *order)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i] + strspn(words->items[i], ">");
		order->has_dummy_library = order->has_dummy_library || text_ends_with(word, "lib.rs") || strcmp(word, "--lib") == 0;
		if (!text_ends_with(word, "main.rs") || order->dummy_main != NULL)
			continue;
		order->dummy = (int)index;
		order->dummy_main = path_clean(word);
	}
}

static void take_commands(const char *body, size_t index, struct order *order)
{
	struct shell_commands commands = {0};
	bool before = order->sources < 0 || (int)index < order->sources, writes = strstr(body, "fn main") != NULL;
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		auto_free char *all = at < words->count ? strings_join(words, " ", " ") : mem_copy_string("");
		const char *verb = at < words->count ? path_name(words->items[at]) : "";
		bool touches = strcmp(verb, "touch") == 0, behind = order->dependencies >= 0 && (int)index > order->dependencies;
		bool undoes = (touches && behind) || (strcmp(verb, "find") == 0 &&
			(strstr(all, "touch") != NULL || strstr(all, "-delete") != NULL)) ||
			(strcmp(verb, "rm") == 0 && (strstr(all, "target") != NULL || strstr(all, "deps") != NULL ||
			strstr(all, "fingerprint") != NULL)) || strstr(all, "cargo clean") != NULL || strstr(all, "xargs touch") != NULL;
		bool creates = strstr(all, "cargo new") != NULL || strstr(all, "cargo init") != NULL;
		if (before && creates && order->dummy < 0)
			order->dummy = (int)index;
		if (before && (writes || touches || creates) && strcmp(verb, "rm") != 0)
			take_dummy(words, index, order);
		order->is_touched = order->is_touched || undoes;
		order->edits_manifests = order->edits_manifests || strcmp(verb, "sed") == 0 || strcmp(verb, "awk") == 0 ||
			strstr(all, "cargo new") != NULL;
		if (installs_without_lock(words))
			order->plain_install = (int)index;
		bool is_cargo = at < words->count && strstr(all, "cargo") != NULL;
		order->says_locked = order->says_locked || (is_cargo && may_say_locked(words));
		if (is_cargo_build(words))
			order->loose_build = (int)index;
	}
	shell_commands_finish(&commands);
}

static bool is_dependency_call(const struct cargo_call *call, const struct order *order, size_t index)
{
	static const char *const fetches[] = {"fetch", "vendor", "build-deps", "check", NULL};
	bool before = (int)index < order->sources && order->manifests >= 0 && order->all < 0;
	return before && (cargo_call_makes_programs(call) || name_in(call->verb, fetches));
}

static void take_run(const struct dockerfile *file, size_t index, struct order *order)
{
	struct cargo_calls calls = {0};
	auto_strings mounts = {0};
	auto_free char *body = run_body(file, index);
	take_commands(body, index, order);
	cache_mounts(file, index, &mounts);
	bool cached = false;
	for (size_t i = 0; i < mounts.count; i++)
		cached = cached || is_target_cache(mounts.items[i]);
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++) {
		const struct cargo_call *call = &calls.items[i];
		bool chef = strcmp(call->verb, "chef") == 0 && strings_have(&call->names, "cook");
		if ((chef && !order->is_chef) || (is_dependency_call(call, order, index) && order->dependencies < 0)) {
			order->dependencies = (int)index;
			order->is_chef = chef;
			order->is_fetch = !chef && !cargo_call_makes_programs(call);
		}
		if (cargo_call_makes_programs(call) && cached)
			order->cached = (int)index;
	}
	cargo_calls_finish(&calls);
}

static int last_build(const struct dockerfile *file, int stage)
{
	int last = -1;
	size_t at = 0;
	for (int index; (index = stage_next(file, stage, "RUN", &at)) >= 0;) {
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, (size_t)index);
		run_find_cargo(body, &calls);
		for (size_t i = 0; i < calls.count; i++)
			last = cargo_call_makes_programs(&calls.items[i]) ? index : last;
		cargo_calls_finish(&calls);
	}
	return last;
}

static struct order read_order(const struct sources *sources, const struct shipped *shipped, int builder)
{
	const struct dockerfile *file = &shipped->source->file;
	struct order order = {.manifests = -1, .lock = -1, .all = -1, .sources = -1, .dependencies = -1, .dummy = -1, .cached = -1,
		.plain_install = -1, .loose_build = -1};
	order.build = last_build(file, builder);
	/* without a build that is seen, all lines are before it */
	bool is_seen = order.build >= 0;
	order.build = is_seen ? order.build : (int)file->lines.count;
	size_t at = 0;
	for (int index; (index = stage_next(file, builder, "", &at)) >= 0;)
		if (strcmp(file->lines.items[index].word, "RUN") != 0)
			take_copy(sources, shipped, (size_t)index, &order);
	order.all = order.all >= order.sources ? -1 : order.all; /* the last one is no earlier one */
	at = 0;
	for (int index; (index = stage_next(file, builder, "RUN", &at)) >= 0;)
		take_run(file, (size_t)index, &order);
	order.build = is_seen ? order.build : -1;
	return order;
}

/* ---- judging ---- */

/* Does Cargo.lock reach the build? */
static bool check_lock(struct check *check, const struct shipped *shipped, const struct order *order)
{
	const struct sources *sources = check->sources;
	auto_free char *path = shipped_path(shipped, "Cargo.lock"), *manifest_path = shipped_path(shipped, "Cargo.toml");
	const struct tree_file *lock = tree_find(&sources->tree, path), *manifest = tree_find(&sources->tree, manifest_path);
	const struct ignore *ignore = sources_ignore(sources, shipped);
	unsigned line = 0;
	if (manifest != NULL && lock == NULL && !sources->rust.has_lock) {
		check_against(check, manifest->path, 0,
			"there is no Cargo.lock beside it: each build may take other versions of the dependencies");
		check_mend(check, "Run cargo generate-lockfile and commit Cargo.lock");
	} else if (lock != NULL && ignore != NULL && ignore_leaves_out(ignore, "Cargo.lock", &line)) {
		check_against(check, shipped->ignore_path, line,
			"Cargo.lock is left out of the build context: each build may take other versions of the dependencies");
		check_mend(check, "Take the rule for Cargo.lock out of %s", shipped->ignore_path);
	} else if (lock != NULL && sources->tree.has_git && !lock->is_tracked && manifest != NULL && manifest->is_tracked) {
		check_against(check, lock->path, 0,
			"git does not have Cargo.lock: a fresh clone builds with other versions of the dependencies");
		check_mend(check, "Commit Cargo.lock");
	} else if (order->plain_install >= 0) {
		check_against(check, shipped->source->path, image_line_at(shipped, order->plain_install),
			"cargo install takes no notice of Cargo.lock without --locked");
		check_mend(check, "Add --locked to cargo install");
	} else if (order->dependencies >= 0 && !order->is_chef && !order->is_of_stage && lock != NULL &&
		(order->lock < 0 || order->lock > order->dependencies)) {
		check_against(check, shipped->source->path, image_line_at(shipped, order->manifests),
			"Cargo.lock is not copied with Cargo.toml: the dependencies are built in other versions");
		check_mend(check, "Copy Cargo.lock in the same line as Cargo.toml");
	} else if (order->loose_build >= 0 && !order->says_locked && lock != NULL) {
		check_against(check, shipped->source->path, image_line_at(shipped, order->loose_build),
			"cargo builds without --locked: where Cargo.lock does not fit the manifests, other versions are built than were tested");
		check_mend(check, "Add --locked to cargo build");
		return true; /* the order of layers is another question */
	} else {
		return true;
	}
	return false;
}

/* A workspace's root manifest alone builds nothing: members are read too. */
static const char *missing_member(const struct check *check, const struct shipped *shipped, const struct order *order)
{
	const struct sources *sources = check->sources;
	const struct dockerfile *file = &shipped->source->file;
	auto_free char *root = shipped_path(shipped, "Cargo.toml");
	auto_free char *text = tree_read(&sources->tree, root, NULL);
	if (text == NULL || strstr(text, "[workspace]") == NULL || strstr(text, "members") == NULL || order->edits_manifests ||
		order->is_chef)
		return NULL;
	for (size_t i = 0; i < sources->rust.manifests.count; i++) {
		const char *manifest = sources->rust.manifests.items[i];
		auto_free char *folder = path_parent(manifest);
		bool comes = strcmp(manifest, root) == 0 || (strcmp(shipped->context, ".") != 0 &&
			!path_is_below(manifest, shipped->context));
		for (size_t j = 0; j < file->lines.count && (int)j < order->dependencies && !comes; j++) {
			struct copy_line copy;
			if (!copy_line_read(file, j, &copy))
				continue;
			for (size_t k = 0; k < copy.sources.count && copy.from == NULL; k++) {
				auto_free char *own = shipped_path(shipped, copy.sources.items[k]);
				comes = comes || strcmp(own, ".") == 0 || path_is_below(manifest, own) || path_is_below(own, folder) ||
					strpbrk(own, "*?") != NULL;
			}
			copy_line_finish(&copy);
		}
		if (!comes)
			return manifest;
	}
	return NULL;
}

static bool check_dummy(struct check *check, const struct shipped *shipped, const struct order *order)
{
	const char *path = shipped->source->path;
	if (order->dependencies < 0 || order->is_chef || order->is_fetch || order->is_of_stage || order->build <= order->dependencies)
		return true;
	const char *member = missing_member(check, shipped, order);
	if (member != NULL) {
		check_against(check, path, image_line_at(shipped, order->dependencies),
			"%s belongs to the workspace and is not copied before this line: cargo ends with \"failed to load manifest\"",
			member);
		check_mend(check, "Use cargo chef, or copy the manifests of all members");
		return false;
	}
	/* a library that was not there before makes cargo build the program anew */
	const char *dummy_main = order->dummy_main != NULL ? order->dummy_main : "src/main.rs";
	auto_free char *folder = path_parent(dummy_main[0] == '/' ? "src/main.rs" : dummy_main),
		*library = path_join(folder, "lib.rs");
	auto_free char *own_library = shipped_path(shipped, library);
	bool is_new_library = tree_find(&check->sources->tree, own_library) != NULL && !order->has_dummy_library;
	if (order->dummy >= 0 && !order->is_touched && !is_new_library) {
		check_against(check, path, image_line_at(shipped, order->dummy),
			"an empty main.rs is built here, and nothing makes cargo see the real one: COPY keeps old times, and the empty "
			"program may be shipped");
		check_mend(check, "Add touch src/main.rs before the last cargo build");
		return false;
	}
	return true;
}

static void look_at_order(struct check *check, const struct shipped *shipped)
{
	const char *path = shipped->source->path;
	int builder = build_stage(shipped);
	struct order order = read_order(check->sources, shipped, builder);
	bool good = check_lock(check, shipped, &order) && check_dummy(check, shipped, &order);
	free(order.dummy_main);
	if (!good)
		return;
	if (order.dependencies >= 0 && order.is_chef)
		check_for(check, path, image_line_at(shipped, order.dependencies),
			"cargo chef builds the dependencies before the sources are copied");
	else if (order.is_of_stage)
		check_for(check, path, image_line_at(shipped, order.dependencies),
			"another stage compiles the dependencies, and they are copied before the sources");
	else if (order.dependencies >= 0)
		check_for(check, path, image_line_at(shipped, order.manifests),
			"the manifests are copied and the dependencies are built at line %u, before the sources",
			image_line_at(shipped, order.dependencies));
	else if (order.cached >= 0)
		check_for(check, path, image_line_at(shipped, order.cached), "a cache mount keeps what is compiled of the dependencies");
	else if (order.manifests >= 0 && order.sources > order.manifests)
		check_against(check, path, image_line_at(shipped, order.manifests),
			"the manifests are copied first, and nothing is built before the sources follow at line %u",
			image_line_at(shipped, order.sources));
	else if (order.sources >= 0)
		check_against(check, path, image_line_at(shipped, order.sources),
			"the sources are copied before anything is built: each change of them compiles all dependencies anew");
	else if (order.build >= 0)
		check_none(check, path, "the builder copies none of the project's sources");
	else
		check_missing(check, "%s:%u does not say how the program is built", path,
			shipped->source->file.stages.items[builder].line);
}

void image_dependencies(struct check *check)
{
	size_t at = 0;
	bool any = false;
	for (const struct shipped *shipped; (shipped = image_next(check->sources, &at, false)) != NULL; any = true)
		look_at_order(check, shipped);
	if (!any)
		image_none(check, false);
}
