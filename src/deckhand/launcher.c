/* The launcher: it stands where the service's program stood and runs the
 * program's generations as its children. It holds the listening sockets,
 * starts a new generation beside the old one, waits until the new one has
 * accepted, drains and ends the old one. It works without a hub, and when the
 * hub comes back it joins again. It never writes to the filesystem.
 *
 * Who is supervised: the call that PID 1's chain ends in. A call by `docker
 * exec` or a health check has no PID 1 among its parents: it becomes the
 * program of the serving generation. */
#include "launcher.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS 1000000u

enum { READY_MS = 10000, GRACE_MS = 10000, ALIVE_MS = 100, FIRST_ALIVE_MS = 1000, QUIET_MS = 500 };

enum phase {
	PHASE_FIRST, /* the first generation is not ready yet */
	PHASE_SERVING,
	PHASE_STARTING, /* a new one runs beside the old one */
	PHASE_ENDING_OLD, /* alone: the old one must be gone before the new one starts */
	PHASE_STARTING_ALONE, /* the new one runs, the old one is gone */
	PHASE_GOING_BACK, /* the new one failed alone: the old program starts again */
	PHASE_HOLDING, /* the program crashed while a save builds */
	PHASE_LEAVING, /* the container is to stop */
};

struct launcher {
	const struct trailer *trailer;
	char **argv;
	bool terminal;
	enum phase phase;
	struct sockets sockets;
	struct generation serving, next, draining;
	char serving_path[600], next_path[600];
	uint32_t required; /* held sockets that the new one must accept on */
	int64_t swap;
	const char *mode; /* how the running swap is done */
	uint64_t swap_ns, ready_limit_ns, grace_ms, drain_ns, hold_until, waited_from, hub_retry;
	bool prefers_alone, swapped_alone, building, look_at_zero;
	int signals, hub, calls; /* calls: the socket of plain callers */
	struct wire_buffer in, out;
	char service[128];
};

/* ---- to cargodeck ---- */

static void send_frame(struct launcher *launcher)
{
	if (!wire_end(&launcher->out) || launcher->hub < 0)
		launcher->out.len = launcher->out.at = 0;
}

static void flush_hub(struct launcher *launcher)
{
	struct wire_buffer *out = &launcher->out;
	while (launcher->hub >= 0 && out->len > 0) {
		ssize_t put = send(launcher->hub, out->data, out->len, MSG_NOSIGNAL);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (put <= 0) {
			close(launcher->hub);
			launcher->hub = -1;
			out->len = out->at = 0;
			return;
		}
		memmove(out->data, out->data + put, out->len - (size_t)put);
		out->len -= (size_t)put;
		out->at = out->len;
	}
}

static const char *way_name(enum way way)
{
	switch (way) {
	case WAY_NONE: return "none";
	case WAY_PRELOAD: return "preload";
	case WAY_SECCOMP: return "seccomp";
	}
	return "none";
}

static void container_id(char *out, size_t size)
{
	static char text[65536];
	out[0] = '\0';
	if (read_small("/proc/self/mountinfo", text, sizeof text) < 0)
		return;
	/* /etc/hostname is mounted from .../containers/<64 hex digits>/hostname */
	for (char *at = text; (at = strstr(at, "/hostname ")) != NULL; at++) {
		if (at - text >= 64 && strspn(at - 64, "0123456789abcdef") == 64) {
			snprintf(out, size, "%.64s", at - 64);
			return;
		}
	}
}

