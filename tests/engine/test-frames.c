/* The splitter of frames: at every cut, and on what is no frame. */
#include "fake.h"

#include <stdio.h>

struct heard {
	struct str streams[4];
};

static void hear(void *data, int stream, const char *bytes, size_t len)
{
	struct heard *heard = data;
	assert_in_range(stream, 0, 3);
	assert_true(len > 0);
	str_add_bytes(&heard->streams[stream], bytes, len);
}

static void check_heard(struct heard *heard)
{
	assert_string_equal(str_text(&heard->streams[1]), "to stdout, again");
	assert_string_equal(str_text(&heard->streams[2]), "to stderr");
	for (size_t i = 0; i < COUNT_OF(heard->streams); i++)
		str_finish(&heard->streams[i]);
}

static void make(struct str *all)
{
	frame_add(all, 1, "to stdout", 9);
	frame_add(all, 2, "", 0);
	frame_add(all, 2, "to stderr", 9);
	frame_add(all, 1, ", again", 7);
}

static void any_two_cuts_come_to_the_same(void **state)
{
	(void)state;
	auto_str all = {0};
	make(&all);
	for (size_t first = 0; first <= all.len; first++)
		for (size_t second = first; second <= all.len; second++) {
			struct heard heard = {0};
			struct frame_splitter splitter = {0};
			assert_true(frames_feed(&splitter, all.data, first, hear, &heard));
			assert_true(frames_feed(&splitter, all.data + first, second - first, hear, &heard));
			assert_true(frames_feed(&splitter, all.data + second, all.len - second, hear, &heard));
			assert_int_equal(splitter.left + splitter.head_len, 0);
			check_heard(&heard);
		}
}

static void byte_by_byte(void **state)
{
	(void)state;
	auto_str all = {0};
	struct heard heard = {0};
	struct frame_splitter splitter = {0};
	make(&all);
	for (size_t i = 0; i < all.len; i++)
		assert_true(frames_feed(&splitter, all.data + i, 1, hear, &heard));
	check_heard(&heard);
}

static void what_is_no_frame_is_refused(void **state)
{
	(void)state;
	static const char *const heads[] = {"HTTP/1.1", "\4\0\0\0\0\0\0\1", "\1\1\0\0\0\0\0\1", "\1\0\1\0\0\0\0\1", "\1\0\0\1\0\0\0\1",
		"2026-11-"};
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		struct heard heard = {0};
		struct frame_splitter splitter = {0};
		assert_true(frames_feed(&splitter, heads[i], 7, hear, &heard));
		assert_false(frames_feed(&splitter, heads[i] + 7, 1, hear, &heard));
		assert_int_equal(heard.streams[1].len, 0);
	}
}

/* A head may claim 4 GiB: nothing is set aside for it. */
static void a_huge_frame_passes_through(void **state)
{
	(void)state;
	static const char head[] = "\1\0\0\0\xff\xff\xff\xff" "begin";
	struct heard heard = {0};
	struct frame_splitter splitter = {0};
	assert_true(frames_feed(&splitter, head, sizeof head - 1, hear, &heard));
	assert_int_equal(splitter.left, 0xffffffffu - 5);
	assert_string_equal(heard.streams[1].data, "begin");
	str_finish(&heard.streams[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_cuts_come_to_the_same),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(what_is_no_frame_is_refused),
		cmocka_unit_test(a_huge_frame_passes_through),
	};
	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
