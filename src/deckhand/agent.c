/* The agent: PID 1 of the builder container. It starts cargo in process groups
 * of its own, tells what comes out, keeps artifacts as generations, and passes
 * frames between cargodeck and the launchers that meet at its unix socket.
 * One poll loop. It ends, with everything that it started, when its standard
 * input closes: nothing is left behind when cargodeck is killed. */
#include "deckhand.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	RUNS = 8,
	LAUNCHERS = 256,
	DROPS = 16,
	KEEPS = 8,
	KEPT = 3, /* generations of a program */
	LINE_LIMIT = 512 * 1024,
	OUT_LIMIT = 8 * 1024 * 1024, /* beyond it nothing more is read from children */
	LAUNCHER_OUT_LIMIT = 256 * 1024,
	COMMAND_NICE = 5, /* the agent goes before the compilers that it starts */
	DROP_NS = 1000000000, /* old generations go when nothing was kept for that long */
};

struct run {
	int64_t id; /* 0: free */
	pid_t pid;
	int out, err; /* -1: ended */
	struct wire_buffer line; /* of stdout, not ended yet */
	bool cut, exited;
	int status;
	uint64_t kill_at; /* SIGKILL then; 0: not asked */
};

struct peer {
	int fd; /* 0: free */
	int number;
	bool joined;
	struct wire_buffer in, out;
};

/* A program whose old generations are to go. */
struct drop {
	char bin[128]; /* empty: free */
	long long keep[KEEPS]; /* generations that serve */
};

struct agent {
	const char *state;
	char hub_path[300];
	struct wire_buffer in, out;
	size_t sent; /* of `out` */
	struct run runs[RUNS];
	struct peer peers[LAUNCHERS];
	int next_peer;
	int hub, signals;
	bool ending;
	struct drop drops[DROPS];
	uint64_t drop_at; /* 0: nothing is to be dropped */
};

/* ---- to cargodeck ---- */

static void flush_out(struct agent *agent)
{
	while (agent->sent < agent->out.len) {
		ssize_t put = write(STDOUT_FILENO, agent->out.data + agent->sent, agent->out.len - agent->sent);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN)
			agent->ending = true;
		if (put <= 0)
			return;
		agent->sent += (size_t)put;
	}
	agent->out.len = agent->out.at = agent->sent = 0;
}

static bool out_is_full(const struct agent *agent)
{
	return agent->out.len - agent->sent > OUT_LIMIT;
}

static void begin(struct agent *agent, uint8_t type, int64_t id)
{
	wire_begin(&agent->out, type);
	if (id != 0)
		wire_add_number(&agent->out, "id", id);
}

static void begin_timed(struct agent *agent, uint8_t type, int64_t id, uint64_t ns)
{
	begin(agent, type, id);
	wire_add_number(&agent->out, "t", (int64_t)ns);
}

static void done(struct agent *agent, int64_t id, const char *error)
{
	begin(agent, WIRE_DONE, id);
	wire_add(&agent->out, "error", error);
	wire_end(&agent->out);
}

static void hello(struct agent *agent)
{
	struct utsname machine;
	char boot[24];
	uint64_t random = 0;
	uname(&machine);
	if (getrandom(&random, sizeof random, 0) < 0)
		random = now_ns();
	print_to(boot, sizeof boot, "%016llx", (unsigned long long)random);
	begin_timed(agent, WIRE_HELLO, 0, now_ns());
	wire_add_number(&agent->out, "version", WIRE_VERSION);
	wire_add_number(&agent->out, "pid", getpid());
	wire_add_number(&agent->out, "uid", getuid());
	wire_add_number(&agent->out, "gid", getgid());
	wire_add(&agent->out, "arch", machine.machine);
	wire_add(&agent->out, "boot", boot);
	wire_end(&agent->out);
}

/* ---- running commands ---- */

static void tell_line(struct agent *agent, struct run *run, uint64_t ns)
{
	begin_timed(agent, WIRE_OUT, run->id, ns);
	if (run->cut)
		wire_add_number(&agent->out, "cut", 1);
	wire_add_data(&agent->out, run->line.data, run->line.len);
	wire_end(&agent->out);
	run->line.len = 0;
	run->cut = false;
}

