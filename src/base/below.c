/* Files of a folder that somebody else may have filled: a path is walked folder
 * by folder, and no symbolic link on its way is followed, whoever puts one there
 * meanwhile. */
#include "cargodeck/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum file_kind kind_at(int folder, const char *name)
{
	struct stat status;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || errno == ENOTDIR ? FILE_MISSING : FILE_OTHER;
	return S_ISLNK(status.st_mode) ? FILE_LINK : S_ISREG(status.st_mode) ? FILE_REGULAR : S_ISDIR(status.st_mode) ? FILE_FOLDER : FILE_OTHER;
}

/* Opens the folder that holds the last name of `path`. -1: what stands in the
 * way is in *kind, and its path in *at. */
static int open_parent(const char *root, const char *path, bool make, enum file_kind *kind, char **at)
{
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*kind = folder >= 0 ? FILE_FOLDER : FILE_MISSING;
	for (const char *name = path, *end; folder >= 0 && (end = strchr(name, '/')) != NULL; name = end + 1) {
		auto_free char *part = mem_copy_bytes(name, (size_t)(end - name));
		bool leads_out = strcmp(part, "..") == 0 || part[0] == '\0';
		if (make && !leads_out)
			mkdirat(folder, part, 0755);
		*kind = leads_out ? FILE_OTHER : kind_at(folder, part);
		int next = *kind == FILE_FOLDER ? openat(folder, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		close(folder);
		folder = next;
		if (folder < 0)
			*at = mem_copy_bytes(path, (size_t)(end - path));
	}
	return folder;
}

enum file_kind file_look_below(const char *root, const char *path)
{
	enum file_kind kind;
	auto_free char *at = NULL;
	int folder = open_parent(root, path, false, &kind, &at);
	if (folder < 0)
		return kind == FILE_REGULAR ? FILE_OTHER : kind; /* a file where a folder must be */
	kind = kind_at(folder, path_name(path));
	close(folder);
	return kind;
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

/* The mode of what is replaced stays. */
static bool write_at(int folder, const char *name, const char *data, size_t len, unsigned mode)
{
	struct stat status;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(status.st_mode)) {
			errno = EEXIST;
			return false;
		}
		mode = status.st_mode & 0777;
	}
	auto_free char *beside = mem_print(".%s.%ld", name, (long)getpid());
	int fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool good = write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (good && renameat(folder, beside, folder, name) == 0)
		return true;
	int error = errno;
	unlinkat(folder, beside, 0);
	errno = error;
	return false;
}

bool file_write_below(const char *root, const char *path, const char *data, size_t len, unsigned mode, struct fault *fault)
{
	enum file_kind kind;
	auto_free char *at = NULL;
	int folder = open_parent(root, path, true, &kind, &at);
	if (folder < 0 && kind == FILE_LINK)
		return fault_set(fault, FAULT_INPUT, "%s is not written: %s is a symbolic link", path, at);
	if (folder < 0)
		return fault_set(fault, FAULT_INPUT, "%s is not written: %s is no folder", path, at != NULL ? at : root);
	bool good = write_at(folder, path_name(path), data, len, mode);
	int error = errno;
	close(folder);
	if (good)
		return true;
	fault_set(fault, FAULT_FAILED, "cannot write %s: %s", path, strerror(error));
	return error == EACCES || error == EPERM || error == EROFS ? fault_mend(fault, "make that folder writable") : false;
}
