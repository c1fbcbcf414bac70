/* What workflows and scripts do with images: which push, scan and sign them.
 * Judged by what a step runs, not by what it is called. */
#ifndef CARGODECK_CHECKS_ACTS_H
#define CARGODECK_CHECKS_ACTS_H

#include "own.h"

enum image_act { IMAGE_PUSH, IMAGE_SCAN, OTHER_SCAN, DEAD_SCAN, IMAGE_SIGN };

struct image_step {
	enum image_act act;
	const char *file; /* borrowed */
	unsigned line;
	const struct yaml_node *job; /* NULL: of a script, a composite action, another CI */
	const struct yaml_node *jobs; /* of its workflow */
	const char *job_name;
	size_t index; /* in its job */
	bool is_stopping; /* of a scan: ends with a fault where it finds something */
	bool is_reporting; /* its findings go where somebody looks */
	bool is_script; /* run by hand, or by who knows what */
};
struct image_acts {
	struct image_step *items;
	size_t count, cap;
	const char *other_ci; /* .gitlab-ci.yml …, or NULL */
	const char *remote; /* the first workflow that leaves images to one of another repository, or NULL */
	bool other_includes; /* it takes parts from elsewhere */
};
void acts_read(const struct sources *sources, struct image_acts *pipeline);
void acts_finish(struct image_acts *pipeline);
const struct image_step *acts_find(const struct image_acts *pipeline, enum image_act act); /* the first, or NULL */
/* Has the image been pushed before this step, in its job or in one that it needs? */
bool acts_is_after_push(const struct image_acts *pipeline, const struct image_step *step);

#endif
