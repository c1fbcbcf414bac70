/* 9.4: an image that is pushed carries its version. */
#include "ci.h"

#include <ctype.h>

enum { CALL_DEPTH = 4 };

struct tags {
	struct check *check;
	const struct pipeline *pipe;
	unsigned versions; /* that say one */
	unsigned unknown; /* of which nothing can be said */
	struct strings moving; /* "latest", commits … as they are written */
	const char *file; /* where the last of those stands */
	unsigned line;
	bool has_meta, has_repository; /* the latter: it was looked for */
	char *repository; /* where the project says that it lies on GitHub: "Acme/Shop"; NULL: nowhere */
	const char *manifest; /* that says so */
};

/* ---- one tag ---- */

/* "1.2.3", "v1.2". */
static bool is_version(const char *tag)
{
	tag += *tag == 'v';
	size_t digits = strspn(tag, "0123456789");
	return digits > 0 && tag[digits] == '.' && isdigit((unsigned char)tag[digits + 1]);
}

/* Names that a version is usually kept under: outputs, inputs, shell variables. */
static bool says_version(const char *tag, unsigned triggers)
{
	static const char *const parts[] = {"version", "semver", "release", "tag_name", "refs/tags", "cargo_ver", "crate_ver",
		"nightly_ver"};
	static const char *const of_tags[] = {"ref_name", "github.ref", "github_ref", "_tag", ".tag", "tag}", "$tag"};
	bool by_tag = (triggers & (PIPE_ON_TAG | PIPE_ON_RELEASE)) != 0;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strcasestr(tag, parts[i]) != NULL)
			return true;
	for (size_t i = 0; i < COUNT_OF(of_tags); i++)
		if (strcasestr(tag, of_tags[i]) != NULL)
			return by_tag || strstr(of_tags[i], "tag") != NULL;
	return false;
}

static bool is_metadata(const char *text)
{
	return strstr(text, "${{") != NULL && (strstr(text, "tags") != NULL || strstr(text, "metadata") != NULL || strstr(text,
		"steps.meta") != NULL ||
		strcasestr(text, "DOCKER_METADATA") != NULL);
}

/* Behind the colon of "ghcr.io/owner/name:tag"; NULL: it has none. */
static const char *tag_of(const char *image)
{
	const char *tag = NULL;
	for (const char *at = image; *at != '\0'; at++) {
		if (strncmp(at, "${{", 3) == 0 && strstr(at, "}}") != NULL)
			at = strstr(at, "}}") + 1;
		else if (*at == '/')
			tag = NULL;
		else if (*at == ':' && (at == image || at[-1] != '$'))
			tag = at + 1;
	}
	return tag;
}

/* "ghcr.io/Acme/shop": the registry takes small letters alone (OCI distribution, name). */
static void judge_letters(struct tags *tags, const char *image, const char *file, unsigned line)
{
	const char *tag = tag_of(image), *end = tag != NULL ? tag - 1 : image + strlen(image);
	bool large = false, plain = true;
	for (const char *at = image; at < end; at++) {
		large = large || (*at >= 'A' && *at <= 'Z');
		plain = plain && strchr("$({ \n", *at) == NULL;
	}
	if (!large || !plain || memchr(image, '/', (size_t)(end - image)) == NULL)
		return;
	check_against(tags->check, file, line, "the name of %s has large letters: no registry takes it", image);
	check_mend(tags->check, "Write the name of the image in small letters");
}

/* As struct tags has it. The caller frees. */
static char *repository_of(const struct sources *sources, const char **file)
{
	for (size_t i = 0; i <= sources->rust.manifests.count; i++) {
		*file = i < sources->rust.manifests.count ? sources->rust.manifests.items[i] : "Cargo.toml";
		auto_free char *text = tree_find(&sources->tree, *file) != NULL ? tree_read(&sources->tree, *file, NULL) : NULL;
		const char *line = text != NULL ? strstr(text, "\nrepository") : NULL;
		auto_free char *value = line != NULL ? mem_copy_bytes(line + 1, strcspn(line + 1, "\n")) : NULL;
		const char *at = value != NULL ? strstr(value, "github.com/") : NULL;
		if (at != NULL)
			return mem_copy_bytes(at + strlen("github.com/"), strcspn(at + strlen("github.com/"), "\"'"));
	}
	return NULL;
}

