/* Unified diffs, for people to look at: what is written is written elsewhere.
 * Lines are compared by their longest common part between the lines that are
 * equal at both ends. Called by the rooms that change files of a project. */
#include "cargodeck/base.h"

enum { MOST_CELLS = 4000000, CONTEXT = 3 };

struct line {
	const char *text, *shown;
	size_t len, shown_len;
};
struct lines { struct line *items; size_t count, cap; };

/* A line of the result: of the old text, of the new one, or of both. */
struct step {
	char mark;
	const struct line *line;
};
struct steps { struct step *items; size_t count, cap; };

/* ---- parts ---- */

static void put_head(struct str *out, const char *path, bool is_new)
{
	auto_str clean = {0};
	text_add_clean(&clean, path, strlen(path), false);
	str_print(out, "--- %s%s\n+++ b/%s\n", is_new ? "/dev/null" : "a/", is_new ? "" : str_text(&clean), str_text(&clean));
}

static void put_line(struct str *out, char mark, const char *text, size_t len)
{
	size_t body = len;
	while (body > 0 && (text[body - 1] == '\n' || text[body - 1] == '\r'))
		body--;
	str_add_char(out, mark);
	text_add_clean(out, text, body, false);
	str_add_bytes(out, text + body, len - body);
	if (len == 0 || text[len - 1] != '\n')
		str_add(out, "\n\\ No newline at end of file\n"); /* no text */
}

static void put_hunk(struct str *out, size_t from, long shift, size_t old_count, size_t new_count, const struct str *lines)
{
	str_print(out, "@@ -%zu,%zu +%zu,%zu @@\n", old_count > 0 ? from + 1 : from, old_count, (size_t)((long)from + shift) + (new_count > 0), new_count);
	str_add(out, str_text(lines));
}

/* ---- comparing ---- */

static size_t line_len(const char *text)
{
	size_t len = strcspn(text, "\n");
	return len + (text[len] == '\n');
}

static void split(struct diff_text whole, struct lines *lines)
{
	const char *at = whole.text != NULL ? whole.text : "", *shown = whole.shown != NULL ? whole.shown : at;
	while (*at != '\0') {
		struct line line = {.text = at, .len = line_len(at), .shown = shown, .shown_len = line_len(shown)};
		*array_add(lines) = line;
		at += line.len;
		shown += line.shown_len;
	}
}

static bool is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void add_steps(struct steps *steps, char mark, const struct lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		*array_add(steps) = (struct step){.mark = mark, .line = &lines->items[i]};
}

/* Of each two lines from `start` on: how long the common part is that begins there. NULL: too many. */
static unsigned *measure(const struct lines *old, const struct lines *new, size_t start, size_t old_end, size_t new_end)
{
	size_t width = new_end - start + 1, height = old_end - start + 1;
	if (height > MOST_CELLS / width)
		return NULL;
	unsigned *cells = mem_alloc(height * width * sizeof *cells);
	for (size_t i = height - 1; i-- > 0;)
		for (size_t j = width - 1; j-- > 0;) {
			unsigned down = cells[(i + 1) * width + j], right = cells[i * width + j + 1];
			bool same = is_same(&old->items[start + i], &new->items[start + j]);
			cells[i * width + j] = same ? cells[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
		}
	return cells;
}

static void add_middle(struct steps *steps, const struct lines *old, const struct lines *new, size_t start, size_t old_end, size_t new_end)
{
	auto_free unsigned *cells = measure(old, new, start, old_end, new_end);
	size_t width = new_end - start + 1, i = start, j = start;
	while (cells != NULL && i < old_end && j < new_end) {
		size_t at = (i - start) * width + (j - start);
		if (is_same(&old->items[i], &new->items[j])) {
			add_steps(steps, ' ', old, i, i + 1);
			i++;
			j++;
		} else if (cells[at + width] >= cells[at + 1]) {
			add_steps(steps, '-', old, i, i + 1);
			i++;
		} else {
			add_steps(steps, '+', new, j, j + 1);
			j++;
		}
	}
	add_steps(steps, '-', old, i, old_end);
	add_steps(steps, '+', new, j, new_end);
}

static void compare(const struct lines *old, const struct lines *new, struct steps *steps)
{
	size_t start = 0, end = 0, least = old->count < new->count ? old->count : new->count;
	while (start < least && is_same(&old->items[start], &new->items[start]))
		start++;
	while (end < least - start && is_same(&old->items[old->count - 1 - end], &new->items[new->count - 1 - end]))
		end++;
	add_steps(steps, ' ', old, 0, start);
	add_middle(steps, old, new, start, old->count - end, new->count - end);
	add_steps(steps, ' ', old, old->count - end, old->count);
}

/* Where the hunk that begins at `from` ends: where more than twice the context is equal. */
static size_t hunk_end(const struct steps *steps, size_t first)
{
	size_t last = first;
	for (size_t i = first; i < steps->count && i - last <= 2 * CONTEXT + 1; i++)
		if (steps->items[i].mark != ' ')
			last = i;
	return last + 1 + CONTEXT < steps->count ? last + 1 + CONTEXT : steps->count;
}

struct hunk {
	size_t from, to; /* steps */
	size_t old_at, new_at; /* lines before it */
};

/* Moves both places behind it. */
static void add_hunk(struct str *out, const struct steps *steps, struct hunk *hunk)
{
	auto_str lines = {0};
	size_t old_count = 0, new_count = 0;
	for (size_t i = hunk->from; i < hunk->to; i++) {
		const struct step *step = &steps->items[i];
		old_count += step->mark != '+';
		new_count += step->mark != '-';
		put_line(&lines, step->mark, step->line->shown, step->line->shown_len);
	}
	put_hunk(out, hunk->old_at, (long)hunk->new_at - (long)hunk->old_at, old_count, new_count, &lines);
	hunk->old_at += old_count;
	hunk->new_at += new_count;
}

void diff_add(struct str *out, const char *path, struct diff_text before, struct diff_text after)
{
	struct lines old = {0}, new = {0};
	struct steps steps = {0};
	struct hunk hunk = {0};
	split(before, &old);
	split(after, &new);
	compare(&old, &new, &steps);
	bool is_begun = before.text == NULL;
	if (is_begun)
		put_head(out, path, true);
	for (size_t i = 0; i < steps.count; i++) {
		if (steps.items[i].mark == ' ')
			continue;
		hunk.from = i > hunk.to + CONTEXT ? i - CONTEXT : hunk.to;
		hunk.old_at += hunk.from - hunk.to;
		hunk.new_at += hunk.from - hunk.to;
		hunk.to = hunk_end(&steps, i);
		if (!is_begun)
			put_head(out, path, false);
		is_begun = true;
		add_hunk(out, &steps, &hunk);
		i = hunk.to - 1;
	}
	array_finish(&steps);
	array_finish(&old);
	array_finish(&new);
}
