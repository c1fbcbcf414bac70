/* 6.6: does the program share connections, and how many does it take? */
#include "database.h"

#include <ctype.h>
#include <stdio.h>

static const char *const pool_words[] = {"PgPoolOptions", "MySqlPoolOptions", "SqlitePoolOptions", "AnyPoolOptions",
	"PoolOptions", "PgPool :: connect", "PgPool :: connect_with", "PgPool :: connect_lazy", "MySqlPool :: connect",
	"SqlitePool :: connect", "AnyPool :: connect", "Pool :: connect", "Pool :: builder", "Pool :: new", "create_pool",
	"ConnectionManager :: < PgConnection > :: new", "ConnectionManager :: new", "AsyncDieselConnectionManager",
	"PostgresConnectionManager", "ConnectOptions", "Database :: connect", "Pool :: from_config", "Pool :: < ConnectionManager",
	"r2d2 :: Pool", "deadpool_postgres", "bb8 :: Pool", "mobc :: Pool", "PgPool", "SqlitePool", "MySqlPool", "Pool <",
	"Pool :: <", "RBatis :: new", "Client :: with_uri_str", "Client :: with_options", "SqliteConnectionManager", NULL};

/* Crates that are a pool, or hold one inside. */
static const char *const pool_crates[] = {"deadpool-postgres", "deadpool-diesel", "deadpool-sqlite", "bb8-postgres", "bb8-diesel",
	"r2d2_postgres", "r2d2_sqlite", "r2d2-diesel", "mobc-postgres", "rocket_db_pools", "rocket_sync_db_pools", "sea-orm",
	"mysql_async", "mongodb", "rbatis", "loco-rs", "shuttle-shared-db", "tokio-rusqlite", NULL};

static bool find_pool(const struct sources *sources, struct rust_place *place)
{
	return find_any(&sources->rust, pool_words, place);
}

static bool find_lone(const struct sources *sources, struct rust_place *place)
{
	static const char *const words[] = {"PgConnection :: connect", "PgConnection :: establish", "MysqlConnection :: establish",
		"SqliteConnection :: establish", "AsyncPgConnection :: establish", "tokio_postgres :: connect",
		"postgres :: Client :: connect", "Client :: connect", "MySqlConnection :: connect", "SqliteConnection :: connect",
		". connect ( NoTls )", "Connection :: open", NULL};
	return find_any(&sources->rust, words, place);
}

/* ---- a pool for each worker ---- */

/* actix-web calls the closure once for each worker. */
static void judge_workers(struct check *check)
{
	static const char *const makes[] = {"PgPoolOptions", "PgPool::connect", "Pool::builder", "create_pool", "MySqlPoolOptions",
		"Pool::new"};
	struct rust_place place = {0};
	while (rust_find(&check->sources->rust, "HttpServer :: new (", &place)) {
		const struct rust_source *source = place.source;
		size_t depth = 0, at = place.offset;
		auto_str inside = {0};
		for (; at < source->len && inside.len < 20000; at++) {
			char letter = source->code[at];
			depth += letter == '(';
			if (letter == ')' && --depth == 0)
				break;
			if (!isspace((unsigned char)letter))
				str_add_char(&inside, letter);
		}
		for (size_t i = 0; i < COUNT_OF(makes); i++) {
			if (strstr(str_text(&inside), makes[i]) == NULL)
				continue;
			check_against(check, source->path, place.line,
				"the pool is made within the closure of HttpServer::new, once for each worker");
			check_mend(check, "Make the pool before HttpServer::new, and give a clone of it into the closure");
			break;
		}
	}
}

/* ---- sizes ---- */

/* The number in `max_connections(20)`; 0: none that can be read. */
static unsigned pool_size(const struct sources *sources, struct rust_place *place)
{
	static const char *const words[] = {"max_connections (", "max_size (", NULL};
	unsigned most = 0;
	for (size_t i = 0; words[i] != NULL; i++) {
		struct rust_place each = {0};
		while (rust_find(&sources->rust, words[i], &each)) {
			size_t len;
			const char *before = code_before(each.source, each.offset, &len);
			/* servers have such numbers too */
			if (memmem(before, len, "Pool", 4) == NULL && !has_name(before, len, "ConnectOptions"))
				continue;
			const char *open = memchr(each.source->code + each.offset, '(', each.source->len - each.offset);
			const char *digits = open != NULL ? open + 1 + strspn(open + 1, " \t\n") : "";
			const char *end = digits + strspn(digits, "0123456789_");
			if (end == digits || *end != ')' || end - digits > 6)
				continue;
			unsigned size = 0;
			for (; digits < end; digits++)
				size = *digits != '_' ? size * 10 + (unsigned)(*digits - '0') : size;
			if (size > most) {
				most = size;
				*place = each;
			}
		}
	}
	return most;
}

static unsigned replicas_of(const json_t *service)
{
	json_int_t count = json_integer_value(compose_member(service, "deploy.replicas"));
	json_int_t scale = json_integer_value(json_object_get(service, "scale"));
	count = count > 0 ? count : scale;
	return count > 0 && count < 10000 ? (unsigned)count : 1;
}

/* The server's max_connections by its command; 100 by default; 0: a file of its own says it. */
static unsigned server_limit(const struct database *database)
{
	auto_free char *command = words_text(json_object_get(database->json, "command"));
	const char *found = strstr(command, "max_connections=");
	if (found != NULL)
		return (unsigned)strtoul(found + 16, NULL, 10);
	return strstr(command, "config_file") != NULL || strstr(command, "-N ") != NULL ? 0 : 100;
}

