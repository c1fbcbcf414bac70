/* "Why is it not up?": one service over the whole screen, cause before symptom;
 * and every fault that is open. Drawn from view->why, which deck fills while
 * this is shown. */
#include "tui.h"

/* Rows are counted from the first one of the text; those before `top` and after
 * the last one of the pane are not drawn. */
struct page {
	struct tui *tui;
	const struct rect *rect;
	int row, top;
};

static bool place(const struct page *page, int row, int *y)
{
	*y = page->rect->y + 1 + row - page->top;
	return row >= page->top && *y < page->rect->y + page->rect->h;
}

/* Words over as many rows as they take. */
static void put(struct page *page, int indent, const char *text, struct style style)
{
	int w = page->rect->w - indent - 1, y;
	if (text == NULL || text[0] == '\0' || w < 4)
		return;
	for (const char *at = text, *end = text + strlen(text); at < end; page->row++) {
		size_t line = strcspn(at, "\n");
		size_t bytes = pen_line_bytes(at, line, w);
		if (place(page, page->row, &y))
			pen_bytes(page->tui, y, page->rect->x + indent, w, at, bytes, style);
		at += bytes;
		at += strspn(at, " ");
		at += *at == '\n';
	}
}

static void put_glyph(struct page *page, int x, enum glyph glyph, struct style style)
{
	int y;
	if (place(page, page->row, &y))
		pen_text(page->tui, y, page->rect->x + x, 2, pen_glyph(page->tui, glyph), style);
}

static void put_heading(struct page *page, const char *name)
{
	int y;
	page->row++;
	if (place(page, page->row, &y)) {
		struct style style = paint_role(page->tui, THEME_MUTED);
		pen_fill(page->tui, y, page->rect->x, page->rect->w, pen_glyph(page->tui, GLYPH_LINE), style);
		pen_text(page->tui, y, page->rect->x + 1, 1, " ", style);
		int used = pen_text(page->tui, y, page->rect->x + 2, page->rect->w - 4, name, paint_bold(paint_plain));
		pen_text(page->tui, y, page->rect->x + 2 + used, 1, " ", style);
	}
	page->row++;
}

static void put_waits(struct page *page, const char *heading, const struct view_wait *waits, size_t count)
{
	if (count == 0)
		return;
	put_heading(page, heading);
	for (size_t i = 0; i < count; i++) {
		const struct view_wait *wait = &waits[i];
		struct style role = paint_role(page->tui, services_role(wait->state));
		struct style told = paint_role(page->tui, wait->holds ? THEME_OK : THEME_WARN);
		int y, x = page->rect->x, w = page->rect->w;
		if (place(page, page->row++, &y)) {
			pen_text(page->tui, y, x + 2, 1, pen_glyph(page->tui, services_glyph(wait->state)), role);
			pen_text(page->tui, y, x + 4, 16, wait->name, paint_plain);
			pen_text(page->tui, y, x + 21, 14, _(wait->state_text), role);
			int used = w > 40 ? pen_text(page->tui, y, x + 36, w - 37, wait->holds ? _("holds: ") : _("does not hold yet: "), told) : 0;
			if (w > 64)
				pen_text(page->tui, y, x + 36 + used, w - 37 - used, wait->condition, told);
		}
	}
}

static void put_faults(struct page *page, const struct view *view)
{
	if (view->fault_count == 0)
		return;
	put_heading(page, _("what is wrong"));
	for (size_t i = 0; i < view->fault_count; i++) {
		const struct view_fault *fault = &view->faults[i];
		struct style style = paint_role(page->tui, fault->is_bad ? THEME_BAD : THEME_WARN);
		put_glyph(page, 2, GLYPH_FAILED, style);
		put(page, 4, fault->text, style);
		put(page, 4, fault->mend, paint_role(page->tui, THEME_ACCENT));
	}
}

static void put_lines(struct page *page, const struct view_why *why)
{
	if (why->line_count == 0)
		return;
	put_heading(page, _("its last lines"));
	for (size_t i = 0; i < why->line_count; i++) {
		int y;
		if (place(page, page->row++, &y))
			pen_text(page->tui, y, page->rect->x + 2, page->rect->w - 3, why->lines[i], paint_plain);
	}
}

static void put_service(struct page *page, const struct view_why *why)
{
	struct style style = paint_role(page->tui, services_role(why->state));
	page->row++;
	put_glyph(page, 2, services_glyph(why->state), style);
	put(page, 4, why->sentence, paint_bold(style));
	put(page, 4, why->cause, style);
	put(page, 4, why->mend, paint_role(page->tui, THEME_ACCENT));
}

static void put_probe(struct page *page, const struct view_why *why)
{
	if (why->probe == NULL)
		return;
	put_heading(page, _("its probe"));
	put(page, 2, why->probe, paint_plain);
	put(page, 4, why->probe_said, paint_role(page->tui, THEME_WARN));
}

static char *make_title(const struct view_why *why)
{
	if (why->service == NULL)
		return mem_copy_string(_("What is wrong?"));
	return mem_print(why->state >= VIEW_STOPPED ? _("Why is %s not up?") : _("How is %s?"), why->service);
}

static int draw_page(struct tui *tui, const struct view *view, const struct rect *rect, int top)
{
	const struct view_why *why = &view->why;
	struct page page = {.tui = tui, .rect = rect, .top = top};
	if (why->service != NULL)
		put_service(&page, why);
	put_faults(&page, view);
	if (why->service == NULL && view->fault_count == 0) {
		page.row++;
		put(&page, 2, _("Nothing: no fault is open, and no service is selected."), paint_role(tui, THEME_MUTED));
	}
	put_waits(&page, _("it waits for"), why->waits, why->wait_count);
	put_waits(&page, _("these wait for it"), why->awaited, why->awaited_count);
	put_probe(&page, why);
	put_lines(&page, why);
	return page.row;
}

void why_draw(struct tui *tui, const struct view *view)
{
	struct rect rect = head_page_rect(tui);
	if (rect.h < 2)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	auto_free char *title = make_title(&view->why);
	pen_title(tui, &rect, title, NULL, true);
	pen_hold_top(&tui->why_top, draw_page(tui, view, &rect, PEN_NOWHERE), rect.h - 1);
	draw_page(tui, view, &rect, (int)tui->why_top);
}
