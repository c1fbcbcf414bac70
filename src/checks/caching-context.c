/* 4.2: what the build context must not hold, and what it must. Paths are asked of
 * .dockerignore one by one, by Docker's own rules; what no COPY takes does not matter. */
#include "caching.h"

#include <ctype.h>
#include <fnmatch.h>

enum { SOURCES_LIMIT = 500, NEEDED_LIMIT = 2000, RULES_LIMIT = 2000000 };

struct taken {
	char *source; /* relative to the context; "." is all */
	unsigned line;
	bool is_mount;
};

struct context {
	struct check *check;
	const struct sources *sources;
	const struct shipped *shipped;
	const struct ignore *ignore;
	const char *folder; /* relative to the root; "" is it */
	ARRAY(struct taken) taken;
	size_t spent; /* rules that paths were held against so far */
	bool wants_git; /* the build reads the history */
};

/* ---- what COPY takes ---- */

static void add_taken(struct context *context, const char *source, unsigned line, bool is_mount)
{
	auto_free char *clean = path_clean(source + strspn(source, "/"));
	if (context->taken.count < SOURCES_LIMIT && strstr(source, "://") == NULL && !text_starts_with(source, "git@"))
		*array_add(&context->taken) = (struct taken){mem_copy_string(text_starts_with(clean, "./") ? clean + 2 : clean), line, is_mount};
}

static void take_mounts(struct context *context, const struct docker_line *line)
{
	const char *rest = line->rest + strspn(line->rest, " \t");
	for (; text_starts_with(rest, "--"); rest += strspn(rest, " \t")) {
		size_t len = strcspn(rest, " \t");
		auto_free char *flag = mem_copy_bytes(rest, len);
		rest += len;
		bool binds = text_starts_with(flag, "--mount=") && (strstr(flag, "type=bind") != NULL || strstr(flag, "type=") == NULL) &&
			strstr(flag, "from=") == NULL;
		auto_free char *source = binds ? cache_value(flag + 8, "source") : NULL, *src = binds ? cache_value(flag + 8, "src") : NULL;
		if (binds)
			add_taken(context, source != NULL ? source : src != NULL ? src : ".", line->first, true);
	}
}

static void read_taken(struct context *context)
{
	const struct dockerfile *file = &context->shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		if (strcmp(file->lines.items[i].word, "RUN") == 0)
			take_mounts(context, &file->lines.items[i]);
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++)
			add_taken(context, copy.sources.items[j], file->lines.items[i].first, false);
		copy_line_finish(&copy);
	}
}

static bool is_pattern(const char *source)
{
	return strpbrk(source, "*?[") != NULL;
}

