/* The project's program as its sources and crates say: is it one, does it listen,
 * does it go on running; and where in code and texts a thing stands. */
#ifndef CARGODECK_CHECKS_RUST_ASKS_H
#define CARGODECK_CHECKS_RUST_ASKS_H

#include "checks.h"

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
/* The member's manifest that a source belongs to, the deepest above it, by its index in facts->manifests; -1: none. */
int manifest_of(const struct rust_facts *facts, const char *path);
/* The next string literal of the code, tests aside, behind *place ({0}: the first). */
struct literal {
	const struct rust_source *source;
	size_t offset; /* of the opening quote */
	const char *text; /* as it is written, escapes too */
	size_t len;
};
bool literal_each(const struct rust_facts *facts, struct literal *literal);
unsigned literal_line(const struct literal *literal);
bool is_name_letter(char letter); /* of a name in the code */
/* Does the code before that offset end with these letters, blanks aside? */
bool code_ends_with(const struct rust_source *source, size_t offset, const char *letters);
/* The code before an offset, back to the end of a statement or block: *len letters. */
const char *code_before(const struct rust_source *source, size_t offset, size_t *len);
/* The code before the bracket that the offset stands in, other arguments passed over:
 * `.route` of .route("/a", get(b)); *len 0: it stands in none. */
const char *code_before_bracket(const struct rust_source *source, size_t offset, size_t *len);
/* Is that name in those letters, as a whole name? */
bool has_name(const char *code, size_t len, const char *name);
/* The first of these places in the code (words end with NULL); one in a `use`
 * where there is no other. */
bool find_any(const struct rust_facts *facts, const char *const *words, struct rust_place *place);
/* Direct dependency by one of these names; NULL: none. */
const struct rust_crate *direct_crate(const struct rust_facts *facts, const char *const *names);

/* signals.c: where SIGTERM is handled (the line is 0 where a framework does it by itself). */
bool handles_sigterm(const struct rust_facts *facts, const char **file, unsigned *line);
/* A framework that ends on it by itself and lets requests come to their end; NULL: none. */
const char *stopping_crate(const struct rust_facts *facts);

/* observability-*.c: where a path of the program's own tells its health; the next behind *literal. */
bool health_route_next(const struct rust_facts *facts, struct literal *literal);
bool path_ends_in_health(const char *path); /* "/api/healthz" */
const struct rust_crate *metrics_crate(const struct rust_facts *facts); /* NULL: none */
const struct rust_crate *traces_crate(const struct rust_facts *facts);
bool logs_json(const struct rust_facts *facts); /* as its sources set it up */

/* The framework of its servers, a direct dependency: "axum"; NULL: none. */
const char *web_framework(const struct rust_facts *facts);
/* A framework, a call that listens or a port says so. */
bool serves_network(const struct sources *sources);
bool program_is_for_developers(const char *name); /* by its name or path: xtask, bench … */
bool has_program(const struct sources *sources); /* not a library alone, nor one with programs for its developers */
/* Is there Rust, and a program of it? False: it was said why not. */
bool is_program(struct check *check);
/* Is it a program that answers on the network? False: it was said why it is none. */
bool is_network_service(struct check *check);
/* Is it a program that goes on running: with a port, an image or a service? False: it was said why not. */
bool is_service(struct check *check);

#endif
