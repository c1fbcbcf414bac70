/* The pane of services: one row each, the selection, and why one is not well.
 * Holds nothing: where it stands is in struct tui. */
#include "tui.h"

/* What stands where in a row; a width of 0 is left out. */
struct widths {
	int name, state, gen, cpu, memory, spark, limit, ports, up;
	int cause; /* where the cause begins: behind the generation */
};

enum { MARKS = 3, NARROW = 60 };

static const struct {
	const char *word;
	enum glyph glyph;
	enum theme_role role;
} states[] = {
	[VIEW_HEALTHY] = {"healthy", GLYPH_WELL, THEME_OK},
	[VIEW_RUNNING] = {"running", GLYPH_WELL, THEME_OK},
	[VIEW_DONE] = {"done", GLYPH_DONE, THEME_OK},
	[VIEW_STOPPED] = {"stopped", GLYPH_STOPPED, THEME_MUTED},
	[VIEW_WAITING] = {"waiting", GLYPH_WAITING, THEME_MUTED},
	[VIEW_STARTING] = {"starting", GLYPH_STARTING, THEME_BUSY},
	[VIEW_BUILDING] = {"building", GLYPH_BUILDING, THEME_BUSY},
	[VIEW_STALE] = {"stale", GLYPH_STALE, THEME_WARN},
	[VIEW_UNHEALTHY] = {"unhealthy", GLYPH_FAILED, THEME_BAD},
	[VIEW_FAILED] = {"failed", GLYPH_FAILED, THEME_BAD},
};

static enum view_state known(enum view_state state)
{
	return (size_t)state < COUNT_OF(states) ? state : VIEW_STALE;
}

enum glyph services_glyph(enum view_state state)
{
	return states[known(state)].glyph;
}

enum theme_role services_role(enum view_state state)
{
	return states[known(state)].role;
}

const char *services_word(const struct view_service *service)
{
	return service->state_text != NULL ? service->state_text : states[known(service->state)].word;
}

static int text_width(const char *text, int least, int most)
{
	int width = text != NULL ? pen_width(text, strlen(text), most) : 0;
	return width < least ? least : width > most ? most : width;
}

static void measure(const struct view *view, int w, struct widths *widths)
{
	*widths = (struct widths){.name = 7, .state = 9};
	for (size_t i = 0; i < view->service_count; i++) {
		int name = text_width(view->services[i].name, 7, w >= 100 ? 24 : w >= NARROW ? 16 : 12);
		int state = text_width(services_word(&view->services[i]), 9, 14);
		widths->name = name > widths->name ? name : widths->name;
		widths->state = state > widths->state ? state : widths->state;
	}
	int left = w - 1 - MARKS - widths->name - 1 - widths->state;
	/* what is wanted first stands first; each takes its gap before it */
	struct {
		int *width;
		int least;
	} wanted[] = {{&widths->gen, 4}, {&widths->cpu, 6}, {&widths->memory, 5}, {&widths->ports, 8}, {&widths->up, 4},
		{&widths->limit, 5}, {&widths->spark, 1}};
	for (size_t i = 0; i < COUNT_OF(wanted) && left >= wanted[i].least + 2; i++) {
		*wanted[i].width = wanted[i].least;
		left -= wanted[i].least + 2;
	}
	if (widths->spark > 0) {
		int more = left - 6 > 7 ? 7 : left - 6 > 0 ? left - 6 : 0;
		widths->spark += more;
		left -= more;
	}
	if (widths->ports > 0 && left > 0)
		widths->ports += left > 18 ? 18 : left;
	widths->cause = MARKS + widths->name + 1 + widths->state + (widths->gen > 0 ? 2 + widths->gen : 0) + 2;
}

static void draw_header(struct tui *tui, const struct widths *widths, int y, int x)
{
	struct style style = paint_role(tui, THEME_MUTED);
	int at = x + MARKS;
	struct {
		const char *word;
		int width;
		bool is_right;
		int gap;
	} columns[] = {
		{"service", widths->name, false, 1}, {"state", widths->state, false, 2}, {"gen", widths->gen, true, 2},
		{"cpu", widths->cpu, true, 2}, {"memory", widths->memory + 1, true, 1}, {"", widths->spark, false, 2},
		{"limit", widths->limit, true, 2}, {"ports", widths->ports, false, 2}, {"up", widths->up, true, 0},
	};
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		if (columns[i].width <= (i == 4 ? 1 : 0))
			continue;
		if (columns[i].is_right)
			pen_right(tui, y, at, columns[i].width, columns[i].word, style);
		else
			pen_text(tui, y, at, columns[i].width, columns[i].word, style);
		at += columns[i].width + columns[i].gap;
	}
}

