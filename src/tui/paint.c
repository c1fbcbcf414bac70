/* Colours: theme roles and the colours of logs, as curses' pairs, at what the
 * terminal can show. Pairs are curses' own (alloc_pair); this holds none. */
#include "tui.h"

const struct style paint_plain = {A_NORMAL, 0};

static const unsigned char basic[16][3] = {
	{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
	{127, 127, 127}, {255, 0, 0}, {0, 255, 0}, {255, 255, 0}, {92, 92, 255}, {255, 0, 255}, {0, 255, 255},
	{255, 255, 255},
};

/* Red, green and blue of a colour of xterm's 256. */
static void index_parts(unsigned index, int parts[3])
{
	static const int steps[] = {0, 95, 135, 175, 215, 255};
	if (index < 16) {
		for (int i = 0; i < 3; i++)
			parts[i] = basic[index][i];
	} else if (index < 232) {
		parts[0] = steps[(index - 16) / 36];
		parts[1] = steps[(index - 16) / 6 % 6];
		parts[2] = steps[(index - 16) % 6];
	} else {
		parts[0] = parts[1] = parts[2] = 8 + 10 * (int)(index - 232);
	}
}

static unsigned nearest(const int parts[3], unsigned from, unsigned to)
{
	unsigned best = from;
	long best_far = -1;
	for (unsigned i = from; i < to; i++) {
		int other[3];
		long far = 0;
		index_parts(i, other);
		for (int p = 0; p < 3; p++)
			far += (long)(parts[p] - other[p]) * (parts[p] - other[p]);
		if (best_far < 0 || far < best_far) {
			best = i;
			best_far = far;
		}
	}
	return best;
}

/* A colour of view.h as curses counts; -1: the terminal's own. */
static int colour_number(struct tui *tui, uint32_t colour, attr_t *attr)
{
	unsigned depth = tui->term.depth;
	int parts[3];
	if (colour == VIEW_COLOUR_DEFAULT || depth == 0)
		return -1;
	bool is_rgb = (colour & 0x1000000u) != 0;
	unsigned index = is_rgb ? 0 : (colour - 1) & 0xff;
	if (depth >= 1 << 24 && COLORS < 1 << 24 && (is_rgb || index >= 16)) {
		/* the numbers of the 256 stand for colours now: see truecolour.c */
		if (is_rgb)
			return truecolour_number(&tui->term.truecolour, colour & 0xffffff);
		index_parts(index, parts);
		return truecolour_number(&tui->term.truecolour, (uint32_t)(parts[0] << 16 | parts[1] << 8 | parts[2]));
	}
	if (!is_rgb && index >= 8 && COLORS >= 1 << 24) {
		index_parts(index, parts);
		return parts[0] << 16 | parts[1] << 8 | parts[2];
	}
	if (is_rgb && COLORS >= 1 << 24)
		/* the first eight of such terminals are the palette */
		return (int)((colour & 0xffffff) < 8 ? 8 : colour & 0xffffff);
	if (is_rgb || (depth < 256 && index > 15)) {
		if (is_rgb)
			for (int i = 0; i < 3; i++)
				parts[i] = (int)(colour >> (16 - 8 * i) & 0xff);
		else
			index_parts(index, parts);
		index = depth >= 256 ? nearest(parts, 16, 256) : nearest(parts, 0, 16);
	}
	if (index == 8 && COLORS < 16) {
		/* bold black is black on many terminals: not to be read */
		*attr |= A_DIM;
		return -1;
	}
	if (index >= 8 && COLORS < 16) {
		index -= 8;
		*attr |= A_BOLD;
	}
	return (int)index;
}

static struct style make_style(struct tui *tui, uint32_t colour, uint32_t background, attr_t attr)
{
	struct style style = {attr, 0};
	attr_t ignored = 0;
	int fore = colour_number(tui, colour, &style.attr);
	int back = colour_number(tui, background, &ignored);
	if (fore < 0 && back < 0)
		return style;
	int pair = alloc_pair(fore, back);
	style.pair = pair > 0 ? pair : 0;
	return style;
}

struct style paint_bold(struct style style)
{
	style.attr |= A_BOLD;
	return style;
}

void paint_init(struct tui *tui)
{
	enum theme_depth depth = tui->term.depth >= 1 << 24 ? THEME_TRUE : tui->term.depth >= 256 ? THEME_256 : THEME_16;
	truecolour_reset(&tui->term.truecolour);
	for (int role = 0; role < THEME_ROLES; role++) {
		const struct theme_paint *paint = &tui->theme.paint[depth][role];
		attr_t attr = (paint->bold ? A_BOLD : 0) | (paint->dim ? A_DIM : 0) |
			(paint->underline ? A_UNDERLINE : 0) | (paint->reverse ? A_REVERSE : 0);
		/* without colours the roles that must stand out do so by style */
		if (tui->term.depth == 0 && role == THEME_SELECTION)
			attr |= A_REVERSE;
		if (tui->term.depth == 0 && (role == THEME_BAD || role == THEME_ACCENT))
			attr |= A_BOLD;
		tui->roles[role] = make_style(tui, paint->colour, paint->background, attr);
	}
}

void paint_take(struct tui *tui, const struct theme *theme)
{
	tui->theme = *theme;
	paint_init(tui);
	clearok(curscr, TRUE); /* the same numbers are other colours now */
}

struct style paint_role(const struct tui *tui, enum theme_role role)
{
	return tui->roles[role];
}

struct style paint_span(struct tui *tui, const struct view_span *span)
{
	attr_t attr = (span->style & VIEW_BOLD ? A_BOLD : 0) | (span->style & VIEW_DIM ? A_DIM : 0) |
		(span->style & VIEW_ITALIC ? A_ITALIC : 0) | (span->style & VIEW_UNDERLINE ? A_UNDERLINE : 0) |
		(span->style & VIEW_REVERSE ? A_REVERSE : 0);
	return make_style(tui, span->colour, span->background, attr);
}
