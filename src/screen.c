/* `up`: a deck and a screen on it. What the person asks goes to the deck, what
 * the deck knows is drawn; the loop's turn hook draws once a turn. */
#include "cargodeck/commands.h"
#include "cargodeck/config.h"
#include "cargodeck/tui.h"
#include "cargodeck/verbs.h"
#include "editor.h"
#include "screen.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { SIGNALS = 5 };

struct screen {
	struct loop *loop;
	struct deck *deck;
	struct tui *tui;
	struct config *config;
	struct own_table *own; /* the commands, with those of the settings */
	struct loop_file *config_file, *theme_file;
	struct remember *remember; /* what was chosen in this project; NULL while it is not known */
	bool is_read_only; /* by the command line */
	unsigned lent; /* the own command that has the terminal, in the list of what was run; 0: none */
	struct loop_child *editor; /* or the pager: what has the terminal */
	const char *variable; /* of the environment, that it was named by */
	char *paged; /* the file that the pager shows, removed afterwards */
	struct loop_signal *signals[SIGNALS];
	bool gone;
};

/* ---- the editor ---- */

static void forget_paged(struct screen *screen)
{
	if (screen->paged != NULL)
		unlink(screen->paged);
	free(steal(&screen->paged));
}

static void on_editor_done(void *data, int status, int signal_number)
{
	struct screen *screen = data;
	struct fault fault;
	loop_child_close(steal(&screen->editor));
	bool is_pager = screen->paged != NULL;
	forget_paged(screen);
	tui_resume(screen->tui);
	deck_checks_edited(screen->deck);
	if (screen->lent != 0) {
		deck_ran_end(screen->deck, screen->lent, status); /* it has told itself how it ended */
		screen->lent = 0;
	} else if (status == 127) {
		fault_set(&fault, FAULT_OUTSIDE, is_pager ? N_("the pager could not be started") : N_("the editor could not be started"));
		fault_mend(&fault, "set %s to its name", screen->variable);
		tui_show_fault(screen->tui, &fault);
	} else if (status != 0 || signal_number != 0) {
		/* what it said went with its screen */
		if (signal_number != 0)
			fault_set(&fault, FAULT_OUTSIDE, is_pager ? N_("the pager was ended by signal %d") : N_("the editor was ended by signal %d"), signal_number);
		else
			fault_set(&fault, FAULT_OUTSIDE, is_pager ? N_("the pager ended with %d") : N_("the editor ended with %d"), status);
		fault_mend(&fault, "where that was not meant, try the line in %s in a shell, or set another program there", screen->variable);
		tui_show_fault(screen->tui, &fault);
	}
}

/* Gives the terminal to a program until it ends. */
static void lend_terminal(struct screen *screen, const struct strings *argv, const char *variable)
{
	static const struct loop_child_call calls = {NULL, NULL, on_editor_done};
	struct fault fault;
	auto_free const char **vector = strings_vector(argv);
	tui_suspend(screen->tui);
	screen->variable = variable;
	screen->editor = loop_child_open(screen->loop, &(struct loop_child_options){.argv = vector, .own_terminal = true}, &calls, screen, &fault);
	if (screen->editor == NULL) {
		forget_paged(screen);
		deck_ran_end(screen->deck, screen->lent, 127);
		screen->lent = 0;
		tui_resume(screen->tui);
		fault_mend(&fault, "set %s to the name of another program", variable);
		tui_show_fault(screen->tui, &fault);
	}
}

static void on_page(void *data, const char *path)
{
	struct screen *screen = data;
	auto_strings argv = {0};
	struct fault fault;
	if (screen->editor != NULL) {
		unlink(path);
		return;
	}
	if (!editor_take_program(&argv, getenv("PAGER"), "less -R", "PAGER", &fault)) {
		unlink(path);
		tui_show_fault(screen->tui, &fault);
		return;
	}
	strings_add(&argv, path);
	screen->paged = mem_copy_string(path);
	lend_terminal(screen, &argv, "PAGER");
}

