/* Small plots of a row's history: blocks, braille with two values a cell, or
 * ASCII letters. Holds nothing; called by the panes. */
#include "tui.h"

enum { LEVELS = 8, DOTS = 4 };

static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii[LEVELS] = {"_", ".", "-", "=", "+", "*", "%", "#"};

/* Dots of a braille cell from the bottom up (Unicode, Braille Patterns: dots
 * 7 3 2 1 at the left, 8 6 5 4 at the right). */
static const unsigned char left_dots[DOTS] = {0x40, 0x04, 0x02, 0x01}, right_dots[DOTS] = {0x80, 0x20, 0x10, 0x08};

/* A column filled up to the value; the lowest one has a dot, too. */
static unsigned fill(const unsigned char dots[DOTS], unsigned char value)
{
	unsigned bits = 0;
	for (int i = 0; i <= value * DOTS / 256; i++)
		bits |= dots[i];
	return bits;
}

static void draw_braille(struct tui *tui, int y, int x, int w, const unsigned char *values, int count, struct style style)
{
	for (int i = 0; i < w && 2 * i < count; i++) {
		int right = count - 1 - 2 * i;
		wchar_t letter = (wchar_t)(0x2800 | fill(right_dots, values[right]));
		if (right > 0)
			letter |= (wchar_t)fill(left_dots, values[right - 1]);
		pen_put(tui, y, x + w - 1 - i, letter, NULL, style);
	}
}

static void draw_levels(struct tui *tui, int y, int x, int w, const unsigned char *values, int count, const char *const *letters,
	struct style style)
{
	for (int i = 0; i < w && i < count; i++)
		pen_text(tui, y, x + w - 1 - i, 1, letters[values[count - 1 - i] * LEVELS / 256], style);
}

void plot_draw(struct tui *tui, int y, int x, int w, const unsigned char *values, unsigned count, struct style style)
{
	enum plot_letters letters = tui->is_ascii ? PLOT_ASCII : (enum plot_letters)config_number(tui->config, CONFIG_PLOTS);
	switch (letters) {
	case PLOT_BRAILLE:
		draw_braille(tui, y, x, w, values, (int)count, style);
		break;
	case PLOT_ASCII:
		draw_levels(tui, y, x, w, values, (int)count, ascii, style);
		break;
	case PLOT_AUTO:
	case PLOT_BLOCKS:
		draw_levels(tui, y, x, w, values, (int)count, blocks, style);
		break;
	}
}
