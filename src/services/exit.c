/* What the number means that a container ended with. */
#include "cargodeck/services.h"

const char *service_exit_meaning(int code)
{
	/* 128 and a signal's number: the shell's and the engine's way to say that a
	 * signal ended it (signal(7)); 125 to 127: docker run; 101: Rust's panic. */
	static const struct {
		int code;
		const char *meaning;
	} meanings[] = {
		{101, "a Rust panic"},
		{125, "the engine could not run it"},
		{126, "its program cannot be run: no right to, or not a program"},
		{127, "its program was not found in the image"},
		{129, "ended by SIGHUP"},
		{130, "ended by SIGINT"},
		{131, "ended by SIGQUIT"},
		{132, "an instruction that this processor does not know (SIGILL)"},
		{133, "a trap (SIGTRAP)"},
		{134, "it aborted (SIGABRT)"},
		{135, "a bus error (SIGBUS)"},
		{136, "an arithmetic error (SIGFPE)"},
		{137, "killed by SIGKILL: from outside, or for want of memory"},
		{139, "a segmentation fault (SIGSEGV)"},
		{141, "nobody read what it wrote (SIGPIPE)"},
		{143, "ended by SIGTERM"},
		{159, "a system call that it may not make (SIGSYS)"},
	};
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].meaning;
	return NULL;
}
