/* The terminal: taken over and given back. curses never sees it: it writes
 * into memory, and each frame is read back and written in one go, between the
 * marks of synchronised output (DEC private mode 2026). So a frame is never
 * seen half, and a terminal that is stopped or slow blocks nothing. Holds the
 * terminal's modes, standard error's place, and what is not written yet. */
#include "tui.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

/* curses' header of capabilities defines words that are ours */
#undef columns
#undef lines
#undef tab

enum { MOST_COLUMNS = 1000, MOST_ROWS = 500, LAST_FLUSH_MS = 300 };

/* xterm's private modes: 1000 buttons, 1006 their SGR form, 1004 focus, 2004
 * bracketed paste. */
static const char take_modes[] = "\033[?1004h\033[?2004h";
static const char give_modes[] = "\033[?1006l\033[?1000l\033[?2004l\033[?1004l";
/* Which ground it has, by OSC 11, and word when that changes, by mode 2031. The
 * answers come among the keys; terminals that know neither keep silent. */
static const char ask_ground[] = "\033]11;?\033\\";
static const char ground_on[] = "\033[?2031h", ground_off[] = "\033[?2031l";
static const char mouse_on[] = "\033[?1000h\033[?1006h";
static const char mouse_off[] = "\033[?1006l\033[?1000l";
static const char sync_begin[] = "\033[?2026h";
static const char sync_end[] = "\033[?2026l";

/* ---- locale and colours ---- */

/* Widths of letters need a UTF-8 locale; whether the terminal shows them is
 * what the person's own locale says. */
static bool set_locale(void)
{
	bool is_set = setlocale(LC_CTYPE, "") != NULL;
	bool is_utf8 = is_set && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!is_utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return is_utf8 || !is_set;
}

enum { AS_DESCRIBED = 1, TRUE_COLOUR = 1 << 24 };

/* GNU screen hands COLORTERM on, but not true colour. */
static bool says_true_colour(void)
{
	const char *says = getenv("COLORTERM");
	return (text_equal(says, "truecolor") || text_equal(says, "24bit")) && getenv("STY") == NULL;
}

/* How many colours are wanted: by the setting, else by NO_COLOR
 * (https://no-color.org: set and not empty), else by COLORTERM. */
static unsigned wanted_depth(const struct config *config)
{
	static const struct {
		const char *name;
		unsigned depth;
	} choices[] = {{"none", 0}, {"16", 16}, {"256", 256}, {"true", TRUE_COLOUR}};
	const char *wanted = config_text(config, CONFIG_COLOURS), *none = getenv("NO_COLOR");
	for (size_t i = 0; i < COUNT_OF(choices); i++)
		if (text_equal(wanted, choices[i].name))
			return choices[i].depth;
	if (none != NULL && none[0] != '\0')
		return 0;
	return says_true_colour() ? TRUE_COLOUR : AS_DESCRIBED;
}

/* What the terminal can show, in colours: 0, 16, 256 or 1 << 24. A description
 * with 256 does for true colour: see truecolour.c. */
static unsigned find_depth(unsigned wanted)
{
	int colours = tigetnum("colors");
	unsigned has = colours >= TRUE_COLOUR ? TRUE_COLOUR : colours >= 256 ? 256 : colours >= 8 ? 16 : 0;
	if (wanted == AS_DESCRIBED)
		return has;
	if (wanted == TRUE_COLOUR && has >= 256)
		return TRUE_COLOUR;
	return has < wanted ? has : wanted;
}

static int described_colours(const char *type, int out)
{
	int status = 0;
	if (setupterm(type, out, &status) != OK)
		return -1;
	int colours = tigetnum("colors");
	del_curterm(cur_term);
	return colours;
}

/* TERM is often set to the poorest description of a terminal: where more
 * colours are wanted than it has, the one with 256 is taken, if there is one. */
static const char *rich_type(const char *type, unsigned wanted, int out, char *rich, size_t size)
{
	snprintf(rich, size, "%s-256color", type);
	return wanted >= 256 && described_colours(type, out) < 256 && described_colours(rich, out) >= 256 ? rich : type;
}

/* ---- output ---- */

