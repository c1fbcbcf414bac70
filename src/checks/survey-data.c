/* What stands behind the programs: databases and their migrations, redis, mail;
 * the libraries that are linked; and the files that are read at run time. */
#include "survey.h"

#include "clients.h"
#include "migrations.h"

#include <ctype.h>
#include <fnmatch.h>

enum { FOLDERS_MOST = 50 };

/* ---- variables ---- */

/* The variable that a service reads whose name fits the first of the patterns that any fits. */
static const char *variable_like(const struct survey *survey, const char *const *patterns)
{
	for (; *patterns != NULL; patterns++)
		for (size_t i = 0; i < survey->all.count; i++)
			for (size_t k = 0; k < survey->all.items[i].reads.count; k++)
				if (fnmatch(*patterns, survey->all.items[i].reads.items[k].name, 0) == 0)
					return survey->all.items[i].reads.items[k].name;
	return NULL;
}

/* ---- the database ---- */

static const char *const engines[] = {"postgres", "mysql", "sqlite"};
static const unsigned engine_bits[] = {STORE_POSTGRES, STORE_MYSQL, STORE_SQLITE};

/* Which crate: one that a person would name. */
static const char *database_crate(const struct rust_facts *facts, const char *found)
{
	static const char *const names[] = {"sqlx", "sea-orm", "diesel-async", "diesel", NULL};
	const struct rust_crate *crate = direct_crate(facts, names);
	return crate != NULL ? crate->name : found;
}

/* By an address in an env file or the code, where the crates leave it open. */
static const char *engine_of_addresses(const struct survey *survey, const char **file, unsigned *line)
{
	static const char *const schemes[] = {"postgres", "mysql:", "sqlite:"};
	static const char *const files[] = {".env", ".env.example", ".env.sample", ".env.template", "env.example", ".env.*", NULL};
	struct text_walk walk = {0};
	for (char *text; (text = text_walk_next(survey->sources, &walk, files)) != NULL;) {
		auto_free char *own = text;
		for (size_t i = 0; i < COUNT_OF(schemes); i++) {
			const char *found = strstr(own, schemes[i]);
			if (found == NULL || strstr(own, "DATABASE_URL") == NULL)
				continue;
			*file = walk.file->path;
			*line = text_line_at(own, (size_t)(found - own));
			return engines[i];
		}
	}
	return NULL;
}

static const char *service_engine(const struct survey *survey)
{
	const char *name;
	void *iter;
	json_t *services = compose_services(survey->sources);
	for (iter = json_object_iter(services); iter != NULL; iter = json_object_iter_next(services, iter)) {
		const char *image = compose_image(json_object_iter_value(iter));
		name = image != NULL ? image : "";
		if (strstr(name, "postgres") != NULL || strstr(name, "postgis") != NULL || strstr(name, "timescale") != NULL)
			return "postgres";
		if (strstr(name, "mysql") != NULL || strstr(name, "mariadb") != NULL)
			return "mysql";
	}
	return NULL;
}

static const char *choose_engine(const struct survey *survey, unsigned stores, const char *crate)
{
	const char *file = NULL, *named = NULL;
	unsigned line = 0, count = 0;
	size_t only = 0;
	for (size_t i = 0; i < COUNT_OF(engine_bits); i++)
		if ((stores & engine_bits[i]) != 0) {
			only = count++ == 0 ? i : only;
		}
	if (count == 1) {
		survey_say(survey->says, rust_file(survey->sources), 0, _("the database is %s: %s asks for it"), engines[only], crate);
		return engines[only];
	}
	named = service_engine(survey);
	if (named == NULL)
		named = engine_of_addresses(survey, &file, &line);
	if (named == NULL && count == 0)
		return NULL;
	if (named != NULL)
		survey_say(survey->says, file, line, _("the database is %s: what is there already uses it, and %s leaves it open"), named, crate);
	else
		survey_say(survey->says, rust_file(survey->sources), 0, _("%s is built for several databases: %s is taken, the first of them"), crate, engines[only]);
	return named != NULL ? named : engines[only];
}

