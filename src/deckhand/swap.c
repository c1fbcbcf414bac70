/* What the launcher decides: which generation starts when, when it is ready,
 * what becomes of the old one, and when the container ends. One swap at a time;
 * every path ends in one generation that serves, or in the end. */
#include "launcher.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALIVE_MS = 100, FIRST_ALIVE_MS = 1000, HOLD_MS = 1000, YIELD_MS = 8 };

/* ---- programs ---- */

/* <state>/bin/<bin> -> ../gen/42/<bin>: the path of the generation itself, so
 * that a later turn of the link does not change what runs. */
bool swap_find_first(const struct launcher *launcher, struct program *out)
{
	char link[500], target[256];
	print_to(link, sizeof link, "%s/bin/%s", launcher->trailer->state, launcher->trailer->bin);
	ssize_t len = readlink(link, target, sizeof target - 1);
	if (len < 7)
		return false;
	target[len] = '\0';
	print_to(out->path, sizeof out->path, "%s/%s", launcher->trailer->state, target + 3);
	out->number = strncmp(target, "../gen/", 7) == 0 ? atoll(target + 7) : 0;
	return out->number != 0;
}

static bool start(struct launcher *launcher, struct generation *generation, const struct program *program)
{
	struct start how = {.path = program->path, .state = launcher->trailer->state, .argv = launcher->argv, .terminal = launcher->terminal};
	bool good = generation_start(generation, &how, program->number);
	int error = errno;
	if (good && launcher->swap != 0)
		report_swapping(launcher, generation);
	errno = error;
	return good;
}

static const char *way_of(const struct generation *generation)
{
	return generation->way == WAY_SECCOMP ? "seccomp" : generation->way == WAY_PRELOAD ? "preload" : "restart";
}

bool swap_start_first(struct launcher *launcher)
{
	bool good = start(launcher, &launcher->serving, &launcher->wanted);
	launcher->mode = way_of(&launcher->serving);
	return good;
}

static void made_ready(struct launcher *launcher, struct generation *generation)
{
	generation->ready = true;
	generation->ready_ns = now_ns();
	if (generation->page != NULL)
		__atomic_store_n(&generation->page->known_ready, 1, __ATOMIC_RELEASE);
	report_ready(launcher, generation);
	report_flush(launcher);
	if (launcher->swap != 0)
		say("serving g%lld", generation->number);
	/* what it did not ask for is nobody's any more */
	for (int i = 0; i < HELD_LIMIT; i++)
		if (launcher->sockets.held[i].fd > 0 && !((generation->asked >> i) & 1))
			sockets_close(&launcher->sockets, i);
}

static void knock(struct launcher *launcher, uint32_t wanted)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		if ((wanted >> i) & 1)
			sockets_knock(&launcher->sockets.held[i]);
}

/* ---- the end ---- */

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void leave(struct launcher *launcher)
{
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining};
	for (int i = 0; i < 3; i++)
		if (all[i]->pid > 0)
			kill(all[i]->pid, SIGKILL);
	for (int i = 0; i < 3; i++)
		generation_finish(all[i]);
	report_flush(launcher);
	exit(exit_code(launcher->last_status));
}

/* The only generation is gone. A crash while a save builds: its successor may
 * be here soon, and connections wait for it. */
static void serving_is_gone(struct launcher *launcher)
{
	struct generation *serving = &launcher->serving;
	bool hold = serving->status != 0 && serving->ready && launcher->building && launcher->phase != PHASE_LEAVING;
	launcher->last_status = serving->status;
	report_ended(launcher, serving);
	if (!hold)
		leave(launcher);
	launcher->required = serving->listened;
	generation_finish(serving);
	launcher->phase = PHASE_HOLDING;
	launcher->hold_until = now_ns() + HOLD_MS * (uint64_t)MS;
}

/* ---- beginning a swap ---- */

static void remember_back(struct launcher *launcher)
{
	launcher->back.number = launcher->serving.number;
	memcpy(launcher->back.path, launcher->serving.path, sizeof launcher->back.path);
}

