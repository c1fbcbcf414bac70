/* Reading what cargo and compose say, and manifests where cargo says nothing. */
#include "sample.h"

static const char metadata[] =
	"{\"packages\":[{\"name\":\"shop-api\",\"id\":\"path+file:///w/api#0.1.0\",\"source\":null,\"manifest_path\":\"/w/api/Cargo.toml\","
	"\"dependencies\":[{\"name\":\"axum\",\"source\":\"registry+x\",\"kind\":null},{\"name\":\"shop-common\",\"kind\":null,\"rename\":\"common\",\"path\":\"/w/common\"},"
	"{\"name\":\"gen\",\"kind\":\"build\",\"path\":\"/w/gen\"},{\"name\":\"mock\",\"kind\":\"dev\",\"path\":\"/w/mock\"},{\"name\":\"away\",\"kind\":null,\"path\":\"/away\"}],"
	"\"targets\":[{\"kind\":[\"lib\"],\"name\":\"shop_api\",\"src_path\":\"/w/api/src/lib.rs\"},"
	"{\"kind\":[\"bin\"],\"name\":\"api\",\"src_path\":\"/w/api/src/main.rs\"},"
	"{\"kind\":[\"bin\"],\"name\":\"tool\",\"src_path\":\"/w/api/src/bin/tool.rs\",\"required-features\":[\"cli\"]},"
	"{\"kind\":[\"custom-build\"],\"name\":\"build-script-build\",\"src_path\":\"/w/api/build.rs\"},{\"kind\":[\"test\"],\"name\":\"t\"}]},"
	"{\"name\":\"shop-common\",\"manifest_path\":\"/w/common/Cargo.toml\",\"targets\":[],\"dependencies\":[]},"
	"{\"name\":\"gen\",\"manifest_path\":\"/w/gen/Cargo.toml\",\"targets\":[],\"dependencies\":[]},{\"name\":7}],"
	"\"workspace_root\":\"/w\",\"target_directory\":\"/w/target\",\"metadata\":{}}";

static void reads_packages(void **state)
{
	(void)state;
	struct cargo_graph graph = {0};
	struct fault fault;
	assert_true(cargo_graph_read(metadata, sizeof metadata - 1, &graph, &fault));
	assert_string_equal(graph.root, "/w");
	assert_int_equal(graph.packages.count, 4);
	const struct cargo_package *api = &graph.packages.items[0];
	assert_string_equal(api->folder, "/w/api");
	assert_int_equal(api->bins.count, 2);
	assert_string_equal(api->bins.items[1].required_features.items[0], "cli");
	assert_true(api->has_build_script);
	auto_free char *depends = strings_join(&api->depends, " ", NULL);
	assert_string_equal(depends, "shop-common gen away");
	/* outside the workspace: watched, and no programs of ours */
	assert_string_equal(graph.packages.items[3].folder, "/away");
	assert_ptr_equal(cargo_find_bin(&graph, "tool"), api);
	assert_null(cargo_find_bin(&graph, "shop-api"));
	cargo_graph_finish(&graph);
	static const char *const bad[] = {"", "{", "[]", "{\"packages\":[]}", "{\"workspace_root\":1,\"target_directory\":\"x\"}"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(cargo_graph_read(bad[i], strlen(bad[i]), &graph, &fault));
		assert_non_null(strstr(fault.text, "cargo metadata"));
	}
}

