/* Reads every compose file of the tree and says which part it plays. Services come
 * in the form that compose gives its merged model (model.c), so that whoever judges
 * knows one form. Files are foreign: their number is bounded. */
#include "compose-files.h"

#include <ctype.h>

enum { MOST_LAYERS = 60, MOST_ITEMS = 300, MOST_UNITS = 200, MOST_TEXT = 4096 };

/* ---- a YAML tree as JSON ---- */

/* `${NAME:-text}` is its text; what is not known stays. */
static char *fill_defaults(const char *text)
{
	struct str out = {0};
	if (strlen(text) > MOST_TEXT)
		return mem_copy_string(text);
	while (*text != '\0') {
		const char *end = text_starts_with(text, "${") ? strchr(text, '}') : NULL;
		const char *mark = end != NULL ? memmem(text, (size_t)(end - text), ":-", 2) : NULL;
		if (end != NULL && mark == NULL && (mark = memchr(text, '-', (size_t)(end - text))) != NULL)
			mark--;
		if (mark == NULL || memchr(mark + 2, '$', (size_t)(end - mark - 2)) != NULL) {
			str_add_char(&out, *text++);
			continue;
		}
		str_add_bytes(&out, mark + 2, (size_t)(end - mark - 2));
		text = end + 1;
	}
	return str_steal(&out);
}

/* ---- which part a file plays ---- */

enum layer_role layer_role(const char *path)
{
	static const char *const overrides[] = {"override", "overrides", NULL};
	static const char *const tests[] = {"test", "tests", "testing", "ci", "e2e", "integration", "bench", NULL};
	static const char *const production[] = {"prod", "production", "deploy", "deployment", "release", "staging", "stage", "swarm",
		"stack", "live", NULL};
	static const char *const development[] = {"dev", "devel", "develop", "development", "devcontainer", "local", "debug", "hot", "watch",
		"reload", NULL};
	if (path_has_word(path_name(path), overrides))
		return LAYER_OVERRIDE;
	if (path_has_word(path, development))
		return LAYER_DEV;
	if (path_has_word(path_name(path), tests))
		return LAYER_TEST;
	return path_has_word(path, production) ? LAYER_PROD : LAYER_BASE;
}

bool role_is_for_development(const char *path)
{
	enum layer_role role = layer_role(path);
	return role == LAYER_DEV || role == LAYER_TEST;
}

bool role_is_deployed(const char *path)
{
	static const char *const samples[] = {"example", "examples", "sample", NULL};
	enum layer_role role = layer_role(path);
	return (role == LAYER_PROD || role == LAYER_BASE) && !path_has_word(path, samples);
}

/* *sample: the name ends in .example and the like, or has that word in it. */
static bool is_compose_name(const char *name, bool *sample)
{
	static const char *const samples[] = {"example", "sample", "dist", "template", "tmpl", "tpl", NULL};
	*sample = path_has_word(name, samples);
	return strcasestr(name, "compose") != NULL && (text_ends_with(name, ".yml") || text_ends_with(name, ".yaml") ||
		(*sample && (strstr(name, ".yml.") != NULL || strstr(name, ".yaml.") != NULL)));
}

static bool has_origin(const json_t *service)
{
	return json_is_object(json_object_get(service, "build")) || json_is_string(json_object_get(service, "image"));
}

bool compose_is_whole(const json_t *services, const char *text)
{
	bool is_whole = strstr(text, ": !reset") == NULL && strstr(text, ": !override") == NULL;
	const char *name;
	json_t *service;
	json_object_foreach((json_t *)(uintptr_t)services, name, service)
		is_whole = is_whole && has_origin(service);
	return is_whole;
}

/* Members that the file has itself, in the merged model's form. */
static json_t *read_services(const struct sources *sources, const char *path, const struct yaml *yaml)
{
	struct yaml_source one = {.path = path, .yaml = (struct yaml *)(uintptr_t)yaml};
	json_t *model = model_read(sources, &one, 1), *services = json_incref(json_object_get(model, "services")), *service;
	const char *name;
	json_object_foreach(services, name, service) {
		const struct yaml_node *build = yaml_get(yaml_get(compose_written(&one), name), "build");
		if (build != NULL && build->kind == YAML_MAP && yaml_get(build, "context") == NULL)
			json_object_del(json_object_get(service, "build"), "context");
		if (build != NULL && build->kind == YAML_MAP && yaml_get(build, "dockerfile") == NULL)
			json_object_del(json_object_get(service, "build"), "dockerfile");
	}
	json_decref(model);
	return services;
}

