/* What a command does that the screen does itself; the others are handed to
 * deck, after the question where there is one. Called by input.c. */
#include "tui.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

void act_follow(struct tui *tui)
{
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

static size_t moved(size_t at, long step)
{
	if (step < 0)
		return (size_t)-step < at ? at - (size_t)-step : 0;
	return at + (size_t)step; /* the drawing holds it to what there is */
}

static void move_by(struct tui *tui, long step)
{
	if (tui->mode == MODE_ERROR) {
		tui->error_scroll = moved(tui->error_scroll, step);
		return;
	}
	if (tui->mode == MODE_WHY) {
		tui->why_top = moved(tui->why_top, step);
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
		log_move(tui, step);
		break;
	case PANE_SAVES:
		tui->save_top = moved(tui->save_top, step);
		break;
	case PANE_START:
		tui->step_top = moved(tui->step_top, step);
		break;
	case PANE_COUNT:
		break;
	}
}

static long page(const struct tui *tui)
{
	size_t rows = tui->focus == PANE_SERVICES ? tui->service_rows : tui->focus == PANE_BUILD ? tui->error_rows :
		tui->focus == PANE_LOG && tui->log.rows > 0 ? (size_t)tui->log.rows : 0;
	if (tui->mode == MODE_ERROR || tui->mode == MODE_WHY)
		rows = tui->rows > 3 ? (size_t)tui->rows - 3 : 1;
	return rows > 2 ? (long)rows - 1 : 1;
}

static void error_step(struct tui *tui, long step)
{
	size_t before = tui->error_at;
	build_move(tui, step);
	if (tui->mode != MODE_ERROR && tui->errors.count > 0 && tui->focus != PANE_BUILD) {
		/* from elsewhere: the first press shows the one selected */
		tui->error_at = before;
		tui->focus = PANE_BUILD;
	}
}

static void merge_logs(struct tui *tui, bool is_on)
{
	const struct strings all = {0};
	tui->is_merged = is_on;
	if (tui->call.merge != NULL)
		tui->call.merge(tui->data, is_on ? &all : NULL);
}

static void explain(struct tui *tui, bool is_on)
{
	tui->mode = is_on ? MODE_WHY : MODE_DECK;
	tui->why_top = 0;
	if (tui->call.explain != NULL)
		tui->call.explain(tui->data, is_on ? tui->selected : NULL);
}

static void open_selected(struct tui *tui)
{
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
	} else if (tui->focus == PANE_SERVICES && tui->selected != NULL) {
		if (tui->is_merged)
			merge_logs(tui, false);
		tui->focus = PANE_LOG;
	}
}

static void end_filter(struct tui *tui)
{
	struct fault fault = {0};
	tui->log.filter.least = VIEW_LOG_NONE;
	log_filter_set(&tui->log.filter, "", &fault);
}

/* Back by one step: the nearest thing that was opened is closed. */
static void leave(struct tui *tui)
{
	if (tui->mode == MODE_WHY)
		explain(tui, false);
	else if (tui->mode != MODE_DECK)
		tui->mode = MODE_DECK;
	else if (tui->log.is_selecting)
		tui->log.is_selecting = false;
	else if (tui->log.needle[0] != '\0')
		search_set(&tui->log, "", false);
	else if (tui->focus == PANE_LOG && log_filter_is_on(&tui->log.filter))
		end_filter(tui);
	else if (tui->is_zoomed)
		tui->is_zoomed = false;
	else if (tui->focus == PANE_LOG && tui->log.is_paused)
		tui->log.is_paused = false;
	else
		tui->focus = tui->was_start ? PANE_START : PANE_SERVICES;
}

static void grow_log(struct tui *tui, int step)
{
	int grow = tui->log_grow + step;
	if (grow >= -LAYOUT_GROW_MOST && grow <= LAYOUT_GROW_MOST)
		tui->log_grow = grow;
}

static void open_field(struct tui *tui, enum mode mode)
{
	tui->mode = mode;
	tui->help_top = tui->palette_at = 0;
	tui->is_history = false;
	field_set(&tui->field, "");
	if (mode == MODE_SEARCH || mode == MODE_FILTER || mode == MODE_TIME || mode == MODE_EXPORT) {
		tui->focus_before = tui->focus;
		tui->focus = PANE_LOG;
	}
	if (mode == MODE_FILTER) {
		field_set(&tui->field, tui->log.filter.text);
	} else if (mode == MODE_EXPORT) {
		auto_free char *name = export_name(&tui->log);
		field_set(&tui->field, name);
	}
}

