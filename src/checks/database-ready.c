/* 6.8: is the database asked whether it is there, and do those wait who need it? */
#include "database.h"
#include "probes.h"

/* Has a command an option, as "-h", "-h127.0.0.1", "--host=…"? */
static bool has_option(const struct shell_command *command, char letter, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 1; i < command->words.count; i++) {
		const char *word = command->words.items[i];
		if (word[0] == '-' && word[1] == letter)
			return true;
		if (text_starts_with(word, "--") && strncmp(word + 2, name, len) == 0 && (word[2 + len] == '=' || word[2 + len] == '\0'))
			return true;
	}
	return false;
}

/* "-U -d app", "-U" at the end: a variable that compose filled in as nothing. */
static bool has_empty_user(const struct shell_command *command)
{
	for (size_t i = 1; i < command->words.count; i++)
		if (strcmp(command->words.items[i], "-U") == 0 || strcmp(command->words.items[i], "--username") == 0)
			return i + 1 >= command->words.count || command->words.items[i + 1][0] == '-' ||
				command->words.items[i + 1][0] == '\0';
	return false;
}

enum ask { ASK_OTHER, ASK_SOCKET, ASK_NETWORK, ASK_NOBODY };

/* How does the check ask PostgreSQL? */
static enum ask asked_how(const char *test)
{
	struct shell_commands commands = {0};
	enum ask ask = ASK_OTHER;
	shell_split(test, &commands);
	for (size_t i = 0; i < commands.count; i++) {
		struct shell_command *command = &commands.items[i];
		const char *program = command->words.count > 0 ? path_name(command->words.items[0]) : "";
		if (strcmp(program, "pg_isready") != 0 && strcmp(program, "psql") != 0)
			continue;
		bool address = false; /* of the database, with the host in it */
		for (size_t k = 1; k < command->words.count; k++)
			address = address || strstr(command->words.items[k], "://") != NULL || strstr(command->words.items[k],
				"host=") != NULL;
		ask = has_empty_user(command) ? ASK_NOBODY : has_option(command, 'h', "host") || address ? ASK_NETWORK : ASK_SOCKET;
		break;
	}
	shell_commands_finish(&commands);
	return ask;
}

/* How pg_isready with -h is written in place of what stands there; NULL: it
 * cannot be done in one line. As a word of a list it is a word each. */
static char *with_host(const char *line, const char *found, bool is_list, char **old_text)
{
	char before = found > line ? found[-1] : ' ', after = found[10];
	bool quoted = (before == '"' || before == '\'') && after == before;
	bool alone = quoted || ((after == ',' || after == ']' || after == '\0') && strchr(" ,[", before) != NULL);
	*old_text = quoted && is_list ? mem_print("%cpg_isready%c", before, before) : mem_copy_string("pg_isready");
	if (!is_list)
		return mem_copy_string("pg_isready -h 127.0.0.1");
	if (!alone || strchr(line, '[') == NULL)
		return NULL;
	return quoted ? mem_print("%cpg_isready%c, %c-h%c, %c127.0.0.1%c", before, before, before, before, before, before)
		      : mem_copy_string("pg_isready, -h, 127.0.0.1");
}

static bool has_edit(const struct check *check, const char *file, unsigned line)
{
	for (size_t i = 0; i < check->result->edits.count; i++)
		if (text_equal(check->result->edits.items[i].file, file) && check->result->edits.items[i].line == line)
			return true;
	return false;
}

