/* What of a RUN line stays when neither sources nor cargo's output are there:
 * calls of cargo that need them go, and what comes after them in the same line;
 * other commands stay. Both renderings call it. */
#include "render.h"

#include <ctype.h>
#include <stdio.h>

/* ---- one command ---- */

static bool runs_cargo(const struct shell_command *command)
{
	auto_free char *text = mem_copy_bytes(command->start, command->len);
	struct cargo_calls calls = {0};
	bool needs = false;
	run_find_cargo(text, &calls);
	for (size_t i = 0; i < calls.count; i++)
		needs = needs || cargo_call_needs_sources(&calls.items[i]);
	cargo_calls_finish(&calls);
	return needs;
}

/* Only `mkdir` and the like make what they name. */
static bool makes_paths(const char *verb)
{
	static const char *const verbs[] = {"mkdir", "useradd", "adduser", "groupadd", "addgroup", "echo", "printf", "export", "cd", "apt-get", "apt", "apk"};
	for (size_t i = 0; i < COUNT_OF(verbs); i++)
		if (strcmp(path_name(verb), verbs[i]) == 0)
			return true;
	return false;
}

/* Does this word name something that a COPY line would have brought? */
static bool names_gone(const struct gone *gone, const char *workdir, const char *word)
{
	if (word[0] == '-' || strstr(word, "://") != NULL || strlen(word) > 1024)
		return false;
	auto_free char *joined = path_join(workdir, word);
	auto_free char *path = path_clean(joined);
	for (size_t i = 0; i < gone->count; i++) {
		const char *below = path_relative(path, gone->items[i].inside);
		if (below == NULL || (below[0] == '\0' && gone->items[i].host == NULL))
			continue;
		if (gone->items[i].host == NULL)
			return strchr(word, '/') != NULL || strchr(word, '.') != NULL;
		auto_free char *host = path_join(gone->items[i].host, below);
		/* the folder itself is made by WORKDIR */
		if (file_exists(host) || (below[0] != '\0' && dir_exists(host)))
			return true;
		/* all files of a folder */
		auto_free char *parent = path_parent(host);
		if (strchr(path_name(host), '*') != NULL && dir_exists(parent) && strlen(parent) > strlen(gone->items[i].host))
			return true;
	}
	return false;
}

static bool needs_sources(const struct shell_command *command, const struct gone *gone, const char *workdir)
{
	const struct strings *words = &command->words;
	size_t at = command_at(words);
	if (runs_cargo(command))
		return true;
	if (at >= words->count)
		return false;
	for (size_t i = at; i < words->count; i++)
		if (strstr(words->items[i], "target/release") != NULL || strstr(words->items[i], "target/debug") != NULL)
			return true;
	for (size_t i = at; !makes_paths(words->items[at]) && i < words->count; i++)
		if (names_gone(gone, workdir, words->items[i]))
			return true;
	return false;
}

/* ---- what stays of a line ---- */

/* Shell words that leave a construct open: what stands before them stays only
 * as a whole. */
static bool opens(const struct shell_command *command)
{
	static const char *const words[] = {"if", "for", "while", "until", "case", "{", "then", "else", "do", "elif", "select", "function"};
	for (size_t i = 0; command->words.count > 0 && i < COUNT_OF(words); i++)
		if (strcmp(command->words.items[0], words[i]) == 0)
			return true;
	return false;
}

/* Is there anything in it worth a layer? */
static bool does_something(const struct shell_command *command)
{
	static const char *const idle[] = {"cd", "set", "export", "echo", "printf", "mkdir", "true", ":", "touch"};
	size_t at = command_at(&command->words);
	if (at >= command->words.count)
		return false;
	for (size_t i = 0; i < COUNT_OF(idle); i++)
		if (strcmp(command->words.items[at], idle[i]) == 0)
			return false;
	return true;
}

/* Flags without mounts from the context: there is none. */
static void add_flags(const char *rest, struct str *out)
{
	for (rest += strspn(rest, " \t"); text_starts_with(rest, "--"); rest += strspn(rest, " \t")) {
		size_t len = strcspn(rest, " \t");
		auto_free char *flag = mem_copy_bytes(rest, len);
		bool from_context = text_starts_with(flag, "--mount") && strstr(flag, "type=bind") != NULL && strstr(flag, "from=") == NULL;
		if (!from_context)
			str_print(out, "%s ", flag);
		rest += len;
	}
}

