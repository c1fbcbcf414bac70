/* Images: the launcher's (imported), the builder's of each family and each Rust
 * service's (rendered, built by buildx). A tag carries the hash of all that went
 * in, so what is there already is not built again. Two builds run at a time. */
#include "deck.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 2, HASH_LIMIT = 64 << 20, RENDER_LIMIT = 4 << 20 };
#define CA_SECRET "cargodeck-ca"
#define CA_PATH "/run/secrets/" CA_SECRET

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

/* ---- hashes ---- */

struct hashing {
	uint64_t sum;
	size_t left; /* bytes that may still be read */
};

static void hash_add(struct hashing *hashing, const void *bytes, size_t len)
{
	hashing->sum = hashing->sum * 1099511628211u ^ hash_bytes(bytes, len);
}

static void hash_text(struct hashing *hashing, const char *text)
{
	hash_add(hashing, text, strlen(text) + 1);
}

static void hash_path(struct hashing *hashing, const char *path, int depth)
{
	struct stat status;
	hash_text(hashing, path);
	if (depth > 24 || lstat(path, &status) != 0)
		return;
	if (S_ISREG(status.st_mode)) {
		size_t len = 0;
		auto_free char *text = (size_t)status.st_size <= hashing->left ? file_read(path, hashing->left, &len, NULL) : NULL;
		if (text != NULL) {
			hashing->left -= len;
			hash_add(hashing, text, len);
		} else {
			hash_add(hashing, &status.st_mtim, sizeof status.st_mtim);
		}
		return;
	}
	DIR *dir = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
	auto_strings names = {0};
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && names.count < 20000;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			strcmp(entry->d_name, ".git") != 0 && strcmp(entry->d_name, "target") != 0)
			strings_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *inside = path_join(path, names.items[i]);
		hash_path(hashing, inside, depth + 1);
	}
}

/* A tag holds at most 128 of [A-Za-z0-9_.-] (Docker's reference grammar). */
static char *make_tag(const struct deck *deck, const char *what, const struct hashing *hashing)
{
	char text[128];
	snprintf(text, sizeof text, "%.50s.%.50s", deck->name, what);
	for (char *at = text; *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *at) == NULL)
			*at = '-';
	return mem_print("cargodeck:%s.%016llx", text, (unsigned long long)hashing->sum);
}

/* ---- the machine's own network settings ---- */

const char *machine_ca_bundle(void)
{
	static const char *const names[] = {"CARGO_HTTP_CAINFO", "SSL_CERT_FILE", "CURL_CA_BUNDLE"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *path = getenv(names[i]);
		if (path != NULL && path[0] != '\0' && file_exists(path))
			return path;
	}
	return NULL;
}

/* Gives each RUN line the machine's CA bundle as a secret: it is in no layer. */
static char *with_ca(const char *text)
{
	struct dockerfile file;
	struct str out = {0};
	if (!dockerfile_read(text, strlen(text), NULL, &file, NULL))
		return mem_copy_string(text);
	for (size_t i = 0; i < file.lines.count; i++) {
		const struct docker_line *line = &file.lines.items[i];
		if (strcmp(line->word, "RUN") == 0) {
			const char *at = line->raw + strspn(line->raw, " \t");
			str_print(&out, "RUN --mount=type=secret,id=" CA_SECRET ",target=" CA_PATH ",mode=0444 %s", at + 3 + strspn(at + 3, " \t"));
		} else {
			str_add(&out, line->raw);
		}
		if (out.len > 0 && out.data[out.len - 1] != '\n')
			str_add_char(&out, '\n');
		if (strcmp(line->word, "FROM") == 0)
			str_add(&out, "ARG CARGO_HTTP_CAINFO=" CA_PATH "\nARG SSL_CERT_FILE=" CA_PATH "\n");
	}
	dockerfile_finish(&file);
	return str_steal(&out);
}

static void add_machine_words(struct strings *argv)
{
	/* predefined build arguments: in no history (Dockerfile reference, ARG) */
	static const char *const proxies[] = {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};
	for (size_t i = 0; i < COUNT_OF(proxies); i++) {
		if (getenv(proxies[i]) != NULL) {
			strings_add(argv, "--build-arg");
			strings_add(argv, proxies[i]); /* buildx reads the value itself: it is on no command line */
		}
	}
	if (machine_ca_bundle() != NULL) {
		strings_add(argv, "--secret");
		strings_print(argv, "id=" CA_SECRET ",src=%s", machine_ca_bundle());
	}
}

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
	deck_step(deck, STEP_IMAGES, failed ? STEP_FAILED : STEP_DONE, "%u of %zu", images->done, images->jobs.count);
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
		builder_start(deck, family);
	} else {
		map_put(deck->images, job->service, mem_copy_string(job->tag));
		map_put(deck->kinds, job->service, job->rendering.fallback != NULL ? (void *)(uintptr_t)"builder" : (void *)(uintptr_t)"own");
	}
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, "%u of %zu", job->images->done, job->images->jobs.count);
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
		fault_set(&fault, FAULT_FAILED, "the %s could not be built: %s", key, str_text(&text));
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
	add_machine_words(&argv);
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
		job->rendering.text = with_ca(text);
		free(text);
	}
	hash_text(&hashing, job->rendering.text);
	hash_text(&hashing, job->rendering.ignore);
	const struct project_service *service = job->service != NULL ? project_find(job->images->deck->project, job->service) : NULL;
	for (size_t i = 0; service != NULL && i < service->compose->build_args.count; i++)
		hash_text(&hashing, service->compose->build_args.items[i]);
	for (size_t i = 0; i < job->rendering.sources.count; i++)
		hash_path(&hashing, job->rendering.sources.items[i], 0);
	job->tag = make_tag(job->images->deck, what, &hashing);
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
		if (service->kind == PROJECT_RUST && service->family >= 0 && (all || strings_have(&deck->image_services, service->name)))
			add_service(images, service);
	}
	strings_finish(&deck->image_services);
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, "0 of %zu", images->jobs.count);
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

