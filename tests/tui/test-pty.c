/* The screen on a real pseudo-terminal, read by a terminal emulator: what it
 * shows is what was drawn; keys, sizes, giving back, hang-up, a slow reader. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "cargodeck/logs.h"
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>
#include <wchar.h>

enum { DEADLINE_MS = 5000 };

struct place {
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
	enum scene_kind kind;
	struct log_store *store; /* its lines in place of the scene's log; NULL: the scene's */
	uint64_t revision;
	unsigned views;
	int last_command;
	char *followed, *theme;
	bool is_gone, is_reading;
};

static bool give_line(void *data, uint64_t number, struct view_line *out)
{
	struct log_line line;
	if (!log_store_get(data, number, &line))
		return false;
	*out = (struct view_line){.time_ms = line.time_ns / 1000000, .level = (enum view_log_level)line.level, .text = line.text, .len = line.len};
	return true;
}

static void fill_view(void *data, struct view *view)
{
	struct place *place = data;
	place->views++;
	scene_fill(place->kind, view);
	if (place->store != NULL)
		view->log = (struct view_log){.name = "api", .count = log_store_end(place->store), .line = give_line, .data = place->store,
			.store = place->store};
}

static bool take_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	struct place *place = data;
	(void)names, (void)fault;
	place->last_command = id;
	return true;
}

static void follow(void *data, const char *service)
{
	struct place *place = data;
	free(place->followed);
	place->followed = mem_copy_string(service);
}

static void choose_theme(void *data, const char *name)
{
	struct place *place = data;
	free(place->theme);
	place->theme = mem_copy_string(name);
}

static void gone(void *data)
{
	((struct place *)data)->is_gone = true;
}

static void on_turn(void *data)
{
	struct place *place = data;
	if (place->tui != NULL)
		tui_turn(place->tui, place->revision);
}

static void on_output(void *data, int fd, int events)
{
	struct place *place = data;
	char bytes[65536];
	(void)events;
	ssize_t got = read(fd, bytes, sizeof bytes);
	if (got <= 0)
		return;
	str_add_bytes(&place->raw, bytes, (size_t)got);
	vterm_input_write(place->vterm, bytes, (size_t)got);
	vterm_screen_flush_damage(place->screen);
}

static void read_on(struct place *place)
{
	place->reading = loop_fd_open(place->loop, place->master, LOOP_READ, on_output, place);
}

static int set_up_size(void **state, unsigned short columns, unsigned short rows)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .follow = follow, .gone = gone,
		.theme = choose_theme};
	struct place *place = mem_alloc(sizeof *place);
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct winsize size = {.ws_col = columns, .ws_row = rows};
	struct fault fault = {0};
	*state = place;
	place->columns = columns;
	place->rows = rows;
	place->revision = 1;
	place->last_command = -1;
	if (openpty(&place->master, &place->slave, NULL, NULL, &size) != 0)
		return -1;
	tcgetattr(place->slave, &place->before);
	place->vterm = vterm_new(rows, columns);
	vterm_set_utf8(place->vterm, 1);
	place->screen = vterm_obtain_screen(place->vterm);
	vterm_screen_enable_altscreen(place->screen, 1);
	vterm_screen_reset(place->screen, 1);
	place->loop = loop_open();
	place->config = config_open("/dev/null", themes);
	struct tui_options options = {.in = place->slave, .out = place->slave, .commands = &deck_commands,
		.config = place->config};
	place->tui = tui_open(place->loop, &options, &call, place, &fault);
	if (place->tui == NULL)
		return -1;
	read_on(place);
	loop_set_turn_hook(place->loop, on_turn, place);
	return 0;
}

static int set_up(void **state)
{
	return set_up_size(state, 80, 24);
}

static int set_up_large(void **state)
{
	return set_up_size(state, 160, 50);
}

static int tear_down(void **state)
{
	struct place *place = *state;
	tui_close(place->tui);
	loop_fd_close(place->reading);
	config_close(place->config);
	loop_close(place->loop);
	vterm_free(place->vterm);
	if (place->master >= 0)
		close(place->master);
	close(place->slave);
	str_finish(&place->raw);
	free(place->followed);
	free(place->theme);
	free(place);
	return 0;
}

