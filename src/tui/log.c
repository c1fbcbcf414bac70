/* The pane of a log: follows the end or stands where it was left, by the
 * numbers of lines. Only lines that are seen are asked for and measured. */
#include "tui.h"

#include <time.h>

enum { TAB = 8, SOURCE_MOST = 12, SHIFT = 8, LOOK_NS = 3000000 };

/* One line being laid out or drawn. */
struct painter {
	struct tui *tui;
	const struct log_state *state;
	const struct view_line *line;
	int y, x, w; /* the first row's place */
	int skip, most; /* rows left out at the start; rows at all */
	bool is_dry, is_hit_line;
	int row, column, shift; /* `shift`: columns left out at the left */
	int widest; /* columns, as far as they were looked at */
	size_t span;
	struct style style;
	size_t hit_at, hit_end;
	bool has_hit;
	struct pen_run *run;
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
	struct log_pattern *pattern = painter->state->pattern;
	painter->has_hit = pattern != NULL && log_pattern_find(pattern, line->text, line->len, from, &painter->hit_at, &painter->hit_end);
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

static void put(struct painter *painter, int width, wchar_t letter, const wchar_t *joined, struct style style)
{
	int column = painter->column - painter->shift;
	if (!painter->is_dry && painter->row >= painter->skip && column >= 0)
		pen_run_put(painter->tui, painter->run, painter->y + painter->row - painter->skip, painter->x + column, width, letter, joined, style);
}

/* A cell that is no longer on a row that does not wrap. */
static void mark_cut(struct painter *painter, int last)
{
	if (painter->is_dry)
		return;
	pen_run_end(painter->run);
	pen_mark_cut(painter->tui, painter->y, painter->x, painter->w, painter->column - painter->shift, last);
}

/* Lays the text out over rows and draws those wanted; returns the rows. */
static int paint_text(struct painter *painter)
{
	const char *text = painter->line->text, *at = text, *end = text + painter->line->len;
	bool is_wrapped = painter->state->is_wrapped;
	int last = 0; /* columns of the letter before */
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
		pen_joined(&at, end, joined);
		if (painter->column + width > painter->w + painter->shift) {
			if (!is_wrapped) {
				mark_cut(painter, last);
				painter->widest = painter->column + painter->w; /* or more */
				break;
			}
			if (is_tab || !next_row(painter))
				continue;
		}
		if (painter->row >= painter->most)
			break;
		struct style style = painter->is_dry ? paint_plain : style_at(painter, offset);
		for (int i = 0; i < (is_tab ? width : 1); i++, painter->column++)
			put(painter, is_tab ? 1 : width, letter, joined, style);
		painter->column += is_tab ? 0 : width - 1;
		last = is_tab ? 1 : width;
	}
	if (painter->column > painter->widest)
		painter->widest = painter->column;
	return painter->row + 1 < painter->most ? painter->row + 1 : painter->most;
}

/* ---- what stands before it ---- */

static int time_width(const struct log_state *state, int w)
{
	if (state->time == LOG_TIME_OFF || w < 30)
		return 0;
	if (state->time == LOG_TIME_AGO)
		return 5;
	return w >= 56 && state->time == LOG_TIME_CLOCK ? 13 : 9;
}

static int source_width(const struct tui *tui, const struct view_line *line, int w)
{
	int most = w >= 50 ? SOURCE_MOST : 6, longest = 1;
	if (line->source == NULL)
		return 0;
	for (size_t i = 0; i < tui->names.count && longest < most; i++) {
		/* containers of other projects stand in no merged log */
		int width = tui->names.items[i][0] != '/' ? pen_width(tui->names.items[i], strlen(tui->names.items[i]), most) : 0;
		longest = width > longest ? width : longest;
	}
	return longest + 1;
}

static int prefix_width(const struct tui *tui, const struct log_state *state, const struct view_line *line, int w)
{
	return source_width(tui, line, w) + time_width(state, w) + 2;
}

/* How long after the line before: "+0.104", "+12.0s", "+3m", "+2h". */
static void write_step(int64_t ms, char *out, size_t size)
{
	if (ms < 0)
		ms = 0;
	if (ms < 10000)
		snprintf(out, size, "%+8.3f", (double)ms / 1000);
	else if (ms < 100000)
		snprintf(out, size, "%+7.1fs", (double)ms / 1000);
	else if (ms < 6000000)
		snprintf(out, size, "%+7lldm", (long long)(ms / 60000));
	else
		snprintf(out, size, "%+7lldh", (long long)(ms / 3600000 < 99999 ? ms / 3600000 : 99999));
}

