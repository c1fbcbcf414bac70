/* The pane of a log: follows the end or stands where it was left, by the
 * numbers of lines. Only lines that are seen are asked for and measured. */
#include "tui.h"

#include <time.h>

enum { TAB = 8, SOURCE_MOST = 12 };

/* One line being laid out or drawn. */
struct painter {
	struct tui *tui;
	const struct view_line *line;
	int y, x, w; /* the first row's place */
	int skip, most; /* rows left out at the start; rows at all */
	bool is_dry, is_hit_line;
	int row, column;
	size_t span;
	struct style style;
	size_t hit_at, hit_end;
	bool has_hit;
};

static struct style level_style(const struct tui *tui, enum view_log_level level, bool is_stderr)
{
	switch (level) {
	case VIEW_LOG_ERROR:
		return paint_bold(paint_role(tui, THEME_BAD));
	case VIEW_LOG_WARN:
		return paint_role(tui, THEME_WARN);
	case VIEW_LOG_INFO:
		return paint_role(tui, THEME_OK);
	case VIEW_LOG_DEBUG:
	case VIEW_LOG_TRACE:
		return paint_role(tui, THEME_MUTED);
	case VIEW_LOG_NONE:
		break;
	}
	return is_stderr ? paint_role(tui, THEME_WARN) : paint_plain;
}

static const char *level_letter(const struct view_line *line)
{
	static const char *const letters[] = {" ", "T", "D", "I", "W", "E"};
	size_t level = line->level <= VIEW_LOG_ERROR ? line->level : 0;
	return level == 0 && line->is_stderr ? "!" : letters[level];
}

/* ---- a line's text ---- */

static void find_hit(struct painter *painter, size_t from)
{
	const struct view_line *line = painter->line;
	const char *needle = painter->tui->log.needle;
	painter->has_hit = needle[0] != '\0' &&
		log_find(needle, line->text, line->len, from, &painter->hit_at, &painter->hit_end);
}

static struct style style_at(struct painter *painter, size_t at)
{
	const struct view_line *line = painter->line;
	while (painter->span < line->span_count && line->spans[painter->span].at <= at)
		painter->style = paint_span(painter->tui, &line->spans[painter->span++]);
	while (painter->has_hit && at >= painter->hit_end)
		find_hit(painter, painter->hit_end);
	if (!painter->has_hit || at < painter->hit_at)
		return painter->style;
	struct style style = painter->style;
	style.attr |= A_REVERSE | (painter->is_hit_line ? A_BOLD : 0);
	return style;
}

static bool next_row(struct painter *painter)
{
	painter->column = 0;
	return ++painter->row < painter->most;
}

static void put(struct painter *painter, wchar_t letter, const wchar_t *joined, struct style style)
{
	if (!painter->is_dry && painter->row >= painter->skip)
		pen_put(painter->tui, painter->y + painter->row - painter->skip, painter->x + painter->column, letter, joined,
			style);
}

/* A cell that is no longer on a row that does not wrap. */
static void mark_cut(struct painter *painter)
{
	const char *mark = pen_glyph(painter->tui, GLYPH_MORE);
	if (!painter->is_dry)
		pen_text(painter->tui, painter->y, painter->x + painter->w - 1, 1, mark, paint_role(painter->tui, THEME_MUTED));
}

/* Lays the text out over rows and draws those wanted; returns the rows. */
static int paint_text(struct painter *painter)
{
	const char *text = painter->line->text, *at = text, *end = text + painter->line->len;
	bool is_wrapped = painter->tui->log.is_wrapped;
	if (!painter->is_dry)
		find_hit(painter, 0);
	while (at < end) {
		size_t offset = (size_t)(at - text);
		bool is_tab = *at == '\t';
		wchar_t letter, joined[CCHARW_MAX] = {0};
		int width = pen_next(&at, end, &letter);
		if (width <= 0)
			continue;
		if (is_tab)
			width = TAB - painter->column % TAB;
		for (size_t count = 0; at < end && (unsigned char)*at >= 0x80;) {
			const char *next = at;
			wchar_t other;
			int other_width = pen_next(&next, end, &other);
			if (other_width > 0)
				break;
			if (other_width == 0 && count + 2 < CCHARW_MAX)
				joined[count++] = other;
			at = next;
		}
		if (painter->column + width > painter->w) {
			if (!is_wrapped) {
				mark_cut(painter);
				break;
			}
			if (is_tab || !next_row(painter))
				continue;
		}
		if (painter->row >= painter->most)
			break;
		struct style style = painter->is_dry ? paint_plain : style_at(painter, offset);
		for (int i = 0; i < (is_tab ? width : 1); i++, painter->column++)
			put(painter, letter, joined, style);
		painter->column += is_tab ? 0 : width - 1;
	}
	return painter->row + 1 < painter->most ? painter->row + 1 : painter->most;
}

