/* Under which path a route answers: the prefixes of what it is nested in are put
 * before its own, followed outwards through brackets, variables and the functions
 * that are called by name. By the text alone: what cannot be decided is not known,
 * since a probe of a wrong path is worse than none. */
#include "routes.h"

enum { HEAD_MOST = 600 };

static const struct style styles[] = {
	{.frameworks = {"axum", "axum-server", "leptos_axum", "async-graphql-axum", NULL}, .routes = {"route", "route_service", "api_route", "api_route_with", "route_with_tsr", NULL},
		.nests = {"nest", "nest_service", "nest_api_service", NULL}},
	{.frameworks = {"actix-web", "ntex", "leptos_actix", NULL}, .routes = {"route", "resource", NULL}, .scopes = {"scope", "resource", NULL}, .roots = {"App", NULL},
		.has_attributes = true, .keeps_slash = true},
	{.frameworks = {"rocket", NULL}, .nests = {"mount", NULL}, .has_attributes = true, .is_final = true},
	{.frameworks = {"poem", NULL}, .routes = {"at", NULL}, .nests = {"nest", NULL}},
	{.frameworks = {"salvo", NULL}, .routes = {"with_path", "path", NULL}, .scopes = {"with_path", "path", NULL}},
	{.frameworks = {"tide", NULL}, .routes = {"at", NULL}, .scopes = {"at", NULL}, .is_by_reference = true},
	{.frameworks = {"warp", NULL}, .routes = {"path", NULL}, .scopes = {"path", NULL}},
};

/* ---- where it begins ---- */

/* The function behind an attribute that ends there: the next body that opens. NULL: none. */
static const struct reach_function *function_behind(const struct routing *routing, const struct shape *shape, size_t at)
{
	const struct reach_function **functions = NULL;
	size_t all, count = route_functions_to(routing, shape, at, &functions, &all);
	const struct reach_function *function = count < all ? functions[count] : NULL;
	bool is_near = function != NULL && function->name >= at && function->name - at < HEAD_MOST;
	return is_near && memchr(shape->source->code + at, '}', function->name - at) == NULL ? function : NULL;
}

/* #[get("/health")], #[utoipa::path(get, path = "/health")]: the function that it is written before is put in somewhere. */
static enum route_kind begin_attribute(struct routing *routing, struct value *value, const struct around *around, const struct call *call, size_t behind)
{
	static const char *const reads[] = {"get", "head", "route", NULL}, *const paths[] = {"path", NULL}, *const whole[] = {"endpoint", "oai", NULL};
	const struct style *style = routing->style;
	const struct shape *shape = value->shape;
	const struct reach_function *function = function_behind(routing, shape, behind);
	bool is_documented = strcmp(style->frameworks[0], "axum") == 0 && shape_call_is(shape, call, paths);
	bool is_read = style->has_attributes && shape_call_is(shape, call, reads) && around->index == 0;
	if (shape_call_is(shape, call, whole) && !style->has_attributes)
		return ROUTE_UNKNOWN;
	if (function == NULL || (!is_documented && !is_read))
		return ROUTE_NONE;
	struct rust_place place;
	static const char *const scoped[] = {"# [ scope (", "# [ actix_web :: scope (", NULL};
	if (find_any(&routing->surveyed->program->facts, scoped, &place))
		return ROUTE_UNKNOWN;
	place = (struct rust_place){0};
	if (is_documented && !rust_find(&routing->surveyed->program->facts, "routes ! (", &place))
		return ROUTE_NONE; /* it tells readers, and routes nothing */
	route_flow_function(routing, value, function, USE_PUT_IN, 0);
	return ROUTE_UNKNOWN;
}

/* route("/a", post(b)): its arguments name verbs, and none of those that a probe asks with. */
static bool only_writes(const struct shape *shape, const struct call *call)
{
	static const char *const writes[] = {"post", "put", "patch", "delete"}, *const reads[] = {"get", "head", "any", "on", "all"};
	size_t len = shape->mates[call->open] - 1 - call->open;
	const char *code = shape->source->code + call->open;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(reads); i++)
		if (has_name(code, len, reads[i]))
			return false;
	for (size_t i = 0; i < COUNT_OF(writes); i++)
		found = found || has_name(code, len, writes[i]);
	return found;
}