static void join_hub(struct launcher *launcher)
{
	char path[320], host[128] = "", id[80];
	if (launcher->hub >= 0 || now_ns() < launcher->hub_retry)
		return;
	launcher->hub_retry = now_ns() + 500 * MS;
	snprintf(path, sizeof path, "%s/hub.sock", launcher->trailer->state);
	launcher->hub = connect_unix(path);
	if (launcher->hub < 0)
		return;
	gethostname(host, sizeof host - 1);
	container_id(id, sizeof id);
	launcher->in.len = launcher->in.at = launcher->out.len = launcher->out.at = 0;
	wire_begin(&launcher->out, WIRE_JOIN);
	wire_add_number(&launcher->out, "version", WIRE_VERSION);
	wire_add(&launcher->out, "service", launcher->service);
	wire_add(&launcher->out, "bin", launcher->trailer->bin);
	wire_add(&launcher->out, "hostname", host);
	wire_add(&launcher->out, "container", id);
	wire_add_number(&launcher->out, "pid", getpid());
	wire_add_number(&launcher->out, "generation", launcher->serving.number);
	wire_add(&launcher->out, "way", way_name(launcher->serving.way));
	wire_add(&launcher->out, "state", launcher->serving.ready ? "ready" : "starting");
	send_frame(launcher);
	flush_hub(launcher);
}

static void tell_ready(struct launcher *launcher, const struct generation *generation)
{
	int count = 0;
	for (int i = 0; i < HELD_LIMIT; i++)
		count += (generation->listened >> i) & 1;
	wire_begin(&launcher->out, WIRE_READY);
	wire_add_number(&launcher->out, "swap", launcher->swap);
	wire_add_number(&launcher->out, "generation", generation->number);
	wire_add(&launcher->out, "mode", launcher->mode);
	wire_add_number(&launcher->out, "t_start", (int64_t)launcher->swap_ns);
	wire_add_number(&launcher->out, "t_exec", (int64_t)generation->exec_ns);
	wire_add_number(&launcher->out, "t_listen", (int64_t)generation->listen_ns);
	wire_add_number(&launcher->out, "t", (int64_t)generation->ready_ns);
	wire_add_number(&launcher->out, "sockets", count);
	if (launcher->waited_from != 0)
		wire_add_number(&launcher->out, "waited_ms", (int64_t)((generation->ready_ns - launcher->waited_from) / MS));
	send_frame(launcher);
}

static void add_status(struct wire_buffer *out, int status)
{
	if (WIFSIGNALED(status))
		wire_add_number(out, "signal", WTERMSIG(status));
	else
		wire_add_number(out, "status", WEXITSTATUS(status));
}

static void tell_failed(struct launcher *launcher, const struct generation *generation, const char *reason)
{
	wire_begin(&launcher->out, WIRE_FAILED);
	wire_add_number(&launcher->out, "swap", launcher->swap);
	wire_add_number(&launcher->out, "generation", generation->number);
	wire_add(&launcher->out, "reason", reason);
	if (generation->ended)
		add_status(&launcher->out, generation->status);
	wire_add_data(&launcher->out, generation->tail, generation->tail_len);
	send_frame(launcher);
}

static void tell_drained(struct launcher *launcher, bool killed)
{
	struct generation *old = &launcher->draining;
	wire_begin(&launcher->out, WIRE_DRAINED);
	wire_add_number(&launcher->out, "generation", old->number);
	wire_add_number(&launcher->out, "ms", (int64_t)((now_ns() - launcher->drain_ns) / MS));
	if (old->page != NULL && old->page->streams_cut > 0)
		wire_add_number(&launcher->out, "closed", old->page->streams_cut);
	if (killed)
		wire_add_number(&launcher->out, "killed", 1);
	send_frame(launcher);
}

static void tell_ended(struct launcher *launcher, const struct generation *generation)
{
	wire_begin(&launcher->out, WIRE_ENDED);
	wire_add_number(&launcher->out, "generation", generation->number);
	add_status(&launcher->out, generation->status);
	send_frame(launcher);
	flush_hub(launcher);
}

/* ---- programs ---- */

/* <state>/bin/<bin> -> ../gen/42/<bin>: the path of the generation itself, so
 * that a later turn of the link does not change what runs. */
static long long resolve(const struct launcher *launcher, char *path, size_t size)
{
	char link[500], target[256];
	snprintf(link, sizeof link, "%s/bin/%s", launcher->trailer->state, launcher->trailer->bin);
	ssize_t len = readlink(link, target, sizeof target - 1);
	if (len < 7)
		return 0;
	target[len] = '\0';
	snprintf(path, size, "%s/%s", launcher->trailer->state, target + 3);
	return strncmp(target, "../gen/", 7) == 0 ? atoll(target + 7) : 0;
}

