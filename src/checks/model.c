/* The compose model read from the files alone, where compose cannot tell: it is
 * not installed, or a fresh clone misses the .env that it asks for. Files are
 * merged in their order and short forms written out as compose does (Compose
 * Specification, "Merge" and the services' short syntaxes), as far as checks
 * look. */
#include "environment.h"

#include <ctype.h>

enum { NODES_LIMIT = 50000, DEPTH_LIMIT = 40, EXTENDS_LIMIT = 8, VALUE_LIMIT = 65536 };

struct model {
	const struct sources *sources;
	struct map *variables; /* of .env, or of its example */
	const char *folder; /* of the first file, relative; "" is the root */
	size_t nodes;
};

/* ---- variables ---- */

static void read_variables(struct model *model)
{
	static const char *const names[] = {".env", ".env.example", ".env.sample", ".env.dist", ".env.template", "env.example"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *path = path_join(model->folder, names[i]);
		auto_free char *text = tree_read(&model->sources->tree, path, NULL);
		struct variables variables = {0};
		if (text == NULL)
			continue;
		variables_read(text, false, &variables);
		for (size_t j = 0; j < variables.count; j++)
			map_put(model->variables, variables.items[j].name, steal(&variables.items[j].value));
		variables_finish(&variables);
		return;
	}
}

/* "${NAME:-usual}" behind its brace; returns what follows the closing one. */
static const char *expand_braced(const struct model *model, const char *at, struct str *out, int depth);

static void expand(const struct model *model, const char *text, struct str *out, int depth)
{
	while (*text != '\0' && out->len < VALUE_LIMIT) {
		size_t len = strcspn(text, "$");
		str_add_bytes(out, text, len);
		text += len;
		if (*text == '\0')
			return;
		if (text[1] == '$') {
			str_add_char(out, '$');
			text += 2;
		} else if (text[1] == '{' && depth < 8) {
			text = expand_braced(model, text + 2, out, depth);
		} else if (isalpha((unsigned char)text[1]) || text[1] == '_') {
			size_t name = 1;
			while (isalnum((unsigned char)text[1 + name]) || text[1 + name] == '_')
				name++;
			auto_free char *key = mem_copy_bytes(text + 1, name);
			const char *value = map_get(model->variables, key);
			str_add(out, value != NULL ? value : "");
			text += 1 + name;
		} else {
			str_add_char(out, *text++);
		}
	}
}

static const char *expand_braced(const struct model *model, const char *at, struct str *out, int depth)
{
	size_t name = 0, len = 0;
	int open = 1;
	while (isalnum((unsigned char)at[name]) || at[name] == '_')
		name++;
	for (; at[len] != '\0'; len++) {
		open += at[len] == '{' ? 1 : at[len] == '}' ? -1 : 0;
		if (open == 0)
			break;
	}
	if (name > len)
		name = len;
	auto_free char *key = mem_copy_bytes(at, name), *rest = mem_copy_bytes(at + name, len - name);
	const char *value = map_get(model->variables, key), *word = rest + (rest[0] == ':');
	bool empty = value == NULL || (rest[0] == ':' && value[0] == '\0');
	if (*word == '-' && empty)
		expand(model, word + 1, out, depth + 1);
	else if (*word == '+' && !empty)
		expand(model, word + 1, out, depth + 1);
	else if (*word != '+')
		str_add(out, value != NULL ? value : "");
	return at + len + (at[len] == '}');
}

/* ---- YAML as JSON ---- */

static json_t *scalar(const struct model *model, const struct yaml_node *node)
{
	auto_str text = {0};
	expand(model, node->text, &text, 0);
	const char *value = str_text(&text);
	if (node->is_plain && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0))
		return json_boolean(value[0] == 't');
	if (node->is_plain && (value[0] == '\0' || strcmp(value, "null") == 0 || strcmp(value, "~") == 0))
		return json_null();
	if (node->is_plain && strlen(value) < 10 && strspn(value, "0123456789") == strlen(value))
		return json_integer(atoll(value));
	json_t *json = json_string(value);
	return json != NULL ? json : json_null();
}

static json_t *convert(struct model *model, const struct yaml_node *node, int depth);

