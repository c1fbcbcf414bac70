/* Spans as the store keeps them: the distance from the span before, a byte of
 * style with two flags, and colours only where there are some; numbers in
 * seven bits a byte, the lowest first. A line of tracing's has eight spans: 24
 * bytes in place of 128. */
#include "logs.h"

enum { HAS_COLOUR = 0x40, HAS_BACKGROUND = 0x80, STYLES = 0x3f };

static void put_number(struct str *out, uint32_t number)
{
	char bytes[5];
	size_t len = 0;
	for (; number >= 0x80; number >>= 7)
		bytes[len++] = (char)(number | 0x80);
	bytes[len++] = (char)number;
	str_add_bytes(out, bytes, len);
}

static uint32_t take_number(const char **at, const char *end)
{
	uint32_t number = 0;
	for (unsigned shift = 0; *at < end && shift < 32; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;
		number |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	return number;
}

void log_spans_pack(struct str *out, const struct log_span *spans, size_t count)
{
	uint32_t before = 0;
	for (size_t i = 0; i < count; i++) {
		const struct log_span *span = &spans[i];
		put_number(out, span->at - before);
		str_add_char(out, (char)((span->style & STYLES) | (span->colour != 0 ? HAS_COLOUR : 0) |
			(span->background != 0 ? HAS_BACKGROUND : 0)));
		if (span->colour != 0)
			put_number(out, span->colour);
		if (span->background != 0)
			put_number(out, span->background);
		before = span->at;
	}
}

size_t log_spans_unpack(const char *packed, size_t len, struct log_span *spans)
{
	const char *at = packed, *end = packed + len;
	size_t count = 0;
	uint32_t before = 0;
	while (at < end && count < LOG_SPAN_LIMIT) {
		struct log_span *span = &spans[count++];
		before += take_number(&at, end);
		unsigned char style = at < end ? (unsigned char)*at++ : 0;
		*span = (struct log_span){.at = before, .style = style & STYLES};
		if (style & HAS_COLOUR)
			span->colour = take_number(&at, end);
		if (style & HAS_BACKGROUND)
			span->background = take_number(&at, end);
	}
	return count;
}

/* ---- back to SGR (ECMA-48, 8.3.117) ---- */

static void write_colour(struct str *out, unsigned kind, uint32_t colour)
{
	if (colour >= 0x1000000)
		str_print(out, ";%u;2;%u;%u;%u", kind, colour >> 16 & 255, colour >> 8 & 255, colour & 255);
	else if (colour > 0)
		str_print(out, ";%u;5;%u", kind, colour - 1);
}

static void write_sgr(struct str *out, const struct log_span *span)
{
	static const int codes[] = {1, 2, 3, 4, 7};
	str_add(out, "\033[0");
	for (int bit = 0; bit < (int)COUNT_OF(codes); bit++)
		if (span->style & (1 << bit))
			str_print(out, ";%d", codes[bit]);
	write_colour(out, 38, span->colour);
	write_colour(out, 48, span->background);
	str_add_char(out, 'm');
}

void log_spans_write(struct str *out, const char *text, size_t len, const struct log_span *spans, size_t count)
{
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		size_t end = spans[i].at > len ? len : spans[i].at < at ? at : spans[i].at;
		str_add_bytes(out, text + at, end - at);
		write_sgr(out, &spans[i]);
		at = end;
	}
	str_add_bytes(out, text + at, len - at);
	if (count > 0)
		str_add(out, "\033[0m");
}
