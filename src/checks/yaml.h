/* YAML with the place of every value: workflows, compose files, actions. */
#ifndef CARGODECK_CHECKS_YAML_H
#define CARGODECK_CHECKS_YAML_H

#include "cargodeck/base.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* Values that an alias names are the same node in both places. */
struct yaml_node {
	enum yaml_kind kind;
	const char *text; /* of a scalar; "" for an empty one; else NULL */
	size_t len;
	bool is_plain; /* not quoted: true, no, null, 3.8 mean what YAML says */
	unsigned line, column; /* from 1: where it begins */
	struct { struct yaml_node **items; size_t count, cap; } items; /* of a list; of a map its values */
	struct { struct yaml_node **items; size_t count, cap; } keys; /* of a map, beside `items` */
};

struct yaml;
/* One document (the first). At most 1 MiB, 100 levels (through aliases too),
 * 100,000 nodes; aliases are shared, never copied: who walks a whole tree must
 * bound the steps. Merge keys (<<) are left as keys: yaml_get() looks through
 * them, at most 1,000 for one key. Fault: no YAML (with its line), or a bound. NULL then. */
struct yaml *yaml_read(const char *text, size_t len, struct fault *fault);
void yaml_close(struct yaml *yaml); /* NULL is fine */
const struct yaml_node *yaml_root(const struct yaml *yaml); /* NULL: empty */
/* The value of a key (also by <<); NULL: none, or no map. The last of equal keys. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The key's own node: its line is where the key stands. */
const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key);
/* Through maps by "jobs.build.steps"; a part that is a number goes into a list. */
const struct yaml_node *yaml_at(const struct yaml_node *node, const char *path);
bool yaml_is(const struct yaml_node *node, const char *text); /* a scalar of this text */
const char *yaml_text(const struct yaml_node *node); /* of a scalar, else NULL; NULL is fine */
/* Plain true/false/yes/no/on/off by YAML 1.1, as compose and old actions read; -1: neither. */
int yaml_truth(const struct yaml_node *node);

#endif
