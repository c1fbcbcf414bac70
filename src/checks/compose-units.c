/* What checks ask of a service, whichever compose file makes it: its Dockerfile,
 * what it starts, its mounts and ports. */
#include "compose-files.h"

enum { MOST_SCRIPT = 64 << 10, MOST_MOUNTS = 50 };

/* ---- paths of the host ---- */

/* Of the file that says it; paths in it are relative to that. The caller frees. */
static char *folder_of(const struct layers *layers, const struct unit *unit)
{
	if (unit->layer != NULL)
		return mem_copy_string(unit->layer->folder);
	return layers->main_file != NULL ? path_parent(layers->main_file) : mem_copy_string(".");
}

char *unit_path(const struct layers *layers, const struct unit *unit, const char *path)
{
	auto_free char *folder = folder_of(layers, unit);
	return path_of_project(layers->sources, folder, path);
}

/* ---- what it is built of ---- */

static void find_docker(const struct layers *layers, struct unit *unit)
{
	const struct sources *sources = layers->sources;
	auto_free char *folder = folder_of(layers, unit), *path = dockerfile_of_service(sources, folder, unit->json);
	unit->stage = -1;
	for (size_t i = 0; path != NULL && i < sources->dockers.count && unit->docker == NULL; i++) {
		const struct docker_source *source = sources->dockers.items[i];
		int stage = strcmp(source->path, path) == 0 ? dockerfile_stage(&source->file, json_string_value(compose_member(unit->json, "build.target"))) : -1;
		if (stage < 0)
			continue;
		unit->docker = source;
		unit->stage = stage;
	}
}

/* Comments do not count: they are in no instruction. */
static bool docker_has_rust(const struct dockerfile *file)
{
	for (size_t i = 0; i < file->lines.count; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (strcasestr(line->rest, "cargo") != NULL || strcasestr(line->rest, "rust") != NULL ||
			(line->heredoc != NULL && strstr(line->heredoc, "cargo") != NULL) || strstr(line->rest, "target/release") != NULL)
			return true;
	}
	return false;
}

/* The last part of the image's name, without tag and digest. */
static char *image_word(const struct unit *unit)
{
	const char *image = json_string_value(json_object_get(unit->json, "image"));
	const char *name = image != NULL ? path_name(image) : "";
	return mem_copy_bytes(name, strcspn(name, ":@"));
}

bool unit_has_image(const struct unit *unit, const char *const *names)
{
	auto_free char *word = image_word(unit);
	for (; word[0] != '\0' && *names != NULL; names++)
		if (strcasecmp(word, *names) == 0)
			return true;
	return false;
}

/* ---- what it starts ---- */

static void add_words(struct str *out, const json_t *words)
{
	auto_free char *text = words_text(words);
	str_print(out, "%s ", text);
}

static void add_docker_words(struct str *out, const struct docker_source *source, int stage, const char *word)
{
	int line = dockerfile_last(&source->file, stage, word);
	if (line < 0)
		return;
	auto_strings words = {0};
	bool json;
	dockerfile_words(source->file.lines.items[line].rest, &words, &json);
	for (size_t i = 0; i < words.count; i++)
		str_print(out, "%s ", words.items[i]);
}

/* "/app/scripts/dev.sh" in the container is most likely "scripts/dev.sh" here. */
static void add_scripts(struct str *out, const struct sources *sources)
{
	auto_strings words = {0};
	strings_split(&words, str_text(out), ' ');
	for (size_t i = 0, count = 0; i < words.count && i < 20 && count < 3; i++) {
		const char *name = path_name(words.items[i]);
		const struct tree_file *file;
		size_t at = 0;
		if (!text_ends_with(name, ".sh") || strpbrk(name, "*?[\\") != NULL || (file = tree_each(&sources->tree, &at, name)) == NULL ||
			file->size > MOST_SCRIPT)
			continue;
		auto_free char *text = tree_read(&sources->tree, file->path, NULL);
		if (text != NULL)
			str_print(out, "\n%s\n", text);
		count++;
	}
}

static char *make_command(const struct layers *layers, const struct unit *unit)
{
	struct str out = {0};
	const json_t *entrypoint = json_object_get(unit->json, "entrypoint"), *command = json_object_get(unit->json, "command");
	if (json_is_array(entrypoint))
		add_words(&out, entrypoint);
	else if (unit->docker != NULL)
		add_docker_words(&out, unit->docker, unit->stage, "ENTRYPOINT");
	if (json_is_array(command))
		add_words(&out, command);
	else if (unit->docker != NULL && !json_is_array(entrypoint))
		add_docker_words(&out, unit->docker, unit->stage, "CMD");
	add_scripts(&out, layers->sources);
	return str_steal(&out);
}

void unit_look(const struct layers *layers, struct unit *unit)
{
	static const char *const images[] = {"rust", "cargo-chef", "rust-musl-builder", "muslrust", NULL};
	find_docker(layers, unit);
	unit->is_rust = unit->docker != NULL ? docker_has_rust(&unit->docker->file) : unit_has_image(unit, images);
	unit->command = make_command(layers, unit);
}