static void add_to_line(struct run *run, const char *bytes, size_t len)
{
	size_t room = LINE_LIMIT - run->line.len;
	if (len > room) {
		run->cut = true;
		len = room;
	}
	if (run->line.len + len > run->line.cap) {
		size_t cap = (run->line.len + len) * 2;
		char *data = realloc(run->line.data, cap);
		if (data == NULL) {
			run->cut = true;
			return;
		}
		run->line.data = data;
		run->line.cap = cap;
	}
	memcpy(run->line.data + run->line.len, bytes, len);
	run->line.len += len;
}

static void read_out(struct agent *agent, struct run *run)
{
	char block[65536];
	ssize_t got = read(run->out, block, sizeof block);
	uint64_t ns = now_ns();
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		if (run->line.len > 0)
			tell_line(agent, run, ns);
		close(run->out);
		run->out = -1;
		return;
	}
	for (char *at = block, *end = block + got; at < end;) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		char *stop = newline != NULL ? newline : end;
		add_to_line(run, at, (size_t)(stop - at));
		if (newline != NULL)
			tell_line(agent, run, ns);
		at = stop + (newline != NULL);
	}
}

static void read_err(struct agent *agent, struct run *run)
{
	char block[16384];
	ssize_t got = read(run->err, block, sizeof block);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close(run->err);
		run->err = -1;
		return;
	}
	begin_timed(agent, WIRE_ERR, run->id, now_ns());
	wire_add_data(&agent->out, block, (size_t)got);
	wire_end(&agent->out);
}

static void tell_exit(struct agent *agent, struct run *run)
{
	begin_timed(agent, WIRE_EXITED, run->id, now_ns());
	if (WIFSIGNALED(run->status))
		wire_add_number(&agent->out, "signal", WTERMSIG(run->status));
	else
		wire_add_number(&agent->out, "status", WEXITSTATUS(run->status));
	wire_end(&agent->out);
	wire_buffer_finish(&run->line);
	memset(run, 0, sizeof *run);
}

/* The leader has ended: whoever is left of its group ends too. */
static bool group_is_gone(const struct run *run)
{
	return kill(-run->pid, 0) != 0 && errno == ESRCH;
}

static void finish_runs(struct agent *agent)
{
	for (int i = 0; i < RUNS; i++) {
		struct run *run = &agent->runs[i];
		if (run->id == 0 || !run->exited)
			continue;
		if (!group_is_gone(run))
			kill(-run->pid, SIGKILL);
		else if (run->out < 0 && run->err < 0)
			tell_exit(agent, run);
	}
}

static void reap(struct agent *agent)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < RUNS; i++) {
			if (agent->runs[i].id != 0 && agent->runs[i].pid == pid) {
				agent->runs[i].exited = true;
				agent->runs[i].status = status;
			}
		}
	}
}

static char **vector_of(const struct wire_frame *frame, const char *name, char **before)
{
	size_t count = 0, at = 0;
	while (wire_each(frame, name, &at) != NULL)
		count++;
	for (char **each = before; each != NULL && *each != NULL; each++)
		count++;
	char **vector = calloc(count + 1, sizeof *vector);
	size_t used = 0;
	const char *value;
	for (at = 0; vector != NULL && (value = wire_each(frame, name, &at)) != NULL;)
		vector[used++] = (char *)(uintptr_t)value;
	/* the first of a name wins: what the frame sets goes before the rest */
	for (char **each = before; vector != NULL && each != NULL && *each != NULL; each++) {
		size_t len = strcspn(*each, "=") + 1;
		bool replaced = false;
		for (size_t i = 0; i < used; i++)
			replaced = replaced || strncmp(vector[i], *each, len) == 0;
		if (!replaced)
			vector[used++] = *each;
	}
	return vector;
}

