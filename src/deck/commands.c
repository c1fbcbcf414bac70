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
#define NOT_SERVICES (COMMAND_AT_LOG | COMMAND_AT_BUILD | COMMAND_AT_START)
#define ROWS (COMMAND_AT_SERVICES | COMMAND_AT_LOG | COMMAND_AT_BUILD)

/* A command of the screen alone. */
#define ON_SCREEN(id, name, sentence, flags, where, group, keys, hint, question) \
	{id, name, sentence, NULL, NULL, COMMAND_TAKES_NOTHING, 0, 0, NULL, flags, where, group, keys, hint, question}

/* ---- options ---- */

static const struct command_option common_options[] = {
	{"project", 'C', "DIR", N_("Work on the project in this folder, in place of the current one"), NULL, false},
	{"file", 'f', "FILE", N_("Take this compose file"), NULL, true},
	{"env-file", 0, "FILE", N_("Take variables for the compose files from this file"), NULL, true},
	{"profile", 0, "NAME", N_("Switch a profile of the compose files on"), NULL, true},
	{"project-name", 'p', "NAME", N_("Give the compose project this name"), NULL, false},
	{"manifest-path", 0, "FILE", N_("Take this Cargo.toml, where there are several"), NULL, false},
	{"context", 'c', "NAME", N_("Use the engine of this Docker context"), NULL, false},
	{"host", 'H', "URL", N_("Use the engine at this address: unix:// or tcp://"), NULL, false},
	{"color", 0, "WHEN", N_("Whether lines are coloured"), "auto always never", false},
	{"help", 'h', NULL, N_("Say how it is used"), NULL, false},
	{"version", 'V', NULL, N_("Say which version this is"), NULL, false},
	END,
};

static const struct command_option up_options[] = {
	{"take-over", 0, NULL, N_("Adopt a stack that plain compose started, without asking"), NULL, false},
	{"yes", 'y', NULL, N_("Answer every question of the start with yes"), NULL, false},
	{"read-only", 0, NULL, N_("Show what runs; bring nothing up, build nothing, and run no command that changes anything"), NULL, false},
	END,
};

static const struct command_option watch_options[] = {
	{"json", 0, NULL, N_("Print one event a line as JSON; see EVENTS in the manual page"), NULL, false},
	{"take-over", 0, NULL, N_("Adopt a stack that plain compose started"), NULL, false},
	END,
};

static const struct command_option build_options[] = {
	{"clean", 0, NULL, N_("Compile everything anew"), NULL, false},
	{"json", 0, NULL, N_("Print one event a line as JSON; see EVENTS in the manual page"), NULL, false},
	END,
};

static const struct command_option job_options[] = {
	{"names", 0, NULL, N_("Print the names of all jobs, one a line; no engine is asked"), NULL, false},
	{"json", 0, NULL, N_("Print one event a line as JSON; see EVENTS in the manual page"), NULL, false},
	END,
};

static const struct command_option down_options[] = {
	{"volumes", 'v', NULL, N_("Remove the project's own volumes too, with all that is in them"), NULL, false},
	END,
};

static const struct command_option ps_options[] = {
	{"json", 0, NULL, N_("Print an array as JSON; see SERVICES AS JSON in the manual page"), NULL, false},
	{"line", 0, NULL, N_("Print one short line, for tmux or a prompt"), NULL, false},
	{"names", 0, NULL, N_("Print the names of all services, one a line; no engine is asked"), NULL, false},
	END,
};

static const struct command_option logs_options[] = {
	{"follow", 'f', NULL, N_("Go on with what is written from now on, until Ctrl-C"), NULL, false},
	{"tail", 'n', "N", N_("Begin with the last N lines of each service; 100 where this is not given"), NULL, false},
	{"timestamps", 't', NULL, N_("Put the time before each line"), NULL, false},
	{"grep", 'g', "PATTERN", N_("Print only lines that match this regular expression; without a capital letter case is folded"), NULL, false},
	{"exclude", 0, "PATTERN", N_("Leave out lines that match this one"), NULL, false},
	{"level", 'l', "LEVEL", N_("Print only lines of this level or a higher one; a line without a level counts as info"),
		"debug info warn error", false},
	{"json", 0, NULL, N_("Print one JSON object a line: time, service, stream and text"), NULL, false},
	END,
};

