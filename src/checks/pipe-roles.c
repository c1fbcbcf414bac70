/* What steps and jobs of workflows are for: told by the actions that they use
 * and the commands that they run, never by the names they are given (but of
 * workflows that lie elsewhere). */
#include "pipeline.h"

#include <ctype.h>

enum { WAIT_DEPTH = 40, NAMES_LIMIT = 20 };

const char *const pipe_build_actions[] = {"docker/build-push-action", "depot/build-push-action",
	"useblacksmith/build-push-action",
	"namespacelabs/nscloud-docker-build", "int128/kaniko-action", "aevea/action-kaniko", "redhat-actions/buildah-build",
	"elgohr/publish-docker-github-action", "mr-smithers-excellent/docker-build-push", "whoan/docker-build-with-cache-action",
	"macbre/push-to-ghcr", "crazy-max/ghaction-docker-buildx", "home-assistant/builder", "warpbuilds/build-push-action",
	"superfly/flyctl-actions", NULL};
const char *const pipe_bake_actions[] = {"docker/bake-action", "depot/bake-action", "useblacksmith/bake-action", NULL};
/* That push without being told. */
const char *const pipe_pushing_actions[] = {"elgohr/publish-docker-github-action", "mr-smithers-excellent/docker-build-push",
	"whoan/docker-build-with-cache-action", "macbre/push-to-ghcr", "int128/kaniko-action", "aevea/action-kaniko",
		"redhat-actions/push-to-registry",
	"akhilerm/tag-push-action", "int128/docker-manifest-create-action", "noelware/docker-manifest-action", NULL};

static bool has_part(const char *text, const char *const *parts)
{
	for (; *parts != NULL; parts++)
		if (strcasestr(text, *parts) != NULL)
			return true;
	return false;
}

/* ---- commands ---- */

/* "cargo +nightly --locked test", also behind `docker run …`. */
static bool runs_cargo(const struct pipe_command *command, const char *const *verbs)
{
	const struct strings *words = &command->words;
	for (size_t i = command->at; i + 1 < words->count; i++) {
		const char *name = path_name(words->items[i]);
		if (strcmp(name, "cargo") != 0 && strcmp(name, "cross") != 0)
			continue;
		size_t verb = i + 1;
		while (verb < words->count && strchr("+-", words->items[verb][0]) != NULL)
			verb++;
		for (const char *const *each = verbs; verb < words->count && *each != NULL; each++)
			if (strcmp(words->items[verb], *each) == 0)
				return true;
	}
	return false;
}

/* A word that is a command line of its own: sh -c 'cargo test'. */
static bool says(const struct pipe_command *command, const char *const *lines)
{
	for (size_t i = command->at; i < command->words.count; i++)
		if (strchr(command->words.items[i], ' ') != NULL && has_part(command->words.items[i], lines))
			return true;
	return false;
}

static bool runs_recipe(const struct pipe_command *command, const char *const *parts)
{
	static const char *const tools[] = {"make", "just", "task", "mise", "earthly", "moon", "bazel", NULL};
	const struct strings *words = &command->words;
	bool is_tool = runs_cargo(command, (const char *const[]){"make", "xtask", NULL});
	for (const char *const *tool = tools; !is_tool && *tool != NULL; tool++)
		is_tool = strcmp(path_name(words->items[command->at]), *tool) == 0;
	for (size_t i = command->at + 1; is_tool && i < words->count; i++)
		if (words->items[i][0] != '-' && has_part(words->items[i], parts))
			return true;
	return false;
}

bool pipe_command_tests(const struct pipe_command *command)
{
	static const char *const verbs[] = {"test", "t", "nextest", "llvm-cov", "tarpaulin", "careful", "insta", NULL};
	static const char *const lines[] = {"cargo test", "cargo nextest", "cargo llvm-cov", "cargo tarpaulin", NULL};
	static const char *const recipes[] = {"test", "check", "verify", NULL};
	static const char *const ci[] = {"ci", NULL};
	bool only_echo = pipe_command_is(command, "echo") || pipe_command_is(command, "printf");
	return !only_echo && (runs_cargo(command, verbs) || says(command, lines) || runs_recipe(command, recipes) ||
		(command->words.count == command->at + 2 && runs_recipe(command, ci)) || pipe_command_is(command, "cargo hack test"));
}