/* What brings the tables up to date. */
static const char *migration_tool_of(const struct survey *survey, const char *crate, const char *folder)
{
	const struct rust_facts *facts = &survey->sources->rust;
	struct migrations migrations;
	const char *tool = NULL;
	if (rust_crate(facts, "refinery") != NULL)
		return "refinery";
	if (rust_crate(facts, "sea-orm-migration") != NULL)
		return "sea-orm";
	if (rust_crate(facts, "diesel_migrations") != NULL)
		return "diesel";
	migrations_find(survey->sources, &migrations);
	for (size_t i = 0; i < migrations.sets.count && folder != NULL; i++) {
		static const char *const tools[] = {[MIGRATION_SQLX] = "sqlx", [MIGRATION_DIESEL] = "diesel", [MIGRATION_REFINERY] = "refinery"};
		if (strcmp(migrations.sets.items[i].folder, folder) == 0)
			tool = tools[migrations.sets.items[i].kind];
	}
	migrations_finish(&migrations);
	if (text_equal(tool, "refinery") || (text_equal(tool, "sqlx") && !text_equal(crate, "sqlx") && rust_crate(facts, "sqlx") == NULL))
		return NULL; /* plain SQL, and nothing of the project applies it */
	return tool;
}

/* Of several folders: that which the program names, else that of its engine, else the first. */
static char *choose_migrations(const struct survey *survey, const char *engine)
{
	auto_strings named = {0};
	struct migrations migrations;
	char *folder = NULL;
	migrations_folders(survey->sources, &named);
	for (size_t i = 0; i < named.count && folder == NULL; i++) {
		const char *path = text_starts_with(named.items[i], "./") ? named.items[i] + 2 : named.items[i];
		if (tree_has_folder(&survey->sources->tree, path))
			folder = mem_copy_string(path);
	}
	migrations_find(survey->sources, &migrations);
	for (size_t i = 0; i < migrations.sets.count && folder == NULL; i++)
		if (strstr(migrations.sets.items[i].folder, engine) != NULL)
			folder = mem_copy_string(migrations.sets.items[i].folder);
	if (folder == NULL && migrations.sets.count > 0)
		folder = mem_copy_string(migrations.sets.items[0].folder);
	if (migrations.sets.count > 1 && folder != NULL)
		survey_say(survey->says, folder, 0, _("there are several folders of migrations: this one is taken"));
	migrations_finish(&migrations);
	return folder != NULL ? folder : migrations_folder(survey->sources);
}

static bool is_embedded(const struct survey *survey)
{
	static const char *const words[] = {"migrate ! (", "embed_migrations ! (", "run_pending_migrations", "Migrator :: up", "migrations :: runner",
		"Migrator :: new", "SqlxMigrator", "db_migrate", NULL};
	struct rust_place place;
	for (size_t i = 0; i < survey->all.count; i++) {
		const struct surveyed *surveyed = &survey->all.items[i];
		for (size_t k = 0; surveyed->is_service && words[k] != NULL; k++)
			for (place = (struct rust_place){0}; rust_find(&surveyed->program->facts, words[k], &place);)
				if (reach_has(surveyed->reach, place.source, place.offset)) {
					survey_say(survey->says, place.source->path, place.line, _("%s applies the migrations itself"), surveyed->program->name);
					return true;
				}
	}
	return false;
}

static bool has_query_data(const struct survey *survey)
{
	const struct tree *tree = &survey->sources->tree;
	size_t at = 0;
	if (tree_each(tree, &at, "sqlx-data.json") != NULL)
		return true;
	at = 0;
	return tree_each(tree, &at, "query-*.json") != NULL;
}

static bool has_query_macros(const struct survey *survey)
{
	static const char *const words[] = {"query ! (", "query_as ! (", "query_scalar ! (", "query_file ! (", "query_file_as ! (", "query_unchecked ! (",
		"query_as_unchecked ! (", "query_scalar_unchecked ! (", "query_file_scalar ! (", NULL};
	struct rust_place place;
	return rust_crate(&survey->sources->rust, "sqlx") != NULL && find_any(&survey->sources->rust, words, &place);
}

