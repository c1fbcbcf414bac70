/* The agent: PID 1 of the builder container. It starts cargo in process groups
 * of its own, tells what comes out, keeps artifacts as generations, and passes
 * frames between cargodeck and the launchers that meet at its unix socket.
 * One poll loop. It ends, with everything that it started, when its standard
 * input closes: nothing is left behind when cargodeck is killed. */
#include "agent.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT_LIMIT = 8 * 1024 * 1024 }; /* beyond it nothing more is read from children */

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

void agent_begin(struct agent *agent, uint8_t type, int64_t id)
{
	wire_begin(&agent->out, type);
	if (id != 0)
		wire_add_number(&agent->out, "id", id);
}

void agent_begin_timed(struct agent *agent, uint8_t type, int64_t id, uint64_t ns)
{
	agent_begin(agent, type, id);
	wire_add_number(&agent->out, "t", (int64_t)ns);
}

void agent_done(struct agent *agent, int64_t id, const char *error)
{
	agent_begin(agent, WIRE_DONE, id);
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
	agent_begin_timed(agent, WIRE_HELLO, 0, now_ns());
	wire_add_number(&agent->out, "version", WIRE_VERSION);
	wire_add_number(&agent->out, "pid", getpid());
	wire_add_number(&agent->out, "uid", getuid());
	wire_add_number(&agent->out, "gid", getgid());
	wire_add(&agent->out, "arch", machine.machine);
	wire_add(&agent->out, "boot", boot);
	wire_end(&agent->out);
}

/* ---- orders ---- */

static void obey(struct agent *agent, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_RUN:
		runs_start(agent, frame);
		break;
	case WIRE_KILL:
		runs_kill(agent, frame);
		break;
	case WIRE_PUBLISH:
	case WIRE_SELECT:
		kept_answer(agent, frame);
		break;
	case WIRE_TOUCH:
		files_touch(agent, frame);
		break;
	case WIRE_READ:
		files_read(agent, frame);
		break;
	case WIRE_DEPS:
		files_deps(agent, frame);
		break;
	case WIRE_LOCKS:
		files_lock(agent, frame);
		break;
	case WIRE_LIST:
		kept_list(agent, frame);
		break;
	case WIRE_TO_LAUNCHER:
		hub_pass(agent, frame);
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

/* Launchers start from these files at any time: they change in one step. */
static bool put_file(const struct agent *agent, const char *name, bool (*write_to)(const char *path))
{
	char path[400], beside[420];
	print_to(path, sizeof path, "%s/%s", agent->state, name);
	print_to(beside, sizeof beside, "%s.new", path);
	if (write_to(beside) && chmod(beside, 0755) == 0 && rename(beside, path) == 0)
		return true;
	say("cannot write %s: %s", path, error_text(errno));
	unlink(beside);
	return false;
}

static bool write_preload(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool good = fd >= 0 && write_whole(fd, preload_image, (size_t)(preload_image_end - preload_image));
	if (fd >= 0)
		close(fd);
	return good;
}

static bool write_helper(const char *path)
{
	return copy_file("/proc/self/exe", path, 0755);
}

static bool prepare_state(struct agent *agent)
{
	char path[400];
	static const char *const folders[] = {"", "/gen", "/bin"};
	for (size_t i = 0; i < 3; i++) {
		print_to(path, sizeof path, "%s%s", agent->state, folders[i]);
		if (!make_folders(path, 0755)) {
			say("cannot make %s: %s", path, error_text(errno));
			return false;
		}
	}
	put_file(agent, "deckhand", write_helper); /* what needs it complains by itself */
	return put_file(agent, "preload.so", write_preload);
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
			runs_read_out(agent, run);
		if (run->id != 0 && run->err >= 0 && happened(set, run->err))
			runs_read_err(agent, run);
	}
	runs_reap(agent);
	runs_finish(agent);
	for (int i = 0; i < LAUNCHERS; i++) {
		struct peer *peer = &agent->peers[i];
		short events = peer->fd > 0 ? happened(set, peer->fd) : 0;
		if (events & POLLOUT)
			hub_flush(agent, peer);
		if (peer->fd > 0 && events & (POLLIN | POLLHUP | POLLERR))
			hub_read(agent, peer);
	}
	if (happened(set, agent->hub))
		hub_take(agent);
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
			runs_reap(&agent), runs_finish(&agent);
		kept_drop_due(&agent);
	}
	flush_out(&agent);
	end_children(&agent);
	unlink(agent.hub_path);
	return 0;
}
