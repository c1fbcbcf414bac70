/* Scripts and units of the project, and docker run in them. */
#ifndef CARGODECK_CHECKS_RUN_CALLS_H
#define CARGODECK_CHECKS_RUN_CALLS_H

#include "checks.h"

/* The next script, Makefile, justfile or unit from *at on (0: the first), of no
 * harness; NULL: no more. */
const struct tree_file *script_each(const struct sources *sources, size_t *at);

struct run_call {
	const char *file; /* borrowed of the tree */
	unsigned line;
	struct strings words; /* from `run` on, without it */
};
struct run_calls {
	struct run_call *items;
	size_t count, cap;
};
/* Those of scripts, Makefiles, justfiles and units that start the program's own image. */
void run_calls_find(const struct sources *sources, struct run_calls *calls);
void run_calls_finish(struct run_calls *calls);
/* The value of an option ("--memory" "-m"), "" where it takes none; NULL: it is
 * not there. `among` (may be NULL): only one that begins so. */
const char *run_call_option(const struct run_call *call, const char *name, const char *among);

#endif
