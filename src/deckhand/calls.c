/* Calls of the program's path. One is supervised: the one that PID 1's chain
 * ends in. A call by `docker exec` or a health check has no PID 1 among its
 * parents: it becomes the program of the serving generation, with its own
 * arguments, and hands back its code. */
#include "launcher.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One supervisor a path and PID namespace: an abstract socket is its lock, and
 * where plain calls learn what serves. */
static socklen_t make_address(struct sockaddr_un *address)
{
	struct stat status = {0};
	char self[512] = "";
	ssize_t got = readlink("/proc/self/exe", self, sizeof self - 1);
	self[got > 0 ? got : 0] = '\0';
	stat("/proc/self/ns/pid", &status);
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	int len = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "cargodeck/%llu%s",
		(unsigned long long)status.st_ino, self);
	if (len > (int)sizeof address->sun_path - 2)
		len = (int)sizeof address->sun_path - 2;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

static bool in_the_chain(void)
{
	pid_t pid = getpid();
	for (int i = 0; i < 64 && pid > 1; i++)
		pid = (pid_t)proc_status_number(pid, "PPid");
	return pid == 1;
}

bool calls_open(struct launcher *launcher)
{
	struct sockaddr_un address;
	socklen_t len = make_address(&address);
	if (!in_the_chain())
		return false;
	launcher->calls = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return launcher->calls >= 0 && bind(launcher->calls, (const struct sockaddr *)&address, len) == 0 &&
		listen(launcher->calls, 16) == 0;
}

void calls_answer(const struct launcher *launcher)
{
	int fd = accept4(launcher->calls, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	const char *path = launcher->serving.number != 0 ? launcher->serving.path : launcher->back.path;
	send(fd, path, strlen(path), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

int calls_become(struct launcher *launcher)
{
	struct program program = {0};
	struct sockaddr_un address;
	socklen_t len = make_address(&address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, len) == 0) {
		ssize_t got = read(fd, program.path, sizeof program.path - 1);
		program.path[got > 0 ? got : 0] = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (program.path[0] == '\0' && !swap_find_first(launcher, &program)) {
		say("%s has not been built yet", launcher->trailer->bin);
		return 127;
	}
	unsetenv(DECKHAND_ENV_SERVICE);
	execv(program.path, launcher->argv);
	say("cannot start %s: %s", program.path, strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
