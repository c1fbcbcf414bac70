/* Inside survey-routes.c, route-names.c and route-flow.c: a route is followed
 * outwards to what serves it. */
#ifndef CARGODECK_CHECKS_ROUTES_H
#define CARGODECK_CHECKS_ROUTES_H

#include "survey.h"

#include "shape.h"

enum {
	ROUTE_PATH_MOST = 200,
	ROUTE_DEPTH_MOST = 60,
	ROUTE_STEPS_MOST = 4000, /* of one route */
	ROUTE_LOOKUPS_MOST = 300, /* of a program: of functions and constants */
	ROUTE_LETTERS_MOST = 30 << 20,
	ROUTE_PARTS_MOST = 200,
	ROUTE_CANDIDATES_MOST = 64,
};

/* How a framework writes its routes. */
struct style {
	const char *frameworks[6];
	const char *routes[8]; /* calls whose first argument is a path that is answered */
	const char *nests[6]; /* calls that put their first argument before what the second answers */
	const char *scopes[4]; /* calls of a chain that put theirs before all that the chain takes in */
	const char *roots[4]; /* what a chain begins with that is never put into another */
	bool has_attributes; /* #[get("/a")] before a function, which is named where it is put in */
	bool keeps_slash; /* "/" below "/a" is "/a/" */
	bool is_final; /* what is nested is put into the root at once */
	bool is_by_reference; /* a statement changes what its chain begins with */
};
/* An expression, and the path that is answered by what it gives. */
struct value {
	const struct shape *shape;
	size_t start; /* of the expression */
	char path[ROUTE_PATH_MOST];
	bool was_taken_in; /* it holds what was followed as an argument */
};

/* A source that was come to, with its functions in their order. */
struct part {
	struct shape shape;
	const struct rust_source *source;
	struct { const struct reach_function **items; size_t count, cap; } functions;
	bool is_good; /* its brackets match */
};

struct routing {
	const struct surveyed *surveyed;
	const struct style *style; /* NULL: of another framework */
	struct part parts[ROUTE_PARTS_MOST];
	size_t part_count;
	struct map *seen; /* places that were come to, with their path */
	size_t steps, lookups, letters;
	char *found;
	bool is_unclear; /* under several paths: which of them holds may hang on settings */
};

/* ---- route-names.c: what paths, names and constants are ---- */

bool route_can_be_asked(const char *path); /* by a probe: nothing in it is filled in */
/* Puts a prefix before the path. False: too long. */
bool route_put_before(const struct routing *routing, struct value *value, const char *prefix, size_t len);
/* It is served: the path is one that answers. */
void route_take(struct routing *routing, const struct value *value);

/* NULL: its brackets do not match, or too many were asked for. */
const struct shape *route_shape(struct routing *routing, const struct rust_source *source);
/* How many functions of the source open their body at or before the place, and all of them. */
size_t route_functions_to(const struct routing *routing, const struct shape *shape, size_t offset, const struct reach_function ***functions, size_t *all);
/* The function whose body the bracket opens; the innermost one around a place; NULL: none. */
const struct reach_function *route_function_of(const struct routing *routing, const struct shape *shape, size_t open);
const struct reach_function *route_function_around(const struct routing *routing, const struct shape *shape, size_t offset);

bool route_next_name(const struct shape *shape, const char *name, size_t *at, size_t end); /* *at gets behind it */
/* The first argument of a call, a literal or the name of a constant; *behind: where it ends. */
bool route_first_text(struct routing *routing, const struct shape *shape, const struct call *call, const char **text, size_t *len, size_t *behind);
/* The same, or all of path!("a" / "b"), put before the path. */
bool route_first_texts(struct routing *routing, const struct shape *shape, const struct call *call, struct value *value);

/* Functions of one name. */
struct candidates {
	const struct reach_function *items[ROUTE_CANDIDATES_MOST];
	size_t count;
	bool is_cut;
};
void route_candidates(const struct routing *routing, const char *name, size_t len, struct candidates *candidates);
/* Does the name at that place, as it is written there, mean this one of the candidates? */
bool route_means(struct routing *routing, const struct candidates *candidates, const struct reach_function *function, const struct shape *shape, size_t name);

/* ---- route-flow.c: outwards ---- */

/* How a function is looked for. */
enum use {
	USE_CALLED, /* what it gives goes on */
	USE_PUT_IN, /* named where routes are put in: service(health), routes![health] */
	USE_CONFIGURES, /* configure(function), function(cfg) */
};
/* The value goes on from its expression outwards, from all places of a function, from
 * the chain from `start` to `end` that takes it in; route_take() where it is served. */
void route_flow(struct routing *routing, struct value value, unsigned depth);
void route_flow_function(struct routing *routing, const struct value *value, const struct reach_function *function, enum use use, unsigned depth);
void route_take_in(struct routing *routing, struct value value, size_t start, size_t end, unsigned depth);

bool route_is_warp(const struct routing *routing);
bool route_goes_on_below(const struct shape *shape, size_t from, size_t end); /* warp: path("a").and(path("b")) answers below a */

#endif
