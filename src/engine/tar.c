/* Tar archives in memory, to be sent to containers and image builds (POSIX.1-1988
 * ustar; GNU's long name where a path has no room in it). */
#include "cargodeck/engine.h"

#include <stdio.h>

enum { BLOCK = 512, NAME_ROOM = 100, PREFIX_ROOM = 155 };

/* Where the path may be cut so that both parts have room: at a slash. 0: it
 * needs no cut; SIZE_MAX: there is no such place. */
static size_t cut_of(const char *path, size_t len)
{
	if (len <= NAME_ROOM)
		return 0;
	for (size_t at = len - NAME_ROOM - 1; at < len - 1 && at <= PREFIX_ROOM; at++)
		if (at > 0 && path[at] == '/')
			return at;
	return SIZE_MAX;
}

static void add_block(struct str *tar, const char *name, size_t name_len, const char *prefix, size_t prefix_len, char kind, size_t len,
	unsigned mode)
{
	char head[BLOCK] = {0};
	unsigned sum = 0;
	memcpy(head, name, name_len < NAME_ROOM ? name_len : NAME_ROOM);
	snprintf(head + 100, 8, "%07o", mode & 07777);
	snprintf(head + 108, 8, "%07o", 0u);
	snprintf(head + 116, 8, "%07o", 0u);
	snprintf(head + 124, 12, "%011llo", (unsigned long long)len);
	snprintf(head + 136, 12, "%011llo", (unsigned long long)(clock_wall_ms() / 1000));
	head[156] = kind;
	memcpy(head + 257, "ustar\00000", 8);
	memcpy(head + 345, prefix, prefix_len);
	memset(head + 148, ' ', 8); /* the sum is taken with blanks in its place */
	for (size_t i = 0; i < sizeof head; i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	str_add_bytes(tar, head, sizeof head);
}

static void add_bytes(struct str *tar, const void *bytes, size_t len)
{
	static const char zeros[BLOCK];
	str_add_bytes(tar, bytes, len);
	str_add_bytes(tar, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

static void add_header(struct str *tar, const char *path, char kind, size_t len, unsigned mode)
{
	static const char long_name[] = "././@LongLink";
	size_t path_len = strlen(path), cut = cut_of(path, path_len);
	if (cut == SIZE_MAX) {
		add_block(tar, long_name, sizeof long_name - 1, "", 0, 'L', path_len + 1, 0644);
		add_bytes(tar, path, path_len + 1);
		cut = 0;
	}
	size_t start = cut > 0 ? cut + 1 : 0;
	add_block(tar, path + start, path_len - start, path, cut, kind, len, mode);
}

/* ---- public ---- */

void tar_add_file(struct str *tar, const char *path, const void *bytes, size_t len, unsigned mode)
{
	add_header(tar, path, '0', len, mode);
	add_bytes(tar, bytes, len);
}

void tar_add_folder(struct str *tar, const char *path, unsigned mode)
{
	add_header(tar, path, '5', 0, mode);
}

void tar_end(struct str *tar)
{
	static const char zeros[2 * BLOCK];
	str_add_bytes(tar, zeros, sizeof zeros);
}
