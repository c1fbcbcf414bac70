/* Families: services whose programs one builder makes. They have the same
 * Dockerfile, the same compiling stage and the same arguments of cargo. */
#include "project.h"

#include <stdio.h>
#include <sys/utsname.h>

static void family_finish(struct project_family *family)
{
	char *const owned[] = {family->key, family->dockerfile, family->context, family->base_image, family->cwd, family->profile_folder, family->cargo_line};
	for (size_t i = 0; i < COUNT_OF(owned); i++)
		free(owned[i]);
	strings_finish(&family->packages);
	strings_finish(&family->arguments);
	strings_finish(&family->env);
	strings_finish(&family->build_args);
}

void families_finish(struct project *project)
{
	for (size_t i = 0; i < project->families.count; i++)
		family_finish(&project->families.items[i]);
	array_finish(&project->families);
}

/* ---- cargo's arguments ---- */

static void add_option(struct project_family *family, const char *name, const char *value)
{
	strings_add(&family->arguments, name);
	strings_add(&family->arguments, value);
}

/* "release" for --release …; the folder is "debug" for dev and test (The Cargo
 * Book, Build cache). */
static const char *profile_name(const char *profile)
{
	if (profile == NULL || strcmp(profile, "dev") == 0 || strcmp(profile, "test") == 0)
		return "debug";
	return strcmp(profile, "bench") == 0 ? "release" : profile;
}

/* A target that the shell works out: by the machine's name where it is asked for,
 * "$(uname -m)-unknown-linux-gnu"; else it is the builder's own. The caller frees;
 * NULL: none is told. */
static char *worked_out(const char *target)
{
	static const char *const asked[] = {"$(uname -m)", "`uname -m`"};
	struct utsname machine;
	if (target == NULL || target[0] == '\0')
		return NULL;
	for (size_t i = 0; i < COUNT_OF(asked); i++) {
		const char *at = strstr(target, asked[i]), *rest = at != NULL ? at + strlen(asked[i]) : NULL;
		if (at != NULL && strpbrk(rest, "$`") == NULL && uname(&machine) == 0)
			return mem_print("%.*s%s%s", (int)(at - target), target, machine.machine, rest);
	}
	return strpbrk(target, "$`") == NULL ? mem_copy_string(target) : NULL;
}

/* Labels win over the Dockerfile's line; the profile is dev unless told. */
static void take_arguments(struct project_family *family, const struct compose_service *service, const struct cargo_call *call)
{
	const char *profile = map_get(service->labels, "dev.cargodeck.profile");
	const char *features = map_get(service->labels, "dev.cargodeck.features");
	const char *target = map_get(service->labels, "dev.cargodeck.target");
	if (features != NULL && features[0] != '\0')
		add_option(family, "--features", features);
	for (size_t i = 0; features == NULL && call != NULL && i < call->features.count; i++)
		add_option(family, "--features", call->features.items[i]);
	if (call != NULL && features == NULL && call->no_default_features)
		strings_add(&family->arguments, "--no-default-features");
	if (call != NULL && features == NULL && call->all_features)
		strings_add(&family->arguments, "--all-features");
	auto_free char *called = target == NULL && call != NULL ? worked_out(call->target) : NULL;
	target = called != NULL ? called : target;
	if (target != NULL && target[0] != '\0')
		add_option(family, "--target", target);
	else
		target = NULL;
	if (profile != NULL && profile[0] != '\0')
		add_option(family, "--profile", profile);
	free(family->profile_folder);
	family->profile_folder = target != NULL ? mem_print("%s/%s", path_name(target), profile_name(profile)) : mem_copy_string(profile_name(profile));
	if (call != NULL)
		strings_copy(&family->env, &call->env);
}

/* What the compiling stage sets for rustc, and the one that becomes the builder does not. */
static void take_settings(struct project_family *family, const struct dockerfile *file, size_t index)
{
	static const char *const names[] = {"RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		auto_free char *asked = mem_print("${%s:-}", names[i]);
		auto_free char *value = dockerfile_expand(file, index, asked), *other = stage_expand(file, family->stage, asked);
		auto_free char *set = mem_print("%s=", names[i]);
		bool is_called = false;
		for (size_t j = 0; j < family->env.count; j++)
			is_called = is_called || text_starts_with(family->env.items[j], set);
		if (!is_called && value[0] != '\0' && strcmp(value, other) != 0)
			strings_print(&family->env, "%s%s", set, value);
	}
}

/* ---- where cargo runs ---- */

/* The folder of the host that stands where cargo is called; configuration and
 * toolchain are looked for from there upwards. */
