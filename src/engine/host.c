/* Finding where the engine is: what was asked for, the environment, Docker's
 * contexts, the usual sockets; and the certificates that go with it. Called
 * once, by engine_open(). */
#include "engine.h"

#include <dirent.h>
#include <unistd.h>

/* ---- Docker's own files ---- */

static char *docker_path(const char *rest)
{
	const char *docker = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	if (docker != NULL && docker[0] != '\0')
		return mem_print("%s/%s", docker, rest);
	return mem_print("%s/.docker/%s", home != NULL ? home : "", rest);
}

static json_t *read_json(const char *path)
{
	size_t len;
	auto_free char *text = file_read(path, 1 << 20, &len, NULL);
	return text != NULL ? json_loadb(text, len, 0, NULL) : NULL;
}

static char *chosen_context(void)
{
	auto_free char *path = docker_path("config.json");
	json_t *json = read_json(path);
	char *name = mem_copy_string(json_string_value(json_object_get(json, "currentContext")));
	json_decref(json);
	return name;
}

static char *file_there(const char *folder, const char *name)
{
	char *path = path_join(folder, name);
	if (!file_exists(path))
		free(steal(&path));
	return path;
}

static void find_certificates(const char *folder, struct engine_place *place)
{
	place->ca = file_there(folder, "ca.pem");
	place->cert = file_there(folder, "cert.pem");
	place->key = file_there(folder, "key.pem");
}

/* Is this folder of the store the context? Then where its engine is. */
static char *context_host(const char *id, const char *name, struct engine_place *place)
{
	auto_free char *rest = mem_print("contexts/meta/%s/meta.json", id);
	auto_free char *path = docker_path(rest);
	json_t *json = read_json(path);
	const json_t *endpoint = json_object_get(json_object_get(json, "Endpoints"), "docker");
	char *host = NULL;
	if (text_equal(json_string_value(json_object_get(json, "Name")), name)) {
		host = mem_copy_string(json_string_value(json_object_get(endpoint, "Host")));
		place->verify = !json_is_true(json_object_get(endpoint, "SkipTLSVerify"));
		auto_free char *tls = mem_print("contexts/tls/%s/docker", id);
		auto_free char *folder = docker_path(tls);
		find_certificates(folder, place);
	}
	json_decref(json);
	return host;
}

/* A context's folder is named by the SHA-256 of its name: each is looked into,
 * there are few. */
static char *find_context(const char *name, struct engine_place *place, struct fault *fault)
{
	auto_free char *folder = docker_path("contexts/meta");
	char *host = NULL;
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && host == NULL && (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			host = context_host(entry->d_name, name, place);
	if (dir != NULL)
		closedir(dir);
	if (host == NULL) {
		fault_set(fault, FAULT_USAGE, "there is no docker context \"%s\" with an engine", name);
		fault_mend(fault, "`docker context ls` shows those that are there");
	}
	return host;
}

/* ---- which one ---- */

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

static char *usual_socket(void)
{
	const char *runtime = variable("XDG_RUNTIME_DIR");
	auto_strings places = {0};
	strings_add(&places, ENGINE_USUAL_SOCKET);
	if (runtime != NULL) {
		strings_print(&places, "%s/docker.sock", runtime);
		strings_print(&places, "%s/podman/podman.sock", runtime);
	}
	for (size_t i = 0; i < places.count; i++)
		if (access(places.items[i], F_OK) == 0)
			return mem_print("unix://%s", places.items[i]);
	return mem_copy_string("unix://" ENGINE_USUAL_SOCKET);
}

/* The environment's TLS settings hold for a host, never for a context. */
static void read_tls_variables(struct engine_place *place)
{
	if (variable("DOCKER_TLS_VERIFY") == NULL && variable("DOCKER_TLS") == NULL)
		return;
	place->verify = variable("DOCKER_TLS_VERIFY") != NULL;
	auto_free char *usual = docker_path("");
	find_certificates(variable("DOCKER_CERT_PATH") != NULL ? variable("DOCKER_CERT_PATH") : usual, place);
}

static char *find_host(const char *host, const char *context, struct engine_place *place, bool *tls, struct fault *fault)
{
	if (host == NULL && context == NULL)
		host = variable("DOCKER_HOST");
	if (host != NULL) {
		*tls = variable("DOCKER_TLS_VERIFY") != NULL || variable("DOCKER_TLS") != NULL;
		read_tls_variables(place);
		return mem_copy_string(host);
	}
	if (context == NULL)
		context = variable("DOCKER_CONTEXT");
	auto_free char *chosen = context != NULL ? mem_copy_string(context) : chosen_context();
	if (chosen == NULL || chosen[0] == '\0' || strcmp(chosen, "default") == 0)
		return usual_socket();
	char *found = find_context(chosen, place, fault);
	*tls = place->ca != NULL || place->cert != NULL;
	return found;
}

/* ---- public ---- */

bool engine_place_find(const char *host, const char *context, struct engine_place *place, struct fault *fault)
{
	bool tls = false;
	auto_str clean = {0};
	auto_free char *found = find_host(host, context, place, &tls, fault);
	if (found == NULL)
		return false;
	text_add_clean(&clean, found, strlen(found), false);
	place->address = str_steal(&clean);
	if (text_starts_with(found, "unix://") && found[7] == '/') {
		place->socket = mem_copy_string(found + 7);
		place->base = mem_copy_string("http://localhost");
		return true;
	}
	if (text_starts_with(found, "tcp://") && found[6] != '\0') {
		place->base = mem_print("%s://%s", tls ? "https" : "http", found + 6);
		size_t len = strlen(place->base);
		if (place->base[len - 1] == '/')
			place->base[len - 1] = '\0';
		return true;
	}
	fault_set(fault, FAULT_USAGE, "an engine at \"%s\" cannot be reached from here", place->address);
	if (text_starts_with(found, "ssh://"))
		return fault_mend(fault, "`ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock %s`, then DOCKER_HOST=unix:///tmp/engine.sock",
			place->address + 6);
	return fault_mend(fault, "use unix:///path or tcp://host:port");
}

void engine_place_finish(struct engine_place *place)
{
	free(place->address);
	free(place->socket);
	free(place->base);
	free(place->ca);
	free(place->cert);
	free(place->key);
	*place = (struct engine_place){0};
}
