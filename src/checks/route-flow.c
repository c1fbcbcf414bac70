/* Follows a route outwards: from an expression to the call that takes it, the variable
 * that holds it, the function that gives it, until something serves it. What is not
 * understood ends there, and nothing is taken. */
#include "routes.h"

#include <ctype.h>

enum { HEAD_MOST = 600, HOPS_MOST = 5 };

/* ---- outwards ---- */

/* Does the name only say what something is called? */
static bool is_mention(const struct shape *shape, size_t name)
{
	static const char *const words[] = {"fn", "mod", "use", "let", "struct", "enum", "as", "type"};
	size_t len, before = code_ends_with(shape->source, name, "::") ? 0 : shape_name_start(shape, shape_skip_back(shape, name));
	for (size_t i = 0; before > 0 && i < COUNT_OF(words); i++)
		if (shape_has_word(shape, before, words[i]))
			return true;
	const char *text = code_before(shape->source, name, &len);
	while (len > 0 && isspace((unsigned char)*text))
		text++, len--;
	return (len > 4 && strncmp(text, "use ", 4) == 0) || (len > 8 && strncmp(text, "pub use ", 8) == 0);
}

static void take_in_name(struct routing *routing, struct value value, const char *name, size_t at, unsigned depth);
static char *only_argument(const struct shape *shape, size_t open);

/* Is it named as an argument of the call that takes such functions? */
static bool is_named_in(const struct shape *shape, size_t name, enum use use)
{
	static const char *const takers[] = {"service", "services", "routes", NULL}, *const configures[] = {"configure", NULL};
	struct around around;
	struct call call;
	if (!shape_around(shape, name, &around) || around.open == SHAPE_NOWHERE)
		return false;
	shape_call(shape, (size_t)around.open, &call);
	return shape_call_is(shape, &call, use == USE_PUT_IN ? takers : configures);
}

/* A place where the function is called or named. */
static void flow_use(struct routing *routing, struct value value, size_t name, size_t len, enum use use, unsigned depth)
{
	const struct shape *shape = value.shape;
	const char *code = shape->source->code;
	size_t behind = shape_skip(shape, name + len, shape->source->len);
	bool is_call = behind < shape->source->len && code[behind] == '(';
	auto_free char *argument = is_call && use == USE_CONFIGURES ? only_argument(shape, behind) : NULL;
	value.start = shape_chain_start(shape, name + len);
	if (argument != NULL)
		take_in_name(routing, value, argument, name, depth);
	else if (use == USE_CALLED ? is_call : !is_call && is_named_in(shape, value.start, use) && (code[behind] != ':' || code[behind + 1] != ':'))
		route_flow(routing, value, depth);
}

/* All places where a function is called, or named: what was followed goes on there. */
void route_flow_function(struct routing *routing, const struct value *value, const struct reach_function *function, enum use use, unsigned depth)
{
	struct candidates candidates;
	auto_free char *name = mem_copy_bytes(function->source->code + function->name, function->name_len);
	route_candidates(routing, name, function->name_len, &candidates);
	if (routing->lookups++ >= ROUTE_LOOKUPS_MOST)
		return;
	for (struct rust_place place = {0}; routing->steps++ < ROUTE_STEPS_MOST && rust_find(&routing->surveyed->program->facts, name, &place);) {
		struct value next = *value;
		next.shape = route_shape(routing, place.source);
		if (next.shape != NULL && !is_mention(next.shape, place.offset) && reach_has(routing->surveyed->reach, place.source, place.offset) &&
			route_means(routing, &candidates, function, next.shape, place.offset))
			flow_use(routing, next, place.offset, function->name_len, use, depth + 1);
	}
}

