/* Every compose file of the tree with the part it plays, its services in the form
 * of the merged model, and what people have written down to be typed. The topics
 * about development ask it: what they look for often stands in a file that compose
 * does not read by itself. */
#ifndef CARGODECK_CHECKS_LAYERS_H
#define CARGODECK_CHECKS_LAYERS_H

#include "services.h"

/* ---- compose files ------------------------------------------------------------- */

/* By the words of its path: docker-compose.dev.yml, dev/compose.yaml … */
enum layer_role { LAYER_BASE, LAYER_DEV, LAYER_OVERRIDE, LAYER_TEST, LAYER_PROD };
enum layer_role layer_role(const char *path); /* also of a profile's name */
bool role_is_for_development(const char *path); /* or for tests */
bool role_is_deployed(const char *path); /* for production, or nothing says what it is for */

struct layer {
	const char *path; /* relative */
	char *folder; /* relative; "." is the root */
	enum layer_role role;
	bool is_main; /* of the merged model: compose reads it, or was told to */
	bool is_sample; /* to be copied: docker-compose.override.yml.example */
	bool is_harness;
	bool is_whole; /* compose_is_whole() */
	struct yaml *yaml;
	char *text;
	json_t *services; /* object; with what they extend, in the merged model's form */
};

/* A service as one file makes it, alone or over the merged model. */
struct unit {
	const struct layer *layer; /* NULL: of the merged model */
	const char *name;
	json_t *json;
	const struct docker_source *docker; /* that it is built of; NULL: it is not built, or of what is not here */
	int stage; /* of that; -1: none */
	bool is_rust; /* built here of Rust, or an image with cargo that runs the sources */
	char *command; /* what it starts: entrypoint and command of compose, else of the Dockerfile, and the text
			* of a script of the project; "" where nobody says */
};

struct layers {
	const struct sources *sources;
	struct { struct layer *items; size_t count, cap; } items;
	struct { struct unit *items; size_t count, cap; } units; /* the merged model's first; not of samples and harnesses */
	json_t *main; /* object: the merged services, with those of profiles that are off; may be empty, never NULL */
	const char *main_file; /* where they are written; NULL: there is no compose file */
};
/* At most 60 files and 200 services. Variables are filled in as model.c does it. */
struct layers *layers_open(const struct sources *sources);
void layers_close(struct layers *layers); /* NULL is fine */
/* The compose file that stands for all: the merged model's first, else the one whose
 * services come first. */
const char *layers_place(const struct layers *layers);
/* Where a member of a service stands: the item or variable in which `word` (may
 * be NULL) is, else the member's key, else the service's own line. */
const char *unit_place(const struct layers *layers, const struct unit *unit, const char *member, const char *word, unsigned *line);

/* A folder or file of the host in a compose file, relative to the root: NULL where
 * it lies outside or is a variable. The caller frees. */
char *unit_path(const struct layers *layers, const struct unit *unit, const char *path);
/* Fills in what a unit keeps of its Dockerfile and command. */
void unit_look(const struct layers *layers, struct unit *unit);
/* Is it of one of these images? The last part of the name counts: "redis" is
 * "docker.io/bitnami/redis:7". */
bool unit_has_image(const struct unit *unit, const char *const *names);
/* A folder (or file) of the host in the container. */
struct unit_mount {
	const char *source, *target; /* as in compose; source NULL: a volume without a name, a tmpfs */
	char *path; /* of a bind: relative to the root, or NULL */
	bool is_bind;
};
bool unit_mount(const struct layers *layers, const struct unit *unit, size_t index, struct unit_mount *mount); /* false: no more */
void unit_mount_finish(struct unit_mount *mount);
/* Does the folder hold Rust sources of the project? */
bool has_rust_sources(const struct sources *sources, const char *path);
/* The first service that sources are mounted into, from *at on; NULL: no more. */
const struct unit *unit_with_sources(const struct layers *layers, size_t *at, struct unit_mount *mount);

/* A port that the host publishes. */
struct unit_port {
	const char *host; /* address; NULL: all */
	long published, target; /* 0: the host chooses; the first of a range */
	char *text; /* as it stands in the short form: "6379:6379" */
};
bool unit_port(const struct unit *unit, size_t index, struct unit_port *port);
void unit_port_finish(struct unit_port *port);
bool port_is_local(const struct unit_port *port); /* this machine alone reaches it */
/* Says that a port must not be for all, with the edit that closes it. */
void port_against(struct check *check, const struct layers *layers, const struct unit *unit, const struct unit_port *port,
	const char *format) __attribute__((format(printf, 5, 0)));

/* Is a compose file there that cannot be read, and none that can? It was said then. */
bool compose_is_unread(struct check *check);

/* Has each of a file's services, with what it extends, an image or a build? Then the
 * file stands alone, unless its text takes something back that another one says
 * (!reset, !override): then it lies over that one. */
bool compose_is_whole(const json_t *services, const char *text);

#endif
