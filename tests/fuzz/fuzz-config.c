/* Fuzzes config.ini with its keys, own commands and jobs: what is taken is in range,
 * and every mistake is a line without control letters. */
#include "cargodeck/commands.h"
#include "cargodeck/config.h"
#include "keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_mistakes(const struct strings *mistakes)
{
	for (size_t i = 0; i < mistakes->count; i++)
		for (const unsigned char *at = (const unsigned char *)mistakes->items[i]; *at != '\0'; at++)
			must((*at >= 32 || *at == '\t') && *at != 127);
}

static void check_values(const struct config *config)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_option *option = &config_options[i];
		int64_t number = config_number(config, (enum config_id)i);
		must(config_text(config, (enum config_id)i) != NULL);
		must(option->type != CONFIG_NUMBER || (number >= option->least && number <= option->most));
	}
	for (size_t i = 0; i < config->commands.count; i++)
		must(config->commands.items[i].name != NULL && config->commands.items[i].shell != NULL && config->commands.items[i].sentence != NULL);
	for (size_t i = 0; i < config->jobs.count; i++)
		must(config->jobs.items[i].name != NULL && config->jobs.items[i].text != NULL && config->jobs.items[i].words.count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_copy_bytes((const char *)data, size);
	struct config *config = config_open("/dev/null", "/nonexistent");
	config_read(config, text, "config.ini");
	check_values(config);
	check_mistakes(&config->mistakes);
	struct keymap map;
	auto_strings mistakes = {0};
	keymap_init(&map, &deck_commands, config->keys.items, config->keys.count, "config.ini", &mistakes);
	for (size_t i = 0; i < map.bindings.count; i++) {
		char name[64];
		keymap_name(&map.bindings.items[i], name, sizeof name);
		must(map.bindings.items[i].count >= 1 && map.bindings.items[i].count <= KEY_CHORD_MOST && name[0] != '\0');
	}
	keymap_finish(&map);
	config_close(config);
	return 0;
}
