/* 9.5: somebody looks for known weaknesses without being asked: of the image and
 * of the crates in it. */
#include "ci.h"
#include "pipe-images.h"

#include <stdio.h>

/* ---- what tells of updates ---- */

static const char *find_updater(const struct sources *sources)
{
	static const char *const files[] = {".github/dependabot.yml", ".github/dependabot.yaml", "renovate.json", "renovate.json5",
		".github/renovate.json",
		".github/renovate.json5", ".renovaterc", ".renovaterc.json", ".gitlab/renovate.json"};
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (tree_find(&sources->tree, files[i]) != NULL)
			return files[i];
	return NULL;
}

/* ---- scanners ---- */

/* All tags but the newest were moved to malware on 2026-03-19 (CVE-2026-33634);
 * those from 0.35.0 on are safe, and so is a commit. */
static bool was_compromised(const struct pipe_step *step)
{
	unsigned major = 0, minor = 0;
	const char *version = step->version + (step->version[0] == 'v');
	if (strcmp(step->action, "aquasecurity/trivy-action") != 0 || strchr(version, '.') == NULL)
		return false;
	return strspn(version, "0123456789.") == strlen(version) && sscanf(version, "%u.%u", &major, &minor) == 2 && major == 0 &&
		minor < 35;
}

static void look_at_scan(struct check *check, const struct image_step *scan)
{
	const struct pipe_step *step = scan->step;
	const char *what = step->uses != NULL ? step->action : _("a command of this step");
	if (was_compromised(step)) {
		check_against(check, step->file, step->line, "%s: tags below 0.35.0 were moved to malware in March 2026", step->uses);
		check_mend(check, "Name the action by the commit of 0.35.0 or newer");
	} else if (scan->act == SCAN_OF_FILES) {
		check_for(check, scan->file, scan->line, "%s looks through the dependencies", what);
	} else if (is_scan_heard(scan)) {
		check_for(check, scan->file, scan->line, "%s scans the image", what);
	} else {
		say_no_gate(check, scan);
		check_mend(check, "Scan with docker scout, trivy or grype, and let the step fail on what it finds");
	}
}

/* A scanner's tags and binaries were taken over in 2026 to read what lies open in
 * its job: the registry's password, once the job has logged in to push. */
static void look_at_neighbours(struct check *check, const struct pipeline *pipe, const struct pipe_step *scan)
{
	const struct pipe_job *job = pipe_job_of(pipe, scan);
	if ((job->roles & PIPE_PUSHES) == 0 || scan->uses == NULL || text_starts_with(scan->action, "docker/") || text_starts_with(scan->uses, "./"))
		return;
	for (const struct pipe_step *step = &pipe->steps.items[job->first_step]; step < scan; step++) {
		if (!ci_is_login(pipe, step))
			continue;
		check_against(check, scan->file, scan->line, "%s runs where the job has logged in to push (line %u): the password lies open to it", scan->action,
			step->line);
		check_mend(check, "Scan before the login, or in a job of its own whose token may read alone");
		return;
	}
}

/* Is what the image has beside the program next to nothing? */
static bool is_bare(const struct sources *sources)
{
	for (size_t i = 0; i < sources->shipped.count; i++) {
		const char *base = shipped_base(&sources->shipped.items[i]);
		if (base == NULL || (strcmp(base, "scratch") != 0 && strstr(base, "distroless/static") == NULL))
			return false;
	}
	return sources->shipped.count > 0;
}

struct found {
	bool scans, audits, is_scheduled;
	const struct pipe_job *job; /* one of them */
};

static void take(struct found *found, const struct pipeline *pipe, const struct pipe_job *job, bool scans, bool audits)
{
	found->scans = found->scans || scans;
	found->audits = found->audits || audits;
	found->is_scheduled = found->is_scheduled || (pipe->workflows.items[job->workflow].triggers & PIPE_ON_SCHEDULE) != 0;
	found->job = job;
}

static void find_scans(struct check *check, const struct image_steps *steps, struct found *found)
{
	const struct pipeline *pipe = &steps->workflows;
	for (size_t i = 0; i < steps->count; i++) {
		const struct image_step *scan = &steps->items[i];
		if (scan->step == NULL || !is_scan(scan) || scan->act == SCAN_OF_NOTHING)
			continue;
		look_at_scan(check, scan);
		look_at_neighbours(check, pipe, scan->step);
		take(found, pipe, pipe_job_of(pipe, scan->step), scan->act != SCAN_OF_FILES, scan->act == SCAN_OF_FILES);
	}
	for (size_t i = 0; i < pipe->steps.count; i++) {
		const struct pipe_step *step = &pipe->steps.items[i];
		if ((pipe_step_roles(pipe, step) & PIPE_AUDITS) == 0)
			continue;
		check_for(check, step->file, step->line, "%s looks through the dependencies", step->uses != NULL ? step->action :
			_("a command of this step"));
		take(found, pipe, pipe_job_of(pipe, step), false, true);
	}
	for (size_t i = 0; i < pipe->jobs.count; i++) {
		const struct pipe_job *job = &pipe->jobs.items[i];
		if (job->uses == NULL || job->called >= 0 || (job->roles & (PIPE_SCANS | PIPE_AUDITS)) == 0)
			continue;
		check_for(check, pipe_file(pipe, job), job->line, "%s scans", job->uses);
		take(found, pipe, job, (job->roles & PIPE_SCANS) != 0, true);
	}
}

void ci_scans(struct check *check)
{
	auto_image_steps steps = {0};
	struct found found = {0};
	const struct sources *sources = check->sources;
	const char *updater = find_updater(sources);
	image_steps_open(sources, &steps);
	if (!pipeline_is_there(check, &steps.workflows))
		return;
	bool has_image = sources->shipped.count > 0;
	if (!has_image && !sources->rust.is_there) {
		check_none(check, NULL, "there is neither a Dockerfile nor a Cargo.toml: nothing to scan");
		return;
	}
	find_scans(check, &steps, &found);
	const char *file = found.job != NULL ? pipe_file(&steps.workflows, found.job) : steps.workflows.workflows.items[0].source->path;
	unsigned line = found.job != NULL ? found.job->line : 0;
	if (!found.scans && !found.audits)
		check_against(check, file, 0, "no workflow looks for known vulnerabilities");
	else if (has_image && !found.scans && !is_bare(sources))
		check_against(check, file, line, "the dependencies are looked through, and the image is not: its packages come from %s",
			shipped_base(&sources->shipped.items[0]));
	else if (!found.is_scheduled && updater == NULL)
		check_against(check, file, line, "scans run when something is pushed, and never else: what becomes known later stays unseen");
	if (found.is_scheduled)
		check_for(check, file, line, "it runs on a schedule");
	if (updater != NULL)
		check_for(check, updater, 0, "updates of dependencies are proposed by a bot");
}
