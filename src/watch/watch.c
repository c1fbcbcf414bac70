/* The watch itself: its thread, which owns everything below it, the orders
 * that the loop's side gives it through a queue and an eventfd, and the
 * messages that come back by loop_post(). */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* looking takes at most a twentieth of the time */
	POLL_SHARE = 20,
	EVENTS_PER_TURN = 20000,
	/* stale names in the library: about 2 MB */
	DEAD_MAX = 10000,
};

enum order_kind { ORDER_CHANGE, ORDER_PAUSE, ORDER_RESUME, ORDER_HOLD, ORDER_GO_ON, ORDER_CLOSE };

struct order {
	enum order_kind kind;
	struct strings roots, extras;
};

struct watch {
	struct loop *loop;
	struct watch_call call;
	void *data;
	pthread_t thread;
	int wake; /* an eventfd: there are orders */
	atomic_uint folders;
	atomic_uint users; /* the owner, and messages under way */
	bool closed; /* the loop's side only */
	pthread_mutex_t lock; /* guards `orders` */
	ARRAY(struct order) orders;
	/* the thread's own */
	struct tree tree;
	struct batch batch;
	struct strings roots, extras; /* for the first walk */
	bool holding, behind;
	uint64_t poll_ns; /* when polled folders are looked at next */
	unsigned polled_told;
};

/* libinotifytools keeps one inotify instance a process. */
static atomic_flag in_use = ATOMIC_FLAG_INIT;

static void release(struct watch *watch)
{
	if (atomic_fetch_sub(&watch->users, 1) == 1)
		free(watch);
}

/* ---- messages to the loop ---- */

enum message_kind { SAY_EARLY, SAY_SETTLED, SAY_NOTHING, SAY_TROUBLE, SAY_READY, SAY_CHANGED };

struct message {
	struct watch *watch;
	enum message_kind kind;
	unsigned number, folders;
	uint64_t ns;
	struct watch_batch batch;
	struct strings paths, stale;
	struct fault fault;
};

static void call_owner(const struct watch *watch, const struct message *message)
{
	const struct watch_call *call = &watch->call;
	switch (message->kind) {
	case SAY_EARLY:
		if (call->early != NULL)
			call->early(watch->data, message->number, &message->batch);
		break;
	case SAY_SETTLED:
		if (call->settled != NULL)
			call->settled(watch->data, message->number, &message->batch);
		break;
	case SAY_NOTHING:
		if (call->nothing != NULL)
			call->nothing(watch->data, message->number);
		break;
	case SAY_TROUBLE:
		if (call->trouble != NULL)
			call->trouble(watch->data, &message->fault);
		break;
	case SAY_READY:
		if (call->ready != NULL)
			call->ready(watch->data, message->folders, message->ns);
		break;
	case SAY_CHANGED:
		if (call->changed != NULL)
			call->changed(watch->data, message->folders, message->ns);
		break;
	}
}

/* On the loop's thread. The owner may close the watch while it is called. */
static void deliver(void *data)
{
	struct message *message = data;
	if (!message->watch->closed)
		call_owner(message->watch, message);
	release(message->watch);
	strings_finish(&message->paths);
	strings_finish(&message->stale);
	free(message);
}

static struct message *new_message(struct watch *watch, enum message_kind kind)
{
	struct message *message = mem_alloc(sizeof *message);
	message->watch = watch;
	message->kind = kind;
	atomic_fetch_add(&watch->users, 1);
	return message;
}

static void post(struct message *message)
{
	loop_post(message->watch->loop, deliver, message);
}

static void post_batch(struct watch *watch, enum message_kind kind, unsigned number, const struct watch_batch *batch)
{
	struct message *message = new_message(watch, kind);
	message->number = number;
	message->batch = *batch;
	strings_copy(&message->paths, batch->paths);
	strings_copy(&message->stale, batch->stale);
	message->batch.paths = &message->paths;
	message->batch.stale = &message->stale;
	post(message);
}

static void on_early(void *data, unsigned number, const struct watch_batch *batch)
{
	post_batch(data, SAY_EARLY, number, batch);
}

static void on_settled(void *data, unsigned number, const struct watch_batch *batch)
{
	post_batch(data, SAY_SETTLED, number, batch);
}

static void on_nothing(void *data, unsigned number)
{
	struct message *message = new_message(data, SAY_NOTHING);
	message->number = number;
	post(message);
}

static void on_touch(void *data, const char *path, const struct stamp *old)
{
	struct watch *watch = data;
	batch_touch(&watch->batch, path, old, BATCH_WRITTEN);
}

/* ---- trouble ---- */

