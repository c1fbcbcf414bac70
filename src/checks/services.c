/* What services of compose files are to the project. Nothing is held: each
 * question is answered anew from the merged model. */
#include "services.h"

#include "compose-files.h"
#include "own-images.h"
#include "rust-asks.h"
#include "shipped.h"
#include "writings.h"

enum { SERVICES_LIMIT = 1000, ROLES_LIMIT = 500 };

const json_t *service_each(const struct sources *sources, void **iter, const char **name)
{
	json_t *services = compose_services(sources);
	while (services != NULL && json_object_size(services) <= SERVICES_LIMIT) {
		*iter = *iter == NULL ? json_object_iter(services) : json_object_iter_next(services, *iter);
		if (*iter == NULL)
			return NULL;
		*name = json_object_iter_key(*iter);
		if (json_is_object(json_object_iter_value(*iter)))
			return json_object_iter_value(*iter);
	}
	return NULL;
}

const char *service_env(const json_t *service, const char *name)
{
	return json_string_value(json_object_get(json_object_get(service, "environment"), name));
}

char *words_text(const json_t *words)
{
	struct str out = {0};
	const char *text = json_string_value(words);
	if (text != NULL)
		str_add(&out, text);
	for (size_t i = 0; i < json_array_size(words) && i < 1000; i++) {
		const char *word = json_string_value(json_array_get(words, i));
		str_print(&out, "%s%s", i > 0 ? " " : "", word != NULL ? word : "");
	}
	return str_steal(&out);
}

bool volume_is_external(const struct sources *sources, const char *volume)
{
	return json_is_true(json_object_get(json_object_get(json_object_get(sources->compose, "volumes"), volume), "external"));
}

const char *volume_type(const struct sources *sources, const char *volume)
{
	const json_t *declared = json_object_get(json_object_get(sources->compose, "volumes"), volume);
	return json_string_value(json_object_get(json_object_get(declared, "driver_opts"), "type"));
}

bool service_covers(const json_t *service, const char *path)
{
	const json_t *mounts = json_object_get(service, "volumes"), *tmpfs = json_object_get(service, "tmpfs");
	for (size_t i = 0; i < json_array_size(mounts); i++) {
		const char *target = json_string_value(json_object_get(json_array_get(mounts, i), "target"));
		if (target != NULL && path_is_below(path, target))
			return true;
	}
	for (size_t i = 0; i < json_array_size(tmpfs); i++) {
		const char *text = json_string_value(json_array_get(tmpfs, i));
		auto_free char *target = text != NULL ? mem_copy_bytes(text, strcspn(text, ":")) : NULL;
		if (target != NULL && path_is_below(path, target))
			return true;
	}
	return false;
}

bool compose_is_unmerged(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *reason = sources->options->compose_reason;
	if (sources->compose != NULL || sources->compose_files.count == 0)
		return false;
	check_missing(check, "compose could not read %s: %s", sources->compose_files.items[0].path, reason != NULL ? reason : "");
	return true;
}

bool compose_is_there(struct check *check)
{
	const struct sources *sources = check->sources;
	if (compose_services(sources) != NULL)
		return true;
	if (compose_is_unmerged(check))
		return false;
	if (sources->other_composes.count > 0)
		check_missing(check, "compose was not asked for %s: name it with -f", sources->other_composes.items[0].path);
	else
		check_none(check, rust_file(sources), "there is no compose file");
	return false;
}

bool service_has_ports(const json_t *service)
{
	return json_array_size(json_object_get(service, "ports")) + json_array_size(json_object_get(service, "expose")) > 0;
}

/* ---- jobs, tests ---- */

