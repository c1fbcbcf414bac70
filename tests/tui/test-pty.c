/* The screen on a real pseudo-terminal, read by a terminal emulator: what it
 * shows is what was drawn; keys, sizes, giving back, hang-up, a slow reader. */
#include "cargodeck/logs.h"
#include "pty.h"
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct place {
	struct pty pty;
	enum scene_kind kind;
	struct log_store *store; /* its lines in place of the scene's log; NULL: the scene's */
	unsigned views;
	int last_command;
	char *followed, *theme;
	bool is_gone;
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

static int set_up_size(void **state, unsigned short columns, unsigned short rows)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .follow = follow, .gone = gone,
		.theme = choose_theme};
	struct place *place = mem_alloc(sizeof *place);
	*state = place;
	place->last_command = -1;
	return pty_open(&place->pty, columns, rows, &call, place) ? 0 : -1;
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
	pty_close(&place->pty);
	free(place->followed);
	free(place->theme);
	free(place);
	return 0;
}

static void wait_for_command(struct place *place, int id)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (place->last_command != id) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->pty.loop, 100);
	}
}

/* ---- tests ---- */

static void test_comes_up(void **state)
{
	struct place *place = *state;
	struct termios now;
	/* nothing else happens: the first turn must end by itself and draw */
	loop_turn(place->pty.loop, DEADLINE_MS);
	assert_int_equal(place->views, 1);
	pty_wait_for(&place->pty, "? help");
	pty_compare(&place->pty);
	tcgetattr(place->pty.slave, &now);
	assert_int_equal(now.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_string_equal(place->followed, "api");
	/* one frame lies between the marks of synchronised output */
	assert_non_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033[?2026h", 8));
	assert_non_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033[?2026l", 8));
	assert_non_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033[?1006h", 8));
}

static void test_keys(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "\xe2\x96\xb8\xe2\x97\x8f api");
	pty_type(&place->pty, "j\033[B");
	pty_wait_for(&place->pty, "\xe2\x96\xb8\xe2\x97\x8f worker");
	pty_compare(&place->pty);
	assert_string_equal(place->followed, "worker");
	pty_type(&place->pty, "x");
	pty_wait_for(&place->pty, "Stop worker?");
	assert_int_equal(place->last_command, -1);
	pty_type(&place->pty, "n");
	pty_wait_for(&place->pty, "x stop");
	assert_int_equal(place->last_command, -1);
	pty_type(&place->pty, "xy");
	wait_for_command(place, COMMAND_STOP);
	pty_type(&place->pty, "?");
	pty_wait_for(&place->pty, "search the help:");
	pty_type(&place->pty, "\033"); /* alone: a key by its timer */
	pty_wait_for(&place->pty, "? help");
	/* the mouse: a click selects the first row */
	pty_type(&place->pty, "\033[<0;10;4M\033[<0;10;4m");
	pty_wait_for(&place->pty, "\xe2\x96\xb8\xe2\x97\x8f api");
	pty_compare(&place->pty);
}

static void test_resize(void **state)
{
	static const int sizes[][2] = {{120, 40}, {40, 12}, {61, 20}, {80, 24}};
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct winsize size = {.ws_col = (unsigned short)sizes[i][0], .ws_row = (unsigned short)sizes[i][1]};
		place->pty.columns = sizes[i][0];
		place->pty.rows = sizes[i][1];
		vterm_set_size(place->pty.vterm, place->pty.rows, place->pty.columns);
		str_clear(&place->pty.raw);
		ioctl(place->pty.master, TIOCSWINSZ, &size);
		tui_resize(place->pty.tui);
		pty_wait_for_bytes(&place->pty, "\033[?2026l");
		pty_wait_for(&place->pty, "? help");
		pty_compare(&place->pty);
	}
}

/* A terminal that is larger than its description says, from the first frame
 * on: no row scrolls another away. */
static void test_large(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	pty_compare(&place->pty);
	for (const char *key = "j4zz?"; *key != '\0'; key++) {
		char keys[] = {*key, '\0'};
		place->pty.revision++;
		pty_type(&place->pty, keys);
		pty_compare(&place->pty);
	}
}

static void test_paste(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	pty_type(&place->pty, "/\033[200~time\rout q\033[201~");
	pty_wait_for(&place->pty, "/time out q");
	assert_int_equal(place->last_command, -1);
	pty_type(&place->pty, "\003");
	pty_wait_for(&place->pty, "? help");
	/* a megabyte, and nothing of it is a command */
	char *bytes = mem_alloc(1 << 20);
	memset(bytes, 'q', 1 << 20);
	pty_type(&place->pty, "\033[200~");
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	fcntl(place->pty.master, F_SETFL, O_NONBLOCK);
	for (size_t done = 0; done < 1 << 20;) {
		ssize_t put = write(place->pty.master, bytes + done, (1 << 20) - done);
		assert_true((put > 0 || errno == EAGAIN) && clock_now_ns() < end);
		done += put > 0 ? (size_t)put : 0;
		loop_turn(place->pty.loop, 0);
	}
	fcntl(place->pty.master, F_SETFL, 0);
	free(bytes);
	pty_type(&place->pty, "\033[201~j");
	pty_wait_for(&place->pty, "\xe2\x96\xb8\xe2\x9f\xb3 gateway");
	assert_int_equal(place->last_command, -1);
}

/* A terminal without bracketed paste: its last piece is short, and no command. */
static void test_unmarked_paste(void **state)
{
	struct place *place = *state;
	char bytes[200];
	memset(bytes, 'q', sizeof bytes);
	pty_wait_for(&place->pty, "? help");
	tui_type(place->pty.tui, bytes, sizeof bytes);
	tui_type(place->pty.tui, "q:quit\r", 7);
	assert_int_equal(place->last_command, -1);
}

/* OSC 52: what is selected goes to the terminal, which puts it on the clipboard. */
static void test_copy(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	pty_type(&place->pty, "VkY");
	pty_wait_for(&place->pty, "copied 2 lines to the terminal's clipboard");
	/* "thread 'main' says: … and escape\ngateway listening on 0.0.0.0:8000\n" */
	pty_wait_for_bytes(&place->pty, "\033]52;c;dGhyZWFkICdtYWluJyBzYXlzOiDml6");
	pty_wait_for_bytes(&place->pty, "gYW5kIGVzY2FwZQpnYXRld2F5IGxpc3RlbmluZyBvbiAwLjAuMC4wOjgwMDAK\033\\");
	pty_type(&place->pty, "Y");
	pty_wait_for(&place->pty, "copied 1 line to");
	pty_wait_for_bytes(&place->pty, "\033]52;c;Z2F0ZXdheSBsaXN0ZW5pbmcgb24gMC4wLjAuMDo4MDAw\033\\");
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
	place->pty.revision++;
	pty_wait_for(&place->pty, "job done number=299999");
	pty_type(&place->pty, "\t\t/number=2..9[0-9]*6$\022");
	pty_wait_for(&place->pty, "so far");
	pty_wait_for(&place->pty, "regex /number=2..9[0-9]*6$");
	pty_wait_for(&place->pty, "1100 of 1100");
	pty_type(&place->pty, "\003zg");
	pty_wait_for(&place->pty, "job done number=0");
	pty_type(&place->pty, "jjjj");
	pty_wait_for(&place->pty, "299975 below");
	pty_type(&place->pty, "&\022done number=\\d*[02468]$\r");
	pty_wait_for(&place->pty, "149977 below");
	pty_wait_for(&place->pty, "job done number=4");
	pty_type(&place->pty, "LLL");
	pty_wait_for(&place->pty, "74978 below");
	pty_wait_for(&place->pty, "job done number=4");
	log_store_close(steal(&place->store));
	place->pty.revision++;
	pty_wait_for(&place->pty, "? help");
}

static void test_given_back(void **state)
{
	struct place *place = *state;
	struct termios now;
	pty_wait_for(&place->pty, "? help");
	str_clear(&place->pty.raw);
	tui_suspend(place->pty.tui);
	tcgetattr(place->pty.slave, &now);
	assert_int_equal(now.c_lflag, place->pty.before.c_lflag);
	assert_int_equal(now.c_iflag, place->pty.before.c_iflag);
	pty_wait_for_bytes(&place->pty, "\033[?1049l");
	pty_wait_for_bytes(&place->pty, "\033[?2004l");
	unsigned views = place->views;
	place->pty.revision++;
	loop_turn(place->pty.loop, 0);
	assert_int_equal(place->views, views);
	str_clear(&place->pty.raw);
	tui_resume(place->pty.tui);
	pty_wait_for_bytes(&place->pty, "\033[?1049h");
	pty_wait_for(&place->pty, "? help");
	pty_compare(&place->pty);
	tui_close(place->pty.tui);
	place->pty.tui = NULL;
	tcgetattr(place->pty.slave, &now);
	assert_int_equal(now.c_lflag, place->pty.before.c_lflag);
	assert_int_equal(now.c_oflag, place->pty.before.c_oflag);
}

static void test_stderr(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	fprintf(stderr, "a library scribbles\n");
	place->kind = SCENE_FAILED;
	place->pty.revision++;
	pty_wait_for(&place->pty, "does not compile");
	assert_null(memmem(place->pty.raw.data, place->pty.raw.len, "scribbles", 9));
	pty_compare(&place->pty);
}

/* Nobody reads: nothing blocks, and what is shown in the end is the newest. */
static void test_slow(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	loop_fd_close(steal(&place->pty.reading));
	bool is_held = false; /* frames wait until the terminal takes them */
	for (int i = 0; i < 400 && !is_held; i++) {
		place->kind = (enum scene_kind)(i % 3);
		place->pty.revision++;
		tui_resize(place->pty.tui);
		tui_type(place->pty.tui, "\014", 1); /* drawn whole each time */
		loop_turn(place->pty.loop, 17);
		is_held = i > 50 && place->views < (unsigned)i / 2;
	}
	assert_true(is_held);
	place->kind = SCENE_FAILED;
	place->pty.revision++;
	pty_read_on(&place->pty);
	pty_wait_for(&place->pty, "does not compile");
	pty_compare(&place->pty);
}

static void test_hang_up(void **state)
{
	struct place *place = *state;
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	pty_wait_for(&place->pty, "? help");
	loop_fd_close(steal(&place->pty.reading));
	close(place->pty.master);
	place->pty.master = -1;
	while (!place->is_gone) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->pty.loop, 100);
	}
	place->pty.revision++;
	loop_turn(place->pty.loop, 0);
}

