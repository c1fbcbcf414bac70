/* The pane of the build: how far it is, how it ended, and what rustc says.
 * Keeps the places of errors for keys. */
#include "tui.h"

static void tell_counts(struct str *out, const struct view_build *build)
{
	if (build->error_total > 0)
		str_print(out, ngettext("%u error", "%u errors", build->error_total), build->error_total);
	if (build->error_total > 0 && build->warning_total > 0)
		str_add(out, ", ");
	if (build->warning_total > 0)
		str_print(out, ngettext("%u warning", "%u warnings", build->warning_total), build->warning_total);
}

/* ---- a build that failed for some programs ---- */

bool build_split(const struct view *view, struct build_split *split)
{
	unsigned newest = 0;
	*split = (struct build_split){0};
	for (size_t i = 0; i < view->service_count; i++) {
		const struct view_service *service = &view->services[i];
		if (!service->is_behind) {
			split->ahead += service->generation == view->serving;
			continue;
		}
		if (split->behind++ == 0)
			split->oldest = service->generation;
		split->name = services_name(service);
		split->oldest = service->generation < split->oldest ? service->generation : split->oldest;
		newest = service->generation > newest ? service->generation : newest;
	}
	if (split->oldest < newest)
		snprintf(split->from, sizeof split->from, "g%u-g%u", split->oldest, newest);
	else
		snprintf(split->from, sizeof split->from, "g%u", newest);
	return split->behind > 0 && split->ahead > 0 && split->oldest < view->serving;
}

void build_tell_behind(const struct build_split *split, struct str *out)
{
	if (split->behind == 1)
		str_add(out, split->name);
	else
		str_print(out, ngettext("%zu service", "%zu services", split->behind), split->behind);
}

void build_tell_split(const struct view *view, const struct build_split *split, struct str *out)
{
	if (split->behind == 1)
		str_print(out, _("%s serves %s"), split->name, split->from);
	else
		str_print(out, ngettext("%zu service serves %s", "%zu services serve %s", split->behind), split->behind, split->from);
	str_print(out, ngettext(", %zu other g%u", ", %zu others g%u", split->ahead), split->ahead, view->serving);
}

/* Another build passed meanwhile. */
static void tell_left(const struct build_split *split, struct str *out)
{
	if (split->behind == 1)
		str_print(out, _("%s does not compile and serves %s"), split->name, split->from);
	else
		str_print(out, ngettext("%zu service does not compile and serves %s", "%zu services do not compile and serve %s", split->behind),
			split->behind, split->from);
}

/* ---- the line of state ---- */

static void draw_running(struct tui *tui, const struct view_build *build, const struct rect *rect)
{
	char elapsed[24], left[24], text[96], count[40];
	int y = rect->y + 1, x = rect->x + 1, w = rect->w - 2;
	pen_running(tui, build->elapsed_ms, elapsed, sizeof elapsed);
	snprintf(text, sizeof text, "%s", elapsed);
	if (build->expected_ms > build->elapsed_ms) {
		clock_format_span((build->expected_ms - build->elapsed_ms) * 1000000, left, sizeof left);
		snprintf(text, sizeof text, _("%s  ~%s left"), elapsed, left);
	}
	int right = pen_right(tui, y, x, w, text, paint_role(tui, THEME_MUTED)) + 2;
	if (build->total == 0) {
		const char *glyph = pen_glyph(tui, GLYPH_BUILDING);
		pen_text(tui, y, x, w - right, glyph, paint_role(tui, THEME_BUSY));
		pen_text(tui, y, x + 2, w - right - 2, _("cargo begins"), paint_role(tui, THEME_BUSY));
		return;
	}
	int bar = w >= 72 ? 28 : w >= 50 ? w - 42 : 8;
	pen_bar(tui, y, x, bar, build->done, build->total);
	snprintf(count, sizeof count, "%u/%u", build->done, build->total);
	int at = x + bar + 2;
	at += pen_text(tui, y, at, w - right - bar - 2, count, paint_plain) + 2;
	pen_text(tui, y, at, x + w - right - at, build->crates, paint_role(tui, THEME_BUSY));
}

