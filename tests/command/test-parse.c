/* Reading arguments: GNU's forms, options before and after the verb, and what
 * a mistake is answered with. */
#include "../unit.h"
#include "cargodeck/commands.h"

#include <stdio.h>

enum { MOST_WORDS = 16 };

/* Splits at blanks: no case needs one inside a word; "''" is an empty word. */
static bool parse(const char *text, struct command_line *line, struct fault *fault)
{
	static struct strings words; /* the line borrows nothing of it */
	char *argv[MOST_WORDS + 1] = {0};
	strings_finish(&words);
	strings_split(&words, text, ' ');
	assert_true(words.count <= MOST_WORDS);
	for (size_t i = 0; i < words.count; i++) {
		if (strcmp(words.items[i], "''") == 0)
			words.items[i][0] = '\0';
		argv[i] = words.items[i];
	}
	*fault = (struct fault){0};
	bool well = command_parse(&deck_commands, (int)words.count, argv, line, fault);
	strings_finish(&words);
	return well;
}

static struct command_line parse_well(const char *text)
{
	struct command_line line;
	struct fault fault;
	if (!parse(text, &line, &fault))
		fail_msg("%s: %s", text, fault.text);
	assert_int_equal(fault.code, FAULT_NONE);
	return line;
}

static void usual_command_is_up(void **state)
{
	(void)state;
	static const char *const texts[] = {"cargodeck", "cargo-deck deck", "cargodeck --take-over", "cargodeck up --take-over", "cargodeck -C x"};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct command_line line = parse_well(texts[i]);
		assert_int_equal(line.command->id, COMMAND_UP);
		assert_int_equal(line.arguments.count, 0);
		assert_true(command_line_has(&line, "take-over") == (strstr(texts[i], "take-over") != NULL));
		command_line_finish(&line);
	}
}

static void forms_of_values(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"cargodeck logs --tail=5 api", "cargodeck logs --tail 5 api", "cargodeck logs -n5 api", "cargodeck logs -n 5 api",
		"cargodeck logs api -n 5", "cargodeck --tail 5 logs api", "cargodeck -n 5 logs api", "cargodeck logs --ta=5 api",
		"cargodeck logs --tail=1 --tail=5 api", "cargodeck logs --tail 5 -- api", "cargo-deck deck logs -n5 api",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct command_line line = parse_well(texts[i]);
		assert_int_equal(line.command->id, COMMAND_LOGS);
		assert_string_equal(command_line_value(&line, "tail"), "5");
		assert_int_equal(line.arguments.count, 1);
		assert_string_equal(line.arguments.items[0], "api");
		assert_false(command_line_has(&line, "follow"));
		command_line_finish(&line);
	}
}

static void letters_stand_together(void **state)
{
	(void)state;
	struct command_line line = parse_well("cargodeck logs -ftn3 api worker");
	assert_true(command_line_has(&line, "follow"));
	assert_true(command_line_has(&line, "timestamps"));
	assert_string_equal(command_line_value(&line, "tail"), "3");
	assert_int_equal(line.arguments.count, 2);
	command_line_finish(&line);
}

static void letter_means_the_verbs_own_after_it(void **state)
{
	(void)state;
	struct command_line line = parse_well("cargodeck -f a.yaml --file=b.yaml logs -f");
	auto_strings files = {0};
	command_line_values(&line, "file", &files);
	assert_int_equal(files.count, 2);
	assert_string_equal(files.items[0], "a.yaml");
	assert_string_equal(files.items[1], "b.yaml");
	assert_true(command_line_has(&line, "follow"));
	command_line_finish(&line);

	line = parse_well("cargodeck ps -f a.yaml -f b.yaml");
	command_line_values(&line, "file", &files);
	assert_int_equal(files.count, 4);
	assert_string_equal(command_line_value(&line, "file"), "b.yaml");
	assert_null(command_line_value(&line, "context"));
	command_line_finish(&line);
}

static void dashes_end_options(void **state)
{
	(void)state;
	struct command_line line = parse_well("cargodeck restart -- --api - -x");
	assert_int_equal(line.arguments.count, 3);
	assert_string_equal(line.arguments.items[0], "--api");
	assert_string_equal(line.arguments.items[1], "-");
	assert_string_equal(line.arguments.items[2], "-x");
	command_line_finish(&line);
	line = parse_well("cargodeck -- ps");
	assert_int_equal(line.command->id, COMMAND_PS);
	command_line_finish(&line);
	line = parse_well("cargodeck restart deck"); /* a service may be called so */
	assert_string_equal(line.arguments.items[0], "deck");
	command_line_finish(&line);
}

static void help_and_version_come_first(void **state)
{
	(void)state;
	struct command_line line = parse_well("cargodeck --help");
	assert_true(line.help && line.command == NULL);
	command_line_finish(&line);
	line = parse_well("cargodeck ps --nonsense -h");
	assert_true(line.help && line.command->id == COMMAND_PS);
	command_line_finish(&line);
	line = parse_well("cargodeck --color sometimes --help wait");
	assert_true(line.help && line.command->id == COMMAND_WAIT);
	command_line_finish(&line);
	line = parse_well("cargodeck -V");
	assert_true(line.version && !line.help);
	command_line_finish(&line);
	line = parse_well("cargodeck restart -- --help");
	assert_false(line.help);
	command_line_finish(&line);
	line = parse_well("cargodeck ps --he");
	assert_true(line.help);
	command_line_finish(&line);
}

