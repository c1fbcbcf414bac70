/* The bottom line: keys that do something here, in the order of the command
 * table, or the text field that is being filled. Holds nothing. */
#include "tui.h"

unsigned hints_where(const struct tui *tui)
{
	if (container_is_open(tui))
		return COMMAND_AT_CONTAINER | COMMAND_AT_SERVICES;
	if (checks_is_open(tui))
		return COMMAND_AT_CHECKS | COMMAND_AT_START;
	if (wizard_is_open(tui))
		return COMMAND_AT_INIT | COMMAND_AT_START;
	switch (tui->focus) {
	case PANE_SERVICES:
		return COMMAND_AT_SERVICES;
	case PANE_LOG:
	case PANE_BESIDE:
		return COMMAND_AT_LOG;
	case PANE_BUILD:
	case PANE_SAVES:
		return COMMAND_AT_BUILD;
	case PANE_START:
		return COMMAND_AT_START;
	case PANE_COUNT:
		break;
	}
	return COMMAND_AT_SERVICES;
}

void hints_key(const struct tui *tui, int id, char *out, size_t size)
{
	const struct binding *binding = keymap_first(&tui->keymap, id);
	out[0] = '\0';
	if (binding == NULL)
		return;
	if (binding->count == 1 && binding->keys[0].code == CODE_ENTER && binding->keys[0].mods == 0)
		snprintf(out, size, "%s", pen_glyph(tui, GLYPH_ENTER));
	else
		keymap_name(binding, out, size);
}

static bool selected_state(const struct tui *tui, enum view_state *state)
{
	if (tui->service_at >= tui->list.shown.count)
		return false;
	*state = tui->states.items[tui->list.shown.items[tui->service_at]];
	return true;
}

static bool can_leave(const struct tui *tui)
{
	const struct log_state *log = log_looked_at(tui);
	return tui->mode != MODE_DECK || tui->is_zoomed || log->needle[0] != '\0' || log->is_selecting ||
		(tui->focus == PANE_SERVICES && list_can_leave(tui)) || (log_has_focus(tui) && (log->is_paused || log_filter_is_on(&log->filter)));
}

bool hints_does_something(const struct tui *tui, const struct command_def *def)
{
	enum view_state state = VIEW_RUNNING;
	bool has_service = selected_state(tui, &state);
	const struct log_state *log = log_looked_at(tui);
	if ((def->flags & COMMAND_MANY) != 0 && list_marked(tui) > 0)
		return true; /* each of them by its own state */
	if ((def->flags & COMMAND_SERVICE) != 0 && !has_service)
		return false;
	if (def->where != 0 && (def->where & COMMAND_ANYWHERE) == 0)
		return (def->where & hints_where(tui)) != 0;
	if ((checks_is_open(tui) && !checks_takes(def)) || (wizard_is_open(tui) && !wizard_takes(def)))
		return false;
	if ((def->flags & COMMAND_BUILDS) != 0 && !tui->has_build)
		return false;
	switch (def->id) {
	case COMMAND_START:
		return state == VIEW_STOPPED || state == VIEW_FAILED || state == VIEW_DONE || state == VIEW_WAITING;
	case COMMAND_STOP:
		return state != VIEW_STOPPED && state != VIEW_DONE;
	case COMMAND_BUILD:
	case COMMAND_REBUILD:
	case COMMAND_JOB:
	case COMMAND_JOB_CHECK:
	case COMMAND_JOB_CLIPPY:
	case COMMAND_JOB_TEST:
	case COMMAND_JOB_DOC:
		return tui->has_build;
	case COMMAND_JOB_OFF:
		return tui->has_build && tui->has_job;
	case COMMAND_BACK:
		return tui->has_build && tui->has_back;
	case COMMAND_TAKE_OVER:
		return tui->can_take_over;
	case COMMAND_LOG_MERGE:
		return tui->names.count > 1;
	case COMMAND_LOG_BESIDE:
		return beside_is_open(tui) || (tui->names.count > 0 && !tui->was_start);
	case COMMAND_ARRANGE:
		return tui->layout.mode == LAYOUT_WIDE || (tui->layout.mode == LAYOUT_STACK && tui->columns >= LAYOUT_BESIDE_COLUMNS);
	case COMMAND_OPEN:
		return tui->focus == PANE_BUILD ? tui->errors.count > 0 : tui->focus == PANE_SERVICES && has_service;
	case COMMAND_LEAVE:
		return can_leave(tui);
	case COMMAND_SORT:
	case COMMAND_SORT_REVERSE:
	case COMMAND_MARK_SERVICES:
		return tui->list.shown.count > 1;
	case COMMAND_MARK_SERVICE:
		return has_service;
	case COMMAND_FILTER_SERVICES:
		return tui->names.count > 0;
	case COMMAND_SEARCH:
	case COMMAND_LOG_FOLLOW:
	case COMMAND_GO_TO_TIME:
	case COMMAND_MARK:
	case COMMAND_SELECT:
	case COMMAND_COPY:
	case COMMAND_EXPORT:
	case COMMAND_PAGER:
		return log->end > log->first;
	case COMMAND_FILTER:
	case COMMAND_LOG_LEVEL:
		return log->end > log->first || log_filter_is_on(&log->filter);
	case COMMAND_LOG_LEFT:
	case COMMAND_LOG_RIGHT:
		return !log->is_wrapped;
	case COMMAND_MARK_NEXT:
	case COMMAND_MARK_PREVIOUS:
		return log->marks.count > 0;
	case COMMAND_SEARCH_NEXT:
	case COMMAND_SEARCH_PREVIOUS:
		return log->pattern != NULL;
	case COMMAND_ERROR_NEXT:
	case COMMAND_ERROR_PREVIOUS:
		return tui->errors.count > 0;
	}
	return true;
}

