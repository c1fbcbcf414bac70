/* What compose, cargo and git say of a project, asked at the same time and
 * unread. The room checks judges it; nothing here need be there. */
#include "project.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

enum { ANSWER_LIMIT = 64 << 20, WAIT_MS = 30000, SEARCH_DEPTH = 3 };

/* ---- one that is asked ---- */

struct question {
	struct loop *loop;
	struct loop_child *child;
	struct str out, err;
	int status; /* -1: not answered */
	bool is_over;
};

static void take_out(void *data, const char *bytes, size_t len)
{
	struct question *question = data;
	if (question->out.len + len <= ANSWER_LIMIT)
		str_add_bytes(&question->out, bytes, len);
}

static void take_err(void *data, const char *bytes, size_t len)
{
	struct question *question = data;
	if (question->err.len < 8192)
		str_add_bytes(&question->err, bytes, len);
}

static void take_end(void *data, int status, int signal_number)
{
	struct question *question = data;
	(void)signal_number;
	question->status = status;
	question->is_over = true;
}

static void ask(struct loop *loop, struct question *question, const struct strings *argv, const struct strings *env, const char *folder)
{
	static const struct loop_child_call call = {take_out, take_err, take_end};
	auto_free const char **words = strings_vector(argv);
	auto_free const char **variables = env != NULL ? strings_vector(env) : NULL;
	struct fault fault = {0};
	*question = (struct question){.loop = loop, .status = -1};
	question->child = loop_child_open(loop, &(struct loop_child_options){.argv = words, .env = variables, .cwd = folder}, &call, question, &fault);
	question->is_over = question->child == NULL;
	if (question->child == NULL)
		str_add(&question->err, fault.text);
}

static void question_finish(struct question *question)
{
	loop_child_close(question->child);
	str_finish(&question->out);
	str_finish(&question->err);
}

static char *first_words(const struct str *text)
{
	struct str clean = {0};
	text_add_clean(&clean, str_text(text), text->len < 300 ? text->len : 300, false);
	return str_steal(&clean);
}

/* ---- where ---- */

static bool has_file(const char *folder, const char *name)
{
	auto_free char *path = path_join(folder, name);
	return file_exists(path);
}

/* The folder that was named, or the one of the compose file above it, or the
 * repository's where this is a folder of it that holds no Rust. */
static char *choose_root(const char *folder, const struct project *project)
{
	auto_free char *git = dir_find_holding(folder, ".git");
	if (project->folder != NULL && project->files.count > 0 && path_is_below(folder, project->folder) && strcmp(folder, project->folder) != 0)
		return mem_copy_string(project->folder);
	if (git != NULL && !has_file(folder, "Cargo.toml") && !has_file(folder, "Dockerfile"))
		return steal(&git);
	return mem_copy_string(folder);
}

/* ---- compose files that lie below ---- */

static bool is_compose_file(const char *name)
{
	static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What compose starts for tests and examples says nothing of what is run. */
static bool is_passed_over(const char *name)
{
	static const char *const names[] = {"target", "node_modules", "tests", "test", "e2e", "playwright", "cypress", "examples", "example", "fuzz",
		"benches", "vendor"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return name[0] == '.' || text_starts_with(name, "testing-") || text_starts_with(name, "ci-") || text_ends_with(name, "-ci");
}

/* The first by name of those that lie so many folders below. */
static char *find_at(const char *folder, int below)
{
	auto_strings names = {0};
	char *found = NULL;
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && names.count < 5000;)
		strings_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count && found == NULL; i++) {
		auto_free char *path = path_join(folder, names.items[i]);
		if (below == 0 && is_compose_file(names.items[i]) && file_exists(path) && !dir_exists(path))
			found = steal(&path);
		else if (below > 0 && !is_passed_over(names.items[i]) && dir_exists(path))
			found = find_at(path, below - 1);
	}
	return found;
}

/* The shallowest wins, whatever the names of the folders. */
static char *find_below(const char *folder)
{
	char *found = NULL;
	for (int below = 0; below <= SEARCH_DEPTH && found == NULL; below++)
		found = find_at(folder, below);
	return found;
}

