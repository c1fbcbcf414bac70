/* What a project is, as `init` has to know it: the parts are found out by the
 * files survey-*.c, each from what the checks read as well, and put together here
 * as JSON. What comes from files is cleaned and cut; values of secrets are left out. */
#include "survey.h"

#include "toml.h"

#include <ctype.h>

enum { TEXT_MOST = 500, SAYS_MOST = 200, MEMBERS_MOST = 500, NAME_MOST = 60, WORKSPACES_MOST = 20 };
static const char least_rust[] = "1.95"; /* of the image's tag, where the project asks for no newer one */

/* ---- texts ---- */

json_t *survey_text(const char *text)
{
	auto_str out = {0};
	if (text == NULL)
		return json_null();
	text_add_clean(&out, text, strnlen(text, TEXT_MOST), false);
	json_t *json = json_string(str_text(&out));
	return json != NULL ? json : json_string("");
}

void survey_say(json_t *says, const char *file, unsigned line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	auto_free char *sentence = mem_print_v(format, args);
	va_end(args);
	auto_str masked = {0};
	secret_add_text(&masked, sentence, strlen(sentence));
	auto_free char *place = file == NULL ? mem_copy_string("") : line > 0 ? mem_print("%s:%u: ", file, line) : mem_print("%s: ", file);
	auto_free char *whole = mem_print("%s%s", place, str_text(&masked));
	if (json_array_size(says) < SAYS_MOST)
		json_array_append_new(says, survey_text(whole));
}

/* Letters, digits and -; "" where nothing is left. The caller frees. */
static char *slug_of(const char *name)
{
	auto_str out = {0};
	for (; *name != '\0' && out.len < NAME_MOST; name++) {
		bool is_letter = isascii((unsigned char)*name) && isalnum((unsigned char)*name);
		if (is_letter)
			str_add_char(&out, (char)tolower((unsigned char)*name));
		else if (out.len > 0 && out.data[out.len - 1] != '-')
			str_add_char(&out, '-');
	}
	while (out.len > 0 && out.data[out.len - 1] == '-')
		str_cut(&out, out.len - 1);
	return str_steal(&out);
}

/* ---- the workspace ---- */

static char *workspace_folder(const struct sources *sources)
{
	const char *file = sources->rust.graph_file, *slash = file != NULL ? strrchr(file, '/') : NULL;
	return slash != NULL ? mem_copy_bytes(file, (size_t)(slash - file)) : mem_copy_string("");
}

static char *project_name(const struct survey *survey)
{
	const char *name, *folder;
	for (size_t i = 0; programs_package(survey->programs, i, &name, &folder); i++)
		if (strcmp(folder, survey->folder) == 0) {
			char *slug = slug_of(name);
			if (slug[0] != '\0')
				return slug;
			free(slug);
		}
	char *slug = slug_of(path_name(survey->sources->tree.root));
	if (slug[0] != '\0')
		return slug;
	free(slug);
	return mem_copy_string("app");
}

static json_t *members(const struct survey *survey)
{
	json_t *list = json_array();
	const char *name, *folder;
	for (size_t i = 0; i < MEMBERS_MOST && programs_package(survey->programs, i, &name, &folder); i++) {
		json_t *each = json_object();
		json_object_set_new(each, "name", survey_text(name));
		json_object_set_new(each, "folder", survey_text(folder));
		json_array_append_new(list, each);
	}
	return list;
}

/* What the bounds have left out. */
static void say_left_out(const struct survey *survey)
{
	if (survey->sources->rust.is_cut || programs_count(survey->programs) > PROGRAMS_MOST)
		survey_say(survey->says, rust_file(survey->sources), 0, _("not every program was looked at: there are more than %d, or more sources than are read"),
			PROGRAMS_MOST);
}

/* ---- rust ---- */

