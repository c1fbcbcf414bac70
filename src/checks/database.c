/* Topic 6: PostgreSQL (and its like) in containers, and what a service does with
 * it. Which databases there are is found here. */
#include "database.h"

#include <ctype.h>

/* ---- servers ---- */

const char *engine_name(enum engine engine)
{
	static const char *const names[] = {"-", "PostgreSQL", "MySQL", "MariaDB", "MongoDB"};
	return names[engine];
}

/* "postgres-exporter", "pg-backup": what works with one, and is none. */
static bool is_tool(const char *name)
{
	static const char *const parts[] = {"exporter", "backup", "admin", "bouncer", "migrat", "operator", "client", "restore",
		"express", "postgrest", "pgpool"};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}

static enum engine engine_of_name(const char *name)
{
	static const struct {
		const char *start;
		enum engine engine;
	} engines[] = {
		{"postgres", ENGINE_POSTGRES}, {"postgis", ENGINE_POSTGRES}, {"timescaledb", ENGINE_POSTGRES},
		{"pgvector", ENGINE_POSTGRES}, {"pgvecto-rs", ENGINE_POSTGRES}, {"vchord-postgres", ENGINE_POSTGRES},
		{"citus", ENGINE_POSTGRES}, {"paradedb", ENGINE_POSTGRES}, {"spilo", ENGINE_POSTGRES},
		{"mysql", ENGINE_MYSQL}, {"percona", ENGINE_MYSQL}, {"mariadb", ENGINE_MARIADB}, {"mongo", ENGINE_MONGO},
	};
	for (size_t i = 0; i < COUNT_OF(engines); i++)
		if (text_starts_with(name, engines[i].start) && !is_tool(name))
			return engines[i].engine;
	return ENGINE_NONE;
}

/* "15-alpine", "15.4", "16-3.4"; and "2.14.2-pg16", "pg16" of what stands on it. */
static unsigned major_of(const struct image_name *name)
{
	const char *pg = name->tag != NULL ? strstr(name->tag, "pg") : NULL;
	if (name->tag == NULL)
		return 0;
	if (pg != NULL && isdigit((unsigned char)pg[2]))
		return (unsigned)atoi(pg + 2);
	const char *last = path_name(name->name);
	bool own = !text_starts_with(last, "timescaledb") && !text_starts_with(last, "pgvector") &&
		!text_starts_with(last, "citus") && !text_starts_with(last, "paradedb");
	return own && isdigit((unsigned char)name->tag[0]) ? (unsigned)atoi(name->tag) : 0;
}

enum engine engine_of_image(const char *image, unsigned *major)
{
	struct image_name name;
	if (major != NULL)
		*major = 0;
	if (image == NULL)
		return ENGINE_NONE;
	image_name_read(image, &name);
	enum engine engine = engine_of_name(path_name(name.name));
	if (engine == ENGINE_POSTGRES && major != NULL)
		*major = major_of(&name);
	image_name_finish(&name);
	return engine;
}

/* Does the command start the server? An image of a database also runs its tools. */
static bool starts_server(const char *command)
{
	static const char *const servers[] = {"postgres", "mysqld", "mariadbd", "mongod", "docker-entrypoint.sh",
		"/usr/local/bin/docker-entrypoint.sh"};
	struct shell_commands commands = {0};
	bool found = command[0] == '\0' || command[0] == '-';
	shell_split(command, &commands);
	for (size_t i = 0; i < commands.count && !found; i++)
		for (size_t k = 0; k < commands.items[i].words.count && !found; k++)
			for (size_t n = 0; n < COUNT_OF(servers) && !found; n++)
				found = strcmp(commands.items[i].words.items[k], servers[n]) == 0;
	shell_commands_finish(&commands);
	return found;
}

/* Does the image that is built on a database's start something else? */
static bool image_starts_other(const struct shipped *shipped)
{
	static const char *const words[] = {"CMD", "ENTRYPOINT"};
	const struct dockerfile *file = &shipped->source->file;
	bool starts = false, any = false;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		int index = dockerfile_last(file, shipped->stage, words[i]);
		auto_strings parts = {0};
		bool json;
		if (index < 0)
			continue;
		dockerfile_words(file->lines.items[index].rest, &parts, &json);
		auto_free char *command = strings_join(&parts, " ", " ");
		any = true;
		starts = starts || starts_server(command);
	}
	return any && !starts;
}

