/* A person's settings: defaults, values, and mistakes that are told. */
#include "../unit.h"
#include "cargodeck/config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *write_file(const char *folder, const char *name, const char *text)
{
	char *path = path_join(folder, name);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0700, NULL));
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
	return path;
}

struct place {
	char folder[64];
};

static int make_place(void **state)
{
	struct place *place = mem_alloc(sizeof *place);
	snprintf(place->folder, sizeof place->folder, "/tmp/cargodeck-config-XXXXXX");
	if (mkdtemp(place->folder) == NULL)
		return -1;
	setenv("XDG_CONFIG_HOME", place->folder, 1);
	unsetenv("COLORFGBG");
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	struct place *place = *state;
	dir_remove_all(place->folder, NULL);
	free(place);
	return 0;
}

static struct config *read_text(const char *text)
{
	struct config *config = config_open(NULL, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 0);
	config_read(config, text, "config.ini");
	return config;
}

static void defaults_are_valid(void **state)
{
	(void)state;
	struct config *config = read_text("");
	assert_null(config->path);
	assert_int_equal(config_number(config, CONFIG_FRAMES), 60);
	assert_int_equal(config_number(config, CONFIG_LOG_BYTES), 64 << 20);
	assert_int_equal(config_number(config, CONFIG_READY_LIMIT), 10000);
	assert_true(config_is_on(config, CONFIG_MOUSE));
	assert_false(config_is_on(config, CONFIG_ASCII));
	assert_string_equal(config_text(config, CONFIG_ON_SERVING), "");
	assert_string_equal(config->theme.name, "dark");
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		assert_false(config->is_given[i]);
		/* each default is a value that the file may hold */
		auto_free char *line = mem_print("[%s]\n%s = %s\n", config_options[i].section, config_options[i].name,
			config_options[i].usual);
		int64_t before = config_number(config, i);
		config_read(config, line, "config.ini");
		assert_int_equal(config->mistakes.count, 0);
		assert_int_equal(config_number(config, i), before);
		assert_true(config->is_given[i]);
	}
	config_close(config);
}

static void values_are_read(void **state)
{
	(void)state;
	struct config *config = read_text("\xef\xbb\xbf# a comment\n[screen]\n\tcolours = 256 ; few\r\nascii=yes\nframes: 30\nmouse = off\n"
		"[logs]\nlog_bytes = 2 MiB\n[notify]\non_failed = notify-send \"a; b\" ; true\n[swap]\nready_limit = 2s\n");
	assert_int_equal(config->mistakes.count, 0);
	assert_string_equal(config_text(config, CONFIG_COLOURS), "256");
	assert_int_equal(config_number(config, CONFIG_COLOURS), 3);
	assert_true(config_is_on(config, CONFIG_ASCII));
	assert_false(config_is_on(config, CONFIG_MOUSE));
	assert_int_equal(config_number(config, CONFIG_FRAMES), 30);
	assert_int_equal(config_number(config, CONFIG_LOG_BYTES), 2 << 20);
	assert_int_equal(config_number(config, CONFIG_READY_LIMIT), 2000);
	assert_string_equal(config_text(config, CONFIG_ON_FAILED), "notify-send \"a; b\" ; true");
	config_close(config);
}

static void long_commands_are_whole(void **state)
{
	(void)state;
	auto_str text = {0};
	str_add(&text, "[notify]\non_failed = ");
	for (int i = 0; i < 1000; i++)
		str_add(&text, "x");
	struct config *config = read_text(text.data);
	assert_int_equal(config->mistakes.count, 0);
	assert_int_equal(strlen(config_text(config, CONFIG_ON_FAILED)), 1000);
	config_close(config);
}

static void keys_are_kept(void **state)
{
	(void)state;
	struct config *config = read_text("[keys]\nrestart = R Ctrl-R\n\nsearch-next = ;\npalette = :\nquit = None\n");
	assert_int_equal(config->mistakes.count, 0);
	assert_int_equal(config->keys.count, 4);
	assert_string_equal(config->keys.items[0].command, "restart");
	assert_string_equal(config->keys.items[0].keys, "R Ctrl-R");
	assert_int_equal(config->keys.items[0].line, 2);
	assert_string_equal(config->keys.items[1].keys, ";");
	assert_int_equal(config->keys.items[1].line, 4);
	assert_string_equal(config->keys.items[2].keys, ":");
	config_close(config);
}

