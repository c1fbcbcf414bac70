/* The one table of commands, and what is written from it. */
#include "../unit.h"
#include "cargodeck/commands.h"

#include <stdio.h>

static void every_id_has_one_definition(void **state)
{
	(void)state;
	assert_int_equal(deck_commands.count, COMMAND_COUNT);
	for (int id = 0; id < COMMAND_COUNT; id++) {
		const struct command_def *def = command_get(&deck_commands, id);
		assert_non_null(def);
		assert_ptr_equal(command_find(&deck_commands, def->name), def);
	}
	assert_null(command_get(&deck_commands, COMMAND_COUNT));
	assert_null(command_find(&deck_commands, "nothing"));
	assert_int_equal(command_get(&deck_commands, deck_commands.usual)->id, COMMAND_UP);
}

static void check_sentence(const char *name, const char *sentence)
{
	if (sentence == NULL || sentence[0] < 'A' || sentence[0] > 'Z' || text_ends_with(sentence, "."))
		fail_msg("the sentence of %s begins with a capital and has no full stop", name);
}

static void definitions_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < deck_commands.count; i++) {
		const struct command_def *def = &deck_commands.defs[i];
		check_sentence(def->name, def->sentence);
		bool has_json = false;
		for (const struct command_option *o = def->options; o != NULL && o->name != NULL; o++) {
			check_sentence(o->name, o->sentence);
			has_json = has_json || strcmp(o->name, "json") == 0;
		}
		assert_true(has_json == ((def->flags & COMMAND_JSON) != 0));
		assert_true(def->flags & (COMMAND_VERB | COMMAND_DECK));
		assert_true(((def->flags & COMMAND_DECK) != 0) == (def->where != 0));
		assert_true((def->takes == COMMAND_TAKES_NOTHING) == (def->most == 0));
		assert_true((def->arguments == NULL) == (def->most == 0));
		assert_true(def->least <= def->most);
		/* what stands in it is the selected service, or how many files are written */
		if (def->question != NULL && strchr(def->question, '%') != NULL)
			assert_true((def->flags & COMMAND_SERVICE) || def->id == COMMAND_INIT_WRITE);
		/* jobs are chosen from the list of the key J, or by name */
		if ((def->flags & COMMAND_DECK) && (def->id < COMMAND_JOB_OFF || def->id > COMMAND_JOB_DOC))
			assert_non_null(def->keys);
		/* one moves by keys that are known; that there is an error to go to is not */
		if ((def->flags & COMMAND_PLAIN) && def->id != COMMAND_ERROR_NEXT)
			assert_null(def->hint);
	}
	/* verbs up to down are known to the screen too, and some behind it */
	for (int id = 0; id < COMMAND_PAUSE_WATCH; id++) {
		unsigned flags = command_get(&deck_commands, id)->flags;
		assert_true(flags & COMMAND_VERB);
		bool is_looked_at = id == COMMAND_WHY || id == COMMAND_INSPECT || id == COMMAND_OPEN_ADDRESS || id == COMMAND_JOB ||
			id == COMMAND_CHECK || id == COMMAND_INIT;
		assert_true(((flags & COMMAND_DECK) != 0) == (id <= COMMAND_DOWN || is_looked_at));
	}
	for (int id = COMMAND_PAUSE_WATCH; id < COMMAND_COUNT; id++) {
		unsigned flags = command_get(&deck_commands, id)->flags;
		assert_false(flags & COMMAND_VERB);
		assert_true(((flags & COMMAND_SCREEN) != 0) == (id >= COMMAND_KEYS));
	}
}

static void no_key_means_two_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < deck_commands.count; i++) {
		const struct command_def *a = &deck_commands.defs[i];
		auto_strings keys = {0};
		strings_split(&keys, a->keys != NULL ? a->keys : "", ' ');
		for (size_t j = 0; j < i; j++) {
			const struct command_def *b = &deck_commands.defs[j];
			auto_strings others = {0};
			strings_split(&others, b->keys != NULL ? b->keys : "", ' ');
			for (size_t k = 0; k < keys.count; k++)
				if ((a->where & b->where) != 0 && strings_have(&others, keys.items[k]))
					fail_msg("%s means %s and %s", keys.items[k], a->name, b->name);
		}
	}
}

static void no_option_means_two_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < deck_commands.count; i++) {
		const struct command_option *own = deck_commands.defs[i].options;
		for (const struct command_option *a = own; a != NULL && a->name != NULL; a++) {
			for (const struct command_option *b = own; b != a; b++) {
				assert_string_not_equal(a->name, b->name);
				assert_true(a->letter == 0 || a->letter != b->letter);
			}
			for (const struct command_option *b = deck_commands.options; b->name != NULL; b++)
				assert_string_not_equal(a->name, b->name);
		}
	}
}

