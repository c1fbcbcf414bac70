/* CPU, memory and traffic of containers whose cgroup files cannot be read here:
 * the engine is on another machine, or in a virtual one. It is asked for one
 * reading of each at a time, of no more than a bounded number at once. Called by
 * rows.c and others.c each second; holds the last readings. */
#include "stats.h"

#include <ctype.h>
#include <stdio.h>

enum { PAUSE_MS = 2000, AT_ONCE = 64, TIMEOUT_MS = 10000, KEPT_MOST = 2048 };

struct asked {
	struct deck *deck;
	char *container;
	struct stats_reading last;
	struct engine_request *request; /* NULL: none runs */
	uint64_t asked_ns;
};

static void free_asked(void *data)
{
	struct asked *asked = data;
	if (asked->request != NULL)
		asked->deck->asking--;
	engine_cancel(asked->request);
	free(asked->container);
	free(asked);
}

/* Bytes a second; negative: not known. */
static double rate(uint64_t before, uint64_t now, double seconds)
{
	return now >= before ? (double)(now - before) / seconds : -1;
}

static struct engine_traffic traffic_between(const struct stats_reading *before, const struct stats_reading *now)
{
	double seconds = (double)(now->time_ns - before->time_ns) / 1e9;
	if (!before->is_there || !now->is_there || seconds <= 0)
		return (struct engine_traffic){-1, -1, -1, -1};
	return (struct engine_traffic){rate(before->received, now->received, seconds), rate(before->sent, now->sent, seconds),
		rate(before->read, now->read, seconds), rate(before->written, now->written, seconds)};
}

static void tell(struct asked *asked, const struct stats_reading *now)
{
	struct deck *deck = asked->deck;
	struct service *service = services_find_container(deck->services, asked->container);
	struct engine_usage usage = {.cpu_percent = stats_cpu_percent(&asked->last, now), .memory = now->memory};
	struct engine_traffic traffic = deck->traffic != NULL ? traffic_between(&asked->last, now) : (struct engine_traffic){-1, -1, -1, -1};
	if (service == NULL) {
		others_take_figures(deck, asked->container, &usage, &traffic);
	} else if (service->run == SERVICE_RUNNING) {
		service_add_usage(service, usage.cpu_percent, usage.memory, service->memory_limit);
		service->received = traffic.received;
		service->sent = traffic.sent;
		service->read = traffic.read;
		service->written = traffic.written;
	}
	deck_changed(deck);
}

static void on_stats(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct asked *asked = data;
	struct stats_reading now;
	asked->request = NULL;
	asked->deck->asking--;
	if (fault != NULL || answer->json == NULL)
		return;
	stats_read(answer->json, &now);
	if (!now.is_there)
		return;
	tell(asked, &now);
	asked->last = now;
}

/* It stands in a path as it is. */
static bool is_id(const char *text)
{
	size_t len = 0;
	while (isxdigit((unsigned char)text[len]))
		len++;
	return len > 0 && text[len] == '\0';
}

static struct asked *get(struct deck *deck, const char *container)
{
	struct asked *asked = deck->asked != NULL ? map_get(deck->asked, container) : NULL;
	if (asked != NULL)
		return asked;
	if (deck->asked != NULL && map_count(deck->asked) >= KEPT_MOST)
		asked_close(deck); /* most of them are of containers long gone */
	if (deck->asked == NULL)
		deck->asked = map_open(free_asked);
	asked = mem_alloc(sizeof *asked);
	asked->deck = deck;
	asked->container = mem_copy_string(container);
	map_put(deck->asked, container, asked);
	return asked;
}

void asked_figures(struct deck *deck, const char *container)
{
	uint64_t now = clock_now_ns();
	if (deck->is_lost || deck->asking >= AT_ONCE || !is_id(container))
		return;
	struct asked *asked = get(deck, container);
	unsigned pause_ms = deck->asked_pause_ms > 0 ? deck->asked_pause_ms : PAUSE_MS;
	if (asked->request != NULL || (asked->asked_ns > 0 && now - asked->asked_ns < pause_ms * 1000000ull))
		return;
	/* API 1.41: one reading at once; older ones take two, a second apart */
	auto_free char *path = mem_print("/containers/%s/stats?stream=0&one-shot=1", container);
	asked->asked_ns = now;
	deck->asking++;
	asked->request = engine_ask(deck->engine, "GET", path, NULL, TIMEOUT_MS, on_stats, asked);
}

void asked_close(struct deck *deck)
{
	map_close(steal(&deck->asked));
}
