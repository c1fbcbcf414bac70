/* The address of a port that a service publishes, and opening it in a browser:
 * for `open` in a shell and its key on the screen. */
#include "deck.h"

#include <stdio.h>
#include <unistd.h>

/* ---- which port ---- */

/* Ports that speak something else than http (IANA's registry and custom). */
static bool speaks_no_http(long port)
{
	static const long others[] = {22, 25, 53, 465, 587, 1025, 1433, 1521, 1883, 2181, 3306, 4222, 5432, 5672, 6379, 8883, 9042, 9092, 11211, 26257, 27017};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (others[i] == port)
			return true;
	return false;
}

struct published {
	long host, inside;
};

/* "8080->80, 5432": those with an arrow are published. */
static bool read_published(const char *part, struct published *out)
{
	const char *arrow = strstr(part, "->");
	if (arrow == NULL)
		return false;
	out->host = strtol(part + strspn(part, " "), NULL, 10);
	out->inside = strtol(arrow + 2, NULL, 10);
	return out->host > 0 && out->inside > 0;
}

/* The wanted one, by its number outside or inside; 0: the first that speaks http. */
static bool choose(const char *ports, long wanted, struct published *out)
{
	auto_strings parts = {0};
	strings_split(&parts, ports, ',');
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < parts.count; i++) {
			if (!read_published(parts.items[i], out))
				continue;
			if (wanted == 0 ? !speaks_no_http(out->inside) : wanted == (round == 0 ? out->host : out->inside))
				return true;
		}
	return false;
}

/* Where the engine publishes: this machine, or the engine's own. */
static char *host_of(const struct engine *engine)
{
	const char *address = engine_address(engine), *start = strstr(address, "://");
	if (engine_is_local(engine) || start == NULL)
		return mem_copy_string("localhost");
	start += 3;
	const char *bracket = start[0] == '[' ? strchr(start, ']') : NULL;
	return mem_copy_bytes(start, bracket != NULL ? (size_t)(bracket + 1 - start) : strcspn(start, ":/"));
}

static void say_no_port(const struct service *service, const char *ports, long port, struct fault *fault)
{
	if (service->container == NULL) {
		fault_set(fault, FAULT_FAILED, "%s has no container: start it first", service->name);
	} else if (strstr(ports, "->") == NULL) {
		fault_set(fault, FAULT_FAILED, "%s publishes no port: give it one under `ports` in the compose file", service->name);
	} else if (port != 0) {
		fault_set(fault, FAULT_FAILED, "%s does not publish the port %ld; it has %s", service->name, port, ports);
	} else {
		fault_set(fault, FAULT_FAILED, "%s publishes %s, which speaks no http", service->name, ports);
		fault_mend(fault, "`cargodeck open %s PORT` opens one all the same", service->name);
	}
}

char *address_of(const struct engine *engine, const struct service *service, long port, struct fault *fault)
{
	struct published found = {0};
	const char *ports = service->ports != NULL ? service->ports : "";
	if (!choose(ports, port, &found)) {
		say_no_port(service, ports, port, fault);
		return NULL;
	}
	auto_free char *host = host_of(engine);
	bool secure = found.inside == 443 || found.inside == 8443;
	return mem_print("%s://%s:%ld/", secure ? "https" : "http", host, found.host);
}

/* ---- the browser ---- */

static bool is_set(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0';
}

char *address_opener(void)
{
	const char *path = getenv("PATH");
	auto_strings folders = {0};
	if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !is_set("BROWSER"))
		return NULL;
	strings_split(&folders, path != NULL ? path : "", ':');
	for (size_t i = 0; i < folders.count; i++) {
		char *file = path_join(folders.items[i], "xdg-open");
		if (access(file, X_OK) == 0)
			return file;
		free(file);
	}
	return NULL;
}

static void on_opened(void *data, int status, const char *out, const char *err)
{
	struct deck *deck = data;
	struct fault fault;
	auto_str words = {0};
	(void)out;
	if (status == 0) {
		deck_forget_fault(deck, "browser");
		return;
	}
	task_complaint(err, &words);
	fault_set(&fault, FAULT_OUTSIDE, "xdg-open could not open a browser: %s", str_text(&words));
	fault_mend(&fault, "`cargodeck open SERVICE` prints the address");
	deck_fault(deck, "browser", &fault);
}

bool deck_open_address(struct deck *deck, const char *name, struct fault *fault)
{
	const struct service *service = name != NULL ? services_find(deck->services, name) : NULL;
	if (service == NULL)
		return fault_set(fault, FAULT_USAGE, "no service is selected: choose one first");
	auto_free char *address = address_of(deck->engine, service, 0, fault);
	if (address == NULL)
		return false;
	auto_free char *opener = address_opener();
	if (opener == NULL) {
		/* over ssh and the like: the address can be taken from here */
		fault_set(fault, FAULT_OUTSIDE, "%s is at %s", name, address);
		return fault_mend(fault, "open it yourself: there is no xdg-open here, or no display");
	}
	auto_strings argv = {0};
	strings_add(&argv, opener);
	strings_add(&argv, address);
	task_start(deck, &argv, "/", NULL, 0, on_opened, deck);
	return true;
}