static void nearest_names_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *nearest;
	} cases[] = {
		{"strat", "start"}, {"restrat", "restart"}, {"log", "logs"}, {"lgos", "logs"}, {"docter", "doctor"},
		{"BUILD", "build"}, {"compose", "compose-config"}, {"vesrion", "version"}, {"pss", "ps"}, {"stp", "stop"},
		{"x", NULL}, {"", NULL}, {"frobnicate", NULL}, {"zoom", NULL},
		{"a-name-that-is-far-longer-than-any-command-could-ever-be", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *nearest = command_nearest(&deck_commands, cases[i].typed, COMMAND_VERB);
		if (!text_equal(nearest, cases[i].nearest))
			fail_msg("%s: %s", cases[i].typed, nearest != NULL ? nearest : "none");
	}
	assert_string_equal(command_nearest(&deck_commands, "zoon", COMMAND_DECK), "zoom");
}

/* Columns, for texts that hold no wide letters. */
static void check_width(const char *text, size_t width)
{
	auto_strings lines = {0};
	strings_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		if (strlen(lines.items[i]) > width)
			fail_msg("too long for %zu columns: %s", width, lines.items[i]);
		else if (text_ends_with(lines.items[i], " "))
			fail_msg("blank at the end: %s", lines.items[i]);
}

static void help_folds(void **state)
{
	(void)state;
	static const unsigned widths[] = {60, 80, 120};
	for (size_t w = 0; w < COUNT_OF(widths); w++) {
		auto_str whole = {0};
		command_write_help(&deck_commands, NULL, widths[w], &whole);
		check_width(whole.data, widths[w]);
		for (size_t i = 0; i < deck_commands.count; i++) {
			const struct command_def *def = &deck_commands.defs[i];
			if ((def->flags & COMMAND_VERB) == 0)
				continue;
			auto_free char *row = mem_print("\n  %s ", def->name);
			assert_non_null(strstr(whole.data, row));
			auto_str own = {0};
			command_write_help(&deck_commands, def, widths[w], &own);
			check_width(own.data, widths[w]);
		}
	}
	auto_str narrow = {0};
	command_write_help(&deck_commands, NULL, 0, &narrow); /* no terminal at all */
	assert_non_null(strstr(narrow.data, "Usage: cargodeck"));
}

static void help_says_what_is_there(void **state)
{
	(void)state;
	auto_str out = {0};
	command_write_help(&deck_commands, command_get(&deck_commands, COMMAND_LOGS), 80, &out);
	assert_true(text_starts_with(out.data, "Usage: cargodeck logs [OPTION]... [SERVICE...]\nPrint what services write.\n"));
	assert_non_null(strstr(out.data, "  -f, --follow            Go on with what is written"));
	assert_non_null(strstr(out.data, "  -n, --tail N            Begin with"));
	assert_non_null(strstr(out.data, "      --json              Print one JSON object"));
	assert_null(strstr(out.data, "--project"));
	auto_str whole = {0};
	command_write_help(&deck_commands, NULL, 80, &whole);
	assert_non_null(strstr(whole.data, "      --color WHEN        Whether lines are coloured. WHEN is auto, always or\n"
		"                          never.\n"));
	assert_null(strstr(whole.data, "log-follow"));
}

static void manual_escapes_roff(void **state)
{
	(void)state;
	static const struct command_option options[] = {{"a-b", 'a', "X", "Say \"it\"", NULL, false}, {NULL, 0, NULL, NULL, NULL, false}};
	static const struct command_def def = {.id = 0, .name = "go", .sentence = "Go", .help = ".hidden is a \\file. 'Tis so", .options = options,
		.flags = COMMAND_VERB};
	static const struct command_table table = {.program = "p-q", .version = "1", .sentence = "A thing", .description = "One.\n\nTwo.",
		.defs = &def, .count = 1, .options = options};
	auto_str out = {0};
	command_write_man(&table, NULL, 0, &out);
	assert_non_null(strstr(out.data, ".TH P-Q 1 \"\" \"p-q 1\" \"User Commands\"\n"));
	assert_non_null(strstr(out.data, "\np-q \\- a thing\n"));
	assert_non_null(strstr(out.data, "\nOne.\n.PP\nTwo.\n"));
	assert_non_null(strstr(out.data, "\n\\&.hidden is a \\efile.\n\\(aqTis so\n"));
	assert_non_null(strstr(out.data, "\n.B \"\\-a, \\-\\-a\\-b X\"\nSay \"it\".\n"));
}

static void manual_has_every_event(void **state)
{
	(void)state;
	static const char *const events[] = {"step", "ready", "saved", "build", "diagnostic", "swap", "serving", "service", "fault"};
	auto_str out = {0};
	command_write_man(&deck_commands, NULL, 0, &out);
	const char *chapter = strstr(out.data, ".SH \"EVENTS\"\n");
	assert_non_null(chapter);
	const char *end = strstr(chapter + 1, "\n.SH ");
	for (size_t i = 0; i < COUNT_OF(events); i++) {
		auto_free char *term = mem_print("\n.B \"%s\"\n", events[i]);
		const char *at = strstr(chapter, term);
		assert_true(at != NULL && at < end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_id_has_one_definition),
		cmocka_unit_test(definitions_are_whole),
		cmocka_unit_test(no_key_means_two_things),
		cmocka_unit_test(no_option_means_two_things),
		cmocka_unit_test(nearest_names_are_found),
		cmocka_unit_test(help_folds),
		cmocka_unit_test(help_says_what_is_there),
		cmocka_unit_test(manual_escapes_roff),
		cmocka_unit_test(manual_has_every_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
