/* The launcher: it stands where the service's program stood and runs the
 * program's generations as its children. It holds the listening sockets,
 * starts a new generation beside the old one, waits until the new one has
 * accepted, drains and ends the old one. It works without a hub, and when the
 * hub comes back it joins again. It never writes to the filesystem.
 *
 * This file is its loop; what it decides stands in swap.c. */
#include "launcher.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { GRACE_MS = 10000, READY_MS = 10000, QUIET_MS = 500 };

/* ---- orders ---- */

static void obey(struct launcher *launcher, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_SWAP:
		swap_order(launcher, frame);
		break;
	case WIRE_SIGNAL:
		if (launcher->serving.pid > 0)
			kill(launcher->serving.pid, (int)wire_get_number(frame, "signal", SIGTERM));
		break;
	case WIRE_ABORT:
		swap_abort(launcher);
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

/* ---- the loop ---- */

struct wait_set {
	struct pollfd fds[24];
	nfds_t count;
};

static void add_generation(struct wait_set *set, const struct generation *generation)
{
	if (generation->number == 0)
		return;
	if (generation->control >= 0)
		set->fds[set->count++] = (struct pollfd){.fd = generation->control, .events = POLLIN};
	if (generation->notify >= 0)
		set->fds[set->count++] = (struct pollfd){.fd = generation->notify, .events = POLLIN};
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
	/* while a new one starts beside it, it shares the sockets of the serving one */
	bool shares = generation == &launcher->next && launcher->phase == PHASE_STARTING;
	if (generation->notify >= 0 && woke(set, generation->notify) &&
		!notify_hear(&launcher->sockets, generation, shares ? &launcher->serving : NULL)) {
		close(generation->notify);
		generation->notify = -1;
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
			swap_signal(launcher, (int)info.ssi_signo);
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
	poll(set.fds, set.count, swap_wait_ms(launcher));
	hear_generation(launcher, &set, &launcher->serving);
	hear_generation(launcher, &set, &launcher->next);
	hear_generation(launcher, &set, &launcher->draining);
	if (woke(&set, launcher->signals))
		hear_signals(launcher);
	swap_reap(launcher);
	if (woke(&set, launcher->calls))
		calls_answer(launcher);
	if (launcher->hub >= 0 && woke(&set, launcher->hub))
		read_hub(launcher);
	swap_tick(launcher);
	report_join(launcher);
	report_flush(launcher);
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

int launcher_main(const struct trailer *trailer, int argc, char **argv)
{
	static struct launcher launcher;
	(void)argc;
	launcher.trailer = trailer;
	launcher.argv = argv;
	launcher.hub = launcher.probe.fd = -1;
	launcher.mode = "preload";
	launcher.grace_ms = GRACE_MS;
	launcher.ready_ms = READY_MS;
	launcher.quiet_ms = QUIET_MS;
	launcher.terminal = isatty(STDOUT_FILENO) != 0;
	generation_clear(&launcher.serving);
	generation_clear(&launcher.next);
	generation_clear(&launcher.draining);
	const char *service = getenv(DECKHAND_ENV_SERVICE);
	print_to(launcher.service, sizeof launcher.service, "%s", service != NULL ? service : "");
	if (!calls_open(&launcher))
		return calls_become(&launcher);
	block_signals(&launcher);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (!swap_find_first(&launcher, &launcher.wanted)) {
		say("%s has not been built yet: start this service by `cargodeck up`", trailer->bin);
		return 127;
	}
	if (!swap_start_first(&launcher)) {
		say("cannot start %s: %s%s", launcher.wanted.path, error_text(errno),
			errno == ENOENT ? " (its loader or a library is not in this image)" : "");
		return errno == ENOENT ? 127 : 126;
	}
	report_join(&launcher);
	for (;;)
		turn(&launcher);
}
