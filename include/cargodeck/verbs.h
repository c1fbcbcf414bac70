/* verbs: what the commands do in a shell, without a screen. Each prints to
 * standard output, faults to standard error, and returns the exit status:
 * 0 well, 1 failed, 2 wrong usage, 3 something outside is missing. */
#ifndef CARGODECK_VERBS_H
#define CARGODECK_VERBS_H

#include "cargodeck/command.h"
#include "cargodeck/deck.h"

/* Fills options from what was given; strings are borrowed from `line` or owned
 * by the lists, which verb_options_finish() frees. */
void verb_options_read(const struct command_line *line, struct deck_options *options);
void verb_options_finish(struct deck_options *options);
/* Prints a fault as "cargodeck: sentence: mend"; its exit status. */
int verb_fault(const struct fault *fault);
/* --color, NO_COLOR and whether standard output is a terminal. */
bool verb_is_coloured(const struct command_line *line);

/* Hands the person's limits and log size to the deck. */
struct config;
void verb_set_limits(struct deck *deck, const struct config *config);

int verb_watch(const struct command_line *line);
int verb_build(const struct command_line *line);
int verb_job(const struct command_line *line);
int verb_ps(const struct command_line *line);
int verb_logs(const struct command_line *line);
int verb_life(const struct command_line *line); /* start stop restart */
int verb_down(const struct command_line *line);
int verb_why(const struct command_line *line);
int verb_wait(const struct command_line *line);
int verb_doctor(const struct command_line *line);
int verb_stats(const struct command_line *line);
int verb_events(const struct command_line *line);
int verb_inspect(const struct command_line *line);
int verb_compose_config(const struct command_line *line);
int verb_open(const struct command_line *line);
int verb_check(const struct command_line *line);
int verb_init(const struct command_line *line);
int verb_compose_override(const struct command_line *line);
/* `config` and `config check`. `check_keys` adds what is wrong in keys and own
 * commands to `mistakes` (the screen knows keys, the deck does not). */
int verb_config(const struct command_line *line, void (*check_keys)(const struct config *config, struct strings *mistakes));

#endif
