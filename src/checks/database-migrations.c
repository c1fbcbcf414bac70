/* 6.7: migrations: where they lie, what applies them, whether the tool takes
 * them all; and sqlx's own data beside query!() in an image's build. */
#include "database.h"

#include <ctype.h>
#include <stdio.h>

enum { FILES_READ = 300 };

static bool is_down(const char *name)
{
	return text_ends_with(name, ".down.sql");
}

/* ---- SQL ---- */

static const char *skip_sql_blanks(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n");
		if (!text_starts_with(at, "--"))
			return at;
		at += strcspn(at, "\n");
	}
}

static const char *skip_word(const char *at, const char *word)
{
	size_t len = strlen(word);
	return strncasecmp(at, word, len) == 0 && isspace((unsigned char)at[len]) ? skip_sql_blanks(at + len) : NULL;
}

/* The last part of a name such as app."Users". */
static void add_table(const char *at, struct strings *tables)
{
	auto_str name = {0};
	for (; *at != '\0' && name.len < 200; at++) {
		if (*at == '.')
			str_clear(&name);
		else if (isalnum((unsigned char)*at) || *at == '_')
			str_add_char(&name, (char)tolower((unsigned char)*at));
		else if (strchr("\"`[]", *at) == NULL)
			break;
	}
	if (name.len > 0 && tables->count < 2000)
		strings_add_new(tables, str_text(&name));
}

bool sql_is_commented(const char *text, const char *at)
{
	enum { WINDOW = 1000 };
	const char *line = at;
	while (line > text && line[-1] != '\n' && at - line < WINDOW)
		line--;
	return memmem(line, (size_t)(at - line), "--", 2) != NULL;
}

void sql_tables(const char *text, struct strings *tables)
{
	for (const char *at = text; (at = strcasestr(at, "create")) != NULL; at += 6) {
		if (sql_is_commented(text, at))
			continue;
		const char *name = skip_word(at, "create");
		const char *unlogged = name != NULL ? skip_word(name, "unlogged") : NULL;
		name = name != NULL ? skip_word(unlogged != NULL ? unlogged : name, "table") : NULL;
		const char *unless = name != NULL ? skip_word(name, "if") : NULL;
		unless = unless != NULL ? skip_word(unless, "not") : NULL;
		unless = unless != NULL ? skip_word(unless, "exists") : NULL;
		if (name != NULL)
			add_table(unless != NULL ? unless : name, tables);
	}
}

/* Where a statement makes a role; NULL: none does. */
static const char *role_in(const char *text)
{
	static const char *const makes[] = {"create role ", "create user "};
	for (size_t i = 0; i < COUNT_OF(makes); i++)
		for (const char *at = text; (at = strcasestr(at, makes[i])) != NULL; at++)
			if (!sql_is_commented(text, at) && strncasecmp(at, "create user mapping", 19) != 0)
				return at;
	return NULL;
}

const char *migration_with_role(const struct sources *sources, const struct migrations *migrations, unsigned *line)
{
	for (size_t i = 0; i < migrations->sets.count; i++)
		for (size_t k = 0; k < migrations->sets.items[i].files.count && k < FILES_READ; k++) {
			const char *path = migrations->sets.items[i].files.items[k]->path;
			auto_free char *text = text_ends_with(path, "down.sql") ? NULL : tree_read(&sources->tree, path, NULL);
			const char *at = text != NULL ? role_in(text) : NULL;
			if (at == NULL)
				continue;
			*line = text_line_at(text, (size_t)(at - text));
			return path;
		}
	return NULL;
}

/* ---- what applies them ---- */

static bool service_runs_tool(struct check *check)
{
	const char *name, *at;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		auto_free char *command = words_text(json_object_get(service, "command"));
		unsigned line;
		if (migration_tool(command, &at) == NULL && !image_applies_migrations(compose_image(service)))
			continue;
		const char *file = compose_place(check->sources, name, "", &line);
		check_for(check, file, line, "the service %s applies the migrations", name);
		return true;
	}
	return false;
}

