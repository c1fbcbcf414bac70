/* Images: the launcher's (imported), the builder's of each family and each Rust
 * service's (rendered, built by buildx). A tag carries the hash of all that went
 * in, so what is there already is not built again. Two builds run at a time. */
#include "images.h"

#include <stdio.h>

enum { AT_ONCE = 2 };

struct job {
	struct images *images;
	int family; /* a builder's; -1: a service's */
	char *service;
	struct rendering rendering;
	char *tag, *context;
	bool needs_builder, is_running, is_done;
};

struct images {
	struct deck *deck;
	ARRAY(struct job *) jobs;
	struct engine_request *request; /* launcher */
	struct str tar;
	unsigned done, running;
	bool failed;
};

/* ---- the end ---- */

static void free_job(struct job *job)
{
	rendering_finish(&job->rendering);
	free(job->service);
	free(job->tag);
	free(job->context);
	free(job);
}

static void free_images(struct images *images)
{
	engine_cancel(images->request);
	for (size_t i = 0; i < images->jobs.count; i++)
		free_job(images->jobs.items[i]);
	array_finish(&images->jobs);
	str_finish(&images->tar);
	free(images);
}

static void images_failed(struct images *images, const char *key, const struct fault *fault)
{
	images->failed = true;
	deck_fault(images->deck, key, fault);
}

static void finish(struct images *images)
{
	struct deck *deck = images->deck;
	bool failed = images->failed;
	deck->imaging = NULL;
	deck_step(deck, STEP_IMAGES, failed ? STEP_FAILED : STEP_DONE, _("%u of %zu"), images->done, images->jobs.count);
	free_images(images);
	up_images_done(deck, NULL);
}

/* ---- building ---- */

static void run_jobs(struct images *images);

static char *fault_key(const struct job *job)
{
	return job->family >= 0 ? mem_print("image of builder %d", job->family) : mem_print("image of %s", job->service);
}

static void job_good(struct job *job)
{
	struct deck *deck = job->images->deck;
	auto_free char *key = fault_key(job);
	deck_forget_fault(deck, key);
	job->is_done = true;
	job->images->done++;
	if (job->family >= 0) {
		struct family *family = deck->families.items[job->family];
		free(family->image);
		family->image = mem_copy_string(job->tag);
		builder_image_changed(family);
	} else {
		map_put(deck->images, job->service, mem_copy_string(job->tag));
		map_put(deck->kinds, job->service, job->rendering.fallback != NULL ? (void *)(uintptr_t)"builder" : (void *)(uintptr_t)"own");
	}
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, _("%u of %zu"), job->images->done, job->images->jobs.count);
}

/* buildx tells on standard error, as objects one after the other; what failed
 * stands at the end as plain text. */
static void build_complaint(const char *err, struct str *out)
{
	const char *plain = strstr(err, "ERROR: ");
	for (const char *next = plain; next != NULL; next = strstr(next + 1, "ERROR: "))
		plain = next;
	if (plain != NULL)
		text_add_clean(out, plain + 7, strcspn(plain + 7, "\n") < 500 ? strcspn(plain + 7, "\n") : 500, false);
	else
		task_complaint(err, out);
}

static void on_built(void *data, int status, const char *out, const char *err)
{
	struct job *job = data;
	struct images *images = job->images;
	(void)out;
	job->is_running = false;
	images->running--;
	if (status == 0) {
		job_good(job);
	} else {
		struct fault fault;
		auto_str text = {0};
		auto_free char *key = fault_key(job);
		build_complaint(err, &text);
		job->is_done = true;
		log_line("%s: %s", key, err);
		if (job->family >= 0)
			fault_set(&fault, FAULT_FAILED, "the image of builder %d could not be built: %s", job->family, str_text(&text));
		else
			fault_set(&fault, FAULT_FAILED, "the image of %s could not be built: %s", job->service, str_text(&text));
		if (strstr(err, "is not a docker command") != NULL || strstr(err, "unknown command") != NULL || strstr(err, "unknown flag: --progress") != NULL) {
			fault_set(&fault, FAULT_OUTSIDE, "docker has no buildx command: images cannot be built");
			fault_mend(&fault, "install docker-buildx-plugin, or run `share/quickstart deps`");
		} else {
			fault_mend(&fault, "mend the Dockerfile: it is read again when it is saved; all lines are in the log file");
		}
		images_failed(images, key, &fault);
	}
	run_jobs(images);
}

