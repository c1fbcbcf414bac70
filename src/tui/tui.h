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

/* ---- true colour (truecolour.c) ---- */

/* `{0}` is an empty one. */
struct truecolour {
	uint32_t rgb[240]; /* what the numbers from 16 on stand for */
	unsigned count;
};
void truecolour_reset(struct truecolour *colours);
/* The number, 16 to 255, that stands for 0xrrggbb; once all are taken the
 * nearest one. */
int truecolour_number(struct truecolour *colours, uint32_t rgb);
/* Adds what curses made to `out`, numbers of colours written as red, green, blue. */
void truecolour_write(const struct truecolour *colours, const char *bytes, size_t len, struct str *out);

/* Adds what curses made to `out`, in fewer bytes (shorten.c). */
void shorten(const char *bytes, size_t len, struct str *out);

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
	bool has_ground; /* it is asked for its ground */
	bool has_clipboard; /* takes OSC 52, or drops it in silence */
	unsigned depth; /* 0, 16, 256, 1 << 24 */
	struct truecolour truecolour; /* where the depth is more than curses knows of */
	bool is_utf8; /* letters beyond ASCII may be written */
};

struct tui;
bool term_open(struct tui *tui, const struct tui_options *options, struct fault *fault);
void term_close(struct tui *tui);
void term_take(struct tui *tui); /* raw, alternate screen, mouse; after a suspend, too */
void term_give(struct tui *tui);
void term_flush(struct tui *tui); /* writes the frame that curses made */
bool term_is_slow(const struct tui *tui); /* the last frame is not written yet */
void term_take_size(struct tui *tui); /* all rows scroll, none is left out */
void term_size(const struct tui *tui, int *columns, int *rows);
void term_set_mouse(struct tui *tui, bool is_on);
void term_send(struct tui *tui, const char *bytes, size_t len); /* with the next frame */
void term_find_depth(struct tui *tui); /* how many colours, by the settings */

/* ---- a text field (field.c) ---- */

enum { FIELD_MOST = 200 };

struct field {
	char text[FIELD_MOST * 4 + 8];
	size_t len, cursor; /* bytes */
};
void field_set(struct field *field, const char *text);
/* False: it is longer than the field, and its end is dropped. */
bool field_paste(struct field *field, const char *bytes, size_t len);
/* True where the key was one for the field. */
bool field_key(struct field *field, struct key key);

/* ---- the screen ---- */

enum mode { MODE_DECK, MODE_HELP, MODE_PALETTE, MODE_SEARCH, MODE_ERROR, MODE_WHY,
	/* a text is typed */
	MODE_FILTER, MODE_TIME, MODE_EXPORT, MODE_ROWS,
	MODE_CONTAINER, MODE_CONTAINER_FILTER,
	MODE_JOBS,
	/* columns are chosen */
	MODE_COLUMNS,
	MODE_THEME,
	MODE_RAN,
	MODE_CHECKS, MODE_CHECKS_FILTER, MODE_MENDING,
	MODE_INIT,
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
	struct strings names; /* the services it acts on */
};

/* Which lines of a log are shown (filter.c). */
struct log_filter {
	char text[FIELD_MOST * 4 + 8]; /* as typed */
	char include[FIELD_MOST * 4 + 8], exclude[FIELD_MOST * 4 + 8]; /* what that means */
	char before[FIELD_MOST * 4 + 8]; /* the text that was in use when the field was opened */
	bool is_regular; /* what is typed next */
	bool was_before; /* `before` is a regular expression */
	bool was_regular; /* what is in use */
	enum view_log_level least;
	struct log_index *index; /* of what passes; NULL: everything does */
	bool is_whole; /* every line was looked at */
	char empty[FIELD_MOST * 4 + 400]; /* why nothing is seen */
};

enum log_time { LOG_TIME_CLOCK, LOG_TIME_AGO, LOG_TIME_STEP, LOG_TIME_OFF, LOG_TIMES };

