/* Inside topic 9: its checks, a file for each idea. */
#ifndef CARGODECK_CHECKS_CI_H
#define CARGODECK_CHECKS_CI_H

#include "builds.h"

void ci_workflow(struct check *check); /* 9.1: ci-workflow.c */
void ci_order(struct check *check); /* 9.2: ci-order.c */
void ci_layers(struct check *check); /* 9.3: ci-layers.c */
void ci_tags(struct check *check); /* 9.4: ci-tags.c */
void ci_scans(struct check *check); /* 9.5: ci-scans.c */
void ci_logins(struct check *check); /* 9.6: ci-logins.c */
void ci_parallel(struct check *check); /* 9.7: ci-layers.c */
void ci_cleanup(struct check *check); /* 9.8: ci-cleanup.c */

/* Opens both; false: there is nothing to look at, and the verdict is given.
 * `pushed`: an image that is pushed is needed. */
bool ci_begin(struct check *check, struct pipeline *pipe, struct image_builds *builds, bool pushed);
/* Is the Dockerfile that it names one of tests or of tools, not of the product? */
bool ci_is_product(const struct sources *sources, const struct image_build *build);

/* Builds that are pushed or made by an action are the ones that count; where
 * there are none, all do. */
bool ci_counts(const struct image_builds *builds, const struct image_build *build);
/* Does the step log in to a registry, and nothing else: docker/login-action, docker login? */
bool ci_is_login(const struct pipeline *pipe, const struct pipe_step *step);
/* Is there a builder that can export caches and make several platforms? */
bool ci_has_builder(const struct pipeline *pipe, const struct pipe_job *job);
bool ci_runs_itself(const struct pipe_job *job); /* on runners of its own */
/* Does the engine there have the layers of the last run? */
bool ci_keeps_layers(const struct pipeline *pipe, const struct pipe_job *job);

#endif
