/* When jobs run: the chosen one after each build that passed, one at a time,
 * cancelled by a save and run again after it. The agent's other end is played. */
#include "../unit.h"
#include "../../src/deck/jobs.h"
#include "cargodeck/config.h"

#include <stdio.h>

struct bench {
	struct deck deck;
	struct family family;
	struct project project;
	struct wire_buffer in;
	unsigned run, killed; /* numbers of commands */
	char job[32]; /* cargo's word of the one started last */
	struct str told; /* events: "test started", … */
};

static void on_send(void *data, const void *bytes, size_t len)
{
	struct bench *bench = data;
	wire_feed(&bench->in, bytes, len);
}

static void on_ready(void *data, const char *boot, unsigned uid)
{
	(void)data, (void)boot, (void)uid;
}

static void on_event(void *data, const struct deck_event *event)
{
	struct bench *bench = data;
	if (event->kind == DECK_JOB)
		str_print(&bench->told, "%s %s%s\n", event->job, event->state, event->again ? " again" : "");
	else if (event->kind == DECK_TEST)
		str_print(&bench->told, "failed %s\n", event->failure->name);
}

static void say(struct bench *bench, uint8_t type, const char *name, int64_t number, const char *text)
{
	struct wire_buffer out = {0};
	wire_begin(&out, type);
	if (bench->run != 0)
		wire_add_number(&out, "id", bench->run);
	wire_add_number(&out, name, number);
	if (text != NULL)
		wire_add_data(&out, text, strlen(text));
	assert_true(wire_end(&out));
	agent_feed(bench->family.agent, out.data, out.len);
	wire_buffer_finish(&out);
}

static void take_orders(struct bench *bench)
{
	struct wire_frame frame;
	while (wire_next(&bench->in, &frame) == 1) {
		size_t at = 0;
		if (frame.type == WIRE_KILL)
			bench->killed = (unsigned)wire_get_number(&frame, "id", 0);
		if (frame.type != WIRE_RUN)
			continue;
		bench->run = (unsigned)wire_get_number(&frame, "id", 0);
		wire_each(&frame, "arg", &at);
		snprintf(bench->job, sizeof bench->job, "%s", wire_each(&frame, "arg", &at));
	}
}

/* Lets timers fire until a command was started that is not the one before. */
static void wait_run(struct bench *bench, const char *word)
{
	unsigned before = bench->run;
	for (int i = 0; i < 100 && bench->run == before; i++) {
		loop_turn(bench->deck.loop, 100);
		take_orders(bench);
	}
	assert_int_not_equal(bench->run, before);
	assert_string_equal(bench->job, word);
}

static void end_run(struct bench *bench, const char *how, int number)
{
	say(bench, WIRE_EXITED, how, number, NULL);
	take_orders(bench);
}

static int begin(void **state)
{
	static const struct agent_call calls = {.send = on_send, .ready = on_ready};
	struct bench *bench = mem_alloc(sizeof *bench);
	bench->deck.loop = loop_open();
	bench->deck.listener = on_event;
	bench->deck.data = bench;
	bench->deck.project = &bench->project;
	bench->project.cargo.root = mem_copy_string("/work");
	array_add(&bench->project.families)->cwd = mem_copy_string("/work");
	bench->family.deck = &bench->deck;
	bench->family.agent = agent_open(&calls, bench);
	*array_add(&bench->deck.families) = &bench->family;
	jobs_open(&bench->deck);
	say(bench, WIRE_HELLO, "version", WIRE_VERSION, NULL);
	assert_true(agent_is_ready(bench->family.agent));
	*state = bench;
	return 0;
}

static int end(void **state)
{
	struct bench *bench = *state;
	bench->deck.is_closing = true;
	jobs_close(&bench->deck);
	ran_close(&bench->deck);
	agent_close(bench->family.agent);
	loop_close(bench->deck.loop);
	array_finish(&bench->deck.families);
	free(bench->project.families.items[0].cwd);
	array_finish(&bench->project.families);
	free(bench->project.cargo.root);
	wire_buffer_finish(&bench->in);
	str_finish(&bench->told);
	free(bench);
	return 0;
}

static void check_told(struct bench *bench, const char *wanted)
{
	assert_string_equal(str_text(&bench->told), wanted);
	str_clear(&bench->told);
}

static void is_chosen(void **state)
{
	struct bench *bench = *state;
	struct fault fault = {0};
	assert_false(deck_choose_job(&bench->deck, "lint", &fault));
	assert_non_null(strstr(fault.mend, "clippy"));
	assert_true(deck_choose_job(&bench->deck, "check", &fault));
	wait_run(bench, "check");
	end_run(bench, "status", 0);
	check_told(bench, "check chosen\ncheck started\ncheck passed\n");
	/* not after one that failed, but after one that passed */
	jobs_build_began(&bench->deck);
	jobs_build_done(&bench->deck, BUILD_FAILED);
	jobs_build_began(&bench->deck);
	jobs_build_done(&bench->deck, BUILD_PASSED);
	wait_run(bench, "check");
	end_run(bench, "status", 101);
	check_told(bench, "check started\ncheck failed\n");
	/* both stand in the list of what was run */
	assert_int_equal(bench->deck.ran.count, 2);
	assert_non_null(strstr(bench->deck.ran.items[1].text, " cargo check --workspace"));
	assert_true(!bench->deck.ran.items[1].is_running && bench->deck.ran.items[1].status == 101);
}

