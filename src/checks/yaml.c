/* YAML with the place of every value, by libyaml. */
#include "yaml.h"