/* ${{ github.repository }} is written as its owner writes it: metadata-action makes
 * small letters of it, and `${GITHUB_REPOSITORY,,}` does. */
static void judge_owner(struct tags *tags, const char *image, const char *file, unsigned line)
{
	static const char *const names[] = {"github.repository_owner", "GITHUB_REPOSITORY_OWNER", "github.repository", "GITHUB_REPOSITORY"};
	const char *found = NULL;
	size_t which = 0;
	for (; which < COUNT_OF(names) && found == NULL; which++)
		found = strstr(image, names[which]);
	if (found == NULL || strstr(found, ",,") != NULL)
		return;
	if (!tags->has_repository)
		tags->repository = repository_of(tags->check->sources, &tags->manifest);
	tags->has_repository = true;
	const char *repository = tags->repository;
	size_t len = repository == NULL ? 0 : which <= 2 ? strcspn(repository, "/") : strlen(repository);
	bool large = false;
	for (size_t i = 0; i < len; i++)
		large = large || (repository[i] >= 'A' && repository[i] <= 'Z');
	if (!large)
		return;
	check_against(tags->check, file, line, "the name of the image has the letters of %s (%s), large ones too: no registry takes it", repository, tags->manifest);
	check_mend(tags->check, "Take the tags from docker/metadata-action, or write ${GITHUB_REPOSITORY,,}");
}

static void take_tag(struct tags *tags, const char *image, const char *file, unsigned line, unsigned triggers)
{
	const char *tag = tag_of(image);
	judge_letters(tags, image, file, line);
	judge_owner(tags, image, file, line);
	if (tag == NULL && is_metadata(image)) {
		tags->unknown += !tags->has_meta;
		return;
	}
	if (strchr(image, '(') != NULL && strstr(image, "${{") == NULL) {
		tags->unknown++; /* a function of a bake file */
		return;
	}
	const char *text = tag != NULL ? tag : strchr(image, '$') != NULL ? image : "latest";
	if (is_version(text) || (strchr(text, '$') != NULL && says_version(text, triggers))) {
		tags->versions++;
		check_for(tags->check, file, line, "the tag %s says the version", text);
		return;
	}
	bool is_known = strchr(text, '$') == NULL || strcasestr(text, "sha") != NULL || strcasestr(text, "commit") != NULL ||
		strstr(text, "run_") != NULL ||
		strstr(text, "ref_name") != NULL || strcasestr(text, "branch") != NULL || strstr(text, "github.ref") != NULL || strcasestr(text,
			"date") != NULL;
	tags->unknown += !is_known;
	if (!is_known)
		return;
	strings_add_new(&tags->moving, text);
	tags->file = file;
	tags->line = line;
}

/* ---- docker/metadata-action ---- */

static bool is_meta(const struct pipe_step *step)
{
	static const char *const actions[] = {"docker/metadata-action", "crazy-max/ghaction-docker-meta", NULL};
	return pipe_is_action(step, actions);
}

/* Do the patterns of tags that start the workflow, or one that calls it, let a
 * pre-release in? "v*" does, "v[0-9]+.[0-9]+.[0-9]+" does not. */
