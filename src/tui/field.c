/* A text field of one line: what is typed or pasted in search, help and
 * palette. It is bounded; what is too much is dropped. */
#include "tui.h"

static size_t letter_bytes(uint32_t code, char out[8])
{
	struct key key = {.code = code};
	key_write(key, out, 8);
	return strlen(out);
}

static size_t step_back(const struct field *field)
{
	size_t at = field->cursor;
	while (at > 0 && ((unsigned char)field->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t step_on(const struct field *field)
{
	size_t at = field->cursor;
	while (at < field->len && ((unsigned char)field->text[++at] & 0xc0) == 0x80)
		;
	return at;
}

static void cut(struct field *field, size_t from, size_t to)
{
	memmove(field->text + from, field->text + to, field->len - to + 1);
	field->len -= to - from;
	field->cursor = from;
}

static void insert(struct field *field, const char *bytes, size_t len)
{
	if (field->len + len >= sizeof field->text)
		return;
	memmove(field->text + field->cursor + len, field->text + field->cursor, field->len - field->cursor + 1);
	memcpy(field->text + field->cursor, bytes, len);
	field->len += len;
	field->cursor += len;
}

static void cut_word(struct field *field)
{
	size_t from = field->cursor;
	while (from > 0 && field->text[from - 1] == ' ')
		from--;
	while (from > 0 && field->text[from - 1] != ' ')
		from--;
	cut(field, from, field->cursor);
}

void field_set(struct field *field, const char *text)
{
	field->len = field->cursor = 0;
	field->text[0] = '\0';
	field_paste(field, text, strlen(text));
}

/* At most so many bytes, and no part of a letter. */
static size_t whole_letters(const char *bytes, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 0 && ((unsigned char)bytes[most] & 0xc0) == 0x80)
		most--;
	return most;
}

bool field_paste(struct field *field, const char *bytes, size_t len)
{
	auto_str clean = {0};
	size_t room = sizeof field->text - 1 - field->len, taken = whole_letters(bytes, len, room);
	text_add_clean(&clean, bytes, taken, false);
	for (size_t i = 0; i < clean.len; i++)
		if (clean.data[i] == '\t')
			clean.data[i] = ' ';
	/* what is no letter becomes longer */
	size_t fits = whole_letters(str_text(&clean), clean.len, room);
	insert(field, str_text(&clean), fits);
	return taken == len && fits == clean.len;
}

bool field_key(struct field *field, struct key key)
{
	char letter[8];
	if (key.mods == KEY_MOD_CTRL && key.code == 'u')
		cut(field, 0, field->cursor);
	else if (key.mods == KEY_MOD_CTRL && key.code == 'w')
		cut_word(field);
	else if (key.mods == KEY_MOD_CTRL && key.code == 'a')
		field->cursor = 0;
	else if (key.mods == KEY_MOD_CTRL && key.code == 'e')
		field->cursor = field->len;
	else if (key.mods != 0)
		return false;
	else if (key.code == CODE_BACKSPACE)
		cut(field, step_back(field), field->cursor);
	else if (key.code == CODE_DELETE)
		cut(field, field->cursor, step_on(field));
	else if (key.code == CODE_LEFT)
		field->cursor = step_back(field);
	else if (key.code == CODE_RIGHT)
		field->cursor = step_on(field);
	else if (key.code == CODE_HOME)
		field->cursor = 0;
	else if (key.code == CODE_END)
		field->cursor = field->len;
	else if (key.code == ' ')
		insert(field, " ", 1);
	else if (key.code < CODE_ENTER)
		insert(field, letter, letter_bytes(key.code, letter));
	else
		return false;
	return true;
}
