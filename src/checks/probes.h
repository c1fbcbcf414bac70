/* Health checks, as a Dockerfile, a compose file or the engine says them. */
#ifndef CARGODECK_CHECKS_PROBES_H
#define CARGODECK_CHECKS_PROBES_H

#include "checks.h"

struct probe {
	struct strings words; /* without CMD and CMD-SHELL; of the shell form one, its text; none where it is off */
	bool is_shell; /* the shell form */
	bool is_off; /* NONE, disable: true */
	const char *file; /* where it is written; NULL: nobody knows */
	unsigned line;
};
/* These say false where there is none at all. Finish it in any case. */
bool probe_of_image(const struct shipped *shipped, struct probe *probe);
bool probe_of_service(const struct sources *sources, const char *name, const json_t *service, struct probe *probe);
bool probe_of_test(const json_t *test, struct probe *probe); /* `test` of compose, Healthcheck.Test of the engine; no place */
void probe_finish(struct probe *probe);
#define auto_probe __attribute__((cleanup(probe_finish))) struct probe

/* All of it as a text for a shell: words in quotes where they need them, and of
 * `sh -c TEXT` the text as a command of its own. The caller frees. */
char *probe_text(const struct probe *probe);

#endif
