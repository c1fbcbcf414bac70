/* One container over the whole screen, in tabs: each is a tree of rows that deck
 * keeps in view->container while this is shown. Which rows can be seen (not
 * folded away, not filtered out) is worked out when that changes, not for each
 * frame. Called by tui.c, act.c and input.c. */
#include "tui.h"

enum { DETAIL_ROWS = 3, DETAIL_FROM = 14, NAME_MOST = 40, NAME_LEAST = 14 };

static const char *const tab_names[VIEW_TABS] = {N_("overview"), N_("tab|env"), N_("tab|mounts"), N_("labels"),
	N_("processes"), N_("tab|inspect"), N_("config"), N_("drift")};

bool container_is_open(const struct tui *tui)
{
	return mode_beneath(tui) == MODE_CONTAINER || tui->mode == MODE_CONTAINER_FILTER;
}

/* ---- what can be seen ---- */

static bool is_turned(const struct container_state *state, uint64_t id)
{
	for (size_t i = 0; i < state->turned.count; i++)
		if (state->turned.items[i] == id)
			return true;
	return false;
}

static bool is_folded(const struct container_state *state, const struct view_field *row)
{
	return row->below > 0 && row->is_folded != is_turned(state, row->id);
}

static bool has_text(const char *needle, const char *text)
{
	return text != NULL && match_find(needle, text);
}

/* Rows that match, with those that they belong to: those come before them, so
 * each is kept back until one of its own matches. */
static void find_matching(struct container_state *state, const struct view_page *page)
{
	ARRAY(uint32_t) above = {0};
	for (size_t i = 0; i < page->count; i++) {
		const struct view_field *row = &page->rows[i];
		while (above.count > 0 && above.items[above.count - 1] + page->rows[above.items[above.count - 1]].below < i)
			above.count--;
		if (has_text(state->filter.text, row->name) || has_text(state->filter.text, row->value)) {
			for (size_t j = 0; j < above.count; j++)
				if (state->seen.count == 0 || state->seen.items[state->seen.count - 1] < above.items[j])
					*array_add(&state->seen) = above.items[j];
			*array_add(&state->seen) = (uint32_t)i;
		}
		if (row->below > 0)
			*array_add(&above) = (uint32_t)i;
	}
	array_finish(&above);
}

static void find_unfolded(struct container_state *state, const struct view_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		*array_add(&state->seen) = (uint32_t)i;
		if (is_folded(state, &page->rows[i]))
			i += page->rows[i].below;
	}
}

/* The selection stays on its row where that is still there. */
static void find_seen(struct container_state *state, const struct view_page *page)
{
	if (state->is_known && state->known_version == page->version && state->known_tab == state->tab)
		return;
	state->seen.count = 0;
	if (state->filter.len > 0)
		find_matching(state, page);
	else
		find_unfolded(state, page);
	for (size_t i = 0; state->selected[state->tab] != 0 && i < state->seen.count; i++)
		if (page->rows[state->seen.items[i]].id == state->selected[state->tab]) {
			state->at[state->tab] = i;
			break;
		}
	state->is_known = true;
	state->known_version = page->version;
	state->known_tab = state->tab;
}

static void hold(struct container_state *state, const struct view_page *page, size_t rows)
{
	size_t *at = &state->at[state->tab], *top = &state->top[state->tab], count = state->seen.count;
	if (*at >= count)
		*at = count > 0 ? count - 1 : 0;
	if (*top > *at)
		*top = *at;
	if (rows > 0 && *at >= *top + rows)
		*top = *at + 1 - rows;
	if (*top + rows > count)
		*top = count > rows ? count - rows : 0;
	state->selected[state->tab] = count > 0 ? page->rows[state->seen.items[*at]].id : 0;
	state->row_below = count > 0 ? page->rows[state->seen.items[*at]].below : 0;
	state->row_is_folded = count > 0 && is_folded(state, &page->rows[state->seen.items[*at]]);
	state->row_above = *at;
	/* what it belongs to: the nearest one before that is less deep */
	for (size_t i = *at; count > 0 && i-- > 0;)
		if (page->rows[state->seen.items[i]].depth < page->rows[state->seen.items[*at]].depth) {
			state->row_above = i;
			break;
		}
}

