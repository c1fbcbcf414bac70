/* What was typed becomes commands: the decoder's events by the mode that the
 * screen is in. Called by term.c with bytes, by a timer for a lone Esc. */
#include "tui.h"

enum {
	PASTE_BYTES = 128, /* so many plain bytes at once nobody types */
	WHEEL_LINES = 3,
	DOUBLE_NS = 400000000,
	PASTE_REST_NS = 30000000, /* so soon after them nobody types either */
};

/* ---- keys ---- */

static bool is_yes(struct key key)
{
	key = key_latin(key);
	return key.mods == 0 && (key.code == 'y' || key.code == 'Y');
}

static bool is_no(struct key key)
{
	struct key latin = key_latin(key);
	return key.code == CODE_ESC || (latin.mods == 0 && (latin.code == 'n' || latin.code == 'N')) ||
		(latin.mods == KEY_MOD_CTRL && latin.code == 'c');
}

static bool is_cancel(struct key key)
{
	return (key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && key_latin(key).code == 'c');
}

/* Ctrl-R: a regular expression, or plain text again. */
static bool is_regular_key(struct key key)
{
	return key.mods == KEY_MOD_CTRL && key_latin(key).code == 'r';
}

static void key_in_search(struct tui *tui, struct key key)
{
	struct log_state *state = log_in_use(tui);
	if (is_cancel(key)) {
		search_set(state, "", state->is_regular);
		tui->mode = MODE_DECK;
		tui->focus = tui->focus_before;
	} else if (key.code == CODE_ENTER) {
		tui->mode = MODE_DECK;
	} else if (key.code == CODE_UP || key.code == CODE_DOWN) {
		search_step(state, key.code == CODE_UP ? -1 : 1);
	} else if (is_regular_key(key)) {
		search_set(state, tui->field.text, !state->is_regular);
	} else if (field_key(&tui->field, key)) {
		search_set(state, tui->field.text, state->is_regular);
	}
}

/* Filters as one types; a pattern that is wrong is named at Enter. What is left
 * off changes nothing. */
static void key_in_filter(struct tui *tui, struct key key)
{
	struct log_state *state = log_in_use(tui);
	struct log_filter *filter = &state->filter;
	struct fault fault = {0};
	bool is_end = key.code == CODE_ENTER;
	if (is_cancel(key)) {
		filter->is_regular = filter->was_before;
		log_filter_set(state, filter->before, &fault);
		tui->mode = MODE_DECK;
		tui->focus = tui->focus_before;
		return;
	}
	if (is_regular_key(key))
		filter->is_regular = !filter->is_regular;
	else if (!is_end && !field_key(&tui->field, key))
		return;
	bool good = log_filter_set(state, tui->field.text, &fault);
	if (is_end && good)
		tui->mode = MODE_DECK;
	else if (is_end)
		tui_show_fault(tui, &fault);
}

/* Lists what has the text as one types. */
static void key_in_rows(struct tui *tui, struct key key)
{
	if (is_cancel(key)) {
		list_filter(&tui->list, "");
		tui->mode = MODE_DECK;
	} else if (key.code == CODE_ENTER) {
		tui->mode = MODE_DECK;
	} else if (key.code == CODE_UP || key.code == CODE_DOWN) {
		services_move(tui, key.code == CODE_UP ? -1 : 1);
	} else if (field_key(&tui->field, key)) {
		list_filter(&tui->list, tui->field.text);
	}
}

/* Columns are switched: what moves in panes moves here, too. */
static void key_in_columns(struct tui *tui, struct key key)
{
	const struct command_def *def = keymap_find(&tui->keymap, key, COMMAND_AT_SERVICES);
	int id = def != NULL ? def->id : -1;
	if (is_cancel(key) || key.code == CODE_ENTER || id == COMMAND_COLUMNS || id == COMMAND_QUIT)
		tui->mode = MODE_DECK;
	else if (id == COMMAND_MARK_SERVICE)
		choose_toggle(tui);
	else if (id == COMMAND_LINE_UP || id == COMMAND_LINE_DOWN)
		choose_move(tui, id == COMMAND_LINE_UP ? -1 : 1);
	else if (id == COMMAND_FIRST || id == COMMAND_LAST)
		choose_move(tui, id == COMMAND_FIRST ? -COLUMN_COUNT : COLUMN_COUNT);
}