/* ---- what stands before it ---- */

static int time_width(const struct tui *tui, int w)
{
	if (tui->log.has_no_time || w < 30)
		return 0;
	return w >= 56 ? 13 : 9;
}

static int source_width(const struct view_line *line, int w)
{
	return line->source != NULL ? (w >= 50 ? SOURCE_MOST + 1 : 7) : 0;
}

static int prefix_width(const struct tui *tui, const struct view_line *line, int w)
{
	return source_width(line, w) + time_width(tui, w) + 2;
}

static void draw_prefix(struct tui *tui, const struct view_line *line, int y, int x, int w)
{
	int source = source_width(line, w), clock = time_width(tui, w);
	if (source > 0)
		pen_text(tui, y, x, source - 1, line->source, paint_role(tui, THEME_ACCENT));
	if (clock > 0 && line->time_ms > 0) {
		time_t seconds = (time_t)(line->time_ms / 1000);
		struct tm parts = {0};
		char text[32];
		localtime_r(&seconds, &parts);
		snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
			(int)(line->time_ms % 1000));
		pen_bytes(tui, y, x + source, clock - 1, text, (size_t)clock - 1, paint_role(tui, THEME_MUTED));
	}
	pen_text(tui, y, x + source + clock, 1, level_letter(line), level_style(tui, line->level, line->is_stderr));
}

/* "╌╌ run 3 ╌╌": what is no line of the program. */
static void draw_mark(struct tui *tui, const struct view_line *line, int y, int x, int w)
{
	bool is_gap = line->kind == VIEW_LINE_GAP;
	struct style style = paint_role(tui, is_gap ? THEME_WARN : THEME_MUTED);
	const char *dash = pen_glyph(tui, GLYPH_DASH);
	pen_fill(tui, y, x, 2, dash, style);
	int used = pen_bytes(tui, y, x + 3, w - 6, line->text, line->len, style);
	pen_fill(tui, y, x + 4 + used, 2, dash, style);
}

/* Draws a line, or with `is_dry` measures it; returns its rows. */
static int paint_line(struct tui *tui, const struct view_line *line, int y, int x, int w, int skip, int most, bool is_dry,
	bool is_hit)
{
	int before = line->kind == VIEW_LINE_TEXT ? prefix_width(tui, line, w) : 0;
	if (line->kind != VIEW_LINE_TEXT) {
		if (!is_dry)
			draw_mark(tui, line, y, x, w);
		return 1;
	}
	struct painter painter = {
		.tui = tui, .line = line, .y = y, .x = x + before, .w = w - before > 4 ? w - before : 4,
		.skip = skip, .most = most, .is_dry = is_dry, .is_hit_line = is_hit,
	};
	if (!is_dry && skip == 0)
		draw_prefix(tui, line, y, x, w);
	return paint_text(&painter);
}

static bool get_line(const struct view_log *log, uint64_t number, struct view_line *line)
{
	static const char gone[] = "this line is no longer kept";
	*line = (struct view_line){0};
	if (log->line != NULL && log->line(log->data, number, line)) {
		if (line->text == NULL)
			line->len = 0;
		return true;
	}
	*line = (struct view_line){.kind = VIEW_LINE_GAP, .text = gone, .len = sizeof gone - 1};
	return false;
}

/* ---- the whole pane ---- */

/* The first line, and how many of its rows are left out, so that the end of
 * the log stands at the end of the pane. */
static uint64_t end_top(struct tui *tui, const struct view_log *log, int rows, int w, int *skip)
{
	uint64_t number = log->first + log->count;
	int left = rows;
	*skip = 0;
	while (number > log->first && left > 0) {
		struct view_line line;
		get_line(log, --number, &line);
		int takes = tui->log.is_wrapped ? paint_line(tui, &line, 0, 0, w, 0, rows, true, false) : 1;
		if (takes > left)
			*skip = takes - left;
		left -= takes;
	}
	return number;
}