/* One pane of a log. */
struct log_state {
	char *name; /* whose log the rest is about */
	bool is_paused, is_wrapped, is_raw;
	enum log_time time;
	int column; /* letters left out at the left, where lines are not wrapped */
	uint64_t top; /* paused: the first line shown */
	bool has_anchor; /* paused, and the filter changed: this line is to be at the top, once it is known where it is */
	uint64_t anchor;
	uint64_t identity; /* of the store */
	bool has_cursor; /* a mark or a time was gone to: this line is meant while it is in sight */
	uint64_t cursor;
	int widest; /* columns of the longest line in sight, about */
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
	unsigned step_count; /* so many times */
	struct log_index *hits; /* the lines that match, of those that pass the filter */
	bool has_hit, is_missing, is_counted;
	uint64_t hit; /* the line's own number */
	uint64_t count, rank; /* how many match; the hit is the rank-th, 0: none of them */

	struct log_filter filter;
	ARRAY(uint64_t) marks; /* numbers below the filter, in order */
	bool is_selecting;
	uint64_t select_from, select_at;
};

/* A log that is being written into a file (export.c). */
struct log_export {
	struct log_state *state; /* the pane whose log it is */
	char *path, *part; /* as it is to be called, and is while it is written */
	FILE *file; /* NULL: none is written */
	bool is_paged, is_ready, is_coloured, replaces, has_times;
	struct log_index *index; /* NULL: every line */
	uint64_t identity; /* of the store */
	uint64_t from, to, at; /* numbers of lines */
	uint64_t written;
	struct str line;
};

/* The container view (container.c). */
struct container_state {
	int tab; /* enum view_tab */
	char *told; /* the service that deck was told to look into, or NULL */
	size_t at[VIEW_TABS], top[VIEW_TABS]; /* among the rows that can be seen */
	uint64_t selected[VIEW_TABS]; /* the id of the row at `at`; 0: none */
	ARRAY(uint64_t) turned; /* ids that are not as they are at first: folded or not */
	struct field filter;
	/* which rows of the page can be seen, and of which page that is */
	ARRAY(uint32_t) seen;
	bool is_known;
	uint64_t known_version;
	int known_tab;
	/* of the frame drawn last */
	size_t rows, row_below, row_above;
	bool row_is_folded;
	int row_y, tab_y, tab_end[VIEW_TABS]; /* where rows and tabs stand; 0: the tab is not seen */
};

/* The pane of checks (checks.c, evidence.c), and what would mend a practice
 * (mending.c). */
struct check_row {
	size_t topic;
	size_t practice; /* CHECK_HEADING: the row is the topic's */
};
#define CHECK_HEADING SIZE_MAX

struct checks_state {
	bool is_all; /* also what is kept and what does not apply */
	bool is_live, told_live, told_open; /* wanted; what deck was told last */
	bool is_unheard; /* a mend was being written when it was left */
	bool must_drop; /* deck is to be told that a mend is not looked at any more */
	uint32_t folded; /* a bit for each topic */
	struct field filter;
	ARRAY(struct check_row) rows;
	size_t at, top; /* among the rows */
	bool is_moved; /* `at` counts, not what was selected */
	bool is_drawn; /* since it was opened */
	bool has_selected; /* something is, from the first frame with rows on */
	char *selected; /* the id of its practice; NULL: the heading of `selected_topic` */
	size_t selected_topic;
	bool is_in_detail;
	size_t detail_at; /* the evidence; beyond the last one: so many lines are scrolled */
	int wish; /* a command that is done once what it is about was drawn; 0: none */
	/* of the frame drawn last */
	ARRAY(bool) is_bad; /* by row: broken, and not let through */
	struct error_place place; /* what Enter opens; `file` is owned, NULL: nothing */
	size_t place_at; /* the evidence that it is of */
	bool has_live_evidence, is_fixable, is_silent; /* of the selected practice; the engine does not answer */
	struct rect list, detail; /* where they stand; w = 0: not in sight */
	ARRAY(size_t) lines; /* the evidence of each row of the detail; SIZE_MAX: of none */
	char *left; /* the practice that a written mend has left broken; NULL: none */
	size_t mending_top, mending_rows;
	enum view_mending_state mending;
};

/* The page of container files (wizard.c, wizard-preview.c, wizard-act.c). */
enum wizard_kind { WIZARD_FOUND, WIZARD_HEADING, WIZARD_PART, WIZARD_FILE };

struct wizard_row {
	enum wizard_kind kind;
	size_t index; /* of the part or file; of the heading: which one */
};