/* The last of its commands says what it ends as: "migrate && serve" goes on. */
static bool command_migrates(const json_t *command)
{
	static const char *const words[] = {"migrate*", "*migrate", NULL};
	auto_free char *text = words_text(command);
	struct shell_commands commands = {0};
	shell_split(text, &commands);
	const struct strings *last = commands.count > 0 ? &commands.items[commands.count - 1].words : NULL;
	bool found = strstr(text, "mc mb") != NULL;
	for (size_t i = 0; last != NULL && i < last->count; i++) {
		const char *next = i + 1 < last->count ? last->items[i + 1] : "";
		found = found || (name_in(last->items[i], words) && (i == 0 || next[0] == '\0' || next[0] == '-')) ||
			((strcmp(last->items[i], "migrate") == 0 || strcmp(last->items[i], "migration") == 0) && strcmp(next, "run") == 0);
	}
	shell_commands_finish(&commands);
	return found;
}

bool name_is_job(const char *name)
{
	static const char *const words[] = {"*migrat*", "init", "seed", "seeds", "seeder", "seeding", "setup", "bootstrap", "createbuckets", "once", "fixtures",
		"sqlx", "diesel", "refinery", "loaddata", NULL};
	static const char *const lasts[] = {"job", "*[-_.]job", "cli", "*[-_.]cli", "shell", "*[-_.]shell", "tools", "*[-_.]tools", NULL};
	return path_has_word(name, words) || name_in(name, lasts);
}

bool service_is_job(const struct sources *sources, const char *name, const json_t *service)
{
	const char *other;
	void *iter = NULL;
	if (name_is_job(name))
		return true;
	for (const json_t *each; (each = service_each(sources, &iter, &other)) != NULL;) {
		const json_t *depend = json_object_get(json_object_get(each, "depends_on"), name);
		if (text_equal(json_string_value(json_object_get(depend, "condition")), "service_completed_successfully"))
			return true;
	}
	if (service == NULL)
		service = json_object_get(compose_services(sources), name);
	return command_migrates(json_object_get(service, "command"));
}

bool service_is_for_tests(const char *name)
{
	static const char *const words[] = {"test", "tests", "testing", "e2e", NULL};
	return path_has_word(name, words);
}

/* ---- what it is built of ---- */

char *path_of_project(const struct sources *sources, const char *folder, const char *path)
{
	if (path == NULL || path[0] == '\0' || path[0] == '~' || strchr(path, '$') != NULL)
		return NULL;
	auto_free char *joined = path_join(folder, path), *clean = path_clean(joined);
	const char *below = clean[0] == '/' ? tree_relative(&sources->tree, clean) : clean;
	if (below == NULL || strcmp(below, "..") == 0 || text_starts_with(below, "../"))
		return NULL;
	return mem_copy_string(below[0] != '\0' ? below : ".");
}

char *dockerfile_of_service(const struct sources *sources, const char *folder, const json_t *service)
{
	const char *context = json_string_value(compose_member(service, "build.context"));
	const char *file = json_string_value(compose_member(service, "build.dockerfile"));
	if (!compose_is_built(service))
		return NULL;
	auto_free char *base = path_of_project(sources, folder, context != NULL ? context : ".");
	return base != NULL ? path_of_project(sources, base, file != NULL ? file : "Dockerfile") : NULL;
}

const struct shipped *service_shipped(const struct sources *sources, const char *name, const json_t *service)
{
	for (size_t i = 0; i < sources->shipped.count; i++)
		if (text_equal(sources->shipped.items[i].service, name))
			return &sources->shipped.items[i];
	const char *target = json_string_value(compose_member(service, "build.target"));
	auto_free char *below = dockerfile_of_service(sources, ".", service);
	for (size_t i = 0; below != NULL && i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		bool same = strcmp(shipped->source->path, below) == 0;
		if (same && (target == NULL || dockerfile_stage(&shipped->source->file, target) == shipped->stage))
			return shipped;
	}
	return NULL;
}

/* ---- whose program it runs ---- */

static bool other_builds_image(const struct sources *sources, const char *image)
{
	const char *name;
	json_t *each;
	json_object_foreach((json_t *)(uintptr_t)compose_services(sources), name, each)
		if (compose_is_built(each) && text_equal(compose_image(each), image))
			return true;
	return false;
}

