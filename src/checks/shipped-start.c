/* What starts in an image: ENTRYPOINT and CMD as compose changes them, and the
 * text of a script among their words. */
#include "shipped.h"

#include <stdio.h>

enum { DEPTH_LIMIT = 6 };

/* ---- the start command ---- */

static void take_json(const json_t *value, struct strings *words)
{
	size_t i;
	const json_t *item;
	if (json_is_string(value)) {
		strings_add(words, "/bin/sh");
		strings_add(words, "-c");
		strings_add(words, json_string_value(value));
	}
	EACH_ITEM(value, i, item)
		if (json_is_string(item))
			strings_add(words, json_string_value(item));
}

static void take_line(const struct dockerfile *file, int index, struct image_start *start)
{
	bool json;
	if (index < 0)
		return;
	auto_strings words = {0};
	dockerfile_words(file->lines.items[index].rest, &words, &json);
	if (json) {
		strings_copy(&start->words, &words);
	} else if (words.count > 0) {
		/* what shell form means: [/bin/sh, -c, TEXT] */
		strings_add(&start->words, "/bin/sh");
		strings_add(&start->words, "-c");
		strings_add(&start->words, file->lines.items[index].rest);
	}
}

static bool is_shell_with_text(const struct strings *words)
{
	return words->count >= 3 && is_shell(words->items[0]) && words->items[1][0] == '-' && strchr(words->items[1], 'c') != NULL;
}

void image_start(const struct sources *sources, const struct shipped *shipped, struct image_start *start)
{
	const struct dockerfile *file = &shipped->source->file;
	const json_t *service = image_service(sources, shipped);
	const json_t *entrypoint = compose_member(service, "entrypoint"), *command = compose_member(service, "command");
	int entrypoint_line = dockerfile_last(file, shipped->stage, "ENTRYPOINT"),
		cmd_line = dockerfile_last(file, shipped->stage, "CMD");
	*start = (struct image_start){0};
	if (entrypoint != NULL) {
		start->file = compose_place(sources, shipped->service, "entrypoint", &start->line);
		take_json(entrypoint, &start->words);
	} else {
		take_line(file, entrypoint_line, start);
		int line = entrypoint_line >= 0 ? entrypoint_line : cmd_line;
		if (line >= 0) {
			start->file = shipped->source->path;
			start->line = file->lines.items[line].first;
		}
	}
	if (command != NULL) {
		if (start->words.count == 0)
			start->file = compose_place(sources, shipped->service, "command", &start->line);
		take_json(command, &start->words);
	} else if (entrypoint == NULL && !is_shell_with_text(&start->words)) {
		take_line(file, cmd_line, start);
	}
	start->is_shell = is_shell_with_text(&start->words);
	if (start->is_shell)
		start->body = mem_copy_string(start->words.items[2]);
	if (start->words.count == 0)
		start->file = NULL;
}

void image_start_finish(struct image_start *start)
{
	strings_finish(&start->words);
	free(start->body);
	*start = (struct image_start){0};
}

/* ---- scripts ---- */

struct hunt {
	const struct sources *sources;
	const struct shipped *shipped;
	const char *file;
	unsigned before;
	int depth;
};

static char *find_text(struct hunt *hunt, int stage, const char *path);

/* The file that a folder's copy puts at `path`; NULL: it is not below it. */
static char *inside_folder(const struct copy_line *copy, size_t i, const char *path)
{
	auto_free char *to = path_clean(copy->to);
	const char *below = path_relative(path, to);
	if (below == NULL || below[0] == '\0')
		return NULL;
	auto_free char *joined = path_join(copy->sources.items[i], below);
	return path_clean(joined);
}

static char *read_own(struct hunt *hunt, const char *source)
{
	auto_free char *own = shipped_path(hunt->shipped, source);
	const struct tree_file *file = tree_find(&hunt->sources->tree, own);
	char *text = file != NULL ? tree_read(&hunt->sources->tree, own, NULL) : NULL;
	if (text == NULL)
		return NULL;
	hunt->file = file->path;
	hunt->before = 0;
	return text;
}

static char *text_of_copy(struct hunt *hunt, const struct copy_line *copy, const char *path)
{
	for (size_t i = 0; i < copy->sources.count; i++) {
		auto_free char *target = copy_line_target(copy, i), *inside = inside_folder(copy, i, path);
		/* a folder need not look like one */
		auto_free char *to = path_clean(copy->to), *source_path = path_clean(copy->sources.items[i]),
			*within = path_join(to, path_name(source_path));
		const char *source = strcmp(target, path) == 0 || strcmp(within, path) == 0 ? copy->sources.items[i] : NULL;
		const char *tries[] = {source, inside};
		for (size_t j = 0; j < COUNT_OF(tries); j++) {
			if (tries[j] == NULL || (copy->from != NULL && copy->from_stage < 0))
				continue;
			auto_free char *absolute = path_join("/", tries[j]);
			char *text = copy->from == NULL ? read_own(hunt, tries[j]) : find_text(hunt, copy->from_stage, absolute);
			if (text != NULL)
				return text;
		}
	}
	return NULL;
}

