/* Both renderings of Dockerfiles as real projects have them, against files that
 * a person has read. UPDATE=1 writes them anew. */
#include "sample.h"

static const char *const names[] = {"chef", "tools", "single", "mounts", "generated", "nameless"};

static char *golden_path(const char *name, const char *kind)
{
	const char *source = getenv("TEST_SRCDIR");
	return mem_print("%s/tests/project/renderings/%s.%s", source != NULL ? source : ".", name, kind);
}

/* The text, then what was left out and what is copied, as comments. */
static char *describe(const struct sample *sample, const struct rendering *rendering)
{
	struct str out = {0};
	str_add(&out, rendering->text);
	str_print(&out, "# on %s\n", rendering->base);
	for (size_t i = 0; i < rendering->left_out.count; i++)
		str_print(&out, "# left out: %s\n", rendering->left_out.items[i]);
	for (size_t i = 0; i < rendering->sources.count; i++)
		str_print(&out, "# source: %s\n", path_relative(rendering->sources.items[i], sample->folder));
	if (rendering->fallback != NULL)
		str_print(&out, "# fallback: %s\n", rendering->fallback);
	return str_steal(&out);
}

static void compare(const struct sample *sample, const char *name, const char *kind, struct rendering *rendering)
{
	auto_free char *path = golden_path(name, kind);
	auto_free char *shown = describe(sample, rendering);
	if (getenv("UPDATE") != NULL)
		file_write(path, shown, strlen(shown), 0644, NULL);
	auto_free char *golden = file_read(path, 1 << 20, NULL, NULL);
	if (golden == NULL || strcmp(golden, shown) != 0)
		fail_msg("%s differs; it is now:\n%s", path, shown);
	rendering_finish(rendering);
}

static void renders(void **state)
{
	const char *name = *state;
	struct sample sample;
	struct rendering rendering;
	struct fault fault;
	auto_free char *path = golden_path(name, "Dockerfile");
	auto_free char *text = file_read(path, 1 << 20, NULL, NULL);
	assert_non_null(text);
	sample_open(&sample);
	sample_write(&sample, "Dockerfile", text);
	sample_write(&sample, "docker/deps.sh", "#!/bin/sh\nset -e\napt-get update\n");
	sample_write(&sample, "rust-toolchain.toml", "[toolchain]\nchannel = \"1.80\"\n");
	sample_write(&sample, "Cargo.lock", "");
	sample_compose(&sample, "\"api\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\",\"args\":{\"PROFILE\":\"fa\\\"st\"}}}");
	const struct project_service *service = &sample.project.services.items[0];
	if (service->kind != PROJECT_RUST)
		fail_msg("%s", service->trouble != NULL ? service->trouble : service->why);
	assert_true(project_render_builder(&sample.project, service->family, &rendering, &fault));
	assert_string_equal(rendering.ignore, "*\n");
	compare(&sample, name, "builder", &rendering);
	assert_true(project_render_service(&sample.project, service, "cargodeck:launcher", "cargodeck:builder", &rendering, &fault));
	compare(&sample, name, "service", &rendering);
	sample_close(&sample);
}

static void renders_without_a_dockerfile(void **state)
{
	(void)state;
	struct sample sample;
	struct rendering rendering;
	struct fault fault;
	sample_open(&sample);
	sample_compose(&sample, "\"a\":{\"image\":\"shop:1\",\"command\":[\"/srv/api\"],\"labels\":{\"dev.cargodeck.bin\":\"api\"}}");
	assert_true(project_render_builder(&sample.project, 0, &rendering, &fault));
	assert_string_equal(rendering.text, "FROM rust:1-slim-bookworm\n");
	rendering_finish(&rendering);
	assert_true(project_render_service(&sample.project, &sample.project.services.items[0], "l:1", "b:1", &rendering, &fault));
	assert_string_equal(rendering.text, "FROM shop:1\nCOPY --from=l:1 /api /srv/api\n");
	rendering_finish(&rendering);
	sample_close(&sample);
}

static void keeps_the_ignore_file(void **state)
{
	(void)state;
	struct sample sample;
	struct rendering rendering;
	struct fault fault;
	sample_open(&sample);
	sample_write(&sample, ".dockerignore", "*.md\n");
	sample_write(&sample, "Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build\nCMD [\"/target/debug/api\"]\n");
	sample_compose(&sample, "\"a\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"}}");
	assert_true(project_render_service(&sample.project, &sample.project.services.items[0], "l:1", "b:1", &rendering, &fault));
	assert_string_equal(rendering.ignore, "*.md\n\ntarget\n.git\n");
	rendering_finish(&rendering);
	sample_close(&sample);
}

static void writes_the_override(void **state)
{
	(void)state;
	struct sample sample;
	struct map *images = map_open(NULL), *kinds = map_open(NULL);
	static const char *const volumes[] = {"shop_target"};
	auto_strings only = {0};
	sample_open(&sample);
	sample_write(&sample, "Dockerfile", "FROM rust AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build\nFROM debian\nCOPY --from=build /app/target/debug/api /api\nCMD [\"/api\"]\n");
	sample_compose(&sample, "\"a\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"}},\"b\":{\"image\":\"redis\"},\"c\":{\"build\":{\"context\":\"@/\",\"dockerfile\":\"Dockerfile\"}}");
	map_put(images, "a", (void *)(uintptr_t)"cargodeck:a$1");
	map_put(images, "c", (void *)(uintptr_t)"cargodeck:c");
	map_put(kinds, "a", (void *)(uintptr_t)"builder");
	strings_add(&only, "a");
	auto_free char *text = project_override(&sample.project, images, kinds, volumes, &only);
	assert_string_equal(text,
		"{\n  \"services\": {\n    \"a\": {\n      \"image\": \"cargodeck:a$$1\",\n      \"pull_policy\": \"never\",\n"
		"      \"environment\": {\n        \"CARGODECK_SERVICE\": \"a\"\n      },\n      \"labels\": {\n        \"dev.cargodeck.image\": \"builder\"\n      },\n"
		"      \"volumes\": [\n        {\n          \"type\": \"volume\",\n          \"source\": \"shop_target\",\n          \"target\": \"/.cargodeck/target\",\n"
		"          \"read_only\": true\n        }\n      ]\n    }\n  },\n"
		"  \"volumes\": {\n    \"shop_target\": {\n      \"external\": true,\n      \"name\": \"shop_target\"\n    }\n  }\n}");
	map_close(images);
	map_close(kinds);
	sample_close(&sample);
}

int main(void)
{
	struct CMUnitTest tests[COUNT_OF(names) + 3];
	for (size_t i = 0; i < COUNT_OF(names); i++)
		tests[i] = (struct CMUnitTest){names[i], renders, NULL, NULL, (void *)(uintptr_t)names[i]};
	tests[COUNT_OF(names)] = (struct CMUnitTest)cmocka_unit_test(renders_without_a_dockerfile);
	tests[COUNT_OF(names) + 1] = (struct CMUnitTest)cmocka_unit_test(keeps_the_ignore_file);
	tests[COUNT_OF(names) + 2] = (struct CMUnitTest)cmocka_unit_test(writes_the_override);
	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
