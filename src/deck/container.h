/* What a container is, how it is configured and where the two differ: readers
 * that the verbs (verb-inspect.c, verb-compose-config.c, …) and the screen
 * (container.c) share. Whatever comes out is cleaned, bounded and masked. */
#ifndef DECK_CONTAINER_H
#define DECK_CONTAINER_H

#include "deck.h"

/* ---- facts.c ---- */

enum { FACTS_MOST = 20000 }; /* items of one list, members of one tree */
#define FACTS_DEEPER N_("… (deeper than is shown)")

/* From the answers of /containers/ID/json and /images/ID/json (NULL: not
 * known; Engine API 1.41), what `inspect --json` prints. The caller: json_decref. */
json_t *facts_make(const char *service, const json_t *inspect, const json_t *image);
/* A copy of any JSON that may be shown: texts cleaned, cut and masked, at most
 * FACTS_MOST members and 24 levels. The caller: json_decref. */
json_t *facts_mask(const json_t *json);
/* A text as JSON, cleaned, cut and masked as the value of `name`. */
json_t *facts_text(const char *name, const char *value);
/* "KEY=value": where the value begins, or NULL. */
const char *facts_pair(const char *pair, char *name, size_t size);

/* ---- pages.c: rows for people ---- */

struct page {
	ARRAY(struct view_field) rows;
	struct strings texts;
	size_t bytes;
};
void page_finish(struct page *page);
void page_overview(struct page *page, const json_t *facts);
void page_env(struct page *page, const json_t *facts);
void page_mounts(struct page *page, const json_t *facts);
void page_labels(struct page *page, const json_t *facts);
/* The answer of /containers/ID/top. */
void page_processes(struct page *page, const json_t *top);
/* Any JSON that went through facts_mask(), as a tree. `open`: levels that are
 * not folded at first. */
void page_tree(struct page *page, const json_t *json, unsigned open);
/* The answer of drift_find(). */
void page_drift(struct page *page, const json_t *drift);

/* ---- configured.c: the compose configuration, with the override ---- */

/* Adds the words of `docker compose … config --format json`. */
void configured_words(const struct project *project, const char *state_folder, struct strings *argv);
/* Reads what it printed, with each doubled dollar as one. It holds secrets: it
 * must be masked before it is shown. The caller: json_decref. NULL and a fault. */
json_t *configured_read(const char *text, size_t len, struct fault *fault);

/* ---- drift.c ---- */

/* Where what runs is not as it is configured: an array of objects with what
 * ("image", "env", "ports", "mounts", "command", "limits", "restart"), name,
 * configured and running; of variables no values. `whole` is configured_read()'s,
 * `inspect` the container's, `image` that of its image or NULL. */
json_t *drift_find(const json_t *whole, const char *service, const json_t *inspect, const json_t *image);
/* A word of drift_find()'s own in the person's language; other texts as they are.
 * A name is one only of "limits". */
const char *drift_text(const char *text);

#endif
