/* Topic 3: environment, secrets, labels, logging, health. Here: secrets that
 * Swarm or compose hand over as files. */
#include "secrets.h"

#include <ctype.h>

/* ---- what compose files say of secrets ---- */

static const struct yaml_node *declared_of(const struct yaml_source *source)
{
	const struct yaml_node *secrets = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "secrets") : NULL;
	return secrets != NULL && secrets->kind == YAML_MAP ? secrets : NULL;
}

/* "name", or {source: name}. */
static const char *granted_name(const struct yaml_node *grant)
{
	return yaml_text(grant) != NULL ? yaml_text(grant) : yaml_text(yaml_get(grant, "source"));
}

static bool list_grants(const struct yaml_node *list, const char *name)
{
	for (size_t i = 0; list != NULL && list->kind == YAML_LIST && i < list->items.count; i++)
		if (text_equal(granted_name(list->items.items[i]), name))
			return true;
	return false;
}

/* To a service, or to its build. */
static bool source_grants(const struct yaml_source *source, const char *name)
{
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; services != NULL && i < services->items.count; i++)
		if (list_grants(yaml_get(services->items.items[i], "secrets"), name) ||
			list_grants(yaml_at(services->items.items[i], "build.secrets"), name))
			return true;
	return false;
}

static bool anybody_grants(const struct sources *sources, const struct yaml_source *own, const char *name)
{
	if (source_grants(own, name))
		return true;
	for (size_t i = 0; i < sources->compose_files.count; i++)
		if (source_grants(&sources->compose_files.items[i], name))
			return true;
	for (size_t i = 0; i < sources->other_composes.count; i++)
		if (source_grants(&sources->other_composes.items[i], name))
			return true;
	return false;
}

/* ---- 3.3 Swarm ---- */

/* Members that only Swarm reads (compose file reference, deploy). */
static bool is_stack(const struct yaml_source *source)
{
	static const char *const members[] = {"deploy.placement", "deploy.update_config", "deploy.rollback_config", "deploy.endpoint_mode",
		"deploy.mode"};
	const char *name = path_name(source->path);
	const struct yaml_node *services = compose_written(source), *declared = declared_of(source);
	if (services == NULL)
		return false;
	if (strstr(name, "stack") != NULL || strstr(name, "swarm") != NULL)
		return true;
	/* Swarm builds nothing: who builds in that file only copied such members */
	for (size_t i = 0; i < services->items.count; i++)
		if (yaml_get(services->items.items[i], "build") != NULL)
			return false;
	for (size_t i = 0; i < services->items.count; i++)
		for (size_t j = 0; j < COUNT_OF(members); j++)
			if (yaml_at(services->items.items[i], members[j]) != NULL)
				return true;
	for (size_t i = 0; declared != NULL && i < declared->items.count; i++)
		if (yaml_truth(yaml_get(declared->items.items[i], "external")) == 1)
			return true;
	return false;
}

/* user:password@ in an address, also where a variable gives the password. */
static bool has_user_part(const char *value)
{
	const char *user = value != NULL ? strstr(value, "://") : NULL;
	const char *at = user != NULL ? strrchr(user, '@') : NULL;
	user = user != NULL ? user + 3 : NULL;
	return at != NULL && at > user && memchr(user, ':', (size_t)(at - user)) != NULL;
}

/* Is a secret in this variable, written out or given by another one? */
static bool carries_secret(const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return false;
	return has_user_part(value) || value_is_secret(name, value) || (name_is_secret(name) && strchr(value, '$') != NULL);
}

/* docker stack refuses what compose takes: the condition of a dependency. */
static void look_at_order(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; i < services->items.count; i++) {
		const struct yaml_node *order = yaml_get(services->items.items[i], "depends_on"), *key = yaml_key(services->items.items[i], "depends_on");
		if (order == NULL || order->kind != YAML_MAP)
			continue;
		check_against(check, source->path, key->line, "docker stack refuses the file: depends_on must be a list there");
		check_mend(check, "Write depends_on as a list in the stack file; Swarm passes over it, so let the program wait for what it needs");
	}
}

