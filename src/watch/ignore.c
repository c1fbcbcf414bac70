/* gitignore(5): the patterns of one .gitignore, and whether one of them speaks
 * of a path. Nesting is the caller's: it asks the list of the deepest folder
 * first, and never enters an ignored folder. */
#include "watch.h"

#include <ctype.h>

enum pattern_kind {
	PATTERN_PLAIN, /* nothing special: compared as text */
	PATTERN_SUFFIX, /* a star and plain text */
	PATTERN_GLOB,
};

struct pattern {
	char *text;
	size_t len;
	enum pattern_kind kind;
	bool negative, folder_only;
	bool anchored; /* matched against the path, not the name alone */
};

struct ignore_list {
	ARRAY(struct pattern) patterns;
};

enum { PATTERNS_MAX = 20000 };

/* ---- matching ---- */

static bool in_named_class(const char *name, size_t len, unsigned char letter)
{
	static const struct {
		const char *name;
		int (*has)(int letter);
	} classes[] = {
		{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
		{"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
		{"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
	};
	for (size_t i = 0; i < COUNT_OF(classes); i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0)
			return classes[i].has(letter) != 0;
	return false;
}

/* Matches one letter against the brackets at *at (behind the `[`) and moves
 * *at behind them. An open bracket that is never closed matches nothing. */
static bool match_brackets(const char **at, const char *end, unsigned char letter)
{
	const char *p = *at;
	bool negative = p < end && (*p == '!' || *p == '^'), found = false;
	if (negative)
		p++;
	for (bool first = true; p < end && (*p != ']' || first); first = false) {
		const char *close = p + 1 < end && p[0] == '[' && p[1] == ':' ?
			memmem(p + 2, (size_t)(end - p - 2), ":]", 2) : NULL;
		if (close != NULL) {
			found = found || in_named_class(p + 2, (size_t)(close - p - 2), letter);
			p = close + 2;
			continue;
		}
		if (*p == '\\' && p + 1 < end)
			p++;
		unsigned char low = (unsigned char)*p++, high = low;
		if (p + 1 < end && *p == '-' && p[1] != ']') {
			p += p[1] == '\\' && p + 2 < end ? 2 : 1;
			high = (unsigned char)*p++;
		}
		found = found || (letter >= low && letter <= high);
	}
	if (p >= end)
		return false;
	*at = p + 1;
	return found != negative;
}

/* One part of a path against one part of a pattern. A star that turned out too
 * short takes one letter more; going back to the last star is enough. */
static bool match_part(const char *p, const char *p_end, const char *s, const char *s_end)
{
	const char *star = NULL, *star_text = NULL;
	while (s < s_end) {
		if (p < p_end && *p == '*') {
			star = ++p;
			star_text = s;
			continue;
		}
		bool match = false;
		const char *next = p;
		if (p < p_end && *p == '[') {
			next = p + 1;
			match = match_brackets(&next, p_end, (unsigned char)*s);
		} else if (p < p_end && *p == '?') {
			next = p + 1;
			match = true;
		} else if (p < p_end) {
			if (*p == '\\' && p + 1 < p_end)
				p++;
			next = p + 1;
			match = *p == *s;
		}
		if (match) {
			p = next;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++star_text;
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

/* A whole path, part by part; a part `**` stands for any number of parts. */
static bool match_path(const char *p, const char *s)
{
	const char *stars = NULL, *stars_text = NULL;
	for (;;) {
		const char *p_end = strchrnul(p, '/'), *s_end = strchrnul(s, '/');
		if (p_end - p == 2 && memcmp(p, "**", 2) == 0) {
			if (*p_end == '\0')
				return true; /* everything inside */
			p = stars = p_end + 1;
			stars_text = s;
			continue;
		}
		if (match_part(p, p_end, s, s_end)) {
			if (*p_end == '\0' && *s_end == '\0')
				return true;
			if (*p_end != '\0' && *s_end != '\0') {
				p = p_end + 1;
				s = s_end + 1;
				continue;
			}
		}
		if (stars == NULL)
			return false;
		stars_text = strchrnul(stars_text, '/');
		if (*stars_text == '\0')
			return false;
		s = ++stars_text;
		p = stars;
	}
}

static bool match_pattern(const struct pattern *pattern, const char *path, const char *name, size_t name_len)
{
	const char *text = pattern->text;
	switch (pattern->kind) {
	case PATTERN_PLAIN:
		return strcmp(text, pattern->anchored ? path : name) == 0;
	case PATTERN_SUFFIX:
		return name_len >= pattern->len && memcmp(name + name_len - pattern->len, text, pattern->len) == 0;
	case PATTERN_GLOB:
		break;
	}
	if (pattern->anchored)
		return match_path(text, path);
	return match_part(text, text + pattern->len, name, name + name_len);
}

/* ---- reading ---- */

/* Blanks at the end do not count, unless a backslash stands before them. */
static size_t without_blanks(const char *line, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\\' && i + 1 < len)
			kept = ++i + 1;
		else if (line[i] != ' ')
			kept = i + 1;
	}
	return kept;
}

static void add_line(struct ignore_list *list, const char *line, size_t len)
{
	struct pattern pattern = {0};
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0 || line[0] == '#')
		return;
	len = without_blanks(line, len);
	if (len > 0 && line[0] == '!') {
		pattern.negative = true;
		line++;
		len--;
	}
	if (len > 0 && line[len - 1] == '/') {
		pattern.folder_only = true;
		len--;
	}
	if (len > 0 && line[0] == '/') {
		pattern.anchored = true;
		line++;
		len--;
	}
	if (len == 0 || memchr(line, '\0', len) != NULL || list->patterns.count >= PATTERNS_MAX)
		return;
	pattern.anchored = pattern.anchored || memchr(line, '/', len) != NULL;
	pattern.text = mem_copy_bytes(line, len);
	const char *special = strpbrk(pattern.text, "*?[\\");
	if (special == NULL) {
		pattern.kind = PATTERN_PLAIN;
	} else if (special == pattern.text && *special == '*' && !pattern.anchored &&
		strpbrk(special + 1, "*?[\\") == NULL) {
		pattern.kind = PATTERN_SUFFIX;
		memmove(pattern.text, pattern.text + 1, len--);
	} else {
		pattern.kind = PATTERN_GLOB;
	}
	pattern.len = len;
	*array_add(&list->patterns) = pattern;
}

struct ignore_list *ignore_open(const char *text, size_t len)
{
	struct ignore_list *list = mem_alloc(sizeof *list);
	const char *end = text + len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark */
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		add_line(list, text, (size_t)(stop - text));
		text = stop + 1;
	}
	return list;
}

void ignore_close(struct ignore_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->patterns.count; i++)
		free(list->patterns.items[i].text);
	array_finish(&list->patterns);
	free(list);
}

int ignore_match(const struct ignore_list *list, const char *path, bool is_folder)
{
	const char *name = path_name(path);
	size_t name_len = strlen(name);
	/* the last pattern that matches decides */
	for (size_t i = list->patterns.count; i-- > 0;) {
		const struct pattern *pattern = &list->patterns.items[i];
		if (pattern->folder_only && !is_folder)
			continue;
		if (match_pattern(pattern, path, name, name_len))
			return pattern->negative ? -1 : 1;
	}
	return 0;
}