static void put_members(struct model *model, const struct yaml_node *map, json_t *object, int depth)
{
	for (size_t i = 0; i < map->keys.count; i++) {
		const char *key = yaml_text(map->keys.items[i]);
		const struct yaml_node *value = map->items.items[i];
		if (key == NULL || strcmp(key, "<<") == 0)
			continue;
		json_object_set_new(object, key, convert(model, value, depth + 1));
	}
	/* what is merged in stands behind what is written */
	for (size_t i = 0; i < map->keys.count && depth < DEPTH_LIMIT; i++) {
		const struct yaml_node *value = map->items.items[i];
		if (!yaml_is(map->keys.items[i], "<<"))
			continue;
		for (size_t j = 0; j < (value->kind == YAML_LIST ? value->items.count : 1); j++) {
			json_t *merged = convert(model, value->kind == YAML_LIST ? value->items.items[j] : value, depth + 1);
			if (json_is_object(merged))
				json_object_update_missing(object, merged);
			json_decref(merged);
		}
	}
}

static json_t *convert(struct model *model, const struct yaml_node *node, int depth)
{
	if (node == NULL || depth > DEPTH_LIMIT || ++model->nodes > NODES_LIMIT)
		return json_null();
	if (node->kind == YAML_SCALAR)
		return scalar(model, node);
	if (node->kind == YAML_LIST) {
		json_t *array = json_array();
		for (size_t i = 0; i < node->items.count; i++)
			json_array_append_new(array, convert(model, node->items.items[i], depth + 1));
		return array;
	}
	json_t *object = json_object();
	put_members(model, node, object, depth);
	return object;
}

/* ---- short forms ---- */

static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	if (json_is_integer(value))
		return mem_print("%lld", (long long)json_integer_value(value));
	return json_is_boolean(value) ? mem_copy_string(json_is_true(value) ? "true" : "false") : NULL;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_t *json = json_string(text);
	json_object_set_new(object, key, json != NULL ? json : json_null());
}

/* ["A=b", "C"] is {"A": "b", "C": null}; values are texts. */
static void map_of_list(json_t *service, const char *key)
{
	json_t *value = json_object_get(service, key), *map = json_object(), *each;
	const char *name;
	size_t i;
	if (value == NULL) {
		json_decref(map);
		return;
	}
	json_array_foreach(value, i, each) {
		auto_free char *text = text_of(each);
		char *equals = text != NULL ? strchr(text, '=') : NULL;
		if (equals != NULL)
			*equals = '\0';
		if (text != NULL && equals != NULL)
			set_text(map, text, equals + 1);
		else if (text != NULL)
			json_object_set_new(map, text, json_null());
	}
	json_object_foreach(value, name, each) {
		auto_free char *text = text_of(each);
		if (text != NULL)
			set_text(map, name, text);
		else
			json_object_set_new(map, name, json_null());
	}
	json_object_set_new(service, key, map);
}

/* ["a", "b"] is {"a": …, "b": …}. */
static void names_of_list(json_t *service, const char *key, const char *condition)
{
	json_t *value = json_object_get(service, key), *each;
	size_t i;
	if (!json_is_array(value))
		return;
	json_t *map = json_object();
	json_array_foreach(value, i, each)
		if (json_is_string(each))
			json_object_set_new(map, json_string_value(each), condition != NULL ? json_pack("{s:s, s:b}", "condition", condition, "required", 1) : json_null());
	json_object_set_new(service, key, map);
}

static void list_of_text(json_t *service, const char *key)
{
	json_t *value = json_object_get(service, key);
	if (json_is_string(value))
		json_object_set_new(service, key, json_pack("[O]", value));
}

static void words_of_text(json_t *service, const char *key)
{
	const char *text = json_string_value(json_object_get(service, key));
	auto_strings words = {0};
	if (text == NULL || !strings_split_words(&words, text))
		return;
	json_t *array = json_array();
	for (size_t i = 0; i < words.count; i++) {
		json_t *word = json_string(words.items[i]);
		json_array_append_new(array, word != NULL ? word : json_string(""));
	}
	json_object_set_new(service, key, array);
}