static void look_at_stack(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	look_at_order(check, source);
	struct environment environment = {0};
	environment_read(source, &environment);
	for (size_t i = 0; i < environment.count; i++)
		if (carries_secret(environment.items[i].name, environment.items[i].value))
			check_against(check, source->path, environment.items[i].line, "the service %s of the stack gets the secret %s by its environment",
				environment.items[i].service, environment.items[i].name);
	environment_finish(&environment);
	for (size_t i = 0; i < services->items.count; i++) {
		const struct yaml_node *list = yaml_get(services->items.items[i], "secrets"), *key = yaml_key(services->items.items[i], "secrets");
		const char *service = yaml_text(services->keys.items[i]);
		for (size_t j = 0; service != NULL && list != NULL && list->kind == YAML_LIST && j < list->items.count; j++) {
			const char *name = granted_name(list->items.items[j]);
			if (name != NULL && yaml_get(declared_of(source), name) == NULL)
				check_against(check, source->path, list->items.items[j]->line,
					"the service %s is granted %s, which the file does not declare", service, name);
			else if (name != NULL)
				check_for(check, source->path, key->line, "the service %s is granted %s as a secret", service, name);
		}
	}
}

/* Declared, and nobody has it. */
static void look_at_declared(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *declared = declared_of(source);
	for (size_t i = 0; declared != NULL && i < declared->items.count; i++) {
		const char *name = yaml_text(declared->keys.items[i]);
		if (name != NULL && !anybody_grants(check->sources, source, name))
			check_against(check, source->path, declared->keys.items[i]->line, "%s is declared, and no service is granted it", name);
	}
}

/* Without Swarm compose hands over the same secrets as files. */
static void look_at_grants(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	for (size_t i = 0; services != NULL && i < services->items.count; i++) {
		const struct yaml_node *list = yaml_get(services->items.items[i], "secrets"), *key = yaml_key(services->items.items[i], "secrets");
		const char *service = yaml_text(services->keys.items[i]);
		if (service != NULL && list != NULL && list->kind == YAML_LIST && list->items.count > 0)
			check_for(check, source->path, key->line, "compose hands secrets to the service %s as files", service);
	}
}

static void look_at_source(struct check *check, const struct yaml_source *source, bool *swarm)
{
	if (is_stack(source)) {
		*swarm = true;
		look_at_stack(check, source);
	} else {
		look_at_grants(check, source);
	}
	look_at_declared(check, source);
}

static void check_swarm(struct check *check)
{
	const struct sources *sources = check->sources;
	bool swarm = false;
	for (size_t i = 0; i < sources->compose_files.count; i++)
		look_at_source(check, &sources->compose_files.items[i], &swarm);
	for (size_t i = 0; i < sources->other_composes.count; i++)
		look_at_source(check, &sources->other_composes.items[i], &swarm);
	if (swarm)
		check_none(check, main_place(sources), "the services of the stack need no secret");
	else
		check_none(check, main_place(sources), "nothing here is deployed with Swarm");
}

/* Only tasks of Swarm: others may have secrets in their environment. */
static void live_swarm(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *entry;
		if (json_object_get(live_at(container, "inspect.Config.Labels"), "com.docker.swarm.task.id") == NULL)
			continue;
		json_array_foreach((json_t *)(uintptr_t)live_at(container, "inspect.Config.Env"), i, entry) {
			auto_free char *name = mem_copy_string(json_string_value(entry));
			char *equals = name != NULL ? strchr(name, '=') : NULL;
			if (equals == NULL)
				continue;
			*equals = '\0';
			if (carries_secret(name, equals + 1))
				check_live_against(check, live_service(container), "Config.Env of the task holds the secret %s", name);
		}
	}
}

/* ---- 3.4 secrets from outside ---- */

static bool is_secret_source(const char *source, const char *target)
{
	static const char *const ends[] = {".key", ".pem", ".p12", ".pfx", ".jks"};
	const char *name = path_name(source);
	if (text_starts_with(target, "/run/secrets") || text_starts_with(target, "/secrets") || strstr(source, "/secrets/") != NULL ||
		text_ends_with(source, "/secrets"))
		return true;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (text_ends_with(name, ends[i]))
			return true;
	return strstr(name, "password") != NULL || strstr(name, "secret") != NULL || strstr(name, "credential") != NULL ||
		strstr(name, "htpasswd") != NULL;
}