static bool is_taken(const struct context *context, const char *path)
{
	for (size_t i = 0; i < context->taken.count; i++) {
		const char *source = context->taken.items[i].source;
		if (strcmp(source, ".") == 0 || source[0] == '\0' || path_is_below(path, source))
			return true;
		/* "*" takes every name, with all below it */
		if (is_pattern(source) && fnmatch(source, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0)
			return true;
	}
	return false;
}

/* ---- asking ---- */

/* A path of the project as one of the context; NULL: it lies outside. */
static const char *inside(const struct context *context, const char *path)
{
	size_t len = strlen(context->folder);
	if (len == 0)
		return path;
	return strncmp(path, context->folder, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static bool is_left_out(struct context *context, const char *path, unsigned *line)
{
	*line = 0;
	if (context->ignore == NULL || context->spent > RULES_LIMIT)
		return false;
	context->spent += context->ignore->rules.count;
	return ignore_leaves_out(context->ignore, path, line);
}

/* An additional line at the end changes nothing else: no folder of sources has
 * that name, and nothing is let in again. */
static bool is_safe_to_add(const struct context *context)
{
	const struct tree *tree = &context->sources->tree;
	for (size_t i = 0; i < tree->files.count; i++)
		if (text_starts_with(tree->files.items[i].path, "target/") || strstr(tree->files.items[i].path, "/target/") != NULL)
			return false;
	for (size_t i = 0; i < context->taken.count; i++) {
		const char *source = context->taken.items[i].source;
		if (strstr(source, "target") != NULL || strstr(source, ".git") != NULL || strstr(source, "node_modules") != NULL)
			return false;
	}
	for (size_t i = 0; context->ignore != NULL && i < context->ignore->rules.count; i++)
		if (context->ignore->rules.items[i].is_exception)
			return false;
	return !context->wants_git;
}

/* A folder that must not come along; `probe` is a path within it. */
static void must_be_out(struct context *context, const char *folder, const char *probe, const char *pattern)
{
	unsigned line;
	auto_free char *path = mem_print("%s/%s", folder, probe);
	const char *file = context->shipped->ignore_path;
	if (context->ignore == NULL)
		return;
	if (is_left_out(context, path, &line)) {
		check_for(context->check, file, line, "%s is left out", folder);
	} else if (is_taken(context, path)) {
		check_against(context->check, file, 0, "%s is not left out, and COPY takes it along", folder);
		if (is_safe_to_add(context))
			check_edit_insert(context->check, file, 0, pattern);
	}
}

/* A file that the build reads. */
static void must_be_in(struct context *context, const char *path, const char *why)
{
	unsigned line;
	const char *relative = inside(context, path);
	if (relative == NULL || !is_taken(context, relative) || !is_left_out(context, relative, &line))
		return;
	check_against(context->check, context->shipped->ignore_path, line, "%s is left out: %s", relative, why);
	check_mend(context->check, "Let in what the build needs: take the pattern out, or add `!%s` below it", relative);
}

/* ---- what must be out ---- */

/* Is it the root of a workspace, or a package that belongs to none? There cargo
 * makes its target. */
static bool makes_target(const struct tree *tree, const char *manifest)
{
	auto_free char *text = tree_read(tree, manifest, NULL);
	if (text == NULL || strstr(text, "[workspace]") != NULL || strstr(text, "[workspace.") != NULL)
		return text != NULL;
	auto_free char *folder = path_parent(manifest);
	for (int depth = 0; depth < TREE_MOST_DEPTH && strchr(folder, '/') != NULL; depth++) {
		char *above = path_parent(folder);
		free(folder);
		folder = above;
		auto_free char *other = path_join(folder, "Cargo.toml");
		if (tree_find(tree, other) != NULL)
			return false;
	}
	return strchr(manifest, '/') == NULL || tree_find(tree, "Cargo.toml") == NULL;
}

static bool has_target(const struct tree *tree, const char *folder)
{
	auto_free char *tag = mem_print("%s/target/CACHEDIR.TAG", folder);
	auto_free char *text = tree_read(tree, tag, NULL);
	return text != NULL;
}

static void targets_must_be_out(struct context *context)
{
	const struct tree *tree = &context->sources->tree;
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(tree, &at, "Cargo.toml")) != NULL;) {
		const char *relative = inside(context, file->path);
		if (relative == NULL || file->is_harness || file->is_link)
			continue;
		auto_free char *parent = strchr(file->path, '/') != NULL ? path_parent(file->path) : mem_copy_string(".");
		if (!makes_target(tree, file->path) && !has_target(tree, parent))
			continue;
		auto_free char *folder = strchr(relative, '/') != NULL ? path_parent(relative) : NULL;
		auto_free char *target = folder != NULL ? path_join(folder, "target") : mem_copy_string("target");
		must_be_out(context, target, "debug/deps/app-0123456789abcdef.d", "**/target");
	}
}

static void modules_must_be_out(struct context *context)
{
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(&context->sources->tree, &at, "package.json")) != NULL;) {
		const char *relative = inside(context, file->path);
		if (relative == NULL || file->is_harness || file->is_link)
			continue;
		auto_free char *folder = strchr(relative, '/') != NULL ? path_parent(relative) : NULL;
		auto_free char *modules = folder != NULL ? path_join(folder, "node_modules") : mem_copy_string("node_modules");
		must_be_out(context, modules, "a/index.js", "**/node_modules");
	}
}

/* ---- what must be in ---- */