static void key_in_time(struct tui *tui, struct key key)
{
	struct fault fault = {0};
	if (is_cancel(key)) {
		tui->mode = MODE_DECK;
		tui->focus = tui->focus_before;
	} else if (key.code == CODE_ENTER) {
		if (tui->field.len == 0 || time_go(tui, log_in_use(tui), tui->field.text, &fault))
			tui->mode = MODE_DECK;
		else
			tui_show_fault(tui, &fault);
	} else {
		field_key(&tui->field, key);
	}
}

static void key_in_export(struct tui *tui, struct key key)
{
	if (is_cancel(key)) {
		tui->mode = MODE_DECK;
		tui->focus = tui->focus_before;
	} else if (key.code == CODE_ENTER) {
		tui->mode = MODE_DECK;
		if (tui->field.len > 0)
			export_to(tui, log_in_use(tui), tui->field.text);
	} else {
		field_key(&tui->field, key);
	}
}

static void key_in_help(struct tui *tui, struct key key)
{
	const struct command_def *def = keymap_find(&tui->keymap, key, hints_where(tui));
	bool is_help = def != NULL && def->id == COMMAND_KEYS && tui->field.len == 0;
	size_t page = tui->help_rows > 1 ? tui->help_rows - 1 : 1;
	if (is_cancel(key) || key.code == CODE_ENTER || is_help)
		tui->mode = tui->mode_under;
	else if (key.code == CODE_UP)
		tui->help_top -= tui->help_top > 0;
	else if (key.code == CODE_DOWN)
		tui->help_top++;
	else if (key.code == CODE_PAGE_UP)
		tui->help_top -= tui->help_top < page ? tui->help_top : page;
	else if (key.code == CODE_PAGE_DOWN)
		tui->help_top += page;
	else if (field_key(&tui->field, key))
		tui->help_top = 0;
}

static void key_in_palette(struct tui *tui, struct key key)
{
	if (is_cancel(key) || (key.code == CODE_BACKSPACE && tui->field.len == 0)) {
		tui->mode = tui->mode_under;
	} else if (key.code == CODE_ENTER) {
		const struct command_def *def = palette_chosen(tui);
		tui->mode = tui->mode_under;
		if (def != NULL) {
			palette_remember(tui, def);
			act(tui, def);
		}
	} else if (key.code == CODE_UP && tui->palette_at == 0 && tui->field.len == 0 && !tui->is_history && tui->history.count > 0) {
		tui->is_history = true;
	} else if (key.code == CODE_UP || (key.code == CODE_TAB && key.mods == KEY_MOD_SHIFT)) {
		tui->palette_at -= tui->palette_at > 0;
	} else if (key.code == CODE_DOWN || key.code == CODE_TAB) {
		tui->palette_at++;
	} else if (field_key(&tui->field, key)) {
		tui->palette_at = 0;
		tui->is_history = false;
	}
}

/* What is about the terminal itself does its work while a text is typed, too. */
static const struct command_def *find_always(const struct tui *tui, struct key key)
{
	const struct command_def *def = key.mods == KEY_MOD_CTRL && tui->chord_count == 0 ? keymap_find(&tui->keymap, key, hints_where(tui)) : NULL;
	return def != NULL && (def->id == COMMAND_REDRAW || def->id == COMMAND_SUSPEND) ? def : NULL;
}

