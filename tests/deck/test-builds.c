/* What a build that failed for some programs leaves: who is behind, as the deck
 * that follows hears it. Against a scripted engine that is asked for nothing. */
#include "../engine/fake.h"
#include "deck.h"

#include <jansson.h>

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body;
	(void)data;
	return serve_version(peer, path) || peer_answer(peer, 200, "[]");
}

static void add_service(struct deck *deck, const char *name, const char *bin, unsigned generation)
{
	struct service *service = services_add(deck->services, name);
	service->run = SERVICE_RUNNING;
	service->generation = generation;
	service_set_text(&service->bin, bin);
}

static void hear(struct deck *deck, const char *line)
{
	json_t *json = json_loads(line, 0, NULL);
	assert_non_null(json);
	hear_event(deck, json);
	json_decref(json);
}

/* The names of those that are behind. */
static void assert_behind(struct deck *deck, const char *wanted)
{
	struct view view;
	auto_str names = {0};
	deck_view(deck, &view);
	for (size_t i = 0; i < view.service_count; i++)
		if (view.services[i].is_behind)
			str_print(&names, "%s%s", names.len > 0 ? " " : "", view.services[i].name);
	assert_string_equal(str_text(&names), wanted);
}

static void what_did_not_compile_is_behind(void **state)
{
	struct fake *fake = fake_open(serve, NULL);
	struct loop *loop = loop_open();
	struct fault fault = {0};
	struct deck *deck = deck_open(loop, &(struct deck_options){.host = fake_host(fake)}, NULL, NULL, &fault);
	(void)state;
	assert_non_null(deck);
	add_service(deck, "api", "api", 1);
	add_service(deck, "gateway", "gateway", 3);
	add_service(deck, "worker", "worker", 2); /* of another save: it has all that it needs */
	add_service(deck, "db", NULL, 0);
	add_service(deck, "canary", "api", 0); /* serves nothing of ours yet */
	hear(deck, "{\"event\": \"build\", \"generation\": 3, \"state\": \"started\"}");
	assert_behind(deck, "");
	hear(deck, "{\"event\": \"build\", \"generation\": 3, \"state\": \"failed\", \"ms\": 700, \"unbuilt\": [\"api\", 7, \"gone\"]}");
	assert_behind(deck, "api");
	/* the next one begins: nobody knows yet */
	hear(deck, "{\"event\": \"build\", \"generation\": 4, \"state\": \"started\"}");
	assert_behind(deck, "");
	hear(deck, "{\"event\": \"build\", \"generation\": 4, \"state\": \"failed\", \"ms\": 700, \"unbuilt\": [\"api\", \"gateway\"]}");
	assert_behind(deck, "api gateway");
	hear(deck, "{\"event\": \"build\", \"generation\": 5, \"state\": \"started\"}");
	hear(deck, "{\"event\": \"build\", \"generation\": 5, \"state\": \"passed\", \"ms\": 700, \"unbuilt\": [\"api\"]}");
	assert_behind(deck, "api"); /* it was not in this one */
	hear(deck, "{\"event\": \"build\", \"generation\": 5, \"state\": \"started\"}");
	hear(deck, "{\"event\": \"build\", \"generation\": 5, \"state\": \"cancelled\", \"ms\": 700}");
	assert_behind(deck, "");
	hear(deck, "{\"event\": \"build\", \"generation\": 5, \"state\": \"passed\", \"ms\": 700, \"unbuilt\": []}");
	assert_behind(deck, "");
	/* an older deck does not say it */
	hear(deck, "{\"event\": \"build\", \"generation\": 6, \"state\": \"failed\", \"ms\": 700}");
	assert_behind(deck, "");
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_did_not_compile_is_behind),
	};
	return cmocka_run_group_tests_name("builds", tests, NULL, NULL);
}