static unsigned user_limit(void)
{
	auto_free char *text = file_read("/proc/sys/fs/inotify/max_user_watches", 64, NULL, NULL);
	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static void tell_polled(struct watch *watch)
{
	struct tree *tree = &watch->tree;
	/* told again only when it got much worse */
	if (tree->polled == 0 || tree->polled < watch->polled_told * 2)
		return;
	watch->polled_told = tree->polled;
	unsigned limit = tree->watch_limit != 0 ? tree->watch_limit : user_limit();
	unsigned long wanted = 524288;
	while (wanted < 2ul * (tree->watched + tree->polled) || wanted <= limit)
		wanted *= 2;
	struct message *message = new_message(watch, SAY_TROUBLE);
	fault_set(&message->fault, FAULT_OUTSIDE,
		"the kernel gives no watch for %u of %u folders (the limit is %u watches a user): "
		"they are looked at now and then instead",
		tree->polled, tree->watched + tree->polled, limit);
	fault_mend(&message->fault, "sudo sysctl fs.inotify.max_user_watches=%lu", wanted);
	post(message);
}

static void tell_trouble(struct watch *watch)
{
	tell_polled(watch);
	for (size_t i = 0; i < watch->tree.unread.count; i++) {
		struct message *message = new_message(watch, SAY_TROUBLE);
		const char *path = watch->tree.unread.items[i];
		bool there = access(path, F_OK) == 0;
		if (there) {
			fault_set(&message->fault, FAULT_OUTSIDE, "the folder %s cannot be read: it is looked for now and then", path);
			fault_mend(&message->fault, "ls -ld %s", path);
		} else {
			fault_set(&message->fault, FAULT_OUTSIDE, "the folder %s is not there: it is looked for now and then", path);
		}
		post(message);
	}
	strings_finish(&watch->tree.unread);
}

/* ---- the thread ---- */

static void set_roots(struct watch *watch, const struct strings *roots, const struct strings *extras, bool first)
{
	uint64_t begin = clock_now_ns();
	roots_set(&watch->tree, roots, extras);
	atomic_store(&watch->folders, watch->tree.watched);
	struct message *message = new_message(watch, first ? SAY_READY : SAY_CHANGED);
	message->folders = watch->tree.watched;
	message->ns = clock_now_ns() - begin;
	post(message);
}

/* False: it is to end. */
static bool take_orders(struct watch *watch)
{
	uint64_t count;
	if (read(watch->wake, &count, sizeof count) < 0)
		return true; /* none came */
	pthread_mutex_lock(&watch->lock);
	struct order *orders = watch->orders.items;
	size_t order_count = watch->orders.count;
	watch->orders.items = NULL;
	watch->orders.count = watch->orders.cap = 0;
	pthread_mutex_unlock(&watch->lock);
	bool go_on = true;
	for (size_t i = 0; i < order_count; i++) {
		struct order *order = &orders[i];
		switch (order->kind) {
		case ORDER_CHANGE:
			set_roots(watch, &order->roots, &order->extras, false);
			break;
		case ORDER_PAUSE:
		case ORDER_RESUME:
			batch_pause(&watch->batch, order->kind == ORDER_PAUSE);
			break;
		case ORDER_HOLD:
		case ORDER_GO_ON:
			watch->holding = order->kind == ORDER_HOLD;
			break;
		case ORDER_CLOSE:
			go_on = false;
			break;
		}
		strings_finish(&order->roots);
		strings_finish(&order->extras);
	}
	free(orders);
	return go_on;
}

/* The queue is emptied before anything else, but a flood must not keep the
 * thread from its orders. */
static void drain(struct watch *watch)
{
	struct kernel_event event;
	watch->behind = false;
	for (unsigned i = 0; kernel_next(&watch->tree.kernel, &event); i++) {
		events_handle(&watch->tree, &watch->batch, &event);
		if (i >= EVENTS_PER_TURN) {
			/* the library holds read events that poll() knows nothing of */
			watch->behind = true;
			return;
		}
	}
}

static bool anything_polled(const struct tree *tree)
{
	bool missing = tree->polled > 0;
	for (size_t i = 0; i < tree->roots.count; i++)
		missing = missing || tree->roots.items[i]->missing;
	return missing;
}

static void look_at_polled(struct watch *watch, uint64_t now)
{
	if (!anything_polled(&watch->tree)) {
		watch->poll_ns = 0;
		return;
	}
	unsigned each_ms = watch->batch.options.poll_ms;
	uint64_t each = (uint64_t)(each_ms != 0 ? each_ms : 2000) * MS;
	if (watch->poll_ns == 0)
		watch->poll_ns = now + each;
	if (now < watch->poll_ns)
		return;
	walk_polled(&watch->tree);
	uint64_t end = clock_now_ns(), wait = (end - now) * POLL_SHARE;
	watch->poll_ns = end + (wait > each ? wait : each);
}

/* The library never forgets the name of a deleted folder. */
static void tidy(struct watch *watch)
{
	if (!watch->batch.open && watch->tree.dead > DEAD_MAX && watch->tree.dead > watch->tree.watched)
		batch_overflow(&watch->batch);
}

static void wait_for_work(struct watch *watch)
{
	uint64_t due = batch_deadline(&watch->batch);
	if (watch->poll_ns != 0 && (due == 0 || watch->poll_ns < due))
		due = watch->poll_ns;
	uint64_t now = clock_now_ns(), wait = due > now ? due - now : 0;
	struct timespec span = {.tv_sec = (time_t)(wait / 1000000000), .tv_nsec = (long)(wait % 1000000000)};
	if (watch->behind)
		span = (struct timespec){0};
	struct pollfd waits[] = {
		{.fd = watch->wake, .events = POLLIN},
		{.fd = watch->holding ? -1 : watch->tree.kernel.fd, .events = POLLIN},
	};
	ppoll(waits, COUNT_OF(waits), due == 0 && !watch->behind ? NULL : &span, NULL);
}

static void *run(void *data)
{
	struct watch *watch = data;
	pthread_setname_np(pthread_self(), "watch");
	set_roots(watch, &watch->roots, &watch->extras, true);
	while (take_orders(watch)) {
		if (!watch->holding)
			drain(watch);
		uint64_t now = clock_now_ns();
		look_at_polled(watch, now);
		tidy(watch);
		if (!watch->behind)
			batch_run(&watch->batch, now);
		tell_trouble(watch);
		atomic_store(&watch->folders, watch->tree.watched);
		wait_for_work(watch);
	}
	return NULL;
}

/* ---- for the loop's side ---- */

static void give_order(struct watch *watch, struct order order)
{
	pthread_mutex_lock(&watch->lock);
	*array_add(&watch->orders) = order;
	pthread_mutex_unlock(&watch->lock);
	uint64_t one = 1;
	while (write(watch->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Signals are for the thread that runs the loop. */
static bool start_thread(struct watch *watch)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&watch->thread, NULL, run, watch) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* What the thread owned; it has ended, or was never there. */
static void finish(struct watch *watch)
{
	batch_finish(&watch->batch);
	folders_finish(&watch->tree);
	strings_finish(&watch->roots);
	strings_finish(&watch->extras);
	for (size_t i = 0; i < watch->orders.count; i++) {
		strings_finish(&watch->orders.items[i].roots);
		strings_finish(&watch->orders.items[i].extras);
	}
	array_finish(&watch->orders);
	pthread_mutex_destroy(&watch->lock);
	if (watch->wake >= 0)
		close(watch->wake);
	watch->closed = true;
	release(watch);
	atomic_flag_clear(&in_use);
}

static void note_pruned(struct tree *tree, const struct strings *pruned)
{
	tree->pruned = map_open(NULL);
	for (size_t i = 0; pruned != NULL && i < pruned->count; i++) {
		auto_free char *path = path_clean(pruned->items[i]);
		map_put(tree->pruned, path, tree);
	}
}

struct watch *watch_open(struct loop *loop, const struct watch_options *options,
	const struct watch_call *call, void *data, struct fault *fault)
{
	if (atomic_flag_test_and_set(&in_use)) {
		fault_set(fault, FAULT_FAILED, "a second watch was asked for in one process");
		return NULL;
	}
	struct watch *watch = mem_alloc(sizeof *watch);
	watch->loop = loop;
	watch->call = *call;
	watch->data = data;
	atomic_init(&watch->users, 1);
	pthread_mutex_init(&watch->lock, NULL);
	watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct tree *tree = &watch->tree;
	tree->watch_limit = options->watch_limit;
	tree->touch = on_touch;
	tree->data = watch;
	note_pruned(tree, options->pruned);
	if (options->roots != NULL)
		strings_copy(&watch->roots, options->roots);
	if (options->extras != NULL)
		strings_copy(&watch->extras, options->extras);
	struct batch *batch = &watch->batch;
	batch_init(batch, options, tree);
	batch->wants_early = call->early != NULL;
	batch->early = on_early;
	batch->settled = on_settled;
	batch->nothing = on_nothing;
	batch->data = watch;
	bool good = kernel_open(&tree->kernel, fault);
	if (good && (watch->wake < 0 || !start_thread(watch)))
		good = fault_set(fault, FAULT_OUTSIDE, "cannot watch files: %s", strerror(errno));
	if (good)
		return watch;
	finish(watch);
	return NULL;
}

void watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	give_order(watch, (struct order){.kind = ORDER_CLOSE});
	pthread_join(watch->thread, NULL);
	finish(watch);
}

void watch_change(struct watch *watch, const struct strings *roots, const struct strings *extras)
{
	struct order order = {.kind = ORDER_CHANGE};
	if (roots != NULL)
		strings_copy(&order.roots, roots);
	if (extras != NULL)
		strings_copy(&order.extras, extras);
	give_order(watch, order);
}

void watch_pause(struct watch *watch, bool pause)
{
	give_order(watch, (struct order){.kind = pause ? ORDER_PAUSE : ORDER_RESUME});
}

void watch_hold_reading(struct watch *watch, bool hold)
{
	give_order(watch, (struct order){.kind = hold ? ORDER_HOLD : ORDER_GO_ON});
}

unsigned watch_folder_count(const struct watch *watch)
{
	return atomic_load(&watch->folders);
}