/* ---- what the emulator shows ---- */

static char *shown(struct place *place)
{
	struct str picture = {0};
	for (int y = 0; y < place->rows; y++) {
		auto_str line = {0};
		for (int x = 0; x < place->columns;) {
			VTermScreenCell cell;
			VTermPos at = {.row = y, .col = x};
			vterm_screen_get_cell(place->screen, at, &cell);
			for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++) {
				char bytes[8];
				int len = snprintf(bytes, sizeof bytes, "%lc", (wint_t)cell.chars[i]);
				str_add_bytes(&line, bytes, len > 0 ? (size_t)len : 0);
			}
			if (cell.chars[0] == 0)
				str_add_char(&line, ' ');
			x += cell.width > 1 ? cell.width : 1;
		}
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			str_cut(&line, line.len - 1);
		str_print(&picture, "%s\n", str_text(&line));
	}
	return str_steal(&picture);
}

static bool is_shown(struct place *place, const char *text)
{
	auto_free char *picture = shown(place);
	return strstr(picture, text) != NULL;
}

/* Turns the loop until the text is on the emulator's screen. */
static void wait_for(struct place *place, const char *text)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (!is_shown(place, text)) {
		if (clock_now_ns() > end) {
			/* standard error is the screen's while it is up */
			auto_free char *picture = shown(place);
			printf("# \"%s\" never came, %zu bytes did:\n%s", text, place->raw.len, picture);
			fail();
		}
		loop_turn(place->loop, 100);
	}
}

static void wait_for_bytes(struct place *place, const char *bytes)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (place->raw.data == NULL || memmem(place->raw.data, place->raw.len, bytes, strlen(bytes)) == NULL) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

