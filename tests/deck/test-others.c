/* Containers of other projects: listed on request, cleaned, bounded; orders and
 * logs of them; against a scripted engine. */
#include "../engine/fake.h"
#include "deck.h"

#include <time.h>

enum { LABEL_BYTES = 1500, /* of an entry, as compose writes them */ MOST_MS = 150 };

struct world {
	bool is_heavy; /* entries are as large as real ones */
	unsigned count; /* containers of the project "crowd" more */
	unsigned refused; /* orders are answered with a fault */
};

static void add_container(struct str *out, const char *id, const char *name, const char *project, const char *state)
{
	str_print(out, "%s{\"Id\":\"%s\",\"Names\":[\"/%s\"],\"Image\":\"i\",\"State\":\"%s\",\"Status\":\"\",\"Created\":1,"
		"\"Ports\":[{\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"}],\"Labels\":{", out->len > 1 ? "," : "", id, name, state);
	if (project != NULL)
		str_print(out, "\"com.docker.compose.project\":\"%s\",\"com.docker.compose.service\":\"web\"", project);
	str_add(out, "}}");
}

static bool serve(struct peer *peer, const char *path, const char *body, void *data)
{
	struct world *world = data;
	auto_str list = {0};
	(void)body;
	if (serve_version(peer, path))
		return true;
	if (strncmp(path, "/containers/gone/", 17) == 0)
		return peer_answer(peer, 404, "{\"message\":\"No such container: gone\"}");
	if (strstr(path, "/logs?") != NULL)
		return peer_chunks(peer) && peer_frame(peer, 1, "2026-11-27T00:00:00.000000000Z hello from blog\n") && peer_chunk_end(peer);
	if (strcmp(path, "/containers/json?all=1") != 0 && strstr(path, "/json") != NULL)
		return peer_answer(peer, 200, "{\"Id\":\"b0\",\"State\":{\"Status\":\"exited\"},\"Config\":{\"Tty\":false}}");
	if (strcmp(path, "/containers/json?all=1") != 0)
		return peer_answer(peer, world->refused ? 409 : 204, world->refused ? "{\"message\":\"it is being removed\"}" : "");
	str_add(&list, "[");
	add_container(&list, "a0", "shop-api-1", "shop", "running");
	add_container(&list, "c0", "loose", NULL, "paused");
	add_container(&list, "b1", "blog-web\\u001b[2J", "blog", "running");
	add_container(&list, "b0", "blog-db", "blog", "exited");
	for (unsigned i = 0; i < world->count; i++) {
		char id[16], name[16];
		snprintf(id, sizeof id, "d%x", i);
		snprintf(name, sizeof name, "c%u", i);
		add_container(&list, id, name, "crowd", "running");
		if (world->is_heavy) {
			str_cut(&list, list.len - 2);
			for (int label = 0; label < 20; label++)
				str_print(&list, ",\"dev.example.label-%d\":\"%0*u\"", label, LABEL_BYTES / 20, i);
			str_add(&list, "}}");
		}
	}
	str_add(&list, "]");
	return peer_answer(peer, 200, str_text(&list));
}

static struct deck *open_deck(struct loop *loop, const struct fake *fake)
{
	struct fault fault = {0};
	struct deck *deck = deck_open(loop, &(struct deck_options){.host = fake_host(fake)}, NULL, NULL, &fault);
	if (deck == NULL)
		fail_msg("%s", fault.text);
	deck->name = mem_copy_string("shop");
	return deck;
}

static size_t count_others(struct deck *deck)
{
	struct view view = {0};
	deck_view(deck, &view);
	return view.has_others && !view.others_loading ? view.other_count : 0;
}