static bool takes_prereleases(const struct pipeline *pipe, const struct pipe_workflow *workflow, int depth)
{
	const struct yaml_node *push = yaml_at(workflow->root, "on.push"), *patterns = yaml_get(push, "tags");
	auto_strings ignored = {0};
	pipe_texts(yaml_get(push, "tags-ignore"), &ignored);
	bool takes = (workflow->own_triggers & PIPE_ON_TAG) != 0 && patterns == NULL;
	for (size_t i = 0; i < ignored.count; i++)
		takes = takes && strchr(ignored.items[i], '-') == NULL;
	for (size_t i = 0; patterns != NULL && patterns->kind == YAML_LIST && i < patterns->items.count; i++) {
		const char *pattern = yaml_text(patterns->items.items[i]);
		if (pattern != NULL && pattern[0] == '!' && strchr(pattern, '-') != NULL)
			return false;
		takes = takes || (pattern != NULL && text_ends_with(pattern, "*"));
	}
	for (size_t i = 0; !takes && depth < CALL_DEPTH && i < pipe->jobs.count; i++)
		takes = pipe->jobs.items[i].called == (int)(workflow - pipe->workflows.items) &&
			takes_prereleases(pipe, &pipe->workflows.items[pipe->jobs.items[i].workflow], depth + 1);
	return takes;
}

/* "type=semver,pattern={{version}}": a rule of the action. */
static bool rule_says_version(const char *rule, unsigned triggers)
{
	static const char *const types[] = {"type=semver", "type=pep440", "type=match"};
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strstr(rule, types[i]) != NULL)
			return true;
	if (strstr(rule, "type=ref") != NULL)
		return strstr(rule, "event=tag") != NULL;
	if (strstr(rule, "type=raw") == NULL && strstr(rule, "type=") != NULL)
		return false;
	const char *value = strstr(rule, "value=");
	value = value != NULL ? value + 6 : rule;
	return is_version(value) || (strpbrk(value, "${") != NULL && says_version(value, triggers) && strstr(value,
		"is_default_branch") == NULL);
}

/* Rules that come before type=ref for a git tag know pre-releases, or are asked
 * for a pattern. */
static bool is_by_ref(const char *rules)
{
	static const char *const others[] = {"type=semver", "type=pep440", "type=match", "priority="};
	const char *rule = rules != NULL ? strstr(rules, "type=ref,event=tag") : NULL;
	for (size_t i = 0; rule != NULL && i < COUNT_OF(others); i++)
		if (strstr(rules, others[i]) != NULL)
			return false;
	auto_free char *line = rule != NULL ? mem_copy_bytes(rule, strcspn(rule, "\n")) : NULL;
	return rules == NULL || (line != NULL && (strstr(line, "enable=") == NULL || strstr(line, "enable=true") != NULL));
}

/* Does somebody take the tags it gives? Often its labels alone are wanted. */
static bool tags_are_taken(const struct tags *tags, const struct pipe_step *step)
{
	static const char *const outputs[] = {"tags", "json", "bake-file"};
	const char *id = yaml_text(yaml_get(step->node, "id")), *text = pipe_workflow_of(tags->pipe, step)->source->text;
	if (step->caller != NULL || strstr(text, "DOCKER_METADATA_OUTPUT") != NULL)
		return true;
	for (size_t i = 0; id != NULL && i < COUNT_OF(outputs); i++) {
		auto_free char *output = mem_print("steps.%s.outputs.%s", id, outputs[i]);
		if (strstr(text, output) != NULL)
			return true;
	}
	return false;
}

/* "!contains(github.ref, '-')", "!github.event.release.prerelease": it is thought of. */
static bool tells_prereleases(const char *condition)
{
	return condition != NULL && (strstr(condition, "'-") != NULL || strcasestr(condition, "prerelease") != NULL);
}

/* The action's flavor is latest=auto where nothing is said: type=ref then makes
 * every git tag `latest`, v2.0.0-rc.1 too; type=semver leaves pre-releases out. */
static void look_for_latest(struct tags *tags, const struct pipe_step *step, const char *rules, unsigned line)
{
	const struct pipe_workflow *workflow = pipe_workflow_of(tags->pipe, step);
	auto_free char *flavor = pipe_with(tags->pipe, step, "flavor", NULL);
	const char *latest = flavor != NULL ? strstr(flavor, "latest=") : NULL;
	bool is_auto = latest == NULL || text_starts_with(latest, "latest=auto") || text_starts_with(latest, "latest=true");
	if (!is_auto || !is_by_ref(rules) || tells_prereleases(step->condition) ||
		tells_prereleases(pipe_job_of(tags->pipe, step)->condition) ||
		!takes_prereleases(tags->pipe, workflow, 0))
		return;
	check_against(tags->check, step->file, line,
		"with the flavor latest=auto any git tag becomes `latest`, a pre-release as well: type=ref knows no versions");
	check_mend(tags->check, "Use the rules `type=semver,pattern={{version}}` and `type=semver,pattern={{major}}.{{minor}}`");
}

