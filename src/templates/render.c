/* Renders one template: its lines one after the other, blocks within blocks.
 * Lines that are not reached are still gone through, so that a block that is
 * not closed is found whatever the facts are. A fault gets its file and line
 * once, where it comes up. Called by plan.c for each file, and by people who
 * write templates through tests/templates/render. */
#include "render.h"

#include <ctype.h>

enum { MOST_BYTES = 1000000, MOST_STEPS = 1000000, DEEPEST = 32 };

enum word { WORD_NONE, WORD_REMARK, WORD_IF, WORD_ELIF, WORD_ELSE, WORD_END, WORD_FOR, WORD_SET, WORD_INCLUDE, WORD_UNKNOWN };

struct line {
	const char *text; /* with its end of line; of a directive what stands behind its word, without blanks around it */
	size_t len;
	enum word word;
};
struct source {
	const char *name;
	ARRAY(struct line) lines;
};

struct render {
	struct names names;
	template_read *read;
	void *context;
	struct str *out;
	size_t start; /* what was in `out` before */
	size_t steps;
	int depth;
	bool is_placed; /* the fault names its line */
	struct fault *fault;
};

/* ---- lines ---- */

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static enum word word_of(const char *text, size_t len)
{
	static const char *const names[] = {[WORD_IF] = "if", [WORD_ELIF] = "elif", [WORD_ELSE] = "else", [WORD_END] = "end", [WORD_FOR] = "for",
		[WORD_SET] = "set", [WORD_INCLUDE] = "include"};
	if (len > 0 && text[0] == '#')
		return WORD_REMARK;
	for (size_t i = WORD_IF; i < COUNT_OF(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0)
			return (enum word)i;
	return WORD_UNKNOWN;
}

static struct line read_line(const char *text, size_t len)
{
	const char *end = text + len, *at = skip_blanks(text, end);
	if (end - at < 2 || memcmp(at, "%%", 2) != 0 || (end - at > 2 && at[2] == '%'))
		return (struct line){.text = text, .len = len};
	const char *word = at = skip_blanks(at + 2, end);
	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	while (at < end && *at != ' ' && *at != '\t')
		at++;
	const char *rest = skip_blanks(at, end);
	struct line line = {.text = rest, .len = (size_t)(end - rest), .word = word_of(word, (size_t)(at - word))};
	if (line.word == WORD_UNKNOWN) {
		line.text = word;
		line.len = (size_t)(end - word);
	}
	return line;
}

static void split_lines(struct source *source, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t part = end != NULL ? (size_t)(end - text) + 1 : len;
		*array_add(&source->lines) = read_line(text, part);
		text += part;
		len -= part;
	}
}

/* ---- faults ---- */

/* Puts the place before the fault unless it has one; returns false. */
static bool stop_at(struct render *render, const struct source *source, size_t index)
{
	if (!render->is_placed)
		fault_add(render->fault, "%s:%zu", source->name, index + 1);
	render->is_placed = true;
	return false;
}

/* Rounds of a loop count too: its body may be empty. */
static bool count_step(struct render *render, const struct source *source, size_t index)
{
	if (++render->steps <= MOST_STEPS)
		return true;
	fault_set(render->fault, FAULT_INPUT, "more than %d lines are gone through", MOST_STEPS);
	return stop_at(render, source, index);
}

static bool expect_end(struct render *render, const struct source *source, size_t index)
{
	const struct line *line = &source->lines.items[index];
	if (line->len == 0)
		return true;
	fault_set(render->fault, FAULT_INPUT, "\"%.*s\" is too much here", (int)line->len, line->text);
	return stop_at(render, source, index);
}

/* ---- one line of text ---- */

static bool print_text(struct render *render, const char *text, size_t len)
{
	const char *end = text + len, *start = skip_blanks(text, end);
	if (end - start > 2 && memcmp(start, "%%%", 3) == 0) {
		str_add_bytes(render->out, text, (size_t)(start - text));
		text = start + 1;
	}
	for (const char *at; (at = memmem(text, (size_t)(end - text), "@{", 2)) != NULL;) {
		bool is_kept = at > text && at[-1] == '@';
		str_add_bytes(render->out, text, (size_t)(at - text) - is_kept);
		text = at + 2;
		if (is_kept) {
			str_add(render->out, "@{");
			continue;
		}
		const char *close = memchr(text, '}', (size_t)(end - text));
		if (close == NULL)
			return fault_set(render->fault, FAULT_INPUT, "@{ is not closed with } in its line");
		if (!filter_print(&render->names, text, (size_t)(close - text), render->out, render->fault))
			return false;
		text = close + 1;
	}
	str_add_bytes(render->out, text, (size_t)(end - text));
	return render->out->len - render->start <= MOST_BYTES || fault_set(render->fault, FAULT_INPUT, "more than %d bytes come out", MOST_BYTES);
}

/* ---- set ---- */

