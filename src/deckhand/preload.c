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
 * descriptors make numbers lie. */
#include "preload.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/net.h>
#include <linux/sockios.h>
#include <asm/ioctls.h>
#include <linux/tcp.h>
#include <stdarg.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

extern char **environ;
extern int *__errno_location(void);

/* ---- system calls ---- */

static long call6(long n, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#else
#error "this architecture has no system call here"
#endif
}

#define CALL(n, a, b, c, d, e) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

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

static int result_of(long result)
{
	if (result >= 0)
		return (int)result;
	*__errno_location() = (int)-result;
	return -1;
}

static int get_option(int fd, int level, int name, void *value, unsigned size)
{
	unsigned len = size;
	return (int)CALL(__NR_getsockopt, fd, level, name, value, &len);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	if (get_option(fd, SOL_SOCKET, SO_COOKIE, &cookie, sizeof cookie) < 0)
		return 0;
	return cookie;
}

/* ---- state ---- */

enum { HELD_LIMIT = 64, ACCEPTED_LIMIT = 65536 };

struct held {
	uint64_t cookie; /* 0: free */
	int blocking; /* what this process believes */
};

static int control = -1;
static struct preload_page *page;
static struct held held[HELD_LIMIT];
/* Accepted sockets by descriptor. The cookie is checked before use, since a
 * number may have been closed and given out again. Pages that are never
 * touched cost nothing. */
enum { LAST_NONE, LAST_READ, LAST_WROTE };

struct accepted {
	uint64_t cookie; /* 0: none */
	uint32_t since_ms;
	uint8_t last; /* what the program did last */
	uint8_t reading; /* threads inside a read of it */
	uint8_t stream; /* switched protocols or an event stream: ends by our hand only */
	uint8_t cut; /* draining has shut its reading side */
	uint8_t busy; /* at the last look */
};
static struct accepted accepted[ACCEPTED_LIMIT];
static int highest;

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

