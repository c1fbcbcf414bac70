/* 6.1, 6.3: the database's image and its volume. */
#include "compose-files.h"
#include "database.h"

/* ---- 6.1: image ---- */

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

/* ---- 6.3: volume ---- */

static const char old_parent[] = "/var/lib/postgresql", old_data[] = "/var/lib/postgresql/data";

bool image_is_bitnami(const char *image)
{
	return image != NULL && strstr(image, "bitnami") != NULL;
}

/* Where the data is; PGDATA is asked before. */
static const char *default_data(const char *image, enum engine engine, unsigned major)
{
	if (image_is_bitnami(image))
		return engine == ENGINE_POSTGRES ? "/bitnami/postgresql" : engine == ENGINE_MONGO ? "/bitnami/mongodb" :
			engine == ENGINE_MYSQL ? "/bitnami/mysql" : "/bitnami/mariadb";
	if (image != NULL && strstr(image, "timescaledb-ha") != NULL)
		return "/home/postgres/pgdata";
	if (engine == ENGINE_POSTGRES)
		return major >= 18 ? old_parent : old_data;
	return engine == ENGINE_MONGO ? "/data/db" : "/var/lib/mysql";
}

/* What a mount says of the data. */
enum holds { HOLDS_NOT, HOLDS, HOLDS_AT_OLD_PLACE, HOLDS_ABOVE };

static enum holds holds_data(const char *target, const char *data, bool has_pgdata, const struct database *database)
{
	auto_free char *clean = path_clean(target);
	bool postgres = database->engine == ENGINE_POSTGRES && !has_pgdata && !image_is_bitnami(database->image) &&
		path_is_below(data, old_parent);
	if (postgres && database->major >= 18 && strcmp(clean, old_data) == 0)
		return HOLDS_AT_OLD_PLACE;
	if (database->engine == ENGINE_POSTGRES && strcmp(clean, old_parent) == 0 && path_is_below(data, old_data) &&
		database->major > 0 && database->major < 18)
		return HOLDS_ABOVE;
	if (path_is_below(data, clean) || path_is_below(clean, data))
		return HOLDS;
	/* no major version: both places may be right */
	return postgres && database->major == 0 && path_is_below(clean, old_parent) ? HOLDS : HOLDS_NOT;
}

static bool is_memory_volume(const struct sources *sources, const char *volume)
{
	const json_t *options = json_object_get(json_object_get(json_object_get(sources->compose, "volumes"), volume), "driver_opts");
	return text_equal(json_string_value(json_object_get(options, "type")), "tmpfs");
}

/* A mount that holds the data: does it stay? */
static void judge_mount(struct check *check, const struct database *database, const json_t *mount, const char *target)
{
	const char *type = json_string_value(json_object_get(mount, "type")), *source = json_string_value(json_object_get(mount,
		"source"));
	unsigned line;
	const char *file = compose_mount_place(check->sources, database->service, target, &line);
	if (text_equal(type, "tmpfs"))
		check_against(check, file, line, "%s keeps its data in memory: it is gone with the container", database->service);
	else if (text_equal(type, "volume") && source == NULL)
		check_against(check, file, line, "the volume at %s has no name: a new container gets a new one", target);
	else if (text_equal(type, "volume") && is_memory_volume(check->sources, source))
		check_against(check, file, line, "the volume %s lies in memory", source);
	else if (text_equal(type, "bind"))
		check_for(check, file, line, "%s keeps its data in a folder of the host", database->service);
	else
		check_for(check, file, line, "%s keeps its data in the volume %s", database->service, source != NULL ? source : target);
}

static bool tmpfs_holds(const struct database *database, const char *data)
{
	const json_t *all = json_object_get(database->json, "tmpfs");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *text = json_string_value(json_array_get(all, i));
		auto_free char *target = text != NULL ? mem_copy_bytes(text, strcspn(text, ":")) : NULL;
		if (target != NULL && path_is_below(data, target))
			return true;
	}
	return false;
}

static void judge_volume(struct check *check, const struct database *database)
{
	const json_t *mounts = json_object_get(database->json, "volumes");
	auto_free char *own = database_env(database, "PGDATA");
	bool has_pgdata = database->engine == ENGINE_POSTGRES && own != NULL && own[0] == '/';
	const char *data = has_pgdata ? own : default_data(database->image, database->engine, database->major), *file;
	unsigned line;
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *target = json_string_value(json_object_get(mount, "target"));
		enum holds holds = target != NULL && target[0] == '/' ? holds_data(target, data, has_pgdata, database) : HOLDS_NOT;
		if (holds == HOLDS_NOT)
			continue;
		file = compose_mount_place(check->sources, database->service, target, &line);
		if (holds == HOLDS)
			judge_mount(check, database, mount, target);
		else if (holds == HOLDS_AT_OLD_PLACE)
			check_against(check, file, line, "PostgreSQL %u does not start with a mount at %s: its place is %s", database->major,
				target, old_parent);
		else
			check_against(check, file, line,
				"the data of PostgreSQL %u lies in %s, where the image lays a volume without a name: a new container starts "
				"empty",
				database->major, data);
		return;
	}
	bool in_memory = tmpfs_holds(database, data);
	file = in_memory ? compose_mount_place(check->sources, database->service, data, &line) :
		compose_place(check->sources, database->service, "volumes", &line);
	if (in_memory)
		check_against(check, file, line, "%s keeps its data in memory: it is gone with the container", database->service);
	else if (json_array_size(json_object_get(database->json, "volumes_from")) == 0)
		check_against(check, file, line, "%s has no volume at %s: its data goes with the container", database->service, data);
}