static int spawn(const char *cwd, char **argv, char **env, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	if (cwd != NULL)
		posix_spawn_file_actions_addchdir_np(&actions, cwd);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int result = posix_spawnp(pid, argv[0], &actions, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return result;
}

static struct run *free_run(struct agent *agent)
{
	for (int i = 0; i < RUNS; i++)
		if (agent->runs[i].id == 0)
			return &agent->runs[i];
	return NULL;
}

static void refuse_run(struct agent *agent, int64_t id, const char *error)
{
	begin_timed(agent, WIRE_EXITED, id, now_ns());
	wire_add(&agent->out, "error", error);
	wire_end(&agent->out);
}

static void start_run(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	struct run *run = free_run(agent);
	char **argv = vector_of(frame, "arg", NULL);
	char **env = vector_of(frame, "env", environ);
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	pid_t pid = 0;
	uint64_t ns = now_ns();
	if (run == NULL || id == 0) {
		refuse_run(agent, id, "too many commands run at once");
	} else if (argv == NULL || env == NULL || argv[0] == NULL || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
		refuse_run(agent, id, "no memory or descriptors are left in the builder");
	} else {
		int result = spawn(wire_get(frame, "cwd"), argv, env, out[1], err[1], &pid);
		if (result != 0) {
			char text[256];
			print_to(text, sizeof text, "cannot start %.100s in the builder: %s", argv[0], error_text(result));
			refuse_run(agent, id, text);
		} else {
			set_nonblocking(out[0]);
			set_nonblocking(err[0]);
			setpriority(PRIO_PROCESS, (id_t)pid, COMMAND_NICE); /* its children inherit it */
			*run = (struct run){.id = id, .pid = pid, .out = out[0], .err = err[0]};
			out[0] = err[0] = -1;
			begin_timed(agent, WIRE_STARTED, id, ns);
			wire_add_number(&agent->out, "pid", pid);
			wire_end(&agent->out);
		}
	}
	for (int i = 0; i < 2; i++) {
		if (out[i] >= 0)
			close(out[i]);
		if (err[i] >= 0)
			close(err[i]);
	}
	free(argv);
	free(env);
}

static void kill_run(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	for (int i = 0; i < RUNS; i++) {
		if (id == 0 || agent->runs[i].id != id)
			continue;
		kill(-agent->runs[i].pid, (int)wire_get_number(frame, "signal", SIGTERM));
		agent->runs[i].kill_at = now_ns() + 500000000u;
	}
}

/* ---- generations ---- */

static bool good_name(const char *name)
{
	return name != NULL && name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < 128;
}

static bool same_bytes(const char *a, const char *b)
{
	struct stat sa, sb;
	int fa = open(a, O_RDONLY | O_CLOEXEC), fb = open(b, O_RDONLY | O_CLOEXEC);
	bool same = fa >= 0 && fb >= 0 && fstat(fa, &sa) == 0 && fstat(fb, &sb) == 0 && sa.st_size == sb.st_size && sa.st_size > 0;
	if (same && !(sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino)) {
		size_t size = (size_t)sa.st_size;
		void *ma = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fa, 0);
		void *mb = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fb, 0);
		same = ma != MAP_FAILED && mb != MAP_FAILED && memcmp(ma, mb, size) == 0;
		if (ma != MAP_FAILED)
			munmap(ma, size);
		if (mb != MAP_FAILED)
			munmap(mb, size);
	}
	if (fa >= 0)
		close(fa);
	if (fb >= 0)
		close(fb);
	return same;
}

/* Turns <state>/bin/<bin> to a generation, in one step. */
static bool turn_link(const struct agent *agent, const char *bin, long long generation)
{
	char link[512], beside[530], target[256];
	print_to(link, sizeof link, "%s/bin/%s", agent->state, bin);
	print_to(beside, sizeof beside, "%s.new", link);
	print_to(target, sizeof target, "../gen/%lld/%s", generation, bin);
	unlink(beside);
	return symlink(target, beside) == 0 && rename(beside, link) == 0;
}