static const struct yaml_source *main_source(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->compose_files.count; i++)
		if (text_equal(sources->compose_files.items[i].path, path))
			return &sources->compose_files.items[i];
	return NULL;
}

static void add_layer(struct layers *layers, const char *path, bool is_harness)
{
	const struct sources *sources = layers->sources;
	size_t len;
	char *text = layers->items.count < MOST_LAYERS ? tree_read(&sources->tree, path, &len) : NULL;
	struct yaml *yaml = text != NULL ? yaml_read(text, len, NULL) : NULL;
	json_t *services = yaml != NULL ? read_services(sources, path, yaml) : NULL;
	if (services == NULL) {
		free(text);
		yaml_close(yaml);
		return;
	}
	struct layer *layer = array_add(&layers->items);
	*layer = (struct layer){.path = path, .folder = path_parent(path), .role = layer_role(path), .is_main = main_source(sources, path) != NULL,
		.is_harness = is_harness, .is_whole = compose_is_whole(services, text), .yaml = yaml, .text = text, .services = services};
	is_compose_name(path_name(path), &layer->is_sample);
}

/* ---- services over services ---- */

static void add_unit(struct layers *layers, const struct layer *layer, const char *name, json_t *json)
{
	if (layers->units.count >= MOST_UNITS) {
		json_decref(json);
		return;
	}
	*array_add(&layers->units) = (struct unit){.layer = layer, .name = name, .json = json};
}

/* "build: {target: dev}": the rest stands in the file below. */
static bool lacks_context(const json_t *service)
{
	const json_t *build = json_object_get(service, "build");
	return json_is_object(build) && json_object_get(build, "context") == NULL && json_object_get(build, "dockerfile") == NULL;
}

static void add_units(struct layers *layers)
{
	const char *name;
	json_t *service;
	json_object_foreach(layers->main, name, service)
		add_unit(layers, NULL, name, json_incref(service));
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		if (layer->is_main || layer->is_sample || layer->is_harness)
			continue;
		json_object_foreach(layer->services, name, service) {
			bool is_part = !layer->is_whole || lacks_context(service);
			const json_t *below = is_part ? json_object_get(layers->main, name) : NULL;
			add_unit(layers, layer, name, json_is_object(below) ? model_lay_over(below, service) : json_incref(service));
		}
	}
}

/* Where nobody asked compose, its files are laid over each other here; where it
 * has no file, the shallowest one that plays no other part is taken for it. */
static void choose_main(struct layers *layers)
{
	bool is_found = false;
	for (size_t i = 0; i < layers->items.count; i++)
		is_found = is_found || layers->items.items[i].is_main;
	struct layer *best = NULL;
	for (size_t i = 0; i < layers->items.count && !is_found; i++) {
		struct layer *layer = &layers->items.items[i];
		if (layer->role == LAYER_BASE && !layer->is_sample && !layer->is_harness &&
			(best == NULL || strlen(layer->folder) < strlen(best->folder)))
			best = layer;
	}
	if (best != NULL)
		best->is_main = true;
}

static void merge_main(struct layers *layers)
{
	const json_t *merged = compose_services(layers->sources);
	layers->main = json_is_object(merged) ? json_copy((json_t *)(uintptr_t)merged) : json_object();
	json_t *own = json_object();
	for (size_t i = 0; i < layers->items.count; i++) {
		const struct layer *layer = &layers->items.items[i];
		const char *name;
		json_t *service;
		if (!layer->is_main)
			continue;
		if (layers->main_file == NULL)
			layers->main_file = layer->path;
		json_object_foreach(layer->services, name, service) {
			const json_t *old = json_object_get(own, name);
			json_object_set_new(own, name, old != NULL ? model_lay_over(old, service) : json_deep_copy(service));
		}
	}
	/* a profile that is off hides its services from the merged model */
	json_object_update_missing(layers->main, own);
	json_decref(own);
}

struct layers *layers_open(const struct sources *sources)
{
	struct layers *layers = mem_alloc(sizeof *layers);
	layers->sources = sources;
	for (size_t i = 0; i < sources->compose_files.count; i++)
		add_layer(layers, sources->compose_files.items[i].path, false);
	const struct tree_file *file;
	bool sample;
	for (size_t at = 0; (file = tree_each(&sources->tree, &at, "*ompose*")) != NULL;)
		if (is_compose_name(path_name(file->path), &sample) && main_source(sources, file->path) == NULL)
			add_layer(layers, file->path, file->is_harness);
	choose_main(layers);
	merge_main(layers);
	add_units(layers);
	for (size_t i = 0; i < layers->units.count; i++)
		unit_look(layers, &layers->units.items[i]);
	return layers;
}