/* "127.0.0.1:8080:80/tcp", "8080:80", "80", "[::1]:80:80". */
static json_t *port_of_text(const char *text)
{
	json_t *port = json_object();
	auto_free char *copy = mem_copy_string(text);
	char *slash = strrchr(copy, '/');
	json_object_set_new(port, "mode", json_string("ingress"));
	set_text(port, "protocol", slash != NULL ? slash + 1 : "tcp");
	if (slash != NULL)
		*slash = '\0';
	char *last = strrchr(copy, ':');
	json_object_set_new(port, "target", json_integer(atoi(last != NULL ? last + 1 : copy)));
	if (last == NULL)
		return port;
	*last = '\0';
	char *host = strrchr(copy, ':');
	bool alone = host == NULL || text_ends_with(copy, "]");
	set_text(port, "published", alone ? copy : host + 1);
	if (!alone) {
		*host = '\0';
		copy[strcspn(copy, "]")] = '\0';
		set_text(port, "host_ip", copy + (copy[0] == '['));
	}
	return port;
}

static char *below_root(const struct model *model, const char *path)
{
	if (path[0] == '/')
		return mem_copy_string(path);
	auto_free char *folder = path_join(model->sources->tree.root, model->folder), *joined = path_join(folder, path);
	return path_clean(joined);
}

/* "data:/var/lib", "./conf:/etc/x:ro", "/cache". */
static json_t *volume_of_text(const struct model *model, const char *text)
{
	json_t *volume = json_object();
	auto_strings parts = {0};
	strings_split(&parts, text, ':');
	if (parts.count < 2) {
		json_object_set_new(volume, "type", json_string("volume"));
		set_text(volume, "target", text);
		return volume;
	}
	bool bind = parts.items[0][0] == '.' || parts.items[0][0] == '/' || parts.items[0][0] == '~';
	auto_free char *path = bind ? below_root(model, parts.items[0]) : mem_copy_string(parts.items[0]);
	json_object_set_new(volume, "type", json_string(bind ? "bind" : "volume"));
	set_text(volume, "source", path);
	set_text(volume, "target", parts.items[1]);
	if (parts.count > 2 && (strcmp(parts.items[2], "ro") == 0 || text_starts_with(parts.items[2], "ro,")))
		json_object_set_new(volume, "read_only", json_true());
	return volume;
}

static void write_out_ports(json_t *service)
{
	json_t *ports = json_object_get(service, "ports");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		auto_free char *text = text_of(json_array_get(ports, i));
		if (text != NULL)
			json_array_set_new(ports, i, port_of_text(text));
	}
}

static void write_out_volumes(const struct model *model, json_t *service)
{
	json_t *volumes = json_object_get(service, "volumes");
	for (size_t i = 0; i < json_array_size(volumes); i++) {
		json_t *each = json_array_get(volumes, i);
		const char *text = json_string_value(each), *source = json_string_value(json_object_get(each, "source"));
		if (text != NULL) {
			json_array_set_new(volumes, i, volume_of_text(model, text));
		} else if (source != NULL && source[0] == '.') {
			auto_free char *path = below_root(model, source);
			set_text(each, "source", path);
		}
	}
}

static void write_out_sources(json_t *service, const char *key)
{
	json_t *list = json_object_get(service, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *each = json_array_get(list, i);
		if (json_is_string(each))
			json_array_set_new(list, i, json_pack("{s:O}", "source", each));
	}
}

static void write_out_build(const struct model *model, json_t *service)
{
	json_t *build = json_object_get(service, "build");
	const char *text = json_string_value(build);
	if (text != NULL) {
		json_t *made = json_object();
		set_text(made, "context", text);
		json_object_set_new(service, "build", made);
		build = made;
	}
	if (!json_is_object(build))
		return;
	const char *context = json_string_value(json_object_get(build, "context"));
	if (context == NULL || strstr(context, "://") == NULL) {
		auto_free char *path = below_root(model, context != NULL ? context : ".");
		set_text(build, "context", path);
	}
	if (json_object_get(build, "dockerfile") == NULL && json_object_get(build, "dockerfile_inline") == NULL)
		set_text(build, "dockerfile", "Dockerfile");
	map_of_list(build, "args");
	map_of_list(build, "labels");
	write_out_sources(build, "secrets");
}

