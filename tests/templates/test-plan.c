/* The files of a project: what becomes of each where something is there
 * already, what is shown, what is written, and what is left alone. */
#include "../unit.h"
#include "cargodeck/templates.h"

#include <dirent.h>
#include <signal.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with templates/ and project/ in it. */
struct place {
	char *folder, *templates, *root;
	struct plan plan;
	struct fault fault;
};

static void put(const char *folder, const char *below, const char *text)
{
	auto_free char *path = path_join(folder, below);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_true(file_write(path, text, strlen(text), 0644, NULL));
}

static void assert_file(const struct place *place, const char *below, const char *wanted, unsigned mode)
{
	struct stat status;
	auto_free char *path = path_join(place->root, below);
	auto_free char *text = file_read(path, 1 << 20, NULL, NULL);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, mode);
}

static void put_link(const struct place *place, const char *to, const char *below)
{
	auto_free char *path = path_join(place->root, below);
	assert_int_equal(symlink(to, path), 0);
}

static size_t count_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t count = 0;
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static const char list[] = "{\"files\": ["
	"{\"path\": \"Dockerfile\", \"template\": \"dockerfile\", \"part\": \"core\", \"role\": \"dockerfile\", \"says\": \"builds\"},"
	"{\"path\": \"@{folder}compose.yml\", \"template\": \"compose\", \"part\": \"core\", \"names\": [\"compose.yaml\"], \"role\": \"compose\"},"
	"{\"path\": \"docker/@{it.name}.sh\", \"template\": \"script\", \"part\": \"scripts\", \"each\": \"programs\", \"when\": \"it.runs\", \"executable\": true},"
	"{\"path\": \".env\", \"template\": \"env\", \"part\": \"core\", \"secret\": true, \"lines\": true},"
	"{\"path\": \".gitignore\", \"template\": \"ignore\", \"part\": \"core\", \"lines\": true},"
	"{\"path\": \"never\", \"template\": \"gone\", \"part\": \"core\", \"when\": \"kind == \\\"tool\\\"\"}]}";
static const char facts[] = "{\"name\": \"shop\", \"kind\": \"service\", \"folder\": \"\", \"existing\": [],"
	"\"programs\": [{\"name\": \"api\", \"runs\": true}, {\"name\": \"once\", \"runs\": false}, {\"name\": \"worker\", \"runs\": true}],"
	"\"choices\": {\"parts\": {\"core\": true}}}";

static void begin(struct place *place)
{
	*place = (struct place){.folder = mem_copy_string("/tmp/test-plan.XXXXXX")};
	assert_non_null(mkdtemp(place->folder));
	place->templates = path_join(place->folder, "templates");
	place->root = path_join(place->folder, "project");
	assert_true(dir_make_all(place->root, 0755, NULL));
	put(place->templates, "templates.json", list);
	put(place->templates, "dockerfile", "FROM rust\n# @{name}\n");
	put(place->templates, "compose", "name: @{name|yaml}\n");
	put(place->templates, "script", "#!/bin/sh\nexec @{it.name|shell}\n");
	put(place->templates, "env", "# the database\nDB_PASSWORD=geheim\n\n# how much is said\nLEVEL=info\nPORT=80\n");
	put(place->templates, "ignore", "# built\ntarget/\n.env\n");
}

static void end(struct place *place)
{
	plan_close(&place->plan);
	assert_true(dir_remove_all(place->folder, NULL));
	free(place->folder);
	free(place->templates);
	free(place->root);
}

static void open_plan(struct place *place, const char *facts_json)
{
	if (!plan_open(place->templates, place->root, facts_json, &place->plan, &place->fault))
		fail_msg("%s", place->fault.text);
}

static struct plan_file *file_of(struct place *place, const char *path)
{
	size_t i = 0;
	while (i < place->plan.files.count && strcmp(place->plan.files.items[i].path, path) != 0)
		i++;
	assert_true(i < place->plan.files.count);
	return &place->plan.files.items[i];
}

static void assert_state(struct place *place, const char *path, enum plan_state state, const char *found, bool is_wanted)
{
	const struct plan_file *file = file_of(place, path);
	assert_int_equal(file->state, state);
	assert_true(text_equal(file->found, found));
	assert_int_equal(file->is_wanted, is_wanted);
}

/* ---- what is new ---- */