bool pipe_command_builds_there(const struct pipe_command *command)
{
	static const char *const builds[] = {"flyctl deploy", "fly deploy", "railway up", "heroku container:push", "gcloud run deploy",
		"kamal deploy"};
	for (size_t i = 0; i < COUNT_OF(builds); i++)
		if (pipe_command_is(command, builds[i]))
			return true;
	return false;
}

bool pipe_command_builds(const struct pipe_command *command)
{
	static const char *const builds[] = {"docker build", "docker buildx build", "docker buildx b", "docker buildx bake",
		"docker image build",
		"docker compose build", "docker-compose build", "podman build", "buildah bud", "buildah build", "depot build", "depot bake",
			"nerdctl build",
		"/kaniko/executor", "executor --context"};
	for (size_t i = 0; i < COUNT_OF(builds); i++)
		if (pipe_command_is(command, builds[i]))
			return true;
	return pipe_command_builds_there(command) || pipe_command_is(command, "docker builder build") || pipe_command_is(command,
		"gcloud builds submit") ||
		pipe_command_is(command, "az acr build");
}

/* A registry that lives as long as the job: localhost:5000/shop. */
static bool is_local(const char *text)
{
	return text != NULL && (strstr(text, "localhost:") != NULL || strstr(text, "127.0.0.1:") != NULL);
}

bool pipe_command_pushes(const struct pipe_command *command)
{
	static const char *const pushes[] = {"docker push", "docker image push", "docker compose push", "docker-compose push",
		"podman push",
		"podman manifest push", "buildah push", "docker manifest push", "docker buildx imagetools create", "skopeo copy", "crane push",
			"crane copy",
		"crane tag", "regctl image copy", "nerdctl push", "gcloud builds submit"};
	for (size_t i = 0; i < COUNT_OF(pushes); i++)
		if (pipe_command_is(command, pushes[i]))
			return !is_local(command->words.items[command->words.count - 1]);
	size_t at = 0;
	if (!pipe_command_builds(command) || is_local(pipe_option(command, &at, "--tag", "-t")))
		return false;
	for (size_t i = command->at; i < command->words.count; i++)
		if (strcmp(command->words.items[i], "--push") == 0 || strstr(command->words.items[i], "push=true") != NULL ||
			strstr(command->words.items[i], "type=registry") == command->words.items[i])
			return true;
	return false;
}

bool pipe_command_deploys(const struct pipe_command *command)
{
	static const char *const deploys[] = {"kubectl apply", "kubectl rollout", "kubectl set image", "kubectl patch", "helm upgrade",
		"helm install",
		"docker stack deploy", "docker service update", "flyctl deploy", "fly deploy", "gcloud run deploy", "gcloud run services",
			"aws ecs update-service",
		"heroku container:release", "railway up", "railway redeploy", "nomad job run", "nomad run", "kamal deploy", "argocd app",
			"ansible-playbook",
		"az webapp", "az containerapp", "terraform apply", "tofu apply", "pulumi up", "doctl apps", "caprover deploy", "shuttle deploy",
			"cargo shuttle deploy",
		"scw container", "git push dokku", "dokku"};
	for (size_t i = 0; i < COUNT_OF(deploys); i++)
		if (pipe_command_is(command, deploys[i]))
			return true;
	if (command->is_remote || pipe_command_is(command, "ssh"))
		for (size_t i = command->at; i < command->words.count; i++) {
			const char *word = command->words.items[i];
			static const char *const parts[] = {"docker compose", "docker-compose", "docker pull", "docker run", "docker service",
				"deploy", NULL};
			if (has_part(word, parts) || strcmp(word, "docker") == 0 || strcmp(word, "docker-compose") == 0)
				return true;
		}
	if (pipe_command_is(command, "curl"))
		for (size_t i = command->at; i < command->words.count; i++)
			if (has_part(command->words.items[i], (const char *const[]){"deploy_hook", "deploy-hook", "deploy_webhook", "deploy_url",
				"api.render.com",
				"webhook_url}", "koyeb", NULL}) || (strcasestr(command->words.items[i], "deploy") != NULL && strstr(command->words.items[i],
					"secrets.") != NULL))
				return true;
	return false;
}

