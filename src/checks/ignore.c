/* .dockerignore by Docker's own rules: reads the lines as `docker build` does,
 * makes a matcher of each, and says which rule decides about a path. The checks
 * of images and secrets call it. What Docker does is not all in its reference:
 * it cleans a line, makes a regular expression of it and runs that over the path
 * and each folder above. The matcher here knows the same few parts and holds
 * all places in the pattern at once, so that its time is bounded by the length
 * of pattern times path. */
#include "ignore.h"

#include <ctype.h>

enum { MOST_BYTES = 1 << 20, MOST_RULES = 10000, MOST_LINE = 64 << 10, NO_LETTER = 0xfffd, LAST_LETTER = 0x10ffff };

enum part_kind {
	PART_LETTER,
	PART_ONE, /* ?: any but a slash */
	PART_MANY, /* *: any number of those */
	PART_CLASS, /* [...]: a slash too, where it is in it */
	PART_SKIP, /* before PART_FOLDERS: it may be none */
	PART_FOLDERS, /* **: anything up to a slash */
	PART_REST, /* ** at the end: anything */
	PART_START, /* ^: Docker leaves it to the regular expression: nothing stands before it */
};

struct part {
	enum part_kind kind;
	uint32_t letter;
	size_t first, count; /* of a class: its ranges */
	bool negative;
};

struct range {
	uint32_t low, high;
};

/* Docker compares what has no wildcard as text, also where only a ** stands
 * before or behind it: "**b" matches "ab". */
enum match_how { MATCH_EXACT, MATCH_PREFIX, MATCH_SUFFIX, MATCH_PARTS };

struct ignore_matcher {
	enum match_how how;
	ARRAY(struct part) parts;
	ARRAY(struct range) ranges;
};

/* ---- letters ---- */

/* The letter of UTF-8 at *at, which it moves behind; a byte that is none counts
 * as one letter, NO_LETTER. */
static uint32_t next_letter(const char **at, const char *end)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = (unsigned char)*(*at)++;
	size_t count = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 :
		first >= 0xf0 && first < 0xf5 ? 4 : 0;
	if (count == 1)
		return first;
	if (count == 0 || (size_t)(end - *at) < count - 1)
		return NO_LETTER;
	uint32_t letter = first & (0xffu >> (count + 1));
	for (size_t i = 0; i + 1 < count; i++) {
		unsigned char byte = (unsigned char)(*at)[i];
		if ((byte & 0xc0) != 0x80)
			return NO_LETTER;
		letter = letter << 6 | (byte & 0x3f);
	}
	if (letter < least[count] || letter > LAST_LETTER || (letter >= 0xd800 && letter < 0xe000))
		return NO_LETTER;
	*at += count - 1;
	return letter;
}

