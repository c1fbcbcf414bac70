/* Inside the room loop: what its files share. */
#ifndef CARGODECK_LOOP_INSIDE_H
#define CARGODECK_LOOP_INSIDE_H

#include "cargodeck/loop.h"

#include <pthread.h>
#include <uv.h>

struct post {
	loop_call call;
	void *data;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake; /* work from threads */
	uv_timer_t cap; /* bounds the wait of loop_turn */
	uv_idle_t soon; /* while it is active the turn does not wait */
	pthread_mutex_t lock; /* guards `posted` */
	ARRAY(struct post) posted;
	void (*turn_hook)(void *data);
	void *turn_data;
	bool stopped;
	size_t registered; /* what the owners have not closed */
};

/* A timer was called before the wait of this turn: what it did must be seen (and
 * drawn) first. */
void loop_do_not_wait(struct loop *loop);
/* Turns the loop once; the hook is not called. */
void loop_turn_inside(struct loop *loop, int wait_ms);

#endif