static bool file_runs_tool(struct check *check)
{
	static const char *const patterns[] = {"*.sh", "Makefile*", "[Jj]ustfile", ".[Jj]ustfile", "Taskfile.y*ml", "Procfile",
		"*.yml", "*.yaml", "*Dockerfile*", "package.json", "*.md", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(check->sources, &walk, patterns)) != NULL; free(text)) {
		const char *at, *tool = migration_tool(text, &at);
		if (tool == NULL)
			continue;
		check_for(check, walk.file->path, text_line_at(text, (size_t)(at - text)), "`%s` applies the migrations", tool);
		free(text);
		return true;
	}
	return false;
}

static bool crate_applies(struct check *check)
{
	static const char *const names[] = {"diesel_migrations", "refinery", "sea-orm-migration", "rusqlite_migration",
		"sqlx-migrator", "diesel-async-migrations", "diesel_async_migrations", "tokio-postgres-migration", "postgres-migration",
		"barrel", NULL};
	const struct rust_crate *crate = direct_crate(&check->sources->rust, names);
	if (crate != NULL)
		check_for(check, rust_file(check->sources), 0, "%s applies the migrations", crate->name);
	return crate != NULL;
}

static bool is_applied(struct check *check)
{
	struct rust_place place;
	if (migrations_are_run(check->sources, &place)) {
		check_for(check, place.source->path, place.line, "the program applies its migrations here");
		return true;
	}
	return crate_applies(check) || service_runs_tool(check) || file_runs_tool(check);
}

/* ---- names and numbers ---- */

/* "20240101_users.up.sql": the number; false: sqlx passes the file over. */
static bool sqlx_version(const char *name, unsigned long long *version)
{
	char *end;
	if (!isdigit((unsigned char)name[0]))
		return false;
	*version = strtoull(name, &end, 10);
	return *end == '_';
}

static void judge_sqlx(struct check *check, const struct migration_set *set)
{
	size_t good = 0;
	unsigned long long version, other;
	for (size_t i = 0; i < set->files.count; i++)
		good += sqlx_version(path_name(set->files.items[i]->path), &version);
	if (good * 2 < set->files.count)
		return; /* not of sqlx */
	for (size_t i = 0; i < set->files.count; i++) {
		const char *path = set->files.items[i]->path;
		if (!sqlx_version(path_name(path), &version)) {
			check_against(check, path, 0, "sqlx passes this file over: its name does not begin with a number and _");
			continue;
		}
		/* sorted by name: equal numbers of the same width are neighbours */
		for (size_t k = i; k-- > 0 && i - k < 4;) {
			const char *before = set->files.items[k]->path;
			if (!sqlx_version(path_name(before), &other) || other != version || is_down(before) != is_down(path))
				continue;
			check_against(check, path, 0, "its number %llu is that of %s too", version, path_name(before));
			break;
		}
	}
}

/* "2024-01-01-000000_users": digits up to the name, as diesel counts. */
static char *diesel_version(const char *folder)
{
	struct str out = {0};
	for (const char *at = path_name(folder); *at != '\0' && *at != '_'; at++)
		if (*at != '-')
			str_add_char(&out, *at);
	return str_steal(&out);
}

static void judge_diesel(struct check *check, const struct migration_set *set)
{
	auto_strings versions = {0};
	unsigned downs = 0, ups = 0;
	for (size_t i = 0; i < set->files.count; i++)
		downs += strcmp(path_name(set->files.items[i]->path), "down.sql") == 0;
	for (size_t i = 0; i < set->files.count; i++) {
		const char *path = set->files.items[i]->path;
		auto_free char *folder = path_parent(path);
		auto_free char *down = path_join(folder, "down.sql"), *version = diesel_version(folder);
		if (strcmp(path_name(path), "up.sql") != 0)
			continue;
		ups++;
		if (!strings_add_new(&versions, version))
			check_against(check, path, 0, "its number %s is that of another migration too", version);
		/* where all have one, it was forgotten; where few have, nobody wants to go back */
		if (tree_find(&check->sources->tree, down) == NULL && downs * 2 > set->files.count - downs)
			check_against(check, path, 0, "it has no down.sql: diesel migration revert stops here");
	}
	if (ups == 0 && downs > 0)
		check_against(check, set->files.items[0]->path, 0, "there is a down.sql, but no up.sql");
}