/* With nothing to draw, nothing is written and the view is not asked for. */
static void test_idle(void **state)
{
	struct place *place = *state;
	place->kind = SCENE_EMPTY;
	pty_wait_for(&place->pty, "? help");
	unsigned views = place->views;
	size_t len = place->pty.raw.len;
	for (int i = 0; i < 20; i++)
		loop_turn(place->pty.loop, 5);
	assert_int_equal(place->views, views);
	assert_int_equal(place->pty.raw.len, len);
}

/* The colour of the first letter of the head line, as the emulator has it. */
static uint32_t shown_accent(struct place *place)
{
	VTermScreenCell cell;
	VTermPos at = {.row = 0, .col = 1};
	vterm_screen_get_cell(place->pty.screen, at, &cell);
	vterm_screen_convert_color_to_rgb(place->pty.screen, &cell.fg);
	return (uint32_t)cell.fg.rgb.red << 16 | (uint32_t)cell.fg.rgb.green << 8 | cell.fg.rgb.blue;
}

static void wait_for_accent(struct place *place, uint32_t rgb)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (shown_accent(place) != rgb) {
		if (clock_now_ns() > end)
			printf("# the accent is %06x, not %06x\n", shown_accent(place), rgb);
		assert_true(clock_now_ns() < end);
		loop_turn(place->pty.loop, 100);
	}
}