json_t *survey_database(const struct survey *survey)
{
	static const char *const addresses[] = {"DATABASE_URL", "*_DATABASE_URL", "DB_URL", "*_DB_URL", "POSTGRES_URL", "POSTGRES*_UR[LI]", "PG_URL", "MYSQL*_URL", "DATABASE_URI",
		"*DSN", "SQLITE*", "DATABASE_PATH", "DB_PATH", "DATABASE*", "PGHOST", "DB_HOST", NULL};
	const char *found;
	unsigned stores = stores_find(survey->sources, &found);
	if ((stores & (STORE_POSTGRES | STORE_MYSQL | STORE_SQLITE | STORE_SQL)) == 0)
		return json_null();
	const char *crate = database_crate(&survey->sources->rust, found), *engine = choose_engine(survey, stores, crate);
	if (engine == NULL)
		return json_null();
	auto_free char *folder = choose_migrations(survey, engine);
	json_t *json = json_object(), *others = json_array();
	const char *variable = variable_like(survey, addresses);
	bool has_macros = has_query_macros(survey), is_offline = has_query_data(survey);
	for (size_t i = 0; i < COUNT_OF(engines); i++)
		if ((stores & engine_bits[i]) != 0 && strcmp(engines[i], engine) != 0)
			json_array_append_new(others, json_string(engines[i]));
	if (has_macros && !is_offline)
		survey_say(survey->says, rust_file(survey->sources), 0,
			_("sqlx checks its queries while it builds, and there is no .sqlx folder: run cargo sqlx prepare --workspace once and commit what it writes"));
	json_object_set_new(json, "engine", json_string(engine));
	json_object_set_new(json, "crate", survey_text(crate));
	json_object_set_new(json, "env", survey_text(variable != NULL ? variable : "DATABASE_URL"));
	json_object_set_new(json, "tool", survey_text(migration_tool_of(survey, crate, folder)));
	json_object_set_new(json, "migrations", survey_text(folder));
	json_object_set_new(json, "is_embedded", json_boolean(is_embedded(survey)));
	json_object_set_new(json, "is_offline", json_boolean(is_offline));
	json_object_set_new(json, "has_macros", json_boolean(has_macros));
	json_object_set_new(json, "others", others);
	return json;
}

/* ---- redis, mail ---- */

json_t *survey_redis(const struct survey *survey)
{
	static const char *const patterns[] = {"REDIS_URL", "*REDIS*_URL", "*REDIS*_URI", "VALKEY_URL", "CACHE_URL", "*REDIS*", NULL};
	const char *crate = redis_crate(survey->sources), *variable = variable_like(survey, patterns);
	if (crate == NULL)
		return json_null();
	return json_pack("{s:o,s:o}", "env", survey_text(variable != NULL ? variable : "REDIS_URL"), "crate", survey_text(crate));
}

json_t *survey_mail(const struct survey *survey)
{
	static const char *const hosts[] = {"SMTP_HOST", "*SMTP*HOST*", "MAIL_HOST", "*MAIL*HOST*", "*SMTP*SERVER*", "*MAIL*SERVER*", "SMTP_URL", "*SMTP*RELAY*", "*SMTP*URL*", NULL};
	static const char *const ports[] = {"SMTP_PORT", "*SMTP*PORT*", "*MAIL*PORT*", NULL};
	const char *crate = mail_crate(survey->sources);
	if (crate == NULL)
		return json_null();
	return json_pack("{s:o,s:o,s:o}", "crate", survey_text(crate), "host_env", survey_text(variable_like(survey, hosts)), "port_env",
		survey_text(variable_like(survey, ports)));
}

/* ---- libraries ---- */