/* Does the chain itself answer at its path, or is that only put before what it takes in? */
static bool answers(const struct routing *routing, const struct shape *shape, const struct call *call)
{
	static const char *const goals[] = {"get", "goal", "all", "head", "handle", NULL}, *const more[] = {"path", NULL};
	size_t at = shape->mates[call->open], end = shape_piece_end(shape, call->name);
	bool is_salvo = strcmp(routing->style->frameworks[0], "salvo") == 0, found = false;
	struct call next;
	if (route_is_warp(routing))
		return !route_goes_on_below(shape, at, end);
	if (!is_salvo && !routing->style->is_by_reference)
		return true;
	while (shape_next_call(shape, &at, end, &next)) {
		if (is_salvo && shape_call_is(shape, &next, more))
			return false;
		found = found || shape_call_is(shape, &next, goals);
	}
	return found;
}

static enum route_kind begin(struct routing *routing, struct value *value, const char *text, size_t len, unsigned depth);

/* const HEALTH: &str = "/health": where the constant is named. */
static enum route_kind begin_constant(struct routing *routing, const struct value *value, size_t from, const char *text, size_t len, unsigned depth)
{
	static const char *const kinds[] = {"const", "static"};
	enum route_kind kind = ROUTE_NONE;
	const struct shape *shape = value->shape;
	size_t word = from;
	for (size_t i = 0; i < 2 && !shape_has_word(shape, word, kinds[0]) && !shape_has_word(shape, word, kinds[1]); i++) { /* pub, pub(crate) */
		word = shape_skip(shape, word + shape_name_len(shape, word), value->start);
		word = shape->source->code[word] == '(' ? shape_skip(shape, shape->mates[word], value->start) : word;
	}
	if (depth > 0 || (!shape_has_word(shape, word, kinds[0]) && !shape_has_word(shape, word, kinds[1])))
		return ROUTE_NONE;
	size_t name = shape_skip(shape, word + shape_name_len(shape, word), value->start);
	auto_free char *constant = mem_copy_bytes(shape->source->code + name, shape_name_len(shape, name));
	for (struct rust_place place = {0}; constant[0] != '\0' && routing->steps++ < ROUTE_STEPS_MOST && rust_find(&routing->surveyed->program->facts, constant, &place);) {
		struct value next = {.shape = route_shape(routing, place.source)};
		if (next.shape == NULL || (place.source == shape->source && place.offset == name))
			continue;
		next.start = shape_chain_start(next.shape, place.offset + strlen(constant));
		enum route_kind other = begin(routing, &next, text, len, depth + 1);
		kind = other > kind ? other : kind;
	}
	return kind;
}

/* The path as the literal has it. False: too long. */
static bool set_path(const struct routing *routing, struct value *value, const char *text, size_t len)
{
	value->path[0] = '\0';
	if (len >= ROUTE_PATH_MOST - 2 || !route_put_before(routing, value, text, len))
		return false;
	if (len == 0)
		value->path[0] = '\0';
	size_t used = strlen(value->path);
	if (len > 1 && text[len - 1] == '/')
		memcpy(value->path + used, "/", 2);
	return true;
}

static bool is_attribute(const struct shape *shape, const struct around *around)
{
	size_t before = around->open > 0 ? shape_skip_back(shape, (size_t)around->open) : 0;
	return before > 0 && shape->source->code[around->open] == '[' && shape->source->code[before - 1] == '#';
}

