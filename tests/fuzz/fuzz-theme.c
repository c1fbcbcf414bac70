/* Fuzzes the reading of a theme's file: colours stay in their depth, and what is
 * refused says why. */
#include "cargodeck/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_copy_bytes((const char *)data, size);
	struct theme theme;
	struct fault fault = {0};
	bool good = theme_read(&theme, "fuzzed", text, "fuzzed.ini", &fault);
	must(good || fault.text[0] != '\0');
	must(memchr(theme.sentence, '\0', sizeof theme.sentence) != NULL);
	for (int role = 0; role < THEME_ROLES; role++) {
		must(theme.paint[THEME_16][role].colour <= 16 && theme.paint[THEME_16][role].background <= 16);
		must(theme.paint[THEME_256][role].colour <= 256 && theme.paint[THEME_256][role].background <= 256);
	}
	return 0;
}
