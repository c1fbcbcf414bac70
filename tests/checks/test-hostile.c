/* Projects that nobody means well with: huge and broken files, circles, links out
 * of the tree, a YAML bomb. Each ends, and says what it did not read. */
#include "cargodeck/checks.h"
#include "sample.h"

#include <fcntl.h>
#include <sys/stat.h>

static void run(const char *folder, const struct strings *files, struct check_report *report)
{
	struct check_options options = {.root = folder, .compose_files = files, .compose_reason = "compose refused it"};
	assert_true(checks_run(&options, report, NULL));
	size_t count;
	const struct practice_topic *const *topics = check_topics(&count);
	size_t all = 0;
	for (size_t i = 0; i < count; i++)
		all += topics[i]->count;
	assert_int_equal(report->results.count, all);
}

static bool is_noted(const struct check_report *report, const char *name, const char *words)
{
	for (size_t i = 0; i < report->notes.count; i++)
		if (strstr(report->notes.items[i], name) != NULL && strstr(report->notes.items[i], words) != NULL)
			return true;
	return false;
}

static void write_sparse(const char *folder, const char *name, off_t size)
{
	auto_free char *path = path_join(folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void huge_files(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_strings files = {0};
	write_sparse(folder, "Dockerfile", 100 << 20);
	write_sparse(folder, ".dockerignore", 100 << 20);
	write_sparse(folder, "compose.yaml", 100 << 20);
	write_sparse(folder, "Cargo.toml", 100 << 20);
	write_sparse(folder, "Cargo.lock", 100 << 20);
	strings_add(&files, "compose.yaml");
	run(folder, &files, &report);
	assert_true(is_noted(&report, "Dockerfile", "larger than 1 MiB"));
	assert_true(is_noted(&report, "compose.yaml", "larger than 1 MiB"));
	check_report_finish(&report);
	sample_close(folder);
}

static void binary_junk(void **state)
{
	(void)state;
	static const char *const names[] = {"Dockerfile", "compose.yaml", ".dockerignore", ".env", "Cargo.toml", "Cargo.lock", ".github/workflows/a.yml", "src/main.rs"};
	char *folder = sample_open();
	struct check_report report;
	auto_strings files = {0};
	uint64_t random = 0x9e3779b97f4a7c15u;
	strings_add(&files, "compose.yaml");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char junk[4096];
		for (size_t j = 0; j < sizeof junk - 1; j++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			junk[j] = (char)(random | 1);
		}
		junk[sizeof junk - 1] = '\0';
		sample_write(folder, names[i], junk);
	}
	run(folder, &files, &report);
	auto_str out = {0};
	checks_write_text(&report, false, true, &out);
	assert_null(strchr(str_text(&out), '\033'));
	check_report_finish(&report);
	sample_close(folder);
}

static void circles(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_strings files = {0}, mentioned = {0};
	strings_add(&files, "compose.yaml");
	strings_add(&mentioned, "other.yaml");
	sample_write(folder, "compose.yaml", "include: [other.yaml]\nservices:\n  a:\n    extends: {file: other.yaml, service: b}\n  c:\n    extends: c\n    depends_on: [c, a]\n");
	sample_write(folder, "other.yaml", "include: [compose.yaml]\nservices:\n  b:\n    extends: {file: compose.yaml, service: a}\n");
	sample_write(folder, "Dockerfile", "FROM b AS a\nCOPY --from=b /x /x\nFROM a AS b\nCOPY --from=b /y /y\nRUN cargo build\n");
	sample_write(folder, ".github/workflows/a.yml", "on: push\njobs:\n  a:\n    needs: b\n    uses: ./.github/workflows/a.yml\n  b:\n    needs: [a, b]\n    runs-on: x\n    steps: [{uses: ./}]\n");
	sample_write(folder, "action.yml", "runs: {using: composite, steps: [{uses: ./}]}\n");
	struct check_options options = {.root = folder, .compose_files = &files, .compose_mentioned = &mentioned};
	assert_true(checks_run(&options, &report, NULL));
	check_report_finish(&report);
	sample_close(folder);
}

/* 10 aliases of 10 of 10 …: a thousand million values, were they written out. */
static void yaml_bomb(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_strings files = {0};
	struct str bomb = {0};
	strings_add(&files, "compose.yaml");
	str_add(&bomb, "a0: &a0 {x: y}\n");
	for (int i = 1; i < 10; i++) {
		str_print(&bomb, "a%d: &a%d {", i, i);
		for (int j = 0; j < 10; j++)
			str_print(&bomb, "k%d: *a%d, ", j, i - 1);
		str_add(&bomb, "}\n");
	}
	str_add(&bomb, "services:\n  api:\n    image: x\n    environment: *a9\n    labels: *a9\n    build: *a9\n    deploy: *a9\non: *a9\njobs: *a9\nenv: *a9\n");
	sample_write(folder, "compose.yaml", str_text(&bomb));
	sample_write(folder, "compose.prod.yaml", str_text(&bomb));
	sample_write(folder, ".github/workflows/a.yml", str_text(&bomb));
	str_finish(&bomb);
	run(folder, &files, &report);
	check_report_finish(&report);
	sample_close(folder);
}

static void links_out(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_free char *dockerfile = path_join(folder, "Dockerfile"), *below = path_join(folder, "src"), *own = path_join(folder, "loop");
	assert_int_equal(symlink("/etc/passwd", dockerfile), 0);
	assert_int_equal(symlink("/", below), 0);
	assert_int_equal(symlink("loop", own), 0);
	sample_write(folder, "Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[workspace]\nmembers = [\"../../etc\", \"/\", \"src\", \"loop\"]\n");
	run(folder, NULL, &report);
	auto_str out = {0};
	checks_write_json(&report, &out);
	assert_null(strstr(str_text(&out), "root:x:"));
	check_report_finish(&report);
	sample_close(folder);
}

static void unreadable(void **state)
{
	(void)state;
	char *folder = sample_open();
	struct check_report report;
	auto_strings files = {0};
	strings_add(&files, "compose.yaml");
	auto_free char *pipe = path_join(folder, "Dockerfile"), *compose = path_join(folder, "compose.yaml"), *lock = path_join(folder, "Cargo.lock");
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(mkdir(compose, 0755), 0);
	assert_int_equal(mkdir(lock, 0), 0);
	run(folder, &files, &report);
	check_report_finish(&report);
	assert_int_equal(chmod(lock, 0755), 0);
	sample_close(folder);
}

static void no_folder(void **state)
{
	(void)state;
	struct check_report report;
	struct fault fault = {0};
	struct check_options options = {.root = "/nowhere/at/all"};
	assert_false(checks_run(&options, &report, &fault));
	assert_non_null(strstr(fault.text, "/nowhere/at/all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_files),
		cmocka_unit_test(binary_junk),
		cmocka_unit_test(circles),
		cmocka_unit_test(yaml_bomb),
		cmocka_unit_test(links_out),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(no_folder),
	};
	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
