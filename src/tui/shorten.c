/* Makes shorter what curses wrote for a frame, without another meaning: a step
 * to the next row is one byte (the terminal is raw: a line feed only goes
 * down), and a reset of colours before a reset of everything is left out. Over
 * ssh, and all day, it is bytes that count. Holds nothing; called by term.c. */
#include "tui.h"

static const char reset_all[] = "\033[m", charset_reset[] = "\033(B\033[m", colour_reset[] = "\033[39;49m";

static bool begins(const char *at, const char *end, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(end - at) >= len && memcmp(at, text, len) == 0;
}

/* Colours are reset, then everything: the second does it alone. Letters of
 * another set are never chosen, so that nothing has to be chosen back. Returns
 * how many bytes that is; 0: it is not. */
static size_t reset_len(const char *at, const char *end)
{
	const char *from = at;
	if (begins(at, end, colour_reset))
		at += strlen(colour_reset);
	if (begins(at, end, charset_reset))
		return (size_t)(at - from) + strlen(charset_reset);
	return at > from && begins(at, end, reset_all) ? (size_t)(at - from) + strlen(reset_all) : 0;
}

/* "\033[12;34H", "\033[12d": where the row is given. The bytes that it takes;
 * 0: it is another sequence. */
static size_t row_len(const char *at, const char *end, unsigned *row, bool *is_row_alone)
{
	const char *from = at;
	if (!begins(at, end, "\033["))
		return 0;
	*row = 0;
	for (at += 2; at < end && *at >= '0' && *at <= '9' && *row < 100000; at++)
		*row = *row * 10 + (unsigned)(*at - '0');
	*is_row_alone = at < end && *at == 'd';
	if (*is_row_alone)
		return (size_t)(at + 1 - from);
	while (at < end && ((*at >= '0' && *at <= '9') || *at == ';'))
		at++;
	if (at == end || *at != 'H')
		return 0;
	*row = *row > 0 ? *row : 1;
	return (size_t)(at + 1 - from);
}

/* Sequences that leave the row as it is: colours, columns, erasing; modes of
 * the cursor. */
static bool keeps_row(const char *at, const char *end)
{
	if (end - at < 3 || at[1] != '[')
		return false;
	for (at += 2; at < end && ((*at >= '0' && *at <= ';') || *at == '?'); at++)
		;
	return at < end && strchr("mGCDKXPb@", *at) != NULL;
}

void shorten(const char *bytes, size_t len, struct str *out)
{
	const char *at = bytes, *end = bytes + len;
	unsigned here = 0, row; /* 0: not known */
	while (at < end) {
		bool is_row_alone;
		if (*at != 27) {
			/* letters, backspace and carriage return stay in their row */
			here = (unsigned char)*at < ' ' && *at != '\b' && *at != '\r' ? 0 : here;
			str_add_char(out, *at++);
			continue;
		}
		size_t take = reset_len(at, end);
		if (take > 0) {
			str_add(out, reset_all);
			at += take;
			continue;
		}
		take = row_len(at, end, &row, &is_row_alone);
		if (take > 0 && is_row_alone && here > 0 && row == here + 1)
			str_add_char(out, '\n');
		else if (take > 0)
			str_add_bytes(out, at, take);
		if (take > 0) {
			here = row;
			at += take;
			continue;
		}
		here = keeps_row(at, end) ? here : 0;
		str_add_char(out, *at++);
	}
}
