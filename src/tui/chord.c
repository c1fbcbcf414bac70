/* Keys one after the other: what was begun is held until a command is complete,
 * a key leads nowhere, or the mouse or a paste comes between. There is no time
 * limit: the bottom line shows what may follow. Called by input.c. */
#include "tui.h"

bool chord_cancel(struct tui *tui)
{
	bool was_begun = tui->chord_count > 0;
	tui->chord_count = 0;
	return was_begun;
}

const struct command_def *chord_take(struct tui *tui, struct key key, unsigned where, unsigned otherwise)
{
	const struct command_def *def = NULL;
	tui->chord[tui->chord_count++] = key;
	bool is_known = keymap_match(&tui->keymap, tui->chord, tui->chord_count, where, &def) ||
		keymap_match(&tui->keymap, tui->chord, tui->chord_count, otherwise, &def);
	if (!is_known || def != NULL)
		chord_cancel(tui);
	return def;
}

/* ---- drawing ---- */

static void add_keys(struct str *out, const struct key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[32];
		key_write(keys[i], name, sizeof name);
		str_print(out, "%s%s", out->len > 0 ? " " : "", name);
	}
}

void chord_draw(struct tui *tui, int y)
{
	auto_str begun = {0};
	int at = 1, end = tui->columns - 1;
	add_keys(&begun, tui->chord, tui->chord_count);
	str_print(&begun, " %s", pen_glyph(tui, GLYPH_WAITING));
	at += pen_text(tui, y, at, end - at, str_text(&begun), paint_bold(paint_role(tui, THEME_ACCENT))) + 2;
	for (size_t i = 0; i < tui->keymap.bindings.count; i++) {
		const struct binding *binding = &tui->keymap.bindings.items[i];
		const struct command_def *def = command_get(tui->table, binding->id);
		if (def == NULL || !keymap_follows(binding, tui->chord, tui->chord_count, hints_where(tui)))
			continue;
		auto_str rest = {0};
		add_keys(&rest, binding->keys + tui->chord_count, binding->count - tui->chord_count);
		const char *word = def->hint != NULL ? _(def->hint) : def->name;
		int needs = pen_width(str_text(&rest), rest.len, 80) + 1 + pen_width(word, strlen(word), 80);
		if (at + needs > end)
			break;
		at += pen_text(tui, y, at, end - at, str_text(&rest), paint_bold(paint_role(tui, THEME_ACCENT))) + 1;
		at += pen_text(tui, y, at, end - at, word, paint_plain) + 2;
	}
}