static bool write_rendering(struct job *job, char **path, struct fault *fault)
{
	auto_free char *folder = mem_print("%s/images", job->images->deck->state_folder);
	*path = job->family >= 0 ? mem_print("%s/builder-%d.Dockerfile", folder, job->family) : mem_print("%s/%s.Dockerfile", folder, job->service);
	auto_free char *ignore = mem_print("%s.dockerignore", *path);
	return dir_make_all(folder, 0700, fault) &&
		file_write(*path, job->rendering.text, strlen(job->rendering.text), 0600, fault) &&
		file_write(ignore, job->rendering.ignore, strlen(job->rendering.ignore), 0600, fault);
}

static void start_build(struct job *job)
{
	struct deck *deck = job->images->deck;
	struct fault fault;
	auto_free char *path = NULL;
	auto_strings argv = {0};
	if (!write_rendering(job, &path, &fault)) {
		auto_free char *key = fault_key(job);
		job->is_done = true;
		job->is_running = false;
		job->images->running--;
		images_failed(job->images, key, &fault);
		run_jobs(job->images);
		return;
	}
	static const char *const words[] = {"docker", "buildx", "build", "--progress=rawjson", "--load", "--provenance=false"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		strings_add(&argv, words[i]);
	strings_add(&argv, "--label");
	strings_print(&argv, "dev.cargodeck.project=%s", deck->name);
	strings_add(&argv, "--tag");
	strings_add(&argv, job->tag);
	strings_add(&argv, "--file");
	strings_add(&argv, path);
	const struct project_service *service = job->service != NULL ? project_find(deck->project, job->service) : NULL;
	for (size_t i = 0; service != NULL && i < service->compose->build_args.count; i++) {
		strings_add(&argv, "--build-arg");
		strings_add(&argv, service->compose->build_args.items[i]);
	}
	machine_add_words(&argv);
	strings_add(&argv, job->context);
	task_start(deck, &argv, job->context, NULL, 0, on_built, job);
}

static void on_looked(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct job *job = data;
	(void)answer;
	if (fault != NULL) {
		start_build(job);
		return;
	}
	struct images *images = job->images;
	job->is_running = false;
	images->running--;
	job_good(job);
	run_jobs(images);
}

static bool may_start(const struct images *images, const struct job *job)
{
	if (job->is_running || job->is_done)
		return false;
	for (size_t i = 0; job->needs_builder && i < images->jobs.count; i++)
		if (images->jobs.items[i]->family >= 0 && !images->jobs.items[i]->is_done)
			return false;
	return true;
}

static void run_jobs(struct images *images)
{
	bool open = false;
	for (size_t i = 0; i < images->jobs.count && images->running < AT_ONCE; i++) {
		struct job *job = images->jobs.items[i];
		if (!may_start(images, job))
			continue;
		job->is_running = true;
		images->running++;
		auto_free char *path = mem_print("/images/%s/json", job->tag);
		engine_ask(images->deck->engine, "GET", path, NULL, 10000, on_looked, job);
	}
	for (size_t i = 0; i < images->jobs.count; i++)
		open = open || !images->jobs.items[i]->is_done;
	if (!open)
		finish(images);
}

/* ---- jobs ---- */

static char *empty_folder(const struct deck *deck)
{
	char *folder = mem_print("%s/empty", deck->state_folder);
	dir_make_all(folder, 0700, NULL);
	return folder;
}

static void prepare(struct job *job, const char *what)
{
	struct hashing hashing = {.left = HASH_LIMIT};
	char *text = job->rendering.text;
	if (machine_ca_bundle() != NULL) {
		job->rendering.text = machine_with_ca(text);
		free(text);
	}
	hash_text(&hashing, job->rendering.text);
	hash_text(&hashing, job->rendering.ignore);
	const struct project_service *service = job->service != NULL ? project_find(job->images->deck->project, job->service) : NULL;
	for (size_t i = 0; service != NULL && i < service->compose->build_args.count; i++)
		hash_text(&hashing, service->compose->build_args.items[i]);
	for (size_t i = 0; i < job->rendering.sources.count; i++)
		hash_path(&hashing, job->rendering.sources.items[i], 0);
	job->tag = image_tag(job->images->deck, what, &hashing);
}

static struct job *add_job(struct images *images)
{
	struct job *job = mem_alloc(sizeof *job);
	job->images = images;
	job->family = -1;
	*array_add(&images->jobs) = job;
	return job;
}

static void drop_job(struct images *images, const char *key, const struct fault *fault)
{
	free_job(images->jobs.items[images->jobs.count - 1]);
	images->jobs.count--;
	images_failed(images, key, fault);
}

static void add_builder(struct images *images, struct family *family)
{
	struct deck *deck = images->deck;
	struct fault fault;
	struct job *job = add_job(images);
	char what[32];
	snprintf(what, sizeof what, "builder-%d", family->index);
	if (!project_render_builder(deck->project, family->index, &job->rendering, &fault)) {
		drop_job(images, what, &fault);
		return;
	}
	char *text = job->rendering.text;
	/* the volumes take over who owns these folders; the agent is the helper */
	job->rendering.text = mem_print("%s\nUSER 0\nCOPY --from=%s /deckhand /.cargodeck/deckhand\n", text, deck->launcher_image);
	free(text);
	job->family = family->index;
	job->context = empty_folder(deck);
	prepare(job, what);
	free(family->image);
	family->image = mem_copy_string(job->tag); /* services that fall back name it */
}

static void add_service(struct images *images, const struct project_service *service)
{
	struct deck *deck = images->deck;
	struct fault fault;
	struct job *job = add_job(images);
	auto_free char *key = mem_print("image of %s", service->name);
	const char *builder = deck->families.items[service->family]->image;
	if (!project_render_service(deck->project, service, deck->launcher_image, builder != NULL ? builder : "scratch", &job->rendering, &fault)) {
		drop_job(images, key, &fault);
		return;
	}
	job->service = mem_copy_string(service->name);
	job->context = mem_copy_string(service->compose->context != NULL ? service->compose->context : deck->project->folder);
	job->needs_builder = job->rendering.fallback != NULL;
	prepare(job, service->name);
}

static void make_jobs(struct images *images)
{
	struct deck *deck = images->deck;
	bool all = deck->image_services.count == 0;
	for (size_t i = 0; i < deck->families.count; i++)
		if (all)
			add_builder(images, deck->families.items[i]);
	for (size_t i = 0; i < deck->project->services.count; i++) {
		const struct project_service *service = &deck->project->services.items[i];
		if (deck->options.only_job != NULL)
			break; /* no service is brought up */
		if (service->kind == PROJECT_RUST && service->family >= 0 && (all || strings_have(&deck->image_services, service->name)))
			add_service(images, service);
	}
	strings_finish(&deck->image_services);
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, _("%u of %zu"), 0u, images->jobs.count);
	run_jobs(images);
}