static void are_listed_by_project(void **state)
{
	struct world world = {0};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	struct view view = {0};
	(void)state;
	deck_view(deck, &view);
	assert_false(view.has_others);
	deck_show_others(deck, true);
	deck_view(deck, &view);
	assert_true(view.has_others && view.others_loading);
	wait_until(loop, count_others(deck) > 0);
	deck_view(deck, &view);
	assert_int_equal(view.other_count, 3);
	assert_string_equal(view.others[0].name, "/blog-db");
	assert_string_equal(view.others[0].project, "blog");
	assert_int_equal(view.others[0].state, VIEW_STOPPED);
	assert_string_equal(view.others[0].state_text, "exited");
	assert_string_equal(view.others[0].ports, "8080");
	assert_string_equal(view.others[1].name, "/blog-web [2J");
	assert_int_equal(view.others[1].state, VIEW_RUNNING);
	assert_string_equal(view.others[2].name, "/loose");
	assert_null(view.others[2].project);
	deck_show_others(deck, false);
	deck_view(deck, &view);
	assert_false(view.has_others);
	assert_int_equal(view.other_count, 0);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

static void are_bounded(void **state)
{
	struct world world = {.count = 10005};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	struct view view = {0};
	(void)state;
	deck_show_others(deck, true);
	wait_until(loop, count_others(deck) > 0);
	deck_view(deck, &view);
	assert_int_equal(view.other_count, 10000);
	assert_int_equal(view.others_left, 8);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

/* What this thread has worked, in ms: others on the machine change nothing in it. */
static double worked_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Ten thousand containers, listed as a busy engine does: no key waits for it.
 * Read on the loop's thread this took 300 ms and more. */
static void keep_nobody_waiting(void **state)
{
	struct world world = {.count = 10000, .is_heavy = true};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	double longest = 0;
	(void)state;
	deck_show_others(deck, true);
	for (uint64_t end = clock_now_ns() + 60000000000ull; count_others(deck) == 0;) {
		double before = worked_ms();
		assert_true(clock_now_ns() < end);
		loop_turn(loop, 1);
		double took = worked_ms() - before;
		longest = took > longest ? took : longest;
	}
	print_message("the longest turn worked %.1f ms\n", longest);
	assert_true(longest < MOST_MS);
	assert_int_equal(count_others(deck), 10000);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

static void obey_orders(void **state)
{
	struct world world = {0};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	struct fault fault = {0};
	(void)state;
	assert_false(deck_service_order(deck, "/blog-db", "start", &fault));
	assert_string_equal(fault.text, "there is no container blog-db any more");
	deck_show_others(deck, true);
	wait_until(loop, count_others(deck) > 0);
	assert_true(deck_service_order(deck, "/blog-db", "start", &fault));
	wait_until(loop, fake_asked(fake, "/containers/b0/start") == 1);
	/* what moved is asked for again */
	wait_until(loop, fake_asked(fake, "/containers/json?all=1") >= 2);
	/* of several: goes on where one fails */
	auto_strings names = {0};
	strings_add(&names, "/gone");
	strings_add(&names, "/loose");
	strings_add(&names, "nobody");
	assert_false(deck_services_order(deck, &names, "restart", &fault));
	assert_string_equal(fault.text, "there is no container gone any more");
	wait_until(loop, fake_asked(fake, "/containers/c0/restart") == 1);
	world.refused = 1;
	assert_true(deck_service_order(deck, "/blog-db", "stop", &fault));
	wait_until(loop, deck->faults.count == 1);
	assert_non_null(strstr(deck->faults.items[0].fault.text, "it is being removed"));
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

static bool log_has(struct deck *deck, const char *text)
{
	struct view view = {0};
	struct view_line line;
	deck_view(deck, &view);
	return view.log.count > 0 && view.log.line(view.log.data, view.log.first, &line) && strncmp(line.text, text, line.len) == 0;
}

static void show_their_log(void **state)
{
	struct world world = {0};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	(void)state;
	deck_show_others(deck, true);
	wait_until(loop, count_others(deck) > 0);
	deck_follow_log(deck, "/blog-db");
	wait_until(loop, log_has(deck, "hello from blog"));
	deck_follow_log(deck, NULL);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

static bool beside_has(struct deck *deck, const char *text)
{
	struct view view = {0};
	struct view_line line;
	deck_view(deck, &view);
	return view.beside.count > 0 && view.beside.line(view.beside.data, view.beside.first, &line) && strncmp(line.text, text, line.len) == 0;
}

static bool beside_says(struct deck *deck, const char *text)
{
	struct view view = {0};
	deck_view(deck, &view);
	return view.beside.empty != NULL && strstr(view.beside.empty, text) != NULL;
}

/* As the choice of an earlier start asks for it: nothing is listed yet. */
static void show_a_log_before_they_are_listed(void **state)
{
	struct world world = {0};
	struct fake *fake = fake_open(serve, &world);
	struct loop *loop = loop_open();
	struct deck *deck = open_deck(loop, fake);
	auto_strings there = {0}, gone = {0}, hostile = {0};
	(void)state;
	strings_add(&there, "/blog-db");
	strings_add(&gone, "/gone");
	strings_add(&hostile, "/../../images/x?y");
	deck_show_beside(deck, &there);
	wait_until(loop, beside_has(deck, "hello from blog"));
	deck_show_beside(deck, &gone);
	wait_until(loop, beside_says(deck, "No such container"));
	unsigned asked = fake_asked(fake, "/containers/");
	deck_show_beside(deck, &hostile); /* no name: nothing is asked */
	loop_turn(loop, 20);
	assert_int_equal(fake_asked(fake, "/containers/"), asked);
	deck_show_beside(deck, NULL);
	deck_close(deck);
	loop_close(loop);
	fake_close(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_listed_by_project),
		cmocka_unit_test(are_bounded),
		cmocka_unit_test(keep_nobody_waiting),
		cmocka_unit_test(obey_orders),
		cmocka_unit_test(show_their_log),
		cmocka_unit_test(show_a_log_before_they_are_listed),
	};
	return cmocka_run_group_tests_name("others", tests, NULL, NULL);
}
