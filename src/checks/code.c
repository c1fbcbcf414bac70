/* Rust's sources as text without what is not code: comments, the inside of
 * strings, test modules (The Rust Reference: Comments, Tokens, Conditional
 * compilation); and finding in it. rust.c masks each source once; checks find. */
#include "crates.h"

#include <stdio.h>

static bool is_name(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '_' ||
		(unsigned char)letter >= 0x80;
}

static bool is_blank(char letter)
{
	return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

/* ---- masking ---- */

struct mask {
	const char *text;
	char *code;
	size_t len;
};

/* Blanks from `at` to `end`, but for the ends of lines. */
static void blank(struct mask *mask, size_t at, size_t end)
{
	memset(mask->code + at, ' ', end - at);
	for (const char *newline = mask->text + at; (newline = memchr(newline, '\n', (size_t)(mask->text + end - newline))) != NULL; newline++)
		mask->code[newline - mask->text] = '\n';
}

static size_t line_comment(struct mask *mask, size_t at)
{
	const char *newline = memchr(mask->text + at, '\n', mask->len - at);
	size_t end = newline != NULL ? (size_t)(newline - mask->text) : mask->len;
	memset(mask->code + at, ' ', end - at);
	return end;
}

static size_t block_comment(struct mask *mask, size_t start)
{
	size_t depth = 1, at = start + 2;
	while (at < mask->len && depth > 0) {
		bool has_next = at + 1 < mask->len;
		if (has_next && mask->text[at] == '/' && mask->text[at + 1] == '*')
			depth++, at += 2;
		else if (has_next && mask->text[at] == '*' && mask->text[at + 1] == '/')
			depth--, at += 2;
		else
			at++;
	}
	blank(mask, start, at);
	return at;
}

/* Is the quote at `at` that of a raw string (r"…", br#"…"#)? How many # it has. */
static bool is_raw(const char *code, size_t at, size_t *hashes)
{
	size_t start = at;
	while (start > 0 && code[start - 1] == '#')
		start--;
	*hashes = at - start;
	if (start == 0 || code[start - 1] != 'r')
		return false;
	start--;
	if (start > 0 && (code[start - 1] == 'b' || code[start - 1] == 'c'))
		start--;
	return start == 0 || !is_name(code[start - 1]);
}

/* Where the literal's closing quote stands that opens at `at`, or `len`. */
static size_t string_end(const char *text, size_t len, size_t at, bool raw, size_t hashes)
{
	for (at++; at < len; at++) {
		if (text[at] == '\\' && !raw) {
			at++;
		} else if (text[at] == '"') {
			size_t have = 0;
			while (raw && have < hashes && at + 1 + have < len && text[at + 1 + have] == '#')
				have++;
			if (!raw || have == hashes)
				return at;
			at += have;
		}
	}
	return len;
}

static size_t string(struct mask *mask, size_t at)
{
	size_t hashes;
	bool raw = is_raw(mask->code, at, &hashes);
	size_t end = string_end(mask->text, mask->len, at, raw, hashes);
	blank(mask, at + 1, end);
	return end < mask->len ? end + 1 : end;
}

/* A char literal, or a lifetime's tick, which is passed. */
static size_t tick(struct mask *mask, size_t at)
{
	size_t end = at + 1;
	if (end >= mask->len || mask->text[end] == '\n' || mask->text[end] == '\'')
		return end;
	if (mask->text[end] == '\\') {
		end += 2;
		for (size_t most = at + 14; end < mask->len && end < most && mask->text[end] != '\'' && mask->text[end] != '\n';)
			end++;
	} else {
		for (end++; end < mask->len && ((unsigned char)mask->text[end] & 0xc0) == 0x80 && end < at + 5;)
			end++;
	}
	if (end >= mask->len || mask->text[end] != '\'')
		return at + 1;
	blank(mask, at + 1, end);
	return end + 1;
}

/* Does one of eight bytes have this value? (Each byte that is zero after the
 * exclusive or borrows from above: at worst a byte too many is looked at.) */
static uint64_t has_byte(uint64_t bytes, char value)
{
	uint64_t rest = bytes ^ (0x0101010101010101u * (unsigned char)value);
	return (rest - 0x0101010101010101u) & ~rest & 0x8080808080808080u;
}

/* The next quote, tick or slash from `at` on. */
static size_t next_stop(const struct mask *mask, size_t at)
{
	static const bool stops[256] = {['"'] = true, ['\''] = true, ['/'] = true};
	for (uint64_t bytes; at + sizeof bytes <= mask->len; at += sizeof bytes) {
		memcpy(&bytes, mask->text + at, sizeof bytes);
		if ((has_byte(bytes, '"') | has_byte(bytes, '\'') | has_byte(bytes, '/')) != 0)
			break;
	}
	while (at < mask->len && !stops[(unsigned char)mask->text[at]])
		at++;
	return at;
}

static void mask_literals(struct mask *mask)
{
	for (size_t at = next_stop(mask, 0); at < mask->len; at = next_stop(mask, at)) {
		char next = at + 1 < mask->len ? mask->text[at + 1] : '\0';
		if (mask->text[at] == '"')
			at = string(mask, at);
		else if (mask->text[at] == '\'')
			at = tick(mask, at);
		else if (next == '/')
			at = line_comment(mask, at);
		else if (next == '*')
			at = block_comment(mask, at);
		else
			at++;
	}
}

/* ---- test code ---- */

static size_t skip_blanks(const struct mask *mask, size_t at)
{
	while (at < mask->len && is_blank(mask->code[at]))
		at++;
	return at;
}

static size_t name_end(const struct mask *mask, size_t at)
{
	while (at < mask->len && is_name(mask->code[at]))
		at++;
	return at;
}

/* Behind the bracket that closes the one at `at`; `len` where none does. */
static size_t behind_bracket(const struct mask *mask, size_t at)
{
	size_t depth = 0;
	for (; at < mask->len; at++) {
		char letter = mask->code[at];
		if (letter == '(' || letter == '[' || letter == '{')
			depth++;
		else if ((letter == ')' || letter == ']' || letter == '}') && --depth == 0)
			return at + 1;
	}
	return mask->len;
}

/* Is `test` one of the parts of all(…), as cfg(all(test, …)) has it? */
static bool has_part_test(const char *parts)
{
	int depth = 0;
	for (const char *at = parts; *at != '\0'; at++) {
		depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
		if (depth == 0 && text_starts_with(at, "test") && (at == parts || at[-1] == ',') && (at[4] == ',' || at[4] == ')'))
			return true;
	}
	return false;
}

/* #[cfg(test)], #[cfg(all(test, …))], #[test], #[tokio::test(…)]: the text
 * between the brackets is at most that long. */
static bool is_test_attribute(const struct mask *mask, size_t at, size_t end)
{
	char text[256];
	size_t len = 0;
	for (; at < end && len + 1 < sizeof text; at++)
		if (!is_blank(mask->code[at]))
			text[len++] = mask->code[at];
	text[len] = '\0';
	if (text_starts_with(text, "cfg("))
		return strcmp(text, "cfg(test)") == 0 || (text_starts_with(text, "cfg(all(") && has_part_test(text + 8));
	text[strcspn(text, "(")] = '\0';
	return strcmp(text, "test") == 0 || text_ends_with(text, "::test");
}

/* Behind further attributes and `pub`, `pub(crate)`. */
static size_t skip_front(const struct mask *mask, size_t at)
{
	for (;;) {
		at = skip_blanks(mask, at);
		size_t end = name_end(mask, at);
		if (at < mask->len && mask->code[at] == '#') {
			size_t bracket = skip_blanks(mask, at + 1);
			if (bracket >= mask->len || mask->code[bracket] != '[')
				return at;
			at = behind_bracket(mask, bracket);
		} else if (end - at == 3 && memcmp(mask->code + at, "pub", 3) == 0) {
			at = skip_blanks(mask, end);
			if (at < mask->len && mask->code[at] == '(')
				at = behind_bracket(mask, at);
		} else {
			return at;
		}
	}
}

/* An item has commas in it (generics); a field or an arm ends at one. */
static bool is_item(const struct mask *mask, size_t at)
{
	static const char *const words[] = {"mod", "fn", "use", "impl", "struct", "enum", "const", "static", "async", "unsafe", "extern", "trait",
		"type", "union", "macro_rules", "let"};
	size_t len = name_end(mask, at) - at;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strlen(words[i]) == len && memcmp(words[i], mask->code + at, len) == 0)
			return true;
	return false;
}

