/* A person's own job: which command of cargo its words name, and what is to be
 * added so that diagnostics and failing tests can be read. Called by job.c. */
#include "job.h"

/* Those that compile and know --message-format, with cargo's own short names. */
static const char *const compiling[] = {"check", "c", "clippy", "build", "b", "test", "t", "bench", "run", "r", "doc", "d", "rustc",
	"rustdoc", "fix"};

static size_t command_place(const struct strings *words)
{
	return words->count > 1 && words->items[0][0] == '+' ? 1 : 0;
}

static bool is_command(const struct strings *words, const char *name)
{
	size_t place = command_place(words);
	return place < words->count && strcmp(words->items[place], name) == 0;
}

static bool is_compiling(const struct strings *words)
{
	for (size_t i = 0; i < COUNT_OF(compiling); i++)
		if (is_command(words, compiling[i]))
			return true;
	return false;
}

static bool is_nextest(const struct strings *words)
{
	size_t place = command_place(words) + 1;
	return is_command(words, "nextest") && place < words->count &&
		(strcmp(words->items[place], "run") == 0 || strcmp(words->items[place], "r") == 0);
}

/* What stands behind "--" is not for cargo. */
static bool has_option(const struct strings *words, const char *option)
{
	for (size_t i = 0; i < words->count && strcmp(words->items[i], "--") != 0; i++)
		if (text_starts_with(words->items[i], option))
			return true;
	return false;
}

static void add_formats(const struct strings *words, struct strings *argv)
{
	static const char *const nextest[][2] = {{"--color", "never"}, {"--status-level", "fail"}, {"--final-status-level", "none"},
		{"--failure-output", "immediate"}};
	if (is_compiling(words) && !has_option(words, "--message-format"))
		strings_add(argv, "--message-format=json-diagnostic-rendered-ansi");
	for (size_t i = 0; is_nextest(words) && i < COUNT_OF(nextest); i++) {
		if (has_option(words, nextest[i][0]))
			continue;
		strings_add(argv, nextest[i][0]);
		strings_add(argv, nextest[i][1]);
	}
}

void own_make_argv(const struct strings *words, struct strings *argv)
{
	size_t last = command_place(words) + is_nextest(words);
	strings_add(argv, "cargo");
	for (size_t i = 0; i < words->count; i++) {
		strings_add(argv, words->items[i]);
		if (i == last)
			add_formats(words, argv);
	}
}

bool own_runs_tests(const struct strings *words, enum test_format *format)
{
	*format = is_nextest(words) ? TEST_NEXTEST : TEST_LIBTEST;
	return is_nextest(words) || is_command(words, "test") || is_command(words, "t") || is_command(words, "bench");
}
