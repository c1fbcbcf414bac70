/* Files of migrations by their folders and by what the code names, and the tools,
 * images and calls that apply them. */
#include "migrations.h"

#include "rust-asks.h"
#include "writings.h"

enum { SETS_LIMIT = 50, FILES_LIMIT = 5000 };

/* ---- finding the files ---- */

static bool is_migrations_folder(const char *path)
{
	for (const char *at = path; *at != '\0';) {
		size_t len = strcspn(at, "/");
		if (at[len] == '/' && ((len == 10 && strncmp(at, "migrations", 10) == 0) || (len == 9 &&
			strncmp(at, "migration", 9) == 0)))
			return true;
		at += len + (at[len] == '/');
	}
	return false;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? mem_copy_bytes(path, (size_t)(slash - path)) : mem_copy_string("");
}

char *member_folder(const struct sources *sources, const char *path)
{
	auto_free char *folder = parent_of(path);
	while (folder[0] != '\0') {
		auto_free char *manifest = path_join(folder, "Cargo.toml");
		if (tree_find(&sources->tree, manifest) != NULL)
			break;
		char *parent = parent_of(folder);
		free(folder);
		folder = parent;
	}
	return steal(&folder);
}

/* The folders of migrate!("…") or its like; "migrations" in the member where none is named. */
static void folders_of(const struct sources *sources, const char *words, struct strings *folders)
{
	struct rust_place place = {0};
	while (rust_find(&sources->rust, words, &place)) {
		const struct rust_source *source = place.source;
		const char *open = memchr(source->code + place.offset, '(', source->len - place.offset);
		const char *quote = open != NULL ? open + 1 + strspn(open + 1, " \t\r\n") : NULL;
		const char *close = quote != NULL && *quote == '"' ? strchr(quote + 1, '"') : NULL;
		auto_free char *folder = member_folder(sources, source->path), *name = mem_copy_string("migrations");
		if (close != NULL) {
			free(name);
			name = mem_copy_bytes(source->text + (quote + 1 - source->code), (size_t)(close - quote - 1));
		}
		auto_free char *joined = path_join(folder, name), *clean = path_clean(joined);
		strings_add_new(folders, clean);
	}
}

void migrations_folders(const struct sources *sources, struct strings *folders)
{
	folders_of(sources, "migrate ! (", folders);
	folders_of(sources, "embed_migrations ! (", folders);
}

static enum migration_kind kind_of(const char *name)
{
	if (strcmp(name, "up.sql") == 0 || strcmp(name, "down.sql") == 0)
		return MIGRATION_DIESEL;
	if (strchr("VUR", name[0]) != NULL && strstr(name, "__") != NULL)
		return MIGRATION_REFINERY;
	return MIGRATION_SQLX;
}

static void add_file(struct migrations *migrations, const struct tree_file *file)
{
	enum migration_kind kind = kind_of(path_name(file->path));
	auto_free char *folder = parent_of(file->path);
	struct migration_set *set = NULL;
	if (kind == MIGRATION_DIESEL) {
		char *above = parent_of(folder);
		free(folder);
		folder = above;
	}
	for (size_t i = 0; i < migrations->sets.count; i++)
		if (migrations->sets.items[i].kind == kind && strcmp(migrations->sets.items[i].folder, folder) == 0)
			set = &migrations->sets.items[i];
	if (set == NULL) {
		if (migrations->sets.count >= SETS_LIMIT)
			return;
		set = array_add(&migrations->sets);
		set->kind = kind;
		set->folder = steal(&folder);
	}
	if (set->files.count < FILES_LIMIT)
		*array_add(&set->files) = file;
}

void migrations_find(const struct sources *sources, struct migrations *migrations)
{
	auto_strings named = {0};
	const struct tree_file *file;
	*migrations = (struct migrations){0};
	migrations_folders(sources, &named);
	for (size_t at = 0; (file = tree_each(&sources->tree, &at, "*.sql")) != NULL;) {
		auto_free char *folder = parent_of(file->path);
		if (!file->is_harness && (is_migrations_folder(file->path) || strings_have(&named, folder)))
			add_file(migrations, file);
	}
}

void migrations_finish(struct migrations *migrations)
{
	for (size_t i = 0; i < migrations->sets.count; i++) {
		free(migrations->sets.items[i].folder);
		array_finish(&migrations->sets.items[i].files);
	}
	array_finish(&migrations->sets);
}

const char *migration_set_front(const struct migration_set *set)
{
	for (size_t i = 0; i < set->files.count; i++)
		if (!text_ends_with(set->files.items[i]->path, "down.sql"))
			return set->files.items[i]->path;
	return set->files.items[0]->path;
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

/* ---- what applies them ---- */

bool migrations_are_compiled(const struct sources *sources)
{
	static const char *const words[] = {"migrate ! (", "embed_migrations ! (", NULL};
	struct rust_place place;
	return find_any(&sources->rust, words, &place);
}

bool migrations_are_run(const struct sources *sources, struct rust_place *place)
{
	static const char *const words[] = {"migrate ! (", "embed_migrations ! (", "run_pending_migrations", "Migrator :: up", "Migrator :: fresh",
		"Migrator :: new", "refinery :: embed_migrations", "embed_migrations", "Migrations :: new", "Migrations :: from_directory",
		"MigratorTrait", "SchemaBuilder", "run_migrations", "migrations :: runner", "MigrationRunner", NULL};
	return find_any(&sources->rust, words, place);
}

const char *const migration_tools[] = {"sqlx migrate run", "sqlx database setup", "sqlx database reset", "sqlx db setup", "sqlx mig run",
	"diesel migration run", "diesel migration redo", "diesel setup", "diesel database setup", "diesel database reset", "refinery migrate",
	"sea-orm-cli migrate", "dbmate up", "dbmate migrate", "flyway migrate", "migrate -path", "atlas migrate apply", "goose up", "goose -dir",
	"liquibase update", "sqitch deploy", "geni up", NULL};

const char *migration_tool(const char *text, const char **at)
{
	for (size_t i = 0; text != NULL && migration_tools[i] != NULL; i++)
		if ((*at = word_in(text, migration_tools[i])) != NULL)
			return migration_tools[i];
	return NULL;
}

bool image_applies_migrations(const char *image)
{
	static const char *const names[] = {"flyway", "dbmate", "migrate", "liquibase", "atlas", "sqitch", "goose", NULL};
	struct image_name name;
	if (image == NULL)
		return false;
	image_name_read(image, &name);
	bool found = name_in(path_name(name.name), names);
	image_name_finish(&name);
	return found;
}
