/* The store of one source's lines: segments of text with an index of 16 bytes a
 * line, bounded by bytes; the oldest segments go first, and the block of the
 * last one that went is used again. deck adds to it and reads from it. */
#include "logs.h"

enum { SEGMENT_MOST = 256 * 1024, SEGMENT_LEAST = 4096, SOURCES_MOST = 255 };

/* Spans that were given out, unpacked: the newest LOG_GIVEN_KEEP of them. */
struct log_given {
	struct log_span *kept[LOG_GIVEN_KEEP];
	size_t next;
};

/* ---- segments ---- */

static struct log_entry *entry_at(const struct log_segment *segment, size_t index)
{
	return (struct log_entry *)(void *)(segment->block + segment->size) - index - 1;
}

const struct log_entry *log_segment_entry(const struct log_segment *segment, size_t index)
{
	return entry_at(segment, index);
}

const char *log_segment_text(const struct log_segment *segment, size_t index, size_t *len)
{
	size_t at = entry_at(segment, index)->at;
	size_t next = index + 1 < segment->count ? entry_at(segment, index + 1)->at : segment->text_len;
	*len = next - at - 1;
	return segment->block + at;
}

static size_t room_in(const struct log_segment *segment)
{
	return segment->size - segment->text_len - segment->count * sizeof(struct log_entry);
}

static size_t bytes_used(const struct log_segment *segment)
{
	return segment->text_len + segment->count * sizeof(struct log_entry) + segment->spans.len;
}

static size_t bytes_taken(const struct log_segment *segment)
{
	return segment->size + segment->spans.cap;
}

static void free_segment(struct log_segment *segment)
{
	free(segment->block);
	str_finish(&segment->spans);
	*segment = (struct log_segment){0};
}

static void drop_oldest(struct log_store *store)
{
	struct log_segment *oldest = &store->segments.items[0];
	store->closed_bytes -= bytes_taken(oldest);
	if (store->spare.block == NULL && oldest->size == store->segment_size) {
		store->spare.block = steal(&oldest->block);
		store->spare.size = oldest->size;
	}
	free_segment(oldest);
	array_remove(&store->segments, 0);
}

/* What a segment took for its spans beyond their length is given back. */
static void close_last(struct log_store *store)
{
	struct log_segment *last = &store->segments.items[store->segments.count - 1];
	if (last->spans.len == 0) {
		str_finish(&last->spans);
	} else {
		last->spans.data = mem_resize(last->spans.data, last->spans.len + 1);
		last->spans.cap = last->spans.len + 1;
	}
	store->closed_bytes += bytes_taken(last);
}

static void bound(struct log_store *store)
{
	while (store->segments.count > 1 && log_store_bytes(store) > store->limit)
		drop_oldest(store);
}

/* The last segment, a new one where `need` bytes have no room in it. */
static struct log_segment *segment_for(struct log_store *store, size_t need)
{
	if (store->segments.count > 0) {
		struct log_segment *last = &store->segments.items[store->segments.count - 1];
		if (room_in(last) >= need)
			return last;
		close_last(store);
	}
	struct log_segment *made = array_add(&store->segments);
	made->first = store->end;
	made->size = store->segment_size;
	if (need > made->size)
		made->size = (need + sizeof(struct log_entry) - 1) / sizeof(struct log_entry) * sizeof(struct log_entry);
	if (made->size == store->spare.size && store->spare.block != NULL)
		made->block = steal(&store->spare.block);
	else
		made->block = mem_resize(NULL, made->size);
	return made;
}

