/* Logs of several services as one, merged by time. Each line stays in its own
 * service's store (follow.c); here it is put in order with the others' and
 * copied into one store more. Lines that come together wait a moment for one
 * another: the engine sends each log by itself. Where both panes show the same
 * services, they have one store. */
#include "deck.h"

enum {
	STORE_BYTES = 64 << 20,
	SETTLE_MS = 250, /* at first every log sends its tail */
	HOLD_MS = 30,
	HOLD_MOST = 20000,
};

/* A line that waits: where it stands in its own store. */
struct held_line {
	int64_t time_ns;
	size_t order;
	const struct log_store *from;
	const char *service;
	uint64_t number;
};

struct merge {
	struct deck *deck;
	struct strings names; /* empty: every service */
	char *title;
	struct log_store *store;
	struct loop_timer *timer;
	bool settled; /* the tails were taken */
	ARRAY(struct held_line) held;
};

static int by_time(const void *a, const void *b)
{
	const struct held_line *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void hold(struct merge *merge, const char *service, const struct log_store *from, uint64_t number, int64_t time_ns)
{
	*array_add(&merge->held) = (struct held_line){.time_ns = time_ns, .order = merge->held.count, .from = from, .service = service, .number = number};
}

static void put_in_order(struct merge *merge)
{
	if (merge->held.count > 1)
		qsort(merge->held.items, merge->held.count, sizeof *merge->held.items, by_time);
	for (size_t i = 0; i < merge->held.count; i++) {
		const struct held_line *held = &merge->held.items[i];
		struct log_line line;
		if (log_store_get(held->from, held->number, &line))
			log_store_copy(merge->store, held->service, &line);
	}
	merge->held.count = 0;
	deck_changed(merge->deck);
}

static bool has(const struct merge *merge, const char *service)
{
	return merge != NULL && ((merge->names.count == 0 && service[0] != '/') || strings_have(&merge->names, service));
}

/* What the services' own stores hold at their ends, marks too. */
static void take_tails(struct merge *merge)
{
	struct deck *deck = merge->deck;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const char *service = services_at(deck->services, i)->name;
		struct log_store *from = has(merge, service) ? follow_own_store(deck, service) : NULL;
		if (from == NULL)
			continue;
		uint64_t first = log_store_first(from), end = log_store_end(from);
		for (uint64_t number = end > first + LOG_TAIL ? end - LOG_TAIL : first; number < end; number++) {
			struct log_line line;
			if (log_store_get(from, number, &line))
				hold(merge, service, from, number, line.time_ns);
		}
	}
	merge->settled = true;
}

static void on_time(void *data)
{
	struct merge *merge = data;
	if (!merge->settled)
		take_tails(merge);
	put_in_order(merge);
}

bool merge_has(const struct deck *deck, const char *service)
{
	for (size_t pane = 0; pane < LOG_PANES; pane++)
		if (has(deck->merges[pane], service))
			return true;
	return false;
}

static void take_line(struct merge *merge, const char *service, const struct log_store *from, int64_t time_ns)
{
	if (!has(merge, service) || !merge->settled)
		return; /* taken with the tail */
	hold(merge, service, from, log_store_end(from) - 1, time_ns);
	if (merge->held.count >= HOLD_MOST)
		put_in_order(merge);
	else if (!loop_timer_is_set(merge->timer))
		loop_timer_set(merge->timer, HOLD_MS, 0);
}

void merge_line(struct deck *deck, const char *service, const struct log_store *from, int64_t time_ns)
{
	take_line(deck->merges[LOG_FOLLOWED], service, from, time_ns);
	if (deck->merges[LOG_BESIDE] != deck->merges[LOG_FOLLOWED])
		take_line(deck->merges[LOG_BESIDE], service, from, time_ns);
}

struct log_store *merge_store(const struct deck *deck, size_t pane, const char **title, const char **why_empty)
{
	const struct merge *merge = deck->merges[pane];
	*title = merge->title;
	*why_empty = merge->settled ? _("none of these services has written anything yet") : _("the logs are being read");
	return merge->store;
}

static char *make_title(const struct strings *names)
{
	if (names->count == 0)
		return mem_copy_string(_("of all services, merged"));
	auto_free char *list = strings_join(names, " + ", NULL);
	return mem_print(_("%s, merged"), list);
}

static bool is_same(const struct merge *merge, const struct strings *names)
{
	bool same = merge != NULL && merge->names.count == names->count;
	for (size_t i = 0; same && i < names->count; i++)
		same = strings_have(&merge->names, names->items[i]);
	return same;
}

void merge_open(struct deck *deck, size_t pane, const struct strings *names)
{
	merge_close(deck, pane);
	for (size_t other = 0; other < LOG_PANES; other++)
		if (is_same(deck->merges[other], names)) {
			deck->merges[pane] = deck->merges[other];
			return;
		}
	struct merge *merge = mem_alloc(sizeof *merge);
	merge->deck = deck;
	strings_copy(&merge->names, names);
	merge->title = make_title(names);
	merge->store = log_store_open(deck->log_bytes != 0 ? deck->log_bytes : STORE_BYTES);
	merge->timer = loop_timer_open(deck->loop, on_time, merge);
	loop_timer_set(merge->timer, SETTLE_MS, 0);
	deck->merges[pane] = merge;
}

void merge_close(struct deck *deck, size_t pane)
{
	struct merge *merge = steal(&deck->merges[pane]);
	for (size_t other = 0; other < LOG_PANES; other++)
		if (merge == NULL || deck->merges[other] == merge)
			return;
	loop_timer_close(merge->timer);
	log_store_close(merge->store);
	strings_finish(&merge->names);
	array_finish(&merge->held);
	free(merge->title);
	free(merge);
}
