/* What a project's own files say to cargodeck: `x-cargodeck` in the compose
 * files, [workspace.metadata.cargodeck] and [package.metadata.cargodeck] in
 * Cargo.toml. Each value becomes the label of its name where the service has no
 * such label, so that the rest of the room asks labels alone; what came from
 * where is kept for doctor. A name or value that is not understood is a note
 * with file and line. Called by service.c. */
#include "project.h"

#include <jansson.h>
#include <stdio.h>

enum { TEXT_LIMIT = 1000, SETTINGS_MOST = 500 };

/* One of the three places. */
struct source {
	struct project *project;
	const char *name; /* as people write it */
	const char *marker; /* stands in the file where it begins */
	const struct strings *files;
};

enum { AT_TOP = 1, AT_SERVICE = 2, AT_PACKAGE = 4 };

static const struct setting {
	const char *name;
	unsigned where;
	unsigned least_ms, most_ms; /* of a time */
	const char *choices; /* or NULL */
} known[] = {
	{"bin", AT_SERVICE, 0, 0, NULL},
	{"ready", AT_TOP | AT_SERVICE | AT_PACKAGE, 0, 0, NULL},
	{"swap", AT_TOP | AT_SERVICE | AT_PACKAGE, 0, 0, "auto alone restart overlap"},
	{"profile", AT_TOP | AT_SERVICE | AT_PACKAGE, 0, 0, NULL},
	{"features", AT_TOP | AT_SERVICE | AT_PACKAGE, 0, 0, NULL},
	{"target", AT_TOP | AT_SERVICE | AT_PACKAGE, 0, 0, NULL},
	{"ready_limit", AT_TOP | AT_SERVICE | AT_PACKAGE, 100, 600000, NULL},
	{"ready_silent", AT_TOP | AT_SERVICE | AT_PACKAGE, 10, 60000, NULL},
	{"ignore", AT_TOP, 0, 0, NULL},
	{"services", AT_TOP, 0, 0, NULL},
};

/* ---- where something stands ---- */

static bool is_key(const char *line, const char *key)
{
	size_t len = strlen(key);
	line += strspn(line, " \t\"'[");
	return strncmp(line, key, len) == 0 && strchr(" \t:=\"']", line[len]) != NULL;
}

/* The line of `key` behind the marker, and behind `above` where that is not
 * NULL; 0: not found. */
static unsigned find_line(const char *text, const char *marker, const char *above, const char *key)
{
	unsigned number = 0;
	bool is_in = false, is_below = above == NULL;
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		auto_free char *line = mem_copy_bytes(at, len);
		number++;
		if (is_in && is_below && is_key(line, key))
			return number;
		is_in = is_in || strstr(line, marker) != NULL;
		is_below = is_below || (is_in && (is_key(line, above) || strstr(line, above) != NULL));
		at += len + (at[len] == '\n');
	}
	return 0;
}

static char *find_place(const struct source *source, const char *above, const char *key)
{
	for (size_t i = 0; i < source->files->count; i++) {
		const char *path = source->files->items[i], *relative = path_relative(path, source->project->folder);
		auto_free char *text = file_read(path, FILE_LIMIT, NULL, NULL);
		if (text == NULL || strstr(text, source->marker) == NULL)
			continue;
		unsigned line = find_line(text, source->marker, above, key);
		const char *shown = relative != NULL ? relative : path;
		return line > 0 ? mem_print("%s:%u", shown, line) : mem_copy_string(shown);
	}
	return mem_copy_string(source->name);
}

static void note(const struct source *source, const char *service, const char *key, const char *format, ...) PRINTF_LIKE(4, 5);

static void note(const struct source *source, const char *service, const char *key, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	auto_free char *sentence = mem_print_v(format, args);
	va_end(args);
	auto_free char *place = find_place(source, service, key);
	auto_free char *whole = mem_print("%s: %.600s", place, sentence);
	auto_str clean = {0};
	text_add_clean(&clean, whole, strlen(whole), false);
	if (source->project->notes.count < SETTINGS_MOST)
		strings_add_new(&source->project->notes, str_text(&clean));
}

/* ---- values ---- */

