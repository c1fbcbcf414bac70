/* Which command a key means where: the table's defaults, with a person's own
 * lines in their place, read by one reader. Holds a flat list, searched in
 * full: there are some sixty keys. Called by input.c and by what shows keys. */
#include "keys.h"

#include <stdio.h>

static bool on_screen(const struct command_def *def)
{
	return (def->flags & (COMMAND_DECK | COMMAND_SCREEN)) != 0;
}

static const char *line_name(const char *path, unsigned line, char *out, size_t size)
{
	if (line > 0)
		snprintf(out, size, "%s:%u", path != NULL ? path : "config.ini", line);
	else
		snprintf(out, size, "keys");
	return out;
}

static struct binding *find_clash(struct keymap *map, struct key key, unsigned where, int id)
{
	for (size_t i = 0; i < map->bindings.count; i++) {
		struct binding *old = &map->bindings.items[i];
		if (key_equal(old->key, key) && (old->where & where) != 0 && old->id != id)
			return old;
	}
	return NULL;
}

/* A person's lines are bound first, so what clashes later loses. */
static void bind(struct keymap *map, const struct command_def *def, const char *keys, unsigned line,
	const char *path, struct strings *mistakes)
{
	auto_strings words = {0};
	strings_split(&words, keys, ' ');
	for (size_t i = 0; i < words.count; i++) {
		struct key key;
		char place[512];
		if (line > 0 && text_equal_fold(words.items[i], "none"))
			continue;
		if (!key_read(words.items[i], &key)) {
			strings_print(mistakes, "%s: there is no key `%s`: write a letter, or a name as Ctrl-R, F5, PageUp",
				line_name(path, line, place, sizeof place), words.items[i]);
			continue;
		}
		unsigned where = def->where != 0 ? def->where : COMMAND_ANYWHERE;
		struct binding *old = find_clash(map, key, where, def->id);
		if (old != NULL) {
			const struct command_def *winner = command_get(map->table, old->id);
			strings_print(mistakes, "%s: the key %s of `%s` is taken by `%s`: give one of the two another key in [keys]",
				line_name(path, old->line, place, sizeof place), words.items[i], def->name,
				winner != NULL ? winner->name : "?");
			continue;
		}
		*array_add(&map->bindings) = (struct binding){key, def->id, where, line};
	}
}

static const struct config_key *own_line(const struct command_def *def, const struct config_key *keys, size_t count)
{
	for (size_t i = count; i > 0; i--)
		if (text_equal(keys[i - 1].command, def->name))
			return &keys[i - 1];
	return NULL;
}

static void check_names(const struct command_table *table, const struct config_key *keys, size_t count,
	const char *path, struct strings *mistakes)
{
	for (size_t i = 0; i < count; i++) {
		const struct command_def *def = command_find(table, keys[i].command);
		char place[512];
		if (def != NULL && on_screen(def))
			continue;
		const char *near = command_nearest(table, keys[i].command, COMMAND_DECK | COMMAND_SCREEN);
		line_name(path, keys[i].line, place, sizeof place);
		if (near != NULL)
			strings_print(mistakes, "%s: the screen has no command `%s`: is `%s` meant?", place, keys[i].command, near);
		else
			strings_print(mistakes, "%s: the screen has no command `%s`: the help lists them all", place,
				keys[i].command);
	}
}

void keymap_init(struct keymap *map, const struct command_table *table, const struct config_key *keys,
	size_t count, const char *path, struct strings *mistakes)
{
	*map = (struct keymap){.table = table};
	check_names(table, keys, count, path, mistakes);
	for (int own = 1; own >= 0; own--)
		for (size_t i = 0; i < table->count; i++) {
			const struct command_def *def = &table->defs[i];
			const struct config_key *line = own_line(def, keys, count);
			if (!on_screen(def) || (line != NULL) != (own == 1))
				continue;
			if (line != NULL)
				bind(map, def, line->keys, line->line, path, mistakes);
			else if (def->keys != NULL)
				bind(map, def, def->keys, 0, path, mistakes);
		}
}

void keymap_finish(struct keymap *map)
{
	array_finish(&map->bindings);
}

const struct command_def *keymap_find(const struct keymap *map, struct key key, unsigned where)
{
	struct key tries[2] = {key, key_latin(key)};
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < map->bindings.count; i++) {
			const struct binding *item = &map->bindings.items[i];
			if (key_equal(item->key, tries[t]) && (item->where & where) != 0)
				return command_get(map->table, item->id);
		}
	return NULL;
}

bool keymap_first(const struct keymap *map, int id, struct key *key)
{
	for (size_t i = 0; i < map->bindings.count; i++)
		if (map->bindings.items[i].id == id) {
			*key = map->bindings.items[i].key;
			return true;
		}
	return false;
}

void keymap_list(const struct keymap *map, int id, struct str *out)
{
	bool is_first = true;
	for (size_t i = 0; i < map->bindings.count; i++) {
		char name[32];
		if (map->bindings.items[i].id != id)
			continue;
		key_write(map->bindings.items[i].key, name, sizeof name);
		str_print(out, "%s%s", is_first ? "" : ", ", name);
		is_first = false;
	}
}