static void take_key(struct tui *tui, struct key key)
{
	const struct command_def *def = find_always(tui, key);
	if (def != NULL) {
		act(tui, def);
		return;
	}
	fault_clear(&tui->fault);
	strings_finish(&tui->mistakes);
	tui->notice[0] = '\0';
	if (tui->questions.count > 0) {
		if (is_yes(key) || is_no(key))
			question_answer(tui, is_yes(key));
		return;
	}
	switch (tui->mode) {
	case MODE_SEARCH:
		key_in_search(tui, key);
		return;
	case MODE_HELP:
		key_in_help(tui, key);
		return;
	case MODE_PALETTE:
		key_in_palette(tui, key);
		return;
	case MODE_FILTER:
		key_in_filter(tui, key);
		return;
	case MODE_TIME:
		key_in_time(tui, key);
		return;
	case MODE_EXPORT:
		key_in_export(tui, key);
		return;
	case MODE_CONTAINER_FILTER:
		container_key(tui, key);
		return;
	case MODE_CONTAINER:
		if (is_cancel(key) && chord_cancel(tui))
			return;
		def = chord_take(tui, key, COMMAND_AT_CONTAINER, COMMAND_ANYWHERE);
		if (def != NULL)
			act(tui, def);
		return;
	case MODE_CHECKS_FILTER:
		checks_key(tui, key);
		return;
	case MODE_CHECKS:
		if (is_cancel(key) && chord_cancel(tui))
			return;
		def = chord_take(tui, key, COMMAND_AT_CHECKS, COMMAND_AT_START);
		if (def != NULL && checks_takes(def))
			act(tui, def);
		return;
	case MODE_INIT:
		if (is_cancel(key) && chord_cancel(tui))
			return;
		def = chord_take(tui, key, COMMAND_AT_INIT, COMMAND_AT_START);
		if (def != NULL && def->id == COMMAND_QUIT && key.mods == 0)
			wizard_leave(tui);
		else if (def != NULL && wizard_takes(def))
			act(tui, def);
		return;
	case MODE_MENDING:
		mending_key(tui, key);
		return;
	case MODE_JOBS:
		jobs_key(tui, key);
		return;
	case MODE_ROWS:
		key_in_rows(tui, key);
		return;
	case MODE_COLUMNS:
		key_in_columns(tui, key);
		return;
	case MODE_THEME:
		themes_key(tui, key);
		return;
	case MODE_DECK:
	case MODE_ERROR:
	case MODE_WHY:
	case MODE_RAN:
		if (is_cancel(key) && chord_cancel(tui))
			return;
		def = chord_take(tui, key, tui->mode == MODE_ERROR ? COMMAND_AT_BUILD : hints_where(tui), 0);
		if (def != NULL)
			act(tui, def);
	}
}

/* ---- mouse ---- */

/* The second of two quick clicks on a row. */
static bool is_double(struct tui *tui, enum pane pane, int y)
{
	uint64_t now = clock_now_ns();
	struct click *last = &tui->click;
	bool is_second = last->at_ns > 0 && now - last->at_ns < DOUBLE_NS && last->pane == pane && last->y == y;
	*last = (struct click){is_second ? 0 : now, pane, y};
	return is_second;
}

/* The heading of a column sorts by it. */
static void click_heading(struct tui *tui, int x)
{
	enum service_column column = columns_at(&tui->list.places, x);
	if (column != COLUMN_NONE && list_can_sort_by(column))
		list_sort_by(&tui->list, column);
}

static void click_line(struct tui *tui, size_t line)
{
	size_t at = line < tui->list.lines.count ? tui->list.lines.items[line] : LIST_HEADING;
	if (at != LIST_HEADING)
		services_move(tui, (long)at - (long)tui->service_at);
}

static bool is_on_heading(const struct tui *tui, enum pane pane, int row)
{
	size_t line = tui->service_top + (size_t)row;
	return pane == PANE_SERVICES && (line >= tui->list.lines.count || tui->list.lines.items[line] == LIST_HEADING);
}

