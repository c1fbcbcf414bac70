/* Closes idle connections of a static program from outside: one of its threads
 * is stopped by ptrace (its user and its parent may, where no security module
 * says otherwise) and made to call shutdown() on them. The client sees the end at
 * once, and the program as if the client had closed. Where it cannot be, the
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

bool cut_begin(struct cut *cut, pid_t pid)
{
	int status;
	cut->pending = 0;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return false;
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || !wait_stop(pid, &status))
		return false;
	keep_signal(status, &cut->pending);
	cut->pid = pid;
	return true;
}

bool cut_connection(struct cut *cut, int fd, int how)
{
	struct user_regs_struct saved, own;
	if (ptrace(PTRACE_GETREGS, cut->pid, NULL, &saved) != 0 || !find_instruction(cut->pid, &saved, &cut->at))
		return false;
	own = saved;
	own.rip = cut->at;
	own.orig_rax = (unsigned long long)-1; /* the call it was in is not restarted yet */
	own.rax = SYS_shutdown;
	own.rdi = (unsigned long long)fd;
	own.rsi = (unsigned long long)how;
	bool good = step(cut->pid, &own, &cut->pending);
	ptrace(PTRACE_SETREGS, cut->pid, NULL, &saved);
	return good;
}

void cut_end(struct cut *cut)
{
	ptrace(PTRACE_DETACH, cut->pid, NULL, (void *)(uintptr_t)cut->pending);
}

#else

bool cut_begin(struct cut *cut, pid_t pid)
{
	(void)cut;
	(void)pid;
	return false;
}

bool cut_connection(struct cut *cut, int fd, int how)
{
	(void)cut;
	(void)fd;
	(void)how;
	return false;
}

void cut_end(struct cut *cut)
{
	(void)cut;
}

#endif
