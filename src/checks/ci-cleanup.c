/* 9.8: images that nobody needs any more go by themselves, and none that
 * somebody needs. */
#include "ci.h"

/* ---- what cleans ---- */

/* Look at tags alone: what belongs to an index they take for rubbish. */
static bool is_blind(const struct pipe_step *step)
{
	static const char *const actions[] = {"actions/delete-package-versions", "camargo/delete-untagged-action",
		"chizkiyahu/delete-untagged-ghcr-action",
		"weslenng/gcr-cleaner", NULL};
	return pipe_is_action(step, actions);
}

static bool is_cleaner(const struct pipe_step *step)
{
	static const char *const parts[] = {"delete-package-versions", "container-retention-policy", "ghcr-cleanup", "ghcr-prune",
		"delete-untagged", "ghcr-cleaner",
		"ghcr-delete-image", "gcr-cleaner", "container-package-cleanup", "package-prune", "cleanup-image", "image-cleanup",
			"registry-cleanup",
		"delete-docker-images", "ghcr-tag-cleanup", "dockerhub-cleanup", "delete-older-releases-packages", "ecr-image-cleaner"};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strstr(step->action, parts[i]) != NULL)
			return true;
	return false;
}

static bool command_cleans(const struct pipe_command *command)
{
	static const char *const cleans[] = {"az acr purge", "acr purge", "gcloud artifacts docker images delete",
		"gcloud container images delete",
		"aws ecr batch-delete-image", "skopeo delete", "crane delete", "regctl tag delete", "regctl image delete",
			"registry garbage-collect", "doctl registry garbage-collection"};
	for (size_t i = 0; i < COUNT_OF(cleans); i++)
		if (pipe_command_is(command, cleans[i]))
			return true;
	if (command->is_remote && (pipe_command_is(command, "docker image prune") || pipe_command_is(command, "docker system prune")))
		return true;
	bool deletes = pipe_command_is(command, "gh api") && pipe_has_word(command, "DELETE");
	bool is_ssh = pipe_command_is(command, "ssh");
	for (size_t i = command->at; i < command->words.count; i++) {
		const char *word = command->words.items[i];
		if ((deletes && strstr(word, "packages/container") != NULL) || (is_ssh && strstr(word, " prune") != NULL) ||
			strstr(word, "registry garbage-collect") != NULL || strcmp(word, "garbage-collect") == 0)
			return true;
	}
	return false;
}

/* ---- what they must not take ---- */

static bool is_true(char *text)
{
	bool truth = text != NULL && strcmp(text, "true") == 0;
	free(text);
	return truth;
}

static bool is_given(char *text)
{
	bool given = text != NULL && text[0] != '\0';
	free(text);
	return given;
}

/* A push of several platforms, or with attestations, has parts without a tag. */
static const struct image_build *find_index(const struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++)
		if (builds->items.items[i].pushes > 0 && builds->items.items[i].platforms.count > 1)
			return &builds->items.items[i];
	return NULL;
}

/* A package of build caches, as its name says: no release is in it. */
static bool is_of_caches(const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const names[] = {"package-name", "package-names", "package", "packages", "image-names", "image-name"};
	bool caches = false;
	for (size_t i = 0; i < COUNT_OF(names) && !caches; i++) {
		auto_free char *value = pipe_with(pipe, step, names[i], NULL);
		caches = value != NULL && text_ends_with(value, "cache");
	}
	return caches;
}

static void look_at_cleaner(struct check *check, const struct pipeline *pipe, const struct image_builds *builds,
	const struct pipe_step *step)
{
	bool untagged = is_true(pipe_with(pipe, step, "delete-only-untagged-versions", NULL)) || strstr(step->action,
		"untagged") != NULL;
	auto_free char *selection = pipe_with(pipe, step, "tag-selection", NULL);
	bool skips = is_given(pipe_with(pipe, step, "skip-shas", NULL));
	untagged = untagged || (selection != NULL && strcmp(selection, "untagged") == 0 && !skips);
	bool blind = is_blind(step) || strstr(step->action, "container-retention-policy") != NULL;
	const struct image_build *index = find_index(builds);
	bool spares = is_given(pipe_with(pipe, step, "ignore-versions", NULL)) || is_given(pipe_with(pipe, step, "image-tags", NULL)) ||
		is_given(pipe_with(pipe, step, "filter-tags", NULL)) || is_given(pipe_with(pipe, step, "exclude-tags", NULL)) || skips ||
		is_given(pipe_with(pipe, step, "skip-tags", NULL)) || is_given(pipe_with(pipe, step, "delete-tags", NULL));
	bool takes_tagged = strcmp(step->action, "actions/delete-package-versions") == 0 || strstr(step->action,
		"container-retention-policy") != NULL ||
		is_given(pipe_with(pipe, step, "keep-n-tagged", NULL));
	if (untagged && blind && index != NULL) {
		check_against(check, step->file, step->line,
			"it deletes what has no tag: the parts of images for several platforms (%s) have none", index->platforms_file);
		check_mend(check, "Use a cleanup that knows indexes, as dataaxiom/ghcr-cleanup-action");
	} else if (is_of_caches(pipe, step)) {
		check_for(check, step->file, step->line, "%s deletes what builds kept", step->action);
	} else if (!untagged && takes_tagged && !spares) {
		check_against(check, step->file, step->line, "it deletes the oldest images, releases too: nothing is left out");
		check_mend(check, "Leave releases out (`ignore-versions`, `exclude-tags`: v*)");
	} else {
		check_for(check, step->file, step->line, "%s deletes old images", step->action);
	}
}

