/* Fuzzes what cargo may write: a line of its JSON, and its progress line. */
#include "cargodeck/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cargo_message message;
	cargo_message_read((const char *)data, size, "/root", &message);
	cargo_message_finish(&message);
	unsigned done, total;
	char crates[32];
	cargo_progress_read((const char *)data, size, &done, &total, crates, sizeof crates);
	return 0;
}