static void writes_what_is_new(void **state)
{
	(void)state;
	struct place place;
	auto_strings written = {0};
	auto_str diff = {0};
	begin(&place);
	open_plan(&place, facts);
	assert_int_equal(place.plan.files.count, 6);
	assert_string_equal(place.plan.files.items[0].path, "Dockerfile");
	assert_string_equal(place.plan.files.items[0].says, "builds");
	assert_string_equal(place.plan.files.items[3].path, "docker/worker.sh");
	assert_state(&place, "Dockerfile", PLAN_NEW, NULL, true);
	assert_int_equal(plan_write_diff(&place.plan, &diff), 6);
	assert_true(text_starts_with(str_text(&diff), "--- /dev/null\n+++ b/Dockerfile\n@@ -0,0 +1,2 @@\n+FROM rust\n+# shop\n--- /dev/null\n+++ b/compose.yml\n"));
	assert_non_null(strstr(str_text(&diff), "+DB_PASSWORD=" SECRET_MASK "\n"));
	assert_null(strstr(str_text(&diff), "geheim"));
	assert_true(plan_apply(&place.plan, place.root, &written, &place.fault));
	assert_int_equal(written.count, 6);
	assert_file(&place, "Dockerfile", "FROM rust\n# shop\n", 0644);
	assert_file(&place, "docker/worker.sh", "#!/bin/sh\nexec 'worker'\n", 0755);
	assert_file(&place, ".env", "# the database\nDB_PASSWORD=geheim\n\n# how much is said\nLEVEL=info\nPORT=80\n", 0600);
	assert_int_equal(count_entries(place.root), 5);
	plan_close(&place.plan);
	open_plan(&place, facts);
	for (size_t i = 0; i < place.plan.files.count; i++)
		assert_int_equal(place.plan.files.items[i].state, PLAN_SAME);
	assert_int_equal(plan_write_diff(&place.plan, &diff), 0);
	end(&place);
}

static void leaves_parts_out(void **state)
{
	(void)state;
	struct place place;
	begin(&place);
	open_plan(&place, "{\"name\": \"x\", \"folder\": \"app/\", \"programs\": [{\"name\": \"a\", \"runs\": true}], \"choices\": {\"parts\": {\"scripts\": false}}}");
	assert_int_equal(place.plan.files.count, 4);
	assert_state(&place, "app/compose.yml", PLAN_NEW, NULL, true);
	end(&place);
}

/* What lies over a file that is there under another name is left out with it. */
static void leaves_out_what_lies_over_nothing(void **state)
{
	(void)state;
	static const char over[] = "{\"files\": [{\"path\": \"compose.yml\", \"template\": \"compose\", \"names\": [\"compose.yaml\"]},"
		"{\"path\": \"compose.dev.yml\", \"template\": \"compose\", \"over\": \"compose.yml\"}]}";
	for (int is_there = 0; is_there < 2; is_there++) {
		struct place place;
		begin(&place);
		put(place.templates, "templates.json", over);
		if (is_there)
			put(place.root, "compose.yaml", "services: {}\n");
		open_plan(&place, facts);
		assert_int_equal(place.plan.files.count, is_there ? 1 : 2);
		end(&place);
	}
}

static void refuses_what_cannot_be(void **state)
{
	(void)state;
	static const struct { const char *list, *facts, *fault; } samples[] = {
		{list, "{\"folder\": \"../\", \"name\": \"x\"}", "../compose.yml cannot be written"},
		{list, "{\"folder\": \"/etc/\", \"name\": \"x\"}", "/etc/compose.yml cannot be written"},
		{list, "{\"folder\": \"a b/\", \"name\": \"x\"}", "@{folder}compose.yml:1: folder holds letters that need a filter (yaml, shell"},
		{list, "{\"folder\": \"\", \"name\": \"x\", \"programs\": [{\"name\": \"$(x)\", \"runs\": true}]}",
			"docker/@{it.name}.sh:1: it.name holds letters that need a filter (yaml, shell"},
		{list, "{\"folder\": \"\", \"name\": \"a b\"}", "dockerfile:2: name holds letters that need a filter (yaml, shell"},
		{list, "{", "the facts are no JSON"},
		{"{\"files\": [{\"path\": \"a\", \"when\": \"a b\"}]}", "{}", "templates.json:1: \"b\" is not understood here"},
		{"{\"files\": [{\"path\": \"a\", \"template\": \"gone\"}]}", "{}", "templates.json names the template gone, which cannot be read"},
		{"{\"files\": [{\"path\": \"a\", \"template\": \"../project/a\"}]}", "{}", "templates.json names the template ../project/a, which cannot be read"},
		{"{\n\"files\": [}", "{}", "templates.json:2: "},
	};
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct place place;
		begin(&place);
		put(place.templates, "templates.json", samples[i].list);
		put(place.root, "a", "no template\n");
		assert_false(plan_open(place.templates, place.root, samples[i].facts, &place.plan, &place.fault));
		if (strstr(place.fault.text, samples[i].fault) == NULL)
			fail_msg("%s", place.fault.text);
		assert_int_equal(place.plan.files.count, 0);
		end(&place);
	}
}

/* ---- what is there ---- */

