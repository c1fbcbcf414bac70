/* Fuzzes the reading of cargo's dep-info files. */
#include "cargodeck/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_strings paths = {0};
	dep_info_read((const char *)data, size, &paths);
	return 0;
}
