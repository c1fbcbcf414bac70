/* Which service runs which program: the label, else the start command followed
 * into the image, else the only program that the image holds, and names last. */
#include "project.h"

#include <dirent.h>
#include <stdio.h>

/* ---- programs that an image holds ---- */

struct candidate {
	char *bin, *path;
	int stage; /* that compiles it */
	int line;
};
struct candidates {
	struct candidate *items;
	size_t count, cap;
};

static void candidates_finish(struct candidates *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].bin);
		free(list->items[i].path);
	}
	array_finish(list);
}

static void add_candidate(struct candidates *list, const struct origin *origin, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return;
	*array_add(list) = (struct candidate){.bin = mem_copy_string(origin->bin), .path = mem_copy_string(path), .stage = origin->stage, .line = origin->line};
}

static void try_path(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage,
	const char *path, struct candidates *list)
{
	struct origin origin;
	origin_find(project, service, file, stage, path, &origin);
	if (origin.kind == ORIGIN_BIN)
		add_candidate(list, &origin, path);
	origin_finish(&origin);
}

/* Files that COPY lines bring from other stages. */
static void find_copied(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage,
	struct candidates *list)
{
	for (int depth = 0, at = stage; at >= 0 && depth < STAGE_DEPTH_LIMIT; depth++, at = file->stages.items[at].base_stage) {
		for (size_t i = 0; i < file->lines.count; i++) {
			struct copy_line copy;
			if (file->lines.items[i].stage != at || !copy_line_read(file, i, &copy))
				continue;
			for (size_t j = 0; copy.from_stage >= 0 && j < copy.sources.count; j++) {
				auto_free char *target = copy_line_target(&copy, j);
				try_path(project, service, file, stage, target, list);
			}
			copy_line_finish(&copy);
		}
	}
}

/* Programs of the workspace in the folders that hold programs: a whole folder
 * was copied, or the image is the one that compiles. */
static void find_placed(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage,
	struct candidates *list)
{
	auto_free char *workdir = stage_workdir(file, stage);
	auto_free char *release = path_join(workdir, "target/release");
	auto_free char *debug = path_join(workdir, "target/debug");
	const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin", "/app", workdir, "/usr/local/cargo/bin", release, debug};
	size_t count = stage_compiles(file, stage, true) ? COUNT_OF(folders) : COUNT_OF(folders) - 2;
	for (size_t i = 0; i < project->cargo.packages.count && i < 200; i++) {
		const struct cargo_package *package = &project->cargo.packages.items[i];
		for (size_t j = 0; j < package->bins.count && j < 50; j++) {
			for (size_t k = 0; k < count; k++) {
				auto_free char *path = path_join(folders[k], package->bins.items[j].name);
				try_path(project, service, file, stage, path, list);
			}
		}
	}
}

/* ---- names ---- */

static bool same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

static const struct candidate *by_name(const struct project *project, const struct candidates *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cargo_package *package = cargo_find_bin(&project->cargo, list->items[i].bin);
		if (same_name(list->items[i].bin, name) || (package != NULL && package->bins.count == 1 && same_name(package->name, name)))
			return &list->items[i];
	}
	return NULL;
}

/* ---- rust-embed ---- */

/* Folders that #[folder = "x"] names in the sources of a package: without the
 * feature debug-embed they are read at run time. */
static void find_embeds(const char *folder, const struct cargo_package *package, int depth, struct strings *out)
{
	DIR *dir = depth < 8 ? opendir(folder) : NULL;
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		auto_free char *path = path_join(folder, entry->d_name);
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "target") == 0 || out->count > 16)
			continue;
		if (entry->d_type == DT_DIR)
			find_embeds(path, package, depth + 1, out);
		auto_free char *text = text_ends_with(path, ".rs") ? file_read(path, FILE_LIMIT, NULL, NULL) : NULL;
		for (const char *at = text; at != NULL && (at = strstr(at, "#[folder")) != NULL; at++) {
			const char *open = strchr(at, '"'), *close = open != NULL ? strchr(open + 1, '"') : NULL;
			if (close == NULL || memchr(at, '\n', (size_t)(close - at)) != NULL)
				continue;
			auto_free char *named = mem_copy_bytes(open + 1, (size_t)(close - open - 1));
			const char *below = text_starts_with(named, "$CARGO_MANIFEST_DIR/") ? named + 20 : named;
			auto_free char *joined = path_join(package->folder, below);
			auto_free char *clean = path_clean(joined);
			if (dir_exists(clean))
				strings_add_new(out, clean);
		}
	}
	if (dir != NULL)
		closedir(dir);
}

