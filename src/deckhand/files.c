/* Files inside the builder: touched, read, and who holds a lock. */
#include "agent.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void files_touch(struct agent *agent, const struct wire_frame *frame)
{
	size_t at = 0;
	const char *path, *error = NULL;
	while ((path = wire_each(frame, "path", &at)) != NULL)
		if (utimensat(AT_FDCWD, path, NULL, 0) != 0)
			error = error_text(errno);
	agent_done(agent, wire_get_number(frame, "id", 0), error);
}

static void send_file(struct agent *agent, int64_t id, const char *path, size_t limit)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *error = NULL;
	char *text = NULL;
	ssize_t len = 0;
	if (fd < 0 || fstat(fd, &status) != 0)
		error = error_text(errno);
	else if (!S_ISREG(status.st_mode) || (size_t)status.st_size > limit)
		error = "not a file, or too large";
	else if ((text = malloc((size_t)status.st_size + 1)) == NULL || (len = read(fd, text, (size_t)status.st_size)) < 0)
		error = "cannot be read";
	agent_begin(agent, WIRE_FILE, id);
	wire_add(&agent->out, "path", path);
	wire_add(&agent->out, "error", error);
	if (error == NULL) {
		wire_add_number(&agent->out, "mtime_ns", (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec);
		wire_add_data(&agent->out, text, (size_t)len);
	}
	wire_end(&agent->out);
	free(text);
	if (fd >= 0)
		close(fd);
}

void files_read(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	int64_t limit = wire_get_number(frame, "limit", 512 * 1024);
	size_t at = 0;
	const char *path;
	while ((path = wire_each(frame, "path", &at)) != NULL)
		send_file(agent, id, path, limit > 0 && limit < 900 * 1024 ? (size_t)limit : 900 * 1024);
	agent_done(agent, id, NULL);
}

void files_deps(struct agent *agent, const struct wire_frame *frame)
{
	int64_t id = wire_get_number(frame, "id", 0);
	const char *folder = wire_get(frame, "path");
	DIR *dir = folder != NULL ? opendir(folder) : NULL;
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		size_t len = strlen(entry->d_name);
		char path[1024];
		if (len < 3 || strcmp(entry->d_name + len - 2, ".d") != 0)
			continue;
		print_to(path, sizeof path, "%s/%s", folder, entry->d_name);
		send_file(agent, id, path, 900 * 1024);
	}
	if (dir != NULL)
		closedir(dir);
	agent_done(agent, id, dir == NULL ? "no such folder" : NULL);
}

/* "1: FLOCK  ADVISORY  WRITE 4711 00:2a:99 0 EOF": the fifth word. */
static int lock_pid(const char *line)
{
	for (int words = 0; words < 4; words++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return atoi(line);
}

/* A lock is named in /proc/locks by device and inode (proc(5)). */
void files_lock(struct agent *agent, const struct wire_frame *frame)
{
	const char *path = wire_get(frame, "path");
	static char text[65536];
	struct stat status;
	char inode[32], holder[200] = "";
	if (path != NULL && stat(path, &status) == 0 && read_small("/proc/locks", text, sizeof text) > 0) {
		print_to(inode, sizeof inode, ":%llu ", (unsigned long long)status.st_ino);
		char *rest = NULL;
		for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
			int pid = strstr(line, "->") == NULL && strstr(line, inode) != NULL ? lock_pid(line) : 0;
			if (pid <= 0)
				continue;
			char name[64] = "?", comm[64];
			print_to(comm, sizeof comm, "/proc/%d/comm", pid);
			if (read_small(comm, name, sizeof name) > 0)
				name[strcspn(name, "\n")] = '\0';
			print_to(holder, sizeof holder, "%d %s", pid, name);
		}
	}
	agent_begin(agent, WIRE_DONE, wire_get_number(frame, "id", 0));
	if (holder[0] != '\0')
		wire_add(&agent->out, "holder", holder);
	wire_end(&agent->out);
}
