/* `up`: the deck with its screen; main.c calls it. */
#ifndef CARGODECK_SCREEN_H
#define CARGODECK_SCREEN_H

struct command_line;
struct config;
struct strings;

/* Runs until the person quits or the terminal goes; the exit status. */
int screen_run(const struct command_line *line);

/* Adds what is wrong in the [keys] and [commands] of the settings, a sentence each. */
void screen_check_keys(const struct config *config, struct strings *mistakes);

#endif
