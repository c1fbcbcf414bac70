/* Calls of cargo inside RUN lines: what they build, and whether they need the
 * sources. */
#include "project.h"

#include <ctype.h>

enum { DEPTH_LIMIT = 4 };

static void call_finish(struct cargo_call *call)
{
	free(call->verb);
	free(call->target);
	free(call->profile);
	free(call->manifest_path);
	free(call->path);
	free(call->root);
	free(call->folder);
	strings_finish(&call->packages);
	strings_finish(&call->bins);
	strings_finish(&call->names);
	strings_finish(&call->features);
	strings_finish(&call->env);
}

void cargo_calls_finish(struct cargo_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++)
		call_finish(&calls->items[i]);
	array_finish(calls);
}

/* "--bin x", "--bin=x", "-p x" or "-px"; NULL: not this option. Moves *at. */
static const char *option(const struct strings *words, size_t *at, const char *name, const char *letter)
{
	const char *word = words->items[*at];
	size_t len = strlen(name);
	if (strncmp(word, name, len) == 0 && word[len] == '=')
		return word + len + 1;
	bool same = strcmp(word, name) == 0 || (letter != NULL && strcmp(word, letter) == 0);
	if (same && *at + 1 < words->count)
		return words->items[++*at];
	if (letter != NULL && strncmp(word, letter, 2) == 0 && word[2] != '\0')
		return word + 2;
	return NULL;
}

static bool take_text(char **place, const char *value)
{
	if (value == NULL)
		return false;
	free(*place);
	*place = mem_copy_string(value);
	return true;
}

static bool take_item(struct strings *list, const char *value)
{
	if (value != NULL && value[0] != '\0')
		strings_add(list, value);
	return value != NULL;
}

/* Options that bring a word of their own and say nothing here. */
static bool skip_option(const struct strings *words, size_t *at)
{
	static const char *const names[] = {"--config", "--color", "--jobs", "--version", "--git", "--tag", "--branch", "--rev", "--message-format",
		"--registry", "--index", "--target-dir", "--artifact-dir", "--out-dir", "--recipe-path", "--exclude"};
	static const char *const letters[] = {"-Z", "-j", "-C"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (option(words, at, names[i], i < COUNT_OF(letters) ? letters[i] : NULL) != NULL)
			return true;
	return false;
}

static void read_option(struct cargo_call *call, const struct strings *words, size_t *at)
{
	const char *word = words->items[*at];
	if (take_item(&call->packages, option(words, at, "--package", "-p")) || take_item(&call->bins, option(words, at, "--bin", NULL)) ||
		take_text(&call->target, option(words, at, "--target", NULL)) || take_text(&call->profile, option(words, at, "--profile", NULL)) ||
		take_text(&call->manifest_path, option(words, at, "--manifest-path", NULL)) || take_text(&call->path, option(words, at, "--path", NULL)) ||
		take_text(&call->root, option(words, at, "--root", NULL)) || take_item(&call->features, option(words, at, "--features", "-F")))
		return;
	if (strcmp(word, "--no-default-features") == 0)
		call->no_default_features = true;
	else if (strcmp(word, "--all-features") == 0)
		call->all_features = true;
	else if (strcmp(word, "--release") == 0 || strcmp(word, "-r") == 0)
		call->release = true;
	else
		skip_option(words, at);
}

static void read_call(const struct strings *words, size_t at, const char *folder, struct cargo_call *call)
{
	for (size_t i = 0; i < at; i++)
		if (is_assignment(words->items[i]))
			strings_add(&call->env, words->items[i]);
	call->folder = mem_copy_string(folder);
	for (at++; at < words->count && strcmp(words->items[at], "--") != 0; at++) {
		const char *word = words->items[at];
		if (word[0] == '-')
			read_option(call, words, &at);
		else if (call->verb == NULL && word[0] != '+')
			call->verb = mem_copy_string(word);
		else if (call->verb != NULL)
			strings_add(&call->names, word);
	}
}

/* Commands that may name cargo without calling it. */
static bool only_names(const char *word)
{
	static const char *const names[] = {"apt-get", "apt", "apk", "dnf", "yum", "pacman", "echo", "printf", "rm", "mkdir", "chmod", "chown",
		"ln", "cp", "mv", "which", "test", "[", "ls", "find", "cat", "touch", "export", "cd", "tar", "strip"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return false;
}

static bool is_cargo(const char *word)
{
	const char *name = path_name(word);
	return word[0] != '-' && (strcmp(name, "cargo") == 0 || strcmp(name, "xx-cargo") == 0 || strcmp(name, "cross") == 0);
}

static void change_folder(char **folder, const struct strings *words, size_t at)
{
	if (at + 2 != words->count || strcmp(words->items[at], "cd") != 0)
		return;
	char *joined = path_join(*folder != NULL ? *folder : "", words->items[at + 1]);
	free(*folder);
	*folder = joined;
}

static void find_calls(const char *body, char **folder, int depth, struct cargo_calls *calls)
{
	struct shell_commands commands = {0};
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		const struct strings *words = &commands.items[i].words;
		size_t at = command_at(words);
		if (at >= words->count)
			continue;
		change_folder(folder, words, at);
		if (only_names(words->items[at]))
			continue;
		if (is_shell(words->items[at]) && depth < DEPTH_LIMIT) {
			for (size_t j = at + 1; j + 1 < words->count; j++)
				if (words->items[j][0] == '-' && strchr(words->items[j], 'c') != NULL)
					find_calls(words->items[j + 1], folder, depth + 1, calls);
			continue;
		}
		while (at < words->count && !is_cargo(words->items[at]))
			at++;
		if (at >= words->count)
			continue;
		struct cargo_call call = {0};
		read_call(words, at, *folder, &call);
		if (call.verb != NULL)
			*array_add(calls) = call;
		else
			call_finish(&call);
	}
	shell_commands_finish(&commands);
}

void run_find_cargo(const char *body, struct cargo_calls *calls)
{
	auto_free char *folder = NULL;
	find_calls(body, &folder, 0, calls);
}

static bool verb_is(const struct cargo_call *call, const char *const *verbs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(call->verb, verbs[i]) == 0)
			return true;
	return false;
}

bool cargo_call_installs(const struct cargo_call *call)
{
	return strcmp(call->verb, "binstall") == 0 || (strcmp(call->verb, "install") == 0 && call->path == NULL);
}

bool cargo_call_needs_sources(const struct cargo_call *call)
{
	static const char *const free_of_them[] = {"search", "login", "logout", "owner", "help", "version"};
	return !cargo_call_installs(call) && !verb_is(call, free_of_them, COUNT_OF(free_of_them));
}

bool cargo_call_makes_programs(const struct cargo_call *call)
{
	static const char *const verbs[] = {"build", "b", "rustc", "run", "r", "zigbuild", "auditable", "leptos", "xwin", "component"};
	return verb_is(call, verbs, COUNT_OF(verbs)) || (strcmp(call->verb, "install") == 0 && call->path != NULL);
}
