/* Pictures of the screen: each is drawn and compared with the file of its name
 * in tests/screens. TEST_UPDATE_SCREENS=1 writes the files anew. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "scene.h"

#include <stdio.h>
#include <wchar.h>

struct screen {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
	enum scene_kind kind;
	int asked; /* the command that was asked for last */
	char *names; /* and the services it was about */
	char *in_sight; /* rows of other projects */
	char *beside; /* whose log the second pane is to show; NULL: it is closed */
	bool are_others_wanted, is_traffic_wanted;
};

static void fill_view(void *data, struct view *view)
{
	struct screen *screen = data;
	scene_fill(screen->kind, view);
}

static bool take_command(void *data, int id, const struct strings *names, struct fault *fault)
{
	struct screen *screen = data;
	screen->asked = id;
	free(screen->names);
	screen->names = strings_join(names, " ", NULL);
	return fault_set(fault, FAULT_FAILED, "this is only a picture");
}

static void take_in_sight(void *data, const struct strings *names)
{
	struct screen *screen = data;
	free(screen->in_sight);
	screen->in_sight = strings_join(names, " ", NULL);
}

static void take_beside(void *data, const struct strings *names)
{
	struct screen *screen = data;
	free(screen->beside);
	screen->beside = names != NULL ? strings_join(names, " ", NULL) : NULL;
}

static void take_others(void *data, bool is_on)
{
	struct screen *screen = data;
	screen->are_others_wanted = is_on;
}

static void take_traffic(void *data, bool is_on)
{
	struct screen *screen = data;
	screen->is_traffic_wanted = is_on;
}

static void open_screen_with(struct screen *screen, enum scene_kind kind, unsigned columns, unsigned rows, bool is_ascii,
	const char *settings)
{
	static const struct tui_call call = {.view = fill_view, .command = take_command, .traffic = take_traffic,
		.others = take_others, .in_sight = take_in_sight, .beside = take_beside};
	const char *source = getenv("TEST_SRCDIR");
	auto_free char *themes = path_join(source != NULL ? source : ".", "themes");
	struct fault fault = {0};
	*screen = (struct screen){.kind = kind};
	screen->loop = loop_open();
	screen->config = config_open("/dev/null", themes);
	config_read(screen->config, settings, "config.ini");
	struct tui_options options = {.commands = &deck_commands, .config = screen->config, .headless_columns = columns,
		.headless_rows = rows, .headless_colours = 256, .headless_ascii = is_ascii};
	screen->tui = tui_open(screen->loop, &options, &call, screen, &fault);
	assert_non_null(screen->tui);
}

static void open_screen(struct screen *screen, enum scene_kind kind, unsigned columns, unsigned rows, bool is_ascii)
{
	open_screen_with(screen, kind, columns, rows, is_ascii, "");
}

static void draw(struct screen *screen)
{
	struct view view;
	scene_fill(screen->kind, &view);
	tui_draw(screen->tui, &view);
}

static void type(struct screen *screen, const char *keys)
{
	tui_type(screen->tui, keys, strlen(keys));
	draw(screen);
}

static void close_screen(struct screen *screen)
{
	tui_close(screen->tui);
	config_close(screen->config);
	loop_close(screen->loop);
	free(screen->names);
	free(screen->in_sight);
	free(screen->beside);
}

static void compare(struct screen *screen, const char *name)
{
	const char *source = getenv("TEST_SRCDIR"), *update = getenv("TEST_UPDATE_SCREENS");
	auto_free char *path = mem_print("%s/tests/screens/%s.screen", source != NULL ? source : ".", name);
	auto_free char *picture = tui_picture(screen->tui);
	struct fault fault = {0};
	if (update != NULL && update[0] != '\0') {
		assert_true(file_write(path, picture, strlen(picture), 0644, &fault));
		return;
	}
	auto_free char *wanted = file_read(path, 1 << 20, NULL, &fault);
	if (wanted == NULL)
		fail_msg("%s", fault.text);
	if (strcmp(wanted, picture) != 0)
		fail_msg("%s is drawn otherwise:\n%s", name, picture);
}

/* ---- each scene at each size ---- */

static void test_scenes(void **state)
{
	static const unsigned sizes[][2] = {{80, 24}, {120, 40}, {200, 50}, {40, 12}, {20, 5}};
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct screen screen;
			char name[64];
			open_screen(&screen, (enum scene_kind)kind, sizes[i][0], sizes[i][1], false);
			draw(&screen);
			snprintf(name, sizeof name, "%s-%ux%u", scene_name((enum scene_kind)kind), sizes[i][0], sizes[i][1]);
			compare(&screen, name);
			close_screen(&screen);
		}
}

/* What is said in Russian is longer: it must fit all the same. */
static void test_russian_scenes(void **state)
{
	static const unsigned sizes[][2] = {{80, 24}, {200, 50}};
	(void)state;
	language_choose("ru");
	if (strcmp(_("Services"), "Services") == 0)
		skip(); /* built without catalogues */
	for (int kind = 0; kind < SCENE_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct screen screen;
			char name[64];
			open_screen(&screen, (enum scene_kind)kind, sizes[i][0], sizes[i][1], false);
			draw(&screen);
			snprintf(name, sizeof name, "%s-%ux%u-ru", scene_name((enum scene_kind)kind), sizes[i][0], sizes[i][1]);
			compare(&screen, name);
			close_screen(&screen);
		}
	language_choose("en");
}

/* ---- after keys ---- */

struct step {
	const char *name;
	enum scene_kind kind;
	unsigned columns, rows;
	bool is_ascii;
	const char *keys;
};

