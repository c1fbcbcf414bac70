/* What a save means: programs to build, images to render, data to sync. */
#include "sample.h"

#define COMPOSE \
	"\"api\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"target\":\"api\"},\"env_file\":[\"@/api.env\"]," \
	"\"volumes\":[{\"type\":\"bind\",\"source\":\"@/config\",\"target\":\"/config\",\"read_only\":true},{\"type\":\"bind\",\"source\":\"@/uploads\",\"target\":\"/up\"}," \
	"{\"type\":\"bind\",\"source\":\"@/crates\",\"target\":\"/crates\",\"read_only\":true}]}," \
	"\"worker\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"target\":\"worker\"}}," \
	"\"web\":{\"image\":\"nginx\",\"develop\":{\"watch\":[{\"action\":\"sync\",\"path\":\"@/web\",\"target\":\"/html\",\"ignore\":[\"node_modules/\",\"*.log\"]}," \
	"{\"action\":\"rebuild\",\"path\":\"@/package.json\"}]},\"volumes\":[{\"type\":\"bind\",\"source\":\"@/html\",\"target\":\"/x\",\"read_only\":true}]}"

static void open_sample(struct sample *sample)
{
	sample_open(sample);
	sample_write(sample, "Dockerfile",
		"FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n"
		"FROM debian AS api\nCOPY --from=build /app/target/release/api /bin/\nCOPY run.sh /run.sh\nCOPY templates/ /templates\nCOPY --chown=1:1 data/*.csv data/one.txt /data/\nADD more/ /more/\nCOPY --chmod=600 keys /keys/\nCOPY one.txt /etc/two.txt\nENTRYPOINT [\"/run.sh\"]\nCMD [\"api\"]\n"
		"FROM debian AS worker\nCOPY --from=build /app/target/release/worker /bin/\nCMD [\"worker\"]\n");
	sample_write(sample, "run.sh", "#!/bin/sh\nexec \"$@\"\n");
	sample_compose(sample, COMPOSE);
	static const char deps[] = "@/target/debug/api: @/crates/shop-api/src/main.rs @/crates/shop-common/src/lib.rs @/templates/page.html @/queries/a.sql\n";
	auto_free char *api = sample_fill(sample, deps);
	auto_free char *worker = sample_fill(sample, "@/target/debug/worker: @/crates/shop-jobs/src/main.rs @/crates/shop-common/src/lib.rs\n");
	project_add_dep_info(&sample->project, "api", api, strlen(api));
	project_add_dep_info(&sample->project, "worker", worker, strlen(worker));
}

/* "why bins |images |restart |compose |action service target" */
static char *saved(const struct sample *sample, const char *below, const char *failed_bin)
{
	struct save save;
	auto_strings paths = {0}, failed = {0};
	strings_take(&paths, sample_path(sample, below));
	if (failed_bin != NULL)
		strings_add(&failed, failed_bin);
	project_map_paths(&sample->project, &paths, &failed, &save);
	auto_free char *bins = strings_join(&save.bins, " ", NULL);
	auto_free char *images = strings_join(&save.images, " ", NULL);
	auto_free char *restart = strings_join(&save.restart, " ", NULL);
	struct str out = {0};
	str_print(&out, "%s", save_why_name(save.why));
	if (save.bins.count > 0)
		str_print(&out, " %s", bins);
	if (save.images.count > 0)
		str_print(&out, " |image %s", images);
	if (save.restart.count > 0)
		str_print(&out, " |restart %s", restart);
	if (save.compose)
		str_add(&out, " |compose");
	for (size_t i = 0; i < save.syncs.count; i++)
		str_print(&out, " |%s %s %s", save.syncs.items[i].action, save.syncs.items[i].service, save.syncs.items[i].target != NULL ? save.syncs.items[i].target : "-");
	save_finish(&save);
	return str_steal(&out);
}