static bool start(struct launcher *launcher, struct generation *generation, const char *path, long long number)
{
	struct start how = {.path = path, .state = launcher->trailer->state, .argv = launcher->argv, .terminal = launcher->terminal};
	return generation_start(generation, &how, number);
}

static bool has_sockets(const struct generation *generation)
{
	return generation->listened != 0;
}

static void made_ready(struct launcher *launcher, struct generation *generation)
{
	generation->ready = true;
	generation->ready_ns = now_ns();
	if (generation->page != NULL)
		__atomic_store_n(&generation->page->known_ready, 1, __ATOMIC_RELEASE);
	tell_ready(launcher, generation);
	flush_hub(launcher);
	if (launcher->swap != 0)
		say("serving g%lld", generation->number);
	/* what it did not ask for is nobody's any more */
	for (int i = 0; i < HELD_LIMIT; i++)
		if (launcher->sockets.held[i].fd > 0 && !((generation->asked >> i) & 1))
			sockets_close(&launcher->sockets, i);
}

/* ---- draining ---- */

static void end_program(struct generation *generation)
{
	if (generation->pid > 0 && !generation->term_sent) {
		generation->term_sent = true;
		kill(generation->pid, SIGTERM);
	}
}

static void begin_drain(struct launcher *launcher)
{
	launcher->drain_ns = now_ns();
	launcher->look_at_zero = false;
	if (launcher->draining.page != NULL && launcher->draining.page->loaded && has_sockets(&launcher->draining)) {
		generation_gate(&launcher->draining, true);
		generation_look(&launcher->draining);
	} else {
		end_program(&launcher->draining);
	}
}

/* Asks and asks again until no connection is left, then ends the program. */
static void drain_tick(struct launcher *launcher)
{
	struct generation *old = &launcher->draining;
	uint64_t ms = (now_ns() - launcher->drain_ns) / MS;
	if (old->pid == 0)
		return;
	if (ms >= launcher->grace_ms) {
		kill(old->pid, SIGKILL);
		return;
	}
	if (old->term_sent || old->page == NULL)
		return;
	uint32_t looks = __atomic_load_n(&old->page->drained, __ATOMIC_ACQUIRE);
	if (looks > 0 && __atomic_load_n(&old->page->connections, __ATOMIC_ACQUIRE) == 0) {
		/* twice: one may have been between accept and its entry */
		if (launcher->look_at_zero)
			end_program(old);
		launcher->look_at_zero = true;
	} else {
		launcher->look_at_zero = false;
	}
	if (ms >= 1000)
		__atomic_store_n(&old->page->patience_ms, 0, __ATOMIC_RELEASE);
	generation_look(old);
}

/* ---- swapping ---- */

static void fail_swap(struct launcher *launcher, const char *reason)
{
	tell_failed(launcher, &launcher->next, reason);
	if (launcher->next.pid > 0)
		kill(launcher->next.pid, SIGKILL);
	else
		generation_finish(&launcher->next);
	launcher->waited_from = 0;
}

static void start_beside(struct launcher *launcher)
{
	launcher->phase = PHASE_STARTING;
	launcher->required = launcher->serving.listened;
	if (!start(launcher, &launcher->next, launcher->next_path, launcher->next.number)) {
		fail_swap(launcher, "exec");
		launcher->phase = PHASE_SERVING;
	}
}

static void start_alone(struct launcher *launcher)
{
	launcher->phase = PHASE_STARTING_ALONE;
	if (!start(launcher, &launcher->next, launcher->next_path, launcher->next.number))
		launcher->next.ended = true; /* the tick goes back */
}

