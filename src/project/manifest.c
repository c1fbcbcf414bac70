/* Cargo.toml read without cargo: where none is installed, or none that may be
 * asked without downloading a toolchain. It reads what a graph needs and no
 * more: names, programs, members, path dependencies (The Cargo Book, The
 * Manifest Format; TOML 1.0). And the toolchain file. */
#include "project.h"

#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <stdio.h>

enum { PACKAGES_LIMIT = 2000 };

/* ---- lines of TOML ---- */

struct toml {
	const char *at;
	struct str section, key, value; /* of the last line; arrays are joined to one */
};

static void toml_finish(struct toml *toml)
{
	str_finish(&toml->section);
	str_finish(&toml->key);
	str_finish(&toml->value);
}

/* Adds one line to the value, without its comment; returns the change of
 * nesting. */
static int add_value(struct str *out, const char *line, size_t len)
{
	int nested = 0;
	char quote = '\0';
	for (size_t i = 0; i < len; i++) {
		if (quote == '\0' && line[i] == '#')
			break;
		if (quote != '\0')
			quote = line[i] == quote ? '\0' : quote;
		else if (line[i] == '"' || line[i] == '\'')
			quote = line[i];
		else
			nested += line[i] == '[' || line[i] == '{' ? 1 : line[i] == ']' || line[i] == '}' ? -1 : 0;
		str_add_char(out, line[i]);
	}
	while (out->len > 0 && isspace((unsigned char)out->data[out->len - 1]))
		str_cut(out, out->len - 1);
	return nested;
}

static const char *take_line(const char **at, size_t *len)
{
	const char *line = *at + strspn(*at, " \t");
	*len = strcspn(line, "\r\n");
	*at = line + *len;
	*at += **at == '\r';
	*at += **at == '\n';
	return line;
}

/* The next key, or the next section (then the key is empty). */
static bool toml_next(struct toml *toml)
{
	while (*toml->at != '\0') {
		size_t len;
		const char *line = take_line(&toml->at, &len);
		if (len == 0 || *line == '#')
			continue;
		str_clear(&toml->key);
		str_clear(&toml->value);
		if (*line == '[') {
			str_clear(&toml->section);
			str_add_bytes(&toml->section, line, strcspn(line, "\r\n#"));
			while (toml->section.len > 0 && isspace((unsigned char)toml->section.data[toml->section.len - 1]))
				str_cut(&toml->section, toml->section.len - 1);
			return true;
		}
		const char *equals = memchr(line, '=', len);
		if (equals == NULL)
			continue;
		for (const char *letter = line; letter < equals; letter++)
			if (!isspace((unsigned char)*letter) && *letter != '"' && *letter != '\'')
				str_add_char(&toml->key, *letter);
		const char *value = equals + 1 + strspn(equals + 1, " \t");
		int nested = value < line + len ? add_value(&toml->value, value, (size_t)(line + len - value)) : 0;
		while (nested > 0 && *toml->at != '\0') {
			line = take_line(&toml->at, &len);
			str_add_char(&toml->value, ' ');
			nested += add_value(&toml->value, line, len);
		}
		return true;
	}
	return false;
}

/* The texts between quotes. */
static void quoted(const char *value, struct strings *out)
{
	for (const char *at = value; (at = strpbrk(at, "\"'")) != NULL;) {
		const char *end = strchr(at + 1, *at);
		if (end == NULL)
			return;
		strings_take(out, mem_copy_bytes(at + 1, (size_t)(end - at - 1)));
		at = end + 1;
	}
}

static char *first_quoted(const char *value)
{
	auto_strings texts = {0};
	quoted(value, &texts);
	return texts.count > 0 ? mem_copy_string(texts.items[0]) : NULL;
}

/* The value of a key of an inline table: `{ path = "x" }`. */
static char *inline_value(const char *value, const char *key)
{
	for (const char *at = value; *value == '{' && (at = strstr(at, key)) != NULL; at++) {
		const char *after = at + strlen(key);
		after += strspn(after, " \t");
		if (*after == '=' && strchr("{, \t", at[-1]) != NULL)
			return first_quoted(after);
	}
	return NULL;
}

/* ---- one manifest ---- */

struct manifest {
	struct cargo_package package;
	bool has_workspace;
	struct strings members, exclude;
	struct strings paths; /* folders of path dependencies */
	struct strings inherited; /* names of `x.workspace = true` */
	struct map *shared; /* workspace.dependencies: name -> folder */
};

static void manifest_finish(struct manifest *manifest)
{
	strings_finish(&manifest->members);
	strings_finish(&manifest->exclude);
	strings_finish(&manifest->paths);
	strings_finish(&manifest->inherited);
	map_close(manifest->shared);
}

/* In [dependencies], [target.'…'.dependencies] or [dependencies.NAME]. */
static bool in_dependencies(const char *section, const char *kind)
{
	const char *at = strstr(section, kind);
	if (at == NULL || (at[-1] != '[' && at[-1] != '.'))
		return false;
	return at[strlen(kind)] == ']' || at[strlen(kind)] == '.';
}

