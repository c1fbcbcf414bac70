/* One error whole, as rustc shows it: its text with SGR colours (ECMA-48
 * 8.3.117), everything else that escapes dropped. Called by tui.c while an
 * error is open. */
#include "tui.h"

static unsigned next_number(const char **at, const char *end)
{
	unsigned number = 0;
	while (*at < end && **at >= '0' && **at <= '9') {
		if (number < 100000)
			number = number * 10 + (unsigned)(**at - '0');
		(*at)++;
	}
	if (*at < end)
		(*at)++; /* the separator */
	return number;
}

static uint32_t wide_colour(const char **at, const char *end)
{
	unsigned kind = next_number(at, end);
	if (kind == 5)
		return VIEW_COLOUR_INDEX(next_number(at, end) & 0xff);
	if (kind != 2)
		return VIEW_COLOUR_DEFAULT;
	unsigned red = next_number(at, end) & 0xff, green = next_number(at, end) & 0xff, blue = next_number(at, end) & 0xff;
	return VIEW_COLOUR_RGB(red, green, blue);
}

static void take_number(struct view_span *span, unsigned number, const char **at, const char *end)
{
	static const uint8_t styles[] = {0, VIEW_BOLD, VIEW_DIM, VIEW_ITALIC, VIEW_UNDERLINE, 0, 0, VIEW_REVERSE};
	if (number == 0)
		*span = (struct view_span){0};
	else if (number < COUNT_OF(styles))
		span->style |= styles[number];
	else if (number == 22)
		span->style &= (uint8_t) ~(VIEW_BOLD | VIEW_DIM);
	else if (number == 23 || number == 24 || number == 27)
		span->style &= (uint8_t) ~styles[number - 20];
	else if (number >= 30 && number <= 37)
		span->colour = VIEW_COLOUR_INDEX(number - 30);
	else if (number >= 90 && number <= 97)
		span->colour = VIEW_COLOUR_INDEX(number - 90 + 8);
	else if (number == 38)
		span->colour = wide_colour(at, end);
	else if (number == 39)
		span->colour = VIEW_COLOUR_DEFAULT;
	else if (number >= 40 && number <= 47)
		span->background = VIEW_COLOUR_INDEX(number - 40);
	else if (number == 48)
		span->background = wide_colour(at, end);
	else if (number == 49)
		span->background = VIEW_COLOUR_DEFAULT;
}

/* Steps over one escape sequence, taking over what it says of colours. */
static const char *take_escape(const char *at, const char *end, struct view_span *span)
{
	if (++at >= end || *at != '[')
		return at < end ? at + 1 : at;
	const char *from = ++at;
	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x40)
		at++;
	if (at < end && *at == 'm') {
		const char *number = from;
		do
			take_number(span, next_number(&number, at), &number, at);
		while (number < at);
	}
	return at < end ? at + 1 : at;
}

size_t build_draw_rendered(struct tui *tui, const char *text, int y, int x, int w, size_t rows, size_t skip)
{
	const char *at = text, *end = text + strlen(text);
	struct view_span span = {0};
	size_t line = 0;
	int used = 0, last = 0;
	while (at < end) {
		wchar_t letter, joined[CCHARW_MAX] = {0};
		if (*at == '\033') {
			at = take_escape(at, end, &span);
			continue;
		}
		if (*at == '\n') {
			at++;
			line++;
			used = 0;
			continue;
		}
		int width = pen_next(&at, end, &letter);
		if (width <= 0 || line < skip || line >= skip + rows || used > w)
			continue;
		if (used + width > w) {
			pen_mark_cut(tui, y + (int)(line - skip), x, w, used, last);
			used = w + 1;
			continue;
		}
		pen_joined(&at, end, joined);
		pen_put(tui, y + (int)(line - skip), x + used, letter, joined, paint_span(tui, &span));
		used += width;
		last = width;
	}
	return line + (used > 0);
}

void build_draw_error(struct tui *tui, const struct view *view)
{
	const struct view_build *build = &view->build;
	struct rect rect = head_page_rect(tui);
	if (tui->error_at >= build->error_count || rect.h < 2)
		return;
	const struct view_error *error = &build->errors[tui->error_at];
	char where[512] = "";
	auto_str name = {0};
	str_print(&name, error->is_test ? _("Failed test %zu of %zu") : error->level == VIEW_ERROR ? _("Error %zu of %zu") :
		error->level == VIEW_WARNING ? _("Warning %zu of %zu") : _("Note %zu of %zu"), tui->error_at + 1, build->error_count);
	if (error->job != NULL && !error->is_test)
		str_print(&name, ", %s", error->job);
	if (error->file != NULL)
		snprintf(where, sizeof where, "%s:%u:%u", error->file, error->line, error->column);
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, str_text(&name), where, true);
	if (error->rendered == NULL) {
		pen_wrap(tui, rect.y + 2, 2, rect.w - 4, rect.h - 2, error->message, paint_plain, false);
		return;
	}
	size_t rows = (size_t)rect.h - 1;
	size_t lines = build_draw_rendered(tui, error->rendered, 0, 0, 0, 0, 0);
	if (tui->error_scroll + rows > lines)
		tui->error_scroll = lines > rows ? lines - rows : 0;
	build_draw_rendered(tui, error->rendered, rect.y + 1, 1, rect.w - 2, rows, tui->error_scroll);
}