/* The serving one becomes the one that goes. */
static void retire(struct launcher *launcher)
{
	launcher->draining = launcher->serving;
	generation_clear(&launcher->serving);
	launcher->drain_ns = now_ns();
	if (launcher->draining.ended) {
		report_drained(launcher, false);
		generation_finish(&launcher->draining);
	} else {
		drain_begin(launcher);
	}
}

static void begin_failed(struct launcher *launcher, const char *reason)
{
	struct generation none;
	generation_clear(&none);
	none.number = launcher->wanted.number;
	report_failed(launcher, &none, reason);
}

static void start_beside(struct launcher *launcher)
{
	launcher->phase = PHASE_STARTING;
	launcher->required = launcher->serving.listened;
	launcher->ready_limit_ns = now_ns() + launcher->ready_ms * MS;
	if (!start(launcher, &launcher->next, &launcher->wanted)) {
		report_failed(launcher, &launcher->next, "exec");
		generation_finish(&launcher->next);
		launcher->phase = PHASE_SERVING;
	}
}

static void start_alone(struct launcher *launcher)
{
	launcher->phase = PHASE_STARTING_ALONE;
	launcher->ready_limit_ns = now_ns() + launcher->ready_ms * MS;
	if (!start(launcher, &launcher->next, &launcher->wanted)) {
		report_failed(launcher, &launcher->next, "exec");
		launcher->next_failed = launcher->next.ended = true; /* the tick goes back */
	}
}

static void end_old_first(struct launcher *launcher, const char *mode)
{
	struct tcp_look look = {0};
	launcher->mode = mode;
	launcher->phase = PHASE_ENDING_OLD;
	launcher->required = launcher->serving.listened;
	launcher->waited_from = now_ns();
	if (launcher->serving.way == WAY_NONE && tcp_look_at(launcher->serving.pid, &launcher->sockets, 0, &look))
		launcher->required_listening = look.listening;
	retire(launcher);
}

/* May a new program take over the sockets while this one lives? */
static bool can_share(const struct generation *serving, bool dynamic)
{
	if (serving->way == WAY_PRELOAD)
		return dynamic && serving->page != NULL && serving->page->loaded;
	return serving->way == WAY_SECCOMP && !dynamic && serving->notify >= 0;
}

/* Would a second one of its size pass the container's memory limit? */
static bool two_pass_limit(pid_t pid)
{
	uint64_t limit = memory_limit();
	long kib = proc_status_number(pid, "VmRSS");
	return limit != 0 && kib > 0 && 2 * (uint64_t)kib * 1024 > limit;
}

static void choose_way(struct launcher *launcher, const char *mode)
{
	const struct generation *serving = &launcher->serving;
	bool dynamic = is_dynamic(launcher->wanted.path), sockets = serving->listened != 0;
	bool held = can_share(serving, serving->way == WAY_PRELOAD);
	bool alone = strcmp(mode, "alone") == 0 ||
		(strcmp(mode, "auto") == 0 && (launcher->prefers_alone || two_pass_limit(serving->pid)));
	if (strcmp(mode, "restart") == 0 || (sockets && !held)) {
		end_old_first(launcher, "restart");
	} else if (alone || (sockets && !can_share(serving, dynamic))) {
		end_old_first(launcher, "alone");
	} else if (!sockets && strcmp(mode, "overlap") != 0) {
		end_old_first(launcher, "restart");
	} else {
		launcher->mode = way_of(serving);
		start_beside(launcher);
	}
}

static bool may_swap(const struct launcher *launcher)
{
	return launcher->draining.number == 0 && launcher->next.number == 0 && !launcher->serving.ended &&
		(launcher->phase == PHASE_SERVING || launcher->phase == PHASE_FIRST || launcher->phase == PHASE_HOLDING);
}