static void draw_prefix(struct tui *tui, const struct log_state *state, const struct view_line *line, int64_t before_ms, int y, int x, int w)
{
	int source = source_width(tui, line, w), clock = time_width(state, w);
	if (source > 0)
		pen_text(tui, y, x, source - 1, line->source, paint_role(tui, THEME_ACCENT));
	if (clock > 0 && line->time_ms > 0 && state->time == LOG_TIME_STEP) {
		char text[32] = "";
		if (before_ms > 0)
			write_step(line->time_ms - before_ms, text, sizeof text);
		pen_text(tui, y, x + source, clock - 1, text, paint_role(tui, THEME_MUTED));
	} else if (clock > 0 && line->time_ms > 0 && state->time == LOG_TIME_AGO) {
		char text[16];
		int64_t ago = clock_wall_ms() - line->time_ms;
		pen_right(tui, y, x + source, clock - 1, pen_age(tui, ago > 0 ? (uint64_t)ago : 0, text, sizeof text), paint_role(tui, THEME_MUTED));
	} else if (clock > 0 && line->time_ms > 0) {
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

/* What a line looks like besides its text. */
struct line_look {
	bool is_hit, is_selected, is_marked, is_cursor;
	int64_t before_ms; /* time of the line before; 0: not known */
};

/* Draws a line, or with `look` NULL measures it; returns its rows. */
static int paint_line(struct tui *tui, struct log_state *state, const struct view_line *line, int y, int x, int w, int skip, int most,
	const struct line_look *look)
{
	int before = line->kind == VIEW_LINE_TEXT ? prefix_width(tui, state, line, w) : 0;
	struct pen_run run;
	if (line->kind != VIEW_LINE_TEXT) {
		if (look != NULL)
			draw_mark(tui, line, y, x, w);
		return 1;
	}
	struct painter painter = {
		.tui = tui, .state = state, .line = line, .y = y, .x = x + before, .w = w - before > 4 ? w - before : 4,
		.skip = skip, .most = most, .is_dry = look == NULL, .is_hit_line = look != NULL && look->is_hit,
		.shift = state->is_wrapped ? 0 : state->column,
	};
	tui->is_row_selected = look != NULL && look->is_selected;
	if (tui->is_row_selected)
		pen_fill(tui, y, x, w, " ", paint_plain);
	if (look != NULL && skip == 0)
		draw_prefix(tui, state, line, look->before_ms, y, x, w);
	if (look != NULL && look->is_cursor)
		pen_text(tui, y, x - 1, 1, pen_glyph(tui, GLYPH_POINTER), paint_bold(paint_role(tui, THEME_ACCENT)));
	if (look != NULL && look->is_marked)
		pen_text(tui, y, x - 1, 1, tui->is_ascii ? "*" : "◆", paint_bold(paint_role(tui, THEME_ACCENT)));
	run.count = 0;
	painter.run = &run;
	int rows = paint_text(&painter);
	pen_run_end(&run);
	if (look != NULL && painter.widest > state->widest)
		state->widest = painter.widest;
	tui->is_row_selected = false;
	return rows;
}

bool log_line_get(struct log_state *state, const struct view_log *log, uint64_t number, struct view_line *line)
{
	*line = (struct view_line){0};
	if (log->line == NULL || !log->line(log->data, number, line)) {
		const char *gone = _("this line is no longer kept");
		*line = (struct view_line){.kind = VIEW_LINE_GAP, .text = gone, .len = strlen(gone)};
		return false;
	}
	if (line->text == NULL)
		line->len = 0;
	bool is_json = !state->is_raw && line->kind == VIEW_LINE_TEXT && line->len > 1 && line->text[0] == '{';
	if (is_json && log_json_render(line->text, line->len, &state->rendered)) {
		line->text = str_text(&state->rendered);
		line->len = state->rendered.len;
		line->span_count = 0;
	}
	return true;
}

/* ---- the whole pane ---- */

/* The first line, and how many of its rows are left out, so that the end of
 * the log stands at the end of the pane. */
static uint64_t end_top(struct tui *tui, struct log_state *state, const struct view_log *log, int rows, int w, int *skip)
{
	uint64_t number = log->first + log->count;
	int left = rows;
	*skip = 0;
	while (number > log->first && left > 0) {
		struct view_line line;
		log_line_get(state, log, --number, &line);
		int takes = state->is_wrapped ? paint_line(tui, state, &line, 0, 0, w, 0, rows, NULL) : 1;
		if (takes > left)
			*skip = takes - left;
		left -= takes;
	}
	return number;
}

static void sync_state(struct log_state *state, const struct view_log *log)
{
	uint64_t identity = state->under.store != NULL ? log_store_identity(state->under.store) : 0;
	if (!text_equal(state->name, log->name) || state->identity != identity) {
		state->identity = identity;
		free(state->name);
		state->name = mem_copy_string(log->name);
		state->is_paused = state->is_selecting = false;
		state->marks.count = 0;
		state->step = state->column = 0;
		search_set(state, state->needle, state->is_regular);
		state->step = 0; /* the view stays where the new log ends */
		state->has_anchor = state->has_cursor = false;
	}
	state->first = log->first;
	state->end = log->first + log->count;
	if (!state->is_paused)
		state->has_cursor = false;
	if (state->is_paused && state->top < log->first)
		state->top = log->first;
}

static void describe_steps(struct tui *tui, const struct log_state *state, int w, struct str *out)
{
	char next[32], previous[32];
	hints_key(tui, COMMAND_SEARCH_NEXT, next, sizeof next);
	hints_key(tui, COMMAND_SEARCH_PREVIOUS, previous, sizeof previous);
	if (w >= 100 && next[0] != '\0' && previous[0] != '\0' && state->pattern != NULL && tui->mode == MODE_DECK)
		str_print(out, _("%s next, %s previous  "), next, previous);
}

static void describe_look(const struct log_state *state, int w, struct str *out)
{
	if (w < 50)
		return;
	if (state->is_wrapped)
		str_add(out, _("wrapped  "));
	else if (state->column > 0)
		str_print(out, _("from column %d  "), state->column + 1);
	if (state->is_raw)
		str_add(out, _("raw  "));
	if (state->is_selecting)
		str_print(out, _("%llu selected  "), (unsigned long long)(state->select_at > state->select_from ?
			state->select_at - state->select_from : state->select_from - state->select_at) + 1);
}

/* The other log is not to be seen. */
static void describe_which(const struct tui *tui, const struct log_state *state, struct str *out)
{
	bool is_other_seen = tui->layout.pane[PANE_LOG].h > 0 && tui->layout.pane[PANE_BESIDE].h > 0;
	if (beside_is_open(tui) && !is_other_seen)
		str_print(out, _("log %d of 2  "), state == &tui->beside ? 2 : 1);
}

static void describe(struct tui *tui, const struct log_state *state, const struct view_log *log, int w, struct str *out)
{
	describe_which(tui, state, out);
	export_describe(tui, out);
	log_filter_describe(state, out);
	search_describe(state, out);
	describe_steps(tui, state, w, out);
	describe_look(state, w, out);
	if (log->stale)
		str_add(out, _("stale: being opened again"));
	else if (state->is_paused && state->end > state->shown_end)
		str_print(out, _("paused, %llu below"), (unsigned long long)(state->end - state->shown_end));
	else
		str_add(out, state->is_paused ? _("paused") : _("following"));
}

static int64_t time_before(struct log_state *state, const struct view_log *log, uint64_t number)
{
	struct view_line line;
	if (state->time != LOG_TIME_STEP || number <= log->first)
		return 0;
	return log_line_get(state, log, number - 1, &line) ? line.time_ms : 0;
}

static void draw_lines(struct tui *tui, struct log_state *state, const struct view_log *log, const struct rect *rect)
{
	int rows = rect->h - 1, x = rect->x + 1, w = rect->w - 2, skip = 0;
	uint64_t end = log->first + log->count;
	uint64_t number = end_top(tui, state, log, rows, w, &skip);
	if (state->is_paused && state->top < number) {
		number = state->top;
		skip = 0;
	} else if (state->is_paused) {
		state->top = number;
	}
	state->shown_top = number;
	uint64_t here = state->has_cursor ? log_filter_above(state, state->cursor) : UINT64_MAX;
	state->widest = 0;
	int64_t before_ms = time_before(state, log, number);
	for (int row = 0; row < rows && number < end; number++) {
		struct view_line line;
		log_line_get(state, log, number, &line);
		struct line_look look = {.is_hit = state->has_hit && state->hit == log_filter_under(state, number), .is_selected = select_has(state, number),
			.is_marked = mark_has(state, number),
			.is_cursor = state->is_paused && number == here, .before_ms = before_ms};
		int most = rows - row + skip;
		row += paint_line(tui, state, &line, rect->y + 1 + row, x, w, skip, most, &look) - skip;
		skip = 0;
		before_ms = line.time_ms > 0 ? line.time_ms : before_ms;
	}
	state->shown_end = number;
}

/* Dividers and gaps pass every filter: below them it is said that nothing else does. */
static void draw_nothing(struct tui *tui, struct log_state *state, const struct rect *rect)
{
	uint64_t drawn = state->shown_end - state->shown_top;
	int row = drawn < (uint64_t)rect->h ? (int)drawn + 1 : rect->h;
	if (row < rect->h)
		pen_text(tui, rect->y + row, rect->x + 1, rect->w - 2, log_filter_say_nothing(tui, state), paint_role(tui, THEME_MUTED));
}

static void draw_pane(struct tui *tui, struct log_state *state, const struct view_log *under, const struct rect *rect, bool is_focused)
{
	const struct view_log *log = &state->shown;
	const char *whose = under->name != NULL ? under->name : "";
	/* containers of other projects have a "/" before their names */
	auto_free char *name = whose[0] != '\0' ? mem_print(_("Log %s"), whose + (whose[0] == '/')) : mem_copy_string(_("Log"));
	auto_str right = {0};
	state->rows = rect->h - 1;
	bool has_more = log_filter_run(tui, state, under, &state->shown);
	sync_state(state, log);
	if (log->count == 0) {
		state->shown_top = state->shown_end = log->first;
		state->is_selecting = false;
		state->is_counted = !has_more;
		state->count = state->rank = 0;
	} else {
		has_more = search_run(tui, state, log) || has_more;
	}
	if (has_more)
		tui_wake(tui, false);
	if (log->count > 0 && rect->h > 1)
		draw_lines(tui, state, log, rect);
	if (log_filter_has_marks_only(state))
		draw_nothing(tui, state, rect);
	describe(tui, state, log, rect->w, &right);
	bool is_bare = log->count == 0 && !log_filter_is_on(&state->filter);
	pen_title(tui, rect, name, is_bare ? (log->stale ? _("stale: being opened again") : NULL) : str_text(&right), is_focused);
	if (log->count == 0)
		pen_sentence(tui, rect, log->empty != NULL ? log->empty :
			log->name == NULL ? _("no service is selected: its log would follow here") : _("no output yet"), THEME_MUTED);
}

void log_draw(struct tui *tui, const struct view *view, const struct rect *rect)
{
	draw_pane(tui, &tui->log, &view->log, rect, tui->focus == PANE_LOG);
}

void log_draw_beside(struct tui *tui, const struct view *view, const struct rect *rect)
{
	draw_pane(tui, &tui->beside, &view->beside, rect, tui->focus == PANE_BESIDE);
}

void log_finish(struct log_state *state)
{
	free(state->name);
	log_pattern_close(state->pattern);
	log_index_close(state->hits);
	log_filter_finish(&state->filter);
	str_finish(&state->rendered);
	array_finish(&state->marks);
}

/* Without a terminal nobody waits, and what is drawn is the same each time. */
uint64_t log_budget(const struct tui *tui)
{
	bool is_shared = tui->layout.pane[PANE_LOG].h > 0 && tui->layout.pane[PANE_BESIDE].h > 0;
	return tui->term.is_headless ? 0 : is_shared ? LOOK_NS / 2 : LOOK_NS;
}

/* ---- keys ---- */

void log_move(struct log_state *state, long step)
{
	uint64_t top = state->is_paused ? state->top : state->shown_top;
	if (state->is_selecting) {
		select_move(state, step);
		return;
	}
	if (top < state->first)
		top = state->first;
	if (step > 0 && (!state->is_paused || state->shown_end >= state->end)) {
		state->is_paused = false; /* down from the end: follow again */
		return;
	}
	state->is_paused = true;
	state->has_anchor = false; /* moved on before it was found */
	if (step < 0)
		state->top = (uint64_t)-step < top - state->first ? top - (uint64_t)-step : state->first;
	else
		state->top = (uint64_t)step < state->end - top ? top + (uint64_t)step : state->end;
}

void log_shift(struct log_state *state, int step)
{
	if (state->is_wrapped)
		return;
	if (step > 0 && state->column + SHIFT >= state->widest)
		return; /* nothing stands there */
	state->column += step * SHIFT;
	if (state->column < 0)
		state->column = 0;
}

void log_toggle_follow(struct log_state *state)
{
	state->is_selecting = state->has_anchor = false;
	state->is_paused = !state->is_paused;
	state->top = state->shown_top;
}
