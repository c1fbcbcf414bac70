/* How a person's editor and pager are called: the words of their variables, and
 * the place in a file as each editor takes it. Called by screen.c. */
#include "editor.h"

/* A program and its arguments, as a variable of the environment says it: with
 * quotes as in a shell. */
bool editor_take_program(struct strings *argv, const char *value, const char *usual, const char *variable, struct fault *fault)
{
	if (value != NULL && !strings_split_words(argv, value)) {
		fault_set(fault, FAULT_OUTSIDE, "%s holds a quote that is not closed: %s", variable, value);
		return fault_mend(fault, "set %s to the name of a program, with its arguments", variable);
	}
	if (argv->count == 0 || argv->items[0][0] == '\0') {
		strings_finish(argv);
		strings_split(argv, usual, ' ');
	}
	return true;
}

/* Where that stands, or NULL. */
const char *editor_find_variable(void)
{
	static const char *const names[] = {"VISUAL", "EDITOR"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return names[i];
	}
	return NULL;
}

/* Editors take the place in one of three forms. */
void editor_add_place(struct strings *argv, const char *file, unsigned line, unsigned column)
{
	static const char *const colons[] = {"hx", "helix", "zed", "subl", "micro"};
	const char *name = path_name(argv->items[0]);
	if (strcmp(name, "code") == 0 || strcmp(name, "codium") == 0 || strcmp(name, "code-insiders") == 0) {
		strings_add(argv, "--goto");
		strings_print(argv, "%s:%u:%u", file, line > 0 ? line : 1, column > 0 ? column : 1);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(colons); i++) {
		if (strcmp(name, colons[i]) == 0) {
			strings_print(argv, "%s:%u:%u", file, line > 0 ? line : 1, column > 0 ? column : 1);
			return;
		}
	}
	strings_print(argv, "+%u", line > 0 ? line : 1);
	strings_add(argv, file);
}
