/* Whatever comes: each scene at each size, with each thing open, and a megabyte
 * pasted into each field. Nothing is compared: nothing may break, and no control
 * letter may reach the screen. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "scene.h"

#include <stdio.h>

struct trial {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
	enum scene_kind kind;
	unsigned asked; /* commands */
};

static void fill_view(void *data, struct view *view)
{
	struct trial *trial = data;
	scene_fill(trial->kind, view);
}

static bool take_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	struct trial *trial = data;
	(void)id, (void)names, (void)fault;
	trial->asked++;
	return true;
}

static void open_trial(struct trial *trial, enum scene_kind kind, bool is_ascii)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct fault fault = {0};
	*trial = (struct trial){.loop = loop_open(), .config = config_open("/dev/null", themes), .kind = kind};
	struct tui_options options = {.commands = &deck_commands, .config = trial->config, .headless_columns = 80, .headless_rows = 24,
		.headless_colours = 256, .headless_ascii = is_ascii};
	trial->tui = tui_open(trial->loop, &options, &call, trial, &fault);
	assert_non_null(trial->tui);
}

static void close_trial(struct trial *trial)
{
	tui_close(trial->tui);
	config_close(trial->config);
	loop_close(trial->loop);
}

/* Draws, and looks for what must not be there: control letters and those that
 * turn the direction of others. */
static void draw(struct trial *trial)
{
	struct view view;
	scene_fill(trial->kind, &view);
	tui_draw(trial->tui, &view);
	auto_free char *picture = tui_picture(trial->tui);
	for (const unsigned char *at = (const unsigned char *)picture; *at != '\0'; at++)
		if ((*at < 32 && *at != '\n') || *at == 127 || (at[0] == 0xc2 && at[1] < 0xa0) ||
			(at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae))
			fail_msg("a control letter %02x is drawn:\n%s", *at, picture);
}

static void type(struct trial *trial, const char *keys)
{
	tui_type(trial->tui, keys, strlen(keys));
}

/* What is opened by keys; the deck alone is the first. */
static const char *const opened[] = {"", "?", ":", "/", "l/", "i", "i/", "y", "x", "C", "J", "&", "E", "@", "!", "\024", "lV", "z", "\r", "lz"};

static void test_sizes(void **state)
{
	static const unsigned sizes[][2] = {{1, 1}, {2, 1}, {1, 60}, {300, 1}, {2, 2}, {3, 7}, {5, 3}, {20, 5}, {29, 6}, {30, 5}, {59, 14},
		{110, 10}, {500, 200}, {80, 24}};
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++)
		for (size_t i = 0; kind != SCENE_CROWD && i < COUNT_OF(opened); i++) {
			struct trial trial;
			open_trial(&trial, (enum scene_kind)kind, i % 4 == 3);
			draw(&trial);
			type(&trial, opened[i]);
			for (size_t j = 0; j < COUNT_OF(sizes); j++) {
				tui_set_size(trial.tui, sizes[j][0], sizes[j][1]);
				draw(&trial);
				type(&trial, "\033[B\033[6~"); /* down, and a page down */
				draw(&trial);
			}
			close_trial(&trial);
		}
}

/* As many rows as are ever listed. */
static void test_crowd(void **state)
{
	static const unsigned sizes[][2] = {{1, 1}, {20, 5}, {500, 200}, {80, 24}};
	struct trial trial;
	(void)state;
	open_trial(&trial, SCENE_CROWD, false);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		tui_set_size(trial.tui, sizes[i][0], sizes[i][1]);
		type(&trial, "AG");
		draw(&trial);
		type(&trial, "gg/crowd-99\r");
		draw(&trial);
		type(&trial, "\033[A\033[B");
		draw(&trial);
	}
	close_trial(&trial);
}

static void paste(struct trial *trial, const char *bytes, size_t len)
{
	type(trial, "\033[200~");
	for (size_t at = 0; at < len; at += 4095)
		tui_type(trial->tui, bytes + at, len - at < 4095 ? len - at : 4095);
	type(trial, "\033[201~");
}

static void test_paste(void **state)
{
	enum { MEGABYTE = 1 << 20 };
	static const char kinds[] = {'q', '\n', '\1', (char)0xff, (char)0xd0};
	(void)state;
	auto_free char *bytes = mem_alloc(MEGABYTE);
	for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
		memset(bytes, kinds[kind], MEGABYTE);
		for (size_t i = 0; i < COUNT_OF(opened); i++) {
			struct trial trial;
			open_trial(&trial, SCENE_DECK, false);
			draw(&trial);
			type(&trial, opened[i]);
			draw(&trial);
			unsigned asked = trial.asked;
			paste(&trial, bytes, MEGABYTE);
			draw(&trial);
			assert_int_equal(trial.asked, asked);
			close_trial(&trial);
		}
	}
}

/* The field holds as much as it takes, whole letters, and says that there was more. */
static void test_paste_is_cut(void **state)
{
	char bytes[2001] = {0};
	(void)state;
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(bytes + i, "\xd1\x8f", 2);
	struct trial trial;
	open_trial(&trial, SCENE_DECK, false);
	draw(&trial);
	type(&trial, "/");
	paste(&trial, bytes, 2000);
	draw(&trial);
	auto_free char *cut = tui_picture(trial.tui);
	assert_non_null(strstr(cut, "what was pasted is longer than this field takes"));
	assert_non_null(strstr(cut, "\xd1\x8f\xd1\x8f"));
	assert_null(strstr(cut, "\xef\xbf\xbd"));
	type(&trial, "\025");
	paste(&trial, "api", 3);
	draw(&trial);
	auto_free char *whole = tui_picture(trial.tui);
	assert_null(strstr(whole, "what was pasted"));
	close_trial(&trial);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	unsetenv("COLORFGBG");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_paste_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
