/* Logs: one store for each service that was looked at, and one for the builder.
 * Only the logs that are shown are followed (one in each of two panes, or those
 * that merge.c puts in order); what was read is kept when another is shown, and when a container is
 * made anew, with a divider. */
#include "deck.h"

#include <stdio.h>

enum { STORE_BYTES = 64 << 20 };

struct follow_log {
	struct deck *deck;
	char *service, *container;
	struct log_store *store;
	struct engine_log *log;
	struct str half; /* builder: a line that is not ended yet */
	bool ended;
	char *why; /* it cannot be read, or NULL */
};

static void free_follow(void *data)
{
	struct follow_log *follow = data;
	engine_log_close(follow->log);
	log_store_close(follow->store);
	str_finish(&follow->half);
	free(follow->service);
	free(follow->container);
	free(follow->why);
	free(follow);
}

static struct follow_log *get_follow(struct deck *deck, const char *service)
{
	if (deck->logs == NULL)
		deck->logs = map_open(free_follow);
	struct follow_log *follow = map_get(deck->logs, service);
	if (follow != NULL)
		return follow;
	follow = mem_alloc(sizeof *follow);
	follow->deck = deck;
	follow->service = mem_copy_string(service);
	follow->store = log_store_open(deck->log_bytes != 0 ? deck->log_bytes : STORE_BYTES);
	map_put(deck->logs, service, follow);
	return follow;
}

static void on_line(void *data, const struct engine_log_line *line)
{
	struct follow_log *follow = data;
	log_store_add(follow->store, line->time_ns, line->stream == 2, line->text, line->len);
	merge_line(follow->deck, follow->service, follow->store, line->time_ns);
	deck_changed(follow->deck);
}

static void add_mark(struct follow_log *follow, enum log_kind kind, const char *text)
{
	int64_t now = clock_wall_ms() * 1000000;
	log_store_mark(follow->store, kind, now, text);
	merge_line(follow->deck, follow->service, follow->store, now);
	deck_changed(follow->deck);
}

static void on_gap(void *data)
{
	add_mark(data, LOG_GAP, _("the engine's log was cut here: lines may be missing"));
}

static void on_end(void *data, const struct fault *fault)
{
	struct follow_log *follow = data;
	follow->ended = true;
	service_set_text(&follow->why, fault != NULL ? fault->text : NULL);
	deck_changed(follow->deck);
}

/* The same container: goes on behind the last line. Another one: from its tail,
 * with a divider. */
static void open_log(struct follow_log *follow, const struct service *service)
{
	static const struct engine_log_call calls = {on_line, on_gap, on_end};
	if (follow->log != NULL && text_equal(follow->container, service->container)) {
		if (follow->ended && service->run != SERVICE_RUNNING)
			return; /* read to its end */
		if (follow->ended)
			add_mark(follow, LOG_DIVIDER, _("started again"));
		follow->ended = false;
		engine_log_resume(follow->log);
		return;
	}
	engine_log_close(follow->log);
	follow->ended = false;
	if (follow->container != NULL)
		add_mark(follow, LOG_DIVIDER, _("a new container"));
	service_set_text(&follow->container, service->container);
	follow->log = engine_log_open(follow->deck->engine, service->container, service->is_tty, LOG_TAIL, true, &calls, follow);
}

static bool is_shown(const struct deck *deck, const char *service)
{
	return text_equal(deck->followed, service) || text_equal(deck->beside, service) || merge_has(deck, service);
}

/* Following costs the engine: only what is shown is. */
static void follow_shown(struct deck *deck)
{
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *row = services_at(deck->services, i);
		struct follow_log *follow = map_get(deck->logs, row->name);
		if (is_shown(deck, row->name) && row->container != NULL)
			open_log(get_follow(deck, row->name), row);
		else if (follow != NULL && follow->log != NULL && !follow->ended)
			engine_log_pause(follow->log);
	}
	deck_changed(deck);
}

