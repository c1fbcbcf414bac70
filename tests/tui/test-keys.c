/* Keys: the decoder of what terminals send, names both ways, and the key map. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "keys.h"

#include <stdio.h>

struct heard {
	struct str text; /* one word an event */
	size_t pasted;
};

static void on_event(void *data, const struct key_event *event)
{
	struct heard *heard = data;
	char name[32];
	switch (event->kind) {
	case EVENT_KEY:
		key_write(event->key, name, sizeof name);
		str_print(&heard->text, "%s ", name);
		break;
	case EVENT_MOUSE:
		str_print(&heard->text, "%s%u@%u,%u ", event->mouse.is_press ? "press" : "release", event->mouse.button,
			event->mouse.column, event->mouse.row);
		break;
	case EVENT_PASTE:
		heard->pasted += event->len;
		str_add(&heard->text, "<");
		str_add_bytes(&heard->text, event->bytes, event->len < 20 ? event->len : 20);
		str_add(&heard->text, ">");
		break;
	case EVENT_PASTE_END:
		str_add(&heard->text, "end ");
		break;
	case EVENT_FOCUS:
		str_add(&heard->text, event->is_focused ? "in " : "out ");
		break;
	case EVENT_GROUND:
		str_add(&heard->text, event->is_light ? "light " : "dark ");
		break;
	}
}

static const struct {
	const char *bytes, *heard;
} sequences[] = {
	{"aZ~ ", "a Z ~ Space "},
	{"\r\n\t\x7f\x08", "Enter Ctrl-J Tab Backspace Backspace "},
	{"\x01\x1a\x1c\x1f", "Ctrl-A Ctrl-Z Ctrl-\\ Ctrl-_ "},
	{"\033[A\033[B\033[C\033[D\033[H\033[F", "Up Down Right Left Home End "},
	{"\033OA\033OH\033OP\033OS\033OM", "Up Home F1 F4 Enter "},
	{"\033[1;5A\033[1;2B\033[1;3C\033[1;8D", "Ctrl-Up Shift-Down Alt-Right Ctrl-Alt-Shift-Left "},
	{"\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~\033[7~\033[8~", "Home Insert Delete End PageUp PageDown Home End "},
	{"\033[15~\033[24~\033[5;5~\033[[A\033[[E", "F5 F12 Ctrl-PageUp F1 F5 "},
	{"\033[Z", "Shift-Tab "},
	{"\033x\033\r", "Alt-x Alt-Enter "},
	{"\033\033", "Esc Esc "},
	{"\033\033[A", "Esc Up "},
	{"\033[", "Alt-[ "},
	{"\033O", "Alt-O "},
	{"\033[1;", ""},
	{"\033[97;5u\033[13;2u\033[27;5;105~", "Ctrl-A Shift-Enter Ctrl-I "},
	{"\033[1114112u\033[1114140u\033[55296u\033[128ux", "x "},
	{"\033[<0;10;20M\033[<0;10;20m\033[<64;1;1M\033[<65;1;1M", "press0@9,19 release0@9,19 press64@0,0 press65@0,0 "},
	{"\033[<0;0;0Mx", "x "},
	{"\033[M !!x", "x "},
	{"\033[Ia\033[O", "in a out "},
	{"\033[200~one q\rtwo\033[201~x", "<one q\rtwo>end x "},
	{"\033[200~a\033[20b\033[201~", "<a><\033[20><b>end "},
	{"\033[200~a\033\033[201~", "<a><\033>end "},
	{"\033[200~lost", "<lost>end "},
	{"\033]11;rgb:0/0/0\033\\x\033]0;t\007y\033P1$r\033\\z", "dark x y z "},
	{"\033]11;rgb:ffff/ffff/fff0\007a\033]11;rgb:80/7f/7f\033\\b\033]11;rgba:0000/0000/ffff/ffff\033\\c", "light a dark b dark c "},
	{"\033]11;rgb:ff/ff\007a\033]11;rgb:\007b\033]11;rgb:ff/ff/g\007c\033]10;rgb:ff/ff/ff\007d\033]11;?\007e", "a b c d e "},
	{"\033]11;rgb:ffff/ffff/ffff0000000000000000000000000000000000000000000\007a\033P11;rgb:f/f/f\033\\b", "a b "},
	{"\033]11;rgb:f/f/f\030a\033]11;rgb:f/f/f", "a "},
	{"\033[?997;1na\033[?997;2nb\033[?997;3nc\033[?997nd\033[?1997;2n", "dark a light b c d "},
	{"\033[?62;4cx\033[>0;1;0cy\033[=1cz", "x y z "},
	{"\xd0\xb9\xe2\x82\xac\xf0\x9f\x98\x80\033\xd0\xbb", "й € 😀 Alt-л "},
	{"\xff\xc0\x80\xe2\x82x\xed\xa0\x80y\xf4\x90\x80\x80z\xc2\x85w", "x y z w "},
	{"\033[99999999999999;99999999999A", "Alt-Ctrl-Shift-Up"},
	{"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1~x", "x "},
};