/* ---- drawing ---- */

/* "[env 12]": as many as have room, the one that is shown always. */
static void draw_tabs(struct tui *tui, const struct view_container *container, int y)
{
	char texts[VIEW_TABS][80];
	int widths[VIEW_TABS];
	int from = 0, needs = 0, at = 1;
	for (int i = 0; i < VIEW_TABS; i++) {
		const struct view_page *page = &container->pages[i];
		bool is_here = i == tui->container.tab, counts = i != VIEW_OVERVIEW && i != VIEW_INSPECT && i != VIEW_CONFIG;
		char count[24] = "";
		size_t top = 0;
		for (size_t j = 0; counts && i == VIEW_DRIFT && j < page->count; j++)
			top += page->rows[j].depth == 0;
		if (counts && page->state == VIEW_PAGE_READY && page->count > 0)
			snprintf(count, sizeof count, " %zu", i == VIEW_DRIFT ? top : page->count);
		snprintf(texts[i], sizeof texts[i], is_here ? "[%s%s]" : " %s%s ", pen_word(tab_names[i]), count);
		widths[i] = pen_width(texts[i], strlen(texts[i]), 80);
		if (i <= tui->container.tab)
			needs += widths[i];
	}
	memset(tui->container.tab_end, 0, sizeof tui->container.tab_end);
	tui->container.tab_y = y;
	while (from < tui->container.tab && needs > tui->columns - 2)
		needs -= widths[from++];
	for (int i = from; i < VIEW_TABS && at < tui->columns; i++) {
		bool is_here = i == tui->container.tab, is_bad = i == VIEW_DRIFT && container->pages[i].count > 0;
		struct style style = paint_role(tui, is_bad ? THEME_WARN : is_here ? THEME_ACCENT : THEME_MUTED);
		at += pen_text(tui, y, at, tui->columns - at, texts[i], is_here ? paint_bold(style) : style);
		tui->container.tab_end[i] = at;
	}
}

static struct style look_of(const struct tui *tui, enum view_field_look look)
{
	static const enum theme_role roles[] = {[VIEW_FIELD_PLAIN] = THEME_OK, [VIEW_FIELD_MUTED] = THEME_MUTED, [VIEW_FIELD_GOOD] = THEME_OK,
		[VIEW_FIELD_BAD] = THEME_BAD};
	return look == VIEW_FIELD_PLAIN ? paint_plain : paint_role(tui, roles[look]);
}

static void draw_row(struct tui *tui, const struct view_field *row, int y, int name_width, bool is_selected)
{
	int indent = (int)(row->depth < 20 ? row->depth : 20) * 2 + 3, end = tui->columns - 1;
	bool folded = is_folded(&tui->container, row) && tui->container.filter.len == 0;
	if (is_selected) {
		tui->is_row_selected = true;
		pen_fill(tui, y, 0, tui->columns, " ", paint_plain);
	}
	if (is_selected)
		pen_text(tui, y, 0, 1, pen_glyph(tui, GLYPH_POINTER), paint_plain);
	if (row->below > 0)
		pen_text(tui, y, indent - 2, 1, folded ? "+" : pen_glyph(tui, GLYPH_LINE), paint_role(tui, THEME_ACCENT));
	int used = pen_text(tui, y, indent, end - indent, row->name, paint_role(tui, THEME_ACCENT));
	int at = indent + used + 2;
	if (at < name_width + 4)
		at = name_width + 4;
	pen_text(tui, y, at, end - at, row->value, look_of(tui, row->look));
	tui->is_row_selected = false;
}

/* The whole text of the row that is selected, as far as there is room. */
static void draw_detail(struct tui *tui, const struct view_field *row, int y)
{
	auto_str text = {0};
	pen_fill(tui, y, 0, tui->columns, pen_glyph(tui, GLYPH_LINE), paint_role(tui, THEME_MUTED));
	str_add(&text, row->name != NULL ? row->name : "");
	if (row->value != NULL && row->value[0] != '\0')
		str_print(&text, " = %.4000s", row->value);
	pen_wrap(tui, y + 1, 1, tui->columns - 2, DETAIL_ROWS - 1, str_text(&text), paint_plain, false);
}

