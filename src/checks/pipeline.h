/* What the workflows of GitHub Actions do. Composite
 * actions and scripts of the repository are read where a step uses them, and
 * workflows that a job calls. */
#ifndef CARGODECK_CHECKS_PIPELINE_H
#define CARGODECK_CHECKS_PIPELINE_H

#include "checks.h"

/* One command of a `run`, or of a script or recipe that it starts. */
struct pipe_command {
	struct strings words; /* ${{ … }} is one word or a part of one */
	size_t at; /* index of the command's own name; < words.count */
	const char *file;
	unsigned line;
	bool is_remote; /* said over ssh: it runs on the machine that is deployed to */
	bool is_forgiven; /* "… || true": it fails, and nothing ends */
};

struct pipe_step {
	size_t job;
	const char *file; /* the workflow, or the composite action that it stands in */
	unsigned line;
	const struct yaml_node *node;
	const char *uses; /* "docker/login-action@v3", or NULL */
	char *action; /* "docker/login-action" in small letters; "" for a `run` */
	const char *version; /* behind @, or "" */
	const char *condition; /* of the step, or of what uses its action; NULL: none */
	const struct yaml_node *caller; /* the step that uses the composite action, or NULL */
	const struct yaml_node *inputs; /* that the action declares */
	bool goes_on; /* continue-on-error: of itself, of its job, of what uses its action */
	size_t first_command, command_count;
};

enum pipe_role {
	PIPE_TESTS = 1 << 0,
	PIPE_BUILDS = 1 << 1, /* an image */
	PIPE_PUSHES = 1 << 2,
	PIPE_DEPLOYS = 1 << 3,
	PIPE_SCANS = 1 << 4, /* the image: of a workflow that lies elsewhere; of steps pipe-images.h knows more */
	PIPE_AUDITS = 1 << 5, /* dependencies */
};

struct pipe_job {
	size_t workflow;
	const char *name; /* its key */
	const struct yaml_node *node;
	unsigned line;
	const char *condition; /* or NULL */
	const char *uses; /* of a job that calls a workflow, or NULL */
	int called; /* that workflow where it is one of the repository, also under its own name; else -1 */
	struct strings needs;
	struct { size_t *items; size_t count, cap; } before; /* jobs that it waits for, and those that call its workflow */
	size_t first_step, step_count;
	unsigned roles;
};

enum pipe_trigger {
	PIPE_ON_BRANCH = 1 << 0, /* push to branches */
	PIPE_ON_TAG = 1 << 1,
	PIPE_ON_PULL = 1 << 2, /* pull requests that are open */
	PIPE_ON_PULL_TARGET = 1 << 3,
	PIPE_ON_RELEASE = 1 << 4,
	PIPE_ON_SCHEDULE = 1 << 5,
	PIPE_ON_WORKFLOW = 1 << 6, /* behind another one */
	PIPE_ON_CALL = 1 << 7,
	PIPE_ON_DISPATCH = 1 << 8,
};

struct pipe_workflow {
	const struct yaml_source *source;
	const struct yaml_node *root;
	unsigned own_triggers, triggers; /* the latter with those of its callers */
	size_t first_job, job_count;
};

struct pipeline {
	const struct sources *sources;
	struct { struct pipe_workflow *items; size_t count, cap; } workflows;
	struct { struct pipe_job *items; size_t count, cap; } jobs;
	struct { struct pipe_step *items; size_t count, cap; } steps;
	struct { struct pipe_command *items; size_t count, cap; } commands;
	struct { char **items; size_t count, cap; } texts; /* what steps and commands borrow */
	size_t script_bytes; /* of scripts and recipes that were read so far */
};
enum { PIPE_MOST_JOBS = 500, PIPE_MOST_STEPS = 3000, PIPE_MOST_COMMANDS = 20000 };
void pipeline_open(const struct sources *sources, struct pipeline *pipe);
/* Not the workflows but the commands of all scripts, Makefiles and justfiles. */
void pipeline_open_scripts(const struct sources *sources, struct pipeline *pipe);
void pipeline_finish(struct pipeline *pipe);
#define auto_pipeline __attribute__((cleanup(pipeline_finish))) struct pipeline