/* COPY <<EOF /path: its own text. */
static char *text_of_heredoc(struct hunt *hunt, size_t index, const char *path)
{
	const struct dockerfile *file = &hunt->shipped->source->file;
	const struct docker_line *line = &file->lines.items[index];
	bool json;
	if (line->heredoc == NULL || strcmp(line->word, "COPY") != 0)
		return NULL;
	auto_strings words = {0};
	dockerfile_words(after_flags(line->rest), &words, &json);
	if (words.count != 2)
		return NULL;
	auto_free char *workdir = dockerfile_workdir(file, index);
	auto_free char *joined = path_join(workdir, words.items[1]);
	auto_free char *clean = path_clean(joined);
	if (strcmp(clean, path) != 0)
		return NULL;
	hunt->file = hunt->shipped->source->path;
	hunt->before = line->first;
	return mem_copy_string(line->heredoc);
}

static char *find_text(struct hunt *hunt, int stage, const char *path)
{
	const struct dockerfile *file = &hunt->shipped->source->file;
	char *text = NULL;
	if (++hunt->depth > DEPTH_LIMIT)
		return NULL;
	/* the last line that puts it there counts */
	for (size_t i = file->lines.count; i-- > 0 && text == NULL;) {
		struct copy_line copy;
		if (!stage_has_line(file, stage, i))
			continue;
		text = text_of_heredoc(hunt, i, path);
		if (text != NULL || !copy_line_read(file, i, &copy))
			continue;
		text = text_of_copy(hunt, &copy, path);
		copy_line_finish(&copy);
	}
	return text;
}

char *image_script(const struct sources *sources, const struct shipped *shipped, const char *word, const char **file,
	unsigned *before)
{
	static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin"};
	struct hunt hunt = {.sources = sources, .shipped = shipped};
	auto_free char *workdir = stage_workdir(&shipped->source->file, shipped->stage);
	auto_free char *joined = path_join(workdir, word);
	auto_free char *path = path_clean(joined);
	char *text = find_text(&hunt, shipped->stage, path);
	for (size_t i = 0; text == NULL && strchr(word, '/') == NULL && i < COUNT_OF(folders); i++) {
		auto_free char *there = path_join(folders[i], word);
		hunt.depth = 0;
		text = find_text(&hunt, shipped->stage, there);
	}
	if (text != NULL && !text_starts_with(text, "#!") && !text_ends_with(word, ".sh")) {
		free(text);
		return NULL;
	}
	*file = hunt.file;
	*before = hunt.before;
	return text;
}

/* ---- who gives up root ---- */

static bool is_dropper(const char *word)
{
	static const char *const names[] = {"gosu", "su-exec", "setpriv", "runuser", "s6-setuidgid", "setuidgid", "chpst", "su", "sudo",
		"capsh", "fixuid", "doas"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(word), names[i]) == 0)
			return true;
	return false;
}

static bool text_drops_root(const char *text, unsigned *line)
{
	struct shell_commands commands = {0};
	bool found = false;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count && !found; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		found = at < words->count && is_dropper(words->items[at]);
		if (found)
			*line = text_line_at(text, (size_t)(commands.items[i].start - text) + strspn(commands.items[i].start, " \t\n"));
	}
	shell_commands_finish(&commands);
	return found;
}

bool image_drops_root(const struct sources *sources, const struct shipped *shipped, const char **file, unsigned *line)
{
	enum { WORDS_LIMIT = 3 };
	struct image_start start;
	bool found = false;
	image_start(sources, shipped, &start);
	for (size_t i = 0; i < start.words.count && !found; i++) {
		const char *word = start.words.items[i];
		unsigned within = 1;
		*file = start.file;
		*line = start.line;
		found = is_dropper(word) || (strchr(word, ' ') != NULL && text_drops_root(word, &within));
		if (found || i >= WORDS_LIMIT || word[0] == '-')
			continue;
		unsigned before = 0;
		auto_free char *text = image_script(sources, shipped, word, file, &before);
		found = text != NULL && text_drops_root(text, &within);
		*line = before + within;
	}
	image_start_finish(&start);
	return found;
}
