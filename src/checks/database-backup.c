/* 6.5: who dumps the database, with what, and where the dump goes. What the script
 * or command does is judged in database-dump.c. */
#include "database.h"

enum { SCRIPTS_LIMIT = 200 };

/* Images that do nothing else: prodrigestivill/postgres-backup-local, databack/mysql-backup … */
static bool is_backup_image(const char *image)
{
	static const char *const others[] = {"pgbackrest", "wal-g", "barman", "pgbackweb", "databasus", "docker-volume-backup",
		"pghoard"};
	struct image_name name;
	bool found = false;
	if (image == NULL)
		return false;
	image_name_read(image, &name);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		found = found || strstr(name.name, others[i]) != NULL;
	const char *last = path_name(name.name);
	bool store = strstr(last, "postgres") != NULL || strstr(last, "pg") != NULL || strstr(last, "db") != NULL ||
		strstr(last, "mysql") != NULL ||
		strstr(last, "mariadb") != NULL || strstr(last, "mongo") != NULL || strstr(last, "pgsql") != NULL;
	found = found || ((strstr(last, "backup") != NULL || strstr(last, "dump") != NULL) && store);
	image_name_finish(&name);
	return found;
}

/* ---- services ---- */

struct backup {
	struct check *check;
	const struct databases *databases;
	bool found;
	bool leaves_roles; /* the text of one is known, and it dumps no roles */
	bool takes_roles; /* so does another, or nobody knows */
	const char *file; /* where the first that leaves them is written */
	unsigned line;
};

static bool is_database(const struct backup *backup, const char *service)
{
	for (size_t i = 0; i < backup->databases->count; i++)
		if (strcmp(backup->databases->items[i].service, service) == 0)
			return true;
	return false;
}

static bool is_script_name(const char *path)
{
	const char *dot = strrchr(path_name(path), '.');
	return dot == NULL || strcmp(dot, ".sh") == 0 || strcmp(dot, ".bash") == 0 || strcmp(dot, ".py") == 0;
}

/* A file of the project that is mounted, with a dump in it. */
static char *mounted_script(const struct sources *sources, const json_t *service, const char **path)
{
	const json_t *mounts = json_object_get(service, "volumes");
	unsigned read = 0;
	for (size_t i = 0; i < json_array_size(mounts) && i < 50; i++) {
		const char *own = tree_relative(&sources->tree, json_string_value(json_object_get(json_array_get(mounts, i), "source")));
		for (size_t k = 0; own != NULL && own[0] != '\0' && k < sources->tree.files.count; k++) {
			const struct tree_file *file = &sources->tree.files.items[k];
			if (!path_is_below(file->path, own) || file->is_harness || file->size > 65536 || !is_script_name(file->path) ||
				++read > SCRIPTS_LIMIT)
				continue;
			char *text = tree_read(&sources->tree, file->path, NULL);
			*path = file->path;
			if (has_dump(text))
				return text;
			free(text);
		}
	}
	return NULL;
}

/* A file that its image is built with. */
static char *copied_script(const struct sources *sources, const struct shipped *shipped, const char **path)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		char *text = NULL;
		if (!stage_has_line(file, shipped->stage, i) || !copy_line_read(file, i, &copy))
			continue;
		for (size_t k = 0; copy.from == NULL && k < copy.sources.count && text == NULL; k++) {
			auto_free char *own = shipped_path(shipped, copy.sources.items[k]);
			const struct tree_file *each = tree_find(&sources->tree, own);
			text = each != NULL && each->size < 65536 ? tree_read(&sources->tree, own, NULL) : NULL;
			if (has_dump(text)) {
				*path = each->path;
			} else {
				free(text);
				text = NULL;
			}
		}
		copy_line_finish(&copy);
		if (text != NULL)
			return text;
	}
	return NULL;
}

static char *image_text(const struct shipped *shipped)
{
	return has_dump(shipped->source->text) ? mem_copy_string(shipped->source->text) : NULL;
}

