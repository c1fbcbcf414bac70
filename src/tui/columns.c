/* The columns of the pane of services: which have room, where they stand, and
 * what stands in them. Called by services.c for each frame. */
#include "tui.h"

enum { NARROW = 60 };

static const struct {
	const char *title, *name;
	int least, gap; /* cells; the gap comes behind */
	bool is_right;
} columns[COLUMN_COUNT] = {
	[COLUMN_NONE] = {"", "", 0, 0, false},
	[COLUMN_NAME] = {N_("service"), N_("name"), 7, 1, false},
	[COLUMN_STATE] = {N_("state"), N_("state"), 9, 2, false},
	[COLUMN_GENERATION] = {N_("gen"), N_("generation"), 4, 2, true},
	[COLUMN_CPU] = {N_("cpu"), N_("cpu"), 6, 2, true},
	[COLUMN_MEMORY] = {N_("memory"), N_("memory"), 6, 1, true},
	[COLUMN_SPARK] = {"", N_("memory of late"), 1, 2, false},
	[COLUMN_LIMIT] = {N_("limit"), N_("memory limit"), 5, 2, true},
	[COLUMN_RECEIVED] = {N_("net in"), N_("network in"), 7, 2, true},
	[COLUMN_SENT] = {N_("net out"), N_("network out"), 7, 2, true},
	[COLUMN_READ] = {N_("read"), N_("blocks read"), 7, 2, true},
	[COLUMN_WRITTEN] = {N_("written"), N_("blocks written"), 7, 2, true},
	[COLUMN_RESTARTS] = {N_("column|restarts"), N_("restarts"), 8, 2, true},
	[COLUMN_PORTS] = {N_("ports"), N_("ports"), 8, 2, false},
	[COLUMN_UP] = {N_("column|up"), N_("name of a column|up"), 4, 2, true},
	[COLUMN_IMAGE] = {N_("image"), N_("image"), 16, 2, false},
};

const char *column_name(enum service_column column)
{
	return pen_word(columns[column].name);
}

static int text_width(const char *text, int least, int most)
{
	/* no letter has more cells than bytes: most texts need not be measured */
	if (least >= most || text == NULL || strlen(text) <= (size_t)least)
		return least < most ? least : most;
	int width = pen_width(text, strlen(text), most);
	return width < least ? least : width > most ? most : width;
}

/* Its title has room in any language. */
static int least_width(enum service_column column)
{
	return text_width(pen_word(columns[column].title), columns[column].least, 16);
}

static int longest_image(const struct view *view)
{
	int longest = columns[COLUMN_IMAGE].least;
	for (size_t i = 0; i < list_total(view); i++)
		longest = text_width(list_service(view, i)->image, longest, 40);
	return longest;
}

static bool take_room(struct column_places *places, enum service_column column, int *left)
{
	int least = least_width(column), needs = least + columns[column].gap;
	if (*left < needs)
		return false;
	places->width[column] = least;
	*left -= needs;
	return true;
}

/* A curve and ports are the better the more room they have. */
static void stretch(struct column_places *places, int *left)
{
	if (places->width[COLUMN_SPARK] > 0) {
		int more = *left - 6 > 7 ? 7 : *left - 6 > 0 ? *left - 6 : 0;
		places->width[COLUMN_SPARK] += more;
		*left -= more;
	}
	if (places->width[COLUMN_PORTS] > 0 && *left > 0) {
		int more = *left > 18 ? 18 : *left;
		places->width[COLUMN_PORTS] += more;
		*left -= more;
	}
}

