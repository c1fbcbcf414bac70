/* Inside the room command. */
#ifndef COMMAND_NAMES_H
#define COMMAND_NAMES_H

#include "cargodeck/command.h"

/* Keeps the nearest of the names that are offered to it. */
struct nearest {
	const char *wanted;
	const char *name; /* the nearest so far, or NULL */
	unsigned distance;
};
void nearest_offer(struct nearest *nearest, const char *name);

/* One of a table's options that ends with a NULL name; NULL: not there. */
const struct command_option *option_by_name(const struct command_option *options, const char *name, size_t len);
const struct command_option *option_by_letter(const struct command_option *options, char letter);
/* Is it in the lists of a shell, or of the screen? */
bool command_is_listed(const struct command_def *def, unsigned flag);
/* Walks what is listed, group by group: the one after `def` (NULL: the first
 * one), NULL at the end. *begins: it is the first one of its group. */
const struct command_def *command_next_listed(const struct command_table *table, const struct command_def *def, unsigned flag, bool *begins);

/* Adds `text` folded at `width` columns; each line but the first begins with
 * `indent` blanks; the first is taken to stand at column `column`. A newline
 * in the text is kept. No newline at the end. */
void fold_add(struct str *out, const char *text, unsigned column, unsigned indent, unsigned width);
/* "-f, --file FILE" */
void option_add_form(struct str *out, const struct command_option *option);
/* The sentence with what else is to be known, ending in a full stop. */
void option_add_sentence(struct str *out, const struct command_option *option);

#endif
