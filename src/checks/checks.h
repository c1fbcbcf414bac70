/* Inside the room checks: what a check is given, and how it says what it found. */
#ifndef CARGODECK_CHECKS_INSIDE_H
#define CARGODECK_CHECKS_INSIDE_H

#include "cargodeck/checks.h"
#include "cargodeck/dockerfile.h"
#include "ignore.h"
#include "live.h"
#include "rust.h"
#include "tree.h"
#include "yaml.h"

#include <jansson.h>

/* ---- sources.c: all that is looked at, read once --------------------------------- */

#define ALLOW_MARK "cargodeck: allow" /* "# cargodeck: allow ID REASON" in any file */

/* A Dockerfile under any of its names. */
struct docker_source {
	const char *path; /* relative to the root */
	char *text;
	size_t len;
	struct dockerfile file;
	bool is_harness; /* of tests, examples, editors, development alone: shown apart, spoils no verdict */
	const char *given; /* the build's args that it was read with, a line each; "" where there are none */
	bool is_inline; /* dockerfile_inline of a compose file, whose path and lines these are */
};

/* An image that is shipped: a final stage, or the one that a service asks for. */
struct shipped {
	const struct docker_source *source;
	int stage;
	const char *service; /* that is built of it, or NULL: no compose file names it (or for development alone) */
	const char *target; /* that its service asks for, or NULL: the last stage */
	const char *context; /* of its build, relative to the root; "." where nobody says */
	const char *ignore_path; /* of the .dockerignore that counts, or where it would have to be */
	bool has_rust; /* a stage below it or copied into it makes programs with cargo */
};

struct yaml_source {
	const char *path; /* relative */
	char *text;
	size_t len;
	struct yaml *yaml; /* NULL: it is none; a note says so */
	bool is_translated; /* a pipeline of another CI, written out as a workflow */
	bool is_mentioned; /* a compose file that others include or extend */
};

struct ignore_source {
	const char *path; /* relative */
	struct ignore ignore;
};

/* Dockerfile, Containerfile, api.Dockerfile, Dockerfile.dev … */
bool name_is_dockerfile(const char *name);

struct sources {
	const struct check_options *options;
	struct tree tree; /* the project's files */
	struct { struct docker_source **items; size_t count, cap; } dockers;
	struct { struct shipped *items; size_t count, cap; } shipped; /* of the product, not of harnesses */
	json_t *compose; /* as compose merged it, or where it cannot, model.c; NULL: there is none, options->compose_reason says why */
	struct { struct yaml_source *items; size_t count, cap; } compose_files; /* that compose merged; later ones win; those they mention first */
	struct { struct yaml_source *items; size_t count, cap; } other_composes; /* of other names: compose.prod.yaml, docker-stack.yml … */
	struct { struct yaml_source *items; size_t count, cap; } workflows; /* .github/workflows, composite actions */
	struct { struct ignore_source *items; size_t count, cap; } ignores;
	struct rust_facts rust;
	struct layers *layers; /* every compose file with the part it plays, and their services: compose-files.h */
	struct writings *writings; /* what people have written down to be typed: writings.h */
	json_t *live; /* in the form of live.h, or NULL: nobody looked */
	struct strings notes;
	struct { char **items; size_t count, cap; } texts; /* paths and words that the lists above borrow */
};
bool sources_open(const struct check_options *options, struct sources *sources, struct fault *fault);
void sources_finish(struct sources *sources);
/* The .dockerignore that counts for an image (shipped->ignore_path): beside its
 * Dockerfile by the name of that one, else in the context. NULL: there is none. */
const struct ignore *sources_ignore(const struct sources *sources, const struct shipped *shipped);
/* A path of that context, relative to it, as one of the project: "crates/a/src"
 * for "src" in "crates/a". The caller frees. */
char *shipped_path(const struct shipped *shipped, const char *path);

/* Where the reason of "there is no …" was read: a compose file, else a Dockerfile,
 * else the lock or a manifest; NULL: none is there. */
const char *main_place(const struct sources *sources);

/* ---- model.c: compose files without compose ------------------------------------------ */

/* The model of those files, merged in their order, in the form of `docker compose
 * config`; NULL: no service is in them. The caller has the reference. */
json_t *model_read(const struct sources *sources, const struct yaml_source *files, size_t count);
/* A service of it laid over another as compose merges. The caller has the reference. */
json_t *model_lay_over(const json_t *below, const json_t *over);

/* ---- verdict.c: how a check says what it found -------------------------------------- */

struct check {
	const struct sources *sources;
	const struct practice *practice;
	struct check_result *result;
	char *none, *missing; /* the first that was said of each */
};
/* Weighs what was said. After it the check is spent. */
void verdict_reach(struct check *check);

/* Evidence. Any number of these; together they are the verdict: broken where something is
 * against it, else cannot tell where something was missing, else kept where
 * something speaks for it, else not applicable. Where what runs says something,
 * that alone decides, and files are evidence beside it. `file` is relative, may be
 * NULL. Formats are looked up in the catalogue here: write them plain. What comes
 * from files is cleaned and cut by these functions, secrets are masked. */
void check_for(struct check *check, const char *file, unsigned line, const char *format, ...) PRINTF_LIKE(4, 5);
void check_against(struct check *check, const char *file, unsigned line, const char *format, ...) PRINTF_LIKE(4, 5);
void check_live_for(struct check *check, const char *service, const char *format, ...) PRINTF_LIKE(3, 4);
void check_live_against(struct check *check, const char *service, const char *format, ...) PRINTF_LIKE(3, 4);
/* Does not apply; `file` is where that was read, and stands in the reason. */
void check_none(struct check *check, const char *file, const char *format, ...) PRINTF_LIKE(3, 4);
/* Cannot tell: what is missing. */
void check_missing(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);
/* What mends it here, in place of the practice's own line. The last one counts. */
void check_mend(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);

