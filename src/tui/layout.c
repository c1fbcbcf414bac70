/* The arithmetic of the layouts: sizes in, rectangles out. Heights depend on
 * the size and on how many services there are, never on what comes and goes,
 * so that nothing jumps. Called for each frame and by its test. */
#include "layout.h"

enum { WIDE_COLUMNS = 110, STACK_COLUMNS = 60, STACK_ROWS = 15, LEAST_COLUMNS = 30, LEAST_ROWS = 6,
	GROW_COLUMNS = 4, /* a step of the log beside the panes; below them it is a row */
	TWO_LOGS_ROWS = 8, /* of two logs, one below the other */
};

static int clamp(int value, int least, int most)
{
	return value > most ? most : value < least ? least : value;
}

enum layout_mode layout_mode(int columns, int rows)
{
	if (columns < LEAST_COLUMNS || rows < LEAST_ROWS)
		return LAYOUT_LINE;
	if (columns < STACK_COLUMNS || rows < STACK_ROWS)
		return LAYOUT_ONE;
	return columns >= WIDE_COLUMNS ? LAYOUT_WIDE : LAYOUT_STACK;
}

bool layout_has(const struct layout_wish *wish, enum pane pane)
{
	switch (pane) {
	case PANE_START:
		return wish->is_start;
	case PANE_LOG:
		return true;
	case PANE_BESIDE:
		return wish->has_beside && !wish->is_start;
	case PANE_SERVICES:
	case PANE_BUILD:
	case PANE_SAVES:
		return !wish->is_start;
	case PANE_COUNT:
		break;
	}
	return false;
}

enum pane layout_next(const struct layout_wish *wish, enum pane pane, int step)
{
	int at = (int)pane;
	for (int i = 0; i < PANE_COUNT; i++) {
		at = (at + step + PANE_COUNT) % PANE_COUNT;
		if (layout_has(wish, (enum pane)at))
			return (enum pane)at;
	}
	return pane;
}

static int build_height(const struct layout_wish *wish, int height)
{
	if (!wish->has_build)
		return 2;
	return height >= 27 ? 6 : height >= 18 ? 4 : 3;
}

/* Where there is no room for both logs, the one in use has it all. */
static void split_log(const struct layout_wish *wish, struct layout *layout)
{
	struct rect *log = &layout->pane[PANE_LOG], *beside = &layout->pane[PANE_BESIDE];
	if (!layout_has(wish, PANE_BESIDE))
		return;
	if (log->w >= LAYOUT_TWO_LOGS_COLUMNS) {
		int left = log->w / 2;
		*beside = (struct rect){log->x + left + 1, log->y, log->w - left - 1, log->h};
		log->w = left;
		layout->line_column = log->x + left;
		layout->line_from = log->y;
		layout->line_to = log->y + log->h;
	} else if (log->h >= TWO_LOGS_ROWS) {
		int lower = log->h / 2;
		log->h -= lower;
		*beside = (struct rect){log->x, log->y + log->h, log->w, lower};
	} else if (wish->focus == PANE_BESIDE) {
		*beside = *log;
		*log = (struct rect){0};
	}
}

static void stack(const struct layout_wish *wish, struct layout *layout, int top, int height)
{
	int w = wish->columns;
	if (wish->is_start) {
		int h = clamp(wish->steps + 2, 3, height - 3);
		layout->pane[PANE_START] = (struct rect){0, top, w, h};
		layout->pane[PANE_LOG] = (struct rect){0, top + h, w, height - h};
		return;
	}
	int saves = height >= 15 ? 2 : 0;
	int build = build_height(wish, height);
	int most = clamp((height - saves - build) * 13 / 20, 3, height);
	int services = clamp(wish->services + 2, 3, most);
	if (wish->log_grow != 0) /* the list gives rows or takes them */
		services = clamp(services - wish->log_grow, 3, clamp(height - saves - build - 3, 3, height));
	layout->pane[PANE_SERVICES] = (struct rect){0, top, w, services};
	layout->pane[PANE_BUILD] = (struct rect){0, top + services, w, build};
	layout->pane[PANE_LOG] = (struct rect){0, top + services + build, w, height - services - build - saves};
	if (saves > 0)
		layout->pane[PANE_SAVES] = (struct rect){0, top + height - saves, w, saves};
}

