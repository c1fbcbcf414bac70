/* Inside the room project: what the two renderings share. */
#ifndef CARGODECK_RENDER_H
#define CARGODECK_RENDER_H

#include "project.h"

/* What COPY lines that were left out would have brought into a stage. */
struct gone {
	struct gone_path {
		char *inside; /* absolute */
		char *host; /* NULL: a line that was left out would have made it */
	} *items;
	size_t count, cap;
};

/* ---- filter.c ---- */

/* A RUN line without what needs the sources. The caller frees; NULL: nothing
 * is left. */
char *filter_run(const struct dockerfile *file, size_t index, const struct gone *gone, bool *changed);
/* It only installs tools that no line that stays and no variable names. */
bool filter_is_idle_install(const struct dockerfile *file, size_t index);
/* It mounts a part of the context. */
bool filter_has_context_mount(const char *rest);

/* ---- render.c ---- */

enum stage_mode {
	MODE_FINAL, /* the service's own image and what it builds on */
	MODE_PLAIN, /* a stage that others copy from */
	MODE_BUILDER, /* one that compiles, or what it builds on */
};

struct render {
	const struct project *project;
	const struct compose_service *compose; /* whose Dockerfile it is */
	const struct project_service *service; /* NULL: a builder */
	const struct dockerfile *file;
	const struct strings *build_args; /* filled in */
	const char *launcher_image;
	struct rendering *out;
	struct str *texts; /* one a stage */
	bool *needed, *done;
	enum stage_mode *modes;
	struct gone *gones; /* one a stage */
	bool placed; /* the program's launcher was copied */
};
/* Renders `target` and all stages that it needs into one Dockerfile. The caller
 * frees. */
char *render_stages(struct render *render, int target, enum stage_mode mode);

/* ---- copies.c ---- */

void render_copy(struct render *render, int stage, size_t index, struct str *text);
void render_need(struct render *render, int stage, enum stage_mode mode);
void render_leave_out(struct render *render, const struct docker_line *line, const char *why);
void render_fall_back(struct render *render, const struct docker_line *line, const char *why);
/* The name that other stages know a stage by; the caller frees. */
char *render_stage_name(const struct render *render, int stage);

#endif
