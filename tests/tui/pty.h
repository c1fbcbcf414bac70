/* The screen on a real pseudo-terminal, read by a terminal emulator: opened,
 * typed on and looked at by the tests that include this. */
#ifndef TESTS_TUI_PTY_H
#define TESTS_TUI_PTY_H

#include "../unit.h"
#include "cargodeck/commands.h"
#include "cargodeck/tui.h"

#include <termios.h>
#include <vterm.h>

enum { DEADLINE_MS = 5000 };

struct pty {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
	VTerm *vterm;
	VTermScreen *screen;
	int master, slave;
	int columns, rows;
	struct termios before;
	struct loop_fd *reading;
	struct str raw; /* all that the screen wrote */
	uint64_t revision;
};

/* The environment in which every terminal is the same. Before anything else. */
void pty_set_environment(void);
/* False: there is no pseudo-terminal. `data` is the callbacks'. */
bool pty_open(struct pty *pty, unsigned short columns, unsigned short rows, const struct tui_call *call, void *data);
void pty_close(struct pty *pty);
/* What the screen writes is read from here on. */
void pty_read_on(struct pty *pty);

/* What the emulator shows, trailing blanks cut. The caller frees. */
char *pty_shown(struct pty *pty);
bool pty_shows(struct pty *pty, const char *text);
void pty_type(struct pty *pty, const char *keys);
/* These turn the loop, and fail after a while: until the text is on the
 * emulator's screen, or no longer; the screen wrote these bytes; the emulator
 * shows what was drawn. */
void pty_wait_for(struct pty *pty, const char *text);
void pty_wait_while(struct pty *pty, const char *text);
void pty_wait_for_bytes(struct pty *pty, const char *bytes);
void pty_compare(struct pty *pty);

#endif
