/* Opening a project: compose and cargo are asked as a person would ask them,
 * with the same files, profiles and names. */
#include "project.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* ---- compose files ---- */

bool project_find_files(struct project *project)
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

/* COMPOSE_FILE may stand in the folder's .env too (Compose, environment
 * variables); of the other lines nothing is kept. */
static char *compose_file_variable(const char *folder)
{
	const char *own = getenv("COMPOSE_FILE");
	if (own != NULL && own[0] != '\0')
		return mem_copy_string(own);
	auto_free char *path = path_join(folder, ".env");
	auto_free char *text = file_exists(path) ? file_read(path, FILE_LIMIT, NULL, NULL) : NULL;
	auto_strings lines = {0};
	if (text != NULL)
		strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t");
		if (!text_starts_with(line, "COMPOSE_FILE="))
			continue;
		line += 13;
		line += *line == '"' || *line == '\'';
		size_t len = strcspn(line, "\"'\r");
		return len > 0 ? mem_copy_bytes(line, len) : NULL;
	}
	return NULL;
}

static bool take_files(struct project *project, const struct project_options *options, const char *folder, struct fault *fault)
{
	auto_free char *variable = compose_file_variable(folder);
	if (options->files != NULL && options->files->count > 0) {
		for (size_t i = 0; i < options->files->count; i++)
			add_absolute(&project->files, folder, options->files->items[i]);
	} else if (variable != NULL) {
		auto_strings parts = {0};
		const char *separator = getenv("COMPOSE_PATH_SEPARATOR");
		strings_split(&parts, variable, separator != NULL && separator[0] != '\0' ? separator[0] : ':');
		for (size_t i = 0; i < parts.count; i++)
			add_absolute(&project->files, folder, parts.items[i]);
	} else if (!project_find_files(project)) {
		auto_free char *manifest = path_join(folder, "Cargo.toml");
		fault_set(fault, FAULT_OUTSIDE, "there is no compose file in %s or above it", folder);
		if (file_exists(manifest))
			return fault_mend(fault, "`cargodeck init` writes one; or go to the project's folder, or name the file with -f");
		return fault_mend(fault, "go to the project's folder, or name the file with -f");
	} else {
		return true;
	}
	for (size_t i = 0; i < project->files.count; i++) {
		if (file_exists(project->files.items[i]))
			continue;
		fault_set(fault, FAULT_USAGE, "there is no compose file %s", project->files.items[i]);
		return fault_mend(fault, "name another one with -f");
	}
	/* compose takes the folder of the first file */
	free(project->folder);
	project->folder = path_parent(project->files.items[0]);
	return true;
}

bool project_is_bare(const struct project_options *options)
{
	char real[PATH_MAX];
	if ((options->files != NULL && options->files->count > 0) || realpath(options->folder != NULL ? options->folder : ".", real) == NULL)
		return false;
	struct project project = {.folder = mem_copy_string(real)};
	auto_free char *variable = compose_file_variable(real);
	auto_free char *manifest = path_join(real, "Cargo.toml");
	bool is_bare = variable == NULL && file_exists(manifest) && !project_find_files(&project);
	strings_finish(&project.files);
	free(project.folder);
	return is_bare;
}

bool project_take_options(struct project *project, const struct project_options *options, struct fault *fault)
{
	char real[PATH_MAX];
	const char *profiles = getenv("COMPOSE_PROFILES"), *name = getenv("COMPOSE_PROJECT_NAME");
	if (realpath(options->folder != NULL ? options->folder : ".", real) == NULL)
		return fault_set(fault, FAULT_USAGE, "the folder %s cannot be opened: %s", options->folder, strerror(errno));
	project->folder = mem_copy_string(real);
	if (!take_files(project, options, real, fault))
		return false;
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

static int run_compose(const struct project *project, const char *const *words, struct str *out, struct str *err, struct fault *fault)
{
	auto_strings argv = {0};
	project_compose_words(project, &argv);
	for (; *words != NULL; words++)
		strings_add(&argv, *words);
	auto_free const char **vector = strings_vector(&argv);
	int status = loop_child_run(&(struct loop_child_options){.argv = vector, .cwd = project->folder}, 30000, out, err, fault);
	if (status < 0 && fault != NULL && fault->code != FAULT_FAILED)
		fault_mend(fault, "install Docker and its compose plugin, or run `share/quickstart deps`");
	return status;
}

static bool has_any(const char *text, const char *const *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(text, parts[i]) != NULL)
			return true;
	return false;
}

