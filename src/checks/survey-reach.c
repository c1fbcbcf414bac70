/* What a program comes to in its own sources and those that it shares with others:
 * a name that stands in a function that is reached reaches all functions of that
 * name. Too much rather than too little, and enough to tell a worker from the
 * service beside it. */
#include "survey.h"

#include <ctype.h>

enum { FUNCTIONS_MOST = 50000, OF_SOURCE_MOST = 2000, SCAN_MOST = 64 << 20, DEPTH_MOST = 5000 };

struct reach {
	const struct rust_facts *facts;
	const char *main_path;
	struct { struct reach_function *items; size_t count, cap; } functions;
	struct { size_t *items; size_t count, cap; } firsts, open; /* firsts: of each source; open: to be looked at */
	struct map *names; /* to index + 1 */
	size_t scanned;
	bool is_cut;
};

static bool is_word(const char *code, size_t len, const char *word)
{
	return len == strlen(word) && strncmp(code, word, len) == 0;
}

/* ---- functions ---- */

enum brace { BRACE_OTHER, BRACE_TRAIT };
struct scanning {
	enum { HEAD_NONE, HEAD_FUNCTION, HEAD_IMPL } head;
	struct reach_function pending;
	bool for_trait; /* of the impl whose head is read */
	int depth; /* of ( and [ */
	struct { enum brace kind; size_t function; } braces[DEPTH_MOST]; /* function: index + 1 */
	size_t count;
};

static void add_function(struct reach *reach, struct scanning *scanning)
{
	struct reach_function *function = array_add(&reach->functions);
	*function = scanning->pending;
	auto_free char *name = mem_copy_bytes(function->source->code + function->name, function->name_len);
	function->next = (size_t)(uintptr_t)map_get(reach->names, name);
	map_put(reach->names, name, (void *)(uintptr_t)reach->functions.count);
}

/* False: deeper than anybody writes. */
static bool open_brace(struct reach *reach, struct scanning *scanning, size_t at)
{
	size_t function = 0;
	enum brace kind = scanning->head == HEAD_IMPL && scanning->for_trait ? BRACE_TRAIT : BRACE_OTHER;
	if (scanning->count >= DEPTH_MOST)
		return false;
	if (scanning->head == HEAD_FUNCTION && scanning->depth == 0) {
		scanning->pending.open = at;
		scanning->pending.is_rooted = scanning->count > 0 && scanning->braces[scanning->count - 1].kind == BRACE_TRAIT;
		add_function(reach, scanning);
		function = reach->functions.count;
	}
	scanning->braces[scanning->count].kind = kind;
	scanning->braces[scanning->count++].function = function;
	if (scanning->depth == 0)
		scanning->head = HEAD_NONE;
	return true;
}

static void close_brace(struct reach *reach, struct scanning *scanning, size_t at)
{
	if (scanning->count == 0)
		return;
	size_t function = scanning->braces[--scanning->count].function;
	if (function > 0)
		reach->functions.items[function - 1].end = at + 1;
}

static size_t read_word(struct scanning *scanning, const struct rust_source *source, size_t at)
{
	size_t end = at;
	while (end < source->len && is_name_letter(source->code[end]))
		end++;
	if (is_word(source->code + at, end - at, "fn")) {
		size_t name = end;
		while (name < source->len && isspace((unsigned char)source->code[name]))
			name++;
		size_t behind = name;
		while (behind < source->len && is_name_letter(source->code[behind]))
			behind++;
		if (behind == name)
			return end; /* a type */
		scanning->head = HEAD_FUNCTION;
		scanning->depth = 0;
		scanning->pending = (struct reach_function){.source = source, .name = name, .name_len = behind - name};
		return behind;
	}
	if (scanning->head == HEAD_NONE && is_word(source->code + at, end - at, "impl")) {
		scanning->head = HEAD_IMPL;
		scanning->for_trait = false;
		scanning->depth = 0;
	}
	scanning->for_trait = scanning->for_trait || is_word(source->code + at, end - at, "for");
	return end;
}

static void find_functions(struct reach *reach, const struct rust_source *source)
{
	struct scanning *scanning = mem_alloc(sizeof *scanning);
	size_t first = reach->functions.count, at = 0;
	while (at < source->len && reach->functions.count < FUNCTIONS_MOST && reach->functions.count - first < OF_SOURCE_MOST) {
		char letter = source->code[at];
		if (is_name_letter(letter)) {
			at = read_word(scanning, source, at);
			continue;
		}
		if (letter == '(' && scanning->head == HEAD_FUNCTION && scanning->depth == 0 && scanning->pending.parameters == 0)
			scanning->pending.parameters = at;
		scanning->depth += (letter == '(' || letter == '[') - (letter == ')' || letter == ']');
		if (letter == ';' && scanning->depth <= 0)
			scanning->head = HEAD_NONE;
		if (letter == '{' && !open_brace(reach, scanning, at))
			break;
		if (letter == '}')
			close_brace(reach, scanning, at);
		at++;
	}
	reach->is_cut = reach->is_cut || at < source->len;
	for (size_t i = first; i < reach->functions.count; i++)
		if (reach->functions.items[i].end == 0)
			reach->functions.items[i].end = source->len;
	free(scanning);
}