static bool command_audits(const struct pipe_command *command)
{
	static const char *const verbs[] = {"audit", "deny", "vet", NULL};
	return runs_cargo(command, verbs) || pipe_command_is(command, "cargo-audit") || pipe_command_is(command, "cargo-deny") ||
		(pipe_command_is(command, "osv-scanner") && !pipe_command_is(command, "osv-scanner scan image"));
}

static unsigned command_roles(const struct pipe_command *command)
{
	unsigned roles = 0;
	roles |= pipe_command_tests(command) ? PIPE_TESTS : 0;
	roles |= pipe_command_builds(command) ? PIPE_BUILDS : 0;
	roles |= pipe_command_pushes(command) ? PIPE_PUSHES : 0;
	roles |= pipe_command_deploys(command) ? PIPE_DEPLOYS : 0;
	roles |= command_audits(command) ? PIPE_AUDITS : 0;
	return roles;
}

/* ---- steps ---- */

/* false 0, true 2, an expression that may be either 1. */
static int truth_of(const char *text)
{
	if (text == NULL || text[0] == '\0' || strcasecmp(text, "false") == 0)
		return 0;
	return strcasecmp(text, "true") == 0 ? 2 : 1;
}

int pipe_step_pushes(const struct pipeline *pipe, const struct pipe_step *step)
{
	int pushes = 0;
	for (size_t i = 0; i < step->command_count; i++)
		if (pipe_command_pushes(&pipe->commands.items[step->first_command + i]))
			pushes = 2;
	if (pipe_is_action(step, pipe_pushing_actions))
		return 2;
	if (!pipe_is_action(step, pipe_build_actions) && !pipe_is_action(step, pipe_bake_actions))
		return pushes;
	auto_free char *tags = pipe_with(pipe, step, "tags", NULL);
	if (is_local(tags))
		return pushes;
	static const char *const names[] = {"outputs", "output", "set", "tags", "push"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *value = pipe_with(pipe, step, names[i], NULL);
		bool is_output = strcmp(names[i], "push") != 0;
		int truth = !is_output ? truth_of(value) : value == NULL || strcmp(names[i], "tags") == 0 ? 0 :
			strstr(value, "push=true") != NULL || strstr(value, "type=registry") == value ? 2 : strstr(value, "push=${{") != NULL ? 1 : 0;
		pushes = truth > pushes ? truth : pushes;
	}
	return pushes;
}

bool pipe_is_foreign_builder(const struct pipe_step *step)
{
	static const char *const things[] = {"docker", "container", "image", "kaniko", "oci", NULL};
	static const char *const deeds[] = {"build", "publish", "push", "release", NULL};
	static const char *const others[] = {"setup", "login", "meta", "scan", "lint", "prune", "clean", "delete", "digest", "cache",
		"retention", "attest",
		"describ", "comment", "actions/upload", "tag-", NULL};
	static const char *const owners[] = {"docker/", "actions/", "github/", "./"};
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (text_starts_with(step->action, owners[i]))
			return false;
	return has_part(step->action, things) && has_part(step->action, deeds) && !has_part(step->action, others) &&
		!pipe_is_action(step, pipe_build_actions) && !pipe_is_action(step, pipe_bake_actions) && !pipe_is_action(step,
			pipe_pushing_actions);
}

static bool action_audits(const struct pipe_step *step)
{
	static const char *const audits[] = {"rustsec/audit-check", "actions-rs/audit-check", "actions-rust-lang/audit",
		"embarkstudios/cargo-deny-action", "google/osv-scanner-action", "actions/dependency-review-action",
		"google/osv-scanner-action/osv-scanner-action", NULL};
	return pipe_is_action(step, audits);
}

