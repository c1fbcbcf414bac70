/* Each editor's way of saving is one change, told early and once; what is no
 * change is not told; what cargo would not see is named. */
#include "watching.h"

static const char *const SOURCE = "fn main() {}\n";

static int setup(void **state)
{
	struct watching *at = mem_alloc(sizeof *at);
	watching_init(at);
	make_folder(at, "src");
	put_old(at, "src/main.rs", SOURCE);
	put_old(at, "src/lib.rs", SOURCE);
	/* long enough for a busy machine */
	at->options.settle_ms = 50;
	at->options.settle_cap_ms = 1000;
	at->options.hold_ms = 30;
	watching_open(at);
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

/* One save: one settled batch with one path; early told it before, whole. */
static void expect_one_save(struct watching *at)
{
	unsigned earlies = at->earlies;
	expect_settled(at, "src/main.rs", NULL);
	assert_int_equal(at->earlies, earlies + 1);
	assert_int_equal(at->early_paths.count, 1);
	assert_true(told(at, &at->early_paths, "src/main.rs"));
	assert_false(at->grew);
	assert_false(at->storm);
	assert_int_equal(at->stale.count, 0);
	assert_int_equal(at->nothings, 0);
}

static void plain_save(void **state)
{
	struct watching *at = *state;
	for (unsigned i = 1; i <= 3; i++) {
		auto_free char *text = mem_print("fn main() { let _ = %u; }\n", i);
		uint64_t before = clock_now_ns();
		put(at, "src/main.rs", text);
		expect_one_save(at);
		assert_int_equal(at->number, i);
		/* the file system's clock may be a tick (10 ms) behind */
		assert_true(at->wrote_ns + 10000000 >= before);
		assert_true(at->first_ns >= before);
		assert_int_equal(at->first_ns, at->early_first_ns);
		assert_true(at->settled_ns >= at->first_ns + 50000000);
	}
}

static void vim_save(void **state)
{
	struct watching *at = *state;
	put(at, "src/.main.rs.swp", "b0VIM");
	put(at, "src/.main.rs.swx", "");
	drop(at, "src/.main.rs.swx");
	put(at, "src/4913", "");
	drop(at, "src/4913");
	move(at, "src/main.rs", "src/main.rs~");
	auto_free char *path = below(at, "src/main.rs");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "fn main() { vim(); }\n", 21), 21);
	fsync(fd);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	assert_int_equal(chmod(path, 0644), 0);
	drop(at, "src/main.rs~");
	put(at, "src/.main.rs.swp", "b0VIM again");
	expect_one_save(at);
	drop(at, "src/.main.rs.swp");
}

static void emacs_save(void **state)
{
	struct watching *at = *state;
	auto_free char *lock = below(at, "src/.#main.rs"), *path = below(at, "src/main.rs");
	assert_int_equal(symlink("somebody@somewhere.4711:1", lock), 0);
	put(at, "src/#main.rs#", "fn main() { em");
	auto_free char *backup = below(at, "src/main.rs~");
	assert_int_equal(rename(path, backup), 0);
	put(at, "src/main.rs", "fn main() { emacs(); }\n");
	assert_int_equal(chmod(path, 0644), 0);
	drop(at, "src/#main.rs#");
	assert_int_equal(unlink(lock), 0);
	expect_one_save(at);
}

static void jetbrains_save(void **state)
{
	struct watching *at = *state;
	put(at, "src/main.rs___jb_tmp___", "fn main() { jb(); }\n");
	move(at, "src/main.rs", "src/main.rs___jb_old___");
	move(at, "src/main.rs___jb_tmp___", "src/main.rs");
	drop(at, "src/main.rs___jb_old___");
	expect_one_save(at);
}

/* A name that nobody knows, renamed over the old: sed -i, many programs. */
static void rename_save(void **state)
{
	struct watching *at = *state;
	put(at, "src/sedAb3xY9", "fn main() { sed(); }\n");
	move(at, "src/sedAb3xY9", "src/main.rs");
	expect_one_save(at);
}

static void touch(void **state)
{
	struct watching *at = *state;
	auto_free char *path = below(at, "src/main.rs");
	int fd = open(path, O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0666);
	assert_int_equal(futimens(fd, NULL), 0);
	close(fd);
	expect_one_save(at);
	/* and again: now the content is known to be the same */
	set_time(at, "src/main.rs", 5);
	expect_one_save(at);
}

/* A half-written file is waited for: early comes with the close. */
static void slow_save(void **state)
{
	struct watching *at = *state;
	auto_free char *path = below(at, "src/main.rs");
	move(at, "src/main.rs", "src/main.rs~");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	turn_for(at, 40);
	assert_int_equal(at->earlies, 0);
	assert_int_equal(at->settleds, 0);
	assert_int_equal(write(fd, "fn main() { slow(); }\n", 22), 22);
	close(fd);
	expect_one_save(at);
}

