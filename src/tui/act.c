/* What a command does that the screen does itself; the others are handed to
 * deck, after the question where there is one. Called by input.c. */
#include "tui.h"

#include <ctype.h>
#include <limits.h>
#include <signal.h>

enum place {
	PLACE_OTHER, /* the deck, and what is typed or asked on it or on a page */
	PLACE_PAGE, /* in place of the panes */
	PLACE_COVER, /* over the deck or a page, and leads back there */
};

static enum place place_of(enum mode mode)
{
	switch (mode) {
	case MODE_CONTAINER:
	case MODE_ERROR:
	case MODE_WHY:
	case MODE_RAN:
	case MODE_CHECKS:
	case MODE_INIT:
		return PLACE_PAGE;
	case MODE_HELP:
	case MODE_PALETTE:
	case MODE_JOBS:
	case MODE_THEME:
		return PLACE_COVER;
	case MODE_DECK:
	case MODE_SEARCH:
	case MODE_FILTER:
	case MODE_TIME:
	case MODE_EXPORT:
	case MODE_ROWS:
	case MODE_CONTAINER_FILTER:
	case MODE_COLUMNS:
	case MODE_CHECKS_FILTER:
	case MODE_MENDING:
		break;
	}
	return PLACE_OTHER;
}

enum mode mode_beneath(const struct tui *tui)
{
	return place_of(tui->mode) == PLACE_COVER ? tui->mode_under : tui->mode;
}

void mode_cover(struct tui *tui, enum mode mode)
{
	tui->mode_under = place_of(tui->mode) == PLACE_PAGE ? tui->mode : MODE_DECK;
	tui->mode = mode;
}

void act_follow(struct tui *tui)
{
	list_tell(tui);
	if (!tui->must_follow)
		return;
	tui->must_follow = false;
	if (text_equal(tui->followed, tui->selected))
		return;
	free(tui->followed);
	tui->followed = mem_copy_string(tui->selected);
	if (tui->call.follow != NULL)
		tui->call.follow(tui->data, tui->followed);
}

size_t act_step(size_t at, long step)
{
	if (step < 0)
		return (size_t)-step < at ? at - (size_t)-step : 0;
	return at + (size_t)step; /* the drawing holds it to what there is */
}

static void move_by(struct tui *tui, long step)
{
	if (tui->mode == MODE_ERROR) {
		tui->error_scroll = act_step(tui->error_scroll, step);
		return;
	}
	if (tui->mode == MODE_WHY) {
		tui->why_top = act_step(tui->why_top, step);
		return;
	}
	if (tui->mode == MODE_CONTAINER) {
		container_move(tui, step);
		return;
	}
	if (tui->mode == MODE_CHECKS) {
		checks_move(tui, step);
		return;
	}
	if (tui->mode == MODE_INIT) {
		wizard_move(tui, step);
		return;
	}
	if (tui->mode == MODE_RAN) {
		tui->ran_top = act_step(tui->ran_top, step);
		return;
	}
	switch (tui->focus) {
	case PANE_SERVICES:
		services_move(tui, step);
		break;
	case PANE_BUILD:
		build_move(tui, step);
		break;
	case PANE_LOG:
	case PANE_BESIDE:
		log_move(log_in_use(tui), step);
		break;
	case PANE_SAVES:
		tui->save_top = act_step(tui->save_top, step);
		break;
	case PANE_START:
		tui->step_top = act_step(tui->step_top, step);
		break;
	case PANE_COUNT:
		break;
	}
}

static long page(const struct tui *tui)
{
	size_t rows = tui->focus == PANE_SERVICES ? tui->service_rows : tui->focus == PANE_BUILD ? tui->error_rows :
		log_has_focus(tui) && log_looked_at(tui)->rows > 0 ? (size_t)log_looked_at(tui)->rows : 0;
	if (tui->mode == MODE_ERROR || tui->mode == MODE_WHY || tui->mode == MODE_RAN)
		rows = tui->rows > 3 ? (size_t)tui->rows - 3 : 1;
	if (tui->mode == MODE_CONTAINER)
		rows = tui->container.rows;
	if (tui->mode == MODE_CHECKS)
		rows = checks_page(tui);
	if (tui->mode == MODE_INIT)
		rows = wizard_page(tui);
	return rows > 2 ? (long)rows - 1 : 1;
}

