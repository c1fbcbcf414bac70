/* A steady load on one HTTP port, and what became of each request. Clients are
 * slots of one poll loop, each with its share of the rate; a slot asks again
 * when its turn has come and its answer is in. One line a request, as it ends:
 *   BEGAN_NS ENDED_NS STATUS MARK
 * in CLOCK_MONOTONIC; MARK is the start of the body, or for STATUS 0 why there
 * was no answer: refused, reset, ended, timeout, broken. Nothing is asked
 * twice; only a kept connection that its server closed while nothing was asked
 * on it is opened anew, as every HTTP client does (RFC 9112, 9.3). Ends when
 * its standard input closes, after the answers that are still awaited.
 *   bench-load PORT PATH RATE CLIENTS kept|new */
#include "cargodeck/base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_LIMIT = 64, MARK_SIZE = 48 };
#define PATIENCE_NS 10000000000u
#define MS 1000000u

enum client_state { CLIENT_WAITING, CLIENT_CONNECTING, CLIENT_READING };

struct client {
	int fd; /* -1: no connection */
	enum client_state state;
	uint64_t turn_ns, began_ns; /* when it asks next; when it asked */
	char answer[16384];
	size_t len;
};

struct load {
	struct sockaddr_in address;
	struct client clients[CLIENTS_LIMIT];
	size_t count;
	uint64_t pause_ns; /* between two requests of one client */
	bool kept, ending;
	char request[512];
	size_t request_len;
};

/* ---- answers ---- */

static const char *error_mark(int error)
{
	switch (error) {
	case ECONNREFUSED: return "refused";
	case ECONNRESET:
	case EPIPE: return "reset";
	case ETIMEDOUT: return "timeout";
	default: return "broken";
	}
}

static void hang_up(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

static void finish(struct load *load, struct client *client, int status, const char *mark, size_t mark_len)
{
	uint64_t now = clock_now_ns();
	char clean[MARK_SIZE + 1];
	size_t used = 0;
	for (; used < mark_len && used < MARK_SIZE; used++)
		clean[used] = (char)(mark[used] > ' ' && mark[used] < 127 ? mark[used] : '_');
	clean[used] = '\0';
	printf("%llu %llu %d %s\n", (unsigned long long)client->began_ns, (unsigned long long)now, status, used > 0 ? clean : "-");
	if (status == 0 || !load->kept)
		hang_up(client);
	client->state = CLIENT_WAITING;
	client->len = 0;
	client->turn_ns += load->pause_ns;
	if (client->turn_ns < now)
		client->turn_ns = now; /* what was missed is not made up for */
}

static void fail(struct load *load, struct client *client, const char *why)
{
	finish(load, client, 0, why, strlen(why));
}

/* The answer may be whole: 1; not yet: 0; it is none: -1. At the end of the
 * stream a body without a length is whole. */
static int answer_is_whole(const struct client *client, bool at_end, int *status, const char **body, size_t *body_len, bool *closes)
{
	const char *head_end = memmem(client->answer, client->len, "\r\n\r\n", 4);
	if (head_end == NULL)
		return at_end || client->len == sizeof client->answer - 1 ? -1 : 0;
	if (sscanf(client->answer, "HTTP/1.%*d %d", status) != 1)
		return -1;
	*body = head_end + 4;
	*body_len = client->len - (size_t)(*body - client->answer);
	const char *length = strcasestr(client->answer, "\r\ncontent-length:");
	const char *connection = strcasestr(client->answer, "\r\nconnection: close");
	*closes = connection != NULL && connection < head_end;
	if (length != NULL && length < head_end) {
		size_t wanted = strtoul(length + 17, NULL, 10);
		if (*body_len >= wanted)
			return 1;
		return at_end || client->len == sizeof client->answer - 1 ? -1 : 0;
	}
	*closes = true;
	return at_end ? 1 : 0;
}

static void read_answer(struct load *load, struct client *client)
{
	ssize_t got = recv(client->fd, client->answer + client->len, sizeof client->answer - 1 - client->len, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		fail(load, client, error_mark(errno));
		return;
	}
	client->len += (size_t)got;
	client->answer[client->len] = '\0';
	int status = 0;
	const char *body = NULL;
	size_t body_len = 0;
	bool closes = false;
	int whole = answer_is_whole(client, got == 0, &status, &body, &body_len, &closes);
	if (whole < 0) {
		fail(load, client, "ended");
	} else if (whole > 0) {
		finish(load, client, status, body, body_len);
		if (closes)
			hang_up(client);
	}
}

/* ---- requests ---- */

static void send_request(struct load *load, struct client *client)
{
	if (send(client->fd, load->request, load->request_len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)load->request_len)
		client->state = CLIENT_READING;
	else
		fail(load, client, error_mark(errno));
}

/* Has its server said goodbye since it was last looked at? */
static bool is_closed(const struct client *client)
{
	char byte;
	return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

static void begin(struct load *load, struct client *client)
{
	int on = 1;
	if (client->fd >= 0 && is_closed(client))
		hang_up(client);
	client->began_ns = clock_now_ns();
	client->len = 0;
	if (client->fd >= 0) {
		send_request(load, client);
		return;
	}
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0) {
		fail(load, client, "broken");
		return;
	}
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	client->state = CLIENT_CONNECTING;
	if (connect(client->fd, (struct sockaddr *)&load->address, sizeof load->address) == 0)
		send_request(load, client);
	else if (errno != EINPROGRESS)
		fail(load, client, error_mark(errno));
}

static void connected(struct load *load, struct client *client)
{
	int error = 0;
	socklen_t size = sizeof error;
	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0)
		fail(load, client, error_mark(error));
	else
		send_request(load, client);
}

