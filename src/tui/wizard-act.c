/* What keys and the mouse do on the page of container files, and what deck is
 * told of it. Called by act.c and input.c, and after each frame. */
#include "tui.h"

static void say(struct tui *tui, enum tui_init what, const char *name)
{
	if (tui->call.init != NULL)
		tui->call.init(tui->data, what, name);
}

void wizard_tell(struct tui *tui)
{
	struct wizard_state *state = &tui->wizard;
	bool is_open = wizard_is_open(tui);
	if (is_open == state->told_open)
		return;
	state->told_open = is_open;
	say(tui, is_open ? TUI_INIT_OPEN : TUI_INIT_AWAY, NULL);
}

static void begin_anew(struct wizard_state *state)
{
	state->is_in_preview = state->is_whole = false;
	state->at = state->top = state->preview_top = 0;
	state->kind = WIZARD_FOUND;
	free(steal(&state->selected));
}

static void show_or_close(struct tui *tui)
{
	tui->mode = wizard_is_open(tui) ? MODE_DECK : MODE_INIT;
	begin_anew(&tui->wizard);
}

void wizard_move(struct tui *tui, long step)
{
	struct wizard_state *state = &tui->wizard;
	if (state->is_in_preview || state->is_whole || state->state != VIEW_INIT_READY) {
		state->preview_top = act_step(state->preview_top, step);
		return;
	}
	state->at = act_step(state->at, step);
	if (state->at < state->rows.count && state->rows.items[state->at].kind == WIZARD_HEADING)
		state->at += step < 0 ? -1 : 1; /* the first row is none, nor the last */
	state->is_moved = true;
}

size_t wizard_page(const struct tui *tui)
{
	const struct wizard_state *state = &tui->wizard;
	const struct rect *rect = state->list.w > 0 && !state->is_in_preview ? &state->list : &state->preview;
	return rect->h > 2 ? (size_t)rect->h - 1 : 1;
}

void wizard_enter(struct tui *tui)
{
	struct wizard_state *state = &tui->wizard;
	if (state->state == VIEW_INIT_READY)
		state->is_whole = !state->is_whole;
}

bool wizard_leave(struct tui *tui)
{
	struct wizard_state *state = &tui->wizard;
	if (!wizard_is_open(tui))
		return false;
	if (state->is_whole)
		state->is_whole = false;
	else if (state->is_in_preview)
		state->is_in_preview = false;
	else
		tui->mode = MODE_DECK;
	return true;
}

static void turn(struct tui *tui)
{
	struct wizard_state *state = &tui->wizard;
	if (state->state != VIEW_INIT_READY || state->is_moved)
		return; /* nobody has seen yet what is selected */
	if (state->kind == WIZARD_PART)
		say(tui, TUI_INIT_PART, state->selected);
	else if (state->can_turn)
		say(tui, TUI_INIT_FILE, state->selected);
	else if (state->kind == WIZARD_FILE)
		tui_notice(tui, _("a part is taken or left out as a whole; only a file that differs is agreed to by itself"));
}

bool wizard_may_write(struct tui *tui)
{
	const struct wizard_state *state = &tui->wizard;
	if (state->state == VIEW_INIT_READY && !state->is_busy && state->wanted > 0)
		return true;
	tui_notice(tui, state->state == VIEW_INIT_READY && !state->is_busy ? _("nothing is left to write") :
		_("the files are not worked out yet"));
	return false;
}

bool wizard_act(struct tui *tui, int id)
{
	struct wizard_state *state = &tui->wizard;
	if (id != COMMAND_INIT && tui->mode != MODE_INIT)
		return false;
	switch (id) {
	case COMMAND_INIT:
		show_or_close(tui);
		break;
	case COMMAND_INIT_TURN:
		turn(tui);
		break;
	case COMMAND_INIT_WRITE:
		state->is_whole = state->is_in_preview = false;
		state->preview_top = 0;
		say(tui, TUI_INIT_WRITE, NULL);
		break;
	case COMMAND_INIT_AGAIN:
		begin_anew(state);
		say(tui, TUI_INIT_AGAIN, NULL);
		break;
	case COMMAND_PANE_NEXT:
	case COMMAND_PANE_PREVIOUS:
		state->is_in_preview = !state->is_in_preview && state->state == VIEW_INIT_READY;
		break;
	default:
		return false;
	}
	return true;
}

/* A command of services or of the log would do what nobody sees here; "why" has
 * the key of a yes, where nothing was asked. */
bool wizard_takes(const struct command_def *def)
{
	bool is_of_log = (def->id >= COMMAND_LOG_FOLLOW && def->id <= COMMAND_ERROR_PREVIOUS) || def->id == COMMAND_ZOOM;
	return (def->flags & COMMAND_SERVICE) == 0 && !is_of_log && def->id != COMMAND_WHY;
}

/* ---- the mouse ---- */

/* A click selects; a second quick one is Enter. */
void wizard_click(struct tui *tui, int x, int y, bool is_double)
{
	struct wizard_state *state = &tui->wizard;
	size_t row = state->top + (size_t)(y - state->list.y);
	if (layout_is_inside(&state->preview, x, y)) {
		state->is_in_preview = state->state == VIEW_INIT_READY;
	} else if (layout_is_inside(&state->list, x, y) && row < state->rows.count && state->rows.items[row].kind != WIZARD_HEADING) {
		state->is_in_preview = false;
		state->is_moved = state->is_moved || row != state->at;
		state->at = row;
		if (is_double)
			wizard_enter(tui);
	}
}

void wizard_wheel(struct tui *tui, int x, int y, long step)
{
	struct wizard_state *state = &tui->wizard;
	if (state->state == VIEW_INIT_READY && !state->is_whole)
		state->is_in_preview = layout_is_inside(&state->preview, x, y);
	wizard_move(tui, step);
}
