/* Topic 4: what makes builds quick, and for several platforms. */
#include "caching.h"

#include <ctype.h>
#include <stdio.h>

/* ---- shared ---- */

bool shipped_is_repeated(const struct sources *sources, size_t at)
{
	const struct shipped *shipped = &sources->shipped.items[at];
	for (size_t i = 0; i < at; i++) {
		const struct shipped *other = &sources->shipped.items[i];
		if (other->source == shipped->source && other->stage == shipped->stage && text_equal(other->context, shipped->context))
			return true;
	}
	return false;
}

bool call_is_cook(const struct cargo_call *call)
{
	return strcmp(call->verb, "chef") == 0 && strings_have(&call->names, "cook");
}

bool caching_has_none(struct check *check)
{
	const struct sources *sources = check->sources;
	if (sources->shipped.count == 0)
		check_none(check, pipeline_ground(sources), "there is no Dockerfile");
	else if (!any_compiles(sources))
		check_none(check, sources->shipped.items[0].source->path, "no stage compiles with cargo");
	else
		return false;
	return true;
}

bool caching_has_no_crates(const struct rust_facts *rust)
{
	bool foreign = !rust->is_there || rust->crates.count == 0;
	for (size_t i = 0; i < rust->crates.count && !foreign; i++)
		foreign = !rust->crates.items[i].is_member;
	return !foreign;
}

/* ---- 4.1: BuildKit ---- */

/* The line of "# syntax=…" at the very top; 0: there is none. */
static unsigned syntax_line(const struct docker_source *docker)
{
	unsigned line = 1;
	for (const char *at = docker->text; *at == '#'; line++) {
		const char *word = at + 1 + strspn(at + 1, " \t");
		if (strncasecmp(word, "syntax", 6) == 0 && word[6 + strspn(word + 6, " \t")] == '=')
			return line;
		size_t name = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (name == 0 || word[name + strspn(word + name, " \t")] != '=')
			return 0;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return 0;
}

/* What the frontend of Engine 20.10 cannot read; NULL: nothing. */
static const char *needs_syntax(const struct docker_line *line)
{
	if (line->heredoc != NULL)
		return "<<";
	bool copies = strcmp(line->word, "COPY") == 0 || strcmp(line->word, "ADD") == 0;
	static const char *const flags[] = {"--link", "--parents", "--exclude", "--checksum", "--keep-git-dir"};
	for (size_t i = 0; copies && i < COUNT_OF(flags); i++) {
		const char *flag = strstr(line->rest, flags[i]);
		if (flag != NULL && flag < after_flags(line->rest))
			return flags[i];
	}
	return NULL;
}

static bool look_at_docker(struct check *check, const struct docker_source *docker)
{
	unsigned syntax = syntax_line(docker);
	bool found = syntax > 0;
	if (syntax > 0)
		check_for(check, docker->path, syntax, "the line `# syntax` asks for BuildKit");
	for (size_t i = 0; i < docker->file.lines.count; i++) {
		const struct docker_line *line = &docker->file.lines.items[i];
		const char *needs = needs_syntax(line);
		if (strcmp(line->word, "RUN") == 0 && text_starts_with(line->rest + strspn(line->rest, " \t"), "--mount=")) {
			check_for(check, docker->path, line->first, "RUN --mount is a thing of BuildKit");
			found = true;
		}
		if (needs == NULL || syntax > 0)
			continue;
		check_against(check, docker->path, line->first,
			"%s needs Dockerfile syntax 1.4 or newer: Engine 20.10 cannot read it without a line `# syntax`", needs);
		check_mend(check, "Begin the file with `# syntax=docker/dockerfile:1`");
		if (!docker->is_inline)
			check_edit_insert(check, docker->path, 1, "# syntax=docker/dockerfile:1");
		return true;
	}
	return found;
}

static bool is_switch_off(const char *word)
{
	return strcmp(word, "DOCKER_BUILDKIT=0") == 0 || strcmp(word, "DOCKER_BUILDKIT=false") == 0 || strcmp(word,
		"COMPOSE_DOCKER_CLI_BUILD=0") == 0;
}

static void look_at_commands(struct check *check, const struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->commands.count; i++) {
		const struct pipe_command *command = &pipe->commands.items[i];
		for (size_t j = 0; j < command->words.count; j++)
			if (is_switch_off(command->words.items[j]))
				check_against(check, command->file, command->line, "BuildKit is turned off: %s", command->words.items[j]);
	}
}