static void test_decoder(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sequences); i++) {
		struct heard whole = {0}, cut = {0};
		struct decoder decoder = {0};
		size_t len = strlen(sequences[i].bytes);
		decoder_feed(&decoder, sequences[i].bytes, len, on_event, &whole);
		decoder_expire(&decoder, on_event, &whole);
		/* a number beyond reason: any answer in bounds will do */
		if (strchr(sequences[i].heard, ' ') != NULL || sequences[i].heard[0] == '\0')
			assert_string_equal(str_text(&whole.text), sequences[i].heard);
		decoder = (struct decoder){0};
		for (size_t at = 0; at < len; at++)
			decoder_feed(&decoder, sequences[i].bytes + at, 1, on_event, &cut);
		decoder_expire(&decoder, on_event, &cut);
		if (strstr(sequences[i].heard, "<") == NULL)
			assert_string_equal(str_text(&cut.text), str_text(&whole.text));
		assert_int_equal(cut.pasted, whole.pasted);
		str_finish(&whole.text);
		str_finish(&cut.text);
	}
}

static void test_wait(void **state)
{
	struct heard heard = {0};
	struct decoder decoder = {0};
	(void)state;
	assert_int_equal(decoder_wait(&decoder), 0);
	decoder_feed(&decoder, "\033", 1, on_event, &heard);
	assert_true(decoder_wait(&decoder) > 0);
	assert_string_equal(str_text(&heard.text), "");
	decoder_expire(&decoder, on_event, &heard);
	assert_string_equal(str_text(&heard.text), "Esc ");
	assert_int_equal(decoder_wait(&decoder), 0);
	decoder_feed(&decoder, "x", 1, on_event, &heard);
	assert_string_equal(str_text(&heard.text), "Esc x ");
	str_finish(&heard.text);
}

static void test_big_paste(void **state)
{
	struct heard heard = {0};
	struct decoder decoder = {0};
	char *bytes = mem_alloc(1 << 20);
	(void)state;
	for (size_t i = 0; i < 1 << 20; i++)
		bytes[i] = i % 7 == 0 ? 'q' : i % 97 == 0 ? '\033' : '\r';
	decoder_feed(&decoder, "\033[200~", 6, on_event, &heard);
	decoder_feed(&decoder, bytes, 1 << 20, on_event, &heard);
	decoder_feed(&decoder, "\033[201~", 6, on_event, &heard);
	assert_int_equal(heard.pasted, 1 << 20);
	assert_int_equal(decoder.state, DECODER_GROUND);
	assert_true(text_ends_with(str_text(&heard.text), "end "));
	free(bytes);
	str_finish(&heard.text);
}

static void test_names(void **state)
{
	static const char *const good[] = {"q", "Ctrl-C", "Alt-x", "Shift-Tab", "Enter", "Esc", "PageUp", "F1", "F24", "/", ":",
		"Space", "д", "€", "Ctrl-Space", "Ctrl-Alt-Shift-Up", "-", "Ctrl--", "F"};
	static const char *const bad[] = {"", "Ctrl-", "Hyper-x", "F0", "F25", "F1x", "ab", "\xd0", "\xff", "\x01", "дд"};
	struct key key, other;
	char name[32];
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(key_read(good[i], &key));
		key_write(key, name, sizeof name);
		assert_string_equal(name, good[i]);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(key_read(bad[i], &key));
	assert_true(key_read("ctrl-c", &key) && key_read("Ctrl-C", &other) && key_equal(key, other));
	assert_true(key_read("pageup", &key) && key.code == CODE_PAGE_UP);
}

static void check_latin(const char *cyrillic, const char *latin)
{
	struct key key, wanted;
	assert_true(key_read(cyrillic, &key));
	assert_true(key_read(latin, &wanted));
	assert_true(key_equal(key_latin(key), wanted));
}

static void test_latin(void **state)
{
	(void)state;
	check_latin("й", "q");
	check_latin("Й", "Q");
	check_latin("ю", ".");
	check_latin("Ж", ":");
	check_latin("ё", "`");
	check_latin("х", "[");
	check_latin("q", "q");
	check_latin("Ctrl-с", "Ctrl-C");
	check_latin("Up", "Up");
}

