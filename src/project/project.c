/* Opening a project: compose and cargo are asked as a person would ask them,
 * with the same files, profiles and names. */
#include "project.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

void project_forget_services(struct project *project);

/* ---- compose files ---- */

/* Compose's own search: the folder, then its parents; an override beside. */
static bool find_files(struct project *project)
{
	static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"};
	static const char *const overrides[] = {"compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml"};
	auto_free char *folder = mem_copy_string(project->folder);
	for (;;) {
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			char *path = path_join(folder, names[i]);
			if (!file_exists(path)) {
				free(path);
				continue;
			}
			strings_take(&project->files, path);
			for (size_t j = 0; j < COUNT_OF(overrides); j++) {
				auto_free char *beside = path_join(folder, overrides[j]);
				if (file_exists(beside)) {
					strings_add(&project->files, beside);
					break;
				}
			}
			free(project->folder);
			project->folder = mem_copy_string(folder);
			return true;
		}
		if (strcmp(folder, "/") == 0)
			return false;
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
}

static void add_absolute(struct strings *out, const char *base, const char *path)
{
	auto_free char *joined = path_join(base, path);
	strings_take(out, path_clean(joined));
}

static bool take_options(struct project *project, const struct project_options *options, struct fault *fault)
{
	char real[PATH_MAX];
	const char *from_env = getenv("COMPOSE_FILE"), *profiles = getenv("COMPOSE_PROFILES"), *name = getenv("COMPOSE_PROJECT_NAME");
	if (realpath(options->folder != NULL ? options->folder : ".", real) == NULL)
		return fault_set(fault, FAULT_USAGE, "the folder %s cannot be opened: %s", options->folder, strerror(errno));
	project->folder = mem_copy_string(real);
	if (options->files != NULL && options->files->count > 0) {
		for (size_t i = 0; i < options->files->count; i++)
			add_absolute(&project->files, real, options->files->items[i]);
	} else if (from_env != NULL && from_env[0] != '\0') {
		auto_strings parts = {0};
		const char *separator = getenv("COMPOSE_PATH_SEPARATOR");
		strings_split(&parts, from_env, separator != NULL && separator[0] != '\0' ? separator[0] : ':');
		for (size_t i = 0; i < parts.count; i++)
			add_absolute(&project->files, real, parts.items[i]);
	} else if (!find_files(project)) {
		fault_set(fault, FAULT_INPUT, "there is no compose file in %s or above it", real);
		return fault_mend(fault, "go to the project's folder, name the file with -f, or write one with `cargodeck init`");
	}
	if (options->files != NULL && options->files->count > 0) {
		free(project->folder);
		project->folder = path_parent(project->files.items[0]);
	}
	for (size_t i = 0; options->env_files != NULL && i < options->env_files->count; i++)
		add_absolute(&project->env_files, real, options->env_files->items[i]);
	if (options->profiles != NULL)
		strings_copy(&project->profiles, options->profiles);
	if (project->profiles.count == 0 && profiles != NULL)
		strings_split(&project->profiles, profiles, ',');
	project->project_name = mem_copy_string(options->project_name != NULL ? options->project_name : name != NULL && name[0] != '\0' ? name : NULL);
	return true;
}

void project_compose_words(const struct project *project, struct strings *argv)
{
	strings_add(argv, "docker");
	strings_add(argv, "compose");
	if (project->project_name != NULL) {
		strings_add(argv, "--project-name");
		strings_add(argv, project->project_name);
	}
	strings_add(argv, "--project-directory");
	strings_add(argv, project->folder);
	for (size_t i = 0; i < project->env_files.count; i++) {
		strings_add(argv, "--env-file");
		strings_add(argv, project->env_files.items[i]);
	}
	for (size_t i = 0; i < project->profiles.count; i++) {
		strings_add(argv, "--profile");
		strings_add(argv, project->profiles.items[i]);
	}
	for (size_t i = 0; i < project->files.count; i++) {
		strings_add(argv, "-f");
		strings_add(argv, project->files.items[i]);
	}
}

/* ---- asking compose ---- */

/* Compose's own words, less its log prefixes, as one line. */
static void say_compose_error(const struct project *project, const char *text, struct fault *fault)
{
	auto_strings lines = {0};
	auto_str sentence = {0};
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count && sentence.len < 600; i++) {
		const char *line = lines.items[i], *message = strstr(line, "msg=");
		if (strstr(line, "level=warning") != NULL)
			continue;
		if (sentence.len > 0)
			str_add(&sentence, "; ");
		text_add_clean(&sentence, message != NULL ? message + 4 : line, strlen(message != NULL ? message + 4 : line), false);
	}
	const char *words = str_text(&sentence);
	fault_set(fault, FAULT_INPUT, "compose said: %s", words[0] != '\0' ? words : "nothing, and failed");
	static const char *const examples[] = {".env.example", ".env.sample", ".env.dist", "env.example", ".docker.env.sample", "deploy.env"};
	bool missing = strstr(words, "env file") != NULL || strstr(words, "required variable") != NULL || strstr(words, "is not set") != NULL;
	for (size_t i = 0; missing && i < COUNT_OF(examples); i++) {
		auto_free char *path = path_join(project->folder, examples[i]);
		if (file_exists(path)) {
			fault_mend(fault, "copy %s to .env there and fill it in", path);
			return;
		}
	}
	if (strstr(words, "unknown docker command") != NULL || strstr(words, "is not a docker command") != NULL || strstr(words, "unknown command") != NULL || strstr(words, "unknown flag") != NULL || strstr(words, "unknown shorthand") != NULL) {
		fault_set(fault, FAULT_OUTSIDE, "docker has no compose command: Compose v2 (2.22 or newer) is missing");
		fault_mend(fault, "install docker-compose-plugin, or run `share/quickstart deps`");
		return;
	}
	fault_mend(fault, "mend %s; it is read again when it is saved", project->files.items[0]);
}