struct wizard_state {
	bool told_open, was_offered;
	size_t at, top; /* among the rows */
	bool is_moved; /* `at` counts, not what was selected */
	bool is_in_preview, is_whole; /* keys move in it; it has the whole screen */
	size_t preview_top;
	/* of the frame drawn last */
	ARRAY(struct wizard_row) rows;
	enum wizard_kind kind; /* of the selected row */
	char *selected; /* its part's or file's name; NULL: what was found */
	bool can_turn;
	enum view_init_state state;
	bool is_busy;
	size_t wanted;
	struct rect list, preview; /* w = 0: not in sight */
};

/* Columns of the pane of services, as they stand in it. */
enum service_column {
	COLUMN_NONE, /* as an order: as the compose file has them */
	COLUMN_NAME, COLUMN_STATE, COLUMN_GENERATION, COLUMN_CPU, COLUMN_MEMORY, COLUMN_SPARK, COLUMN_LIMIT,
	COLUMN_RECEIVED, COLUMN_SENT, COLUMN_READ, COLUMN_WRITTEN, COLUMN_RESTARTS, COLUMN_PORTS, COLUMN_UP, COLUMN_IMAGE, COLUMN_COUNT,
};

enum column_choice { COLUMN_AUTO, /* where there is room */ COLUMN_ON, COLUMN_OFF };

/* Where the columns stand, from the left of the pane on; a width of 0: left out. */
struct column_places {
	int width[COLUMN_COUNT], x[COLUMN_COUNT];
	int cause; /* where the cause begins: behind the generation */
};

#define LIST_HEADING SIZE_MAX

/* What the pane of services lists (list.c). */
struct service_list {
	enum service_column order;
	bool is_reversed, is_hiding;
	char needle[FIELD_MOST * 4 + 8]; /* only what has it is listed; empty: all */
	unsigned char choice[COLUMN_COUNT]; /* enum column_choice */
	struct map *marked; /* by name; NULL: none */
	ARRAY(size_t) shown; /* of the frame drawn last: places in view.services (behind them: in view.others), `names`, `projects` */
	ARRAY(size_t) lines; /* places in `shown`; LIST_HEADING: the next line's project */
	struct strings projects; /* empty: none, or ours */
	bool has_others, are_others_told; /* the person wants them; what was said of it last */
	struct strings in_sight; /* rows of others; as told last */
	size_t hidden;
	struct column_places places;
	size_t chosen; /* in the list of columns */
	bool has_traffic, is_traffic_told; /* such columns are in sight; what was said of it last */
};

struct click {
	uint64_t at_ns; /* 0: none that a second one could follow */
	enum pane pane;
	int y;
};
/* What the terminal's ground was found to be. */
enum ground { GROUND_UNKNOWN, GROUND_DARK, GROUND_LIGHT };

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
	bool is_read_only;
	struct style roles[THEME_ROLES];
	struct theme theme;

	/* what the person chose */
	enum mode mode;
	enum pane focus, focus_before; /* before a search was begun */
	bool is_zoomed;
	enum layout_arrange arrange;
	int log_grow;
	size_t why_top, ran_top;
	bool is_merged; /* the log pane shows the logs of several services */
	char *selected;
	size_t service_at, service_top; /* a place in list.shown; in list.lines */
	struct service_list list;
	char *theme_chosen; /* on the screen, or NULL: as the settings say */
	struct click click; /* the last one */
	size_t error_at, error_top, error_scroll;
	size_t save_top, step_top, help_top, palette_at;
	struct field field;
	struct log_state log, beside; /* of the two panes of logs */
	char *beside_choice; /* what the second one shows (beside.c); NULL or empty: it is closed */
	char *beside_one; /* the one service that it showed before it showed several */
	struct log_export export;
	struct container_state container;
	struct checks_state checks;
	struct wizard_state wizard;
	enum mode mode_under; /* where what covers it leads back to: the deck, or a page (mode_cover) */
	bool is_explained; /* deck was told what MODE_WHY is about */
	ARRAY(struct question) questions;
	struct fault fault; /* shown until a key is pressed */
	struct strings mistakes; /* of config and keys; shown until a key is pressed */
	uint64_t pasted_ns; /* when the last piece of an unmarked paste came; 0: what came last was typed */
	char notice[400]; /* on the bottom line until a key is pressed */

	/* the choice of a theme (choose.c), keys begun (chord.c), what the palette ran */
	struct theme_list themes;
	struct theme theme_before;
	size_t theme_at, theme_top;
	bool is_theme_auto;
	enum ground ground;
	struct key chord[KEY_CHORD_MOST];
	size_t chord_count;
	struct strings history; /* names, the newest last */
	bool is_history; /* the palette shows it */

	/* of the frame drawn last */
	int columns, rows;
	struct layout layout;
	struct layout_wish wish;
	struct strings names; /* services, in their order */
	ARRAY(enum view_state) states;
	ARRAY(struct error_place) errors;
	size_t save_count, service_rows, error_rows, save_rows, help_rows, help_lines;
	ARRAY(long) error_lines; /* the error on each row of the build's list, negative: a heading */
	size_t job_at, job_top, job_chosen; /* in the chooser of jobs; `job_chosen`: SIZE_MAX where the job is none of them */
	bool has_job, has_build, has_back, has_failed, can_take_over;
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
	bool is_moved; /* the person has chosen a service by key or mouse */

	/* remember.c */
	struct remember *remember; /* NULL: nothing is kept */
	bool is_unkept_told; /* that it cannot be written */
	struct loop_timer *remember_timer;
	enum pane focus_after_start;
	char *followed; /* told to deck last */
};

