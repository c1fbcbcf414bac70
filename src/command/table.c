/* Looking up in a table of commands, and what its writers share. */
#include "names.h"

#include <ctype.h>

const char *command_group_name(enum command_group group)
{
	switch (group) {
	case COMMAND_LOOP: return _("The loop");
	case COMMAND_LIFE: return _("Services");
	case COMMAND_LOOK: return _("Looking");
	case COMMAND_MOVE: return _("Moving");
	case COMMAND_ABOUT: return _("About");
	case COMMAND_OWN: return _("Your own");
	case COMMAND_GROUPS: break;
	}
	return "";
}

enum { NAME_LIMIT = 32 };

static unsigned least_of(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;
	return least < c ? least : c;
}

/* How many letters are to be put in, taken out, changed, or swapped with the
 * next one, to make `b` of `a` (optimal string alignment). */
static unsigned letters_between(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned rows[3][NAME_LIMIT + 1];
	if (la > NAME_LIMIT || lb > NAME_LIMIT)
		return NAME_LIMIT;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned changed = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
			row[j] = least_of(above[j] + 1, row[j - 1] + 1, above[j - 1] + changed);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 1 < row[j])
				row[j] = two_above[j - 2] + 1;
		}
	}
	return rows[la % 3][lb];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t wanted = strlen(nearest->wanted);
	unsigned distance = letters_between(nearest->wanted, name);
	/* the beginning of a name is near, however much is left out */
	if (wanted >= 2 && strncmp(name, nearest->wanted, wanted) == 0)
		distance = 1;
	/* a third of the letters may be wrong */
	if (distance > 1 + (wanted > 3 ? (wanted - 1) / 3 : 0) || distance >= wanted)
		return;
	if (nearest->name != NULL && nearest->distance <= distance)
		return;
	nearest->name = name;
	nearest->distance = distance;
}

const struct command_option *option_by_name(const struct command_option *options, const char *name, size_t len)
{
	for (const struct command_option *option = options; option != NULL && option->name != NULL; option++)
		if (strncmp(option->name, name, len) == 0 && option->name[len] == '\0')
			return option;
	return NULL;
}

const struct command_option *option_by_letter(const struct command_option *options, char letter)
{
	for (const struct command_option *option = options; option != NULL && option->name != NULL; option++)
		if (option->letter != 0 && option->letter == letter)
			return option;
	return NULL;
}

bool command_is_listed(const struct command_def *def, unsigned flag)
{
	return (def->flags & flag) != 0 && (def->flags & COMMAND_HIDDEN) == 0;
}

const struct command_def *command_next_listed(const struct command_table *table, const struct command_def *def, unsigned flag, bool *begins)
{
	int group = def != NULL ? (int)def->group : COMMAND_LOOP;
	size_t at = def != NULL ? (size_t)(def - table->defs) + 1 : 0;
	*begins = def == NULL;
	for (; group < COMMAND_GROUPS; group++, at = 0, *begins = true)
		for (; at < table->count; at++)
			if ((int)table->defs[at].group == group && command_is_listed(&table->defs[at], flag))
				return &table->defs[at];
	return NULL;
}

void fold_add(struct str *out, const char *text, unsigned column, unsigned indent, unsigned width)
{
	bool is_first = true; /* on its line */
	while (*text != '\0') {
		if (*text == '\n' || *text == ' ') {
			if (*text == '\n') {
				str_add_char(out, '\n');
				column = 0;
			}
			text++;
			continue;
		}
		size_t len = strcspn(text, " \n");
		unsigned columns = 0;
		for (size_t i = 0; i < len; i++)
			columns += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (!is_first && column > 0 && column + 1 + columns > width) {
			str_add_char(out, '\n');
			column = 0;
		}
		if (column == 0 && indent > 0) {
			str_print(out, "%*s", (int)indent, "");
			column = indent;
			is_first = true;
		} else if (column == 0) {
			is_first = true;
		}
		if (!is_first) {
			str_add_char(out, ' ');
			column++;
		}
		str_add_bytes(out, text, len);
		column += columns;
		is_first = false;
		text += len;
	}
}

void option_add_form(struct str *out, const struct command_option *option)
{
	if (option->letter != 0)
		str_print(out, "-%c, ", option->letter);
	str_print(out, "--%s", option->name);
	if (option->value != NULL)
		str_print(out, " %s", option->value);
}

void option_add_sentence(struct str *out, const struct command_option *option)
{
	str_print(out, "%s.", _(option->sentence));
	if (option->choices != NULL) {
		auto_strings choices = {0};
		strings_split(&choices, option->choices, ' ');
		auto_free char *list = strings_join(&choices, ", ", _(" or "));
		str_print(out, _(" %s is %s."), option->value, list);
	}
	if (option->repeats)
		str_add(out, _(" May be given more than once."));
}

const struct command_def *command_find(const struct command_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->defs[i].name != NULL && strcmp(table->defs[i].name, name) == 0)
			return &table->defs[i];
	return NULL;
}

const struct command_def *command_get(const struct command_table *table, int id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->defs[i].id == id)
			return &table->defs[i];
	return NULL;
}

const char *command_nearest(const struct command_table *table, const char *name, unsigned flags)
{
	struct nearest nearest = {.wanted = name};
	for (size_t i = 0; i < table->count; i++)
		if (command_is_listed(&table->defs[i], flags))
			nearest_offer(&nearest, table->defs[i].name);
	return nearest.name;
}