/* The places of a variable between two offsets. `block`: the bracket of the block that it was set in. */
static void flow_names(struct routing *routing, const struct value *value, const char *name, size_t at, size_t end, ptrdiff_t block, unsigned depth)
{
	const struct shape *shape = value->shape;
	const char *code = shape->source->code;
	while (routing->steps++ < ROUTE_STEPS_MOST && depth <= ROUTE_DEPTH_MOST && route_next_name(shape, name, &at, end)) {
		struct around around;
		size_t start = at - strlen(name), behind = shape_skip(shape, at, shape->source->len), before = shape_skip_back(shape, start);
		bool is_set = code[behind] == '=' && code[behind + 1] != '=' && code[behind + 1] != '>';
		if ((before > 0 && code[before - 1] == '.') || strncmp(code + behind, "::", 2) == 0 || code[behind] == '!' || !shape_around(shape, start, &around))
			continue;
		if (!is_set) {
			struct value next = *value;
			next.start = start;
			next.was_taken_in = false;
			route_flow(routing, next, depth + 1);
		} else if (around.open == block) {
			end = shape_piece_end(shape, start); /* in what it is set to the old one is meant, and behind that the new one */
		} else if (shape_has_word(shape, around.piece, "let")) { /* another one, in a block of its own */
			flow_names(routing, value, name, at, shape_piece_end(shape, start), around.open, depth + 1);
			at = shape->mates[around.open] - 1;
		}
		/* set under a condition: both may be meant */
	}
}

/* The places of a variable from `at` on, up to where another one is called so. */
static void flow_variable(struct routing *routing, const struct value *value, const char *name, size_t at, unsigned depth)
{
	const struct reach_function *function = route_function_around(routing, value->shape, value->start);
	struct around around;
	if (function != NULL && shape_around(value->shape, value->start, &around))
		flow_names(routing, value, name, at, function->end, around.open, depth);
}

/* `let NAME = …` or `NAME = …` before an expression: the name. The caller frees; NULL: it is neither. */
static char *name_of_lead(const struct shape *shape, size_t from, size_t to)
{
	const char *code = shape->source->code;
	size_t at = from, end = shape_skip_back(shape, to);
	if (end <= from || code[end - 1] != '=' || (end > from + 1 && strchr("=!<>+-*/|&", code[end - 2]) != NULL))
		return NULL;
	bool is_let = shape_has_word(shape, at, "let");
	at = is_let ? shape_skip(shape, at + strlen("let"), end) : at;
	bool is_pair = is_let && code[at] == '('; /* let (router, api) = ….split_for_parts() */
	at = is_pair ? shape_skip(shape, at + 1, end) : at;
	at = is_let && shape_has_word(shape, at, "mut") ? shape_skip(shape, at + strlen("mut"), end) : at;
	size_t len = shape_name_len(shape, at), behind = shape_skip(shape, at + len, end);
	size_t stop = shape_piece_end(shape, to);
	if (is_pair && memmem(code + to, stop - to, "split_for_parts", strlen("split_for_parts")) == NULL)
		return NULL;
	bool is_plain = len > 0 && (code[behind] == '=' || (is_let && code[behind] == ':') || is_pair);
	return is_plain ? mem_copy_bytes(code + at, len) : NULL;
}

/* Is it declared in the brackets of the function's head? */
static bool is_parameter(const struct reach_function *function, const char *name)
{
	return function != NULL && function->parameters > 0 && function->parameters < function->open &&
		has_name(function->source->code + function->parameters, function->open - function->parameters, name);
}

/* What the function says that it gives back: from -> on; len 0: nothing. */
static const char *result_of(const struct reach_function *function, size_t *len)
{
	const char *from = function->source->code + function->parameters;
	const char *arrow = NULL, *end = function->source->code + function->open;
	for (const char *at = from; (at = memmem(at, (size_t)(end - at), "->", 2)) != NULL; at += 2)
		arrow = at; /* those before it are of parameters */
	*len = arrow != NULL ? (size_t)(end - arrow) : 0;
	return arrow != NULL ? arrow : end;
}

