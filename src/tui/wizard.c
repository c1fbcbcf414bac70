/* The container files that are to be written, over the whole screen: a list of
 * what was found, the parts and the files, and beside or below it a preview of
 * the selected row (wizard-preview.c). Drawn from view->init, which deck fills
 * while this is shown; wizard-act.c has what keys do. Called by tui.c. */
#include "tui.h"

enum { LIST_SHARE = 10, HEADING_PARTS = 0, HEADING_FILES = 1 };
enum { AT_MARK = 2, AT_NAME = 6, AT_VALUE = 22 };

bool wizard_is_open(const struct tui *tui)
{
	return mode_beneath(tui) == MODE_INIT;
}

/* By itself where there is nothing else to do; once, until it was otherwise. */
void wizard_sync(struct tui *tui, const struct view *view)
{
	struct wizard_state *state = &tui->wizard;
	bool is_free = tui->mode == MODE_DECK && tui->questions.count == 0;
	state->state = view->init.state;
	state->is_busy = view->init.is_planning;
	state->wanted = view->init.wanted;
	if (view->init.is_offered && !state->was_offered && is_free)
		tui->mode = MODE_INIT;
	if (!view->init.is_offered || is_free)
		state->was_offered = view->init.is_offered;
}

/* ---- rows ---- */

static void add_row(struct wizard_state *state, enum wizard_kind kind, size_t index)
{
	*array_add(&state->rows) = (struct wizard_row){kind, index};
}

static void list_rows(struct wizard_state *state, const struct view_init *init)
{
	state->rows.count = 0;
	add_row(state, WIZARD_FOUND, 0);
	if (init->part_count > 0)
		add_row(state, WIZARD_HEADING, HEADING_PARTS);
	for (size_t i = 0; i < init->part_count; i++)
		add_row(state, WIZARD_PART, i);
	if (init->file_count > 0)
		add_row(state, WIZARD_HEADING, HEADING_FILES);
	for (size_t i = 0; i < init->file_count; i++)
		add_row(state, WIZARD_FILE, i);
}

static const char *name_of(const struct view_init *init, const struct wizard_row *row)
{
	return row->kind == WIZARD_PART ? init->parts[row->index].name : row->kind == WIZARD_FILE ? init->files[row->index].path : NULL;
}

/* The selection stays on its part or file when others come and go. */
static void hold(struct wizard_state *state, const struct view_init *init)
{
	for (size_t i = 0; !state->is_moved && state->selected != NULL && i < state->rows.count; i++)
		if (state->rows.items[i].kind == state->kind && text_equal(name_of(init, &state->rows.items[i]), state->selected))
			state->at = i;
	if (state->at >= state->rows.count)
		state->at = state->rows.count - 1;
	if (state->rows.items[state->at].kind == WIZARD_HEADING)
		state->at++;
	const struct wizard_row *row = &state->rows.items[state->at];
	const char *name = name_of(init, row);
	if (row->kind != state->kind || !text_equal(name, state->selected))
		state->preview_top = 0;
	state->is_moved = false;
	state->kind = row->kind;
	free(state->selected);
	state->selected = mem_copy_string(name);
	state->can_turn = row->kind == WIZARD_PART || (row->kind == WIZARD_FILE && init->files[row->index].state == VIEW_FILE_DIFFERS);
}

static void scroll_list(struct wizard_state *state)
{
	size_t rows = state->list.h > 0 ? (size_t)state->list.h : 1, from = state->at;
	if (from > 0 && rows > 1 && state->rows.items[from - 1].kind == WIZARD_HEADING)
		from--;
	if (from == 1)
		from = 0;
	if (state->top > from)
		state->top = from;
	if (state->at >= state->top + rows)
		state->top = state->at + 1 - rows;
	if (state->top + rows > state->rows.count)
		state->top = state->rows.count > rows ? state->rows.count - rows : 0;
}

/* ---- drawing: rows ---- */