static void type(struct place *place, const char *keys)
{
	assert_int_equal(write(place->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Turns the loop until the emulator shows what was drawn. */
static void compare(struct place *place)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	for (;;) {
		auto_free char *drawn = tui_picture(place->tui), *picture = shown(place);
		if (strcmp(drawn, picture) == 0)
			return;
		if (clock_now_ns() > end)
			assert_string_equal(picture, drawn);
		loop_turn(place->loop, 100);
	}
}

static void wait_for_command(struct place *place, int id)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (place->last_command != id) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

/* ---- tests ---- */

static void test_comes_up(void **state)
{
	struct place *place = *state;
	struct termios now;
	/* nothing else happens: the first turn must end by itself and draw */
	loop_turn(place->loop, DEADLINE_MS);
	assert_int_equal(place->views, 1);
	wait_for(place, "? help");
	compare(place);
	tcgetattr(place->slave, &now);
	assert_int_equal(now.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_string_equal(place->followed, "api");
	/* one frame lies between the marks of synchronised output */
	assert_non_null(memmem(place->raw.data, place->raw.len, "\033[?2026h", 8));
	assert_non_null(memmem(place->raw.data, place->raw.len, "\033[?2026l", 8));
	assert_non_null(memmem(place->raw.data, place->raw.len, "\033[?1006h", 8));
}

static void test_keys(void **state)
{
	struct place *place = *state;
	wait_for(place, "\xe2\x96\xb8\xe2\x97\x8f api");
	type(place, "j\033[B");
	wait_for(place, "\xe2\x96\xb8\xe2\x97\x8f worker");
	compare(place);
	assert_string_equal(place->followed, "worker");
	type(place, "x");
	wait_for(place, "Stop worker?");
	assert_int_equal(place->last_command, -1);
	type(place, "n");
	wait_for(place, "x stop");
	assert_int_equal(place->last_command, -1);
	type(place, "xy");
	wait_for_command(place, COMMAND_STOP);
	type(place, "?");
	wait_for(place, "search the help:");
	type(place, "\033"); /* alone: a key by its timer */
	wait_for(place, "? help");
	/* the mouse: a click selects the first row */
	type(place, "\033[<0;10;4M\033[<0;10;4m");
	wait_for(place, "\xe2\x96\xb8\xe2\x97\x8f api");
	compare(place);
}

static void test_resize(void **state)
{
	static const int sizes[][2] = {{120, 40}, {40, 12}, {61, 20}, {80, 24}};
	struct place *place = *state;
	wait_for(place, "? help");
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct winsize size = {.ws_col = (unsigned short)sizes[i][0], .ws_row = (unsigned short)sizes[i][1]};
		place->columns = sizes[i][0];
		place->rows = sizes[i][1];
		vterm_set_size(place->vterm, place->rows, place->columns);
		str_clear(&place->raw);
		ioctl(place->master, TIOCSWINSZ, &size);
		tui_resize(place->tui);
		wait_for_bytes(place, "\033[?2026l");
		wait_for(place, "? help");
		compare(place);
	}
}

/* A terminal that is larger than its description says, from the first frame
 * on: no row scrolls another away. */
static void test_large(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	compare(place);
	for (const char *key = "j4zz?"; *key != '\0'; key++) {
		char keys[] = {*key, '\0'};
		place->revision++;
		type(place, keys);
		compare(place);
	}
}

static void test_paste(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	type(place, "/\033[200~time\rout q\033[201~");
	wait_for(place, "/time out q");
	assert_int_equal(place->last_command, -1);
	type(place, "\003");
	wait_for(place, "? help");
	/* a megabyte, and nothing of it is a command */
	char *bytes = mem_alloc(1 << 20);
	memset(bytes, 'q', 1 << 20);
	type(place, "\033[200~");
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	fcntl(place->master, F_SETFL, O_NONBLOCK);
	for (size_t done = 0; done < 1 << 20;) {
		ssize_t put = write(place->master, bytes + done, (1 << 20) - done);
		assert_true((put > 0 || errno == EAGAIN) && clock_now_ns() < end);
		done += put > 0 ? (size_t)put : 0;
		loop_turn(place->loop, 0);
	}
	fcntl(place->master, F_SETFL, 0);
	free(bytes);
	type(place, "\033[201~j");
	wait_for(place, "\xe2\x96\xb8\xe2\x9f\xb3 gateway");
	assert_int_equal(place->last_command, -1);
}

/* OSC 52: what is selected goes to the terminal, which puts it on the clipboard. */
static void test_copy(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	type(place, "VkY");
	wait_for(place, "copied 2 lines to the terminal's clipboard");
	/* "thread 'main' says: … and escape\ngateway listening on 0.0.0.0:8000\n" */
	wait_for_bytes(place, "\033]52;c;dGhyZWFkICdtYWluJyBzYXlzOiDml6");
	wait_for_bytes(place, "gYW5kIGVzY2FwZQpnYXRld2F5IGxpc3RlbmluZyBvbiAwLjAuMC4wOjgwMDAK\033\\");
	type(place, "Y");
	wait_for(place, "copied 1 line to");
	wait_for_bytes(place, "\033]52;c;Z2F0ZXdheSBsaXN0ZW5pbmcgb24gMC4wLjAuMDo4MDAw\033\\");
}

/* A log that one frame cannot look through: the newest lines are there at once,
 * the rest comes, and a paused log stays at its line. */
static void test_long_log(void **state)
{
	struct place *place = *state;
	enum { LINES = 300000 };
	place->store = log_store_open((size_t)1 << 30);
	for (unsigned i = 0; i < LINES; i++) {
		char text[96];
		int len = snprintf(text, sizeof text, "{\"level\":\"%s\",\"msg\":\"job done\",\"number\":%u}", i % 4 == 0 ? "WARN" : "INFO", i);
		log_store_add(place->store, (int64_t)(i + 1) * 1000000, false, text, (size_t)len);
	}
	place->revision++;
	wait_for(place, "job done number=299999");
	type(place, "\t\t/number=2..9[0-9]*6$\022");
	wait_for(place, "so far");
	wait_for(place, "regex /number=2..9[0-9]*6$");
	wait_for(place, "1100 of 1100");
	type(place, "\003zg");
	wait_for(place, "job done number=0");
	type(place, "jjjj");
	wait_for(place, "299975 below");
	type(place, "&\022done number=\\d*[02468]$\r");
	wait_for(place, "149977 below");
	wait_for(place, "job done number=4");
	type(place, "LLL");
	wait_for(place, "74978 below");
	wait_for(place, "job done number=4");
	log_store_close(steal(&place->store));
	place->revision++;
	wait_for(place, "? help");
}

static void test_given_back(void **state)
{
	struct place *place = *state;
	struct termios now;
	wait_for(place, "? help");
	str_clear(&place->raw);
	tui_suspend(place->tui);
	tcgetattr(place->slave, &now);
	assert_int_equal(now.c_lflag, place->before.c_lflag);
	assert_int_equal(now.c_iflag, place->before.c_iflag);
	wait_for_bytes(place, "\033[?1049l");
	wait_for_bytes(place, "\033[?2004l");
	unsigned views = place->views;
	place->revision++;
	loop_turn(place->loop, 0);
	assert_int_equal(place->views, views);
	str_clear(&place->raw);
	tui_resume(place->tui);
	wait_for_bytes(place, "\033[?1049h");
	wait_for(place, "? help");
	compare(place);
	tui_close(place->tui);
	place->tui = NULL;
	tcgetattr(place->slave, &now);
	assert_int_equal(now.c_lflag, place->before.c_lflag);
	assert_int_equal(now.c_oflag, place->before.c_oflag);
}

static void test_stderr(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	fprintf(stderr, "a library scribbles\n");
	place->kind = SCENE_FAILED;
	place->revision++;
	wait_for(place, "does not compile");
	assert_null(memmem(place->raw.data, place->raw.len, "scribbles", 9));
	compare(place);
}

/* Nobody reads: nothing blocks, and what is shown in the end is the newest. */
static void test_slow(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	loop_fd_close(steal(&place->reading));
	bool is_held = false; /* frames wait until the terminal takes them */
	for (int i = 0; i < 400 && !is_held; i++) {
		place->kind = (enum scene_kind)(i % 3);
		place->revision++;
		tui_resize(place->tui);
		tui_type(place->tui, "\014", 1); /* drawn whole each time */
		loop_turn(place->loop, 17);
		is_held = i > 50 && place->views < (unsigned)i / 2;
	}
	assert_true(is_held);
	place->kind = SCENE_FAILED;
	place->revision++;
	read_on(place);
	wait_for(place, "does not compile");
	compare(place);
}

static void test_hang_up(void **state)
{
	struct place *place = *state;
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	wait_for(place, "? help");
	loop_fd_close(steal(&place->reading));
	close(place->master);
	place->master = -1;
	while (!place->is_gone) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
	place->revision++;
	loop_turn(place->loop, 0);
}

/* With nothing to draw, nothing is written and the view is not asked for. */
static void test_idle(void **state)
{
	struct place *place = *state;
	place->kind = SCENE_EMPTY;
	wait_for(place, "? help");
	unsigned views = place->views;
	size_t len = place->raw.len;
	for (int i = 0; i < 20; i++)
		loop_turn(place->loop, 5);
	assert_int_equal(place->views, views);
	assert_int_equal(place->raw.len, len);
}

/* The colour of the first letter of the head line, as the emulator has it. */
static uint32_t shown_accent(struct place *place)
{
	VTermScreenCell cell;
	VTermPos at = {.row = 0, .col = 1};
	vterm_screen_get_cell(place->screen, at, &cell);
	vterm_screen_convert_color_to_rgb(place->screen, &cell.fg);
	return (uint32_t)cell.fg.rgb.red << 16 | (uint32_t)cell.fg.rgb.green << 8 | cell.fg.rgb.blue;
}

static void wait_for_accent(struct place *place, uint32_t rgb)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (shown_accent(place) != rgb) {
		if (clock_now_ns() > end)
			printf("# the accent is %06x, not %06x\n", shown_accent(place), rgb);
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

/* The numbers 117 and 25 by the colours of the emulator. */
enum { DARK_256 = 0x66ccff, LIGHT_256 = 0x003399, DARK_TRUE = 0x8ac6ff, LIGHT_TRUE = 0x0b57a4, HIGH_256 = 0xffffff };

/* The terminal is asked for its ground, not waited for; what it answers then,
 * and whenever that changes, makes the theme "auto" light or dark. */
static void test_ground(void **state)
{
	struct place *place = *state;
	wait_for(place, "? help");
	assert_non_null(memmem(place->raw.data, place->raw.len, "\033]11;?\033\\", 8));
	assert_non_null(memmem(place->raw.data, place->raw.len, "\033[?2031h", 8));
	wait_for_accent(place, DARK_256);
	type(place, "\033]11;rgb:fafa/fafa/f0f0\033\\");
	wait_for_accent(place, LIGHT_256);
	type(place, "\033[?997;1n");
	wait_for_accent(place, DARK_256);
	compare(place);
	tui_suspend(place->tui);
	wait_for_bytes(place, "\033[?2031l");
	tui_resume(place->tui);
	wait_for(place, "? help");
}

static void test_theme(void **state)
{
	struct place *place = *state;
	wait_for_accent(place, DARK_256);
	/* looking at it shows it, Esc goes back */
	type(place, "\024jjjjj");
	wait_for(place, "\xe2\x96\xb8 light");
	wait_for_accent(place, LIGHT_256);
	assert_null(place->theme);
	type(place, "\033");
	wait_for(place, "? help");
	wait_for_accent(place, DARK_256);
	assert_null(place->theme);
	/* Enter keeps it, whatever the ground is told to be */
	type(place, "\024jjjj\r");
	wait_for(place, "? help");
	wait_for_accent(place, HIGH_256);
	assert_string_equal(place->theme, "high-contrast");
	type(place, "\033[?997;2n\024");
	wait_for(place, "\xe2\x96\xb8 high-contrast");
	wait_for_accent(place, HIGH_256);
	/* and back to what follows the ground */
	type(place, "g\r");
	wait_for(place, "? help");
	wait_for_accent(place, LIGHT_256);
	assert_string_equal(place->theme, "auto");
	compare(place);
}

/* Opens the screen again, with the environment as it is now. */
static void open_again(struct place *place, const char *settings)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .theme = choose_theme};
	struct tui_options options = {.in = place->slave, .out = place->slave, .commands = &deck_commands, .config = place->config};
	struct fault fault = {0};
	str_clear(&place->raw);
	tui_close(place->tui);
	place->tui = NULL;
	wait_for_bytes(place, "\033[?1004l"); /* its last ones */
	config_read(place->config, settings, "config.ini");
	place->tui = tui_open(place->loop, &options, &call, place, &fault);
	assert_non_null(place->tui);
	str_clear(&place->raw);
	place->revision++;
	wait_for(place, "? help");
	wait_for_bytes(place, "\033[?2026l");
}

static bool has_written(const struct place *place, const char *bytes)
{
	return memmem(place->raw.data, place->raw.len, bytes, strlen(bytes)) != NULL;
}

static void test_depth(void **state)
{
	struct place *place = *state;
	wait_for_accent(place, DARK_256);
	assert_false(has_written(place, "8;2;"));
	setenv("COLORTERM", "truecolor", 1);
	open_again(place, "");
	wait_for_accent(place, DARK_TRUE);
	type(place, "\033]11;rgb:ff/ff/ff\007");
	wait_for_accent(place, LIGHT_TRUE);
	assert_false(has_written(place, "8;5;"));
	compare(place);
	/* a poor description of a terminal that knows more */
	setenv("TERM", "xterm", 1);
	open_again(place, "");
	wait_for_accent(place, DARK_TRUE);
	setenv("COLORTERM", "", 1);
	open_again(place, "");
	assert_false(has_written(place, "8;5;"));
	setenv("TERM", "xterm-256color", 1);
	setenv("NO_COLOR", "1", 1);
	open_again(place, "");
	assert_false(has_written(place, "8;5;") || has_written(place, "8;2;"));
	VTermScreenCell cell;
	vterm_screen_get_cell(place->screen, (VTermPos){.row = 0, .col = 1}, &cell);
	assert_true(VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) && VTERM_COLOR_IS_DEFAULT_BG(&cell.bg));
	/* the setting is above both */
	open_again(place, "[screen]\ncolours = true\n");
	wait_for_accent(place, DARK_TRUE);
	open_again(place, "[screen]\ncolours = 256\n");
	wait_for_accent(place, DARK_256);
	open_again(place, "[screen]\ncolours = 16\n");
	assert_false(has_written(place, "8;5;") || has_written(place, "8;2;"));
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
}

