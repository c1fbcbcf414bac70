/* Programs of a running container that are setuid or setgid, as its files lie
 * below /proc/PID/root (proc(5)). Only the folders where programs are, and no link
 * is followed: what is in there belongs to the container. */
#include "deck.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ENTRIES = 5000, MOST_FOUND = 50 };

static int open_below(int root, const char *path)
{
	int fd = dup(root);
	while (fd >= 0 && *path != '\0') {
		char part[32];
		size_t len = strcspn(path, "/");
		snprintf(part, sizeof part, "%.*s", (int)len, path);
		int below = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = below;
		path += len + (path[len] == '/');
	}
	return fd;
}

static void look_in(json_t *found, int root, const char *folder)
{
	int fd = open_below(root, folder);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	unsigned seen = 0;
	if (dir == NULL && fd >= 0)
		close(fd);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && ++seen < MOST_ENTRIES && json_array_size(found) < MOST_FOUND;) {
		struct stat status;
		if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 06000) == 0)
			continue;
		auto_str clean = {0};
		auto_free char *path = mem_print("/%s/%s", folder, entry->d_name);
		text_add_clean(&clean, path, strlen(path), false);
		json_array_append_new(found, json_string(str_text(&clean)));
	}
	if (dir != NULL)
		closedir(dir);
}

json_t *setuid_json(int pid)
{
	static const char *const folders[] = {"bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "app", "opt"};
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/root", pid);
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return json_null(); /* only root may look */
	json_t *found = json_array();
	for (size_t i = 0; i < COUNT_OF(folders); i++)
		look_in(found, root, folders[i]);
	close(root);
	return found;
}