void swap_order(struct launcher *launcher, const struct wire_frame *frame)
{
	const char *mode = wire_get(frame, "mode"), *path = wire_get(frame, "path");
	struct program *wanted = &launcher->wanted;
	struct stat status;
	if (!may_swap(launcher)) {
		report_busy(launcher, frame); /* the sender asks again when this one is told of */
		return;
	}
	launcher->swap = wire_get_number(frame, "swap", 0);
	launcher->swap_ns = now_ns();
	launcher->grace_ms = (uint64_t)wire_get_number(frame, "grace_ms", (int64_t)launcher->grace_ms);
	launcher->ready_ms = (uint64_t)wire_get_number(frame, "ready_ms", (int64_t)launcher->ready_ms);
	launcher->quiet_ms = (uint64_t)wire_get_number(frame, "quiet_ms", (int64_t)launcher->quiet_ms);
	launcher->waited_from = 0;
	launcher->required_listening = 0;
	launcher->swapped_alone = launcher->next_failed = false;
	probe_begin(launcher, wire_get(frame, "ready"));
	wanted->number = wire_get_number(frame, "generation", 0);
	if (path != NULL)
		print_to(wanted->path, sizeof wanted->path, "%s", path);
	else
		print_to(wanted->path, sizeof wanted->path, "%s/gen/%lld/%s", launcher->trailer->state, wanted->number, launcher->trailer->bin);
	if (wanted->number <= 0 || stat(wanted->path, &status) != 0) {
		begin_failed(launcher, "exec");
	} else if (launcher->phase == PHASE_HOLDING) {
		launcher->mode = "alone";
		launcher->waited_from = now_ns();
		start_alone(launcher);
	} else {
		remember_back(launcher);
		choose_way(launcher, mode != NULL ? mode : "auto");
	}
}

void swap_abort(struct launcher *launcher)
{
	if (launcher->phase != PHASE_STARTING && launcher->phase != PHASE_STARTING_ALONE)
		return;
	if (launcher->next.pid == 0 || launcher->next_failed)
		return;
	report_failed(launcher, &launcher->next, "aborted");
	launcher->next_failed = true;
	kill(launcher->next.pid, SIGKILL);
}

/* ---- the new one: ready, or not ---- */