static void visit_toolchain(void *context, const struct toml_leaf *leaf)
{
	static const char *const channel[] = {"toolchain", "channel", NULL};
	char **found = context;
	if (leaf->is_string && *found == NULL && toml_is(leaf, channel))
		*found = mem_copy_string(leaf->text);
}

/* rust-toolchain.toml, or rust-toolchain with TOML or one word in it. The caller frees; NULL: none. */
static char *find_toolchain(const struct survey *survey, const char **file)
{
	static const char *const names[] = {"rust-toolchain.toml", "rust-toolchain"};
	const char *const folders[] = {survey->folder, ""};
	for (size_t i = 0; i < COUNT_OF(names) * COUNT_OF(folders); i++) {
		const char *folder = folders[i / COUNT_OF(names)];
		auto_free char *path = folder[0] != '\0' ? path_join(folder, names[i % COUNT_OF(names)]) : mem_copy_string(names[i % COUNT_OF(names)]);
		const struct tree_file *entry = tree_find(&survey->sources->tree, path);
		size_t len = 0;
		auto_free char *text = entry != NULL ? tree_read(&survey->sources->tree, path, &len) : NULL;
		char *channel = NULL;
		if (text == NULL)
			continue;
		*file = entry->path;
		if (strchr(text, '[') != NULL)
			toml_read(text, len, visit_toolchain, &channel);
		else
			channel = mem_copy_bytes(text + strspn(text, " \t\r\n"), strcspn(text + strspn(text, " \t\r\n"), " \t\r\n"));
		if (channel != NULL && channel[0] != '\0')
			return channel;
		free(channel);
	}
	return NULL;
}

/* "1.85", "1.85.0", without a date or a machine behind it. */
static bool is_number(const char *channel)
{
	return isdigit((unsigned char)channel[0]) && strchr(channel, '.') != NULL && strspn(channel, "0123456789.") == strlen(channel) && strlen(channel) < 16;
}

static json_t *rust_json(const struct survey *survey)
{
	const struct rust_facts *facts = &survey->sources->rust;
	const char *file = NULL, *version = least_rust;
	auto_free char *toolchain = find_toolchain(survey, &file);
	if (toolchain != NULL && is_number(toolchain)) {
		version = toolchain;
		survey_say(survey->says, file, 0, _("Rust %s: the toolchain is fixed here"), version);
	} else {
		if (facts->rust_version != NULL && is_number(facts->rust_version) && rust_compare_versions(facts->rust_version, least_rust) > 0)
			version = facts->rust_version;
		if (toolchain != NULL)
			survey_say(survey->says, file, 0, _("the toolchain %s is no numbered version: Rust %s is taken for the image"), toolchain, version);
	}
	json_t *json = json_object();
	json_object_set_new(json, "version", survey_text(version));
	json_object_set_new(json, "minor", json_integer(atoi(strchr(version, '.') != NULL ? strchr(version, '.') + 1 : "0")));
	json_object_set_new(json, "msrv", survey_text(facts->rust_version));
	json_object_set_new(json, "edition", survey_text(facts->edition));
	json_object_set_new(json, "toolchain", survey_text(toolchain));
	json_object_set_new(json, "lock", json_integer(facts->lock_version));
	return json;
}

static const char *kind_of(const struct survey *survey)
{
	if (survey->is_undecided)
		return "several";
	if (!survey->sources->rust.is_there)
		return "none";
	if (survey_has_service(survey))
		return "service";
	return has_program(survey->sources) ? "tool" : "library";
}

/* Is there a secret that a program takes from a variable, and not from a file that one names? */
static bool reads_secrets_by_env(const json_t *env, const json_t *database)
{
	const char *file = text_equal(json_string_value(json_object_get(database, "engine")), "sqlite") ? json_string_value(json_object_get(database, "env")) : NULL;
	size_t index;
	json_t *each;
	json_array_foreach(env, index, each) {
		bool is_path = text_equal(json_string_value(json_object_get(each, "name")), file);
		if (!is_path && json_is_true(json_object_get(each, "is_secret")) && !json_is_true(json_object_get(each, "has_file")))
			return true;
	}
	return false;
}