/* What the person asked for stands first, then what is wanted most. */
static void give_room(const struct service_list *list, const struct view *view, struct column_places *places, int left)
{
	static const enum service_column wanted[] = {COLUMN_GENERATION, COLUMN_CPU, COLUMN_MEMORY, COLUMN_PORTS, COLUMN_UP, COLUMN_LIMIT,
		COLUMN_SPARK};
	static const enum service_column extra[] = {COLUMN_RESTARTS, COLUMN_RECEIVED, COLUMN_SENT, COLUMN_READ, COLUMN_WRITTEN,
		COLUMN_IMAGE};
	for (int column = COLUMN_GENERATION; column < COLUMN_COUNT; column++)
		if (list->choice[column] == COLUMN_ON)
			take_room(places, (enum service_column)column, &left);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		if (list->choice[wanted[i]] == COLUMN_AUTO && !take_room(places, wanted[i], &left))
			break;
	stretch(places, &left);
	for (size_t i = 0; i < COUNT_OF(extra); i++)
		if (list->choice[extra[i]] == COLUMN_AUTO)
			take_room(places, extra[i], &left);
	if (places->width[COLUMN_IMAGE] > 0) {
		int more = longest_image(view) - columns[COLUMN_IMAGE].least;
		places->width[COLUMN_IMAGE] += more < left ? more : left;
	}
}

void columns_place(const struct tui *tui, const struct view *view, int w, struct column_places *places)
{
	int name = least_width(COLUMN_NAME), state = least_width(COLUMN_STATE), at = ROW_MARKS;
	*places = (struct column_places){0};
	for (size_t i = 0; i < list_total(view); i++) {
		const struct view_service *service = list_service(view, i);
		name = text_width(services_name(service), name, w >= 100 ? 24 : w >= NARROW ? 16 : 12);
		state = text_width(services_word(service), state, 14);
	}
	places->width[COLUMN_NAME] = name;
	places->width[COLUMN_STATE] = state;
	give_room(&tui->list, view, places, w - 1 - ROW_MARKS - name - 1 - state);
	for (int column = COLUMN_NAME; column < COLUMN_COUNT; column++) {
		places->x[column] = at;
		if (places->width[column] > 0)
			at += places->width[column] + columns[column].gap;
		if (column == COLUMN_GENERATION)
			places->cause = at;
	}
}

enum service_column columns_at(const struct column_places *places, int x)
{
	for (int column = COLUMN_NAME; column < COLUMN_COUNT; column++)
		if (places->width[column] > 0 && x >= places->x[column] && x < places->x[column] + places->width[column])
			return (enum service_column)column;
	return COLUMN_NONE;
}

bool columns_have_traffic(const struct column_places *places)
{
	for (int column = COLUMN_RECEIVED; column <= COLUMN_WRITTEN; column++)
		if (places->width[column] > 0)
			return true;
	return false;
}

void columns_draw_titles(struct tui *tui, const struct column_places *places, int y, int x)
{
	struct style style = paint_role(tui, THEME_MUTED);
	for (int column = COLUMN_NAME; column < COLUMN_COUNT; column++) {
		struct style own = column == (int)tui->list.order ? paint_bold(style) : style;
		if (places->width[column] == 0)
			continue;
		if (columns[column].is_right)
			pen_right(tui, y, x + places->x[column], places->width[column], pen_word(columns[column].title), own);
		else
			pen_text(tui, y, x + places->x[column], places->width[column], pen_word(columns[column].title), own);
	}
}

/* ---- what stands in them ---- */

/* Below a minute by tens: no row is worth a new cell each second, over ssh. */
static uint64_t calm_age(uint64_t ms)
{
	return ms >= 10000 && ms < 60000 ? ms / 10000 * 10000 : ms;
}

static void draw_spark(struct tui *tui, const struct view_service *service, int y, int x, int w, struct style style)
{
	plot_draw(tui, y, x, w, service->history, service->history_count < VIEW_HISTORY ? service->history_count : VIEW_HISTORY, style);
}

static void write_bytes(uint64_t bytes, char *out, size_t size)
{
	if (bytes > 0)
		format_bytes(bytes, out, size);
	else
		snprintf(out, size, "-");
}

