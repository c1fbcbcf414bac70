/* 6.4: where the database's password comes from. No value is ever shown: names
 * and places alone. */
#include "database.h"

#include "compose-files.h"

#include <ctype.h>

/* ---- passwords ---- */

static bool is_weak(const char *password, size_t len, const char *user)
{
	static const char *const words[] = {"postgres", "password", "passwd", "pass", "secret", "admin", "root", "test", "example",
		"changeme", "change_me", "change-me", "123456", "12345678", "123456789", "1234", "user", "mysecretpassword", "docker",
		"dev", "app", "db", "postgresql", "mysql", "qwerty", "letmein", "pgpass", "password123", "postgres123", "supersecret",
		"default", "guest", "pwd", "p4ssw0rd", "passw0rd"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], password, len) == 0)
			return true;
	return len == 0 || (user != NULL && strlen(user) == len && strncmp(user, password, len) == 0);
}

/* The default in "${NAME:-default}", if the text is that alone; NULL: none. */
static const char *default_in(const char *written, size_t *len)
{
	const char *minus = strchr(written, '-'), *close = strrchr(written, '}');
	if (!text_starts_with(written, "${") || minus == NULL || close == NULL || close < minus || close[1] != '\0')
		return NULL;
	*len = (size_t)(close - minus - 1);
	return memchr(minus + 1, '$', *len) == NULL ? minus + 1 : NULL;
}

/* user:password of an address of a database; false: it has none. */
struct login {
	const char *password;
	size_t len;
	bool is_bad; /* a letter in it stands for something else there */
};

static bool login_in(const char *text, size_t text_len, struct login *login)
{
	static const char *const schemes[] = {"postgres://", "postgresql://", "mysql://", "mariadb://", "mongodb://",
		"mongodb+srv://", "postgres+srv://"};
	size_t start = 0;
	for (size_t i = 0; i < COUNT_OF(schemes) && start == 0; i++)
		if (text_len > strlen(schemes[i]) && strncmp(text, schemes[i], strlen(schemes[i])) == 0)
			start = strlen(schemes[i]);
	if (start == 0)
		return false;
	size_t at = text_len;
	while (at > start && text[at - 1] != '@')
		at--;
	const char *colon = memchr(text + start, ':', text_len - start);
	if (at <= start || colon == NULL || colon >= text + at - 1)
		return false;
	*login = (struct login){.password = colon + 1, .len = (size_t)(text + at - 1 - (colon + 1))};
	for (size_t i = 0; i < login->len; i++) {
		char letter = login->password[i];
		bool escaped = letter == '%' && i + 2 < login->len + 0 && isxdigit((unsigned char)login->password[i + 1]) &&
			isxdigit((unsigned char)login->password[i + 2]);
		login->is_bad = login->is_bad || strchr("@/?#[] ", letter) != NULL || (letter == '%' && !escaped);
	}
	return true;
}

static bool is_variable(const char *text, size_t len)
{
	return memchr(text, '$', len) != NULL || memchr(text, '{', len) != NULL || memchr(text, '<', len) != NULL ||
		memchr(text, '*', len) != NULL;
}

/* ---- the server ---- */

static void judge_written(struct check *check, const struct database *database, const char *name, const char *user)
{
	const char *file, *written, *fallback;
	unsigned line;
	size_t len = 0;
	const char *value = service_env(database->json, name);
	written = compose_entry(check->sources, database->service, "environment", name, &file, &line);
	fallback = written != NULL ? default_in(written, &len) : NULL;
	if (written == NULL || written[0] == '\0')
		check_for(check, file, line, "%s of %s comes from a file of variables or from whoever starts compose", name,
			database->service);
	else if (strchr(written, '$') == NULL)
		check_against(check, file, line, "the value of %s stands in this file", name);
	else if (fallback != NULL && len > 0 && is_weak(fallback, len, user) && text_equal(value, NULL) == false &&
		strlen(value) == len && strncmp(value, fallback, len) == 0)
		check_against(check, file, line, "%s falls back on a value that anybody guesses", name);
	else
		check_for(check, file, line, "%s is taken from a variable", name);
}

