/* The programs of a project one by one: which of them are services, what each
 * answers and needs, and which one is the main one. */
#include "survey.h"

#include "clients.h"
#include "environment.h"
#include "own-images.h"
#include "services.h"

#include <ctype.h>

enum { WORDS_MOST = 20, ROUTES_MOST = 100 };

static bool is_reached(const struct surveyed *surveyed, const struct rust_place *place)
{
	return reach_has(surveyed->reach, place->source, place->offset);
}

/* The first of these places that the program comes to. */
static bool reaches_any(const struct surveyed *surveyed, const char *const *words, struct rust_place *place)
{
	for (; *words != NULL; words++)
		for (*place = (struct rust_place){0}; rust_find(&surveyed->program->facts, *words, place);)
			if (is_reached(surveyed, place))
				return true;
	return false;
}

/* ---- is it a service? ---- */

static bool is_harness_path(const char *path)
{
	return path_has_word(path, (const char *const[]){"tests", "examples", "benches", "fuzz", NULL});
}

/* `listens`: what answers on the network is a tool by few names alone. */
static bool is_tool_name(const char *name, bool listens)
{
	static const char *const always[] = {"cli", "ctl", "migrate", "migration", "migrations", "migrator", "seed", "seeder", "seeds", NULL};
	static const char *const often[] = {"tool", "tools", "generate", "generator", "gen", "demo", "dev", "import", "export", "dump", "backfill", "setup", "init", "task",
		"tasks", "build", "schema", "openapi", NULL};
	return path_has_word(name, always) || program_is_for_developers(name) || (!listens && path_has_word(name, often));
}

/* What goes on without a port: a queue, a schedule, or a round without an end beside a server that it asks. */
static const char *worker_sign(const struct surveyed *surveyed, struct rust_place *place)
{
	static const char *const consumers[] = {"lapin", "rdkafka", "kafka", "async-nats", "nats", "pulsar", "amqprs", "apalis", "tokio-cron-scheduler", "kube-runtime",
		"serenity", "poise", "teloxide", "twilight-gateway", "matrix-sdk", "rumqttc", "paho-mqtt", "faktory", "sidekiq", "fang", "background-jobs", "clokwerk",
		"aws-sdk-sqs", "google-cloud-pubsub", "celery", "rsmq_async", NULL};
	static const char *const rounds[] = {"loop {", "while let Some", "while let Ok", "while true", "interval (", NULL};
	static const char *const waits[] = {"blpop", "brpop", "bzpopmin", "xread", "xread_options", "consume", "basic_consume", "subscribe", "PgListener", "select !",
		"sleep", "interval", "recv", NULL};
	const struct rust_crate *crate = direct_crate(&surveyed->program->facts, consumers);
	static const char *const servers[] = {"redis", "fred", "sqlx", "tokio-postgres", "diesel", "diesel-async", "sea-orm", "mongodb", "deadpool-redis",
		"deadpool-postgres", "reqwest", NULL};
	const struct rust_crate *server = direct_crate(&surveyed->program->facts, servers);
	struct rust_place wait;
	if (crate != NULL)
		return crate->name;
	return server != NULL && reaches_any(surveyed, rounds, place) && reaches_any(surveyed, waits, &wait) ? server->name : NULL;
}

bool survey_has_service(const struct survey *survey)
{
	for (size_t i = 0; i < survey->all.count; i++)
		if (survey->all.items[i].is_service)
			return true;
	return false;
}

/* What an image is made of: the services; in a project without one its tools, but
 * for those that only its developers run. */
static void decide_shipped(struct survey *survey)
{
	bool has_service = survey_has_service(survey);
	for (size_t i = 0; i < survey->all.count; i++) {
		struct surveyed *each = &survey->all.items[i];
		each->is_shipped = has_service ? each->is_service : !is_harness_path(each->program->folder) && !program_is_for_developers(each->program->name) &&
			!program_is_for_developers(each->program->package);
	}
}