/* ---- mounts ---- */

bool unit_mount(const struct layers *layers, const struct unit *unit, size_t index, struct unit_mount *mount)
{
	const json_t *list = json_object_get(unit->json, "volumes");
	*mount = (struct unit_mount){0};
	if (index >= json_array_size(list) || index >= MOST_MOUNTS)
		return false;
	const json_t *item = json_array_get(list, index);
	const char *type = json_string_value(json_object_get(item, "type"));
	mount->source = json_string_value(json_object_get(item, "source"));
	mount->target = json_string_value(json_object_get(item, "target"));
	if (mount->target == NULL)
		mount->target = "";
	mount->is_bind = type != NULL ? strcmp(type, "bind") == 0 : mount->source != NULL && strpbrk(mount->source, "./") != NULL;
	if (mount->is_bind)
		mount->path = unit_path(layers, unit, mount->source);
	return true;
}

void unit_mount_finish(struct unit_mount *mount)
{
	free(mount->path);
	*mount = (struct unit_mount){0};
}

/* Sources are sorted by their paths, as the tree is. */
bool has_rust_sources(const struct sources *sources, const char *path)
{
	const struct rust_facts *facts = &sources->rust;
	bool is_root = strcmp(path, ".") == 0;
	size_t low = 0, high = is_root ? 0 : facts->sources.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(facts->sources.items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < facts->sources.count && (is_root || text_starts_with(facts->sources.items[low].path, path)); low++)
		if (!facts->sources.items[low].is_test && (is_root || path_is_below(facts->sources.items[low].path, path)))
			return true;
	return false;
}

const struct unit *unit_with_sources(const struct layers *layers, size_t *at, struct unit_mount *mount)
{
	while (*at < layers->units.count) {
		const struct unit *unit = &layers->units.items[(*at)++];
		for (size_t i = 0; unit_mount(layers, unit, i, mount); i++) {
			if (mount->path != NULL && tree_find(&layers->sources->tree, mount->path) == NULL &&
				has_rust_sources(layers->sources, mount->path) && unit->is_rust)
				return unit;
			unit_mount_finish(mount);
		}
	}
	return NULL;
}

/* ---- ports ---- */

static long first_number(const json_t *value)
{
	return json_is_integer(value) ? (long)json_integer_value(value) :
		json_is_string(value) ? strtol(json_string_value(value), NULL, 10) : 0;
}

bool unit_port(const struct unit *unit, size_t index, struct unit_port *port)
{
	const json_t *list = json_object_get(unit->json, "ports");
	*port = (struct unit_port){0};
	if (index >= json_array_size(list) || index >= MOST_MOUNTS)
		return false;
	const json_t *item = json_array_get(list, index);
	port->host = json_string_value(json_object_get(item, "host_ip"));
	port->published = first_number(json_object_get(item, "published"));
	port->target = first_number(json_object_get(item, "target"));
	port->text = port->published > 0 ? mem_print("%ld:%ld", port->published, port->target) :
		mem_print("%ld", port->target);
	return true;
}

void unit_port_finish(struct unit_port *port)
{
	free(port->text);
	*port = (struct unit_port){0};
}

bool port_is_local(const struct unit_port *port)
{
	return port->host != NULL && (text_starts_with(port->host, "127.") || strcmp(port->host, "::1") == 0 ||
		strcmp(port->host, "localhost") == 0 || port->host[0] == '\0' /* a variable says it */);
}

/* What stands before the port in a line of YAML that has it once, behind a dash;
 * 0: the line is another. */
static char letter_before(const struct sources *sources, const char *file, unsigned line, const char *port)
{
	auto_free char *text = tree_read(&sources->tree, file, NULL);
	const char *at = text;
	for (unsigned i = 1; at != NULL && i < line; i++)
		at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL;
	if (at == NULL)
		return '\0';
	auto_free char *one = mem_copy_bytes(at, strcspn(at, "\r\n"));
	const char *found = strstr(one, port);
	bool is_alone = found != NULL && strstr(found + 1, port) == NULL && found > one && strchr(" \"'", found[-1]) != NULL &&
		strchr(" \"'", found[strlen(port)]) != NULL && one[strspn(one, " ")] == '-';
	return is_alone ? found[-1] : '\0';
}

void port_against(struct check *check, const struct layers *layers, const struct unit *unit, const struct unit_port *port,
	const char *format)
{
	unsigned line;
	const char *file = unit_place(layers, unit, "ports", port->text, &line);
	check_against(check, file, line, format, unit->name, port->text);
	char before = port->host == NULL && port->published != 0 && file != NULL ? letter_before(check->sources, file, line, port->text) : '\0';
	if (before == '\0')
		return;
	/* with what stands before it, so that a second edit of it finds nothing */
	auto_free char *old = mem_print("%c%s", before, port->text);
	auto_free char *closed = mem_print("%c127.0.0.1:%s", before, port->text);
	check_edit_replace(check, file, line, old, closed);
}