static void a_save_cancels(void **state)
{
	struct bench *bench = *state;
	deck_choose_job(&bench->deck, "clippy", NULL);
	wait_run(bench, "clippy");
	jobs_build_began(&bench->deck);
	jobs_build_began(&bench->deck); /* begun again: cancelled once */
	take_orders(bench);
	assert_int_equal(bench->killed, bench->run);
	end_run(bench, "signal", 15);
	check_told(bench, "clippy chosen\nclippy started\nclippy cancelled again\n");
	jobs_build_done(&bench->deck, BUILD_PASSED);
	wait_run(bench, "clippy");
	end_run(bench, "status", 0);
	check_told(bench, "clippy started\nclippy passed\n");
}

static void runs_once(void **state)
{
	struct bench *bench = *state;
	deck_choose_job(&bench->deck, "check", NULL);
	wait_run(bench, "check");
	/* what runs makes room, and comes again behind it */
	assert_true(deck_run_job(&bench->deck, "doc", NULL));
	end_run(bench, "signal", 15);
	wait_run(bench, "doc");
	end_run(bench, "status", 0);
	wait_run(bench, "check");
	end_run(bench, "status", 0);
	check_told(bench, "check chosen\ncheck started\ncheck cancelled again\ndoc started\ndoc passed\ncheck started\ncheck passed\n");
}

static void is_switched_off(void **state)
{
	struct bench *bench = *state;
	deck_choose_job(&bench->deck, "doc", NULL);
	wait_run(bench, "doc");
	deck_choose_job(&bench->deck, "off", NULL);
	end_run(bench, "signal", 15);
	jobs_build_done(&bench->deck, BUILD_PASSED);
	loop_turn(bench->deck.loop, 0);
	check_told(bench, "doc chosen\ndoc started\noff chosen\ndoc cancelled\n");
	assert_true(bench->deck.jobs->is_hidden);
}

static void a_saved_test_runs_them(void **state)
{
	struct bench *bench = *state;
	auto_strings documents = {0}, tests = {0};
	strings_add(&documents, "/work/README.md");
	strings_add(&documents, "/elsewhere/a.rs");
	strings_add(&tests, "/work/tests/whole.rs");
	deck_choose_job(&bench->deck, "test", NULL);
	wait_run(bench, "nextest");
	end_run(bench, "status", 101);
	assert_string_equal(bench->job, "test");
	say(bench, WIRE_OUT, "t", 1, "---- whole stdout ----");
	end_run(bench, "status", 101);
	check_told(bench, "test chosen\ntest started\nfailed whole\ntest failed\n");
	assert_int_equal(bench->deck.jobs->failures.count, 1);
	jobs_saved(&bench->deck, &documents);
	assert_false(strings_have(&bench->deck.jobs->asked, "test"));
	jobs_saved(&bench->deck, &tests);
	wait_run(bench, "nextest");
	assert_int_equal(bench->deck.jobs->failures.count, 0);
}

static void set_own(struct bench *bench, const char *name, const char *words)
{
	struct config config = {0};
	struct config_job *job = array_add(&config.jobs);
	*job = (struct config_job){.name = mem_copy_string(name), .text = mem_copy_string(words)};
	strings_split(&job->words, words, ' ');
	deck_set_jobs(&bench->deck, &config);
	free(job->name);
	free(job->text);
	strings_finish(&job->words);
	array_finish(&config.jobs);
}

static void own_ones_run(void **state)
{
	struct bench *bench = *state;
	struct fault fault = {0};
	assert_false(deck_choose_job(&bench->deck, "pedantic", &fault));
	assert_string_equal(fault.mend, "the jobs are check, clippy, test and doc; off is none");
	set_own(bench, "pedantic", "clippy -- -W clippy::pedantic");
	assert_false(deck_choose_job(&bench->deck, "strict", &fault));
	assert_string_equal(fault.mend, "the jobs are check, clippy, test, doc and pedantic; off is none");
	assert_true(deck_choose_job(&bench->deck, "pedantic", &fault));
	wait_run(bench, "clippy");
	jobs_build_began(&bench->deck);
	end_run(bench, "signal", 15);
	check_told(bench, "pedantic chosen\npedantic started\npedantic cancelled again\n");
	jobs_build_done(&bench->deck, BUILD_PASSED);
	wait_run(bench, "clippy");
	/* other words: it runs anew */
	set_own(bench, "pedantic", "fmt --check");
	end_run(bench, "signal", 15);
	wait_run(bench, "fmt");
	end_run(bench, "status", 1);
	check_told(bench, "pedantic started\npedantic cancelled again\npedantic started\npedantic failed\n");
	/* the same words: nothing; no longer there: none */
	set_own(bench, "pedantic", "fmt --check");
	assert_int_equal(bench->deck.jobs->asked.count, 0);
	set_own(bench, "strict", "check");
	check_told(bench, "off chosen\n");
	assert_null(bench->deck.jobs->chosen);
	/* one by the name of one of cargo's does not hide that */
	set_own(bench, "doc", "check");
	deck_choose_job(&bench->deck, "doc", NULL);
	wait_run(bench, "doc");
}

static void the_builder_goes(void **state)
{
	struct bench *bench = *state;
	deck_choose_job(&bench->deck, "check", NULL);
	wait_run(bench, "check");
	jobs_builder_gone(&bench->family);
	jobs_builder_gone(&bench->family);
	check_told(bench, "check chosen\ncheck started\ncheck cancelled again\n");
	jobs_build_done(&bench->deck, BUILD_PASSED);
	wait_run(bench, "check");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_chosen, begin, end),
		cmocka_unit_test_setup_teardown(a_save_cancels, begin, end),
		cmocka_unit_test_setup_teardown(runs_once, begin, end),
		cmocka_unit_test_setup_teardown(is_switched_off, begin, end),
		cmocka_unit_test_setup_teardown(a_saved_test_runs_them, begin, end),
		cmocka_unit_test_setup_teardown(own_ones_run, begin, end),
		cmocka_unit_test_setup_teardown(the_builder_goes, begin, end),
	};
	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