/* The new one has accepted on everything: the old one drains. */
static void finish_swap(struct launcher *launcher)
{
	if (launcher->phase == PHASE_STARTING)
		retire(launcher); /* gated first: the first thing the new one needs */
	launcher->serving = launcher->next;
	generation_clear(&launcher->next);
	probe_end(launcher);
	launcher->phase = PHASE_SERVING;
	remember_back(launcher);
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

/* The old program starts again: from here on as a first one. */
static void go_back(struct launcher *launcher)
{
	generation_finish(&launcher->next);
	launcher->next_failed = false;
	launcher->phase = PHASE_FIRST;
	if (!start(launcher, &launcher->serving, &launcher->back)) {
		say("cannot start %s again: %s", launcher->back.path, error_text(errno));
		leave(launcher);
	}
}

static void next_ended(struct launcher *launcher)
{
	struct generation *next = &launcher->next;
	bool told = launcher->next_failed, beside = launcher->phase == PHASE_STARTING;
	char asked[sizeof launcher->probe.what];
	memcpy(asked, launcher->probe.what, sizeof asked);
	probe_begin(launcher, asked);
	launcher->last_status = next->status;
	if (beside && !told && (next->cannot_share || cannot_live_beside(next))) {
		/* what differs in its sockets' flags may be the same next time */
		launcher->swapped_alone = !next->cannot_share;
		generation_finish(next);
		end_old_first(launcher, "alone");
		return;
	}
	if (!told)
		report_failed(launcher, next, "exited");
	if (!beside) {
		go_back(launcher);
		return;
	}
	generation_finish(next);
	launcher->next_failed = false;
	launcher->phase = PHASE_SERVING;
	if (launcher->serving.ended)
		serving_is_gone(launcher);
	else
		/* the old one may have been told of connections that it left to the
		 * other: an edge is not told twice */
		knock(launcher, launcher->required);
}

/* A program whose calls are not seen: does it listen on as many sockets as the
 * one before? */
static bool listens(const struct launcher *launcher, const struct generation *generation)
{
	struct tcp_look look = {0};
	int wanted = launcher->required_listening > 0 ? launcher->required_listening : 1;
	return tcp_look_at(generation->pid, &launcher->sockets, 0, &look) && look.listening >= wanted;
}

/* Is it ready? It accepted on each socket that the one before it served, or,
 * where that one never accepted either, it listens for a while. */
static bool is_ready(struct launcher *launcher, const struct generation *generation)
{
	uint64_t alive = (now_ns() - generation->exec_ns) / MS;
	bool first = launcher->phase == PHASE_FIRST;
	if (generation->way == WAY_NONE)
		return listens(launcher, generation) || (launcher->required_listening == 0 && alive >= (first ? (uint64_t)FIRST_ALIVE_MS : (uint64_t)ALIVE_MS));
	if (launcher->required == 0 && generation->listened == 0)
		return alive >= (first ? (uint64_t)FIRST_ALIVE_MS : (uint64_t)ALIVE_MS);
	uint32_t wanted = launcher->required != 0 ? launcher->required : generation->listened;
	if ((generation->listened & wanted) != wanted)
		return false;
	if ((generation->accepted & wanted) == wanted)
		return true;
	uint32_t never = wanted & ~launcher->serving.accepted & ~generation->accepted;
	bool only_quiet = (wanted & ~never & ~generation->accepted) == 0;
	return launcher->phase == PHASE_STARTING && only_quiet && (now_ns() - generation->listen_ns) / MS >= launcher->quiet_ms;
}

static void fail_next(struct launcher *launcher, const char *reason)
{
	report_failed(launcher, &launcher->next, reason);
	launcher->next_failed = true;
	kill(launcher->next.pid, SIGKILL);
}

/* Both accept from one queue, and the old one is awake: it would take one knock
 * after the other. So it yields for the first moment in which the new one
 * listens; what comes meanwhile waits in the queue, at most that long. */
static void yield_a_moment(struct launcher *launcher)
{
	const struct generation *next = &launcher->next;
	struct generation *serving = &launcher->serving;
	if (launcher->phase != PHASE_STARTING || serving->page == NULL)
		return;
	bool starts = !next->ended && !launcher->next_failed && !next->cannot_share;
	bool yields = starts && next->listened != 0 && (now_ns() - next->listen_ns) / MS < YIELD_MS;
	if (yields == (serving->page->gate == GATE_YIELDS))
		return;
	generation_gate(serving, yields ? GATE_YIELDS : GATE_OPEN);
	if (!yields)
		knock(launcher, launcher->required); /* an edge that it left to the other is not told twice */
}

static void starting_tick(struct launcher *launcher)
{
	struct generation *next = &launcher->next;
	yield_a_moment(launcher);
	if (next->ended) {
		next_ended(launcher);
	} else if (launcher->next_failed || next->cannot_share) {
		kill(next->pid, SIGKILL);
	} else if (launcher->next.ready_ns != 0 || is_ready(launcher, next)) {
		next->ready_ns = now_ns(); /* of its sockets; what is asked besides may take longer */
		if (probe_tick(launcher))
			finish_swap(launcher);
		else if (now_ns() >= launcher->ready_limit_ns)
			fail_next(launcher, "timeout");
	} else if (now_ns() >= launcher->ready_limit_ns) {
		fail_next(launcher, next->listened == 0 ? "never-listened" : "never-accepted");
	} else {
		knock(launcher, next->listened & ~next->accepted);
	}
}

static void first_tick(struct launcher *launcher)
{
	struct generation *first = &launcher->serving;
	if (is_ready(launcher, first)) {
		launcher->phase = PHASE_SERVING;
		made_ready(launcher, first);
	} else {
		knock(launcher, first->listened & ~first->accepted);
	}
}

void swap_tick(struct launcher *launcher)
{
	if (launcher->draining.number != 0)
		drain_tick(launcher);
	switch (launcher->phase) {
	case PHASE_FIRST:
		first_tick(launcher);
		break;
	case PHASE_STARTING:
	case PHASE_STARTING_ALONE:
		starting_tick(launcher);
		break;
	case PHASE_ENDING_OLD:
		if (launcher->draining.number == 0)
			start_alone(launcher);
		break;
	case PHASE_HOLDING:
		if (now_ns() >= launcher->hold_until)
			leave(launcher);
		break;
	case PHASE_SERVING:
	case PHASE_LEAVING:
		break;
	}
}

/* ---- ends ---- */

/* The new one died while the old one still drains: the old one serves on. */
static void take_back(struct launcher *launcher)
{
	report_failed(launcher, &launcher->serving, "exited");
	generation_finish(&launcher->serving);
	launcher->serving = launcher->draining;
	generation_clear(&launcher->draining);
	if (launcher->serving.page != NULL)
		launcher->serving.page->patience_ms = 1;
	generation_gate(&launcher->serving, GATE_OPEN);
	knock(launcher, launcher->serving.listened);
	remember_back(launcher);
	say("serving g%lld again", launcher->serving.number);
}

static void serving_ended(struct launcher *launcher)
{
	if (launcher->phase == PHASE_STARTING)
		return; /* the new one takes over, or next_ended() sees to it */
	if (launcher->draining.pid > 0 && !launcher->draining.term_sent && launcher->phase == PHASE_SERVING)
		take_back(launcher);
	else
		serving_is_gone(launcher);
}

/* Each has the time that the engine gives: it kills what is left. */
static void leaving_ended(struct launcher *launcher, const struct generation *ended)
{
	bool counts = ended == &launcher->serving || launcher->serving.number == 0;
	if (counts)
		launcher->last_status = ended->status;
	if (ended == &launcher->serving)
		report_ended(launcher, ended);
	if (launcher->serving.pid == 0 && launcher->next.pid == 0 && launcher->draining.pid == 0)
		leave(launcher);
}

static void one_ended(struct launcher *launcher, pid_t pid, int status)
{
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining}, *ended = NULL;
	for (int i = 0; i < 3; i++)
		if (all[i]->pid == pid)
			ended = all[i];
	if (ended == NULL) {
		probe_ended(launcher, pid, status);
		return;
	}
	ended->pid = 0;
	ended->ended = true;
	ended->status = status;
	if (launcher->phase == PHASE_LEAVING) {
		leaving_ended(launcher, ended);
	} else if (ended == &launcher->draining) {
		report_drained(launcher, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		generation_finish(ended);
	} else if (ended == &launcher->serving) {
		serving_ended(launcher);
	}
	/* the next one's end is seen by the tick */
}

void swap_reap(struct launcher *launcher)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		one_ended(launcher, pid, status);
}

void swap_signal(struct launcher *launcher, int number)
{
	bool stopping = number == SIGTERM || number == SIGINT || number == SIGQUIT;
	struct generation *all[] = {&launcher->serving, &launcher->next, &launcher->draining};
	int alive = 0;
	for (int i = 0; i < 3; i++) {
		if (all[i]->pid == 0 || (!stopping && i != 0))
			continue;
		alive++;
		/* a second SIGTERM means "at once" to many programs */
		if (!(stopping && all[i]->term_sent))
			kill(all[i]->pid, number);
		all[i]->term_sent = all[i]->term_sent || stopping;
	}
	if (!stopping)
		return;
	launcher->phase = PHASE_LEAVING;
	if (alive == 0) {
		launcher->last_status = number; /* as if the signal had ended it */
		leave(launcher);
	}
}

int swap_wait_ms(const struct launcher *launcher)
{
	if (launcher->draining.number != 0)
		return 2;
	switch (launcher->phase) {
	case PHASE_FIRST:
		return launcher->serving.listened != 0 ? 1 : 20;
	case PHASE_STARTING:
	case PHASE_STARTING_ALONE:
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
