/* Names of images, users, which stages are shipped, the model read without
 * compose. */
#include "../../src/checks/checks.h"
#include "sample.h"

/* ---- names of images ---- */

static void is_image(const char *text, const char *name, const char *tag, const char *suite, bool is_said)
{
	struct image_name image;
	image_name_read(text, &image);
	assert_string_equal(image.name, name);
	assert_true(text_equal(image.tag, tag));
	assert_true(text_equal(image.suite, suite));
	assert_int_equal(image.is_suite_said, is_said);
	image_name_finish(&image);
}

static void names_of_images(void **state)
{
	(void)state;
	is_image("rust:1.75-slim-bookworm", "rust", "1.75-slim-bookworm", "bookworm", true);
	is_image("docker.io/library/rust:1.75-slim", "rust", "1.75-slim", "bookworm", false);
	is_image("rust:1.90", "rust", "1.90", "trixie", false);
	is_image("rust", "rust", NULL, "trixie", false);
	is_image("rust:1.80-alpine3.20", "rust", "1.80-alpine3.20", "alpine", true);
	is_image("debian:12.5-slim", "debian", "12.5-slim", "bookworm", true);
	is_image("debian:bookworm-20240211-slim@sha256:0123", "debian", "bookworm-20240211-slim", "bookworm", true);
	is_image("gcr.io/distroless/cc-debian13:nonroot", "distroless/cc-debian13", "nonroot", "trixie", true);
	is_image("ubuntu:24.04", "ubuntu", "24.04", "noble", true);
	is_image("localhost:5000/team/app:v1", "team/app", "v1", NULL, false);
	is_image("scratch", "scratch", NULL, NULL, false);
}

static void unknown_parts_are_variables(void **state)
{
	struct image_name image;
	(void)state;
	image_name_read("rust:-slim", &image);
	assert_true(image.is_variable);
	image_name_finish(&image);
	image_name_read("$BASE", &image);
	assert_true(image.is_variable);
	image_name_finish(&image);
}

static void roots(void **state)
{
	static const char *const yes[] = {"", "root", "0", "0:0", "root:app", " 0", "\"root\""}, *const no[] = {"app", "10001", "10001:0", "rooty", "nonroot"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(yes); i++)
		assert_true(user_is_root(yes[i]));
	for (size_t i = 0; i < COUNT_OF(no); i++)
		assert_false(user_is_root(no[i]));
}

/* ---- a project ---- */

static void open_project(const char *folder, struct strings *files, struct check_options *options, struct sources *sources)
{
	*options = (struct check_options){.root = folder, .compose_files = files};
	assert_true(sources_open(options, sources, NULL));
}

static void shipped_stages(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_options options;
	struct sources sources;
	auto_strings files = {0};
	strings_add(&files, "compose.yaml");
	sample_write(folder, "Dockerfile", "ARG U=app\nFROM rust:1.80 AS build\nRUN cargo build --release\nFROM debian:12-slim AS dev\nUSER root\n"
		"FROM gcr.io/distroless/cc-debian12:nonroot AS prod\nCOPY --from=build /x /x\n");
	sample_write(folder, "Dockerfile.dev", "FROM rust:1.80\nRUN cargo watch\n");
	sample_write(folder, "web/Dockerfile", "FROM node:20\nCOPY package.json .\n");
	sample_write(folder, "web/package.json", "{}");
	sample_write(folder, "compose.yaml", "services:\n  api:\n    build: .\n  worker:\n    build: {context: ., target: dev}\n");
	open_project(folder, &files, &options, &sources);
	assert_int_equal(sources.shipped.count, 3);
	const struct shipped *api = &sources.shipped.items[0], *worker = &sources.shipped.items[1], *web = &sources.shipped.items[2];
	unsigned line;
	auto_free char *user = shipped_user(api, &line);
	assert_string_equal(api->service, "api");
	assert_string_equal(user, "nonroot");
	assert_int_equal(line, 0);
	assert_true(api->has_rust);
	assert_int_equal(shipped_builder(api), 0);
	/* a stage for developers: what is shipped is the last one */
	assert_int_equal(worker->stage, 2);
	assert_null(worker->service);
	assert_false(web->has_rust);
	assert_string_equal(web->context, "web");
	sources_finish(&sources);
	sample_close(folder);
}

