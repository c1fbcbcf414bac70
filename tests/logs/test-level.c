/* Levels, in the lines that programs really write. */
#include "../unit.h"
#include "cargodeck/logs.h"

struct level_case {
	enum log_level level;
	const char *text;
};

static void check_cases(const struct level_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum log_level level = log_level_find(cases[i].text, strlen(cases[i].text));
		if (level != cases[i].level)
			fail_msg("\"%s\" is said to be \"%s\"", cases[i].text, log_level_name(level));
	}
}

static void json_has_keys(void **state)
{
	(void)state;
	static const struct level_case cases[] = {
		{LOG_INFO, "{\"timestamp\":\"2026-11-23T14:02:11Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"x\"},\"target\":\"api\"}"},
		{LOG_WARN, "{\"level\":\"warn\"}"},
		{LOG_ERROR, "  {\"msg\": \"x\", \"Level\": \"Error\"}"},
		{LOG_ERROR, "{\"severity\":\"CRITICAL\"}"},
		{LOG_DEBUG, "{\"lvl\":\"dbg\"}"},
		{LOG_INFO, "{\"log.level\":\"info\"}"},
		{LOG_WARN, "{\"log\":{\"logger\":\"x\",\"level\":\"warning\"},\"m\":1}"},
		{LOG_TRACE, "{\"level\":10}"},
		{LOG_DEBUG, "{\"name\":\"api\",\"level\":20,\"msg\":\"x\"}"},
		{LOG_INFO, "{\"level\":30}"},
		{LOG_WARN, "{\"level\":40}"},
		{LOG_ERROR, "{\"level\":50}"},
		{LOG_ERROR, "{\"level\":60}"},
		{LOG_ERROR, "{\"level\":\"E\"}"},
		{LOG_INFO, "{\"a\":{\"level\":\"error\",\"b\":[1,{\"c\":\"}\"}]},\"d\":[\"level\",\"error\"],\"level\":\"info\"}"},
		{LOG_INFO, "{\"msg\":\"a \\\"level\\\":\\\"error\\\" inside\",\"level\":\"info\"}"},
		{LOG_NONE, "{\"msg\":\"ERROR level=error\"}"},
		{LOG_NONE, "{\"level\":null}"},
		{LOG_NONE, "{\"level\":7}"},
		{LOG_NONE, "{\"level\":\"\"}"},
		{LOG_NONE, "{\"level\""},
		{LOG_NONE, "{\"level\":"},
		{LOG_NONE, "{\"level\":\"wa"},
		{LOG_NONE, "{\"a\":\"\\"},
		{LOG_NONE, "{]}"},
		{LOG_NONE, "{"},
		{LOG_NONE, "{\"log\":{\"log\":{\"log\":{\"log\":"},
	};
	check_cases(cases, COUNT_OF(cases));
}

static void text_has_words(void **state)
{
	(void)state;
	static const struct level_case cases[] = {
		{LOG_NONE, ""},
		{LOG_NONE, "listening on 0.0.0.0:8000"},
		{LOG_INFO, "2026-11-23T14:02:11.204Z  INFO api::route: GET /cart"},
		{LOG_WARN, "[2026-11-23T14:02:11Z WARN  api] slow"},
		{LOG_ERROR, "ERROR: relation \"x\" does not exist"},
		{LOG_INFO, "2026-11-23 14:02:11.204 UTC [1] LOG:  database system is ready to accept connections"},
		{LOG_ERROR, "2026-11-23 14:02:11.204 UTC [77] FATAL:  password authentication failed"},
		{LOG_ERROR, "2026/11/23 14:02:11 [error] 31#31: *1 open() failed"},
		{LOG_INFO, "2026/11/23 14:02:11 [notice] 1#1: start worker process 29"},
		{LOG_WARN, "1:M 23 Nov 2026 14:02:11.204 # WARNING: overcommit_memory is 0"},
		{LOG_DEBUG, "<DEBUG> x"},
		{LOG_TRACE, "x|TRACE|y"},
		{LOG_ERROR, "error[E0308]: mismatched types"},
		{LOG_WARN, "warning: unused variable: `req`"},
		{LOG_ERROR, "error: could not compile `api`"},
		{LOG_ERROR, "thread 'main' panicked at src/main.rs:31:10:"},
		{LOG_ERROR, "thread 'tokio-runtime-worker' (12) panicked at crates/x.rs:1:1:"},
		{LOG_INFO, "I1123 14:02:11.204561       1 main.go:7] started"},
		{LOG_ERROR, "E1123 14:02:11.204561       1 main.go:7] failed"},
		{LOG_INFO, "time=2026-11-23T14:02:11Z level=info msg=\"an error was mended\""},
		{LOG_WARN, "level=\"warning\" msg=x"},
		{LOG_ERROR, "msg=x lvl=err"},
		{LOG_NONE, "mylevel=error"},
		{LOG_NONE, "no errors here, nothing to warn of"},
		{LOG_NONE, "GET /ERROR/page"},
		{LOG_NONE, "ERRORS are many, INFORMATIVE too"},
		{LOG_NONE, "X-INFO-Y"},
		{LOG_NONE, "level="},
		{LOG_NONE, "level=\""},
		{LOG_NONE, "E112"},
		{LOG_NONE, "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ERROR"},
	};
	check_cases(cases, COUNT_OF(cases));
}

static void looks_at_the_start_alone(void **state)
{
	(void)state;
	auto_str line = {0};
	str_add(&line, "{\"a\":\"");
	for (int i = 0; i < 600; i++)
		str_add_char(&line, 'x');
	str_add(&line, "\",\"level\":\"error\"}");
	assert_int_equal(log_level_find(line.data, line.len), LOG_NONE);
}

static void levels_have_names(void **state)
{
	(void)state;
	assert_string_equal(log_level_name(LOG_NONE), "");
	assert_string_equal(log_level_name(LOG_TRACE), "trace");
	assert_string_equal(log_level_name(LOG_ERROR), "error");
	assert_string_equal(log_level_name((enum log_level)7), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_keys),
		cmocka_unit_test(text_has_words),
		cmocka_unit_test(looks_at_the_start_alone),
		cmocka_unit_test(levels_have_names),
	};
	return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}
