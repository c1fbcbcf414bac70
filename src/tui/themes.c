/* The choice of a theme: the list with each one's sentence; moving draws the
 * whole screen with it, Enter keeps it, Esc goes back to the one before. The
 * theme "auto" follows the terminal's ground. Called by act.c and input.c. */
#include "tui.h"

enum { MOST_ROWS = 10, MISTAKE_ROWS = 2, SAMPLE_ROWS = 1 };

static const char automatic[] = "auto";

/* The first entry is "auto", the themes follow. */
static size_t entry_count(const struct tui *tui)
{
	return tui->themes.list.count + 1;
}

static const char *entry_name(const struct tui *tui, size_t at)
{
	return at == 0 ? automatic : tui->themes.list.items[at - 1].name;
}

static const char *entry_sentence(const struct tui *tui, size_t at)
{
	return at == 0 ? _("Light or dark, as the terminal says that its ground is") : _(tui->themes.list.items[at - 1].sentence);
}

/* False: there are no such themes; the one that is there stays. */
static bool find_automatic(const struct tui *tui, struct theme *theme)
{
	const char *name = tui->ground == GROUND_LIGHT ? "light" : tui->ground == GROUND_DARK ? "dark" : automatic;
	struct fault fault = {0};
	return config_find_theme(tui->config, name, theme, &fault);
}

static void preview(struct tui *tui)
{
	struct theme theme;
	if (tui->theme_at > 0)
		paint_take(tui, &tui->themes.list.items[tui->theme_at - 1]);
	else if (find_automatic(tui, &theme))
		paint_take(tui, &theme);
}

static void move_to(struct tui *tui, size_t at)
{
	size_t last = entry_count(tui) - 1;
	at = at < last ? at : last;
	if (at == tui->theme_at)
		return;
	tui->theme_at = at;
	preview(tui);
}

void themes_open(struct tui *tui)
{
	mode_cover(tui, MODE_THEME);
	tui->theme_before = tui->theme;
	theme_list_finish(&tui->themes);
	config_list_themes(tui->config, &tui->themes);
	tui->theme_at = tui->theme_top = 0;
	for (size_t i = 0; i < tui->themes.list.count && !tui->is_theme_auto; i++)
		if (strcmp(tui->themes.list.items[i].name, tui->theme.name) == 0)
			tui->theme_at = i + 1;
}

static void keep(struct tui *tui)
{
	tui->mode = tui->mode_under;
	tui->is_theme_auto = tui->theme_at == 0;
	free(tui->theme_chosen);
	tui->theme_chosen = mem_copy_string(entry_name(tui, tui->theme_at));
	if (tui->call.theme != NULL)
		tui->call.theme(tui->data, entry_name(tui, tui->theme_at));
}

void themes_take(struct tui *tui)
{
	struct theme theme;
	struct fault fault = {0};
	bool is_auto = tui->theme_chosen != NULL && strcmp(tui->theme_chosen, automatic) == 0;
	if (tui->theme_chosen == NULL)
		return;
	if (is_auto ? !find_automatic(tui, &theme) : !config_find_theme(tui->config, tui->theme_chosen, &theme, &fault))
		return;
	tui->is_theme_auto = is_auto;
	paint_take(tui, &theme);
	if (tui->call.theme != NULL)
		tui->call.theme(tui->data, tui->theme_chosen);
}

static void go_back(struct tui *tui)
{
	tui->mode = tui->mode_under;
	paint_take(tui, &tui->theme_before);
}

void themes_key(struct tui *tui, struct key key)
{
	struct key latin = key_latin(key);
	bool is_plain = latin.mods == 0, is_ctrl_c = latin.mods == KEY_MOD_CTRL && latin.code == 'c';
	if (is_ctrl_c || (is_plain && (latin.code == CODE_ESC || latin.code == 'q')))
		go_back(tui);
	else if (is_plain && latin.code == CODE_ENTER)
		keep(tui);
	else if (is_plain && (latin.code == CODE_UP || latin.code == 'k'))
		move_to(tui, tui->theme_at - (tui->theme_at > 0));
	else if (is_plain && (latin.code == CODE_DOWN || latin.code == 'j'))
		move_to(tui, tui->theme_at + 1);
	else if (is_plain && (latin.code == CODE_HOME || latin.code == 'g'))
		move_to(tui, 0);
	else if (is_plain && (latin.code == CODE_END || latin.code == 'G'))
		move_to(tui, SIZE_MAX);
}

