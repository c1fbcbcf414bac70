/* The pane of the first start: its steps, each with how far it is. Holds
 * nothing. */
#include "tui.h"

enum { NAME = 12 };

static const struct {
	enum glyph glyph;
	enum theme_role role;
} looks[] = {
	[VIEW_STEP_WAITING] = {GLYPH_STOPPED, THEME_MUTED},
	[VIEW_STEP_RUNNING] = {GLYPH_BUILDING, THEME_BUSY},
	[VIEW_STEP_DONE] = {GLYPH_DONE, THEME_OK},
	[VIEW_STEP_FAILED] = {GLYPH_FAILED, THEME_BAD},
};

static void draw_step(struct tui *tui, const struct view_step *step, int y, int x, int w)
{
	size_t state = (size_t)step->state < COUNT_OF(looks) ? step->state : VIEW_STEP_WAITING;
	struct style style = paint_role(tui, looks[state].role);
	struct style text = step->state == VIEW_STEP_WAITING || step->state == VIEW_STEP_FAILED ? style : paint_plain;
	char elapsed[24];
	const char *right = step->state == VIEW_STEP_WAITING ? step->waits : NULL;
	if (right == NULL && step->elapsed_ms > 0) {
		if (step->state == VIEW_STEP_RUNNING)
			pen_running(tui, step->elapsed_ms, elapsed, sizeof elapsed);
		else
			clock_format_span(step->elapsed_ms * 1000000, elapsed, sizeof elapsed);
		right = elapsed;
	}
	if (step->state != VIEW_STEP_WAITING)
		pen_text(tui, y, x, 1, pen_glyph(tui, looks[state].glyph), style);
	pen_text(tui, y, x + 2, NAME, step->name, paint_plain);
	int at = x + 2 + NAME + 1, end = x + w;
	int room = right != NULL ? pen_width(right, strlen(right), (end - at) / 2) : 0;
	if (right != NULL) {
		room = room > (end - at) / 2 ? (end - at) / 2 : room;
		pen_text(tui, y, end - room, room, right, paint_role(tui, THEME_MUTED));
		end -= room + 2;
	}
	if (step->total > 0) {
		char count[32];
		int bar = end - at >= 50 ? 26 : end - at >= 30 ? 12 : 6;
		pen_bar(tui, y, at, bar, step->done, step->total);
		snprintf(count, sizeof count, "%u/%u", step->done, step->total);
		at += bar + 2;
		at += pen_text(tui, y, at, end - at, count, paint_plain) + 2;
	}
	pen_text(tui, y, at, end - at, step->text, text);
}

void start_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_start *start = &view->start;
	char elapsed[24], left[24];
	auto_str right = {0};
	size_t rows = rect->h > 1 ? (size_t)(rect->h - 1) : 0;
	pen_running(tui, start->elapsed_ms, elapsed, sizeof elapsed);
	if (start->left_ms > 0) {
		clock_format_span(start->left_ms * 1000000, left, sizeof left);
		str_print(&right, _("%s so far, ~%s left"), elapsed, left);
	} else {
		str_print(&right, _("%s so far"), elapsed);
	}
	pen_title(tui, rect, _("Coming up"), str_text(&right), tui->focus == PANE_START);
	if (start->count == 0)
		pen_sentence(tui, rect, _("The project is being read."), THEME_MUTED);
	if (tui->step_top + rows > start->count)
		tui->step_top = start->count > rows ? start->count - rows : 0;
	for (size_t i = 0; i < rows && tui->step_top + i < start->count; i++)
		draw_step(tui, &start->steps[tui->step_top + i], rect->y + 1 + (int)i, rect->x + 1, rect->w - 2);
}
