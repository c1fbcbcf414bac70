/* Which practices the project keeps, over the whole screen: a list by topic
 * (practices.c), and beside or below it what was seen of the selected one
 * (evidence.c). Drawn from view->checks, which deck fills while this is shown;
 * checks-act.c has what keys do. Called by tui.c. */
#include "tui.h"

enum { LIST_SHARE = 11, SUMMARY_ROWS = 12, WORD_COLUMNS = 64, MEND_COLUMNS = 100, LEAST_TITLE = 8 };
enum { AT_SIGN = 3, AT_WORD = 5, ID_COLUMNS = 6, WORD_MOST = 24 };

bool checks_is_open(const struct tui *tui)
{
	return mode_beneath(tui) == MODE_CHECKS || tui->mode == MODE_CHECKS_FILTER || tui->mode == MODE_MENDING;
}

/* Whoever went back while it was written hears of it all the same. */
static void tell_failure(struct tui *tui, const struct view_mending *mending)
{
	struct fault fault = {0};
	if (mending->state != VIEW_MENDING_FAILED)
		return;
	fault_set(&fault, FAULT_FAILED, "%s", mending->sentence != NULL ? mending->sentence : "");
	if (mending->mend != NULL)
		fault_mend(&fault, "%s", mending->mend);
	tui_show_fault(tui, &fault);
}

/* Once it was judged what a mend that was written has left. */
static void tell_left(struct tui *tui, const char *left)
{
	struct checks_state *state = &tui->checks;
	if (text_equal(state->left, left))
		return;
	free(state->left);
	state->left = mem_copy_string(left);
	if (left != NULL && checks_is_open(tui))
		tui_notice(tui, _("%s is still broken: mend the rest by hand"), left);
}

void checks_sync(struct tui *tui, const struct view *view)
{
	struct checks_state *state = &tui->checks;
	const struct view_mending *mending = &view->checks.mending;
	state->is_silent = view->stale || view->checks.has_no_engine;
	state->mending = mending->state;
	tell_left(tui, view->checks.left);
	if (tui->mode == MODE_MENDING && mending->state == VIEW_MENDING_DONE)
		tui->mode = MODE_CHECKS;
	else if (!state->is_unheard || mending->state == VIEW_MENDING_WRITING)
		return;
	state->is_unheard = false;
	state->must_drop = true;
	if (mending->state == VIEW_MENDING_DONE)
		tui_notice(tui, "%s", mending->sentence != NULL ? mending->sentence : "");
	else
		tell_failure(tui, mending);
}

/* With its heading, where that is the row before. */
static void scroll_list(struct checks_state *state)
{
	size_t rows = state->list.h > 0 ? (size_t)state->list.h : 1, from = state->at;
	if (from > 0 && rows > 1 && state->rows.items[from - 1].practice == CHECK_HEADING)
		from--;
	if (state->top > from)
		state->top = from;
	if (state->at >= state->top + rows)
		state->top = state->at + 1 - rows;
	if (state->top + rows > state->rows.count)
		state->top = state->rows.count > rows ? state->rows.count - rows : 0;
}

/* ---- drawing: rows ---- */

static void draw_heading(struct tui *tui, const struct view_checks *checks, const struct check_row *row, int y, int w)
{
	auto_str right = {0};
	auto_free char *title = row->topic + 1 < checks->topic_count ? mem_print("%zu %s", row->topic + 1, checks->topics[row->topic]) :
		mem_copy_string(checks->topics[row->topic]);
	int title_width = pen_width(title, strlen(title), w);
	int width = w - 3 - title_width - 3;
	practices_describe_in(tui, checks, row->topic, &width, &right);
	int room = w - 3 - width - 3; /* counts are never cut: the title is */
	pen_text(tui, y, 1, 1, practices_are_folded(&tui->checks, row->topic) ? "+" : pen_glyph(tui, GLYPH_LINE), paint_role(tui, THEME_ACCENT));
	pen_text(tui, y, 3, room >= LEAST_TITLE ? room : w - 4, title, paint_bold(paint_plain));
	if (room >= LEAST_TITLE)
		pen_right(tui, y, w - 1 - width, width, str_text(&right), paint_role(tui, THEME_MUTED));
}

/* Where the columns stand: as wide as the words of what is listed. */
struct places {
	int word, severity, id, title; /* 0: left out */
};

static int wider(int width, const char *word)
{
	int own = pen_width(word, strlen(word), WORD_MOST);
	return own > width ? own : width;
}

static bool is_mended_by_key(const struct tui *tui, const struct view_practice *practice)
{
	return practice->is_fixable && practice_is_broken(practice) && !tui->is_read_only;
}

