/* The library that lets two generations of a program share their sockets. It
 * is loaded into the program by LD_PRELOAD, needs no libc of its own (raw
 * system calls; errno and environ come from whichever libc is there), and
 * answers bind() on a port that the launcher holds with the held socket.
 *
 * It talks with the launcher over one SOCK_SEQPACKET descriptor and one shared
 * page. The held socket's description is shared by both generations, and
 * status flags belong to the description: so it stays O_NONBLOCK for ever, and
 * this library keeps the process's own idea of blocking.
 *
 * Sockets are known by SO_COOKIE, never by number: dup(), threads and reused
 * descriptors make numbers lie.
 *
 * Here: loading, and the sockets that are held. preload-answer.c follows what
 * is read and written, preload-drain.c empties an old generation. */
#include "preload-inside.h"

#include <asm/ioctls.h>
#include <linux/futex.h>
#include <stdarg.h>

extern char **environ;

/* ---- what every file here needs ---- */

/* The compiler may ask for these two even in freestanding code. */
EXPORT_HIDDEN void *memset(void *to, int byte, size_t len)
{
	char *at = to;
	while (len-- > 0)
		*at++ = (char)byte;
	return to;
}

EXPORT_HIDDEN void *memcpy(void *to, const void *from, size_t len)
{
	char *at = to;
	const char *source = from;
	while (len-- > 0)
		*at++ = *source++;
	return to;
}

int result_of(long result)
{
	if (result >= 0)
		return (int)result;
	*__errno_location() = (int)-result;
	return -1;
}

ssize_t size_of(long result)
{
	if (result >= 0)
		return (ssize_t)result;
	*__errno_location() = (int)-result;
	return -1;
}

int get_option(int fd, int level, int name, void *value, unsigned size)
{
	unsigned len = size;
	return (int)CALL(__NR_getsockopt, fd, level, name, value, &len);
}

uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	if (get_option(fd, SOL_SOCKET, SO_COOKIE, &cookie, sizeof cookie) < 0)
		return 0;
	return cookie;
}

int is_blocking(int fd)
{
	return (CALL(__NR_fcntl, fd, F_GETFL, 0, 0, 0) & O_NONBLOCK) == 0;
}

uint32_t now_ms(void)
{
	struct {
		long seconds, nanos;
	} now = {0, 0};
	CALL(__NR_clock_gettime, 6 /* CLOCK_MONOTONIC_COARSE */, &now, 0, 0, 0);
	return (uint32_t)(now.seconds * 1000 + now.nanos / 1000000);
}

/* ---- state ---- */

enum { HELD_LIMIT = 64, ACCEPTED_LIMIT = 65536 };

struct held {
	uint64_t cookie; /* 0: free */
	int blocking; /* what this process believes */
};

static int control = -1;
struct preload_page *page;
static struct held held[HELD_LIMIT];
struct accepted accepted[ACCEPTED_LIMIT];
int highest;

static uint32_t gate(void)
{
	return page != NULL ? __atomic_load_n(&page->gate, __ATOMIC_ACQUIRE) : GATE_OPEN;
}

int drains(void)
{
	return gate() == GATE_CLOSED;
}

struct accepted *find_accepted(int fd)
{
	if (fd < 0 || fd >= ACCEPTED_LIMIT || __atomic_load_n(&accepted[fd].cookie, __ATOMIC_RELAXED) == 0)
		return NULL;
	return &accepted[fd];
}

static struct held *find_held(int fd)
{
	if (control < 0 || __atomic_load_n(&held[0].cookie, __ATOMIC_ACQUIRE) == 0)
		return NULL; /* nothing is held: the usual case costs nothing */
	uint64_t cookie = cookie_of(fd);
	for (int i = 0; cookie != 0 && i < HELD_LIMIT; i++)
		if (__atomic_load_n(&held[i].cookie, __ATOMIC_ACQUIRE) == cookie)
			return &held[i];
	return NULL;
}

