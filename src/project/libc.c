/* Does a program of the builder run in a service's image? Told from the names of
 * the two base images and from how cargo links: musl goes to alpine and scratch,
 * glibc to the same or a newer suite of Debian. What cannot be told fits: the
 * launcher says so when it does not. */
#include "project.h"

#include <stdio.h>

enum libc { LIBC_UNKNOWN, LIBC_NONE, LIBC_GNU, LIBC_MUSL };

struct base {
	enum libc libc;
	int suite; /* of Debian: 11, 12 …; 0: not told */
};

/* Debian's release numbers by their names (debian.org/releases). */
static int suite_of(const char *name)
{
	static const struct {
		const char *word;
		int number;
	} suites[] = {
		{"buster", 10}, {"bullseye", 11}, {"bookworm", 12}, {"trixie", 13}, {"forky", 14},
		{"debian10", 10}, {"debian11", 11}, {"debian12", 12}, {"debian13", 13}, {"debian14", 14},
		{"debian:10", 10}, {"debian:11", 11}, {"debian:12", 12}, {"debian:13", 13}, {"debian:14", 14},
	};
	for (size_t i = 0; i < COUNT_OF(suites); i++)
		if (strstr(name, suites[i].word) != NULL)
			return suites[i].number;
	return 0;
}

static struct base read_base(const char *name)
{
	static const char *const gnu[] = {"debian", "ubuntu", "rust", "distroless/cc", "distroless/base", "fedora", "rockylinux", "almalinux", "bookworm", "trixie", "bullseye"};
	struct base base = {LIBC_UNKNOWN, 0};
	if (name == NULL)
		return base;
	base.suite = suite_of(name);
	if (strcmp(name, "scratch") == 0 || strstr(name, "distroless/static") != NULL)
		base.libc = LIBC_NONE;
	else if (strstr(name, "alpine") != NULL || strstr(name, "musl") != NULL)
		base.libc = LIBC_MUSL;
	for (size_t i = 0; i < COUNT_OF(gnu) && base.libc == LIBC_UNKNOWN; i++)
		if (strstr(name, gnu[i]) != NULL)
			base.libc = LIBC_GNU;
	return base;
}

/* Linked statically: it runs anywhere. On musl that is what rustc does unless
 * told otherwise (The rustc book, crt-static). */
static bool is_static(const struct project_family *family, enum libc libc, const char *settings)
{
	bool musl = libc == LIBC_MUSL || strstr(settings, "-musl") != NULL;
	bool off = strstr(settings, "-crt-static") != NULL, on = strstr(settings, "+crt-static") != NULL;
	for (size_t i = 0; i < family->arguments.count; i++)
		musl = musl || strstr(family->arguments.items[i], "musl") != NULL;
	for (size_t i = 0; i < family->env.count; i++) {
		on = on || strstr(family->env.items[i], "+crt-static") != NULL;
		off = off || strstr(family->env.items[i], "-crt-static") != NULL;
	}
	return on || (musl && !off);
}

char *libc_misfit(const struct project_family *family, const char *builder_base, const char *settings, const char *final_base)
{
	struct base builder = read_base(builder_base), final = read_base(final_base);
	if (builder.libc == LIBC_UNKNOWN || final.libc == LIBC_UNKNOWN || is_static(family, builder.libc, settings))
		return NULL;
	if (final.libc == LIBC_NONE)
		return mem_print(_("%s has no loader, and the program is not linked statically"), final_base);
	if (builder.libc != final.libc)
		return mem_print(_("the program is linked against %s, and %s has another libc"), builder.libc == LIBC_GNU ? "glibc" : "musl", final_base);
	if (builder.suite != 0 && final.suite != 0 && builder.suite > final.suite)
		return mem_print(_("the builder %s is of a newer Debian than %s: its glibc is too new"), builder_base, final_base);
	return NULL;
}
