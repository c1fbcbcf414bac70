/* What a person chose, by project: kept, bounded, and no harm in a broken file. */
#include "../unit.h"
#include "cargodeck/config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_place(void **state)
{
	static char folder[64];
	snprintf(folder, sizeof folder, "/tmp/cargodeck-remember-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	setenv("XDG_STATE_HOME", folder, 1);
	*state = folder;
	return 0;
}

static int drop_place(void **state)
{
	return dir_remove_all(*state, NULL) ? 0 : -1;
}

static void what_was_put_is_found_again(void **state)
{
	auto_free char *path = path_join(*state, "cargodeck/chosen/shop.json");
	struct stat status;
	struct remember *remember = remember_open("shop", NULL);
	assert_null(remember_text(remember, "service"));
	assert_int_equal(remember_number(remember, "focus", 7), 7);
	assert_true(remember_save(remember, NULL));
	assert_false(file_exists(path)); /* nothing was chosen: nothing is written */
	remember_put_text(remember, "service", "api");
	remember_put_number(remember, "focus", 3);
	remember_put_number(remember, "gone", 3);
	remember_put_text(remember, "gone", NULL);
	assert_true(remember_is_changed(remember));
	assert_true(remember_save(remember, NULL));
	assert_false(remember_is_changed(remember));
	remember_put_number(remember, "focus", 3);
	assert_false(remember_is_changed(remember)); /* it is that already */
	remember_close(remember);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);

	remember = remember_open("shop", NULL);
	assert_string_equal(remember_text(remember, "service"), "api");
	assert_int_equal(remember_number(remember, "focus", 7), 3);
	assert_int_equal(remember_number(remember, "service", 7), 7); /* a text is no number */
	assert_null(remember_text(remember, "gone"));
	remember_close(remember);

	remember = remember_open("other", NULL);
	assert_null(remember_text(remember, "service"));
	remember_close(remember);
}

static void broken_files_are_a_fresh_start(void **state)
{
	static const char *const texts[] = {"", "{", "[1]", "nothing", "{\"service\":{\"a\":1},\"focus\":1.5}", "\xff\xfe"};
	auto_free char *folder = path_join(*state, "cargodeck/chosen"), *path = path_join(folder, "shop.json");
	assert_true(dir_make_all(folder, 0700, NULL));
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_true(file_write(path, texts[i], strlen(texts[i]), 0600, NULL));
		struct remember *remember = remember_open("shop", NULL);
		assert_null(remember_text(remember, "service"));
		assert_int_equal(remember_number(remember, "focus", 7), 7);
		remember_put_text(remember, "service", "api");
		assert_true(remember_save(remember, NULL));
		remember_close(remember);
		remember = remember_open("shop", NULL);
		assert_string_equal(remember_text(remember, "service"), "api");
		remember_close(remember);
	}
}

static void a_broken_file_is_laid_aside(void **state)
{
	auto_free char *folder = path_join(*state, "cargodeck/chosen"), *path = path_join(folder, "shop.json");
	auto_free char *aside = path_join(folder, "shop.json.broken");
	struct fault fault;
	assert_true(dir_make_all(folder, 0700, NULL));
	assert_true(file_write(path, "{\"focus\": 1,\n\"zoom\"", 20, 0600, NULL));
	struct remember *remember = remember_open("shop", &fault);
	assert_int_equal(fault.code, FAULT_INPUT);
	assert_non_null(strstr(fault.text, "shop.json:2:"));
	assert_non_null(strstr(fault.mend, aside));
	remember_put_number(remember, "focus", 2);
	assert_true(remember_save(remember, NULL));
	remember_close(remember);
	auto_free char *kept = file_read(aside, 1000, NULL, NULL);
	assert_string_equal(kept, "{\"focus\": 1,\n\"zoom\"");
	remember_close(remember_open("shop", &fault));
	assert_int_equal(fault.code, FAULT_NONE);
}

