/* Small HTTP servers of the kinds that a swap meets, in one program. The kind
 * is the first argument, the port the second; the answer is the text that the
 * build gives (-DVERSION). They know nothing of being swapped.
 *   edge      one thread, epoll edge-triggered, kept-alive (as tokio does)
 *   remembers as edge; like tokio it never forgets that a connection's other side
 *             says no more, and asks such a one until it has its end
 *   blocking  a thread a connection, blocking accept and read (as std::net)
 *   plain     as edge, and without a SIGTERM handler (edge ends its loop)
 *   deaf      listens, never accepts
 *   panics    ends with 101 some 100 ms after it listened
 *   late      as blocking, 400 ms after its start; late-panics ends with 101 then
 *   pidfile   as blocking, but refuses to live beside another (a lock file)
 *   fromstd   blocking bind and listen, then FIONBIO and the loop of edge
 *   worker    no socket at all
 *   once      ends with 0
 * With -DKIND the build sets the kind, whatever the argument says. blocking
 * knows paths: /crash /events (an event stream that never ends) /switch (other
 * protocols from there on) /ready (503 in the first 300 ms, then 200) /children
 * (what a child process sees of the environment); the loop knows /busy (stands
 * still until another connection was shut for reading and got a request). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "v1"
#endif

static volatile sig_atomic_t ending;

static void on_term(int number)
{
	(void)number;
	ending = 1;
}

static int listen_on(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	in_addr_t where = htonl(getenv("SERVE_ANY") != NULL ? INADDR_ANY : INADDR_LOOPBACK);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = where};
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 128) != 0) {
		perror("bind");
		exit(3);
	}
	return fd;
}

static void answer(int fd)
{
	char text[256];
	int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(VERSION), VERSION);
	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) < 0)
		return;
}

/* ---- edge ---- */

enum { CONNECTIONS = 4096 };
static int timer_of[CONNECTIONS], owner_of[CONNECTIONS];
static bool is_open[CONNECTIONS], is_over[CONNECTIONS], remembers;

static void add(int epoll, int fd, unsigned events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void drop(int fd)
{
	if (timer_of[fd] > 0)
		close(timer_of[fd]), owner_of[timer_of[fd]] = 0;
	timer_of[fd] = 0;
	is_open[fd] = is_over[fd] = false;
	close(fd);
}

static void take_all(int epoll, int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (fd >= CONNECTIONS) {
			close(fd);
			continue;
		}
		is_open[fd] = true;
		add(epoll, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
	}
}

static void wait_for(int fd, short event)
{
	struct pollfd one = {.fd = fd, .events = event};
	while (poll(&one, 1, 1) < 0 || (one.revents & event) == 0)
		;
}

/* The loop stands still: another connection is shut meanwhile, and asks. */
static void be_busy(int self)
{
	for (int fd = 0; fd < CONNECTIONS; fd++) {
		int unread = 0;
		if (fd == self || !is_open[fd])
			continue;
		wait_for(fd, POLLRDHUP);
		printf("shut\n");
		fflush(stdout);
		while (unread == 0)
			poll(NULL, 0, 1), ioctl(fd, FIONREAD, &unread);
		return;
	}
}

/* A request takes 20 ms of somebody else's work. */
static void serve(int epoll, int fd)
{
	char block[4096];
	for (;;) {
		ssize_t got = recv(fd, block, sizeof block, 0);
		if (got < 0 && errno == EAGAIN && is_over[fd])
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got > 10 && strncmp(block, "GET /busy ", 10) == 0)
			be_busy(fd);
		if (got <= 0) {
			drop(fd);
			return;
		}
		int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
		struct itimerspec when = {.it_value = {.tv_nsec = 20000000}};
		timerfd_settime(timer, 0, &when, NULL);
		timer_of[fd] = timer;
		owner_of[timer] = fd;
		add(epoll, timer, EPOLLIN);
	}
}