static void draw_spark(struct tui *tui, const struct view_service *service, int y, int x, int w, struct style style)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
	unsigned count = service->history_count < VIEW_HISTORY ? service->history_count : VIEW_HISTORY;
	for (int i = 0; i < w && (unsigned)i < count; i++) {
		unsigned level = service->history[count - 1 - (unsigned)i] / 32;
		pen_text(tui, y, x + w - 1 - i, 1, (tui->is_ascii ? ascii : blocks)[level], style);
	}
}

/* Below a minute by tens: no row is worth a new cell each second, over ssh. */
static uint64_t calm_age(uint64_t ms)
{
	return ms >= 10000 && ms < 60000 ? ms / 10000 * 10000 : ms;
}

static void draw_figures(struct tui *tui, const struct view_service *service, const struct widths *widths, int y, int at)
{
	char text[32];
	struct style style = service->stale_figures ? paint_role(tui, THEME_MUTED) : paint_plain;
	struct style muted = paint_role(tui, THEME_MUTED);
	if (widths->cpu > 0) {
		if (service->cpu_percent < 0)
			snprintf(text, sizeof text, "-");
		else
			snprintf(text, sizeof text, service->cpu_percent < 99.95 ? "%.1f%%" : "%.0f%%", service->cpu_percent);
		pen_right(tui, y, at, widths->cpu, text, style);
		at += widths->cpu + 2;
	}
	if (widths->memory > 0) {
		snprintf(text, sizeof text, "-");
		if (service->memory > 0)
			format_bytes(service->memory, text, sizeof text);
		pen_right(tui, y, at, widths->memory + 1, text, style);
		at += widths->memory + 2;
	}
	if (widths->spark > 0) {
		draw_spark(tui, service, y, at, widths->spark, paint_role(tui, service->stale_figures ? THEME_MUTED : THEME_PLOT));
		at += widths->spark + 2;
	}
	if (widths->limit > 0) {
		snprintf(text, sizeof text, "-");
		if (service->memory_limit > 0)
			format_bytes(service->memory_limit, text, sizeof text);
		pen_right(tui, y, at, widths->limit, text, muted);
		at += widths->limit + 2;
	}
	if (widths->ports > 0) {
		const char *ports = service->foreign ? "not ours" : service->ports != NULL ? service->ports : "-";
		pen_text(tui, y, at, widths->ports, ports, service->foreign || service->ports == NULL ? muted : paint_plain);
		at += widths->ports + 2;
	}
	if (widths->up > 0 && service->up_ms > 0)
		pen_right(tui, y, at, widths->up, pen_age(tui, calm_age(service->up_ms), text, sizeof text), muted);
}

static void draw_cause(struct tui *tui, const struct view_service *service, int y, int x, int w)
{
	auto_str text = {0};
	str_add(&text, service->cause);
	if (service->restarts > 0)
		str_print(&text, ", %u restart%s", service->restarts, service->restarts == 1 ? "" : "s");
	pen_text(tui, y, x, w, str_text(&text), paint_role(tui, services_role(service->state)));
}

static void draw_row(struct tui *tui, const struct view_service *service, const struct widths *widths,
	const struct rect *rect, int y, bool is_selected, bool is_focused)
{
	struct style state = paint_role(tui, services_role(service->state));
	int x = rect->x, right = rect->x + rect->w - 1;
	char text[24] = "-";
	tui->is_row_selected = is_selected && is_focused;
	if (tui->is_row_selected)
		pen_fill(tui, y, x, rect->w, " ", paint_plain);
	if (is_selected)
		pen_text(tui, y, x, 1, pen_glyph(tui, GLYPH_POINTER), paint_bold(paint_role(tui, THEME_ACCENT)));
	pen_text(tui, y, x + 1, 1, pen_glyph(tui, services_glyph(service->state)), state);
	x += MARKS;
	pen_text(tui, y, x, widths->name, service->name, is_selected ? paint_bold(paint_plain) : paint_plain);
	x += widths->name + 1;
	pen_text(tui, y, x, widths->state, services_word(service), state);
	x += widths->state + 2;
	if (widths->gen > 0) {
		if (service->generation > 0)
			snprintf(text, sizeof text, "g%u", service->generation);
		pen_right(tui, y, x, widths->gen, text, paint_plain);
		x += widths->gen + 2;
	}
	if (service->cause != NULL)
		draw_cause(tui, service, y, rect->x + widths->cause, right - rect->x - widths->cause);
	else
		draw_figures(tui, service, widths, y, x);
	tui->is_row_selected = false;
}

