/* Saved files that are no Rust come into their containers: what an image copies
 * from its context, and what compose's `develop.watch` names. One archive a
 * service at a time, so that an older file never comes after a newer one; what
 * is saved meanwhile waits for the next. save.c calls this with what a save
 * means.
 *
 * The engine unpacks an archive by removing a file and writing it anew: who
 * reads it in that moment finds nothing. So where the helper is at hand the
 * files come under names of their own, and the helper renames them. */
#include "deck.h"

#include <sys/stat.h>

enum { SYNC_LIMIT = 256 << 20, PUT_LIMIT_MS = 60000, RESTART_LIMIT_MS = 60000 };

struct syncing {
	struct deck *deck;
	char *service;
	struct strings paths, targets, gone; /* that wait; gone: paths in the container */
	struct strings moves; /* under way: from, to, from, to … in the container */
	bool wants_restart, wants_reload, is_copied; /* of those that wait */
	bool is_running, restarts, reloads, was_copied; /* of those under way */
};

static void sync_run(struct syncing *syncing);

/* ---- the end of one ---- */

static void on_restarted(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	(void)answer;
	if (fault != NULL)
		deck_fault(data, "sync", fault);
}

/* A program may have read its data at its start: the same generation starts
 * beside itself, without a gap. */
void sync_reload(struct deck *deck, const char *name)
{
	const struct service *service = services_find(deck->services, name);
	struct family *family = deck_family_of(deck, name);
	for (size_t i = 0; service != NULL && family != NULL && i < deck->launchers.count; i++)
		if (strcmp(deck->launchers.items[i].service, service->name) == 0)
			swap_launcher_to(family, &deck->launchers.items[i], deck->launchers.items[i].generation);
}

/* Its image is rendered again and its container made anew. */
static void sync_recreate(struct deck *deck, const char *service)
{
	auto_strings one = {0};
	strings_add(&one, service);
	strings_add_new(&deck->recreate, service);
	images_build(deck, &one);
}

static void finish(struct syncing *syncing, const char *complaint)
{
	struct deck *deck = syncing->deck;
	const struct service *service = services_find(deck->services, syncing->service);
	syncing->is_running = false;
	if (complaint == NULL) {
		deck_forget_fault(deck, "sync");
		if (syncing->restarts && service != NULL && service->container != NULL) {
			auto_free char *path = mem_print("/containers/%s/restart", service->container);
			engine_ask(deck->engine, "POST", path, NULL, RESTART_LIMIT_MS, on_restarted, deck);
		}
		if (syncing->reloads)
			sync_reload(deck, syncing->service);
	} else if (syncing->was_copied) {
		/* its image has the files too: a new container, such as where the root is read-only */
		log_line("%s: %s", syncing->service, complaint);
		sync_recreate(deck, syncing->service);
	} else {
		struct fault fault;
		fault_set(&fault, FAULT_FAILED, "a saved file could not be brought into %s: %s", syncing->service, complaint);
		fault_mend(&fault, "restart the service");
		deck_fault(deck, "sync", &fault);
	}
	sync_run(syncing);
}

static void on_removed(void *data, int status, const char *out, const char *err)
{
	auto_str text = {0};
	(void)out;
	if (status != 0)
		task_complaint(err, &text);
	finish(data, status != 0 ? str_text(&text) : NULL);
}

/* Runs a command as root in the container of the service. */
static void run_inside(struct syncing *syncing, const char *container, const char *const *words, size_t count, struct strings *rest, task_done done)
{
	static const char *const exec[] = {"docker", "exec", "--user", "0"};
	auto_strings argv = {0};
	for (size_t i = 0; i < COUNT_OF(exec); i++)
		strings_add(&argv, exec[i]);
	strings_add(&argv, container);
	for (size_t i = 0; i < count; i++)
		strings_add(&argv, words[i]);
	strings_copy(&argv, rest);
	strings_finish(rest);
	task_start(syncing->deck, &argv, NULL, NULL, 0, done, syncing);
}

static const char *container_of(const struct syncing *syncing)
{
	const struct service *service = services_find(syncing->deck->services, syncing->service);
	return service != NULL ? service->container : NULL;
}

static void remove_gone(struct syncing *syncing)
{
	static const char *const words[] = {"rm", "-rf", "--"};
	const char *container = container_of(syncing);
	if (container != NULL && syncing->gone.count > 0) {
		run_inside(syncing, container, words, COUNT_OF(words), &syncing->gone, on_removed);
		return;
	}
	strings_finish(&syncing->gone);
	finish(syncing, NULL);
}

static void on_moved(void *data, int status, const char *out, const char *err)
{
	auto_str text = {0};
	(void)out;
	if (status == 0) {
		remove_gone(data);
		return;
	}
	task_complaint(err, &text);
	finish(data, str_text(&text));
}

static void move_in_place(struct syncing *syncing)
{
	static const char *const words[] = {DECKHAND_HELPER, "move"};
	const char *container = container_of(syncing);
	if (container != NULL && syncing->moves.count > 0) {
		run_inside(syncing, container, words, COUNT_OF(words), &syncing->moves, on_moved);
		return;
	}
	strings_finish(&syncing->moves);
	remove_gone(syncing);
}

static void on_put(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct syncing *syncing = data;
	(void)answer;
	if (syncing->deck->is_closing)
		return;
	if (fault != NULL)
		finish(syncing, fault->text);
	else
		move_in_place(syncing);
}

/* ---- one archive ---- */

