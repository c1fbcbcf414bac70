/* The tree under the watch: what has a watch, new, moved and removed folders,
 * storms, overflow, limits, other roots. */
#include "watching.h"

static int setup(void **state)
{
	struct watching *at = mem_alloc(sizeof *at);
	watching_init(at);
	/* long enough for a busy machine */
	at->options.settle_ms = 40;
	at->options.settle_cap_ms = 300;
	*state = at;
	return 0;
}

static int teardown(void **state)
{
	struct watching *at = *state;
	watching_finish(at);
	free(at);
	return 0;
}

static void prunes(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git/objects/00");
	make_folder(at, "target/debug/deps");
	make_folder(at, "web/node_modules/left-pad/lib");
	make_folder(at, "cache/deep/er");
	put(at, "cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
	make_folder(at, "out/a/b");
	make_folder(at, "src/gen/x");
	make_folder(at, "src/keep");
	put(at, ".gitignore", "/out\n*.log\n!important.log\n");
	put(at, "src/.gitignore", "gen/\n!keep\n");
	make_folder(at, "told/away");
	auto_free char *told_away = below(at, "told");
	strings_add(&at->pruned, told_away);
	watching_open(at);
	/* top, target, target/debug, target/debug/deps, web, src, src/keep */
	assert_int_equal(at->folders, 7);
	assert_int_equal(watch_folder_count(at->watch), 7);
	assert_int_equal(at->troubles, 0);
	put(at, "out/a/b/x.rs", "x");
	put(at, "cache/deep/x.rs", "x");
	put(at, ".git/index", "x");
	put(at, "web/node_modules/left-pad/x.js", "x");
	put(at, "src/gen/x.rs", "x");
	put(at, "told/away/x.rs", "x");
	put(at, "src/x.log", "x");
	put(at, "src/important.log", "x");
	expect_settled(at, "src/important.log", NULL);
}

/* cargo writes its tag into a folder that is watched already. */
static void prunes_later(void **state)
{
	struct watching *at = *state;
	watching_open(at);
	make_folder(at, "target/debug");
	put(at, "target/x", "x");
	expect_settled(at, "target/x", NULL);
	assert_int_equal(watch_folder_count(at->watch), 3);
	put(at, "target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
	put(at, "target/debug/y", "y");
	put(at, "z", "z");
	expect_settled(at, "z", NULL);
	assert_int_equal(watch_folder_count(at->watch), 1);
}

static void ignores_change(void **state)
{
	struct watching *at = *state;
	make_folder(at, "gen/a");
	make_folder(at, "src");
	put_old(at, "gen/a/x.rs", "x");
	put_old(at, "y.txt", "y");
	watching_open(at);
	assert_int_equal(at->folders, 4);
	put(at, ".gitignore", "gen\n*.txt\n");
	expect_settled(at, ".gitignore", NULL);
	assert_int_equal(watch_folder_count(at->watch), 2);
	put(at, "gen/a/x.rs", "xx");
	put(at, "y.txt", "yy");
	put(at, "src/z.rs", "z");
	expect_settled(at, "src/z.rs", NULL);
	drop(at, ".gitignore");
	expect_settled(at, ".gitignore", NULL);
	assert_int_equal(watch_folder_count(at->watch), 4);
	put(at, "gen/a/x.rs", "xxx");
	expect_settled(at, "gen/a/x.rs", NULL);
}

/* Those above a root speak of what is in it, but never of the root itself. */
static void ignores_above(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git");
	make_folder(at, "app/gen");
	make_folder(at, "app/src");
	put(at, ".gitignore", "gen/\n/app/src/no.rs\n");
	strings_finish(&at->roots);
	strings_take(&at->roots, below(at, "app"));
	watching_open(at);
	assert_int_equal(at->folders, 2);
	put(at, "app/src/no.rs", "x");
	put(at, "app/src/yes.rs", "x");
	expect_settled(at, "app/src/yes.rs", NULL);
}

static void ignored_root(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git");
	make_folder(at, "app/src");
	put(at, ".gitignore", "*\n");
	strings_finish(&at->roots);
	strings_take(&at->roots, below(at, "app"));
	watching_open(at);
	assert_int_equal(at->folders, 2);
	put(at, "app/src/yes.rs", "x");
	expect_settled(at, "app/src/yes.rs", NULL);
}

static void extras(void **state)
{
	struct watching *at = *state;
	make_folder(at, "env/deep");
	make_folder(at, "data/sets/more");
	make_folder(at, "data/.git");
	make_folder(at, "target/gen");
	put(at, ".gitignore", "/env\n/data\nlocal.conf\n");
	auto_free char *target = below(at, "target");
	strings_add(&at->pruned, target);
	static const char *const names[] = {"env/app.env", "data", "local.conf", "target/gen/x.rs", "later/on.env"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		strings_take(&at->extras, below(at, names[i]));
	watching_open(at);
	/* top, env (single files of it), data, data/sets, data/sets/more */
	assert_int_equal(at->folders, 5);
	put(at, "env/other.env", "x");
	put(at, "env/deep/x", "x");
	put(at, "env/app.env", "x");
	expect_settled(at, "env/app.env", NULL);
	put(at, "local.conf", "x");
	put(at, "data/sets/more/x.csv", "x");
	put(at, "target/gen/x.rs", "x");
	expect_settled(at, "local.conf", "data/sets/more/x.csv", NULL);
	/* its folder was not there */
	make_folder(at, "later");
	put(at, "later/on.env", "x");
	expect_settled(at, "later/on.env", NULL);
}

static void new_folders(void **state)
{
	struct watching *at = *state;
	watching_open(at);
	make_folder(at, "a/b/c");
	put(at, "a/b/c/x.rs", "x");
	expect_settled(at, "a/b/c/x.rs", NULL);
	assert_int_equal(watch_folder_count(at->watch), 4);
	put(at, "a/b/c/x.rs", "xx");
	put(at, "a/y.rs", "y");
	expect_settled(at, "a/b/c/x.rs", "a/y.rs", NULL);
	/* a whole tree moved in from where nobody watches */
	auto_free char *outside = mem_print("%s.outside", at->top);
	auto_free char *deep = path_join(outside, "d/e"), *file = path_join(deep, "f.rs");
	assert_true(dir_make_all(deep, 0755, NULL));
	assert_true(file_write(file, "f", 1, 0644, NULL));
	auto_free char *inside = below(at, "in");
	assert_int_equal(rename(outside, inside), 0);
	expect_settled(at, "in/d/e/f.rs", NULL);
	put(at, "in/d/e/f.rs", "ff");
	expect_settled(at, "in/d/e/f.rs", NULL);
}

static void many_new_folders(void **state)
{
	struct watching *at = *state;
	/* so long that no batch ends while a file is open */
	at->options.settle_cap_ms = 5000;
	at->options.settle_ms = 50;
	watching_open(at);
	/* each made and filled as fast as can be: some before their watch is there */
	for (int i = 0; i < 50; i++) {
		auto_free char *name = mem_print("n%d/a/b/c/d", i), *file = mem_print("n%d/a/b/c/d/x.rs", i);
		make_folder(at, name);
		put(at, file, "x");
	}
	while (at->all_paths.count < 50)
		wait_for(at, &at->settleds, at->settleds + 1);
	assert_int_equal(at->all_paths.count, 50);
	for (int i = 0; i < 50; i++) {
		auto_free char *file = mem_print("n%d/a/b/c/d/x.rs", i);
		assert_true(told(at, &at->all_paths, file));
	}
	assert_int_equal(watch_folder_count(at->watch), 251);
}

static void renamed_folder(void **state)
{
	struct watching *at = *state;
	make_folder(at, "src/old/deep");
	put_old(at, "src/old/a.rs", "a");
	put_old(at, "src/old/deep/b.rs", "b");
	watching_open(at);
	move(at, "src/old", "src/new");
	expect_settled(at, "src/old/a.rs", "src/old/deep/b.rs", "src/new/a.rs", "src/new/deep/b.rs", NULL);
	assert_int_equal(watch_folder_count(at->watch), 4);
	put(at, "src/new/deep/b.rs", "bb");
	expect_settled(at, "src/new/deep/b.rs", NULL);
	/* another of the old name is another folder */
	make_folder(at, "src/old");
	put(at, "src/old/c.rs", "c");
	expect_settled(at, "src/old/c.rs", NULL);
	put(at, "src/old/c.rs", "cc");
	put(at, "src/new/a.rs", "aa");
	expect_settled(at, "src/old/c.rs", "src/new/a.rs", NULL);
	/* out of the tree */
	auto_free char *inside = below(at, "src/new"), *outside = mem_print("%s.outside", at->top);
	assert_int_equal(rename(inside, outside), 0);
	expect_settled(at, "src/new/a.rs", "src/new/deep/b.rs", NULL);
	assert_true(dir_remove_all(outside, NULL));
	assert_int_equal(watch_folder_count(at->watch), 3);
}

static void removed_folder(void **state)
{
	struct watching *at = *state;
	make_folder(at, "src/a/b");
	put_old(at, "src/a/x.rs", "x");
	put_old(at, "src/a/b/y.rs", "y");
	watching_open(at);
	auto_free char *path = below(at, "src/a");
	for (int i = 0; i < 3; i++) {
		assert_true(dir_remove_all(path, NULL));
		expect_settled(at, "src/a/x.rs", "src/a/b/y.rs", NULL);
		assert_int_equal(watch_folder_count(at->watch), 2);
		make_folder(at, "src/a/b");
		put(at, "src/a/x.rs", "x");
		put(at, "src/a/b/y.rs", "y");
		expect_settled(at, "src/a/x.rs", "src/a/b/y.rs", NULL);
		assert_int_equal(watch_folder_count(at->watch), 4);
	}
}

static void links_are_not_followed(void **state)
{
	struct watching *at = *state;
	make_folder(at, "real/deep");
	auto_free char *link = below(at, "link"), *real = below(at, "real"), *sub = below(at, "real/deep/up");
	assert_int_equal(symlink(real, link), 0);
	assert_int_equal(symlink("..", sub), 0);
	strings_finish(&at->roots);
	strings_add(&at->roots, link); /* a root is followed */
	watching_open(at);
	assert_int_equal(at->folders, 2);
	put(at, "real/deep/x.rs", "x");
	expect_settled(at, "link/deep/x.rs", NULL);
}

/* As a checkout does it: the lock first, thousands of files, the lock away. */
static void checkout(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git");
	for (int i = 0; i < 20; i++) {
		auto_free char *name = mem_print("d%d", i);
		make_folder(at, name);
	}
	watching_open(at);
	put(at, ".git/index.lock", "");
	for (int i = 0; i < 2000; i++) {
		auto_free char *name = mem_print("d%d/f%d.rs", i % 20, i);
		put(at, name, "x");
	}
	/* quiet for longer than a storm's quiet, and not at its end yet */
	turn_for(at, 500);
	drop(at, ".git/index.lock");
	wait_for(at, &at->settleds, 1);
	assert_int_equal(at->earlies, 0);
	assert_int_equal(at->paths.count, 2000);
	assert_true(at->storm);
	assert_false(at->rescanned);
	put(at, "d1/f1.rs", "xx");
	expect_settled(at, "d1/f1.rs", NULL);
	assert_false(at->storm);
}

/* A lock that nobody takes away holds a batch until the cap. */
static void forgotten_lock(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git");
	put(at, ".git/index.lock", "");
	at->options.storm_ms = 20;
	at->options.storm_cap_ms = 200;
	watching_open(at);
	put(at, "x.rs", "x");
	expect_settled(at, "x.rs", NULL);
	assert_true(at->storm);
	assert_int_equal(at->earlies, 0);
	assert_true(at->settled_ns - at->first_ns >= 200000000);
}

static void merging(void **state)
{
	struct watching *at = *state;
	make_folder(at, ".git");
	put(at, ".git/MERGE_HEAD", "x");
	at->options.storm_ms = 60;
	watching_open(at);
	put(at, "x.rs", "x");
	expect_settled(at, "x.rs", NULL);
	assert_true(at->storm);
	assert_true(at->settled_ns - at->first_ns >= 60000000);
	/* somebody has been resolving conflicts for a while */
	set_time(at, ".git/MERGE_HEAD", -3600);
	put(at, "x.rs", "xx");
	expect_settled(at, "x.rs", NULL);
	assert_false(at->storm);
}

/* More than the queue holds while nobody reads it. */
static void overflow(void **state)
{
	struct watching *at = *state;
	make_folder(at, "src/sub");
	make_folder(at, "src/old");
	put_old(at, "src/same.rs", "x");
	put_old(at, "src/changed.rs", "x");
	put_old(at, "src/gone.rs", "x");
	put_old(at, "src/old/x.rs", "x");
	watching_open(at);
	watch_hold_reading(at->watch, true);
	auto_free char *limit = file_read("/proc/sys/fs/inotify/max_queued_events", 64, NULL, NULL);
	assert_non_null(limit);
	/* two events each: equal neighbours would be joined */
	for (long i = 0; i < atol(limit) / 2 + 100; i++) {
		put(at, "src/many.rs~", "x");
		drop(at, "src/many.rs~");
	}
	put(at, "src/changed.rs", "xx");
	drop(at, "src/gone.rs");
	make_folder(at, "src/new/deep");
	put(at, "src/new/deep/y.rs", "y");
	auto_free char *old = below(at, "src/old");
	assert_true(dir_remove_all(old, NULL));
	make_folder(at, "src/old");
	put(at, "src/old/z.rs", "z");
	watch_hold_reading(at->watch, false);
	expect_settled(at, "src/changed.rs", "src/gone.rs", "src/new/deep/y.rs", "src/old/x.rs", "src/old/z.rs", NULL);
	assert_true(at->rescanned);
	assert_true(at->storm);
	assert_int_equal(at->earlies, 0);
	/* and all of it is watched again */
	put(at, "src/new/deep/y.rs", "yy");
	put(at, "src/old/z.rs", "zz");
	put(at, "src/sub/s.rs", "s");
	expect_settled(at, "src/new/deep/y.rs", "src/old/z.rs", "src/sub/s.rs", NULL);
	assert_false(at->rescanned);
}

static void limits(void **state)
{
	struct watching *at = *state;
	make_folder(at, "a/b/c");
	put_old(at, "a/b/c/x.rs", "x");
	at->options.watch_limit = 2;
	watching_open(at);
	wait_for(at, &at->troubles, 1);
	assert_int_equal(watch_folder_count(at->watch), 2);
	assert_int_equal(at->fault.code, FAULT_OUTSIDE);
	assert_non_null(strstr(at->fault.text, "2 of 4 folders"));
	assert_non_null(strstr(at->fault.mend, "sudo sysctl fs.inotify.max_user_watches="));
	put(at, "a/b/c/x.rs", "xx");
	expect_settled(at, "a/b/c/x.rs", NULL);
	make_folder(at, "a/b/c/d");
	put(at, "a/b/c/d/y.rs", "y");
	drop(at, "a/b/c/x.rs");
	expect_settled(at, "a/b/c/d/y.rs", "a/b/c/x.rs", NULL);
}

static void pausing(void **state)
{
	struct watching *at = *state;
	watching_open(at);
	watch_pause(at->watch, true);
	put(at, "a.rs", "a");
	put(at, "b.rs", "b");
	turn_for(at, 400); /* beyond the cap */
	assert_int_equal(at->earlies + at->settleds, 0);
	put(at, "c.rs", "c");
	watch_pause(at->watch, false);
	expect_settled(at, "a.rs", "b.rs", "c.rs", NULL);
}

static void missing_root(void **state)
{
	struct watching *at = *state;
	strings_finish(&at->roots);
	strings_take(&at->roots, below(at, "app"));
	watching_open(at);
	wait_for(at, &at->troubles, 1);
	assert_non_null(strstr(at->fault.text, "/app is not there"));
	make_folder(at, "app/src");
	put(at, "app/src/x.rs", "x");
	expect_settled(at, "app/src/x.rs", NULL);
	/* gone and back */
	auto_free char *app = below(at, "app");
	assert_true(dir_remove_all(app, NULL));
	expect_settled(at, "app/src/x.rs", NULL);
	make_folder(at, "app/src");
	put(at, "app/src/x.rs", "x");
	expect_settled(at, "app/src/x.rs", NULL);
	put(at, "app/src/x.rs", "xx");
	expect_settled(at, "app/src/x.rs", NULL);
}

static void other_roots(void **state)
{
	struct watching *at = *state;
	make_folder(at, "one/src");
	make_folder(at, "two/src");
	strings_finish(&at->roots);
	strings_take(&at->roots, below(at, "one"));
	watching_open(at);
	assert_int_equal(at->folders, 2);
	auto_strings roots = {0}, more = {0};
	strings_take(&roots, below(at, "two"));
	strings_take(&more, below(at, "one/src/x.rs"));
	watch_change(at->watch, &roots, &more);
	wait_for(at, &at->changed, 1);
	assert_int_equal(at->folders, 3);
	put(at, "one/src/y.rs", "y");
	put(at, "one/src/x.rs", "x");
	put(at, "two/src/z.rs", "z");
	expect_settled(at, "one/src/x.rs", "two/src/z.rs", NULL);
	/* one around both */
	strings_finish(&roots);
	strings_add(&roots, at->top);
	watch_change(at->watch, &roots, NULL);
	wait_for(at, &at->changed, 2);
	assert_int_equal(at->folders, 5);
	put(at, "one/src/y.rs", "yy");
	put(at, "two/src/z.rs", "zz");
	expect_settled(at, "one/src/y.rs", "two/src/z.rs", NULL);
	/* a root inside a root adds nothing */
	strings_take(&roots, below(at, "two"));
	watch_change(at->watch, &roots, NULL);
	wait_for(at, &at->changed, 3);
	assert_int_equal(at->folders, 5);
	put(at, "two/src/z.rs", "zzz");
	expect_settled(at, "two/src/z.rs", NULL);
}

static void one_a_process(void **state)
{
	struct watching *at = *state;
	watching_open(at);
	struct fault fault = {0};
	assert_null(watch_open(at->loop, &at->options, &watching_call, at, &fault));
	assert_int_equal(fault.code, FAULT_FAILED);
	/* and after it was closed another one may be opened, even in between */
	put(at, "x.rs", "x");
	watch_close(at->watch);
	at->ready = 0;
	watching_open(at);
	put(at, "y.rs", "y");
	expect_settled(at, "y.rs", NULL);
}

static void closes_inside(void *data, unsigned number, const struct watch_batch *batch)
{
	struct watching *at = data;
	assert_int_equal(number, 1);
	assert_int_equal(batch->paths->count, 1);
	watch_close(at->watch);
	at->watch = NULL;
	at->settleds++;
}

static void closed_in_its_own_call(void **state)
{
	struct watching *at = *state;
	struct watch_call call = watching_call;
	call.early = NULL;
	call.settled = closes_inside;
	at->options.roots = &at->roots;
	at->watch = watch_open(at->loop, &at->options, &call, at, NULL);
	assert_non_null(at->watch);
	wait_for(at, &at->ready, 1);
	put(at, "x.rs", "x");
	wait_for(at, &at->settleds, 1);
	assert_int_equal(at->earlies, 0);
}

int main(void)
{
#define TREE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TREE(prunes), TREE(prunes_later), TREE(ignores_change), TREE(ignores_above), TREE(ignored_root),
		TREE(extras), TREE(new_folders), TREE(many_new_folders), TREE(renamed_folder), TREE(removed_folder),
		TREE(links_are_not_followed), TREE(checkout), TREE(forgotten_lock), TREE(merging), TREE(overflow),
		TREE(limits), TREE(pausing), TREE(missing_root), TREE(other_roots), TREE(one_a_process),
		TREE(closed_in_its_own_call),
	};
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
