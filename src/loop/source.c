/* Descriptors, timers and signals: thin objects over libuv handles. libuv
 * frees a handle one turn after it was closed; our object lives as long. */
#include "loop.h"

struct loop_fd {
	uv_poll_t poll;
	struct loop *loop;
	loop_fd_call call;
	void *data;
	int fd;
	bool closed;
};

struct loop_timer {
	uv_timer_t timer;
	struct loop *loop;
	loop_call call;
	void *data;
	bool closed;
};

struct loop_signal {
	uv_signal_t signal;
	struct loop *loop;
	loop_signal_call call;
	void *data;
	bool closed;
};

static void free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

/* ---- descriptors ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct loop_fd *watch = poll->data;
	int told = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);
	/* an error or a hang-up: let the owner find it by reading */
	if (status < 0)
		told = LOOP_READ | LOOP_WRITE;
	if (!watch->closed)
		watch->call(watch->data, watch->fd, told);
}

struct loop_fd *loop_fd_open(struct loop *loop, int fd, int events, loop_fd_call call, void *data)
{
	struct loop_fd *watch = mem_alloc(sizeof *watch);
	watch->loop = loop;
	watch->call = call;
	watch->data = data;
	watch->fd = fd;
	if (uv_poll_init(&loop->uv, &watch->poll, fd) != 0) {
		log_line("loop: descriptor %d cannot be waited for", fd);
		abort();
	}
	watch->poll.data = watch;
	loop->registered++;
	loop_fd_want(watch, events);
	return watch;
}

void loop_fd_want(struct loop_fd *watch, int events)
{
	int wanted = (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);
	if (wanted != 0)
		uv_poll_start(&watch->poll, wanted, on_poll);
	else
		uv_poll_stop(&watch->poll);
}

void loop_fd_close(struct loop_fd *watch)
{
	if (watch == NULL || watch->closed)
		return;
	watch->closed = true;
	watch->loop->registered--;
	uv_poll_stop(&watch->poll);
	uv_close((uv_handle_t *)&watch->poll, free_handle);
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *handle)
{
	struct loop_timer *timer = handle->data;
	if (timer->closed)
		return;
	loop_do_not_wait(timer->loop);
	timer->call(timer->data);
}

struct loop_timer *loop_timer_open(struct loop *loop, loop_call call, void *data)
{
	struct loop_timer *timer = mem_alloc(sizeof *timer);
	timer->loop = loop;
	timer->call = call;
	timer->data = data;
	uv_timer_init(&loop->uv, &timer->timer);
	timer->timer.data = timer;
	loop->registered++;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t ms, uint64_t repeat_ms)
{
	/* libuv counts from the start of the turn: what ran since must not shorten
	 * the wait */
	uv_update_time(&timer->loop->uv);
	uv_timer_start(&timer->timer, on_timer, ms, repeat_ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
	uv_timer_stop(&timer->timer);
}

bool loop_timer_is_set(const struct loop_timer *timer)
{
	return uv_is_active((const uv_handle_t *)&timer->timer) != 0;
}

void loop_timer_close(struct loop_timer *timer)
{
	if (timer == NULL || timer->closed)
		return;
	timer->closed = true;
	timer->loop->registered--;
	uv_close((uv_handle_t *)&timer->timer, free_handle);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop_signal *signal = handle->data;
	if (!signal->closed)
		signal->call(signal->data, number);
}

struct loop_signal *loop_signal_open(struct loop *loop, int number, loop_signal_call call, void *data)
{
	struct loop_signal *signal = mem_alloc(sizeof *signal);
	signal->loop = loop;
	signal->call = call;
	signal->data = data;
	uv_signal_init(&loop->uv, &signal->signal);
	signal->signal.data = signal;
	uv_signal_start(&signal->signal, on_signal, number);
	loop->registered++;
	return signal;
}

void loop_signal_close(struct loop_signal *signal)
{
	if (signal == NULL || signal->closed)
		return;
	signal->closed = true;
	signal->loop->registered--;
	uv_close((uv_handle_t *)&signal->signal, free_handle);
}