static void on_edit(void *data, const char *file, unsigned line, unsigned column)
{
	struct screen *screen = data;
	auto_strings argv = {0};
	if (screen->editor != NULL)
		return;
	auto_free char *path = deck_path(screen->deck, file);
	const char *variable = editor_find_variable();
	struct fault fault;
	if (!editor_take_program(&argv, variable != NULL ? getenv(variable) : NULL, "vi", variable, &fault)) {
		tui_show_fault(screen->tui, &fault);
		return;
	}
	editor_add_place(&argv, path, line, column);
	lend_terminal(screen, &argv, variable != NULL ? variable : "EDITOR");
}

/* ---- a person's own commands ---- */

/* Ctrl-C ends the command, $1, not the shell that says how it ended, with $2. */
static const char own_script[] = "trap : INT; sh -c \"$1\"; status=$?; printf \"\\n$2\" \"$status\"; read -r line; exit \"$status\"";

/* What the line may name comes as variables: no value is ever read as shell. */
static void add_variables(const struct screen *screen, struct strings *words)
{
	const char *service = tui_selected(screen->tui), *file = tui_selected_file(screen->tui);
	const char *container = service != NULL ? deck_container(screen->deck, service) : NULL, *folder = deck_folder(screen->deck);
	auto_free char *path = file != NULL ? deck_path(screen->deck, file) : NULL;
	strings_add(words, "env");
	strings_print(words, "CARGODECK_SERVICE=%s", service != NULL ? service : "");
	strings_print(words, "CARGODECK_CONTAINER=%s", container != NULL ? container : "");
	strings_print(words, "CARGODECK_FILE=%s", path != NULL ? path : "");
	strings_print(words, "CARGODECK_PROJECT=%s", folder != NULL ? folder : "");
}

static bool run_own(struct screen *screen, const struct config_command *command, struct fault *fault)
{
	const char *service = tui_selected(screen->tui);
	auto_strings words = {0};
	if (screen->editor != NULL)
		return true;
	if (command->needs_file && tui_selected_file(screen->tui) == NULL)
		return fault_set(fault, FAULT_USAGE, "no error is selected, and `%s` works on the file of one", command->name);
	bool needs_container = strstr(command->shell, "$CARGODECK_CONTAINER") != NULL;
	if (needs_container && service == NULL)
		return fault_set(fault, FAULT_USAGE, "no service is selected, and `%s` works on the container of one", command->name);
	if (needs_container && deck_container(screen->deck, service) == NULL)
		return fault_set(fault, FAULT_USAGE, "%s has no container, and `%s` works on it", service, command->name);
	add_variables(screen, &words);
	strings_add(&words, "sh");
	strings_add(&words, "-c");
	if (command->is_background) {
		strings_add(&words, command->shell);
		deck_run_own(screen->deck, command->name, command->shell, &words);
		return true;
	}
	strings_add(&words, own_script);
	strings_add(&words, "cargodeck");
	strings_add(&words, command->shell);
	strings_add(&words, _("[ended with %s; Enter goes back] "));
	screen->lent = deck_ran_begin(screen->deck, command->shell);
	lend_terminal(screen, &words, "PATH");
	return true;
}

/* ---- what the person asks ---- */

static void on_view(void *data, struct view *view)
{
	struct screen *screen = data;
	deck_view(screen->deck, view);
}

static bool on_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	struct screen *screen = data;
	const struct config_command *own = own_table_find(screen->own, id);
	if (own != NULL)
		return run_own(screen, own, fault);
	const struct config_job *job = own_table_find_job(screen->own, id);
	if (job != NULL)
		return deck_choose_job(screen->deck, job->name, fault);
	switch ((enum command_id)id) {
	case COMMAND_QUIT:
		loop_stop(screen->loop);
		return true;
	case COMMAND_BUILD:
		deck_build_now(screen->deck, false);
		return true;
	case COMMAND_REBUILD:
		deck_build_now(screen->deck, true);
		return true;
	case COMMAND_START:
		return deck_services_order(screen->deck, names, "start", fault);
	case COMMAND_STOP:
		return deck_services_order(screen->deck, names, "stop", fault);
	case COMMAND_RESTART:
		return deck_services_order(screen->deck, names, "restart", fault);
	case COMMAND_UP:
		deck_start_all(screen->deck);
		return true;
	case COMMAND_DOWN:
		return deck_down(screen->deck, fault);
	case COMMAND_PAUSE_WATCH:
		deck_pause_watch(screen->deck, !deck_watch_is_paused(screen->deck));
		return true;
	case COMMAND_BACK:
		return deck_go_back(screen->deck, fault);
	case COMMAND_JOB_OFF:
		return deck_choose_job(screen->deck, "off", fault);
	case COMMAND_JOB_CHECK:
		return deck_choose_job(screen->deck, "check", fault);
	case COMMAND_JOB_CLIPPY:
		return deck_choose_job(screen->deck, "clippy", fault);
	case COMMAND_JOB_TEST:
		return deck_choose_job(screen->deck, "test", fault);
	case COMMAND_JOB_DOC:
		return deck_choose_job(screen->deck, "doc", fault);
	case COMMAND_TAKE_OVER:
		deck_take_over(screen->deck);
		return true;
	case COMMAND_OPEN_ADDRESS:
		return deck_open_address(screen->deck, names->items[0], fault);
	default:
		return fault_set(fault, FAULT_USAGE, "this cannot be done on the screen");
	}
}

