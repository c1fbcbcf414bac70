/* Lines of the log that are chosen: the selection, marks, a time to go to; and
 * their way to the terminal's clipboard. Keys lead here, by act.c. */
#include "tui.h"

#include <time.h>

/* Terminals take some 100,000 bytes of base64 (OSC 52; xterm's own limit). */
enum { COPY_MOST = 74000, MARKS_MOST = 1000 };

/* ---- the selection ---- */

/* The line that is meant where none is selected: the one that was gone to or
 * found, where it is in sight, else the last line in sight. */
uint64_t select_here(const struct log_state *state)
{
	uint64_t cursor = state->has_cursor ? log_filter_above(state, state->cursor) : UINT64_MAX;
	uint64_t hit = state->has_hit ? log_filter_above(state, state->hit) : UINT64_MAX;
	bool is_gone_to = state->is_paused && cursor == state->top; /* drawn next */
	if (is_gone_to || (cursor >= state->shown_top && cursor < state->shown_end))
		return cursor;
	if (hit >= state->shown_top && hit < state->shown_end)
		return hit;
	return state->shown_end > state->first ? state->shown_end - 1 : state->first;
}

void select_begin(struct log_state *state)
{
	if (state->is_selecting) {
		state->is_selecting = false;
		return;
	}
	if (state->end <= state->first)
		return;
	state->is_selecting = true;
	state->select_from = state->select_at = select_here(state);
	state->top = state->shown_top;
	state->is_paused = true;
}

void select_move(struct log_state *state, long step)
{
	uint64_t at = state->select_at;
	if (step < 0)
		at = (uint64_t)-step < at - state->first ? at - (uint64_t)-step : state->first;
	else
		at = (uint64_t)step < state->end - 1 - at ? at + (uint64_t)step : state->end - 1;
	state->select_at = at;
	if (at < state->shown_top)
		state->top = at;
	else if (at >= state->shown_end) /* a row a line, about: drawing puts it right */
		state->top = state->shown_top + (at - state->shown_end) + 1;
}

bool select_has(const struct log_state *state, uint64_t number)
{
	uint64_t from = state->select_from, to = state->select_at;
	return state->is_selecting && number >= (from < to ? from : to) && number <= (from < to ? to : from);
}

static void chosen(const struct log_state *state, uint64_t *from, uint64_t *to)
{
	*from = state->is_selecting ? state->select_from : select_here(state);
	*to = state->is_selecting ? state->select_at : *from;
	if (*from > *to) {
		uint64_t other = *from;
		*from = *to;
		*to = other;
	}
}

bool select_range(const struct log_state *state, uint64_t *from, uint64_t *to)
{
	chosen(state, from, to);
	return state->is_selecting;
}

/* ---- marks ---- */

static size_t mark_place(const struct log_state *state, uint64_t under)
{
	size_t at = 0;
	while (at < state->marks.count && state->marks.items[at] < under)
		at++;
	return at;
}

bool mark_has(const struct log_state *state, uint64_t number)
{
	uint64_t under = log_filter_under(state, number);
	size_t at = state->marks.count > 0 ? mark_place(state, under) : 0;
	return at < state->marks.count && state->marks.items[at] == under;
}

void mark_toggle(struct log_state *state)
{
	uint64_t from, to;
	if (state->end <= state->first || state->marks.count >= MARKS_MOST)
		return;
	chosen(state, &from, &to);
	uint64_t under = log_filter_under(state, state->is_selecting ? state->select_at : to);
	size_t at = mark_place(state, under);
	if (at < state->marks.count && state->marks.items[at] == under) {
		array_remove(&state->marks, at);
		return;
	}
	array_add(&state->marks);
	memmove(state->marks.items + at + 1, state->marks.items + at, (state->marks.count - 1 - at) * sizeof *state->marks.items);
	state->marks.items[at] = under;
}

/* Puts the line at the top; where it does not pass, the next that does. */
static void go_to(struct log_state *state, uint64_t under)
{
	uint64_t number = log_filter_above(state, under);
	if (number >= state->end)
		number = state->end - 1;
	state->has_cursor = true;
	state->has_anchor = false;
	state->cursor = log_filter_under(state, number);
	state->top = number;
	state->is_paused = true;
}

/* False: there is none. Goes round at the ends. */
bool mark_go(struct log_state *state, int step)
{
	uint64_t now = log_filter_under(state, state->has_cursor || state->has_hit ? select_here(state) : state->shown_top);
	size_t count = state->marks.count, at = mark_place(state, now);
	if (count == 0)
		return false;
	if (step > 0)
		at = at < count && state->marks.items[at] == now ? at + 1 : at;
	else
		at = at + count - 1;
	go_to(state, state->marks.items[at % count]);
	return true;
}

/* ---- a time ---- */

/* "14:02", "14:02:11": the last one before the newest line; "-5min", "-30s",
 * "-2h": so long before now. False: it is none of these. */
