/* Which lines of a store are wanted: by least level, by patterns that must or
 * must not be in them. One bit a line, in blocks with a running count, so that
 * the nth wanted line and the place of a line are found at once. It is built in
 * steps, from the newest line down, and follows what is added and dropped. */
#include "logs.h"

enum {
	BLOCK_LINES = 512, WORDS = BLOCK_LINES / 64,
	LOOK_BACK = 64, /* lines, for the level that a line goes on with */
	NEAR_NS = 5000000,
	LINES_A_LOOK = 64, REGULAR_LINES_A_LOOK = 16,
	SOURCES = 256,
};

/* Room on both sides: what is older than the line begun with comes below it. */
static const uint64_t place_begin = (uint64_t)1 << 48;

struct block {
	uint64_t before; /* the place of its first wanted line */
	uint64_t bits[WORDS];
};

/* The last line of each source and stream, for lines that go on with it. */
struct carry {
	uint64_t at; /* the line that it holds for */
	struct log_last last[SOURCES][2]; /* stdout, stderr */
};

struct log_index {
	enum log_level least;
	bool with_marks;
	struct sought {
		char *text;
		bool regular;
		bool is_within; /* a literal that stands within one word: no rendering brings it forth */
		struct log_pattern *pattern;
	} include, exclude, needle;
	uint64_t identity; /* the store's */
	ARRAY(struct block) blocks;
	uint64_t base; /* blocks.items[0] is this block of the store */
	uint64_t first; /* the store's first line, as it was last */
	uint64_t low, high; /* looked at are low … high - 1 */
	uint64_t end_place;
	struct block part; /* the block below `low`, being looked at */
	uint64_t part_at; /* the next line of it; 0: not begun */
	struct carry up, down;
	struct str rendered;
};

/* ---- one line ---- */

static const struct log_entry *entry_of(const struct log_store *store, uint64_t number, const char **text, size_t *len)
{
	const struct log_segment *segment = &store->segments.items[log_store_segment(store, number)];
	size_t index = (size_t)(number - segment->first);
	*text = log_segment_text(segment, index, len);
	return log_segment_entry(segment, index);
}

enum log_level log_level_after(struct log_last *last, enum log_level level, int64_t time_ns, const char *text)
{
	int64_t passed = time_ns - last->time_ns;
	bool goes_on = text[0] == ' ' || (time_ns > 0 && passed >= 0 && passed <= NEAR_NS);
	if (level == LOG_NONE && goes_on)
		level = last->level;
	*last = (struct log_last){.time_ns = time_ns, .level = level};
	return level != LOG_NONE ? level : LOG_INFO;
}

static enum log_level level_after(struct carry *carry, const struct log_entry *entry, const char *text)
{
	if (entry->kind == LOG_TEXT)
		return log_level_after(&carry->last[entry->source][entry->is_stderr], entry->level, entry->time_ns, text);
	memset(carry->last, 0, sizeof carry->last);
	return LOG_NONE;
}

static void bring_carry(struct carry *carry, const struct log_store *store, uint64_t number)
{
	uint64_t first = log_store_first(store);
	if (carry->at == number)
		return;
	memset(carry->last, 0, sizeof carry->last);
	for (uint64_t i = number > first + LOOK_BACK ? number - LOOK_BACK : first; i < number; i++) {
		size_t len;
		const char *text;
		const struct log_entry *entry = entry_of(store, i, &text, &len);
		level_after(carry, entry, text);
	}
	carry->at = number;
}

/* ---- up to 64 lines at once: a bit for each, the first is the lowest ---- */

static uint64_t pass_level(const struct log_index *index, struct carry *carry, const struct log_store *store, uint64_t from, uint64_t to,
	uint64_t *marks)
{
	uint64_t bits = 0;
	if (index->least != LOG_NONE)
		bring_carry(carry, store, from);
	for (uint64_t number = from; number < to; number++) {
		size_t len;
		const char *text;
		const struct log_entry *entry = entry_of(store, number, &text, &len);
		bool passes = entry->kind == LOG_TEXT;
		if (index->least != LOG_NONE)
			passes = level_after(carry, entry, text) >= index->least && passes;
		bits |= (uint64_t)passes << (number - from);
		*marks |= (uint64_t)(entry->kind != LOG_TEXT) << (number - from);
	}
	carry->at = to;
	return bits;
}

/* What a person reads of a line that is JSON is looked through, too. */
static bool match_rendered_line(struct log_pattern *pattern, const char *text, size_t len, struct str *rendered)
{
	size_t start, end;
	return text[0] == '{' && log_json_render(text, len, rendered) &&
		log_pattern_find(pattern, str_text(rendered), rendered->len, 0, &start, &end);
}

static uint64_t match_rendered(struct log_index *index, const struct sought *sought, const struct log_store *store, uint64_t from,
	uint64_t to, uint64_t found)
{
	for (uint64_t number = from; number < to; number++) {
		size_t len;
		const char *text;
		if ((found >> (number - from) & 1) != 0)
			continue;
		entry_of(store, number, &text, &len);
		if (sought->is_within && memchr(text, '\\', len) == NULL)
			continue; /* nothing is written otherwise than it is read */
		if (match_rendered_line(sought->pattern, text, len, &index->rendered))
			found |= (uint64_t)1 << (number - from);
	}
	return found;
}

