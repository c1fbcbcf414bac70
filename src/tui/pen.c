/* Drawing of texts, lines and bars on curses' cells: the one place where text
 * meets the screen. Control letters become blanks, what has no width is joined
 * or dropped, what does not fit is cut with a mark. Called by all that draws. */
#include "tui.h"

#include <wctype.h>

static const struct {
	const char *usual, *ascii;
} glyphs[GLYPH_COUNT] = {
	[GLYPH_WELL] = {"●", "*"}, [GLYPH_STARTING] = {"◐", "~"}, [GLYPH_BUILDING] = {"⟳", "@"},
	[GLYPH_STOPPED] = {"○", "-"}, [GLYPH_FAILED] = {"✖", "x"}, [GLYPH_STALE] = {"◌", "?"},
	[GLYPH_DONE] = {"✓", "+"}, [GLYPH_WAITING] = {"…", "."}, [GLYPH_POINTER] = {"▸", ">"},
	[GLYPH_LINE] = {"─", "-"}, [GLYPH_HEAVY] = {"━", "="}, [GLYPH_UPRIGHT] = {"│", "|"},
	[GLYPH_TEE_DOWN] = {"┬", "+"}, [GLYPH_TEE_UP] = {"┴", "+"}, [GLYPH_TEE_LEFT] = {"┤", "|"},
	[GLYPH_TEE_RIGHT] = {"├", "|"}, [GLYPH_CROSS] = {"┼", "+"},
	[GLYPH_DASH] = {"╌", "-"}, [GLYPH_FULL] = {"█", "#"}, [GLYPH_EMPTY] = {"░", "."},
	[GLYPH_STAGE] = {"━", "="}, [GLYPH_MORE] = {"…", "~"}, [GLYPH_ENTER] = {"⏎", "Enter"},
	[GLYPH_BETWEEN] = {"│", "|"},
};

const char *pen_glyph(const struct tui *tui, enum glyph glyph)
{
	return tui->is_ascii ? glyphs[glyph].ascii : glyphs[glyph].usual;
}

/* ---- letters ---- */

/* Decodes one letter of UTF-8; what is none is U+FFFD, a byte long. */
static wchar_t decode(const char **at, const char *end)
{
	const unsigned char *text = (const unsigned char *)*at;
	size_t have = (size_t)(end - *at);
	size_t len = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	(*at)++;
	if (len == 1)
		return (wchar_t)text[0];
	wchar_t code = text[0] & (0x7f >> len);
	if (text[0] < 0xc2 || text[0] > 0xf4 || have < len)
		return 0xfffd;
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0xfffd;
		code = (wchar_t)(code << 6 | (text[i] & 0x3f));
	}
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (len == 3 && code < 0x800) ||
		(len == 4 && code < 0x10000))
		return 0xfffd;
	*at += len - 1;
	return code;
}

/* Joiners, direction marks and variation selectors: terminals disagree on
 * them, and text that turns around hides what it says. */
static bool is_dropped(wchar_t letter)
{
	return (letter >= 0x200b && letter <= 0x200f) || (letter >= 0x2028 && letter <= 0x202e) ||
		(letter >= 0x2060 && letter <= 0x206f) || (letter >= 0xfe00 && letter <= 0xfe0f) || letter == 0xfeff ||
		letter == 0x061c || letter == 0x00ad || (letter >= 0xe0000 && letter <= 0xe0fff);
}

int pen_next(const char **at, const char *end, wchar_t *letter)
{
	if (**at >= 0x20 && **at < 0x7f) {
		*letter = *(*at)++;
		return 1;
	}
	*letter = decode(at, end);
	if (*letter < 0x20 || (*letter >= 0x7f && *letter < 0xa0)) {
		*letter = L' ';
		return 1;
	}
	if (is_dropped(*letter))
		return -1;
	int width = wcwidth(*letter);
	if (width < 0) {
		*letter = 0xfffd;
		return 1;
	}
	return width;
}

void pen_joined(const char **at, const char *end, wchar_t joined[CCHARW_MAX])
{
	size_t count = 0;
	while (*at < end && (unsigned char)**at >= 0x80) {
		const char *next = *at;
		wchar_t letter;
		int width = pen_next(&next, end, &letter);
		if (width > 0)
			break;
		if (width == 0 && count + 2 < CCHARW_MAX)
			joined[count++] = letter;
		*at = next;
	}
}

int pen_width(const char *text, size_t len, int most)
{
	const char *at = text, *end = text + len;
	int width = 0;
	while (at < end && width <= most) {
		wchar_t letter;
		int step = pen_next(&at, end, &letter);
		width += step > 0 ? step : 0;
	}
	return width;
}

/* ---- cells ---- */

