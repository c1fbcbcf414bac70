/* command: what a command is. One table of definitions (deck's, commands.h)
 * makes the reading of arguments, the help texts, the man page, the shell
 * completions, and on the screen the keys, hints, help overlay and palette. */
#ifndef CARGODECK_COMMAND_H
#define CARGODECK_COMMAND_H

#include "cargodeck/base.h"

/* One option: "--file FILE", "-f FILE". Tables end with a NULL name. */
struct command_option {
	const char *name; /* without the dashes */
	char letter; /* 0: none */
	/* "FILE"; NULL: takes none. FILE and DIR are completed as such; what N and
	 * SECONDS are given is checked to be a whole number of at most nine digits. */
	const char *value;
	const char *sentence; /* without a full stop */
	const char *choices; /* "auto always never"; NULL: anything */
	bool repeats; /* may be given more than once, each counts */
};

enum {
	COMMAND_VERB = 1, /* usable from a shell */
	COMMAND_DECK = 2, /* usable on the screen */
	COMMAND_SERVICE = 4, /* on the screen: acts on the selected service */
	COMMAND_SCREEN = 8, /* on the screen: tui does it itself */
	COMMAND_PLAIN = 16, /* a movement: not in the palette */
	COMMAND_JSON = 32, /* prints; --json is understood */
	COMMAND_HIDDEN = 64, /* in no list */
	COMMAND_BUILDS = 128, /* on the screen: of no use where nothing is built */
	COMMAND_MANY = 256, /* on the screen: acts on all services that are marked */
	COMMAND_HARMLESS = 512, /* on the screen: not tui's own, and yet changes nothing */
	COMMAND_WRITES = 1024, /* on the screen: tui's own, and yet leads to a change */
};

/* Where a key means this command. */
enum {
	COMMAND_AT_SERVICES = 1, COMMAND_AT_LOG = 2, COMMAND_AT_BUILD = 4, COMMAND_AT_START = 8,
	COMMAND_ANYWHERE = 15,
	/* its keys come before those of anywhere */
	COMMAND_AT_CONTAINER = 256,
	COMMAND_AT_CHECKS = 512,
	COMMAND_AT_INIT = 1024,
};

enum command_group { COMMAND_LOOP, COMMAND_LIFE, COMMAND_LOOK, COMMAND_MOVE, COMMAND_ABOUT, COMMAND_OWN, COMMAND_GROUPS };
const char *command_group_name(enum command_group group);

/* What a positional argument is, for completions. */
enum command_takes { COMMAND_TAKES_NOTHING, COMMAND_TAKES_SERVICES, COMMAND_TAKES_COMMAND, COMMAND_TAKES_JOB,
	COMMAND_TAKES_WORDS, /* any words: not completed */
};

struct command_def {
	int id;
	const char *name; /* "restart", the verb; "log-follow" */
	const char *sentence; /* one, in the imperative, without a full stop */
	const char *help; /* paragraphs separated by an empty line, or NULL */
	const char *arguments; /* "[SERVICE...]", or NULL */
	enum command_takes takes;
	unsigned least, most; /* how many positional arguments; most 0: none */
	const struct command_option *options; /* its own, or NULL */
	unsigned flags;
	unsigned where; /* deck commands: COMMAND_AT_… */
	enum command_group group;
	const char *keys; /* defaults, separated by blanks: "q Ctrl-C"; NULL: none */
	const char *hint; /* the word on the bottom line, or NULL */
	const char *question; /* asked before; "%s" is the selected service */
};

/* A term and what it means; tables end with a NULL term. */
struct command_term {
	const char *term;
	const char *meaning;
};

/* A chapter of the man page. */
struct command_chapter {
	const char *title;
	const char *text; /* paragraphs before the terms, or NULL */
	const struct command_term *terms; /* or NULL */
};

struct command_table {
	const char *program, *version;
	const char *sentence; /* what the program is */
	const char *description; /* paragraphs of the man page */
	const struct command_def *defs;
	size_t count;
	const struct command_option *options; /* understood by every verb */
	const struct command_chapter *chapters;
	size_t chapter_count;
	int usual; /* id of the verb that stands for none */
};

const struct command_def *command_find(const struct command_table *table, const char *name);
const struct command_def *command_get(const struct command_table *table, int id);
/* The nearest name by letters exchanged, or NULL where none is near. */
const char *command_nearest(const struct command_table *table, const char *name, unsigned flags);

/* ---- reading arguments ---------------------------------------------------- */

struct command_given {
	const struct command_option *option;
	char *value; /* NULL: takes none */
};

struct command_line {
	const struct command_def *command; /* NULL: --help or --version without a verb */
	ARRAY(struct command_given) given; /* in order */
	struct strings arguments;
	bool help, version; /* --help, --version: only the verb was looked at */
};

/* Reads main's arguments (argv[0] is the program) in the forms of GNU's
 * getopt_long(3): --name=value, --name value, a beginning of the name that is
 * clear, -n value, -nvalue, -abc; -- ends options. Options may stand before or
 * after the verb; a letter that is one of all and one of the verb's own means
 * the verb's after it. A first argument "deck" is skipped, as cargo gives it to
 * `cargo deck`. False and FAULT_USAGE with the nearest known name; the line is
 * to be finished either way. */
bool command_parse(const struct command_table *table, int argc, char *const *argv,
	struct command_line *line, struct fault *fault);
void command_line_finish(struct command_line *line);
bool command_line_has(const struct command_line *line, const char *name);
/* The value given last, or NULL. Borrowed. */
const char *command_line_value(const struct command_line *line, const char *name);
/* Adds every value given, in order. */
void command_line_values(const struct command_line *line, const char *name, struct strings *values);

/* ---- writing from the table -------------------------------------------------- */

/* `command` NULL: the whole program. Lines fold at `width` columns. */
void command_write_help(const struct command_table *table, const struct command_def *command,
	unsigned width, struct str *out);
/* roff with the man macros (man(7)); `more` are chapters from elsewhere, they
 * come before the table's own. */
void command_write_man(const struct command_table *table, const struct command_chapter *more,
	size_t more_count, struct str *out);
/* Services are completed by what `PROGRAM ps --names` prints, one a line, jobs by
 * `PROGRAM job --names`. */
enum command_shell { COMMAND_BASH, COMMAND_ZSH, COMMAND_FISH };
void command_write_completions(const struct command_table *table, enum command_shell shell, struct str *out);

#endif
