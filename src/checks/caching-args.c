/* 4.8: arguments that reach cargo, arguments that reach nobody, and names of
 * features that no manifest has. */
#include "caching.h"
#include "toml.h"

#include <ctype.h>

enum { NAMES_LIMIT = 5000, MANIFESTS_LIMIT = 500 };

/* ---- names in a line ---- */

static size_t name_length(const char *text)
{
	size_t len = 0;
	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return isdigit((unsigned char)text[0]) ? 0 : len;
}

/* The next $NAME or ${NAME…} of a text; NULL: no more. */
static const char *next_variable(const char **at, size_t *len, bool *has_default)
{
	const char *text = *at;
	for (const char *dollar; (dollar = strchr(*at, '$')) != NULL;) {
		const char *name = dollar + 1 + (dollar[1] == '{');
		*len = name_length(name);
		bool escaped = dollar > text && dollar[-1] == '\\';
		*at = dollar + 1;
		if (*len == 0 || escaped)
			continue;
		*at = name + *len;
		*has_default = dollar[1] == '{' && name[*len] != '}';
		return name;
	}
	return NULL;
}

/* Does an ARG or ENV line give that name? */
static bool gives(const struct docker_line *line, const char *name)
{
	if (strcmp(line->word, "ARG") != 0 && strcmp(line->word, "ENV") != 0)
		return false;
	auto_strings words = {0};
	bool json;
	dockerfile_words(line->rest, &words, &json);
	size_t len = strlen(name);
	for (size_t i = 0; i < words.count; i++)
		if (strncmp(words.items[i], name, len) == 0 && (words.items[i][len] == '=' || words.items[i][len] == '\0'))
			return true;
	return false;
}

static bool is_global(const struct dockerfile *file, const char *name)
{
	for (size_t i = 0; i < file->lines.count && file->lines.items[i].stage < 0; i++)
		if (gives(&file->lines.items[i], name))
			return true;
	return false;
}

/* BuildKit has them at hand, and gives them where a stage asks by ARG. */
static bool is_platform(const char *name)
{
	return text_starts_with(name, "TARGET") || text_starts_with(name, "BUILDPLATFORM") || text_starts_with(name, "BUILDARCH") ||
		text_starts_with(name, "BUILDOS");
}

static bool is_known_in(const struct dockerfile *file, int stage, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++)
		if (stage_has_line(file, stage, i) && gives(&file->lines.items[i], name))
			return true;
	return false;
}

/* The command sets it by itself: NAME=…, read NAME, for NAME in. */
static bool is_set_in(const char *text, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = text; (at = strstr(at, name)) != NULL; at += len) {
		bool starts = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_' && at[-1] != '$' && at[-1] != '{');
		if (starts && (at[len] == '=' || (at - text >= 4 && (strncmp(at - 4, "for ", 4) == 0)) || (at - text >= 5 && strncmp(at - 5,
			"read ", 5) == 0)))
			return true;
	}
	return false;
}

/* ---- an argument that is not declared ---- */

static void look_at_line(struct check *check, const struct docker_source *docker, size_t at)
{
	const struct docker_line *line = &docker->file.lines.items[at];
	static const char *const words[] = {"RUN", "COPY", "ADD", "ENV", "WORKDIR", "USER", "LABEL", "EXPOSE"};
	bool looks = false, has_default;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		looks = looks || strcmp(line->word, words[i]) == 0;
	size_t len;
	const char *text = line->raw;
	for (const char *name; looks && line->stage >= 0 && (name = next_variable(&text, &len, &has_default)) != NULL;) {
		auto_free char *plain = mem_copy_bytes(name, len);
		bool global = is_global(&docker->file, plain), platform = is_platform(plain);
		if ((!global && !(platform && strcmp(plain, "TARGET") != 0)) || has_default || is_known_in(&docker->file, line->stage, at,
			plain))
			continue;
		if (is_set_in(line->raw, plain) || (platform && !global && strcmp(plain, "TARGETARCH") != 0 && strcmp(plain,
			"TARGETPLATFORM") != 0 &&
			strcmp(plain, "TARGETOS") != 0 && strcmp(plain, "TARGETVARIANT") != 0 && strcmp(plain, "BUILDPLATFORM") != 0))
			continue;
		check_against(check, docker->path, line->first, "$%s is empty here: the stage has no line `ARG %s`", plain, plain);
		check_mend(check, "Declare it in the stage: `ARG %s` above the line", plain);
		auto_free char *declared = mem_print("ARG %s", plain);
		if (!docker->is_inline)
			check_edit_insert(check, docker->path, line->first, declared);
	}
}