static void draw_rows(struct tui *tui, const struct view_page *page, const struct rect *rect)
{
	struct container_state *state = &tui->container;
	int detail = rect->h >= DETAIL_FROM ? DETAIL_ROWS : 0, rows = rect->h - detail;
	int name_width = tui->columns / 3;
	name_width = name_width > NAME_MOST ? NAME_MOST : name_width < NAME_LEAST ? NAME_LEAST : name_width;
	find_seen(state, page);
	hold(state, page, rows > 0 ? (size_t)rows : 0);
	state->rows = rows > 0 ? (size_t)rows : 1;
	state->row_y = rect->y;
	for (int i = 0; i < rows && state->top[state->tab] + (size_t)i < state->seen.count; i++) {
		size_t at = state->top[state->tab] + (size_t)i;
		draw_row(tui, &page->rows[state->seen.items[at]], rect->y + i, name_width, at == state->at[state->tab]);
	}
	if (detail > 0 && state->seen.count > 0)
		draw_detail(tui, &page->rows[state->seen.items[state->at[state->tab]]], rect->y + rows);
}

/* Why there is no row to see; NULL: there are some. */
static const char *sentence_of(const struct tui *tui, const struct view_container *container, const struct view_page *page)
{
	if (container->service == NULL)
		return _("No service is selected: go back and choose one.");
	if (container->gone != NULL && page->count == 0)
		return container->gone;
	if (page->state == VIEW_PAGE_LOADING)
		return tui->container.tab == VIEW_CONFIG || tui->container.tab == VIEW_DRIFT ? _("Compose is being asked …") :
			_("The engine is being asked …");
	if (page->count == 0)
		return page->sentence != NULL ? page->sentence : _("There is nothing here.");
	return NULL;
}

static void draw_page(struct tui *tui, const struct view_container *container, struct rect rect)
{
	const struct view_page *page = &container->pages[tui->container.tab];
	const char *sentence = sentence_of(tui, container, page);
	if (container->gone != NULL && sentence == NULL) {
		rect.y += pen_wrap(tui, rect.y, 1, rect.w - 2, 2, container->gone, paint_role(tui, THEME_WARN), false);
		rect.h = tui->rows - 1 - rect.y;
	}
	if (sentence == NULL) {
		draw_rows(tui, page, &rect);
		if (tui->container.seen.count > 0)
			return;
		sentence = _("No row has these letters: Esc shows all again.");
	} else {
		tui->container.seen.count = 0;
		tui->container.is_known = false;
	}
	rect.y--;
	pen_sentence(tui, &rect, sentence, page->state == VIEW_PAGE_FAILED ? THEME_BAD : container->gone != NULL ? THEME_WARN : THEME_MUTED);
}

void container_draw(struct tui *tui, const struct view *view)
{
	const struct view_container *container = &view->container;
	struct rect rect = head_page_rect(tui);
	auto_str right = {0};
	if (rect.h < 3)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++)
		pen_fill(tui, y, 0, rect.w, " ", paint_plain);
	if (view->stale)
		str_add(&right, _("stale: the engine does not answer"));
	else if (tui->container.filter.len > 0)
		str_print(&right, _("with \"%.60s\": %zu"), tui->container.filter.text, tui->container.seen.count);
	else if (container->name != NULL)
		str_add(&right, container->name);
	auto_free char *title = container->service != NULL ? mem_print(_("Container of %s"), container->service) :
		mem_copy_string(_("Container of no service"));
	pen_title(tui, &rect, title, str_text(&right), true);
	draw_tabs(tui, container, rect.y + 1);
	draw_page(tui, container, (struct rect){0, rect.y + 2, rect.w, rect.h - 2});
}

/* ---- what keys do ---- */

