/* Memory that is never NULL: running out ends the program with a sentence,
 * because nothing sensible can be done without. Called from everywhere. */
#include "cargodeck/base.h"

#include <stdio.h>

static void *or_die(void *memory)
{
	if (memory == NULL) {
		fputs(_("cargodeck: out of memory\n"), stderr);
		abort();
	}
	return memory;
}

void *mem_alloc(size_t size)
{
	return or_die(calloc(1, size > 0 ? size : 1));
}

void *mem_resize(void *old, size_t size)
{
	return or_die(realloc(old, size > 0 ? size : 1));
}

char *mem_copy_bytes(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);
	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *mem_copy_string(const char *text)
{
	return text != NULL ? mem_copy_bytes(text, strlen(text)) : NULL;
}

char *mem_print_v(const char *format, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return or_die(text);
}

char *mem_print(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = mem_print_v(format, args);
	va_end(args);
	return text;
}

void mem_auto_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void *array_grow_(void *items, size_t count, size_t *cap, size_t item_size)
{
	if (count < *cap)
		return items;
	*cap = *cap > 0 ? *cap * 2 : 8;
	return or_die(reallocarray(items, *cap, item_size));
}
