/* What `init` writes for a project: what was found out, what was chosen, the
 * files with their state. The verb asks and prints; the rest is here. */
#ifndef CARGODECK_DECK_INIT_H
#define CARGODECK_DECK_INIT_H

#include "cargodeck/templates.h"

#include <jansson.h>

/* What --with and --without name, beside the core files. */
struct init_part {
	const char *name;
	const char *says; /* what it is, one sentence: N_() */
	const char *group; /* what people are asked about together: N_(), or NULL: not asked */
	const char *fact; /* of checks_survey(), that it is about; NULL: of every service */
	bool is_of_any; /* tools and libraries have it too */
	bool is_of_repository; /* counts in the root of a repository alone */
};
const struct init_part *init_parts(size_t *count);

struct init {
	char *root; /* the folder that it is for */
	json_t *facts; /* checks_survey(), and `choices` beside */
	struct strings notes; /* what could not be asked */
	struct strings manifests; /* of the workspaces that it may be for, where it is not clear which */
	struct plan plan; /* of init_plan() */
	bool is_planned;
};

struct project_options;
/* Finds out what the project is, and takes every default. False, and `manifests`: one of them has to be named as
 * options->manifest_path. Closed also after a failure. */
bool init_open(struct init *init, const struct project_options *options, struct fault *fault);
void init_close(struct init *init);
/* "service" "tool" "library" "none" */
const char *init_kind(const struct init *init);

/* Whether the project has what the part is about, and what is chosen. */
bool init_applies(const struct init *init, const struct init_part *part);
bool init_has_base(const struct init *init);
/* A package that the programs need to run and that such an image does not hold; NULL: it suits. */
const char *init_base_lacks(const struct init *init, const char *base);
bool init_has_migrator(const struct init *init);
bool init_has(const struct init *init, const char *part);
void init_set_part(struct init *init, const char *part, bool is_on);
const char *init_base(const struct init *init); /* "distroless" "scratch" "slim" */
void init_set_base(struct init *init, const char *base);
const char *init_migrator(const struct init *init); /* "sqlx" "diesel" "program" "none" */
void init_set_migrator(struct init *init, const char *migrator);
/* A Dockerfile and a docker-compose.yml that are there stay, and the other files go
 * by them; replaced, they go by ours. */
void init_replace(struct init *init, bool dockerfile, bool compose);

/* Renders by what was chosen, and looks at what is there. Again after another choice. */
bool init_plan(struct init *init, struct fault *fault);

#endif
