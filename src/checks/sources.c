/* All that checks look at, read once: the tree, Dockerfiles under any name and
 * which of their stages are shipped, the compose model and its files, workflows,
 * the Rust side. What cannot be read becomes a note, never a fault. */
#include "compose-files.h"
#include "pipe-other.h"
#include "pipeline.h"
#include "rust-asks.h"
#include "services.h"
#include "writings.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>

enum { DOCKERS_LIMIT = 200, YAMLS_LIMIT = 300, DEPTH_LIMIT = 32 };

static const char *keep(struct sources *sources, char *text)
{
	*array_add(&sources->texts) = text;
	return text;
}

static const struct tree_file *note_unread(struct sources *sources, const char *path)
{
	const struct tree_file *file = tree_find(&sources->tree, path);
	auto_str clean = {0};
	text_add_clean(&clean, path, strlen(path), false);
	if (file == NULL && !tree_has_folder(&sources->tree, path))
		strings_print(&sources->notes, _("there is no file %s, although it is named"), str_text(&clean));
	else if (file != NULL && file->size > TREE_FILE_BYTES)
		strings_print(&sources->notes, _("%s is larger than 1 MiB: it was not read"), str_text(&clean));
	else
		strings_print(&sources->notes, _("%s could not be read as text"), str_text(&clean));
	return file;
}

/* ---- YAML ---- */

#define ADD_YAML(sources, list, path) \
	do { \
		struct yaml_source source_; \
		if ((sources)->list.count < YAMLS_LIMIT && read_yaml(sources, path, &source_)) \
			*array_add(&(sources)->list) = source_; \
	} while (0)

static bool read_yaml(struct sources *sources, const char *path, struct yaml_source *out)
{
	struct fault fault = {0};
	*out = (struct yaml_source){.path = keep(sources, mem_copy_string(path))};
	out->text = tree_read(&sources->tree, path, &out->len);
	if (out->text == NULL) {
		note_unread(sources, path);
		return false;
	}
	out->yaml = yaml_read(out->text, out->len, &fault);
	if (out->yaml == NULL)
		strings_print(&sources->notes, "%s: %s", path, fault.text);
	return true;
}

static bool has_compose_file(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->compose_files.count; i++)
		if (strcmp(sources->compose_files.items[i].path, path) == 0)
			return true;
	return false;
}

static bool is_compose_name(const char *name)
{
	static const char *const patterns[] = {"compose.y*ml", "compose.*.y*ml", "compose-*.y*ml", "docker-compose.y*ml", "docker-compose.*.y*ml",
		"docker-compose-*.y*ml", "*.compose.y*ml", "*-compose.y*ml", "docker-stack*.y*ml", "stack.y*ml", "stack.*.y*ml", "*-stack.y*ml"};
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

static bool is_workflow(const char *path)
{
	const char *name = path_name(path);
	bool yaml = text_ends_with(name, ".yml") || text_ends_with(name, ".yaml");
	return yaml && (text_starts_with(path, ".github/workflows/") || strcmp(name, "action.yml") == 0 || strcmp(name, "action.yaml") == 0);
}

static void read_compose_files(struct sources *sources, const struct strings *files, bool is_mentioned)
{
	for (size_t i = 0; files != NULL && i < files->count; i++) {
		const char *below = files->items[i][0] == '/' ? tree_relative(&sources->tree, files->items[i]) : files->items[i];
		size_t count = sources->compose_files.count;
		if (below == NULL)
			strings_print(&sources->notes, _("%s lies outside the project: it was not read"), files->items[i]);
		else if (!has_compose_file(sources, below))
			ADD_YAML(sources, compose_files, below);
		if (sources->compose_files.count > count)
			sources->compose_files.items[count].is_mentioned = is_mentioned;
	}
}

/* Where its jobs stand in other files, it is not read: that is said where it counts. */
static void read_other_ci(struct sources *sources, const char *path)
{
	struct yaml_source source;
	if (sources->workflows.count >= YAMLS_LIMIT || !read_yaml(sources, path, &source))
		return;
	char *text = source.yaml != NULL ? pipe_other_write(yaml_root(source.yaml), path) : NULL;
	yaml_close(source.yaml);
	free(source.text);
	if (text == NULL)
		return;
	source.text = text;
	source.len = strlen(text);
	source.yaml = yaml_read(text, source.len, NULL);
	source.is_translated = true;
	*array_add(&sources->workflows) = source;
}

static void read_yamls(struct sources *sources)
{
	read_compose_files(sources, sources->options->compose_mentioned, true);
	read_compose_files(sources, sources->options->compose_files, false);
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		if (file->is_link)
			continue;
		if (is_workflow(file->path))
			ADD_YAML(sources, workflows, file->path);
		else if (pipe_other_is(file->path))
			read_other_ci(sources, file->path);
		else if (!file->is_harness && is_compose_name(path_name(file->path)) && !has_compose_file(sources, file->path))
			ADD_YAML(sources, other_composes, file->path);
	}
}

