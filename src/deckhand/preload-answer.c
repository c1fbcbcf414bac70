/* What the program reads and writes on the connections that it accepted: who
 * spoke last tells an idle one from one that waits for its answer; and while the
 * generation drains, its clients learn in their next answer that it is the last. */
#include "preload-inside.h"

/* ---- reading and writing: who spoke last ---- */

/* Whether a read is to be tried once more. */
struct again {
	int wanted;
};

static struct accepted *before_read(int fd)
{
	struct accepted *own = find_accepted(fd);
	if (own != NULL)
		__atomic_add_fetch(&own->reading, 1, __ATOMIC_ACQ_REL);
	return own;
}

/* A request may have slipped in just before the reading side was shut. The
 * kernel gives its bytes and then the end; a program that sees the end before
 * it has answered would drop the request. So it is told "nothing yet" until it
 * has answered. A blocking read waits for bytes instead. */
static long hold_back_end(int fd, struct accepted *own, struct again *again)
{
	if (own->last != LAST_READ)
		return 0;
	if (!is_blocking(fd))
		return -EAGAIN;
	long pause[2] = {0, 1000000};
	CALL(__NR_nanosleep, pause, NULL, 0, 0, 0);
	again->wanted = own->last == LAST_READ;
	return 0;
}

static long after_read(int fd, struct accepted *own, long result, int peeked, struct again *again)
{
	if (own == NULL)
		return result;
	again->wanted = 0;
	if (result == 0 && own->cut)
		result = hold_back_end(fd, own, again);
	if (again->wanted)
		return result;
	if (result > 0 && !peeked)
		__atomic_store_n(&own->last, LAST_READ, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&own->reading, 1, __ATOMIC_ACQ_REL);
	return result;
}

static int has(const char *text, size_t len, const char *word, size_t word_len)
{
	for (size_t i = 0; i + word_len <= len; i++) {
		size_t same_letters = 0;
		/* header names may be written in any case; `word` is small letters */
		while (same_letters < word_len && (text[i + same_letters] | 0x20) == (word[same_letters] | 0x20))
			same_letters++;
		if (same_letters == word_len)
			return 1;
	}
	return 0;
}

/* The head of an answer tells a stream that will not end by itself: a switched
 * protocol (RFC 9110, 15.2.2) or server-sent events. */
static int starts_stream(const char *text, size_t len)
{
	if (text == NULL || len < 13 || !has(text, 7, "http/1.", 7))
		return 0;
	if (text[9] == '1' && text[10] == '0' && text[11] == '1')
		return 1;
	return has(text, len < 1024 ? len : 1024, "text/event-stream", 17);
}

static int is_http(const char *text, size_t len)
{
	return text != NULL && len >= 13 && has(text, 9, "http/1.1 ", 9);
}

static long after_write(int fd, const char *text, size_t len, long result)
{
	struct accepted *own = result > 0 ? find_accepted(fd) : NULL;
	if (own != NULL) {
		if (own->last == LAST_READ && is_http(text, len))
			own->http = 1;
		if (starts_stream(text, len < (size_t)result ? len : (size_t)result))
			own->stream = 1;
		__atomic_store_n(&own->last, LAST_WROTE, __ATOMIC_RELEASE);
	}
	return result;
}

/* ---- the last answer of an old generation ---- */

static const char close_line[] = "connection: close\r\n";
enum { CLOSE_LEN = sizeof close_line - 1, PARTS_LIMIT = 16 };

/* Where a line can be put into the head of an answer, behind its first line;
 * 0: nowhere. An answer begins with the first write after a read. One that
 * speaks of the connection itself is let be, as are interim answers. */
static size_t place_for_close(const struct accepted *own, const char *text, size_t len)
{
	if (own->last != LAST_READ || own->stream || !is_http(text, len) || text[9] == '1' ||
		has(text, len < 1024 ? len : 1024, "\nconnection:", 12))
		return 0;
	for (size_t i = 9; i + 1 < len && i < 128; i++)
		if (text[i] == '\r' && text[i + 1] == '\n')
			return i + 2;
	return 0;
}

/* The socket took a part of our line only: the rest must go before the
 * program's next byte. */
