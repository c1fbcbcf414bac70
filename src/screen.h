/* `up`: the deck with its screen; main.c calls it. */
#ifndef CARGODECK_SCREEN_H
#define CARGODECK_SCREEN_H

struct command_line;

/* Runs until the person quits or the terminal goes; the exit status. */
int screen_run(const struct command_line *line);

#endif