/* The numbers 117 and 25 by the colours of the emulator. */
enum { DARK_256 = 0x66ccff, LIGHT_256 = 0x003399, DARK_TRUE = 0x8ac6ff, LIGHT_TRUE = 0x0b57a4, HIGH_256 = 0xffffff };

/* The terminal is asked for its ground, not waited for; what it answers then,
 * and whenever that changes, makes the theme "auto" light or dark. */
static void test_ground(void **state)
{
	struct place *place = *state;
	pty_wait_for(&place->pty, "? help");
	assert_non_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033]11;?\033\\", 8));
	assert_non_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033[?2031h", 8));
	wait_for_accent(place, DARK_256);
	pty_type(&place->pty, "\033]11;rgb:fafa/fafa/f0f0\033\\");
	wait_for_accent(place, LIGHT_256);
	pty_type(&place->pty, "\033[?997;1n");
	wait_for_accent(place, DARK_256);
	pty_compare(&place->pty);
	tui_suspend(place->pty.tui);
	pty_wait_for_bytes(&place->pty, "\033[?2031l");
	tui_resume(place->pty.tui);
	pty_wait_for(&place->pty, "? help");
}

static void test_theme(void **state)
{
	struct place *place = *state;
	wait_for_accent(place, DARK_256);
	/* looking at it shows it, Esc goes back */
	pty_type(&place->pty, "\024jjjjj");
	pty_wait_for(&place->pty, "\xe2\x96\xb8 light");
	wait_for_accent(place, LIGHT_256);
	assert_null(place->theme);
	pty_type(&place->pty, "\033");
	pty_wait_for(&place->pty, "? help");
	wait_for_accent(place, DARK_256);
	assert_null(place->theme);
	/* Enter keeps it, whatever the ground is told to be */
	pty_type(&place->pty, "\024jjjj\r");
	pty_wait_for(&place->pty, "? help");
	wait_for_accent(place, HIGH_256);
	assert_string_equal(place->theme, "high-contrast");
	pty_type(&place->pty, "\033[?997;2n\024");
	pty_wait_for(&place->pty, "\xe2\x96\xb8 high-contrast");
	wait_for_accent(place, HIGH_256);
	/* and back to what follows the ground */
	pty_type(&place->pty, "g\r");
	pty_wait_for(&place->pty, "? help");
	wait_for_accent(place, LIGHT_256);
	assert_string_equal(place->theme, "auto");
	pty_compare(&place->pty);
}

