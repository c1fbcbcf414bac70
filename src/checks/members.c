/* The members of a workspace, read from their manifests (The Cargo Book: The
 * Manifest Format; Workspaces; Features). It holds nothing; rust.c calls it
 * where cargo's metadata is not to be had. */
#include "crates.h"
#include "toml.h"

#include <fnmatch.h>
#include <stdio.h>

enum { SHARE_ROUNDS = 32 };

/* ---- one manifest ---- */

struct manifest {
	struct crate_member member;
	struct crate_member shared; /* [workspace.dependencies], [workspace.package] */
	bool has_workspace;
	bool inherits_version, inherits_edition, inherits_rust_version;
	struct strings members, exclude;
};

static void replace(char **place, const char *text)
{
	free(*place);
	*place = mem_copy_string(text);
}

static void member_finish(struct crate_member *member)
{
	for (size_t i = 0; i < member->needs.count; i++) {
		struct crate_need *need = &member->needs.items[i];
		free(need->key);
		free(need->package);
		free(need->folder);
		strings_finish(&need->features);
	}
	for (size_t i = 0; i < member->features.count; i++) {
		free(member->features.items[i].name);
		strings_finish(&member->features.items[i].values);
	}
	array_finish(&member->needs);
	array_finish(&member->features);
	free(member->name);
	free(member->version);
	free(member->manifest);
	free(member->edition);
	free(member->rust_version);
	*member = (struct crate_member){0};
}

static void manifest_finish(struct manifest *manifest)
{
	member_finish(&manifest->member);
	member_finish(&manifest->shared);
	strings_finish(&manifest->members);
	strings_finish(&manifest->exclude);
}

/* The dependency of that key, added where it is new; NULL: too many. */
static struct crate_need *need_of(struct crate_member *member, const char *key, enum crate_kind kind)
{
	for (size_t i = member->needs.count; i-- > 0;) /* the last one is the usual one */
		if (member->needs.items[i].kind == kind && strcmp(member->needs.items[i].key, key) == 0)
			return &member->needs.items[i];
	if (member->needs.count >= CRATES_MOST_NEEDS)
		return NULL;
	struct crate_need *need = array_add(&member->needs);
	*need = (struct crate_need){.key = mem_copy_string(key), .package = mem_copy_string(key), .kind = kind};
	return need;
}

static void read_need(struct crate_member *member, const struct toml_leaf *leaf, size_t at, enum crate_kind kind)
{
	struct crate_need *need = need_of(member, leaf->path[at], kind);
	if (need == NULL || leaf->depth != at + 2 || leaf->is_table)
		return;
	const char *field = leaf->path[at + 1];
	bool is_true = strcmp(leaf->text, "true") == 0;
	if (leaf->is_item && strcmp(field, "features") == 0)
		strings_add(&need->features, leaf->text);
	else if (leaf->is_item)
		return;
	else if (leaf->is_string && strcmp(field, "package") == 0)
		replace(&need->package, leaf->text);
	else if (leaf->is_string && strcmp(field, "path") == 0)
		replace(&need->folder, leaf->text);
	else if (strcmp(field, "optional") == 0)
		need->is_optional = is_true;
	else if (strcmp(field, "workspace") == 0)
		need->is_inherited = is_true;
	else if (strcmp(field, "default-features") == 0 || strcmp(field, "default_features") == 0)
		need->is_bare = !is_true;
}

static bool kind_of(const char *table, enum crate_kind *kind)
{
	static const struct {
		const char *table;
		enum crate_kind kind;
	} kinds[] = {{"dependencies", CRATE_NORMAL}, {"build-dependencies", CRATE_BUILD}, {"build_dependencies", CRATE_BUILD},
		{"dev-dependencies", CRATE_DEV}, {"dev_dependencies", CRATE_DEV}};
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i].table, table) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

static void read_feature(struct crate_member *member, const struct toml_leaf *leaf)
{
	struct crate_feature *feature = member->features.count > 0 ? &member->features.items[member->features.count - 1] : NULL;
	if (feature == NULL || strcmp(feature->name, leaf->path[1]) != 0) {
		if (member->features.count >= CRATES_MOST_FEATURES)
			return;
		feature = array_add(&member->features);
		feature->name = mem_copy_string(leaf->path[1]);
	}
	strings_add(&feature->values, leaf->text);
}

