/* Fuzzes what a run of tests may write, read as libtest's and as nextest's. */
#include "cargodeck/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_failed(void *data, const struct test_failure *failure)
{
	size_t *bytes = data;
	*bytes += strlen(failure->name) + strlen(failure->output);
	for (const char *at = failure->output; *at != '\0'; at++)
		if (*at == '\033')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int format = TEST_LIBTEST; format <= TEST_NEXTEST; format++) {
		size_t bytes = 0;
		unsigned passed, failed;
		struct test_reader *reader = test_reader_open((enum test_format)format, "/root", on_failed, &bytes);
		for (const char *at = (const char *)data, *end = at + size; at < end;) {
			const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
			test_reader_line(reader, at, (size_t)(stop - at));
			at = stop + (newline != NULL);
		}
		test_reader_end(reader);
		test_reader_counts(reader, &passed, &failed);
		test_reader_close(reader);
	}
	auto_str out = {0};
	output_add_clean(&out, (const char *)data, size, true);
	return 0;
}
