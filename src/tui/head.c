/* What stands around the panes: the head line, the fault above everything,
 * tabs, and the one line of a screen that has no room for more. Holds nothing. */
#include "tui.h"

/* ---- the head ---- */

static void add_generation(struct str *out, const char *word, unsigned generation)
{
	if (generation > 0)
		str_print(out, "%s%s g%u", out->len > 0 ? "  " : "", word, generation);
}

/* "g1-g3": some do not compile, and serve an older one. */
static void add_serving(struct str *out, const struct view *view)
{
	struct build_split split;
	if (build_split(view, &split))
		str_print(out, "%s%s g%u-g%u", out->len > 0 ? "  " : "", _("serving"), split.oldest, view->serving);
	else
		add_generation(out, _("serving"), view->serving);
}

void head_draw(struct tui *tui, const struct view *view)
{
	int y = tui->layout.head_row, w = tui->columns - 2, at = 1;
	auto_str right = {0};
	char age[16];
	if (tui->is_read_only)
		str_add(&right, _("read-only"));
	if (view->watch_paused)
		str_print(&right, "%s%s", right.len > 0 ? "  " : "", _("watch paused"));
	add_generation(&right, _("saved"), view->saved);
	add_generation(&right, _("building"), view->building);
	add_serving(&right, view);
	int room = pen_width(str_text(&right), right.len, w * 2 / 3);
	pen_right(tui, y, 1, w, str_text(&right), paint_role(tui, view->watch_paused ? THEME_WARN :
		view->building > 0 ? THEME_BUSY : THEME_MUTED));
	int end = 1 + w - (room > 0 ? room + 2 : 0);
	at += pen_text(tui, y, at, end - at, view->project, paint_bold(paint_role(tui, THEME_ACCENT))) + 2;
	if (view->profile != NULL)
		at += pen_text(tui, y, at, end - at, view->profile, paint_plain) + 2;
	if (view->stale) {
		char *text = mem_print(_("%s engine silent for %s"), pen_glyph(tui, GLYPH_STALE),
			pen_age(tui, view->stale_ms, age, sizeof age));
		at += pen_text(tui, y, at, end - at, text, paint_role(tui, THEME_BAD)) + 2;
		free(text);
	} else if (view->engine != NULL) {
		at += pen_text(tui, y, at, end - at, view->engine, paint_role(tui, THEME_MUTED)) + 2;
	}
	if (view->notice != NULL)
		pen_text(tui, y, at, end - at, view->notice, paint_role(tui, THEME_WARN));
}

/* ---- the fault above the panes ---- */

struct shown_fault {
	const char *text, *mend;
	bool is_bad;
	size_t more;
	char *own, *own_mend; /* what those were made of, if they were */
};

/* Where another pane has all of the screen, nothing else tells of it. */
static void pick_failed_build(const struct view *view, struct shown_fault *shown)
{
	const struct view_build *build = &view->build;
	const struct view_error *error = build->error_count > 0 ? &build->errors[0] : NULL;
	struct build_split split;
	auto_str text = {0};
	str_print(&text, _("g%u does not compile"), build->generation);
	shown->mend = _("the pane Build shows it; what ran before serves on");
	if (build_split(view, &split)) {
		auto_str behind = {0}, serving = {0};
		build_tell_behind(&split, &behind);
		build_tell_split(view, &split, &serving);
		str_print(&text, " (%s)", str_text(&behind));
		shown->mend = shown->own_mend = mem_print(_("the pane Build shows it; %s"), str_text(&serving));
	}
	if (error != NULL)
		str_print(&text, ": %s", error->message);
	if (error != NULL && error->file != NULL)
		str_print(&text, ", %s:%u", error->file, error->line);
	shown->text = shown->own = str_steal(&text);
	shown->is_bad = true;
}

/* These pages tell of nothing but of what they are about. */
static bool is_on_page(const struct tui *tui)
{
	return mode_beneath(tui) == MODE_RAN || container_is_open(tui) || checks_is_open(tui);
}

struct rect head_page_rect(const struct tui *tui)
{
	int y = 1 + tui->layout.fault_rows;
	return (struct rect){0, y, tui->columns, tui->rows - 1 - y};
}

/* These pages tell of what is wrong themselves: above them stands only what a key
 * has brought. */