/* Without one at the usual place: below it. One above is not taken where the
 * folder is a project of its own. True: there are files. */
static bool choose_files(const struct project_options *options, struct project *project, const char *folder, struct fault *fault)
{
	bool named = options->files != NULL && options->files->count > 0;
	if (project_take_options(project, options, fault)) {
		/* one above the repository is another project's */
		auto_free char *git = dir_find_holding(folder, ".git");
		bool is_above = strcmp(project->folder, folder) != 0 && path_is_below(folder, project->folder);
		bool is_own = is_above && has_file(folder, "Cargo.toml") && has_file(folder, "Dockerfile");
		if (named || (!is_own && (git == NULL || path_is_below(project->folder, git))))
			return true;
		strings_finish(&project->files);
		free(project->folder);
		project->folder = mem_copy_string(folder);
	}
	if (named)
		return false;
	auto_free char *found = find_below(folder);
	if (found == NULL)
		return false;
	free(project->folder);
	project->folder = path_parent(found);
	return project_find_files(project);
}

/* ---- asking ---- */

static void ask_compose(struct loop *loop, const struct project *project, struct question *question)
{
	auto_strings argv = {0};
	project_compose_words(project, &argv);
	if (project->profiles.count == 0) {
		strings_add(&argv, "--profile");
		strings_add(&argv, "*");
	}
	strings_add(&argv, "config");
	strings_add(&argv, "--format");
	strings_add(&argv, "json");
	ask(loop, question, &argv, NULL, project->folder);
}

/* As it was named: from the folder where that was, or from the root. */
static char *named_manifest(const struct project_options *options, const char *root)
{
	char real[PATH_MAX];
	bool is_known = realpath(options->folder != NULL ? options->folder : ".", real) != NULL;
	auto_free char *near = is_known ? path_join(real, options->manifest_path) : NULL, *far = path_join(root, options->manifest_path);
	return path_clean(near != NULL && file_exists(near) ? near : far);
}

static void choose_manifest(const struct project_options *options, struct project_texts *texts)
{
	auto_strings found = {0};
	if (options->manifest_path != NULL) {
		texts->manifest = named_manifest(options, texts->root);
		return;
	}
	manifests_find(texts->root, &found);
	if (found.count == 1)
		texts->manifest = mem_copy_string(found.items[0]);
	else
		texts->cargo_reason = mem_copy_string(found.count == 0 ? _("there is no Cargo.toml") : _("there are several workspaces"));
}

/* Nothing is downloaded, and no lock file is written: a workspace without one
 * is read from its manifests. */
static bool ask_cargo(struct loop *loop, const char *manifest, struct project_texts *texts, struct question *question)
{
	auto_free char *folder = path_parent(manifest);
	auto_strings env = {0}, argv = {0};
	static const char *const words[] = {"cargo", "metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path"};
	if (!has_file(folder, "Cargo.lock")) {
		texts->cargo_reason = mem_copy_string(_("there is no Cargo.lock"));
		return false;
	}
	if (!cargo_environment(folder, &env, &texts->notes)) {
		texts->cargo_reason = mem_copy_string(_("no toolchain is installed here"));
		return false;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(&argv, words[i]);
	strings_add(&argv, manifest);
	ask(loop, question, &argv, &env, folder);
	return true;
}

static void ask_git(struct loop *loop, const char *root, struct question *question)
{
	auto_strings argv = {0};
	strings_split(&argv, "git -c core.fsmonitor=false ls-files -z --cached", ' ');
	ask(loop, question, &argv, NULL, root);
}

/* ---- answers ---- */

static void take_compose(const struct project *project, struct question *question, struct project_texts *texts)
{
	struct fault fault = {0};
	if (question->status == 0) {
		texts->compose_len = question->out.len;
		texts->compose = str_steal(&question->out);
		return;
	}
	if (question->child == NULL)
		fault_set(&fault, FAULT_OUTSIDE, "docker compose could not be asked: %s", str_text(&question->err));
	else if (question->is_over)
		project_say_compose_error(project, str_text(&question->err), &fault);
	else
		fault_set(&fault, FAULT_OUTSIDE, "docker compose did not answer in time");
	texts->compose_reason = mem_copy_string(fault.text);
}

static void take_cargo(struct question *question, struct project_texts *texts)
{
	if (question->status == 0) {
		texts->cargo_len = question->out.len;
		texts->cargo = str_steal(&question->out);
		return;
	}
	auto_free char *words = first_words(&question->err);
	texts->cargo_reason = mem_print(_("cargo said: %s"), words);
}

static void take_git(struct question *question, struct project_texts *texts)
{
	texts->has_git = question->status == 0;
	for (size_t at = 0; texts->has_git && at < question->out.len; at += strlen(question->out.data + at) + 1)
		strings_add(&texts->tracked, question->out.data + at);
}

static bool all_over(const struct question *questions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!questions[i].is_over)
			return false;
	return true;
}