static void mistakes_name_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *mistake;
	} cases[] = {
		{"[screen]\ncolours = many\n", "config.ini:2: colours takes auto, none, 16, 256 or true, not \"many\"; auto is taken"},
		{"[screen]\n\nframes = 900\n", "config.ini:3: frames takes 1 to 60, not \"900\"; 60 is taken"},
		{"[screen]\nframes = fast\n", "config.ini:2: frames takes a number, not \"fast\"; 60 is taken"},
		{"[screen]\nframes = 99999999999999999999\n", "config.ini:2: frames takes a number, not"},
		{"[screen]\nframes = -1\n", "config.ini:2: frames takes 1 to 60, not \"-1\""},
		{"[logs]\nlog_bytes = 9223372036854775807G\n", "config.ini:2: log_bytes takes 1M to 1G, not"},
		{"[swap]\nready_limit = 11 min\n", "config.ini:2: ready_limit takes 100 ms to 10 min, not \"11 min\"; 10s is taken"},
		{"[swap]\nready_limit = 1h\n", "config.ini:2: ready_limit takes a number of ms, not \"1h\"; 10s is taken"},
		{"[screen]\nmouse = maybe\n", "config.ini:2: mouse takes on or off, not \"maybe\"; on is taken"},
		{"[screen]\ncolour = 16\n", "config.ini:2: [screen] knows no \"colour\"; it knows theme, language, colours, ascii, mouse, frames, plots and read_only"},
		{"[screen]\nlog_bytes = 2M\n", "config.ini:2: log_bytes belongs into the section [logs]"},
		{"[scren]\ntheme = light\n", "config.ini:2: theme belongs into the section [screen]"},
		{"[else]\na = b\n", "config.ini:2: there is no section [else]; there are screen, logs, notify, swap, keys, jobs and commands"},
		{"theme\n", "config.ini:1: this is neither \"[section]\" nor \"name = value\""},
		{"[screen\n", "config.ini:1: the section has no closing \"]\""},
		{"[keys]\nquit =\n", "config.ini:2: a key is missing"},
		{"[screen]\ntheme\033[2J = a\n", "config.ini:2: [screen] knows no \"theme [2J\""},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config *config = read_text(cases[i].text);
		assert_int_equal(config->mistakes.count, 1);
		if (!text_starts_with(config->mistakes.items[0], cases[i].mistake))
			assert_string_equal(config->mistakes.items[0], cases[i].mistake);
		assert_int_equal(config_number(config, CONFIG_FRAMES), 60);
		config_close(config);
	}
}

static void every_mistake_is_told(void **state)
{
	(void)state;
	auto_str text = {0};
	str_add(&text, "one\n[screen]\ntwo\n\nframes = 0\n[screen\nascii = on\n");
	for (int i = 0; i < 5000; i++)
		str_add_char(&text, 'y');
	struct config *config = read_text(text.data);
	assert_int_equal(config->mistakes.count, 5);
	assert_true(text_starts_with(config->mistakes.items[1], "config.ini:3: "));
	assert_true(text_starts_with(config->mistakes.items[3], "config.ini:6: "));
	assert_string_equal(config->mistakes.items[4], "config.ini:8: the line is too long");
	assert_true(config_is_on(config, CONFIG_ASCII));
	config_close(config);
}

static void own_file_and_own_theme_come_first(void **state)
{
	struct place *place = *state;
	auto_free char *file = write_file(place->folder, "cargodeck/config.ini", "[screen]\ntheme = dark\n");
	auto_free char *own = write_file(place->folder, "cargodeck/themes/dark.ini", "[theme]\nsentence = mine; all mine\n[16]\nok = blue\n");
	struct config *config = config_open(NULL, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 0);
	assert_string_equal(config->path, file);
	assert_string_equal(config->theme.sentence, "mine; all mine");
	config_close(config);
}

static void missing_things_are_told(void **state)
{
	struct place *place = *state;
	auto_free char *file = write_file(place->folder, "mine.ini", "[screen]\ntheme = nowhere\n");
	struct config *config = config_open(file, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 1);
	auto_free char *told = mem_print("%s:2: there is no theme \"nowhere\"; dark is taken", file);
	assert_string_equal(config->mistakes.items[0], told);
	assert_string_equal(config->theme.name, "dark");
	config_close(config);

	auto_free char *evil = write_file(place->folder, "evil.ini", "[screen]\ntheme = ../../themes/dark\n");
	config = config_open(evil, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 1);
	config_close(config);

	auto_free char *absent = path_join(place->folder, "absent.ini");
	config = config_open(absent, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 1);
	assert_true(text_ends_with(config->mistakes.items[0], "the defaults are taken"));
	config_close(config);
}

