/* Pipelines of other CI, written out as a workflow of GitHub Actions. */
#ifndef CARGODECK_CHECKS_PIPE_OTHER_H
#define CARGODECK_CHECKS_PIPE_OTHER_H

#include "yaml.h"

/* Is it a pipeline that can be written out: .gitlab-ci.yml, Woodpecker's, Drone's? */
bool pipe_other_is(const char *path);
/* The same pipeline as a workflow: jobs and steps on the lines where they stand in
 * the file, so that what is said of them is found there. What has no counterpart
 * is left out. NULL: no job of it stands in this file. The caller frees. */
char *pipe_other_write(const struct yaml_node *root, const char *path);

#endif