static void decide(struct survey *survey, struct surveyed *surveyed, size_t count)
{
	const struct program *program = surveyed->program;
	struct rust_place place = {0};
	bool is_tool = is_tool_name(program->name, surveyed->listens) || is_tool_name(program->package, surveyed->listens);
	const char *sign = surveyed->listens ? NULL : worker_sign(surveyed, &place);
	surveyed->is_service = (surveyed->listens || sign != NULL) && !is_harness_path(program->folder) && (!is_tool || (count == 1 && surveyed->listens) || surveyed->is_started);
	if (surveyed->is_service && surveyed->listens && surveyed->framework != NULL)
		survey_say(survey->says, program->path, 0, _("%s is a service: it answers by %s"), program->name, surveyed->framework);
	else if (surveyed->is_service && surveyed->listens)
		survey_say(survey->says, program->path, 0, _("%s is a service: it listens on the network"), program->name);
	else if (surveyed->is_service)
		survey_say(survey->says, place.source != NULL ? place.source->path : program->path, place.source != NULL ? place.line : 0,
			_("%s is a service without a port: it goes on with %s"), program->name, sign);
	else if (is_tool && (surveyed->listens || sign != NULL))
		survey_say(survey->says, program->path, 0, _("%s is a tool: its name says so"), program->name);
	else
		survey_say(survey->says, program->path, 0, _("%s is a tool: nothing in it listens or goes on"), program->name);
}

/* ---- how it is started ---- */

/* The words from `at` on; one that a shell fills in is left out with the option that it is given to. */
static void take_words(const struct strings *words, size_t at, struct strings *out)
{
	for (; at < words->count && out->count < WORDS_MOST; at++) {
		const char *word = words->items[at], *next = at + 1 < words->count ? words->items[at + 1] : "";
		bool is_filled_in = strchr(word, '$') != NULL || (word[0] == '-' && strchr(word, '=') == NULL && strchr(next, '$') != NULL);
		if (!is_filled_in)
			strings_add(out, word);
	}
}

/* What stands behind the program's name in a command. */
static void words_behind(const struct strings *words, const char *name, struct strings *out)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(path_name(words->items[i]), name) == 0) {
			take_words(words, i + 1, out);
			return;
		}
}

/* `cargo run --bin NAME -- serve`: is it this program's, or is there no other? *at: where its own words begin. */
static bool is_cargo_run(const struct survey *survey, const struct program *program, const struct strings *words, size_t *at)
{
	size_t start = 0;
	const char *named = NULL;
	while (start < words->count && strchr(words->items[start], '=') != NULL) /* RUST_LOG=info cargo run */
		start++;
	if (start + 1 >= words->count || strcmp(words->items[start], "cargo") != 0 || (strcmp(words->items[start + 1], "run") != 0 && strcmp(words->items[start + 1], "r") != 0))
		return false;
	for (*at = start + 2; *at < words->count && strcmp(words->items[*at], "--") != 0; ++*at) {
		const char *word = words->items[*at], *equals = strchr(word, '=');
		static const char *const options[] = {"--bin", "--bin=*", "-p", "--package", "--package=*", NULL};
		if (name_in(word, options))
			named = equals != NULL ? equals + 1 : *at + 1 < words->count ? words->items[*at + 1] : "";
	}
	*at += *at < words->count;
	return named != NULL ? strcmp(named, program->name) == 0 || strcmp(named, program->package) == 0 : survey->all.count == 1 || program->is_default;
}

static void read_process(const struct survey *survey, struct surveyed *surveyed, const char *path, unsigned number, const char *line)
{
	const char *name = surveyed->program->name, *colon = strchr(line, ':');
	auto_strings words = {0};
	bool is_named = false;
	size_t at = 0;
	if (colon == NULL || line[0] == '#' || !strings_split_words(&words, colon + 1))
		return;
	for (size_t i = 0; i < words.count; i++)
		is_named = is_named || strcmp(path_name(words.items[i]), name) == 0;
	bool is_cargo = is_cargo_run(survey, surveyed->program, &words, &at);
	if (!is_cargo && (!is_named || at > 0))
		return;
	auto_free char *process = mem_copy_bytes(line, (size_t)(colon - line));
	surveyed->is_started = true;
	if (surveyed->command.count == 0 && !text_equal(process, "release")) {
		if (is_cargo)
			take_words(&words, at, &surveyed->command);
		else
			words_behind(&words, name, &surveyed->command);
	}
	survey_say(survey->says, path, number, _("%s is started by the process %s"), name, process);
}

