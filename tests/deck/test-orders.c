/* Orders of a person: what a start brings up besides. Nothing is done here: what
 * is to come up is looked at. */
#include "../engine/fake.h"
#include "deck.h"

static const char model[] = "{\"name\":\"shop\",\"services\":{"
	"\"api\":{\"image\":\"a\",\"depends_on\":{\"db\":{\"condition\":\"service_healthy\",\"required\":true},"
	"\"migrate\":{\"condition\":\"service_completed_successfully\",\"required\":true},\"cache\":{\"condition\":\"service_started\",\"required\":true}}},"
	"\"db\":{\"image\":\"d\",\"depends_on\":{\"disk\":{\"condition\":\"service_started\",\"required\":true}}},"
	"\"disk\":{\"image\":\"k\"},\"migrate\":{\"image\":\"m\"},\"cache\":{\"image\":\"c\"},\"mail\":{\"image\":\"l\"}}}";

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	return serve_version(peer, path) || peer_answer(peer, 200, "[]");
}

static struct service *stopped(struct deck *deck, const char *name)
{
	struct service *service = services_add(deck->services, name);
	service->run = SERVICE_EXITED;
	service->is_stopped = true;
	strings_add_new(&deck->brought, name);
	return service;
}

static void a_start_brings_up_what_it_needs(void **state)
{
	struct fake *fake = fake_open(serve, NULL);
	struct loop *loop = loop_open();
	struct fault fault = {0};
	struct deck *deck = deck_open(loop, &(struct deck_options){.host = fake_host(fake)}, NULL, NULL, &fault);
	(void)state;
	assert_non_null(deck);
	struct project *project = deck->project = mem_alloc(sizeof *project);
	project->folder = mem_copy_string("/shop");
	assert_true(compose_model_read(model, strlen(model), &project->compose, &fault));
	project_map_services(project);
	struct service *api = stopped(deck, "api"), *db = stopped(deck, "db"), *disk = stopped(deck, "disk"), *migrate = stopped(deck, "migrate"),
		*cache = stopped(deck, "cache"), *mail = stopped(deck, "mail");
	migrate->is_stopped = false; /* ended with 0, as it should */
	migrate->is_job = true;
	cache->run = SERVICE_RUNNING;
	cache->is_stopped = false;
	assert_true(deck_service_order(deck, "api", "start", &fault));
	assert_string_equal(service_state_word(api), "waiting");
	assert_string_equal(service_state_word(db), "waiting");
	assert_string_equal(service_state_word(disk), "waiting");
	assert_string_equal(service_state_word(migrate), "done");
	assert_string_equal(service_state_word(mail), "stopped");
	assert_false(service_is_bad(api));
	assert_false(strings_have(&deck->brought, "api") || strings_have(&deck->brought, "db") || strings_have(&deck->brought, "disk"));
	assert_true(strings_have(&deck->brought, "cache") && strings_have(&deck->brought, "migrate") && strings_have(&deck->brought, "mail"));
	/* what plain compose made is not started behind its back */
	mail->is_foreign = true;
	assert_false(deck_service_order(deck, "mail", "start", &fault));
	assert_non_null(strstr(fault.mend, "--take-over"));
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_brings_up_what_it_needs),
	};
	return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