static void judge_image_env(struct check *check, const struct shipped *shipped, const char *name)
{
	unsigned line = 0;
	auto_free char *value = image_env(shipped, name, &line);
	if (value != NULL && value[0] != '\0' && strchr(value, '$') == NULL)
		check_against(check, shipped->source->path, line, "the value of %s is in the image: whoever has the image has it", name);
}

static const struct door {
	const char *name, *value;
} doors[] = {{"POSTGRES_HOST_AUTH_METHOD", "trust"}, {"MYSQL_ALLOW_EMPTY_PASSWORD", NULL},
	{"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", NULL}, {"ALLOW_EMPTY_PASSWORD", "yes"}};

static bool is_open(const struct door *door, const char *value)
{
	return value != NULL && (door->value != NULL ? text_equal_fold(value, door->value) : value[0] != '\0' &&
		!text_equal_fold(value, "no") && strcmp(value, "0") != 0);
}

static void judge_open_doors(struct check *check, const struct database *database)
{
	for (size_t i = 0; i < COUNT_OF(doors); i++) {
		const char *file;
		unsigned line;
		if (!is_open(&doors[i], service_env(database->json, doors[i].name)))
			continue;
		compose_entry(check->sources, database->service, "environment", doors[i].name, &file, &line);
		check_against(check, file, line, "%s: %s lets anybody in without a password", database->service, doors[i].name);
	}
}

static void judge_server(struct check *check, const struct database *database)
{
	static const char *const names[] = {"POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD", "MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD",
		"MARIADB_ROOT_PASSWORD", "MARIADB_PASSWORD", "MONGO_INITDB_ROOT_PASSWORD"};
	const char *user = service_env(database->json, "POSTGRES_USER");
	judge_open_doors(check, database);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *with_file = mem_print("%s_FILE", names[i]);
		const char *file;
		unsigned line;
		if (service_env(database->json, with_file) != NULL) {
			compose_entry(check->sources, database->service, "environment", with_file, &file, &line);
			check_for(check, file, line, "%s names a secret", with_file);
		} else if (service_env(database->json, names[i]) != NULL) {
			judge_written(check, database, names[i], user);
		}
		if (database->shipped != NULL)
			judge_image_env(check, database->shipped, names[i]);
	}
}

/* ---- what stands open, in files for development too ---- */

static enum engine unit_engine(const struct unit *unit)
{
	bool other = unit->layer != NULL && unit->layer->role == LAYER_TEST;
	enum engine engine = other || service_is_for_tests(unit->name) ? ENGINE_NONE :
		engine_of_image(json_string_value(json_object_get(unit->json, "image")), NULL);
	return unit->is_rust ? ENGINE_NONE : engine;
}

static void judge_unit_doors(struct check *check, const struct layers *layers, const struct unit *unit)
{
	for (size_t i = 0; i < COUNT_OF(doors); i++) {
		unsigned line;
		const char *file = unit_place(layers, unit, "environment", doors[i].name, &line);
		if (!is_open(&doors[i], service_env(unit->json, doors[i].name)))
			continue;
		/* said once where the model was judged with the rest of its variables */
		check_against(check, file, line, "%s: %s lets anybody in without a password", unit->name, doors[i].name);
		check_mend(check, "Take %s away, and give the database a password from a variable or a secret", doors[i].name);
	}
}

/* At every address of this machine: docker opens the port past the firewall. */
static void judge_unit_ports(struct check *check, const struct layers *layers, const struct unit *unit)
{
	struct unit_port port;
	bool is_free = false;
	for (size_t i = 0; i < COUNT_OF(doors); i++)
		is_free = is_free || is_open(&doors[i], service_env(unit->json, doors[i].name));
	for (size_t i = 0; unit_port(unit, i, &port); unit_port_finish(&port), i++) {
		if (port_is_local(&port) || (port.target != 5432 && port.target != 3306 && port.target != 27017))
			continue;
		bool is_first = !has_against(check);
		port_against(check, layers, unit, &port, is_free ?
			N_("%s is published at %s for every machine that reaches this one, without a password") :
			N_("%s is published at %s for every machine that reaches this one: a password alone keeps them out"));
		if (is_first)
			check_mend(check, "Publish the database at 127.0.0.1 (127.0.0.1:%ld:%ld) or not at all: services reach it by its name",
				port.published > 0 ? port.published : port.target, port.target);
	}
}

