/* Fuzzes what a terminal may send: any bytes, cut anywhere. What the decoder
 * gives must be in bounds, and the same however the bytes are cut. */
#include "keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t hash;
	size_t keys, pasted;
};

static void on_event(void *data, const struct key_event *event)
{
	struct seen *seen = data;
	char name[32];
	switch (event->kind) {
	case EVENT_KEY: {
		struct key again;
		key_write(event->key, name, sizeof name);
		/* what is typed has a name that a person can bind */
		if (event->key.code > CODE_F24 || name[0] == '\0')
			abort();
		if (event->key.code < 0x10000 && event->key.code > ' ' && key_read(name, &again) &&
			again.code != event->key.code && (event->key.mods & KEY_MOD_CTRL) == 0)
			abort();
		key_latin(event->key);
		seen->keys++;
		seen->hash = seen->hash * 31 + event->key.code * 8 + event->key.mods;
		break;
	}
	case EVENT_MOUSE:
		seen->hash = seen->hash * 31 + event->mouse.column + event->mouse.row;
		break;
	case EVENT_PASTE:
		seen->pasted += event->len;
		for (size_t i = 0; i < event->len; i++)
			seen->hash = seen->hash * 31 + (unsigned char)event->bytes[i];
		break;
	case EVENT_GROUND:
		seen->hash = seen->hash * 31 + 2 + event->is_light;
		break;
	case EVENT_PASTE_END:
	case EVENT_FOCUS:
		seen->hash = seen->hash * 31 + 1;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder whole = {0}, cut = {0};
	struct seen a = {0}, b = {0};
	decoder_feed(&whole, (const char *)data, size, on_event, &a);
	for (size_t i = 0; i < size; i++)
		decoder_feed(&cut, (const char *)data + i, 1, on_event, &b);
	if (decoder_wait(&whole) != decoder_wait(&cut))
		abort();
	decoder_expire(&whole, on_event, &a);
	decoder_expire(&cut, on_event, &b);
	if (a.hash != b.hash || a.keys != b.keys || a.pasted != b.pasted || decoder_wait(&whole) != 0)
		abort();
	return 0;
}