/* A key of [package] or [workspace.package]; `key` is behind it. */
static void read_package(struct crate_member *member, const char *key, const struct toml_leaf *leaf)
{
	if (!leaf->is_string)
		return;
	if (strcmp(key, "name") == 0)
		replace(&member->name, leaf->text);
	else if (strcmp(key, "version") == 0)
		replace(&member->version, leaf->text);
	else if (strcmp(key, "edition") == 0)
		replace(&member->edition, leaf->text);
	else if (strcmp(key, "rust-version") == 0)
		replace(&member->rust_version, leaf->text);
}

/* version.workspace = true */
static void read_inherited(struct manifest *manifest, const struct toml_leaf *leaf)
{
	bool is_true = strcmp(leaf->path[2], "workspace") == 0 && strcmp(leaf->text, "true") == 0;
	if (strcmp(leaf->path[1], "version") == 0)
		manifest->inherits_version = is_true;
	else if (strcmp(leaf->path[1], "edition") == 0)
		manifest->inherits_edition = is_true;
	else if (strcmp(leaf->path[1], "rust-version") == 0)
		manifest->inherits_rust_version = is_true;
}

static void read_leaf(void *context, const struct toml_leaf *leaf)
{
	struct manifest *manifest = context;
	enum crate_kind kind;
	const char *first = leaf->path[0];
	if (strcmp(first, "workspace") == 0) {
		manifest->has_workspace = true;
		if (leaf->is_item && leaf->depth == 2 && strcmp(leaf->path[1], "members") == 0)
			strings_add(&manifest->members, leaf->text);
		else if (leaf->is_item && leaf->depth == 2 && strcmp(leaf->path[1], "exclude") == 0)
			strings_add(&manifest->exclude, leaf->text);
		else if (leaf->depth == 3 && strcmp(leaf->path[1], "package") == 0)
			read_package(&manifest->shared, leaf->path[2], leaf);
		else if (leaf->depth >= 3 && strcmp(leaf->path[1], "dependencies") == 0)
			read_need(&manifest->shared, leaf, 2, CRATE_NORMAL);
	} else if (strcmp(first, "package") == 0 && leaf->depth == 2) {
		read_package(&manifest->member, leaf->path[1], leaf);
	} else if (strcmp(first, "package") == 0 && leaf->depth == 3) {
		read_inherited(manifest, leaf);
	} else if (strcmp(first, "features") == 0 && leaf->depth == 2 && leaf->is_item) {
		read_feature(&manifest->member, leaf);
	} else if (leaf->depth >= 2 && kind_of(first, &kind)) {
		read_need(&manifest->member, leaf, 1, kind);
	} else if (leaf->depth >= 4 && strcmp(first, "target") == 0 && kind_of(leaf->path[2], &kind)) {
		read_need(&manifest->member, leaf, 3, kind);
	}
}

static bool manifest_read(const struct tree *tree, const char *path, struct manifest *manifest)
{
	size_t len;
	auto_free char *text = tree_read(tree, path, &len);
	*manifest = (struct manifest){0};
	if (text == NULL)
		return false;
	toml_read(text, len, read_leaf, manifest);
	manifest->member.manifest = mem_copy_string(path);
	return true;
}

/* ---- what a member inherits ---- */

static void inherit_need(struct crate_need *need, const struct crate_member *shared)
{
	for (size_t i = 0; need->is_inherited && i < shared->needs.count; i++) {
		const struct crate_need *from = &shared->needs.items[i];
		if (strcmp(from->key, need->key) != 0)
			continue;
		replace(&need->package, from->package);
		need->is_bare = from->is_bare;
		strings_copy(&need->features, &from->features);
		return;
	}
}

static void inherit(struct manifest *manifest, const struct crate_member *shared)
{
	struct crate_member *member = &manifest->member;
	if (manifest->inherits_version)
		replace(&member->version, shared->version);
	if (manifest->inherits_edition)
		replace(&member->edition, shared->edition);
	if (manifest->inherits_rust_version)
		replace(&member->rust_version, shared->rust_version);
	for (size_t i = 0; i < member->needs.count; i++)
		inherit_need(&member->needs.items[i], shared);
}

/* ---- default features ---- */

static void turn_on(struct crate_member *member, const char *key, const char *feature, bool only_if_on)
{
	for (size_t i = 0; i < member->needs.count; i++) {
		struct crate_need *need = &member->needs.items[i];
		if (strcmp(need->key, key) != 0)
			continue;
		need->is_on = need->is_on || !only_if_on;
		if (feature != NULL)
			strings_add(&need->features, feature);
	}
}