static bool uses_rust_embed(const struct cargo_package *package)
{
	auto_free char *text = file_read(package->manifest, FILE_LIMIT, NULL, NULL);
	return text != NULL && strstr(text, "rust-embed") != NULL && strstr(text, "debug-embed") == NULL;
}

/* ---- one service ---- */

static void found(struct project *project, struct project_service *out, const char *bin, const char *program, char *why,
	const struct dockerfile *file, int stage)
{
	const struct cargo_package *package = cargo_find_bin(&project->cargo, bin);
	out->kind = PROJECT_RUST;
	out->bin = mem_copy_string(bin);
	out->package = mem_copy_string(package->name);
	out->program = mem_copy_string(program);
	free(out->why);
	out->why = why;
	strings_add(&out->bins, bin);
	settings_take_package(project, out->compose, package);
	out->family = family_add(project, out->compose, stage >= 0 ? file : NULL, stage, package->name);
	if (uses_rust_embed(package))
		find_embeds(package->folder, package, 0, &out->embeds);
}

/* Every other program that the image holds stands there as a launcher too. */
static void add_others(struct project *project, struct project_service *out, const struct candidates *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct cargo_package *package = cargo_find_bin(&project->cargo, list->items[i].bin);
		strings_add_new(&out->bins, list->items[i].bin);
		strings_add_new(&project->families.items[out->family].packages, package->name);
	}
}

static char *why_line(const struct project_service *out, const struct dockerfile *file, const char *lead, int line)
{
	const struct compose_service *service = out->compose;
	const char *name = service->dockerfile_inline != NULL ? "dockerfile_inline" : path_name(service->dockerfile);
	if (line < 0)
		return mem_copy_string(lead);
	return mem_print(_("%s, by line %u of %s"), lead, file->lines.items[line].first, name);
}

/* The label names the program; where it stands is looked for all the same. */
static void map_label(struct project *project, struct project_service *out, const struct dockerfile *file, const struct start *start,
	const struct candidates *list, const char *label)
{
	const struct candidate *chosen = NULL;
	if (cargo_find_bin(&project->cargo, label) == NULL) {
		out->trouble = mem_print(_("its label dev.cargodeck.bin names %s, which is no program of this workspace"), label);
		return;
	}
	for (size_t i = 0; i < list->count && chosen == NULL; i++)
		if (strcmp(list->items[i].bin, label) == 0)
			chosen = &list->items[i];
	const char *path = chosen != NULL ? chosen->path : start->program;
	found(project, out, label, path, mem_copy_string(_("its label dev.cargodeck.bin")), file, chosen != NULL ? chosen->stage : start->stage);
	if (path == NULL)
		out->trouble = mem_copy_string(_("its image has no place for the program: its start command leads to none"));
}

static void map_built(struct project *project, struct project_service *out, const struct dockerfile *file)
{
	const struct compose_service *service = out->compose;
	const char *label = map_get(service->labels, "dev.cargodeck.bin");
	int stage = dockerfile_stage(file, service->build_target);
	struct candidates list = {0};
	struct start start;
	if (stage < 0) {
		out->trouble = mem_print(_("its Dockerfile has no stage %s"), service->build_target);
		return;
	}
	start_find(project, service, file, stage, &start);
	find_copied(project, service, file, stage, &list);
	bool copied = list.count > 0;
	if (!copied && start.bin == NULL)
		find_placed(project, service, file, stage, &list);
	out->runs_watcher = start.runs_watcher;
	strings_copy(&out->scripts, &start.scripts);
	const struct candidate *named = by_name(project, &list, service->name);
	if (label != NULL) {
		map_label(project, out, file, &start, &list, label);
	} else if (start.bin != NULL) {
		auto_free char *lead = mem_print(_("its start command leads to %s, which is %s"), start.program, start.bin);
		found(project, out, start.bin, start.program, why_line(out, file, lead, start.line), file, start.stage);
	} else if (start.runs_watcher) {
		free(out->why);
		out->why = mem_print(_("its command is a watcher of its own (%s): two would fight over the build; name the program with the label "
			"dev.cargodeck.bin and give it a command that starts it"), start.head != NULL ? start.head : "cargo");
	} else if (list.count == 1) {
		auto_free char *lead = mem_print(_("its image holds one program, %s"), list.items[0].bin);
		found(project, out, list.items[0].bin, list.items[0].path, why_line(out, file, lead, list.items[0].line), file, list.items[0].stage);
	} else if (named != NULL) {
		found(project, out, named->bin, named->path, why_line(out, file, _("of its image's programs one has its name"), named->line), file, named->stage);
	} else if (list.count > 1) {
		free(out->why);
		out->why = mem_copy_string(_("its image holds several programs and its start command leads to none: name one with the label dev.cargodeck.bin"));
	}
	if (out->kind == PROJECT_RUST && copied)
		add_others(project, out, &list);
	candidates_finish(&list);
	start_finish(&start);
}

