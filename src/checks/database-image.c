/* 6.1: the database's image: whose it is, its version, what it holds, how it is
 * told to stop. */
#include "compose-files.h"
#include "database.h"

enum { FILES_READ = 300 };

/* The last day of its mends, as YYYYMMDD (postgresql.org/support/versioning). */
static const unsigned ends[] = {[10] = 20221110, [11] = 20231109, [12] = 20241121, [13] = 20251113, [14] = 20261112,
	[15] = 20271111, [16] = 20281109, [17] = 20291108, [18] = 20301114};

static bool is_past_its_end(unsigned major)
{
	char today[32];
	clock_format_rfc3339(clock_wall_ms(), today, sizeof today);
	unsigned day = (unsigned)atoi(today) * 10000 + (unsigned)atoi(today + 5) * 100 + (unsigned)atoi(today + 8);
	return major < 10 || (major < COUNT_OF(ends) && ends[major] < day);
}

/* Images of others that are the official one with something added. */
static bool stands_on_official(const char *name)
{
	static const char *const names[] = {"postgis", "timescaledb", "timescaledb-ha", "pgvector", "pgvecto-rs", "vchord-postgres",
		"citus", "paradedb"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(path_name(name), names[i]) == 0)
			return true;
	return strcmp(name, "supabase/postgres") == 0;
}

static bool is_official(const struct image_name *name)
{
	static const char *const machines[] = {"amd64/postgres", "arm64v8/postgres", "arm32v7/postgres", "ppc64le/postgres",
		"s390x/postgres"};
	bool official = strcmp(name->name, "postgres") == 0 || text_ends_with(name->name, "/library/postgres");
	for (size_t i = 0; i < COUNT_OF(machines); i++)
		official = official || strcmp(name->name, machines[i]) == 0;
	return official;
}

static void judge_tag(struct check *check, const struct image_name *name, unsigned major, const char *file, unsigned line)
{
	if (major == 0 && name->is_variable)
		check_missing(check, "which version it is stands in a variable without a value (%s)", file);
	else if (name->digest != NULL && name->tag == NULL)
		check_for(check, file, line, "the image is pinned by its digest");
	else if (name->tag == NULL)
		check_against(check, file, line,
			"the image has no tag: latest becomes another major version, which does not read this one's files");
	else if (major == 0)
		check_against(check, file, line, "the tag %s has no major version: the next one does not read this one's files",
			name->tag);
	else if (is_past_its_end(major))
		check_against(check, file, line, "PostgreSQL %u is mended no more", major);
	else
		check_for(check, file, line, "PostgreSQL %u", major);
}

/* musl and glibc order letters differently: an index of the one is wrong for the other. */
static void judge_variants(struct check *check, const struct database *database)
{
	const struct sources *sources = check->sources;
	struct image_name name, other;
	image_name_read(database->image, &name);
	for (size_t i = 0; i < sources->other_composes.count && name.tag != NULL; i++) {
		const struct yaml_source *source = &sources->other_composes.items[i];
		const struct yaml_node *image = yaml_get(yaml_get(compose_written(source), database->service), "image");
		if (yaml_text(image) == NULL || !role_is_deployed(source->path))
			continue;
		image_name_read(image->text, &other);
		bool alpine = strstr(name.tag, "alpine") != NULL;
		if (is_official(&other) && other.tag != NULL && !other.is_variable && alpine != (strstr(other.tag, "alpine") != NULL))
			check_against(check, source->path, image->line, "%s and %s order letters differently: over one volume indexes break", name.tag, other.tag);
		image_name_finish(&other);
	}
	image_name_finish(&name);
}

static void judge_postgres(struct check *check, const struct database *database)
{
	unsigned line = 0;
	const char *file = compose_place(check->sources, database->service, "image", &line);
	struct image_name name;
	if (database->shipped != NULL) {
		const struct dockerfile *docker = &database->shipped->source->file;
		file = database->shipped->source->path;
		line = docker->stages.items[database->shipped->stage].line;
	}
	image_name_read(database->image, &name);
	if (!is_official(&name) && !stands_on_official(name.name))
		check_against(check, file, line, "%s is not the official image", name.name);
	else
		judge_tag(check, &name, database->major, file, line);
	image_name_finish(&name);
}

/* PostgreSQL ends quickly on SIGINT, as the image has it: SIGTERM waits until all
 * have hung up, which a pool never does (postgresql.org, Shutting Down the Server). */