static void sync_state(struct tui *tui, const struct view_log *log)
{
	struct log_state *state = &tui->log;
	if (!text_equal(state->name, log->name)) {
		free(state->name);
		state->name = mem_copy_string(log->name);
		state->is_paused = state->has_hit = state->is_looking = state->is_missing = false;
		state->step = 0;
	}
	state->first = log->first;
	state->end = log->first + log->count;
	if (state->is_paused && state->top < log->first)
		state->top = log->first;
}

static void describe_steps(struct tui *tui, int w, struct str *out)
{
	char next[32], previous[32];
	hints_key(tui, COMMAND_SEARCH_NEXT, next, sizeof next);
	hints_key(tui, COMMAND_SEARCH_PREVIOUS, previous, sizeof previous);
	str_add(out, "  ");
	if (w >= 60 && next[0] != '\0' && previous[0] != '\0' && tui->mode != MODE_SEARCH)
		str_print(out, "%s next, %s previous  ", next, previous);
}

static void describe(struct tui *tui, const struct view_log *log, int w, struct str *out)
{
	const struct log_state *state = &tui->log;
	if (state->needle[0] != '\0') {
		str_print(out, "/%s%s", state->needle, state->is_looking ? ": looking" : state->is_missing ? ": not found" : "");
		describe_steps(tui, w, out);
	}
	if (state->is_wrapped && w >= 50)
		str_add(out, "wrapped  ");
	if (log->stale)
		str_add(out, "stale: being opened again");
	else if (state->is_paused && state->end > state->shown_end)
		str_print(out, "paused, %llu below", (unsigned long long)(state->end - state->shown_end));
	else
		str_add(out, state->is_paused ? "paused" : "following");
}

static void draw_lines(struct tui *tui, const struct view_log *log, const struct rect *rect)
{
	struct log_state *state = &tui->log;
	int rows = rect->h - 1, x = rect->x + 1, w = rect->w - 2, skip = 0;
	uint64_t end = log->first + log->count;
	uint64_t number = end_top(tui, log, rows, w, &skip);
	if (state->is_paused && state->top < number) {
		number = state->top;
		skip = 0;
	} else if (state->is_paused) {
		state->top = number;
	}
	state->shown_top = number;
	for (int row = 0; row < rows && number < end; number++) {
		struct view_line line;
		get_line(log, number, &line);
		int most = rows - row + skip;
		row += paint_line(tui, &line, rect->y + 1 + row, x, w, skip, most, false, state->has_hit && state->hit == number) -
			skip;
		skip = 0;
	}
	state->shown_end = number;
}

void log_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	const struct view_log *log = &view->log;
	bool is_focused = tui->focus == PANE_LOG;
	char *name = mem_print("Log%s%s", log->name != NULL ? " " : "", log->name != NULL ? log->name : "");
	auto_str right = {0};
	tui->log.rows = rect->h - 1;
	sync_state(tui, log);
	if (log->count == 0) {
		pen_title(tui, rect, name, log->stale ? "stale: being opened again" : NULL, is_focused);
		pen_sentence(tui, rect, log->empty != NULL ? log->empty :
			log->name == NULL ? "no service is selected: its log would follow here" : "no output yet", THEME_MUTED);
		free(name);
		tui->log.shown_top = tui->log.shown_end = log->first;
		return;
	}
	log_search(tui, log);
	if (rect->h > 1)
		draw_lines(tui, log, rect);
	describe(tui, log, rect->w, &right);
	pen_title(tui, rect, name, str_text(&right), is_focused);
	free(name);
}

/* ---- keys ---- */

void log_move(struct tui *tui, long step)
{
	struct log_state *state = &tui->log;
	uint64_t top = state->is_paused ? state->top : state->shown_top;
	if (top < state->first)
		top = state->first;
	if (step > 0 && (!state->is_paused || state->shown_end >= state->end)) {
		state->is_paused = false; /* down from the end: follow again */
		return;
	}
	state->is_paused = true;
	if (step < 0)
		state->top = (uint64_t)-step < top - state->first ? top - (uint64_t)-step : state->first;
	else
		state->top = (uint64_t)step < state->end - top ? top + (uint64_t)step : state->end;
}

void log_toggle_follow(struct tui *tui)
{
	tui->log.is_paused = !tui->log.is_paused;
	tui->log.top = tui->log.shown_top;
}
