/* project: what this repository is: the compose model (as compose itself
 * merges it), cargo's packages and programs, the Dockerfiles; which service
 * runs which program; and what a saved path means. It does not talk to the
 * engine. */
#ifndef CARGODECK_PROJECT_H
#define CARGODECK_PROJECT_H

#include "cargodeck/base.h"
#include "cargodeck/dockerfile.h"
#include "cargodeck/loop.h"

/* ---- cargo -------------------------------------------------------------------- */

struct cargo_bin {
	char *name;
	char *src;
	struct strings required_features;
};

struct cargo_package {
	char *name, *folder, *manifest;
	struct { struct cargo_bin *items; size_t count, cap; } bins;
	struct strings depends; /* names of local packages (normal and build) */
	char *settings; /* package.metadata.cargodeck as JSON, or NULL */
	bool has_build_script;
};

struct cargo_graph {
	char *root; /* workspace root */
	char *target; /* target_directory on the host */
	struct { struct cargo_package *items; size_t count, cap; } packages;
	char *settings; /* workspace.metadata.cargodeck as JSON, or NULL */
	bool guessed; /* cargo could not be asked: read from the manifests */
};

/* ---- compose ---------------------------------------------------------------------- */

struct compose_mount {
	char *type, *source, *target;
	bool read_only;
};

struct compose_depend {
	char *service, *condition; /* service_started service_healthy service_completed_successfully */
	bool required;
};

struct compose_watch {
	char *action, *path, *target; /* sync rebuild restart sync+restart */
	struct strings ignore;
};

struct compose_service {
	char *name, *image, *user, *working_dir, *network_mode, *restart;
	bool has_build, has_entrypoint, has_command, has_health, read_only, tty;
	char *context, *dockerfile, *build_target, *dockerfile_inline; /* absolute paths */
	struct strings build_args; /* NAME=VALUE */
	struct strings entrypoint, command;
	struct strings health_test;
	struct { struct compose_mount *items; size_t count, cap; } mounts;
	struct { struct compose_depend *items; size_t count, cap; } depends;
	struct { struct compose_watch *items; size_t count, cap; } watches;
	struct strings env_files;
	struct map *labels;
	uint64_t memory_limit; /* bytes, 0: none */
	uint64_t grace_ms; /* stop_grace_period, 10000 unless said */
	uint64_t hash; /* of its whole JSON: has it changed? */
};

struct compose_model {
	char *name; /* project */
	char *settings; /* x-cargodeck as JSON, or NULL */
	struct { struct compose_service *items; size_t count, cap; } services;
};

/* ---- project ------------------------------------------------------------------------ */

struct project_options {
	const char *folder;
	const char *manifest_path;
	const char *project_name;
	const struct strings *files, *env_files, *profiles;
};

enum project_kind { PROJECT_OTHER, PROJECT_RUST };

/* What we found about a service. */
struct project_service {
	char *name;
	enum project_kind kind;
	char *bin, *package; /* RUST */
	char *program; /* absolute path of the program in its image: the launcher's */
	char *why; /* a sentence: how the program was found */
	char *trouble; /* why it cannot run in its own image, or NULL */
	int family; /* which builder, index into families; -1: none */
	char *swap; /* label dev.cargodeck.swap, or "auto" */
	char *ready; /* label dev.cargodeck.ready, or NULL */
	unsigned ready_ms, silent_ms; /* ready_limit and ready_silent; 0: not said */
	bool runs_watcher; /* its command is cargo watch, cargo run, bacon … */
	const struct compose_service *compose; /* borrowed */
	struct strings scripts; /* scripts of its start chain, on the host: absolute */
	struct strings bins; /* every program of the workspace that its image holds, `bin`
		first: each stands there as a launcher, so each must be built */
	struct strings embeds; /* folders that rust-embed reads at run time: mounted
		read-only at their own path by the override */
};

/* Services whose programs are compiled by one Dockerfile's one stage. */
struct project_family {
	char *key;
	char *dockerfile; /* path, or NULL: none */
	char *context;
	char *base_image; /* where there is no Dockerfile */
	char *cwd; /* where cargo runs (host path = path inside) */
	struct strings packages; /* all packages of its services */
	struct strings arguments; /* --features, --target, --profile, --no-default-features */
	struct strings env; /* RUSTFLAGS=… and the like from the cargo line */
	struct strings build_args; /* NAME=VALUE that its renderings have filled in */
	char *profile_folder; /* below the target folder: "debug", "x86_64-…/debug" */
	char *cargo_line; /* as found, for doctor */
	int stage; /* that is the builder: the compiling one, or one named dev; -1: none */
};

struct project {
	char *folder; /* compose's project directory */
	struct strings files; /* compose files in use */
	struct strings env_files, profiles;
	char *project_name; /* as asked for, or NULL */
	char *manifest; /* Cargo.toml of the workspace, or NULL: no Rust here */
	struct cargo_graph cargo;
	struct compose_model compose;
	struct { struct project_service *items; size_t count, cap; } services;
	struct { struct project_family *items; size_t count, cap; } families;
	struct map *dep_info; /* path -> struct strings of bins */
	struct strings mentioned; /* files that the compose files name (include, extends,
		env_file): absolute; a save of one asks compose again */
	struct strings settings; /* what the project's files set, for people: "api: swap = alone (compose.yaml:12)" */
	struct strings ignored; /* absolute paths that no save of counts */
	struct strings notes; /* sentences a person should see once */
};

