/* Services that run in earnest: which those of compose files are, which of them
 * run the project's own programs, and what is set for each. */
#ifndef CARGODECK_CHECKS_EARNEST_H
#define CARGODECK_CHECKS_EARNEST_H

#include "images.h"

struct service {
	const char *name;
	const json_t *json; /* as compose merged it, or NULL: of a file for production alone */
	const struct yaml_source *source; /* of that file, or NULL */
	const struct yaml_node *node; /* in it */
	bool is_own; /* runs a program of the project */
	bool is_job; /* ends by itself */
	bool develops; /* sources are mounted into it, or a watcher runs */
};
struct services {
	struct service *items;
	size_t count, cap;
	json_t *models; /* an array of what files beside the merged one say: `json` above points into it */
	bool is_stack; /* for swarm: services are restarted unless said otherwise */
	bool takes_profiles; /* the program runs in none but those of profiles */
};

/* All of them, as compose merged them and as a file for production beside says
 * (compose.prod.yaml, docker-stack.yml); tools, what a profile alone starts (where
 * something else runs the program) and what is being developed are left out. False: there are none, and it is said
 * why; nothing is to be finished then. */
bool earnest_find(struct check *check, struct services *services);
void services_finish(struct services *services);
/* A member's text, of the file for production first: "true", "1.5", "no"; NULL: it
 * is not set. The caller frees. */
char *service_member(const struct service *service, const char *path);
/* Where it stands, or where the service does. */
const char *earnest_place(const struct check *check, const struct service *service, const char *path, unsigned *line);
/* By its name, by its command, or by those that wait for its end. */
bool earnest_is_job(const struct sources *sources, const char *name, const json_t *json);

/* Words of a path say so: "dev", "test", "ci" … */
bool file_is_for_development(const char *path);
const struct yaml_node *compose_services_node(const struct yaml_source *source); /* NULL: none */
/* Through maps by names without dots. NULL is fine, and: it is not there. */
const struct yaml_node *compose_node_at(const struct yaml_node *node, const char *path);

/* `words` in a manifest of Kubernetes with a Deployment or the like, "" any: its
 * path and line; NULL: none. Templates of Helm are read as text too, which is why
 * what is missing there proves nothing. */
const char *manifest_find(const struct sources *sources, const char *words, unsigned *line);

#endif
