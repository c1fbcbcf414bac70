/* What is there already: files that say how the project is built and run, under
 * all the names that people give them, and what git knows of it. */
#include "survey.h"

#include <ctype.h>

enum { EXISTING_MOST = 300, READ_MOST = 200, CONFIG_MOST = 1 << 20, SLUG_MOST = 200 };

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
	const char *name = path_name(path);
	if (path_is_below(path, ".devcontainer") || strcmp(name, ".devcontainer.json") == 0)
		return strcmp(name, "devcontainer.json") == 0 || name[0] == '.' ? "devcontainer" : NULL;
	if (path_is_below(path, ".vscode"))
		return text_ends_with(name, ".json") ? "vscode" : NULL;
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (name_in(name, roles[i].patterns))
			return roles[i].role;
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
		if (role == NULL)
			continue;
		json_t *each = json_object();
		json_object_set_new(each, "role", json_string(role));
		json_object_set_new(each, "path", survey_text(file->path));
		json_object_set_new(each, "is_link", json_boolean(file->is_link));
		json_array_append_new(list, each);
		if (file->is_link)
			survey_say(survey->says, file->path, 0, _("a link: it is never written through"));
	}
	return list;
}

/* ---- git ---- */

/* Where the worktree's repository keeps its configuration: "gitdir: /x/.git/worktrees/y". */
static char *config_of_worktree(const char *text, const char *root)
{
	if (text == NULL || !text_starts_with(text, "gitdir:"))
		return NULL;
	const char *start = text + strlen("gitdir:") + strspn(text + strlen("gitdir:"), " \t");
	auto_free char *written = mem_copy_bytes(start, strcspn(start, "\r\n"));
	auto_free char *joined = path_join(root, written), *folder = path_clean(joined);
	char *behind = strstr(folder, "/.git/");
	if (behind == NULL)
		return NULL;
	if (text_starts_with(behind + strlen("/.git/"), "worktrees/"))
		behind[strlen("/.git")] = '\0';
	auto_free char *path = path_join(folder, "config");
	size_t len;
	return file_read(path, CONFIG_MOST, &len, NULL);
}

/* url = … of [remote "origin"]. The caller frees. */
static char *origin_of(const char *config)
{
	bool is_origin = false;
	auto_strings lines = {0};
	strings_split(&lines, config, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *at = lines.items[i] + strspn(lines.items[i], " \t");
		if (*at == '[')
			is_origin = text_starts_with(at, "[remote \"origin\"]");
		const char *equals = is_origin && strncmp(at, "url", 3) == 0 ? strchr(at, '=') : NULL;
		if (equals != NULL && at[3 + strspn(at + 3, " \t")] == '=') {
			const char *value = equals + 1 + strspn(equals + 1, " \t\"");
			return mem_copy_bytes(value, strcspn(value, " \t\r\"#;"));
		}
	}
	return NULL;
}

static bool is_plain(const char *text, const char *others)
{
	size_t len = strlen(text);
	for (const char *at = text; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr(others, *at) == NULL)
			return false;
	return len > 0 && len < SLUG_MOST;
}

/* git@example.com:a/b.git, https://example.com:443/a/b.git with a user and a token in it: host and a/b, and
 * nothing of the rest. */
static void read_origin(const char *url, char **host, char **slug)
{
	const char *scheme = strstr(url, "://"), *at = scheme != NULL ? scheme + 3 : url;
	size_t end = strcspn(at, scheme != NULL ? "/" : ":/");
	auto_free char *whole = mem_copy_bytes(at, end);
	const char *name = strrchr(whole, '@') != NULL ? strrchr(whole, '@') + 1 : whole;
	if (at[end] == '\0' || (scheme == NULL && at[end] != ':') || (scheme != NULL && text_starts_with(url, "file:")))
		return;
	*host = mem_copy_bytes(name, strcspn(name, ":"));
	const char *path = at + end + 1 + strspn(at + end + 1, "/");
	*slug = mem_copy_bytes(path, strcspn(path, "?# \t"));
	size_t len = strlen(*slug);
	while (len > 0 && (*slug)[len - 1] == '/')
		(*slug)[--len] = '\0';
	if (text_ends_with(*slug, ".git"))
		(*slug)[len - 4] = '\0';
	if (!is_plain(*host, ".-") || !is_plain(*slug, "._-/~")) {
		free(*host);
		free(*slug);
		*host = *slug = NULL;
	}
}

json_t *survey_git(const struct survey *survey)
{
	const struct tree *tree = &survey->sources->tree;
	auto_free char *config = tree_read(tree, ".git/config", NULL);
	auto_free char *pointer = config == NULL ? tree_read(tree, ".git", NULL) : NULL;
	auto_free char *other = config == NULL ? config_of_worktree(pointer, tree->root) : NULL;
	auto_free char *folder = path_join(tree->root, ".git");
	auto_free char *host = NULL, *slug = NULL;
	const char *text = config != NULL ? config : other;
	auto_free char *url = text != NULL ? origin_of(text) : NULL;
	if (url != NULL)
		read_origin(url, &host, &slug);
	bool tracks = false;
	for (size_t i = 0; i < tree->files.count; i++)
		tracks = tracks || (tree->files.items[i].is_tracked && strcmp(path_name(tree->files.items[i].path), ".env") == 0);
	if (tracks)
		survey_say(survey->says, ".env", 0, _("git has it: what is secret in it is in the history, and is left as it is"));
	json_t *json = json_object();
	json_object_set_new(json, "is_there", json_boolean(text != NULL || pointer != NULL || dir_exists(folder) || tree->has_git));
	json_object_set_new(json, "host", survey_text(host));
	json_object_set_new(json, "slug", survey_text(slug));
	json_object_set_new(json, "tracks_env", json_boolean(tracks));
	return json;
}
