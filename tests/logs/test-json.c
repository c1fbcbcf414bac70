/* Lines that are JSON objects, as people read them. */
#include "../unit.h"
#include "cargodeck/logs.h"

#include <stdio.h>

static const struct {
	const char *raw, *shown; /* NULL: left as it is */
} lines[] = {
	/* tracing-subscriber, with and without flattened events */
	{"{\"timestamp\":\"2026-11-27T01:06:49Z\",\"level\":\"INFO\",\"fields\":{\"message\":\"GET /cart\",\"status\":200,\"ms\":4.2},\"target\":\"gateway::route\"}",
		"gateway::route: GET /cart status=200 ms=4.2"},
	{"{\"level\":\"WARN\",\"message\":\"slow acquire\",\"wait\":\"212 ms\",\"target\":\"pool\",\"span\":{\"id\":7,\"name\":\"checkout\"},\"spans\":[{\"name\":\"root\"}]}",
		"pool: slow acquire in checkout wait=\"212 ms\" id=7"},
	/* pino, zap, slog */
	{"{\"level\":30,\"time\":1531171074631,\"msg\":\"hello world\",\"pid\":657,\"hostname\":\"web\"}", "hello world pid=657 hostname=web"},
	{"{\"level\":\"info\",\"ts\":1.5,\"caller\":\"app/main.go:7\",\"msg\":\"up\"}", "app/main.go:7: up"},
	{"  {\"a\":{\"b\":[1,2,{\"c\":\"}\"}]},\"d\":\"\"}", "a={\"b\":[1,2,{\"c\":\"}\"}]} d=\"\""},
	/* escapes are undone, and nothing of them reaches a terminal */
	{"{\"message\":\"a\\nb\\t\\\"c\\\" \\u00e9\\ud83d\\ude00 \\u001b[31mred\\u0007\"}", "a b \"c\" \xc3\xa9\xf0\x9f\x98\x80 red"},
	{"{\"message\":\"\\ud83d alone \\u12\"}", "\xef\xbf\xbd alone \xef\xbf\xbd"},
	/* cut anywhere */
	{"{\"message\":\"it was cut he", "it was cut he"},
	{"{\"message\":\"x\",\"key", "x"},
	{"{\"message\":\"x\\", "x\\"},
	/* none */
	{"{}", NULL},
	{"{ not json }", NULL},
	{"plain text", NULL},
	{"[1,2]", NULL},
	{"", NULL},
	{"{\"level\":\"INFO\"}", NULL},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		auto_str out = {0};
		bool is_json = log_json_render(lines[i].raw, strlen(lines[i].raw), &out);
		if (is_json != (lines[i].shown != NULL) || (is_json && strcmp(str_text(&out), lines[i].shown) != 0))
			fail_msg("%s\nis shown as\n%s", lines[i].raw, str_text(&out));
	}
}

/* Every start of every line: nothing is read past its end. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		for (size_t len = 0; len <= strlen(lines[i].raw); len++) {
			auto_str out = {0};
			auto_free char *exact = mem_copy_bytes(lines[i].raw, len);
			log_json_render(exact, len, &out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_cut)};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
