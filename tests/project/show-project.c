/* Shows what the room project makes of a folder: services, families and both
 * renderings. For people, and for trying real projects:
 *   show-project FOLDER [-f FILE]… [--profile NAME]… [--manifest-path FILE] [--write FOLDER] [--launcher IMAGE]
 * With --write the renderings are written there as NAME.Dockerfile. */
#include "cargodeck/project.h"

#include <stdio.h>

static void show_list(const char *title, const struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		printf("  %s %s\n", title, list->items[i]);
}

static void show_service(const struct project_service *service)
{
	printf("service %s: %s\n", service->name, service->kind == PROJECT_RUST ? "rust" : "other");
	if (service->bin != NULL)
		printf("  bin %s of %s at %s, family %d\n", service->bin, service->package, service->program != NULL ? service->program : "?", service->family);
	printf("  why: %s\n", service->why);
	if (service->trouble != NULL)
		printf("  trouble: %s\n", service->trouble);
	if (service->runs_watcher)
		printf("  runs a watcher\n");
	show_list("script", &service->scripts);
	show_list("holds", &service->bins);
	show_list("embeds", &service->embeds);
}

static void show_rendering(const char *name, struct rendering *rendering, const char *folder)
{
	printf("---- %s (on %s)\n%s----\n", name, rendering->base, rendering->text);
	show_list("left out:", &rendering->left_out);
	show_list("source", &rendering->sources);
	if (rendering->fallback != NULL)
		printf("  fallback: %s\n", rendering->fallback);
	if (folder != NULL) {
		auto_free char *path = mem_print("%s/%s.Dockerfile", folder, name);
		auto_free char *ignore = mem_print("%s.dockerignore", path);
		file_write(path, rendering->text, strlen(rendering->text), 0644, NULL);
		file_write(ignore, rendering->ignore, strlen(rendering->ignore), 0644, NULL);
	}
	rendering_finish(rendering);
}

static void show_family(const struct project *project, int index, const char *folder)
{
	const struct project_family *family = &project->families.items[index];
	struct rendering rendering;
	struct fault fault;
	auto_free char *name = mem_print("builder-%d", index);
	printf("family %d: stage %d of %s\n  cargo %s\n  in %s, folder %s\n", index, family->stage, family->dockerfile != NULL ? family->dockerfile : family->base_image,
		family->cargo_line != NULL ? family->cargo_line : "-", family->cwd, family->profile_folder);
	show_list("package", &family->packages);
	show_list("argument", &family->arguments);
	show_list("env", &family->env);
	if (project_render_builder(project, index, &rendering, &fault))
		show_rendering(name, &rendering, folder);
	else
		printf("  fault: %s\n", fault.text);
}

int main(int argc, char **argv)
{
	auto_strings files = {0}, profiles = {0};
	struct project_options options = {.folder = ".", .files = &files, .profiles = &profiles};
	const char *folder = NULL, *launcher = "cargodeck:launcher";
	struct fault fault = {0};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-f") == 0 && i + 1 < argc)
			strings_add(&files, argv[++i]);
		else if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc)
			strings_add(&profiles, argv[++i]);
		else if (strcmp(argv[i], "--manifest-path") == 0 && i + 1 < argc)
			options.manifest_path = argv[++i];
		else if (strcmp(argv[i], "--write") == 0 && i + 1 < argc)
			folder = argv[++i];
		else if (strcmp(argv[i], "--launcher") == 0 && i + 1 < argc)
			launcher = argv[++i];
		else
			options.folder = argv[i];
	}
	struct project *project = project_open(&options, &fault);
	if (project == NULL) {
		printf("fault: %s\nmend: %s\n", fault.text, fault.mend);
		return fault_exit_status(fault.code);
	}
	printf("project %s in %s, manifest %s%s\n", project->compose.name, project->folder, project->manifest != NULL ? project->manifest : "none",
		project->cargo.guessed ? " (guessed)" : "");
	show_list("note:", &project->notes);
	show_list("mentioned", &project->mentioned);
	for (size_t i = 0; i < project->services.count; i++)
		show_service(&project->services.items[i]);
	for (size_t i = 0; i < project->families.count; i++)
		show_family(project, (int)i, folder);
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		struct rendering rendering;
		if (service->kind != PROJECT_RUST)
			continue;
		if (project_render_service(project, service, launcher, "cargodeck:builder", &rendering, &fault))
			show_rendering(service->name, &rendering, folder);
		else
			printf("  fault: %s\n", fault.text);
	}
	project_close(project);
	return 0;
}