void pipeline_find_roles(struct pipeline *pipe); /* the last step of opening: pipe-roles.c */

/* Has it workflows? Where there are none, the verdict is given. */
bool pipeline_is_there(struct check *check, const struct pipeline *pipe);
bool pipeline_begin(struct check *check, struct pipeline *pipe); /* opens it before */
/* Where one has looked for what is not there: the manifest, a compose file, the folder. */
const char *pipeline_ground(const struct sources *sources);
/* The next file of another CI (".gitlab-ci.yml") from *at on (0: the first); NULL: no more. */
const struct tree_file *pipeline_other_each(const struct sources *sources, size_t *at);
const char *pipeline_other(const struct sources *sources); /* the path of the first, or NULL */

const struct pipe_job *pipe_job_of(const struct pipeline *pipe, const struct pipe_step *step);
const struct pipe_workflow *pipe_workflow_of(const struct pipeline *pipe, const struct pipe_step *step);
/* An input of a step's action as text: ${{ inputs.X }} and ${{ env.X }} are
 * filled in where they are known. The caller frees; NULL: it is not given. */
char *pipe_with(const struct pipeline *pipe, const struct pipe_step *step, const char *name, unsigned *line);
/* Fills in the same in any text. The caller frees. */
char *pipe_fill(const struct pipeline *pipe, const struct pipe_step *step, const char *text);
/* The same of a word of a command, and of $NAME where the workflow's `env` has it. */
char *pipe_fill_word(const struct pipeline *pipe, const struct pipe_step *step, const char *word);
void pipe_texts(const struct yaml_node *node, struct strings *list); /* of a text, or of a list of them */
/* The values of a key of the job's matrix. */
void pipe_matrix(const struct pipe_job *job, const char *key, struct strings *values);
/* How many jobs its matrix makes, at most; 1 without one. */
size_t pipe_matrix_count(const struct pipe_job *job);
bool pipe_has_condition(const struct pipeline *pipe, const struct pipe_step *step); /* of itself or its job */
/* What a step does; of a build whether it pushes: 0 no, 1 on a condition of its own, 2 always. */
unsigned pipe_step_roles(const struct pipeline *pipe, const struct pipe_step *step);
int pipe_step_pushes(const struct pipeline *pipe, const struct pipe_step *step);
/* An action of somebody else that makes images, by its name: what it does is not known. */
bool pipe_is_foreign_builder(const struct pipe_step *step);
/* A deployment that builds on the machines of whom it deploys to: flyctl deploy. */
bool pipe_command_builds_there(const struct pipe_command *command);
bool pipe_command_builds(const struct pipe_command *command);
bool pipe_command_pushes(const struct pipe_command *command);
bool pipe_command_tests(const struct pipe_command *command);
bool pipe_command_deploys(const struct pipe_command *command);
extern const char *const pipe_build_actions[], *const pipe_bake_actions[], *const pipe_pushing_actions[]; /* end with NULL */
/* Must a job with that role end well before this one begins: by `needs`, those of a caller, or workflow_run? */
bool pipe_waits_for(const struct pipeline *pipe, size_t job, unsigned role);
/* The first job with the role, or NULL. */
const struct pipe_job *pipe_first(const struct pipeline *pipe, unsigned role);
const char *pipe_file(const struct pipeline *pipe, const struct pipe_job *job);
bool pipe_is_hosted(const struct pipe_job *job); /* on GitHub's own runners, as far as it says */

/* Is it one of these actions? The names end with NULL. */
bool pipe_is_action(const struct pipe_step *step, const char *const *names);
bool pipe_job_has_action(const struct pipeline *pipe, const struct pipe_job *job, const char *const *names);
/* "docker build", "docker buildx build": the words from the command's name on; a
 * path counts as its name; options (which begin with -) between them are passed over. */
bool pipe_command_is(const struct pipe_command *command, const char *words);
/* The value of an option of a command: "--tag", "-t"; NULL: it is not there. *at goes on from 0. */
const char *pipe_option(const struct pipe_command *command, size_t *at, const char *name, const char *letter);
bool pipe_has_word(const struct pipe_command *command, const char *word);

#endif
