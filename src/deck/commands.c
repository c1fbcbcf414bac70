/* The one table of commands: every verb of the shell and every command of the
 * screen with its sentence, options, keys and question. main, deck and tui act
 * by id; help, manual page, completions, hints and palette are written from it. */
#include "config.h"

#include "cargodeck/commands.h"
#include "manual.h"

#define END {NULL, 0, NULL, NULL, NULL, false}
#define VERB COMMAND_VERB
#define DECK COMMAND_DECK
#define SERVICE (COMMAND_DECK | COMMAND_SERVICE)
#define SCREEN (COMMAND_DECK | COMMAND_SCREEN)
#define MOVE (COMMAND_DECK | COMMAND_SCREEN | COMMAND_PLAIN)
#define ROWS (COMMAND_AT_SERVICES | COMMAND_AT_LOG | COMMAND_AT_BUILD)

/* A command of the screen alone. */
#define ON_SCREEN(id, name, sentence, flags, where, group, keys, hint, question) \
	{id, name, sentence, NULL, NULL, COMMAND_TAKES_NOTHING, 0, 0, NULL, flags, where, group, keys, hint, question}

/* ---- options ---- */

static const struct command_option common_options[] = {
	{"project", 'C', "DIR", "Work on the project in this folder, in place of the current one", NULL, false},
	{"file", 'f', "FILE", "Take this compose file", NULL, true},
	{"env-file", 0, "FILE", "Take variables for the compose files from this file", NULL, true},
	{"profile", 0, "NAME", "Switch a profile of the compose files on", NULL, true},
	{"project-name", 'p', "NAME", "Give the compose project this name", NULL, false},
	{"manifest-path", 0, "FILE", "Take this Cargo.toml, where there are several", NULL, false},
	{"context", 'c', "NAME", "Use the engine of this Docker context", NULL, false},
	{"host", 'H', "URL", "Use the engine at this address: unix:// or tcp://", NULL, false},
	{"color", 0, "WHEN", "Whether lines are coloured", "auto always never", false},
	{"help", 'h', NULL, "Say how it is used", NULL, false},
	{"version", 'V', NULL, "Say which version this is", NULL, false},
	END,
};

static const struct command_option up_options[] = {
	{"take-over", 0, NULL, "Adopt a stack that plain compose started, without asking", NULL, false},
	{"yes", 'y', NULL, "Answer every question of the start with yes", NULL, false},
	END,
};

static const struct command_option watch_options[] = {
	{"json", 0, NULL, "Print one event a line as JSON; see EVENTS in the manual page", NULL, false},
	{"take-over", 0, NULL, "Adopt a stack that plain compose started", NULL, false},
	END,
};

static const struct command_option build_options[] = {
	{"clean", 0, NULL, "Compile everything anew", NULL, false},
	{"json", 0, NULL, "Print one event a line as JSON; see EVENTS in the manual page", NULL, false},
	END,
};

static const struct command_option down_options[] = {
	{"volumes", 'v', NULL, "Remove the project's own volumes too, with all that is in them", NULL, false},
	END,
};

static const struct command_option ps_options[] = {
	{"json", 0, NULL, "Print an array as JSON; see SERVICES AS JSON in the manual page", NULL, false},
	{"line", 0, NULL, "Print one short line, for tmux or a prompt", NULL, false},
	{"names", 0, NULL, "Print the names of all services, one a line; no engine is asked", NULL, false},
	END,
};

static const struct command_option logs_options[] = {
	{"follow", 'f', NULL, "Go on with what is written from now on, until Ctrl-C", NULL, false},
	{"tail", 'n', "N", "Begin with the last N lines of each service; 100 where this is not given", NULL, false},
	{"timestamps", 't', NULL, "Put the time before each line", NULL, false},
	{"json", 0, NULL, "Print one JSON object a line: time, service, stream and text", NULL, false},
	END,
};

static const struct command_option wait_options[] = {
	{"healthy", 0, NULL, "Wait until they are healthy, not only running", NULL, false},
	{"timeout", 't', "SECONDS", "Give up after this time; 60 where this is not given, 0 for never", NULL, false},
	END,
};