/* ---- transactions ---- */

/* "CREATE INDEX CONCURRENTLY" and its like; NULL: none is there. */
static const char *concurrent_statement(const char *text)
{
	static const char *const words[] = {"create", "drop", "reindex"};
	for (const char *at = text; (at = strcasestr(at, "concurrently")) != NULL; at += 12) {
		const char *start = at;
		while (start > text && start[-1] != ';' && at - start < 400)
			start--;
		start = skip_sql_blanks(start);
		bool is_statement = false;
		for (size_t i = 0; i < COUNT_OF(words); i++)
			is_statement = is_statement || skip_word(start, words[i]) != NULL;
		if (is_statement && !sql_is_commented(text, at))
			return at;
	}
	return NULL;
}

/* sqlx asks the first line, diesel a file beside it. */
static bool runs_outside(const struct sources *sources, const struct migration_set *set, const char *path, const char *text)
{
	if (set->kind == MIGRATION_SQLX)
		return text_starts_with(text, "-- no-transaction");
	auto_free char *folder = path_parent(path), *beside = path_join(folder, "metadata.toml");
	auto_free char *settings = tree_find(&sources->tree, beside) != NULL ? tree_read(&sources->tree, beside, NULL) : NULL;
	return settings != NULL && strstr(settings, "run_in_transaction") != NULL && strstr(settings, "false") != NULL;
}

/* sqlx and diesel put a transaction around each file, and PostgreSQL refuses these in one. */
static void judge_transactions(struct check *check, const struct migration_set *set)
{
	for (size_t i = 0; i < set->files.count && i < FILES_READ; i++) {
		const char *path = set->files.items[i]->path;
		auto_free char *text = tree_read(&check->sources->tree, path, NULL);
		const char *found = text != NULL ? concurrent_statement(text) : NULL;
		if (found == NULL || runs_outside(check->sources, set, path, text))
			continue;
		check_against(check, path, text_line_at(text, (size_t)(found - text)),
			"CONCURRENTLY fails here: %s puts a transaction around each migration", set->kind == MIGRATION_SQLX ? "sqlx" : "diesel");
		check_mend(check, set->kind == MIGRATION_SQLX ? N_("Begin that file with the line -- no-transaction, with the one statement in it") :
			N_("Put run_in_transaction = false into metadata.toml beside that file"));
	}
}

/* ---- when they are applied, and what is embedded ---- */

/* sqlx takes a lock in the database while it migrates; diesel takes none. */
static void judge_replicas(struct check *check)
{
	static const char *const diesel[] = {"diesel_migrations", NULL}, *const runs[] = {"run_pending_migrations", NULL};
	const char *name;
	void *iter = NULL;
	struct rust_place place;
	if (direct_crate(&check->sources->rust, diesel) == NULL || !find_any(&check->sources->rust, runs, &place))
		return;
	for (const json_t *service; (service = service_each(check->sources, &iter, &name)) != NULL;) {
		unsigned line;
		if (json_integer_value(compose_member(service, "deploy.replicas")) < 2 || !service_is_rust(check->sources, name,
			service))
			continue;
		const char *file = compose_place(check->sources, name, "deploy.replicas", &line);
		check_against(check, file, line, "the replicas of %s migrate at once when they start, and diesel takes no lock (%s:%u)",
			name, place.source->path, place.line);
		check_mend(check, "Migrate in a service of its own, which the others wait for: condition: service_completed_successfully");
	}
}

static bool keeps_target(const struct sources *sources, unsigned *line, const char **file)
{
	size_t at = 0;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;) {
		const struct dockerfile *docker = &shipped->source->file;
		for (size_t i = 0; i < docker->lines.count; i++) {
			const char *raw = docker->lines.items[i].raw;
			if (strcmp(docker->lines.items[i].word, "RUN") != 0 || raw == NULL || strstr(raw, "type=cache") == NULL)
				continue;
			if (strstr(raw, "/target") == NULL && strstr(raw, "target=target") == NULL)
				continue;
			*file = shipped->source->path;
			*line = docker->lines.items[i].first;
			return true;
		}
	}
	return false;
}