/* Procfile, in the root and in the workspace's folder. */
static void read_procfile(const struct survey *survey, struct surveyed *surveyed)
{
	auto_free char *below = path_join(survey->folder, "Procfile");
	const char *const paths[] = {"Procfile", below};
	for (size_t k = 0; k < COUNT_OF(paths) && (k == 0 || survey->folder[0] != '\0'); k++) {
		auto_free char *text = tree_find(&survey->sources->tree, paths[k]) != NULL ? tree_read(&survey->sources->tree, paths[k], NULL) : NULL;
		unsigned number = 0;
		for (const char *at = text; at != NULL && *at != '\0' && number < 50;) {
			auto_free char *line = mem_copy_bytes(at, strcspn(at, "\r\n"));
			read_process(survey, surveyed, paths[k], ++number, line);
			at = strchrnul(at, '\n');
			at += *at != '\0';
		}
	}
}

/* Fills in what the images start; of one program alone, any image of the project. */
static void read_images(struct survey *survey)
{
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(survey->sources, &at)) != NULL;) {
		const struct program *program = programs_of_image(survey->programs, shipped);
		for (size_t i = 0; i < survey->all.count; i++) {
			struct surveyed *surveyed = &survey->all.items[i];
			if (surveyed->program != program && (program != NULL || survey->all.count > 1))
				continue;
			if (!surveyed->is_started)
				survey_say(survey->says, shipped->source->path, shipped_line(shipped), _("%s is what this image starts"), surveyed->program->name);
			surveyed->is_started = true;
			struct image_start start;
			image_start(survey->sources, shipped, &start);
			if (surveyed->command.count == 0 && !start.is_shell)
				words_behind(&start.words, surveyed->program->name, &surveyed->command);
			image_start_finish(&start);
		}
	}
}

/* `command: Command` of clap without which nothing starts: serve, run … */
static void read_subcommands(struct surveyed *surveyed)
{
	static const char *const names[] = {"Serve", "Server", "Start", "Run", "Web", "Daemon"};
	static const char *const heads[] = {"# [ command ( subcommand ) ]", "# [ clap ( subcommand ) ]", NULL};
	struct rust_place place;
	if (surveyed->command.count > 0 || !find_any(&surveyed->program->facts, heads, &place))
		return;
	const char *code = place.source->code + place.offset, *colon = strchr(code, ':');
	if (colon == NULL || strncmp(colon + 1 + strspn(colon + 1, " "), "Option", 6) == 0)
		return;
	const char *type = colon + 1 + strspn(colon + 1, " ");
	auto_free char *name = mem_copy_bytes(type, strcspn(type, " ,}\r\n<"));
	auto_free char *words = mem_print("enum %s {", name);
	struct rust_place list = {0};
	if (name[0] == '\0' || !rust_find(&surveyed->program->facts, words, &list))
		return;
	const char *open = strchr(list.source->code + list.offset, '{');
	const char *close = open != NULL ? strstr(open, "\n}") : NULL;
	for (size_t i = 0; close != NULL && i < COUNT_OF(names); i++)
		if (has_name(open, (size_t)(close - open), names[i])) {
			auto_free char *word = mem_copy_string(names[i]);
			word[0] = (char)tolower((unsigned char)word[0]);
			strings_add(&surveyed->command, word);
			return;
		}
}

/* ---- what it answers ---- */

struct answers {
	char *health, *ready, *metrics;
};

