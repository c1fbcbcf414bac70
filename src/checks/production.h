/* Inside topic 8: the functions of its practices that have files of their own. */
#ifndef CARGODECK_CHECKS_PRODUCTION_H
#define CARGODECK_CHECKS_PRODUCTION_H

#include "shipped.h"
#include "services.h"

/* signals.c */
void signal_files(struct check *check); /* 8.2 */
void signal_live(struct check *check);
void shutdown_files(struct check *check); /* 8.8 */
void shutdown_live(struct check *check);

/* running.c */
void restart_files(struct check *check); /* 8.5 */
void restart_live(struct check *check);
void read_only_files(struct check *check); /* 8.6 */
void read_only_live(struct check *check);
void limits_files(struct check *check); /* 8.7 */
void limits_live(struct check *check);

/* empty-image.c: of 8.3, what the program finds nothing of on scratch */
void empty_image_judge(struct check *check, const struct shipped *shipped);

/* scan.c */
void scan_files(struct check *check); /* 8.4 */

#endif
