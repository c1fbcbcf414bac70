/* The shape of a source: which brackets belong together, and by them which call an
 * argument is of, where a statement begins, where a chain of calls does. Enough of
 * the syntax to follow a value outwards, and no more: no types, no macros. */
#include "shape.h"

#include "rust-asks.h"

#include <ctype.h>

enum { DEEPEST = 5000, GENERICS_MOST = 300 };

/* ---- letters ---- */

size_t shape_skip(const struct shape *shape, size_t at, size_t end)
{
	while (at < end && isspace((unsigned char)shape->source->code[at]))
		at++;
	return at;
}

size_t shape_skip_back(const struct shape *shape, size_t at)
{
	while (at > 0 && isspace((unsigned char)shape->source->code[at - 1]))
		at--;
	return at;
}

size_t shape_name_len(const struct shape *shape, size_t at)
{
	size_t end = at;
	while (end < shape->source->len && is_name_letter(shape->source->code[end]))
		end++;
	return end - at;
}

size_t shape_name_start(const struct shape *shape, size_t at)
{
	while (at > 0 && is_name_letter(shape->source->code[at - 1]))
		at--;
	return at;
}

bool shape_has_word(const struct shape *shape, size_t at, const char *word)
{
	size_t len = strlen(word);
	bool begins = at == 0 || !is_name_letter(shape->source->code[at - 1]);
	return begins && shape_name_len(shape, at) == len && memcmp(shape->source->code + at, word, len) == 0;
}

/* ---- brackets ---- */

static char other_half(char letter)
{
	return letter == ')' ? '(' : letter == ']' ? '[' : letter == '}' ? '{' : '\0';
}

bool shape_open(struct shape *shape, const struct rust_source *source, size_t *left)
{
	*shape = (struct shape){.source = source, .left = left, .mates = mem_alloc((source->len + 1) * sizeof *shape->mates)};
	auto_free uint32_t *opened = mem_alloc(DEEPEST * sizeof *opened);
	size_t depth = 0, at = 0;
	for (; at < source->len; at++) {
		char letter = source->code[at], other = other_half(letter);
		if (letter == '(' || letter == '[' || letter == '{') {
			if (depth == DEEPEST)
				break;
			opened[depth++] = (uint32_t)at;
		} else if (other != '\0') {
			if (depth == 0 || source->code[opened[depth - 1]] != other)
				break;
			depth--;
			shape->mates[at] = opened[depth] + 1;
			shape->mates[opened[depth]] = (uint32_t)at + 1;
		}
	}
	if (at == source->len && depth == 0)
		return true;
	shape_close(shape);
	return false;
}

void shape_close(struct shape *shape)
{
	free(shape->mates);
	shape->mates = NULL;
}

static bool look_at(const struct shape *shape)
{
	*shape->left -= *shape->left > 0;
	return *shape->left > 0;
}

/* ---- around ---- */

/* In a block a statement also ends behind the one before it that has braces. */
static bool ends_piece(char letter, bool is_block)
{
	return letter == ';' || letter == ',' || (letter == '}' && is_block);
}

bool shape_around(const struct shape *shape, size_t offset, struct around *around)
{
	const char *code = shape->source->code;
	size_t at = offset, comma = 0, brace = 0, commas = 0;
	*around = (struct around){.open = SHAPE_NOWHERE};
	while (at > 0 && look_at(shape)) {
		char letter = code[--at];
		if (letter == '(' || letter == '[' || letter == '{') {
			around->open = (ptrdiff_t)at;
			break;
		}
		comma = comma == 0 && ends_piece(letter, false) ? at + 1 : comma;
		brace = brace == 0 && ends_piece(letter, true) ? at + 1 : brace;
		commas += letter == ',';
		if (other_half(letter) != '\0')
			at = shape->mates[at] - 1;
	}
	bool is_block = around->open == SHAPE_NOWHERE || code[around->open] == '{';
	size_t start = is_block ? brace : comma;
	around->piece = shape_skip(shape, start > 0 ? start : (size_t)(around->open + 1), offset);
	around->index = commas;
	return *shape->left > 0;
}