/* ---- drawing ---- */

static int draw_hint(struct tui *tui, int y, int x, int end, const char *key, const char *word)
{
	int needs = pen_width(key, strlen(key), 40) + 1 + pen_width(word, strlen(word), 40);
	if (x + needs > end)
		return 0;
	int used = pen_text(tui, y, x, end - x, key, paint_bold(paint_role(tui, THEME_ACCENT))) + 1;
	pen_text(tui, y, x + used, end - x - used, word, paint_plain);
	return needs + 2;
}

static int draw_command(struct tui *tui, const struct command_def *def, int y, int x, int end)
{
	char key[32];
	hints_key(tui, def->id, key, sizeof key);
	return key[0] != '\0' ? draw_hint(tui, y, x, end, key, _(def->hint)) : 0;
}

static bool is_general(const struct command_def *def)
{
	return def->id == COMMAND_PALETTE || def->id == COMMAND_KEYS || def->id == COMMAND_QUIT;
}

static int general_width(struct tui *tui)
{
	int width = 0;
	for (size_t i = 0; i < tui->table->count; i++) {
		const struct command_def *def = &tui->table->defs[i];
		char key[32];
		if (!is_general(def) || def->hint == NULL)
			continue;
		hints_key(tui, def->id, key, sizeof key);
		const char *word = _(def->hint);
		width += key[0] != '\0' ? pen_width(key, strlen(key), 40) + 1 + pen_width(word, strlen(word), 40) + 2 : 0;
	}
	return width;
}

/* What one does most in this pane. */
static bool is_leading(const struct tui *tui, const struct command_def *def)
{
	enum view_state state = VIEW_HEALTHY;
	if (def->id == COMMAND_ERROR_NEXT)
		return true; /* there is one to be mended */
	if (def->id == COMMAND_WHY && tui->focus == PANE_SERVICES)
		return selected_state(tui, &state) && state >= VIEW_UNHEALTHY;
	if (log_has_focus(tui))
		return def->id == COMMAND_LOG_FOLLOW || def->id == COMMAND_SEARCH || def->id == COMMAND_FILTER || def->id == COMMAND_LOG_LEVEL;
	return def->id == COMMAND_OPEN;
}

