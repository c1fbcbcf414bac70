/* Topic 3, what developers have of their own: .env and the override file. Values
 * are looked at and never shown. */
#include "secrets.h"
#include "writings.h"

#include <ctype.h>
#include <fnmatch.h>

/* ---- files of variables ---- */

static bool is_example_name(const char *name)
{
	static const char *const patterns[] = {".env.*example*", ".env.*sample*", ".env.*template*", ".env.dist", ".env.*dist",
		".env.*default*", ".env-example", ".env-sample", "example.env", "sample.env", "env.example", "env.sample", "*.env.example",
		"*.env.sample", "*.env.template", "*.env.dist", "env-example", "dotenv.example", ".env_example", ".env_sample", "example.env.*",
		".example.env", ".sample.env", ".envrc.example", ".envrc.sample"};
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

static bool is_own_env(const char *name)
{
	return strcmp(name, ".env") == 0 || strcmp(name, ".env.local") == 0 || strcmp(name, ".env.dev") == 0 ||
		strcmp(name, ".env.development") == 0 || strcmp(name, ".envrc") == 0 || strcmp(name, "dev.env") == 0 ||
		strcmp(name, "development.env") == 0 || strcmp(name, "local.env") == 0;
}

/* ---- .gitignore, as far as it says what of one name ---- */

static bool pattern_fits(const char *pattern, const char *path)
{
	bool is_rooted = strchr(pattern, '/') != NULL;
	if (text_starts_with(pattern, "**/")) {
		pattern += 3;
		is_rooted = strchr(pattern, '/') != NULL;
	}
	pattern += *pattern == '/';
	return fnmatch(pattern, is_rooted ? path : path_name(path), FNM_PATHNAME) == 0;
}

static void read_gitignore(const struct sources *sources, const char *file, const char *path, bool *ignored)
{
	auto_free char *text = tree_find(&sources->tree, file) != NULL ? tree_read(&sources->tree, file, NULL) : NULL;
	auto_strings lines = {0};
	strings_split(&lines, text != NULL ? text : "", '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		size_t len = strcspn(line, "\r");
		while (len > 0 && line[len - 1] == ' ')
			len--;
		line[len] = '\0';
		bool is_exception = *line == '!';
		if (*line != '#' && *line != '\0' && pattern_fits(line + is_exception, path))
			*ignored = !is_exception;
	}
}

/* By the root's .gitignore and the one beside it. */
static bool git_ignores(const struct sources *sources, const char *path)
{
	bool ignored = false;
	read_gitignore(sources, ".gitignore", path, &ignored);
	if (strchr(path, '/') != NULL) {
		auto_free char *folder = path_parent(path), *file = path_join(folder, ".gitignore");
		read_gitignore(sources, file, path_name(path), &ignored);
	}
	return ignored;
}

/* ---- 3.1 .env ---- */

/* A token by its look, and no stand-in for one. */
static bool is_real_token(const char *value)
{
	static const char *const stands_in[] = {"xxx", "XXX", "your", "YOUR", "example", "EXAMPLE", "change", "CHANGE", "...", "replace",
		"REPLACE", "dummy", "<", "placeholder", "insert", "here", "1234", "fake", "todo", "TODO"};
	auto_str masked = {0};
	if (strstr(value, "://") != NULL || !secret_add_text(&masked, value, strlen(value)))
		return false;
	for (size_t i = 0; i < COUNT_OF(stands_in); i++)
		if (strstr(value, stands_in[i]) != NULL)
			return false;
	return strchr(value, '=') == NULL && strchr(value, ':') == NULL && strchr(value, ' ') == NULL;
}

static void look_for_doubles(struct check *check, const char *path, const struct variables *variables)
{
	struct map *seen = map_open(NULL);
	for (size_t i = 0; i < variables->count; i++) {
		const struct variable *variable = &variables->items[i];
		if (map_has(seen, variable->name))
			check_against(check, path, variable->line, "%s stands there twice: the last one counts", variable->name);
		map_put(seen, variable->name, variable->name);
	}
	map_close(seen);
}

/* One that git has: a secret in it is in all history. True: a secret was found. */
static bool look_at_tracked(struct check *check, const char *path, const struct variables *variables)
{
	for (size_t i = 0; i < variables->count; i++) {
		const struct variable *variable = &variables->items[i];
		if (!value_is_secret(variable->name, variable->value))
			continue;
		check_against(check, path, variable->line, "git has this file, and the value of %s in it is a secret", variable->name);
		check_mend(check, "git rm --cached %s, add it to .gitignore, change what stood in it, and commit an example without secrets", path);
		return true;
	}
	return false;
}

static void look_at_ignored(struct check *check, const char *path)
{
	const struct sources *sources = check->sources;
	if (!sources->tree.has_git || git_ignores(sources, path))
		return;
	bool is_there = tree_find(&sources->tree, ".gitignore") != NULL;
	check_against(check, is_there ? ".gitignore" : path, 0, "git does not leave %s out: the next git add takes it", path);
	check_edit_insert(check, ".gitignore", 0, path_name(path));
}

static bool look_at_env_file(struct check *check, const struct tree_file *file, struct variables *known)
{
	const char *name = path_name(file->path);
	bool is_example = is_example_name(name);
	if (file->is_harness || (!is_example && !is_own_env(name)))
		return false;
	auto_free char *text = tree_read(&check->sources->tree, file->path, NULL);
	size_t before = known->count;
	struct variables own = {0};
	variables_read(text, false, &own);
	variables_read(text, true, known);
	if (strcmp(name, ".envrc") != 0)
		look_for_doubles(check, file->path, &own);
	for (size_t i = before; is_example && i < known->count; i++)
		if (is_real_token(known->items[i].value))
			check_against(check, file->path, known->items[i].line, "the value of %s looks like a real one", known->items[i].name);
	if (is_example) {
		auto_free char *folder = strchr(file->path, '/') != NULL ? path_parent(file->path) : mem_copy_string("");
		auto_free char *beside = folder[0] != '\0' ? path_join(folder, ".env") : mem_copy_string(".env");
		const struct tree_file *real = tree_find(&check->sources->tree, beside);
		check_for(check, file->path, 0, "an example of the environment for developers");
		if (real == NULL && strstr(name, ".env") != NULL)
			look_at_ignored(check, beside);
	} else if (!file->is_tracked) {
		check_for(check, file->path, 0, "the environment for developers");
		look_at_ignored(check, file->path);
	} else if (!look_at_tracked(check, file->path, &own)) {
		check_for(check, file->path, 0, "the environment for developers: git has it, and no secret stands in it");
	}
	variables_finish(&own);
	return true;
}

/* Names that come from elsewhere than .env. */
static bool comes_from_elsewhere(const char *name)
{
	static const char *const patterns[] = {"HOME", "USER", "UID", "GID", "PWD", "PATH", "HOSTNAME", "COMPOSE_*", "DOCKER_*", "CI", "CI_*",
		"GITHUB_*", "TAG", "VERSION", "*_TAG", "*_VERSION", "GIT_*", "SHELL", "DISPLAY", "XDG_*", "SSH_*", "TZ", "http_proxy",
		"https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

/* The name of a ${NAME} without a value by default, or NULL; the caller frees. */
static char *bare_variable(const char *value)
{
	const char *at = value != NULL ? strchr(value, '$') : NULL;
	if (at == NULL || at[1] == '$' || strchr(at + 1, '$') != NULL)
		return NULL;
	bool braced = at[1] == '{';
	const char *name = at + 1 + braced;
	size_t len = 0;
	while (isalnum((unsigned char)name[len]) || name[len] == '_')
		len++;
	if (len == 0 || (braced && name[len] != '}' && name[len] != '?' && !(name[len] == ':' && name[len + 1] == '?')))
		return NULL;
	return mem_copy_bytes(name, len);
}

/* What compose asks for and no file of variables knows. */
static void look_for_unknown(struct check *check, const struct variables *known)
{
	for (size_t i = 0; i < check->sources->compose_files.count; i++) {
		struct environment environment = {0};
		environment_read(&check->sources->compose_files.items[i], &environment);
		for (size_t j = 0; j < environment.count; j++) {
			auto_free char *name = bare_variable(environment.items[j].value);
			bool found = name == NULL || comes_from_elsewhere(name);
			for (size_t k = 0; k < known->count && !found; k++)
				found = strcmp(known->items[k].name, name) == 0;
			if (!found)
				check_against(check, environment.items[j].file, environment.items[j].line,
					"%s has no value by default, and the example of .env does not name it", name);
		}
		environment_finish(&environment);
	}
}

static bool runs_own_program(const struct sources *sources)
{
	struct service service;
	for (size_t at = 0; service_next(sources, &at, &service);)
		if (service.is_own)
			return true;
	return false;
}

/* No library, and no tool that reads whatever .env lies where it is called. */
static bool is_program_of_service(const struct sources *sources)
{
	struct rust_place place = {0};
	bool is_run = sources->shipped.count > 0 || sources->compose_files.count > 0 || serves_network(sources);
	return is_run && rust_find(&sources->rust, "fn main (", &place);
}

/* Files that compose reads for its services, and that are not here. */
static void look_for_env_files(struct check *check, const struct yaml_source *source)
{
	const struct yaml_node *services = compose_written(source);
	auto_free char *folder = strchr(source->path, '/') != NULL ? path_parent(source->path) : mem_copy_string("");
	for (size_t i = 0; services != NULL && i < services->items.count; i++) {
		const struct yaml_node *list = yaml_get(services->items.items[i], "env_file");
		bool is_list = list != NULL && list->kind == YAML_LIST;
		for (size_t j = 0; list != NULL && j < (is_list ? list->items.count : 1); j++) {
			const struct yaml_node *item = is_list ? list->items.items[j] : list;
			const char *name = yaml_text(item) != NULL ? yaml_text(item) : yaml_text(yaml_get(item, "path"));
			if (name == NULL || name[0] == '/' || strchr(name, '$') != NULL || yaml_truth(yaml_get(item, "required")) == 0)
				continue;
			auto_free char *joined = path_join(folder, name), *path = path_clean(joined);
			if (tree_find(&check->sources->tree, path + (text_starts_with(path, "./") ? 2 : 0)) == NULL)
				check_against(check, source->path, item->line, "compose reads %s, and neither it nor an example is here", name);
			else
				check_for(check, source->path, item->line, "compose reads the environment from %s", name);
		}
	}
}

/* Who would read a .env, and where that stands: broken, as there is none. */
static void say_no_env_file(struct check *check)
{
	static const char *const crates[] = {"dotenv", "dotenvy", "dotenv_codegen", "dotenvy_macro", "dotenv-flow", "dotenvs", NULL};
	const struct sources *sources = check->sources;
	struct rust_place place;
	const char *which;
	char *name = NULL;
	bool is_own = runs_own_program(sources), is_service = is_program_of_service(sources);
	const struct rust_crate *crate = rust_has_any(&sources->rust, crates, &which) ? rust_crate(&sources->rust, which) : NULL;
	if (crate != NULL && crate->is_direct && is_service)
		check_against(check, sources->rust.graph_file, 0, "the program reads .env (%s), and neither one nor an example is here", which);
	for (size_t i = 0; i < sources->compose_files.count; i++) {
		struct environment environment = {0};
		look_for_env_files(check, &sources->compose_files.items[i]);
		environment_read(&sources->compose_files.items[i], &environment);
		for (size_t j = 0; j < environment.count; j++) {
			const struct environment_entry *entry = &environment.items[j];
			auto_free char *bare = bare_variable(entry->value);
			if (is_own && value_is_secret(entry->name, entry->value) && !is_stand_in(entry->value))
				check_against(check, entry->file, entry->line, "compose writes %s out itself: there is no .env to take it from", entry->name);
			if (bare != NULL && !comes_from_elsewhere(bare))
				check_against(check, environment.items[j].file, environment.items[j].line,
					"compose asks for %s, and there is neither a .env nor an example", bare);
		}
		environment_finish(&environment);
	}
	if (is_service && serves_network(sources) && reads_variable(sources, &place, &name))
		check_against(check, place.source->path, place.line,
			"the program asks the environment for %s, and there is neither a .env nor an example", name);
	free(name);
	check_none(check, main_place(sources), "nothing here takes its settings from variables of .env");
}

void check_env_file(struct check *check)
{
	const struct sources *sources = check->sources;
	struct variables known = {0};
	bool found = false;
	for (size_t i = 0; i < sources->tree.files.count; i++)
		found = look_at_env_file(check, &sources->tree.files.items[i], &known) || found;
	if (found)
		look_for_unknown(check, &known);
	else
		say_no_env_file(check);
	variables_finish(&known);
}

/* ---- 3.5 the override ---- */

static bool is_override(const char *name)
{
	return fnmatch("compose.override.y*ml", name, 0) == 0 || fnmatch("docker-compose.override.y*ml", name, 0) == 0;
}

static bool is_override_example(const char *name)
{
	bool is_example = strstr(name, "example") != NULL || strstr(name, "sample") != NULL || strstr(name, "template") != NULL ||
		strstr(name, ".dist") != NULL;
	return is_example && strstr(name, "override") != NULL && strstr(name, "compose") != NULL;
}

static bool is_merged(const struct sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->compose_files.count; i++)
		if (strcmp(sources->compose_files.items[i].path, path) == 0)
			return true;
	return false;
}

static bool is_beside_merged(const struct sources *sources, const char *path)
{
	auto_free char *folder = strchr(path, '/') != NULL ? path_parent(path) : mem_copy_string("");
	for (size_t i = 0; i < sources->compose_files.count; i++) {
		const char *other = sources->compose_files.items[i].path;
		auto_free char *beside = strchr(other, '/') != NULL ? path_parent(other) : mem_copy_string("");
		if (strcmp(folder, beside) == 0)
			return true;
	}
	return false;
}

/* Another file that is laid over the base by name. */
static const char *development_overlay(const struct sources *sources)
{
	for (size_t i = 0; i < sources->other_composes.count; i++) {
		const char *name = path_name(sources->other_composes.items[i].path);
		if (strstr(name, "dev") != NULL || strstr(name, "local") != NULL)
			return sources->other_composes.items[i].path;
	}
	for (size_t i = 1; i < sources->compose_files.count; i++)
		if (strstr(path_name(sources->compose_files.items[i].path), "dev") != NULL)
			return sources->compose_files.items[i].path;
	return NULL;
}

/* Everybody's own one, which git leaves out. */
static bool look_for_ignored_override(struct check *check)
{
	static const char name[] = ".gitignore";
	auto_free char *text = tree_find(&check->sources->tree, name) != NULL ? tree_read(&check->sources->tree, name, NULL) : NULL;
	const char *at = text != NULL ? strstr(text, "compose.override") : NULL;
	if (at == NULL || check->sources->compose_files.count == 0)
		return false;
	check_for(check, name, text_line_at(text, (size_t)(at - text)), "git leaves each developer's own override out");
	return true;
}

static void say_no_override(struct check *check)
{
	if (has_own_service(check))
		check_none(check, main_place(check->sources), "there is no override and no example of one: nobody changes anything for development");
}

/* compose.yaml wins over docker-compose.yml without a word. True: it was said. */
static bool look_for_hidden(struct check *check)
{
	static const char *const names[] = {"docker-compose.yml", "docker-compose.yaml"};
	const struct sources *sources = check->sources;
	bool found = false, wins = is_merged(sources, "compose.yaml") || is_merged(sources, "compose.yml");
	for (size_t i = 0; i < COUNT_OF(names) && wins; i++) {
		struct written_line at = {0};
		if (tree_find(&sources->tree, names[i]) == NULL || is_merged(sources, names[i]))
			continue;
		bool is_named = writings_find(sources->writings, names[i], &at);
		written_line_finish(&at);
		if (is_named)
			continue;
		check_against(check, names[i], 1, "compose reads compose.yaml and passes over this file");
		check_mend(check, "Keep one of the two, or name both: COMPOSE_FILE in .env");
		found = true;
	}
	return found;
}

void check_override(struct check *check)
{
	const struct sources *sources = check->sources;
	const char *other = development_overlay(sources);
	bool found = false;
	for (size_t i = 0; i < sources->tree.files.count; i++) {
		const struct tree_file *file = &sources->tree.files.items[i];
		const char *name = path_name(file->path);
		if (file->is_harness || !(is_override(name) || is_override_example(name)))
			continue;
		found = true;
		if (!is_override(name))
			check_for(check, file->path, 0, "an example of the override for one developer");
		else if (is_merged(sources, file->path))
			check_for(check, file->path, 0, "compose lays it over the base by itself");
		else if (sources->compose != NULL && is_beside_merged(sources, file->path))
			check_against(check, file->path, 1, "compose does not load it: its files are named (-f or COMPOSE_FILE)");
		else
			check_for(check, file->path, 0, "an override for development");
	}
	if (look_for_hidden(check) || found || look_for_ignored_override(check))
		return;
	if (other != NULL)
		check_none(check, other, "another file is laid over the base for development");
	else
		judge_deployed(check, false, say_no_override);
}

/* The files that compose really used, by its own label. */
void live_override(struct check *check)
{
	const json_t *container;
	for (size_t at = 0; (container = live_each(check->sources, &at)) != NULL;) {
		const json_t *labels = live_at(container, "inspect.Config.Labels");
		const char *files = json_string_value(json_object_get(labels, "com.docker.compose.project.config_files"));
		if (files != NULL && strstr(files, "override") != NULL)
			check_live_for(check, live_service(container), "com.docker.compose.project.config_files names an override");
	}
}
