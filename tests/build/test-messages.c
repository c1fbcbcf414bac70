/* Cargo's messages as real cargo writes them, and what must not upset us. */
#include "../unit.h"
#include "cargodeck/build.h"

static void reads_a_diagnostic(void **state)
{
	(void)state;
	static const char line[] =
		"{\"reason\":\"compiler-message\",\"package_id\":\"path+file:///src/api#shop-api@0.1.0\","
		"\"target\":{\"kind\":[\"bin\"],\"name\":\"api\"},\"message\":{\"rendered\":\"error[E0308]: mismatched\","
		"\"level\":\"error\",\"message\":\"mismatched types\",\"code\":{\"code\":\"E0308\"},\"spans\":["
		"{\"file_name\":\"src/lib.rs\",\"line_start\":1,\"column_start\":2,\"is_primary\":false},"
		"{\"file_name\":\"src/route.rs\",\"line_start\":57,\"column_start\":21,\"is_primary\":true}]}}";
	struct cargo_message message;
	assert_true(cargo_message_read(line, sizeof line - 1, "/src/api", &message));
	assert_int_equal(message.kind, CARGO_DIAGNOSTIC);
	assert_int_equal(message.diagnostic.level, DIAGNOSTIC_ERROR);
	assert_string_equal(message.diagnostic.code, "E0308");
	assert_string_equal(message.diagnostic.file, "/src/api/src/route.rs");
	assert_int_equal(message.diagnostic.line, 57);
	assert_int_equal(message.diagnostic.column, 21);
	assert_string_equal(message.diagnostic.package, "shop-api");
	cargo_message_finish(&message);
}

static void reads_an_artifact(void **state)
{
	(void)state;
	static const char line[] =
		"{\"reason\":\"compiler-artifact\",\"package_id\":\"path+file:///src/api#0.1.0\",\"target\":"
		"{\"kind\":[\"bin\"],\"name\":\"api\"},\"filenames\":[\"/t/debug/api\"],\"executable\":\"/t/debug/api\",\"fresh\":false}";
	struct cargo_message message;
	assert_true(cargo_message_read(line, sizeof line - 1, NULL, &message));
	assert_int_equal(message.kind, CARGO_ARTIFACT);
	assert_true(message.is_bin);
	assert_false(message.fresh);
	assert_string_equal(message.executable, "/t/debug/api");
	cargo_message_finish(&message);
}

static void forgives(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"", "   Compiling x", "{", "{\"reason\":7}", "{\"reason\":\"compiler-message\"}",
		"{\"reason\":\"compiler-message\",\"message\":{\"level\":\"failure-note\",\"message\":\"x\"}}",
		"{\"reason\":\"compiler-artifact\",\"target\":[]}", "{\"reason\":\"new-reason\"}",
	};
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct cargo_message message;
		cargo_message_read(lines[i], strlen(lines[i]), "/r", &message);
		assert_int_not_equal(message.kind, CARGO_DIAGNOSTIC);
		cargo_message_finish(&message);
	}
}

static void reads_progress(void **state)
{
	(void)state;
	static const char line[] = "    Building [=====>   ] 8/10: api(bin), gateway(bin)";
	unsigned done, total;
	char crates[64];
	assert_true(cargo_progress_read(line, sizeof line - 1, &done, &total, crates, sizeof crates));
	assert_int_equal(done, 8);
	assert_int_equal(total, 10);
	assert_string_equal(crates, "api(bin), gateway(bin)");
	static const char *const others[] = {"", "Building", "Building [", "Building [] /", "Building [] 9/3: x", "   Compiling a v1 (Building [x])"};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(cargo_progress_read(others[i], strlen(others[i]), &done, &total, crates, sizeof crates));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_diagnostic),
		cmocka_unit_test(reads_an_artifact),
		cmocka_unit_test(forgives),
		cmocka_unit_test(reads_progress),
	};
	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
