/* Surveys: each file of surveys/ is a small project in one file, as the fixtures of
 * the checks are, and in its section `expect` the JSON that must be in what
 * checks_survey() says of it: members of objects, items of lists in their order. An
 * item of `says` is enough where its words stand in one of the sentences.
 *   test-survey [PART...]    those with a part in their name */
#include "cargodeck/checks.h"
#include "fixture.h"
#include "sample.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

enum { SURVEYS_LIMIT = 200 };

static const char *const keys[] = {"name", "folder", "kind", "workspaces", "rust", "programs", "tools", "members", "env", "database", "redis", "mail", "traces", "metrics",
	"logs_json", "native", "data", "seeds", "git", "existing", "kept", "foreign_compose", "secrets_by_env", "says"};
static const char *const program_keys[] = {"name", "package", "folder", "is_main", "listens", "port", "port_env", "address_env", "framework", "health", "ready",
	"metrics", "has_health_command", "database", "redis", "mail", "sigterm", "graceful", "json_logs", "command", "env", "features", "image"};

/* ---- laying out ---- */

static void lay_out(const char *folder, const struct section *section)
{
	auto_free char *name = mem_copy_string(section->name);
	char *arrow = strstr(name, " -> ");
	if (arrow != NULL)
		*arrow = '\0';
	if (arrow == NULL) {
		sample_write(folder, name, section->text);
		return;
	}
	auto_free char *path = path_join(folder, name);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_int_equal(symlink(arrow + 4, path), 0);
}

/* ---- holding against ---- */

static bool has_words(const json_t *list, const char *words)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strstr(json_string_value(json_array_get(list, i)), words) != NULL)
			return true;
	return false;
}

static unsigned complain(const char *path, const json_t *wanted, const json_t *given)
{
	auto_free char *want = json_dumps(wanted, JSON_COMPACT | JSON_ENCODE_ANY);
	auto_free char *have = given != NULL ? json_dumps(given, JSON_COMPACT | JSON_ENCODE_ANY) : mem_copy_string("nothing");
	fprintf(stderr, "  %s: expected %s, is %s\n", path, want, have);
	return 1;
}

static unsigned hold(const char *path, json_t *wanted, const json_t *given)
{
	unsigned bad = 0;
	if (json_is_object(wanted) && json_is_object(given)) {
		const char *key;
		json_t *value;
		json_object_foreach(wanted, key, value) {
			auto_free char *below = mem_print("%s.%s", path, key);
			bad += hold(below, value, json_object_get(given, key));
		}
		return bad;
	}
	if (!json_is_array(wanted) || !json_is_array(given))
		return json_equal(wanted, given) ? 0 : complain(path, wanted, given);
	if (strcmp(path, ".says") != 0 && json_array_size(wanted) != json_array_size(given))
		return complain(path, wanted, given);
	for (size_t i = 0; i < json_array_size(wanted); i++) {
		json_t *item = json_array_get(wanted, i);
		auto_free char *below = mem_print("%s[%zu]", path, i);
		if (strcmp(path, ".says") != 0)
			bad += hold(below, item, json_array_get(given, i));
		else if (!has_words(given, json_string_value(item)))
			bad += complain(path, item, given);
	}
	return bad;
}

/* What must hold of any survey. */
static unsigned hold_whole(const json_t *given)
{
	unsigned bad = 0;
	const json_t *programs = json_object_get(given, "programs");
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		bad += json_object_get(given, keys[i]) == NULL ? complain(keys[i], given, NULL) : 0;
	bad += json_object_size(given) != COUNT_OF(keys);
	for (size_t k = 0; k < json_array_size(programs); k++)
		for (size_t i = 0; i < COUNT_OF(program_keys); i++)
			bad += json_object_get(json_array_get(programs, k), program_keys[i]) == NULL ? complain(program_keys[i], programs, NULL) : 0;
	bad += json_array_size(programs) > 0 && !json_is_true(json_object_get(json_array_get(programs, 0), "is_main"));
	return bad;
}

/* ---- one survey ---- */

static json_t *survey(const struct check_options *options)
{
	struct fault fault = {0};
	auto_free char *text = checks_survey(options, &fault);
	assert_non_null(text);
	assert_null(strstr(text, "hunter2")); /* every secret of these projects */
	json_t *json = json_loads(text, 0, NULL);
	assert_true(json_is_object(json));
	return json;
}

