/* Cleaning one raw line: bytes of anything in, valid UTF-8 and spans of colour
 * out. One pass; what needs no thought (runs of printable ASCII) is found eight
 * bytes at a time. The sequences are those of ECMA-48; the store calls this for
 * each line that comes in. */
#include "logs.h"

#include <stdio.h>

enum { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_ITALIC = 4, STYLE_UNDERLINE = 8, STYLE_REVERSE = 16 };
enum { PARAM_LIMIT = 32, VALUE_LIMIT = 65535, ESC = 0x1b, BEL = 7, CAN = 0x18, SUB = 0x1a };
enum { SURE_ROOM = LOG_LINE_LIMIT / 2 };

struct pen {
	uint32_t colour, background;
	uint8_t style;
};

struct cleaner {
	struct str *text;
	struct log_span *spans;
	size_t span_count;
	struct pen pen; /* what the line asked for */
	struct pen shown; /* what the last span says */
	size_t column;
	bool restart; /* a carriage return came: the next letter starts over */
	bool endless; /* no end of a string sequence is in the rest of the line */
	bool full;
};

/* ---- letters ---- */

/* How many bytes from `at` on are printable ASCII. */
static size_t plain_run(const unsigned char *at, const unsigned char *end)
{
	const uint64_t ones = 0x0101010101010101u, highs = ones * 0x80;
	const unsigned char *start = at;
	for (; end - at >= 8; at += 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		uint64_t deleted = word ^ ones * 0x7f;
		if (((word | (word - ones * 0x20) | ((deleted - ones) & ~deleted)) & highs) != 0)
			break;
	}
	while (at < end && *at >= 0x20 && *at < 0x7f)
		at++;
	return (size_t)(at - start);
}

