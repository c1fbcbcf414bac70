/* The pane of saves: each save's way to serving, stage by stage. Holds
 * nothing. */
#include "tui.h"

enum { STAGES = 6, LONG_STAGE = 3, ROW_WIDTH = 60 };

static const char *const stage_names[STAGES] = {N_("event"), N_("settle"), N_("dispatch"), "cargo", N_("start"), N_("ready")};

static void stage_times(const struct view_save *save, double times[STAGES])
{
	const double all[STAGES] = {save->event, save->settle, save->dispatch, save->cargo, save->start, save->ready};
	for (int i = 0; i < STAGES; i++)
		times[i] = all[i] > 0 ? all[i] : 0;
}

static int name_width(int stage)
{
	const char *name = _(stage_names[stage]);
	return pen_width(name, strlen(name), 16);
}

static const char *ms_text(double ms, char *out, size_t size)
{
	snprintf(out, size, ms > 0 && ms < 9.95 && ms != (double)(int)ms ? "%.1f" : "%.0f", ms);
	return out;
}

/* What the rows that are shown have in common, so that their stages stand
 * below one another. */
struct columns {
	int width[STAGES]; /* of the numbers; 0: the stage is left out */
	double most; /* the longest of cargo's times */
	int room; /* for cargo's bar */
	int services;
	bool has_name;
};

static int stages_width(const struct columns *columns)
{
	int needed = 0;
	for (int i = 0; i < STAGES; i++)
		if (columns->width[i] > 0)
			needed += (needed > 0 ? 3 : 0) + name_width(i) + 1 + columns->width[i];
	return needed;
}

static void measure(const struct view_save *saves, size_t count, bool has_name, int w, struct columns *columns)
{
	double sums[STAGES] = {0};
	*columns = (struct columns){.has_name = has_name, .services = w >= 100 ? 24 : 0};
	for (size_t s = 0; s < count; s++) {
		double times[STAGES];
		stage_times(&saves[s], times);
		for (int i = 0; i < STAGES; i++) {
			char number[24];
			int width = (int)strlen(ms_text(times[i], number, sizeof number));
			columns->width[i] = width > columns->width[i] ? width : columns->width[i];
			sums[i] += times[i];
		}
		columns->most = times[LONG_STAGE] > columns->most ? times[LONG_STAGE] : columns->most;
	}
	int left = w - (columns->has_name ? 6 : 0) - (columns->services > 0 ? columns->services + 2 : 0);
	/* stages that took no time go where the row is too narrow for all */
	for (int i = 0; i < STAGES && left - stages_width(columns) < 8; i++)
		if (sums[i] < 0.05)
			columns->width[i] = 0;
	columns->room = left - stages_width(columns) - 1;
}

/* All stages on one line; the bar of cargo's stage takes what is left. */
static void draw_row(struct tui *tui, const struct view_save *save, const struct columns *columns, int y, int x, int w)
{
	struct style muted = paint_role(tui, THEME_MUTED);
	double times[STAGES];
	char number[24], text[64];
	int at = x, end = x + w;
	bool is_first = true;
	stage_times(save, times);
	if (columns->has_name) {
		snprintf(text, sizeof text, "g%u", save->generation);
		pen_text(tui, y, at, 5, text, paint_plain);
		at += 6;
	}
	for (int i = 0; i < STAGES; i++) {
		if (columns->width[i] == 0)
			continue;
		if (!is_first)
			at += 1 + pen_text(tui, y, at + 1, end - at - 1, pen_glyph(tui, GLYPH_BETWEEN), muted) + 1;
		is_first = false;
		at += pen_text(tui, y, at, end - at, _(stage_names[i]), muted) + 1;
		ms_text(times[i], number, sizeof number);
		pen_right(tui, y, at, columns->width[i] < end - at ? columns->width[i] : end - at, number, paint_plain);
		at += columns->width[i];
		if (i == LONG_STAGE && columns->room > 1 && columns->most > 0) {
			int bar = (int)((double)columns->room * times[i] / columns->most);
			pen_fill(tui, y, at + 1, bar, pen_glyph(tui, GLYPH_STAGE), paint_role(tui, THEME_PLOT));
			at += columns->room + 1;
		}
	}
	if (columns->services > 0)
		pen_right(tui, y, end - columns->services, columns->services, save->services, muted);
}

/* A narrow pane: the newest save, a stage a row. */
static void draw_tall(struct tui *tui, const struct view_save *save, const struct rect *rect)
{
	double times[STAGES], most = 0;
	stage_times(save, times);
	for (int i = 0; i < STAGES; i++)
		most = times[i] > most ? times[i] : most;
	for (int i = 0; i < STAGES && i + 1 < rect->h; i++) {
		char number[24];
		int y = rect->y + 1 + i, bar = rect->w - 20;
		pen_text(tui, y, rect->x + 1, 9, _(stage_names[i]), paint_role(tui, THEME_MUTED));
		pen_right(tui, y, rect->x + 10, 6, ms_text(times[i], number, sizeof number), paint_plain);
		if (bar > 0 && most > 0)
			pen_fill(tui, y, rect->x + 17, (int)((double)bar * times[i] / most), pen_glyph(tui, GLYPH_STAGE),
				paint_role(tui, THEME_PLOT));
	}
}

static void describe(const struct view_saves *saves, int w, struct str *out)
{
	char beyond[24], p50[24], p95[24];
	ms_text(saves->items[0].beyond, beyond, sizeof beyond);
	ms_text(saves->p50, p50, sizeof p50);
	ms_text(saves->p95, p95, sizeof p95);
	str_print(out, _("beyond cargo %s ms"), beyond);
	if (saves->counted > 1 && w >= 56) {
		str_print(out, "  p50 %s  p95 %s", p50, p95);
		if (w >= 72)
			str_print(out, ngettext(" of %u save", " of %u saves", saves->counted), saves->counted);
	}
}

void saves_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_saves *saves = &view->saves;
	bool is_focused = tui->focus == PANE_SAVES;
	size_t rows = rect->h > 1 ? (size_t)(rect->h - 1) : 0;
	struct columns columns;
	if (saves->count == 0) {
		pen_title(tui, rect, _("Saves"), NULL, is_focused);
		pen_sentence(tui, rect, _("no save has reached the running code yet: its way there is drawn here, in ms"),
			THEME_MUTED);
		return;
	}
	auto_str right = {0};
	auto_free char *name = rows == 1 ? mem_print(_("Save g%u, in ms"), saves->items[0].generation) : mem_copy_string(_("Saves, in ms"));
	describe(saves, rect->w, &right);
	pen_title(tui, rect, name, str_text(&right), is_focused);
	if (rect->w < ROW_WIDTH && rows >= STAGES) {
		draw_tall(tui, &saves->items[0], rect);
		return;
	}
	if (tui->save_top + rows > saves->count)
		tui->save_top = saves->count > rows ? saves->count - rows : 0;
	size_t count = saves->count - tui->save_top < rows ? saves->count - tui->save_top : rows;
	measure(&saves->items[tui->save_top], count, rows > 1, rect->w - 2, &columns);
	for (size_t i = 0; i < count; i++)
		draw_row(tui, &saves->items[tui->save_top + i], &columns, rect->y + 1 + (int)i, rect->x + 1, rect->w - 2);
}