/* The line of a secret's `file:` in the files that were merged. */
static const char *secret_place(const struct sources *sources, const char *name, unsigned *line)
{
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_node *secret = yaml_get(declared_of(&sources->compose_files.items[i]), name);
		const struct yaml_node *key = yaml_key(secret, "file");
		if (secret == NULL)
			continue;
		*line = key != NULL ? key->line : secret->line;
		return sources->compose_files.items[i].path;
	}
	*line = 0;
	return main_place(sources);
}

/* A secret that git has is none. */
static bool is_committed(const struct sources *sources, const char *file)
{
	const char *below = tree_relative(&sources->tree, file);
	const struct tree_file *found = below != NULL ? tree_find(&sources->tree, below) : NULL;
	return found != NULL && found->is_tracked && strstr(below, "example") == NULL && strstr(below, "sample") == NULL &&
		strstr(below, "dev") == NULL;
}

/* The number of the user that a service runs as; -1: it is not known. *group likewise. */
static long user_number(const struct service *service, long *group)
{
	unsigned line;
	const char *own = json_string_value(json_object_get(service->json, "user"));
	auto_free char *user = own != NULL || service->shipped == NULL ? mem_copy_string(own) : shipped_user(service->shipped, &line);
	*group = -1;
	if (user == NULL || !isdigit((unsigned char)user[0]))
		return -1;
	char *end;
	long number = strtol(user, &end, 10);
	if (*end == ':' && isdigit((unsigned char)end[1]))
		*group = strtol(end + 1, NULL, 10);
	return *end == '\0' || *end == ':' ? number : -1;
}

/* Compose hands the file over as it lies on the host, owner and mode too. */
static bool judge_modes(struct check *check, const struct service *service, const char *source, const char *place, unsigned line)
{
	const char *below = tree_relative(&check->sources->tree, source);
	const struct tree_file *file = below != NULL ? tree_find(&check->sources->tree, below) : NULL;
	long group, user = user_number(service, &group);
	if (file == NULL || file->is_link || strstr(below, "example") != NULL || strstr(below, "sample") != NULL)
		return false;
	bool reads = (file->mode & 0004) != 0 || user <= 0 || (user == (long)file->uid && (file->mode & 0400) != 0) ||
		(group == (long)file->gid && (file->mode & 0040) != 0);
	if (!reads) {
		check_against(check, place, line, "the user %ld of the service %s cannot read %s, which has the mode %04o", user, service->name, below,
			file->mode);
		check_mend(check, "Give %s to that user, or the mode 0444 in a folder of the mode 0700: compose hands it over as it lies there", below);
	} else if (tree_is_open(&check->sources->tree, file)) {
		check_against(check, place, line, "everybody on this machine may read %s (mode %04o)", below, file->mode);
		check_mend(check, "Put the files of secrets into a folder of the mode 0700");
	} else {
		return false;
	}
	return true;
}

static bool look_at_granted(struct check *check, const struct service *service)
{
	const struct sources *sources = check->sources;
	size_t i;
	json_t *grant;
	unsigned line, file_line;
	const char *place = compose_place(sources, service->name, "secrets", &line);
	const json_t *list = json_object_get(service->json, "secrets");
	json_array_foreach((json_t *)(uintptr_t)list, i, grant) {
		const char *name = json_is_string(grant) ? json_string_value(grant) : json_string_value(json_object_get(grant, "source"));
		const json_t *secret = name != NULL ? json_object_get(json_object_get(sources->compose, "secrets"), name) : NULL;
		if (name == NULL)
			continue;
		if (is_committed(sources, json_string_value(json_object_get(secret, "file")))) {
			const char *file = secret_place(sources, name, &file_line);
			check_against(check, file, file_line, "git has the file of the secret %s", name);
		} else {
			const char *file = secret_place(sources, name, &file_line);
			if (judge_modes(check, service, json_string_value(json_object_get(secret, "file")), file, file_line))
				continue;
			check_for(check, place, line, "the service %s reads %s from /run/secrets", service->name, name);
		}
	}
	return json_array_size(list) > 0;
}

