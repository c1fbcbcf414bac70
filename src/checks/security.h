/* Topic 2, its checks: rights of the image and its files (security.c), of the
 * container (security-run.c), and what is known of the image (security-supply.c). */
#ifndef CARGODECK_CHECKS_SECURITY_H
#define CARGODECK_CHECKS_SECURITY_H

#include "compose-files.h"
#include "deployed.h"
#include "environment.h"
#include "own-images.h"
#include "run-calls.h"
#include "services.h"
#include "shipped.h"

void check_read_only(struct check *check);
void live_read_only(struct check *check);
void check_tmpfs(struct check *check);
void live_tmpfs(struct check *check);
void check_capabilities(struct check *check);
void live_capabilities(struct check *check);
void check_limits(struct check *check);
void live_limits(struct check *check);

void check_scan(struct check *check);
void check_context(struct check *check);
void check_signed(struct check *check);
void live_signed(struct check *check);

#endif