static void mistakes_are_answered(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *text, *mend;
	} cases[] = {
		{"cargodeck strat api", "there is no command \"strat\"", "did you mean \"start\"? `cargodeck --help` lists all"},
		{"cargodeck frobnicate", "there is no command \"frobnicate\"", "`cargodeck --help` lists them"},
		{"cargodeck frobnicate --help", "there is no command \"frobnicate\"", "`cargodeck --help` lists them"},
		{"cargodeck zoom", "\"zoom\" is a command of the screen, not of the shell", "`cargodeck --help` lists them"},
		{"cargodeck deck", NULL, NULL},
		{"cargodeck \033[2Jx", "there is no command \" [2Jx\"", "`cargodeck --help` lists them"},
		{"cargodeck ps --jsn", "ps has no option --jsn", "did you mean --json?"},
		{"cargodeck ps --follow", "ps has no option --follow", "--follow belongs to logs; `cargodeck ps --help` lists those of ps"},
		{"cargodeck ps --xyzzy=1", "ps has no option --xyzzy", "`cargodeck ps --help` lists its options"},
		{"cargodeck ps --pro x", "--pro is not clear", "did you mean --project, --profile or --project-name?"},
		{"cargodeck ps -X", "ps has no option -X", "`cargodeck ps --help` lists its options"},
		{"cargodeck ps -\xc3\xa9", "ps has no option -\xc3\xa9", "`cargodeck ps --help` lists its options"},
		{"cargodeck --project", "--project needs a DIR behind it", "write --project DIR"},
		{"cargodeck ps -f", "--file needs a FILE behind it", "write --file FILE"},
		{"cargodeck ps --file=", "--file needs a FILE behind it, not nothing", ""},
		{"cargodeck ps --file ''", "--file needs a FILE behind it, not nothing", ""},
		{"cargodeck ps --json=yes", "--json takes no value", ""},
		{"cargodeck --color=blue ps", "--color takes auto, always or never, not \"blue\"", ""},
		{"cargodeck logs --tail few", "--tail takes a whole number, not \"few\"", ""},
		{"cargodeck logs --tail -1", "--tail takes a whole number, not \"-1\"", ""},
		{"cargodeck logs --tail 12345678901", "--tail takes a whole number, not \"12345678901\"", ""},
		{"cargodeck wait --timeout=1.5", "--timeout takes a whole number, not \"1.5\"", ""},
		{"cargodeck down api", "down takes no arguments, but \"api\" was given", "`cargodeck down --help` says what it takes"},
		{"cargodeck help ps logs", "help takes at most 1 argument; \"logs\" is too many", "`cargodeck help --help` says what it takes"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct command_line line;
		struct fault fault;
		bool well = parse(cases[i].typed, &line, &fault);
		command_line_finish(&line);
		assert_true(well == (cases[i].text == NULL));
		if (well)
			continue;
		assert_int_equal(fault.code, FAULT_USAGE);
		assert_string_equal(fault.text, cases[i].text);
		assert_string_equal(fault.mend, cases[i].mend);
	}
}

static void long_words_are_cut(void **state)
{
	(void)state;
	auto_str text = {0};
	str_add(&text, "cargodeck ");
	for (int i = 0; i < 3000; i++)
		str_add(&text, "\xc3\xa9");
	struct command_line line;
	struct fault fault;
	assert_false(parse(text.data, &line, &fault));
	assert_true(strlen(fault.text) < 200);
	assert_true(text_ends_with(fault.text, "\xc3\xa9...\""));
	command_line_finish(&line);
}

static void too_few_arguments_are_told(void **state)
{
	(void)state;
	static const struct command_option none[] = {{NULL, 0, NULL, NULL, NULL, false}};
	static const struct command_def def = {.id = 7, .name = "go", .arguments = "PLACE", .least = 1, .most = 1, .flags = COMMAND_VERB};
	static const struct command_table table = {.program = "p", .defs = &def, .count = 1, .options = none, .usual = 7};
	char program[] = "p", verb[] = "go";
	char *argv[] = {program, verb, NULL};
	struct command_line line;
	struct fault fault = {0};
	assert_false(command_parse(&table, 2, argv, &line, &fault));
	assert_string_equal(fault.text, "go needs PLACE");
	assert_string_equal(fault.mend, "write `p go PLACE`");
	command_line_finish(&line);
	assert_false(command_parse(&table, 0, argv, &line, &fault)); /* not even a name */
	command_line_finish(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_command_is_up),
		cmocka_unit_test(forms_of_values),
		cmocka_unit_test(letters_stand_together),
		cmocka_unit_test(letter_means_the_verbs_own_after_it),
		cmocka_unit_test(dashes_end_options),
		cmocka_unit_test(help_and_version_come_first),
		cmocka_unit_test(mistakes_are_answered),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(too_few_arguments_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
