/* The decoder of what a terminal sends: keys with modifiers, SGR mouse,
 * bracketed paste, focus, UTF-8 (xterm's control sequences; ECMA-48 for the
 * shape of CSI). It holds the sequence begun and no more, so that any cut and
 * any garbage is fine. Fed by input.c, and by the fuzzer. */
#include "keys.h"

enum {
	ESC_WAIT_MS = 50, /* a lone Esc, half a sequence */
	STRING_WAIT_MS = 1000, /* an answer of the terminal whose end is on its way */
	PASTE_WAIT_MS = 5000, /* a paste whose end was lost */
};

static const char paste_end[] = "\033[201~";

/* Final letters of CSI and SS3. */
static const struct {
	char final;
	uint32_t code;
} finals[] = {
	{'A', CODE_UP}, {'B', CODE_DOWN}, {'C', CODE_RIGHT}, {'D', CODE_LEFT}, {'H', CODE_HOME}, {'F', CODE_END},
	{'P', CODE_F1}, {'Q', CODE_F1 + 1}, {'R', CODE_F1 + 2}, {'S', CODE_F1 + 3},
};

/* Numbers of CSI n ~. */
static const struct {
	unsigned number;
	uint32_t code;
} tildes[] = {
	{1, CODE_HOME}, {2, CODE_INSERT}, {3, CODE_DELETE}, {4, CODE_END}, {5, CODE_PAGE_UP}, {6, CODE_PAGE_DOWN},
	{7, CODE_HOME}, {8, CODE_END}, {11, CODE_F1}, {12, CODE_F1 + 1}, {13, CODE_F1 + 2}, {14, CODE_F1 + 3},
	{15, CODE_F1 + 4}, {17, CODE_F1 + 5}, {18, CODE_F1 + 6}, {19, CODE_F1 + 7}, {20, CODE_F1 + 8},
	{21, CODE_F1 + 9}, {23, CODE_F1 + 10}, {24, CODE_F1 + 11},
};

/* The numeric keypad in application mode, by SS3. */
static const struct {
	char final;
	uint32_t code;
} keypad_codes[] = {
	{'M', CODE_ENTER}, {'I', CODE_TAB}, {'j', '*'}, {'k', '+'}, {'l', ','}, {'m', '-'}, {'n', '.'}, {'o', '/'}, {'X', '='},
};

static void tell_key(uint32_t code, unsigned mods, key_event_call call, void *data)
{
	struct key_event event = {.kind = EVENT_KEY, .key = {code, mods}};
	call(data, &event);
}

/* A code point as a sequence of numbers names it. */
static void tell_code(uint32_t code, unsigned mods, key_event_call call, void *data)
{
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (code >= 0x80 && code < 0xa0))
		return; /* no letter; above it our own codes begin */
	if (code == '\r' || code == '\n')
		code = CODE_ENTER;
	else if (code == '\t')
		code = CODE_TAB;
	else if (code == 27)
		code = CODE_ESC;
	else if (code == 127 || code == 8)
		code = CODE_BACKSPACE;
	if (code < 32)
		return;
	/* a shifted letter is the letter: Shift says nothing more */
	if (code < CODE_ENTER && code > 32)
		mods &= ~(unsigned)KEY_MOD_SHIFT;
	tell_key(code, mods, call, data);
}

static void tell_control(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	unsigned mods = decoder->is_alt ? KEY_MOD_ALT : 0;
	decoder->is_alt = false;
	switch (byte) {
	case '\r':
		tell_key(CODE_ENTER, mods, call, data);
		return;
	case '\t':
		tell_key(CODE_TAB, mods, call, data);
		return;
	case 8:
	case 127:
		tell_key(CODE_BACKSPACE, mods, call, data);
		return;
	case 0:
		tell_key(' ', mods | KEY_MOD_CTRL, call, data);
		return;
	default:
		tell_key(byte <= 26 ? 'a' + byte - 1u : byte + 64u, mods | KEY_MOD_CTRL, call, data);
	}
}

/* ---- letters ---- */