static const struct step steps[] = {
	{"help", SCENE_DECK, 80, 24, false, "?"},
	{"ran", SCENE_DECK, 80, 24, false, "!"},
	{"ran-wide", SCENE_DECK, 120, 40, false, "!"},
	{"ran-small", SCENE_DECK, 40, 12, true, "!jj"},
	{"ran-nothing", SCENE_EMPTY, 80, 24, false, "!"},
	{"ran-left", SCENE_DECK, 80, 24, false, "!\033[27u"},
	{"why", SCENE_FAILED, 80, 24, false, "y"},
	{"why-refused", SCENE_FAILED, 80, 24, false, "yr"},
	{"split-zoomed", SCENE_SPLIT, 80, 24, false, "z"},
	{"why-scrolled", SCENE_FAILED, 80, 24, false, "yjjjj"},
	{"why-wide", SCENE_FAILED, 120, 40, false, "y"},
	{"why-small", SCENE_FAILED, 40, 12, true, "y"},
	{"why-nothing", SCENE_EMPTY, 80, 24, false, "y"},
	{"why-left", SCENE_FAILED, 80, 24, false, "yjj\r"},
	{"log-json-raw", SCENE_JSON, 80, 24, false, "R"},
	{"log-json-shifted", SCENE_JSON, 80, 24, false, "R>>"},
	{"log-steps", SCENE_JSON, 80, 24, false, "tt"},
	{"log-json-no-time", SCENE_JSON, 80, 24, false, "ttt"},
	{"log-level", SCENE_JSON, 120, 40, false, "LLL"},
	{"log-filter", SCENE_JSON, 80, 24, false, "&timeout\r"},
	{"log-filter-typed", SCENE_JSON, 80, 24, false, "&slow !212"},
	{"log-filter-without", SCENE_JSON, 80, 24, false, "&!plain\rz"},
	{"log-filter-nothing", SCENE_JSON, 80, 24, false, "&no such text\r"},
	{"log-filter-wrong", SCENE_JSON, 80, 24, false, "&\x12(\r"},
	{"log-regex", SCENE_JSON, 120, 40, false, "\t\t/\x12url=.*cart\rN"},
	{"log-regex-wrong", SCENE_JSON, 80, 24, false, "\t\t/\x12("},
	{"log-counted", SCENE_JSON, 80, 24, false, "\t\t/timeout\rNN"},
	{"log-counted-round", SCENE_JSON, 80, 24, false, "\t\t/timeout\rn"},
	{"log-selected", SCENE_JSON, 120, 40, false, "Vkkk"},
	{"log-copied", SCENE_JSON, 80, 24, false, "VkkY"},
	{"log-marked", SCENE_JSON, 80, 24, false, "Vk*\x1b"},
	{"log-no-mark", SCENE_JSON, 80, 24, false, "}"},
	{"log-time", SCENE_JSON, 80, 24, false, "@14:13:40\r"},
	{"log-time-wrong", SCENE_JSON, 80, 24, false, "@noon\r"},
	{"log-counted-filtered", SCENE_JSON, 80, 24, false, "/cart\rNNLLL"},
	{"log-filter-left", SCENE_JSON, 80, 24, false, "&timeout\r&\025\x12slow\003"},
	{"log-filter-paused", SCENE_JSON, 120, 40, false, "\rg\006\006\006LLz"},
	{"log-filter-level-nothing", SCENE_DECK, 80, 24, false, "&nowhere\rLLz"},
	{"log-filter-regex", SCENE_JSON, 80, 24, false, "&\x12status=2.. !upstream\rz"},
	{"log-raw-found", SCENE_JSON, 80, 24, false, "/attempt=3\rz"},
	{"container", SCENE_DECK, 80, 24, false, "i"},
	{"container-wide", SCENE_DECK, 120, 40, false, "i"},
	{"container-small", SCENE_DECK, 40, 12, true, "ijjjj"},
	{"container-folded", SCENE_DECK, 80, 24, false, "ijjj\r"},
	{"container-env", SCENE_DECK, 80, 24, false, "iljjj"},
	{"container-mounts", SCENE_DECK, 80, 24, false, "i\t\t"},
	{"container-loading", SCENE_DECK, 80, 24, false, "illl"},
	{"container-failed", SCENE_DECK, 80, 24, false, "illll"},
	{"container-tree", SCENE_DECK, 80, 24, false, "ihhh"},
	{"container-unfolded", SCENE_DECK, 80, 24, false, "ihhhj\rjj\rj"},
	{"container-filtered", SCENE_DECK, 80, 24, false, "ihhh/streak"},
	{"container-no-match", SCENE_DECK, 80, 24, false, "i/nowhere\r"},
	{"container-drift", SCENE_DECK, 120, 40, false, "ih"},
	{"container-palette", SCENE_DECK, 80, 24, false, "il:tab"},
	{"container-palette-run", SCENE_DECK, 80, 24, false, "i:tab-next\r"},
	{"container-help-back", SCENE_DECK, 80, 24, false, "il?x\003"},
	{"container-clicked", SCENE_DECK, 80, 24, false, "i\033[<0;50;3M\033[<0;4;5M\033[<0;4;5M"},
	{"container-gone", SCENE_FAILED, 80, 24, false, "i"},
	{"container-stale", SCENE_STALE, 80, 24, false, "i"},
	{"container-none", SCENE_EMPTY, 80, 24, false, "i"},
	{"checks", SCENE_DECK, 80, 24, false, "c"},
	{"checks-wide", SCENE_DECK, 160, 50, false, "c"},
	{"checks-small", SCENE_DECK, 40, 12, true, "cj"},
	{"checks-small-detail", SCENE_DECK, 40, 12, false, "c\t"},
	{"checks-all", SCENE_DECK, 80, 24, false, "caG"},
	{"checks-all-wide", SCENE_DECK, 160, 50, true, "cajjjjjj"},
	{"checks-detail", SCENE_DECK, 80, 24, false, "cn\tj"},
	{"checks-detail-scrolled", SCENE_DECK, 80, 24, false, "cn\tG"},
	{"checks-far", SCENE_DECK, 80, 24, false, "cnn"},
	{"checks-heading", SCENE_DECK, 80, 24, false, "cj"},
	{"checks-folded", SCENE_DECK, 80, 24, false, "cjj\033[Dj\033[A\033[D"},
	{"checks-round", SCENE_DECK, 80, 24, false, "cNN"},
	{"checks-filtered", SCENE_DECK, 80, 24, false, "c/sigterm"},
	{"checks-no-match", SCENE_DECK, 80, 24, false, "c/nowhere\r"},
	{"checks-filter-left", SCENE_DECK, 80, 24, false, "c/sigterm\r\033[27u"},
	{"checks-clicked", SCENE_DECK, 80, 24, false, "c\033[<0;20;8M\033[<0;20;18M"},
	{"checks-live-only", SCENE_DECK, 80, 24, false, "cnnnn\r"},
	{"checks-not-mended", SCENE_DECK, 80, 24, false, "cnnm"},
	{"checks-mending", SCENE_DECK, 80, 24, false, "cm"},
	{"checks-mend", SCENE_TESTING, 80, 24, false, "cm"},
	{"checks-mend-wide", SCENE_TESTING, 160, 50, false, "cm"},
	{"checks-mend-small", SCENE_TESTING, 40, 12, true, "cmG"},
	{"checks-failed", SCENE_FAILED, 80, 24, false, "c"},
	{"checks-failed-small", SCENE_FAILED, 40, 12, true, "c"},
	{"checks-failed-wide", SCENE_FAILED, 160, 50, false, "c"},
	{"checks-jobs", SCENE_TESTING, 80, 24, false, "cJ"},
	{"checks-jobs-back", SCENE_TESTING, 80, 24, false, "cJ\003"},
	{"checks-theme", SCENE_DECK, 80, 24, false, "c\024j"},
	{"ran-failed", SCENE_FAILED, 80, 24, false, "!"},
	{"checks-loading", SCENE_LOADING, 80, 24, false, "c"},
	{"checks-stale", SCENE_STALE, 80, 24, false, "cL"},
	{"checks-kept", SCENE_EMPTY, 80, 24, false, "c"},
	{"checks-palette", SCENE_DECK, 80, 24, false, "c:check"},
	{"checks-help-back", SCENE_DECK, 80, 24, false, "c?x\003"},
	{"checks-odd", SCENE_ODD, 80, 24, false, "c"},
	{"init", SCENE_DECK, 80, 24, false, "W"},
	{"init-wide", SCENE_DECK, 120, 40, false, "W"},
	{"init-part", SCENE_DECK, 80, 24, false, "Wkjjjj"},
	{"init-file", SCENE_DECK, 80, 24, false, "WG"},
	{"init-differs-wide", SCENE_DECK, 120, 40, false, "Wjjjjjj\t"},
	{"init-elsewhere", SCENE_DECK, 80, 24, false, "WGkk"},
	{"init-preview", SCENE_DECK, 80, 24, false, "Wjjjjjj\r"},
	{"init-preview-wide", SCENE_DECK, 120, 40, false, "Wjjjjjj\r"},
	{"init-small", SCENE_DECK, 40, 12, true, "WG"},
	{"init-small-preview", SCENE_DECK, 40, 12, false, "WG\t"},
	{"init-asked", SCENE_DECK, 80, 24, false, "Ww"},
	{"init-done", SCENE_STALE, 80, 24, false, "Ww"},
	{"init-written", SCENE_EMPTY, 80, 24, false, "WG"},
	{"init-written-wide", SCENE_EMPTY, 120, 40, false, "W"},
	{"init-failed", SCENE_FAILED, 80, 24, false, "W"},
	{"init-failed-wide", SCENE_FAILED, 120, 40, false, "W"},
	{"init-reading", SCENE_LOADING, 80, 24, false, "W"},
	{"init-writing", SCENE_TESTING, 80, 24, false, "W"},
	{"init-odd", SCENE_ODD, 80, 24, false, "WG"},
	{"init-help-back", SCENE_DECK, 80, 24, false, "W?x\003"},
	{"init-left", SCENE_DECK, 80, 24, false, "WG\rqq"},
	{"init-palette", SCENE_DECK, 80, 24, false, "W:init"},
	{"init-clicked", SCENE_DECK, 80, 24, false, "W\033[<0;20;7M\033[<65;20;18M"},
	{"log-larger", SCENE_DECK, 80, 24, false, "+++"},
	{"log-larger-wide", SCENE_DECK, 120, 40, false, "+++++"},
	{"log-smaller-wide", SCENE_DECK, 120, 40, false, "-----"},
	{"log-beside", SCENE_DECK, 100, 24, false, "|"},
	{"log-below", SCENE_DECK, 120, 40, false, "|"},
	{"two-logs-120x40", SCENE_DECK, 120, 40, false, "S"},
	{"two-logs-160x50", SCENE_DECK, 160, 50, false, "S\t\t\t"},
	{"two-logs-200x50", SCENE_FAILED, 200, 50, false, "S"},
	{"two-logs-100x30", SCENE_DECK, 100, 30, false, "S"},
	{"two-logs-115x30", SCENE_DECK, 115, 30, true, "S"},
	{"two-logs-80x24", SCENE_DECK, 80, 24, false, "S"},
	{"two-logs-80x24-second", SCENE_DECK, 80, 24, false, "S\t\t\t"},
	{"two-logs-40x12", SCENE_DECK, 40, 12, false, "S\t\t\t"},
	{"two-logs-20x5", SCENE_DECK, 20, 5, false, "S"},
	{"two-logs-next", SCENE_DECK, 120, 40, false, "jS"},
	{"two-logs-below", SCENE_DECK, 140, 40, false, "S|"},
	{"two-logs-larger", SCENE_DECK, 120, 40, false, "S+++"},
	{"two-logs-zoomed", SCENE_DECK, 120, 40, false, "S\t\t\tz"},
	{"two-logs-each-filtered", SCENE_DECK, 160, 50, false, "S\t\tLLL\t&timeout\r/attempt=3\rNN"},
	{"two-logs-scrolled", SCENE_DECK, 120, 40, false, "S\t\t\tkkkw"},
	{"two-logs-selected", SCENE_DECK, 120, 40, false, "S\t\t\tVkkk*"},
	{"two-logs-wheel", SCENE_DECK, 120, 40, false, "S\033[<64;90;25M\033[<0;90;25M"},
	{"two-logs-left", SCENE_DECK, 120, 40, false, "S\t\t\t&slow\r\033[27u\033[27u"},
	{"two-logs-closed", SCENE_DECK, 120, 40, false, "S\t\t\tS"},
	{"two-logs-loading", SCENE_LOADING, 120, 40, false, "S"},
	{"two-logs-stale", SCENE_STALE, 120, 40, false, "S"},
	{"services-by-cpu", SCENE_DECK, 80, 24, false, "ooo"},
	{"services-by-cpu-reversed", SCENE_DECK, 120, 40, false, "oooI"},
	{"services-by-name", SCENE_DECK, 40, 12, false, "o"},
	{"services-reversed", SCENE_DECK, 80, 24, false, "I"},
	{"services-round", SCENE_DECK, 80, 24, false, "ooooooo"},
	{"services-filter", SCENE_DECK, 80, 24, false, "/i\r"},
	{"services-filter-typed", SCENE_DECK, 120, 40, false, "/run"},
	{"services-filter-nothing", SCENE_DECK, 80, 24, false, "/API"},
	{"services-filter-left", SCENE_DECK, 80, 24, false, "/db\r\x1b"},
	{"services-hidden", SCENE_DECK, 80, 24, false, "HGo"},
	{"services-all-hidden", SCENE_OVER, 80, 24, false, "H"},
	{"services-marked", SCENE_DECK, 80, 24, false, "  j "},
	{"services-marked-all", SCENE_DECK, 120, 40, true, "/e\r*"},
	{"services-marked-none", SCENE_DECK, 80, 24, false, "**"},
	{"services-stop-many", SCENE_DECK, 80, 24, false, "jj  j x"},
	{"services-zoomed", SCENE_DECK, 120, 40, false, "z"},
	{"services-by-network", SCENE_DECK, 120, 40, false, "zooooo"},
	{"services-detail", SCENE_DECK, 80, 24, false, "jjjj"},
	{"services-detail-odd", SCENE_ODD, 80, 24, false, "jj"},
	{"services-detail-wide", SCENE_DECK, 120, 40, false, "jjjj"},
	{"services-columns", SCENE_DECK, 80, 24, false, "Cjjjj "},
	{"services-columns-off", SCENE_DECK, 80, 24, false, "C j j j j j \r"},
	{"services-columns-small", SCENE_DECK, 40, 12, true, "CG  "},
	{"others-asked-for", SCENE_DECK, 80, 24, false, "A"},
	{"others-filter", SCENE_OTHERS, 80, 24, false, "/blog\r"},
	{"others-stop", SCENE_OTHERS, 80, 24, false, "jjjx"},
	{"others-restart-many", SCENE_OTHERS, 80, 24, false, "jj Gk r"},
	{"others-start-one", SCENE_OTHERS, 80, 24, false, "jjjjs"},
	{"others-why", SCENE_OTHERS, 80, 24, false, "Gy"},
	{"others-by-cpu", SCENE_OTHERS, 80, 24, false, "oooI"},
	{"others-click", SCENE_OTHERS, 80, 24, false, "\033[<0;5;8M"},
	{"others-click-heading", SCENE_OTHERS, 80, 24, false, "\033[<0;5;7M"},
	{"crowd-last", SCENE_CROWD, 80, 24, false, "G"},
	{"crowd-all", SCENE_CROWD, 80, 24, false, "*s"},
	{"services-heading", SCENE_DECK, 80, 24, false, "\033[<0;32;3M"},
	{"services-heading-twice", SCENE_DECK, 80, 24, false, "\033[<0;32;3M\033[<0;32;3M"},
	{"services-double-click", SCENE_DECK, 80, 24, false, "\033[<0;5;6M\033[<0;5;6m\033[<0;5;6M"},
	{"help-wide", SCENE_DECK, 120, 40, false, "?"},
	{"help-searched", SCENE_DECK, 80, 24, false, "?log"},
	{"help-small", SCENE_DECK, 40, 12, false, "?"},
	{"palette", SCENE_DECK, 80, 24, false, ":"},
	{"palette-typed", SCENE_DECK, 80, 24, false, ":rest"},
	{"palette-small", SCENE_DECK, 40, 12, false, ":"},
	{"question", SCENE_DECK, 80, 24, false, "x"},
	{"question-small", SCENE_DECK, 40, 12, false, "x"},
	{"question-line", SCENE_DECK, 20, 5, false, "x"},
	{"fault", SCENE_DECK, 80, 24, false, "b"},
	{"error", SCENE_FAILED, 80, 24, false, "\t\r"},
	{"error-small", SCENE_FAILED, 40, 12, false, "\t\r"},
	{"errors-selected", SCENE_FAILED, 80, 24, false, "\tj"},
	{"log-tab", SCENE_DECK, 40, 12, false, "\r"},
	{"log-zoomed", SCENE_DECK, 80, 24, false, "\rz"},
	{"log-wrapped", SCENE_DECK, 80, 24, false, "w"},
	{"log-no-time", SCENE_DECK, 80, 24, false, "ttt"},
	{"log-paused", SCENE_DECK, 80, 24, false, "\rkk"},
	{"log-search", SCENE_DECK, 80, 24, false, "\t\t/timeout"},
	{"log-missing", SCENE_DECK, 80, 24, false, "\t\t/nowhere\r"},
	{"saves-tab", SCENE_DECK, 40, 12, false, "\t\t\t"},
	{"saves-zoomed", SCENE_DECK, 80, 24, false, "\t\t\tz"},
	{"ascii", SCENE_FAILED, 80, 24, true, ""},
	{"ascii-start", SCENE_START, 80, 24, true, ""},
	{"start-log", SCENE_START, 80, 24, false, "\tz"},
	{"job-chooser", SCENE_TESTING, 80, 24, false, "J"},
	{"job-chooser-small", SCENE_TESTING, 40, 12, true, "Jk"},
	{"job-from-list", SCENE_JOB, 80, 24, false, ":job"},
	{"job-output", SCENE_JOB, 80, 24, false, "]]\r"},
	{"job-zoomed", SCENE_JOB, 80, 24, false, "]]z"},
	{"job-scrolled", SCENE_JOB, 80, 24, false, "]]]]"},
	{"errors-zoomed", SCENE_FAILED, 80, 24, false, "\tjz"},
	{"cyrillic-down", SCENE_DECK, 80, 24, false, "\xd0\xbe\xd0\xbe"},
};

