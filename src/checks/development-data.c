/* 7.7 and 7.8: the cache and the mailbox of developers. */
#include "development.h"

#include <ctype.h>

/* ---- 7.7 ---- */

static const char *const redis_images[] = {"redis", "valkey", "keydb", "dragonfly", "redis-stack", "redis-stack-server", "redis-server", NULL};

static bool is_redis(const struct unit *unit)
{
	static const char *const words[] = {"redis", "valkey", NULL};
	bool is_server = strstr(unit->command, "-server") != NULL;
	if (!is_server && (strstr(unit->command, "redis-cli") != NULL || strstr(unit->command, "valkey-cli") != NULL))
		return false; /* a job that asks one */
	return unit_has_image(unit, redis_images) || (json_object_get(unit->json, "image") == NULL && path_has_word(unit->name, words));
}

/* Its command and its configuration, without comments. *hidden: one that is not here. */
static char *redis_settings(const struct layers *layers, const struct unit *unit, bool *hidden)
{
	struct str out = {0};
	struct unit_mount mount;
	const char *command = unit->command;
	static const char *const variables[] = {"REDIS_ARGS", "REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS"};
	str_print(&out, "%s\n", command);
	for (size_t i = 0; i < COUNT_OF(variables); i++)
		if (service_env(unit->json, variables[i]) != NULL)
			str_print(&out, "%s\n", service_env(unit->json, variables[i]));
	*hidden = json_is_object(json_object_get(unit->json, "build"));
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++) {
		bool is_file = mount.path != NULL && text_ends_with(mount.path, ".conf");
		auto_free char *text = is_file ? tree_read(&layers->sources->tree, mount.path, NULL) : NULL;
		auto_strings lines = {0};
		strings_split(&lines, text != NULL ? text : "", '\n');
		for (size_t k = 0; k < lines.count; k++)
			if (lines.items[k][strspn(lines.items[k], " \t")] != '#')
				str_print(&out, "%s\n", lines.items[k]);
		*hidden = *hidden || (text == NULL && (strstr(mount.target, "conf") != NULL || strstr(mount.target, "/etc") != NULL));
	}
	return str_steal(&out);
}

static bool has_password(const struct unit *unit, const char *settings)
{
	static const char *const variables[] = {"REDIS_PASSWORD", "VALKEY_PASSWORD", "REDIS_PASSWORD_FILE"};
	for (size_t i = 0; i < COUNT_OF(variables); i++)
		if (service_env(unit->json, variables[i]) != NULL && service_env(unit->json, variables[i])[0] != '\0')
			return true;
	return strstr(settings, "requirepass") != NULL || strstr(settings, "aclfile") != NULL;
}

/* "64mb", "128m", "1gb", "134217728"; 0: none that can be read. */
static double read_size(const char *text)
{
	char *end = NULL;
	double size = text != NULL ? strtod(text, &end) : 0;
	if (end == NULL || size <= 0)
		return 0;
	switch (tolower((unsigned char)*end)) {
	case 'k': return size * 1024;
	case 'm': return size * 1024 * 1024;
	case 'g': return size * 1024 * 1024 * 1024;
	}
	return size;
}

/* Behind the setting's name; NULL: it is not set. */
static const char *setting(const char *settings, const char *name)
{
	const char *found = word_in(settings, name);
	if (found == NULL) {
		auto_free char *option = mem_print("--%s", name);
		found = strstr(settings, option);
		found = found != NULL && strchr(" =\t", found[strlen(option)]) != NULL ? found + 2 : NULL;
	}
	return found != NULL ? found + strlen(name) + strspn(found + strlen(name), " \t=\"'") : NULL;
}

static bool is_store(const struct layers *layers, const struct unit *unit, const char *settings)
{
	const char *append = setting(settings, "appendonly");
	struct unit_mount mount;
	bool found = append != NULL && text_starts_with(append, "yes");
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++)
		found = found || (path_is_below(mount.target, "/data") && mount.source != NULL) || strstr(mount.target, "/redis/data") != NULL;
	return found;
}