/* Of several the one of one part, then the first; takes the path over. */
static void take_answer(struct answers *answers, char *path)
{
	char **place = strcasestr(path, "ready") != NULL || strcasestr(path, "readiness") != NULL ? &answers->ready : &answers->health;
	bool is_shorter = *place != NULL && strchr(*place + 1, '/') != NULL && strchr(path + 1, '/') == NULL;
	if (*place == NULL || is_shorter) {
		free(*place);
		*place = path;
	} else {
		free(path);
	}
}

/* Paths that are called so by their own part. *unknown: the first that stands below what cannot be told. */
static void find_health(const struct surveyed *surveyed, struct routing *routing, struct answers *answers, struct literal *unknown)
{
	unsigned tries = 0;
	for (struct literal literal = {0}; tries < ROUTES_MOST && health_route_next(&surveyed->program->facts, &literal);) {
		char *path;
		if (!reach_has(surveyed->reach, literal.source, literal.offset))
			continue;
		tries++;
		enum route_kind kind = routing_find(routing, &literal, &path);
		if (kind == ROUTE_FOUND)
			take_answer(answers, path);
		else if (kind == ROUTE_UNKNOWN && unknown->source == NULL)
			*unknown = literal;
	}
}

/* Those that a prefix calls so: nest("/health", …) with "/" in it. */
static void find_health_below(const struct surveyed *surveyed, struct routing *routing, struct answers *answers)
{
	unsigned tries = 0;
	for (struct literal literal = {0}; answers->health == NULL && tries < ROUTES_MOST && literal_each(&surveyed->program->facts, &literal);) {
		char *path;
		bool is_front = literal.len == 0 || (literal.len == 1 && literal.text[0] == '/');
		if (!is_front || !reach_has(surveyed->reach, literal.source, literal.offset))
			continue;
		tries++;
		routing_find(routing, &literal, &path);
		if (path != NULL && path_ends_in_health(path))
			take_answer(answers, path);
		else
			free(path);
	}
}

static void find_metrics(const struct surveyed *surveyed, struct routing *routing, struct answers *answers)
{
	for (struct literal literal = {0}; answers->metrics == NULL && literal_each(&surveyed->program->facts, &literal);) {
		auto_free char *text = mem_copy_bytes(literal.text, literal.len < 200 ? literal.len : 200);
		char *path;
		if (text[0] != '/' || !text_ends_with(text, "/metrics") || strchr(text, ':') != NULL || !reach_has(surveyed->reach, literal.source, literal.offset))
			continue;
		/* what is no route is what a crate of metrics is told, which answers beside the routes */
		if (routing_find(routing, &literal, &path) == ROUTE_NONE)
			path = steal(&text);
		answers->metrics = path;
	}
}

static void find_answers(const struct survey *survey, const struct surveyed *surveyed, struct answers *answers)
{
	struct literal unknown = {0};
	if (!surveyed->listens)
		return;
	struct routing *routing = routing_open(surveyed);
	find_health(surveyed, routing, answers, &unknown);
	if (answers->health == NULL && answers->ready == NULL)
		find_health_below(surveyed, routing, answers);
	find_metrics(surveyed, routing, answers);
	routing_close(routing);
	if (answers->health == NULL && answers->ready == NULL && unknown.source != NULL)
		survey_say(survey->says, unknown.source->path, literal_line(&unknown),
			_("which path \"%.*s\" has in the end cannot be told from the sources: the probe of %s asks its port alone"),
			(int)(unknown.len < 100 ? unknown.len : 100), unknown.text, surveyed->program->name);
}

/* `app healthcheck`: a word that main looks for. */
static bool has_health_command(const struct surveyed *surveyed)
{
	static const char *const variants[] = {"Healthcheck", NULL};
	const struct rust_facts *facts = &surveyed->program->facts;
	struct rust_place place = {0};
	while (rust_find_string(facts, "healthcheck", true, &place)) {
		const char *behind = place.source->code + place.offset + strlen("\"healthcheck\"");
		behind += strspn(behind, " \t\r\n)");
		bool compares = strncmp(behind, "=>", 2) == 0 || *behind == '|' || code_ends_with(place.source, place.offset, "==") ||
			code_ends_with(place.source, place.offset, "Some(") || code_ends_with(place.source, place.offset, "Command::new(");
		if (compares && is_reached(surveyed, &place))
			return true;
	}
	return rust_crate(facts, "clap") != NULL && reaches_any(surveyed, variants, &place);
}

