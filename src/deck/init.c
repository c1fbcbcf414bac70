/* What `init` writes for a project: asks compose, cargo and git what it is, lets
 * the survey read it, holds the choices, and has the templates rendered. Nothing
 * is written here. Called by the verb and by the wizard. */
#include "init.h"

#include "cargodeck/checks.h"
#include "deck.h"

#include <string.h>

#define PRODUCTION N_("files for production (compose layer, stack, backup, logs, metrics, traces, scan and signature)")
#define PIPELINE N_("a workflow that tests, builds, scans, signs and pushes the image")
#define EDITORS N_("files for editors (development container, VS Code)")

static const struct init_part parts[] = {
	{"database", N_("The database beside the programs, with its roles and migrations."), NULL, "database", false, false},
	{"redis", N_("Redis beside the programs."), NULL, "redis", false, false},
	{"mail", N_("A catcher of mail in development."), NULL, "mail", false, false},
	{"dev", N_("What differs in development: mounted sources, a watcher, a debugger."), NULL, NULL, false, false},
	{"prod", N_("The layer of production, with its secrets."), PRODUCTION, NULL, false, false},
	{"swarm", N_("The same for Docker Swarm."), PRODUCTION, NULL, false, false},
	{"backup", N_("Makes, proves, keeps and restores backups of the database."), PRODUCTION, "database", false, false},
	{"logs", N_("A collector of logs, and how it reads them."), PRODUCTION, NULL, false, false},
	{"metrics", N_("Prometheus: whom it asks, and when it calls somebody."), PRODUCTION, "metrics", false, false},
	{"traces", N_("Takes traces from the programs and passes them on."), PRODUCTION, "traces", false, false},
	{"scan", N_("Looks for known holes in an image, and signs it."), PRODUCTION, NULL, false, false},
	{"ci", N_("Test, build for each platform, scan, push, sign, deploy, clean up."), PIPELINE, NULL, true, true},
	{"devcontainer", N_("Editors work inside the container."), EDITORS, NULL, true, false},
	{"vscode", N_("Debuggers and tasks for Visual Studio Code."), EDITORS, NULL, true, false},
};

const struct init_part *init_parts(size_t *count)
{
	*count = COUNT_OF(parts);
	return parts;
}

static json_t *choices_of(const struct init *init)
{
	return json_object_get(init->facts, "choices");
}

static bool is_service(const struct init *init)
{
	return strcmp(init_kind(init), "service") == 0;
}

/* Is it found in the project? Everything but null and false is. */
static bool has_fact(const struct init *init, const char *fact)
{
	const json_t *value = json_object_get(init->facts, fact);
	return value != NULL && !json_is_null(value) && !json_is_false(value);
}

/* The repository's root lies above, where nothing is written. */
static bool is_below_repository(const struct init *init)
{
	return json_string_length(json_object_get(json_object_get(init->facts, "git"), "folder")) > 0;
}

bool init_applies(const struct init *init, const struct init_part *part)
{
	if (part->is_of_repository && is_below_repository(init))
		return false;
	return part->is_of_any || (is_service(init) && (part->fact == NULL || has_fact(init, part->fact)));
}

bool init_has_base(const struct init *init)
{
	return strcmp(init_kind(init), "library") != 0;
}

const char *init_base_lacks(const struct init *init, const char *base)
{
	/* https://github.com/GoogleContainerTools/distroless, cc: libc, libstdc++ and OpenSSL */
	static const char *const distroless[] = {"libssl3t64", "libstdc++6"};
	bool is_distroless = strcmp(base, "distroless") == 0;
	const json_t *packages = json_object_get(json_object_get(init->facts, "native"), "run");
	for (size_t i = 0; strcmp(base, "slim") != 0 && i < json_array_size(packages); i++) {
		const char *package = json_string_value(json_array_get(packages, i));
		bool is_there = package == NULL;
		for (size_t k = 0; is_distroless && !is_there && k < COUNT_OF(distroless); k++)
			is_there = strcmp(package, distroless[k]) == 0;
		if (!is_there)
			return package;
	}
	return NULL;
}

bool init_has_migrator(const struct init *init)
{
	return is_service(init) && has_fact(init, "database");
}

bool init_has(const struct init *init, const char *part)
{
	return json_is_true(json_object_get(json_object_get(choices_of(init), "parts"), part));
}

void init_set_part(struct init *init, const char *part, bool is_on)
{
	json_object_set_new(json_object_get(choices_of(init), "parts"), part, json_boolean(is_on));
}

const char *init_base(const struct init *init)
{
	return json_string_value(json_object_get(choices_of(init), "base"));
}

