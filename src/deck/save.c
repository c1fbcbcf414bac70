/* From a saved batch to work: programs to build, images to render again, data
 * to bring in, compose to ask. A batch gets a generation number with its first
 * event; when it grows, cargo is begun again, once. */
#include "jobs.h"

#include <stdio.h>

/* ---- records ---- */

struct save_record *save_new(struct deck *deck)
{
	struct save_record *record = &deck->saves[++deck->generation % SAVES_KEPT];
	strings_finish(&record->paths);
	strings_finish(&record->bins);
	strings_finish(&record->services);
	*record = (struct save_record){.generation = deck->generation};
	return record;
}

struct save_record *save_find(struct deck *deck, unsigned generation)
{
	struct save_record *record = &deck->saves[generation % SAVES_KEPT];
	return generation != 0 && record->generation == generation ? record : NULL;
}

static struct save_record *find_batch(struct deck *deck, unsigned batch)
{
	for (size_t i = 0; i < SAVES_KEPT; i++)
		if (deck->saves[i].generation != 0 && deck->saves[i].batch == batch && !deck->saves[i].is_settled)
			return &deck->saves[i];
	return NULL;
}

/* ---- building ---- */

void save_build(struct deck *deck, struct save_record *record, const struct strings *touch, bool is_growing, bool clean)
{
	if (record->decided_ns == 0)
		record->decided_ns = clock_now_ns();
	for (size_t i = 0; i < deck->families.count; i++) {
		struct family *family = deck->families.items[i];
		auto_strings bins = {0};
		for (size_t j = 0; j < record->bins.count; j++)
			if (strings_have(&family->served, record->bins.items[j]))
				strings_add(&bins, record->bins.items[j]);
		if (bins.count == 0)
			continue;
		struct build_request request = {.generation = record->generation, .bins = &bins, .touch = touch, .clean = clean};
		if (family->build == NULL)
			continue; /* everything is built when the builder is there */
		if (is_growing)
			build_grow(family->build, &request);
		else
			build_start(family->build, &request);
	}
}

static void all_failed(struct deck *deck, struct strings *failed)
{
	for (size_t i = 0; i < deck->families.count; i++)
		for (size_t j = 0; j < deck->families.items[i]->failed.count; j++)
			strings_add_new(failed, deck->families.items[i]->failed.items[j]);
}

static void tell_saved(struct deck *deck, struct save_record *record)
{
	/* paths as a person knows them: from the project's folder */
	auto_strings paths = {0};
	for (size_t i = 0; i < record->paths.count && i < 1000; i++) {
		const char *below = path_relative(record->paths.items[i], deck->project->folder);
		strings_add(&paths, below != NULL && below[0] != '\0' ? below : record->paths.items[i]);
	}
	deck_tell(deck, &(struct deck_event){.kind = DECK_SAVED, .generation = record->generation, .paths = &paths, .names = &record->bins,
		.why = save_why_name(record->why)});
}

/* What the batch means; save_finish() after. */
static void map_batch(struct deck *deck, const struct watch_batch *batch, struct save *save)
{
	auto_strings failed = {0};
	all_failed(deck, &failed);
	project_map_paths(deck->project, batch->paths, &failed, save);
}

/* Takes over what the batch holds; true: something is new in it. */
static bool take_batch(struct save_record *record, const struct watch_batch *batch, const struct save *save)
{
	bool grew = false;
	record->wrote_ns = batch->wrote_ns;
	record->first_ns = batch->first_ns;
	for (size_t i = 0; i < batch->paths->count; i++)
		grew = strings_add_new(&record->paths, batch->paths->items[i]) || grew;
	for (size_t i = 0; i < save->bins.count; i++)
		grew = strings_add_new(&record->bins, save->bins.items[i]) || grew;
	record->why = save->why;
	return grew;
}

/* ---- what is no Rust ---- */

