/* Closes idle connections of a static program from outside: one of its threads
 * is stopped by ptrace (its user and its parent may, where no security module
 * says otherwise) and made to call shutdown() on them. The program sees the end
 * of the connection as if the client had closed it. Where it cannot be, the
 * caller waits for an idle moment instead.
 *
 * x86_64 alone: on aarch64 the kernel has prepared the restart of the call that
 * was interrupted before a tracer sees the thread. */
#include "launcher.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#if defined(__x86_64__)

enum { STEPS = 16 };

/* Waits until the thread stops. False: it has ended; nothing is reaped here. */
static bool wait_stop(pid_t thread, int *status)
{
	siginfo_t info = {0};
	while (waitid(P_PID, (id_t)thread, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0)
		if (errno != EINTR)
			return false;
	if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
		return false;
	return waitpid(thread, status, __WALL) == thread;
}

/* A signal that came in between is handed on at the end. */
static void keep_signal(int status, int *pending)
{
	int number = WSTOPSIG(status);
	if (status >> 16 == 0 && number != SIGTRAP)
		*pending = number;
}

/* One step over the `syscall` instruction, which is two bytes long. */
static bool step(pid_t thread, const struct user_regs_struct *at, int *pending)
{
	struct user_regs_struct now;
	int status;
	if (ptrace(PTRACE_SETREGS, thread, NULL, at) != 0)
		return false;
	for (int i = 0; i < STEPS; i++) {
		if (ptrace(PTRACE_SINGLESTEP, thread, NULL, NULL) != 0 || !wait_stop(thread, &status))
			return false;
		keep_signal(status, pending);
		if (ptrace(PTRACE_GETREGS, thread, NULL, &now) != 0)
			return false;
		if (now.rip != at->rip)
			return now.rip == at->rip + 2;
	}
	return false;
}

/* Where the program has a `syscall` instruction: just before the place where a
 * thread inside a call stands. One that computes borrows the last that was seen. */
static bool find_instruction(pid_t thread, const struct user_regs_struct *regs, unsigned long long *at)
{
	errno = 0;
	long code = ptrace(PTRACE_PEEKTEXT, thread, (void *)(uintptr_t)(regs->rip - 2), NULL);
	if (errno == 0 && (code & 0xffff) == 0x050f && (long long)regs->orig_rax >= 0)
		*at = regs->rip - 2;
	return *at != 0;
}

static int cut_all(pid_t thread, const int *fds, int count, unsigned long long *at, int *pending)
{
	struct user_regs_struct saved, own;
	int done = 0;
	if (ptrace(PTRACE_GETREGS, thread, NULL, &saved) != 0 || !find_instruction(thread, &saved, at))
		return 0;
	for (int i = 0; i < count; i++) {
		own = saved;
		own.rip = *at;
		own.orig_rax = (unsigned long long)-1; /* the call it was in is not restarted yet */
		own.rax = SYS_shutdown;
		own.rdi = (unsigned long long)fds[i];
		own.rsi = SHUT_RD;
		if (!step(thread, &own, pending))
			break;
		done++;
	}
	ptrace(PTRACE_SETREGS, thread, NULL, &saved);
	return done;
}

int cut_connections(pid_t pid, const int *fds, int count, unsigned long long *at)
{
	int status, pending = 0, done = 0;
	if (count == 0)
		return 0;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return -1;
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || !wait_stop(pid, &status))
		return -1;
	keep_signal(status, &pending);
	done = cut_all(pid, fds, count, at, &pending);
	ptrace(PTRACE_DETACH, pid, NULL, (void *)(uintptr_t)pending);
	return done;
}

#else

int cut_connections(pid_t pid, const int *fds, int count, unsigned long long *at)
{
	(void)pid;
	(void)fds;
	(void)at;
	return count == 0 ? 0 : -1;
}

#endif
