/* Crates and call sites. */
#include "rust.h"