static void ended(struct tui *tui)
{
	struct terminal *term = &tui->term;
	if (term->is_ended)
		return;
	term->is_ended = true;
	str_clear(&term->pending);
	loop_fd_close(steal(&term->reading));
	loop_fd_close(steal(&term->writing));
	input_ended(tui);
}

static int out_descriptor(const struct terminal *term)
{
	return term->own_out >= 0 ? term->own_out : term->out;
}

/* Writes what is pending; true when nothing is left. */
static bool write_pending(struct tui *tui)
{
	struct terminal *term = &tui->term;
	while (term->pending.len > 0) {
		ssize_t done = write(out_descriptor(term), term->pending.data, term->pending.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN)
			return false;
		if (done < 0) {
			ended(tui);
			return true;
		}
		str_drop_front(&term->pending, (size_t)done);
	}
	return true;
}

static void on_writable(void *data, int fd, int events)
{
	(void)fd, (void)events;
	struct tui *tui = data;
	if (!write_pending(tui) || tui->term.is_ended)
		return;
	loop_fd_close(steal(&tui->term.writing));
	tui_wake(tui, false);
}

/* Moves what curses wrote to what is pending. */
static void collect(struct terminal *term, bool is_frame)
{
	off_t size = lseek(term->memory, 0, SEEK_END);
	if (size <= 0)
		return;
	char *bytes = mem_alloc((size_t)size);
	ssize_t got = pread(term->memory, bytes, (size_t)size, 0);
	if (got > 0 && !term->is_headless) {
		if (is_frame)
			str_add(&term->pending, sync_begin);
		auto_str brief = {0};
		shorten(bytes, (size_t)got, &brief);
		truecolour_write(&term->truecolour, str_text(&brief), brief.len, &term->pending);
		if (is_frame)
			str_add(&term->pending, sync_end);
	}
	free(bytes);
	if (ftruncate(term->memory, 0) == 0)
		lseek(term->memory, 0, SEEK_SET);
}

void term_flush(struct tui *tui)
{
	struct terminal *term = &tui->term;
	collect(term, true);
	if (term->is_headless || term->is_ended || write_pending(tui))
		return;
	if (term->writing == NULL && term->own_out >= 0)
		term->writing = loop_fd_open(term->loop, term->own_out, LOOP_WRITE, on_writable, tui);
}

/* Giving back must reach the terminal; one that is stopped is not waited for
 * without end. */
static void flush_last(struct tui *tui)
{
	struct terminal *term = &tui->term;
	collect(term, false);
	while (!term->is_ended && !write_pending(tui)) {
		struct pollfd wait = {.fd = out_descriptor(term), .events = POLLOUT};
		if (poll(&wait, 1, LAST_FLUSH_MS) <= 0)
			break;
	}
	str_clear(&term->pending);
}

bool term_is_slow(const struct tui *tui)
{
	return tui->term.writing != NULL;
}

void term_find_depth(struct tui *tui)
{
	if (!tui->term.is_headless)
		tui->term.depth = find_depth(wanted_depth(tui->config));
}

void term_set_mouse(struct tui *tui, bool is_on)
{
	if (!tui->term.is_headless && tui->term.is_up)
		str_add(&tui->term.pending, is_on ? mouse_on : mouse_off);
	tui->term.has_mouse = is_on;
}

void term_send(struct tui *tui, const char *bytes, size_t len)
{
	if (!tui->term.is_headless && tui->term.is_up)
		str_add_bytes(&tui->term.pending, bytes, len);
}

/* ---- input ---- */

static void on_readable(void *data, int fd, int events)
{
	(void)events;
	struct tui *tui = data;
	char bytes[16384];
	ssize_t got = read(fd, bytes, sizeof bytes);
	if (got > 0)
		input_take(tui, bytes, (size_t)got);
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		ended(tui);
}

/* ---- standard error ---- */

static void redirect_stderr(struct terminal *term)
{
	int to = log_descriptor();
	int null = -1;
	if (to < 0)
		to = null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fflush(stderr);
	term->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (to >= 0 && term->saved_stderr >= 0)
		dup2(to, STDERR_FILENO);
	if (null >= 0)
		close(null);
}

