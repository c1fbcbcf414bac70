/* The one reader of Dockerfiles: lines with their numbers, and stages.
 * It serves the mapping of services, both renderings and the checks. Text
 * comes from foreign repositories: bounded, and never run. */
#include "project.h"

#include <ctype.h>
#include <jansson.h>
#include <strings.h>
#include <sys/utsname.h>

enum { SIZE_LIMIT = 1 << 20, LINES_LIMIT = 2000 };

struct reader {
	const char *at, *end;
	unsigned line; /* number of the line at `at` */
	char escape;
};

/* ---- physical lines ---- */

static bool next_line(struct reader *reader, const char **line, size_t *len)
{
	if (reader->at >= reader->end)
		return false;
	const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	const char *stop = newline != NULL ? newline : reader->end;
	*line = reader->at;
	*len = (size_t)(stop - reader->at);
	if (*len > 0 && (*line)[*len - 1] == '\r')
		(*len)--;
	reader->at = newline != NULL ? newline + 1 : reader->end;
	reader->line++;
	return true;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]))
		(*len)--;
}

/* Parser directives stand at the very top: "# escape=`"; the first line that is
 * none ends them. */
static void read_directives(struct reader *reader)
{
	static const char *const known[] = {"syntax", "escape", "check"};
	struct reader ahead = *reader;
	const char *line;
	size_t len;
	while (next_line(&ahead, &line, &len)) {
		trim(&line, &len);
		if (len == 0 || line[0] != '#')
			return;
		line++;
		len--;
		trim(&line, &len);
		const char *equals = memchr(line, '=', len);
		if (equals == NULL)
			return;
		const char *name = line;
		size_t name_len = (size_t)(equals - line);
		trim(&name, &name_len);
		bool found = false;
		for (size_t i = 0; i < COUNT_OF(known); i++)
			found = found || (strlen(known[i]) == name_len && strncasecmp(known[i], name, name_len) == 0);
		if (!found)
			return;
		if (strncasecmp(name, "escape", 6) == 0 && line[len - 1] == '`')
			reader->escape = '`';
	}
}

/* ---- logical lines ---- */

struct heredoc {
	char *word;
	bool strip; /* <<-: tabs before the closing word */
};
struct heredocs {
	struct heredoc *items;
	size_t count, cap;
};

static void heredocs_finish(struct heredocs *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].word);
	array_finish(list);
}

/* Heredocs that a line opens: <<EOF, <<-"EOF", 3<<EOF. Quoted text and the
 * shell's <<< are none. */
static void find_heredocs(const char *text, struct heredocs *list)
{
	char quote = '\0';
	for (const char *at = text; *at != '\0'; at++) {
		if (quote != '\0' || *at == '"' || *at == '\'') {
			quote = quote == '\0' ? *at : *at == quote ? '\0' : quote;
			continue;
		}
		if (!text_starts_with(at, "<<"))
			continue;
		const char *start = at;
		while (start > text && isdigit((unsigned char)start[-1]))
			start--;
		at += 2;
		bool strip = *at == '-', fresh = start == text || isspace((unsigned char)start[-1]);
		at += strip;
		char around = *at == '"' || *at == '\'' ? *at++ : '\0';
		const char *word = at;
		while (isalnum((unsigned char)*at) || *at == '_' || *at == '.' || *at == '-')
			at++;
		if (fresh && at > word && (around == '\0' || *at == around))
			*array_add(list) = (struct heredoc){mem_copy_bytes(word, (size_t)(at - word)), strip};
		at -= *at == '\0' || around == '\0';
	}
}

static bool read_heredoc(struct reader *reader, const struct heredoc *heredoc, struct str *raw, struct str *body, unsigned first, struct fault *fault)
{
	const char *line;
	size_t len;
	while (next_line(reader, &line, &len)) {
		str_add_bytes(raw, line, len);
		str_add_char(raw, '\n');
		const char *text = line;
		size_t text_len = len;
		while (heredoc->strip && text_len > 0 && *text == '\t') {
			text++;
			text_len--;
		}
		if (text_len == strlen(heredoc->word) && memcmp(text, heredoc->word, text_len) == 0)
			return true;
		str_add_bytes(body, text, text_len);
		str_add_char(body, '\n');
	}
	return fault_set(fault, FAULT_INPUT, "line %u opens a heredoc that does not end: a line %s is missing", first, heredoc->word);
}

/* A line goes on where it ends in one escape letter; two of them are a letter. */
static bool goes_on(const char *text, size_t len, char escape)
{
	return len > 0 && text[len - 1] == escape && (len == 1 || text[len - 2] != escape);
}

