/* What a save means: which programs must be built, whether compose must be
 * asked again, which image rendered again, which data synced. Exactly where
 * cargo's dep-info speaks; by the package graph where it does not. */
#include "project.h"

#include <fnmatch.h>

const char *save_why_name(enum save_why why)
{
	switch (why) {
	case SAVE_NONE: return "none";
	case SAVE_DEP_INFO: return "dep-info";
	case SAVE_GRAPH: return "graph";
	case SAVE_MANIFEST: return "manifest";
	case SAVE_DATA: return "data";
	case SAVE_CONFIG: return "config";
	}
	return "none";
}

static void free_strings(void *value)
{
	struct strings *list = value;
	strings_finish(list);
	free(list);
}

static void remove_text(struct strings *list, const char *text)
{
	for (size_t i = list->count; i-- > 0;) {
		if (strcmp(list->items[i], text) == 0) {
			free(list->items[i]);
			array_remove(list, i);
		}
	}
}

void project_add_dep_info(struct project *project, const char *bin, const char *text, size_t len)
{
	auto_strings paths = {0};
	size_t at = 0;
	void *value;
	if (project->dep_info == NULL)
		project->dep_info = map_open(free_strings);
	/* what the program no longer reads */
	while (map_next(project->dep_info, &at, NULL, &value))
		remove_text(value, bin);
	dep_info_read(text, len, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		/* relative where build.dep-info-basedir says so */
		auto_free char *joined = path_join(project->cargo.root != NULL ? project->cargo.root : "/", paths.items[i]);
		auto_free char *path = path_clean(joined); /* what a build script names may hold ".." */
		struct strings *bins = map_get(project->dep_info, path);
		if (bins == NULL) {
			bins = mem_alloc(sizeof *bins);
			map_put(project->dep_info, path, bins);
		}
		strings_add_new(bins, bin);
	}
}

/* NULL: no program reads it. A build script may have named a folder: all below
 * it counts then. */
static const struct strings *readers(const struct project *project, const char *path)
{
	auto_free char *at = mem_copy_string(path);
	for (int depth = 0; project->dep_info != NULL && depth < 64; depth++) {
		const struct strings *bins = map_get(project->dep_info, at);
		if (bins != NULL && bins->count > 0)
			return bins;
		char *slash = strrchr(at, '/');
		if (slash == NULL || slash == at)
			break;
		*slash = '\0';
	}
	return NULL;
}

static void strengthen(struct save *save, enum save_why why)
{
	if (why > save->why)
		save->why = why;
}

/* ---- the graph ---- */

static const struct cargo_package *package_of_path(const struct cargo_graph *graph, const char *path)
{
	const struct cargo_package *best = NULL;
	for (size_t i = 0; i < graph->packages.count; i++) {
		const struct cargo_package *package = &graph->packages.items[i];
		if (path_is_below(path, package->folder) && (best == NULL || strlen(package->folder) > strlen(best->folder)))
			best = package;
	}
	return best;
}

static const struct cargo_package *package_named(const struct cargo_graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->packages.count; i++)
		if (strcmp(graph->packages.items[i].name, name) == 0)
			return &graph->packages.items[i];
	return NULL;
}

static bool depends_on(const struct cargo_graph *graph, const struct cargo_package *package, const char *name)
{
	auto_strings seen = {0};
	strings_add(&seen, package->name);
	for (size_t i = 0; i < seen.count; i++) {
		const struct cargo_package *at = package_named(graph, seen.items[i]);
		if (strcmp(seen.items[i], name) == 0)
			return true;
		for (size_t j = 0; at != NULL && j < at->depends.count; j++)
			strings_add_new(&seen, at->depends.items[j]);
	}
	return false;
}

/* Only programs that images of services hold are built. */
static bool is_served(const struct project *project, const char *bin)
{
	for (size_t i = 0; i < project->services.count; i++)
		if (project->services.items[i].kind == PROJECT_RUST && strings_have(&project->services.items[i].bins, bin))
			return true;
	return false;
}

static void add_all(const struct project *project, struct strings *bins)
{
	for (size_t i = 0; i < project->services.count; i++)
		for (size_t j = 0; project->services.items[i].kind == PROJECT_RUST && j < project->services.items[i].bins.count; j++)
			strings_add_new(bins, project->services.items[i].bins.items[j]);
}

