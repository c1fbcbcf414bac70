/* Which images and services are the project's own program, and how they are
 * started: what the topics of rights and secrets ask first. */
#ifndef CARGODECK_CHECKS_OWN_H
#define CARGODECK_CHECKS_OWN_H

#include "checks.h"

/* ---- images ---- */

/* A database, a proxy, a monitor …: what others make, by the last part of its name. */
bool image_is_helper(const char *image);
/* Does a part of its name say the project's or a member's? */
bool image_names_member(const struct sources *sources, const char *image);
/* The next image of the product from *at on (0: the first): of each Dockerfile's
 * stage once, and none that is a helper's with files added. NULL: no more. */
const struct shipped *product_image(const struct sources *sources, size_t *at);
bool product_has_image(const struct sources *sources);
/* Says why a practice about images does not apply: there is none. */
void product_no_image(struct check *check);
unsigned shipped_line(const struct shipped *shipped); /* of its FROM */
bool shipped_is_same(const struct shipped *a, const struct shipped *b); /* the same stage of the same file; NULL is no other's */
/* Is it surely an image whose user is root where no USER is said? */
bool base_is_known(const struct shipped *shipped);
/* Nothing but what is copied in: no shell, no tools. */
bool base_is_bare(const struct shipped *shipped);
/* Does the program that starts first give up root itself (gosu, su-exec …)? The
 * file and line where that is read. */
bool shipped_drops_root(const struct sources *sources, const struct shipped *shipped, const char **file, unsigned *line);
bool sources_serve_network(const struct sources *sources, const struct shipped *shipped); /* crates, EXPOSE, ports */

/* ---- services ---- */

struct product_service {
	const char *name;
	const json_t *service;
	const struct shipped *shipped; /* also where it only pulls the one image that is built here; NULL: not known */
	bool is_own; /* runs this project's program */
	bool is_development; /* runs it from mounted sources */
	bool is_job; /* others wait for its end */
};
/* The next service of the merged model from *at on (0: the first); at most 500. */
bool product_service(const struct sources *sources, size_t *at, struct product_service *out);
/* Has it one that runs the program as it is shipped? Else says why the practice
 * does not apply, or what is missing. */
bool product_has_service(struct check *check);
/* Runs a check on the compose files that say how the program is deployed. Where
 * compose merged none (it lies below the root), that is another file that starts
 * the program; with `production`, one that is named so (compose.prod.yaml,
 * docker-stack.yml), laid over the base where it is no whole. */
void product_judge(struct check *check, bool production, void (*judge)(struct check *check));
/* A file to be named where nothing is there: the compose file, else the lock or
 * the manifest. */
const char *product_file(const struct sources *sources);

/* ---- scripts ---- */

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

/* ---- the environment as compose files say it ---- */

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

#endif
