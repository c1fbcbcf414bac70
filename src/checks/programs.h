/* The programs of a workspace, one by one: what is true of one need not be true of
 * another that stands beside it. */
#ifndef CARGODECK_CHECKS_PROGRAMS_H
#define CARGODECK_CHECKS_PROGRAMS_H

#include "shipped.h"

/* A program with its own sources and those of the local crates that it stands on;
 * of other programs in the same folder only what they share. */
struct program {
	const char *name; /* of the binary */
	const char *package, *folder; /* of its member; folder: "" is the root */
	const char *path; /* of its main file, relative to the tree */
	const struct strings *features; /* that it needs to be built */
	bool is_default; /* default-run of its package */
	size_t index; /* below PROGRAMS_MOST */
	struct rust_facts facts; /* crates are direct where one of those asks for them */
};
enum { PROGRAMS_MOST = 20 };

struct programs;
struct programs *programs_open(const struct sources *sources);
void programs_close(struct programs *programs);
/* The one that an image starts. NULL: it cannot be told, or there is but one in the
 * project: then all sources count. */
const struct program *programs_of_image(struct programs *programs, const struct shipped *shipped);
/* All that can be told apart, by index from 0 on; NULL: this one cannot. */
size_t programs_count(const struct programs *programs);
const struct program *programs_at(struct programs *programs, size_t index);
/* The packages of the workspace, by index from 0 on. False: no more. */
bool programs_package(const struct programs *programs, size_t index, const char **name, const char **folder);

#endif
