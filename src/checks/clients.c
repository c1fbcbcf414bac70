/* What the program talks to, by its enabled crates: a name in the lock or of a
 * function proves nothing. */
#include "clients.h"

/* Without the graph, what only the lock has may be switched off. */
static bool is_enabled(const struct rust_facts *facts, const char *name)
{
	const struct rust_crate *crate = rust_crate(facts, name);
	return crate != NULL && (facts->is_graph_known || crate->is_direct);
}

static const char *enabled_of(const struct rust_facts *facts, const char *const *names)
{
	for (; *names != NULL; names++)
		if (is_enabled(facts, *names))
			return *names;
	return NULL;
}

static unsigned by_features(const struct rust_facts *facts, const char *crate, const char *const features[3])
{
	static const unsigned stores[] = {STORE_POSTGRES, STORE_MYSQL, STORE_SQLITE};
	unsigned found = 0;
	for (size_t i = 0; i < COUNT_OF(stores); i++)
		if (rust_has_feature(facts, crate, features[i]))
			found |= stores[i];
	return found != 0 ? found : STORE_SQL;
}

/* Crates of all databases, by what says which one: features, or the crate itself. */
static const struct store_crate {
	const char *name;
	unsigned stores; /* 0: its features tell */
	const char *features[3];
} store_crates[] = {
	{"sqlx", 0, {"postgres", "mysql", "sqlite"}},
	{"diesel", 0, {"postgres", "mysql", "sqlite"}},
	{"diesel", 0, {"postgres_backend", "mysql_backend", "sqlite"}},
	{"diesel-async", 0, {"postgres", "mysql", "sqlite"}},
	{"sea-orm", 0, {"sqlx-postgres", "sqlx-mysql", "sqlx-sqlite"}},
	{.name = "loco-rs", .stores = STORE_SQL},
	{.name = "rbatis", .stores = STORE_SQL},
	{.name = "tokio-postgres", .stores = STORE_POSTGRES},
	{.name = "postgres", .stores = STORE_POSTGRES},
	{.name = "deadpool-postgres", .stores = STORE_POSTGRES},
	{.name = "bb8-postgres", .stores = STORE_POSTGRES},
	{.name = "r2d2_postgres", .stores = STORE_POSTGRES},
	{.name = "rbdc-pg", .stores = STORE_POSTGRES},
	{.name = "mysql", .stores = STORE_MYSQL},
	{.name = "mysql_async", .stores = STORE_MYSQL},
	{.name = "rbdc-mysql", .stores = STORE_MYSQL},
	{.name = "rusqlite", .stores = STORE_SQLITE},
	{.name = "tokio-rusqlite", .stores = STORE_SQLITE},
	{.name = "sqlite", .stores = STORE_SQLITE},
	{.name = "libsql", .stores = STORE_SQLITE},
	{.name = "r2d2_sqlite", .stores = STORE_SQLITE},
	{.name = "deadpool-sqlite", .stores = STORE_SQLITE},
	{.name = "mongodb", .stores = STORE_MONGO},
	{.name = "surrealdb", .stores = STORE_OTHER},
	{.name = "clickhouse", .stores = STORE_OTHER},
	{.name = "scylla", .stores = STORE_OTHER},
	{.name = "tiberius", .stores = STORE_OTHER},
	{.name = "neo4rs", .stores = STORE_OTHER},
	{.name = "aws-sdk-dynamodb", .stores = STORE_OTHER},
	{.name = "duckdb", .stores = STORE_OTHER},
	{.name = "rocksdb", .stores = STORE_OTHER},
	{.name = "sled", .stores = STORE_OTHER},
	{.name = "redb", .stores = STORE_OTHER},
};

/* What one crate of the table says. Of what only others depend on, the features
 * that name a server count. */
static unsigned stores_of(const struct rust_facts *facts, const struct store_crate *each)
{
	const struct rust_crate *crate = rust_crate(facts, each->name);
	if (crate == NULL)
		return 0;
	bool is_direct = crate->is_direct || crate->is_member;
	unsigned stores = each->stores != 0 ? each->stores : by_features(facts, each->name, each->features);
	return is_direct ? stores : facts->is_graph_known && each->stores == 0 ? stores & (STORE_POSTGRES | STORE_MYSQL) : 0;
}

unsigned stores_find(const struct sources *sources, const char **crate)
{
	unsigned stores = 0;
	*crate = NULL;
	for (size_t i = 0; i < COUNT_OF(store_crates); i++) {
		unsigned found = stores_of(&sources->rust, &store_crates[i]);
		stores |= found;
		*crate = *crate == NULL && found != 0 ? store_crates[i].name : *crate;
	}
	return (stores & (STORE_POSTGRES | STORE_MYSQL | STORE_SQLITE)) != 0 ? stores & ~(unsigned)(STORE_SQL | STORE_OTHER) : stores;
}

const char *server_database(const struct sources *sources, const char **crate)
{
	static const struct {
		unsigned store;
		const char *name;
	} servers[] = {{STORE_POSTGRES, "postgres"}, {STORE_MYSQL, "mysql"}, {STORE_MONGO, "mongodb"}};
	for (size_t i = 0; i < COUNT_OF(store_crates); i++)
		for (size_t j = 0; j < COUNT_OF(servers); j++)
			if ((stores_of(&sources->rust, &store_crates[i]) & servers[j].store) != 0) {
				*crate = store_crates[i].name;
				return servers[j].name;
			}
	return NULL;
}

/* Crates that keep something in redis where one of their features says so. */
static const char *redis_by_feature(const struct rust_facts *facts)
{
	static const char *const names[] = {"actix-session", "cached", "rocket_db_pools", "apalis"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct rust_crate *crate = rust_crate(facts, names[i]);
		for (size_t j = 0; crate != NULL && j < crate->features.count; j++)
			if (strstr(crate->features.items[j], "redis") != NULL)
				return names[i];
	}
	return NULL;
}

const char *redis_crate(const struct sources *sources)
{
	static const char *const names[] = {"redis", "fred", "rustis", "deadpool-redis", "bb8-redis", "mobc-redis", "r2d2_redis", "redis-async",
		"tower-sessions-redis-store", "actix-redis", "apalis-redis", "async-session-redis", NULL};
	const char *found = enabled_of(&sources->rust, names);
	return found != NULL ? found : redis_by_feature(&sources->rust);
}

const char *mail_crate(const struct sources *sources)
{
	static const char *const names[] = {"mail-send", "async-smtp", "mailin", NULL};
	const struct rust_facts *facts = &sources->rust;
	if (is_enabled(facts, "lettre") && (!facts->is_graph_known || rust_has_feature(facts, "lettre", "smtp-transport")))
		return "lettre";
	return enabled_of(facts, names);
}
