/* Frames between cargodeck, the agent and the launchers: building them and
 * reading them out of bytes that come in any pieces. Linked into both sides;
 * libc alone. Whatever comes in is hostile: nothing is read past a frame, and
 * a frame longer than the limit ends the conversation. */
#include "cargodeck/deckhand.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct wire_buffer *buffer, size_t more)
{
	if (buffer->len + more <= buffer->cap)
		return true;
	size_t cap = buffer->cap > 0 ? buffer->cap : 512;
	while (cap < buffer->len + more)
		cap *= 2;
	char *data = realloc(buffer->data, cap);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->cap = cap;
	return true;
}

static void put(struct wire_buffer *buffer, const void *bytes, size_t len)
{
	if (len > 0 && make_room(buffer, len)) {
		memcpy(buffer->data + buffer->len, bytes, len);
		buffer->len += len;
	}
}

/* ---- building ---- */

void wire_begin(struct wire_buffer *out, uint8_t type)
{
	out->at = out->len; /* where this frame starts */
	put(out, "\0\0\0\0", 4);
	put(out, &type, 1);
}

void wire_add(struct wire_buffer *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(out, name, strlen(name));
	put(out, "=", 1);
	put(out, value, strlen(value) + 1);
}

void wire_add_number(struct wire_buffer *out, const char *name, int64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	digits[--at] = '\0';
	do
		digits[--at] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (value < 0)
		digits[--at] = '-';
	wire_add(out, name, digits + at);
}

void wire_add_data(struct wire_buffer *out, const void *bytes, size_t len)
{
	put(out, "data=", 5);
	put(out, bytes, len);
}

bool wire_end(struct wire_buffer *out)
{
	size_t len = out->len - out->at - 4;
	if (out->len < out->at + 5 || len > WIRE_FRAME_LIMIT) {
		out->len = out->at;
		return false;
	}
	unsigned char *head = (unsigned char *)out->data + out->at;
	for (int i = 0; i < 4; i++)
		head[i] = (unsigned char)(len >> (8 * i));
	out->at = out->len;
	return true;
}

void wire_buffer_finish(struct wire_buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof *buffer);
}

/* ---- reading ---- */

void wire_feed(struct wire_buffer *in, const void *bytes, size_t len)
{
	/* what was read already goes first */
	if (in->at > 0) {
		memmove(in->data, in->data + in->at, in->len - in->at);
		in->len -= in->at;
		in->at = 0;
	}
	put(in, bytes, len);
}

int wire_next(struct wire_buffer *in, struct wire_frame *frame)
{
	size_t left = in->len - in->at;
	if (left < 4)
		return 0;
	const unsigned char *head = (const unsigned char *)in->data + in->at;
	size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	if (len < 1 || len > WIRE_FRAME_LIMIT)
		return -1;
	if (left < 4 + len)
		return 0;
	frame->type = head[4];
	frame->body = in->data + in->at + 5;
	frame->len = len - 1;
	in->at += 4 + len;
	return 1;
}

/* The end of the fields: where `data=` begins, or the end of the frame. */
static const char *next_field(const struct wire_frame *frame, const char *at, const char **value)
{
	const char *end = frame->body + frame->len;
	if (at >= end || (end - at >= 5 && memcmp(at, "data=", 5) == 0))
		return NULL;
	const char *nul = memchr(at, '\0', (size_t)(end - at));
	const char *equals = nul != NULL ? memchr(at, '=', (size_t)(nul - at)) : NULL;
	if (equals == NULL)
		return NULL;
	*value = equals + 1;
	return nul + 1;
}

const char *wire_each(const struct wire_frame *frame, const char *name, size_t *at)
{
	size_t len = strlen(name);
	const char *field = frame->body + *at, *value, *next;
	for (; (next = next_field(frame, field, &value)) != NULL; field = next) {
		if ((size_t)(value - field - 1) == len && memcmp(field, name, len) == 0) {
			*at = (size_t)(next - frame->body);
			return value;
		}
	}
	return NULL;
}

const char *wire_get(const struct wire_frame *frame, const char *name)
{
	size_t at = 0;
	return frame->len > 0 ? wire_each(frame, name, &at) : NULL;
}

int64_t wire_get_number(const struct wire_frame *frame, const char *name, int64_t otherwise)
{
	const char *text = wire_get(frame, name);
	bool negative = text != NULL && *text == '-';
	if (text == NULL || text[negative] == '\0')
		return otherwise;
	uint64_t value = 0;
	for (const char *at = text + negative; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || value > (uint64_t)INT64_MAX / 10 - 1)
			return otherwise;
		value = value * 10 + (uint64_t)(*at - '0');
	}
	return negative ? -(int64_t)value : (int64_t)value;
}

const char *wire_get_data(const struct wire_frame *frame, size_t *len)
{
	const char *at = frame->body, *end = at + frame->len, *value, *next;
	if (frame->len == 0)
		return NULL;
	while ((next = next_field(frame, at, &value)) != NULL)
		at = next;
	if (end - at < 5 || memcmp(at, "data=", 5) != 0)
		return NULL;
	*len = (size_t)(end - at) - 5;
	return at + 5;
}
