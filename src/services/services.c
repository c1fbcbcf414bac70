/* The list of services and what is believed about each. Order is that of
 * adding: compose's own. */
#include "cargodeck/services.h"

#include <stdio.h>

struct services {
	struct service **items; /* pointers: callers keep them across adding */
	size_t count, cap;
};

static void service_free(struct service *service)
{
	char *const owned[] = {service->name, service->container, service->container_name, service->image, service->kind,
		service->bin, service->ports, service->health_output, service->cause};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free(owned[i]);
	strings_finish(&service->health_test);
	free(service);
}

struct services *services_open(void)
{
	return mem_alloc(sizeof(struct services));
}

void services_close(struct services *services)
{
	if (services == NULL)
		return;
	for (size_t i = 0; i < services->count; i++)
		service_free(services->items[i]);
	array_finish(services);
	free(services);
}

size_t services_count(const struct services *services)
{
	return services->count;
}

struct service *services_at(struct services *services, size_t index)
{
	return services->items[index];
}

struct service *services_find(struct services *services, const char *name)
{
	for (size_t i = 0; name != NULL && i < services->count; i++)
		if (strcmp(services->items[i]->name, name) == 0)
			return services->items[i];
	return NULL;
}

struct service *services_find_container(struct services *services, const char *id)
{
	for (size_t i = 0; id != NULL && i < services->count; i++)
		if (text_equal(services->items[i]->container, id))
			return services->items[i];
	return NULL;
}

struct service *services_add(struct services *services, const char *name)
{
	struct service *found = services_find(services, name);
	if (found != NULL)
		return found;
	struct service *service = mem_alloc(sizeof *service);
	service->name = mem_copy_string(name);
	service->cpu_percent = -1;
	service_forget_traffic(service);
	*array_add(services) = service;
	return service;
}

void services_keep(struct services *services, const struct strings *names)
{
	size_t kept = 0;
	for (size_t i = 0; i < names->count; i++) {
		for (size_t j = kept; j < services->count; j++) {
			if (strcmp(services->items[j]->name, names->items[i]) != 0)
				continue;
			struct service *found = services->items[j];
			services->items[j] = services->items[kept];
			services->items[kept++] = found;
		}
	}
	while (services->count > kept)
		service_free(services->items[--services->count]);
}

/* ---- one service ---- */

bool service_set_text(char **place, const char *text)
{
	if (text_equal(*place, text))
		return false;
	free(*place);
	*place = mem_copy_string(text);
	return true;
}

enum service_run service_run_read(const char *word)
{
	static const struct {
		const char *word;
		enum service_run run;
	} words[] = {
		{"created", SERVICE_CREATED}, {"running", SERVICE_RUNNING}, {"paused", SERVICE_PAUSED},
		{"restarting", SERVICE_RESTARTING}, {"exited", SERVICE_EXITED}, {"dead", SERVICE_EXITED}, {"removing", SERVICE_EXITED},
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_equal(words[i].word, word))
			return words[i].run;
	return SERVICE_ABSENT;
}

enum service_health service_health_read(const char *word)
{
	if (text_equal(word, "healthy"))
		return HEALTH_GOOD;
	if (text_equal(word, "unhealthy"))
		return HEALTH_BAD;
	return text_equal(word, "starting") ? HEALTH_STARTING : HEALTH_NONE;
}

const char *service_health_word(enum service_health health)
{
	switch (health) {
	case HEALTH_NONE: return N_("none");
	case HEALTH_STARTING: return N_("starting");
	case HEALTH_GOOD: return N_("healthy");
	case HEALTH_BAD: return N_("unhealthy");
	}
	return N_("none");
}

static const char *running_word(const struct service *service)
{
	if (service->is_stopped)
		return N_("stopping");
	/* a program of ours is not up before its launcher says so */
	if (service->bin != NULL && service->kind != NULL && !service->is_ready)
		return N_("starting");
	switch (service->health) {
	case HEALTH_NONE: return N_("running");
	case HEALTH_STARTING: return N_("starting");
	case HEALTH_GOOD: return N_("healthy");
	case HEALTH_BAD: return N_("unhealthy");
	}
	return N_("running");
}

const char *service_state_word(const struct service *service)
{
	switch (service->run) {
	case SERVICE_ABSENT: return service->is_stopped ? N_("stopped") : service->is_waiting ? N_("waiting") : N_("absent");
	case SERVICE_CREATED: return service->is_stopped ? N_("stopped") : N_("starting");
	case SERVICE_RUNNING: return running_word(service);
	case SERVICE_PAUSED: return N_("paused");
	case SERVICE_RESTARTING: return N_("restarting");
	case SERVICE_EXITED:
		if (service->is_stopped)
			return N_("stopped");
		if (service->is_waiting)
			return N_("waiting");
		return service->exit_code == 0 && service->is_job ? N_("done") : N_("exited");
	}
	return N_("absent");
}

bool service_is_well(const struct service *service)
{
	const char *word = service_state_word(service);
	return strcmp(word, "healthy") == 0 || strcmp(word, "running") == 0 || strcmp(word, "done") == 0;
}

bool service_is_bad(const struct service *service)
{
	const char *word = service_state_word(service);
	return strcmp(word, "exited") == 0 || strcmp(word, "restarting") == 0 || strcmp(word, "unhealthy") == 0;
}

bool service_has_changed(struct service *service)
{
	auto_free char *all = mem_print("%s|%s|%u|%d|%s|%d", service_state_word(service), service_health_word(service->health),
		service->generation, service->run == SERVICE_EXITED ? service->exit_code : 0, service->kind != NULL ? service->kind : "",
		service->is_foreign);
	uint64_t now = hash_bytes(all, strlen(all));
	bool changed = now != service->told;
	service->told = now;
	return changed;
}

void service_add_usage(struct service *service, double cpu_percent, uint64_t memory, uint64_t memory_limit)
{
	service->cpu_percent = cpu_percent;
	service->memory = memory;
	service->memory_limit = memory_limit;
	if (service->history_count == SERVICE_HISTORY)
		memmove(service->memory_history, service->memory_history + 1, (SERVICE_HISTORY - 1) * sizeof *service->memory_history);
	else
		service->history_count++;
	service->memory_history[service->history_count - 1] = memory;
}

void service_forget_usage(struct service *service)
{
	service->cpu_percent = -1;
	service->memory = service->memory_limit = 0;
	service->history_count = 0;
	service_forget_traffic(service);
}

void service_forget_traffic(struct service *service)
{
	service->received = service->sent = service->read = service->written = -1;
}
