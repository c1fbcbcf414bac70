/* Scripts and units of the project, and docker run in them. */
#include "run-calls.h"

#include "own-images.h"

enum { SCRIPTS_LIMIT = 300, CALLS_LIMIT = 50 };

static const char *const script_names[] = {"*.sh", "*.bash", "Makefile", "makefile", "GNUmakefile", "*.mk", "justfile", "Justfile", ".justfile", "*.just",
	"*.service", "*.container", NULL};

const struct tree_file *script_each(const struct sources *sources, size_t *at)
{
	while (*at < sources->tree.files.count) {
		const struct tree_file *file = &sources->tree.files.items[(*at)++];
		if (!file->is_harness && !file->is_link && name_in(path_name(file->path), script_names))
			return file;
	}
	return NULL;
}

/* Options of `docker run` whose value is the next word, as far as they are met. */
static bool takes_value(const char *option)
{
	static const char *const flags[] = {"--rm", "-d", "--detach", "-i", "-t", "-it", "-ti", "-dit", "--interactive", "--tty", "--init",
		"--read-only", "--privileged", "-P", "--publish-all", "--no-healthcheck", "--oom-kill-disable", "-itd", "-dt", "-di", "--replace",
		"--quiet", "-q", NULL};
	return strchr(option, '=') == NULL && !name_in(option, flags) && (text_starts_with(option, "--") || strlen(option) == 2);
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
		if (image == NULL || !image_names_member(sources, image) || calls->count >= CALLS_LIMIT)
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