static long long current_generation(const struct agent *agent, const char *bin)
{
	char link[512], target[256];
	print_to(link, sizeof link, "%s/bin/%s", agent->state, bin);
	ssize_t len = readlink(link, target, sizeof target - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	return strncmp(target, "../gen/", 7) == 0 ? atoll(target + 7) : 0;
}

/* The generations of a program that are kept, smallest first. */
static int kept_generations(const struct agent *agent, const char *bin, long long *out, int limit)
{
	char folder[400], path[700];
	int count = 0;
	print_to(folder, sizeof folder, "%s/gen", agent->state);
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && count < limit;) {
		long long generation = atoll(entry->d_name);
		print_to(path, sizeof path, "%s/%s/%s", folder, entry->d_name, bin);
		if (generation <= 0 || access(path, F_OK) != 0)
			continue;
		int at = count++;
		for (; at > 0 && out[at - 1] > generation; at--)
			out[at] = out[at - 1];
		out[at] = generation;
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

static bool is_to_keep(const struct drop *drop, long long generation)
{
	for (int i = 0; i < KEEPS; i++)
		if (drop->keep[i] == generation)
			return true;
	return false;
}

static void drop_old(const struct agent *agent, const struct drop *drop)
{
	const char *bin = drop->bin;
	long long kept[64], current = current_generation(agent, bin);
	int count = kept_generations(agent, bin, kept, 64);
	for (int i = 0; i + KEPT < count; i++) {
		char path[600];
		if (kept[i] == current || is_to_keep(drop, kept[i]))
			continue;
		print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, kept[i], bin);
		unlink(path);
		*strrchr(path, '/') = '\0';
		rmdir(path); /* goes when its last program is gone */
	}
}

/* `number` is the frame's own, and becomes that of the same bytes. */
static const char *publish(struct agent *agent, const struct wire_frame *frame, bool *same, long long *number)
{
	const char *bin = wire_get(frame, "bin"), *artifact = wire_get(frame, "path");
	long long generation = *number;
	char path[600], before[600];
	if (!good_name(bin) || artifact == NULL || generation <= 0)
		return "a generation needs a program, a path and a number";
	print_to(before, sizeof before, "%s/bin/%s", agent->state, bin);
	*same = wire_get_number(frame, "compare", 0) != 0 && same_bytes(before, artifact);
	if (*same) {
		*number = current_generation(agent, bin);
		return NULL;
	}
	print_to(path, sizeof path, "%s/gen/%lld", agent->state, generation);
	if (!make_folders(path, 0755))
		return "the target volume cannot be written: is the disk full?";
	print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, generation, bin);
	unlink(path);
	if (link(artifact, path) != 0 && !copy_file(artifact, path, 0755)) {
		unlink(path);
		return errno == ENOSPC ? "no space is left for the program in the target volume" : "the artifact cannot be kept";
	}
	if (!turn_link(agent, bin, generation))
		return "the link to the program cannot be turned";
	return NULL;
}

static void to_launcher(struct agent *agent, const struct wire_frame *frame);

/* The swaps that the order brought along. */
static void obey_along(struct agent *agent, const struct wire_frame *frame)
{
	struct wire_buffer inner = {0};
	struct wire_frame order;
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	if (bytes == NULL)
		return;
	wire_feed(&inner, bytes, len);
	while (wire_next(&inner, &order) == 1)
		if (order.type == WIRE_TO_LAUNCHER)
			to_launcher(agent, &order);
	wire_buffer_finish(&inner);
}

/* Removing a program of tens of megabytes takes milliseconds: it is done when
 * nothing else has been asked for a while. */
static void drop_later(struct agent *agent, const char *bin, const struct wire_frame *frame)
{
	struct drop *drop = &agent->drops[0];
	for (int i = 0; i < DROPS; i++) {
		if (agent->drops[i].bin[0] == '\0' || strcmp(agent->drops[i].bin, bin) == 0) {
			drop = &agent->drops[i];
			break;
		}
	}
	size_t at = 0, count = 0;
	const char *keep;
	print_to(drop->bin, sizeof drop->bin, "%s", bin);
	memset(drop->keep, 0, sizeof drop->keep);
	while (count < KEEPS && (keep = wire_each(frame, "keep", &at)) != NULL)
		drop->keep[count++] = atoll(keep);
	agent->drop_at = now_ns() + DROP_NS;
}

static void drop_due(struct agent *agent)
{
	if (agent->drop_at == 0 || now_ns() < agent->drop_at)
		return;
	agent->drop_at = 0;
	for (int i = 0; i < DROPS; i++) {
		if (agent->drops[i].bin[0] != '\0')
			drop_old(agent, &agent->drops[i]);
		agent->drops[i].bin[0] = '\0';
	}
}

