/* Topic 8: what a service needs to be run in earnest. */
#include "checks.h"

const struct practice_topic topic_production = {.title = N_("Production readiness")};
