/* tui: the screen: panes, keys, themes. It draws a `struct view` (view.h) that
 * deck fills and says by callbacks what the person wants. The only room that
 * knows curses. One tui at a time in a process (curses is global). */
#ifndef CARGODECK_TUI_H
#define CARGODECK_TUI_H

#include "cargodeck/base.h"
#include "cargodeck/command.h"
#include "cargodeck/config.h"
#include "cargodeck/loop.h"
#include "cargodeck/view.h"

struct tui;

struct tui_options {
	int in, out; /* the terminal; they stay the caller's */
	const struct command_table *commands; /* borrowed for the whole life */
	const struct config *config; /* borrowed: theme, keys, ascii, mouse */
	bool is_read_only; /* commands that change anything are refused */
	/* Tests: no terminal, a screen of this size in memory. 0: a real one. */
	unsigned headless_columns, headless_rows;
	unsigned headless_colours; /* 0, 16, 256 or 1 << 24 */
	bool headless_ascii;
};

/* What is wanted of view.checks. */
enum tui_check {
	TUI_CHECK_AWAY, /* it is wanted no more */
	TUI_CHECK_FILES, /* it is wanted from now on, by files alone */
	TUI_CHECK_LIVE, /* and by what runs, where the engine answers */
	TUI_CHECK_AGAIN,
	TUI_CHECK_MEND, /* what would mend this practice: view.checks.mending */
	TUI_CHECK_WRITE, /* that is to be written */
	TUI_CHECK_DROP, /* or not */
};

/* What is wanted of view.init. */
enum tui_init {
	TUI_INIT_AWAY, /* it is wanted no more */
	TUI_INIT_OPEN, /* it is wanted from now on */
	TUI_INIT_AGAIN, /* anew, by every default */
	TUI_INIT_PART, /* this part is turned, or takes its next value */
	TUI_INIT_FILE, /* this file is to be overwritten, or no longer */
	TUI_INIT_WRITE, /* all that is wanted is to be written */
};

struct tui_call {
	/* Fills the view; called only when a frame is drawn. */
	void (*view)(void *data, struct view *view);
	/* The person wants a command of the table (ids of commands.h) that tui
	 * does not do itself; what is destructive was asked for before. `names`: the
	 * services that it acts on, those marked or the selected one; empty: none.
	 * False and a fault: it is shown. */
	bool (*command)(void *data, int id, const struct strings *names, struct fault *fault);
	/* Another service is selected: its log should be followed. NULL: none. */
	void (*follow)(void *data, const char *service);
	/* The log pane is to show the logs of these services as one (an empty list:
	 * of all), NULL: the followed one's again. */
	void (*merge)(void *data, const struct strings *names);
	/* The second pane of logs is open: it shows the log of this service, or those of
	 * several as one (an empty list: of all). NULL: it is closed. May be NULL. */
	void (*beside)(void *data, const struct strings *names);
	/* view.why is wanted for this service from now on; NULL: no more. */
	void (*explain)(void *data, const char *service);
	/* Enter on an error: open it in the person's editor. May be NULL. */
	void (*edit)(void *data, const char *file, unsigned line, unsigned column);
	/* Show this file in the person's pager and remove it afterwards. May be NULL. */
	void (*page)(void *data, const char *path);
	/* The terminal is gone (hung up): nothing can be drawn any more. */
	void (*gone)(void *data);
	/* view.container is wanted for this service from now on; NULL: no more. May
	 * be NULL. */
	void (*inspect)(void *data, const char *service);
	/* Columns of network and block I/O are in sight, or no longer: their figures
	 * are wanted, or cost nothing. May be NULL. */
	void (*traffic)(void *data, bool is_on);
	/* view.others is wanted, or no longer. May be NULL. */
	void (*others)(void *data, bool is_on);
	/* Those of view.others whose rows are in sight: only their figures are
	 * wanted. May be NULL. */
	void (*in_sight)(void *data, const struct strings *names);
	/* `practice`: the id that TUI_CHECK_MEND is about. May be NULL. */
	void (*check)(void *data, enum tui_check what, const char *practice);
	/* `name`: of the part or file that it is about. May be NULL. */
	void (*init)(void *data, enum tui_init what, const char *name);
	/* The person chose this theme, or "auto"; the screen has it already. */
	void (*theme)(void *data, const char *name);
};

/* Adds what is wrong in the [keys] of the settings to `mistakes`, a sentence
 * with file and line each: unknown commands and keys, keys that mean two things. */
void tui_check_keys(const struct command_table *commands, const struct config *config, struct strings *mistakes);

/* Takes the terminal over: own decoder of keys, alternate screen, standard
 * error into the log file. NULL and a fault: no terminal, unknown TERM. */
struct tui *tui_open(struct loop *loop, const struct tui_options *options,
	const struct tui_call *call, void *data, struct fault *fault);
/* Gives the terminal back as it was. NULL is fine. */
void tui_close(struct tui *tui);

/* Takes other settings (and the table with other own commands) in place of those
 * that it was opened with; both are borrowed from then on. */
void tui_configure(struct tui *tui, const struct command_table *commands, const struct config *config, bool is_read_only);
/* The file of the error that is selected, as the view has it, or NULL. Borrowed until the next frame. */
const char *tui_selected_file(const struct tui *tui);

/* Takes what the person chose before, and puts there what is chosen from now on;
 * it is saved some seconds after a change and by tui_close(). Borrowed. Once. */
void tui_remember(struct tui *tui, struct remember *remember);

/* Once a turn of the loop: draws where `revision` is another one than drawn
 * last, or a key or the clock changed what is to be seen; at most 60 frames a
 * second (what comes earlier is drawn by a timer of its own). True: it drew. */
bool tui_turn(struct tui *tui, uint64_t revision);
/* Draws this view now, whatever was drawn before. */
void tui_draw(struct tui *tui, const struct view *view);

/* SIGWINCH: asks the terminal for its size. */
void tui_resize(struct tui *tui);
/* Headless: sets the size. */
void tui_set_size(struct tui *tui, unsigned columns, unsigned rows);
/* Gives the terminal back for a while ($EDITOR, SIGTSTP) and takes it again. */
void tui_suspend(struct tui *tui);
void tui_resume(struct tui *tui);

/* Shows a fault that belongs to no pane, until a key is pressed. */
void tui_show_fault(struct tui *tui, const struct fault *fault);
/* Asks yes or no with the exact object; `answer` is called once, unless the
 * screen is closed before. */
void tui_ask(struct tui *tui, const char *question, void (*answer)(void *data, bool yes), void *data);
/* Feeds bytes as if they were typed; for tests. */
void tui_type(struct tui *tui, const char *bytes, size_t len);
/* The name of the selected service, or NULL. */
const char *tui_selected(const struct tui *tui);
/* The cells of the last frame as text, one line a row, trailing blanks cut;
 * the caller frees. */
char *tui_picture(const struct tui *tui);

#endif
