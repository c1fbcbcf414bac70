/* 9.6: passwords of registries come out of secrets. Of a password nothing but its
 * place is ever shown. */
#include "ci.h"
#include "own-images.h"
#include "shipped.h"

#include <ctype.h>

enum { LOOK_BACK = 500 }; /* commands of a script */

/* ---- values ---- */

enum origin { ORIGIN_SECRET, ORIGIN_VARIABLE, ORIGIN_LITERAL };

static enum origin origin_of(const char *value)
{
	if (strstr(value, "${{") == NULL)
		return strchr(value, '$') != NULL ? ORIGIN_SECRET : ORIGIN_LITERAL;
	bool is_variable = strstr(value, "vars.") != NULL && strstr(value, "secrets.") == NULL;
	return is_variable ? ORIGIN_VARIABLE : ORIGIN_SECRET;
}

static void judge_value(struct check *check, const char *file, unsigned line, const char *what, const char *value)
{
	switch (origin_of(value)) {
	case ORIGIN_LITERAL:
		check_against(check, file, line, "a password stands in the file, for %s", what);
		check_mend(check, "Make it a secret of the repository, change it at the registry, and use ${{ secrets.NAME }}");
		return;
	case ORIGIN_VARIABLE:
		check_against(check, file, line, "the password for %s is a variable (`vars`), which settings and logs show", what);
		check_mend(check, "Make it a secret of the repository");
		return;
	case ORIGIN_SECRET:
		check_for(check, file, line, "the password for %s comes out of a secret", what);
		return;
	}
}

static bool is_local(const char *registry)
{
	return registry != NULL && (text_starts_with(registry, "localhost") || text_starts_with(registry, "127.0.0.1"));
}

/* ---- actions ---- */

static bool logs_in(const struct pipe_step *step)
{
	static const char *const actions[] = {"docker/login-action", "redhat-actions/podman-login", "azure/docker-login",
		"elgohr/publish-docker-github-action",
		"macbre/push-to-ghcr", "mr-smithers-excellent/docker-build-push", "redhat-actions/push-to-registry", "docker/scout-action",
		"whoan/docker-build-with-cache-action", "aevea/action-kaniko", "aws-actions/configure-aws-credentials",
			"google-github-actions/auth",
		"docker/build-push-action", "azure/login", NULL};
	return pipe_is_action(step, actions);
}

static bool look_at_action(struct check *check, const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const names[] = {"password", "registry-password", "dockerhub-password", "dockerPassword", "docker_password",
		"github_token",
		"githubToken", "aws-secret-access-key", "credentials_json", "creds"};
	bool found = false;
	auto_free char *registry = pipe_with(pipe, step, "registry", NULL);
	for (size_t i = 0; i < COUNT_OF(names) && !is_local(registry); i++) {
		unsigned line;
		auto_free char *value = pipe_with(pipe, step, names[i], &line);
		if (value == NULL || value[0] == '\0')
			continue;
		found = true;
		judge_value(check, step->file, line, step->action, value);
	}
	if (!found && (pipe_is_action(step, (const char *const[]){"aws-actions/amazon-ecr-login",
		"aws-actions/configure-aws-credentials", "google-github-actions/auth",
		"azure/login", "depot/setup-action", NULL}))) {
		check_for(check, step->file, step->line, "%s takes a token that is made for the run, no password", step->action);
		return true;
	}
	return found;
}

/* ---- commands ---- */

static bool is_login(const struct pipe_command *command)
{
	static const char *const logins[] = {"docker login", "podman login", "buildah login", "skopeo login", "crane auth login",
		"helm registry login",
		"regctl registry login", "nerdctl login", "oras login", "docker-compose login"};
	for (size_t i = 0; i < COUNT_OF(logins); i++)
		if (pipe_command_is(command, logins[i]))
			return true;
	return false;
}

/* Does the step do nothing else than log in, to a registry of elsewhere? */
bool ci_is_login(const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const actions[] = {"docker/login-action", "redhat-actions/podman-login", "azure/docker-login", "aws-actions/amazon-ecr-login", NULL};
	auto_free char *registry = pipe_with(pipe, step, "registry", NULL);
	bool found = pipe_is_action(step, actions) && !is_local(registry);
	for (size_t i = 0; i < step->command_count && !found; i++) {
		const struct pipe_command *command = &pipe->commands.items[step->first_command + i];
		found = is_login(command) && !is_local(command->words.items[command->words.count - 1]);
	}
	return found;
}