static void answer_publish(struct agent *agent, const struct wire_frame *frame)
{
	bool same = false;
	const char *bin = wire_get(frame, "bin");
	long long generation = wire_get_number(frame, "generation", 0);
	const char *error = NULL;
	if (frame->type == WIRE_PUBLISH) {
		error = publish(agent, frame, &same, &generation);
		if (error == NULL && !same) {
			obey_along(agent, frame);
			drop_later(agent, bin, frame);
		}
	} else {
		char path[600];
		print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, generation, good_name(bin) ? bin : "-");
		if (access(path, F_OK) != 0)
			error = "that generation is not kept any more";
		else if (!turn_link(agent, bin, generation))
			error = "the link to the program cannot be turned";
	}
	begin_timed(agent, WIRE_PUBLISHED, wire_get_number(frame, "id", 0), now_ns());
	wire_add_number(&agent->out, "generation", generation);
	wire_add(&agent->out, "bin", bin);
	if (same)
		wire_add_number(&agent->out, "same", 1);
	wire_add(&agent->out, "error", error);
	wire_end(&agent->out);
}

static void list_kept(struct agent *agent, const struct wire_frame *frame)
{
	char folder[400], text[400];
	print_to(folder, sizeof folder, "%s/bin", agent->state);
	DIR *dir = opendir(folder);
	begin(agent, WIRE_DONE, wire_get_number(frame, "id", 0));
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		long long kept[64];
		if (!good_name(entry->d_name))
			continue;
		int count = kept_generations(agent, entry->d_name, kept, 64);
		for (int i = 0; i < count; i++) {
			struct stat status = {0};
			char path[700];
			print_to(path, sizeof path, "%s/gen/%lld/%s", agent->state, kept[i], entry->d_name);
			stat(path, &status);
			print_to(text, sizeof text, "%s %lld %lld %lld %d", entry->d_name, kept[i], (long long)status.st_size,
				(long long)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec,
				kept[i] == current_generation(agent, entry->d_name));
			wire_add(&agent->out, "kept", text);
		}
	}
	if (dir != NULL)
		closedir(dir);
	wire_end(&agent->out);
}

/* ---- files ---- */

static void touch_files(struct agent *agent, const struct wire_frame *frame)
{
	size_t at = 0;
	const char *path, *error = NULL;
	while ((path = wire_each(frame, "path", &at)) != NULL)
		if (utimensat(AT_FDCWD, path, NULL, 0) != 0)
			error = error_text(errno);
	done(agent, wire_get_number(frame, "id", 0), error);
}

static void send_file(struct agent *agent, int64_t id, const char *path, size_t limit)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *error = NULL;
	char *text = NULL;
	ssize_t len = 0;
	if (fd < 0 || fstat(fd, &status) != 0)
		error = error_text(errno);
	else if (!S_ISREG(status.st_mode) || (size_t)status.st_size > limit)
		error = "not a file, or too large";
	else if ((text = malloc((size_t)status.st_size + 1)) == NULL || (len = read(fd, text, (size_t)status.st_size)) < 0)
		error = "cannot be read";
	begin(agent, WIRE_FILE, id);
	wire_add(&agent->out, "path", path);
	wire_add(&agent->out, "error", error);
	if (error == NULL) {
		wire_add_number(&agent->out, "mtime_ns", (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
		wire_add_data(&agent->out, text, (size_t)len);
	}
	wire_end(&agent->out);
	free(text);
	if (fd >= 0)
		close(fd);
}

static void read_files(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	int64_t limit = wire_get_number(frame, "limit", 512 * 1024);
	size_t at = 0;
	const char *path;
	while ((path = wire_each(frame, "path", &at)) != NULL)
		send_file(agent, id, path, limit > 0 && limit < 900 * 1024 ? (size_t)limit : 900 * 1024);
	done(agent, id, NULL);
}

static void read_deps(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	const char *folder = wire_get(frame, "path");
	DIR *dir = folder != NULL ? opendir(folder) : NULL;
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		size_t len = strlen(entry->d_name);
		char path[1024];
		if (len < 3 || strcmp(entry->d_name + len - 2, ".d") != 0)
			continue;
		print_to(path, sizeof path, "%s/%s", folder, entry->d_name);
		send_file(agent, id, path, 900 * 1024);
	}
	if (dir != NULL)
		closedir(dir);
	done(agent, id, dir == NULL ? "no such folder" : NULL);
}

