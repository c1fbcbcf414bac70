/* JSON with comments, as editors write it: devcontainer.json, launch.json. */
#ifndef CARGODECK_CHECKS_JSONC_H
#define CARGODECK_CHECKS_JSONC_H

#include "checks.h"

/* Reads it after blanking comments and the commas before ] and }. At most what
 * tree_read() gives. NULL: no JSON; *line is then where it ends to be some. */
json_t *jsonc_read(const char *text, size_t len, unsigned *line);
/* The line of the first "KEY" that is no value; 0: none. */
unsigned jsonc_line(const char *text, const char *key);

/* A debugger's connection in .vscode/launch.json that goes to another machine or
 * container. False: there is none. `file` is the launch.json that was read, NULL: none. */
struct launch {
	const char *file;
	unsigned line;
	char *address; /* "localhost:2345" */
	bool has_source_map;
};
bool launch_remote(const struct sources *sources, struct launch *launch);
void launch_finish(struct launch *launch);

#endif