static void leaves_what_differs(void **state)
{
	(void)state;
	struct place place;
	auto_strings written = {0};
	auto_str diff = {0};
	begin(&place);
	put(place.root, "Dockerfile", "FROM mine\n# shop\n");
	auto_free char *path = path_join(place.root, "Dockerfile");
	assert_int_equal(chmod(path, 0640), 0);
	open_plan(&place, facts);
	assert_state(&place, "Dockerfile", PLAN_DIFFERS, "Dockerfile", false);
	assert_true(plan_apply(&place.plan, place.root, &written, NULL));
	assert_file(&place, "Dockerfile", "FROM mine\n# shop\n", 0640);
	strings_finish(&written);
	for (size_t i = 0; i < place.plan.files.count; i++)
		place.plan.files.items[i].is_wanted = i == 0;
	assert_int_equal(plan_write_diff(&place.plan, &diff), 1);
	assert_string_equal(str_text(&diff), "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,2 +1,2 @@\n-FROM mine\n+FROM rust\n # shop\n");
	assert_true(plan_apply(&place.plan, place.root, &written, NULL));
	assert_int_equal(written.count, 1);
	assert_file(&place, "Dockerfile", "FROM rust\n# shop\n", 0640);
	end(&place);
}

static void finds_other_names(void **state)
{
	(void)state;
	struct place place;
	begin(&place);
	put(place.root, "compose.yaml", "services: {}\n");
	open_plan(&place, "{\"name\": \"shop\", \"folder\": \"\", \"existing\": [{\"role\": \"dockerfile\", \"path\": \"docker/Dockerfile.api\"}]}");
	assert_state(&place, "compose.yml", PLAN_ELSEWHERE, "compose.yaml", false);
	assert_state(&place, "Dockerfile", PLAN_ELSEWHERE, "docker/Dockerfile.api", false);
	end(&place);
}

static void never_writes_through_links(void **state)
{
	(void)state;
	struct place place;
	auto_strings written = {0};
	begin(&place);
	put(place.folder, "outside/file", "theirs\n");
	put_link(&place, "../outside/file", "Dockerfile");
	put_link(&place, "../outside", "docker");
	put_link(&place, "nowhere", ".gitignore");
	open_plan(&place, facts);
	static const char *const paths[] = {"Dockerfile", "docker/api.sh", ".gitignore"};
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		assert_state(&place, paths[i], PLAN_LINK, NULL, false);
	/* not even where somebody wants it */
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		for (size_t j = 0; j < place.plan.files.count; j++)
			place.plan.files.items[j].is_wanted = strcmp(place.plan.files.items[j].path, paths[i]) == 0;
		assert_false(plan_apply(&place.plan, place.root, &written, NULL));
	}
	assert_int_equal(written.count, 0);
	auto_free char *outside = path_join(place.folder, "outside");
	assert_int_equal(count_entries(outside), 1);
	end(&place);
}

static void says_what_is_in_the_way(void **state)
{
	(void)state;
	static const struct { const char *put, *path, *mend; } samples[] = {
		{"Dockerfile/x", "Dockerfile", "move it away"},
		{"docker", "docker/api.sh", "move it away, or leave the part scripts out: --without scripts"},
		{"nul", ".env", "make it readable, or move it away"},
		{"large", ".gitignore", "make it readable, or move it away"},
	};
	auto_str large = {0};
	while (large.len <= 1 << 20)
		str_add(&large, "line\n");
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct place place;
		begin(&place);
		auto_free char *path = path_join(place.root, samples[i].path);
		if (strcmp(samples[i].put, "nul") == 0)
			assert_true(file_write(path, "A=1\0B=2\n", 8, 0600, NULL));
		else
			put(place.root, i == 3 ? samples[i].path : samples[i].put, i == 3 ? str_text(&large) : "in the way\n");
		assert_false(plan_open(place.templates, place.root, facts, &place.plan, &place.fault));
		assert_true(text_starts_with(place.fault.text, samples[i].path));
		assert_string_equal(place.fault.mend, samples[i].mend);
		end(&place);
	}
}

/* ---- lines ---- */