static void take_letter(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	if (decoder->letter_left > 0 && (byte & 0xc0) == 0x80) {
		decoder->letter = decoder->letter << 6 | (byte & 0x3f);
		if (--decoder->letter_left > 0)
			return;
		static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
		unsigned mods = decoder->is_alt ? KEY_MOD_ALT : 0;
		decoder->is_alt = false;
		/* overlong forms and C1 control letters are nothing that one types */
		if (decoder->letter >= least[decoder->letter_len] && decoder->letter >= 0xa0 && decoder->letter <= 0x10ffff)
			tell_code(decoder->letter, mods, call, data);
		return;
	}
	decoder->letter_left = 0;
	if (byte < 0x80) {
		unsigned mods = decoder->is_alt ? KEY_MOD_ALT : 0;
		if (byte < 32 || byte == 127) {
			tell_control(decoder, byte, call, data);
			return;
		}
		decoder->is_alt = false;
		tell_key(byte, mods, call, data);
		return;
	}
	decoder->letter_len = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
	if (byte < 0xc2 || byte > 0xf4) {
		decoder->is_alt = false;
		return;
	}
	decoder->letter_left = decoder->letter_len - 1;
	decoder->letter = byte & (0x7fu >> decoder->letter_len);
}

/* ---- sequences ---- */

enum { MOST_NUMBERS = 4 };

/* Numbers of "1;5": missing ones are 0; what is behind a colon is dropped. */
static size_t read_numbers(const char *text, size_t len, unsigned numbers[MOST_NUMBERS])
{
	size_t count = 0;
	bool skip = false;
	memset(numbers, 0, MOST_NUMBERS * sizeof *numbers);
	for (size_t i = 0; i < len && count < MOST_NUMBERS; i++) {
		if (text[i] == ';') {
			count++;
			skip = false;
		} else if (text[i] == ':') {
			skip = true;
		} else if (text[i] >= '0' && text[i] <= '9' && !skip && numbers[count] < 10000000) {
			numbers[count] = numbers[count] * 10 + (unsigned)(text[i] - '0');
		}
	}
	return len > 0 && count < MOST_NUMBERS ? count + 1 : count;
}

/* xterm: the parameter less one is bits of Shift, Alt, Control, Meta. */
static unsigned read_mods(unsigned number)
{
	unsigned bits = number > 1 ? number - 1 : 0;
	return (bits & 1 ? KEY_MOD_SHIFT : 0) | (bits & (2 | 8) ? KEY_MOD_ALT : 0) | (bits & 4 ? KEY_MOD_CTRL : 0);
}

static void tell_mouse(const unsigned numbers[MOST_NUMBERS], bool is_press, key_event_call call, void *data)
{
	unsigned code = numbers[0];
	if (numbers[1] == 0 || numbers[2] == 0)
		return;
	struct key_event event = {.kind = EVENT_MOUSE};
	event.mouse.button = (code & 3) | (code & (64 | 128));
	event.mouse.mods = (code & 4 ? KEY_MOD_SHIFT : 0) | (code & 8 ? KEY_MOD_ALT : 0) | (code & 16 ? KEY_MOD_CTRL : 0);
	event.mouse.is_motion = (code & 32) != 0;
	event.mouse.is_press = is_press;
	event.mouse.column = numbers[1] - 1;
	event.mouse.row = numbers[2] - 1;
	call(data, &event);
}

static void tell_tilde(struct decoder *decoder, const unsigned numbers[MOST_NUMBERS], size_t count,
	key_event_call call, void *data)
{
	if (numbers[0] == 200) {
		decoder->state = DECODER_PASTE;
		decoder->matched = 0;
		return;
	}
	/* xterm's modifyOtherKeys: CSI 27 ; modifiers ; code ~ */
	if (numbers[0] == 27 && count == 3) {
		tell_code(numbers[2], read_mods(numbers[1]), call, data);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(tildes); i++)
		if (tildes[i].number == numbers[0])
			tell_key(tildes[i].code, read_mods(count > 1 ? numbers[1] : 0), call, data);
}

