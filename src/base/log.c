/* The log file. There is one a process, as there is one standard error: the
 * only state outside a handle in this program. */
#include "cargodeck/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int log_fd = -1;

bool log_open(const char *path, struct fault *fault)
{
	log_close();
	auto_free char *folder = path_parent(path);
	if (!dir_make_all(folder, 0700, fault))
		return false;
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0)
		return fault_set(fault, FAULT_FAILED, "cannot open the log %s: %s", path, strerror(errno));
	return true;
}

void log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

int log_descriptor(void)
{
	return log_fd;
}

void log_line(const char *format, ...)
{
	if (log_fd < 0)
		return;
	char stamp[32];
	clock_format_rfc3339(clock_wall_ms(), stamp, sizeof stamp);
	va_list args;
	va_start(args, format);
	auto_free char *text = mem_print_v(format, args);
	va_end(args);
	auto_str line = {0};
	str_print(&line, "%s ", stamp);
	text_add_clean(&line, text, strlen(text), false);
	str_add_char(&line, '\n');
	/* a log that cannot be written must not stop the program */
	if (write(log_fd, line.data, line.len) < 0)
		return;
}