static void compare_steps(const struct step *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct screen screen;
		open_screen(&screen, list[i].kind, list[i].columns, list[i].rows, list[i].is_ascii);
		draw(&screen);
		for (const char *at = list[i].keys; *at != '\0'; at++) {
			/* one byte at a time: letters of UTF-8 are put together */
			char one[2] = {*at, '\0'};
			type(&screen, one);
		}
		compare(&screen, list[i].name);
		close_screen(&screen);
	}
}

static void test_keys(void **state)
{
	(void)state;
	compare_steps(steps, COUNT_OF(steps));
}

static void test_russian_checks(void **state)
{
	static const struct step russian[] = {
		{"checks-ru", SCENE_DECK, 80, 24, false, "c"},
		{"checks-all-ru", SCENE_DECK, 160, 50, false, "caG"},
		{"checks-mend-ru", SCENE_TESTING, 80, 24, false, "cm"},
		{"checks-stale-ru", SCENE_STALE, 80, 24, false, "c"},
	};
	(void)state;
	language_choose("ru");
	if (strcmp(_("Services"), "Services") == 0)
		skip(); /* built without catalogues */
	compare_steps(russian, COUNT_OF(russian));
	language_choose("en");
}

static void test_russian_init(void **state)
{
	static const struct step russian[] = {
		{"init-ru", SCENE_DECK, 80, 24, false, "Wjjjjjj"},
		{"init-written-ru", SCENE_EMPTY, 80, 24, false, "W"},
	};
	(void)state;
	language_choose("ru");
	if (strcmp(_("Services"), "Services") == 0)
		skip(); /* built without catalogues */
	compare_steps(russian, COUNT_OF(russian));
	language_choose("en");
}