static bool look_at_bind(struct check *check, const struct service *service, const json_t *mount)
{
	const char *source = json_string_value(json_object_get(mount, "source")), *target = json_string_value(json_object_get(mount, "target"));
	unsigned line;
	if (source == NULL || target == NULL || !text_equal(json_string_value(json_object_get(mount, "type")), "bind") ||
		!is_secret_source(source, target))
		return false;
	const char *file = compose_place(check->sources, service->name, "volumes", &line);
	bool is_whole = strcmp(target, "/run/secrets") == 0 || strcmp(target, "/run/secrets/") == 0;
	if (!json_is_true(json_object_get(mount, "read_only")))
		check_against(check, file, line, "the service %s may write to the secret at %s, which is mounted without :ro", service->name, target);
	else if (is_whole)
		check_against(check, file, line, "the service %s gets the whole folder of secrets, not those that it needs", service->name);
	else if (!judge_modes(check, service, source, file, line))
		check_for(check, file, line, "the service %s reads the secret at %s, and may not write to it", service->name, target);
	return true;
}

/* The line where a service's variable is written, in whatever form. */
static const char *variable_place(const struct sources *sources, const char *service, const char *name, unsigned *line)
{
	const char *file = compose_place(sources, service, "environment", line);
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		struct environment environment = {0};
		unsigned found = 0;
		environment_read(&sources->compose_files.items[i], &environment);
		for (size_t j = 0; j < environment.count; j++)
			if (strcmp(environment.items[j].service, service) == 0 && strcmp(environment.items[j].name, name) == 0)
				found = environment.items[j].line;
		environment_finish(&environment);
		if (found > 0) {
			*line = found;
			return sources->compose_files.items[i].path;
		}
	}
	return file;
}

/* A secret that comes by the environment, where none comes as a file. */
static bool look_at_variables(struct check *check, const struct service *service)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json_object_get(service->json, "environment"), name, value) {
		unsigned line;
		if (!carries_secret(name, json_string_value(value)))
			continue;
		const char *file = variable_place(check->sources, service->name, name, &line);
		check_against(check, file, line, "the service %s gets the secret %s by its environment, and no secret as a file", service->name, name);
		return true;
	}
	return false;
}

static void judge_mounted(struct check *check)
{
	const struct sources *sources = check->sources;
	struct service service;
	bool mounted = false;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		size_t i;
		json_t *mount;
		mounted = look_at_granted(check, &service) || mounted;
		json_array_foreach((json_t *)(uintptr_t)json_object_get(service.json, "volumes"), i, mount)
			mounted = look_at_bind(check, &service, mount) || mounted;
	}
	if (mounted || !has_own_service(check))
		return;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (service.is_own && !service.is_development)
			look_at_variables(check, &service);
	check_none(check, main_place(sources), "no service of this project is given a secret");
}

static void check_mounted(struct check *check)
{
	judge_deployed(check, true, judge_mounted);
}

