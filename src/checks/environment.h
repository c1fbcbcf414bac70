/* The environment as compose files write it, before compose fills it in, and
 * what of it is a secret. */
#ifndef CARGODECK_CHECKS_ENVIRONMENT_H
#define CARGODECK_CHECKS_ENVIRONMENT_H

#include "checks.h"

struct environment_entry {
	const char *file;
	unsigned line;
	const char *service;
	char *name;
	const char *value; /* as written, ${…} and all; NULL: none is said */
};
struct environment {
	struct environment_entry *items;
	size_t count, cap;
};
/* `environment` of services (and `args` of their builds) in files of compose; also by anchors and merge
 * keys, each written line once for each service. At most 5,000. */
void environment_read(const struct yaml_source *source, struct environment *out);
void environment_finish(struct environment *environment);
/* Is the value of such a variable a secret? Not where the name says file, path,
 * time, user …, and not for true, "" and numbers of settings. */
bool name_is_secret(const char *name);
/* Does the text itself hold one: a name that says so, or an address with a
 * password? What ${…} gives is none. */
bool value_is_secret(const char *name, const char *value);
/* user:password@ in an address, written out. */
bool has_password(const char *text);

/* ---- .env files ---- */

struct variable {
	char *name, *value;
	unsigned line;
};
struct variables {
	struct variable *items;
	size_t count, cap;
};
/* NAME=VALUE as compose and dotenvy read it: "export" and quotes are passed over.
 * With `comments` also "# NAME=VALUE": it is not set, but named. At most 2,000. */
void variables_read(const char *text, bool comments, struct variables *out);
void variables_finish(struct variables *variables);

#endif