/* Of several letters the first one has the style, the others only their own text. */
static void make_cell(const struct tui *tui, const cchar_t *like, wchar_t letter, const wchar_t *joined, cchar_t *cell)
{
	bool is_plain = letter <= 0x7e || tui->term.is_utf8;
	*cell = *like;
	cell->chars[0] = is_plain ? letter : L'?';
	for (size_t i = 0; is_plain && joined != NULL && joined[i] != 0 && i + 1 < CCHARW_MAX; i++)
		cell->chars[i + 1] = joined[i];
}

static void begin_run(const struct tui *tui, struct pen_run *run, int y, int x, struct style style)
{
	run->y = y;
	run->x = run->next = x;
	run->style = style;
	if (tui->is_row_selected)
		style = (struct style){tui->roles[THEME_SELECTION].attr, tui->roles[THEME_SELECTION].pair};
	setcchar(&run->like, L" ", style.attr, 0, &style.pair);
}

void pen_run_end(struct pen_run *run)
{
	if (run->count > 0)
		mvwadd_wchnstr(stdscr, run->y, run->x, run->cells, run->count);
	run->count = 0;
}

void pen_run_put(const struct tui *tui, struct pen_run *run, int y, int x, int width, wchar_t letter, const wchar_t *joined, struct style style)
{
	if (y < 0 || x < 0 || y >= tui->rows || x >= tui->columns)
		return;
	bool goes_on = run->count > 0 && run->count < PEN_RUN_MOST && y == run->y && x == run->next &&
		style.attr == run->style.attr && style.pair == run->style.pair;
	if (!goes_on) {
		pen_run_end(run);
		begin_run(tui, run, y, x, style);
	}
	make_cell(tui, &run->like, letter, joined, &run->cells[run->count++]);
	run->next += width;
}

void pen_put(struct tui *tui, int y, int x, wchar_t letter, const wchar_t *joined, struct style style)
{
	struct pen_run run;
	run.count = 0;
	pen_run_put(tui, &run, y, x, 1, letter, joined, style);
	pen_run_end(&run);
}

int pen_bytes(struct tui *tui, int y, int x, int w, const char *text, size_t len, struct style style)
{
	const char *at = text, *end = text + len;
	struct pen_run run;
	if (w <= 0)
		return 0;
	run.count = 0;
	/* no letter has more cells than bytes */
	bool is_cut = len > (size_t)w && pen_width(text, len, w) > w;
	const char *mark = pen_glyph(tui, GLYPH_MORE);
	int room = is_cut ? w - 1 : w, used = 0;
	while (at < end && used < room) {
		wchar_t letter, joined[CCHARW_MAX] = {0};
		int width = pen_next(&at, end, &letter);
		if (width <= 0)
			continue;
		if (used + width > room)
			break;
		pen_joined(&at, end, joined);
		pen_run_put(tui, &run, y, x + used, width, letter, joined, style);
		used += width;
	}
	if (is_cut) {
		wchar_t letter;
		for (; used < w - 1; used++)
			pen_run_put(tui, &run, y, x + used, 1, L' ', NULL, style);
		pen_next(&mark, mark + strlen(mark), &letter);
		pen_run_put(tui, &run, y, x + used, 1, letter, NULL, style);
		used++;
	}
	pen_run_end(&run);
	return used;
}

void pen_mark_cut(struct tui *tui, int y, int x, int w, int used, int last)
{
	if (used == w && last > 1)
		pen_put(tui, y, x + w - last, L' ', NULL, paint_plain);
	pen_text(tui, y, x + w - 1, 1, pen_glyph(tui, GLYPH_MORE), paint_role(tui, THEME_MUTED));
}

int pen_text(struct tui *tui, int y, int x, int w, const char *text, struct style style)
{
	return text != NULL ? pen_bytes(tui, y, x, w, text, strlen(text), style) : 0;
}

int pen_right(struct tui *tui, int y, int x, int w, const char *text, struct style style)
{
	if (text == NULL || w <= 0)
		return 0;
	int width = pen_width(text, strlen(text), w);
	if (width > w)
		width = w;
	pen_text(tui, y, x + w - width, width, text, style);
	return width;
}

void pen_fill(struct tui *tui, int y, int x, int w, const char *glyph, struct style style)
{
	struct pen_run run;
	wchar_t letter;
	run.count = 0;
	pen_next(&glyph, glyph + strlen(glyph), &letter);
	for (int i = 0; i < w; i++)
		pen_run_put(tui, &run, y, x + i, 1, letter, NULL, style);
	pen_run_end(&run);
}

bool pen_hold_top(size_t *top, int rows, int h)
{
	size_t last = rows > h ? (size_t)(rows - h) : 0;
	if (*top > last)
		*top = last;
	return *top < last;
}

void pen_more(struct tui *tui, const struct rect *rect)
{
	pen_right(tui, rect->y + rect->h - 1, rect->x, rect->w - 1, pen_glyph(tui, GLYPH_MORE), paint_role(tui, THEME_MUTED));
}

