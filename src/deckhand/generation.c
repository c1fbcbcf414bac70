/* One generation of the program: starting it with the preload library, passing
 * its output on, gating and draining it. */
#include "launcher.h"

#include <elf.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

bool is_dynamic(const char *path)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool dynamic = false;
	if (fd >= 0 && read(fd, &head, sizeof head) == (ssize_t)sizeof head && memcmp(head.e_ident, ELFMAG, SELFMAG) == 0)
		for (int i = 0; i < head.e_phnum && i < 64; i++)
			if (pread(fd, &part, sizeof part, (off_t)(head.e_phoff + (uint64_t)i * sizeof part)) == (ssize_t)sizeof part &&
				part.p_type == PT_INTERP)
				dynamic = true;
	if (fd >= 0)
		close(fd);
	return dynamic;
}

/* The program's environment: ours, less what is ours alone, plus the library's. */
static char **make_environment(const char *state, bool preload)
{
	static char library[400], before[4096], control[64], page[64];
	size_t count = 0, used = 0;
	while (environ[count] != NULL)
		count++;
	char **env = calloc(count + 5, sizeof *env);
	if (env == NULL)
		return environ;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(environ[i], DECKHAND_ENV_SERVICE "=", sizeof DECKHAND_ENV_SERVICE) == 0)
			continue;
		if (preload && strncmp(environ[i], "LD_PRELOAD=", 11) == 0) {
			print_to(before, sizeof before, PRELOAD_ENV_BEFORE "=%s", environ[i] + 11);
			env[used++] = before;
			/* both are loaded: ours first */
			print_to(library, sizeof library, "LD_PRELOAD=%s/preload.so:%s", state, environ[i] + 11);
			continue;
		}
		env[used++] = environ[i];
	}
	if (preload) {
		if (library[0] == '\0')
			print_to(library, sizeof library, "LD_PRELOAD=%s/preload.so", state);
		env[used++] = library;
		print_to(control, sizeof control, PRELOAD_ENV_CONTROL "=%d", 900);
		print_to(page, sizeof page, PRELOAD_ENV_PAGE "=%d", 901);
		env[used++] = control;
		env[used++] = page;
	}
	return env;
}

void generation_clear(struct generation *generation)
{
	memset(generation, 0, sizeof *generation);
	generation->control = generation->out.from = generation->err.from = generation->notify = -1;
}

struct plumbing {
	int control[2], page, out[2], err[2], trouble[2];
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

static bool make_plumbing(struct plumbing *p, bool preload, bool terminal)
{
	*p = (struct plumbing){{-1, -1}, -1, {-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p->trouble, O_CLOEXEC) != 0)
		return false;
	if (!terminal && (pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->err, O_CLOEXEC) != 0))
		return false;
	/* a static program's child sends its listener by it */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->control) != 0)
		return false;
	if (!preload)
		return true;
	p->page = (int)syscall(SYS_memfd_create, "cargodeck", 1u /* MFD_CLOEXEC */);
	return p->page >= 0 && ftruncate(p->page, 4096) == 0;
}

/* In the child: the listener goes to the launcher, or why there is none. */
static void send_listener(int to)
{
	int fd = notify_install(), error = fd < 0 ? -fd : 0;
	if (send_with_fd(to, &error, sizeof error, fd, 0) < 0)
		_exit(127); /* its calls would wait for ever */
}

static void take_listener(struct generation *generation, int from)
{
	int error = 0, fd = -1;
	if (receive_with_fd(from, &error, sizeof error, &fd) < 0)
		error = errno;
	generation->notify_error = error;
	if (fd >= 0)
		notify_adopt(generation, fd);
}

/* In the child: never returns. The library's descriptors go high, out of the
 * way of programs that expect small numbers. */
