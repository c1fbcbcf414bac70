/* A look at what is there, for commands that print and end: the project is
 * read, the containers are listed, nothing is started. */
#include "deck.h"

#include <stdio.h>

enum { LOOK_MS = 60000, SAMPLE_MS = 120 };

/* The deck that has the project leaves behind who serves what, and what was
 * stopped by an order, and whose probe has passed while the engine has not asked
 * yet: a line is "SERVICE CONTAINER GENERATION STOPPED HEALTHY", the last two the
 * moment in ms since which it is stopped or runs so, else 0. A container that
 * ended or was started at another moment since is not the one that is meant. */
static char *generations_path(const struct deck *deck)
{
	return mem_print("%s/generations", deck->state_folder);
}

void look_write_generations(struct deck *deck)
{
	auto_str text = {0};
	if (deck->state_folder == NULL || deck->is_following || deck->lock < 0)
		return;
	for (size_t i = 0; i < services_count(deck->services); i++) {
		const struct service *service = services_at(deck->services, i);
		bool stopped = service->is_stopped && service->run == SERVICE_EXITED;
		bool healthy = service->run == SERVICE_RUNNING && service->health == HEALTH_GOOD && service->listed_health == HEALTH_STARTING;
		if ((service->generation != 0 || stopped || healthy) && service->container != NULL)
			str_print(&text, "%s %s %u %lld %lld\n", service->name, service->container, service->generation,
				(long long)(stopped ? service->since_ms : 0), (long long)(healthy ? service->since_ms : 0));
	}
	auto_free char *path = generations_path(deck);
	file_write(path, str_text(&text), text.len, 0600, NULL);
}

void look_read_generations(struct deck *deck)
{
	auto_free char *path = generations_path(deck);
	auto_free char *text = file_read(path, 1 << 20, NULL, NULL);
	auto_strings lines = {0};
	if (text == NULL)
		return;
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char name[256], container[128];
		unsigned generation;
		long long stopped, healthy;
		if (sscanf(lines.items[i], "%255s %127s %u %lld %lld", name, container, &generation, &stopped, &healthy) != 5)
			continue;
		struct service *service = services_find(deck->services, name);
		if (service != NULL && text_equal(service->container, container)) {
			service->generation = generation;
			service->is_ready = true;
			if (stopped != 0 && service->run == SERVICE_EXITED && service->since_ms == stopped)
				service->is_stopped = true;
			if (healthy != 0 && service->run == SERVICE_RUNNING && service->health == HEALTH_STARTING && service->since_ms == healthy)
				service->health = HEALTH_GOOD;
		}
	}
}

static bool wait_until_known(struct deck *deck, struct fault *fault)
{
	uint64_t limit = clock_now_ns() + (uint64_t)LOOK_MS * 1000000;
	while (!(deck->is_listed && deck->looking == 0)) {
		if (deck->steps[STEP_PROJECT].state == STEP_FAILED && deck->faults.count > 0) {
			*fault = deck->faults.items[deck->faults.count - 1].fault;
			return false;
		}
		if (clock_now_ns() > limit)
			return fault_set(fault, FAULT_OUTSIDE, "the engine did not answer within %d s", LOOK_MS / 1000);
		loop_turn(deck->loop, 100);
	}
	return true;
}

static void on_sampled(void *data)
{
	*(bool *)data = true;
}

bool deck_look(struct deck *deck, bool figures, struct fault *fault)
{
	deck->is_following = true;
	deck->began_ns = clock_now_ns();
	up_start(deck);
	if (!wait_until_known(deck, fault))
		return false;
	look_read_generations(deck);
	if (figures && engine_is_local(deck->engine)) {
		/* a share of a core needs two readings */
		bool sampled = false;
		rows_read_figures(deck);
		struct loop_timer *timer = loop_timer_open(deck->loop, on_sampled, &sampled);
		loop_timer_set(timer, SAMPLE_MS, 0);
		while (!sampled)
			loop_turn(deck->loop, -1);
		loop_timer_close(timer);
		rows_read_figures(deck);
	}
	return true;
}
