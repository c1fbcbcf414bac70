/* Every compose file of the tree with the part it plays, its services in the form
 * of the merged model, and what people have written down to be typed. The topics
 * about development ask it: what they look for often stands in a file that compose
 * does not read by itself. */
#ifndef CARGODECK_CHECKS_LAYERS_H
#define CARGODECK_CHECKS_LAYERS_H

#include "checks.h"

/* ---- compose files ------------------------------------------------------------- */

/* By the words of its path: docker-compose.dev.yml, dev/compose.yaml … */
enum layer_role { LAYER_BASE, LAYER_DEV, LAYER_OVERRIDE, LAYER_TEST, LAYER_PROD };

struct layer {
	const char *path; /* relative */
	char *folder; /* relative; "." is the root */
	enum layer_role role;
	bool is_main; /* of the merged model: compose reads it, or was told to */
	bool is_sample; /* to be copied: docker-compose.override.yml.example */
	bool is_harness;
	bool is_whole; /* each of its services has an image or a build */
	struct yaml *yaml;
	char *text;
	json_t *services; /* object; own members only, in the merged model's form */
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
/* At most 60 files and 200 services. `${NAME:-text}` counts as its text, other variables stay. */
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
/* A variable of the service as text; NULL: it has none, or no value. */
const char *unit_variable(const struct unit *unit, const char *name);

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

/* ---- what the program talks to ------------------------------------------------------ */

/* "postgres", "mysql" or "mongodb", by the enabled crates; NULL: no database server.
 * *crate: which one says so. */
const char *server_database(const struct sources *sources, const char **crate);
const char *redis_crate(const struct sources *sources); /* NULL: none */
const char *mail_crate(const struct sources *sources); /* that speaks SMTP; NULL: none */
bool has_program(const struct sources *sources); /* not a library alone */
/* Folders of migrations by their files; NULL: there is none. The caller frees. */
char *migrations_folder(const struct sources *sources);
/* Is one of the words a part of the path, between / . _ -? `words` end with NULL. */
bool path_has_word(const char *path, const char *const *words);

/* ---- what people type ------------------------------------------------------------ */

/* Scripts, make and just files, and the text files that say what to type. */
struct written {
	const char *path;
	char *text;
	bool is_prose; /* README and the like */
	bool is_harness;
};
struct writings {
	struct { struct written *items; size_t count, cap; } items;
};
/* At most 300 scripts and 60 texts near the root, 4 MiB. */
struct writings *writings_open(const struct sources *sources);
void writings_close(struct writings *writings); /* NULL is fine */
/* The next line in which `word` stands, comments of scripts left out, harnesses
 * too; *at is from 0 on. The line is copied; NULL: no more. */
struct written_line {
	size_t file, offset; /* where to go on */
	unsigned last; /* the line there */
	const struct written *written;
	unsigned line;
	char *text;
};
bool writings_find(const struct writings *writings, const char *word, struct written_line *at);
void written_line_finish(struct written_line *at);
/* Does a script start a container of such an image (docker run, podman run)? Where. */
const char *writings_run(const struct writings *writings, const char *const *images, unsigned *line);
/* A program that builds and starts anew at each save: "cargo watch", "bacon" …;
 * NULL: the text has none. */
const char *watcher_in(const char *text);
/* Does the command build the sources here: cargo run, watch …, not cargo install? */
bool builds_sources(const char *command);
/* A whole word of letters, digits, - and _. NULL: it does not stand there. */
const char *word_in(const char *text, const char *word);

bool has_against(const struct check *check);
/* Where the reason of "there is no …" was read. */
const char *main_place(const struct sources *sources);
/* Is a compose file there that cannot be read, and none that can? It was said then. */
bool compose_is_unread(struct check *check);

#endif