static void add_held(int fd, int blocking)
{
	uint64_t cookie = cookie_of(fd);
	for (int i = 0; cookie != 0 && i < HELD_LIMIT; i++) {
		uint64_t none = 0;
		if (held[i].cookie == cookie)
			return;
		held[i].blocking = blocking;
		if (__atomic_compare_exchange_n(&held[i].cookie, &none, cookie, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return;
	}
}

/* ---- talking with the launcher ---- */

/* Sends a message, with a descriptor where fd >= 0. */
static long tell(const struct preload_message *message, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control_data;
	struct iovec part = {(void *)(uintptr_t)message, sizeof *message};
	struct msghdr header;
	memset(&header, 0, sizeof header);
	header.msg_iov = &part;
	header.msg_iovlen = 1;
	if (fd >= 0) {
		memset(&control_data, 0, sizeof control_data);
		header.msg_control = &control_data;
		header.msg_controllen = sizeof control_data.room;
		control_data.head.cmsg_level = SOL_SOCKET;
		control_data.head.cmsg_type = SCM_RIGHTS;
		control_data.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control_data.head), &fd, sizeof fd);
	}
	long result;
	do
		result = CALL(__NR_sendmsg, control, &header, MSG_NOSIGNAL, 0, 0);
	while (result == -EINTR);
	return result;
}

static int lock_word;

static void lock(void)
{
	int none = 0;
	while (!__atomic_compare_exchange_n(&lock_word, &none, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		none = 0;
		CALL(__NR_sched_yield, 0, 0, 0, 0, 0);
	}
}

static void unlock(void)
{
	__atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
}

/* Asks for the socket held under `key`. The descriptor, or -1: none. */
static int ask(const struct preload_key *key)
{
	struct preload_message message;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control_data;
	int fd = -1;
	memset(&message, 0, sizeof message);
	message.type = PRELOAD_ASK;
	message.key = *key;
	lock();
	if (tell(&message, -1) >= 0) {
		struct iovec part = {&message, sizeof message};
		struct msghdr header;
		long got;
		memset(&header, 0, sizeof header);
		memset(&control_data, 0, sizeof control_data);
		header.msg_iov = &part;
		header.msg_iovlen = 1;
		header.msg_control = &control_data;
		header.msg_controllen = sizeof control_data.room;
		do
			got = CALL(__NR_recvmsg, control, &header, MSG_CMSG_CLOEXEC, 0, 0);
		while (got == -EINTR);
		if (got == (long)sizeof message && message.type == PRELOAD_HELD &&
			header.msg_controllen >= CMSG_LEN(sizeof(int)) && control_data.head.cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(&control_data.head), sizeof fd);
	}
	unlock();
	return fd;
}

static void tell_event(int type, int fd)
{
	struct preload_message message;
	memset(&message, 0, sizeof message);
	message.type = type;
	message.cookie = cookie_of(fd);
	tell(&message, -1);
}

/* ---- bind and listen ---- */

/* Fills the key of a TCP socket that is to be bound to a fixed port. */
static int make_key(int fd, const struct sockaddr *address, unsigned len, struct preload_key *key)
{
	int type = 0;
	if (address == NULL || get_option(fd, SOL_SOCKET, SO_TYPE, &type, sizeof type) < 0 || type != SOCK_STREAM)
		return 0;
	memset(key, 0, sizeof *key);
	key->type = (uint16_t)type;
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		memcpy(key->address, &in.sin_addr, 4);
		key->port = in.sin_port;
	} else if (address->sa_family == AF_INET6 && len >= 24) {
		struct sockaddr_in6 in;
		memcpy(&in, address, 24);
		memcpy(key->address, &in.sin6_addr, 16);
		key->port = in.sin6_port;
		int only = 0;
		get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
		key->v6only = (uint8_t)(only != 0);
	} else {
		return 0;
	}
	int protocol = 0;
	get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, sizeof protocol);
	key->protocol = (uint16_t)protocol;
	key->family = address->sa_family;
	return key->port != 0;
}

/* Puts the held socket where the program's own was. */
static int take_held(int fd, int from)
{
	int flags = (int)CALL(__NR_fcntl, fd, F_GETFD, 0, 0, 0);
	int blocking = is_blocking(fd);
	long result = CALL(__NR_dup3, from, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0, 0, 0);
	CALL(__NR_close, from, 0, 0, 0, 0);
	if (result < 0)
		return result_of(result);
	add_held(fd, blocking);
	return 0;
}

