/* 7.6: what fills a developer's database, and whether it can be run again. */
#include "development.h"

#include <ctype.h>

/* ---- SQL, as far as seeds need it ---- */

/* A copy in capitals with comments and the inside of quotes blank. */
static char *plain_sql(const char *text)
{
	char *sql = mem_copy_string(text);
	for (char *at = sql; *at != '\0';) {
		if (text_starts_with(at, "--")) {
			for (; *at != '\0' && *at != '\n'; at++)
				*at = ' ';
		} else if (text_starts_with(at, "/*")) {
			const char *end = strstr(at, "*/");
			for (const char *stop = end != NULL ? end + 2 : at + strlen(at); at < stop; at++)
				*at = *at == '\n' ? '\n' : ' ';
		} else if (*at == '\'') {
			for (at++; *at != '\0' && *at != '\''; at++)
				*at = *at == '\n' ? '\n' : ' ';
			at += *at != '\0';
		} else {
			*at = (char)toupper((unsigned char)*at);
			at++;
		}
	}
	return sql;
}

static bool statement_has(const char *from, const char *end, const char *word)
{
	return memmem(from, (size_t)(end - from), word, strlen(word)) != NULL;
}

/* The line of the first INSERT that fails or doubles when it is run again; 0: none. */
static unsigned doubling_line(const char *sql)
{
	if (word_in(sql, "TRUNCATE") != NULL || strstr(sql, "DELETE FROM") != NULL || strstr(sql, "DROP TABLE") != NULL ||
		strstr(sql, "DROP SCHEMA") != NULL || strstr(sql, "IF NOT EXISTS (") != NULL)
		return 0;
	for (const char *at = sql; (at = word_in(at, "INSERT")) != NULL;) {
		const char *end = strchrnul(at, ';');
		const char *into = at + 6 + strspn(at + 6, " \t\r\n");
		static const char *const safe[] = {"ON CONFLICT", "ON DUPLICATE", "NOT EXISTS", "EXCEPT"};
		bool is_safe = !text_starts_with(into, "INTO");
		for (size_t i = 0; i < COUNT_OF(safe); i++)
			is_safe = is_safe || statement_has(at, end, safe[i]);
		if (!is_safe)
			return text_line_at(sql, (size_t)(at - sql));
		at = end;
	}
	return 0;
}

/* The line of an address where real people have theirs; 0: none. */
static unsigned person_line(const char *text)
{
	static const char *const hosts[] = {"@gmail.com", "@googlemail.com", "@yahoo.com", "@hotmail.com", "@outlook.com", "@icloud.com", "@live.com",
		"@mail.ru", "@yandex.ru", "@qq.com", "@163.com", "@gmx.de", "@web.de", "@protonmail.com", "@proton.me", "@aol.com"};
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		const char *found = strcasestr(text, hosts[i]);
		if (found != NULL)
			return text_line_at(text, (size_t)(found - text));
	}
	return 0;
}

/* ---- numbers that a sequence gives ---- */

/* "INSERT INTO users (id, …) VALUES (1": the table, where rows bring numbers of their own. */
static char *numbered_table(const char *insert)
{
	const char *at = insert + strlen("INSERT");
	at += strspn(at, " \t\r\n");
	if (!text_starts_with(at, "INTO"))
		return NULL;
	at += 4 + strspn(at + 4, " \t\r\n");
	size_t len = strcspn(at, " \t\r\n(");
	const char *columns = at + len + strspn(at + len, " \t\r\n");
	const char *first = columns + 1 + strspn(columns + (columns[0] == '('), " \t\r\n\"");
	const char *values = columns[0] == '(' ? word_in(columns, "VALUES") : NULL, *row = values != NULL ? strchr(values, '(') : NULL;
	if (row == NULL || !text_starts_with(first, "ID") || strchr(",\" \t\r\n", first[2]) == NULL ||
		!isdigit((unsigned char)row[1 + strspn(row + 1, " \t\r\n")]))
		return NULL;
	auto_free char *whole = mem_copy_bytes(at, len);
	const char *dot = strrchr(whole, '.'), *name = dot != NULL ? dot + 1 : whole;
	name += name[0] == '"';
	return mem_copy_bytes(name, strcspn(name, "\""));
}

