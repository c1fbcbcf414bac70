/* Which services the pane lists, and in which order: sorted by a column,
 * filtered by a text, without what is stopped or done; and those that are
 * marked. Made anew for each frame (list_make), read by services.c and by what
 * acts on services. */
#include "tui.h"

/* ---- order ---- */

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_numbers(double a, double b)
{
	return a < b ? -1 : a > b;
}

/* What one looks for comes first: names from a to z, all else the worst or largest first. */
static int compare_by(enum service_column column, const struct view_service *a, const struct view_service *b)
{
	switch (column) {
	case COLUMN_NONE:
	case COLUMN_SPARK:
	case COLUMN_COUNT:
		break;
	case COLUMN_NAME:
		return compare_texts(services_name(a), services_name(b));
	case COLUMN_IMAGE:
		return compare_texts(a->image, b->image);
	case COLUMN_PORTS:
		return compare_texts(a->ports, b->ports);
	case COLUMN_STATE:
		return compare_numbers(b->state, a->state);
	case COLUMN_GENERATION:
		return compare_numbers(b->generation, a->generation);
	case COLUMN_CPU:
		return compare_numbers(b->cpu_percent, a->cpu_percent);
	case COLUMN_MEMORY:
		return compare_numbers((double)b->memory, (double)a->memory);
	case COLUMN_LIMIT:
		return compare_numbers((double)b->memory_limit, (double)a->memory_limit);
	case COLUMN_UP:
		return compare_numbers((double)b->up_ms, (double)a->up_ms);
	case COLUMN_RECEIVED:
		return compare_numbers(b->received, a->received);
	case COLUMN_SENT:
		return compare_numbers(b->sent, a->sent);
	case COLUMN_READ:
		return compare_numbers(b->read, a->read);
	case COLUMN_WRITTEN:
		return compare_numbers(b->written, a->written);
	case COLUMN_RESTARTS:
		return compare_numbers(b->restarts, a->restarts);
	}
	return 0;
}

struct order {
	const struct view *view;
	enum service_column column;
	bool is_reversed;
};

static int compare(const void *a, const void *b, void *data)
{
	const struct order *order = data;
	size_t left = *(const size_t *)a, right = *(const size_t *)b;
	const struct view_service *a_service = list_service(order->view, left), *b_service = list_service(order->view, right);
	/* projects stay together: ours, the others, what is of none */
	bool is_a_other = left >= order->view->service_count, is_b_other = right >= order->view->service_count;
	if (is_a_other != is_b_other)
		return is_a_other ? 1 : -1;
	if (is_a_other && !text_equal(a_service->project, b_service->project))
		return a_service->project == NULL ? 1 : b_service->project == NULL ? -1 : strcmp(a_service->project, b_service->project);
	int way = compare_by(order->column, a_service, b_service);
	if (order->is_reversed)
		way = order->column == COLUMN_NONE ? (left < right ? 1 : -1) : -way;
	return way != 0 ? way : left < right ? -1 : 1; /* equals stay as the compose file has them */
}

bool list_can_sort_by(enum service_column column)
{
	return column != COLUMN_SPARK && column < COLUMN_COUNT;
}

/* By what one sorts most, and by what else is in sight and worth it. */
static bool is_in_round(const struct service_list *list, enum service_column column)
{
	switch (column) {
	case COLUMN_NONE:
	case COLUMN_NAME:
	case COLUMN_STATE:
	case COLUMN_CPU:
	case COLUMN_MEMORY:
	case COLUMN_RESTARTS:
	case COLUMN_UP:
	case COLUMN_COUNT:
		return true;
	case COLUMN_RECEIVED:
	case COLUMN_SENT:
	case COLUMN_READ:
	case COLUMN_WRITTEN:
		return list->places.width[column] > 0;
	case COLUMN_GENERATION:
	case COLUMN_SPARK:
	case COLUMN_LIMIT:
	case COLUMN_PORTS:
	case COLUMN_IMAGE:
		break;
	}
	return false;
}

void list_sort_next(struct service_list *list)
{
	enum service_column next = list->order;
	do
		next = (enum service_column)(next + 1);
	while (!is_in_round(list, next));
	list->order = next < COLUMN_COUNT ? next : COLUMN_NONE;
	list->is_reversed = false;
}

void list_sort_by(struct service_list *list, enum service_column column)
{
	list->is_reversed = list->order == column && !list->is_reversed;
	list->order = column;
}

/* ---- what is listed ---- */

static bool is_over(enum view_state state)
{
	return state == VIEW_STOPPED || state == VIEW_DONE;
}

