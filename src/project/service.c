/* Which service runs which program: read from the start command, followed
 * through wrappers and scripts to a file of the image, and from there through
 * COPY --from to what cargo makes. Names come last. */
#include "project.h"

#include <stdio.h>

enum { FILE_LIMIT = 1 << 20 };

/* ---- Dockerfiles ---- */

bool service_dockerfile(const struct compose_service *service, struct dockerfile *file, struct fault *fault)
{
	*file = (struct dockerfile){0};
	if (!service->has_build)
		return fault_set(fault, FAULT_INPUT, "%s has no build section", service->name);
	size_t len = service->dockerfile_inline != NULL ? strlen(service->dockerfile_inline) : 0;
	auto_free char *text = service->dockerfile_inline != NULL ? mem_copy_string(service->dockerfile_inline)
		: service->dockerfile != NULL ? file_read(service->dockerfile, FILE_LIMIT, &len, fault) : NULL;
	if (text == NULL)
		return false;
	if (dockerfile_read(text, len, &service->build_args, file, fault))
		return true;
	dockerfile_finish(file);
	return fault_add(fault, "%s", service->dockerfile != NULL ? service->dockerfile : "dockerfile_inline");
}

int dockerfile_last(const struct dockerfile *file, int stage, const char *word)
{
	for (int depth = 0; stage >= 0 && depth < 32; depth++) {
		for (size_t i = file->lines.count; i-- > 0;)
			if (file->lines.items[i].stage == stage && strcmp(file->lines.items[i].word, word) == 0)
				return (int)i;
		stage = file->stages.items[stage].base_stage;
	}
	return -1;
}

static void workdir_into(const struct dockerfile *file, int stage, size_t until, struct str *out, int depth)
{
	if (stage < 0 || depth > 32)
		return;
	const struct docker_stage *own = &file->stages.items[stage];
	if (own->base_stage >= 0)
		workdir_into(file, own->base_stage, file->lines.count, out, depth + 1);
	for (size_t i = own->from; i < until && i < file->lines.count && file->lines.items[i].stage == stage; i++) {
		if (strcmp(file->lines.items[i].word, "WORKDIR") != 0)
			continue;
		auto_free char *value = dockerfile_expand(file, i, file->lines.items[i].rest);
		auto_free char *joined = path_join(out->len > 0 ? out->data : "/", value);
		str_clear(out);
		str_add(out, joined);
	}
}

char *dockerfile_workdir(const struct dockerfile *file, size_t at)
{
	auto_str out = {0};
	int stage = at < file->lines.count ? file->lines.items[at].stage : (int)file->stages.count - 1;
	workdir_into(file, stage, at, &out, 0);
	auto_free char *clean = path_clean(out.len > 0 ? out.data : "/");
	return steal(&clean);
}

bool copy_line_read(const struct dockerfile *file, size_t index, struct copy_line *out)
{
	const struct docker_line *line = &file->lines.items[index];
	*out = (struct copy_line){.from_stage = -1, .line = index};
	if ((strcmp(line->word, "COPY") != 0 && strcmp(line->word, "ADD") != 0) || strstr(line->rest, "<<") != NULL)
		return false;
	auto_free char *from = flag_value(line->rest, "from");
	if (from != NULL) {
		out->from = dockerfile_expand(file, index, from);
		out->from_stage = dockerfile_stage(file, out->from);
		if (out->from_stage >= line->stage)
			out->from_stage = -1;
	}
	auto_free char *expanded = dockerfile_expand(file, index, after_flags(line->rest));
	bool json;
	dockerfile_words(expanded, &out->sources, &json);
	if (out->sources.count < 2) {
		copy_line_finish(out);
		return false;
	}
	char *to = out->sources.items[--out->sources.count];
	auto_free char *workdir = dockerfile_workdir(file, index);
	auto_free char *joined = path_join(workdir, to);
	bool folder = text_ends_with(to, "/") || strcmp(to, ".") == 0 || out->sources.count > 1;
	free(to);
	auto_free char *clean = path_clean(joined);
	out->to = folder && strcmp(clean, "/") != 0 ? mem_print("%s/", clean) : mem_copy_string(clean);
	return true;
}

