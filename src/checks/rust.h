/* What the Rust side of a project says: which crates are enabled, and where its
 * sources call what. Call sites are found without a compiler: likely, not
 * certain. */
#ifndef CARGODECK_CHECKS_RUST_H
#define CARGODECK_CHECKS_RUST_H

#include "tree.h"

struct rust_crate {
	const char *name, *version; /* "" where there is no lock and cargo was not asked */
	bool is_member; /* of the workspace */
	bool is_direct; /* a member depends on it, and not for tests alone */
	bool is_dev_only;
	struct strings features; /* enabled; where the graph is not known: those that members ask for */
};

enum { RUST_INDEX_WORDS = 64 };
struct rust_source {
	const char *path; /* relative */
	char *text;
	size_t len;
	char *code; /* the same length: comments, the inside of strings and char literals, and items under
		     * #[cfg(test)] or #[test] are blanks; ends of lines stay */
	/* which names and letter pairs of literals may be in it, by hash: rust_find() passes over it without */
	bool is_indexed;
	uint64_t names[RUST_INDEX_WORDS], pairs[RUST_INDEX_WORDS];
	bool is_test; /* below tests/, benches/, examples/, build.rs, tests.rs, or the tree says harness */
};

struct rust_facts {
	bool is_there; /* a Cargo.toml with packages */
	bool is_graph_known; /* features and what depends on what come from cargo; else from the lock alone */
	const char *graph_file; /* where to read it: "Cargo.lock", "server/Cargo.toml"; NULL: nothing is there */
	struct { struct rust_crate *items; size_t count, cap; } crates;
	struct { char **items; size_t count, cap; } manifests; /* Cargo.toml of members, relative */
	struct { struct rust_source *items; size_t count, cap; } sources; /* of members */
	char *edition, *rust_version; /* the highest that a member asks for, or NULL */
	unsigned lock_version; /* 1 to 4, the highest; 0: no lock file */
	bool has_lock;
	bool is_cut; /* more sources than the bound */
	struct { char **items; size_t count, cap; } texts;
};
/* The manifests below the root that no other one stands above; not those of harnesses,
 * and not what is brought along from elsewhere (vendor/). At most 100. */
void rust_find_roots(const struct tree *tree, struct strings *manifests);
/* `metadata`: of cargo, with or without dependencies; NULL, or none that can be
 * read: manifests and lock are read. There the graph is likely, not certain: what
 * default features of members turn on is enabled, what members ask of each other,
 * and all that the lock has below.
 * Manifests of harnesses are nobody's unless a workspace names them. At most 5,000
 * sources of 1 MiB. Nothing of `metadata` is borrowed. `manifest`: without metadata, the
 * one (relative) whose workspace is meant; NULL: all. */
void rust_read(const struct tree *tree, const char *metadata, size_t len, const char *manifest, struct rust_facts *facts);
void rust_finish(struct rust_facts *facts);
/* "1.75" against "1.8.1", number by number: below, at or above 0. */
int rust_compare_versions(const char *a, const char *b);
/* Enabled in a normal or build dependency: not for tests alone. NULL: no. - and _ are the
 * same. Of several versions a direct one. */
const struct rust_crate *rust_crate(const struct rust_facts *facts, const char *name);
bool rust_has_any(const struct rust_facts *facts, const char *const *names, const char **which); /* names end with NULL */
bool rust_has_feature(const struct rust_facts *facts, const char *crate, const char *feature);

/* A place in the code (comments and strings left out), outside tests. */
struct rust_place {
	const struct rust_source *source;
	size_t offset;
	unsigned line;
};
/* Finds the next `words` in code behind *place ({0}: from the start): names must
 * match as whole names, and between names and signs there may be any blanks, also
 * ends of lines and comments: "signal::unix", "fn main (". */
bool rust_find(const struct rust_facts *facts, const char *words, struct rust_place *place);
/* The same within string literals: "/healthz"; escapes are read. Whole literals
 * where `whole`. The offset is the opening quote's, the line the text's; a literal
 * is found once. */
bool rust_find_string(const struct rust_facts *facts, const char *text, bool whole, struct rust_place *place);

#endif