static bool gives_nothing(const struct reach_function *function)
{
	size_t len;
	const char *result = result_of(function, &len);
	return len == 0 || memmem(result, len, "()", 2) != NULL || has_name(result, len, "ExitCode");
}

static bool gives_routes(const struct reach_function *function)
{
	static const char *const types[] = {"Router", "ApiRouter", "OpenApiRouter", "Route", "Scope", "Rocket", "BoxedEndpoint", "BoxedFilter", "impl", "Server", "Resource"};
	size_t len;
	const char *result = result_of(function, &len);
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (has_name(result, len, types[i]))
			return true;
	return false;
}

/* Calls that serve what they are given: axum::serve(listener, app), Server::new(…).run(app), app.listen(…). */
static const char *const serving[] = {"serve", "run", "try_serve", "launch", "listen", "run_with_graceful_shutdown", "serve_with_shutdown", "serve_connection",
	"serve_connection_with_upgrades", "run_until_stopped", NULL};

static bool is_served(const struct shape *shape, size_t start, size_t end)
{
	struct call call;
	for (size_t at = start; shape_next_call(shape, &at, end, &call);)
		if (shape_call_is(shape, &call, serving))
			return true;
	return false;
}

static bool has_any_name(const char *code, size_t len, const char *const *names)
{
	for (; *names != NULL; names++)
		if (has_name(code, len, *names))
			return true;
	return false;
}

/* Where a program begins: main, #[launch]. */
static bool is_beginning(const struct reach_function *function)
{
	size_t len;
	const char *before = code_before(function->source, function->name, &len);
	return (function->name_len == 4 && memcmp(function->source->code + function->name, "main", 4) == 0) || memmem(before, len, "launch]", 7) != NULL ||
		memmem(before, len, "main]", 5) != NULL;
}

/* What a function's body gives. */
static void flow_result(struct routing *routing, const struct value *value, const struct reach_function *function, unsigned depth)
{
	if (is_beginning(function) || (gives_nothing(function) && is_served(value->shape, value->start, shape_piece_end(value->shape, value->start))))
		route_take(routing, value);
	else if (!function->is_rooted)
		route_flow_function(routing, value, function, USE_CALLED, depth);
}

/* ---- chains that take in ---- */

bool route_is_warp(const struct routing *routing)
{
	return strcmp(routing->style->frameworks[0], "warp") == 0;
}

/* warp: path("a").and(path("b")) answers below a. */
bool route_goes_on_below(const struct shape *shape, size_t from, size_t end)
{
	static const char *const ands[] = {"and", NULL};
	struct call call;
	for (size_t at = from; shape_next_call(shape, &at, end, &call);)
		for (size_t i = call.open; shape_call_is(shape, &call, ands) && i < at; i++)
			if (shape_has_word(shape, i, "path") && strncmp(shape->source->code + i, "path::end", strlen("path::end")) != 0)
				return true;
	return false;
}

/* Puts before the path what the chain from `start` to `end` is a scope of. False: it cannot be told. */
static bool add_scopes(struct routing *routing, struct value *value, size_t start, size_t end)
{
	struct call call, calls[8];
	size_t count = 0;
	if (route_is_warp(routing) && route_goes_on_below(value->shape, start, end))
		return false;
	for (size_t at = start; shape_next_call(value->shape, &at, end, &call);) {
		if (!shape_call_is(value->shape, &call, routing->style->scopes))
			continue;
		if (count == COUNT_OF(calls))
			return false;
		calls[count++] = call;
	}
	while (count > 0)
		if (!route_first_texts(routing, value->shape, &calls[--count], value))
			return false;
	return true;
}

static bool has_root(const struct routing *routing, const struct shape *shape, size_t start)
{
	size_t end = start;
	while (end < shape->source->len && (is_name_letter(shape->source->code[end]) || shape->source->code[end] == ':'))
		end++;
	return has_any_name(shape->source->code + start, end - start, routing->style->roots);
}

