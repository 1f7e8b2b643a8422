/* Everyone's joints in team.jpg, printed and drawn; then the same picture as a video of two frames, for ids. */
#include <poise/capi/poise_c.h>

#include <stdio.h>
#include <stdlib.h>

static void check(poise_code code, const poise_error* error) {
  if (code == POISE_OK) return;
  fprintf(stderr, "team_poses: %s (%s)\n", error->message, poise_code_name(code));
  exit(1);
}

int main(void) {
  poise_error error;
  poise_picture* photo = NULL;
  poise_finder* finder = NULL;
  poise_people* people = NULL;
  poise_tracker* tracker = NULL;
  if (poise_abi_version() != POISE_ABI_VERSION) return 2; /* the library is not the header's */

  poise_set_passive_threads(1); /* others run on this machine too */
  check(poise_picture_read("team.jpg", &photo, &error), &error);
  check(poise_finder_open(NULL, &finder, &error), &error);

  /* The pixels may be anybody's: POISE_BGR with the stride of a camera's buffer, for one. */
  const poise_image image = poise_picture_image(photo);
  check(poise_finder_find(finder, &image, &people, &error), &error);
  const poise_skeleton* skeleton = poise_people_skeleton(people);
  const size_t joints = poise_people_joints(people);
  for (size_t i = 0; i < poise_people_count(people); ++i) {
    const poise_keypoint* row = poise_people_keypoints(people) + i * joints;
    printf("person %zu, score %.2f\n", i + 1, poise_people_persons(people)[i].score);
    for (size_t k = 0; k < joints; ++k) {
      printf("  %-14s %6.1f %6.1f  %.2f\n", poise_skeleton_joint(skeleton, k), row[k].x, row[k].y, row[k].score);
    }
  }

  check(poise_tracker_new(poise_finder_skeleton(finder), NULL, &tracker, &error), &error);
  for (int frame = 0; frame < 2; ++frame) {
    poise_people* tracked = NULL;
    check(poise_tracker_next(tracker, finder, &image, frame / 25.0, &tracked, &error), &error);
    for (size_t i = 0; i < poise_people_count(tracked); ++i) {
      printf("frame %d: person %d\n", frame, (int)poise_people_persons(tracked)[i].track_id);
    }
    poise_people_free(tracked);
  }

  const poise_canvas canvas = poise_picture_canvas(photo);
  check(poise_draw(&canvas, people, NULL, &error), &error);
  check(poise_image_write(&image, "team-poses.jpg", 92, &error), &error);

  poise_tracker_free(tracker);
  poise_people_free(people);
  poise_finder_free(finder);
  poise_picture_free(photo);
  return 0;
}
