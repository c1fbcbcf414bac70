/* checks: which of the 83 practices of a containerised Rust project are kept,
 * with evidence. One table of practices, a file of checks for each topic; what
 * they look at is read once, from texts and folders that the caller names.
 * Nothing is run and nobody is asked here. */
#ifndef CARGODECK_CHECKS_H
#define CARGODECK_CHECKS_H

#include "cargodeck/base.h"

enum check_severity { CHECK_LOW, CHECK_MEDIUM, CHECK_HIGH };
enum check_state { CHECK_KEPT, CHECK_BROKEN, CHECK_NOT_APPLICABLE, CHECK_CANNOT_TELL };
const char *check_severity_name(enum check_severity severity); /* "low" "medium" "high" */
const char *check_state_name(enum check_state state); /* "kept" "broken" "not-applicable" "cannot-tell" */

struct check;

/* One practice. The texts are English: show them through _(). */
struct practice {
	const char *id; /* "2.5": topic and number of the catalogue */
	const char *title; /* what is to be so: "Capabilities are dropped" */
	enum check_severity severity; /* of breaking it */
	const char *says; /* why, two or three sentences */
	const char *looks; /* what is looked at in files; NULL: only what runs can tell */
	const char *looks_live; /* in images and containers; NULL: files alone can tell */
	const char *mends; /* what mends it: one line, to be done */
	bool is_heuristic; /* read from call sites and names: likely, not certain */
	void (*files)(struct check *check); /* looks at files; never NULL */
	void (*live)(struct check *check); /* looks at what runs; NULL: that can tell nothing more */
};

struct practice_topic {
	const char *title; /* "Container security" */
	const struct practice *practices;
	size_t count;
};

/* The ten topics in the order of the catalogue. */
const struct practice_topic *const *check_topics(size_t *count);
const struct practice *check_find(const char *id); /* NULL: there is none */

/* ---- one run --------------------------------------------------------------------- */

/* What was read and where: a file and line, or (line 0) a fact of several. */
struct check_evidence {
	char *file; /* relative to the project, or NULL */
	unsigned line; /* from 1; 0: none */
	char *text; /* a sentence */
	bool is_against; /* it breaks the practice */
	bool is_live; /* seen in what runs, not in a file */
};

/* An edit that mends it and changes nothing else: lines of the file as it was
 * read. Several edits of a file do not overlap. */
struct check_edit {
	char *file; /* relative; where it is not there, it is made */
	unsigned line; /* from 1; 0: at the file's end */
	char *old_text; /* a part of that line, to be replaced; NULL: `new_text` becomes a line (or several) before it */
	char *new_text; /* without the last end of line */
};
void check_edit_finish(struct check_edit *edit);

struct check_result {
	const struct practice *practice;
	enum check_state state;
	struct { struct check_evidence *items; size_t count, cap; } evidence; /* what breaks it first */
	char *reason; /* of not applicable and cannot tell; or, where an allow line says so, of being let through */
	char *mend; /* what mends it here, or NULL where it is kept */
	struct { struct check_edit *items; size_t count, cap; } edits; /* that mend it safely; of what is broken alone */
	bool is_allowed; /* broken, and a line `# cargodeck: allow ID reason` lets it be */
};

struct check_report {
	struct { struct check_result *items; size_t count, cap; } results; /* in the order of the catalogue */
	struct strings notes; /* what could not be read, a sentence each */
	char *root; /* what files are relative to */
};
void check_report_finish(struct check_report *report);

/* What is known of the project. Texts are borrowed; NULL: not to be had, and
 * `…_reason` says why. */
struct check_options {
	const char *root; /* the project's folder */
	const char *compose_json; /* `docker compose config --format json` */
	size_t compose_len;
	const char *compose_reason;
	const struct strings *compose_files; /* that it was merged from, in their order */
	const struct strings *compose_mentioned; /* that those include or extend; NULL: none */
	const char *cargo_json; /* `cargo metadata --format-version 1` with dependencies, or --no-deps */
	size_t cargo_len;
	const char *cargo_reason;
	const char *manifest; /* absolute: the Cargo.toml that is meant where there are several; NULL: nobody said */
	const struct strings *tracked; /* paths that git has, relative to the root; NULL: no git */
	const char *live_json; /* what runs, in the form of src/checks/live.h; NULL: nobody looked */
	size_t live_len;
	const struct strings *only, *skip; /* ids ("2.5") and topics ("2"); empty: all, none */
};
/* Reads and judges. False only where the folder cannot be read. Reads at most
 * 20,000 files, of each at most 1 MiB; what is left out is in the notes. */
