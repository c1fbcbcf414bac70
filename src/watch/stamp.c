/* What is remembered of a file, and what a new look at it means. */
#include "watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	HASHED_MAX = 4 << 20, /* larger files are judged by size and time */
	YOUNG_NS = 50 * MS,
	OLD_NS = 1000 * MS,
};

static int64_t ns_of(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void read_content(int folder, const char *name, struct stamp *stamp)
{
	if (stamp->size > HASHED_MAX)
		return;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	size_t size = (size_t)stamp->size + 1, len = 0; /* one more: it may be growing */
	char small[16384], *text = size <= sizeof small ? small : mem_alloc(size);
	ssize_t got = 1;
	while (len < size && (got = read(fd, text + len, size - len)) > 0)
		len += (size_t)got;
	close(fd);
	if (got >= 0) {
		stamp->hash = hash_bytes(text, len);
		stamp->hashed = true;
	}
	if (text != small)
		free(text);
}

struct stamp stamp_read(int folder, const char *name, bool hash)
{
	struct stat status;
	struct stamp stamp = {0};
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return stamp;
	bool file = S_ISREG(status.st_mode);
	if (S_ISLNK(status.st_mode)) {
		/* the file behind a link counts; a link to a folder counts as itself */
		struct stat behind;
		file = fstatat(folder, name, &behind, 0) == 0 && S_ISREG(behind.st_mode);
		if (file)
			status = behind;
	} else if (!file) {
		return stamp; /* a folder, a socket, a FIFO, a device */
	}
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	stamp = (struct stamp){
		.mtime_ns = ns_of(status.st_mtim),
		.ctime_ns = ns_of(status.st_ctim),
		.size = (uint64_t)status.st_size,
		.ino = status.st_ino,
		.there = true,
		.young = ns_of(now) - ns_of(status.st_mtim) < YOUNG_NS,
	};
	if (hash && file)
		read_content(folder, name, &stamp);
	return stamp;
}

bool stamp_same_look(const struct stamp *a, const struct stamp *b)
{
	return a->there == b->there && a->mtime_ns == b->mtime_ns && a->size == b->size && a->ino == b->ino;
}

enum stamp_verdict stamp_compare(const struct stamp *old, const struct stamp *now)
{
	if (!now->there)
		return old->there ? STAMP_CHANGED : STAMP_SAME;
	if (!old->there)
		return STAMP_CHANGED;
	bool newer = now->mtime_ns > old->mtime_ns;
	bool same;
	if (old->hashed && now->hashed)
		same = old->hash == now->hash && old->size == now->size;
	else
		same = old->mended && newer ? old->size == now->size && old->ino == now->ino :
			stamp_same_look(old, now) && !old->young;
	/* the same with a newer mtime: cargo builds it, unless it was us who asked
	 * for that mtime */
	if (same)
		return newer && !old->mended ? STAMP_CHANGED : STAMP_SAME;
	/* cargo compares with the time of its last build, which we do not know:
	 * what was written well before it came here may be older than that */
	bool stale = !newer || now->mtime_ns + OLD_NS < now->ctime_ns;
	return stale ? STAMP_STALE : STAMP_CHANGED;
}
