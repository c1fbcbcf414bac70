/* Reads the arguments of a shell by a table of commands, in the forms of GNU
 * getopt_long(3). It goes over them twice: for the verb, since options may
 * stand before it, and then for everything. Called once by main. */
#include "names.h"

struct parse {
	const struct command_table *table;
	int argc;
	char *const *argv;
	int start; /* the first argument that is ours */
	int verb; /* where the verb stands; argc: there is none */
	int at;
	struct command_line *line;
	struct fault *fault;
};

/* What a person typed, as it may be shown. The caller frees. */
static char *shown(const char *text)
{
	auto_str clean = {0};
	text_add_clean(&clean, text, strlen(text), false);
	if (clean.len > 80) {
		size_t len = 80;
		while (len > 0 && ((unsigned char)clean.data[len] & 0xc0) == 0x80)
			len--;
		str_cut(&clean, len);
		str_add(&clean, "...");
	}
	return str_steal(&clean);
}

/* ---- finding the verb ------------------------------------------------------- */

/* Looks in the options of all commands: before the verb is known an option
 * takes a value if anybody's option of this name does. */
static const struct command_option *any_by_name(const struct command_table *table, const char *name, size_t len)
{
	const struct command_option *option = option_by_name(table->options, name, len);
	for (size_t i = 0; option == NULL && i < table->count; i++)
		option = option_by_name(table->defs[i].options, name, len);
	return option;
}

static const struct command_option *any_by_letter(const struct command_table *table, char letter)
{
	const struct command_option *option = option_by_letter(table->options, letter);
	for (size_t i = 0; option == NULL && i < table->count; i++)
		option = option_by_letter(table->defs[i].options, letter);
	return option;
}

/* Does the value of this argument, an option, stand in the next one? */
static bool takes_next(const struct command_table *table, const char *text)
{
	if (text[1] == '-') {
		size_t len = strcspn(text + 2, "=");
		const struct command_option *option = any_by_name(table, text + 2, len);
		return option != NULL && option->value != NULL && text[2 + len] == '\0';
	}
	for (const char *letter = text + 1; *letter != '\0'; letter++) {
		const struct command_option *option = any_by_letter(table, *letter);
		if (option != NULL && option->value != NULL)
			return letter[1] == '\0';
	}
	return false;
}

static bool is_option(const char *text)
{
	return text[0] == '-' && text[1] != '\0';
}

static int find_verb(const struct parse *parse)
{
	for (int i = parse->start; i < parse->argc; i++) {
		const char *text = parse->argv[i];
		if (strcmp(text, "--") == 0)
			return i + 1 < parse->argc ? i + 1 : parse->argc;
		if (!is_option(text))
			return i;
		if (takes_next(parse->table, text))
			i++;
	}
	return parse->argc;
}

static bool choose_command(struct parse *parse)
{
	const struct command_table *table = parse->table;
	if (parse->verb == parse->argc) {
		parse->line->command = command_get(table, table->usual);
		return true;
	}
	const char *name = parse->argv[parse->verb];
	const struct command_def *def = command_find(table, name);
	if (def != NULL && (def->flags & COMMAND_VERB) != 0) {
		parse->line->command = def;
		return true;
	}
	auto_free char *word = shown(name);
	if (def != NULL)
		fault_set(parse->fault, FAULT_USAGE, "\"%s\" is a command of the screen, not of the shell", word);
	else
		fault_set(parse->fault, FAULT_USAGE, "there is no command \"%s\"", word);
	const char *nearest = command_nearest(table, name, COMMAND_VERB);
	if (nearest != NULL)
		return fault_mend(parse->fault, "did you mean \"%s\"? `%s --help` lists all", nearest, table->program);
	return fault_mend(parse->fault, "`%s --help` lists them", table->program);
}

/* ---- options ------------------------------------------------------------------ */

/* After the verb its own options come first, before it those of all: so
 * "-f FILE logs -f" means both. */
static const struct command_option *const *option_lists(const struct parse *parse, const struct command_option *lists[2])
{
	bool own_first = parse->at > parse->verb;
	lists[own_first ? 0 : 1] = parse->line->command->options;
	lists[own_first ? 1 : 0] = parse->table->options;
	return lists;
}

