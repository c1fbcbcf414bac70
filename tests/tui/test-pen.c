/* Letters on cells: every glyph has its ASCII form, texts are cut at every
 * width without a half letter; plots, fuzzy search and true colour. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "tui.h"

#include <stdio.h>

struct place {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
};

enum { COLUMNS = 60, ROWS = 10 };

static int open_place(void **state)
{
	static const struct tui_call call = {.view = NULL};
	struct place *place = mem_alloc(sizeof *place);
	auto_free char *themes = path_join(getenv("TEST_SRCDIR"), "themes");
	struct fault fault = {0};
	*state = place;
	place->loop = loop_open();
	place->config = config_open("/dev/null", themes);
	place->tui = tui_open(place->loop, &(struct tui_options){.commands = &deck_commands, .config = place->config,
		.headless_columns = COLUMNS, .headless_rows = ROWS, .headless_colours = 1 << 24}, &call, place, &fault);
	if (place->tui == NULL)
		return -1;
	resizeterm(ROWS, COLUMNS);
	return 0;
}

static int close_place(void **state)
{
	struct place *place = *state;
	tui_close(place->tui);
	config_close(place->config);
	loop_close(place->loop);
	free(place);
	return 0;
}

/* The first row of the screen; the caller frees. */
static char *first_row(struct tui *tui)
{
	char *picture = tui_picture(tui);
	picture[strcspn(picture, "\n")] = '\0';
	return picture;
}

static bool is_all_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

static void test_glyphs(void **state)
{
	struct tui *tui = ((struct place *)*state)->tui;
	for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
		tui->is_ascii = false;
		const char *usual = pen_glyph(tui, (enum glyph)glyph);
		tui->is_ascii = true;
		const char *ascii = pen_glyph(tui, (enum glyph)glyph);
		assert_true(usual != NULL && ascii != NULL && ascii[0] != '\0');
		assert_int_equal(pen_width(usual, strlen(usual), 10), 1);
		assert_true(is_all_ascii(ascii));
		/* what stands in a column of its own is one letter */
		if (glyph != GLYPH_ENTER)
			assert_int_equal(strlen(ascii), 1);
	}
	/* states that differ have marks that differ */
	for (int a = VIEW_HEALTHY; a <= VIEW_FAILED; a++)
		for (int b = VIEW_HEALTHY; b < a; b++)
			if (services_glyph((enum view_state)a) != services_glyph((enum view_state)b))
				assert_string_not_equal(pen_glyph(tui, services_glyph((enum view_state)a)),
					pen_glyph(tui, services_glyph((enum view_state)b)));
}

static const char *const texts[] = {
	"plain", "日本語サービス", "a日b本c", "e\xcc\x81t\xc3\xa9 e\xcc\x81\xcc\x82\xcc\x83", "\xcc\x81 begins joined",
	"👩\xe2\x80\x8d💻 joined", "zero\xe2\x80\x8bwidth\xef\xb8\x8f", "a\tb\nc\x1b[31m\x7f", "한국어 조합 \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
	"cut \xe6\x97 short \xff\xfe", "עברית \xe2\x80\xaeturned", "ครับ ภาษาไทย",
};

/* At every width: never wider than asked, whole where it fits, else with the
 * mark at its end; what stands behind is not touched. */
static void test_cuts(void **state)
{
	struct tui *tui = ((struct place *)*state)->tui;
	for (int is_ascii = 0; is_ascii < 2; is_ascii++)
		for (size_t i = 0; i < COUNT_OF(texts); i++) {
			int whole = pen_width(texts[i], strlen(texts[i]), COLUMNS);
			for (int w = 0; w <= whole + 1; w++) {
				tui->is_ascii = is_ascii == 1;
				werase(stdscr);
				pen_fill(tui, 0, 0, COLUMNS - 1, "=", paint_plain);
				int used = pen_text(tui, 0, 0, w, texts[i], paint_plain);
				assert_int_equal(used, w < whole ? w : whole);
				auto_free char *row = first_row(tui);
				auto_str rest = {0};
				for (int x = used; x < COLUMNS - 1; x++)
					str_add_char(&rest, '=');
				if (!text_ends_with(row, str_text(&rest)))
					fail_msg("width %d of \"%s\": \"%s\"", w, texts[i], row);
				row[strlen(row) - rest.len] = '\0';
				assert_int_equal(pen_width(row, strlen(row), COLUMNS), used);
				if (w > 0 && w < whole)
					assert_true(text_ends_with(row, pen_glyph(tui, GLYPH_MORE)));
				for (const char *at = row; *at != '\0'; at++)
					assert_true((unsigned char)*at >= ' ' && *at != '\x7f');
			}
		}
}

