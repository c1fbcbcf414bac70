/* Fuzzes the taking apart of workflows: jobs, steps, commands, and the builds in
 * them, and what becomes of images; all of it can be asked. */
#include "../../src/checks/builds.h"
#include "../../src/checks/pipe-images.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct sources *sources, const struct pipeline *pipe, const struct image_builds *builds)
{
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		pipe_waits_for(pipe, i, PIPE_TESTS);
		pipe_matrix_count(&pipe->jobs.items[i]);
		pipe_is_hosted(&pipe->jobs.items[i]);
	}
	for (size_t i = 0; i < pipe->steps.count; i++) {
		auto_free char *tags = pipe_with(pipe, &pipe->steps.items[i], "tags", NULL);
		pipe_has_condition(pipe, &pipe->steps.items[i]);
	}
	for (size_t i = 0; i < builds->items.count; i++) {
		platforms_count(&builds->items.items[i]);
		build_compiles(sources, &builds->items.items[i], NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sources sources = {0};
	struct pipeline pipe;
	struct image_builds builds;
	struct image_steps steps;
	struct yaml *yaml = yaml_read((const char *)data, size, NULL);
	auto_free char *text = mem_copy_bytes((const char *)data, size);
	if (yaml == NULL)
		return 0;
	*array_add(&sources.workflows) = (struct yaml_source){.path = ".github/workflows/a.yml", .text = text, .len = size, .yaml = yaml};
	pipeline_open(&sources, &pipe);
	image_builds_open(&sources, &pipe, &builds);
	ask(&sources, &pipe, &builds);
	image_steps_open(&sources, &steps);
	image_steps_finish(&steps);
	image_builds_finish(&builds);
	pipeline_finish(&pipe);
	array_finish(&sources.workflows);
	yaml_close(yaml);
	return 0;
}