/* ---- what is told of the container that is looked into ---- */

static void hear_inspect(void *data, const char *service)
{
	struct str *told = data;
	str_print(told, "%s;", service != NULL ? service : "none");
}

static void fill_told(void *data, struct view *view)
{
	(void)data;
	scene_fill(SCENE_DECK, view);
}

static void test_inspect_is_told(void **state)
{
	static const struct tui_call call = {.view = fill_told, .inspect = hear_inspect};
	struct screen screen = {.kind = SCENE_DECK, .loop = loop_open(), .config = config_open("/dev/null", NULL)};
	struct tui_options options = {.commands = &deck_commands, .config = screen.config, .headless_columns = 80, .headless_rows = 24};
	struct fault fault = {0};
	auto_str told = {0};
	(void)state;
	screen.tui = tui_open(screen.loop, &options, &call, &told, &fault);
	assert_non_null(screen.tui);
	draw(&screen);
	assert_int_equal(told.len, 0);
	static const char *const keys[] = {"i", "]", "]", "[", "?", "\003", ":", "\003", "/a", "\r", "\033[24~", "i", "i", "y"};
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		type(&screen, keys[i]);
	assert_string_equal(str_text(&told), "api;gateway;worker;gateway;none;gateway;none;");
	assert_string_equal(tui_selected(screen.tui), "gateway");
	close_screen(&screen);
}