void init_set_base(struct init *init, const char *base)
{
	json_object_set_new(choices_of(init), "base", json_string(base));
}

const char *init_migrator(const struct init *init)
{
	const char *tool = json_string_value(json_object_get(choices_of(init), "migrator"));
	return tool != NULL ? tool : "none";
}

void init_set_migrator(struct init *init, const char *migrator)
{
	json_object_set_new(choices_of(init), "migrator", strcmp(migrator, "none") == 0 ? json_null() : json_string(migrator));
}

const char *init_kind(const struct init *init)
{
	const char *kind = json_string_value(json_object_get(init->facts, "kind"));
	return kind != NULL ? kind : "none";
}

/* A program that applies its migrations itself goes on doing so; else the tool
 * that they are written for does, where its own command line can. */
static json_t *default_migrator(const struct init *init)
{
	const json_t *database = json_object_get(init->facts, "database");
	const char *tool = json_string_value(json_object_get(database, "tool"));
	if (!init_has_migrator(init))
		return json_null();
	if (json_is_true(json_object_get(database, "is_embedded")))
		return json_string("program");
	bool has_files = json_is_string(json_object_get(database, "migrations"));
	bool runs = has_files && tool != NULL && (strcmp(tool, "sqlx") == 0 || strcmp(tool, "diesel") == 0);
	return runs ? json_string(tool) : json_null();
}

/* No shell and few packages, where what the programs need is there. */
static const char *default_base(struct init *init)
{
	const char *lacking = init_base_lacks(init, "distroless");
	if (lacking == NULL || !init_has_base(init))
		return "distroless";
	auto_free char *sentence = mem_print(_("the programs need %s: the image stands on slim Debian, for distroless images have none"), lacking);
	json_array_append_new(json_object_get(init->facts, "says"), json_string(sentence));
	return "slim";
}

/* A database without migrations or test data gets the first of each, to be filled in. */
static void add_beginnings(struct init *init)
{
	json_t *database = json_object_get(init->facts, "database");
	const char *crate = json_string_value(json_object_get(database, "crate"));
	bool has_tool = text_equal(crate, "sqlx") || text_equal(crate, "diesel");
	if (!init_has_migrator(init))
		return;
	if (has_tool && !json_is_true(json_object_get(database, "is_embedded")) && !json_is_string(json_object_get(database, "migrations"))) {
		json_object_set_new(database, "migrations", json_string("migrations"));
		json_object_set_new(database, "tool", json_string(crate));
		json_object_set_new(init->facts, "makes_migrations", json_true());
	}
	if (text_equal(json_string_value(json_object_get(database, "engine")), "postgres") && !json_is_string(json_object_get(init->facts, "seeds"))) {
		json_object_set_new(init->facts, "seeds", json_string("seeds"));
		json_object_set_new(init->facts, "makes_seeds", json_true());
	}
}

static void take_defaults(struct init *init)
{
	add_beginnings(init);
	json_t *choices = json_object(), *all = json_object();
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		json_object_set_new(all, parts[i].name, json_boolean(!parts[i].is_of_repository || !is_below_repository(init)));
	json_object_set_new(choices, "parts", all);
	json_object_set_new(choices, "base", json_string(default_base(init)));
	json_object_set_new(choices, "migrator", default_migrator(init));
	json_object_set_new(init->facts, "choices", choices);
}

static bool survey(struct init *init, const struct project_texts *texts, struct fault *fault)
{
	struct check_options options = deck_check_options(texts);
	auto_free char *text = checks_survey(&options, fault);
	if (text == NULL)
		return false;
	init->facts = json_loads(text, 0, NULL);
	if (init->facts == NULL)
		return fault_set(fault, FAULT_FAILED, "what was found out about %s cannot be read", texts->root);
	init->root = mem_copy_string(texts->root);
	strings_copy(&init->notes, &texts->notes);
	take_defaults(init);
	return true;
}

/* "backend (api, worker) and tools" */
static char *workspaces_text(const json_t *workspaces)
{
	auto_strings list = {0};
	for (size_t i = 0; i < json_array_size(workspaces); i++) {
		const json_t *each = json_array_get(workspaces, i), *services = json_object_get(each, "services");
		auto_strings names = {0};
		for (size_t k = 0; k < json_array_size(services); k++)
			strings_add(&names, json_string_value(json_array_get(services, k)));
		auto_free char *joined = strings_join(&names, ", ", NULL);
		strings_print(&list, names.count > 0 ? "%s (%s)" : "%s", json_string_value(json_object_get(each, "folder")), joined);
	}
	return strings_join(&list, ", ", _(" and "));
}

