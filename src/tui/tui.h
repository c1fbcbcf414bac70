/* Inside the room tui: the screen's one struct, and what its files offer one
 * another. Only the files of this room include it. */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1

#include "cargodeck/commands.h"
#include "cargodeck/logs.h"
#include "cargodeck/tui.h"
#include "keys.h"
#include "layout.h"

#include <curses.h>
#include <stdio.h>
#include <termios.h>
#include <wchar.h>

/* ---- the terminal (term.c) ---- */

struct terminal {
	struct loop *loop;
	int in, out; /* the caller's */
	int own_out; /* the same terminal, opened again so as not to block; -1: none */
	int memory; /* what curses writes to, read back after each frame */
	FILE *memory_file, *null_file;
	SCREEN *screen;
	struct termios before;
	bool has_before;
	int saved_stderr; /* -1: not redirected */
	struct loop_fd *reading, *writing;
	struct str pending; /* of the last frame, where the terminal is slow */
	bool is_headless, is_up, has_mouse, is_ended;
	unsigned depth; /* 0, 16, 256, 1 << 24 */
	bool is_utf8; /* letters beyond ASCII may be written */
};

struct tui;
bool term_open(struct tui *tui, const struct tui_options *options, struct fault *fault);
void term_close(struct tui *tui);
void term_take(struct tui *tui); /* raw, alternate screen, mouse; after a suspend, too */
void term_give(struct tui *tui);
void term_flush(struct tui *tui); /* writes the frame that curses made */
bool term_is_slow(const struct tui *tui); /* the last frame is not written yet */
void term_size(const struct tui *tui, int *columns, int *rows);
void term_set_mouse(struct tui *tui, bool is_on);
void term_send(struct tui *tui, const char *bytes, size_t len); /* with the next frame */

/* ---- a text field (field.c) ---- */

enum { FIELD_MOST = 200 };

struct field {
	char text[FIELD_MOST * 4 + 8];
	size_t len, cursor; /* bytes */
};
void field_set(struct field *field, const char *text);
void field_paste(struct field *field, const char *bytes, size_t len);
/* True where the key was one for the field. */
bool field_key(struct field *field, struct key key);

/* ---- the screen ---- */

enum mode { MODE_DECK, MODE_HELP, MODE_PALETTE, MODE_SEARCH, MODE_ERROR, MODE_WHY,
	/* a text is typed */
	MODE_FILTER, MODE_TIME, MODE_EXPORT,
};

struct error_place {
	char *file;
	unsigned line, column;
};

struct question {
	char *text;
	void (*answer)(void *data, bool yes);
	void *data;
	int command; /* asked before this command, in place of `answer`; -1: none */
	char *argument;
};

/* Which lines of a log are shown (filter.c). */
struct log_filter {
	char text[FIELD_MOST * 4 + 8]; /* as typed */
	bool is_regular;
	struct log_pattern *include, *exclude; /* NULL: not asked for */
	enum view_log_level least;
	ARRAY(uint64_t) passed; /* numbers of the lines that pass; the first `gone` are not held any more */
	size_t gone;
	uint64_t dropped; /* how many went from the list before */
	uint64_t at; /* the next line to look at */
	bool last_passed;
};

enum log_time { LOG_TIME_CLOCK, LOG_TIME_STEP, LOG_TIME_OFF, LOG_TIMES };

/* One pane of a log. */
struct log_state {
	char *name; /* whose log the rest is about */
	bool is_paused, is_wrapped, is_raw;
	enum log_time time;
	int column; /* letters left out at the left, where lines are not wrapped */
	uint64_t top; /* paused: the first line shown */
	uint64_t first, end; /* as drawn last: at hand are first … end - 1 */
	uint64_t shown_top, shown_end; /* drawn last */
	int rows;
	struct view_log under, shown; /* of the frame drawn last: whole, and what passes the filter */
	struct str rendered; /* the line asked for last, as it is shown */

	/* search.c */
	char needle[FIELD_MOST * 4 + 8]; /* searched for; empty: nothing */
	bool is_regular, is_wrong;
	struct log_pattern *pattern; /* NULL: nothing is searched for, or it is wrong */
	int step; /* 1, -1: the next hit down or up is wanted; 2: the nearest */
	bool has_hit, is_missing, has_rank;
	uint64_t hit;
	uint64_t look, look_end; /* what is still to be looked through */
	int stretch;
	bool is_looking, is_up;
	uint64_t count, count_at; /* lines that match, of those before count_at */
	uint64_t rank, rank_at; /* the hit is the rank-th, once rank_at has passed it */

	struct log_filter filter;
	ARRAY(uint64_t) marks; /* numbers below the filter, in order */
	bool is_selecting;
	uint64_t select_from, select_at;
};

struct style {
	attr_t attr;
	int pair;
};