/* ---- what is told of the checks ---- */

struct heard {
	struct str told;
	enum scene_kind kind;
};

static void hear_check(void *data, enum tui_check what, const char *practice)
{
	static const char *const words[] = {[TUI_CHECK_AWAY] = "away", [TUI_CHECK_FILES] = "files", [TUI_CHECK_LIVE] = "live", [TUI_CHECK_AGAIN] = "again",
		[TUI_CHECK_MEND] = "mend", [TUI_CHECK_WRITE] = "write", [TUI_CHECK_DROP] = "drop"};
	struct heard *heard = data;
	str_print(&heard->told, "%s%s%s;", words[what], practice != NULL ? " " : "", practice != NULL ? practice : "");
}

static void hear_edit(void *data, const char *file, unsigned line, unsigned column)
{
	struct heard *heard = data;
	str_print(&heard->told, "edit %s:%u:%u;", file, line, column);
}

static void fill_heard(void *data, struct view *view)
{
	const struct heard *heard = data;
	scene_fill(heard->kind, view);
}

/* Types, without a frame between the keys, and then draws. */
static void check_told(enum scene_kind kind, bool is_read_only, const char *const *keys, size_t count, const char *wanted)
{
	static const struct tui_call call = {.view = fill_heard, .check = hear_check, .edit = hear_edit};
	struct screen screen = {.kind = kind, .loop = loop_open(), .config = config_open("/dev/null", NULL)};
	struct heard heard = {.kind = kind};
	struct tui_options options = {.commands = &deck_commands, .config = screen.config, .headless_columns = 80, .headless_rows = 24,
		.is_read_only = is_read_only};
	struct fault fault = {0};
	screen.tui = tui_open(screen.loop, &options, &call, &heard, &fault);
	assert_non_null(screen.tui);
	draw(&screen);
	for (size_t i = 0; i < count; i++)
		type(&screen, keys[i]);
	assert_string_equal(str_text(&heard.told), wanted);
	close_screen(&screen);
	str_finish(&heard.told);
}

#define TOLD(kind, is_read_only, wanted, ...) \
	check_told(kind, is_read_only, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})), wanted)

static void test_checks_are_told(void **state)
{
	(void)state;
	TOLD(SCENE_DECK, false, "files;live;again;away;live;away;", "c", "L", "r", "c", "c", "\033[27u");
	/* what covers it leaves it open; what leads elsewhere does not */
	TOLD(SCENE_DECK, false, "files;away;", "c", "?", "\003", ":", "\003", "/x", "\r", "y");
	/* commands of services and of the log do nothing here */
	TOLD(SCENE_DECK, false, "files;", "c", "s", "x", "F", "&", "V", "z", "i", "E");
	/* typed ahead, a key means what is selected then */
	TOLD(SCENE_DECK, false, "files;edit /shop/Dockerfile:9:1;", "c\r");
	TOLD(SCENE_DECK, false, "files;edit /shop/compose.yaml:12:1;edit /shop/compose.yaml:31:1;", "c", "n\r", "\tj\r");
	TOLD(SCENE_TESTING, false, "files;mend 2.5;write;drop;", "c", "nm", "y", "k", "y", "\003");
	TOLD(SCENE_TESTING, false, "files;mend 1.5;drop;", "c", "m", "jkG", "n");
	/* nothing is written before the change was seen, nor what has failed */
	TOLD(SCENE_DECK, false, "files;mend 1.5;drop;", "cm", "yY\r", "\033[27u");
	TOLD(SCENE_TESTING, true, "files;", "c", "m", "nm");
	TOLD(SCENE_DECK, false, "files;edit /shop/compose.yaml:12:1;edit /shop/compose.yaml:31:1;", "c", "\033[<0;20;9M", "\033[<0;20;9M\033[<0;20;9M",
		"\033[<0;20;19M", "\033[<0;20;19M\033[<0;20;19M");
}

/* ---- what is told of the container files ---- */

static void hear_init(void *data, enum tui_init what, const char *name)
{
	static const char *const words[] = {[TUI_INIT_AWAY] = "away", [TUI_INIT_OPEN] = "open", [TUI_INIT_AGAIN] = "again", [TUI_INIT_PART] = "part",
		[TUI_INIT_FILE] = "file", [TUI_INIT_WRITE] = "write"};
	struct heard *heard = data;
	str_print(&heard->told, "%s%s%s;", words[what], name != NULL ? " " : "", name != NULL ? name : "");
}

static void check_init(enum scene_kind kind, const char *const *keys, size_t count, const char *wanted)
{
	static const struct tui_call call = {.view = fill_heard, .init = hear_init};
	struct screen screen = {.kind = kind, .loop = loop_open(), .config = config_open("/dev/null", NULL)};
	struct heard heard = {.kind = kind};
	struct tui_options options = {.commands = &deck_commands, .config = screen.config, .headless_columns = 80, .headless_rows = 24};
	struct fault fault = {0};
	screen.tui = tui_open(screen.loop, &options, &call, &heard, &fault);
	assert_non_null(screen.tui);
	draw(&screen);
	for (size_t i = 0; i < count; i++)
		type(&screen, keys[i]);
	assert_string_equal(str_text(&heard.told), wanted);
	close_screen(&screen);
	str_finish(&heard.told);
}

#define INIT_TOLD(kind, wanted, ...) \
	check_init(kind, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})), wanted)

static void test_init_is_told(void **state)
{
	(void)state;
	INIT_TOLD(SCENE_DECK, "open;part base;part backup;file Dockerfile;again;away;", "W", " ", "j", " ", "jjj", " ", "jj", " ", "r", "q");
	/* nothing is written before a yes, nor what is there, nor twice */
	INIT_TOLD(SCENE_DECK, "open;write;", "W", "w", "n", "w", "y");
	INIT_TOLD(SCENE_STALE, "open;", "W", "w", "y");
	INIT_TOLD(SCENE_TESTING, "open;", "W", "w", "y", " ");
	INIT_TOLD(SCENE_FAILED, "open;again;away;", "W", "w", "y", "r", "c");
	/* commands of services and of the log do nothing here; a key typed ahead turns nothing that nobody saw */
	INIT_TOLD(SCENE_DECK, "open;", "W", "s", "x", "F", "&", "V", "z", "i", "E", "/", "j ");
	/* what covers it leaves it open; Esc goes back by one step */
	INIT_TOLD(SCENE_DECK, "open;away;", "W", "?", "\003", "\r", "\033[27u", "\t", "\033[27u", "\033[27u");
}

