/* How a project's program is started where compose's own choice of files does
 * not say it: files for production or below the root, and docker run in scripts. */
#include "own.h"

#include <fnmatch.h>

enum { SCRIPTS_LIMIT = 300, CALLS_LIMIT = 50 };

/* ---- files that say how it is deployed ---- */

static bool path_says(const char *path, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(path, *words) != NULL)
			return true;
	return false;
}

static bool runs_product(const struct sources *sources)
{
	struct product_service service;
	for (size_t at = 0; product_service(sources, &at, &service);)
		if (service.is_own && !service.is_development)
			return true;
	return false;
}

/* A file whose services have neither image nor build is laid over another. */
static bool is_overlay(const struct yaml_source *source)
{
	const struct yaml_node *services = yaml_get(yaml_root(source->yaml), "services");
	for (size_t i = 0; services != NULL && services->kind == YAML_MAP && i < services->items.count; i++) {
		const struct yaml_node *service = services->items.items[i];
		if (yaml_get(service, "image") == NULL && yaml_get(service, "build") == NULL && yaml_get(service, "extends") == NULL)
			return true;
	}
	return false;
}

/* The same sources, with the model of that file. False: it starts no program of the project. */
static bool view_open(const struct sources *sources, const struct yaml_source *file, struct sources *view)
{
	*view = *sources;
	view->compose = NULL;
	memset(&view->compose_files, 0, sizeof view->compose_files);
	if (file->yaml == NULL)
		return false;
	for (size_t i = 0; is_overlay(file) && i < sources->compose_files.count; i++)
		if (strstr(path_name(sources->compose_files.items[i].path), "override") == NULL)
			*array_add(&view->compose_files) = sources->compose_files.items[i];
	*array_add(&view->compose_files) = *file;
	view->compose = model_read(view, view->compose_files.items, view->compose_files.count);
	return view->compose != NULL && runs_product(view);
}

static void view_finish(struct sources *view)
{
	json_decref(view->compose);
	array_finish(&view->compose_files);
}

/* Those for production first; without a merged model any that is not for tests. */
static bool find_view(const struct sources *sources, bool production, struct sources *view)
{
	static const char *const deployed[] = {"prod", "stack", "swarm", "deploy", NULL};
	static const char *const others[] = {"dev", "test", "local", "example", "e2e", "ci.", NULL};
	for (int round = 0; round < 2; round++) {
		bool wanted = round == 0 ? production || sources->compose_files.count == 0 : sources->compose_files.count == 0;
		for (size_t i = 0; wanted && i < sources->other_composes.count; i++) {
			const struct yaml_source *file = &sources->other_composes.items[i];
			bool is_deployed = path_says(file->path, deployed) && (strstr(file->path, "prod") != NULL || !path_says(file->path, others));
			if (round == 0 ? !is_deployed : path_says(file->path, others))
				continue;
			if (view_open(sources, file, view))
				return true;
			view_finish(view);
		}
	}
	return false;
}

void product_judge(struct check *check, bool production, void (*judge)(struct check *check))
{
	struct sources view;
	if (!find_view(check->sources, production, &view)) {
		judge(check);
		return;
	}
	const struct sources *sources = check->sources;
	check->sources = &view;
	judge(check);
	check->sources = sources;
	view_finish(&view);
}

/* ---- scripts, and docker run in them ---- */

static bool is_script(const char *name)
{
	static const char *const patterns[] = {"*.sh", "*.bash", "Makefile", "makefile", "GNUmakefile", "*.mk", "justfile", "Justfile",
		".justfile", "*.just", "*.service", "*.container"};
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

const struct tree_file *script_each(const struct sources *sources, size_t *at)
{
	while (*at < sources->tree.files.count) {
		const struct tree_file *file = &sources->tree.files.items[(*at)++];
		if (!file->is_harness && !file->is_link && is_script(path_name(file->path)))
			return file;
	}
	return NULL;
}

/* Options of `docker run` whose value is the next word, as far as they are met. */
static bool takes_value(const char *option)
{
	static const char *const flags[] = {"--rm", "-d", "--detach", "-i", "-t", "-it", "-ti", "-dit", "--interactive", "--tty", "--init",
		"--read-only", "--privileged", "-P", "--publish-all", "--no-healthcheck", "--oom-kill-disable", "-itd", "-dt", "-di", "--replace",
		"--quiet", "-q"};
	if (strchr(option, '=') != NULL)
		return false;
	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (strcmp(flags[i], option) == 0)
			return false;
	return text_starts_with(option, "--") || strlen(option) == 2;
}

static const char *image_of(const struct strings *words, size_t from)
{
	for (size_t i = from; i < words->count; i++) {
		if (words->items[i][0] != '-')
			return words->items[i];
		i += takes_value(words->items[i]);
	}
	return NULL;
}

static void take_command(const struct sources *sources, const struct tree_file *file, const char *text, const struct shell_command *command,
	struct run_calls *calls)
{
	const struct strings *words = &command->words;
	for (size_t i = 0; i + 1 < words->count && i < 6; i++) {
		const char *name = path_name(words->items[i] + strspn(words->items[i], "@-"));
		size_t run = i + 1 + (strcmp(words->items[i + 1], "container") == 0);
		bool starts = strcmp(name, "docker") == 0 || strcmp(name, "podman") == 0 || text_ends_with(name, "=/usr/bin/docker") ||
			text_ends_with(name, "=/usr/bin/podman");
		if (!starts || run >= words->count || strcmp(words->items[run], "run") != 0)
			continue;
		const char *image = image_of(words, run + 1);
		if (image == NULL || image_is_helper(image) || !image_names_member(sources, image) || calls->count >= CALLS_LIMIT)
			return;
		struct run_call *call = array_add(calls);
		call->file = file->path;
		call->line = text_line_at(text, (size_t)(command->start - text) + strspn(command->start, " \t\n"));
		for (size_t j = run + 1; j < words->count && words->items[j] != image; j++)
			strings_add(&call->words, words->items[j]);
		return;
	}
}

void run_calls_find(const struct sources *sources, struct run_calls *calls)
{
	const struct tree_file *file;
	unsigned read = 0;
	for (size_t at = 0; read < SCRIPTS_LIMIT && (file = script_each(sources, &at)) != NULL; read++) {
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		if (text == NULL || strstr(text, "run ") == NULL || (strstr(text, "docker") == NULL && strstr(text, "podman") == NULL))
			continue;
		struct shell_commands commands = {0};
		shell_split(text, &commands);
		for (size_t j = 0; j < commands.count; j++)
			take_command(sources, file, text, &commands.items[j], calls);
		shell_commands_finish(&commands);
	}
}

void run_calls_finish(struct run_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		strings_finish(&calls->items[i].words);
	array_finish(calls);
}

const char *run_call_option(const struct run_call *call, const char *name, const char *among)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < call->words.count; i++) {
		const char *word = call->words.items[i], *value = NULL;
		if (strncmp(word, name, len) != 0)
			continue;
		if (word[len] == '=')
			value = word + len + 1;
		else if (word[len] == '\0')
			value = takes_value(word) && i + 1 < call->words.count ? call->words.items[i + 1] : "";
		if (value != NULL && (among == NULL || text_starts_with(value, among)))
			return value;
	}
	return NULL;
}