static void manifests_must_be_in(struct context *context)
{
	const struct rust_facts *rust = &context->sources->rust;
	const struct tree *tree = &context->sources->tree;
	for (size_t i = 0; i < rust->manifests.count && i < NEEDED_LIMIT; i++) {
		const char *manifest = rust->manifests.items[i];
		must_be_in(context, manifest, _("cargo reads it"));
		auto_free char *folder = strchr(manifest, '/') != NULL ? path_parent(manifest) : NULL;
		static const char *const names[] = {"build.rs", "Cargo.lock", "src/main.rs", "src/lib.rs"};
		for (size_t j = 0; j < COUNT_OF(names); j++) {
			auto_free char *path = folder != NULL ? path_join(folder, names[j]) : mem_copy_string(names[j]);
			if (tree_find(tree, path) != NULL)
				must_be_in(context, path, j == 1 ? _("other versions of crates are taken than those that were tested") : _("cargo reads it"));
		}
	}
	if (tree_find(tree, "Cargo.toml") != NULL)
		must_be_in(context, "Cargo.toml", _("cargo reads it"));
	if (tree_find(tree, "Cargo.lock") != NULL)
		must_be_in(context, "Cargo.lock", _("other versions of crates are taken than those that were tested"));
}

/* Macros that look into files while they are compiled. */
static bool embeds_migrations(const struct rust_facts *rust)
{
	static const char *const calls[] = {"sqlx::migrate!", "embed_migrations!", "migrate!(", "include_dir!"};
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		struct rust_place place = {0};
		if (rust_find(rust, calls[i], &place))
			return true;
	}
	return false;
}

static void folders_must_be_in(struct context *context)
{
	static const char *const builders[] = {"tonic-build", "tonic-prost-build", "prost-build", "protobuf-codegen", NULL};
	const struct rust_facts *rust = &context->sources->rust;
	const struct tree *tree = &context->sources->tree;
	const char *which;
	bool sqlx = rust_crate(rust, "sqlx") != NULL, embeds = embeds_migrations(rust), protos = rust_has_any(rust, builders, &which);
	for (size_t i = 0; i < tree->files.count; i++) {
		const char *path = tree->files.items[i].path;
		if (tree->files.items[i].is_harness)
			continue;
		if (sqlx && text_ends_with(path, ".json") && (text_starts_with(path, ".sqlx/") || strstr(path, "/.sqlx/") != NULL))
			must_be_in(context, path, _("sqlx checks the queries by it where there is no database"));
		else if (embeds && text_ends_with(path, ".sql") && (text_starts_with(path, "migrations/") || strstr(path,
			"/migrations/") != NULL))
			must_be_in(context, path, _("the program has the migrations in it"));
		else if (protos && text_ends_with(path, ".proto"))
			must_be_in(context, path, _("code is made of it"));
	}
}

/* The file that include_str!("../README.md") names, relative to the project. */
static char *included(const struct rust_place *place, size_t macro)
{
	const struct rust_source *source = place->source;
	size_t at = place->offset + macro;
	while (at < source->len && (isspace((unsigned char)source->text[at]) || strchr("!([{", source->text[at]) != NULL))
		at++;
	if (at >= source->len || source->text[at] != '"')
		return NULL;
	size_t len = strcspn(source->text + at + 1, "\"\n");
	auto_free char *name = mem_copy_bytes(source->text + at + 1, len);
	auto_free char *folder = strchr(source->path, '/') != NULL ? path_parent(source->path) : mem_copy_string(".");
	auto_free char *joined = path_join(folder, name);
	char *clean = path_clean(joined);
	if (text_starts_with(clean, "./"))
		memmove(clean, clean + 2, strlen(clean + 2) + 1);
	return clean;
}

static void includes_must_be_in(struct context *context)
{
	static const char *const macros[] = {"include_str", "include_bytes", "include"};
	for (size_t i = 0; i < COUNT_OF(macros); i++) {
		unsigned left = NEEDED_LIMIT;
		for (struct rust_place place = {0}; left > 0 && rust_find(&context->sources->rust, macros[i], &place); left--) {
			auto_free char *path = included(&place, strlen(macros[i]));
			if (path != NULL && tree_find(&context->sources->tree, path) != NULL)
				must_be_in(context, path, _("a source includes it"));
		}
	}
}

/* Settings of cargo without which it finds other crates, or none. */
static void settings_must_be_in(struct context *context)
{
	static const char *const names[] = {".cargo/config.toml", ".cargo/config"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *path = context->folder[0] != '\0' ? path_join(context->folder, names[i]) : mem_copy_string(names[i]);
		auto_free char *text = tree_find(&context->sources->tree, path) != NULL ? tree_read(&context->sources->tree, path, NULL) : NULL;
		if (text != NULL && (strstr(text, "[source") != NULL || strstr(text, "[registries") != NULL || strstr(text, "--cfg") != NULL ||
			strstr(text, "[patch") != NULL))
			must_be_in(context, path, _("cargo is told there where crates come from, or with which switches it compiles"));
	}
}

