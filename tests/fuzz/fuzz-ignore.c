/* Fuzzes the reading of .dockerignore: the first line of the input is the path. */
#include "../../src/checks/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_copy_bytes((const char *)data, size);
	char *rest = memchr(text, '\n', size);
	struct ignore ignore;
	unsigned line = 0;
	if (rest == NULL)
		return 0;
	*rest++ = '\0';
	ignore_read(rest, size - (size_t)(rest - text), &ignore);
	bool is_out = ignore_leaves_out(&ignore, text, &line);
	if (is_out && line == 0)
		abort(); /* some rule must have decided */
	ignore_finish(&ignore);
	return 0;
}