/* ---- Dockerfiles ---- */

bool name_is_dockerfile(const char *name)
{
	static const char *const patterns[] = {"Dockerfile", "Containerfile", "Dockerfile.*", "Containerfile.*", "*.Dockerfile", "*.dockerfile",
		"Dockerfile-*", "Dockerfile_*", "*-Dockerfile", "*.Containerfile", "dockerfile"};
	static const char *const others[] = {".dockerignore", ".containerignore", ".md", ".orig", ".bak", ".sh", ".py", ".rs", ".j2", ".tera", ".tmpl"};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text_ends_with(name, others[i]))
			return false;
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

/* Words that say whom something is for: "dev", "Dockerfile.test", "cross-arm". */
static bool is_for_development(const char *name)
{
	static const char *const words[] = {"cross", "fuzz", "lint", "gitpod", "playground", NULL};
	return role_is_for_development(name) || path_has_word(name, words);
}

static bool is_development_path(const char *path)
{
	return text_starts_with(path, ".devcontainer/") || strstr(path, "/.devcontainer/") != NULL || text_starts_with(path, ".gitpod") ||
		is_for_development(path_name(path));
}

/* ONBUILD of an image that compose builds here under that name. */
static void take_foreign_triggers(const struct sources *sources, struct dockerfile *file, int stage)
{
	const char *service, *base = file->stages.items[stage].base;
	json_t *each;
	json_object_foreach(compose_services(sources), service, each) {
		struct dockerfile other = {0};
		size_t len;
		auto_free char *path = text_equal(compose_image(each), base) ? dockerfile_of_service(sources, ".", each) : NULL;
		auto_free char *text = path != NULL ? tree_read(&sources->tree, path, &len) : NULL;
		if (text != NULL && strstr(text, "ONBUILD") != NULL && dockerfile_read(text, len, NULL, &other, NULL)) {
			int last = dockerfile_stage(&other, json_string_value(compose_member(each, "build.target")));
			docker_take_triggers(file, stage, &other, last, file->stages.items[stage].line);
		}
		dockerfile_finish(&other);
	}
}

static void take_triggers(const struct sources *sources, struct dockerfile *file)
{
	for (int i = 0; i < (int)file->stages.count; i++) {
		if (file->stages.items[i].base_stage >= 0)
			docker_take_triggers(file, i, file, file->stages.items[i].base_stage, 0);
		else
			take_foreign_triggers(sources, file, i);
	}
}

static struct docker_source *add_docker(struct sources *sources, const char *path, char *text, size_t len, const struct strings *args)
{
	struct fault fault = {0};
	struct docker_source *docker = mem_alloc(sizeof *docker);
	const struct tree_file *file = tree_find(&sources->tree, path);
	docker->path = keep(sources, mem_copy_string(path));
	docker->text = text;
	docker->len = len;
	docker->is_harness = file != NULL && file->is_harness;
	docker->given = keep(sources, args != NULL ? strings_join(args, "\n", "\n") : mem_copy_string(""));
	if (sources->dockers.count < DOCKERS_LIMIT && dockerfile_read(text, len, args, &docker->file, &fault)) {
		take_triggers(sources, &docker->file);
		*array_add(&sources->dockers) = docker;
		return docker;
	}
	if (fault.text[0] != '\0')
		strings_print(&sources->notes, "%s: %s", path, fault.text);
	dockerfile_finish(&docker->file);
	free(docker->text);
	free(docker);
	return NULL;
}

