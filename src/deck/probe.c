/* Our own health probes: the service's health test, run by exec as soon as its
 * container runs and ever less often until it passes once. The engine's own
 * interval (30 s unless told) is not waited for. */
#include "deck.h"

enum { FIRST_MS = 100, SLOWEST_MS = 2000, TRIES = 200 };

struct probe {
	struct deck *deck;
	char *service, *container;
	struct loop_timer *timer;
	struct engine_request *request;
	char *exec; /* id of the exec that runs */
	unsigned pause_ms, tries;
};

static void free_probe(struct probe *probe)
{
	for (size_t i = probe->deck->probes.count; i-- > 0;)
		if (probe->deck->probes.items[i] == probe)
			array_remove(&probe->deck->probes, i);
	engine_cancel(probe->request);
	loop_timer_close(probe->timer);
	free(probe->service);
	free(probe->container);
	free(probe->exec);
	free(probe);
}

static struct service *still_wanted(const struct probe *probe)
{
	struct service *service = services_find(probe->deck->services, probe->service);
	return service != NULL && text_equal(service->container, probe->container) && service->run == SERVICE_RUNNING &&
		service->is_probed && service->health != HEALTH_GOOD ? service : NULL;
}

static void again(struct probe *probe)
{
	if (still_wanted(probe) == NULL || ++probe->tries > TRIES) {
		free_probe(probe);
		return;
	}
	loop_timer_set(probe->timer, probe->pause_ms, 0);
	probe->pause_ms = probe->pause_ms < SLOWEST_MS ? probe->pause_ms * 5 / 4 : SLOWEST_MS;
}

static void on_result(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct probe *probe = data;
	struct deck *deck = probe->deck;
	struct service *service = still_wanted(probe);
	probe->request = NULL;
	const json_t *code = fault == NULL ? json_object_get(answer->json, "ExitCode") : NULL;
	if (service == NULL || !json_is_integer(code) || json_integer_value(code) != 0) {
		again(probe);
		return;
	}
	service->health = HEALTH_GOOD;
	free_probe(probe);
	rows_tell(deck);
	up_consider(deck);
}

static void on_ran(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct probe *probe = data;
	(void)answer;
	probe->request = NULL;
	if (fault != NULL) {
		again(probe);
		return;
	}
	auto_free char *path = mem_print("/exec/%s/json", probe->exec);
	probe->request = engine_ask(probe->deck->engine, "GET", path, NULL, 10000, on_result, probe);
}

static void on_made(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct probe *probe = data;
	const char *id = fault == NULL ? json_string_value(json_object_get(answer->json, "Id")) : NULL;
	probe->request = NULL;
	if (id == NULL) {
		again(probe);
		return;
	}
	free(probe->exec);
	probe->exec = mem_copy_string(id);
	auto_free char *path = mem_print("/exec/%s/start", id);
	probe->request = engine_ask(probe->deck->engine, "POST", path, "{\"Detach\":false,\"Tty\":false}", 60000, on_ran, probe);
}

static void run_probe(void *data)
{
	struct probe *probe = data;
	const struct service *service = still_wanted(probe);
	if (service == NULL) {
		free_probe(probe);
		return;
	}
	const struct strings *test = &service->health_test;
	json_t *command = json_array();
	if (strcmp(test->items[0], "CMD-SHELL") == 0) {
		json_array_append_new(command, json_string("/bin/sh"));
		json_array_append_new(command, json_string("-c"));
	}
	for (size_t i = 1; i < test->count; i++)
		json_array_append_new(command, json_string(test->items[i]));
	json_t *body = json_pack("{s:b, s:b, s:o}", "AttachStdout", 1, "AttachStderr", 1, "Cmd", command);
	auto_free char *text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	auto_free char *path = mem_print("/containers/%s/exec", probe->container);
	probe->request = engine_ask(probe->deck->engine, "POST", path, text, 10000, on_made, probe);
}

static bool is_probing(const struct deck *deck, const struct service *service)
{
	for (size_t i = 0; i < deck->probes.count; i++)
		if (text_equal(deck->probes.items[i]->container, service->container))
			return true;
	return false;
}

void probes_consider(struct deck *deck)
{
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		if (service->run != SERVICE_RUNNING || !service->is_probed || service->health != HEALTH_STARTING ||
			service->container == NULL || service->health_test.count < 2 || is_probing(deck, service))
			continue;
		struct probe *probe = mem_alloc(sizeof *probe);
		probe->deck = deck;
		probe->service = mem_copy_string(service->name);
		probe->container = mem_copy_string(service->container);
		probe->pause_ms = FIRST_MS;
		probe->timer = loop_timer_open(deck->loop, run_probe, probe);
		*array_add(&deck->probes) = probe;
		loop_timer_set(probe->timer, FIRST_MS, 0);
	}
}

void probes_close(struct deck *deck)
{
	while (deck->probes.count > 0)
		free_probe(deck->probes.items[0]);
	array_finish(&deck->probes);
}
