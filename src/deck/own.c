/* A person's own commands beside ours: the table of commands with theirs behind
 * it, so that palette, help and keys know them as any other. Opened by
 * screen.c, and by `config check`. */
#include "cargodeck/commands.h"
#include "cargodeck/config.h"

struct own_table {
	struct command_table table;
	ARRAY(struct command_def) defs;
	ARRAY(const struct config_command *) commands; /* by id - COMMAND_COUNT */
};

static void add(struct own_table *own, const struct config_command *command)
{
	*array_add(&own->defs) = (struct command_def){
		.id = COMMAND_COUNT + (int)own->commands.count, .name = command->name, .sentence = command->sentence,
		.flags = COMMAND_DECK | (command->needs_service ? COMMAND_SERVICE : 0), .where = COMMAND_ANYWHERE,
		.group = COMMAND_OWN};
	*array_add(&own->commands) = command;
}

struct own_table *own_table_open(const struct config *config, struct strings *mistakes)
{
	struct own_table *own = mem_alloc(sizeof *own);
	own->table = deck_commands;
	for (size_t i = 0; i < deck_commands.count; i++)
		*array_add(&own->defs) = deck_commands.defs[i];
	for (size_t i = 0; i < config->commands.count; i++) {
		const struct config_command *command = &config->commands.items[i];
		if (command_find(&deck_commands, command->name) == NULL)
			add(own, command);
		else
			strings_print(mistakes, _("%s:%u: `%s` is a command of cargodeck: give this one another name"),
				config->path != NULL ? config->path : "config.ini", command->line, command->name);
	}
	own->table.defs = own->defs.items;
	own->table.count = own->defs.count;
	return own;
}

void own_table_close(struct own_table *own)
{
	if (own == NULL)
		return;
	array_finish(&own->defs);
	array_finish(&own->commands);
	free(own);
}

const struct command_table *own_table_commands(const struct own_table *own)
{
	return &own->table;
}

const struct config_command *own_table_find(const struct own_table *own, int id)
{
	size_t at = (size_t)(id - COMMAND_COUNT);
	return id >= COMMAND_COUNT && at < own->commands.count ? own->commands.items[at] : NULL;
}
