/* Reads every compose file of the tree and says which part it plays. Services are
 * brought into the form that compose gives its merged model, so that whoever
 * judges knows one form: short ports and mounts are taken apart, lists of
 * variables become objects. Files are foreign: depth, nodes and files are bounded. */
#include "layers.h"

#include <ctype.h>

enum { MOST_LAYERS = 60, MOST_DEPTH = 12, MOST_NODES = 20000, MOST_SERVICES = 300, MOST_UNITS = 200, MOST_TEXT = 4096 };

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

static json_t *json_text(const char *text)
{
	json_t *made = json_string(text);
	return made != NULL ? made : json_string("");
}

static json_t *to_json(const struct yaml_node *node, unsigned depth, size_t *nodes);

static void add_members(json_t *object, const struct yaml_node *map, unsigned depth, size_t *nodes)
{
	for (size_t i = 0; i < map->items.count && *nodes < MOST_NODES; i++) {
		const char *key = yaml_text(map->keys.items[i]);
		const struct yaml_node *value = map->items.items[i];
		if (key == NULL)
			continue;
		if (strcmp(key, "<<") != 0) {
			json_object_set_new(object, key, to_json(value, depth + 1, nodes));
			continue;
		}
		json_t *merged = json_object();
		if (value->kind == YAML_MAP && depth < MOST_DEPTH)
			add_members(merged, value, depth + 1, nodes);
		for (size_t k = value->kind == YAML_LIST && depth < MOST_DEPTH ? value->items.count : 0; k-- > 0;)
			if (value->items.items[k]->kind == YAML_MAP)
				add_members(merged, value->items.items[k], depth + 1, nodes);
		json_object_update_missing(object, merged);
		json_decref(merged);
	}
}

static json_t *to_json(const struct yaml_node *node, unsigned depth, size_t *nodes)
{
	if (node == NULL || depth > MOST_DEPTH || ++*nodes > MOST_NODES)
		return json_null();
	if (node->kind == YAML_MAP) {
		json_t *object = json_object();
		add_members(object, node, depth, nodes);
		return object;
	}
	if (node->kind == YAML_LIST) {
		json_t *list = json_array();
		for (size_t i = 0; i < node->items.count; i++)
			json_array_append_new(list, to_json(node->items.items[i], depth + 1, nodes));
		return list;
	}
	if (node->is_plain && (node->text[0] == '\0' || strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0))
		return json_null();
	auto_free char *text = fill_defaults(node->text);
	return json_text(text);
}

/* ---- the merged model's form ---- */

static void list_to_object(json_t *service, const char *key, bool has_values)
{
	const json_t *list = json_object_get(service, key);
	if (!json_is_array(list))
		return;
	json_t *object = json_object();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *equals = text != NULL && has_values ? strchr(text, '=') : NULL;
		if (text == NULL)
			continue;
		auto_free char *name = mem_copy_bytes(text, equals != NULL ? (size_t)(equals - text) : strlen(text));
		json_object_set_new(object, name, equals != NULL ? json_text(equals + 1) : json_null());
	}
	json_object_set_new(service, key, object);
}

static void text_to_words(json_t *service, const char *key)
{
	const char *text = json_string_value(json_object_get(service, key));
	if (text == NULL)
		return;
	auto_strings words = {0};
	json_t *list = json_array();
	if (!strings_split_words(&words, text))
		strings_add(&words, text);
	for (size_t i = 0; i < words.count; i++)
		json_array_append_new(list, json_text(words.items[i]));
	json_object_set_new(service, key, list);
}