static void judge(void **state)
{
	struct sections sections = {0};
	size_t len;
	auto_free char *text = file_read(*state, 4 << 20, &len, NULL);
	assert_non_null(text);
	read_sections(text, &sections);
	char *folder = sample_open();
	auto_strings compose = {0}, tracked = {0};
	for (size_t i = 0; i < sections.count; i++)
		if (!is_about(sections.items[i].name))
			lay_out(folder, &sections.items[i]);
	auto_free char *path = path_join(folder, "compose.yaml");
	if (file_exists(path))
		strings_add(&compose, "compose.yaml");
	const char *has = section_text(&sections, "tracked"), *metadata = section_text(&sections, "metadata.json");
	if (has != NULL)
		strings_split(&tracked, has, '\n');
	auto_free char *cargo = with_root(metadata, folder);
	struct check_options options = {.root = folder, .compose_files = &compose, .tracked = has != NULL ? &tracked : NULL,
		.cargo_json = metadata != NULL ? cargo : NULL, .cargo_len = strlen(cargo), .cargo_reason = metadata != NULL ? NULL : "cargo was not asked"};
	json_error_t error;
	json_t *wanted = json_loads(section_text(&sections, "expect"), JSON_REJECT_DUPLICATES, &error);
	if (wanted == NULL)
		fail_msg("expect:%d: %s", error.line, error.text);
	json_t *given = survey(&options);
	unsigned bad = hold_whole(given) + hold("", wanted, given);
	json_decref(wanted);
	json_decref(given);
	sections_finish(&sections);
	sample_close(folder);
	assert_int_equal(bad, 0);
}

/* ---- whole projects ---- */

static void every_folder_can_be_surveyed(void **state)
{
	static const char *const folders[] = {"share/example", "tests/workspaces/below", "tests/workspaces/many", "tests/workspaces/single", "tests/workspaces/synced"};
	const char *source = getenv("TEST_SRCDIR");
	(void)state;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *folder = path_join(source != NULL ? source : "..", folders[i]);
		auto_strings compose = {0};
		strings_add(&compose, "compose.yaml");
		struct check_options options = {.root = folder, .compose_files = &compose};
		json_t *json = survey(&options);
		assert_int_equal(hold_whole(json), 0);
		json_decref(json);
	}
}

static void a_missing_folder_is_a_fault(void **state)
{
	struct check_options options = {.root = "/tmp/there-is-no-such-folder-for-tests"};
	struct fault fault = {0};
	(void)state;
	assert_null(checks_survey(&options, &fault));
	assert_true(fault.text[0] != '\0');
}

static void bytes_that_are_no_text_are_cleaned(void **state)
{
	char *folder = sample_open();
	(void)state;
	sample_write(folder, "Cargo.toml", "[package]\nname = \"a\\u001b[31m\"\nversion = \"0.1.0\"\n[[bin]]\nname = \"x\xff\033[31my\"\npath = \"src/main.rs\"\n[dependencies]\naxum = \"0.8\"\n");
	sample_write(folder, "src/main.rs", "fn main() { let a = var(\"APP\").unwrap_or(\"\xfe\033]0;x\007\"); axum::serve(TcpListener::bind(\"0.0.0.0:80\")); }\n");
	struct check_options options = {.root = folder};
	json_t *json = survey(&options), *program = json_array_get(json_object_get(json, "programs"), 0);
	assert_string_equal(json_string_value(json_object_get(program, "name")), "x\uFFFD [31my");
	assert_int_equal(json_integer_value(json_object_get(program, "port")), 80);
	json_t *variable = json_array_get(json_object_get(json, "env"), 0);
	assert_string_equal(json_string_value(json_object_get(variable, "value")), "\uFFFD ]0;x ");
	json_decref(json);
	sample_close(folder);
}