static void write_out_health(json_t *service)
{
	json_t *health = json_object_get(service, "healthcheck"), *test = json_object_get(health, "test");
	if (json_is_string(test))
		json_object_set_new(health, "test", json_pack("[s, O]", "CMD-SHELL", test));
}

static void write_out_env_files(json_t *service)
{
	list_of_text(service, "env_file");
	json_t *files = json_object_get(service, "env_file");
	for (size_t i = 0; i < json_array_size(files); i++) {
		json_t *each = json_array_get(files, i);
		if (json_is_string(each))
			json_array_set_new(files, i, json_pack("{s:O, s:b}", "path", each, "required", 1));
	}
}

static void write_out(const struct model *model, json_t *service)
{
	static const char *const maps[] = {"environment", "labels", "sysctls", "annotations"}, *const lists[] = {"tmpfs", "dns", "profiles"};
	for (size_t i = 0; i < COUNT_OF(maps); i++)
		map_of_list(service, maps[i]);
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		list_of_text(service, lists[i]);
	names_of_list(service, "networks", NULL);
	names_of_list(service, "depends_on", "service_started");
	words_of_text(service, "command");
	words_of_text(service, "entrypoint");
	write_out_ports(service);
	write_out_volumes(model, service);
	write_out_sources(service, "secrets");
	write_out_sources(service, "configs");
	write_out_build(model, service);
	write_out_health(service);
	write_out_env_files(service);
	auto_free char *restart = json_is_boolean(json_object_get(service, "restart")) ? mem_copy_string("no") : NULL;
	if (restart != NULL)
		set_text(service, "restart", restart);
}

/* ---- merging ---- */

static bool replaces(const char *key)
{
	static const char *const keys[] = {"command", "entrypoint", "test"};
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static void append_new(json_t *to, json_t *list)
{
	size_t i, j;
	json_t *each, *other;
	json_array_foreach(list, i, each) {
		json_t *target = json_object_get(each, "target"), *source = json_object_get(each, "source");
		bool found = false;
		json_array_foreach(to, j, other) {
			bool same_mount = source != NULL && target != NULL && json_equal(json_object_get(other, "target"), target);
			if (!same_mount && !json_equal(other, each))
				continue;
			json_array_set(to, j, each);
			found = true;
			break;
		}
		if (!found)
			json_array_append(to, each);
	}
}

/* Lays `over` onto `base`: maps by key, lists are added to. */
static void merge(json_t *base, json_t *over, int depth)
{
	const char *key;
	json_t *value;
	json_object_foreach(over, key, value) {
		json_t *own = json_object_get(base, key);
		if (json_is_object(own) && json_is_object(value) && depth < DEPTH_LIMIT)
			merge(own, value, depth + 1);
		else if (json_is_array(own) && json_is_array(value) && !replaces(key))
			append_new(own, value);
		else if (own == NULL || !json_is_null(value))
			json_object_set(base, key, value);
	}
}

json_t *model_lay_over(const json_t *below, const json_t *over)
{
	json_t *made = json_deep_copy(below), *copy = json_deep_copy(over);
	merge(made, copy, 0);
	json_decref(copy);
	return made;
}

/* ---- files ---- */

static const struct yaml_source *find_source(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->compose_files.count; i++)
		if (strcmp(sources->compose_files.items[i].path, path) == 0)
			return &sources->compose_files.items[i];
	for (size_t i = 0; i < sources->other_composes.count; i++)
		if (strcmp(sources->other_composes.items[i].path, path) == 0)
			return &sources->other_composes.items[i];
	return NULL;
}

static json_t *read_service(struct model *model, const struct yaml_source *source, const char *name, int depth);