/* Behind what an attribute at `at` belongs to. */
static size_t item_end(const struct mask *mask, size_t at)
{
	at = skip_front(mask, at);
	for (bool whole = is_item(mask, at); at < mask->len;) {
		char letter = mask->code[at];
		if (letter == ';' || (letter == ',' && !whole))
			return at + 1;
		if (letter == '{')
			return behind_bracket(mask, at);
		if (letter == ')' || letter == ']' || letter == '}')
			return at;
		at = letter == '(' || letter == '[' ? behind_bracket(mask, at) : at + 1;
	}
	return mask->len;
}

static void mask_tests(struct mask *mask)
{
	size_t at = 0;
	const char *hash;
	while (at < mask->len && (hash = memchr(mask->code + at, '#', mask->len - at)) != NULL) {
		size_t start = (size_t)(hash - mask->code), bracket = skip_blanks(mask, start + 1);
		bool is_inner = bracket < mask->len && mask->code[bracket] == '!';
		bracket = is_inner ? skip_blanks(mask, bracket + 1) : bracket;
		at = start + 1;
		if (bracket >= mask->len || mask->code[bracket] != '[')
			continue;
		size_t end = behind_bracket(mask, bracket);
		at = end;
		if (end == bracket + 1 || !is_test_attribute(mask, bracket + 1, end - 1))
			continue;
		if (!is_inner)
			at = item_end(mask, end);
		else if (memchr(mask->code, '{', start) == NULL) /* of the whole file */
			start = 0, at = mask->len;
		else
			continue;
		blank(mask, start, at);
	}
}