/* ---- 6.3: SQLite ---- */

/* The file in "sqlite:///data/app.db", absolute; NULL: none, or in memory. */
static char *sqlite_path(const char *text, const char *folder)
{
	if (text == NULL || !text_starts_with(text, "sqlite:") || strstr(text, "memory") != NULL)
		return NULL;
	const char *at = text + 7;
	if (text_starts_with(at, "//"))
		at += 2;
	auto_free char *name = mem_copy_bytes(at, strcspn(at, "?"));
	auto_free char *path = path_join(folder, name);
	return name[0] != '\0' && strchr(name, '$') == NULL ? path_clean(path) : NULL;
}

static bool is_mounted(const json_t *service, const char *path)
{
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const char *target = json_string_value(json_object_get(json_array_get(mounts, i), "target"));
		if (target != NULL && path_is_below(path, target))
			return true;
	}
	return false;
}

/* Something of the service stays: a volume, or a folder of the host that is no socket. */
static const char *kept_folder(const json_t *service)
{
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *type = json_string_value(json_object_get(mount, "type")), *target = json_string_value(json_object_get(mount,
			"target"));
		bool named = text_equal(type, "volume") && json_object_get(mount, "source") != NULL;
		bool folder = text_equal(type, "bind") && !json_is_true(json_object_get(mount, "read_only")) &&
			strchr(path_name(target != NULL ? target : ""), '.') == NULL;
		if (target != NULL && (named || folder))
			return target;
	}
	return NULL;
}

static bool judge_sqlite_service(struct check *check, const char *name, const json_t *service)
{
	const struct shipped *shipped = service_shipped(check->sources, name, service);
	auto_free char *folder = shipped != NULL ? stage_workdir(&shipped->source->file, shipped->stage) : mem_copy_string("/");
	auto_free char *own = shipped != NULL ? image_env(shipped, "DATABASE_URL", NULL) : NULL;
	const char *value = service_env(service, "DATABASE_URL"), *kept = kept_folder(service);
	auto_free char *path = sqlite_path(value != NULL ? value : own, folder);
	unsigned line;
	const char *file = compose_place(check->sources, name, "volumes", &line);
	if (path != NULL && is_mounted(service, path))
		check_for(check, file, line, "%s keeps SQLite's file %s in a volume", name, path);
	else if (path != NULL)
		check_against(check, file, line, "%s keeps SQLite's file %s in no volume: it goes with the container", name, path);
	else if (kept != NULL)
		check_for(check, file, line, "%s has a volume at %s for SQLite's file", name, kept);
	return path != NULL || kept != NULL;
}

/* False: no service of the product says where its file is. */
static bool judge_sqlite(struct check *check)
{
	const char *name, *crate;
	void *iter = NULL;
	bool any = false;
	if (stores_find(check->sources, &crate) != STORE_SQLITE)
		return false;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;)
		if (service_is_rust(check->sources, name, service))
			any |= judge_sqlite_service(check, name, service);
	return any;
}

void volume_files(struct check *check)
{
	struct databases databases;
	databases_find(check->sources, &databases);
	bool none = databases.count == 0;
	databases_finish(&databases);
	if ((none && judge_sqlite(check)) || !databases_are_there(check, &databases))
		return;
	for (size_t i = 0; i < databases.count; i++)
		judge_volume(check, &databases.items[i]);
	databases_finish(&databases);
}

/* A volume without a name is called by 64 hexadecimal digits. */
static bool is_nameless(const char *name)
{
	return name == NULL || (strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64);
}

static void judge_live_mount(struct check *check, const json_t *container, const char *data)
{
	const json_t *mounts = live_at(container, "inspect.Mounts"), *best = NULL;
	const char *service = live_service(container);
	size_t length = 0;
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const char *target = json_string_value(json_object_get(json_array_get(mounts, i), "Destination"));
		if (target == NULL || !path_is_below(data, target) || strlen(target) < length)
			continue;
		best = json_array_get(mounts, i);
		length = strlen(target);
	}
	const char *type = json_string_value(json_object_get(best, "Type")), *name = json_string_value(json_object_get(best, "Name"));
	if (best == NULL)
		check_live_against(check, service, "Mounts has nothing at %s", data);
	else if (text_equal(type, "tmpfs"))
		check_live_against(check, service, "Mounts has a tmpfs at %s", data);
	else if (text_equal(type, "volume") && is_nameless(name))
		check_live_against(check, service, "Mounts has a volume without a name at %s: a new container gets a new one", data);
	else
		check_live_for(check, service, "Mounts has %s %s at %s", type != NULL ? type : "a mount", name != NULL ? name : "", data);
}

void volume_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		unsigned major = 0;
		enum engine engine = live_engine(check->sources, container, &major);
		if (engine == ENGINE_NONE || live_at(container, "inspect.Mounts") == NULL)
			continue;
		auto_free char *own = live_env(container, "PGDATA");
		judge_live_mount(check, container, engine == ENGINE_POSTGRES && own != NULL ? own :
			default_data(live_text(container, "inspect.Config.Image"), engine, major));
	}
}
