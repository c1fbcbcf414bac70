/* A look at git's own files: where a repository begins, and whether git is at
 * work in it. Nothing is run and nothing is written. */
#include "watch.h"

#include <sys/stat.h>
#include <time.h>

enum { STANDING_S = 10 };

char *git_top(const char *folder)
{
	char *at = path_clean(folder);
	for (;;) {
		struct stat status;
		auto_free char *git = path_join(at, ".git");
		if (stat(git, &status) == 0)
			return at;
		if (strcmp(at, "/") == 0 || at[0] != '/')
			break;
		char *parent = path_parent(at);
		free(at);
		at = parent;
	}
	free(at);
	return NULL;
}

/* gitrepository-layout(5): `.git` is a folder, or a file `gitdir: PATH` in
 * worktrees and submodules. */
static char *git_folder(const char *top)
{
	char *git = path_join(top, ".git");
	if (dir_exists(git))
		return git;
	size_t len = 0;
	auto_free char *text = file_read(git, 4096, &len, NULL);
	free(git);
	if (text == NULL || !text_starts_with(text, "gitdir: "))
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return path_join(top, text + strlen("gitdir: "));
}

/* Something there for longer is a person who resolves conflicts: each save of
 * theirs is a save, not a part of a storm. */
static bool is_fresh(const char *folder, const char *name)
{
	struct stat status;
	auto_free char *path = path_join(folder, name);
	return stat(path, &status) == 0 && time(NULL) - status.st_mtime <= STANDING_S;
}

enum git_state git_look(const char *folder)
{
	static const char *const states[] = {"rebase-merge", "rebase-apply", "MERGE_HEAD"};
	auto_free char *top = git_top(folder);
	auto_free char *git = top != NULL ? git_folder(top) : NULL;
	if (git == NULL)
		return GIT_QUIET;
	auto_free char *lock = path_join(git, "index.lock");
	if (file_exists(lock))
		return GIT_LOCKED;
	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (is_fresh(git, states[i]))
			return GIT_BUSY;
	return GIT_QUIET;
}
