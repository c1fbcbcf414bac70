/* What becomes of images: what pushes, scans and signs them in workflows, scripts
 * and the files of other CI, and in which order. Judged by what is run, not by
 * what it is called. */
#ifndef CARGODECK_CHECKS_PIPE_IMAGES_H
#define CARGODECK_CHECKS_PIPE_IMAGES_H

#include "pipeline.h"

enum image_act {
	IMAGE_PUSH,
	IMAGE_SIGN,
	SCAN_OF_IMAGE,
	SCAN_OF_FILES, /* of the repository */
	SCAN_OF_NOTHING, /* a list of what is in the image (SBOM) */
	SCAN_REMOVED, /* docker scan */
};
struct image_step {
	enum image_act act;
	const char *file; /* borrowed */
	unsigned line;
	const struct pipe_step *step; /* NULL: of a script, of another CI */
	bool is_script; /* of one that no workflow runs: by hand, or by who knows what */
	bool is_stopping; /* of a scan: ends with a fault where it finds something */
	bool is_reporting; /* its findings go where somebody looks */
	bool is_late; /* the image is pushed before it, in its job or in one that it waits for */
	bool is_beside; /* the clock or the end of another workflow starts it, and nothing else */
};
struct image_steps {
	struct image_step *items;
	size_t count, cap;
	struct pipeline workflows, scripts;
	const char *other_ci; /* .gitlab-ci.yml …, or NULL */
	const char *elsewhere; /* the first file that leaves images to what lies elsewhere, or NULL */
	const char *foreign_scan; /* the first workflow that calls one of another repository for a scan, or NULL */
};
void image_steps_open(const struct sources *sources, struct image_steps *steps);
void image_steps_finish(struct image_steps *steps);
#define auto_image_steps __attribute__((cleanup(image_steps_finish))) struct image_steps

const struct image_step *image_steps_find(const struct image_steps *steps, enum image_act act); /* the first, or NULL */
bool is_scan(const struct image_step *step); /* or called so */
/* A scan that counts: of the image, before the push, and what is found ends the run. */
bool is_scan_gate(const struct image_step *step);
/* A scan of the image of whose findings somebody hears. */
bool is_scan_heard(const struct image_step *step);
/* Says why a scan is no gate. */
void say_no_gate(struct check *check, const struct image_step *step);

#endif