static void judge_units(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	for (size_t i = 0; i < layers->units.count; i++)
		if (unit_engine(&layers->units.items[i]) != ENGINE_NONE)
			judge_unit_doors(check, layers, &layers->units.items[i]);
	for (size_t i = 0; i < layers->units.count; i++)
		if (unit_engine(&layers->units.items[i]) != ENGINE_NONE)
			judge_unit_ports(check, layers, &layers->units.items[i]);
}

/* ---- the program's variables ---- */

static bool is_password_name(const char *name)
{
	static const char *const stores[] = {"DB", "DATABASE", "PG", "POSTGRES", "MYSQL", "MARIADB", "MONGO"};
	if ((strstr(name, "PASSWORD") == NULL && strstr(name, "_PASS") == NULL) || text_ends_with(name, "_FILE"))
		return false;
	for (size_t i = 0; i < COUNT_OF(stores); i++)
		if (strstr(name, stores[i]) != NULL)
			return true;
	return false;
}

/* As it is written, and as compose filled it in. */
static void judge_variable(struct check *check, const char *service, const char *name, const char *value)
{
	struct login login;
	const char *file;
	unsigned line;
	const char *written = compose_entry(check->sources, service, "environment", name, &file, &line);
	if (login_in(value, strlen(value), &login)) {
		if (login.is_bad) {
			check_against(check, file, line, "%s: a letter of its password has to be percent-encoded in an address", name);
			return;
		}
		if (written != NULL && login_in(written, strlen(written), &login) && login.len > 0 &&
			!is_variable(login.password, login.len))
			check_against(check, file, line, "%s of %s holds the password as it is", name, service);
		else
			check_for(check, file, line, "%s of %s takes the password from a variable", name, service);
	} else if (is_password_name(name)) {
		if (written != NULL && written[0] != '\0' && strchr(written, '$') == NULL)
			check_against(check, file, line, "the value of %s stands in this file", name);
		else
			check_for(check, file, line, "%s of %s is taken from a variable", name, service);
	} else if (text_ends_with(name, "_FILE") && (strstr(name, "PASSWORD") != NULL || strstr(name, "DATABASE_URL") != NULL)) {
		check_for(check, file, line, "%s names a secret", name);
	}
}

/* The server's first user may do anything in it. A remark: the practice is about where the password comes from. */
static void remark_superuser(struct check *check, const struct databases *databases, const char *service, const char *name, const char *value)
{
	const char *user = strstr(value, "://"), *file;
	unsigned line;
	struct login login;
	for (size_t i = 0; user != NULL && i < databases->count; i++) {
		const char *first = service_env(databases->items[i].json, "POSTGRES_USER");
		first = first != NULL && first[0] != '\0' ? first : "postgres";
		size_t len = strlen(first);
		if (databases->items[i].engine != ENGINE_POSTGRES || !login_in(value, strlen(value), &login) || strncmp(user + 3, first, len) != 0 ||
			user[3 + len] != ':')
			continue;
		compose_entry(check->sources, service, "environment", name, &file, &line);
		check_for(check, file, line, "%s logs in to %s as %s, who may do anything there: a role of its own may do less", service,
			databases->items[i].service, first);
	}
}

/* The image's history shows what a build was given. */
static void judge_build(struct check *check, const char *service, const char *name, const char *value)
{
	struct login login;
	const char *file;
	unsigned line;
	if (!login_in(value, strlen(value), &login) || login.len == 0)
		return;
	const char *written = compose_entry(check->sources, service, "build.args", name, &file, &line);
	if (written != NULL && login_in(written, strlen(written), &login) && !is_variable(login.password, login.len))
		check_against(check, file, line, "%s holds the password as it is, and the image's history shows it", name);
}