static bool passes(const struct service_list *list, const struct view_service *service)
{
	return list->needle[0] == '\0' || match_smart(list->needle, services_name(service)) ||
		match_smart(list->needle, services_word(service)) || (service->project != NULL && match_smart(list->needle, service->project));
}

const struct view_service *list_service(const struct view *view, size_t place)
{
	return place < view->service_count ? &view->services[place] : &view->others[place - view->service_count];
}

size_t list_total(const struct view *view)
{
	return view->service_count + view->other_count;
}

static bool is_other(const struct view *view, size_t place)
{
	return place >= view->service_count;
}

/* A heading stands before the first of each project. */
static void make_lines(struct service_list *list, const struct view *view)
{
	list->lines.count = 0;
	for (size_t at = 0; at < list->shown.count; at++) {
		size_t here = list->shown.items[at], before = at > 0 ? list->shown.items[at - 1] : here;
		bool is_first = at == 0 || is_other(view, here) != is_other(view, before) ||
			!text_equal(list_service(view, here)->project, list_service(view, before)->project);
		if (view->has_others && is_first)
			*array_add(&list->lines) = LIST_HEADING;
		*array_add(&list->lines) = at;
	}
}

void list_make(struct tui *tui, const struct view *view)
{
	struct service_list *list = &tui->list;
	struct order order = {view, list->order, list->is_reversed};
	list->shown.count = list->hidden = 0;
	for (size_t i = 0; i < list_total(view); i++) {
		const struct view_service *service = list_service(view, i);
		if (list->is_hiding && is_over(service->state))
			list->hidden++;
		else if (passes(list, service))
			*array_add(&list->shown) = i;
	}
	if (list->shown.count > 1)
		qsort_r(list->shown.items, list->shown.count, sizeof *list->shown.items, compare, &order);
	make_lines(list, view);
}

const char *list_key(const struct tui *tui, size_t at)
{
	return at < tui->list.shown.count ? tui->names.items[tui->list.shown.items[at]] : NULL;
}

size_t list_find(const struct tui *tui, const char *key)
{
	for (size_t at = 0; key != NULL && at < tui->list.shown.count; at++)
		if (strcmp(list_key(tui, at), key) == 0)
			return at;
	return SIZE_MAX;
}

void list_filter(struct service_list *list, const char *text)
{
	snprintf(list->needle, sizeof list->needle, "%s", text);
}

/* ---- marks ---- */

bool list_is_marked(const struct tui *tui, const char *key)
{
	return tui->list.marked != NULL && key != NULL && map_has(tui->list.marked, key);
}

size_t list_marked(const struct tui *tui)
{
	return tui->list.marked != NULL ? map_count(tui->list.marked) : 0;
}

static void mark_none(struct service_list *list)
{
	map_close(list->marked);
	list->marked = NULL;
}

static void mark(struct service_list *list, const char *key)
{
	if (list->marked == NULL)
		list->marked = map_open(NULL);
	map_put(list->marked, key, NULL);
}

void list_mark(struct tui *tui)
{
	const char *key = list_key(tui, tui->service_at);
	if (list_is_marked(tui, key))
		map_remove(tui->list.marked, key);
	else if (key != NULL)
		mark(&tui->list, key);
}

void list_mark_all(struct tui *tui)
{
	bool any = list_marked(tui) > 0;
	mark_none(&tui->list);
	for (size_t at = 0; !any && at < tui->list.shown.count; at++)
		mark(&tui->list, list_key(tui, at));
}

/* A mark goes with its service. */
void list_drop_gone(struct tui *tui)
{
	struct map *before = tui->list.marked;
	size_t there = 0;
	for (size_t i = 0; before != NULL && i < tui->names.count; i++)
		there += map_has(before, tui->names.items[i]);
	if (before == NULL || there == map_count(before))
		return;
	tui->list.marked = NULL;
	for (size_t i = 0; i < tui->names.count; i++)
		if (map_has(before, tui->names.items[i]))
			mark(&tui->list, tui->names.items[i]);
	map_close(before);
}

void list_targets(const struct tui *tui, bool is_many, struct strings *names)
{
	const char *key = list_key(tui, tui->service_at);
	for (size_t i = 0; is_many && i < tui->names.count; i++)
		if (list_is_marked(tui, tui->names.items[i]))
			strings_add(names, tui->names.items[i]);
	if (names->count == 0 && key != NULL)
		strings_add(names, key);
}

size_t list_line(const struct tui *tui, size_t at)
{
	const struct service_list *list = &tui->list;
	for (size_t line = at; line < list->lines.count; line++)
		if (list->lines.items[line] == at)
			return line;
	return 0;
}

/* ---- what deck must know ---- */