static void add_by_graph(const struct project *project, const struct cargo_package *changed, struct strings *bins)
{
	for (size_t i = 0; i < project->cargo.packages.count; i++) {
		const struct cargo_package *package = &project->cargo.packages.items[i];
		if (!depends_on(&project->cargo, package, changed->name))
			continue;
		for (size_t j = 0; j < package->bins.count; j++)
			if (is_served(project, package->bins.items[j].name))
				strings_add_new(bins, package->bins.items[j].name);
	}
}

/* ---- kinds of paths ---- */

static bool is_document(const char *path)
{
	static const char *const ends[] = {".md", ".markdown", ".adoc", ".rst", "LICENSE", "COPYING", ".gitignore", ".gitattributes", ".editorconfig", ".dockerignore"};
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (text_ends_with(path, ends[i]))
			return true;
	return false;
}

static bool is_manifest(const struct project *project, const char *path)
{
	static const char *const names[] = {"Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"};
	if (project->cargo.root == NULL || !path_is_below(path, project->cargo.root))
		return false;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(path), names[i]) == 0)
			return true;
	return text_ends_with(path, "/.cargo/config.toml") || text_ends_with(path, "/.cargo/config");
}

static bool is_compose(const struct project *project, const char *path)
{
	if (strings_have(&project->files, path) || strings_have(&project->env_files, path))
		return true;
	auto_free char *env = path_join(project->folder, ".env");
	if (strcmp(path, env) == 0)
		return true;
	for (size_t i = 0; i < project->compose.services.count; i++)
		if (strings_have(&project->compose.services.items[i].env_files, path))
			return true;
	if (strings_have(&project->mentioned, path))
		return true;
	/* an override that has just appeared */
	auto_free char *parent = path_parent(path);
	const char *name = path_name(path);
	return strcmp(parent, project->folder) == 0 && (text_starts_with(name, "compose.") || text_starts_with(name, "docker-compose.")) &&
		(text_ends_with(name, ".yml") || text_ends_with(name, ".yaml"));
}

/* ---- images, data, develop.watch ---- */

static bool map_images(const struct project *project, const char *path, struct save *save)
{
	bool found = false;
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		bool own = text_equal(service->compose->dockerfile, path) || strings_have(&service->scripts, path);
		if (own && service->kind == PROJECT_RUST)
			strings_add_new(&save->images, service->name);
		found = found || (own && service->kind == PROJECT_RUST);
	}
	if (found)
		strengthen(save, SAVE_CONFIG);
	return found;
}

static bool is_ignored(const struct compose_watch *rule, const char *below)
{
	for (size_t i = 0; i < rule->ignore.count; i++) {
		const char *pattern = rule->ignore.items[i];
		if (fnmatch(pattern, below, 0) == 0 || path_is_below(below, pattern))
			return true;
	}
	return false;
}

static void add_sync(struct save *save, const char *service, const char *path, const char *action, char *target)
{
	struct save_sync *sync = array_add(&save->syncs);
	sync->service = mem_copy_string(service);
	sync->path = mem_copy_string(path);
	sync->action = mem_copy_string(action);
	sync->target = target;
}

static bool map_watches(const struct compose_service *service, const char *path, struct save *save)
{
	for (size_t i = 0; i < service->watches.count; i++) {
		const struct compose_watch *rule = &service->watches.items[i];
		const char *below = rule->path != NULL ? path_relative(path, rule->path) : NULL;
		if (below == NULL || is_ignored(rule, below))
			continue;
		add_sync(save, service->name, path, rule->action,
			rule->target == NULL ? NULL : below[0] != '\0' ? path_join(rule->target, below) : mem_copy_string(rule->target));
		strengthen(save, SAVE_DATA);
		return true;
	}
	return false;
}

/* Files that a service reads while it runs, by a mount or a rule: of bind mounts those that it cannot write itself, for its own writing
 * must not restart it. */
