/* The pane of a log over a store of the room logs: what is found, filtered,
 * marked, gone to and written, by keys. Pictures are in test-screens. */
#include "../unit.h"
#include "cargodeck/commands.h"
#include "cargodeck/logs.h"
#include "cargodeck/tui.h"

#include <stdio.h>
#include <unistd.h>

#define MIDNIGHT 1790035200000 /* ms, UTC */

struct pane {
	struct loop *loop;
	struct config *config;
	struct tui *tui;
	struct log_store *store;
	char *paged; /* what the pager got */
	char folder[64];
};

static bool give_line(void *data, uint64_t number, struct view_line *out)
{
	const struct pane *pane = data;
	struct log_line line;
	if (!log_store_get(pane->store, number, &line))
		return false;
	*out = (struct view_line){.kind = line.kind == LOG_TEXT ? VIEW_LINE_TEXT : VIEW_LINE_DIVIDER, .time_ms = line.time_ns / 1000000,
		.level = (enum view_log_level)line.level, .text = line.text, .len = line.len,
		.spans = (const struct view_span *)(const void *)line.spans, .span_count = line.span_count};
	return true;
}

static void fill_view(void *data, struct view *view)
{
	struct pane *pane = data;
	uint64_t first = log_store_first(pane->store);
	*view = (struct view){.project = "shop", .log = {.name = "api", .first = first, .count = log_store_end(pane->store) - first,
		.line = give_line, .data = pane, .store = pane->store}};
}

static void on_page(void *data, const char *path)
{
	struct pane *pane = data;
	free(pane->paged);
	pane->paged = file_read(path, 1 << 20, NULL, NULL);
	unlink(path);
}

static void draw(struct pane *pane)
{
	struct view view;
	fill_view(pane, &view);
	tui_draw(pane->tui, &view);
}

static void type(struct pane *pane, const char *keys)
{
	tui_type(pane->tui, keys, strlen(keys));
	draw(pane);
}

static void open_pane(struct pane *pane)
{
	static const struct tui_call call = {.view = fill_view, .page = on_page};
	struct fault fault = {0};
	*pane = (struct pane){.loop = loop_open(), .config = config_open("/dev/null", NULL), .store = log_store_open(1 << 20)};
	snprintf(pane->folder, sizeof pane->folder, "/tmp/test-log-XXXXXX");
	assert_non_null(mkdtemp(pane->folder));
	struct tui_options options = {.commands = &deck_commands, .config = pane->config, .headless_columns = 80, .headless_rows = 24,
		.headless_colours = 256};
	pane->tui = tui_open(pane->loop, &options, &call, pane, &fault);
	assert_non_null(pane->tui);
	draw(pane);
	type(pane, "\t\tz");
}

static void close_pane(struct pane *pane)
{
	tui_close(pane->tui);
	config_close(pane->config);
	loop_close(pane->loop);
	log_store_close(pane->store);
	free(pane->paged);
	assert_true(dir_remove_all(pane->folder, NULL));
}

static void add(struct pane *pane, int64_t time_ms, const char *text)
{
	log_store_add(pane->store, time_ms * 1000000, false, text, strlen(text));
}

static void add_numbered(struct pane *pane, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char text[64];
		snprintf(text, sizeof text, "%s line %u of many", i % 10 == 0 ? "ERROR" : i % 2 == 0 ? "INFO" : "DEBUG", i);
		add(pane, MIDNIGHT + i * 1000, text);
	}
	draw(pane);
}

/* The row of the picture, from 0. */
static char *row_of(struct pane *pane, size_t row)
{
	auto_free char *picture = tui_picture(pane->tui);
	const char *at = picture;
	for (; row > 0; row--)
		at = strchr(at, '\n') + 1;
	return mem_copy_bytes(at, strcspn(at, "\n"));
}

