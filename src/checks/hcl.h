/* HCL as bake files are written in it: blocks, attributes and values with their
 * places. Nothing is worked out: an expression stays as it is written. */
#ifndef CARGODECK_CHECKS_HCL_H
#define CARGODECK_CHECKS_HCL_H

#include "yaml.h"

struct hcl;
/* The tree is the one that the same file as JSON has: `target "api" { … }` is
 * the map target/api. Equal blocks are one map, in which later attributes come
 * last. Strings and heredocs are scalars without quotes, their ${…} as written;
 * any other expression is a plain scalar of its text. At most 1 MiB, 40 levels,
 * 10,000 nodes. Fault: no HCL (with its line), or a bound. NULL then. */
struct hcl *hcl_read(const char *text, size_t len, struct fault *fault);
void hcl_close(struct hcl *hcl); /* NULL is fine */
const struct yaml_node *hcl_root(const struct hcl *hcl); /* a map */

#endif