static bool is_hint(const struct tui *tui, const struct command_def *def)
{
	bool is_here = def->where == 0 || (def->where & hints_where(tui)) != 0;
	if (def->hint == NULL || !is_here || (def->flags & COMMAND_HIDDEN) != 0)
		return false;
	if (def->id == COMMAND_LOG_FOLLOW && !log_looked_at(tui)->is_paused)
		return false; /* it follows */
	if (def->id == COMMAND_JOB && tui->focus != PANE_BUILD)
		return false; /* elsewhere other keys are nearer */
	if ((def->id == COMMAND_FILTER || def->id == COMMAND_LOG_LEVEL) && !log_has_focus(tui))
		return false;
	if (def->id == COMMAND_LOG_BESIDE && !beside_is_open(tui))
		return false;
	if (def->id == COMMAND_ERROR_NEXT && !tui->has_failed)
		return false; /* warnings alone */
	return !act_is_refused(tui, def) && hints_does_something(tui, def);
}

/* First what belongs to the pane, then the rest in the order of the table; at
 * the end, always, what leads to everything else. */
static void draw_commands(struct tui *tui, int y)
{
	int end = tui->columns - 1, general = general_width(tui), at = 1;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < tui->table->count; i++) {
			const struct command_def *def = &tui->table->defs[i];
			int mine = is_general(def) ? 2 : is_leading(tui, def) ? 0 : 1;
			if (mine == round && is_hint(tui, def))
				at += draw_command(tui, def, y, at, round < 2 ? end - general : end);
		}
}

static void draw_field(struct tui *tui, int y, const char *before)
{
	const struct field *field = tui->mode == MODE_CONTAINER_FILTER ? &tui->container.filter :
		tui->mode == MODE_CHECKS_FILTER ? &tui->checks.filter : &tui->field;
	int w = tui->columns - 2, at = 1;
	at += pen_text(tui, y, at, w, before, paint_bold(paint_role(tui, THEME_ACCENT)));
	int cursor = pen_width(field->text, field->cursor, 4 * FIELD_MOST), room = w - at > 1 ? w - at : 1;
	size_t skip = 0;
	/* the end that is being typed stays in sight */
	while (cursor >= room && skip < field->cursor) {
		const char *from = field->text + skip, *next = from;
		wchar_t letter;
		int width = pen_next(&next, field->text + field->len, &letter);
		cursor -= width > 0 ? width : 0;
		skip += (size_t)(next - from);
	}
	pen_bytes(tui, y, at, room, field->text + skip, field->len - skip, paint_plain);
	bool has_regular = tui->mode == MODE_SEARCH || tui->mode == MODE_FILTER;
	const char *regular = _("Ctrl-R: regex or plain");
	if (has_regular && room > cursor + 2 + pen_width(regular, strlen(regular), 80))
		pen_right(tui, y, at, room, regular, paint_role(tui, THEME_MUTED));
	tui->cursor_x = at + cursor;
	tui->cursor_y = y;
}

struct fixed_hint {
	int command; /* its key; -1: `key` */
	const char *key, *word;
};

struct possible_hint {
	bool is_there;
	struct fixed_hint hint;
};

/* Returns the columns taken, from `at` on. */
static int draw_one(struct tui *tui, int y, int at, const struct fixed_hint *hint)
{
	char key[32];
	snprintf(key, sizeof key, "%s", hint->key != NULL ? hint->key : "");
	if (hint->command >= 0)
		hints_key(tui, hint->command, key, sizeof key);
	return key[0] != '\0' ? draw_hint(tui, y, at, tui->columns - 1, key, pen_word(hint->word)) : 0;
}

static void draw_fixed(struct tui *tui, int y, const struct fixed_hint *hints, size_t count)
{
	int at = 1;
	for (size_t i = 0; i < count; i++)
		at += draw_one(tui, y, at, &hints[i]);
}

static void draw_possible(struct tui *tui, int y, const struct possible_hint *hints, size_t count)
{
	int at = 1;
	for (size_t i = 0; i < count; i++)
		if (hints[i].is_there)
			at += draw_one(tui, y, at, &hints[i].hint);
}