/* A socket that was bound for real is handed to the launcher. */
static void give(int fd, const struct preload_key *key)
{
	struct preload_message message;
	int flags = (int)CALL(__NR_fcntl, fd, F_GETFL, 0, 0, 0);
	memset(&message, 0, sizeof message);
	message.type = PRELOAD_BOUND;
	message.key = *key;
	message.cookie = cookie_of(fd);
	if (tell(&message, fd) < 0)
		return;
	add_held(fd, (flags & O_NONBLOCK) == 0);
	CALL(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK, 0, 0);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	struct preload_key key;
	int wanted = control >= 0 && make_key(fd, address, len, &key);
	int from = wanted ? ask(&key) : -1;
	if (from >= 0)
		return take_held(fd, from);
	long result = CALL(__NR_bind, fd, address, len, 0, 0);
	if (result == 0 && wanted)
		give(fd, &key);
	return result_of(result);
}

EXPORT int listen(int fd, int backlog)
{
	long result = CALL(__NR_listen, fd, backlog, 0, 0, 0);
	if (result == 0 && find_held(fd) != NULL)
		tell_event(PRELOAD_LISTEN, fd);
	return result_of(result);
}

/* Some programs shut their listener down before they end. It is not theirs
 * alone: it would listen for nobody any more. */
EXPORT int shutdown(int fd, int how)
{
	if (find_held(fd) != NULL)
		return 0;
	return result_of(CALL(__NR_shutdown, fd, how, 0, 0, 0));
}

/* ---- accept ---- */

static void remember_accepted(int listener, int fd)
{
	if (fd < 0 || fd >= ACCEPTED_LIMIT)
		return;
	accepted[fd].since_ms = now_ms();
	accepted[fd].last = LAST_NONE;
	accepted[fd].reading = accepted[fd].stream = accepted[fd].cut = accepted[fd].busy = 0;
	accepted[fd].http = accepted[fd].told = 0;
	accepted[fd].events = 0;
	__atomic_store_n(&accepted[fd].cookie, cookie_of(fd), __ATOMIC_RELEASE);
	int now = __atomic_load_n(&highest, __ATOMIC_RELAXED);
	while (fd > now && !__atomic_compare_exchange_n(&highest, &now, fd, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	/* only the first ones are of interest: the launcher says when it knows */
	if (page != NULL && !__atomic_load_n(&page->known_ready, __ATOMIC_RELAXED))
		tell_event(PRELOAD_ACCEPTED, listener);
}

/* Waits while this generation may not accept. */
static void wait_gate(void)
{
	uint32_t now;
	while ((now = gate()) != GATE_OPEN)
		CALL(__NR_futex, &page->gate, FUTEX_WAIT, now, NULL, NULL);
}

static int wait_readable(int fd)
{
	struct {
		int fd;
		short events, revents;
	} poll = {fd, 1 /* POLLIN */, 0};
	return (int)CALL(__NR_ppoll, &poll, 1, NULL, NULL, 0);
}

EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	struct held *own = find_held(fd);
	if (own == NULL)
		return result_of(CALL(__NR_accept4, fd, address, len, flags, 0));
	for (;;) {
		if (gate() != GATE_OPEN) {
			if (!own->blocking)
				return result_of(-EAGAIN);
			wait_gate(); /* a blocking accept waits: it never says EAGAIN */
		}
		long result = CALL(__NR_accept4, fd, address, len, flags, 0);
		if (result >= 0)
			remember_accepted(fd, (int)result);
		if (result != -EAGAIN || !own->blocking)
			return result_of(result);
		if (wait_readable(fd) == -EINTR && gate() == GATE_OPEN)
			continue; /* SA_RESTART would have gone on as well */
	}
}

EXPORT int accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return accept4(fd, address, len, 0);
}

/* ---- the process's own idea of blocking ---- */

static long set_flags(int fd, long flags)
{
	struct held *own = find_held(fd);
	if (own == NULL)
		return CALL(__NR_fcntl, fd, F_SETFL, flags, 0, 0);
	own->blocking = (flags & O_NONBLOCK) == 0;
	return CALL(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK, 0, 0);
}

static long get_flags(int fd)
{
	long flags = CALL(__NR_fcntl, fd, F_GETFL, 0, 0, 0);
	struct held *own = flags >= 0 ? find_held(fd) : NULL;
	return own != NULL && own->blocking ? flags & ~(long)O_NONBLOCK : flags;
}

