/* The palette: runs any command by some letters of its name, and the question
 * that stands before what destroys. Holds nothing. */
#include "tui.h"

enum { MOST_FOUND = 256, MOST_ROWS = 10, MOST_HISTORY = 20 };

struct found {
	const struct command_def *def;
	int score;
};

static int score(const char *typed, const struct command_def *def)
{
	int by_name = fuzzy_score(typed, def->name, NULL);
	if (by_name >= 0 || typed[0] == '\0')
		return by_name >= 0 ? by_name + 2 : 0;
	return match_find(typed, _(def->sentence)) ? 1 : -1;
}

static bool is_offered(const struct tui *tui, const struct command_def *def)
{
	return (def->flags & (COMMAND_DECK | COMMAND_SCREEN)) != 0 && (def->flags & (COMMAND_PLAIN | COMMAND_HIDDEN)) == 0 &&
		def->id != COMMAND_PALETTE && def->id != COMMAND_LEAVE && hints_does_something(tui, def);
}

/* What was run last, the newest first. */
static size_t find_used(const struct tui *tui, struct found found[MOST_FOUND])
{
	size_t count = 0;
	for (size_t i = tui->history.count; i > 0 && count < MOST_FOUND; i--) {
		const struct command_def *def = command_find(tui->table, tui->history.items[i - 1]);
		if (def != NULL && is_offered(tui, def))
			found[count++] = (struct found){def, 0};
	}
	return count;
}

static size_t find(const struct tui *tui, struct found found[MOST_FOUND])
{
	size_t count = 0;
	if (tui->is_history)
		return find_used(tui, found);
	for (size_t i = 0; i < tui->table->count; i++) {
		const struct command_def *def = &tui->table->defs[i];
		int points = is_offered(tui, def) ? score(tui->field.text, def) : -1;
		if (points < 0 || count == MOST_FOUND)
			continue;
		/* kept sorted; equals stay in the order of the table */
		size_t place = count++;
		if (tui->field.len > 0)
			for (; place > 0 && found[place - 1].score < points; place--)
				found[place] = found[place - 1];
		found[place] = (struct found){def, points};
	}
	return count;
}

void palette_remember(struct tui *tui, const struct command_def *def)
{
	for (size_t i = tui->history.count; i > 0; i--)
		if (strcmp(tui->history.items[i - 1], def->name) == 0 || tui->history.count - i >= MOST_HISTORY - 1) {
			free(tui->history.items[i - 1]);
			array_remove(&tui->history, i - 1);
		}
	strings_add(&tui->history, def->name);
}

const struct command_def *palette_chosen(const struct tui *tui)
{
	struct found found[MOST_FOUND];
	size_t count = find(tui, found);
	if (count == 0)
		return NULL;
	return found[tui->palette_at < count ? tui->palette_at : count - 1].def;
}

/* Which letters are why it is in the list: drawn over the name, or where the
 * name has them not, over the sentence. Names are ASCII, a letter a cell. */
static void draw_match(struct tui *tui, const struct command_def *def, int y, int names, int room)
{
	const char *typed = tui->field.text, *sentence = _(def->sentence);
	unsigned char letters[FUZZY_MOST];
	size_t at, end, count = strlen(typed);
	struct style style = paint_bold(paint_role(tui, THEME_ACCENT));
	style.attr |= A_UNDERLINE;
	tui->is_row_selected = false;
	if (typed[0] == '\0' || tui->is_history)
		return;
	if (fuzzy_score(typed, def->name, letters) >= 0) {
		for (size_t i = 0; i < count && i < FUZZY_MOST; i++)
			if (letters[i] < names)
				pen_put(tui, y, 2 + letters[i], (unsigned char)def->name[letters[i]], NULL, style);
	} else if (match_place(typed, sentence, &at, &end)) {
		int from = pen_width(sentence, at, room);
		if (from + pen_width(sentence + at, end - at, room) < room)
			pen_bytes(tui, y, 2 + names + 2 + from, room - from, sentence + at, end - at, style);
	}
}