static void on_follow(void *data, const char *service)
{
	struct screen *screen = data;
	deck_follow_log(screen->deck, service);
}

static void on_merge(void *data, const struct strings *names)
{
	struct screen *screen = data;
	deck_merge_logs(screen->deck, names);
}

static void on_beside(void *data, const struct strings *names)
{
	struct screen *screen = data;
	deck_show_beside(screen->deck, names);
}

static void on_explain(void *data, const char *service)
{
	struct screen *screen = data;
	deck_explain(screen->deck, service);
}

static void on_inspect(void *data, const char *service)
{
	struct screen *screen = data;
	deck_inspect(screen->deck, service);
}

static void on_traffic(void *data, bool is_on)
{
	struct screen *screen = data;
	deck_watch_traffic(screen->deck, is_on);
}

static void on_others(void *data, bool is_on)
{
	struct screen *screen = data;
	deck_show_others(screen->deck, is_on);
}

static void on_in_sight(void *data, const struct strings *names)
{
	struct screen *screen = data;
	deck_others_in_sight(screen->deck, names);
}

static void on_check(void *data, enum tui_check what, const char *practice)
{
	struct screen *screen = data;
	switch (what) {
	case TUI_CHECK_AWAY:
	case TUI_CHECK_FILES:
	case TUI_CHECK_LIVE:
		deck_checks(screen->deck, what != TUI_CHECK_AWAY, what == TUI_CHECK_LIVE);
		break;
	case TUI_CHECK_AGAIN:
		deck_checks_again(screen->deck);
		break;
	case TUI_CHECK_MEND:
	case TUI_CHECK_DROP:
		deck_checks_mend(screen->deck, what == TUI_CHECK_MEND ? practice : NULL);
		break;
	case TUI_CHECK_WRITE:
		deck_checks_write(screen->deck);
		break;
	}
}

static void on_init(void *data, enum tui_init what, const char *name)
{
	struct screen *screen = data;
	switch (what) {
	case TUI_INIT_AWAY:
	case TUI_INIT_OPEN:
	case TUI_INIT_AGAIN:
		deck_init(screen->deck, what != TUI_INIT_AWAY);
		break;
	case TUI_INIT_PART:
		deck_init_turn_part(screen->deck, name);
		break;
	case TUI_INIT_FILE:
		deck_init_turn_file(screen->deck, name);
		break;
	case TUI_INIT_WRITE:
		deck_init_write(screen->deck);
		break;
	}
}

static bool is_read_only(const struct screen *screen)
{
	return screen->is_read_only || config_is_on(screen->config, CONFIG_READ_ONLY);
}

/* The theme's own file was saved: who writes one sees it at once. */
static void on_theme_saved(void *data)
{
	struct screen *screen = data;
	struct fault fault = {0};
	struct theme theme;
	if (!config_find_theme(screen->config, screen->config->theme.name, &theme, &fault)) {
		tui_show_fault(screen->tui, &fault);
		return;
	}
	screen->config->theme = theme;
	tui_configure(screen->tui, own_table_commands(screen->own), screen->config, is_read_only(screen));
}