/* One that several services build in the same way is read once. */
static struct docker_source *read_docker(struct sources *sources, const char *path, const struct strings *args)
{
	size_t len;
	auto_free char *given = args != NULL ? strings_join(args, "\n", "\n") : mem_copy_string("");
	for (size_t i = 0; i < sources->dockers.count; i++) {
		struct docker_source *docker = sources->dockers.items[i];
		if (!docker->is_inline && strcmp(docker->path, path) == 0 && strcmp(docker->given, given) == 0)
			return docker;
	}
	char *text = tree_read(&sources->tree, path, &len);
	if (text != NULL)
		return add_docker(sources, path, text, len, args);
	note_unread(sources, path);
	return NULL;
}

/* The text of a compose file's dockerfile_inline, at its own lines. */
static struct docker_source *read_inline(struct sources *sources, const char *service, const char *text, const struct strings *args)
{
	unsigned line;
	const char *path = compose_place(sources, service, "build.dockerfile_inline", &line);
	struct docker_source *docker = add_docker(sources, path != NULL ? path : "compose.yaml", mem_copy_string(text), strlen(text), args);
	if (docker == NULL)
		return NULL;
	docker->is_inline = true;
	for (size_t i = 0; i < docker->file.lines.count; i++) {
		docker->file.lines.items[i].first += line;
		docker->file.lines.items[i].last += line;
	}
	for (size_t i = 0; i < docker->file.stages.count; i++)
		docker->file.stages.items[i].line += line;
	return docker;
}

/* ---- what is shipped ---- */

static bool copies_made_program(const struct dockerfile *file, int stage)
{
	bool found = false;
	for (size_t i = 0; i < file->lines.count && !found; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, stage, i) || !copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++)
			found = found || text_starts_with(copy.sources.items[j], "target/") || strstr(copy.sources.items[j], "/target/") != NULL;
		copy_line_finish(&copy);
	}
	return found;
}

static void add_shipped(struct sources *sources, struct docker_source *docker, int stage, const char *service, const char *target, const char *context)
{
	struct shipped *shipped = array_add(&sources->shipped);
	*shipped = (struct shipped){.source = docker, .stage = stage, .service = service, .target = target, .context = context};
	for (size_t i = 0; i + 1 < sources->shipped.count; i++)
		if (sources->shipped.items[i].source == docker && sources->shipped.items[i].stage == stage) {
			shipped->has_rust = sources->shipped.items[i].has_rust;
			return;
		}
	shipped->has_rust = shipped_builder(shipped) >= 0 || copies_made_program(&docker->file, stage);
}

static void build_args(const json_t *build, struct strings *args)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(build, "args"), name, value)
		if (json_is_string(value))
			strings_print(args, "%s=%s", name, json_string_value(value));
}

/* A stage for developers is not what is shipped: the last one is, if that is
 * another. */
static bool is_development_stage(const struct docker_source *docker, const char *target, int stage)
{
	static const char *const words[] = {"builder", "build", "chef", "planner", "base"};
	bool is_dev = is_for_development(target);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		is_dev = is_dev || text_equal_fold(target, words[i]);
	return is_dev && stage + 1 < (int)docker->file.stages.count;
}

static void take_build(struct sources *sources, const char *service, const json_t *build)
{
	const char *context = json_string_value(json_object_get(build, "context")), *name = json_string_value(json_object_get(build, "dockerfile"));
	const char *inline_text = json_string_value(json_object_get(build, "dockerfile_inline"));
	const char *target = json_string_value(json_object_get(build, "target"));
	const char *below = tree_relative(&sources->tree, context);
	auto_strings args = {0};
	if (below == NULL)
		return; /* of an address, or beside the project */
	build_args(build, &args);
	struct docker_source *docker = NULL;
	if (inline_text != NULL) {
		docker = read_inline(sources, service, inline_text, &args);
	} else {
		auto_free char *joined = path_join(context, name != NULL ? name : "Dockerfile");
		auto_free char *path = path_clean(joined);
		const char *own = tree_relative(&sources->tree, path);
		docker = own != NULL ? read_docker(sources, own, &args) : NULL;
	}
	if (docker == NULL || docker->is_harness)
		return;
	int stage = dockerfile_stage(&docker->file, target);
	if (stage < 0) {
		strings_print(&sources->notes, _("%s asks for the stage %s, which %s has not"), service, target, docker->path);
		stage = dockerfile_stage(&docker->file, NULL);
	}
	bool is_dev = target != NULL && is_development_stage(docker, target, stage);
	add_shipped(sources, docker, is_dev ? dockerfile_stage(&docker->file, NULL) : stage, is_dev ? NULL : keep(sources, mem_copy_string(service)),
		target != NULL && !is_dev ? keep(sources, mem_copy_string(target)) : NULL, keep(sources, mem_copy_string(below[0] != '\0' ? below : ".")));
}

