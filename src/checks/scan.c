/* Practice 8.4, image scanning as a gate of CI. What is called a scan may be an
 * SBOM, look at the repository, never fail, or come when the image is pushed
 * already. */
#include "production.h"

#include "pipe-images.h"

/* The first step that builds or pushes an image, or NULL. */
static const struct pipe_step *find_build(const struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->steps.count; i++)
		if ((pipe_step_roles(pipe, &pipe->steps.items[i]) & (PIPE_BUILDS | PIPE_PUSHES)) != 0)
			return &pipe->steps.items[i];
	return NULL;
}

static void say_none(struct check *check, const struct image_steps *steps)
{
	const struct sources *sources = check->sources;
	const struct pipe_step *build = find_build(&steps->workflows);
	if (build != NULL)
		check_against(check, build->file, build->line, "the image is built here, and no step scans it");
	else if (steps->other_ci != NULL)
		check_missing(check, "the pipeline of %s is not one that is read here", steps->other_ci);
	else if (sources->workflows.count > 0)
		check_against(check, sources->workflows.items[0].path, 0, "no step of any workflow scans the image");
	else
		check_none(check, sources->shipped.items[0].source->path, "there is no CI: no workflow, and nothing of another kind");
}

void scan_files(struct check *check)
{
	auto_image_steps steps = {0};
	bool is_good = false, is_weak = false;
	if (check->sources->shipped.count == 0) {
		image_none(check, true);
		return;
	}
	image_steps_open(check->sources, &steps);
	for (size_t i = 0; i < steps.count; i++) {
		const struct image_step *step = &steps.items[i];
		if (step->is_script || !is_scan_gate(step))
			continue;
		is_good = true;
		if (step->step != NULL)
			check_for(check, step->file, step->line, "the image is scanned here before it is pushed, and what is found ends the run");
		else
			check_for(check, step->file, step->line, "a scanner of images runs here");
	}
	if (!is_good && steps.foreign_scan != NULL) {
		check_missing(check, "%s calls a scan that is written in another repository", steps.foreign_scan);
		return;
	}
	for (size_t i = 0; i < steps.count && !is_good; i++) {
		if (steps.items[i].is_script || !is_scan(&steps.items[i]))
			continue;
		is_weak = true;
		say_no_gate(check, &steps.items[i]);
	}
	if (!is_good && !is_weak)
		say_none(check, &steps);
}
