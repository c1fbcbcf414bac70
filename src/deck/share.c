/* One deck has a project, others follow it: events go out as lines of JSON over
 * a unix socket, orders come in. A follower never builds; when the one that has
 * the project ends, it takes the project over. Both ends are the same person's
 * (the socket's folder is 0700), and still every line is bounded and checked. */
#include "jobs.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 16, OUT_LIMIT = 4 << 20, LINE_LIMIT = 1 << 20, HEIR_MS = 50 };

struct peer {
	struct share *share;
	int fd;
	struct loop_fd *watch;
	struct str in, out;
};

struct share {
	struct deck *deck;
	char *path;
	int listening; /* -1: we follow */
	struct loop_fd *watch;
	ARRAY(struct peer *) peers; /* clients, or the one that is followed */
};

static char *socket_path(const struct deck *deck)
{
	auto_free char *name = mem_print("%016llx.sock", (unsigned long long)hash_bytes(deck->state_folder, strlen(deck->state_folder)));
	return path_home(PATH_RUNTIME, name);
}

/* Below /tmp anybody may have made the folder before us. */
static bool is_ours_alone(const char *path)
{
	auto_free char *folder = path_parent(path);
	struct stat status;
	return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == getuid() && (status.st_mode & 022) == 0;
}

static bool fill_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address->sun_path)
		return false;
	strcpy(address->sun_path, path);
	return true;
}

/* ---- peers ---- */

static void drop_peer(struct peer *peer)
{
	struct share *share = peer->share;
	for (size_t i = share->peers.count; i-- > 0;)
		if (share->peers.items[i] == peer)
			array_remove(&share->peers, i);
	loop_fd_close(peer->watch);
	close(peer->fd);
	str_finish(&peer->in);
	str_finish(&peer->out);
	free(peer);
}