static bool ask_compose(struct project *project, struct fault *fault)
{
	auto_strings argv = {0};
	auto_str out = {0}, err = {0};
	project_compose_words(project, &argv);
	strings_add(&argv, "config");
	strings_add(&argv, "--format");
	strings_add(&argv, "json");
	auto_free const char **vector = strings_vector(&argv);
	int status = loop_child_run(&(struct loop_child_options){.argv = vector, .cwd = project->folder}, 30000, &out, &err, fault);
	if (status < 0)
		return false;
	if (status != 0) {
		say_compose_error(project, str_text(&err), fault);
		return false;
	}
	if (!compose_model_read(str_text(&out), out.len, &project->compose, fault))
		return false;
	if (project->compose.services.count == 0) {
		fault_set(fault, FAULT_INPUT, "no service of %s is chosen: all of them have profiles", project->files.items[0]);
		return fault_mend(fault, "name one with --profile NAME");
	}
	return true;
}

/* ---- asking cargo ---- */

/* The manifest of the workspace: in the folder, else where the build contexts
 * point, else the first one below. */
static char *find_manifest(const struct project *project)
{
	char *path = path_join(project->folder, "Cargo.toml");
	if (file_exists(path))
		return path;
	free(path);
	for (size_t i = 0; i < project->compose.services.count; i++) {
		const char *context = project->compose.services.items[i].context;
		const char *file = project->compose.services.items[i].dockerfile;
		auto_free char *beside = file != NULL ? path_parent(file) : NULL;
		const char *const folders[] = {context, beside};
		for (size_t j = 0; j < COUNT_OF(folders); j++) {
			if (folders[j] == NULL)
				continue;
			path = path_join(folders[j], "Cargo.toml");
			if (file_exists(path))
				return path;
			free(path);
		}
	}
	static const char *const usual[] = {"server", "backend", "rust", "app", "api", "src", "service", "crates", "apps/server"};
	for (size_t i = 0; i < COUNT_OF(usual); i++) {
		path = mem_print("%s/%s/Cargo.toml", project->folder, usual[i]);
		if (file_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

static bool ask_cargo(struct project *project, struct fault *fault)
{
	const char *const argv[] = {"cargo", "metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", project->manifest, NULL};
	auto_free char *folder = path_parent(project->manifest);
	auto_str out = {0}, err = {0};
	int status = loop_child_run(&(struct loop_child_options){.argv = argv, .cwd = folder}, 30000, &out, &err, fault);
	if (status == 0)
		return cargo_graph_read(str_text(&out), out.len, &project->cargo, fault);
	if (status > 0) {
		auto_str clean = {0};
		text_add_clean(&clean, str_text(&err), err.len < 500 ? err.len : 500, false);
		fault_set(fault, FAULT_INPUT, "cargo said: %s", str_text(&clean));
		fault_mend(fault, "mend %s; it is read again when it is saved", project->manifest);
	}
	return false;
}

static bool open_cargo(struct project *project, const struct project_options *options, struct fault *fault)
{
	if (options->manifest_path != NULL) {
		auto_free char *joined = path_join(project->folder, options->manifest_path);
		project->manifest = path_clean(joined);
		if (!file_exists(project->manifest))
			return fault_set(fault, FAULT_USAGE, "there is no manifest %s", project->manifest);
	} else {
		project->manifest = find_manifest(project);
	}
	return project->manifest == NULL || ask_cargo(project, fault);
}

/* ---- public ---- */

struct project *project_open(const struct project_options *options, struct fault *fault)
{
	struct project *project = mem_alloc(sizeof *project);
	if (take_options(project, options, fault) && ask_compose(project, fault) && open_cargo(project, options, fault)) {
		project_map_services(project);
		return project;
	}
	project_close(project);
	return NULL;
}

void project_close(struct project *project)
{
	if (project == NULL)
		return;
	project_forget_services(project);
	cargo_graph_finish(&project->cargo);
	compose_model_finish(&project->compose);
	map_close(project->dep_info);
	strings_finish(&project->files);
	strings_finish(&project->env_files);
	strings_finish(&project->profiles);
	strings_finish(&project->notes);
	free(project->folder);
	free(project->project_name);
	free(project->manifest);
	free(project);
}
