/* The files of a project: what becomes of each where something is there
 * already, what is shown, what is written, and what is left alone. */
#include "../unit.h"
#include "cargodeck/templates.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
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
	for (size_t i = 0; i < place->plan.files.count; i++)
		if (strcmp(place->plan.files.items[i].path, path) == 0)
			return &place->plan.files.items[i];
	fail_msg("no %s", path);
	return NULL;
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

static void refuses_paths_and_lists(void **state)
{
	(void)state;
	static const struct { const char *list, *facts, *fault; } samples[] = {
		{list, "{\"folder\": \"../\", \"name\": \"x\"}", "\"../compose.yml\" is no path of a file in the project"},
		{list, "{\"folder\": \"/etc/\", \"name\": \"x\"}", "\"/etc/compose.yml\" is no path of a file in the project"},
		{list, "{\"folder\": \".git/\", \"name\": \"x\"}", "\".git/compose.yml\" is no path of a file in the project"},
		{list, "{\"folder\": \"a b/\", \"name\": \"x\"}", "templates.json:1: folder holds letters that need a filter (yaml, shell …)"},
		{list, "{\"folder\": \"\", \"name\": \"x\", \"programs\": [{\"name\": \"a\", \"runs\": true}, {\"name\": \"a\", \"runs\": true}]}",
			"two templates write docker/a.sh"},
		{list, "{\"folder\": \"\", \"name\": \"x\", \"programs\": [{\"name\": \"$(x)\", \"runs\": true}]}",
			"templates.json:1: it.name holds letters that need a filter (yaml, shell …)"},
		{list, "{\"folder\": \"\", \"name\": \"a b\"}", "dockerfile:2: name holds letters that need a filter (yaml, shell …)"},
		{"{\"files\": [{\"path\": \"a\", \"when\": \"a b\"}]}", "{}", "templates.json: when of a: \"b\" is not understood here"},
	};
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct place place;
		begin(&place);
		put(place.templates, "templates.json", samples[i].list);
		assert_false(plan_open(place.templates, place.root, samples[i].facts, &place.plan, &place.fault));
		assert_string_equal(place.fault.text, samples[i].fault);
		assert_int_equal(place.plan.files.count, 0);
		end(&place);
	}
}

static void refuses_a_broken_list(void **state)
{
	(void)state;
	struct place place;
	begin(&place);
	put(place.templates, "templates.json", "{\n\"files\": [}");
	assert_false(plan_open(place.templates, place.root, facts, &place.plan, &place.fault));
	assert_non_null(strstr(place.fault.text, "templates.json:2: "));
	put(place.templates, "templates.json", "[]");
	assert_false(plan_open(place.templates, place.root, facts, &place.plan, &place.fault));
	assert_non_null(strstr(place.fault.text, "has no list \"files\""));
	put(place.templates, "templates.json", "{\"files\": [{\"path\": \"a\", \"template\": \"gone\"}]}");
	assert_false(plan_open(place.templates, place.root, facts, &place.plan, &place.fault));
	assert_non_null(strstr(place.fault.text, "gone"));
	end(&place);
}

/* A template in a folder takes what lies beside it, else what lies above. */
static void finds_what_is_included(void **state)
{
	(void)state;
	struct place place;
	begin(&place);
	put(place.templates, "templates.json", "{\"files\": [{\"path\": \"a\", \"template\": \"ci/a\"}]}");
	put(place.templates, "ci/a", "%% include near\n%% include far\n");
	put(place.templates, "ci/near", "near\n");
	put(place.templates, "near", "wrong\n");
	put(place.templates, "far", "far\n");
	open_plan(&place, facts);
	assert_string_equal(file_of(&place, "a")->text, "near\nfar\n");
	end(&place);
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
	/* not even where somebody wants it: two of them would be one too many */
	file_of(&place, "compose.yml")->is_wanted = true;
	auto_str diff = {0};
	assert_int_equal(plan_write_diff(&place.plan, &diff), 2);
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
	assert_state(&place, "Dockerfile", PLAN_LINK, "Dockerfile", false);
	assert_state(&place, "docker/api.sh", PLAN_LINK, "docker/api.sh", false);
	assert_state(&place, ".gitignore", PLAN_LINK, ".gitignore", false);
	for (size_t i = 0; i < place.plan.files.count; i++)
		place.plan.files.items[i].is_wanted = true;
	assert_true(plan_apply(&place.plan, place.root, &written, NULL));
	assert_int_equal(written.count, 2);
	auto_free char *outside = path_join(place.folder, "outside");
	assert_int_equal(count_entries(outside), 1);
	end(&place);
}

