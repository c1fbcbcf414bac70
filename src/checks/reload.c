/* Topic 10: from a save to running code, tests, editors. */
#include "checks.h"

const struct practice_topic topic_reload = {.title = N_("Development workflow")};
