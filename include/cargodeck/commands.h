/* commands: the one table of what can be asked, in a shell and on the screen.
 * The definitions stand in src/deck/commands.c; main, deck and tui act by id. */
#ifndef CARGODECK_COMMANDS_H
#define CARGODECK_COMMANDS_H

#include "cargodeck/command.h"

enum command_id {
	/* verbs; those up to COMMAND_DOWN are known to the screen too */
	COMMAND_UP,
	COMMAND_BUILD,
	COMMAND_START,
	COMMAND_STOP,
	COMMAND_RESTART,
	COMMAND_WHY,
	COMMAND_DOWN,
	COMMAND_WATCH,
	COMMAND_PS,
	COMMAND_LOGS,
	COMMAND_WAIT,
	COMMAND_DOCTOR,
	COMMAND_COMPOSE_OVERRIDE,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_STATS,
	COMMAND_EVENTS,
	COMMAND_INSPECT, /* known to the screen too */
	COMMAND_COMPOSE_CONFIG,
	COMMAND_OPEN_ADDRESS, /* known to the screen too */
	COMMAND_JOB, /* known to the screen too */
	COMMAND_CONFIG,
	COMMAND_INIT, /* known to the screen too */
	COMMAND_CHECK, /* known to the screen too */
	/* the screen's, done by deck */
	COMMAND_PAUSE_WATCH,
	COMMAND_REBUILD,
	COMMAND_BACK,
	COMMAND_TAKE_OVER,
	COMMAND_QUIT,
	COMMAND_JOB_OFF,
	COMMAND_JOB_CHECK,
	COMMAND_JOB_CLIPPY,
	COMMAND_JOB_TEST,
	COMMAND_JOB_DOC,
	/* the screen's own */
	COMMAND_KEYS,
	COMMAND_PALETTE,
	COMMAND_LINE_UP,
	COMMAND_LINE_DOWN,
	COMMAND_PAGE_UP,
	COMMAND_PAGE_DOWN,
	COMMAND_FIRST,
	COMMAND_LAST,
	COMMAND_OPEN,
	COMMAND_LEAVE,
	COMMAND_PANE_NEXT,
	COMMAND_PANE_PREVIOUS,
	COMMAND_ZOOM,
	COMMAND_LOG_FOLLOW,
	COMMAND_LOG_TIME,
	COMMAND_LOG_WRAP,
	COMMAND_LOG_RAW,
	COMMAND_LOG_LEFT,
	COMMAND_LOG_RIGHT,
	COMMAND_LOG_LEVEL,
	COMMAND_FILTER,
	COMMAND_GO_TO_TIME,
	COMMAND_MARK,
	COMMAND_MARK_NEXT,
	COMMAND_MARK_PREVIOUS,
	COMMAND_SELECT,
	COMMAND_COPY,
	COMMAND_EXPORT,
	COMMAND_PAGER,
	COMMAND_LOG_MERGE,
	COMMAND_LOG_BESIDE,
	COMMAND_LOG_LARGER,
	COMMAND_LOG_SMALLER,
	COMMAND_ARRANGE,
	COMMAND_SEARCH,
	COMMAND_SEARCH_NEXT,
	COMMAND_SEARCH_PREVIOUS,
	COMMAND_ERROR_NEXT,
	COMMAND_ERROR_PREVIOUS,
	COMMAND_MOUSE,
	COMMAND_REDRAW,
	COMMAND_SUSPEND,
	/* of the container view */
	COMMAND_TAB_NEXT,
	COMMAND_TAB_PREVIOUS,
	COMMAND_FOLD,
	COMMAND_UNFOLD,
	COMMAND_SERVICE_NEXT,
	COMMAND_SERVICE_PREVIOUS,
	/* the pane of services */
	COMMAND_SORT,
	COMMAND_SORT_REVERSE,
	COMMAND_FILTER_SERVICES,
	COMMAND_HIDE_STOPPED,
	COMMAND_MARK_SERVICE,
	COMMAND_MARK_SERVICES,
	COMMAND_COLUMNS,
	COMMAND_OTHERS,
	COMMAND_THEME,
	COMMAND_RAN,
	/* the pane of checks */
	COMMAND_CHECK_MEND,
	COMMAND_CHECK_ALL,
	COMMAND_CHECK_AGAIN,
	COMMAND_CHECK_LIVE,
	/* the page of container files */
	COMMAND_INIT_TURN,
	COMMAND_INIT_WRITE,
	COMMAND_INIT_AGAIN,
	COMMAND_COUNT,
};

extern const struct command_table deck_commands;

/* ---- a person's own commands and jobs (own.c) ---- */

struct config;
struct config_command;
struct config_job;
struct own_table;
/* deck_commands with the [commands] of the settings behind them, and a command
 * "job-NAME" for each line of [jobs] (with COMMAND_BUILDS), under the ids from
 * COMMAND_COUNT on. One whose name is taken is added to `mistakes` and left out.
 * `config` is borrowed: it must live as long. */
struct own_table *own_table_open(const struct config *config, struct strings *mistakes);
void own_table_close(struct own_table *own); /* NULL is fine */
const struct command_table *own_table_commands(const struct own_table *own);
/* What an id stands for; NULL: it is no own command, no own job. */
const struct config_command *own_table_find(const struct own_table *own, int id);
const struct config_job *own_table_find_job(const struct own_table *own, int id);

#endif