void databases_find(const struct sources *sources, struct databases *databases)
{
	const char *name;
	void *iter = NULL;
	*databases = (struct databases){0};
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		const struct shipped *shipped = service_shipped(sources, name, service);
		struct database database = {.service = name, .json = service, .image = compose_image(service)};
		if (compose_is_built(service)) {
			database.shipped = shipped;
			database.image = shipped != NULL ? shipped_base(shipped) : NULL;
		}
		database.engine = engine_of_image(database.image, &database.major);
		/* a program on such an image may be a backup: it runs something else */
		auto_free char *command = words_text(json_object_get(service, "command"));
		bool other = json_array_size(json_object_get(service, "entrypoint")) > 0 || !starts_server(command) ||
			(shipped != NULL && (shipped->has_rust || image_starts_other(shipped)));
		if (database.engine != ENGINE_NONE && !other && !service_is_for_tests(name) && !is_tool(name))
			*array_add(databases) = database;
	}
}

void databases_finish(struct databases *databases)
{
	array_finish(databases);
}

char *database_env(const struct database *database, const char *name)
{
	const char *value = service_env(database->json, name);
	if (value != NULL || database->shipped == NULL)
		return mem_copy_string(value);
	return image_env(database->shipped, name, NULL);
}

enum engine live_engine(const struct sources *sources, const json_t *container, unsigned *major)
{
	const char *service = live_service(container);
	auto_free char *value = live_env(container, "PG_MAJOR");
	enum engine engine = engine_of_image(live_text(container, "inspect.Config.Image"), major);
	struct databases databases;
	if (service_is_for_tests(service) || is_tool(service))
		return ENGINE_NONE;
	databases_find(sources, &databases);
	bool known = false;
	for (size_t i = 0; i < databases.count; i++)
		if (strcmp(databases.items[i].service, service) == 0) {
			engine = databases.items[i].engine;
			known = true;
		}
	databases_finish(&databases);
	if (!known && compose_services(sources) != NULL && json_object_get(compose_services(sources), service) != NULL)
		return ENGINE_NONE; /* compose knows it as something else */
	if (value != NULL && atoi(value) > 0)
		*major = (unsigned)atoi(value);
	return engine;
}

static const char *compose_file(const struct sources *sources)
{
	return sources->compose_files.count > 0 ? sources->compose_files.items[0].path : rust_file(sources);
}

