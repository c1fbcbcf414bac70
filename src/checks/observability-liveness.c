/* 5.4, what a path of liveness must not do: ask the database. Where that is away, all
 * copies of the program are started anew, and that helps nobody. */
#include "observability.h"

#include "clients.h"

enum { ROUTES_LIMIT = 20 };

/* Paths that only say whether the process lives. */
static const char *const lives[] = {"livez", "liveness", "live", "alive", "is_alive", "isalive", "liveness_probe", "livecheck", NULL};
/* They do so where another one tells of readiness. */
static const char *const may_live[] = {"healthz", "health", "healthcheck", "health_check", "health-check", NULL};
static const char *const readies[] = {"readyz", "ready", "readiness", "readycheck", "readiness_probe", NULL};

static bool ends_with_one(const struct literal *literal, const char *const *names)
{
	auto_free char *path = mem_copy_bytes(literal->text, literal->len);
	return name_in(path_name(path), names);
}

/* The function's code, between its braces. The caller frees. */
static char *body_of(const struct rust_place *place)
{
	const char *end = place->source->code + place->source->len, *at = memchr(place->source->code + place->offset, '{', place->source->len - place->offset);
	struct str out = {0};
	size_t depth = 0;
	for (; at != NULL && at < end; at++) {
		depth += *at == '{';
		if (*at == '}' && --depth == 0)
			break;
		str_add_char(&out, *at);
	}
	return str_steal(&out);
}

/* Calls of the crates of databases, as they stand in a handler. */
static bool asks_database(const char *body)
{
	static const char *const calls[] = {".fetch_one(", ".fetch_optional(", ".acquire()", ".ping()", ".simple_query(", "sqlx::query", "query_scalar(",
		"query_scalar!", "query!(", "sql_query(", ".query_one(", ".execute_unprepared(", "pool.get()", "db.get()", ".get_conn()"};
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		if (strstr(body, calls[i]) != NULL)
			return true;
	return false;
}

void judge_liveness(struct check *check)
{
	const struct rust_facts *facts = &check->sources->rust;
	const char *crate;
	bool has_ready = false;
	for (struct literal literal = {0}; !has_ready && health_route_next(facts, &literal);)
		has_ready = ends_with_one(&literal, readies);
	if (stores_find(check->sources, &crate) == 0)
		return;
	unsigned looked = 0;
	for (struct literal literal = {0}; looked < ROUTES_LIMIT && health_route_next(facts, &literal); looked++) {
		struct rust_place place;
		bool is_liveness = ends_with_one(&literal, lives) || (has_ready && ends_with_one(&literal, may_live));
		if (!is_liveness || !route_handler(facts, &literal, &place))
			continue;
		auto_free char *body = body_of(&place), *path = mem_copy_bytes(literal.text, literal.len);
		if (!asks_database(body))
			continue;
		check_against(check, place.source->path, text_line_at(place.source->text, place.offset),
			"%s tells whether the process lives, and asks the database: while that is away, all copies are started anew", path);
		check_mend(check, "Let %s answer by itself, and ask the database at the path of readiness alone", path);
	}
}

void remark_noise(struct check *check)
{
	static const char *const actix[] = {"actix-web", NULL}, *const logs[] = {"Logger :: default (", "Logger :: new (", NULL},
		*const spares[] = {". exclude (", ". exclude_regex (", NULL};
	const struct rust_facts *facts = &check->sources->rust;
	struct rust_place place, other;
	if (direct_crate(facts, actix) == NULL || !find_any(facts, logs, &place) || find_any(facts, spares, &other))
		return;
	check_for(check, place.source->path, place.line, "each probe writes a line into the log: .exclude() of that logger keeps them out");
}
