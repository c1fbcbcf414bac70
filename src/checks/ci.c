/* Topic 9: workflows that test, build, scan, push and deploy. */
#include "checks.h"

const struct practice_topic topic_ci = {.title = N_("CI/CD")};