/* What stands in the file's place is named once, and the defaults are taken. */
static void what_is_no_file_is_told(void **state)
{
	struct place *place = *state;
	auto_free char *folder = path_join(place->folder, "cargodeck"), *file = path_join(folder, "config.ini");
	assert_true(dir_make_all(folder, 0700, NULL));
	for (int kind = 0; kind < 4; kind++) {
		auto_free char *large = mem_alloc(1 << 20);
		memset(large, 'x', 1 << 20);
		assert_int_equal(kind == 0 ? mkdir(file, 0700) : kind == 1 ? symlink("/nowhere/at/all", file) : kind == 2 ? symlink(file, file) :
			file_write(file, large, 1 << 20, 0600, NULL) ? 0 : -1, 0);
		struct config *config = config_open(NULL, getenv("TEST_THEMES"));
		assert_int_equal(config->mistakes.count, 1);
		const char *named = strstr(config->mistakes.items[0], file);
		assert_non_null(named);
		assert_null(strstr(named + 1, file));
		assert_true(text_ends_with(config->mistakes.items[0], "; the defaults are taken"));
		assert_int_equal(config_number(config, CONFIG_FRAMES), 60);
		config_close(config);
		assert_int_equal(remove(file), 0);
	}
}

static void broken_theme_is_told(void **state)
{
	struct place *place = *state;
	auto_free char *theme = write_file(place->folder, "cargodeck/themes/odd.ini", "[16]\nok = pink\n");
	auto_free char *file = write_file(place->folder, "cargodeck/config.ini", "[screen]\ntheme = odd\n");
	struct config *config = config_open(NULL, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 1);
	assert_non_null(strstr(config->mistakes.items[0], "odd.ini:2: \"pink\" is no colour here"));
	assert_string_equal(config->theme.name, "dark");
	config_close(config);
}

static const struct theme *listed(const struct theme_list *themes, const char *name)
{
	for (size_t i = 0; i < themes->list.count; i++)
		if (strcmp(themes->list.items[i].name, name) == 0)
			return &themes->list.items[i];
	return NULL;
}

static void themes_are_listed(void **state)
{
	struct place *place = *state;
	auto_free char *own = write_file(place->folder, "cargodeck/themes/dark.ini", "[theme]\nsentence = mine\n[16]\nok = blue\n");
	auto_free char *more = write_file(place->folder, "cargodeck/themes/more.ini", "[16]\nok = red\n");
	auto_free char *odd = write_file(place->folder, "cargodeck/themes/odd.ini", "[16]\nok = pink\n");
	auto_free char *none = write_file(place->folder, "cargodeck/themes/readme.txt", "no theme\n");
	struct config *config = config_open(NULL, getenv("TEST_THEMES"));
	struct theme_list themes = {0};
	config_list_themes(config, &themes);
	for (size_t i = 1; i < themes.list.count; i++)
		assert_true(strcmp(themes.list.items[i - 1].name, themes.list.items[i].name) < 0);
	static const char *const installed[] = {"dark", "light", "high-contrast", "mono", "colour-blind-dark", "colour-blind-light"};
	for (size_t i = 0; i < COUNT_OF(installed); i++)
		assert_non_null(listed(&themes, installed[i]));
	assert_string_equal(listed(&themes, "dark")->sentence, "mine");
	assert_non_null(listed(&themes, "more"));
	assert_null(listed(&themes, "odd"));
	assert_null(listed(&themes, "readme"));
	assert_int_equal(themes.mistakes.count, 1);
	assert_non_null(strstr(themes.mistakes.items[0], "odd.ini:2: \"pink\" is no colour here"));
	theme_list_finish(&themes);

	struct theme theme;
	struct fault fault = {0};
	assert_true(config_find_theme(config, "mono", &theme, &fault));
	assert_true(config_find_theme(config, "plain", &theme, &fault));
	assert_false(config_find_theme(config, "../themes/mono", &theme, &fault));
	assert_string_equal(theme.name, "plain"); /* what was there stays */
	assert_true(config_theme_is_auto(config));
	config_choose_theme(config, "mono");
	assert_false(config_theme_is_auto(config));
	config_close(config);
}

