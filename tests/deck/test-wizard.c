/* Container files for the screen: a thread surveys a small project, plans and
 * writes, while the screen looks, chooses, goes away and comes back. The survey,
 * the templates and the disk are real; no engine and no cargo are needed: the
 * project has no lock file, so that its manifest is read. */
#include "../unit.h"
#include "deck.h"

#include <unistd.h>

static const char manifest[] = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\naxum = \"0.8\"\n";
static const char source[] = "#[tokio::main]\nasync fn main() {\n\tlet app = axum::Router::new();\n"
	"\tlet listener = tokio::net::TcpListener::bind(\"0.0.0.0:3000\").await.unwrap();\n\taxum::serve(listener, app).await.unwrap();\n}\n";

struct place {
	struct loop *loop;
	struct deck *deck;
	char folder[64];
	struct view_init view;
};

static void write_file(const struct place *place, const char *name, const char *text)
{
	auto_free char *path = path_join(place->folder, name);
	auto_free char *folder = path_parent(path);
	assert_true(dir_make_all(folder, 0755, NULL));
	assert_true(file_write(path, text, strlen(text), 0644, NULL));
}

static char *read_file(const struct place *place, const char *name)
{
	auto_free char *path = path_join(place->folder, name);
	return file_read(path, 1 << 20, NULL, NULL);
}

static void make_project(const struct place *place)
{
	write_file(place, "Cargo.toml", manifest);
	write_file(place, "src/main.rs", source);
}

static void remove_project(const struct place *place)
{
	assert_true(dir_remove_all(place->folder, NULL));
}

static void set_up(struct place *place)
{
	*place = (struct place){.loop = loop_open(), .deck = mem_alloc(sizeof *place->deck), .folder = "/tmp/cargodeck-wizard-XXXXXX"};
	assert_non_null(mkdtemp(place->folder));
	make_project(place);
	place->deck->loop = place->loop;
	place->deck->options.folder = place->folder;
}

static void tear_down(struct place *place)
{
	place->deck->is_closing = true;
	wizard_close(place->deck);
	ran_close(place->deck);
	deck_forget_fault(place->deck, "init");
	assert_int_equal(place->deck->faults.count, 0);
	array_finish(&place->deck->faults);
	free(place->deck);
	loop_turn(place->loop, 0);
	loop_close(place->loop);
	remove_project(place);
}

static const struct view_init *look(struct place *place)
{
	wizard_fill(place->deck, &place->view);
	return &place->view;
}

/* Until no thread works and none is to. */
static const struct view_init *wait_done(struct place *place)
{
	uint64_t end = clock_now_ns() + 60000000000ull;
	while (look(place)->is_planning) {
		assert_true(clock_now_ns() < end);
		loop_turn(place->loop, 100);
	}
	return &place->view;
}

static const struct view_init *wait_ready(struct place *place)
{
	wait_done(place);
	if (place->view.state != VIEW_INIT_READY)
		fail_msg("state %d: %s", place->view.state, place->view.sentence != NULL ? place->view.sentence : "");
	return &place->view;
}

static const struct view_file *find_file(const struct view_init *view, const char *path)
{
	for (size_t i = 0; i < view->file_count; i++)
		if (strcmp(view->files[i].path, path) == 0)
			return &view->files[i];
	fail_msg("%s is not among %zu files", path, view->file_count);
	return NULL;
}

static bool has_file(const struct view_init *view, const char *path)
{
	for (size_t i = 0; i < view->file_count; i++)
		if (strcmp(view->files[i].path, path) == 0)
			return true;
	return false;
}

static const struct view_part *find_part(const struct view_init *view, const char *name)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (strcmp(view->parts[i].name, name) == 0)
			return &view->parts[i];
	fail_msg("%s is not among %zu parts", name, view->part_count);
	return NULL;
}

static bool has_file_of(const struct view_init *view, const char *part)
{
	for (size_t i = 0; i < view->file_count; i++)
		if (strcmp(view->files[i].part, part) == 0)
			return true;
	return false;
}

/* ---- from the first look to what was written ---- */