/* ---- put together ---- */

static json_t *put_together(const struct survey *survey)
{
	const struct rust_facts *facts = &survey->sources->rust;
	const char *kind = kind_of(survey);
	auto_free char *name = project_name(survey);
	json_t *json = json_object();
	if (strcmp(kind, "library") == 0)
		survey_say(survey->says, rust_file(survey->sources), 0, _("a library: it has no program to ship, so there is no image to be made"));
	if (facts->is_there && !facts->has_lock)
		survey_say(survey->says, rust_file(survey->sources), 0, _("there is no Cargo.lock: write one with cargo generate-lockfile, and commit it where there is a program"));
	json_object_set_new(json, "name", json_string(name));
	json_object_set_new(json, "folder", survey_text(survey->folder));
	json_object_set_new(json, "kind", json_string(kind));
	json_object_set(json, "workspaces", survey->workspaces);
	json_object_set_new(json, "rust", rust_json(survey));
	json_object_set_new(json, "programs", survey_programs(survey));
	json_object_set_new(json, "tools", survey_tools(survey));
	json_object_set_new(json, "members", members(survey));
	json_t *env = survey_env(survey), *database = survey_database(survey);
	json_object_set_new(json, "env", env);
	json_object_set_new(json, "database", database);
	json_object_set_new(json, "secrets_by_env", json_boolean(reads_secrets_by_env(env, database)));
	json_object_set_new(json, "redis", survey_redis(survey));
	json_object_set_new(json, "mail", survey_mail(survey));
	json_object_set_new(json, "traces", json_boolean(traces_crate(facts) != NULL));
	json_object_set_new(json, "metrics", json_boolean(metrics_crate(facts) != NULL));
	json_object_set_new(json, "logs_json", json_boolean(logs_json(facts)));
	json_object_set_new(json, "native", survey_native(survey));
	json_object_set_new(json, "data", survey_folders(survey));
	json_object_set_new(json, "seeds", survey_seeds(survey));
	json_object_set_new(json, "git", survey_git(survey));
	json_object_set_new(json, "existing", survey_existing(survey));
	json_object_set_new(json, "kept", survey_kept(survey));
	json_object_set_new(json, "foreign_compose", strcmp(kind, "service") == 0 ? survey_foreign_compose(survey) : json_null());
	for (size_t i = 0; i < survey->sources->notes.count; i++)
		survey_say(survey->says, NULL, 0, "%s", survey->sources->notes.items[i]);
	json_object_set(json, "says", survey->says);
	return json;
}

static void finish(struct survey *survey)
{
	for (size_t i = 0; i < survey->all.count; i++) {
		struct surveyed *each = &survey->all.items[i];
		reads_finish(&each->reads);
		reach_close(each->reach);
		strings_finish(&each->command);
		free(each->port_env);
		free(each->address_env);
	}
	array_finish(&survey->all);
	programs_close(survey->programs);
	json_decref(survey->workspaces);
	json_decref(survey->says);
}

/* ---- which workspace ---- */

/* What a workspace would be as the only one: {manifest, folder, services}. */
static json_t *look_at_workspace(const struct sources *sources, const char *manifest)
{
	struct sources view = *sources;
	json_t *services = json_array();
	auto_free char *parent = path_parent(manifest);
	const char *folder = strcmp(parent, ".") == 0 ? "" : parent;
	rust_read(&sources->tree, NULL, 0, manifest, &view.rust);
	struct survey survey = {.sources = &view, .programs = programs_open(&view), .folder = folder, .says = json_array()};
	survey_programs_find(&survey);
	for (size_t i = 0; i < survey.all.count; i++)
		if (survey.all.items[i].is_service)
			json_array_append_new(services, survey_text(survey.all.items[i].program->name));
	finish(&survey);
	rust_finish(&view.rust);
	json_t *json = json_object();
	json_object_set_new(json, "manifest", survey_text(manifest));
	json_object_set_new(json, "folder", survey_text(folder));
	json_object_set_new(json, "services", services);
	return json;
}

