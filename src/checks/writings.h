/* What people have written down to be typed: scripts, make and just files, and
 * the text files that say what to type. And which commands build sources. */
#ifndef CARGODECK_CHECKS_WRITINGS_H
#define CARGODECK_CHECKS_WRITINGS_H

#include "checks.h"

/* Scripts, make and just files, and the text files that say what to type. */
struct written {
	const char *path;
	char *text;
	bool is_prose; /* README and the like */
	bool is_harness;
};
struct writings {
	struct { struct written *items; size_t count, cap; } items;
};
/* At most 300 scripts and 60 texts near the root, 4 MiB. */
struct writings *writings_open(const struct sources *sources);
void writings_close(struct writings *writings); /* NULL is fine */
/* The next line in which `word` stands, comments of scripts left out, harnesses
 * too; *at is from 0 on. The line is copied; NULL: no more. */
struct written_line {
	size_t file, offset; /* where to go on */
	unsigned last; /* the line there */
	const struct written *written;
	unsigned line;
	char *text;
};
bool writings_find(const struct writings *writings, const char *word, struct written_line *at);
void written_line_finish(struct written_line *at);
/* Does a script start a container of such an image (docker run, podman run)? Where. */
const char *writings_run(const struct writings *writings, const char *const *images, unsigned *line);
/* A program that builds and starts anew at each save: "cargo watch", "bacon" …;
 * NULL: the text has none. */
const char *watcher_in(const char *text);
/* Does the command build the sources here: cargo run, watch …, not cargo install? */
bool builds_sources(const char *command);
/* A whole word of letters, digits, - and _. NULL: it does not stand there. */
const char *word_in(const char *text, const char *word);

#endif
