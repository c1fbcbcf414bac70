/* From a service's start command to a program of the workspace: through
 * wrappers (tini, gosu, env …), shells and scripts, whatever stands before it.
 * The first word that leads to a program which cargo makes is it; of a shell
 * text the last such command, for that is what the chain ends in. */
#include "project.h"

enum { DEPTH_LIMIT = 8, LOOKUP_LIMIT = 400 };

struct walk {
	const struct project *project;
	const struct compose_service *service;
	const struct dockerfile *file; /* or NULL */
	int stage;
	int depth;
	unsigned lookups; /* a bound on hostile scripts */
	struct start *start;
};

/* ---- one word ---- */

static bool is_at(struct walk *walk, const char *path, struct origin *origin)
{
	origin_find(walk->project, walk->service, walk->file, walk->stage, path, origin);
	if (origin->kind != ORIGIN_BIN)
		return false;
	walk->start->bin = mem_copy_string(origin->bin);
	walk->start->program = path_clean(path);
	walk->start->stage = origin->stage;
	walk->start->line = origin->line;
	return true;
}

/* The places that a word may name: itself, or the folders of PATH. */
static void places_of(const struct walk *walk, const char *word, struct strings *places)
{
	if (strchr(word, '/') != NULL) {
		auto_free char *folder = walk->service->working_dir != NULL ? mem_copy_string(walk->service->working_dir) : stage_workdir(walk->file, walk->stage);
		auto_free char *joined = path_join(folder, word);
		strings_take(places, path_clean(joined));
		return;
	}
	auto_strings folders = {0};
	auto_free char *path = stage_expand(walk->file, walk->stage, "${PATH}");
	if (path[0] == '/')
		strings_split(&folders, path, ':');
	strings_split(&folders, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/cargo/bin", ':');
	for (size_t i = 0; i < folders.count; i++) {
		auto_free char *joined = path_join(folders.items[i], word);
		if (joined[0] == '/')
			strings_add_new(places, joined);
	}
}

static bool walk_words(struct walk *walk, char *const *words, size_t count);
static bool walk_shell(struct walk *walk, const char *body, char *const *rest, size_t rest_count);

static bool walk_script(struct walk *walk, const struct origin *origin, char *const *rest, size_t count)
{
	auto_free char *text = NULL;
	if (origin->kind == ORIGIN_CONTEXT && file_exists(origin->host)) {
		text = file_read(origin->host, FILE_LIMIT, NULL, NULL);
		strings_add_new(&walk->start->scripts, origin->host);
	} else if (origin->kind == ORIGIN_TEXT) {
		text = mem_copy_string(walk->file->lines.items[origin->line].heredoc);
	}
	return text != NULL && text_starts_with(text, "#!") && walk_shell(walk, text, rest, count);
}

/* Does this word lead to a program of the workspace? What follows it are its
 * arguments. */
static bool walk_word(struct walk *walk, const char *word, char *const *rest, size_t count)
{
	auto_strings places = {0};
	if (walk->file == NULL || word[0] == '-' || word[0] == '\0' || strlen(word) > 1024 || ++walk->lookups > LOOKUP_LIMIT)
		return false;
	places_of(walk, word, &places);
	for (size_t i = 0; i < places.count; i++) {
		struct origin origin;
		bool found = is_at(walk, places.items[i], &origin) || walk_script(walk, &origin, rest, count);
		origin_finish(&origin);
		if (found)
			return true;
	}
	return false;
}

/* ---- commands ---- */

/* `cargo watch`, `cargo run`, bacon …: a build of its own. */
static bool is_watcher(const char *name)
{
	static const char *const names[] = {"cargo", "cargo-watch", "bacon", "watchexec", "systemfd"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Commands that may name a program without starting it. */
static bool only_names(const char *name)
{
	static const char *const names[] = {"echo", "printf", "[", "test", "mkdir", "chown", "chmod", "cat", "rm", "ls", "cp", "ln", "which"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool walk_shell(struct walk *walk, const char *body, char *const *rest, size_t rest_count)
{
	struct shell_commands commands = {0};
	bool found = false;
	if (walk->depth >= DEPTH_LIMIT)
		return false;
	walk->depth++;
	shell_split(body, &commands);
	for (size_t i = commands.count; i-- > 0 && !found;) {
		const struct strings *own = &commands.items[i].words;
		size_t at = command_at(own);
		bool passes = false;
		for (size_t j = at; j < own->count; j++)
			passes = passes || strcmp(own->items[j], "$@") == 0 || strcmp(own->items[j], "$*") == 0 || strcmp(own->items[j], "${@}") == 0;
		if (at < own->count && !only_names(own->items[at]))
			found = walk_words(walk, own->items + at, own->count - at);
		if (!found && passes && rest_count > 0)
			found = walk_words(walk, rest, rest_count);
	}
	shell_commands_finish(&commands);
	walk->depth--;
	return found;
}

static bool walk_words(struct walk *walk, char *const *words, size_t count)
{
	if (count == 0)
		return false;
	if (is_watcher(path_name(words[0]))) {
		walk->start->runs_watcher = true;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; is_shell(words[i]) && j + 1 < count && words[j][0] == '-'; j++)
			if (strchr(words[j], 'c') != NULL && words[j][1] != '-') {
				/* after the body comes $0, then the arguments */
				size_t rest = j + 3 < count ? j + 3 : count;
				return walk_shell(walk, words[j + 1], words + rest, count - rest);
			}
		if (walk_word(walk, words[i], words + i + 1, count - i - 1))
			return true;
	}
	return false;
}

/* ---- the start command ---- */

/* Shell form becomes what the image's shell is given. */
static bool add_line(const struct dockerfile *file, int stage, int index, struct strings *words)
{
	bool json;
	auto_strings own = {0};
	auto_free char *text = stage_expand(file, stage, file->lines.items[index].rest);
	dockerfile_words(text, &own, &json);
	if (json) {
		strings_copy(words, &own);
	} else {
		strings_add(words, "/bin/sh");
		strings_add(words, "-c");
		strings_add(words, text);
	}
	return json;
}

static void start_words(const struct compose_service *service, const struct dockerfile *file, int stage, struct strings *words)
{
	int entry = file != NULL ? dockerfile_last(file, stage, "ENTRYPOINT") : -1;
	int command = file != NULL ? dockerfile_last(file, stage, "CMD") : -1;
	if (service->has_entrypoint)
		strings_copy(words, &service->entrypoint);
	else if (entry >= 0 && !add_line(file, stage, entry, words))
		return; /* shell form drops the command */
	if (service->has_command)
		strings_copy(words, &service->command);
	else if (command >= 0 && !service->has_entrypoint)
		add_line(file, stage, command, words);
}

/* ---- public ---- */

void start_find(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage, struct start *start)
{
	*start = (struct start){.stage = -1, .line = -1};
	struct walk walk = {.project = project, .service = service, .file = file, .stage = stage, .start = start};
	auto_strings words = {0};
	start_words(service, file, stage, &words);
	walk_words(&walk, words.items, words.count);
	for (size_t i = 0; i < words.count && start->head == NULL; i++)
		if (strcmp(words.items[i], "/bin/sh") != 0 && strcmp(words.items[i], "-c") != 0)
			start->head = mem_copy_string(words.items[i]);
}

void start_finish(struct start *start)
{
	free(start->bin);
	free(start->program);
	free(start->head);
	strings_finish(&start->scripts);
	*start = (struct start){.stage = -1, .line = -1};
}