/* Is every member of version 0.x? Then what breaks comes with the second number. */
static const char *young_version(const struct rust_facts *facts)
{
	const char *version = NULL;
	for (size_t i = 0; i < facts->crates.count; i++) {
		const struct rust_crate *crate = &facts->crates.items[i];
		if (!crate->is_member || crate->version[0] == '\0')
			continue;
		if (!text_starts_with(crate->version, "0."))
			return NULL;
		version = crate->version;
	}
	return version;
}

/* The rule that makes the tag "0", which moves over all that breaks. */
static void look_for_zero(struct tags *tags, const struct pipe_step *step, const struct strings *rules, unsigned line)
{
	static const char rule[] = "pattern={{major}}";
	const char *version = young_version(&tags->check->sources->rust);
	for (size_t i = 0; version != NULL && i < rules->count; i++) {
		const char *at = strstr(rules->items[i], rule);
		if (at == NULL || (at[strlen(rule)] != '\0' && at[strlen(rule)] != ',') || strstr(rules->items[i], "enable=") != NULL)
			continue;
		check_against(tags->check, step->file, line, "pattern={{major}} makes the tag 0 of version %s: it moves on to versions that break what it stood for",
			version);
		check_mend(tags->check, "Add enable=${{ !startsWith(github.ref, 'refs/tags/v0.') }} to that rule");
		return;
	}
}

static void take_meta(struct tags *tags, const struct pipe_step *step)
{
	unsigned line, triggers = pipe_workflow_of(tags->pipe, step)->triggers;
	auto_free char *rules = pipe_with(tags->pipe, step, "tags", &line);
	auto_strings lines = {0};
	bool says = rules == NULL && (triggers & (PIPE_ON_TAG | PIPE_ON_RELEASE)) != 0;
	bool open = rules != NULL && text_starts_with(rules, "${{");
	strings_split(&lines, rules != NULL ? rules : "", '\n');
	for (size_t i = 0; i < lines.count; i++)
		says = says || rule_says_version(lines.items[i], triggers);
	if (says) {
		tags->versions++;
		check_for(tags->check, step->file, line, "%s makes tags of the version", step->action);
		look_for_latest(tags, step, rules, line);
		look_for_zero(tags, step, &lines, line);
	} else if (open) {
		tags->unknown++;
	} else {
		for (size_t i = 0; i < lines.count; i++)
			strings_add_new(&tags->moving, lines.items[i] + strspn(lines.items[i], " "));
		if (rules == NULL)
			strings_add_new(&tags->moving, "branches");
		tags->file = step->file;
		tags->line = line;
	}
}

/* ---- all ---- */

static void take_word(struct tags *tags, const struct pipe_step *step, const struct pipe_command *command, const char *word)
{
	auto_free char *filled = pipe_fill_word(tags->pipe, step, word);
	take_tag(tags, filled, command->file, command->line, pipe_workflow_of(tags->pipe, step)->triggers);
}

/* "docker push image:tag" and `docker tag` say tags as well. */
static void take_commands(struct tags *tags)
{
	const struct pipeline *pipe = tags->pipe;
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		for (size_t j = 0; j < step->command_count; j++) {
			const struct pipe_command *command = &pipe->commands.items[step->first_command + j];
			const char *last = command->words.items[command->words.count - 1], *value;
			bool is_push = pipe_command_is(command, "docker push") || pipe_command_is(command, "podman push") || pipe_command_is(command,
				"docker image push");
			if (is_push && last[0] != '-' && command->words.count > command->at + 2)
				take_word(tags, step, command, last);
			if (pipe_command_is(command, "docker buildx imagetools create") || pipe_command_is(command, "docker manifest create"))
				for (size_t at = 0; (value = pipe_option(command, &at, "--tag", "-t")) != NULL;)
					take_word(tags, step, command, value);
		}
	}
}