static void judge_stop_signal(struct check *check, const struct database *database)
{
	static const char *const names[] = {"TERM", "15", "QUIT", "3", "KILL", "9"};
	const char *text = json_string_value(json_object_get(database->json, "stop_signal"));
	const char *name = text != NULL && text_starts_with(text, "SIG") ? text + 3 : text;
	unsigned line;
	for (size_t i = 0; name != NULL && i < COUNT_OF(names); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		const char *file = compose_place(check->sources, database->service, "stop_signal", &line);
		check_against(check, file, line, i < 2 ? N_("%s is told to stop by %s: it waits until every client has hung up, and is killed before that") :
			N_("%s is told to stop by %s: it drops everything at once, and has to mend its files at the next start"), database->service, text);
		check_mend(check, "Take stop_signal of %s away, or write SIGINT: the fast way, which closes all sessions in order", database->service);
	}
}

/* Extensions that neither variant of the official image brings along. */
static const char *foreign_extension(const char *text, size_t *at)
{
	static const char *const names[] = {"postgis", "postgis_topology", "postgis_raster", "vector", "vectorscale", "vchord", "timescaledb", "citus",
		"pg_cron", "pg_partman", "pgrouting", "pgmq", "pg_search", "age", "h3", "pg_uuidv7", "pg_jsonschema", "pg_graphql", "pg_repack", "hypopg", "rum"};
	for (const char *found = text; (found = strcasestr(found, "create extension")) != NULL; found++) {
		if (sql_is_commented(text, found))
			continue;
		const char *name = found + strlen("create extension");
		name += strspn(name, " \t\r\n");
		name += strncasecmp(name, "if not exists", 13) == 0 ? 13 : 0;
		name += strspn(name, " \t\r\n\"");
		size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
		for (size_t i = 0; i < COUNT_OF(names); i++)
			if (strlen(names[i]) == len && strncmp(names[i], name, len) == 0) {
				*at = (size_t)(found - text);
				return names[i];
			}
	}
	return NULL;
}

/* Do the migrations ask for one? `database` is the only one, and the official image. */
static void judge_extensions(struct check *check, const struct database *database)
{
	struct migrations migrations;
	struct image_name name;
	image_name_read(database->image, &name);
	bool official = is_official(&name) && database->shipped == NULL;
	image_name_finish(&name);
	migrations_find(check->sources, &migrations);
	for (size_t i = 0; official && i < migrations.sets.count; i++)
		for (size_t k = 0; k < migrations.sets.items[i].files.count && k < FILES_READ; k++) {
			const char *path = migrations.sets.items[i].files.items[k]->path;
			size_t at = 0;
			auto_free char *text = tree_read(&check->sources->tree, path, NULL);
			const char *extension = text != NULL ? foreign_extension(text, &at) : NULL;
			if (extension == NULL)
				continue;
			check_against(check, path, text_line_at(text, at), "it asks for the extension %s, which the image %s of %s does not hold: the migration fails",
				extension, database->image, database->service);
			check_mend(check, "Take an image that brings %s along, or install its package in one of your own", extension);
		}
	migrations_finish(&migrations);
}

void postgres_files(struct check *check)
{
	struct databases databases;
	bool any = false;
	if (!databases_are_there(check, &databases))
		return;
	for (size_t i = 0; i < databases.count; i++) {
		if (databases.items[i].engine != ENGINE_POSTGRES)
			continue;
		judge_postgres(check, &databases.items[i]);
		if (databases.items[i].shipped == NULL)
			judge_variants(check, &databases.items[i]);
		judge_stop_signal(check, &databases.items[i]);
		if (databases.count == 1)
			judge_extensions(check, &databases.items[i]);
		any = true;
	}
	if (!any) {
		unsigned line;
		const char *file = compose_place(check->sources, databases.items[0].service, "image", &line);
		check_none(check, file, "the database is %s, not PostgreSQL", engine_name(databases.items[0].engine));
	}
	databases_finish(&databases);
}

void postgres_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		unsigned major = 0;
		const char *image = live_text(container, "inspect.Config.Image"), *service = live_service(container);
		struct image_name name;
		if (live_engine(check->sources, container, &major) != ENGINE_POSTGRES || image == NULL)
			continue;
		image_name_read(image, &name);
		bool built = compose_is_built(json_object_get(compose_services(check->sources), live_service(container))) || engine_of_image(image, NULL) == ENGINE_NONE;
		bool unnumbered = !built && name.digest == NULL && engine_of_image(image, &(unsigned){0}) == ENGINE_POSTGRES &&
			(name.tag == NULL || strpbrk(name.tag, "0123456789") == NULL);
		if (major > 0 && is_past_its_end(major))
			check_live_against(check, service, "PostgreSQL %u runs, which is mended no more", major);
		else if (!built && !is_official(&name) && !stands_on_official(name.name))
			check_live_against(check, service, "Config.Image is %s, not the official image", image);
		else if (unnumbered)
			check_live_against(check, service, "Config.Image is %s, without a major version", image);
		else if (major > 0)
			check_live_for(check, service, "Config.Image is %s: PostgreSQL %u", image, major);
		image_name_finish(&name);
	}
}