/* ---- reaching ---- */

static void reach_name(struct reach *reach, const char *name, size_t len)
{
	char text[128];
	if (len == 0 || len >= sizeof text)
		return;
	memcpy(text, name, len);
	text[len] = '\0';
	for (size_t index = (size_t)(uintptr_t)map_get(reach->names, text); index > 0; index = reach->functions.items[index - 1].next) {
		struct reach_function *function = &reach->functions.items[index - 1];
		if (!function->is_reached)
			*array_add(&reach->open) = index - 1;
		function->is_reached = true;
	}
}

static void scan(struct reach *reach, const struct rust_source *source, size_t from, size_t to)
{
	reach->scanned += to - from;
	if (reach->scanned > SCAN_MOST) {
		reach->is_cut = true;
		return;
	}
	for (size_t at = from; at < to;) {
		size_t end = at;
		while (end < to && is_name_letter(source->code[end]))
			end++;
		reach_name(reach, source->code + at, end - at);
		at = end > at ? end : at + 1;
	}
}

/* What stands in no function; a `use` names and calls nothing. */
static void scan_outside(struct reach *reach, const struct rust_source *source, size_t first, size_t last)
{
	size_t at = 0;
	for (size_t next = first; at < source->len; next++) {
		size_t stop = next < last ? reach->functions.items[next].name : source->len;
		while (at < stop) {
			size_t end = at;
			while (end < stop && source->code[end] != ';' && source->code[end] != '}')
				end++;
			size_t start = at + strspn(source->code + at, " \t\r\n");
			bool is_use = strncmp(source->code + start, "use ", 4) == 0 || strncmp(source->code + start, "pub use ", 8) == 0;
			if (is_use) {
				while (end < stop && source->code[end] != ';')
					end++;
			} else {
				scan(reach, source, at, end);
			}
			at = end + 1;
		}
		if (next >= last)
			break;
		size_t behind = reach->functions.items[next].end;
		at = behind > at ? behind : at;
	}
}

static void walk(struct reach *reach)
{
	for (size_t i = 0; i < reach->facts->sources.count; i++) {
		const struct rust_source *source = &reach->facts->sources.items[i];
		if (source->is_test)
			continue;
		if (strcmp(source->path, reach->main_path) == 0)
			scan(reach, source, 0, source->len);
		else
			scan_outside(reach, source, reach->firsts.items[i], reach->firsts.items[i + 1]);
	}
	for (size_t i = 0; i < reach->functions.count; i++) {
		struct reach_function *function = &reach->functions.items[i];
		if (function->is_rooted && !function->is_reached) {
			function->is_reached = true;
			*array_add(&reach->open) = i;
		}
	}
	while (reach->open.count > 0 && !reach->is_cut) {
		const struct reach_function *function = &reach->functions.items[reach->open.items[--reach->open.count]];
		scan(reach, function->source, function->open, function->end);
	}
}

/* ---- asking ---- */

const struct reach_function *reach_named(const struct reach *reach, const char *name, size_t len, size_t *at)
{
	auto_free char *text = mem_copy_bytes(name, len);
	size_t index = *at == 0 ? (size_t)(uintptr_t)map_get(reach->names, text) : reach->functions.items[*at - 1].next;
	*at = index;
	return index > 0 ? &reach->functions.items[index - 1] : NULL;
}

const struct reach_function *reach_each(const struct reach *reach, size_t index)
{
	return index < reach->functions.count ? &reach->functions.items[index] : NULL;
}

bool reach_has(const struct reach *reach, const struct rust_source *source, size_t offset)
{
	size_t index = (size_t)(source - reach->facts->sources.items);
	const struct reach_function *inner = NULL;
	if (reach->is_cut || index >= reach->facts->sources.count || strcmp(source->path, reach->main_path) == 0)
		return true;
	for (size_t i = reach->firsts.items[index]; i < reach->firsts.items[index + 1]; i++) {
		const struct reach_function *function = &reach->functions.items[i];
		if (function->name > offset)
			break;
		inner = offset < function->end ? function : inner;
	}
	return inner == NULL || inner->is_reached;
}

struct reach *reach_open(const struct program *program)
{
	struct reach *reach = mem_alloc(sizeof *reach);
	reach->facts = &program->facts;
	reach->main_path = program->path;
	reach->names = map_open(NULL);
	for (size_t i = 0; i < reach->facts->sources.count; i++) {
		*array_add(&reach->firsts) = reach->functions.count;
		if (!reach->facts->sources.items[i].is_test)
			find_functions(reach, &reach->facts->sources.items[i]);
	}
	*array_add(&reach->firsts) = reach->functions.count;
	walk(reach);
	return reach;
}

void reach_close(struct reach *reach)
{
	if (reach == NULL)
		return;
	map_close(reach->names);
	array_finish(&reach->functions);
	array_finish(&reach->firsts);
	array_finish(&reach->open);
	free(reach);
}