static void click(struct tui *tui, enum pane pane, const struct rect *rect, int x, int y)
{
	int row = y - rect->y - 2;
	tui->focus = pane;
	if (row == -1 && pane == PANE_SERVICES)
		click_heading(tui, x - rect->x);
	if (row < 0)
		return;
	if (is_double(tui, pane, y) && !is_on_heading(tui, pane, row)) {
		act(tui, command_get(tui->table, COMMAND_OPEN));
		return;
	}
	if (pane == PANE_SERVICES && (size_t)row < tui->service_rows)
		click_line(tui, tui->service_top + (size_t)row);
	else if (pane == PANE_BUILD && (size_t)row < tui->error_rows)
		errors_click(tui, (size_t)row);
}

static void wheel(struct tui *tui, enum pane pane, long step)
{
	if (pane == PANE_SERVICES)
		services_move(tui, step);
	else if (pane == PANE_BUILD)
		build_move(tui, step);
	else if (pane == PANE_LOG || pane == PANE_BESIDE)
		log_move(pane == PANE_LOG ? &tui->log : &tui->beside, step * WHEEL_LINES);
	else if (pane == PANE_SAVES && (step > 0 || tui->save_top > 0))
		tui->save_top = (size_t)((long)tui->save_top + step);
}

static void take_mouse(struct tui *tui, const struct key_event *event)
{
	int x = (int)event->mouse.column, y = (int)event->mouse.row;
	bool is_up = event->mouse.button == MOUSE_WHEEL_UP, is_down = event->mouse.button == MOUSE_WHEEL_DOWN;
	if (!event->mouse.is_press || event->mouse.is_motion || tui->questions.count > 0)
		return;
	chord_cancel(tui);
	if ((is_up || is_down) && tui->mode == MODE_HELP) {
		tui->help_top = is_up ? tui->help_top - (tui->help_top > 0) : tui->help_top + 1;
	} else if ((is_up || is_down) && tui->mode == MODE_WHY) {
		tui->why_top = is_up ? tui->why_top - (tui->why_top > 0) : tui->why_top + 1;
	} else if ((is_up || is_down) && tui->mode == MODE_CONTAINER) {
		container_move(tui, is_up ? -WHEEL_LINES : WHEEL_LINES);
	} else if (event->mouse.button == MOUSE_LEFT && tui->mode == MODE_CONTAINER) {
		container_click(tui, x, y);
	} else if ((is_up || is_down) && tui->mode == MODE_CHECKS) {
		checks_wheel(tui, x, y, is_up ? -1 : 1);
	} else if (event->mouse.button == MOUSE_LEFT && tui->mode == MODE_CHECKS) {
		checks_click(tui, x, y, is_double(tui, PANE_COUNT, y));
	} else if ((is_up || is_down) && tui->mode == MODE_INIT) {
		wizard_wheel(tui, x, y, is_up ? -WHEEL_LINES : WHEEL_LINES);
	} else if (event->mouse.button == MOUSE_LEFT && tui->mode == MODE_INIT) {
		wizard_click(tui, x, y, is_double(tui, PANE_COUNT, y));
	} else if ((is_up || is_down) && tui->mode == MODE_MENDING) {
		mending_scroll(tui, is_up ? -WHEEL_LINES : WHEEL_LINES);
	} else if ((is_up || is_down) && tui->mode == MODE_RAN) {
		tui->ran_top = is_up ? tui->ran_top - (tui->ran_top > 0) : tui->ran_top + 1;
	} else if ((is_up || is_down) && tui->mode == MODE_ERROR) {
		tui->error_scroll = is_up ? tui->error_scroll - (tui->error_scroll > 0) : tui->error_scroll + 1;
	} else if (tui->mode == MODE_DECK) {
		for (int pane = 0; pane < PANE_COUNT; pane++) {
			if (!layout_is_inside(&tui->layout.pane[pane], x, y))
				continue;
			if (is_up || is_down)
				wheel(tui, (enum pane)pane, is_up ? -1 : 1);
			else if (event->mouse.button == MOUSE_LEFT)
				click(tui, (enum pane)pane, &tui->layout.pane[pane], x, y);
		}
	}
}

/* ---- events ---- */

