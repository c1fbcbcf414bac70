/* A pseudo-terminal with the screen on one side and an emulator on the other. */
#include "pty.h"

#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

void pty_set_environment(void)
{
	setenv("TZ", "UTC", 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
	unsetenv("COLORFGBG");
	unsetenv("STY");
}

static void on_turn(void *data)
{
	struct pty *pty = data;
	if (pty->tui != NULL)
		tui_turn(pty->tui, pty->revision);
}

static void on_output(void *data, int fd, int events)
{
	struct pty *pty = data;
	char bytes[65536];
	(void)events;
	ssize_t got = read(fd, bytes, sizeof bytes);
	if (got <= 0)
		return;
	str_add_bytes(&pty->raw, bytes, (size_t)got);
	vterm_input_write(pty->vterm, bytes, (size_t)got);
	vterm_screen_flush_damage(pty->screen);
}

void pty_read_on(struct pty *pty)
{
	pty->reading = loop_fd_open(pty->loop, pty->master, LOOP_READ, on_output, pty);
}

bool pty_open(struct pty *pty, unsigned short columns, unsigned short rows, const struct tui_call *call, void *data)
{
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct winsize size = {.ws_col = columns, .ws_row = rows};
	struct fault fault = {0};
	*pty = (struct pty){.columns = columns, .rows = rows, .revision = 1};
	if (openpty(&pty->master, &pty->slave, NULL, NULL, &size) != 0)
		return false;
	tcgetattr(pty->slave, &pty->before);
	pty->vterm = vterm_new(rows, columns);
	vterm_set_utf8(pty->vterm, 1);
	pty->screen = vterm_obtain_screen(pty->vterm);
	vterm_screen_enable_altscreen(pty->screen, 1);
	vterm_screen_reset(pty->screen, 1);
	pty->loop = loop_open();
	pty->config = config_open("/dev/null", themes);
	struct tui_options options = {.in = pty->slave, .out = pty->slave, .commands = &deck_commands, .config = pty->config};
	pty->tui = tui_open(pty->loop, &options, call, data, &fault);
	if (pty->tui == NULL)
		return false;
	pty_read_on(pty);
	loop_set_turn_hook(pty->loop, on_turn, pty);
	return true;
}

void pty_close(struct pty *pty)
{
	tui_close(pty->tui);
	loop_fd_close(pty->reading);
	config_close(pty->config);
	loop_close(pty->loop);
	vterm_free(pty->vterm);
	if (pty->master >= 0)
		close(pty->master);
	close(pty->slave);
	str_finish(&pty->raw);
}

static int add_cell(struct pty *pty, int y, int x, struct str *line)
{
	VTermScreenCell cell;
	vterm_screen_get_cell(pty->screen, (VTermPos){.row = y, .col = x}, &cell);
	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++) {
		char bytes[8];
		int len = snprintf(bytes, sizeof bytes, "%lc", (wint_t)cell.chars[i]);
		str_add_bytes(line, bytes, len > 0 ? (size_t)len : 0);
	}
	if (cell.chars[0] == 0)
		str_add_char(line, ' ');
	return cell.width > 1 ? cell.width : 1;
}

char *pty_shown(struct pty *pty)
{
	struct str picture = {0};
	for (int y = 0; y < pty->rows; y++) {
		auto_str line = {0};
		for (int x = 0; x < pty->columns;)
			x += add_cell(pty, y, x, &line);
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			str_cut(&line, line.len - 1);
		str_print(&picture, "%s\n", str_text(&line));
	}
	return str_steal(&picture);
}

bool pty_shows(struct pty *pty, const char *text)
{
	auto_free char *picture = pty_shown(pty);
	return strstr(picture, text) != NULL;
}

static void wait_until(struct pty *pty, const char *text, bool is_wanted)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (pty_shows(pty, text) != is_wanted) {
		if (clock_now_ns() > end) {
			/* standard error is the screen's while it is up */
			auto_free char *picture = pty_shown(pty);
			printf("# \"%s\" never %s, %zu bytes did:\n%s", text, is_wanted ? "came" : "went", pty->raw.len, picture);
			fail();
		}
		loop_turn(pty->loop, 100);
	}
}

void pty_wait_for(struct pty *pty, const char *text)
{
	wait_until(pty, text, true);
}

void pty_wait_while(struct pty *pty, const char *text)
{
	wait_until(pty, text, false);
}

void pty_wait_for_bytes(struct pty *pty, const char *bytes)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	while (pty->raw.data == NULL || memmem(pty->raw.data, pty->raw.len, bytes, strlen(bytes)) == NULL) {
		assert_true(clock_now_ns() < end);
		loop_turn(pty->loop, 100);
	}
}

void pty_type(struct pty *pty, const char *keys)
{
	assert_int_equal(write(pty->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void pty_compare(struct pty *pty)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * 1000000ull;
	for (;;) {
		auto_free char *drawn = tui_picture(pty->tui), *picture = pty_shown(pty);
		if (strcmp(drawn, picture) == 0)
			return;
		if (clock_now_ns() > end)
			assert_string_equal(picture, drawn);
		loop_turn(pty->loop, 100);
	}
}