/* A new .sql file alone makes cargo compile nothing, where it finds its old
 * target folder: a build script has to name the folder. */
static void judge_embedding(struct check *check)
{
	const struct sources *sources = check->sources;
	struct rust_place place = {0};
	const char *docker;
	unsigned line;
	if (!rust_find(&sources->rust, "migrate ! (", &place) || !keeps_target(sources, &line, &docker))
		return;
	auto_free char *folder = member_folder(sources, place.source->path);
	auto_free char *script = path_join(folder, "build.rs");
	auto_free char *text = tree_find(&sources->tree, script) != NULL ? tree_read(&sources->tree, script, NULL) : NULL;
	if (text != NULL && strstr(text, "rerun-if-changed") != NULL)
		return;
	check_for(check, place.source->path, place.line,
		"a new .sql file alone is not embedded where the build keeps its target folder (%s:%u): %s has to print "
		"cargo:rerun-if-changed=migrations", docker, line, script);
}

/* ---- query!() in an image's build ---- */

static bool is_offline_data(const char *path)
{
	return text_starts_with(path, ".sqlx/") || strstr(path, "/.sqlx/") != NULL || strcmp(path_name(path), "sqlx-data.json") == 0;
}

/* A path of the project as seen from the image's context; NULL: outside. */
static const char *in_context(const struct shipped *shipped, const char *path)
{
	return strcmp(shipped->context, ".") == 0 ? path : path_is_below(path, shipped->context) ?
		path_relative(path, shipped->context) : NULL;
}

/* sqlx reads .env, and asks the database that it names before its own data. */
static void judge_env_file(struct check *check, const struct shipped *shipped, int builder)
{
	auto_free char *path = shipped_path(shipped, ".env");
	const struct ignore *ignore = sources_ignore(check->sources, shipped);
	auto_free char *text = tree_find(&check->sources->tree, path) != NULL ? tree_read(&check->sources->tree, path, NULL) : NULL;
	if (text == NULL || strstr(text, "SQLX_OFFLINE") != NULL || strstr(shipped->source->text, "SQLX_OFFLINE") != NULL)
		return;
	bool sets = text_starts_with(text, "DATABASE_URL=") || strstr(text, "\nDATABASE_URL=") != NULL;
	if (!sets || !stage_copies_context(shipped, builder) || (ignore != NULL && ignore_leaves_out(ignore, ".env", NULL)))
		return;
	check_against(check, shipped->source->path, shipped->source->file.stages.items[builder].line,
		"%s gets into the build, and query!() dials the DATABASE_URL in it instead of reading .sqlx", path);
	check_mend(check, "Set ENV SQLX_OFFLINE=true in the builder, and leave .env out by .dockerignore");
}

static void judge_offline(struct check *check, const struct shipped *shipped, bool has_data, const char *data)
{
	const struct dockerfile *file = &shipped->source->file;
	const struct ignore *ignore = sources_ignore(check->sources, shipped);
	int builder = shipped_builder(shipped);
	unsigned line = 0;
	if (builder < 0)
		return;
	const char *seen = has_data ? in_context(shipped, data) : NULL;
	bool dials = strstr(shipped->source->text, "DATABASE_URL") != NULL || strstr(shipped->source->text, "sqlx prepare") != NULL;
	if (seen != NULL && ignore != NULL && ignore_leaves_out(ignore, seen, &line)) {
		if (dials)
			return;
		check_against(check, shipped->ignore_path, line, "%s is left out of the build, but query!() needs it there", seen);
		check_mend(check, "Let .sqlx into the build: a line !.sqlx in %s", shipped->ignore_path);
	} else if (!has_data && !dials) {
		check_against(check, shipped->source->path, file->stages.items[builder].line,
			"query!() needs .sqlx or a database in the build, and neither is there");
		check_mend(check, "Run cargo sqlx prepare --workspace, commit .sqlx, and set SQLX_OFFLINE=true in the builder");
	} else if (has_data) {
		judge_env_file(check, shipped, builder);
	}
}

