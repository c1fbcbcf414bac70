/* Fuzzes the frame splitter: in one piece and in small ones must come to the
 * same, and no byte may come from nowhere. */
#include "cargodeck/engine.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct str all;
};

static void hear(void *data, int stream, const char *bytes, size_t len)
{
	struct heard *heard = data;
	/* one mark a byte: pieces may be cut differently */
	for (size_t i = 0; i < len; i++) {
		str_add_char(&heard->all, (char)('0' + stream));
		str_add_char(&heard->all, bytes[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = {0}, pieces = {0};
	struct frame_splitter a = {0}, b = {0};
	const char *bytes = (const char *)data;
	size_t step = size > 0 ? 1 + data[0] % 13 : 1;
	bool good = frames_feed(&a, bytes, size, hear, &whole), still = true;
	for (size_t at = 0; at < size && still; at += step)
		still = frames_feed(&b, bytes + at, size - at < step ? size - at : step, hear, &pieces);
	if (good != still || whole.all.len != pieces.all.len || whole.all.len > 2 * size)
		abort();
	if (whole.all.len > 0 && memcmp(whole.all.data, pieces.all.data, whole.all.len) != 0)
		abort();
	if (good && (a.left != b.left || a.head_len != b.head_len))
		abort();
	str_finish(&whole.all);
	str_finish(&pieces.all);
	return 0;
}