EXPORT int fcntl(int fd, int what, ...)
{
	va_list args;
	va_start(args, what);
	long value = va_arg(args, long);
	va_end(args);
	if (what == F_SETFL)
		return result_of(set_flags(fd, value));
	if (what == F_GETFL)
		return result_of(get_flags(fd));
	return result_of(CALL(__NR_fcntl, fd, what, value, 0, 0));
}

EXPORT int fcntl64(int fd, int what, ...)
{
	va_list args;
	va_start(args, what);
	long value = va_arg(args, long);
	va_end(args);
	return fcntl(fd, what, value);
}

EXPORT int ioctl(int fd, unsigned long what, ...)
{
	va_list args;
	va_start(args, what);
	long value = va_arg(args, long);
	va_end(args);
	struct held *own = what == FIONBIO ? find_held(fd) : NULL;
	if (own != NULL) {
		own->blocking = *(int *)value == 0;
		return 0;
	}
	return result_of(CALL(__NR_ioctl, fd, what, value, 0, 0));
}

struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#if defined(__x86_64__)
/* x86_64 asks for a restorer of our own. */
__attribute__((naked)) static void restore(void)
{
	__asm__ volatile("mov $15, %eax\n\tsyscall"); /* rt_sigreturn */
}
#endif

static void set_handler(void)
{
	struct kernel_action action;
	memset(&action, 0, sizeof action);
	action.handler = on_drain;
	action.flags = 0x10000000; /* SA_RESTART */
#if defined(__x86_64__)
	action.flags |= 0x04000000; /* SA_RESTORER */
	action.restorer = restore;
#endif
	CALL(__NR_rt_sigaction, PRELOAD_SIGNAL, &action, NULL, 8, 0);
}

/* ---- loading ---- */

static int same(const char *entry, const char *name)
{
	while (*name != '\0')
		if (*entry++ != *name++)
			return 0;
	return *entry == '=';
}

static int number_of(const char *text)
{
	int value = 0;
	while (*text >= '0' && *text <= '9')
		value = value * 10 + (*text++ - '0');
	return value;
}

/* Takes our variables out, so that neither the program nor its children see
 * them; what LD_PRELOAD held before comes back. */
static void clean_environment(int *control_fd, int *page_fd)
{
	char **out = environ;
	const char *saved = NULL;
	for (char **at = environ; at != NULL && *at != NULL; at++) {
		if (same(*at, PRELOAD_ENV_CONTROL))
			*control_fd = number_of(*at + sizeof PRELOAD_ENV_CONTROL);
		else if (same(*at, PRELOAD_ENV_PAGE))
			*page_fd = number_of(*at + sizeof PRELOAD_ENV_PAGE);
		else if (same(*at, PRELOAD_ENV_BEFORE))
			saved = *at;
		else if (!same(*at, "LD_PRELOAD"))
			*out++ = *at;
	}
	/* CARGODECK_LD_PRELOAD=… is LD_PRELOAD=… behind a prefix */
	if (saved != NULL)
		*out++ = (char *)(uintptr_t)(saved + sizeof PRELOAD_ENV_BEFORE - sizeof "LD_PRELOAD");
	if (environ != NULL)
		*out = NULL;
}

__attribute__((constructor)) static void load(void)
{
	int control_fd = -1, page_fd = -1;
	clean_environment(&control_fd, &page_fd);
	if (control_fd < 0 || page_fd < 0)
		return;
	long shared = call6(__NR_mmap, 0, sizeof *page, 3 /* PROT_READ | PROT_WRITE */, 1 /* MAP_SHARED */, page_fd, 0);
	CALL(__NR_close, page_fd, 0, 0, 0, 0);
	CALL(__NR_fcntl, control_fd, F_SETFD, FD_CLOEXEC, 0, 0);
	if (shared < 0 && shared > -4096) {
		CALL(__NR_close, control_fd, 0, 0, 0, 0);
		return;
	}
	page = (struct preload_page *)shared;
	control = control_fd;
	set_handler();
	__atomic_store_n(&page->loaded, 1, __ATOMIC_RELEASE);
}