/* Does the chain begin with a call of the program's own, or of nobody knows whose? */
static bool begins_with_own(struct routing *routing, const struct shape *shape, size_t start, size_t end)
{
	struct candidates candidates;
	struct call call;
	size_t at = start;
	if (!shape_next_call(shape, &at, end, &call) || call.is_method)
		return false;
	if (call.start == call.name && !shape_call_is(shape, &call, routing->style->scopes))
		return true;
	route_candidates(routing, shape->source->code + call.name, call.len, &candidates);
	for (size_t i = 0; i < candidates.count; i++)
		if (route_means(routing, &candidates, candidates.items[i], shape, call.name))
			return true;
	return candidates.is_cut;
}

/* The last `let NAME = EXPRESSION` of the function before a place: where the expression begins; 0: none. */
static size_t find_let(const struct routing *routing, const struct shape *shape, const char *name, size_t before)
{
	const struct reach_function *function = route_function_around(routing, shape, before);
	size_t found = 0, len = strlen(name);
	for (size_t at = function != NULL ? function->open : before; route_next_name(shape, name, &at, before);) {
		size_t back = shape_name_start(shape, shape_skip_back(shape, at - len));
		bool is_mut = shape_has_word(shape, back, "mut");
		back = is_mut ? shape_name_start(shape, shape_skip_back(shape, back)) : back;
		size_t equals = at;
		while (equals < before && strchr("=;{", shape->source->code[equals]) == NULL)
			equals++;
		size_t from = shape_skip(shape, equals + 1, before);
		/* in the expression of a let its own name is still the one before */
		if (shape_has_word(shape, back, "let") && equals < before && shape->source->code[equals] == '=' && shape_piece_end(shape, from) < before)
			found = from;
	}
	return found;
}

/* Whose closure has the name between its bars: where that closure begins; 0: none's. */
static size_t find_closure(const struct shape *shape, const char *name, size_t offset)
{
	struct around around = {.open = (ptrdiff_t)offset};
	while (around.open != SHAPE_NOWHERE) {
		size_t from = (size_t)around.open;
		if (!shape_around(shape, from, &around))
			return 0;
		const char *code = shape->source->code + around.piece, *bar = memchr(code, '|', from - around.piece);
		size_t rest = bar != NULL ? from - around.piece - (size_t)(bar - code) - 1 : 0;
		const char *close = rest > 0 ? memchr(bar + 1, '|', rest) : NULL;
		if (close != NULL && has_name(bar, (size_t)(close - bar), name))
			return around.piece;
	}
	return 0;
}

/* What a chain is that something is put into. */
enum chain {
	CHAIN_UNKNOWN,
	CHAIN_ROOT, /* it is put into nothing more */
	CHAIN_OPEN, /* it goes on where its expression stands */
	CHAIN_GIVEN, /* it begins with a name that is given from outside */
};

/* The name that a chain begins with; NULL: it begins with a call. The caller frees. */
static char *variable_of(const struct shape *shape, size_t start, size_t end)
{
	size_t len = shape_name_len(shape, start), behind = shape_skip(shape, start + len, shape->source->len);
	bool is_variable = len > 0 && (start + len >= end || behind >= end || shape->source->code[behind] == '.');
	return is_variable ? mem_copy_bytes(shape->source->code + start, len) : NULL;
}

/* Puts its scopes before the path, and those of what its variable was made of. */
static enum chain read_chain(struct routing *routing, struct value *value, size_t start, size_t end, unsigned hops)
{
	const struct shape *shape = value->shape;
	if (has_root(routing, shape, start))
		return add_scopes(routing, value, start, end) ? CHAIN_ROOT : CHAIN_UNKNOWN;
	if (routing->style->scopes[0] == NULL)
		return CHAIN_OPEN;
	if (hops > HOPS_MOST || !add_scopes(routing, value, start, end))
		return CHAIN_UNKNOWN;
	auto_free char *name = variable_of(shape, start, end);
	if (name == NULL)
		return begins_with_own(routing, shape, start, end) ? CHAIN_UNKNOWN : CHAIN_OPEN;
	size_t let = find_let(routing, shape, name, start);
	return let > 0 ? read_chain(routing, value, let, shape_piece_end(shape, let), hops + 1) : CHAIN_GIVEN;
}

