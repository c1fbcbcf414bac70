/* logs: a bounded store of log lines: sanitised on the way in, levels and
 * fields found, searched. It knows no engine and no screen; deck feeds it. */
#ifndef CARGODECK_LOGS_H
#define CARGODECK_LOGS_H

#include "cargodeck/base.h"

/* ---- one line, cleaned --------------------------------------------------------- */

enum log_level { LOG_NONE, LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Colour as view.h has it: 0 the terminal's own, 1 + index, 0x1000000 | rgb. */
struct log_span {
	uint32_t at; /* byte in the text from which on this holds */
	uint32_t colour, background;
	uint8_t style; /* 1 bold, 2 dim, 4 italic, 8 underline, 16 reverse */
};

enum { LOG_LINE_LIMIT = 64 * 1024, LOG_SPAN_LIMIT = 256 };

/* Cleans one raw line of anything: valid UTF-8 out (what is none becomes
 * U+FFFD), SGR sequences (ECMA-48, 8.3.117) become spans, every other escape
 * sequence, unterminated ones too, is dropped, a tab becomes blanks to the next
 * eighth column, control letters, bidi controls and zero-width joiners are
 * dropped; a carriage return starts the line over, as a terminal would show it.
 * The text is cut at LOG_LINE_LIMIT with "… N bytes more". `spans` has room for
 * LOG_SPAN_LIMIT; returns how many were set. */
size_t log_clean(const char *raw, size_t len, struct str *text, struct log_span *spans);

/* Finds the level: JSON ("level", "lvl", "severity", "log.level"; numbers of
 * bunyan), logfmt (level=), or a word in capitals near the start (INFO, WARN,
 * ERROR …). One pass over the first 512 bytes; never allocates. */
enum log_level log_level_find(const char *text, size_t len);
const char *log_level_name(enum log_level level);

/* ---- the store --------------------------------------------------------------------- */

/* Lines of one source, in order of arrival, in segments; the oldest segments
 * go when `limit` bytes are passed (what a line costs: its text, its spans and
 * at most 24 bytes of index). Lines are numbered from 0 and keep their number. */
struct log_store;

enum log_kind { LOG_TEXT, LOG_DIVIDER, LOG_GAP };

struct log_line {
	enum log_kind kind;
	int64_t time_ns; /* wall clock; 0: not known */
	enum log_level level;
	bool is_stderr;
	const char *text; /* borrowed until the store is added to or closed */
	size_t len;
	const struct log_span *spans;
	size_t span_count;
};

struct log_store *log_store_open(size_t limit);
void log_store_close(struct log_store *store); /* NULL is fine */
/* Adds a raw line. */
void log_store_add(struct log_store *store, int64_t time_ns, bool is_stderr, const char *raw, size_t len);
/* Adds a divider ("run 3, generation g41") or a gap ("lines may be missing"). */
void log_store_mark(struct log_store *store, enum log_kind kind, int64_t time_ns, const char *text);
uint64_t log_store_first(const struct log_store *store); /* number of the oldest line held */
uint64_t log_store_end(const struct log_store *store); /* one past the newest */
size_t log_store_bytes(const struct log_store *store);
bool log_store_get(const struct log_store *store, uint64_t number, struct log_line *line);
/* Empties it; numbers go on. */
void log_store_clear(struct log_store *store);

/* ---- search ----------------------------------------------------------------------------- */

struct log_pattern;
/* Literal (smart case: a capital letter makes it exact) or a regular expression
 * (PCRE2 with JIT, bounded backtracking). NULL and a fault naming the place. */
struct log_pattern *log_pattern_open(const char *text, bool regular, struct fault *fault);
void log_pattern_close(struct log_pattern *pattern); /* NULL is fine */
/* The first match at or after byte `from`; false: none. */
bool log_pattern_find(struct log_pattern *pattern, const char *text, size_t len, size_t from, size_t *start, size_t *end);
/* The next line that matches, from `number` on, forwards or backwards; false: none. */
bool log_store_search(const struct log_store *store, struct log_pattern *pattern, uint64_t number, bool backwards, uint64_t *found);
/* How many lines match. */
uint64_t log_store_count(const struct log_store *store, struct log_pattern *pattern);

#endif