/* ---- colours (paint.c) ---- */

void paint_init(struct tui *tui);
/* Draws with this theme from now on, the whole screen. */
void paint_take(struct tui *tui, const struct theme *theme);
struct style paint_role(const struct tui *tui, enum theme_role role);
struct style paint_span(struct tui *tui, const struct view_span *span);
struct style paint_bold(struct style style);
extern const struct style paint_plain;

/* ---- plots (plot.c) ---- */

/* In the order of the choices of the setting `plots`. */
enum plot_letters { PLOT_AUTO, PLOT_BLOCKS, PLOT_BRAILLE, PLOT_ASCII };
/* The last of `count` values (0-255, the newest last) at the right end of `w`
 * cells, as the setting says. */
void plot_draw(struct tui *tui, int y, int x, int w, const unsigned char *values, unsigned count, struct style style);

/* ---- drawing (pen.c): positions are cells; texts may be hostile ---- */

enum glyph {
	GLYPH_WELL, GLYPH_STARTING, GLYPH_BUILDING, GLYPH_STOPPED, GLYPH_FAILED, GLYPH_STALE, GLYPH_DONE, GLYPH_WAITING,
	GLYPH_POINTER, GLYPH_LINE, GLYPH_HEAVY, GLYPH_UPRIGHT, GLYPH_TEE_DOWN, GLYPH_TEE_UP, GLYPH_TEE_LEFT, GLYPH_TEE_RIGHT, GLYPH_CROSS, GLYPH_DASH,
	GLYPH_FULL, GLYPH_EMPTY, GLYPH_STAGE, GLYPH_MORE, GLYPH_ENTER, GLYPH_BETWEEN, GLYPH_COUNT,
};
const char *pen_glyph(const struct tui *tui, enum glyph glyph);
/* In the person's language. What is said otherwise elsewhere has what it is before
 * it: "column|up" is up, and has a translation of its own. */
const char *pen_word(const char *text);
/* Columns that the text takes, counted up to `most`. */
int pen_width(const char *text, size_t len, int most);
/* Draws in at most `w` cells, cut with …; returns the cells taken. */
int pen_text(struct tui *tui, int y, int x, int w, const char *text, struct style style);
int pen_bytes(struct tui *tui, int y, int x, int w, const char *text, size_t len, struct style style);
/* The same at the right end of the `w` cells; returns the cells taken. */
int pen_right(struct tui *tui, int y, int x, int w, const char *text, struct style style);
void pen_fill(struct tui *tui, int y, int x, int w, const char *glyph, struct style style);
/* What is scrolled is drawn twice: first from PEN_NOWHERE on, behind all rows, which
 * only counts them. Holds the first row in sight to them; true: it goes on below
 * the `h` rows, and pen_more() marks that. */
enum { PEN_NOWHERE = 1 << 24 };
bool pen_hold_top(size_t *top, int rows, int h);
void pen_more(struct tui *tui, const struct rect *rect);
/* The line between two that stand beside one another, the left one from the edge. */
void pen_divide(struct tui *tui, const struct rect *left, const struct rect *right);
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
/* Takes the letters at *at that join the one before into `joined`, which is
 * zeroed before; *at moves on. */
