/* Search in the log: plain text, case folded, some thousand lines a frame so
 * that a long log never holds up a key. Called by log.c while it draws. */
#include "tui.h"

#include <strings.h>
#include <wctype.h>

enum { LINES_A_FRAME = 20000 };

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
}

static bool find_ascii(const char *needle, const char *text, size_t len, size_t from, size_t *at, size_t *end)
{
	size_t need = strlen(needle);
	char first[3] = {lower(needle[0]), (char)(needle[0] >= 'a' && needle[0] <= 'z' ? needle[0] - 32 : needle[0])};
	for (size_t i = from; i + need <= len; i++) {
		if ((text[i] != first[0] && text[i] != first[1]) || strncasecmp(text + i, needle, need) != 0)
			continue;
		*at = i;
		*end = i + need;
		return true;
	}
	return false;
}

/* Does the needle stand at `text`? Returns the bytes that it takes, or 0. */
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

bool log_find(const char *needle, const char *text, size_t len, size_t from, size_t *at, size_t *end)
{
	if (needle[0] == '\0')
		return false;
	if (is_ascii(needle))
		return find_ascii(needle, text, len, from, at, end);
	for (const char *here = text + from; here < text + len;) {
		size_t bytes = match_here(needle, here, text + len);
		if (bytes > 0) {
			*at = (size_t)(here - text);
			*end = *at + bytes;
			return true;
		}
		wchar_t letter;
		pen_next(&here, text + len, &letter);
	}
	return false;
}

static bool line_has(const struct view_log *log, const char *needle, uint64_t number)
{
	struct view_line line;
	size_t at, end;
	return log->line != NULL && log->line(log->data, number, &line) && line.kind == VIEW_LINE_TEXT &&
		log_find(needle, line.text, line.len, 0, &at, &end);
}

/* The stretches that a step looks through, one after the other. Typed: what is
 * seen, then above, then below. Next and previous go round at the ends. */
static bool begin_stretch(struct log_state *state, const struct view_log *log)
{
	uint64_t end = log->first + log->count, hit = state->has_hit ? state->hit : state->shown_top;
	struct {
		uint64_t from, to;
		bool is_up;
	} stretch = {0, 0, false};
	switch (state->step * 4 + state->stretch) {
	case 2 * 4 + 0:
		stretch.from = state->shown_top, stretch.to = state->shown_end;
		break;
	case 2 * 4 + 1:
		stretch.from = log->first, stretch.to = state->shown_top, stretch.is_up = true;
		break;
	case 2 * 4 + 2:
		stretch.from = state->shown_end, stretch.to = end;
		break;
	case 1 * 4 + 0:
		stretch.from = hit + state->has_hit, stretch.to = end;
		break;
	case 1 * 4 + 1:
		stretch.from = log->first, stretch.to = hit + 1;
		break;
	case -1 * 4 + 0:
		stretch.from = log->first, stretch.to = hit, stretch.is_up = true;
		break;
	case -1 * 4 + 1:
		stretch.from = hit, stretch.to = end, stretch.is_up = true;
		break;
	default:
		return false;
	}
	state->look = stretch.from > log->first ? stretch.from : log->first;
	state->look_end = stretch.to < end ? stretch.to : end;
	state->is_up = stretch.is_up;
	state->stretch++;
	return true;
}

static void found(struct tui *tui, const struct view_log *log, uint64_t number)
{
	struct log_state *state = &tui->log;
	uint64_t half = state->rows > 0 ? (uint64_t)state->rows / 2 : 0;
	bool is_seen = number >= state->shown_top && number < state->shown_end;
	state->has_hit = true;
	state->is_missing = false;
	state->hit = number;
	state->step = 0;
	state->is_looking = false;
	if (is_seen)
		return;
	state->is_paused = true;
	state->top = number > log->first + half ? number - half : log->first;
}

void log_search(struct tui *tui, const struct view_log *log)
{
	struct log_state *state = &tui->log;
	if (state->step == 0 || state->needle[0] == '\0') {
		state->step = 0;
		return;
	}
	if (!state->is_looking) {
		state->stretch = 0;
		state->is_looking = true;
		begin_stretch(state, log);
	}
	for (int left = LINES_A_FRAME; left > 0; left--) {
		if (state->look >= state->look_end) {
			if (begin_stretch(state, log))
				continue;
			state->is_missing = true;
			state->is_looking = false;
			state->step = 0;
			return;
		}
		uint64_t number = state->is_up ? --state->look_end : state->look++;
		if (line_has(log, state->needle, number)) {
			found(tui, log, number);
			return;
		}
	}
	tui_wake(tui, false);
}
