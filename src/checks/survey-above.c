/* The workspace above the project: a member's image needs the folder that its
 * workspace begins in, which is not looked at from here. */
#include "survey.h"

#include "toml.h"

#include <fnmatch.h>

enum { MANIFEST_MOST = 512 << 10, LEVELS_MOST = 20, MEMBERS_MOST = 500 };

struct above {
	bool has_workspace;
	struct strings members, exclude;
};

static void visit_workspace(void *context, const struct toml_leaf *leaf)
{
	static const char *const members[] = {"workspace", "members", NULL}, *const exclude[] = {"workspace", "exclude", NULL};
	struct above *above = context;
	above->has_workspace = above->has_workspace || (leaf->depth > 0 && strcmp(leaf->path[0], "workspace") == 0);
	if (leaf->is_item && toml_is(leaf, members) && above->members.count < MEMBERS_MOST)
		strings_add(&above->members, leaf->text);
	if (leaf->is_item && toml_is(leaf, exclude) && above->exclude.count < MEMBERS_MOST)
		strings_add(&above->exclude, leaf->text);
}

/* edition.workspace = true, axum = { workspace = true }: it cannot be built without one. */
static void visit_member(void *context, const struct toml_leaf *leaf)
{
	bool *inherits = context;
	*inherits = *inherits || (leaf->depth > 1 && strcmp(leaf->path[0], "workspace") != 0 && strcmp(leaf->path[leaf->depth - 1], "workspace") == 0 &&
		strcmp(leaf->text, "true") == 0);
}

static bool is_member(const struct above *above, const char *below, bool inherits)
{
	for (size_t i = 0; i < above->exclude.count; i++)
		if (path_is_below(below, above->exclude.items[i]))
			return false;
	for (size_t i = 0; i < above->members.count; i++) {
		auto_free char *pattern = path_clean(above->members.items[i]);
		if (fnmatch(pattern, below, FNM_PATHNAME) == 0)
			return true;
	}
	return inherits; /* or a member by its path alone */
}

/* The folder of the workspace that the project is a member of. The caller frees; NULL: none above it. */
static char *find_workspace(const char *root, bool inherits)
{
	auto_free char *from = path_parent(root);
	for (unsigned level = 0; level < LEVELS_MOST && strcmp(from, "/") != 0; level++) {
		auto_free char *folder = dir_find_holding(from, "Cargo.toml"), *text = NULL;
		struct above above = {0};
		if (folder == NULL)
			return NULL;
		if (file_read_below(folder, "Cargo.toml", MANIFEST_MOST, &text) == FILE_TEXT)
			toml_read(text, strlen(text), visit_workspace, &above);
		bool is_it = above.has_workspace && is_member(&above, path_relative(root, folder), inherits);
		strings_finish(&above.members);
		strings_finish(&above.exclude);
		if (is_it)
			return steal(&folder);
		free(from);
		from = path_parent(folder);
	}
	return NULL;
}

void survey_say_above(const struct survey *survey)
{
	const struct tree *tree = &survey->sources->tree;
	size_t len = 0;
	auto_free char *text = tree_find(tree, "Cargo.toml") != NULL ? tree_read(tree, "Cargo.toml", &len) : NULL;
	struct above own = {0};
	bool inherits = false;
	if (text == NULL)
		return;
	toml_read(text, len, visit_workspace, &own);
	toml_read(text, len, visit_member, &inherits);
	auto_free char *folder = own.has_workspace ? NULL : find_workspace(tree->root, inherits);
	strings_finish(&own.members);
	strings_finish(&own.exclude);
	if (folder == NULL)
		return;
	auto_str line = {0};
	str_add(&line, "cargodeck init --project "); /* no text */
	str_add_word(&line, folder);
	survey_say(survey->says, "Cargo.toml", 0, _("a member of the workspace in %s, without which no image of it can be built: run init there: %s"), folder, str_text(&line));
}
