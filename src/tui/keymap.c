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

void keymap_name(const struct binding *binding, char *out, size_t size)
{
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < binding->count && len < size; i++) {
		char name[32];
		key_write(binding->keys[i], name, sizeof name);
		len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", name);
	}
}

/* The same keys, or the ones that begin the others: what follows a key that
 * means something by itself could never be typed. */
static struct binding *find_clash(struct keymap *map, const struct binding *wanted)
{
	for (size_t i = 0; i < map->bindings.count; i++) {
		struct binding *old = &map->bindings.items[i];
		size_t both = old->count < wanted->count ? old->count : wanted->count, same = 0;
		while (same < both && key_equal(old->keys[same], wanted->keys[same]))
			same++;
		bool is_other = old->id != wanted->id || old->count != wanted->count;
		if (same == both && (old->where & wanted->where) != 0 && is_other)
			return old;
	}
	return NULL;
}

/* The next word of `keys`: one key, or several between quotation marks. False:
 * there is none. *at moves on. */
static bool next_word(const char **at, struct str *word)
{
	str_clear(word);
	*at += strspn(*at, " \t");
	bool is_chord = (*at)[0] == '"' && (*at)[1] != '\0' && (*at)[1] != ' ';
	*at += is_chord;
	size_t len = strcspn(*at, is_chord ? "\"" : " \t");
	str_add_bytes(word, *at, len);
	*at += len;
	*at += is_chord && **at == '"';
	return word->len > 0 || is_chord;
}

/* False: `wrong` is the word that is no key. */
static bool read_binding(const char *text, struct binding *binding, const char **wrong, struct strings *words)
{
	strings_split(words, text, ' ');
	*wrong = text;
	binding->count = 0;
	if (words->count == 0 || words->count > KEY_CHORD_MOST)
		return false;
	for (size_t i = 0; i < words->count; i++) {
		*wrong = words->items[i];
		if (!key_read(words->items[i], &binding->keys[binding->count++]))
			return false;
	}
	return true;
}

static void tell_clash(const struct keymap *map, const struct binding *old, const struct binding *lost, const char *path,
	struct strings *mistakes)
{
	const struct command_def *winner = command_get(map->table, old->id), *loser = command_get(map->table, lost->id);
	unsigned line = lost->line > 0 ? lost->line : old->line;
	char place[512], old_name[64], name[64];
	keymap_name(old, old_name, sizeof old_name);
	keymap_name(lost, name, sizeof name);
	line_name(path, line, place, sizeof place);
	if (old->count == lost->count)
		strings_print(mistakes, _("%s: the key %s of `%s` is taken by `%s`: give one of the two another key in [keys]"),
			place, name, loser->name, winner != NULL ? winner->name : "?");
	else
		strings_print(mistakes,
			_("%s: the keys %s of `%s` and %s of `%s` begin alike: the first is left out, give it others in [keys]"),
			place, name, loser->name, old_name, winner != NULL ? winner->name : "?");
}

/* A person's lines are bound first, so what clashes later loses. */
static void bind(struct keymap *map, const struct command_def *def, const char *keys, unsigned line,
	const char *path, struct strings *mistakes)
{
	/* NULL: nothing is told */
	auto_str word = {0};
	while (next_word(&keys, &word)) {
		struct binding binding = {.id = def->id, .where = def->where != 0 ? def->where : COMMAND_ANYWHERE, .line = line};
		auto_strings words = {0};
		const char *wrong;
		char place[512];
		if (line > 0 && text_equal_fold(str_text(&word), "none"))
			continue;
		if (!read_binding(str_text(&word), &binding, &wrong, &words)) {
			strings_print(mistakes, words.count > KEY_CHORD_MOST ? _("%s: `%s` are too many keys: four at most follow one another") :
				_("%s: there is no key `%s`: write a letter, or a name as Ctrl-R, F5, PageUp, or several as \"g q\""),
				line_name(path, line, place, sizeof place), wrong);
			continue;
		}
		const struct binding *old = find_clash(map, &binding);
		if (old != NULL && mistakes == NULL)
			continue;
		if (old != NULL)
			tell_clash(map, old, &binding, path, mistakes);
		else
			*array_add(&map->bindings) = binding;
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
			strings_print(mistakes, _("%s: the screen has no command `%s`: is `%s` meant?"), place, keys[i].command, near);
		else
			strings_print(mistakes, _("%s: the screen has no command `%s`: the help lists them all"), place,
				keys[i].command);
	}
}

/* Were all keys of the person's line left out, but "None" was not meant? */
static bool has_lost_all(const struct keymap *map, const struct command_def *def, const struct config_key *line)
{
	auto_strings words = {0};
	strings_split(&words, line->keys, ' ');
	for (size_t i = 0; i < words.count; i++)
		if (text_equal_fold(words.items[i], "none"))
			return false;
	return keymap_first(map, def->id) == NULL;
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
			if (!on_screen(def) || (own == 1 && line == NULL))
				continue;
			if (own == 1)
				bind(map, def, line->keys, line->line, path, mistakes);
			else if (def->keys != NULL && line == NULL)
				bind(map, def, def->keys, 0, path, mistakes);
			else if (def->keys != NULL && has_lost_all(map, def, line))
				bind(map, def, def->keys, 0, path, NULL); /* its mistake is told */
		}
}

void keymap_finish(struct keymap *map)
{
	array_finish(&map->bindings);
}

static bool begins_with(const struct binding *binding, const struct key *keys, size_t count, bool is_latin)
{
	for (size_t i = 0; i < count; i++)
		if (i >= binding->count || !key_equal(binding->keys[i], is_latin ? key_latin(keys[i]) : keys[i]))
			return false;
	return true;
}

bool keymap_follows(const struct binding *binding, const struct key *keys, size_t count, unsigned where)
{
	return (binding->where & where) != 0 && binding->count > count &&
		(begins_with(binding, keys, count, false) || begins_with(binding, keys, count, true));
}

/* What was typed counts first, then the same keys of a Latin keyboard. */
bool keymap_match(const struct keymap *map, const struct key *keys, size_t count, unsigned where,
	const struct command_def **def)
{
	*def = NULL;
	for (int is_latin = 0; is_latin < 2; is_latin++)
		for (size_t i = 0; i < map->bindings.count; i++) {
			const struct binding *binding = &map->bindings.items[i];
			if ((binding->where & where) == 0 || !begins_with(binding, keys, count, is_latin == 1))
				continue;
			if (binding->count == count)
				*def = command_get(map->table, binding->id);
			return true;
		}
	return false;
}

const struct command_def *keymap_find(const struct keymap *map, struct key key, unsigned where)
{
	const struct command_def *def;
	keymap_match(map, &key, 1, where, &def);
	return def;
}

const struct binding *keymap_first(const struct keymap *map, int id)
{
	for (size_t i = 0; i < map->bindings.count; i++)
		if (map->bindings.items[i].id == id)
			return &map->bindings.items[i];
	return NULL;
}

void keymap_list(const struct keymap *map, int id, struct str *out)
{
	bool is_first = true;
	for (size_t i = 0; i < map->bindings.count; i++) {
		char name[64];
		if (map->bindings.items[i].id != id)
			continue;
		keymap_name(&map->bindings.items[i], name, sizeof name);
		str_print(out, "%s%s", is_first ? "" : ", ", name);
		is_first = false;
	}
}