void themes_ground(struct tui *tui, bool is_light)
{
	struct theme theme;
	tui->ground = is_light ? GROUND_LIGHT : GROUND_DARK;
	if (!tui->is_theme_auto || !find_automatic(tui, &theme))
		return;
	if (tui->mode == MODE_THEME)
		tui->theme_before = theme;
	else if (strcmp(theme.name, tui->theme.name) != 0)
		paint_take(tui, &theme);
}

/* ---- drawing ---- */

/* Every role by its name, as the theme draws it. */
static void draw_sample(struct tui *tui, int y)
{
	static const enum glyph glyphs[THEME_ROLES] = {
		[THEME_OK] = GLYPH_WELL, [THEME_BUSY] = GLYPH_STARTING, [THEME_WARN] = GLYPH_STALE, [THEME_BAD] = GLYPH_FAILED,
		[THEME_MUTED] = GLYPH_STOPPED, [THEME_ACCENT] = GLYPH_POINTER, [THEME_SELECTION] = GLYPH_POINTER, [THEME_PLOT] = GLYPH_FULL,
	};
	int at = 2, end = tui->columns - 1;
	for (int role = 0; role < THEME_ROLES && at < end; role++) {
		char text[32];
		snprintf(text, sizeof text, "%s %s", pen_glyph(tui, glyphs[role]), theme_role_name(role));
		at += pen_text(tui, y, at, end - at, text, paint_role(tui, role)) + 2;
	}
}

static int draw_mistake(struct tui *tui, int y, bool is_dry)
{
	const struct strings *mistakes = &tui->themes.mistakes;
	auto_str text = {0};
	if (mistakes->count == 0)
		return 0;
	if (mistakes->count > 1)
		str_print(&text, _("left out: %s, and %zu more"), mistakes->items[0], mistakes->count - 1);
	else
		str_print(&text, _("left out: %s"), mistakes->items[0]);
	return pen_wrap(tui, y, 2, tui->columns - 3, MISTAKE_ROWS, str_text(&text), paint_role(tui, THEME_WARN), is_dry);
}

static void draw_entry(struct tui *tui, size_t at, int y, int names)
{
	int w = tui->columns;
	tui->is_row_selected = at == tui->theme_at;
	if (tui->is_row_selected) {
		pen_fill(tui, y, 0, w, " ", paint_plain);
		pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_plain);
	}
	pen_text(tui, y, 2, names, entry_name(tui, at), paint_bold(paint_plain));
	pen_text(tui, y, 2 + names + 2, w - names - 5, entry_sentence(tui, at), paint_plain);
	tui->is_row_selected = false;
}

void themes_draw(struct tui *tui)
{
	size_t count = entry_count(tui);
	int mistake = draw_mistake(tui, 0, true), names = 4;
	int room = tui->rows - 2 - mistake - SAMPLE_ROWS;
	room = room > MOST_ROWS ? MOST_ROWS : room < 1 ? 1 : room;
	size_t rows = count < (size_t)room ? count : (size_t)room;
	struct rect rect = {0, tui->rows - 2 - (int)rows - mistake - SAMPLE_ROWS, tui->columns, (int)rows + mistake + SAMPLE_ROWS + 1};
	if (rect.y < 0)
		rect.y = 0;
	if (tui->theme_at < tui->theme_top)
		tui->theme_top = tui->theme_at;
	if (tui->theme_at >= tui->theme_top + rows)
		tui->theme_top = tui->theme_at - rows + 1;
	if (tui->theme_top + rows > count)
		tui->theme_top = count - rows; /* more rows have room than before */
	for (size_t i = 0; i < count; i++) {
		int width = pen_width(entry_name(tui, i), strlen(entry_name(tui, i)), rect.w / 2);
		names = width > names ? width : names;
	}
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	pen_title(tui, &rect, _("Themes"), tui->term.depth == 0 ? _("no colours here") : tui->theme.name, true);
	for (size_t i = 0; i < rows; i++)
		draw_entry(tui, tui->theme_top + i, rect.y + 1 + (int)i, names);
	draw_sample(tui, rect.y + 1 + (int)rows);
	draw_mistake(tui, rect.y + 2 + (int)rows, false);
}