static void maps_paths(void **state)
{
	(void)state;
	static const struct { const char *path, *failed, *expected; } cases[] = {
		{"crates/shop-api/src/main.rs", NULL, "dep-info api"},
		{"crates/shop-common/src/lib.rs", NULL, "dep-info api worker"},
		{"queries/a.sql", NULL, "dep-info api"},
		{"templates/page.html", NULL, "data api |copied api /templates/page.html"}, /* compiled in, and copied */
		{"templates/new.html", NULL, "data |copied api /templates/new.html"},
		{"templates/a/b.html", NULL, "data |copied api /templates/a/b.html"},
		{"data/x.csv", NULL, "data |copied api /data/x.csv"},
		{"data/one.txt", NULL, "data |copied api /data/one.txt"},
		{"data/x.txt", NULL, "none"},
		{"more/x.txt", NULL, "data |copied api -"}, /* only a new image has it as it must be */
		{"keys/x.pem", NULL, "data |copied api -"},
		{"one.txt", NULL, "data |copied api /etc/two.txt"},
		{"crates/shop-api/src/new.rs", NULL, "graph api"},
		{"crates/shop-common/src/new.rs", NULL, "graph api worker"},
		{"crates/shop-gateway/src/main.rs", NULL, "none"}, /* no service runs it */
		{"crates/shop-jobs/src/main.rs", "api", "dep-info worker"},
		{"crates/shop-common/src/lib.rs", "worker", "dep-info api worker"},
		{"crates/shop-common/src/new.rs", "api", "graph api worker"},
		{"crates/shop-jobs/README.md", NULL, "data |restart api"}, /* it is mounted */
		{"README.md", NULL, "none"},
		{"docs/x.txt", NULL, "none"},
		{"Cargo.toml", NULL, "manifest api worker"},
		{"Cargo.lock", NULL, "manifest api worker"},
		{"crates/shop-api/Cargo.toml", NULL, "manifest api worker"},
		{"rust-toolchain.toml", NULL, "manifest api worker"},
		{".cargo/config.toml", NULL, "manifest api worker"},
		{"compose.yaml", NULL, "config |compose"},
		{"compose.override.yml", NULL, "config |compose"},
		{".env", NULL, "config |compose"},
		{"api.env", NULL, "config |compose"},
		{"Dockerfile", NULL, "config |image api worker"},
		{"run.sh", NULL, "config |image api"},
		{"config/a.toml", NULL, "data |restart api"},
		{"uploads/x.png", NULL, "none"}, /* its own writing must not restart it */
		{"html/x.html", NULL, "none"},
		{"web/app/x.css", NULL, "data |sync web /html/app/x.css"},
		{"web/node_modules/x.js", NULL, "none"},
		{"web/x.log", NULL, "none"},
		{"package.json", NULL, "data |rebuild web -"},
	};
	struct sample sample;
	open_sample(&sample);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *shown = saved(&sample, cases[i].path, cases[i].failed);
		if (strcmp(shown, cases[i].expected) != 0)
			fail_msg("%s: got \"%s\", not \"%s\"", cases[i].path, shown, cases[i].expected);
	}
	sample_close(&sample);
}

static void forgets_what_is_read_no_more(void **state)
{
	(void)state;
	struct sample sample;
	open_sample(&sample);
	auto_free char *deps = sample_fill(&sample, "@/target/debug/api: @/crates/shop-api/src/main.rs\n");
	project_add_dep_info(&sample.project, "api", deps, strlen(deps));
	auto_free char *common = saved(&sample, "crates/shop-common/src/lib.rs", NULL);
	auto_free char *query = saved(&sample, "queries/a.sql", NULL);
	assert_string_equal(common, "dep-info worker");
	assert_string_equal(query, "none");
	sample_close(&sample);
}

static void joins_a_batch(void **state)
{
	(void)state;
	struct sample sample;
	struct save save;
	auto_strings paths = {0};
	open_sample(&sample);
	strings_take(&paths, sample_path(&sample, "crates/shop-jobs/src/main.rs"));
	strings_take(&paths, sample_path(&sample, "run.sh"));
	strings_take(&paths, sample_path(&sample, "README.md"));
	project_map_paths(&sample.project, &paths, NULL, &save);
	assert_int_equal(save.why, SAVE_CONFIG);
	assert_int_equal(save.bins.count, 1);
	assert_string_equal(save.images.items[0], "api");
	save_finish(&save);
	sample_close(&sample);
}

static void names_roots(void **state)
{
	(void)state;
	struct sample sample;
	auto_strings roots = {0}, extras = {0};
	open_sample(&sample);
	sample_write(&sample, "web/x", "");
	project_watch_roots(&sample.project, &roots, &extras);
	assert_int_equal(roots.count, 1);
	assert_string_equal(roots.items[0], sample.folder);
	auto_free char *env = sample_path(&sample, "api.env"), *package = sample_path(&sample, "package.json");
	assert_true(strings_have(&extras, env));
	assert_true(strings_have(&extras, package));
	sample_close(&sample);
}

/* A build script may watch a folder, and name it by way of another. */
static void follows_folders_of_build_scripts(void **state)
{
	(void)state;
	struct sample sample;
	open_sample(&sample);
	auto_free char *deps = sample_fill(&sample, "@/target/debug/api: @/crates/shop-common/../../migrations\n");
	project_add_dep_info(&sample.project, "api", deps, strlen(deps));
	auto_free char *migration = saved(&sample, "migrations/0003_more.sql", NULL);
	assert_string_equal(migration, "dep-info api");
	sample_close(&sample);
}

static void reads_dep_info(void **state)
{
	(void)state;
	static const struct { const char *text, *expected; } cases[] = {
		{"/t/debug/api: /a/b.rs /a/c\\ d.rs /a/$$x /a/e\\#f\n\n/a/b.rs:\n", "/a/b.rs|/a/c d.rs|/a/$x|/a/e#f"},
		{"/t/a: /x \\\n  /y \\\r\n /z", "/x|/y|/z"},
		{"/t/with\\ blank/a: /x\n", "/x"},
		{"/t/a:\n/t/b: /x\n", ""},
		{"", ""}, {":", ""}, {"no colon", ""}, {"/t/a: \\", "\\"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_strings paths = {0};
		dep_info_read(cases[i].text, strlen(cases[i].text), &paths);
		auto_free char *joined = strings_join(&paths, "|", NULL);
		assert_string_equal(joined, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_paths), cmocka_unit_test(forgets_what_is_read_no_more), cmocka_unit_test(joins_a_batch),
		cmocka_unit_test(names_roots), cmocka_unit_test(reads_dep_info), cmocka_unit_test(follows_folders_of_build_scripts),
	};
	return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
