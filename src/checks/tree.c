/* The walk over the project's files. */
#include "tree.h"
