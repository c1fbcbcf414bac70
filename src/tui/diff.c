/* The lines of a unified diff in their colours, and other texts below one
 * another: rows that are scrolled as one. Holds nothing; mending.c and
 * wizard-preview.c draw with it. */
#include "tui.h"

/* A line of a unified diff by its first letters; those of a hunk are counted
 * elsewhere: here a wrong colour would be the worst. */
static struct style style_of(const struct tui *tui, const char *line)
{
	if (text_starts_with(line, "+++ ") || text_starts_with(line, "--- "))
		return paint_bold(paint_plain);
	if (text_starts_with(line, "@@"))
		return paint_role(tui, THEME_ACCENT);
	return line[0] == '+' ? paint_role(tui, THEME_OK) : line[0] == '-' ? paint_role(tui, THEME_BAD) : paint_plain;
}

/* Long lines go on below: what is agreed to is seen whole. Returns the rows. */
static int draw_line(struct tui *tui, const char *line, size_t len, const struct rect *rect, int row, int top, struct style style)
{
	int rows = 0, w = rect->w - 2;
	size_t from = 0;
	do {
		int indent = rows > 0 ? 1 : 0, y = rect->y + row + rows - top;
		size_t bytes = pen_line_bytes(line + from, len - from, w - indent > 4 ? w - indent : 4);
		if (row + rows >= top && y < rect->y + rect->h)
			pen_bytes(tui, y, rect->x + 1 + indent, w - indent, line + from, bytes, style);
		from += bytes;
		rows++;
	} while (from < len);
	return rows;
}

/* `style`: NULL: each line's own. */
static int draw_lines(struct tui *tui, const char *text, const struct rect *rect, int row, int top, const struct style *style)
{
	int rows = 0;
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		rows += draw_line(tui, at, len, rect, row + rows, top, style != NULL ? *style : style_of(tui, at));
		at += len + (at[len] == '\n');
	}
	return rows;
}

int diff_draw_text(struct tui *tui, const char *text, const struct rect *rect, int row, int top, struct style style)
{
	return draw_lines(tui, text, rect, row, top, &style);
}

int diff_draw(struct tui *tui, const char *diff, const struct rect *rect, int row, int top)
{
	return draw_lines(tui, diff, rect, row, top, NULL);
}
