/* A person's own commands and jobs beside ours: the table of commands with
 * theirs behind it, so that palette, help and keys know them as any other.
 * Opened by screen.c, and by `config check`. */
#include "cargodeck/commands.h"
#include "cargodeck/config.h"

/* What an own id stands for: one of both. */
struct meaning {
	const struct config_command *command;
	const struct config_job *job;
};

struct own_table {
	struct command_table table;
	ARRAY(struct command_def) defs;
	ARRAY(struct meaning) meanings; /* by id - COMMAND_COUNT */
	struct strings texts; /* made for defs */
};

static bool is_taken(const struct own_table *own, const char *name)
{
	for (size_t i = 0; i < own->defs.count; i++)
		if (strcmp(own->defs.items[i].name, name) == 0)
			return true;
	return false;
}

static const char *keep(struct own_table *own, char *text)
{
	strings_take(&own->texts, text);
	return text;
}

static void add(struct own_table *own, struct command_def def, struct meaning meaning)
{
	def.id = COMMAND_COUNT + (int)own->meanings.count;
	def.where = COMMAND_ANYWHERE;
	def.group = COMMAND_OWN;
	*array_add(&own->defs) = def;
	*array_add(&own->meanings) = meaning;
}

static const char *file_of(const struct config *config)
{
	return config->path != NULL ? config->path : "config.ini";
}

static void add_commands(struct own_table *own, const struct config *config, struct strings *mistakes)
{
	for (size_t i = 0; i < config->commands.count; i++) {
		const struct config_command *command = &config->commands.items[i];
		if (is_taken(own, command->name))
			strings_print(mistakes, _("%s:%u: `%s` is a command of cargodeck: give this one another name"),
				file_of(config), command->line, command->name);
		else
			add(own, (struct command_def){.name = command->name, .sentence = command->sentence,
				.flags = COMMAND_DECK | (command->needs_service ? COMMAND_SERVICE : 0)}, (struct meaning){.command = command});
	}
}

/* Cargo's own jobs have commands of such names as well: so no job is one of theirs. */
static void add_jobs(struct own_table *own, const struct config *config, struct strings *mistakes)
{
	for (size_t i = 0; i < config->jobs.count; i++) {
		const struct config_job *job = &config->jobs.items[i];
		auto_free char *name = mem_print("job-%s", job->name);
		if (command_find(&deck_commands, name) != NULL) {
			strings_print(mistakes, _("%s:%u: `%s` is a job of cargodeck: give this one another name"), file_of(config), job->line, job->name);
		} else if (is_taken(own, name)) {
			strings_print(mistakes, _("%s:%u: the command for this job would be `%s`, which is one of [commands]: give one of them another name"),
				file_of(config), job->line, name);
		} else {
			const char *sentence = job->sentence != NULL ? job->sentence : keep(own, mem_print(_("Run cargo %s after each build"), job->text));
			add(own, (struct command_def){.name = keep(own, steal(&name)), .sentence = sentence, .flags = COMMAND_DECK | COMMAND_BUILDS},
				(struct meaning){.job = job});
		}
	}
}

struct own_table *own_table_open(const struct config *config, struct strings *mistakes)
{
	struct own_table *own = mem_alloc(sizeof *own);
	own->table = deck_commands;
	for (size_t i = 0; i < deck_commands.count; i++)
		*array_add(&own->defs) = deck_commands.defs[i];
	add_commands(own, config, mistakes);
	add_jobs(own, config, mistakes);
	own->table.defs = own->defs.items;
	own->table.count = own->defs.count;
	return own;
}

void own_table_close(struct own_table *own)
{
	if (own == NULL)
		return;
	array_finish(&own->defs);
	array_finish(&own->meanings);
	strings_finish(&own->texts);
	free(own);
}

const struct command_table *own_table_commands(const struct own_table *own)
{
	return &own->table;
}

static struct meaning find(const struct own_table *own, int id)
{
	size_t at = (size_t)(id - COMMAND_COUNT);
	return id >= COMMAND_COUNT && at < own->meanings.count ? own->meanings.items[at] : (struct meaning){0};
}

const struct config_command *own_table_find(const struct own_table *own, int id)
{
	return find(own, id).command;
}

const struct config_job *own_table_find_job(const struct own_table *own, int id)
{
	return find(own, id).job;
}
