/* TOML, read front to back: every value with the path of keys that leads to it. */
#ifndef CARGODECK_CHECKS_TOML_H
#define CARGODECK_CHECKS_TOML_H

#include "cargodeck/base.h"

/* One value: `tokio = { features = ["net"] }` below [dependencies] gives the
 * table dependencies/tokio and the item "net" of dependencies/tokio/features.
 * All is borrowed for the call. */
struct toml_leaf {
	const char *const *path; /* `depth` keys, without their quotes */
	size_t depth;
	const char *text; /* of a string without quotes and escapes; else as written; "" for a table */
	bool is_string;
	bool is_item; /* of an array */
	bool is_table; /* a header, [[a]] too, or an inline table begins */
};
typedef void (*toml_visit)(void *context, const struct toml_leaf *leaf);

/* Of what is no TOML it takes what it can: a statement that makes no sense is
 * passed over to the end of its line. Values more than 12 keys or 24 brackets
 * deep are left out. Takes time by the length alone. */
void toml_read(const char *text, size_t len, toml_visit visit, void *context);
/* Is the path of the leaf this one? Parts in order, NULL at the end; "*" is any. */
bool toml_is(const struct toml_leaf *leaf, const char *const *path);

#endif