static bool has_field(const struct tui *tui)
{
	return tui->questions.count == 0 && (tui->mode == MODE_HELP || tui->mode == MODE_PALETTE || tui->mode == MODE_SEARCH ||
		tui->mode == MODE_FILTER || tui->mode == MODE_TIME || tui->mode == MODE_EXPORT || tui->mode == MODE_ROWS);
}

static void tell_cut(struct tui *tui)
{
	struct fault fault = {0};
	fault_set(&fault, FAULT_USAGE, "what was pasted is longer than this field takes: its end is left out");
	fault_mend(&fault, "Ctrl-U empties the field; paste a part");
	tui_show_fault(tui, &fault);
}

/* What is pasted is text: it fills a field, and never runs a command. */
static void take_paste(struct tui *tui, const char *bytes, size_t len)
{
	chord_cancel(tui);
	if (tui->questions.count == 0 && tui->mode == MODE_CONTAINER_FILTER) {
		if (!container_paste(tui, bytes, len))
			tell_cut(tui);
		return;
	}
	if (tui->questions.count == 0 && tui->mode == MODE_CHECKS_FILTER) {
		if (!checks_paste(tui, bytes, len))
			tell_cut(tui);
		return;
	}
	if (!has_field(tui))
		return;
	if (!field_paste(&tui->field, bytes, len))
		tell_cut(tui);
	struct fault fault = {0};
	struct log_state *state = log_in_use(tui);
	if (tui->mode == MODE_SEARCH)
		search_set(state, tui->field.text, state->is_regular);
	else if (tui->mode == MODE_FILTER)
		log_filter_set(state, tui->field.text, &fault);
	else if (tui->mode == MODE_ROWS)
		list_filter(&tui->list, tui->field.text);
}

static void on_event(void *data, const struct key_event *event)
{
	struct tui *tui = data;
	if (tui->is_suspended)
		return;
	switch (event->kind) {
	case EVENT_KEY:
		take_key(tui, event->key);
		break;
	case EVENT_MOUSE:
		take_mouse(tui, event);
		break;
	case EVENT_PASTE:
		take_paste(tui, event->bytes, event->len);
		break;
	case EVENT_GROUND:
		themes_ground(tui, event->is_light);
		break;
	case EVENT_PASTE_END:
	case EVENT_FOCUS:
		break;
	}
}

/* Terminals without bracketed paste send it like typing. */
static bool is_unmarked_paste(struct tui *tui, const char *bytes, size_t len)
{
	uint64_t now = clock_now_ns();
	bool goes_on = tui->pasted_ns > 0 && now - tui->pasted_ns < PASTE_REST_NS; /* the last piece of it is short */
	bool is_paste = (len >= PASTE_BYTES || goes_on) && tui->decoder.state == DECODER_GROUND && memchr(bytes, 27, len) == NULL;
	tui->pasted_ns = is_paste ? now : 0;
	return is_paste;
}

static void after(struct tui *tui)
{
	unsigned wait = decoder_wait(&tui->decoder);
	if (wait > 0)
		loop_timer_set(tui->esc_timer, wait, 0);
	else
		loop_timer_stop(tui->esc_timer);
	act_explain_no_more(tui);
	container_tell(tui);
	checks_tell(tui);
	wizard_tell(tui);
	remember_note(tui);
	tui_wake(tui, true);
}

void input_take(struct tui *tui, const char *bytes, size_t len)
{
	if (is_unmarked_paste(tui, bytes, len))
		take_paste(tui, bytes, len);
	else
		decoder_feed(&tui->decoder, bytes, len, on_event, tui);
	after(tui);
}

void input_expire(void *data)
{
	struct tui *tui = data;
	decoder_expire(&tui->decoder, on_event, tui);
	after(tui);
	tui_end_wait(tui);
}

void input_ended(struct tui *tui)
{
	if (tui->is_gone_told)
		return;
	tui->is_gone_told = true;
	loop_timer_stop(tui->esc_timer);
	if (tui->call.gone != NULL)
		tui->call.gone(tui->data);
}
