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

/* The facts as an object; the caller lets go of it. NULL: they are none. */
json_t *facts_read(const char *facts_json, struct fault *fault);
/* template_render() with facts that were read already. */
bool render_text(const char *name, const char *text, size_t len, const json_t *facts, template_read *read, void *context, struct str *out,
	struct fault *fault);

#endif