bool databases_are_there(struct check *check, struct databases *databases)
{
	const struct sources *sources = check->sources;
	const char *crate;
	unsigned stores = stores_find(sources, &crate);
	databases_find(sources, databases);
	if (databases->count > 0)
		return true;
	databases_finish(databases);
	if (compose_services(sources) == NULL && stores == 0)
		check_none(check, rust_file(sources), "there is no database: no crate of one is among the dependencies");
	else if (stores == STORE_SQLITE)
		check_none(check, rust_file(sources), "the database is SQLite, a file: no server of it runs");
	else if (stores == STORE_OTHER)
		check_none(check, rust_file(sources), "the database is that of %s, not PostgreSQL", crate);
	else if (compose_services(sources) == NULL && sources->compose_files.count + sources->other_composes.count > 0)
		compose_is_there(check);
	else if (stores == 0)
		check_none(check, compose_file(sources),
			"there is no database: compose runs none, and no crate of one is among the dependencies");
	else
		check_none(check, compose_file(sources), "the database of %s runs in no container of this project", crate);
	return false;
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{
		.id = "6.1",
		.title = N_("The database is an official image of PostgreSQL with its major version (postgres:15-alpine)"),
		.severity = CHECK_MEDIUM,
		.says = N_("A new major version does not read the old one's files: without a number the next pull ends in a database "
			"that does not start. Debian and Alpine sort texts differently: changing from one to the other on an old volume "
			"breaks indexes."),
		.looks = N_("The image of each database in compose, or the base that it is built on: its name, its tag, and whether "
			"that version is still mended"),
		.looks_live = N_("Config.Image and PG_MAJOR of the containers"),
		.mends = N_("Write image: postgres:15-alpine (or the newer major version that your data is of), with the number"),
		.files = postgres_files,
		.live = postgres_live,
	},
	{
		.id = "6.2",
		.title = N_("An init script prepares the database"),
		.severity = CHECK_MEDIUM,
		.says = N_("Files in /docker-entrypoint-initdb.d run once, on an empty data folder: roles, schemas, extensions, grants "
			"belong there. Tables belong to the migrations: what both make fails in the second. A script that fails half-way "
			"is not run again."),
		.looks = N_("Mounts and COPY lines to /docker-entrypoint-initdb.d, the files that they bring, and which tables the "
			"migrations make too"),
		.mends = N_("Mount a folder with 01-roles.sh or .sql to /docker-entrypoint-initdb.d:ro, with set -e and ON_ERROR_STOP"),
		.files = init_files,
	},
	{
		.id = "6.3",
		.title = N_("The database's data lies in a persistent volume"),
		.severity = CHECK_HIGH,
		.says = N_("Without a named volume the data goes with the container. So it does with a volume at the wrong path: up to "
			"17 the data lies in /var/lib/postgresql/data, and the image lays a volume without a name over it; from 18 on "
			"/var/lib/postgresql is the place."),
		.looks = N_("Mounts of each database in compose beside its data folder, by engine, major version and PGDATA"),
		.looks_live = N_("Mounts of the database's container: type and name of what lies at its data folder"),
		.mends = N_("Mount a named volume: db-data:/var/lib/postgresql/data (from PostgreSQL 18 on db-data:/var/lib/postgresql)"),
		.files = volume_files,
		.live = volume_live,
	},
	{
		.id = "6.4",
		.title = N_("The database's credentials come from the environment"),
		.severity = CHECK_HIGH,
		.says = N_("A password in a tracked file is known to all who have read it once. POSTGRES_PASSWORD is read at the first "
			"start alone: changing it later changes nothing. A letter such as @ or / in a password has to be percent-encoded "
			"in an address."),
		.looks = N_("Passwords as the compose files write them, weak ones and trust, addresses with a password in compose, "
			"images and code, and at which address the database is published"),
		.looks_live = N_("Names and strength of the passwords in Config.Env of the database's container, and trust"),
		.mends = N_("Take it from a variable (${POSTGRES_PASSWORD:?}) or a secret (POSTGRES_PASSWORD_FILE), and keep the value "
			"out of git"),
		.files = credentials_files,
		.live = credentials_live,
	},
	{
		.id = "6.5",
		.title = N_("A container of its own backs the database up with pg_dump"),
		.severity = CHECK_HIGH,
		.says = N_("A volume is no backup: down -v, a wrong DELETE or a broken disk takes it. A dump piped to gzip hides that "
			"pg_dump failed; a client older than the server dumps nothing; a copy without a place outside the container goes "
			"with it."),
		.looks = N_("Services, scripts and cron jobs that run pg_dump or its like, what they run it with, and where the dump "
			"goes"),
		.looks_live = N_("Whether the container that backs up runs, or how it ended"),
		.mends = N_("Add a service with the database's image that runs pg_dump -Fc to a mounted folder, checks it with "
			"pg_restore --list and deletes old ones"),
		.files = backup_files,
		.live = backup_live,
	},
	{
		.id = "6.6",
		.title = N_("The program talks to the database through a pool"),
		.severity = CHECK_MEDIUM,
		.says = N_("Opening a connection costs more than most queries, and the server takes a hundred of them. One pool for "
			"the process: a pool for each worker multiplies, and with all replicas it must stay below max_connections."),
		.looks = N_("Crates of databases and pools, where the code makes a pool or a lone connection, its size times replicas "
			"beside the server's limit"),
		.mends = N_("Make one pool at the start (PgPoolOptions with max_connections and acquire_timeout, deadpool, bb8 or "
			"r2d2) and share it"),
		.is_heuristic = true,
		.files = pool_files,
	},
	{
		.id = "6.7",
		.title = N_("A migration tool (diesel or sqlx) makes the tables"),
		.severity = CHECK_MEDIUM,
		.says = N_("Numbered migrations make the same schema everywhere, and the database itself knows which are applied. Two "
			"of the same number, a name that the tool passes over, or query!() without its data in the image end in the middle "
			"of a release."),
		.looks = N_("Folders of migrations with the names in them, crates and calls that apply them, services and scripts that "
			"run a tool, .sqlx beside query!()"),
		.looks_live = N_("How a container that migrates has ended"),
		.mends = N_("Put migrations into migrations/ (sqlx migrate add, diesel migration generate) and apply them before the "
			"service starts"),
		.is_heuristic = true,
		.files = migrations_files,
		.live = migrations_live,
	},
	{
		.id = "6.8",
		.title = N_("The database has a health check, and who needs it waits for it"),
		.severity = CHECK_HIGH,
		.says = N_("depends_on alone waits for the container, not for the database. At its first start PostgreSQL answers on "
			"its socket seconds before it does over the network: pg_isready needs -h. It tells of the server alone: whether "
			"role and database are there, SELECT 1 tells."),
		.looks = N_("healthcheck of each database in compose, and the conditions in depends_on of the services that need it"),
		.looks_live = N_("State.Health of the database's container, what its check asks, and the label "
			"com.docker.compose.depends_on"),
		.mends = N_("Give the database healthcheck: pg_isready -q -h 127.0.0.1, and the services depends_on with condition: "
			"service_healthy"),
		.files = ready_files,
		.live = ready_live,
	},
};

const struct practice_topic topic_database = {.title = N_("Databases"), .practices = practices, .count = COUNT_OF(practices)};