/* The text at value->start is taken for a path by what stands around it. */
static enum route_kind begin(struct routing *routing, struct value *value, const char *text, size_t len, unsigned depth)
{
	static const char *const formats[] = {"format", "concat", NULL}, *const news[] = {"new", NULL};
	const struct style *style = routing->style;
	const struct shape *shape = value->shape;
	struct around around, outer;
	struct call call;
	if (!shape_around(shape, value->start, &around))
		return ROUTE_UNKNOWN;
	if (around.open == SHAPE_NOWHERE || shape->source->code[around.open] == '{')
		return begin_constant(routing, value, around.piece, text, len, depth);
	shape_call(shape, (size_t)around.open, &call);
	if (!set_path(routing, value, text, len) || !shape_around(shape, (size_t)around.open, &outer))
		return ROUTE_UNKNOWN;
	if (is_attribute(shape, &outer))
		return begin_attribute(routing, value, &around, &call, shape->mates[outer.open]);
	if (shape_call_is(shape, &call, formats))
		return ROUTE_UNKNOWN; /* a part of it is made while it runs */
	bool is_object = style->is_final && around.index == 1 && shape_call_is(shape, &call, news) && code_ends_with(shape->source, call.name, "Route::");
	if (!is_object && (!shape_call_is(shape, &call, style->routes) || around.index != 0 || only_writes(shape, &call)))
		return ROUTE_NONE;
	if (route_is_warp(routing)) /* all of path!("a" / "b") */
		value->path[0] = '\0';
	if (!answers(routing, shape, &call) || (route_is_warp(routing) && !route_first_texts(routing, shape, &call, value)))
		return ROUTE_UNKNOWN;
	value->start = call.start;
	if (call.is_method)
		route_take_in(routing, *value, call.start, shape_skip_back(shape, call.name) - 1, 0);
	else
		route_flow(routing, *value, 0);
	return ROUTE_UNKNOWN;
}

/* ---- from outside ---- */

/* Without a style of its own: as it is written, unless something there puts prefixes before paths. */
static enum route_kind find_plain(const struct surveyed *surveyed, const struct literal *literal, char **path)
{
	static const char *const plain[] = {"hyper", "tiny_http", "rouille", "astra", "may_minihttp", "oxhttp", "lambda_http", "tonic", "volo-grpc", "jsonrpsee",
		"jsonrpsee-server", "pingora", "pingora-core", "pingora-proxy", "actix-server", "dropshot", NULL};
	static const char *const prefixes[] = {"nest (", "scope (", "mount (", "prefix (", "with_path (", "subrouter (", "group (", "nested_route (", NULL};
	struct rust_place place;
	bool is_plain = surveyed->framework == NULL || name_in(surveyed->framework, plain);
	if (!is_plain && find_any(&surveyed->program->facts, prefixes, &place))
		return ROUTE_UNKNOWN;
	auto_free char *whole = mem_print("%s%.*s", literal->len > 0 && literal->text[0] == '/' ? "" : "/", (int)(literal->len < ROUTE_PATH_MOST ? literal->len : ROUTE_PATH_MOST), literal->text);
	if (!route_can_be_asked(whole))
		return ROUTE_UNKNOWN;
	*path = steal(&whole);
	return ROUTE_FOUND;
}

struct routing *routing_open(const struct surveyed *surveyed)
{
	struct routing *routing = mem_alloc(sizeof *routing);
	*routing = (struct routing){.surveyed = surveyed, .letters = ROUTE_LETTERS_MOST, .seen = map_open(NULL)};
	for (size_t i = 0; surveyed->framework != NULL && i < COUNT_OF(styles); i++)
		if (name_in(surveyed->framework, styles[i].frameworks))
			routing->style = &styles[i];
	return routing;
}

void routing_close(struct routing *routing)
{
	for (size_t i = 0; i < routing->part_count; i++) {
		shape_close(&routing->parts[i].shape);
		array_finish(&routing->parts[i].functions);
	}
	map_close(routing->seen);
	free(routing);
}

enum route_kind routing_find(struct routing *routing, const struct literal *literal, char **path)
{
	*path = NULL;
	if (routing->style == NULL)
		return find_plain(routing->surveyed, literal, path);
	struct value value = {.shape = route_shape(routing, literal->source), .start = literal->offset};
	if (value.shape == NULL)
		return ROUTE_UNKNOWN;
	map_close(routing->seen);
	routing->seen = map_open(NULL);
	routing->steps = 0;
	routing->is_unclear = false;
	enum route_kind kind = begin(routing, &value, literal->text, literal->len, 0);
	if (routing->is_unclear)
		free(steal(&routing->found));
	*path = steal(&routing->found);
	return *path != NULL ? ROUTE_FOUND : kind;
}
