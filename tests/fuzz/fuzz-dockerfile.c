/* Fuzzes the reading of Dockerfiles, and the looking into their lines. */
#include "../../src/project/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile file;
	auto_strings args = {0};
	strings_add(&args, "BIN=api");
	bool good = dockerfile_read((const char *)data, size, &args, &file, NULL);
	for (size_t i = 0; good && i < file.lines.count && i < 64; i++) {
		struct copy_line copy;
		struct cargo_calls calls = {0};
		auto_free char *body = run_body(&file, i);
		auto_free char *filled = dockerfile_expand(&file, i, file.lines.items[i].rest);
		auto_free char *workdir = dockerfile_workdir(&file, i);
		run_find_cargo(body, &calls);
		cargo_calls_finish(&calls);
		if (copy_line_read(&file, i, &copy))
			copy_line_finish(&copy);
	}
	dockerfile_finish(&file);
	return 0;
}
