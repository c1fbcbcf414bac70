/* One practice in full: what was seen and where, why it is as it is, what mends
 * it, and what it is good for. Drawn by checks.c beside or below its list; a
 * piece of evidence is selected here, and is what Enter opens. */
#include "tui.h"

#include <limits.h>

enum { LABEL = 9 };

/* Rows are counted from the first one; those before `top` and after the last one
 * of the pane are not drawn. */
struct sheet {
	struct tui *tui;
	const struct rect *rect;
	int row, top;
	size_t evidence; /* that is being drawn; SIZE_MAX: none */
	int chosen_from, chosen_to; /* rows of the one that is chosen */
};

/* The one that is selected, else the first that stands in a file. */
static size_t chosen(const struct checks_state *state, const struct view_practice *practice)
{
	if (state->is_in_detail)
		return state->detail_at < practice->evidence_count ? state->detail_at : practice->evidence_count - 1;
	for (size_t i = 0; i < practice->evidence_count; i++)
		if (practice->evidence[i].path != NULL)
			return i;
	return 0;
}

void evidence_sync(struct tui *tui, const struct view_practice *practice)
{
	struct checks_state *state = &tui->checks;
	bool has_evidence = practice != NULL && practice->evidence_count > 0;
	state->place_at = has_evidence ? chosen(state, practice) : 0;
	const struct view_evidence *evidence = has_evidence ? &practice->evidence[state->place_at] : NULL;
	const char *path = evidence != NULL ? evidence->path : NULL;
	state->has_live_evidence = evidence != NULL && evidence->is_live;
	state->place.line = evidence != NULL ? evidence->line : 0;
	state->place.column = 1;
	if (text_equal(state->place.file, path))
		return;
	free(state->place.file);
	state->place.file = mem_copy_string(path);
}

/* ---- lines ---- */

static bool place(const struct sheet *sheet, int *y)
{
	*y = sheet->rect->y + 1 + sheet->row - sheet->top;
	return sheet->row >= sheet->top && *y < sheet->rect->y + sheet->rect->h;
}

/* Begins a line; false: it is out of sight. */
static bool begin_line(struct sheet *sheet, int *y)
{
	struct tui *tui = sheet->tui;
	if (!place(sheet, y))
		return false;
	*array_add(&tui->checks.lines) = sheet->evidence;
	tui->is_row_selected = tui->checks.is_in_detail && sheet->evidence != SIZE_MAX && sheet->evidence == tui->checks.place_at;
	if (tui->is_row_selected)
		pen_fill(tui, *y, sheet->rect->x, sheet->rect->w, " ", paint_plain);
	return true;
}

/* Words over as many rows as they take, from `indent` on; what stands at the left
 * of the first one is drawn by `before`. */
static void put(struct sheet *sheet, int indent, const char *text, struct style style,
	void (*before)(struct sheet *sheet, int y, const void *data), const void *data)
{
	int w = sheet->rect->w - indent - 1, y;
	const char *at = text != NULL ? text : "", *end = at + strlen(at);
	bool is_first = true;
	do {
		size_t bytes = pen_line_bytes(at, (size_t)(end - at), w > 4 ? w : 4);
		if (begin_line(sheet, &y)) {
			if (is_first && before != NULL)
				before(sheet, y, data);
			pen_bytes(sheet->tui, y, sheet->rect->x + indent, w, at, bytes, style);
		}
		sheet->tui->is_row_selected = false;
		sheet->row++;
		is_first = false;
		at += bytes;
		at += strspn(at, " \n");
	} while (at < end);
}

static void put_label(struct sheet *sheet, int y, const void *data)
{
	pen_text(sheet->tui, y, sheet->rect->x + 1, LABEL - 1, data, paint_role(sheet->tui, THEME_MUTED));
}

static void put_labelled(struct sheet *sheet, const char *label, const char *text, enum theme_role role)
{
	if (text != NULL && text[0] != '\0')
		put(sheet, 1 + LABEL, text, role == THEME_OK ? paint_plain : paint_role(sheet->tui, role), put_label, label);
}

/* ---- evidence ---- */

/* Where it is too long its beginning is left out: the line is at the end. */
static void draw_path(struct tui *tui, int y, int x, int w, const char *text, struct style style)
{
	const char *at = text, *end = text + strlen(text);
	int width = pen_width(text, strlen(text), INT_MAX - 8);
	if (width > w && w > 1)
		pen_text(tui, y, x, 1, pen_glyph(tui, GLYPH_MORE), style);
	for (bool is_cut = width > w; at < end && width + is_cut > w;) {
		wchar_t letter;
		int step = pen_next(&at, end, &letter);
		width -= step > 0 ? step : 0;
	}
	pen_text(tui, y, x + (at > text), w - (at > text), at, style);
}

static void draw_place(struct sheet *sheet, int y, const void *data)
{
	struct tui *tui = sheet->tui;
	const struct view_evidence *evidence = data;
	int x = sheet->rect->x;
	bool is_chosen = sheet->evidence == tui->checks.place_at;
	auto_free char *text = evidence->file == NULL ? NULL : evidence->line > 0 ? mem_print("%s:%u", evidence->file, evidence->line) :
		mem_copy_string(evidence->file);
	if (is_chosen)
		pen_text(tui, y, x, 1, pen_glyph(tui, GLYPH_POINTER), paint_role(tui, THEME_ACCENT));
	pen_text(tui, y, x + 1, 1, pen_glyph(tui, evidence->is_against ? GLYPH_FAILED : GLYPH_DONE), paint_role(tui, evidence->is_against ? THEME_BAD : THEME_MUTED));
	if (text != NULL)
		draw_path(tui, y, x + 3, sheet->rect->w - 4, text, paint_role(tui, THEME_ACCENT));
}