void pen_joined(const char **at, const char *end, wchar_t joined[CCHARW_MAX]);
/* The mark of a cut at the end of `w` cells; the letter drawn last took `last`
 * cells and ended at `used`: a wide one is not left half. */
void pen_mark_cut(struct tui *tui, int y, int x, int w, int used, int last);
void pen_put(struct tui *tui, int y, int x, wchar_t letter, const wchar_t *joined, struct style style);
/* Letters side by side in one style: curses takes a row of cells in a third of
 * the time that they take alone. Begins with `count` 0; what was put stands on
 * the screen after the end. `width`: columns of the letter. */
enum { PEN_RUN_MOST = 64 };
struct pen_run {
	int y, x, next, count;
	struct style style;
	cchar_t like, cells[PEN_RUN_MOST];
};
void pen_run_put(const struct tui *tui, struct pen_run *run, int y, int x, int width, wchar_t letter, const wchar_t *joined, struct style style);
void pen_run_end(struct pen_run *run);
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
const char *services_name(const struct view_service *service); /* never NULL */

/* list.c */
void list_make(struct tui *tui, const struct view *view);
const struct view_service *list_service(const struct view *view, size_t place);
size_t list_total(const struct view *view);
size_t list_line(const struct tui *tui, size_t at); /* where the row stands */
void list_tell(struct tui *tui); /* what is wanted of deck, where that is another thing now */
/* "a, b of project c and d", for questions. The caller frees. */
char *list_phrase(const struct tui *tui, const struct strings *names, bool *has_others);
const char *list_key(const struct tui *tui, size_t at); /* the name of a listed service, or NULL */
size_t list_find(const struct tui *tui, const char *key); /* SIZE_MAX: it is not listed */
bool list_can_sort_by(enum service_column column);
void list_sort_next(struct service_list *list);
void list_sort_by(struct service_list *list, enum service_column column); /* the same again: reversed */
void list_filter(struct service_list *list, const char *text); /* empty: no more */
void list_mark(struct tui *tui); /* the selected one, or takes its mark away */
void list_mark_all(struct tui *tui); /* or none, where any is */
bool list_is_marked(const struct tui *tui, const char *key);
size_t list_marked(const struct tui *tui); /* how many */
void list_drop_gone(struct tui *tui);
/* What a command acts on: those marked where it can be several, else the selected one. */
void list_targets(const struct tui *tui, bool is_many, struct strings *names);
bool list_leave(struct tui *tui); /* ends the filter, then the marks; false: there was neither */
bool list_can_leave(const struct tui *tui);
void list_describe(const struct tui *tui, struct str *out);
void list_why_empty(const struct tui *tui, struct str *out);
void list_finish(struct service_list *list);

/* choose.c */
void choose_draw(struct tui *tui);
void choose_move(struct tui *tui, long step);
void choose_toggle(struct tui *tui);

/* columns.c */
enum { ROW_MARKS = 3 }; /* cells before the name: pointer, state, mark */
const char *column_name(enum service_column column);
void columns_place(const struct tui *tui, const struct view *view, int w, struct column_places *places);
enum service_column columns_at(const struct column_places *places, int x); /* COLUMN_NONE: none stands there */
bool columns_have_traffic(const struct column_places *places);
void columns_draw_titles(struct tui *tui, const struct column_places *places, int y, int x);
void columns_draw(struct tui *tui, const struct column_places *places, const struct view_service *service, int y, int x,
	enum service_column from, enum service_column to);
void build_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void build_sync(struct tui *tui, const struct view *view);
void build_move(struct tui *tui, long step);
void build_draw_error(struct tui *tui, const struct view *view);
/* Some programs did not compile, in the last build or before, and what came of it
 * serves already: the services of those are behind, the others ahead. */