bool settings_read_ms(const char *text, unsigned least, unsigned most, unsigned *ms)
{
	uint64_t total = 0;
	if (*text < '0' || *text > '9')
		return false;
	while (*text != '\0') {
		char *end;
		unsigned long value = strtoul(text, &end, 10);
		if (end == text || value > most)
			return false;
		end += strspn(end, " ");
		size_t unit = strcspn(end, "0123456789 ");
		unsigned factor = unit == 0 || strncmp(end, "ms", unit) == 0 ? 1 : strncmp(end, "s", unit) == 0 ? 1000 :
			strncmp(end, "min", unit) == 0 ? 60000 : 0;
		if (factor == 0)
			return false;
		total += (uint64_t)value * factor;
		text = end + unit;
		text += strspn(text, " ");
	}
	*ms = (unsigned)total;
	return total >= least && total <= most;
}

static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_copy_string(json_string_value(value));
	if (json_is_integer(value))
		return mem_print("%lld", (long long)json_integer_value(value));
	if (!json_is_array(value))
		return NULL;
	auto_strings words = {0};
	size_t i;
	json_t *word;
	json_array_foreach(value, i, word)
		if (json_is_string(word))
			strings_add(&words, json_string_value(word));
	return words.count == json_array_size(value) ? strings_join(&words, ",", NULL) : NULL;
}

static bool is_good(const struct source *source, const char *service, const struct setting *setting, const char *text)
{
	unsigned ms;
	if (text == NULL || text[0] == '\0' || strlen(text) > TEXT_LIMIT) {
		note(source, service, setting->name, _("%s takes a text"), setting->name);
		return false;
	}
	if (setting->most_ms > 0 && !settings_read_ms(text, setting->least_ms, setting->most_ms, &ms)) {
		note(source, service, setting->name, _("%s takes a time from %u ms to %u s, as 20s, not \"%s\""), setting->name, setting->least_ms,
			setting->most_ms / 1000, text);
		return false;
	}
	auto_strings choices = {0};
	if (setting->choices != NULL)
		strings_split(&choices, setting->choices, ' ');
	if (setting->choices == NULL || strings_have(&choices, text))
		return true;
	auto_free char *list = strings_join(&choices, ", ", _(" or "));
	note(source, service, setting->name, _("%s takes %s, not \"%s\""), setting->name, list, text);
	return false;
}

static const struct setting *find_setting(const char *name, unsigned where)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].name, name) == 0 && (known[i].where & where) != 0)
			return &known[i];
	return NULL;
}

static void note_unknown(const struct source *source, const char *service, const char *name, unsigned where)
{
	auto_strings names = {0};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].where & where)
			strings_add(&names, known[i].name);
	auto_free char *list = strings_join(&names, ", ", _(" and "));
	note(source, service, name, _("%s knows no \"%.100s\" here; it knows %s"), source->name, name, list);
}

/* ---- taking them ---- */

static void keep(struct project *project, const struct source *source, const char *who, const char *above, const char *name, const char *value)
{
	auto_free char *place = find_place(source, above, name);
	auto_free char *line = mem_print("%s: %s = %s (%s)", who, name, value, place);
	if (project->settings.count < SETTINGS_MOST)
		strings_add_new(&project->settings, line);
}

/* True: the service had no such label. */
static bool put(const struct compose_service *service, const char *name, const char *value)
{
	auto_free char *label = mem_print("dev.cargodeck.%s", name);
	if (service->labels == NULL || map_has(service->labels, label))
		return false;
	map_put(service->labels, label, mem_copy_string(value));
	return true;
}

/* The values of one object, for one service or, with NULL, for all. `only`: of
 * that name alone, or NULL. */
static void take_values(const struct source *source, const json_t *json, const struct compose_service *service, const char *above,
	unsigned where, const char *only)
{
	struct project *project = source->project;
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json, name, value) {
		const struct setting *setting = find_setting(name, where);
		if (setting == NULL || strcmp(name, "services") == 0 || strcmp(name, "ignore") == 0 || (only != NULL && strcmp(only, name) != 0))
			continue;
		auto_free char *text = value_text(value);
		bool any = false;
		if (!is_good(source, above, setting, text))
			continue;
		for (size_t i = 0; service == NULL && i < project->compose.services.count; i++)
			any = put(&project->compose.services.items[i], name, text) || any;
		any = (service != NULL && put(service, name, text)) || any;
		if (any)
			keep(project, source, service != NULL ? service->name : _("all services"), above, name, text);
	}
}

