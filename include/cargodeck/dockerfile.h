/* dockerfile: what a Dockerfile says: its lines, stages and variables, the
 * commands of its RUN lines as a shell would split them, cargo's commands among
 * them, and what its COPY lines copy. Nothing is executed and no file is read
 * here. The one reader, of the room project; whoever judges or renders a
 * Dockerfile goes through it. */
#ifndef CARGODECK_DOCKERFILE_H
#define CARGODECK_DOCKERFILE_H

#include "cargodeck/base.h"

/* ---- lines, stages, variables --------------------------------------------- */

struct docker_line {
	char *word; /* instruction in capitals: "FROM", "RUN" … */
	char *rest; /* what follows, continuation lines joined */
	char *raw; /* as it stands in the file, heredocs and newlines too */
	char *heredoc; /* the text of the heredocs that it opens, or NULL */
	unsigned first, last; /* line numbers from 1 */
	int stage; /* index; -1 before the first FROM */
};

struct docker_stage {
	char *name; /* AS name, or NULL */
	char *base; /* FROM, variables filled in from the global ARGs and `args` */
	int base_stage; /* index of the stage that it builds on, or -1 */
	size_t from; /* index of its FROM line */
	unsigned line;
};

struct dockerfile {
	struct { struct docker_line *items; size_t count, cap; } lines;
	struct { struct docker_stage *items; size_t count, cap; } stages;
	struct map *args; /* global ARGs: as given, else by default */
	struct map *given; /* what the build gives: its args and the platform's */
	char escape;
};
/* Reads a Dockerfile's text (Dockerfile reference, syntax 1.7): continuation,
 * `# escape`, heredocs, stages. `args` are the build's NAME=VALUE. At most
 * 1 MiB and 2000 instructions. Fault: no FROM, a heredoc that does not end.
 * Call dockerfile_finish() either way. */
bool dockerfile_read(const char *text, size_t len, const struct strings *args, struct dockerfile *file, struct fault *fault);
void dockerfile_finish(struct dockerfile *file);
/* Stage by name or number; NULL name: the last one. -1: none. */
int dockerfile_stage(const struct dockerfile *file, const char *name);
/* Fills in $X, ${X}, ${X:-y}, ${X:+y} as seen by line `at`. The caller frees. */
char *dockerfile_expand(const struct dockerfile *file, size_t at, const char *text);
/* The words of a JSON array or of shell form; *json tells which. */
void dockerfile_words(const char *rest, struct strings *words, bool *json);
/* As seen at the end of a stage; what is not known stays. */
char *stage_expand(const struct dockerfile *file, int stage, const char *text);

/* ---- shell text -------------------------------------------------------------- */

/* The commands of a shell body, split at && || ; | & ( ) and newlines; words
 * keep no quotes, comments are gone. */
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
bool is_shell(const char *word); /* sh, /bin/bash … */
bool is_assignment(const char *word); /* NAME=VALUE */
/* Index of the command's own name: after assignments, `then`, `exec` … */
size_t command_at(const struct strings *words);
/* What follows the flags of a RUN or COPY line: "--mount=… --from=x a b". */
const char *after_flags(const char *rest);
/* The value of a flag, or NULL; the caller frees. */
char *flag_value(const char *rest, const char *flag);
/* The shell text that a RUN line runs, variables filled in. The caller frees. */
char *run_body(const struct dockerfile *file, size_t index);

/* ---- cargo's commands ---------------------------------------------------------- */

/* A cargo command inside a RUN line. */
struct cargo_call {
	char *verb; /* build, install, chef … */
	char *target, *profile, *manifest_path, *path, *root, *folder; /* or NULL */
	struct strings packages, bins, features;
	struct strings names; /* words that are no options: crates to install */
	struct strings env; /* assignments before it */
	bool release, no_default_features, all_features;
};
struct cargo_calls {
	struct cargo_call *items;
	size_t count, cap;
};
void run_find_cargo(const char *body, struct cargo_calls *calls);
void cargo_calls_finish(struct cargo_calls *calls);
bool cargo_call_installs(const struct cargo_call *call); /* a foreign tool */
bool cargo_call_needs_sources(const struct cargo_call *call);
bool cargo_call_makes_programs(const struct cargo_call *call);

/* ---- what is copied, what a stage is ------------------------------------------- */

/* COPY or ADD of files from another stage or the context, variables filled in. */
struct copy_line {
	char *from; /* NULL: the context */
	int from_stage; /* -1: none in this file */
	struct strings sources;
	char *to; /* absolute; ends in / where it is a folder for sure */
	size_t line;
};
bool copy_line_read(const struct dockerfile *file, size_t index, struct copy_line *out);
void copy_line_finish(struct copy_line *copy);
/* Where source number `i` comes to lie: "to/name" or "to". The caller frees. */
char *copy_line_target(const struct copy_line *copy, size_t i);
/* WORKDIR in force at that line; absolute. The caller frees. */
char *dockerfile_workdir(const struct dockerfile *file, size_t at);
char *stage_workdir(const struct dockerfile *file, int stage); /* at its end */
/* The last such instruction of the stage or those it builds on, or -1. */
int dockerfile_last(const struct dockerfile *file, int stage, const char *word);
/* Does one of its own RUN lines make programs? With `chain`, or those of the
 * stages that it builds on. */
bool stage_compiles(const struct dockerfile *file, int stage, bool chain);
/* Its RUN lines make no program, but need the sources: a planner. */
bool stage_plans(const struct dockerfile *file, int stage);
const char *stage_root_base(const struct dockerfile *file, int stage);

#endif