/* The name before `sign`; moves behind it. NULL: there is none; the caller frees. */
static char *read_name(const struct line *line, const char *sign, const char **rest)
{
	const char *at = line->text, *end = at + line->len;
	while (at < end && name_has(*at))
		at++;
	size_t len = (size_t)(at - line->text), sign_len = strlen(sign);
	const char *behind = skip_blanks(at, end);
	if (len == 0 || isdigit((unsigned char)line->text[0]) || (size_t)(end - behind) < sign_len || memcmp(behind, sign, sign_len) != 0)
		return NULL;
	behind += sign_len;
	if (sign[0] == 'i' && (behind == end || (*behind != ' ' && *behind != '\t')))
		return NULL;
	*rest = behind;
	return mem_copy_bytes(line->text, len);
}

static bool run_set(struct render *render, const struct line *line)
{
	const char *rest;
	auto_free char *name = read_name(line, "=", &rest);
	if (name == NULL)
		return fault_set(render->fault, FAULT_INPUT, "write it as %s", "%% set NAME = VALUE"); /* no text */
	json_t *value = expression_read(&render->names, rest, (size_t)(line->text + line->len - rest), render->fault);
	return value != NULL && json_object_set_new(render->names.own, name, value) == 0;
}

/* ---- blocks ---- */

static bool run_block(struct render *render, const struct source *source, size_t *at, bool is_live); /* blocks hold blocks */

/* Runs what follows the line *at, to the line that ends or goes on with its block. */
static bool run_inside(struct render *render, const struct source *source, size_t *at, bool is_live)
{
	size_t opened = *at;
	(*at)++;
	if (!run_block(render, source, at, is_live))
		return false;
	if (*at < source->lines.count)
		return true;
	fault_set(render->fault, FAULT_INPUT, "this is not closed with %s", "%% end"); /* no text */
	return stop_at(render, source, opened);
}

static bool is_met(struct render *render, const struct source *source, size_t index, bool *met)
{
	const struct line *line = &source->lines.items[index];
	json_t *value = expression_read(&render->names, line->text, line->len, render->fault);
	if (value == NULL)
		return stop_at(render, source, index);
	*met = expression_is_true(value);
	json_decref(value);
	return true;
}

static bool run_if(struct render *render, const struct source *source, size_t *at, bool is_live)
{
	bool is_left = is_live; /* none of the branches was taken yet */
	bool was_else = false;
	for (;; ) {
		enum word word = source->lines.items[*at].word;
		bool met = true;
		if (word == WORD_END || word == WORD_ELSE) {
			if (!expect_end(render, source, *at))
				return false;
		} else if (is_left && !is_met(render, source, *at, &met)) {
			return false;
		}
		if (word == WORD_END)
			return true;
		if (was_else) {
			fault_set(render->fault, FAULT_INPUT, "only %s follows %s", "%% end", "%% else"); /* no text */
			return stop_at(render, source, *at);
		}
		was_else = word == WORD_ELSE;
		if (!run_inside(render, source, at, is_left && met))
			return false;
		is_left = is_left && !met;
	}
}

static void set_round(struct render *render, const char *name, const json_t *list, size_t index)
{
	const struct { const char *end; json_t *value; } names[] = {
		{"", json_incref(json_array_get(list, index))},
		{"_index", json_integer((json_int_t)index)},
		{"_first", json_boolean(index == 0)},
		{"_last", json_boolean(index + 1 == json_array_size(list))},
	};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *whole = mem_print("%s%s", name, names[i].end);
		json_object_set_new(render->names.own, whole, names[i].value);
	}
}

/* What a loop names is as before behind it. */
static void put_back(struct render *render, const char *name, const json_t *before)
{
	static const char *const ends[] = {"", "_index", "_first", "_last"};
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		auto_free char *whole = mem_print("%s%s", name, ends[i]);
		json_t *old = json_object_get(before, whole);
		if (old != NULL)
			json_object_set(render->names.own, whole, old);
		else
			json_object_del(render->names.own, whole);
	}
}

static bool run_rounds(struct render *render, const struct source *source, size_t *at, const char *name, const json_t *list)
{
	size_t opened = *at, count = json_array_size(list);
	json_t *before = json_copy(render->names.own);
	bool good = true;
	for (size_t i = 0; good && i < count; i++) {
		*at = opened;
		set_round(render, name, list, i);
		good = count_step(render, source, opened) && run_inside(render, source, at, true);
	}
	put_back(render, name, before);
	json_decref(before);
	return good && (count > 0 || run_inside(render, source, at, false));
}

/* NULL: a fault. The name goes to the caller, and so does the list. */
static json_t *read_for(struct render *render, const struct line *line, char **name)
{
	const char *rest;
	*name = read_name(line, "in", &rest);
	if (*name == NULL) {
		fault_set(render->fault, FAULT_INPUT, "write it as %s", "%% for NAME in LIST"); /* no text */
		return NULL;
	}
	json_t *list = expression_read(&render->names, rest, (size_t)(line->text + line->len - rest), render->fault);
	if (list == NULL || json_is_array(list) || json_is_null(list))
		return list;
	json_decref(list);
	fault_set(render->fault, FAULT_INPUT, "what stands behind \"in\" is no list");
	return NULL;
}

