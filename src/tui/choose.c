/* The list in which columns of the pane of services are switched on and off.
 * Holds nothing: the choice is in struct service_list. */
#include "tui.h"

enum { FIRST = COLUMN_GENERATION, COUNT = COLUMN_COUNT - FIRST };

static bool is_in_sight(const struct tui *tui, enum service_column column)
{
	return tui->list.places.width[column] > 0;
}

static const char *describe(const struct tui *tui, enum service_column column)
{
	switch ((enum column_choice)tui->list.choice[column]) {
	case COLUMN_OFF:
		return "";
	case COLUMN_ON:
		return is_in_sight(tui, column) ? "" : _("no room: switch others off, or zoom");
	case COLUMN_AUTO:
		return is_in_sight(tui, column) ? "" : _("where there is room");
	}
	return "";
}

static void toggle(struct tui *tui, enum service_column column)
{
	unsigned char *choice = &tui->list.choice[column];
	bool is_on = *choice == COLUMN_ON || (*choice == COLUMN_AUTO && is_in_sight(tui, column));
	*choice = is_on ? COLUMN_OFF : COLUMN_ON;
}

void choose_move(struct tui *tui, long step)
{
	long at = (long)tui->list.chosen + step;
	tui->list.chosen = (size_t)(at < 0 ? 0 : at >= COUNT ? COUNT - 1 : at);
}

void choose_toggle(struct tui *tui)
{
	toggle(tui, (enum service_column)(FIRST + tui->list.chosen));
}

void choose_draw(struct tui *tui)
{
	int room = tui->rows - 3, rows = room < COUNT ? room : COUNT;
	struct rect rect = {0, tui->rows - 2 - rows, tui->columns, rows + 1};
	size_t top = 0;
	if (rows < 1)
		return;
	if (tui->list.chosen >= (size_t)rows)
		top = tui->list.chosen - (size_t)rows + 1;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, _("Columns of Services"), NULL, true);
	for (int i = 0; i < rows; i++) {
		enum service_column column = (enum service_column)(FIRST + top + (size_t)i);
		int y = rect.y + 1 + i;
		bool is_on = tui->list.choice[column] == COLUMN_ON || is_in_sight(tui, column);
		tui->is_row_selected = top + (size_t)i == tui->list.chosen;
		if (tui->is_row_selected) {
			pen_fill(tui, y, 0, rect.w, " ", paint_plain);
			pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_bold(paint_role(tui, THEME_ACCENT)));
		}
		pen_text(tui, y, 1, 3, is_on ? "[x]" : "[ ]", paint_plain);
		pen_text(tui, y, 5, 16, column_name(column), paint_plain);
		pen_text(tui, y, 22, rect.w - 23, describe(tui, column), paint_role(tui, THEME_MUTED));
		tui->is_row_selected = false;
	}
}