static void watch_theme(struct screen *screen)
{
	auto_free char *path = config_theme_file(screen->config);
	loop_file_close(screen->theme_file);
	screen->theme_file = path != NULL ? loop_file_open(screen->loop, path, on_theme_saved, screen) : NULL;
}

/* Kept for as long as the deck is open. */
static void on_theme(void *data, const char *name)
{
	struct screen *screen = data;
	config_choose_theme(screen->config, name);
	watch_theme(screen);
}

static void on_gone(void *data)
{
	struct screen *screen = data;
	screen->gone = true;
	loop_stop(screen->loop);
}

/* ---- the loop ---- */

/* The job of the last time; one that is no more is none. */
static void choose_job_again(struct screen *screen)
{
	const char *job = remember_text(screen->remember, "job");
	struct fault fault;
	if (job == NULL || strcmp(job, "off") == 0 || deck_follows(screen->deck))
		return;
	auto_free char *name = mem_copy_string(job); /* choosing puts it anew */
	deck_choose_job(screen->deck, name, &fault);
}

static void remember_job(struct screen *screen, const struct deck_event *event)
{
	if (event->kind == DECK_JOB && strcmp(event->state, "chosen") == 0 && screen->remember != NULL && !deck_follows(screen->deck))
		remember_put_text(screen->remember, "job", event->job);
}

static void on_turn(void *data)
{
	struct screen *screen = data;
	if (screen->remember == NULL && deck_name(screen->deck) != NULL) {
		struct fault fault = {0};
		screen->remember = remember_open(deck_name(screen->deck), &fault);
		tui_remember(screen->tui, screen->remember);
		if (fault.code != FAULT_NONE)
			tui_show_fault(screen->tui, &fault);
		choose_job_again(screen);
	}
	if (screen->tui == NULL || screen->editor != NULL || deck_asks_early(screen->deck))
		return; /* empty panes would only hold up the rows */
	while (tui_turn(screen->tui, deck_revision(screen->deck)) && deck_drawn(screen->deck))
		;
}

static void on_signal(void *data, int number)
{
	struct screen *screen = data;
	if (number == SIGWINCH && screen->tui != NULL)
		tui_resize(screen->tui);
	else if (number == SIGCONT && screen->tui != NULL && screen->editor == NULL)
		tui_resume(screen->tui);
	else if (number == SIGHUP)
		on_gone(screen);
	else if (number == SIGTERM || (number == SIGINT && screen->editor == NULL))
		loop_stop(screen->loop); /* Ctrl-C in a program that has the terminal is meant for it alone */
}

static void on_event(void *data, const struct deck_event *event)
{
	struct screen *screen = data;
	remember_job(screen, event);
	bool bell = (event->kind == DECK_SERVING && config_is_on(screen->config, CONFIG_BELL_SERVING)) ||
		(deck_event_is_failure(event) && config_is_on(screen->config, CONFIG_BELL_FAILED));
	if (bell && screen->tui != NULL && screen->editor == NULL && !screen->gone && write(STDOUT_FILENO, "\a", 1) < 0)
		on_gone(screen);
}

static void open_signals(struct screen *screen)
{
	static const int numbers[SIGNALS] = {SIGWINCH, SIGCONT, SIGHUP, SIGTERM, SIGINT};
	for (size_t i = 0; i < SIGNALS; i++)
		screen->signals[i] = loop_signal_open(screen->loop, numbers[i], on_signal, screen);
	signal(SIGPIPE, SIG_IGN);
}

/* Those of the file and those of its keys. */
static void show_mistakes(struct screen *screen, const struct config *config)
{
	struct fault fault;
	auto_strings mistakes = {0};
	strings_copy(&mistakes, &config->mistakes);
	tui_check_keys(own_table_commands(screen->own), config, &mistakes);
	if (mistakes.count == 0)
		return;
	fault_set(&fault, FAULT_INPUT, "%s", mistakes.items[0]);
	if (mistakes.count > 1)
		fault_mend(&fault, "and %zu more: `cargodeck config check` says them all", mistakes.count - 1);
	tui_show_fault(screen->tui, &fault);
}

/* ---- settings ---- */

void screen_check_keys(const struct config *config, struct strings *mistakes)
{
	struct own_table *own = own_table_open(config, mistakes);
	tui_check_keys(own_table_commands(own), config, mistakes);
	own_table_close(own);
}