/* The theme in use was saved with other colours: they are shown, its name is the same. */
static void test_theme_saved(void **state)
{
	struct place *place = *state;
	struct config *config = place->pty.config;
	struct theme other;
	pty_wait_for(&place->pty, "? help");
	config_choose_theme(config, "dark");
	tui_configure(place->pty.tui, &deck_commands, config, false);
	wait_for_accent(place, DARK_256);
	assert_true(config_find_theme(config, "high-contrast", &other, NULL));
	memcpy(config->theme.paint, other.paint, sizeof other.paint);
	tui_configure(place->pty.tui, &deck_commands, config, false);
	wait_for_accent(place, HIGH_256);
	auto_free char *file = config_theme_file(config);
	assert_true(text_ends_with(file, "/dark.ini"));
}

/* Opens the screen again, with the environment as it is now. */
static void open_again(struct place *place, const char *settings)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .theme = choose_theme};
	struct tui_options options = {.in = place->pty.slave, .out = place->pty.slave, .commands = &deck_commands, .config = place->pty.config};
	struct fault fault = {0};
	str_clear(&place->pty.raw);
	tui_close(place->pty.tui);
	place->pty.tui = NULL;
	pty_wait_for_bytes(&place->pty, "\033[?1004l"); /* its last ones */
	config_read(place->pty.config, settings, "config.ini");
	place->pty.tui = tui_open(place->pty.loop, &options, &call, place, &fault);
	assert_non_null(place->pty.tui);
	str_clear(&place->pty.raw);
	place->pty.revision++;
	pty_wait_for(&place->pty, "? help");
	pty_wait_for_bytes(&place->pty, "\033[?2026l");
}

static bool has_written(const struct place *place, const char *bytes)
{
	return memmem(place->pty.raw.data, place->pty.raw.len, bytes, strlen(bytes)) != NULL;
}

static void test_depth(void **state)
{
	struct place *place = *state;
	wait_for_accent(place, DARK_256);
	assert_false(has_written(place, "8;2;"));
	setenv("COLORTERM", "truecolor", 1);
	open_again(place, "");
	wait_for_accent(place, DARK_TRUE);
	pty_type(&place->pty, "\033]11;rgb:ff/ff/ff\007");
	wait_for_accent(place, LIGHT_TRUE);
	assert_false(has_written(place, "8;5;"));
	pty_compare(&place->pty);
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
	vterm_screen_get_cell(place->pty.screen, (VTermPos){.row = 0, .col = 1}, &cell);
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
	while (!text_ends_with(str_text(&place->pty.raw), "\033[?2026l")) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->pty.loop, 100);
	}
}

