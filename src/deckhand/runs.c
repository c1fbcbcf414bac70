/* Commands of the agent: cargo and others, each in a process group of its own,
 * its output told a line each, its end told when the whole group is gone. */
#include "agent.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	LINE_LIMIT = 512 * 1024,
	COMMAND_NICE = 5, /* the agent goes before the compilers that it starts */
};

static void tell_line(struct agent *agent, struct run *run, uint64_t ns)
{
	agent_begin_timed(agent, WIRE_OUT, run->id, ns);
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

void runs_read_out(struct agent *agent, struct run *run)
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

void runs_read_err(struct agent *agent, struct run *run)
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
	agent_begin_timed(agent, WIRE_ERR, run->id, now_ns());
	wire_add_data(&agent->out, block, (size_t)got);
	wire_end(&agent->out);
}

static void tell_exit(struct agent *agent, struct run *run)
{
	agent_begin_timed(agent, WIRE_EXITED, run->id, now_ns());
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

void runs_finish(struct agent *agent)
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

void runs_reap(struct agent *agent)
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
	agent_begin_timed(agent, WIRE_EXITED, id, now_ns());
	wire_add(&agent->out, "error", error);
	wire_end(&agent->out);
}

void runs_start(struct agent *agent, const struct wire_frame *frame)
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
			agent_begin_timed(agent, WIRE_STARTED, id, ns);
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

void runs_kill(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	for (int i = 0; i < RUNS; i++) {
		if (id == 0 || agent->runs[i].id != id)
			continue;
		kill(-agent->runs[i].pid, (int)wire_get_number(frame, "signal", SIGTERM));
		agent->runs[i].kill_at = now_ns() + 500000000u;
	}
}