/* A client older than the server dumps nothing. */
static void judge_version(const struct backup *backup, const char *name, const char *image)
{
	unsigned line, major = 0;
	if (engine_of_image(image, &major) != ENGINE_POSTGRES || major == 0)
		return;
	const char *file = compose_place(backup->check->sources, name, "image", &line);
	for (size_t i = 0; i < backup->databases->count; i++)
		if (backup->databases->items[i].engine == ENGINE_POSTGRES && backup->databases->items[i].major > major)
			check_against(backup->check, file, line, "pg_dump of %u refuses a server of %u", major,
				backup->databases->items[i].major);
}

/* Neither a mount nor a program that carries it away. */
static bool stays_inside(const json_t *service, const char *text)
{
	static const char *const carriers[] = {"aws ", "s3", "rclone", "restic", "borg", "scp ", "rsync", "gsutil", "gcloud", "az ",
		"mc ", "curl", "ssh", "ftp", "b2 "};
	if (json_array_size(json_object_get(service, "volumes")) > 0)
		return false;
	for (size_t i = 0; text != NULL && i < COUNT_OF(carriers); i++)
		if (strstr(text, carriers[i]) != NULL)
			return false;
	return true;
}

static const char *mounted_volume(const json_t *service)
{
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const json_t *mount = json_array_get(mounts, i);
		if (text_equal(json_string_value(json_object_get(mount, "type")), "volume"))
			return json_string_value(json_object_get(mount, "source"));
	}
	return NULL;
}

/* Does another service, a job that runs before, give the volume to somebody? */
static bool is_given_away(const struct sources *sources, const char *volume)
{
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;) {
		auto_free char *command = words_text(json_object_get(service, "command")), *entrypoint = words_text(json_object_get(service, "entrypoint"));
		const json_t *mounts = json_object_get(service, "volumes");
		bool changes = strstr(command, "chown") != NULL || strstr(command, "chmod") != NULL || strstr(entrypoint, "chown") != NULL ||
			strstr(entrypoint, "chmod") != NULL || strstr(command, "install -d") != NULL;
		for (size_t i = 0; changes && i < json_array_size(mounts); i++)
			if (text_equal(json_string_value(json_object_get(json_array_get(mounts, i), "source")), volume))
				return true;
	}
	return false;
}

/* A new volume over a path that the image lacks belongs to root. */
static void judge_rights(struct backup *backup, const char *name, const json_t *service)
{
	struct check *check = backup->check;
	const struct shipped *shipped = service_shipped(check->sources, name, service);
	const char *own = json_string_value(json_object_get(service, "user"));
	unsigned line;
	auto_free char *user = own != NULL || shipped == NULL ? mem_copy_string(own) : shipped_user(shipped, &line);
	const json_t *mounts = json_object_get(service, "volumes");
	for (size_t i = 0; user != NULL && !user_is_root(user) && i < json_array_size(mounts) && i < 50; i++) {
		const json_t *mount = json_array_get(mounts, i);
		const char *volume = json_string_value(json_object_get(mount, "source")), *target = json_string_value(json_object_get(mount, "target"));
		bool is_there = target == NULL || text_starts_with(target, "/var/lib/postgresql") || strcmp(target, "/tmp") == 0 ||
			(shipped != NULL && strstr(shipped->source->text, target) != NULL);
		if (!text_equal(json_string_value(json_object_get(mount, "type")), "volume") || volume == NULL || is_there ||
			json_is_true(json_object_get(mount, "read_only")) || volume_is_external(check->sources, volume) || is_given_away(check->sources, volume))
			continue;
		const char *file = compose_mount_place(check->sources, name, target, &line);
		check_against(check, file, line, "a new volume at %s belongs to root: the user %s of %s may not write its dump there", target, user, name);
		check_mend(check, "Make the folder in the image and give it to that user, or let a job that runs once chown it before");
	}
}

