/* The repository that the project lies in: where it begins, which may be above the
 * project, and where it comes from. Only its own files are read, and nothing
 * through a link. */
#include "survey.h"

#include <ctype.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MOST = 1 << 20, SLUG_MOST = 200 };

/* ---- where it comes from ---- */

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

/* ---- where it begins ---- */

/* What somebody else put above the project (/tmp/.git) is not its repository. */
static bool is_ours(const char *repository, const char *project)
{
	struct stat status, own;
	auto_free char *path = path_join(repository, ".git");
	if (strcmp(repository, project) == 0)
		return true;
	return lstat(path, &status) == 0 && stat(project, &own) == 0 && !S_ISLNK(status.st_mode) &&
		(status.st_uid == geteuid() || status.st_uid == own.st_uid);
}

/* GitHub reads workflows in the root of a repository alone. */
static void say_below(const struct survey *survey, const char *repository, const char *folder)
{
	auto_str line = {0};
	auto_free char *below = path_join(folder, survey->folder), *manifest = path_join(below, "Cargo.toml");
	str_add(&line, "cargodeck init --project "); /* no text */
	str_add_word(&line, repository);
	str_add(&line, " --manifest-path "); /* no text */
	str_add_word(&line, manifest);
	survey_say(survey->says, NULL, 0, _("the repository begins in %s, and GitHub reads .github there alone: its files are left out here; run init in the root for them: %s"),
		repository, str_text(&line));
}

static bool tracks_env(const struct tree *tree)
{
	for (size_t i = 0; i < tree->files.count; i++)
		if (tree->files.items[i].is_tracked && strcmp(path_name(tree->files.items[i].path), ".env") == 0)
			return true;
	return false;
}

json_t *survey_git(const struct survey *survey)
{
	const struct tree *tree = &survey->sources->tree;
	auto_free char *found = dir_find_holding(tree->root, ".git");
	const char *root = found != NULL && is_ours(found, tree->root) ? found : NULL, *folder = root != NULL ? path_relative(tree->root, root) : NULL;
	auto_free char *config = NULL, *pointer = NULL, *host = NULL, *slug = NULL;
	if (root != NULL && file_read_below(root, ".git/config", CONFIG_MOST, &config) != FILE_TEXT)
		file_read_below(root, ".git", CONFIG_MOST, &pointer);
	auto_free char *other = config_of_worktree(pointer, root != NULL ? root : "");
	const char *text = config != NULL ? config : other;
	auto_free char *url = text != NULL ? origin_of(text) : NULL;
	if (url != NULL)
		read_origin(url, &host, &slug);
	bool tracks = tracks_env(tree);
	if (tracks)
		survey_say(survey->says, ".env", 0, _("git has it: what is secret in it is in the history, and is left as it is"));
	if (folder != NULL && folder[0] != '\0' && survey->sources->rust.is_there)
		say_below(survey, root, folder);
	json_t *json = json_object();
	json_object_set_new(json, "is_there", json_boolean(root != NULL || tree->has_git));
	json_object_set_new(json, "folder", survey_text(folder));
	json_object_set_new(json, "host", survey_text(host));
	json_object_set_new(json, "slug", survey_text(slug));
	json_object_set_new(json, "tracks_env", json_boolean(tracks));
	return json;
}