/* ---- how much is written ---- */

/* What is added to the figures of all, or of one alone. */
static double cpu_add;
static bool is_one_figure;

/* Twenty services whose figures change, as each second brings them. */
static void fill_twenty(void *data, struct view *view)
{
	static struct view_service services[20];
	static char names[20][16];
	(void)data;
	scene_fill(SCENE_EMPTY, view);
	for (size_t i = 0; i < COUNT_OF(services); i++) {
		bool is_changed = !is_one_figure || i == 7;
		snprintf(names[i], sizeof names[i], "service-%zu", i);
		services[i] = (struct view_service){.name = names[i], .state = VIEW_HEALTHY, .memory = 24u << 20,
			.cpu_percent = 0.1 + (is_changed ? cpu_add : 0), .ports = "8080", .up_ms = 7200000 + (uint64_t)(cpu_add * 10)};
	}
	view->services = services;
	view->service_count = COUNT_OF(services);
}

static void wait_for_end(struct place *place)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (!text_ends_with(str_text(&place->raw), "\033[?2026l")) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
}

static size_t bytes_of_frame(struct place *place)
{
	wait_for_end(place);
	str_clear(&place->raw);
	place->revision++;
	wait_for_end(place);
	return place->raw.len;
}

/* At most 150 bytes a second with twenty idle services: their figures come
 * once a second. */