static void origins_lose_what_is_secret_in_them(void **state)
{
	static const struct {
		const char *url, *host, *slug;
	} origins[] = {{"https:" "//me:hunter2@git.example.com:8443/acme/shop.git", "git.example.com", "acme/shop"},
		{"ssh:" "//git@example.com:22/acme/shop", "example.com", "acme/shop"}, {"git@example.com:acme/team/shop.git", "example.com", "acme/team/shop"},
		{"https:" "//hunter2@example.com/acme/shop/?token=hunter2", "example.com", "acme/shop"}, {"../other", NULL, NULL}, {"/srv/git/shop.git", NULL, NULL},
		{"file:" "///srv/git/shop.git", NULL, NULL}, {"https:" "//hunter2@example.com/$(x)/`y`", NULL, NULL}, {"", NULL, NULL}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(origins); i++) {
		char *folder = sample_open();
		auto_free char *config = mem_print("[remote \"origin\"]\n\turl = %s\n", origins[i].url);
		sample_write(folder, ".git/config", config);
		struct check_options options = {.root = folder};
		json_t *json = survey(&options), *git = json_object_get(json, "git");
		assert_true(text_equal(json_string_value(json_object_get(git, "host")), origins[i].host));
		assert_true(text_equal(json_string_value(json_object_get(git, "slug")), origins[i].slug));
		json_decref(json);
		sample_close(folder);
	}
}

/* A worktree's .git is a file that names its repository. */
static void a_worktree_has_its_repository_s_origin(void **state)
{
	char *folder = sample_open();
	auto_free char *pointer = mem_print("gitdir: %s/main/.git/worktrees/tree\n", folder);
	auto_free char *root = path_join(folder, "tree");
	(void)state;
	sample_write(folder, "main/.git/config", "[remote \"origin\"]\n\turl = git@example.com:acme/shop.git\n");
	sample_write(folder, "tree/.git", pointer);
	struct check_options options = {.root = root};
	json_t *json = survey(&options), *git = json_object_get(json, "git");
	assert_true(json_is_true(json_object_get(git, "is_there")));
	assert_string_equal(json_string_value(json_object_get(git, "host")), "example.com");
	assert_string_equal(json_string_value(json_object_get(git, "slug")), "acme/shop");
	json_decref(json);
	sample_close(folder);
}

/* ---- a repository above the project ---- */

static void add_package(const char *folder, const char *framework, const char *main_source)
{
	auto_free char *manifest = mem_print("[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n%s = \"1\"\n", framework);
	sample_write(folder, "Cargo.toml", manifest);
	sample_write(folder, "src/main.rs", main_source);
}

/* A folder with a repository in it and a package in services/shop. */
struct monorepo {
	char *folder, *project;
};

static void open_monorepo(struct monorepo *repo, const char *config)
{
	*repo = (struct monorepo){.folder = sample_open()};
	repo->project = path_join(repo->folder, "services/shop");
	if (config != NULL)
		sample_write(repo->folder, ".git/config", config);
	assert_true(dir_make_all(repo->project, 0755, NULL));
	add_package(repo->project, "axum", "fn main() {}\n");
}

static json_t *survey_monorepo(const struct monorepo *repo)
{
	struct check_options options = {.root = repo->project};
	return survey(&options);
}

static void close_monorepo(struct monorepo *repo)
{
	free(repo->project);
	sample_close(repo->folder);
}

static void a_repository_above_is_found(void **state)
{
	struct monorepo repo;
	(void)state;
	open_monorepo(&repo, "[remote \"origin\"]\n\turl = git@example.com:acme/all.git\n");
	json_t *json = survey_monorepo(&repo), *git = json_object_get(json, "git");
	assert_true(json_is_true(json_object_get(git, "is_there")));
	assert_string_equal(json_string_value(json_object_get(git, "folder")), "services/shop");
	assert_string_equal(json_string_value(json_object_get(git, "slug")), "acme/all");
	auto_free char *line = mem_print("cargodeck init --project %s --manifest-path services/shop/Cargo.toml", repo.folder);
	assert_true(has_words(json_object_get(json, "says"), line));
	json_decref(json);
	/* one of its own comes first */
	sample_write(repo.project, ".git/config", "[remote \"origin\"]\n\turl = git@example.com:acme/shop.git\n");
	json = survey_monorepo(&repo);
	git = json_object_get(json, "git");
	assert_string_equal(json_string_value(json_object_get(git, "folder")), "");
	assert_string_equal(json_string_value(json_object_get(git, "slug")), "acme/shop");
	assert_false(has_words(json_object_get(json, "says"), "the repository begins in"));
	json_decref(json);
	close_monorepo(&repo);
}

