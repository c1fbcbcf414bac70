/* The screen's life and its frames: when one is drawn, and in which order its
 * parts are. Holds struct tui; deck calls it. */
#include "tui.h"

#include <limits.h>
#include <stdarg.h>

/* A frame for news comes at most each 1.5 frame times, so that one for a key
 * may always come at once; both together stay below the frames asked for. */
static const double news_share = 1.5;
static const double most_tokens = 2;
/* The first frames hold the rows and their figures: nobody types yet, and no
 * room is kept for a key. Empty panes must not hold up the rows. */
enum { FIRST_FRAMES = 4 };

static double frame_ns(const struct tui *tui)
{
	int64_t frames = config_number(tui->config, CONFIG_FRAMES);
	return 1e9 / (double)(frames > 0 && frames <= 60 ? frames : 60);
}

static void nothing(void *data)
{
	(void)data;
}

/* libuv runs timers that are due before it waits: what is posted makes that
 * wait end at once, and the turn with it, so that the hook draws. */
void tui_end_wait(struct tui *tui)
{
	loop_post(tui->loop, nothing, NULL);
}

static void on_frame(void *data)
{
	tui_end_wait(data);
}

static void on_tick(void *data)
{
	tui_wake(data, false);
	tui_end_wait(data);
}

void tui_wake(struct tui *tui, bool by_key)
{
	if (by_key)
		tui->is_key_dirty = true;
	else
		tui->is_dirty = true;
}

/* How long to wait until a frame may be drawn, in ms; 0: now. */
static unsigned frame_wait(struct tui *tui)
{
	uint64_t now = clock_now_ns();
	double passed = (double)(now - tui->last_ns), frame = frame_ns(tui), wait;
	double tokens = tui->tokens + passed / frame;
	if (tokens > most_tokens)
		tokens = most_tokens;
	wait = tokens >= 1 ? 0 : (1 - tokens) * frame;
	double share = tui->frames < FIRST_FRAMES ? 0 : news_share;
	if (!tui->is_key_dirty && wait < share * frame - passed)
		wait = share * frame - passed;
	if (wait > 0)
		return (unsigned)(wait / 1e6) + 1;
	tui->tokens = tokens - 1;
	tui->last_ns = now;
	return 0;
}

/* ---- a frame ---- */

static void sync_size(struct tui *tui)
{
	int columns, rows;
	term_size(tui, &columns, &rows);
	tui->columns = columns;
	tui->rows = rows;
	if (LINES != rows || COLS != columns) {
		resizeterm(rows, columns);
		term_take_size(tui);
		clearok(curscr, TRUE);
	}
}

static void sync_view(struct tui *tui, const struct view *view)
{
	struct layout_wish *wish = &tui->wish;
	services_sync(tui, view);
	build_sync(tui, view);
	jobs_sync(tui, view);
	checks_sync(tui, view);
	wizard_sync(tui, view);
	tui->has_back = view->serving > 0;
	tui->can_take_over = false;
	for (size_t i = 0; i < view->service_count; i++)
		tui->can_take_over |= view->services[i].foreign;
	if (view->start.is_shown != tui->was_start && !log_has_focus(tui))
		tui->focus = view->start.is_shown ? PANE_START : tui->focus_after_start;
	tui->was_start = view->start.is_shown;
	*wish = (struct layout_wish){
		.columns = tui->columns, .rows = tui->rows, .services = list_total(view) > 0 ? (int)list_total(view) : 1,
		.steps = (int)view->start.count, .fault_rows = head_fault_rows(tui, view), .is_start = view->start.is_shown,
		.has_build = tui->has_build, .has_beside = beside_is_open(tui), .is_zoomed = tui->is_zoomed, .arrange = tui->arrange, .log_grow = tui->log_grow,
	};
	if (!layout_has(wish, tui->focus))
		tui->focus = view->start.is_shown ? PANE_START : PANE_SERVICES;
	wish->focus = tui->focus;
	layout_make(wish, &tui->layout);
}

/* The line between the halves, where titles run into it. */
static enum glyph line_glyph(const struct layout *layout, int y)
{
	bool is_left = false, is_right = false;
	if (y == layout->line_from)
		return GLYPH_TEE_DOWN;
	for (int pane = 0; pane < PANE_COUNT; pane++) {
		const struct rect *rect = &layout->pane[pane];
		if (rect->h == 0 || rect->y != y)
			continue;
		is_left = is_left || rect->x + rect->w == layout->line_column;
		is_right = is_right || rect->x == layout->line_column + 1;
	}
	return is_left && is_right ? GLYPH_CROSS : is_left ? GLYPH_TEE_LEFT : is_right ? GLYPH_TEE_RIGHT : GLYPH_UPRIGHT;
}