static void live_mounted(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		size_t i;
		json_t *mount;
		json_array_foreach((json_t *)(uintptr_t)live_at(container, "inspect.Mounts"), i, mount) {
			const char *target = json_string_value(json_object_get(mount, "Destination"));
			if (target == NULL || !text_starts_with(target, "/run/secrets"))
				continue;
			if (json_is_true(json_object_get(mount, "RW")))
				check_live_against(check, live_service(container), "Mounts: %s has RW true", target);
			else
				check_live_for(check, live_service(container), "Mounts: %s has RW false", target);
		}
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{
		.id = "3.1",
		.title = N_("There is a .env for development, and git does not have it"),
		.severity = CHECK_MEDIUM,
		.says = N_("Settings of one machine belong into a file beside the project that nobody commits. An example without secrets tells a newcomer which variables there are."),
		.looks = N_(".env files and examples of them, .gitignore, what git has, variables that compose asks for without a value by default, and dotenv in the crates."),
		.mends = N_("Commit a .env.example that names every variable, and put .env into .gitignore"),
		.is_heuristic = true,
		.files = check_env_file,
	},
	{
		.id = "3.2",
		.title = N_("Settings come from environment variables, not from values written out"),
		.severity = CHECK_HIGH,
		.says = N_("A password in a compose file, a Dockerfile or the sources is known to all who can read the repository or pull the image, and is the same everywhere. ENV stays in the image for ever, ARG in its history."),
		.looks = N_("Environment and build arguments of compose files, ENV and ARG, addresses with a password, tokens, private keys and constants in the sources, and whether the program asks the environment."),
		.looks_live = N_("Config.Env of the images: names of secrets, never values."),
		.mends = N_("Write ${NAME:?say why} in the compose file and read NAME in the program; in a build use RUN --mount=type=secret"),
		.is_heuristic = true,
		.files = check_hardcoded,
		.live = live_hardcoded,
	},
	{
		.id = "3.3",
		.title = N_("In Swarm mode sensitive data goes through Docker secrets"),
		.severity = CHECK_HIGH,
		.says = N_("Swarm keeps secrets encrypted and hands them only to the tasks that are granted them, as files in memory. What stands in the environment of a service is shown to all who may inspect it."),
		.looks = N_("Stack files (by name, or by what only Swarm reads): secrets that are declared and granted, and secrets in the environment."),
		.looks_live = N_("Config.Env of tasks of Swarm."),
		.mends = N_("Declare the secret, grant it to the service under secrets:, and let the program read the file that NAME_FILE names"),
		.files = check_swarm,
		.live = live_swarm,
	},
	{
		.id = "3.4",
		.title = N_("Secrets from outside come in through volume mounts"),
		.severity = CHECK_MEDIUM,
		.says = N_("A file that is mounted read-only is seen by its process alone: the environment is inherited by children and shown by docker inspect. Each service should get the files that it needs, and git none of them."),
		.looks = N_("secrets: of services and where their files come from, bind mounts of secrets and whether they are read-only, and secrets in the environment instead."),
		.looks_live = N_("Mounts below /run/secrets and whether they can be written to."),
		.mends = N_("Declare secrets: {NAME: {file: …}} outside git, grant it to the service, and read /run/secrets/NAME in the program"),
		.files = check_mounted,
		.live = live_mounted,
	},
	{
		.id = "3.5",
		.title = N_("docker-compose.override.yml holds what local development changes"),
		.severity = CHECK_LOW,
		.says = N_("Compose lays the override over the base by itself, so that ports, mounts and debug settings of developers need not stand in what production reads. With -f or COMPOSE_FILE it is loaded only where it is named."),
		.looks = N_("compose.override.yaml and docker-compose.override.yml or an example of them, and whether compose loads them."),
		.looks_live = N_("The label com.docker.compose.project.config_files of the containers."),
		.mends = N_("Put ports and mounts for developers into compose.override.yaml, ignore it in git and commit compose.override.yaml.example"),
		.files = check_override,
		.live = live_override,
	},
	{
		.id = "3.6",
		.title = N_("The image has a HEALTHCHECK that can work"),
		.severity = CHECK_HIGH,
		.says = N_("Without a health check a container counts as running while its program hangs, and nobody can wait for it to be ready. A probe whose tool the image lacks is unhealthy for ever."),
		.looks = N_("HEALTHCHECK of the stage that is shipped, healthcheck: of its services, and whether the probe's tool and shell are in the image."),
		.looks_live = N_("Config.Healthcheck, State.Health.Status and what the last probe said."),
		.mends = N_("Add HEALTHCHECK CMD [\"/usr/local/bin/app\", \"healthcheck\"] to the final stage, with a command of the program itself"),
		.files = check_health,
		.live = live_health,
	},
	{
		.id = "3.7",
		.title = N_("A logging driver is set for central logging"),
		.severity = CHECK_MEDIUM,
		.says = N_("Docker's default keeps logs on one machine, without a bound. A driver that is set on purpose sends them where they are kept together; a wrong one keeps the container from starting."),
		.looks = N_("logging: of services and its options, a collector among the services, and crates that send logs by themselves."),
		.looks_live = N_("HostConfig.LogConfig of the containers."),
		.mends = N_("Set logging: {driver: …} for the service: fluentd with fluentd-async, gelf or journald, or json-file with max-size for a collector"),
		.files = check_logging,
		.live = live_logging,
	},
	{
		.id = "3.8",
		.title = N_("Labels say what the image is, and help monitoring"),
		.severity = CHECK_LOW,
		.says = N_("Labels tell from which source and revision an image was built, and let tools that watch containers find and group them."),
		.looks = N_("LABEL in the stage that is shipped, labels that workflows, bake files and scripts give, and labels: of the services."),
		.looks_live = N_("Config.Labels of images and containers, without those of compose."),
		.mends = N_("Add LABEL org.opencontainers.image.source, .revision and .version at the end of the final stage, or pass the labels of docker/metadata-action"),
		.files = check_labels,
		.live = live_labels,
	},
};

const struct practice_topic topic_secrets = {.title = N_("Configuration and secrets"), .practices = practices, .count = COUNT_OF(practices)};