static void without_a_repository_there_is_none(void **state)
{
	struct monorepo repo;
	(void)state;
	open_monorepo(&repo, NULL);
	json_t *json = survey_monorepo(&repo), *git = json_object_get(json, "git");
	assert_true(json_is_false(json_object_get(git, "is_there")));
	assert_true(json_is_null(json_object_get(git, "folder")) && json_is_null(json_object_get(git, "slug")));
	json_decref(json);
	close_monorepo(&repo);
}

/* What another one put above the project, or a link, is nobody's repository. */
static void a_repository_above_has_to_be_ours(void **state)
{
	struct monorepo repo;
	(void)state;
	open_monorepo(&repo, NULL);
	auto_free char *aside = path_join(repo.folder, "aside"), *link = path_join(repo.folder, ".git");
	sample_write(aside, "config", "[remote \"origin\"]\n\turl = git@example.com:acme/aside.git\n");
	assert_int_equal(symlink("aside", link), 0);
	json_t *json = survey_monorepo(&repo), *git = json_object_get(json, "git");
	assert_true(json_is_null(json_object_get(git, "folder")) && json_is_null(json_object_get(git, "slug")));
	json_decref(json);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rename(aside, link), 0);
	if (geteuid() == 0) { /* only root may give it away */
		assert_int_equal(chown(link, 4711, (gid_t)-1), 0);
		json = survey_monorepo(&repo);
		assert_true(json_is_null(json_object_get(json_object_get(json, "git"), "folder")));
		json_decref(json);
		assert_int_equal(chown(link, 0, (gid_t)-1), 0);
	}
	json = survey_monorepo(&repo);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "git"), "slug")), "acme/aside");
	json_decref(json);
	close_monorepo(&repo);
}

/* A member is built in the folder of its workspace. */
static void a_workspace_above_is_named(void **state)
{
	static const struct {
		const char *above, *own;
		bool is_member;
	} manifests[] = {
		{"[workspace]\nmembers = [\"services/*\"]\n", "[package]\nname = \"shop\"\n", true},
		{"[workspace]\nmembers = [\"other\"]\n", "[package]\nname = \"shop\"\n", false},
		{"[workspace]\nmembers = [\"other\"]\n", "[package]\nname = \"shop\"\nedition.workspace = true\n", true},
		{"[workspace]\nmembers = [\"services/*\"]\nexclude = [\"services/shop\"]\n", "[package]\nname = \"shop\"\n", false},
		{"[workspace]\nmembers = [\"services/*\"]\n", "[package]\nname = \"shop\"\n[workspace]\n", false},
		{"[package]\nname = \"all\"\n", "[package]\nname = \"shop\"\n", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(manifests); i++) {
		struct monorepo repo;
		open_monorepo(&repo, NULL);
		sample_write(repo.folder, "Cargo.toml", manifests[i].above);
		sample_write(repo.project, "Cargo.toml", manifests[i].own);
		json_t *json = survey_monorepo(&repo);
		auto_free char *line = mem_print("run init there: cargodeck init --project %s", repo.folder);
		assert_int_equal(has_words(json_object_get(json, "says"), line), manifests[i].is_member);
		json_decref(json);
		close_monorepo(&repo);
	}
}

/* ---- the one that was named ---- */

static void a_named_manifest_is_the_only_one(void **state)
{
	static const char *const folders[] = {"a", "b"};
	char *root = sample_open();
	(void)state;
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *folder = path_join(root, folders[i]), *manifest = path_join(folder, "Cargo.toml");
		auto_free char *text = mem_print("[package]\nname = \"%s\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\naxum = \"0.8\"\n", folders[i]);
		sample_write(folder, "Cargo.toml", text);
		sample_write(folder, "src/main.rs", "fn main() { axum::serve(TcpListener::bind(\"0.0.0.0:80\"), app); }\n");
	}
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *folder = path_join(root, folders[i]), *manifest = path_join(folder, "Cargo.toml");
		struct check_options options = {.root = root, .manifest = manifest};
		json_t *json = survey(&options), *programs = json_object_get(json, "programs");
		assert_string_equal(json_string_value(json_object_get(json, "folder")), folders[i]);
		assert_string_equal(json_string_value(json_object_get(json, "kind")), "service");
		assert_int_equal(json_array_size(programs), 1);
		assert_string_equal(json_string_value(json_object_get(json_array_get(programs, 0), "name")), folders[i]);
		assert_true(has_words(json_object_get(json, "says"), "there are several Rust projects here (a and b)"));
		json_decref(json);
	}
	sample_close(root);
}

