/* Where the panes stand on a screen of a given size. Plain numbers; nothing
 * here knows curses. */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>

enum pane { PANE_START, PANE_SERVICES, PANE_BUILD, PANE_LOG, PANE_BESIDE, PANE_SAVES, PANE_COUNT };

struct rect {
	int x, y, w, h; /* w or h 0: not on the screen */
};

enum layout_mode {
	LAYOUT_LINE, /* below 30x6: one line with the worst state */
	LAYOUT_ONE, /* below 60x15: one pane, the others are tabs */
	LAYOUT_STACK, /* one above the other */
	LAYOUT_WIDE, /* from 110 columns: the log at the right */
};

enum layout_arrange { ARRANGE_BY_SIZE, ARRANGE_BELOW, ARRANGE_BESIDE }; /* where the log stands, if there is room */

enum { LAYOUT_GROW_MOST = 20, LAYOUT_BESIDE_COLUMNS = 80, LAYOUT_TWO_LOGS_COLUMNS = 120,
	LAYOUT_DETAIL_ROWS = 14 /* a list and its detail have room one below the other */ };

struct layout_wish {
	int columns, rows;
	int services; /* rows that the list would take */
	int steps; /* of the first start */
	int fault_rows; /* wanted above the panes */
	bool is_start; /* the first start is shown in place of the deck */
	bool has_build; /* there is something to build in this project */
	bool has_beside; /* there is a second log */
	bool is_zoomed;
	enum pane focus;
	/* by the person's hand */
	enum layout_arrange arrange;
	int log_grow; /* the log is that many steps larger (smaller: negative), at most LAYOUT_GROW_MOST */
};

struct layout {
	enum layout_mode mode;
	struct rect pane[PANE_COUNT];
	int head_row, tabs_row, fault_row, fault_rows, keys_row; /* -1: not there */
	int line_column, line_from, line_to; /* the line between the halves; -1: none */
};

enum layout_mode layout_mode(int columns, int rows);
void layout_make(const struct layout_wish *wish, struct layout *layout);
/* The pane that is shown and comes `step` (1 or -1) after this one, over all
 * that there are (those behind tabs and zoom, too). */
enum pane layout_next(const struct layout_wish *wish, enum pane pane, int step);
bool layout_has(const struct layout_wish *wish, enum pane pane);
bool layout_is_inside(const struct rect *rect, int x, int y);
/* A list and the detail of what is selected in it: beside one another, where the
 * list has `share` twentieths of the columns, one below the other, or one of the
 * two; w = 0: not in sight. */
void layout_list_and_detail(struct rect rect, int share, bool is_in_detail, struct rect *list, struct rect *detail);

#endif
