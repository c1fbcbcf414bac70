/* Static programs load no library: a seccomp listener tells the launcher of
 * their bind, listen and accept calls instead. The launcher binds a socket of
 * its own and puts it where the program's was; each later generation is given
 * the same one. (A descriptor cannot be fetched out of the program: the default
 * profiles of Docker and Podman refuse pidfd_getfd without SYS_PTRACE.)
 *
 * Accepting: each accept() asks here first, some 10 us. So it is known when a
 * new generation accepts, and an old one can be kept from accepting more.
 *
 * O_NONBLOCK belongs to the description, which both generations share, and
 * nothing can stand between a static program and its flags. So two generations
 * live together only while both believe the same of it: each wish is compared
 * (the flag at bind, F_SETFL and FIONBIO after it, a blocking accept), and one
 * that differs sets `cannot_share`: the old one is ended first. Where one lives
 * alone the description follows its wish.
 *
 * Sockets are known by their inode in /proc, never by number. */
#include "launcher.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "this architecture has no seccomp filter here"
#endif

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1u
#endif

enum { CALLS_A_TURN = 32 };

/* ---- the filter, in the child ---- */

/* What is told: a call, and where it matters two of its arguments. */
struct told {
	int number;
	int first, second; /* which arguments; -1: any */
	uint32_t first_value, second_value;
};

static const struct told told[] = {
	{SYS_bind, -1, -1, 0, 0},
	{SYS_listen, -1, -1, 0, 0},
#if defined(SYS_accept)
	{SYS_accept, -1, -1, 0, 0},
#endif
	{SYS_accept4, -1, -1, 0, 0},
	{SYS_shutdown, 1, -1, SHUT_RDWR, 0},
	{SYS_fcntl, 1, -1, F_SETFL, 0},
	{SYS_ioctl, 1, -1, FIONBIO, 0},
	/* what is set before bind() and would be lost with the program's socket */
	{SYS_setsockopt, 1, 2, SOL_SOCKET, SO_REUSEADDR},
	{SYS_setsockopt, 1, 2, SOL_SOCKET, SO_REUSEPORT},
	{SYS_setsockopt, 1, 2, SOL_SOCKET, SO_SNDBUF},
	{SYS_setsockopt, 1, 2, SOL_SOCKET, SO_RCVBUF},
	{SYS_setsockopt, 1, 2, IPPROTO_IPV6, IPV6_V6ONLY},
	{SYS_setsockopt, 1, 2, IPPROTO_TCP, TCP_DEFER_ACCEPT},
	{SYS_setsockopt, 1, 2, IPPROTO_TCP, TCP_FASTOPEN},
};

enum { TOLD = sizeof told / sizeof *told, FILTER_LIMIT = 3 + TOLD * 7 + 1 };

#define LOAD(where) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(where)))
#define SKIP_UNLESS(value, count) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count)))
#define GIVE(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (action)))

/* Arguments are 64 bits wide; the low half is compared (both architectures are
 * little endian). Calls of another architecture have other numbers: they pass.
 * Those of x32 lie beyond 1 << 30 and match nothing here. */
static unsigned short make_filter(struct sock_filter *out)
{
	unsigned short used = 0;
	out[used++] = LOAD(offsetof(struct seccomp_data, arch));
	out[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
	out[used++] = GIVE(SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < TOLD; i++) {
		const int arguments[2] = {told[i].first, told[i].second};
		const uint32_t values[2] = {told[i].first_value, told[i].second_value};
		unsigned char left = (unsigned char)(1 + 2 * (arguments[0] >= 0) + 2 * (arguments[1] >= 0));
		out[used++] = LOAD(offsetof(struct seccomp_data, nr));
		out[used++] = SKIP_UNLESS((uint32_t)told[i].number, left);
		for (int j = 0; j < 2; j++) {
			if (arguments[j] < 0)
				continue;
			left = (unsigned char)(left - 2);
			out[used++] = LOAD(offsetof(struct seccomp_data, args) + 8 * (size_t)arguments[j]);
			out[used++] = SKIP_UNLESS(values[j], left);
		}
		out[used++] = GIVE(SECCOMP_RET_USER_NOTIF);
	}
	out[used++] = GIVE(SECCOMP_RET_ALLOW);
	return used;
}

int notify_install(void)
{
	struct sock_filter filter[FILTER_LIMIT];
	struct sock_fprog program = {.len = make_filter(filter), .filter = filter};
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	/* without SYS_ADMIN a filter is for those alone who cannot gain rights */
	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0)
		return -errno;
	close_on_exec((int)fd);
	return (int)fd;
}

