/* Names that editors and file systems make while a file is saved. */
#include "watch.h"

#include <ctype.h>

/* vim probes whether it may write here with a file `4913`, and where that is
 * taken with 5036, 5159, … (each 123 more). */
static bool is_vim_probe(const char *name)
{
	size_t len = strspn(name, "0123456789");
	if (name[len] != '\0' || len < 4 || len > 5)
		return false;
	int number = atoi(name);
	return number >= 4913 && number <= 4913 + 20 * 123 && (number - 4913) % 123 == 0;
}

/* .name.swp, .swo, .swn, … and name.swp, name.swx */
static bool is_vim_swap(const char *name)
{
	size_t len = strlen(name);
	if (len < 5 || memcmp(name + len - 4, ".sw", 3) != 0 || !islower((unsigned char)name[len - 1]))
		return false;
	return name[0] == '.' || strchr("pox", name[len - 1]) != NULL;
}

bool watch_is_noise(const char *name)
{
	static const char *const starts[] = {
		".#", /* emacs: a link that names who edits */
		".goutputstream-", /* GLib: gedit and others */
		".nfs", ".fuse_hidden", /* removed while open */
		".sublime-", ".~lock.",
	};
	static const char *const ends[] = {
		"~", /* vim, emacs, kate, nano: the copy of before */
		"___jb_tmp___", "___jb_old___", "___jb_bak___", /* JetBrains */
		".kate-swp", ".vsctmp", ".bck", /* Helix: the copy of before */
	};
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (text_starts_with(name, starts[i]))
			return true;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (text_ends_with(name, ends[i]))
			return true;
	size_t len = strlen(name);
	/* emacs: saved on its own, now and then */
	if (len > 2 && name[0] == '#' && name[len - 1] == '#')
		return true;
	return is_vim_probe(name) || is_vim_swap(name) || strcmp(name, ".DS_Store") == 0 ||
		(name[0] == '.' && strstr(name, ".kak.") != NULL);
}
