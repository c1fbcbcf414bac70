/* Topic 7: compose files and helpers for developers. */
#include "checks.h"

const struct practice_topic topic_development = {.title = N_("Development environment")};