/* Debian 13 (trixie); packages of the name t64 since its time_t of 64 bits. */
static const struct native {
	const char *crate, *build[4], *run[2];
	const char *none_by[4]; /* crates, or features of it, that bring the library along */
} natives[] = {
	{"pq-sys", {"libpq-dev", NULL}, {"libpq5", NULL}, {"pq-src", "bundled", NULL}},
	{"openssl-sys", {"libssl-dev", "pkg-config", NULL}, {"libssl3t64", NULL}, {"openssl-src", "vendored", NULL}},
	{"libsqlite3-sys", {"libsqlite3-dev", "pkg-config", NULL}, {"libsqlite3-0", NULL}, {"bundled", "bundled-windows", "bundled-sqlcipher", NULL}},
	{"mysqlclient-sys", {"default-libmysqlclient-dev", "pkg-config", NULL}, {"libmariadb3", NULL}, {"mysqlclient-src", "bundled", NULL}},
	{"prost-build", {"protobuf-compiler", NULL}, {NULL}, {"protoc-bin-vendored", "protobuf-src", "protox", "vendored"}},
	{"tonic-build", {"protobuf-compiler", NULL}, {NULL}, {"protoc-bin-vendored", "protobuf-src", "protox", NULL}},
	{"tonic-prost-build", {"protobuf-compiler", NULL}, {NULL}, {"protoc-bin-vendored", "protobuf-src", "protox", NULL}},
	{"aws-lc-sys", {"cmake", NULL}, {NULL}, {NULL}},
	{"aws-lc-fips-sys", {"cmake", "golang-go", NULL}, {NULL}, {NULL}},
	{"clang-sys", {"libclang-dev", NULL}, {NULL}, {NULL}},
	{"rdkafka-sys", {"make", "g++", NULL}, {NULL}, {"cmake-build", "dynamic-linking", "cmake_build", "dynamic_linking"}},
	{"librocksdb-sys", {"libclang-dev", "g++", NULL}, {NULL}, {NULL}},
	{"tikv-jemalloc-sys", {"make", NULL}, {NULL}, {NULL}},
	{"libsodium-sys", {"libsodium-dev", "pkg-config", NULL}, {"libsodium23", NULL}, {NULL}},
	{"zmq-sys", {"libzmq3-dev", "pkg-config", NULL}, {"libzmq5", NULL}, {NULL}},
	{"zeromq-src", {"cmake", "g++", NULL}, {NULL}, {NULL}},
	{"pcap", {"libpcap-dev", NULL}, {"libpcap0.8t64", NULL}, {NULL}},
	{"odbc-sys", {"unixodbc-dev", NULL}, {"libodbc2", NULL}, {NULL}},
	{"libgssapi-sys", {"libkrb5-dev", NULL}, {"libgssapi-krb5-2", NULL}, {NULL}},
	{"libdbus-sys", {"libdbus-1-dev", "pkg-config", NULL}, {"libdbus-1-3", NULL}, {"vendored", NULL}},
	{"libudev-sys", {"libudev-dev", "pkg-config", NULL}, {"libudev1", NULL}, {NULL}},
	{"alsa-sys", {"libasound2-dev", "pkg-config", NULL}, {"libasound2t64", NULL}, {NULL}},
	{"onig_sys", {"libclang-dev", NULL}, {NULL}, {NULL}},
	{"link-cplusplus", {"g++", NULL}, {"libstdc++6", NULL}, {NULL}},
};

static bool is_brought_along(const struct rust_facts *facts, const struct native *native)
{
	for (size_t i = 0; i < COUNT_OF(native->none_by) && native->none_by[i] != NULL; i++)
		if (rust_crate(facts, native->none_by[i]) != NULL || rust_has_feature(facts, native->crate, native->none_by[i]))
			return true;
	return false;
}

/* sqlx has its own sqlite bundled, and names it in the lock for databases that it is not asked for. */
static bool is_sqlite_of_sqlx(const struct rust_facts *facts, const char *crate)
{
	static const char *const others[] = {"rusqlite", "diesel", "r2d2_sqlite", "tokio-rusqlite", "libsqlite3-sys", NULL};
	bool is_diesel = rust_crate(facts, "diesel") != NULL && rust_has_feature(facts, "diesel", "sqlite");
	const struct rust_crate *other = direct_crate(facts, others);
	bool is_other = other != NULL && (strcmp(other->name, "diesel") != 0 || is_diesel);
	bool bundles = rust_has_feature(facts, "rusqlite", "bundled") || rust_has_feature(facts, "rusqlite", "bundled-full");
	return strcmp(crate, "libsqlite3-sys") == 0 && (!is_other || bundles);
}

static void add_packages(const char *const *from, size_t most, struct strings *to)
{
	for (size_t i = 0; i < most && from[i] != NULL; i++)
		strings_add_new(to, from[i]);
}

static json_t *list_of(struct strings *list)
{
	json_t *json = json_array();
	strings_sort(list);
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(json, json_string(list->items[i]));
	return json;
}

/* librdkafka is built by its crate in one of three ways. */
static void add_kafka(const struct rust_facts *facts, struct strings *build, struct strings *run)
{
	if (rust_crate(facts, "rdkafka-sys") == NULL)
		return;
	if (rust_has_feature(facts, "rdkafka-sys", "dynamic-linking") || rust_has_feature(facts, "rdkafka", "dynamic-linking")) {
		add_packages((const char *const[]){"librdkafka-dev", "pkg-config", NULL}, 3, build);
		strings_add_new(run, "librdkafka1");
	} else if (rust_has_feature(facts, "rdkafka-sys", "cmake-build") || rust_has_feature(facts, "rdkafka", "cmake-build")) {
		add_packages((const char *const[]){"cmake", "g++", NULL}, 3, build);
	}
}