/* ---- the launcher's image ---- */

static void on_imported(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct images *images = data;
	(void)answer;
	images->request = NULL;
	str_finish(&images->tar);
	if (fault != NULL) {
		images_failed(images, "launcher", fault);
		finish(images);
		return;
	}
	make_jobs(images);
}

static void on_launcher_looked(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct images *images = data;
	struct deck *deck = images->deck;
	(void)answer;
	images->request = NULL;
	if (fault == NULL) {
		on_imported(images, NULL, NULL);
		return;
	}
	const char *colon = strchr(deck->launcher_image, ':');
	auto_free char *label = mem_print("LABEL dev.cargodeck.project=%s", deck->name);
	auto_free char *quoted = engine_quote(label);
	auto_free char *path = mem_print("/images/create?fromSrc=-&repo=cargodeck&tag=%s&changes=%s", colon + 1, quoted);
	images->request = engine_send(deck->engine, "POST", path, "application/x-tar", images->tar.data, images->tar.len, 60000, on_imported, images);
}

/* ---- public ---- */

void images_build(struct deck *deck, const struct strings *only)
{
	struct fault fault;
	for (size_t i = 0; only != NULL && i < only->count; i++)
		strings_add_new(&deck->image_services, only->items[i]);
	if (deck->imaging != NULL) {
		deck->image_again = deck->image_again || only == NULL;
		return; /* what waits is asked for when this one is done */
	}
	if (only == NULL)
		strings_finish(&deck->image_services);
	struct images *images = deck->imaging = mem_alloc(sizeof *images);
	images->deck = deck;
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, _("the launcher"));
	if (!launcher_make(deck, &images->tar, &fault)) {
		images_failed(images, "launcher", &fault);
		finish(images);
		return;
	}
	auto_free char *path = mem_print("/images/%s/json", deck->launcher_image);
	images->request = engine_ask(deck->engine, "GET", path, NULL, 10000, on_launcher_looked, images);
}

void images_close(struct deck *deck)
{
	if (deck->imaging != NULL) {
		tasks_close(deck);
		free_images(deck->imaging);
		deck->imaging = NULL;
	}
}
