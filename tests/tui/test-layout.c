/* Layouts: at every size the panes lie on the screen and on nothing else. */
#include "../unit.h"
#include "layout.h"

#include <string.h>

static void mark(unsigned char *cells, const struct layout_wish *wish, int x, int y)
{
	assert_true(x >= 0 && y >= 0 && x < wish->columns && y < wish->rows);
	/* nothing stands on another's cell */
	assert_int_equal(cells[y * wish->columns + x], 0);
	cells[y * wish->columns + x] = 1;
}

static void mark_row(unsigned char *cells, const struct layout_wish *wish, int y)
{
	for (int x = 0; y >= 0 && x < wish->columns; x++)
		mark(cells, wish, x, y);
}

static void check(const struct layout_wish *wish)
{
	static unsigned char cells[500 * 200];
	struct layout layout;
	layout_make(wish, &layout);
	memset(cells, 0, sizeof cells);
	if (layout.mode == LAYOUT_LINE)
		return;
	mark_row(cells, wish, layout.head_row);
	mark_row(cells, wish, layout.tabs_row);
	mark_row(cells, wish, layout.keys_row);
	for (int i = 0; i < layout.fault_rows; i++)
		mark_row(cells, wish, layout.fault_row + i);
	for (int y = layout.line_from; layout.line_column >= 0 && y < layout.line_to; y++)
		mark(cells, wish, layout.line_column, y);
	for (int pane = 0; pane < PANE_COUNT; pane++)
		for (int y = 0; y < layout.pane[pane].h; y++)
			for (int x = 0; x < layout.pane[pane].w; x++)
				mark(cells, wish, layout.pane[pane].x + x, layout.pane[pane].y + y);
	for (int i = 0; i < wish->columns * wish->rows; i++)
		assert_int_equal(cells[i], 1);
	/* the pane in focus is to be seen, with a row for its contents */
	if (wish->is_zoomed || layout.mode == LAYOUT_ONE)
		assert_true(layout.pane[wish->focus].h >= 2);
}

static void test_all_sizes(void **state)
{
	(void)state;
	for (int columns = 1; columns <= 130; columns += columns < 28 ? 9 : 1)
		for (int rows = 1; rows <= 60; rows++)
			for (int variant = 0; variant < 16; variant++) {
				struct layout_wish wish = {.columns = columns, .rows = rows, .services = variant % 3 * 7 + 1,
					.steps = 9, .fault_rows = variant % 4 == 3 ? 5 : variant % 4, .is_start = (variant & 1) != 0,
					.has_build = (variant & 2) != 0, .is_zoomed = (variant & 4) != 0};
				wish.focus = wish.is_start ? PANE_START : variant & 8 ? PANE_LOG : PANE_SERVICES;
				check(&wish);
				wish.arrange = (enum layout_arrange)(variant % 3);
				wish.log_grow = variant * 3 - 20;
				check(&wish);
				wish.has_beside = true;
				check(&wish);
				if (!wish.is_start)
					wish.focus = PANE_BESIDE;
				check(&wish);
				wish.log_grow = 0;
				check(&wish);
			}
	struct layout_wish large = {.columns = 500, .rows = 200, .services = 10000, .has_build = true, .focus = PANE_LOG};
	check(&large);
}

static void test_modes(void **state)
{
	(void)state;
	assert_int_equal(layout_mode(80, 24), LAYOUT_STACK);
	assert_int_equal(layout_mode(110, 15), LAYOUT_WIDE);
	assert_int_equal(layout_mode(109, 15), LAYOUT_STACK);
	assert_int_equal(layout_mode(59, 24), LAYOUT_ONE);
	assert_int_equal(layout_mode(120, 14), LAYOUT_ONE);
	assert_int_equal(layout_mode(29, 24), LAYOUT_LINE);
	assert_int_equal(layout_mode(120, 5), LAYOUT_LINE);
	assert_int_equal(layout_mode(1, 1), LAYOUT_LINE);
}

static void test_next(void **state)
{
	struct layout_wish deck = {.columns = 80, .rows = 24, .has_build = true}, start = deck;
	(void)state;
	start.is_start = true;
	assert_int_equal(layout_next(&deck, PANE_SERVICES, 1), PANE_BUILD);
	assert_int_equal(layout_next(&deck, PANE_SAVES, 1), PANE_SERVICES);
	assert_int_equal(layout_next(&deck, PANE_SERVICES, -1), PANE_SAVES);
	assert_int_equal(layout_next(&start, PANE_START, 1), PANE_LOG);
	assert_int_equal(layout_next(&start, PANE_LOG, 1), PANE_START);
}

/* Where there is room, both logs are seen, in the same width; else the one in use. */
static void test_two_logs(void **state)
{
	struct layout_wish wish = {.columns = 160, .rows = 50, .services = 8, .has_build = true, .has_beside = true, .focus = PANE_SERVICES};
	struct layout layout;
	const struct rect *log = &layout.pane[PANE_LOG], *beside = &layout.pane[PANE_BESIDE];
	(void)state;
	layout_make(&wish, &layout);
	assert_true(log->w == 80 && beside->w == 79 && log->y == beside->y && log->h == beside->h && log->h > 20);
	wish.arrange = ARRANGE_BELOW;
	layout_make(&wish, &layout);
	assert_true(log->w == 80 && beside->w == 79 && log->y == beside->y && layout.pane[PANE_BUILD].w == 160);
	wish.arrange = ARRANGE_BY_SIZE;
	wish.columns = 119;
	layout_make(&wish, &layout);
	assert_true(log->w == beside->w && beside->y == log->y + log->h && beside->h >= 15);
	wish.columns = 80;
	wish.rows = 24;
	layout_make(&wish, &layout);
	assert_true(log->h > 0 && beside->h == 0);
	wish.focus = PANE_BESIDE;
	layout_make(&wish, &layout);
	assert_true(log->h == 0 && beside->h > 0);
	assert_int_equal(layout_next(&wish, PANE_LOG, 1), PANE_BESIDE);
	assert_int_equal(layout_next(&wish, PANE_BESIDE, 1), PANE_SAVES);
	wish.is_start = true; /* it has one log */
	assert_false(layout_has(&wish, PANE_BESIDE));
}

/* What comes and goes with each save must not move what stands around it. */
static void test_stable(void **state)
{
	struct layout_wish wish = {.columns = 80, .rows = 24, .services = 7, .has_build = true, .focus = PANE_SERVICES};
	struct layout before, after;
	(void)state;
	layout_make(&wish, &before);
	wish.focus = PANE_LOG;
	layout_make(&wish, &after);
	for (int pane = 0; pane < PANE_COUNT; pane++)
		assert_memory_equal(&before.pane[pane], &after.pane[pane], sizeof before.pane[pane]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_two_logs),
		cmocka_unit_test(test_stable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