static void test_bytes(void **state)
{
	static const struct tui_call call = {.view = fill_twenty, .command = take_command};
	struct place *place = *state;
	struct tui_options options = {.in = place->slave, .out = place->slave, .commands = &deck_commands, .config = place->config};
	struct fault fault = {0};
	struct winsize size = {.ws_col = 120, .ws_row = 40};
	place->columns = 120;
	place->rows = 40;
	vterm_set_size(place->vterm, 40, 120);
	ioctl(place->master, TIOCSWINSZ, &size);
	tui_close(place->tui);
	place->tui = tui_open(place->loop, &options, &call, place, &fault);
	assert_non_null(place->tui);
	str_clear(&place->raw);
	cpu_add = 0;
	wait_for(place, "service-19");
	is_one_figure = true;
	for (int i = 1; i < 4; i++) {
		cpu_add = i * 0.1;
		size_t len = bytes_of_frame(place);
		assert_in_range(len, 1, 32);
	}
	is_one_figure = false;
	for (int i = 4; i < 7; i++) {
		cpu_add = i * 0.1;
		size_t len = bytes_of_frame(place);
		assert_in_range(len, 1, 130);
	}
}

static void check_refused(struct place *place, const char *type_name, int in, const char *words)
{
	static const struct tui_call call = {.view = fill_view};
	struct tui_options options = {.in = in, .out = in, .commands = &deck_commands, .config = place->config};
	struct fault fault = {0};
	auto_free char *before = mem_copy_string(getenv("TERM"));
	tui_close(place->tui);
	place->tui = NULL;
	if (type_name != NULL)
		setenv("TERM", type_name, 1);
	else
		unsetenv("TERM");
	assert_null(tui_open(place->loop, &options, &call, place, &fault));
	setenv("TERM", before, 1);
	assert_non_null(strstr(fault.text, words));
	assert_int_equal(fault.code, FAULT_OUTSIDE);
	assert_true(fault.mend[0] != '\0');
}

static void test_refused(void **state)
{
	struct place *place = *state;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	check_refused(place, "no-such-terminal", place->slave, "TERM=no-such-terminal");
	check_refused(place, "dumb", place->slave, "TERM=dumb");
	check_refused(place, NULL, place->slave, "TERM is not set");
	check_refused(place, "xterm-256color", null, "no terminal");
	close(null);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
	unsetenv("COLORFGBG");
	unsetenv("STY");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resize, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up_large, tear_down),
		cmocka_unit_test_setup_teardown(test_paste, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stderr, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hang_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ground, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_theme, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
