/* Topic 4: what makes builds quick, and for several platforms. */
#include "checks.h"

const struct practice_topic topic_caching = {.title = N_("Build and caching")};