/* "1: FLOCK  ADVISORY  WRITE 4711 00:2a:99 0 EOF": the fifth word. */
static int lock_pid(const char *line)
{
	for (int words = 0; words < 4; words++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return atoi(line);
}

/* A lock is named in /proc/locks by device and inode (proc(5)). */
static void tell_lock(struct agent *agent, const struct wire_frame *frame)
{
	const char *path = wire_get(frame, "path");
	static char text[65536];
	struct stat status;
	char inode[32], holder[200] = "";
	if (path != NULL && stat(path, &status) == 0 && read_small("/proc/locks", text, sizeof text) > 0) {
		print_to(inode, sizeof inode, ":%llu ", (unsigned long long)status.st_ino);
		char *rest = NULL;
		for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
			int pid = strstr(line, "->") == NULL && strstr(line, inode) != NULL ? lock_pid(line) : 0;
			if (pid <= 0)
				continue;
			char name[64] = "?", comm[64];
			print_to(comm, sizeof comm, "/proc/%d/comm", pid);
			if (read_small(comm, name, sizeof name) > 0)
				name[strcspn(name, "\n")] = '\0';
			print_to(holder, sizeof holder, "%d %s", pid, name);
		}
	}
	begin(agent, WIRE_DONE, wire_get_number(frame, "id", 0));
	if (holder[0] != '\0')
		wire_add(&agent->out, "holder", holder);
	wire_end(&agent->out);
}

/* ---- launchers ---- */

static struct peer *find_peer(struct agent *agent, int number)
{
	for (int i = 0; i < LAUNCHERS; i++)
		if (agent->peers[i].fd > 0 && agent->peers[i].number == number)
			return &agent->peers[i];
	return NULL;
}

