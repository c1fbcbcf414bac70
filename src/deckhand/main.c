/* deckhand: the helper that cargodeck puts into containers. With a trailer at
 * its end it is a launcher and stands where a service's program stood; without
 * one it is the agent of a builder. */
#include "deckhand.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* PID 1 that only reaps, for containers that are to stay. */
static int hold_main(void)
{
	sigset_t all;
	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGCHLD);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		int number = 0;
		sigwait(&all, &number);
		if (number != SIGCHLD)
			return 0;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* Gives folders to a user: volumes belong to root when they are made. */
static int own_main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	uid_t uid = (uid_t)strtoul(argv[0], NULL, 10);
	gid_t gid = (gid_t)strtoul(argv[1], NULL, 10);
	for (int i = 2; i < argc; i++) {
		if (chown(argv[i], uid, gid) != 0) {
			say("cannot give %s to user %u: %s", argv[i], (unsigned)uid, error_text(errno));
			return 1;
		}
	}
	return 0;
}

/* Files take the place of others in one step each: a reader finds the old or
 * the new one. What cannot be moved goes. */
static int move_main(int argc, char **argv)
{
	int status = argc >= 2 && argc % 2 == 0 ? 0 : 2;
	for (int i = 0; i + 1 < argc; i += 2) {
		if (rename(argv[i], argv[i + 1]) == 0)
			continue;
		say("%s cannot be put in its place: %s", argv[i + 1], error_text(errno));
		unlink(argv[i]);
		status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct trailer trailer;
	if (trailer_read(&trailer))
		return launcher_main(&trailer, argc, argv);
	const char *verb = argc > 1 ? argv[1] : "";
	if (strcmp(verb, "agent") == 0)
		return agent_main(argc > 2 ? argv[2] : DECKHAND_STATE);
	if (strcmp(verb, "hold") == 0)
		return hold_main();
	if (strcmp(verb, "own") == 0)
		return own_main(argc - 2, argv + 2);
	if (strcmp(verb, "move") == 0)
		return move_main(argc - 2, argv + 2);
	if (strcmp(verb, "version") == 0) {
		char text[32];
		size_t len = print_to(text, sizeof text, "deckhand %d\n", WIRE_VERSION);
		return write_whole(STDOUT_FILENO, text, len) ? 0 : 1;
	}
	say("usage: deckhand agent [STATE] | hold | own UID GID FOLDER... | move FROM TO... | version");
	return 2;
}
