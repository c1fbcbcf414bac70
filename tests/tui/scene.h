/* Made-up projects to draw: the same for the pictures and for trying the
 * screen by hand. */
#ifndef TESTS_TUI_SCENE_H
#define TESTS_TUI_SCENE_H

#include "cargodeck/tui.h"

enum scene_kind { SCENE_DECK, SCENE_START, SCENE_FAILED, SCENE_EMPTY, SCENE_STALE, SCENE_LOADING, SCENE_ODD, SCENE_JSON,
	SCENE_JOB, SCENE_TESTING, SCENE_OVER, SCENE_OTHERS, SCENE_CROWD, SCENE_ASKING, SCENE_LOST, SCENE_SPLIT, SCENE_LEFT, SCENE_KINDS };

const char *scene_name(enum scene_kind kind);
void scene_fill(enum scene_kind kind, struct view *view);

#endif
