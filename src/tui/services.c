/* The pane of services: one row each, the selection, and why one is not well.
 * Holds nothing: where it stands is in struct tui. */
#include "tui.h"

enum { NARROW = 60 };

static const struct {
	const char *word;
	enum glyph glyph;
	enum theme_role role;
} states[] = {
	[VIEW_HEALTHY] = {N_("healthy"), GLYPH_WELL, THEME_OK},
	[VIEW_RUNNING] = {N_("running"), GLYPH_WELL, THEME_OK},
	[VIEW_DONE] = {N_("done"), GLYPH_DONE, THEME_OK},
	[VIEW_STOPPED] = {N_("stopped"), GLYPH_STOPPED, THEME_MUTED},
	[VIEW_WAITING] = {N_("waiting"), GLYPH_WAITING, THEME_MUTED},
	[VIEW_STARTING] = {N_("starting"), GLYPH_STARTING, THEME_BUSY},
	[VIEW_BUILDING] = {N_("building"), GLYPH_BUILDING, THEME_BUSY},
	[VIEW_STALE] = {N_("stale"), GLYPH_STALE, THEME_WARN},
	[VIEW_UNHEALTHY] = {N_("unhealthy"), GLYPH_FAILED, THEME_BAD},
	[VIEW_FAILED] = {N_("failed"), GLYPH_FAILED, THEME_BAD},
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
	return _(service->state_text != NULL ? service->state_text : states[known(service->state)].word);
}

const char *services_name(const struct view_service *service)
{
	const char *name = service->name != NULL ? service->name : "";
	return name + (name[0] == '/'); /* a container of another project */
}

static void draw_cause(struct tui *tui, const struct view_service *service, int y, int x, int w)
{
	auto_str text = {0};
	str_add(&text, service->cause);
	if (service->restarts > 0)
		str_print(&text, ngettext(", %u restart", ", %u restarts", service->restarts), service->restarts);
	pen_text(tui, y, x, w, str_text(&text), paint_role(tui, services_role(service->state)));
}

static void draw_row(struct tui *tui, const struct view_service *service, const struct column_places *places,
	const struct rect *rect, int y, bool is_selected, bool is_focused)
{
	struct style state = paint_role(tui, services_role(service->state)), accent = paint_bold(paint_role(tui, THEME_ACCENT));
	int x = rect->x, right = rect->x + rect->w - 1;
	tui->is_row_selected = is_selected && is_focused;
	if (tui->is_row_selected)
		pen_fill(tui, y, x, rect->w, " ", paint_plain);
	if (is_selected)
		pen_text(tui, y, x, 1, pen_glyph(tui, GLYPH_POINTER), accent);
	pen_text(tui, y, x + 1, 1, pen_glyph(tui, services_glyph(service->state)), state);
	if (list_is_marked(tui, service->name))
		pen_text(tui, y, x + 2, 1, "*", accent);
	pen_text(tui, y, x + places->x[COLUMN_NAME], places->width[COLUMN_NAME], services_name(service),
		is_selected ? paint_bold(paint_plain) : paint_plain);
	pen_text(tui, y, x + places->x[COLUMN_STATE], places->width[COLUMN_STATE], services_word(service), state);
	columns_draw(tui, places, service, y, x, COLUMN_GENERATION, service->cause != NULL ? COLUMN_GENERATION : COLUMN_IMAGE);
	if (service->cause != NULL)
		draw_cause(tui, service, y, x + places->cause, right - x - places->cause);
	tui->is_row_selected = false;
}

/* How the project's services are. While a filter is on, "3 of 9" is said of it. */
static void describe_health(const struct view *view, bool is_filtered, struct str *out)
{
	size_t bad = 0, busy = 0, stopped = 0, all = view->service_count;
	for (size_t i = 0; i < view->service_count; i++) {
		enum view_state state = view->services[i].state;
		bad += state == VIEW_UNHEALTHY || state == VIEW_FAILED;
		busy += state == VIEW_STARTING || state == VIEW_WAITING;
		stopped += state == VIEW_STOPPED;
	}
	if (bad > 0 && is_filtered)
		str_print(out, _("%zu not well"), bad);
	else if (bad > 0)
		str_print(out, _("%zu of %zu not well"), bad, all);
	else if (busy > 0 && is_filtered)
		str_print(out, _("%zu coming up"), busy);
	else if (busy > 0)
		str_print(out, _("%zu of %zu coming up"), busy, all);
	else if (stopped > 0 && !is_filtered)
		str_print(out, _("%zu of %zu run"), all - stopped, all);
	else if (all > 0 && stopped == 0)
		str_print(out, _("all %zu well"), all);
}

static void describe(struct tui *tui, const struct view *view, size_t top, size_t rows, struct str *out)
{
	size_t count = tui->list.lines.count;
	char age[16];
	if (count > rows)
		str_print(out, _("rows %zu-%zu, "), top + 1, top + rows < count ? top + rows : count);
	if (view->stale)
		str_print(out, _("stale for %s"), pen_age(tui, view->stale_ms, age, sizeof age));
	else
		describe_health(view, tui->list.needle[0] != '\0', out);
	if (view->others_loading)
		str_add(out, _(", other containers are being asked for"));
	else if (view->others_left > 0)
		str_print(out, _(", %zu more not listed"), view->others_left);
	list_describe(tui, out);
}

/* What is wrong with the selected service, in full, below the list: where its
 * row has no room for the cause, or more is known than that. Returns the rows
 * taken. */
