/* The help: every command of the screen with its keys, from the table, and
 * what the marks mean; what is typed narrows it. Holds nothing. */
#include "tui.h"

struct help_line {
	char *keys; /* NULL: a heading; empty: the line before goes on */
	char *whole; /* what `text` points into, where it was made; the first part owns it */
	const char *text, *name;
	size_t len; /* of the text; 0: all of it */
	bool is_here;
};

struct help_lines {
	ARRAY(struct help_line) list;
};

static const struct {
	enum glyph glyph;
	const char *text;
} marks[] = {
	{GLYPH_WELL, N_("runs: \"healthy\" where its probe says so, else \"running\"")},
	{GLYPH_STARTING, N_("starting: it runs, its probe has not succeeded yet")},
	{GLYPH_BUILDING, N_("building: its next generation is made; the old one serves meanwhile")},
	{GLYPH_STOPPED, N_("stopped on purpose")},
	{GLYPH_DONE, N_("done: it ended well and is not meant to go on")},
	{GLYPH_WAITING, N_("waiting for another service")},
	{GLYPH_FAILED, N_("failed or unhealthy: its row says why")},
	{GLYPH_STALE, N_("stale: the engine does not answer, this was true before")},
};

static const struct {
	const char *mark, *text;
} log_marks[] = {
	{"E W I D T", N_("level of a log line: error, warning, info, debug, trace")},
	{N_("not ours"), N_("runs, but plain compose made it: take-over brings it under the deck")},
	{"!", N_("a line without a level, from standard error")},
	{"g41", N_("generation: the number of the save that the running code is of")},
};

/* Each word typed stands somewhere in the line. */
static bool matches(const char *typed, const char *keys, const char *text, const char *name)
{
	auto_strings words = {0};
	strings_split(&words, typed, ' ');
	for (size_t i = 0; i < words.count; i++) {
		if (!match_find(words.items[i], keys) &&
			!match_find(words.items[i], text) &&
			(name == NULL || !match_find(words.items[i], name)))
			return false;
	}
	return true;
}

static void add(struct help_lines *lines, const char *heading, size_t before, struct help_line line)
{
	if (lines->list.count == before)
		*array_add(&lines->list) = (struct help_line){.text = heading};
	*array_add(&lines->list) = line;
}