static bool flush_peer(struct peer *peer)
{
	while (peer->out.len > 0) {
		ssize_t put = send(peer->fd, peer->out.data, peer->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (put <= 0)
			return false;
		str_drop_front(&peer->out, (size_t)put);
	}
	loop_fd_want(peer->watch, LOOP_READ | (peer->out.len > 0 ? LOOP_WRITE : 0));
	return peer->out.len < OUT_LIMIT; /* it does not read: it is let go */
}

static void send_line(struct peer *peer, const char *line)
{
	str_add(&peer->out, line);
	str_add_char(&peer->out, '\n');
}

static void hear_line(struct peer *peer, const char *line, size_t len);

/* False: the peer is gone. */
static bool read_peer(struct peer *peer)
{
	char block[65536];
	ssize_t got = recv(peer->fd, block, sizeof block, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	str_add_bytes(&peer->in, block, (size_t)got);
	for (;;) {
		char *newline = memchr(peer->in.data, '\n', peer->in.len);
		if (newline == NULL)
			break;
		size_t len = (size_t)(newline - peer->in.data);
		auto_free char *line = mem_copy_bytes(peer->in.data, len);
		str_drop_front(&peer->in, len + 1);
		hear_line(peer, line, len);
	}
	return peer->in.len < LINE_LIMIT;
}

static void followed_ended(struct deck *deck);

static void on_peer(void *data, int fd, int events)
{
	struct peer *peer = data;
	struct deck *deck = peer->share->deck;
	bool followed = peer->share->listening < 0, good = true;
	(void)fd;
	if (events & LOOP_READ)
		good = read_peer(peer);
	if (good && events & LOOP_WRITE)
		good = flush_peer(peer);
	if (good)
		return;
	drop_peer(peer);
	if (followed)
		followed_ended(deck);
}

static struct peer *add_peer(struct share *share, int fd)
{
	struct peer *peer = mem_alloc(sizeof *peer);
	peer->share = share;
	peer->fd = fd;
	peer->watch = loop_fd_open(share->deck->loop, fd, LOOP_READ, on_peer, peer);
	*array_add(&share->peers) = peer;
	return peer;
}

/* ---- the one that has the project ---- */

static void tell_peer(struct peer *peer, struct deck_event *event)
{
	event->wall_ms = clock_wall_ms();
	auto_free char *line = deck_event_json(event);
	if (line != NULL)
		send_line(peer, line);
}

static void tell_job(struct deck *deck, struct peer *peer)
{
	struct jobs *jobs = deck->jobs;
	struct deck_event chosen = jobs_event(jobs, "chosen"), started = jobs_event(jobs, "started");
	tell_peer(peer, &chosen);
	if (jobs->name == NULL)
		return;
	tell_peer(peer, &started);
	for (size_t i = 0; i < jobs->diagnostics.count; i++)
		tell_peer(peer, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = jobs->generation,
			.diagnostic = &jobs->diagnostics.items[i], .job = started.job});
	for (size_t i = 0; i < jobs->failures.count; i++)
		tell_peer(peer, &(struct deck_event){.kind = DECK_TEST, .generation = jobs->generation, .failure = &jobs->failures.items[i],
			.job = started.job});
	if (jobs->state != BUILD_RUNNING) {
		struct deck_event ended = jobs_event(jobs, build_state_name(jobs->state));
		tell_peer(peer, &ended);
	}
}

/* What a newcomer could not have heard. */
static void tell_state(struct deck *deck, struct peer *peer)
{
	unsigned generation = deck->progress.generation;
	if (deck->build_state != BUILD_IDLE)
		tell_peer(peer, &(struct deck_event){.kind = DECK_BUILD, .state = "started", .generation = generation, .names = &deck->build_bins});
	for (size_t i = 0; i < deck->errors.count; i++)
		tell_peer(peer, &(struct deck_event){.kind = DECK_DIAGNOSTIC, .generation = generation, .diagnostic = &deck->errors.items[i].diagnostic});
	if (deck->build_state != BUILD_IDLE && deck->build_state != BUILD_RUNNING)
		tell_peer(peer, &(struct deck_event){.kind = DECK_BUILD, .state = build_state_name(deck->build_state), .generation = generation,
			.names = &deck->build_bins, .unbuilt = deck->build_state != BUILD_CANCELLED ? &deck->unbuilt : NULL, .ms = (double)deck->build_ms});
	tell_job(deck, peer);
	if (deck->is_up) {
		auto_strings names = {0};
		for (size_t i = 0; i < services_count(deck->services); i++)
			strings_add(&names, services_at(deck->services, i)->name);
		tell_peer(peer, &(struct deck_event){.kind = DECK_READY, .names = &names});
	}
	for (size_t i = 0; i < deck->faults.count; i++)
		tell_peer(peer, &(struct deck_event){.kind = DECK_FAULT, .fault = &deck->faults.items[i].fault});
	/* from here on it hears what happens */
	tell_peer(peer, &(struct deck_event){.kind = DECK_STEP, .why = "following", .state = "done",
		.text = _("another cargodeck has the project")});
}

static void on_connection(void *data, int fd, int events)
{
	struct share *share = data;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	(void)events;
	if (client < 0)
		return;
	if (share->peers.count >= CLIENTS) {
		close(client);
		return;
	}
	struct peer *peer = add_peer(share, client);
	tell_state(share->deck, peer);
	if (!flush_peer(peer))
		drop_peer(peer);
}

void share_tell(struct deck *deck, const struct deck_event *event)
{
	struct share *share = deck->share;
	if (share == NULL || share->listening < 0 || share->peers.count == 0)
		return;
	auto_free char *line = deck_event_json(event);
	for (size_t i = share->peers.count; line != NULL && i-- > 0;) {
		send_line(share->peers.items[i], line);
		if (!flush_peer(share->peers.items[i]))
			drop_peer(share->peers.items[i]);
	}
}

void share_open(struct deck *deck)
{
	struct sockaddr_un address;
	struct share *share = mem_alloc(sizeof *share);
	share->deck = deck;
	share->path = socket_path(deck);
	auto_free char *folder = path_parent(share->path);
	dir_make_all(folder, 0700, NULL);
	unlink(share->path); /* we hold the lock: nobody else listens there */
	share->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	deck->share = share;
	if (share->listening >= 0 && is_ours_alone(share->path) && fill_address(share->path, &address) && bind(share->listening, (struct sockaddr *)&address, sizeof address) == 0 &&
		listen(share->listening, 8) == 0) {
		share->watch = loop_fd_open(deck->loop, share->listening, LOOP_READ, on_connection, share);
		return;
	}
	log_line("no socket at %s: %s", share->path, strerror(errno));
	share_close(deck);
}

/* ---- following ---- */

bool share_follow(struct deck *deck)
{
	struct sockaddr_un address;
	struct share *share = mem_alloc(sizeof *share);
	share->deck = deck;
	share->listening = -1;
	share->path = socket_path(deck);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	deck->share = share;
	if (fd >= 0 && is_ours_alone(share->path) && fill_address(share->path, &address) && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		add_peer(share, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	share_close(deck);
	return false;
}

/* The lock is free when the other has closed all that it had; of several
 * followers one gets it and the others follow that one. */
static void take_project_over(void *data)
{
	struct deck *deck = data;
	if (deck_take_lock(deck, NULL)) {
		deck->is_following = false;
		deck->is_up = false;
		deck->began_ns = clock_now_ns();
		share_open(deck);
		up_read_project(deck);
	} else if (!share_follow(deck)) {
		loop_timer_set(deck->heir, HEIR_MS, 0);
	}
}

static void followed_ended(struct deck *deck)
{
	share_close(deck);
	if (deck->is_closing || deck->options.read_only)
		return;
	if (deck->jobs->state == BUILD_RUNNING)
		deck->jobs->state = BUILD_CANCELLED;
	if (deck->heir == NULL)
		deck->heir = loop_timer_open(deck->loop, take_project_over, deck);
	loop_timer_set(deck->heir, HEIR_MS, 0);
}

bool share_order(struct deck *deck, const char *order, const char *service)
{
	struct share *share = deck->share;
	if (!deck->is_following || share == NULL || share->peers.count == 0)
		return false;
	json_t *json = json_pack("{s:s, s:s?}", "order", order, "service", service);
	auto_free char *line = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	send_line(share->peers.items[0], line);
	if (!flush_peer(share->peers.items[0])) {
		drop_peer(share->peers.items[0]);
		followed_ended(deck);
	}
	return true;
}

/* ---- lines ---- */

static void obey(struct deck *deck, const json_t *json)
{
	const char *order = json_string_value(json_object_get(json, "order"));
	const char *service = json_string_value(json_object_get(json, "service"));
	struct fault fault = {0};
	bool good = true;
	if (order == NULL)
		return;
	if (strcmp(order, "start") == 0 || strcmp(order, "stop") == 0 || strcmp(order, "restart") == 0)
		good = deck_service_order(deck, service, order, &fault);
	else if (strcmp(order, "build") == 0 || strcmp(order, "rebuild") == 0)
		deck_build_now(deck, strcmp(order, "rebuild") == 0);
	else if (strcmp(order, "pause") == 0)
		deck_pause_watch(deck, !deck_watch_is_paused(deck));
	else if (strcmp(order, "back") == 0)
		good = deck_go_back(deck, &fault);
	else if (strcmp(order, "take-over") == 0)
		deck_take_over(deck);
	else if (strcmp(order, "choose-job") == 0)
		good = deck_choose_job(deck, service, &fault);
	else if (strcmp(order, "run-job") == 0)
		good = deck_run_job(deck, service, &fault);
	else if (strcmp(order, "start-all") == 0)
		deck_start_all(deck);
	else if (strcmp(order, "down") == 0)
		good = deck_down(deck, &fault);
	if (!good)
		deck_fault(deck, "order", &fault);
}

static void hear_line(struct peer *peer, const char *line, size_t len)
{
	struct share *share = peer->share;
	json_t *json = json_loadb(line, len, 0, NULL);
	if (json_is_object(json)) {
		if (share->listening >= 0)
			obey(share->deck, json);
		else
			hear_event(share->deck, json);
	}
	json_decref(json);
}

void share_close(struct deck *deck)
{
	struct share *share = deck->share;
	if (share == NULL)
		return;
	deck->share = NULL;
	while (share->peers.count > 0)
		drop_peer(share->peers.items[0]);
	array_finish(&share->peers);
	loop_fd_close(share->watch);
	if (share->listening >= 0) {
		close(share->listening);
		unlink(share->path);
	}
	free(share->path);
	free(share);
}