static bool action_deploys(const struct pipe_step *step)
{
	static const char *const deploys[] = {"superfly/flyctl-actions", "google-github-actions/deploy-cloudrun",
		"aws-actions/amazon-ecs-deploy-task-definition",
		"azure/k8s-deploy", "azure/webapps-deploy", "azure/container-apps-deploy-action", "digitalocean/app_action",
			"digitalocean/app_action/deploy",
		"akhileshns/heroku-deploy", "johnbeynon/render-deploy-action", "bervprojectio/railway-deploy",
			"serversideup/github-action-docker-swarm-deploy",
		"koyeb/action-git-deploy", "azure/aci-deploy", "deliverybot/helm", "bitovi/github-actions-deploy-docker-to-ec2", NULL};
	return pipe_is_action(step, deploys);
}

static bool action_tests(const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const cargo[] = {"actions-rs/cargo", "houseabsolute/actions-rust-cross", "actions-rs/tarpaulin",
		"clechasseur/rs-cargo",
		"gizmodotech/cargo", NULL};
	if (!pipe_is_action(step, cargo))
		return false;
	auto_free char *command = pipe_with(pipe, step, "command", NULL);
	return strstr(step->action, "tarpaulin") != NULL || (command != NULL && (strcmp(command, "test") == 0 || strcmp(command,
		"nextest") == 0 ||
		strcmp(command, "tarpaulin") == 0 || strcmp(command, "llvm-cov") == 0));
}

unsigned pipe_step_roles(const struct pipeline *pipe, const struct pipe_step *step)
{
	unsigned roles = 0;
	for (size_t i = 0; i < step->command_count; i++)
		roles |= command_roles(&pipe->commands.items[step->first_command + i]);
	if (step->uses == NULL)
		return roles;
	if (pipe_is_action(step, pipe_build_actions) || pipe_is_action(step, pipe_bake_actions)) {
		auto_free char *target = pipe_with(pipe, step, "target", NULL);
		roles |= PIPE_BUILDS;
		roles |= target != NULL && strstr(target, "test") != NULL ? PIPE_TESTS : 0;
	}
	roles |= pipe_step_pushes(pipe, step) > 0 ? PIPE_PUSHES : 0;
	roles |= pipe_is_foreign_builder(step) ? PIPE_BUILDS | PIPE_PUSHES : 0;
	roles |= action_audits(step) ? PIPE_AUDITS : 0;
	roles |= action_tests(pipe, step) ? PIPE_TESTS : 0;
	roles |= action_deploys(step) ? PIPE_DEPLOYS : 0;
	return roles;
}

/* ---- jobs ---- */

/* A workflow of another repository: its path is all there is to go by. */
static unsigned remote_roles(const char *uses)
{
	static const char *const builds[] = {"docker", "container", "image", "buildx", "bake", NULL};
	static const char *const tests[] = {"test", "/ci", "check", "rust", NULL};
	static const char *const scans[] = {"trivy", "grype", "vuln", "scan", "security", NULL};
	static const char *const others[] = {"osv-scanner", "codeql", "secret", NULL};
	static const char *const deploys[] = {"deploy", "release-app", NULL};
	unsigned roles = 0;
	const char *path = strchr(uses, '/');
	path = path != NULL ? path : uses;
	roles |= has_part(path, builds) && !has_part(path, (const char *const[]){"lint", "hadolint", "test", NULL}) ?
		PIPE_BUILDS | PIPE_PUSHES : 0;
	roles |= has_part(path, tests) ? PIPE_TESTS : 0;
	roles |= has_part(path, scans) && !has_part(path, others) ? PIPE_SCANS : 0;
	roles |= strstr(path, "osv-scanner") != NULL || strstr(path, "audit") != NULL ? PIPE_AUDITS : 0;
	roles |= has_part(path, deploys) ? PIPE_DEPLOYS : 0;
	return roles;
}

