/* The language of texts: which one the environment and the setting ask for. Each
 * case speaks in a child process of its own, for the choice is the process's. */
#include "../unit.h"
#include "cargodeck/base.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum speech { ENGLISH, RUSSIAN, NEITHER };

struct asked {
	const char *environment[4]; /* "NAME=VALUE", up to NULL */
	const char *setting; /* NULL: none is given */
};

static char *catalogues(void)
{
	const char *built = getenv("TEST_BUILDDIR");
	return path_join(built != NULL ? built : ".", "share/po");
}

static enum speech hear(const struct asked *asked)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "LANGUAGE"};
	static const char text[] = N_("cannot read %s: %s");
	auto_free char *folder = catalogues();
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unsetenv(names[i]);
	for (size_t i = 0; i < COUNT_OF(asked->environment) && asked->environment[i] != NULL; i++)
		putenv(mem_copy_string(asked->environment[i]));
	language_open();
	bindtextdomain("cargodeck", folder);
	if (asked->setting != NULL)
		language_choose(asked->setting);
	const char *said = _(text);
	if (strcmp(said, text) == 0)
		return ENGLISH;
	/* a Russian "е" or "и", as UTF-8 */
	return strstr(said, "\xd0\xb5") != NULL || strstr(said, "\xd0\xb8") != NULL ? RUSSIAN : NEITHER;
}

static enum speech speech(const struct asked *asked)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		_exit((int)hear(asked));
	assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
	return (enum speech)WEXITSTATUS(status);
}

/* `wanted` is the setting, NULL: none; behind it stands the environment. */
#define assert_speaks(language, wanted, ...) \
	assert_int_equal(speech(&(struct asked){.setting = wanted, .environment = {__VA_ARGS__}}), language)

static void locale_says_it(void **state)
{
	(void)state;
	/* this system has it or not: its name tells the language */
	assert_speaks(RUSSIAN, NULL, "LC_ALL=ru_RU.UTF-8");
	assert_speaks(RUSSIAN, NULL, "LANG=ru_RU.utf8");
	assert_speaks(RUSSIAN, NULL, "LANG=en_US.UTF-8", "LC_MESSAGES=ru_RU.UTF-8");
	assert_speaks(RUSSIAN, NULL, "LANG=ru_UA.UTF-8@some");
	assert_speaks(ENGLISH, NULL, "LANG=ru_RU.UTF-8", "LC_ALL=en_US.UTF-8");
	assert_speaks(ENGLISH, NULL, "LC_ALL=de_DE.UTF-8"); /* there is no such catalogue */
	assert_speaks(ENGLISH, NULL, "LC_ALL=nonsense");
	assert_speaks(ENGLISH, NULL, NULL);
}

static void c_is_english(void **state)
{
	(void)state;
	assert_speaks(ENGLISH, NULL, "LC_ALL=C");
	assert_speaks(ENGLISH, NULL, "LC_ALL=POSIX");
	assert_speaks(ENGLISH, NULL, "LC_ALL=C.UTF-8");
	assert_speaks(ENGLISH, NULL, "LC_ALL=C", "LANG=ru_RU.UTF-8");
	assert_speaks(ENGLISH, NULL, "LC_ALL=C", "LANGUAGE=ru"); /* gettext takes none there either */
}

static void list_of_languages_is_honoured(void **state)
{
	(void)state;
	assert_speaks(RUSSIAN, NULL, "LC_ALL=en_US.UTF-8", "LANGUAGE=ru");
	assert_speaks(RUSSIAN, NULL, "LC_ALL=en_US.UTF-8", "LANGUAGE=eo:ru:en");
	assert_speaks(RUSSIAN, NULL, "LC_ALL=ru_RU.UTF-8", "LANGUAGE=");
	assert_speaks(ENGLISH, NULL, "LC_ALL=ru_RU.UTF-8", "LANGUAGE=eo");
}

static void other_letters_are_english(void **state)
{
	(void)state;
	assert_speaks(ENGLISH, NULL, "LC_ALL=ru_RU.KOI8-R");
	assert_speaks(ENGLISH, NULL, "LC_ALL=ru_RU.KOI8-R", "LANGUAGE=ru");
	assert_speaks(ENGLISH, NULL, "LC_CTYPE=ru_RU.ISO-8859-5@x", "LANG=ru_RU.UTF-8");
	assert_speaks(ENGLISH, "ru", "LC_ALL=C");
}

static void setting_wins(void **state)
{
	(void)state;
	assert_speaks(ENGLISH, "en", "LC_ALL=ru_RU.UTF-8");
	assert_speaks(ENGLISH, "en", "LC_ALL=ru_RU.UTF-8", "LANGUAGE=ru");
	assert_speaks(RUSSIAN, "ru", "LC_ALL=en_US.UTF-8");
	assert_speaks(RUSSIAN, "ru", "LC_ALL=C.UTF-8");
	assert_speaks(RUSSIAN, "ru", "LC_ALL=en_US.UTF-8", "LANGUAGE=en");
	assert_speaks(RUSSIAN, "auto", "LC_ALL=ru_RU.UTF-8");
	assert_speaks(ENGLISH, "auto", "LC_ALL=C.UTF-8");
}

int main(void)
{
	auto_free char *folder = catalogues();
	auto_free char *catalogue = path_join(folder, "ru/LC_MESSAGES/cargodeck.mo");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locale_says_it),
		cmocka_unit_test(c_is_english),
		cmocka_unit_test(list_of_languages_is_honoured),
		cmocka_unit_test(other_letters_are_english),
		cmocka_unit_test(setting_wins),
	};
	if (!file_exists(catalogue)) {
		puts("1..0 # SKIP there is no catalogue: built without msgfmt");
		return 0;
	}
	return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