void copy_line_finish(struct copy_line *copy)
{
	free(copy->from);
	free(copy->to);
	strings_finish(&copy->sources);
	*copy = (struct copy_line){0};
}

bool stage_compiles(const struct dockerfile *file, int stage)
{
	bool compiles = false;
	for (size_t i = 0; i < file->lines.count && !compiles; i++) {
		if (file->lines.items[i].stage != stage || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct cargo_calls calls = {0};
		auto_free char *body = dockerfile_expand(file, i, file->lines.items[i].raw);
		run_find_cargo(body, &calls);
		for (size_t j = 0; j < calls.count; j++)
			compiles = compiles || (cargo_call_compiles(&calls.items[j]) && strcmp(calls.items[j].verb, "chef") != 0);
		cargo_calls_finish(&calls);
	}
	return compiles;
}

/* ---- from a path in a stage to a program of cargo ---- */

static bool is_artifact_path(const char *path)
{
	return strstr(path, "/release/") != NULL || strstr(path, "/debug/") != NULL || text_starts_with(path, "target/") ||
		strstr(path, "/target/") != NULL || strstr(path, "cargo/bin/") != NULL;
}

/* `cp target/release/$BIN /out/app`, mv, install: which source ends at `path`? */
static char *moved_from(const struct dockerfile *file, int stage, const char *path)
{
	char *found = NULL;
	for (size_t i = 0; i < file->lines.count && found == NULL; i++) {
		if (file->lines.items[i].stage != stage || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct shell_commands commands = {0};
		auto_free char *body = dockerfile_expand(file, i, after_flags(file->lines.items[i].rest));
		auto_free char *workdir = dockerfile_workdir(file, i);
		shell_split(body, &commands);
		for (size_t j = 0; j < commands.count && found == NULL; j++) {
			const struct strings *words = &commands.items[j].words;
			if (words->count < 3)
				continue;
			const char *verb = path_name(words->items[0]);
			if (strcmp(verb, "cp") != 0 && strcmp(verb, "mv") != 0 && strcmp(verb, "install") != 0)
				continue;
			const char *from = words->items[words->count - 2];
			auto_free char *joined = path_join(workdir, words->items[words->count - 1]);
			auto_free char *to = path_clean(joined);
			auto_free char *inside = path_join(to, path_name(from));
			if (strcmp(to, path) == 0 || strcmp(inside, path) == 0)
				found = mem_copy_string(from);
		}
		shell_commands_finish(&commands);
	}
	return found;
}

char *program_of_path(const struct project *project, const struct dockerfile *file, int stage, const char *path)
{
	const char *name = path_name(path);
	if (stage >= 0) {
		auto_free char *moved = moved_from(file, stage, path);
		if (moved != NULL && cargo_find_bin(&project->cargo, path_name(moved)) != NULL)
			return mem_copy_string(path_name(moved));
	}
	if (is_artifact_path(path) && cargo_find_bin(&project->cargo, name) != NULL)
		return mem_copy_string(name);
	/* a stage that only passes it on */
	for (size_t i = 0; stage >= 0 && i < file->lines.count; i++) {
		struct copy_line copy;
		if (file->lines.items[i].stage != stage || !copy_line_read(file, i, &copy))
			continue;
		char *found = NULL;
		for (size_t j = 0; copy.from_stage >= 0 && j < copy.sources.count && found == NULL; j++) {
			auto_free char *to = text_ends_with(copy.to, "/") ? path_join(copy.to, path_name(copy.sources.items[j])) : mem_copy_string(copy.to);
			if (strcmp(to, path) == 0)
				found = program_of_path(project, file, copy.from_stage, copy.sources.items[j]);
		}
		copy_line_finish(&copy);
		if (found != NULL)
			return found;
	}
	return cargo_find_bin(&project->cargo, name) != NULL ? mem_copy_string(name) : NULL;
}

/* ---- the start command ---- */

/* What stands before the program and passes on to it. */
static bool is_wrapper(const char *name, size_t *arguments)
{
	static const struct {
		const char *name;
		size_t arguments; /* of its own, options aside */
	} wrappers[] = {
		{"tini", 0}, {"dumb-init", 0}, {"docker-init", 0}, {"catatonit", 0}, {"gosu", 1}, {"su-exec", 1}, {"setpriv", 0},
		{"env", 0}, {"exec", 0}, {"nice", 0}, {"ionice", 0}, {"nohup", 0}, {"time", 0}, {"stdbuf", 0}, {"chpst", 0}, {"runuser", 0},
	};
	for (size_t i = 0; i < COUNT_OF(wrappers); i++) {
		if (strcmp(wrappers[i].name, name) == 0) {
			*arguments = wrappers[i].arguments;
			return true;
		}
	}
	return false;
}

static bool is_shell(const char *name)
{
	return strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0 || strcmp(name, "ash") == 0 || strcmp(name, "dash") == 0;
}

static const struct compose_service *compose_of(const struct project_service *service)
{
	return service->compose;
}

/* A script that the image copies from its context: its path on the host. */
static char *script_path(const struct compose_service *service, const struct dockerfile *file, int stage, const char *path)
{
	for (int depth = 0; stage >= 0 && depth < 32; depth++, stage = file->stages.items[stage].base_stage) {
		for (size_t i = 0; i < file->lines.count; i++) {
			struct copy_line copy;
			if (file->lines.items[i].stage != stage || !copy_line_read(file, i, &copy))
				continue;
			char *found = NULL;
			for (size_t j = 0; copy.from == NULL && j < copy.sources.count && found == NULL; j++) {
				auto_free char *host = path_join(service->context, copy.sources.items[j]);
				auto_free char *into = path_join(copy.to, path_name(copy.sources.items[j]));
				const char *below = path_relative(path, copy.to);
				if (file_exists(host) && (strcmp(copy.to, path) == 0 || strcmp(into, path) == 0 || strcmp(path_name(into), path) == 0))
					found = path_clean(host);
				else if (dir_exists(host) && below != NULL && below[0] != '\0') {
					auto_free char *inside = path_join(host, below);
					if (file_exists(inside))
						found = path_clean(inside);
				}
			}
			copy_line_finish(&copy);
			if (found != NULL)
				return found;
		}
	}
	return NULL;
}

struct walk {
	struct project *project;
	struct project_service *service;
	const struct dockerfile *file; /* or NULL */
	int stage;
	int depth;
};

static char *walk_words(struct walk *walk, char *const *words, size_t count);

static char *walk_shell(struct walk *walk, const char *body, char *const *rest, size_t rest_count)
{
	struct shell_commands commands = {0};
	char *found = NULL;
	shell_split(body, &commands);
	/* the last command that leads to a program is what the chain ends in */
	for (size_t i = commands.count; i-- > 0 && found == NULL;) {
		struct strings *own = &commands.items[i].words;
		size_t at = 0;
		while (at < own->count && (strcmp(own->items[at], "exec") == 0 || strcmp(own->items[at], "then") == 0 ||
			strcmp(own->items[at], "else") == 0 || strchr(own->items[at], '=') > own->items[at]))
			at++;
		if (at >= own->count || own->items[at][0] == '#')
			continue;
		bool passes = false;
		for (size_t j = at; j < own->count; j++)
			passes = passes || strcmp(own->items[j], "$@") == 0 || strcmp(own->items[j], "$*") == 0;
		found = walk_words(walk, own->items + at, own->count - at);
		if (found == NULL && passes && rest_count > 0)
			found = walk_words(walk, rest, rest_count);
	}
	shell_commands_finish(&commands);
	return found;
}

/* The first program of the image that these words lead to, or NULL. */
static char *walk_words(struct walk *walk, char *const *words, size_t count)
{
	size_t at = 0, arguments = 0;
	if (++walk->depth > 12)
		return NULL;
	while (at < count && (words[at][0] == '-' || strcmp(words[at], "--") == 0 || (at > 0 && strchr(words[at], '=') != NULL)))
		at++;
	if (at >= count)
		return NULL;
	const char *name = path_name(words[at]);
	if (is_wrapper(name, &arguments)) {
		for (at++; at < count && words[at][0] == '-' && strcmp(words[at], "--") != 0; at++)
			;
		return walk_words(walk, words + at + (arguments < count - at ? arguments : count - at), count - at - (arguments < count - at ? arguments : count - at));
	}
	if (is_shell(name)) {
		for (size_t i = at + 1; i + 1 < count; i++)
			if (words[i][0] == '-' && strchr(words[i], 'c') != NULL)
				return walk_shell(walk, words[i + 1], words + (i + 2 < count ? i + 3 : count), i + 3 < count ? count - i - 3 : 0);
		return at + 1 < count ? walk_words(walk, words + at + 1, count - at - 1) : NULL;
	}
	if (strcmp(name, "cargo") == 0 || strcmp(name, "cargo-watch") == 0 || strcmp(name, "bacon") == 0 || strcmp(name, "watchexec") == 0) {
		walk->service->runs_watcher = true;
		return NULL;
	}
	if (walk->file != NULL) {
		auto_free char *script = script_path(compose_of(walk->service), walk->file, walk->stage, words[at]);
		if (script != NULL) {
			auto_free char *text = file_read(script, FILE_LIMIT, NULL, NULL);
			strings_add_new(&walk->service->scripts, script);
			if (text != NULL && text_starts_with(text, "#!"))
				return walk_shell(walk, text, words + at + 1, count - at - 1);
		}
	}
	return mem_copy_string(words[at]);
}

static void start_words(const struct compose_service *service, const struct dockerfile *file, int stage, struct strings *words)
{
	int entry = file != NULL ? dockerfile_last(file, stage, "ENTRYPOINT") : -1;
	int command = file != NULL ? dockerfile_last(file, stage, "CMD") : -1;
	bool json = true;
	if (service->has_entrypoint) {
		strings_copy(words, &service->entrypoint);
	} else if (entry >= 0) {
		auto_free char *text = dockerfile_expand(file, (size_t)entry, file->lines.items[entry].rest);
		auto_strings own = {0};
		dockerfile_words(text, &own, &json);
		if (json) {
			strings_copy(words, &own);
		} else {
			strings_add(words, "sh");
			strings_add(words, "-c");
			strings_add(words, text);
			return; /* shell form drops the command */
		}
	}
	if (service->has_command) {
		strings_copy(words, &service->command);
	} else if (command >= 0 && !service->has_entrypoint) {
		auto_free char *text = dockerfile_expand(file, (size_t)command, file->lines.items[command].rest);
		auto_strings own = {0};
		dockerfile_words(text, &own, &json);
		if (json) {
			strings_copy(words, &own);
		} else {
			strings_add(words, "sh");
			strings_add(words, "-c");
			strings_add(words, text);
		}
	}
}

/* ---- candidates: programs that the final stage has ---- */

struct candidate {
	char *bin, *path;
	int stage; /* that compiled it */
	unsigned line;
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

static void find_candidates(const struct project *project, const struct dockerfile *file, int stage, struct candidates *list)
{
	for (int depth = 0; stage >= 0 && depth < 32; depth++, stage = file->stages.items[stage].base_stage) {
		for (size_t i = 0; i < file->lines.count; i++) {
			struct copy_line copy;
			if (file->lines.items[i].stage != stage || !copy_line_read(file, i, &copy))
				continue;
			for (size_t j = 0; copy.from_stage >= 0 && j < copy.sources.count; j++) {
				char *bin = program_of_path(project, file, copy.from_stage, copy.sources.items[j]);
				if (bin == NULL)
					continue;
				*array_add(list) = (struct candidate){.bin = bin, .stage = copy.from_stage, .line = file->lines.items[i].first,
					.path = text_ends_with(copy.to, "/") ? path_join(copy.to, path_name(copy.sources.items[j])) : mem_copy_string(copy.to)};
			}
			copy_line_finish(&copy);
		}
		if (!stage_compiles(file, stage))
			continue;
		/* compiled in this very stage */
		auto_free char *workdir = dockerfile_workdir(file, file->lines.count);
		for (size_t i = 0; i < project->cargo.packages.count; i++) {
			const struct cargo_package *package = &project->cargo.packages.items[i];
			for (size_t j = 0; j < package->bins.count; j++)
				*array_add(list) = (struct candidate){.bin = mem_copy_string(package->bins.items[j].name), .stage = stage,
					.path = mem_print("%s/target/release/%s", workdir, package->bins.items[j].name)};
		}
	}
}

static const struct candidate *choose(const struct candidates *list, const char *program)
{
	if (program != NULL)
		for (size_t i = 0; i < list->count; i++)
			if (strcmp(list->items[i].path, program) == 0)
				return &list->items[i];
	if (program != NULL)
		for (size_t i = 0; i < list->count; i++)
			if (strcmp(path_name(list->items[i].path), path_name(program)) == 0)
				return &list->items[i];
	return program == NULL && list->count == 1 ? &list->items[0] : NULL;
}

/* ---- names ---- */

static bool same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

static char *bin_by_name(const struct project *project, const char *name)
{
	for (size_t i = 0; i < project->cargo.packages.count; i++) {
		const struct cargo_package *package = &project->cargo.packages.items[i];
		for (size_t j = 0; j < package->bins.count; j++)
			if (same_name(package->bins.items[j].name, name) || (package->bins.count == 1 && same_name(package->name, name)))
				return mem_copy_string(package->bins.items[j].name);
	}
	return NULL;
}

/* ---- families ---- */

static void add_cargo_line(struct project_family *family, const struct dockerfile *file, int stage)
{
	for (size_t i = file->lines.count; i-- > 0;) {
		if (file->lines.items[i].stage != stage || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct cargo_calls calls = {0};
		auto_free char *body = dockerfile_expand(file, i, after_flags(file->lines.items[i].rest));
		run_find_cargo(body, &calls);
		for (size_t j = calls.count; j-- > 0;) {
			struct cargo_call *call = &calls.items[j];
			if (!cargo_call_compiles(call) || strcmp(call->verb, "chef") == 0 || strcmp(call->verb, "test") == 0)
				continue;
			if (family->cargo_line == NULL)
				family->cargo_line = mem_print("line %u: cargo %s", file->lines.items[i].first, call->verb);
			for (size_t k = 0; k < call->features.count; k++) {
				strings_add(&family->arguments, "--features");
				strings_add(&family->arguments, call->features.items[k]);
			}
			if (call->no_default_features)
				strings_add(&family->arguments, "--no-default-features");
			if (call->all_features)
				strings_add(&family->arguments, "--all-features");
			if (call->target != NULL) {
				strings_add(&family->arguments, "--target");
				strings_add(&family->arguments, call->target);
				free(family->profile_folder);
				family->profile_folder = mem_print("%s/debug", call->target);
			}
			strings_copy(&family->env, &call->env);
			cargo_calls_finish(&calls);
			return;
		}
		cargo_calls_finish(&calls);
	}
}

static int add_family(struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage,
	const char *package)
{
	auto_free char *args = strings_join(&service->build_args, ",", NULL);
	/* the arguments count only where the compiling stage takes them apart: one
	 * Dockerfile may make several services by ARG, with one builder */
	auto_free char *key = file != NULL ? mem_print("%s#%d", service->dockerfile != NULL ? service->dockerfile : args, stage) : mem_copy_string("-");
	for (size_t i = 0; i < project->families.count; i++) {
		if (strcmp(project->families.items[i].key, key) == 0) {
			strings_add_new(&project->families.items[i].packages, package);
			return (int)i;
		}
	}
	struct project_family *family = array_add(&project->families);
	family->key = steal(&key);
	family->context = mem_copy_string(service->context);
	family->dockerfile = file != NULL ? mem_copy_string(service->dockerfile) : NULL;
	family->cwd = mem_copy_string(project->cargo.root);
	family->profile_folder = mem_copy_string("debug");
	strings_add(&family->packages, package);
	if (file != NULL)
		add_cargo_line(family, file, stage);
	return (int)project->families.count - 1;
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
	out->family = add_family(project, out->compose, stage >= 0 ? file : NULL, stage, package->name);
}

static void map_built(struct project *project, struct project_service *out, const struct dockerfile *file)
{
	const struct compose_service *service = out->compose;
	const char *label = map_get(service->labels, "dev.cargodeck.bin");
	int stage = dockerfile_stage(file, service->build_target);
	struct candidates list = {0};
	auto_strings words = {0};
	if (stage < 0) {
		out->trouble = mem_print("its Dockerfile has no stage %s", service->build_target);
		return;
	}
	start_words(service, file, stage, &words);
	struct walk walk = {.project = project, .service = out, .file = file, .stage = stage};
	auto_free char *program = walk_words(&walk, words.items, words.count);
	find_candidates(project, file, stage, &list);
	const struct candidate *chosen = choose(&list, program);
	if (label != NULL && cargo_find_bin(&project->cargo, label) != NULL) {
		found(project, out, label, chosen != NULL ? chosen->path : program, mem_copy_string("label dev.cargodeck.bin"), file,
			chosen != NULL ? chosen->stage : -1);
	} else if (chosen != NULL) {
		found(project, out, chosen->bin, chosen->path, chosen->line > 0
			? mem_print("its start command is %s, copied there by line %u of %s", chosen->path, chosen->line, path_name(service->dockerfile != NULL ? service->dockerfile : "the Dockerfile"))
			: mem_print("its start command is %s, compiled there", chosen->path), file, chosen->stage);
	} else {
		auto_free char *named = bin_by_name(project, service->name);
		if (named != NULL && list.count > 0)
			found(project, out, named, list.items[0].path, mem_print("a program has the service's name"), file, list.items[0].stage);
	}
	candidates_finish(&list);
}

static void map_service(struct project *project, const struct compose_service *service, struct project_service *out)
{
	const char *swap = map_get(service->labels, "dev.cargodeck.swap");
	struct dockerfile file;
	struct fault fault;
	out->name = mem_copy_string(service->name);
	out->compose = service;
	out->family = -1;
	out->swap = mem_copy_string(swap != NULL ? swap : "auto");
	out->ready = mem_copy_string(map_get(service->labels, "dev.cargodeck.ready"));
	out->why = mem_copy_string(service->has_build ? "its image holds no program of this workspace" : "it has no build section");
	if (!service->has_build || project->cargo.packages.count == 0)
		return;
	if (!service_dockerfile(service, &file, &fault)) {
		out->trouble = mem_print("%s", fault.text);
		return;
	}
	map_built(project, out, &file);
	dockerfile_finish(&file);
}

static void finish_services(struct project *project)
{
	for (size_t i = 0; i < project->services.count; i++) {
		struct project_service *service = &project->services.items[i];
		char *const owned[] = {service->name, service->bin, service->package, service->program, service->why, service->trouble, service->swap, service->ready};
		for (size_t j = 0; j < COUNT_OF(owned); j++)
			free(owned[j]);
		strings_finish(&service->scripts);
	}
	array_finish(&project->services);
	for (size_t i = 0; i < project->families.count; i++) {
		struct project_family *family = &project->families.items[i];
		char *const owned[] = {family->key, family->dockerfile, family->context, family->base_image, family->cwd, family->profile_folder, family->cargo_line};
		for (size_t j = 0; j < COUNT_OF(owned); j++)
			free(owned[j]);
		strings_finish(&family->packages);
		strings_finish(&family->arguments);
		strings_finish(&family->env);
	}
	array_finish(&project->families);
}

void project_forget_services(struct project *project);

void project_forget_services(struct project *project)
{
	finish_services(project);
}

void project_map_services(struct project *project)
{
	finish_services(project);
	for (size_t i = 0; i < project->compose.services.count; i++)
		map_service(project, &project->compose.services.items[i], array_add(&project->services));
}

const struct project_service *project_find(const struct project *project, const char *service)
{
	for (size_t i = 0; service != NULL && i < project->services.count; i++)
		if (strcmp(project->services.items[i].name, service) == 0)
			return &project->services.items[i];
	return NULL;
}