static bool has_docker(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (!sources->dockers.items[i]->is_inline && strcmp(sources->dockers.items[i]->path, path) == 0)
			return true;
	return false;
}

/* How much of what it copies lies there, seen from that folder? */
static unsigned copies_found(const struct sources *sources, const struct dockerfile *file, const char *context)
{
	unsigned found = 0;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		if (!copy_line_read(file, i, &copy))
			continue;
		for (size_t j = 0; copy.from == NULL && j < copy.sources.count; j++) {
			auto_free char *joined = path_join(context, copy.sources.items[j] + strspn(copy.sources.items[j], "/"));
			auto_free char *path = path_clean(joined);
			/* the whole of it says nothing: any folder is there */
			found += strcmp(path, ".") != 0 && strcmp(path, context) != 0 && (tree_find(&sources->tree, path) != NULL || tree_has_folder(&sources->tree, path));
		}
		copy_line_finish(&copy);
	}
	return found;
}

static bool names_file(const char *said, const char *path)
{
	auto_free char *clean = said != NULL ? path_clean(said) : NULL;
	return clean != NULL && strcmp(clean, path) == 0;
}

static bool step_ships(const struct pipeline *pipe, const struct pipe_step *step, const char *path)
{
	auto_free char *file = pipe_with(pipe, step, "file", NULL);
	if (names_file(file, path) && pipe_step_pushes(pipe, step) > 0)
		return true;
	for (size_t i = 0; i < step->command_count; i++) {
		const struct pipe_command *command = &pipe->commands.items[step->first_command + i];
		size_t at = 0;
		if (pipe_command_builds(command) && names_file(pipe_option(command, &at, "--file", "-f"), path) &&
			(pipe_job_of(pipe, step)->roles & PIPE_PUSHES) != 0)
			return true;
	}
	return false;
}

/* Does a workflow build it and push the image? Then it is shipped, whatever its
 * name says: "Dockerfile.ci". */
static bool workflow_ships(const struct sources *sources, const char *path)
{
	bool ships = false;
	if (sources->workflows.count == 0)
		return false;
	auto_pipeline pipe = {0};
	pipeline_open(sources, &pipe);
	for (size_t i = 0; i < pipe.steps.count && !ships; i++)
		ships = step_ships(&pipe, &pipe.steps.items[i], path);
	return ships;
}

/* A library has nothing to ship: an image whose last stage is one for tests or
 * developers is theirs alone. */
static bool serves_library(const struct sources *sources, const struct docker_source *docker)
{
	int last = dockerfile_stage(&docker->file, NULL);
	const char *name = last >= 0 ? docker->file.stages.items[last].name : NULL;
	return name != NULL && is_for_development(name) && sources->rust.is_there && !sources->rust.is_cut && !has_program(sources);
}

/* One that no compose file names: built from the root, as is usual, unless what
 * it copies lies beside it. */
static void take_alone(struct sources *sources, const char *path)
{
	struct docker_source *docker = read_docker(sources, path, NULL);
	if (docker == NULL)
		return;
	docker->is_harness = docker->is_harness || ((is_development_path(path) || serves_library(sources, docker)) && !workflow_ships(sources, path));
	if (docker->is_harness)
		return;
	auto_free char *folder = strchr(path, '/') != NULL ? path_parent(path) : mem_copy_string(".");
	bool beside = strcmp(folder, ".") != 0 && copies_found(sources, &docker->file, folder) > copies_found(sources, &docker->file, ".");
	auto_free char *manifest = path_join(folder, "Cargo.toml");
	auto_free char *root_manifest = mem_copy_string("Cargo.toml");
	beside = beside || (tree_find(&sources->tree, manifest) != NULL && tree_find(&sources->tree, root_manifest) == NULL);
	add_shipped(sources, docker, dockerfile_stage(&docker->file, NULL), NULL, NULL, beside ? keep(sources, steal(&folder)) : ".");
}

