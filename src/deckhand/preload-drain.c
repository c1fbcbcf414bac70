/* Emptying an old generation: at each signal of the launcher one look at every
 * connection; what is idle is closed for reading. */
#include "preload-inside.h"

#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

/* ---- where the program waits ---- */

#if defined(__x86_64__)
#define EPOLL_PACKED __attribute__((packed))
#else
#define EPOLL_PACKED
#endif
struct wait_event {
	uint32_t events;
	uint64_t data;
} EPOLL_PACKED;

enum { WAIT_ADD = 1, WAIT_DEL = 2, WAIT_MOD = 3 };
#define WAIT_RDHUP (1u << 13)
#define WAIT_EXCLUSIVE (1u << 28)
#define WAIT_ONESHOT (1u << 30)

EXPORT int epoll_ctl(int epoll, int what, int fd, struct wait_event *event)
{
	struct accepted *own = find_accepted(fd);
	if (own != NULL && what == WAIT_DEL)
		own->events = 0;
	long result = CALL(__NR_epoll_ctl, epoll, what, fd, event, 0);
	if (own != NULL && what != WAIT_DEL && result == 0 && event != NULL) {
		own->epoll = epoll;
		own->data = event->data;
		__atomic_store_n(&own->events, event->events, __ATOMIC_RELEASE);
	}
	return result_of(result);
}

/* A loop that is told "the other side says no more" remembers it for ever
 * (tokio does), and when it then hears "nothing yet" it asks again without end.
 * After our own shutdown that word is not true: it is not asked for any more. */
static void forget_hang_up(int fd, struct accepted *own)
{
	uint32_t events = __atomic_load_n(&own->events, __ATOMIC_ACQUIRE);
	struct wait_event event = {events & ~WAIT_RDHUP, own->data};
	if ((events & WAIT_RDHUP) == 0 || (events & (WAIT_ONESHOT | WAIT_EXCLUSIVE)) != 0)
		return;
	own->events = event.events;
	CALL(__NR_epoll_ctl, own->epoll, WAIT_MOD, fd, &event, 0);
}

/* ---- draining ---- */

/* How long clients that ask now and then are waited for. */
enum { TELL_MS = 100 };

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
	/* a client that was told closes by itself; its answer may still be going out */
	if (own->told)
		return info.tcpi_last_data_sent >= TELL_MS;
	if (own->reading != 0 && info.tcpi_last_data_recv < 20)
		return 0;
	/* one that asks now and then will do so soon, and is told then */
	if (own->http && info.tcpi_last_data_recv < 1000 && __atomic_load_n(&shared->draining_ms, __ATOMIC_ACQUIRE) < TELL_MS)
		return 0;
	return preload_may_close(own->busy, info.tcpi_last_data_sent, info.tcpi_last_data_recv,
		__atomic_load_n(&shared->draining_ms, __ATOMIC_ACQUIRE));
}

void on_drain(int number)
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
			forget_hang_up(fd, own);
			/* one that only writes, as an event stream, does not see that
			 * its client can say no more: it is told when it writes */
			CALL(__NR_shutdown, fd, own->stream ? SHUT_RDWR : SHUT_RD, 0, 0, 0);
			if (own->stream)
				__atomic_add_fetch(&shared->streams_cut, 1, __ATOMIC_RELAXED);
		} else if (own->cut && !own->stream && own->last != LAST_READ) {
			/* the end was held back from a loop that is told once only: it
			 * is told again (a shutdown wakes who waits, each time) */
			CALL(__NR_shutdown, fd, SHUT_RD, 0, 0, 0);
		}
		own->busy = own->last == LAST_READ;
	}
	__atomic_store_n(&shared->connections, left, __ATOMIC_RELEASE);
	__atomic_add_fetch(&shared->drained, 1, __ATOMIC_RELEASE);
}

