/* Names in the sources of a program: which function a call means, what a constant
 * holds, which text is an argument; and paths, put together. Where it cannot be told
 * nothing is meant. */
#include "routes.h"

#include <ctype.h>

/* ---- paths ---- */

bool route_can_be_asked(const char *path)
{
	return path[0] == '/' && strpbrk(path, ":{}<>*?#%\\\" \t\n") == NULL;
}

/* False: too long. */
bool route_put_before(const struct routing *routing, struct value *value, const char *prefix, size_t len)
{
	const char *path = value->path + (value->path[0] == '/');
	bool is_kept = path[0] == '\0' && value->path[0] == '/' && routing->style->keeps_slash;
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	auto_free char *whole = mem_print("%s%.*s%s%s", len > 0 && prefix[0] != '/' ? "/" : "", (int)(len < ROUTE_PATH_MOST ? len : ROUTE_PATH_MOST), prefix,
		path[0] != '\0' || is_kept || len == 0 ? "/" : "", path);
	if (strlen(whole) >= ROUTE_PATH_MOST)
		return false;
	memcpy(value->path, whole, strlen(whole) + 1);
	return true;
}

void route_take(struct routing *routing, const struct value *value)
{
	routing->is_unclear = routing->is_unclear || !route_can_be_asked(value->path) || (routing->found != NULL && strcmp(routing->found, value->path) != 0);
	free(routing->found);
	routing->found = mem_copy_string(value->path);
}

/* ---- sources ---- */

const struct shape *route_shape(struct routing *routing, const struct rust_source *source)
{
	const struct reach_function *function;
	for (size_t i = 0; i < routing->part_count; i++)
		if (routing->parts[i].source == source)
			return routing->parts[i].is_good ? &routing->parts[i].shape : NULL;
	if (routing->part_count == ROUTE_PARTS_MOST)
		return NULL;
	struct part *part = &routing->parts[routing->part_count++];
	*part = (struct part){.source = source};
	part->is_good = shape_open(&part->shape, source, &routing->letters);
	for (size_t i = 0; part->is_good && (function = reach_each(routing->surveyed->reach, i)) != NULL; i++)
		if (function->source == source)
			*array_add(&part->functions) = function;
	return part->is_good ? &part->shape : NULL;
}

/* How many functions of the source open their body at or before the place. */
size_t route_functions_to(const struct routing *routing, const struct shape *shape, size_t offset, const struct reach_function ***functions, size_t *all)
{
	for (size_t i = 0; i < routing->part_count; i++) {
		const struct part *part = &routing->parts[i];
		size_t low = 0, high = part->functions.count;
		if (&part->shape != shape)
			continue;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (part->functions.items[middle]->open <= offset)
				low = middle + 1;
			else
				high = middle;
		}
		*functions = part->functions.items;
		*all = part->functions.count;
		return low;
	}
	*all = 0;
	return 0;
}

/* The function whose body the bracket opens; NULL: of none. */
const struct reach_function *route_function_of(const struct routing *routing, const struct shape *shape, size_t open)
{
	const struct reach_function **functions = NULL;
	size_t all;
	size_t count = route_functions_to(routing, shape, open, &functions, &all);
	return count > 0 && functions[count - 1]->open == open ? functions[count - 1] : NULL;
}

/* The innermost one around a place. */
const struct reach_function *route_function_around(const struct routing *routing, const struct shape *shape, size_t offset)
{
	const struct reach_function **functions = NULL;
	size_t all;
	for (size_t count = route_functions_to(routing, shape, offset, &functions, &all); count > 0; count--)
		if (functions[count - 1]->end > offset)
			return functions[count - 1];
	return NULL;
}

/* The next whole name from *at on. */
bool route_next_name(const struct shape *shape, const char *name, size_t *at, size_t end)
{
	const char *code = shape->source->code;
	size_t len = strlen(name);
	for (const char *found; *at < end && (found = memmem(code + *at, end - *at, name, len)) != NULL;) {
		size_t offset = (size_t)(found - code);
		*at = offset + len;
		if (shape_has_word(shape, offset, name))
			return true;
	}
	return false;
}

/* The text of a constant; false: it is none, or there are several. */
static bool read_constant(struct routing *routing, const char *name, const char **text, size_t *len)
{
	unsigned found = 0;
	auto_free char *words = mem_print("const %s :", name);
	for (struct rust_place place = {0}; found < 2 && rust_find(&routing->surveyed->program->facts, words, &place); found++) {
		const char *code = place.source->code, *equals = strchr(code + place.offset, '=');
		const char *open = equals != NULL ? equals + 1 + strspn(equals + 1, " \t\r\n") : "";
		const char *close = *open == '"' ? strchr(open + 1, '"') : NULL;
		if (close == NULL || close[1 + strspn(close + 1, " \t\r\n")] != ';' || memchr(code + place.offset, ';', (size_t)(open - code) - place.offset) != NULL)
			return false;
		*text = place.source->text + (open + 1 - code);
		*len = (size_t)(close - open) - 1;
	}
	return found == 1;
}

/* The first argument of a call, a literal or the name of a constant; *behind: where it ends. */
bool route_first_text(struct routing *routing, const struct shape *shape, const struct call *call, const char **text, size_t *len, size_t *behind)
{
	const char *code = shape->source->code;
	size_t end = shape->mates[call->open] - 1, at = shape_skip(shape, call->open + 1, end);
	const char *close = at < end && code[at] == '"' ? memchr(code + at + 1, '"', end - at - 1) : NULL;
	size_t name = shape_name_len(shape, at);
	if (close != NULL) {
		*text = shape->source->text + at + 1;
		*len = (size_t)(close - code) - at - 1;
		at = (size_t)(close - code) + 1;
	} else {
		auto_free char *constant = mem_copy_bytes(code + at, name);
		if (!is_variable_name(constant, name) || !read_constant(routing, constant, text, len))
			return false;
		at += name;
	}
	*behind = shape_skip(shape, at, end);
	return (*behind == end || code[*behind] == ',') && memchr(*text, '\\', *len) == NULL;
}