static void expect_row(struct pane *pane, size_t row, const char *part)
{
	auto_free char *text = row_of(pane, row);
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

enum { TITLE = 1, TOP = 2, BOTTOM = 22, KEYS = 23 };

static void test_count(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	add_numbered(&pane, 0, 3000);
	type(&pane, "/error\r");
	expect_row(&pane, TITLE, "/error  299 of 300");
	type(&pane, "N");
	expect_row(&pane, TITLE, "298 of 300");
	type(&pane, "nnn");
	expect_row(&pane, TITLE, "1 of 300");
	type(&pane, "N");
	expect_row(&pane, TITLE, "300 of 300");
	/* counted once, whatever the filter was before */
	type(&pane, "L");
	expect_row(&pane, TITLE, "300 of 300");
	type(&pane, "&2990\r");
	expect_row(&pane, TITLE, "/error  1 of 1");
	type(&pane, "&\025\r"); /* Ctrl-U: nothing in it */
	add_numbered(&pane, 3000, 3011);
	expect_row(&pane, TITLE, "300 of 302");
	close_pane(&pane);
}

/* What is paused stays, through filters, new lines and lines that go. */
static void test_paused(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	add_numbered(&pane, 0, 3000);
	type(&pane, "/line 1500\r");
	type(&pane, "\033[6~"); /* a page down */
	type(&pane, "\033[5~");
	auto_free char *before = row_of(&pane, TOP);
	add_numbered(&pane, 3000, 3100);
	expect_row(&pane, TOP, before);
	type(&pane, "L"); /* DEBUG+: all of them */
	expect_row(&pane, TOP, before);
	type(&pane, "LL"); /* WARN+ */
	expect_row(&pane, TOP, "line 1490");
	type(&pane, "LL"); /* all again: what was at the top still is */
	expect_row(&pane, TOP, "line 1490");
	for (unsigned from = 3100; log_store_first(pane.store) <= 1490; from += 5000)
		add_numbered(&pane, from, from + 5000);
	expect_row(&pane, TITLE, "paused");
	draw(&pane);
	auto_free char *oldest = mem_print("line %llu of", (unsigned long long)log_store_first(pane.store));
	expect_row(&pane, TOP, oldest);
	close_pane(&pane);
}

static void test_marks_and_times(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	add_numbered(&pane, 0, 3000); /* 00:00:00 to 00:49:59 */
	type(&pane, "@0:10\r");
	expect_row(&pane, TOP, "00:10:00.000 E");
	type(&pane, "*");
	type(&pane, "@0:20:05\r*");
	expect_row(&pane, TOP, "00:20:05");
	type(&pane, "}");
	expect_row(&pane, TOP, "00:10:00");
	type(&pane, "{");
	expect_row(&pane, TOP, "00:20:05");
	type(&pane, "*}"); /* the mark that was gone to is taken away */
	expect_row(&pane, TOP, "00:10:00");
	type(&pane, "}");
	expect_row(&pane, TOP, "00:10:00");
	/* the day before: older than what is there */
	type(&pane, "@23:59\r");
	expect_row(&pane, TOP, "00:00:00");
	expect_row(&pane, KEYS, "the first line at hand is of 00:00:00");
	type(&pane, "@0:49:59\r");
	expect_row(&pane, BOTTOM, "00:49:59");
	type(&pane, "@25:00\r");
	auto_free char *picture = tui_picture(pane.tui);
	assert_non_null(strstr(picture, "\"25:00\" is no time"));
	type(&pane, "\003");
	close_pane(&pane);
}

static void test_ago(void **state)
{
	struct pane pane;
	int64_t now = clock_wall_ms();
	(void)state;
	open_pane(&pane);
	add(&pane, now - 9000000, "INFO older"); /* 2.5 h */
	add(&pane, now - 5430000, "INFO younger");
	draw(&pane);
	type(&pane, "t");
	expect_row(&pane, TOP, "2h I");
	expect_row(&pane, TOP + 1, "1h I");
	type(&pane, "t");
	expect_row(&pane, TOP + 1, "+59m I");
	for (int i = 0; i < 40; i++)
		add(&pane, now - 5430000, "INFO and more");
	type(&pane, "@-100min\r");
	expect_row(&pane, TOP, "younger");
	type(&pane, "@-1s\r");
	expect_row(&pane, KEYS, "nothing is younger");
	close_pane(&pane);
}

static char *read_export(const struct pane *pane)
{
	auto_free char *path = path_join(pane->folder, "out.log");
	return file_read(path, 1 << 20, NULL, NULL);
}

static void export(struct pane *pane)
{
	auto_free char *keys = mem_print("E\025%s/out.log\r", pane->folder);
	type(pane, keys);
}

static void test_export(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	add_numbered(&pane, 0, 45);
	type(&pane, "LLL");
	export(&pane);
	expect_row(&pane, KEYS, "wrote 5 lines into");
	auto_free char *filtered = read_export(&pane);
	assert_true(text_starts_with(filtered, "2026-09-22T00:00:00.000Z ERROR line 0 of many\n2026-09-22T00:00:10.000Z ERROR line 10 of many\n"));
	/* it is asked first, and kept */
	type(&pane, "LL");
	export(&pane);
	auto_free char *asked = tui_picture(pane.tui);
	assert_non_null(strstr(asked, "What is in it is lost."));
	type(&pane, "n");
	auto_free char *kept = read_export(&pane);
	assert_string_equal(kept, filtered);
	export(&pane);
	type(&pane, "y");
	expect_row(&pane, KEYS, "wrote 45 lines into");
	auto_free char *whole = read_export(&pane);
	assert_non_null(strstr(whole, "DEBUG line 43 of many\n2026"));
	type(&pane, "V"); /* the last line */
	type(&pane, "k");
	export(&pane);
	type(&pane, "y");
	expect_row(&pane, KEYS, "wrote 2 lines into");
	type(&pane, "E\025/nowhere-at-all/out.log\r");
	auto_free char *failed = tui_picture(pane.tui);
	assert_non_null(strstr(failed, "cannot be written into"));
	close_pane(&pane);
}

static void test_copy_much(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	add_numbered(&pane, 0, 5000);
	type(&pane, "V\033[5~");
	type(&pane, "Y");
	expect_row(&pane, KEYS, "copied 21 lines");
	type(&pane, "V");
	type(&pane, "g");
	type(&pane, "Y");
	auto_free char *picture = tui_picture(pane.tui);
	assert_non_null(strstr(picture, "5000 lines are more than a terminal takes"));
	close_pane(&pane);
}

static void test_pager(void **state)
{
	struct pane pane;
	(void)state;
	open_pane(&pane);
	type(&pane, "P");
	assert_null(pane.paged);
	add_numbered(&pane, 0, 45);
	type(&pane, "&line 12\r");
	type(&pane, "P");
	assert_string_equal(pane.paged, "2026-09-22T00:00:12.000Z INFO line 12 of many\n");
	/* colours as less -R shows them, and where the pager is another one none */
	add(&pane, MIDNIGHT, "line 12 is \033[1;31mred\033[0m here");
	draw(&pane);
	type(&pane, "P");
	assert_non_null(strstr(pane.paged, "line 12 is \033[0;1;38;5;1mred\033[0m here"));
	setenv("PAGER", "more", 1);
	type(&pane, "P");
	assert_non_null(strstr(pane.paged, "line 12 is red here"));
	unsetenv("PAGER");
	close_pane(&pane);
}

/* Sideways as far as something stands there. */
static void test_sideways(void **state)
{
	struct pane pane;
	auto_str text = {0};
	(void)state;
	open_pane(&pane);
	for (unsigned i = 0; i < 20; i++)
		str_print(&text, "%u23456789 ", i % 10);
	add(&pane, MIDNIGHT, str_text(&text));
	draw(&pane);
	for (unsigned i = 0; i < 100; i++)
		type(&pane, ">");
	expect_row(&pane, TITLE, "from column 193");
	expect_row(&pane, TOP, "456789");
	for (unsigned i = 0; i < 100; i++)
		type(&pane, "<");
	expect_row(&pane, TOP, "023456789");
	type(&pane, "w");
	type(&pane, ">");
	expect_row(&pane, TOP, "023456789");
	close_pane(&pane);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	unsetenv("PAGER");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_marks_and_times),
		cmocka_unit_test(test_ago),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_copy_much),
		cmocka_unit_test(test_pager),
		cmocka_unit_test(test_sideways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