static void end_old_first(struct launcher *launcher, const char *mode)
{
	launcher->mode = mode;
	launcher->phase = PHASE_ENDING_OLD;
	launcher->required = launcher->serving.listened;
	launcher->waited_from = now_ns();
	launcher->draining = launcher->serving;
	memset(&launcher->serving, 0, sizeof launcher->serving);
	launcher->serving.number = 0;
	begin_drain(launcher);
}

static void begin_swap(struct launcher *launcher, const struct wire_frame *frame)
{
	const char *mode = wire_get(frame, "mode"), *path = wire_get(frame, "path");
	long long number = wire_get_number(frame, "generation", 0);
	struct stat status;
	mode = mode != NULL ? mode : "auto";
	launcher->swap = wire_get_number(frame, "swap", 0);
	launcher->swap_ns = now_ns();
	launcher->grace_ms = (uint64_t)wire_get_number(frame, "grace_ms", GRACE_MS);
	launcher->ready_limit_ns = launcher->swap_ns + (uint64_t)wire_get_number(frame, "ready_ms", READY_MS) * MS;
	launcher->waited_from = 0;
	launcher->swapped_alone = false;
	launcher->next.number = number;
	if (path != NULL)
		snprintf(launcher->next_path, sizeof launcher->next_path, "%s", path);
	else
		snprintf(launcher->next_path, sizeof launcher->next_path, "%s/gen/%lld/%s", launcher->trailer->state, number, launcher->trailer->bin);
	if (number <= 0 || stat(launcher->next_path, &status) != 0) {
		fail_swap(launcher, "exec");
		return;
	}
	bool preload = launcher->serving.way == WAY_PRELOAD && launcher->serving.page != NULL && launcher->serving.page->loaded;
	if (launcher->phase == PHASE_HOLDING) {
		launcher->mode = "alone";
		launcher->hold_until = 0;
		launcher->waited_from = now_ns();
		start_alone(launcher);
	} else if (strcmp(mode, "restart") == 0 || (has_sockets(&launcher->serving) && !preload)) {
		end_old_first(launcher, "restart");
	} else if (strcmp(mode, "alone") == 0 || (strcmp(mode, "auto") == 0 && launcher->prefers_alone)) {
		end_old_first(launcher, "alone");
	} else if (!has_sockets(&launcher->serving) && strcmp(mode, "overlap") != 0) {
		end_old_first(launcher, "restart");
	} else {
		launcher->mode = preload ? "preload" : "restart";
		start_beside(launcher);
	}
}

/* The new one has accepted on everything: the old one drains. */
static void finish_swap(struct launcher *launcher)
{
	bool beside = launcher->phase == PHASE_STARTING;
	if (beside) {
		launcher->draining = launcher->serving;
		launcher->serving = launcher->next;
	} else {
		launcher->serving = launcher->next;
	}
	memset(&launcher->next, 0, sizeof launcher->next);
	launcher->next.control = launcher->next.out.from = launcher->next.err.from = -1;
	memcpy(launcher->serving_path, launcher->next_path, sizeof launcher->serving_path);
	launcher->phase = PHASE_SERVING;
	if (beside)
		begin_drain(launcher); /* gated first: the first thing the new one needs */
	made_ready(launcher, &launcher->serving);
	if (launcher->swapped_alone)
		launcher->prefers_alone = true;
}

static bool has_word(const struct generation *generation, const char *word)
{
	return generation->tail != NULL && memmem(generation->tail, generation->tail_len, word, strlen(word)) != NULL;
}

/* Does the program's last output say that it cannot live beside another of its
 * kind? Lock files, database locks, addresses that we do not hold. */
