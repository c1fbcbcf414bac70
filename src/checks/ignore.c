/* .dockerignore by Docker's own rules. */
#include "ignore.h"