static void judge_memory(struct check *check, const struct layers *layers, const struct unit *unit, const char *settings, bool hidden)
{
	const char *most = setting(settings, "maxmemory"), *policy = setting(settings, "maxmemory-policy");
	const char *append = setting(settings, "appendonly");
	const json_t *limit = compose_member(unit->json, "deploy.resources.limits.memory");
	if (limit == NULL)
		limit = json_object_get(unit->json, "mem_limit");
	double room = read_size(json_string_value(limit)), size = read_size(most);
	bool stores = is_store(layers, unit, settings);
	unsigned line;
	const char *file = unit_place(layers, unit, "command", NULL, &line);
	if (size <= 0 && policy != NULL)
		check_against(check, file, line, "%s has a maxmemory-policy, but no maxmemory that would make it act", unit->name);
	else if (size <= 0 && !stores && !hidden)
		check_against(check, file, line, "%s is a cache without maxmemory: it grows until something else has no memory", unit->name);
	else if (size > 0 && !stores && !hidden && (policy == NULL || text_starts_with(policy, "noeviction")))
		check_against(check, file, line, "%s keeps all it has when maxmemory is reached, and refuses to write: a cache drops what is old",
			unit->name);
	else if (size > 0 && room > 0 && size >= room)
		check_against(check, file, line, "maxmemory of %s is not below the container's memory limit: the kernel kills it first", unit->name);
	if (policy != NULL && text_starts_with(policy, "allkeys") && append != NULL && text_starts_with(append, "yes"))
		check_against(check, file, line, "%s is cache and store at once: it writes all to disk, and drops keys when it is full", unit->name);
}

/* latest, or no tag, is another major version one day. */
static void judge_redis_tag(struct check *check, const struct layers *layers, const struct unit *unit)
{
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	struct image_name name;
	unsigned line;
	if (image == NULL || strchr(image, '$') != NULL)
		return;
	const char *file = unit_place(layers, unit, "image", NULL, &line);
	image_name_read(image, &name);
	if (name.digest == NULL && (name.tag == NULL || strcmp(name.tag, "latest") == 0))
		check_against(check, file, line, "%s takes %s, whatever version that is at the next pull", unit->name, image);
	image_name_finish(&name);
}

static void judge_redis(struct check *check, const struct layers *layers, const struct unit *unit)
{
	unsigned line;
	bool hidden;
	struct unit_port port;
	auto_free char *settings = redis_settings(layers, unit, &hidden);
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	check_for(check, file, line, "%s runs redis or what speaks like it", unit->name);
	for (size_t i = 0; unit_port(unit, i, &port); unit_port_finish(&port), i++)
		if (!port_is_local(&port) && !has_password(unit, settings) && !hidden && port.target == 6379)
			port_against(check, layers, unit, &port, N_("%s is published at %s for every machine that reaches this one, without a password"));
	judge_redis_tag(check, layers, unit);
	judge_memory(check, layers, unit, settings, hidden);
}

/* Does anything name that service, or redis, beside itself? */
static bool is_redis_asked_for(const struct layers *layers, const struct unit *redis)
{
	struct rust_place place = {0};
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		const char *name;
		json_t *value;
		if (is_redis(unit))
			continue;
		if (json_object_get(json_object_get(unit->json, "depends_on"), redis->name) != NULL && !unit->is_rust)
			return true;
		json_object_foreach(json_object_get(unit->json, "environment"), name, value)
			if (strcasestr(name, "redis") != NULL || strcasestr(name, "cache") != NULL ||
				(json_is_string(value) && strstr(json_string_value(value), redis->name) != NULL))
				return true;
	}
	return rust_find_string(&layers->sources->rust, "redis", false, &place);
}

/* A script that starts one beside the program. */
static bool find_run(struct check *check, const char *const *images)
{
	const struct writings *writings = check->sources->writings;
	unsigned line;
	const char *file = writings_run(writings, images, &line);
	if (file != NULL)
		check_for(check, file, line, "a script starts one in a container");
	return file != NULL;
}

void files_redis(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct rust_facts *facts = &sources->rust;
	const char *crate = redis_crate(sources);
	const struct layers *layers = check->sources->layers;
	unsigned line;
	bool found = false;
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		if (!is_redis(unit) || (unit->layer != NULL && unit->layer->role == LAYER_PROD))
			continue;
		found = true;
		bool is_idle = crate == NULL && facts->is_there && !is_redis_asked_for(layers, unit);
		judge_redis(check, layers, unit);
		if (is_idle) {
			const char *file = unit_place(layers, unit, NULL, NULL, &line);
			check_mend(check, "Take the service %s away, or let the program keep its cache there (a crate that speaks redis)", unit->name);
			check_against(check, file, line, "nothing here talks to %s: no enabled crate speaks redis (%s)", unit->name, facts->graph_file);
		}
	}
	const char *file = facts->graph_file != NULL ? facts->graph_file : main_place(sources);
	if (!found && crate == NULL)
		check_none(check, file, "no enabled crate speaks redis");
	else if (!found && find_run(check, redis_images))
		found = true;
	else if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(sources), "there is no compose file that redis could be in");
	} else if (!found)
		check_against(check, layers_place(layers), 0,
			"the crate %s needs a redis, and no compose file starts one", crate);
}