/* Does the migration make the table with an id that a sequence of Postgres gives? */
static bool makes_sequence(const char *sql, const char *table)
{
	for (const char *at = sql; (at = strstr(at, "CREATE TABLE")) != NULL; at++) {
		const char *open = memchr(at, '(', strnlen(at, 300));
		auto_free char *head = mem_copy_bytes(at, open != NULL ? (size_t)(open - at) : 0);
		if (word_in(head, table) == NULL)
			continue;
		const char *end = strchrnul(at, ';');
		const char *column = word_in(open, "ID");
		const char *stop = column != NULL ? strchrnul(column, ',') : NULL;
		return column != NULL && column < end && (statement_has(column, stop, "SERIAL") || statement_has(column, stop, "IDENTITY"));
	}
	return false;
}

static bool has_sequence(const struct sources *sources, const char *table)
{
	const struct tree_file *file;
	size_t count = 0;
	for (size_t at = 0; count < 200 && (file = tree_each(&sources->tree, &at, "*.sql")) != NULL; count++) {
		auto_free char *text = strstr(file->path, "migrations/") != NULL ? tree_read(&sources->tree, file->path, NULL) : NULL;
		auto_free char *sql = text != NULL ? plain_sql(text) : NULL;
		if (sql != NULL && makes_sequence(sql, table))
			return true;
	}
	return false;
}

/* Rows with numbers of their own, after which the sequence still begins at 1. */
static void judge_sequence(struct check *check, const char *path, const char *sql)
{
	unsigned count = 0;
	if (strstr(sql, "SETVAL") != NULL || strstr(sql, "RESTART") != NULL)
		return;
	for (const char *at = sql; count < 20 && (at = word_in(at, "INSERT")) != NULL; at++, count++) {
		auto_free char *table = numbered_table(at);
		if (table == NULL || table[0] == '\0' || !has_sequence(check->sources, table))
			continue;
		check_against(check, path, text_line_at(sql, (size_t)(at - sql)),
			"these rows bring their own ids: the next row of the program gets one of them, for want of setval()");
		return;
	}
}

/* ---- 7.6: where seeds are ---- */

static const char *const seed_words[] = {"seed", "seeds", "seeder", "seeders", "seeding", "seeddata", "testdata", "sampledata", NULL};

static bool is_seed_path(const char *path)
{
	static const char *const pairs[] = {"sample_data", "sample-data", "test_data", "test-data", "demo_data", "demo-data", "dummy_data",
		"dummy-data", "mock_data", "dev_data", "dev-data"};
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (strcasestr(path, pairs[i]) != NULL)
			return true;
	return path_has_word(path, seed_words);
}

/* Behind "migrations/"; NULL: it is none. */
static const char *migration_name(const char *path)
{
	const char *found = text_starts_with(path, "migrations/") ? path : strstr(path, "/migrations/");
	return found != NULL ? found + strlen("migrations/") + (found[0] == '/') : NULL;
}

/* "0005_seed.sql", "2024-01-01_insert_test_data/up.sql"; not "0005_seed_roles.sql",
 * which every database needs. */