/* Joins continuation lines; comments and empty lines inside are passed over. */
static bool read_logical(struct reader *reader, struct str *joined, struct str *raw, unsigned *first)
{
	const char *line;
	size_t len;
	bool more = true, started = false;
	while (more && next_line(reader, &line, &len)) {
		const char *text = line;
		size_t text_len = len;
		trim(&text, &text_len);
		if (text_len == 0 || *text == '#') {
			if (started)
				str_add_bytes(raw, line, len), str_add_char(raw, '\n');
			continue;
		}
		if (!started)
			*first = reader->line;
		else if (text > line)
			str_add_char(joined, ' ');
		started = true;
		str_add_bytes(raw, line, len);
		str_add_char(raw, '\n');
		more = goes_on(text, text_len, reader->escape);
		str_add_bytes(joined, text, text_len - more);
	}
	return started;
}

static bool takes_heredoc(const char *word)
{
	return strcmp(word, "RUN") == 0 || strcmp(word, "COPY") == 0 || strcmp(word, "ADD") == 0;
}

static void split_word(const char *joined, struct docker_line *line)
{
	size_t len = strcspn(joined, " \t");
	line->word = mem_copy_bytes(joined, len);
	for (char *at = line->word; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	joined += len;
	joined += strspn(joined, " \t");
	line->rest = mem_copy_string(joined);
	for (size_t end = strlen(line->rest); end > 0 && isspace((unsigned char)line->rest[end - 1]); end--)
		line->rest[end - 1] = '\0';
}

/* ---- stages ---- */

static int find_stage(const struct dockerfile *file, const char *name, size_t before)
{
	for (size_t i = before; i-- > 0;)
		if (file->stages.items[i].name != NULL && text_equal_fold(file->stages.items[i].name, name))
			return (int)i;
	return -1;
}

static void add_stage(struct dockerfile *file, size_t index)
{
	struct docker_line *line = &file->lines.items[index];
	auto_strings words = {0};
	bool json;
	dockerfile_words(line->rest, &words, &json);
	size_t at = 0;
	while (at < words.count && text_starts_with(words.items[at], "--"))
		at++;
	struct docker_stage stage = {.from = index, .line = line->first, .base_stage = -1};
	if (at < words.count) {
		stage.base = dockerfile_expand_global(file, words.items[at]);
		stage.base_stage = find_stage(file, stage.base, file->stages.count);
	} else {
		stage.base = mem_copy_string("");
	}
	if (at + 2 < words.count && text_equal_fold(words.items[at + 1], "as"))
		stage.name = mem_copy_string(words.items[at + 2]);
	*array_add(&file->stages) = stage;
	line->stage = (int)file->stages.count - 1;
}

static void place_line(struct dockerfile *file, struct docker_line line)
{
	line.stage = (int)file->stages.count - 1;
	*array_add(&file->lines) = line;
	size_t index = file->lines.count - 1;
	if (strcmp(line.word, "FROM") == 0)
		add_stage(file, index);
	else if (strcmp(line.word, "ARG") == 0 && file->stages.count == 0)
		dockerfile_add_global(file, line.rest);
}

/* ---- public ---- */

/* ["a", "b"]; what is not an array of texts is shell form. */
static bool json_words(const char *rest, struct strings *words)
{
	json_t *array = json_loads(rest, 0, NULL);
	bool good = json_is_array(array);
	size_t i;
	json_t *item;
	json_array_foreach(array, i, item)
		good = good && json_is_string(item);
	for (i = 0; good && i < json_array_size(array); i++)
		strings_add(words, json_string_value(json_array_get(array, i)));
	json_decref(array);
	return good;
}

void dockerfile_words(const char *rest, struct strings *words, bool *json)
{
	rest += strspn(rest, " \t");
	*json = *rest == '[' && json_words(rest, words);
	if (*json)
		return;
	while (*rest != '\0') {
		struct str word = {0};
		char quote = '\0';
		for (; *rest != '\0' && (quote != '\0' || !isspace((unsigned char)*rest)); rest++) {
			if (quote == '\0' && (*rest == '"' || *rest == '\''))
				quote = *rest;
			else if (*rest == quote)
				quote = '\0';
			else if (*rest == '\\' && quote != '\'' && rest[1] != '\0')
				str_add_char(&word, *++rest);
			else
				str_add_char(&word, *rest);
		}
		strings_take(words, str_steal(&word));
		while (isspace((unsigned char)*rest))
			rest++;
	}
}

static bool read_line(struct reader *reader, struct dockerfile *file, bool *more, struct fault *fault)
{
	auto_str joined = {0};
	struct str raw = {0};
	struct docker_line line = {0};
	*more = read_logical(reader, &joined, &raw, &line.first);
	if (!*more) {
		str_finish(&raw);
		return true;
	}
	split_word(str_text(&joined), &line);
	bool good = true;
	if (takes_heredoc(line.word)) {
		struct heredocs heredocs = {0};
		struct str body = {0};
		find_heredocs(line.rest, &heredocs);
		for (size_t i = 0; good && i < heredocs.count; i++)
			good = read_heredoc(reader, &heredocs.items[i], &raw, &body, line.first, fault);
		if (heredocs.count > 0)
			line.heredoc = str_steal(&body);
		heredocs_finish(&heredocs);
	}
	line.last = reader->line;
	line.raw = str_steal(&raw);
	place_line(file, line);
	if (file->lines.count > LINES_LIMIT)
		good = fault_set(fault, FAULT_INPUT, "it has more than %d instructions", LINES_LIMIT);
	return good;
}

/* Arguments that BuildKit sets by itself (Dockerfile reference: automatic
 * platform ARGs), then those of the build. */
static void take_args(struct dockerfile *file, const struct strings *args)
{
	struct utsname machine;
	bool arm = uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0;
	static const char *const names[] = {"TARGET", "BUILD"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *os = mem_print("%sOS", names[i]), *arch = mem_print("%sARCH", names[i]), *platform = mem_print("%sPLATFORM", names[i]);
		map_put(file->given, os, mem_copy_string("linux"));
		map_put(file->given, arch, mem_copy_string(arm ? "arm64" : "amd64"));
		map_put(file->given, platform, mem_copy_string(arm ? "linux/arm64" : "linux/amd64"));
		map_put(file->args, os, mem_copy_string("linux"));
		map_put(file->args, arch, mem_copy_string(arm ? "arm64" : "amd64"));
		map_put(file->args, platform, mem_copy_string(arm ? "linux/arm64" : "linux/amd64"));
	}
	for (size_t i = 0; args != NULL && i < args->count; i++) {
		const char *equals = strchr(args->items[i], '=');
		if (equals == NULL)
			continue;
		auto_free char *name = mem_copy_bytes(args->items[i], (size_t)(equals - args->items[i]));
		map_put(file->given, name, mem_copy_string(equals + 1));
	}
}

bool dockerfile_read(const char *text, size_t len, const struct strings *args, struct dockerfile *file, struct fault *fault)
{
	*file = (struct dockerfile){.escape = '\\', .args = map_open(free), .given = map_open(free)};
	if (len > SIZE_LIMIT)
		return fault_set(fault, FAULT_INPUT, "it is larger than 1 MiB");
	auto_free char *copy = mem_copy_bytes(text, len);
	for (size_t i = 0; i < len; i++)
		if (copy[i] == '\0')
			copy[i] = ' ';
	struct reader reader = {.at = copy, .end = copy + len, .escape = '\\'};
	if (text_starts_with(copy, "\xef\xbb\xbf"))
		reader.at += 3;
	read_directives(&reader);
	file->escape = reader.escape;
	take_args(file, args);
	bool more = true;
	while (more)
		if (!read_line(&reader, file, &more, fault))
			return false;
	if (file->stages.count == 0)
		return fault_set(fault, FAULT_INPUT, "it has no FROM line");
	return true;
}

void dockerfile_finish(struct dockerfile *file)
{
	for (size_t i = 0; i < file->lines.count; i++) {
		free(file->lines.items[i].word);
		free(file->lines.items[i].rest);
		free(file->lines.items[i].raw);
		free(file->lines.items[i].heredoc);
	}
	for (size_t i = 0; i < file->stages.count; i++) {
		free(file->stages.items[i].name);
		free(file->stages.items[i].base);
	}
	array_finish(&file->lines);
	array_finish(&file->stages);
	map_close(file->args);
	map_close(file->given);
	file->args = file->given = NULL;
}

int dockerfile_stage(const struct dockerfile *file, const char *name)
{
	if (name == NULL || name[0] == '\0')
		return (int)file->stages.count - 1;
	int found = find_stage(file, name, file->stages.count);
	if (found < 0 && strlen(name) < 6 && strspn(name, "0123456789") == strlen(name) && (size_t)atoi(name) < file->stages.count)
		found = atoi(name);
	return found;
}