/* Does the step, or the registry's own settings, see to it that nobody pushes meanwhile? */
static bool keeps_registry_quiet(const struct check *check, const struct pipeline *pipe, const struct pipe_step *step)
{
	static const char *const words[] = {"readonly", "READONLY"};
	bool quiet = false;
	for (size_t k = 0; k < step->command_count && !quiet; k++) {
		const struct pipe_command *command = &pipe->commands.items[step->first_command + k];
		auto_free char *said = strings_join(&command->words, " ", " ");
		quiet = pipe_has_word(command, "stop") || strstr(said, " stop ") != NULL || strstr(said, words[0]) != NULL || strstr(said, words[1]) != NULL;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++)
		for (size_t k = 0; k < check->sources->compose_files.count; k++)
			quiet = quiet || strstr(check->sources->compose_files.items[k].text, words[i]) != NULL;
	return quiet;
}

/* The registry's own garbage collection, in the container that serves: it takes layers
 * that belong to no image yet, those of a push that is on its way (distribution, Garbage
 * collection). */
static bool collects_while_serving(const struct pipe_command *command)
{
	bool collects = false, runs = false;
	for (size_t i = command->at; i < command->words.count; i++) {
		const char *word = command->words.items[i];
		collects = collects || strstr(word, "garbage-collect") != NULL;
		runs = runs || strcmp(word, "exec") == 0 || strstr(word, " exec ") != NULL;
	}
	return collects && runs;
}

/* The first such command of the step; NULL: none, or it is seen to. */
static const struct pipe_command *collects_beside_pushes(const struct check *check, const struct pipeline *pipe, const struct pipe_step *step)
{
	for (size_t k = 0; k < step->command_count; k++)
		if (collects_while_serving(&pipe->commands.items[step->first_command + k]))
			return keeps_registry_quiet(check, pipe, step) ? NULL : &pipe->commands.items[step->first_command + k];
	return NULL;
}

static bool look_at_command(struct check *check, const struct pipe_step *step, const struct pipe_command *command,
	const struct pipe_command *unquiet)
{
	if (!command_cleans(command))
		return false;
	if (pipe_command_is(command, "docker system prune") && pipe_has_word(command, "--volumes")) {
		check_against(check, command->file, command->line,
			"it deletes volumes that no container uses at that moment, with the data in them");
		check_mend(check, "Use `docker image prune --all --force --filter until=168h`");
	} else if (command == unquiet) {
		check_against(check, command->file, command->line, "the registry takes pushes while it collects: layers of an image that is being pushed are deleted");
		check_mend(check, "Stop the registry for the collection, or set REGISTRY_STORAGE_MAINTENANCE_READONLY for its time");
	} else {
		check_for(check, command->file, command->line, "old images are deleted%s", step->condition != NULL ?
			_(", on a condition") : "");
	}
	return true;
}

/* Rules that the registry itself keeps to, in what sets it up. */
static bool look_at_terraform(struct check *check)
{
	static const char *const words[] = {"aws_ecr_lifecycle_policy", "cleanup_policies", "azurerm_container_registry_task",
		"retention_policy"};
	const struct tree *tree = &check->sources->tree;
	const struct tree_file *file;
	unsigned left = 100;
	for (size_t at = 0; left > 0 && (file = tree_each(tree, &at, "*.tf")) != NULL; left--) {
		auto_free char *text = tree_read(tree, file->path, NULL);
		for (size_t i = 0; text != NULL && i < COUNT_OF(words); i++) {
			const char *place = strstr(text, words[i]);
			if (place == NULL)
				continue;
			check_for(check, file->path, text_line_at(text, (size_t)(place - text)), "the registry deletes old images by itself");
			return true;
		}
	}
	return false;
}

void ci_cleanup(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	if (!ci_begin(check, &pipe, &builds, true))
		return;
	bool found = look_at_terraform(check);
	for (size_t i = 0; i < pipe.steps.count; i++) {
		const struct pipe_step *step = &pipe.steps.items[i];
		if (step->uses != NULL && is_cleaner(step)) {
			look_at_cleaner(check, &pipe, &builds, step);
			found = true;
		}
		const struct pipe_command *unquiet = collects_beside_pushes(check, &pipe, step);
		for (size_t j = 0; j < step->command_count; j++)
			found = look_at_command(check, step, &pipe.commands.items[step->first_command + j], unquiet) || found;
	}
	const struct pipe_job *push = pipe_first(&pipe, PIPE_PUSHES);
	if (!found)
		check_against(check, pipe_file(&pipe, push), push->line, "the job %s pushes images, and nothing ever deletes old ones",
			push->name);
}