/* ---- features ---- */

struct names {
	struct strings list;
	bool is_there; /* some manifest was read */
};

static void take_leaf(void *context, const struct toml_leaf *leaf)
{
	struct names *names = context;
	static const char *const tables[] = {"dependencies", "build-dependencies"};
	if (names->list.count >= NAMES_LIMIT || leaf->depth == 0)
		return;
	/* an optional dependency is a feature, wherever it stands */
	if (leaf->depth >= 3 && strcmp(leaf->path[leaf->depth - 1], "optional") == 0 && strcmp(leaf->text, "true") == 0)
		for (size_t i = 0; i < COUNT_OF(tables); i++)
			if (strcmp(leaf->path[leaf->depth - 3], tables[i]) == 0)
				strings_add_new(&names->list, leaf->path[leaf->depth - 2]);
}

/* The keys below [features]: the reader of TOML tells nothing of `http = []`. */
static void take_keys(const char *text, struct names *names)
{
	bool is_inside = false;
	for (const char *at = text; *at != '\0' && names->list.count < NAMES_LIMIT; at += strcspn(at, "\n"), at += *at == '\n') {
		const char *key = at + strspn(at, " \t");
		if (*key == '[') {
			is_inside = text_starts_with(key, "[features]");
			continue;
		}
		bool quoted = *key == '"';
		key += quoted;
		size_t len = strcspn(key, quoted ? "\"\n" : " \t=\n\"");
		const char *behind = key + len + (quoted && key[len] == '"');
		if (!is_inside || len == 0 || behind[strspn(behind, " \t")] != '=')
			continue;
		auto_free char *name = mem_copy_bytes(key, len);
		strings_add_new(&names->list, name);
	}
}

/* Of all manifests: what is compiled may be no member. */
static void read_features(const struct sources *sources, struct names *names)
{
	const struct tree_file *file;
	unsigned left = MANIFESTS_LIMIT;
	for (size_t at = 0; left > 0 && (file = tree_each(&sources->tree, &at, "Cargo.toml")) != NULL; left--) {
		size_t len;
		auto_free char *text = tree_read(&sources->tree, file->path, &len);
		if (text == NULL)
			continue;
		toml_read(text, len, take_leaf, names);
		take_keys(text, names);
		names->is_there = true;
	}
}

static void look_at_features(struct check *check, const struct docker_source *docker, const struct names *names, size_t at)
{
	struct cargo_calls calls = {0};
	auto_free char *body = run_body(&docker->file, at);
	if (strstr(body, "git clone") != NULL)
		return; /* of another project */
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++) {
		const struct cargo_call *call = &calls.items[i];
		if (!cargo_call_makes_programs(call) || cargo_call_installs(call) || strcmp(call->verb, "leptos") == 0)
			continue;
		for (size_t j = 0; j < call->features.count; j++) {
			auto_strings parts = {0};
			auto_free char *text = mem_copy_string(call->features.items[j]);
			for (char *letter = text; *letter != '\0'; letter++)
				*letter = *letter == ' ' ? ',' : *letter;
			strings_split(&parts, text, ',');
			for (size_t k = 0; k < parts.count; k++) {
				const char *name = parts.items[k];
				if (strpbrk(name, "$/:") != NULL || strcmp(name, "default") == 0 || strings_have(&names->list, name))
					continue;
				check_against(check, docker->path, docker->file.lines.items[at].first,
					"cargo is asked for the feature %s, which no manifest has", name);
				check_mend(check, "Name a feature that Cargo.toml has");
			}
		}
	}
	cargo_calls_finish(&calls);
}

/* ---- arguments that reach cargo ---- */