static void test_whole(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	look(&place);
	assert_int_equal(place.view.file_count, 0);
	assert_false(place.view.is_planning);
	deck_init(place.deck, false); /* nobody wanted it: nothing is begun */
	assert_null(place.deck->wizard);

	deck_init(place.deck, true);
	look(&place);
	assert_int_equal(place.view.state, VIEW_INIT_READING);
	assert_true(place.view.is_planning);
	assert_null(place.view.root); /* the thread has it */
	const struct view_init *view = wait_ready(&place);
	assert_string_equal(view->root, place.folder);
	assert_true(view->says_count > 0 && view->part_count > 2);
	assert_int_equal(find_file(view, "Dockerfile")->state, VIEW_FILE_NEW);
	assert_true(find_file(view, "Dockerfile")->is_wanted);
	assert_non_null(strstr(find_file(view, "Dockerfile")->diff, "distroless"));
	assert_true(find_part(view, "ci")->is_on && has_file_of(view, "ci"));
	auto_free char *none = read_file(&place, "Dockerfile");
	assert_null(none); /* nothing is written before it is wanted */

	/* what is turned is seen at once, the files when they are worked out */
	deck_init_turn_part(place.deck, "base");
	deck_init_turn_part(place.deck, "ci"); /* while the thread works */
	deck_init_turn_part(place.deck, "no such part");
	look(&place);
	assert_int_equal(view->state, VIEW_INIT_READY);
	assert_true(view->is_planning);
	assert_string_equal(find_part(view, "base")->value, "slim");
	assert_false(find_part(view, "ci")->is_on);
	assert_true(has_file_of(view, "ci")); /* not yet */
	deck_init_write(place.deck); /* not of what is not on the screen */
	wait_ready(&place);
	assert_false(has_file_of(view, "ci"));
	assert_null(strstr(find_file(view, "Dockerfile")->diff, "distroless"));

	size_t wanted = view->wanted;
	deck_init_write(place.deck);
	deck_init_write(place.deck); /* it is being written */
	deck_init_turn_part(place.deck, "ci");
	look(&place);
	assert_int_equal(view->state, VIEW_INIT_WRITING);
	wait_done(&place);
	assert_int_equal(view->state, VIEW_INIT_WRITTEN);
	assert_int_equal(view->written_count, wanted);
	auto_free char *written = read_file(&place, "Dockerfile");
	assert_non_null(written);
	struct view whole = {0};
	ran_fill(place.deck, &whole);
	assert_int_equal(whole.ran_count, 1);
	assert_string_equal(whole.ran[0].text, "cargodeck init --yes --base=slim --migrator=none --without=ci");
	assert_false(whole.ran[0].is_running);
	assert_int_equal(whole.ran[0].status, 0);

	/* again, by every default: what was written by another choice differs */
	deck_init(place.deck, true);
	wait_ready(&place);
	assert_string_equal(find_part(view, "base")->value, "distroless");
	assert_int_equal(find_file(view, "Dockerfile")->state, VIEW_FILE_DIFFERS);
	assert_int_equal(find_file(view, ".dockerignore")->state, VIEW_FILE_SAME);
	tear_down(&place);
}

/* A file of the person's is overwritten only where that is wanted, and what was
 * agreed to holds when the files are worked out anew. */
static void test_a_file_that_is_there(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	write_file(&place, ".dockerignore", "target\n");
	deck_init(place.deck, true);
	const struct view_init *view = wait_ready(&place);
	assert_int_equal(find_file(view, ".dockerignore")->state, VIEW_FILE_DIFFERS);
	assert_false(find_file(view, ".dockerignore")->is_wanted);
	size_t wanted = view->wanted;
	deck_init_turn_file(place.deck, ".dockerignore");
	deck_init_turn_file(place.deck, "Dockerfile"); /* it is new: there is nothing to agree to */
	deck_init_turn_file(place.deck, "no such file");
	look(&place);
	assert_int_equal(view->wanted, wanted + 1);
	deck_init_turn_part(place.deck, "vscode");
	deck_init_turn_part(place.deck, "vscode");
	wait_ready(&place);
	assert_true(find_file(view, ".dockerignore")->is_wanted);
	deck_init_turn_file(place.deck, ".dockerignore");
	look(&place);
	assert_int_equal(view->wanted, wanted);
	deck_init_write(place.deck);
	wait_done(&place);
	assert_int_equal(view->state, VIEW_INIT_WRITTEN);
	auto_free char *kept = read_file(&place, ".dockerignore");
	assert_string_equal(kept, "target\n");
	tear_down(&place);
}

/* What is written beside a Dockerfile goes by the one that will be there. */
static void test_a_dockerfile_that_is_there(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	write_file(&place, "Dockerfile", "FROM rust AS build\nRUN cargo build\nFROM debian\nCOPY --from=build /target/debug/app /app\nCMD [\"/app\"]\n");
	deck_init(place.deck, true);
	const struct view_init *view = wait_ready(&place);
	assert_int_equal(find_file(view, "Dockerfile")->state, VIEW_FILE_DIFFERS);
	assert_false(has_file(view, "docker-compose.dev.yml")); /* it has no stage for that */
	deck_init_turn_file(place.deck, "Dockerfile");
	wait_ready(&place);
	assert_true(has_file(view, "docker-compose.dev.yml"));
	deck_init_turn_file(place.deck, "Dockerfile");
	wait_ready(&place);
	assert_false(has_file(view, "docker-compose.dev.yml"));
	assert_false(find_file(view, "Dockerfile")->is_wanted);
	tear_down(&place);
}

static void test_read_only(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	place.deck->options.read_only = true;
	deck_init(place.deck, true);
	const struct view_init *view = wait_ready(&place);
	deck_init_write(place.deck);
	look(&place);
	assert_int_equal(view->state, VIEW_INIT_READY);
	assert_false(view->is_planning);
	tear_down(&place);
}