/* As Compose 2.26 writes it. */
static const char compose[] =
	"{\"name\":\"shop\",\"services\":{"
	"\"a\":{\"command\":[\"sh\",\"-c\",\"echo $$HOME && exec x\"],\"entrypoint\":[\"/a b\",\"c\"],\"image\":\"x\",\"user\":\"1000:1000\",\"working_dir\":\"/srv\","
	"\"build\":{\"context\":\"/w/b\",\"dockerfile\":\"../D\",\"target\":\"run\",\"args\":{\"A\":\"1$$\",\"B\":null,\"C\":3,\"D\":true}},"
	"\"depends_on\":{\"b\":{\"condition\":\"service_healthy\",\"required\":false},\"c\":{}},"
	"\"develop\":{\"watch\":[{\"path\":\"/w/src\",\"action\":\"sync\",\"target\":\"/app\",\"ignore\":[\"node_modules/\"]},{\"path\":\"/w/p\",\"action\":\"rebuild\"}]},"
	"\"environment\":{\"PASSWORD\":\"hunter2\"},\"healthcheck\":{\"test\":[\"CMD-SHELL\",\"curl x\"],\"interval\":\"3s\"},"
	"\"labels\":{\"dev.cargodeck.bin\":\"x\",\"foo\":\"\"},\"mem_limit\":\"536870912\",\"network_mode\":\"host\",\"read_only\":true,\"tty\":true,\"restart\":\"always\","
	"\"stop_grace_period\":\"1m30s\",\"volumes\":[{\"type\":\"bind\",\"source\":\"/w/d\",\"target\":\"/d\",\"read_only\":true},{\"type\":\"volume\",\"source\":\"v\",\"target\":\"/v\"}]},"
	"\"b\":{\"build\":{\"context\":\"https://x/y.git\",\"dockerfile\":\"Dockerfile\"},\"command\":null,\"entrypoint\":null,"
	"\"deploy\":{\"resources\":{\"limits\":{\"memory\":\"1073741824\"}}},\"healthcheck\":{\"test\":[\"NONE\"]},\"stop_grace_period\":\"odd\"},"
	"\"c\":{\"build\":{\"context\":\"/w\",\"dockerfile_inline\":\"FROM x\\nRUN y $$Z\\n\"},\"entrypoint\":[],\"env_file\":[\"/w/a.env\",{\"path\":\"/w/b.env\"}]}}}";

static void reads_services(void **state)
{
	(void)state;
	struct compose_model model = {0};
	assert_true(compose_model_read(compose, sizeof compose - 1, &model, NULL));
	assert_string_equal(model.name, "shop");
	assert_int_equal(model.services.count, 3);
	const struct compose_service *a = compose_find(&model, "a"), *b = compose_find(&model, "b"), *c = compose_find(&model, "c");
	assert_string_equal(a->command.items[2], "echo $HOME && exec x");
	assert_string_equal(a->dockerfile, "/w/D");
	auto_free char *args = strings_join(&a->build_args, " ", NULL);
	assert_string_equal(args, "A=1$ C=3 D=true");
	assert_string_equal(a->depends.items[0].condition, "service_healthy");
	assert_false(a->depends.items[0].required);
	assert_string_equal(a->depends.items[1].condition, "service_started");
	assert_true(a->depends.items[1].required);
	assert_string_equal(a->watches.items[0].ignore.items[0], "node_modules/");
	assert_null(a->watches.items[1].target);
	assert_string_equal(map_get(a->labels, "dev.cargodeck.bin"), "x");
	assert_int_equal(a->memory_limit, 512u << 20);
	assert_int_equal(a->grace_ms, 90000);
	assert_true(a->has_health && a->read_only && a->tty && a->mounts.items[0].read_only && a->has_entrypoint);
	assert_null(b->dockerfile);
	assert_int_equal(b->memory_limit, 1024u << 20);
	assert_int_equal(b->grace_ms, 10000);
	assert_false(b->has_health || b->has_entrypoint || b->has_command);
	assert_true(c->has_entrypoint);
	assert_int_equal(c->entrypoint.count, 0);
	assert_string_equal(c->dockerfile_inline, "FROM x\nRUN y $Z\n");
	assert_int_equal(c->env_files.count, 2);
	assert_null(compose_find(&model, "d"));
	uint64_t hash = a->hash;
	compose_model_finish(&model);
	/* any change of its JSON shows, secrets too, without being kept */
	auto_free char *changed = mem_copy_string(compose);
	memcpy(strstr(changed, "hunter2"), "hunter3", 7);
	assert_true(compose_model_read(changed, strlen(changed), &model, NULL));
	assert_true(compose_find(&model, "a")->hash != hash);
	compose_model_finish(&model);
}

static void forgives_compose(void **state)
{
	(void)state;
	static const char *const odd[] = {"", "{}", "[]", "{\"services\":[]}", "{\"services\":null}"};
	struct compose_model model = {0};
	struct fault fault;
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		assert_false(compose_model_read(odd[i], strlen(odd[i]), &model, &fault));
		compose_model_finish(&model);
	}
	static const char wrong[] = "{\"services\":{\"a\":7,\"b\":{\"build\":[],\"command\":{},\"volumes\":[1,{}],\"depends_on\":[],\"labels\":[],\"healthcheck\":{\"test\":[]}}}}";
	assert_true(compose_model_read(wrong, sizeof wrong - 1, &model, &fault));
	assert_int_equal(model.services.count, 2);
	compose_model_finish(&model);
}