/* Behind its place where that leaves room, else below it. */
static void put_evidence(struct sheet *sheet, const struct view_evidence *evidence)
{
	int w = sheet->rect->w - 4, width = 0;
	auto_str text = {0};
	if (evidence->is_live)
		str_print(&text, "%s ", _("running:"));
	str_add(&text, evidence->text != NULL ? evidence->text : "");
	if (evidence->file != NULL) {
		auto_free char *where = mem_print("%s:%u", evidence->file, evidence->line);
		width = pen_width(where, strlen(where) - (evidence->line == 0 ? 2 : 0), w) + 2;
	}
	if (width > w / 2) {
		put(sheet, 3, "", paint_plain, draw_place, evidence);
		put(sheet, 5, str_text(&text), paint_plain, NULL, NULL);
	} else {
		put(sheet, 3 + width, str_text(&text), paint_plain, draw_place, evidence);
	}
}

static void put_all_evidence(struct sheet *sheet, const struct view_practice *practice)
{
	for (size_t i = 0; i < practice->evidence_count; i++) {
		sheet->evidence = i;
		if (i == sheet->tui->checks.place_at)
			sheet->chosen_from = sheet->row;
		put_evidence(sheet, &practice->evidence[i]);
		if (i == sheet->tui->checks.place_at)
			sheet->chosen_to = sheet->row;
	}
	sheet->evidence = SIZE_MAX;
	if (practice->evidence_left > 0) {
		auto_free char *more = mem_print(_("and %zu more"), practice->evidence_left);
		put(sheet, 3, more, paint_role(sheet->tui, THEME_MUTED), NULL, NULL);
	}
}

/* ---- the whole ---- */

static void put_practice(struct sheet *sheet, const struct view_practice *practice)
{
	const char *label = practice->is_allowed ? _("let be") : practice->verdict == VIEW_CANNOT_TELL ? _("missing") : _("reason");
	int before = sheet->row;
	put_all_evidence(sheet, practice);
	if (text_equal(practice->id, sheet->tui->checks.left))
		put_labelled(sheet, _("left"), _("The edit is written, and this is still broken: do the rest by hand."), THEME_WARN);
	put_labelled(sheet, label, practice->reason, THEME_WARN);
	put_labelled(sheet, _("mend"), practice->mend, THEME_ACCENT);
	put_labelled(sheet, _("why"), practice->says, THEME_MUTED);
	if (sheet->row == before)
		put(sheet, 1, _("Nothing more is known of it."), paint_role(sheet->tui, THEME_MUTED), NULL, NULL);
}

/* `title`: what had no room on the line of the title, or NULL. */
static void draw_sheet(struct sheet *sheet, const struct view_practice *practice, const char *title, const char *counts, int top)
{
	*sheet = (struct sheet){.tui = sheet->tui, .rect = sheet->rect, .top = top, .evidence = SIZE_MAX};
	sheet->tui->checks.lines.count = 0;
	if (title != NULL)
		put(sheet, 1, title, paint_bold(paint_plain), NULL, NULL);
	if (practice != NULL)
		put_practice(sheet, practice);
	else
		put(sheet, 1, counts, paint_plain, NULL, NULL);
}

/* Steps beyond the last evidence scroll on, to the last line. */
static int find_top(struct checks_state *state, const struct view_practice *practice, const struct sheet *sheet, int rows)
{
	int most = sheet->row > rows ? sheet->row - rows : 0;
	size_t last = practice != NULL && practice->evidence_count > 0 ? practice->evidence_count - 1 : 0;
	if (!state->is_in_detail)
		return 0;
	int least = sheet->chosen_to > rows ? sheet->chosen_to - rows : 0;
	least = least > sheet->chosen_from ? sheet->chosen_from : least;
	if (state->detail_at > last + (size_t)(most - least))
		state->detail_at = last + (size_t)(most - least);
	return least + (state->detail_at > last ? (int)(state->detail_at - last) : 0);
}

/* The line of the title has both, or the number and the state alone; true: the
 * title is still to be put. */
static bool draw_title(struct tui *tui, const struct view_practice *practice, const char *topic, const struct rect *rect)
{
	bool is_focused = tui->checks.is_in_detail;
	if (practice == NULL) {
		pen_title(tui, rect, topic, NULL, is_focused);
		return false;
	}
	auto_free char *whole = mem_print("%s %s", practice->id, practice->title);
	auto_free char *right = mem_print("%s, %s%s", practice_word(practice), practice_severity(practice->severity), practice->is_heuristic ? _(", likely") : "");
	int needs = pen_width(whole, strlen(whole), 500) + pen_width(right, strlen(right), 100) + 8;
	pen_title(tui, rect, needs <= rect->w ? whole : practice->id, right, is_focused);
	return needs > rect->w;
}

void evidence_draw(struct tui *tui, const struct view_practice *practice, const char *topic, const char *counts, const struct rect *rect)
{
	struct sheet sheet = {.tui = tui, .rect = rect};
	const char *title = draw_title(tui, practice, topic, rect) ? practice->title : NULL;
	if (rect->h < 2)
		return;
	draw_sheet(&sheet, practice, title, counts, PEN_NOWHERE);
	int top = find_top(&tui->checks, practice, &sheet, rect->h - 1);
	draw_sheet(&sheet, practice, title, counts, top);
	if (sheet.row > top + rect->h - 1)
		pen_more(tui, rect);
}