/* From every byte on, too: what begins within a letter breaks nothing. */
static void test_cut_bytes(void **state)
{
	struct tui *tui = ((struct place *)*state)->tui;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		for (size_t from = 0; from <= strlen(texts[i]); from++)
			for (size_t len = 0; from + len <= strlen(texts[i]); len++) {
				int width = pen_width(texts[i] + from, len, COLUMNS);
				assert_int_equal(pen_bytes(tui, 0, 0, COLUMNS, texts[i] + from, len, paint_plain), width);
				assert_true(pen_line_bytes(texts[i] + from, len, 3) <= len);
			}
}

/* What a compiler rendered, cut at every width: marks stay on their letters,
 * and no wide letter is halved. */
static void test_rendered(void **state)
{
	static const char text[] = "\033[1m日本e\xcc\x81語\033[0m e\xcc\x82nd";
	static const char *const wanted[] = {"", "…", " …", "日…", "日 …", "日本…", "日本é…", "日本é …", "日本é語…",
		"日本é語 …", "日本é語 ê…", "日本é語 ênd", "日本é語 ênd"};
	struct tui *tui = ((struct place *)*state)->tui;
	for (int w = 1; w < (int)COUNT_OF(wanted); w++) {
		werase(stdscr);
		build_draw_rendered(tui, text, 0, 0, w, 1, 0);
		auto_free char *row = first_row(tui);
		auto_str plain = {0};
		for (const char *at = wanted[w]; *at != '\0';) {
			bool is_acute = text_starts_with(at, "é"), is_hat = text_starts_with(at, "ê");
			str_add(&plain, is_acute ? "e\xcc\x81" : is_hat ? "e\xcc\x82" : "");
			if (!is_acute && !is_hat)
				str_add_char(&plain, *at);
			at += is_acute || is_hat ? 2 : 1;
		}
		assert_string_equal(row, str_text(&plain));
	}
}

static void check_plot(struct place *place, enum plot_letters letters, const unsigned char *values, unsigned count, const char *wanted)
{
	struct tui *tui = place->tui;
	place->config->numbers[CONFIG_PLOTS] = letters;
	werase(stdscr);
	plot_draw(tui, 0, 0, 4, values, count, paint_plain);
	auto_free char *row = first_row(tui);
	assert_string_equal(row, wanted);
}

static void test_plots(void **state)
{
	static const unsigned char values[] = {255, 0, 64, 128, 192, 255};
	struct place *place = *state;
	check_plot(place, PLOT_BLOCKS, values, COUNT_OF(values), "▃▅▇█");
	check_plot(place, PLOT_AUTO, values, 2, "  █▁");
	check_plot(place, PLOT_ASCII, values, COUNT_OF(values), "-+%#");
	check_plot(place, PLOT_BRAILLE, values, COUNT_OF(values), " ⣇⣴⣿");
	check_plot(place, PLOT_BRAILLE, values, 1, "   ⢸");
	check_plot(place, PLOT_BRAILLE, values, 0, "");
	place->tui->is_ascii = true;
	check_plot(place, PLOT_BRAILLE, values, COUNT_OF(values), "-+%#");
}

static void test_fuzzy(void **state)
{
	unsigned char at[FUZZY_MOST];
	(void)state;
	assert_int_equal(fuzzy_score("xyz", "log-wrap", at), -1);
	assert_int_equal(fuzzy_score("wl", "log-wrap", at), -1);
	assert_true(fuzzy_score("lw", "log-wrap", at) >= 0);
	assert_int_equal(at[0], 0);
	assert_int_equal(at[1], 4);
	assert_true(fuzzy_score("LOG", "log-wrap", NULL) > fuzzy_score("lgw", "log-wrap", NULL));
	assert_true(fuzzy_score("", "log-wrap", NULL) >= 0);
}

static void check_written(const struct truecolour *colours, const char *made, const char *wanted)
{
	auto_str out = {0};
	truecolour_write(colours, made, strlen(made), &out);
	assert_string_equal(str_text(&out), wanted);
}