void deck_follow_log(struct deck *deck, const char *service)
{
	if (text_equal(deck->followed, service))
		return;
	service_set_text(&deck->followed, service);
	follow_shown(deck);
	others_follow(deck, service);
}

void deck_merge_logs(struct deck *deck, const struct strings *names)
{
	if (names != NULL)
		merge_open(deck, LOG_FOLLOWED, names);
	else
		merge_close(deck, LOG_FOLLOWED);
	follow_shown(deck);
}

void deck_show_beside(struct deck *deck, const struct strings *names)
{
	const char *one = names != NULL && names->count == 1 ? names->items[0] : NULL;
	service_set_text(&deck->beside, one);
	if (names != NULL && one == NULL)
		merge_open(deck, LOG_BESIDE, names);
	else
		merge_close(deck, LOG_BESIDE);
	follow_shown(deck);
	others_follow(deck, one);
}

void follow_container_changed(struct deck *deck, struct service *service)
{
	if (service->container != NULL && is_shown(deck, service->name))
		open_log(get_follow(deck, service->name), service);
}

void follow_say(struct deck *deck, const char *service, const char *why_empty)
{
	if (!is_shown(deck, service))
		return;
	service_set_text(&get_follow(deck, service)->why, why_empty);
	deck_changed(deck);
}

void follow_pause_others(struct deck *deck, size_t most)
{
	const char *key;
	void *value;
	size_t at = 0, count = 0;
	while (deck->logs != NULL && map_next(deck->logs, &at, &key, NULL))
		count += key[0] == '/';
	for (at = 0; deck->logs != NULL && map_next(deck->logs, &at, &key, &value);) {
		struct follow_log *follow = value;
		if (key[0] != '/' || is_shown(deck, key))
			continue;
		if (follow->log != NULL && !follow->ended)
			engine_log_pause(follow->log);
		/* the frame drawn last may stand on the newest */
		if (count > most) {
			map_remove(deck->logs, key);
			count--;
		}
	}
}

void follow_mark(struct deck *deck, const char *service, const char *text)
{
	struct follow_log *follow = map_get(deck->logs, service);
	if (follow != NULL)
		add_mark(follow, LOG_DIVIDER, text);
}

struct log_store *follow_own_store(const struct deck *deck, const char *service)
{
	const struct follow_log *follow = map_get(deck->logs, service);
	return follow != NULL ? follow->store : NULL;
}

void follow_add_builder(struct deck *deck, const char *bytes, size_t len)
{
	struct follow_log *follow = get_follow(deck, "builder");
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			if (follow->half.len < 65536)
				str_add_char(&follow->half, bytes[i]);
			continue;
		}
		log_store_add(follow->store, clock_wall_ms() * 1000000, true, str_text(&follow->half), follow->half.len);
		str_clear(&follow->half);
	}
	deck_changed(deck);
}

struct log_store *follow_store(struct deck *deck, const char *service, const char **why_empty)
{
	const struct service *row = services_find(deck->services, service);
	struct follow_log *follow = service != NULL ? map_get(deck->logs, service) : NULL;
	*why_empty = NULL;
	if (follow != NULL && log_store_end(follow->store) > log_store_first(follow->store))
		return follow->store;
	if (row == NULL && service != NULL && service[0] == '/')
		*why_empty = follow != NULL && follow->why != NULL ? follow->why : _("no output yet");
	else if (row == NULL)
		*why_empty = service == NULL || deck->project == NULL ? _("no service is selected") : _("there is no service of this name any more");
	else if (row->container == NULL)
		*why_empty = row->is_waiting ? _("not started yet: it waits for its program or for another service") : _("it has no container");
	else
		*why_empty = follow != NULL && follow->why != NULL ? follow->why : _("no output yet");
	return follow != NULL ? follow->store : NULL;
}

void follow_close(struct deck *deck)
{
	for (size_t pane = 0; pane < LOG_PANES; pane++)
		merge_close(deck, pane);
	map_close(deck->logs);
	deck->logs = NULL;
}