/* It is put into what the function or closure around that place is given by that name. */
static void take_in_given(struct routing *routing, const struct value *value, const char *name, size_t at, unsigned depth)
{
	const struct reach_function *function = route_function_around(routing, value->shape, at);
	size_t closure = find_closure(value->shape, name, at);
	struct value next = *value;
	if (routing->style->roots[0] == NULL)
		return; /* what is given may be given by anybody */
	next.start = closure;
	next.was_taken_in = true;
	if (closure > 0) /* configure(|cfg| …) */
		route_flow(routing, next, depth + 1);
	else if (is_parameter(function, name))
		route_flow_function(routing, value, function, USE_CONFIGURES, depth);
}

/* What was followed is put into a variable. */
static void take_in_name(struct routing *routing, struct value value, const char *name, size_t at, unsigned depth)
{
	size_t let = find_let(routing, value.shape, name, at);
	enum chain chain = let > 0 ? read_chain(routing, &value, let, shape_piece_end(value.shape, let), 0) : CHAIN_GIVEN;
	if (depth > ROUTE_DEPTH_MOST || routing->steps++ > ROUTE_STEPS_MOST)
		return;
	if (chain == CHAIN_ROOT)
		route_take(routing, &value);
	else if (chain == CHAIN_GIVEN)
		take_in_given(routing, &value, name, at, depth);
}

/* What was followed is put into the chain from `start` to `end`. */
void route_take_in(struct routing *routing, struct value value, size_t start, size_t end, unsigned depth)
{
	auto_free char *name = variable_of(value.shape, start, end);
	enum chain chain = read_chain(routing, &value, start, end, 0);
	value.start = start;
	value.was_taken_in = true;
	if (chain == CHAIN_ROOT)
		route_take(routing, &value);
	else if (chain == CHAIN_OPEN)
		route_flow(routing, value, depth);
	else if (chain == CHAIN_GIVEN && name != NULL)
		take_in_given(routing, &value, name, start, depth);
}

/* ---- arguments ---- */

/* A call of the program's own: what it does with an argument is followed no further than its head says. *is_over: it serves it. */
static bool passes_on(struct routing *routing, const struct shape *shape, const struct call *call, bool *is_over)
{
	struct candidates candidates;
	const struct style *style = routing->style;
	*is_over = shape_call_is(shape, call, serving);
	auto_free char *name = mem_copy_bytes(shape->source->code + call->name, call->len);
	if (call->start == call->name && find_let(routing, shape, name, call->name) > 0)
		return false; /* a closure */
	route_candidates(routing, name, call->len, &candidates);
	for (size_t i = 0; i < candidates.count; i++) {
		const struct reach_function *function = candidates.items[i];
		const char *body = function->source->code + function->open;
		size_t len = function->end - function->open;
		if (!route_means(routing, &candidates, function, shape, call->name))
			continue;
		if (has_any_name(body, len, style->nests) || has_any_name(body, len, style->scopes))
			return false;
		*is_over = gives_nothing(function) && has_any_name(body, len, serving);
		return *is_over || gives_routes(function);
	}
	return !candidates.is_cut;
}

/* cfg, &mut cfg: a name alone. The caller frees; NULL: it is more than that. */
static char *only_argument(const struct shape *shape, size_t open)
{
	size_t end = shape->mates[open] - 1, at = shape_skip(shape, open + 1, end);
	at = shape->source->code[at] == '&' ? shape_skip(shape, at + 1, end) : at;
	at = shape_has_word(shape, at, "mut") ? shape_skip(shape, at + strlen("mut"), end) : at;
	size_t len = shape_name_len(shape, at);
	return len > 0 && shape_skip(shape, at + len, end) == end ? mem_copy_bytes(shape->source->code + at, len) : NULL;
}