static void same_content(void **state)
{
	struct watching *at = *state;
	put(at, "src/main.rs", "fn main() { 1 }\n");
	expect_settled(at, "src/main.rs", NULL);
	/* the same content and the same mtime, in a new inode */
	auto_free char *path = below(at, "src/main.rs"), *copy = below(at, "src/copy~");
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	put(at, "src/copy~", "fn main() { 1 }\n");
	struct timespec times[2] = {status.st_mtim, status.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, copy, times, 0), 0);
	assert_int_equal(rename(copy, path), 0);
	/* opened for writing and left alone; its rights changed */
	auto_free char *lib = below(at, "src/lib.rs");
	close(open(lib, O_WRONLY | O_CLOEXEC));
	assert_int_equal(chmod(lib, 0600), 0);
	put(at, "src/other.rs", "");
	expect_settled(at, "src/other.rs", NULL);
}

/* Away and back within one batch is no change. */
static void away_and_back(void **state)
{
	struct watching *at = *state;
	move(at, "src/lib.rs", "src/gone.rs");
	move(at, "src/gone.rs", "src/lib.rs");
	put(at, "src/other.rs", "");
	expect_settled(at, "src/other.rs", NULL);
}

/* A change is told early and taken back before it settled. */
static void came_to_nothing(void **state)
{
	struct watching *at = *state;
	put(at, "src/main.rs", "fn main() { 1 }\n");
	expect_settled(at, "src/main.rs", NULL);
	auto_free char *path = below(at, "src/main.rs");
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	unsigned earlies = at->earlies;
	put(at, "src/main.rs", "fn main() { 2 }\n");
	wait_for(at, &at->earlies, earlies + 1);
	put(at, "src/main.rs", "fn main() { 1 }\n");
	struct timespec times[2] = {status.st_mtim, status.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	wait_for(at, &at->nothings, 1);
	assert_int_equal(at->settleds, 1);
}

/* A second write after early(): the build that began then is out of date. */
static void grows(void **state)
{
	struct watching *at = *state;
	put(at, "src/main.rs", "fn main() { 1 }\n");
	wait_for(at, &at->earlies, 1);
	put(at, "src/lib.rs", "fn lib() {}\n");
	expect_settled(at, "src/main.rs", "src/lib.rs", NULL);
	assert_true(at->grew);
	assert_int_equal(at->earlies, 1);
	put(at, "src/main.rs", "fn main() { 2 }\n");
	wait_for(at, &at->earlies, 2);
	put(at, "src/main.rs", "fn main() { 3 }\n");
	expect_settled(at, "src/main.rs", NULL);
	assert_true(at->grew);
}

static void older_file_moved_in(void **state)
{
	struct watching *at = *state;
	put_old(at, "src/keep~", "fn main() { old(); }\n");
	set_time(at, "src/keep~", -7200);
	move(at, "src/keep~", "src/main.rs");
	expect_settled(at, "src/main.rs", NULL);
	assert_int_equal(at->stale.count, 1);
	assert_true(told(at, &at->stale, "src/main.rs"));
	/* newer than the file it replaces, but written before the last build */
	put(at, "src/keep~", "fn main() { new(); }\n");
	set_time(at, "src/keep~", -60);
	move(at, "src/keep~", "src/lib.rs");
	expect_settled(at, "src/lib.rs", NULL);
	assert_true(told(at, &at->stale, "src/lib.rs"));
	/* the touches that mend it are no change; the next one is */
	set_time(at, "src/main.rs", 0);
	set_time(at, "src/lib.rs", 0);
	put(at, "src/other.rs", "");
	expect_settled(at, "src/other.rs", NULL);
	set_time(at, "src/main.rs", 2);
	expect_settled(at, "src/main.rs", NULL);
	assert_int_equal(at->stale.count, 0);
}

/* Removed, told, and back with an older mtime and other content. */
static void back_and_older(void **state)
{
	struct watching *at = *state;
	drop(at, "src/lib.rs");
	expect_settled(at, "src/lib.rs", NULL);
	assert_int_equal(at->stale.count, 0);
	put_old(at, "src/keep~", "other\n");
	set_time(at, "src/keep~", -7200);
	move(at, "src/keep~", "src/lib.rs");
	expect_settled(at, "src/lib.rs", NULL);
	assert_true(told(at, &at->stale, "src/lib.rs"));
}

static void links(void **state)
{
	struct watching *at = *state;
	auto_free char *soft = below(at, "src/soft.rs"), *hard = below(at, "src/hard.rs");
	auto_free char *path = below(at, "src/main.rs");
	assert_int_equal(symlink("main.rs", soft), 0);
	expect_settled(at, "src/soft.rs", NULL);
	assert_int_equal(link(path, hard), 0);
	expect_settled(at, "src/hard.rs", NULL);
}

int main(void)
{
#define SAVE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		SAVE(plain_save), SAVE(vim_save), SAVE(emacs_save), SAVE(jetbrains_save), SAVE(rename_save),
		SAVE(touch), SAVE(slow_save), SAVE(same_content), SAVE(away_and_back), SAVE(came_to_nothing),
		SAVE(grows), SAVE(older_file_moved_in), SAVE(back_and_older), SAVE(links),
	};
	return cmocka_run_group_tests_name("saves", tests, NULL, NULL);
}