static struct places place_columns(const struct tui *tui, const struct view_checks *checks, int w)
{
	struct places places = {.id = AT_WORD};
	int words = 0, severities = 0;
	for (size_t i = 0; i < tui->checks.rows.count; i++) {
		size_t at = tui->checks.rows.items[i].practice;
		if (at == CHECK_HEADING)
			continue;
		words = wider(words, practice_word(&checks->practices[at]));
		severities = wider(severities, practice_severity(checks->practices[at].severity));
	}
	if (w >= WORD_COLUMNS) {
		places.word = AT_WORD;
		places.severity = places.word + words + 2;
		places.id = places.severity + severities + 2;
	}
	places.title = places.id + ID_COLUMNS;
	return places;
}

/* The key alone where there is little room: the bottom line says what it does. */
static int draw_mends(struct tui *tui, int y, int w)
{
	char key[32];
	hints_key(tui, COMMAND_CHECK_MEND, key, sizeof key);
	auto_free char *mends = w >= MEND_COLUMNS ? mem_print("%s %s", key, pen_word(N_("hint|mend"))) : mem_copy_string(key);
	int width = pen_width(mends, strlen(mends), w / 2);
	if (key[0] == '\0')
		return 0;
	pen_right(tui, y, w - 1 - width, width, mends, paint_role(tui, THEME_ACCENT));
	return width + 2;
}

static void draw_practice(struct tui *tui, const struct view_practice *practice, const struct places *places, int y, int w)
{
	struct style role = paint_role(tui, practice_role(practice));
	int at = places->title, end = w - 1;
	pen_text(tui, y, AT_SIGN, 1, practice_sign(tui, practice), role);
	if (places->word > 0) {
		pen_text(tui, y, places->word, places->severity - places->word - 1, practice_word(practice), role);
		pen_text(tui, y, places->severity, places->id - places->severity - 1, practice_severity(practice->severity),
			practice_is_broken(practice) && practice->severity == VIEW_HIGH ? paint_bold(role) : practice_is_broken(practice) ? role : paint_role(tui, THEME_MUTED));
	}
	pen_text(tui, y, places->id, ID_COLUMNS - 1, practice->id, paint_role(tui, THEME_ACCENT));
	if (places->word > 0 && is_mended_by_key(tui, practice))
		end -= draw_mends(tui, y, w);
	pen_text(tui, y, at, end - at, practice->title, practice_is_broken(practice) ? paint_plain : practice->verdict == VIEW_CANNOT_TELL ? paint_plain :
		paint_role(tui, THEME_MUTED));
}

static void draw_list(struct tui *tui, const struct view_checks *checks)
{
	struct checks_state *state = &tui->checks;
	const struct rect *rect = &state->list;
	struct places places = place_columns(tui, checks, rect->w);
	scroll_list(state);
	for (int i = 0; i < rect->h && state->top + (size_t)i < state->rows.count; i++) {
		const struct check_row *row = &state->rows.items[state->top + (size_t)i];
		bool is_here = state->top + (size_t)i == state->at;
		tui->is_row_selected = is_here && !state->is_in_detail;
		if (is_here) {
			pen_fill(tui, rect->y + i, rect->x, rect->w, " ", paint_plain);
			pen_text(tui, rect->y + i, rect->x, 1, pen_glyph(tui, GLYPH_POINTER), paint_role(tui, THEME_ACCENT));
		}
		if (row->practice == CHECK_HEADING)
			draw_heading(tui, checks, row, rect->y + i, rect->w);
		else
			draw_practice(tui, &checks->practices[row->practice], &places, rect->y + i, rect->w);
		tui->is_row_selected = false;
	}
}

static void draw_detail(struct tui *tui, const struct view_checks *checks)
{
	const struct checks_state *state = &tui->checks;
	const struct view_practice *practice = practices_at(state, checks);
	auto_str heading = {0};
	size_t topic = state->at < state->rows.count ? state->rows.items[state->at].topic : 0;
	practices_describe(checks, topic, &heading);
	evidence_draw(tui, practice, checks->topics[topic], str_text(&heading), &state->detail);
}

/* ---- drawing: the whole ---- */

static void draw_parts(struct tui *tui, const struct view_checks *checks, struct rect rect)
{
	struct checks_state *state = &tui->checks;
	if (rect.h < 1)
		return;
	layout_list_and_detail(rect, LIST_SHARE, state->is_in_detail, &state->list, &state->detail);
	if (state->list.w > 0)
		draw_list(tui, checks);
	if (state->detail.w > 0)
		draw_detail(tui, checks);
	pen_divide(tui, &state->list, &state->detail);
}

static void describe_age(struct tui *tui, const struct view_checks *checks, struct str *out)
{
	char text[32];
	if (checks->is_judging) {
		str_print(out, _("  %s judging %s"), pen_glyph(tui, GLYPH_BUILDING), pen_running(tui, checks->elapsed_ms, text, sizeof text));
		clock_format_span(checks->expected_ms * 1000000, text, sizeof text);
		if (checks->expected_ms > 0)
			str_print(out, _(" of ~%s"), text);
	} else if (checks->is_stale) {
		str_print(out, _("  %s stale: saved since"), pen_glyph(tui, GLYPH_STALE));
	} else if (checks->state == VIEW_PAGE_READY && checks->sentence != NULL) {
		str_print(out, _("  %s stale: %s old"), pen_glyph(tui, GLYPH_STALE), pen_age(tui, checks->age_ms, text, sizeof text));
	} else if (checks->state == VIEW_PAGE_READY) {
		str_print(out, _("  %s ago"), pen_age(tui, checks->age_ms, text, sizeof text));
	}
}

