/* cargodeck: reads arguments, opens a deck, runs the loop, closes the deck. */
#include "config.h"

#include <stdio.h>

int main(void)
{
	puts(PACKAGE_NAME " " PACKAGE_VERSION);
	return 0;
}