static void light_ground_takes_light(void **state)
{
	(void)state;
	setenv("COLORFGBG", "0;default;15", 1);
	struct config *config = config_open(NULL, getenv("TEST_THEMES"));
	assert_string_equal(config->theme.name, "light");
	config_close(config);
	unsetenv("COLORFGBG");
}

static void sample_is_read_without_mistake(void **state)
{
	(void)state;
	auto_str sample = {0};
	config_write_sample(&sample);
	struct config *config = read_text(sample.data);
	assert_int_equal(config->mistakes.count, 0);
	/* and with every setting switched on */
	auto_strings lines = {0};
	strings_split(&lines, sample.data, '\n');
	auto_str bare = {0};
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		assert_true(strlen(line) <= 78);
		str_print(&bare, "%s\n", line[0] == '#' && line[1] != ' ' ? line + 1 : line);
	}
	config_read(config, bare.data, "config.ini");
	assert_int_equal(config->mistakes.count, 0);
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		assert_true(config->is_given[i]);
	assert_int_equal(config->keys.count, 5); /* two of them are those of the own commands */
	assert_int_equal(config->commands.count, 2);
	assert_int_equal(config->jobs.count, 3);
	config_close(config);
}

static void own_commands_are_read(void **state)
{
	(void)state;
	struct config *config = read_text("[commands]\ntop = Alt-T | Show processes | docker top {container} | less\n"
		"mark=None|Touch|touch {file} '$x' \"$y\" & \nboth = x | Two | a && b\n");
	assert_int_equal(config->mistakes.count, 0);
	assert_int_equal(config->commands.count, 3);
	const struct config_command *top = &config->commands.items[0], *mark = &config->commands.items[1];
	assert_string_equal(top->name, "top");
	assert_string_equal(top->sentence, "Show processes");
	assert_string_equal(top->shell, "docker top \"$CARGODECK_CONTAINER\" | less");
	assert_true(top->needs_service);
	assert_false(top->is_background || top->needs_file);
	assert_string_equal(mark->shell, "touch \"$CARGODECK_FILE\" '$x' \"$y\" ");
	assert_true(mark->is_background && mark->needs_file);
	assert_false(config->commands.items[2].is_background);
	assert_string_equal(config->keys.items[0].command, "top");
	assert_string_equal(config->keys.items[0].keys, "Alt-T");
	assert_int_equal(config->keys.items[0].line, 2);
	config_close(config);
}

static void own_jobs_are_read(void **state)
{
	(void)state;
	struct config *config = read_text("[jobs]\npedantic = Don't be lax | clippy --workspace -- -W clippy::pedantic\nfmt = cargo fmt --check\n"
		"deep = nextest run -E 'test(/a|b/)'\nnew = A newer compiler | +nightly check ; fast\n");
	assert_int_equal(config->mistakes.count, 1); /* the ";" of the last one */
	assert_int_equal(config->jobs.count, 3);
	const struct config_job *pedantic = &config->jobs.items[0], *fmt = &config->jobs.items[1], *deep = &config->jobs.items[2];
	assert_string_equal(pedantic->name, "pedantic");
	assert_string_equal(pedantic->sentence, "Don't be lax");
	assert_string_equal(pedantic->text, "clippy --workspace -- -W clippy::pedantic");
	assert_int_equal(pedantic->words.count, 5);
	assert_string_equal(pedantic->words.items[4], "clippy::pedantic");
	assert_int_equal(pedantic->line, 2);
	assert_null(fmt->sentence);
	assert_string_equal(fmt->text, "fmt --check");
	assert_string_equal(fmt->words.items[0], "fmt");
	assert_null(deep->sentence);
	assert_string_equal(deep->words.items[3], "test(/a|b/)");
	config_close(config);
}

static void wrong_jobs_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *mistake;
	} cases[] = {
		{"[jobs]\nPedantic = clippy\n", "config.ini:2: \"Pedantic\" is no name for a job"},
		{"[jobs]\n\na =\n", "config.ini:3: a takes \"sentence | words of cargo\", or the words alone: clippy --workspace"},
		{"[jobs]\na = Say |\n", "config.ini:2: a takes \"sentence"},
		{"[jobs]\na = Say | cargo\n", "config.ini:2: a takes \"sentence"},
		{"[jobs]\na = | check\n", "config.ini:2: a has no sentence before the \"|\""},
		{"[jobs]\na = +nightly\n", "config.ini:2: a takes \"sentence"},
		{"[jobs]\na = --version\n", "config.ini:2: a begins with \"--version\": begin with a command of cargo"},
		{"[jobs]\na = check 'now\n", "config.ini:2: a holds a quote that is not closed"},
		{"[jobs]\na = check && cargo test\n", "config.ini:2: \"&&\" in a would be a word of cargo"},
		{"[jobs]\na = check\na = test\n", "config.ini:3: there is a job \"a\" above"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config *config = read_text(cases[i].text);
		assert_int_equal(config->mistakes.count, 1);
		if (!text_starts_with(config->mistakes.items[0], cases[i].mistake))
			fail_msg("%s: %s", cases[i].text, config->mistakes.items[0]);
		config_close(config);
	}
}

