/* A fault is a sentence that says what went wrong, and one that says what to
 * do. It gains context on the way up and is shown once, at the top. */
#include "cargodeck/base.h"

#include <stdio.h>

/* What does not fit is cut between letters. */
static void print_text(char *out, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(out, size, _(format), args);
	if (len < 0 || (size_t)len < size)
		return;
	size_t end = size - 1, from = end;
	while (from > 0 && ((unsigned char)out[from - 1] & 0xc0) == 0x80)
		from--;
	from -= from > 0;
	unsigned char first = (unsigned char)out[from];
	size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	if (first >= 0xc0 && end - from < wanted)
		out[from] = '\0';
}

bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
	if (fault == NULL)
		return false;
	va_list args;
	va_start(args, format);
	print_text(fault->text, sizeof fault->text, format, args);
	va_end(args);
	fault->code = code;
	fault->mend[0] = '\0';
	return false;
}

bool fault_mend(struct fault *fault, const char *format, ...)
{
	if (fault == NULL)
		return false;
	va_list args;
	va_start(args, format);
	print_text(fault->mend, sizeof fault->mend, format, args);
	va_end(args);
	return false;
}

bool fault_add(struct fault *fault, const char *format, ...)
{
	if (fault == NULL)
		return false;
	char context[sizeof fault->text];
	va_list args;
	va_start(args, format);
	print_text(context, sizeof context, format, args);
	va_end(args);
	auto_free char *whole = mem_print("%s: %s", context, fault->text);
	snprintf(fault->text, sizeof fault->text, "%s", whole);
	return false;
}

void fault_clear(struct fault *fault)
{
	if (fault == NULL)
		return;
	fault->code = FAULT_NONE;
	fault->text[0] = fault->mend[0] = '\0';
}

const char *fault_code_name(enum fault_code code)
{
	switch (code) {
	case FAULT_NONE: return "none";
	case FAULT_USAGE: return "usage";
	case FAULT_INPUT: return "input";
	case FAULT_FAILED: return "failed";
	case FAULT_OUTSIDE: return "outside";
	case FAULT_CANCELLED: return "cancelled";
	}
	return "unknown";
}

int fault_exit_status(enum fault_code code)
{
	switch (code) {
	case FAULT_NONE: return 0;
	case FAULT_USAGE: return 2;
	case FAULT_OUTSIDE: return 3;
	case FAULT_INPUT:
	case FAULT_FAILED:
	case FAULT_CANCELLED: return 1;
	}
	return 1;
}
