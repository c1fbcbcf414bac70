/* Emptying an old generation: it accepts no more, what is idle is closed, what
 * was asked is answered, then it is told to end. launcher->draining is the one. */
#include "launcher.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Static programs: how long threads that wait inside a blocking accept() are
 * brought to the gate by knocking, and how long a program that handles SIGTERM
 * is waited for to have an idle moment. */
enum { GATE_MS = 500, IDLE_MS = 1000, CUTS_AT_ONCE = 64 };

static void end_program(struct generation *generation)
{
	if (generation->pid > 0 && !generation->term_sent) {
		generation->term_sent = true;
		kill(generation->pid, SIGTERM);
	}
}

static bool by_library(const struct generation *generation)
{
	return generation->page != NULL && generation->page->loaded;
}

void drain_begin(struct launcher *launcher)
{
	struct generation *old = &launcher->draining;
	launcher->drain_ns = now_ns();
	launcher->look_at_zero = false;
	memset(&launcher->cut, 0, sizeof launcher->cut);
	memset(&launcher->look, 0, sizeof launcher->look);
	if (old->listened != 0 && (by_library(old) || old->notify >= 0)) {
		generation_gate(old, GATE_CLOSED);
		generation_look(old);
	} else {
		end_program(old);
	}
}

/* Twice: a connection may have been between accept and its entry. */
static void end_when_empty(struct launcher *launcher, bool empty)
{
	if (empty && launcher->look_at_zero)
		end_program(&launcher->draining);
	launcher->look_at_zero = empty;
}

/* Asks the library, again and again, until no connection is left. */
static void drain_by_library(struct launcher *launcher, uint64_t ms)
{
	struct generation *old = &launcher->draining;
	uint32_t looks = __atomic_load_n(&old->page->drained, __ATOMIC_ACQUIRE);
	end_when_empty(launcher, looks > 0 && __atomic_load_n(&old->page->connections, __ATOMIC_ACQUIRE) == 0);
	__atomic_store_n(&old->page->draining_ms, (uint32_t)ms, __ATOMIC_RELEASE);
	if (ms >= 1000)
		__atomic_store_n(&old->page->patience_ms, 0, __ATOMIC_RELEASE);
	generation_look(old);
}

/* Threads inside a blocking accept() take one more connection before they meet
 * the gate: ours, which asks nothing. */
static bool bring_to_gate(struct launcher *launcher)
{
	struct generation *old = &launcher->draining;
	bool all = true;
	for (int i = 0; i < HELD_LIMIT; i++) {
		if (((old->listened & old->blocking) >> i & 1) == 0 || notify_all_at_gate(old))
			continue;
		all = false;
		sockets_knock(&launcher->sockets.held[i]);
	}
	return all;
}

static bool handles_sigterm(pid_t pid)
{
	return (proc_status_mask(pid, "SigCgt") >> (SIGTERM - 1) & 1) != 0;
}

/* What was idle and has not been closed has its moment still. */
static void keep_moment(struct tcp_look *look)
{
	for (int i = 0; i < look->idle_count && look->was_busy_count < TCP_IDLE_LIMIT; i++)
		look->was_busy[look->was_busy_count++] = look->idle_inodes[i];
}

/* On a busy machine it takes a while until the program stands still, and each
 * step of it may: so one is looked for and told, then the next. Writing is shut
 * first: the client knows at once, however late the program sees its end. */
static void cut_idle(struct launcher *launcher, uint32_t ms)
{
	struct tcp_look *look = &launcher->look;
	pid_t pid = launcher->draining.pid;
	int cut[CUTS_AT_ONCE], count = 0;
	if (!cut_begin(&launcher->cut, pid)) {
		launcher->cannot_cut = true;
		return;
	}
	while (count < CUTS_AT_ONCE) {
		keep_moment(look);
		if (!tcp_look_at(pid, &launcher->sockets, ms, look) || look->idle_count == 0 ||
			!cut_connection(&launcher->cut, look->idle[0], SHUT_WR))
			break;
		cut[count++] = look->idle[0];
	}
	for (int i = 0; i < count; i++)
		cut_connection(&launcher->cut, cut[i], SHUT_RD);
	cut_end(&launcher->cut);
	keep_moment(look);
}

static void drain_static(struct launcher *launcher, uint64_t ms)
{
	struct generation *old = &launcher->draining;
	struct tcp_look *look = &launcher->look;
	bool at_gate = bring_to_gate(launcher) || ms >= GATE_MS;
	bool known = tcp_look_at(old->pid, &launcher->sockets, (uint32_t)ms, look);
	bool handles = handles_sigterm(old->pid);
	if (!known) {
		if (handles || ms >= IDLE_MS)
			end_program(old);
		return;
	}
	if (look->idle_count > 0 && !launcher->cannot_cut)
		cut_idle(launcher, (uint32_t)ms);
	if (launcher->cannot_cut) /* the best moment, or the program's own way of ending */
		look->open = handles && ms >= IDLE_MS ? 0 : look->busy;
	end_when_empty(launcher, at_gate && look->open == 0);
}

void drain_tick(struct launcher *launcher)
{
	struct generation *old = &launcher->draining;
	uint64_t ms = (now_ns() - launcher->drain_ns) / MS;
	if (old->pid == 0)
		return;
	if (ms >= launcher->grace_ms)
		kill(old->pid, SIGKILL);
	else if (old->term_sent)
		return;
	else if (by_library(old))
		drain_by_library(launcher, ms);
	else
		drain_static(launcher, ms);
}
