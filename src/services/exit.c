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
		{101, N_("a Rust panic")},
		{125, N_("the engine could not run it")},
		{126, N_("its program cannot be run: no right to, or not a program")},
		{127, N_("its program was not found in the image")},
		{129, N_("ended by SIGHUP")},
		{130, N_("ended by SIGINT")},
		{131, N_("ended by SIGQUIT")},
		{132, N_("an instruction that this processor does not know (SIGILL)")},
		{133, N_("a trap (SIGTRAP)")},
		{134, N_("it aborted (SIGABRT)")},
		{135, N_("a bus error (SIGBUS)")},
		{136, N_("an arithmetic error (SIGFPE)")},
		{137, N_("killed by SIGKILL: from outside, or for want of memory")},
		{139, N_("a segmentation fault (SIGSEGV)")},
		{141, N_("nobody read what it wrote (SIGPIPE)")},
		{143, N_("ended by SIGTERM")},
		{159, N_("a system call that it may not make (SIGSYS)")},
	};
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (meanings[i].code == code)
			return _(meanings[i].meaning);
	return NULL;
}