static void adds_lines(void **state)
{
	(void)state;
	static const struct { const char *path, *now, *wanted; } samples[] = {
		{".gitignore", "*.tmp\n.env\n", "*.tmp\n.env\n# built\ntarget/\n"},
		{".gitignore", "*.tmp", "*.tmp\n# built\ntarget/\n.env\n"},
		{".gitignore", "a\r\n.env  \r\nb", "a\r\n.env  \r\nb\r\n# built\r\ntarget/\r\n"},
		{".gitignore", "target/\n", "target/\n.env\n"},
		{".gitignore", "", "# built\ntarget/\n.env\n"},
		{".gitignore", ".env\ntarget/", NULL},
		{".env", "export DB_PASSWORD=mine\nPORT = 1\n", "export DB_PASSWORD=mine\nPORT = 1\n# how much is said\nLEVEL=info\n"},
		{".env", "# PORT=1\nDB_PASSWORD=\nLEVEL=x\nDB_PASSWORD_FILE=y", "# PORT=1\nDB_PASSWORD=\nLEVEL=x\nDB_PASSWORD_FILE=y\nPORT=80\n"},
		{".env", "PORT=1\nLEVEL=2\nDB_PASSWORD=3\n", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct place place;
		auto_strings written = {0};
		begin(&place);
		put(place.root, samples[i].path, samples[i].now);
		open_plan(&place, facts);
		assert_state(&place, samples[i].path, samples[i].wanted != NULL ? PLAN_LINES : PLAN_SAME, samples[i].path, samples[i].wanted != NULL);
		assert_true(plan_apply(&place.plan, place.root, &written, NULL));
		assert_int_equal(strings_have(&written, samples[i].path), samples[i].wanted != NULL);
		assert_file(&place, samples[i].path, samples[i].wanted != NULL ? samples[i].wanted : samples[i].now, 0644);
		end(&place);
	}
}

static void masks_secrets(void **state)
{
	(void)state;
	struct place place;
	auto_str diff = {0};
	begin(&place);
	put(place.root, ".env", "API_TOKEN=hidden\nURL=postgres://me:hidden@db/x\n");
	open_plan(&place, facts);
	for (size_t i = 0; i < place.plan.files.count; i++)
		place.plan.files.items[i].is_wanted = strcmp(place.plan.files.items[i].path, ".env") == 0;
	assert_int_equal(plan_write_diff(&place.plan, &diff), 1);
	assert_null(strstr(str_text(&diff), "hidden"));
	assert_null(strstr(str_text(&diff), "geheim"));
	assert_non_null(strstr(str_text(&diff), "\n+DB_PASSWORD=" SECRET_MASK "\n"));
	end(&place);
}

/* ---- failures ---- */

static void leaves_what_changed_meanwhile(void **state)
{
	(void)state;
	static const char *const paths[] = {"Dockerfile", ".gitignore"};
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct place place;
		auto_strings written = {0};
		begin(&place);
		put(place.root, ".gitignore", "a\n");
		open_plan(&place, facts);
		put(place.root, paths[i], "came meanwhile\n");
		assert_false(plan_apply(&place.plan, place.root, &written, &place.fault));
		assert_true(text_starts_with(place.fault.text, paths[i]));
		assert_int_equal(written.count, i == 0 ? 0 : 5);
		assert_file(&place, paths[i], "came meanwhile\n", 0644);
		end(&place);
	}
}

/* A link that comes between the look and the writing. */
static void follows_no_link_that_comes_meanwhile(void **state)
{
	(void)state;
	static const char *const paths[] = {"Dockerfile", "docker", ".gitignore"};
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct place place;
		auto_strings written = {0};
		begin(&place);
		put(place.folder, "outside/file", "a\n");
		put(place.root, ".gitignore", "a\n");
		open_plan(&place, facts);
		auto_free char *path = path_join(place.root, paths[i]);
		unlink(path);
		put_link(&place, i == 1 ? "../outside" : "../outside/file", paths[i]);
		assert_false(plan_apply(&place.plan, place.root, &written, &place.fault));
		auto_free char *outside = path_join(place.folder, "outside"), *file = path_join(outside, "file");
		auto_free char *text = file_read(file, 100, NULL, NULL);
		assert_int_equal(count_entries(outside), 1);
		assert_string_equal(text, "a\n");
		end(&place);
	}
}

/* A disk that is full is made of a bound of this process. */
static void leaves_nothing_behind(void **state)
{
	(void)state;
	struct place place;
	struct rlimit before, small;
	auto_strings written = {0};
	begin(&place);
	put(place.root, ".gitignore", "a\n");
	open_plan(&place, facts);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool good = plan_apply(&place.plan, place.root, &written, &place.fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(good);
	assert_int_equal(written.count, 0);
	assert_true(text_starts_with(place.fault.text, "cannot write Dockerfile: "));
	assert_int_equal(count_entries(place.root), 1);
	end(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_is_new),
		cmocka_unit_test(leaves_parts_out),
		cmocka_unit_test(leaves_out_what_lies_over_nothing),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(leaves_what_differs),
		cmocka_unit_test(finds_other_names),
		cmocka_unit_test(never_writes_through_links),
		cmocka_unit_test(says_what_is_in_the_way),
		cmocka_unit_test(adds_lines),
		cmocka_unit_test(masks_secrets),
		cmocka_unit_test(leaves_what_changed_meanwhile),
		cmocka_unit_test(follows_no_link_that_comes_meanwhile),
		cmocka_unit_test(leaves_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
