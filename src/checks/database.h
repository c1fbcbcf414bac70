/* Inside topic 6: the databases that compose runs, the crates that talk to one,
 * the migrations, and the checks of the topic. */
#ifndef CARGODECK_CHECKS_DATABASE_H
#define CARGODECK_CHECKS_DATABASE_H

#include "clients.h"
#include "migrations.h"
#include "shipped.h"
#include "own-images.h"
#include "rust-asks.h"
#include "services.h"

enum engine { ENGINE_NONE, ENGINE_POSTGRES, ENGINE_MYSQL, ENGINE_MARIADB, ENGINE_MONGO };
const char *engine_name(enum engine engine); /* "PostgreSQL" */
/* By an image's name; *major (may be NULL): of PostgreSQL, 0 where the tag says none. */
enum engine engine_of_image(const char *image, unsigned *major);

/* A service of compose that is a database; those of tests are not in the list. */
struct database {
	const char *service;
	const json_t *json;
	enum engine engine;
	const char *image; /* its own, or the base that it is built on */
	const struct shipped *shipped; /* where it is built here, or NULL */
	unsigned major;
};
struct databases {
	struct database *items;
	size_t count, cap;
};
void databases_find(const struct sources *sources, struct databases *databases);
void databases_finish(struct databases *databases);
/* The same; false where there is none, and then it was said why. */
bool databases_are_there(struct check *check, struct databases *databases);
/* The value of a variable in its container, by compose or its image; the caller frees. */
char *database_env(const struct database *database, const char *name);
enum engine live_engine(const struct sources *sources, const json_t *container, unsigned *major);

/* ---- database-migrations.c ---- */

/* The names that CREATE TABLE makes there, in small letters. */
void sql_tables(const char *text, struct strings *tables);
bool sql_is_commented(const char *text, const char *at); /* is the place in a comment of its line? */
void migrations_files(struct check *check); /* 6.7 */
void migrations_live(struct check *check);

/* The first file of them that makes a role, and where; NULL: none does. */
const char *migration_with_role(const struct sources *sources, const struct migrations *migrations, unsigned *line);

/* ---- database-dump.c ---- */

/* A script or command that dumps, and what runs it. */
struct dump {
	const char *text;
	const char *file; /* that it stands in */
	unsigned line; /* 0: the text is the whole file */
	const char *name; /* of the service; NULL: it is run by none */
	const json_t *service;
	const struct shipped *shipped; /* that the service is built of, or NULL */
};
bool has_dump(const char *text); /* does it call pg_dump or its like? */
void dump_judge(struct check *check, const struct dump *dump);
void dump_judge_service(struct check *check, const struct dump *dump); /* and what concerns the service that runs it */

/* ---- database-image.c ---- */
void postgres_files(struct check *check); /* 6.1 */
void postgres_live(struct check *check);

/* ---- database-server.c ---- */
void volume_files(struct check *check); /* 6.3 */
void volume_live(struct check *check);
bool image_is_bitnami(const char *image);

/* ---- database-ready.c ---- */
void ready_files(struct check *check); /* 6.8 */
void ready_live(struct check *check);

/* ---- database-init.c, database-credentials.c, database-backup.c, database-pool.c ---- */
void init_files(struct check *check); /* 6.2 */
void credentials_files(struct check *check); /* 6.4 */
void credentials_live(struct check *check);
void backup_files(struct check *check); /* 6.5 */
void backup_live(struct check *check);
void pool_files(struct check *check); /* 6.6 */

#endif
