/* Inside the preload library: what its files share. No libc: see preload.c. */
#ifndef DECKHAND_PRELOAD_INSIDE_H
#define DECKHAND_PRELOAD_INSIDE_H

#include "preload.h"

#include <asm/unistd.h>
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

extern int *__errno_location(void); /* whichever libc is there */

static inline long call6(long n, long a, long b, long c, long d, long e, long f)
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

/* ---- preload.c ---- */
void *memset(void *to, int byte, size_t len);
void *memcpy(void *to, const void *from, size_t len);
int result_of(long result); /* a system call's result as libc gives it, with errno */
ssize_t size_of(long result);
int get_option(int fd, int level, int name, void *value, unsigned size);
uint64_t cookie_of(int fd); /* 0: no socket */
uint32_t now_ms(void); /* as coarse as the kernel's ticks */
int is_blocking(int fd);
int drains(void); /* this generation ends: it accepts no more */

extern struct preload_page *page; /* NULL: there is no launcher */

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
	uint8_t http; /* answers by HTTP/1.1 */
	uint8_t told; /* its client was told that this answer is the last one */
	int epoll; /* where the program waits for it, with what it asked for */
	uint32_t events; /* 0: nowhere */
	uint64_t data;
};
extern struct accepted accepted[];
extern int highest; /* descriptor in it */
struct accepted *find_accepted(int fd); /* NULL: it was not accepted */

/* ---- preload-drain.c ---- */
/* The handler of PRELOAD_SIGNAL: one look at every connection. */
void on_drain(int number);

#endif
