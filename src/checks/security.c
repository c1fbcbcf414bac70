/* Topic 2: rights that a container and its image have. */
#include "checks.h"

const struct practice_topic topic_security = {.title = N_("Container security")};
