/* The project's files: walked once, bounded, without what nobody wrote. */
#ifndef CARGODECK_CHECKS_TREE_H
#define CARGODECK_CHECKS_TREE_H

#include "cargodeck/base.h"

struct tree_file {
	const char *path; /* relative to the root, with slashes */
	uint64_t size;
	unsigned mode, uid, gid; /* the mode's nine bits for owner, group and others */
	bool is_link; /* symbolic: never followed out of the tree */
	bool is_executable;
	bool is_tracked; /* git has it; false where there is no git */
	bool is_harness; /* below a folder tests, test, e2e, playwright, cypress, testing-*, *-ci, ci-*, examples,
			  * benches or fuzz at any depth; never below .github and .gitlab */
};

enum tree_look { TREE_UNREAD, TREE_WITHOUT, TREE_WITH };

struct tree {
	char *root; /* without links in it */
	char *given; /* as it was named, which may be a link to it */
	const char *mark; /* words that tree_read() looks for in all that it reads; NULL: none */
	unsigned char *looks; /* beside files: enum tree_look */
	struct { struct tree_file *items; size_t count, cap; } files; /* sorted by path */
	bool has_git; /* `tracked` was given */
	bool is_cut; /* not all is here: more files or folders than the bound, or deeper; the shallow ones are kept */
	struct { char **items; size_t count, cap; } texts; /* what the paths borrow */
};
enum { TREE_MOST_FILES = 20000, TREE_MOST_DEPTH = 40, TREE_FILE_BYTES = 1 << 20 };
/* Skips .git, target (with CACHEDIR.TAG or beside a Cargo.toml), node_modules,
 * .venv, folders on other file systems; links are listed and not followed;
 * devices, sockets and pipes are not listed. A folder that cannot be read is
 * skipped in silence (only the root is a fault). Names are bytes, whatever the
 * locale. `tracked` is not needed after the call. */
bool tree_open(const char *root, const struct strings *tracked, struct tree *tree, struct fault *fault);
void tree_finish(struct tree *tree);
/* A path of this machine as one of the tree, whether it goes by the real root or by
 * the one that was given; "" is the root. NULL: it lies elsewhere, or is NULL. */
const char *tree_relative(const struct tree *tree, const char *path);
/* May everybody on this machine read the file: by its mode and those of all folders above it? */
bool tree_is_open(const struct tree *tree, const struct tree_file *file);
const struct tree_file *tree_find(const struct tree *tree, const char *path); /* NULL: none */
/* The next file from *at on (0: the first) whose name (not path) matches a shell
 * pattern: * ? [a-z]; a leading dot is a letter like any. NULL: no more. */
const struct tree_file *tree_each(const struct tree *tree, size_t *at, const char *name_pattern);
bool tree_has_folder(const struct tree *tree, const char *path); /* some file lies below it; "." is the root */
/* The text of a file, NUL-terminated; at most TREE_FILE_BYTES. `path` is relative
 * and may name what is not listed (below target). A link within the tree is
 * followed. NULL: it cannot be read, is larger, lies out of the tree (by a link
 * or ".."), is no regular file, or no text (it holds a NUL). Never waits. The
 * caller frees; `len` may be NULL. */
char *tree_read(const struct tree *tree, const char *path, size_t *len);
/* What is known of the mark in a file of the tree. */
enum tree_look tree_look(const struct tree *tree, const struct tree_file *file);
/* Is the name one of a list of shell patterns that ends with NULL? */
bool name_in(const char *name, const char *const *patterns);
/* Is one of its words, between / . _ - and blanks, such a one, in whatever case? */
bool path_has_word(const char *path, const char *const *patterns);
/* The line of an offset in a text, from 1; past its end: the last one. */
unsigned text_line_at(const char *text, size_t offset);

#endif
