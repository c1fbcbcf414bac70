/* Plain text found in plain text, case folded: what the help and the palette
 * search with. */
#include "tui.h"

#include <strings.h>
#include <wctype.h>

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* How many bytes the needle takes at `text`; 0: it does not stand there. */
static size_t match_here(const char *needle, const char *text, const char *end)
{
	const char *want = needle, *want_end = needle + strlen(needle), *have = text;
	while (want < want_end) {
		wchar_t a, b;
		if (have >= end)
			return 0;
		pen_next(&want, want_end, &a);
		pen_next(&have, end, &b);
		if (towlower((wint_t)a) != towlower((wint_t)b))
			return 0;
	}
	return (size_t)(have - text);
}

bool match_place(const char *needle, const char *text, size_t *from, size_t *to)
{
	const char *end = text + strlen(text);
	if (needle[0] == '\0')
		return false;
	if (is_ascii(needle)) {
		const char *here = strcasestr(text, needle);
		*from = here != NULL ? (size_t)(here - text) : 0;
		*to = *from + strlen(needle);
		return here != NULL;
	}
	for (const char *here = text; here < end;) {
		wchar_t letter;
		size_t len = match_here(needle, here, end);
		if (len > 0) {
			*from = (size_t)(here - text);
			*to = *from + len;
			return true;
		}
		pen_next(&here, end, &letter);
	}
	return false;
}

bool match_find(const char *needle, const char *text)
{
	size_t from, to;
	return match_place(needle, text, &from, &to);
}

static bool has_capital(const char *text)
{
	for (const char *end = text + strlen(text); text < end;) {
		wchar_t letter;
		pen_next(&text, end, &letter);
		if (iswupper((wint_t)letter))
			return true;
	}
	return false;
}

bool match_smart(const char *needle, const char *text)
{
	return has_capital(needle) ? strstr(text, needle) != NULL : match_find(needle, text);
}
