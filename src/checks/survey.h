/* Inside checks_survey(): what a project is, a file for each idea. */
#ifndef CARGODECK_CHECKS_SURVEY_H
#define CARGODECK_CHECKS_SURVEY_H

#include "programs.h"
#include "rust-asks.h"

/* ---- survey-reach.c: which functions of its sources a program comes to ---- */

struct reach;
/* By names alone: from all of its main file on, from what stands in no function,
 * and from what fulfils a trait. What cannot be told counts as reached. */
struct reach *reach_open(const struct program *program);
void reach_close(struct reach *reach);
bool reach_has(const struct reach *reach, const struct rust_source *source, size_t offset);

/* A function that has a body, reached or not. */
struct reach_function {
	const struct rust_source *source;
	size_t name, name_len; /* offset in the code */
	size_t parameters, open, end; /* '(' of its head, '{' and behind '}' */
	bool is_rooted; /* fulfils a trait */
	bool is_reached;
	size_t next; /* of the same name, index + 1 */
};
/* The next of that name from *at on (0: the first); NULL: no more. */
const struct reach_function *reach_named(const struct reach *reach, const char *name, size_t len, size_t *at);
const struct reach_function *reach_each(const struct reach *reach, size_t index); /* NULL: no more */

/* ---- survey-reads.c: variables of the environment ---- */

struct read {
	char *name;
	char *value; /* the default, or "" */
	const struct rust_source *source;
	size_t offset;
	bool is_required; /* it ends, or answers with a fault, where it is not set */
};
struct reads {
	struct read *items;
	size_t count, cap;
};
enum { READS_MOST = 400 };

/* A program and all that is asked of it. */
struct surveyed {
	const struct program *program;
	struct sources view; /* the project with this program's sources and crates alone */
	struct reach *reach;
	struct reads reads; /* by place; a name may be there twice */
	const char *framework; /* or NULL */
	bool listens, is_service, is_main, is_started; /* started: by an image */
	bool is_shipped; /* a service, or a tool that people run where there is no service */
	unsigned port; /* 0: not known */
	char *port_env, *address_env; /* or NULL */
	struct strings command;
};

void reads_find(struct surveyed *surveyed);
void settings_find(struct surveyed *surveyed); /* survey-settings.c: those that crates make of a struct's fields */
void reads_finish(struct reads *reads);
/* Is it written as variables are: DATABASE_URL? */
bool is_variable_name(const char *text, size_t len);

/* ---- survey-ports.c: what it listens on ---- */

/* Is there a call that listens, and which port does it take? `says` gets why. */
void ports_find(struct surveyed *surveyed, json_t *says);

/* Of a database or another server that it is a client of: DB_PORT, a section [redis]. */
bool variable_is_of_client(const char *name);
/* "8080", "0.0.0.0:8080"; 0: it ends with none. */
unsigned port_of_text(const char *text, size_t len);

/* ---- survey-port-files.c: where the code leaves the port to files ---- */

void ports_in_settings(struct surveyed *surveyed, json_t *says);

/* ---- survey-routes.c: under which path a route answers ---- */

struct routing; /* of one program */
struct routing *routing_open(const struct surveyed *surveyed);
void routing_close(struct routing *routing);
enum route_kind {
	ROUTE_NONE, /* the literal is no path that is answered */
	ROUTE_UNKNOWN, /* it is one, but what stands before it cannot be told */
	ROUTE_FOUND,
};
/* *path: the whole one, which the caller frees; NULL unless it is found. */
enum route_kind routing_find(struct routing *routing, const struct literal *literal, char **path);

/* ---- survey-programs.c ---- */

struct survey {
	const struct sources *sources;
	struct programs *programs;
	struct { struct surveyed *items; size_t count, cap; } all;
	const char *folder; /* of the workspace, "" the root */
	json_t *workspaces; /* where there are several */
	bool is_undecided; /* which of them is meant */
	json_t *says;
};
void survey_programs_find(struct survey *survey); /* fills `all`, the main one first */
bool survey_has_service(const struct survey *survey);
json_t *survey_programs(const struct survey *survey); /* that are shipped */
json_t *survey_tools(const struct survey *survey);
json_t *survey_env(const struct survey *survey);

/* ---- survey-images.c ---- */

/* The Dockerfile and stage that makes its image already: {"context", "path", "stage"}, or null. */
json_t *survey_image(const struct survey *survey, const struct surveyed *surveyed);
/* The project's Dockerfile, if it has one: {"path", "lacks_test", "lacks_dev", "lacks_debug"}, or null. */
json_t *survey_kept(const struct survey *survey);
/* The path of a compose file that ours cannot be laid over: of another name, or with other services; or null. */
json_t *survey_foreign_compose(const struct survey *survey);

/* ---- survey-data.c ---- */

json_t *survey_database(const struct survey *survey);
json_t *survey_redis(const struct survey *survey);
json_t *survey_mail(const struct survey *survey);
json_t *survey_native(const struct survey *survey);
json_t *survey_folders(const struct survey *survey); /* read at run time */
json_t *survey_seeds(const struct survey *survey);

/* ---- survey-git.c ---- */

json_t *survey_git(const struct survey *survey);

/* ---- survey-above.c ---- */

void survey_say_above(const struct survey *survey); /* where it is a member of a workspace above */

/* ---- survey-files.c ---- */

json_t *survey_existing(const struct survey *survey);

/* ---- survey.c ---- */

json_t *survey_text(const char *text); /* cleaned and cut; null for NULL */
/* A sentence with its place before it; `file` may be NULL. */
void survey_say(json_t *says, const char *file, unsigned line, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