/* Pages with documents are no deployment of the service. */
static bool is_deploy_job(const struct pipeline *pipe, const struct pipe_job *job)
{
	static const char *const pages[] = {"actions/deploy-pages", "peaceiris/actions-gh-pages", "jamesives/github-pages-deploy-action",
		"cloudflare/pages-action", "cloudflare/wrangler-action", "actions/upload-pages-artifact", NULL};
	const char *title = yaml_text(yaml_get(job->node, "name"));
	static const char *const not_it[] = {"doc", "book", "site", "page", "crate", NULL};
	bool named = strcasestr(job->name, "deploy") != NULL || (title != NULL && strcasestr(title, "deploy") != NULL);
	return named && job->uses == NULL && !has_part(job->name, not_it) && (title == NULL || !has_part(title, not_it)) &&
		!pipe_job_has_action(pipe, job, pages);
}

void pipeline_find_roles(struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		struct pipe_job *job = &pipe->jobs.items[i];
		for (size_t j = 0; j < job->step_count; j++)
			job->roles |= pipe_step_roles(pipe, &pipe->steps.items[job->first_step + j]);
		if (job->uses != NULL && job->called < 0)
			job->roles |= remote_roles(job->uses);
		if (is_deploy_job(pipe, job) && (job->roles & (PIPE_BUILDS | PIPE_TESTS)) == 0)
			job->roles |= PIPE_DEPLOYS;
	}
	/* what a called workflow does, its caller does */
	for (int round = 0; round < 4; round++)
		for (size_t i = 0; i < pipe->jobs.count; i++) {
			struct pipe_job *job = &pipe->jobs.items[i];
			const struct pipe_workflow *called = job->called >= 0 ? &pipe->workflows.items[job->called] : NULL;
			for (size_t j = 0; called != NULL && j < called->job_count; j++)
				job->roles |= pipe->jobs.items[called->first_job + j].roles;
		}
}

const struct pipe_job *pipe_first(const struct pipeline *pipe, unsigned role)
{
	for (size_t i = 0; i < pipe->jobs.count; i++)
		if ((pipe->jobs.items[i].roles & role) != 0)
			return &pipe->jobs.items[i];
	return NULL;
}

/* ---- order ---- */

struct wait {
	const struct pipeline *pipe;
	unsigned role;
	bool *seen;
};

static bool waits(struct wait *wait, size_t at, int depth);

/* `on: workflow_run`: behind all jobs of the workflows named, where it asks how they ended. */
static bool follows_workflow(const struct wait *wait, const struct pipe_workflow *workflow)
{
	const struct yaml_node *names = yaml_at(workflow->root, "on.workflow_run.workflows");
	if ((workflow->triggers & PIPE_ON_WORKFLOW) == 0 || strstr(workflow->source->text, "conclusion") == NULL)
		return false;
	for (size_t i = 0; names != NULL && names->kind == YAML_LIST && i < names->items.count && i < NAMES_LIMIT; i++)
		for (size_t j = 0; j < wait->pipe->jobs.count; j++) {
			const struct pipe_job *job = &wait->pipe->jobs.items[j];
			const char *name = yaml_text(yaml_get(wait->pipe->workflows.items[job->workflow].root, "name"));
			if ((job->roles & wait->role) != 0 && name != NULL && yaml_is(names->items.items[i], name))
				return true;
		}
	return false;
}

static bool waits(struct wait *wait, size_t at, int depth)
{
	const struct pipeline *pipe = wait->pipe;
	const struct pipe_job *job = &pipe->jobs.items[at];
	const struct pipe_workflow *workflow = &pipe->workflows.items[job->workflow];
	if (wait->seen[at] || depth > WAIT_DEPTH)
		return false;
	wait->seen[at] = true;
	for (size_t i = 0; i < job->before.count; i++) {
		/* a job that calls the workflow does what it does: its own role says nothing of before */
		const struct pipe_job *before = &pipe->jobs.items[job->before.items[i]];
		bool is_caller = before->called == (int)job->workflow;
		if ((!is_caller && (before->roles & wait->role) != 0) || waits(wait, job->before.items[i], depth + 1))
			return true;
	}
	if (follows_workflow(wait, workflow))
		return true;
	return false;
}

bool pipe_waits_for(const struct pipeline *pipe, size_t job, unsigned role)
{
	auto_free bool *seen = mem_alloc((pipe->jobs.count + 1) * sizeof *seen);
	struct wait wait = {.pipe = pipe, .role = role, .seen = seen};
	return waits(&wait, job, 0);
}
