/* A person's own commands: lines of [commands] in config.ini. What a line names
 * in braces becomes a variable of the shell in quotes, never text of the line
 * itself, so that no value can be read as a command. Called by config.c. */
#include "lines.h"

#include <ctype.h>

static const struct {
	const char *name, *variable;
} places[] = {
	{"{service}", "\"$CARGODECK_SERVICE\""},
	{"{container}", "\"$CARGODECK_CONTAINER\""},
	{"{file}", "\"$CARGODECK_FILE\""},
	{"{project}", "\"$CARGODECK_PROJECT\""},
};

static void take_place(struct config_command *command, size_t place)
{
	command->needs_service = command->needs_service || place < 2;
	command->needs_file = command->needs_file || place == 2;
}

/* Which place begins here; COUNT_OF(places): none. */
static size_t find_place(const char *at)
{
	size_t i = 0;
	while (i < COUNT_OF(places) && !text_starts_with(at, places[i].name))
		i++;
	return i;
}

/* Within quotes the variable would be text of an inner shell: refused. */
static bool fill_places(struct config_command *command, const char *line, struct str *out, struct fault *fault)
{
	char quote = '\0';
	for (const char *at = line; *at != '\0'; at++) {
		size_t place = find_place(at);
		if (place < COUNT_OF(places)) {
			if (quote != '\0')
				return fault_set(fault, FAULT_INPUT, "%s stands within quotes: take the quotes away, or write %.*s there",
					places[place].name, (int)strlen(places[place].variable) - 2, places[place].variable + 1);
			str_add(out, places[place].variable);
			take_place(command, place);
			at += strlen(places[place].name) - 1;
			continue;
		}
		if (*at == '\\' && quote != '\'' && at[1] != '\0')
			str_add_char(out, *at++);
		else if (quote == '\0' && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = '\0';
		str_add_char(out, *at);
	}
	return true;
}

/* The text up to the next "|" without blanks around it; NULL: there is no "|". */
static char *take_part(const char **at)
{
	const char *end = strchr(*at, '|');
	if (end == NULL)
		return NULL;
	const char *from = *at + strspn(*at, " \t"), *to = end;
	*at = end + 1;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	return mem_copy_bytes(from, (size_t)(to - from));
}

bool config_is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return len > 0 && len <= 24 && name[len] == '\0' && name[0] != '-';
}

/* "make &" runs without the terminal, "a && b" does not. */
static bool take_background(struct str *line)
{
	while (line->len > 0 && isspace((unsigned char)line->data[line->len - 1]))
		str_cut(line, line->len - 1);
	if (line->len == 0 || line->data[line->len - 1] != '&' || (line->len > 1 && line->data[line->len - 2] == '&'))
		return false;
	str_cut(line, line->len - 1);
	return true;
}

bool config_command_read(struct config_command *command, const char *name, const char *text, struct fault *fault)
{
	const char *at = text;
	auto_str line = {0}, sentence = {0};
	command->name = mem_copy_string(name);
	command->key = take_part(&at);
	auto_free char *said = command->key != NULL ? take_part(&at) : NULL;
	if (!config_is_name(name))
		return fault_set(fault, FAULT_INPUT, "\"%s\" is no name for a command: write small letters, digits and -, at most 24", name);
	if (said == NULL || command->key[0] == '\0' || said[0] == '\0')
		return fault_set(fault, FAULT_INPUT, "%s takes \"key | sentence | line for the shell\"; the key may be None", name);
	text_add_clean(&sentence, said, strlen(said), false);
	command->sentence = str_steal(&sentence);
	at += strspn(at, " \t");
	if (!fill_places(command, at, &line, fault))
		return false;
	command->is_background = take_background(&line);
	if (line.len == 0)
		return fault_set(fault, FAULT_INPUT, "%s has no line for the shell behind its sentence", name);
	command->shell = str_steal(&line);
	return true;
}

void config_command_finish(struct config_command *command)
{
	free(command->name);
	free(command->key);
	free(command->sentence);
	free(command->shell);
	*command = (struct config_command){0};
}