static void page_log(struct tui *tui)
{
	const char *folder = getenv("TMPDIR");
	auto_free char *path = mem_print("%s/cargodeck-log-XXXXXX", folder != NULL && folder[0] != '\0' ? folder : "/tmp");
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	uint64_t count;
	bool good = file != NULL && export_lines(&tui->log, file, &count);
	if (file != NULL)
		good = fclose(file) == 0 && good;
	else if (fd >= 0)
		close(fd);
	if (good && tui->call.page != NULL) {
		tui->call.page(tui->data, path);
		return;
	}
	struct fault fault = {0};
	fault_set(&fault, FAULT_FAILED, "the log cannot be written into %s: %s", path, strerror(errno));
	fault_mend(&fault, "make room there, or set TMPDIR to another folder");
	if (fd >= 0)
		unlink(path);
	tui_show_fault(tui, &fault);
}

/* Lines are shown otherwise: what was found and counted in them no longer holds. */
static void show_raw(struct log_state *state)
{
	state->is_raw = !state->is_raw;
	log_filter_begin_again(&state->filter);
	auto_free char *needle = mem_copy_string(state->needle);
	search_set(state, needle, state->is_regular);
}

/* False: it is no command of the log. */
static bool act_log(struct tui *tui, int id)
{
	struct log_state *state = &tui->log;
	switch (id) {
	case COMMAND_LOG_FOLLOW:
		log_toggle_follow(tui);
		break;
	case COMMAND_LOG_TIME:
		state->time = (state->time + 1) % LOG_TIMES;
		break;
	case COMMAND_LOG_WRAP:
		state->is_wrapped = !state->is_wrapped;
		break;
	case COMMAND_LOG_RAW:
		show_raw(state);
		break;
	case COMMAND_LOG_LEFT:
	case COMMAND_LOG_RIGHT:
		log_shift(state, id == COMMAND_LOG_RIGHT ? 1 : -1);
		break;
	case COMMAND_LOG_LEVEL:
		log_filter_next_level(&state->filter);
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
			tui->focus = PANE_LOG;
		else
			tui_notice(tui, "no line is marked");
		break;
	case COMMAND_SELECT:
		tui->focus = PANE_LOG;
		select_begin(state);
		break;
	case COMMAND_COPY:
		copy_lines(tui);
		break;
	case COMMAND_EXPORT:
		open_field(tui, MODE_EXPORT);
		break;
	case COMMAND_PAGER:
		page_log(tui);
		break;
	case COMMAND_SEARCH:
		open_field(tui, MODE_SEARCH);
		break;
	case COMMAND_SEARCH_NEXT:
	case COMMAND_SEARCH_PREVIOUS:
		search_step(state, id == COMMAND_SEARCH_NEXT ? 1 : -1);
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
		if (tui->mode == MODE_DECK && tui->focus == PANE_LOG && !tui->log.is_selecting)
			tui->log.is_paused = false;
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
		tui->mode = MODE_DECK;
		tui->focus = layout_next(&tui->wish, tui->focus, id == COMMAND_PANE_NEXT ? 1 : -1);
		break;
	case COMMAND_ZOOM:
		tui->is_zoomed = !tui->is_zoomed;
		break;
	case COMMAND_LOG_MERGE:
		merge_logs(tui, !tui->is_merged);
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
	case COMMAND_ARRANGE:
		tui->arrange = tui->layout.mode == LAYOUT_WIDE ? ARRANGE_BELOW : ARRANGE_BESIDE;
		break;
	case COMMAND_ERROR_NEXT:
		error_step(tui, 1);
		break;
	case COMMAND_ERROR_PREVIOUS:
		error_step(tui, -1);
		break;
	case COMMAND_THEME:
		choose_open(tui);
		break;
	case COMMAND_MOUSE:
		term_set_mouse(tui, !tui->term.has_mouse);
		break;
	case COMMAND_REDRAW:
		clearok(curscr, TRUE);
		break;
	case COMMAND_SUSPEND:
		suspend(tui);
		break;
	default:
		return act_log(tui, id);
	}
	return true;
}

void act_now(struct tui *tui, int id, const char *argument)
{
	struct fault fault = {0};
	if (act_screen(tui, id) || tui->call.command == NULL)
		return;
	if (!tui->call.command(tui->data, id, argument, &fault))
		tui_show_fault(tui, &fault);
}

/* The question with the selected service in place of "%s". */
static char *make_question(const char *question, const char *service)
{
	const char *place = strstr(question, "%s");
	if (place == NULL)
		return mem_copy_string(question);
	return mem_print("%.*s%s%s", (int)(place - question), question, service != NULL ? service : "", place + 2);
}

void act(struct tui *tui, const struct command_def *def)
{
	const char *argument = (def->flags & COMMAND_SERVICE) != 0 ? tui->selected : NULL;
	if ((def->flags & COMMAND_SERVICE) != 0 && argument == NULL) {
		struct fault fault = {0};
		fault_set(&fault, FAULT_USAGE, "no service is selected for `%s`", def->name);
		tui_show_fault(tui, &fault);
		return;
	}
	if (def->question == NULL) {
		auto_free char *copy = mem_copy_string(argument);
		act_now(tui, def->id, copy);
		return;
	}
	*array_add(&tui->questions) = (struct question){.text = make_question(def->question, argument),
		.command = def->id, .argument = mem_copy_string(argument)};
}