/* COPY of what is left out fails. Of a folder something must be left. */
static bool is_all_left_out(struct context *context, const char *source)
{
	const struct tree *tree = &context->sources->tree;
	unsigned line;
	bool is_folder = false;
	for (size_t i = 0; i < tree->files.count; i++) {
		const char *path = inside(context, tree->files.items[i].path);
		if (path == NULL || !path_is_below(path, source) || strcmp(path, source) == 0)
			continue;
		is_folder = true;
		if (!is_left_out(context, path, &line))
			return false;
	}
	return is_folder || is_left_out(context, source, &line);
}

static void copies_must_be_in(struct context *context)
{
	for (size_t i = 0; i < context->taken.count; i++) {
		const struct taken *taken = &context->taken.items[i];
		if (taken->is_mount || taken->source[0] == '\0' || strcmp(taken->source, ".") == 0 || is_pattern(taken->source) ||
			strchr(taken->source, '$') != NULL)
			continue;
		if (!is_all_left_out(context, taken->source))
			continue;
		check_against(context->check, context->shipped->source->path, taken->line, "COPY %s fails: %s leaves it out", taken->source,
			context->shipped->ignore_path);
		check_mend(context->check, "Let in what the build needs: take the pattern out, or add `!%s` below it", taken->source);
	}
}

/* ---- one image ---- */

static bool takes_all(const struct context *context)
{
	for (size_t i = 0; i < context->taken.count; i++)
		if (strcmp(context->taken.items[i].source, ".") == 0 || context->taken.items[i].source[0] == '\0' ||
			context->taken.items[i].source[0] == '*')
			return true;
	return false;
}

static void say_missing(struct context *context)
{
	const struct shipped *shipped = context->shipped;
	auto_free char *folder = strchr(shipped->source->path, '/') != NULL ? path_parent(shipped->source->path) : mem_copy_string(".");
	auto_free char *joined = path_join(folder, ".dockerignore");
	auto_free char *beside = path_clean(joined);
	const char *path = text_starts_with(beside, "./") ? beside + 2 : beside;
	if (strcmp(path, shipped->ignore_path) != 0 && tree_find(&context->sources->tree, path) != NULL)
		check_against(context->check, path, 0, "nobody reads it: the context of %s is %s, and what counts is %s there",
			shipped->source->path, shipped->context,
			shipped->ignore_path);
	else if (takes_all(context))
		check_against(context->check, shipped->source->path, 0, "there is no %s: COPY takes along whatever lies there",
			shipped->ignore_path);
	else
		check_against(context->check, shipped->source->path, 0, "there is no %s", shipped->ignore_path);
	if (is_safe_to_add(context))
		check_edit_insert(context->check, shipped->ignore_path, 0, "**/target\n**/node_modules\n.git");
}

static void look_at_context(struct context *context)
{
	read_taken(context);
	context->wants_git = image_reads_history(context->sources, context->shipped);
	if (context->ignore == NULL) {
		say_missing(context);
		return;
	}
	targets_must_be_out(context);
	if (context->folder[0] == '\0' && !context->wants_git)
		must_be_out(context, ".git", "objects/00/0", ".git");
	modules_must_be_out(context);
	copies_must_be_in(context);
	if (shipped_builder(context->shipped) >= 0) {
		manifests_must_be_in(context);
		folders_must_be_in(context);
		includes_must_be_in(context);
		settings_must_be_in(context);
	}
	check_for(context->check, context->shipped->ignore_path, 0, "it counts for %s", context->shipped->source->path);
}

void caching_context(struct check *check)
{
	const struct sources *sources = check->sources;
	if (sources->shipped.count == 0)
		check_none(check, pipeline_ground(sources), "there is no Dockerfile");
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		struct context context = {.check = check, .sources = sources, .shipped = shipped, .ignore = sources_ignore(sources, shipped),
			.folder = strcmp(shipped->context, ".") == 0 ? "" : shipped->context};
		if (!shipped_is_repeated(sources, i))
			look_at_context(&context);
		for (size_t j = 0; j < context.taken.count; j++)
			free(context.taken.items[j].source);
		array_finish(&context.taken);
	}
}
