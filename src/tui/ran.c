/* The command log: what was run, newest first, over the whole screen: when, how
 * long, how it ended, and the line as one could type it. Drawn from view->ran. */
#include "tui.h"

#include <time.h>

enum { TEXT_AT = 25, NARROW_AT = 2, NARROW = 60 };

static void format_clock(int64_t wall_ms, char *out, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm when;
	if (localtime_r(&seconds, &when) == NULL || strftime(out, size, "%H:%M:%S", &when) == 0)
		snprintf(out, size, "-");
}

static enum theme_role role_of(const struct view_ran *ran)
{
	return ran->is_running ? THEME_BUSY : ran->status == 0 ? THEME_OK : THEME_BAD;
}

static void format_end(const struct view_ran *ran, char *out, size_t size)
{
	if (ran->is_running)
		snprintf(out, size, "%s", _("runs"));
	else if (ran->status < 0)
		snprintf(out, size, "%s", _("ended"));
	else
		snprintf(out, size, "%d", ran->status);
}

/* Draws one entry from row `row` on; returns its rows. Rows before `top` and
 * behind the pane's last are left out. */
static int draw_entry(struct tui *tui, const struct view_ran *ran, const struct rect *rect, int row, int top)
{
	bool is_narrow = rect->w < NARROW;
	int at = is_narrow ? NARROW_AT : TEXT_AT, w = rect->w - at - 1, rows = is_narrow ? 1 : 0;
	struct style role = paint_role(tui, role_of(ran));
	char clock[16], took[32], end[32];
	int y = rect->y + 1 + row - top;
	if (row >= top && y < rect->y + rect->h) {
		enum glyph glyph = ran->is_running ? GLYPH_BUILDING : ran->status == 0 ? GLYPH_DONE : GLYPH_FAILED;
		format_clock(ran->wall_ms, clock, sizeof clock);
		clock_format_span(ran->took_ms * 1000000, took, sizeof took);
		format_end(ran, end, sizeof end);
		pen_text(tui, y, rect->x + 1, 8, clock, paint_role(tui, THEME_MUTED));
		pen_right(tui, y, rect->x + 10, 6, ran->is_running ? pen_running(tui, ran->took_ms, took, sizeof took) : took, paint_plain);
		pen_text(tui, y, rect->x + 17, 1, pen_glyph(tui, glyph), role);
		pen_text(tui, y, rect->x + 19, 5, end, role);
	}
	const char *text = ran->text != NULL ? ran->text : "", *stop = text + strlen(text);
	do {
		size_t bytes = pen_line_bytes(text, (size_t)(stop - text), w > 4 ? w : 4);
		y = rect->y + 1 + row + rows - top;
		if (row + rows >= top && y < rect->y + rect->h)
			pen_bytes(tui, y, rect->x + at, w, text, bytes, paint_plain);
		text += bytes;
		text += strspn(text, " ");
		rows++;
	} while (text < stop);
	return rows;
}

static int draw_all(struct tui *tui, const struct view *view, const struct rect *rect, int top)
{
	int row = 0;
	for (size_t i = 0; i < view->ran_count; i++)
		row += draw_entry(tui, &view->ran[i], rect, row, top);
	return row;
}

void ran_draw(struct tui *tui, const struct view *view)
{
	struct rect rect = head_page_rect(tui);
	char right[96] = "";
	if (rect.h < 2)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	if (view->ran_count > 0)
		snprintf(right, sizeof right, _("%zu, the newest first"), view->ran_count);
	pen_title(tui, &rect, _("What was run"), right, true);
	if (view->ran_count == 0) {
		pen_sentence(tui, &rect, _("Nothing was run yet: start, stop, restart, builds and own commands will stand here."), THEME_MUTED);
		return;
	}
	pen_hold_top(&tui->ran_top, draw_all(tui, view, &rect, PEN_NOWHERE), rect.h - 1);
	draw_all(tui, view, &rect, (int)tui->ran_top);
}