static void error_step(struct tui *tui, long step)
{
	size_t before = tui->error_at;
	if (tui->errors.count == 0) {
		tui_notice(tui, _("the build has no errors and no warnings"));
		return;
	}
	build_move(tui, step);
	if (tui->mode != MODE_ERROR && tui->focus != PANE_BUILD) {
		/* from elsewhere: the first press shows the one selected */
		tui->error_at = before;
		tui->focus = PANE_BUILD;
	}
}

/* Of those that are marked, else of all. */
static void merge_logs(struct tui *tui, bool is_on)
{
	auto_strings names = {0};
	tui->is_merged = is_on;
	if (list_marked(tui) > 0)
		list_targets(tui, true, &names);
	if (tui->call.merge != NULL)
		tui->call.merge(tui->data, is_on ? &names : NULL);
}

static void explain(struct tui *tui, bool is_on)
{
	if (is_on && tui->selected != NULL && tui->selected[0] == '/') {
		tui_notice(tui, _("%s is not of this project: its log says more"), tui->selected + 1);
		return;
	}
	tui->mode = is_on ? MODE_WHY : MODE_DECK;
	tui->is_explained = is_on;
	tui->why_top = 0;
	if (tui->call.explain != NULL)
		tui->call.explain(tui->data, is_on ? tui->selected : NULL);
}

/* Other commands lead away from it, too. */
void act_explain_no_more(struct tui *tui)
{
	if (!tui->is_explained || mode_beneath(tui) == MODE_WHY)
		return;
	tui->is_explained = false;
	if (tui->call.explain != NULL)
		tui->call.explain(tui->data, NULL);
}

static void open_selected(struct tui *tui)
{
	if (tui->mode == MODE_CONTAINER) {
		container_fold(tui, FOLD_TURN);
		return;
	}
	if (tui->mode == MODE_CHECKS) {
		checks_enter(tui);
		return;
	}
	if (tui->mode == MODE_INIT) {
		wizard_enter(tui);
		return;
	}
	if (tui->mode == MODE_RAN)
		return;
	if (tui->mode == MODE_WHY) {
		explain(tui, false);
		tui->focus = PANE_LOG;
		return;
	}
	if (tui->mode == MODE_ERROR) {
		struct error_place place = {0};
		if (tui->error_at < tui->errors.count)
			place = tui->errors.items[tui->error_at];
		if (place.file != NULL && tui->call.edit != NULL) {
			auto_free char *file = mem_copy_string(place.file);
			tui->call.edit(tui->data, file, place.line, place.column);
		}
	} else if (tui->focus == PANE_BUILD && tui->errors.count > 0) {
		tui->mode = MODE_ERROR;
		tui->error_scroll = 0;
	} else if (tui->focus == PANE_SERVICES && list_key(tui, tui->service_at) != NULL) {
		if (tui->is_merged)
			merge_logs(tui, false);
		tui->focus = PANE_LOG;
	}
}

/* Back by one step: the nearest thing that was opened is closed. */
static void leave(struct tui *tui)
{
	struct log_state *state = log_in_use(tui);
	if (tui->mode == MODE_WHY)
		explain(tui, false);
	else if (container_leave(tui) || checks_leave(tui) || wizard_leave(tui))
		return;
	else if (tui->mode != MODE_DECK)
		tui->mode = MODE_DECK;
	else if (tui->focus == PANE_SERVICES && list_leave(tui))
		return;
	else if (state->is_selecting)
		state->is_selecting = false;
	else if (state->needle[0] != '\0')
		search_set(state, "", false);
	else if (log_has_focus(tui) && log_filter_is_on(&state->filter))
		log_filter_end(state);
	else if (tui->is_zoomed)
		tui->is_zoomed = false;
	else if (log_has_focus(tui) && state->is_paused)
		state->is_paused = false;
	else
		tui->focus = tui->was_start ? PANE_START : PANE_SERVICES;
}

