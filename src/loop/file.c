/* One file that is watched, through libuv's events of its folder: an editor
 * that saves puts another file in its place. Where the folder does not exist,
 * the nearest one above it is watched until it does. */
#include "loop.h"

#include <sys/stat.h>

enum { SETTLE_MS = 50 };

/* What tells a file from itself before. */
struct sign {
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct loop_file {
	struct loop *loop;
	char *path, *folder; /* the folder that is watched now */
	struct watched *watched;
	struct loop_timer *timer;
	loop_call call;
	void *data;
	struct sign sign;
};

struct watched {
	uv_fs_event_t event;
	struct loop_file *file; /* NULL: closed */
};

static struct sign read_sign(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return (struct sign){0};
	return (struct sign){status.st_ino, status.st_size, status.st_mtim};
}

static bool is_same(const struct sign *a, const struct sign *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static void free_watched(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct watched *watched = event->data;
	(void)name, (void)events, (void)status;
	if (watched->file != NULL)
		loop_timer_set(watched->file->timer, SETTLE_MS, 0);
}

static void unwatch(struct loop_file *file)
{
	if (file->watched != NULL) {
		file->watched->file = NULL;
		uv_close((uv_handle_t *)&file->watched->event, free_watched);
	}
	file->watched = NULL;
	free(steal(&file->folder));
}

/* The nearest folder that there is. */
static char *find_folder(const char *path)
{
	/* a link: what it leads to is what is saved */
	auto_free char *real = realpath(path, NULL);
	char *folder = path_parent(real != NULL ? real : path);
	while (!dir_exists(folder) && strcmp(folder, "/") != 0) {
		char *above = path_parent(folder);
		free(folder);
		folder = above;
	}
	return folder;
}

static void watch(struct loop_file *file)
{
	struct watched *watched = mem_alloc(sizeof *watched);
	watched->file = file;
	watched->event.data = watched;
	uv_fs_event_init(&file->loop->uv, &watched->event);
	file->watched = watched;
	file->folder = find_folder(file->path);
	if (uv_fs_event_start(&watched->event, on_event, file->folder, 0) != 0)
		log_line("%s is not watched: its changes are taken at the next start", file->folder);
}

static void on_settled(void *data)
{
	struct loop_file *file = data;
	auto_free char *folder = find_folder(file->path);
	if (!text_equal(folder, file->folder)) {
		unwatch(file);
		watch(file);
	}
	struct sign sign = read_sign(file->path);
	if (is_same(&sign, &file->sign))
		return;
	file->sign = sign;
	file->call(file->data);
}

struct loop_file *loop_file_open(struct loop *loop, const char *path, loop_call call, void *data)
{
	struct loop_file *file = mem_alloc(sizeof *file);
	file->loop = loop;
	file->path = mem_copy_string(path);
	file->call = call;
	file->data = data;
	file->timer = loop_timer_open(loop, on_settled, file);
	file->sign = read_sign(path);
	watch(file);
	return file;
}

void loop_file_close(struct loop_file *file)
{
	if (file == NULL)
		return;
	unwatch(file);
	loop_timer_close(file->timer);
	free(file->path);
	free(file);
}