static void judge_services(struct check *check, const struct databases *databases)
{
	const char *service, *name;
	json_t *value;
	void *iter = NULL;
	for (const json_t *each; (each = service_each(check->sources, &iter, &service)) != NULL;) {
		if (!service_is_rust(check->sources, service, each) || service_is_for_tests(service))
			continue;
		json_object_foreach((json_t *)json_object_get(each, "environment"), name, value)
			if (json_is_string(value)) {
				judge_variable(check, service, name, json_string_value(value));
				remark_superuser(check, databases, service, name, json_string_value(value));
			}
		json_object_foreach((json_t *)json_object_get(json_object_get(each, "build"), "args"), name, value)
			if (json_is_string(value))
				judge_build(check, service, name, json_string_value(value));
	}
}

/* ENV lines of what is shipped. */
static void judge_images(struct check *check)
{
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(check->sources, &at)) != NULL;) {
		const struct dockerfile *file = &shipped->source->file;
		for (size_t i = 0; i < file->lines.count; i++) {
			auto_strings words = {0};
			if (strcmp(file->lines.items[i].word, "ENV") != 0 || !stage_has_line(file, shipped->stage, i))
				continue;
			env_line_read(&file->lines.items[i], &words);
			for (size_t k = 0; k < words.count; k++) {
				struct login login;
				char *equal = strchr(words.items[k], '=');
				if (equal == NULL)
					continue;
				*equal = '\0';
				bool address = login_in(equal + 1, strlen(equal + 1), &login) && login.len > 0 &&
					!is_variable(login.password, login.len);
				bool password = is_password_name(words.items[k]) && equal[1] != '\0' && strchr(equal + 1, '$') == NULL;
				if (address || password)
					check_against(check, shipped->source->path, file->lines.items[i].first,
						"the password in %s is in the image: whoever has the image has it", words.items[k]);
			}
		}
	}
}

/* ---- the code ---- */