/* The words of a log line: msg="…" without its quotes. */
static void add_message(struct str *out, const char *line)
{
	const char *message = strstr(line, "msg=\"");
	if (message == NULL) {
		text_add_clean(out, line, strlen(line), false);
		return;
	}
	auto_str plain = {0};
	for (message += 5; *message != '\0' && *message != '"'; message++) {
		message += message[0] == '\\' && message[1] != '\0';
		str_add_char(&plain, *message);
	}
	text_add_clean(out, str_text(&plain), plain.len, false);
}

/* An example beside the file that is missing, or in the project's folder. */
static void offer_example(const struct project *project, const char *words, struct fault *fault)
{
	static const char *const missing[] = {"env file", "required variable", "is not set", "variable is not set"};
	static const char *const examples[] = {".env.example", ".env.sample", ".env.dist", ".env.template", "env.example", ".docker.env.sample", "deploy.env"};
	const char *named = strstr(words, "env file /");
	auto_free char *wanted = named != NULL ? mem_copy_bytes(named + 9, strcspn(named + 9, " :")) : path_join(project->folder, ".env");
	auto_free char *folder = path_parent(wanted);
	if (!has_any(words, missing, COUNT_OF(missing)))
		return;
	for (size_t i = 0; i < COUNT_OF(examples) + 2; i++) {
		auto_free char *path = i == 0 ? mem_print("%s.example", wanted) : i == 1 ? mem_print("%s.sample", wanted) : path_join(folder, examples[i - 2]);
		if (!file_exists(path))
			continue;
		fault_mend(fault, "cp %s %s, and fill it in", path, wanted);
		return;
	}
}

void project_say_compose_error(const struct project *project, const char *text, struct fault *fault)
{
	static const char *const no_compose[] = {"unknown docker command", "is not a docker command", "unknown command", "unknown flag", "unknown shorthand"};
	auto_strings lines = {0};
	auto_str sentence = {0};
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count && sentence.len < 600; i++) {
		if (strstr(lines.items[i], "level=warning") != NULL)
			continue;
		if (sentence.len > 0)
			str_add(&sentence, "; ");
		add_message(&sentence, lines.items[i]);
	}
	const char *words = str_text(&sentence);
	if (has_any(words, no_compose, COUNT_OF(no_compose))) {
		fault_set(fault, FAULT_OUTSIDE, "docker has no compose command: Compose v2 (2.22 or newer) is missing");
		fault_mend(fault, "install docker-compose-plugin, or run `share/quickstart deps`");
		return;
	}
	fault_set(fault, FAULT_INPUT, "compose said: %s", words[0] != '\0' ? words : _("nothing, and failed"));
	fault_mend(fault, "mend %s; it is read again when it is saved", project->files.items[0]);
	if (strstr(words, "Additional property") != NULL || strstr(words, "additional properties") != NULL) {
		static const char *const version[] = {"version", "--short", NULL};
		auto_str out = {0};
		if (run_compose(project, version, &out, NULL, NULL) == 0 && out.len > 0)
			fault_mend(fault, "mend the key, or install a Compose newer than %.*s that knows it", (int)strcspn(out.data, "\r\n"), out.data);
	}
	offer_example(project, words, fault);
}

