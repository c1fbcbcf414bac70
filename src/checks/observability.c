/* Topic 5: what a running service shows of itself. */
#include "checks.h"

const struct practice_topic topic_observability = {.title = N_("Monitoring and logging")};