static void become(const struct start *start, const struct plumbing *p, char **env)
{
	sigset_t none;
	sigemptyset(&none);
	for (int i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (p->out[1] >= 0) {
		dup2(p->out[1], STDOUT_FILENO);
		dup2(p->err[1], STDERR_FILENO);
	}
	if (p->page >= 0) {
		dup2(p->control[1], 900);
		dup2(p->page, 901);
	} else {
		send_listener(p->control[1]);
	}
	execve(start->path, start->argv, env);
	int error = errno;
	if (write(p->trouble[1], &error, sizeof error) < 0)
		_exit(127);
	_exit(127);
}

static struct pipe_end make_end(int from, int to)
{
	if (from >= 0)
		set_nonblocking(from);
	return (struct pipe_end){.from = from, .to = to, .line = from >= 0 ? malloc(LINE_BUFFER) : NULL};
}

bool generation_start(struct generation *generation, const struct start *start, long long number)
{
	struct plumbing p;
	bool preload = is_dynamic(start->path);
	uint64_t asked = now_ns();
	int error = 0;
	generation_clear(generation);
	if (!make_plumbing(&p, preload, start->terminal))
		error = errno;
	if (error == 0 && preload) {
		generation->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, p.page, 0);
		generation->page = generation->page == MAP_FAILED ? NULL : generation->page;
		if (generation->page != NULL)
			generation->page->patience_ms = 1;
	}
	char **env = make_environment(start->state, preload);
	pid_t pid = error == 0 ? fork() : -1;
	if (pid == 0)
		become(start, &p, env);
	if (env != environ)
		free(env);
	if (pid < 0 && error == 0)
		error = errno;
	/* ends with nothing in it when the exec went well */
	close(p.trouble[1]);
	p.trouble[1] = -1;
	if (pid > 0 && read(p.trouble[0], &error, sizeof error) < 0)
		error = errno;
	generation->number = number;
	print_to(generation->path, sizeof generation->path, "%s", start->path);
	generation->pid = pid > 0 ? pid : 0;
	generation->asked_ns = asked;
	generation->exec_ns = now_ns();
	generation->way = preload ? WAY_PRELOAD : WAY_NONE;
	generation->tail = malloc(TAIL_SIZE);
	if (preload) {
		generation->control = p.control[0];
		p.control[0] = -1;
	} else if (pid > 0) {
		take_listener(generation, p.control[0]);
	}
	generation->out = make_end(p.out[0], STDOUT_FILENO);
	generation->err = make_end(p.err[0], STDERR_FILENO);
	p.out[0] = p.err[0] = -1;
	close_pair(p.control);
	close_pair(p.out);
	close_pair(p.err);
	close_pair(p.trouble);
	if (p.page >= 0)
		close(p.page);
	errno = error;
	return error == 0;
}

static void keep_tail(struct generation *generation, const char *bytes, size_t len)
{
	if (generation->tail == NULL)
		return;
	if (len > TAIL_SIZE) {
		bytes += len - TAIL_SIZE;
		len = TAIL_SIZE;
	}
	if (generation->tail_len + len > TAIL_SIZE) {
		size_t drop = generation->tail_len + len - TAIL_SIZE;
		memmove(generation->tail, generation->tail + drop, generation->tail_len - drop);
		generation->tail_len -= drop;
	}
	memcpy(generation->tail + generation->tail_len, bytes, len);
	generation->tail_len += len;
}

static void pass_lines(struct pipe_end *end, bool all)
{
	size_t whole = end->len;
	if (!all)
		while (whole > 0 && end->line[whole - 1] != '\n')
			whole--;
	if (whole == 0 && end->len == LINE_BUFFER)
		whole = end->len; /* a line that long goes in parts */
	if (whole == 0)
		return;
	write_whole(end->to, end->line, whole);
	memmove(end->line, end->line + whole, end->len - whole);
	end->len -= whole;
}

void generation_pass(struct generation *generation, struct pipe_end *end)
{
	/* once it serves its output costs no copy */
	if (generation->ready && end->len == 0) {
		ssize_t moved = splice(end->from, NULL, end->to, NULL, 1 << 20, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
		if (moved > 0 || (moved < 0 && errno == EAGAIN))
			return;
	}
	ssize_t got = read(end->from, end->line + end->len, LINE_BUFFER - end->len);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		pass_lines(end, true);
		close(end->from);
		end->from = -1;
		return;
	}
	if (!generation->ready)
		keep_tail(generation, end->line + end->len, (size_t)got);
	end->len += (size_t)got;
	pass_lines(end, false);
}

void generation_gate(struct generation *generation, enum preload_gate gate)
{
	if (generation->notify >= 0)
		notify_gate(generation, gate == GATE_CLOSED);
	if (generation->page == NULL)
		return;
	__atomic_store_n(&generation->page->gate, gate, __ATOMIC_RELEASE);
	syscall(SYS_futex, &generation->page->gate, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

void generation_look(struct generation *generation)
{
	if (generation->pid > 0 && generation->page != NULL && generation->page->loaded)
		kill(generation->pid, PRELOAD_SIGNAL);
}

void generation_finish(struct generation *generation)
{
	struct pipe_end *ends[] = {&generation->out, &generation->err};
	if (generation->number == 0)
		return;
	for (int i = 0; i < 2; i++) {
		if (ends[i]->from >= 0) {
			while (ends[i]->from >= 0) { /* what it still said */
				struct pipe_end *end = ends[i];
				ssize_t got = read(end->from, end->line + end->len, LINE_BUFFER - end->len);
				if (got <= 0)
					break;
				if (!generation->ready)
					keep_tail(generation, end->line + end->len, (size_t)got);
				end->len += (size_t)got;
				pass_lines(end, false);
			}
			pass_lines(ends[i], true);
			close(ends[i]->from);
		}
		free(ends[i]->line);
	}
	if (generation->control >= 0)
		close(generation->control);
	if (generation->notify >= 0)
		close(generation->notify);
	if (generation->page != NULL)
		munmap(generation->page, 4096);
	free(generation->tail);
	generation_clear(generation);
}
