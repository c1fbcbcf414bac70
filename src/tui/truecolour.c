/* True colour on terminals whose description knows 256 colours: each colour
 * that is wanted takes one of the numbers 16 to 255, curses draws with that
 * number, and in the frame that it made the number is written as red, green and
 * blue. Holds which number stands for what. Called by paint.c and term.c. */
#include "tui.h"

enum { FIRST = 16, NUMBERS = 256 };

static long far_apart(uint32_t a, uint32_t b)
{
	long sum = 0;
	for (int shift = 0; shift < 24; shift += 8) {
		long step = (long)(a >> shift & 0xff) - (long)(b >> shift & 0xff);
		sum += step * step;
	}
	return sum;
}

void truecolour_reset(struct truecolour *colours)
{
	colours->count = 0;
}

int truecolour_number(struct truecolour *colours, uint32_t rgb)
{
	unsigned best = 0;
	for (unsigned i = 0; i < colours->count; i++) {
		if (far_apart(colours->rgb[i], rgb) < far_apart(colours->rgb[best], rgb))
			best = i;
		if (colours->rgb[i] == rgb)
			return (int)(FIRST + i);
	}
	if (colours->count == COUNT_OF(colours->rgb))
		return (int)(FIRST + best); /* all are taken: the nearest stands for it */
	colours->rgb[colours->count] = rgb;
	return (int)(FIRST + colours->count++);
}

/* One parameter of a sequence; *at moves behind it and its semicolon. */
static unsigned read_parameter(const char **at, const char *end)
{
	unsigned number = 0;
	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
		number = number < 1000 ? number * 10 + (unsigned)(**at - '0') : number;
	*at += *at < end && **at == ';';
	return number;
}

/* "38;5;20" becomes "38;2;R;G;B", "48;5;20" likewise; the rest stays. */
static void write_parameters(const struct truecolour *colours, const char *at, const char *end, struct str *out)
{
	const char *between = "";
	while (at < end) {
		const char *from = at;
		unsigned kind = read_parameter(&at, end);
		size_t len = (size_t)(at - from) - (at > from && at[-1] == ';');
		const char *next = at;
		unsigned number = 0;
		bool is_index = (kind == 38 || kind == 48) && read_parameter(&next, end) == 5 && next < end;
		if (is_index)
			number = read_parameter(&next, end);
		str_add(out, between);
		between = ";";
		if (is_index && number >= FIRST && number - FIRST < colours->count) {
			uint32_t rgb = colours->rgb[number - FIRST];
			str_print(out, "%u;2;%u;%u;%u", kind, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
			at = next;
		} else if (is_index) {
			str_print(out, "%u;5;%u", kind, number);
			at = next;
		} else {
			str_add_bytes(out, from, len);
			if (at == from)
				return; /* a sign that is no parameter */
		}
	}
}

void truecolour_write(const struct truecolour *colours, const char *bytes, size_t len, struct str *out)
{
	const char *at = bytes, *end = bytes + len;
	while (at < end) {
		const char *esc = memchr(at, 27, (size_t)(end - at));
		if (esc == NULL)
			esc = end;
		str_add_bytes(out, at, (size_t)(esc - at));
		at = esc;
		if (esc == end)
			break;
		const char *last = esc + 2;
		while (last < end && ((*last >= '0' && *last <= '9') || *last == ';'))
			last++;
		if (end - esc > 2 && esc[1] == '[' && last < end && *last == 'm') {
			str_add(out, "\033[");
			write_parameters(colours, esc + 2, last, out);
			str_add_char(out, 'm');
			at = last + 1;
		} else {
			str_add_char(out, 27);
			at = esc + 1;
		}
	}
}
