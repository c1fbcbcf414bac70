/* What checks ask of the compose model: members of services as compose merged
 * them, and the line of the file that each comes from. */
#include "checks.h"

enum { PATH_LIMIT = 32, EXTENDS_LIMIT = 8 };

json_t *compose_services(const struct sources *sources)
{
	json_t *services = json_object_get(sources->compose, "services");
	return json_is_object(services) ? services : NULL;
}

json_t *compose_member(const json_t *service, const char *path)
{
	json_t *at = NULL;
	for (const json_t *from = service; from != NULL && *path != '\0'; from = at) {
		size_t len = strcspn(path, ".");
		auto_free char *part = mem_copy_bytes(path, len);
		at = json_object_get(from, part);
		path += len + (path[len] == '.');
	}
	return *path != '\0' || json_is_null(at) ? NULL : at;
}

bool compose_is_built(const json_t *service)
{
	return json_is_object(json_object_get(service, "build"));
}

const char *compose_image(const json_t *service)
{
	return json_string_value(json_object_get(service, "image"));
}

/* ---- places ---- */

const struct yaml_node *compose_key(const struct yaml_node *map, const char *path)
{
	const struct yaml_node *key = NULL;
	for (int depth = 0; *path != '\0' && depth < PATH_LIMIT; depth++) {
		size_t len = strcspn(path, ".");
		auto_free char *part = mem_copy_bytes(path, len);
		key = yaml_key(map, part);
		if (key == NULL)
			return NULL;
		map = yaml_get(map, part);
		path += len + (path[len] == '.');
	}
	return key;
}

const struct yaml_node *compose_written(const struct yaml_source *source)
{
	const struct yaml_node *services = source->yaml != NULL ? yaml_get(yaml_root(source->yaml), "services") : NULL;
	return services != NULL && services->kind == YAML_MAP ? services : NULL;
}

static const struct yaml_node *service_node(const struct yaml_source *source, const char *service, const struct yaml_node **key)
{
	*key = yaml_key(compose_written(source), service);
	return yaml_get(compose_written(source), service);
}

/* Where a service that is extended has the member. */
static const char *extended_place(const struct sources *sources, const struct yaml_source *source, const struct yaml_node *node, const char *path, unsigned *line)
{
	const struct yaml_node *key;
	for (int depth = 0; depth < EXTENDS_LIMIT && node != NULL; depth++) {
		const struct yaml_node *extends = yaml_get(node, "extends");
		const char *name = yaml_text(extends) != NULL ? yaml_text(extends) : yaml_text(yaml_get(extends, "service")), *file = yaml_text(yaml_get(extends, "file"));
		for (size_t i = 0; file != NULL && i < sources->compose_files.count; i++)
			if (strcmp(path_name(sources->compose_files.items[i].path), path_name(file)) == 0)
				source = &sources->compose_files.items[i];
		node = name != NULL ? service_node(source, name, &key) : NULL;
		const struct yaml_node *found = node != NULL ? compose_key(node, path) : NULL;
		if (found == NULL)
			continue;
		*line = found->line;
		return source->path;
	}
	return NULL;
}

/* *is_member: is it the member's own place, and not the service's? */
static const char *find_place(const struct sources *sources, const char *service, const char *path, unsigned *line, bool *is_member)
{
	const char *extended = NULL;
	unsigned extended_line = 0;
	const struct yaml_source *own = NULL;
	const struct yaml_node *key;
	*line = 0;
	*is_member = true;
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *node = service_node(source, service, &key);
		const struct yaml_node *found = node != NULL ? compose_key(node, path) : NULL;
		if (found != NULL) {
			*line = found->line;
			return source->path;
		}
		/* the first file that has the service is where it is written */
		if (key != NULL) {
			own = source;
			*line = key->line;
		}
		if (node != NULL && extended == NULL)
			extended = extended_place(sources, source, node, path, &extended_line);
	}
	if (extended != NULL) {
		*line = extended_line;
		return extended;
	}
	*is_member = false;
	if (own == NULL && sources->compose_files.count > 0)
		own = &sources->compose_files.items[0];
	return own != NULL ? own->path : NULL;
}

const char *compose_place(const struct sources *sources, const char *service, const char *path, unsigned *line)
{
	auto_free char *part = mem_copy_string(path);
	for (;;) {
		bool is_member;
		const char *file = find_place(sources, service, part, line, &is_member);
		char *dot = strrchr(part, '.');
		if (is_member || dot == NULL)
			return file;
		*dot = '\0';
	}
}

