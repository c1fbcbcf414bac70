/* Opening a project: what compose says is shown in its own words, cargo is
 * asked without letting rustup download, and manifests stand in for it. The
 * commands on PATH here replay what was recorded of Compose 2.26 and of cargo. */
#include "sample.h"

struct place {
	struct sample sample;
	char *path; /* PATH as it was */
};

static void command(const struct place *place, const char *name, const char *body)
{
	auto_free char *below = mem_print("bin/%s", name);
	auto_free char *text = mem_print("#!/bin/sh\n%s\n", body);
	sample_write(&place->sample, below, text);
}

/* Only the commands of the test, and the system's. */
static void open_place(struct place *place)
{
	static const char *const unset[] = {"COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "RUSTUP_TOOLCHAIN"};
	sample_open(&place->sample);
	place->path = mem_copy_string(getenv("PATH"));
	for (size_t i = 0; i < COUNT_OF(unset); i++)
		unsetenv(unset[i]);
	auto_free char *path = mem_print("%s/bin:/usr/bin:/bin", place->sample.folder);
	auto_free char *rustup = sample_path(&place->sample, "rustup");
	setenv("PATH", path, 1);
	setenv("RUSTUP_HOME", rustup, 1);
	sample_write(&place->sample, "compose.yaml", "services:\n  api:\n    build: .\n    env_file: [api.env] # not more/old.yml\ninclude: [more/extra.yml]\n");
	sample_write(&place->sample, "Dockerfile", "FROM rust AS build\nWORKDIR /w\nCOPY . .\nRUN cargo build\nFROM debian\nCOPY --from=build /w/target/debug/one /one\nCMD [\"/one\"]\n");
	sample_write(&place->sample, "Cargo.toml", "[package]\nname = \"one\"\n");
	sample_write(&place->sample, "src/main.rs", "");
	command(place, "docker", "echo '{\"name\":\"shop\",\"services\":{\"api\":{\"build\":{\"context\":\"'$PWD'\",\"dockerfile\":\"Dockerfile\"}}}}'");
}

static void close_place(struct place *place)
{
	setenv("PATH", place->path, 1);
	unsetenv("RUSTUP_HOME");
	free(place->path);
	sample_close(&place->sample);
}

static struct project *open_at(const struct place *place, const char *below, const char *manifest, struct fault *fault)
{
	auto_free char *folder = sample_path(&place->sample, below);
	*fault = (struct fault){0};
	return project_open(&(struct project_options){.folder = folder, .manifest_path = manifest}, fault);
}

static void check_part(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void complaint(const char *docker, const char *file, enum fault_code code, const char *text, const char *mend)
{
	struct place place;
	struct fault fault;
	open_place(&place);
	command(&place, "docker", docker);
	if (file != NULL)
		sample_write(&place.sample, file, "A=\n");
	assert_null(open_at(&place, "", NULL, &fault));
	assert_int_equal(fault.code, code);
	check_part(fault.text, text);
	check_part(fault.mend, mend);
	close_place(&place);
}

static void shows_composes_words(void **state)
{
	(void)state;
	complaint("echo 'time=\"x\" level=warning msg=\"The \\\"A\\\" variable is not set.\"' >&2; echo 'yaml: line 1: did not find expected node content' >&2; exit 15", NULL,
		FAULT_INPUT, "compose said: yaml: line 1: did not find expected node content", "compose.yaml");
	complaint("printf 'time=\"x\" level=fatal msg=\"no \\\\\"b\\\\\"\\033[31m\"\\n' >&2; exit 1", NULL, FAULT_INPUT, "compose said: no \"b\" [31m", "mend");
	complaint("echo \"env file $PWD/api.env not found: stat $PWD/api.env: no such file or directory\" >&2; exit 14", "api.env.example",
		FAULT_INPUT, "api.env not found", "api.env.example ");
	complaint("echo 'error while interpolating services.a.image: required variable V is missing a value: need it' >&2; exit 15", ".env.sample",
		FAULT_INPUT, "required variable V", ".env.sample ");
	complaint("case \"$*\" in *--short*) echo 2.26.1;; *) echo 'services.a Additional property foo is not allowed' >&2; exit 15;; esac", NULL,
		FAULT_INPUT, "Additional property foo", "newer than 2.26.1");
	complaint("case \"$*\" in *--profiles*) echo dev; echo ops;; *) echo '{\"name\":\"x\",\"services\":{}}';; esac", NULL,
		FAULT_INPUT, "without a profile", "--profile: dev or ops");
	complaint("echo 'docker: unknown command: docker compose' >&2; exit 1", NULL, FAULT_OUTSIDE, "Compose v2 (2.22 or newer) is missing", "docker-compose-plugin");
	complaint("echo 'not json'", NULL, FAULT_INPUT, "compose gave a model without services", "");
}

static void finds_its_files(void **state)
{
	(void)state;
	struct place place;
	struct fault fault;
	open_place(&place);
	sample_write(&place.sample, "api.env", "");
	sample_write(&place.sample, "more/extra.yml", "");
	sample_write(&place.sample, "more/old.yml", "");
	struct project *project = open_at(&place, "src", NULL, &fault);
	assert_non_null(project);
	auto_free char *env = sample_path(&place.sample, "api.env"), *extra = sample_path(&place.sample, "more/extra.yml"),
		*old = sample_path(&place.sample, "more/old.yml");
	assert_string_equal(project->folder, place.sample.folder);
	assert_true(strings_have(&project->mentioned, env));
	assert_true(strings_have(&project->mentioned, extra));
	assert_false(strings_have(&project->mentioned, old));
	project_close(project);
	sample_write(&place.sample, ".env", "X=1\nCOMPOSE_FILE=\"more/a.yml:more/b.yml\"\n");
	assert_null(open_at(&place, "", NULL, &fault));
	check_part(fault.text, "there is no compose file");
	sample_write(&place.sample, "more/a.yml", "");
	sample_write(&place.sample, "more/b.yml", "");
	project = open_at(&place, "", NULL, &fault);
	assert_non_null(project);
	auto_free char *more = sample_path(&place.sample, "more");
	assert_string_equal(project->folder, more);
	assert_int_equal(project->files.count, 2);
	project_close(project);
	close_place(&place);
}

static void counts_unset_variables(void **state)
{
	(void)state;
	struct place place;
	struct fault fault;
	open_place(&place);
	command(&place, "docker", "for v in A B A; do echo \"time=x level=warning msg=\\\"The \\\\\\\"$v\\\\\\\" variable is not set. Defaulting to a blank string.\\\"\" >&2; done\n"
		"echo '{\"name\":\"shop\",\"services\":{\"db\":{\"image\":\"x\"}}}'");
	struct project *project = open_at(&place, "", NULL, &fault);
	assert_non_null(project);
	check_part(project->notes.items[0], "2 unset variables: A and B");
	project_close(project);
	close_place(&place);
}

static void asks_cargo(void **state)
{
	(void)state;
	static const char answer[] = "echo \"{\\\"workspace_root\\\":\\\"$PWD\\\",\\\"target_directory\\\":\\\"$PWD/target\\\",\\\"packages\\\":[{\\\"name\\\":\\\"p-$RUSTUP_TOOLCHAIN-$RUSTUP_AUTO_INSTALL\\\","
		"\\\"manifest_path\\\":\\\"$PWD/Cargo.toml\\\",\\\"targets\\\":[{\\\"kind\\\":[\\\"bin\\\"],\\\"name\\\":\\\"one\\\",\\\"src_path\\\":\\\"x\\\"}]}]}\"";
	static const struct { const char *toolchain, *installed, *cargo, *package, *note; bool guessed; } cases[] = {
		{NULL, NULL, answer, "p--0", NULL, false},
		{"1.80", "1.80-x86_64-unknown-linux-gnu", answer, "p--0", NULL, false},
		{"1.80", "stable-x86_64-unknown-linux-gnu", answer, "p-stable-x86_64-unknown-linux-gnu-0", "asks for 1.80, which is not installed", false},
		{"1.80", "", answer, "one", "no toolchain is installed here", true},
		{NULL, NULL, NULL, "one", "from the manifests alone", true},
		{NULL, NULL, "echo \"error: toolchain '1.80' is not installed\" >&2; exit 1", "one", "is not installed", true},
		{NULL, NULL, "echo 'error: lock file version `4` was found, but this version of Cargo does not understand this lock file' >&2; exit 101", "one", "lock file version", true},
		{NULL, NULL, "echo 'error: failed to parse manifest' >&2; exit 101", NULL, "cargo said: error: failed to parse manifest", false},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct place place;
		struct fault fault;
		open_place(&place);
		if (cases[i].toolchain != NULL)
			sample_write(&place.sample, "rust-toolchain", cases[i].toolchain);
		auto_free char *installed = mem_print("rustup/toolchains/%s%s", cases[i].installed != NULL ? cases[i].installed : "", "/x");
		if (cases[i].installed != NULL)
			sample_write(&place.sample, installed, "");
		auto_free char *none = sample_path(&place.sample, "rustup/toolchains/x");
		if (cases[i].installed != NULL && cases[i].installed[0] == '\0')
			unlink(none);
		command(&place, "cargo", cases[i].cargo != NULL ? cases[i].cargo : "echo \"error: rustup could not choose a version of cargo to run\" >&2; exit 1");
		struct project *project = open_at(&place, "", NULL, &fault);
		if (cases[i].package == NULL) {
			assert_null(project);
			check_part(fault.text, cases[i].note);
			close_place(&place);
			continue;
		}
		if (project == NULL)
			fail_msg("%zu: %s", i, fault.text);
		assert_string_equal(project->cargo.packages.items[0].name, cases[i].package);
		assert_int_equal(project->cargo.guessed, cases[i].guessed);
		assert_int_equal(project->services.items[0].kind, PROJECT_RUST);
		if (cases[i].note != NULL)
			check_part(project->notes.items[0], cases[i].note);
		else
			assert_int_equal(project->notes.count, 0);
		project_close(project);
		close_place(&place);
	}
}

static void finds_the_manifest(void **state)
{
	(void)state;
	struct place place;
	struct fault fault;
	open_place(&place);
	command(&place, "cargo", "echo 'rustup' >&2; exit 1"); /* so that manifests are read */
	auto_free char *root = sample_path(&place.sample, "Cargo.toml");
	unlink(root);
	sample_write(&place.sample, "tools/gen/Cargo.toml", "[package]\nname = \"gen\"\n");
	sample_write(&place.sample, "server/Cargo.toml", "[package]\nname = \"one\"\n");
	sample_write(&place.sample, "server/src/main.rs", "");
	sample_write(&place.sample, "examples/x/Cargo.toml", "[package]\nname = \"x\"\n");
	sample_write(&place.sample, "Dockerfile", "FROM rust AS b\nWORKDIR /w\nCOPY server .\nRUN cargo build\nFROM debian\nCOPY --from=b /w/target/debug/one /one\nCMD [\"/one\"]\n");
	/* the one that a Dockerfile copies */
	struct project *project = open_at(&place, "", NULL, &fault);
	assert_non_null(project);
	check_part(project->manifest, "/server/Cargo.toml");
	assert_string_equal(project->services.items[0].bin, "one");
	project_close(project);
	/* both are built from: told, and the first taken */
	sample_write(&place.sample, "Dockerfile", "FROM rust AS b\nWORKDIR /w\nCOPY server server\nCOPY tools/gen gen\nRUN cargo build\n");
	project = open_at(&place, "", NULL, &fault);
	assert_non_null(project);
	check_part(project->notes.items[0], "several workspaces");
	project_close(project);
	project = open_at(&place, "", "tools/gen/Cargo.toml", &fault);
	assert_non_null(project);
	check_part(project->manifest, "/tools/gen/Cargo.toml");
	project_close(project);
	assert_null(open_at(&place, "", "none/Cargo.toml", &fault));
	assert_int_equal(fault.code, FAULT_USAGE);
	close_place(&place);
}

static void needs_no_rust(void **state)
{
	(void)state;
	struct place place;
	struct fault fault;
	open_place(&place);
	auto_free char *root = sample_path(&place.sample, "Cargo.toml");
	auto_free char *crates = sample_path(&place.sample, "crates");
	unlink(root);
	dir_remove_all(crates, NULL);
	struct project *project = open_at(&place, "", NULL, &fault);
	assert_non_null(project);
	assert_null(project->manifest);
	assert_int_equal(project->services.items[0].kind, PROJECT_OTHER);
	auto_strings argv = {0};
	project_compose_words(project, &argv);
	auto_free char *words = strings_join(&argv, " ", NULL);
	auto_free char *expected = mem_print("docker compose --project-directory %s -f %s/compose.yaml", place.sample.folder, place.sample.folder);
	assert_string_equal(words, expected);
	project_close(project);
	close_place(&place);
}

/* check reads compose files that lie below, but none that starts tests. */
static void passes_over_tests(void **state)
{
	(void)state;
	static const char *const folders[] = {"playwright", "e2e", "testing-ci", "ci-db"};
	struct place place;
	struct fault fault = {0};
	struct project_texts texts;
	open_place(&place);
	auto_free char *own = sample_path(&place.sample, "compose.yaml");
	unlink(own);
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		auto_free char *below = mem_print("%s/compose.yaml", folders[i]);
		sample_write(&place.sample, below, "services: {db: {image: postgres}}\n");
	}
	const struct project_options options = {.folder = place.sample.folder};
	assert_true(project_read_texts(&options, &texts, &fault));
	assert_int_equal(texts.compose_files.count, 0);
	project_texts_finish(&texts);
	sample_write(&place.sample, "stack/compose.yaml", "services: {db: {image: postgres}}\n");
	assert_true(project_read_texts(&options, &texts, &fault));
	assert_int_equal(texts.compose_files.count, 1);
	check_part(texts.compose_files.items[0], "/stack/compose.yaml");
	project_texts_finish(&texts);
	/* its override counts there too */
	sample_write(&place.sample, "stack/compose.override.yaml", "services: {db: {ports: ['5432:5432']}}\n");
	assert_true(project_read_texts(&options, &texts, &fault));
	assert_int_equal(texts.compose_files.count, 2);
	check_part(texts.compose_files.items[1], "/stack/compose.override.yaml");
	project_texts_finish(&texts);
	close_place(&place);
}

/* The shallowest compose file is read, whatever comes first by name. */
static void searches_level_by_level(void **state)
{
	(void)state;
	static const char *const files[] = {"a/b/c/compose.yaml", "m/n/docker-compose.yml", "z/compose.yml", "compose.yaml"};
	struct place place;
	struct fault fault = {0};
	open_place(&place);
	auto_free char *own = sample_path(&place.sample, "compose.yaml");
	unlink(own);
	const struct project_options options = {.folder = place.sample.folder};
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct project_texts texts;
		auto_free char *expected = mem_print("/%s", files[i]);
		sample_write(&place.sample, files[i], "services: {db: {image: postgres}}\n");
		assert_true(project_read_texts(&options, &texts, &fault));
		assert_int_equal(texts.compose_files.count, 1);
		check_part(texts.compose_files.items[0], expected);
		project_texts_finish(&texts);
	}
	close_place(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_composes_words), cmocka_unit_test(finds_its_files), cmocka_unit_test(counts_unset_variables),
		cmocka_unit_test(asks_cargo), cmocka_unit_test(finds_the_manifest), cmocka_unit_test(needs_no_rust),
		cmocka_unit_test(passes_over_tests), cmocka_unit_test(searches_level_by_level),
	};
	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