/* Dumps of one database hold no roles, whoever makes them. */
static void note_roles(struct backup *backup, const struct dump *dump)
{
	bool takes = dump->text == NULL || strstr(dump->text, "pg_dump") == NULL;
	static const char *const words[] = {"pg_dumpall", "--globals-only", "pg_basebackup", "pgbackrest", "wal-g", "barman"};
	for (size_t i = 0; i < COUNT_OF(words) && !takes; i++)
		takes = strstr(dump->text, words[i]) != NULL;
	backup->takes_roles = backup->takes_roles || takes;
	if (takes || backup->leaves_roles)
		return;
	backup->leaves_roles = true;
	backup->file = dump->file;
	backup->line = dump->line;
}

/* A role that a migration makes: on a new server the migration counts as applied,
 * since its table came with the dump, and nothing makes the role again. */
static void judge_roles(struct backup *backup)
{
	struct migrations migrations;
	bool postgres = false;
	for (size_t i = 0; i < backup->databases->count; i++)
		postgres = postgres || backup->databases->items[i].engine == ENGINE_POSTGRES;
	if (!postgres || !backup->leaves_roles || backup->takes_roles)
		return;
	migrations_find(backup->check->sources, &migrations);
	unsigned line;
	const char *made = migration_with_role(backup->check->sources, &migrations, &line);
	if (made != NULL) {
		check_against(backup->check, backup->file, backup->line,
			"the dump holds no roles, and a migration makes one (%s:%u): a restore on a new server fails for want of it", made, line);
		check_mend(backup->check, "Dump the roles as well, by pg_dumpall --globals-only");
	}
	migrations_finish(&migrations);
}

static void say_found(struct backup *backup, const char *name, const json_t *service, const char *text, const char *path)
{
	struct check *check = backup->check;
	unsigned line, own;
	const char *file = compose_place(check->sources, name, "", &line), *volume = mounted_volume(service);
	const char *command = compose_place(check->sources, name, "command", &own);
	if (volume != NULL)
		check_for(check, file, line, "%s backs the database up, into the volume %s: down -v takes that too unless it is external",
			name, volume);
	else
		check_for(check, file, line, "%s backs the database up", name);
	struct dump dump = {.text = text, .file = path != NULL ? path : command, .line = path != NULL ? 0 : own, .name = name,
		.service = service, .shipped = service_shipped(check->sources, name, service)};
	if (text != NULL)
		dump_judge(check, &dump);
	if (text != NULL)
		dump_judge_service(check, &dump);
	note_roles(backup, &dump);
	if (text != NULL && stays_inside(service, text))
		check_against(check, file, line, "%s mounts nothing: the dump goes with its container", name);
	judge_rights(backup, name, service);
	backup->found = true;
}

static void judge_service(struct backup *backup, const char *name, const json_t *service)
{
	const struct sources *sources = backup->check->sources;
	const struct shipped *shipped = service_shipped(sources, name, service);
	const char *path = NULL, *image = compose_image(service);
	auto_free char *command = words_text(json_object_get(service, "command")), *entrypoint = words_text(json_object_get(service,
		"entrypoint"));
	auto_free char *both = mem_print("%s\n%s", entrypoint, command);
	auto_free char *script = has_dump(both) ? mem_copy_string(both) : mounted_script(sources, service, &path);
	if (script == NULL && shipped != NULL)
		script = copied_script(sources, shipped, &path);
	if (script == NULL && shipped != NULL && !shipped->has_rust && (script = image_text(shipped)) != NULL)
		path = shipped->source->path;
	if (is_database(backup, name)) {
		unsigned line;
		const char *file = compose_place(sources, name, "command", &line);
		if (script != NULL && strstr(script, "cron") != NULL)
			check_against(backup->check, path != NULL ? path : file, path != NULL ? 0 : line,
				"the dump runs in the database's own container: it needs one of its own");
		return;
	}
	if (script == NULL && !is_backup_image(image))
		return;
	say_found(backup, name, service, script, path);
	judge_version(backup, name, compose_is_built(service) && shipped != NULL ? shipped_base(shipped) : image);
}