void container_tell(struct tui *tui)
{
	const char *wanted = container_is_open(tui) ? tui->selected : NULL;
	struct container_state *state = &tui->container;
	if (text_equal(state->told, wanted))
		return;
	free(state->told);
	state->told = mem_copy_string(wanted);
	state->is_known = false;
	memset(state->at, 0, sizeof state->at);
	memset(state->top, 0, sizeof state->top);
	memset(state->selected, 0, sizeof state->selected);
	if (tui->call.inspect != NULL)
		tui->call.inspect(tui->data, state->told);
}

void container_open(struct tui *tui)
{
	tui->mode = container_is_open(tui) ? MODE_DECK : MODE_CONTAINER;
	field_set(&tui->container.filter, "");
	tui->container.is_known = false;
	container_tell(tui); /* keys that were typed ahead move in it */
}

void container_move(struct tui *tui, long step)
{
	size_t *at = &tui->container.at[tui->container.tab];
	if (step < 0)
		*at = (size_t)-step < *at ? *at - (size_t)-step : 0;
	else
		*at += (size_t)step; /* the drawing holds it to what there is */
}

void container_turn_tab(struct tui *tui, int step)
{
	tui->container.tab = (tui->container.tab + step + VIEW_TABS) % VIEW_TABS;
	field_set(&tui->container.filter, "");
	tui->container.is_known = false;
}

static void turn(struct container_state *state, uint64_t id)
{
	state->is_known = false;
	for (size_t i = 0; i < state->turned.count; i++)
		if (state->turned.items[i] == id) {
			array_remove(&state->turned, i);
			return;
		}
	*array_add(&state->turned) = id;
}

void container_fold(struct tui *tui, enum container_fold how)
{
	struct container_state *state = &tui->container;
	if (state->seen.count == 0 || state->filter.len > 0)
		return; /* what is found is shown unfolded */
	bool can_fold = state->row_below > 0 && !state->row_is_folded, can_unfold = state->row_below > 0 && state->row_is_folded;
	if (how == FOLD_CLOSE && !can_fold)
		state->at[state->tab] = state->row_above;
	else if ((how == FOLD_OPEN && can_unfold) || (how == FOLD_CLOSE && can_fold) || (how == FOLD_TURN && state->row_below > 0))
		turn(state, state->selected[state->tab]);
}

bool container_leave(struct tui *tui)
{
	if (!container_is_open(tui))
		return false;
	if (tui->container.filter.len > 0) {
		field_set(&tui->container.filter, "");
		tui->container.is_known = false;
		tui->mode = MODE_CONTAINER;
	} else {
		tui->mode = MODE_DECK;
	}
	return true;
}

void container_key(struct tui *tui, struct key key)
{
	struct container_state *state = &tui->container;
	bool is_cancel = (key.code == CODE_ESC && key.mods == 0) || (key.mods == KEY_MOD_CTRL && key_latin(key).code == 'c');
	if (is_cancel)
		field_set(&state->filter, "");
	if (is_cancel || key.code == CODE_ENTER)
		tui->mode = MODE_CONTAINER;
	else if (key.code == CODE_UP || key.code == CODE_DOWN)
		container_move(tui, key.code == CODE_UP ? -1 : 1);
	else if (!field_key(&state->filter, key))
		return;
	state->is_known = false;
}

/* A click selects; one on what is selected is Enter. */
void container_click(struct tui *tui, int x, int y)
{
	struct container_state *state = &tui->container;
	size_t at = state->top[state->tab] + (size_t)(y - state->row_y);
	if (y == state->tab_y) {
		for (int i = 0; i < VIEW_TABS; i++)
			if (x < state->tab_end[i]) {
				container_turn_tab(tui, i - state->tab);
				return;
			}
	} else if (y >= state->row_y && (size_t)(y - state->row_y) < state->rows && at < state->seen.count) {
		if (at == state->at[state->tab])
			container_fold(tui, FOLD_TURN);
		else
			state->at[state->tab] = at;
	}
}

bool container_paste(struct tui *tui, const char *bytes, size_t len)
{
	tui->container.is_known = false;
	return field_paste(&tui->container.filter, bytes, len);
}

void container_finish(struct tui *tui)
{
	array_finish(&tui->container.seen);
	array_finish(&tui->container.turned);
	free(tui->container.told);
}