static void look_at_env(struct check *check, const char *file, const struct yaml_node *node)
{
	const struct yaml_node *value = yaml_at(node, "env.DOCKER_BUILDKIT");
	if (yaml_is(value, "0") || yaml_is(value, "false"))
		check_against(check, file, value->line, "BuildKit is turned off: %s", "DOCKER_BUILDKIT=0");
}

static void look_at_workflows(struct check *check, const struct pipeline *pipe)
{
	for (size_t i = 0; i < pipe->workflows.count; i++)
		look_at_env(check, pipe->workflows.items[i].source->path, pipe->workflows.items[i].root);
	for (size_t i = 0; i < pipe->jobs.count; i++)
		look_at_env(check, pipe_file(pipe, &pipe->jobs.items[i]), pipe->jobs.items[i].node);
	for (size_t i = 0; i < pipe->steps.count; i++)
		look_at_env(check, pipe->steps.items[i].file, pipe->steps.items[i].node);
	look_at_commands(check, pipe);
}

static void look_at_dotenv(struct check *check)
{
	const struct tree *tree = &check->sources->tree;
	auto_free char *text = tree_find(tree, ".env") != NULL ? tree_read(tree, ".env", NULL) : NULL;
	unsigned line = 0;
	for (const char *at = text; at != NULL && *at != '\0'; at += *at == '\n') {
		size_t len = strcspn(at, "\r\n");
		auto_free char *word = mem_copy_bytes(at, len);
		line++;
		if (is_switch_off(word))
			check_against(check, ".env", line, "BuildKit is turned off: %s", word);
		at += strcspn(at, "\n");
	}
}

static void caching_buildkit(struct check *check)
{
	const struct sources *sources = check->sources;
	auto_pipeline pipe = {0}, scripts = {0};
	bool found = false;
	if (sources->shipped.count == 0) {
		check_none(check, pipeline_ground(sources), "there is no Dockerfile");
		return;
	}
	for (size_t i = 0; i < sources->dockers.count; i++)
		if (!sources->dockers.items[i]->is_harness)
			found = look_at_docker(check, sources->dockers.items[i]) || found;
	pipeline_open(sources, &pipe);
	pipeline_open_scripts(sources, &scripts);
	look_at_workflows(check, &pipe);
	look_at_commands(check, &scripts);
	look_at_dotenv(check);
	if (!found)
		check_for(check, sources->shipped.items[0].source->path, 1,
			"nothing turns BuildKit off, and it is the builder of every engine since 23");
}

/* Steps of BuildKit say so in the history: "buildkit.dockerfile.v0". */
static void caching_buildkit_live(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *history = live_at(container, "history");
		bool is_buildkit = false;
		if (!live_is_own(check->sources, container) || json_array_size(history) == 0)
			continue;
		for (size_t i = 0; i < 3 && i < json_array_size(history) && !is_buildkit; i++) {
			const char *comment = json_string_value(json_object_get(json_array_get(history, i), "Comment"));
			const char *step = json_string_value(json_object_get(json_array_get(history, i), "CreatedBy"));
			is_buildkit = (comment != NULL && strstr(comment, "buildkit") != NULL) || (step != NULL && strstr(step, "# buildkit") != NULL);
		}
		if (is_buildkit)
			check_live_for(check, live_service(container), "history.Comment names buildkit");
		else
			check_live_against(check, live_service(container), "the newest steps of the image's history are none of BuildKit");
	}
}

/* ---- the table ---- */