static void write_rate(double rate, char *out, size_t size)
{
	char bytes[16];
	snprintf(out, size, rate < 0 ? "-" : "0");
	if (rate < 1)
		return;
	format_bytes((uint64_t)rate, bytes, sizeof bytes);
	snprintf(out, size, "%s/s", bytes);
}

static void write_percent(double percent, char *out, size_t size)
{
	if (percent < 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, percent < 99.95 ? "%.1f%%" : "%.0f%%", percent);
}

/* The text of a cell that is one; NULL: there is none. */
static const char *cell_text(struct tui *tui, const struct view_service *service, enum service_column column, char *out, size_t size)
{
	snprintf(out, size, "-");
	switch (column) {
	case COLUMN_NONE:
	case COLUMN_NAME:
	case COLUMN_STATE:
	case COLUMN_SPARK:
	case COLUMN_COUNT:
		return NULL;
	case COLUMN_GENERATION:
		if (service->generation > 0)
			snprintf(out, size, "g%u", service->generation);
		break;
	case COLUMN_CPU:
		write_percent(service->cpu_percent, out, size);
		break;
	case COLUMN_MEMORY:
		write_bytes(service->memory, out, size);
		break;
	case COLUMN_LIMIT:
		write_bytes(service->memory_limit, out, size);
		break;
	case COLUMN_RECEIVED:
		write_rate(service->received, out, size);
		break;
	case COLUMN_SENT:
		write_rate(service->sent, out, size);
		break;
	case COLUMN_READ:
		write_rate(service->read, out, size);
		break;
	case COLUMN_WRITTEN:
		write_rate(service->written, out, size);
		break;
	case COLUMN_RESTARTS:
		if (service->restarts > 0)
			snprintf(out, size, "%u", service->restarts);
		break;
	case COLUMN_PORTS:
		return service->foreign ? _("not ours") : service->ports != NULL ? service->ports : "-";
	case COLUMN_UP:
		return service->up_ms > 0 ? pen_age(tui, calm_age(service->up_ms), out, size) : NULL;
	case COLUMN_IMAGE:
		return service->image != NULL ? service->image : "-";
	}
	return out;
}

static bool is_muted(const struct view_service *service, enum service_column column)
{
	switch (column) {
	case COLUMN_CPU:
	case COLUMN_MEMORY:
	case COLUMN_RECEIVED:
	case COLUMN_SENT:
	case COLUMN_READ:
	case COLUMN_WRITTEN:
		return service->stale_figures;
	case COLUMN_PORTS:
		return service->foreign || service->ports == NULL;
	case COLUMN_LIMIT:
	case COLUMN_UP:
	case COLUMN_IMAGE:
		return true;
	case COLUMN_RESTARTS:
		return service->restarts == 0;
	case COLUMN_NONE:
	case COLUMN_NAME:
	case COLUMN_STATE:
	case COLUMN_GENERATION:
	case COLUMN_SPARK:
	case COLUMN_COUNT:
		break;
	}
	return false;
}

void columns_draw(struct tui *tui, const struct column_places *places, const struct view_service *service, int y, int x,
	enum service_column from, enum service_column to)
{
	for (int i = from; i <= (int)to; i++) {
		enum service_column column = (enum service_column)i;
		int w = places->width[column], at = x + places->x[column];
		char text[32];
		if (w == 0)
			continue;
		if (column == COLUMN_SPARK) {
			draw_spark(tui, service, y, at, w, paint_role(tui, service->stale_figures ? THEME_MUTED : THEME_PLOT));
			continue;
		}
		const char *cell = cell_text(tui, service, column, text, sizeof text);
		struct style style = is_muted(service, column) ? paint_role(tui, THEME_MUTED) : paint_plain;
		if (cell != NULL && columns[column].is_right)
			pen_right(tui, y, at, w, cell, style);
		else if (cell != NULL)
			pen_text(tui, y, at, w, cell, style);
	}
}
