/* Finding the workspace, and asking cargo for its packages without letting
 * rustup download anything; where cargo cannot tell, the manifests are read. */
#include "project.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

enum { DEPTH_LIMIT = 4, MANIFESTS_LIMIT = 200 };

/* ---- manifests ---- */

static bool is_passed_over(const char *name)
{
	static const char *const names[] = {"target", "node_modules", "tests", "examples", "fuzz", "benches", "vendor", "third_party", "templates"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return name[0] == '.';
}

/* Manifests below a folder; below one that was found nothing is looked for: it
 * is the workspace of what lies there. */
static void find_below(const char *folder, int depth, struct strings *found)
{
	auto_free char *own = path_join(folder, "Cargo.toml");
	auto_strings names = {0};
	if (file_exists(own)) {
		strings_add(found, own);
		return;
	}
	DIR *dir = depth < DEPTH_LIMIT && found->count < MANIFESTS_LIMIT ? opendir(folder) : NULL;
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
		if (!is_passed_over(entry->d_name) && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN))
			strings_add(&names, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = path_join(folder, names.items[i]);
		if (dir_exists(path))
			find_below(path, depth + 1, found);
	}
}

void manifests_find(const char *folder, struct strings *found)
{
	find_below(folder, 0, found);
}

/* Does a build of the stack take this manifest's folder? */
static bool is_built(const struct project *project, const char *manifest)
{
	auto_free char *folder = path_parent(manifest);
	for (size_t i = 0; i < project->compose.services.count; i++) {
		const struct compose_service *service = &project->compose.services.items[i];
		struct dockerfile file;
		if (service->context == NULL)
			continue;
		if (path_is_below(service->context, folder))
			return true;
		if (!path_is_below(folder, service->context) || !service_dockerfile(service, &file, NULL))
			continue;
		/* a wider context: what do its COPY lines take? */
		bool taken = false;
		for (size_t j = 0; j < file.lines.count && !taken; j++) {
			struct copy_line copy;
			if (!copy_line_read(&file, j, &copy))
				continue;
			for (size_t k = 0; copy.from == NULL && k < copy.sources.count; k++) {
				auto_free char *joined = path_join(service->context, copy.sources.items[k] + strspn(copy.sources.items[k], "/"));
				auto_free char *host = path_clean(joined);
				taken = taken || path_is_below(host, folder) || (path_is_below(folder, host) && strcmp(host, service->context) != 0);
			}
			copy_line_finish(&copy);
		}
		dockerfile_finish(&file);
		if (taken)
			return true;
	}
	return false;
}

static char *find_manifest(struct project *project)
{
	auto_strings found = {0}, built = {0};
	/* compose files in docker/ or deploy/: the contexts tell where the tree is */
	find_below(project->folder, 0, &found);
	for (size_t i = 0; i < project->compose.services.count; i++) {
		const char *context = project->compose.services.items[i].context;
		auto_strings there = {0};
		if (context != NULL && context[0] == '/' && strcmp(context, "/") != 0 && dir_exists(context))
			find_below(context, 0, &there);
		for (size_t j = 0; j < there.count; j++)
			strings_add_new(&found, there.items[j]);
	}
	for (size_t i = 0; i < found.count; i++)
		if (is_built(project, found.items[i]))
			strings_add(&built, found.items[i]);
	const struct strings *from = built.count > 0 ? &built : &found;
	if (from->count > 1) {
		auto_free char *list = strings_join(from, ", ", _(" and "));
		strings_print(&project->notes, _("there are several workspaces (%.400s): %s is taken; --manifest-path names another"), list, from->items[0]);
	}
	return from->count > 0 ? mem_copy_string(from->items[0]) : NULL;
}

/* ---- toolchains ---- */

/* The toolchains that rustup has (The rustup book: $RUSTUP_HOME/toolchains).
 * False: there is no rustup. */
static bool list_toolchains(struct strings *names)
{
	const char *own = getenv("RUSTUP_HOME"), *home = getenv("HOME");
	auto_free char *folder = own != NULL && own[0] != '\0' ? path_join(own, "toolchains") : mem_print("%s/.rustup/toolchains", home != NULL ? home : "");
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return false;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			strings_add(names, entry->d_name);
	closedir(dir);
	strings_sort(names);
	return true;
}