static bool is_seed_migration(const char *name)
{
	static const char *const fillers[] = {"data", "insert", "add", "up", "the", "dev", "db", "database", "sql", "initial", "user", "users"};
	static const char *const words[] = {"seed", "seeds", "seeding", "seeder", "test", "sample", "demo", "dummy", "fake", "mock", "testdata"};
	bool found = false;
	for (const char *at = name; *at != '\0' && *at != '/';) {
		size_t len = strcspn(at, "/._-");
		bool known = strspn(at, "0123456789") == len || (at == name && isalpha((unsigned char)at[0]) && strspn(at + 1, "0123456789") + 1 == len);
		for (size_t i = 0; i < COUNT_OF(fillers) && !known; i++)
			known = strlen(fillers[i]) == len && strncasecmp(at, fillers[i], len) == 0;
		for (size_t i = 0; i < COUNT_OF(words) && !known; i++)
			if (strlen(words[i]) == len && strncasecmp(at, words[i], len) == 0)
				known = found = true;
		if (!known)
			return false;
		at += len;
		at += *at != '\0' && *at != '/';
	}
	return found;
}

/* BEGIN in what a script runs as one transaction already. */
static void judge_transaction(struct check *check, const struct writings *writings, const char *path, const char *sql)
{
	const char *begin = word_in(sql, "BEGIN");
	if (begin == NULL || strstr(sql, "COMMIT") == NULL || strstr(sql, "$$") != NULL)
		return;
	struct written_line at = {0};
	auto_free char *folder = path_parent(path);
	const char *name = strcmp(folder, ".") != 0 ? path_name(folder) : path_name(path);
	while (writings_find(writings, "psql", &at)) {
		const struct written *written = at.written;
		bool is_one = strstr(written->text, "--single-transaction") != NULL || strstr(at.text, " -1 ") != NULL;
		if (written->is_prose || !is_one || strstr(written->text, name) == NULL)
			continue;
		check_against(check, path, text_line_at(sql, (size_t)(begin - sql)),
			"it begins a transaction inside the one of %s: COMMIT here ends both", written->path);
		break;
	}
	written_line_finish(&at);
}

static void judge_seed_file(struct check *check, const struct writings *writings, const char *path)
{
	auto_free char *text = tree_read(&check->sources->tree, path, NULL);
	if (text == NULL)
		return;
	auto_free char *sql = plain_sql(text);
	unsigned line = doubling_line(sql), person = person_line(text);
	check_for(check, path, 0, "test data");
	if (line > 0)
		check_against(check, path, line, "run a second time this INSERT fails or doubles its rows: ON CONFLICT is missing");
	if (person > 0)
		check_against(check, path, person, "an address that may be a real person's: example.com is for such data");
	judge_transaction(check, writings, path, sql);
	judge_sequence(check, path, sql);
}

static bool is_seed_program(const struct rust_source *source)
{
	static const char *const inserts[] = {"INSERT INTO", "insert into", "insert_into", "insert_many", "ActiveModel", ".insert("};
	if (source->is_test || !path_has_word(path_name(source->path), seed_words))
		return false;
	for (size_t i = 0; i < COUNT_OF(inserts); i++)
		if (strstr(source->text, inserts[i]) != NULL)
			return true;
	return false;
}

static bool find_seed_files(struct check *check, const struct writings *writings)
{
	const struct sources *sources = check->sources;
	bool found = false;
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		const char *migration = migration_name(file->path);
		if (file->is_harness || file->is_link || !text_ends_with(file->path, ".sql"))
			continue;
		if (migration != NULL && is_seed_migration(migration)) {
			check_against(check, file->path, 0, "test data among the migrations: every database gets it, also that of production");
			found = true;
		} else if (migration == NULL && is_seed_path(file->path)) {
			judge_seed_file(check, writings, file->path);
			found = true;
		}
	}
	for (size_t i = 0; i < sources->rust.sources.count; i++)
		if (is_seed_program(&sources->rust.sources.items[i])) {
			check_for(check, sources->rust.sources.items[i].path, 0, "code that writes test data");
			found = true;
		}
	return found;
}