/* echo hunter2 | docker login --password-stdin */
static bool echoes_literal(const struct pipe_command *before)
{
	if (!pipe_command_is(before, "echo") && !pipe_command_is(before, "printf"))
		return false;
	const char *last = before->words.items[before->words.count - 1];
	return before->words.count > before->at + 1 && strchr(last, '$') == NULL && last[0] != '-' && strchr(last, '`') == NULL;
}

/* Does the shell print each command before it runs it (set -x)? Runners mask their
 * secrets, who runs a script by hand does not. */
static bool is_traced(const struct pipeline *scripts, size_t at)
{
	const char *file = scripts->commands.items[at].file;
	size_t last = at > LOOK_BACK ? at - LOOK_BACK : 0;
	while (at-- > last && scripts->commands.items[at].file == file) {
		const struct pipe_command *command = &scripts->commands.items[at];
		const char *flags = pipe_command_is(command, "set") && command->words.count > command->at + 1 ? command->words.items[command->at + 1] : "";
		bool is_word = pipe_has_word(command, "xtrace");
		if ((flags[0] == '-' || flags[0] == '+') && (is_word || (strchr(flags, 'x') != NULL && strchr(flags, 'o') == NULL)))
			return flags[0] == '-';
	}
	return false;
}

/* echo "$TOKEN" | docker login --password-stdin in a script that is traced. */
static void look_at_trace(struct check *check, const struct pipeline *scripts, size_t at)
{
	const struct pipe_command *command = &scripts->commands.items[at], *before = at > 0 ? command - 1 : NULL;
	bool echoes = before != NULL && before->file == command->file && (pipe_command_is(before, "echo") || pipe_command_is(before, "printf"));
	if (!echoes || !pipe_has_word(command, "--password-stdin") || strchr(before->words.items[before->words.count - 1], '$') == NULL ||
		!is_traced(scripts, at))
		return;
	check_against(check, before->file, before->line, "the shell prints what it runs (set -x), and the password with it");
	check_mend(check, "Write set +x before the login, or hand the password over from a file: docker login --password-stdin <file");
}

static bool look_at_login(struct check *check, const struct pipe_command *command, const struct pipe_command *before)
{
	size_t at = 0;
	const char *password = pipe_option(command, &at, "--password", "-p");
	for (size_t i = command->at; i < command->words.count; i++)
		if (is_local(command->words.items[i]))
			return false;
	if (password != NULL && origin_of(password) == ORIGIN_LITERAL) {
		judge_value(check, command->file, command->line, _("docker login"), password);
	} else if (password != NULL) {
		check_against(check, command->file, command->line,
			"the password is a word of the command (-p): other processes and a traced shell (set -x) show it");
		check_mend(check, "Pipe the secret into `docker login --password-stdin`, or use docker/login-action");
	} else if (before != NULL && pipe_has_word(command, "--password-stdin") && echoes_literal(before)) {
		judge_value(check, before->file, before->line, _("docker login"), "");
	} else {
		check_for(check, command->file, command->line, "the password is handed over on the standard input");
	}
	return true;
}

/* ---- requests of forks ---- */

/* A run for a request from a fork has no secrets but its own token. */
static void look_at_pulls(struct check *check, const struct pipeline *pipe, const struct pipe_step *step)
{
	unsigned line;
	auto_free char *value = ci_is_login(pipe, step) && step->uses != NULL ? pipe_with(pipe, step, "password", &line) : NULL;
	if (value == NULL || strstr(value, "secrets.") == NULL || strstr(value, "GITHUB_TOKEN") != NULL || strstr(value, "||") != NULL)
		return;
	const struct pipe_workflow *workflow = pipe_workflow_of(pipe, step);
	if ((workflow->triggers & PIPE_ON_PULL) == 0 || workflow->source->is_translated || pipe_has_condition(pipe, step) || step->goes_on)
		return;
	check_against(check, step->file, line, "it logs in on pull requests too: one from a fork is given no secrets, and its run ends here");
	check_mend(check, "Log in under a condition: if: github.event_name != 'pull_request'");
}