static bool is_about_building(const char *name)
{
	static const char *const others[] = {"RUST_VERSION", "RUST_IMAGE", "CARGO_CHEF_VERSION", "DEBIAN_FRONTEND", "PATH", "HOME",
		"GIT_SHA", "GIT_COMMIT", "BUILD_DATE",
		"CARGO_HOME", "RUSTUP_HOME", "UID", "GID", "USER"};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcmp(name, others[i]) == 0)
			return false;
	return !is_platform(name) && strstr(name, "SHA") == NULL && strstr(name, "DATE") == NULL && strstr(name, "COMMIT") == NULL &&
		!secret_is_name(name, strlen(name));
}

/* Is the variable an argument of the build, of its own or by an ENV line that uses one? */
static bool is_argument(const struct dockerfile *file, int stage, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++) {
		const struct docker_line *line = &file->lines.items[i];
		if (!stage_has_line(file, stage, i) || !gives(line, name))
			continue;
		if (strcmp(line->word, "ARG") == 0 || strchr(line->rest, '$') != NULL)
			return true;
	}
	return false;
}

/* A command that calls cargo, or that decides whether it is called. */
static bool is_about_cargo(const struct shell_command *command)
{
	static const char *const tests[] = {"[", "[[", "test", "case", "if"};
	const struct strings *words = &command->words;
	size_t at = command_at(words);
	for (size_t i = 0; at < words->count && i < COUNT_OF(tests); i++)
		if (strcmp(words->items[at], tests[i]) == 0 || strcmp(words->items[0], tests[i]) == 0)
			return true;
	for (size_t i = 0; i < words->count; i++)
		if (strstr(words->items[i], "cargo") != NULL)
			return true;
	return false;
}

static bool look_at_variables(struct check *check, const struct docker_source *docker, size_t at, const char *text)
{
	size_t len;
	bool found = false, has_default;
	const struct docker_line *line = &docker->file.lines.items[at];
	for (const char *name; (name = next_variable(&text, &len, &has_default)) != NULL;) {
		auto_free char *plain = mem_copy_bytes(name, len);
		if (!is_about_building(plain) || !is_argument(&docker->file, line->stage, at, plain))
			continue;
		check_for(check, docker->path, line->first, "the argument %s decides what cargo compiles", plain);
		found = true;
	}
	return found;
}

static bool reaches_cargo(struct check *check, const struct docker_source *docker, size_t at)
{
	const struct docker_line *line = &docker->file.lines.items[at];
	struct cargo_calls calls = {0};
	struct shell_commands commands = {0};
	auto_free char *body = run_body(&docker->file, at);
	bool makes = false, found = false;
	run_find_cargo(body, &calls);
	for (size_t i = 0; i < calls.count; i++)
		makes = makes || cargo_call_makes_programs(&calls.items[i]) || call_is_cook(&calls.items[i]);
	cargo_calls_finish(&calls);
	if (!makes)
		return false;
	shell_split(line->heredoc != NULL ? line->heredoc : after_flags(line->rest), &commands);
	for (size_t i = 0; i < commands.count; i++) {
		auto_free char *text = mem_copy_bytes(commands.items[i].start, commands.items[i].len);
		if (is_about_cargo(&commands.items[i]))
			found = look_at_variables(check, docker, at, text) || found;
	}
	shell_commands_finish(&commands);
	return found;
}

/* FROM builder-$MODE chooses a stage. */
static bool chooses_stage(struct check *check, const struct docker_source *docker)
{
	bool found = false;
	for (size_t i = 0; i < docker->file.stages.count; i++) {
		const struct docker_line *line = &docker->file.lines.items[docker->file.stages.items[i].from];
		if (docker->file.stages.items[i].base_stage < 0 || strchr(after_flags(line->rest), '$') == NULL)
			continue;
		check_for(check, docker->path, line->first, "an argument chooses the stage");
		found = true;
	}
	return found;
}