static void test_true_colour(void **state)
{
	struct truecolour colours = {0};
	(void)state;
	assert_int_equal(truecolour_number(&colours, 0x8fcf87), 16);
	assert_int_equal(truecolour_number(&colours, 0x010203), 17);
	assert_int_equal(truecolour_number(&colours, 0x8fcf87), 16);
	check_written(&colours, "a\033[38;5;16mb\033[48;5;17mc", "a\033[38;2;143;207;135mb\033[48;2;1;2;3mc");
	check_written(&colours, "\033[1;38;5;16;48;5;17;4mx", "\033[1;38;2;143;207;135;48;2;1;2;3;4mx");
	check_written(&colours, "\033[39;49m\033[m\033[0;38;5;1m\033[38;5;99m\033[1;5;16m", "\033[39;49m\033[m\033[0;38;5;1m\033[38;5;99m\033[1;5;16m");
	check_written(&colours, "\033[3;4H\033[?25l\033(B\033[38;5;16", "\033[3;4H\033[?25l\033(B\033[38;5;16");
	check_written(&colours, "\033[38;5m\033[38m\033[;38;5;16m", "\033[38;5m\033[38m\033[;38;2;143;207;135m");
	/* more colours than numbers: the nearest one, and no end is passed */
	for (uint32_t i = 0; i < 1000; i++) {
		int number = truecolour_number(&colours, i * 4099 & 0xffffff);
		assert_in_range(number, 16, 255);
	}
	assert_int_equal(colours.count, COUNT_OF(colours.rgb));
	assert_int_equal(truecolour_number(&colours, 0x8fcf88), 16);
}

static void check_short(const char *made, const char *wanted)
{
	auto_str out = {0};
	shorten(made, strlen(made), &out);
	assert_string_equal(str_text(&out), wanted);
}

static void test_shorten(void **state)
{
	(void)state;
	check_short("\033[4;36H5\033[5d\b6\033[6d\b7", "\033[4;36H5\n\b6\n\b7");
	/* only where the row is known to be the one above */
	check_short("5\033[5d", "5\033[5d");
	check_short("\033[4;36H\033[6d", "\033[4;36H\033[6d");
	check_short("\033[4;36H\033[?1049h\033[5d", "\033[4;36H\033[?1049h\033[5d");
	check_short("\033[4;36H\n\033[5d", "\033[4;36H\n\033[5d");
	check_short("\033[4;36H\033[A\033[5d", "\033[4;36H\033[A\033[5d");
	check_short("\033[H\033[2d\033[1;3mx\033[K\033[3d", "\033[H\n\033[1;3mx\033[K\n");
	check_short("\033[39;49m\033(B\033[mx\033(B\033[my\033[39;49m\033[mz\033[39;49m\033[1m", "\033[mx\033[my\033[mz\033[39;49m\033[1m");
	/* a region that scrolls places the cursor */
	check_short("\033[4;36H\033[1;24r\033[5d", "\033[4;36H\033[1;24r\033[5d");
	check_short("\033[4;36", "\033[4;36");
	check_short("\033[4", "\033[4");
	check_short("\033(B\033[", "\033(B\033[");
	check_short("\033", "\033");
}

/* Roles get their own colours at each depth, none without colours. */
static void test_depths(void **state)
{
	static const unsigned depths[] = {0, 16, 256, 1 << 24};
	struct tui *tui = ((struct place *)*state)->tui;
	for (size_t i = 0; i < COUNT_OF(depths); i++) {
		tui->term.depth = depths[i];
		paint_take(tui, &tui->config->theme);
		for (int role = 0; role < THEME_ROLES; role++)
			if (role != THEME_SELECTION)
				assert_int_equal(tui->roles[role].pair != 0, depths[i] > 0);
		assert_int_equal(tui->term.truecolour.count > 0, depths[i] == 1 << 24);
		if (depths[i] == 0)
			assert_true(tui->roles[THEME_SELECTION].attr & A_REVERSE);
	}
}

/* What a word is stands before it for translators alone. */
static void test_word(void **state)
{
	(void)state;
	assert_string_equal(pen_word("column|up"), "up");
	assert_string_equal(pen_word("up"), "up");
	assert_string_equal(pen_word(""), "");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)
	const struct CMUnitTest tests[] = {
		TEST(test_glyphs),
		TEST(test_cuts),
		TEST(test_cut_bytes),
		TEST(test_rendered),
		TEST(test_plots),
		TEST(test_depths),
		cmocka_unit_test(test_fuzzy),
		cmocka_unit_test(test_true_colour),
		cmocka_unit_test(test_shorten),
		cmocka_unit_test(test_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
