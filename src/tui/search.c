/* Search in the log: a pattern, literal or regular, sought and counted some
 * milliseconds a frame, so that a long log never holds up a key. Lines are
 * searched as they are shown. Called by log.c while it draws. */
#include "tui.h"

enum { BUDGET_NS = 4000000, LINES_A_LOOK = 64 };

/* Time that a frame has left for looking. */
struct budget {
	uint64_t until;
	unsigned lines;
};

static bool is_spent(struct budget *budget)
{
	return ++budget->lines % LINES_A_LOOK == 0 && clock_now_ns() >= budget->until;
}

void search_set(struct log_state *state, const char *text, bool is_regular)
{
	struct fault fault = {0};
	snprintf(state->needle, sizeof state->needle, "%s", text);
	log_pattern_close(steal(&state->pattern));
	state->is_regular = is_regular;
	state->is_wrong = false;
	if (text[0] != '\0') {
		state->pattern = log_pattern_open(text, is_regular, &fault);
		state->is_wrong = state->pattern == NULL;
	}
	state->has_hit = state->is_missing = state->is_looking = state->has_rank = false;
	state->step = state->pattern != NULL ? 2 : 0;
	state->count = state->rank = 0;
	state->count_at = UINT64_MAX; /* from the first line on */
}

void search_step(struct log_state *state, int step)
{
	if (state->pattern == NULL)
		return;
	state->step = step;
	state->is_looking = state->is_missing = false;
}

static bool line_has(struct log_state *state, const struct view_log *log, uint64_t number)
{
	struct view_line line;
	size_t at, end;
	return log_line_get(state, log, number, &line) && line.kind == VIEW_LINE_TEXT &&
		log_pattern_find(state->pattern, line.text, line.len, 0, &at, &end);
}

/* ---- stepping ---- */

/* The stretches that a step looks through, one after the other. Typed: what is
 * seen, then above, then below. Next and previous go round at the ends. */
static bool begin_stretch(struct log_state *state, const struct view_log *log)
{
	uint64_t end = log->first + log->count, hit = state->has_hit ? state->hit : state->shown_top;
	struct {
		uint64_t from, to;
		bool is_up;
	} stretch = {0, 0, false};
	switch (state->step * 4 + state->stretch) {
	case 2 * 4 + 0:
		stretch.from = state->shown_top, stretch.to = state->shown_end;
		break;
	case 2 * 4 + 1:
		stretch.from = log->first, stretch.to = state->shown_top, stretch.is_up = true;
		break;
	case 2 * 4 + 2:
		stretch.from = state->shown_end, stretch.to = end;
		break;
	case 1 * 4 + 0:
		stretch.from = hit + state->has_hit, stretch.to = end;
		break;
	case 1 * 4 + 1:
		stretch.from = log->first, stretch.to = hit + 1;
		break;
	case -1 * 4 + 0:
		stretch.from = log->first, stretch.to = hit, stretch.is_up = true;
		break;
	case -1 * 4 + 1:
		stretch.from = hit, stretch.to = end, stretch.is_up = true;
		break;
	default:
		return false;
	}
	state->look = stretch.from > log->first ? stretch.from : log->first;
	state->look_end = stretch.to < end ? stretch.to : end;
	state->is_up = stretch.is_up;
	state->stretch++;
	return true;
}

static void found(struct log_state *state, const struct view_log *log, uint64_t number)
{
	uint64_t half = state->rows > 0 ? (uint64_t)state->rows / 2 : 0;
	bool is_seen = number >= state->shown_top && number < state->shown_end;
	state->has_hit = true;
	state->is_missing = false;
	state->hit = number;
	state->step = 0;
	state->is_looking = false;
	state->has_rank = false;
	state->rank = 0;
	state->rank_at = log->first;
	if (is_seen)
		return;
	state->is_paused = true;
	state->top = number > log->first + half ? number - half : log->first;
}

static void look(struct log_state *state, const struct view_log *log, struct budget *budget)
{
	if (!state->is_looking) {
		state->stretch = 0;
		state->is_looking = true;
		begin_stretch(state, log);
	}
	while (!is_spent(budget)) {
		if (state->look >= state->look_end) {
			if (begin_stretch(state, log))
				continue;
			state->is_missing = true;
			state->is_looking = false;
			state->step = 0;
			return;
		}
		uint64_t number = state->is_up ? --state->look_end : state->look++;
		if (line_has(state, log, number)) {
			found(state, log, number);
			return;
		}
	}
}

/* ---- counting ---- */

/* How many lines match, and which of them the hit is. What comes is counted as
 * it comes; lines that are dropped later stay counted. */
static void count(struct log_state *state, const struct view_log *log, struct budget *budget)
{
	uint64_t end = log->first + log->count;
	if (state->count_at < log->first || state->count_at > end)
		state->count_at = log->first;
	while (state->count_at < end && !is_spent(budget))
		state->count += line_has(state, log, state->count_at++);
	if (!state->has_hit || state->has_rank)
		return;
	if (state->rank_at < log->first)
		state->rank_at = log->first;
	while (state->rank_at <= state->hit && state->rank_at < end && !is_spent(budget))
		state->rank += line_has(state, log, state->rank_at++);
	state->has_rank = state->rank_at > state->hit;
}

bool search_run(struct log_state *state, const struct view_log *log)
{
	struct budget budget = {.until = clock_now_ns() + BUDGET_NS};
	if (state->pattern == NULL)
		return false;
	if (state->step != 0)
		look(state, log, &budget);
	if (state->step == 0)
		count(state, log, &budget);
	return state->step != 0 || state->count_at < log->first + log->count || (state->has_hit && !state->has_rank);
}

void search_describe(const struct log_state *state, struct str *out)
{
	if (state->needle[0] == '\0')
		return;
	str_print(out, state->is_regular ? "regex /%s" : "/%s", state->needle);
	if (state->is_wrong)
		str_add(out, ": this pattern is wrong");
	else if (state->is_looking)
		str_add(out, ": looking");
	else if (state->is_missing)
		str_add(out, ": not found");
	else if (state->has_rank)
		str_print(out, "  %llu of %llu", (unsigned long long)state->rank, (unsigned long long)state->count);
	str_add(out, "  ");
}
