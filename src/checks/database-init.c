/* 6.2: what the database's entrypoint runs once, on an empty data folder. */
#include "database.h"

#include <ctype.h>

enum { FILES_LIMIT = 100 };

static const char init_folder[] = "/docker-entrypoint-initdb.d";

struct init {
	struct check *check;
	struct strings files; /* of the project, that are brought there */
	bool any; /* something is brought there, in the project or not */
};

/* ---- what is brought there ---- */

/* A file, or those of a folder (not of those below: the entrypoint does not look there). */
static void add_files(struct init *init, const char *path)
{
	const struct tree *tree = &init->check->sources->tree;
	if (tree_find(tree, path) != NULL) {
		strings_add_new(&init->files, path);
		return;
	}
	for (size_t i = 0; i < tree->files.count && init->files.count < FILES_LIMIT; i++) {
		const char *each = tree->files.items[i].path, *below = path_relative(each, path);
		if (below != NULL && below[0] != '\0' && strchr(below, '/') == NULL)
			strings_add_new(&init->files, each);
	}
}

/* "/docker-entrypoint-init.d", "/docker-entrypoint-initdb": nearly right. */
static bool is_nearly(const char *target)
{
	return text_starts_with(target, "/docker-entrypoint") && !path_is_below(target, init_folder);
}

static void take_mount(struct init *init, const struct database *database, const json_t *mount)
{
	const struct sources *sources = init->check->sources;
	const char *target = json_string_value(json_object_get(mount, "target")), *source = json_string_value(json_object_get(mount,
		"source"));
	unsigned line;
	if (target == NULL || !text_starts_with(target, "/docker-entrypoint"))
		return;
	const char *file = compose_mount_place(sources, database->service, target, &line), *own = tree_relative(&sources->tree, source);
	auto_free char *clean = path_clean(target);
	init->any = true;
	if (is_nearly(clean)) {
		check_against(init->check, file, line, "%s is looked at by nobody: the folder is called %s", target, init_folder);
		return;
	}
	bool there = own == NULL || own[0] == '\0' || tree_find(&sources->tree, own) != NULL || tree_has_folder(&sources->tree, own);
	if (text_equal(json_string_value(json_object_get(mount, "type")), "bind") && !there) {
		check_against(init->check, file, line, "%s is not in the project: the engine makes an empty folder of it", own);
		return;
	}
	check_for(init->check, file, line, "%s gets %s", database->service, target);
	if (own != NULL && own[0] != '\0')
		add_files(init, own);
}

static void take_configs(struct init *init, const struct database *database)
{
	const struct sources *sources = init->check->sources;
	const json_t *configs = json_object_get(database->json, "configs");
	for (size_t i = 0; i < json_array_size(configs); i++) {
		const json_t *each = json_array_get(configs, i);
		const char *target = json_string_value(json_object_get(each, "target")), *name = json_string_value(json_object_get(each,
			"source"));
		unsigned line;
		if (target == NULL || name == NULL || !path_is_below(target, init_folder))
			continue;
		const char *file = compose_mount_place(sources, database->service, target, &line);
		const char *own = tree_relative(&sources->tree,
			json_string_value(json_object_get(json_object_get(json_object_get(sources->compose, "configs"), name), "file")));
		init->any = true;
		check_for(init->check, file, line, "%s gets %s", database->service, target);
		if (own != NULL)
			add_files(init, own);
	}
}

static void take_image(struct init *init, const struct shipped *shipped)
{
	const struct dockerfile *file = &shipped->source->file;
	for (size_t i = 0; i < file->lines.count; i++) {
		struct copy_line copy;
		if (!stage_has_line(file, shipped->stage, i) || !copy_line_read(file, i, &copy))
			continue;
		auto_free char *to = path_clean(copy.to);
		if (path_is_below(to, init_folder)) {
			init->any = true;
			check_for(init->check, shipped->source->path, file->lines.items[i].first, "the image brings files to %s",
				init_folder);
			for (size_t k = 0; copy.from == NULL && k < copy.sources.count; k++) {
				auto_free char *path = shipped_path(shipped, copy.sources.items[k]);
				add_files(init, path);
			}
		}
		copy_line_finish(&copy);
	}
}

/* ---- the files ---- */

static bool is_run(const char *path)
{
	static const char *const names[] = {".sh", ".sql", ".sql.gz", ".sql.xz", ".sql.zst", ".js"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_ends_with(path, names[i]))
			return true;
	return false;
}