/* ---- routes that nobody writes ---- */

/* The path of health of a program, "" where there is none. The caller frees. */
static char *health_of(const char *framework, const char *source)
{
	char *folder = sample_open();
	add_package(folder, framework, source);
	struct check_options options = {.root = folder};
	json_t *json = survey(&options), *program = json_array_get(json_object_get(json, "programs"), 0);
	assert_non_null(program);
	const char *health = json_string_value(json_object_get(program, "health"));
	char *copy = mem_copy_string(health != NULL ? health : "");
	json_decref(json);
	sample_close(folder);
	return copy;
}

#define SERVE "let l = TcpListener::bind(\"0.0.0.0:80\").await.unwrap(); axum::serve(l, app).await.unwrap();"

/* Small ones, each with one turn in it: the path that its probe has to ask, "" where it cannot be told. */
static void a_path_is_the_whole_one_or_none(void **state)
{
	static const struct {
		const char *framework, *path, *source;
	} programs[] = {
		{"axum", "/api/health",
			"#[tokio::main] async fn main() { let app = Router::new().route(\"/health\", get(h)); let app = Router::new().nest(\"/api\", app); " SERVE " }"},
		{"axum", "",
			"#[tokio::main] async fn main() { let health = Router::new().route(\"/health\", get(h)); let app = Router::new().nest(\"/api\", health.clone()).merge(health); " SERVE " }"},
		{"axum", "/health",
			"#[tokio::main] async fn main() { let app = Router::new().route(\"/health\", get(h)); info!(\"{:?}\", app); println!(\"x\"); " SERVE " }"},
		{"axum", "",
			"fn prefixed(r: Router) -> Router { Router::new().nest(\"/x\", r) } #[tokio::main] async fn main() { let app = prefixed(Router::new().route(\"/health\", get(h))); " SERVE " }"},
		{"axum", "",
			"#[tokio::main] async fn main() { let p = |r| Router::new().nest(\"/x\", r); let app = p(Router::new().route(\"/health\", get(h))); " SERVE " }"},
		{"axum", "",
			"#[tokio::main] async fn main() { let app = nested!(\"/x\", Router::new().route(\"/health\", get(h))); " SERVE " }"},
		{"axum", "",
			"#[tokio::main] async fn main() { let mut app = Router::new().route(\"/health\", get(h)); if c.prefixed { app = Router::new().nest(\"/api\", app); } " SERVE " }"},
		{"axum", "/health",
			"#[tokio::main] async fn main() { let mut app = Router::new().route(\"/health\", get(h)); if c.debug { app = app.route(\"/debug\", get(d)); } " SERVE " }"},
		{"axum", "/health",
			"#[tokio::main] async fn main() { let app = Router::new().nest(\"/api\", Router::new()).route(\"/health\", get(h)); " SERVE " }"},
		{"axum", "",
			"fn dead() -> Router { Router::new().route(\"/health\", get(h)) } #[tokio::main] async fn main() { let app = Router::new(); " SERVE " }"},
		{"axum", "",
			"struct S { r: Router } #[tokio::main] async fn main() { let s = S { r: Router::new().route(\"/health\", get(h)) }; let app = Router::new().nest(\"/api\", s.r); " SERVE " }"},
		{"axum", "",
			"#[tokio::main] async fn main() { let app = Router::new().route(\"/health\", get(h)); #[cfg(feature = \"x\")] let app = Router::new().nest(\"/api\", app); " SERVE " }"},
		{"axum", "/api/health",
			"#[tokio::main] async fn main() { let api = Router::new().route(\"/health\", get(h)); let other = { let api = Router::new(); Router::new().nest(\"/wrong\", api) }; let app = other.nest(\"/api\", api); " SERVE " }"},
		{"axum", "",
			"trait R { fn routes() -> Router; } struct A; impl R for A { fn routes() -> Router { Router::new().route(\"/health\", get(h)) } } #[tokio::main] async fn main() { let app = Router::new().nest(\"/api\", A::routes()); " SERVE " }"},
		{"axum", "/api/health",
			"struct A; impl A { fn routes() -> Router { Router::new().route(\"/health\", get(h)) } } struct B; impl B { fn routes() -> Router { Router::new() } } #[tokio::main] async fn main() { let app = Router::new().nest(\"/api\", A::routes()).nest(\"/b\", B::routes()); " SERVE " }"},
		{"axum", "/api/health",
			"#[tokio::main] async fn main() -> Result<(), E> { let app = app()?; tokio::select! { r = axum::serve(l(TcpListener::bind(\"0.0.0.0:80\")), app) => r?, _ = stop() => {} } Ok(()) } fn app() -> Result<Router, E> { let api = Router::new().route(\"/health\", get(h)); Ok(Router::new().nest(\"/api\", api)) }"},
		{"axum", "/v1/health",
			"async fn serve(routes: Router) { let l = TcpListener::bind(\"0.0.0.0:80\").await.unwrap(); axum::serve(l, routes).await.unwrap(); } fn main() { tokio::spawn(async move { serve(Router::new().nest(\"/v1\", Router::new().route(\"/health\", get(h)))).await }); }"},
		{"axum", "",
			"async fn serve(r: Router) { let l = TcpListener::bind(\"0.0.0.0:80\").await.unwrap(); let app = Router::new().nest(\"/v1\", r); axum::serve(l, app).await.unwrap(); } fn main() { serve(Router::new().route(\"/health\", get(h))).await; }"},
		{"axum", "/health",
			"async fn serve() { let l = TcpListener::bind(\"0.0.0.0:80\").await.unwrap(); let app = Router::new().route(\"/health\", get(h)).nest(\"/v1\", r()); axum::serve(l, app).await.unwrap(); } fn main() { serve().await; }"},
		{"axum", "",
			"fn main() { let app = [\"/a\", \"/b\"].iter().fold(Router::new(), |r, p| r.nest(p, Router::new().route(\"/health\", get(h)))); " SERVE " }"},
		{"actix-web", "/api/v1/health",
			"fn s() -> Scope { web::scope(\"/v1\").route(\"/health\", web::get().to(h)) } fn main() { HttpServer::new(|| App::new().wrap(x).service(web::scope(\"/api\").service(s()))).bind(\"0.0.0.0:80\")?.run().await }"},
		{"actix-web", "",
			"fn w(cfg: &mut C, f: fn(&mut C)) { cfg.service(web::scope(\"/x\").configure(f)); } fn hc(cfg: &mut C) { cfg.route(\"/health\", web::get().to(h)); } fn c(cfg: &mut C) { w(cfg, hc); } fn main() { HttpServer::new(|| App::new().configure(c)).bind(\"0.0.0.0:80\")?.run().await }"},
		{"actix-web", "/health",
			"fn hc(cfg: &mut C) { cfg.route(\"health\", web::get().to(h)); } fn main() { let app = move || { App::new().app_data(d.clone()).configure(hc) }; HttpServer::new(app).bind(\"0.0.0.0:80\")?.run().await }"},
		{"actix-web", "/health_check",
			"#[get(\"/health_check\")] async fn health_check() -> impl Responder { ok() } pub fn run() -> Result<Server, E> { let server = HttpServer::new(|| App::new().service(health_check)).bind((\"0.0.0.0\", 80))?.run(); Ok(server) } fn main() { run() }"},
		{"actix-web", "",
			"#[get(\"/health\")] async fn health() -> impl Responder { ok() } fn main() { let health = Data::new(1); HttpServer::new(move || App::new().app_data(health.clone())).bind((\"0.0.0.0\", 80))?.run() }"},
		{"rocket", "/api/health",
			"#[get(\"/health\")] fn health() {} #[launch] fn r() -> _ { rocket::build().attach(AdHoc::on_ignite(\"x\", |rocket| async { rocket.mount(\"/api\", routes![health]) })) }"},
		{"rocket", "",
			"#[get(\"/health\")] fn health() {} #[launch] fn r() -> _ { rocket::build().mount(base(), routes![health]) }"},
		{"rocket", "/health",
			"#[get(\"/health\")] fn health() {} #[rocket::main] async fn main() { let _ = rocket::build().mount(\"/\", rocket::routes![health]).launch().await; }"},
		{"salvo", "",
			"fn main() { let r = Router::with_path(\"<tenant>\").push(Router::with_path(\"health\").get(h)); Server::new(TcpListener::new(\"0.0.0.0:80\").bind()).serve(r).await; }"},
		{"salvo", "/health",
			"fn main() { let r = Router::new().push(Router::with_path(\"health\").get(h)).push(Router::with_path(\"users\").push(Router::with_path(\"health2\").get(h))); Server::new(TcpListener::new(\"0.0.0.0:80\").bind()).serve(r).await; }"},
		{"poem", "/health",
			"fn main() { let app = Route::new().at(\"/health\", get(h)).at(\"/x\", get(y)); Server::new(TcpListener::bind(\"0.0.0.0:80\")).run(app).await }"},
		{"tide", "/health",
			"async fn main() { let mut app = tide::new(); app.at(\"/health\").get(|_| async { Ok(\"x\") }); app.listen(\"0.0.0.0:80\").await?; }"},
		{"tide", "",
			"async fn main() { let mut app = tide::new(); let mut sub = tide::new(); sub.at(\"/health\").get(h); sub.at(\"/x\").get(h); app.at(&p).nest(sub); app.listen(\"0.0.0.0:80\").await?; }"},
		{"warp", "/health",
			"async fn main() { let health = warp::path(\"health\").map(|| \"x\"); let users = warp::path(\"users\").and(warp::path::param()).map(f); warp::serve(health.or(users)).run(([0,0,0,0], 80)).await; }"},
		{"warp", "",
			"async fn main() { let health = warp::path(\"health\").map(|| \"x\"); let v = base().and(health); warp::serve(v).run(([0,0,0,0], 80)).await; }"},
		{"ntex", "/health",
			"#[web::get(\"/health\")] async fn health() {} fn main() { web::server(|| web::App::new().service(health)).bind(\"0.0.0.0:80\")?.run().await }"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		auto_free char *path = health_of(programs[i].framework, programs[i].source);
		if (strcmp(path, programs[i].path) != 0)
			fail_msg("\"%s\" instead of \"%s\" of %s", path, programs[i].path, programs[i].source);
	}
}

#define SERVES "fn main() { let l = TcpListener::bind(\"0.0.0.0:80\"); axum::serve(l, "

static void add_times(struct str *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		str_add(out, text);
}

static void thousands_of_nests_come_to_an_end(void **state)
{
	auto_str text = {0}, deep = {0};
	(void)state;
	str_add(&text, SERVES);
	add_times(&text, "Router::new().nest(\"/a\", ", 1000);
	str_add(&text, "Router::new().route(\"/health\", get(ok))");
	add_times(&text, ")", 1000);
	str_add(&text, "); }\n");
	auto_free char *health = health_of("axum", str_text(&text));
	assert_string_equal(health, "");
	str_add(&deep, SERVES);
	add_times(&deep, "Router::new().nest(\"/a\", ", 10);
	str_add(&deep, "Router::new().route(\"/health\", get(ok))");
	add_times(&deep, ")", 10);
	str_add(&deep, "); }\n");
	auto_free char *other = health_of("axum", str_text(&deep));
	assert_string_equal(other, "/a/a/a/a/a/a/a/a/a/a/health");
}

static void brackets_that_do_not_match_are_passed_over(void **state)
{
	auto_str text = {0};
	(void)state;
	str_add(&text, SERVES "Router::new().route(\"/health\", get(ok))); }\n");
	add_times(&text, "(", 60000);
	auto_free char *health = health_of("axum", str_text(&text));
	assert_string_equal(health, "");
}

/* Each function is called twice by the next one, and the last one by the first. */
static void functions_in_a_circle_come_to_an_end(void **state)
{
	auto_str text = {0};
	(void)state;
	str_add(&text, "fn f0() -> Router { Router::new().route(\"/health\", get(ok)).merge(f40()) }\n");
	for (int i = 1; i <= 40; i++)
		str_print(&text, "fn f%d() -> Router { Router::new().merge(f%d()).nest(\"/x\", f%d()) }\n", i, i - 1, i - 1);
	str_add(&text, "fn main() { let l = TcpListener::bind(\"0.0.0.0:80\"); axum::serve(l, other()); }\n");
	auto_free char *health = health_of("axum", str_text(&text));
	assert_string_equal(health, "");
	str_add(&text, "fn b() { axum::serve(l, f3()); }\nfn a() { b() }\n");
	auto_free char *found = health_of("axum", str_text(&text));
	assert_true(found[0] == '\0' || strcmp(found, "/health") == 0);
}

static void variables_in_a_circle_come_to_an_end(void **state)
{
	auto_str text = {0};
	(void)state;
	str_add(&text, "fn main() {\nlet l = TcpListener::bind(\"0.0.0.0:80\");\nlet mut app = Router::new().route(\"/health\", get(ok));\nlet mut b = app.clone();\n");
	add_times(&text, "if x { app = app.merge(b.clone()); b = b.nest(\"/p\", app.clone()); }\n", 500);
	str_add(&text, "axum::serve(l, app);\n}\n");
	auto_free char *health = health_of("axum", str_text(&text));
	assert_true(health[0] == '\0' || text_ends_with(health, "/health"));
}

static void hundreds_of_the_same_name_are_not_confused(void **state)
{
	auto_str text = {0};
	(void)state;
	str_add(&text, "mod health { pub fn routes() -> Router { Router::new().route(\"/health\", get(ok)) } }\n");
	for (int i = 0; i < 300; i++)
		str_print(&text, "mod m%d { pub fn routes() -> Router { Router::new().nest(\"/wrong\", routes()) } }\n", i);
	str_add(&text, SERVES "Router::new().nest(\"/right\", m7::routes())); }\n");
	auto_free char *health = health_of("axum", str_text(&text));
	assert_string_equal(health, "");
}

/* Paths with parts that are filled in, or that no address can hold. */
static void what_cannot_be_asked_is_not_taken(void **state)
{
	static const char *const prefixes[] = {"/:tenant", "/{tenant}", "/*rest", "/a b", "/a?b", "/%2e", "/<id>", "/\\u{1b}"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		auto_free char *text = mem_print(SERVES "Router::new().nest(\"%s\", Router::new().route(\"/health\", get(ok)))); }\n", prefixes[i]);
		auto_free char *health = health_of("axum", text);
		assert_string_equal(health, "");
	}
}

/* ---- all ---- */

static bool is_chosen(const char *name, int count, char **parts)
{
	for (int i = 1; i < count; i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return count < 2;
}

int main(int count, char **parts)
{
	struct CMUnitTest tests[SURVEYS_LIMIT + 20] = {{0}};
	auto_strings paths = {0};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *folder = path_join(source != NULL ? source : "..", "tests/checks/surveys");
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		fprintf(stderr, "there is no %s\n", folder);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (text_ends_with(entry->d_name, ".survey") && is_chosen(entry->d_name, count, parts) && paths.count < SURVEYS_LIMIT)
			strings_take(&paths, path_join(folder, entry->d_name));
	closedir(dir);
	strings_sort(&paths);
	size_t number = 0;
	for (; number < paths.count; number++)
		tests[number] = (struct CMUnitTest){.name = path_name(paths.items[number]), .test_func = judge, .initial_state = paths.items[number]};
	if (count < 2) {
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(every_folder_can_be_surveyed);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(bytes_that_are_no_text_are_cleaned);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(origins_lose_what_is_secret_in_them);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_missing_folder_is_a_fault);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_worktree_has_its_repository_s_origin);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_repository_above_is_found);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(without_a_repository_there_is_none);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_repository_above_has_to_be_ours);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_named_manifest_is_the_only_one);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_workspace_above_is_named);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(a_path_is_the_whole_one_or_none);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(thousands_of_nests_come_to_an_end);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(brackets_that_do_not_match_are_passed_over);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(functions_in_a_circle_come_to_an_end);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(variables_in_a_circle_come_to_an_end);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(hundreds_of_the_same_name_are_not_confused);
		tests[number++] = (struct CMUnitTest)cmocka_unit_test(what_cannot_be_asked_is_not_taken);
	}
	return _cmocka_run_group_tests("surveys", tests, number, NULL, NULL);
}