/* Of tests, or of a folder beside the project. */
static bool is_built_elsewhere(const struct sources *sources, const json_t *service)
{
	if (compose_member(service, "build.dockerfile_inline") != NULL)
		return false;
	auto_free char *path = dockerfile_of_service(sources, ".", service);
	const struct tree_file *file = path != NULL ? tree_find(&sources->tree, path) : NULL;
	bool is_harness = path == NULL || (file != NULL && file->is_harness);
	for (size_t i = 0; i < sources->dockers.count && !is_harness; i++)
		is_harness = sources->dockers.items[i]->is_harness && strcmp(sources->dockers.items[i]->path, path) == 0;
	return is_harness;
}

/* The sources on an image of the toolchain: `image: rust` with `cargo run`. */
static bool runs_cargo(const json_t *service)
{
	auto_free char *command = words_text(json_object_get(service, "command"));
	struct image_name name;
	if (!builds_sources(command))
		return false;
	image_name_read(compose_image(service), &name);
	bool rust = base_kind(&name) == BASE_TOOLCHAIN;
	image_name_finish(&name);
	return rust;
}

bool service_is_own(const struct sources *sources, const char *name, const json_t *service)
{
	const struct shipped *shipped = service_shipped(sources, name, service);
	const char *image = compose_image(service);
	if (compose_is_built(service))
		return shipped != NULL ? shipped_is_own(shipped) : !is_built_elsewhere(sources, service);
	return image != NULL && (other_builds_image(sources, image) || image_is_own(sources, image) || runs_cargo(service));
}

bool service_is_rust(const struct sources *sources, const char *name, const json_t *service)
{
	const struct shipped *shipped = service_shipped(sources, name, service);
	const char *image = compose_image(service);
	if (!service_is_own(sources, name, service))
		return false;
	if (shipped != NULL)
		return shipped->has_rust || !any_image_has_rust(sources);
	return !any_image_has_rust(sources) || name_is_member(sources, name) ||
		(!compose_is_built(service) && (runs_cargo(service) || image_names_member(sources, image)));
}

unsigned rust_services(const struct sources *sources)
{
	unsigned count = 0;
	const char *name;
	void *iter = NULL;
	for (const json_t *service; (service = service_each(sources, &iter, &name)) != NULL;)
		count += service_is_rust(sources, name, service) && !service_is_job(sources, name, service) && !service_is_for_tests(name);
	return count;
}

bool live_is_own(const struct sources *sources, const json_t *container)
{
	const char *name = live_service(container);
	const json_t *service = json_object_get(compose_services(sources), name);
	return service != NULL && service_is_own(sources, name, service);
}

bool live_is_rust(const struct sources *sources, const json_t *container)
{
	const char *name = live_service(container);
	const json_t *service = json_object_get(compose_services(sources), name);
	if (service == NULL)
		return name_is_member(sources, name);
	return service_is_rust(sources, name, service) && !service_is_job(sources, name, service) && !service_is_for_tests(name);
}

static bool words_call_tools(const json_t *words)
{
	static const char *const tools[] = {"cargo", "bacon", "watchexec", "trunk", "npm", "pnpm", "yarn", "vite", "bun", NULL};
	size_t i;
	json_t *word;
	json_array_foreach((json_t *)(uintptr_t)words, i, word) {
		const char *text = json_string_value(word);
		auto_free char *first = text != NULL ? mem_copy_bytes(text, strcspn(text, " ")) : mem_copy_string("");
		if (name_in(path_name(first), tools))
			return true;
	}
	auto_free char *command = words_text(words);
	return builds_sources(command);
}

