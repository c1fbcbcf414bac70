/* Fuzzy search: the typed letters stand in a name in this order. The more of
 * them in a row and at the beginnings of words, the better. Holds nothing;
 * called by the palette. */
#include "tui.h"

#include <limits.h>

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

int fuzzy_score(const char *typed, const char *text, unsigned char at[FUZZY_MOST])
{
	int score = 0, run = 0;
	size_t hits = 0, i = 0;
	bool is_start = true;
	for (; *typed != '\0' && text[i] != '\0'; i++) {
		if (lower(*typed) == lower(text[i])) {
			score += 2 + (is_start ? 6 : 0) + 3 * run++;
			if (at != NULL && hits < FUZZY_MOST && i <= UCHAR_MAX)
				at[hits++] = (unsigned char)i;
			typed++;
		} else {
			run = 0;
			score--;
		}
		is_start = text[i] == '-' || text[i] == ' ';
	}
	int sum = score + 100 - (int)strlen(text);
	return *typed != '\0' ? -1 : sum > 0 ? sum : 0;
}