static const struct command_option json_options[] = {
	{"json", 0, NULL, "Print it as JSON", NULL, false},
	END,
};

/* ---- what the screen asks ---- */

#define ASK_STOP "Stop %s? It answers nobody until it is started again."
#define ASK_DOWN "Stop and remove every container of this project? Volumes stay."
#define ASK_CLEAN "Compile everything anew? What is compiled now is thrown away; services go on."
#define ASK_TAKE_OVER "Take this stack over? The containers of its Rust services are made anew."

/* ---- the table ---- */

/* In the order of the lists, and of the hints on the bottom line. */
static const struct command_def defs[] = {
	ON_SCREEN(COMMAND_OPEN, "open", "Open what is selected: a service's log, an error in the editor",
		SCREEN, ROWS, COMMAND_LOOK, "Enter", "open", NULL),
	{COMMAND_UP, "up", "Bring the stack up, watch the sources and show both",
		"Opens the deck: a screen with every service, the build, the log and the last saves. "
		"It brings up what is down, then watches: a save is built in the builder and swapped into the services that run it, "
		"while the old code answers. The key \"?\" shows all keys.\n\n"
		"The key q ends it: services stay on their last generation. Where another cargodeck has the project, it follows that one.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, up_options, VERB | DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "U", NULL, NULL},
	{COMMAND_BUILD, "build", "Build every program that a service runs, now",
		"Builds in the builder, once, and swaps what is new into the services that run. It ends with 1 where the build fails; "
		"nothing that runs is changed then.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, build_options, VERB | DECK | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOP,
		"b", "build", NULL},
	{COMMAND_START, "start", "Start services",
		"Without a name: all of them.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE, ROWS, COMMAND_LIFE, "s", "start", NULL},
	{COMMAND_STOP, "stop", "Stop services",
		"Without a name: all of them. The containers stay.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE, ROWS, COMMAND_LIFE, "x", "stop", ASK_STOP},
	{COMMAND_RESTART, "restart", "Restart services, with the whole start of their containers",
		"Without a name: all of them. A save needs no restart: it is swapped in.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE, ROWS, COMMAND_LIFE, "r", "restart", NULL},
	{COMMAND_DOWN, "down", "Stop and remove the containers and networks of the project",
		"The builder ends too. Volumes stay, those with cargo's caches and the target folder as well, unless --volumes is given.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, down_options, VERB | DECK, COMMAND_ANYWHERE, COMMAND_LIFE, "D", NULL, ASK_DOWN},
	{COMMAND_WATCH, "watch", "Do what up does, without a screen",
		"Prints what happens as sentences, or with --json as one JSON object a line. It ends cleanly on SIGINT and SIGTERM: "
		"services stay on their last generation.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, watch_options, VERB | COMMAND_JSON, 0, COMMAND_LOOP, NULL, NULL, NULL},
	{COMMAND_PS, "ps", "List services with state, health, generation and usage",
		"Without a name: all of them.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, ps_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_LOGS, "logs", "Print what services write",
		"Without a name: all of them, merged by time. After the word logs, -f means --follow; a compose file is named before it: "
		"cargodeck -f FILE logs -f.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, logs_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_WHY, "why", "Say why a service is as it is",
		"Its state in a sentence, with the cause and what mends it; what it waits for and what waits for it, its probe, its last lines. "
		"Without a name: of each that is not well. It ends with 1 where one of them is not. "
		"On the screen it is about the selected service, and says every fault that is open.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, json_options, VERB | SCREEN | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOK,
		"y", "why", NULL},
	{COMMAND_WAIT, "wait", "Wait until services run",
		"Without a name: all of them. It ends with 0 as soon as all do, with 1 when the time is over or one of them failed.",
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, wait_options, VERB, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_DOCTOR, "doctor", "Check the machine and say how each service is built and swapped",
		"Engine, Compose, buildx, API version, inotify limits, disk, ptrace, rights; then for each service which binary it runs, "
		"in which image, how it is swapped, and why. What is not good comes with the command that mends it, and the exit status is 1.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, json_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_COMPOSE_OVERRIDE, "compose-override", "Print the override that is laid over the compose files",
		"It is JSON, which Compose reads as YAML. It replaces images and adds the mounts that a swap needs, nothing else.",
		NULL, COMMAND_TAKES_NOTHING, 0, 0, NULL, VERB, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_VERSION, "version", "Print the version", NULL,
		NULL, COMMAND_TAKES_NOTHING, 0, 0, json_options, VERB | COMMAND_JSON, 0, COMMAND_ABOUT, NULL, NULL, NULL},
	{COMMAND_HELP, "help", "Say how a command is used", NULL,
		"[COMMAND]", COMMAND_TAKES_COMMAND, 0, 1, NULL, VERB, 0, COMMAND_ABOUT, NULL, NULL, NULL},

	ON_SCREEN(COMMAND_PAUSE_WATCH, "pause", "Pause the watch, or go on with it",
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "p", "pause", NULL),
	ON_SCREEN(COMMAND_REBUILD, "rebuild", "Compile everything anew",
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "B", NULL, ASK_CLEAN),
	ON_SCREEN(COMMAND_BACK, "back", "Go back to the last good generation before this one",
		DECK, ROWS, COMMAND_LOOP, "u", "back", NULL),
	ON_SCREEN(COMMAND_TAKE_OVER, "take-over", "Take over containers that run outside the deck",
		DECK, ROWS, COMMAND_LIFE, "T", NULL, ASK_TAKE_OVER),

	ON_SCREEN(COMMAND_LINE_UP, "line-up", "Move up a line",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "k Up", NULL, NULL),
	ON_SCREEN(COMMAND_LINE_DOWN, "line-down", "Move down a line",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "j Down", NULL, NULL),
	ON_SCREEN(COMMAND_PAGE_UP, "page-up", "Move up a page",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Ctrl-B PageUp", NULL, NULL),
	ON_SCREEN(COMMAND_PAGE_DOWN, "page-down", "Move down a page",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Ctrl-F PageDown", NULL, NULL),
	ON_SCREEN(COMMAND_FIRST, "first", "Move to the first line",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "g Home", NULL, NULL),
	ON_SCREEN(COMMAND_LAST, "last", "Move to the last line",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "G End", NULL, NULL),
	ON_SCREEN(COMMAND_LEAVE, "leave", "Close what is open, or go back to the services",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Esc", NULL, NULL),
	ON_SCREEN(COMMAND_PANE_NEXT, "pane-next", "Go to the next pane",
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "Tab", "pane", NULL),
	ON_SCREEN(COMMAND_PANE_PREVIOUS, "pane-previous", "Go to the pane before",
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Shift-Tab", NULL, NULL),
	ON_SCREEN(COMMAND_ZOOM, "zoom", "Give the pane the whole screen, and back",
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "z", "zoom", NULL),
	ON_SCREEN(COMMAND_LOG_FOLLOW, "log-follow", "Follow the log, or hold it where it is",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "F", "follow", NULL),
	ON_SCREEN(COMMAND_LOG_TIME, "log-time", "Show the time of each line, how long after the one before it came, or neither",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "t", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_WRAP, "log-wrap", "Wrap long lines, or cut them",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "w", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_RAW, "log-raw", "Show JSON lines as they were written, or as a person reads them",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "R", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_LEFT, "log-left", "Move a log that is not wrapped back to the left",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "Left <", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_RIGHT, "log-right", "Move a log that is not wrapped to the right",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "Right >", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_LEVEL, "log-level", "Show lines from a level on: all, DEBUG, INFO, WARN, ERROR",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "L", "level", NULL),
	ON_SCREEN(COMMAND_FILTER, "filter", "Show the lines of the log that hold a text; !text leaves out those that do",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "&", "filter", NULL),
	ON_SCREEN(COMMAND_GO_TO_TIME, "go-to-time", "Go to a time in the log: 14:02, 14:02:11, -5min",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "@", NULL, NULL),
	ON_SCREEN(COMMAND_MARK, "mark", "Mark the line of the log, or take its mark away",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "*", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_NEXT, "mark-next", "Go to the next marked line",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "}", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_PREVIOUS, "mark-previous", "Go to the marked line before",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "{", NULL, NULL),
	ON_SCREEN(COMMAND_SELECT, "select", "Select lines of the log by moving, or end that",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "V", NULL, NULL),
	ON_SCREEN(COMMAND_COPY, "copy", "Copy the selected lines, or the one that was found, to the terminal's clipboard",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "Y", NULL, NULL),
	ON_SCREEN(COMMAND_EXPORT, "export", "Write the log, or what is selected or filtered of it, into a file",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "E", NULL, NULL),
	ON_SCREEN(COMMAND_PAGER, "pager", "Open the log, or what is selected or filtered of it, in the pager",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "P", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_MERGE, "log-merge", "Show the logs of all services as one, merged by time, or of the selected one",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "l", "logs", NULL),
	ON_SCREEN(COMMAND_LOG_LARGER, "log-larger", "Make the pane of the log larger",
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "+", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_SMALLER, "log-smaller", "Make the pane of the log smaller",
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "-", NULL, NULL),
	ON_SCREEN(COMMAND_ARRANGE, "arrange", "Put the log beside the other panes, or below them",
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "|", NULL, NULL),
	ON_SCREEN(COMMAND_SEARCH, "search", "Search in the pane",
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "/", "search", NULL),
	ON_SCREEN(COMMAND_SEARCH_NEXT, "search-next", "Go to the next match",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "n", NULL, NULL),
	ON_SCREEN(COMMAND_SEARCH_PREVIOUS, "search-previous", "Go to the match before",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "N", NULL, NULL),
	ON_SCREEN(COMMAND_ERROR_NEXT, "error-next", "Go to the next error of the build",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "]", NULL, NULL),
	ON_SCREEN(COMMAND_ERROR_PREVIOUS, "error-previous", "Go to the error before",
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "[", NULL, NULL),
	ON_SCREEN(COMMAND_THEME, "theme", "Choose the colours; each theme is shown while one looks",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-T", NULL, NULL),
	ON_SCREEN(COMMAND_MOUSE, "mouse", "Take the mouse, or leave it to the terminal",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "M", NULL, NULL),
	ON_SCREEN(COMMAND_REDRAW, "redraw", "Draw the whole screen anew",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-L", NULL, NULL),
	ON_SCREEN(COMMAND_SUSPEND, "suspend", "Give the terminal back to the shell for a while",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-Z", NULL, NULL),
	ON_SCREEN(COMMAND_PALETTE, "palette", "Run a command by its name",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, ":", "all", NULL),
	ON_SCREEN(COMMAND_KEYS, "keys", "Show every key, and search in them",
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "? F1", "help", NULL),
	ON_SCREEN(COMMAND_QUIT, "quit", "End the deck; services stay on their last generation",
		DECK, COMMAND_ANYWHERE, COMMAND_ABOUT, "q Ctrl-C", "quit", NULL),
};

const struct command_table deck_commands = {
	.program = "cargodeck",
	.version = PACKAGE_VERSION,
	.sentence = "Save a file, and the new code answers: Rust services in containers",
	.description =
		"cargodeck is for people who write Rust services that run in containers. "
		"It brings the compose project in the current folder up, watches its sources, rebuilds in a container "
		"what a save touched, and swaps the services that run it: the old code answers until the new code does, and no request is refused. "
		"While the code does not compile, the last good program answers.\n\n"
		"It needs no settings and no change to the project: a compose file and a cargo workspace are enough. "
		"A folder with only a compose file is shown and watched as well. "
		"It needs a Docker Engine, or one that speaks its API, with Compose v2 and buildx.\n\n"
		"Installed as cargo-deck too, it is also `cargo deck`.",
	.defs = defs,
	.count = COUNT_OF(defs),
	.options = common_options,
	.chapters = manual_chapters,
	.chapter_count = MANUAL_CHAPTERS,
	.usual = COMMAND_UP,
};