static bool stops_at_errors(const char *text)
{
	static const char *const words[] = {"set -e", "set -Ee", "set -o errexit", "set -ue", "set -xe", "set -x -e", "sh -e",
		"ON_ERROR_STOP", "set -o pipefail -e"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

/* Without the x bit it is sourced: what it sets and where it exits, the entrypoint does. */
static bool hurts_when_sourced(const char *text)
{
	struct shell_commands commands = {0};
	bool hurts = false;
	shell_split(text, &commands);
	for (size_t i = 0; i < commands.count && !hurts; i++) {
		const struct strings *words = &commands.items[i].words;
		hurts = words->count > 0 && strcmp(words->items[0], "exit") == 0;
		hurts = hurts || (words->count > 1 && strcmp(words->items[0], "set") == 0 && words->items[1][0] == '-' &&
			strchr(words->items[1], 'u') != NULL);
	}
	shell_commands_finish(&commands);
	return hurts;
}

static void judge_script(struct check *check, const struct tree_file *file, const char *text)
{
	if (strstr(text, "\r\n") != NULL)
		check_against(check, file->path, 1, "its lines end as on Windows: the shell takes the \\r into each command");
	if (!file->is_executable && hurts_when_sourced(text))
		check_against(check, file->path, 0,
			"it has no x bit, so the entrypoint sources it: its exit or set -u ends the entrypoint");
	if (!stops_at_errors(text) && strstr(text, "psql") != NULL)
		check_against(check, file->path, 0, "it goes on after an error: the database counts as set up and it is not run again");
}

/* A table that both make: the second one fails. */
static void judge_tables(struct check *check, const char *path, const char *text, const struct migrations *migrations)
{
	auto_strings made = {0};
	sql_tables(text, &made);
	for (size_t i = 0; i < migrations->sets.count; i++) {
		const struct migration_set *set = &migrations->sets.items[i];
		for (size_t k = 0; made.count > 0 && k < set->files.count && k < 300; k++) {
			const char *file = set->files.items[k]->path;
			auto_strings tables = {0};
			auto_free char *other = strcmp(file, path) != 0 ? tree_read(&check->sources->tree, file, NULL) : NULL;
			if (other == NULL || text_ends_with(file, "down.sql"))
				continue;
			sql_tables(other, &tables);
			for (size_t t = 0; t < tables.count; t++)
				if (strings_have(&made, tables.items[t])) {
					check_against(check, path, 0, "it makes the table %s, which %s makes too", tables.items[t], file);
					return;
				}
		}
	}
}

/* In one of those folders; diesel has a folder for each below. */
static bool is_in_folder(const char *path, const struct strings *folders)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = mem_copy_bytes(path, slash != NULL ? (size_t)(slash - path) : 0);
	char *above = strcmp(path_name(path), "up.sql") == 0 ? strrchr(folder, '/') : NULL;
	if (above != NULL)
		*above = '\0';
	return strings_have(folders, folder);
}

static bool is_migration(const char *path, const struct migrations *migrations)
{
	for (size_t i = 0; i < migrations->sets.count; i++)
		if (path_is_below(path, migrations->sets.items[i].folder))
			return true;
	return false;
}

static void judge_files(struct init *init, const struct migrations *migrations)
{
	struct check *check = init->check;
	auto_strings folders = {0};
	migrations_folders(check->sources, &folders);
	for (size_t i = 0; i < init->files.count; i++) {
		const struct tree_file *file = tree_find(&check->sources->tree, init->files.items[i]);
		auto_free char *text = file != NULL && is_run(file->path) ? tree_read(&check->sources->tree, file->path, NULL) : NULL;
		if (text == NULL)
			continue;
		if (is_in_folder(file->path, &folders))
			check_against(check, file->path, 0, "it is a migration that the program applies too: the second time fails");
		if (is_migration(file->path, migrations))
			continue;
		if (text_ends_with(file->path, ".sh"))
			judge_script(check, file, text);
		judge_tables(check, file->path, text, migrations);
	}
}

/* ---- the check ---- */

/* A script that makes the database from outside: sqlx database create and its like. */
static bool find_outer_script(struct check *check)
{
	static const char *const patterns[] = {"*.sh", "Makefile", "[Jj]ustfile", ".[Jj]ustfile", "Makefile.toml", "Taskfile.y*ml",
		NULL};
	static const char *const words[] = {"sqlx database create", "sqlx db create", "sqlx database setup", "sqlx database reset",
		"diesel setup", "diesel database setup", "createdb ", "CREATE DATABASE", "create database", "sea-orm-cli migrate fresh"};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(check->sources, &walk, patterns)) != NULL;) {
		auto_free char *own = text;
		for (size_t k = 0; k < COUNT_OF(words); k++) {
			const char *found = strstr(own, words[k]);
			if (found == NULL)
				continue;
			check_for(check, walk.file->path, text_line_at(own, (size_t)(found - own)), "this script makes the database");
			return true;
		}
	}
	return false;
}

static void say_none(struct check *check, const struct databases *databases, const struct migrations *migrations)
{
	struct rust_place place;
	unsigned line;
	bool sql = false;
	for (size_t i = 0; i < databases->count; i++)
		sql = sql || databases->items[i].engine != ENGINE_MONGO;
	if (find_outer_script(check))
		return;
	if (!sql)
		check_none(check, compose_place(check->sources, databases->items[0].service, "image", &line),
			"MongoDB makes its collections by itself");
	else if (migrations->sets.count > 0)
		check_none(check, migration_set_front(&migrations->sets.items[0]),
			"the migrations make the whole schema: the image makes role and database by its variables");
	else if (migrations_are_run(check->sources, &place))
		check_none(check, place.source->path,
			"the migrations make the whole schema: the image makes role and database by its variables");
	else {
		const char *file = compose_place(check->sources, databases->items[0].service, "volumes", &line);
		check_against(check, file, line, "nothing prepares %s: no script is mounted, and there are no migrations",
			databases->items[0].service);
	}
}

void init_files(struct check *check)
{
	struct databases databases;
	struct migrations migrations;
	struct init init = {.check = check};
	if (!databases_are_there(check, &databases)) {
		const char *crate;
		if ((stores_find(check->sources, &crate) & ~(unsigned)STORE_SQLITE) != 0)
			find_outer_script(check);
		return;
	}
	migrations_find(check->sources, &migrations);
	for (size_t i = 0; i < databases.count; i++) {
		const json_t *mounts = json_object_get(databases.items[i].json, "volumes");
		for (size_t k = 0; k < json_array_size(mounts); k++)
			take_mount(&init, &databases.items[i], json_array_get(mounts, k));
		take_configs(&init, &databases.items[i]);
		if (databases.items[i].shipped != NULL)
			take_image(&init, databases.items[i].shipped);
	}
	if (init.any)
		judge_files(&init, &migrations);
	else
		say_none(check, &databases, &migrations);
	strings_finish(&init.files);
	migrations_finish(&migrations);
	databases_finish(&databases);
}