/* "./src:/app/src:ro", "data:/data", "/app/target" */
static json_t *read_mount(const char *text)
{
	json_t *mount = json_object();
	const char *colon = strchr(text, ':');
	if (colon == NULL) {
		json_object_set_new(mount, "type", json_string("volume"));
		json_object_set_new(mount, "target", json_text(text));
		return mount;
	}
	auto_free char *source = mem_copy_bytes(text, (size_t)(colon - text));
	auto_free char *target = mem_copy_bytes(colon + 1, strcspn(colon + 1, ":"));
	bool is_bind = source[0] == '.' || source[0] == '/' || source[0] == '~' || source[0] == '$';
	json_object_set_new(mount, "type", json_string(is_bind ? "bind" : "volume"));
	json_object_set_new(mount, "source", json_text(source));
	json_object_set_new(mount, "target", json_text(target));
	return mount;
}

/* "127.0.0.1:8080:80/tcp", "8080:80", "80", "[::1]:80:80" */
static json_t *read_port(const char *text)
{
	json_t *port = json_object();
	const char *last = strrchr(text, ':');
	json_object_set_new(port, "target", json_integer(strtol(last != NULL ? last + 1 : text, NULL, 10)));
	json_object_set_new(port, "short", json_text(text));
	if (last == NULL)
		return port;
	auto_free char *before = mem_copy_bytes(text, (size_t)(last - text));
	char *colon = strrchr(before, ':');
	json_object_set_new(port, "published", json_text(colon != NULL ? colon + 1 : before));
	if (colon == NULL)
		return port;
	*colon = '\0';
	size_t len = strcspn(before, "]");
	auto_free char *host = mem_copy_bytes(before + (before[0] == '['), len - (before[0] == '[' && len > 0));
	json_object_set_new(port, "host_ip", json_text(host));
	return port;
}

static void read_items(json_t *service, const char *key, json_t *(*read)(const char *))
{
	json_t *list = json_object_get(service, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text != NULL)
			json_array_set_new(list, i, read(text));
	}
}

static void bring_into_form(json_t *service)
{
	list_to_object(service, "environment", true);
	list_to_object(service, "networks", false);
	list_to_object(service, "depends_on", false);
	text_to_words(service, "command");
	text_to_words(service, "entrypoint");
	read_items(service, "volumes", read_mount);
	read_items(service, "ports", read_port);
	const char *context = json_string_value(json_object_get(service, "build"));
	if (context != NULL) {
		json_t *build = json_object();
		json_object_set_new(build, "context", json_text(context));
		json_object_set_new(service, "build", build);
	}
}

/* ---- which part a file plays ---- */

bool path_has_word(const char *path, const char *const *words)
{
	for (const char *at = path; *at != '\0';) {
		size_t len = strcspn(at, "/._-");
		for (const char *const *word = words; *word != NULL; word++)
			if (strlen(*word) == len && strncasecmp(at, *word, len) == 0)
				return true;
		at += len;
		at += *at != '\0';
	}
	return false;
}

static enum layer_role role_of(const char *path)
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
	return json_is_object(json_object_get(service, "build")) || json_is_string(json_object_get(service, "image")) ||
		json_object_get(service, "extends") != NULL;
}

static json_t *read_services(const struct yaml *yaml)
{
	const struct yaml_node *map = yaml_get(yaml_root(yaml), "services");
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	json_t *services = json_object();
	size_t nodes = 0;
	for (size_t i = 0; i < map->items.count && i < MOST_SERVICES; i++) {
		const char *name = yaml_text(map->keys.items[i]);
		json_t *service = name != NULL && map->items.items[i]->kind == YAML_MAP ? to_json(map->items.items[i], 0, &nodes) : NULL;
		if (!json_is_object(service)) {
			json_decref(service);
			continue;
		}
		bring_into_form(service);
		json_object_set_new(services, name, service);
	}
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
	json_t *services = yaml != NULL ? read_services(yaml) : NULL;
	if (services == NULL) {
		free(text);
		yaml_close(yaml);
		return;
	}
	struct layer *layer = array_add(&layers->items);
	*layer = (struct layer){.path = path, .folder = path_parent(path), .role = role_of(path), .is_main = main_source(sources, path) != NULL,
		.is_harness = is_harness, .is_whole = true, .yaml = yaml, .text = text, .services = services};
	is_compose_name(path_name(path), &layer->is_sample);
	const char *name;
	json_t *service;
	json_object_foreach(services, name, service)
		layer->is_whole = layer->is_whole && has_origin(service);
}

