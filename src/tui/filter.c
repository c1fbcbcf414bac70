/* The filter of a log: lines with a text, without another, of a level at least.
 * The room logs keeps which lines pass, from the newest down, some milliseconds
 * a frame. What passes has numbers of its own, which never change, so that the
 * rest of the pane knows no difference. Called by log.c before it draws. */
#include "tui.h"

void log_filter_finish(struct log_filter *filter)
{
	log_index_close(steal(&filter->index));
}

bool log_filter_is_on(const struct log_filter *filter)
{
	return filter->text[0] != '\0' || filter->least != VIEW_LOG_NONE;
}

/* "timeout", "!healthz", "timeout !healthz": what stands behind the mark is left
 * out, as in less. */
void log_filter_wish(const struct log_filter *filter, struct log_wish *wish)
{
	*wish = (struct log_wish){.least = (enum log_level)filter->least, .include = {filter->include, filter->was_regular},
		.exclude = {filter->exclude, filter->was_regular}};
}

static void split(struct log_filter *filter)
{
	const char *text = filter->text, *mark = text[0] == '!' ? text : strstr(text, " !");
	size_t len = mark != NULL ? (size_t)(mark - text) : strlen(text);
	snprintf(filter->include, sizeof filter->include, "%.*s", (int)len, text);
	snprintf(filter->exclude, sizeof filter->exclude, "%s", mark == NULL ? "" : mark[0] == '!' ? mark + 1 : mark + 2);
}

/* What is seen stays: the line at the top is sought among those that pass then. */
static void change(struct log_state *state)
{
	struct log_filter *filter = &state->filter;
	struct log_wish wish;
	if (!state->has_anchor && state->is_paused) {
		state->anchor = log_filter_under(state, state->top);
		state->has_anchor = true;
	}
	state->is_selecting = false;
	log_index_close(steal(&filter->index));
	log_filter_wish(filter, &wish);
	wish.with_marks = true;
	if (log_filter_is_on(filter))
		filter->index = log_index_open(&wish, NULL);
}

bool log_filter_set(struct log_state *state, const char *text, struct fault *fault)
{
	struct log_filter before = state->filter;
	struct log_wish wish;
	snprintf(state->filter.text, sizeof state->filter.text, "%s", text);
	split(&state->filter);
	state->filter.was_regular = before.is_regular;
	log_filter_wish(&state->filter, &wish);
	struct log_index *tried = log_index_open(&wish, fault);
	if (tried == NULL) {
		state->filter = before;
		return false;
	}
	log_index_close(tried);
	change(state);
	return true;
}

void log_filter_next_level(struct log_state *state)
{
	static const enum view_log_level next[] = {[VIEW_LOG_NONE] = VIEW_LOG_DEBUG, [VIEW_LOG_TRACE] = VIEW_LOG_DEBUG,
		[VIEW_LOG_DEBUG] = VIEW_LOG_INFO, [VIEW_LOG_INFO] = VIEW_LOG_WARN, [VIEW_LOG_WARN] = VIEW_LOG_ERROR,
		[VIEW_LOG_ERROR] = VIEW_LOG_NONE};
	state->filter.least = next[state->filter.least];
	change(state);
}

void log_filter_end(struct log_state *state)
{
	state->filter.least = VIEW_LOG_NONE;
	log_filter_set(state, "", NULL);
}

/* ---- what passes ---- */

static bool get_passed(void *data, uint64_t number, struct view_line *line)
{
	struct log_state *state = data;
	return state->under.line(state->under.data, log_index_number(state->filter.index, number), line);
}

static void find_anchor(struct log_state *state)
{
	const struct log_filter *filter = &state->filter;
	if (!state->has_anchor || (filter->index != NULL && !filter->is_whole && log_index_low(filter->index) > state->anchor))
		return;
	state->has_anchor = false;
	state->top = log_filter_above(state, state->anchor);
}

/* Why nothing is to be seen. */
const char *log_filter_say_nothing(const struct tui *tui, struct log_state *state)
{
	struct log_filter *filter = &state->filter;
	char key[32];
	auto_str what = {0};
	hints_key(tui, COMMAND_LEAVE, key, sizeof key);
	log_filter_describe(state, &what);
	while (what.len > 0 && what.data[what.len - 1] == ' ')
		str_cut(&what, what.len - 1);
	unsigned long long lines = state->under.count, looked = state->under.first + lines - log_index_low(filter->index);
	if (!filter->is_whole)
		snprintf(filter->empty, sizeof filter->empty, _("none of the newest %llu lines passes %s; the other %llu are being looked through"),
			looked, str_text(&what), lines - (looked < lines ? looked : lines));
	else if (key[0] != '\0')
		snprintf(filter->empty, sizeof filter->empty, _("none of the %llu lines passes %s: %s ends the filter"), lines,
			str_text(&what), key);
	else
		snprintf(filter->empty, sizeof filter->empty, _("none of the %llu lines passes %s: the command leave ends the filter"), lines,
			str_text(&what));
	return filter->empty;
}

bool log_filter_has_marks_only(const struct log_state *state)
{
	enum { MANY = 100 };
	const struct view_log *shown = &state->shown;
	struct view_line line;
	if (state->filter.index == NULL || shown->count == 0 || shown->count > MANY)
		return false;
	for (uint64_t i = 0; i < shown->count; i++)
		if (shown->line(shown->data, shown->first + i, &line) && line.kind == VIEW_LINE_TEXT)
			return false;
	return true;
}

bool log_filter_run(struct tui *tui, struct log_state *state, const struct view_log *log, struct view_log *out)
{
	struct log_filter *filter = &state->filter;
	*out = *log;
	state->under = *log;
	if (filter->index == NULL || log->store == NULL || log->line == NULL) {
		find_anchor(state);
		return false;
	}
	filter->is_whole = log_index_step(filter->index, log->store, log_budget(tui));
	out->first = log_index_first(filter->index);
	out->count = log_index_end(filter->index) - out->first;
	out->line = get_passed;
	out->data = state;
	if (out->count == 0 && log->count > 0)
		out->empty = log_filter_say_nothing(tui, state);
	find_anchor(state);
	return !filter->is_whole;
}

uint64_t log_filter_under(const struct log_state *state, uint64_t number)
{
	const struct log_index *index = state->filter.index;
	return index == NULL ? number : log_index_number(index, number);
}

uint64_t log_filter_above(const struct log_state *state, uint64_t under)
{
	const struct log_index *index = state->filter.index;
	return index == NULL ? under : log_index_place(index, under);
}

void log_filter_describe(const struct log_state *state, struct str *out)
{
	static const char *const levels[] = {"", "TRACE+", "DEBUG+", "INFO+", "WARN+", "ERROR"};
	const struct log_filter *filter = &state->filter;
	if (filter->least != VIEW_LOG_NONE)
		str_print(out, "%s  ", levels[filter->least]);
	if (filter->text[0] != '\0')
		str_print(out, filter->was_regular ? "regex &%s  " : "&%s  ", filter->text);
}