static const char *toolchain_named(const struct strings *names, const char *channel)
{
	size_t len = strlen(channel);
	for (size_t i = 0; i < names->count; i++)
		if (strncmp(names->items[i], channel, len) == 0 && (names->items[i][len] == '\0' || names->items[i][len] == '-'))
			return names->items[i];
	return NULL;
}

bool cargo_environment(const char *folder, struct strings *env, struct strings *notes)
{
	auto_strings toolchains = {0};
	auto_free char *file = NULL;
	auto_free char *channel = toolchain_channel(folder, &file);
	bool rustup = list_toolchains(&toolchains), chosen = getenv("RUSTUP_TOOLCHAIN") != NULL;
	for (char **each = environ; *each != NULL; each++)
		if (!text_starts_with(*each, "RUSTUP_AUTO_INSTALL="))
			strings_add(env, *each);
	strings_add(env, "RUSTUP_AUTO_INSTALL=0");
	if (!rustup || chosen || channel == NULL || toolchain_named(&toolchains, channel) != NULL)
		return true;
	const char *other = toolchain_named(&toolchains, "stable");
	if (other == NULL && toolchains.count > 0)
		other = toolchains.items[toolchains.count - 1];
	if (other == NULL)
		return false;
	strings_print(env, "RUSTUP_TOOLCHAIN=%s", other);
	strings_print(notes, _("%s asks for %s, which is not installed here: the packages are read with %s"), file, channel, other);
	return true;
}

/* ---- asking ---- */

static bool guess(struct project *project, const char *why, struct fault *fault)
{
	strings_print(&project->notes, _("the packages are read from the manifests alone: %.400s"), why);
	return manifest_guess(project->manifest, &project->cargo, fault);
}

/* Words of a cargo or rustup that cannot help here, while the manifest may be
 * well. */
static bool cannot_tell(const char *text)
{
	static const char *const parts[] = {"is not installed", "rustup", "lock file version", "requires rustc", "requires Cargo", "older than",
		"edition2024", "could not be found in this version", "unstable", "feature `edition"};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (strstr(text, parts[i]) != NULL)
			return true;
	return false;
}

static bool ask(struct project *project, struct fault *fault)
{
	const char *const argv[] = {"cargo", "metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", project->manifest, NULL};
	auto_free char *folder = path_parent(project->manifest);
	auto_str out = {0}, err = {0}, clean = {0};
	auto_strings env = {0};
	struct fault own = {0};
	if (!cargo_environment(folder, &env, &project->notes))
		return guess(project, _("no toolchain is installed here"), fault);
	auto_free const char **vector = strings_vector(&env);
	int status = loop_child_run(&(struct loop_child_options){.argv = argv, .cwd = folder, .env = vector}, 30000, &out, &err, &own);
	if (status == 0)
		return cargo_graph_read(str_text(&out), out.len, &project->cargo, fault);
	if (status < 0)
		return guess(project, own.text, fault);
	text_add_clean(&clean, str_text(&err), err.len < 500 ? err.len : 500, false);
	if (cannot_tell(str_text(&err))) {
		auto_free char *why = mem_print(_("cargo said: %s"), str_text(&clean));
		return guess(project, why, fault);
	}
	fault_set(fault, FAULT_INPUT, "cargo said: %s", str_text(&clean));
	return fault_mend(fault, "mend %s; it is read again when it is saved", project->manifest);
}

bool project_ask_cargo(struct project *project, const struct project_options *options, struct fault *fault)
{
	if (options->manifest_path == NULL) {
		project->manifest = find_manifest(project);
		return project->manifest == NULL || ask(project, fault);
	}
	char *here = getcwd(NULL, 0);
	auto_free char *joined = path_join(options->folder != NULL ? options->folder : ".", options->manifest_path);
	auto_free char *absolute = path_join(here != NULL ? here : "/", joined);
	free(here);
	project->manifest = path_clean(absolute);
	if (!file_exists(project->manifest)) {
		fault_set(fault, FAULT_USAGE, "there is no manifest %s", project->manifest);
		return fault_mend(fault, "name the workspace's Cargo.toml with --manifest-path");
	}
	return ask(project, fault);
}