/* One value of a feature: "other", "dep:x", "x/feature", "x?/feature". The name of
 * another feature is handed back. */
static const char *take_value(struct crate_member *member, const char *value, const struct map *names)
{
	const char *slash = strchr(value, '/');
	if (text_starts_with(value, "dep:")) {
		turn_on(member, value + 4, NULL, false);
	} else if (slash != NULL) {
		bool only_if_on = slash > value && slash[-1] == '?';
		auto_free char *key = mem_copy_bytes(value, (size_t)(slash - value) - only_if_on);
		turn_on(member, key, slash + 1, only_if_on);
	} else if (map_has(names, value)) {
		return value;
	} else {
		turn_on(member, value, NULL, false); /* an optional dependency is a feature of its name */
	}
	return NULL;
}

/* A feature and all that it turns on. False: it was on, or is none. */
static bool turn_feature_on(struct crate_member *member, const char *wanted)
{
	struct map *names = map_open(NULL);
	ARRAY(struct crate_feature *) waiting = {0};
	for (size_t i = 0; i < member->features.count; i++)
		map_put(names, member->features.items[i].name, &member->features.items[i]);
	struct crate_feature *first = map_get(names, wanted);
	bool is_new = first != NULL && !first->is_on;
	if (is_new)
		*array_add(&waiting) = first;
	for (size_t i = 0; i < waiting.count; i++) {
		struct crate_feature *feature = waiting.items[i];
		if (feature->is_on)
			continue;
		feature->is_on = true;
		for (size_t j = 0; j < feature->values.count; j++) {
			const char *other = take_value(member, feature->values.items[j], names);
			if (other != NULL)
				*array_add(&waiting) = map_get(names, other);
		}
	}
	array_finish(&waiting);
	map_close(names);
	return is_new;
}

void crate_member_decide(struct crate_member *member)
{
	for (size_t i = 0; i < member->needs.count; i++)
		member->needs.items[i].is_on = !member->needs.items[i].is_optional;
	turn_feature_on(member, "default");
}

/* One that is asked for may be an optional dependency's name. */
static bool ask_member(struct crate_member *member, const char *wanted)
{
	bool is_new = turn_feature_on(member, wanted);
	for (size_t i = 0; i < member->needs.count; i++) {
		struct crate_need *need = &member->needs.items[i];
		if (need->is_on || strcmp(need->key, wanted) != 0)
			continue;
		need->is_on = true;
		is_new = true;
	}
	return is_new;
}

void crate_members_share(struct crate_members *members)
{
	struct map *names = map_open(NULL);
	bool is_new = true;
	for (size_t i = 0; i < members->items.count; i++)
		map_put(names, members->items.items[i].name, &members->items.items[i]);
	for (int round = 0; is_new && round < SHARE_ROUNDS; round++) {
		is_new = false;
		for (size_t i = 0; i < members->items.count; i++) {
			const struct crate_member *from = &members->items.items[i];
			for (size_t j = 0; j < from->needs.count; j++) {
				const struct crate_need *need = &from->needs.items[j];
				struct crate_member *to = need->is_on && need->kind != CRATE_DEV ? map_get(names, need->package) : NULL;
				for (size_t k = 0; to != NULL && to != from && k < need->features.count; k++)
					is_new = ask_member(to, need->features.items[k]) || is_new;
			}
		}
	}
	map_close(names);
}

/* ---- the workspace ---- */

struct workspace {
	const struct tree *tree;
	struct manifest root;
	char *folder; /* of the root manifest; "" is the tree's */
	struct map *manifests; /* taken or waiting */
	struct strings waiting;
	struct crate_members *members;
};

static char *folder_of(const char *manifest)
{
	const char *slash = strrchr(manifest, '/');
	return slash != NULL ? mem_copy_bytes(manifest, (size_t)(slash - manifest)) : mem_copy_string("");
}

static bool is_excluded(const struct workspace *workspace, const char *below)
{
	for (size_t i = 0; i < workspace->root.exclude.count; i++) {
		auto_free char *folder = path_clean(workspace->root.exclude.items[i]);
		if (path_is_below(below, folder))
			return true;
	}
	return false;
}

static void wait_for(struct workspace *workspace, const char *manifest)
{
	if (map_has(workspace->manifests, manifest) || workspace->waiting.count >= CRATES_MOST_MEMBERS)
		return;
	map_put(workspace->manifests, manifest, NULL);
	strings_add(&workspace->waiting, manifest);
}