/* The edit for the check at that line, where pg_isready stands in it, or below it, once. */
static void offer_host(struct check *check, const json_t *test, const char *file, unsigned line)
{
	bool is_list = text_equal(json_string_value(json_array_get(test, 0)), "CMD");
	if (is_list && !text_equal(json_string_value(json_array_get(test, 1)), "pg_isready"))
		return;
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		const struct yaml_source *source = &check->sources->compose_files.items[i];
		const char *at = strcmp(source->path, file) == 0 ? source->text : NULL;
		for (unsigned row = 1; at != NULL && row < line + 4; row++) {
			auto_free char *text = mem_copy_bytes(at, strcspn(at, "\r\n")), *old_text = NULL;
			const char *found = row >= line && text[strspn(text, " ")] != '#' ? strstr(text, "pg_isready") : NULL;
			auto_free char *new_text = found != NULL ? with_host(text, found, is_list, &old_text) : NULL;
			if (new_text != NULL && strstr(found + 1, "pg_isready") == NULL && !has_edit(check, file, row))
				check_edit_replace(check, file, row, old_text, new_text);
			if (found != NULL)
				return;
			at = strchr(at, '\n');
			at = at != NULL ? at + 1 : NULL;
		}
	}
}

static void judge_test(struct check *check, const struct database *database, const char *test, const char *file, unsigned line)
{
	auto_free char *host = database_env(database, "PGHOST");
	enum ask ask = database->engine == ENGINE_POSTGRES ? asked_how(test) : ASK_OTHER;
	if (ask == ASK_NOBODY) {
		check_against(check, file, line,
			"the check of %s has nothing behind -U: compose fills in $NAME itself, the container's own is $$NAME",
			database->service);
		check_mend(check, "Write $$POSTGRES_USER: the doubled sign leaves the variable to the container");
	} else if (ask == ASK_SOCKET && host == NULL) {
		check_against(check, file, line,
			"the check of %s asks on the socket: at the first start that answers seconds before the network does",
			database->service);
		check_mend(check, "Add -h 127.0.0.1 to the check of %s", database->service);
		offer_host(check, compose_member(database->json, "healthcheck.test"), file, line);
	} else {
		check_for(check, file, line, "%s has a health check", database->service);
	}
}

static const char healthcheck[] = "healthcheck:\n  test: [\"CMD-SHELL\", \"pg_isready -q -h 127.0.0.1 -U "
	"\\\"$${POSTGRES_USER:-postgres}\\\"\"]\n  interval: 5s\n"
	"  timeout: 3s\n  retries: 10\n  start_period: 30s";

static void judge_check(struct check *check, const struct database *database)
{
	auto_probe said = {0}, own = {0};
	bool is_said = probe_of_service(check->sources, database->service, database->json, &said);
	const struct probe *probe = is_said || database->shipped == NULL ? &said : &own;
	bool is_there = is_said || (database->shipped != NULL && probe_of_image(database->shipped, &own) && !own.is_off);
	auto_free char *text = probe_text(probe);
	if (is_there && !probe->is_off) {
		judge_test(check, database, text, probe->file, probe->line);
	} else if (is_there) {
		check_against(check, probe->file, probe->line, "the health check of %s is switched off", database->service);
	} else {
		unsigned line;
		const char *file = compose_place(check->sources, database->service, "", &line);
		check_against(check, file, line, "%s has no health check", database->service);
		if (database->engine == ENGINE_POSTGRES && !image_is_bitnami(database->image))
			compose_edit_add(check, database->service, healthcheck);
	}
}

static const char *condition_of(const json_t *service, const char *on)
{
	const char *condition = json_string_value(json_object_get(json_object_get(json_object_get(service, "depends_on"), on),
		"condition"));
	return condition != NULL ? condition : json_object_get(json_object_get(service, "depends_on"), on) != NULL ?
		"service_started" : NULL;
}

/* Does it wait for another that waits for the database? *steps bounds the walk. */
static bool waits_through_others(const struct sources *sources, const json_t *service, const char *database, int depth,
	int *steps)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)json_object_get(service, "depends_on"), name, value) {
		const char *condition = condition_of(service, name);
		if (text_equal(condition, "service_started") || depth > 8 || --*steps < 0)
			continue;
		const json_t *other = json_object_get(compose_services(sources), name);
		if (strcmp(name, database) == 0 || waits_through_others(sources, other, database, depth + 1, steps))
			return true;
	}
	return false;
}