static void read_dockers(struct sources *sources)
{
	const char *service;
	json_t *each;
	json_object_foreach(compose_services(sources), service, each)
		if (compose_is_built(each))
			take_build(sources, service, json_object_get(each, "build"));
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		if (!file->is_link && name_is_dockerfile(path_name(file->path)) && !has_docker(sources, file->path))
			take_alone(sources, file->path);
	}
	/* where all are for development, they are what there is */
	if (sources->shipped.count == 0)
		for (size_t i = 0; i < sources->dockers.count; i++) {
			struct docker_source *docker = sources->dockers.items[i];
			const struct tree_file *file = tree_find(&sources->tree, docker->path);
			if (docker->is_harness && file != NULL && !file->is_harness && !text_starts_with(docker->path, ".") && !serves_library(sources, docker)) {
				docker->is_harness = false;
				add_shipped(sources, docker, dockerfile_stage(&docker->file, NULL), NULL, NULL, ".");
			}
		}
}

/* ---- what is left out of contexts ---- */

char *shipped_path(const struct shipped *shipped, const char *path)
{
	auto_free char *joined = path_join(shipped->context, path + strspn(path, "/"));
	char *clean = path_clean(joined);
	if (text_starts_with(clean, "./"))
		memmove(clean, clean + 2, strlen(clean + 2) + 1);
	return clean;
}

static const struct ignore_source *find_ignore(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->ignores.count; i++)
		if (strcmp(sources->ignores.items[i].path, path) == 0)
			return &sources->ignores.items[i];
	return NULL;
}

static bool read_ignore(struct sources *sources, const char *path)
{
	size_t len;
	if (find_ignore(sources, path) != NULL)
		return true;
	auto_free char *text = tree_find(&sources->tree, path) != NULL ? tree_read(&sources->tree, path, &len) : NULL;
	if (text == NULL)
		return false;
	struct ignore_source *source = array_add(&sources->ignores);
	source->path = path;
	ignore_read(text, len, &source->ignore);
	return true;
}

static void read_ignores(struct sources *sources)
{
	for (size_t i = 0; i < sources->shipped.count; i++) {
		struct shipped *shipped = &sources->shipped.items[i];
		const char *beside = keep(sources, mem_print("%s.dockerignore", shipped->source->path));
		bool found = !shipped->source->is_inline && read_ignore(sources, beside);
		shipped->ignore_path = found ? beside : keep(sources, shipped_path(shipped, ".dockerignore"));
		if (!found)
			read_ignore(sources, shipped->ignore_path);
	}
}

const struct ignore *sources_ignore(const struct sources *sources, const struct shipped *shipped)
{
	const struct ignore_source *source = find_ignore(sources, shipped->ignore_path);
	return source != NULL ? &source->ignore : NULL;
}

/* ---- all ---- */

static json_t *read_json(struct sources *sources, const char *text, size_t len, const char *what)
{
	json_error_t error;
	json_t *json = text != NULL ? json_loadb(text, len, 0, &error) : NULL;
	if (text != NULL && !json_is_object(json)) {
		strings_print(&sources->notes, _("%s is no JSON object: it was not read"), what);
		json_decref(json);
		return NULL;
	}
	return json;
}

/* A fresh clone misses its .env, or compose is not installed: the files say most. */
static void read_without_compose(struct sources *sources)
{
	sources->compose = model_read(sources, sources->compose_files.items, sources->compose_files.count);
	if (sources->compose != NULL && sources->options->compose_reason != NULL)
		strings_print(&sources->notes, _("the compose files are read as they stand: %s"), sources->options->compose_reason);
}

static bool builds_any(const struct yaml_node *services)
{
	for (size_t i = 0; i < services->items.count; i++)
		if (yaml_get(services->items.items[i], "build") != NULL)
			return true;
	return false;
}

