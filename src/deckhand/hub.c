/* The hub: launchers connect to a unix socket in the target volume, and frames
 * between them and cargodeck are passed on unread. */
#include "agent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LAUNCHER_OUT_LIMIT = 256 * 1024 };

static struct peer *find_peer(struct agent *agent, int number)
{
	for (int i = 0; i < LAUNCHERS; i++)
		if (agent->peers[i].fd > 0 && agent->peers[i].number == number)
			return &agent->peers[i];
	return NULL;
}

static void drop_peer(struct agent *agent, struct peer *peer)
{
	if (peer->joined) {
		agent_begin(agent, WIRE_LAUNCHER_DOWN, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		wire_end(&agent->out);
	}
	close(peer->fd);
	wire_buffer_finish(&peer->in);
	wire_buffer_finish(&peer->out);
	memset(peer, 0, sizeof *peer);
}

void hub_take(struct agent *agent)
{
	int fd = accept4(agent->hub, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	for (int i = 0; fd >= 0 && i < LAUNCHERS; i++) {
		if (agent->peers[i].fd == 0) {
			agent->peers[i] = (struct peer){.fd = fd, .number = ++agent->next_peer};
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

void hub_flush(struct agent *agent, struct peer *peer)
{
	while (peer->out.len > 0) {
		ssize_t put = send(peer->fd, peer->out.data, peer->out.len, MSG_NOSIGNAL);
		if (put < 0 && errno == EAGAIN)
			return;
		if (put <= 0) {
			drop_peer(agent, peer);
			return;
		}
		memmove(peer->out.data, peer->out.data + put, peer->out.len - (size_t)put);
		peer->out.len -= (size_t)put;
		peer->out.at = peer->out.len;
	}
}

void hub_pass(struct agent *agent, const struct wire_frame *frame)
{
	struct peer *peer = find_peer(agent, (int)wire_get_number(frame, "launcher", -1));
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	if (peer == NULL || bytes == NULL)
		return;
	if (peer->out.len + len > LAUNCHER_OUT_LIMIT) {
		drop_peer(agent, peer); /* it does not read */
		return;
	}
	char *data = realloc(peer->out.data, peer->out.len + len);
	if (data == NULL)
		return;
	memcpy(data + peer->out.len, bytes, len);
	peer->out.data = data;
	peer->out.cap = peer->out.len += len;
	hub_flush(agent, peer);
}

static void pass_on(struct agent *agent, struct peer *peer, const struct wire_frame *frame)
{
	if (frame->type == WIRE_JOIN && !peer->joined) {
		peer->joined = true;
		agent_begin(agent, WIRE_LAUNCHER_UP, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		static const char *const fields[] = {"version", "service", "bin", "hostname", "container", "pid", "generation", "way", "state"};
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			wire_add(&agent->out, fields[i], wire_get(frame, fields[i]));
		wire_end(&agent->out);
	} else if (peer->joined) {
		/* the whole frame: its head stands just before its body */
		agent_begin(agent, WIRE_FROM_LAUNCHER, 0);
		wire_add_number(&agent->out, "launcher", peer->number);
		wire_add_data(&agent->out, frame->body - 5, frame->len + 5);
		wire_end(&agent->out);
	}
}

void hub_read(struct agent *agent, struct peer *peer)
{
	char block[16384];
	struct wire_frame frame;
	ssize_t got = read(peer->fd, block, sizeof block);
	int result = 0;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		wire_feed(&peer->in, block, (size_t)got);
		while ((result = wire_next(&peer->in, &frame)) == 1)
			pass_on(agent, peer, &frame);
	}
	if (got <= 0 || result < 0)
		drop_peer(agent, peer);
}