size_t log_store_segment(const struct log_store *store, uint64_t number)
{
	size_t low = 0, high = store->segments.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (store->segments.items[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* ---- adding ---- */

static void add(struct log_store *store, struct log_entry entry, const struct log_span *spans, size_t span_count)
{
	const struct str *text = &store->text;
	struct log_segment *segment = segment_for(store, text->len + 1 + sizeof entry);
	entry.at = (uint32_t)segment->text_len & 0xffffff;
	entry.spans_at = (uint32_t)segment->spans.len & 0xffffff;
	if (text->len > 0)
		memcpy(segment->block + segment->text_len, text->data, text->len);
	segment->block[segment->text_len + text->len] = '\0';
	segment->text_len += text->len + 1;
	*entry_at(segment, segment->count++) = entry;
	log_spans_pack(&segment->spans, spans, span_count);
	store->end++;
	bound(store);
}

static void forget_given(struct log_given *given)
{
	for (size_t i = 0; i < LOG_GIVEN_KEEP && given->kept[i] != NULL; i++)
		free(steal(&given->kept[i]));
	given->next = 0;
}

/* ---- public ---- */

struct log_store *log_store_open(size_t limit)
{
	struct log_store *store = mem_alloc(sizeof *store);
	store->limit = limit;
	store->identity = clock_now_ns();
	size_t size = limit / 16 / SEGMENT_LEAST * SEGMENT_LEAST;
	store->segment_size = size < SEGMENT_LEAST ? SEGMENT_LEAST : size > SEGMENT_MOST ? SEGMENT_MOST : size;
	store->given = mem_alloc(sizeof *store->given);
	return store;
}

void log_store_close(struct log_store *store)
{
	if (store == NULL)
		return;
	log_store_clear(store);
	free(store->spare.block);
	free(store->given);
	array_finish(&store->segments);
	strings_finish(&store->sources);
	str_finish(&store->text);
	free(store);
}

void log_store_add(struct log_store *store, int64_t time_ns, bool is_stderr, const char *raw, size_t len)
{
	size_t spans = log_clean(raw, len, &store->text, store->spans);
	enum log_level level = log_level_find(str_text(&store->text), store->text.len);
	add(store, (struct log_entry){.time_ns = time_ns, .level = level & 7, .kind = LOG_TEXT, .is_stderr = is_stderr}, store->spans, spans);
}

static unsigned source_number(struct log_store *store, const char *source)
{
	for (size_t i = 0; source != NULL && i < store->sources.count; i++)
		if (strcmp(store->sources.items[i], source) == 0)
			return (unsigned)i + 1;
	if (source == NULL || store->sources.count >= SOURCES_MOST)
		return 0;
	strings_add(&store->sources, source);
	return (unsigned)store->sources.count;
}

void log_store_copy(struct log_store *store, const char *source, const struct log_line *line)
{
	str_clear(&store->text);
	str_add_bytes(&store->text, line->text, line->len);
	add(store, (struct log_entry){.time_ns = line->time_ns, .level = line->level & 7, .kind = line->kind & 3, .is_stderr = line->is_stderr,
		.source = source_number(store, source) & 255}, line->spans, line->span_count);
}

void log_store_mark(struct log_store *store, enum log_kind kind, int64_t time_ns, const char *text)
{
	size_t spans = log_clean(text, strlen(text), &store->text, store->spans);
	add(store, (struct log_entry){.time_ns = time_ns, .kind = kind & 3}, store->spans, spans);
}

uint64_t log_store_first(const struct log_store *store)
{
	return store->segments.count > 0 ? store->segments.items[0].first : store->end;
}

uint64_t log_store_end(const struct log_store *store)
{
	return store->end;
}

size_t log_store_bytes(const struct log_store *store)
{
	if (store->segments.count == 0)
		return 0;
	return store->closed_bytes + bytes_used(&store->segments.items[store->segments.count - 1]);
}

bool log_store_get(const struct log_store *store, uint64_t number, struct log_line *line)
{
	*line = (struct log_line){0};
	if (number < log_store_first(store) || number >= store->end)
		return false;
	const struct log_segment *segment = &store->segments.items[log_store_segment(store, number)];
	size_t index = (size_t)(number - segment->first);
	const struct log_entry *entry = entry_at(segment, index);
	line->kind = entry->kind;
	line->time_ns = entry->time_ns;
	line->level = entry->level;
	line->is_stderr = entry->is_stderr;
	line->source = entry->source > 0 ? store->sources.items[entry->source - 1] : NULL;
	line->text = log_segment_text(segment, index, &line->len);
	size_t from = entry->spans_at;
	size_t to = index + 1 < segment->count ? entry_at(segment, index + 1)->spans_at : segment->spans.len;
	if (to == from)
		return true;
	struct log_span spans[LOG_SPAN_LIMIT];
	struct log_given *given = store->given;
	struct log_span **place = &given->kept[given->next++ % LOG_GIVEN_KEEP];
	line->span_count = log_spans_unpack(segment->spans.data + from, to - from, spans);
	*place = mem_resize(*place, line->span_count * sizeof *spans);
	memcpy(*place, spans, line->span_count * sizeof *spans);
	line->spans = *place;
	return true;
}

void log_store_clear(struct log_store *store)
{
	for (size_t i = 0; i < store->segments.count; i++)
		free_segment(&store->segments.items[i]);
	store->segments.count = 0;
	store->closed_bytes = 0;
	forget_given(store->given);
}

uint64_t log_store_identity(const struct log_store *store)
{
	return store->identity;
}

/* The time of the line or of the next one that has one; INT64_MAX: none has. */
static int64_t time_from(const struct log_store *store, uint64_t number, uint64_t end)
{
	for (; number < end; number++) {
		const struct log_segment *segment = &store->segments.items[log_store_segment(store, number)];
		int64_t time_ns = entry_at(segment, (size_t)(number - segment->first))->time_ns;
		if (time_ns != 0)
			return time_ns;
	}
	return INT64_MAX;
}

uint64_t log_store_at_time(const struct log_store *store, int64_t time_ns)
{
	uint64_t low = log_store_first(store), high = store->end;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (time_from(store, middle, high) < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