static int draw_selected_cause(struct tui *tui, const struct view *view, const struct rect *rect)
{
	int lines = (int)tui->list.lines.count, y;
	const struct view_service *service = tui->service_at < tui->list.shown.count ? list_service(view, tui->list.shown.items[tui->service_at]) : NULL;
	if (rect->h < 7 || service == NULL)
		return 0;
	const char *text = service->detail != NULL ? service->detail : rect->w < NARROW ? service->cause : NULL;
	struct style style = paint_role(tui, services_role(service->state));
	if (text == NULL)
		return 0;
	int most = rect->h >= 9 ? 3 : rect->h - 6;
	int rows = pen_wrap(tui, 0, 0, rect->w - 2, most, text, style, true);
	/* below the last row, or at the end of the pane where the list fills it */
	y = lines + 3 < rect->h - rows ? lines + 3 : rect->h - rows;
	pen_wrap(tui, rect->y + y, rect->x + 1, rect->w - 2, most, text, style, false);
	return rows + 1;
}

static void draw_heading(struct tui *tui, const struct view *view, size_t at, const struct rect *rect, int y)
{
	size_t place = tui->list.shown.items[at];
	const char *project = place < view->service_count ? view->project : list_service(view, place)->project;
	auto_str text = {0};
	project = project != NULL ? project : _("of no project");
	str_print(&text, place < view->service_count ? _("%s, this project") : "%s", project);
	pen_text(tui, y, rect->x + 1, rect->w - 2, str_text(&text), paint_bold(paint_role(tui, THEME_MUTED)));
}

static const char *why_none(const struct view *view)
{
	if (view->loading)
		return _("The engine is being asked which services there are.");
	if (view->stale)
		return _("The engine does not answer, and which services there are is not known yet.");
	return view->no_services != NULL ? view->no_services : _("There are no services.");
}

/* The selected row stays in sight, and no row is given away. */
static void keep_in_sight(struct tui *tui, size_t rows)
{
	size_t count = tui->list.lines.count, line = list_line(tui, tui->service_at);
	/* with the heading above it, where there is one */
	size_t first = line > 0 && line < count && tui->list.lines.items[line - 1] == LIST_HEADING && rows > 1 ? line - 1 : line;
	if (first < tui->service_top)
		tui->service_top = first;
	if (line >= tui->service_top + rows)
		tui->service_top = line - rows + 1;
	if (tui->service_top + rows > count)
		tui->service_top = count > rows ? count - rows : 0;
	tui->service_rows = rows;
}

void services_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	bool is_focused = tui->focus == PANE_SERVICES;
	struct column_places *places = &tui->list.places;
	auto_str right = {0}, empty = {0};
	*places = (struct column_places){0};
	tui->list.has_traffic = false;
	tui->service_rows = 0;
	if (list_total(view) == 0) {
		pen_title(tui, rect, _("Services"), NULL, is_focused);
		pen_sentence(tui, rect, why_none(view), THEME_MUTED);
		return;
	}
	int below = draw_selected_cause(tui, view, rect);
	size_t rows = rect->h - 2 - below > 0 ? (size_t)(rect->h - 2 - below) : 1;
	keep_in_sight(tui, rows);
	describe(tui, view, tui->service_top, rows, &right);
	pen_title(tui, rect, _("Services"), str_text(&right), is_focused);
	if (tui->list.shown.count == 0) {
		list_why_empty(tui, &empty);
		pen_sentence(tui, rect, str_text(&empty), THEME_MUTED);
		return;
	}
	columns_place(tui, view, rect->w, places);
	tui->list.has_traffic = columns_have_traffic(places);
	if (rect->h > 2)
		columns_draw_titles(tui, places, rect->y + 1, rect->x);
	for (size_t i = 0; i < rows && tui->service_top + i < tui->list.lines.count; i++) {
		size_t at = tui->list.lines.items[tui->service_top + i];
		int y = rect->y + (rect->h > 2 ? 2 : 1) + (int)i;
		if (at == LIST_HEADING)
			draw_heading(tui, view, tui->list.lines.items[tui->service_top + i + 1], rect, y);
		else
			draw_row(tui, list_service(view, tui->list.shown.items[at]), places, rect, y, at == tui->service_at, is_focused);
	}
}

/* ---- the selection ---- */

static void select_at(struct tui *tui, size_t at)
{
	tui->service_at = at;
	const char *name = list_key(tui, at);
	if (text_equal(name, tui->selected))
		return;
	free(tui->selected);
	tui->selected = mem_copy_string(name);
	tui->must_follow = true;
}

/* Keeps the names for keys, and the selection on its service. */
void services_sync(struct tui *tui, const struct view *view)
{
	strings_finish(&tui->names);
	strings_finish(&tui->list.projects);
	tui->states.count = 0;
	for (size_t i = 0; i < list_total(view); i++) {
		const struct view_service *service = list_service(view, i);
		strings_add(&tui->names, service->name != NULL ? service->name : "");
		strings_add(&tui->list.projects, service->project != NULL ? service->project : "");
		*array_add(&tui->states) = known(service->state);
	}
	list_make(tui, view);
	/* while nothing is known the selection and the marks are remembered */
	if (view->service_count == 0 && (view->loading || view->stale))
		return;
	list_drop_gone(tui);
	/* nor does it go where the filter hides all */
	if (list_total(view) > 0 && tui->list.shown.count == 0)
		return;
	size_t at = list_find(tui, tui->selected);
	if (at == SIZE_MAX)
		at = tui->service_at < tui->list.shown.count ? tui->service_at : tui->list.shown.count > 0 ? tui->list.shown.count - 1 : 0;
	select_at(tui, at);
}

void services_move(struct tui *tui, long step)
{
	long count = (long)tui->list.shown.count;
	long at = (long)tui->service_at + step;
	if (count == 0)
		return;
	tui->is_moved = true;
	select_at(tui, (size_t)(at < 0 ? 0 : at >= count ? count - 1 : at));
}