static void judge_queries(struct check *check)
{
	static const char *const macros[] = {"query ! (", "query_as ! (", "query_scalar ! (", "query_file ! (", "query_file_as ! (",
		NULL}, *const sqlx[] = {"sqlx", NULL};
	const struct sources *sources = check->sources;
	struct rust_place place;
	const char *data = NULL;
	size_t at = 0;
	if (direct_crate(&sources->rust, sqlx) == NULL || !find_any(&sources->rust, macros, &place))
		return;
	for (size_t i = 0; i < sources->tree.files.count && data == NULL; i++)
		if (is_offline_data(sources->tree.files.items[i].path))
			data = sources->tree.files.items[i].path;
	for (const struct shipped *shipped; (shipped = own_rust_image(sources, &at)) != NULL;)
		judge_offline(check, shipped, data != NULL, data);
}

/* ---- the check ---- */

static void say_none(struct check *check, unsigned stores, const char *crate)
{
	struct rust_place place = {0};
	if (rust_find_string(&check->sources->rust, "CREATE TABLE", false, &place) || rust_find_string(&check->sources->rust,
		"create table", false, &place))
		check_against(check, place.source->path, place.line, "tables are made here, by no migration");
	else if (stores == STORE_SQLITE)
		check_none(check, rust_file(check->sources), "SQLite is there, but the code makes no table");
	else
		check_against(check, rust_file(check->sources), 0, "%s is a dependency, but there are no migrations", crate);
}

static bool is_made_for(const struct migration_set *set, const char *crate)
{
	return (set->kind == MIGRATION_DIESEL && strcmp(crate, "diesel") == 0) || (set->kind == MIGRATION_SQLX &&
		strcmp(crate, "sqlx") == 0);
}

static bool judge_sets(struct check *check, const struct migrations *migrations, unsigned stores, const char *crate)
{
	bool made = false;
	for (size_t i = 0; i < migrations->sets.count; i++) {
		const struct migration_set *set = &migrations->sets.items[i];
		check_for(check, migration_set_front(set), 0, "%zu files of migrations lie in %s", set->files.count, set->folder);
		if (set->kind == MIGRATION_DIESEL)
			judge_diesel(check, set);
		else if (set->kind == MIGRATION_SQLX && strcmp(crate, "sqlx") == 0)
			judge_sqlx(check, set);
		if (is_made_for(set, crate) && (stores & STORE_POSTGRES) != 0)
			judge_transactions(check, set);
		made = made || is_made_for(set, crate);
	}
	return made;
}

void migrations_files(struct check *check)
{
	const char *crate;
	unsigned stores = stores_find(check->sources, &crate);
	struct migrations migrations;
	if ((stores & ~(unsigned)(STORE_MONGO | STORE_OTHER)) == 0) {
		if (stores == 0)
			check_none(check, rust_file(check->sources), "no crate of a database is among the dependencies");
		else
			check_none(check, rust_file(check->sources), "the database of %s has no migrations by diesel or sqlx", crate);
		return;
	}
	if (!is_program(check))
		return;
	migrations_find(check->sources, &migrations);
	bool applied = is_applied(check), made = judge_sets(check, &migrations, stores, crate);
	if (migrations.sets.count == 0 && !applied)
		say_none(check, stores, crate);
	else if (!applied && !made)
		check_against(check, migration_set_front(&migrations.sets.items[0]), 0,
			"these files are migrations of no tool that is used here: nothing applies them");
	judge_queries(check);
	judge_replicas(check);
	judge_embedding(check);
	migrations_finish(&migrations);
}

void migrations_live(struct check *check)
{
	size_t at = 0;
	for (const json_t *container; (container = live_each(check->sources, &at)) != NULL;) {
		const char *service = live_service(container), *state = live_text(container, "inspect.State.Status");
		int64_t code = live_number(container, "inspect.State.ExitCode", 0);
		if (strstr(service, "migrat") != NULL && text_equal(state, "exited") && code != 0)
			check_live_against(check, service, "State.ExitCode is %lld: the migrations were not applied", (long long)code);
	}
}