static void draw_heading(struct tui *tui, const struct view_init *init, size_t which, int y, int w)
{
	auto_free char *right = which == HEADING_FILES ? mem_print(_("%zu of %zu would be written"), init->wanted, init->file_count) : NULL;
	int used = pen_text(tui, y, 1, w - 2, which == HEADING_PARTS ? _("Parts") : _("Files"), paint_bold(paint_plain));
	if (right != NULL)
		pen_right(tui, y, 1 + used + 2, w - used - 4, right, paint_role(tui, THEME_MUTED));
}

static void draw_part(struct tui *tui, const struct view_part *part, int y, int w)
{
	bool is_choice = part->value != NULL;
	if (!is_choice)
		pen_text(tui, y, AT_MARK, 3, part->is_on ? "[x]" : "[ ]", paint_role(tui, part->is_on ? THEME_OK : THEME_MUTED));
	pen_text(tui, y, AT_NAME, AT_VALUE - AT_NAME - 1, part->name, is_choice || part->is_on ? paint_plain : paint_role(tui, THEME_MUTED));
	pen_text(tui, y, AT_VALUE, w - AT_VALUE - 1, is_choice ? part->value : part->says, paint_role(tui, is_choice ? THEME_ACCENT : THEME_MUTED));
}

static void draw_file(struct tui *tui, const struct view_file *file, int y, int w)
{
	struct style role = paint_role(tui, wizard_role(file));
	int end = w - 1 - pen_right(tui, y, w / 2, w - 1 - w / 2, wizard_word(file), role) - 2;
	if (file->is_wanted || file->state == VIEW_FILE_DIFFERS)
		pen_text(tui, y, AT_MARK, 3, file->is_wanted ? "[x]" : "[ ]", role);
	pen_text(tui, y, AT_NAME, end - AT_NAME, file->path, file->is_wanted || file->state == VIEW_FILE_DIFFERS ? paint_plain : paint_role(tui, THEME_MUTED));
}

static void draw_row(struct tui *tui, const struct view_init *init, const struct wizard_row *row, int y, int w)
{
	switch (row->kind) {
	case WIZARD_FOUND:
		pen_text(tui, y, AT_MARK, w - AT_MARK - 1, _("What was found"), paint_plain);
		break;
	case WIZARD_HEADING:
		draw_heading(tui, init, row->index, y, w);
		break;
	case WIZARD_PART:
		draw_part(tui, &init->parts[row->index], y, w);
		break;
	case WIZARD_FILE:
		draw_file(tui, &init->files[row->index], y, w);
		break;
	}
}

static void draw_list(struct tui *tui, const struct view_init *init)
{
	struct wizard_state *state = &tui->wizard;
	const struct rect *rect = &state->list;
	scroll_list(state);
	for (int i = 0; i < rect->h && state->top + (size_t)i < state->rows.count; i++) {
		bool is_here = state->top + (size_t)i == state->at;
		int y = rect->y + i;
		tui->is_row_selected = is_here && !state->is_in_preview;
		if (is_here) {
			pen_fill(tui, y, rect->x, rect->w, " ", paint_plain);
			pen_text(tui, y, rect->x, 1, pen_glyph(tui, GLYPH_POINTER), paint_role(tui, THEME_ACCENT));
		}
		draw_row(tui, init, &state->rows.items[state->top + (size_t)i], y, rect->w);
		tui->is_row_selected = false;
	}
}

/* ---- drawing: the whole ---- */

/* What one should know before one writes; none: an empty text. */
static enum theme_role describe(const struct tui *tui, const struct view_init *init, struct str *out)
{
	size_t differ = 0;
	for (size_t i = 0; i < init->file_count; i++)
		differ += init->files[i].state == VIEW_FILE_DIFFERS && !init->files[i].is_wanted;
	if (tui->is_read_only)
		str_add(out, _("The deck is read-only: nothing is written."));
	else if (init->is_planning)
		str_add(out, _("The files are worked out anew …"));
	else if (init->wanted == 0 && differ == 0)
		str_add(out, _("Nothing is left to write: all of it is there."));
	else if (differ > 0)
		str_print(out, ngettext("%zu file is there with another text, and is left alone.", "%zu files are there with another text, and are left alone.", differ),
			differ);
	return tui->is_read_only || differ > 0 ? THEME_WARN : init->is_planning ? THEME_BUSY : THEME_OK;
}

