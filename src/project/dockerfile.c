/* The one reader of Dockerfiles: lines with their numbers, stages, variables.
 * It serves the mapping of services, both renderings and the checks. Text
 * comes from foreign repositories: bounded, and never run. */
#include "cargodeck/project.h"

#include <ctype.h>
#include <strings.h>

enum { SIZE_LIMIT = 1 << 20, LINES_LIMIT = 20000, DEPTH_LIMIT = 16 };

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

/* Parser directives stand at the very top: "# escape=`". */
static void read_directives(struct reader *reader)
{
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
		size_t name_len = (size_t)(equals - line);
		while (name_len > 0 && isspace((unsigned char)line[name_len - 1]))
			name_len--;
		if (name_len == 6 && strncasecmp(line, "escape", 6) == 0 && line[len - 1] == '`')
			reader->escape = '`';
	}
}

/* ---- logical lines ---- */

/* Words of heredocs that a line opens: <<EOF, <<-"EOF". */
static void find_heredocs(const char *text, struct strings *words)
{
	for (const char *at = text; (at = strstr(at, "<<")) != NULL;) {
		at += 2;
		at += *at == '-';
		char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
		const char *start = at;
		while (isalnum((unsigned char)*at) || *at == '_')
			at++;
		if (at > start && (quote == '\0' || *at == quote))
			strings_take(words, mem_copy_bytes(start, (size_t)(at - start)));
	}
}

static bool read_heredoc(struct reader *reader, const char *word, struct str *raw, unsigned first, struct fault *fault)
{
	const char *line;
	size_t len;
	while (next_line(reader, &line, &len)) {
		str_add_bytes(raw, line, len);
		str_add_char(raw, '\n');
		const char *text = line;
		size_t text_len = len;
		while (text_len > 0 && *text == '\t') {
			text++;
			text_len--;
		}
		if (text_len == strlen(word) && memcmp(text, word, text_len) == 0)
			return true;
	}
	return fault_set(fault, FAULT_INPUT, "line %u opens a heredoc that does not end: a line %s is missing", first, word);
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
		started = true;
		str_add_bytes(raw, line, len);
		str_add_char(raw, '\n');
		more = text[text_len - 1] == reader->escape;
		str_add_bytes(joined, text, text_len - more);
		if (more)
			str_add_char(joined, ' ');
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

/* ---- variables ---- */

static char *lookup(const struct map *scope, const char *name, size_t len)
{
	auto_free char *key = mem_copy_bytes(name, len);
	return map_get(scope, key);
}

static void expand_into(struct str *out, const struct map *scope, char escape, const char *text, int depth);

/* ${NAME}, ${NAME:-word}, ${NAME:+word}, ${NAME-word}, ${NAME+word}. */
static const char *expand_braces(struct str *out, const struct map *scope, char escape, const char *at, int depth)
{
	const char *name = at;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	size_t name_len = (size_t)(at - name);
	const char *rest = at;
	int nested = 1;
	for (; *at != '\0' && nested > 0; at++)
		nested += *at == '{' ? 1 : *at == '}' ? -1 : 0;
	if (nested > 0)
		return at;
	const char *value = lookup(scope, name, name_len);
	bool colon = *rest == ':';
	rest += colon;
	bool set = value != NULL && (!colon || value[0] != '\0');
	auto_free char *word = *rest != '}' ? mem_copy_bytes(rest + 1, (size_t)(at - 1 - rest - 1)) : mem_copy_string("");
	if (*rest == '-' && !set)
		expand_into(out, scope, escape, word, depth + 1);
	else if (*rest == '+' && set)
		expand_into(out, scope, escape, word, depth + 1);
	else if (*rest != '+' && value != NULL)
		str_add(out, value);
	return at;
}

static void expand_into(struct str *out, const struct map *scope, char escape, const char *text, int depth)
{
	if (depth > DEPTH_LIMIT || out->len > SIZE_LIMIT)
		return;
	while (*text != '\0') {
		if (*text == escape && text[1] == '$') {
			str_add_char(out, '$');
			text += 2;
		} else if (text[0] == '$' && text[1] == '{') {
			text = expand_braces(out, scope, escape, text + 2, depth);
		} else if (text[0] == '$' && (isalpha((unsigned char)text[1]) || text[1] == '_')) {
			const char *name = ++text;
			while (isalnum((unsigned char)*text) || *text == '_')
				text++;
			const char *value = lookup(scope, name, (size_t)(text - name));
			if (value != NULL)
				str_add(out, value);
		} else {
			str_add_char(out, *text++);
		}
	}
}

static char *unquote(const char *text)
{
	size_t len = strlen(text);
	if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0])
		return mem_copy_bytes(text + 1, len - 2);
	return mem_copy_string(text);
}

/* "NAME=VALUE NAME2=VALUE2" or the old "NAME VALUE" of ENV. */
static void add_env(struct map *scope, char escape, const char *rest)
{
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	if (words.count >= 2 && strchr(words.items[0], '=') == NULL) {
		const char *value = rest + strcspn(rest, " \t");
		value += strspn(value, " \t");
		struct str out = {0};
		expand_into(&out, scope, escape, value, 0);
		map_put(scope, words.items[0], str_steal(&out));
		return;
	}
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		auto_free char *plain = unquote(equals + 1);
		struct str out = {0};
		expand_into(&out, scope, escape, plain, 0);
		map_put(scope, words.items[i], str_steal(&out));
	}
}