char *rust_mask(const char *text, size_t len)
{
	struct mask mask = {.text = text, .code = mem_copy_bytes(text, len), .len = len};
	mask_literals(&mask);
	mask_tests(&mask);
	return mask.code;
}

/* ---- what may be in it ---- */

/* The next literal from `at` on: in the code, quotes stand around literals alone. */
static bool next_literal(const struct rust_source *source, size_t at, size_t *quote, size_t *end)
{
	const char *open = at < source->len ? memchr(source->code + at, '"', source->len - at) : NULL;
	const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(source->code + source->len - open - 1)) : NULL;
	if (close == NULL)
		return false;
	*quote = (size_t)(open - source->code);
	*end = (size_t)(close - source->code);
	return true;
}

static void set_bit(uint64_t *bits, uint32_t hash)
{
	bits[hash / 64 % RUST_INDEX_WORDS] |= (uint64_t)1 << hash % 64;
}

static bool has_bit(const uint64_t *bits, uint32_t hash)
{
	return (bits[hash / 64 % RUST_INDEX_WORDS] >> hash % 64 & 1) != 0;
}

static uint32_t name_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static uint32_t pair_hash(const char *at)
{
	return ((unsigned char)at[0] * 31u + (unsigned char)at[1]) * 2654435761u >> 16;
}

void rust_index(struct rust_source *source)
{
	size_t quote, end;
	for (size_t at = 0; at < source->len;) {
		size_t len = 0;
		while (at + len < source->len && is_name(source->code[at + len]))
			len++;
		if (len > 0)
			set_bit(source->names, name_hash(source->code + at, len));
		at += len + 1;
	}
	bool escapes = false;
	for (size_t at = 0; next_literal(source, at, &quote, &end); at = end + 1)
		for (size_t i = quote + 1; i < end; i++) {
			escapes = escapes || source->text[i] == '\\';
			if (i + 1 < end)
				set_bit(source->pairs, pair_hash(source->text + i));
		}
	if (escapes) /* what they stand for may be anything */
		memset(source->pairs, 0xff, sizeof source->pairs);
	source->is_indexed = true;
}

static bool may_have_words(const struct rust_source *source, const char *words)
{
	while (source->is_indexed && words[0] != '\0') {
		size_t len = 0;
		while (is_name(words[len]))
			len++;
		if (len > 0 && !has_bit(source->names, name_hash(words, len)))
			return false;
		words += len > 0 ? len : 1;
	}
	return true;
}

static bool may_have_text(const struct rust_source *source, const char *text)
{
	for (size_t i = 0; source->is_indexed && text[i] != '\0' && text[i + 1] != '\0'; i++)
		if (!has_bit(source->pairs, pair_hash(text + i)))
			return false;
	return true;
}

/* ---- finding ---- */

/* Where in a source to go on: behind the place, or from its front on. */
static bool start_of(const struct rust_facts *facts, const struct rust_place *place, size_t *index, size_t *at)
{
	*index = place->source != NULL ? (size_t)(place->source - facts->sources.items) : 0;
	*at = place->source != NULL ? place->offset : 0;
	return *index < facts->sources.count;
}

static bool take_place(struct rust_place *place, const struct rust_source *source, size_t offset, size_t shown)
{
	*place = (struct rust_place){.source = source, .offset = offset, .line = text_line_at(source->text, shown)};
	return true;
}

