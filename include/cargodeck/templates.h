/* templates: the files that `init` writes. It renders share/templates for what a
 * project is, compares the result with what is there, and writes it so that
 * nothing is lost. Nobody is asked and nothing is run here. */
#ifndef CARGODECK_TEMPLATES_H
#define CARGODECK_TEMPLATES_H

#include "cargodeck/base.h"

/* ---- rendering ------------------------------------------------------------------------ */

/* Where the text of a template is read from, for `%% include NAME`. NULL: there is none. The caller frees. */
typedef char *template_read(void *context, const char *name, size_t *len);

/* Renders one template. `facts_json` is an object, the names in it are what the
 * template may ask for. In the template:
 *   @{a.b}           a string, number, true or false; a string with other letters
 *                    than A-Za-z0-9 and ._/:@+=,-  is a fault without a filter.
 *                    A number is a place in a list: a.0.name
 *   @{a.b|yaml}      in double quotes, as the kind of file has them: yaml, json, toml,
 *                    compose (yaml with $ doubled), workflow (yaml in which ${{ stays
 *                    a text), docker (a value of ENV or LABEL); or shell (in single
 *                    quotes), comment (one line, no control letters). lower, upper,
 *                    snake (- becomes _) change it and quote nothing; one filter may
 *                    follow another. docker and shell refuse control letters
 *   %% if E / %% elif E / %% else / %% end
 *   %% for x in E / %% end      also x_index (from 0), x_first, x_last
 *   %% set x = E                holds to the end of the file, in blocks and includes too
 *   %% include NAME             its lines as they are, with the same names
 *   %% # a remark
 * E: a.b, "text", number, true, false, E == E, E != E, E < E, E in list, not, and, or, ( );
 * and, or, not give true or false. null, false, 0, "", an empty list are false.
 * A name that is not there is null where it is asked (if, ==; as a list it is
 * empty) and a fault where it is printed. A line of a directive begins with
 * blanks and %% and leaves no line behind; %%% begins a line with %%; @@{ is @{ .
 * False with a fault that names file and line ("Dockerfile:12: …"); `out` may have
 * got a part. Bounded: a million bytes out, a million lines gone through, 32 deep. */
bool template_render(const char *name, const char *text, size_t len, const char *facts_json, template_read *read,
	void *context, struct str *out, struct fault *fault);

/* ---- the files of a project ---------------------------------------------------------------- */

enum plan_state {
	PLAN_NEW, /* not there yet */
	PLAN_SAME, /* is there, with this very text */
	PLAN_DIFFERS, /* is there with another text: left alone unless it is agreed to */
	PLAN_LINES, /* is there and lacks some lines: these are added */
	PLAN_ELSEWHERE, /* is there under another name: left alone */
	PLAN_LINK, /* the path, or a folder of it, is a symbolic link: never written */
	PLAN_BLOCKED, /* no text that can be read: a folder, a device, a binary, over 1 MiB, no right to: never written */
};

struct plan_file {
	char *path; /* relative to the project's folder */
	char *part; /* "core" "database" … : what --with and --without name */
	char *text; /* rendered; of PLAN_LINES: what is there with the lines added */
	bool is_executable, is_secret; /* mode 0755; mode 0600 */
	bool is_lines; /* lines are added to what is there: .gitignore, .env */
	enum plan_state state;
	char *found; /* where it is: itself, or under which other name; NULL: nowhere */
	char *now; /* its text as it is; NULL: not there or no text */
	bool is_wanted; /* will be written: what is new or lacks lines; what differs where it was agreed to */
	char *says; /* what the file is for, one sentence */
};
struct plan {
	struct { struct plan_file *items; size_t count, cap; } files; /* in the order in which people read them */
};

/* Where the templates lie: in share/templates of the tree that this program was built
 * in, else where they were installed. NULL: nowhere; the caller frees. */
char *templates_folder(void);

/* Renders every file that applies. `templates` is the folder that holds
 * templates.json: {"files": [{
 *   "path"        below the project's folder, @{…} in it
 *   "template"    file below `templates`; what it includes is looked for beside it, then in `templates`
 *   "part"        left out where choices.parts of the facts holds false for it
 *   "when"        E: left out where it is not true
 *   "each"        name of a list of the facts: a file for each item, which is `it`
 *   "over"        a path named before it: left out where that file is PLAN_ELSEWHERE
 *   "executable", "secret", "lines"   true or false
 *   "names"       [paths that count as the same file: PLAN_ELSEWHERE]
 *   "role"        of `existing` of the facts: one at another path is PLAN_ELSEWHERE
 *   "says"        what it is for}]}.
 * Of a file of lines only what is missing is added, at the end: NAME=… where no
 * line sets NAME, any other line where it is not there; remarks right above go along. */
bool plan_open(const char *templates, const char *root, const char *facts_json, struct plan *plan, struct fault *fault);
void plan_close(struct plan *plan);
/* One file's, as if it were wanted. False, and nothing is added: nothing of it would ever be written. */
bool plan_write_file_diff(const struct plan_file *file, struct str *out);
/* What is wanted, as a unified diff, to be looked at: secret values are masked. How many files. */
size_t plan_write_diff(const struct plan *plan, struct str *out);
/* Writes what is wanted, each beside and renamed; folders are made; links are
 * never followed; a file that is not as it was when the plan was opened is left
 * alone. False with the first fault; the others are written all the same.
 * `written` gets the paths of what was. */
bool plan_apply(const struct plan *plan, const char *root, struct strings *written, struct fault *fault);

#endif