struct tui {
	struct loop *loop;
	struct terminal term;
	struct tui_call call;
	void *data;
	const struct command_table *table;
	const struct config *config;
	struct keymap keymap;
	struct decoder decoder;
	bool is_ascii;
	struct style roles[THEME_ROLES];

	/* what the person chose */
	enum mode mode;
	enum pane focus, focus_before; /* before a search was begun */
	bool is_zoomed;
	enum layout_arrange arrange;
	int log_grow;
	size_t why_top;
	bool is_merged; /* the log pane shows the logs of several services */
	char *selected;
	size_t service_at, service_top;
	size_t error_at, error_top, error_scroll;
	size_t save_top, step_top, help_top, palette_at;
	struct field field;
	struct log_state log;
	ARRAY(struct question) questions;
	struct fault fault; /* shown until a key is pressed */
	struct strings mistakes; /* of config and keys; shown until a key is pressed */
	char notice[160]; /* on the bottom line until a key is pressed */

	/* of the frame drawn last */
	int columns, rows;
	struct layout layout;
	struct layout_wish wish;
	struct strings names; /* services, in their order */
	ARRAY(enum view_state) states;
	ARRAY(struct error_place) errors;
	size_t save_count, service_rows, error_rows, save_rows, help_rows, help_lines;
	bool has_build, has_back, can_take_over;
	bool is_row_selected; /* drawing: cells get the selection's look */
	int row_end; /* drawing: the end of the pane */
	bool was_start;
	int cursor_x, cursor_y; /* of a text field; -1: none */

	/* when to draw */
	uint64_t revision;
	bool is_drawn, is_key_dirty, is_dirty, is_suspended, is_gone_told, is_in_call;
	uint64_t last_ns; /* of the last frame */
	double tokens; /* frames that may be drawn at once */
	unsigned frames; /* drawn so far, up to those of the start */
	uint64_t tick_ms; /* what is drawn changes by the clock then; 0: never */
	struct loop_timer *frame_timer, *tick_timer, *esc_timer;
	bool must_follow;
	char *followed; /* told to deck last */
};

/* ---- colours (paint.c) ---- */

void paint_init(struct tui *tui);
struct style paint_role(const struct tui *tui, enum theme_role role);
struct style paint_span(const struct tui *tui, const struct view_span *span);
struct style paint_bold(struct style style);
extern const struct style paint_plain;

/* ---- drawing (pen.c): positions are cells; texts may be hostile ---- */

enum glyph {
	GLYPH_WELL, GLYPH_STARTING, GLYPH_BUILDING, GLYPH_STOPPED, GLYPH_FAILED, GLYPH_STALE, GLYPH_DONE, GLYPH_WAITING,
	GLYPH_POINTER, GLYPH_LINE, GLYPH_HEAVY, GLYPH_UPRIGHT, GLYPH_TEE_DOWN, GLYPH_TEE_UP, GLYPH_TEE_LEFT, GLYPH_DASH,
	GLYPH_FULL, GLYPH_EMPTY, GLYPH_STAGE, GLYPH_MORE, GLYPH_ENTER, GLYPH_BETWEEN, GLYPH_COUNT,
};
const char *pen_glyph(const struct tui *tui, enum glyph glyph);
/* Columns that the text takes, counted up to `most`. */
int pen_width(const char *text, size_t len, int most);
/* Draws in at most `w` cells, cut with …; returns the cells taken. */
int pen_text(struct tui *tui, int y, int x, int w, const char *text, struct style style);
int pen_bytes(struct tui *tui, int y, int x, int w, const char *text, size_t len, struct style style);
/* The same at the right end of the `w` cells; returns the cells taken. */
int pen_right(struct tui *tui, int y, int x, int w, const char *text, struct style style);
void pen_fill(struct tui *tui, int y, int x, int w, const char *glyph, struct style style);
/* Draws words over at most `rows` rows; returns the rows taken. `is_dry`: only counts. */
int pen_wrap(struct tui *tui, int y, int x, int w, int rows, const char *text, struct style style, bool is_dry);
/* How many bytes of `text` go on a line of `w` cells, at a blank if there is
 * one. */
size_t pen_line_bytes(const char *text, size_t len, int w);
/* The title line of a pane. */
void pen_title(struct tui *tui, const struct rect *rect, const char *name, const char *right, bool is_focused);
/* A bar of `w` cells with done of total filled. */
void pen_bar(struct tui *tui, int y, int x, int w, uint64_t done, uint64_t total);
/* A sentence where a pane has nothing else. */
void pen_sentence(struct tui *tui, const struct rect *rect, const char *text, enum theme_role role);
/* Reads one letter that may be drawn: its columns (0: it joins the one before,
 * -1: drop it); *at moves on. Control letters come as blanks. */
int pen_next(const char **at, const char *end, wchar_t *letter);
void pen_put(struct tui *tui, int y, int x, wchar_t letter, const wchar_t *joined, struct style style);
/* "4s", "12m", "2h", "3d"; asks for a frame when that changes. */
const char *pen_age(struct tui *tui, uint64_t ms, char *out, size_t size);
/* "3.1s", and a frame each second. */
const char *pen_running(struct tui *tui, uint64_t ms, char *out, size_t size);

