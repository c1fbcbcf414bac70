/* The map against a plain count, with removal while walking. */
#include "../unit.h"
#include "cargodeck/base.h"

#include <stdio.h>

static void holds_many(void **state)
{
	(void)state;
	struct map *map = map_open(free);
	char key[16];
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "k%d", i);
		map_put(map, key, mem_copy_string(key));
	}
	assert_int_equal(map_count(map), 5000);
	for (int i = 0; i < 5000; i += 2) {
		snprintf(key, sizeof key, "k%d", i);
		assert_true(map_remove(map, key));
		assert_false(map_remove(map, key));
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "k%d", i);
		assert_true(map_has(map, key) == (i % 2 == 1));
	}
	assert_int_equal(map_count(map), 2500);
	map_close(map);
}

static void keeps_the_order(void **state)
{
	(void)state;
	static const char *const keys[] = {"zebra", "apple", "mango"};
	struct map *map = map_open(NULL);
	int value = 1;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		map_put(map, keys[i], &value);
	map_put(map, "apple", &value);
	size_t at = 0, seen = 0;
	const char *key;
	while (map_next(map, &at, &key, NULL)) {
		assert_string_equal(key, keys[seen++]);
		char copy[16];
		snprintf(copy, sizeof copy, "%s", key);
		map_remove(map, copy);
	}
	assert_int_equal(seen, 3);
	assert_int_equal(map_count(map), 0);
	map_close(map);
}

static void comes_and_goes(void **state)
{
	(void)state;
	struct map *map = map_open(NULL);
	char key[16];
	int value = 1;
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof key, "%d", i);
		map_put(map, key, &value);
		assert_true(map_remove(map, key));
	}
	assert_int_equal(map_count(map), 0);
	map_close(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_many),
		cmocka_unit_test(keeps_the_order),
		cmocka_unit_test(comes_and_goes),
	};
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