/* Sets the fault that names them. */
static bool refuse_several(struct init *init, struct fault *fault)
{
	const json_t *workspaces = json_object_get(init->facts, "workspaces");
	for (size_t i = 0; i < json_array_size(workspaces); i++)
		strings_add(&init->manifests, json_string_value(json_object_get(json_array_get(workspaces, i), "manifest")));
	auto_free char *text = workspaces_text(workspaces), *folder = init->manifests.count > 0 ? path_parent(init->manifests.items[0]) : mem_copy_string(".");
	auto_str place = {0};
	str_add_word(&place, folder);
	fault_set(fault, FAULT_USAGE, "there are several Rust projects in %s, and it is not clear which one is meant: %.400s", init->root, text);
	return fault_mend(fault, "name one: cargodeck init --manifest-path %s/Cargo.toml writes here, --project %s into its own folder", str_text(&place), str_text(&place));
}

/* Of several the one that the survey took, absolute. The caller frees; NULL: there are not several. */
static char *taken_manifest(const struct init *init)
{
	const char *folder = json_string_value(json_object_get(init->facts, "folder"));
	if (json_array_size(json_object_get(init->facts, "workspaces")) == 0 || folder == NULL)
		return NULL;
	auto_free char *whole = path_join(init->root, folder), *manifest = path_join(whole, "Cargo.toml");
	return file_exists(manifest) ? steal(&manifest) : NULL;
}

bool init_open(struct init *init, const struct project_options *options, struct fault *fault)
{
	struct project_texts texts;
	*init = (struct init){0};
	bool good = project_read_texts(options, &texts, fault) && survey(init, &texts, fault);
	project_texts_finish(&texts);
	if (good && strcmp(init_kind(init), "several") == 0)
		return refuse_several(init, fault);
	auto_free char *taken = good ? taken_manifest(init) : NULL;
	if (taken != NULL) { /* now cargo can be asked about it */
		struct project_options narrowed = *options;
		narrowed.manifest_path = taken;
		init_close(init);
		return init_open(init, &narrowed, fault);
	}
	if (good && strcmp(init_kind(init), "none") == 0) {
		fault_set(fault, FAULT_OUTSIDE, "there is no Rust package in %s", init->root);
		good = fault_mend(fault, "go to the folder of a Cargo.toml, or name it with --project; cargo init makes one");
	}
	return good;
}

void init_close(struct init *init)
{
	if (init->is_planned)
		plan_close(&init->plan);
	json_decref(init->facts);
	free(init->root);
	strings_finish(&init->notes);
	strings_finish(&init->manifests);
	*init = (struct init){0};
}

void init_replace(struct init *init, bool dockerfile, bool compose)
{
	json_object_set_new(choices_of(init), "replaces_dockerfile", json_boolean(dockerfile));
	json_object_set_new(choices_of(init), "replaces_compose", json_boolean(compose));
}

static void forget_dockerfile(json_t *facts)
{
	json_t *programs = json_object_get(facts, "programs");
	if (!text_equal(json_string_value(json_object_get(json_object_get(facts, "kept"), "path")), "Dockerfile"))
		return;
	for (size_t i = 0; i < json_array_size(programs); i++)
		json_object_set_new(json_array_get(programs, i), "image", json_null());
	json_object_set_new(facts, "kept", json_null());
}

/* The facts for the templates. A file that is to be replaced is none that the
 * others have to go by. The caller frees. */
static char *facts_to_plan(const struct init *init)
{
	json_t *facts = json_deep_copy(init->facts);
	if (json_is_true(json_object_get(choices_of(init), "replaces_dockerfile")))
		forget_dockerfile(facts);
	bool replaces = json_is_true(json_object_get(choices_of(init), "replaces_compose"));
	if (replaces && text_equal(json_string_value(json_object_get(facts, "foreign_compose")), "docker-compose.yml"))
		json_object_set_new(facts, "foreign_compose", json_null());
	char *text = json_dumps(facts, JSON_COMPACT);
	json_decref(facts);
	return text;
}

bool init_plan(struct init *init, struct fault *fault)
{
	auto_free char *templates = templates_folder();
	auto_free char *facts = facts_to_plan(init);
	if (init->is_planned)
		plan_close(&init->plan);
	init->is_planned = false;
	if (templates == NULL) {
		fault_set(fault, FAULT_OUTSIDE, "the templates are not there");
		return fault_mend(fault, "install cargodeck again: make install");
	}
	init->is_planned = plan_open(templates, init->root, facts, &init->plan, fault);
	return init->is_planned;
}