static void end_csi(struct decoder *decoder, char final, key_event_call call, void *data)
{
	unsigned numbers[MOST_NUMBERS];
	const char *held = decoder->held;
	size_t len = decoder->held_len;
	bool is_mouse = len > 0 && held[0] == '<';
	/* a change of the ground (private mode 2031): 1 is dark, 2 is light */
	if (!decoder->is_too_long && final == 'n' && len == 6 && memcmp(held, "?997;", 5) == 0 && (held[5] == '1' || held[5] == '2'))
		call(data, &(struct key_event){.kind = EVENT_GROUND, .is_light = held[5] == '2'});
	bool is_private = len > 0 && (held[0] == '?' || held[0] == '>' || held[0] == '=');
	decoder->state = DECODER_GROUND;
	if (decoder->is_too_long || is_private)
		return;
	size_t count = read_numbers(held + (is_mouse ? 1 : 0), len - (is_mouse ? 1 : 0), numbers);
	unsigned mods = read_mods(count > 1 ? numbers[1] : 0);
	if (is_mouse) {
		if (final == 'M' || final == 'm')
			tell_mouse(numbers, final == 'M', call, data);
	} else if (final == '~') {
		tell_tilde(decoder, numbers, count, call, data);
	} else if (final == 'u') {
		tell_code(numbers[0], mods, call, data);
	} else if (final == 'Z') {
		tell_key(CODE_TAB, mods | KEY_MOD_SHIFT, call, data);
	} else if ((final == 'I' || final == 'O') && len == 0) {
		struct key_event event = {.kind = EVENT_FOCUS, .is_focused = final == 'I'};
		call(data, &event);
	} else {
		for (size_t i = 0; i < COUNT_OF(finals); i++)
			if (finals[i].final == final)
				tell_key(finals[i].code, mods, call, data);
	}
}

static void end_ss3(struct decoder *decoder, char final, key_event_call call, void *data)
{
	decoder->state = DECODER_GROUND;
	for (size_t i = 0; i < COUNT_OF(finals); i++)
		if (finals[i].final == final)
			tell_key(finals[i].code, 0, call, data);
	for (size_t i = 0; i < COUNT_OF(keypad_codes); i++)
		if (keypad_codes[i].final == final)
			tell_key(keypad_codes[i].code, 0, call, data);
	if (final >= 'p' && final <= 'y')
		tell_key((uint32_t)(final - 'p' + '0'), 0, call, data);
}

static void begin(struct decoder *decoder, enum decoder_state state, char opener)
{
	decoder->state = state;
	decoder->opener = opener;
	decoder->held_len = 0;
	decoder->is_too_long = false;
	decoder->string_esc = false;
	decoder->is_alt = false;
	decoder->letter_left = 0;
}

static void take_esc(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	switch (byte) {
	case '[':
		begin(decoder, DECODER_CSI, '[');
		return;
	case 'O':
		begin(decoder, DECODER_SS3, 'O');
		return;
	case 'P': /* answers of the terminal: DCS, OSC, APC, PM, SOS */
	case ']':
	case '_':
	case '^':
	case 'X':
		begin(decoder, DECODER_STRING, (char)byte);
		return;
	case 27:
		tell_key(CODE_ESC, 0, call, data);
		return;
	default:
		decoder->state = DECODER_GROUND;
		decoder->is_alt = true;
		take_letter(decoder, byte, call, data);
	}
}

static void take_csi(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	if (byte == '[' && decoder->held_len == 0) {
		decoder->state = DECODER_CONSOLE; /* Linux console: CSI [ A is F1 */
	} else if (byte == 'M' && decoder->held_len == 0) {
		decoder->state = DECODER_X10; /* the old mouse: three bytes follow */
	} else if (byte >= 0x20 && byte < 0x40) {
		if (decoder->held_len < sizeof decoder->held)
			decoder->held[decoder->held_len++] = (char)byte;
		else
			decoder->is_too_long = true;
	} else if (byte >= 0x40 && byte < 0x7f) {
		end_csi(decoder, (char)byte, call, data);
	} else {
		decoder->state = DECODER_GROUND;
		take_letter(decoder, byte, call, data);
	}
}

static void end_string(struct decoder *decoder, key_event_call call, void *data)
{
	struct key_event event = {.kind = EVENT_GROUND};
	size_t len = decoder->held_len - decoder->string_esc;
	if (decoder->opener == ']' && !decoder->is_too_long && ground_read(decoder->held, len, &event.is_light))
		call(data, &event);
}

/* Answers of the terminal, to BEL or Esc \: all but the one about its ground
 * are dropped whole. */
