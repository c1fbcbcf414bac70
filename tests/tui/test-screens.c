/* Pictures of the screen: each is drawn and compared with the file of its name
 * in tests/screens. TEST_UPDATE_SCREENS=1 writes the files anew. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "scene.h"

#include <stdio.h>
#include <wchar.h>

struct screen {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
	enum scene_kind kind;
};

static void fill_view(void *data, struct view *view)
{
	struct screen *screen = data;
	scene_fill(screen->kind, view);
}

static bool take_command(void *data, int id, const char *argument, struct fault *fault)
{
	(void)data, (void)id, (void)argument;
	return fault_set(fault, FAULT_FAILED, "this is only a picture");
}

static void open_screen_with(struct screen *screen, enum scene_kind kind, unsigned columns, unsigned rows, bool is_ascii,
	const char *settings)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct fault fault = {0};
	screen->kind = kind;
	screen->loop = loop_open();
	screen->config = config_open("/dev/null", themes);
	config_read(screen->config, settings, "config.ini");
	struct tui_options options = {.commands = &deck_commands, .config = screen->config, .headless_columns = columns,
		.headless_rows = rows, .headless_colours = 256, .headless_ascii = is_ascii};
	screen->tui = tui_open(screen->loop, &options, &call, screen, &fault);
	assert_non_null(screen->tui);
}

static void open_screen(struct screen *screen, enum scene_kind kind, unsigned columns, unsigned rows, bool is_ascii)
{
	open_screen_with(screen, kind, columns, rows, is_ascii, "");
}

static void draw(struct screen *screen)
{
	struct view view;
	scene_fill(screen->kind, &view);
	tui_draw(screen->tui, &view);
}

static void type(struct screen *screen, const char *keys)
{
	tui_type(screen->tui, keys, strlen(keys));
	draw(screen);
}

static void close_screen(struct screen *screen)
{
	tui_close(screen->tui);
	config_close(screen->config);
	loop_close(screen->loop);
}

static void compare(struct screen *screen, const char *name)
{
	const char *source = getenv("TEST_SRCDIR"), *update = getenv("TEST_UPDATE_SCREENS");
	auto_free char *path = mem_print("%s/tests/screens/%s.screen", source != NULL ? source : ".", name);
	auto_free char *picture = tui_picture(screen->tui);
	struct fault fault = {0};
	if (update != NULL && update[0] != '\0') {
		assert_true(file_write(path, picture, strlen(picture), 0644, &fault));
		return;
	}
	auto_free char *wanted = file_read(path, 1 << 20, NULL, &fault);
	if (wanted == NULL)
		fail_msg("%s", fault.text);
	if (strcmp(wanted, picture) != 0)
		fail_msg("%s is drawn otherwise:\n%s", name, picture);
}

/* ---- each scene at each size ---- */

static void test_scenes(void **state)
{
	static const unsigned sizes[][2] = {{80, 24}, {120, 40}, {40, 12}, {20, 5}};
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct screen screen;
			char name[64];
			open_screen(&screen, (enum scene_kind)kind, sizes[i][0], sizes[i][1], false);
			draw(&screen);
			snprintf(name, sizeof name, "%s-%ux%u", scene_name((enum scene_kind)kind), sizes[i][0], sizes[i][1]);
			compare(&screen, name);
			close_screen(&screen);
		}
}

/* ---- after keys ---- */

struct step {
	const char *name;
	enum scene_kind kind;
	unsigned columns, rows;
	bool is_ascii;
	const char *keys;
};