static bool is_read_from_environment(const struct literal *literal)
{
	static const char *const starts[] = {"DATABASE_", "DB_", "POSTGRES_", "PGPASSWORD", "PGUSER", "MYSQL_", "PG_", "PG__",
		"MARIADB_", "MONGO", "APP_DATABASE"};
	char name[64];
	if (literal->len == 0 || literal->len >= sizeof name)
		return false;
	memcpy(name, literal->text, literal->len);
	name[literal->len] = '\0';
	for (size_t i = 0; i < literal->len; i++)
		if (!isupper((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_')
			return false;
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (text_starts_with(name, starts[i]))
			return true;
	return strstr(name, "DATABASE_URL") != NULL || strstr(name, "DB_URL") != NULL || text_ends_with(name, "_DSN");
}

/* Of settings that take variables of any name. */
static bool has_settings_crate(struct check *check)
{
	static const char *const names[] = {"config", "figment", "envy", "envconfig", "confique", "twelf", "ortho_config",
		"rocket_db_pools", "rocket_sync_db_pools", "loco-rs", "shuttle-shared-db", "structconf", "env-config", "conf", NULL};
	const struct rust_crate *crate = direct_crate(&check->sources->rust, names);
	if (crate == NULL && !rust_has_feature(&check->sources->rust, "clap", "env"))
		return false;
	check_for(check, rust_file(check->sources), 0, "%s reads the settings, from variables too", crate != NULL ? crate->name :
		"clap");
	return true;
}

/* What is taken where no variable is set. */
static bool is_fallback(const struct literal *literal)
{
	static const char *const words[] = {"unwrap_or", "unwrap_or_else", "unwrap_or_default", "var", "env", "default_value",
		"default", "or_else", "unwrap_or_insert", "or", "DEFAULT", "set_default", "map_or", "map_or_else", "get_env", "env_or",
		"or_insert", "default_value_t", "text", NULL};
	size_t len;
	const char *before = code_before(literal->source, literal->offset, &len);
	for (size_t i = 0; words[i] != NULL; i++)
		if (has_name(before, len, words[i]))
			return true;
	return memmem(before, len, "DEFAULT", 7) != NULL;
}

static bool is_on_this_machine(const struct login *login, const char *end)
{
	const char *host = login->password + login->len + 1;
	size_t len = host < end ? (size_t)(end - host) : 0;
	return (len >= 9 && strncmp(host, "localhost", 9) == 0) || (len >= 9 && strncmp(host, "127.0.0.1", 9) == 0);
}

/* "host=db user=app password=secret" of tokio-postgres. */
static bool has_password_pair(const struct literal *literal)
{
	const char *found = memmem(literal->text, literal->len, "password=", 9);
	size_t left = found != NULL ? (size_t)(literal->text + literal->len - found) - 9 : 0;
	return left > 0 && memmem(literal->text, literal->len, "user=", 5) != NULL && strchr("{$<* ", found[9]) == NULL;
}

/* PgConnectOptions' .password("secret"), deadpool's password = Some("secret"). */
static bool is_given_as_password(const struct literal *literal)
{
	static const char *const clients[] = {"PgConnectOptions", "MySqlConnectOptions", "tokio_postgres", "deadpool_postgres",
		"bb8_postgres"};
	const struct rust_source *source = literal->source;
	bool given = code_ends_with(source, literal->offset, ".password(") || code_ends_with(source, literal->offset,
		"password=Some(");
	for (size_t i = 0; given && literal->len > 0 && i < COUNT_OF(clients); i++)
		if (strstr(source->code, clients[i]) != NULL)
			return true;
	return false;
}

static bool judge_code(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	struct literal found = {0};
	bool reads = false;
	for (struct literal literal = {0}; literal_each(facts, &literal) && !reads;)
		if (is_read_from_environment(&literal)) {
			found = literal;
			reads = true;
		}
	if (reads) {
		auto_free char *name = mem_copy_bytes(found.text, found.len);
		check_for(check, found.source->path, literal_line(&found), "the code reads %s", name);
	}
	for (struct literal literal = {0}; literal_each(facts, &literal);) {
		struct login login;
		if (is_given_as_password(&literal) || (has_password_pair(&literal) && !is_fallback(&literal))) {
			check_against(check, literal.source->path, literal_line(&literal), "a password stands in the code");
			reads = true;
			continue;
		}
		if (!login_in(literal.text, literal.len, &login) || login.len == 0 || is_variable(literal.text, literal.len))
			continue;
		if (is_fallback(&literal) || (reads && is_on_this_machine(&login, literal.text + literal.len)))
			continue;
		check_against(check, literal.source->path, literal_line(&literal), "an address with a password stands in the code");
		reads = true;
	}
	return reads;
}

static void judge_credentials(struct check *check)
{
	struct databases databases;
	const char *crate;
	unsigned stores = stores_find(check->sources, &crate);
	databases_find(check->sources, &databases);
	if (databases.count == 0 && (stores & ~(unsigned)(STORE_SQLITE | STORE_OTHER)) == 0) {
		databases_finish(&databases);
		databases_are_there(check, &databases);
		return;
	}
	if (databases.count == 0 && !is_program(check)) {
		databases_finish(&databases);
		return;
	}
	for (size_t i = 0; i < databases.count; i++)
		judge_server(check, &databases.items[i]);
	judge_services(check, &databases);
	judge_images(check);
	bool told = judge_code(check) || has_settings_crate(check);
	if (!told && check->result->evidence.count == 0)
		check_missing(check, "nothing in compose or the code says where the password of %s comes from", databases.count > 0 ?
			databases.items[0].service : crate);
	databases_finish(&databases);
}

void credentials_files(struct check *check)
{
	judge_credentials(check);
	judge_units(check);
}

/* ---- what runs ---- */

void credentials_live(struct check *check)
{
	static const char *const names[] = {"POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD", "MYSQL_ROOT_PASSWORD",
		"MARIADB_ROOT_PASSWORD"};
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		unsigned major = 0;
		const char *service = live_service(container);
		if (live_engine(check->sources, container, &major) == ENGINE_NONE)
			continue;
		auto_free char *trust = live_env(container, "POSTGRES_HOST_AUTH_METHOD"), *user = live_env(container, "POSTGRES_USER");
		if (text_equal(trust, "trust"))
			check_live_against(check, service,
				"Config.Env has POSTGRES_HOST_AUTH_METHOD=trust: anybody gets in without a password");
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			auto_free char *value = live_env(container, names[i]);
			if (value != NULL && is_weak(value, strlen(value), user))
				check_live_against(check, service, "the value of %s in Config.Env is one that anybody guesses", names[i]);
		}
	}
}
