/* Inside deckhand: what agent, launcher and main share. libc alone. */
#ifndef DECKHAND_INSIDE_H
#define DECKHAND_INSIDE_H

#include "cargodeck/deckhand.h"
#include "preload.h"

#include <sys/types.h>

/* ---- util.c ---- */
uint64_t now_ns(void);
void close_on_exec(int fd);
void set_nonblocking(int fd);
/* As snprintf, for %s %.Ns %d %u %x with l and ll and a width filled by zeros
 * (numbers alone). libc's own would bring 150 KB along. Returns the length that
 * the whole text has. */
size_t print_to(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What errno means, in English: strerror() brings the translations along. */
const char *error_text(int number);
/* Writes a sentence to standard error, after "cargodeck: ". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Reads a small file whole into `out` (NUL-terminated); its length or -1. */
ssize_t read_small(const char *path, char *out, size_t size);
/* A field of /proc/PID/status, such as "PPid"; -1: none. */
long proc_status_number(pid_t pid, const char *field);
uint64_t proc_status_mask(pid_t pid, const char *field); /* one in hexadecimal; 0: none */
uint64_t memory_limit(void); /* of this container, in bytes; 0: none */
int connect_unix(const char *path); /* non-blocking; -1: not there */
/* A message with a descriptor (-1: without), unix(7) SCM_RIGHTS; never SIGPIPE. */
ssize_t send_with_fd(int to, const void *bytes, size_t len, int fd, int flags);
/* Does not wait. *fd is -1 where none came; the caller closes it. */
ssize_t receive_with_fd(int from, void *bytes, size_t len, int *fd);
bool write_whole(int fd, const void *bytes, size_t len);
bool copy_file(const char *from, const char *to, mode_t mode);
bool make_folders(const char *path, mode_t mode);

/* The preload library for this architecture, inside the program. */
extern const char preload_image[], preload_image_end[];

/* ---- trailer ---- */
struct trailer {
	char bin[128];
	char state[256];
};
/* Reads the trailer of the running file; false: there is none. */
bool trailer_read(struct trailer *trailer);

int agent_main(const char *state);
int launcher_main(const struct trailer *trailer, int argc, char **argv);

#endif
