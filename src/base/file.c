/* Reading and writing whole files, bounded, and folders. */
#include "cargodeck/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_descriptor(int fd, const char *path, size_t limit, size_t *len, struct fault *fault)
{
	struct str out = {0};
	char block[65536];
	for (;;) {
		ssize_t got = read(fd, block, sizeof block);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fault_set(fault, FAULT_INPUT, "cannot read %s: %s", path, strerror(errno));
			break;
		}
		if (got == 0) {
			if (len != NULL)
				*len = out.len;
			return str_steal(&out);
		}
		if (out.len + (size_t)got > limit) {
			fault_set(fault, FAULT_INPUT, "%s is larger than the %zu bytes that are read at most", path, limit);
			break;
		}
		str_add_bytes(&out, block, (size_t)got);
	}
	str_finish(&out);
	return NULL;
}

char *file_read(const char *path, size_t limit, size_t *len, struct fault *fault)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		fault_set(fault, FAULT_INPUT, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	struct stat status;
	char *text = NULL;
	if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode) || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
		fault_set(fault, FAULT_INPUT, "%s is not a file", path);
	else
		text = read_descriptor(fd, path, limit, len, fault);
	close(fd);
	return text;
}

/* Says why, and what mends it where that is known. */
static bool refuse(struct fault *fault, const char *format, const char *path, int error)
{
	fault_set(fault, FAULT_FAILED, format, path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		fault_mend(fault, "make room on that disk");
	else if (error == EROFS || error == EACCES || error == EPERM)
		fault_mend(fault, "make that folder writable, or set HOME or the XDG variable to one that is");
	return false;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, data, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		data += put;
		len -= (size_t)put;
	}
	return true;
}

bool file_write(const char *path, const char *data, size_t len, unsigned mode, struct fault *fault)
{
	auto_free char *beside = mem_print("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return refuse(fault, N_("cannot write %s: %s"), path, errno);
	bool good = write_all(fd, data, len) && fchmod(fd, mode != 0 ? mode : 0600) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(beside, path) == 0)
		return true;
	refuse(fault, N_("cannot write %s: %s"), path, errno);
	unlink(beside);
	return false;
}

bool file_exists(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

bool dir_exists(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool dir_make_all(const char *path, unsigned mode, struct fault *fault)
{
	auto_free char *copy = mem_copy_string(path);
	for (char *at = copy + 1;; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char kept = *at;
		*at = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			return refuse(fault, N_("cannot make the folder %s: %s"), copy, errno);
		*at = kept;
		if (kept == '\0')
			return dir_exists(path) || fault_set(fault, FAULT_FAILED, "%s is not a folder", path);
	}
}

static bool remove_below(int parent, const char *name)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return false;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return false;
	bool good = true;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			good = remove_below(dirfd(dir), entry->d_name) && good;
	closedir(dir);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 && good;
}

bool dir_remove_all(const char *path, struct fault *fault)
{
	if (remove_below(AT_FDCWD, path))
		return true;
	return fault_set(fault, FAULT_FAILED, "cannot remove %s: %s", path, strerror(errno));
}