size_t shape_piece_end(const struct shape *shape, size_t offset)
{
	const char *code = shape->source->code;
	for (size_t at = offset; at < shape->source->len && look_at(shape); at++) {
		if (code[at] == ';' || code[at] == ',' || other_half(code[at]) != '\0')
			return at;
		if (shape->mates[at] != 0)
			at = shape->mates[at] - 1;
	}
	return shape->source->len;
}

/* ---- chains ---- */

/* <A, B> before `at`, back to its front; `at` where it is none. */
static size_t skip_generics(const struct shape *shape, size_t at)
{
	const char *code = shape->source->code;
	size_t depth = 0, from = at;
	while (from > 0 && at - from < GENERICS_MOST) {
		char letter = code[--from];
		bool is_arrow = letter == '>' && from > 0 && (code[from - 1] == '-' || code[from - 1] == '=');
		if (letter == '>' && !is_arrow)
			depth++;
		else if (letter == '<' && --depth == 0)
			return from;
		else if (strchr(";{}", letter) != NULL)
			break;
	}
	return at;
}

/* What may stand before an expression, and is no part of it. */
static bool is_keyword(const struct shape *shape, size_t at)
{
	static const char *const words[] = {"return", "in", "if", "else", "match", "move", "mut", "let", "ref", "as", "dyn", "while", "break", "fn", "async", "unsafe"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (shape_has_word(shape, at, words[i]))
			return true;
	return false;
}

static bool ends_with_path(const struct shape *shape, size_t at)
{
	return at > 1 && shape->source->code[at - 1] == ':' && shape->source->code[at - 2] == ':';
}

size_t shape_chain_start(const struct shape *shape, size_t end)
{
	const char *code = shape->source->code;
	size_t start = end;
	for (size_t at = shape_skip_back(shape, end); at > 0 && look_at(shape); at = shape_skip_back(shape, at)) {
		char letter = code[at - 1];
		if (letter == ')' || letter == ']') {
			start = at = shape->mates[at - 1] - 1;
			size_t before = shape_skip_back(shape, at);
			if (before == 0 || (!is_name_letter(code[before - 1]) && strchr("!>)]?", code[before - 1]) == NULL))
				return start;
		} else if (letter == '?' || (letter == '!' && at > 1 && is_name_letter(code[at - 2]))) {
			at--;
		} else if (letter == '>') {
			size_t front = skip_generics(shape, at);
			if (front == at)
				return start;
			at = ends_with_path(shape, front) ? front - 2 : front;
		} else if (is_name_letter(letter)) {
			size_t name = shape_name_start(shape, at);
			if (is_keyword(shape, name))
				return start;
			start = name;
			size_t before = shape_skip_back(shape, name);
			if (ends_with_path(shape, before))
				at = before - 2;
			else if (before > 0 && code[before - 1] == '.')
				at = before - 1;
			else
				return start;
		} else {
			return start;
		}
	}
	return start;
}

void shape_call(const struct shape *shape, size_t open, struct call *call)
{
	const char *code = shape->source->code;
	size_t end = shape_skip_back(shape, open);
	*call = (struct call){.open = open, .start = open};
	if (end > 0 && code[end - 1] == '!') {
		call->is_macro = true;
		end = shape_skip_back(shape, end - 1);
	} else if (end > 0 && code[end - 1] == '>') {
		size_t front = skip_generics(shape, end);
		end = ends_with_path(shape, front) ? front - 2 : end;
	}
	call->name = shape_name_start(shape, end);
	if (call->name == end || is_keyword(shape, call->name))
		return;
	size_t before = shape_skip_back(shape, call->name);
	call->len = end - call->name;
	call->is_method = before > 0 && code[before - 1] == '.';
	call->start = shape_chain_start(shape, end);
}

bool shape_call_is(const struct shape *shape, const struct call *call, const char *const *names)
{
	for (; call->len > 0 && *names != NULL; names++)
		if (strlen(*names) == call->len && memcmp(*names, shape->source->code + call->name, call->len) == 0)
			return true;
	return false;
}

bool shape_next_call(const struct shape *shape, size_t *at, size_t end, struct call *call)
{
	for (; *at < end && look_at(shape); ++*at) {
		size_t close = shape->mates[*at];
		if (close == 0)
			continue;
		if (close <= *at)
			return false; /* out of the chain */
		shape_call(shape, *at, call);
		*at = close;
		if (call->len > 0)
			return true;
	}
	return false;
}
