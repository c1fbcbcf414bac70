/* Paths as text, and where a person's own files live. */
#include "cargodeck/base.h"

#include <pwd.h>
#include <unistd.h>

char *path_join(const char *a, const char *b)
{
	if (b[0] == '/' || a[0] == '\0')
		return mem_copy_string(b);
	if (b[0] == '\0')
		return mem_copy_string(a);
	return mem_print("%s%s%s", a, text_ends_with(a, "/") ? "" : "/", b);
}

/* Takes the last part off `out`, or adds ".." where a relative path has none. */
static void go_up(struct str *out, bool absolute)
{
	size_t len = out->len;
	while (len > 0 && out->data[len - 1] != '/')
		len--;
	const char *last = str_text(out) + len;
	if (out->len > 0 && strcmp(last, "..") != 0)
		str_cut(out, len > 0 ? len - 1 : 0);
	else if (!absolute)
		str_add(out, out->len > 0 ? "/.." : "..");
}

char *path_clean(const char *path)
{
	bool absolute = path[0] == '/';
	struct str out = {0};
	while (*path != '\0') {
		const char *end = strchrnul(path, '/');
		size_t len = (size_t)(end - path);
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			go_up(&out, absolute);
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			if (out.len > 0 || absolute)
				str_add_char(&out, '/');
			str_add_bytes(&out, path, len);
		}
		path = *end != '\0' ? end + 1 : end;
	}
	if (out.len == 0)
		str_add(&out, absolute ? "/" : ".");
	return str_steal(&out);
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return mem_copy_string(".");
	return slash == path ? mem_copy_string("/") : mem_copy_bytes(path, (size_t)(slash - path));
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

const char *path_relative(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	if (strncmp(path, folder, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	if (len == 1 && folder[0] == '/')
		return path + 1;
	return path[len] == '/' ? path + len + 1 : NULL;
}

bool path_is_below(const char *path, const char *folder)
{
	return path_relative(path, folder) != NULL;
}

char *path_own_folder(void)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len <= 0)
		return NULL;
	self[len] = '\0';
	return path_parent(self);
}

char *path_beside_program(const char *below, const char *sign)
{
	auto_free char *folder = path_own_folder();
	for (int up = 0; folder != NULL && up < 5; up++) {
		char *found = path_join(folder, below);
		auto_free char *whole = path_join(found, sign);
		if (file_exists(whole))
			return found;
		free(found);
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
	return NULL;
}

/* Where HOME is not set (a unit of systemd, `env -i`), the user database knows. */
static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	if (home != NULL && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(getuid());
	return user != NULL && user->pw_dir != NULL && user->pw_dir[0] == '/' ? user->pw_dir : "/";
}

char *path_home(enum path_home which, const char *rest)
{
	static const struct {
		const char *variable, *below_home;
	} homes[] = {
		[PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
		[PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
		[PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
		[PATH_RUNTIME] = {"XDG_RUNTIME_DIR", NULL},
	};
	const char *base = getenv(homes[which].variable);
	auto_free char *made = NULL;
	/* the specification: a relative path there is to be ignored */
	if (base == NULL || base[0] != '/') {
		if (homes[which].below_home != NULL)
			made = path_join(home_folder(), homes[which].below_home);
		else
			made = mem_print("/tmp/cargodeck-%u", (unsigned)getuid());
		base = made;
	}
	auto_free char *own = path_join(base, "cargodeck");
	return path_join(own, rest);
}

bool path_is_plain(const char *path)
{
	for (const char *at = path;; at++) {
		size_t len = strcspn(at, "/");
		if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)at[i] < ' ' || at[i] == 127)
				return false;
		at += len;
		if (*at == '\0')
			return true;
	}
}