static size_t bytes_of_frame(struct place *place)
{
	wait_for_end(place);
	str_clear(&place->pty.raw);
	place->pty.revision++;
	wait_for_end(place);
	return place->pty.raw.len;
}

/* At most 150 bytes a second with twenty idle services: their figures come
 * once a second. */
static void test_bytes(void **state)
{
	static const struct tui_call call = {.view = fill_twenty, .command = take_command};
	struct place *place = *state;
	struct tui_options options = {.in = place->pty.slave, .out = place->pty.slave, .commands = &deck_commands, .config = place->pty.config};
	struct fault fault = {0};
	struct winsize size = {.ws_col = 120, .ws_row = 40};
	place->pty.columns = 120;
	place->pty.rows = 40;
	vterm_set_size(place->pty.vterm, 40, 120);
	ioctl(place->pty.master, TIOCSWINSZ, &size);
	tui_close(place->pty.tui);
	place->pty.tui = tui_open(place->pty.loop, &options, &call, place, &fault);
	assert_non_null(place->pty.tui);
	str_clear(&place->pty.raw);
	cpu_add = 0;
	pty_wait_for(&place->pty, "service-19");
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

/* A terminal without another screen and without a clipboard: nothing is sent that
 * it would print, and the shell goes on below the picture. */
static void test_old_terminal(void **state)
{
	static const struct tui_call call = {.view = fill_view};
	struct place *place = *state;
	struct tui_options options = {.in = place->pty.slave, .out = place->pty.slave, .commands = &deck_commands, .config = place->pty.config};
	struct fault fault = {0};
	tui_close(place->pty.tui);
	setenv("TERM", "vt100", 1);
	place->pty.tui = tui_open(place->pty.loop, &options, &call, place, &fault);
	assert_non_null(place->pty.tui);
	loop_turn(place->pty.loop, 100);
	str_clear(&place->pty.raw);
	pty_wait_for(&place->pty, "? help");
	pty_type(&place->pty, "Y");
	pty_wait_for(&place->pty, "this terminal has no clipboard that can be reached");
	setenv("TERM", "xterm-256color", 1);
	tui_close(place->pty.tui);
	place->pty.tui = NULL;
	pty_wait_for_bytes(&place->pty, "\r\n\033[?1006l");
	assert_null(memmem(place->pty.raw.data, place->pty.raw.len, "\033]52", 4));
}

/* ---- a hostile log ---- */

enum { MEGABYTE = 1 << 20, COMBINING = 5000 };

static void add_hostile(struct log_store *store, const char *text, size_t len)
{
	static int64_t at;
	at++;
	log_store_add(store, at * 1000000, at % 2 == 0, text, len);
}

static void fill_hostile(struct log_store *store)
{
	static const char *const lines[] = {
		"\033]0;owned\007 title", "\033]2;owned\033\\ title", "\033]52;c;b3duZWQ=\007 clipboard", "\033]52;c;?\007", "\033P1$r owned\033\\", "\033_owned\033\\",
		"\033^owned\033\\", "\033Xowned\033\\", "\033[31337h\033[2J\033[H\033[?1049l", "\033[6n\033[c\033[>c\033[21t", "\033[31337", "\033c\033#8\033(0\016",
		"\302\23331337h c1", "\302\2350;owned\302\234", "\23331337h", "\a\a\a\b\b\b\r\v\f", "\033[?1000;1003;31337h", "\033[200~:quit\r\033[201~",
		"\342\200\256desrever\342\200\254 \342\201\246x\342\201\251 \342\200\217", "\357\273\277\342\200\250\342\200\251", "\377\376\300\200\355\240\200\364\220\200\200",
		"{\"level\":\"INFO\",\"message\":\"\\u001b]0;owned\\u0007\\u009b31337h\\u202e\",\"k\\u001b[31337h\":\"v\\n\\r\"}",
		"level=error msg=\"\\x1b]0;owned\" \033[31337h",
	};
	auto_str flood = {0}, endless = {0}, binary = {0};
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		add_hostile(store, lines[i], strlen(lines[i]));
	str_add(&flood, "z");
	for (int i = 0; i < COMBINING; i++)
		str_add(&flood, "\314\201"); /* U+0301 */
	add_hostile(store, flood.data, flood.len);
	while (endless.len < MEGABYTE)
		str_add(&endless, "endless \033[31337h\033]0;owned\007");
	add_hostile(store, endless.data, endless.len);
	uint32_t seed = 1;
	for (int i = 0; i < 8192; i++) {
		seed = seed * 1664525u + 1013904223u;
		str_add_char(&binary, (char)(seed >> 24));
	}
	add_hostile(store, binary.data, binary.len);
	add_hostile(store, "the last line", 13);
}

/* Only what the screen itself writes has a control letter in it. */
static void assert_harmless(const struct str *raw)
{
	static const char *const never[] = {"\033]", "\033P", "\033_", "\033^", "\033X", "\033c", "\033#", "\033[31337", "\033[6n", "\033[c", "\033[>c",
		"\033[200~", "\033[21t", "\302\233", "\302\235", "\302\220", "\302\234", "\342\200\256", "\342\200\254", "\342\201\246", "\342\201\251", "\342\200\217",
		"\342\200\250", "\342\200\251", "\357\273\277", "\355\240", "\300\200"};
	for (size_t i = 0; i < COUNT_OF(never); i++)
		assert_true(memmem(raw->data, raw->len, never[i], strlen(never[i])) == NULL);
	size_t combining = 0;
	for (size_t i = 0; i < raw->len; i++) {
		unsigned char letter = (unsigned char)raw->data[i];
		if ((letter < 32 && strchr("\033\r\n\b\t", letter) == NULL) || letter == 127)
			fail_msg("the terminal was sent the control letter %u", letter);
		combining = i > 0 && letter == 0x81 && (unsigned char)raw->data[i - 1] == 0xcc ? combining + 1 : letter == 0xcc ? combining : 0;
		assert_true(combining < 16);
	}
}

/* Nothing of a log reaches the terminal raw, however it is looked at. */
static void test_hostile_log(void **state)
{
	struct place *place = *state;
	static const char *const looks[] = {"w", "g", "R", "G", "w", ">>>", "ttt", "R", "LLLLLL", "&owned\r", "\033[27u", "/owned\r", "nnNN", "\033[27u", "Vkkkk", "\033[27u"};
	pty_wait_for(&place->pty, "? help");
	place->store = log_store_open(MEGABYTE * 16);
	fill_hostile(place->store);
	str_clear(&place->pty.raw);
	place->pty.revision++;
	pty_type(&place->pty, "\rz");
	pty_wait_for(&place->pty, "the last line");
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		unsigned before = place->views;
		uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
		pty_type(&place->pty, looks[i]);
		place->pty.revision++;
		while (place->views == before) {
			assert_true(clock_now_ns() < end);
			loop_turn(place->pty.loop, 50);
		}
		pty_compare(&place->pty);
		assert_harmless(&place->pty.raw);
	}
	assert_true(place->pty.raw.len > 2000);
	log_store_close(steal(&place->store));
	place->pty.revision++;
	pty_wait_for(&place->pty, "? help");
}

