/* The list in the pane of the build: its errors, below them those of the job
 * and the tests that failed, grouped by file where there is room. Keeps what
 * stands on which row for the mouse. Called by build.c. */
#include "tui.h"

enum { GROUP_ROWS = 6 }; /* in fewer rows the headings would push the errors out */

/* ---- one error ---- */

static struct style level_style(const struct tui *tui, enum view_level level)
{
	return paint_role(tui, level == VIEW_ERROR ? THEME_BAD : level == VIEW_WARNING ? THEME_WARN : THEME_MUTED);
}

static void level_word(const struct view_error *error, char *out, size_t size)
{
	static const char *const words[] = {N_("error"), N_("level|warning"), N_("level|note")};
	const char *word = pen_word(words[error->level <= VIEW_NOTE ? error->level : VIEW_NOTE]);
	const char *job = error->job != NULL ? error->job : "", *between = error->job != NULL ? " " : "";
	if (error->is_test)
		snprintf(out, size, _("%s failed"), job);
	else if (error->code != NULL && error->code[0] != '\0' && error->level == VIEW_ERROR)
		snprintf(out, size, "%s%s%s[%s]", job, between, word, error->code);
	else
		snprintf(out, size, "%s%s%s", job, between, word);
}

static char *place_text(const struct view_error *error, bool is_short, bool is_grouped)
{
	const char *file = error->file == NULL ? "" : is_short ? path_name(error->file) : error->file;
	if (error->line == 0)
		return mem_copy_string(is_grouped ? "" : file);
	if (is_grouped && error->file != NULL)
		return mem_print("%u:%u", error->line, error->column);
	return mem_print("%s:%u:%u", file, error->line, error->column);
}

static void draw_error(struct tui *tui, const struct view_error *error, const struct rect *rect, int y, bool is_selected, bool is_grouped)
{
	char word[64];
	int indent = is_grouped && error->file != NULL ? 2 : 0, x = rect->x + 1 + indent, w = rect->w - 2 - indent;
	bool is_focused = tui->focus == PANE_BUILD;
	auto_free char *place = place_text(error, rect->w < 72, is_grouped);
	tui->is_row_selected = is_selected && is_focused;
	if (tui->is_row_selected)
		pen_fill(tui, y, rect->x, rect->w, " ", paint_plain);
	if (is_selected && is_focused)
		pen_text(tui, y, rect->x, 1, pen_glyph(tui, GLYPH_POINTER), paint_role(tui, THEME_ACCENT));
	level_word(error, word, sizeof word);
	int right = pen_width(place, strlen(place), w / 2);
	right = right > w / 2 ? w / 2 : right;
	int used = pen_text(tui, y, x, w - right - 1, word, level_style(tui, error->level)) + 1;
	if (used < 13 && w >= 60)
		used = 13;
	pen_text(tui, y, x + used, w - right - 2 - used, error->message, paint_plain);
	pen_text(tui, y, x + w - right, right, place, paint_role(tui, THEME_MUTED));
	tui->is_row_selected = false;
}

/* ---- headings ---- */

/* Those that follow one another with the same file and job are one group. */
static bool is_same_group(const struct view_error *a, const struct view_error *b)
{
	return a->file != NULL && b->file != NULL && strcmp(a->file, b->file) == 0 && text_equal(a->job, b->job);
}

PRINTF_LIKE(3, 0) static void add_count(struct str *out, unsigned count, const char *format)
{
	if (count == 0)
		return;
	str_add(out, out->len > 0 ? ", " : "");
	str_print(out, format, count);
}

static void draw_heading(struct tui *tui, const struct view_build *build, size_t first, const struct rect *rect, int y)
{
	const struct view_error *error = &build->errors[first];
	unsigned errors = 0, warnings = 0, failed = 0, notes = 0;
	auto_str counts = {0};
	for (size_t i = first; i < build->error_count && is_same_group(error, &build->errors[i]); i++) {
		failed += build->errors[i].is_test;
		errors += !build->errors[i].is_test && build->errors[i].level == VIEW_ERROR;
		warnings += build->errors[i].level == VIEW_WARNING;
		notes += build->errors[i].level == VIEW_NOTE;
	}
	add_count(&counts, failed, _("%u failed"));
	add_count(&counts, errors, ngettext("%u error", "%u errors", errors));
	add_count(&counts, warnings, ngettext("%u warning", "%u warnings", warnings));
	add_count(&counts, notes, ngettext("%u note", "%u notes", notes));
	int right = pen_right(tui, y, rect->x + 1, rect->w - 2, str_text(&counts), paint_role(tui, THEME_MUTED)) + 2;
	pen_text(tui, y, rect->x + 1, rect->w - 2 - right, error->file, paint_bold(paint_plain));
}

/* ---- the list ---- */

/* Fills tui->error_lines: the error of each row, -1 - the first of the group for
 * a heading. */
static void make_lines(struct tui *tui, const struct view_build *build, bool is_grouped)
{
	tui->error_lines.count = 0;
	for (size_t i = 0; i < build->error_count; i++) {
		bool begins = build->errors[i].file != NULL && (i == 0 || !is_same_group(&build->errors[i - 1], &build->errors[i]));
		if (is_grouped && begins)
			*array_add(&tui->error_lines) = -1 - (long)i;
		*array_add(&tui->error_lines) = (long)i;
	}
}

static size_t line_of(const struct tui *tui, size_t error)
{
	for (size_t i = 0; i < tui->error_lines.count; i++)
		if (tui->error_lines.items[i] == (long)error)
			return i;
	return 0;
}

static void scroll_to(struct tui *tui, size_t rows)
{
	size_t at = line_of(tui, tui->error_at), count = tui->error_lines.count, from = at;
	/* with its heading, where that is the row before */
	if (from > 0 && rows > 1 && tui->error_lines.items[from - 1] < 0)
		from--;
	if (from < tui->error_top)
		tui->error_top = from;
	if (at >= tui->error_top + rows)
		tui->error_top = at - rows + 1;
	if (tui->error_top + rows > count)
		tui->error_top = count > rows ? count - rows : 0;
}

int errors_draw(struct tui *tui, const struct view_build *build, const struct rect *rect)
{
	size_t rows = rect->h > 2 ? (size_t)(rect->h - 2) : 0;
	bool is_grouped = rows >= GROUP_ROWS;
	tui->error_rows = rows;
	make_lines(tui, build, is_grouped);
	if (rows == 0)
		return 0;
	scroll_to(tui, rows);
	size_t drawn = 0;
	for (; drawn < rows && tui->error_top + drawn < tui->error_lines.count; drawn++) {
		long line = tui->error_lines.items[tui->error_top + drawn];
		int y = rect->y + 2 + (int)drawn;
		if (line < 0)
			draw_heading(tui, build, (size_t)(-1 - line), rect, y);
		else
			draw_error(tui, &build->errors[line], rect, y, (size_t)line == tui->error_at, is_grouped);
	}
	return (int)drawn;
}

void errors_click(struct tui *tui, size_t row)
{
	size_t at = tui->error_top + row;
	if (at < tui->error_lines.count && tui->error_lines.items[at] >= 0)
		build_move(tui, tui->error_lines.items[at] - (long)tui->error_at);
}