/* "/a/b.html" as "/a/.b.html.cargodeck": no pattern for *.html finds it. */
static char *beside(const char *target)
{
	const char *name = strrchr(target, '/');
	name = name != NULL ? name + 1 : target;
	return mem_print("%.*s.%s.cargodeck", (int)(name - target), target, name);
}

/* The whole path stands in it: folders that are not there are made. */
static bool add_file(struct str *tar, const char *path, const char *target, struct fault *fault)
{
	struct stat status;
	size_t len = 0;
	if (stat(path, &status) != 0)
		return true; /* gone again: its own save follows */
	auto_free char *bytes = file_read(path, SYNC_LIMIT, &len, fault);
	if (bytes == NULL)
		return false;
	tar_add_file(tar, target + strspn(target, "/"), bytes, len, status.st_mode & 0777);
	return true;
}

static void sync_run(struct syncing *syncing)
{
	struct deck *deck = syncing->deck;
	const struct service *service = services_find(deck->services, syncing->service);
	struct fault fault;
	auto_str tar = {0};
	bool good = true, has_helper = service != NULL && service->kind != NULL;
	if (syncing->is_running || (syncing->paths.count == 0 && syncing->gone.count == 0 && !syncing->wants_restart))
		return;
	size_t count = syncing->paths.count;
	strings_finish(&syncing->moves);
	for (size_t i = 0; i < count && good; i++) {
		const char *target = syncing->targets.items[i];
		auto_free char *at = has_helper ? beside(target) : mem_copy_string(target);
		if (has_helper && file_exists(syncing->paths.items[i])) {
			strings_add(&syncing->moves, at);
			strings_add(&syncing->moves, target);
		}
		good = add_file(&tar, syncing->paths.items[i], at, &fault);
	}
	strings_finish(&syncing->paths);
	strings_finish(&syncing->targets);
	syncing->restarts = syncing->wants_restart;
	syncing->reloads = syncing->wants_reload;
	syncing->was_copied = syncing->is_copied;
	syncing->wants_restart = syncing->wants_reload = syncing->is_copied = false;
	if (service == NULL || service->container == NULL) {
		strings_finish(&syncing->gone);
		return; /* it has no container: nothing to keep up to date */
	}
	syncing->is_running = true;
	if (!good) {
		finish(syncing, fault.text);
	} else if (count == 0) {
		remove_gone(syncing);
	} else {
		tar_end(&tar);
		auto_free char *path = mem_print("/containers/%s/archive?path=%%2F", service->container);
		engine_send(deck->engine, "PUT", path, "application/x-tar", tar.data, tar.len, PUT_LIMIT_MS, on_put, syncing);
	}
}

/* ---- what a save means ---- */

static struct syncing *syncing_of(struct deck *deck, const char *service)
{
	for (size_t i = 0; i < deck->syncings.count; i++)
		if (strcmp(deck->syncings.items[i]->service, service) == 0)
			return deck->syncings.items[i];
	struct syncing *syncing = mem_alloc(sizeof *syncing);
	syncing->deck = deck;
	syncing->service = mem_copy_string(service);
	*array_add(&deck->syncings) = syncing;
	return syncing;
}

static void take(struct deck *deck, const struct save_sync *sync)
{
	struct syncing *syncing = syncing_of(deck, sync->service);
	bool copied = strcmp(sync->action, "copied") == 0, there = file_exists(sync->path);
	struct stat status;
	if (strcmp(sync->action, "rebuild") == 0) {
		strings_add_new(&deck->recreate, sync->service);
		up_consider(deck);
		return;
	}
	if (dir_exists(sync->path))
		return; /* its files come by themselves */
	/* what goes in belongs to root: who else reads it is the image's to say */
	bool for_all = there && stat(sync->path, &status) == 0 && (status.st_mode & S_IROTH) != 0;
	if (copied && (sync->target == NULL || !for_all)) {
		sync_recreate(deck, sync->service);
		return;
	}
	if (sync->target != NULL && there) {
		strings_add(&syncing->paths, sync->path);
		strings_add(&syncing->targets, sync->target);
		strings_drop(&syncing->gone, sync->target);
	} else if (sync->target != NULL && text_starts_with(sync->action, "sync")) {
		strings_add(&syncing->gone, sync->target);
	}
	syncing->is_copied = syncing->is_copied || copied;
	syncing->wants_reload = syncing->wants_reload || copied;
	syncing->wants_restart = syncing->wants_restart || strstr(sync->action, "restart") != NULL;
}

void sync_save(struct deck *deck, const struct save *save)
{
	auto_strings images = {0};
	for (size_t i = 0; i < save->syncs.count; i++) {
		const struct save_sync *sync = &save->syncs.items[i];
		if (strings_have(&save->images, sync->service))
			continue; /* made anew, with the saved file in its image */
		take(deck, sync);
		if (strcmp(sync->action, "copied") == 0)
			strings_add_new(&images, sync->service);
	}
	for (size_t i = 0; i < deck->syncings.count; i++)
		sync_run(deck->syncings.items[i]);
	/* the next container must begin with what this one was given */
	if (images.count > 0)
		images_build(deck, &images);
}

void sync_close(struct deck *deck)
{
	for (size_t i = 0; i < deck->syncings.count; i++) {
		struct syncing *syncing = deck->syncings.items[i];
		free(syncing->service);
		strings_finish(&syncing->paths);
		strings_finish(&syncing->targets);
		strings_finish(&syncing->gone);
		strings_finish(&syncing->moves);
		free(syncing);
	}
	array_finish(&deck->syncings);
}
