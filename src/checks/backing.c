/* What the program talks to, by its enabled crates: a name in the lock or of a
 * function proves nothing. */
#include "layers.h"

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

const char *server_database(const struct sources *sources, const char **crate)
{
	static const char *const features[][3] = {{"sqlx", "postgres", "postgres"}, {"sqlx", "mysql", "mysql"}, {"diesel", "postgres", "postgres"},
		{"diesel", "mysql", "mysql"}, {"diesel-async", "postgres", "postgres"}, {"diesel-async", "mysql", "mysql"},
		{"sea-orm", "sqlx-postgres", "postgres"}, {"sea-orm", "sqlx-mysql", "mysql"}, {"rbatis", "default", "mysql"}};
	static const char *const crates[][2] = {{"tokio-postgres", "postgres"}, {"postgres", "postgres"}, {"deadpool-postgres", "postgres"},
		{"bb8-postgres", "postgres"}, {"mysql", "mysql"}, {"mysql_async", "mysql"}, {"mongodb", "mongodb"}};
	for (size_t i = 0; i < COUNT_OF(features); i++)
		if (rust_crate(&sources->rust, features[i][0]) != NULL && rust_has_feature(&sources->rust, features[i][0], features[i][1])) {
			*crate = features[i][0];
			return features[i][2];
		}
	for (size_t i = 0; i < COUNT_OF(crates); i++)
		if (is_enabled(&sources->rust, crates[i][0])) {
			*crate = crates[i][0];
			return crates[i][1];
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

bool has_program(const struct sources *sources)
{
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const struct rust_source *source = &sources->rust.sources.items[i];
		if (!source->is_test && (text_ends_with(source->path, "src/main.rs") || strstr(source->path, "src/bin/") != NULL))
			return true;
	}
	return false;
}

char *migrations_folder(const struct sources *sources)
{
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		const char *found = text_starts_with(file->path, "migrations/") ? file->path : strstr(file->path, "/migrations/");
		bool is_code = text_ends_with(file->path, ".rs") && path_name(file->path)[0] == 'm';
		if (!file->is_harness && found != NULL && (text_ends_with(file->path, ".sql") || is_code))
			return mem_copy_bytes(file->path, (size_t)(found - file->path) + strlen("migrations") + (found[0] == '/'));
	}
	static const char *const names[] = {"migration", "migrator"}; /* of sea-orm: migration/src/m2022…_create.rs */
	for (size_t i = 0; i < sources->rust.sources.count; i++) {
		const char *path = sources->rust.sources.items[i].path;
		for (size_t k = 0; k < COUNT_OF(names); k++) {
			auto_free char *part = mem_print("%s/src/m2", names[k]);
			const char *found = strstr(path, part);
			if (found != NULL)
				return mem_copy_bytes(path, (size_t)(found - path) + strlen(names[k]));
		}
	}
	return NULL;
}