static void tell_in_sight(struct tui *tui)
{
	struct service_list *list = &tui->list;
	auto_strings names = {0};
	for (size_t line = tui->service_top; line < list->lines.count && line < tui->service_top + tui->service_rows; line++) {
		const char *key = list_key(tui, list->lines.items[line]);
		if (key != NULL && key[0] == '/')
			strings_add(&names, key);
	}
	bool is_same = names.count == list->in_sight.count;
	for (size_t i = 0; is_same && i < names.count; i++)
		is_same = strcmp(names.items[i], list->in_sight.items[i]) == 0;
	if (is_same)
		return;
	strings_finish(&list->in_sight);
	strings_copy(&list->in_sight, &names);
	if (tui->call.in_sight != NULL)
		tui->call.in_sight(tui->data, &list->in_sight);
}

void list_tell(struct tui *tui)
{
	struct service_list *list = &tui->list;
	if (list->has_traffic != list->is_traffic_told) {
		list->is_traffic_told = list->has_traffic;
		if (tui->call.traffic != NULL)
			tui->call.traffic(tui->data, list->has_traffic);
	}
	if (list->has_others != list->are_others_told) {
		list->are_others_told = list->has_others;
		strings_finish(&list->in_sight);
		if (tui->call.others != NULL)
			tui->call.others(tui->data, list->has_others);
	}
	tell_in_sight(tui);
}

/* ---- in words ---- */

enum { NAMED_MOST = 24 };

static const char *project_of(const struct tui *tui, const char *key)
{
	for (size_t i = 0; i < tui->names.count; i++)
		if (strcmp(tui->names.items[i], key) == 0)
			return tui->list.projects.items[i];
	return "";
}

char *list_phrase(const struct tui *tui, const struct strings *names, bool *has_others)
{
	auto_strings phrases = {0};
	*has_others = false;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		bool is_one = name[0] == '/';
		*has_others |= is_one;
		if (i >= NAMED_MOST)
			continue;
		const char *project = is_one ? project_of(tui, name) : "";
		if (!is_one)
			strings_add(&phrases, name);
		else if (project[0] != '\0')
			strings_print(&phrases, _("%s of project %s"), name + 1, project);
		else
			strings_print(&phrases, _("the container %s"), name + 1);
	}
	if (names->count > NAMED_MOST)
		strings_print(&phrases, _("%zu more"), names->count - NAMED_MOST);
	return strings_join(&phrases, ", ", _(" and "));
}

bool list_leave(struct tui *tui)
{
	if (tui->list.needle[0] != '\0')
		list_filter(&tui->list, "");
	else if (list_marked(tui) > 0)
		mark_none(&tui->list);
	else
		return false;
	return true;
}

bool list_can_leave(const struct tui *tui)
{
	return tui->list.needle[0] != '\0' || list_marked(tui) > 0;
}

static void add_part(struct str *out, const char *text)
{
	str_print(out, "%s%s", out->len > 0 ? ", " : "", text);
}

void list_describe(const struct tui *tui, struct str *out)
{
	const struct service_list *list = &tui->list;
	char text[128];
	if (list->needle[0] != '\0') {
		snprintf(text, sizeof text, _("%zu of %zu"), list->shown.count, tui->names.count - list->hidden);
		add_part(out, text);
		str_print(out, ", /%s", list->needle);
	}
	if (list->hidden > 0) {
		snprintf(text, sizeof text, _("%zu hidden"), list->hidden);
		add_part(out, text);
	}
	if (list_marked(tui) > 0) {
		snprintf(text, sizeof text, _("%zu marked"), list_marked(tui));
		add_part(out, text);
	}
	if (list->order != COLUMN_NONE) {
		snprintf(text, sizeof text, list->is_reversed ? _("by %s reversed") : _("by %s"), column_name(list->order));
		add_part(out, text);
	} else if (list->is_reversed) {
		add_part(out, _("from the last"));
	}
}

/* Why nothing is listed where there are services. */
void list_why_empty(const struct tui *tui, struct str *out)
{
	char key[32];
	if (tui->list.needle[0] != '\0') {
		hints_key(tui, COMMAND_LEAVE, key, sizeof key);
		str_print(out, _("No service has \"%s\" in its name or state. %s ends the filter."), tui->list.needle, key);
	} else {
		hints_key(tui, COMMAND_HIDE_STOPPED, key, sizeof key);
		str_print(out, _("All services are stopped or done, and hidden. %s shows them."), key);
	}
}

void list_finish(struct service_list *list)
{
	array_finish(&list->lines);
	strings_finish(&list->projects);
	strings_finish(&list->in_sight);
	array_finish(&list->shown);
	map_close(list->marked);
}