static void grow_log(struct tui *tui, int step)
{
	int grow = tui->log_grow + step;
	if (grow >= -LAYOUT_GROW_MOST && grow <= LAYOUT_GROW_MOST)
		tui->log_grow = grow;
}

static void arrange(struct tui *tui)
{
	tui->arrange = tui->layout.mode == LAYOUT_WIDE ? ARRANGE_BELOW : ARRANGE_BESIDE;
	if (tui->columns < LAYOUT_BESIDE_COLUMNS)
		tui_notice(tui, _("the log stands beside the others from %d columns on"), LAYOUT_BESIDE_COLUMNS);
}

static void open_field(struct tui *tui, enum mode mode)
{
	mode_cover(tui, mode);
	tui->help_top = tui->palette_at = 0;
	tui->is_history = false;
	field_set(&tui->field, "");
	if (mode == MODE_SEARCH || mode == MODE_FILTER || mode == MODE_TIME || mode == MODE_EXPORT) {
		tui->focus_before = tui->focus;
		tui->focus = log_pane(tui);
	}
	if (mode == MODE_ROWS) {
		tui->focus = PANE_SERVICES;
		field_set(&tui->field, tui->list.needle);
	} else if (mode == MODE_FILTER) {
		struct log_filter *filter = &log_in_use(tui)->filter;
		snprintf(filter->before, sizeof filter->before, "%s", filter->text);
		filter->was_before = filter->was_regular;
		field_set(&tui->field, filter->text);
	} else if (mode == MODE_EXPORT) {
		auto_free char *name = export_name(log_in_use(tui));
		field_set(&tui->field, name);
	}
}

/* False: it is no command of the log. */
static bool act_log(struct tui *tui, int id)
{
	struct log_state *state = log_in_use(tui);
	switch (id) {
	case COMMAND_LOG_FOLLOW:
		log_toggle_follow(state);
		break;
	case COMMAND_LOG_TIME:
		state->time = (state->time + 1) % LOG_TIMES;
		break;
	case COMMAND_LOG_WRAP:
		state->is_wrapped = !state->is_wrapped;
		break;
	case COMMAND_LOG_RAW:
		state->is_raw = !state->is_raw;
		break;
	case COMMAND_LOG_LEFT:
	case COMMAND_LOG_RIGHT:
		if (state->is_wrapped)
			tui_notice(tui, _("long lines are wrapped: nothing is further to the right"));
		log_shift(state, id == COMMAND_LOG_RIGHT ? 1 : -1);
		break;
	case COMMAND_LOG_LEVEL:
		log_filter_next_level(state);
		break;
	case COMMAND_FILTER:
		open_field(tui, MODE_FILTER);
		break;
	case COMMAND_GO_TO_TIME:
		open_field(tui, MODE_TIME);
		break;
	case COMMAND_MARK:
		mark_toggle(state);
		break;
	case COMMAND_MARK_NEXT:
	case COMMAND_MARK_PREVIOUS:
		if (mark_go(state, id == COMMAND_MARK_NEXT ? 1 : -1))
			tui->focus = log_pane(tui);
		else
			tui_notice(tui, _("no line is marked"));
		break;
	case COMMAND_SELECT:
		tui->focus = log_pane(tui);
		select_begin(state);
		break;
	case COMMAND_COPY:
		copy_lines(tui, state);
		break;
	case COMMAND_EXPORT:
		open_field(tui, MODE_EXPORT);
		break;
	case COMMAND_PAGER:
		export_to_pager(tui, state);
		break;
	case COMMAND_SEARCH:
		open_field(tui, MODE_SEARCH);
		break;
	case COMMAND_SEARCH_NEXT:
	case COMMAND_SEARCH_PREVIOUS:
		if (state->needle[0] == '\0')
			tui_notice(tui, _("nothing is searched for"));
		search_step(state, id == COMMAND_SEARCH_NEXT ? 1 : -1);
		break;
	default:
		return false;
	}
	return true;
}

