/* The patterns of .gitignore, and the names that editors leave for a moment. */
#include "../unit.h"
#include "cargodeck/watch.h"

struct ignore_case {
	const char *text, *path;
	bool is_folder;
	int said;
};

static const struct ignore_case cases[] = {
	/* names, anywhere below */
	{"target", "target", true, 1},
	{"target", "a/b/target", false, 1},
	{"target", "targets", false, 0},
	{"target/", "target", false, 0},
	{"target/", "a/target", true, 1},
	{"*.log", "x.log", false, 1},
	{"*.log", "a/b/.log", false, 1},
	{"*.log", "x.log.1", false, 0},
	{"?.rs", "a.rs", false, 1},
	{"?.rs", "ab.rs", false, 0},
	{"a*b*c", "axxbxxbc", false, 1},
	{"a*b*c", "axxbxx", false, 0},
	{"**", "any/thing", false, 1},
	{"foo**bar", "fooxbar", false, 1},
	{"foo**bar", "foo/bar", false, 0},
	/* anchored by a slash at the start or within */
	{"/build", "build", true, 1},
	{"/build", "a/build", true, 0},
	{"a/b", "a/b", false, 1},
	{"a/b", "x/a/b", false, 0},
	{"a/*.rs", "a/x.rs", false, 1},
	{"a/*.rs", "a/b/x.rs", false, 0},
	{"/*.rs", "x.rs", false, 1},
	{"/*.rs", "a/x.rs", false, 0},
	{"a/b/", "a/b", true, 1},
	{"a/b/", "a/b", false, 0},
	/* two stars */
	{"**/foo", "foo", false, 1},
	{"**/foo", "a/b/foo", false, 1},
	{"**/foo/bar", "x/foo/bar", false, 1},
	{"**/foo/bar", "x/foo/y/bar", false, 0},
	{"abc/**", "abc", true, 0},
	{"abc/**", "abc/x", false, 1},
	{"abc/**", "abc/x/y", false, 1},
	{"a/**/b", "a/b", false, 1},
	{"a/**/b", "a/x/y/b", false, 1},
	{"a/**/b", "a/x/y/c", false, 0},
	{"a/**/b/**/c", "a/b/b/x/c", false, 1},
	{"a/**/b/**/c", "a/x/c", false, 0},
	/* the last line that matches decides */
	{"*.rs\n!main.rs", "main.rs", false, -1},
	{"*.rs\n!main.rs", "lib.rs", false, 1},
	{"!main.rs\n*.rs", "main.rs", false, 1},
	{"/*\n!/src", "src", true, -1},
	{"/*\n!/src", "doc", true, 1},
	{"/*\n!/src", "src/x", false, 0},
	/* brackets */
	{"[abc].rs", "b.rs", false, 1},
	{"[!abc].rs", "b.rs", false, 0},
	{"[^abc].rs", "d.rs", false, 1},
	{"[a-c]x", "bx", false, 1},
	{"[a-c]x", "dx", false, 0},
	{"[]]x", "]x", false, 1},
	{"[a\\]]x", "]x", false, 1},
	{"[[:digit:]]*", "7up", false, 1},
	{"[[:digit:]]*", "up7", false, 0},
	{"*.py[co]", "a.pyc", false, 1},
	{"a[", "a[", false, 0},
	{"a[", "ab", false, 0},
	/* what lines are */
	{"# target", "# target", false, 0},
	{"\\#x", "#x", false, 1},
	{"\\!x", "!x", false, 1},
	{"x  ", "x", false, 1},
	{"x\\ ", "x ", false, 1},
	{"x\r\ny\r\n", "x", false, 1},
	{"\xef\xbb\xbfx", "x", false, 1},
	{"a\\*b", "a*b", false, 1},
	{"a\\*b", "axb", false, 0},
	{"\n\n/\n!\n", "x", false, 0},
	{"x\\", "x", false, 0},
	{"", "x", false, 0},
};

static void reads_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ignore_list *list = ignore_open(cases[i].text, strlen(cases[i].text));
		int said = ignore_match(list, cases[i].path, cases[i].is_folder);
		ignore_close(list);
		if (said != cases[i].said)
			fail_msg("pattern \"%s\" and path \"%s\": %d, not %d",
				cases[i].text, cases[i].path, said, cases[i].said);
	}
}

/* Many stars must not take for ever. */
static void is_bounded(void **state)
{
	(void)state;
	static const char text[] = "a*a*a*a*a*a*a*a*a*a*a*b\n**/a/**/a/**/a/**/a/**/a/**/b\n";
	struct str path = {0};
	for (int i = 0; i < 1000; i++)
		str_add(&path, "a/");
	for (int i = 0; i < 250; i++)
		str_add(&path, "a");
	struct ignore_list *list = ignore_open(text, sizeof text - 1);
	assert_int_equal(ignore_match(list, path.data, false), 0);
	ignore_close(list);
	str_finish(&path);
}

static void knows_noise(void **state)
{
	(void)state;
	static const char *const noise[] = {
		"4913", "5036", ".main.rs.swp", ".main.rs.swx", ".main.rs.swo", "main.rs.swp", "main.rs~", "main.rs.~1~",
		".#main.rs", "#main.rs#", "main.rs___jb_tmp___", "main.rs___jb_old___", ".goutputstream-X1Y2Z3",
		".main.rs.kate-swp", ".main.rs.kak.AbCdEf", ".nfs0000000000000001", "main.rsXYZ.bck", ".DS_Store",
	};
	static const char *const sources[] = {
		"main.rs", "4914", "491", "49130", "a.swift", "x.swf", "swp", ".env", ".gitignore", "#", "##.rs",
		"Cargo.toml", "tmp", "a.tmp.rs", "V1__x.sql", ".sqlx", "2024",
	};
	for (size_t i = 0; i < COUNT_OF(noise); i++)
		if (!watch_is_noise(noise[i]))
			fail_msg("%s is noise", noise[i]);
	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (watch_is_noise(sources[i]))
			fail_msg("%s is a source", sources[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_patterns),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(knows_noise),
	};
	return cmocka_run_group_tests_name("ignore", tests, NULL, NULL);
}