static char *host_folder(const struct project *project, const struct compose_service *service, const struct dockerfile *file,
	size_t index, const struct cargo_call *call)
{
	struct origin origin;
	auto_free char *workdir = dockerfile_workdir(file, index);
	auto_free char *joined = path_join(workdir, call->folder != NULL ? call->folder : "");
	auto_free char *inside = path_clean(joined);
	auto_free char *manifest = path_join(inside, "Cargo.toml");
	origin_find(project, service, file, file->lines.items[index].stage, manifest, &origin);
	char *folder = origin.kind == ORIGIN_CONTEXT ? path_parent(origin.host) : NULL;
	origin_finish(&origin);
	if (folder != NULL && !path_is_below(folder, project->cargo.root)) {
		free(folder);
		folder = NULL;
	}
	return folder != NULL ? folder : mem_copy_string(project->cargo.root);
}

/* The cargo line of the stage, or of those that it builds on, that makes the
 * programs. */
static void read_stage(const struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage,
	struct project_family *family)
{
	for (size_t i = file->lines.count; i-- > 0 && family->cargo_line == NULL;) {
		if (file->lines.items[i].stage != stage || strcmp(file->lines.items[i].word, "RUN") != 0)
			continue;
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, i);
		run_find_cargo(body, &calls);
		for (size_t j = calls.count; j-- > 0 && family->cargo_line == NULL;) {
			const struct cargo_call *call = &calls.items[j];
			if (!cargo_call_makes_programs(call))
				continue;
			auto_str clean = {0};
			const char *rest = file->lines.items[i].heredoc != NULL ? body : after_flags(file->lines.items[i].rest);
			text_add_clean(&clean, rest, strlen(rest) < 160 ? strlen(rest) : 160, false);
			family->cargo_line = mem_print(_("line %u: %s"), file->lines.items[i].first, str_text(&clean));
			free(family->cwd);
			family->cwd = host_folder(project, service, file, i, call);
			take_arguments(family, service, call);
			take_settings(family, file, i);
		}
		cargo_calls_finish(&calls);
	}
	if (family->cargo_line == NULL && file->stages.items[stage].base_stage >= 0)
		read_stage(project, service, file, file->stages.items[stage].base_stage, family);
}

/* Only what all its services give alike is filled into the builder. */
static void keep_common(struct strings *args, const struct strings *others)
{
	for (size_t i = args->count; i-- > 0;) {
		if (strings_have(others, args->items[i]))
			continue;
		free(args->items[i]);
		array_remove(args, i);
	}
}

/* A stage `dev` goes first where it stands on the same base. */
static int builder_stage(const struct dockerfile *file, int stage)
{
	int dev = dockerfile_stage(file, "dev");
	if (dev >= 0 && file->stages.items[dev].name != NULL && strcmp(stage_root_base(file, dev), stage_root_base(file, stage)) == 0)
		return dev;
	return stage;
}

int family_add(struct project *project, const struct compose_service *service, const struct dockerfile *file, int stage, const char *package)
{
	struct project_family made = {.stage = stage >= 0 ? builder_stage(file, stage) : -1};
	made.context = mem_copy_string(service->context);
	made.dockerfile = file != NULL && stage >= 0 ? mem_copy_string(service->dockerfile) : NULL;
	made.cwd = mem_copy_string(project->cargo.root);
	strings_add(&made.packages, package);
	strings_copy(&made.build_args, &service->build_args);
	if (stage >= 0)
		read_stage(project, service, file, stage, &made);
	else
		made.base_image = toolchain_image(project->cargo.root);
	if (made.cargo_line == NULL)
		take_arguments(&made, service, NULL);
	/* one Dockerfile may make several services by ARG, with one builder: its
	 * arguments count by what they change of cargo's alone */
	auto_free char *arguments = strings_join(&made.arguments, " ", NULL);
	auto_free char *env = strings_join(&made.env, " ", NULL);
	auto_free char *inline_text = service->dockerfile_inline != NULL
		? mem_print("inline %016llx", (unsigned long long)hash_bytes(service->dockerfile_inline, strlen(service->dockerfile_inline))) : NULL;
	made.key = stage < 0 ? mem_print("-#%s#%s", arguments, made.profile_folder)
		: mem_print("%s#%s#%s#%s#%s#%d", inline_text != NULL ? inline_text : service->dockerfile, made.cwd, arguments, env, made.profile_folder, stage);
	for (size_t i = 0; i < project->families.count; i++) {
		if (strcmp(project->families.items[i].key, made.key) == 0) {
			strings_add_new(&project->families.items[i].packages, package);
			keep_common(&project->families.items[i].build_args, &service->build_args);
			family_finish(&made);
			return (int)i;
		}
	}
	*array_add(&project->families) = made;
	return (int)project->families.count - 1;
}