/* Whole of literals: path!("a" / "b"). */
bool route_first_texts(struct routing *routing, const struct shape *shape, const struct call *call, struct value *value)
{
	const char *text, *code = shape->source->code;
	size_t len, behind, end = shape->mates[call->open] - 1;
	auto_str whole = {0};
	if (!call->is_macro)
		return route_first_text(routing, shape, call, &text, &len, &behind) && route_put_before(routing, value, text, len);
	for (size_t at = call->open + 1; at < end; at++) {
		const char *close = code[at] == '"' ? memchr(code + at + 1, '"', end - at - 1) : NULL;
		if (close != NULL) {
			str_add_char(&whole, '/');
			str_add_bytes(&whole, shape->source->text + at + 1, (size_t)(close - code) - at - 1);
			at = (size_t)(close - code);
		} else if (code[at] != '/' && !isspace((unsigned char)code[at])) {
			return false; /* a part of any name, or .. */
		}
	}
	return route_put_before(routing, value, str_text(&whole), whole.len);
}

/* ---- functions by their name ---- */

/* "health" of health.rs and health/mod.rs, the crate of src/lib.rs. The caller frees. */
static char *module_of(const char *path)
{
	const char *name = path_name(path);
	bool is_folder = strcmp(name, "mod.rs") == 0, is_crate = strcmp(name, "lib.rs") == 0 || strcmp(name, "main.rs") == 0;
	auto_free char *folder = path_parent(path), *above = path_parent(folder);
	char *module = is_crate ? mem_copy_string(path_name(above)) : is_folder ? mem_copy_string(path_name(folder)) : mem_copy_bytes(name, strcspn(name, "."));
	for (char *at = module; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at;
	return module;
}

/* What stands before the block that a function is declared in: impl A, mod b. */
static const char *head_around(const struct shape *shape, size_t name, size_t *len)
{
	struct around inner, outer;
	*len = 0;
	if (!shape_around(shape, name, &inner) || inner.open == SHAPE_NOWHERE || !shape_around(shape, (size_t)inner.open, &outer))
		return "";
	*len = (size_t)inner.open - outer.piece;
	return shape->source->code + outer.piece;
}

void route_candidates(const struct routing *routing, const char *name, size_t len, struct candidates *candidates)
{
	size_t at = 0;
	*candidates = (struct candidates){0};
	for (const struct reach_function *function; (function = reach_named(routing->surveyed->reach, name, len, &at)) != NULL;) {
		candidates->is_cut = candidates->count == ROUTE_CANDIDATES_MOST;
		if (candidates->is_cut)
			return;
		candidates->items[candidates->count++] = function;
	}
}

/* The name before :: of a path whose last name begins at `name`; len 0: none. */
static size_t qualifier_of(const struct shape *shape, size_t name, size_t *len)
{
	size_t at = shape_skip_back(shape, name);
	*len = 0;
	if (at < 2 || shape->source->code[at - 1] != ':' || shape->source->code[at - 2] != ':')
		return at;
	size_t end = shape_skip_back(shape, at - 2), start = shape_name_start(shape, end);
	*len = end - start;
	return start;
}

static bool is_in_module(const struct reach_function *function, const char *head, size_t head_len, const char *module)
{
	auto_free char *own = module_of(function->source->path);
	return strcmp(own, module) == 0 || (has_name(head, head_len, "mod") && has_name(head, head_len, module));
}

/* Does the name at that place, as it is written there, mean this one of the candidates? */
bool route_means(struct routing *routing, const struct candidates *candidates, const struct reach_function *function, const struct shape *shape, size_t name)
{
	size_t head_len, len, fitting = 0, at = shape_skip_back(shape, name), start = qualifier_of(shape, name, &len);
	const struct shape *own = route_shape(routing, function->source);
	if (own == NULL || candidates->is_cut || (function->source == shape->source && function->name == name))
		return false;
	const char *head = head_around(own, function->name, &head_len), *code = shape->source->code;
	bool is_method = has_name(head, head_len, "impl") || has_name(head, head_len, "trait"), is_here = function->source == shape->source;
	auto_free char *qualifier = mem_copy_bytes(code + start, len);
	const struct rust_crate *crate = len > 0 ? rust_crate(&routing->surveyed->program->facts, qualifier) : NULL;
	if ((len == 0 && at > 0 && code[at - 1] == '.') || (crate != NULL && !crate->is_member))
		return false; /* a method, of which type cannot be told; of another crate */
	if (isupper((unsigned char)qualifier[0]))
		return is_method && (strcmp(qualifier, "Self") == 0 ? is_here : has_name(head, head_len, qualifier));
	if (is_method)
		return false;
	if (candidates->count == 1)
		return true;
	for (size_t i = 0; i < candidates->count; i++) {
		const struct reach_function *other = candidates->items[i];
		const struct shape *others = route_shape(routing, other->source);
		size_t other_len = 0;
		const char *other_head = others != NULL ? head_around(others, other->name, &other_len) : "";
		if (has_name(other_head, other_len, "impl") || has_name(other_head, other_len, "trait"))
			continue;
		bool fits = len == 0 || strcmp(qualifier, "self") == 0 ? other->source == shape->source : is_in_module(other, other_head, other_len, qualifier);
		if (other == function && !fits)
			return false;
		fitting += fits;
	}
	return fitting == 1;
}
