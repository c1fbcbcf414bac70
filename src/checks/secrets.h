/* Topic 3, its checks: the environment of developers (secrets-env.c), what is
 * written out (secrets-written.c), secrets as files (secrets.c), health
 * (secrets-health.c), logs and labels (secrets-image.c). */
#ifndef CARGODECK_CHECKS_SECRETS_H
#define CARGODECK_CHECKS_SECRETS_H

#include "compose-files.h"
#include "deployed.h"
#include "environment.h"
#include "own-images.h"
#include "rust-asks.h"
#include "run-calls.h"
#include "services.h"
#include "shipped.h"

void check_env_file(struct check *check);
void check_hardcoded(struct check *check);
void live_hardcoded(struct check *check);
void check_override(struct check *check);
void live_override(struct check *check);

/* The first place of the program that asks the environment for a setting of its
 * own; the caller frees the name. False: there is none. */
bool reads_variable(const struct sources *sources, struct rust_place *place, char **name);
bool is_stand_in(const char *value); /* "dummy", "test" … */

void check_health(struct check *check);
void live_health(struct check *check);
void check_logging(struct check *check);
void live_logging(struct check *check);
void check_labels(struct check *check);
void live_labels(struct check *check);

#endif
