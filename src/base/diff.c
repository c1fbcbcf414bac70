/* Two texts as a unified diff for people: lines are cleaned, since they may come
 * from anywhere. Common ends are taken off; between them the longest common
 * sequence is found where that is cheap, else all of it is replaced. */
#include "cargodeck/base.h"

enum { CONTEXT = 3, CELLS_MOST = 4000000 };

struct diff_line {
	const char *text; /* with its end of line */
	size_t len;
	bool is_kept; /* in both texts */
};
struct diff_lines {
	struct diff_line *items;
	size_t count, cap;
};

static void split_lines(const char *text, struct diff_lines *lines)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n");
		len += text[len] == '\n';
		*array_add(lines) = (struct diff_line){.text = text, .len = len};
		text += len;
	}
}

static bool is_same(const struct diff_line *a, const struct diff_line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Marks the longest common sequence of `a` and `b`. */
static void mark_common(struct diff_line *a, size_t a_count, struct diff_line *b, size_t b_count)
{
	size_t width = b_count + 1;
	if (a_count == 0 || b_count == 0 || a_count * b_count > CELLS_MOST)
		return;
	uint32_t *longest = mem_alloc((a_count + 1) * width * sizeof *longest);
	for (size_t i = a_count; i-- > 0;)
		for (size_t j = b_count; j-- > 0;) {
			uint32_t down = longest[(i + 1) * width + j], right = longest[i * width + j + 1];
			longest[i * width + j] = is_same(&a[i], &b[j]) ? longest[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
		}
	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		if (is_same(&a[i], &b[j]))
			a[i++].is_kept = b[j++].is_kept = true;
		else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1])
			i++;
		else
			j++;
	}
	free(longest);
}

static void compare(struct diff_lines *a, struct diff_lines *b)
{
	size_t from = 0, a_to = a->count, b_to = b->count;
	for (; from < a_to && from < b_to && is_same(&a->items[from], &b->items[from]); from++)
		a->items[from].is_kept = b->items[from].is_kept = true;
	for (; a_to > from && b_to > from && is_same(&a->items[a_to - 1], &b->items[b_to - 1]); a_to--, b_to--)
		a->items[a_to - 1].is_kept = b->items[b_to - 1].is_kept = true;
	if (a_to > from && b_to > from)
		mark_common(a->items + from, a_to - from, b->items + from, b_to - from);
}

static void put_line(const char *mark, const struct diff_line *line, struct str *out)
{
	size_t body = line->len;
	while (body > 0 && (line->text[body - 1] == '\n' || line->text[body - 1] == '\r'))
		body--;
	str_add(out, mark);
	text_add_clean(out, line->text, body, false);
	str_add_bytes(out, line->text + body, line->len - body);
	if (line->len == 0 || line->text[line->len - 1] != '\n')
		str_add(out, "\n\\ No newline at end of file\n"); /* no text */
}

/* Where a walk through both texts stands. */
struct place {
	size_t a, b;
};

static bool is_at_change(const struct diff_lines *a, const struct diff_lines *b, struct place at)
{
	return (at.a < a->count && !a->items[at.a].is_kept) || (at.b < b->count && !b->items[at.b].is_kept);
}

static struct place after_change(const struct diff_lines *a, const struct diff_lines *b, struct place at)
{
	while (at.a < a->count && !a->items[at.a].is_kept)
		at.a++;
	while (at.b < b->count && !b->items[at.b].is_kept)
		at.b++;
	return at;
}

/* The end of the hunk that begins with the change at `at`: changes with few lines between are one. */
static struct place end_of_hunk(const struct diff_lines *a, const struct diff_lines *b, struct place at)
{
	struct place end = after_change(a, b, at), look = end;
	while (look.a < a->count && look.a - end.a < 2 * CONTEXT) {
		look.a++;
		look.b++;
		if (is_at_change(a, b, look))
			end = look = after_change(a, b, look);
	}
	return end;
}

static void put_hunk(const struct diff_lines *a, const struct diff_lines *b, struct place from, struct place to, struct str *out)
{
	size_t a_count = to.a - from.a, b_count = to.b - from.b;
	str_print(out, "@@ -%zu,%zu +%zu,%zu @@\n", from.a + (a_count > 0), a_count, from.b + (b_count > 0), b_count);
	while (from.a < to.a || from.b < to.b) {
		if (from.a < to.a && !a->items[from.a].is_kept)
			put_line("-", &a->items[from.a++], out);
		else if (from.b < to.b && !b->items[from.b].is_kept)
			put_line("+", &b->items[from.b++], out);
		else
			put_line(" ", &a->items[from.a++], out), from.b++;
	}
}

void diff_write(const char *path, const char *was, const char *becomes, struct str *out)
{
	struct diff_lines a = {0}, b = {0};
	struct place at = {0};
	auto_str clean = {0};
	split_lines(was, &a);
	split_lines(becomes, &b);
	compare(&a, &b);
	text_add_clean(&clean, path, strlen(path), false);
	str_print(out, "--- %s%s\n+++ b/%s\n", was != NULL ? "a/" : "/dev/null", was != NULL ? str_text(&clean) : "", str_text(&clean));
	while (at.a < a.count || at.b < b.count) {
		if (!is_at_change(&a, &b, at)) {
			at.a++;
			at.b++;
			continue;
		}
		size_t before = at.a < CONTEXT ? at.a : CONTEXT;
		struct place from = {at.a - before, at.b - before};
		at = end_of_hunk(&a, &b, at);
		size_t behind = a.count - at.a < CONTEXT ? a.count - at.a : CONTEXT;
		put_hunk(&a, &b, from, (struct place){at.a + behind, at.b + behind}, out);
	}
	array_finish(&a);
	array_finish(&b);
}