static void read_dependency(struct manifest *manifest, const char *section, const char *key, const char *value)
{
	auto_free char *path = strcmp(key, "path") == 0 ? first_quoted(value) : inline_value(value, "path");
	const char *dot = strstr(key, ".workspace");
	const char *table = strstr(section, "dependencies.");
	auto_free char *name = table != NULL ? mem_copy_string(table + 13) : dot != NULL ? mem_copy_bytes(key, (size_t)(dot - key)) : mem_copy_string(key);
	if (table != NULL && strchr(name, ']') != NULL)
		*strchr(name, ']') = '\0';
	if (text_starts_with(section, "[workspace.")) {
		auto_free char *folder = path != NULL ? path_join(manifest->package.folder, path) : NULL;
		if (path != NULL)
			map_put(manifest->shared, name, path_clean(folder));
	} else if (path != NULL) {
		auto_free char *folder = path_join(manifest->package.folder, path);
		strings_take(&manifest->paths, path_clean(folder));
	} else if (dot != NULL || strstr(value, "workspace") != NULL || strcmp(key, "workspace") == 0) {
		strings_add(&manifest->inherited, name);
	}
}

static void read_bin(struct manifest *manifest, const char *key, const char *value)
{
	struct cargo_bin *bin = &manifest->package.bins.items[manifest->package.bins.count - 1];
	if (strcmp(key, "name") == 0) {
		free(bin->name);
		bin->name = first_quoted(value);
	} else if (strcmp(key, "path") == 0) {
		auto_free char *path = first_quoted(value);
		free(bin->src);
		bin->src = path_join(manifest->package.folder, path != NULL ? path : "");
	} else if (strcmp(key, "required-features") == 0) {
		quoted(value, &bin->required_features);
	}
}

static void read_key(struct manifest *manifest, const char *section, const char *key, const char *value)
{
	if (key[0] == '\0') {
		manifest->has_workspace = manifest->has_workspace || text_starts_with(section, "[workspace");
		if (strcmp(section, "[[bin]]") == 0)
			*array_add(&manifest->package.bins) = (struct cargo_bin){0};
	} else if (strcmp(section, "[package]") == 0 && strcmp(key, "name") == 0) {
		free(manifest->package.name);
		manifest->package.name = first_quoted(value);
	} else if (strcmp(section, "[[bin]]") == 0 && manifest->package.bins.count > 0) {
		read_bin(manifest, key, value);
	} else if (strcmp(section, "[workspace]") == 0 && (strcmp(key, "members") == 0 || strcmp(key, "exclude") == 0)) {
		quoted(value, key[0] == 'm' ? &manifest->members : &manifest->exclude);
	} else if (in_dependencies(section, "dependencies") || in_dependencies(section, "build-dependencies")) {
		read_dependency(manifest, section, key, value);
	}
}

/* Programs that no [[bin]] needs to name: src/main.rs, src/bin/x.rs and
 * src/bin/x/main.rs. */
static void add_usual_bin(struct cargo_package *package, const char *name, char *src)
{
	for (size_t i = 0; i < package->bins.count; i++) {
		if (text_equal(package->bins.items[i].name, name) || text_equal(package->bins.items[i].src, src)) {
			free(src);
			return;
		}
	}
	*array_add(&package->bins) = (struct cargo_bin){.name = mem_copy_string(name), .src = src};
}

static void find_usual_bins(struct cargo_package *package)
{
	auto_free char *main_file = path_join(package->folder, "src/main.rs");
	auto_free char *folder = path_join(package->folder, "src/bin");
	auto_free char *build = path_join(package->folder, "build.rs");
	auto_strings names = {0};
	if (file_exists(main_file))
		add_usual_bin(package, package->name, steal(&main_file));
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			strings_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = path_join(folder, names.items[i]);
		auto_free char *inside = path_join(path, "main.rs");
		auto_free char *stem = text_ends_with(path, ".rs") ? mem_copy_bytes(names.items[i], strlen(names.items[i]) - 3) : NULL;
		if (stem != NULL)
			add_usual_bin(package, stem, steal(&path));
		else if (file_exists(inside))
			add_usual_bin(package, names.items[i], steal(&inside));
	}
	package->has_build_script = file_exists(build);
}

static bool manifest_read(const char *path, struct manifest *manifest, struct fault *fault)
{
	auto_free char *text = file_read(path, FILE_LIMIT, NULL, fault);
	*manifest = (struct manifest){.shared = map_open(free)};
	manifest->package.manifest = mem_copy_string(path);
	manifest->package.folder = path_parent(path);
	if (text == NULL)
		return false;
	struct toml toml = {.at = text};
	while (toml_next(&toml))
		read_key(manifest, str_text(&toml.section), str_text(&toml.key), str_text(&toml.value));
	toml_finish(&toml);
	for (size_t i = manifest->package.bins.count; i-- > 0;) {
		struct cargo_bin *bin = &manifest->package.bins.items[i];
		if (bin->name != NULL)
			continue;
		free(bin->src);
		strings_finish(&bin->required_features);
		array_remove(&manifest->package.bins, i);
	}
	if (manifest->package.name != NULL)
		find_usual_bins(&manifest->package);
	return true;
}