/* The manifests that a line of `members` names. */
static void add_pattern(struct workspace *workspace, const char *pattern)
{
	auto_free char *clean = path_clean(pattern);
	bool is_plain = strpbrk(clean, "*?[") == NULL;
	const struct tree_file *file;
	for (size_t at = 0; (file = tree_each(workspace->tree, &at, "Cargo.toml")) != NULL;) {
		auto_free char *folder = folder_of(file->path);
		const char *below = workspace->folder[0] != '\0' ? path_relative(folder, workspace->folder) : folder;
		if (below == NULL || below[0] == '\0')
			continue;
		/* a star stays within a name, but ** */
		bool matches = is_plain ? strcmp(clean, below) == 0 : fnmatch(clean, below, strstr(clean, "**") != NULL ? 0 : FNM_PATHNAME) == 0;
		if (matches && (is_plain || !is_excluded(workspace, below)))
			wait_for(workspace, file->path);
	}
}

/* A path dependency that lies in the workspace is a member of it. */
static void add_folder(struct workspace *workspace, const char *from, const char *path)
{
	auto_free char *whole = path_join(from, path);
	auto_free char *folder = path_clean(whole);
	auto_free char *manifest = path_join(strcmp(folder, ".") == 0 ? "" : folder, "Cargo.toml");
	const char *below = workspace->folder[0] != '\0' ? path_relative(folder, workspace->folder) : folder;
	if (path[0] != '/' && below != NULL && !is_excluded(workspace, below) && tree_find(workspace->tree, manifest) != NULL)
		wait_for(workspace, manifest);
}

static void add_folders(struct workspace *workspace, const struct crate_member *member, const char *from)
{
	for (size_t i = 0; workspace->root.has_workspace && i < member->needs.count; i++)
		if (member->needs.items[i].folder != NULL)
			add_folder(workspace, from, member->needs.items[i].folder);
}

/* Takes the member over, if it is one. */
static void take_member(struct workspace *workspace, struct manifest *manifest)
{
	inherit(manifest, &workspace->root.shared);
	if (manifest->member.name == NULL)
		return;
	auto_free char *from = folder_of(manifest->member.manifest);
	add_folders(workspace, &manifest->member, from);
	crate_member_decide(&manifest->member);
	*array_add(&workspace->members->items) = manifest->member;
	manifest->member = (struct crate_member){0};
}

static bool inherits_any(const struct crate_member *member, const char *key)
{
	for (size_t i = 0; i < member->needs.count; i++)
		if (member->needs.items[i].is_inherited && strcmp(member->needs.items[i].key, key) == 0)
			return true;
	return false;
}

/* What is shared is a member by its path once a member asks for it. */
static void add_shared_folders(struct workspace *workspace, const struct crate_member *member)
{
	const struct crate_member *shared = &workspace->root.shared;
	for (size_t i = 0; i < shared->needs.count; i++)
		if (shared->needs.items[i].folder != NULL && inherits_any(member, shared->needs.items[i].key))
			add_folder(workspace, workspace->folder, shared->needs.items[i].folder);
}

void crate_members_read(const struct tree *tree, const char *manifest, struct crate_members *members)
{
	struct workspace workspace = {.tree = tree, .members = members};
	if (!manifest_read(tree, manifest, &workspace.root))
		return;
	workspace.folder = folder_of(manifest);
	workspace.manifests = map_open(NULL);
	map_put(workspace.manifests, manifest, NULL);
	for (size_t i = 0; i < workspace.root.members.count && i < CRATES_MOST_MEMBERS; i++)
		add_pattern(&workspace, workspace.root.members.items[i]);
	size_t first = members->items.count;
	take_member(&workspace, &workspace.root);
	if (members->items.count > first)
		add_shared_folders(&workspace, &members->items.items[first]);
	for (size_t i = 0; i < workspace.waiting.count; i++) {
		struct manifest one;
		size_t before = members->items.count;
		if (manifest_read(tree, workspace.waiting.items[i], &one)) {
			take_member(&workspace, &one);
			if (members->items.count > before)
				add_shared_folders(&workspace, &members->items.items[before]);
			manifest_finish(&one);
		}
	}
	manifest_finish(&workspace.root);
	strings_finish(&workspace.waiting);
	map_close(workspace.manifests);
	free(workspace.folder);
}

void crate_members_finish(struct crate_members *members)
{
	for (size_t i = 0; i < members->items.count; i++)
		member_finish(&members->items.items[i]);
	array_finish(&members->items);
}
