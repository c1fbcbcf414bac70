/* Inside the survey: what stands around a place in a source, by its brackets. */
#ifndef CARGODECK_CHECKS_SHAPE_H
#define CARGODECK_CHECKS_SHAPE_H

#include "rust.h"

enum { SHAPE_NOWHERE = -1 };

struct shape {
	const struct rust_source *source;
	uint32_t *mates; /* by offset: of a bracket the offset of its other half, and one; else 0 */
	size_t *left; /* letters that may still be looked at, by all shapes together; at 0 nothing is found any more */
};
/* `left` is borrowed. False: its brackets do not match; nothing is to be closed. */
bool shape_open(struct shape *shape, const struct rust_source *source, size_t *left);
void shape_close(struct shape *shape);

/* The bracket around a place, and the argument or statement in it that the place stands in. */
struct around {
	ptrdiff_t open; /* of the bracket; SHAPE_NOWHERE: in none */
	size_t piece; /* where the argument or statement begins, behind blanks */
	size_t index; /* how many arguments stand before it */
};
/* False: too much would have to be read. */
bool shape_around(const struct shape *shape, size_t offset, struct around *around);
/* Where the argument or statement ends that the place stands in: at , ; or the bracket that closes. */
size_t shape_piece_end(const struct shape *shape, size_t offset);
/* Where the chain a::b(…).c(…)? begins that ends before `end`. */
size_t shape_chain_start(const struct shape *shape, size_t end);

/* The call or macro whose bracket this is. */
struct call {
	size_t name, len; /* len 0: it is none */
	size_t start; /* of the whole chain or path */
	size_t open; /* its bracket */
	bool is_method, is_macro;
};
void shape_call(const struct shape *shape, size_t open, struct call *call);
bool shape_call_is(const struct shape *shape, const struct call *call, const char *const *names);
/* The next call of a chain from `*at` on, before `end`, arguments passed over. False: no more. */
bool shape_next_call(const struct shape *shape, size_t *at, size_t end, struct call *call);

/* Behind blanks from `at` on, at most to `end`; and before blanks back from `at`. */
size_t shape_skip(const struct shape *shape, size_t at, size_t end);
size_t shape_skip_back(const struct shape *shape, size_t at);
/* The name that begins at `at`: how long it is; and where one begins that ends before `at`. */
size_t shape_name_len(const struct shape *shape, size_t at);
size_t shape_name_start(const struct shape *shape, size_t at);
bool shape_has_word(const struct shape *shape, size_t at, const char *word); /* a whole name */

#endif
