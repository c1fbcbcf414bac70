/* Inside the room logs: what its files share: how the store holds its lines. */
#ifndef CARGODECK_LOGS_INSIDE_H
#define CARGODECK_LOGS_INSIDE_H

#include "cargodeck/logs.h"

/* One line's index: 16 bytes. Its text reaches to the NUL before the next
 * line's, its packed spans to where the next line's begin. */
struct log_entry {
	int64_t time_ns;
	uint32_t at : 24; /* of its text in the segment */
	uint32_t level : 3;
	uint32_t kind : 2;
	uint32_t is_stderr : 1;
	uint32_t spans_at : 24; /* of its packed spans */
	uint32_t source : 8; /* 0: none; else its place in the store's sources, from 1 */
};

/* A block of lines: text grows from the front, each line with a NUL behind
 * (no text holds one), the index from the back. */
struct log_segment {
	char *block;
	size_t size;
	size_t text_len;
	uint64_t first; /* number of its first line */
	size_t count;
	struct str spans; /* packed; most lines have none */
};

struct log_store {
	size_t limit, segment_size;
	uint64_t identity;
	ARRAY(struct log_segment) segments;
	size_t closed_bytes; /* of all segments but the last */
	uint64_t end;
	struct log_segment spare; /* the block of a segment that went, for the next */
	struct str text; /* the line being cleaned */
	struct log_span spans[LOG_SPAN_LIMIT];
	struct log_given *given;
	struct strings sources; /* names */
};

const struct log_entry *log_segment_entry(const struct log_segment *segment, size_t index);
/* The line's text; `len` is set. */
const char *log_segment_text(const struct log_segment *segment, size_t index, size_t *len);
/* Index of the segment that holds the line; it is held. */
size_t log_store_segment(const struct log_store *store, uint64_t number);

/* ---- search.c ---- */
/* The first line of [from, to) in a segment that matches, by index. */
bool log_pattern_seek(struct log_pattern *pattern, const struct log_segment *segment, size_t from, size_t to, size_t *found);

/* ---- json.c: JSON as it stands in a line, cut where the line was ---- */
struct log_part {
	const char *text;
	size_t len;
};
bool log_part_is(struct log_part part, const char *word); /* ASCII case folded */
/* The next pair of an object, *at behind its brace or the pair before; a text
 * value has its quotes. False: no more, or it is no JSON. */
bool log_json_next(const char **at, const char *end, struct log_part *key, struct log_part *value);
struct log_part log_json_unquoted(struct log_part value); /* a text value without its quotes */

/* Packs spans behind `out`, mostly three bytes each, and reads them back. */
void log_spans_pack(struct str *out, const struct log_span *spans, size_t count);
size_t log_spans_unpack(const char *packed, size_t len, struct log_span *spans);

#endif