static void draw_ready(struct tui *tui, const struct view_init *init, struct rect rect)
{
	struct wizard_state *state = &tui->wizard;
	auto_str text = {0};
	enum theme_role role = describe(tui, init, &text);
	list_rows(state, init);
	hold(state, init);
	if (text.len > 0 && rect.h >= LAYOUT_DETAIL_ROWS && !state->is_whole) {
		pen_text(tui, rect.y, 1, rect.w - 2, str_text(&text), paint_role(tui, role));
		rect.y++;
		rect.h--;
	}
	if (state->is_whole)
		state->preview = rect;
	else
		layout_list_and_detail(rect, LIST_SHARE, state->is_in_preview, &state->list, &state->preview);
	if (state->list.w > 0)
		draw_list(tui, init);
	if (state->preview.w > 0)
		wizard_preview(tui, init, &state->preview);
	pen_divide(tui, &state->list, &state->preview);
}

/* The names of what was written; below them, always in sight, what comes next. */
static void draw_written(struct tui *tui, const struct view_init *init, struct rect rect)
{
	struct wizard_state *state = &tui->wizard;
	char key[32];
	auto_str names = {0};
	hints_key(tui, COMMAND_CHECK, key, sizeof key);
	auto_free char *next = mem_print(_("Next: `cargodeck check` says which practices the project keeps now, and what its own sources still lack; here it is the key %s."), key);
	int rows = pen_wrap(tui, 0, 0, rect.w - 2, 3, next, paint_plain, true), room = rect.h - rows - 1;
	for (size_t i = 0; i < init->written_count; i++)
		str_print(&names, _("written: %s\n"), init->written[i]);
	state->preview = (struct rect){rect.x, rect.y, rect.w, room > 1 ? room : 1};
	int all = diff_draw_text(tui, str_text(&names), &state->preview, 0, PEN_NOWHERE, paint_plain);
	bool has_more = pen_hold_top(&state->preview_top, all, state->preview.h);
	diff_draw_text(tui, str_text(&names), &state->preview, 0, (int)state->preview_top, paint_role(tui, THEME_OK));
	if (has_more)
		pen_more(tui, &state->preview);
	pen_wrap(tui, rect.y + state->preview.h + (room > 1), 1, rect.w - 2, rows, next, paint_role(tui, THEME_ACCENT), false);
}

static void draw_failed(struct tui *tui, const struct view_init *init, const struct rect *rect)
{
	auto_str text = {0};
	str_print(&text, "%s\n%s", init->sentence != NULL ? init->sentence : "", init->mend != NULL ? init->mend : "");
	for (size_t i = 0; i < init->written_count; i++)
		str_print(&text, i == 0 ? _("\nwritten before that: %s") : ", %s", init->written[i]);
	pen_sentence(tui, rect, str_text(&text), THEME_BAD);
}

void wizard_draw(struct tui *tui, const struct view *view)
{
	const struct view_init *init = &view->init;
	struct wizard_state *state = &tui->wizard;
	struct rect rect = head_page_rect(tui), rest = {0, rect.y + 1, rect.w, rect.h - 1};
	state->list = state->preview = (struct rect){0};
	if (rect.h < 3)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, _("Container files"), init->root, !state->is_in_preview && !state->is_whole);
	switch (init->state) {
	case VIEW_INIT_READING:
		pen_sentence(tui, &rest, _("The project is looked at; compose, cargo and git are asked …"), THEME_BUSY);
		break;
	case VIEW_INIT_READY:
		draw_ready(tui, init, rest);
		break;
	case VIEW_INIT_WRITING:
		pen_sentence(tui, &rest, _("The files are written …"), THEME_BUSY);
		break;
	case VIEW_INIT_WRITTEN:
		draw_written(tui, init, rest);
		break;
	case VIEW_INIT_FAILED:
		draw_failed(tui, init, &rest);
		break;
	}
}

void wizard_finish(struct tui *tui)
{
	array_finish(&tui->wizard.rows);
	free(tui->wizard.selected);
}