/* nest("/a", …): its first argument is put before. */
static void flow_nest(struct routing *routing, struct value value, const struct around *around, const struct call *call, unsigned depth)
{
	const char *text;
	size_t len, behind;
	if (around->index != 1 || !route_first_text(routing, value.shape, call, &text, &len, &behind) || !route_put_before(routing, &value, text, len))
		return;
	value.start = call->start;
	value.was_taken_in = true;
	if (routing->style->is_final)
		route_take(routing, &value);
	else
		route_flow(routing, value, depth);
}

/* In brackets, and the only thing there? */
static bool is_alone(const struct shape *shape, const struct around *around)
{
	size_t open = (size_t)around->open;
	return shape->source->code[open] == '(' && around->index == 0 && shape_piece_end(shape, around->piece) == shape->mates[open] - 1;
}

/* It is an argument of the bracket around it. */
static void flow_argument(struct routing *routing, struct value value, const struct around *around, unsigned depth)
{
	static const char *const beside[] = {"or", "or_else", "merge", "unify", NULL};
	static const char *const lists[] = {"vec", "routes", "services", "join", "try_join", "dbg", NULL}; /* other macros may do anything */
	const struct shape *shape = value.shape;
	struct call call;
	bool is_over = false;
	shape_call(shape, (size_t)around->open, &call);
	if (call.len == 0 && !is_alone(shape, around))
		return;
	if (call.is_macro && !shape_call_is(shape, &call, lists))
		return;
	if (call.len > 0 && !call.is_method && !call.is_macro && !passes_on(routing, shape, &call, &is_over))
		return;
	is_over = is_over || (call.is_method && shape_call_is(shape, &call, serving));
	if (shape_call_is(shape, &call, routing->style->nests)) {
		flow_nest(routing, value, around, &call, depth);
	} else if (is_over) {
		route_take(routing, &value);
	} else if (call.is_method && !shape_call_is(shape, &call, beside)) {
		route_take_in(routing, value, call.start, shape_skip_back(shape, call.name) - 1, depth);
	} else {
		value.start = call.start;
		value.was_taken_in = value.was_taken_in || call.is_method;
		route_flow(routing, value, depth);
	}
}

/* ---- statements and blocks ---- */

/* An expression without a name for it: served, or put into what it begins with. */
static void flow_dropped(struct routing *routing, const struct value *value, size_t end, unsigned depth)
{
	const struct shape *shape = value->shape;
	size_t len = shape_name_len(shape, value->start), behind = shape_skip(shape, value->start + len, end);
	bool is_variable = len > 0 && behind < end && shape->source->code[behind] == '.';
	auto_free char *name = mem_copy_bytes(shape->source->code + value->start, len);
	if (is_served(shape, value->start, end))
		route_take(routing, value);
	else if (is_variable && value->was_taken_in)
		flow_variable(routing, value, name, end, depth);
}

static void flow_block(struct routing *routing, struct value value, size_t open, unsigned depth);

/* What stands before an expression in its statement or argument, without what changes nothing: where that ends.
 * *is_closure: it is what a closure gives. */
static size_t strip_lead(const struct shape *shape, size_t from, size_t to, bool *is_closure)
{
	const char *code = shape->source->code;
	size_t end = to;
	for (;;) {
		end = shape_skip_back(shape, end);
		if (end <= from)
			return from;
		size_t name = shape_name_start(shape, end);
		if (code[end - 1] == '&' || code[end - 1] == '*') {
			end--;
		} else if (code[end - 1] == '|') {
			end--;
			while (end > from && code[end - 1] != '|')
				end--;
			end -= end > from;
			*is_closure = true;
		} else if (name < end && name >= from && (shape_has_word(shape, name, "mut") || shape_has_word(shape, name, "move") || shape_has_word(shape, name, "async"))) {
			end = name;
		} else {
			return end;
		}
	}
}