bool has_against(const struct check *check); /* was anything said against it? */
/* Did files speak for it, so that what was not found by asking may have another name? */
bool files_speak_for(const struct check *check);

/* Edits that are safe: nothing else changes, comments and layout stay. Beside
 * check_against(). `old_text` must stand in that line, once. */
void check_edit_replace(struct check *check, const char *file, unsigned line, const char *old_text, const char *new_text);
/* New lines before that one; line 0: at the end of the file, which is made where
 * there is none. */
void check_edit_insert(struct check *check, const char *file, unsigned line, const char *new_text);

/* ---- docker.c: what checks ask of Dockerfiles ------------------------------------------ */

/* FROM, taken apart: "docker.io/library/rust:1.75-slim@sha256:…". */
struct image_name {
	char *name; /* without registry and "library/": "rust", "distroless/cc-debian12" */
	char *registry; /* "gcr.io", or NULL */
	char *tag; /* NULL: none */
	char *digest; /* NULL: none */
	const char *suite; /* "bookworm", "alpine", "noble" …, also for numbers, dated tags and what rust's own
			    * tags stand for; NULL: not known */
	bool is_suite_said; /* the tag itself names it */
	bool is_variable; /* a part of it is a variable without a value */
};
void image_name_read(const char *text, struct image_name *name);
void image_name_finish(struct image_name *name);
/* Order of Debian suites: bullseye 11, bookworm 12, trixie 13; 0: not known. */
unsigned suite_number(const char *suite);
/* ONBUILD of a base image runs in what is built FROM it: puts those instructions
 * behind the FROM of `stage`, at their own lines, or where `line` is not 0 at that
 * one: the base is made by another file. */
void docker_take_triggers(struct dockerfile *file, int stage, const struct dockerfile *base, int base_stage, unsigned line);
/* The image that a stage stands on in the end, variables filled in. */
const char *shipped_base(const struct shipped *shipped);
/* The USER in force at the end of the stage, variables filled in: its own and
 * those of the stages that it stands on, else what a nonroot base says. The caller
 * frees; NULL: none is said. *line: where it stands (0: the base's). */
char *shipped_user(const struct shipped *shipped, unsigned *line);
bool user_is_root(const char *user); /* "", "root", "0", "0:0", "root:x" */
/* Is it a line of the stage or of those that it builds on (not of those it copies from)? */
bool stage_has_line(const struct dockerfile *file, int stage, size_t line);
/* The first stage that an artefact is copied from with cargo at work; -1. */
int shipped_builder(const struct shipped *shipped);

/* ---- compose.c: what checks ask of the compose model ------------------------------------ */

json_t *compose_services(const struct sources *sources); /* object, or NULL */
json_t *compose_member(const json_t *service, const char *path); /* "deploy.resources.limits.memory" */
/* `services` as the file writes it; NULL: it has none. */
const struct yaml_node *compose_written(const struct yaml_source *source);
/* The key that ends a path of a written service ("deploy.resources"); NULL: it has it not. */
const struct yaml_node *compose_key(const struct yaml_node *service, const char *path);
/* Where a service's member stands: in the last file that has it; else what would
 * hold it, at last the service's own line. The file is relative; NULL: not found. */
const char *compose_place(const struct sources *sources, const char *service, const char *path, unsigned *line);
/* A variable as it is written, before compose fills anything in, of a map or list of
 * the service: "environment", "build.args"; NULL: no file has it. *file, *line:
 * where; else the place of the whole. */
const char *compose_entry(const struct sources *sources, const char *service, const char *where, const char *name,
	const char **file, unsigned *line);
/* The same in one map, or list of NAME=VALUE: its value, "" where it has none; NULL: it is not there. */
const char *compose_variable(const struct yaml_node *all, const char *name, unsigned *line);
/* Where the mount on `target` is written, else the service's own place. */
const char *compose_mount_place(const struct sources *sources, const char *service, const char *target, unsigned *line);
/* Does the service run a program that is built here, or a known image? */
bool compose_is_built(const json_t *service);
const char *compose_image(const json_t *service); /* or NULL */
/* Beside check_against(): the edit that gives a service a member ("read_only: true";
 * several lines where `text` has some, indented by two blanks in itself). Nothing
 * where the service is not written as a block, or has the member. */
void compose_edit_add(struct check *check, const char *service, const char *text);

/* ---- what topics share -------------------------------------------------------------------
 *
 * services.h       what a service of compose is: the project's own, a job, being developed
 * own-images.h     which images are the project's own
 * shipped.h        what is in an image that is shipped, what it stands on, what starts in it
 * rust-asks.h      what kind of program the sources are, and places in them
 * programs.h       the programs of a workspace, one by one
 * clients.h        which databases and servers it talks to; migrations.h: what makes their tables
 * deployed.h       the compose files and services that run in earnest
 * compose-files.h  every compose file of the tree and the services that it makes
 * environment.h    variables as compose files write them, and which are secrets
 * run-calls.h      docker run in scripts; writings.h: all that people have written down to be typed
 */

/* ---- the topics --------------------------------------------------------------------------- */

/* A topic's file is a table of practices in the order of the catalogue, and below
 * it nothing: the functions that look come first. */
extern const struct practice_topic topic_image, topic_security, topic_secrets, topic_caching, topic_observability, topic_database,
	topic_development, topic_production, topic_ci, topic_reload;

#endif
