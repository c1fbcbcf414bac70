/* 9.1: a workflow builds the image, and nobody from outside can make it run what
 * they like. */
#include "ci.h"

/* ---- texts of others within a command ---- */

/* What a stranger writes: titles, branches, messages (docs.github.com, Script injections). */
static bool is_foreign(const char *inside)
{
	static const char *const parts[] = {"github.head_ref", "issue.title", "issue.body", "pull_request.title", "pull_request.body",
		"comment.body", "review.body",
		"review_comment.body", "discussion.title", "discussion.body", "page_name", "head_commit.message", "head_commit.author.email",
		"head_commit.author.name", "pull_request.head.ref", "pull_request.head.label", "workflow_run.head_branch",
			"workflow_run.display_title"};
	static const char *const safe[] = {"==", "!=", "contains(", "startsWith(", "endsWith(", "hashFiles("};
	for (size_t i = 0; i < COUNT_OF(safe); i++)
		if (strstr(inside, safe[i]) != NULL)
			return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		const char *at = strstr(inside, parts[i]);
		if (at == NULL)
			continue;
		/* pull_request.head.ref, not …head.repo.full_name */
		char behind = at[strlen(parts[i])];
		if (behind == '\0' || strchr(" )}|&],", behind) != NULL)
			return true;
	}
	return false;
}

static void look_for_foreign(struct check *check, const struct pipe_step *step, const struct yaml_node *text)
{
	unsigned line = text->line;
	const char *counted = text->text;
	bool is_block = strchr(text->text, '\n') != NULL;
	for (const char *at = text->text; (at = strstr(at, "${{")) != NULL; at += 3) {
		const char *end = strstr(at, "}}");
		if (end == NULL)
			return;
		for (; counted < at; counted++)
			line += *counted == '\n';
		auto_free char *inside = mem_copy_bytes(at + 3, (size_t)(end - at - 3));
		if (!is_foreign(inside))
			continue;
		check_against(check, step->file, line + is_block, "a text that anybody may write becomes a part of the script:%s", inside);
		check_mend(check, "Hand the text over in `env:` and use it as \"$NAME\" in the script");
	}
}

static void look_at_scripts(struct check *check, const struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		const struct yaml_node *run = yaml_get(step->node, "run"), *script = yaml_at(step->node, "with.script");
		if (yaml_text(run) != NULL)
			look_for_foreign(check, step, run);
		if (yaml_text(script) != NULL)
			look_for_foreign(check, step, script);
	}
}

static void say_target(struct check *check, const char *file, unsigned line)
{
	check_against(check, file, line, "pull_request_target checks out the code of the request: it runs with the secrets of this repository");
	check_mend(check, "Use `pull_request` for what runs the code of a request");
}

/* gh pr checkout, git fetch origin pull/7/head */
static bool fetches_request(const struct pipe_command *command)
{
	bool fetches = pipe_command_is(command, "git fetch") || pipe_command_is(command, "git pull"), found = pipe_command_is(command, "gh pr checkout");
	for (size_t i = command->at; fetches && i < command->words.count; i++)
		found = found || text_starts_with(command->words.items[i], "pull/") || strstr(command->words.items[i], "refs/pull/") != NULL;
	return found;
}

/* pull_request_target has secrets: the code of the request must not run there. */
static void look_at_targets(struct check *check, const struct pipeline *pipe)
{
	static const char *const checkout[] = {"actions/checkout", NULL};
	static const char *const heads[] = {"pull_request.head", "head_ref", "refs/pull/", "pull_request.number"};
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		if ((pipe_workflow_of(pipe, step)->triggers & PIPE_ON_PULL_TARGET) == 0)
			continue;
		for (size_t j = 0; j < step->command_count; j++)
			if (fetches_request(&pipe->commands.items[step->first_command + j]))
				say_target(check, pipe->commands.items[step->first_command + j].file, pipe->commands.items[step->first_command + j].line);
		if (!pipe_is_action(step, checkout))
			continue;
		unsigned line;
		auto_free char *ref = pipe_with(pipe, step, "ref", &line);
		for (size_t j = 0; ref != NULL && j < COUNT_OF(heads); j++)
			if (strstr(ref, heads[j]) != NULL) {
				say_target(check, step->file, line);
				break;
			}
	}
}

/* ---- rights and actions of the workflows that make images ---- */

static bool makes_images(const struct pipeline *pipe, const struct pipe_workflow *workflow)
{
	for (size_t i = 0; i < workflow->job_count; i++)
		if ((pipe->jobs.items[workflow->first_job + i].roles & (PIPE_BUILDS | PIPE_PUSHES)) != 0)
			return true;
	return false;
}

static void look_at_rights(struct check *check, const char *file, const struct yaml_node *node)
{
	const struct yaml_node *permissions = yaml_get(node, "permissions");
	if (yaml_is(permissions, "write-all")) {
		check_against(check, file, permissions->line,
			"permissions: write-all lets every step change the repository, its releases and packages");
		check_mend(check, "Name the permissions that are needed, as `contents: read` and `packages: write`");
	}
}

/* What pushes with the rights that the repository gives by itself may write to
 * all of it where its owner has not changed that. */
