/* Topic 6: PostgreSQL and what a service does with it. */
#include "checks.h"

const struct practice_topic topic_database = {.title = N_("Databases")};