static void judge_live_redis(struct check *check, const json_t *container)
{
	const char *service = live_service(container), *port, *health = live_text(container, "inspect.State.Health.Status");
	auto_free char *command = live_command(container);
	json_t *bindings;
	json_object_foreach((json_t *)(uintptr_t)live_at(container, "inspect.HostConfig.PortBindings"), port, bindings) {
		const char *host = json_string_value(json_object_get(json_array_get(bindings, 0), "HostIp"));
		bool is_local = host != NULL && (text_starts_with(host, "127.") || strcmp(host, "::1") == 0);
		if (!is_local && strstr(command, "requirepass") == NULL && strstr(command, ".conf") == NULL &&
			live_variable(container, "REDIS_PASSWORD") == NULL)
			check_live_against(check, service, "HostConfig.PortBindings publishes %s at %s without a password", port,
				host != NULL && host[0] != '\0' ? host : "0.0.0.0");
	}
	const json_t *execs = live_at(container, "execs");
	for (size_t i = 0; i < json_array_size(execs); i++) {
		const char *said = json_string_value(json_object_get(json_array_get(execs, i), "said"));
		bool is_boundless = said != NULL && (strstr(said, "maxmemory:0\n") != NULL || strstr(said, "maxmemory:0\r") != NULL);
		if (is_boundless && strstr(said, "maxmemory_policy:allkeys") != NULL)
			check_live_against(check, service, "INFO memory says maxmemory:0, so that its policy never acts");
	}
	if (health != NULL && strcmp(health, "unhealthy") == 0)
		check_live_against(check, service, "State.Health.Status is unhealthy");
	else if (!has_against(check) && health != NULL)
		check_live_for(check, service, "State.Health.Status is %s", health);
	else if (!has_against(check) && live_number(container, "inspect.State.Running", 0) == 1)
		check_live_for(check, service, "State.Running is true");
}

void live_redis(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;)
		if (live_has_image(container, redis_images))
			judge_live_redis(check, container);
}

/* ---- 7.8 ---- */

static const char *const catchers[] = {"mailhog", "mailpit", "maildev", "mailcatcher", "inbucket", "smtp4dev", "greenmail",
	"fake-smtp-server", "mailslurper", "mailcrab", "mailtutan", "papercut-smtp", NULL};

/* Servers on the internet that deliver. */
static const char *real_server(const char *value)
{
	static const char *const hosts[] = {"smtp.gmail.com", "smtp-relay.gmail.com", "smtp.sendgrid.net", "smtp.mailgun.org", "smtp.eu.mailgun.org",
		"email-smtp.", "smtp.office365.com", "smtp-mail.outlook.com", "smtp.postmarkapp.com", "smtp.mail.yahoo.com", "smtp.yandex.ru",
		"smtp.mail.ru", "smtp.mailersend.net", "smtp-relay.brevo.com", "smtp-relay.sendinblue.com", "smtp.mandrillapp.com", "smtp.zoho.com",
		"smtp.fastmail.com", "smtp.sparkpostmail.com", "smtp.resend.com", "in-v3.mailjet.com"};
	for (size_t i = 0; value != NULL && i < COUNT_OF(hosts); i++)
		if (strstr(value, hosts[i]) != NULL)
			return hosts[i];
	return NULL;
}

static const struct unit *catcher_named(const struct layers *layers, const struct unit *from, const char *text)
{
	static const char *const at_1025[] = {"mailhog", "mailpit", "maildev", "mailcatcher", "mailcrab", NULL};
	for (size_t i = 0; i < layers->units.count; i++) {
		const struct unit *unit = &layers->units.items[i];
		if (unit->layer == from->layer && unit_has_image(unit, at_1025) && !json_is_array(json_object_get(unit->json, "command")) &&
			service_env(unit->json, "MP_SMTP_BIND_ADDR") == NULL && service_env(unit->json, "MH_SMTP_BIND_ADDR") == NULL &&
			word_in(text, unit->name) != NULL)
			return unit;
	}
	return NULL;
}

static bool is_mail_port(const char *text)
{
	long port = strtol(text, NULL, 10);
	return port == 25 || port == 465 || port == 587;
}

