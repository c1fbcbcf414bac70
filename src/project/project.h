/* Inside the room project: what its files share. */
#ifndef CARGODECK_PROJECT_INSIDE_H
#define CARGODECK_PROJECT_INSIDE_H

#include "cargodeck/project.h"

enum { FILE_LIMIT = 1 << 20, STAGE_DEPTH_LIMIT = 32 };

/* ---- variables.c ---- */

/* A global ARG line. */
void dockerfile_add_global(struct dockerfile *file, const char *rest);
char *dockerfile_expand_global(const struct dockerfile *file, const char *text);
/* Like dockerfile_expand(), but what is not known stays: for shell text. */
char *dockerfile_expand_shell(const struct dockerfile *file, size_t at, const char *text);

/* ---- image.c ---- */

/* Loads a service's Dockerfile with its arguments. False: nothing to finish. */
bool service_dockerfile(const struct compose_service *service, struct dockerfile *file, struct fault *fault);

/* ---- origin.c ---- */

enum origin_kind {
	ORIGIN_UNKNOWN, /* a RUN line makes it */
	ORIGIN_BIN, /* cargo makes it: a program of the workspace */
	ORIGIN_CONTEXT, /* a file or folder of the build context */
	ORIGIN_TEXT, /* a heredoc of a COPY line */
	ORIGIN_IMAGE, /* the base image has it, or a foreign image */
};
struct origin {
	enum origin_kind kind;
	char *bin;
	char *host; /* CONTEXT: absolute path on the host */
	int stage; /* BIN: that compiles it; IMAGE: the lowest stage */
	int line; /* index of the line that puts it there, -1: none */
};
/* Where the file or folder at an absolute path of a stage comes from. */
void origin_find(const struct project *project, const struct compose_service *service, const struct dockerfile *file,
	int stage, const char *path, struct origin *origin);
void origin_finish(struct origin *origin);

/* ---- start.c ---- */

struct start {
	char *bin, *program; /* NULL: the start command leads to no program of ours */
	int stage; /* that compiles it */
	int line; /* of the final stage that copies it, or -1 */
	bool runs_watcher;
	char *head; /* the start command's first word, or NULL */
	struct strings scripts;
};
/* Follows the start command to a program of the workspace. `file` may be NULL. */
void start_find(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage, struct start *start);
void start_finish(struct start *start);

/* ---- family.c ---- */

/* The family of a service whose program that stage compiles (-1: no stage). */
int family_add(struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage, const char *package);
void families_finish(struct project *project);

/* ---- manifest.c ---- */

/* Reads packages from Cargo.toml files, where cargo cannot be asked. */
bool manifest_guess(const char *path, struct cargo_graph *graph, struct fault *fault);
/* A Rust image that suits the toolchain file beside or above that folder. The
 * caller frees. */
char *toolchain_image(const char *folder);
/* Channel of that toolchain file, or NULL; *path: the file, both are freed by the
 * caller. */
char *toolchain_channel(const char *folder, char **path);

/* ---- project.c ---- */

/* Which compose files, profiles and name are meant; the folder. */
bool project_take_options(struct project *project, const struct project_options *options, struct fault *fault);
/* Compose's own search from `folder` on: it, then its parents; an override beside.
 * False: there is none. */
bool project_find_files(struct project *project);
/* Files that a compose file names: include, extends, env_file. Into `mentioned`. */
void project_find_mentioned(struct project *project, const char *file, int depth);
/* Compose's own words, less its log prefixes, as one line. */
void project_say_compose_error(const struct project *project, const char *text, struct fault *fault);

/* ---- ask.c ---- */

/* Manifests below a folder, absolute; below one that was found nothing is looked for. */
void manifests_find(const char *folder, struct strings *found);
/* The environment for cargo in that folder: nothing is downloaded, and where the
 * pinned toolchain is missing another one reads the packages. False: none can. */
bool cargo_environment(const char *folder, struct strings *env, struct strings *notes);

/* Finds the workspace and asks cargo for its packages. True where there is no
 * Rust at all. */
bool project_ask_cargo(struct project *project, const struct project_options *options, struct fault *fault);

/* ---- service.c ---- */

void project_forget_services(struct project *project);

/* Why a program of that builder does not run in that image, or NULL: it does, or
 * it cannot be told from their names. `settings`: text that may say how it is
 * linked (the builder's Dockerfile, cargo's configuration). The caller frees. */
char *libc_misfit(const struct project_family *family, const char *builder_base, const char *settings, const char *final_base);

/* ---- settings.c ---- */
/* Takes what the project's files set, as labels where a service has none. */
void settings_take(struct project *project);
/* The rest, once it is known which package's program a service runs. */
void settings_take_package(struct project *project, const struct compose_service *service, const struct cargo_package *package);
/* "20s", "500ms", "1min 30s", "500"; false: no such time, or out of the limits. */
bool settings_read_ms(const char *text, unsigned least, unsigned most, unsigned *ms);

#endif