/* ---- the key map ---- */

static int id_of(const struct keymap *map, const char *name, unsigned where)
{
	struct key key;
	assert_true(key_read(name, &key));
	const struct command_def *def = keymap_find(map, key, where);
	return def != NULL ? def->id : -1;
}

static void test_defaults(void **state)
{
	struct keymap map;
	auto_strings mistakes = {0};
	(void)state;
	keymap_init(&map, &deck_commands, NULL, 0, NULL, &mistakes);
	/* the table's own keys mean one thing each */
	if (mistakes.count > 0)
		fail_msg("%s", mistakes.items[0]);
	assert_int_equal(id_of(&map, "q", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of(&map, "й", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of(&map, "Down", COMMAND_AT_SERVICES), COMMAND_LINE_DOWN);
	assert_int_equal(id_of(&map, "j", COMMAND_AT_SERVICES), COMMAND_LINE_DOWN);
	assert_int_equal(id_of(&map, "F9", COMMAND_AT_SERVICES), -1);
	auto_str keys = {0};
	keymap_list(&map, COMMAND_QUIT, &keys);
	assert_string_equal(str_text(&keys), "q, Ctrl-C");
	keymap_finish(&map);
}

static void test_own_keys(void **state)
{
	char quit[] = "quit", own[] = "F10 no-key Ctrl-Q", restart[] = "restart", taken[] = "F10", typo[] = "restrat", r[] = "r",
		stop[] = "stop", none[] = "none", start[] = "start", x[] = "b";
	const struct config_key keys[] = {{quit, own, 3}, {restart, taken, 4}, {typo, r, 5}, {stop, none, 6}, {start, x, 7}};
	struct keymap map;
	auto_strings mistakes = {0};
	(void)state;
	keymap_init(&map, &deck_commands, keys, COUNT_OF(keys), "/home/me/config.ini", &mistakes);
	assert_int_equal(id_of(&map, "Ctrl-Q", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of(&map, "q", COMMAND_AT_LOG), -1);
	assert_null(keymap_first(&map, COMMAND_STOP));
	/* a person's key wins over a default one */
	assert_int_equal(id_of(&map, "b", COMMAND_AT_SERVICES), COMMAND_START);
	auto_free char *all = strings_join(&mistakes, "\n", NULL);
	assert_non_null(strstr(all, "/home/me/config.ini:5: the screen has no command `restrat`: is `restart` meant?"));
	assert_non_null(strstr(all, "config.ini:3: there is no key `no-key`"));
	assert_non_null(strstr(all, "is taken by `start`"));
	assert_non_null(strstr(all, "the key F10 of `"));
	keymap_finish(&map);
}

/* ---- chords ---- */

/* What the keys "g q" mean together: an id, -1 nothing, -2 more may follow. */
static int id_of_keys(const struct keymap *map, const char *names, unsigned where)
{
	auto_strings words = {0};
	struct key keys[KEY_CHORD_MOST];
	const struct command_def *def;
	strings_split(&words, names, ' ');
	for (size_t i = 0; i < words.count; i++)
		assert_true(key_read(words.items[i], &keys[i]));
	bool is_found = keymap_match(map, keys, words.count, where, &def);
	return def != NULL ? def->id : is_found ? -2 : -1;
}

static void test_chords(void **state)
{
	char quit[] = "quit", quit_keys[] = "\"Ctrl-X Ctrl-C\" \"Ctrl-X q\" F10", first[] = "first", first_keys[] = "\"g g\"  Home",
		stop[] = "stop", stop_keys[] = "\"F9 s\"", quote[] = "mouse", quote_keys[] = "\"";
	const struct config_key keys[] = {{quit, quit_keys, 3}, {first, first_keys, 4}, {stop, stop_keys, 5}, {quote, quote_keys, 6}};
	struct keymap map;
	auto_strings mistakes = {0};
	(void)state;
	keymap_init(&map, &deck_commands, keys, COUNT_OF(keys), "config.ini", &mistakes);
	if (mistakes.count > 0)
		fail_msg("%s", mistakes.items[0]);
	assert_int_equal(id_of_keys(&map, "Ctrl-X", COMMAND_AT_LOG), -2);
	assert_int_equal(id_of_keys(&map, "Ctrl-X Ctrl-C", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of_keys(&map, "Ctrl-X q", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of_keys(&map, "Ctrl-X x", COMMAND_AT_LOG), -1);
	assert_int_equal(id_of_keys(&map, "Ctrl-X q q", COMMAND_AT_LOG), -1);
	assert_int_equal(id_of_keys(&map, "F10", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of_keys(&map, "g", COMMAND_AT_LOG), -2);
	assert_int_equal(id_of_keys(&map, "g g", COMMAND_AT_LOG), COMMAND_FIRST);
	assert_int_equal(id_of(&map, "g", COMMAND_AT_LOG), -1);
	assert_int_equal(id_of(&map, "\"", COMMAND_AT_LOG), COMMAND_MOUSE);
	/* at the start there is no service to stop */
	assert_int_equal(id_of_keys(&map, "F9 s", COMMAND_AT_SERVICES), COMMAND_STOP);
	assert_int_equal(id_of_keys(&map, "F9", COMMAND_AT_START), -1);
	/* a Cyrillic keyboard */
	assert_int_equal(id_of_keys(&map, "п", COMMAND_AT_LOG), -2);
	assert_int_equal(id_of_keys(&map, "п п", COMMAND_AT_LOG), COMMAND_FIRST);
	assert_int_equal(id_of_keys(&map, "Ctrl-ч й", COMMAND_AT_LOG), COMMAND_QUIT);
	assert_int_equal(id_of_keys(&map, "Ctrl-ч Ctrl-с", COMMAND_AT_LOG), COMMAND_QUIT);
	auto_str list = {0};
	keymap_list(&map, COMMAND_QUIT, &list);
	assert_string_equal(str_text(&list), "Ctrl-X Ctrl-C, Ctrl-X q, F10");
	keymap_finish(&map);
}

static void test_chord_mistakes(void **state)
{
	char quit[] = "quit", quit_keys[] = "\"g q\"", stop[] = "stop", stop_keys[] = "\"g q x\"", start[] = "start",
		start_keys[] = "\"a b c d e\" \"a no-key\" \"\"", zoom[] = "zoom", zoom_keys[] = "\"g q";
	const struct config_key keys[] = {{quit, quit_keys, 3}, {stop, stop_keys, 4}, {start, start_keys, 5}, {zoom, zoom_keys, 6}};
	struct keymap map;
	auto_strings mistakes = {0};
	(void)state;
	keymap_init(&map, &deck_commands, keys, COUNT_OF(keys), "config.ini", &mistakes);
	auto_free char *all = strings_join(&mistakes, "\n", NULL);
	/* keys that begin others: named with their line, the later one of the table loses */
	assert_non_null(strstr(all, "config.ini:3: the keys g q of `quit` and g q x of `stop` begin alike: the first is left out"));
	assert_non_null(strstr(all, "config.ini:6: the keys g q of `zoom` and g q x of `stop` begin alike"));
	assert_non_null(strstr(all, "the keys g of `first` and g q"));
	assert_non_null(strstr(all, "config.ini:5: `a b c d e` are too many keys: four at most"));
	assert_non_null(strstr(all, "config.ini:5: there is no key `no-key`"));
	assert_non_null(strstr(all, "config.ini:5: there is no key ``"));
	keymap_finish(&map);
}

/* A line of which nothing is left takes no key away: nobody is shut in. */
static void test_defaults_stay(void **state)
{
	(void)state;
	char quit_name[] = "quit", quit_keys[] = "\"g q\" Ctrl-Foo", restart_name[] = "restart", stop_name[] = "stop", key[] = "g",
		zoom_name[] = "zoom", none[] = "None";
	const struct config_key keys[] = {
		{.command = quit_name, .keys = quit_keys, .line = 20}, {.command = restart_name, .keys = key, .line = 21},
		{.command = stop_name, .keys = key, .line = 22}, {.command = zoom_name, .keys = none, .line = 23},
	};
	struct keymap map;
	auto_strings mistakes = {0};
	auto_str quit = {0}, stop = {0}, restart = {0};
	keymap_init(&map, &deck_commands, keys, COUNT_OF(keys), "config.ini", &mistakes);
	keymap_list(&map, COMMAND_QUIT, &quit);
	keymap_list(&map, COMMAND_STOP, &stop);
	keymap_list(&map, COMMAND_RESTART, &restart);
	assert_string_equal(str_text(&quit), "q, Ctrl-C");
	assert_string_equal(str_text(&stop), "g"); /* the first in the table has it */
	assert_string_equal(str_text(&restart), "r");
	assert_null(keymap_first(&map, COMMAND_ZOOM));
	for (size_t i = 0; i < mistakes.count; i++)
		assert_true(text_starts_with(mistakes.items[i], "config.ini:2"));
	keymap_finish(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoder),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_big_paste),
		cmocka_unit_test(test_defaults_stay),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_latin),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_own_keys),
		cmocka_unit_test(test_chords),
		cmocka_unit_test(test_chord_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
