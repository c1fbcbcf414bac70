/* The two panes of logs: each with one service's log or several as one; what
 * both show is read, and kept, once. Against a scripted engine. */
#include "../engine/fake.h"
#include "deck.h"

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	(void)body, (void)data;
	if (serve_version(peer, path))
		return true;
	if (strstr(path, "/logs?") == NULL)
		return peer_answer(peer, 404, "{\"message\":\"no such thing\"}");
	const char *id = path + strlen("/containers/");
	auto_free char *line = mem_print("2026-11-27T00:00:0%c.000000000Z hello from %.2s\n", id[1], id);
	if (!peer_chunks(peer) || !peer_frame(peer, 1, line))
		return false;
	peer_wait_gone(peer);
	return false;
}

struct bench {
	struct fake *fake;
	struct loop *loop;
	struct deck *deck;
};

static void add_service(struct deck *deck, const char *name, const char *container)
{
	struct service *service = services_add(deck->services, name);
	service_set_text(&service->container, container);
	service->run = SERVICE_RUNNING;
}

static int begin(void **state)
{
	struct bench *bench = mem_alloc(sizeof *bench);
	struct fault fault = {0};
	bench->fake = fake_open(serve, bench);
	bench->loop = loop_open();
	bench->deck = deck_open(bench->loop, &(struct deck_options){.host = fake_host(bench->fake)}, NULL, NULL, &fault);
	if (bench->deck == NULL)
		return -1;
	bench->deck->name = mem_copy_string("shop");
	add_service(bench->deck, "api", "a1");
	add_service(bench->deck, "db", "d2");
	add_service(bench->deck, "web", "w3");
	*state = bench;
	return 0;
}

static int end(void **state)
{
	struct bench *bench = *state;
	deck_close(bench->deck);
	loop_close(bench->loop);
	fake_close(bench->fake);
	free(bench);
	return 0;
}

/* All that a pane shows, a line each with its source. */
static char *text_of(const struct view_log *log)
{
	struct str out = {0};
	struct view_line line;
	for (uint64_t number = log->first; number < log->first + log->count; number++)
		if (log->line(log->data, number, &line))
			str_print(&out, "%s%s%.*s\n", line.source != NULL ? line.source : "", line.source != NULL ? " " : "", (int)line.len, line.text);
	str_add(&out, "");
	return str_steal(&out);
}

static bool shows(struct bench *bench, bool is_beside, const char *wanted)
{
	struct view view = {0};
	deck_view(bench->deck, &view);
	auto_free char *text = text_of(is_beside ? &view.beside : &view.log);
	return text_equal(text, wanted);
}

static void show(struct bench *bench, const char *names)
{
	auto_strings list = {0};
	if (names != NULL)
		strings_split(&list, names, ' ');
	deck_show_beside(bench->deck, names != NULL ? &list : NULL);
}

static void each_shows_its_own(void **state)
{
	struct bench *bench = *state;
	struct view view = {0};
	deck_view(bench->deck, &view);
	assert_null(view.beside.name);
	assert_int_equal(view.beside.count, 0);
	deck_follow_log(bench->deck, "api");
	show(bench, "db");
	wait_until(bench->loop, shows(bench, false, "hello from a1\n") && shows(bench, true, "hello from d2\n"));
	deck_view(bench->deck, &view);
	assert_string_equal(view.beside.name, "db");
	/* a line of the one does not change what was given of the other */
	struct view_line first, second;
	assert_true(view.log.line(view.log.data, 0, &first) && view.beside.line(view.beside.data, 0, &second));
	assert_memory_equal(first.text, "hello from a1", first.len);
	/* the selection moves on, and what is beside stays */
	deck_follow_log(bench->deck, "web");
	wait_until(bench->loop, shows(bench, false, "hello from w3\n"));
	assert_true(shows(bench, true, "hello from d2\n"));
	/* the same in both: one store, asked for once */
	deck_follow_log(bench->deck, "db");
	deck_view(bench->deck, &view);
	assert_ptr_equal(view.log.store, view.beside.store);
	assert_int_equal(fake_asked(bench->fake, "/containers/d2/logs"), 1);
	show(bench, NULL);
	deck_view(bench->deck, &view);
	assert_null(view.beside.name);
	assert_int_equal(view.beside.count, 0);
	assert_true(shows(bench, false, "hello from d2\n"));
}

static void are_merged(void **state)
{
	struct bench *bench = *state;
	struct strings all = {0};
	struct view view = {0};
	deck_follow_log(bench->deck, "api");
	show(bench, "web db");
	wait_until(bench->loop, shows(bench, true, "db hello from d2\nweb hello from w3\n") && shows(bench, false, "hello from a1\n"));
	deck_view(bench->deck, &view);
	assert_string_equal(view.beside.name, "web + db, merged");
	show(bench, "");
	wait_until(bench->loop, shows(bench, true, "api hello from a1\ndb hello from d2\nweb hello from w3\n"));
	/* both of all: one store, and each may be closed first */
	deck_merge_logs(bench->deck, &all);
	deck_view(bench->deck, &view);
	assert_ptr_equal(view.log.store, view.beside.store);
	show(bench, NULL);
	assert_true(shows(bench, false, "api hello from a1\ndb hello from d2\nweb hello from w3\n"));
	show(bench, "");
	deck_merge_logs(bench->deck, NULL);
	assert_true(shows(bench, true, "api hello from a1\ndb hello from d2\nweb hello from w3\n"));
	assert_true(shows(bench, false, "hello from a1\n"));
}

static void say_why_nothing_is_seen(void **state)
{
	struct bench *bench = *state;
	struct view view = {0};
	services_add(bench->deck->services, "migrate");
	show(bench, "migrate");
	deck_view(bench->deck, &view);
	assert_string_equal(view.beside.empty, "it has no container");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_shows_its_own, begin, end),
		cmocka_unit_test_setup_teardown(are_merged, begin, end),
		cmocka_unit_test_setup_teardown(say_why_nothing_is_seen, begin, end),
	};
	return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
