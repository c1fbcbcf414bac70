/* Search: a pattern, literal or regular, on one line or on many of a segment.
 * Literal text is sought over all of them at once; a regular expression is tried
 * line by line, and its backtracking is bounded. index.c looks through a store
 * with it. The only file that knows pcre2. */
#include "logs.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A line that needs more is given up; so many lines end the pattern. */
enum { MATCH_LIMIT = 100000, GIVE_UP_AFTER = 200 };

struct log_pattern {
	bool regular;
	char *exact; /* sought with memmem, else the code is run */
	size_t exact_len;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	bool jit;
	uint64_t given_up;
};

/* ---- making ---- */

/* Of the scripts whose capitals come in blocks; it decides on smart case alone. */
static bool is_capital(uint32_t letter)
{
	return (letter >= 'A' && letter <= 'Z') || (letter >= 0xc0 && letter <= 0xde && letter != 0xd7) ||
		(letter >= 0x391 && letter <= 0x3a9) || (letter >= 0x400 && letter <= 0x42f);
}

static bool has_capital(const char *text, bool regular)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		if (regular && *at == '\\' && at[1] != '\0') {
			at++; /* \W, \S and such name no letter */
			continue;
		}
		uint32_t letter = *at;
		if ((*at & 0xe0) == 0xc0 && (at[1] & 0xc0) == 0x80)
			letter = (uint32_t)(*at & 0x1f) << 6 | (at[1] & 0x3f);
		if (is_capital(letter) && (letter < 0x80 || *at >= 0xc0))
			return true;
	}
	return false;
}

static bool compile(struct log_pattern *pattern, const char *text, bool fold, struct fault *fault)
{
	int code;
	PCRE2_SIZE at;
	uint32_t options = PCRE2_UTF | (fold ? PCRE2_CASELESS : 0) | (pattern->regular ? PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C : PCRE2_LITERAL);
	pattern->code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &code, &at, NULL);
	if (pattern->code == NULL) {
		PCRE2_UCHAR why[256] = "";
		pcre2_get_error_message(code, why, sizeof why);
		auto_str clean = {0};
		text_add_clean(&clean, text, strlen(text) < 200 ? strlen(text) : 200, false);
		fault_set(fault, FAULT_USAGE, "the pattern \"%s\" is wrong at letter %zu: %s", str_text(&clean), (size_t)at + 1, (const char *)why);
		return fault_mend(fault, "put a backslash before a letter that is meant as itself, or search for literal text");
	}
	pattern->match = pcre2_match_data_create(1, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (pattern->match == NULL || pattern->context == NULL)
		abort(); /* memory is out */
	pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
	pcre2_set_heap_limit(pattern->context, 4096);
	pattern->jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
	return true;
}

/* ---- one match ---- */

/* `text` is valid UTF-8 where `valid` says so; else it is looked at first. */
static bool run(struct log_pattern *pattern, const char *text, size_t len, size_t from, uint32_t options, bool valid,
	size_t *start, size_t *end)
{
	if (pattern->given_up >= GIVE_UP_AFTER)
		return false;
	int found;
	if (valid && pattern->jit)
		found = pcre2_jit_match(pattern->code, (PCRE2_SPTR)text, len, from, options, pattern->match, pattern->context);
	else
		found = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, from, options | (valid ? PCRE2_NO_UTF_CHECK : 0), pattern->match,
			pattern->context);
	if (found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_JIT_STACKLIMIT || found == PCRE2_ERROR_DEPTHLIMIT ||
		found == PCRE2_ERROR_HEAPLIMIT)
		pattern->given_up++;
	if (found < 0)
		return false;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(pattern->match);
	*start = at[0] < at[1] ? at[0] : at[1]; /* \K may turn them round */
	*end = at[1];
	return true;
}

static bool find_exact(const struct log_pattern *pattern, const char *text, size_t len, size_t from, size_t *start)
{
	const char *found = memmem(text + from, len - from, pattern->exact, pattern->exact_len);
	*start = found != NULL ? (size_t)(found - text) : 0;
	return found != NULL;
}

