/* The filter of a log: lines with a text, without another, of a level at least.
 * What passes gets numbers of its own, which never change, so that the rest of
 * the pane knows no difference. Lines are looked at once, some milliseconds a
 * frame. Called by log.c before it draws. */
#include "tui.h"

enum { BUDGET_NS = 4000000, LINES_A_LOOK = 64 };

static void reset(struct log_filter *filter)
{
	filter->passed.count = 0;
	filter->dropped = 0;
	filter->gone = 0;
	filter->at = UINT64_MAX; /* from the first line on */
	filter->last_passed = true;
}

void log_filter_finish(struct log_filter *filter)
{
	log_pattern_close(steal(&filter->include));
	log_pattern_close(steal(&filter->exclude));
	array_finish(&filter->passed);
}

bool log_filter_is_on(const struct log_filter *filter)
{
	return filter->include != NULL || filter->exclude != NULL || filter->least != VIEW_LOG_NONE;
}

/* "timeout", "!healthz", "timeout !healthz": what stands behind the mark is left
 * out, as in less. */
bool log_filter_set(struct log_filter *filter, const char *text, struct fault *fault)
{
	const char *mark = text[0] == '!' ? text : strstr(text, " !");
	auto_free char *with = mem_copy_bytes(text, mark != NULL ? (size_t)(mark - text) : strlen(text));
	const char *without = mark == NULL ? "" : mark[0] == '!' ? mark + 1 : mark + 2;
	struct log_pattern *include = NULL, *exclude = NULL;
	if (with[0] != '\0' && (include = log_pattern_open(with, filter->is_regular, fault)) == NULL)
		return false;
	if (without[0] != '\0' && (exclude = log_pattern_open(without, filter->is_regular, fault)) == NULL) {
		log_pattern_close(include);
		return false;
	}
	log_pattern_close(filter->include);
	log_pattern_close(filter->exclude);
	filter->include = include;
	filter->exclude = exclude;
	snprintf(filter->text, sizeof filter->text, "%s", text);
	reset(filter);
	return true;
}

void log_filter_next_level(struct log_filter *filter)
{
	static const enum view_log_level next[] = {[VIEW_LOG_NONE] = VIEW_LOG_DEBUG, [VIEW_LOG_TRACE] = VIEW_LOG_DEBUG,
		[VIEW_LOG_DEBUG] = VIEW_LOG_INFO, [VIEW_LOG_INFO] = VIEW_LOG_WARN, [VIEW_LOG_WARN] = VIEW_LOG_ERROR,
		[VIEW_LOG_ERROR] = VIEW_LOG_NONE};
	filter->least = next[filter->least];
	reset(filter);
}

void log_filter_begin_again(struct log_filter *filter)
{
	reset(filter);
}

/* ---- what passes ---- */

static bool has(struct log_pattern *pattern, const struct view_line *line)
{
	size_t at, end;
	return log_pattern_find(pattern, line->text, line->len, 0, &at, &end);
}

static bool passes(struct log_filter *filter, const struct view_line *line)
{
	if (line->kind != VIEW_LINE_TEXT)
		return true;
	/* a line without a level goes with the one before: a backtrace, a table */
	if (line->level != VIEW_LOG_NONE || filter->least == VIEW_LOG_NONE)
		filter->last_passed = line->level >= filter->least;
	return filter->last_passed && (filter->include == NULL || has(filter->include, line)) &&
		(filter->exclude == NULL || !has(filter->exclude, line));
}

/* Numbers of lines that are no longer held go. */
static void drop_gone(struct log_filter *filter, uint64_t first)
{
	while (filter->gone < filter->passed.count && filter->passed.items[filter->gone] < first)
		filter->gone++;
	if (filter->gone < 4096 || filter->gone < filter->passed.count / 2)
		return;
	filter->passed.count -= filter->gone;
	memmove(filter->passed.items, filter->passed.items + filter->gone, filter->passed.count * sizeof *filter->passed.items);
	filter->dropped += filter->gone;
	filter->gone = 0;
}

static bool get_passed(void *data, uint64_t number, struct view_line *line)
{
	struct log_state *state = data;
	const struct log_filter *filter = &state->filter;
	size_t index = (size_t)(number - filter->dropped);
	if (number < filter->dropped || index >= filter->passed.count)
		return false;
	return state->under.line(state->under.data, filter->passed.items[index], line);
}

bool log_filter_run(struct log_state *state, const struct view_log *log, struct view_log *out)
{
	struct log_filter *filter = &state->filter;
	uint64_t end = log->first + log->count, until = clock_now_ns() + BUDGET_NS;
	*out = *log;
	state->under = *log;
	if (!log_filter_is_on(filter) || log->line == NULL)
		return false;
	if (filter->at < log->first || filter->at > end)
		filter->at = log->first;
	for (unsigned looked = 1; filter->at < end; looked++) {
		struct view_line line;
		if (log_line_get(state, log, filter->at, &line) && passes(filter, &line))
			*array_add(&filter->passed) = filter->at;
		filter->at++;
		if (looked % LINES_A_LOOK == 0 && clock_now_ns() >= until)
			break;
	}
	drop_gone(filter, log->first);
	out->first = filter->dropped + filter->gone;
	out->count = filter->passed.count - filter->gone;
	out->line = get_passed;
	out->data = state;
	if (out->count == 0)
		out->empty = filter->at < end ? "The log is being filtered." : "No line passes the filter.";
	return filter->at < end;
}

uint64_t log_filter_under(const struct log_state *state, uint64_t number)
{
	const struct log_filter *filter = &state->filter;
	size_t index = (size_t)(number - filter->dropped);
	return !log_filter_is_on(filter) ? number : index < filter->passed.count ? filter->passed.items[index] : UINT64_MAX;
}

uint64_t log_filter_above(const struct log_state *state, uint64_t under)
{
	const struct log_filter *filter = &state->filter;
	size_t low = filter->gone, high = filter->passed.count;
	if (!log_filter_is_on(filter))
		return under;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (filter->passed.items[middle] < under)
			low = middle + 1;
		else
			high = middle;
	}
	return filter->dropped + low;
}

void log_filter_describe(const struct log_state *state, struct str *out)
{
	static const char *const levels[] = {"", "TRACE+", "DEBUG+", "INFO+", "WARN+", "ERROR"};
	const struct log_filter *filter = &state->filter;
	if (filter->least != VIEW_LOG_NONE)
		str_print(out, "%s  ", levels[filter->least]);
	if (filter->include != NULL || filter->exclude != NULL)
		str_print(out, filter->is_regular ? "regex &%s  " : "&%s  ", filter->text);
	if (log_filter_is_on(filter) && filter->at < state->under.first + state->under.count)
		str_add(out, "filtering  ");
}