static void guesses_from_manifests(void **state)
{
	(void)state;
	struct sample sample;
	struct cargo_graph graph = {0};
	struct fault fault;
	sample_open(&sample);
	sample_write(&sample, "g/Cargo.toml", "[workspace]\nmembers = [ # all\n  \"crates/*\", 'tools/x',\n]\nexclude = [\"crates/old\"]\n"
		"[workspace.dependencies]\ncommon = { version = \"1\", path = \"crates/common\" } # here\nserde = \"1\"\n[workspace.package]\nname = \"not-this\"\n");
	sample_write(&sample, "g/crates/api/Cargo.toml", "[package]\nname = \"shop-api\" # the api\nversion.workspace = true\n\n[[bin]]\nname = \"api\"\npath = \"src/main.rs\"\n"
		"[[bin]]\nname = \"extra\"\nrequired-features = [\"cli\"]\n[dependencies]\ncommon.workspace = true\nserde = { workspace = true }\n"
		"[dev-dependencies]\nmock = { path = \"../mock\" }\n[build-dependencies.gen]\npath = \"../../tools/x\"\n");
	sample_write(&sample, "g/crates/api/src/main.rs", "");
	sample_write(&sample, "g/crates/api/src/bin/one.rs", "");
	sample_write(&sample, "g/crates/api/src/bin/two/main.rs", "");
	sample_write(&sample, "g/crates/common/Cargo.toml", "[package]\nname='common'\n");
	sample_write(&sample, "g/crates/old/Cargo.toml", "[package]\nname = \"old\"\n");
	sample_write(&sample, "g/tools/x/Cargo.toml", "\xff[package\n[package]\nname = \"gen\"\n= x\nkey\n[[bin]]\n");
	auto_free char *path = sample_path(&sample, "g/Cargo.toml");
	assert_true(manifest_guess(path, &graph, &fault));
	assert_true(graph.guessed);
	assert_int_equal(graph.packages.count, 3);
	const struct cargo_package *api = cargo_find_bin(&graph, "api");
	assert_non_null(api);
	assert_string_equal(api->name, "shop-api");
	struct str bins = {0};
	for (size_t i = 0; i < api->bins.count; i++)
		str_print(&bins, "%s ", api->bins.items[i].name);
	assert_string_equal(bins.data, "api extra one two ");
	str_finish(&bins);
	assert_true(strings_have(&api->depends, "common"));
	assert_true(strings_have(&api->depends, "gen"));
	assert_int_equal(api->depends.count, 2);
	cargo_graph_finish(&graph);
	auto_free char *missing = sample_path(&sample, "none/Cargo.toml");
	assert_false(manifest_guess(missing, &graph, &fault));
	cargo_graph_finish(&graph);
	sample_close(&sample);
}

static void reads_toolchain_files(void **state)
{
	(void)state;
	static const struct { const char *name, *text, *channel, *image; } cases[] = {
		{"rust-toolchain", "1.75.0\n", "1.75.0", "rust:1.75.0-slim-bookworm"},
		{"rust-toolchain.toml", "[toolchain]\nchannel = \"nightly-2026-01-01\"\ncomponents = [\"clippy\"]\n", "nightly-2026-01-01", "rustlang/rust:nightly-slim"},
		{"rust-toolchain.toml", "[toolchain]\nchannel = 'stable'\n", "stable", "rust:1-slim-bookworm"},
		{"rust-toolchain.toml", "[toolchain]\npath = \"/x\"\n", NULL, "rust:1-slim-bookworm"},
		{"rust-toolchain", "", "", "rust:1-slim-bookworm"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sample sample;
		sample_open(&sample);
		sample_write(&sample, cases[i].name, cases[i].text);
		auto_free char *below = sample_path(&sample, "crates/shop-api");
		auto_free char *path = NULL;
		auto_free char *channel = toolchain_channel(below, &path);
		auto_free char *image = toolchain_image(below);
		assert_true(text_equal(channel, cases[i].channel));
		assert_string_equal(path_name(path), cases[i].name);
		assert_string_equal(image, cases[i].image);
		sample_close(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_packages), cmocka_unit_test(reads_services), cmocka_unit_test(forgives_compose),
		cmocka_unit_test(guesses_from_manifests), cmocka_unit_test(reads_toolchain_files),
	};
	return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
