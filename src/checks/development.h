/* Inside the topic of development: its files of checks. */
#ifndef CARGODECK_CHECKS_DEVELOPMENT_H
#define CARGODECK_CHECKS_DEVELOPMENT_H

#include "clients.h"
#include "compose-files.h"
#include "migrations.h"
#include "rust-asks.h"
#include "services.h"
#include "writings.h"

/* development-mounts.c */
void files_mounts(struct check *check);
void live_mounts(struct check *check);
void files_debugger(struct check *check);
void live_debugger(struct check *check);
/* development-names.c */
void files_names(struct check *check);
void live_names(struct check *check);
/* development-seeds.c */
void files_seeds(struct check *check);
/* development-data.c */
void files_redis(struct check *check);
void live_redis(struct check *check);
void files_mail(struct check *check);
void live_mail(struct check *check);

/* Says which service is for development or watches and gets no sources; false: none. */
bool lacks_sources(struct check *check, const struct layers *layers);
bool has_rust_unit(const struct layers *layers);
/* Is there such an image in the container's Config.Image? `names` as for unit_has_image(). */
bool live_has_image(const json_t *container, const char *const *names);
/* A variable that compose or else the Dockerfile sets; NULL: neither. The caller frees. */
char *variable_of(const struct unit *unit, const char *name);
/* Does a RUN line of the stage, or of those below it, hold the word? */
bool stage_says(const struct docker_source *source, int stage, const char *word);

/* A variable of a container's environment ("inspect.Config.Env"); NULL: it has none. */
const char *live_variable(const json_t *container, const char *name);
/* Does that say that it is the product that runs? */
bool live_is_production(const json_t *container);
/* A folder of this project that is mounted there and holds Rust sources; NULL: none. The target's. */
const char *live_source_mount(const struct sources *sources, const json_t *container);
/* The container's words: entrypoint and command, joined. The caller frees. */
char *live_command(const json_t *container);
/* Was the container made by compose with this file? */
bool live_has_file(const json_t *container, const char *path);

#endif
