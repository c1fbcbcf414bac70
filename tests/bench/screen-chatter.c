/* A small service for the bench of the screen, alone in its image: static, it
 * writes numbered lines at a rate that signals set, and reads nothing.
 *   HUP quiet | URG 100 lines/s | USR1 10,000 lines/s | USR2 100,000 lines/s
 *   ALRM one million lines at once, then "burst ended" | WINCH one core in full
 *   TERM ends */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURN_NS = 5000000, TURNS = 1000000000 / TURN_NS, BURST = 1000000 };

static void say(unsigned long *number, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		printf("line %07lu GET /cart/checkout answered 200 in 4 ms, for a customer of the shop\n", (*number)++);
	fflush(stdout);
}

int main(void)
{
	static char room[1 << 16];
	static const int heard[] = {SIGHUP, SIGURG, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGTERM};
	unsigned long number = 1, rate = 0, due = 0; /* due: lines times turns */
	bool burns = false;
	sigset_t signals;
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
		sigaddset(&signals, heard[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	setvbuf(stdout, room, _IOFBF, sizeof room);
	printf("up\n");
	fflush(stdout);
	for (;;) {
		const struct timespec turn = {0, burns ? 0 : TURN_NS};
		int got = burns || rate > 0 ? sigtimedwait(&signals, NULL, &turn) : sigwaitinfo(&signals, NULL);
		switch (got) {
		case SIGHUP: rate = 0; burns = false; break;
		case SIGURG: rate = 100; break;
		case SIGUSR1: rate = 10000; break;
		case SIGUSR2: rate = 100000; break;
		case SIGWINCH: burns = true; break;
		case SIGALRM:
			number = 1;
			say(&number, BURST);
			printf("burst ended\n");
			fflush(stdout);
			break;
		case SIGTERM: return EXIT_SUCCESS;
		default:
			due += rate;
			say(&number, due / TURNS);
			due %= TURNS;
			break;
		}
	}
}
