/* What a service's facts come to: one word, well or bad, told once. */
#include "../unit.h"
#include "cargodeck/services.h"

static void says_one_word(void **state)
{
	(void)state;
	char api[] = "api", own[] = "own";
	const struct {
		struct service service;
		const char *word;
		bool well, bad;
	} cases[] = {
		{{.run = SERVICE_ABSENT}, "absent", false, false},
		{{.run = SERVICE_ABSENT, .is_waiting = true}, "waiting", false, false},
		{{.run = SERVICE_RUNNING}, "running", true, false},
		{{.run = SERVICE_RUNNING, .health = HEALTH_STARTING}, "starting", false, false},
		{{.run = SERVICE_RUNNING, .health = HEALTH_GOOD}, "healthy", true, false},
		{{.run = SERVICE_RUNNING, .health = HEALTH_BAD}, "unhealthy", false, true},
		{{.run = SERVICE_RUNNING, .bin = api, .kind = own}, "starting", false, false},
		{{.run = SERVICE_RUNNING, .bin = api, .kind = own, .is_ready = true}, "running", true, false},
		{{.run = SERVICE_EXITED, .exit_code = 101}, "exited", false, true},
		{{.run = SERVICE_EXITED, .exit_code = 0}, "exited", false, true},
		{{.run = SERVICE_EXITED, .is_job = true}, "done", true, false},
		{{.run = SERVICE_EXITED, .exit_code = 137, .is_stopped = true}, "stopped", false, false},
		{{.run = SERVICE_RESTARTING}, "restarting", false, true},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_string_equal(service_state_word(&cases[i].service), cases[i].word);
		assert_int_equal(service_is_well(&cases[i].service), cases[i].well);
		assert_int_equal(service_is_bad(&cases[i].service), cases[i].bad);
	}
}

static void tells_a_change_once(void **state)
{
	(void)state;
	struct services *services = services_open();
	struct service *api = services_add(services, "api");
	assert_true(service_has_changed(api));
	assert_false(service_has_changed(api));
	api->run = SERVICE_RUNNING;
	assert_true(service_has_changed(api));
	api->generation = 4;
	assert_true(service_has_changed(api));
	service_add_usage(api, 3.5, 100, 1000);
	assert_false(service_has_changed(api));
	services_close(services);
}

static void keeps_what_is_named(void **state)
{
	(void)state;
	struct services *services = services_open();
	struct service *api = services_add(services, "api");
	services_add(services, "db");
	assert_ptr_equal(services_add(services, "api"), api);
	auto_strings names = {0};
	services_add(services, "cache");
	strings_add(&names, "cache");
	strings_add(&names, "api");
	services_keep(services, &names);
	assert_int_equal(services_count(services), 2);
	assert_string_equal(services_at(services, 0)->name, "cache");
	assert_ptr_equal(services_at(services, 1), api);
	assert_ptr_equal(services_find(services, "api"), api);
	assert_null(services_find(services, "db"));
	for (unsigned i = 0; i < 40; i++)
		service_add_usage(api, 1, i, 0);
	assert_int_equal(api->history_count, SERVICE_HISTORY);
	assert_int_equal(api->memory_history[SERVICE_HISTORY - 1], 39);
	services_close(services);
}

static void says_what_a_code_means(void **state)
{
	(void)state;
	assert_string_equal(service_exit_meaning(101), "a Rust panic");
	assert_string_equal(service_exit_meaning(143), "ended by SIGTERM");
	assert_non_null(strstr(service_exit_meaning(137), "memory"));
	assert_non_null(strstr(service_exit_meaning(139), "segmentation fault"));
	assert_null(service_exit_meaning(1));
	assert_null(service_exit_meaning(0));
	assert_null(service_exit_meaning(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_one_word),
		cmocka_unit_test(tells_a_change_once),
		cmocka_unit_test(keeps_what_is_named),
		cmocka_unit_test(says_what_a_code_means),
	};
	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