struct build_split {
	size_t behind, ahead;
	unsigned oldest; /* generation that one of those behind serves */
	char from[32]; /* "g1", "g1-g2": those that they serve */
	const char *name; /* of the last of them; borrowed */
};
bool build_split(const struct view *view, struct build_split *split); /* false: it failed for none, or for all */
void build_tell_behind(const struct build_split *split, struct str *out); /* "api", "3 services" */
void build_tell_split(const struct view *view, const struct build_split *split, struct str *out); /* "api serves g1, 2 others g3" */
/* Draws text with SGR colours from line `skip` on; returns how many lines it has. */
size_t build_draw_rendered(struct tui *tui, const char *text, int y, int x, int w, size_t rows, size_t skip);
/* The list of errors; returns the rows taken. */
int errors_draw(struct tui *tui, const struct view_build *build, const struct rect *rect);
void errors_click(struct tui *tui, size_t row);
void jobs_sync(struct tui *tui, const struct view *view);
void jobs_show(struct tui *tui); /* opens the chooser */
void jobs_key(struct tui *tui, struct key key);
void jobs_draw(struct tui *tui);
/* Adds "test x 2 failed" to the title of the build. */
void jobs_add_state(struct tui *tui, const struct view_job *job, struct str *out);
void log_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void log_draw_beside(struct tui *tui, const struct view *view, const struct rect *rect);
void log_move(struct log_state *state, long step);
void log_toggle_follow(struct log_state *state);
void log_shift(struct log_state *state, int step); /* sideways */
/* A line as it is shown; false: it is no longer held, and says so. */
bool log_line_get(struct log_state *state, const struct view_log *log, uint64_t number, struct view_line *line);
void log_finish(struct log_state *state);
uint64_t log_budget(const struct tui *tui); /* ns that a frame may spend on looking through lines; 0: no bound */

/* beside.c: the second pane of logs */
bool beside_is_open(const struct tui *tui);
void beside_turn(struct tui *tui); /* shows what is selected or marked there; the same again closes it */
void beside_merge(struct tui *tui); /* all services' logs there, or those marked; again: the one's before */
void beside_tell(struct tui *tui); /* tells deck what it shows */
/* The log that keys are about: that of the pane in use, else the first. */
enum pane log_pane(const struct tui *tui);
bool log_has_focus(const struct tui *tui);
struct log_state *log_in_use(struct tui *tui);
const struct log_state *log_looked_at(const struct tui *tui);

/* search.c */
void search_set(struct log_state *state, const char *text, bool is_regular); /* empty: no more */
void search_step(struct log_state *state, int step);
/* Looks and counts for some milliseconds; true: there is more to be looked through. */
bool search_run(struct tui *tui, struct log_state *state, const struct view_log *log);
void search_describe(const struct log_state *state, struct str *out);

/* filter.c */
bool log_filter_set(struct log_state *state, const char *text, struct fault *fault); /* a wrong pattern changes nothing */
void log_filter_next_level(struct log_state *state);
void log_filter_end(struct log_state *state);
void log_filter_wish(const struct log_filter *filter, struct log_wish *wish);
bool log_filter_is_on(const struct log_filter *filter);
/* What passes; true: there is more to be looked through. */
bool log_filter_run(struct tui *tui, struct log_state *state, const struct view_log *log, struct view_log *out);
bool log_filter_has_marks_only(const struct log_state *state); /* no line of the program passes */
const char *log_filter_say_nothing(const struct tui *tui, struct log_state *state);
/* From a number that is shown to the line's own, and back (the next that passes). */
uint64_t log_filter_under(const struct log_state *state, uint64_t number);
uint64_t log_filter_above(const struct log_state *state, uint64_t under);
void log_filter_describe(const struct log_state *state, struct str *out);
void log_filter_finish(struct log_filter *filter);

/* copy.c */
void select_begin(struct log_state *state); /* or ends it */
void select_move(struct log_state *state, long step);
uint64_t select_here(const struct log_state *state);
bool select_has(const struct log_state *state, uint64_t number);
void mark_toggle(struct log_state *state);
bool mark_has(const struct log_state *state, uint64_t number);
bool mark_go(struct log_state *state, int step);
bool time_go(struct tui *tui, struct log_state *state, const char *text, struct fault *fault);
void copy_lines(struct tui *tui, struct log_state *state);
bool select_range(const struct log_state *state, uint64_t *from, uint64_t *to); /* both included; false: none is selected */

/* export.c: the selection, else what passes the filter */
char *export_name(const struct log_state *state); /* the caller frees */
void export_to(struct tui *tui, struct log_state *state, const char *name); /* asks before it replaces a file */
void export_to_pager(struct tui *tui, struct log_state *state);
void export_run(struct tui *tui, const struct view *view);
void export_page(struct tui *tui); /* after the frame: gives the terminal to the pager, where the file is ready */
void export_describe(const struct tui *tui, struct str *out);
void export_finish(struct tui *tui);