static void draw_title(struct tui *tui, const struct view_checks *checks, const struct rect *rect, size_t listed)
{
	const struct checks_state *state = &tui->checks;
	auto_str right = {0};
	if (checks->state == VIEW_PAGE_READY && state->filter.len > 0)
		str_print(&right, _("with \"%.60s\": %zu"), state->filter.text, listed);
	else if (checks->state == VIEW_PAGE_READY)
		str_print(&right, _("%zu of %zu"), listed, checks->count);
	if (checks->state == VIEW_PAGE_READY)
		str_print(&right, "  %s", checks->is_live ? _("files and what runs") : _("files"));
	describe_age(tui, checks, &right);
	pen_title(tui, rect, _("Checks"), str_text(&right) + strspn(str_text(&right), " "), !state->is_in_detail);
}

/* What is wrong in words; below it, with what is shown, what could not be read. */
static void draw_summary(struct tui *tui, const struct view_checks *checks, struct rect *rect)
{
	auto_str text = {0};
	int w = rect->w - 2, y = rect->y;
	if (checks->sentence != NULL && !checks->is_judging) {
		y += pen_wrap(tui, y, 1, w, 2, checks->sentence, paint_role(tui, THEME_BAD), false);
		y += pen_wrap(tui, y, 1, w, 1, checks->mend, paint_role(tui, THEME_ACCENT), false);
	}
	if (rect->h >= SUMMARY_ROWS) {
		int width = w;
		bool is_bad = practices_describe_in(tui, checks, CHECK_HEADING, &width, &text);
		pen_text(tui, y, 1, w, str_text(&text), paint_role(tui, is_bad ? THEME_BAD : THEME_OK));
		y++;
	}
	for (size_t i = 0; rect->h >= SUMMARY_ROWS && i < checks->note_count && i < 2; i++) {
		auto_free char *note = i == 1 && checks->note_count > 2 ? mem_print(_("note: %s, and %zu more"), checks->notes[i], checks->note_count - 2) :
			mem_print(_("note: %s"), checks->notes[i]);
		pen_text(tui, y++, 1, w, note, paint_role(tui, THEME_WARN));
	}
	rect->h -= y - rect->y;
	rect->y = y;
}

/* Why there is no practice to see; NULL: there are some. The caller frees. */
static char *sentence_of(const struct tui *tui, const struct view_checks *checks)
{
	char key[32];
	if (checks->state == VIEW_PAGE_LOADING)
		return mem_copy_string(tui->checks.is_live && !tui->checks.is_silent ? _("Files are read, and the engine is asked what runs …") :
			_("Files are read; compose, cargo and git are asked …"));
	if (checks->state == VIEW_PAGE_FAILED)
		return mem_print("%s\n%s", checks->sentence != NULL ? checks->sentence : "", checks->mend != NULL ? checks->mend : "");
	if (tui->checks.rows.count > 0)
		return NULL;
	if (checks->count == 0)
		return mem_copy_string(_("No practice was judged."));
	if (tui->checks.filter.len > 0)
		return mem_copy_string(_("No practice has these letters: Esc shows all again."));
	hints_key(tui, COMMAND_CHECK_ALL, key, sizeof key);
	return mem_print(_("Nothing is broken, and nothing is left open. %s lists what is kept."), key);
}

void checks_draw(struct tui *tui, const struct view *view)
{
	const struct view_checks *checks = &view->checks;
	struct checks_state *state = &tui->checks;
	struct rect rect = head_page_rect(tui);
	state->list.w = state->detail.w = 0;
	state->is_drawn = true;
	if (rect.h < 3)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	size_t listed = practices_list(state, checks);
	if (checks->state == VIEW_PAGE_READY)
		practices_hold(state, checks);
	state->is_moved = false; /* among rows that are not there yet: nowhere */
	draw_title(tui, checks, &rect, listed);
	struct rect rest = {0, rect.y + 1, rect.w, rect.h - 1};
	if (checks->state == VIEW_PAGE_READY)
		draw_summary(tui, checks, &rest);
	evidence_sync(tui, practices_at(state, checks));
	auto_free char *sentence = sentence_of(tui, checks);
	if (sentence == NULL) {
		draw_parts(tui, checks, rest);
		return;
	}
	pen_sentence(tui, &rest, sentence, checks->state == VIEW_PAGE_FAILED ? THEME_BAD : checks->state == VIEW_PAGE_READY &&
		state->filter.len == 0 ? THEME_OK : THEME_MUTED);
}

void checks_finish(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	array_finish(&state->rows);
	array_finish(&state->is_bad);
	array_finish(&state->lines);
	free(state->selected);
	free(state->left);
	free(state->place.file);
}
