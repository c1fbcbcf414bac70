/* What would mend a practice: the change as a diff over the whole screen, and
 * the question whether it is to be written. Nothing is written but after a yes
 * to what is in sight here. Drawn from view->checks.mending. */
#include "tui.h"

static void say(struct tui *tui, enum tui_check what, const char *practice)
{
	if (tui->call.check != NULL)
		tui->call.check(tui->data, what, practice);
}

void mending_begin(struct tui *tui)
{
	struct checks_state *state = &tui->checks;
	if (state->selected == NULL || !state->is_fixable) {
		tui_notice(tui, _("no edit mends this safely: the line \"mend\" says what does"));
		return;
	}
	tui->mode = MODE_MENDING;
	state->mending = VIEW_MENDING_LOADING;
	state->mending_top = 0;
	say(tui, TUI_CHECK_MEND, state->selected);
}

void mending_scroll(struct tui *tui, long step)
{
	tui->checks.mending_top = act_step(tui->checks.mending_top, step);
}

static void leave(struct tui *tui)
{
	tui->mode = MODE_CHECKS;
	if (tui->checks.mending == VIEW_MENDING_WRITING)
		tui->checks.is_unheard = true;
	else
		say(tui, TUI_CHECK_DROP, NULL);
}

void mending_key(struct tui *tui, struct key key)
{
	struct key latin = key_latin(key);
	const struct command_def *def = keymap_find(&tui->keymap, key, COMMAND_AT_START);
	long page = tui->checks.mending_rows > 1 ? (long)tui->checks.mending_rows - 1 : 1;
	bool is_no = (key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && latin.code == 'c') ||
		(key.mods == 0 && (latin.code == 'n' || latin.code == 'N'));
	if (is_no)
		leave(tui);
	else if (key.mods == 0 && (latin.code == 'y' || latin.code == 'Y')) {
		if (tui->checks.mending == VIEW_MENDING_READY)
			say(tui, TUI_CHECK_WRITE, NULL);
	} else if (def != NULL && (def->id == COMMAND_LINE_UP || def->id == COMMAND_LINE_DOWN))
		mending_scroll(tui, def->id == COMMAND_LINE_UP ? -1 : 1);
	else if (def != NULL && (def->id == COMMAND_PAGE_UP || def->id == COMMAND_PAGE_DOWN))
		mending_scroll(tui, def->id == COMMAND_PAGE_UP ? -page : page);
	else if (def != NULL && (def->id == COMMAND_FIRST || def->id == COMMAND_LAST))
		tui->checks.mending_top = def->id == COMMAND_FIRST ? 0 : 1 << 24;
}

/* ---- drawing ---- */

static void scroll_and_draw(struct tui *tui, const char *diff, const struct rect *rect)
{
	struct checks_state *state = &tui->checks;
	state->mending_rows = rect->h > 0 ? (size_t)rect->h : 1;
	bool has_more = pen_hold_top(&state->mending_top, diff_draw(tui, diff, rect, 0, PEN_NOWHERE), rect->h);
	diff_draw(tui, diff, rect, 0, (int)state->mending_top);
	if (has_more)
		pen_more(tui, rect);
}

/* The question with the names of the files stands above the diff. */
static void draw_question(struct tui *tui, const struct view_mending *mending, struct rect *rect)
{
	bool is_writing = mending->state == VIEW_MENDING_WRITING;
	auto_free char *question = mem_print(is_writing ? _("It is written to %s …") : _("Write this change to %s?"),
		mending->files != NULL ? mending->files : "");
	int rows = 0, most = rect->h > 6 ? 3 : 1;
	if (mending->sentence != NULL && rect->h > 6)
		rows += pen_wrap(tui, rect->y, 1, rect->w - 2, 2, mending->sentence, paint_role(tui, THEME_WARN), false);
	rows += pen_wrap(tui, rect->y + rows, 1, rect->w - 2, most, question, paint_bold(paint_role(tui, is_writing ? THEME_BUSY : THEME_ACCENT)), false);
	rows += rect->h > 8; /* an empty line */
	rect->y += rows;
	rect->h -= rows;
}

void mending_draw(struct tui *tui, const struct view *view)
{
	const struct view_mending *mending = &view->checks.mending;
	struct rect rect = head_page_rect(tui);
	if (rect.h < 3)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	auto_free char *title = mem_print(_("Mend %s"), mending->practice != NULL ? mending->practice :
		tui->checks.selected != NULL ? tui->checks.selected : "");
	pen_title(tui, &rect, title, mending->state == VIEW_MENDING_READY || mending->state == VIEW_MENDING_WRITING ? mending->files : NULL, true);
	struct rect rest = {0, rect.y + 1, rect.w, rect.h - 1};
	if (mending->state == VIEW_MENDING_FAILED) {
		auto_free char *text = mem_print("%s\n%s", mending->sentence != NULL ? mending->sentence : "", mending->mend != NULL ? mending->mend : "");
		pen_sentence(tui, &rest, text, THEME_BAD);
	} else if (mending->state == VIEW_MENDING_READY || mending->state == VIEW_MENDING_WRITING) {
		draw_question(tui, mending, &rest);
		scroll_and_draw(tui, mending->diff != NULL ? mending->diff : "", &rest);
	} else {
		pen_sentence(tui, &rest, _("What would be changed is being worked out …"), THEME_BUSY);
	}
}