static void draw_state(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_build *build = &view->build;
	enum theme_role role = THEME_MUTED;
	enum glyph glyph = GLYPH_STOPPED;
	char took[24], key[32];
	struct build_split split;
	auto_str text = {0};
	clock_format_span(build->elapsed_ms * 1000000, took, sizeof took);
	switch (build->state) {
	case VIEW_BUILD_RUNNING:
		draw_running(tui, build, rect);
		return;
	case VIEW_BUILD_NONE:
		hints_key(tui, COMMAND_BUILD, key, sizeof key);
		if (key[0] != '\0')
			str_print(&text, _("nothing was built yet: save a file, or press %s"), key);
		else
			str_add(&text, _("nothing was built yet: save a file"));
		break;
	case VIEW_BUILD_PASSED:
		role = THEME_OK;
		glyph = GLYPH_DONE;
		str_print(&text, _("passed in %s"), took);
		if (build->error_total + build->warning_total > 0)
			str_add(&text, ", ");
		tell_counts(&text, build);
		if (build_split(view, &split)) {
			role = THEME_WARN;
			str_add(&text, "; ");
			tell_left(&split, &text);
		}
		break;
	case VIEW_BUILD_FAILED:
		role = THEME_BAD;
		glyph = GLYPH_FAILED;
		str_print(&text, _("failed after %s: "), took);
		if (build->error_total + build->warning_total > 0)
			tell_counts(&text, build);
		else
			str_add(&text, _("cargo itself failed"));
		if (build_split(view, &split)) {
			str_add(&text, "; ");
			build_tell_split(view, &split, &text);
		} else if (view->serving > 0) {
			str_print(&text, _("; g%u serves on"), view->serving);
		}
		break;
	case VIEW_BUILD_CANCELLED:
		str_print(&text, _("cancelled after %s"), took);
		break;
	}
	pen_text(tui, rect->y + 1, rect->x + 1, 1, pen_glyph(tui, glyph), paint_role(tui, role));
	pen_text(tui, rect->y + 1, rect->x + 3, rect->w - 4, str_text(&text), paint_role(tui, role));
}

/* ---- errors ---- */

/* In a tall pane the selected error is shown whole below the list. */
static void draw_preview(struct tui *tui, const struct view_build *build, const struct rect *rect, int rows)
{
	int used = 2 + rows + 1, room = rect->h - used;
	const char *rendered = tui->error_at < build->error_count ? build->errors[tui->error_at].rendered : NULL;
	if (room >= 5 && rendered != NULL)
		build_draw_rendered(tui, rendered, rect->y + used, rect->x + 1, rect->w - 2, (size_t)room, 0);
}

void build_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_build *build = &view->build;
	bool is_focused = tui->focus == PANE_BUILD;
	auto_free char *name = build->generation > 0 ? mem_print(_("Build g%u"), build->generation) : mem_copy_string(_("Build"));
	auto_str right = {0};
	if (build->absent != NULL) {
		pen_title(tui, rect, _("Build"), NULL, is_focused);
		pen_sentence(tui, rect, build->absent, THEME_MUTED);
		return;
	}
	size_t rows = rect->h > 2 ? (size_t)(rect->h - 2) : 0;
	if (build->error_count > rows && rows > 0)
		str_print(&right, _("%zu of %zu"), tui->error_at + 1, build->error_count);
	if (build->what != NULL)
		str_print(&right, "%s%s", right.len > 0 ? "  " : "", build->what);
	jobs_add_state(tui, &build->job, &right);
	pen_title(tui, rect, name, str_text(&right), is_focused);
	draw_state(tui, view, rect);
	bool has_errors = build->error_count > 0;
	if (build->complaint != NULL && (!has_errors || build->errors[0].job != NULL))
		pen_wrap(tui, rect->y + 2, rect->x + 3, rect->w - 4, rect->h - 2, build->complaint, paint_plain, false);
	else if (has_errors)
		draw_preview(tui, build, rect, errors_draw(tui, build, rect));
}

static void drop_errors(struct tui *tui)
{
	for (size_t i = 0; i < tui->errors.count; i++)
		free(tui->errors.items[i].file);
	tui->errors.count = 0;
}

void build_sync(struct tui *tui, const struct view *view)
{
	const struct view_build *build = &view->build;
	tui->has_build = build->absent == NULL;
	tui->has_failed = build->state == VIEW_BUILD_FAILED || build->job.state == VIEW_BUILD_FAILED;
	drop_errors(tui);
	for (size_t i = 0; i < build->error_count; i++)
		*array_add(&tui->errors) = (struct error_place){mem_copy_string(build->errors[i].file), build->errors[i].line,
			build->errors[i].column};
	if (tui->error_at >= build->error_count)
		tui->error_at = build->error_count > 0 ? build->error_count - 1 : 0;
	if (build->error_count == 0 && tui->mode == MODE_ERROR)
		tui->mode = MODE_DECK;
	if (build->error_count == 0 && tui->mode_under == MODE_ERROR)
		tui->mode_under = MODE_DECK;
}

void build_move(struct tui *tui, long step)
{
	long count = (long)tui->errors.count, at = (long)tui->error_at + step;
	if (count == 0)
		return;
	tui->error_at = (size_t)(at < 0 ? 0 : at >= count ? count - 1 : at);
	tui->error_scroll = 0;
}