static void look_at_missing_rights(struct check *check, const struct pipe_workflow *workflow, const struct pipe_job *job)
{
	if ((job->roles & PIPE_PUSHES) == 0 || yaml_get(workflow->root, "permissions") != NULL || yaml_get(job->node, "permissions") != NULL)
		return;
	check_against(check, workflow->source->path, job->line, "the job %s pushes with whatever rights this repository gives: no permissions are named",
		job->name);
	check_mend(check, "Name the permissions that are needed, as `contents: read` and `packages: write`");
}

static unsigned major_of(const char *version)
{
	return version[0] == 'v' && strspn(version + 1, "0123456789") > 0 ? (unsigned)atoi(version + 1) : 0;
}

/* Versions that GitHub refuses to run since early 2025. */
static bool is_refused(const struct pipe_step *step)
{
	static const struct {
		const char *action;
		unsigned first; /* that runs */
	} alive[] = {{"actions/upload-artifact", 4}, {"actions/download-artifact", 4}, {"actions/cache", 3}};
	unsigned major = major_of(step->version);
	for (size_t i = 0; i < COUNT_OF(alive); i++)
		if (major > 0 && strcmp(step->action, alive[i].action) == 0 && major < alive[i].first)
			return true;
	return false;
}

/* A branch moves with every commit of its owner; dtolnay's is made to be used so. */
static bool is_moving(const struct pipe_step *step)
{
	static const char *const branches[] = {"master", "main", "develop", "dev", "HEAD"};
	static const char *const owners[] = {"actions/", "docker/", "github/", "dtolnay/", "./", "docker://"};
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (text_starts_with(step->action, owners[i]))
			return false;
	for (size_t i = 0; i < COUNT_OF(branches); i++)
		if (strcmp(step->version, branches[i]) == 0)
			return true;
	return false;
}

static bool is_commit(const char *version)
{
	return strspn(version, "0123456789abcdef") >= 40;
}

static bool is_pinned(const struct pipe_step *step)
{
	return is_commit(step->version) || strstr(step->uses, "@sha256:") != NULL;
}

/* A tag is moved by whoever gets hold of the owner's account (CVE-2026-33634 moved
 * 76 of them). GitHub's own are as safe as the runner; dtolnay's name a toolchain. */
static bool may_be_moved(const struct pipe_step *step)
{
	static const char *const owners[] = {"actions/", "github/", "dependabot/", "dtolnay/"};
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (text_starts_with(step->action, owners[i]))
			return false;
	return !is_pinned(step);
}

static void look_at_actions(struct check *check, const struct pipeline *pipe, const struct pipe_job *job, unsigned *used,
	unsigned *pinned)
{
	for (size_t i = 0; i < job->step_count; i++) {
		const struct pipe_step *step = &pipe->steps.items[job->first_step + i];
		if (step->uses == NULL || text_starts_with(step->uses, "./"))
			continue;
		++*used;
		*pinned += is_pinned(step);
		if (is_refused(step)) {
			check_against(check, step->file, step->line, "%s is refused by GitHub: the job fails there", step->uses);
			check_mend(check, "Use a version of the action that still runs");
		} else if ((job->roles & PIPE_PUSHES) != 0 && is_moving(step)) {
			check_against(check, step->file, step->line, "%s is whatever lies on that branch, and runs where the image is pushed",
				step->uses);
			check_mend(check, "Name the action by the commit of a release");
		} else if ((job->roles & (PIPE_PUSHES | PIPE_DEPLOYS)) != 0 && may_be_moved(step)) {
			check_against(check, step->file, step->line, "%s is named by a tag, which can be moved, where credentials are at hand", step->uses);
			check_mend(check, "Name each action of others by the commit of its release, with the tag in a comment, and let Dependabot raise it");
		}
	}
}

static void look_at_workflow(struct check *check, const struct pipeline *pipe, const struct pipe_workflow *workflow)
{
	unsigned used = 0, pinned = 0;
	const char *file = workflow->source->path;
	if (workflow->source->is_translated)
		return; /* rights and actions are GitHub's */
	look_at_rights(check, file, workflow->root);
	for (size_t i = 0; i < workflow->job_count; i++) {
		const struct pipe_job *job = &pipe->jobs.items[workflow->first_job + i];
		look_at_rights(check, file, job->node);
		look_at_missing_rights(check, workflow, job);
		look_at_actions(check, pipe, job, &used, &pinned);
	}
	if (used > 0 && pinned == used)
		check_for(check, file, 0, "all actions are named by their commit");
	else if (used > 0)
		check_for(check, file, 0, "%u of %u actions are named by a tag, which can be moved; a commit cannot", used - pinned, used);
}

void ci_workflow(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	if (!ci_begin(check, &pipe, &builds, false))
		return;
	const struct pipe_job *push = pipe_first(&pipe, PIPE_PUSHES);
	if (builds.items.count == 0 && push != NULL)
		check_for(check, pipe_file(&pipe, push), push->line, "the job %s pushes the image", push->name);
	else if (builds.items.count == 0)
		check_against(check, pipe.workflows.items[0].source->path, 0, "no workflow builds the image of %s",
			check->sources->shipped.items[0].source->path);
	for (size_t i = 0; i < builds.items.count; i++) {
		const struct image_build *build = &builds.items.items[i];
		check_for(check, build->file, build->line, "%s builds the image", build->via);
	}
	look_at_scripts(check, &pipe);
	look_at_targets(check, &pipe);
	for (size_t i = 0; i < pipe.workflows.count; i++)
		if (makes_images(&pipe, &pipe.workflows.items[i]))
			look_at_workflow(check, &pipe, &pipe.workflows.items[i]);
}