bool checks_run(const struct check_options *options, struct check_report *report, struct fault *fault);

/* ---- what a project is ------------------------------------------------------------------ */

/* Finds out what `init` has to know, from the same texts (nothing of `only`, `skip`
 * and `live_json`). JSON, with every key always there; the caller frees; NULL
 * only where the folder cannot be read.
 *   name          a slug of letters, digits and -: the root package, else the folder
 *   folder        of the workspace below the root: "" or "server"
 *   kind          "service": a program that goes on running; "tool": programs that end;
 *                 "library": no program; "none": no Rust; "several": workspaces of which none is
 *                 meant more than another, and what is said below is of all of them
 *   workspaces    [{manifest, folder, services: [names]}] where there are several and nobody said which:
 *                 the only one that has a service is taken
 *   rust          {version: "1.95", of the image's tag; msrv, edition, toolchain: each or null; lock: 0 to 4}
 *   programs      of a service, the main one first: [{name, package, folder, is_main, listens,
 *                 port: number or null, port_env: a variable or null, address_env, framework, health, ready,
 *                 metrics: paths or null, has_health_command, database, redis, mail, sigterm,
 *                 graceful, json_logs: true or false, command: [words after the program],
 *                 env: [names that it reads], features: [that it needs]}]
 *   tools         [{name, package}] programs that are not services
 *   members       [{name, folder}] packages of the workspace
 *   env           [{name, value: the source's own default or "" (of a secret always ""), is_secret, is_required,
 *                 programs: [names]}] of the services; where there is none, of the tools
 *   database      null, or {engine: "postgres" "mysql" "sqlite", crate, env, tool: "sqlx" "diesel"
 *                 "refinery" "sea-orm" or null, migrations: folder or null, is_embedded: applied by the
 *                 program, is_offline: query metadata is there, has_macros: needs it or a database to build,
 *                 others: [engines behind other features]}
 *   redis         null, or {env, crate}
 *   mail          null, or {crate, host_env, port_env}
 *   traces        has OpenTelemetry; metrics; logs_json: true or false
 *   native        {build: [Debian packages], run: [those], certificates: reads the system's}
 *   data          [folders and files read at run time], seeds: folder or null
 *   git           {is_there, folder: of the project below the repository's root, "" it is the root, null: no
 *                 repository is known; host: "github.com" or null, slug: "acme/shop" or null, tracks_env}
 *   existing      [{role: "dockerfile" "dockerignore" "compose" "compose-part" "env" "env-example" "workflow"
 *                 "devcontainer" "vscode" "procfile" "justfile" "makefile" "kubernetes", path, is_link}]
 *   says          [sentences: what was found and why it was taken so, with file and line] */
char *checks_survey(const struct check_options *options, struct fault *fault);

/* ---- as text ------------------------------------------------------------------------ */

/* Formats: grouped by topic for people; `{"results": […]}`; SARIF 2.1.0. `all`: what
 * is kept and what does not apply as well (JSON always has it). */
void checks_write_text(const struct check_report *report, bool colour, bool all, struct str *out);
void checks_write_json(const struct check_report *report, struct str *out);
void checks_write_sarif(const struct check_report *report, const char *version, bool all, struct str *out);
/* All practices, of no project: grouped by topic, or as a JSON array. */
void checks_write_list(bool as_json, struct str *out);
/* One practice in full; NULL: there is none of that id, and nothing is written. */
const struct practice *checks_write_practice(const char *id, bool as_json, struct str *out);

/* ---- mending -------------------------------------------------------------------------- */

/* The edits of what is broken and not let through, as a unified diff; how many
 * files they change. An edit whose line no longer is what it was is left out. */
size_t checks_write_diff(const struct check_report *report, const char *root, struct str *out);
/* Writes them, each file beside and renamed, with its mode; links are not
 * followed. `changed` gets the paths, also where a later one failed. */
bool checks_apply(const struct check_report *report, const char *root, struct strings *changed, struct fault *fault);

#endif