static bool is_graceful(const struct surveyed *surveyed, bool sigterm)
{
	static const char *const words[] = {"with_graceful_shutdown", "serve_with_shutdown", "serve_with_incoming_shutdown", "graceful_shutdown",
		"bind_with_graceful_shutdown", "GracefulShutdown", "try_bind_with_graceful_shutdown", "run_with_graceful_shutdown", "serve_with_graceful_shutdown",
		"with_incoming_shutdown", NULL};
	struct rust_place place;
	if (!sigterm)
		return false;
	return !surveyed->listens || stopping_crate(&surveyed->program->facts) != NULL || reaches_any(surveyed, words, &place);
}

/* Is the place where it handles SIGTERM one that this program comes to? */
static bool handles_stop(const struct surveyed *surveyed)
{
	const struct rust_facts *facts = &surveyed->program->facts;
	const char *file;
	unsigned line;
	if (!handles_sigterm(facts, &file, &line))
		return false;
	for (size_t i = 0; line > 0 && i < facts->sources.count; i++) {
		const struct rust_source *source = &facts->sources.items[i];
		if (strcmp(source->path, file) != 0)
			continue;
		size_t offset = 0;
		for (unsigned at = 1; at < line && offset < source->len; offset++)
			at += source->text[offset] == '\n';
		return reach_has(surveyed->reach, source, offset + strspn(source->text + offset, " \t"));
	}
	return true;
}

/* ---- as JSON ---- */

static json_t *words_json(const struct strings *words)
{
	json_t *list = json_array();
	for (size_t i = 0; i < words->count; i++)
		json_array_append_new(list, survey_text(words->items[i]));
	return list;
}

static json_t *names_read(const struct surveyed *surveyed)
{
	auto_strings names = {0};
	for (size_t i = 0; i < surveyed->reads.count; i++)
		strings_add_new(&names, surveyed->reads.items[i].name);
	strings_sort(&names);
	return words_json(&names);
}

/* A crate alone is not yet used: of two programs in one package each uses its own. */
static bool talks_to_database(const struct surveyed *surveyed)
{
	const char *crate;
	return (stores_find(&surveyed->view, &crate) & (STORE_POSTGRES | STORE_MYSQL | STORE_SQLITE | STORE_MONGO | STORE_SQL)) != 0;
}

static json_t *program_json(const struct survey *survey, const struct surveyed *surveyed)
{
	const struct program *program = surveyed->program;
	struct answers answers = {0};
	bool sigterm = handles_stop(surveyed);
	find_answers(survey, surveyed, &answers);
	json_t *json = json_object();
	json_object_set_new(json, "name", survey_text(program->name));
	json_object_set_new(json, "package", survey_text(program->package));
	json_object_set_new(json, "folder", survey_text(program->folder));
	json_object_set_new(json, "is_main", json_boolean(surveyed->is_main));
	json_object_set_new(json, "listens", json_boolean(surveyed->listens));
	json_object_set_new(json, "port", surveyed->port != 0 ? json_integer(surveyed->port) : json_null());
	json_object_set_new(json, "port_env", survey_text(surveyed->port_env));
	json_object_set_new(json, "address_env", survey_text(surveyed->address_env));
	json_object_set_new(json, "framework", survey_text(surveyed->listens ? surveyed->framework : NULL));
	json_object_set_new(json, "health", survey_text(answers.health));
	json_object_set_new(json, "ready", survey_text(answers.ready));
	json_object_set_new(json, "metrics", survey_text(answers.metrics));
	json_object_set_new(json, "has_health_command", json_boolean(has_health_command(surveyed)));
	json_object_set_new(json, "database", json_boolean(talks_to_database(surveyed)));
	json_object_set_new(json, "redis", json_boolean(redis_crate(&surveyed->view) != NULL));
	json_object_set_new(json, "mail", json_boolean(mail_crate(&surveyed->view) != NULL));
	json_object_set_new(json, "sigterm", json_boolean(sigterm));
	json_object_set_new(json, "graceful", json_boolean(is_graceful(surveyed, sigterm)));
	json_object_set_new(json, "json_logs", json_boolean(logs_json(&program->facts)));
	json_object_set_new(json, "command", surveyed->is_service ? words_json(&surveyed->command) : json_array());
	json_object_set_new(json, "env", names_read(surveyed));
	json_object_set_new(json, "features", words_json(program->features));
	json_object_set_new(json, "image", survey_image(survey, surveyed));
	free(answers.health);
	free(answers.ready);
	free(answers.metrics);
	return json;
}

