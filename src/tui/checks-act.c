/* What keys and the mouse do in the pane of checks, and what deck is told of it.
 * Called by act.c and input.c, and after each frame. */
#include "tui.h"

enum { WHEEL_STEP = 3 };

static void say(struct tui *tui, enum tui_check what, const char *practice)
{
	if (tui->call.check != NULL)
		tui->call.check(tui->data, what, practice);
}

/* Nobody has seen yet what is selected. */
static bool must_wait(const struct checks_state *state)
{
	return state->is_moved || !state->is_drawn;
}

/* What was typed before the frame that it is about was drawn is done after it. */
static void grant(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	int id = state->wish;
	if (id == 0 || must_wait(state))
		return;
	state->wish = 0;
	tui_wake(tui, true);
	if (id == COMMAND_OPEN)
		checks_enter(tui);
	else if (id == COMMAND_CHECK_MEND)
		mending_begin(tui);
}

void checks_tell(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	bool is_open = checks_is_open(tui);
	if (state->must_drop) {
		state->must_drop = false;
		say(tui, TUI_CHECK_DROP, NULL);
	}
	if (is_open != state->told_open || (is_open && state->is_live != state->told_live)) {
		state->told_open = is_open;
		state->told_live = state->is_live;
		say(tui, !is_open ? TUI_CHECK_AWAY : state->is_live ? TUI_CHECK_LIVE : TUI_CHECK_FILES, NULL);
	}
	if (tui->mode == MODE_CHECKS)
		grant(tui);
	else
		state->wish = 0;
}

static void show_or_close(struct tui *tui)
{
	tui->mode = checks_is_open(tui) ? MODE_DECK : MODE_CHECKS;
	field_set(&tui->checks.filter, "");
	tui->checks.is_in_detail = false;
	tui->checks.wish = 0;
	tui->checks.is_drawn = false;
	checks_tell(tui); /* keys that were typed ahead act in it */
}

void checks_move(struct tui *tui, long step)
{
	struct checks_state *state = &tui->checks;
	if (state->is_in_detail)
		state->detail_at = act_step(state->detail_at, step);
	else
		state->at = act_step(state->at, step);
	state->is_moved = true;
}

size_t checks_page(const struct tui *tui)
{
	const struct rect *rect = tui->checks.is_in_detail ? &tui->checks.detail : &tui->checks.list;
	return rect->h > 2 ? (size_t)rect->h - 1 : 1;
}

static void step_to_broken(struct tui *tui, long step)
{
	struct checks_state *state = &tui->checks;
	size_t total = state->is_bad.count, at = state->at < total ? state->at : 0;
	for (size_t i = 0; i < total; i++) {
		at = step > 0 ? (at + 1) % total : (at + total - 1) % total;
		if (!state->is_bad.items[at])
			continue;
		state->at = at;
		state->is_moved = true;
		return;
	}
	tui_notice(tui, _("no practice that is listed is broken"));
}

static void fold(struct tui *tui, enum container_fold how)
{
	struct checks_state *state = &tui->checks;
	const struct check_row *row = state->at < state->rows.count ? &state->rows.items[state->at] : NULL;
	if (row == NULL || row->topic >= 32 || state->filter.len > 0 || state->is_in_detail)
		return; /* what is found is shown unfolded */
	bool is_heading = row->practice == CHECK_HEADING, is_closed = practices_are_folded(state, row->topic);
	if (is_heading && (how == FOLD_TURN || (how == FOLD_OPEN) == is_closed))
		state->folded ^= 1u << row->topic;
	if (is_heading || how != FOLD_CLOSE)
		return;
	while (state->at > 0 && state->rows.items[state->at].practice != CHECK_HEADING)
		state->at--;
	state->is_moved = true;
}

void checks_enter(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	if (must_wait(state)) {
		state->wish = COMMAND_OPEN;
		return;
	}
	if (state->at >= state->rows.count)
		return;
	if (state->rows.items[state->at].practice == CHECK_HEADING) {
		fold(tui, FOLD_TURN);
	} else if (state->place.file == NULL) {
		tui_notice(tui, state->has_live_evidence ? _("this was seen in what runs, not in a file") : _("nothing of it stands in a file"));
	} else if (tui->call.edit != NULL) {
		auto_free char *file = mem_copy_string(state->place.file);
		tui->call.edit(tui->data, file, state->place.line, state->place.column);
	}
}

static void turn_focus(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	if (state->selected == NULL && !state->is_in_detail)
		return;
	state->is_in_detail = !state->is_in_detail;
	state->detail_at = state->place_at;
}

bool checks_leave(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	if (!checks_is_open(tui))
		return false;
	if (state->is_in_detail)
		state->is_in_detail = false;
	else if (state->filter.len > 0)
		field_set(&state->filter, "");
	else
		tui->mode = MODE_DECK;
	return true;
}

