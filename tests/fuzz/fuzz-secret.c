/* Fuzzes the masking of secrets: nothing is read past the end, what comes out is
 * bounded, and a word behind a name that is secret is never shown. */
#include "cargodeck/base.h"

#include <ctype.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isspace((unsigned char)text[i]) || strchr("\"'`", text[i]) != NULL)
			return false; /* a NUL too: strchr finds it */
	return len > 0;
}

static void check_word(const char *word, size_t len)
{
	auto_str text = {0}, out = {0};
	str_add(&text, "A_PASSWORD=");
	str_add_bytes(&text, word, len);
	secret_add_text(&out, text.data, text.len);
	must(strcmp(str_text(&out), "A_PASSWORD=" SECRET_MASK) == 0);
	str_clear(&text);
	str_clear(&out);
	str_add(&text, "postgres://shop:");
	str_add_bytes(&text, word, len);
	str_add(&text, "x@db");
	secret_add_text(&out, text.data, text.len);
	must(strcmp(str_text(&out), "postgres://shop:" SECRET_MASK "@db") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	auto_str out = {0};
	secret_add_text(&out, text, size);
	must(out.len <= size * 5 + 8);
	str_clear(&out);
	auto_free char *word = mem_copy_bytes(text, size);
	struct secret_command command = {0};
	secret_add_word(&command, &out, word);
	secret_add_word(&command, &out, word);
	str_clear(&out);
	bool masked = secret_add_value(&out, "A_TOKEN", text, size);
	must(masked == (size > 0) && out.len == (size > 0 ? strlen(SECRET_MASK) : 0));
	secret_is_name(text, size);
	if (is_word(text, size) && memchr(text, '/', size) == NULL)
		check_word(text, size);
	return 0;
}