/* "seed:", "db-seed:" of make and just; "seed.sh" by its name. */
static bool find_seed_commands(struct check *check, const struct writings *writings)
{
	bool found = false;
	struct written_line at = {0};
	while (writings_find(writings, "seed", &at)) {
		const struct written *written = at.written;
		if (written->is_prose || written->is_harness)
			continue;
		const char *text = at.text + strspn(at.text, " \""), *end = strpbrk(text, ":=] ");
		auto_free char *head = mem_copy_bytes(text, end != NULL ? (size_t)(end - text) : 0);
		bool is_task = text_starts_with(text, "[tasks.") || (end != NULL && end[0] == ':' && end[1] != '=');
		bool is_target = is_task && path_has_word(head, seed_words);
		bool is_script = path_has_word(path_name(written->path), seed_words);
		if (!is_target && !is_script)
			continue;
		check_for(check, written->path, is_target ? at.line : 0, "a command that seeds");
		found = true;
	}
	written_line_finish(&at);
	return found;
}

static const struct unit *unit_called(const struct layers *layers, const struct layer *layer, const char *const *words)
{
	for (size_t i = 0; i < layers->units.count; i++)
		if (layers->units.items[i].layer == layer && path_has_word(layers->units.items[i].name, words))
			return &layers->units.items[i];
	return NULL;
}

static bool judge_seed_unit(struct check *check, const struct layers *layers, const struct unit *unit)
{
	static const char *const migrators[] = {"migrate", "migrations", "migration", "migrator", NULL};
	unsigned line;
	if (!path_has_word(unit->name, seed_words))
		return false;
	const char *file = unit_place(layers, unit, NULL, NULL, &line);
	check_for(check, file, line, "the service %s seeds", unit->name);
	const struct unit *migrate = unit_called(layers, unit->layer, migrators);
	if (migrate != NULL && migrate != unit && json_object_get(json_object_get(unit->json, "depends_on"), migrate->name) == NULL)
		check_against(check, file, line, "%s does not wait for %s: it may find no tables", unit->name, migrate->name);
	return true;
}

/* Seeds that the server reads when it begins, before any migration. */
static bool judge_first_run(struct check *check, const struct layers *layers, const struct unit *unit, const char *migrations)
{
	struct unit_mount mount;
	bool found = false;
	unsigned line;
	for (size_t i = 0; unit_mount(layers, unit, i, &mount); unit_mount_finish(&mount), i++) {
		if (mount.path == NULL || !path_is_below(mount.target, "/docker-entrypoint-initdb.d") || !is_seed_path(mount.path))
			continue;
		const char *file = unit_place(layers, unit, "volumes", mount.target, &line);
		found = true;
		if (migrations != NULL)
			check_against(check, file, line, "%s seeds from %s before the migrations of %s have made tables, and never again", unit->name,
				mount.path, migrations);
		else
			check_for(check, file, line, "%s seeds from %s on its first start", unit->name, mount.path);
	}
	return found;
}

static void say_no_seeds(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *crate = NULL, *engine = server_database(sources, &crate);
	const char *file = sources->rust.graph_file != NULL ? sources->rust.graph_file : main_place(sources);
	if (engine == NULL)
		check_none(check, file, "no enabled crate talks to a database server");
	else if (!has_program(sources))
		check_none(check, file, "there is no program here, and so no database of its own");
	else
		check_against(check, sources->rust.manifests.count > 0 ? sources->rust.manifests.items[0] : file, 0,
			"%s talks to %s, and nothing here fills a new database with test data", crate, engine);
}

void files_seeds(struct check *check)
{
	const struct layers *layers = check->sources->layers;
	const struct writings *writings = check->sources->writings;
	auto_free char *migrations = migrations_folder(check->sources);
	bool found = find_seed_files(check, writings);
	found = find_seed_commands(check, writings) || found;
	for (size_t i = 0; i < layers->units.count; i++) {
		found = judge_seed_unit(check, layers, &layers->units.items[i]) || found;
		found = judge_first_run(check, layers, &layers->units.items[i], migrations) || found;
	}
	if (!found)
		say_no_seeds(check);
}