static void wide(const struct layout_wish *wish, struct layout *layout, int top, int height)
{
	int saves = wish->is_start ? 0 : height >= 30 ? 5 : height >= 18 ? 3 : 2;
	int left = wish->is_start ? clamp(wish->columns * 60 / 100, 66, 100) : clamp(wish->columns * 48 / 100, 58, 100);
	if (wish->columns < WIDE_COLUMNS)
		left = wish->columns / 2;
	if (wish->log_grow != 0)
		left = clamp(left - wish->log_grow * GROW_COLUMNS, 30, wish->columns - 30);
	int upper = height - saves;
	layout->line_column = left;
	layout->line_from = top;
	layout->line_to = top + upper;
	layout->pane[PANE_LOG] = (struct rect){left + 1, top, wish->columns - left - 1, upper};
	if (wish->is_start) {
		layout->pane[PANE_START] = (struct rect){0, top, left, upper};
		return;
	}
	int services = clamp(wish->services + 2, 3, upper - (wish->has_build ? upper / 3 : 2));
	layout->pane[PANE_SERVICES] = (struct rect){0, top, left, services};
	layout->pane[PANE_BUILD] = (struct rect){0, top + services, left, upper - services};
	layout->pane[PANE_SAVES] = (struct rect){0, top + upper, wish->columns, saves};
}

/* Wide, with two logs: they stand side by side below the list and the build. */
static void quarters(const struct layout_wish *wish, struct layout *layout, int top, int height)
{
	int saves = height >= 30 ? 5 : height >= 18 ? 3 : 2, lower = height - saves;
	int left = wish->columns / 2, right = left + 1, w = wish->columns - right;
	int least = wish->has_build ? clamp(lower / 4, 4, 10) : 4; /* errors are to be seen beside few services, too */
	int rows = clamp(wish->services + 2, least, lower / 2);
	if (wish->log_grow != 0)
		rows = clamp(rows - wish->log_grow, 3, lower - 3);
	layout->line_column = left;
	layout->line_from = top;
	layout->line_to = top + lower;
	layout->pane[PANE_SERVICES] = (struct rect){0, top, left, rows};
	layout->pane[PANE_BUILD] = (struct rect){right, top, w, rows};
	layout->pane[PANE_LOG] = (struct rect){0, top + rows, left, lower - rows};
	layout->pane[PANE_BESIDE] = (struct rect){right, top + rows, w, lower - rows};
	layout->pane[PANE_SAVES] = (struct rect){0, top + lower, wish->columns, saves};
}

void layout_make(const struct layout_wish *wish, struct layout *layout)
{
	*layout = (struct layout){.mode = layout_mode(wish->columns, wish->rows), .line_column = -1};
	if (layout->mode == LAYOUT_WIDE && wish->arrange == ARRANGE_BELOW)
		layout->mode = LAYOUT_STACK;
	else if (layout->mode == LAYOUT_STACK && wish->arrange == ARRANGE_BESIDE && wish->columns >= LAYOUT_BESIDE_COLUMNS)
		layout->mode = LAYOUT_WIDE;
	layout->head_row = layout->tabs_row = layout->fault_row = layout->keys_row = -1;
	if (layout->mode == LAYOUT_LINE)
		return;
	int top = 0, bottom = wish->rows - 1;
	layout->keys_row = bottom;
	if (layout->mode == LAYOUT_ONE)
		layout->tabs_row = top++;
	else
		layout->head_row = top++;
	int most = layout->mode == LAYOUT_ONE ? (wish->rows >= 10 ? 2 : 1) : wish->rows >= 24 ? 5 : 3;
	if (wish->fault_rows > 0) {
		layout->fault_row = top;
		layout->fault_rows = clamp(wish->fault_rows, 1, most);
		top += layout->fault_rows;
	}
	int height = bottom - top;
	if (wish->is_zoomed || layout->mode == LAYOUT_ONE)
		layout->pane[wish->focus] = (struct rect){0, top, wish->columns, height};
	else if (layout->mode == LAYOUT_WIDE && layout_has(wish, PANE_BESIDE) && wish->columns >= LAYOUT_TWO_LOGS_COLUMNS)
		quarters(wish, layout, top, height);
	else if (layout->mode == LAYOUT_WIDE)
		wide(wish, layout, top, height);
	else
		stack(wish, layout, top, height);
	if (layout->pane[PANE_LOG].h > 0 && layout->pane[PANE_BESIDE].h == 0 && !wish->is_zoomed && layout->mode != LAYOUT_ONE)
		split_log(wish, layout);
}

bool layout_is_inside(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->w && y >= rect->y && y < rect->y + rect->h;
}

void layout_list_and_detail(struct rect rect, int share, bool is_in_detail, struct rect *list, struct rect *detail)
{
	*list = *detail = rect;
	if (rect.w >= WIDE_COLUMNS) {
		list->w = rect.w * share / 20;
		detail->x = list->w + 1;
		detail->w = rect.w - detail->x;
	} else if (rect.h >= LAYOUT_DETAIL_ROWS) {
		detail->h = rect.h * 2 / 5;
		list->h = rect.h - detail->h;
		detail->y = rect.y + list->h;
	} else if (is_in_detail) {
		list->w = 0;
	} else {
		detail->w = 0;
	}
}
