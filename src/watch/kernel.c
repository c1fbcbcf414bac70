/* The door to libinotifytools: the only file that includes it. The library
 * keeps one inotify instance in global data, hides its descriptor, and aborts
 * in select() where that is 1024 or more. Its names are not used: it never
 * forgets a deleted folder, and its renaming changes a tree while walking it;
 * who calls here knows folders by their watch descriptors. */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inotifytools/inotify.h>
#include <inotifytools/inotifytools.h>
#include <limits.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

/* No IN_MODIFY: a checkout would be a third longer than the queue holds. */
enum {
	EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONLYDIR,
	ROOT_EVENTS = EVENTS | IN_DELETE_SELF | IN_MOVE_SELF,
};

/* The descriptors of this process that are inotify instances, as a set. */
static void list_instances(fd_set *found)
{
	FD_ZERO(found);
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char target[64];
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
		int fd = atoi(entry->d_name);
		if (len <= 0 || fd < 0 || fd >= FD_SETSIZE)
			continue;
		target[len] = '\0';
		if (strcmp(target, "anon_inode:inotify") == 0)
			FD_SET(fd, found);
	}
	closedir(dir);
}

static bool cannot_begin(int code, struct fault *fault)
{
	fault_set(fault, FAULT_OUTSIDE, "cannot watch files: %s", strerror(code));
	if (code == EMFILE)
		fault_mend(fault, "sudo sysctl fs.inotify.max_user_instances=1024");
	return false;
}

bool kernel_open(struct kernel *kernel, struct fault *fault)
{
	*kernel = (struct kernel){.fd = -1};
	fd_set before, after;
	list_instances(&before);
	if (!inotifytools_initialize())
		return cannot_begin(inotifytools_error(), fault);
	list_instances(&after);
	for (int fd = 0; fd < FD_SETSIZE; fd++)
		if (FD_ISSET(fd, &after) && !FD_ISSET(fd, &before))
			kernel->fd = fd;
	if (kernel->fd < 0) {
		inotifytools_cleanup();
		return fault_set(fault, FAULT_OUTSIDE, "cannot watch files: too many files are open in this process");
	}
	fcntl(kernel->fd, F_SETFD, FD_CLOEXEC);
	/* the library keeps what it read, even over its own cleanup */
	while (inotifytools_next_events(0, 1) != NULL)
		;
	return true;
}

void kernel_close(struct kernel *kernel)
{
	if (kernel->fd >= 0)
		inotifytools_cleanup();
	*kernel = (struct kernel){.fd = -1};
}

int kernel_add(struct kernel *kernel, const char *path, bool is_root)
{
	if (kernel->fd < 0) {
		errno = ENOSPC;
		return -1;
	}
	if (!inotifytools_watch_file(path, (int)(is_root ? ROOT_EVENTS : EVENTS))) {
		errno = inotifytools_error();
		return -1;
	}
	/* the kernel counts up; asking by number is exact where a folder of the
	 * same name was deleted before, and quicker than asking by name */
	int next = kernel->last_wd + 1;
	if (strcmp(inotifytools_filename_from_wd(next), path) == 0)
		return kernel->last_wd = next;
	int wd = inotifytools_wd_from_filename(path);
	if (wd > kernel->last_wd)
		kernel->last_wd = wd;
	errno = ENOENT;
	return wd > 0 ? wd : -1;
}

void kernel_remove(struct kernel *kernel, int wd)
{
	if (kernel->fd >= 0)
		inotifytools_remove_watch_by_wd(wd);
}

bool kernel_next(struct kernel *kernel, struct kernel_event *event)
{
	if (kernel->fd < 0)
		return false;
	/* (0, 1) is the form that does not wait */
	const struct inotify_event *got = inotifytools_next_events(0, 1);
	if (got == NULL)
		return false;
	*event = (struct kernel_event){
		.wd = got->mask & IN_Q_OVERFLOW ? -1 : got->wd,
		.mask = got->mask,
		.name = got->len > 0 ? got->name : "",
	};
	return true;
}