static void ignores_by_dockerfile(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_options options;
	struct sources sources;
	sample_write(folder, "a/Dockerfile", "FROM rust:1.80\nCOPY x x\n");
	sample_write(folder, "a/x", "");
	sample_write(folder, "a/.dockerignore", "target\n");
	sample_write(folder, "b.Dockerfile", "FROM rust:1.80\n");
	sample_write(folder, "b.Dockerfile.dockerignore", "secret\n");
	open_project(folder, NULL, &options, &sources);
	assert_int_equal(sources.shipped.count, 2);
	assert_string_equal(sources.shipped.items[0].ignore_path, "a/.dockerignore");
	assert_non_null(sources_ignore(&sources, &sources.shipped.items[0]));
	assert_string_equal(sources.shipped.items[1].ignore_path, "b.Dockerfile.dockerignore");
	auto_free char *path = shipped_path(&sources.shipped.items[0], "src/main.rs");
	assert_string_equal(path, "a/src/main.rs");
	sources_finish(&sources);
	sample_close(folder);
}

/* ---- the model without compose ---- */

static const char *text_at(const struct sources *sources, const char *service, const char *path)
{
	return json_string_value(compose_member(json_object_get(compose_services(sources), service), path));
}

static void model_of_files(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_options options;
	struct sources sources;
	auto_strings files = {0};
	strings_add(&files, "compose.yaml");
	strings_add(&files, "compose.override.yaml");
	sample_write(folder, ".env.example", "TAG=16\n# x\n");
	sample_write(folder, "base.yaml", "services:\n  common:\n    read_only: true\n    cap_drop: [ALL]\n");
	sample_write(folder, "compose.yaml", "x-env: &env\n  A: 1\nservices:\n  db:\n    image: postgres:${TAG:?wanted}-alpine\n    environment:\n      <<: *env\n      B: ${NONE:-two}\n"
		"    ports: [\"127.0.0.1:5432:5432\"]\n    volumes:\n      - data:/var/lib/postgresql/data\n      - ./x:/x:ro\n    restart: no\n"
		"  api:\n    build: ./app\n    extends: {file: base.yaml, service: common}\n    depends_on: [db]\n    command: run --it 'a b'\nvolumes:\n  data:\n");
	sample_write(folder, "compose.override.yaml", "services:\n  db:\n    ports: [\"9000:5432\"]\n    environment: [\"B=three\"]\n");
	auto_strings mentioned = {0};
	strings_add(&mentioned, "base.yaml");
	options = (struct check_options){.root = folder, .compose_files = &files, .compose_mentioned = &mentioned};
	assert_true(sources_open(&options, &sources, NULL));
	const json_t *services = compose_services(&sources), *db = json_object_get(services, "db"), *api = json_object_get(services, "api");
	assert_string_equal(text_at(&sources, "db", "image"), "postgres:16-alpine");
	assert_string_equal(text_at(&sources, "db", "environment.A"), "1");
	assert_string_equal(text_at(&sources, "db", "environment.B"), "three");
	assert_string_equal(text_at(&sources, "db", "restart"), "no");
	assert_int_equal(json_array_size(compose_member(db, "ports")), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(compose_member(db, "ports"), 0), "host_ip")), "127.0.0.1");
	assert_true(json_is_true(json_object_get(json_array_get(compose_member(db, "volumes"), 1), "read_only")));
	assert_true(json_is_true(compose_member(api, "read_only")));
	assert_string_equal(text_at(&sources, "api", "depends_on.db.condition"), "service_started");
	assert_int_equal(json_array_size(compose_member(api, "command")), 3);
	unsigned line;
	assert_string_equal(compose_place(&sources, "db", "ports", &line), "compose.override.yaml");
	assert_int_equal(line, 3);
	assert_string_equal(compose_place(&sources, "api", "read_only", &line), "base.yaml");
	assert_int_equal(line, 3);
	assert_null(json_object_get(services, "common"));
	sources_finish(&sources);
	sample_close(folder);
}

static void model_of_bad_files(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_options options;
	struct sources sources;
	auto_strings files = {0};
	strings_add(&files, "compose.yaml");
	sample_write(folder, "compose.yaml", "services:\n  a:\n    extends: {service: b}\n  b:\n    extends: {service: a}\n    build: [x]\n    ports: {a: b}\n    environment: x\n  c: 3\n");
	open_project(folder, &files, &options, &sources);
	assert_int_equal(json_object_size(compose_services(&sources)), 2);
	sources_finish(&sources);
	sample_close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_images),
		cmocka_unit_test(unknown_parts_are_variables),
		cmocka_unit_test(roots),
		cmocka_unit_test(shipped_stages),
		cmocka_unit_test(ignores_by_dockerfile),
		cmocka_unit_test(model_of_files),
		cmocka_unit_test(model_of_bad_files),
	};
	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
