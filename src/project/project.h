/* Inside the room project: what its files share. */
#ifndef CARGODECK_PROJECT_INSIDE_H
#define CARGODECK_PROJECT_INSIDE_H

#include "cargodeck/project.h"

/* A cargo command inside a RUN line. */
struct cargo_call {
	char *verb; /* build, install, chef … */
	char *package, *bin, *target, *profile, *manifest_path, *folder; /* or NULL */
	struct strings features, env;
	bool release, no_default_features, all_features, path_install;
};
void cargo_call_finish(struct cargo_call *call);
/* The calls of cargo in a RUN line (variables filled in). Those
 * that need the sources are told by cargo_call_compiles(). */
struct cargo_calls {
	struct cargo_call *items;
	size_t count, cap;
};
void run_find_cargo(const char *body, struct cargo_calls *calls);
void cargo_calls_finish(struct cargo_calls *calls);
bool cargo_call_compiles(const struct cargo_call *call);
/* The commands of a shell body, split at && || ; | and newlines; words keep no
 * quotes. */
struct shell_command {
	struct strings words;
	const char *start; /* in the body */
	size_t len;
};
struct shell_commands {
	struct shell_command *items;
	size_t count, cap;
};
void shell_split(const char *body, struct shell_commands *commands);
void shell_commands_finish(struct shell_commands *commands);
/* What follows the flags of a RUN or COPY line: "--mount=… --from=x a b". */
const char *after_flags(const char *rest);
/* The value of a flag, or NULL; the caller frees. */
char *flag_value(const char *rest, const char *flag);

/* COPY of a file from another stage or the context, variables filled in. */
struct copy_line {
	char *from; /* NULL: the context */
	int from_stage; /* -1: none in this file */
	struct strings sources;
	char *to; /* absolute */
	size_t line;
};
bool copy_line_read(const struct dockerfile *file, size_t index, struct copy_line *out);
void copy_line_finish(struct copy_line *copy);
/* WORKDIR in force at that line; absolute. The caller frees. */
char *dockerfile_workdir(const struct dockerfile *file, size_t at);
/* The last such instruction of the stage or those it builds on, or -1. */
int dockerfile_last(const struct dockerfile *file, int stage, const char *word);
/* Loads a service's Dockerfile with its arguments. */
bool service_dockerfile(const struct compose_service *service, struct dockerfile *file, struct fault *fault);
/* Which program of the workspace the builder's stage puts at that path. The
 * caller frees; NULL: none. */
char *program_of_path(const struct project *project, const struct dockerfile *file, int stage, const char *path);
bool stage_compiles(const struct dockerfile *file, int stage);

#endif