static void check_refused(struct place *place, const char *type_name, int in, const char *words)
{
	static const struct tui_call call = {.view = fill_view};
	struct tui_options options = {.in = in, .out = in, .commands = &deck_commands, .config = place->pty.config};
	struct fault fault = {0};
	auto_free char *before = mem_copy_string(getenv("TERM"));
	tui_close(place->pty.tui);
	place->pty.tui = NULL;
	if (type_name != NULL)
		setenv("TERM", type_name, 1);
	else
		unsetenv("TERM");
	assert_null(tui_open(place->pty.loop, &options, &call, place, &fault));
	setenv("TERM", before, 1);
	assert_non_null(strstr(fault.text, words));
	assert_int_equal(fault.code, FAULT_OUTSIDE);
	assert_true(fault.mend[0] != '\0');
}

static void test_refused(void **state)
{
	struct place *place = *state;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	check_refused(place, "no-such-terminal", place->pty.slave, "TERM=no-such-terminal");
	check_refused(place, "dumb", place->pty.slave, "TERM=dumb");
	check_refused(place, NULL, place->pty.slave, "TERM is not set");
	check_refused(place, "xterm-256color", null, "no terminal");
	close(null);
}

int main(void)
{
	pty_set_environment();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resize, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up_large, tear_down),
		cmocka_unit_test_setup_teardown(test_paste, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unmarked_paste, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_old_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stderr, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hang_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ground, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_theme_saved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_theme, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