json_t *survey_programs(const struct survey *survey)
{
	json_t *list = json_array();
	for (size_t i = 0; i < survey->all.count; i++)
		if (survey->all.items[i].is_shipped)
			json_array_append_new(list, program_json(survey, &survey->all.items[i]));
	return list;
}

json_t *survey_tools(const struct survey *survey)
{
	json_t *list = json_array();
	for (size_t i = 0; i < survey->all.count; i++) {
		const struct surveyed *each = &survey->all.items[i];
		if (each->is_shipped)
			continue;
		json_t *tool = json_object();
		json_object_set_new(tool, "name", survey_text(each->program->name));
		json_object_set_new(tool, "package", survey_text(each->program->package));
		json_array_append_new(list, tool);
	}
	return list;
}

/* ---- the environment of all ---- */

/* Addresses of servers that ask for a password hold one. */
static bool is_address_with_password(const char *name)
{
	static const char *const patterns[] = {"DATABASE_URL", "*_DATABASE_URL", "DB_URL", "*_DB_URL", "POSTGRES*_URL", "POSTGRES*_URI", "PG_URL", "MYSQL*_URL", "MONGO*_UR[LI]",
		"AMQP*_UR[LI]", "RABBITMQ*_UR[LI]", "DATABASE_URI", "*_DSN", "DSN", "SMTP_URL", "MAIL*_URL", NULL};
	return name_in(name, patterns);
}

static json_t *find_variable(json_t *list, const char *name)
{
	size_t index;
	json_t *each;
	json_array_foreach(list, index, each)
		if (text_equal(json_string_value(json_object_get(each, "name")), name))
			return each;
	return NULL;
}

static void add_variable(json_t *list, const struct read *read, const char *program)
{
	json_t *each = find_variable(list, read->name);
	bool is_secret = name_is_secret(read->name) || is_address_with_password(read->name) || value_is_secret(read->name, read->value);
	if (each == NULL) {
		each = json_pack("{s:o,s:s,s:b,s:b,s:[]}", "name", survey_text(read->name), "value", "", "is_secret", 0, "is_required", 0, "programs");
		json_array_append_new(list, each);
	}
	if (is_secret)
		json_object_set_new(each, "is_secret", json_true());
	if (read->is_required)
		json_object_set_new(each, "is_required", json_true());
	if (json_is_true(json_object_get(each, "is_secret")))
		json_object_set_new(each, "value", json_string(""));
	else if (json_string_length(json_object_get(each, "value")) == 0)
		json_object_set_new(each, "value", survey_text(read->value));
	json_t *programs = json_object_get(each, "programs");
	size_t index;
	json_t *name;
	json_array_foreach(programs, index, name)
		if (text_equal(json_string_value(name), program))
			return;
	json_array_append_new(programs, survey_text(program));
}