static uint64_t match(struct log_index *index, const struct sought *sought, const struct log_store *store, uint64_t from, uint64_t to)
{
	uint64_t bits = 0;
	for (uint64_t number = from; number < to;) {
		const struct log_segment *segment = &store->segments.items[log_store_segment(store, number)];
		uint64_t end = segment->first + segment->count < to ? segment->first + segment->count : to;
		size_t at = (size_t)(number - segment->first), stop = (size_t)(end - segment->first), found;
		while (at < stop && log_pattern_seek(sought->pattern, segment, at, stop, &found)) {
			bits |= (uint64_t)1 << (segment->first + found - from);
			at = found + 1;
		}
		number = end;
	}
	return match_rendered(index, sought, store, from, to, bits);
}

static uint64_t look(struct log_index *index, struct carry *carry, const struct log_store *store, uint64_t from, uint64_t to)
{
	uint64_t marks = 0, bits = pass_level(index, carry, store, from, to, &marks);
	if (bits != 0 && index->include.pattern != NULL)
		bits &= match(index, &index->include, store, from, to);
	if (bits != 0 && index->exclude.pattern != NULL)
		bits &= ~match(index, &index->exclude, store, from, to);
	if (bits != 0 && index->needle.pattern != NULL)
		bits &= match(index, &index->needle, store, from, to);
	return bits | (index->with_marks ? marks : 0);
}

static bool gave_up(const struct log_pattern *pattern)
{
	return pattern != NULL && log_pattern_gave_up(pattern);
}

bool log_index_gave_up(const struct log_index *index)
{
	return gave_up(index->include.pattern) || gave_up(index->exclude.pattern) || gave_up(index->needle.pattern);
}

/* The end of what is looked at together from `from` on: within one word. */
static uint64_t look_end(const struct log_index *index, uint64_t from, uint64_t end)
{
	bool regular = index->include.regular || index->exclude.regular || index->needle.regular;
	/* a pattern that backtracks without end takes its time with each line */
	uint64_t lines = log_index_gave_up(index) ? 1 : regular ? REGULAR_LINES_A_LOOK : LINES_A_LOOK, to = (from / lines + 1) * lines;
	return to < end ? to : end;
}

