/* A fault is a sentence that says what went wrong, and one that says what to
 * do. It gains context on the way up and is shown once, at the top. */
#include "cargodeck/base.h"

#include <stdio.h>

bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
{
	if (fault == NULL)
		return false;
	va_list args;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, _(format), args);
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
	vsnprintf(fault->mend, sizeof fault->mend, _(format), args);
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
	vsnprintf(context, sizeof context, _(format), args);
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