static bool is_told_below(const struct tui *tui)
{
	enum mode mode = mode_beneath(tui);
	return mode == MODE_ERROR || mode == MODE_WHY;
}

static bool pick_fault(struct tui *tui, const struct view *view, struct shown_fault *shown)
{
	size_t told_more = is_told_below(tui) ? 0 : view->fault_count;
	*shown = (struct shown_fault){0};
	if (tui->fault.code != FAULT_NONE) {
		*shown = (struct shown_fault){.text = tui->fault.text, .mend = tui->fault.mend, .is_bad = true,
			.more = told_more};
	} else if (tui->mistakes.count > 0) {
		*shown = (struct shown_fault){.text = tui->mistakes.items[0], .more = tui->mistakes.count - 1 + told_more};
	} else if (is_told_below(tui)) {
		return false;
	} else if (view->fault_count > 0) {
		const struct view_fault *fault = &view->faults[0];
		*shown = (struct shown_fault){.text = fault->text, .mend = fault->mend, .is_bad = fault->is_bad,
			.more = view->fault_count - 1};
		if (fault->service != NULL && fault->text != NULL && strstr(fault->text, fault->service) == NULL)
			shown->text = shown->own = mem_print("%s: %s", fault->service, fault->text);
	} else if (view->build.state == VIEW_BUILD_FAILED && (is_on_page(tui) || (tui->is_zoomed && tui->focus != PANE_BUILD))) {
		pick_failed_build(view, shown);
	}
	return shown->text != NULL;
}

enum { MARK = 3, SENTENCE_ROWS = 3, MEND_ROWS = 2 };

static int mend_rows(struct tui *tui, const struct shown_fault *shown)
{
	if (shown->mend == NULL || shown->mend[0] == '\0')
		return 0;
	return pen_wrap(tui, 0, 0, tui->columns - MARK - 1, MEND_ROWS, shown->mend, paint_plain, true);
}

static int more_width(const struct shown_fault *shown, char *out, size_t size)
{
	out[0] = '\0';
	if (shown->more > 0)
		snprintf(out, size, _("  and %zu more"), shown->more);
	return pen_width(out, strlen(out), 80);
}

int head_fault_rows(struct tui *tui, const struct view *view)
{
	struct shown_fault shown;
	char more[64];
	if (!pick_fault(tui, view, &shown))
		return 0;
	int w = tui->columns - MARK - 1 - more_width(&shown, more, sizeof more), rows = 1;
	if (!is_on_page(tui) || tui->fault.code != FAULT_NONE)
		rows = pen_wrap(tui, 0, 0, w, SENTENCE_ROWS, shown.text, paint_plain, true) + mend_rows(tui, &shown);
	free(shown.own);
	free(shown.own_mend);
	return rows;
}

void head_draw_faults(struct tui *tui, const struct view *view)
{
	struct shown_fault shown;
	char more[64];
	int y = tui->layout.fault_row, rows = tui->layout.fault_rows;
	if (rows == 0 || !pick_fault(tui, view, &shown))
		return;
	struct style style = paint_role(tui, shown.is_bad ? THEME_BAD : THEME_WARN);
	int mend = mend_rows(tui, &shown);
	/* where there is no room for both, what mends it keeps a row */
	mend = mend > rows - 1 ? rows - 1 : mend;
	int width = more_width(&shown, more, sizeof more);
	pen_text(tui, y, 1, 1, shown.is_bad ? pen_glyph(tui, GLYPH_FAILED) : "!", style);
	int used = pen_wrap(tui, y, MARK, tui->columns - MARK - 1 - width, rows - mend, shown.text, paint_bold(style), false);
	pen_right(tui, y, 1, tui->columns - 2, more, paint_role(tui, THEME_MUTED));
	if (mend > 0)
		pen_wrap(tui, y + used, MARK, tui->columns - MARK - 1, mend, shown.mend, paint_role(tui, THEME_ACCENT), false);
	free(shown.own);
	free(shown.own_mend);
}

/* ---- small screens ---- */

static const struct view_service *worst_service(const struct view *view)
{
	const struct view_service *worst = NULL;
	for (size_t i = 0; i < view->service_count; i++)
		if (worst == NULL || view->services[i].state > worst->state)
			worst = &view->services[i];
	return worst;
}