/* ---- the token of the run ---- */

/* Up to version 5 actions/checkout leaves it in .git/config, unless it is told not
 * to. A commit does not say which version it is. */
static bool leaves_token(const struct pipeline *pipe, const struct pipe_step *step)
{
	auto_free char *persist = pipe_with(pipe, step, "persist-credentials", NULL);
	const char *version = step->version;
	bool is_old = version[0] == 'v' && version[1] >= '1' && version[1] <= '5' && (version[2] == '\0' || version[2] == '.');
	return strcmp(step->action, "actions/checkout") == 0 && is_old && (persist == NULL || strcmp(persist, "false") != 0);
}

/* Does a stage take the folder .git out of the context? */
static bool stage_takes_git(const struct sources *sources, const struct shipped *image, int stage)
{
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		if (!shipped_is_same(shipped, image) || strcmp(shipped->context, ".") != 0)
			continue;
		const struct ignore *ignore = sources_ignore(sources, shipped);
		return stage_copies_context(shipped, stage) && (ignore == NULL || !ignore_leaves_out(ignore, ".git/config", NULL));
	}
	return false;
}

/* Does what is pushed hold it: in the image, or in a cache of all its stages? */
static bool takes_git(const struct sources *sources, const struct image_build *build)
{
	bool is_path = build->context != NULL && strstr(build->context, "://") == NULL && strchr(build->context, '{') == NULL;
	bool caches = false;
	for (size_t i = 0; i < build->cache_to.count; i++)
		caches = caches || (strstr(build->cache_to.items[i], "type=registry") != NULL && strstr(build->cache_to.items[i], "mode=max") != NULL);
	if (!build->has_image || build->pushes == 0 || !is_path)
		return false;
	int builder = caches ? shipped_builder(&build->image) : -1;
	return stage_takes_git(sources, &build->image, build->image.stage) || (builder >= 0 && stage_takes_git(sources, &build->image, builder));
}

static void look_at_checkouts(struct check *check, const struct pipeline *pipe)
{
	auto_builds builds = {0};
	image_builds_open(check->sources, pipe, &builds);
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		size_t most = leaves_token(pipe, step) ? builds.items.count : 0;
		for (size_t k = 0; k < most; k++) {
			const struct image_build *build = &builds.items.items[k];
			if (build->job != pipe_job_of(pipe, step) || !takes_git(check->sources, build))
				continue;
			check_against(check, step->file, step->line, "the token of the run stays in .git/config, and the build copies that folder into what it pushes (%s)",
				build->image.source->path);
			check_mend(check, "Give actions/checkout persist-credentials: false, and leave .git out by .dockerignore");
			break;
		}
	}
}

/* ---- what else holds them ---- */

static bool names_registry(const char *name)
{
	static const char *const parts[] = {"DOCKER", "REGISTRY", "GHCR", "CR_PAT", "HARBOR", "QUAY"};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strcasestr(name, parts[i]) != NULL)
			return secret_is_name(name, strlen(name)) || strcasestr(name, "CR_PAT") != NULL;
	return false;
}

static void look_at_env(struct check *check, const char *file, const struct yaml_node *node)
{
	const struct yaml_node *env = yaml_get(node, "env");
	for (size_t i = 0; env != NULL && env->kind == YAML_MAP && i < env->keys.count; i++) {
		const char *name = env->keys.items[i]->text, *value = yaml_text(env->items.items[i]);
		if (name != NULL && value != NULL && value[0] != '\0' && strpbrk(value, "$") == NULL && names_registry(name))
			judge_value(check, file, env->keys.items[i]->line, name, value);
	}
}

/* `credentials` of a job's container and its services; what services are given
 * in `env` is none of a registry. */
static bool look_at_credentials(struct check *check, const char *file, const struct yaml_node *container)
{
	const struct yaml_node *password = yaml_at(container, "credentials.password");
	if (yaml_text(password) != NULL)
		judge_value(check, file, password->line, _("the container's image"), password->text);
	return yaml_text(password) != NULL;
}