static bool unknown_option(struct parse *parse, const char *name)
{
	const struct command_table *table = parse->table;
	const struct command_def *command = parse->line->command;
	auto_free char *word = shown(name);
	struct nearest nearest = {.wanted = name};
	const struct command_option *lists[2];
	option_lists(parse, lists);
	for (int i = 0; i < 2; i++)
		for (const struct command_option *option = lists[i]; option != NULL && option->name != NULL; option++)
			nearest_offer(&nearest, option->name);
	fault_set(parse->fault, FAULT_USAGE, "%s has no option --%s", command->name, word);
	for (size_t i = 0; i < table->count; i++)
		if (option_by_name(table->defs[i].options, name, strlen(name)) != NULL)
			return fault_mend(parse->fault, "--%s belongs to %s; `%s %s --help` lists those of %s", word,
				table->defs[i].name, table->program, command->name, command->name);
	if (nearest.name != NULL)
		return fault_mend(parse->fault, "did you mean --%s?", nearest.name);
	return fault_mend(parse->fault, "`%s %s --help` lists its options", table->program, command->name);
}

/* The option of this name, or the only one that begins so. */
static const struct command_option *find_long(struct parse *parse, const char *name, size_t len)
{
	const struct command_option *lists[2], *found = NULL;
	auto_strings names = {0};
	option_lists(parse, lists);
	for (int i = 0; i < 2; i++) {
		const struct command_option *exact = option_by_name(lists[i], name, len);
		if (exact != NULL)
			return exact;
	}
	for (int i = 0; i < 2 && len > 0; i++)
		for (const struct command_option *option = lists[i]; option != NULL && option->name != NULL; option++) {
			if (strncmp(option->name, name, len) != 0)
				continue;
			found = found != NULL ? found : option;
			if (!strings_have(&names, option->name))
				strings_print(&names, "--%s", option->name);
		}
	if (names.count == 1)
		return found;
	auto_free char *word = mem_copy_bytes(name, len);
	if (names.count == 0) {
		unknown_option(parse, word);
		return NULL;
	}
	auto_free char *list = strings_join(&names, ", ", _(" or "));
	fault_set(parse->fault, FAULT_USAGE, "--%s is not clear", word);
	fault_mend(parse->fault, "did you mean %s?", list);
	return NULL;
}

static bool check_value(struct parse *parse, const struct command_option *option, const char *value)
{
	auto_free char *word = shown(value);
	if (value[0] == '\0')
		return fault_set(parse->fault, FAULT_USAGE, "--%s needs a %s behind it, not nothing", option->name, option->value);
	bool is_number = strcmp(option->value, "N") == 0 || strcmp(option->value, "SECONDS") == 0;
	if (is_number && (strspn(value, "0123456789") != strlen(value) || strlen(value) > 9))
		return fault_set(parse->fault, FAULT_USAGE, "--%s takes a whole number, not \"%s\"", option->name, word);
	if (option->choices == NULL)
		return true;
	auto_strings choices = {0};
	strings_split(&choices, option->choices, ' ');
	if (strings_have(&choices, value))
		return true;
	auto_free char *list = strings_join(&choices, ", ", _(" or "));
	return fault_set(parse->fault, FAULT_USAGE, "--%s takes %s, not \"%s\"", option->name, list, word);
}

/* `value` NULL: it is the next argument. */
static bool add_option(struct parse *parse, const struct command_option *option, const char *value)
{
	if (option->value != NULL && value == NULL) {
		if (parse->at + 1 >= parse->argc || parse->at + 1 == parse->verb) {
			fault_set(parse->fault, FAULT_USAGE, "--%s needs a %s behind it", option->name, option->value);
			return fault_mend(parse->fault, "write --%s %s", option->name, option->value);
		}
		value = parse->argv[++parse->at];
	}
	if (option->value != NULL && !check_value(parse, option, value))
		return false;
	if (strcmp(option->name, "help") == 0)
		parse->line->help = true;
	if (strcmp(option->name, "version") == 0)
		parse->line->version = true;
	*array_add(&parse->line->given) = (struct command_given){
		.option = option, .value = option->value != NULL ? mem_copy_string(value) : NULL};
	return true;
}

static bool take_long(struct parse *parse, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *value = text[len] == '=' ? text + len + 1 : NULL;
	const struct command_option *option = find_long(parse, text, len);
	if (option == NULL)
		return false;
	if (option->value == NULL && value != NULL)
		return fault_set(parse->fault, FAULT_USAGE, "--%s takes no value", option->name);
	return add_option(parse, option, value);
}