static void judge_waiting(struct check *check, const struct database *database)
{
	const struct sources *sources = check->sources;
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		const char *condition = condition_of(service, database->service);
		unsigned line;
		if (condition == NULL || !service_is_rust(sources, name, service))
			continue;
		const char *file = compose_place(sources, name, "depends_on", &line);
		if (waits_through_others(sources, service, database->service, 0, &(int){1000}))
			check_for(check, file, line, "%s waits until %s is healthy", name, database->service);
		else
			check_against(check, file, line,
				"%s waits for the container of %s, not for the database: depends_on has no condition service_healthy", name,
				database->service);
	}
}

void ready_files(struct check *check)
{
	struct databases databases;
	if (!databases_are_there(check, &databases))
		return;
	for (size_t i = 0; i < databases.count; i++) {
		judge_check(check, &databases.items[i]);
		judge_waiting(check, &databases.items[i]);
	}
	databases_finish(&databases);
}

/* The label "db:service_started:false,redis:…" of a container that compose made. */
static void judge_label(struct check *check, const json_t *container)
{
	const json_t *labels = live_at(container, "inspect.Config.Labels");
	const char *text = json_string_value(json_object_get(labels, "com.docker.compose.depends_on"));
	struct databases databases;
	databases_find(check->sources, &databases);
	for (size_t i = 0; text != NULL && i < databases.count; i++) {
		auto_free char *started = mem_print("%s:service_started", databases.items[i].service);
		const json_t *service = json_object_get(compose_services(check->sources), live_service(container));
		const char *at = strstr(text, started);
		if (at != NULL && (at == text || at[-1] == ',') && !waits_through_others(check->sources, service,
			databases.items[i].service, 0, &(int){1000}))
			check_live_against(check, live_service(container), "com.docker.compose.depends_on has %s", started);
	}
	databases_finish(&databases);
}

/* pg_isready over the network, asked within the container. */
static void judge_execs(struct check *check, const json_t *container)
{
	const json_t *all = live_at(container, "execs");
	for (size_t i = 0; i < json_array_size(all) && i < 20; i++) {
		const json_t *each = json_array_get(all, i);
		const char *program = live_text(each, "argv.0");
		int64_t code = live_number(each, "exit_code", -1);
		if (program == NULL || strcmp(path_name(program), "pg_isready") != 0 || code < 0)
			continue;
		if (code == 0)
			check_live_for(check, live_service(container), "pg_isready -h 127.0.0.1 ends with 0");
		else if (code < 125)
			check_live_against(check, live_service(container), "pg_isready -h 127.0.0.1 ends with %lld", (long long)code);
	}
}

static void judge_state(struct check *check, const json_t *container, enum engine engine)
{
	const char *state = live_text(container, "inspect.State.Health.Status"), *service = live_service(container);
	const json_t *log = live_at(container, "inspect.State.Health.Log");
	const char *said = json_string_value(json_object_get(json_array_get(log, json_array_size(log) - 1), "Output"));
	auto_probe probe = {0};
	probe_of_test(live_at(container, "inspect.Config.Healthcheck.Test"), &probe);
	auto_free char *test = probe_text(&probe), *host = live_env(container, "PGHOST");
	if (state == NULL || strcmp(state, "none") == 0)
		check_live_against(check, service, "State.Health is empty: nothing asks whether the database is there");
	else if (strcmp(state, "unhealthy") == 0)
		check_live_against(check, service, "State.Health.Status is unhealthy: %s", said != NULL ? said : "");
	else if (engine == ENGINE_POSTGRES && asked_how(test) == ASK_SOCKET && host == NULL)
		check_live_against(check, service, "Config.Healthcheck.Test asks on the socket, which answers before the network does");
	else if (strcmp(state, "healthy") == 0)
		check_live_for(check, service, "State.Health.Status is healthy");
}

void ready_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		unsigned major = 0;
		enum engine engine = live_engine(check->sources, container, &major);
		if (engine != ENGINE_NONE && live_at(container, "inspect.State") != NULL) {
			judge_state(check, container, engine);
			judge_execs(check, container);
		} else if (engine == ENGINE_NONE && live_is_rust(check->sources, container))
			judge_label(check, container);
	}
}