/* ---- a segment ---- */

/* Index of the line that holds byte `at` of the text. */
static size_t line_at(const struct log_segment *segment, size_t at)
{
	size_t low = 0, high = segment->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (log_segment_entry(segment, middle)->at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t text_from(const struct log_segment *segment, size_t index)
{
	return index < segment->count ? log_segment_entry(segment, index)->at : segment->text_len;
}

static bool is_text(const struct log_segment *segment, size_t index)
{
	return log_segment_entry(segment, index)->kind == LOG_TEXT;
}

/* Literal: the first line of [from, to) that matches. No pattern holds a NUL,
 * so that no match reaches from one line into the next. */
static bool seek_literal(struct log_pattern *pattern, const struct log_segment *segment, size_t from, size_t to, size_t *found)
{
	size_t stop = text_from(segment, to), at = text_from(segment, from), start, end;
	while (at < stop) {
		bool there = pattern->exact != NULL ? find_exact(pattern, segment->block, stop, at, &start)
			: run(pattern, segment->block, stop, at, 0, true, &start, &end);
		if (!there)
			return false;
		size_t line = line_at(segment, start);
		if (is_text(segment, line)) {
			*found = line;
			return true;
		}
		at = text_from(segment, line + 1);
	}
	return false;
}

static bool line_matches(struct log_pattern *pattern, const struct log_segment *segment, size_t index)
{
	size_t len, start, end;
	const char *text = log_segment_text(segment, index, &len);
	return is_text(segment, index) && run(pattern, text, len, 0, 0, true, &start, &end);
}

static bool seek_regular(struct log_pattern *pattern, const struct log_segment *segment, size_t from, size_t to, size_t *found)
{
	for (size_t i = from; i < to; i++) {
		if (!line_matches(pattern, segment, i))
			continue;
		*found = i;
		return true;
	}
	return false;
}

bool log_pattern_seek(struct log_pattern *pattern, const struct log_segment *segment, size_t from, size_t to, size_t *found)
{
	return pattern->regular ? seek_regular(pattern, segment, from, to, found) : seek_literal(pattern, segment, from, to, found);
}

/* ---- public ---- */

struct log_pattern *log_pattern_open(const char *text, bool regular, struct fault *fault)
{
	if (text[0] == '\0') {
		fault_set(fault, FAULT_USAGE, "there is nothing to search for");
		fault_mend(fault, "type a word or a pattern");
		return NULL;
	}
	if (strpbrk(text, "\r\n") != NULL) {
		fault_set(fault, FAULT_USAGE, "a search cannot reach over the end of a line");
		fault_mend(fault, "search for a part of one line");
		return NULL;
	}
	struct log_pattern *pattern = mem_alloc(sizeof *pattern);
	bool fold = !has_capital(text, regular);
	pattern->regular = regular;
	if (!regular && !fold) {
		pattern->exact = mem_copy_string(text);
		pattern->exact_len = strlen(text);
		return pattern;
	}
	if (!compile(pattern, text, fold, fault)) {
		log_pattern_close(pattern);
		return NULL;
	}
	return pattern;
}

void log_pattern_close(struct log_pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	pcre2_match_data_free(pattern->match);
	pcre2_match_context_free(pattern->context);
	free(pattern->exact);
	free(pattern);
}

bool log_pattern_find(struct log_pattern *pattern, const char *text, size_t len, size_t from, size_t *start, size_t *end)
{
	while (from < len && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	if (from >= len)
		return false;
	if (pattern->exact == NULL)
		return run(pattern, text, len, from, PCRE2_NOTEMPTY, false, start, end);
	if (!find_exact(pattern, text, len, from, start))
		return false;
	*end = *start + pattern->exact_len;
	return true;
}

bool log_pattern_gave_up(const struct log_pattern *pattern)
{
	return pattern->given_up > 0;
}
