/* The picture in README.md is the screen as it is drawn now, between two marks:
 * `make update-readme` puts it there, `make check` says when it is stale. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "scene.h"

#include <stdio.h>

static const char mark[] = "<!-- the screen, written by `make update-readme` -->\n```text\n", mark_end[] = "```\n";

enum { COLUMNS = 100, ROWS = 28 };

static void fill_view(void *data, struct view *view)
{
	(void)data;
	scene_fill(SCENE_FAILED, view);
}

/* The caller frees. */
static char *draw_screen(void)
{
	static const struct tui_call call = {.view = fill_view};
	auto_free char *themes = path_join(getenv("TEST_SRCDIR"), "themes");
	struct loop *loop = loop_open();
	struct config *config = config_open("/dev/null", themes);
	struct fault fault = {0};
	struct view view;
	struct tui *tui = tui_open(loop, &(struct tui_options){.commands = &deck_commands, .config = config,
		.headless_columns = COLUMNS, .headless_rows = ROWS, .headless_colours = 256}, &call, NULL, &fault);
	assert_non_null(tui);
	scene_fill(SCENE_FAILED, &view);
	tui_draw(tui, &view);
	char *picture = tui_picture(tui);
	tui_close(tui);
	config_close(config);
	loop_close(loop);
	return picture;
}

static void readme_shows_the_screen(void **state)
{
	const char *update = getenv("TEST_UPDATE_README");
	auto_free char *path = path_join(getenv("TEST_SRCDIR"), "README.md");
	auto_free char *picture = draw_screen();
	struct fault fault = {0};
	(void)state;
	auto_free char *text = file_read(path, 1 << 20, NULL, &fault);
	if (text == NULL)
		fail_msg("%s", fault.text);
	char *from = strstr(text, mark);
	char *end = from != NULL ? strstr(from + strlen(mark), mark_end) : NULL;
	if (end == NULL)
		fail_msg("README.md has no place for the screen: the line \"%.*s\" and a block behind it", (int)strcspn(mark, "\n"), mark);
	from += strlen(mark);
	if (update != NULL && update[0] != '\0') {
		auto_free char *fresh = mem_print("%.*s%s%s", (int)(from - text), text, picture, end);
		assert_true(file_write(path, fresh, strlen(fresh), 0644, &fault));
	} else if (strlen(picture) != (size_t)(end - from) || memcmp(picture, from, strlen(picture)) != 0) {
		fail_msg("README.md shows an older screen: run make update-readme");
	}
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readme_shows_the_screen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