static int is_blocking(int fd)
{
	return (CALL(__NR_fcntl, fd, F_GETFL, 0, 0, 0) & O_NONBLOCK) == 0;
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

static uint32_t now_ms(void)
{
	struct {
		long seconds, nanos;
	} now = {0, 0};
	CALL(__NR_clock_gettime, 6 /* CLOCK_MONOTONIC_COARSE */, &now, 0, 0, 0);
	return (uint32_t)(now.seconds * 1000 + now.nanos / 1000000);
}

static int gated(void)
{
	return page != NULL && __atomic_load_n(&page->gate, __ATOMIC_ACQUIRE) != 0;
}

static void remember_accepted(int listener, int fd)
{
	if (fd < 0 || fd >= ACCEPTED_LIMIT)
		return;
	accepted[fd].since_ms = now_ms();
	accepted[fd].last = LAST_NONE;
	accepted[fd].reading = accepted[fd].stream = accepted[fd].cut = accepted[fd].busy = 0;
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
	while (gated())
		CALL(__NR_futex, &page->gate, FUTEX_WAIT, 1, NULL, NULL);
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
		if (gated()) {
			if (!own->blocking)
				return result_of(-EAGAIN);
			wait_gate(); /* a blocking accept waits: it never says EAGAIN */
		}
		long result = CALL(__NR_accept4, fd, address, len, flags, 0);
		if (result >= 0)
			remember_accepted(fd, (int)result);
		if (result != -EAGAIN || !own->blocking)
			return result_of(result);
		if (wait_readable(fd) == -EINTR && !gated())
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

/* ---- reading and writing: who spoke last ---- */

/* Whether a read is to be tried once more. */
struct again {
	int wanted;
};

static struct accepted *find_accepted(int fd)
{
	if (fd < 0 || fd >= ACCEPTED_LIMIT || __atomic_load_n(&accepted[fd].cookie, __ATOMIC_RELAXED) == 0)
		return NULL;
	return &accepted[fd];
}

static struct accepted *before_read(int fd)
{
	struct accepted *own = find_accepted(fd);
	if (own != NULL)
		__atomic_add_fetch(&own->reading, 1, __ATOMIC_ACQ_REL);
	return own;
}

/* A request may have slipped in just before the reading side was shut. The
 * kernel gives its bytes and then the end; a program that sees the end before
 * it has answered would drop the request. So it is told "nothing yet" until it
 * has answered. A blocking read waits for bytes instead. */
static long hold_back_end(int fd, struct accepted *own, struct again *again)
{
	if (own->last != LAST_READ)
		return 0;
	if (!is_blocking(fd))
		return -EAGAIN;
	long pause[2] = {0, 1000000};
	CALL(__NR_nanosleep, pause, NULL, 0, 0, 0);
	again->wanted = own->last == LAST_READ;
	return 0;
}

static long after_read(int fd, struct accepted *own, long result, int peeked, struct again *again)
{
	if (own == NULL)
		return result;
	again->wanted = 0;
	if (result == 0 && own->cut)
		result = hold_back_end(fd, own, again);
	if (again->wanted)
		return result;
	if (result > 0 && !peeked)
		__atomic_store_n(&own->last, LAST_READ, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&own->reading, 1, __ATOMIC_ACQ_REL);
	return result;
}

static int has(const char *text, size_t len, const char *word, size_t word_len)
{
	for (size_t i = 0; i + word_len <= len; i++) {
		size_t same_letters = 0;
		/* header names may be written in any case; `word` is small letters */
		while (same_letters < word_len && (text[i + same_letters] | 0x20) == (word[same_letters] | 0x20))
			same_letters++;
		if (same_letters == word_len)
			return 1;
	}
	return 0;
}

/* The head of an answer tells a stream that will not end by itself: a switched
 * protocol (RFC 9110, 15.2.2) or server-sent events. */
static int starts_stream(const char *text, size_t len)
{
	if (text == NULL || len < 13 || !has(text, 7, "http/1.", 7))
		return 0;
	if (text[9] == '1' && text[10] == '0' && text[11] == '1')
		return 1;
	return has(text, len < 1024 ? len : 1024, "text/event-stream", 17);
}

static long after_write(int fd, const char *text, size_t len, long result)
{
	struct accepted *own = result > 0 ? find_accepted(fd) : NULL;
	if (own != NULL) {
		if (starts_stream(text, len < (size_t)result ? len : (size_t)result))
			own->stream = 1;
		__atomic_store_n(&own->last, LAST_WROTE, __ATOMIC_RELEASE);
	}
	return result;
}

static ssize_t size_of(long result)
{
	if (result >= 0)
		return (ssize_t)result;
	*__errno_location() = (int)-result;
	return -1;
}

#define READ_UNTIL_ANSWERED(call, peeked) \
	struct again again = {0}; \
	long result; \
	do \
		result = after_read(fd, own, (call), (peeked), &again); \
	while (again.wanted); \
	return size_of(result)

EXPORT ssize_t read(int fd, void *to, size_t len)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_read, fd, to, len, 0, 0), 0);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_readv, fd, parts, count, 0, 0), 0);
}

EXPORT ssize_t recvfrom(int fd, void *to, size_t len, int flags, struct sockaddr *address, socklen_t *address_len)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(call6(__NR_recvfrom, fd, (long)to, (long)len, flags, (long)address, (long)address_len), flags & MSG_PEEK);
}

EXPORT ssize_t recv(int fd, void *to, size_t len, int flags)
{
	return recvfrom(fd, to, len, flags, NULL, NULL);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_recvmsg, fd, message, flags, 0, 0), flags & MSG_PEEK);
}

EXPORT ssize_t write(int fd, const void *from, size_t len)
{
	return size_of(after_write(fd, from, len, CALL(__NR_write, fd, from, len, 0, 0)));
}