/* How well a file stands for what is run where none has a usual name: the less the better. */
static unsigned rank_of(const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	const char *name = path_name(source->path);
	unsigned rank = 0;
	for (const char *at = source->path; *at != '\0'; at++)
		rank += *at == '/';
	if (services == NULL || services->kind != YAML_MAP || strstr(name, "override") != NULL)
		return UINT_MAX;
	rank += is_for_development(source->path) || strstr(source->path, "example") != NULL ? 1000 : 0;
	rank += strstr(name, "stack") != NULL ? 100 : 0;
	rank += builds_any(services) ? 0 : 5; /* a database for tests runs no program */
	return rank + (strstr(source->path, "prod") != NULL || text_starts_with(name, "compose.y") || text_starts_with(name, "docker-compose.y") ? 0 : 10);
}

/* docker-compose.prod.yml alone, deploy/compose.yaml: one of them is read. */
static void choose_other_compose(struct sources *sources)
{
	size_t best = 0;
	for (size_t i = 1; i < sources->other_composes.count; i++)
		if (rank_of(&sources->other_composes.items[i]) < rank_of(&sources->other_composes.items[best]))
			best = i;
	if (sources->other_composes.count == 0 || rank_of(&sources->other_composes.items[best]) == UINT_MAX)
		return;
	*array_add(&sources->compose_files) = sources->other_composes.items[best];
	array_remove(&sources->other_composes, best);
	sources->compose = model_read(sources, sources->compose_files.items, sources->compose_files.count);
	if (sources->compose != NULL)
		strings_print(&sources->notes, _("no compose file has a usual name: %s is read as it stands; -f names another"), sources->compose_files.items[0].path);
}

bool sources_open(const struct check_options *options, struct sources *sources, struct fault *fault)
{
	*sources = (struct sources){.options = options};
	if (!tree_open(options->root, options->tracked, &sources->tree, fault))
		return false;
	sources->tree.mark = ALLOW_MARK;
	if (sources->tree.is_cut)
		strings_print(&sources->notes, _("more than %d files or folders, or deeper than %d: the rest was not read"), TREE_MOST_FILES, TREE_MOST_DEPTH);
	sources->compose = read_json(sources, options->compose_json, options->compose_len, _("what compose said"));
	sources->live = read_json(sources, options->live_json, options->live_len, _("what runs"));
	read_yamls(sources);
	if (sources->compose == NULL && sources->compose_files.count > 0)
		read_without_compose(sources);
	else if (sources->compose == NULL)
		choose_other_compose(sources);
	rust_read(&sources->tree, options->cargo_json, options->cargo_len, tree_relative(&sources->tree, options->manifest), &sources->rust);
	read_dockers(sources);
	read_ignores(sources);
	sources->layers = layers_open(sources);
	sources->writings = writings_open(sources);
	return true;
}

#define CLOSE_YAMLS(list) \
	do { \
		for (size_t i_ = 0; i_ < (list).count; i_++) { \
			yaml_close((list).items[i_].yaml); \
			free((list).items[i_].text); \
		} \
		array_finish(&(list)); \
	} while (0)

void sources_finish(struct sources *sources)
{
	layers_close(sources->layers);
	writings_close(sources->writings);
	rust_finish(&sources->rust);
	for (size_t i = 0; i < sources->ignores.count; i++)
		ignore_finish(&sources->ignores.items[i].ignore);
	array_finish(&sources->ignores);
	for (size_t i = 0; i < sources->dockers.count; i++) {
		dockerfile_finish(&sources->dockers.items[i]->file);
		free(sources->dockers.items[i]->text);
		free(sources->dockers.items[i]);
	}
	array_finish(&sources->dockers);
	array_finish(&sources->shipped);
	CLOSE_YAMLS(sources->compose_files);
	CLOSE_YAMLS(sources->other_composes);
	CLOSE_YAMLS(sources->workflows);
	json_decref(sources->compose);
	json_decref(sources->live);
	tree_finish(&sources->tree);
	strings_finish(&sources->notes);
	for (size_t i = 0; i < sources->texts.count; i++)
		free(sources->texts.items[i]);
	array_finish(&sources->texts);
}