static void take_ignored(const struct source *source, const json_t *value)
{
	struct project *project = source->project;
	auto_strings words = {0};
	size_t i;
	json_t *word;
	if (json_is_string(value))
		strings_add(&words, json_string_value(value));
	json_array_foreach(value, i, word)
		if (json_is_string(word))
			strings_add(&words, json_string_value(word));
	if (value != NULL && words.count == 0)
		note(source, NULL, "ignore", _("ignore takes paths, as [\"assets/cache\"]"));
	for (i = 0; i < words.count && project->ignored.count < SETTINGS_MOST; i++) {
		auto_free char *joined = path_join(project->folder, words.items[i]);
		auto_free char *path = path_clean(joined);
		if (path_is_below(path, project->folder) && strcmp(path, project->folder) != 0) {
			if (strings_add_new(&project->ignored, path))
				keep(project, source, _("the watch"), NULL, "ignore", words.items[i]);
		} else {
			note(source, NULL, "ignore", _("ignore takes paths below the project's folder, not \"%s\""), words.items[i]);
		}
	}
}

static void check_names(const struct source *source, const json_t *json)
{
	const char *name, *inner;
	json_t *value, *ignored;
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
		if (find_setting(name, AT_TOP) == NULL)
			note_unknown(source, NULL, name, AT_TOP);
	json_object_foreach(json_object_get(json, "services"), name, value) {
		if (compose_find(&source->project->compose, name) == NULL)
			note(source, NULL, name, _("there is no service \"%.100s\" to set something for"), name);
		json_object_foreach(value, inner, ignored)
			if (find_setting(inner, AT_SERVICE) == NULL)
				note_unknown(source, name, inner, AT_SERVICE);
	}
}

/* ---- the places ---- */

static json_t *load(const char *text)
{
	return text != NULL ? json_loads(text, 0, NULL) : NULL;
}

static void take_services(const struct source *source, const json_t *json, const char *only)
{
	const char *name;
	json_t *value;
	json_object_foreach(json_object_get(json, "services"), name, value) {
		const struct compose_service *service = compose_find(&source->project->compose, name);
		if (service != NULL)
			take_values(source, value, service, name, AT_SERVICE, only);
	}
}

void settings_take(struct project *project)
{
	auto_strings manifests = {0};
	const struct source compose = {project, "x-cargodeck", "x-cargodeck", &project->files};
	const struct source workspace = {project, "[workspace.metadata.cargodeck]", "metadata.cargodeck", &manifests};
	if (project->manifest != NULL)
		strings_add(&manifests, project->manifest);
	json_t *json = load(project->compose.settings);
	check_names(&compose, json);
	take_services(&compose, json, NULL);
	take_values(&compose, json, NULL, NULL, AT_TOP, NULL);
	take_ignored(&compose, json_object_get(json, "ignore"));
	json_decref(json);
	json = load(project->cargo.settings);
	check_names(&workspace, json);
	/* which package a service runs must be known before its other values: settings_take_package() */
	take_services(&workspace, json, "bin");
	take_ignored(&workspace, json_object_get(json, "ignore"));
	json_decref(json);
}

void settings_take_package(struct project *project, const struct compose_service *service, const struct cargo_package *package)
{
	auto_strings own = {0}, manifests = {0};
	const struct source source = {project, "[package.metadata.cargodeck]", "metadata.cargodeck", &own};
	const struct source workspace = {project, "[workspace.metadata.cargodeck]", "metadata.cargodeck", &manifests};
	const char *name;
	json_t *value, *json = load(package->settings);
	strings_add(&own, package->manifest);
	if (project->manifest != NULL)
		strings_add(&manifests, project->manifest);
	json_object_foreach(json, name, value)
		if (find_setting(name, AT_PACKAGE) == NULL)
			note_unknown(&source, NULL, name, AT_PACKAGE);
	take_values(&source, json, service, NULL, AT_PACKAGE, NULL);
	json_decref(json);
	json = load(project->cargo.settings);
	take_values(&workspace, json_object_get(json_object_get(json, "services"), service->name), service, service->name, AT_SERVICE, NULL);
	take_values(&workspace, json, service, NULL, AT_TOP, NULL);
	json_decref(json);
}

bool project_ignores(const struct project *project, const char *path)
{
	for (size_t i = 0; i < project->ignored.count; i++)
		if (path_is_below(path, project->ignored.items[i]))
			return true;
	return false;
}
