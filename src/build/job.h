/* Inside the room build: what the words of a person's own job mean (own.c). */
#ifndef BUILD_JOB_H
#define BUILD_JOB_H

#include "cargodeck/build.h"

/* Adds "cargo" and the words to `argv`, and what makes cargo or nextest say what
 * it finds in the form that is read here, where the words say nothing of it. */
void own_make_argv(const struct strings *words, struct strings *argv);
/* Whose tests it runs; false: none that could be read. */
bool own_runs_tests(const struct strings *words, enum test_format *format);

#endif
