/* RUN bodies, read as shell just well enough to find which commands are run,
 * and above all cargo's. Nothing is executed. */
#include "project.h"

#include <ctype.h>

/* ---- splitting ---- */

static bool ends_command(const char *at, size_t *len)
{
	static const char *const marks[] = {"&&", "||", ";", "|", "\n", "&"};
	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		if (text_starts_with(at, marks[i])) {
			*len = strlen(marks[i]);
			return true;
		}
	}
	return false;
}

static void end_word(struct str *word, bool *in_word, struct shell_command *command)
{
	if (*in_word)
		strings_take(&command->words, str_steal(word));
	*in_word = false;
}

void shell_split(const char *body, struct shell_commands *commands)
{
	struct shell_command *command = array_add(commands);
	struct str word = {0};
	bool in_word = false;
	char quote = '\0';
	command->start = body;
	for (const char *at = body; *at != '\0';) {
		size_t mark;
		if (quote == '\0' && ends_command(at, &mark)) {
			end_word(&word, &in_word, command);
			command->len = (size_t)(at - command->start);
			at += mark;
			command = array_add(commands);
			command->start = at;
			continue;
		}
		if (quote == '\0' && isspace((unsigned char)*at)) {
			end_word(&word, &in_word, command);
		} else if (quote == '\0' && (*at == '"' || *at == '\'')) {
			quote = *at;
			in_word = true;
		} else if (quote != '\0' && *at == quote) {
			quote = '\0';
		} else if (*at == '\\' && quote != '\'' && at[1] != '\0') {
			at++;
			if (*at != '\n') {
				str_add_char(&word, *at);
				in_word = true;
			}
		} else {
			str_add_char(&word, *at);
			in_word = true;
		}
		at++;
	}
	end_word(&word, &in_word, command);
	command->len = strlen(command->start);
	str_finish(&word);
}

void shell_commands_finish(struct shell_commands *commands)
{
	for (size_t i = 0; i < commands->count; i++)
		strings_finish(&commands->items[i].words);
	array_finish(commands);
}

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

/* ---- cargo ---- */

void cargo_call_finish(struct cargo_call *call)
{
	free(call->verb);
	free(call->package);
	free(call->bin);
	free(call->target);
	free(call->profile);
	free(call->manifest_path);
	free(call->folder);
	strings_finish(&call->features);
	strings_finish(&call->env);
}

void cargo_calls_finish(struct cargo_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		cargo_call_finish(&calls->items[i]);
	array_finish(calls);
}

/* "--bin x" or "--bin=x" or "-p x"; NULL: not this flag. Moves *at. */
static const char *option(const struct strings *words, size_t *at, const char *name, const char *letter)
{
	const char *word = words->items[*at];
	size_t len = strlen(name);
	if (strncmp(word, name, len) == 0 && word[len] == '=')
		return word + len + 1;
	if ((strcmp(word, name) == 0 || (letter != NULL && strcmp(word, letter) == 0)) && *at + 1 < words->count)
		return words->items[++*at];
	return NULL;
}

static void set(char **place, const char *value)
{
	free(*place);
	*place = mem_copy_string(value);
}

static void read_option(struct cargo_call *call, const struct strings *words, size_t *at)
{
	const char *value;
	if ((value = option(words, at, "--package", "-p")) != NULL)
		set(&call->package, value);
	else if ((value = option(words, at, "--bin", NULL)) != NULL)
		set(&call->bin, value);
	else if ((value = option(words, at, "--target", NULL)) != NULL)
		set(&call->target, value);
	else if ((value = option(words, at, "--profile", NULL)) != NULL)
		set(&call->profile, value);
	else if ((value = option(words, at, "--manifest-path", NULL)) != NULL)
		set(&call->manifest_path, value);
	else if ((value = option(words, at, "--features", "-F")) != NULL)
		strings_add(&call->features, value);
	else if (option(words, at, "--path", NULL) != NULL)
		call->path_install = true;
	else if (strcmp(words->items[*at], "--no-default-features") == 0)
		call->no_default_features = true;
	else if (strcmp(words->items[*at], "--all-features") == 0)
		call->all_features = true;
	else if (strcmp(words->items[*at], "--release") == 0 || strcmp(words->items[*at], "-r") == 0)
		call->release = true;
}

static bool is_assignment(const char *word)
{
	const char *at = word;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	return at > word && *at == '=' && !isdigit((unsigned char)word[0]);
}

static bool is_cargo(const char *word)
{
	const char *name = path_name(word);
	return strcmp(name, "cargo") == 0 || strcmp(name, "xx-cargo") == 0 || strcmp(name, "cross") == 0;
}

static void read_call(const struct strings *words, size_t at, const char *folder, struct cargo_call *call)
{
	for (size_t i = 0; i < at; i++)
		if (is_assignment(words->items[i]))
			strings_add(&call->env, words->items[i]);
	call->folder = mem_copy_string(folder);
	at++;
	while (at < words->count && words->items[at][0] == '+')
		at++;
	/* options may stand before the verb */
	for (; at < words->count; at++) {
		if (words->items[at][0] == '-') {
			read_option(call, words, &at);
			continue;
		}
		if (call->verb == NULL)
			call->verb = mem_copy_string(words->items[at]);
	}
}

void run_find_cargo(const char *body, struct cargo_calls *calls)
{
	struct shell_commands commands = {0};
	auto_free char *folder = NULL;
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		if (words->count == 2 && strcmp(words->items[0], "cd") == 0)
			set(&folder, words->items[1]);
		for (size_t j = 0; j < words->count; j++) {
			if (!is_cargo(words->items[j]))
				continue;
			struct cargo_call call = {0};
			read_call(words, j, folder, &call);
			if (call.verb != NULL)
				*array_add(calls) = call;
			else
				cargo_call_finish(&call);
			break;
		}
	}
	shell_commands_finish(&commands);
}

bool cargo_call_compiles(const struct cargo_call *call)
{
	static const char *const verbs[] = {"build", "b", "check", "chef", "test", "nextest", "rustc", "run", "clippy", "zigbuild", "auditable", "leptos", "fetch", "vendor"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(call->verb, verbs[i]) == 0)
			return true;
	return strcmp(call->verb, "install") == 0 && call->path_install;
}
