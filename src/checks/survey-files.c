/* What is there already: files that say how the project is built and run, under
 * all the names that people give them. */
#include "survey.h"

#include "shipped.h"

enum { EXISTING_MOST = 300, READ_MOST = 200, LINES_MOST = 500 };

/* ---- files ---- */

static bool is_image_workflow(const char *text)
{
	static const char *const words[] = {"docker/build-push-action", "docker/bake-action", "docker build", "docker buildx", "buildx build", "docker compose build",
		"docker-compose build", "buildah", "kaniko", "podman build", "depot/build-push-action"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

static bool is_kubernetes(const char *text)
{
	return strstr(text, "apiVersion:") != NULL && strstr(text, "kind:") != NULL && (strstr(text, "metadata:") != NULL || strstr(text, "resources:") != NULL);
}

static bool is_below_any(const char *path, const char *const *words)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = slash != NULL ? mem_copy_bytes(path, (size_t)(slash - path)) : mem_copy_string("");
	return path_has_word(folder, words);
}

/* In such a folder, at any depth? */
static bool is_in_folder(const char *path, const char *name)
{
	auto_free char *part = mem_print("/%s/", name);
	return path_is_below(path, name) || strstr(path, part) != NULL;
}

/* By its name; NULL: none of these, or its text has to say. */
static const char *role_of_name(const char *path)
{
	static const struct {
		const char *role, *patterns[12];
	} roles[] = {
		{"dockerignore", {".dockerignore", "*.dockerignore", ".containerignore", NULL}},
		{"env-example", {".env.example", ".env.sample", ".env.template", ".env.dist", ".env.*.example", ".env.*.sample", "*.env.example", "*.env.sample", "env.example",
			"example.env", "sample.env", NULL}},
		{"env", {".env", ".env.*", "*.env", ".envrc", NULL}},
		{"procfile", {"Procfile", "Procfile.*", NULL}},
		{"justfile", {"justfile", "Justfile", ".justfile", NULL}},
		{"makefile", {"Makefile", "makefile", "GNUmakefile", "Makefile.toml", NULL}},
		{"compose", {"*compose*.yaml", "*compose*.yml", NULL}},
	};
	/* what only tests start, or lies over another, does not stand in for the one that starts the project */
	static const char *const parts[] = {"override", "test", "tests", "testing", "ci", "e2e", "integration", "example", "sample", NULL};
	const char *name = path_name(path);
	if (is_in_folder(path, ".devcontainer") || strcmp(name, ".devcontainer.json") == 0)
		return strcmp(name, "devcontainer.json") == 0 || name[0] == '.' ? "devcontainer" : NULL;
	if (is_in_folder(path, ".vscode"))
		return text_ends_with(name, ".json") ? "vscode" : NULL;
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (name_in(name, roles[i].patterns))
			return text_equal(roles[i].role, "compose") && path_has_word(name, parts) ? "compose-part" : roles[i].role;
	return name_is_dockerfile(name) ? "dockerfile" : NULL;
}

static const char *role_of_text(const struct survey *survey, const struct tree_file *file, unsigned *read)
{
	static const char *const folders[] = {"k8s", "kubernetes", "kube", "helm", "chart", "charts", "deploy", "deployment", "manifests", "kustomize", "infra", NULL};
	bool is_yaml = text_ends_with(file->path, ".yml") || text_ends_with(file->path, ".yaml");
	bool is_workflow = path_is_below(file->path, ".github/workflows");
	if (!is_yaml || (!is_workflow && !is_below_any(file->path, folders)) || ++*read > READ_MOST)
		return NULL;
	auto_free char *text = tree_read(&survey->sources->tree, file->path, NULL);
	if (text == NULL)
		return NULL;
	if (is_workflow)
		return is_image_workflow(text) ? "workflow" : NULL;
	return is_kubernetes(text) ? "kubernetes" : NULL;
}

/* Does it make images, and none of a Rust program? What is not read may be anything. */
static bool is_of_others(const struct sources *sources, const char *path)
{
	bool is_known = false;
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		if (strcmp(shipped->source->path, path) != 0)
			continue;
		is_known = true;
		if (shipped->source->file.lines.count > LINES_MOST || image_kind(sources, shipped) != IMAGE_OTHER)
			return false;
	}
	return is_known;
}

/* What is there and is not written: that it stays. */
static void say_what_stays(const struct survey *survey, const char *role, const struct tree_file *file)
{
	static const char *const roles[] = {"procfile", "justfile", "makefile", NULL};
	if (file->is_link)
		survey_say(survey->says, file->path, 0, _("a link: it is never written through"));
	else if (name_in(role, roles))
		survey_say(survey->says, file->path, 0, _("it is there and stays as it is: its commands work as before, outside of the containers"));
}

json_t *survey_existing(const struct survey *survey)
{
	const struct tree *tree = &survey->sources->tree;
	json_t *list = json_array();
	unsigned read = 0;
	for (size_t i = 0; i < tree->files.count && json_array_size(list) < EXISTING_MOST; i++) {
		const struct tree_file *file = &tree->files.items[i];
		bool is_ci = path_is_below(file->path, ".github");
		const char *role = file->is_harness && !is_ci ? NULL : role_of_name(file->path);
		if (role == NULL && !file->is_harness)
			role = role_of_text(survey, file, &read);
		if (text_equal(role, "dockerfile") && is_of_others(survey->sources, file->path)) {
			survey_say(survey->says, file->path, 0, _("it makes no image of a Rust program, and stays as it is"));
			continue;
		}
		if (role == NULL)
			continue;
		json_t *each = json_object();
		json_object_set_new(each, "role", json_string(role));
		json_object_set_new(each, "path", survey_text(file->path));
		json_object_set_new(each, "is_link", json_boolean(file->is_link));
		json_array_append_new(list, each);
		say_what_stays(survey, role, file);
	}
	return list;
}
