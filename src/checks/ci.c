/* Topic 9: workflows that test, build, scan, push and deploy. */
#include "ci.h"

bool ci_is_product(const struct sources *sources, const struct image_build *build)
{
	static const char *const words[] = {"dev", "test", "bench", "fuzz"};
	if (!build->has_image || !build->image.source->is_harness)
		return true;
	/* what is called Dockerfile.ci is often what the pipeline makes the image of */
	const struct tree_file *file = tree_find(&sources->tree, build->image.source->path);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(build->image.source->path, words[i]) != NULL)
			return false;
	return file == NULL || !file->is_harness;
}

bool ci_begin(struct check *check, struct pipeline *pipe, struct image_builds *builds, bool pushed)
{
	if (!pipeline_begin(check, pipe))
		return false;
	image_builds_open(check->sources, pipe, builds);
	const struct pipe_job *push = pipe_first(pipe, PIPE_PUSHES);
	if (builds->items.count == 0 && push == NULL && check->sources->shipped.count == 0) {
		check_none(check, pipeline_ground(check->sources), "there is no Dockerfile: no image to build");
		return false;
	}
	if (pushed && push == NULL) {
		check_none(check, pipe->workflows.items[0].source->path, "no workflow pushes an image");
		return false;
	}
	return true;
}

static const struct practice practices[] = {
	{
		.id = "9.1",
		.title = N_("A GitHub Actions workflow builds the image"),
		.severity = CHECK_MEDIUM,
		.says = N_("An image that is built on every change by the same steps is one that can be built at any time. The workflow holds the right to push: "
			   "a text that strangers write, or an action that they can change, must not run in it."),
		.looks = N_("Steps of .github/workflows, composite actions and called workflows that build an image; their permissions, actions and scripts."),
		.mends = N_("Add .github/workflows/docker.yml with docker/build-push-action, permissions by name and actions by commit"),
		.files = ci_workflow,
	},
	{
		.id = "9.2",
		.title = N_("The pipeline has stages: test, build, push, deploy"),
		.severity = CHECK_MEDIUM,
		.says = N_("Each stage is there to stop the next one. Where the push does not wait for the tests, a broken image is out before anybody knows."),
		.looks = N_("What each job does, what it waits for, and on which events it pushes and deploys."),
		.mends = N_("Let the job that pushes wait for the tests by `needs:`, and the one that deploys for the push"),
		.files = ci_order,
	},
	{
		.id = "9.3",
		.title = N_("Builds in CI reuse layers"),
		.severity = CHECK_LOW,
		.says = N_("A runner begins with nothing. Without a cache from outside every run compiles all dependencies again."),
		.looks = N_("cache-from and cache-to of builds in workflows and bake files, and what builds them."),
		.mends = N_("Give the build `cache-from: type=gha` and `cache-to: type=gha,mode=max`, with docker/setup-buildx-action before it"),
		.files = ci_layers,
	},
	{
		.id = "9.4",
		.title = N_("Image tags are semantic versions"),
		.severity = CHECK_MEDIUM,
		.says = N_("A tag that says the version tells what runs and what to go back to. `latest` alone tells neither."),
		.looks = N_("Tags that workflows and bake files push, and the rules of docker/metadata-action."),
		.mends = N_("Add docker/metadata-action with `type=semver,pattern={{version}}` and `type=semver,pattern={{major}}.{{minor}}`"),
		.files = ci_tags,
	},
	{
		.id = "9.5",
		.title = N_("Vulnerability scanning runs by itself"),
		.severity = CHECK_HIGH,
		.says = N_("Most weaknesses become known long after the image was built. A scan that nobody has to start finds them in what is out already."),
		.looks = N_("Scanners in workflows, on which events they run, and the configuration of Dependabot and Renovate."),
		.mends = N_("Scan the image with trivy, grype or docker scout on `schedule:` as well, and add .github/dependabot.yml"),
		.files = ci_scans,
	},
	{
		.id = "9.6",
		.title = N_("Registry credentials come from secrets"),
		.severity = CHECK_HIGH,
		.says = N_("Who has the registry's password decides what runs in production. In a file of the repository everybody has it who can read the code."),
		.looks = N_("Steps and commands that log in to a registry, credentials of job containers, and committed Docker configurations."),
		.mends = N_("Log in with docker/login-action and ${{ secrets.NAME }}"),
		.files = ci_logins,
	},
	{
		.id = "9.7",
		.title = N_("Builds for several platforms run in parallel"),
		.severity = CHECK_LOW,
		.says = N_("Under emulation rustc takes many times as long. Runners of each platform's own kind, or a cross compiler, build all of them in the time of one."),
		.looks = N_("Platforms of builds in workflows and bake files, their matrix and runners, and the builder stage of the Dockerfile."),
		.mends = N_("Build each platform in a job of a matrix on its own kind of runner, push by digest, and join by `docker buildx imagetools create`"),
		.files = ci_parallel,
	},
	{
		.id = "9.8",
		.title = N_("Old images are cleaned up automatically"),
		.severity = CHECK_LOW,
		.says = N_("Every push leaves an image behind. A cleanup that knows releases and images of several platforms keeps the registry small and whole."),
		.looks = N_("Steps and commands of workflows that delete images, and what they leave out."),
		.mends = N_("Add a scheduled workflow with dataaxiom/ghcr-cleanup-action that keeps the newest and leaves out v*"),
		.files = ci_cleanup,
	},
};

const struct practice_topic topic_ci = {.title = N_("CI/CD"), .practices = practices, .count = COUNT_OF(practices)};