/* One line: what is worst, in words; the more is cut the less it matters. */
void head_draw_line(struct tui *tui, const struct view *view)
{
	const struct view_service *worst = worst_service(view);
	enum glyph glyph = GLYPH_WELL;
	enum theme_role role = THEME_OK;
	auto_str text = {0};
	if (tui->questions.count > 0) {
		glyph = GLYPH_POINTER;
		role = THEME_WARN;
		str_print(&text, "y/n? %s", tui->questions.items[0].text);
	} else if (tui->fault.code != FAULT_NONE || (view->fault_count > 0 && view->faults[0].is_bad)) {
		glyph = GLYPH_FAILED;
		role = THEME_BAD;
		str_add(&text, tui->fault.code != FAULT_NONE ? tui->fault.text :
			view->faults[0].text != NULL ? view->faults[0].text : "");
	} else if (view->stale) {
		glyph = GLYPH_STALE;
		role = THEME_BAD;
		str_add(&text, _("engine silent"));
	} else if (worst != NULL && worst->state >= VIEW_STALE) {
		glyph = services_glyph(worst->state);
		role = services_role(worst->state);
		str_print(&text, "%s %s", worst->name != NULL ? worst->name : "", services_word(worst));
		if (worst->cause != NULL)
			str_print(&text, ": %s", worst->cause);
	} else if (view->build.state == VIEW_BUILD_FAILED) {
		glyph = GLYPH_FAILED;
		role = THEME_BAD;
		str_print(&text, ngettext("build failed, %u error", "build failed, %u errors", view->build.error_total), view->build.error_total);
	} else if (view->build.state == VIEW_BUILD_RUNNING) {
		glyph = GLYPH_BUILDING;
		role = THEME_BUSY;
		str_print(&text, _("build %u/%u"), view->build.done, view->build.total);
	} else if (view->start.is_shown || view->loading) {
		glyph = GLYPH_STARTING;
		role = THEME_BUSY;
		str_add(&text, _("coming up"));
	} else if (worst == NULL) {
		glyph = GLYPH_STOPPED;
		role = THEME_MUTED;
		str_add(&text, _("no services"));
	} else if (worst->state > VIEW_STOPPED) {
		glyph = services_glyph(worst->state);
		role = services_role(worst->state);
		str_print(&text, "%s %s", worst->name != NULL ? worst->name : "", services_word(worst));
	} else {
		str_print(&text, _("all %zu well"), view->service_count);
		add_generation(&text, _("serving"), view->serving);
	}
	pen_text(tui, 0, 0, 1, pen_glyph(tui, glyph), paint_role(tui, role));
	pen_text(tui, 0, 2, tui->columns - 2, str_text(&text), paint_role(tui, role));
}

void head_draw_tabs(struct tui *tui, const struct view *view)
{
	static const char *const names[PANE_COUNT] = {
		[PANE_START] = N_("Coming up"), [PANE_SERVICES] = N_("Services"), [PANE_BUILD] = N_("Build"), [PANE_LOG] = N_("Log"), [PANE_BESIDE] = N_("Log 2"),
		[PANE_SAVES] = N_("Saves"),
	};
	const struct view_service *worst = worst_service(view);
	int at = 0, y = tui->layout.tabs_row;
	for (int pane = 0; pane < PANE_COUNT; pane++) {
		if (!layout_has(&tui->wish, (enum pane)pane))
			continue;
		bool is_here = (enum pane)pane == tui->focus;
		char text[64];
		snprintf(text, sizeof text, is_here ? "[%s]" : " %s ", _(names[pane]));
		at += pen_text(tui, y, at, tui->columns - at, text, is_here ? paint_bold(paint_role(tui, THEME_ACCENT)) :
			paint_role(tui, THEME_MUTED));
	}
	if (worst == NULL || tui->columns - at < 4)
		return;
	struct style style = paint_role(tui, view->stale ? THEME_BAD : services_role(worst->state));
	auto_str text = {0};
	str_print(&text, "%s", pen_glyph(tui, view->stale ? GLYPH_STALE : services_glyph(worst->state)));
	if (view->serving > 0 && tui->columns - at >= 9)
		str_print(&text, " g%u", view->serving);
	pen_right(tui, y, at + 1, tui->columns - at - 1, str_text(&text), style);
}
