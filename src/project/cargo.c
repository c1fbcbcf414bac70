/* Cargo's packages, read from `cargo metadata --no-deps` (The Cargo Book, cargo
 * metadata: format version 1), and dep-info files. */
#include "project.h"

#include <jansson.h>
#include <stdio.h>

static const char *get_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool has_kind(const json_t *target, const char *wanted)
{
	size_t i;
	json_t *kind;
	json_array_foreach(json_object_get(target, "kind"), i, kind)
		if (text_equal(json_string_value(kind), wanted))
			return true;
	return false;
}

static void read_targets(const json_t *targets, struct cargo_package *package)
{
	size_t i, j;
	json_t *target, *feature;
	json_array_foreach(targets, i, target) {
		package->has_build_script = package->has_build_script || has_kind(target, "custom-build");
		if (!has_kind(target, "bin") || get_text(target, "name") == NULL)
			continue;
		struct cargo_bin *bin = array_add(&package->bins);
		bin->name = mem_copy_string(get_text(target, "name"));
		bin->src = mem_copy_string(get_text(target, "src_path"));
		json_array_foreach(json_object_get(target, "required-features"), j, feature)
			if (json_is_string(feature))
				strings_add(&bin->required_features, json_string_value(feature));
	}
}

static char *read_settings(const json_t *json)
{
	const json_t *settings = json_object_get(json_object_get(json, "metadata"), "cargodeck");
	return json_is_object(settings) ? json_dumps(settings, JSON_COMPACT) : NULL;
}

static void read_package(const json_t *json, struct cargo_package *package)
{
	size_t i;
	json_t *depend;
	package->name = mem_copy_string(get_text(json, "name"));
	package->manifest = mem_copy_string(get_text(json, "manifest_path"));
	package->folder = path_parent(package->manifest);
	package->settings = read_settings(json);
	read_targets(json_object_get(json, "targets"), package);
	json_array_foreach(json_object_get(json, "dependencies"), i, depend) {
		const char *kind = get_text(depend, "kind");
		/* a path makes it local; dev dependencies change no program */
		if (get_text(depend, "path") != NULL && get_text(depend, "name") != NULL && !text_equal(kind, "dev"))
			strings_add_new(&package->depends, get_text(depend, "name"));
	}
}

static bool has_package(const struct cargo_graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->packages.count; i++)
		if (strcmp(graph->packages.items[i].name, name) == 0)
			return true;
	return false;
}

/* Path dependencies outside the workspace: `--no-deps` leaves them out. Their
 * programs are not ours. */
static void add_outside(struct cargo_graph *graph, const char *name, const char *folder)
{
	struct cargo_graph other = {0};
	auto_free char *manifest = path_join(folder, "Cargo.toml");
	if (has_package(graph, name))
		return;
	if (!manifest_guess(manifest, &other, NULL)) {
		*array_add(&graph->packages) = (struct cargo_package){.name = mem_copy_string(name), .folder = mem_copy_string(folder), .manifest = steal(&manifest)};
		return;
	}
	for (size_t i = 0; i < other.packages.count; i++) {
		struct cargo_package *package = &other.packages.items[i];
		if (has_package(graph, package->name))
			continue;
		struct cargo_package *added = array_add(&graph->packages);
		*added = (struct cargo_package){.name = mem_copy_string(package->name), .folder = mem_copy_string(package->folder),
			.manifest = mem_copy_string(package->manifest), .has_build_script = package->has_build_script};
		strings_copy(&added->depends, &package->depends);
	}
	cargo_graph_finish(&other);
}

bool cargo_graph_read(const char *text, size_t len, struct cargo_graph *graph, struct fault *fault)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);
	size_t i;
	json_t *package;
	const char *root = get_text(json, "workspace_root"), *target = get_text(json, "target_directory");
	if (root == NULL || target == NULL) {
		fault_set(fault, FAULT_INPUT, "cargo metadata gave what cannot be read: %s", json == NULL ? error.text : _("no workspace_root"));
		json_decref(json);
		return false;
	}
	graph->root = mem_copy_string(root);
	graph->target = mem_copy_string(target);
	graph->settings = read_settings(json);
	json_array_foreach(json_object_get(json, "packages"), i, package)
		if (get_text(package, "name") != NULL && get_text(package, "manifest_path") != NULL)
			read_package(package, array_add(&graph->packages));
	json_array_foreach(json_object_get(json, "packages"), i, package) {
		size_t j;
		json_t *depend;
		json_array_foreach(json_object_get(package, "dependencies"), j, depend)
			if (get_text(depend, "path") != NULL && get_text(depend, "name") != NULL && !text_equal(get_text(depend, "kind"), "dev"))
				add_outside(graph, get_text(depend, "name"), get_text(depend, "path"));
	}
	json_decref(json);
	return true;
}

void cargo_graph_finish(struct cargo_graph *graph)
{
	for (size_t i = 0; i < graph->packages.count; i++) {
		struct cargo_package *package = &graph->packages.items[i];
		for (size_t j = 0; j < package->bins.count; j++) {
			free(package->bins.items[j].name);
			free(package->bins.items[j].src);
			strings_finish(&package->bins.items[j].required_features);
		}
		array_finish(&package->bins);
		strings_finish(&package->depends);
		free(package->name);
		free(package->folder);
		free(package->manifest);
		free(package->settings);
	}
	array_finish(&graph->packages);
	free(graph->root);
	free(graph->target);
	free(graph->settings);
	*graph = (struct cargo_graph){0};
}

const struct cargo_package *cargo_find_bin(const struct cargo_graph *graph, const char *bin)
{
	for (size_t i = 0; bin != NULL && i < graph->packages.count; i++)
		for (size_t j = 0; j < graph->packages.items[i].bins.count; j++)
			if (strcmp(graph->packages.items[i].bins.items[j].name, bin) == 0)
				return &graph->packages.items[i];
	return NULL;
}

/* ---- dep-info ---- */

/* One word of a makefile rule: "\ " is a blank, "$$" a dollar. */
static const char *next_word(const char *at, const char *end, struct str *word)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at != ' ' && *at != '\t' && *at != '\n'; at++) {
		if (*at == '\\' && at + 1 < end && (at[1] == '\n' || at[1] == '\r')) {
			at += at[1] == '\r' && at + 2 < end && at[2] == '\n' ? 3 : 2;
			break;
		}
		if ((*at == '\\' && at + 1 < end && (at[1] == ' ' || at[1] == '#' || at[1] == '\\')) ||
			(*at == '$' && at + 1 < end && at[1] == '$'))
			at++;
		str_add_char(word, *at);
	}
	return at;
}

void dep_info_read(const char *text, size_t len, struct strings *paths)
{
	const char *at = text, *end = text + len;
	const char *colon = memmem(text, len, ": ", 2);
	const char *newline = memchr(text, '\n', len);
	if (colon == NULL || (newline != NULL && newline < colon))
		return;
	for (at = colon + 1; at < end && *at != '\n' && paths->count < 200000;) {
		auto_str word = {0};
		at = next_word(at, end, &word);
		if (word.len > 0 && strlen(word.data) == word.len)
			strings_add(paths, word.data);
	}
}
