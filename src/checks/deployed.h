/* Services that run in earnest: which those of compose files are, which of them
 * run the project's own programs, and what is set for each. */
#ifndef CARGODECK_CHECKS_DEPLOYED_H
#define CARGODECK_CHECKS_DEPLOYED_H

#include "services.h"
#include "shipped.h"

/* Runs a check on the compose files that say how the program is deployed. Where
 * compose merged none (it lies below the root), that is another file that starts
 * the program; with `production`, one that is named so (compose.prod.yaml,
 * docker-stack.yml), laid over the base where it is no whole. */
void judge_deployed(struct check *check, bool production, void (*judge)(struct check *check));

struct deployed {
	struct service *items;
	size_t count, cap;
	bool is_stack; /* for swarm: services are restarted unless said otherwise */
};
/* The services of those files that run in earnest: tools, what a profile alone starts
 * (where something else runs the program) and what is being developed are left out.
 * False: there are none, and it is said why; nothing is to be finished then. */
bool deployed_find(struct check *check, struct deployed *deployed);
void deployed_finish(struct deployed *deployed);
/* A member's text: "true", "1.5", "no"; NULL: it is not set. The caller frees. */
char *service_member(const struct service *service, const char *path);
/* Its limit of memory and of CPU; NULL: it has none ("0" is none). *path: the member
 * that says it, for its place. The caller frees. */
char *service_memory(const struct service *service, const char **path);
char *service_cpu(const struct service *service, const char **path);
/* `words` in a manifest of Kubernetes with a Deployment or the like, "" any: its
 * path and line; NULL: none. Templates of Helm are read as text too, which is why
 * what is missing there proves nothing. */
const char *manifest_find(const struct sources *sources, const char *words, unsigned *line);

#endif
