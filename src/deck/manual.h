/* Inside the room deck: the chapters of the manual page that no command and
 * no option makes. */
#ifndef DECK_MANUAL_H
#define DECK_MANUAL_H

#include "cargodeck/command.h"

enum { MANUAL_CHAPTERS = 11 };
extern const struct command_chapter manual_chapters[MANUAL_CHAPTERS];

#endif