/* ARG NAME[=default]: the build's argument wins, then the default, then the
 * global ARG of that name. */
static void add_arg(struct map *scope, const struct map *given, char escape, const char *rest, bool global)
{
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	for (size_t i = 0; i < words.count; i++) {
		char *equals = strchr(words.items[i], '=');
		if (equals != NULL)
			*equals = '\0';
		const char *value = map_get(given, words.items[i]);
		if (value != NULL) {
			map_put(scope, words.items[i], mem_copy_string(value));
		} else if (equals != NULL && !(global && map_has(scope, words.items[i]))) {
			auto_free char *plain = unquote(equals + 1);
			struct str out = {0};
			expand_into(&out, scope, escape, plain, 0);
			map_put(scope, words.items[i], str_steal(&out));
		}
	}
}

/* What a line of that stage sees. Build arguments are kept in the map `args`
 * under their own names, the global defaults too. */
static void fill_scope(const struct dockerfile *file, int stage, size_t until, struct map *scope, int depth)
{
	if (stage < 0 || (size_t)stage >= file->stages.count || depth > DEPTH_LIMIT)
		return;
	const struct docker_stage *own = &file->stages.items[stage];
	if (own->base_stage >= 0)
		fill_scope(file, own->base_stage, file->lines.count, scope, depth + 1);
	for (size_t i = own->from + 1; i < until && i < file->lines.count && file->lines.items[i].stage == stage; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (strcmp(line->word, "ENV") == 0)
			add_env(scope, file->escape, line->rest);
		else if (strcmp(line->word, "ARG") == 0)
			add_arg(scope, file->args, file->escape, line->rest, false);
	}
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
		struct str out = {0};
		expand_into(&out, file->args, file->escape, words.items[at], 0);
		stage.base = str_steal(&out);
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
		add_arg(file->args, file->args, file->escape, line.rest, true);
}

/* ---- public ---- */

void dockerfile_words(const char *rest, struct strings *words, bool *json)
{
	rest += strspn(rest, " \t");
	*json = *rest == '[';
	if (*json) {
		/* ["a", "b"]: JSON strings; escapes beyond \" and \\ are rare here */
		const char *at = rest + 1;
		for (; *at != '\0' && *at != ']'; at++) {
			if (*at != '"')
				continue;
			struct str word = {0};
			for (at++; *at != '\0' && *at != '"'; at++) {
				if (*at == '\\' && at[1] != '\0')
					at++;
				str_add_char(&word, *at);
			}
			strings_take(words, str_steal(&word));
			if (*at == '\0')
				break;
		}
		if (*at == ']')
			return;
		strings_finish(words); /* not JSON after all: shell form */
		*json = false;
	}
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
		rest += strspn(rest, " \t\r\n");
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
		auto_strings heredocs = {0};
		find_heredocs(line.rest, &heredocs);
		for (size_t i = 0; good && i < heredocs.count; i++)
			good = read_heredoc(reader, heredocs.items[i], &raw, line.first, fault);
	}
	line.last = reader->line;
	line.raw = str_steal(&raw);
	place_line(file, line);
	if (file->lines.count > LINES_LIMIT)
		good = fault_set(fault, FAULT_INPUT, "it has more than %d instructions", LINES_LIMIT);
	return good;
}

bool dockerfile_read(const char *text, size_t len, const struct strings *args, struct dockerfile *file, struct fault *fault)
{
	*file = (struct dockerfile){.escape = '\\', .args = map_open(free)};
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
	for (size_t i = 0; args != NULL && i < args->count; i++) {
		const char *equals = strchr(args->items[i], '=');
		if (equals == NULL)
			continue;
		auto_free char *name = mem_copy_bytes(args->items[i], (size_t)(equals - args->items[i]));
		map_put(file->args, name, mem_copy_string(equals + 1));
	}
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
	}
	for (size_t i = 0; i < file->stages.count; i++) {
		free(file->stages.items[i].name);
		free(file->stages.items[i].base);
	}
	array_finish(&file->lines);
	array_finish(&file->stages);
	map_close(file->args);
	file->args = NULL;
}

int dockerfile_stage(const struct dockerfile *file, const char *name)
{
	if (name == NULL || name[0] == '\0')
		return (int)file->stages.count - 1;
	int found = find_stage(file, name, file->stages.count);
	if (found < 0 && strspn(name, "0123456789") == strlen(name) && (size_t)atoi(name) < file->stages.count)
		found = atoi(name);
	return found;
}

char *dockerfile_expand(const struct dockerfile *file, size_t at, const char *text)
{
	struct str out = {0};
	struct map *scope = map_open(free);
	int stage = at < file->lines.count ? file->lines.items[at].stage : -1;
	if (stage < 0) {
		expand_into(&out, file->args, file->escape, text, 0);
	} else {
		fill_scope(file, stage, at, scope, 0);
		expand_into(&out, scope, file->escape, text, 0);
	}
	map_close(scope);
	return str_steal(&out);
}
