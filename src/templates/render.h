/* The inside of the room templates: values asked for by name, and how they are
 * written into a file. */
#ifndef CARGODECK_TEMPLATES_RENDER_H
#define CARGODECK_TEMPLATES_RENDER_H

#include "cargodeck/templates.h"

#include <jansson.h>

/* What a template may ask for. What it sets itself, and loops, stand before the facts. */
struct names {
	const json_t *facts;
	json_t *own;
};

/* The value of `a.b` (names and places in lists, with points between); borrowed. NULL: not there. */
json_t *names_find(const struct names *names, const char *path, size_t len);
/* A letter that a name may have; the first one is no digit. */
bool name_has(char letter);

/* The value of an expression; the caller lets go of it. NULL: it is none, the fault says why, without a place. */
json_t *expression_read(const struct names *names, const char *text, size_t len, struct fault *fault);
/* What counts as true: everything but null, false, 0, "" and what is empty. */
bool expression_is_true(const json_t *value);

/* Adds what stands between @{ and }: `a.b|filter|filter`. */
bool filter_print(const struct names *names, const char *text, size_t len, struct str *out, struct fault *fault);

/* ---- plan.c, write.c ---- */

/* `now` with the lines of `text` that it lacks, each with the comments above it. The caller frees. */
char *plan_add_lines(const char *now, const char *text);

#endif
