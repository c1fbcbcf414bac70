/* The list of what was run: bounded, newest first, secrets masked. */
#include "../unit.h"
#include "deck.h"

static void close_deck(struct deck *deck)
{
	ran_close(deck);
	free(deck);
}

static void check_words(const char *const *words, size_t count, const char *wanted)
{
	struct deck *deck = mem_alloc(sizeof *deck);
	struct view view = {0};
	auto_strings list = {0};
	for (size_t i = 0; i < count; i++)
		strings_add(&list, words[i]);
	ran_begin(deck, &list);
	ran_fill(deck, &view);
	assert_int_equal(view.ran_count, 1);
	assert_string_equal(view.ran[0].text, wanted);
	assert_true(view.ran[0].is_running);
	close_deck(deck);
}

static void words_are_as_one_types_them(void **state)
{
	(void)state;
	static const char *const plain[] = {"docker", "compose", "-f", "my file.yaml", "up", "it's", ""};
	static const char *const secret[] = {"docker", "-e", "DB_PASSWORD=hunter2", "--token", "abc", "--secret", "-x", "API_KEY=1", "PORT=2"};
	static const char *const hostile[] = {"a\033[2Jb\n"};
	check_words(plain, COUNT_OF(plain), "docker compose -f 'my file.yaml' up 'it'\\''s' ''");
	check_words(secret, COUNT_OF(secret), "docker -e DB_PASSWORD=**** --token **** --secret -x API_KEY=**** PORT=2");
	check_words(hostile, COUNT_OF(hostile), "'a [2Jb '");
}

static void lines_are_masked(void **state)
{
	(void)state;
	struct deck *deck = mem_alloc(sizeof *deck);
	struct view view = {0};
	unsigned number = deck_ran_begin(deck, "TOKEN=abc  curl \"$CARGODECK_FILE\" --password x | less");
	deck_ran_end(deck, number, 3);
	deck_ran_end(deck, number, 4); /* it has ended: nothing more */
	deck_ran_end(deck, 0, 4);
	ran_fill(deck, &view);
	assert_string_equal(view.ran[0].text, "TOKEN=****  curl \"$CARGODECK_FILE\" --password **** | less");
	assert_false(view.ran[0].is_running);
	assert_int_equal(view.ran[0].status, 3);
	close_deck(deck);
}

static void the_newest_are_kept(void **state)
{
	(void)state;
	struct deck *deck = mem_alloc(sizeof *deck);
	struct view view = {0};
	for (int i = 0; i < 1000; i++) {
		auto_free char *line = mem_print("run %d", i);
		deck_ran_begin(deck, line);
	}
	auto_free char *endless = mem_alloc(1 << 20);
	memset(endless, 'x', (1 << 20) - 1);
	deck_ran_begin(deck, endless);
	ran_fill(deck, &view);
	assert_int_equal(view.ran_count, 200);
	assert_int_equal(strlen(view.ran[0].text), 2000);
	assert_string_equal(view.ran[1].text, "run 999");
	assert_string_equal(view.ran[199].text, "run 801");
	deck_ran_end(deck, 1, 0); /* long gone */
	close_deck(deck);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_as_one_types_them),
		cmocka_unit_test(lines_are_masked),
		cmocka_unit_test(the_newest_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