static void hear(struct load *load, struct client *client, short events)
{
	if (events == 0)
		return;
	switch (client->state) {
	case CLIENT_WAITING:
		hang_up(client); /* its server said goodbye while nothing was asked */
		break;
	case CLIENT_CONNECTING:
		connected(load, client);
		break;
	case CLIENT_READING:
		read_answer(load, client);
		break;
	}
}

/* ---- the loop ---- */

static int wait_ms(const struct load *load, uint64_t now)
{
	uint64_t next = now + 1000 * (uint64_t)MS;
	for (size_t i = 0; i < load->count; i++) {
		const struct client *client = &load->clients[i];
		uint64_t at = client->state == CLIENT_WAITING ? client->turn_ns : client->began_ns + PATIENCE_NS;
		if (!(load->ending && client->state == CLIENT_WAITING) && at < next)
			next = at;
	}
	return next <= now ? 0 : (int)((next - now + MS - 1) / MS);
}

static bool all_answered(const struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		if (load->clients[i].state != CLIENT_WAITING)
			return false;
	return true;
}

static void due(struct load *load)
{
	uint64_t now = clock_now_ns();
	for (size_t i = 0; i < load->count; i++) {
		struct client *client = &load->clients[i];
		if (client->state == CLIENT_WAITING && !load->ending && client->turn_ns <= now)
			begin(load, client);
		else if (client->state != CLIENT_WAITING && client->began_ns + PATIENCE_NS <= now)
			fail(load, client, "timeout");
	}
}

static void turn(struct load *load)
{
	struct pollfd fds[CLIENTS_LIMIT + 1];
	for (size_t i = 0; i < load->count; i++) {
		const struct client *client = &load->clients[i];
		fds[i] = (struct pollfd){.fd = client->fd, .events = client->state == CLIENT_CONNECTING ? POLLOUT : POLLIN};
	}
	fds[load->count] = (struct pollfd){.fd = load->ending ? -1 : STDIN_FILENO, .events = POLLIN};
	poll(fds, load->count + 1, wait_ms(load, clock_now_ns()));
	for (size_t i = 0; i < load->count; i++)
		hear(load, &load->clients[i], fds[i].fd >= 0 ? fds[i].revents : 0);
	char ignored[64];
	if (fds[load->count].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0)
		load->ending = true;
	due(load);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct load load;
	long port = argc > 1 ? atol(argv[1]) : 0, rate = argc > 3 ? atol(argv[3]) : 0, clients = argc > 4 ? atol(argv[4]) : 0;
	if (argc != 6 || port < 1 || port > 65535 || rate < 1 || clients < 1 || clients > CLIENTS_LIMIT) {
		fputs("usage: bench-load PORT PATH RATE CLIENTS kept|new\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	load.kept = strcmp(argv[5], "kept") == 0;
	load.count = (size_t)clients;
	load.pause_ns = 1000000000u * (uint64_t)clients / (uint64_t)rate;
	load.request_len = (size_t)snprintf(load.request, sizeof load.request, "GET %.200s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", argv[2],
		load.kept ? "" : "Connection: close\r\n");
	uint64_t now = clock_now_ns();
	for (size_t i = 0; i < load.count; i++)
		load.clients[i] = (struct client){.fd = -1, .turn_ns = now + i * load.pause_ns / load.count};
	while (!load.ending || !all_answered(&load))
		turn(&load);
	return 0;
}