static const struct practice practices[] = {
	{
		.id = "4.1",
		.title = N_("Images are built with BuildKit"),
		.severity = CHECK_LOW,
		.says = N_("BuildKit builds stages side by side, skips those that nobody needs and keeps caches between builds; the classic builder does none of it."),
		.looks = N_("The line `# syntax`, RUN --mount and newer syntax in Dockerfiles; DOCKER_BUILDKIT in workflows, scripts and .env."),
		.looks_live = N_("Whether the steps in the history of images are BuildKit's."),
		.mends = N_("Take DOCKER_BUILDKIT=0 out, and begin the Dockerfile with `# syntax=docker/dockerfile:1`"),
		.files = caching_buildkit,
		.live = caching_buildkit_live,
	},
	{
		.id = "4.2",
		.title = N_(".dockerignore leaves out target, node_modules and .git"),
		.severity = CHECK_MEDIUM,
		.says = N_("What is not left out is sent to the builder and is a part of COPY . . : the layer changes with every commit and every compile on the host, "
			   "and gigabytes go along. What is left out too much breaks the build."),
		.looks = N_("The .dockerignore that counts for each image, held against the files of its context and what COPY takes of them."),
		.mends = N_("Write a .dockerignore with `**/target`, `**/node_modules` and `.git` into the build context"),
		.files = caching_context,
	},
	{
		.id = "4.3",
		.title = N_("Dependencies lie in layers of their own"),
		.severity = CHECK_MEDIUM,
		.says = N_("Sources change with every build, dependencies seldom. Where they are compiled before the sources are copied, or into a cache mount, a build "
			   "compiles the project's own crates alone."),
		.looks = N_("The order of COPY, ARG and RUN lines in the stages that compile and that install packages, and their cache mounts."),
		.mends = N_("Compile the dependencies before COPY of the sources (cargo chef cook), or mount a cache on the registry and on target"),
		.files = caching_layers,
	},
	{
		.id = "4.4",
		.title = N_("cargo chef caches the dependencies"),
		.severity = CHECK_MEDIUM,
		.says = N_("cargo chef compiles just the dependencies of a whole workspace into a layer. It is of use only where the build that follows asks for the same "
			   "profile, target and features, in the same folder."),
		.looks = N_("Calls of cargo chef in the Dockerfile, and whether the build behind them can use what they leave."),
		.mends = N_("Use the same options, folder and base image for `cargo chef cook` and `cargo build`"),
		.files = caching_chef,
	},
	{
		.id = "4.5",
		.title = N_("Images are built for amd64 and arm64"),
		.severity = CHECK_MEDIUM,
		.says = N_("Who pulls an image of the other platform runs it under emulation, or not at all: exec format error."),
		.looks = N_("Platforms in workflows, bake files, compose files and scripts, and whether the Dockerfile can be built for each."),
		.looks_live = N_("Whether an image that runs is of the engine's own platform."),
		.mends = N_("Build with `platforms: linux/amd64,linux/arm64`, and compile on $BUILDPLATFORM for $TARGETARCH"),
		.files = caching_platforms,
		.live = caching_platforms_live,
	},
	{
		.id = "4.6",
		.title = N_("buildx is used where builds need it, and rightly"),
		.severity = CHECK_LOW,
		.says = N_("Caches that are exported, several platforms and bake files are things of buildx with a builder of its own. Half set up, the build fails or "
			   "does without them."),
		.looks = N_("Bake files and what they refer to; docker buildx in workflows and scripts, and the builder that it needs."),
		.mends = N_("Set up a builder (docker/setup-buildx-action, `docker buildx create --use`) before such a build"),
		.files = caching_buildx,
	},
	{
		.id = "4.7",
		.title = N_("Builds in CI share a registry cache"),
		.severity = CHECK_MEDIUM,
		.says = N_("A cache in the registry outlives the runner. With mode=max it holds every stage: with the default, the one that compiles is not in it."),
		.looks = N_("cache-to of builds in workflows, bake and compose files: type, mode, scope and reference."),
		.mends = N_("Write `cache-to: type=registry,ref=IMAGE:buildcache,mode=max` and read it by `cache-from`"),
		.files = caching_registry,
	},
	{
		.id = "4.8",
		.title = N_("Build arguments choose what is compiled"),
		.severity = CHECK_LOW,
		.says = N_("One Dockerfile for several sets of features needs arguments that arrive: one that no stage declares is empty there, without a word. "
			   "An argument is no place for a secret: the history of the image shows it."),
		.looks = N_("ARG lines and where cargo uses them; arguments that compose, bake files and workflows hand over; features of the manifests."),
		.mends = N_("Declare the argument in the stage that uses it (`ARG CARGO_FEATURES=`)"),
		.files = caching_args,
	},
};

const struct practice_topic topic_caching = {.title = N_("Build and caching"), .practices = practices,
	.count = COUNT_OF(practices)};