/* A catcher of these listens at 1025: a mail server's own port finds nobody. */
static void judge_mail_port(struct check *check, const struct layers *layers, const struct unit *unit, const char *name, const char *value)
{
	const struct unit *catcher = catcher_named(layers, unit, value);
	unsigned line;
	if (catcher == NULL)
		return;
	const char *behind = word_in(value, catcher->name) + strlen(catcher->name);
	const char *variable = name, *port = behind[0] == ':' ? behind + 1 : NULL;
	auto_free char *sibling = text_ends_with(name, "HOST") ? mem_print("%.*sPORT", (int)strlen(name) - 4, name) : NULL;
	if (port == NULL && sibling != NULL && (port = service_env(unit->json, sibling)) != NULL)
		variable = sibling;
	if (port == NULL || !is_mail_port(port))
		return;
	const char *file = unit_place(layers, unit, "environment", variable, &line);
	check_against(check, file, line, "%s of %s sends mail to a port at which %s does not listen: its own is 1025", variable, unit->name,
		catcher->name);
}

static void judge_mail_settings(struct check *check, const struct layers *layers, const struct unit *unit)
{
	const char *name;
	json_t *value;
	unsigned line;
	if (unit->layer != NULL && unit->layer->role == LAYER_PROD)
		return;
	json_object_foreach(json_object_get(unit->json, "environment"), name, value) {
		const char *text = json_string_value(value), *server = real_server(text);
		if (text == NULL)
			continue;
		judge_mail_port(check, layers, unit, name, text);
		if (server == NULL)
			continue;
		const char *file = unit_place(layers, unit, "environment", name, &line);
		check_against(check, file, line, "%s of %s names a server that delivers to real people", name, unit->name);
	}
}

static bool judge_catcher(struct check *check, const struct layers *layers, const struct unit *unit)
{
	static const char *const dated[] = {"mailhog", NULL};
	unsigned line;
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	if (!unit_has_image(unit, catchers) && (image == NULL || strstr(image, "greenmail/") == NULL))
		return false;
	const char *file = unit_place(layers, unit, "image", NULL, &line);
	check_for(check, file, line, unit_has_image(unit, dated) ?
		N_("%s catches mail; MailHog has had no release since 2020, axllent/mailpit takes its place at the same ports") :
		N_("%s catches mail"), unit->name);
	return true;
}

/* lettre writes mail to files, where the program is told so. */
static bool find_file_transport(struct check *check)
{
	static const char *const names[] = {"FileTransport", "AsyncFileTransport"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct rust_place place = {0};
		if (!rust_find(&check->sources->rust, names[i], &place))
			continue;
		check_for(check, place.source->path, place.line, "mail can go to files in place of a server");
		return true;
	}
	return false;
}

void files_mail(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *crate = mail_crate(sources);
	const char *file = sources->rust.graph_file != NULL ? sources->rust.graph_file : main_place(sources);
	const struct layers *layers = check->sources->layers;
	bool found = false;
	for (size_t i = 0; i < layers->units.count; i++)
		found = judge_catcher(check, layers, &layers->units.items[i]) || found;
	for (size_t i = 0; i < layers->units.count && (found || crate != NULL); i++)
		judge_mail_settings(check, layers, &layers->units.items[i]);
	if (!found && crate == NULL)
		check_none(check, file, "no enabled crate sends mail by SMTP");
	else if (!found && (find_run(check, catchers) || find_file_transport(check)))
		found = true;
	else if (!found && layers->units.count == 0) {
		if (!compose_is_unread(check))
			check_none(check, main_place(sources), "there is no compose file that a mail catcher could be in");
	} else if (!found)
		check_against(check, layers_place(layers), 0,
			"the crate %s sends mail, and no compose file starts what catches it", crate);
}

void live_mail(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const char *health = live_text(container, "inspect.State.Health.Status");
		const json_t *http = live_at(container, "http");
		if (!live_has_image(container, catchers))
			continue;
		if (health != NULL && strcmp(health, "unhealthy") == 0)
			check_live_against(check, live_service(container), "State.Health.Status is unhealthy");
		for (size_t i = 0; i < json_array_size(http) && !has_against(check); i++) {
			const char *path = json_string_value(json_object_get(json_array_get(http, i), "path"));
			if (path != NULL && strstr(path, "/messages") != NULL &&
				json_integer_value(json_object_get(json_array_get(http, i), "status")) == 200)
				check_live_for(check, live_service(container), "GET %s answers 200", path);
		}
	}
}
