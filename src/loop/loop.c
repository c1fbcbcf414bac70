/* The loop itself: one libuv loop, the queue of work from threads, and the
 * turn: wait, dispatch, run due timers, then the hook that draws. */
#include "loop.h"

static void run_posted(uv_async_t *wake)
{
	struct loop *loop = wake->data;
	pthread_mutex_lock(&loop->lock);
	struct post *items = loop->posted.items;
	size_t count = loop->posted.count;
	loop->posted.items = NULL;
	loop->posted.count = loop->posted.cap = 0;
	pthread_mutex_unlock(&loop->lock);
	for (size_t i = 0; i < count; i++)
		items[i].call(items[i].data);
	free(items);
}

static void capped(uv_timer_t *timer)
{
	(void)timer; /* it only ends the wait */
}

static void nothing(uv_idle_t *idle)
{
	(void)idle;
}

/* libuv runs timers before it waits: an active idle handle makes the wait end
 * at once (libuv documentation, uv_idle_t). */
void loop_do_not_wait(struct loop *loop)
{
	uv_idle_start(&loop->soon, nothing);
}

void loop_turn_inside(struct loop *loop, int wait_ms)
{
	if (wait_ms > 0) {
		/* from now, not from when the loop waited last */
		uv_update_time(&loop->uv);
		uv_timer_start(&loop->cap, capped, (uint64_t)wait_ms, 0);
	}
	uv_run(&loop->uv, wait_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	uv_idle_stop(&loop->soon);
	if (wait_ms > 0)
		uv_timer_stop(&loop->cap);
}

struct loop *loop_open(void)
{
	struct loop *loop = mem_alloc(sizeof *loop);
	if (uv_loop_init(&loop->uv) != 0 || uv_async_init(&loop->uv, &loop->wake, run_posted) != 0 ||
		uv_timer_init(&loop->uv, &loop->cap) != 0 || uv_idle_init(&loop->uv, &loop->soon) != 0)
		abort(); /* only where descriptors or memory are out at the very start */
	loop->wake.data = loop;
	pthread_mutex_init(&loop->lock, NULL);
	return loop;
}

void loop_close(struct loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->registered != 0) {
		log_line("loop: %zu registrations were not closed", loop->registered);
		abort();
	}
	run_posted(&loop->wake);
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_close((uv_handle_t *)&loop->cap, NULL);
	uv_close((uv_handle_t *)&loop->soon, NULL);
	while (uv_loop_close(&loop->uv) == UV_EBUSY)
		uv_run(&loop->uv, UV_RUN_ONCE);
	pthread_mutex_destroy(&loop->lock);
	array_finish(&loop->posted);
	free(loop);
}

void loop_set_turn_hook(struct loop *loop, void (*hook)(void *data), void *data)
{
	loop->turn_hook = hook;
	loop->turn_data = data;
}

int loop_descriptor(const struct loop *loop)
{
	return uv_backend_fd(&loop->uv);
}

void loop_post(struct loop *loop, loop_call call, void *data)
{
	pthread_mutex_lock(&loop->lock);
	*array_add(&loop->posted) = (struct post){call, data};
	pthread_mutex_unlock(&loop->lock);
	uv_async_send(&loop->wake);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	uv_async_send(&loop->wake);
}

void loop_turn(struct loop *loop, int wait_ms)
{
	loop_turn_inside(loop, wait_ms);
	if (loop->turn_hook != NULL)
		loop->turn_hook(loop->turn_data);
}

void loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped)
		loop_turn(loop, -1);
}