static void draw_checks(struct tui *tui, int y)
{
	const struct checks_state *state = &tui->checks;
	bool has_rows = state->rows.count > 0, is_heading = has_rows && state->selected == NULL;
	const struct possible_hint all[] = {
		{is_heading || (has_rows && state->place.file != NULL), {COMMAND_OPEN, NULL, is_heading ? N_("fold") : N_("edit")}},
		{has_rows && state->is_fixable && !tui->is_read_only, {COMMAND_CHECK_MEND, NULL, N_("hint|mend")}},
		{true, {COMMAND_CHECK_ALL, NULL, state->is_all ? N_("verdict|broken") : N_("hint|all")}},
		{has_rows, {COMMAND_SEARCH_NEXT, NULL, N_("next")}},
		{true, {COMMAND_SEARCH, NULL, N_("filter")}},
		{has_rows && !is_heading, {COMMAND_PANE_NEXT, NULL, state->is_in_detail ? N_("hint|list") : N_("detail")}},
		{true, {COMMAND_LEAVE, NULL, N_("back")}},
		{!state->is_silent, {COMMAND_CHECK_LIVE, NULL, state->is_live ? N_("hint|files") : N_("hint|live")}},
		{true, {COMMAND_CHECK_AGAIN, NULL, N_("again")}},
	};
	draw_possible(tui, y, all, COUNT_OF(all));
}

static bool can_do(const struct tui *tui, int id)
{
	const struct command_def *def = command_get(tui->table, id);
	return !act_is_refused(tui, def) && hints_does_something(tui, def);
}

static void draw_why(struct tui *tui, int y)
{
	enum view_state state;
	const struct possible_hint all[] = {
		{selected_state(tui, &state), {COMMAND_OPEN, NULL, N_("log")}},
		{can_do(tui, COMMAND_RESTART), {COMMAND_RESTART, NULL, N_("restart")}},
		{can_do(tui, COMMAND_START), {COMMAND_START, NULL, N_("start")}},
		{true, {COMMAND_LEAVE, NULL, N_("back")}},
		{true, {COMMAND_LINE_DOWN, NULL, N_("down")}},
		{true, {COMMAND_LINE_UP, NULL, N_("up")}},
	};
	draw_possible(tui, y, all, COUNT_OF(all));
}

static void draw_mending(struct tui *tui, int y)
{
	static const struct fixed_hint asked[] = {{-1, "y", N_("write")}, {-1, "n", N_("back")}, {COMMAND_LINE_DOWN, NULL, N_("down")},
		{COMMAND_LINE_UP, NULL, N_("up")}};
	static const struct fixed_hint other[] = {{-1, "Esc", N_("back")}};
	if (tui->checks.mending == VIEW_MENDING_READY)
		draw_fixed(tui, y, asked, COUNT_OF(asked));
	else
		draw_fixed(tui, y, other, COUNT_OF(other));
}

static void draw_wizard(struct tui *tui, int y)
{
	const struct wizard_state *state = &tui->wizard;
	bool is_ready = state->state == VIEW_INIT_READY, is_written = state->state == VIEW_INIT_WRITTEN;
	bool is_whole = state->is_whole;
	const char *turn = state->kind == WIZARD_FILE ? N_("overwrite") : N_("hint|on or off");
	const struct possible_hint all[] = {
		{is_ready && state->can_turn && !is_whole, {COMMAND_INIT_TURN, NULL, turn}},
		{is_ready, {COMMAND_OPEN, NULL, is_whole ? N_("hint|list") : N_("whole")}},
		{is_ready && state->wanted > 0 && !tui->is_read_only, {COMMAND_INIT_WRITE, NULL, N_("write")}},
		{is_written, {COMMAND_CHECK, NULL, N_("checks")}},
		{is_ready && !is_whole, {COMMAND_PANE_NEXT, NULL, state->is_in_preview ? N_("hint|list") : N_("preview")}},
		{true, {COMMAND_LEAVE, NULL, N_("back")}},
		{state->state != VIEW_INIT_READING && state->state != VIEW_INIT_WRITING, {COMMAND_INIT_AGAIN, NULL, N_("again")}},
		{true, {COMMAND_LINE_DOWN, NULL, N_("down")}},
		{true, {COMMAND_LINE_UP, NULL, N_("up")}},
	};
	draw_possible(tui, y, all, COUNT_OF(all));
}

