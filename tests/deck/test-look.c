/* What the deck leaves behind for commands that look once: generations, what was
 * stopped by an order, whose own probe has passed before the engine's. */
#include "../unit.h"
#include "deck.h"

#include <unistd.h>

static int set_up(void **state)
{
	char folder[] = "/tmp/cargodeck-look-XXXXXX";
	struct deck *deck = mem_alloc(sizeof *deck);
	assert_non_null(mkdtemp(folder));
	deck->state_folder = mem_copy_string(folder);
	deck->services = services_open();
	struct service *service = services_add(deck->services, "db");
	service->container = mem_copy_string("abc");
	service->since_ms = 5000;
	*state = deck;
	return 0;
}

static int tear_down(void **state)
{
	struct deck *deck = *state;
	assert_true(dir_remove_all(deck->state_folder, NULL));
	services_close(deck->services);
	free(deck->state_folder);
	free(deck);
	return 0;
}

/* As the engine tells of it, anew. */
static struct service *as_the_engine_says(struct deck *deck, enum service_run run, enum service_health health, int64_t since_ms)
{
	struct service *service = services_at(deck->services, 0);
	service->run = run;
	service->health = service->listed_health = health;
	service->since_ms = since_ms;
	service->is_stopped = false;
	service->generation = 0;
	return service;
}

static void a_probe_that_passed_is_known(void **state)
{
	struct deck *deck = *state;
	struct service *service = as_the_engine_says(deck, SERVICE_RUNNING, HEALTH_STARTING, 5000);
	service->health = HEALTH_GOOD;
	look_write_generations(deck);
	as_the_engine_says(deck, SERVICE_RUNNING, HEALTH_STARTING, 5000);
	look_read_generations(deck);
	assert_string_equal(service_state_word(service), "healthy");
	/* it was started again since, or the engine has asked and says otherwise */
	as_the_engine_says(deck, SERVICE_RUNNING, HEALTH_STARTING, 6000);
	look_read_generations(deck);
	assert_string_equal(service_state_word(service), "starting");
	as_the_engine_says(deck, SERVICE_RUNNING, HEALTH_BAD, 5000);
	look_read_generations(deck);
	assert_string_equal(service_state_word(service), "unhealthy");
}

static void an_order_is_known(void **state)
{
	struct deck *deck = *state;
	struct service *service = as_the_engine_says(deck, SERVICE_EXITED, HEALTH_NONE, 5000);
	service->is_stopped = true;
	service->generation = 7;
	look_write_generations(deck);
	as_the_engine_says(deck, SERVICE_EXITED, HEALTH_NONE, 5000);
	look_read_generations(deck);
	assert_string_equal(service_state_word(service), "stopped");
	assert_int_equal(service->generation, 7);
	as_the_engine_says(deck, SERVICE_EXITED, HEALTH_NONE, 9000);
	look_read_generations(deck);
	assert_string_equal(service_state_word(service), "exited");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_probe_that_passed_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_order_is_known, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