static void judge_size(struct check *check)
{
	const struct sources *sources = check->sources;
	struct databases databases;
	struct rust_place place = {0};
	unsigned size = pool_size(sources, &place), processes = 0;
	const char *name;
	void *iter = NULL;
	databases_find(sources, &databases);
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		if (service_is_rust(sources, name, service) && json_object_get(json_object_get(service, "depends_on"),
			databases.count > 0 ? databases.items[0].service : "") != NULL)
			processes = replicas_of(service) > processes ? replicas_of(service) : processes;
	unsigned limit = databases.count == 1 && databases.items[0].engine == ENGINE_POSTGRES ? server_limit(&databases.items[0]) : 0;
	processes = processes > 0 ? processes : 1;
	/* three are kept for superusers */
	if (size > 0 && limit > 3 && (uint64_t)size * processes > limit - 3) {
		check_against(check, place.source->path, place.line,
			"a pool of %u in %u processes is more than the %u connections that %s takes", size, processes, limit - 3,
			databases.items[0].service);
		check_mend(check, "Make the pool smaller, or raise max_connections of the server");
	}
	databases_finish(&databases);
}

/* ---- PgBouncer ---- */

/* It knows prepared statements in transaction mode from 1.21 on. */
static bool is_old_bouncer(const char *image)
{
	struct image_name name;
	unsigned major = 0, minor = 0;
	if (image == NULL || strstr(image, "pgbouncer") == NULL)
		return false;
	image_name_read(image, &name);
	const char *digits = name.tag != NULL ? strpbrk(name.tag, "0123456789") : NULL;
	bool old = digits != NULL && sscanf(digits, "%u.%u", &major, &minor) == 2 && major == 1 && minor < 21;
	image_name_finish(&name);
	return old;
}

static void judge_bouncer(struct check *check)
{
	static const char *const sqlx[] = {"sqlx", "sea-orm", NULL}, *const off[] = {"statement_cache_capacity", "persistent (",
		NULL};
	const struct sources *sources = check->sources;
	const char *name;
	void *iter = NULL;
	struct rust_place place = {0};
	if (direct_crate(&sources->rust, sqlx) == NULL || find_any(&sources->rust, off, &place))
		return;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		const char *mode = service_env(service, "POOL_MODE") != NULL ? service_env(service, "POOL_MODE") :
			service_env(service, "PGBOUNCER_POOL_MODE"), *file;
		unsigned line;
		if (mode == NULL || strcmp(mode, "transaction") != 0 || !is_old_bouncer(compose_image(service)))
			continue;
		compose_entry(sources, name, "environment", service_env(service, "POOL_MODE") != NULL ? "POOL_MODE" : "PGBOUNCER_POOL_MODE", &file,
			&line);
		check_against(check, file, line,
			"%s hands connections out by transaction, which sqlx' prepared statements do not survive", name);
		check_mend(check, "Take PgBouncer 1.21 or newer, or set statement_cache_capacity(0)");
	}
}

/* ---- waiting ---- */

/* sqlx, r2d2 and bb8 give up after half a minute by themselves; deadpool waits for
 * a connection without end, unless it is given a time (deadpool, Timeouts). */
static void judge_waiting(struct check *check)
{
	static const char *const deadpool[] = {"deadpool-postgres", "deadpool-diesel", "deadpool-sqlite", "deadpool", NULL};
	static const char *const elsewhere[] = {"config", "figment", "envy", "envconfig", "confique", "twelf", NULL}; /* settings may say it */
	static const char *const makes[] = {"create_pool (", "Pool :: builder (", NULL};
	static const char *const bounds[] = {"wait_timeout (", "Timeouts", "timeouts", "timeout (", "timeout_get (", "TimeoutLayer", NULL};
	const struct rust_facts *rust = &check->sources->rust;
	const struct rust_crate *crate = direct_crate(rust, deadpool);
	struct rust_place place, other;
	if (crate == NULL || direct_crate(rust, elsewhere) != NULL || !find_any(rust, makes, &place) || find_any(rust, bounds, &other))
		return;
	check_against(check, place.source->path, place.line, "%s waits for a free connection without end: when the server hangs, so does every request",
		crate->name);
	check_mend(check, "Give the pool a time to wait: wait_timeout(Some(Duration::from_secs(5))) of its builder, with a runtime");
}

/* ---- the check ---- */

void pool_files(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *crate;
	unsigned stores = stores_find(sources, &crate);
	struct rust_place place = {0}, lone = {0};
	if (stores == 0) {
		check_none(check, rust_file(sources), "no crate of a database is among the dependencies");
		return;
	}
	if (!is_program(check))
		return;
	const struct rust_crate *pool = direct_crate(&sources->rust, pool_crates);
	bool made = find_pool(sources, &place) && place.source != NULL, alone = find_lone(sources, &lone);
	if (pool == NULL && rust_has_feature(&sources->rust, "diesel", "r2d2") && made)
		pool = rust_crate(&sources->rust, "diesel");
	if (made || pool != NULL) {
		if (made)
			check_for(check, place.source->path, place.line, "the pool is made or held here");
		else
			check_for(check, rust_file(sources), 0, "%s is a pool of connections", pool->name);
		judge_workers(check);
		judge_size(check);
		judge_bouncer(check);
		judge_waiting(check);
	} else if (stores == STORE_OTHER) {
		check_none(check, rust_file(sources), "%s keeps its connections itself", crate);
	} else if (stores == STORE_SQLITE) {
		check_none(check, rust_file(sources),
			"the database is SQLite, a file within the process: there are no connections to share");
	} else if (alone) {
		check_against(check, lone.source->path, lone.line, "a lone connection is opened here, and there is no pool");
	} else {
		check_against(check, rust_file(sources), 0, "%s is a dependency, but no pool is made", crate);
	}
}