static int push_rest(int fd, size_t sent)
{
	for (int tries = 0; sent < CLOSE_LEN && tries < 200; tries++) {
		struct {
			int fd;
			short events, revents;
		} poll = {fd, 4 /* POLLOUT */, 0};
		long limit[2] = {0, 10000000};
		CALL(__NR_ppoll, &poll, 1, limit, NULL, 0);
		long put = call6(__NR_sendto, fd, (long)(close_line + sent), (long)(CLOSE_LEN - sent), MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
		if (put > 0)
			sent += (size_t)put;
		else if (put != -EAGAIN && put != -EINTR)
			break;
	}
	return sent == CLOSE_LEN;
}

/* While this generation drains, its clients are told in the head of their next
 * answer that it is the last on this connection (RFC 9112, 9.6): none of them
 * can ask again just when it is closed. Returns 0 where that cannot be done:
 * then the program's own call goes out as it is. */
static int tell_last(int fd, const struct iovec *parts, size_t count, int flags, long *result)
{
	struct accepted *own = drains() ? find_accepted(fd) : NULL;
	if (own == NULL || count == 0 || count > PARTS_LIMIT || cookie_of(fd) != own->cookie)
		return 0;
	const char *text = parts[0].iov_base;
	size_t at = place_for_close(own, text, parts[0].iov_len);
	struct iovec all[PARTS_LIMIT + 2];
	struct msghdr message;
	if (at == 0)
		return 0;
	all[0] = (struct iovec){(void *)(uintptr_t)text, at};
	all[1] = (struct iovec){(void *)(uintptr_t)close_line, CLOSE_LEN};
	all[2] = (struct iovec){(void *)(uintptr_t)(text + at), parts[0].iov_len - at};
	for (size_t i = 1; i < count; i++)
		all[i + 2] = parts[i];
	memset(&message, 0, sizeof message);
	message.msg_iov = all;
	message.msg_iovlen = count + 2;
	long put = CALL(__NR_sendmsg, fd, &message, flags, 0, 0);
	if (put > (long)at) {
		size_t ours = (size_t)put - at;
		if (ours < CLOSE_LEN && !push_rest(fd, ours)) {
			CALL(__NR_shutdown, fd, SHUT_RDWR, 0, 0, 0); /* half a line went out */
			put = -EPIPE;
		} else {
			put = ours < CLOSE_LEN ? (long)at : put - CLOSE_LEN;
			own->told = 1;
		}
	}
	*result = put;
	return 1;
}

#define READ_UNTIL_ANSWERED(call, peeked) \
	struct again again = {0}; \
	long result; \
	do \
		result = after_read(fd, own, (call), (peeked), &again); \
	while (again.wanted); \
	return size_of(result)

EXPORT ssize_t read(int fd, void *to, size_t len)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_read, fd, to, len, 0, 0), 0);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_readv, fd, parts, count, 0, 0), 0);
}

EXPORT ssize_t recvfrom(int fd, void *to, size_t len, int flags, struct sockaddr *address, socklen_t *address_len)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(call6(__NR_recvfrom, fd, (long)to, (long)len, flags, (long)address, (long)address_len), flags & MSG_PEEK);
}

EXPORT ssize_t recv(int fd, void *to, size_t len, int flags)
{
	return recvfrom(fd, to, len, flags, NULL, NULL);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct accepted *own = before_read(fd);
	READ_UNTIL_ANSWERED(CALL(__NR_recvmsg, fd, message, flags, 0, 0), flags & MSG_PEEK);
}

EXPORT ssize_t write(int fd, const void *from, size_t len)
{
	struct iovec part = {(void *)(uintptr_t)from, len};
	long result;
	if (!tell_last(fd, &part, 1, 0, &result))
		result = CALL(__NR_write, fd, from, len, 0, 0);
	return size_of(after_write(fd, from, len, result));
}

static long after_writev(int fd, const struct iovec *parts, size_t count, long result)
{
	return after_write(fd, count > 0 ? parts[0].iov_base : NULL, count > 0 ? parts[0].iov_len : 0, result);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	size_t all = count > 0 ? (size_t)count : 0;
	long result;
	if (!tell_last(fd, parts, all, 0, &result))
		result = CALL(__NR_writev, fd, parts, count, 0, 0);
	return size_of(after_writev(fd, parts, all, result));
}

EXPORT ssize_t sendto(int fd, const void *from, size_t len, int flags, const struct sockaddr *address, socklen_t address_len)
{
	struct iovec part = {(void *)(uintptr_t)from, len};
	long result;
	if (address != NULL || !tell_last(fd, &part, 1, flags, &result))
		result = call6(__NR_sendto, fd, (long)from, (long)len, flags, (long)address, (long)address_len);
	return size_of(after_write(fd, from, len, result));
}

EXPORT ssize_t send(int fd, const void *from, size_t len, int flags)
{
	return sendto(fd, from, len, flags, NULL, 0);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	long result;
	if (message->msg_controllen != 0 || !tell_last(fd, message->msg_iov, message->msg_iovlen, flags, &result))
		result = CALL(__NR_sendmsg, fd, message, flags, 0, 0);
	return size_of(after_writev(fd, message->msg_iov, message->msg_iovlen, result));
}

EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
	return size_of(after_write(out, NULL, 0, CALL(__NR_sendfile, out, in, offset, count, 0)));
}

