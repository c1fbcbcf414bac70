/* 10.7: looking into containers by exec. */
#include "reload.h"

#include <ctype.h>

/* `docker compose exec`, taken apart. */
struct exec_call {
	const char *service, *program; /* in `words`; NULL: not said */
	bool is_compose, is_old; /* docker-compose */
	bool has_no_tty, is_interactive, is_privileged;
	bool has_input; /* from a pipe or a file */
	struct strings words;
};

/* Does the command run compose? "docker compose", "docker-compose", "$(DC)", "{{compose}}" */
static bool is_compose_word(const struct strings *words, size_t at, struct exec_call *call)
{
	const char *word = words->items[at];
	call->is_old = call->is_old || strcmp(path_name(word), "docker-compose") == 0;
	if (strcasestr(word, "compose") != NULL)
		return true;
	return (word[0] == '$' || word[0] == '{') && strcasestr(word, "dc") != NULL;
}

static bool takes_value(const char *option)
{
	static const char *const names[] = {"-u", "--user", "-e", "--env", "-w", "--workdir", "--index", "--detach-keys", "--env-file"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(option, names[i]) == 0)
			return true;
	return false;
}

static void read_option(struct exec_call *call, const char *option)
{
	if (strcmp(option, "--privileged") == 0)
		call->is_privileged = true;
	else if (strcmp(option, "--no-TTY") == 0 || strcmp(option, "--no-tty") == 0 || strcmp(option, "--interactive=false") == 0)
		call->has_no_tty = true;
	else if (option[1] != '-' && strchr(option, 'T') != NULL)
		call->has_no_tty = true;
	else if (option[1] != '-' && strchr(option, 't') != NULL)
		call->is_interactive = true;
}

/* False: the words hold no such command. */
static bool read_exec(struct exec_call *call)
{
	const struct strings *words = &call->words;
	size_t at = 0, exec = 0;
	for (; at < words->count && exec == 0; at++) {
		if (is_compose_word(words, at, call))
			call->is_compose = true;
		else if (strcmp(words->items[at], "exec") == 0 && at > 0 && (call->is_compose || strcmp(path_name(words->items[at - 1]), "docker") == 0 ||
			strcmp(path_name(words->items[at - 1]), "podman") == 0 || strcmp(words->items[at - 1], "container") == 0))
			exec = at;
	}
	if (exec == 0)
		return false;
	for (at = exec + 1; at < words->count && words->items[at][0] == '-'; at++) {
		read_option(call, words->items[at]);
		at += takes_value(words->items[at]);
	}
	call->service = at < words->count ? words->items[at] : NULL;
	call->program = at + 1 < words->count ? words->items[at + 1] : NULL;
	return call->service != NULL;
}

/* The call in a line. Prose has backquotes and prompts around it. */
static bool find_exec(const char *line, struct exec_call *call)
{
	auto_free char *text = mem_copy_string(line);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '`')
			*at = ' ';
	struct shell_commands commands = {0};
	shell_split(text, &commands);
	bool found = false;
	for (size_t i = 0; i < commands.count && !found; i++) {
		struct shell_command *command = &commands.items[i];
		*call = (struct exec_call){0};
		strings_copy(&call->words, &command->words);
		found = read_exec(call);
		if (!found) {
			strings_finish(&call->words);
			continue;
		}
		const char *before = command->start;
		while (before > text && isspace((unsigned char)before[-1]))
			before--;
		bool is_piped = before > text && before[-1] == '|' && (before - 1 == text || before[-2] != '|');
		const char *arrow = memchr(command->start, '<', command->len);
		call->has_input = is_piped || (arrow != NULL && arrow[1] != '(');
	}
	shell_commands_finish(&commands);
	return found;
}

static bool is_known_service(const struct layers *layers, const char *name)
{
	if (strpbrk(name, "$<>{}[]\"'%@") != NULL || isupper((unsigned char)name[0]))
		return true; /* a variable, or to be filled in */
	for (size_t i = 0; i < layers->items.count; i++)
		if (json_object_get(layers->items.items[i].services, name) != NULL)
			return true;
	return json_object_get(layers->main, name) != NULL;
}

/* The image has no shell at all. */
static const char *shell_less_base(const struct layers *layers, const char *service)
{
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		if (unit->docker == NULL || strcmp(unit->name, service) != 0)
			continue;
		const char *base = stage_root_base(&unit->docker->file, unit->stage);
		bool is_bare = strcmp(base, "scratch") == 0 || (strstr(base, "distroless") != NULL && strstr(base, "debug") == NULL);
		return is_bare ? base : NULL;
	}
	return NULL;
}

static void judge_exec(struct check *check, const struct layers *layers, const struct written_line *at, const struct exec_call *call)
{
	const char *file = at->written->path;
	check_for(check, file, at->line, call->is_old ? N_("exec into %s (docker-compose ended in July 2023: docker compose is its successor)") :
		N_("exec into %s"), call->service);
	if (call->is_privileged)
		check_against(check, file, at->line, "exec with --privileged gives the command every right on this machine");
	if (!call->is_compose || at->written->is_harness)
		return;
	if (!at->written->is_prose && !is_known_service(layers, call->service))
		check_against(check, file, at->line, "no compose file has the service %s", call->service);
	const char *base = call->program != NULL && is_shell(call->program) ? shell_less_base(layers, call->service) : NULL;
	if (base != NULL)
		check_against(check, file, at->line, "the image of %s has no shell: it stands on %s", call->service, base);
	if (call->has_input && !call->has_no_tty && !at->written->is_prose)
		check_against(check, file, at->line, "input comes from a pipe or file, but exec asks for a terminal: -T is missing");
}

void files_exec(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	struct written_line at = {0};
	struct exec_call call;
	bool found = false;
	while (writings_find(writings, " exec ", &at)) {
		if (!find_exec(at.text, &call))
			continue;
		judge_exec(check, layers, &at, &call);
		strings_finish(&call.words);
		found = true;
	}
	written_line_finish(&at);
	if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(check->sources), "there is no compose file whose containers one could look into");
	} else if (!found)
		check_none(check, layers_place(layers),
			"no script or text here looks into a container");
}
