/* .dockerignore by Docker's own rules: what enters a build context. */
#ifndef CARGODECK_CHECKS_IGNORE_H
#define CARGODECK_CHECKS_IGNORE_H

#include "cargodeck/base.h"

struct ignore_rule {
	char *pattern; /* cleaned as Docker does: no slash at either end */
	bool is_exception; /* ! */
	unsigned line;
	struct ignore_matcher *matcher; /* inside ignore.c */
};
struct ignore {
	struct { struct ignore_rule *items; size_t count, cap; } rules;
};
/* Docker's reading (Dockerfile reference, ".dockerignore file"): comments only
 * in column one, blanks cut, path.Clean, a leading slash dropped, "." skipped,
 * ** any folders, * ? within a name, [a-z] [^a-z] any letter, backslash escapes;
 * rooted at the context; the last rule that matches wins; a folder that is left
 * out takes all below it along but for exceptions. A rule for which Docker
 * refuses the file is left out. At most 1 MiB, 10,000 rules: what follows is not
 * read. */
void ignore_read(const char *text, size_t len, struct ignore *ignore);
void ignore_finish(struct ignore *ignore);
/* Is the file left out of the context? `path` is relative to the context, with
 * slashes, without "./". *line (may be NULL) is the rule's that decided, 0: none. */
bool ignore_leaves_out(const struct ignore *ignore, const char *path, unsigned *line);

#endif
