/* How fast the store takes lines in, what a line costs in memory, and how fast
 * it is searched. Prints one figure a line; medians of several rounds.
 *   bench-logs [LINES] */
#include "cargodeck/logs.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 5 };

static const char *const json[] = {
	"{\"timestamp\":\"2026-11-23T14:02:11.204Z\",\"level\":\"INFO\",\"target\":\"api::route\",\"message\":\"GET /cart 200 4ms %06u\"}",
	"{\"timestamp\":\"2026-11-23T14:02:11.310Z\",\"level\":\"WARN\",\"target\":\"gateway::pool\",\"message\":\"slow acquire %06u\"}",
	NULL,
};
static const char *const coloured[] = {
	"\033[2m2026-11-23T14:02:11.204Z\033[0m \033[32m INFO\033[0m \033[2mapi::route\033[0m\033[2m:\033[0m GET /cart/%06u 200 4ms",
	"\033[2m2026-11-23T14:02:11.310Z\033[0m \033[33m WARN\033[0m \033[2mgateway::pool\033[0m\033[2m:\033[0m slow acquire \033[3mwait\033[0m=%06u",
	NULL,
};
static const char *const plain[] = {"line %06u of a plain log, as numbered lines are", NULL};
static const char *const cyrillic[] = {"2026-11-23 INFO принят заказ номер %06u, оплачен картой, ждёт отправки", NULL};

/* CPU time: the machine may be busy with other things. */
static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *times)
{
	qsort(times, ROUNDS, sizeof *times, compare);
	return times[ROUNDS / 2];
}

static size_t make_lines(const char *const *shapes, struct strings *lines, size_t count)
{
	size_t bytes = 0, kinds = 0;
	while (shapes[kinds] != NULL)
		kinds++;
	for (size_t i = 0; i < count; i++) {
		strings_print(lines, shapes[i % kinds], (unsigned)i);
		bytes += strlen(lines->items[i]);
	}
	return bytes;
}

static void bench_intake(const char *name, const char *const *shapes, size_t count)
{
	enum { DISTINCT = 4096 };
	auto_strings lines = {0};
	size_t bytes = make_lines(shapes, &lines, DISTINCT);
	auto_free size_t *lens = mem_alloc(DISTINCT * sizeof *lens);
	for (size_t i = 0; i < DISTINCT; i++)
		lens[i] = strlen(lines.items[i]);
	uint64_t times[ROUNDS];
	double cost = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct log_store *store = log_store_open((size_t)1 << 31);
		uint64_t began = cpu_ns();
		for (size_t i = 0; i < count; i++)
			log_store_add(store, (int64_t)i, false, lines.items[i % DISTINCT], lens[i % DISTINCT]);
		times[round] = cpu_ns() - began;
		cost = (double)log_store_bytes(store) / (double)count;
		log_store_close(store);
	}
	double each = (double)median(times) / (double)count;
	printf("intake %-9s %5.0f ns a line, %6.2f M lines/s, %5.1f bytes held a line of %5.1f raw\n", name, each, 1e3 / each, cost,
		(double)bytes / DISTINCT);
}

/* The index that a screen searches, counts and filters by. */
static void bench_search(const struct log_store *store, const char *name, const struct log_wish *wish)
{
	struct fault fault;
	uint64_t times[ROUNDS], found = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct log_index *index = log_index_open(wish, &fault);
		if (index == NULL) {
			printf("search %s: %s\n", name, fault.text);
			return;
		}
		uint64_t began = cpu_ns();
		log_index_step(index, store, 0);
		times[round] = cpu_ns() - began;
		found = log_index_end(index) - log_index_first(index);
		log_index_close(index);
	}
	uint64_t took = median(times);
	printf("search %-28s %6.1f ms, %6.0f MB/s, %llu lines\n", name, (double)took / 1e6,
		(double)log_store_bytes(store) * 1e3 / (double)took, (unsigned long long)found);
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? (size_t)atol(argv[1]) : 1000000;
	if (count == 0) {
		fputs("usage: bench-logs [LINES]\n", stderr);
		return 2;
	}
	bench_intake("json", json, count);
	bench_intake("coloured", coloured, count);
	bench_intake("plain", plain, count);
	bench_intake("cyrillic", cyrillic, count);
	auto_strings lines = {0};
	make_lines(json, &lines, count);
	struct log_store *store = log_store_open((size_t)1 << 31);
	for (size_t i = 0; i < count; i++)
		log_store_add(store, 0, false, lines.items[i], strlen(lines.items[i]));
	bench_search(store, "literal, exact, none", &(struct log_wish){.needle = {"Timeout", false}});
	bench_search(store, "literal, folded, none", &(struct log_wish){.needle = {"timeout", false}});
	bench_search(store, "literal, folded, rare", &(struct log_wish){.needle = {"acquire 000777", false}});
	bench_search(store, "literal, exact, half", &(struct log_wish){.needle = {"WARN", false}});
	bench_search(store, "regular, none", &(struct log_wish){.needle = {"time(out|d out)", true}});
	bench_search(store, "regular, rare", &(struct log_wish){.needle = {"acquire \\d+77777", true}});
	bench_search(store, "regular, all", &(struct log_wish){.needle = {"^\\{.*\\}$", true}});
	bench_search(store, "level", &(struct log_wish){.least = LOG_WARN});
	log_store_close(store);
	return 0;
}