static void draw_panes(struct tui *tui, const struct view *view)
{
	static void (*const draw[PANE_COUNT])(struct tui *, const struct view *, const struct rect *) = {
		[PANE_SERVICES] = services_draw, [PANE_BUILD] = build_draw, [PANE_LOG] = log_draw,
		[PANE_BESIDE] = log_draw_beside, [PANE_SAVES] = saves_draw,
		[PANE_START] = start_draw,
	};
	for (int pane = 0; pane < PANE_COUNT; pane++)
		if (tui->layout.pane[pane].w > 0 && tui->layout.pane[pane].h > 0)
			draw[pane](tui, view, &tui->layout.pane[pane]);
	for (int y = tui->layout.line_from; tui->layout.line_column >= 0 && y < tui->layout.line_to; y++)
		pen_text(tui, y, tui->layout.line_column, 1, pen_glyph(tui, line_glyph(&tui->layout, y)), paint_role(tui, THEME_MUTED));
}

static void draw_all(struct tui *tui, const struct view *view)
{
	tui->cursor_x = tui->cursor_y = -1;
	if (tui->layout.mode == LAYOUT_LINE) {
		head_draw_line(tui, view);
		return;
	}
	if (tui->layout.head_row >= 0)
		head_draw(tui, view);
	if (tui->layout.tabs_row >= 0)
		head_draw_tabs(tui, view);
	head_draw_faults(tui, view);
	draw_panes(tui, view);
	enum mode mode = mode_beneath(tui);
	if (mode == MODE_ERROR)
		build_draw_error(tui, view);
	else if (mode == MODE_WHY)
		why_draw(tui, view);
	else if (mode == MODE_RAN)
		ran_draw(tui, view);
	else if (container_is_open(tui))
		container_draw(tui, view);
	else if (mode == MODE_MENDING)
		mending_draw(tui, view);
	else if (checks_is_open(tui))
		checks_draw(tui, view);
	else if (wizard_is_open(tui))
		wizard_draw(tui, view);
	if (tui->mode == MODE_JOBS)
		jobs_draw(tui);
	else if (tui->mode == MODE_HELP)
		help_draw(tui);
	else if (tui->mode == MODE_PALETTE)
		palette_draw(tui);
	else if (tui->mode == MODE_COLUMNS)
		choose_draw(tui);
	else if (tui->mode == MODE_THEME)
		themes_draw(tui);
	if (tui->questions.count > 0)
		question_draw(tui);
	hints_draw(tui);
}

static void show(struct tui *tui)
{
	bool has_cursor = tui->cursor_x >= 0 && tui->cursor_x < tui->columns && tui->questions.count == 0;
	curs_set(has_cursor ? 1 : 0);
	leaveok(stdscr, !has_cursor); /* one that nobody sees stays where it is */
	wmove(stdscr, has_cursor ? tui->cursor_y : tui->rows - 1, has_cursor ? tui->cursor_x : 0);
	wnoutrefresh(stdscr);
	doupdate();
	term_flush(tui);
}

void tui_draw(struct tui *tui, const struct view *view)
{
	if (tui->is_suspended || tui->term.is_ended)
		return;
	tui->is_dirty = tui->is_key_dirty = false;
	tui->is_drawn = true;
	tui->frames += tui->frames < FIRST_FRAMES;
	tui->tick_ms = 0;
	sync_size(tui);
	sync_view(tui, view);
	export_run(tui, view);
	werase(stdscr);
	draw_all(tui, view);
	show(tui);
	if (tui->tick_ms > 0)
		loop_timer_set(tui->tick_timer, tui->tick_ms, 0);
	else
		loop_timer_stop(tui->tick_timer);
	act_follow(tui); /* behind the frame: to ask for another log takes as long as to draw one */
	export_page(tui);
	container_tell(tui);
	checks_tell(tui);
	wizard_tell(tui);
}

bool tui_turn(struct tui *tui, uint64_t revision)
{
	if (tui->is_suspended || tui->term.is_ended || term_is_slow(tui))
		return false;
	if (tui->is_drawn && revision == tui->revision && !tui->is_dirty && !tui->is_key_dirty)
		return false;
	unsigned wait = tui->is_drawn ? frame_wait(tui) : 0;
	if (wait > 0) {
		if (!loop_timer_is_set(tui->frame_timer) || tui->is_key_dirty)
			loop_timer_set(tui->frame_timer, wait, 0);
		return false;
	}
	loop_timer_stop(tui->frame_timer);
	struct view view = {0};
	tui->revision = revision;
	tui->call.view(tui->data, &view);
	tui_draw(tui, &view);
	if (tui->is_dirty || tui->is_key_dirty)
		loop_timer_set(tui->frame_timer, 1, 0);
	return true;
}

/* ---- life ---- */

void tui_check_keys(const struct command_table *commands, const struct config *config, struct strings *mistakes)
{
	struct keymap map;
	keymap_init(&map, commands, config->keys.items, config->keys.count, config->path, mistakes);
	keymap_finish(&map);
}

