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

/* Cleans one raw line of anything into `text`, which is emptied first: valid
 * UTF-8 out (each byte that is part of none becomes U+FFFD), SGR sequences
 * (ECMA-48, 8.3.117) become spans, every other escape sequence is dropped, in
 * its C1 form (U+0080 to U+009F) too. A control sequence that is not whole is
 * dropped as far as it goes; of a string sequence (OSC, DCS, APC, PM, SOS)
 * without an end only the introducer is, so that nobody can hide the rest of a
 * line. A tab becomes blanks to the next eighth column, a newline or a Unicode
 * line separator one blank; control letters, bidi controls, zero-width joiners
 * and variation selectors are dropped. What follows a carriage return starts
 * the line over, as a progress line on a terminal does. The text holds no NUL.
 * It is cut at LOG_LINE_LIMIT with "… N bytes more" behind; N counts the raw
 * bytes. `spans` has room for LOG_SPAN_LIMIT; returns how many were set; before
 * the first one the terminal's own colours hold. Never more than one pass. */
size_t log_clean(const char *raw, size_t len, struct str *text, struct log_span *spans);

/* Writes a cleaned line with its spans as SGR sequences, the terminal's own colours
 * at the end; without spans the text alone. */
void log_spans_write(struct str *out, const char *text, size_t len, const struct log_span *spans, size_t count);

/* Finds the level of a cleaned line: JSON ("level", "lvl", "severity",
 * "log.level", "levelname", {"log":{"level"}}; numbers of bunyan and pino), a
 * word in capitals near the start (INFO, WARN, ERROR …; Postgres' LOG and
 * FATAL), one between brackets ([error], nginx), one that opens the line with a
 * colon behind (warning:, error[E0308]:), logfmt (level=), glog's first letter
 * (I1123 …), a panic of Rust. Fatal, critical and the like count as error. One
 * pass over the first 512 bytes; never allocates. */
enum log_level log_level_find(const char *text, size_t len);
const char *log_level_name(enum log_level level);

/* A line that is a JSON object, as programs with structured logs write it, as a
 * person reads it: "target: message key=value …", less time and level, which are
 * shown anyway; the fields of tracing-subscriber and those of flat writers (slog,
 * pino, bunyan, zap). False: it is none, or says nothing; `out` (which is emptied
 * first) is clean text. One pass, a microsecond for a usual line. */
bool log_json_render(const char *text, size_t len, struct str *out);

/* ---- the store --------------------------------------------------------------------- */

/* Lines of one source, in order of arrival, in segments; the oldest segments
 * go when `limit` bytes are passed. A line costs its text and a NUL, 16 bytes of
 * index, and mostly three bytes a span. Lines are numbered from 0 and keep their
 * number. At least the newest segment is held, however small the limit. */
struct log_store;

enum log_kind { LOG_TEXT, LOG_DIVIDER, LOG_GAP };

struct log_line {
	enum log_kind kind;
	int64_t time_ns; /* wall clock; 0: not known */
	enum log_level level;
	bool is_stderr;
	const char *source; /* whose line, in a store of several; NULL: not told; lives as long as the store */
	const char *text; /* NUL-terminated; borrowed until the store is added to, cleared or closed */
	size_t len;
	const struct log_span *spans; /* as the text, and until LOG_GIVEN_KEEP more lines were got; NULL: none */
	size_t span_count;
};

/* Spans are unpacked when a line is got: that many lines' are kept at a time. */
enum { LOG_GIVEN_KEEP = 1024 };

struct log_store *log_store_open(size_t limit);
void log_store_close(struct log_store *store); /* NULL is fine */
/* Adds a raw line (without its newline): cleaned, its level found. time_ns 0:
 * not known. Takes under a microsecond for lines as people write them. */
void log_store_add(struct log_store *store, int64_t time_ns, bool is_stderr, const char *raw, size_t len);
/* Adds a line of another store, which is cleaned, as one of `source` (NULL: of
 * nobody in particular; more than 255 sources are not told apart). */
void log_store_copy(struct log_store *store, const char *source, const struct log_line *line);
/* Adds a divider ("run 3, generation g41") or a gap ("lines may be missing") as
 * a line of its own; the text is cleaned. No search finds it. */