bool filter_has_context_mount(const char *rest)
{
	auto_str with = {0};
	add_flags(rest, &with);
	return with.len + 2 < (size_t)(after_flags(rest) - rest);
}

static char *kept_part(const struct docker_line *line, const struct gone *gone, const char *workdir)
{
	const char *body = after_flags(line->rest);
	struct shell_commands commands = {0};
	struct str kept = {0};
	size_t count = 0, opened = SIZE_MAX;
	bool useful = false;
	shell_split(body, &commands);
	for (; count < commands.count && !needs_sources(&commands.items[count], gone, workdir); count++)
		if (opened == SIZE_MAX && opens(&commands.items[count]))
			opened = count;
	if (opened < count)
		count = opened;
	/* `( a && cargo build )`: the parenthesis was never closed */
	for (size_t i = 0; i < count; i++)
		if (commands.items[i].start > body && commands.items[i].start[-1] == '(')
			count = i;
	while (count > 0 && commands.items[count - 1].words.count == 0)
		count--;
	for (size_t i = 0; i < count; i++)
		useful = useful || does_something(&commands.items[i]);
	if (useful) {
		const struct shell_command *last = &commands.items[count - 1];
		size_t len = (size_t)(last->start + last->len - body);
		while (len > 0 && isspace((unsigned char)body[len - 1]))
			len--;
		str_add(&kept, "RUN ");
		add_flags(line->rest, &kept);
		str_add_bytes(&kept, body, len);
		str_add_char(&kept, '\n');
	}
	shell_commands_finish(&commands);
	return useful ? str_steal(&kept) : NULL;
}

char *filter_run(const struct dockerfile *file, size_t index, const struct gone *gone, bool *changed)
{
	const struct docker_line *line = &file->lines.items[index];
	auto_free char *body = run_body(file, index);
	auto_free char *workdir = dockerfile_workdir(file, index);
	struct shell_commands commands = {0};
	*changed = false;
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++)
		*changed = *changed || needs_sources(&commands.items[i], gone, workdir);
	shell_commands_finish(&commands);
	if (!*changed)
		return mem_copy_string(line->raw);
	/* heredocs and arrays: as a whole */
	bool plain = line->heredoc == NULL && after_flags(line->rest)[0] != '[';
	return plain ? kept_part(line, gone, workdir) : NULL;
}

/* ---- foreign tools ---- */

static bool mentions(const struct dockerfile *file, size_t from, const char *name)
{
	static const char *const words[] = {"ENV", "RUN", "COPY", "ARG"};
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct docker_line *line = &file->lines.items[i];
		struct gone none = {0};
		bool changed = false;
		bool looked = false;
		for (size_t j = 0; j < COUNT_OF(words); j++)
			looked = looked || strcmp(line->word, words[j]) == 0;
		if (!looked || i == from || strstr(line->raw, name) == NULL)
			continue;
		if (strcmp(line->word, "RUN") != 0)
			return true;
		auto_free char *kept = filter_run(file, i, &none, &changed);
		if (kept != NULL && strstr(kept, name) != NULL)
			return true;
	}
	return false;
}

bool filter_is_idle_install(const struct dockerfile *file, size_t index)
{
	struct cargo_calls calls = {0};
	struct shell_commands commands = {0};
	auto_free char *body = run_body(file, index);
	size_t others = 0;
	bool idle = true;
	run_find_cargo(body, &calls);
	shell_split(body, &commands);
	for (size_t i = 0; i < commands.count; i++)
		others += does_something(&commands.items[i]);
	for (size_t i = 0; i < calls.count; i++) {
		idle = idle && cargo_call_installs(&calls.items[i]);
		for (size_t j = 0; idle && j < calls.items[i].names.count; j++) {
			auto_free char *name = mem_copy_string(calls.items[i].names.items[j]);
			name[strcspn(name, "@")] = '\0';
			/* cargo-chef is called as `cargo chef`, sqlx-cli is `sqlx` */
			const char *tool = text_starts_with(name, "cargo-") ? name + 6 : name;
			auto_free char *stem = text_ends_with(tool, "-cli") ? mem_copy_bytes(tool, strlen(tool) - 4) : mem_copy_string(tool);
			idle = !mentions(file, index, stem);
		}
	}
	idle = idle && calls.count > 0 && others == calls.count;
	cargo_calls_finish(&calls);
	shell_commands_finish(&commands);
	return idle;
}