static void set_deck(struct screen *screen)
{
	deck_set_hooks(screen->deck, config_text(screen->config, CONFIG_ON_SERVING), config_text(screen->config, CONFIG_ON_FAILED));
	verb_set_limits(screen->deck, screen->config);
	deck_set_jobs(screen->deck, screen->config);
}

/* The file was saved: what is right in it is taken at once. */
static void on_config_saved(void *data)
{
	struct screen *screen = data;
	struct config *config = config_open_again(screen->config, NULL), *before = screen->config;
	struct own_table *own_before = screen->own;
	if (config->path == NULL && config->mistakes.count > 0) {
		/* it cannot be read at all: all stays as it was */
		show_mistakes(screen, config);
		config_close(config);
		return;
	}
	if (!text_equal(config_text(config, CONFIG_LANGUAGE), config_text(before, CONFIG_LANGUAGE)))
		language_choose(config_text(config, CONFIG_LANGUAGE));
	screen->config = config;
	screen->own = own_table_open(config, &config->mistakes);
	tui_configure(screen->tui, own_table_commands(screen->own), config, is_read_only(screen));
	set_deck(screen);
	show_mistakes(screen, config);
	watch_theme(screen);
	own_table_close(own_before);
	config_close(before);
}

static void watch_config(struct screen *screen)
{
	auto_free char *path = path_home(PATH_CONFIG, "config.ini");
	screen->config_file = loop_file_open(screen->loop, path, on_config_saved, screen);
	watch_theme(screen);
}

static bool open_all(struct screen *screen, const struct command_line *line, struct fault *fault)
{
	static const struct tui_call calls = {.view = on_view, .command = on_command, .follow = on_follow, .merge = on_merge, .beside = on_beside,
		.explain = on_explain, .edit = on_edit, .page = on_page, .gone = on_gone, .inspect = on_inspect,
		.traffic = on_traffic, .others = on_others, .in_sight = on_in_sight, .check = on_check, .init = on_init, .theme = on_theme};
	struct deck_options options;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fault_set(fault, FAULT_USAGE, "the screen needs a terminal");
		return fault_mend(fault, "use `cargodeck watch` where there is none");
	}
	verb_options_read(line, &options);
	screen->is_read_only = options.read_only;
	options.read_only = is_read_only(screen);
	screen->deck = deck_open(screen->loop, &options, on_event, screen, fault);
	verb_options_finish(&options);
	if (screen->deck == NULL)
		return false;
	set_deck(screen);
	deck_show_early(screen->deck);
	deck_watch_figures(screen->deck);
	if (!deck_start(screen->deck, fault))
		return false;
	loop_turn(screen->loop, 0); /* the engine works on its list while curses begins */
	screen->tui = tui_open(screen->loop, &(struct tui_options){.in = STDIN_FILENO, .out = STDOUT_FILENO,
		.commands = own_table_commands(screen->own), .config = screen->config, .is_read_only = is_read_only(screen)}, &calls, screen, fault);
	return screen->tui != NULL;
}

int screen_run(const struct command_line *line)
{
	struct screen screen = {0};
	struct fault fault = {0};
	int status = 0;
	screen.loop = loop_open();
	screen.config = config_open(NULL, NULL);
	screen.own = own_table_open(screen.config, &screen.config->mistakes);
	open_signals(&screen);
	if (!open_all(&screen, line, &fault)) {
		status = verb_fault(&fault);
	} else {
		show_mistakes(&screen, screen.config);
		watch_config(&screen);
		loop_set_turn_hook(screen.loop, on_turn, &screen);
		loop_run(screen.loop);
		loop_set_turn_hook(screen.loop, NULL, NULL);
	}
	/* the terminal first: it must be as it was, whatever comes */
	loop_child_close(screen.editor);
	forget_paged(&screen);
	tui_close(screen.tui);
	deck_close(screen.deck);
	for (size_t i = 0; i < SIGNALS; i++)
		loop_signal_close(screen.signals[i]);
	loop_file_close(screen.config_file);
	loop_file_close(screen.theme_file);
	remember_close(screen.remember);
	own_table_close(screen.own);
	config_close(screen.config);
	loop_close(screen.loop);
	return status;
}
