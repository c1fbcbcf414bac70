/* Fuzzes the reading of Dockerfiles, the looking into their lines, and what is
 * made of them: a service, its family and both renderings. */
#include "../../src/project/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_into_lines(const struct dockerfile *file)
{
	for (size_t i = 0; i < file->lines.count && i < 64; i++) {
		struct copy_line copy;
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(file, i);
		auto_free char *filled = dockerfile_expand(file, i, file->lines.items[i].rest);
		auto_free char *workdir = dockerfile_workdir(file, i);
		run_find_cargo(body, &calls);
		cargo_calls_finish(&calls);
		if (copy_line_read(file, i, &copy))
			copy_line_finish(&copy);
	}
}

static void render_all(const struct project *project)
{
	const struct project_service *service = &project->services.items[0];
	struct rendering rendering;
	if (service->kind != PROJECT_RUST)
		return;
	if (project_render_builder(project, service->family, &rendering, NULL))
		rendering_finish(&rendering);
	project_render_service(project, service, "launcher", "builder", &rendering, NULL);
	rendering_finish(&rendering);
}

static void map_service(const uint8_t *data, size_t size)
{
	static const char graph[] = "{\"workspace_root\":\"/none\",\"target_directory\":\"/none/target\",\"packages\":[{\"name\":\"api\","
		"\"manifest_path\":\"/none/Cargo.toml\",\"targets\":[{\"kind\":[\"bin\"],\"name\":\"api\",\"src_path\":\"/none/src/main.rs\"}]}]}";
	struct project project = {0};
	cargo_graph_read(graph, sizeof graph - 1, &project.cargo, NULL);
	*array_add(&project.compose.services) = (struct compose_service){.name = mem_copy_string("api"), .has_build = true,
		.context = mem_copy_string("/none"), .dockerfile_inline = mem_copy_bytes((const char *)data, size)};
	project_map_services(&project);
	render_all(&project);
	project_forget_services(&project);
	cargo_graph_finish(&project.cargo);
	compose_model_finish(&project.compose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile file;
	auto_strings args = {0};
	strings_add(&args, "BIN=api");
	if (dockerfile_read((const char *)data, size, &args, &file, NULL)) {
		look_into_lines(&file);
		map_service(data, size);
	}
	dockerfile_finish(&file);
	return 0;
}