/* ---- while a thread works ---- */

static void test_twice(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	for (int i = 0; i < 3; i++)
		deck_init(place.deck, true);
	const struct view_init *view = wait_ready(&place);
	size_t count = view->file_count;
	deck_init_turn_part(place.deck, "base");
	deck_init(place.deck, true); /* while the files are worked out: all anew */
	look(&place);
	assert_int_equal(view->state, VIEW_INIT_READY); /* what is known stays in sight until then */
	wait_ready(&place);
	assert_string_equal(find_part(view, "base")->value, "distroless");
	assert_int_equal(view->file_count, count);
	tear_down(&place);
}

static void assert_nothing_held(struct place *place)
{
	const struct view_init *view = wait_done(place);
	assert_int_equal(view->file_count + view->part_count + view->says_count + view->written_count, 0);
	assert_null(view->root);
	assert_null(view->sentence);
}

/* The page is left: what the thread brings is let go, and a later look begins anew. */
static void test_left(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	deck_init(place.deck, true);
	deck_init(place.deck, false);
	assert_nothing_held(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	deck_init_turn_part(place.deck, "base");
	deck_init(place.deck, false);
	deck_init_turn_part(place.deck, "base"); /* nobody sees it */
	assert_nothing_held(&place);
	/* left and come back while the thread works */
	deck_init(place.deck, true);
	deck_init(place.deck, false);
	deck_init(place.deck, true);
	assert_string_equal(find_part(wait_ready(&place), "base")->value, "distroless");
	tear_down(&place);
}

/* What a person has agreed to is written to its end, whoever looks. */
static void test_left_while_it_writes(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	deck_init_write(place.deck);
	deck_init(place.deck, false);
	assert_nothing_held(&place);
	auto_free char *written = read_file(&place, "Dockerfile");
	assert_non_null(written);
	tear_down(&place);
}

/* The deck ends: its threads are waited for, whatever they are at. */
static void test_closed(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	deck_init(place.deck, true);
	tear_down(&place);
	set_up(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	deck_init_turn_part(place.deck, "base");
	tear_down(&place);
	set_up(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	deck_init_write(place.deck);
	tear_down(&place);
}

/* ---- what fails ---- */

static void assert_failed(struct place *place, const char *sentence)
{
	const struct view_init *view = wait_done(place);
	assert_int_equal(view->state, VIEW_INIT_FAILED);
	if (view->sentence == NULL || strstr(view->sentence, sentence) == NULL)
		fail_msg("%s, and not %s", view->sentence, sentence);
}

static void test_no_rust(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	remove_project(&place);
	write_file(&place, "README.md", "nothing");
	deck_init(place.deck, true);
	assert_failed(&place, "there is no Rust package in ");
	assert_non_null(place.view.mend);
	assert_int_equal(place.view.file_count, 0);
	tear_down(&place);
}

/* Gone before it is read; before the files are worked out; before they are
 * written. It comes back, and all is well again. */
static void test_vanished(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	remove_project(&place);
	deck_init(place.deck, true);
	assert_failed(&place, "cannot be opened");
	assert_null(place.view.root);
	deck_init_turn_part(place.deck, "base"); /* nothing is shown: nothing is turned or written */
	deck_init_write(place.deck);
	assert_failed(&place, "cannot be opened");

	make_project(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	remove_project(&place);
	deck_init_turn_part(place.deck, "base");
	wait_done(&place);

	make_project(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	remove_project(&place);
	deck_init_write(place.deck);
	assert_failed(&place, "cannot write Dockerfile: No such file");
	assert_int_equal(place.view.written_count, 0);
	struct view whole = {0};
	ran_fill(place.deck, &whole);
	assert_int_equal(whole.ran_count, 1);
	assert_int_not_equal(whole.ran[0].status, 0);
	assert_int_equal(place.deck->faults.count, 0); /* the page says it */
	auto_free char *path = path_join(place.folder, "Dockerfile");
	assert_false(file_exists(path));

	make_project(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	tear_down(&place);
}

/* Nobody looks at the page any more: the deck says it. */
static void test_fails_behind_ones_back(void **state)
{
	struct place place;
	(void)state;
	set_up(&place);
	deck_init(place.deck, true);
	wait_ready(&place);
	remove_project(&place);
	deck_init_write(place.deck);
	deck_init(place.deck, false);
	assert_nothing_held(&place);
	assert_int_equal(place.deck->faults.count, 1);
	tear_down(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_a_file_that_is_there),
		cmocka_unit_test(test_a_dockerfile_that_is_there),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_left_while_it_writes),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_no_rust),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_fails_behind_ones_back),
	};
	static const char *const compose[] = {"COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES"};
	for (size_t i = 0; i < COUNT_OF(compose); i++)
		unsetenv(compose[i]);
	return cmocka_run_group_tests_name("wizard", tests, NULL, NULL);
}