/* match.c: plain text in plain text, case folded */
bool match_find(const char *needle, const char *text);
bool match_smart(const char *needle, const char *text); /* a capital in the needle: letters as they are */
/* The same, and between which bytes. */
bool match_place(const char *needle, const char *text, size_t *from, size_t *to);
void saves_draw(struct tui *tui, const struct view *view, const struct rect *rect);
void why_draw(struct tui *tui, const struct view *view);
/* One container over the whole screen (container.c). */
enum container_fold { FOLD_TURN, FOLD_OPEN, FOLD_CLOSE };
bool container_is_open(const struct tui *tui); /* if only below the help or the palette */
void container_draw(struct tui *tui, const struct view *view);
void container_open(struct tui *tui); /* or closes it */
void container_tell(struct tui *tui); /* tells deck which service is looked into now */
void container_move(struct tui *tui, long step);
void container_turn_tab(struct tui *tui, int step);
void container_fold(struct tui *tui, enum container_fold how);
bool container_leave(struct tui *tui); /* false: it is not open */
void container_key(struct tui *tui, struct key key); /* while a filter is typed */
void container_click(struct tui *tui, int x, int y);
bool container_paste(struct tui *tui, const char *bytes, size_t len); /* as field_paste() */
void container_finish(struct tui *tui);
void ran_draw(struct tui *tui, const struct view *view);
/* Which practices are kept, over the whole screen (checks.c). */
bool checks_is_open(const struct tui *tui); /* if only below the help or the palette */
void checks_sync(struct tui *tui, const struct view *view);
void checks_draw(struct tui *tui, const struct view *view);
void checks_tell(struct tui *tui); /* tells deck what is wanted of it now */
void checks_move(struct tui *tui, long step);
size_t checks_page(const struct tui *tui);
void checks_enter(struct tui *tui);
bool checks_leave(struct tui *tui); /* false: it is not open */
bool checks_act(struct tui *tui, int id); /* false: it is no command of the pane */
bool checks_takes(const struct command_def *def); /* does something, or leads elsewhere, from here */
void checks_key(struct tui *tui, struct key key); /* while a filter is typed */
void checks_click(struct tui *tui, int x, int y, bool is_double);
void checks_wheel(struct tui *tui, int x, int y, long step);
bool checks_paste(struct tui *tui, const char *bytes, size_t len); /* as field_paste() */
void checks_finish(struct tui *tui);

/* practices.c */
const char *practice_word(const struct view_practice *practice); /* "broken" */
const char *practice_sign(const struct tui *tui, const struct view_practice *practice);
enum theme_role practice_role(const struct view_practice *practice);
const char *practice_severity(enum view_severity severity);
bool practice_is_broken(const struct view_practice *practice); /* and not let through */
/* "2 broken, 7 kept": of a topic, or CHECK_HEADING: of all. */
void practices_describe(const struct view_checks *checks, size_t topic, struct str *out);
/* The same in at most `*w` columns, by signs where words are too long; *w becomes
 * the columns that it takes. True: some are broken. */
bool practices_describe_in(const struct tui *tui, const struct view_checks *checks, size_t topic, int *w, struct str *out);
bool practices_are_folded(const struct checks_state *state, size_t topic);
size_t practices_list(struct checks_state *state, const struct view_checks *checks); /* how many there are, those of folded topics too */
const struct view_practice *practices_at(const struct checks_state *state, const struct view_checks *checks); /* NULL: a heading is selected */
void practices_hold(struct checks_state *state, const struct view_checks *checks); /* the selection, on its practice */
/* What was seen of one practice, why, and what mends it (evidence.c). `practice`
 * NULL: what its topic has. */
void evidence_draw(struct tui *tui, const struct view_practice *practice, const char *topic, const char *counts, const struct rect *rect);
void evidence_sync(struct tui *tui, const struct view_practice *practice); /* what Enter opens */
/* What would mend a practice (mending.c). */
void mending_begin(struct tui *tui);
void mending_draw(struct tui *tui, const struct view *view);
void mending_key(struct tui *tui, struct key key);
void mending_scroll(struct tui *tui, long step);
/* Rows of text at row `row` of what is scrolled, of which `top` rows are above the
 * rect; return how many they are (diff.c). */
