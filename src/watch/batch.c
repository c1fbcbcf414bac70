/* Touched paths until they settle. Each path is remembered as it was before
 * the batch and looked at again when the batch closes: what is the same then
 * was no change. A build may begin before: early() tells the first change as
 * soon as it is whole. */
#include "watch.h"

#include <fcntl.h>
#include <time.h>

enum {
	/* how often git's lock is looked for once a storm is quiet */
	LOCK_LOOK_NS = 50 * MS,
	EARLY_PATHS = 32,
	/* a file that somebody is writing is waited for this much longer than the
	 * cap: fsync() on a busy disk */
	WRITER_CAPS = 10,
};

static uint64_t or_default(unsigned ms, unsigned otherwise)
{
	return (uint64_t)(ms != 0 ? ms : otherwise) * MS;
}

static uint64_t settle_ns(const struct batch *batch)
{
	return batch->storm ? or_default(batch->options.storm_ms, 300) : or_default(batch->options.settle_ms, 15);
}

static uint64_t cap_ns(const struct batch *batch)
{
	return batch->storm ? or_default(batch->options.storm_cap_ms, 10000) :
		or_default(batch->options.settle_cap_ms, 100);
}

static void count(struct batch *batch, enum batch_event event, unsigned by)
{
	if (event == BATCH_BEGUN)
		batch->begun += by;
	else if (event == BATCH_GONE)
		batch->gone_now += by;
}

static enum git_state look_at_git(const struct batch *batch)
{
	enum git_state worst = GIT_QUIET;
	for (size_t i = 0; i < batch->tree->roots.count; i++) {
		const struct folder *root = batch->tree->roots.items[i];
		enum git_state state = root->extra ? GIT_QUIET : git_look(root->name);
		if (state > worst)
			worst = state;
	}
	return worst;
}

/* ---- looking at paths ---- */

static uint64_t wall_to_clock(int64_t wall_ns)
{
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall);
	int64_t ago = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - wall_ns;
	uint64_t now = clock_now_ns();
	return ago <= 0 ? now : (uint64_t)ago < now ? now - (uint64_t)ago : 1;
}

static void check(struct batch *batch, const char *path, struct dirty *dirty)
{
	if (dirty->checked)
		return;
	/* reading thousands of files pays only where there is something to compare */
	dirty->now = stamp_read(AT_FDCWD, path, !batch->storm || dirty->old.hashed);
	dirty->verdict = stamp_compare(&dirty->old, &dirty->now);
	dirty->checked = true;
}

/* A file that was told as removed a while ago is back: is it what it was? */
static void check_return(struct batch *batch, const char *path, struct dirty *dirty)
{
	if (dirty->old.there || !dirty->now.there)
		return;
	uint64_t hash = hash_bytes(path, strlen(path));
	for (size_t i = 0; i < GONE_KEPT; i++)
		if (batch->gone[i].path_hash == hash &&
			stamp_compare(&batch->gone[i].stamp, &dirty->now) == STAMP_STALE)
			dirty->verdict = STAMP_STALE;
}

static void remember(struct batch *batch, const char *path, struct dirty *dirty)
{
	dirty->now.mended = dirty->verdict == STAMP_STALE;
	tree_put(batch->tree, path, &dirty->now);
	if (dirty->now.there || !dirty->old.there)
		return;
	batch->gone[batch->gone_next].path_hash = hash_bytes(path, strlen(path));
	batch->gone[batch->gone_next].stamp = dirty->old;
	batch->gone_next = (batch->gone_next + 1) % GONE_KEPT;
}

/* Lists what changed; `close`: for good. */
static void gather(struct batch *batch, bool close, struct watch_batch *out, struct strings *paths, struct strings *stale)
{
	size_t at = 0;
	const char *path;
	void *value;
	while (map_next(batch->dirty, &at, &path, &value)) {
		struct dirty *dirty = value;
		if (!close && !dirty->checked)
			continue;
		check(batch, path, dirty);
		check_return(batch, path, dirty);
		bool changed = dirty->verdict != STAMP_SAME;
		bool told = dirty->told && dirty->told_as.there == dirty->now.there;
		if (changed != dirty->told || (changed && !(told && stamp_same_look(&dirty->told_as, &dirty->now) &&
			dirty->told_as.hash == dirty->now.hash)))
			out->grew = true;
		if (changed) {
			strings_add(paths, path);
			if (dirty->verdict == STAMP_STALE)
				strings_add(stale, path);
			uint64_t wrote = dirty->now.there ? wall_to_clock(dirty->now.ctime_ns) : dirty->since_ns;
			if (wrote > out->wrote_ns)
				out->wrote_ns = wrote;
		}
		if (close) {
			remember(batch, path, dirty);
		} else {
			dirty->told = changed;
			dirty->told_as = dirty->now;
		}
	}
	strings_sort(paths);
	strings_sort(stale);
	out->paths = paths;
	out->stale = stale;
	out->first_ns = batch->first_ns;
	out->storm = batch->storm;
	out->rescanned = batch->overflowed;
}

/* ---- early ---- */

/* Something changed and nothing is half done: a known file that is gone, or
 * was begun and is not closed, will be whole in a moment. */
