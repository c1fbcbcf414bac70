/* The sockets that the launcher holds for its program: learned from the first
 * generation that bound them, handed to each later one that asks. */
#include "launcher.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sockets_find(const struct sockets *sockets, const struct preload_key *key)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		if (sockets->held[i].fd > 0 && memcmp(&sockets->held[i].key, key, sizeof *key) == 0)
			return i;
	return -1;
}

int sockets_find_cookie(const struct sockets *sockets, uint64_t cookie)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		if (sockets->held[i].fd > 0 && sockets->held[i].cookie == cookie)
			return i;
	return -1;
}

int sockets_add(struct sockets *sockets, const struct preload_key *key, int fd, uint64_t cookie)
{
	int index = sockets_find(sockets, key);
	if (index >= 0)
		sockets_close(sockets, index); /* bound anew: the old one is nobody's */
	for (int i = 0; i < HELD_LIMIT; i++) {
		if (sockets->held[i].fd > 0)
			continue;
		struct stat status = {0};
		socklen_t len = sizeof cookie;
		fstat(fd, &status);
		if (cookie == 0)
			getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
		sockets->held[i] = (struct held_socket){.fd = fd, .cookie = cookie, .inode = status.st_ino, .key = *key};
		return i;
	}
	close(fd);
	return -1;
}

void sockets_close(struct sockets *sockets, int index)
{
	if (sockets->held[index].fd > 0)
		close(sockets->held[index].fd);
	memset(&sockets->held[index], 0, sizeof sockets->held[index]);
}

void sockets_close_all(struct sockets *sockets)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		sockets_close(sockets, i);
}

int sockets_connect(const struct held_socket *held)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	socklen_t len = held->key.family == AF_INET ? sizeof address.in : sizeof address.in6;
	memset(&address, 0, sizeof address);
	address.any.sa_family = held->key.family;
	if (held->key.family == AF_INET) {
		address.in.sin_port = held->key.port;
		memcpy(&address.in.sin_addr, held->key.address, 4);
		if (address.in.sin_addr.s_addr == INADDR_ANY)
			address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		address.in6.sin6_port = held->key.port;
		memcpy(&address.in6.sin6_addr, held->key.address, 16);
		if (IN6_IS_ADDR_UNSPECIFIED(&address.in6.sin6_addr))
			address.in6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	}
	int fd = socket(held->key.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* on the loopback a connect to a listening socket is done at once; a
	 * container without IPv6 on its loopback takes [::] by IPv4 */
	if (connect(fd, &address.any, len) != 0 && errno == EADDRNOTAVAIL && held->key.family == AF_INET6) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = held->key.port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		close(fd);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, (struct sockaddr *)&in, sizeof in) != 0 && errno != EINPROGRESS) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

void sockets_knock(const struct held_socket *held)
{
	int fd = sockets_connect(held);
	if (fd >= 0)
		close(fd);
}

static void answer(int control, const struct preload_message *message, int fd)
{
	struct preload_message out = *message;
	if (fd >= 0)
		set_nonblocking(fd); /* one that a static program left blocking */
	out.type = fd >= 0 ? PRELOAD_HELD : PRELOAD_NONE;
	send_with_fd(control, &out, sizeof out, fd, MSG_DONTWAIT);
}

static void hear_one(struct sockets *sockets, struct generation *generation, const struct preload_message *message, int fd)
{
	int index;
	switch (message->type) {
	case PRELOAD_ASK:
		index = sockets_find(sockets, &message->key);
		if (index >= 0)
			generation->asked |= 1u << index;
		answer(generation->control, message, index >= 0 ? sockets->held[index].fd : -1);
		break;
	case PRELOAD_BOUND:
		if (fd < 0)
			break;
		index = sockets_add(sockets, &message->key, fd, message->cookie);
		if (index >= 0)
			generation->asked |= 1u << index;
		return; /* it is kept */
	case PRELOAD_LISTEN:
	case PRELOAD_ACCEPTED:
		index = sockets_find_cookie(sockets, message->cookie);
		if (index < 0)
			break;
		if (message->type == PRELOAD_ACCEPTED) {
			generation->accepted |= 1u << index;
			break;
		}
		sockets->held[index].listening = true;
		generation->listened |= 1u << index;
		if (generation->listen_ns == 0)
			generation->listen_ns = now_ns();
		break;
	default:
		break;
	}
	if (fd >= 0)
		close(fd);
}

bool sockets_hear(struct sockets *sockets, struct generation *generation)
{
	for (;;) {
		struct preload_message message = {0};
		int fd;
		ssize_t got = receive_with_fd(generation->control, &message, sizeof message, &fd);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0)
			return false;
		if (got == (ssize_t)sizeof message)
			hear_one(sockets, generation, &message, fd);
		else if (fd >= 0)
			close(fd);
	}
}