/* Programs that the code starts: these have to be there where it runs. */
static void add_called(const struct survey *survey, struct strings *run)
{
	static const struct {
		const char *program, *package;
	} known[] = {{"ffmpeg", "ffmpeg"}, {"ffprobe", "ffmpeg"}, {"exiftool", "libimage-exiftool-perl"}, {"pg_dump", "postgresql-client"}, {"psql", "postgresql-client"},
		{"pg_restore", "postgresql-client"}, {"git", "git"}, {"docker", "docker-cli"}, {"curl", "curl"}, {"wget", "wget"}, {"convert", "imagemagick"}, {"magick", "imagemagick"},
		{"pdftotext", "poppler-utils"}, {"pdftoppm", "poppler-utils"}, {"pandoc", "pandoc"}, {"openssl", "openssl"}, {"ssh", "openssh-client"}, {"rsync", "rsync"},
		{"zip", "zip"}, {"unzip", "unzip"}, {"gs", "ghostscript"}, {"dot", "graphviz"}, {"tesseract", "tesseract-ocr"}, {"mysqldump", "default-mysql-client"}};
	for (size_t i = 0; i < survey->all.count; i++) {
		const struct surveyed *surveyed = &survey->all.items[i];
		for (struct literal literal = {0}; surveyed->is_shipped && literal_each(&surveyed->program->facts, &literal);)
			for (size_t k = 0; k < COUNT_OF(known); k++) {
				bool same = literal.len == strlen(known[k].program) && strncmp(literal.text, known[k].program, literal.len) == 0;
				if (!same || !code_ends_with(literal.source, literal.offset, "Command::new(") || !reach_has(surveyed->reach, literal.source, literal.offset))
					continue;
				if (strings_add_new(run, known[k].package))
					survey_say(survey->says, literal.source->path, literal_line(&literal), _("%s is started here: the image needs %s"), known[k].program,
						known[k].package);
			}
	}
}

json_t *survey_native(const struct survey *survey)
{
	static const char *const certificates[] = {"openssl-sys", "rustls-native-certs", "rustls-platform-verifier", "native-tls", "openssl-probe", NULL};
	const struct rust_facts *facts = &survey->sources->rust;
	const char *which = NULL;
	auto_strings build = {0}, run = {0};
	for (size_t i = 0; i < COUNT_OF(natives); i++) {
		const struct native *native = &natives[i];
		if (rust_crate(facts, native->crate) == NULL || is_brought_along(facts, native) || is_sqlite_of_sqlx(facts, native->crate))
			continue;
		add_packages(native->build, COUNT_OF(native->build), &build);
		add_packages(native->run, COUNT_OF(native->run), &run);
		survey_say(survey->says, rust_file(survey->sources), 0, _("%s is linked or built: it needs %s"), native->crate, native->build[0]);
	}
	add_kafka(facts, &build, &run);
	add_called(survey, &run);
	bool reads_certificates = rust_has_any(facts, certificates, &which);
	json_t *json = json_object();
	json_object_set_new(json, "build", list_of(&build));
	json_object_set_new(json, "run", list_of(&run));
	json_object_set_new(json, "certificates", json_boolean(reads_certificates));
	return json;
}

/* ---- files at run time ---- */

/* The call whose argument the literal is, also where others stand before it. */
static bool is_argument_of(const struct literal *literal, const char *const *names)
{
	size_t len;
	const char *before = code_before_bracket(literal->source, literal->offset, &len);
	while (len > 0 && isspace((unsigned char)before[len - 1]))
		len--;
	for (; *names != NULL; names++) {
		size_t size = strlen(*names);
		bool ends = len >= size && strncmp(before + len - size, *names, size) == 0;
		if (ends && (len == size || !is_name_letter(before[len - size - 1])))
			return true;
	}
	return false;
}

