/* What watching costs: how soon a save is told, how long the first walk takes
 * beside `find` over the same tree, and how often a build would start for each
 * way of saving. Prints one table; needs a folder for a big tree (TMPDIR). */
#include "cargodeck/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SAVES = 200, ROUNDS = 5, CHECKOUT = 5000 };

struct bench {
	struct loop *loop;
	struct watch *watch;
	struct strings roots;
	char *top;
	unsigned ready, earlies, settleds, nothings, again, paths;
	uint64_t walk_ns, early_ns, wrote_ns;
	unsigned folders;
};

static void on_early(void *data, unsigned number, const struct watch_batch *batch)
{
	struct bench *bench = data;
	(void)number;
	bench->early_ns = clock_now_ns();
	bench->wrote_ns = batch->wrote_ns;
	bench->earlies++;
}

static void on_settled(void *data, unsigned number, const struct watch_batch *batch)
{
	struct bench *bench = data;
	(void)number;
	bench->settleds++;
	bench->paths = (unsigned)batch->paths->count;
	bench->again += batch->grew;
}

static void on_nothing(void *data, unsigned number)
{
	struct bench *bench = data;
	(void)number;
	bench->nothings++;
}

static void on_ready(void *data, unsigned folders, uint64_t ns)
{
	struct bench *bench = data;
	bench->ready++;
	bench->folders = folders;
	bench->walk_ns = ns;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-watch: %s\n", what);
	exit(1);
}

static void turn(struct bench *bench, int ms)
{
	struct pollfd wait = {.fd = loop_descriptor(bench->loop), .events = POLLIN};
	poll(&wait, 1, ms);
	loop_turn(bench->loop, 0);
}

static void wait_for(struct bench *bench, const unsigned *count, unsigned wanted)
{
	uint64_t end = clock_now_ns() + 60000000000u;
	while (*count < wanted) {
		if (clock_now_ns() > end)
			die("nothing came for a minute");
		turn(bench, 1000);
	}
}

/* Waits until nothing came for `ms`. */
static void wait_quiet(struct bench *bench, unsigned ms)
{
	unsigned seen = bench->earlies + bench->settleds + bench->nothings;
	uint64_t end = clock_now_ns() + (uint64_t)ms * 1000000;
	while (clock_now_ns() < end) {
		turn(bench, 1);
		unsigned now = bench->earlies + bench->settleds + bench->nothings;
		if (now != seen)
			end = clock_now_ns() + (uint64_t)ms * 1000000;
		seen = now;
	}
}

static uint64_t open_watch(struct bench *bench, const char *top)
{
	static const struct watch_call call = {
		.early = on_early, .settled = on_settled, .nothing = on_nothing, .ready = on_ready};
	strings_finish(&bench->roots);
	strings_add(&bench->roots, top);
	struct watch_options options = {.roots = &bench->roots};
	struct fault fault = {0};
	uint64_t begin = clock_now_ns();
	bench->ready = 0;
	bench->watch = watch_open(bench->loop, &options, &call, bench, &fault);
	if (bench->watch == NULL)
		die(fault.text);
	wait_for(bench, &bench->ready, 1);
	return clock_now_ns() - begin;
}

static void close_watch(struct bench *bench)
{
	watch_close(bench->watch);
	bench->watch = NULL;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("cannot write");
	close(fd);
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;
	return one < two ? -1 : one > two;
}

static double ms_at(uint64_t *values, size_t count, unsigned percent)
{
	qsort(values, count, sizeof *values, compare);
	return (double)values[(count - 1) * percent / 100] / 1e6;
}

/* ---- how soon ---- */