int diff_draw(struct tui *tui, const char *diff, const struct rect *rect, int row, int top);
int diff_draw_text(struct tui *tui, const char *text, const struct rect *rect, int row, int top, struct style style);
/* The container files that are to be written, over the whole screen (wizard.c). */
bool wizard_is_open(const struct tui *tui); /* if only below the help or the palette */
void wizard_sync(struct tui *tui, const struct view *view);
void wizard_draw(struct tui *tui, const struct view *view);
void wizard_tell(struct tui *tui); /* tells deck what is wanted of it now */
void wizard_move(struct tui *tui, long step);
size_t wizard_page(const struct tui *tui);
void wizard_enter(struct tui *tui);
bool wizard_leave(struct tui *tui); /* false: it is not open */
bool wizard_act(struct tui *tui, int id); /* false: it is no command of the page */
bool wizard_takes(const struct command_def *def); /* does something, or leads elsewhere, from here */
bool wizard_may_write(struct tui *tui); /* false: and a notice says why not */
void wizard_click(struct tui *tui, int x, int y, bool is_double);
void wizard_wheel(struct tui *tui, int x, int y, long step);
void wizard_finish(struct tui *tui);
/* wizard-preview.c: what was found, the part, or the file of the selected row. */
void wizard_preview(struct tui *tui, const struct view_init *init, const struct rect *rect);
const char *wizard_word(const struct view_file *file);
enum theme_role wizard_role(const struct view_file *file);
void start_draw(struct tui *tui, const struct view *view, const struct rect *rect);

/* ---- around the panes ---- */

void head_draw(struct tui *tui, const struct view *view);
int head_fault_rows(struct tui *tui, const struct view *view);
/* What a page has that covers the panes: all but the head, the fault, the keys. */
struct rect head_page_rect(const struct tui *tui);
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
/* It was run from the palette: the history has it. */
void palette_remember(struct tui *tui, const struct command_def *def);
/* ---- the choice of a theme (choose.c) ---- */
void themes_open(struct tui *tui);
void themes_draw(struct tui *tui);
void themes_key(struct tui *tui, struct key key);
void themes_take(struct tui *tui); /* the one that was chosen before, if it is still there */
/* The terminal said what its ground is: the theme "auto" follows. */
void themes_ground(struct tui *tui, bool is_light);

/* ---- keys one after the other (chord.c) ---- */
/* The command whose keys are complete now, or NULL: the key begins a chord, or
 * means nothing. What means nothing in `where` may mean something in `otherwise`
 * (0: nowhere else). */
const struct command_def *chord_take(struct tui *tui, struct key key, unsigned where, unsigned otherwise);
/* Forgets the keys begun; true where there were some. */
bool chord_cancel(struct tui *tui);
/* The bottom line: the keys begun and what may follow. */
void chord_draw(struct tui *tui, int y);

/* ---- letters that match (fuzzy.c) ---- */
enum { FUZZY_MOST = 64 };
/* How well the typed letters stand in `text` in this order; -1: they do not.
 * `at`: where they stand, for the first FUZZY_MOST, or NULL. */
int fuzzy_score(const char *typed, const char *text, unsigned char at[FUZZY_MOST]);

void question_draw(struct tui *tui);
void question_answer(struct tui *tui, bool yes);
void question_finish(struct question *question);

/* ---- what is kept (remember.c) ---- */

void remember_note(struct tui *tui); /* after keys */
void remember_end(struct tui *tui);

/* ---- what keys do ---- */

void act(struct tui *tui, const struct command_def *def);
/* The command would change something, and nothing may be changed. */
bool act_is_refused(const struct tui *tui, const struct command_def *def);
void act_now(struct tui *tui, int id, const struct strings *names);
size_t act_step(size_t at, long step); /* `step` further, and not before the first */
void act_follow(struct tui *tui); /* after a frame: tells deck of a new selection */
void act_explain_no_more(struct tui *tui); /* tells deck, once nobody looks at it */
/* The mode, without what covers it. */
enum mode mode_beneath(const struct tui *tui);
/* Shows what covers the deck or a page, and leads back there: `mode_under`. */
void mode_cover(struct tui *tui, enum mode mode);
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