static void take_string(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	bool is_end = byte == 7 || (decoder->string_esc && byte == '\\');
	if (is_end || byte == 0x18 || byte == 0x1a) {
		decoder->state = DECODER_GROUND;
		if (is_end)
			end_string(decoder, call, data);
		return;
	}
	/* an Esc that is only followed by another letter belongs to the text */
	if (decoder->held_len < sizeof decoder->held)
		decoder->held[decoder->held_len++] = (char)byte;
	else
		decoder->is_too_long = true;
	decoder->string_esc = byte == 27;
}

static void take_byte(struct decoder *decoder, unsigned char byte, key_event_call call, void *data)
{
	if (byte == 27 && decoder->state != DECODER_STRING && decoder->state != DECODER_ESC) {
		begin(decoder, DECODER_ESC, '\0');
		return;
	}
	switch (decoder->state) {
	case DECODER_GROUND:
		take_letter(decoder, byte, call, data);
		break;
	case DECODER_ESC:
		take_esc(decoder, byte, call, data);
		break;
	case DECODER_CSI:
		take_csi(decoder, byte, call, data);
		break;
	case DECODER_CONSOLE:
		decoder->state = DECODER_GROUND;
		if (byte >= 'A' && byte <= 'E')
			tell_key(CODE_F1 + (byte - 'A'), 0, call, data);
		break;
	case DECODER_SS3:
		end_ss3(decoder, (char)byte, call, data);
		break;
	case DECODER_STRING:
		take_string(decoder, byte, call, data);
		break;
	case DECODER_X10:
		if (++decoder->held_len == 3)
			decoder->state = DECODER_GROUND;
		break;
	case DECODER_PASTE:
		break;
	}
}

/* Gives runs of pasted bytes until the end mark; returns how many were used. */
static size_t take_paste(struct decoder *decoder, const char *bytes, size_t len, key_event_call call, void *data)
{
	struct key_event event = {.kind = EVENT_PASTE};
	size_t from = 0, at = 0;
	while (at < len && decoder->state == DECODER_PASTE) {
		if (decoder->matched == 0) {
			const char *esc = memchr(bytes + at, 27, len - at);
			at = esc != NULL ? (size_t)(esc - bytes) : len;
			if (at > from) {
				event.bytes = bytes + from;
				event.len = at - from;
				call(data, &event);
			}
			if (esc != NULL) {
				decoder->matched = 1;
				at++;
			}
			from = at;
		} else if (bytes[at] == paste_end[decoder->matched]) {
			at++;
			from = at;
			if (++decoder->matched == sizeof paste_end - 1) {
				decoder->state = DECODER_GROUND;
				event = (struct key_event){.kind = EVENT_PASTE_END};
				call(data, &event);
			}
		} else {
			/* it was no end: what looked like one was pasted */
			event.bytes = paste_end;
			event.len = decoder->matched;
			decoder->matched = 0;
			call(data, &event);
		}
	}
	return at;
}

void decoder_feed(struct decoder *decoder, const char *bytes, size_t len, key_event_call call, void *data)
{
	for (size_t at = 0; at < len;) {
		if (decoder->state == DECODER_PASTE)
			at += take_paste(decoder, bytes + at, len - at, call, data);
		else
			take_byte(decoder, (unsigned char)bytes[at++], call, data);
	}
}

unsigned decoder_wait(const struct decoder *decoder)
{
	if (decoder->state == DECODER_PASTE)
		return PASTE_WAIT_MS;
	if (decoder->state == DECODER_STRING && decoder->held_len > 0)
		return STRING_WAIT_MS;
	return decoder->state != DECODER_GROUND || decoder->letter_left > 0 ? ESC_WAIT_MS : 0;
}

void decoder_expire(struct decoder *decoder, key_event_call call, void *data)
{
	struct decoder was = *decoder;
	*decoder = (struct decoder){0};
	if (was.state == DECODER_ESC) {
		tell_key(CODE_ESC, 0, call, data);
	} else if (was.state == DECODER_PASTE) {
		struct key_event event = {.kind = EVENT_PASTE_END};
		call(data, &event);
	} else if ((was.state == DECODER_CSI || was.state == DECODER_SS3 || was.state == DECODER_STRING) &&
		was.held_len == 0) {
		tell_key((unsigned char)was.opener, KEY_MOD_ALT, call, data);
	}
}