static unsigned count_bits(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* ---- blocks ---- */

static struct block *block_of(const struct log_index *index, uint64_t number)
{
	return &index->blocks.items[number / BLOCK_LINES - index->base];
}

static void begin(struct log_index *index, const struct log_store *store)
{
	uint64_t from = log_store_end(store) / BLOCK_LINES * BLOCK_LINES;
	index->identity = log_store_identity(store);
	index->first = log_store_first(store);
	if (from < index->first)
		from = index->first; /* few lines are held */
	index->blocks.count = 0;
	index->base = index->first / BLOCK_LINES;
	while (index->base + index->blocks.count <= from / BLOCK_LINES)
		array_add(&index->blocks);
	index->low = index->high = from;
	index->end_place = block_of(index, from)->before = place_begin;
	index->part_at = 0;
	index->up.at = index->down.at = UINT64_MAX;
}

static void drop(struct log_index *index, uint64_t first)
{
	index->first = first;
	if (index->low < first)
		index->low = first;
	if (index->high < first)
		index->high = first; /* more came than is held */
	uint64_t gone = first / BLOCK_LINES - index->base;
	if (gone > index->blocks.count)
		gone = index->blocks.count;
	if (gone < 64 || gone < index->blocks.count / 2)
		return;
	index->blocks.count -= gone;
	memmove(index->blocks.items, index->blocks.items + gone, index->blocks.count * sizeof *index->blocks.items);
	index->base += gone;
}

static void look_up(struct log_index *index, const struct log_store *store)
{
	uint64_t from = index->high, to = look_end(index, from, log_store_end(store));
	while (from / BLOCK_LINES >= index->base + index->blocks.count)
		array_add(&index->blocks)->before = index->end_place;
	uint64_t bits = look(index, &index->up, store, from, to);
	block_of(index, from)->bits[from % BLOCK_LINES / 64] |= bits << from % 64;
	index->end_place += count_bits(bits);
	index->high = to;
}

static void look_down(struct log_index *index, const struct log_store *store)
{
	uint64_t start = (index->low - 1) / BLOCK_LINES * BLOCK_LINES;
	uint64_t end = index->low < start + BLOCK_LINES ? index->low : start + BLOCK_LINES;
	if (index->part_at == 0 || index->part_at < start || index->part_at >= end) {
		index->part = (struct block){0};
		index->part_at = start;
	}
	if (index->part_at < index->first)
		index->part_at = index->first;
	uint64_t from = index->part_at, to = look_end(index, from, end);
	index->part.bits[from % BLOCK_LINES / 64] |= look(index, &index->down, store, from, to) << from % 64;
	index->part_at = to;
	if (to < end)
		return;
	index->part.before = index->blocks.items[end / BLOCK_LINES - index->base].before;
	for (size_t i = 0; i < WORDS; i++)
		index->part.before -= count_bits(index->part.bits[i]);
	*block_of(index, start) = index->part;
	index->part_at = 0;
	index->low = start > index->first ? start : index->first;
}

/* ---- public ---- */

static bool set_pattern(const struct log_wanted *wanted, struct sought *sought, struct fault *fault)
{
	if (wanted->text == NULL || wanted->text[0] == '\0')
		return true;
	sought->text = mem_copy_string(wanted->text);
	sought->regular = wanted->regular;
	sought->is_within = !wanted->regular && strpbrk(wanted->text, " =:\"") == NULL;
	sought->pattern = log_pattern_open(wanted->text, wanted->regular, fault);
	return sought->pattern != NULL;
}

bool log_line_has(struct log_pattern *pattern, const char *text, size_t len)
{
	auto_str rendered = {0};
	size_t start, end;
	return log_pattern_find(pattern, text, len, 0, &start, &end) || match_rendered_line(pattern, text, len, &rendered);
}

struct log_index *log_index_open(const struct log_wish *wish, struct fault *fault)
{
	struct log_index *index = mem_alloc(sizeof *index);
	index->least = wish->least;
	index->with_marks = wish->with_marks;
	if (set_pattern(&wish->include, &index->include, fault) && set_pattern(&wish->exclude, &index->exclude, fault) &&
		set_pattern(&wish->needle, &index->needle, fault))
		return index;
	log_index_close(index);
	return NULL;
}

void log_index_close(struct log_index *index)
{
	if (index == NULL)
		return;
	log_pattern_close(index->include.pattern);
	log_pattern_close(index->exclude.pattern);
	log_pattern_close(index->needle.pattern);
	free(index->include.text);
	free(index->exclude.text);
	free(index->needle.text);
	array_finish(&index->blocks);
	str_finish(&index->rendered);
	free(index);
}

bool log_index_step(struct log_index *index, const struct log_store *store, uint64_t budget_ns)
{
	uint64_t until = budget_ns > 0 ? clock_now_ns() + budget_ns : UINT64_MAX, end = log_store_end(store), first = log_store_first(store);
	if (index->identity != log_store_identity(store) || end < index->high)
		begin(index, store);
	if (first > index->first)
		drop(index, first);
	while (index->high < end || index->low > index->first) {
		if (index->high < end)
			look_up(index, store);
		else
			look_down(index, store);
		if (budget_ns > 0 && clock_now_ns() >= until)
			return index->high >= end && index->low <= index->first;
	}
	return true;
}

uint64_t log_index_place(const struct log_index *index, uint64_t number)
{
	if (number < index->low)
		number = index->low;
	if (number >= index->high || index->blocks.count == 0)
		return index->end_place;
	const struct block *block = block_of(index, number);
	uint64_t place = block->before;
	size_t word = number % BLOCK_LINES / 64;
	for (size_t i = 0; i < word; i++)
		place += count_bits(block->bits[i]);
	return place + count_bits(block->bits[word] & (((uint64_t)1 << number % 64) - 1));
}

uint64_t log_index_first(const struct log_index *index)
{
	return log_index_place(index, index->low);
}

uint64_t log_index_end(const struct log_index *index)
{
	return index->end_place;
}

uint64_t log_index_number(const struct log_index *index, uint64_t place)
{
	if (place >= index->end_place || place < log_index_first(index))
		return index->high;
	size_t low = index->low / BLOCK_LINES - index->base, high = index->blocks.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (index->blocks.items[middle].before <= place)
			low = middle;
		else
			high = middle;
	}
	const struct block *block = &index->blocks.items[low];
	uint64_t left = place - block->before;
	size_t word = 0;
	for (; word + 1 < WORDS && left >= count_bits(block->bits[word]); word++)
		left -= count_bits(block->bits[word]);
	uint64_t bits = block->bits[word];
	for (; left > 0; left--)
		bits &= bits - 1;
	return (index->base + low) * BLOCK_LINES + word * 64 + (unsigned)__builtin_ctzll(bits);
}

uint64_t log_index_low(const struct log_index *index)
{
	return index->low;
}

static bool is_wanted(const struct log_wanted *wanted, const char *text, bool regular)
{
	const char *want = wanted->text != NULL ? wanted->text : "";
	return strcmp(want, text != NULL ? text : "") == 0 && (want[0] == '\0' || wanted->regular == regular);
}

bool log_index_is(const struct log_index *index, const struct log_wish *wish)
{
	return index->least == wish->least && index->with_marks == wish->with_marks &&
		is_wanted(&wish->include, index->include.text, index->include.regular) &&
		is_wanted(&wish->exclude, index->exclude.text, index->exclude.regular) &&
		is_wanted(&wish->needle, index->needle.text, index->needle.regular);
}