/* ---- services over services ---- */

static bool list_adds(const char *key)
{
	return strcmp(key, "command") != 0 && strcmp(key, "entrypoint") != 0;
}

/* As compose merges: objects by member, lists one behind the other, the rest anew. */
static json_t *lay_over(const json_t *below, const json_t *over)
{
	json_t *made = json_deep_copy(below);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)over, key, value) {
		json_t *old = json_object_get(made, key);
		if (json_is_object(old) && json_is_object(value))
			json_object_update(old, value);
		else if (json_is_array(old) && json_is_array(value) && list_adds(key) && json_array_size(value) > 0)
			json_array_extend(old, value);
		else
			json_object_set(made, key, value);
	}
	return made;
}

static const struct layer *layer_at(const struct layers *layers, const char *path)
{
	for (size_t i = 0; i < layers->items.count; i++)
		if (strcmp(layers->items.items[i].path, path) == 0)
			return &layers->items.items[i];
	return NULL;
}

/* What `extends` names, or NULL. */
static const json_t *extended(const struct layers *layers, const struct layer *layer, const json_t *service)
{
	const json_t *extends = json_object_get(service, "extends");
	const char *name = json_is_string(extends) ? json_string_value(extends) : json_string_value(json_object_get(extends, "service"));
	const char *file = json_string_value(json_object_get(extends, "file"));
	if (file != NULL) {
		auto_free char *joined = path_join(layer->folder, file);
		auto_free char *path = path_clean(joined);
		layer = layer_at(layers, path);
	}
	return layer != NULL && name != NULL ? json_object_get(layer->services, name) : NULL;
}

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
	return json_is_object(build) && json_object_get(build, "context") == NULL && json_object_get(build, "dockerfile") == NULL &&
		json_object_get(service, "extends") == NULL;
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
			const json_t *below = is_part ? json_object_get(layers->main, name) : extended(layers, layer, service);
			add_unit(layers, layer, name, json_is_object(below) ? lay_over(below, service) : json_incref(service));
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
			json_object_set_new(own, name, old != NULL ? lay_over(old, service) : json_deep_copy(service));
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
	for (size_t i = 0; i < node->items.count && i < MOST_SERVICES; i++)
		if (node->items.items[i]->kind == YAML_SCALAR && node_has(node->items.items[i], word))
			return true;
	return false;
}

/* The line in one file; *exact: `word` was found. 0: the service is not there. */
static unsigned line_in(const struct layer *layer, const char *name, const char *member, const char *word, int *exact)
{
	const struct yaml_node *services = yaml_get(yaml_root(layer->yaml), "services");
	const struct yaml_node *key = yaml_key(services, name), *service = yaml_get(services, name);
	*exact = 0;
	if (key == NULL)
		return 0;
	const struct yaml_node *at = service;
	unsigned line = key->line;
	for (const char *part = member; part != NULL && *part != '\0';) {
		const char *end = strchrnul(part, '.');
		auto_free char *one = mem_copy_bytes(part, (size_t)(end - part));
		const struct yaml_node *found = yaml_key(at, one);
		if (found == NULL)
			return line;
		line = found->line;
		at = yaml_get(at, one);
		part = *end != '\0' ? end + 1 : end;
	}
	*exact = member != NULL;
	for (size_t i = 0; word != NULL && at != NULL && at->kind != YAML_SCALAR && i < at->items.count; i++) {
		const struct yaml_node *item = at->items.items[i];
		bool is_key = at->kind == YAML_MAP && yaml_is(at->keys.items[i], word);
		if (!is_key && !(at->kind == YAML_LIST && node_has(item, word)))
			continue;
		*exact = 2;
		return at->kind == YAML_MAP ? at->keys.items[i]->line : item->line;
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
