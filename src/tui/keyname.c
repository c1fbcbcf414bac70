/* Names of keys, both ways, and the Latin key behind a Cyrillic letter. One
 * table of names; called by keymap.c and by what shows keys. */
#include "keys.h"

#include <stdio.h>
#include <strings.h>

static const struct {
	const char *name;
	uint32_t code;
} names[] = {
	{"Enter", CODE_ENTER}, {"Tab", CODE_TAB}, {"Esc", CODE_ESC}, {"Backspace", CODE_BACKSPACE},
	{"Delete", CODE_DELETE}, {"Insert", CODE_INSERT}, {"Home", CODE_HOME}, {"End", CODE_END},
	{"PageUp", CODE_PAGE_UP}, {"PageDown", CODE_PAGE_DOWN}, {"Up", CODE_UP}, {"Down", CODE_DOWN},
	{"Left", CODE_LEFT}, {"Right", CODE_RIGHT}, {"Space", ' '},
};

static const struct {
	const char *name;
	unsigned mod;
} mods[] = {{"Ctrl-", KEY_MOD_CTRL}, {"Alt-", KEY_MOD_ALT}, {"Shift-", KEY_MOD_SHIFT}};

/* The rows of ЙЦУКЕН and of QWERTY, letter by letter. */
static const uint16_t cyrillic[] = u"йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ№";
static const char latin[] = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~#";
_Static_assert(COUNT_OF(cyrillic) == sizeof latin, "each letter has its key");

/* One letter of valid UTF-8 and nothing behind it; 0: it is not. */
static uint32_t read_letter(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	if (at[0] < 0x80)
		return at[0] > 0x20 && at[0] < 0x7f && at[1] == '\0' ? at[0] : 0;
	size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t code = at[0] & (0x7fu >> len);
	if (strlen(text) != len || at[0] < 0xc2)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	return code;
}

static size_t write_letter(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool key_read(const char *name, struct key *key)
{
	*key = (struct key){0};
	for (size_t i = 0; i < COUNT_OF(mods); i++)
		if (strncasecmp(name, mods[i].name, strlen(mods[i].name)) == 0 && name[strlen(mods[i].name)] != '\0') {
			if (!key_read(name + strlen(mods[i].name), key))
				return false;
			key->mods |= mods[i].mod;
			/* a terminal cannot tell Ctrl-C from Ctrl-c */
			if ((key->mods & KEY_MOD_CTRL) != 0 && key->code >= 'A' && key->code <= 'Z')
				key->code += 'a' - 'A';
			return true;
		}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (text_equal_fold(name, names[i].name)) {
			key->code = names[i].code;
			return true;
		}
	if ((name[0] == 'F' || name[0] == 'f') && name[1] != '\0') {
		char *end;
		unsigned long number = strtoul(name + 1, &end, 10);
		if (*end == '\0' && number >= 1 && number <= 24) {
			key->code = CODE_F1 + (uint32_t)number - 1;
			return true;
		}
	}
	key->code = read_letter(name);
	return key->code != 0;
}

void key_write(struct key key, char *out, size_t size)
{
	char letter[8] = "";
	const char *name = NULL;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].code == key.code)
			name = names[i].name;
	if (name == NULL && key.code >= CODE_F1 && key.code <= CODE_F24) {
		snprintf(letter, sizeof letter, "F%u", (unsigned)(key.code - CODE_F1 + 1));
	} else if (name == NULL && key.code < CODE_ENTER) {
		uint32_t code = key.code;
		if ((key.mods & KEY_MOD_CTRL) != 0 && code >= 'a' && code <= 'z')
			code -= 'a' - 'A';
		letter[write_letter(code, letter)] = '\0';
	}
	snprintf(out, size, "%s%s%s%s", key.mods & KEY_MOD_CTRL ? "Ctrl-" : "", key.mods & KEY_MOD_ALT ? "Alt-" : "",
		key.mods & KEY_MOD_SHIFT ? "Shift-" : "", name != NULL ? name : letter);
}

bool key_equal(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}

struct key key_latin(struct key key)
{
	for (size_t i = 0; i + 1 < COUNT_OF(cyrillic); i++)
		if (cyrillic[i] == key.code) {
			key.code = (unsigned char)latin[i];
			if ((key.mods & KEY_MOD_CTRL) != 0 && key.code >= 'A' && key.code <= 'Z')
				key.code += 'a' - 'A';
			return key;
		}
	return key;
}
