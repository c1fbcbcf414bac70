/* What a service of a compose file is to the project: whether it runs the
 * project's own program, is a job, is for tests, is being developed. The one
 * reading that all topics share. */
#ifndef CARGODECK_CHECKS_SERVICES_H
#define CARGODECK_CHECKS_SERVICES_H

#include "checks.h"

/* The services of the merged model, one after the other: *iter begins as NULL.
 * NULL: no more, or more than 1,000 are there. */
const json_t *service_each(const struct sources *sources, void **iter, const char **name);
/* A folder or file of this machine in a compose file of that folder, relative to the
 * root; NULL where it lies outside or is a variable. The caller frees. */
char *path_of_project(const struct sources *sources, const char *folder, const char *path);
/* The Dockerfile of its build; NULL: it is not built, or of what is not here. The caller frees. */
char *dockerfile_of_service(const struct sources *sources, const char *folder, const json_t *service);
/* Of compose's environment, or NULL. */
const char *service_env(const json_t *service, const char *name);
/* A command, list or text, as one text; the caller frees. */
char *words_text(const json_t *words);

/* What a volume is declared as: made by somebody before; the type of its file system ("tmpfs", "nfs"; NULL: not said). */
bool volume_is_external(const struct sources *sources, const char *volume);
const char *volume_type(const struct sources *sources, const char *volume);
/* Is a volume, a folder or a tmpfs mounted there, or above it? */
bool service_covers(const json_t *service, const char *path);

/* Says that compose could not read its files, where that is so. */
bool compose_is_unmerged(struct check *check);
/* Is there a model of compose to look at? False: it was said why not. */
bool compose_is_there(struct check *check);
bool service_has_ports(const json_t *service); /* published, or for other services */
/* Does it end by itself? Another service waits until it has completed, or its name
 * or command says so: "migrate", "db-init". `service` NULL: it is
 * looked up. */
bool service_is_job(const struct sources *sources, const char *name, const json_t *service);
bool name_is_job(const char *name); /* of a service or a profile */
/* Of tests: by its name ("db-test"). */
bool service_is_for_tests(const char *name);

/* What it is built of here, by its name, else by its Dockerfile and stage; NULL: it is not built here. */
const struct shipped *service_shipped(const struct sources *sources, const char *name, const json_t *service);
/* Does it run the project's own program: built here of more than a foreign image
 * with files added, or pulled under a name of the project? */
bool service_is_own(const struct sources *sources, const char *name, const json_t *service);
/* The same of Rust, as far as that can be told: not the web pages beside it. */
bool service_is_rust(const struct sources *sources, const char *name, const json_t *service);
unsigned rust_services(const struct sources *sources); /* those that go on running */
bool live_is_own(const struct sources *sources, const json_t *container); /* a container of such a service */
bool live_is_rust(const struct sources *sources, const json_t *container); /* and goes on running */
/* From mounted sources, by cargo or the like, or in a stage for developers. */
bool service_is_developed(const struct sources *sources, const json_t *service);

/* The file in which a service is read-only, where one for development alone takes it
 * back; NULL: it is not. */
const char *read_only_taken_back(const struct sources *sources, const char *service, unsigned *line);

struct service {
	const char *name;
	const json_t *json; /* as compose merged it */
	const struct shipped *shipped; /* also where it only pulls the one image that is built here; NULL: not known */
	bool is_own; /* runs this project's program */
	bool is_development; /* runs it from mounted sources, or runs its tests */
	bool is_job; /* ends by itself */
};
struct service service_read(const struct sources *sources, const char *name, const json_t *json);
/* The next service of the merged model from *at on (0: the first); at most 500. */
bool service_next(const struct sources *sources, size_t *at, struct service *out);
/* Has it one that runs the program as it is shipped? Else says why the practice
 * does not apply, or what is missing. */
bool has_own_service(struct check *check);

#endif
