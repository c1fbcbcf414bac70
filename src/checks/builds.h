/* Inside topics 4 and 9: where images are built: steps of workflows, targets of
 * bake files, scripts; with what each says of platforms, caches and tags. */
#ifndef CARGODECK_CHECKS_BUILDS_H
#define CARGODECK_CHECKS_BUILDS_H

#include "hcl.h"
#include "pipeline.h"

/* ---- bake files: bake.c ---- */

struct bake_file {
	const char *path;
	char *text;
	struct hcl *hcl; /* of one in HCL */
	struct yaml *json; /* of one in JSON */
	const struct yaml_node *root; /* NULL: `fault` says why it cannot be read */
	struct fault fault;
};
struct bake {
	struct { struct bake_file *items; size_t count, cap; } files; /* later ones win */
	struct strings targets; /* names, as they come */
	unsigned *spent; /* looks into maps, so far: inheritance can be made to branch without end */
};
void bake_open(const struct sources *sources, struct bake *bake);
void bake_finish(struct bake *bake);
/* An attribute of a target: its own, else of what it inherits. NULL: none. *file may be NULL. */
const struct yaml_node *bake_attribute(const struct bake *bake, const char *target, const char *name,
	const struct bake_file **file);
/* Its values, variables filled in by their defaults; of an object "a=b,c=d". */
void bake_texts(const struct bake *bake, const struct yaml_node *node, struct strings *list);
const struct bake_file *bake_place(const struct bake *bake, const char *target, unsigned *line);

/* ---- builds.c ---- */

struct image_build {
	const char *file;
	unsigned line;
	const struct pipe_step *step; /* NULL: of no workflow */
	const struct pipe_job *job; /* NULL: of no workflow */
	int pushes; /* 0 no, 1 on a condition, 2 always */
	bool is_action, is_bake, is_remote; /* remote: a workflow of another repository, of which nothing more is known */
	bool loads; /* into the engine's images */
	bool keeps_layers; /* by itself: depot, and the like */
	bool is_provenance_off;
	const char *via; /* words for what builds: "docker/build-push-action", "docker build" */
	struct strings platforms, cache_from, cache_to, tags, args; /* args: names */
	const char *platforms_file, *cache_file, *tags_file, *args_file;
	unsigned platforms_line, cache_line, tags_line, args_line;
	char *dockerfile, *target, *context; /* as said, or NULL */
	struct shipped image; /* what it makes: of the Dockerfile that it names, or that lies in its context */
	bool has_image; /* that is known */
};
struct image_builds {
	const struct sources *sources;
	struct { struct image_build *items; size_t count, cap; } items;
	struct bake bake;
	struct strings texts;
};
/* Those of the workflows. */
void image_builds_open(const struct sources *sources, const struct pipeline *pipe, struct image_builds *builds);
/* Adds those of bake files themselves, and of scripts that `pipe` was opened with. */
void image_builds_add_bake(struct image_builds *builds);
void image_builds_add_scripts(struct image_builds *builds, const struct pipeline *scripts);
void image_builds_finish(struct image_builds *builds);
#define auto_builds __attribute__((cleanup(image_builds_finish))) struct image_builds

bool platforms_have(const struct strings *platforms, const char *architecture); /* "amd64", "arm64" */
size_t platforms_count(const struct image_build *build); /* that one run of it makes */
/* Does its Dockerfile (or, where that is not known, any that is shipped) compile Rust?
 * *shipped, may be NULL, is the image. */
bool build_compiles(const struct sources *sources, const struct image_build *build, const struct shipped **shipped);
/* Is the stage in which cargo works of the machine that builds (FROM --platform=$BUILDPLATFORM)? */
bool shipped_cross_compiles(const struct shipped *shipped);
bool any_compiles(const struct sources *sources);
/* Of "type=gha,mode=max": the value of a key; NULL: none. The caller frees. */
char *cache_value(const char *cache, const char *key);

#endif
