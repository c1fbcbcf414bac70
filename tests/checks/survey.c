/* Prints what `init` would find out of a folder.
 *   survey FOLDER [CARGO-JSON [COMPOSE-JSON]]
 * Neither cargo nor compose is asked: what they say may be given as files. */
#include "cargodeck/checks.h"

#include <stdio.h>

enum { JSON_MOST = 64 << 20 };

int main(int count, char **words)
{
	static const char *const usual[] = {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"};
	struct fault fault = {0};
	auto_strings compose = {0};
	if (count < 2 || count > 4) {
		fprintf(stderr, "survey FOLDER [CARGO-JSON [COMPOSE-JSON]]\n");
		return 2;
	}
	for (size_t i = 0; i < COUNT_OF(usual); i++) {
		auto_free char *path = path_join(words[1], usual[i]);
		if (file_exists(path))
			strings_add(&compose, usual[i]);
	}
	struct check_options options = {.root = words[1], .compose_reason = "compose was not asked", .compose_files = &compose, .cargo_reason = "cargo was not asked"};
	auto_free char *cargo_json = count > 2 ? file_read(words[2], JSON_MOST, &options.cargo_len, &fault) : NULL;
	auto_free char *compose_json = count > 3 ? file_read(words[3], JSON_MOST, &options.compose_len, &fault) : NULL;
	options.cargo_json = cargo_json;
	options.compose_json = compose_json;
	auto_free char *text = checks_survey(&options, &fault);
	if (text == NULL) {
		fprintf(stderr, "%s\n", fault.text);
		return 1;
	}
	puts(text);
	return 0;
}