const char *compose_variable(const struct yaml_node *all, const char *name, unsigned *line)
{
	const struct yaml_node *key = all != NULL ? yaml_key(all, name) : NULL;
	size_t len = strlen(name);
	if (key != NULL) {
		const char *value = yaml_text(yaml_get(all, name));
		*line = key->line;
		return value != NULL ? value : "";
	}
	for (size_t i = 0; all != NULL && all->kind == YAML_LIST && i < all->items.count; i++) {
		const char *text = yaml_text(all->items.items[i]);
		if (text == NULL || strncmp(text, name, len) != 0 || (text[len] != '=' && text[len] != '\0'))
			continue;
		*line = all->items.items[i]->line;
		return text + len + (text[len] == '=');
	}
	return NULL;
}

const char *compose_entry(const struct sources *sources, const char *service, const char *where, const char *name,
	const char **file, unsigned *line)
{
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *node = yaml_get(compose_written(source), service);
		const char *value = compose_variable(node != NULL ? yaml_at(node, where) : NULL, name, line);
		*file = source->path;
		if (value != NULL)
			return value;
	}
	*file = compose_place(sources, service, where, line);
	return NULL;
}

static bool mounts_on(const struct yaml_node *item, const char *target)
{
	const char *text = yaml_text(item), *long_form = yaml_text(yaml_get(item, "target"));
	if (text == NULL)
		return text_equal(long_form, target);
	const char *at = strstr(text, target);
	size_t len = strlen(target);
	return at != NULL && (at == text || at[-1] == ':') && (at[len] == '\0' || at[len] == ':' ||
		(at[len] == '/' && (at[len + 1] == '\0' || at[len + 1] == ':')));
}

const char *compose_mount_place(const struct sources *sources, const char *service, const char *target, unsigned *line)
{
	static const char *const lists[] = {"volumes", "tmpfs", "configs"};
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *node = yaml_get(compose_written(source), service);
		for (size_t k = 0; node != NULL && k < COUNT_OF(lists); k++) {
			const struct yaml_node *list = yaml_get(node, lists[k]);
			for (size_t j = 0; list != NULL && list->kind == YAML_LIST && j < list->items.count; j++) {
				if (!mounts_on(list->items.items[j], target))
					continue;
				*line = list->items.items[j]->line;
				return source->path;
			}
		}
	}
	return compose_place(sources, service, "volumes", line);
}

const char *main_place(const struct sources *sources)
{
	if (sources->compose_files.count > 0)
		return sources->compose_files.items[0].path;
	if (sources->dockers.count > 0)
		return sources->dockers.items[0]->path;
	return sources->rust.graph_file != NULL ? sources->rust.graph_file : sources->rust.manifests.count > 0 ? sources->rust.manifests.items[0] : NULL;
}

/* ---- edits ---- */

static const char *line_of(const char *text, unsigned line)
{
	while (line > 1 && text != NULL) {
		text = strchr(text, '\n');
		text = text != NULL ? text + 1 : NULL;
		line--;
	}
	return text;
}

/* Members a line each, from the node's own column on. */
static bool is_block(const struct yaml_source *source, const struct yaml_node *node, const struct yaml_node *key)
{
	const char *line = node != NULL && node->kind == YAML_MAP && node->line > key->line ? line_of(source->text, node->line) : NULL;
	return line != NULL && node->column > key->column && strspn(line, " ") == node->column - 1 && line[node->column - 1] != '{' &&
		line[node->column - 1] != '&' && line[node->column - 1] != '*';
}

static char *indented(const char *text, unsigned blanks)
{
	struct str out = {0};
	auto_strings lines = {0};
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		str_print(&out, "%s%*s%s", i > 0 ? "\n" : "", (int)blanks, "", lines.items[i]);
	return str_steal(&out);
}

void compose_edit_add(struct check *check, const char *service, const char *text)
{
	auto_free char *member = mem_copy_bytes(text, strcspn(text, ":"));
	const struct sources *sources = check->sources;
	const struct yaml_source *own = NULL;
	const struct yaml_node *key, *node = NULL, *own_key = NULL;
	for (size_t i = sources->compose_files.count; i-- > 0;) {
		const struct yaml_source *source = &sources->compose_files.items[i];
		const struct yaml_node *found = service_node(source, service, &key);
		if (found == NULL)
			continue;
		if (yaml_get(found, member) != NULL)
			return;
		own = source;
		node = found;
		own_key = key;
	}
	if (own == NULL || !is_block(own, node, own_key) || node->column > 40)
		return;
	auto_free char *lines = indented(text, node->column - 1);
	check_edit_insert(check, own->path, node->line, lines);
}