static bool cannot_live_beside(const struct generation *generation)
{
	static const char *const words[] = {
		"lock", "Lock", "LOCK", "in use", "InUse", "already running", "pid file", "pidfile",
		"Resource temporarily unavailable", "WouldBlock", "EADDRINUSE", "AlreadyExists", "File exists",
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (has_word(generation, words[i]))
			return true;
	return false;
}

static void next_ended(struct launcher *launcher)
{
	struct generation *next = &launcher->next;
	if (launcher->phase == PHASE_STARTING && cannot_live_beside(next)) {
		long long number = next->number;
		generation_finish(next);
		next->number = number;
		launcher->swapped_alone = true;
		end_old_first(launcher, "alone");
	} else if (launcher->phase == PHASE_STARTING) {
		tell_failed(launcher, next, "exited");
		generation_finish(next);
		launcher->phase = PHASE_SERVING;
		/* the old one may have been told of connections that it left to the
		 * other: an edge is not told twice */
		for (int i = 0; i < HELD_LIMIT; i++)
			if ((launcher->required >> i) & 1)
				sockets_knock(&launcher->sockets.held[i]);
	} else if (launcher->phase == PHASE_STARTING_ALONE && launcher->serving_path[0] != '\0') {
		tell_failed(launcher, next, "exited");
		generation_finish(next);
		launcher->phase = PHASE_GOING_BACK;
		if (!start(launcher, next, launcher->serving_path, launcher->draining.number != 0 ? launcher->draining.number : 1))
			next->ended = true;
	}
}

/* Is the new one ready? Accepted on each socket that the old one served, or,
 * where the old one never accepted either, listening for a while. */
static bool is_ready(struct launcher *launcher, const struct generation *generation, uint32_t required)
{
	uint64_t alive = (now_ns() - generation->exec_ns) / MS;
	if (required == 0 && generation->listened == 0)
		return alive >= (launcher->phase == PHASE_FIRST ? (uint64_t)FIRST_ALIVE_MS : (uint64_t)ALIVE_MS);
	uint32_t wanted = required != 0 ? required : generation->listened;
	if ((generation->listened & wanted) != wanted)
		return false;
	if ((generation->accepted & wanted) == wanted)
		return true;
	uint32_t never = wanted & ~launcher->serving.accepted & ~generation->accepted;
	bool only_quiet = (wanted & ~never & ~generation->accepted) == 0;
	return launcher->phase == PHASE_STARTING && only_quiet && (now_ns() - generation->listen_ns) / MS >= QUIET_MS;
}

static void knock(struct launcher *launcher, const struct generation *generation)
{
	uint32_t wanted = generation->listened & ~generation->accepted;
	for (int i = 0; i < HELD_LIMIT; i++)
		if ((wanted >> i) & 1)
			sockets_knock(&launcher->sockets.held[i]);
}

static void starting_tick(struct launcher *launcher)
{
	struct generation *next = &launcher->next;
	uint32_t required = launcher->required;
	if (next->ended) {
		next_ended(launcher);
	} else if (is_ready(launcher, next, required)) {
		finish_swap(launcher);
	} else if (launcher->phase == PHASE_STARTING && now_ns() >= launcher->ready_limit_ns) {
		fail_swap(launcher, next->listened == 0 ? "never-listened" : "never-accepted");
		launcher->phase = PHASE_SERVING;
	} else {
		knock(launcher, next);
	}
}

static void first_tick(struct launcher *launcher)
{
	if (launcher->serving.ended)
		return;
	if (is_ready(launcher, &launcher->serving, 0)) {
		made_ready(launcher, &launcher->serving);
		launcher->phase = PHASE_SERVING;
	} else {
		knock(launcher, &launcher->serving);
	}
}

static void tick(struct launcher *launcher)
{
	if (launcher->draining.number != 0)
		drain_tick(launcher);
	switch (launcher->phase) {
	case PHASE_FIRST:
		first_tick(launcher);
		break;
	case PHASE_STARTING:
	case PHASE_STARTING_ALONE:
	case PHASE_GOING_BACK:
		starting_tick(launcher);
		break;
	case PHASE_ENDING_OLD:
		if (launcher->draining.number == 0)
			start_alone(launcher);
		break;
	case PHASE_SERVING:
	case PHASE_HOLDING:
	case PHASE_LEAVING:
		break;
	}
}

/* ---- ends ---- */

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void leave(struct launcher *launcher, int code)
{
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining};
	for (int i = 0; i < 3; i++)
		if (all[i]->pid > 0)
			kill(all[i]->pid, SIGKILL);
	for (int i = 0; i < 3; i++)
		generation_finish(all[i]);
	exit(code);
}