static void draw_found(struct tui *tui, const struct found *found, int y, int names, int keys, bool is_chosen)
{
	char key[32];
	int w = tui->columns;
	hints_key(tui, found->def->id, key, sizeof key);
	tui->is_row_selected = is_chosen;
	if (is_chosen) {
		pen_fill(tui, y, 0, w, " ", paint_plain);
		pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_plain);
	}
	pen_text(tui, y, 2, names, found->def->name, paint_bold(paint_plain));
	pen_text(tui, y, 2 + names + 2, w - names - keys - 7, _(found->def->sentence), paint_plain);
	pen_right(tui, y, w - 1 - keys, keys, key, paint_role(tui, THEME_ACCENT));
	draw_match(tui, found->def, y, names, w - names - keys - 7);
	tui->is_row_selected = false;
}

void palette_draw(struct tui *tui)
{
	struct found found[MOST_FOUND];
	size_t count = find(tui, found);
	int room = tui->rows - 3 > 1 ? tui->rows - 3 : 1, names = 8, keys = 1;
	size_t rows = (size_t)(room < MOST_ROWS ? room : MOST_ROWS), top = 0;
	struct rect rect = {0, tui->rows - 2 - (int)rows, tui->columns, (int)rows + 1};
	if (rect.y < 0)
		return;
	if (tui->palette_at >= count)
		tui->palette_at = count > 0 ? count - 1 : 0;
	if (tui->palette_at >= rows)
		top = tui->palette_at - rows + 1;
	for (size_t i = 0; i < count; i++) {
		char key[32];
		int width = (int)strlen(found[i].def->name);
		names = width > names ? width : names;
		hints_key(tui, found[i].def->id, key, sizeof key);
		width = pen_width(key, strlen(key), 10);
		keys = width > keys ? width : keys;
	}
	names = names > rect.w / 2 ? rect.w / 2 : names;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	bool has_last = tui->history.count > 0 && !tui->is_history && tui->field.len == 0;
	auto_free char *right = mem_print(has_last ? _("Up the last ones, %s runs, Esc back") : _("%s runs, Esc back"),
		pen_glyph(tui, GLYPH_ENTER));
	pen_title(tui, &rect, tui->is_history ? _("Commands, the last one first") : _("Commands"), right, true);
	if (count == 0)
		pen_sentence(tui, &rect, _("no command has these letters"), THEME_MUTED);
	for (size_t i = 0; i < rows && top + i < count; i++)
		draw_found(tui, &found[top + i], rect.y + 1 + (int)i, names, keys, top + i == tui->palette_at);
}

/* ---- the question ---- */

void question_draw(struct tui *tui)
{
	const struct question *question = &tui->questions.items[0];
	int w = tui->columns, most = tui->rows - 5 > 1 ? tui->rows - 5 : 1;
	int rows = pen_wrap(tui, 0, 0, w - 4, most, question->text, paint_plain, true);
	struct rect rect = {0, tui->rows > 8 ? tui->rows / 3 - 1 : 1, w, rows + 4};
	if (rect.y + rect.h > tui->rows - 1)
		rect.y = tui->rows - 1 - rect.h > 0 ? tui->rows - 1 - rect.h : 0;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, w, " ", paint_plain);
	pen_title(tui, &rect, _("Question"), _("y yes  n no"), true);
	pen_wrap(tui, rect.y + 2, 2, w - 4, most, question->text, paint_bold(paint_plain), false);
	pen_fill(tui, rect.y + rect.h - 1, 0, w, pen_glyph(tui, GLYPH_HEAVY), paint_role(tui, THEME_ACCENT));
}

void question_finish(struct question *question)
{
	free(question->text);
	strings_finish(&question->names);
}

void question_answer(struct tui *tui, bool yes)
{
	if (tui->questions.count == 0)
		return;
	/* taken out before: the answer may ask again */
	struct question question = tui->questions.items[0];
	array_remove(&tui->questions, 0);
	if (question.command >= 0 && yes)
		act_now(tui, question.command, &question.names);
	else if (question.command < 0 && question.answer != NULL)
		question.answer(question.data, yes);
	question_finish(&question);
}