void notify_adopt(struct generation *generation, int fd)
{
	generation->notify = fd;
	generation->way = WAY_SECCOMP;
	/* wakes the program on the same processor: cheaper; not there before 6.6 */
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (uint64_t)SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

/* ---- looking at the caller ---- */

/* Room for what later kernels may add to the structs. */
union call {
	struct seccomp_notif told;
	char room[512];
};

struct verdict {
	enum { GO_ON, WAIT, SAY } kind;
	int error; /* SAY: 0 or a negative errno */
};

static const struct verdict go_on = {GO_ON, 0}, wait_there = {WAIT, 0};

static struct verdict say_error(int error)
{
	return (struct verdict){SAY, -error};
}

static bool is_valid(const struct generation *generation, uint64_t id)
{
	return ioctl(generation->notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* Reads the caller's memory. */
static bool peek(const struct generation *generation, const struct seccomp_notif *call, uint64_t at, void *to, size_t len)
{
	struct iovec here = {to, len}, there = {(void *)(uintptr_t)at, len};
	ssize_t got = process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0);
	if (got != (ssize_t)len) {
		char path[64];
		print_to(path, sizeof path, "/proc/%u/mem", call->pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		got = fd >= 0 ? pread(fd, to, len, (off_t)at) : -1;
		if (fd >= 0)
			close(fd);
	}
	/* the process may have ended, and its number been given out again */
	return got == (ssize_t)len && is_valid(generation, call->id);
}

/* The inode of the caller's socket; 0: no socket, or it may not be looked at. */
static uint64_t inode_of(const struct seccomp_notif *call)
{
	struct stat status;
	char path[64];
	print_to(path, sizeof path, "/proc/%u/fd/%d", call->pid, (int)call->data.args[0]);
	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static int held_of(const struct sockets *sockets, const struct seccomp_notif *call)
{
	uint64_t inode = inode_of(call);
	for (int i = 0; inode != 0 && i < HELD_LIMIT; i++)
		if (sockets->held[i].fd > 0 && sockets->held[i].inode == inode)
			return i;
	return -1;
}

/* The flags of the caller's descriptor, as in open(2); -1: not to be seen. */
static long flags_of(const struct seccomp_notif *call)
{
	char path[64], text[1024];
	print_to(path, sizeof path, "/proc/%u/fdinfo/%d", call->pid, (int)call->data.args[0]);
	if (read_small(path, text, sizeof text) < 0)
		return -1;
	const char *at = strstr(text, "flags:");
	return at != NULL ? strtol(at + 6, NULL, 8) : -1;
}

/* TCP over IPv4 or IPv6? sockfs tells the protocol as an attribute. */
static bool is_tcp(const struct seccomp_notif *call, int family)
{
	char path[64], name[32] = "";
	print_to(path, sizeof path, "/proc/%u/fd/%d", call->pid, (int)call->data.args[0]);
	if (getxattr(path, "system.sockprotoname", name, sizeof name - 1) <= 0)
		return false;
	return strcmp(name, family == AF_INET ? "TCP" : "TCPv6") == 0;
}

/* Is it the program itself? Its children's sockets are their own. */
static bool is_program(const struct generation *generation, const struct seccomp_notif *call)
{
	pid_t pid = (pid_t)call->pid;
	return pid == generation->pid || (pid > 0 && proc_status_number(pid, "Tgid") == generation->pid);
}

/* ---- bind ---- */

static void keep_option(struct generation *generation, const struct seccomp_notif *call)
{
	int value = 0;
	uint64_t inode = inode_of(call);
	if (inode == 0 || call->data.args[4] < sizeof value || !peek(generation, call, call->data.args[3], &value, sizeof value))
		return;
	generation->early[generation->early_count++ % EARLY_LIMIT] =
		(struct early_option){inode, (int)call->data.args[1], (int)call->data.args[2], value};
}

static bool read_key(const struct generation *generation, const struct seccomp_notif *call, struct preload_key *key)
{
	union {
		uint16_t family;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	size_t len = call->data.args[2] & 0xffffffff;
	memset(&address, 0, sizeof address);
	memset(key, 0, sizeof *key);
	len = len < sizeof address ? len : sizeof address;
	if (len < sizeof address.in || !peek(generation, call, call->data.args[1], &address, len))
		return false;
	key->family = address.family;
	key->type = SOCK_STREAM;
	key->protocol = IPPROTO_TCP;
	if (address.family == AF_INET) {
		key->port = address.in.sin_port;
		memcpy(key->address, &address.in.sin_addr, 4);
	} else if (address.family == AF_INET6 && len >= 24) {
		key->port = address.in6.sin6_port;
		memcpy(key->address, &address.in6.sin6_addr, 16);
	} else {
		return false;
	}
	return key->port != 0 && is_tcp(call, address.family);
}

/* A socket like the program's own; -1 and errno where it cannot be bound. */
static int make_socket(const struct generation *generation, struct preload_key *key, uint64_t inode, bool bound)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	socklen_t len = key->family == AF_INET ? sizeof address.in : sizeof address.in6, size = sizeof(int);
	int fd = socket(key->family, SOCK_STREAM | SOCK_CLOEXEC, 0), only = 0;
	if (fd < 0)
		return -1;
	size_t first = generation->early_count > EARLY_LIMIT ? generation->early_count - EARLY_LIMIT : 0;
	for (size_t i = first; i < generation->early_count; i++) {
		const struct early_option *option = &generation->early[i % EARLY_LIMIT];
		if (option->inode == inode)
			setsockopt(fd, option->level, option->name, &option->value, sizeof option->value);
	}
	if (key->family == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0)
		key->v6only = only != 0;
	if (!bound)
		return fd;
	memset(&address, 0, sizeof address);
	address.any.sa_family = key->family;
	if (key->family == AF_INET) {
		address.in.sin_port = key->port;
		memcpy(&address.in.sin_addr, key->address, 4);
	} else {
		address.in6.sin6_port = key->port;
		memcpy(&address.in6.sin6_addr, key->address, 16);
	}
	if (bind(fd, &address.any, len) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static bool is_nonblocking(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static void set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/* Puts the held socket where the program's own was. */
static bool put_socket(const struct generation *generation, const struct seccomp_notif *call, int fd, long flags)
{
	struct seccomp_notif_addfd add = {
		.id = call->id, .flags = SECCOMP_ADDFD_FLAG_SETFD, .srcfd = (uint32_t)fd,
		.newfd = (uint32_t)call->data.args[0], .newfd_flags = flags & O_CLOEXEC};
	return ioctl(generation->notify, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0;
}

/* Its sockets cannot be held here: from now on it is one to stop and start. */
static void give_up(struct generation *generation, int error)
{
	generation->way = WAY_NONE;
	generation->notify_error = error;
}

static struct verdict on_bind(struct sockets *sockets, struct generation *generation, const struct generation *other,
	const struct seccomp_notif *call)
{
	struct preload_key key;
	if (generation->way != WAY_SECCOMP || !is_program(generation, call) || !read_key(generation, call, &key))
		return go_on;
	uint64_t inode = inode_of(call);
	long flags = flags_of(call);
	if (inode == 0 || flags < 0) {
		give_up(generation, EACCES);
		return go_on;
	}
	if (key.family == AF_INET6) { /* only a socket can tell whether IPv4 comes along */
		int probe = make_socket(generation, &key, inode, false);
		if (probe >= 0)
			close(probe);
	}
	int index = sockets_find(sockets, &key);
	bool fresh = index < 0, blocking = (flags & O_NONBLOCK) == 0;
	if (fresh) {
		int fd = make_socket(generation, &key, inode, true);
		if (fd < 0)
			return say_error(errno);
		index = sockets_add(sockets, &key, fd, 0);
		if (index < 0)
			return say_error(ENOBUFS);
	} else if (other != NULL && other->way == WAY_SECCOMP && blocking != (((other->began_blocking >> index) & 1) != 0)) {
		generation->cannot_share = true;
		return wait_there;
	}
	if (other == NULL || fresh)
		set_blocking(sockets->held[index].fd, blocking);
	if (!put_socket(generation, call, sockets->held[index].fd, flags)) {
		give_up(generation, errno); /* before Linux 5.9 */
		if (fresh)
			sockets_close(sockets, index);
		return go_on;
	}
	uint32_t bit = 1u << index;
	generation->asked |= bit;
	generation->began_blocking = blocking ? generation->began_blocking | bit : generation->began_blocking & ~bit;
	generation->blocking = blocking ? generation->blocking | bit : generation->blocking & ~bit;
	return (struct verdict){SAY, 0};
}

/* ---- listen, flags, accept ---- */

static struct verdict on_listen(struct sockets *sockets, struct generation *generation, const struct seccomp_notif *call)
{
	int index = is_program(generation, call) ? held_of(sockets, call) : -1;
	if (index < 0)
		return go_on;
	if (listen(sockets->held[index].fd, (int)call->data.args[1]) != 0)
		return say_error(errno);
	sockets->held[index].listening = true;
	generation->listened |= 1u << index;
	if (generation->listen_ns == 0)
		generation->listen_ns = now_ns();
	return (struct verdict){SAY, 0};
}

static struct verdict on_flags(struct sockets *sockets, struct generation *generation, const struct generation *other,
	const struct seccomp_notif *call)
{
	int index = held_of(sockets, call), on = 0;
	if (index < 0)
		return go_on;
	if (call->data.nr == SYS_fcntl)
		on = (call->data.args[2] & O_NONBLOCK) != 0;
	else if (!peek(generation, call, call->data.args[2], &on, sizeof on))
		return go_on;
	uint32_t bit = 1u << index;
	generation->blocking = on ? generation->blocking & ~bit : generation->blocking | bit;
	if (other == NULL || (on != 0) == is_nonblocking(sockets->held[index].fd))
		return go_on;
	generation->cannot_share = true;
	return wait_there;
}

/* Some programs shut their listener down before they end. It is not theirs
 * alone: it would listen for nobody any more. */
static struct verdict on_shutdown(struct sockets *sockets, const struct seccomp_notif *call)
{
	return held_of(sockets, call) >= 0 ? (struct verdict){SAY, 0} : go_on;
}

static void know_acceptor(struct generation *generation, pid_t thread)
{
	int free_at = -1;
	for (int i = 0; i < WAITING_LIMIT; i++) {
		if (generation->acceptors[i] == thread)
			return;
		if (generation->acceptors[i] == 0 && free_at < 0)
			free_at = i;
	}
	if (free_at >= 0)
		generation->acceptors[free_at] = thread;
}

static struct verdict on_accept(struct sockets *sockets, struct generation *generation, const struct generation *other,
	const struct seccomp_notif *call)
{
	/* while it serves there is nothing to find out: the usual case is cheap */
	if (generation->ready && !generation->gated && other == NULL) {
		know_acceptor(generation, (pid_t)call->pid);
		return go_on;
	}
	int index = held_of(sockets, call);
	if (index < 0)
		return go_on;
	bool nonblocking = is_nonblocking(sockets->held[index].fd);
	if (generation->gated)
		return nonblocking ? say_error(EAGAIN) : wait_there;
	if (other != NULL && nonblocking && (generation->blocking >> index) & 1) {
		generation->cannot_share = true;
		return wait_there;
	}
	know_acceptor(generation, (pid_t)call->pid);
	generation->accepted |= 1u << index;
	return go_on;
}

/* ---- answering ---- */

static void answer(const struct generation *generation, uint64_t id, struct verdict verdict)
{
	union {
		struct seccomp_notif_resp said;
		char room[256];
	} out;
	memset(&out, 0, sizeof out);
	out.said.id = id;
	out.said.error = verdict.kind == SAY ? verdict.error : 0;
	out.said.flags = verdict.kind == GO_ON ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
	ioctl(generation->notify, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

/* Keeps a call unanswered: the caller waits in it, and may be signalled there. */
static void keep_waiting(struct generation *generation, const struct seccomp_notif *call)
{
	int used = 0;
	for (int i = 0; i < generation->waiting_count; i++)
		if (is_valid(generation, generation->waiting[i].id))
			generation->waiting[used++] = generation->waiting[i];
	generation->waiting_count = used;
	if (used < WAITING_LIMIT)
		generation->waiting[generation->waiting_count++] = (struct waiting_call){call->id, (pid_t)call->pid};
	else
		answer(generation, call->id, go_on);
}

static bool hear_one(struct sockets *sockets, struct generation *generation, const struct generation *other)
{
	union call in;
	struct verdict verdict = go_on;
	memset(&in, 0, sizeof in);
	if (ioctl(generation->notify, SECCOMP_IOCTL_NOTIF_RECV, &in) != 0)
		return errno == ENOENT || errno == EINTR; /* the caller was signalled, or is gone */
	const struct seccomp_notif *call = &in.told;
	switch (call->data.nr) {
	case SYS_bind:
		verdict = on_bind(sockets, generation, other, call);
		break;
	case SYS_listen:
		verdict = on_listen(sockets, generation, call);
		break;
	case SYS_setsockopt:
		keep_option(generation, call);
		break;
	case SYS_shutdown:
		verdict = on_shutdown(sockets, call);
		break;
	case SYS_fcntl:
	case SYS_ioctl:
		verdict = on_flags(sockets, generation, other, call);
		break;
	default:
		verdict = on_accept(sockets, generation, other, call);
		break;
	}
	if (verdict.kind == WAIT)
		keep_waiting(generation, call);
	else
		answer(generation, call->id, verdict);
	return true;
}

bool notify_hear(struct sockets *sockets, struct generation *generation, const struct generation *other)
{
	for (int i = 0; i < CALLS_A_TURN; i++) {
		struct pollfd ready = {.fd = generation->notify, .events = POLLIN};
		if (poll(&ready, 1, 0) <= 0)
			return true;
		if ((ready.revents & POLLIN) == 0)
			return false; /* nobody is left under the filter */
		if (!hear_one(sockets, generation, other))
			return false;
	}
	return true;
}

void notify_gate(struct generation *generation, bool closed)
{
	generation->gated = closed;
	for (int i = 0; !closed && i < generation->waiting_count; i++)
		answer(generation, generation->waiting[i].id, go_on);
	if (!closed)
		generation->waiting_count = 0;
}

/* Every thread that waited inside a blocking accept() has come to the gate, or
 * has ended: none takes a connection any more. */
bool notify_all_at_gate(const struct generation *generation)
{
	for (int i = 0; i < WAITING_LIMIT; i++) {
		char path[64];
		pid_t thread = generation->acceptors[i];
		bool waits = thread == 0;
		for (int j = 0; !waits && j < generation->waiting_count; j++)
			waits = generation->waiting[j].thread == thread && is_valid(generation, generation->waiting[j].id);
		print_to(path, sizeof path, "/proc/%d", (int)thread);
		if (!waits && access(path, F_OK) == 0)
			return false;
	}
	return true;
}