struct tui *tui_open(struct loop *loop, const struct tui_options *options,
	const struct tui_call *call, void *data, struct fault *fault)
{
	struct tui *tui = mem_alloc(sizeof *tui);
	tui->loop = loop;
	tui->call = *call;
	tui->data = data;
	tui->table = options->commands;
	tui->config = options->config;
	tui->is_read_only = options->is_read_only;
	tui->tokens = most_tokens;
	tui->has_build = true;
	tui->focus = tui->focus_after_start = PANE_SERVICES;
	tui->columns = (int)options->headless_columns;
	tui->rows = (int)options->headless_rows;
	tui->frame_timer = loop_timer_open(loop, on_frame, tui);
	tui->tick_timer = loop_timer_open(loop, on_tick, tui);
	tui->esc_timer = loop_timer_open(loop, input_expire, tui);
	keymap_init(&tui->keymap, options->commands, options->config->keys.items, options->config->keys.count,
		options->config->path, &tui->mistakes);
	if (!term_open(tui, options, fault)) {
		tui_close(tui);
		return NULL;
	}
	tui->is_ascii = tui->term.is_headless ? options->headless_ascii :
		config_is_on(options->config, CONFIG_ASCII) || !tui->term.is_utf8;
	tui->theme = options->config->theme;
	tui->is_theme_auto = config_theme_is_auto(options->config);
	paint_init(tui);
	tui_end_wait(tui); /* the first frame waits for nothing */
	return tui;
}

void tui_close(struct tui *tui)
{
	if (tui == NULL)
		return;
	tui->is_suspended = true;
	remember_end(tui);
	term_close(tui);
	loop_timer_close(tui->frame_timer);
	loop_timer_close(tui->tick_timer);
	loop_timer_close(tui->esc_timer);
	keymap_finish(&tui->keymap);
	strings_finish(&tui->mistakes);
	strings_finish(&tui->names);
	theme_list_finish(&tui->themes);
	free(tui->theme_chosen);
	strings_finish(&tui->history);
	array_finish(&tui->states);
	for (size_t i = 0; i < tui->errors.count; i++)
		free(tui->errors.items[i].file);
	array_finish(&tui->errors);
	array_finish(&tui->error_lines);
	for (size_t i = 0; i < tui->questions.count; i++)
		question_finish(&tui->questions.items[i]);
	array_finish(&tui->questions);
	container_finish(tui);
	checks_finish(tui);
	wizard_finish(tui);
	free(tui->selected);
	list_finish(&tui->list);
	free(tui->followed);
	export_finish(tui);
	log_finish(&tui->log);
	log_finish(&tui->beside);
	free(tui->beside_choice);
	free(tui->beside_one);
	free(tui);
}

void tui_resize(struct tui *tui)
{
	tui_wake(tui, true);
}

void tui_set_size(struct tui *tui, unsigned columns, unsigned rows)
{
	if (!tui->term.is_headless || columns == 0 || rows == 0)
		return;
	tui->columns = (int)columns;
	tui->rows = (int)rows;
	tui_wake(tui, true);
}

void tui_suspend(struct tui *tui)
{
	tui->is_suspended = true;
	loop_timer_stop(tui->tick_timer);
	term_give(tui);
}

void tui_resume(struct tui *tui)
{
	tui->is_suspended = false;
	tui->decoder = (struct decoder){0};
	tui->chord_count = 0;
	/* stopped from outside and continued: the shell has set its own modes */
	term_give(tui);
	term_take(tui);
	tui_wake(tui, true);
}

void tui_show_fault(struct tui *tui, const struct fault *fault)
{
	tui->fault = *fault;
	if (tui->fault.code == FAULT_NONE)
		tui->fault.code = FAULT_FAILED;
	tui_wake(tui, true);
}

void tui_ask(struct tui *tui, const char *question, void (*answer)(void *data, bool yes), void *data)
{
	*array_add(&tui->questions) = (struct question){.text = mem_copy_string(question), .answer = answer, .data = data,
		.command = -1};
	tui_wake(tui, true);
}

void tui_type(struct tui *tui, const char *bytes, size_t len)
{
	input_take(tui, bytes, len);
}

void tui_notice(struct tui *tui, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(tui->notice, sizeof tui->notice, format, args);
	va_end(args);
	tui_wake(tui, true);
}

const char *tui_selected(const struct tui *tui)
{
	return tui->selected;
}

static void add_cell(struct str *line, const cchar_t *cell)
{
	wchar_t letters[CCHARW_MAX + 1] = {0};
	attr_t attr;
	short pair;
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};
	if (getcchar(cell, letters, &attr, &pair, NULL) == ERR)
		return;
	for (size_t i = 0; i < CCHARW_MAX && letters[i] != 0; i++) {
		size_t len = wcrtomb(bytes, letters[i], &state);
		if (len != (size_t)-1)
			str_add_bytes(line, bytes, len);
	}
}

char *tui_picture(const struct tui *tui)
{
	struct str picture = {0};
	for (int y = 0; y < tui->rows; y++) {
		auto_str line = {0};
		for (int x = 0; x < tui->columns;) {
			cchar_t cell = {0};
			mvwin_wch(stdscr, y, x, &cell);
			add_cell(&line, &cell);
			int width = wcwidth(cell.chars[0]);
			x += width > 1 ? width : 1;
		}
		while (line.len > 0 && line.data[line.len - 1] == ' ')
			str_cut(&line, line.len - 1);
		str_print(&picture, "%s\n", str_text(&line));
	}
	return str_steal(&picture);
}
