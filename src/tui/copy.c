/* Lines of the log that go elsewhere: to the clipboard of the terminal, into a
 * file, into a pager; and the selection and the marks that say which. */
#include "tui.h"

#include <errno.h>
#include <time.h>

/* Terminals take some 100,000 bytes of base64 (OSC 52; xterm's own limit). */
enum { COPY_MOST = 74000, MARKS_MOST = 1000 };

/* ---- the selection ---- */

/* The line that is meant where none is selected: the match, where it is in
 * sight, else the last line in sight. */
static uint64_t here(const struct log_state *state)
{
	uint64_t hit = state->has_hit ? log_filter_above(state, state->hit) : UINT64_MAX;
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
	state->select_from = state->select_at = here(state);
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
	*from = state->is_selecting ? state->select_from : here(state);
	*to = state->is_selecting ? state->select_at : *from;
	if (*from > *to) {
		uint64_t other = *from;
		*from = *to;
		*to = other;
	}
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

/* False: there is none. Goes round at the ends. */
bool mark_go(struct log_state *state, int step)
{
	uint64_t now = log_filter_under(state, state->is_paused ? state->top : state->shown_top);
	size_t count = state->marks.count, at = mark_place(state, now);
	if (count == 0)
		return false;
	if (step > 0)
		at = at < count && state->marks.items[at] == now ? at + 1 : at;
	else
		at = at + count - 1;
	state->top = log_filter_above(state, state->marks.items[at % count]);
	state->is_paused = true;
	return true;
}

/* ---- a time ---- */

/* "14:02", "14:02:11": of the newest line's day; "-5min", "-30s", "-2h": before
 * it. False: it is none of these. */
static bool read_time(const char *text, int64_t newest_ms, int64_t *out)
{
	unsigned hour, minute, second = 0;
	long amount;
	char unit[8] = "", more;
	if (sscanf(text, "-%ld%7s %c", &amount, unit, &more) == 2 && amount >= 0 && amount < 100000) {
		int64_t factor = strcmp(unit, "s") == 0 ? 1000 : strcmp(unit, "min") == 0 || strcmp(unit, "m") == 0 ? 60000 :
			strcmp(unit, "h") == 0 ? 3600000 : 0;
		*out = newest_ms - amount * factor;
		return factor != 0;
	}
	int got = sscanf(text, "%u:%u:%u %c", &hour, &minute, &second, &more);
	if ((got != 2 && got != 3) || hour > 23 || minute > 59 || second > 60)
		return false;
	time_t seconds = (time_t)(newest_ms / 1000);
	struct tm parts = {0};
	localtime_r(&seconds, &parts);
	parts.tm_hour = (int)hour;
	parts.tm_min = (int)minute;
	parts.tm_sec = (int)second;
	parts.tm_isdst = -1;
	*out = (int64_t)mktime(&parts) * 1000;
	return true;
}

static int64_t time_of(struct log_state *state, const struct view_log *log, uint64_t number)
{
	struct view_line line;
	return log_line_get(state, log, number, &line) ? line.time_ms : 0;
}

bool time_go(struct log_state *state, const char *text, struct fault *fault)
{
	const struct view_log *log = &state->shown;
	uint64_t low = log->first, high = log->first + log->count;
	int64_t wanted;
	if (high <= low)
		return true;
	if (!read_time(text, time_of(state, log, high - 1), &wanted)) {
		fault_set(fault, FAULT_USAGE, "\"%.40s\" is no time", text);
		return fault_mend(fault, "write 14:02, 14:02:11, or how long before the last line: -30s, -5min, -2h");
	}
	/* lines without a time count as older: they are few */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (time_of(state, log, middle) < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	state->top = low < log->first + log->count ? low : log->first + log->count - 1;
	state->is_paused = true;
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
	str_add_bytes(out, line.text, line.len);
	str_add_char(out, '\n');
}

void copy_lines(struct tui *tui)
{
	struct log_state *state = &tui->log;
	auto_str text = {0}, sequence = {0};
	uint64_t from, to;
	if (state->end <= state->first)
		return;
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
	tui_notice(tui, "copied %llu line%s to the terminal's clipboard", (unsigned long long)(to - from + 1), from == to ? "" : "s");
}

/* ---- a file ---- */

/* With its time and service, as far as the pane shows them. */
static void add_whole_line(struct log_state *state, const struct view_log *log, uint64_t number, struct str *out)
{
	struct view_line line;
	char stamp[40];
	log_line_get(state, log, number, &line);
	if (line.time_ms > 0 && state->time != LOG_TIME_OFF) {
		clock_format_rfc3339(line.time_ms, stamp, sizeof stamp);
		str_print(out, "%s ", stamp);
	}
	if (line.source != NULL)
		str_print(out, "%s | ", line.source);
	str_add_bytes(out, line.text, line.len);
	str_add_char(out, '\n');
}

char *export_name(const struct log_state *state)
{
	char day[32];
	time_t now = time(NULL);
	struct tm parts = {0};
	localtime_r(&now, &parts);
	strftime(day, sizeof day, "%Y%m%d-%H%M%S", &parts);
	struct str name = {0};
	for (const char *at = state->name != NULL ? state->name : "log"; *at != '\0'; at++)
		str_add_char(&name, (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '-' ? *at : '_');
	str_print(&name, "-%s.log", day);
	return str_steal(&name);
}

bool export_lines(struct log_state *state, FILE *file, uint64_t *count)
{
	const struct view_log *log = &state->shown;
	auto_str line = {0};
	uint64_t from = log->first, to = log->first + log->count;
	if (state->is_selecting) {
		chosen(state, &from, &to);
		to++;
	}
	*count = to - from;
	for (uint64_t number = from; number < to; number++) {
		str_clear(&line);
		add_whole_line(state, log, number, &line);
		if (fwrite(line.data, 1, line.len, file) != line.len)
			return false;
	}
	return fflush(file) == 0;
}

void export_to(struct tui *tui, const char *path)
{
	struct fault fault = {0};
	uint64_t count = 0;
	FILE *file = fopen(path, "wxe"); /* a file that is there is not written over */
	bool good = file != NULL && export_lines(&tui->log, file, &count);
	int error = errno;
	if (file != NULL && fclose(file) != 0)
		good = false;
	if (good) {
		tui_notice(tui, "wrote %llu lines into %s", (unsigned long long)count, path);
		return;
	}
	fault_set(&fault, FAULT_FAILED, "the log cannot be written into %s: %s", path, strerror(error));
	fault_mend(&fault, error == EEXIST ? "name a file that is not there yet" : "name another file");
	tui_show_fault(tui, &fault);
}
