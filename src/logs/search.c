/* Search: a pattern, literal or regular, on one line or over a store. Literal
 * text is sought over whole segments at once; a regular expression is tried
 * line by line. Backtracking is bounded, and a search may be asked for in steps
 * of bounded time, so that a screen stays quick. The only file that knows pcre2. */
#include "logs.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A line that needs more is given up; so many lines end the pattern. */
enum { MATCH_LIMIT = 100000, GIVE_UP_AFTER = 200, LINES_A_LOOK = 16 };

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

/* The last one: a literal is sought forwards, ever on. */
static bool seek_last(struct log_pattern *pattern, const struct log_segment *segment, size_t from, size_t to, size_t *found)
{
	if (pattern->regular) {
		for (size_t i = to; i > from; i--) {
			if (!line_matches(pattern, segment, i - 1))
				continue;
			*found = i - 1;
			return true;
		}
		return false;
	}
	bool any = false;
	while (from < to && log_pattern_seek(pattern, segment, from, to, found)) {
		any = true;
		from = *found + 1;
	}
	return any;
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

enum log_step log_store_search_step(const struct log_store *store, struct log_pattern *pattern, uint64_t *number, bool backwards,
	uint64_t budget_ns)
{
	uint64_t first = log_store_first(store), end = log_store_end(store), until = budget_ns > 0 ? clock_now_ns() + budget_ns : UINT64_MAX;
	if (*number < first && !backwards)
		*number = first;
	if (*number >= end && backwards)
		*number = end - 1; /* where nothing is held it is below `first`, or wraps round */
	size_t lines = pattern->regular ? LINES_A_LOOK : SIZE_MAX;
	while (*number >= first && *number < end) {
		const struct log_segment *segment = &store->segments.items[log_store_segment(store, *number)];
		size_t at = (size_t)(*number - segment->first), found;
		size_t from = backwards ? (at + 1 > lines ? at + 1 - lines : 0) : at;
		size_t to = backwards ? at + 1 : segment->count - at > lines ? at + lines : segment->count;
		if (backwards ? seek_last(pattern, segment, from, to, &found) : log_pattern_seek(pattern, segment, from, to, &found)) {
			*number = segment->first + found;
			return LOG_FOUND;
		}
		*number = backwards ? segment->first + from - 1 : segment->first + to;
		if (*number < end && *number >= first && clock_now_ns() >= until)
			return LOG_MORE;
	}
	return LOG_NONE_LEFT;
}

bool log_store_search(const struct log_store *store, struct log_pattern *pattern, uint64_t number, bool backwards, uint64_t *found)
{
	*found = number;
	return log_store_search_step(store, pattern, found, backwards, 0) == LOG_FOUND;
}

bool log_store_count_step(const struct log_store *store, struct log_pattern *pattern, uint64_t *number, uint64_t budget_ns, uint64_t *count)
{
	uint64_t until = budget_ns > 0 ? clock_now_ns() + budget_ns : UINT64_MAX;
	for (;;) {
		uint64_t now = budget_ns > 0 ? clock_now_ns() : 0;
		if (now >= until)
			return false;
		enum log_step step = log_store_search_step(store, pattern, number, false, budget_ns > 0 ? until - now : 0);
		if (step != LOG_FOUND)
			return step == LOG_NONE_LEFT;
		++*number;
		++*count;
	}
}

uint64_t log_store_count(const struct log_store *store, struct log_pattern *pattern)
{
	uint64_t number = 0, count = 0;
	log_store_count_step(store, pattern, &number, 0, &count);
	return count;
}