/* A Dockerfile that cannot be read changes nothing: it is mended and saved again. */
static bool dockerfiles_hold(struct deck *deck, const struct strings *services)
{
	bool hold = true;
	for (size_t i = 0; i < services->count; i++) {
		const struct project_service *service = project_find(deck->project, services->items[i]);
		struct rendering rendering = {0};
		struct fault fault;
		if (service == NULL || deck->launcher_image == NULL)
			continue;
		if (!project_render_service(deck->project, service, deck->launcher_image, "scratch", &rendering, &fault)) {
			auto_free char *key = mem_print("image of %s", service->name);
			fault_mend(&fault, "mend the Dockerfile and save it");
			deck_fault(deck, key, &fault);
			strings_drop(&deck->recreate, service->name);
			hold = false;
		}
		rendering_finish(&rendering);
	}
	return hold;
}

static void do_rest(struct deck *deck, const struct save *save)
{
	sync_save(deck, save);
	/* a program that reads the saved file by a mount; others see their mounts as they are */
	for (size_t i = 0; i < save->restart.count; i++)
		sync_reload(deck, save->restart.items[i]);
	for (size_t i = 0; i < save->images.count; i++)
		strings_add_new(&deck->recreate, save->images.items[i]);
	if (save->compose || save->why == SAVE_MANIFEST || (save->images.count > 0 && dockerfiles_hold(deck, &save->images)))
		up_read_project(deck);
}

/* ---- batches ---- */

static void on_early(void *data, unsigned number, const struct watch_batch *batch)
{
	struct deck *deck = data;
	struct save save;
	if (deck->project == NULL)
		return;
	map_batch(deck, batch, &save);
	/* only what is sure to be a build may begin before the batch is whole */
	if (save.bins.count > 0 && !save.compose && batch->stale->count == 0) {
		struct save_record *record = save_new(deck);
		record->batch = number;
		take_batch(record, batch, &save);
		tell_saved(deck, record);
		save_build(deck, record, NULL, false, false);
	}
	save_finish(&save);
}

static void on_settled(void *data, unsigned number, const struct watch_batch *batch)
{
	struct deck *deck = data;
	struct save save;
	if (deck->project == NULL)
		return;
	struct save_record *record = find_batch(deck, number);
	bool begun = record != NULL;
	if (!begun) {
		record = save_new(deck);
		record->batch = number;
	}
	map_batch(deck, batch, &save);
	bool grew = take_batch(record, batch, &save);
	if (grew)
		tell_saved(deck, record);
	if (record->bins.count > 0 && (!begun || grew || batch->grew || batch->stale->count > 0))
		save_build(deck, record, batch->stale, begun, false);
	else if (record->bins.count == 0)
		jobs_saved(deck, batch->paths);
	record->is_settled = true;
	do_rest(deck, &save);
	judging_saved(deck);
	save_finish(&save);
}

static void on_nothing(void *data, unsigned number)
{
	struct deck *deck = data;
	struct save_record *record = find_batch(deck, number);
	if (record != NULL)
		record->is_settled = true; /* cargo finds out by itself, quickly */
}

static void on_trouble(void *data, const struct fault *fault)
{
	deck_fault(data, "watch", fault);
}

static void on_watching(void *data, unsigned folders, uint64_t ns)
{
	struct deck *deck = data;
	log_line("watching %u folders after %.0f ms", folders, (double)ns / 1e6);
	deck_changed(deck);
}

bool save_watch_open(struct deck *deck)
{
	static const struct watch_call calls = {on_early, on_settled, on_nothing, on_trouble, on_watching, on_watching};
	auto_strings roots = {0}, extras = {0}, pruned = {0};
	struct fault fault;
	project_watch_roots(deck->project, &roots, &extras);
	if (deck->project->cargo.target != NULL)
		strings_add(&pruned, deck->project->cargo.target);
	strings_copy(&pruned, &deck->project->ignored);
	deck->watch = watch_open(deck->loop, &(struct watch_options){.roots = &roots, .extras = &extras, .pruned = &pruned}, &calls, deck, &fault);
	if (deck->watch == NULL) {
		deck_fault(deck, "watch", &fault);
		return false;
	}
	if (deck->is_watch_paused)
		watch_pause(deck->watch, true);
	return true;
}

void save_watch_again(struct deck *deck)
{
	auto_strings roots = {0}, extras = {0};
	if (deck->watch == NULL) {
		save_watch_open(deck);
		return;
	}
	project_watch_roots(deck->project, &roots, &extras);
	watch_change(deck->watch, &roots, &extras);
}