/* ---- the graph ---- */

struct guess {
	struct cargo_graph *graph;
	struct map *shared; /* of the workspace */
	struct map *folders; /* folder -> package name, each read once */
	struct strings waiting; /* folders still to read */
};

static void drop_package(struct cargo_package *package)
{
	struct cargo_graph one = {0};
	*array_add(&one.packages) = *package;
	cargo_graph_finish(&one);
}

static void take_manifest(struct guess *guess, struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->inherited.count; i++) {
		const char *folder = map_get(guess->shared, manifest->inherited.items[i]);
		if (folder != NULL)
			strings_add_new(&manifest->paths, folder);
	}
	/* folders for now; names once all are read */
	strings_copy(&manifest->package.depends, &manifest->paths);
	strings_copy(&guess->waiting, &manifest->paths);
	map_put(guess->folders, manifest->package.folder, mem_copy_string(manifest->package.name != NULL ? manifest->package.name : ""));
	if (manifest->package.name != NULL)
		*array_add(&guess->graph->packages) = manifest->package;
	else
		drop_package(&manifest->package);
	manifest_finish(manifest);
}

static void add_members(struct guess *guess, const struct manifest *root)
{
	for (size_t i = 0; i < root->members.count; i++) {
		auto_free char *pattern = path_join(guess->graph->root, root->members.items[i]);
		glob_t found;
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++) {
			auto_free char *folder = path_clean(found.gl_pathv[j]);
			const char *below = path_relative(folder, guess->graph->root);
			if (below == NULL || !strings_have(&root->exclude, below))
				strings_add(&guess->waiting, folder);
		}
		globfree(&found);
	}
}

static void name_depends(struct guess *guess)
{
	for (size_t i = 0; i < guess->graph->packages.count; i++) {
		struct strings *depends = &guess->graph->packages.items[i].depends;
		for (size_t j = 0; j < depends->count; j++) {
			const char *name = map_get(guess->folders, depends->items[j]);
			char *old = depends->items[j];
			depends->items[j] = mem_copy_string(name != NULL ? name : "");
			free(old);
		}
	}
}

bool manifest_guess(const char *path, struct cargo_graph *graph, struct fault *fault)
{
	struct manifest root;
	if (!manifest_read(path, &root, fault)) {
		drop_package(&root.package);
		manifest_finish(&root);
		return false;
	}
	graph->root = mem_copy_string(root.package.folder);
	graph->target = path_join(graph->root, "target");
	graph->guessed = true;
	struct guess guess = {.graph = graph, .shared = root.shared, .folders = map_open(free)};
	root.shared = NULL;
	add_members(&guess, &root);
	take_manifest(&guess, &root);
	for (size_t i = 0; i < guess.waiting.count && graph->packages.count < PACKAGES_LIMIT; i++) {
		struct manifest member;
		auto_free char *file = path_join(guess.waiting.items[i], "Cargo.toml");
		if (map_has(guess.folders, guess.waiting.items[i]))
			continue;
		if (manifest_read(file, &member, NULL)) {
			take_manifest(&guess, &member);
		} else {
			drop_package(&member.package);
			manifest_finish(&member);
		}
	}
	name_depends(&guess);
	map_close(guess.shared);
	map_close(guess.folders);
	strings_finish(&guess.waiting);
	return true;
}

/* ---- the toolchain file ---- */

/* rustup looks in the folder and above it; `rust-toolchain` is the older name,
 * with the channel alone (The rustup book, Overrides). */
char *toolchain_channel(const char *folder, char **path)
{
	static const char *const names[] = {"rust-toolchain", "rust-toolchain.toml"};
	auto_free char *at = mem_copy_string(folder);
	*path = NULL;
	for (;;) {
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			auto_free char *file = path_join(at, names[i]);
			auto_free char *text = file_exists(file) ? file_read(file, FILE_LIMIT, NULL, NULL) : NULL;
			if (text == NULL)
				continue;
			char *channel = NULL;
			struct toml toml = {.at = text};
			while (toml_next(&toml) && channel == NULL)
				if (strcmp(str_text(&toml.key), "channel") == 0)
					channel = first_quoted(str_text(&toml.value));
			toml_finish(&toml);
			if (channel == NULL && strchr(text, '[') == NULL)
				channel = mem_copy_bytes(text + strspn(text, " \t\r\n"), strcspn(text + strspn(text, " \t\r\n"), " \t\r\n"));
			*path = steal(&file);
			return channel;
		}
		if (strcmp(at, "/") == 0 || strcmp(at, ".") == 0)
			return NULL;
		char *parent = path_parent(at);
		free(at);
		at = parent;
	}
}

char *toolchain_image(const char *folder)
{
	auto_free char *path = NULL;
	auto_free char *channel = toolchain_channel(folder, &path);
	if (channel != NULL && isdigit((unsigned char)channel[0]))
		return mem_print("rust:%.*s-slim-bookworm", (int)strspn(channel, "0123456789."), channel);
	if (channel != NULL && text_starts_with(channel, "nightly"))
		return mem_copy_string("rustlang/rust:nightly-slim");
	return mem_copy_string("rust:1-slim-bookworm");
}
