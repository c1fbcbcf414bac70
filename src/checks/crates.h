/* Inside rust.c, members.c, metadata.c, lock.c, crates.c: members as their
 * manifests say them, and the graph of crates that is made of it. */
#ifndef CARGODECK_CHECKS_CRATES_H
#define CARGODECK_CHECKS_CRATES_H

#include "rust.h"

enum crate_kind { CRATE_NORMAL, CRATE_BUILD, CRATE_DEV };

/* A dependency of a member. */
struct crate_need {
	char *key; /* as the member calls it */
	char *package; /* its real name */
	char *folder; /* of a path dependency, as written; else NULL */
	enum crate_kind kind;
	bool is_optional, is_inherited, is_bare; /* bare: without default features */
	bool is_on; /* not optional, or a feature that is on turns it on */
	struct strings features; /* asked for */
};

struct crate_feature {
	char *name;
	struct strings values;
	bool is_on; /* by default, or another member asks for it */
};

struct crate_member {
	char *name, *version;
	char *manifest; /* relative to the tree; NULL: not in it */
	char *edition, *rust_version;
	struct { struct crate_need *items; size_t count, cap; } needs;
	struct { struct crate_feature *items; size_t count, cap; } features;
};

struct crate_members {
	struct { struct crate_member *items; size_t count, cap; } items;
};
enum { CRATES_MOST_MEMBERS = 2000, CRATES_MOST_NEEDS = 500, CRATES_MOST_FEATURES = 2000 };

/* ---- members.c ---- */

/* The members of the workspace whose root manifest this is, with what they
 * inherit from it. */
void crate_members_read(const struct tree *tree, const char *manifest, struct crate_members *members);
void crate_members_finish(struct crate_members *members);
/* Decides by the default features what is_on, and which features are asked of it. */
void crate_member_decide(struct crate_member *member);
/* Turns on the features that members ask of each other, until nothing more is new. */
void crate_members_share(struct crate_members *members);

/* ---- the graph: crates.c ---- */

struct crate_edge {
	size_t to;
	enum crate_kind kind;
};
struct crate_node {
	char *name, *version;
	bool is_member;
	struct strings features; /* that the product asks for */
	struct strings dev_features; /* that tests ask for: they count where nothing else needs the crate */
	struct { struct crate_edge *items; size_t count, cap; } edges;
};
struct crate_graph {
	struct { struct crate_node *items; size_t count, cap; } nodes;
};
size_t crate_graph_add(struct crate_graph *graph, const char *name, const char *version);
void crate_graph_join(struct crate_graph *graph, size_t from, size_t to, enum crate_kind kind);
/* Joins a member with what it needs, and takes over the features that it asks for. */
void crate_graph_need(struct crate_graph *graph, size_t from, size_t to, const struct crate_need *need);
void crate_graph_finish(struct crate_graph *graph);
/* Walks from the members; what is reached is added to facts->crates. */
void crate_graph_walk(const struct crate_graph *graph, struct rust_facts *facts);

/* Members and what they ask for, where there is no lock. */
void crate_graph_of_members(const struct crate_members *members, struct crate_graph *graph);

/* ---- lock.c ---- */

/* Adds the lock's packages, joined as it says and as the members' manifests say.
 * Returns the version of its format. */
unsigned crate_graph_of_lock(const char *text, size_t len, const struct crate_members *members, struct crate_graph *graph);

/* ---- metadata.c ---- */

/* Members, and the graph where it is resolved. *root: the workspace's folder,
 * relative to the tree ("" is the tree's own), or NULL: not in it. False: no metadata. */
bool crate_metadata_read(const struct tree *tree, const char *text, size_t len, struct crate_members *members,
	struct crate_graph *graph, bool *is_resolved, char **root);

/* ---- code.c ---- */

/* A copy with comments, the inside of literals and test code blanked. */
char *rust_mask(const char *text, size_t len);
/* Fills in what finding passes over sources by. */
void rust_index(struct rust_source *source);

#endif