static bool map_data(const struct project *project, const char *path, struct save *save)
{
	bool found = false;
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		const struct compose_service *compose = service->compose;
		if (service->kind == PROJECT_OTHER) {
			found = map_watches(compose, path, save) || found;
			continue;
		}
		for (size_t j = 0; j < compose->mounts.count; j++) {
			const struct compose_mount *mount = &compose->mounts.items[j];
			if (!text_equal(mount->type, "bind") || mount->source == NULL || !path_is_below(path, mount->source) ||
				!(mount->read_only || strcmp(path, mount->source) == 0))
				continue;
			strings_add_new(&save->restart, service->name);
			strengthen(save, SAVE_DATA);
			found = true;
		}
	}
	return found;
}

/* Where a COPY line lays the path, or NULL where it does not take it. The
 * caller frees. */
static char *copied_to(const struct copy_line *copy, const char *context, const char *path)
{
	for (size_t i = 0; copy->from == NULL && i < copy->sources.count; i++) {
		auto_free char *joined = path_join(context, copy->sources.items[i] + strspn(copy->sources.items[i], "/"));
		auto_free char *host = path_clean(joined);
		if (strcmp(host, path) == 0)
			return copy_line_target(copy, i);
		if (path_is_below(path, host))
			return path_join(copy->to, path_relative(path, host)); /* what the folder holds, not itself */
		if (fnmatch(host, path, FNM_PATHNAME) == 0)
			return text_ends_with(copy->to, "/") ? path_join(copy->to, path_name(path)) : mem_copy_string(copy->to);
	}
	return NULL;
}

/* Only what is copied as it is can be brought into a container that runs: ADD
 * may unpack, and another mode is the image's to give. */
static bool is_copied_plainly(const struct dockerfile *file, size_t index)
{
	auto_free char *mode = flag_value(file->lines.items[index].rest, "chmod");
	return strcmp(file->lines.items[index].word, "COPY") == 0 && mode == NULL;
}

/* Every COPY line of that stage, or of those that it builds on, that takes the
 * path from the context. */
static bool map_copies(const struct dockerfile *file, int stage, const struct compose_service *service, const char *path, struct save *save)
{
	bool found = false;
	for (int depth = 0; stage >= 0 && depth < STAGE_DEPTH_LIMIT; depth++, stage = file->stages.items[stage].base_stage) {
		for (size_t i = 0; i < file->lines.count; i++) {
			struct copy_line copy;
			if (file->lines.items[i].stage != stage || !copy_line_read(file, i, &copy))
				continue;
			auto_free char *target = copied_to(&copy, service->context, path);
			if (target != NULL) {
				bool plainly = is_copied_plainly(file, i);
				add_sync(save, service->name, path, "copied", plainly ? steal(&target) : NULL);
				found = true;
			}
			copy_line_finish(&copy);
		}
	}
	return found;
}

/* What the runtime image copies from the context besides its scripts. */
static bool map_copied(const struct project *project, const char *path, struct save *save)
{
	bool found = false;
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		struct dockerfile file;
		if (service->kind != PROJECT_RUST || service->compose->context == NULL || !path_is_below(path, service->compose->context) ||
			strings_have(&save->images, service->name) || !service_dockerfile(service->compose, &file, NULL))
			continue;
		int stage = dockerfile_stage(&file, service->compose->build_target);
		if (stage >= 0 && !stage_compiles(&file, stage, true) && map_copies(&file, stage, service->compose, path, save)) {
			strengthen(save, SAVE_DATA);
			found = true;
		}
		dockerfile_finish(&file);
	}
	return found;
}

/* ---- one path ---- */

static bool failed_below(const struct cargo_graph *graph, const struct cargo_package *package, const struct strings *failed, struct strings *bins)
{
	bool any = false;
	for (size_t i = 0; failed != NULL && i < failed->count; i++) {
		const struct cargo_package *of = cargo_find_bin(graph, failed->items[i]);
		if (of != NULL && depends_on(graph, of, package->name)) {
			strings_add_new(bins, failed->items[i]);
			any = true;
		}
	}
	return any;
}