static bool is_blank(uint32_t letter)
{
	static const uint32_t wide[] = {0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
	if (letter < 0x80)
		return letter == ' ' || (letter >= '\t' && letter <= '\r');
	for (size_t i = 0; i < COUNT_OF(wide); i++)
		if (letter == wide[i])
			return true;
	return letter >= 0x2000 && letter <= 0x200a;
}

/* A copy without blanks (of Unicode) at either end. */
static char *without_blanks(const char *text, const char *end)
{
	const char *from = NULL, *to = text;
	for (const char *at = text; at < end;) {
		const char *letter = at;
		if (is_blank(next_letter(&at, end)))
			continue;
		if (from == NULL)
			from = letter;
		to = at;
	}
	return from != NULL ? mem_copy_bytes(from, (size_t)(to - from)) : mem_copy_string("");
}

/* ---- making a matcher ---- */

static struct part *add_part(struct ignore_matcher *matcher, enum part_kind kind, uint32_t letter)
{
	struct part *part = array_add(&matcher->parts);
	part->kind = kind;
	part->letter = letter;
	return part;
}

/* Behind a backslash only what is no letter and no digit stands for itself: the
 * others are shorthands of regular expressions, or Docker refuses them. */
static bool read_escaped(const char **at, const char *end, uint32_t *letter)
{
	if (*at >= end)
		return false;
	*letter = next_letter(at, end);
	return *letter < 0x80 && !isalnum((int)*letter);
}

/* "[:digit:]" within brackets: adds its ranges. False: there is none of the name. */
static bool add_named(struct ignore_matcher *matcher, const char *name, size_t len)
{
	static const struct {
		const char *name;
		int (*has)(int letter);
	} names[] = {
		{"alnum", isalnum}, {"alpha", isalpha}, {"ascii", isascii}, {"blank", isblank}, {"cntrl", iscntrl}, {"digit", isdigit},
		{"graph", isgraph}, {"lower", islower}, {"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper},
		{"word", isalnum}, {"xdigit", isxdigit},
	};
	bool negative = len > 0 && *name == '^';
	name += negative;
	len -= negative;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (strlen(names[i].name) != len || memcmp(names[i].name, name, len) != 0)
			continue;
		for (int letter = 0; letter < 0x80; letter++) {
			bool has = names[i].has(letter) != 0 || (letter == '_' && text_equal(names[i].name, "word"));
			if (has != negative)
				*array_add(&matcher->ranges) = (struct range){(uint32_t)letter, (uint32_t)letter};
		}
		if (negative)
			*array_add(&matcher->ranges) = (struct range){0x80, LAST_LETTER};
		return true;
	}
	return false;
}

/* A letter within brackets. A bare * or ? is made a part of the expression by
 * Docker, and then the whole matches no name that anybody has. */
static bool read_class_letter(const char **at, const char *end, uint32_t *letter)
{
	if (*at >= end || strchr("-]*?", **at) != NULL)
		return false;
	const char *from = *at;
	*letter = next_letter(at, end);
	if (*letter == '\\')
		return read_escaped(at, end, letter);
	return *letter != NO_LETTER || *at - from > 1;
}

/* What stands behind a [, up to its ]. */
static bool add_class(struct ignore_matcher *matcher, const char **at, const char *end)
{
	struct part class = {.kind = PART_CLASS, .first = matcher->ranges.count, .negative = *at < end && **at == '^'};
	*at += class.negative;
	for (bool is_empty = true; is_empty || *at >= end || **at != ']'; is_empty = false) {
		const char *close = end - *at > 2 && (*at)[0] == '[' && (*at)[1] == ':' ? strstr(*at + 2, ":]") : NULL;
		if (close != NULL) {
			if (!add_named(matcher, *at + 2, (size_t)(close - *at - 2)))
				return false;
			*at = close + 2;
			continue;
		}
		struct range range;
		if (!read_class_letter(at, end, &range.low))
			return false;
		range.high = range.low;
		if (*at < end && **at == '-') {
			++*at;
			if (!read_class_letter(at, end, &range.high) || range.high < range.low)
				return false;
		}
		*array_add(&matcher->ranges) = range;
	}
	++*at;
	class.count = matcher->ranges.count - class.first;
	*array_add(&matcher->parts) = class;
	return true;
}

/* Two stars, with *at behind them. */
static void add_stars(struct ignore_matcher *matcher, const char **at, const char *end, bool is_first)
{
	if (*at < end && **at == '/')
		++*at;
	if (*at < end) {
		add_part(matcher, PART_SKIP, 0);
		add_part(matcher, PART_FOLDERS, 0);
		matcher->how = MATCH_PARTS;
	} else if (matcher->how == MATCH_EXACT) {
		matcher->how = MATCH_PREFIX;
	} else {
		add_part(matcher, PART_REST, 0);
		matcher->how = MATCH_PARTS;
	}
	if (is_first)
		matcher->how = MATCH_SUFFIX; /* until a wildcard follows */
}

static bool add_letter(struct ignore_matcher *matcher, uint32_t letter, const char **at, const char *end)
{
	switch (letter) {
	case '^':
		add_part(matcher, PART_START, letter);
		return true;
	case '*':
		add_part(matcher, PART_MANY, 0);
		break;
	case '?':
		add_part(matcher, PART_ONE, 0);
		break;
	case '[':
		if (!add_class(matcher, at, end))
			return false;
		break;
	case '\\':
		if (!read_escaped(at, end, &letter))
			return false;
		add_part(matcher, PART_LETTER, letter);
		break;
	default:
		add_part(matcher, PART_LETTER, letter);
		if (letter != ']')
			return true;
	}
	matcher->how = MATCH_PARTS;
	return true;
}

static void matcher_close(struct ignore_matcher *matcher)
{
	array_finish(&matcher->parts);
	array_finish(&matcher->ranges);
	free(matcher);
}

/* NULL: Docker refuses the pattern. */
static struct ignore_matcher *matcher_open(const char *pattern)
{
	struct ignore_matcher *matcher = mem_alloc(sizeof *matcher);
	const char *end = pattern + strlen(pattern);
	for (const char *at = pattern; at < end;) {
		bool is_first = at == pattern;
		uint32_t letter = next_letter(&at, end);
		if (letter == '*' && at < end && *at == '*') {
			at++;
			add_stars(matcher, &at, end, is_first);
		} else if (!add_letter(matcher, letter, &at, end)) {
			matcher_close(matcher);
			return NULL;
		}
	}
	return matcher;
}

/* ---- matching ---- */

static bool in_class(const struct ignore_matcher *matcher, const struct part *part, uint32_t letter)
{
	for (size_t i = 0; i < part->count; i++) {
		const struct range *range = &matcher->ranges.items[part->first + i];
		if (letter >= range->low && letter <= range->high)
			return !part->negative;
	}
	return part->negative;
}

/* Marks the place before part `at`, and those that are reached from there
 * without a letter. */
static void reach(const struct ignore_matcher *matcher, bool *places, size_t at, bool is_start)
{
	for (; !places[at]; at++) {
		places[at] = true;
		if (at == matcher->parts.count)
			return;
		enum part_kind kind = matcher->parts.items[at].kind;
		if (kind == PART_SKIP)
			places[++at] = true;
		else if (kind != PART_MANY && kind != PART_REST && !(kind == PART_START && is_start))
			return;
	}
}

/* From the places in `now` over a letter to those in `next`. */
static bool step(const struct ignore_matcher *matcher, const bool *now, bool *next, uint32_t letter)
{
	bool any = false;
	for (size_t i = 0; i < matcher->parts.count; i++) {
		if (!now[i])
			continue;
		const struct part *part = &matcher->parts.items[i];
		size_t to = SIZE_MAX;
		switch (part->kind) {
		case PART_LETTER:
			to = letter == part->letter ? i + 1 : to;
			break;
		case PART_ONE:
			to = letter != '/' ? i + 1 : to;
			break;
		case PART_CLASS:
			to = in_class(matcher, part, letter) ? i + 1 : to;
			break;
		case PART_MANY:
			to = letter != '/' ? i : to;
			break;
		case PART_FOLDERS:
			next[i] = any = true; /* and no further: only a slash leads on */
			to = letter == '/' ? i + 1 : to;
			break;
		case PART_REST:
			to = i;
			break;
		case PART_SKIP:
		case PART_START:
			break;
		}
		if (to == SIZE_MAX)
			continue;
		reach(matcher, next, to, false);
		any = true;
	}
	return any;
}

/* The path, or a folder above it. */
static bool match_parts(const struct ignore_matcher *matcher, const char *path)
{
	bool small[256];
	size_t count = matcher->parts.count + 1;
	auto_free bool *large = 2 * count > COUNT_OF(small) ? mem_alloc(2 * count) : NULL;
	bool *now = large != NULL ? large : small, *next = now + count;
	memset(now, 0, count);
	reach(matcher, now, 0, true);
	const char *end = path + strlen(path);
	for (const char *at = path; at < end;) {
		if (*at == '/' && at > path && now[count - 1])
			return true;
		memset(next, 0, count);
		if (!step(matcher, now, next, next_letter(&at, end)))
			return false;
		bool *old = now;
		now = next;
		next = old;
	}
	return now[count - 1];
}

static bool match_suffix(const char *suffix, const char *path)
{
	size_t len = strlen(suffix);
	bool is_name = suffix[0] == '/'; /* "**" and "/b" matches "b" too */
	for (const char *end = strchrnul(path, '/');; end = strchrnul(end + 1, '/')) {
		size_t have = (size_t)(end - path);
		if (have >= len && memcmp(end - len, suffix, len) == 0)
			return true;
		if (is_name && have == len - 1 && memcmp(path, suffix + 1, have) == 0)
			return true;
		if (*end == '\0')
			return false;
	}
}

static bool rule_matches(const struct ignore_rule *rule, const char *path)
{
	size_t len = strlen(rule->pattern);
	switch (rule->matcher->how) {
	case MATCH_EXACT:
		return strncmp(path, rule->pattern, len) == 0 && (path[len] == '\0' || path[len] == '/');
	case MATCH_PREFIX:
		return strncmp(path, rule->pattern, len - 2) == 0;
	case MATCH_SUFFIX:
		return match_suffix(rule->pattern + 2, path);
	case MATCH_PARTS:
		return match_parts(rule->matcher, path);
	}
	return false;
}

/* ---- reading ---- */

/* Docker cleans a line twice: when it reads the file, "!" aside, and when it
 * makes patterns, "!" with it. So "// a" is the rule "a", "./!a" an exception,
 * and "/" nothing. */
static char *clean_line(const char *line, const char *end)
{
	auto_free char *first = without_blanks(line, end);
	bool is_exception = first[0] == '!';
	auto_free char *bare = without_blanks(first + is_exception, first + strlen(first));
	auto_free char *clean = bare[0] != '\0' ? path_clean(bare) : mem_copy_string("");
	bool is_rooted = clean[0] == '/' && clean[1] != '\0';
	auto_free char *whole = mem_print("%s%s", is_exception ? "!" : "", clean + is_rooted);
	auto_free char *second = without_blanks(whole, whole + strlen(whole));
	return path_clean(second);
}

static void add_line(struct ignore *ignore, const char *line, size_t len, unsigned number)
{
	if (len == 0 || line[0] == '#' || len >= MOST_LINE || memchr(line, '\0', len) != NULL)
		return;
	auto_free char *clean = clean_line(line, line + len);
	bool is_exception = clean[0] == '!';
	const char *pattern = clean + is_exception;
	if (pattern[0] == '\0' || text_equal(pattern, ".") || text_equal(pattern, "/"))
		return;
	struct ignore_matcher *matcher = matcher_open(pattern);
	if (matcher == NULL)
		return;
	struct ignore_rule *rule = array_add(&ignore->rules);
	rule->pattern = mem_copy_string(pattern);
	rule->is_exception = is_exception;
	rule->line = number;
	rule->matcher = matcher;
}

void ignore_read(const char *text, size_t len, struct ignore *ignore)
{
	*ignore = (struct ignore){0};
	if (len > MOST_BYTES)
		for (len = MOST_BYTES; len > 0 && text[len - 1] != '\n'; len--)
			;
	const char *end = text + len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark */
	for (unsigned number = 1; text < end && ignore->rules.count < MOST_RULES; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		add_line(ignore, text, (size_t)(stop - text), number);
		text = stop + (stop < end);
	}
}

void ignore_finish(struct ignore *ignore)
{
	for (size_t i = 0; i < ignore->rules.count; i++) {
		free(ignore->rules.items[i].pattern);
		matcher_close(ignore->rules.items[i].matcher);
	}
	array_finish(&ignore->rules);
}

bool ignore_leaves_out(const struct ignore *ignore, const char *path, unsigned *line)
{
	if (line != NULL)
		*line = 0;
	for (size_t i = ignore->rules.count; i-- > 0;) {
		const struct ignore_rule *rule = &ignore->rules.items[i];
		if (!rule_matches(rule, path))
			continue;
		if (line != NULL)
			*line = rule->line;
		return !rule->is_exception;
	}
	return false;
}
