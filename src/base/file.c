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

/* Writes a file beside `path` (as seen from `folder`) and returns its name; NULL: errno says why, and nothing is left. */
static char *write_beside(int folder, const char *path, const char *data, size_t len, unsigned mode, bool is_synced)
{
	char *beside = NULL;
	int fd = -1;
	for (uint64_t tries = 0; fd < 0 && tries < 100; tries++) {
		uint64_t seed = clock_now_ns() + tries + ((uint64_t)getpid() << 32);
		free(beside);
		beside = mem_print("%s.%06x", path, (unsigned)(hash_bytes(&seed, sizeof seed) & 0xFFFFFF));
		fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd >= 0) {
		bool good = write_all(fd, data, len) && fchmod(fd, mode) == 0 && (!is_synced || fsync(fd) == 0);
		int error = errno;
		if (close(fd) != 0 && good) {
			good = false;
			error = errno;
		}
		if (good)
			return beside;
		unlinkat(folder, beside, 0);
		errno = error;
	}
	free(beside);
	return NULL;
}

bool file_write(const char *path, const char *data, size_t len, unsigned mode, struct fault *fault)
{
	auto_free char *beside = write_beside(AT_FDCWD, path, data, len, mode != 0 ? mode : 0600, false);
	if (beside != NULL && rename(beside, path) == 0)
		return true;
	refuse(fault, N_("cannot write %s: %s"), path, errno);
	if (beside != NULL)
		unlink(beside);
	return false;
}

/* ---- below a folder in which others may write ---- */

/* What lies at `name`; a link is not followed. */
static enum file_kind look_at(int folder, const char *name, struct stat *status)
{
	if (fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? FILE_NONE : FILE_OTHER;
	return S_ISLNK(status->st_mode) ? FILE_LINK : S_ISREG(status->st_mode) ? FILE_TEXT : FILE_OTHER;
}

/* The folder that `path` lies in, opened part by part without following links.
 * -1: *kind says what is in its way; errno is set. */
static int open_folder(const char *root, const char *path, bool is_made, enum file_kind *kind)
{
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*kind = FILE_OTHER;
	for (const char *slash; at >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		auto_free char *part = mem_copy_bytes(path, (size_t)(slash - path));
		struct stat status;
		*kind = look_at(at, part, &status);
		int next = -1;
		if (*kind == FILE_LINK || *kind == FILE_TEXT)
			errno = *kind == FILE_LINK ? ELOOP : ENOTDIR;
		else if (*kind == FILE_NONE && is_made && mkdirat(at, part, 0755) != 0 && errno != EEXIST)
			*kind = FILE_OTHER;
		else
			next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;
		close(at);
		errno = error;
		at = next;
		*kind = *kind == FILE_TEXT ? FILE_OTHER : *kind;
	}
	return at;
}

/* NULL: it is no text, or cannot be read. */
static char *read_text_at(int folder, const char *name, const char *path, size_t limit)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	size_t len;
	char *text = read_descriptor(fd, path, limit, &len, NULL);
	close(fd);
	if (text == NULL || strlen(text) == len)
		return text;
	free(text);
	return NULL;
}

enum file_kind file_read_below(const char *root, const char *path, size_t limit, char **text)
{
	enum file_kind kind;
	struct stat status;
	*text = NULL;
	if (!path_is_plain(path))
		return FILE_OTHER;
	int folder = open_folder(root, path, false, &kind);
	if (folder < 0)
		return kind;
	kind = look_at(folder, path_name(path), &status);
	if (kind == FILE_TEXT) {
		*text = read_text_at(folder, path_name(path), path, limit);
		kind = *text != NULL ? FILE_TEXT : FILE_OTHER;
	}
	close(folder);
	return kind;
}

/* Is it still as the caller saw it? Its mode is kept. */
static bool is_as_seen(int folder, const char *path, const char *before, unsigned *mode, struct fault *fault)
{
	struct stat status;
	enum file_kind kind = look_at(folder, path_name(path), &status);
	if (kind == FILE_LINK)
		return fault_set(fault, FAULT_FAILED, "%s is a symbolic link: it is left alone", path);
	auto_free char *now = kind == FILE_TEXT && before != NULL ? read_text_at(folder, path_name(path), path, strlen(before)) : NULL;
	if (before == NULL ? kind != FILE_NONE : !text_equal(now, before)) {
		fault_set(fault, FAULT_FAILED, "%s was changed meanwhile: it is left alone", path);
		return fault_mend(fault, "begin again to see how it is now");
	}
	if (kind == FILE_TEXT)
		*mode = status.st_mode & 0777;
	return true;
}

/* Where there was nothing, nothing that came meanwhile is replaced; not every file system can promise that. */
static bool put_in_place(int folder, const char *beside, const char *name, bool is_new)
{
	if (is_new && renameat2(folder, beside, folder, name, RENAME_NOREPLACE) == 0)
		return true;
	if (is_new && errno != EINVAL && errno != ENOSYS)
		return false;
	return renameat(folder, beside, folder, name) == 0;
}

static bool refuse_below(struct fault *fault, const char *path, int error)
{
	refuse(fault, N_("cannot write %s: %s"), path, error);
	if (error == EROFS || error == EACCES || error == EPERM)
		fault_mend(fault, "make that folder writable for you");
	return false;
}

static bool replace_at(int folder, const char *path, const char *before, const char *data, size_t len, unsigned mode, struct fault *fault)
{
	if (!is_as_seen(folder, path, before, &mode, fault))
		return false;
	auto_free char *beside = write_beside(folder, path_name(path), data, len, mode, true);
	if (beside == NULL)
		return refuse_below(fault, path, errno);
	bool is_seen = is_as_seen(folder, path, before, &mode, fault); /* writing took a while */
	if (is_seen && put_in_place(folder, beside, path_name(path), before == NULL)) {
		fsync(folder);
		return true;
	}
	if (is_seen)
		refuse_below(fault, path, errno);
	unlinkat(folder, beside, 0);
	return false;
}

bool file_write_below(const char *root, const char *path, const char *before, const char *data, size_t len, unsigned mode, struct fault *fault)
{
	enum file_kind kind;
	if (!path_is_plain(path))
		return fault_set(fault, FAULT_INPUT, "\"%s\" is no path below a folder", path);
	int folder = open_folder(root, path, true, &kind);
	if (folder < 0 && kind == FILE_LINK)
		return fault_set(fault, FAULT_FAILED, "a folder of %s is a symbolic link: it is left alone", path);
	if (folder < 0)
		return refuse_below(fault, path, errno);
	bool good = replace_at(folder, path, before, data, len, mode, fault);
	close(folder);
	return good;
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

char *dir_find_holding(const char *folder, const char *name)
{
	struct stat status;
	auto_free char *at = mem_copy_string(folder);
	if (stat(at, &status) != 0)
		return NULL;
	for (dev_t device = status.st_dev; status.st_dev == device;) {
		auto_free char *path = path_join(at, name);
		if (lstat(path, &status) == 0)
			return steal(&at);
		char *parent = path_parent(at);
		bool is_top = strcmp(parent, at) == 0;
		free(at);
		at = parent;
		if (is_top || stat(at, &status) != 0)
			return NULL;
	}
	return NULL;
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