static bool take_letters(struct parse *parse, const char *letters)
{
	const struct command_option *lists[2];
	option_lists(parse, lists);
	for (; *letters != '\0'; letters++) {
		const struct command_option *option = option_by_letter(lists[0], *letters);
		if (option == NULL)
			option = option_by_letter(lists[1], *letters);
		if (option == NULL) {
			auto_free char *word = shown(letters);
			fault_set(parse->fault, FAULT_USAGE, "%s has no option -%.*s", parse->line->command->name,
				(unsigned char)*letters < 128 ? 1 : 80, word);
			return fault_mend(parse->fault, "`%s %s --help` lists its options", parse->table->program,
				parse->line->command->name);
		}
		if (option->value != NULL)
			return add_option(parse, option, letters[1] != '\0' ? letters + 1 : NULL);
		if (!add_option(parse, option, NULL))
			return false;
	}
	return true;
}

/* ---- the whole -------------------------------------------------------------------- */

static bool take_all(struct parse *parse)
{
	bool options_end = false;
	for (parse->at = parse->start; parse->at < parse->argc; parse->at++) {
		const char *text = parse->argv[parse->at];
		if (parse->at == parse->verb)
			continue;
		if (!options_end && strcmp(text, "--") == 0) {
			options_end = true;
		} else if (options_end || !is_option(text)) {
			strings_add(&parse->line->arguments, text);
		} else if (text[1] == '-' ? !take_long(parse, text + 2) : !take_letters(parse, text + 1)) {
			return false;
		}
	}
	return true;
}

static bool check_count(struct parse *parse)
{
	const struct command_def *command = parse->line->command;
	const struct strings *arguments = &parse->line->arguments;
	const char *program = parse->table->program;
	if (arguments->count > command->most) {
		auto_free char *word = shown(arguments->items[command->most]);
		if (command->most == 0)
			fault_set(parse->fault, FAULT_USAGE, "%s takes no arguments, but \"%s\" was given", command->name, word);
		else
			fault_set(parse->fault, FAULT_USAGE, ngettext("%s takes at most %u argument; \"%s\" is too many",
				"%s takes at most %u arguments; \"%s\" is too many", command->most), command->name, command->most, word);
		return fault_mend(parse->fault, "`%s %s --help` says what it takes", program, command->name);
	}
	if (arguments->count < command->least) {
		fault_set(parse->fault, FAULT_USAGE, "%s needs %s", command->name, command->arguments);
		return fault_mend(parse->fault, "write `%s %s %s`", program, command->name, command->arguments);
	}
	return true;
}

/* Somebody who asks for help gets it, whatever else is wrong. */
static bool asks_for(const struct parse *parse, const char *name)
{
	const struct command_option *option = option_by_name(parse->table->options, name, strlen(name));
	for (int i = parse->start; option != NULL && i < parse->argc; i++) {
		const char *text = parse->argv[i];
		if (strcmp(text, "--") == 0)
			return false;
		if (text[0] == '-' && text[1] == '-' && strcmp(text + 2, name) == 0)
			return true;
		if (option->letter != 0 && text[0] == '-' && text[1] == option->letter && text[2] == '\0')
			return true;
	}
	return false;
}

bool command_parse(const struct command_table *table, int argc, char *const *argv,
	struct command_line *line, struct fault *fault)
{
	*line = (struct command_line){0};
	struct parse parse = {.table = table, .argc = argc, .argv = argv, .start = 1, .line = line, .fault = fault};
	if (argc > 1 && strcmp(argv[1], "deck") == 0)
		parse.start = 2;
	parse.verb = find_verb(&parse);
	line->help = asks_for(&parse, "help");
	line->version = asks_for(&parse, "version");
	if (line->help && parse.verb == argc)
		return true; /* of the whole program */
	if (!choose_command(&parse))
		return line->version; /* that needs no command */
	if (line->help || line->version)
		return true;
	return take_all(&parse) && (line->help || line->version || check_count(&parse));
}

void command_line_finish(struct command_line *line)
{
	for (size_t i = 0; i < line->given.count; i++)
		free(line->given.items[i].value);
	array_finish(&line->given);
	strings_finish(&line->arguments);
	*line = (struct command_line){0};
}

bool command_line_has(const struct command_line *line, const char *name)
{
	for (size_t i = 0; i < line->given.count; i++)
		if (strcmp(line->given.items[i].option->name, name) == 0)
			return true;
	return false;
}

const char *command_line_value(const struct command_line *line, const char *name)
{
	for (size_t i = line->given.count; i > 0; i--)
		if (strcmp(line->given.items[i - 1].option->name, name) == 0)
			return line->given.items[i - 1].value;
	return NULL;
}

void command_line_values(const struct command_line *line, const char *name, struct strings *values)
{
	for (size_t i = 0; i < line->given.count; i++)
		if (strcmp(line->given.items[i].option->name, name) == 0 && line->given.items[i].value != NULL)
			strings_add(values, line->given.items[i].value);
}
