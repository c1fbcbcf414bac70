/* 6.3: where the database's data lies. */
#include "compose-files.h"
#include "database.h"
#include "pipeline.h"

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

/* A mount that holds the data: does it stay? */
static void judge_mount(struct check *check, const struct database *database, const json_t *mount, const char *target)
{
	const char *type = json_string_value(json_object_get(mount, "type")), *source = json_string_value(json_object_get(mount,
		"source"));
	const char *system = text_equal(type, "volume") && source != NULL ? volume_type(check->sources, source) : NULL;
	unsigned line;
	const char *file = compose_mount_place(check->sources, database->service, target, &line);
	if (text_equal(type, "tmpfs"))
		check_against(check, file, line, "%s keeps its data in memory: it is gone with the container", database->service);
	else if (text_equal(type, "volume") && source == NULL)
		check_against(check, file, line, "the volume at %s has no name: a new container gets a new one", target);
	else if (text_equal(system, "tmpfs"))
		check_against(check, file, line, "the volume %s lies in memory", source);
	else if (text_equal(system, "cifs") || text_equal(system, "smb3"))
		check_against(check, file, line, "the volume %s is a share of Windows' kind, which keeps no owners of files: the server does not run on it", source);
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
	if (path != NULL && service_covers(service, path))
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

/* ---- 6.3: deployments ---- */

/* "docker compose down -v", by itself or within what ssh is told. */
static bool takes_volumes(const struct pipe_command *command)
{
	static const char *const parts[] = {" down -v", " down --volumes", "docker volume prune", "system prune --volumes"};
	bool is_compose = pipe_command_is(command, "docker compose") || pipe_command_is(command, "docker-compose");
	bool is_down = is_compose && pipe_has_word(command, "down");
	if (command->is_remote)
		return (is_down && (pipe_has_word(command, "-v") || pipe_has_word(command, "--volumes"))) || pipe_command_is(command, "docker volume prune");
	for (size_t i = command->at; pipe_command_is(command, "ssh") && i < command->words.count; i++)
		for (size_t k = 0; k < COUNT_OF(parts); k++)
			if (strstr(command->words.items[i], parts[k]) != NULL)
				return true;
	return false;
}

/* Is its data in a volume that `down` leaves alone? */
static bool is_spared(const struct sources *sources, const struct database *database)
{
	const json_t *mounts = json_object_get(database->json, "volumes");
	bool found = false;
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const char *volume = json_string_value(json_object_get(json_array_get(mounts, i), "source"));
		found = found || (volume != NULL && volume_is_external(sources, volume));
	}
	return found;
}

/* A deployment that begins with an empty database. */
static void judge_deployments(struct check *check, const struct database *database)
{
	auto_pipeline pipe = {0};
	pipeline_open(check->sources, &pipe);
	for (size_t i = 0; i < pipe.commands.count; i++) {
		const struct pipe_command *command = &pipe.commands.items[i];
		if (!takes_volumes(command) || is_spared(check->sources, database))
			continue;
		check_against(check, command->file, command->line, "the deployment deletes the volumes, with the data of %s in them", database->service);
		check_mend(check, "Leave -v out, or declare the volume external: true");
	}
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
	judge_deployments(check, &databases.items[0]);
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