/* By itself, once, where there is nothing else to be shown. */
static void test_init_is_offered(void **state)
{
	static const struct tui_call call = {.view = fill_heard, .init = hear_init};
	struct screen screen = {.loop = loop_open(), .config = config_open("/dev/null", NULL)};
	struct heard heard = {.kind = SCENE_LOADING};
	struct tui_options options = {.commands = &deck_commands, .config = screen.config, .headless_columns = 80, .headless_rows = 24};
	struct fault fault = {0};
	struct view view;
	(void)state;
	screen.tui = tui_open(screen.loop, &options, &call, &heard, &fault);
	scene_fill(SCENE_LOADING, &view);
	tui_draw(screen.tui, &view);
	assert_string_equal(str_text(&heard.told), "");
	view.init.is_offered = true;
	tui_draw(screen.tui, &view);
	assert_string_equal(str_text(&heard.told), "open;");
	tui_type(screen.tui, "q", 1);
	tui_draw(screen.tui, &view);
	tui_draw(screen.tui, &view);
	assert_string_equal(str_text(&heard.told), "open;away;");
	close_screen(&screen);
	str_finish(&heard.told);
}

/* Whoever goes back while a mend is written hears how it ended. */
static void check_end(enum view_mending_state end, bool is_left, const char *shows)
{
	static const struct tui_call call = {.view = fill_heard, .check = hear_check};
	struct screen screen = {.kind = SCENE_TESTING, .loop = loop_open(), .config = config_open("/dev/null", NULL)};
	struct heard heard = {.kind = SCENE_TESTING};
	struct tui_options options = {.commands = &deck_commands, .config = screen.config, .headless_columns = 80, .headless_rows = 24};
	struct fault fault = {0};
	struct view view;
	screen.tui = tui_open(screen.loop, &options, &call, &heard, &fault);
	draw(&screen);
	type(&screen, "c");
	type(&screen, "m");
	type(&screen, "y");
	scene_fill(SCENE_TESTING, &view);
	view.checks.mending.state = VIEW_MENDING_WRITING;
	tui_draw(screen.tui, &view);
	if (is_left)
		tui_type(screen.tui, "\003", 1);
	tui_draw(screen.tui, &view);
	view.checks.mending.state = end;
	view.checks.mending.sentence = "so it ended";
	tui_draw(screen.tui, &view);
	tui_draw(screen.tui, &view);
	auto_free char *picture = tui_picture(screen.tui);
	assert_non_null(strstr(picture, "so it ended"));
	assert_non_null(strstr(picture, shows));
	assert_string_equal(str_text(&heard.told), is_left || end == VIEW_MENDING_DONE ? "files;mend 1.5;write;drop;" : "files;mend 1.5;write;");
	close_screen(&screen);
	str_finish(&heard.told);
}

/* What a written mend has left is told of once, and stays with its practice. */
static void test_left_of_a_mend(void **state)
{
	struct screen screen;
	struct view view;
	(void)state;
	open_screen(&screen, SCENE_TESTING, 80, 24, false);
	draw(&screen);
	type(&screen, "c");
	scene_fill(SCENE_TESTING, &view);
	view.checks.left = "1.5";
	tui_draw(screen.tui, &view);
	tui_draw(screen.tui, &view);
	compare(&screen, "checks-left");
	tui_type(screen.tui, "j", 1);
	tui_draw(screen.tui, &view);
	tui_type(screen.tui, "k", 1);
	tui_draw(screen.tui, &view);
	compare(&screen, "checks-left-told");
	close_screen(&screen);
}

static void test_end_of_a_mend(void **state)
{
	(void)state;
	check_end(VIEW_MENDING_DONE, false, " Checks ");
	check_end(VIEW_MENDING_FAILED, false, " Mend 1.5 ");
	check_end(VIEW_MENDING_DONE, true, " Checks ");
	check_end(VIEW_MENDING_FAILED, true, " Checks ");
}

/* What commands act on: all that are marked, else the selected one. */
static void test_marked(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 80, 24, false);
	draw(&screen);
	type(&screen, "r");
	assert_int_equal(screen.asked, COMMAND_RESTART);
	assert_string_equal(screen.names, "api");
	type(&screen, "jj  ");
	type(&screen, "r");
	assert_string_equal(screen.names, "worker mailpit");
	/* what the filter leaves out stays marked, and is named */
	type(&screen, "/db\r");
	type(&screen, " ");
	type(&screen, "xy");
	assert_int_equal(screen.asked, COMMAND_STOP);
	assert_string_equal(screen.names, "worker mailpit db");
	type(&screen, "*");
	type(&screen, "s");
	assert_string_equal(screen.names, "db");
	close_screen(&screen);
}

/* Only what is in sight costs anything. */
static void test_in_sight(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_CROWD, 80, 24, false);
	draw(&screen);
	type(&screen, "zG");
	draw(&screen);
	assert_non_null(screen.in_sight);
	assert_non_null(strstr(screen.in_sight, "/crowd-9999"));
	assert_null(strstr(screen.in_sight, "/crowd-9900"));
	type(&screen, "g");
	draw(&screen);
	assert_non_null(strstr(screen.in_sight, "/crowd-0"));
	assert_null(strstr(screen.in_sight, "/crowd-9999"));
	assert_false(screen.are_others_wanted);
	type(&screen, "A");
	assert_true(screen.are_others_wanted);
	type(&screen, "A");
	assert_false(screen.are_others_wanted);
	close_screen(&screen);
}

/* The log that is shown already is not shown twice: the next one is. */
static void test_beside(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 120, 40, false);
	draw(&screen);
	type(&screen, "S");
	assert_string_equal(screen.beside, "api"); /* the scene shows the log of gateway */
	type(&screen, "S");
	assert_null(screen.beside);
	type(&screen, "jS");
	assert_string_equal(screen.beside, "worker");
	type(&screen, "S");
	assert_null(screen.beside);
	close_screen(&screen);
}

/* Network and block I/O are asked for while such a column is in sight. */
static void test_traffic(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 80, 24, false);
	draw(&screen);
	assert_false(screen.is_traffic_wanted);
	type(&screen, "Cjjjjj \r");
	draw(&screen);
	assert_true(screen.is_traffic_wanted);
	type(&screen, "C ");
	draw(&screen);
	assert_false(screen.is_traffic_wanted);
	close_screen(&screen);
}

/* ---- with settings ---- */

static const char chords[] = "[keys]\nfirst = \"g g\" Home\nlast = \"g e\" End\nzoom = \"g z\"\nstop = \"g x s\"\nstart = F9\n";