void hints_draw(struct tui *tui)
{
	static const struct fixed_hint asked[] = {{-1, "y", N_("yes")}, {-1, "n", N_("no")}};
	static const struct fixed_hint error[] = {{COMMAND_OPEN, NULL, N_("edit")}, {COMMAND_LEAVE, NULL, N_("back")},
		{COMMAND_ERROR_NEXT, NULL, N_("next")}, {COMMAND_ERROR_PREVIOUS, NULL, N_("previous")},
		{COMMAND_LINE_DOWN, NULL, N_("down")}, {COMMAND_LINE_UP, NULL, N_("up")}};
	static const struct fixed_hint columns[] = {{-1, "Space", N_("hint|on or off")}, {-1, "Esc", N_("back")}};
	static const struct fixed_hint container[] = {{COMMAND_PANE_NEXT, NULL, N_("tab")}, {COMMAND_OPEN, NULL, N_("fold")},
		{COMMAND_SEARCH, NULL, N_("filter")}, {COMMAND_LEAVE, NULL, N_("back")}, {COMMAND_SERVICE_NEXT, NULL, N_("next service")},
		{COMMAND_SERVICE_PREVIOUS, NULL, N_("previous")}, {COMMAND_OPEN_ADDRESS, NULL, N_("address")}, {COMMAND_LINE_DOWN, NULL, N_("down")}, {COMMAND_LINE_UP, NULL, N_("up")}};
	static const struct fixed_hint jobs[] = {{COMMAND_OPEN, NULL, N_("choose")}, {COMMAND_LEAVE, NULL, N_("back")}};
	const struct fixed_hint theme[] = {{-1, pen_glyph(tui, GLYPH_ENTER), N_("keep")}, {-1, "Esc", N_("back")},
		{-1, "j", N_("down")}, {-1, "k", N_("up")}};
	static const struct fixed_hint ran[] = {{COMMAND_LEAVE, NULL, N_("back")}, {COMMAND_LINE_DOWN, NULL, N_("down")},
		{COMMAND_LINE_UP, NULL, N_("up")}};
	int y = tui->layout.keys_row;
	if (y < 0)
		return;
	if (tui->questions.count > 0) {
		draw_fixed(tui, y, asked, COUNT_OF(asked));
		return;
	}
	if (tui->notice[0] != '\0') {
		pen_text(tui, y, 1, tui->columns - 2, tui->notice, paint_role(tui, THEME_OK));
		return;
	}
	if (tui->chord_count > 0) {
		chord_draw(tui, y);
		return;
	}
	switch (tui->mode) {
	case MODE_DECK:
		draw_commands(tui, y);
		break;
	case MODE_HELP:
		draw_field(tui, y, _("search the help: "));
		break;
	case MODE_PALETTE:
		draw_field(tui, y, ":");
		break;
	case MODE_SEARCH:
		draw_field(tui, y, log_looked_at(tui)->is_regular ? "regex /" : "/");
		break;
	case MODE_FILTER:
		draw_field(tui, y, log_looked_at(tui)->filter.is_regular ? "regex &" : "&");
		break;
	case MODE_ROWS:
		draw_field(tui, y, "/");
		break;
	case MODE_TIME:
		draw_field(tui, y, _("go to (14:02, 14:02:11, -5min): "));
		break;
	case MODE_EXPORT:
		draw_field(tui, y, _("write the log into: "));
		break;
	case MODE_ERROR:
		draw_fixed(tui, y, error, COUNT_OF(error));
		break;
	case MODE_COLUMNS:
		draw_fixed(tui, y, columns, COUNT_OF(columns));
		break;
	case MODE_WHY:
		draw_why(tui, y);
		break;
	case MODE_CONTAINER:
		draw_fixed(tui, y, container, COUNT_OF(container));
		break;
	case MODE_CONTAINER_FILTER:
		draw_field(tui, y, _("only rows with: "));
		break;
	case MODE_CHECKS:
		draw_checks(tui, y);
		break;
	case MODE_CHECKS_FILTER:
		draw_field(tui, y, _("only practices with: "));
		break;
	case MODE_MENDING:
		draw_mending(tui, y);
		break;
	case MODE_INIT:
		draw_wizard(tui, y);
		break;
	case MODE_JOBS:
		draw_fixed(tui, y, jobs, COUNT_OF(jobs));
		break;
	case MODE_THEME:
		draw_fixed(tui, y, theme, COUNT_OF(theme));
		break;
	case MODE_RAN:
		draw_fixed(tui, y, ran, COUNT_OF(ran));
		break;
	}
}
