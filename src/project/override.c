/* The override file for compose: for each Rust service its image, the target
 * volume and who it is. It replaces scalars and adds mounts, nothing else, so
 * that every Compose v2 merges it alike. */
#include "project.h"

#include <jansson.h>

static json_t *mounts_of(const struct project_service *service, const char *volume)
{
	json_t *mounts = json_pack("[{s:s, s:s, s:s, s:b}]", "type", "volume", "source", volume, "target", "/.cargodeck/target", "read_only", 1);
	for (size_t i = 0; i < service->embeds.count; i++)
		json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:b}", "type", "bind", "source", service->embeds.items[i],
			"target", service->embeds.items[i], "read_only", 1));
	return mounts;
}

/* A dollar would be filled in by compose. */
static json_t *plain(const char *text)
{
	auto_str out = {0};
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '$')
			str_add_char(&out, '$');
		str_add_char(&out, *at);
	}
	json_t *json = json_string(str_text(&out));
	return json != NULL ? json : json_string("");
}

char *project_override(const struct project *project, const struct map *images, const struct map *kinds,
	const char *const *volumes, const struct strings *only)
{
	json_t *services = json_object(), *names = json_object();
	for (size_t i = 0; i < project->services.count; i++) {
		const struct project_service *service = &project->services.items[i];
		const char *image = map_get(images, service->name), *kind = map_get(kinds, service->name);
		if (service->kind != PROJECT_RUST || image == NULL || (only != NULL && !strings_have(only, service->name)))
			continue;
		const char *volume = volumes[service->family];
		json_object_set_new(services, service->name, json_pack("{s:o, s:s, s:{s:o}, s:{s:s}, s:o}",
			"image", plain(image), "pull_policy", "never", "environment", "CARGODECK_SERVICE", plain(service->name),
			"labels", "dev.cargodeck.image", kind != NULL ? kind : "own", "volumes", mounts_of(service, volume)));
		json_object_set_new(names, volume, json_pack("{s:b, s:o}", "external", 1, "name", plain(volume)));
	}
	json_t *whole = json_pack("{s:o, s:o}", "services", services, "volumes", names);
	char *text = json_dumps(whole, JSON_INDENT(2));
	json_decref(whole);
	return text;
}