static void drop_peer(struct agent *agent, struct peer *peer)
{
	if (peer->joined) {
		begin(agent, WIRE_LAUNCHER_DOWN, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		wire_end(&agent->out);
	}
	close(peer->fd);
	wire_buffer_finish(&peer->in);
	wire_buffer_finish(&peer->out);
	memset(peer, 0, sizeof *peer);
}

static void take_peer(struct agent *agent)
{
	int fd = accept4(agent->hub, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	for (int i = 0; fd >= 0 && i < LAUNCHERS; i++) {
		if (agent->peers[i].fd == 0) {
			agent->peers[i] = (struct peer){.fd = fd, .number = ++agent->next_peer};
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void flush_peer(struct agent *agent, struct peer *peer)
{
	while (peer->out.len > 0) {
		ssize_t put = send(peer->fd, peer->out.data, peer->out.len, MSG_NOSIGNAL);
		if (put < 0 && errno == EAGAIN)
			return;
		if (put <= 0) {
			drop_peer(agent, peer);
			return;
		}
		memmove(peer->out.data, peer->out.data + put, peer->out.len - (size_t)put);
		peer->out.len -= (size_t)put;
		peer->out.at = peer->out.len;
	}
}

static void to_launcher(struct agent *agent, const struct wire_frame *frame)
{
	struct peer *peer = find_peer(agent, (int)wire_get_number(frame, "launcher", -1));
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	if (peer == NULL || bytes == NULL)
		return;
	if (peer->out.len + len > LAUNCHER_OUT_LIMIT) {
		drop_peer(agent, peer); /* it does not read */
		return;
	}
	char *data = realloc(peer->out.data, peer->out.len + len);
	if (data == NULL)
		return;
	memcpy(data + peer->out.len, bytes, len);
	peer->out.data = data;
	peer->out.cap = peer->out.len += len;
	flush_peer(agent, peer);
}

static void pass_on(struct agent *agent, struct peer *peer, const struct wire_frame *frame)
{
	if (frame->type == WIRE_JOIN && !peer->joined) {
		peer->joined = true;
		begin(agent, WIRE_LAUNCHER_UP, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		static const char *const fields[] = {"version", "service", "bin", "hostname", "container", "pid", "generation", "way", "state"};
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			wire_add(&agent->out, fields[i], wire_get(frame, fields[i]));
		wire_end(&agent->out);
	} else if (peer->joined) {
		/* the whole frame: its head stands just before its body */
		begin(agent, WIRE_FROM_LAUNCHER, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		wire_add_data(&agent->out, frame->body - 5, frame->len + 5);
		wire_end(&agent->out);
	}
}

static void read_peer(struct agent *agent, struct peer *peer)
{
	char block[16384];
	struct wire_frame frame;
	ssize_t got = read(peer->fd, block, sizeof block);
	int result = 0;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		wire_feed(&peer->in, block, (size_t)got);
		while ((result = wire_next(&peer->in, &frame)) == 1)
			pass_on(agent, peer, &frame);
	}
	if (got <= 0 || result < 0)
		drop_peer(agent, peer);
}

/* ---- orders ---- */

static void obey(struct agent *agent, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_RUN:
		start_run(agent, frame);
		break;
	case WIRE_KILL:
		kill_run(agent, frame);
		break;
	case WIRE_PUBLISH:
	case WIRE_SELECT:
		answer_publish(agent, frame);
		break;
	case WIRE_TOUCH:
		touch_files(agent, frame);
		break;
	case WIRE_READ:
		read_files(agent, frame);
		break;
	case WIRE_DEPS:
		read_deps(agent, frame);
		break;
	case WIRE_LOCKS:
		tell_lock(agent, frame);
		break;
	case WIRE_LIST:
		list_kept(agent, frame);
		break;
	case WIRE_TO_LAUNCHER:
		to_launcher(agent, frame);
		break;
	case WIRE_ASK:
		hello(agent);
		break;
	case WIRE_BYE:
		agent->ending = true;
		break;
	default:
		break;
	}
}

static void read_orders(struct agent *agent)
{
	char block[65536];
	struct wire_frame frame;
	int result = 0;
	ssize_t got = read(STDIN_FILENO, block, sizeof block);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		wire_feed(&agent->in, block, (size_t)got);
		while (!agent->ending && (result = wire_next(&agent->in, &frame)) == 1)
			obey(agent, &frame);
	}
	if (got <= 0 || result < 0)
		agent->ending = true;
}

/* ---- life ---- */

static bool prepare_state(struct agent *agent)
{
	char path[400], beside[420];
	static const char *const folders[] = {"", "/gen", "/bin"};
	for (size_t i = 0; i < 3; i++) {
		print_to(path, sizeof path, "%s%s", agent->state, folders[i]);
		if (!make_folders(path, 0755)) {
			say("cannot make %s: %s", path, error_text(errno));
			return false;
		}
	}
	print_to(path, sizeof path, "%s/preload.so", agent->state);
	print_to(beside, sizeof beside, "%s.new", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool good = fd >= 0 && write_whole(fd, preload_image, (size_t)(preload_image_end - preload_image));
	if (fd >= 0)
		close(fd);
	if (!good || chmod(beside, 0755) != 0 || rename(beside, path) != 0) {
		say("cannot write %s: %s", path, error_text(errno));
		return false;
	}
	return true;
}

static bool open_hub(struct agent *agent)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	print_to(agent->hub_path, sizeof agent->hub_path, "%s/hub.sock", agent->state);
	if (strlen(agent->hub_path) >= sizeof address.sun_path)
		return false;
	strcpy(address.sun_path, agent->hub_path);
	unlink(agent->hub_path);
	agent->hub = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* services run under any user */
	return agent->hub >= 0 && bind(agent->hub, (struct sockaddr *)&address, sizeof address) == 0 &&
		chmod(agent->hub_path, 0666) == 0 && listen(agent->hub, 64) == 0;
}

static void end_children(struct agent *agent)
{
	for (int i = 0; i < RUNS; i++)
		if (agent->runs[i].id != 0)
			kill(-agent->runs[i].pid, SIGKILL);
	if (getpid() == 1)
		kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static int next_wait(struct agent *agent)
{
	uint64_t now = now_ns();
	int wait = -1;
	for (int i = 0; i < RUNS; i++) {
		struct run *run = &agent->runs[i];
		if (run->id == 0)
			continue;
		if (run->kill_at != 0 && now >= run->kill_at) {
			kill(-run->pid, SIGKILL);
			run->kill_at = 0;
		}
		int left = run->exited ? 1 : run->kill_at != 0 ? (int)((run->kill_at - now) / 1000000) + 1 : -1;
		if (left >= 0 && (wait < 0 || left < wait))
			wait = left;
	}
	if (agent->drop_at != 0) {
		int left = now < agent->drop_at ? (int)((agent->drop_at - now) / 1000000) + 1 : 0;
		wait = wait < 0 || left < wait ? left : wait;
	}
	return wait;
}

struct poll_set {
	struct pollfd fds[4 + 2 * RUNS + LAUNCHERS];
	nfds_t count;
};

static void watch_fd(struct poll_set *set, int fd, short events)
{
	set->fds[set->count++] = (struct pollfd){.fd = fd, .events = events};
}

static short happened(const struct poll_set *set, int fd)
{
	for (nfds_t i = 0; i < set->count; i++)
		if (set->fds[i].fd == fd)
			return set->fds[i].revents;
	return 0;
}

static void fill_set(struct agent *agent, struct poll_set *set)
{
	bool full = out_is_full(agent);
	set->count = 0;
	watch_fd(set, STDIN_FILENO, full ? 0 : POLLIN);
	watch_fd(set, STDOUT_FILENO, agent->out.len > agent->sent ? POLLOUT : 0);
	watch_fd(set, agent->signals, POLLIN);
	watch_fd(set, agent->hub, POLLIN);
	for (int i = 0; i < RUNS; i++) {
		if (agent->runs[i].id == 0 || full)
			continue;
		if (agent->runs[i].out >= 0)
			watch_fd(set, agent->runs[i].out, POLLIN);
		if (agent->runs[i].err >= 0)
			watch_fd(set, agent->runs[i].err, POLLIN);
	}
	for (int i = 0; i < LAUNCHERS; i++)
		if (agent->peers[i].fd > 0)
			watch_fd(set, agent->peers[i].fd, (short)((full ? 0 : POLLIN) | (agent->peers[i].out.len > 0 ? POLLOUT : 0)));
}

static void dispatch(struct agent *agent, const struct poll_set *set)
{
	struct signalfd_siginfo info;
	if (happened(set, agent->signals))
		while (read(agent->signals, &info, sizeof info) == (ssize_t)sizeof info)
			if (info.ssi_signo != SIGCHLD)
				agent->ending = true;
	for (int i = 0; i < RUNS; i++) {
		struct run *run = &agent->runs[i];
		if (run->id != 0 && run->out >= 0 && happened(set, run->out))
			read_out(agent, run);
		if (run->id != 0 && run->err >= 0 && happened(set, run->err))
			read_err(agent, run);
	}
	reap(agent);
	finish_runs(agent);
	for (int i = 0; i < LAUNCHERS; i++) {
		struct peer *peer = &agent->peers[i];
		short events = peer->fd > 0 ? happened(set, peer->fd) : 0;
		if (events & POLLOUT)
			flush_peer(agent, peer);
		if (peer->fd > 0 && events & (POLLIN | POLLHUP | POLLERR))
			read_peer(agent, peer);
	}
	if (happened(set, agent->hub))
		take_peer(agent);
	if (happened(set, STDIN_FILENO))
		read_orders(agent);
}

int agent_main(const char *state)
{
	static struct agent agent;
	static struct poll_set set;
	sigset_t mask;
	agent.state = state;
	umask(022);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	agent.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!prepare_state(&agent) || !open_hub(&agent)) {
		say("the target volume at %s cannot be used: %s", state, error_text(errno));
		return 1;
	}
	set_nonblocking(STDIN_FILENO);
	set_nonblocking(STDOUT_FILENO);
	hello(&agent);
	while (!agent.ending) {
		flush_out(&agent);
		fill_set(&agent, &set);
		if (poll(set.fds, set.count, next_wait(&agent)) > 0)
			dispatch(&agent, &set);
		else
			reap(&agent), finish_runs(&agent);
		drop_due(&agent);
	}
	flush_out(&agent);
	end_children(&agent);
	unlink(agent.hub_path);
	return 0;
}