static bool run_for(struct render *render, const struct source *source, size_t *at, bool is_live)
{
	if (is_live) {
		auto_free char *name = NULL;
		json_t *list = read_for(render, &source->lines.items[*at], &name);
		if (list == NULL)
			return stop_at(render, source, *at);
		bool good = run_rounds(render, source, at, name, list);
		json_decref(list);
		if (!good)
			return false;
	} else if (!run_inside(render, source, at, false)) {
		return false;
	}
	if (source->lines.items[*at].word == WORD_END)
		return expect_end(render, source, *at);
	fault_set(render->fault, FAULT_INPUT, "a loop has no else");
	return stop_at(render, source, *at);
}

/* ---- files ---- */

static bool run_source(struct render *render, const char *name, const char *text, size_t len)
{
	struct source source = {.name = name};
	split_lines(&source, text, len);
	size_t at = 0;
	bool good = run_block(render, &source, &at, true);
	if (good && at < source.lines.count) {
		fault_set(render->fault, FAULT_INPUT, "no block is open here");
		good = stop_at(render, &source, at);
	}
	array_finish(&source.lines);
	return good;
}

static bool run_include(struct render *render, const struct line *line)
{
	auto_free char *name = mem_copy_bytes(line->text, line->len);
	for (const char *at = name; *at != '\0'; at++)
		if (!name_has(*at) && strchr("./-", *at) == NULL)
			return fault_set(render->fault, FAULT_INPUT, "\"%s\" is no name of a template", name);
	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
		return fault_set(render->fault, FAULT_INPUT, "\"%s\" is no name of a template", name);
	size_t len;
	auto_free char *text = render->read != NULL ? render->read(render->context, name, &len) : NULL;
	if (text == NULL)
		return fault_set(render->fault, FAULT_INPUT, "there is no template %s", name);
	return run_source(render, name, text, len);
}

static bool run_line(struct render *render, const struct source *source, size_t *at, bool is_live)
{
	size_t index = *at;
	const struct line *line = &source->lines.items[index];
	bool good = true;
	switch (line->word) {
	case WORD_IF:
		good = run_if(render, source, at, is_live);
		break;
	case WORD_FOR:
		good = run_for(render, source, at, is_live);
		break;
	case WORD_SET:
		good = !is_live || run_set(render, line);
		break;
	case WORD_INCLUDE:
		good = !is_live || run_include(render, line);
		break;
	case WORD_NONE:
		good = !is_live || print_text(render, line->text, line->len);
		break;
	case WORD_UNKNOWN:
		good = fault_set(render->fault, FAULT_INPUT, "\"%.*s\" is no directive", (int)line->len, line->text);
		break;
	case WORD_REMARK:
	case WORD_ELIF:
	case WORD_ELSE:
	case WORD_END:
		break;
	}
	(*at)++;
	return good || stop_at(render, source, index);
}

static bool run_block(struct render *render, const struct source *source, size_t *at, bool is_live)
{
	if (render->depth >= DEEPEST) {
		fault_set(render->fault, FAULT_INPUT, "blocks and includes are more than %d deep", DEEPEST);
		return stop_at(render, source, *at > 0 ? *at - 1 : 0);
	}
	render->depth++;
	bool good = true;
	while (good && *at < source->lines.count) {
		enum word word = source->lines.items[*at].word;
		if (word == WORD_ELIF || word == WORD_ELSE || word == WORD_END)
			break;
		good = count_step(render, source, *at) && run_line(render, source, at, is_live);
	}
	render->depth--;
	return good;
}

json_t *facts_read(const char *facts_json, struct fault *fault)
{
	json_error_t error;
	json_t *facts = json_loads(facts_json, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(facts))
		return facts;
	if (facts == NULL)
		fault_set(fault, FAULT_INPUT, "the facts are no JSON: line %d: %s", error.line, error.text);
	else
		fault_set(fault, FAULT_INPUT, "the facts are no JSON object");
	json_decref(facts);
	return NULL;
}

bool render_text(const char *name, const char *text, size_t len, const json_t *facts, template_read *read, void *context, struct str *out,
	struct fault *fault)
{
	struct render render = {.names = {.facts = facts, .own = json_object()}, .read = read, .context = context, .out = out,
		.start = out->len, .fault = fault};
	bool good = run_source(&render, name, text, len);
	json_decref(render.names.own);
	return good;
}

bool template_render(const char *name, const char *text, size_t len, const char *facts_json, template_read *read, void *context,
	struct str *out, struct fault *fault)
{
	json_t *facts = facts_read(facts_json, fault);
	bool good = facts != NULL && render_text(name, text, len, facts, read, context, out, fault);
	json_decref(facts);
	return good;
}