static void restore_stderr(struct terminal *term)
{
	if (term->saved_stderr < 0)
		return;
	fflush(stderr);
	dup2(term->saved_stderr, STDERR_FILENO);
	close(term->saved_stderr);
	term->saved_stderr = -1;
}

/* ---- taking and giving ---- */

void term_take(struct tui *tui)
{
	struct terminal *term = &tui->term;
	if (term->is_headless || term->is_up || term->is_ended)
		return;
	struct termios raw = term->before;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(term->in, TCSANOW, &raw);
	redirect_stderr(term);
	term->is_up = true;
	str_add(&term->pending, take_modes);
	if (term->has_mouse)
		str_add(&term->pending, mouse_on);
	if (term->has_ground)
		str_print(&term->pending, "%s%s", ask_ground, ground_on);
	/* after endwin() the next refresh enters the alternate screen again and
	 * draws it whole */
	clearok(curscr, TRUE);
	if (term->reading == NULL)
		term->reading = loop_fd_open(term->loop, term->in, LOOP_READ, on_readable, tui);
}

void term_give(struct tui *tui)
{
	struct terminal *term = &tui->term;
	if (term->is_headless || !term->is_up)
		return;
	loop_fd_close(steal(&term->reading));
	loop_fd_close(steal(&term->writing));
	endwin();
	collect(term, false);
	if (enter_ca_mode == NULL)
		str_add(&term->pending, "\r\n"); /* the picture stays: what is written next stands below it */
	if (term->has_ground)
		str_add(&term->pending, ground_off);
	str_add(&term->pending, give_modes);
	flush_last(tui);
	if (!term->is_ended)
		tcsetattr(term->in, TCSANOW, &term->before);
	restore_stderr(term);
	term->is_up = false;
}

/* Most terminals do this by themselves when their size changes. */
void term_take_size(struct tui *tui)
{
	struct terminal *term = &tui->term;
	if (!term->is_headless && term->is_up && change_scroll_region != NULL)
		str_add(&term->pending, tiparm(change_scroll_region, 0, tui->rows - 1));
}

void term_size(const struct tui *tui, int *columns, int *rows)
{
	struct winsize size = {0};
	*columns = tui->columns;
	*rows = tui->rows;
	if (tui->term.is_headless)
		return;
	if (ioctl(tui->term.out, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0) {
		*columns = *columns > 0 ? *columns : 80;
		*rows = *rows > 0 ? *rows : 24;
		return;
	}
	*columns = size.ws_col < MOST_COLUMNS ? size.ws_col : MOST_COLUMNS;
	*rows = size.ws_row < MOST_ROWS ? size.ws_row : MOST_ROWS;
}

static bool check_terminal(const char *type, const struct tui_options *options, struct fault *fault)
{
	if (!isatty(options->in) || !isatty(options->out)) {
		fault_set(fault, FAULT_OUTSIDE, "this is no terminal: the screen cannot be shown here");
		return fault_mend(fault, "run it in a terminal, or use `cargodeck watch`");
	}
	if (type == NULL || type[0] == '\0') {
		fault_set(fault, FAULT_OUTSIDE, "TERM is not set: it is not known how to draw on this terminal");
		return fault_mend(fault, "set it (most terminals understand TERM=xterm-256color), or use `cargodeck watch`");
	}
	int status = 0;
	if (setupterm(type, options->out, &status) != OK) {
		fault_set(fault, FAULT_OUTSIDE, "the terminal type TERM=%s is not known on this machine", type);
		return fault_mend(fault, "install its terminfo entry, or set TERM=xterm-256color");
	}
	const char *move = tigetstr("cup");
	bool is_movable = move != NULL && (intptr_t)move != -1 && tigetflag("hc") <= 0;
	del_curterm(cur_term); /* curses reads the description again */
	if (!is_movable) {
		fault_set(fault, FAULT_OUTSIDE, "the terminal type TERM=%s cannot place the cursor: nothing can be drawn on it",
			type);
		return fault_mend(fault, "use a full terminal, or `cargodeck watch`");
	}
	return true;
}

/* curses writes into memory, which has no size: it would take the one of the
 * terminal's description, and leave the region that scrolls at that. A size
 * below 1 leaves that choice to it. */
static SCREEN *open_sized(const char *type, FILE *out, FILE *in, int columns, int rows)
{
	static const char *const names[] = {"COLUMNS", "LINES"};
	int sizes[] = {columns, rows};
	char *before[COUNT_OF(names)];
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char text[16];
		snprintf(text, sizeof text, "%d", sizes[i]);
		before[i] = mem_copy_string(getenv(names[i]));
		if (sizes[i] > 0)
			setenv(names[i], text, 1);
	}
	SCREEN *screen = newterm(type, out, in);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (before[i] != NULL)
			setenv(names[i], before[i], 1);
		else
			unsetenv(names[i]);
		free(before[i]);
	}
	return screen;
}