void layers_close(struct layers *layers)
{
	if (layers == NULL)
		return;
	for (size_t i = 0; i < layers->units.count; i++) {
		json_decref(layers->units.items[i].json);
		free(layers->units.items[i].command);
	}
	for (size_t i = 0; i < layers->items.count; i++) {
		struct layer *layer = &layers->items.items[i];
		free(layer->folder);
		yaml_close(layer->yaml);
		free(layer->text);
		json_decref(layer->services);
	}
	array_finish(&layers->units);
	array_finish(&layers->items);
	json_decref(layers->main);
	free(layers);
}

/* ---- places ---- */

static bool node_has(const struct yaml_node *node, const char *word)
{
	if (node->kind == YAML_SCALAR) {
		auto_free char *filled = fill_defaults(node->text);
		return strstr(filled, word) != NULL;
	}
	for (size_t i = 0; i < node->items.count && i < MOST_ITEMS; i++)
		if (node->items.items[i]->kind == YAML_SCALAR && node_has(node->items.items[i], word))
			return true;
	return false;
}

/* The line of the deepest key of the path that is there; *whole: all of it. */
static unsigned line_of_path(const struct yaml_node *service, const char *path, bool *whole)
{
	auto_free char *part = mem_copy_string(path);
	*whole = true;
	for (char *dot; part[0] != '\0'; *dot = '\0') {
		const struct yaml_node *key = compose_key(service, part);
		if (key != NULL)
			return key->line;
		*whole = false;
		dot = strrchr(part, '.');
		if (dot == NULL)
			break;
	}
	return 0;
}

/* The line in one file; *exact: 1 the member is there, 2 `word` was found in it. 0: the service is not there. */
static unsigned line_in(const struct layer *layer, const char *name, const char *member, const char *word, int *exact)
{
	const struct yaml_node *services = yaml_get(yaml_root(layer->yaml), "services");
	const struct yaml_node *key = yaml_key(services, name), *service = yaml_get(services, name);
	bool whole = true;
	*exact = 0;
	if (key == NULL)
		return 0;
	unsigned line = member != NULL ? line_of_path(service, member, &whole) : 0;
	line = line > 0 ? line : key->line;
	if (!whole)
		return line;
	*exact = member != NULL;
	const struct yaml_node *at = member != NULL && member[0] != '\0' ? yaml_at(service, member) : service;
	if (word == NULL || at == NULL)
		return line;
	bool is_variable = compose_variable(at, word, &line) != NULL;
	*exact = is_variable ? 2 : *exact;
	for (size_t i = 0; !is_variable && at->kind == YAML_LIST && i < at->items.count; i++) {
		if (!node_has(at->items.items[i], word))
			continue;
		*exact = 2;
		return at->items.items[i]->line;
	}
	return line;
}

const char *layers_place(const struct layers *layers)
{
	if (layers->main_file != NULL)
		return layers->main_file;
	for (size_t i = 0; i < layers->units.count; i++)
		if (layers->units.items[i].layer != NULL)
			return layers->units.items[i].layer->path;
	return main_place(layers->sources);
}

const char *unit_place(const struct layers *layers, const struct unit *unit, const char *member, const char *word, unsigned *line)
{
	const char *file = unit->layer != NULL ? unit->layer->path : layers_place(layers);
	int best = -1, exact;
	if (unit->layer == NULL && word == NULL && layers->sources->compose_files.count > 0)
		return compose_place(layers->sources, unit->name, member != NULL ? member : "", line);
	*line = 0;
	if (unit->layer != NULL) {
		unsigned own = line_in(unit->layer, unit->name, member, word, &best);
		*line = own;
	}
	for (size_t i = layers->items.count; i-- > 0 && best < 2;) {
		const struct layer *layer = &layers->items.items[i];
		unsigned found = layer->is_main ? line_in(layer, unit->name, member, word, &exact) : 0;
		if (found == 0 || exact <= best)
			continue;
		best = exact;
		*line = found;
		file = layer->path;
	}
	return file;
}

bool compose_is_unread(struct check *check)
{
	const struct sources *sources = check->sources;
	const struct yaml_source *unread = NULL;
	for (size_t i = 0; i < sources->compose_files.count && unread == NULL; i++)
		if (sources->compose_files.items[i].yaml == NULL)
			unread = &sources->compose_files.items[i];
	for (size_t i = 0; i < sources->other_composes.count && unread == NULL; i++)
		if (sources->other_composes.items[i].yaml == NULL)
			unread = &sources->other_composes.items[i];
	if (unread == NULL || sources->layers->units.count > 0)
		return false;
	check_missing(check, "%s cannot be read as YAML", unread->path);
	return true;
}