/* ---- outside compose ---- */

static bool runs_container(const char *path, const char *text)
{
	if (text_ends_with(path, "ml") && strncmp(path_name(path), "Taskfile", 8) != 0)
		return strstr(text, "kind: CronJob") != NULL;
	return strstr(text, "docker run") != NULL || strstr(text, "compose run") != NULL || strstr(text, "podman run") != NULL;
}

/* Scripts that dump: *path is one that needs a person and the database's own container. */
static bool find_scripts(struct backup *backup, const char **path, unsigned *line)
{
	static const char *const patterns[] = {"*.sh", "*.bash", "Makefile", "[Jj]ustfile", ".[Jj]ustfile", "Taskfile.y*ml",
		"*backup*", "*.y*ml", NULL};
	struct text_walk walk = {0};
	*path = NULL;
	for (char *text; (text = text_walk_next(backup->check->sources, &walk, patterns)) != NULL;) {
		auto_free char *own = text;
		const char *file = walk.file->path;
		if (text_starts_with(file, ".github/") || !has_dump(own) || text_ends_with(file, ".rs") || text_ends_with(file, ".md"))
			continue;
		const char *found = strstr(own, "pg_dump") != NULL ? strstr(own, "pg_dump") : own;
		if (runs_container(file, own)) {
			check_for(backup->check, file, text_line_at(own, (size_t)(found - own)),
				"this dumps the database from a container of its own");
			dump_judge(backup->check, &(struct dump){.text = own, .file = file});
			return true;
		}
		if (*path == NULL && !text_ends_with(file, ".yaml") && !text_ends_with(file, ".yml")) {
			*path = file;
			*line = text_line_at(own, (size_t)(found - own));
		}
	}
	return false;
}

/* Labels that a cron service reads: ofelia.job-run.dump.command and its like. */
static bool find_labels(struct backup *backup)
{
	const char *name, *label;
	json_t *value;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(backup->check->sources, &iter, &name)) != NULL;)
		json_object_foreach((json_t *)json_object_get(service, "labels"), label, value) {
			unsigned line;
			if (!has_dump(json_string_value(value)))
				continue;
			const char *file = compose_place(backup->check->sources, name, "labels", &line);
			check_for(backup->check, file, line, "the label %s of %s has the database dumped", label, name);
			return true;
		}
	return false;
}

static void say_none(struct backup *backup)
{
	const struct database *first = &backup->databases->items[0];
	const char *path;
	unsigned line, own = 0;
	if (find_labels(backup) || find_scripts(backup, &path, &own))
		return;
	const char *file = compose_place(backup->check->sources, first->service, "", &line);
	if (path != NULL)
		check_against(backup->check, path, own, "this dumps the database when somebody calls it: no container does so by itself");
	else
		check_against(backup->check, file, line, "nothing backs %s up", first->service);
}

void backup_files(struct check *check)
{
	struct databases databases;
	const char *name;
	void *iter = NULL;
	if (!databases_are_there(check, &databases))
		return;
	struct backup backup = {.check = check, .databases = &databases};
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;)
		judge_service(&backup, name, service);
	if (!backup.found)
		say_none(&backup);
	judge_roles(&backup);
	databases_finish(&databases);
}

void backup_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *state = live_text(container, "inspect.State.Status");
		auto_free char *command = words_text(live_at(container, "inspect.Config.Cmd")),
			*entrypoint = words_text(live_at(container, "inspect.Config.Entrypoint"));
		int64_t code = live_number(container, "inspect.State.ExitCode", 0);
		if (strstr(service, "backup") == NULL && !has_dump(command) && !has_dump(entrypoint) &&
			!is_backup_image(live_text(container, "inspect.Config.Image")))
			continue;
		if (text_equal(state, "exited") && code != 0)
			check_live_against(check, service, "State.ExitCode is %lld: the last backup failed", (long long)code);
	}
}