static void bench_saves(struct bench *bench)
{
	auto_free char *path = path_join(bench->top, "src/main.rs");
	uint64_t spans[SAVES];
	for (unsigned i = 0; i < SAVES; i++) {
		auto_free char *text = mem_print("fn main() { println!(\"{}\", %u); }\n", i);
		unsigned before = bench->earlies, settled = bench->settleds;
		uint64_t begin = clock_now_ns();
		put(path, text);
		wait_for(bench, &bench->earlies, before + 1);
		spans[i] = bench->early_ns - begin;
		wait_for(bench, &bench->settleds, settled + 1);
	}
	printf("save -> early(), %d saves            p50 %.2f ms   p99 %.2f ms\n",
		SAVES, ms_at(spans, SAVES, 50), ms_at(spans, SAVES, 99));
}

/* ---- starts ---- */

static void save_vim(const char *folder)
{
	auto_free char *file = path_join(folder, "main.rs"), *backup = path_join(folder, "main.rs~");
	auto_free char *probe = path_join(folder, "4913"), *swap = path_join(folder, ".main.rs.swp");
	put(swap, "b0VIM");
	put(probe, "");
	unlink(probe);
	rename(file, backup);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	auto_free char *text = mem_print("// %llu\n", (unsigned long long)clock_now_ns());
	if (write(fd, text, strlen(text)) < 0)
		die("cannot write");
	fsync(fd);
	close(fd);
	chmod(file, 0644);
	unlink(backup);
	unlink(swap);
}

static void save_emacs(const char *folder)
{
	auto_free char *file = path_join(folder, "main.rs"), *backup = path_join(folder, "main.rs~");
	auto_free char *lock = path_join(folder, ".#main.rs"), *own = path_join(folder, "#main.rs#");
	auto_free char *text = mem_print("// %llu\n", (unsigned long long)clock_now_ns());
	if (symlink("somebody@somewhere.1:1", lock) != 0)
		die("cannot link");
	put(own, "x");
	rename(file, backup);
	put(file, text);
	unlink(own);
	unlink(lock);
}

static void save_jetbrains(const char *folder)
{
	auto_free char *file = path_join(folder, "main.rs"), *old = path_join(folder, "main.rs___jb_old___");
	auto_free char *tmp = path_join(folder, "main.rs___jb_tmp___");
	auto_free char *text = mem_print("// %llu\n", (unsigned long long)clock_now_ns());
	put(tmp, text);
	rename(file, old);
	rename(tmp, file);
	unlink(old);
}

static void save_rename(const char *folder)
{
	auto_free char *file = path_join(folder, "main.rs"), *tmp = path_join(folder, "sedX1Y2Z3");
	auto_free char *text = mem_print("// %llu\n", (unsigned long long)clock_now_ns());
	put(tmp, text);
	rename(tmp, file);
}

static void save_touch(const char *folder)
{
	auto_free char *file = path_join(folder, "main.rs");
	int fd = open(file, O_WRONLY | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0666);
	futimens(fd, NULL);
	close(fd);
}

/* A start: early(), or a settled batch that was not told early; begun again:
 * a settled batch that grew after early(). */
static void bench_starts(struct bench *bench)
{
	static const struct {
		const char *name;
		void (*save)(const char *folder);
	} ways[] = {{"vim", save_vim}, {"emacs", save_emacs}, {"JetBrains", save_jetbrains},
		{"rename", save_rename}, {"touch", save_touch}};
	enum { TIMES = 20 };
	auto_free char *folder = path_join(bench->top, "src");
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		bench->earlies = bench->settleds = bench->again = bench->nothings = 0;
		for (unsigned j = 0; j < TIMES; j++) {
			ways[i].save(folder);
			wait_for(bench, &bench->settleds, j + 1);
			wait_quiet(bench, 40);
		}
		unsigned late = bench->settleds - bench->earlies;
		printf("%-10s %d saves                    starts %.2f a save   begun again %.2f   settled %u\n", ways[i].name,
			TIMES, (double)bench->settleds / TIMES, (double)(bench->again - late) / TIMES, bench->settleds);
	}
}