static bool map_source(const struct project *project, const char *path, const struct strings *failed, struct save *save)
{
	const struct strings *bins = readers(project, path);
	const struct cargo_package *package = package_of_path(&project->cargo, path);
	bool found = false;
	for (size_t i = 0; bins != NULL && i < bins->count; i++) {
		if (!is_served(project, bins->items[i]))
			continue;
		strings_add_new(&save->bins, bins->items[i]);
		found = true;
	}
	if (found)
		strengthen(save, SAVE_DEP_INFO);
	if (package == NULL || (bins == NULL && is_document(path)))
		return found;
	/* a failed build has left no dep-info of what it would read now */
	if (failed_below(&project->cargo, package, failed, &save->bins))
		strengthen(save, found ? SAVE_DEP_INFO : SAVE_GRAPH);
	if (bins != NULL)
		return true;
	size_t before = save->bins.count;
	add_by_graph(project, package, &save->bins);
	if (save->bins.count > before)
		strengthen(save, SAVE_GRAPH);
	return true;
}

static void map_path(const struct project *project, const char *path, const struct strings *failed, struct save *save)
{
	if (is_compose(project, path)) {
		save->compose = true;
		strengthen(save, SAVE_CONFIG);
		return;
	}
	bool image = map_images(project, path, save);
	if (is_manifest(project, path)) {
		add_all(project, &save->bins);
		strengthen(save, SAVE_MANIFEST);
		return;
	}
	bool source = readers(project, path) != NULL || (text_ends_with(path, ".rs") && package_of_path(&project->cargo, path) != NULL);
	/* a source that the image copies too, such as a migration, is both */
	bool data = !text_ends_with(path, ".rs") && (map_data(project, path, save) || map_copied(project, path, save));
	if (source || (!image && !data))
		map_source(project, path, failed, save);
}

void project_map_paths(const struct project *project, const struct strings *paths, const struct strings *failed, struct save *save)
{
	*save = (struct save){0};
	for (size_t i = 0; i < paths->count; i++)
		if (!project_ignores(project, paths->items[i]))
			map_path(project, paths->items[i], failed, save);
}

void save_finish(struct save *save)
{
	for (size_t i = 0; i < save->syncs.count; i++) {
		free(save->syncs.items[i].service);
		free(save->syncs.items[i].path);
		free(save->syncs.items[i].target);
		free(save->syncs.items[i].action);
	}
	array_finish(&save->syncs);
	strings_finish(&save->bins);
	strings_finish(&save->images);
	strings_finish(&save->restart);
}

void project_watch_roots(const struct project *project, struct strings *roots, struct strings *extras)
{
	if (project->cargo.root != NULL)
		strings_add_new(roots, project->cargo.root);
	strings_add_new(roots, project->folder);
	/* path dependencies may lie outside the workspace */
	for (size_t i = 0; i < project->cargo.packages.count; i++)
		if (project->cargo.root == NULL || !path_is_below(project->cargo.packages.items[i].folder, project->cargo.root))
			strings_add_new(roots, project->cargo.packages.items[i].folder);
	strings_copy(extras, &project->files);
	strings_copy(extras, &project->env_files);
	strings_copy(extras, &project->mentioned);
	for (size_t i = 0; i < project->compose.services.count; i++) {
		const struct compose_service *service = &project->compose.services.items[i];
		strings_copy(extras, &service->env_files);
		if (service->dockerfile != NULL && service->dockerfile_inline == NULL)
			strings_add_new(extras, service->dockerfile);
		for (size_t j = 0; j < service->watches.count; j++) {
			const char *path = service->watches.items[j].path;
			if (path != NULL && dir_exists(path))
				strings_add_new(roots, path);
			else if (path != NULL)
				strings_add_new(extras, path);
		}
		for (size_t j = 0; j < service->mounts.count; j++) {
			const struct compose_mount *mount = &service->mounts.items[j];
			if (text_equal(mount->type, "bind") && mount->source != NULL && file_exists(mount->source) && path_is_below(mount->source, project->folder))
				strings_add_new(extras, mount->source);
		}
	}
	/* a root below another is watched with it */
	for (size_t i = roots->count; i-- > 0;) {
		for (size_t j = 0; j < roots->count; j++) {
			if (i == j || !path_is_below(roots->items[i], roots->items[j]))
				continue;
			free(roots->items[i]);
			array_remove(roots, i);
			break;
		}
	}
}