static void knows_what_blocks_the_way(void **state)
{
	(void)state;
	struct place place;
	auto_strings written = {0};
	begin(&place);
	put(place.root, "Dockerfile/x", "a folder\n");
	put(place.root, "docker", "a file\n");
	auto_free char *fifo = path_join(place.root, ".gitignore"), *binary = path_join(place.root, ".env");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_true(file_write(binary, "a\0b", 3, 0600, NULL));
	open_plan(&place, facts);
	assert_state(&place, "Dockerfile", PLAN_BLOCKED, "Dockerfile", false);
	assert_state(&place, "docker/api.sh", PLAN_BLOCKED, "docker/api.sh", false);
	assert_state(&place, ".gitignore", PLAN_BLOCKED, ".gitignore", false);
	assert_state(&place, ".env", PLAN_BLOCKED, ".env", false);
	for (size_t i = 0; i < place.plan.files.count; i++)
		place.plan.files.items[i].is_wanted = true;
	assert_true(plan_apply(&place.plan, place.root, &written, NULL));
	assert_int_equal(written.count, 1);
	end(&place);
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
	put(place.root, ".env", "A=one\n# B=two\nexport C='thr\nee=\nfour'\nD=\nfive\n");
	put(place.root, "compose.yml", "url: postgres://me:hidden@db/x\n");
	open_plan(&place, facts);
	for (size_t i = 0; i < place.plan.files.count; i++)
		place.plan.files.items[i].is_wanted = strcmp(place.plan.files.items[i].path, ".env") == 0;
	assert_int_equal(plan_write_diff(&place.plan, &diff), 1);
	assert_string_equal(str_text(&diff), "--- a/.env\n+++ b/.env\n@@ -5,3 +5,8 @@\n " SECRET_MASK "\n D=\n " SECRET_MASK
		"\n+# the database\n+DB_PASSWORD=" SECRET_MASK "\n+# how much is said\n+LEVEL=" SECRET_MASK "\n+PORT=" SECRET_MASK "\n");
	str_clear(&diff);
	file_of(&place, "compose.yml")->is_wanted = true;
	assert_int_equal(plan_write_diff(&place.plan, &diff), 2);
	assert_null(strstr(str_text(&diff), "hidden"));
	assert_non_null(strstr(str_text(&diff), "+name: \"shop\""));
	end(&place);
}

/* ---- failures ---- */

static void skips_what_changed_meanwhile(void **state)
{
	(void)state;
	struct place place;
	auto_strings written = {0};
	begin(&place);
	put(place.root, ".gitignore", "a\n");
	open_plan(&place, facts);
	put(place.root, ".gitignore", "a\nb\n");
	put(place.root, "Dockerfile", "came meanwhile\n");
	put_link(&place, "..", "docker");
	assert_false(plan_apply(&place.plan, place.root, &written, &place.fault));
	assert_string_equal(place.fault.text, "Dockerfile was changed meanwhile: it is left alone");
	assert_int_equal(written.count, 2);
	assert_file(&place, ".gitignore", "a\nb\n", 0644);
	assert_file(&place, "Dockerfile", "came meanwhile\n", 0644);
	assert_int_equal(count_entries(place.root), 5);
	assert_int_equal(count_entries(place.folder), 2);
	end(&place);
}

/* A disk that takes no more than a part of a file. */
static void leaves_nothing_behind(void **state)
{
	(void)state;
	struct place place;
	struct rlimit before, small;
	auto_strings written = {0};
	auto_str text = {0};
	begin(&place);
	put(place.root, ".gitignore", "a\n");
	for (int i = 0; i < 1000; i++)
		str_print(&text, "line%d\n", i);
	put(place.templates, "ignore", str_text(&text));
	put(place.templates, "dockerfile", str_text(&text));
	open_plan(&place, facts);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool good = plan_apply(&place.plan, place.root, &written, &place.fault);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_false(good);
	assert_string_equal(place.fault.text, "cannot write Dockerfile: File too large");
	assert_int_equal(written.count, 4);
	assert_false(strings_have(&written, ".gitignore"));
	assert_file(&place, ".gitignore", "a\n", 0644);
	assert_int_equal(count_entries(place.root), 4);
	end(&place);
}

/* This program, put elsewhere, says which folder it finds. */
static char *ask_at(const char *folder, const char *below)
{
	struct str out = {0};
	size_t len;
	char block[4096];
	auto_free char *own = file_read("/proc/self/exe", 1 << 28, &len, NULL);
	auto_free char *program = path_join(folder, below), *parent = path_parent(program);
	assert_non_null(own);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_true(file_write(program, own, len, 0755, NULL));
	auto_free char *line = mem_print("'%s' folder", program);
	FILE *answer = popen(line, "r");
	assert_non_null(answer);
	for (size_t got; (got = fread(block, 1, sizeof block, answer)) > 0;)
		str_add_bytes(&out, block, got);
	assert_int_equal(pclose(answer), 0);
	return str_steal(&out);
}

static void finds_its_folder(void **state)
{
	(void)state;
	struct place place;
	begin(&place);
	put(place.folder, "tree/share/templates/templates.json", "{}");
	put(place.folder, "usr/share/cargodeck/templates/templates.json", "{}");
	auto_free char *built = ask_at(place.folder, "tree/.out/cargodeck"), *installed = ask_at(place.folder, "usr/bin/cargodeck");
	auto_free char *in_tree = path_join(place.folder, "tree/share/templates"), *in_usr = path_join(place.folder, "usr/share/cargodeck/templates");
	assert_string_equal(built, in_tree);
	assert_string_equal(installed, in_usr);
	end(&place);
}

/* With a word: says where templates lie, for finds_its_folder(). */
int main(int count, char **words)
{
	if (count == 2 && strcmp(words[1], "folder") == 0) {
		auto_free char *folder = templates_folder();
		fputs(folder != NULL ? folder : "", stdout);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_is_new),
		cmocka_unit_test(leaves_parts_out),
		cmocka_unit_test(refuses_paths_and_lists),
		cmocka_unit_test(refuses_a_broken_list),
		cmocka_unit_test(finds_what_is_included),
		cmocka_unit_test(leaves_what_differs),
		cmocka_unit_test(finds_other_names),
		cmocka_unit_test(never_writes_through_links),
		cmocka_unit_test(knows_what_blocks_the_way),
		cmocka_unit_test(adds_lines),
		cmocka_unit_test(masks_secrets),
		cmocka_unit_test(skips_what_changed_meanwhile),
		cmocka_unit_test(leaves_nothing_behind),
		cmocka_unit_test(finds_its_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