/* From the mounted sources, by cargo, or in a stage for developers. */
bool service_is_developed(const struct sources *sources, const json_t *service)
{
	size_t at;
	json_t *mount;
	const char *target = json_string_value(compose_member(service, "build.target"));
	static const char *const stages[] = {"dev*", "builder", "build", "chef", "planner", NULL};
	if (target != NULL && name_in(target, stages))
		return true;
	if (words_call_tools(compose_member(service, "command")) || words_call_tools(compose_member(service, "entrypoint")))
		return true;
	json_array_foreach((json_t *)(uintptr_t)compose_member(service, "volumes"), at, mount) {
		const char *below = tree_relative(&sources->tree, json_string_value(json_object_get(mount, "source")));
		if (below == NULL || !text_equal(json_string_value(json_object_get(mount, "type")), "bind"))
			continue;
		static const char *const manifests[] = {"Cargo.toml", "package.json"};
		for (size_t j = 0; j < COUNT_OF(manifests); j++) {
			auto_free char *manifest = path_join(below, manifests[j]);
			if (tree_find(&sources->tree, below[0] != '\0' ? manifest : manifests[j]) != NULL)
				return true;
		}
		if (has_rust_sources(sources, below[0] != '\0' ? below : ".") || strcmp(path_name(below), "src") == 0)
			return true;
	}
	return false;
}

const char *read_only_taken_back(const struct sources *sources, const char *service, unsigned *line)
{
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *services = compose_written(source);
		const struct yaml_node *node = services != NULL ? yaml_get(services, service) : NULL;
		const struct yaml_node *value = node != NULL ? yaml_get(node, "read_only") : NULL;
		if (value == NULL || layer_role(source->path) == LAYER_DEV || layer_role(source->path) == LAYER_OVERRIDE)
			continue;
		*line = yaml_key(node, "read_only")->line;
		return yaml_truth(value) == 1 ? source->path : NULL;
	}
	return NULL;
}

/* Where one image of the product is built here, it is the one that is published. */
static const struct shipped *only_image(const struct sources *sources)
{
	size_t at = 0;
	const struct shipped *first = own_image(sources, &at);
	return first != NULL && own_image(sources, &at) == NULL ? first : NULL;
}

struct service service_read(const struct sources *sources, const char *name, const json_t *json)
{
	struct service service = {.name = name, .json = json, .shipped = service_shipped(sources, name, json)};
	service.is_own = service_is_own(sources, name, json);
	if (service.is_own && service.shipped == NULL && !compose_is_built(json))
		service.shipped = only_image(sources);
	service.is_development = service.is_own && (service_is_for_tests(name) || service_is_developed(sources, json));
	service.is_job = service_is_job(sources, name, json);
	return service;
}

bool service_next(const struct sources *sources, size_t *at, struct service *out)
{
	const json_t *services = compose_services(sources);
	size_t index = 0;
	const char *name;
	json_t *each;
	json_object_foreach((json_t *)(uintptr_t)services, name, each) {
		if (index >= ROLES_LIMIT)
			return false;
		if (index++ != *at)
			continue;
		(*at)++;
		if (!json_is_object(each))
			continue;
		*out = service_read(sources, name, each);
		return true;
	}
	return false;
}

bool has_own_service(struct check *check)
{
	const struct sources *sources = check->sources;
	struct service service;
	bool is_developed = false;
	for (size_t at = 0; service_next(sources, &at, &service);) {
		if (service.is_own && !service.is_development)
			return true;
		is_developed = is_developed || service.is_own;
	}
	if (compose_is_unmerged(check))
		return false;
	if (is_developed)
		check_none(check, main_place(sources), "compose runs the program from its sources, for development alone");
	else if (sources->compose_files.count > 0)
		check_none(check, main_place(sources), "compose starts no program of this project");
	else if (has_own_image(sources))
		check_none(check, sources->shipped.items[0].source->path, "nothing here starts a container: there is no compose file");
	else
		check_none(check, main_place(sources), "nothing here starts a container: there is neither a compose file nor a Dockerfile");
	return false;
}
