/* Reads what a terminal answers about its ground: "11;rgb:1e1e/1e1e/1e1e"
 * (xterm's control sequences, OSC 11). Called by the decoder. */
#include "keys.h"

enum { PARTS = 3, FULL = 0xffff };

/* One to four hexadecimal digits, scaled to 0 … 0xffff; -1: there are none. */
static long read_part(const char **at, const char *end)
{
	long value = 0, most = 0;
	for (int digits = 0; digits < 4 && *at < end; digits++, (*at)++) {
		char letter = **at;
		int digit = letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 :
			letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
		if (digit < 0)
			break;
		value = value << 4 | digit;
		most = most << 4 | 15;
	}
	return most > 0 ? value * FULL / most : -1;
}

bool ground_read(const char *text, size_t len, bool *is_light)
{
	static const char *const openers[] = {"11;rgb:", "11;rgba:"};
	static const long weights[PARTS] = {2126, 7152, 722}; /* of WCAG's luminance */
	const char *at = NULL, *end = text + len;
	long sum = 0;
	for (size_t i = 0; i < COUNT_OF(openers); i++)
		if (len > strlen(openers[i]) && memcmp(text, openers[i], strlen(openers[i])) == 0)
			at = text + strlen(openers[i]);
	for (int i = 0; i < PARTS; i++) {
		long part = at != NULL ? read_part(&at, end) : -1;
		if (part < 0 || (i < PARTS - 1 && (at == end || *at++ != '/')))
			return false;
		sum += part * weights[i];
	}
	*is_light = sum > 10000l * FULL / 2;
	return true;
}