static long after_writev(int fd, const struct iovec *parts, size_t count, long result)
{
	return after_write(fd, count > 0 ? parts[0].iov_base : NULL, count > 0 ? parts[0].iov_len : 0, result);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return size_of(after_writev(fd, parts, count > 0 ? (size_t)count : 0, CALL(__NR_writev, fd, parts, count, 0, 0)));
}

EXPORT ssize_t sendto(int fd, const void *from, size_t len, int flags, const struct sockaddr *address, socklen_t address_len)
{
	return size_of(after_write(fd, from, len, call6(__NR_sendto, fd, (long)from, (long)len, flags, (long)address, (long)address_len)));
}

EXPORT ssize_t send(int fd, const void *from, size_t len, int flags)
{
	return sendto(fd, from, len, flags, NULL, 0);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return size_of(after_writev(fd, message->msg_iov, message->msg_iovlen, CALL(__NR_sendmsg, fd, message, flags, 0, 0)));
}

EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
	return size_of(after_write(out, NULL, 0, CALL(__NR_sendfile, out, in, offset, count, 0)));
}

/* ---- draining ---- */

/* A connection is idle when nothing waits to be read or sent and the last thing
 * the program did with it was to write: its request was answered. A thread that
 * waits inside read() looks the same as one that has just got a request: there
 * the kernel must have received nothing for two of its ticks (up to 10 ms each). */
static int is_idle(int fd, const struct accepted *own, struct preload_page *shared)
{
	struct tcp_info info;
	int unread = 0, unsent = 0;
	uint32_t patience = __atomic_load_n(&shared->patience_ms, __ATOMIC_ACQUIRE);
	if (own->last == LAST_READ)
		return own->stream && patience == 0;
	CALL(__NR_ioctl, fd, FIONREAD, &unread, 0, 0);
	/* what is sent but not yet acknowledged went out: an acknowledgement may be
	 * put off by 40 ms and come with the next request */
	CALL(__NR_ioctl, fd, SIOCOUTQNSD, &unsent, 0, 0);
	if (unread != 0 || unsent != 0)
		return 0;
	/* somebody who has just connected is about to ask */
	if (own->last == LAST_NONE)
		return now_ms() - own->since_ms >= 1000;
	if (own->stream)
		return patience == 0;
	memset(&info, 0, sizeof info);
	if (get_option(fd, IPPROTO_TCP, TCP_INFO, &info, sizeof info) < 0)
		return 0;
	if (own->reading != 0 && info.tcpi_last_data_recv < 20)
		return 0;
	return preload_may_close(own->busy, info.tcpi_last_data_sent, info.tcpi_last_data_recv,
		__atomic_load_n(&shared->draining_ms, __ATOMIC_ACQUIRE));
}

static void on_drain(int number)
{
	(void)number;
	struct preload_page *shared = page;
	if (shared == NULL)
		return;
	uint32_t left = 0;
	int last = __atomic_load_n(&highest, __ATOMIC_RELAXED);
	for (int fd = 0; fd <= last; fd++) {
		struct accepted *own = &accepted[fd];
		uint64_t cookie = __atomic_load_n(&own->cookie, __ATOMIC_ACQUIRE);
		if (cookie == 0)
			continue;
		if (cookie_of(fd) != cookie) {
			__atomic_store_n(&own->cookie, 0, __ATOMIC_RELEASE); /* closed since */
			continue;
		}
		left++;
		if (!own->cut && is_idle(fd, own, shared)) {
			own->cut = 1;
			/* one that only writes, as an event stream, does not see that
			 * its client can say no more: it is told when it writes */
			CALL(__NR_shutdown, fd, own->stream ? SHUT_RDWR : SHUT_RD, 0, 0, 0);
			if (own->stream)
				__atomic_add_fetch(&shared->streams_cut, 1, __ATOMIC_RELAXED);
		}
		own->busy = own->last == LAST_READ;
	}
	__atomic_store_n(&shared->connections, left, __ATOMIC_RELEASE);
	__atomic_add_fetch(&shared->drained, 1, __ATOMIC_RELEASE);
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