/* ---- panes ---- */

void services_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void services_sync(struct tui *tui, const struct view *view);
void services_move(struct tui *tui, long step);
enum glyph services_glyph(enum view_state state);
enum theme_role services_role(enum view_state state);
const char *services_word(const struct view_service *service);
void build_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void build_sync(struct tui *tui, const struct view *view);
void build_move(struct tui *tui, long step);
void build_draw_error(struct tui *tui, const struct view *view);
/* Draws text with SGR colours from line `skip` on; returns how many lines it has. */
size_t build_draw_rendered(struct tui *tui, const char *text, int y, int x, int w, size_t rows, size_t skip);
void log_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void log_move(struct tui *tui, long step);
void log_toggle_follow(struct tui *tui);
void log_shift(struct log_state *state, int step); /* sideways */
/* A line as it is shown; false: it is no longer held, and says so. */
bool log_line_get(struct log_state *state, const struct view_log *log, uint64_t number, struct view_line *line);
void log_finish(struct log_state *state);

/* search.c */
void search_set(struct log_state *state, const char *text, bool is_regular); /* empty: no more */
void search_step(struct log_state *state, int step);
/* Looks and counts for some milliseconds; true: there is more to be looked through. */
bool search_run(struct log_state *state, const struct view_log *log);
void search_describe(const struct log_state *state, struct str *out);

/* filter.c */
bool log_filter_set(struct log_filter *filter, const char *text, struct fault *fault); /* a wrong pattern changes nothing */
void log_filter_next_level(struct log_filter *filter);
void log_filter_begin_again(struct log_filter *filter); /* another log, or lines are shown otherwise */
bool log_filter_is_on(const struct log_filter *filter);
/* What passes; true: there is more to be looked through. */
bool log_filter_run(struct log_state *state, const struct view_log *log, struct view_log *out);
/* From a number that is shown to the line's own, and back (the next that passes). */
uint64_t log_filter_under(const struct log_state *state, uint64_t number);
uint64_t log_filter_above(const struct log_state *state, uint64_t under);
void log_filter_describe(const struct log_state *state, struct str *out);
void log_filter_finish(struct log_filter *filter);

/* copy.c */
void select_begin(struct log_state *state); /* or ends it */
void select_move(struct log_state *state, long step);
bool select_has(const struct log_state *state, uint64_t number);
void mark_toggle(struct log_state *state);
bool mark_has(const struct log_state *state, uint64_t number);
bool mark_go(struct log_state *state, int step);
bool time_go(struct log_state *state, const char *text, struct fault *fault);
void copy_lines(struct tui *tui);
char *export_name(const struct log_state *state); /* the caller frees */
bool export_lines(struct log_state *state, FILE *file, uint64_t *count); /* the selection, else all */
void export_to(struct tui *tui, const char *path);

/* match.c: plain text in plain text, case folded */
bool match_find(const char *needle, const char *text);
void saves_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void why_draw(struct tui *tui, const struct view *view);
void start_draw(struct tui *tui, const struct view *view, const struct rect *rect);

/* ---- around the panes ---- */

void head_draw(struct tui *tui, const struct view *view);
int head_fault_rows(struct tui *tui, const struct view *view);
void head_draw_faults(struct tui *tui, const struct view *view);
void head_draw_line(struct tui *tui, const struct view *view);
void head_draw_tabs(struct tui *tui, const struct view *view);
void hints_draw(struct tui *tui);
/* The command would do something now. */
bool hints_does_something(const struct tui *tui, const struct command_def *def);
unsigned hints_where(const struct tui *tui);
void hints_key(const struct tui *tui, int id, char *out, size_t size); /* empty: none */
void help_draw(struct tui *tui);
void palette_draw(struct tui *tui);
/* The command chosen in the palette, or NULL. */
const struct command_def *palette_chosen(const struct tui *tui);
void question_draw(struct tui *tui);
void question_answer(struct tui *tui, bool yes);
void question_finish(struct question *question);

/* ---- what keys do ---- */

void act(struct tui *tui, const struct command_def *def);
void act_now(struct tui *tui, int id, const char *argument);
void act_follow(struct tui *tui); /* tells deck of a new selection */
void input_take(struct tui *tui, const char *bytes, size_t len);
void input_expire(void *data);
void input_ended(struct tui *tui);

/* ---- drawing (tui.c) ---- */

void tui_wake(struct tui *tui, bool by_key);
/* One sentence on the bottom line, until a key is pressed. */
void tui_notice(struct tui *tui, const char *format, ...) PRINTF_LIKE(2, 3);
/* Makes the loop's turn end now, so that its hook is called. */
void tui_end_wait(struct tui *tui);

#endif