static void take_builds(struct tags *tags, const struct image_builds *builds)
{
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		if (build->pushes == 0 || !ci_is_product(builds->sources, build))
			continue;
		const struct pipe_workflow *workflow = &tags->pipe->workflows.items[build->job->workflow];
		const char *meta = build->is_remote ? yaml_text(yaml_at(build->job->node, "with.meta-tags")) : NULL;
		if (meta != NULL && strstr(meta, "type=semver") != NULL) {
			tags->versions++;
			check_for(tags->check, build->file, build->line, "%s makes tags of the version", build->via);
		} else if (build->is_remote && build->tags.count == 0) {
			tags->unknown++;
		}
		if (build->step != NULL && yaml_truth(yaml_at(build->step->node, "with.tag_semver")) == 1) {
			tags->versions++;
			check_for(tags->check, build->file, build->line, "%s makes tags of the version", build->via);
		}
		for (size_t j = 0; j < build->tags.count; j++)
			take_tag(tags, build->tags.items[j], build->tags_file, build->tags_line, workflow->triggers);
		/* pushed by its digest: the tag is given by whoever joins them */
	}
}

/* What is worked out is worked out of the git tag, where a workflow that runs on
 * tags speaks of it. */
static bool takes_git_tag(struct tags *tags, const struct image_builds *builds)
{
	static const char *const words[] = {"GITHUB_REF#", "GITHUB_REF_NAME", "github.ref_name", "GITHUB_REF/refs", "${GITHUB_REF",
		"git describe", "tag_name"};
	for (size_t i = 0; i < builds->items.count; i++) {
		const struct image_build *build = &builds->items.items[i];
		const struct pipe_workflow *workflow = build->pushes > 0 ? &tags->pipe->workflows.items[build->job->workflow] : NULL;
		if (workflow == NULL || (workflow->triggers & (PIPE_ON_TAG | PIPE_ON_RELEASE)) == 0)
			continue;
		for (size_t j = 0; j < COUNT_OF(words); j++) {
			const char *at = strstr(workflow->source->text, words[j]);
			if (at == NULL)
				continue;
			check_for(tags->check, workflow->source->path, text_line_at(workflow->source->text, (size_t)(at - workflow->source->text)),
				"the tags are made of the git tag");
			return true;
		}
	}
	return false;
}

void ci_tags(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	if (!ci_begin(check, &pipe, &builds, true))
		return;
	struct tags tags = {.check = check, .pipe = &pipe};
	for (size_t i = 0; i < pipe.steps.count; i++)
		tags.has_meta = tags.has_meta || is_meta(&pipe.steps.items[i]);
	for (size_t i = 0; i < pipe.steps.count; i++)
		if (is_meta(&pipe.steps.items[i]) && tags_are_taken(&tags, &pipe.steps.items[i]))
			take_meta(&tags, &pipe.steps.items[i]);
	take_builds(&tags, &builds);
	take_commands(&tags);
	auto_free char *moving = strings_join(&tags.moving, ", ", ", ");
	const struct pipe_job *push = pipe_first(&pipe, PIPE_PUSHES);
	if (tags.versions == 0 && tags.unknown > 0 && takes_git_tag(&tags, &builds))
		tags.versions++;
	if (tags.versions == 0 && tags.unknown > 0)
		check_missing(check, "which tags %s pushes is worked out elsewhere", pipe_file(&pipe, push));
	else if (tags.versions == 0 && tags.moving.count > 0)
		check_against(check, tags.file, tags.line, "no tag says a version: %s", moving);
	else if (tags.versions == 0)
		check_missing(check, "the job %s of %s does not say under which tag it pushes", push->name, pipe_file(&pipe, push));
	strings_finish(&tags.moving);
	free(tags.repository);
}
