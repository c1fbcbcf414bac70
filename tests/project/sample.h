/* A small workspace on disk for the tests of the room project: files written
 * into a folder of its own, cargo's graph and compose's model read from JSON.
 * `@/` in a text begins with that folder. */
#ifndef TESTS_PROJECT_SAMPLE_H
#define TESTS_PROJECT_SAMPLE_H

#include "../unit.h"
#include "../../src/project/project.h"

#include <stdio.h>
#include <unistd.h>

struct sample {
	char *folder;
	struct project project;
};

static inline char *sample_fill(const struct sample *sample, const char *text)
{
	struct str out = {0};
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '@' && at[1] == '/') /* not the shell's $@ */
			str_add(&out, sample->folder);
		else
			str_add_char(&out, *at);
	}
	return str_steal(&out);
}

static inline char *sample_path(const struct sample *sample, const char *below)
{
	return path_join(sample->folder, below);
}

static inline void sample_write(const struct sample *sample, const char *below, const char *text)
{
	auto_free char *path = sample_path(sample, below);
	auto_free char *parent = path_parent(path);
	assert_true(dir_make_all(parent, 0755, NULL));
	assert_true(file_write(path, text, strlen(text), 0755, NULL));
}

static inline void sample_package(struct str *json, const char *folder, const char *name, const char *bins, const char *depends)
{
	auto_strings programs = {0}, locals = {0};
	strings_split(&programs, bins, ' ');
	strings_split(&locals, depends, ' ');
	str_print(json, "%s{\"name\":\"%s\",\"manifest_path\":\"%s/crates/%s/Cargo.toml\",\"source\":null,\"targets\":[",
		json->data[json->len - 1] == '[' ? "" : ",", name, folder, name);
	for (size_t i = 0; i < programs.count; i++)
		str_print(json, "%s{\"kind\":[\"bin\"],\"name\":\"%s\",\"src_path\":\"%s/crates/%s/src/main.rs\"}", i > 0 ? "," : "", programs.items[i], folder, name);
	str_add(json, "],\"dependencies\":[");
	for (size_t i = 0; i < locals.count; i++)
		str_print(json, "%s{\"name\":\"%s\",\"kind\":null,\"path\":\"%s/crates/%s\"}", i > 0 ? "," : "", locals.items[i], folder, locals.items[i]);
	str_add(json, "]}");
}

/* Packages: shop-api (api), shop-gateway (gateway, gateway-admin), shop-jobs
 * (worker), shop-common (a library under api and worker). */
static inline void sample_open(struct sample *sample)
{
	char name[] = "/tmp/cargodeck-project-XXXXXX";
	struct fault fault;
	struct str json = {0};
	*sample = (struct sample){0};
	assert_non_null(mkdtemp(name));
	sample->folder = mem_copy_string(name);
	str_print(&json, "{\"workspace_root\":\"%s\",\"target_directory\":\"%s/target\",\"packages\":[", name, name);
	sample_package(&json, name, "shop-api", "api", "shop-common");
	sample_package(&json, name, "shop-gateway", "gateway gateway-admin", "");
	sample_package(&json, name, "shop-jobs", "worker", "shop-common");
	sample_package(&json, name, "shop-common", "", "");
	str_add(&json, "]}");
	if (!cargo_graph_read(json.data, json.len, &sample->project.cargo, &fault))
		fail_msg("%s", fault.text);
	str_finish(&json);
	sample->project.folder = mem_copy_string(name);
	strings_take(&sample->project.files, sample_path(sample, "compose.yaml"));
	sample_write(sample, "Cargo.toml", "[workspace]\n");
	sample_write(sample, "crates/shop-api/src/main.rs", "fn main() {}\n");
}

/* `services`: the content of compose's "services" object. */
static inline void sample_compose(struct sample *sample, const char *services)
{
	struct fault fault;
	auto_free char *filled = sample_fill(sample, services);
	auto_free char *json = mem_print("{\"name\":\"shop\",\"services\":{%s}}", filled);
	project_forget_services(&sample->project);
	compose_model_finish(&sample->project.compose);
	if (!compose_model_read(json, strlen(json), &sample->project.compose, &fault))
		fail_msg("%s", fault.text);
	project_map_services(&sample->project);
}

static inline void sample_close(struct sample *sample)
{
	struct project *project = &sample->project;
	project_forget_services(project);
	cargo_graph_finish(&project->cargo);
	compose_model_finish(&project->compose);
	map_close(project->dep_info);
	strings_finish(&project->files);
	strings_finish(&project->env_files);
	strings_finish(&project->mentioned);
	free(project->folder);
	dir_remove_all(sample->folder, NULL);
	free(sample->folder);
}

#endif
