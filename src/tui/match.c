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

/* Does the needle stand at `text`? */
static bool match_here(const char *needle, const char *text, const char *end)
{
	const char *want = needle, *want_end = needle + strlen(needle), *have = text;
	while (want < want_end) {
		wchar_t a, b;
		if (have >= end)
			return false;
		pen_next(&want, want_end, &a);
		pen_next(&have, end, &b);
		if (towlower((wint_t)a) != towlower((wint_t)b))
			return false;
	}
	return true;
}

bool match_find(const char *needle, const char *text)
{
	const char *end = text + strlen(text);
	if (needle[0] == '\0')
		return false;
	if (is_ascii(needle))
		return strcasestr(text, needle) != NULL;
	for (const char *here = text; here < end;) {
		wchar_t letter;
		if (match_here(needle, here, end))
			return true;
		pen_next(&here, end, &letter);
	}
	return false;
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