/* The value in its block or at the top, behind what stands before it. */
static void flow_statement(struct routing *routing, struct value value, const struct around *around, size_t lead, unsigned depth)
{
	const struct shape *shape = value.shape;
	const char *code = shape->source->code;
	size_t end = shape_piece_end(shape, value.start);
	auto_free char *name = name_of_lead(shape, around->piece, lead);
	bool is_arm = lead > around->piece + 1 && code[lead - 1] == '>' && code[lead - 2] == '=';
	size_t word = shape_name_start(shape, lead);
	const struct reach_function *function = NULL;
	if (name != NULL) {
		flow_variable(routing, &value, name, end, depth);
	} else if (lead > around->piece && shape_has_word(shape, word, "return")) {
		function = route_function_around(routing, shape, value.start);
		if (function != NULL)
			flow_result(routing, &value, function, depth);
	} else if (is_arm || (lead == around->piece && (end >= shape->source->len || code[end] != ';'))) {
		flow_block(routing, value, (size_t)around->open, depth);
	} else if (lead == around->piece) {
		flow_dropped(routing, &value, end, depth);
	}
}

/* The value is what the block gives that opens there. */
static void flow_block(struct routing *routing, struct value value, size_t open, unsigned depth)
{
	static const char *const words[] = {"if", "match", "unsafe", "loop", "async"};
	const struct shape *shape = value.shape;
	const struct reach_function *function = route_function_of(routing, shape, open);
	struct around around;
	if (function != NULL) {
		flow_result(routing, &value, function, depth);
		return;
	}
	while (shape_around(shape, open, &around)) {
		if (!shape_has_word(shape, around.piece, "else"))
			break;
		size_t close = shape_skip_back(shape, around.piece);
		if (close == 0 || shape->source->code[close - 1] != '}')
			return;
		open = shape->mates[close - 1] - 1;
	}
	if (open - around.piece > HEAD_MOST)
		return;
	bool is_closure = false;
	size_t lead = strip_lead(shape, around.piece, open, &is_closure);
	value.start = open;
	for (size_t at = around.piece; !is_closure && at < open; at++)
		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (value.start == open && shape_has_word(shape, at, words[i]))
				value.start = at;
	size_t before = shape_skip_back(shape, open);
	bool is_value = before > 0 && (shape->source->code[before - 1] == '=' || code_ends_with(shape->source, open, "=>"));
	if (is_closure || is_value || value.start < open || lead == around.piece)
		route_flow(routing, value, depth);
}

static bool is_new_place(struct routing *routing, const struct value *value)
{
	auto_free char *key = mem_print("%s:%zu:%d%s", value->shape->source->path, value->start, value->was_taken_in, value->path);
	bool is_new = !map_has(routing->seen, key);
	map_put(routing->seen, key, NULL);
	return is_new;
}

/* One bracket outwards, and from there on. */
void route_flow(struct routing *routing, struct value value, unsigned depth)
{
	struct around around;
	bool is_closure = false;
	if (depth > ROUTE_DEPTH_MOST || routing->steps++ > ROUTE_STEPS_MOST || !is_new_place(routing, &value) || !shape_around(value.shape, value.start, &around))
		return;
	if (route_is_warp(routing) && route_goes_on_below(value.shape, value.start, shape_piece_end(value.shape, value.start)))
		return;
	size_t lead = strip_lead(value.shape, around.piece, value.start, &is_closure);
	bool is_argument = around.open != SHAPE_NOWHERE && value.shape->source->code[around.open] != '{';
	if (is_argument && lead == around.piece)
		flow_argument(routing, value, &around, depth + 1);
	else if (!is_argument && around.open != SHAPE_NOWHERE)
		flow_statement(routing, value, &around, lead, depth + 1);
}
