/* What of a project is its own product: the services and images that run its
 * programs, whether they listen, and where in compose files and sources a thing
 * stands. Topics 5 and 6 ask. */
#ifndef CARGODECK_CHECKS_PRODUCT_H
#define CARGODECK_CHECKS_PRODUCT_H

#include "checks.h"

/* ---- compose ---- */

/* Is there a model of compose to look at? False: it was said why not. */
bool compose_is_there(struct check *check);
/* The services, one after the other: *iter begins as NULL. NULL: no more. */
const json_t *service_each(const struct sources *sources, void **iter, const char **name);
/* Does it run a program of this project: built here of Rust, or an image of a member's name? */
bool service_is_product(const struct sources *sources, const char *name, const json_t *service);
/* Ends by itself: another service waits until it has completed. */
bool service_is_job(const struct sources *sources, const char *name);
/* Of tests: by its name ("db-test"). */
bool service_is_for_tests(const char *name);
unsigned product_count(const struct sources *sources); /* such services that go on running */
/* Of compose's environment, or NULL. */
const char *service_env(const json_t *service, const char *name);
/* A variable as it is written, before compose fills anything in; NULL: no file
 * has it. *file, *line: where; else the service's own. */
const char *service_env_written(const struct sources *sources, const char *service, const char *name, const char **file,
	unsigned *line);
/* The same of another map or list of the service: "build.args". */
const char *service_written(const struct sources *sources, const char *service, const char *where, const char *name,
	const char **file, unsigned *line);
/* Where the mount on `target` is written, else the service's own place. */
const char *service_mount_place(const struct sources *sources, const char *service, const char *target, unsigned *line);
/* Compose's place of a member, or of what holds it where that is a list. */
const char *service_place(const struct sources *sources, const char *service, const char *path, unsigned *line);
/* The path of a bind mount's source within the project; NULL: it lies elsewhere. */
const char *path_in_project(const struct sources *sources, const char *path);
/* A command, list or text, as one text; the caller frees. */
char *words_text(const json_t *words);

/* ---- images ---- */

/* The next image of the product from *at on (0: the first): those with Rust in
 * them, else all. */
const struct shipped *product_image_each(const struct sources *sources, size_t *at);
/* The service's image, where it is built here. */
const struct shipped *service_shipped(const struct sources *sources, const char *service);
/* ENV of the image, variables filled in; NULL: not set. The caller frees. *line may be NULL. */
char *image_env(const struct shipped *shipped, const char *name, unsigned *line);
/* In the container of that service: inspect.Config.Env. The caller frees. */
char *live_env(const json_t *container, const char *name);
/* Did files speak for it, so that what was not found by asking may have another name? */
bool files_speak_for(const struct check *check);
bool live_is_product(const struct sources *sources, const json_t *container);

/* ---- texts ---- */

/* The next text of the project whose name matches one of the patterns, which end
 * with NULL; not of harnesses. NULL: no more, or enough were read. The caller
 * frees; {0} is the start. */
struct text_walk {
	const struct tree_file *file; /* of the text that was given last */
	size_t pattern, at, read;
};
char *text_walk_next(const struct sources *sources, struct text_walk *walk, const char *const *patterns);

/* ---- sources ---- */

/* The file that stands for the Rust side: the lock, or a manifest, or the Dockerfile; never NULL. */
const char *rust_file(const struct sources *sources);
/* The next string literal of the code, tests aside, behind *place ({0}: the first). */
struct literal {
	const struct rust_source *source;
	size_t offset; /* of the opening quote */
	const char *text; /* as it is written, escapes too */
	size_t len;
};
bool literal_each(const struct rust_facts *facts, struct literal *literal);
unsigned literal_line(const struct literal *literal);
/* Does the code before that offset end with these letters, blanks aside? */
bool code_ends_with(const struct rust_source *source, size_t offset, const char *letters);
/* The code before an offset, back to the end of a statement or block: *len letters. */
const char *code_before(const struct rust_source *source, size_t offset, size_t *len);
/* Is that name in those letters, as a whole name? */
bool has_name(const char *code, size_t len, const char *name);
/* The first of these places in the code (words end with NULL); one in a `use`
 * where there is no other. */
bool find_any(const struct rust_facts *facts, const char *const *words, struct rust_place *place);
/* Direct dependency by one of these names; NULL: none. */
const struct rust_crate *direct_crate(const struct rust_facts *facts, const char *const *names);

/* The web framework that is enabled, or NULL. */
const char *web_framework(const struct sources *sources);
/* Is there Rust, and a program of it? False: it was said why not. */
bool is_program(struct check *check);
/* Is it a program that answers on the network? False: it was said why it is none. */
bool is_network_service(struct check *check);
/* Is it a program that goes on running: with a port, an image or a service? False: it was said why not. */
bool is_service(struct check *check);

#endif
