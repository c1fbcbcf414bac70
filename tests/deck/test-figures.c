/* Figures that the engine is asked for, where cgroup files are not to be read:
 * against a scripted engine, whose containers have none here. */
#include "../engine/fake.h"
#include "deck.h"

struct world {
	unsigned readings;
};

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	struct world *world = data;
	auto_str answer = {0};
	(void)body;
	if (serve_version(peer, path))
		return true;
	if (strcmp(path, "/containers/ab1/stats?stream=0&one-shot=1") != 0)
		return peer_answer(peer, 404, "{\"message\":\"no such container\"}");
	/* half a core between two readings, a second of the engine's clock apart */
	unsigned at = world->readings++;
	str_print(&answer, "{\"read\":\"2026-11-27T00:00:%02u.0Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":%u}},"
		"\"memory_stats\":{\"usage\":3000,\"limit\":99999,\"stats\":{\"inactive_file\":1000}},"
		"\"networks\":{\"eth0\":{\"rx_bytes\":%u,\"tx_bytes\":7}},\"blkio_stats\":{\"io_service_bytes_recursive\":null}}",
		at % 60, at * 500000000u, at * 300u);
	return peer_answer(peer, 200, str_text(&answer));
}

static struct service *add(struct deck *deck, const char *name, const char *container)
{
	struct service *service = services_add(deck->services, name);
	service->container = mem_copy_string(container);
	service->run = SERVICE_RUNNING;
	return service;
}

static void read_and_turn(struct deck *deck)
{
	rows_read_figures(deck);
	loop_turn(deck->loop, 5);
}

static void are_asked_for(void **state)
{
	struct world world = {0};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct fault fault = {0};
	struct deck *deck = deck_open(loop, &(struct deck_options){.host = fake_host(fake)}, NULL, NULL, &fault);
	(void)state;
	assert_non_null(deck);
	deck->asked_pause_ms = 1;
	struct service *api = add(deck, "api", "ab1"), *gone = add(deck, "gone", "ab2"), *hostile = add(deck, "hostile", "../x?");
	deck_watch_traffic(deck, true);
	uint64_t end = clock_now_ns() + 20000000000ull;
	while (api->cpu_percent < 0 || api->received < 0) {
		assert_true(clock_now_ns() < end);
		read_and_turn(deck);
	}
	assert_float_equal(api->cpu_percent, 50, 0.1);
	assert_float_equal(api->received, 300, 0.1);
	assert_float_equal(api->sent, 0, 0.1);
	assert_int_equal(api->memory, 2000);
	assert_int_equal(api->memory_limit, 0); /* what the machine has is no limit */
	assert_true(gone->cpu_percent < 0 && hostile->cpu_percent < 0);
	assert_int_equal(fake_asked(fake, "/x"), 0);
	/* one at a time of each, and not more often than it is wanted */
	deck->asked_pause_ms = 0;
	unsigned before = fake_asked(fake, "/ab1/stats");
	for (int i = 0; i < 20; i++)
		read_and_turn(deck);
	assert_true(fake_asked(fake, "/ab1/stats") <= before + 1);
	/* closed while one runs */
	deck->asked_pause_ms = 1;
	rows_read_figures(deck);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_asked_for),
	};
	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
