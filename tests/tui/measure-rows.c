/* What a frame and a key cost with many rows: prints both for 200 services and
 * for 10,000 rows, drawn in memory. Nothing is tested, for other things run on
 * the machine; installed nowhere.
 *   measure-rows [ROUNDS] */
#include "cargodeck/commands.h"
#include "scene.h"

#include <stdio.h>

static struct view_service rows[10000];
static size_t row_count;

static void fill_view(void *data, struct view *view)
{
	(void)data;
	scene_fill(SCENE_DECK, view);
	view->services = rows;
	view->service_count = row_count;
}

static void fill_rows(void)
{
	static char names[COUNT_OF(rows)][24];
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(names[i], sizeof names[i], "service-%zu", i);
		rows[i] = (struct view_service){.name = names[i], .state = VIEW_RUNNING, .cpu_percent = (double)(i % 97), .memory = i << 20, .up_ms = 1000 * i};
	}
}

static double round_us(struct tui *tui, const char *keys)
{
	struct view view;
	uint64_t began = clock_now_ns();
	if (keys != NULL)
		tui_type(tui, keys, strlen(keys));
	fill_view(NULL, &view);
	tui_draw(tui, &view);
	return (double)(clock_now_ns() - began) / 1000;
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;
	return (one > other) - (one < other);
}

static void measure(struct tui *tui, const char *what, const char *keys, size_t rounds)
{
	double *times = mem_alloc(rounds * sizeof *times);
	for (size_t i = 0; i < rounds; i++)
		times[i] = round_us(tui, keys);
	qsort(times, rounds, sizeof *times, by_size);
	printf("%6zu rows  %-18s p50 %8.0f us  p95 %8.0f us\n", row_count, what, times[rounds / 2], times[rounds * 95 / 100]);
	free(times);
}

static bool measure_all(size_t rounds)
{
	static const struct tui_call call = {.view = fill_view};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct fault fault = {0};
	struct loop *loop = loop_open();
	struct config *config = config_open("/dev/null", themes);
	struct tui_options options = {.commands = &deck_commands, .config = config, .headless_columns = 160, .headless_rows = 50,
		.headless_colours = 256};
	struct tui *tui = tui_open(loop, &options, &call, NULL, &fault);
	if (tui != NULL) {
		round_us(tui, NULL);
		measure(tui, "frame", NULL, rounds);
		measure(tui, "key down", "j", rounds);
		measure(tui, "keys last, first", "Gg", rounds);
		round_us(tui, "o");
		measure(tui, "frame, sorted", NULL, rounds);
		round_us(tui, "/9");
		measure(tui, "frame, filtered", NULL, rounds);
	}
	tui_close(tui);
	config_close(config);
	loop_close(loop);
	return tui != NULL;
}

int main(int argc, char **argv)
{
	static const size_t counts[] = {200, COUNT_OF(rows)};
	long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 100;
	fill_rows();
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		row_count = counts[i];
		if (!measure_all(wanted > 0 && wanted < 100000 ? (size_t)wanted : 100))
			return 1;
	}
	return 0;
}