static void turn_live(struct tui *tui)
{
	if (!tui->checks.is_live && tui->checks.is_silent) {
		tui_notice(tui, _("the engine does not answer: only files can be looked at"));
		return;
	}
	tui->checks.is_live = !tui->checks.is_live;
	checks_tell(tui);
}

static void mend(struct tui *tui)
{
	if (must_wait(&tui->checks))
		tui->checks.wish = COMMAND_CHECK_MEND;
	else
		mending_begin(tui);
}

bool checks_act(struct tui *tui, int id)
{
	if (id != COMMAND_CHECK && tui->mode != MODE_CHECKS)
		return false;
	switch (id) {
	case COMMAND_CHECK:
		show_or_close(tui);
		break;
	case COMMAND_CHECK_ALL:
		tui->checks.is_all = !tui->checks.is_all;
		break;
	case COMMAND_CHECK_AGAIN:
		say(tui, TUI_CHECK_AGAIN, NULL);
		break;
	case COMMAND_CHECK_LIVE:
		turn_live(tui);
		break;
	case COMMAND_CHECK_MEND:
		mend(tui);
		break;
	case COMMAND_SEARCH:
		tui->checks.is_in_detail = false;
		tui->mode = MODE_CHECKS_FILTER;
		break;
	case COMMAND_SEARCH_NEXT:
	case COMMAND_ERROR_NEXT:
		step_to_broken(tui, 1);
		break;
	case COMMAND_SEARCH_PREVIOUS:
	case COMMAND_ERROR_PREVIOUS:
		step_to_broken(tui, -1);
		break;
	case COMMAND_PANE_NEXT:
	case COMMAND_PANE_PREVIOUS:
		turn_focus(tui);
		break;
	case COMMAND_FOLD:
	case COMMAND_UNFOLD:
		fold(tui, id == COMMAND_FOLD ? FOLD_CLOSE : FOLD_OPEN);
		break;
	default:
		return false;
	}
	return true;
}

/* A command of services or of the log would do what nobody sees here. */
bool checks_takes(const struct command_def *def)
{
	bool is_of_log = def->id >= COMMAND_LOG_FOLLOW && def->id <= COMMAND_ARRANGE;
	return (def->flags & COMMAND_SERVICE) == 0 && !is_of_log && def->id != COMMAND_ZOOM;
}

void checks_key(struct tui *tui, struct key key)
{
	struct checks_state *state = &tui->checks;
	bool is_cancel = (key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && key_latin(key).code == 'c');
	if (is_cancel)
		field_set(&state->filter, "");
	if (is_cancel || key.code == CODE_ENTER)
		tui->mode = MODE_CHECKS;
	else if (key.code == CODE_UP || key.code == CODE_DOWN)
		checks_move(tui, key.code == CODE_UP ? -1 : 1);
	else
		field_key(&state->filter, key);
}

bool checks_paste(struct tui *tui, const char *bytes, size_t len)
{
	return field_paste(&tui->checks.filter, bytes, len);
}

/* ---- the mouse ---- */

/* A click selects; one on the heading that is selected folds it; a second quick
 * one is Enter. */
void checks_click(struct tui *tui, int x, int y, bool is_double)
{
	struct checks_state *state = &tui->checks;
	size_t row = state->top + (size_t)(y - state->list.y), line = (size_t)(y - state->detail.y - 1);
	if (layout_is_inside(&state->list, x, y) && row < state->rows.count) {
		bool is_heading = state->rows.items[row].practice == CHECK_HEADING, was_here = row == state->at && !state->is_in_detail;
		state->is_in_detail = false;
		state->is_moved = state->is_moved || row != state->at;
		state->at = row;
		if (is_heading ? was_here : is_double)
			checks_enter(tui);
	} else if (layout_is_inside(&state->detail, x, y) && y > state->detail.y && state->selected != NULL) {
		state->is_in_detail = true;
		if (line >= state->lines.count || state->lines.items[line] == SIZE_MAX)
			return;
		state->is_moved = state->is_moved || state->detail_at != state->lines.items[line];
		state->detail_at = state->lines.items[line];
		if (is_double)
			checks_enter(tui);
	}
}

void checks_wheel(struct tui *tui, int x, int y, long step)
{
	struct checks_state *state = &tui->checks;
	bool was_in_detail = state->is_in_detail;
	state->is_in_detail = layout_is_inside(&state->detail, x, y) && state->selected != NULL;
	if (state->is_in_detail != was_in_detail && state->is_in_detail)
		state->detail_at = state->place_at;
	checks_move(tui, state->is_in_detail ? step : step * WHEEL_STEP);
}