static void look_at_secrets(struct check *check, const struct docker_source *docker)
{
	for (size_t i = 0; i < docker->file.lines.count; i++) {
		const struct docker_line *line = &docker->file.lines.items[i];
		const char *name = line->rest + strspn(line->rest, " \t");
		size_t len = strcspn(name, "= \t");
		if (strcmp(line->word, "ARG") != 0 || !secret_is_name(name, len))
			continue;
		check_against(check, docker->path, line->first, "%.*s is an argument: the history of the image shows it", (int)len, name);
		check_mend(check, "Read it by RUN --mount=type=secret, and hand it over with `--secret`");
	}
}

/* ---- arguments that are handed over ---- */

static bool is_built_in(const char *name)
{
	static const char *const starts[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "BUILDKIT_",
		"SOURCE_DATE_EPOCH"};
	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (strncasecmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return is_platform(name);
}

static bool has_argument(const struct dockerfile *file, const char *name)
{
	for (size_t i = 0; i < file->lines.count; i++)
		if (strcmp(file->lines.items[i].word, "ARG") == 0 && gives(&file->lines.items[i], name))
			return true;
	return false;
}

static void say_unread(struct check *check, const char *file, unsigned line, const char *name, const struct docker_source *docker)
{
	check_against(check, file, line, "%s is handed to the build, and %s has no `ARG %s`", name, docker->path, name);
	check_mend(check, "Declare it in the stage that needs it, or do not hand it over");
}

static void look_at_compose(struct check *check)
{
	const struct sources *sources = check->sources;
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const struct shipped *shipped = &sources->shipped.items[i];
		if (shipped->service == NULL)
			continue;
		json_t *args = json_object_get(compose_member(json_object_get(compose_services(sources), shipped->service), "build"), "args");
		const char *name;
		json_t *value;
		json_object_foreach(args, name, value) {
			if (is_built_in(name) || has_argument(&shipped->source->file, name))
				continue;
			unsigned line;
			auto_free char *path = mem_print("build.args.%s", name);
			const char *file = compose_place(sources, shipped->service, path, &line);
			say_unread(check, file, line, name, shipped->source);
		}
	}
}

/* Of a build that makes one image of one Dockerfile for sure. */
static void look_at_handed(struct check *check)
{
	auto_pipeline pipe = {0};
	auto_builds builds = {0};
	const struct sources *sources = check->sources;
	pipeline_open(sources, &pipe);
	image_builds_open(sources, &pipe, &builds);
	for (size_t i = 0; i < builds.items.count; i++) {
		const struct image_build *build = &builds.items.items[i];
		auto_free char *named = path_clean(build->dockerfile != NULL ? build->dockerfile : "Dockerfile");
		const struct docker_source *docker = NULL;
		for (size_t j = 0; j < sources->dockers.count; j++)
			if (strcmp(sources->dockers.items[j]->path, text_starts_with(named, "./") ? named + 2 : named) == 0)
				docker = sources->dockers.items[j];
		for (size_t j = 0; docker != NULL && !build->is_bake && !build->is_remote && j < build->args.count; j++)
			if (!is_built_in(build->args.items[j]) && !has_argument(&docker->file, build->args.items[j]))
				say_unread(check, build->args_file, build->args_line, build->args.items[j], docker);
	}
}

/* ---- all ---- */

void caching_args(struct check *check)
{
	const struct sources *sources = check->sources;
	struct names names = {0};
	bool reaches = false;
	if (caching_has_none(check))
		return;
	read_features(sources, &names);
	for (size_t i = 0; i < sources->dockers.count; i++) {
		const struct docker_source *docker = sources->dockers.items[i];
		if (docker->is_harness)
			continue;
		for (size_t j = 0; j < docker->file.lines.count; j++) {
			look_at_line(check, docker, j);
			if (strcmp(docker->file.lines.items[j].word, "RUN") != 0)
				continue;
			reaches = reaches_cargo(check, docker, j) || reaches;
			if (names.is_there)
				look_at_features(check, docker, &names, j);
		}
		reaches = chooses_stage(check, docker) || reaches;
		look_at_secrets(check, docker);
	}
	look_at_compose(check);
	look_at_handed(check);
	if (!reaches)
		check_none(check, sources->shipped.items[0].source->path, "no argument reaches cargo: the image is compiled in one way%s",
			names.list.count > 0 ? "" : _(", and no manifest has features"));
	strings_finish(&names.list);
}
