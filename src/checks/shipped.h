/* What checks ask of the images that are shipped: which of them hold a Rust
 * program, what is installed in their stages, how the program is linked, what
 * starts in them. */
#ifndef CARGODECK_CHECKS_IMAGES_H
#define CARGODECK_CHECKS_IMAGES_H

#include "checks.h"

/* The items of what may be a JSON array, or anything else, or NULL. */
#define EACH_ITEM(array, index, item) \
	for ((index) = 0; (index) < json_array_size(array) && ((item) = json_array_get(array, index)) != NULL; (index)++)

/* ---- which images ---- */

enum image_kind {
	IMAGE_OTHER, /* no program of this project in it, as far as files show */
	IMAGE_BUILDS, /* its Dockerfile compiles the program */
	IMAGE_PACKS, /* a program that was compiled elsewhere is put into it */
};
enum image_kind image_kind(const struct sources *sources, const struct shipped *shipped);
/* The next shipped image of that kind (`packs`: or IMAGE_PACKS) from *at on. */
const struct shipped *image_next(const struct sources *sources, size_t *at, bool packs);
/* Says why there is no such image. */
void image_none(struct check *check, bool packs);
/* The service's compose object, or NULL. */
const json_t *image_service(const struct sources *sources, const struct shipped *shipped);
/* Does it run on, and is it not a tool that ends by itself? By EXPOSE, HEALTHCHECK,
 * its service, or a crate of servers. */
bool image_is_service(const struct sources *sources, const struct shipped *shipped);
/* Does its build read git's history: by a crate, a build script, a command or a COPY? */
bool image_reads_history(const struct sources *sources, const struct shipped *shipped);
/* ---- lines ---- */

const struct docker_line *image_line(const struct shipped *shipped, size_t index);
unsigned image_line_at(const struct shipped *shipped, int index); /* its number in the file; 0: -1 was given */
/* The next line of that instruction in the stage or those that it builds on, from
 * *at on; -1: no more. "" is any. */
int stage_next(const struct dockerfile *file, int stage, const char *word, size_t *at);
/* The line of the file on which `words` stand within an instruction, else its first. */
unsigned line_with(const struct docker_line *line, const char *words);
/* The name of a stage, or its number in words; for texts. The caller frees. */
char *stage_title(const struct dockerfile *file, int stage);

/* The stage that a misspelt name may mean; -1: none. */
int near_stage(const struct dockerfile *file, const char *name);
/* The stage that the program is built in, also where no RUN line calls cargo. */
int build_stage(const struct shipped *shipped);
/* Targets of --mount=type=cache of a RUN line: absolute, variables filled in. */
void cache_mounts(const struct dockerfile *file, size_t index, struct strings *targets);

/* What a COPY line brings of the project's own files (.dockerignore is heeded). */
struct brought {
	bool manifest, lock, sources; /* Cargo.toml, Cargo.lock, *.rs but for build.rs and tests */
	const char *source_file; /* one of the sources; borrowed of the tree */
};
struct brought copy_brings(const struct sources *sources, const struct shipped *shipped, const struct copy_line *copy, size_t i);

/* Does a COPY line of the stage, or of those that it builds on, take the whole context? */
bool stage_copies_context(const struct shipped *shipped, int stage);
/* The entries of an ENV or ARG line: NAME=VALUE, or NAME alone. */
void env_line_read(const struct docker_line *line, struct strings *entries);
/* ENV of the image, variables filled in; NULL: not set. The caller frees. *line may be NULL. */
char *image_env(const struct shipped *shipped, const char *name, unsigned *line);

/* ---- packages ---- */

struct package_call {
	char *tool; /* "apt-get", "apk" … */
	bool removes;
	bool takes_recommended; /* apt without --no-install-recommends */
	char *group; /* apk add --virtual: the name that removes them all, or NULL */
	struct strings names; /* without versions */
};
struct package_calls {
	struct package_call *items;
	size_t count, cap;
};
/* Calls of package managers in a RUN line. */
void package_calls_read(const struct dockerfile *file, size_t index, struct package_calls *calls);
void package_calls_finish(struct package_calls *calls);
/* Names that are installed in the stage and those that it builds on, and not
 * removed again. */
void stage_packages(const struct dockerfile *file, int stage, struct strings *names);

/* ---- bases, linking ---- */

enum image_base {
	BASE_OTHER,
	BASE_EMPTY, /* scratch, distroless/static: no loader, no shell */
	BASE_DISTROLESS, /* a libc, no shell */
	BASE_SLIM, /* a small distribution */
	BASE_FULL, /* a distribution with more than a program needs */
	BASE_TOOLCHAIN, /* rust, buildpack-deps … */
};
enum image_base base_kind(const struct image_name *name);
bool base_is_rust(const struct image_name *name); /* the official image */
/* "1.75" of "1.75-slim", "latest-rust-1.75": {0, 0}: none is said. */
void rust_tag_version(const struct image_name *name, unsigned *major, unsigned *minor);

/* Is it surely an image whose user is root where no USER is said? */
bool base_is_known(const struct shipped *shipped);
/* Nothing but what is copied in: no shell, no tools. */
bool base_is_bare(const struct shipped *shipped);

enum linkage {
	LINK_UNKNOWN,
	LINK_STATIC, /* runs anywhere */
	LINK_GNU, /* dynamic, glibc */
	LINK_MUSL, /* dynamic, musl */
};
enum linkage image_linkage(const struct sources *sources, const struct shipped *shipped);
/* Minor version of glibc 2.x: what the image has; what programs that are built in
 * it ask for. 0: not known. */
unsigned base_glibc(const struct image_name *name);
unsigned base_glibc_needed(const struct image_name *name);

/* ---- start ---- */

struct image_start {
	struct strings words; /* of ENTRYPOINT and CMD together, as compose changes them */
	bool is_shell; /* the shell form, or a shell with -c */
	char *body; /* of that shell, or NULL */
	const char *file; /* where it is written; NULL: nothing starts */
	unsigned line;
};
void image_start(const struct sources *sources, const struct shipped *shipped, struct image_start *start);
void image_start_finish(struct image_start *start);
/* The script that a word of the start command names, of the project's files or a
 * heredoc: its text (the caller frees), or NULL. *file and *first (the line before
 * its first) say where it stands; *file is borrowed of the sources. */
char *image_script(const struct sources *sources, const struct shipped *shipped, const char *word, const char **file, unsigned *before);
/* tini and its like, which pass signals on (signals.c). */
bool is_init_program(const char *name);
/* Does the program that starts first give up root itself (gosu, su-exec …)? The
 * file and line where that is read. */
bool image_drops_root(const struct sources *sources, const struct shipped *shipped, const char **file, unsigned *line);

#endif
