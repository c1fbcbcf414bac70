/* What the kernel knows of a program's connections, by its socket diagnosis
 * (sock_diag(7)): for static programs, of which nobody else can tell. Needs no
 * rights; the descriptors are those in /proc/PID/fd, which the same user may
 * read. */
#include "launcher.h"

#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_ESTABLISHED_STATE = 1, TCP_CLOSE_WAIT_STATE = 8, TCP_LISTEN_STATE = 10, OWN_SOCKETS = 4096 };

/* The sockets of a process: inode and descriptor. */
struct own {
	struct {
		uint64_t inode;
		int fd;
	} sockets[OWN_SOCKETS];
	int count;
};

static bool list_own(pid_t pid, struct own *own)
{
	char path[64], target[64];
	print_to(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	own->count = 0;
	if (dir == NULL)
		return false;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL && own->count < OWN_SOCKETS;) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
		target[len > 0 ? len : 0] = '\0';
		if (strncmp(target, "socket:[", 8) != 0)
			continue;
		own->sockets[own->count].inode = strtoull(target + 8, NULL, 10);
		own->sockets[own->count++].fd = atoi(entry->d_name);
	}
	closedir(dir);
	return true;
}

static int fd_of(const struct own *own, uint64_t inode)
{
	for (int i = 0; inode != 0 && i < own->count; i++)
		if (own->sockets[i].inode == inode)
			return own->sockets[i].fd;
	return -1;
}

/* Nothing waits to be read or sent, and the last bytes went out: what was asked
 * has been answered. Times are in ms, as fine as the kernel's ticks. */
static bool is_idle(const struct inet_diag_msg *message, const struct tcp_info *info)
{
	if (message->idiag_state == TCP_CLOSE_WAIT_STATE)
		return false; /* the client has said goodbye: the program will see it */
	if (message->idiag_rqueue != 0 || info == NULL || info->tcpi_notsent_bytes != 0)
		return false;
	if (info->tcpi_bytes_received == 0)
		return info->tcpi_last_data_recv >= 1000; /* who has just connected is about to ask */
	if (info->tcpi_last_data_sent == info->tcpi_last_data_recv)
		return info->tcpi_last_data_sent >= 50; /* within one tick: which came first is not known */
	return info->tcpi_last_data_sent < info->tcpi_last_data_recv;
}

static const struct tcp_info *info_of(const struct nlmsghdr *head, struct tcp_info *room)
{
	const struct inet_diag_msg *message = NLMSG_DATA(head);
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *message));
	for (const struct rtattr *part = (const struct rtattr *)(message + 1); RTA_OK(part, left); part = RTA_NEXT(part, left)) {
		if (part->rta_type != INET_DIAG_INFO)
			continue;
		size_t len = RTA_PAYLOAD(part); /* older kernels tell less, later ones more */
		memset(room, 0, sizeof *room);
		memcpy(room, RTA_DATA(part), len < sizeof *room ? len : sizeof *room);
		return room;
	}
	return NULL;
}

static bool is_held_port(const struct sockets *sockets, uint16_t port)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		if (sockets->held[i].fd > 0 && sockets->held[i].key.port == port)
			return true;
	return false;
}

struct looking {
	const struct sockets *sockets;
	struct own own;
	struct tcp_look before;
	uint32_t draining_ms;
	/* tcp_owner: the connection that is looked for, and the inode of its end */
	uint16_t server_port, client_port;
	uint64_t found_inode;
	bool found;
};

static bool was_busy(const struct tcp_look *before, uint64_t inode)
{
	for (int i = 0; i < before->was_busy_count; i++)
		if (before->was_busy[i] == inode)
			return true;
	return false;
}

static void count_one(const struct nlmsghdr *head, struct looking *looking, struct tcp_look *look)
{
	const struct inet_diag_msg *message = NLMSG_DATA(head);
	struct tcp_info room;
	if (looking->client_port != 0) {
		if (message->id.idiag_sport == looking->server_port && message->id.idiag_dport == looking->client_port) {
			looking->found = true;
			looking->found_inode = message->idiag_inode;
		}
		return;
	}
	int fd = fd_of(&looking->own, message->idiag_inode);
	if (fd < 0)
		return;
	if (message->idiag_state == TCP_LISTEN_STATE) {
		look->listening++;
		return;
	}
	if (!is_held_port(looking->sockets, message->id.idiag_sport))
		return;
	look->open++;
	const struct tcp_info *info = info_of(head, &room);
	if (!is_idle(message, info)) {
		if (look->was_busy_count < TCP_IDLE_LIMIT)
			look->was_busy[look->was_busy_count++] = message->idiag_inode;
		look->busy++;
	} else if (look->idle_count < TCP_IDLE_LIMIT &&
		preload_may_close(was_busy(&looking->before, message->idiag_inode), info->tcpi_last_data_sent,
			info->tcpi_last_data_recv, looking->draining_ms)) {
		look->idle_inodes[look->idle_count] = message->idiag_inode;
		look->idle[look->idle_count++] = fd;
	}
}

/* Asks for all TCP sockets of a family in the states of the mask. */
static bool ask(int netlink, uint8_t family, struct looking *looking, struct tcp_look *look)
{
	static _Alignas(struct nlmsghdr) char block[32768];
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} out = {
		.head = {.nlmsg_len = sizeof out, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.idiag_states = 1 << TCP_ESTABLISHED_STATE | 1 << TCP_CLOSE_WAIT_STATE | 1 << TCP_LISTEN_STATE},
	};
	if (send(netlink, &out, sizeof out, 0) != (ssize_t)sizeof out)
		return false;
	for (;;) {
		ssize_t got = recv(netlink, block, sizeof block, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		for (struct nlmsghdr *head = (struct nlmsghdr *)(void *)block; NLMSG_OK(head, got); head = NLMSG_NEXT(head, got)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return true;
			if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
				return false;
			count_one(head, looking, look);
		}
	}
}

static bool ask_both(struct looking *looking, struct tcp_look *look)
{
	int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval limit = {.tv_usec = 200000};
	if (netlink < 0)
		return false;
	setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	bool good = ask(netlink, AF_INET, looking, look) && ask(netlink, AF_INET6, looking, look);
	close(netlink);
	return good;
}

bool tcp_look_at(pid_t pid, const struct sockets *sockets, uint32_t draining_ms, struct tcp_look *look)
{
	static struct looking looking;
	looking.sockets = sockets;
	looking.before = *look;
	looking.draining_ms = draining_ms;
	memset(look, 0, sizeof *look);
	return list_own(pid, &looking.own) && ask_both(&looking, look);
}

int tcp_owner(pid_t pid, uint16_t server_port, uint16_t client_port)
{
	static struct looking looking;
	looking.server_port = server_port;
	looking.client_port = client_port;
	looking.found = false;
	if (!ask_both(&looking, NULL) || !looking.found || looking.found_inode == 0 || !list_own(pid, &looking.own))
		return -1;
	return fd_of(&looking.own, looking.found_inode) >= 0;
}