static const struct {
	struct step step;
	const char *settings;
} looks[] = {
	{{"theme", SCENE_FAILED, 80, 24, false, "\024"}, ""},
	{{"theme-wide", SCENE_DECK, 120, 40, false, "\024jjjj"}, ""},
	{{"theme-small", SCENE_DECK, 40, 12, true, "\024G"}, ""},
	{{"theme-kept", SCENE_DECK, 80, 24, false, "\024jj\r"}, ""},
	{{"chord", SCENE_DECK, 80, 24, false, "g"}, chords},
	{{"chord-cyrillic", SCENE_DECK, 80, 24, false, "\xd0\xbf\xd1\x8f"}, chords},
	{{"chord-nowhere", SCENE_DECK, 80, 24, false, "gj"}, chords},
	{{"chord-clash", SCENE_DECK, 80, 24, false, ""}, "[keys]\nquit = \"g q\"\n"},
	{{"help-own", SCENE_DECK, 80, 24, false, "?your own"}, chords},
	{{"help-own-wide", SCENE_DECK, 120, 40, false, "?"}, chords},
	{{"palette-history", SCENE_DECK, 80, 24, false, ":zoo\r:wrap\r:zoom\r:\033[A"}, ""},
	{{"palette-history-run", SCENE_DECK, 80, 24, false, ":zoo\r:wrap\r:\033[A\033[B\r"}, ""},
	{{"plots-braille", SCENE_DECK, 100, 24, false, ""}, "[screen]\nplots = braille\n"},
	{{"plots-ascii", SCENE_DECK, 100, 24, false, ""}, "[screen]\nplots = ascii\n"},
};

static void test_looks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		struct screen screen;
		const struct step *step = &looks[i].step;
		open_screen_with(&screen, step->kind, step->columns, step->rows, step->is_ascii, looks[i].settings);
		draw(&screen);
		for (const char *at = step->keys; *at != '\0'; at++) {
			char one[2] = {*at, '\0'};
			type(&screen, one);
		}
		compare(&screen, step->name);
		close_screen(&screen);
	}
}

/* Other settings while it is open: own commands, and nothing may be changed. */
static void test_settings(void **state)
{
	static const char text[] = "[keys]\nzoom = f\n[commands]\ntop = None | Show the processes of a container | docker top {container}\n"
		"blame = Alt-B | Say who wrote the file | git blame {file}\n";
	struct screen screen;
	struct strings mistakes = {0};
	(void)state;
	open_screen(&screen, SCENE_DECK, 80, 24, false);
	draw(&screen);
	config_read(screen.config, text, "config.ini");
	struct own_table *own = own_table_open(screen.config, &mistakes);
	assert_int_equal(screen.config->mistakes.count + mistakes.count, 0);
	tui_configure(screen.tui, own_table_commands(own), screen.config, false);
	type(&screen, ":o");
	compare(&screen, "palette-own");
	type(&screen, "\033[27u?who wrote");
	compare(&screen, "help-own-commands");
	type(&screen, "\033[27u");
	tui_configure(screen.tui, &deck_commands, screen.config, true);
	type(&screen, "x");
	compare(&screen, "read-only-refused");
	type(&screen, "j");
	compare(&screen, "read-only");
	type(&screen, "cm");
	draw(&screen);
	compare(&screen, "checks-read-only");
	type(&screen, "\033[27uWw");
	compare(&screen, "init-read-only");
	close_screen(&screen);
	own_table_close(own);
}

/* Jobs of the settings stand with cargo's in the chooser and in the palette. */
static void test_own_jobs(void **state)
{
	struct screen screen;
	struct strings mistakes = {0};
	(void)state;
	open_screen(&screen, SCENE_TESTING, 80, 24, false);
	config_read(screen.config, "[jobs]\npedantic = Lint as strictly as clippy can | clippy --workspace -- -W clippy::pedantic\n"
		"fmt = fmt --all --check\n[keys]\njob-fmt = F6\n", "config.ini");
	struct own_table *own = own_table_open(screen.config, &mistakes);
	tui_check_keys(own_table_commands(own), screen.config, &mistakes);
	assert_int_equal(screen.config->mistakes.count + mistakes.count, 0);
	tui_configure(screen.tui, own_table_commands(own), screen.config, false);
	draw(&screen);
	type(&screen, "Jjjjj");
	compare(&screen, "job-chooser-own");
	type(&screen, "2");
	assert_string_equal(own_table_find_job(own, screen.asked)->name, "fmt");
	type(&screen, "Jjjj\r");
	assert_string_equal(own_table_find_job(own, screen.asked)->name, "pedantic");
	type(&screen, ":job-");
	compare(&screen, "palette-own-jobs");
	type(&screen, "pe\r");
	assert_string_equal(own_table_find_job(own, screen.asked)->name, "pedantic");
	assert_null(own_table_find(own, screen.asked));
	type(&screen, "?lint as");
	compare(&screen, "help-own-jobs");
	close_screen(&screen);
	own_table_close(own);
}

/* More of them than rows: the chooser scrolls. */
static void test_many_jobs(void **state)
{
	struct screen screen;
	struct strings mistakes = {0};
	auto_str text = {0};
	(void)state;
	open_screen(&screen, SCENE_TESTING, 40, 12, true);
	str_add(&text, "[jobs]\n");
	for (int i = 0; i < 12; i++)
		str_print(&text, "job-number-%d = check -p crate-%d\n", i, i);
	config_read(screen.config, text.data, "config.ini");
	struct own_table *own = own_table_open(screen.config, &mistakes);
	tui_configure(screen.tui, own_table_commands(own), screen.config, false);
	draw(&screen);
	type(&screen, "Jjjjjjjjjjjjjjjjjjjjj");
	compare(&screen, "job-chooser-many");
	type(&screen, "\r");
	assert_string_equal(own_table_find_job(own, screen.asked)->name, "job-number-11");
	close_screen(&screen);
	own_table_close(own);
}

static void check_remembered(const char *folder, const char *keys, unsigned columns, unsigned rows)
{
	struct screen screen;
	setenv("XDG_STATE_HOME", folder, 1);
	struct remember *remember = remember_open("shop", NULL);
	open_screen(&screen, SCENE_DECK, columns, rows, false);
	tui_remember(screen.tui, remember);
	draw(&screen);
	type(&screen, keys);
	auto_free char *before = tui_picture(screen.tui);
	close_screen(&screen);
	remember_close(remember);

	remember = remember_open("shop", NULL);
	assert_string_equal(remember_text(remember, "service"), "worker");
	open_screen(&screen, SCENE_DECK, columns, rows, false);
	tui_remember(screen.tui, remember);
	draw(&screen);
	auto_free char *after = tui_picture(screen.tui);
	assert_string_equal(before, after);
	close_screen(&screen);
	remember_close(remember);
	unsetenv("XDG_STATE_HOME");
	assert_true(dir_remove_all(folder, NULL));
}

/* What came of a key stands above the page that it was pressed on. */
static void test_fault_on_error(void **state)
{
	struct screen screen;
	struct fault fault;
	(void)state;
	open_screen(&screen, SCENE_FAILED, 80, 24, false);
	draw(&screen);
	type(&screen, "]\r");
	compare(&screen, "error-whole");
	fault_set(&fault, FAULT_OUTSIDE, "cannot start /nowhere/editor: no such file or directory");
	fault_mend(&fault, "set VISUAL to the name of another program");
	tui_show_fault(screen.tui, &fault);
	draw(&screen);
	compare(&screen, "error-whole-fault");
	type(&screen, "j"); /* the next key takes it away */
	type(&screen, "k");
	compare(&screen, "error-whole");
	close_screen(&screen);
}

