/* Fuzzes the frames between cargodeck, its agent and the launchers: bytes in any
 * pieces (the first byte says how large), every way of reading a field; and
 * what is built from them must be read back as it was. */
#include "cargodeck/deckhand.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool lies_in(const struct wire_frame *frame, const char *at, size_t len)
{
	return at >= frame->body && at + len <= frame->body + frame->len;
}

static void read_fields(const struct wire_frame *frame)
{
	static const char *const names[] = {"id", "path", "arg", "generation", "", "data"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t at = 0, count = 0;
		const char *value, *first = wire_get(frame, names[i]);
		while (frame->len > 0 && (value = wire_each(frame, names[i], &at)) != NULL) {
			require(lies_in(frame, value, strlen(value) + 1));
			require(count > 0 || value == first);
			count++;
		}
		require((count > 0) == (first != NULL));
		int64_t number = wire_get_number(frame, names[i], -7);
		require(first != NULL || number == -7);
	}
	size_t len = 0;
	const char *bytes = wire_get_data(frame, &len);
	require(bytes == NULL || (lies_in(frame, bytes, len) && bytes + len == frame->body + frame->len));
}

/* A frame with the bytes as its data, and a number and a text made of them. */
static void build_and_read(const uint8_t *data, size_t size)
{
	struct wire_buffer out = {0}, in = {0};
	struct wire_frame frame;
	char text[32] = {0};
	int64_t number = 0;
	memcpy(&number, data, size < sizeof number ? size : sizeof number);
	number /= 16; /* numbers have room for eighteen digits */
	memcpy(text, data, size < sizeof text - 1 ? size : sizeof text - 1);
	wire_begin(&out, 200);
	wire_add_number(&out, "number", number);
	wire_add(&out, "text", text);
	wire_add(&out, "none", NULL);
	wire_add_data(&out, data, size);
	require(wire_end(&out));
	wire_feed(&in, out.data, out.len);
	require(wire_next(&in, &frame) == 1 && frame.type == 200);
	require(wire_get_number(&frame, "number", -1) == number);
	require(strcmp(wire_get(&frame, "text"), text) == 0 && wire_get(&frame, "none") == NULL);
	size_t len = 0;
	const char *bytes = wire_get_data(&frame, &len);
	require(bytes != NULL && len == size && memcmp(bytes, data, size) == 0);
	require(wire_next(&in, &frame) == 0);
	wire_buffer_finish(&out);
	wire_buffer_finish(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_buffer in = {0};
	struct wire_frame frame;
	int result = 0;
	if (size == 0 || size > WIRE_FRAME_LIMIT / 2)
		return 0;
	size_t piece = data[0] > 0 ? data[0] : 1;
	for (size_t at = 1; at < size && result >= 0; at += piece) {
		size_t len = size - at < piece ? size - at : piece;
		wire_feed(&in, data + at, len);
		while ((result = wire_next(&in, &frame)) == 1)
			read_fields(&frame);
	}
	wire_buffer_finish(&in);
	build_and_read(data + 1, size - 1);
	return 0;
}
