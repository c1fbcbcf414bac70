/* What a container sends, receives, reads and writes, from its cgroup's files
 * (v1 and v2) and from the network devices that its first process sees. Called
 * each second for containers of a local engine, while somebody looks at it. */
#include "engine.h"

#include <stdio.h>
#include <unistd.h>

enum { FILE_LIMIT = 65536 };

/* ---- texts of the kernel ---- */

/* proc(5), /proc/pid/net/dev: "eth0: bytes packets errs drop fifo frame compressed
 * multicast bytes …"; the loopback is nobody's traffic. */
void engine_traffic_count_net(const char *text, uint64_t *received, uint64_t *sent)
{
	*received = *sent = 0;
	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL) {
		const char *end = strchrnul(line, '\n'), *name = line + strspn(line, " ");
		const char *colon = memchr(line, ':', (size_t)(end - line));
		unsigned long long in, out;
		if (colon == NULL || text_starts_with(name, "lo:"))
			continue;
		if (sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &in, &out) != 2)
			continue;
		*received += in;
		*sent += out;
	}
}

static uint64_t number_behind(const char *line, const char *end, const char *word)
{
	const char *found = memmem(line, (size_t)(end - line), word, strlen(word));
	return found != NULL ? strtoull(found + strlen(word), NULL, 10) : 0;
}

/* v1, blkio.throttle.io_service_bytes: "8:0 Read 4096"; v2, io.stat: "8:0 rbytes=4096
 * wbytes=0 …"; a line a device. */
void engine_traffic_count_block(const char *text, uint64_t *read_bytes, uint64_t *written)
{
	*read_bytes = *written = 0;
	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL) {
		const char *end = strchrnul(line, '\n');
		*read_bytes += number_behind(line, end, " Read ") + number_behind(line, end, " rbytes=");
		*written += number_behind(line, end, " Write ") + number_behind(line, end, " wbytes=");
	}
}

/* ---- files ---- */

static char *read_of(const char *folder, const char *name)
{
	auto_free char *path = path_join(folder, name);
	return file_read(path, FILE_LIMIT, NULL, NULL);
}

static bool read_block(const char *id, struct engine_traffic_state *now, char **procs)
{
	static const struct {
		const char *folder, *file;
	} places[] = {
		{"/sys/fs/cgroup/blkio/docker/%s", "blkio.throttle.io_service_bytes"},
		{"/sys/fs/cgroup/blkio/system.slice/docker-%s.scope", "blkio.throttle.io_service_bytes"},
		{"/sys/fs/cgroup/system.slice/docker-%s.scope", "io.stat"},
		{"/sys/fs/cgroup/docker/%s", "io.stat"},
	};
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		auto_free char *folder = mem_print(places[i].folder, id);
		auto_free char *text = read_of(folder, places[i].file);
		if (text == NULL)
			continue;
		engine_traffic_count_block(text, &now->read, &now->written);
		*procs = read_of(folder, "cgroup.procs");
		return true;
	}
	return false;
}

/* With `network_mode: host` a process sees what the whole machine sends: none
 * of it is known to be its own. Where the link may not be read it is not told. */
static bool is_host_network(const char *process)
{
	char own[64] = "", other[64] = "";
	auto_free char *path = mem_print("/proc/%s/ns/net", process);
	return readlink("/proc/self/ns/net", own, sizeof own - 1) > 0 && readlink(path, other, sizeof other - 1) > 0 &&
		strcmp(own, other) == 0;
}

static bool read_net(const char *procs, struct engine_traffic_state *now)
{
	auto_free char *first = mem_copy_bytes(procs, strcspn(procs, "\n"));
	/* 0: it runs where we cannot see it */
	if (first[0] < '1' || first[0] > '9' || is_host_network(first))
		return false;
	auto_free char *folder = mem_print("/proc/%s/net", first);
	auto_free char *text = read_of(folder, "dev");
	if (text != NULL)
		engine_traffic_count_net(text, &now->received, &now->sent);
	return text != NULL;
}

/* ---- public ---- */

static double rate(uint64_t before, uint64_t now, double seconds)
{
	return now >= before ? (double)(now - before) / seconds : -1;
}

bool engine_traffic_read(const char *id, struct engine_traffic_state *state, struct engine_traffic *traffic)
{
	struct engine_traffic_state now = {.at_ns = clock_now_ns()};
	auto_free char *procs = NULL;
	*traffic = (struct engine_traffic){-1, -1, -1, -1};
	if (!engine_id_is_good(id) || !read_block(id, &now, &procs))
		return false;
	now.has_net = procs != NULL && read_net(procs, &now);
	double seconds = (double)(now.at_ns - state->at_ns) / 1e9;
	if (state->at_ns > 0 && seconds > 0) {
		traffic->read = rate(state->read, now.read, seconds);
		traffic->written = rate(state->written, now.written, seconds);
	}
	if (state->at_ns > 0 && seconds > 0 && now.has_net && state->has_net) {
		traffic->received = rate(state->received, now.received, seconds);
		traffic->sent = rate(state->sent, now.sent, seconds);
	}
	*state = now;
	return true;
}