static void add_launcher(struct str *tar, const char *name, const char *helper, size_t len)
{
	/* the trailer of deckhand.h: magic, bin=NAME */
	char trailer[DECKHAND_TRAILER_SIZE] = DECKHAND_TRAILER_MAGIC;
	auto_str whole = {0};
	snprintf(trailer + sizeof DECKHAND_TRAILER_MAGIC, sizeof trailer - sizeof DECKHAND_TRAILER_MAGIC, "bin=%s", name);
	str_add_bytes(&whole, helper, len);
	str_add_bytes(&whole, trailer, sizeof trailer);
	tar_add_file(tar, name, whole.data, whole.len, 0755);
}

static bool make_launcher(struct images *images, struct fault *fault)
{
	struct deck *deck = images->deck;
	struct hashing hashing = {.left = HASH_LIMIT};
	auto_free char *path = deck_helper_path(deck->engine_arch);
	size_t len = 0;
	auto_strings bins = {0};
	if (path == NULL) {
		fault_set(fault, FAULT_OUTSIDE, "the helper deckhand for %s is not installed", deck->engine_arch);
		return fault_mend(fault, "install a cross compiler for it and build cargodeck again");
	}
	auto_free char *helper = file_read(path, 16 << 20, &len, fault);
	if (helper == NULL)
		return false;
	for (size_t i = 0; i < deck->families.count; i++)
		for (size_t j = 0; j < deck->families.items[i]->served.count; j++)
			strings_add_new(&bins, deck->families.items[i]->served.items[j]);
	/* not the archive itself: it holds the time */
	hash_add(&hashing, helper, len);
	tar_add_file(&images->tar, "deckhand", helper, len, 0755);
	for (size_t i = 0; i < bins.count; i++) {
		hash_text(&hashing, bins.items[i]);
		add_launcher(&images->tar, bins.items[i], helper, len);
	}
	tar_end(&images->tar);
	free(deck->launcher_image);
	deck->launcher_image = make_tag(deck, "launcher", &hashing);
	return true;
}

/* ---- what is old ---- */

static bool is_in_use(const struct deck *deck, const char *tag)
{
	size_t at = 0;
	void *value;
	if (text_equal(tag, deck->launcher_image))
		return true;
	for (const char *service; map_next(deck->images, &at, &service, &value);)
		if (text_equal(tag, value))
			return true;
	for (size_t i = 0; i < deck->families.count; i++)
		if (text_equal(tag, deck->families.items[i]->image))
			return true;
	return false;
}

static void on_removed(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	(void)data;
	(void)answer;
	(void)fault; /* a container still stands on it: the next time */
}

static void on_images(void *data, const struct engine_answer *answer, const struct fault *fault)
{
	struct deck *deck = data;
	size_t i, j;
	json_t *image, *tag;
	if (fault != NULL || deck->imaging != NULL)
		return;
	json_array_foreach(answer->json, i, image) {
		json_array_foreach(json_object_get(image, "RepoTags"), j, tag) {
			const char *text = json_string_value(tag);
			if (text == NULL || !text_starts_with(text, "cargodeck:") || is_in_use(deck, text))
				continue;
			auto_free char *quoted = engine_quote(text);
			auto_free char *path = mem_print("/images/%s", quoted);
			engine_ask(deck->engine, "DELETE", path, NULL, 60000, on_removed, deck);
		}
	}
}

/* Each image of before goes as soon as nothing stands on it. */
void images_drop_old(struct deck *deck)
{
	auto_free char *filters = mem_print("{\"label\":[\"dev.cargodeck.project=%s\"]}", deck->name);
	auto_free char *quoted = engine_quote(filters);
	auto_free char *path = mem_print("/images/json?filters=%s", quoted);
	engine_ask(deck->engine, "GET", path, NULL, 60000, on_images, deck);
}

/* ---- public ---- */

void images_build(struct deck *deck, const struct strings *only)
{
	struct fault fault;
	for (size_t i = 0; only != NULL && i < only->count; i++)
		strings_add_new(&deck->image_services, only->items[i]);
	if (deck->imaging != NULL)
		return; /* what waits is asked for when this one is done */
	struct images *images = deck->imaging = mem_alloc(sizeof *images);
	images->deck = deck;
	deck_step(deck, STEP_IMAGES, STEP_RUNNING, "the launcher");
	if (!make_launcher(images, &fault)) {
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