/* Only `image`: taken over where a label says so, for the session. */
static void map_prebuilt(struct project *project, struct project_service *out)
{
	const struct compose_service *service = out->compose;
	const char *label = map_get(service->labels, "dev.cargodeck.bin");
	const struct strings *words = service->entrypoint.count > 0 ? &service->entrypoint : &service->command;
	const char *program = NULL;
	for (size_t i = 0; i < words->count && program == NULL; i++)
		if (words->items[i][0] == '/' && !is_shell(words->items[i]))
			program = words->items[i];
	if (label == NULL)
		return;
	if (cargo_find_bin(&project->cargo, label) == NULL) {
		out->trouble = mem_print(_("its label dev.cargodeck.bin names %s, which is no program of this workspace"), label);
		return;
	}
	if (program == NULL) {
		out->trouble = mem_copy_string(_("it has an image alone: give it a command that begins with the program's path in it"));
		return;
	}
	found(project, out, label, program, mem_copy_string(_("its label dev.cargodeck.bin")), NULL, -1);
}

static void take_labels(struct project_service *out)
{
	const struct map *labels = out->compose->labels;
	const char *swap = map_get(labels, "dev.cargodeck.swap");
	const char *limit = map_get(labels, "dev.cargodeck.ready_limit"), *silent = map_get(labels, "dev.cargodeck.ready_silent");
	out->swap = mem_copy_string(swap != NULL ? swap : "auto");
	out->ready = mem_copy_string(map_get(labels, "dev.cargodeck.ready"));
	if (limit == NULL || !settings_read_ms(limit, 100, 600000, &out->ready_ms))
		out->ready_ms = 0;
	if (silent == NULL || !settings_read_ms(silent, 10, 60000, &out->silent_ms))
		out->silent_ms = 0;
}

static void map_service(struct project *project, const struct compose_service *service, struct project_service *out)
{
	struct dockerfile file;
	struct fault fault;
	out->name = mem_copy_string(service->name);
	out->compose = service;
	out->family = -1;
	out->why = mem_copy_string(service->has_build ? _("its image holds no program of this workspace") : _("it has no build section"));
	if (project->cargo.packages.count == 0)
		return;
	if (!service->has_build) {
		map_prebuilt(project, out);
		return;
	}
	if (!service_dockerfile(service, &file, &fault)) {
		out->trouble = mem_copy_string(fault.text);
		return;
	}
	map_built(project, out, &file);
	dockerfile_finish(&file);
}

void project_forget_services(struct project *project)
{
	for (size_t i = 0; i < project->services.count; i++) {
		struct project_service *service = &project->services.items[i];
		char *const owned[] = {service->name, service->bin, service->package, service->program, service->why, service->trouble, service->swap, service->ready};
		for (size_t j = 0; j < COUNT_OF(owned); j++)
			free(owned[j]);
		strings_finish(&service->scripts);
		strings_finish(&service->bins);
		strings_finish(&service->embeds);
	}
	array_finish(&project->services);
	families_finish(project);
}

void project_map_services(struct project *project)
{
	project_forget_services(project);
	settings_take(project);
	for (size_t i = 0; i < project->compose.services.count; i++) {
		struct project_service *service = array_add(&project->services);
		map_service(project, &project->compose.services.items[i], service);
		take_labels(service); /* last: a package's settings are known by its program */
	}
}

const struct project_service *project_find(const struct project *project, const char *service)
{
	for (size_t i = 0; service != NULL && i < project->services.count; i++)
		if (strcmp(project->services.items[i].name, service) == 0)
			return &project->services.items[i];
	return NULL;
}