/* False: it is no command of the pane of services. */
static bool act_list(struct tui *tui, int id)
{
	struct service_list *list = &tui->list;
	switch (id) {
	case COMMAND_SORT:
		list_sort_next(list);
		break;
	case COMMAND_SORT_REVERSE:
		list->is_reversed = !list->is_reversed;
		break;
	case COMMAND_FILTER_SERVICES:
		open_field(tui, MODE_ROWS);
		break;
	case COMMAND_HIDE_STOPPED:
		list->is_hiding = !list->is_hiding;
		break;
	case COMMAND_OTHERS:
		list->has_others = !list->has_others;
		break;
	case COMMAND_COLUMNS:
		tui->mode = MODE_COLUMNS;
		tui->focus = PANE_SERVICES;
		break;
	case COMMAND_MARK_SERVICE:
		list_mark(tui);
		services_move(tui, 1);
		break;
	case COMMAND_MARK_SERVICES:
		list_mark_all(tui);
		break;
	default:
		return false;
	}
	return true;
}

static void suspend(struct tui *tui)
{
	struct sigaction before, usual = {.sa_handler = SIG_DFL};
	tui_suspend(tui);
	sigaction(SIGTSTP, &usual, &before);
	raise(SIGTSTP); /* stands still here until SIGCONT */
	sigaction(SIGTSTP, &before, NULL);
	tui_resume(tui);
}

/* False: not one of the screen's own. */
static bool act_screen(struct tui *tui, int id)
{
	if (checks_act(tui, id) || wizard_act(tui, id))
		return true;
	switch (id) {
	case COMMAND_KEYS:
		open_field(tui, MODE_HELP);
		break;
	case COMMAND_PALETTE:
		open_field(tui, MODE_PALETTE);
		break;
	case COMMAND_LINE_UP:
		move_by(tui, -1);
		break;
	case COMMAND_LINE_DOWN:
		move_by(tui, 1);
		break;
	case COMMAND_PAGE_UP:
		move_by(tui, -page(tui));
		break;
	case COMMAND_PAGE_DOWN:
		move_by(tui, page(tui));
		break;
	case COMMAND_FIRST:
		move_by(tui, -(LONG_MAX / 2));
		break;
	case COMMAND_LAST:
		if (tui->mode == MODE_DECK && log_has_focus(tui) && !log_looked_at(tui)->is_selecting)
			log_in_use(tui)->is_paused = false;
		else
			move_by(tui, INT_MAX);
		break;
	case COMMAND_OPEN:
		open_selected(tui);
		break;
	case COMMAND_LEAVE:
		leave(tui);
		break;
	case COMMAND_PANE_NEXT:
	case COMMAND_PANE_PREVIOUS:
		if (tui->mode == MODE_CONTAINER) {
			container_turn_tab(tui, id == COMMAND_PANE_NEXT ? 1 : -1);
			break;
		}
		tui->mode = MODE_DECK;
		tui->focus = layout_next(&tui->wish, tui->focus, id == COMMAND_PANE_NEXT ? 1 : -1);
		break;
	case COMMAND_ZOOM:
		tui->is_zoomed = !tui->is_zoomed;
		break;
	case COMMAND_LOG_MERGE:
		if (tui->focus == PANE_BESIDE)
			beside_merge(tui);
		else
			merge_logs(tui, !tui->is_merged);
		break;
	case COMMAND_LOG_BESIDE:
		beside_turn(tui);
		break;
	case COMMAND_LOG_LARGER:
		grow_log(tui, 1);
		break;
	case COMMAND_LOG_SMALLER:
		grow_log(tui, -1);
		break;
	case COMMAND_WHY:
		explain(tui, tui->mode != MODE_WHY);
		break;
	case COMMAND_JOB:
		jobs_show(tui);
		break;
	case COMMAND_RAN:
		tui->mode = tui->mode == MODE_RAN ? MODE_DECK : MODE_RAN;
		tui->ran_top = 0;
		break;
	case COMMAND_ARRANGE:
		arrange(tui);
		break;
	case COMMAND_SEARCH:
		if (tui->mode != MODE_CONTAINER)
			return act_log(tui, id);
		tui->mode = MODE_CONTAINER_FILTER;
		break;
	case COMMAND_ERROR_NEXT:
		error_step(tui, 1);
		break;
	case COMMAND_ERROR_PREVIOUS:
		error_step(tui, -1);
		break;
	case COMMAND_THEME:
		themes_open(tui);
		break;
	case COMMAND_MOUSE:
		term_set_mouse(tui, !tui->term.has_mouse);
		tui_notice(tui, tui->term.has_mouse ? _("the mouse selects, opens and scrolls here") : _("the mouse is the terminal's again"));
		break;
	case COMMAND_REDRAW:
		clearok(curscr, TRUE);
		break;
	case COMMAND_SUSPEND:
		suspend(tui);
		break;
	case COMMAND_INSPECT:
		container_open(tui);
		break;
	case COMMAND_TAB_NEXT:
	case COMMAND_TAB_PREVIOUS:
		container_turn_tab(tui, id == COMMAND_TAB_NEXT ? 1 : -1);
		break;
	case COMMAND_FOLD:
	case COMMAND_UNFOLD:
		container_fold(tui, id == COMMAND_FOLD ? FOLD_CLOSE : FOLD_OPEN);
		break;
	case COMMAND_SERVICE_NEXT:
	case COMMAND_SERVICE_PREVIOUS:
		services_move(tui, id == COMMAND_SERVICE_NEXT ? 1 : -1);
		container_tell(tui);
		break;
	default:
		return act_list(tui, id) || act_log(tui, id);
	}
	return true;
}