/* Length of the valid sequence at `at` (RFC 3629) and its letter; 0: none. */
static size_t decode(const unsigned char *at, const unsigned char *end, uint32_t *letter)
{
	size_t need = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	if (at[0] < 0xc2 || at[0] > 0xf4 || (size_t)(end - at) < need)
		return 0;
	uint32_t value = at[0] & (0x7fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (value < least[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*letter = value;
	return need;
}

struct range {
	uint32_t from, to;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t letter)
{
	for (size_t i = 0; i < count && ranges[i].from <= letter; i++)
		if (letter <= ranges[i].to)
			return true;
	return false;
}

/* Letters without a place of their own that reorder, join or hide others:
 * bidi controls (UAX 9), zero-width spaces and joiners, variation selectors,
 * interlinear marks, tags. */
static bool is_hidden(uint32_t letter)
{
	static const struct range hidden[] = {
		{0x34f, 0x34f}, {0x61c, 0x61c}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},
		{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
	};
	return letter >= hidden[0].from && is_in(hidden, COUNT_OF(hidden), letter);
}

/* Columns, for tabs alone: what is drawn measures for itself. */
static size_t width_of(uint32_t letter)
{
	static const struct range wide[] = {
		{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
		{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1faff}, {0x20000, 0x3fffd},
	};
	static const struct range combining[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}};
	if (is_in(wide, COUNT_OF(wide), letter))
		return 2;
	return is_in(combining, COUNT_OF(combining), letter) ? 0 : 1;
}

/* How many bytes from `at` on are letters of one column and two bytes (Latin,
 * Greek, Cyrillic) or printable ASCII: as fast as it needs to be for whole lines
 * of them. */
static size_t simple_run(const unsigned char *at, const unsigned char *end, size_t *columns)
{
	const unsigned char *start = at;
	for (*columns = 0; at < end; ++*columns) {
		bool two = (*at >= 0xc3 && *at <= 0xcb) || (*at >= 0xce && *at <= 0xd1);
		if (two && end - at >= 2 && (at[1] & 0xc0) == 0x80)
			at += 2;
		else if (*at >= 0x20 && *at < 0x7f)
			at++;
		else
			break;
	}
	return (size_t)(at - start);
}

/* ---- writing ---- */

static void note_pen(struct cleaner *cleaner)
{
	const struct pen *pen = &cleaner->pen, *shown = &cleaner->shown;
	if (pen->colour == shown->colour && pen->background == shown->background && pen->style == shown->style)
		return;
	if (cleaner->span_count == LOG_SPAN_LIMIT)
		return; /* the last one holds to the end */
	cleaner->spans[cleaner->span_count++] = (struct log_span){
		.at = (uint32_t)cleaner->text->len, .colour = pen->colour, .background = pen->background, .style = pen->style};
	cleaner->shown = *pen;
}

/* Puts what has room; returns how many bytes that were. */
static size_t put(struct cleaner *cleaner, const void *bytes, size_t len, size_t columns, bool whole)
{
	if (cleaner->restart) {
		cleaner->restart = cleaner->full = false;
		cleaner->span_count = cleaner->column = 0;
		cleaner->shown = (struct pen){0};
		str_clear(cleaner->text);
	}
	size_t room = LOG_LINE_LIMIT - cleaner->text->len;
	if (len > room) {
		cleaner->full = true;
		if (whole)
			return 0;
		len = columns = room;
	}
	if (len == 0)
		return 0;
	note_pen(cleaner);
	str_add_bytes(cleaner->text, bytes, len);
	cleaner->column += columns;
	return len;
}

static void put_tab(struct cleaner *cleaner)
{
	size_t column = cleaner->restart ? 0 : cleaner->column;
	size_t count = 8 - column % 8;
	put(cleaner, "        ", count, count, true);
}

/* ---- colours: SGR, ECMA-48 8.3.117; colons as in ITU-T T.416 ---- */

struct param {
	uint32_t value;
	bool attached; /* by a colon, to the one before */
};

static size_t read_params(const unsigned char *at, const unsigned char *end, struct param *params)
{
	size_t count = 0;
	bool attached = false;
	for (;; at++) {
		uint32_t value = 0;
		for (; at < end && *at >= '0' && *at <= '9'; at++)
			if (value < VALUE_LIMIT)
				value = value * 10 + (*at - '0');
		params[count++] = (struct param){.value = value, .attached = attached};
		if (at >= end || count == PARAM_LIMIT)
			return count;
		attached = *at == ':';
	}
}

static uint32_t indexed(uint32_t index)
{
	return index < 256 ? 1 + index : 0;
}

static uint32_t true_colour(const struct param *rgb)
{
	if (rgb[0].value > 255 || rgb[1].value > 255 || rgb[2].value > 255)
		return 0;
	return 0x1000000u | rgb[0].value << 16 | rgb[1].value << 8 | rgb[2].value;
}

/* 38, 48 and 58 take more parameters; returns how many. `colour` stays where
 * they make no sense. */
static size_t read_colour(const struct param *params, size_t count, size_t attached, uint32_t *colour)
{
	uint32_t found = 0;
	size_t used = attached > 0 ? attached : count > 1 ? 1 : 0;
	if (used == 0)
		return 0;
	if (params[1].value == 5) {
		used = attached > 0 ? attached : 2;
		if (count > 2 && (attached == 0 || attached >= 2))
			found = indexed(params[2].value);
	} else if (params[1].value == 2) {
		used = attached > 0 ? attached : 4;
		/* 38:2::r:g:b names a colour space, 38:2:r:g:b does not */
		size_t first = attached >= 5 ? 3 : 2;
		if (count > first + 2 && (attached == 0 || attached >= first + 2))
			found = true_colour(params + first);
	}
	if (found != 0)
		*colour = found;
	return used;
}

static void apply_style(struct pen *pen, uint32_t code, bool off)
{
	static const uint8_t on[10] = {[1] = STYLE_BOLD, [2] = STYLE_DIM, [3] = STYLE_ITALIC, [4] = STYLE_UNDERLINE, [7] = STYLE_REVERSE};
	if (code == 0)
		*pen = (struct pen){0};
	else if (code == 21)
		pen->style |= STYLE_UNDERLINE; /* doubly */
	else if (code == 22)
		pen->style &= (uint8_t)~(STYLE_BOLD | STYLE_DIM);
	else if (code < 10)
		pen->style = (uint8_t)(off ? pen->style & ~on[code] : pen->style | on[code]);
	else if (code > 20 && code < 30)
		pen->style &= (uint8_t)~on[code - 20];
	else if (code >= 30 && code <= 37)
		pen->colour = indexed(code - 30);
	else if (code >= 90 && code <= 97)
		pen->colour = indexed(code - 90 + 8);
	else if (code >= 40 && code <= 47)
		pen->background = indexed(code - 40);
	else if (code >= 100 && code <= 107)
		pen->background = indexed(code - 100 + 8);
	else if (code == 39)
		pen->colour = 0;
	else if (code == 49)
		pen->background = 0;
}

static void apply_sgr(struct pen *pen, const unsigned char *at, const unsigned char *end)
{
	struct param params[PARAM_LIMIT];
	size_t count = read_params(at, end, params);
	for (size_t i = 0; i < count; i++) {
		uint32_t unused, code = params[i].value;
		size_t attached = 0;
		while (i + attached + 1 < count && params[i + attached + 1].attached)
			attached++;
		if (code == 38 || code == 48 || code == 58) {
			uint32_t *colour = code == 38 ? &pen->colour : code == 48 ? &pen->background : &unused;
			i += read_colour(params + i, count - i, attached, colour);
			continue;
		}
		apply_style(pen, code, attached > 0 && params[i + 1].value == 0);
		i += attached;
	}
}

/* ---- escape sequences ---- */

/* Each takes the place after the introducer and returns where text goes on. */
static const unsigned char *skip_csi(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	const unsigned char *params = at;
	while (at < end && *at >= 0x30 && *at <= 0x3f)
		at++;
	const unsigned char *params_end = at;
	while (at < end && *at >= 0x20 && *at <= 0x2f)
		at++;
	if (at >= end || *at < 0x40 || *at > 0x7e)
		return at; /* not whole: what was read of it is dropped */
	bool private = params < params_end && *params >= '<';
	if (*at == 'm' && at == params_end && !private)
		apply_sgr(&cleaner->pen, params, params_end);
	return at + 1;
}

/* OSC, DCS, APC, PM, SOS: up to BEL or ST; CAN, SUB and another ESC break it
 * off. Without an end the line would be gone: then only the introducer is. */
static const unsigned char *skip_string(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	for (const unsigned char *seek = at; seek < end && !cleaner->endless; seek++) {
		bool more = seek + 1 < end;
		if (*seek == BEL || *seek == CAN || *seek == SUB)
			return seek + 1;
		if (*seek == ESC)
			return more && seek[1] == '\\' ? seek + 2 : seek;
		if (*seek == 0xc2 && more && seek[1] == 0x9c)
			return seek + 2;
	}
	cleaner->endless = true;
	return at;
}

static const unsigned char *skip_escape(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	if (at >= end)
		return end;
	if (*at == '[')
		return skip_csi(cleaner, at + 1, end);
	if (*at == ']' || *at == 'P' || *at == 'X' || *at == '^' || *at == '_')
		return skip_string(cleaner, at + 1, end);
	while (at < end && *at >= 0x20 && *at <= 0x2f)
		at++;
	return at < end && *at >= 0x30 && *at <= 0x7e ? at + 1 : at;
}

static const unsigned char *skip_c1(struct cleaner *cleaner, uint32_t letter, const unsigned char *at, const unsigned char *end)
{
	if (letter == 0x9b)
		return skip_csi(cleaner, at, end);
	if (letter == 0x90 || letter == 0x98 || letter >= 0x9d)
		return skip_string(cleaner, at, end);
	return at;
}

/* ---- the line ---- */

static const unsigned char *take_control(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	if (*at == ESC)
		return skip_escape(cleaner, at + 1, end);
	if (*at == '\r')
		cleaner->restart = true;
	else if (*at == '\t')
		put_tab(cleaner);
	else if (*at == '\n')
		put(cleaner, " ", 1, 1, true);
	return cleaner->full ? at : at + 1;
}

static const unsigned char *take_letter(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	uint32_t letter;
	if (cleaner->text->len <= SURE_ROOM) {
		size_t columns, left = (size_t)(end - at);
		size_t run = simple_run(at, left > SURE_ROOM ? at + SURE_ROOM : end, &columns);
		if (run > 0)
			return at + put(cleaner, at, run, columns, true);
	}
	size_t len = decode(at, end, &letter);
	if (len == 0)
		return put(cleaner, "\xef\xbf\xbd", 3, 1, true) > 0 ? at + 1 : at;
	if (letter < 0xa0)
		return skip_c1(cleaner, letter, at + len, end);
	if (is_hidden(letter))
		return at + len;
	bool separator = letter == 0x2028 || letter == 0x2029;
	size_t done = separator ? put(cleaner, " ", 1, 1, true) : put(cleaner, at, len, width_of(letter), true);
	return done > 0 ? at + len : at;
}

/* The text is full at `at`. Where a later carriage return starts the line over
 * all before it is of no use; else the rest is only counted. */
static const unsigned char *pass_rest(struct cleaner *cleaner, const unsigned char *at, const unsigned char *end)
{
	const unsigned char *stop = end;
	while (stop > at && stop[-1] == '\r')
		stop--;
	const unsigned char *again = memrchr(at, '\r', (size_t)(stop - at));
	if (again != NULL) {
		cleaner->full = cleaner->endless = false;
		return again;
	}
	str_print(cleaner->text, _("… %zu bytes more"), (size_t)(end - at));
	return end;
}

size_t log_clean(const char *raw, size_t len, struct str *text, struct log_span *spans)
{
	struct cleaner cleaner = {.text = text, .spans = spans};
	const unsigned char *at = (const unsigned char *)raw, *end = at + len;
	str_clear(text);
	while (at < end) {
		size_t run = plain_run(at, end);
		if (run > 0)
			at += put(&cleaner, at, run, run, false);
		else if (*at < 0x80)
			at = take_control(&cleaner, at, end);
		else
			at = take_letter(&cleaner, at, end);
		if (cleaner.full)
			at = pass_rest(&cleaner, at, end);
	}
	return cleaner.span_count;
}