static const struct step steps[] = {
	{"help", SCENE_DECK, 80, 24, false, "?"},
	{"why", SCENE_FAILED, 80, 24, false, "y"},
	{"why-scrolled", SCENE_FAILED, 80, 24, false, "yjjjj"},
	{"why-wide", SCENE_FAILED, 120, 40, false, "y"},
	{"why-small", SCENE_FAILED, 40, 12, true, "y"},
	{"why-nothing", SCENE_EMPTY, 80, 24, false, "y"},
	{"why-left", SCENE_FAILED, 80, 24, false, "yjj\r"},
	{"log-json-raw", SCENE_JSON, 80, 24, false, "R"},
	{"log-json-shifted", SCENE_JSON, 80, 24, false, "R>>"},
	{"log-steps", SCENE_JSON, 80, 24, false, "t"},
	{"log-json-no-time", SCENE_JSON, 80, 24, false, "tt"},
	{"log-level", SCENE_JSON, 120, 40, false, "LLL"},
	{"log-filter", SCENE_JSON, 80, 24, false, "&timeout\r"},
	{"log-filter-typed", SCENE_JSON, 80, 24, false, "&slow !212"},
	{"log-filter-without", SCENE_JSON, 80, 24, false, "&!plain\rz"},
	{"log-filter-nothing", SCENE_JSON, 80, 24, false, "&no such text\r"},
	{"log-filter-wrong", SCENE_JSON, 80, 24, false, "&\x12(\r"},
	{"log-regex", SCENE_JSON, 120, 40, false, "/\x12url=.*cart\rN"},
	{"log-regex-wrong", SCENE_JSON, 80, 24, false, "/\x12("},
	{"log-counted", SCENE_JSON, 80, 24, false, "/timeout\rNN"},
	{"log-counted-round", SCENE_JSON, 80, 24, false, "/timeout\rn"},
	{"log-selected", SCENE_JSON, 120, 40, false, "Vkkk"},
	{"log-copied", SCENE_JSON, 80, 24, false, "VkkY"},
	{"log-marked", SCENE_JSON, 80, 24, false, "Vk*\x1b"},
	{"log-no-mark", SCENE_JSON, 80, 24, false, "}"},
	{"log-time", SCENE_JSON, 80, 24, false, "@-20s\r"},
	{"log-time-wrong", SCENE_JSON, 80, 24, false, "@noon\r"},
	{"log-larger", SCENE_DECK, 80, 24, false, "+++"},
	{"log-larger-wide", SCENE_DECK, 120, 40, false, "+++++"},
	{"log-smaller-wide", SCENE_DECK, 120, 40, false, "-----"},
	{"log-beside", SCENE_DECK, 100, 24, false, "|"},
	{"log-below", SCENE_DECK, 120, 40, false, "|"},
	{"help-wide", SCENE_DECK, 120, 40, false, "?"},
	{"help-searched", SCENE_DECK, 80, 24, false, "?log"},
	{"help-small", SCENE_DECK, 40, 12, false, "?"},
	{"palette", SCENE_DECK, 80, 24, false, ":"},
	{"palette-typed", SCENE_DECK, 80, 24, false, ":rest"},
	{"palette-small", SCENE_DECK, 40, 12, false, ":"},
	{"question", SCENE_DECK, 80, 24, false, "x"},
	{"question-small", SCENE_DECK, 40, 12, false, "x"},
	{"question-line", SCENE_DECK, 20, 5, false, "x"},
	{"fault", SCENE_DECK, 80, 24, false, "b"},
	{"error", SCENE_FAILED, 80, 24, false, "\t\r"},
	{"error-small", SCENE_FAILED, 40, 12, false, "\t\r"},
	{"errors-selected", SCENE_FAILED, 80, 24, false, "\tj"},
	{"log-tab", SCENE_DECK, 40, 12, false, "\r"},
	{"log-zoomed", SCENE_DECK, 80, 24, false, "\rz"},
	{"log-wrapped", SCENE_DECK, 80, 24, false, "w"},
	{"log-no-time", SCENE_DECK, 80, 24, false, "tt"},
	{"log-paused", SCENE_DECK, 80, 24, false, "\rkk"},
	{"log-search", SCENE_DECK, 80, 24, false, "/timeout"},
	{"log-missing", SCENE_DECK, 80, 24, false, "/nowhere\r"},
	{"saves-tab", SCENE_DECK, 40, 12, false, "\t\t\t"},
	{"saves-zoomed", SCENE_DECK, 80, 24, false, "\t\t\tz"},
	{"ascii", SCENE_FAILED, 80, 24, true, ""},
	{"ascii-start", SCENE_START, 80, 24, true, ""},
	{"start-log", SCENE_START, 80, 24, false, "\tz"},
	{"cyrillic-down", SCENE_DECK, 80, 24, false, "\xd0\xbe\xd0\xbe"},
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct screen screen;
		open_screen(&screen, steps[i].kind, steps[i].columns, steps[i].rows, steps[i].is_ascii);
		draw(&screen);
		for (const char *at = steps[i].keys; *at != '\0'; at++) {
			/* one byte at a time: letters of UTF-8 are put together */
			char one[2] = {*at, '\0'};
			type(&screen, one);
		}
		compare(&screen, steps[i].name);
		close_screen(&screen);
	}
}

/* ---- with settings ---- */

static const char chords[] = "[keys]\nfirst = \"g g\" Home\nlast = \"g e\" End\nzoom = \"g z\"\nstop = \"g x s\"\nstart = F9\n";

