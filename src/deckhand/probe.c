/* The `ready` label: a path that must answer with 2xx or 3xx, or a command that
 * must end with 0, before a new generation takes over. While both generations
 * accept, a question that the old one has taken is dropped and asked again.
 * The command cannot choose: it sees either. */
#include "launcher.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGAIN_MS = 100, ANSWER_MS = 2000, ACCEPT_MS = 100, COMMAND_MS = 5000, WORDS = 64 };

static void ask_again(struct probe *probe, uint64_t in_ms)
{
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
	probe->sent = false;
	probe->answer_len = 0;
	probe->again_ns = now_ns() + in_ms * MS;
}

void probe_end(struct launcher *launcher)
{
	struct probe *probe = &launcher->probe;
	if (probe->pid > 0)
		kill(-probe->pid, SIGKILL);
	if (probe->fd >= 0)
		close(probe->fd);
	memset(probe, 0, sizeof *probe);
	probe->fd = -1;
}

void probe_begin(struct launcher *launcher, const char *what)
{
	probe_end(launcher);
	print_to(launcher->probe.what, sizeof launcher->probe.what, "%s", what != NULL ? what : "");
}

/* ---- a path ---- */

static const struct held_socket *asked_socket(const struct launcher *launcher)
{
	for (int i = 0; i < HELD_LIMIT; i++)
		if ((launcher->next.listened >> i) & 1)
			return &launcher->sockets.held[i];
	return NULL;
}

static int owner_of(const struct launcher *launcher, const struct held_socket *held)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} own;
	socklen_t len = sizeof own;
	if (launcher->serving.pid == 0)
		return 1; /* nobody else */
	if (getsockname(launcher->probe.fd, &own.any, &len) != 0)
		return -1;
	/* the port lies at the same place in both */
	return tcp_owner(launcher->next.pid, held->key.port, own.in.sin_port);
}

static void send_question(struct launcher *launcher, const struct held_socket *held, uint64_t ms)
{
	struct probe *probe = &launcher->probe;
	char text[700];
	int owner = owner_of(launcher, held);
	if (owner < 0 && ms < ACCEPT_MS)
		return;
	if (owner != 1) {
		ask_again(probe, 0);
		return;
	}
	size_t len = print_to(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", probe->what);
	if (send(probe->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len)
		probe->sent = true;
	else
		ask_again(probe, AGAIN_MS);
}

static void read_answer(struct probe *probe, uint64_t ms)
{
	ssize_t got = recv(probe->fd, probe->answer + probe->answer_len, sizeof probe->answer - 1 - probe->answer_len, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN) {
		if (ms >= ANSWER_MS)
			ask_again(probe, AGAIN_MS);
		return;
	}
	probe->answer_len += got > 0 ? (size_t)got : 0;
	if (got > 0 && probe->answer_len < 12)
		return;
	/* "HTTP/1.1 200" */
	bool well = probe->answer_len >= 12 && memcmp(probe->answer, "HTTP/1.", 7) == 0 && (probe->answer[9] == '2' || probe->answer[9] == '3');
	ask_again(probe, AGAIN_MS);
	probe->passed = well;
}

static void ask_path(struct launcher *launcher)
{
	struct probe *probe = &launcher->probe;
	const struct held_socket *held = asked_socket(launcher);
	uint64_t ms = (now_ns() - probe->since_ns) / MS;
	if (held == NULL) {
		probe->passed = true; /* no socket: nobody to ask */
	} else if (probe->fd < 0) {
		probe->fd = sockets_connect(held);
		probe->since_ns = now_ns();
		if (probe->fd < 0)
			ask_again(probe, AGAIN_MS);
	} else if (!probe->sent) {
		send_question(launcher, held, ms);
	} else {
		read_answer(probe, ms);
	}
}

/* ---- a command ---- */

/* By a shell where the image has one, else word by word. */
static void become_command(char *what)
{
	char *words[WORDS + 1] = {"sh", "-c", what, NULL}, *rest = NULL;
	size_t count = 0;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	int null = open("/dev/null", O_RDWR);
	for (int i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	unsetenv(DECKHAND_ENV_SERVICE);
	execv("/bin/sh", words);
	for (char *word = strtok_r(what, " ", &rest); word != NULL && count < WORDS; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	words[count] = NULL;
	if (count > 0)
		execvp(words[0], words);
	_exit(127);
}

static void ask_command(struct probe *probe)
{
	if (probe->pid > 0) {
		if (now_ns() - probe->since_ns >= COMMAND_MS * (uint64_t)MS)
			kill(-probe->pid, SIGKILL);
		return;
	}
	probe->since_ns = now_ns();
	pid_t pid = fork();
	if (pid == 0)
		become_command(probe->what);
	probe->pid = pid > 0 ? pid : 0;
	if (pid < 0)
		ask_again(probe, AGAIN_MS);
}

bool probe_ended(struct launcher *launcher, pid_t pid, int status)
{
	struct probe *probe = &launcher->probe;
	if (probe->pid == 0 || probe->pid != pid)
		return false;
	probe->pid = 0;
	ask_again(probe, AGAIN_MS);
	probe->passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return true;
}

bool probe_tick(struct launcher *launcher)
{
	struct probe *probe = &launcher->probe;
	if (probe->what[0] == '\0')
		return true;
	if (!probe->passed && now_ns() >= probe->again_ns) {
		if (probe->what[0] == '/' && strchr(probe->what, ' ') == NULL && access(probe->what, X_OK) != 0)
			ask_path(launcher);
		else
			ask_command(probe);
	}
	return probe->passed;
}
