/* Which images are the project's own: by their names, by what they are built of. */
#ifndef CARGODECK_CHECKS_OWN_IMAGES_H
#define CARGODECK_CHECKS_OWN_IMAGES_H

#include "checks.h"

/* ---- by name ---- */

/* A database, a proxy, a monitor …: what others make, by the last part of its name. */
bool image_is_foreign(const char *image);
/* A tool that nobody runs in earnest: mailpit, adminer … */
bool image_is_tool(const char *image);
/* Does a part of its name say the project's or a member's? */
bool image_names_member(const struct sources *sources, const char *image);
/* The same, or is it called after one ("shop-web"), or by a name that no registry has,
 * or one that is left open (${IMAGE})? */
bool image_is_own(const struct sources *sources, const char *image);
bool name_is_member(const struct sources *sources, const char *name); /* of the workspace */

/* ---- by what it is built of ---- */

/* Does it hold Rust, or is it at least no foreign image with files added, and none
 * that tests the product? */
bool shipped_is_own(const struct shipped *shipped);
/* The next of these from *at on (0: the first), each stage of a Dockerfile once. NULL: no more. */
const struct shipped *own_image(const struct sources *sources, size_t *at);
/* The same of those with Rust in them, where there are any; once for each service. */
const struct shipped *own_rust_image(const struct sources *sources, size_t *at);
bool has_own_image(const struct sources *sources);
bool any_image_has_rust(const struct sources *sources);
/* Says why a practice about images does not apply: there is none. */
void own_image_none(struct check *check);
unsigned shipped_line(const struct shipped *shipped); /* of its FROM */
bool shipped_is_same(const struct shipped *a, const struct shipped *b); /* the same stage of the same file; NULL is no other's */

#endif