void pen_divide(struct tui *tui, const struct rect *left, const struct rect *right)
{
	for (int y = left->y; left->w > 0 && right->x > left->w && y < left->y + left->h; y++)
		pen_text(tui, y, left->w, 1, pen_glyph(tui, GLYPH_UPRIGHT), paint_role(tui, THEME_MUTED));
}

/* ---- words ---- */

const char *pen_word(const char *text)
{
	const char *found = _(text), *bar = strchr(text, '|');
	return found == text && bar != NULL ? bar + 1 : found;
}

size_t pen_line_bytes(const char *text, size_t len, int w)
{
	const char *at = text, *end = text + len;
	size_t blank = 0;
	int used = 0;
	while (at < end) {
		const char *before = at;
		wchar_t letter;
		if (*at == '\n')
			return (size_t)(at - text);
		int width = pen_next(&at, end, &letter);
		if (letter == L' ' && width == 1)
			blank = (size_t)(before - text);
		used += width > 0 ? width : 0;
		if (used > w)
			return blank > 0 ? blank : before > text ? (size_t)(before - text) : (size_t)(at - text);
	}
	return len;
}

int pen_wrap(struct tui *tui, int y, int x, int w, int rows, const char *text, struct style style, bool is_dry)
{
	size_t len = text != NULL ? strlen(text) : 0, from = 0;
	int row = 0;
	if (w <= 0)
		return 0;
	for (; row < rows && from < len; row++) {
		size_t take = pen_line_bytes(text + from, len - from, w);
		if (row == rows - 1)
			take = strcspn(text + from, "\n"); /* the last row is cut with the mark */
		if (!is_dry)
			pen_bytes(tui, y + row, x, w, text + from, take, style);
		from += take;
		while (from < len && (text[from] == ' ' || text[from] == '\n'))
			from++;
	}
	return row;
}

void pen_sentence(struct tui *tui, const struct rect *rect, const char *text, enum theme_role role)
{
	pen_wrap(tui, rect->y + 1, rect->x + 1, rect->w - 2, rect->h - 1, text, paint_role(tui, role), false);
}

/* ---- lines and bars ---- */

void pen_title(struct tui *tui, const struct rect *rect, const char *name, const char *right, bool is_focused)
{
	struct style line = paint_role(tui, is_focused ? THEME_ACCENT : THEME_MUTED);
	struct style text = is_focused ? paint_bold(line) : line;
	int w = rect->w;
	pen_fill(tui, rect->y, rect->x, w, pen_glyph(tui, is_focused ? GLYPH_HEAVY : GLYPH_LINE), line);
	if (w < 6)
		return;
	char *both = mem_print(" %s ", name);
	int left = pen_text(tui, rect->y, rect->x + 1, w - 2, both, text);
	free(both);
	int room = w - left - 3;
	if (right == NULL || right[0] == '\0' || room < 8)
		return;
	both = mem_print(" %s ", right);
	int width = pen_width(both, strlen(both), room);
	if (width > room)
		width = room;
	pen_text(tui, rect->y, rect->x + w - 1 - width, width, both, text);
	free(both);
}

void pen_bar(struct tui *tui, int y, int x, int w, uint64_t done, uint64_t total)
{
	int full = total > 0 ? (int)((done < total ? done : total) * (uint64_t)w / total) : 0;
	pen_fill(tui, y, x, full, pen_glyph(tui, GLYPH_FULL), paint_role(tui, THEME_PLOT));
	pen_fill(tui, y, x + full, w - full, pen_glyph(tui, GLYPH_EMPTY), paint_role(tui, THEME_MUTED));
}

/* ---- time ---- */

static void want_tick(struct tui *tui, uint64_t ms)
{
	if (tui->tick_ms == 0 || ms < tui->tick_ms)
		tui->tick_ms = ms > 0 ? ms : 1;
}

/* Ages go on in step, at whole seconds of the clock: fifty of them are one frame. */
static void want_age(struct tui *tui, uint64_t ms)
{
	want_tick(tui, ms + 1000 - (clock_now_ns() / 1000000 + ms) % 1000);
}

const char *pen_age(struct tui *tui, uint64_t ms, char *out, size_t size)
{
	static const struct {
		uint64_t unit_ms, below;
		const char *letter;
	} units[] = {{1000, 60, "s"}, {60000, 60, "m"}, {3600000, 48, "h"}, {86400000, UINT64_MAX, "d"}};
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (ms / units[i].unit_ms < units[i].below) {
			snprintf(out, size, "%u%s", (unsigned)(ms / units[i].unit_ms), units[i].letter);
			want_age(tui, units[i].unit_ms - ms % units[i].unit_ms);
			break;
		}
	return out;
}

const char *pen_running(struct tui *tui, uint64_t ms, char *out, size_t size)
{
	if (ms >= 10000 && ms < 100000)
		snprintf(out, size, "%us", (unsigned)(ms / 1000)); /* tenths are of no use when it takes long */
	else
		clock_format_span(ms * 1000000, out, size);
	want_tick(tui, 1000);
	return out;
}