static void what_others_wrote_stays(void **state)
{
	static const char newer[] = "{\"focus\": {\"pane\": \"log\"}, \"layouts\": [1, 2.5], \"zoom\": 1, \"old\": 4}";
	auto_free char *folder = path_join(*state, "cargodeck/chosen"), *path = path_join(folder, "shop.json");
	assert_true(dir_make_all(folder, 0700, NULL));
	assert_true(file_write(path, newer, sizeof newer - 1, 0600, NULL));
	struct remember *one = remember_open("shop", NULL), *other = remember_open("shop", NULL);
	assert_int_equal(remember_number(one, "focus", 7), 7);
	remember_put_text(one, "service", "api");
	remember_put_number(one, "old", 5);
	remember_put_number(other, "zoom", 0);
	remember_put_text(other, "old", NULL);
	assert_true(remember_save(one, NULL));
	assert_true(remember_save(other, NULL));
	remember_close(one);
	remember_close(other);
	one = remember_open("shop", NULL);
	assert_string_equal(remember_text(one, "service"), "api");
	assert_int_equal(remember_number(one, "zoom", 7), 0);
	assert_int_equal(remember_number(one, "old", 7), 7);
	remember_close(one);
	auto_free char *text = file_read(path, 1000, NULL, NULL);
	assert_non_null(strstr(text, "layouts"));
	assert_non_null(strstr(text, "pane"));
}

/* What could not be written is written with the next change. */
static void a_full_disk_loses_nothing(void **state)
{
	auto_free char *chosen = path_join(*state, "cargodeck/chosen"), *parent = path_join(*state, "cargodeck");
	struct fault fault = {0};
	struct remember *remember = remember_open("shop", NULL);
	assert_true(dir_make_all(parent, 0700, NULL));
	assert_true(file_write(chosen, "", 0, 0600, NULL)); /* no folder can be made there */
	remember_put_number(remember, "focus", 2);
	assert_false(remember_save(remember, &fault));
	assert_non_null(strstr(fault.text, chosen));
	assert_false(remember_is_changed(remember));
	assert_int_equal(unlink(chosen), 0);
	remember_put_number(remember, "zoom", 1);
	assert_true(remember_save(remember, &fault));
	remember_close(remember);
	remember = remember_open("shop", NULL);
	assert_int_equal(remember_number(remember, "focus", 7), 2);
	assert_int_equal(remember_number(remember, "zoom", 7), 1);
	remember_close(remember);
}

static void it_is_bounded(void **state)
{
	auto_free char *endless = mem_alloc(10000), *path = path_join(*state, "cargodeck/chosen/shop.json");
	memset(endless, 'x', 9999);
	struct stat status;
	struct remember *remember = remember_open("shop", NULL);
	remember_put_text(remember, "long", endless);
	remember_put_text(remember, endless, "long");
	remember_put_text(remember, "odd", "\xff");
	assert_false(remember_is_changed(remember));
	for (int i = 0; i < 1000; i++) {
		auto_free char *name = mem_print("name %d", i);
		remember_put_number(remember, name, i);
	}
	assert_int_equal(remember_number(remember, "name 255", -1), 255);
	assert_int_equal(remember_number(remember, "name 256", -1), -1);
	assert_true(remember_save(remember, NULL));
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size < 16384);
	remember_close(remember);
}

static void names_stay_in_their_folder(void **state)
{
	auto_free char *folder = path_join(*state, "cargodeck/chosen"), *outside = path_join(*state, "cargodeck/evil.json");
	static const char *const names[] = {"../evil", "/evil", "", "a b", ".."};
	(void)folder;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct remember *remember = remember_open(names[i], NULL);
		remember_put_number(remember, "number", (int64_t)i);
		assert_true(remember_save(remember, NULL));
		remember_close(remember);
		remember = remember_open(names[i], NULL);
		assert_int_equal(remember_number(remember, "number", -1), (int64_t)i);
		remember_close(remember);
	}
	assert_false(file_exists(outside));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_found_again),
		TEST(broken_files_are_a_fresh_start),
		TEST(a_broken_file_is_laid_aside),
		TEST(what_others_wrote_stays),
		TEST(a_full_disk_loses_nothing),
		TEST(it_is_bounded),
		TEST(names_stay_in_their_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