/* The length of the first token: a name, or a single letter. */
static size_t token_length(const char *words)
{
	size_t len = 0;
	while (is_name(words[len]))
		len++;
	return len > 0 ? len : 1;
}

/* Do the words stand at `at`, with any blanks between their tokens? */
static bool matches(const struct rust_source *source, size_t at, const char *words)
{
	if (is_name(words[0]) && at > 0 && is_name(source->code[at - 1]))
		return false;
	while (words[0] != '\0') {
		size_t len = token_length(words);
		if (source->len - at < len || memcmp(source->code + at, words, len) != 0)
			return false;
		at += len;
		if (is_name(words[0]) && at < source->len && is_name(source->code[at]))
			return false;
		words += len;
		while (is_blank(words[0]))
			words++;
		while (words[0] != '\0' && at < source->len && is_blank(source->code[at]))
			at++;
	}
	return true;
}

bool rust_find(const struct rust_facts *facts, const char *words, struct rust_place *place)
{
	size_t index, at;
	while (is_blank(words[0]))
		words++;
	if (words[0] == '\0' || !start_of(facts, place, &index, &at))
		return false;
	at += place->source != NULL;
	size_t first = token_length(words);
	for (; index < facts->sources.count; index++, at = 0) {
		const struct rust_source *source = &facts->sources.items[index];
		const char *found;
		if (source->is_test || !may_have_words(source, words))
			continue;
		while ( at < source->len && (found = memmem(source->code + at, source->len - at, words, first)) != NULL) {
			at = (size_t)(found - source->code);
			if (matches(source, at, words))
				return take_place(place, source, at, at);
			at++;
		}
	}
	return false;
}

/* ---- finding in strings ---- */

static size_t add_escape(const char *text, size_t at, size_t end, struct str *out)
{
	static const char letters[] = "nrt0\\\"'", means[] = "\n\r\t\0\\\"'";
	const char *found = text[at] != '\0' ? strchr(letters, text[at]) : NULL;
	if (found != NULL) {
		str_add_char(out, means[found - letters]);
		return at + 1;
	}
	if (text[at] == '\n' || text[at] == '\r') { /* the line goes on */
		while (at < end && is_blank(text[at]))
			at++;
		return at;
	}
	if (text[at] == 'x' && end - at >= 3) {
		const char digits[] = {text[at + 1], text[at + 2], '\0'};
		str_add_char(out, (char)strtoul(digits, NULL, 16));
		return at + 3;
	}
	str_add_char(out, '\\'); /* \u{…}: as it is */
	return at;
}

static void decode(const char *text, size_t at, size_t end, struct str *out)
{
	str_clear(out);
	while (at < end) {
		if (text[at] == '\\' && at + 1 < end)
			at = add_escape(text, at + 1, end, out);
		else
			str_add_char(out, text[at++]);
	}
}

/* Is the text in the literal between the two quotes? *shown: where about. */
static bool is_in_literal(const struct rust_source *source, size_t quote, size_t end, const char *wanted, bool whole, struct str *decoded,
	size_t *shown)
{
	size_t hashes, len = end - quote - 1, wanted_len = strlen(wanted);
	const char *inside = source->text + quote + 1;
	*shown = quote;
	if (len < wanted_len)
		return false;
	if (is_raw(source->code, quote, &hashes) || memchr(inside, '\\', len) == NULL) {
		const char *found = !whole || len == wanted_len ? memmem(inside, len, wanted, wanted_len) : NULL;
		*shown = found != NULL ? (size_t)(found - source->text) : quote;
		return found != NULL;
	}
	decode(source->text, quote + 1, end, decoded);
	return whole ? decoded->len == wanted_len && memcmp(str_text(decoded), wanted, wanted_len) == 0
		     : memmem(str_text(decoded), decoded->len, wanted, wanted_len) != NULL;
}

bool rust_find_string(const struct rust_facts *facts, const char *text, bool whole, struct rust_place *place)
{
	size_t index, at, quote, end, shown;
	auto_str decoded = {0};
	if (!start_of(facts, place, &index, &at))
		return false;
	if (place->source != NULL && next_literal(place->source, at, &quote, &end))
		at = end + 1; /* behind the last one found */
	for (; index < facts->sources.count; index++, at = 0) {
		const struct rust_source *source = &facts->sources.items[index];
		if (source->is_test || !may_have_text(source, text))
			continue;
		for (; next_literal(source, at, &quote, &end); at = end + 1)
			if (is_in_literal(source, quote, end, text, whole, &decoded, &shown))
				return take_place(place, source, quote, shown);
	}
	return false;
}
