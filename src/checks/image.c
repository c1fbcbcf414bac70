/* Topic 1: how the image of a Rust program is made. */
#include "checks.h"

const struct practice_topic topic_image = {.title = N_("Docker image")};
