/* What the Rust side of a project says: which crates are enabled, and where its
 * sources call what. Call sites are found without a compiler: likely, not
 * certain. */
#ifndef CARGODECK_CHECKS_RUST_H
#define CARGODECK_CHECKS_RUST_H

#include "tree.h"

struct rust_crate {
	const char *name, *version;
	bool is_member; /* of the workspace */
	bool is_direct; /* a member depends on it, and not for tests alone */
	bool is_dev_only;
	struct strings features; /* enabled */
};

struct rust_source {
	const char *path; /* relative */
	char *text;
	size_t len;
	char *code; /* the same length: comments and the inside of strings are blanks */
	bool is_test; /* below tests/, benches/, examples/, or build.rs */
};

struct rust_facts {
	bool is_there; /* a Cargo.toml with packages */
	bool is_graph_known; /* features and what depends on what come from cargo; else from the lock alone */
	const char *graph_file; /* where it was read: "Cargo.lock", "Cargo.toml" */
	struct { struct rust_crate *items; size_t count, cap; } crates;
	struct { char **items; size_t count, cap; } manifests; /* Cargo.toml of members, relative */
	struct { struct rust_source *items; size_t count, cap; } sources; /* of members */
	char *edition, *rust_version; /* the highest that a member asks for, or NULL */
	unsigned lock_version; /* 0: no lock file */
	bool has_lock;
	struct { char **items; size_t count, cap; } texts;
};
/* `metadata`: of cargo, with or without dependencies; NULL: manifests and lock
 * are read. At most 5,000 sources of 1 MiB. */
void rust_read(const struct tree *tree, const char *metadata, size_t len, struct rust_facts *facts);
void rust_finish(struct rust_facts *facts);
/* Enabled in a normal or build dependency: not for tests alone. NULL: no. */
const struct rust_crate *rust_crate(const struct rust_facts *facts, const char *name);
bool rust_has_any(const struct rust_facts *facts, const char *const *names, const char **which); /* names end with NULL */
bool rust_has_feature(const struct rust_facts *facts, const char *crate, const char *feature);

/* A place in the code (comments and strings left out), outside tests. */
struct rust_place {
	const struct rust_source *source;
	size_t offset;
	unsigned line;
};
/* Finds the next `words` in code from *place on ({0}: from the start): names must
 * match as whole names, blanks match any blanks: "signal::unix", "fn main (". */
bool rust_find(const struct rust_facts *facts, const char *words, struct rust_place *place);
/* The same within string literals: "/healthz". Whole literals where `whole`. */
bool rust_find_string(const struct rust_facts *facts, const char *text, bool whole, struct rust_place *place);

#endif