static const struct {
	struct step step;
	const char *settings;
} looks[] = {
	{{"theme", SCENE_FAILED, 80, 24, false, "\024"}, ""},
	{{"theme-wide", SCENE_DECK, 120, 40, false, "\024jjjj"}, ""},
	{{"theme-small", SCENE_DECK, 40, 12, true, "\024G"}, ""},
	{{"theme-kept", SCENE_DECK, 80, 24, false, "\024jj\r"}, ""},
	{{"chord", SCENE_DECK, 80, 24, false, "g"}, chords},
	{{"chord-cyrillic", SCENE_DECK, 80, 24, false, "\xd0\xbf\xd1\x8f"}, chords},
	{{"chord-nowhere", SCENE_DECK, 80, 24, false, "gj"}, chords},
	{{"chord-clash", SCENE_DECK, 80, 24, false, ""}, "[keys]\nquit = \"g q\"\n"},
	{{"help-own", SCENE_DECK, 80, 24, false, "?your own"}, chords},
	{{"help-own-wide", SCENE_DECK, 120, 40, false, "?"}, chords},
	{{"palette-history", SCENE_DECK, 80, 24, false, ":zoo\r:wrap\r:zoom\r:\033[A"}, ""},
	{{"palette-history-run", SCENE_DECK, 80, 24, false, ":zoo\r:wrap\r:\033[A\033[B\r"}, ""},
	{{"plots-braille", SCENE_DECK, 100, 24, false, ""}, "[screen]\nplots = braille\n"},
	{{"plots-ascii", SCENE_DECK, 100, 24, false, ""}, "[screen]\nplots = ascii\n"},
};

static void test_looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		struct screen screen;
		const struct step *step = &looks[i].step;
		open_screen_with(&screen, step->kind, step->columns, step->rows, step->is_ascii, looks[i].settings);
		draw(&screen);
		for (const char *at = step->keys; *at != '\0'; at++) {
			char one[2] = {*at, '\0'};
			type(&screen, one);
		}
		compare(&screen, step->name);
		close_screen(&screen);
	}
}

static void test_resize(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 120, 40, false);
	draw(&screen);
	type(&screen, "jj");
	tui_set_size(screen.tui, 64, 18);
	draw(&screen);
	compare(&screen, "resized-64x18");
	tui_set_size(screen.tui, 1, 1);
	draw(&screen);
	tui_set_size(screen.tui, 120, 40);
	draw(&screen);
	compare(&screen, "resized-back");
	close_screen(&screen);
}

/* Every scene at odd sizes, in every mode: nothing may break, every row fits. */
static void test_sizes(void **state)
{
	static const unsigned sizes[][2] = {{1, 1}, {2, 1}, {1, 3}, {29, 6}, {30, 5}, {30, 6}, {31, 7}, {59, 15}, {60, 14},
		{60, 15}, {109, 15}, {110, 15}, {500, 200}, {80, 8}, {110, 24}, {61, 100}};
	static const char *const keys[] = {"", "?", "q", "\033[200~x\033[201~", ":", "\r", "\t\r", "/o", "zx", "wG", "zwk", "\024", "\024jj"};
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++) {
		struct screen screen;
		open_screen(&screen, (enum scene_kind)kind, 80, 24, kind % 2 == 1);
		for (size_t k = 0; k < COUNT_OF(keys); k++)
			for (size_t i = 0; i < COUNT_OF(sizes); i++) {
				tui_set_size(screen.tui, sizes[i][0], sizes[i][1]);
				draw(&screen);
				type(&screen, keys[k]);
				auto_free char *picture = tui_picture(screen.tui);
				size_t rows = 0;
				for (const char *at = picture; *at != '\0'; at++)
					rows += *at == '\n';
				assert_int_equal(rows, sizes[i][1]);
				assert_null(strchr(picture, 27));
				type(&screen, "\003"); /* closes what is open */
			}
		close_screen(&screen);
	}
}

/* At every width a row ends within the screen, with whole letters. */
static void test_widths(void **state)
{
	static const enum scene_kind kinds[] = {SCENE_ODD, SCENE_DECK, SCENE_FAILED};
	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct screen screen;
		open_screen(&screen, kinds[k], 80, 24, false);
		for (unsigned columns = 1; columns < 132; columns++) {
			tui_set_size(screen.tui, columns, 24);
			draw(&screen);
			auto_free char *picture = tui_picture(screen.tui);
			auto_strings rows = {0};
			strings_split(&rows, picture, '\n');
			for (size_t i = 0; i < rows.count; i++) {
				wchar_t wide[512];
				size_t len = mbstowcs(wide, rows.items[i], COUNT_OF(wide));
				assert_true(len < COUNT_OF(wide));
				assert_in_range(wcswidth(wide, len), 0, columns);
			}
		}
		close_screen(&screen);
	}
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_widths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