/* " (in services, log)": where the keys mean it; nothing where they do anywhere. */
static void add_where(struct str *out, unsigned where)
{
	static const struct {
		unsigned where;
		const char *name;
	} places[] = {{COMMAND_AT_SERVICES, N_("services")}, {COMMAND_AT_LOG, N_("log")}, {COMMAND_AT_BUILD, N_("build")},
		{COMMAND_AT_START, N_("coming up")}};
	auto_str names = {0};
	where &= COMMAND_ANYWHERE; /* of what covers the panes the sentence tells */
	if (where == 0 || where == COMMAND_ANYWHERE)
		return;
	if ((where | COMMAND_AT_START) == COMMAND_ANYWHERE) {
		str_add(out, _(" (not while coming up)"));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if ((where & places[i].where) != 0)
			str_print(&names, "%s%s", names.len > 0 ? ", " : "", _(places[i].name));
	str_print(out, _(" (in %s)"), str_text(&names));
}

/* "; your own, config.ini:7; usually x": what the person's file says of its keys. */
static void add_own(const struct tui *tui, struct str *out, const struct command_def *def)
{
	for (size_t i = tui->config->keys.count; i > 0; i--) {
		const struct config_key *own = &tui->config->keys.items[i - 1];
		if (strcmp(own->command, def->name) != 0)
			continue;
		str_print(out, _("; your own, config.ini:%u; usually %s"), own->line, def->keys != NULL ? def->keys : _("none"));
		return;
	}
}

static void add_group(struct tui *tui, struct help_lines *lines, enum command_group group)
{
	size_t before = lines->list.count;
	for (size_t i = 0; i < tui->table->count; i++) {
		const struct command_def *def = &tui->table->defs[i];
		auto_str keys = {0};
		if (def->group != group || (def->flags & (COMMAND_DECK | COMMAND_SCREEN)) == 0 || (def->flags & COMMAND_HIDDEN) != 0)
			continue;
		auto_str text = {0};
		keymap_list(&tui->keymap, def->id, &keys);
		str_add(&text, _(def->sentence));
		add_where(&text, def->where);
		add_own(tui, &text, def);
		if (!matches(tui->field.text, str_text(&keys), str_text(&text), def->name))
			continue;
		bool is_here = def->where == 0 || (def->where & hints_where(tui)) != 0;
		char *whole = str_steal(&text);
		add(lines, _(command_group_name(group)), before, (struct help_line){.keys = mem_copy_string(str_text(&keys)), .whole = whole,
			.text = whole, .name = def->name, .is_here = is_here});
	}
}

static void add_marks(struct tui *tui, struct help_lines *lines)
{
	size_t before = lines->list.count;
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (matches(tui->field.text, "", _(marks[i].text), NULL))
			add(lines, _("What the marks mean"), before,
				(struct help_line){.keys = mem_copy_string(pen_glyph(tui, marks[i].glyph)), .text = _(marks[i].text), .is_here = true});
	for (size_t i = 0; i < COUNT_OF(log_marks); i++)
		if (matches(tui->field.text, _(log_marks[i].mark), _(log_marks[i].text), NULL))
			add(lines, _("What the marks mean"), before,
				(struct help_line){.keys = mem_copy_string(_(log_marks[i].mark)), .text = _(log_marks[i].text), .is_here = true});
}

enum { NAME_WIDTH = 18, NAME_COLUMNS = 90 };

/* Room for a sentence where keys take so much. */
static int text_room(int keys, int w)
{
	return w - keys - 4 - (w >= NAME_COLUMNS ? NAME_WIDTH : 0);
}

/* Splits sentences that are longer than a row. */
static void fold(struct help_lines *lines, int keys, int w)
{
	struct help_lines folded = {0};
	int room = text_room(keys, w);
	for (size_t i = 0; i < lines->list.count; i++) {
		struct help_line line = lines->list.items[i];
		const char *at = line.text;
		size_t left = strlen(at);
		for (bool is_first = true; left > 0; is_first = false) {
			size_t take = line.keys == NULL ? left : pen_line_bytes(at, left, room > 8 ? room : 8);
			struct help_line *part = array_add(&folded.list);
			*part = line;
			part->text = at;
			part->len = take;
			if (!is_first) {
				part->keys = mem_copy_string("");
				part->name = NULL;
				part->whole = NULL;
			}
			at += take;
			left -= take;
			while (left > 0 && *at == ' ')
				at++, left--;
		}
	}
	array_finish(&lines->list);
	*lines = folded;
}

static void draw_line(struct tui *tui, const struct help_line *line, int y, int keys, int w)
{
	struct style text = line->is_here ? paint_plain : paint_role(tui, THEME_MUTED);
	if (line->keys == NULL) {
		pen_text(tui, y, 1, w, line->text, paint_bold(paint_plain));
		return;
	}
	pen_text(tui, y, 3, keys, line->keys, line->is_here ? paint_bold(paint_role(tui, THEME_ACCENT)) : text);
	pen_bytes(tui, y, 3 + keys + 2, text_room(keys, w), line->text, line->len, text);
	if (w >= NAME_COLUMNS)
		pen_right(tui, y, 1, w, line->name, paint_role(tui, THEME_MUTED));
}

void help_draw(struct tui *tui)
{
	struct rect rect = {0, 0, tui->columns, tui->rows - 1};
	struct help_lines lines = {0};
	auto_str right = {0};
	int keys = 8;
	for (int group = COMMAND_LOOP; group < COMMAND_GROUPS; group++)
		add_group(tui, &lines, (enum command_group)group);
	add_marks(tui, &lines);
	for (size_t i = 0; i < lines.list.count; i++)
		if (lines.list.items[i].keys != NULL) {
			int width = pen_width(lines.list.items[i].keys, strlen(lines.list.items[i].keys), 22);
			keys = width > keys ? width : keys;
		}
	keys = keys > rect.w / 3 ? rect.w / 3 : keys;
	fold(&lines, keys, rect.w - 2);
	for (int y = 0; y < rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	size_t rows = rect.h > 1 ? (size_t)rect.h - 1 : 0;
	if (tui->help_top + rows > lines.list.count)
		tui->help_top = lines.list.count > rows ? lines.list.count - rows : 0;
	tui->help_rows = rows;
	str_add(&right, _("type to search, Esc back"));
	if (lines.list.count > rows)
		str_print(&right, _("  %zu-%zu of %zu"), tui->help_top + 1, tui->help_top + rows, lines.list.count);
	pen_title(tui, &rect, _("Help"), str_text(&right), true);
	if (lines.list.count == 0)
		pen_sentence(tui, &rect, _("nothing here has these words"), THEME_MUTED);
	for (size_t i = 0; i < rows && tui->help_top + i < lines.list.count; i++)
		draw_line(tui, &lines.list.items[tui->help_top + i], 1 + (int)i, keys, rect.w - 2);
	for (size_t i = 0; i < lines.list.count; i++) {
		free(lines.list.items[i].keys);
		free(lines.list.items[i].whole);
	}
	array_finish(&lines.list);
}