static const struct command_option wait_options[] = {
	{"healthy", 0, NULL, N_("Wait until they are healthy, not only running"), NULL, false},
	{"timeout", 't', "SECONDS", N_("Give up after this time; 60 where this is not given, 0 for never"), NULL, false},
	END,
};

static const struct command_option stats_options[] = {
	{"json", 0, NULL, N_("Print an array as JSON; with --watch one object a line"), NULL, false},
	{"watch", 'w', NULL, N_("Measure again each second, until Ctrl-C"), NULL, false},
	END,
};

static const struct command_option events_options[] = {
	{"json", 0, NULL, N_("Print one JSON object a line: time, service, action, container and exit_code"), NULL, false},
	{"since", 0, "TIME", N_("Begin with what was since then: 10m, 2h, 2026-11-23T14:02:11Z"), NULL, false},
	END,
};

static const struct command_option compose_config_options[] = {
	{"drift", 0, NULL, N_("Say where it differs from what runs; it ends with 1 where it does"), NULL, false},
	{"json", 0, NULL, N_("Print differences as JSON"), NULL, false},
	END,
};

static const struct command_option check_options[] = {
	{"live", 0, NULL, N_("Look at what runs too: images, containers, their processes; a live proof outranks a file"), NULL, false},
	{"probe", 0, NULL, N_("Like --live, and start a throw-away copy of each service to see how it stops; and send a line to the receiver of its log"), NULL, false},
	{"format", 0, "FORMAT", N_("How it is printed"), "text json sarif", false},
	{"json", 0, NULL, N_("The same as --format json"), NULL, false},
	{"all", 'a', NULL, N_("Print what is kept and what does not apply as well, as text and SARIF; JSON always has it"), NULL, false},
	{"only", 0, "PRACTICE", N_("Only this practice (2.3) or topic (2); several with commas"), NULL, true},
	{"skip", 0, "PRACTICE", N_("Not this practice or topic"), NULL, true},
	{"fail-on", 0, "WHAT", N_("End with 1 where this is broken: high is an error, medium a warning; warning where this is not given"), "error warning never", false},
	{"fix", 0, NULL, N_("Show the safe edits that mend as a diff, ask where there is a terminal, and write them"), NULL, false},
	{"dry-run", 'n', NULL, N_("Show that diff and write nothing"), NULL, false},
	{"yes", 'y', NULL, N_("Write without asking"), NULL, false},
	{"list", 0, NULL, N_("Print the catalogue; no project is needed"), NULL, false},
	{"explain", 0, "PRACTICE", N_("Say what a practice is, how it is checked, and what mends it"), NULL, false},
	END,
};

static const struct command_option init_options[] = {
	{"dry-run", 'n', NULL, N_("Show what would be written as a diff, and write nothing"), NULL, false},
	{"yes", 'y', NULL, N_("Take every default, and ask nothing"), NULL, false},
	{"force", 0, NULL, N_("Write over files that are there with another text"), NULL, false},
	{"with", 0, "PART", N_("With this part; several with commas"), NULL, true},
	{"without", 0, "PART", N_("Without this part; several with commas"), NULL, true},
	{"base", 0, "BASE", N_("What the shipped image stands on; distroless where this is not given"), "distroless scratch slim", false},
	{"migrator", 0, "TOOL", N_("What applies the migrations; what the project uses where this is not given"), "sqlx diesel program none", false},
	{"json", 0, NULL, N_("Print what was found and what was written as JSON"), NULL, false},
	END,
};

static const struct command_option json_options[] = {
	{"json", 0, NULL, N_("Print it as JSON"), NULL, false},
	END,
};

/* ---- what the screen asks ---- */

