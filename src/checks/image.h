/* Inside topic 1: the functions of its practices that have files of their own. */
#ifndef CARGODECK_CHECKS_IMAGE_H
#define CARGODECK_CHECKS_IMAGE_H

#include "shipped.h"
#include "services.h"

/* image-build.c */
void image_system_packages(struct check *check); /* 1.4 */
void image_release(struct check *check); /* 1.6 */

/* image-order.c */
void image_dependencies(struct check *check); /* 1.5 */

/* image-copy.c */
void image_program_alone(struct check *check); /* 1.7 */
void image_certificates(struct check *check); /* 1.8 */
void image_copies(struct check *check); /* 1.10 */

/* image-user.c */
void image_user(struct check *check); /* 1.9 */
void image_user_live(struct check *check);

#endif
