/* Topic 3: environment, secrets, labels, logging, health. */
#include "checks.h"

const struct practice_topic topic_secrets = {.title = N_("Configuration and secrets")};
