/* Times and amounts as text. */
#include "../unit.h"
#include "cargodeck/base.h"

static void formats_times(void **state)
{
	(void)state;
	char out[32];
	clock_format_rfc3339(1763906531204, out, sizeof out);
	assert_string_equal(out, "2025-11-23T14:02:11.204Z");
	assert_int_equal(clock_parse_rfc3339_ns("2025-11-23T14:02:11.204Z"), 1763906531204000000);
	assert_int_equal(clock_parse_rfc3339_ns("2025-11-23T16:02:11.204000001+02:00"), 1763906531204000001);
	assert_int_equal(clock_parse_rfc3339_ns("0001-01-01T00:00:00Z"), -1); /* Docker's "never" */
	assert_int_equal(clock_parse_rfc3339_ns("yesterday"), -1);
}

static void formats_spans(void **state)
{
	(void)state;
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{600000, "0.6 ms"}, {9000000, "9.0 ms"}, {612000000, "612 ms"}, {3100000000, "3.1s"},
		{108000000000, "1m48"}, {7200000000000, "2h"}, {400000000000000, "4d"},
	};
	char out[16];
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		clock_format_span(cases[i].ns, out, sizeof out);
		assert_string_equal(out, cases[i].text);
	}
}

static void formats_amounts(void **state)
{
	(void)state;
	char out[16];
	format_bytes(0, out, sizeof out);
	assert_string_equal(out, "0B");
	format_bytes(24u << 20, out, sizeof out);
	assert_string_equal(out, "24M");
	format_bytes(1288490189, out, sizeof out);
	assert_string_equal(out, "1.2G");
	format_bytes(UINT64_MAX, out, sizeof out);
	assert_string_equal(out, "16E");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_times),
		cmocka_unit_test(formats_spans),
		cmocka_unit_test(formats_amounts),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