/* Compose answers when the person has moved already: the selection stays, and is
 * what is remembered. */
static void check_moved_before(const char *keys, const char *selected)
{
	struct screen screen;
	char folder[] = "/tmp/cargodeck-screens-XXXXXX";
	assert_non_null(mkdtemp(folder));
	setenv("XDG_STATE_HOME", folder, 1);
	struct remember *remember = remember_open("shop", NULL);
	remember_put_text(remember, "service", "worker");
	remember_put_number(remember, "focus", 3); /* the log */
	remember_put_number(remember, "hide-stopped", 1);
	open_screen(&screen, SCENE_DECK, 80, 24, false);
	draw(&screen);
	type(&screen, keys);
	tui_remember(screen.tui, remember);
	draw(&screen);
	assert_string_equal(tui_selected(screen.tui), selected);
	type(&screen, "\033[27u"); /* what else was remembered is taken */
	auto_free char *picture = tui_picture(screen.tui);
	assert_non_null(strstr(picture, "hidden"));
	close_screen(&screen);
	assert_string_equal(remember_text(remember, "service"), selected);
	remember_close(remember);
	unsetenv("XDG_STATE_HOME");
	assert_true(dir_remove_all(folder, NULL));
}

static void test_moved_before(void **state)
{
	(void)state;
	check_moved_before("", "worker");
	check_moved_before("?\003", "worker"); /* a key that moves nothing */
	check_moved_before("j", "gateway");
	check_moved_before("jk", "api"); /* back again is chosen, too */
	check_moved_before("G", "redis");
	check_moved_before("\033[<0;20;8M", "billing"); /* a click */
	check_moved_before("\033[<65;20;8M", "gateway"); /* the wheel */
}

/* What was chosen is there again at the next start. */
static void test_remembered(void **state)
{
	static const struct {
		const char *keys;
		unsigned columns, rows;
	} cases[] = {{"oojj\024j\r\t\twtLLz", 80, 24}, {"jjS\t\t\t&slow\rwtR", 160, 50}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char folder[] = "/tmp/cargodeck-screens-XXXXXX";
		assert_non_null(mkdtemp(folder));
		check_remembered(folder, cases[i].keys, cases[i].columns, cases[i].rows);
	}
}

/* The list of themes, scrolled to its end on a small screen: a larger one shows
 * it from the first on, and nothing behind the last. */
static void test_themes_resized(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 40, 8, false);
	draw(&screen);
	type(&screen, "\024G");
	tui_set_size(screen.tui, 80, 24);
	draw(&screen);
	compare(&screen, "theme-resized");
	type(&screen, "\r");
	close_screen(&screen);
}

static void test_resize(void **state)
{
	struct screen screen;
	(void)state;
	open_screen(&screen, SCENE_DECK, 120, 40, false);
	draw(&screen);
	type(&screen, "jj");
	tui_set_size(screen.tui, 64, 18);
	draw(&screen);
	compare(&screen, "resized-64x18");
	tui_set_size(screen.tui, 1, 1);
	draw(&screen);
	tui_set_size(screen.tui, 120, 40);
	draw(&screen);
	compare(&screen, "resized-back");
	close_screen(&screen);
}

/* Every scene at odd sizes, in every mode: nothing may break, every row fits. */
static void test_sizes(void **state)
{
	static const unsigned sizes[][2] = {{1, 1}, {2, 1}, {1, 3}, {29, 6}, {30, 5}, {30, 6}, {31, 7}, {59, 15}, {60, 14},
		{60, 15}, {109, 15}, {110, 15}, {500, 200}, {80, 8}, {110, 24}, {61, 100}};
	static const char *const keys[] = {"", "?", "q", "\033[200~x\033[201~", ":", "\r", "\t\r", "/o", "zx", "wG", "zwk",
		"&o\r", "LLL\r", "Vkk*", "t>>", "@1:2\r", "LL&\025\r", "i", "ilj\r", "i/o\r", "J", "Jj", "]]z", "\024", "\024jj", "!", "!jj", "c",
		"cajj\t", "cjjjj\tjj", "c/o\r", "cm", "cmG"};
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++) {
		struct screen screen;
		open_screen(&screen, (enum scene_kind)kind, 80, 24, kind % 2 == 1);
		for (size_t k = 0; k < COUNT_OF(keys); k++)
			for (size_t i = 0; i < COUNT_OF(sizes); i++) {
				tui_set_size(screen.tui, sizes[i][0], sizes[i][1]);
				draw(&screen);
				type(&screen, keys[k]);
				auto_free char *picture = tui_picture(screen.tui);
				size_t rows = 0;
				for (const char *at = picture; *at != '\0'; at++)
					rows += *at == '\n';
				assert_int_equal(rows, sizes[i][1]);
				assert_null(strchr(picture, 27));
				type(&screen, "\003"); /* closes what is open */
			}
		close_screen(&screen);
	}
}

/* At every width a row ends within the screen, with whole letters. */
static void test_widths(void **state)
{
	static const enum scene_kind kinds[] = {SCENE_ODD, SCENE_DECK, SCENE_FAILED};
	(void)state;
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		struct screen screen;
		open_screen(&screen, kinds[k], 80, 24, false);
		for (unsigned columns = 1; columns < 132; columns++) {
			tui_set_size(screen.tui, columns, 24);
			draw(&screen);
			auto_free char *picture = tui_picture(screen.tui);
			auto_strings rows = {0};
			strings_split(&rows, picture, '\n');
			for (size_t i = 0; i < rows.count; i++) {
				wchar_t wide[512];
				size_t len = mbstowcs(wide, rows.items[i], COUNT_OF(wide));
				assert_true(len < COUNT_OF(wide));
				assert_in_range(wcswidth(wide, len), 0, columns);
			}
		}
		close_screen(&screen);
	}
}

int main(void)
{
	const char *built = getenv("TEST_BUILDDIR");
	auto_free char *catalogues = path_join(built != NULL ? built : ".", "share/po");
	setenv("TZ", "UTC", 1);
	language_open();
	bindtextdomain("cargodeck", catalogues);
	language_choose("en");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_russian_scenes),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_russian_checks),
		cmocka_unit_test(test_russian_init),
		cmocka_unit_test(test_inspect_is_told),
		cmocka_unit_test(test_checks_are_told),
		cmocka_unit_test(test_init_is_told),
		cmocka_unit_test(test_init_is_offered),
		cmocka_unit_test(test_end_of_a_mend),
		cmocka_unit_test(test_left_of_a_mend),
		cmocka_unit_test(test_marked),
		cmocka_unit_test(test_in_sight),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_own_jobs),
		cmocka_unit_test(test_many_jobs),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_moved_before),
		cmocka_unit_test(test_fault_on_error),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_themes_resized),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_widths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