/* A draining one that dies while the new one is not ready any more, or the new
 * one dies while the old one still drains: the old one serves on. */
static void take_back(struct launcher *launcher)
{
	launcher->serving = launcher->draining;
	memset(&launcher->draining, 0, sizeof launcher->draining);
	launcher->draining.control = launcher->draining.out.from = launcher->draining.err.from = -1;
	if (launcher->serving.page != NULL)
		launcher->serving.page->patience_ms = 1;
	generation_gate(&launcher->serving, false);
	for (int i = 0; i < HELD_LIMIT; i++)
		if ((launcher->serving.listened >> i) & 1)
			sockets_knock(&launcher->sockets.held[i]);
	snprintf(launcher->serving_path, sizeof launcher->serving_path, "%s/gen/%lld/%s", launcher->trailer->state,
		launcher->serving.number, launcher->trailer->bin);
}

static void serving_ended(struct launcher *launcher)
{
	struct generation *serving = &launcher->serving;
	int status = serving->status;
	if (launcher->phase == PHASE_STARTING)
		return; /* the new one takes over when it is ready; see below */
	if (launcher->draining.pid > 0 && !launcher->draining.term_sent && launcher->phase != PHASE_LEAVING) {
		tell_failed(launcher, serving, "exited");
		generation_finish(serving);
		take_back(launcher);
		return;
	}
	bool crashed = status != 0 && serving->ready && launcher->phase == PHASE_SERVING;
	tell_ended(launcher, serving);
	if (crashed && launcher->building) {
		generation_finish(serving);
		launcher->phase = PHASE_HOLDING;
		launcher->hold_until = now_ns() + 1000 * (uint64_t)MS;
		return;
	}
	leave(launcher, exit_code(status));
}

static void one_ended(struct launcher *launcher, pid_t pid, int status)
{
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining};
	for (int i = 0; i < 3; i++) {
		if (all[i]->pid != pid)
			continue;
		all[i]->pid = 0;
		all[i]->ended = true;
		all[i]->status = status;
	}
	if (launcher->draining.ended) {
		tell_drained(launcher, WIFSIGNALED(launcher->draining.status) && WTERMSIG(launcher->draining.status) == SIGKILL);
		generation_finish(&launcher->draining);
	}
	if (launcher->next.ended && launcher->phase == PHASE_SERVING)
		generation_finish(&launcher->next); /* one that had failed before */
	if (launcher->serving.ended)
		serving_ended(launcher);
}

static void reap(struct launcher *launcher)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		one_ended(launcher, pid, status);
}

static void pass_signal(struct launcher *launcher, int number)
{
	bool stopping = number == SIGTERM || number == SIGINT || number == SIGQUIT;
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining};
	if (stopping)
		launcher->phase = PHASE_LEAVING;
	for (int i = 0; i < 3; i++)
		if (all[i]->pid > 0 && (stopping || i == 0))
			kill(all[i]->pid, number);
	if (stopping && launcher->serving.pid == 0)
		leave(launcher, 128 + number);
}

/* ---- orders ---- */

static bool may_swap(const struct launcher *launcher)
{
	return launcher->draining.number == 0 && launcher->next.number == 0 &&
		(launcher->phase == PHASE_SERVING || launcher->phase == PHASE_FIRST || launcher->phase == PHASE_HOLDING);
}

static void obey(struct launcher *launcher, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_SWAP:
		if (may_swap(launcher)) {
			begin_swap(launcher, frame);
			break;
		}
		/* one is under way: the sender asks again when that one is told of */
		wire_begin(&launcher->out, WIRE_FAILED);
		wire_add_number(&launcher->out, "swap", wire_get_number(frame, "swap", 0));
		wire_add_number(&launcher->out, "generation", wire_get_number(frame, "generation", 0));
		wire_add(&launcher->out, "reason", "busy");
		send_frame(launcher);
		break;
	case WIRE_SIGNAL:
		if (launcher->serving.pid > 0)
			kill(launcher->serving.pid, (int)wire_get_number(frame, "signal", SIGTERM));
		break;
	case WIRE_ABORT:
		if (launcher->phase == PHASE_STARTING && launcher->next.pid > 0) {
			fail_swap(launcher, "aborted");
			launcher->phase = PHASE_SERVING;
		}
		break;
	case WIRE_BUILDING:
		launcher->building = wire_get_number(frame, "on", 0) != 0;
		break;
	default:
		break;
	}
}

