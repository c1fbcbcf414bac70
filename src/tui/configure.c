/* Other settings while the screen is open: config.ini was saved. Called by
 * screen.c. */
#include "tui.h"

void tui_configure(struct tui *tui, const struct command_table *commands, const struct config *config, bool is_read_only)
{
	bool is_other_theme = strcmp(tui->config->theme.name, config->theme.name) != 0 || tui->is_theme_auto != config_theme_is_auto(config) ||
		memcmp(&tui->theme, &config->theme, sizeof tui->theme) != 0;
	bool had_mouse = config_is_on(tui->config, CONFIG_MOUSE), has_mouse = config_is_on(config, CONFIG_MOUSE);
	tui->table = commands;
	tui->config = config;
	tui->is_read_only = is_read_only;
	keymap_finish(&tui->keymap);
	strings_finish(&tui->mistakes);
	keymap_init(&tui->keymap, commands, config->keys.items, config->keys.count, config->path, &tui->mistakes);
	if (has_mouse != had_mouse) /* else what a key said of it holds */
		term_set_mouse(tui, has_mouse);
	if (!tui->term.is_headless)
		tui->is_ascii = config_is_on(config, CONFIG_ASCII) || !tui->term.is_utf8;
	term_find_depth(tui);
	if (is_other_theme)
		tui->theme = config->theme;
	tui->is_theme_auto = config_theme_is_auto(config);
	paint_init(tui);
	if (is_other_theme && tui->ground != GROUND_UNKNOWN)
		themes_ground(tui, tui->ground == GROUND_LIGHT);
	tui_wake(tui, true);
	tui_end_wait(tui);
}

const char *tui_selected_file(const struct tui *tui)
{
	return tui->error_at < tui->errors.count ? tui->errors.items[tui->error_at].file : NULL;
}
