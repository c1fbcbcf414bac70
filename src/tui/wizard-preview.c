/* The preview of the page of container files: what was found in the project,
 * which files a part has, or what writing a file would change, as a diff. Drawn
 * by wizard.c beside or below its list, or over the whole page. */
#include "tui.h"

const char *wizard_word(const struct view_file *file)
{
	switch (file->state) {
	case VIEW_FILE_NEW: return pen_word(N_("file|new"));
	case VIEW_FILE_SAME: return pen_word(N_("file|there already"));
	case VIEW_FILE_DIFFERS: return file->is_wanted ? pen_word(N_("file|overwritten")) : pen_word(N_("file|differs"));
	case VIEW_FILE_LINES: return pen_word(N_("file|lines are added"));
	case VIEW_FILE_ELSEWHERE: return pen_word(N_("file|elsewhere"));
	case VIEW_FILE_LINK: return pen_word(N_("file|a link"));
	case VIEW_FILE_BLOCKED: return pen_word(N_("file|in the way"));
	}
	return "";
}

enum theme_role wizard_role(const struct view_file *file)
{
	if (file->state == VIEW_FILE_DIFFERS)
		return file->is_wanted ? THEME_BAD : THEME_WARN;
	return file->is_wanted ? THEME_OK : THEME_MUTED;
}

/* ---- texts: each returns rows ---- */

/* What is to be scrolled as one. */
struct roll {
	struct tui *tui;
	const struct rect *rect;
	int rows, top;
};

static void add(struct roll *roll, const char *text, struct style style)
{
	roll->rows += diff_draw_text(roll->tui, text, roll->rect, roll->rows, roll->top, style);
}

static void add_found(struct roll *roll, const struct view_init *init)
{
	for (size_t i = 0; i < init->says_count; i++)
		add(roll, init->says[i], paint_plain);
}

static void add_part(struct roll *roll, const struct view_init *init, const struct view_part *part)
{
	size_t count = 0;
	add(roll, part->says != NULL ? part->says : "", paint_plain);
	if (part->value != NULL)
		return;
	for (size_t i = 0; i < init->file_count; i++) {
		const struct view_file *file = &init->files[i];
		if (!text_equal(file->part, part->name))
			continue;
		auto_free char *line = mem_print("%s: %s", file->path, wizard_word(file)); /* no text */
		add(roll, line, paint_role(roll->tui, wizard_role(file)));
		count++;
	}
	if (count == 0)
		add(roll, part->is_on ? _("It has no file of its own: it stands in those of the others.") : _("It is left out."),
			paint_role(roll->tui, THEME_MUTED));
}

static char *sentence_of(const struct view_file *file)
{
	switch (file->state) {
	case VIEW_FILE_NEW:
	case VIEW_FILE_LINES:
		return NULL;
	case VIEW_FILE_SAME:
		return mem_copy_string(_("It is there already, with this very text."));
	case VIEW_FILE_DIFFERS:
		return mem_copy_string(file->is_wanted ? _("It is there with another text, and is overwritten.") :
			_("It is there with another text, and is left alone: Space has it overwritten by this."));
	case VIEW_FILE_ELSEWHERE:
		return mem_print(_("It is there as %s, and is left alone."), file->found != NULL ? file->found : "");
	case VIEW_FILE_BLOCKED:
		return mem_copy_string(_("What stands there is no text that can be read: nothing is written."));
	case VIEW_FILE_LINK:
		return mem_copy_string(_("A symbolic link leads there: nothing is written through it."));
	}
	return NULL;
}

static void add_file(struct roll *roll, const struct view_file *file)
{
	auto_free char *sentence = sentence_of(file);
	if (file->says != NULL)
		add(roll, file->says, paint_plain);
	if (sentence != NULL)
		add(roll, sentence, paint_role(roll->tui, wizard_role(file)));
	if (file->diff != NULL)
		roll->rows += diff_draw(roll->tui, file->diff, roll->rect, roll->rows, roll->top);
}

static int draw(struct tui *tui, const struct view_init *init, const struct wizard_row *row, const struct rect *rect, int top)
{
	struct roll roll = {tui, rect, 0, top};
	if (row->kind == WIZARD_FOUND)
		add_found(&roll, init);
	else if (row->kind == WIZARD_PART)
		add_part(&roll, init, &init->parts[row->index]);
	else if (row->kind == WIZARD_FILE)
		add_file(&roll, &init->files[row->index]);
	return roll.rows;
}

static const char *title_of(const struct view_init *init, const struct wizard_row *row)
{
	const char *name = row->kind == WIZARD_PART ? init->parts[row->index].name : row->kind == WIZARD_FILE ? init->files[row->index].path : NULL;
	return name != NULL ? name : _("What was found");
}

void wizard_preview(struct tui *tui, const struct view_init *init, const struct rect *rect)
{
	struct wizard_state *state = &tui->wizard;
	const struct wizard_row *row = &state->rows.items[state->at];
	struct rect rest = {rect->x, rect->y + 1, rect->w, rect->h - 1};
	pen_title(tui, rect, title_of(init, row), row->kind == WIZARD_FILE ? wizard_word(&init->files[row->index]) : NULL, state->is_in_preview || state->is_whole);
	if (rest.h < 1)
		return;
	bool has_more = pen_hold_top(&state->preview_top, draw(tui, init, row, &rest, PEN_NOWHERE), rest.h);
	draw(tui, init, row, &rest, (int)state->preview_top);
	if (has_more)
		pen_more(tui, &rest);
}
