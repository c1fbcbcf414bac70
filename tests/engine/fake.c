/* The scripted engine: a thread that accepts and one a connection. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct peer {
	struct fake *fake;
	int fd;
	pthread_t thread;
	struct str in;
	struct peer *next;
};

struct fake {
	char *folder, *socket, *host;
	int listener, stop[2];
	fake_serve serve;
	void *data;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct peer *peers;
	struct strings requests;
	unsigned lets;
	bool stopping;
};

/* ---- a connection ---- */

bool peer_send(struct peer *peer, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t put = send(peer->fd, at, len, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

bool peer_say(struct peer *peer, const char *text)
{
	return peer_send(peer, text, strlen(text));
}

bool peer_answer(struct peer *peer, int status, const char *body)
{
	auto_str out = {0};
	str_print(&out, "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
	return peer_send(peer, out.data, out.len);
}

bool peer_chunks(struct peer *peer)
{
	return peer_say(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

bool peer_chunk(struct peer *peer, const void *bytes, size_t len)
{
	auto_str out = {0};
	str_print(&out, "%zx\r\n", len);
	str_add_bytes(&out, bytes, len);
	str_add(&out, "\r\n");
	return peer_send(peer, out.data, out.len);
}

bool peer_chunk_end(struct peer *peer)
{
	return peer_say(peer, "0\r\n\r\n");
}

void frame_add(struct str *out, int stream, const char *bytes, size_t len)
{
	const char head[8] = {(char)stream, 0, 0, 0, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};
	str_add_bytes(out, head, sizeof head);
	str_add_bytes(out, bytes, len);
}

bool peer_frame(struct peer *peer, int stream, const char *text)
{
	auto_str frame = {0};
	frame_add(&frame, stream, text, strlen(text));
	return peer_chunk(peer, frame.data, frame.len);
}

static bool fill(struct peer *peer)
{
	char block[65536];
	ssize_t got = recv(peer->fd, block, sizeof block, 0);
	if (got > 0)
		str_add_bytes(&peer->in, block, (size_t)got);
	return got > 0;
}

size_t peer_read(struct peer *peer, char *out, size_t size)
{
	if (peer->in.len == 0 && !fill(peer))
		return 0;
	size_t len = peer->in.len < size ? peer->in.len : size;
	memcpy(out, peer->in.data, len);
	str_drop_front(&peer->in, len);
	return len;
}

void peer_wait_gone(struct peer *peer)
{
	while (fill(peer))
		continue;
}

bool peer_wait_let(struct peer *peer, unsigned times)
{
	struct fake *fake = peer->fake;
	pthread_mutex_lock(&fake->lock);
	while (fake->lets < times && !fake->stopping)
		pthread_cond_wait(&fake->changed, &fake->lock);
	bool good = !fake->stopping;
	pthread_mutex_unlock(&fake->lock);
	return good;
}

bool serve_version(struct peer *peer, const char *path)
{
	if (strcmp(path, "/version") != 0)
		return false;
	return peer_answer(peer, 200, "{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}");
}

/* Reads one request: its first line goes to the list, path and body out. */
static bool read_request(struct peer *peer, char **path, char **body)
{
	const char *end;
	while ((end = peer->in.len > 0 ? strstr(peer->in.data, "\r\n\r\n") : NULL) == NULL)
		if (!fill(peer))
			return false;
	size_t head = (size_t)(end - peer->in.data) + 4;
	const char *length = strcasestr(peer->in.data, "\r\nContent-Length:");
	size_t len = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
	while (peer->in.len < head + len)
		if (!fill(peer))
			return false;
	auto_free char *line = mem_copy_bytes(peer->in.data, strcspn(peer->in.data, "\r"));
	pthread_mutex_lock(&peer->fake->lock);
	strings_add(&peer->fake->requests, line);
	pthread_mutex_unlock(&peer->fake->lock);
	const char *start = strchr(line, ' ') + 1;
	if (text_starts_with(start, "/v1."))
		start = strchr(start + 1, '/');
	*path = mem_copy_bytes(start, strcspn(start, " "));
	*body = mem_copy_bytes(peer->in.data + head, len);
	str_drop_front(&peer->in, head + len);
	return true;
}

static void *talk(void *data)
{
	struct peer *peer = data;
	bool good = true;
	while (good) {
		auto_free char *path = NULL, *body = NULL;
		good = read_request(peer, &path, &body) && peer->fake->serve(peer, path, body, peer->fake->data);
	}
	shutdown(peer->fd, SHUT_RDWR);
	return NULL;
}

/* ---- the engine ---- */

static void *receive(void *data)
{
	struct fake *fake = data;
	for (;;) {
		struct pollfd fds[] = {{.fd = fake->listener, .events = POLLIN}, {.fd = fake->stop[0], .events = POLLIN}};
		if (poll(fds, 2, -1) < 0 && errno == EINTR)
			continue;
		if (fds[1].revents != 0)
			return NULL;
		int fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		struct peer *peer = mem_alloc(sizeof *peer);
		peer->fake = fake;
		peer->fd = fd;
		peer->next = fake->peers;
		fake->peers = peer;
		pthread_create(&peer->thread, NULL, talk, peer);
	}
}

void fake_start(struct fake *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", fake->socket);
	unlink(fake->socket);
	fake->stopping = false;
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->listener, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
	assert_int_equal(listen(fake->listener, 64), 0);
	assert_int_equal(pipe2(fake->stop, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, receive, fake), 0);
}

void fake_stop(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->stopping = true;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
	assert_int_equal(write(fake->stop[1], "x", 1), 1);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	close(fake->stop[0]);
	close(fake->stop[1]);
	unlink(fake->socket);
	while (fake->peers != NULL) {
		struct peer *peer = fake->peers;
		fake->peers = peer->next;
		shutdown(peer->fd, SHUT_RDWR);
		pthread_join(peer->thread, NULL);
		close(peer->fd);
		str_finish(&peer->in);
		free(peer);
	}
}

struct fake *fake_open(fake_serve serve, void *data)
{
	struct fake *fake = mem_alloc(sizeof *fake);
	const char *temp = getenv("TMPDIR");
	fake->folder = mem_print("%s/cargodeck-engine-XXXXXX", temp != NULL ? temp : "/tmp");
	assert_non_null(mkdtemp(fake->folder));
	fake->socket = path_join(fake->folder, "engine.sock");
	fake->host = mem_print("unix://%s", fake->socket);
	fake->serve = serve;
	fake->data = data;
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake_start(fake);
	return fake;
}

void fake_close(struct fake *fake)
{
	if (!fake->stopping)
		fake_stop(fake);
	dir_remove_all(fake->folder, NULL);
	pthread_mutex_destroy(&fake->lock);
	pthread_cond_destroy(&fake->changed);
	strings_finish(&fake->requests);
	free(fake->folder);
	free(fake->socket);
	free(fake->host);
	free(fake);
}

const char *fake_host(const struct fake *fake)
{
	return fake->host;
}

unsigned fake_asked(struct fake *fake, const char *text)
{
	unsigned count = 0;
	pthread_mutex_lock(&fake->lock);
	for (size_t i = 0; i < fake->requests.count; i++)
		count += strstr(fake->requests.items[i], text) != NULL;
	pthread_mutex_unlock(&fake->lock);
	return count;
}

void fake_let(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->lets++;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}