json_t *survey_env(const struct survey *survey)
{
	json_t *list = json_array();
	for (size_t i = 0; i < survey->all.count; i++) {
		const struct surveyed *surveyed = &survey->all.items[i];
		for (size_t k = 0; k < surveyed->reads.count && surveyed->is_shipped; k++)
			add_variable(list, &surveyed->reads.items[k], surveyed->program->name);
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *each = json_array_get(list, i);
		auto_free char *name = mem_print("%s_FILE", json_string_value(json_object_get(each, "name")));
		json_object_set_new(each, "has_file", json_boolean(find_variable(list, name) != NULL));
	}
	return list;
}

/* ---- all ---- */

static void take_program(struct survey *survey, const struct program *program)
{
	struct surveyed *surveyed = array_add(&survey->all);
	surveyed->program = program;
	surveyed->view = *survey->sources;
	surveyed->view.rust = program->facts;
	surveyed->view.rust.is_graph_known = false; /* what another program asks for is not this one's */
	surveyed->reach = reach_open(program);
	surveyed->framework = web_framework(&program->facts);
	reads_find(surveyed);
}

/* A port that only the image or compose tells. */
static void read_exposed(const struct survey *survey, struct surveyed *surveyed)
{
	size_t at = 0;
	for (const struct shipped *shipped; surveyed->port == 0 && (shipped = own_rust_image(survey->sources, &at)) != NULL;) {
		const struct program *program = programs_of_image(survey->programs, shipped);
		int index = dockerfile_last(&shipped->source->file, shipped->stage, "EXPOSE");
		if (index < 0 || (program != surveyed->program && (program != NULL || survey->all.count > 1)))
			continue;
		auto_free char *text = dockerfile_expand(&shipped->source->file, (size_t)index, shipped->source->file.lines.items[index].rest);
		unsigned long port = strtoul(text, NULL, 10);
		if (port == 0 || port > 65535)
			continue;
		surveyed->port = (unsigned)port;
		survey_say(survey->says, shipped->source->path, shipped->source->file.lines.items[index].first, _("%s listens on port %u: EXPOSE says so"),
			surveyed->program->name, surveyed->port);
	}
}

static unsigned rank_of(const struct survey *survey, const struct surveyed *surveyed)
{
	auto_free char *root = mem_copy_string(path_name(survey->sources->tree.root));
	bool is_named = strcmp(surveyed->program->name, root) == 0 || strcmp(surveyed->program->folder, survey->folder) == 0;
	return (surveyed->is_shipped ? 16u : 0) + (surveyed->is_started ? 8u : 0) + (surveyed->program->is_default ? 4u : 0) + (is_named ? 2u : 0) +
		(surveyed->listens ? 1u : 0);
}

/* The main one first; else as they are found. */
static void put_in_order(struct survey *survey)
{
	for (size_t i = 1; i < survey->all.count; i++)
		for (size_t k = i; k > 0 && rank_of(survey, &survey->all.items[k]) > rank_of(survey, &survey->all.items[k - 1]); k--) {
			struct surveyed other = survey->all.items[k];
			survey->all.items[k] = survey->all.items[k - 1];
			survey->all.items[k - 1] = other;
		}
	if (survey->all.count > 0)
		survey->all.items[0].is_main = survey->all.items[0].is_shipped;
}

void survey_programs_find(struct survey *survey)
{
	for (size_t i = 0; i < programs_count(survey->programs); i++) {
		const struct program *program = programs_at(survey->programs, i);
		bool is_known = program == NULL;
		for (size_t k = 0; k < survey->all.count && !is_known; k++)
			is_known = survey->all.items[k].program == program;
		if (!is_known)
			take_program(survey, program);
	}
	read_images(survey);
	for (size_t i = 0; i < survey->all.count; i++) {
		struct surveyed *surveyed = &survey->all.items[i];
		read_procfile(survey, surveyed);
		read_subcommands(surveyed);
		ports_find(surveyed, survey->says);
		decide(survey, surveyed, survey->all.count);
		if (surveyed->is_service && surveyed->listens)
			read_exposed(survey, surveyed);
	}
	decide_shipped(survey);
	put_in_order(survey);
}