/* Those that are there, where nobody said which one is meant; first those with a service. */
static json_t *find_workspaces(const struct sources *sources)
{
	json_t *list = json_array();
	auto_strings manifests = {0};
	if (sources->options->manifest == NULL && sources->options->cargo_json == NULL)
		rust_find_roots(&sources->tree, &manifests);
	for (size_t i = 0, served = 0; i < manifests.count && manifests.count > 1 && i < WORKSPACES_MOST; i++) {
		json_t *each = look_at_workspace(sources, manifests.items[i]);
		bool has_service = json_array_size(json_object_get(each, "services")) > 0;
		json_array_insert_new(list, has_service ? served++ : json_array_size(list), each);
	}
	return list;
}

/* The only one with a service; NULL: there is none, or another. */
static const char *choose_workspace(const json_t *workspaces)
{
	const char *manifest = NULL;
	unsigned count = 0;
	for (size_t i = 0; i < json_array_size(workspaces); i++) {
		const json_t *each = json_array_get(workspaces, i);
		if (json_array_size(json_object_get(each, "services")) == 0)
			continue;
		manifest = json_string_value(json_object_get(each, "manifest"));
		count++;
	}
	return count == 1 ? manifest : NULL;
}

/* Several manifests, and one of them is taken: which, and what else there is. */
static void say_workspaces(const struct survey *survey)
{
	auto_strings manifests = {0}, folders = {0};
	rust_find_roots(&survey->sources->tree, &manifests);
	if (manifests.count < 2 || survey->is_undecided)
		return;
	for (size_t i = 0; i < manifests.count && i < WORKSPACES_MOST; i++)
		strings_take(&folders, path_parent(manifests.items[i]));
	auto_free char *list = strings_join(&folders, ", ", _(" and "));
	if (json_array_size(survey->workspaces) > 0)
		survey_say(survey->says, NULL, 0, _("there are several Rust projects here (%s): %s is taken, which alone has a service; --manifest-path names another"), list,
			survey->folder);
	else
		survey_say(survey->says, NULL, 0, _("there are several Rust projects here (%s): %s is taken; --manifest-path names another"), list, survey->folder);
}

/* ---- all ---- */

static char *survey_of(const struct sources *sources, json_t *workspaces, bool is_undecided)
{
	auto_free char *folder = workspace_folder(sources);
	struct survey survey = {.sources = sources, .programs = programs_open(sources), .folder = folder, .says = json_array(),
		.workspaces = json_incref(workspaces), .is_undecided = is_undecided};
	survey_programs_find(&survey);
	survey_say_above(&survey);
	say_workspaces(&survey);
	say_left_out(&survey);
	json_t *json = put_together(&survey);
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(json);
	finish(&survey);
	return text;
}

char *checks_survey(const struct check_options *options, struct fault *fault)
{
	struct sources sources;
	struct check_options narrowed = *options;
	if (!sources_open(options, &sources, fault))
		return NULL;
	json_t *workspaces = find_workspaces(&sources);
	const char *manifest = choose_workspace(workspaces);
	auto_free char *chosen = manifest != NULL ? path_join(sources.tree.root, manifest) : NULL;
	bool good = true;
	if (chosen != NULL) {
		sources_finish(&sources);
		narrowed.manifest = chosen;
		good = sources_open(&narrowed, &sources, fault);
	}
	char *text = good ? survey_of(&sources, workspaces, json_array_size(workspaces) > 0 && chosen == NULL) : NULL;
	json_decref(workspaces);
	if (good)
		sources_finish(&sources);
	return text;
}
