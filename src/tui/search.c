/* Search in the log: a pattern, literal or regular, in what the filter lets
 * through. The room logs keeps which lines match, some milliseconds a frame, so
 * that a long log never holds up a key; from that come the next one, the count
 * and which of them the hit is. Called by log.c while it draws. */
#include "tui.h"

void search_set(struct log_state *state, const char *text, bool is_regular)
{
	struct fault fault = {0};
	if (text != state->needle)
		snprintf(state->needle, sizeof state->needle, "%s", text);
	log_pattern_close(steal(&state->pattern));
	log_index_close(steal(&state->hits));
	state->is_regular = is_regular;
	state->is_wrong = false;
	if (state->needle[0] != '\0') {
		state->pattern = log_pattern_open(state->needle, is_regular, &fault);
		state->is_wrong = state->pattern == NULL;
	}
	state->has_hit = state->is_missing = false;
	state->step = state->pattern != NULL ? 2 : 0;
	state->step_count = 1;
}

void search_step(struct log_state *state, int step)
{
	if (state->pattern == NULL)
		return;
	/* keys may come faster than frames: each counts */
	state->step_count = state->step == step ? state->step_count + 1 : 1;
	state->step = step;
	state->is_missing = false;
}

/* ---- stepping ---- */

/* What is wanted: the last match before `number`, or the first from it on. */
struct look {
	const struct log_index *hits;
	bool is_whole;
	uint64_t first, end; /* places */
};

/* False: it is not known yet. */
static bool is_known(const struct look *look, uint64_t number)
{
	return look->is_whole || log_index_low(look->hits) <= number;
}

/* Round the end, which is known when all is. */
static bool go_round(const struct look *look, uint64_t place, uint64_t *found, bool *is_missing)
{
	*is_missing = look->is_whole && look->first == look->end;
	if (!look->is_whole || *is_missing)
		return false;
	*found = log_index_number(look->hits, place);
	return true;
}

static bool look_down(const struct look *look, uint64_t from, uint64_t *found, bool *is_missing)
{
	if (!is_known(look, from))
		return false;
	uint64_t place = log_index_place(look->hits, from);
	if (place == look->end)
		return go_round(look, look->first, found, is_missing);
	*found = log_index_number(look->hits, place);
	return true;
}

static bool look_up(const struct look *look, uint64_t from, uint64_t *found, bool *is_missing)
{
	if (!is_known(look, from))
		return false;
	uint64_t place = log_index_place(look->hits, from);
	if (place == look->first)
		return go_round(look, look->end - 1, found, is_missing);
	*found = log_index_number(look->hits, place - 1);
	return true;
}

/* Typed: what is seen, then above, then below. */
static bool look_near(const struct log_state *state, const struct look *look, uint64_t top, uint64_t *found, bool *is_missing)
{
	if (!is_known(look, top))
		return false;
	uint64_t place = log_index_place(look->hits, top), last = log_filter_under(state, state->shown_end - 1);
	if (place < look->end && state->shown_end > state->shown_top && log_index_number(look->hits, place) <= last) {
		*found = log_index_number(look->hits, place);
		return true;
	}
	if (place == look->first && look->is_whole && place < look->end) {
		*found = log_index_number(look->hits, place);
		return true;
	}
	return look_up(look, top, found, is_missing);
}

static void found(struct log_state *state, const struct view_log *log, uint64_t hit)
{
	uint64_t half = state->rows > 0 ? (uint64_t)state->rows / 2 : 0, number = log_filter_above(state, hit);
	state->has_hit = true;
	state->has_cursor = false;
	state->hit = hit;
	if (--state->step_count == 0)
		state->step = 0;
	if (number >= state->shown_top && number < state->shown_end)
		return;
	state->is_paused = true;
	state->has_anchor = false;
	state->top = number > log->first + half ? number - half : log->first;
}

/* One step; false: it waits, or there is none. */
static bool look(struct log_state *state, const struct view_log *log, bool is_whole)
{
	struct look look = {state->hits, is_whole, log_index_first(state->hits), log_index_end(state->hits)};
	uint64_t top = log_filter_under(state, state->shown_top), hit;
	bool is_missing = false, is_found = false;
	switch (state->step) {
	case 1:
		is_found = look_down(&look, state->has_hit ? state->hit + 1 : top, &hit, &is_missing);
		break;
	case -1:
		is_found = look_up(&look, state->has_hit ? state->hit : top, &hit, &is_missing);
		break;
	case 2:
		is_found = look_near(state, &look, top, &hit, &is_missing);
		break;
	}
	if (is_found) {
		found(state, log, hit);
	} else if (is_missing) {
		state->is_missing = true;
		state->has_hit = false;
		state->step = 0;
	}
	return is_found && state->step != 0;
}

/* ---- the whole ---- */

static void sync_wish(struct log_state *state)
{
	struct log_wish wish;
	log_filter_wish(&state->filter, &wish);
	wish.needle = (struct log_wanted){state->needle, state->is_regular};
	if (state->hits != NULL && log_index_is(state->hits, &wish))
		return;
	log_index_close(state->hits);
	state->hits = log_index_open(&wish, NULL);
	state->is_missing = false;
}

bool search_run(struct tui *tui, struct log_state *state, const struct view_log *log)
{
	if (state->pattern == NULL || state->under.store == NULL)
		return false;
	sync_wish(state);
	if (state->hits == NULL)
		return false;
	bool is_whole = log_index_step(state->hits, state->under.store, log_budget(tui));
	while (state->step != 0 && look(state, log, is_whole))
		;
	state->count = log_index_end(state->hits) - log_index_first(state->hits);
	state->is_counted = is_whole;
	uint64_t place = log_index_place(state->hits, state->hit);
	bool is_there = state->has_hit && place < log_index_end(state->hits) && log_index_number(state->hits, place) == state->hit;
	state->rank = is_there ? place - log_index_first(state->hits) + 1 : 0;
	return !is_whole;
}

void search_describe(const struct log_state *state, struct str *out)
{
	unsigned long long rank = state->rank, count = state->count;
	if (state->needle[0] == '\0')
		return;
	str_print(out, state->is_regular ? "regex /%s" : "/%s", state->needle);
	if (state->is_wrong)
		str_add(out, _(": this pattern is wrong"));
	else if (state->hits != NULL && log_index_gave_up(state->hits))
		str_add(out, _(": too hard for some lines"));
	else if (state->is_missing || (state->is_counted && count == 0))
		str_add(out, _(": not found"));
	else if (!state->is_counted)
		str_print(out, _(": looking, %llu so far"), count);
	else if (rank > 0)
		str_print(out, _("  %llu of %llu"), rank, count);
	else
		str_print(out, "  %llu", count);
	str_add(out, "  ");
}