#define ASK_STOP N_("Stop %s? Nothing answers there until the next start.")
#define ASK_DOWN N_("Stop and remove every container of this project? Volumes stay.")
#define ASK_CLEAN N_("Compile everything anew? What is compiled now is thrown away; services go on.")
#define ASK_WRITE N_("Files that would be written: %s. Write them?")
#define ASK_TAKE_OVER N_("Take this stack over? The containers of its Rust services are made anew.")

/* ---- the table ---- */

/* In the order of the lists, and of the hints on the bottom line. */
static const struct command_def defs[] = {
	ON_SCREEN(COMMAND_OPEN, "enter", N_("Open what is selected: a service's log, an error in the editor"),
		SCREEN, ROWS | COMMAND_AT_CHECKS | COMMAND_AT_INIT, COMMAND_LOOK, "Enter", N_("open"), NULL),
	{COMMAND_UP, "up", N_("Bring the stack up, watch the sources and show both"),
		N_("Opens the deck: a screen with every service, the build, the log and the last saves. "
		"It brings up what is down, then watches: a save is built in the builder and swapped into the services that run it, "
		"while the old code answers. The key \"?\" shows all keys.\n\n"
		"The key q ends it: services stay on their last generation. Where another cargodeck has the project, it follows that one."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, up_options, VERB | DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "U", NULL, NULL},
	{COMMAND_BUILD, "build", N_("Build every program that a service runs, now"),
		N_("Builds in the builder, once, and swaps what is new into the services that run. It ends with 1 where the build fails; "
		"nothing that runs is changed then."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, build_options, VERB | DECK | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOP,
		"b", N_("build"), NULL},
	{COMMAND_JOB, "job", N_("Run a job of cargo beside the build: check, clippy, test, doc, your own"),
		N_("Runs it once in the builder: in that of the deck that has the project, after the build that runs just now, "
		"or in one of its own; no service is started. It prints what cargo prints and ends with cargo's exit status. "
		"Tests are run by nextest where the builder has it. Jobs have a target folder of their own, so no build waits for them. "
		"Own jobs stand in [jobs] of config.ini; see OWN JOBS in the manual page.\n\n"
		"On the screen it chooses the job that runs after each build that passed. A save cancels it, and it runs again after that save's build."),
		"JOB", COMMAND_TAKES_JOB, 0, 1, job_options, VERB | SCREEN | COMMAND_WRITES | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOP,
		"J", N_("job"), NULL},
	{COMMAND_START, "start", N_("Start services"),
		N_("Without a name: all of them."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE | COMMAND_MANY, ROWS, COMMAND_LIFE, "s", N_("start"), NULL},
	{COMMAND_STOP, "stop", N_("Stop services"),
		N_("Without a name: all of them. The containers stay."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE | COMMAND_MANY, ROWS, COMMAND_LIFE, "x", N_("stop"), ASK_STOP},
	{COMMAND_RESTART, "restart", N_("Restart services, with the whole start of their containers"),
		N_("Without a name: all of them. A save needs no restart: it is swapped in."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, NULL, VERB | SERVICE | COMMAND_MANY, ROWS, COMMAND_LIFE, "r", N_("restart"), NULL},
	{COMMAND_DOWN, "down", N_("Stop and remove the containers and networks of the project"),
		N_("The builder ends too. Volumes stay, those with cargo's caches and the target folder as well, unless --volumes is given."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, down_options, VERB | DECK, COMMAND_ANYWHERE, COMMAND_LIFE, "D", NULL, ASK_DOWN},
	{COMMAND_WATCH, "watch", N_("Do what up does, without a screen"),
		N_("Prints what happens as sentences, or with --json as one JSON object a line. It ends cleanly on SIGINT and SIGTERM: "
		"services stay on their last generation."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, watch_options, VERB | COMMAND_JSON, 0, COMMAND_LOOP, NULL, NULL, NULL},
	{COMMAND_PS, "ps", N_("List services with state, health, generation and usage"),
		N_("Without a name: all of them."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, ps_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_LOGS, "logs", N_("Print what services write"),
		N_("Without a name: all of them, merged by time. After the word logs, -f means --follow; a compose file is named before it: "
		"cargodeck -f FILE logs -f. A pattern is looked for in a line as it was written, and where that is JSON in what the screen shows of it."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, logs_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_STATS, "stats", N_("Print what services use: CPU, memory, network, block I/O, processes"),
		/* xgettext:no-c-format */
		N_("CPU is measured over about a second; 100% is one core. Network and block I/O are counted from the start of the container. "
		"Without a name: all of them."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, stats_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_EVENTS, "events", N_("Print what the engine tells of the project's containers, as it comes"),
		N_("Starts, ends, health and the like, one a line, until Ctrl-C. The engine keeps its last events for --since."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, events_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_COMPOSE_CONFIG, "compose-config", N_("Print the compose configuration as it is run, with the override"),
		N_("It is JSON. Values that are secret by their name or look are masked. "
		"With --drift it says for each service where the container is not as it is configured: image, variables (by name), ports, "
		"mounts, command, limits. Without a name: of all services."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, compose_config_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_WHY, "why", N_("Say why a service is as it is"),
		N_("Its state in a sentence, with the cause and what mends it; what it waits for and what waits for it, its probe, its last lines. "
		"Without a name: of each that is not well. It ends with 1 where one of them is not. "
		"On the screen it is about the selected service, and says every fault that is open."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, json_options, VERB | SCREEN | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOK,
		"y", N_("why"), NULL},
	{COMMAND_WAIT, "wait", N_("Wait until services run"),
		N_("Without a name: all of them. It ends with 0 as soon as all do, with 1 when the time is over or one of them failed."),
		"[SERVICE...]", COMMAND_TAKES_SERVICES, 0, 4096, wait_options, VERB, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_DOCTOR, "doctor", N_("Check the machine and say how each service is built and swapped"),
		N_("Engine, Compose, buildx, API version, inotify limits, disk, ptrace, rights; then for each service which binary it runs, "
		"in which image, how it is swapped, and why. What is not good comes with the command that mends it, and the exit status is 1."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, json_options, VERB | COMMAND_JSON, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_INIT, "init", N_("Write the container files of the project"),
		N_("It finds out what the project is, says so, and writes a Dockerfile, .dockerignore, compose files and what else applies: "
		"for databases, production, the pipeline and editors. On a terminal it asks; without one, or with --yes, every default is taken. "
		"A file that is there, under any of its names, is left alone without a yes for it or --force; a symbolic link is never written through; "
		".gitignore and .env get lines only. A second run changes nothing.\n\n"
		"Of several Rust projects below the folder it takes the only one with a service, or the one that --manifest-path names. "
		"Below the root of a repository the files for GitHub are left out: it reads them in the root alone.\n\n"
		"Parts: database, redis, mail, dev; prod, swarm, backup, logs, metrics, traces, scan; ci; devcontainer, vscode. "
		"All that apply are taken; --with takes the first four and those that are named.\n\n"
		"On the screen it is a page: parts are chosen, each file is seen as a diff, and all is written after a question. "
		"It opens by itself in a folder with a Cargo.toml and no compose file."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, init_options, VERB | SCREEN | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOK, "W", NULL, NULL},
	{COMMAND_CHECK, "check", N_("Say which of the 83 practices of a containerised Rust project are kept, with evidence"),
		N_("It reads Dockerfiles, compose files as compose merges them, .dockerignore, workflows, manifests and sources; "
		"nothing is built and nothing is changed. Each practice is kept, broken, not applicable (with the reason) or cannot be told (with what is missing). "
		"A line `# cargodeck: allow 2.3 REASON` in the file where something is found lets it through.\n\n"
		"On the screen it shows them by topic, judged again after each save; Enter opens the file at the line, and a key applies the mend "
		"once its change was shown."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, check_options, VERB | SCREEN | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOK,
		"c", N_("checks"), NULL},
	{COMMAND_COMPOSE_OVERRIDE, "compose-override", N_("Print the override that is laid over the compose files"),
		N_("It is JSON, which Compose reads as YAML. It replaces images and adds the mounts that a swap needs, nothing else."),
		NULL, COMMAND_TAKES_NOTHING, 0, 0, NULL, VERB, 0, COMMAND_LOOK, NULL, NULL, NULL},
	{COMMAND_CONFIG, "config", N_("Print every setting with its value and where it comes from"),
		N_("`cargodeck config check` reads config.ini, or the file that is named behind it, says each mistake with its line "
		"(settings, theme, keys, own commands and jobs), and ends with 1 where there is one."),
		"[check [FILE]]", COMMAND_TAKES_WORDS, 0, 2, json_options, VERB | COMMAND_JSON, 0, COMMAND_ABOUT, NULL, NULL, NULL},
	{COMMAND_VERSION, "version", N_("Print the version"), NULL,
		NULL, COMMAND_TAKES_NOTHING, 0, 0, json_options, VERB | COMMAND_JSON, 0, COMMAND_ABOUT, NULL, NULL, NULL},
	{COMMAND_HELP, "help", N_("Say how a command is used"), NULL,
		"[COMMAND]", COMMAND_TAKES_COMMAND, 0, 1, NULL, VERB, 0, COMMAND_ABOUT, NULL, NULL, NULL},

	ON_SCREEN(COMMAND_PAUSE_WATCH, "pause", N_("Pause the watch, or go on with it"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "p", N_("pause"), NULL),
	ON_SCREEN(COMMAND_REBUILD, "rebuild", N_("Compile everything anew"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, "B", NULL, ASK_CLEAN),
	ON_SCREEN(COMMAND_BACK, "back", N_("Go back to the last good generation before this one"),
		DECK, ROWS, COMMAND_LOOP, "u", N_("back"), NULL),
	ON_SCREEN(COMMAND_TAKE_OVER, "take-over", N_("Take over containers that run outside the deck"),
		DECK, ROWS, COMMAND_LIFE, "T", NULL, ASK_TAKE_OVER),
	ON_SCREEN(COMMAND_JOB_OFF, "job-off", N_("Run no job beside the build"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, NULL, NULL, NULL),
	ON_SCREEN(COMMAND_JOB_CHECK, "job-check", N_("Run cargo check after each build"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, NULL, NULL, NULL),
	ON_SCREEN(COMMAND_JOB_CLIPPY, "job-clippy", N_("Run cargo clippy after each build"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, NULL, NULL, NULL),
	ON_SCREEN(COMMAND_JOB_TEST, "job-test", N_("Run the tests after each build"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, NULL, NULL, NULL),
	ON_SCREEN(COMMAND_JOB_DOC, "job-doc", N_("Run cargo doc after each build"),
		DECK, COMMAND_ANYWHERE, COMMAND_LOOP, NULL, NULL, NULL),

	ON_SCREEN(COMMAND_LINE_UP, "line-up", N_("Move up a line"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "k Up", NULL, NULL),
	ON_SCREEN(COMMAND_LINE_DOWN, "line-down", N_("Move down a line"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "j Down", NULL, NULL),
	ON_SCREEN(COMMAND_PAGE_UP, "page-up", N_("Move up a page"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Ctrl-B PageUp", NULL, NULL),
	ON_SCREEN(COMMAND_PAGE_DOWN, "page-down", N_("Move down a page"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Ctrl-F PageDown", NULL, NULL),
	ON_SCREEN(COMMAND_FIRST, "first", N_("Move to the first line"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "g Home", NULL, NULL),
	ON_SCREEN(COMMAND_LAST, "last", N_("Move to the last line"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "G End", NULL, NULL),
	ON_SCREEN(COMMAND_LEAVE, "leave", N_("Close what is open, or go back to the services"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Esc", NULL, NULL),
	ON_SCREEN(COMMAND_PANE_NEXT, "pane-next", N_("Go to the next pane"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "Tab", N_("pane"), NULL),
	ON_SCREEN(COMMAND_PANE_PREVIOUS, "pane-previous", N_("Go to the pane before"),
		MOVE, COMMAND_ANYWHERE, COMMAND_MOVE, "Shift-Tab", NULL, NULL),
	ON_SCREEN(COMMAND_ZOOM, "zoom", N_("Give the pane the whole screen, and back"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "z", N_("zoom"), NULL),
	ON_SCREEN(COMMAND_LOG_FOLLOW, "log-follow", N_("Follow the log, or hold it where it is"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "F", N_("follow"), NULL),
	ON_SCREEN(COMMAND_LOG_TIME, "log-time", N_("Show the time of each line, how long ago, since the line before, or none"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "t", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_WRAP, "log-wrap", N_("Wrap long lines, or cut them"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "w", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_RAW, "log-raw", N_("Show JSON lines as they were written, or as a person reads them"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "R", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_LEFT, "log-left", N_("Move a log that is not wrapped back to the left"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "Left <", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_RIGHT, "log-right", N_("Move a log that is not wrapped to the right"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "Right >", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_LEVEL, "log-level", N_("Show lines from a level on: all, DEBUG, INFO, WARN, ERROR"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "L", N_("level"), NULL),
	ON_SCREEN(COMMAND_FILTER, "filter", N_("Show the lines of the log that hold a text; !text leaves out those that do"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "&", N_("filter"), NULL),
	ON_SCREEN(COMMAND_GO_TO_TIME, "go-to-time", N_("Go to a time in the log: 14:02, 14:02:11, -5min"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "@", NULL, NULL),
	ON_SCREEN(COMMAND_MARK, "mark", N_("Mark the line of the log, or take its mark away"),
		SCREEN, NOT_SERVICES, COMMAND_LOOK, "*", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_NEXT, "mark-next", N_("Go to the next marked line"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "}", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_PREVIOUS, "mark-previous", N_("Go to the marked line before"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "{", NULL, NULL),
	ON_SCREEN(COMMAND_SELECT, "select", N_("Select lines of the log by moving, or end that"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "V", NULL, NULL),
	ON_SCREEN(COMMAND_COPY, "copy", N_("Copy the selected lines, or the one that was found, to the terminal's clipboard"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "Y", NULL, NULL),
	ON_SCREEN(COMMAND_EXPORT, "export", N_("Write the log, or what is selected or filtered of it, into a file"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "E", NULL, NULL),
	ON_SCREEN(COMMAND_PAGER, "pager", N_("Open the log, or what is selected or filtered of it, in the pager"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "P", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_MERGE, "log-merge", N_("Show the logs of all services, or of those marked, as one by time; or of the selected one"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "l", N_("logs"), NULL),
	ON_SCREEN(COMMAND_LOG_BESIDE, "log-beside", N_("Show the log of the selected service, or of those marked, beside the other one; again: close it"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_LOOK, "S", N_("beside"), NULL),
	ON_SCREEN(COMMAND_LOG_LARGER, "log-larger", N_("Make the pane of the log larger"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "+", NULL, NULL),
	ON_SCREEN(COMMAND_LOG_SMALLER, "log-smaller", N_("Make the pane of the log smaller"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "-", NULL, NULL),
	ON_SCREEN(COMMAND_ARRANGE, "arrange", N_("Put the log beside the other panes, or below them"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_MOVE, "|", NULL, NULL),
	{COMMAND_INSPECT, "inspect", N_("Look into a container: image, command, variables, mounts, ports, health"),
		N_("What a container is: image with digest, command, variables, mounts, networks, ports, labels, limits, health with the last probes, "
		"restart policy. Values that are secret by their name or look are masked, with --json too. "
		"On the screen it is about the selected service, in tabs: processes, the engine's own words as a tree, the configuration, "
		"and where what runs differs from it."),
		"SERVICE", COMMAND_TAKES_SERVICES, 1, 1, json_options, VERB | SERVICE | SCREEN | COMMAND_JSON, COMMAND_ANYWHERE, COMMAND_LOOK,
		"i", N_("inspect"), NULL},
	{COMMAND_OPEN_ADDRESS, "open", N_("Open the address of a port that a service publishes"),
		N_("Prints the http address and opens it with xdg-open, where there is one and a display. "
		"Without PORT: the first port that speaks http; else the one of this number, outside or inside."),
		"SERVICE [PORT]", COMMAND_TAKES_SERVICES, 1, 2, json_options, VERB | SERVICE | COMMAND_JSON, ROWS, COMMAND_LOOK, "O", NULL, NULL},
	ON_SCREEN(COMMAND_SEARCH, "search", N_("Search in the log"),
		SCREEN, NOT_SERVICES, COMMAND_LOOK, "/", N_("search"), NULL),
	ON_SCREEN(COMMAND_FILTER_SERVICES, "filter-services", N_("List the services with a text in their name or state"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "/", N_("filter"), NULL),
	ON_SCREEN(COMMAND_SORT, "sort", N_("Sort the services by the next column: name, state, cpu, memory, restarts, up"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "o", N_("sort"), NULL),
	ON_SCREEN(COMMAND_SORT_REVERSE, "sort-reverse", N_("Turn the order of the services round"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "I", NULL, NULL),
	ON_SCREEN(COMMAND_HIDE_STOPPED, "hide-stopped", N_("Hide services that are stopped or done, or show them again"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "H", NULL, NULL),
	ON_SCREEN(COMMAND_OTHERS, "others", N_("Show the engine's other containers too, by project, or only this project's"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "A", NULL, NULL),
	ON_SCREEN(COMMAND_COLUMNS, "columns", N_("Choose the columns of the services: network, block I/O, restarts, image and more"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LOOK, "C", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_SERVICE, "mark-service", N_("Mark the service, or take its mark away: start, stop and restart act on all that are marked"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LIFE, "Space", NULL, NULL),
	ON_SCREEN(COMMAND_MARK_SERVICES, "mark-services", N_("Mark all services that are listed, or none"),
		SCREEN, COMMAND_AT_SERVICES, COMMAND_LIFE, "*", NULL, NULL),
	ON_SCREEN(COMMAND_SEARCH_NEXT, "search-next", N_("Go to the next match"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "n", NULL, NULL),
	ON_SCREEN(COMMAND_SEARCH_PREVIOUS, "search-previous", N_("Go to the match before"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "N", NULL, NULL),
	ON_SCREEN(COMMAND_ERROR_NEXT, "error-next", N_("Go to the next error of the build, or failing test"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "]", N_("error"), NULL),
	ON_SCREEN(COMMAND_ERROR_PREVIOUS, "error-previous", N_("Go to the error before"),
		MOVE, COMMAND_ANYWHERE, COMMAND_LOOK, "[", NULL, NULL),
	ON_SCREEN(COMMAND_TAB_NEXT, "tab-next", N_("Inside a container: go to the next tab"),
		SCREEN, COMMAND_AT_CONTAINER, COMMAND_MOVE, "l", NULL, NULL),
	ON_SCREEN(COMMAND_TAB_PREVIOUS, "tab-previous", N_("Inside a container: go to the tab before"),
		SCREEN, COMMAND_AT_CONTAINER, COMMAND_MOVE, "h", NULL, NULL),
	ON_SCREEN(COMMAND_UNFOLD, "unfold", N_("Inside a container or the checks: unfold what is selected"),
		SCREEN, COMMAND_AT_CONTAINER | COMMAND_AT_CHECKS, COMMAND_MOVE, "Right", NULL, NULL),
	ON_SCREEN(COMMAND_FOLD, "fold", N_("Inside a container or the checks: fold what is selected, or go to what it belongs to"),
		SCREEN, COMMAND_AT_CONTAINER | COMMAND_AT_CHECKS, COMMAND_MOVE, "Left", NULL, NULL),
	ON_SCREEN(COMMAND_SERVICE_NEXT, "service-next", N_("Inside a container: look into the next service's"),
		SCREEN, COMMAND_AT_CONTAINER, COMMAND_MOVE, "]", NULL, NULL),
	ON_SCREEN(COMMAND_SERVICE_PREVIOUS, "service-previous", N_("Inside a container: look into the one of the service before"),
		SCREEN, COMMAND_AT_CONTAINER, COMMAND_MOVE, "[", NULL, NULL),
	ON_SCREEN(COMMAND_CHECK_MEND, "check-mend", N_("Inside the checks: show what mends the practice, and write it after a yes"),
		SCREEN | COMMAND_WRITES, COMMAND_AT_CHECKS, COMMAND_LOOK, "m", NULL, NULL),
	ON_SCREEN(COMMAND_CHECK_ALL, "check-all", N_("Inside the checks: list all practices, or only those broken or not to be told"),
		SCREEN, COMMAND_AT_CHECKS, COMMAND_LOOK, "a", NULL, NULL),
	ON_SCREEN(COMMAND_CHECK_AGAIN, "check-again", N_("Inside the checks: judge the project again"),
		SCREEN, COMMAND_AT_CHECKS, COMMAND_LOOK, "r", NULL, NULL),
	ON_SCREEN(COMMAND_CHECK_LIVE, "check-live", N_("Inside the checks: look at what runs too, or at files alone"),
		SCREEN, COMMAND_AT_CHECKS, COMMAND_LOOK, "L", NULL, NULL),
	ON_SCREEN(COMMAND_INIT_TURN, "init-turn", N_("Inside the container files: take the part or leave it out, take the next choice, overwrite a file that differs or leave it alone"),
		SCREEN, COMMAND_AT_INIT, COMMAND_LOOK, "Space", NULL, NULL),
	ON_SCREEN(COMMAND_INIT_WRITE, "init-write", N_("Inside the container files: write them"),
		SCREEN | COMMAND_WRITES, COMMAND_AT_INIT, COMMAND_LOOK, "w", NULL, ASK_WRITE),
	ON_SCREEN(COMMAND_INIT_AGAIN, "init-again", N_("Inside the container files: look at the project again, and take every default"),
		SCREEN, COMMAND_AT_INIT, COMMAND_LOOK, "r", NULL, NULL),
	ON_SCREEN(COMMAND_THEME, "theme", N_("Choose the colours; each theme is shown while one looks"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-T", NULL, NULL),
	ON_SCREEN(COMMAND_RAN, "command-log", N_("Show what was run: the line, when, how long, how it ended"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "!", NULL, NULL),
	ON_SCREEN(COMMAND_MOUSE, "mouse", N_("Take the mouse, or leave it to the terminal"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "M", NULL, NULL),
	ON_SCREEN(COMMAND_REDRAW, "redraw", N_("Draw the whole screen anew"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-L", NULL, NULL),
	ON_SCREEN(COMMAND_SUSPEND, "suspend", N_("Give the terminal back to the shell for a while"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "Ctrl-Z", NULL, NULL),
	ON_SCREEN(COMMAND_PALETTE, "palette", N_("Run a command by its name"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, ":", N_("all"), NULL),
	ON_SCREEN(COMMAND_KEYS, "keys", N_("Show every key, and search in them"),
		SCREEN, COMMAND_ANYWHERE, COMMAND_ABOUT, "? F1", N_("help"), NULL),
	ON_SCREEN(COMMAND_QUIT, "quit", N_("End the deck; services stay on their last generation"),
		DECK | COMMAND_HARMLESS, COMMAND_ANYWHERE, COMMAND_ABOUT, "q Ctrl-C", N_("quit"), NULL),
};

const struct command_table deck_commands = {
	.program = "cargodeck",
	.version = PACKAGE_VERSION,
	.sentence = N_("Save a file, and the new code answers: Rust services in containers"),
	.description = /* no text */
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
