/* Small helpers of deckhand: time, files, /proc, unix sockets. */
#include "deckhand.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void close_on_exec(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool write_whole(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t put = write(fd, at, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

/* ---- text ---- */

struct text {
	char *out;
	size_t size, len; /* len may go beyond what fits */
};

static void put_bytes(struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++, text->len++)
		if (text->len + 1 < text->size)
			text->out[text->len] = bytes[i];
}

static void put_number(struct text *text, unsigned long long value, bool negative, unsigned base, size_t width)
{
	char digits[32];
	size_t at = sizeof digits;
	do
		digits[--at] = "0123456789abcdef"[value % base];
	while ((value /= base) > 0);
	while (sizeof digits - at < width)
		digits[--at] = '0';
	if (negative)
		put_bytes(text, "-", 1);
	put_bytes(text, digits + at, sizeof digits - at);
}

/* One conversion, after its %; returns where it ends. */
static const char *put_one(struct text *text, const char *at, va_list *args)
{
	size_t width = 0, most = SIZE_MAX;
	int longs = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		width = width * 10 + (size_t)(*at - '0');
	if (*at == '.')
		for (most = 0, at++; *at >= '0' && *at <= '9'; at++)
			most = most * 10 + (size_t)(*at - '0');
	for (; *at == 'l'; at++)
		longs++;
	if (*at == 's') {
		const char *string = va_arg(*args, const char *);
		put_bytes(text, string, strnlen(string, most));
	} else if (*at == 'd') {
		long long value = longs == 2 ? va_arg(*args, long long) : longs == 1 ? va_arg(*args, long) : va_arg(*args, int);
		put_number(text, value < 0 ? -(unsigned long long)value : (unsigned long long)value, value < 0, 10, width);
	} else if (*at == 'u' || *at == 'x') {
		unsigned long long value = longs == 2 ? va_arg(*args, unsigned long long) : longs == 1 ? va_arg(*args, unsigned long) : va_arg(*args, unsigned);
		put_number(text, value, false, *at == 'x' ? 16 : 10, width);
	}
	return at + 1;
}

static size_t print_args(char *out, size_t size, const char *format, va_list *args)
{
	struct text text = {out, size, 0};
	while (*format != '\0') {
		size_t plain = strcspn(format, "%");
		put_bytes(&text, format, plain);
		format += plain;
		if (*format == '%')
			format = put_one(&text, format + 1, args);
	}
	if (size > 0)
		out[text.len < size ? text.len : size - 1] = '\0';
	return text.len;
}

size_t print_to(char *out, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t len = print_args(out, size, format, &args);
	va_end(args);
	return len;
}

const char *error_text(int number)
{
	const char *text = strerrordesc_np(number);
	return text != NULL ? text : "unknown error";
}

void say(const char *format, ...)
{
	char line[512] = "cargodeck: ";
	size_t head = strlen(line);
	va_list args;
	va_start(args, format);
	size_t len = head + print_args(line + head, sizeof line - head - 1, format, &args);
	va_end(args);
	len = len < sizeof line - 2 ? len : sizeof line - 2;
	line[len] = '\n';
	write_whole(STDERR_FILENO, line, len + 1);
}

/* ---- files and /proc ---- */

ssize_t read_small(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t len = 0;
	while (len + 1 < size) {
		ssize_t got = read(fd, out + len, size - 1 - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	out[len] = '\0';
	return (ssize_t)len;
}

/* What stands after a field's colon; false: there is no such field. */
static bool proc_status_field(pid_t pid, const char *field, char *out, size_t size)
{
	char path[64], text[4096];
	print_to(path, sizeof path, "/proc/%d/status", (int)pid);
	if (read_small(path, text, sizeof text) < 0)
		return false;
	size_t len = strlen(field);
	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, field, len) == 0 && line[len] == ':') {
			print_to(out, size, "%s", line + len + 1);
			return true;
		}
		if (*line == '\0')
			break;
	}
	return false;
}

long proc_status_number(pid_t pid, const char *field)
{
	char text[32];
	return proc_status_field(pid, field, text, sizeof text) ? strtol(text, NULL, 10) : -1;
}

uint64_t proc_status_mask(pid_t pid, const char *field)
{
	char text[32];
	return proc_status_field(pid, field, text, sizeof text) ? strtoull(text, NULL, 16) : 0;
}

uint64_t memory_limit(void)
{
	char text[64];
	if (read_small("/sys/fs/cgroup/memory.max", text, sizeof text) <= 0 &&
		read_small("/sys/fs/cgroup/memory/memory.limit_in_bytes", text, sizeof text) <= 0)
		return 0;
	uint64_t limit = strtoull(text, NULL, 10); /* "max" is 0 */
	return limit < (uint64_t)1 << 50 ? limit : 0; /* the first version's "none" is huge */
}

int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

union fd_room {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

ssize_t send_with_fd(int to, const void *bytes, size_t len, int fd, int flags)
{
	union fd_room data = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, len};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	if (fd >= 0) {
		data.head.cmsg_level = SOL_SOCKET;
		data.head.cmsg_type = SCM_RIGHTS;
		data.head.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&data.head), &fd, sizeof fd);
		header.msg_control = &data;
		header.msg_controllen = sizeof data.room;
	}
	return sendmsg(to, &header, flags | MSG_NOSIGNAL);
}

ssize_t receive_with_fd(int from, void *bytes, size_t len, int *fd)
{
	union fd_room data;
	struct iovec part = {bytes, len};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &data, .msg_controllen = sizeof data.room};
	ssize_t got = recvmsg(from, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	*fd = -1;
	if (got >= 0 && header.msg_controllen >= CMSG_LEN(sizeof *fd) && data.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&data.head), sizeof *fd);
	return got;
}

bool copy_file(const char *from, const char *to, mode_t mode)
{
	char block[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	bool good = in >= 0 && out >= 0;
	while (good) {
		ssize_t got = read(in, block, sizeof block);
		if (got <= 0) {
			good = got == 0;
			break;
		}
		good = write_whole(out, block, (size_t)got);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		good = fchmod(out, mode) == 0 && good, close(out);
	return good;
}

bool make_folders(const char *path, mode_t mode)
{
	char part[512];
	size_t len = strlen(path);
	if (len >= sizeof part)
		return false;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

/* ---- trailer ---- */

bool trailer_read(struct trailer *trailer)
{
	char block[DECKHAND_TRAILER_SIZE + 1] = {0};
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	ssize_t got = size > DECKHAND_TRAILER_SIZE ? pread(fd, block, DECKHAND_TRAILER_SIZE, size - DECKHAND_TRAILER_SIZE) : -1;
	if (fd >= 0)
		close(fd);
	memset(trailer, 0, sizeof *trailer);
	if (got != DECKHAND_TRAILER_SIZE || memcmp(block, DECKHAND_TRAILER_MAGIC, sizeof DECKHAND_TRAILER_MAGIC) != 0)
		return false;
	strcpy(trailer->state, DECKHAND_STATE);
	for (const char *at = block + sizeof DECKHAND_TRAILER_MAGIC; at < block + DECKHAND_TRAILER_SIZE && *at != '\0'; at += strlen(at) + 1) {
		if (strncmp(at, "bin=", 4) == 0)
			print_to(trailer->bin, sizeof trailer->bin, "%s", at + 4);
		else if (strncmp(at, "state=", 6) == 0)
			print_to(trailer->state, sizeof trailer->state, "%s", at + 6);
	}
	return trailer->bin[0] != '\0';
}