static bool read_time(const char *text, int64_t newest_ms, int64_t *out)
{
	unsigned hour, minute, second = 0;
	long amount;
	char unit[8] = "", more;
	if (sscanf(text, " -%ld %7[a-z] %c", &amount, unit, &more) == 2 && amount >= 0 && amount < 100000) {
		int64_t factor = strcmp(unit, "s") == 0 ? 1000 : strcmp(unit, "min") == 0 || strcmp(unit, "m") == 0 ? 60000 :
			strcmp(unit, "h") == 0 ? 3600000 : strcmp(unit, "d") == 0 ? 86400000 : 0;
		*out = clock_wall_ms() - amount * factor;
		return factor != 0;
	}
	int got = sscanf(text, " %2u:%2u:%2u %c", &hour, &minute, &second, &more);
	if (got == 2)
		got = sscanf(text, " %2u:%2u %c", &hour, &minute, &more);
	if ((got != 2 && got != 3) || hour > 23 || minute > 59 || second > 60)
		return false;
	time_t seconds = (time_t)(newest_ms / 1000);
	struct tm parts = {0};
	localtime_r(&seconds, &parts);
	parts.tm_hour = (int)hour;
	parts.tm_min = (int)minute;
	parts.tm_sec = (int)second;
	parts.tm_isdst = -1;
	struct tm day_before = parts;
	day_before.tm_mday--;
	*out = (int64_t)mktime(&parts) * 1000;
	if (*out > newest_ms)
		*out = (int64_t)mktime(&day_before) * 1000;
	return true;
}

static void write_clock(int64_t ms, char out[16])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts = {0};
	localtime_r(&seconds, &parts);
	strftime(out, 16, "%H:%M:%S", &parts);
}

/* The time of the nearest line that has one, from `number` on in this direction; 0: none. */
static int64_t time_near(struct log_state *state, uint64_t number, int step)
{
	const struct view_log *log = &state->under;
	for (; number >= log->first && number < log->first + log->count; number += (uint64_t)(int64_t)step) {
		struct view_line line;
		if (log_line_get(state, log, number, &line) && line.time_ms > 0)
			return line.time_ms;
	}
	return 0;
}

bool time_go(struct tui *tui, struct log_state *state, const char *text, struct fault *fault)
{
	const struct view_log *log = &state->under;
	char clock[16];
	int64_t wanted;
	if (state->end <= state->first || log->store == NULL)
		return true;
	int64_t oldest = time_near(state, log->first, 1), newest = time_near(state, log->first + log->count - 1, -1);
	if (!read_time(text, newest, &wanted)) {
		fault_set(fault, FAULT_USAGE, "\"%.40s\" is no time", text);
		return fault_mend(fault, "write 14:02, 14:02:11, or how long ago: -30s, -5min, -2h, -1d");
	}
	go_to(state, log_store_at_time(log->store, wanted * 1000000));
	if (wanted > newest) {
		write_clock(newest, clock);
		tui_notice(tui, _("nothing is younger: the last line is of %s"), clock);
	} else if (wanted < oldest) {
		write_clock(oldest, clock);
		tui_notice(tui, _("nothing is that old: the first line at hand is of %s"), clock);
	}
	return true;
}

/* ---- the clipboard ---- */

static void add_base64(struct str *out, const char *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		unsigned left = len - i < 3 ? (unsigned)(len - i) : 3, bits = 0;
		for (unsigned j = 0; j < 3; j++)
			bits = bits << 8 | (j < left ? (unsigned char)bytes[i + j] : 0);
		for (unsigned j = 0; j < 4; j++)
			str_add_char(out, j <= left ? digits[bits >> (18 - 6 * j) & 63] : '=');
	}
}

static void add_line(struct log_state *state, const struct view_log *log, uint64_t number, struct str *out)
{
	struct view_line line;
	log_line_get(state, log, number, &line);
	text_add_clean(out, line.text, line.len, false);
	str_add_char(out, '\n');
}

void copy_lines(struct tui *tui, struct log_state *state)
{
	auto_str text = {0}, sequence = {0};
	uint64_t from, to;
	if (state->end <= state->first)
		return;
	if (!tui->term.is_headless && !tui->term.has_clipboard) {
		struct fault fault = {0};
		fault_set(&fault, FAULT_OUTSIDE, "this terminal has no clipboard that can be reached (TERM=%.40s)", getenv("TERM"));
		fault_mend(&fault, "write the lines into a file instead, with `export`");
		tui_show_fault(tui, &fault);
		return;
	}
	chosen(state, &from, &to);
	for (uint64_t number = from; number <= to && text.len <= COPY_MOST; number++)
		add_line(state, &state->shown, number, &text);
	if (text.len > COPY_MOST) {
		struct fault fault = {0};
		fault_set(&fault, FAULT_USAGE, "%llu lines are more than a terminal takes", (unsigned long long)(to - from + 1));
		fault_mend(&fault, "select fewer, or write them into a file");
		tui_show_fault(tui, &fault);
		return;
	}
	if (from == to && text.len > 0)
		str_cut(&text, text.len - 1); /* one line alone goes without its newline */
	str_add(&sequence, "\033]52;c;");
	add_base64(&sequence, str_text(&text), text.len);
	str_add(&sequence, "\033\\");
	term_send(tui, sequence.data, sequence.len);
	state->is_selecting = false;
	unsigned long long count = to - from + 1;
	tui_notice(tui, ngettext("copied %llu line to the terminal's clipboard", "copied %llu lines to the terminal's clipboard", count),
		count);
}
