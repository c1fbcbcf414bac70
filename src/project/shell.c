/* Shell text, read just well enough to find which commands are run: split into
 * commands and words, and the body of a RUN line. Nothing is executed. */
#include "project.h"

#include <ctype.h>

struct splitter {
	struct shell_commands *commands;
	struct str word;
	bool in_word;
	const char *start; /* of the command that is read */
	int nested; /* inside $( ) */
};

static void end_word(struct splitter *splitter)
{
	if (splitter->in_word)
		strings_take(&splitter->commands->items[splitter->commands->count - 1].words, str_steal(&splitter->word));
	splitter->in_word = false;
}

static void begin_command(struct splitter *splitter, const char *at)
{
	array_add(splitter->commands)->start = at;
}

static void end_command(struct splitter *splitter, const char *at)
{
	end_word(splitter);
	struct shell_command *command = &splitter->commands->items[splitter->commands->count - 1];
	command->len = (size_t)(at - command->start);
}

static void add(struct splitter *splitter, const char *bytes, size_t len)
{
	str_add_bytes(&splitter->word, bytes, len);
	splitter->in_word = true;
}

/* What ends a command here, or 0. `2>&1` and `&>` do not. */
static size_t ends_command(const struct splitter *splitter, const char *body, const char *at)
{
	static const char *const marks[] = {"&&", "||", ";;", ";", "|", "\n", "(", ")"};
	if (splitter->nested > 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (text_starts_with(at, marks[i]))
			return strlen(marks[i]);
	return *at == '&' && at[1] != '>' && (at == body || at[-1] != '>') ? 1 : 0;
}

/* A quoted part; returns what follows it. */
static const char *take_quoted(struct splitter *splitter, const char *at)
{
	char quote = *at++;
	splitter->in_word = true;
	for (; *at != '\0' && *at != quote; at++) {
		if (*at == '\\' && quote == '"' && at[1] != '\0' && strchr("\"\\$`\n", at[1]) != NULL && *++at == '\n')
			continue;
		str_add_char(&splitter->word, *at);
	}
	return *at != '\0' ? at + 1 : at;
}

static const char *take_letter(struct splitter *splitter, const char *at)
{
	if (*at == '\\' && at[1] != '\0') {
		if (at[1] != '\n')
			add(splitter, at + 1, 1);
		return at + 2;
	}
	if (text_starts_with(at, "$(")) {
		splitter->nested++;
		add(splitter, at, 2);
		return at + 2;
	}
	if (splitter->nested > 0)
		splitter->nested += *at == '(' ? 1 : *at == ')' ? -1 : 0;
	add(splitter, at, 1);
	return at + 1;
}

void shell_split(const char *body, struct shell_commands *commands)
{
	struct splitter splitter = {.commands = commands};
	const char *at = body;
	begin_command(&splitter, body);
	while (*at != '\0') {
		size_t mark = ends_command(&splitter, body, at);
		if (mark > 0) {
			end_command(&splitter, at);
			at += mark;
			begin_command(&splitter, at);
		} else if (isspace((unsigned char)*at) && splitter.nested == 0) {
			end_word(&splitter);
			at++;
		} else if (*at == '#' && !splitter.in_word) {
			at += strcspn(at, "\n");
		} else if (*at == '"' || *at == '\'') {
			at = take_quoted(&splitter, at);
		} else {
			at = take_letter(&splitter, at);
		}
	}
	end_command(&splitter, at);
	str_finish(&splitter.word);
}

void shell_commands_finish(struct shell_commands *commands)
{
	for (size_t i = 0; i < commands->count; i++)
		strings_finish(&commands->items[i].words);
	array_finish(commands);
}

bool is_shell(const char *word)
{
	static const char *const names[] = {"sh", "bash", "ash", "dash", "zsh", "busybox"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(word), names[i]) == 0)
			return true;
	return false;
}

bool is_assignment(const char *word)
{
	const char *at = word;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	return at > word && *at == '=' && !isdigit((unsigned char)word[0]);
}

size_t command_at(const struct strings *words)
{
	static const char *const before[] = {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "exec", "time", "command"};
	size_t at = 0;
	for (bool more = true; more && at < words->count; at += more) {
		more = is_assignment(words->items[at]);
		for (size_t i = 0; i < COUNT_OF(before); i++)
			more = more || strcmp(words->items[at], before[i]) == 0;
	}
	return at;
}

/* ---- RUN ---- */

const char *after_flags(const char *rest)
{
	for (rest += strspn(rest, " \t"); text_starts_with(rest, "--"); rest += strspn(rest, " \t"))
		rest += strcspn(rest, " \t");
	return rest;
}

char *flag_value(const char *rest, const char *flag)
{
	size_t len = strlen(flag);
	for (rest += strspn(rest, " \t"); text_starts_with(rest, "--"); rest += strspn(rest, " \t")) {
		size_t word = strcspn(rest, " \t");
		if (word > len + 2 && strncmp(rest + 2, flag, len) == 0 && rest[len + 2] == '=')
			return mem_copy_bytes(rest + len + 3, word - len - 3);
		rest += word;
	}
	return NULL;
}

/* Words as shell text that means just them. */
static char *quote_words(const struct strings *words)
{
	struct str out = {0};
	for (size_t i = 0; i < words->count; i++) {
		str_add(&out, i > 0 ? " '" : "'");
		for (const char *at = words->items[i]; *at != '\0'; at++) {
			if (*at == '\'')
				str_add(&out, "'\\''");
			else
				str_add_char(&out, *at);
		}
		str_add_char(&out, '\'');
	}
	return str_steal(&out);
}

char *run_body(const struct dockerfile *file, size_t index)
{
	const struct docker_line *line = &file->lines.items[index];
	const char *rest = after_flags(line->rest);
	auto_strings words = {0};
	bool json;
	dockerfile_words(rest, &words, &json);
	if (json) {
		/* sh -c 'body' is its body */
		if (words.count == 3 && is_shell(words.items[0]) && words.items[1][0] == '-')
			return dockerfile_expand_shell(file, index, words.items[2]);
		auto_free char *quoted = quote_words(&words);
		return dockerfile_expand_shell(file, index, quoted);
	}
	bool script = line->heredoc != NULL && words.count > 0 && (text_starts_with(words.items[0], "<<") || is_shell(words.items[0]));
	return dockerfile_expand_shell(file, index, script ? line->heredoc : rest);
}
