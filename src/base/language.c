/* The language that people are spoken to in: which one, and where its catalogue
 * lies. Texts are looked up by gettext(3); data for machines never is. Holds what
 * the environment said at the start; called by main and where the setting
 * changes. */
#include "cargodeck/base.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>

enum { CODE_SIZE = 16 };
static const char domain[] = "cargodeck";
static char *asked_languages; /* the person's LANGUAGE; NULL: not set */

/* The folder share/po beside the program: how it lies in the tree that it was
 * built in. NULL: there is none. The caller frees. */
static char *catalogues_beside_program(void)
{
	auto_free char *folder = path_own_folder();
	char *catalogues = folder != NULL ? path_join(folder, "share/po") : NULL;
	if (catalogues != NULL && dir_exists(catalogues))
		return catalogues;
	free(catalogues);
	return NULL;
}

/* What the person's locale says, "" where it says nothing (POSIX.1-2017, XBD 8.2). */
static const char *locale_name(const char *category)
{
	const char *const names[] = {"LC_ALL", category, "LANG"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "";
}

/* "ru_RU.utf8", and "ru_RU", are; "ru_RU.KOI8-R@x" is not. */
static bool may_be_utf8(const char *name)
{
	const char *set = strchr(name, '.');
	auto_free char *letters = set != NULL ? mem_copy_bytes(set + 1, strcspn(set + 1, "@")) : NULL;
	return letters == NULL || text_equal_fold(letters, "UTF-8") || text_equal_fold(letters, "utf8");
}

/* "ru_RU.UTF-8" is "ru"; "" for C and POSIX, and for what is no name. */
static void language_code(const char *name, char *out)
{
	size_t len = strcspn(name, "_.@:");
	bool is_none = len == 0 || len >= CODE_SIZE || text_starts_with(name, "C.") || text_equal(name, "C") || text_equal(name, "POSIX");
	snprintf(out, CODE_SIZE, "%.*s", is_none ? 0 : (int)len, name);
}

/* gettext asks LANGUAGE first, but in a locale that is not "C" alone: where the
 * system has not got the person's locale, its letters still tell the language. */
static void speak(const char *languages)
{
	setlocale(LC_MESSAGES, languages[0] != '\0' ? "C.UTF-8" : "C");
	setenv("LANGUAGE", languages, 1);
}

static void speak_as_asked(void)
{
	char code[CODE_SIZE];
	language_code(locale_name("LC_MESSAGES"), code);
	if (code[0] == '\0' || setlocale(LC_MESSAGES, "") == NULL)
		speak(code[0] != '\0' && asked_languages != NULL ? asked_languages : code);
	else if (asked_languages != NULL)
		setenv("LANGUAGE", asked_languages, 1);
	else
		unsetenv("LANGUAGE");
}

void language_choose(const char *wanted)
{
	char code[CODE_SIZE];
	language_code(wanted, code);
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || strcmp(code, "en") == 0)
		speak("");
	else if (strcmp(code, "auto") == 0)
		speak_as_asked();
	else
		speak(code);
	textdomain(domain); /* what was looked up in another language is forgotten */
}

void language_open(void)
{
	/* where the system has not got it, its name still says what letters there are */
	if (setlocale(LC_ALL, "") == NULL && setlocale(LC_CTYPE, "") == NULL && may_be_utf8(locale_name("LC_CTYPE")))
		setlocale(LC_CTYPE, "C.UTF-8");
	setlocale(LC_NUMERIC, "C"); /* figures read the same everywhere */
	asked_languages = mem_copy_string(getenv("LANGUAGE"));
	if (asked_languages != NULL && asked_languages[0] == '\0')
		free(steal(&asked_languages));
	auto_free char *beside = catalogues_beside_program();
	bindtextdomain(domain, beside != NULL ? beside : LOCALE_FOLDER);
	bind_textdomain_codeset(domain, "UTF-8");
	language_choose("auto");
}
