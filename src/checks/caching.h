/* Inside topic 4: its checks, a file for each idea. */
#ifndef CARGODECK_CHECKS_CACHING_H
#define CARGODECK_CHECKS_CACHING_H

#include "builds.h"
#include "services.h"
#include "shipped.h"

void caching_context(struct check *check); /* 4.2: caching-context.c */
void caching_layers(struct check *check); /* 4.3: caching-layers.c */
void caching_chef(struct check *check); /* 4.4: caching-chef.c */
void caching_platforms(struct check *check); /* 4.5: caching-platforms.c */
void caching_platforms_live(struct check *check);
void caching_buildx(struct check *check); /* 4.6: caching-buildx.c */
void caching_registry(struct check *check); /* 4.7: caching-registry.c */
void caching_args(struct check *check); /* 4.8: caching-args.c */

/* Was the same Dockerfile and stage seen at an earlier index? */
bool shipped_is_repeated(const struct sources *sources, size_t at);
/* Verdict where no image is made by cargo; true: there is none. */
bool caching_has_none(struct check *check);
bool caching_has_no_crates(const struct rust_facts *rust); /* of others: there is nothing to keep */
bool call_is_cook(const struct cargo_call *call); /* cargo chef cook */

#endif