/* No service without a profile is no error of the file: its profiles are named. */
static bool say_profiles(const struct project *project, struct fault *fault)
{
	static const char *const words[] = {"config", "--profiles", NULL};
	auto_str out = {0};
	auto_strings names = {0};
	fault_set(fault, FAULT_INPUT, "%s has no service that is started without a profile", project->files.items[0]);
	if (run_compose(project, words, &out, NULL, NULL) == 0)
		strings_split(&names, str_text(&out), '\n');
	auto_free char *list = strings_join(&names, ", ", _(" or "));
	auto_str clean = {0};
	text_add_clean(&clean, list, strlen(list), false);
	if (names.count > 0)
		return fault_mend(fault, "choose one with --profile: %s", str_text(&clean));
	return fault_mend(fault, "write a service into it, or name another file with -f");
}

/* Variables that compose could not fill in: counted in one line. */
static void note_unset(struct project *project, const char *text)
{
	auto_strings names = {0};
	for (const char *at = text; (at = strstr(at, "The \\\"")) != NULL;) {
		at += 6;
		auto_free char *name = mem_copy_bytes(at, strcspn(at, "\\\" \n"));
		if (strstr(at, "variable is not set") != NULL && name[0] != '\0' && names.count < 100)
			strings_add_new(&names, name);
	}
	auto_free char *list = strings_join(&names, ", ", _(" and "));
	if (names.count > 0)
		strings_print(&project->notes, ngettext("compose fills in nothing for %zu unset variable: %.200s",
			"compose fills in nothing for %zu unset variables: %.200s", names.count), names.count, list);
}

/* `config` tells nothing of include, extends and env_file. Any word that is a
 * file beside it counts, for a save of it asks compose once in vain at worst; but
 * of those in comments, which name what is read otherwise. */
void project_find_mentioned(struct project *project, const char *file, int depth)
{
	auto_free char *text = depth < 4 ? file_read(file, FILE_LIMIT, NULL, NULL) : NULL;
	auto_free char *folder = path_parent(file);
	for (const char *at = text; at != NULL && *at != '\0';) {
		at += strspn(at, " \t\r\n\"'[]{},");
		if (*at == '#' && (at == text || isspace((unsigned char)at[-1]))) {
			at += strcspn(at, "\n");
			continue;
		}
		size_t len = strcspn(at, " \t\r\n\"'[]{},");
		auto_free char *word = mem_copy_bytes(at, len);
		at += len;
		bool yaml = text_ends_with(word, ".yml") || text_ends_with(word, ".yaml");
		if (!yaml && strstr(path_name(word), "env") == NULL)
			continue;
		auto_free char *joined = path_join(folder, word);
		auto_free char *path = path_clean(joined);
		if (project->mentioned.count < 200 && file_exists(path) && !strings_have(&project->files, path) &&
			strings_add_new(&project->mentioned, path) && yaml)
			project_find_mentioned(project, path, depth + 1);
	}
}

static bool ask_compose(struct project *project, struct fault *fault)
{
	static const char *const words[] = {"config", "--format", "json", NULL};
	auto_str out = {0}, err = {0};
	struct fault own = {0};
	int status = run_compose(project, words, &out, &err, &own);
	if (status < 0) {
		if (fault != NULL)
			*fault = own;
		return false;
	}
	if (status != 0) {
		project_say_compose_error(project, str_text(&err), fault);
		return false;
	}
	if (!compose_model_read(str_text(&out), out.len, &project->compose, fault))
		return false;
	if (project->compose.services.count == 0)
		return say_profiles(project, fault);
	note_unset(project, str_text(&err));
	for (size_t i = 0; i < project->files.count; i++)
		project_find_mentioned(project, project->files.items[i], 0);
	return true;
}

/* ---- public ---- */

struct project *project_open(const struct project_options *options, struct fault *fault)
{
	struct project *project = mem_alloc(sizeof *project);
	if (project_take_options(project, options, fault) && ask_compose(project, fault) && project_ask_cargo(project, options, fault)) {
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
	strings_finish(&project->settings);
	strings_finish(&project->ignored);
	strings_finish(&project->mentioned);
	free(project->folder);
	free(project->project_name);
	free(project->manifest);
	free(project);
}