static void list_compose_files(struct project *project, struct project_texts *texts)
{
	for (size_t i = 0; i < project->files.count; i++)
		project_find_mentioned(project, project->files.items[i], 0);
	for (size_t i = 0; i < project->mentioned.count; i++)
		if (text_ends_with(project->mentioned.items[i], ".yml") || text_ends_with(project->mentioned.items[i], ".yaml"))
			strings_add(&texts->compose_mentioned, project->mentioned.items[i]);
	strings_copy(&texts->compose_files, &project->files);
}

static void ask_all(struct project *project, struct project_texts *texts)
{
	enum { COMPOSE, CARGO, GIT, COUNT };
	struct question questions[COUNT] = {{.is_over = true, .status = -1}, {.is_over = true, .status = -1}, {.is_over = true, .status = -1}};
	struct loop *loop = loop_open();
	uint64_t began = clock_now_ns();
	if (project->files.count > 0)
		ask_compose(loop, project, &questions[COMPOSE]);
	bool asked = texts->manifest != NULL && ask_cargo(loop, texts->manifest, texts, &questions[CARGO]);
	ask_git(loop, texts->root, &questions[GIT]);
	if (project->files.count > 0)
		list_compose_files(project, texts);
	while (!all_over(questions, COUNT) && clock_now_ns() - began < WAIT_MS * 1000000ull)
		loop_turn(loop, 100);
	if (project->files.count > 0)
		take_compose(project, &questions[COMPOSE], texts);
	else
		texts->compose_reason = mem_copy_string(_("there is no compose file"));
	if (asked)
		take_cargo(&questions[CARGO], texts);
	take_git(&questions[GIT], texts);
	for (size_t i = 0; i < COUNT; i++)
		question_finish(&questions[i]);
	loop_close(loop);
}

/* ---- public ---- */

bool project_read_texts(const struct project_options *options, struct project_texts *texts, struct fault *fault)
{
	struct project *project = mem_alloc(sizeof *project);
	char real[PATH_MAX];
	bool good = true;
	*texts = (struct project_texts){0};
	if (realpath(options->folder != NULL ? options->folder : ".", real) == NULL || !dir_exists(real)) {
		fault_set(fault, FAULT_USAGE, "the folder %s cannot be opened", options->folder != NULL ? options->folder : ".");
		fault_mend(fault, "name the project's folder with --project");
		good = false;
	} else if (!choose_files(options, project, real, fault) && options->files != NULL && options->files->count > 0) {
		good = false;
	} else {
		texts->root = choose_root(real, project);
		choose_manifest(options, texts);
		good = options->manifest_path == NULL || file_exists(texts->manifest);
		if (good) {
			ask_all(project, texts);
		} else {
			fault_set(fault, FAULT_USAGE, "there is no manifest %s", texts->manifest);
			fault_mend(fault, "name the workspace's Cargo.toml with --manifest-path");
		}
	}
	project_close(project);
	return good;
}

void project_texts_finish(struct project_texts *texts)
{
	free(texts->root);
	free(texts->compose);
	free(texts->compose_reason);
	free(texts->cargo);
	free(texts->cargo_reason);
	free(texts->manifest);
	strings_finish(&texts->compose_files);
	strings_finish(&texts->compose_mentioned);
	strings_finish(&texts->tracked);
	strings_finish(&texts->notes);
	*texts = (struct project_texts){0};
}