static bool look_at_job(struct check *check, const struct pipeline *pipe, const struct pipe_job *job)
{
	const char *file = pipe_file(pipe, job);
	const struct yaml_node *services = yaml_get(job->node, "services");
	bool found = look_at_credentials(check, file, yaml_get(job->node, "container"));
	look_at_env(check, file, job->node);
	for (size_t i = 0; services != NULL && services->kind == YAML_MAP && i < services->items.count; i++)
		found = look_at_credentials(check, file, services->items.items[i]) || found;
	if (job->uses != NULL && job->called < 0 && (job->roles & PIPE_PUSHES) != 0 && yaml_get(job->node, "secrets") != NULL) {
		check_for(check, file, job->line, "%s is handed secrets", job->uses);
		found = true;
	}
	return found;
}

/* A config.json of docker that somebody committed. */
static bool look_at_config(struct check *check)
{
	static const char *const names[] = {"config.json", ".dockercfg", ".dockerconfigjson", "docker-config.json"};
	const struct tree *tree = &check->sources->tree;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct tree_file *file;
		for (size_t at = 0; (file = tree_each(tree, &at, names[i])) != NULL;) {
			bool is_docker = i > 0 || text_starts_with(file->path, ".docker/") || strstr(file->path, "/.docker/") != NULL;
			auto_free char *text = is_docker && (file->is_tracked || !tree->has_git) ? tree_read(tree, file->path, NULL) : NULL;
			json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL, *each;
			json_t *auths = json_object_get(json, "auths");
			const char *registry;
			json_object_foreach(auths != NULL ? auths : json, registry, each)
				if (json_is_string(json_object_get(each, "auth")) && json_string_length(json_object_get(each, "auth")) > 0) {
					const char *place = strstr(text, registry);
					check_against(check, file->path, place != NULL ? text_line_at(text, (size_t)(place - text)) : 0,
						"it holds the password of %s, merely written in base64", registry);
					check_mend(check, "Take the file out of the repository and change the password at the registry");
					found = true;
				}
			json_decref(json);
		}
	}
	return found;
}

void ci_logins(struct check *check)
{
	auto_pipeline pipe = {0}, scripts = {0};
	bool found = look_at_config(check);
	pipeline_open_scripts(check->sources, &scripts);
	for (size_t i = 0; i < scripts.commands.count; i++)
		if (is_login(&scripts.commands.items[i])) {
			found = look_at_login(check, &scripts.commands.items[i], i > 0 ? &scripts.commands.items[i - 1] : NULL) || found;
			look_at_trace(check, &scripts, i);
		}
	if (!pipeline_begin(check, &pipe))
		return;
	for (size_t i = 0; i < pipe.steps.count; i++) {
		const struct pipe_step *step = &pipe.steps.items[i];
		if (step->uses != NULL && (logs_in(step) || strstr(step->action, "ecr-login") != NULL))
			found = look_at_action(check, &pipe, step) || found;
		look_at_env(check, step->file, step->node);
		for (size_t j = 0; j < step->command_count; j++) {
			const struct pipe_command *command = &pipe.commands.items[step->first_command + j];
			if (is_login(command))
				found = look_at_login(check, command, j > 0 ? command - 1 : NULL) || found;
		}
	}
	for (size_t i = 0; i < pipe.steps.count; i++)
		look_at_pulls(check, &pipe, &pipe.steps.items[i]);
	look_at_checkouts(check, &pipe);
	for (size_t i = 0; i < pipe.jobs.count; i++)
		found = look_at_job(check, &pipe, &pipe.jobs.items[i]) || found;
	for (size_t i = 0; i < pipe.workflows.count; i++)
		look_at_env(check, pipe.workflows.items[i].source->path, pipe.workflows.items[i].root);
	const struct pipe_job *push = pipe_first(&pipe, PIPE_PUSHES);
	if (found)
		return;
	if (push != NULL)
		check_missing(check, "the job %s of %s pushes, and nothing says with which credentials", push->name, pipe_file(&pipe, push));
	else
		check_none(check, pipe.workflows.items[0].source->path, "no workflow logs in to a registry");
}