static void bench_checkout(struct bench *bench)
{
	auto_free char *git = path_join(bench->top, ".git"), *lock = path_join(git, "index.lock");
	mkdir(git, 0755);
	for (int i = 0; i < 50; i++) {
		auto_free char *folder = mem_print("%s/d%d", bench->top, i);
		mkdir(folder, 0755);
	}
	wait_quiet(bench, 500);
	bench->earlies = bench->settleds = bench->again = 0;
	put(lock, "");
	uint64_t begin = clock_now_ns();
	for (int i = 0; i < CHECKOUT; i++) {
		auto_free char *path = mem_print("%s/d%d/f%d.rs", bench->top, i % 50, i);
		put(path, "x");
	}
	unlink(lock);
	uint64_t end = clock_now_ns();
	wait_for(bench, &bench->settleds, 1);
	uint64_t told = clock_now_ns();
	wait_quiet(bench, 600);
	printf("checkout of %d files (%.0f ms)      starts %u   early %u   told %.0f ms after its end with %u paths\n",
		CHECKOUT, (double)(end - begin) / 1e6, bench->settleds, bench->earlies,
		(double)(told - end) / 1e6, bench->paths);
}

/* ---- the walk ---- */

static void make_tree(const char *top, unsigned folders, unsigned files)
{
	/* twenty in each, as many levels as it takes */
	struct strings all = {0};
	strings_add(&all, top);
	for (size_t at = 0; all.count <= folders; at++) {
		for (unsigned i = 0; i < 20 && all.count <= folders; i++) {
			char *path = mem_print("%s/module_%u", all.items[at], i);
			if (mkdir(path, 0755) != 0)
				die("cannot make a folder");
			for (unsigned j = 0; j < files; j++) {
				auto_free char *file = mem_print("%s/part_%u.rs", path, j);
				put(file, "x");
			}
			strings_take(&all, path);
		}
	}
	strings_finish(&all);
}

static uint64_t run_find(struct bench *bench, const char *top)
{
	(void)bench;
	const char *argv[] = {"find", top, "-type", "d", NULL};
	struct loop_child_options options = {.argv = argv};
	struct str out = {0};
	uint64_t begin = clock_now_ns();
	if (loop_child_run(&options, 120000, &out, NULL, NULL) != 0)
		die("find failed");
	uint64_t end = clock_now_ns();
	str_finish(&out);
	return end - begin;
}

static void bench_walk(struct bench *bench, unsigned folders, unsigned files)
{
	auto_free char *top = mem_print("%s/tree-%u-%u", bench->top, folders, files);
	mkdir(top, 0755);
	make_tree(top, folders, files);
	uint64_t ours[ROUNDS], walks[ROUNDS], finds[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		finds[i] = run_find(bench, top);
		ours[i] = open_watch(bench, top);
		walks[i] = bench->walk_ns;
		close_watch(bench);
	}
	printf("%6u folders, %u files in each          walk and watch %.0f ms (walk alone %.0f)   find -type d %.0f ms   watched %u\n",
		folders, files, ms_at(ours, ROUNDS, 50), ms_at(walks, ROUNDS, 50), ms_at(finds, ROUNDS, 50), bench->folders);
	dir_remove_all(top, NULL);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	struct bench bench = {.loop = loop_open(), .top = mem_print("%s/bench-watch.XXXXXX", tmp != NULL ? tmp : "/tmp")};
	if (mkdtemp(bench.top) == NULL)
		die("cannot make a folder");
	auto_free char *src = path_join(bench.top, "src"), *file = path_join(src, "main.rs");
	mkdir(src, 0755);
	put(file, "fn main() {}\n");
	double load = 0;
	if (getloadavg(&load, 1) == 1)
		printf("load %.2f\n", load);
	open_watch(&bench, bench.top);
	bench_saves(&bench);
	bench_starts(&bench);
	bench_checkout(&bench);
	close_watch(&bench);
	bench_walk(&bench, 10000, 1);
	bench_walk(&bench, 100000, 1);
	loop_close(bench.loop);
	dir_remove_all(bench.top, NULL);
	free(bench.top);
	strings_finish(&bench.roots);
	return 0;
}