/* Without its pattern: "templates" of all HTML files below "./templates"; NULL: nothing of that name is in the project. The caller frees. */
static char *path_in_tree(const struct survey *survey, const struct program *program, const char *text)
{
	const char *const folders[] = {"", survey->folder, program->folder};
	auto_free char *whole = mem_copy_bytes(text, strcspn(text, "*?{"));
	bool is_glob = text[strlen(whole)] != '\0';
	char *slash = strrchr(whole, '/');
	if (is_glob && slash == NULL)
		return NULL;
	if (is_glob)
		*slash = '\0';
	auto_free char *clean = path_clean(whole[0] != '\0' ? whole : ".");
	if (clean[0] == '/' || text_starts_with(clean, "..") || strcmp(clean, ".") == 0)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *path = folders[i][0] != '\0' ? path_join(folders[i], clean) : mem_copy_string(clean);
		if (tree_has_folder(&survey->sources->tree, path) || tree_find(&survey->sources->tree, path) != NULL)
			return steal(&path);
		static const char *const ends[] = {".toml", ".yaml", ".yml", ".json"}; /* File::with_name("config/default") */
		for (size_t k = 0; k < COUNT_OF(ends); k++) {
			auto_free char *file = mem_print("%s%s", path, ends[k]);
			char *last = strrchr(path, '/');
			if (tree_find(&survey->sources->tree, file) == NULL)
				continue;
			return last != NULL ? mem_copy_bytes(path, (size_t)(last - path)) : steal(&file);
		}
	}
	return NULL;
}

static void add_folder(const struct survey *survey, struct strings *folders, char *path, const char *file, unsigned line)
{
	if (path != NULL && folders->count < FOLDERS_MOST && strings_add_new(folders, path))
		survey_say(survey->says, file, line, _("%s is read while the program runs: the image needs it"), path);
	free(path);
}

/* Folders that frameworks read without a word in the code. */
static void add_usual(const struct survey *survey, struct strings *folders)
{
	static const struct {
		const char *crate, *path;
	} usual[] = {{"rocket", "Rocket.toml"}, {"rocket_dyn_templates", "templates"}, {"loco-rs", "config"}};
	for (size_t i = 0; i < COUNT_OF(usual); i++) {
		if (rust_crate(&survey->sources->rust, usual[i].crate) == NULL)
			continue;
		auto_free char *path = survey->folder[0] != '\0' ? path_join(survey->folder, usual[i].path) : mem_copy_string(usual[i].path);
		if (tree_find(&survey->sources->tree, path) != NULL || tree_has_folder(&survey->sources->tree, path))
			add_folder(survey, folders, steal(&path), rust_file(survey->sources), 0);
	}
}

json_t *survey_folders(const struct survey *survey)
{
	static const char *const calls[] = {"ServeDir::new", "ServeFile::new", "Files::new", "NamedFile::open", "NamedFile::open_async", "Tera::new", "Tera::parse",
		"File::with_name", "File::open", "File::from", "read_to_string", "fs::read", "read_dir", "FileServer::from", "FileServer::new", "path_loader", "relative!", "fs::dir",
		"fs::file", "register_templates_directory", "register_template_file", "from_path", "Figment::from", "Toml::file", "Yaml::file", "Json::file", "join", "init_file",
		"StaticFilesEndpoint::new", "StaticFileEndpoint::new", "StaticDir::new", "serve_dir", "Path::new", "PathBuf::from", "init_config", NULL};
	auto_strings folders = {0};
	for (size_t i = 0; i < survey->all.count; i++) {
		const struct surveyed *surveyed = &survey->all.items[i];
		for (struct literal literal = {0}; surveyed->is_shipped && literal_each(&surveyed->program->facts, &literal);) {
			if (literal.len == 0 || literal.len > 200 || !is_argument_of(&literal, calls) || !reach_has(surveyed->reach, literal.source, literal.offset))
				continue;
			auto_free char *text = mem_copy_bytes(literal.text, literal.len);
			add_folder(survey, &folders, path_in_tree(survey, surveyed->program, text), literal.source->path, literal_line(&literal));
		}
	}
	if (survey->all.count > 0)
		add_usual(survey, &folders);
	return list_of(&folders);
}

json_t *survey_seeds(const struct survey *survey)
{
	static const char *const names[] = {"seeds", "seed", "seeders", "seed-data", NULL};
	const struct tree *tree = &survey->sources->tree;
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(tree, &at, "*.sql")) != NULL;) {
		const char *slash = strrchr(file->path, '/');
		auto_free char *folder = slash != NULL ? mem_copy_bytes(file->path, (size_t)(slash - file->path)) : mem_copy_string("");
		if (!file->is_harness && name_in(path_name(folder), names))
			return survey_text(folder);
	}
	return json_null();
}