void log_store_mark(struct log_store *store, enum log_kind kind, int64_t time_ns, const char *text);
uint64_t log_store_first(const struct log_store *store); /* number of the oldest line held */
uint64_t log_store_end(const struct log_store *store); /* one past the newest */
size_t log_store_bytes(const struct log_store *store); /* what it takes, to be held against the limit */
/* False: there is no such line (any more); `line` is empty then. */
bool log_store_get(const struct log_store *store, uint64_t number, struct log_line *line);
/* Empties it; numbers go on. */
void log_store_clear(struct log_store *store);
/* Tells it from every other store, also from one that had its address before. */
uint64_t log_store_identity(const struct log_store *store);
/* The first line that was written at `time_ns` or later, by bisection (times rise,
 * but for a few); the end where all are older. */
uint64_t log_store_at_time(const struct log_store *store, int64_t time_ns);

/* ---- search ----------------------------------------------------------------------------- */

struct log_pattern;
/* Literal or a regular expression (PCRE2 with JIT, bounded backtracking). Both
 * have smart case: without a capital letter case is folded, one makes it exact.
 * NULL and a fault (FAULT_USAGE) naming the place: wrong, empty, or with a line
 * break in it. */
struct log_pattern *log_pattern_open(const char *text, bool regular, struct fault *fault);
void log_pattern_close(struct log_pattern *pattern); /* NULL is fine */
/* The first match at or after byte `from`, never an empty one; false: none (or
 * the text is not valid UTF-8). */
bool log_pattern_find(struct log_pattern *pattern, const char *text, size_t len, size_t from, size_t *start, size_t *end);
/* Lines were given up because the pattern backtracks too much; it is worth a
 * sentence ("the pattern is too hard for some lines"). After 200 of them it
 * matches nothing more. */
bool log_pattern_gave_up(const struct log_pattern *pattern);

/* ---- index: which lines are wanted -------------------------------------------------------- */

struct log_wanted {
	const char *text; /* NULL or empty: none */
	bool regular;
};

/* The pattern is in the line as it was written, or where that is JSON in what
 * log_json_render() makes of it. */
bool log_line_has(struct log_pattern *pattern, const char *text, size_t len);

/* The line before on the same stream of the same source; `{0}`: there is none. */
struct log_last {
	int64_t time_ns;
	enum log_level level;
};
/* The level that counts for a line, which is the last one then: a line without
 * one goes on with that of the line before, where it is indented or came within
 * 5 ms (a backtrace), else it counts as LOG_INFO. */
enum log_level log_level_after(struct log_last *last, enum log_level level, int64_t time_ns, const char *text);

/* All of it must hold; see log_level_after() and log_line_has(). */
struct log_wish {
	enum log_level least; /* LOG_NONE: any */
	struct log_wanted include, exclude;
	struct log_wanted needle; /* as include: what is searched for in what is filtered */
	bool with_marks; /* dividers and gaps pass, whatever else is asked */
};

/* The lines that pass have places, in their order, without holes; the place of a
 * line never changes. A bit a line is kept, and what goes from the store goes here. */
struct log_index;
/* NULL and a fault (FAULT_USAGE): one of the patterns is wrong. */
struct log_index *log_index_open(const struct log_wish *wish, struct fault *fault);
void log_index_close(struct log_index *index); /* NULL is fine */
bool log_index_is(const struct log_index *index, const struct log_wish *wish); /* it was opened with the same */
/* Looks at lines for about budget_ns (0: at all): new ones first, then from the
 * newest down. True: every line held was looked at. Another store than before
 * starts it over. */
bool log_index_step(struct log_index *index, const struct log_store *store, uint64_t budget_ns);
uint64_t log_index_first(const struct log_index *index); /* place of the oldest line found so far */
uint64_t log_index_end(const struct log_index *index); /* one past that of the newest */
uint64_t log_index_low(const struct log_index *index); /* lines from this number on were looked at */
/* Number of the line at a place from first to end - 1. */
uint64_t log_index_number(const struct log_index *index, uint64_t place);
/* The first place whose line has this number or a later one; the end: none. */
uint64_t log_index_place(const struct log_index *index, uint64_t number);
bool log_index_gave_up(const struct log_index *index); /* see log_pattern_gave_up() */

#endif