static void jobs_have_an_end(void **state)
{
	(void)state;
	auto_str text = {0};
	str_add(&text, "[jobs]\n");
	for (int i = 0; i < 52; i++)
		str_print(&text, "j%d = check\n", i);
	struct config *config = read_text(text.data);
	assert_int_equal(config->jobs.count, 50);
	assert_int_equal(config->mistakes.count, 2);
	assert_string_equal(config->mistakes.items[1], "config.ini:53: there are more than 50 own jobs: this one is left out");
	config_close(config);
}

static void wrong_commands_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *mistake;
	} cases[] = {
		{"[commands]\ntop = docker top\n", "config.ini:2: top takes \"key | sentence | line for the shell\"; the key may be None"},
		{"[commands]\ntop = x | | ls\n", "config.ini:2: top takes \"key"},
		{"[commands]\ntop = x | Say | &\n", "config.ini:2: top has no line for the shell"},
		{"[commands]\nTop = x | Say | ls\n", "config.ini:2: \"Top\" is no name for a command"},
		{"[commands]\na = x | Say | sh -c 'rm {file}'\n", "config.ini:2: {file} stands within quotes: take the quotes away, or write $CARGODECK_FILE there"},
		{"[commands]\na = x | Say | echo \\\"\"{service}\"\n", "config.ini:2: {service} stands within quotes"},
		{"[commands]\na = x | Say | ls\na = y | Say | ls\n", "config.ini:3: there is a command \"a\" above"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config *config = read_text(cases[i].text);
		assert_int_equal(config->mistakes.count, 1);
		if (!text_starts_with(config->mistakes.items[0], cases[i].mistake))
			assert_string_equal(config->mistakes.items[0], cases[i].mistake);
		config_close(config);
	}
}

static void a_mistake_leaves_what_was_before(void **state)
{
	struct place *place = *state;
	auto_free char *file = write_file(place->folder, "cargodeck/config.ini", "[screen]\ntheme = light\nframes = 30\nascii = on\n");
	struct config *before = config_open(NULL, getenv("TEST_THEMES"));
	assert_int_equal(before->mistakes.count, 0);
	auto_free char *again = write_file(place->folder, "cargodeck/config.ini", "[screen]\ntheme = none\nframes = 3000\n");
	struct config *config = config_open_again(before, getenv("TEST_THEMES"));
	assert_int_equal(config->mistakes.count, 2);
	assert_true(text_ends_with(config->mistakes.items[0], "config.ini:3: frames takes 1 to 60, not \"3000\"; 30 is taken"));
	assert_true(text_ends_with(config->mistakes.items[1], "config.ini:2: there is no theme \"none\"; light is taken"));
	config_close(before);
	assert_int_equal(config_number(config, CONFIG_FRAMES), 30);
	assert_string_equal(config->theme.name, "light");
	assert_false(config_is_on(config, CONFIG_ASCII)); /* taken away: the default */
	config_close(config);
}

int main(void)
{
	auto_free char *themes = path_join(getenv("TEST_SRCDIR"), "themes");
	setenv("TEST_THEMES", themes, 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_valid),
		TEST(values_are_read),
		TEST(long_commands_are_whole),
		TEST(keys_are_kept),
		TEST(mistakes_name_their_line),
		TEST(every_mistake_is_told),
		TEST(own_file_and_own_theme_come_first),
		TEST(missing_things_are_told),
		TEST(what_is_no_file_is_told),
		TEST(broken_theme_is_told),
		TEST(themes_are_listed),
		TEST(light_ground_takes_light),
		TEST(sample_is_read_without_mistake),
		TEST(own_jobs_are_read),
		TEST(wrong_jobs_are_named),
		TEST(jobs_have_an_end),
		TEST(own_commands_are_read),
		TEST(wrong_commands_are_named),
		TEST(a_mistake_leaves_what_was_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