/* extends: NAME, or {file, service}. What it extends lies below. */
static json_t *extended(struct model *model, const struct yaml_source *source, const struct yaml_node *extends, int depth)
{
	const char *name = yaml_text(extends) != NULL ? yaml_text(extends) : yaml_text(yaml_get(extends, "service")), *file = yaml_text(yaml_get(extends, "file"));
	if (name == NULL || depth > EXTENDS_LIMIT)
		return NULL;
	if (file == NULL)
		return read_service(model, source, name, depth + 1);
	auto_free char *folder = strchr(source->path, '/') != NULL ? path_parent(source->path) : mem_copy_string("");
	auto_free char *joined = path_join(folder, file), *path = path_clean(joined);
	const struct yaml_source *other = find_source(model->sources, text_starts_with(path, "./") ? path + 2 : path);
	return other != NULL ? read_service(model, other, name, depth + 1) : NULL;
}

static json_t *read_service(struct model *model, const struct yaml_source *source, const char *name, int depth)
{
	const struct yaml_node *node = yaml_get(yaml_get(yaml_root(source->yaml), "services"), name);
	json_t *service = node != NULL && node->kind == YAML_MAP ? convert(model, node, 0) : NULL;
	if (service == NULL)
		return NULL;
	const struct yaml_node *extends = yaml_get(node, "extends");
	json_object_del(service, "extends");
	write_out(model, service);
	json_t *base = extends != NULL ? extended(model, source, extends, depth) : NULL;
	if (base == NULL)
		return service;
	merge(base, service, 0);
	json_decref(service);
	return base;
}

/* Files of secrets and configs lie beside the compose file. */
static void place_files(const struct model *model, json_t *part)
{
	const char *name;
	json_t *each;
	json_object_foreach(part, name, each) {
		const char *file = json_string_value(json_object_get(each, "file"));
		auto_free char *path = file != NULL && file[0] != '\0' ? below_root(model, file) : NULL;
		if (path != NULL)
			set_text(each, "file", path);
	}
}

static void add_file(struct model *model, const struct yaml_source *source, json_t *whole)
{
	static const char *const parts[] = {"volumes", "networks", "secrets", "configs"};
	const struct yaml_node *root = source->yaml != NULL ? yaml_root(source->yaml) : NULL, *services = yaml_get(root, "services");
	json_t *made = json_object(), *all = json_object();
	for (size_t i = 0; services != NULL && services->kind == YAML_MAP && i < services->keys.count; i++) {
		const char *name = yaml_text(services->keys.items[i]);
		json_t *service = name != NULL ? read_service(model, source, name, 0) : NULL;
		if (service != NULL)
			json_object_set_new(all, name, service);
	}
	json_object_set_new(made, "services", all);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		json_t *part = convert(model, yaml_get(root, parts[i]), 0);
		if (json_is_object(part)) {
			place_files(model, part);
			json_object_set(made, parts[i], part);
		}
		json_decref(part);
	}
	if (yaml_text(yaml_get(root, "name")) != NULL)
		json_object_set_new(made, "name", scalar(model, yaml_get(root, "name")));
	merge(whole, made, 0);
	json_decref(made);
}

/* include: [path], or [{path: …}]; what is extended alone brings no services. */
static bool is_included(const struct yaml_source *files, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *list = files[i].yaml != NULL ? yaml_get(yaml_root(files[i].yaml), "include") : NULL;
		for (size_t j = 0; list != NULL && j < list->items.count; j++) {
			const struct yaml_node *each = list->items.items[j];
			const char *name = yaml_text(each) != NULL ? yaml_text(each) : yaml_text(yaml_get(each, "path"));
			if (name != NULL && strcmp(path_name(name), path_name(path)) == 0)
				return true;
		}
	}
	return false;
}

json_t *model_read(const struct sources *sources, const struct yaml_source *files, size_t count)
{
	json_t *whole = json_object();
	size_t first = 0;
	while (first + 1 < count && files[first].is_mentioned)
		first++;
	auto_free char *folder = count > 0 && strchr(files[first].path, '/') != NULL ? path_parent(files[first].path) : mem_copy_string("");
	struct model model = {.sources = sources, .variables = map_open(free), .folder = folder};
	read_variables(&model);
	for (size_t i = 0; i < count; i++)
		if (files[i].yaml != NULL && (!files[i].is_mentioned || is_included(files, count, files[i].path)))
			add_file(&model, &files[i], whole);
	map_close(model.variables);
	if (json_object_size(json_object_get(whole, "services")) > 0)
		return whole;
	json_decref(whole);
	return NULL;
}