void act_now(struct tui *tui, int id, const struct strings *names)
{
	struct fault fault = {0};
	if (act_screen(tui, id) || tui->call.command == NULL)
		return;
	if (!tui->call.command(tui->data, id, names, &fault))
		tui_show_fault(tui, &fault);
}

/* The question with the services it is about, or how many files, in place of
 * "%s". What is of other projects is never touched unasked. NULL: nothing need be
 * asked. */
static char *make_question(const struct tui *tui, const struct command_def *def, const struct strings *names)
{
	bool has_others = false;
	auto_free char *phrase = def->id == COMMAND_INIT_WRITE ? mem_print("%zu", tui->wizard.wanted) : list_phrase(tui, names, &has_others);
	const char *question = _(def->question), *place = question != NULL ? strstr(question, "%s") : NULL;
	if (question == NULL && has_others && (def->flags & COMMAND_MANY) != 0) {
		auto_free char *name = mem_copy_string(def->name);
		name[0] = (char)toupper((unsigned char)name[0]);
		return mem_print(names->count == 1 ? _("%s %s? It is not of this project.") :
			_("%s %s? Not all of them are of this project."), name, phrase);
	}
	if (place == NULL)
		return mem_copy_string(question);
	return mem_print("%.*s%s%s", (int)(place - question), question, phrase != NULL ? phrase : "", place + 2);
}

bool act_is_refused(const struct tui *tui, const struct command_def *def)
{
	bool is_harmless = (def->flags & (COMMAND_SCREEN | COMMAND_HARMLESS)) != 0 && (def->flags & COMMAND_WRITES) == 0;
	return tui->is_read_only && !is_harmless;
}

static void refuse(struct tui *tui, const struct command_def *def)
{
	struct fault fault = {0};
	fault_set(&fault, FAULT_USAGE, "`%s` is not run: the deck is read-only", def->name);
	fault_mend(&fault, "start it without --read-only, and set read_only = off in [screen] of config.ini");
	tui_show_fault(tui, &fault);
}

void act(struct tui *tui, const struct command_def *def)
{
	if (act_is_refused(tui, def)) {
		refuse(tui, def);
		return;
	}
	if (def->id == COMMAND_INIT_WRITE && !wizard_may_write(tui))
		return;
	bool is_about_services = (def->flags & COMMAND_SERVICE) != 0;
	auto_strings names = {0};
	if (is_about_services)
		list_targets(tui, (def->flags & COMMAND_MANY) != 0, &names);
	if (is_about_services && names.count == 0) {
		struct fault fault = {0};
		fault_set(&fault, FAULT_USAGE, "no service is selected for `%s`", def->name);
		tui_show_fault(tui, &fault);
		return;
	}
	char *text = make_question(tui, def, &names);
	if (text == NULL) {
		act_now(tui, def->id, &names);
		return;
	}
	struct question *question = array_add(&tui->questions);
	question->text = text;
	question->command = def->id;
	strings_copy(&question->names, &names);
}