static void describe(struct tui *tui, const struct view *view, size_t top, size_t rows, struct str *out)
{
	size_t bad = 0, busy = 0;
	char age[16];
	for (size_t i = 0; i < view->service_count; i++) {
		enum view_state state = view->services[i].state;
		bad += state == VIEW_UNHEALTHY || state == VIEW_FAILED;
		busy += state == VIEW_STARTING || state == VIEW_WAITING;
	}
	if (view->service_count > rows)
		str_print(out, "rows %zu-%zu, ", top + 1, top + rows);
	if (view->stale)
		str_print(out, "stale for %s", pen_age(tui, view->stale_ms, age, sizeof age));
	else if (bad > 0)
		str_print(out, "%zu of %zu not well", bad, view->service_count);
	else if (busy > 0)
		str_print(out, "%zu of %zu coming up", busy, view->service_count);
	else if (view->service_count > 0)
		str_print(out, "all %zu well", view->service_count);
}

/* In a narrow pane the cause has no room in its row: the selected one's stands
 * below the list. Returns the rows taken. */
static int draw_selected_cause(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_service *service = tui->service_at < view->service_count ? &view->services[tui->service_at] : NULL;
	if (rect->w >= NARROW || rect->h < 7 || service == NULL || service->cause == NULL)
		return 0;
	struct style style = paint_role(tui, services_role(service->state));
	int rows = pen_wrap(tui, 0, 0, rect->w - 2, 3, service->cause, style, true);
	pen_wrap(tui, rect->y + rect->h - rows, rect->x + 1, rect->w - 2, 3, service->cause, style, false);
	return rows + 1;
}

void services_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	bool is_focused = tui->focus == PANE_SERVICES;
	struct widths widths;
	if (view->service_count == 0) {
		pen_title(tui, rect, "Services", NULL, is_focused);
		pen_sentence(tui, rect, view->loading ? "The engine is being asked which services there are." :
			view->no_services != NULL ? view->no_services : "There are no services.", THEME_MUTED);
		return;
	}
	int below = draw_selected_cause(tui, view, rect);
	size_t rows = rect->h - 2 - below > 0 ? (size_t)(rect->h - 2 - below) : 1;
	if (tui->service_at < tui->service_top)
		tui->service_top = tui->service_at;
	if (tui->service_at >= tui->service_top + rows)
		tui->service_top = tui->service_at - rows + 1;
	if (tui->service_top + rows > view->service_count)
		tui->service_top = view->service_count > rows ? view->service_count - rows : 0;
	tui->service_rows = rows;
	auto_str right = {0};
	describe(tui, view, tui->service_top, rows, &right);
	pen_title(tui, rect, "Services", str_text(&right), is_focused);
	measure(view, rect->w, &widths);
	if (rect->h > 2)
		draw_header(tui, &widths, rect->y + 1, rect->x);
	for (size_t i = 0; i < rows && tui->service_top + i < view->service_count; i++) {
		size_t at = tui->service_top + i;
		draw_row(tui, &view->services[at], &widths, rect, rect->y + (rect->h > 2 ? 2 : 1) + (int)i, at == tui->service_at,
			is_focused);
	}
}

/* ---- the selection ---- */

static void select_at(struct tui *tui, size_t at)
{
	tui->service_at = at;
	const char *name = at < tui->names.count ? tui->names.items[at] : NULL;
	if (text_equal(name, tui->selected))
		return;
	free(tui->selected);
	tui->selected = mem_copy_string(name);
	tui->must_follow = true;
}

/* Keeps the names for keys, and the selection on its service. */
void services_sync(struct tui *tui, const struct view *view)
{
	size_t at = tui->service_at;
	strings_finish(&tui->names);
	tui->states.count = 0;
	for (size_t i = 0; i < view->service_count; i++) {
		strings_add(&tui->names, view->services[i].name != NULL ? view->services[i].name : "");
		*array_add(&tui->states) = known(view->services[i].state);
		if (text_equal(view->services[i].name, tui->selected))
			at = i;
	}
	/* while nothing is known the selection is remembered */
	if (view->service_count == 0 && (view->loading || view->stale))
		return;
	if (at >= view->service_count)
		at = view->service_count > 0 ? view->service_count - 1 : 0;
	select_at(tui, at);
}

void services_move(struct tui *tui, long step)
{
	long count = (long)tui->names.count;
	long at = (long)tui->service_at + step;
	if (count == 0)
		return;
	select_at(tui, (size_t)(at < 0 ? 0 : at >= count ? count - 1 : at));
}