static int run_edge(int port, int by_ioctl)
{
	int listener = listen_on(port), epoll = epoll_create1(EPOLL_CLOEXEC), on = 1;
	if (by_ioctl)
		ioctl(listener, FIONBIO, &on);
	else
		fcntl(listener, F_SETFL, O_NONBLOCK);
	add(epoll, listener, EPOLLIN | EPOLLET);
	while (!ending) {
		struct epoll_event events[64];
		int count = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;
			is_over[fd] = is_over[fd] || (remembers && (events[i].events & EPOLLRDHUP) != 0);
			if (fd == listener) {
				take_all(epoll, listener);
			} else if (owner_of[fd] > 0) {
				int owner = owner_of[fd];
				owner_of[fd] = timer_of[owner] = 0;
				close(fd);
				answer(owner);
			} else {
				serve(epoll, fd);
			}
		}
	}
	shutdown(listener, SHUT_RDWR); /* a way of leaving that its successor must not feel */
	return 0;
}

/* ---- blocking ---- */

static struct timespec began;

static long since_began_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000;
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

/* Events until the client, or somebody else, ends the connection. */
static void stream(int fd)
{
	say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
	while (send(fd, "data: " VERSION "\n\n", 8 + strlen(VERSION), MSG_NOSIGNAL) > 0)
		poll(NULL, 0, 20);
}

static void tell_children(int fd)
{
	char text[8192], head[128];
	FILE *child = popen("env", "r");
	size_t len = fread(text, 1, sizeof text - 1, child);
	pclose(child);
	text[len] = '\0';
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	say(fd, head);
	say(fd, text);
}

static void *serve_one(void *data)
{
	int fd = (int)(intptr_t)data;
	char block[4096];
	ssize_t got;
	while ((got = recv(fd, block, sizeof block - 1, 0)) > 0) {
		block[got] = '\0';
		if (strncmp(block, "GET /crash ", 11) == 0)
			abort();
		poll(NULL, 0, 20);
		if (strncmp(block, "GET /events ", 12) == 0)
			stream(fd);
		else if (strncmp(block, "GET /switch ", 12) == 0)
			say(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
		else if (strncmp(block, "GET /ready ", 11) == 0 && since_began_ms() < 300)
			say(fd, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
		else if (strncmp(block, "GET /children ", 14) == 0)
			tell_children(fd);
		else
			answer(fd);
	}
	close(fd);
	return NULL;
}

static int run_blocking(int port)
{
	int listener = listen_on(port);
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			perror("accept"); /* what ends an incoming() loop */
			return 4;
		}
		pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
}

static int run_pidfile(int port, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fprintf(stderr, "cannot get the lock of %s: Resource temporarily unavailable\n", path);
		return 5;
	}
	return run_blocking(port);
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	int port = argc > 2 ? atoi(argv[2]) : 0;
	const char *expected = getenv("EXPECT_PRELOAD"), *preload = getenv("LD_PRELOAD");
#ifdef KIND
	kind = KIND;
#endif
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (strcmp(preload != NULL ? preload : "", expected != NULL ? expected : "") != 0 || getenv("CARGODECK_CONTROL_FD") != NULL) {
		fprintf(stderr, "the environment shows the library\n");
		return 6;
	}
	printf("started " VERSION "\n");
	fflush(stdout);
	if (strcmp(kind, "edge") == 0)
		signal(SIGTERM, on_term);
	remembers = strcmp(kind, "remembers") == 0;
	if (strcmp(kind, "edge") == 0 || strcmp(kind, "plain") == 0 || remembers)
		return run_edge(port, 0);
	if (strcmp(kind, "fromstd") == 0)
		return run_edge(port, 1);
	if (strcmp(kind, "blocking") == 0)
		return run_blocking(port);
	if (strcmp(kind, "pidfile") == 0)
		return run_pidfile(port, argv[3]);
	if (strcmp(kind, "deaf") == 0) {
		listen_on(port);
		pause();
	}
	if (strcmp(kind, "panics") == 0) {
		listen_on(port);
		poll(NULL, 0, 100);
		return 101;
	}
	if (strncmp(kind, "late", 4) == 0)
		poll(NULL, 0, 400);
	if (strcmp(kind, "late") == 0)
		return run_blocking(port);
	if (strcmp(kind, "late-panics") == 0)
		return 101;
	if (strcmp(kind, "worker") == 0)
		pause();
	return 0;
}
