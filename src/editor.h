/* A person's editor and pager, as words to be run; screen.c runs them. */
#ifndef CARGODECK_EDITOR_H
#define CARGODECK_EDITOR_H

#include "cargodeck/base.h"

/* The words of `value`, or of `usual` where there is none, into `argv`; `variable`
 * is where it stands. False and a fault: its quotes are wrong. */
bool editor_take_program(struct strings *argv, const char *value, const char *usual, const char *variable, struct fault *fault);
const char *editor_find_variable(void); /* "VISUAL" or "EDITOR", the one that is set; or NULL */
void editor_add_place(struct strings *argv, const char *file, unsigned line, unsigned column);

#endif