static void read_hub(struct launcher *launcher)
{
	char block[16384];
	struct wire_frame frame;
	int result = 0;
	ssize_t got = read(launcher->hub, block, sizeof block);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		wire_feed(&launcher->in, block, (size_t)got);
		while ((result = wire_next(&launcher->in, &frame)) == 1)
			obey(launcher, &frame);
	}
	if (got <= 0 || result < 0) {
		close(launcher->hub);
		launcher->hub = -1;
		launcher->building = false;
	}
}

/* ---- plain calls ---- */

/* One supervisor a path and PID namespace: an abstract socket is its lock, and
 * where plain calls learn what serves. */
static socklen_t calls_address(const struct launcher *launcher, const char *self, struct sockaddr_un *address)
{
	struct stat status = {0};
	stat("/proc/self/ns/pid", &status);
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	(void)launcher;
	int len = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "cargodeck/%llu%s",
		(unsigned long long)status.st_ino, self);
	if (len > (int)sizeof address->sun_path - 2)
		len = (int)sizeof address->sun_path - 2;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

static void tell_caller(const struct launcher *launcher)
{
	int fd = accept4(launcher->calls, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	send(fd, launcher->serving_path, strlen(launcher->serving_path), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static int plain_call(struct launcher *launcher, const struct sockaddr_un *address, socklen_t len)
{
	char path[600] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, len) == 0) {
		ssize_t got = read(fd, path, sizeof path - 1);
		path[got > 0 ? got : 0] = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (path[0] == '\0' && resolve(launcher, path, sizeof path) == 0) {
		say("%s has not been built yet", launcher->trailer->bin);
		return 127;
	}
	unsetenv(DECKHAND_ENV_SERVICE);
	execv(path, launcher->argv);
	say("cannot start %s: %s", path, strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

static bool in_the_chain(void)
{
	pid_t pid = getpid();
	for (int i = 0; i < 64 && pid > 1; i++)
		pid = (pid_t)proc_status_number(pid, "PPid");
	return pid == 1;
}

/* ---- the loop ---- */

static int wait_ms(const struct launcher *launcher)
{
	if (launcher->draining.number != 0)
		return 2;
	switch (launcher->phase) {
	case PHASE_FIRST:
		return launcher->serving.listened != 0 ? 1 : 20;
	case PHASE_STARTING:
	case PHASE_STARTING_ALONE:
	case PHASE_GOING_BACK:
	case PHASE_ENDING_OLD:
		return 1;
	case PHASE_HOLDING:
		return 20;
	case PHASE_SERVING:
	case PHASE_LEAVING:
		break;
	}
	return launcher->hub < 0 ? 500 : -1;
}

struct wait_set {
	struct pollfd fds[16];
	nfds_t count;
};

static void add_generation(struct wait_set *set, const struct generation *generation)
{
	if (generation->number == 0)
		return;
	if (generation->control >= 0)
		set->fds[set->count++] = (struct pollfd){.fd = generation->control, .events = POLLIN};
	if (generation->out.from >= 0)
		set->fds[set->count++] = (struct pollfd){.fd = generation->out.from, .events = POLLIN};
	if (generation->err.from >= 0)
		set->fds[set->count++] = (struct pollfd){.fd = generation->err.from, .events = POLLIN};
}

static bool woke(const struct wait_set *set, int fd)
{
	for (nfds_t i = 0; i < set->count; i++)
		if (set->fds[i].fd == fd && set->fds[i].revents != 0)
			return true;
	return false;
}

static void hear_generation(struct launcher *launcher, const struct wait_set *set, struct generation *generation)
{
	if (generation->number == 0)
		return;
	if (generation->control >= 0 && woke(set, generation->control) && !sockets_hear(&launcher->sockets, generation)) {
		close(generation->control);
		generation->control = -1;
	}
	if (generation->out.from >= 0 && woke(set, generation->out.from))
		generation_pass(generation, &generation->out);
	if (generation->err.from >= 0 && woke(set, generation->err.from))
		generation_pass(generation, &generation->err);
}

static void hear_signals(struct launcher *launcher)
{
	struct signalfd_siginfo info;
	while (read(launcher->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			pass_signal(launcher, (int)info.ssi_signo);
}

static void turn(struct launcher *launcher)
{
	struct wait_set set = {.count = 0};
	set.fds[set.count++] = (struct pollfd){.fd = launcher->signals, .events = POLLIN};
	set.fds[set.count++] = (struct pollfd){.fd = launcher->calls, .events = POLLIN};
	if (launcher->hub >= 0)
		set.fds[set.count++] = (struct pollfd){.fd = launcher->hub, .events = (short)(POLLIN | (launcher->out.len > 0 ? POLLOUT : 0))};
	add_generation(&set, &launcher->serving);
	add_generation(&set, &launcher->next);
	add_generation(&set, &launcher->draining);
	poll(set.fds, set.count, wait_ms(launcher));
	hear_generation(launcher, &set, &launcher->serving);
	hear_generation(launcher, &set, &launcher->next);
	hear_generation(launcher, &set, &launcher->draining);
	if (woke(&set, launcher->signals))
		hear_signals(launcher);
	reap(launcher);
	if (woke(&set, launcher->calls))
		tell_caller(launcher);
	if (launcher->hub >= 0 && woke(&set, launcher->hub))
		read_hub(launcher);
	if (launcher->phase == PHASE_HOLDING && launcher->hold_until != 0 && now_ns() >= launcher->hold_until)
		leave(launcher, 1);
	tick(launcher);
	join_hub(launcher);
	flush_hub(launcher);
}

static void block_signals(struct launcher *launcher)
{
	static const int passed[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGCHLD};
	sigset_t mask;
	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		sigaddset(&mask, passed[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	launcher->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_calls(struct launcher *launcher, const struct sockaddr_un *address, socklen_t len)
{
	launcher->calls = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return launcher->calls >= 0 && bind(launcher->calls, (const struct sockaddr *)address, len) == 0 &&
		listen(launcher->calls, 16) == 0;
}

int launcher_main(const struct trailer *trailer, int argc, char **argv)
{
	static struct launcher launcher;
	char self[512] = "";
	struct sockaddr_un address;
	(void)argc;
	launcher.trailer = trailer;
	launcher.argv = argv;
	launcher.hub = -1;
	launcher.mode = "preload";
	launcher.grace_ms = GRACE_MS;
	launcher.terminal = isatty(STDOUT_FILENO) != 0;
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		self[0] = '\0';
	const char *service = getenv(DECKHAND_ENV_SERVICE);
	snprintf(launcher.service, sizeof launcher.service, "%s", service != NULL ? service : "");
	socklen_t len = calls_address(&launcher, self, &address);
	if (!in_the_chain() || !open_calls(&launcher, &address, len))
		return plain_call(&launcher, &address, len);
	block_signals(&launcher);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	long long number = resolve(&launcher, launcher.serving_path, sizeof launcher.serving_path);
	if (number == 0) {
		say("%s has not been built yet: start this service by `cargodeck up`", trailer->bin);
		return 127;
	}
	if (!start(&launcher, &launcher.serving, launcher.serving_path, number)) {
		say("cannot start %s: %s%s", launcher.serving_path, strerror(errno),
			errno == ENOENT ? " (its loader or a library is not in this image)" : "");
		return errno == ENOENT ? 127 : 126;
	}
	for (;;)
		turn(&launcher);
}