/* curses takes over signals that have no handler; they are the loop's. */
static SCREEN *open_screen(const struct tui *tui, const char *type)
{
	const struct terminal *term = &tui->term;
	static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[COUNT_OF(signals)];
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], NULL, &before[i]);
	int columns, rows;
	term_size(tui, &columns, &rows);
	SCREEN *screen = open_sized(type, term->memory_file, term->null_file, columns, rows);
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	return screen;
}

static bool open_files(struct terminal *term, struct fault *fault)
{
	term->memory = memfd_create("screen", MFD_CLOEXEC);
	int copy = term->memory >= 0 ? fcntl(term->memory, F_DUPFD_CLOEXEC, 3) : -1;
	term->memory_file = copy >= 0 ? fdopen(copy, "w") : NULL;
	term->null_file = fopen("/dev/null", "re");
	if (term->memory_file != NULL && term->null_file != NULL)
		return true;
	return fault_set(fault, FAULT_FAILED, "no memory for the screen: %s", strerror(errno));
}

static void set_up_curses(void)
{
	noecho();
	nonl();
	keypad(stdscr, FALSE);
	scrollok(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	typeahead(-1);
	curs_set(0);
	start_color();
	use_default_colors();
}

bool term_open(struct tui *tui, const struct tui_options *options, struct fault *fault)
{
	struct terminal *term = &tui->term;
	const char *type = getenv("TERM");
	term->loop = tui->loop;
	term->in = options->in;
	term->out = options->out;
	term->own_out = term->memory = term->saved_stderr = -1;
	term->is_headless = options->headless_columns > 0;
	term->is_utf8 = set_locale() || term->is_headless;
	if (!term->is_headless && !check_terminal(type, options, fault))
		return false;
	if (!open_files(term, fault))
		return false;
	char rich[128];
	unsigned wanted = wanted_depth(tui->config);
	term->screen = open_screen(tui, term->is_headless ? "xterm-256color" : rich_type(type, wanted, term->out, rich, sizeof rich));
	if (term->screen == NULL && term->is_headless)
		term->screen = open_screen(tui, "vt100");
	if (term->screen == NULL)
		return fault_set(fault, FAULT_OUTSIDE, "curses cannot draw on TERM=%s", type != NULL ? type : "");
	set_up_curses();
	if (term->is_headless) {
		term->depth = options->headless_colours;
		return true;
	}
	term->depth = find_depth(wanted);
	/* the console of the kernel would print the question */
	term->has_ground = term->depth > 0 && !text_starts_with(type, "linux");
	/* consoles and old terminals print what they do not know */
	term->has_clipboard = tigetnum("colors") >= 8 && !text_starts_with(type, "linux") && enter_ca_mode != NULL;
	term->has_before = tcgetattr(term->in, &term->before) == 0;
	/* a description of our own: that it does not block is nobody else's matter */
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", term->out);
	term->own_out = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	term->has_mouse = config_is_on(tui->config, CONFIG_MOUSE);
	term_take(tui);
	return true;
}

void term_close(struct tui *tui)
{
	struct terminal *term = &tui->term;
	term_give(tui);
	if (term->screen != NULL)
		delscreen(term->screen);
	if (term->memory_file != NULL)
		fclose(term->memory_file);
	if (term->null_file != NULL)
		fclose(term->null_file);
	if (term->memory >= 0)
		close(term->memory);
	if (term->own_out >= 0)
		close(term->own_out);
	str_finish(&term->pending);
}