/* Asks compose and cargo (children; some 0.3 s). */
struct project *project_open(const struct project_options *options, struct fault *fault);
void project_close(struct project *project); /* NULL is fine */
/* `docker compose` with the files, profiles and names of this project; words
 * are added by the caller. */
void project_compose_words(const struct project *project, struct strings *argv);
const struct project_service *project_find(const struct project *project, const char *service);
const struct compose_service *compose_find(const struct compose_model *model, const char *service);
/* The package that has this program. */
const struct cargo_package *cargo_find_bin(const struct cargo_graph *graph, const char *bin);
/* Reads `cargo metadata --format-version 1 --no-deps`. */
bool cargo_graph_read(const char *json, size_t len, struct cargo_graph *graph, struct fault *fault);
void cargo_graph_finish(struct cargo_graph *graph);
/* Reads `docker compose config --format json`. */
bool compose_model_read(const char *json, size_t len, struct compose_model *model, struct fault *fault);
void compose_model_finish(struct compose_model *model);
/* Works out services and families anew; what project_open() does last. */
void project_map_services(struct project *project);

/* ---- texts ---------------------------------------------------------------------------- */

/* What compose, cargo and git say of a project, unread: for who judges all of
 * it, and may have to do with a part. */
struct project_texts {
	char *root; /* the folder that holds all of it, absolute */
	struct strings compose_files; /* absolute, in the order that they are merged */
	struct strings compose_mentioned; /* YAML files that those name: include, extends */
	char *compose; /* `docker compose config --format json` with all profiles, or NULL */
	size_t compose_len;
	char *compose_reason; /* why it is NULL, a sentence */
	char *cargo; /* `cargo metadata --format-version 1`, with dependencies where they are here already, or NULL */
	size_t cargo_len;
	char *cargo_reason;
	char *manifest; /* Cargo.toml that counts: it was named, or is the only one; else NULL */
	struct strings tracked; /* paths that git has, relative to the root */
	bool has_git;
	struct strings notes;
};
/* Whether the folder has a Cargo.toml and no compose file was named or is found. */
bool project_is_bare(const struct project_options *options);
/* Asks all three at the same time (some 0.2 s); nothing is downloaded and nothing
 * written. False only where the folder or a file that was named is not there. */
bool project_read_texts(const struct project_options *options, struct project_texts *texts, struct fault *fault);
void project_texts_finish(struct project_texts *texts);

/* ---- rendering ------------------------------------------------------------------------ */

struct rendering {
	char *text; /* a Dockerfile */
	char *ignore; /* its .dockerignore */
	struct strings left_out; /* "line 12: RUN cargo build …: compiles" */
	char *fallback; /* why the service must run in the builder's image, or NULL */
	char *base; /* image that the last stage stands on (for libc) */
	struct strings sources; /* what is copied from the context: absolute paths */
	/* A builder copies nothing from a context: small files that it needs (the
	 * toolchain file, scripts that its lines run) stand in its text. Arguments
	 * of the build are filled in as defaults of ARG lines. */
};
/* The stage that compiles, without the sources and without compiling. */
bool project_render_builder(const struct project *project, int family, struct rendering *out, struct fault *fault);
/* The service's final stage, with the launcher where the program was; the
 * launcher comes from `launcher_image`, as /BIN. `builder_image`: what it runs
 * in where its own image cannot be rendered. */
bool project_render_service(const struct project *project, const struct project_service *service,
	const char *launcher_image, const char *builder_image, struct rendering *out, struct fault *fault);
void rendering_finish(struct rendering *rendering);

/* The override file for compose (JSON, which YAML includes): for each Rust
 * service its image, the target volume, who it is. `images` maps a service to
 * its image, `kinds` to "own" or "builder". The caller frees. */
char *project_override(const struct project *project, const struct map *images, const struct map *kinds,
	const char *const *volumes, const struct strings *only);

/* ---- what a save means --------------------------------------------------------------- */

enum save_why { SAVE_NONE, SAVE_DEP_INFO, SAVE_GRAPH, SAVE_MANIFEST, SAVE_DATA, SAVE_CONFIG };
const char *save_why_name(enum save_why why);

struct save {
	struct strings bins; /* to build */
	enum save_why why; /* the strongest that applies */
	bool compose; /* a compose file, .env or env_file: ask compose again */
	struct strings images; /* services whose image must be rendered again */
	struct strings restart; /* services to restart: data that they read */
	struct { struct save_sync { char *service, *path, *target, *action; } *items; size_t count, cap; } syncs;
		/* `action`: those of develop.watch, or "copied": its image copies the path from
		 * the context; `target` NULL there: only a new image has it as it must be */
};
/* Takes over one *.d file of cargo (The Cargo Book, Build cache: dep-info). */
void project_add_dep_info(struct project *project, const char *bin, const char *text, size_t len);
/* Parses dep-info: the paths that the first rule depends on. */
void dep_info_read(const char *text, size_t len, struct strings *paths);
/* `failed`: binaries whose last build failed. */
void project_map_paths(const struct project *project, const struct strings *paths, const struct strings *failed, struct save *save);
void save_finish(struct save *save);
/* The project's files say that a save of this path is nothing to cargodeck. */
bool project_ignores(const struct project *project, const char *path);
/* Folders to watch with all below, and single files watched whatever is
 * ignored. */
void project_watch_roots(const struct project *project, struct strings *roots, struct strings *extras);

#endif