static bool early_is_due(struct batch *batch, uint64_t now)
{
	batch->early_ns = 0;
	if (batch->begun > 0 || batch->gone_now > 0 || map_count(batch->dirty) > EARLY_PATHS)
		return false;
	bool changed = false;
	size_t at = 0;
	const char *path;
	void *value;
	while (map_next(batch->dirty, &at, &path, &value)) {
		struct dirty *dirty = value;
		uint64_t due = dirty->since_ns + or_default(batch->options.hold_ms, 3);
		if (!dirty->old.there && now < due) {
			if (batch->early_ns == 0 || due < batch->early_ns)
				batch->early_ns = due;
			continue;
		}
		check(batch, path, dirty);
		changed = changed || (dirty->verdict != STAMP_SAME && dirty->now.there);
	}
	return changed;
}

static void tell_early(struct batch *batch)
{
	auto_strings paths = {0}, stale = {0};
	struct watch_batch told = {0};
	gather(batch, false, &told, &paths, &stale);
	told.grew = false;
	batch->early_told = true;
	batch->early_ns = 0;
	batch->early(batch->data, ++batch->number, &told);
}

/* ---- closing ---- */

static void close_batch(struct batch *batch)
{
	if (batch->overflowed)
		walk_renew(batch->tree, NULL); /* touches what differs */
	auto_strings paths = {0}, stale = {0};
	struct watch_batch told = {0};
	gather(batch, true, &told, &paths, &stale);
	told.grew = told.grew || !batch->early_told;
	told.settled_ns = clock_now_ns();
	map_close(batch->dirty);
	batch->dirty = map_open(free);
	bool early = batch->early_told;
	batch->open = batch->storm = batch->overflowed = batch->early_told = false;
	batch->begun = batch->gone_now = 0;
	batch->early_ns = batch->look_again_ns = 0;
	if (paths.count > 0) {
		if (!early)
			batch->number++;
		batch->settled(batch->data, batch->number, &told);
	} else if (early) {
		batch->nothing(batch->data, batch->number);
	}
}

/* A storm is over when git's lock is gone, whatever the quiet says. */
static bool still_locked(struct batch *batch, uint64_t now)
{
	if (!batch->storm || now >= batch->first_ns + cap_ns(batch) || look_at_git(batch) != GIT_LOCKED)
		return false;
	batch->look_again_ns = now + LOCK_LOOK_NS;
	return true;
}

static uint64_t settle_deadline(const struct batch *batch)
{
	uint64_t cap = batch->first_ns + cap_ns(batch);
	uint64_t quiet = batch->last_ns + settle_ns(batch);
	if (batch->begun > 0 && !batch->storm)
		quiet = cap = batch->first_ns + WRITER_CAPS * cap_ns(batch);
	else if (batch->gone_now > 0 && !batch->storm)
		quiet = cap;
	if (batch->look_again_ns > quiet)
		quiet = batch->look_again_ns;
	return quiet < cap ? quiet : cap;
}

/* ---- for the thread ---- */

void batch_init(struct batch *batch, const struct watch_options *options, struct tree *tree)
{
	*batch = (struct batch){.options = *options, .tree = tree, .dirty = map_open(free)};
}

void batch_finish(struct batch *batch)
{
	map_close(batch->dirty);
	batch->dirty = NULL;
}

static void open_batch(struct batch *batch)
{
	batch->last_ns = clock_now_ns();
	if (batch->open)
		return;
	batch->open = true;
	batch->first_ns = batch->last_ns;
	batch->storm = look_at_git(batch) != GIT_QUIET;
}

void batch_touch(struct batch *batch, const char *path, const struct stamp *old, enum batch_event event)
{
	open_batch(batch);
	struct dirty *dirty = map_get(batch->dirty, path);
	if (dirty == NULL) {
		dirty = mem_alloc(sizeof *dirty);
		if (old != NULL)
			dirty->old = *old;
		dirty->since_ns = batch->last_ns;
		dirty->last = BATCH_WRITTEN;
		map_put(batch->dirty, path, dirty);
	}
	/* of a file that was not there before nothing is waited for */
	if (event != BATCH_MARKED && dirty->old.there) {
		count(batch, dirty->last, (unsigned)-1);
		count(batch, event, 1);
	}
	if (event != BATCH_MARKED)
		dirty->last = event;
	dirty->checked = false;
	unsigned most = batch->options.storm_paths != 0 ? batch->options.storm_paths : 200;
	if (map_count(batch->dirty) > most)
		batch->storm = true;
}

void batch_overflow(struct batch *batch)
{
	open_batch(batch);
	batch->storm = batch->overflowed = true;
}

void batch_pause(struct batch *batch, bool pause)
{
	batch->paused = pause;
	if (!pause)
		batch->last_ns = clock_now_ns();
}

uint64_t batch_deadline(const struct batch *batch)
{
	if (!batch->open || batch->paused)
		return 0;
	uint64_t settle = settle_deadline(batch);
	return batch->early_ns != 0 && batch->early_ns < settle ? batch->early_ns : settle;
}

void batch_run(struct batch *batch, uint64_t now)
{
	if (!batch->open || batch->paused)
		return;
	if (now >= settle_deadline(batch)) {
		if (!still_locked(batch, now))
			close_batch(batch);
		return;
	}
	if (!batch->storm && !batch->early_told && batch->wants_early && early_is_due(batch, now))
		tell_early(batch);
}
